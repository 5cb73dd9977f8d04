//! The log of a webhook as programs read it: what was sent, what came back, and sending it again.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::api::{must_reach_all, must_see_what_is_told, shown};
use super::{Attempt, Delivery, DeliveryState, Narrow};
use crate::api::{Body, Paged, Reply};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::order::api_list;
use crate::staff::permission::ManageWebhooks;
use crate::staff::{Caller, Program};
use crate::time::UtcTime;
use crate::web::{Answer, Query};

/// Deliveries on a page unless the program says otherwise.
const PAGE: i64 = 50;
/// Deliveries on a page at the most.
const MOST: i64 = 200;

/// One message to a webhook.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub struct DeliveryJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// What the receiver recognises repeats by: the header `webhook-id`.
    pub message_id: String,
    /// Name of the event.
    #[serde(rename = "type")]
    #[schema(examples("order.created"))]
    pub name: String,
    /// Place of the event in the diary; null for a test.
    pub seq: Option<i64>,
    /// Number of the order it is about.
    pub order_number: Option<i64>,
    /// How it stands: waiting, delivered or failed.
    #[schema(examples("delivered"))]
    pub state: String,
    /// How often it was sent without being taken, since it was last set going.
    pub tries: i64,
    /// When it is sent next, if it waits.
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
    /// HTTP status of the last answer; null if there was none.
    pub last_status: Option<i64>,
    /// Milliseconds until the last answer was there, or was given up.
    pub last_ms: Option<i64>,
    /// When it was written (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was taken or given up.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}

/// One message with what was sent and every time it was.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDeliveryInFull)]
pub struct WholeDeliveryJson {
    /// The message.
    #[serde(flatten)]
    pub delivery: DeliveryJson,
    /// What is sent, without the whole order: that is read when it is sent.
    #[schema(value_type = Object)]
    pub body: Value,
    /// Every time it was sent, newest first.
    pub attempts: Vec<AttemptJson>,
}

/// Sending a message once.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
pub struct AttemptJson {
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub sent_at: String,
    /// Milliseconds until the answer was there.
    pub took_ms: i64,
    /// HTTP status; null if there was no answer.
    pub status: Option<i64>,
    /// Why there was none, or why it did not count.
    pub problem: Option<String>,
    /// The beginning of what came back.
    pub answer: String,
}

/// A page of the log.
#[derive(Serialize, ToSchema)]
pub struct WebhookDeliveries {
    /// Newest first.
    pub deliveries: Vec<DeliveryJson>,
    /// Send this as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// Which part of the log.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct DeliveryQuery {
    /// Only those that stand so.
    state: Option<String>,
    /// Deliveries on a page, from 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A stretch of time.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReplay {
    /// From when on (RFC 3339).
    #[schema(format = DateTime)]
    since: String,
    /// Until when (RFC 3339); until now if left out.
    #[schema(format = DateTime)]
    until: Option<String>,
}

fn represent(delivery: &Delivery) -> DeliveryJson {
    let waits = delivery.state == DeliveryState::Waiting;
    DeliveryJson {
        id: delivery.uid.clone(),
        message_id: delivery.message.clone(),
        name: delivery.name.clone(),
        seq: delivery.seq,
        order_number: delivery.order_number,
        state: delivery.state.as_str().to_owned(),
        tries: delivery.attempts,
        due_at: waits.then(|| delivery.due_at.rfc3339()),
        last_status: delivery.last_status,
        last_ms: delivery.last_ms,
        created_at: delivery.created_at.rfc3339(),
        finished_at: delivery.finished_at.map(UtcTime::rfc3339),
    }
}

fn represent_attempt(attempt: Attempt) -> AttemptJson {
    AttemptJson {
        sent_at: attempt.sent_at.rfc3339(),
        took_ms: attempt.took_ms,
        status: attempt.status,
        problem: Some(attempt.problem).filter(|problem| !problem.is_empty()),
        answer: attempt.answer,
    }
}

fn in_full(conn: &mut Conn, uid: &str, which: &str) -> Result<WholeDeliveryJson> {
    let endpoint = super::find(conn, uid)?;
    let delivery = super::delivery(conn, &endpoint, which)?;
    let attempts = super::attempts(conn, delivery.id)?.into_iter().map(represent_attempt).collect();
    Ok(WholeDeliveryJson { delivery: represent(&delivery), body: serde_json::from_str(&delivery.body)?, attempts })
}

/// Reads which part of the log is wanted, and how much of it.
fn narrow(query: &DeliveryQuery) -> Result<(Narrow, i64), Refusal> {
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::field("list.value", "limit", format!("This is a number from 1 to {MOST}.")));
    }
    let state = query.state.as_deref().map(|word| {
        DeliveryState::parse(word).ok_or_else(|| {
            let known: Vec<String> = DeliveryState::ALL.iter().map(|state| state.as_str().to_owned()).collect();
            let message = format!("There is no state called {word}. There are {}.", known.join(", "));
            Refusal::field("list.value", "state", message).allowing(known)
        })
    });
    let broken = |_| Refusal::field("list.cursor", "cursor", "This cursor is broken. Start from the first page.");
    let before = query.cursor.as_deref().map(|text| text.parse().map_err(broken));
    Ok((Narrow { state: state.transpose()?, before: before.transpose()? }, limit))
}

