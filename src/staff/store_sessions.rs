//! The table of sessions.

use diesel::prelude::*;

use super::store::reach_of;
use super::{Person, Role};
use crate::db::schema::{sessions, staff};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{StaffId, new_uid};
use crate::reach::Reach;
use crate::time::UtcTime;

/// A place somebody is signed in at.
#[derive(Clone, Debug)]
pub struct Device {
    /// Public identifier of the session.
    pub uid: String,
    /// Network address.
    pub address: String,
    /// What the browser says it is.
    pub agent: String,
    /// When they signed in.
    pub created_at: UtcTime,
    /// When they were last seen, to a few minutes.
    pub seen_at: UtcTime,
}

/// What a session row holds besides its state.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub staff: Option<StaffId>,
    pub uid: String,
    pub address: String,
    pub agent: String,
}

/// The state of a session that has not expired.
pub(super) fn state(conn: &mut Conn, key_hash: &str, now: UtcTime) -> Result<Option<String>> {
    Ok(sessions::table
        .find(key_hash)
        .filter(sessions::expires_at.gt(now))
        .select(sessions::state)
        .first(conn)
        .optional()?)
}

pub(super) fn insert(tx: &mut Tx<'_>, key_hash: &str, state: &str, facts: &Facts, expires: UtcTime) -> Result<()> {
    let uid = if facts.uid.is_empty() { new_uid() } else { facts.uid.clone() };
    diesel::insert_into(sessions::table)
        .values((
            sessions::key_hash.eq(key_hash),
            sessions::uid.eq(uid),
            sessions::staff_id.eq(facts.staff),
            sessions::state.eq(state),
            sessions::address.eq(&facts.address),
            sessions::agent.eq(&facts.agent),
            sessions::created_at.eq(tx.now),
            sessions::seen_at.eq(tx.now),
            sessions::expires_at.eq(expires),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Changes a session's state. A session that is gone stays gone.
pub(super) fn update(tx: &mut Tx<'_>, key_hash: &str, state: &str) -> Result<()> {
    diesel::update(sessions::table.find(key_hash)).set(sessions::state.eq(state)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn delete(tx: &mut Tx<'_>, key_hash: &str) -> Result<()> {
    diesel::delete(sessions::table.find(key_hash)).execute(tx.conn)?;
    Ok(())
}

/// Who is signed in with this session, and when they were last seen; none if the account is disabled.
pub(super) fn person(conn: &mut Conn, id: StaffId, session: &str) -> Result<Option<(Person, UtcTime)>> {
    let row = staff::table
        .inner_join(sessions::table.on(sessions::staff_id.eq(staff::id.nullable())))
        .filter(staff::id.eq(id))
        .filter(staff::disabled_at.is_null())
        .filter(sessions::uid.eq(session))
        .select((staff::name, staff::email, staff::role, staff::markets, staff::preferences, sessions::seen_at))
        .first::<(String, String, Role, String, String, UtcTime)>(conn)
        .optional()?;
    Ok(row.map(|(name, email, role, markets, preferences, seen_at)| {
        let preferences = serde_json::from_str(&preferences).unwrap_or_default();
        let reach = reach_of(role, &markets);
        (Person { id, name, email, role, reach, preferences, toast: None, session: session.to_owned() }, seen_at)
    }))
}

/// Which of these sessions are still open, with the role and the reach of whoever uses each.
pub(super) fn open_among(conn: &mut Conn, uids: &[String], now: UtcTime) -> Result<Vec<(String, Role, Reach)>> {
    let mut open = Vec::with_capacity(uids.len());
    for some in uids.chunks(500) {
        let rows = staff::table
            .inner_join(sessions::table.on(sessions::staff_id.eq(staff::id.nullable())))
            .filter(sessions::uid.eq_any(some))
            .filter(sessions::expires_at.gt(now))
            .filter(staff::disabled_at.is_null())
            .select((sessions::uid, staff::role, staff::markets));
        let rows: Vec<(String, Role, String)> = rows.load(conn)?;
        open.extend(rows.into_iter().map(|(uid, role, markets)| (uid, role, reach_of(role, &markets))));
    }
    Ok(open)
}

/// Notes that somebody was here, which keeps their session alive.
pub(super) fn touch(tx: &mut Tx<'_>, id: StaffId, session: &str, expires: UtcTime) -> Result<()> {
    diesel::update(sessions::table.filter(sessions::uid.eq(session)))
        .set((sessions::seen_at.eq(tx.now), sessions::expires_at.eq(expires)))
        .execute(tx.conn)?;
    diesel::update(staff::table.find(id.0)).set(staff::last_seen_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn devices(conn: &mut Conn, id: StaffId, now: UtcTime) -> Result<Vec<Device>> {
    let rows = sessions::table
        .filter(sessions::staff_id.eq(id))
        .filter(sessions::expires_at.gt(now))
        .order(sessions::seen_at.desc())
        .select((sessions::uid, sessions::address, sessions::agent, sessions::created_at, sessions::seen_at))
        .load::<(String, String, String, UtcTime, UtcTime)>(conn)?;
    let device = |(uid, address, agent, created_at, seen_at)| Device { uid, address, agent, created_at, seen_at };
    Ok(rows.into_iter().map(device).collect())
}

pub(super) fn end_one(tx: &mut Tx<'_>, id: StaffId, session: &str) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::staff_id.eq(id)).filter(sessions::uid.eq(session)))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn end_all(tx: &mut Tx<'_>, id: StaffId, keep: Option<&str>) -> Result<()> {
    diesel::delete(
        sessions::table.filter(sessions::staff_id.eq(id)).filter(sessions::uid.ne(keep.unwrap_or_default().to_owned())),
    )
    .execute(tx.conn)?;
    Ok(())
}

/// Removes sessions that have expired.
pub(super) fn sweep(tx: &mut Tx<'_>) -> Result<()> {
    diesel::delete(sessions::table.filter(sessions::expires_at.lt(tx.now))).execute(tx.conn)?;
    Ok(())
}
