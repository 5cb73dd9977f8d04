//! The ledger of an order as programs read and add to it. Whatever moves money asks for an
//! `Idempotency-Key`.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::refund::{NewRefund, RefundLine};
use super::{NewCapture, NewGoodwill, NewPayment, Payment, ledger, open_authorizations, refundable};
use crate::api::{Amount, Body, Decimal, Reply};
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::moves;
use crate::order::api::{self, OrderJson};
use crate::order::{self, Line, Order, PaymentKind};
use crate::staff::permission::{GiveGoodwill, RecordPayments, RefundPayments, ViewMoney};
use crate::staff::{Caller, Program};
use crate::time::UtcTime;
use crate::web::Answer;

/// A row of the ledger.
#[derive(Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// authorization, capture, refund, void, goodwill, write_off or write_back.
    #[schema(examples("capture"))]
    pub kind: String,
    /// pending, succeeded, failed or cancelled.
    #[schema(examples("succeeded"))]
    pub state: String,
    /// Never negative.
    pub amount: Amount,
    /// Currency of the amount (ISO 4217).
    pub currency: String,
    /// Of an authorization, what can still be captured; of a capture, what can still be refunded.
    pub remaining: Option<Amount>,
    /// The authorization a capture or void concerns, the capture a refund gives back.
    #[schema(format = Uuid)]
    pub parent_id: Option<String>,
    /// Key of the way, such as `card`.
    pub method: String,
    /// Who carried it out; `manual` for what was recorded.
    pub provider: String,
    /// The other side's reference.
    pub reference: String,
    /// Words of staff.
    pub note: String,
    /// Why money went back.
    pub reason: Option<String>,
    /// What the other side said when it refused.
    pub problem: Option<String>,
    /// When an authorization lapses.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// When it was written down.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When its outcome was known.
    #[schema(format = DateTime)]
    pub settled_at: Option<String>,
    /// Who wrote it.
    pub created_by: String,
}

/// The ledger of an order.
#[derive(Serialize, ToSchema)]
pub struct Payments {
    /// Its rows, oldest first.
    pub payments: Vec<PaymentJson>,
    /// What was given back in all, with what is under way. Send it as `expected_refunded_total` with a refund.
    pub refunded_total: Amount,
}

/// What came of a change of the ledger.
#[derive(Serialize, ToSchema)]
pub struct PaymentMade {
    /// The new row.
    pub payment: PaymentJson,
    /// The order as it is now.
    pub order: OrderJson,
}

/// Money promised, or received without a promise before it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMoney {
    /// How much. All that is due if left out.
    pub amount: Option<Decimal>,
    /// Key of the way it was paid; that of the order if left out. Never a card number.
    #[schema(examples("card"), max_length = 100)]
    pub method: Option<String>,
    /// The provider's or bank's reference.
    #[schema(examples("ch_3Nq8"), max_length = 200)]
    pub reference: Option<String>,
    /// Words for colleagues.
    #[schema(max_length = 500)]
    pub note: Option<String>,
    /// When an authorization lapses (RFC 3339).
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// Money received.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCaptureJson {
    /// How much. All that is left of the authorization, or due, if left out.
    pub amount: Option<Decimal>,
    /// The authorization it comes from. Left out, the only open one; and if there is none, money received without one.
    #[schema(format = Uuid)]
    pub authorization_id: Option<String>,
    /// Whether the rest stays promised; otherwise it is let go.
    #[serde(default)]
    pub more_to_come: bool,
    /// Key of the way it was paid, where there is no authorization.
    #[schema(max_length = 100)]
    pub method: Option<String>,
    /// The provider's or bank's reference.
    #[schema(max_length = 200)]
    pub reference: Option<String>,
    /// Words for colleagues.
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// An authorization to let go.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVoid {
    /// Which; the only open one if left out.
    #[schema(format = Uuid)]
    pub authorization_id: Option<String>,
    /// Words for colleagues.
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// What is given back for a line.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefundItem {
    /// The line.
    #[schema(format = Uuid)]
    pub line_id: String,
    /// Units it is for; zero for a reduction that is for no whole unit.
    #[serde(deserialize_with = "crate::api::whole")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub quantity: i64,
    /// With tax; what the units cost if left out.
    pub amount: Option<Decimal>,
}

