//! Colleagues who are called in internal notes, until they have seen it.

use super::calling::{self, Callable};
use super::{Audience, Note, store_mentions as store};
use crate::db::{Conn, Tx};
use crate::error::{Refusal, Result};
use crate::ids::{OrderId, StaffId};
use crate::reach::Reach;
use crate::staff;
use crate::time::UtcTime;

/// Mentions on a page.
pub const SHOWN: i64 = 100;

/// A note that calls somebody.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Mention {
    /// Number of its order.
    pub number: i64,
    /// Its customer.
    pub customer: String,
    /// Public identifier of the note.
    pub note: String,
    /// Its text.
    pub body: String,
    /// Who wrote it.
    pub author: String,
    /// When.
    pub at: UtcTime,
    /// When it was seen.
    pub seen_at: Option<UtcTime>,
}

/// Everybody who can be called.
pub fn people(conn: &mut Conn) -> Result<Vec<Callable>> {
    let members = staff::members(conn)?;
    let here = members.iter().filter(|member| member.disabled_at.is_none());
    Ok(here.map(|member| Callable::new(member.id, &member.name, &member.email)).collect())
}

/// Whom a note is going to call; nobody but with an internal one.
///
/// # Errors
/// Refuses a name that several colleagues have.
pub(super) fn of_text(conn: &mut Conn, audience: Audience, body: &str) -> Result<Vec<StaffId>> {
    if audience != Audience::Internal || !body.contains('@') {
        return Ok(Vec::new());
    }
    let calls = calling::who(body, &people(conn)?);
    match calls.unclear.first() {
        None => Ok(calls.called),
        Some((word, ways)) => {
            let told = format!("Several colleagues are called {word}. Write {}.", ways.join(" or "));
            Err(Refusal::field("note.unclear_call", "body", told).into())
        }
    }
}

/// Keeps whom a note calls. Whoever it called before and still does is not called again.
pub(super) fn keep(tx: &mut Tx<'_>, note: &Note, called: &[StaffId]) -> Result<()> {
    let called: Vec<StaffId> = called.iter().copied().filter(|id| Some(*id) != note.author_id).collect();
    store::keep(tx, note, &called)
}

/// Takes the calls of a note away with it.
pub(super) fn drop_of(tx: &mut Tx<'_>, note: &Note) -> Result<()> {
    store::keep(tx, note, &[])
}

/// The notes that call somebody, newest first.
pub fn of_person(conn: &mut Conn, reach: &Reach, person: StaffId) -> Result<Vec<Mention>> {
    store::of_person(conn, reach, person, SHOWN)
}

/// How many notes call somebody who has not seen them.
pub fn unseen(conn: &mut Conn, reach: &Reach, person: StaffId) -> Result<i64> {
    store::unseen(conn, reach, person)
}

/// Whether a note of this order calls somebody who has not seen it.
pub fn waits(conn: &mut Conn, order: OrderId, person: StaffId) -> Result<bool> {
    store::waits(conn, order, person)
}

/// Notes that somebody has seen the notes of an order.
pub fn see(tx: &mut Tx<'_>, order: OrderId, person: StaffId) -> Result<()> {
    store::see(tx, order, person)
}
