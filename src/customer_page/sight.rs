//! Pure: what an order is in the customer's words, and what they may ask for.

use super::policy::Cancelling;
use crate::language::Language;
use crate::order::Order;
use crate::returns::ReturnState;
use crate::shipment::ShipmentState;
use crate::workflow::{Base, Stage, Stages};

/// The way as customers see it: keys of its words.
pub const WAY: [&str; 5] = ["way-placed", "way-confirmed", "way-packed", "way-shipped", "way-delivered"];

/// What an order is to its customer: on hold or put away, it is what it was.
pub fn seen_as(order: &Order) -> Base {
    match order.base {
        Base::OnHold => order.resume_base.unwrap_or(Base::Confirmed),
        Base::Archived => order.resume_base.unwrap_or(Base::Delivered),
        base => base,
    }
}

/// How many steps of [`WAY`] are behind it or under its feet; nothing for one that was stopped.
pub fn reached(base: Base) -> Option<usize> {
    match base {
        Base::Placed => Some(0),
        Base::Confirmed | Base::Approved | Base::OnHold => Some(1),
        Base::Processed => Some(2),
        Base::Shipped => Some(3),
        Base::Delivered | Base::Returned | Base::Archived => Some(4),
        Base::Cancelled | Base::Rejected | Base::Abandoned => None,
    }
}

/// What the headline and the sentence below it are made of.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Parcels that left, and parcels in all.
    pub parcels: (usize, usize),
    /// Whether the shop waits for an address.
    pub lacks_address: bool,
    /// What is still to be paid, as shown; empty if nothing is.
    pub due: String,
    /// What the shop owes, as shown; empty if nothing.
    pub credit: String,
}

/// The words above everything: the shop's public word for the stage, or ours.
pub fn headline(order: &Order, stages: &Stages, facts: &Facts, language: Language) -> String {
    if let Some(stage) = stages.find(&order.stage).filter(|stage| has_public_label(stage)) {
        return stage.told(language);
    }
    let key = match seen_as(order) {
        Base::Placed if facts.lacks_address || !facts.due.is_empty() => "stage-placed",
        Base::Placed => "headline-received",
        Base::Confirmed | Base::OnHold => "stage-confirmed",
        Base::Approved | Base::Processed if facts.parcels.0 > 0 => "headline-partly",
        Base::Approved => "stage-approved",
        Base::Processed => "stage-processed",
        Base::Shipped => "stage-shipped",
        Base::Delivered | Base::Archived => "stage-delivered",
        Base::Returned => "stage-returned",
        Base::Cancelled => "stage-cancelled",
        Base::Rejected => "stage-rejected",
        Base::Abandoned => "stage-abandoned",
    };
    language.say(key)
}

fn has_public_label(stage: &Stage) -> bool {
    stage.public_label.as_deref().is_some_and(|label| !label.trim().is_empty())
}

/// A sentence or two below the headline.
pub fn story(order: &Order, facts: &Facts, language: Language) -> String {
    let (sent, all) = facts.parcels;
    let amount = |amount: &str| [("amount", amount.to_owned().into())];
    let told = match seen_as(order) {
        Base::Placed if facts.lacks_address => language.say("story-address"),
        Base::Placed if !facts.due.is_empty() => language.say_with("story-due", &amount(&facts.due)),
        Base::Placed => language.say("story-placed"),
        Base::Confirmed | Base::OnHold => language.say("story-confirmed"),
        Base::Approved | Base::Processed if sent > 0 => {
            language.say_with("story-partly", &[("sent", sent.into()), ("all", all.into())])
        }
        Base::Approved => language.say("story-approved"),
        Base::Processed => language.say("story-processed"),
        Base::Shipped => language.say_with("story-shipped", &[("all", all.into())]),
        Base::Delivered | Base::Archived => language.say("story-delivered"),
        Base::Returned => language.say("story-returned"),
        Base::Cancelled => language.say("story-cancelled"),
        Base::Rejected => language.say("story-rejected"),
        Base::Abandoned => language.say("story-abandoned"),
    };
    if facts.credit.is_empty() {
        return told;
    }
    format!("{told} {}", language.say_with("story-credit", &amount(&facts.credit)))
}

