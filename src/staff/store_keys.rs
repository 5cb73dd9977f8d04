//! The table of API keys.

use diesel::prelude::*;

use super::keys::ApiKey;
use crate::db::schema::api_keys;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::new_uid;
use crate::time::UtcTime;

pub(super) fn insert(tx: &mut Tx<'_>, name: &str, token_hash: &str, scopes: &str) -> Result<String> {
    let uid = new_uid();
    diesel::insert_into(api_keys::table)
        .values((
            api_keys::uid.eq(&uid),
            api_keys::name.eq(name),
            api_keys::token_hash.eq(token_hash),
            api_keys::scopes.eq(scopes),
            api_keys::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(uid)
}

pub(super) fn all(conn: &mut Conn) -> Result<Vec<ApiKey>> {
    let rows = api_keys::table
        .order(api_keys::id)
        .select((
            api_keys::uid,
            api_keys::name,
            api_keys::scopes,
            api_keys::created_at,
            api_keys::last_used_at,
            api_keys::revoked_at,
        ))
        .load::<(String, String, String, UtcTime, Option<UtcTime>, Option<UtcTime>)>(conn)?;
    let key = |(uid, name, scopes, created_at, last_used_at, revoked_at)| ApiKey {
        uid,
        name,
        scopes,
        created_at,
        last_used_at,
        revoked_at,
    };
    Ok(rows.into_iter().map(key).collect())
}

pub(super) fn revoke(tx: &mut Tx<'_>, uid: &str) -> Result<()> {
    diesel::update(api_keys::table.filter(api_keys::uid.eq(uid)))
        .set(api_keys::revoked_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}
