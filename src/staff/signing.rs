//! The keys that sign short-lived tokens. One signs at a time. When another takes over, what the former
//! signed is good until the last of it has expired, so that nobody notices; then the former is forgotten.

use super::store_signing as store;
use super::tokens::{LEEWAY_SECONDS, LIFETIME_SECONDS, PrivateKey, PublicKey};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::event::{self, Event};
use crate::time::UtcTime;
use crate::web;

/// How long a key signs.
const TERM_SECONDS: i64 = 90 * 24 * 60 * 60;
/// How long a retired key proves what it signed. A minute is added for another process of the desk
/// that was just signing when it was retired.
const PROVES_SECONDS: i64 = LIFETIME_SECONDS + LEEWAY_SECONDS + 60;
/// A setting that is written to make the processes of a desk take turns.
const TURN: &str = "signing_key_turn";
/// Who changes keys by the calendar.
const CALENDAR: Actor = Actor::System { name: "Timer" };

/// The key that signs, if there is one whose term is not over.
pub(super) fn present(conn: &mut Conn, now: UtcTime) -> Result<Option<PrivateKey>> {
    let newest = store::newest(conn)?;
    Ok(newest.filter(|(_, made)| now.seconds_since(*made) < TERM_SECONDS).map(|(key, _)| key))
}

/// The key that signs. Makes the first one, and another when the term of the present one is over.
pub(super) fn appoint(tx: &mut Tx<'_>) -> Result<PrivateKey> {
    take_turn(tx)?;
    match present(tx.conn, tx.now)? {
        Some(key) => Ok(key),
        None => succeed(tx, &CALENDAR),
    }
}

/// The key called `kid`, if it still proves what it signed.
pub(super) fn find(conn: &mut Conn, kid: &str, now: UtcTime) -> Result<Option<PrivateKey>> {
    store::find(conn, kid, proving_since(now))
}

/// The public halves of all keys that prove something, the one that signs first.
pub(super) fn published(conn: &mut Conn, now: UtcTime) -> Result<Vec<PublicKey>> {
    Ok(store::all(conn, proving_since(now))?.iter().map(PrivateKey::public).collect())
}

/// Lets a new key sign from now on. Tokens of the former stay good until they expire.
pub fn rotate(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    take_turn(tx)?;
    succeed(tx, actor).map(|_| ())
}

/// Lets a new key sign if the present one did for its term, and forgets what no longer proves anything.
pub fn keep_fresh(tx: &mut Tx<'_>) -> Result<()> {
    store::forget(tx, proving_since(tx.now))?;
    if store::newest(tx.conn)?.is_some() {
        appoint(tx)?;
    }
    Ok(())
}

fn proving_since(now: UtcTime) -> UtcTime {
    now.plus_seconds(-PROVES_SECONDS)
}

/// Waits until no other process is choosing a key. Its choice is then to be seen.
fn take_turn(tx: &mut Tx<'_>) -> Result<()> {
    let now = tx.now.rfc3339();
    web::set_setting(tx, TURN, &now)
}

fn succeed(tx: &mut Tx<'_>, actor: &Actor) -> Result<PrivateKey> {
    let former = store::newest(tx.conn)?.map(|(key, _)| key.kid().to_owned()).unwrap_or_default();
    let key = PrivateKey::new()?;
    store::retire(tx)?;
    store::insert(tx, &key)?;
    let setting = "key that signs tokens".to_owned();
    event::record(tx, actor, None, &Event::SettingsChanged { setting, before: former, after: key.kid().to_owned() })?;
    Ok(key)
}