/// Money to be given back.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefundJson {
    /// How much. Items, shipping and adjustment must come to it. With none of these all of it is an adjustment; left
    /// out, it is their sum, and with none of these either all that is left of the capture.
    pub amount: Option<Decimal>,
    /// The capture it gives back; the only one of which something is left if left out.
    #[schema(format = Uuid)]
    pub capture_id: Option<String>,
    /// For which lines.
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub items: Vec<NewRefundItem>,
    /// For shipping.
    pub shipping: Option<Decimal>,
    /// For nothing of this: above zero in the customer's favour, below zero kept back.
    pub adjustment: Option<Decimal>,
    /// Why: returned, damaged, not_delivered, out_of_stock, price, duplicate, customer or other.
    #[schema(examples("customer"))]
    pub reason: Option<String>,
    /// The provider's or bank's reference.
    #[schema(max_length = 200)]
    pub reference: Option<String>,
    /// Words for colleagues.
    #[schema(max_length = 500)]
    pub note: Option<String>,
    /// The failed refund that this one tries again.
    #[schema(format = Uuid)]
    pub retry_of: Option<String>,
    /// What you believe was given back in all so far. If it is another sum by now, nothing is given back (409).
    pub expected_refunded_total: Option<Decimal>,
}

/// Money given beyond what was received.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGoodwillJson {
    /// How much.
    pub amount: Decimal,
    /// Why: late, damaged, service or other.
    #[schema(examples("service"))]
    pub reason: String,
    /// Key of the way it was given; that of the order if left out.
    #[schema(max_length = 100)]
    pub method: Option<String>,
    /// The other side's reference.
    #[schema(max_length = 200)]
    pub reference: Option<String>,
    /// Words for colleagues.
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// A rest that nobody asks for any more.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWriteOff {
    /// Why: rounding, fees, uncollectible, unclaimed or other.
    #[schema(examples("rounding"))]
    pub reason: String,
    /// Words for colleagues.
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

/// Which write-off is taken back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWriteBack {
    /// The write-off.
    #[schema(format = Uuid)]
    pub write_off_id: String,
    /// Words for colleagues.
    #[schema(max_length = 500)]
    pub note: Option<String>,
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn represent(entry: &Payment, ledger: &[Payment], now: UtcTime) -> PaymentJson {
    let remaining = match entry.kind {
        PaymentKind::Authorization => {
            let open = open_authorizations(ledger, now);
            Some(open.iter().find(|(one, _)| one.id == entry.id).map_or(0, |(_, left)| *left))
        }
        PaymentKind::Capture => Some(refundable(ledger, entry)),
        PaymentKind::Refund
        | PaymentKind::Void
        | PaymentKind::Goodwill
        | PaymentKind::WriteOff
        | PaymentKind::WriteBack => None,
    };
    let parent = entry.parent_id.and_then(|id| ledger.iter().find(|other| other.id == id));
    PaymentJson {
        id: entry.uid.clone(),
        kind: entry.kind.as_str().to_owned(),
        state: entry.state.as_str().to_owned(),
        amount: Amount::of(entry.money(), true),
        currency: entry.currency.code().to_owned(),
        remaining: remaining.map(|minor| Amount::minor(minor, entry.currency, true)),
        parent_id: parent.map(|parent| parent.uid.clone()),
        method: entry.method.clone(),
        provider: entry.provider.clone(),
        reference: entry.reference.clone(),
        note: entry.note.clone(),
        reason: given(&entry.reason),
        problem: given(&entry.problem),
        expires_at: entry.expires_at.map(UtcTime::rfc3339),
        created_at: entry.created_at.rfc3339(),
        settled_at: entry.settled_at.map(UtcTime::rfc3339),
        created_by: entry.actor_name.clone(),
    }
}

/// The answer that shows the row that was added, and the order.
fn made(tx: &mut Tx<'_>, caller: &Caller, order: &Order, before: &[Payment]) -> Result<Reply> {
    let rows = ledger(tx.conn, order.id)?;
    // A capture that lets the rest go, and one by policy, add more than one row: the first is what was asked for.
    let new = rows.iter().find(|row| !before.iter().any(|known| known.id == row.id));
    let new = new.ok_or_else(|| Error::broken("the ledger did not grow"))?;
    let order = order::find_by_id(tx.conn, order.id)?;
    let body = PaymentMade { payment: represent(new, &rows, tx.now), order: api::represent(tx.conn, caller, &order)? };
    let location = format!("/api/orders/{}/payments", body.order.order_id);
    Ok(Reply::created(&location, &body)?.version(order.version))
}

/// Reads amounts of one order and gathers what is wrong with them.
struct Amounts<'a> {
    order: &'a Order,
    problems: Vec<FieldProblem>,
}

