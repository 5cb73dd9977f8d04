//! From the diary to messages. How far the diary was read and the message that follows are written in one
//! transaction, under a lock: however many desks run, and however often they are stopped, a move is told once.
//! A move that can still be taken back is told when it no longer can; taken back before, it is not told.

use std::time::Duration;

use super::{DESK, is_about, link_of, own_words, reached_by, said, store, was_told, words_for};
use crate::conversation::{self, Message, Outgoing};
use crate::customer_page;
use crate::db::{Conn, Db, Tx};
use crate::error::Result;
use crate::event::{self, Entry, Event, Fed, Moved};
use crate::ids::OrderId;
use crate::moves::UNDO_SECONDS;
use crate::order::{self, Order};
use crate::shipment::{self, Shipment, ShipmentState};
use crate::time::UtcTime;
use crate::workflow::{Base, Stage, Stages};

/// Events read in one transaction.
const BATCH: i64 = 1_000;
/// Seconds after which a move is old news: a desk that was off for long tells nobody what they know by now.
const OLD: i64 = 24 * 60 * 60;
/// How often the diary is looked at.
const PAUSE: Duration = Duration::from_secs(1);
/// What the diary is read for.
const KINDS: [&str; 3] = ["order.stage_changed", "order.move_undone", "shipment.changed"];

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
        Event::MoveUndone { to, .. } => {
            let order = order::lock(tx, order)?;
            take_back(tx, &order, |message| is_about(message, "stage", to))
        }
        Event::ShipmentChanged { shipment, state, .. } => match ShipmentState::parse(state) {
            Some(ShipmentState::Shipped) if tx.now.seconds_since(fed.entry.at) < OLD => {
                tell_parcel(tx, order, shipment, fed.entry.at)
            }
            Some(ShipmentState::Draft | ShipmentState::Picking | ShipmentState::Packed) => {
                // Most parcels that are packed were never told of, and need no lock.
                if !was_told(tx.conn, order, "parcel", shipment)? {
                    return Ok(false);
                }
                let order = order::lock(tx, order)?;
                take_back(tx, &order, |message| is_about(message, "parcel", shipment))
            }
            _ => Ok(false),
        },
        _ => Ok(false),
    }
}

fn tell(tx: &mut Tx<'_>, order: OrderId, moved: &Moved, at: UtcTime) -> Result<bool> {
    let stages = Stages::load(tx.conn)?;
    let Some(stage) = stages.find(&moved.to).filter(|stage| stage.sends_message) else { return Ok(false) };
    let order = order::lock(tx, order)?;
    let Some(words) = words_for(tx.conn, &order, stage)? else { return Ok(false) };
    let not_before = moved.can_undo.then(|| at.plus_seconds(UNDO_SECONDS));
    send(tx, &order, stage, &words, None, not_before)
}

/// Tells of a parcel that left alone, in the words of Shipped. Of the last one, and of all that left together, the
/// order's move there tells.
fn tell_parcel(tx: &mut Tx<'_>, order: OrderId, parcel: &str, at: UtcTime) -> Result<bool> {
    let stages = Stages::load(tx.conn)?;
    let Some(stage) = Some(stages.default_of(Base::Shipped)?).filter(|stage| stage.sends_message) else {
        return Ok(false);
    };
    let order = order::find_by_id(tx.conn, order)?;
    let goes_along = |entry: &Entry| {
        entry.at == at && matches!(&entry.event, Event::OrderMoved(moved) if moved.to_base == Base::Shipped.as_str())
    };
    if order.base != Base::Processed || event::timeline(tx.conn, order.id)?.iter().any(goes_along) {
        return Ok(false);
    }
    let Some(found) = shipment::of_order(tx.conn, order.id)?.into_iter().find(|found| found.uid == parcel) else {
        return Ok(false);
    };
    if !found.state.has_left() || was_told(tx.conn, order.id, "parcel", parcel)? {
        return Ok(false);
    }
    let Some(words) = own_words(tx.conn, &order, stage)? else { return Ok(false) };
    let order = order::lock(tx, order.id)?;
    send(tx, &order, stage, &words, Some(&found), Some(at.plus_seconds(UNDO_SECONDS)))
}

/// Queues what is said of a stage, or of a parcel in its words. Returns whether there was a way.
fn send(
    tx: &mut Tx<'_>,
    order: &Order,
    stage: &Stage,
    words: &str,
    parcel: Option<&Shipment>,
    not_before: Option<UtcTime>,
) -> Result<bool> {
    let Some((transport, _)) = reached_by(tx.conn, order)? else { return Ok(false) };
    customer_page::link_to_send(tx, &DESK, order.number)?;
    let link = link_of(tx.conn, order)?.unwrap_or_default();
    let details = match parcel {
        Some(parcel) => serde_json::json!({ "automatic": true, "parcel": parcel.uid }),
        None => serde_json::json!({ "automatic": true, "stage": stage.slug }),
    };
    let outgoing = Outgoing {
        body: said(tx.conn, order, stage, words, &link, parcel)?,
        details: details.to_string(),
        files: Vec::new(),
        not_before,
    };
    conversation::send(tx, &DESK, order.number, transport.as_ref(), &outgoing)?;
    Ok(true)
}

/// Takes back what was to be told of something that was taken back.
fn take_back(tx: &mut Tx<'_>, order: &Order, is_about: impl Fn(&Message) -> bool) -> Result<bool> {
    let mut taken = false;
    for message in conversation::messages(tx.conn, order.id)?.iter().filter(|message| is_about(message)) {
        taken |= conversation::withdraw(tx, &DESK, order.number, &message.uid)?;
    }
    Ok(taken)
}
