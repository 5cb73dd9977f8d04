//! The table of API keys.

use diesel::prelude::*;

use super::keys::{ApiKey, NewKey};
use crate::db::schema::api_keys;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{KeyId, StaffId, new_uid};
use crate::time::UtcTime;

type Row = (
    KeyId,
    String,
    String,
    String,
    UtcTime,
    Option<UtcTime>,
    Option<UtcTime>,
    Option<StaffId>,
    String,
    Option<i64>,
    bool,
);

macro_rules! columns {
    () => {
        (
            api_keys::id,
            api_keys::uid,
            api_keys::name,
            api_keys::scopes,
            api_keys::created_at,
            api_keys::last_used_at,
            api_keys::revoked_at,
            api_keys::staff_id,
            api_keys::markets,
            api_keys::rate_per_minute,
            api_keys::requires_match,
        )
    };
}

fn key(row: Row) -> ApiKey {
    let (id, uid, name, scopes, created_at, last_used_at, revoked_at, staff, markets, rate_per_minute, requires_match) =
        row;
    ApiKey {
        id,
        uid,
        name,
        scopes,
        created_at,
        last_used_at,
        revoked_at,
        staff,
        markets,
        rate_per_minute,
        requires_match,
    }
}

pub(super) fn insert(tx: &mut Tx<'_>, name: &str, token_hash: &str, new: &NewKey) -> Result<String> {
    let uid = new_uid();
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::uid.eq(&uid),
            api_keys::name.eq(name),
            api_keys::token_hash.eq(token_hash),
            api_keys::scopes.eq(new.scopes.join(" ")),
            api_keys::staff_id.eq(new.staff),
            api_keys::markets.eq(new.markets.join(" ")),
            api_keys::rate_per_minute.eq(new.rate_per_minute),
            api_keys::requires_match.eq(new.requires_match),
            api_keys::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(uid)
}

pub(super) fn all(conn: &mut Conn) -> Result<Vec<ApiKey>> {
    let rows = api_keys::table.order(api_keys::id).select(columns!()).load::<Row>(conn)?;
    Ok(rows.into_iter().map(key).collect())
}

pub(super) fn by_hash(conn: &mut Conn, hash: &str) -> Result<Option<ApiKey>> {
    let row = api_keys::table.filter(api_keys::token_hash.eq(hash)).select(columns!()).first::<Row>(conn).optional()?;
    Ok(row.map(key))
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<ApiKey>> {
    let row = api_keys::table.filter(api_keys::uid.eq(uid)).select(columns!()).first::<Row>(conn).optional()?;
    Ok(row.map(key))
}

pub(super) fn touch(tx: &mut Tx<'_>, id: KeyId) -> Result<()> {
    diesel::update(api_keys::table.find(id.0)).set(api_keys::last_used_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn revoke(tx: &mut Tx<'_>, uid: &str) -> Result<()> {
    diesel::update(api_keys::table.filter(api_keys::uid.eq(uid)))
        .set(api_keys::revoked_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}
