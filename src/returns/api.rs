//! Returns as programs ask for, decide and receive them.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Condition, Return, ReturnLine, ReturnState, contents, find, of_order, worth};
use crate::api::{Amount, Body, Reply};
use crate::db::Conn;
use crate::error::{Error, FieldProblem, RefusalKind, Result};
use crate::moves::{self, MoveRequest};
use crate::order::api::{self, OrderJson};
use crate::order::{self, Order};
use crate::shipment::api::{NewUnits, units};
use crate::staff::permission::{MoveOrders, ViewOrders};
use crate::staff::{Caller, Permission, Program};
use crate::time::UtcTime;
use crate::web::Answer;

/// A return.
#[derive(Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Number within the order, from 1.
    pub position: i64,
    /// requested, approved, rejected, in_transit, received, closed or cancelled.
    #[schema(examples("requested"))]
    pub state: String,
    /// Key of the reason.
    pub reason: String,
    /// Words about it.
    pub note: String,
    /// Why it was rejected.
    pub answer: Option<String>,
    /// What is sent back, and how it came.
    pub items: Vec<ReturnItem>,
    /// What its units were worth; once received, those that are here. Giving it back is a refund of its own.
    pub suggested_refund: Amount,
    /// When it was asked for.
    #[schema(format = DateTime)]
    pub requested_at: String,
    /// By whom.
    pub requested_by: String,
    /// When it was approved or rejected.
    #[schema(format = DateTime)]
    pub decided_at: Option<String>,
    /// When it was received.
    #[schema(format = DateTime)]
    pub received_at: Option<String>,
    /// When it was closed.
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
}

/// Units of a line that are sent back.
#[derive(Serialize, ToSchema)]
pub struct ReturnItem {
    /// The line.
    #[schema(format = Uuid)]
    pub line_id: String,
    /// What it is called.
    pub name: String,
    /// Units.
    pub quantity: i64,
    /// Of these, fit to be sold again.
    pub restock: i64,
    /// Damaged.
    pub damaged: i64,
    /// Thrown away.
    pub discard: i64,
    /// Not in the box.
    pub missing: i64,
}

/// Returns of an order.
#[derive(Serialize, ToSchema)]
pub struct Returns {
    /// By their number.
    pub returns: Vec<ReturnJson>,
}

/// What came of a change of a return.
#[derive(Serialize, ToSchema)]
pub struct ReturnMade {
    /// The return.
    #[serde(rename = "return")]
    pub changed: ReturnJson,
    /// The order as it is now.
    pub order: OrderJson,
}

/// A return to be asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReturn {
    /// What is sent back: units that were shipped and are in no other return.
    #[schema(min_items = 1, max_items = 5000)]
    pub lines: Vec<NewUnits>,
    /// Why: changed_mind, damaged, wrong_item, not_as_described, late, undeliverable or other.
    #[schema(examples("changed_mind"))]
    pub reason: String,
    /// Words about it.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// What is said with a rejection.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// Why it is rejected.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// Nothing: the decision says it all.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoWords {}

/// How the units of a line came back. Together they are the units of the line in the return.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCondition {
    /// The line.
    #[schema(format = Uuid)]
    pub line_id: String,
    /// Fit to be sold again; they are put back on the shelf.
    #[serde(default, deserialize_with = "crate::api::whole")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub restock: i64,
    /// Damaged.
    #[serde(default, deserialize_with = "crate::api::whole")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub damaged: i64,
    /// Thrown away.
    #[serde(default, deserialize_with = "crate::api::whole")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub discard: i64,
    /// Not in the box.
    #[serde(default, deserialize_with = "crate::api::whole")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub missing: i64,
}

/// How a return came back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Every line of the return.
    #[schema(min_items = 1, max_items = 5000)]
    pub lines: Vec<NewCondition>,
}

