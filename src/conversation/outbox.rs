//! Sending what is due. A message is taken, the call is made without any transaction open, and what came of it
//! is written down. Safe in several processes; a transport whose peer hangs holds up no other one. What happens
//! to a message whose process is killed meanwhile is told in [`transport`](super::transport).

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::sending::{self, Claimed};
use super::store_messages;
use super::transport::{Call, Outcome, Transport, Transports};
use crate::db::Db;
use crate::error::Result;
use crate::order;
use crate::time::UtcTime;

/// Longest that sending one message may take in all.
pub const LONGEST_CALL: Duration = Duration::from_secs(120);
/// Seconds for which a message is nobody else's: longer than sending it can take.
const CLAIM_SECONDS: i64 = 180;
/// Messages under way by one transport at once.
const AT_ONCE: i64 = 4;
/// How often it is looked for what is due.
const PAUSE: Duration = Duration::from_secs(1);

/// Sends what is due until the process ends.
pub async fn run(db: &Db, transports: &Transports) {
    join_all(transports.iter().map(|transport| carry(db, transport))).await;
}

async fn carry(db: &Db, transport: &Arc<dyn Transport>) {
    loop {
        if let Err(error) = send_due(db, transport, None).await {
            tracing::error!(%error, transport = transport.name(), "messages could not be sent");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends everything that is due at an instant and waits for the answers. Returns how many were sent.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn round(db: &Db, transports: &Transports, now: UtcTime) -> Result<usize> {
    let mut sent = 0;
    for transport in transports.iter() {
        sent += send_due(db, transport, Some(now)).await?;
    }
    Ok(sent)
}

async fn send_due(db: &Db, transport: &Arc<dyn Transport>, at: Option<UtcTime>) -> Result<usize> {
    let (name, mut sent) = (transport.name(), 0);
    loop {
        let now = at.unwrap_or_else(UtcTime::now);
        if !db.read(move |conn| store_messages::is_due(conn, name, now)).await? {
            return Ok(sent);
        }
        let claimed =
            db.write(move |tx| sending::claim(&mut tx.at(now), name, AT_ONCE, now.plus_seconds(CLAIM_SECONDS))).await?;
        if claimed.is_empty() {
            return Ok(sent);
        }
        sent += claimed.len();
        join_all(claimed.into_iter().map(|claimed| settle(db, transport, claimed, at))).await;
    }
}

/// Sends one message and writes down what came of it. What cannot be written down is unsure in the end.
async fn settle(db: &Db, transport: &Arc<dyn Transport>, claimed: Claimed, at: Option<UtcTime>) {
    let outcome = match prepare(db, transport, &claimed).await {
        Ok(call) => make(call).await,
        Err(error) => {
            tracing::error!(%error, transport = transport.name(), "a message could not be prepared");
            let problem = "It could not be prepared; the log of the desk says more.".to_owned();
            Outcome::Later { problem, after: None }
        }
    };
    let recorded = db
        .write(move |tx| {
            let now = at.unwrap_or(tx.now);
            sending::record(&mut tx.at(now), &claimed, &outcome)
        })
        .await;
    if let Err(error) = recorded {
        tracing::error!(%error, "what came of a message was not written down");
    }
}

async fn prepare(db: &Db, transport: &Arc<dyn Transport>, claimed: &Claimed) -> Result<Call> {
    let (transport, message) = (transport.clone(), claimed.message.clone());
    db.read(move |conn| {
        let order = order::find_by_id(conn, message.order_id)?;
        transport.prepare(conn, &order, &message)
    })
    .await
}

async fn make(call: Call) -> Outcome {
    match tokio::time::timeout(LONGEST_CALL, tokio::task::spawn_blocking(call)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::error!(%error, "sending a message broke off");
            Outcome::Unsure("Sending broke off. The customer may or may not have it.".to_owned())
        }
        Err(_) => {
            let seconds = LONGEST_CALL.as_secs();
            Outcome::Unsure(format!(
                "There was no answer within {seconds} seconds. The customer may or may not have it."
            ))
        }
    }
}