/// Where a parcel is, in the customer's words: tone, glyph, key of the words.
pub fn parcel_words(state: ShipmentState) -> (&'static str, &'static str, &'static str) {
    match state {
        ShipmentState::Draft | ShipmentState::Picking => ("", "g-none", "parcel-packing"),
        ShipmentState::Packed => ("", "g-half", "parcel-packed"),
        ShipmentState::Shipped => ("ok", "g-full", "parcel-shipped"),
        ShipmentState::Delivered => ("ok", "g-full", "parcel-delivered"),
        ShipmentState::Cancelled => ("mute", "g-back", "parcel-cancelled"),
    }
}

/// Where a return is: key of the customer's words.
pub fn return_words(state: ReturnState) -> &'static str {
    match state {
        ReturnState::Requested => "return-requested",
        ReturnState::Approved => "return-approved",
        ReturnState::Rejected => "return-rejected",
        ReturnState::InTransit => "return-in-transit",
        ReturnState::Received | ReturnState::Closed => "return-received",
        ReturnState::Cancelled => "return-cancelled",
    }
}

/// What a customer can do about cancelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// Nothing.
    No,
    /// Ask the shop.
    Ask,
    /// Cancel.
    Now,
}

/// Whether the delivery address can be given or corrected: while the order waits for the customer.
pub fn may_give_address(order: &Order) -> bool {
    order.base == Base::Placed || order.base == Base::OnHold && order.resume_base == Some(Base::Placed)
}

/// What can be done about cancelling. `shipped` is how many units have left.
pub fn cancel(order: &Order, shipped: i64, cancelling: Cancelling) -> Cancel {
    if shipped > 0 || order.base == Base::Archived {
        return Cancel::No;
    }
    match (seen_as(order), cancelling) {
        (Base::Placed | Base::Confirmed, Cancelling::UntilApproved) => Cancel::Now,
        (Base::Placed | Base::Confirmed | Base::Approved | Base::Processed | Base::OnHold, _) => Cancel::Ask,
        (
            Base::Shipped
            | Base::Delivered
            | Base::Returned
            | Base::Cancelled
            | Base::Rejected
            | Base::Abandoned
            | Base::Archived,
            _,
        ) => Cancel::No,
    }
}

/// Whether the customer can say that everything has arrived: all of it has left.
pub fn may_say_arrived(order: &Order) -> bool {
    order.base == Base::Shipped
}

/// Whether the customer can take an order up again that was given up because it was never completed.
pub fn may_resume(order: &Order) -> bool {
    order.base == Base::Abandoned
}

/// Whether what has left may be asked to come back. `returnable` is how many units could.
pub fn may_return(order: &Order, returnable: i64) -> bool {
    returnable > 0
        && match order.base {
            Base::Approved | Base::Processed | Base::Shipped | Base::Delivered => true,
            Base::Placed
            | Base::Confirmed
            | Base::OnHold
            | Base::Returned
            | Base::Cancelled
            | Base::Rejected
            | Base::Abandoned
            | Base::Archived => false,
        }
}

/// Why customers send something back: stored keys and keys of their words.
pub const REASONS: [(&str, &str); 6] = [
    ("changed_mind", "reason-changed-mind"),
    ("damaged", "reason-damaged"),
    ("wrong_item", "reason-wrong-item"),
    ("not_as_described", "reason-not-as-described"),
    ("late", "reason-late"),
    ("other", "reason-other"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_a_customer_is_one_of_the_shop() {
        for (key, _) in REASONS {
            assert!(crate::returns::REASONS.iter().any(|(known, _)| *known == key), "{key}");
        }
    }

    #[test]
    fn every_word_of_the_page_is_said() {
        let parcels = ShipmentState::ALL.iter().map(|state| parcel_words(*state).2);
        let returns = ReturnState::ALL.iter().map(|state| return_words(*state));
        for key in parcels.chain(returns).chain(REASONS.map(|(_, key)| key)).chain(WAY) {
            assert_ne!(Language::Hungarian.say(key), Language::English.say(key), "{key}");
        }
    }

    #[test]
    fn steps_are_on_the_way() {
        for base in Base::ALL {
            assert!(reached(*base).is_none_or(|at| at < WAY.len()));
        }
    }
}
