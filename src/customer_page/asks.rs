//! What a customer does from their page, each through the verb that staff and programs use. The caller
//! has the order from the secret address; the version is the one that the page showed.

use super::Policy;
use super::sight::{self, Cancel};
use crate::actor::Actor;
use crate::address::Address;
use crate::conversation::{self, Direction, NewFile};
use crate::db::Tx;
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::language::Language;
use crate::market::Markets;
use crate::moves::{self, MoveRequest, RefundChoice, Telling, Undoing};
use crate::order::{self, Correction, Order};
use crate::shipment::Units;
use crate::workflow::{Base, Stages};

/// What the page says after something was done. The word stands in its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// A message was written.
    Message,
    /// The address was kept.
    Address,
    /// The order was cancelled.
    Cancelled,
    /// The shop was asked to cancel.
    Asked,
    /// A return was asked for.
    Return,
    /// Everything has arrived.
    Arrived,
    /// The order was taken up again.
    Resumed,
}

impl Done {
    const ALL: [Done; 7] =
        [Done::Message, Done::Address, Done::Cancelled, Done::Asked, Done::Return, Done::Arrived, Done::Resumed];
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Done::Message => "message",
            Done::Address => "address",
            Done::Cancelled => "cancelled",
            Done::Asked => "asked",
            Done::Return => "return",
            Done::Arrived => "arrived",
            Done::Resumed => "resumed",
        }
    }
    /// The one of this word.
    pub fn parse(word: &str) -> Option<Self> {
        Done::ALL.into_iter().find(|done| done.as_str() == word)
    }
    /// The sentence.
    pub fn words(self, language: Language) -> String {
        language.say(&format!("done-{}", self.as_str()))
    }
}

/// The customer of an order, as the diary names them.
fn customer(order: &Order) -> Actor {
    let name = match order.customer_name.trim() {
        "" => "Customer".to_owned(),
        name => name.to_owned(),
    };
    Actor::Customer { name }
}

/// Writes a message to the shop.
///
/// # Errors
/// As [`conversation::say`].
pub fn say(tx: &mut Tx<'_>, order: &Order, body: &str, files: &[NewFile]) -> Result<Done> {
    conversation::say(tx, &customer(order), order.number, Direction::In, body, files)?;
    Ok(Done::Message)
}

/// Gives or corrects the delivery address, which confirms the order if nothing else is missing. An empty
/// telephone number leaves the one that is known.
///
/// # Errors
/// Refuses an address that a carrier could not deliver to, and once the order no longer waits for it.
pub fn give_address(tx: &mut Tx<'_>, order: &Order, version: i64, mut address: Address) -> Result<Done> {
    let order = order::find_for_change(tx, order.number, Some(version))?;
    if !sight::may_give_address(&order) {
        return Err(not_now(
            "The address can no longer be changed here. Write to us below, and we will see what can be done.",
        ));
    }
    let problems: Vec<_> = address
        .problems()
        .into_iter()
        .map(|mut problem| {
            problem.field = format!("ship_{}", problem.field);
            problem
        })
        .collect();
    if !problems.is_empty() {
        return Err(Refusal::fields("customer_page.address", problems).into());
    }
    if address.phone.trim().is_empty() {
        address.phone = order.ship_to().map(|known| known.phone).unwrap_or_default();
    }
    let change = Correction { ship_to: Some(address), ..Correction::default() };
    moves::correct(tx, &customer(&order), order.number, Some(version), &change)?;
    Ok(Done::Address)
}

/// Cancels the order where the shop lets customers do that, or writes to the shop that they want it. Money
/// that was received is kept until the shop gives it back; what was only promised is let go.
///
/// # Errors
/// Refuses once something has left or the order is over.
pub fn cancel(tx: &mut Tx<'_>, order: &Order, version: i64, note: &str, policy: &Policy) -> Result<Done> {
    let order = order::find_for_change(tx, order.number, Some(version))?;
    let shipped: i64 = order::lines(tx.conn, order.id)?.iter().map(|line| line.shipped_quantity).sum();
    let note = note.trim();
    if note.chars().count() > 2_000 {
        return Err(Refusal::field("customer_page.note", "note", "This takes 2,000 characters at the most.").into());
    }
    match sight::cancel(&order, shipped, policy.cancelling) {
        Cancel::No => Err(not_now(
            "This order can no longer be cancelled here. Write to us below, and we will see what can be done.",
        )),
        Cancel::Ask => {
            let wish = if note.is_empty() { String::new() } else { format!("\n\n{note}") };
            let language = Markets::load(tx.conn)?.language(order.market_id, &order.language);
            let body = format!("{}{wish}", language.say("cancel-wish"));
            conversation::say(tx, &customer(&order), order.number, Direction::In, &body, &[])?;
            Ok(Done::Asked)
        }
        Cancel::Now => {
            let to = Stages::load(tx.conn)?.default_of(Base::Cancelled)?.slug.clone();
            let refund = if order.net_minor() > 0 { RefundChoice::Part } else { RefundChoice::Unasked };
            let request = MoveRequest {
                version: Some(version),
                reason: "customer".to_owned(),
                note: note.to_owned(),
                refund,
                telling: Telling::NoAmounts,
                undoing: Undoing::Never,
                ..MoveRequest::to(&to)
            };
            moves::move_to_stage(tx, &customer(&order), order.number, &request)?;
            Ok(Done::Cancelled)
        }
    }
}

