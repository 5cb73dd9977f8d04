//! Moves of orders as programs make them: the baseline's status and cancellation, and a verb for each
//! move that asks for something.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::lifecycle::Kind;
use super::walk::{Walked, walk};
use super::{
    Announcing, Authority, MoveOutcome, MoveRequest, RefundChoice, StockMode, Telling, Undoing, choices, hold,
    open_holds, release,
};
use crate::api::{Body, Reply};
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::order::Order;
use crate::order::api::{self, OrderJson, base_of, status_word};
use crate::shipment::Tracking;
use crate::shipment::api::check_tracking;
use crate::staff::permission::{CancelOrders, CorrectOrders, MoveOrders, ViewOrders};
use crate::staff::{Caller, Permission, Program};
use crate::time::UtcTime;
use crate::web::{Answer, Query};
use crate::workflow::{Base, Stages};

/// A wished status.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewStatus {
    /// A word of the lifecycle, in upper or lower case, or the slug of a stage of the shop. A later one on the way to
    /// delivered passes every stage between.
    #[schema(examples("shipped"))]
    pub status: String,
    /// Key of the reason, where the move asks for one.
    pub reason: Option<String>,
    /// Words for the diary.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// What becomes of money received, when the order is stopped.
    pub refund: Option<RefundWord>,
    /// Tracking number, when it is shipped.
    #[schema(max_length = 100)]
    pub tracking_number: Option<String>,
    /// Carrier, when it is shipped. If left out it is the one whose numbers look so, where no other one's do.
    #[schema(max_length = 100)]
    pub carrier: Option<String>,
    /// Whether the customer is not told, though the stage has a message for them.
    #[serde(default)]
    pub silent: bool,
}

/// What becomes of money received when an order is stopped.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundWord {
    /// It is given back in full, now.
    All,
    /// It is kept.
    None,
    /// It is given back later; until then the shop owes it.
    Later,
}

impl RefundWord {
    fn choice(self) -> RefundChoice {
        match self {
            RefundWord::All => RefundChoice::All,
            RefundWord::None => RefundChoice::Nothing,
            RefundWord::Later => RefundChoice::Part,
        }
    }
}

/// Why an order is moved.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Key of the reason, where the move asks for one.
    #[schema(examples("out_of_stock"))]
    pub reason: Option<String>,
    /// Words for the diary.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// What becomes of money received, when the order is stopped.
    pub refund: Option<RefundWord>,
}

/// Why an order may not go on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// Key of the reason.
    #[schema(examples("address_check"))]
    pub reason: String,
    /// Words for colleagues.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// When it is released by itself (RFC 3339).
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// Whether others may have its stock meanwhile.
    #[serde(default)]
    pub frees_stock: bool,
}

/// Which hold is released.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Identifier of one hold; all of them if left out.
    #[schema(format = Uuid)]
    pub hold_id: Option<String>,
}

/// Why an order is cancelled.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CancelQuery {
    /// Key of the reason: customer, declined, fraud, inventory, staff, expired, other.
    reason: Option<String>,
    /// Words for the diary.
    note: Option<String>,
    /// What becomes of money received: all, none or later. If left out, later: the shop owes it until it is refunded.
    refund: Option<String>,
}

/// An order after a move.
#[derive(Serialize, ToSchema)]
pub struct MovedOrder {
    /// The order.
    #[serde(flatten)]
    pub order: OrderJson,
    /// Whether it moved: not when it was there already.
    pub changed: bool,
    /// Statuses that were entered and left again on the way.
    #[schema(examples(json!(["approved", "processed"])))]
    pub passed_through: Vec<String>,
}

/// That an order was cancelled.
#[derive(Serialize, ToSchema)]
pub struct Cancelled {
    /// In a sentence.
    #[schema(examples("Order ORD12345 cancelled successfully."))]
    pub message: String,
}

