//! The log of an endpoint: what was sent to it and what came back, and sending it again.

use super::{Endpoint, find, missing, store, store_deliveries, take};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event;
use crate::ids::{DeliveryId, EndpointId, new_uid};
use crate::time::UtcTime;

/// What a test is called.
pub const TEST: &str = "webhook.test";
/// Days for which the log is kept.
const KEPT_DAYS: i64 = 30;

crate::text_enum! {
    /// How a delivery stands.
    pub enum DeliveryState {
        /// It is to be sent, or to be sent again.
        Waiting = "waiting",
        /// It was taken.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
}

impl DeliveryState {
    /// The word on screen.
    pub fn label(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "Waiting",
            DeliveryState::Delivered => "Delivered",
            DeliveryState::Failed => "Failed",
        }
    }
}

/// One message to one endpoint.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Delivery {
    /// Key.
    pub id: DeliveryId,
    /// Public identifier.
    pub uid: String,
    /// Whom it is for.
    pub endpoint_id: EndpointId,
    /// What receivers recognise repeats by: the header `webhook-id`.
    pub message: String,
    /// The place in the diary; none for a test.
    pub seq: Option<i64>,
    /// Name of the event.
    pub name: String,
    /// Number of its order.
    pub order_number: Option<i64>,
    /// What is sent.
    pub body: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was sent without being taken.
    pub attempts: i64,
    /// When it is sent next.
    pub due_at: UtcTime,
    /// Until when somebody is sending it.
    pub claimed_until_at: Option<UtcTime>,
    /// When it was written.
    pub created_at: UtcTime,
    /// When it was taken or given up.
    pub finished_at: Option<UtcTime>,
    /// The last answer's HTTP status.
    pub last_status: Option<i64>,
    /// Milliseconds until it was there.
    pub last_ms: Option<i64>,
}

/// Sending it once.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Attempt {
    /// When.
    pub sent_at: UtcTime,
    /// Milliseconds until the answer was there.
    pub took_ms: i64,
    /// HTTP status; none if there was no answer.
    pub status: Option<i64>,
    /// Why there was none.
    pub problem: String,
    /// The beginning of what came back.
    pub answer: String,
}

/// Which part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// Only those that stand so.
    pub state: Option<DeliveryState>,
    /// Only those before this key: where a page ended.
    pub before: Option<i64>,
}

/// The log of an endpoint, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn deliveries(conn: &mut Conn, endpoint: EndpointId, narrow: &Narrow, limit: i64) -> Result<Vec<Delivery>> {
    store_deliveries::log(conn, endpoint, narrow, limit.clamp(1, 500))
}

/// How many messages wait for an endpoint; counted up to a thousand.
///
/// # Errors
/// When the database cannot be read.
pub fn waiting(conn: &mut Conn, endpoint: EndpointId) -> Result<i64> {
    store_deliveries::waiting(conn, endpoint)
}

/// How many places of the diary an endpoint is still to be told again.
///
/// # Errors
/// When the database cannot be read.
pub fn replaying(conn: &mut Conn, endpoint: EndpointId) -> Result<i64> {
    Ok(store::replays_of(conn, endpoint)?.into_iter().map(|(position, until)| (until - position).max(0)).sum())
}

/// A delivery of an endpoint.
///
/// # Errors
/// Missing if there is none.
pub fn delivery(conn: &mut Conn, endpoint: &Endpoint, uid: &str) -> Result<Delivery> {
    store_deliveries::by_uid(conn, endpoint.id, uid)?.ok_or_else(|| Error::Missing("such delivery".to_owned()))
}

/// Every time a delivery was sent, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn attempts(conn: &mut Conn, delivery: DeliveryId) -> Result<Vec<Attempt>> {
    store_deliveries::attempts(conn, delivery)
}

/// Sends an endpoint a message that means nothing, once. Returns the delivery's public identifier.
///
/// # Errors
/// Missing as [`find`]; a state refusal while the endpoint is disabled.
pub fn send_test(tx: &mut Tx<'_>, uid: &str) -> Result<String> {
    let endpoint = enabled(tx.conn, uid)?;
    let message = format!("test_{}", new_uid().replace('-', ""));
    let body = serde_json::json!({
        "type": TEST,
        "timestamp": tx.now.rfc3339(),
        "data": { "endpoint_id": endpoint.uid, "text": "This is a test from Slipway. Nothing happened." },
    });
    store_deliveries::insert_test(tx, endpoint.id, &message, &body.to_string())
}

/// Sends a delivery again, with the same identifier.
///
/// # Errors
/// Missing if there is none; a state refusal while the endpoint is disabled.
pub fn resend(tx: &mut Tx<'_>, uid: &str, which: &str) -> Result<()> {
    let endpoint = enabled(tx.conn, uid)?;
    let known = delivery(tx.conn, &endpoint, which)?;
    store_deliveries::reset(tx, known.id)
}

/// Tells an endpoint again what was written between two instants, or since the first, whether it was told
/// before or not. Each message has the identifier it had. Returns how many places of the diary that is at the
/// most.
///
/// # Errors
/// Missing as [`find`]; refuses an end before the beginning; a state refusal while the endpoint is disabled.
pub fn replay(tx: &mut Tx<'_>, actor: &Actor, uid: &str, from: UtcTime, until: Option<UtcTime>) -> Result<i64> {
    enabled(tx.conn, uid)?;
    if until.is_some_and(|until| until <= from) {
        return Err(Refusal::field("webhook.replay", "until", "Enter an end that is after the beginning.").into());
    }
    let endpoint = take(tx, uid)?;
    let after = event::position_at(tx.conn, from)?;
    let last = match until {
        Some(until) => event::position_at(tx.conn, until)?,
        None => event::feed_end(tx.conn)?,
    };
    if last > after {
        store::add_replay(tx, endpoint.id, after, last)?;
        let told = match until {
            Some(until) => format!("from {} to {}", from.rfc3339(), until.rfc3339()),
            None => format!("everything since {}", from.rfc3339()),
        };
        super::tell(tx, actor, &endpoint, "replayed", &told)?;
    }
    Ok((last - after).max(0))
}

fn enabled(conn: &mut Conn, uid: &str) -> Result<Endpoint> {
    let endpoint = find(conn, uid)?;
    if endpoint.removed_at.is_some() {
        return Err(missing());
    }
    if !endpoint.is_enabled() {
        let message = "This webhook is disabled, so nothing is sent to it. Enable it first.";
        return Err(Refusal::state("webhook.disabled", message).into());
    }
    Ok(endpoint)
}

/// Forgets a part of what is older than the log is kept. Returns how much.
///
/// # Errors
/// When the database cannot be written.
pub fn forget_old(tx: &mut Tx<'_>) -> Result<usize> {
    store_deliveries::forget(tx, tx.now.plus_minutes(-KEPT_DAYS * 1_440))
}