/// Says that everything has arrived, which makes the order Delivered.
///
/// # Errors
/// Refuses before all of it has left, and once it is known.
pub fn arrived(tx: &mut Tx<'_>, order: &Order, version: i64) -> Result<Done> {
    let order = order::find_for_change(tx, order.number, Some(version))?;
    if !sight::may_say_arrived(&order) {
        return Err(not_now(
            "This is known already, or not all of it has left yet. Write to us below if it is not so.",
        ));
    }
    go(tx, &order, version, Base::Delivered)?;
    Ok(Done::Arrived)
}

/// Takes an order up again that was given up: it waits for what it lacked, its goods held as when it was placed.
///
/// # Errors
/// Refuses an order that was not given up.
pub fn resume(tx: &mut Tx<'_>, order: &Order, version: i64) -> Result<Done> {
    let order = order::find_for_change(tx, order.number, Some(version))?;
    if !sight::may_resume(&order) {
        return Err(not_now("This order was taken up again already. Look at it above."));
    }
    go(tx, &order, version, Base::Placed)?;
    Ok(Done::Resumed)
}

/// Moves an order for its customer.
fn go(tx: &mut Tx<'_>, order: &Order, version: i64, base: Base) -> Result<()> {
    let to = Stages::load(tx.conn)?.default_of(base)?.slug.clone();
    let request = MoveRequest {
        version: Some(version),
        telling: Telling::NoAmounts,
        undoing: Undoing::Never,
        ..MoveRequest::to(&to)
    };
    moves::move_to_stage(tx, &customer(order), order.number, &request).map(drop)
}

/// Asks for a return of units that have left.
///
/// # Errors
/// As [`moves::request_return`].
pub fn ask_return(
    tx: &mut Tx<'_>,
    order: &Order,
    version: i64,
    units: &[Units],
    reason: &str,
    note: &str,
) -> Result<Done> {
    let order = order::find_for_change(tx, order.number, Some(version))?;
    if !sight::may_return(&order, 1) {
        return Err(not_now(
            "Nothing of this order can be sent back here. Write to us below, and we will see what can be done.",
        ));
    }
    if !sight::REASONS.iter().any(|(key, _)| *key == reason) {
        return Err(Refusal::field("customer_page.reason", "reason", "Choose a reason.").into());
    }
    let request = MoveRequest { reason: reason.to_owned(), note: note.trim().to_owned(), ..MoveRequest::to("") };
    moves::request_return(tx, &customer(&order), order.number, Some(version), units, &request)?;
    Ok(Done::Return)
}

fn not_now(told: &str) -> Error {
    Refusal::state("customer_page.not_now", told).into()
}

/// A refusal in words for the customer: nothing of who changed what, of stages or of amounts. Anything that
/// is ours stays an error.
///
/// # Errors
/// What is no refusal, and what the customer can do nothing about.
pub fn for_customer(error: Error) -> Result<Refusal> {
    let told = |kind, words: &str| Refusal::new(kind, "customer_page.not_now", words);
    match error {
        Error::Refused(refusal) => match refusal.kind {
            RefusalKind::Invalid | RefusalKind::TooMany | RefusalKind::TooLarge => Ok(*refusal),
            RefusalKind::State if refusal.code.starts_with("customer_page.") => Ok(*refusal),
            RefusalKind::Stale | RefusalKind::Precondition => Ok(told(
                RefusalKind::Stale,
                "Something about your order changed in the meantime. Below it stands as it is now; look at it and send again.",
            )),
            RefusalKind::State => Ok(told(
                RefusalKind::State,
                "This is not possible at the moment. Write to us below, and we will see what can be done.",
            )),
            RefusalKind::Unauthenticated
            | RefusalKind::Forbidden
            | RefusalKind::Unsupported
            | RefusalKind::PreconditionNeeded
            | RefusalKind::Reused
            | RefusalKind::Busy => Err(Error::Refused(refusal)),
        },
        Error::Missing(_) => {
            Ok(told(RefusalKind::Invalid, "This form no longer fits your order. Look at the page and send again."))
        }
        Error::Broken(cause) => Err(Error::Broken(cause)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_told_after_something_was_done_is_told_in_every_language() {
        for done in Done::ALL {
            assert_ne!(done.words(Language::German), done.words(Language::English));
        }
    }

    /// Sentences of this file and of the page's handlers that a customer may read.
    #[test]
    fn every_refusal_of_the_page_is_known_in_every_language() {
        let sources = [include_str!("asks.rs"), include_str!("pages.rs")];
        let code = sources.map(|text| text.split("#[cfg(test)]").next().unwrap_or_default()).concat();
        let sentences = code.split('"').skip(1).step_by(2).filter(|text| text.contains(' ') && text.ends_with('.'));
        let mut seen = 0;
        for sentence in sentences {
            assert_ne!(Language::German.reword(sentence), sentence);
            seen += 1;
        }
        assert!(seen > 8, "{seen}");
    }
}