fn represent(conn: &mut Conn, caller: &Caller, order: &Order, returns: &[Return]) -> Result<Vec<ReturnJson>> {
    let lines = order::lines(conn, order.id)?;
    let keys: Vec<_> = returns.iter().map(|known| known.id).collect();
    let inside = contents(conn, &keys)?;
    let when = |at: Option<UtcTime>| at.map(UtcTime::rfc3339);
    let item = |content: &ReturnLine| {
        let line = lines.iter().find(|line| line.id == content.line_id)?;
        Some(ReturnItem {
            line_id: line.uid.clone(),
            name: line.title.clone(),
            quantity: content.quantity,
            restock: content.restock,
            damaged: content.damaged,
            discard: content.discard,
            missing: content.missing,
        })
    };
    Ok(returns
        .iter()
        .map(|known| {
            let own: Vec<ReturnLine> = inside.iter().filter(|c| c.return_id == known.id).copied().collect();
            ReturnJson {
                id: known.uid.clone(),
                position: known.position,
                state: known.state.as_str().to_owned(),
                reason: known.reason.clone(),
                note: known.note.clone(),
                answer: (!known.answer.is_empty()).then(|| known.answer.clone()),
                suggested_refund: Amount::minor(
                    worth(order, &lines, &own),
                    order.currency,
                    caller.may(Permission::ViewMoney),
                ),
                items: own.iter().filter_map(item).collect(),
                requested_at: known.requested_at.rfc3339(),
                requested_by: known.requested_by.clone(),
                decided_at: when(known.decided_at),
                received_at: when(known.received_at),
                closed_at: when(known.closed_at),
            }
        })
        .collect())
}

fn made(conn: &mut Conn, caller: &Caller, order: &Order, uid: &str) -> Result<ReturnMade> {
    let order = order::find_by_id(conn, order.id)?;
    let known = find(conn, &order, uid)?;
    let shown = represent(conn, caller, &order, &[known])?;
    let changed = shown.into_iter().next().ok_or_else(|| Error::broken("a return without a representation"))?;
    Ok(ReturnMade { changed, order: api::represent(conn, caller, &order)? })
}

/// In the words of the API: a form's field for the units of a line is one of `lines`.
fn in_words(error: Error) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for field in &mut refusal.fields {
        if !["reason", "note"].contains(&field.field.as_str()) {
            field.field = "lines".to_owned();
        }
    }
    if let RefusalKind::Invalid = refusal.kind
        && refusal.fields.is_empty()
    {
        refusal.fields.push(FieldProblem { field: "lines".to_owned(), message: refusal.message.clone() });
    }
    Error::Refused(refusal)
}

/// List the returns of an order
#[utoipa::path(
    get, path = "/api/orders/{order_id}/returns", operation_id = "list_order_returns", tag = "Returns",
    params(("order_id" = String, Path, example = "ORD10468")),
    responses((status = 200, description = "Its returns", body = Returns), (status = 404, description = "No such order")),
)]
pub async fn index(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &id)?;
            let returns = of_order(conn, order.id)?;
            Reply::ok(&Returns { returns: represent(conn, caller, &order, &returns)? })
        })
        .await
}

/// Ask for a return
#[utoipa::path(
    post, path = "/api/orders/{order_id}/returns", operation_id = "create_return", tag = "Returns",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewReturn,
    responses((status = 201, description = "It is asked for", body = ReturnMade), (status = 409, description = "Not possible now")),
)]
pub async fn create(program: Program<MoveOrders>, id: Path<String>, body: Body<NewReturn>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let wish = MoveRequest {
                reason: value.reason.clone(),
                note: value.note.clone().unwrap_or_default(),
                ..MoveRequest::to("")
            };
            let units = units(&value.lines);
            let new = moves::request_return(tx, caller.actor(), order.number, None, &units, &wish).map_err(in_words)?;
            let made = made(tx.conn, caller, &order, &new.uid)?;
            let location = format!("/api/orders/{}/returns", made.order.order_id);
            let version = made.order.version;
            Ok(Reply::created(&location, &made)?.version(version))
        })
        .await
}

