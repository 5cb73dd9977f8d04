//! The shop's ways of paying: adding and changing them.

use super::method::{CaptureAt, Cover, Method, Methods};
use super::{looks_like_card, store};
use crate::actor::Actor;
use crate::db::{self, Conn, Tx, dialect};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::event::{self, Event};
use crate::words;

/// Longest time until an order is abandoned, in minutes: a year.
const MOST_MINUTES: i64 = 366 * 24 * 60;
/// Characters of what customers are told of a way at the most.
const LONGEST_INSTRUCTIONS: usize = 1_000;

/// The shop's ways of paying, in their order.
pub fn methods(conn: &mut Conn) -> Result<Methods> {
    db::remembered(conn, |conn| Ok(Methods(store::methods(conn)?)))
}

/// Adds a way of paying: as strict as a card and captured at approval, until somebody says otherwise.
/// Returns its key.
///
/// # Errors
/// Refuses an empty or long name and one that is there already.
pub fn add_method(tx: &mut Tx<'_>, actor: &Actor, label: &str) -> Result<String> {
    let label = label.trim();
    check_label(label)?;
    dialect::lock_words(tx.conn, "ways of paying")?;
    let known = methods(tx.conn)?;
    if known.0.iter().any(|method| words::fold(&method.label) == words::fold(label)) {
        return Err(
            Refusal::field("payment.method_known", "label", "There is a way of paying called that already.").into()
        );
    }
    let mut key: String =
        words::split(label).join("_").chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if key.is_empty() || known.0.iter().any(|method| method.key == key) {
        key = format!("{key}_{}", known.0.len() + 1).trim_start_matches('_').to_owned();
    }
    let position = known.0.iter().map(|method| method.position).max().unwrap_or(0) + 1;
    let method = Method {
        key: key.clone(),
        label: label.to_owned(),
        position,
        capture_at: CaptureAt::Approval,
        authorization_days: Some(7),
        ..Method::default()
    };
    store::insert_method(tx, &method)?;
    tell(tx, actor, &method.label, String::new(), sentence(&method))?;
    Ok(key)
}

/// Changes a way of paying. Its key stays.
///
/// # Errors
/// Missing for an unknown one; refuses an empty or long name, days and ceilings that are none.
pub fn change_method(tx: &mut Tx<'_>, actor: &Actor, new: &Method) -> Result<()> {
    check_label(new.label.trim())?;
    let mut problems = Vec::new();
    if new.authorization_days.is_some_and(|days| !(1..=365).contains(&days)) {
        let message = "Enter from 1 to 365 days, or nothing.".to_owned();
        problems.push(FieldProblem { field: "days".into(), message });
    }
    if new.ceiling_minor.is_some_and(|minor| minor <= 0) {
        problems
            .push(FieldProblem { field: "ceiling".into(), message: "Enter an amount above zero, or nothing.".into() });
    }
    if new.abandon_after_minutes.is_some_and(|minutes| !(1..=MOST_MINUTES).contains(&minutes)) {
        let message = "Enter from one minute to 366 days of them, or nothing.".to_owned();
        problems.push(FieldProblem { field: "abandon".into(), message });
    }
    if new.instructions.chars().count() > LONGEST_INSTRUCTIONS {
        let message = "This takes 1,000 characters at the most.".to_owned();
        problems.push(FieldProblem { field: "instructions".into(), message });
    }
    if !problems.is_empty() {
        return Err(Refusal::fields("payment.method_fields", problems).into());
    }
    let known = methods(tx.conn)?;
    let before = known.0.iter().find(|method| method.key == new.key);
    let before = before.ok_or_else(|| Error::Missing(format!("way of paying {}", new.key)))?.clone();
    let new = Method { id: before.id, position: before.position, label: new.label.trim().to_owned(), ..new.clone() };
    if new == before {
        return Ok(());
    }
    store::update_method(tx, &new)?;
    tell(tx, actor, &before.label, sentence(&before), sentence(&new))
}

fn check_label(label: &str) -> Result<()> {
    let told = match label.chars().count() {
        0 => "Enter a name, such as Bank transfer.",
        81.. => "This takes 80 characters at the most.",
        _ if looks_like_card(label) => "This looks like a card number. Enter a name.",
        _ => return Ok(()),
    };
    Err(Refusal::field("payment.method_label", "label", told).into())
}

fn tell(tx: &mut Tx<'_>, actor: &Actor, label: &str, before: String, after: String) -> Result<()> {
    let setting = format!("the way of paying {label}");
    event::record(tx, actor, None, &Event::SettingsChanged { setting, before, after })
}

/// A way of paying in a few words, for its line in the settings and the diary.
pub fn sentence(method: &Method) -> String {
    let approve = match method.to_approve {
        Cover::Nothing => "nothing to approve",
        Cover::Promised => "authorised to approve",
        Cover::Received => "paid to approve",
    };
    let ship = if method.captured_before_ship { "paid to ship" } else { "ships unpaid" };
    let capture = match method.capture_at {
        CaptureAt::Approval => "captured at approval",
        CaptureAt::Packing => "captured at packing",
        CaptureAt::Shipping => "captured at shipping",
        CaptureAt::Manual => "captured by hand",
    };
    let mut parts = vec![method.label.as_str(), approve, ship];
    if !method.is_offline {
        parts.push(capture);
    }
    let after = method.abandon_after_minutes.map(|minutes| format!("abandoned after {minutes} minutes"));
    match (method.never_abandons, &after) {
        (true, _) => parts.push("never abandoned"),
        (false, Some(after)) => parts.push(after),
        (false, None) => {}
    }
    if !method.instructions.is_empty() {
        parts.push("customers are told how");
    }
    if !method.active {
        parts.push("not offered");
    }
    parts.join(", ")
}