fn address(caller: &Caller, query: &DeliveryQuery) -> String {
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    if let Some(state) = &query.state {
        kept.append_pair("state", state);
    }
    if let Some(limit) = query.limit {
        kept.append_pair("limit", &limit.to_string());
    }
    match kept.finish().as_str() {
        "" => format!("{}{}", caller.base(), caller.path()),
        query => format!("{}{}?{query}", caller.base(), caller.path()),
    }
}

fn instant(field: &str, text: &str) -> Result<UtcTime, Refusal> {
    let read = api_list::instant(text, chrono_tz::UTC).filter(|_| text.contains('T'));
    read.ok_or_else(|| Refusal::field("webhook.replay", field, "Give an instant such as 2026-11-21T08:00:00Z."))
}

/// List deliveries
///
/// What was sent to a webhook and what waits for it. The log is kept for thirty days.
#[utoipa::path(
    get, path = "/api/webhooks/{webhook_id}/deliveries", operation_id = "list_webhook_deliveries", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path), DeliveryQuery),
    responses((status = 200, description = "A page of the log", body = WebhookDeliveries)),
)]
pub async fn index(program: Program<ManageWebhooks>, id: Path<String>, query: Query<DeliveryQuery>) -> Answer {
    program
        .read(move |conn, caller| {
            must_reach_all(caller)?;
            let (narrow, limit) = narrow(&query)?;
            let endpoint = super::find(conn, &id)?;
            let mut log = super::deliveries(conn, endpoint.id, &narrow, limit + 1)?;
            let has_more = log.len() as i64 > limit;
            log.truncate(limit as usize);
            let next_cursor = log.last().filter(|_| has_more).map(|last| last.id.0.to_string());
            let deliveries = log.iter().map(represent).collect();
            let paged = Paged { base: address(caller, &query), next: next_cursor.clone() };
            Ok(paged.link(Reply::ok(&WebhookDeliveries { deliveries, next_cursor, has_more })?))
        })
        .await
}

/// Read a delivery
///
/// With its body and every attempt to send it.
#[utoipa::path(
    get, path = "/api/webhooks/{webhook_id}/deliveries/{delivery_id}", operation_id = "show_webhook_delivery",
    tag = "Webhooks", params(("webhook_id" = Uuid, Path), ("delivery_id" = Uuid, Path)),
    responses((status = 200, description = "The delivery", body = WholeDeliveryJson)),
)]
pub async fn show(program: Program<ManageWebhooks>, path: Path<(String, String)>) -> Answer {
    let (uid, which) = path.into_inner();
    program
        .read(move |conn, caller| {
            must_reach_all(caller)?;
            must_see_what_is_told(caller, false)?;
            Reply::ok(&in_full(conn, &uid, &which)?)
        })
        .await
}

/// Send a delivery again
///
/// Under the identifier it had, whether it was taken or not.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook_id}/deliveries/{delivery_id}/resend", operation_id = "resend_webhook_delivery",
    tag = "Webhooks", params(("webhook_id" = Uuid, Path), ("delivery_id" = Uuid, Path)),
    responses((status = 200, description = "The delivery, waiting", body = WholeDeliveryJson)),
)]
pub async fn resend(program: Program<ManageWebhooks>, path: Path<(String, String)>) -> Answer {
    let (uid, which) = path.into_inner();
    program
        .write("", move |tx, caller| {
            must_reach_all(caller)?;
            must_see_what_is_told(caller, false)?;
            super::resend(tx, &uid, &which)?;
            Reply::ok(&in_full(tx.conn, &uid, &which)?)
        })
        .await
}

/// Send a test
///
/// A message called `webhook.test`, which means nothing and is sent once. Read the delivery for what came back.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook_id}/test", operation_id = "test_webhook", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)),
    responses((status = 201, description = "The delivery, waiting", body = WholeDeliveryJson)),
)]
pub async fn test(program: Program<ManageWebhooks>, id: Path<String>) -> Answer {
    program
        .write("", move |tx, caller| {
            must_reach_all(caller)?;
            let delivery = super::send_test(tx, &id)?;
            let location = format!("/api/webhooks/{id}/deliveries/{delivery}");
            Reply::created(&location, &in_full(tx.conn, &id, &delivery)?)
        })
        .await
}

/// Replay a stretch of time
///
/// Tells it again what happened between two instants, or since one, whether it was told before or not. Each message has
/// the identifier that it had.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook_id}/replays", operation_id = "replay_webhook", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)), request_body = NewReplay,
    responses((status = 200, description = "The webhook", body = super::api::WebhookJson)),
)]
pub async fn replay(program: Program<ManageWebhooks>, id: Path<String>, body: Body<NewReplay>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            must_reach_all(caller)?;
            let since = instant("since", &value.since)?;
            let until = value.until.as_deref().map(|text| instant("until", text)).transpose()?;
            super::replay(tx, caller.actor(), &id, since, until)?;
            let (endpoint, now) = (super::find(tx.conn, &id)?, tx.now);
            shown(tx.conn, &endpoint, now)
        })
        .await
}
