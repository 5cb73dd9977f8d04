//! Writing off: a rest that nobody asks for any more, so that its order can be put away. What the customer owes is
//! forgiven, what the shop owes is kept; either is a row of the ledger, and taking it back is another one.

use super::giving::check_reason;
use super::{Payment, Row, check_not_archived, check_texts, ledger, settle, stands, write};
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::{Error, Refusal, Result};
use crate::order::{self, Order, PaymentKind};
use crate::workflow::Base;

/// Why a rest is written off, as stored keys and words.
pub const WRITE_OFF_REASONS: &[(&str, &str)] = &[
    ("rounding", "A difference of cents"),
    ("fees", "Fees of the bank"),
    ("uncollectible", "It cannot be collected"),
    ("unclaimed", "It cannot be given back"),
    ("other", "Another reason"),
];

/// Whether the rest of an order can be written off: it has left or was stopped, and something is due or owed.
pub fn may_write_off(order: &Order) -> bool {
    let is_late = order.base != Base::Archived && order.has_left() || order.base.is_stopped();
    is_late && order.amount_due() + order.credit_owed() > 0
}

/// Writes off what is due or owed of an order, all of it.
///
/// # Errors
/// Stale as [`order::find_for_change`]; refuses an order that has not left yet and was not stopped, one of which
/// nothing is open or a payment is under way, and a missing reason.
pub fn write_off(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    reason: &str,
    note: &str,
) -> Result<Order> {
    check_reason(WRITE_OFF_REASONS, reason)?;
    check_texts(&[("note", note)])?;
    let mut order = order::find_for_change(tx, number, version)?;
    check_not_archived(&order)?;
    let (due, owed) = (order.amount_due(), order.credit_owed());
    if due + owed == 0 {
        let told = "Nothing is due or owed, so there is nothing to write off.";
        return Err(Refusal::state("payment.nothing_to_write_off", told).into());
    }
    if !may_write_off(&order) {
        let told = "This order is still under way. Take the payment, or change or cancel the order; a rest is \
                    written off once it has left.";
        return Err(Refusal::state("payment.write_off_early", told).into());
    }
    if ledger(tx.conn, order.id)?.iter().any(Payment::is_pending) {
        let told = "A payment or refund is under way. Wait for its outcome, then write off what is left.";
        return Err(Refusal::state("payment.under_way", told).into());
    }
    let row = Row {
        note,
        reason,
        // In the customer's favour where they owed it.
        adjustment_minor: due - owed,
        ..Row::new(PaymentKind::WriteOff, due + owed, "")
    };
    write(tx, actor, &order, &row)?;
    settle(tx, &mut order)?;
    Ok(order)
}

/// Takes a write-off back: what was due or owed is so again.
///
/// # Errors
/// Stale as [`order::find_for_change`]; missing for an unknown write-off; refuses one that was taken back already.
pub fn write_back(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    uid: &str,
    note: &str,
) -> Result<Order> {
    check_texts(&[("note", note)])?;
    let mut order = order::find_for_change(tx, number, version)?;
    check_not_archived(&order)?;
    let ledger = ledger(tx.conn, order.id)?;
    let found = ledger.iter().find(|entry| entry.uid == uid && entry.kind == PaymentKind::WriteOff);
    let entry = found.ok_or_else(|| Error::Missing(format!("write-off {uid}")))?;
    if !stands(&ledger, entry) {
        let told = "This write-off was taken back already. Look at the ledger.";
        return Err(Refusal::state("payment.written_back", told).into());
    }
    let row = Row {
        note,
        reason: &entry.reason,
        adjustment_minor: -entry.adjustment_minor,
        ..Row::about(entry, PaymentKind::WriteBack, entry.amount_minor)
    };
    write(tx, actor, &order, &row)?;
    settle(tx, &mut order)?;
    Ok(order)
}
