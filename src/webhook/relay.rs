//! From the diary to deliveries. How far the diary was read and the deliveries that follow from it are written
//! in one transaction, under a lock: however often the desk is stopped or started, and however many of it run,
//! every event makes its deliveries once.

use super::{Endpoint, store, store_deliveries};
use crate::db::{Conn, Db, Tx};
use crate::error::Result;
use crate::event::{self, Fed};
use crate::order::news;
use crate::time::UtcTime;

/// Events read in one transaction.
const BATCH: i64 = 200;

/// Writes the deliveries of everything that happened until now. Returns how many there were.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn relay(db: &Db, now: UtcTime) -> Result<usize> {
    let mut made = 0;
    while db.read(has_news).await? {
        let (wrote, has_more) = db.write(move |tx| step(&mut tx.at(now))).await?;
        made += wrote;
        if !has_more {
            break;
        }
    }
    for replay in db.read(store::replays).await? {
        made += db.write(move |tx| tell_again(&mut tx.at(now), replay)).await?;
    }
    Ok(made)
}

/// Whether the relay would find anything.
fn has_news(conn: &mut Conn) -> Result<bool> {
    let starts: Vec<i64> = store::enabled(conn)?.iter().map(|endpoint| endpoint.starts_after).collect();
    let Some(first) = starts.into_iter().min() else { return Ok(false) };
    Ok(event::feed_end(conn)? > store::position(conn)?.max(first))
}

/// One stretch of the diary. Returns how many deliveries it made and whether more is there.
fn step(tx: &mut Tx<'_>) -> Result<(usize, bool)> {
    let position = store::lock_position(tx)?;
    // Nobody wants what is older than the first that anybody wants.
    let first = store::enabled(tx.conn)?.iter().map(|endpoint| endpoint.starts_after).min();
    let Some(first) = first else { return Ok((0, false)) };
    let page = event::feed(tx.conn, position.max(first), &[], BATCH)?;
    // Read after the events: an endpoint that was there before an event must be seen.
    let endpoints = store::enabled(tx.conn)?;
    let made = write(tx, &endpoints, &page.events)?;
    store::set_position(tx, page.read_to)?;
    Ok((made, page.has_more))
}

fn write(tx: &mut Tx<'_>, endpoints: &[Endpoint], events: &[Fed]) -> Result<usize> {
    let mut made = 0;
    for news in news::of(tx.conn, events)? {
        for endpoint in endpoints.iter().filter(|endpoint| news.seq > endpoint.starts_after && endpoint.wants(&news)) {
            made += store_deliveries::insert(tx, endpoint.id, &news)?;
        }
    }
    Ok(made)
}

/// One stretch of what an endpoint is told again.
fn tell_again(tx: &mut Tx<'_>, replay: i64) -> Result<usize> {
    let Some((endpoint, position, until)) = store::lock_replay(tx, replay)? else { return Ok(0) };
    let page = event::feed(tx.conn, position, &[], BATCH)?;
    let events: Vec<Fed> = page.events.into_iter().filter(|fed| fed.entry.id <= until).collect();
    let mut made = 0;
    for news in news::of(tx.conn, &events)?.iter().filter(|news| endpoint.wants(news)) {
        made += store_deliveries::insert_again(tx, endpoint.id, news)?;
    }
    let is_over = !page.has_more || page.read_to >= until;
    store::advance_replay(tx, replay, (!is_over).then_some(page.read_to))?;
    Ok(made)
}
