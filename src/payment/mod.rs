//! The payment ledger: rows are added, never changed in amount; what an order owes follows from
//! their sums. Staff record here what happened at the bank or the till; money moves elsewhere.

pub mod method;
pub mod pages;
mod store;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::{OrderId, PaymentId};
use crate::money::{Currency, LARGEST_MINOR, Money};
use crate::order::{self, Balance, EntryState, Order, PaymentKind};
use crate::time::UtcTime;

/// A row of the ledger.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Payment {
    /// Key.
    pub id: PaymentId,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// What happened.
    pub kind: PaymentKind,
    /// The authorisation a capture or void concerns, the capture a refund gives back.
    pub parent_id: Option<PaymentId>,
    /// Minor units, never negative.
    pub amount_minor: i64,
    /// Currency, that of the order.
    pub currency: Currency,
    /// How it ended.
    pub state: EntryState,
    /// Who carried it out; `manual` for what staff record.
    pub provider: String,
    /// Key of the way: `card`, `cash`.
    pub method: String,
    /// The other side's reference.
    pub reference: String,
    /// Words of staff.
    pub note: String,
    /// When an authorisation lapses.
    pub expires_at: Option<UtcTime>,
    /// When it was written down.
    pub created_at: UtcTime,
    /// When its outcome was known.
    pub settled_at: Option<UtcTime>,
    /// Who wrote it.
    pub actor_name: String,
}

impl Payment {
    /// Its amount.
    pub fn money(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
    /// Whether its outcome is not known yet.
    pub fn is_pending(&self) -> bool {
        self.state == EntryState::Pending
    }
}

/// What staff record.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// Authorisation or capture.
    pub kind: PaymentKind,
    /// Minor units of the order's currency, above zero.
    pub amount_minor: i64,
    /// Key of the way it was paid.
    pub method: String,
    /// The bank's, card terminal's or provider's reference.
    pub reference: String,
    /// Words for colleagues.
    pub note: String,
    /// When an authorisation lapses.
    pub expires_at: Option<UtcTime>,
}

/// The ledger of an order, oldest first.
pub fn ledger(conn: &mut Conn, order: OrderId) -> Result<Vec<Payment>> {
    store::of_order(conn, order)
}

/// Sums of a ledger at an instant. Pure.
pub fn balance(ledger: &[Payment], now: UtcTime) -> Balance {
    let mut sums = Balance::default();
    for entry in ledger.iter().filter(|entry| entry.state == EntryState::Succeeded) {
        match entry.kind {
            PaymentKind::Capture => sums.captured += entry.amount_minor,
            PaymentKind::Refund => sums.refunded += entry.amount_minor,
            PaymentKind::Void => sums.voided = true,
            PaymentKind::Authorization => {}
        }
    }
    sums.in_flight = ledger.iter().any(|entry| {
        entry.state == EntryState::Pending && matches!(entry.kind, PaymentKind::Authorization | PaymentKind::Capture)
    });
    for authorization in
        ledger.iter().filter(|e| e.kind == PaymentKind::Authorization && e.state == EntryState::Succeeded)
    {
        let left = remaining(ledger, authorization);
        if authorization.expires_at.is_some_and(|at| at <= now) {
            sums.lapsed |= left > 0;
        } else {
            sums.authorized += left;
        }
    }
    sums
}

/// What of an authorisation is neither received nor let go. A capture releases the rest, so one that
/// was drawn on has nothing left; a void leaves nothing either.
fn remaining(ledger: &[Payment], authorization: &Payment) -> i64 {
    let settled = ledger.iter().any(|entry| {
        entry.parent_id == Some(authorization.id)
            && entry.state == EntryState::Succeeded
            && matches!(entry.kind, PaymentKind::Capture | PaymentKind::Void)
    });
    if settled { 0 } else { authorization.amount_minor }
}

