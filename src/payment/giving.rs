//! Giving money back: refunds of what was received, and goodwill beyond it.

use std::collections::BTreeMap;

use super::refund::{self, CheckedLine, Given, Left};
use super::{
    GOODWILL_REASONS, NewRefund, Payment, REFUND_REASONS, Row, check_amount, check_texts, given_back, is_to_try_again,
    ledger, method, open_captures, refundable, resettle, settle, store, write,
};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::ids::{LineId, PaymentId};
use crate::order::{self, Line, Order, PaymentKind};

/// Gives something back of a capture: the row with its reason, its lines and the event are one
/// transaction. The limit is looked at under the order's lock, so that two refunds at once cannot both
/// pass.
///
/// # Errors
/// A state refusal where something else was given back since, telling how much, and where nothing is
/// left; stale as [`order::find_for_change`]; refuses more than is left of the capture or of a line,
/// parts that do not add up to the amount, and a missing reason.
pub fn refund(tx: &mut Tx<'_>, actor: &Actor, number: i64, version: Option<i64>, new: &NewRefund) -> Result<Order> {
    let mut order = order::find_for_change(tx, number, None)?;
    let ledger = ledger(tx.conn, order.id)?;
    as_expected(&order, &ledger, new)?;
    order::check_version(tx, &order, version)?;
    check_amount(new.amount_minor)?;
    check_reason(REFUND_REASONS, &new.reason)?;
    check_texts(&[("reference", &new.reference), ("note", &new.note)])?;
    let lines = order::lines(tx.conn, order.id)?;
    let left = left_of_lines(tx.conn, &order, &lines)?;
    let checked = refund::check_lines(&order, &left, &new.lines)?;
    check_shipping(&order, &lines, &ledger, new)?;
    refund::reconcile(&order, new, &checked)?;
    let capture = capture_for(&order, &ledger, new)?;
    let reference = method::kept_reference(&capture.method, &new.reference);
    let row = Row {
        reference: if reference.is_empty() { gift_card_of(capture) } else { &reference },
        note: &new.note,
        reason: &new.reason,
        shipping_minor: new.shipping_minor,
        adjustment_minor: new.adjustment_minor,
        retries: tried_again(&ledger, new)?,
        ..Row::about(capture, PaymentKind::Refund, new.amount_minor)
    };
    let payment = write(tx, actor, &order, &row)?;
    store::insert_refund_lines(tx, payment, &checked)?;
    settle(tx, &mut order)?;
    Ok(order)
}

/// What was paid with a gift card goes back onto it, which its reference says.
fn gift_card_of(capture: &Payment) -> &str {
    if method::same(&capture.method, method::GIFT_CARD) { &capture.reference } else { "" }
}

/// The failed refund that is tried again. One that was tried again already stands for itself no more.
fn tried_again(ledger: &[Payment], new: &NewRefund) -> Result<Option<PaymentId>> {
    let Some(uid) = &new.retries else { return Ok(None) };
    let waits = |entry: &&Payment| entry.uid == *uid && is_to_try_again(ledger, entry);
    let missing = || Error::Missing(format!("failed refund {uid} that waits to be tried again"));
    Ok(Some(ledger.iter().find(waits).ok_or_else(missing)?.id))
}

fn as_expected(order: &Order, ledger: &[Payment], new: &NewRefund) -> Result<()> {
    let given = given_back(ledger);
    match new.expected_refunded_total {
        Some(expected) if expected != given => {
            let told = format!(
                "{} was given back of this order by now, not {} as when you began. Nothing of yours was given \
                 back; look at the ledger and decide again.",
                order.money(given),
                order.money(expected)
            );
            Err(Refusal::state("payment.refunded_meanwhile", told).into())
        }
        _ => Ok(()),
    }
}

pub(super) fn check_reason(known: &[(&str, &str)], reason: &str) -> Result<()> {
    if known.iter().any(|(key, _)| *key == reason) {
        return Ok(());
    }
    let keys = known.iter().map(|(key, _)| (*key).to_owned()).collect();
    Err(Refusal::field("payment.reason_missing", "reason", "Choose a reason.").allowing(keys).into())
}

fn check_shipping(order: &Order, lines: &[Line], ledger: &[Payment], new: &NewRefund) -> Result<()> {
    let left = shipping_left(order, lines, ledger);
    if new.shipping_minor >= 0 && new.shipping_minor <= left {
        return Ok(());
    }
    let told = format!("{} of the shipping is left to give back.", order.money(left));
    Err(Refusal::field("payment.shipping_limit", "shipping", told).into())
}

