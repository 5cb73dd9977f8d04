//! The move graph: which stage may follow which, what a move asks for, and what it lacks. Pure: the
//! board, the buttons, the API's refusals and the tests all ask this one table.

use crate::order::Order;
use crate::payment::method::{self, Cover, Method};
use crate::workflow::{Base, RequiredField, Stage};

/// What kind of step an edge is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// On the way to the customer.
    Forward,
    /// Goods coming back.
    Return,
    /// Stops for a reason, to go on later.
    Hold,
    /// Goes on after the last hold.
    Release,
    /// Ends the order.
    Stop,
    /// Gives up on an incomplete order, or takes it up again.
    Incomplete,
    /// Puts a finished order away, or fetches it back.
    Shelf,
    /// Takes a step back because it was wrong. Asks for the right to correct, and a reason.
    Correction,
    /// To another stage of the same base: nothing but the name changes.
    Sibling,
}

/// One allowed move between bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Base it leaves.
    pub from: Base,
    /// Base it enters.
    pub to: Base,
    /// What kind of step.
    pub kind: Kind,
}

const fn edge(from: Base, to: Base, kind: Kind) -> Edge {
    Edge { from, to, kind }
}

/// Every move but those that come back to a remembered stage: out of On Hold and Archived.
pub const EDGES: &[Edge] = &[
    edge(Base::Placed, Base::Confirmed, Kind::Forward),
    edge(Base::Placed, Base::OnHold, Kind::Hold),
    edge(Base::Placed, Base::Rejected, Kind::Stop),
    edge(Base::Placed, Base::Cancelled, Kind::Stop),
    edge(Base::Placed, Base::Abandoned, Kind::Incomplete),
    edge(Base::Abandoned, Base::Confirmed, Kind::Forward),
    edge(Base::Abandoned, Base::Placed, Kind::Incomplete),
    edge(Base::Abandoned, Base::Archived, Kind::Shelf),
    edge(Base::Confirmed, Base::Approved, Kind::Forward),
    edge(Base::Confirmed, Base::OnHold, Kind::Hold),
    edge(Base::Confirmed, Base::Rejected, Kind::Stop),
    edge(Base::Confirmed, Base::Cancelled, Kind::Stop),
    edge(Base::OnHold, Base::Rejected, Kind::Stop),
    edge(Base::OnHold, Base::Cancelled, Kind::Stop),
    edge(Base::Approved, Base::Processed, Kind::Forward),
    edge(Base::Approved, Base::OnHold, Kind::Hold),
    edge(Base::Approved, Base::Cancelled, Kind::Stop),
    edge(Base::Approved, Base::Confirmed, Kind::Correction),
    edge(Base::Processed, Base::Shipped, Kind::Forward),
    edge(Base::Processed, Base::OnHold, Kind::Hold),
    edge(Base::Processed, Base::Cancelled, Kind::Stop),
    edge(Base::Processed, Base::Approved, Kind::Correction),
    edge(Base::Shipped, Base::Delivered, Kind::Forward),
    edge(Base::Shipped, Base::Returned, Kind::Return),
    edge(Base::Shipped, Base::Processed, Kind::Correction),
    edge(Base::Delivered, Base::Returned, Kind::Return),
    edge(Base::Delivered, Base::Archived, Kind::Shelf),
    edge(Base::Delivered, Base::Shipped, Kind::Correction),
    edge(Base::Returned, Base::Archived, Kind::Shelf),
    edge(Base::Returned, Base::Delivered, Kind::Correction),
    edge(Base::Cancelled, Base::Archived, Kind::Shelf),
    edge(Base::Cancelled, Base::Confirmed, Kind::Correction),
    edge(Base::Rejected, Base::Archived, Kind::Shelf),
    edge(Base::Rejected, Base::Confirmed, Kind::Correction),
];

/// The moves out of a base. `resume` is the base of the remembered stage, for On Hold and Archived.
pub fn edges_from(from: Base, resume: Option<Base>) -> Vec<Edge> {
    let mut edges: Vec<Edge> = EDGES.iter().filter(|edge| edge.from == from).copied().collect();
    match (from, resume) {
        (Base::OnHold, Some(to)) => edges.insert(0, Edge { from, to, kind: Kind::Release }),
        (Base::Archived, Some(to)) => edges.insert(0, Edge { from, to, kind: Kind::Shelf }),
        _ => {}
    }
    edges
}

