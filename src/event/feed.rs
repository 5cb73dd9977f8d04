//! The diary as programs follow it: in one order, from any place on, with no gap and no repeat while
//! others write. The place of an event is its key; nothing ever appears at or before a place that was
//! read up to.

use super::{Entry, store_feed};
use crate::db::{Conn, dialect};
use crate::error::Result;
use crate::ids::OrderId;
use crate::time::UtcTime;

/// Events that are read at once at the most.
const MOST: i64 = 1_000;

/// An event with the order it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Fed {
    /// Its order; none for events of the shop.
    pub order: Option<OrderId>,
    /// The event. Its `id` is its place.
    pub entry: Entry,
}

/// A stretch of the diary.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedPage {
    /// The events, in their order.
    pub events: Vec<Fed>,
    /// Up to here everything has been read: where to go on, even if nothing was found.
    pub read_to: i64,
    /// Whether more is there already.
    pub has_more: bool,
}

/// What was written after a place; with `kinds`, only events of these. From 0 it is the whole diary.
///
/// # Errors
/// When the database cannot be read.
pub fn feed(conn: &mut Conn, after: i64, kinds: &[&str], limit: i64) -> Result<FeedPage> {
    let (end, limit) = (dialect::diary_end(conn)?, limit.clamp(1, MOST));
    let mut events = store_feed::between(conn, after, end, kinds, limit + 1)?;
    let has_more = events.len() as i64 > limit;
    events.truncate(limit as usize);
    let read_to = match events.last() {
        Some(last) if has_more => last.entry.id,
        _ => end.max(after),
    };
    Ok(FeedPage { events, read_to, has_more })
}

/// The place up to which the diary is complete now.
///
/// # Errors
/// When the database cannot be read.
pub fn feed_end(conn: &mut Conn) -> Result<i64> {
    dialect::diary_end(conn)
}

/// A place such that everything written at `at` or later comes after it.
///
/// # Errors
/// When the database cannot be read.
pub fn position_at(conn: &mut Conn, at: UtcTime) -> Result<i64> {
    match store_feed::first_since(conn, at)? {
        Some(first) => Ok(first - 1),
        None => dialect::diary_end(conn),
    }
}
