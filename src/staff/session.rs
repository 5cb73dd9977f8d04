//! Sessions of browsers, kept in the database so that they can be listed and ended. Of the key in the
//! cookie only a hash is kept.

use std::collections::HashMap;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::Key;
use actix_web::cookie::time::Duration;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::password::{token, token_hash};
use super::store_sessions::{self, Facts};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::ids::StaffId;
use crate::time::UtcTime;
use crate::web;

/// Who is signed in: their key.
pub(super) const STAFF: &str = "staff";
/// The session's public identifier.
pub(super) const UID: &str = "uid";
/// Network address at sign-in.
pub(super) const ADDRESS: &str = "address";
/// Browser at sign-in.
pub(super) const AGENT: &str = "agent";
/// Whether to stay signed in on this device.
pub(super) const KEEP: &str = "keep";

/// Days a session lives after it was last used, where the person asked to stay signed in.
pub const KEEP_DAYS: i64 = 30;
/// Hours it lives otherwise.
const SHORT_HOURS: i64 = 12;

/// When a session used now expires.
pub(super) fn expiry(now: UtcTime, keep: bool) -> UtcTime {
    now.plus_minutes(if keep { KEEP_DAYS * 24 * 60 } else { SHORT_HOURS * 60 })
}

/// Keeps sessions in the database.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
}

impl Sessions {
    /// On this database.
    pub fn new(db: Db) -> Self {
        Sessions { db }
    }
}

type State = HashMap<String, String>;

fn read<T: serde::de::DeserializeOwned>(state: &State, key: &str) -> Option<T> {
    state.get(key).and_then(|json| serde_json::from_str(json).ok())
}

fn facts(state: &State) -> Facts {
    Facts {
        staff: read::<i64>(state, STAFF).map(StaffId),
        uid: read(state, UID).unwrap_or_default(),
        address: read(state, ADDRESS).unwrap_or_default(),
        agent: read(state, AGENT).unwrap_or_default(),
    }
}

impl SessionStore for Sessions {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let hash = token_hash(key.as_ref());
        let found = self
            .db
            .read(move |conn| store_sessions::state(conn, &hash, UtcTime::now()))
            .await
            .map_err(|error| LoadError::Other(error.into()))?;
        found
            .map(|json| serde_json::from_str(&json))
            .transpose()
            .map_err(|error| LoadError::Deserialization(error.into()))
    }

    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        let key = token();
        let hash = token_hash(&key);
        let json = serde_json::to_string(&state).map_err(|error| SaveError::Serialization(error.into()))?;
        let keep = read(&state, KEEP).unwrap_or(false);
        let facts = facts(&state);
        self.db
            .write(move |tx| {
                store_sessions::sweep(tx)?;
                store_sessions::insert(tx, &hash, &json, &facts, expiry(tx.now, keep))
            })
            .await
            .map_err(|error| SaveError::Other(error.into()))?;
        key.try_into().map_err(|_| SaveError::Other(Error::broken("a session key is too long").into()))
    }

    async fn update(&self, key: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        let hash = token_hash(key.as_ref());
        let json = serde_json::to_string(&state).map_err(|error| UpdateError::Serialization(error.into()))?;
        self.db
            .write(move |tx| store_sessions::update(tx, &hash, &json))
            .await
            .map_err(|error| UpdateError::Other(error.into()))?;
        Ok(key)
    }

    /// Sessions are kept alive where their person is looked up, together with when they were seen.
    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let hash = token_hash(key.as_ref());
        Ok(self.db.write(move |tx| store_sessions::delete(tx, &hash)).await?)
    }
}

/// The key that signs cookies, made on the first start and shared by all instances.
///
/// # Errors
/// When the database cannot be read or written.
pub fn cookie_key(db: &Db) -> Result<Key> {
    const NAME: &str = "cookie_key";
    let stored = db.read_blocking(|conn| web::setting(conn, NAME))?;
    let text = match stored {
        Some(text) => text,
        None => {
            let fresh = STANDARD.encode(Key::generate().master());
            db.write_blocking(move |tx| web::setting_once(tx, NAME, &fresh))?
        }
    };
    let bytes = STANDARD.decode(text).map_err(Error::broken)?;
    Key::try_from(bytes.as_slice()).map_err(|error| Error::broken(format!("the stored cookie key is damaged: {error}")))
}