/// A move that could be made, or what it lacks.
#[derive(Serialize, ToSchema)]
pub struct Move {
    /// Status it leads to.
    pub status: String,
    /// Stage it leads to.
    pub stage: String,
    /// The shop's word for it.
    pub label: String,
    /// Whether it can be made now.
    pub allowed: bool,
    /// What it lacks, in sentences.
    pub lacks: Vec<String>,
    /// What else it does, in a sentence.
    pub effect: Option<String>,
    /// Reasons to choose from, where it asks for one.
    pub reasons: Vec<String>,
}

/// Moves out of an order's stage.
#[derive(Serialize, ToSchema)]
pub struct Moves {
    /// All of them.
    pub moves: Vec<Move>,
}

/// What a program's scopes allow it.
pub fn authority_of(caller: &Caller) -> Authority {
    if caller.may(Permission::CorrectOrders) { Authority::Corrects } else { Authority::Moves }
}

/// What a program may be told.
pub fn telling_of(caller: &Caller) -> Telling {
    if caller.may(Permission::ViewMoney) { Telling::Amounts } else { Telling::NoAmounts }
}

fn request(caller: &Caller, to: &str) -> MoveRequest {
    let (authority, telling) = (authority_of(caller), telling_of(caller));
    MoveRequest { authority, telling, undoing: Undoing::Never, ..MoveRequest::to(to) }
}

/// The stage that a word of the API means for this order: a slug, or the default stage of a base. An order
/// that is there already stays in its own stage of that base.
fn stage_of(stages: &Stages, order: &Order, word: &str) -> Result<String> {
    let base = match meaning(stages, word)? {
        Meaning::Own(slug) => return Ok(slug),
        Meaning::Base(base) => base,
    };
    if order.base == base {
        return Ok(order.stage.clone());
    }
    // Out of hold and the archive an order goes back to the very stage it came from.
    if matches!(order.base, Base::OnHold | Base::Archived)
        && order.resume_base == Some(base)
        && let Some(slug) = &order.resume_stage
    {
        return Ok(slug.clone());
    }
    Ok(stages.default_of(base)?.slug.clone())
}

/// The stage that a word of the API means for orders in general, and its base.
pub fn stage_word(conn: &mut Conn, word: &str) -> Result<(String, Base), Refusal> {
    let broken = |_| Refusal::invalid("order.stage_unknown", "The stages cannot be read.");
    let stages = Stages::load(conn).map_err(broken)?;
    match meaning(&stages, word)? {
        Meaning::Own(slug) => {
            let base = stages.find(&slug).map_or(Base::Placed, |stage| stage.base);
            Ok((slug, base))
        }
        Meaning::Base(base) => {
            let slug = stages.default_of(base).map(|stage| stage.slug.clone()).unwrap_or_default();
            Ok((slug, base))
        }
    }
}

/// What a word of the API means.
enum Meaning {
    /// A stage of the shop's own.
    Own(String),
    /// Any stage of a base.
    Base(Base),
}

fn meaning(stages: &Stages, word: &str) -> Result<Meaning, Refusal> {
    let wanted = word.trim().to_ascii_lowercase();
    let own = stages.iter().find(|stage| stage.slug == wanted && !stage.is_built_in());
    if let Some(stage) = own {
        return Ok(Meaning::Own(stage.slug.clone()));
    }
    base_of(word).map(Meaning::Base).ok_or_else(|| {
        let known: Vec<String> = Base::ALL
            .iter()
            .map(|base| status_word(*base).to_owned())
            .chain(stages.iter().filter(|stage| !stage.is_built_in() && stage.active).map(|stage| stage.slug.clone()))
            .collect();
        let message = format!("There is no status “{word}”. Known are {}.", known.join(", "));
        Refusal::field("order.stage_unknown", "status", message).allowing(known)
    })
}

fn moved(conn: &mut Conn, caller: &Caller, outcome: &MoveOutcome, passed: &[Base]) -> Result<Reply> {
    let body = MovedOrder {
        order: api::represent(conn, caller, &outcome.order)?,
        changed: outcome.changed,
        passed_through: passed.iter().map(|base| status_word(*base).to_owned()).collect(),
    };
    Ok(Reply::ok(&body)?.version(outcome.order.version))
}