async fn settle(
    program: Program<MoveOrders>,
    path: Path<(String, String)>,
    canonical: String,
    note: String,
    to: ReturnState,
) -> Answer {
    program
        .write(&canonical, move |tx, caller| {
            let (id, uid) = path.into_inner();
            let order = api::find_for_change(tx, caller, &id)?;
            moves::settle_return(tx, caller.actor(), order.number, None, &uid, to, &note)?;
            let made = made(tx.conn, caller, &order, &uid)?;
            let version = made.order.version;
            Ok(Reply::ok(&made)?.version(version))
        })
        .await
}

/// Approve a return
#[utoipa::path(
    post, path = "/api/orders/{order_id}/returns/{return_id}/approve", operation_id = "approve_return", tag = "Returns",
    params(("order_id" = String, Path, example = "ORD10468"), ("return_id" = Uuid, Path)), request_body = NoWords,
    responses((status = 200, description = "The return", body = ReturnMade), (status = 409, description = "Not possible now")),
)]
pub async fn approve(program: Program<MoveOrders>, path: Path<(String, String)>, body: Body<NoWords>) -> Answer {
    settle(program, path, body.canonical, String::new(), ReturnState::Approved).await
}

/// Reject a return
///
/// `note` says why.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/returns/{return_id}/reject", operation_id = "reject_return", tag = "Returns",
    params(("order_id" = String, Path, example = "ORD10468"), ("return_id" = Uuid, Path)), request_body = Rejection,
    responses((status = 200, description = "The return", body = ReturnMade), (status = 409, description = "Not possible now")),
)]
pub async fn reject(program: Program<MoveOrders>, path: Path<(String, String)>, body: Body<Rejection>) -> Answer {
    let Body { value, canonical } = body;
    settle(program, path, canonical, value.note.unwrap_or_default(), ReturnState::Rejected).await
}

/// Withdraw a return
#[utoipa::path(
    post, path = "/api/orders/{order_id}/returns/{return_id}/cancel", operation_id = "cancel_return", tag = "Returns",
    params(("order_id" = String, Path, example = "ORD10468"), ("return_id" = Uuid, Path)), request_body = NoWords,
    responses((status = 200, description = "The return", body = ReturnMade), (status = 409, description = "Not possible now")),
)]
pub async fn cancel(program: Program<MoveOrders>, path: Path<(String, String)>, body: Body<NoWords>) -> Answer {
    settle(program, path, body.canonical, String::new(), ReturnState::Cancelled).await
}

/// Close a return
///
/// Nothing is left to do about it.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/returns/{return_id}/close", operation_id = "close_return", tag = "Returns",
    params(("order_id" = String, Path, example = "ORD10468"), ("return_id" = Uuid, Path)), request_body = NoWords,
    responses((status = 200, description = "The return", body = ReturnMade), (status = 409, description = "It was not received")),
)]
pub async fn close(program: Program<MoveOrders>, path: Path<(String, String)>, body: Body<NoWords>) -> Answer {
    settle(program, path, body.canonical, String::new(), ReturnState::Closed).await
}

/// Receive a return
///
/// Says how each unit came back. When everything that was shipped is here again, the order is returned. What was
/// received once is not received twice.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/returns/{return_id}/receive", operation_id = "receive_return", tag = "Returns",
    params(("order_id" = String, Path, example = "ORD10468"), ("return_id" = Uuid, Path)), request_body = Receipt,
    responses((status = 200, description = "The return", body = ReturnMade), (status = 409, description = "It was not approved")),
)]
pub async fn receive(program: Program<MoveOrders>, path: Path<(String, String)>, body: Body<Receipt>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let (id, uid) = path.into_inner();
            let order = api::find_for_change(tx, caller, &id)?;
            let conditions: Vec<Condition> = value
                .lines
                .iter()
                .map(|line| Condition {
                    line: line.line_id.clone(),
                    restock: line.restock,
                    damaged: line.damaged,
                    discard: line.discard,
                    missing: line.missing,
                })
                .collect();
            moves::receive_return(tx, caller.actor(), order.number, None, &uid, &conditions).map_err(in_words)?;
            let made = made(tx.conn, caller, &order, &uid)?;
            let version = made.order.version;
            Ok(Reply::ok(&made)?.version(version))
        })
        .await
}
