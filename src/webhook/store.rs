//! The tables of endpoints and of the relay.

use diesel::prelude::*;

use super::{Checked, Endpoint};
use crate::db::schema::{webhook_endpoints as endpoints, webhook_relay, webhook_replays};
use crate::db::{Conn, Tx, dialect};
use crate::error::Result;
use crate::ids::{EndpointId, new_uid};

pub(super) fn all(conn: &mut Conn) -> Result<Vec<Endpoint>> {
    Ok(endpoints::table.filter(endpoints::removed_at.is_null()).order(endpoints::id).load(conn)?)
}

pub(super) fn enabled(conn: &mut Conn) -> Result<Vec<Endpoint>> {
    Ok(endpoints::table
        .filter(endpoints::removed_at.is_null().and(endpoints::disabled_at.is_null()))
        .order(endpoints::id)
        .load(conn)?)
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Endpoint>> {
    let row = endpoints::table.filter(endpoints::uid.eq(uid).and(endpoints::removed_at.is_null()));
    Ok(row.first(conn).optional()?)
}

pub(super) fn uid_of(conn: &mut Conn, id: EndpointId) -> Result<Option<String>> {
    let row = endpoints::table.filter(endpoints::id.eq(id).and(endpoints::removed_at.is_null()));
    Ok(row.select(endpoints::uid).first(conn).optional()?)
}

pub(super) fn count(conn: &mut Conn) -> Result<i64> {
    Ok(endpoints::table.filter(endpoints::removed_at.is_null()).count().get_result(conn)?)
}

pub(super) fn insert(tx: &mut Tx<'_>, new: &Checked, secret: &str, starts_after: i64) -> Result<Endpoint> {
    Ok(diesel::insert_into(endpoints::table)
        .values((
            endpoints::uid.eq(new_uid()),
            endpoints::url.eq(&new.url),
            endpoints::description.eq(&new.description),
            endpoints::events.eq(&new.events),
            endpoints::market_id.eq(new.market),
            endpoints::whole_order.eq(new.whole_order),
            endpoints::secret.eq(secret),
            endpoints::starts_after.eq(starts_after),
            endpoints::created_at.eq(tx.now),
        ))
        .returning(endpoints::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn take(tx: &mut Tx<'_>, uid: &str) -> Result<Option<Endpoint>> {
    Ok(diesel::update(endpoints::table.filter(endpoints::uid.eq(uid).and(endpoints::removed_at.is_null())))
        .set(endpoints::version.eq(endpoints::version + 1))
        .returning(endpoints::all_columns)
        .get_result(tx.conn)
        .optional()?)
}

pub(super) fn save(tx: &mut Tx<'_>, endpoint: &Endpoint) -> Result<()> {
    diesel::update(endpoints::table.find(endpoint.id.0))
        .set((
            endpoints::url.eq(&endpoint.url),
            endpoints::description.eq(&endpoint.description),
            endpoints::events.eq(&endpoint.events),
            endpoints::market_id.eq(endpoint.market_id),
            endpoints::whole_order.eq(endpoint.whole_order),
            endpoints::secret.eq(&endpoint.secret),
            endpoints::former_secret.eq(&endpoint.former_secret),
            endpoints::former_until_at.eq(endpoint.former_until_at),
            endpoints::starts_after.eq(endpoint.starts_after),
            endpoints::paused_until_at.eq(endpoint.paused_until_at),
            endpoints::disabled_at.eq(endpoint.disabled_at),
            endpoints::disabled_by_desk.eq(endpoint.disabled_by_desk),
            endpoints::disabled_reason.eq(&endpoint.disabled_reason),
            endpoints::removed_at.eq(endpoint.removed_at),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Leaves an endpoint alone until an instant, unless it is left alone for longer already.
pub(super) fn pause(tx: &mut Tx<'_>, id: EndpointId, until: crate::time::UtcTime) -> Result<()> {
    let shorter = endpoints::paused_until_at.is_null().or(endpoints::paused_until_at.lt(until));
    diesel::update(endpoints::table.filter(endpoints::id.eq(id).and(shorter)))
        .set(endpoints::paused_until_at.eq(Some(until)))
        .execute(tx.conn)?;
    Ok(())
}

/// How far the diary was read for all endpoints.
pub(super) fn position(conn: &mut Conn) -> Result<i64> {
    Ok(webhook_relay::table.select(webhook_relay::position).first(conn)?)
}

/// The same, while no other relay reads it.
pub(super) fn lock_position(tx: &mut Tx<'_>) -> Result<i64> {
    Ok(diesel::update(webhook_relay::table)
        .set(webhook_relay::position.eq(webhook_relay::position))
        .returning(webhook_relay::position)
        .get_result(tx.conn)?)
}

pub(super) fn set_position(tx: &mut Tx<'_>, position: i64) -> Result<()> {
    diesel::update(webhook_relay::table).set(webhook_relay::position.eq(position)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn add_replay(tx: &mut Tx<'_>, endpoint: EndpointId, after: i64, until: i64) -> Result<()> {
    diesel::insert_into(webhook_replays::table)
        .values((
            webhook_replays::endpoint_id.eq(endpoint),
            webhook_replays::position.eq(after),
            webhook_replays::until_position.eq(until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Keys of the stretches that enabled endpoints are still to be told again.
pub(super) fn replays(conn: &mut Conn) -> Result<Vec<i64>> {
    Ok(webhook_replays::table
        .inner_join(endpoints::table.on(endpoints::id.eq(webhook_replays::endpoint_id)))
        .filter(endpoints::removed_at.is_null().and(endpoints::disabled_at.is_null()))
        .order(webhook_replays::id)
        .select(webhook_replays::id)
        .load(conn)?)
}

/// How far an endpoint is being told again: where it is, and how far it goes.
pub(super) fn replays_of(conn: &mut Conn, endpoint: EndpointId) -> Result<Vec<(i64, i64)>> {
    Ok(webhook_replays::table
        .filter(webhook_replays::endpoint_id.eq(endpoint))
        .select((webhook_replays::position, webhook_replays::until_position))
        .load(conn)?)
}

/// A stretch with its endpoint, while no other relay works on it; nothing if one does, or did.
pub(super) fn lock_replay(tx: &mut Tx<'_>, id: i64) -> Result<Option<(Endpoint, i64, i64)>> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        endpoint_id: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        position: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        until_position: i64,
    }
    let lock = dialect::for_update_skipping(tx.conn);
    let text = format!("SELECT endpoint_id, position, until_position FROM webhook_replays WHERE id = $1{lock}");
    let found = dialect::load_written::<Found>(tx.conn, text, vec![dialect::Parameter::Int(id)])?;
    let Some(found) = found.into_iter().next() else { return Ok(None) };
    let endpoint = endpoints::table.find(found.endpoint_id).first(tx.conn)?;
    Ok(Some((endpoint, found.position, found.until_position)))
}

/// Keeps how far a stretch was told, or strikes it off at its end.
pub(super) fn advance_replay(tx: &mut Tx<'_>, id: i64, position: Option<i64>) -> Result<()> {
    let row = webhook_replays::table.find(id);
    match position {
        Some(position) => diesel::update(row).set(webhook_replays::position.eq(position)).execute(tx.conn)?,
        None => diesel::delete(row).execute(tx.conn)?,
    };
    Ok(())
}
