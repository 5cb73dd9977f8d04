//! The table of keys that sign tokens.

use diesel::prelude::*;

use super::tokens::PrivateKey;
use crate::db::schema::signing_keys;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::time::UtcTime;

type Row = (String, String, UtcTime);

fn key(row: Row) -> Result<(PrivateKey, UtcTime)> {
    let (kid, kept, created_at) = row;
    Ok((PrivateKey::read(kid, &kept)?, created_at))
}

/// The newest key that is not retired, and when it was made.
pub(super) fn newest(conn: &mut Conn) -> Result<Option<(PrivateKey, UtcTime)>> {
    signing_keys::table
        .filter(signing_keys::retired_at.is_null())
        .order((signing_keys::created_at.desc(), signing_keys::kid.desc()))
        .select((signing_keys::kid, signing_keys::private_key, signing_keys::created_at))
        .first::<Row>(conn)
        .optional()?
        .map(key)
        .transpose()
}

/// The key called `kid` unless it was retired before `since`.
pub(super) fn find(conn: &mut Conn, kid: &str, since: UtcTime) -> Result<Option<PrivateKey>> {
    signing_keys::table
        .find(kid)
        .filter(signing_keys::retired_at.is_null().or(signing_keys::retired_at.gt(since)))
        .select((signing_keys::kid, signing_keys::private_key, signing_keys::created_at))
        .first::<Row>(conn)
        .optional()?
        .map(|row| key(row).map(|(key, _)| key))
        .transpose()
}

/// The keys that were not retired before `since`, newest first.
pub(super) fn all(conn: &mut Conn, since: UtcTime) -> Result<Vec<PrivateKey>> {
    let rows = signing_keys::table
        .filter(signing_keys::retired_at.is_null().or(signing_keys::retired_at.gt(since)))
        .order((signing_keys::created_at.desc(), signing_keys::kid.desc()))
        .select((signing_keys::kid, signing_keys::private_key, signing_keys::created_at))
        .load::<Row>(conn)?;
    rows.into_iter().map(|row| key(row).map(|(key, _)| key)).collect()
}

pub(super) fn insert(tx: &mut Tx<'_>, key: &PrivateKey) -> Result<()> {
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::kid.eq(key.kid()),
            signing_keys::private_key.eq(key.kept()?),
            signing_keys::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Lets every key that signs do so no longer.
pub(super) fn retire(tx: &mut Tx<'_>) -> Result<()> {
    diesel::update(signing_keys::table.filter(signing_keys::retired_at.is_null()))
        .set(signing_keys::retired_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(())
}

/// Removes the keys that were retired before `since`.
pub(super) fn forget(tx: &mut Tx<'_>, since: UtcTime) -> Result<()> {
    diesel::delete(signing_keys::table.filter(signing_keys::retired_at.le(since))).execute(tx.conn)?;
    Ok(())
}