/// Records an authorisation or a payment that happened elsewhere and saves what follows for the
/// order. A payment draws on the oldest authorisation with something left, if there is one.
///
/// # Errors
/// Stale as [`order::find_for_change`]; refuses amounts of zero or below, anything that looks like a
/// card number, and payments on a stopped order.
pub fn record(tx: &mut Tx<'_>, actor: &Actor, number: i64, version: Option<i64>, new: &NewPayment) -> Result<Order> {
    check(new)?;
    let mut order = order::find_for_change(tx, number, version)?;
    if order.due_in_all() == 0 && order.base.is_stopped() && new.kind == PaymentKind::Authorization {
        return Err(Refusal::state(
            "payment.order_stopped",
            "The order was stopped, so nothing more can be authorised for it.",
        )
        .into());
    }
    let ledger = ledger(tx.conn, order.id)?;
    let parent = match new.kind {
        PaymentKind::Capture => oldest_open(&ledger, tx.now),
        PaymentKind::Authorization => None,
        PaymentKind::Refund | PaymentKind::Void => {
            return Err(Error::broken("refunds and voids are recorded by stopping an order"));
        }
    };
    insert(tx, actor, &order, new, parent)?;
    if order.payment_method.is_empty() && !new.method.is_empty() {
        order.payment_method = new.method.clone();
    }
    resettle(tx, &mut order)?;
    order::save(tx, &mut order)?;
    Ok(order)
}

fn oldest_open(ledger: &[Payment], now: UtcTime) -> Option<PaymentId> {
    ledger
        .iter()
        .find(|entry| {
            entry.kind == PaymentKind::Authorization
                && entry.state == EntryState::Succeeded
                && entry.expires_at.is_none_or(|at| at > now)
                && remaining(ledger, entry) > 0
        })
        .map(|entry| entry.id)
}

/// Writes rows of the past: an import or a demonstration. A capture draws on the last authorisation,
/// a refund on the last capture. Does not save the order.
pub fn record_past(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, past: &[order::PastPayment]) -> Result<()> {
    let known = ledger(tx.conn, order.id)?;
    let last = |kind| known.iter().rev().find(|entry| entry.kind == kind).map(|entry| entry.id);
    let (mut authorization, mut capture) = (last(PaymentKind::Authorization), last(PaymentKind::Capture));
    for entry in past {
        let parent = match entry.kind {
            PaymentKind::Authorization => None,
            PaymentKind::Capture | PaymentKind::Void => authorization,
            PaymentKind::Refund => capture,
        };
        let id = store::insert_past(tx, actor, order, entry, parent)?;
        match entry.kind {
            PaymentKind::Authorization => authorization = Some(id),
            PaymentKind::Capture => capture = Some(id),
            PaymentKind::Refund | PaymentKind::Void => {}
        }
        let recorded = recorded(order, entry.kind, entry.amount_minor, &entry.method, &entry.reference, String::new());
        event::record_past(tx, actor, order.id, &recorded, entry.at)?;
    }
    let completed = past.iter().filter(|entry| entry.kind == PaymentKind::Capture).map(|entry| entry.at).max();
    let sums = balance(&ledger(tx.conn, order.id)?, tx.now);
    order::settle(order, &sums, completed.unwrap_or(order.placed_at));
    Ok(())
}

/// Lets every live authorisation of an order go. Returns whether there was one. Does not save.
pub fn void_all(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order) -> Result<bool> {
    let ledger = ledger(tx.conn, order.id)?;
    let mut any = false;
    for entry in &ledger {
        let open = entry.kind == PaymentKind::Authorization
            && entry.state == EntryState::Succeeded
            && remaining(&ledger, entry) > 0;
        if open {
            let void = NewPayment { kind: PaymentKind::Void, ..like(entry, entry.amount_minor) };
            insert(tx, actor, order, &void, Some(entry.id))?;
            any = true;
        }
    }
    resettle(tx, order)?;
    Ok(any)
}

/// Records that everything received was given back, capture by capture. Returns whether there was
/// anything. Does not save.
pub fn refund_all(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, note: &str) -> Result<bool> {
    let ledger = ledger(tx.conn, order.id)?;
    let mut any = false;
    for entry in ledger.iter().filter(|e| e.kind == PaymentKind::Capture && e.state == EntryState::Succeeded) {
        let given: i64 = ledger
            .iter()
            .filter(|e| e.kind == PaymentKind::Refund && e.parent_id == Some(entry.id))
            .filter(|e| matches!(e.state, EntryState::Pending | EntryState::Succeeded))
            .map(|e| e.amount_minor)
            .sum();
        if entry.amount_minor > given {
            let refund = NewPayment {
                kind: PaymentKind::Refund,
                note: note.to_owned(),
                ..like(entry, entry.amount_minor - given)
            };
            insert(tx, actor, order, &refund, Some(entry.id))?;
            any = true;
        }
    }
    resettle(tx, order)?;
    Ok(any)
}

/// Takes the ledger's sums over into the order. Does not save.
pub fn resettle(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    let sums = balance(&ledger(tx.conn, order.id)?, tx.now);
    order::settle(order, &sums, tx.now);
    Ok(())
}