/// In the words of the API: the field `to` of a move is its status, `tracking` its number, and stages are called
/// by their status.
fn in_words(stages: &Stages, error: Error) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for field in &mut refusal.fields {
        match field.field.as_str() {
            "to" => field.field = "status".to_owned(),
            "tracking" => field.field = "tracking_number".to_owned(),
            _ => {}
        }
    }
    if refusal.code == "order.stage_not_allowed" {
        let word = |slug: &String| {
            stages.find(slug).filter(|s| s.is_built_in()).map_or(slug.clone(), |s| status_word(s.base).to_owned())
        };
        refusal.allowed = refusal.allowed.iter().map(word).collect();
    }
    Error::Refused(refusal)
}

fn go(tx: &mut Tx<'_>, caller: &Caller, order: &Order, wish: MoveRequest) -> Result<Reply> {
    let stages = Stages::load(tx.conn)?;
    let target = stages.find(&wish.to).map(|stage| stage.base);
    if target.is_some_and(Base::is_stopped) && order.base != target.unwrap_or(order.base) {
        caller.must(Permission::CancelOrders)?;
    }
    let Walked { outcome, passed_through } =
        walk(tx, caller.actor(), order.number, &wish).map_err(|error| in_words(&stages, error))?;
    moved(tx.conn, caller, &outcome, &passed_through)
}

/// Move an order
///
/// Asking for the status it has is success without change. A later status on the way to delivered passes every status
/// between, checking what each asks for; nothing happens if one of them lacks something.
#[utoipa::path(
    put, path = "/api/orders/{order_id}/status", operation_id = "update_order_status", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewStatus,
    responses(
        (status = 200, description = "The order where it is now", body = MovedOrder),
        (status = 404, description = "No such order"),
        (status = 409, description = "It cannot go there from where it is; `allowed` lists where it can"),
    ),
)]
pub async fn update_status(program: Program<MoveOrders>, id: Path<String>, body: Body<NewStatus>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            check_tracking("/tracking_number", value.tracking_number.as_ref())?;
            check_tracking("/carrier", value.carrier.as_ref())?;
            let stages = Stages::load(tx.conn)?;
            let wish = MoveRequest {
                reason: value.reason.clone().unwrap_or_default(),
                note: value.note.clone().unwrap_or_default(),
                refund: value.refund.map_or(RefundChoice::Unasked, RefundWord::choice),
                tracking: Tracking {
                    carrier: value.carrier.clone().unwrap_or_default(),
                    number: value.tracking_number.clone().unwrap_or_default(),
                }
                .with_carrier(),
                announcing: if value.silent { Announcing::Silent } else { Announcing::AsTheStageSays },
                ..request(caller, &stage_of(&stages, &order, &value.status)?)
            };
            go(tx, caller, &order, wish)
        })
        .await
}

/// Cancel an order
///
/// An order is never deleted. Cancelling it again answers the same and changes nothing. Once something has shipped it
/// is refused.
#[utoipa::path(
    delete, path = "/api/orders/{order_id}", operation_id = "cancel_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD12345"), CancelQuery),
    responses(
        (status = 200, description = "It is cancelled", body = Cancelled),
        (status = 404, description = "No such order"),
        (status = 409, description = "It has shipped"),
    ),
)]
pub async fn cancel(program: Program<CancelOrders>, id: Path<String>, query: Query<CancelQuery>) -> Answer {
    program
        .write("", move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            if order.base != Base::Cancelled {
                let stages = Stages::load(tx.conn)?;
                let refund = match query.refund.as_deref() {
                    None | Some("later") => RefundWord::Later,
                    Some("all") => RefundWord::All,
                    Some("none") => RefundWord::None,
                    Some(word) => {
                        let message = format!("“{word}” is nothing that refund can be. Give all, none or later.");
                        return Err(Refusal::field("request.unknown_value", "refund", message).into());
                    }
                };
                let wish = MoveRequest {
                    reason: query.reason.clone().unwrap_or_else(|| "other".to_owned()),
                    note: query.note.clone().unwrap_or_default(),
                    refund: if order.net_minor() > 0 { refund.choice() } else { RefundChoice::Unasked },
                    ..request(caller, &stages.default_of(Base::Cancelled)?.slug)
                };
                go(tx, caller, &order, wish)?;
            }
            let markets = crate::market::Markets::load(tx.conn)?;
            let now = crate::order::find_by_id(tx.conn, order.id)?;
            let message = format!("Order {} cancelled successfully.", api::shown_id(&markets, &now));
            Ok(Reply::ok(&Cancelled { message })?.version(now.version))
        })
        .await
}