/// Whether any move out of a base depends on payments or refunds that are under way.
pub fn asks_for_attempts(base: Base) -> bool {
    let asks = |edge: &Edge| {
        matches!((edge.kind, edge.to), (Kind::Incomplete, Base::Abandoned) | (Kind::Shelf, Base::Archived))
    };
    EDGES.iter().any(|edge| edge.from == base && asks(edge))
}

/// Why an order is put on hold, as stored keys and words.
pub const HOLD_REASONS: &[(&str, &str)] = &[
    ("address_check", "Address to be checked"),
    ("payment_check", "Payment to be checked"),
    ("stock", "Something is out of stock"),
    ("customer_request", "The customer asked to wait"),
    ("fraud_check", "Might be fraud"),
    ("after_hours", "Came in after hours"),
    ("paid_after_abandon_no_stock", "Paid late, and the stock is gone"),
    ("other", "Another reason"),
];

/// Why an order is cancelled, as stored keys and words.
pub const CANCEL_REASONS: &[(&str, &str)] = &[
    ("customer", "The customer changed their mind"),
    ("declined", "The payment was declined"),
    ("fraud", "Fraud"),
    ("inventory", "Something is out of stock"),
    ("staff", "A mistake of ours"),
    ("expired", "It took too long"),
    ("other", "Another reason"),
];

/// Why an order is rejected, as stored keys and words.
pub const REJECT_REASONS: &[(&str, &str)] = &[
    ("out_of_stock", "Out of stock"),
    ("unserviceable_address", "We do not deliver there"),
    ("price_error", "The price was wrong"),
    ("fraud", "Fraud"),
    ("payment", "The payment is not acceptable"),
    ("other", "Another reason"),
];

/// Why a step is taken back, as stored keys and words.
pub const CORRECTION_REASONS: &[(&str, &str)] =
    &[("mistake", "It was moved by mistake"), ("changed", "Something changed"), ("other", "Another reason")];

impl Edge {
    /// The reasons to choose from, where the move asks for one.
    pub fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        match (self.kind, self.to) {
            (Kind::Hold, _) => HOLD_REASONS,
            (Kind::Stop, Base::Rejected) => REJECT_REASONS,
            (Kind::Stop, _) => CANCEL_REASONS,
            (Kind::Correction, _) => CORRECTION_REASONS,
            (Kind::Forward | Kind::Return | Kind::Release | Kind::Incomplete | Kind::Shelf | Kind::Sibling, _) => &[],
        }
    }
    /// Whether people are asked something before it happens.
    pub fn asks(&self) -> bool {
        !self.reasons().is_empty()
    }
}

/// What the rules look at besides the order itself.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Whether anything in it is shipped.
    pub ships: bool,
    /// What the delivery address lacks, in words; empty if it is complete.
    pub address_lacks: Vec<String>,
    /// Holds that are open.
    pub open_holds: usize,
    /// Units that have left the shop.
    pub shipped_units: i64,
    /// Units that were packed and have not left.
    pub packed_units: i64,
    /// Whether a payment attempt is under way.
    pub payment_in_flight: bool,
    /// Whether a refund is under way.
    pub refund_in_flight: bool,
    /// Of what there is too little to confirm or approve it, one sentence a product.
    pub short: Vec<String>,
    /// Units that came back.
    pub returned_units: i64,
    /// Returns on which something is left to do.
    pub open_returns: usize,
    /// What its way of paying asks for.
    pub policy: Method,
}

/// What keeps an order from a move, as sentences that say what to do; empty if nothing does.
pub fn lacks(order: &Order, facts: &Facts, edge: &Edge) -> Vec<String> {
    tell_lacks(order, facts, edge, &|minor| order.money(minor).to_string())
}

/// The same for somebody who may not see amounts.
pub fn lacks_without_amounts(order: &Order, facts: &Facts, edge: &Edge) -> Vec<String> {
    tell_lacks(order, facts, edge, &|_| "Money".to_owned())
}

