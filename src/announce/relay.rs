//! From the diary to messages. How far the diary was read and the message that follows are written in one
//! transaction, under a lock: however many desks run, and however often they are stopped, a move is told once.
//! A move that can still be taken back is told when it no longer can; taken back before, it is not told.

use std::time::Duration;

use super::{DESK, is_about, link_of, reached_by, said, store, words_for};
use crate::conversation::{self, Outgoing};
use crate::customer_page;
use crate::db::{Conn, Db, Tx};
use crate::error::Result;
use crate::event::{self, Event, Fed, Moved};
use crate::ids::OrderId;
use crate::moves::UNDO_SECONDS;
use crate::order;
use crate::time::UtcTime;
use crate::workflow::Stages;

/// Events read in one transaction.
const BATCH: i64 = 1_000;
/// Seconds after which a move is old news: a desk that was off for long tells nobody what they know by now.
const OLD: i64 = 24 * 60 * 60;
/// How often the diary is looked at.
const PAUSE: Duration = Duration::from_secs(1);
/// What the diary is read for.
const KINDS: [&str; 2] = ["order.stage_changed", "order.move_undone"];

/// Tells customers until the process ends.
pub async fn run(db: &Db) {
    loop {
        if let Err(error) = relay(db, UtcTime::now()).await {
            tracing::error!(%error, "customers were not told of moves");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Makes the messages of everything that happened until now.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn relay(db: &Db, now: UtcTime) -> Result<()> {
    while db.read(has_news).await? {
        if !db.write(move |tx| step(&mut tx.at(now))).await? {
            break;
        }
    }
    Ok(())
}

fn has_news(conn: &mut Conn) -> Result<bool> {
    Ok(event::feed_end(conn)? > store::position(conn)?)
}

/// One stretch of the diary, up to the first move that is told: orders are locked one at a time. Returns whether
/// more is there.
fn step(tx: &mut Tx<'_>) -> Result<bool> {
    let position = store::lock_position(tx)?;
    let page = event::feed(tx.conn, position, &KINDS, BATCH)?;
    for fed in &page.events {
        // What cannot be told, whatever the reason, must not keep others from being told.
        let told = match tx.attempt(|tx| heed(tx, fed)) {
            Ok(told) => told,
            Err(error) => {
                tracing::error!(%error, event = %fed.entry.uid, "a customer was not told of a move");
                true
            }
        };
        if told {
            store::set_position(tx, fed.entry.id)?;
            return Ok(true);
        }
    }
    store::set_position(tx, page.read_to)?;
    Ok(page.has_more)
}

/// Does what follows from an event. Returns whether anything did.
fn heed(tx: &mut Tx<'_>, fed: &Fed) -> Result<bool> {
    let Some(order) = fed.order else { return Ok(false) };
    match &fed.entry.event {
        Event::OrderMoved(moved) if !moved.quiet && tx.now.seconds_since(fed.entry.at) < OLD => {
            tell(tx, order, moved, fed.entry.at)
        }
        Event::MoveUndone { to, .. } => take_back(tx, order, to),
        _ => Ok(false),
    }
}

fn tell(tx: &mut Tx<'_>, order: OrderId, moved: &Moved, at: UtcTime) -> Result<bool> {
    let stages = Stages::load(tx.conn)?;
    let Some(stage) = stages.find(&moved.to).filter(|stage| stage.sends_message) else { return Ok(false) };
    let order = order::lock(tx, order)?;
    let Some(words) = words_for(tx.conn, &order, stage)? else { return Ok(false) };
    let Some((transport, _)) = reached_by(tx.conn, &order)? else { return Ok(false) };
    customer_page::link_to_send(tx, &DESK, order.number)?;
    let link = link_of(tx.conn, &order)?.unwrap_or_default();
    let outgoing = Outgoing {
        body: said(tx.conn, &order, stage, &words, &link)?,
        details: serde_json::json!({ "automatic": true, "stage": stage.slug }).to_string(),
        files: Vec::new(),
        not_before: moved.can_undo.then(|| at.plus_seconds(UNDO_SECONDS)),
    };
    conversation::send(tx, &DESK, order.number, transport.as_ref(), &outgoing)?;
    Ok(true)
}

/// Takes back what was to be told of a move that was taken back.
fn take_back(tx: &mut Tx<'_>, order: OrderId, stage: &str) -> Result<bool> {
    let order = order::lock(tx, order)?;
    let mut taken = false;
    for message in conversation::messages(tx.conn, order.id)?.iter().filter(|message| is_about(message, stage)) {
        taken |= conversation::withdraw(tx, &DESK, order.number, &message.uid)?;
    }
    Ok(taken)
}