/// A verb that moves an order to the default stage of a base.
async fn move_to_base<P>(program: Program<P>, id: Path<String>, body: Body<Reason>, base: Base) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let stages = Stages::load(tx.conn)?;
            let wish = MoveRequest {
                reason: value.reason.clone().unwrap_or_default(),
                note: value.note.clone().unwrap_or_default(),
                refund: value.refund.map_or(RefundChoice::Unasked, RefundWord::choice),
                ..request(caller, &stage_of(&stages, &order, base.as_str())?)
            };
            go(tx, caller, &order, wish)
        })
        .await
}

/// Approve an order
///
/// It may be packed now. Asks for what the policy of its way of paying asks for.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/approve", operation_id = "approve_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = Reason,
    responses((status = 200, description = "The order", body = MovedOrder), (status = 409, description = "Not from where it is, or it lacks something")),
)]
pub async fn approve(program: Program<MoveOrders>, id: Path<String>, body: Body<Reason>) -> Answer {
    move_to_base(program, id, body, Base::Approved).await
}

/// Reject an order
///
/// The shop declines it before approving it. Needs a reason: out_of_stock, unserviceable_address, price_error, fraud,
/// payment or other; and, if money was received, what becomes of it.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/reject", operation_id = "reject_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = Reason,
    responses((status = 200, description = "The order", body = MovedOrder), (status = 409, description = "Not from where it is")),
)]
pub async fn reject(program: Program<CancelOrders>, id: Path<String>, body: Body<Reason>) -> Answer {
    move_to_base(program, id, body, Base::Rejected).await
}

/// Put an order away
///
/// It leaves the default lists. Asks for nothing to be due or owed and no return to be open.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/archive", operation_id = "archive_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = Reason,
    responses((status = 200, description = "The order", body = MovedOrder), (status = 409, description = "Not from where it is")),
)]
pub async fn archive(program: Program<MoveOrders>, id: Path<String>, body: Body<Reason>) -> Answer {
    move_to_base(program, id, body, Base::Archived).await
}

/// Fetch an order back from the archive
#[utoipa::path(
    post, path = "/api/orders/{order_id}/unarchive", operation_id = "unarchive_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = Reason,
    responses((status = 200, description = "The order", body = MovedOrder)),
)]
pub async fn unarchive(program: Program<MoveOrders>, id: Path<String>, body: Body<Reason>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let Some(back) = order.resume_stage.clone().filter(|_| order.base == Base::Archived) else {
                let outcome = MoveOutcome {
                    order,
                    changed: false,
                    from_label: String::new(),
                    to_label: String::new(),
                    can_undo: false,
                };
                return moved(tx.conn, caller, &outcome, &[]);
            };
            let wish = MoveRequest { note: value.note.clone().unwrap_or_default(), ..request(caller, &back) };
            go(tx, caller, &order, wish)
        })
        .await
}