fn tell_lacks(order: &Order, facts: &Facts, edge: &Edge, amount: &Amount<'_>) -> Vec<String> {
    let mut lacks = Vec::new();
    match (edge.kind, edge.to) {
        (Kind::Forward, Base::Confirmed) => {
            address(facts, &mut lacks);
            confirmable_payment(order, facts, amount, &mut lacks);
            lacks.extend(facts.short.iter().cloned());
        }
        (Kind::Correction, Base::Confirmed) if edge.from != Base::Approved => {
            confirmable_payment(order, facts, amount, &mut lacks);
            lacks.extend(facts.short.iter().cloned());
        }
        (Kind::Forward, Base::Approved) => {
            address(facts, &mut lacks);
            payment(order, facts, facts.policy.to_approve, edge.to, amount, &mut lacks);
            lacks.extend(facts.short.iter().cloned());
        }
        (Kind::Forward, Base::Processed) => address(facts, &mut lacks),
        (Kind::Correction, Base::Approved) if facts.shipped_units > 0 => {
            lacks.push("Part of it has left the shop, so it cannot be unpacked.".into());
        }
        (Kind::Correction, Base::Processed) if facts.returned_units > 0 || facts.open_returns > 0 => {
            lacks.push("Something of it came back or is in a return, so it cannot be packed again.".into());
        }
        (Kind::Forward, Base::Shipped) => payment(order, facts, facts.policy.to_ship(), edge.to, amount, &mut lacks),
        (Kind::Release, _) if facts.open_holds > 1 => {
            lacks.push(format!("{} holds are open. Release each of them.", facts.open_holds));
        }
        (Kind::Incomplete, Base::Abandoned) => {
            if order.authorized_minor > 0 || order.captured_minor > 0 {
                lacks.push("Money was promised or received, so it is not abandoned. Cancel it instead.".into());
            }
            if facts.payment_in_flight {
                lacks.push("A payment is under way. Wait for its outcome.".into());
            }
        }
        (Kind::Stop, Base::Cancelled) if facts.shipped_units > 0 => {
            lacks.push(
                "Part of it has left the shop, so it cannot be cancelled as a whole. Cancel the remaining units instead."
                    .into(),
            );
        }
        (Kind::Shelf, Base::Archived) => finished(order, facts, amount, &mut lacks),
        _ => {}
    }
    lacks
}

fn address(facts: &Facts, lacks: &mut Vec<String>) {
    if facts.ships && !facts.address_lacks.is_empty() {
        lacks.push(format!("The delivery address lacks {}.", facts.address_lacks.join(", ")));
    }
}

/// How an amount of minor units is told.
type Amount<'a> = dyn Fn(i64) -> String + 'a;

fn confirmable_payment(order: &Order, facts: &Facts, amount: &Amount<'_>, lacks: &mut Vec<String>) {
    if order.total_minor == 0 {
        return;
    }
    if order.payment_method.is_empty() && order.net_minor() + order.authorized_minor == 0 {
        lacks.push("It is not known how it is paid. Record a payment or choose a way of paying.".into());
        return;
    }
    let owed = order.total_minor - order.net_minor() - order.authorized_minor;
    if owed > 0 && !facts.policy.completes_unpaid {
        lacks.push(format!("{} is neither authorised nor paid.", amount(owed)));
    }
}

fn payment(order: &Order, facts: &Facts, cover: Cover, to: Base, amount: &Amount<'_>, lacks: &mut Vec<String>) {
    if method::covers(order, cover, facts.policy.captures_by_itself(order, to)) {
        return;
    }
    let received = order.net_minor();
    let (missing, what) = match cover {
        Cover::Nothing => return,
        Cover::Promised => (order.due_in_all() - received - order.authorized_minor, "authorised or paid"),
        Cover::Received => (order.due_in_all() - received, "paid"),
    };
    lacks.push(format!("{} is still to be {what}. Record the payment.", amount(missing)));
}