/// What of the carriage may still be given back.
pub(super) fn shipping_left(order: &Order, lines: &[Line], ledger: &[Payment]) -> i64 {
    let (_, worth) = refund::worths(order, lines);
    let given: i64 = ledger.iter().filter(|entry| entry.holds()).map(|entry| entry.shipping_minor).sum();
    (worth.gross_minor - given).max(0)
}

/// What may still be given back for each line.
pub(super) fn left_of_lines(conn: &mut Conn, order: &Order, lines: &[Line]) -> Result<Vec<Left>> {
    let mut given: BTreeMap<LineId, Given> = BTreeMap::new();
    for line in store::refund_lines(conn, order.id)? {
        let sum = given.entry(line.line).or_default();
        sum.quantity += line.quantity;
        sum.amount_minor += line.amount_minor;
        sum.tax_minor += line.tax_minor;
    }
    Ok(refund::left(order, lines, &|line| given.get(&line).copied().unwrap_or_default()))
}

/// What so many units of these lines are worth in a refund, minor units with tax.
///
/// # Errors
/// Refuses units and amounts beyond what is left.
pub fn worth_of(conn: &mut Conn, order: &Order, wanted: &[refund::RefundLine]) -> Result<i64> {
    let lines = order::lines(conn, order.id)?;
    let left = left_of_lines(conn, order, &lines)?;
    Ok(refund::check_lines(order, &left, wanted)?.iter().map(|line| line.amount_minor).sum())
}

/// The lines of the refunds of an order, failed ones too, by the key of the refund.
pub(super) fn lines_of_refunds(conn: &mut Conn, order: &Order) -> Result<Vec<(PaymentId, CheckedLine)>> {
    Ok(store::lines_of_refunds(conn, order.id)?.into_iter().map(|(payment, _, line)| (payment, line)).collect())
}

fn capture_for<'a>(order: &Order, ledger: &'a [Payment], new: &NewRefund) -> Result<&'a Payment> {
    let open = open_captures(ledger);
    let (capture, left) = match &new.capture {
        Some(uid) => {
            let capture = ledger
                .iter()
                .find(|entry| entry.uid == *uid && entry.kind == PaymentKind::Capture)
                .ok_or_else(|| Error::Missing(format!("payment {uid}")))?;
            (capture, if capture.is_done() { refundable(ledger, capture) } else { 0 })
        }
        None => match open.as_slice() {
            [only] => *only,
            [] => return Err(nothing_left().into()),
            _ => {
                let told = "More than one payment was received. Choose the one to give back from.";
                let known = open.iter().map(|(capture, _)| capture.uid.clone()).collect();
                return Err(Refusal::field("payment.capture_missing", "capture", told).allowing(known).into());
            }
        },
    };
    if left == 0 {
        return Err(nothing_left().into());
    }
    if new.amount_minor > left {
        let told = format!(
            "{} is left to give back of this payment. Enter no more than that; anything beyond it is goodwill.",
            order.money(left)
        );
        return Err(Refusal::field("payment.above_capture", "amount", told).into());
    }
    Ok(capture)
}

pub(super) fn nothing_left() -> Refusal {
    Refusal::state(
        "payment.nothing_to_refund",
        "Everything that was received has been given back, or is on its way. Look at the ledger.",
    )
}

/// Gives everything received back, capture by capture, for a reason of [`REFUND_REASONS`]. Returns whether
/// there was anything. Does not save.
pub fn refund_all(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, reason: &str, note: &str) -> Result<bool> {
    let ledger = ledger(tx.conn, order.id)?;
    let open = open_captures(&ledger);
    for (capture, left) in &open {
        let reference = gift_card_of(capture);
        let adjustment_minor = *left;
        let row = Row { reference, note, reason, adjustment_minor, ..Row::about(capture, PaymentKind::Refund, *left) };
        write(tx, actor, order, &row)?;
    }
    resettle(tx, order)?;
    Ok(!open.is_empty())
}

/// Records money given out of kindness, beyond what was received or beside it. It changes no balance and
/// no limit.
///
/// # Errors
/// Stale as [`order::find_for_change`]; refuses amounts of zero or below, a missing reason, and anything
/// that looks like a card number.
pub fn goodwill(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    new: &super::NewGoodwill,
) -> Result<Order> {
    check_amount(new.amount_minor)?;
    check_reason(GOODWILL_REASONS, &new.reason)?;
    check_texts(&[("reference", &new.reference), ("note", &new.note), ("method", &new.method)])?;
    let mut order = order::find_for_change(tx, number, version)?;
    let row = Row {
        reference: &new.reference,
        note: &new.note,
        reason: &new.reason,
        ..Row::new(PaymentKind::Goodwill, new.amount_minor, &new.method)
    };
    write(tx, actor, &order, &row)?;
    settle(tx, &mut order)?;
    Ok(order)
}
