//! Sending what is due. A delivery is claimed, sent without any transaction open, and its answer recorded. If
//! the desk is stopped in between, the claim runs out and it is sent again under the same identifier. So many
//! are under way to one endpoint at the most, whatever the others do.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::post::{self, Outgoing};
use super::schedule::{Answer, Verdict, judge, wait_after};
use super::store_deliveries::After;
use super::{Attempt, Delivery, DeliveryState, TEST, give_up, relay, secret, store, store_deliveries, whole};
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Result};
use crate::ids::EndpointId;
use crate::order;
use crate::outside::Outside;
use crate::time::UtcTime;

/// Messages under way to one endpoint at once.
const AT_ONCE: usize = 4;
/// Seconds for which a message is nobody else's: longer than sending can take.
const CLAIM_SECONDS: i64 = 60;
/// How often the diary and the deliveries are looked at while nothing happens.
const PAUSE: Duration = Duration::from_secs(1);

/// A delivery that is ours to send.
#[derive(Clone, Debug)]
pub struct Claimed {
    delivery: Delivery,
    outgoing: Outgoing,
}

impl Claimed {
    /// What receivers recognise repeats by.
    pub fn message(&self) -> &str {
        &self.outgoing.message
    }
}

/// Relays and sends until the process ends.
pub async fn run(db: &Db, outside: &Outside) {
    let mut under_way = FuturesUnordered::new();
    let mut busy: HashMap<EndpointId, usize> = HashMap::new();
    loop {
        if let Err(error) = relay(db, UtcTime::now()).await {
            tracing::error!(%error, "the diary was not relayed to webhooks");
        }
        match claim_due(db, &busy, UtcTime::now()).await {
            Ok(claimed) => {
                for claimed in claimed {
                    *busy.entry(claimed.delivery.endpoint_id).or_default() += 1;
                    under_way.push(settle(db, outside, claimed, None));
                }
            }
            Err(error) => tracing::error!(%error, "webhooks could not be claimed"),
        }
        let pause = Box::pin(tokio::time::sleep(PAUSE));
        if under_way.is_empty() {
            pause.await;
            continue;
        }
        let mut next = match select(under_way.next(), pause).await {
            Either::Left((finished, _)) => finished,
            Either::Right(_) => None,
        };
        while let Some(endpoint) = next {
            if let Some(count) = busy.get_mut(&endpoint) {
                *count = count.saturating_sub(1);
            }
            next = under_way.next().now_or_never().flatten();
        }
    }
}

/// Relays, sends everything that is due at an instant and waits for the answers. Returns how many were sent.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn round(db: &Db, outside: &Outside, now: UtcTime) -> Result<usize> {
    relay(db, now).await?;
    let mut sent = 0;
    loop {
        let claimed = claim_due(db, &HashMap::new(), now).await?;
        if claimed.is_empty() {
            return Ok(sent);
        }
        sent += claimed.len();
        let all: FuturesUnordered<_> =
            claimed.into_iter().map(|claimed| settle(db, outside, claimed, Some(now))).collect();
        all.collect::<Vec<_>>().await;
    }
}

async fn claim_due(db: &Db, busy: &HashMap<EndpointId, usize>, now: UtcTime) -> Result<Vec<Claimed>> {
    let busy = busy.clone();
    let free = db.read(move |conn| free(conn, &busy, now)).await?;
    if free.is_empty() {
        return Ok(Vec::new());
    }
    db.write(move |tx| claim(&mut tx.at(now), &free)).await
}

/// Endpoints for which something is due, with how many messages more may be under way to each.
fn free(conn: &mut Conn, busy: &HashMap<EndpointId, usize>, now: UtcTime) -> Result<Vec<(EndpointId, usize)>> {
    let mut free = Vec::new();
    for endpoint in store::enabled(conn)? {
        let room = AT_ONCE.saturating_sub(busy.get(&endpoint.id).copied().unwrap_or(0));
        let is_paused = endpoint.paused_until_at.is_some_and(|until| now < until);
        if room > 0 && !is_paused && store_deliveries::is_due(conn, endpoint.id, now)? {
            free.push((endpoint.id, room));
        }
    }
    Ok(free)
}