fn finished(order: &Order, facts: &Facts, amount: &Amount<'_>, lacks: &mut Vec<String>) {
    if order.base == Base::Abandoned && order.net_minor() > 0 {
        lacks.push(format!("{} was received. Confirm the order or give the money back.", amount(order.net_minor())));
    }
    if order.base != Base::Abandoned && order.amount_due() > 0 {
        lacks.push(format!("{} is still due.", amount(order.amount_due())));
    }
    if order.credit_owed() > 0 {
        lacks.push(format!("{} is owed to the customer.", amount(order.credit_owed())));
    }
    if facts.refund_in_flight {
        lacks.push("A refund is under way.".into());
    }
    if facts.open_returns > 0 {
        lacks.push("A return is open. Receive and close it, or withdraw it.".into());
    }
    if order.unread_count > 0 {
        lacks.push("The customer wrote something that nobody has read.".into());
    }
}

/// What an order lacks that a stage of the shop asks for, as sentences. What can come with the move is
/// left out: its form asks for it.
pub fn lacks_for_stage(order: &Order, stage: &Stage) -> Vec<String> {
    let missing = |field: &RequiredField| match field {
        RequiredField::Tracking | RequiredField::Note => false,
        RequiredField::Assignee => order.assignee_id.is_none(),
        RequiredField::Tags => order.tags.is_empty(),
        RequiredField::Due => order.due_at.is_none(),
        RequiredField::Email => order.email.is_empty(),
        RequiredField::Phone => order.phone.is_empty(),
        RequiredField::ShippingMethod => order.shipping_method.is_empty(),
    };
    stage.requires().into_iter().filter(missing).map(|field| field.lack().to_owned()).collect()
}

/// What a move does besides moving, in a few words for the menu.
pub fn effect(order: &Order, facts: &Facts, edge: &Edge) -> Option<String> {
    match (edge.kind, edge.to) {
        (Kind::Forward, Base::Processed) if facts.ships => Some("packs one parcel".into()),
        (Kind::Forward, Base::Shipped) if facts.packed_units > 0 => Some("sends the parcel".into()),
        (Kind::Stop, _) if order.net_minor() > 0 => Some(format!("{} was paid", order.money(order.net_minor()))),
        (Kind::Stop, _) if order.authorized_minor > 0 => {
            Some(format!("releases {}", order.money(order.authorized_minor)))
        }
        _ => None,
    }
}

/// The next stage on the way to the customer.
pub fn next(from: Base) -> Option<Base> {
    match from {
        Base::Placed | Base::Abandoned => Some(Base::Confirmed),
        Base::Confirmed => Some(Base::Approved),
        Base::Approved => Some(Base::Processed),
        Base::Processed => Some(Base::Shipped),
        Base::Shipped => Some(Base::Delivered),
        Base::Delivered | Base::Returned | Base::Cancelled | Base::Rejected => Some(Base::Archived),
        Base::OnHold | Base::Archived => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_can_be_reached_and_left() {
        for base in Base::ALL {
            assert!(*base == Base::Placed || EDGES.iter().any(|edge| edge.to == *base), "{base} is never entered");
            let remembered = Some(Base::Confirmed);
            assert!(!edges_from(*base, remembered).is_empty(), "{base} is never left");
        }
    }

    #[test]
    fn no_move_is_listed_twice_or_goes_nowhere() {
        for (index, edge) in EDGES.iter().enumerate() {
            assert_ne!(edge.from, edge.to);
            let again = EDGES[index + 1..].iter().any(|other| (other.from, other.to) == (edge.from, edge.to));
            assert!(!again, "{edge:?}");
        }
    }

    #[test]
    fn the_next_stage_is_always_an_allowed_move() {
        for base in Base::ALL {
            if let Some(to) = next(*base) {
                assert!(EDGES.iter().any(|edge| edge.from == *base && edge.to == to), "{base} to {to}");
            }
        }
    }

    #[test]
    fn a_shipped_order_cannot_be_cancelled_and_confirmed_cannot_be_shipped() {
        let may = |from, to| EDGES.iter().any(|edge| edge.from == from && edge.to == to);
        assert!(!may(Base::Shipped, Base::Cancelled));
        assert!(!may(Base::Confirmed, Base::Shipped));
    }
}