impl<'a> Amounts<'a> {
    fn of(order: &'a Order) -> Self {
        Amounts { order, problems: Vec::new() }
    }
    fn read(&mut self, amount: Option<&Decimal>, field: &str) -> Option<i64> {
        match amount?.minor(self.order.currency, field) {
            Ok(minor) => Some(minor),
            Err(wrong) => {
                self.problems.push(wrong);
                Some(0)
            }
        }
    }
    fn finish(self) -> Result<(), Refusal> {
        if self.problems.is_empty() { Ok(()) } else { Err(Refusal::fields("payment.invalid", self.problems)) }
    }
}

fn instant(text: Option<&String>) -> Result<Option<UtcTime>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let read = crate::order::api_list::instant(text, chrono_tz::UTC).filter(|_| text.contains('T'));
    let message = "Give an instant such as 2026-11-21T08:00:00Z.";
    read.map(Some).ok_or_else(|| Refusal::field("request.unknown_value", "expires_at", message))
}

/// List the payments of an order
#[utoipa::path(
    get, path = "/api/orders/{order_id}/payments", operation_id = "list_order_payments", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")),
    responses((status = 200, description = "The ledger", body = Payments), (status = 404, description = "No such order")),
)]
pub async fn index(program: Program<ViewMoney>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &id)?;
            Reply::ok(&all(conn, &order)?)
        })
        .await
}

fn all(conn: &mut Conn, order: &Order) -> Result<Payments> {
    let rows = ledger(conn, order.id)?;
    let now = UtcTime::now();
    Ok(Payments {
        payments: rows.iter().map(|row| represent(row, &rows, now)).collect(),
        refunded_total: Amount::minor(super::given_back(&rows), order.currency, true),
    })
}

fn text(given: Option<&String>) -> String {
    given.map(|text| text.trim().to_owned()).unwrap_or_default()
}

/// Record an authorization
///
/// Money that a bank or wallet promised elsewhere. It confirms an order that lacked nothing else.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/authorizations", operation_id = "create_authorization", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewMoney,
    responses((status = 201, description = "It is in the ledger", body = PaymentMade), (status = 409, description = "Not possible now")),
)]
pub async fn authorize(program: Program<RecordPayments>, id: Path<String>, body: Body<NewMoney>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let new = money(&order, PaymentKind::Authorization, &value)?;
            let before = ledger(tx.conn, order.id)?;
            let order = moves::record_payment(tx, caller.actor(), order.number, None, &new)?;
            made(tx, caller, &order, &before)
        })
        .await
}

fn money(order: &Order, kind: PaymentKind, value: &NewMoney) -> Result<NewPayment> {
    let mut amounts = Amounts::of(order);
    let amount = amounts.read(value.amount.as_ref(), "amount");
    amounts.finish()?;
    Ok(NewPayment {
        kind,
        amount_minor: amount.unwrap_or_else(|| order.amount_due()),
        method: value.method.as_ref().map_or_else(|| order.payment_method.clone(), |method| method.trim().to_owned()),
        reference: text(value.reference.as_ref()),
        note: text(value.note.as_ref()),
        expires_at: instant(value.expires_at.as_ref())?,
    })
}

/// Capture money
///
/// From an authorization, whole or in part; or, where there is none, money that was received elsewhere. Needs an
/// `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/captures", operation_id = "create_capture", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewCaptureJson,
    responses((status = 201, description = "It is in the ledger", body = PaymentMade), (status = 409, description = "Not possible now")),
)]
pub async fn capture(program: Program<RecordPayments>, id: Path<String>, body: Body<NewCaptureJson>) -> Answer {
    let Body { value, canonical } = body;
    program.caller().must_be_repeatable()?;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let before = ledger(tx.conn, order.id)?;
            let open = open_authorizations(&before, tx.now);
            let chosen = match (&value.authorization_id, open.as_slice()) {
                (Some(uid), _) => {
                    Some((uid.clone(), open.iter().find(|(one, _)| one.uid == *uid).map(|(_, left)| *left)))
                }
                (None, []) => None,
                (None, [(only, left)]) => Some((only.uid.clone(), Some(*left))),
                (None, _) => {
                    let message = "Several authorizations are open. Say which: authorization_id.";
                    let known = open.iter().map(|(one, _)| one.uid.clone()).collect();
                    return Err(Refusal::field("payment.authorization", "authorization_id", message)
                        .allowing(known)
                        .into());
                }
            };
            let mut amounts = Amounts::of(&order);
            let amount = amounts.read(value.amount.as_ref(), "amount");
            amounts.finish()?;
            let order = match chosen {
                Some((authorization, left)) => {
                    let new = NewCapture {
                        authorization,
                        amount_minor: amount.or(left).unwrap_or_else(|| order.amount_due()),
                        more_to_come: value.more_to_come,
                        reference: text(value.reference.as_ref()),
                        note: text(value.note.as_ref()),
                    };
                    moves::capture_payment(tx, caller.actor(), order.number, None, &new)?
                }
                None => {
                    let new = NewPayment {
                        kind: PaymentKind::Capture,
                        amount_minor: amount.unwrap_or_else(|| order.amount_due()),
                        method: value
                            .method
                            .as_ref()
                            .map_or_else(|| order.payment_method.clone(), |m| m.trim().to_owned()),
                        reference: text(value.reference.as_ref()),
                        note: text(value.note.as_ref()),
                        expires_at: None,
                    };
                    moves::record_payment(tx, caller.actor(), order.number, None, &new)?
                }
            };
            made(tx, caller, &order, &before)
        })
        .await
}