fn like(entry: &Payment, amount_minor: i64) -> NewPayment {
    NewPayment {
        kind: entry.kind,
        amount_minor,
        method: entry.method.clone(),
        reference: String::new(),
        note: String::new(),
        expires_at: None,
    }
}

fn insert(tx: &mut Tx<'_>, actor: &Actor, order: &Order, new: &NewPayment, parent: Option<PaymentId>) -> Result<()> {
    let uid = store::insert(tx, actor, order, new, parent)?;
    let event = recorded(order, new.kind, new.amount_minor, &new.method, &new.reference, uid);
    event::record(tx, actor, Some(order.id), &event)
}

fn recorded(order: &Order, kind: PaymentKind, minor: i64, method: &str, reference: &str, payment: String) -> Event {
    Event::PaymentRecorded {
        entry: kind.as_str().into(),
        payment,
        amount: order.money(minor).into(),
        method: method.into(),
        reference: reference.into(),
    }
}

fn check(new: &NewPayment) -> Result<()> {
    if new.amount_minor <= 0 || new.amount_minor > LARGEST_MINOR {
        return Err(Refusal::field("payment.amount", "amount", "Enter an amount above zero, such as 24.00.").into());
    }
    for (field, text) in [("reference", &new.reference), ("note", &new.note), ("method", &new.method)] {
        if text.chars().count() > 500 {
            return Err(Refusal::field("payment.too_long", field, "This takes 500 characters at the most.").into());
        }
        if looks_like_card(text) {
            return Err(Refusal::field(
                "payment.card_number",
                field,
                "This looks like a card number. Card numbers are never kept here; enter the terminal's or bank's reference.",
            )
            .into());
        }
    }
    Ok(())
}

/// Whether a text holds 13 to 19 digits, perhaps in groups, that pass the check digit of payment
/// cards (ISO/IEC 7812, Luhn).
pub fn looks_like_card(text: &str) -> bool {
    let mut run: Vec<u32> = Vec::new();
    let mut found = false;
    for c in text.chars().chain(std::iter::once('x')) {
        if let Some(digit) = c.to_digit(10) {
            run.push(digit);
        } else if !matches!(c, ' ' | '-' | '\u{a0}') {
            found |= (13..=19).contains(&run.len()) && passes_luhn(&run);
            run.clear();
        }
    }
    found
}

fn passes_luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: i64, kind: PaymentKind, parent: Option<i64>, amount_minor: i64) -> Payment {
        Payment {
            id: PaymentId(id),
            uid: String::new(),
            order_id: OrderId(1),
            kind,
            parent_id: parent.map(PaymentId),
            amount_minor,
            currency: Currency::EUR,
            state: EntryState::Succeeded,
            provider: "manual".into(),
            method: String::new(),
            reference: String::new(),
            note: String::new(),
            expires_at: None,
            created_at: UtcTime(0),
            settled_at: None,
            actor_name: String::new(),
        }
    }

    #[test]
    fn a_capture_releases_the_rest_of_its_authorisation() {
        let ledger = [entry(1, PaymentKind::Authorization, None, 100), entry(2, PaymentKind::Capture, Some(1), 60)];
        let sums = balance(&ledger, UtcTime(0));
        assert_eq!((sums.authorized, sums.captured), (0, 60));
    }

    #[test]
    fn a_lapsed_authorisation_counts_for_nothing() {
        let lapsed = Payment { expires_at: Some(UtcTime(5)), ..entry(1, PaymentKind::Authorization, None, 100) };
        let sums = balance(&[lapsed], UtcTime(5));
        assert_eq!((sums.authorized, sums.lapsed), (0, true));
    }

    #[test]
    fn a_failed_refund_changes_no_balance() {
        let failed = Payment { state: EntryState::Failed, ..entry(2, PaymentKind::Refund, Some(1), 40) };
        let sums = balance(&[entry(1, PaymentKind::Capture, None, 100), failed], UtcTime(0));
        assert_eq!(sums.net(), 100);
    }

    #[test]
    fn card_numbers_are_known_by_their_check_digit() {
        assert!(looks_like_card("4242 4242 4242 4242"));
        assert!(looks_like_card("ref 4242424242424242."));
        assert!(!looks_like_card("4242 4242 4242 4241"));
        assert!(!looks_like_card("2026-11-21 14:41"));
    }
}
