//! Pure: what an order is in the customer's words, and what they may ask for.

use super::policy::Cancelling;
use crate::order::Order;
use crate::shipment::ShipmentState;
use crate::workflow::{Base, Stages};

/// The way as customers see it.
pub const WAY: [&str; 5] = ["Placed", "Confirmed", "Packed", "Shipped", "Delivered"];

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
pub fn headline(order: &Order, stages: &Stages, facts: &Facts) -> String {
    let own = stages.find(&order.stage).and_then(|stage| stage.public_label.as_deref()).map(str::trim);
    if let Some(own) = own.filter(|own| !own.is_empty()) {
        return own.to_owned();
    }
    let words = match seen_as(order) {
        Base::Placed if facts.lacks_address || !facts.due.is_empty() => "Received, waiting for you",
        Base::Placed => "Received",
        Base::Confirmed | Base::OnHold => "Confirmed",
        Base::Approved | Base::Processed if facts.parcels.0 > 0 => "Partly on its way",
        Base::Approved => "Being prepared",
        Base::Processed => "Packed",
        Base::Shipped => "On its way",
        Base::Delivered | Base::Archived => "Delivered",
        Base::Returned => "Returned",
        Base::Cancelled => "Cancelled",
        Base::Rejected => "Declined",
        Base::Abandoned => "Expired",
    };
    words.to_owned()
}

/// A sentence or two below the headline.
pub fn story(order: &Order, facts: &Facts) -> String {
    let (sent, all) = facts.parcels;
    let told = match seen_as(order) {
        Base::Placed if facts.lacks_address => "Tell us below where to send it, and we can begin.".to_owned(),
        Base::Placed if !facts.due.is_empty() => format!("{} is still to be paid before we begin.", facts.due),
        Base::Placed => "We have received your order and look at it soon.".to_owned(),
        Base::Confirmed | Base::OnHold => "We have everything we need and begin soon.".to_owned(),
        Base::Approved | Base::Processed if sent > 0 => format!("{sent} of {all} parcels have left. The rest follows."),
        Base::Approved => "We are getting your order ready.".to_owned(),
        Base::Processed => "Your order is packed and leaves soon.".to_owned(),
        Base::Shipped if all > 1 => format!("All {all} parcels have left us."),
        Base::Shipped => "Your parcel has left us.".to_owned(),
        Base::Delivered | Base::Archived => "We hope all is well with it. Write to us if not.".to_owned(),
        Base::Returned => "Everything has come back to us.".to_owned(),
        Base::Cancelled => "This order was cancelled.".to_owned(),
        Base::Rejected => "We are sorry: we could not take this order.".to_owned(),
        Base::Abandoned => "This order was not completed in time. Write to us if you still want it.".to_owned(),
    };
    if facts.credit.is_empty() { told } else { format!("{told} {} will be given back to you.", facts.credit) }
}

/// Where a parcel is, in the customer's words: tone, glyph, words.
pub fn parcel_words(state: ShipmentState) -> (&'static str, &'static str, &'static str) {
    match state {
        ShipmentState::Draft | ShipmentState::Picking => ("", "g-none", "Being packed"),
        ShipmentState::Packed => ("", "g-half", "Packed"),
        ShipmentState::Shipped => ("ok", "g-full", "On its way"),
        ShipmentState::Delivered => ("ok", "g-full", "Delivered"),
        ShipmentState::Cancelled => ("mute", "g-back", "Taken back"),
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

/// Why customers send something back: stored keys and their words.
pub const REASONS: [(&str, &str); 6] = [
    ("changed_mind", "I changed my mind"),
    ("damaged", "It arrived damaged"),
    ("wrong_item", "It is not what I ordered"),
    ("not_as_described", "It is not as described"),
    ("late", "It came too late"),
    ("other", "Another reason"),
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
    fn steps_are_on_the_way() {
        for base in Base::ALL {
            assert!(reached(*base).is_none_or(|at| at < WAY.len()));
        }
    }
}