/// Let an authorization go
#[utoipa::path(
    post, path = "/api/orders/{order_id}/voids", operation_id = "create_void", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewVoid,
    responses((status = 201, description = "It is in the ledger", body = PaymentMade), (status = 409, description = "No open authorization")),
)]
pub async fn void(program: Program<RecordPayments>, id: Path<String>, body: Body<NewVoid>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let before = ledger(tx.conn, order.id)?;
            let open = open_authorizations(&before, tx.now);
            let which = match (&value.authorization_id, open.as_slice()) {
                (Some(uid), _) => uid.clone(),
                (None, [(only, _)]) => only.uid.clone(),
                (None, []) => {
                    let message = format!("Order {} has no open authorization.", order.shown_number());
                    return Err(Refusal::state("payment.nothing_open", message).into());
                }
                (None, _) => {
                    let message = "Several authorizations are open. Say which: authorization_id.";
                    let known = open.iter().map(|(one, _)| one.uid.clone()).collect();
                    return Err(Refusal::field("payment.authorization", "authorization_id", message)
                        .allowing(known)
                        .into());
                }
            };
            let order = super::void(tx, caller.actor(), order.number, None, &which, &text(value.note.as_ref()))?;
            made(tx, caller, &order, &before)
        })
        .await
}

/// Refund money
///
/// Whole or in part, at any time after it was received, several times. What it is for must come to its amount. Needs an
/// `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/refunds", operation_id = "create_refund", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewRefundJson,
    responses((status = 201, description = "It is in the ledger", body = PaymentMade), (status = 409, description = "Nothing is left, or another sum was given back by now")),
)]
pub async fn refund(program: Program<RefundPayments>, id: Path<String>, body: Body<NewRefundJson>) -> Answer {
    let Body { value, canonical } = body;
    program.caller().must_be_repeatable()?;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let before = ledger(tx.conn, order.id)?;
            let new = wanted_refund(tx.conn, &order, &before, &value)?;
            let order = super::refund(tx, caller.actor(), order.number, None, &new)
                .map_err(|error| in_words(error, &value.items, &[]))?;
            made(tx, caller, &order, &before)
        })
        .await
}

/// In the words of the API: a form's fields are those of a refund's body. `lines` are all lines of the order, by
/// whose places a form calls what was wanted.
fn in_words(error: Error, items: &[NewRefundItem], lines: &[Line]) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for problem in &mut refusal.fields {
        let line = problem.field.strip_prefix("line-").and_then(|place| lines.get(place.parse::<usize>().ok()?));
        let wanted = line.and_then(|line| items.iter().rposition(|item| item.line_id == line.uid));
        problem.field = match (problem.field.as_str(), wanted) {
            (_, Some(at)) => format!("items.{at}"),
            ("capture", None) => "capture_id".to_owned(),
            (other, None) => other.to_owned(),
        };
    }
    Error::Refused(refusal)
}