/// Takes so many of the deliveries that are due for each of these endpoints, ready to be sent.
///
/// # Errors
/// When the database cannot be written.
pub fn claim(tx: &mut Tx<'_>, free: &[(EndpointId, usize)]) -> Result<Vec<Claimed>> {
    let until = tx.now.plus_seconds(CLAIM_SECONDS);
    let mut claimed = Vec::new();
    // As they are now, and in one order, so that two workers do not wait for each other.
    for endpoint in store::enabled(tx.conn)? {
        let Some((_, room)) = free.iter().find(|(id, _)| *id == endpoint.id) else { continue };
        for delivery in store_deliveries::claim(tx, endpoint.id, *room as i64, until)? {
            let timestamp = tx.now.0.div_euclid(1_000_000);
            let body = if endpoint.whole_order { with_order(tx.conn, &delivery)? } else { delivery.body.clone() };
            let signature = secret::signatures(endpoint.secrets(tx.now), &delivery.message, timestamp, &body)?;
            let message = delivery.message.clone();
            let outgoing = Outgoing { url: endpoint.url.clone(), message, timestamp, signature, body };
            claimed.push(Claimed { delivery, outgoing });
        }
    }
    Ok(claimed)
}

/// The body with the whole order in it, if anybody draws it and the order is still there.
fn with_order(conn: &mut Conn, delivery: &Delivery) -> Result<String> {
    let (Some(draw), Some(number)) = (whole::DRAW, delivery.order_number) else { return Ok(delivery.body.clone()) };
    let order = match order::find(conn, number) {
        Ok(order) => order,
        Err(Error::Missing(_)) => return Ok(delivery.body.clone()),
        Err(error) => return Err(error),
    };
    let mut body: serde_json::Value = serde_json::from_str(&delivery.body)?;
    if let Some(data) = body.get_mut("data").and_then(|data| data.as_object_mut()) {
        data.insert("order".to_owned(), draw(conn, &order)?);
    }
    Ok(body.to_string())
}

/// Sends a delivery and records the answer. What cannot be recorded is sent again when its claim runs out.
async fn settle(db: &Db, outside: &Outside, claimed: Claimed, now: Option<UtcTime>) -> EndpointId {
    let endpoint = claimed.delivery.endpoint_id;
    let (sender, outgoing) = (outside.clone(), claimed.outgoing.clone());
    let answer = match tokio::task::spawn_blocking(move || post::send(&sender, &outgoing)).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(%error, "sending a webhook broke off");
            return endpoint;
        }
    };
    let recorded = db
        .write(move |tx| {
            let now = now.unwrap_or(tx.now);
            record(&mut tx.at(now), &claimed, &answer)
        })
        .await;
    if let Err(error) = recorded {
        tracing::error!(%error, "the answer to a webhook was not recorded");
    }
    endpoint
}

/// Records what came of sending a delivery: taken, to be sent again, or given up with its endpoint.
///
/// # Errors
/// When the database cannot be written.
pub fn record(tx: &mut Tx<'_>, claimed: &Claimed, answer: &Answer) -> Result<()> {
    let delivery = &claimed.delivery;
    let now = tx.now;
    let attempt = Attempt {
        sent_at: UtcTime(claimed.outgoing.timestamp.saturating_mul(1_000_000)),
        took_ms: answer.took_ms,
        status: answer.status.map(i64::from),
        problem: answer.problem.clone(),
        answer: answer.body.clone(),
    };
    let verdict = judge(answer, now.0.div_euclid(1_000_000));
    let tries = delivery.attempts + 1;
    let over = |state| After { state, attempts: tries, due_at: delivery.due_at };
    let pause = match verdict {
        Verdict::Taken => return store_deliveries::finish(tx, delivery.id, &attempt, &over(DeliveryState::Delivered)),
        Verdict::Gone => {
            // The endpoint before the delivery, as removing it does.
            give_up(tx, delivery.endpoint_id, "It answered 410 Gone, which means that it wants nothing more.")?;
            return store_deliveries::finish(tx, delivery.id, &attempt, &over(DeliveryState::Failed));
        }
        Verdict::Failed { pause } => pause,
    };
    if pause > 0 {
        store::pause(tx, delivery.endpoint_id, now.plus_seconds(pause))?;
    }
    // A test is sent once.
    let wait = if delivery.name == TEST { None } else { wait_after(tries, chance()) };
    match wait {
        Some(wait) => {
            let due_at = now.plus_seconds(wait.max(pause));
            let after = After { state: DeliveryState::Waiting, attempts: tries, due_at };
            store_deliveries::finish(tx, delivery.id, &attempt, &after)
        }
        None => {
            if delivery.name != TEST {
                let reason = format!("A message was not taken in {tries} tries over three days.");
                give_up(tx, delivery.endpoint_id, &reason)?;
            }
            store_deliveries::finish(tx, delivery.id, &attempt, &over(DeliveryState::Failed))
        }
    }
}

/// A number from 0 to 999 that nobody can tell before.
fn chance() -> u32 {
    getrandom::u32().unwrap_or_default() % 1_000
}