/// Reinstate an order
///
/// Takes a cancelled or rejected order up again as confirmed, if its payment is still good and there is stock.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/reinstate", operation_id = "reinstate_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = Reason,
    responses((status = 200, description = "The order", body = MovedOrder), (status = 409, description = "It was not stopped, or it lacks something")),
)]
pub async fn reinstate(program: Program<CorrectOrders>, id: Path<String>, body: Body<Reason>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            if !order.base.is_stopped() {
                let message = format!("Order {} was neither cancelled nor rejected.", order.shown_number());
                return Err(Refusal::state("order.not_stopped", message).into());
            }
            let stages = Stages::load(tx.conn)?;
            let wish = MoveRequest {
                reason: value.reason.clone().unwrap_or_else(|| "mistake".to_owned()),
                note: value.note.clone().unwrap_or_default(),
                ..request(caller, &stages.default_of(Base::Confirmed)?.slug)
            };
            go(tx, caller, &order, wish)
        })
        .await
}

/// Hold an order
///
/// It may not go on until every hold is released. An order that is held already gets one more.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/hold", operation_id = "hold_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewHold,
    responses((status = 200, description = "The order", body = MovedOrder), (status = 409, description = "Not from where it is")),
)]
pub async fn place_hold(program: Program<MoveOrders>, id: Path<String>, body: Body<NewHold>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let until = value.until.as_ref().map(|text| until(text)).transpose()?;
            let wish = MoveRequest {
                reason: value.reason.clone(),
                note: value.note.clone().unwrap_or_default(),
                until,
                stock: if value.frees_stock { StockMode::Free } else { StockMode::Keep },
                ..request(caller, "")
            };
            let outcome = hold(tx, caller.actor(), order.number, &wish)?;
            moved(tx.conn, caller, &outcome, &[])
        })
        .await
}

fn until(text: &str) -> Result<UtcTime, Refusal> {
    let read = crate::order::api_list::instant(text, chrono_tz::UTC).filter(|_| text.contains('T'));
    let message = "Give an instant such as 2026-11-21T08:00:00Z.".to_owned();
    read.ok_or_else(|| Refusal::fields("request.unknown_value", vec![FieldProblem { field: "until".into(), message }]))
}

/// Release an order
///
/// Releases one hold, or all of them. With the last one the order goes back to where it was, or further if it has become
/// complete meanwhile.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/release", operation_id = "release_order", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = Release,
    responses((status = 200, description = "The order", body = MovedOrder), (status = 404, description = "No such hold")),
)]
pub async fn release_hold(program: Program<MoveOrders>, id: Path<String>, body: Body<Release>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let wanted: Vec<String> = match &value.hold_id {
                Some(hold) => vec![hold.clone()],
                None => open_holds(tx.conn, order.id)?.into_iter().map(|hold| hold.uid).collect(),
            };
            let label = String::new();
            let mut last =
                MoveOutcome { order, changed: false, from_label: label.clone(), to_label: label, can_undo: false };
            for hold in wanted {
                let number = last.order.number;
                last = release(tx, caller.actor(), number, None, &hold)?;
            }
            moved(tx.conn, caller, &last, &[])
        })
        .await
}

/// List the moves of an order
///
/// Every move out of its stage that this key may make, with what each lacks and does.
#[utoipa::path(
    get, path = "/api/orders/{order_id}/moves", operation_id = "list_order_moves", tag = "Moves",
    params(("order_id" = String, Path, example = "ORD10468")),
    responses((status = 200, description = "The moves", body = Moves), (status = 404, description = "No such order")),
)]
pub async fn index(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &id)?;
            let wish = request(caller, "");
            let found = choices(conn, &order, wish.authority, wish.telling)?;
            let moves = found
                .into_iter()
                .filter(|choice| choice.edge.kind != Kind::Stop || caller.may(Permission::CancelOrders))
                .map(|choice| Move {
                    status: status_word(choice.stage.base).to_owned(),
                    stage: choice.stage.slug.clone(),
                    label: choice.stage.label.clone(),
                    allowed: choice.lacks.is_empty(),
                    reasons: choice.edge.reasons().iter().map(|(key, _)| (*key).to_owned()).collect(),
                    lacks: choice.lacks,
                    effect: choice.effect,
                })
                .collect();
            Ok(Reply::ok(&Moves { moves })?.version(order.version))
        })
        .await
}
