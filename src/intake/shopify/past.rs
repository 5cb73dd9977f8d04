//! What already happened to an exported order: money, parcels, and the stage it stands in.

use super::{Outcome, Reader, Stated};
use crate::intake::cut;
use crate::intake::rows::Row;
use crate::money::Money;
use crate::order::{Draft, Past, PastPayment, PaymentKind};
use crate::time::UtcTime;
use crate::workflow::Base;

/// Ways of paying in which nothing moves before the goods do.
const OFFLINE: [&str; 4] = ["cash_on_delivery", "bank_transfer", "invoice", "cash"];

/// The instants that an export gives.
struct Times {
    placed: UtcTime,
    paid: Option<UtcTime>,
    fulfilled: Option<UtcTime>,
    cancelled: Option<UtcTime>,
    archived: Option<UtcTime>,
}

/// Reads the past of an order. Sets the draft's way of paying.
pub(super) fn read(
    reader: &mut Reader<'_>,
    rows: &[Row],
    draft: &mut Draft,
    stated: &Stated,
    placed: UtcTime,
) -> Outcome<Past> {
    let head = &rows[0];
    draft.payment_method = method_key(reader.columns.of(head, "Payment Method"));
    let archived = reader.time(head, "Archived at")?;
    let times = Times {
        placed,
        paid: reader.time(head, "Paid at")?,
        fulfilled: reader.time(head, "Fulfilled at")?,
        cancelled: reader.time(head, "Cancelled at")?,
        archived: archived.or(reader.time(head, "Closed at")?),
    };
    let payments = payments(reader, head, draft, stated, &times)?;
    let shipped = shipped(reader, rows, draft);
    let steps = steps(reader, head, draft, &times);
    let base = steps.last().map_or(Base::Placed, |(base, _)| *base);
    let nothing_shipped = base.is_stopped() || shipped.iter().all(|units| *units == 0);
    Ok(Past {
        base,
        steps,
        payments,
        shipped: if nothing_shipped { Vec::new() } else { shipped },
        tracking: None,
        reason: if base == Base::Cancelled { "other".to_owned() } else { String::new() },
    })
}

fn payments(
    reader: &mut Reader<'_>,
    head: &Row,
    draft: &Draft,
    stated: &Stated,
    times: &Times,
) -> Outcome<Vec<PastPayment>> {
    let outstanding = reader.amount(head, "Outstanding Balance", draft.currency)?;
    let refunded = reader.amount(head, "Refunded Amount", draft.currency)?.unwrap_or(0);
    let references = ["Payment References", "Payment Reference", "Payment ID"];
    let reference = references.iter().map(|name| reader.columns.of(head, name)).find(|text| !text.is_empty());
    let reference: String = reference.unwrap_or("").chars().take(200).collect();
    let entry = |kind, amount_minor, at, reference: &str| PastPayment {
        kind,
        amount_minor,
        at,
        method: draft.payment_method.clone(),
        reference: reference.to_owned(),
        expires_at: None,
    };
    let total = stated.total;
    let paid = times.paid.unwrap_or(times.placed);
    let mut entries = Vec::new();
    let status = reader.columns.of(head, "Financial Status").to_lowercase();
    match status.as_str() {
        "paid" | "refunded" | "partially_refunded" => {
            entries.push(entry(PaymentKind::Capture, total, paid, &reference));
        }
        "partially_paid" => match outstanding.map(|left| total - left).filter(|got| *got > 0) {
            Some(got) => entries.push(entry(PaymentKind::Capture, got, paid, &reference)),
            None => reader.note(
                head,
                "The order is partly paid, but the export does not say how much. Record the payment at the order."
                    .into(),
            ),
        },
        "authorized" => entries.push(entry(PaymentKind::Authorization, total, times.placed, &reference)),
        // The export does not say when; Shopify's own payments promise an amount for seven days.
        "expired" => entries.push(PastPayment {
            expires_at: Some(times.placed.plus_minutes(7 * 24 * 60).min(reader.setting.now)),
            ..entry(PaymentKind::Authorization, total, times.placed, &reference)
        }),
        "voided" => {
            entries.push(entry(PaymentKind::Authorization, total, times.placed, &reference));
            entries.push(entry(PaymentKind::Void, total, times.cancelled.unwrap_or(times.placed), &status));
        }
        "" | "pending" | "unpaid" => {}
        other => {
            let message = format!("The financial status {} is not known; no payment was recorded.", cut(other));
            reader.note(head, message);
        }
    }
    let given_back = match status.as_str() {
        "refunded" if refunded == 0 => total,
        "refunded" | "partially_refunded" => refunded,
        _ => 0,
    };
    if given_back > 0 {
        let mut words = String::new();
        if given_back > total {
            let (given, received) = (Money::new(given_back, draft.currency), Money::new(total, draft.currency));
            words = format!("{given} in the export");
            let message = format!(
                "{given} was given back, more than the {received} received. The ledger takes {received}; the refund's \
                 reference keeps what the export says."
            );
            reader.note(head, message);
        }
        entries.push(entry(PaymentKind::Refund, given_back.min(total), times.cancelled.unwrap_or(paid), &words));
    }
    entries.retain(|entry| entry.amount_minor > 0);
    Ok(entries)
}