fn wanted_refund(conn: &mut Conn, order: &Order, ledger: &[Payment], value: &NewRefundJson) -> Result<NewRefund> {
    let known = order::lines(conn, order.id)?;
    let mut amounts = Amounts::of(order);
    let (mut lines, mut unknown) = (Vec::new(), Vec::new());
    for (at, item) in value.items.iter().enumerate() {
        let amount_minor = amounts.read(item.amount.as_ref(), &format!("items.{at}.amount"));
        match known.iter().find(|line| line.uid == item.line_id) {
            Some(line) => lines.push(RefundLine { line: line.id, quantity: item.quantity, amount_minor }),
            None => unknown.push(FieldProblem {
                field: format!("items.{at}.line_id"),
                message: "The order has no such line.".to_owned(),
            }),
        }
    }
    if !unknown.is_empty() {
        return Err(Refusal::fields("payment.unknown_line", unknown).into());
    }
    let amount = amounts.read(value.amount.as_ref(), "amount");
    let shipping = amounts.read(value.shipping.as_ref(), "shipping");
    let adjustment = amounts.read(value.adjustment.as_ref(), "adjustment");
    let expected_refunded_total = amounts.read(value.expected_refunded_total.as_ref(), "expected_refunded_total");
    amounts.finish()?;
    let named = !lines.is_empty() || shipping.is_some() || adjustment.is_some();
    let lines_come_to = super::worth_of(conn, order, &lines).map_err(|error| in_words(error, &value.items, &known))?;
    let parts = lines_come_to + shipping.unwrap_or(0) + adjustment.unwrap_or(0);
    let left: i64 = super::open_captures(ledger).iter().map(|(_, left)| *left).sum();
    if amount.is_none() && !named && left == 0 {
        return Err(super::giving::nothing_left().into());
    }
    let amount_minor = amount.unwrap_or(if named { parts } else { left });
    Ok(NewRefund {
        capture: value.capture_id.clone(),
        amount_minor,
        lines,
        shipping_minor: shipping.unwrap_or(0),
        adjustment_minor: if named { adjustment.unwrap_or(0) } else { amount_minor },
        reason: value.reason.clone().unwrap_or_else(|| "other".to_owned()),
        reference: text(value.reference.as_ref()),
        note: text(value.note.as_ref()),
        retries: value.retry_of.clone(),
        expected_refunded_total,
    })
}

/// Give goodwill
///
/// Money beyond what was received, out of kindness. It changes no balance. Needs an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/goodwill", operation_id = "create_goodwill", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewGoodwillJson,
    responses((status = 201, description = "It is in the ledger", body = PaymentMade)),
)]
pub async fn goodwill(program: Program<GiveGoodwill>, id: Path<String>, body: Body<NewGoodwillJson>) -> Answer {
    let Body { value, canonical } = body;
    program.caller().must_be_repeatable()?;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let before = ledger(tx.conn, order.id)?;
            let mut amounts = Amounts::of(&order);
            let amount = amounts.read(Some(&value.amount), "amount").unwrap_or(0);
            amounts.finish()?;
            let new = NewGoodwill {
                amount_minor: amount,
                reason: value.reason.clone(),
                method: value.method.as_ref().map_or_else(|| order.payment_method.clone(), |m| m.trim().to_owned()),
                reference: text(value.reference.as_ref()),
                note: text(value.note.as_ref()),
            };
            let order = super::goodwill(tx, caller.actor(), order.number, None, &new)?;
            made(tx, caller, &order, &before)
        })
        .await
}

/// Write off a rest
///
/// What is due of an order that has left or was stopped is no longer asked for; what is owed is kept. All of it, so
/// that the order can be archived. It is a row of the ledger and can be taken back.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/write-offs", operation_id = "create_write_off", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewWriteOff,
    responses(
        (status = 201, description = "It is in the ledger", body = PaymentMade),
        (status = 409, description = "Nothing is due or owed, or the order is still under way"),
    ),
)]
pub async fn write_off(program: Program<GiveGoodwill>, id: Path<String>, body: Body<NewWriteOff>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let before = ledger(tx.conn, order.id)?;
            let note = text(value.note.as_ref());
            let order = super::write_off(tx, caller.actor(), order.number, None, &value.reason, &note)?;
            made(tx, caller, &order, &before)
        })
        .await
}

/// Take a write-off back
///
/// What was due or owed is so again.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/write-backs", operation_id = "create_write_back", tag = "Payments",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewWriteBack,
    responses(
        (status = 201, description = "It is in the ledger", body = PaymentMade),
        (status = 409, description = "It was taken back already"),
    ),
)]
pub async fn write_back(program: Program<GiveGoodwill>, id: Path<String>, body: Body<NewWriteBack>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let before = ledger(tx.conn, order.id)?;
            let note = text(value.note.as_ref());
            let order = super::write_back(tx, caller.actor(), order.number, None, &value.write_off_id, &note)?;
            made(tx, caller, &order, &before)
        })
        .await
}
