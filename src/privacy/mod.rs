//! Forgetting a person while the books stay: name, e-mail, telephone, addresses and what they wrote go
//! from the customer, their orders, messages, the diary, and notes wherever somebody wrote one; amounts, lines, numbers, instants
//! and who of the shop did what remain. This is the one case in which the diary's words change; what
//! happened, when and by whom does not. It cannot be taken back.

pub mod pages;

use crate::actor::Actor;
use crate::customer::{self, Contact, ERASED};
use crate::db::{Conn, Tx};
use crate::error::{Refusal, Result};
use crate::event::{self, Event};
use crate::ids::{CustomerId, OrderId};
use crate::{conversation, customer_page, moves, order, payment, returns, whatsapp, words};

/// Why somebody cannot be forgotten yet; nothing if they can.
pub fn hinders(conn: &mut Conn, customer: CustomerId) -> Result<Option<String>> {
    let (under_way, owing) = order::unsettled_of_customer(conn, customer)?;
    Ok(match (under_way, owing) {
        (0, 0) => None,
        (0, 1) => Some("One of their orders has an amount due or owed. Settle it first.".to_owned()),
        (0, many) => Some(format!("{many} of their orders have an amount due or owed. Settle them first.")),
        (1, _) => Some("One of their orders is still under way. Finish or stop it first.".to_owned()),
        (many, _) => Some(format!("{many} of their orders are still under way. Finish or stop them first.")),
    })
}

/// What must be typed to confirm: the name, or the number of orders of somebody without one.
pub fn confirmation(customer: &customer::Customer) -> String {
    match customer.name.trim() {
        "" => customer.order_count.to_string(),
        name => name.to_owned(),
    }
}

/// Forgets a customer. Returns how many orders were stripped.
///
/// # Errors
/// As [`customer::find_for_change`]; refuses while an order is under way or money is due or owed, and
/// unless the confirmation was typed.
pub fn erase(tx: &mut Tx<'_>, actor: &Actor, uid: &str, version: i64, typed: &str) -> Result<usize> {
    let id = customer::get(tx.conn, uid)?.id;
    let mut orders = order::lock_of_customer(tx, id)?;
    let mut person = customer::find_for_change(tx, uid, version)?;
    if words::fold(typed.trim()) != words::fold(&confirmation(&person)) {
        return Err(Refusal::field(
            "customer.not_confirmed",
            "confirm",
            format!("Type “{}” to confirm. Nothing was erased.", confirmation(&person)),
        )
        .into());
    }
    if let Some(told) = hinders(tx.conn, id)? {
        return Err(Refusal::state(
            "customer.unsettled",
            format!("{} cannot be erased yet. {told}", person.shown_name()),
        )
        .into());
    }
    let mut known = customer::blank(tx, &mut person)?;
    for order in &orders {
        known.push(Contact {
            name: order.customer_name.clone(),
            email: order.email.clone(),
            phone: order.phone.clone(),
        });
        for address in [order.ship_to(), order.bill_to()].into_iter().flatten() {
            known.push(Contact { name: address.name, email: String::new(), phone: address.phone });
            known.push(Contact { name: address.street1, email: address.company, phone: String::new() });
        }
    }
    let bare = |contact: &Contact| words::digits(&contact.phone).trim_start_matches('0').to_owned();
    let phones: Vec<String> = known.iter().map(bare).filter(|phone| !phone.is_empty()).collect();
    let secrets = Secrets::of(&known);
    let replace = |text: &str| secrets.replace(text);
    let keys: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    whatsapp::erase(tx, &keys, &phones, ERASED)?;
    for order in &mut orders {
        conversation::erase(tx, order.id, ERASED, &replace)?;
        payment::erase(tx, order.id, &replace)?;
        returns::erase(tx, order.id, &replace)?;
        moves::erase(tx, order.id, &replace)?;
        customer_page::forget(tx, order.id)?;
        event::erase_of_order(tx, order.id, ERASED, &replace)?;
        order::blank_party(tx, order)?;
    }
    event::erase_of_customer(tx, uid, ERASED)?;
    let erased = Event::CustomerErased { customer: uid.to_owned(), orders: orders.len() as i64 };
    event::record(tx, actor, None, &erased)?;
    Ok(orders.len())
}

/// What tells who somebody is, to be found in other texts.
struct Secrets(Vec<String>);

impl Secrets {
    /// Whole names, addresses and numbers, and each longer word of a name.
    fn of(known: &[Contact]) -> Self {
        let mut all: Vec<String> = Vec::new();
        for contact in known {
            for text in [&contact.name, &contact.email, &contact.phone] {
                all.push(text.trim().to_lowercase());
            }
            all.extend(contact.name.split_whitespace().filter(|word| word.chars().count() > 2).map(str::to_lowercase));
        }
        all.retain(|text| text.chars().count() > 2 && *text != ERASED.to_lowercase());
        all.sort_by_key(|text| std::cmp::Reverse(text.len()));
        all.dedup();
        Secrets(all)
    }
    /// The text with every secret in it replaced, whatever its case; only whole words.
    fn replace(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.0 {
            text = replaced(&text, secret);
        }
        text
    }
}

fn replaced(text: &str, secret: &str) -> String {
    let rest: Vec<char> = text.chars().collect();
    let wanted: Vec<char> = secret.chars().collect();
    let same = |a: char, b: char| a == b || a.to_lowercase().eq(b.to_lowercase());
    let joins = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < rest.len() {
        let fits = rest.len() - at >= wanted.len() && wanted.iter().zip(&rest[at..]).all(|(a, b)| same(*a, *b));
        let before = if at == 0 { None } else { rest.get(at - 1) };
        if fits && !joins(before) && !joins(rest.get(at + wanted.len())) {
            out.push_str(ERASED);
            at += wanted.len();
        } else {
            out.push(rest[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_other_words_whatever_their_case() {
        let secrets = Secrets::of(&[Contact {
            name: "Eszter Kovács".into(),
            email: "eszter@example.com".into(),
            phone: "+36 30 555 0142".into(),
        }]);
        assert_eq!(secrets.replace("Call ESZTER KOVÁCS at +36 30 555 0142."), "Call Erased person at Erased person.");
        assert_eq!(secrets.replace("Mail eszter@example.com"), "Mail Erased person");
        assert_eq!(secrets.replace("Eszter's mug"), "Erased person's mug");
        assert_eq!(secrets.replace("Eszterházy"), "Eszterházy");
    }
}
