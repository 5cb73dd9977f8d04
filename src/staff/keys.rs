//! Keys of programs. A key is shown once, when it is made; only its hash is kept.

use super::password::{token, token_hash};
use super::store_keys;
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::time::UtcTime;

/// What a key may do.
pub const SCOPES: &[&str] = &["all", "read"];

/// A key as lists show it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Public identifier.
    pub uid: String,
    /// Name.
    pub name: String,
    /// What it may do, a word each.
    pub scopes: String,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was last used.
    pub last_used_at: Option<UtcTime>,
    /// When it was revoked.
    pub revoked_at: Option<UtcTime>,
}

/// Makes a key and returns its token, which is not kept.
///
/// # Errors
/// Refuses an empty or taken name and an unknown scope.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, name: &str, scopes: &[String]) -> Result<String> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Refusal::field("key.name", "name", "Give the key a name of at most 80 characters.").into());
    }
    if let Some(unknown) = scopes.iter().find(|scope| !SCOPES.contains(&scope.as_str())) {
        let known = SCOPES.join(" or ");
        return Err(Refusal::field(
            "key.scope",
            "scopes",
            format!("There is no scope called {unknown}. Give {known}."),
        )
        .into());
    }
    if list(tx.conn)?.iter().any(|key| key.name == name && key.revoked_at.is_none()) {
        return Err(Refusal::state(
            "key.taken",
            format!("There is a key called {name} already. Revoke it or choose another name."),
        )
        .into());
    }
    let secret = format!("slw_{}", token());
    let uid = store_keys::insert(tx, name, &token_hash(&secret), &scopes.join(" "))?;
    event::record(
        tx,
        actor,
        None,
        &Event::KeyChanged { key: uid, name: name.to_owned(), change: "created".to_owned() },
    )?;
    Ok(secret)
}

/// All keys, oldest first.
pub fn list(conn: &mut Conn) -> Result<Vec<ApiKey>> {
    store_keys::all(conn)
}

/// Ends a key, by its name or public identifier.
///
/// # Errors
/// Missing if no working key is called that.
pub fn revoke(tx: &mut Tx<'_>, actor: &Actor, which: &str) -> Result<()> {
    let found = list(tx.conn)?
        .into_iter()
        .find(|key| key.revoked_at.is_none() && (key.name == which || key.uid == which))
        .ok_or_else(|| Error::Missing(format!("working key called {which}")))?;
    store_keys::revoke(tx, &found.uid)?;
    event::record(
        tx,
        actor,
        None,
        &Event::KeyChanged { key: found.uid, name: found.name, change: "revoked".to_owned() },
    )
}