/// Units shipped of each line. The export says of a line that it is partly shipped, not how much.
fn shipped(reader: &mut Reader<'_>, rows: &[Row], draft: &Draft) -> Vec<i64> {
    let whole = reader.columns.of(&rows[0], "Fulfillment Status").eq_ignore_ascii_case("fulfilled");
    let mut units = Vec::new();
    for (row, line) in rows.iter().zip(&draft.lines) {
        let status = reader.columns.of(row, "Lineitem fulfillment status").to_lowercase();
        if status == "partial" && !whole {
            let message = format!(
                "{} is partly shipped, but the export does not say how much. It counts as not shipped.",
                cut(&line.title)
            );
            reader.note(row, message);
        }
        let gone = !line.digital && (whole || status == "fulfilled");
        units.push(if gone { line.quantity } else { 0 });
    }
    units
}

/// The stages the order went through. Fulfilled means that it left the shop; whether it arrived is
/// not in the export.
fn steps(reader: &Reader<'_>, head: &Row, draft: &Draft, times: &Times) -> Vec<(Base, UtcTime)> {
    let mut steps = vec![(Base::Placed, times.placed)];
    let mut enter = |base: Base, at: UtcTime| {
        let at = steps.last().map_or(at, |(_, last)| at.max(*last));
        steps.push((base, at));
    };
    let paid = times.paid.unwrap_or(times.placed);
    let financial = reader.columns.of(head, "Financial Status").to_lowercase();
    let fulfilment = reader.columns.of(head, "Fulfillment Status").to_lowercase();
    let is_offline = OFFLINE.contains(&draft.payment_method.as_str());
    let is_complete = match financial.as_str() {
        "paid" | "authorized" | "partially_refunded" | "refunded" => true,
        "" | "pending" | "unpaid" | "partially_paid" => is_offline,
        _ => false,
    };
    if let Some(at) = times.cancelled {
        enter(Base::Cancelled, at);
        return steps;
    }
    if is_complete || matches!(fulfilment.as_str(), "fulfilled" | "partial") {
        enter(Base::Confirmed, paid);
    }
    match fulfilment.as_str() {
        "fulfilled" => enter(Base::Shipped, times.fulfilled.unwrap_or(paid)),
        // Work goes on until the last unit has left.
        "partial" => enter(Base::Processed, times.fulfilled.unwrap_or(paid)),
        _ => {}
    }
    if let Some(at) = times.archived {
        enter(Base::Archived, at);
    }
    steps
}

/// The desk's key for a way of paying as Shopify names it; several are joined with a plus.
fn method_key(text: &str) -> String {
    let mut keys: Vec<String> = Vec::new();
    for part in text.split('+').map(|part| part.trim().to_lowercase()).filter(|part| !part.is_empty()) {
        let key = match part.as_str() {
            "shopify payments" | "shopify_payments" | "credit card" | "stripe" => "card".to_owned(),
            _ if part.contains("cash on delivery") || part == "cod" => "cash_on_delivery".to_owned(),
            _ if part.contains("bank") || part.contains("transfer") => "bank_transfer".to_owned(),
            _ if part.contains("invoice") => "invoice".to_owned(),
            _ if part.contains("paypal") => "paypal".to_owned(),
            _ => part.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect(),
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys.join("+").chars().take(100).collect()
}
