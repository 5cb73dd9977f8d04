//! The table of keys that requests carry.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::reply::Reply;
use crate::db::schema::request_keys;
use crate::db::{Tx, dialect};
use crate::error::{Error, Refusal, Result};
use crate::on_each_database;

/// How long an outcome is kept.
const KEEP_SECONDS: i64 = 3 * 24 * 3_600;

/// The outcome of an earlier request.
pub(super) struct Kept {
    pub fingerprint: String,
    pub reply: Reply,
}

/// Takes a key, or finds how its first use ended. Taking it makes a second request with the same key
/// wait until this one is committed.
///
/// # Errors
/// Refuses when the wait takes too long.
pub(super) fn claim(tx: &mut Tx<'_>, credential: &str, key: &str, fingerprint: &str) -> Result<Option<Kept>> {
    let sql = "INSERT INTO request_keys (credential, request_key, fingerprint, status, body, created_at) \
               VALUES ($1, $2, $3, 0, '', $4) ON CONFLICT DO NOTHING";
    let now = tx.now.0;
    dialect::limit_waiting(tx.conn)?;
    let taken = on_each_database!(tx.conn, conn => diesel::sql_query(sql)
        .bind::<Text, _>(credential)
        .bind::<Text, _>(key)
        .bind::<Text, _>(fingerprint)
        .bind::<BigInt, _>(now)
        .execute(conn))
    .map_err(|error| match dialect::lost_to_another(&error) {
        true => still_running(),
        false => error.into(),
    })?;
    if taken == 1 {
        return Ok(None);
    }
    let (fingerprint, status, headers, body): (String, i64, String, String) = request_keys::table
        .find((credential, key))
        .select((request_keys::fingerprint, request_keys::status, request_keys::headers, request_keys::body))
        .first(tx.conn)?;
    let reply = Reply { status: u16::try_from(status).unwrap_or(500), body, headers: serde_json::from_str(&headers)? };
    Ok(Some(Kept { fingerprint, reply }))
}

fn still_running() -> Error {
    let message = "A request with this Idempotency-Key is still under way. Send it again in a moment.";
    Refusal::state("idempotency.in_progress", message).after(1).into()
}

/// Keeps how the first use of a key ended.
pub(super) fn keep(tx: &mut Tx<'_>, credential: &str, key: &str, reply: &Reply) -> Result<()> {
    diesel::update(request_keys::table.find((credential, key)))
        .set((
            request_keys::status.eq(i64::from(reply.status)),
            request_keys::headers.eq(serde_json::to_string(&reply.headers)?),
            request_keys::body.eq(&reply.body),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Forgets the outcomes of requests and forms that nobody repeats any more.
pub fn forget_stale(tx: &mut Tx<'_>) -> Result<()> {
    let before = tx.now.plus_seconds(-KEEP_SECONDS);
    diesel::delete(request_keys::table.filter(request_keys::created_at.lt(before.0))).execute(tx.conn)?;
    Ok(())
}
