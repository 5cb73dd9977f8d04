//! Corrections of what an order says about its customer and delivery. Before and after of every field
//! stay in the diary.

use super::document::one_line;
use super::{Order, draft, find_for_change, reindex, stale, store};
use crate::actor::Actor;
use crate::address::Address;
use crate::db::Tx;
use crate::error::{Refusal, Result};
use crate::event::{self, Event};
use crate::time::UtcTime;
use crate::workflow::Base;

/// A correction of what an order says about its customer and delivery. `None` leaves a field alone.
#[derive(Clone, Debug, Default)]
pub struct Correction {
    /// Customer's name.
    pub customer_name: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Where it goes.
    pub ship_to: Option<Address>,
    /// Whom it is billed to; `Some(None)` means the same as where it goes.
    pub bill_to: Option<Option<Address>>,
    /// Name of the way it is sent.
    pub shipping_method: Option<String>,
    /// Key of the way it is paid.
    pub payment_method: Option<String>,
    /// Tag of the language that they are written to in; empty for the usual one of the market.
    pub language: Option<String>,
    /// What the customer wrote.
    pub customer_note: Option<String>,
    /// Whether it is a gift.
    pub gift: Option<bool>,
    /// Gift message.
    pub gift_message: Option<String>,
    /// When it should leave; `Some(None)` takes the date away.
    pub due_at: Option<Option<UtcTime>>,
    /// What the shop's own system wants kept with it: a JSON object, or empty.
    pub custom: Option<String>,
}

/// Corrects an order, writing before and after of every field that changed into the diary. A
/// correction that changes nothing is no event.
///
/// # Errors
/// Stale as [`find_for_change`]; refuses an address change once everything has left the shop, and
/// texts that are too long.
pub fn correct(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    change: &Correction,
) -> Result<Order> {
    let mut order = find_for_change(tx, number, version)?;
    let moved_address = change.ship_to.as_ref().is_some_and(|new| order.ship_to().as_ref() != Some(new));
    if moved_address && matches!(order.base, Base::Shipped | Base::Delivered | Base::Returned) {
        return Err(Refusal::state(
            "order.already_shipped",
            "The parcel has left, so its address cannot be changed here. Ask the carrier to redirect it.",
        )
        .into());
    }
    if moved_address && is_prepared(&order) {
        check_complete(tx, &order, change)?;
    }
    let changes = apply(&mut order, change)?;
    if changes.is_empty() {
        return Ok(order);
    }
    order.updated_at = tx.now;
    if store::save_facts(tx, &order)? == 0 {
        return Err(stale(tx.conn, &order, tx.now)?);
    }
    order.version += 1;
    for (field, before, after) in changes {
        event::record(tx, actor, Some(order.id), &Event::OrderUpdated { field, before, after })?;
    }
    reindex(tx, &order)?;
    Ok(order)
}

/// Whether an order is being prepared, or will be again after its hold.
fn is_prepared(order: &Order) -> bool {
    let base = if order.base == Base::OnHold { order.resume_base } else { Some(order.base) };
    matches!(base, Some(Base::Approved | Base::Processed))
}

/// What is being prepared keeps an address that it can be sent to.
fn check_complete(tx: &mut Tx<'_>, order: &Order, change: &Correction) -> Result<()> {
    let problems = change.ship_to.as_ref().map(Address::problems).unwrap_or_default();
    if problems.is_empty() || !super::lines(tx.conn, order.id)?.iter().any(|line| line.requires_shipping) {
        return Ok(());
    }
    let lacks: Vec<String> = problems.into_iter().map(|problem| problem.field.replace('_', " ")).collect();
    let told = format!(
        "{} is being prepared, so its delivery address must be complete. It lacks {}.",
        order.shown_number(),
        lacks.join(", ")
    );
    Err(Refusal::state("order.address_incomplete", told).into())
}

/// Puts a correction into an order; returns field, before and after of what changed.
fn apply(order: &mut Order, change: &Correction) -> Result<Vec<(String, String, String)>> {
    let mut changes = Vec::new();
    let mut text = |field: &str, slot: &mut String, new: &Option<String>, most: usize| -> Result<()> {
        let Some(new) = new else { return Ok(()) };
        let new = new.trim();
        if new.chars().count() > most {
            return Err(Refusal::field(
                "order.too_long",
                field.replace(' ', "_"),
                format!("This takes {most} characters at the most."),
            )
            .into());
        }
        if slot != new {
            changes.push((field.to_owned(), std::mem::replace(slot, new.to_owned()), new.to_owned()));
        }
        Ok(())
    };
    text("customer name", &mut order.customer_name, &change.customer_name, 300)?;
    let email = change.email.as_deref().map(str::trim).unwrap_or_default();
    if !email.is_empty() && !draft::looks_like_email(email) {
        let message = "This is not an e-mail address. Correct it or leave it empty.";
        return Err(Refusal::field("order.email", "email", message).into());
    }
    text("email", &mut order.email, &change.email, 320)?;
    text("phone", &mut order.phone, &change.phone, 60)?;
    text("shipping method", &mut order.shipping_method, &change.shipping_method, 200)?;
    text("payment method", &mut order.payment_method, &change.payment_method, 100)?;
    let tag = change.language.as_deref().map(str::trim).unwrap_or_default();
    if !tag.is_empty() && !crate::language::is_tag(tag) {
        return Err(Refusal::field("order.language", "language", draft::NO_TAG).into());
    }
    text("language", &mut order.language, &change.language, 12)?;
    text("customer note", &mut order.customer_note, &change.customer_note, 10_000)?;
    text("gift message", &mut order.gift_message, &change.gift_message, 2_000)?;
    if let Some(custom) = change.custom.as_ref().filter(|custom| **custom != order.custom) {
        changes.push(("custom values".into(), std::mem::replace(&mut order.custom, custom.clone()), custom.clone()));
    }
    order.customer_sort = crate::words::sort_key(&order.customer_name);
    if let Some(gift) = change.gift.filter(|gift| *gift != order.gift) {
        let word = |gift: bool| if gift { "yes" } else { "no" }.to_owned();
        changes.push(("gift".into(), word(order.gift), word(gift)));
        order.gift = gift;
    }
    if let Some(new) = &change.ship_to {
        let before = order.ship_to();
        if before.as_ref() != Some(new) {
            note_address("delivery", before.as_ref(), Some(new), &mut changes);
            order.ship_city = new.city.clone();
            order.ship_country = new.country.clone();
            order.ship_address = Some(serde_json::to_string(new)?);
        }
    }
    if let Some(new) = &change.bill_to {
        let before = order.bill_to();
        if &before != new {
            note_address("billing", before.as_ref(), new.as_ref(), &mut changes);
            order.bill_address = new.as_ref().map(serde_json::to_string).transpose()?;
        }
    }
    if let Some(new) = change.due_at.filter(|new| *new != order.due_at) {
        let word = |at: Option<UtcTime>| at.map(UtcTime::rfc3339).unwrap_or_default();
        changes.push(("ship-by time".into(), word(order.due_at), word(new)));
        order.due_at = new;
    }
    Ok(changes)
}

/// The telephone is told apart from the lines, because not everybody may see it.
fn note_address(
    which: &str,
    before: Option<&Address>,
    after: Option<&Address>,
    changes: &mut Vec<(String, String, String)>,
) {
    let phone = |address: Option<&Address>| address.map(|a| a.phone.clone()).unwrap_or_default();
    let parts = [("address", one_line(before), one_line(after)), ("phone", phone(before), phone(after))];
    for (part, before, after) in parts {
        if before != after {
            changes.push((format!("{which} {part}"), before, after));
        }
    }
}
