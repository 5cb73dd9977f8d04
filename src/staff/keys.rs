//! Keys of programs. A key is shown once, when it is made; only its hash is kept.

use super::Person;
use super::password::{token, token_hash};
use super::permission::Permission;
use super::store_keys;
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::{KeyId, StaffId};
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::web;

/// Scopes that stand for several: everything, and everything that only looks.
pub const BUNDLES: [(&str, &str); 2] = [("all", "Everything"), ("read", "Look at everything, change nothing")];

/// Every scope a key can have, with its words.
pub fn scopes() -> Vec<(&'static str, &'static str)> {
    let single = Permission::ALL.iter().map(|permission| (permission.scope(), permission.label()));
    BUNDLES.into_iter().chain(single).collect()
}

/// What scopes allow, in the order of the table of permissions.
pub(super) fn permissions_of(scopes: &str) -> Vec<Permission> {
    let given: Vec<&str> = scopes.split_whitespace().collect();
    let looks = |permission: &Permission| permission.scope().ends_with(":read");
    let may = |permission: &Permission| {
        given.contains(&"all") || given.contains(&permission.scope()) || (given.contains(&"read") && looks(permission))
    };
    Permission::ALL.iter().copied().filter(may).collect()
}

/// A key as lists show it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Key.
    pub id: KeyId,
    /// Public identifier; the `client_id` where the key is exchanged for short-lived tokens.
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
    /// Whose personal key it is; it may do no more than they may.
    pub staff: Option<StaffId>,
    /// Slugs of the markets it is kept to, between single spaces; empty for all.
    pub markets: String,
    /// Requests it may make in a minute; the shop's limit if none.
    pub rate_per_minute: Option<i64>,
    /// Whether it must say which version it changes.
    pub requires_match: bool,
}

impl ApiKey {
    /// Slugs of the markets it is kept to; none for all.
    pub fn market_slugs(&self) -> Vec<String> {
        self.markets.split_whitespace().map(str::to_owned).collect()
    }
}

/// A key to be made.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    /// What the key is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Whose personal key it is, if anybody's.
    pub staff: Option<StaffId>,
    /// Slugs of the markets it is kept to; none for all.
    pub markets: Vec<String>,
    /// Requests it may make in a minute; the shop's limit if none.
    pub rate_per_minute: Option<i64>,
    /// Whether it must say which version it changes.
    pub requires_match: bool,
}

/// The setting that holds how often a key may ask unless it has a limit of its own.
pub const RATE_SETTING: &str = "api_rate_per_minute";
/// What it is until the shop changes it.
const RATE: i64 = 600;

/// Requests a minute that a key without a limit of its own may make.
pub fn rate_per_minute(conn: &mut Conn) -> Result<i64> {
    Ok(web::setting(conn, RATE_SETTING)?.and_then(|text| text.parse().ok()).unwrap_or(RATE))
}

/// Sets how often a key without a limit of its own may ask.
///
/// # Errors
/// Refuses a limit out of range.
pub fn set_rate_per_minute(tx: &mut Tx<'_>, actor: &Actor, rate: i64) -> Result<()> {
    if !(1..=MOST_PER_MINUTE).contains(&rate) {
        return Err(Refusal::field("key.rate", "default_rate", "Allow from 1 to 1,000,000 requests a minute.").into());
    }
    let before = rate_per_minute(tx.conn)?;
    if before == rate {
        return Ok(());
    }
    web::set_setting(tx, RATE_SETTING, &rate.to_string())?;
    let (before, after) = (before.to_string(), rate.to_string());
    let setting = "requests a minute of a key".to_owned();
    event::record(tx, actor, None, &Event::SettingsChanged { setting, before, after })
}

/// Most requests in a minute that a key can be allowed.
pub const MOST_PER_MINUTE: i64 = 1_000_000;

/// Makes a key and returns its token, which is not kept.
///
/// # Errors
/// Refuses an empty or taken name, an unknown scope, one that the person of a personal key may not use, and a
/// limit out of range. The caller has checked the markets.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, new: &NewKey) -> Result<String> {
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        return Err(Refusal::field("key.name", "name", "Give the key a name of at most 80 characters.").into());
    }
    let known: Vec<&str> = scopes().into_iter().map(|(scope, _)| scope).collect();
    if let Some(unknown) = new.scopes.iter().find(|scope| !known.contains(&scope.as_str())) {
        let message = format!("There is no scope called {unknown}. Give some of {}.", known.join(", "));
        return Err(Refusal::field("key.scope", "scopes", message).into());
    }
    if new.scopes.is_empty() {
        return Err(Refusal::field("key.scope", "scopes", "Choose what the key may do.").into());
    }
    if let Some(staff) = new.staff {
        within_role(tx.conn, staff, &new.scopes)?;
    }
    if new.rate_per_minute.is_some_and(|rate| !(1..=MOST_PER_MINUTE).contains(&rate)) {
        let message = "Allow from 1 to 1,000,000 requests a minute, or leave it empty for the shop's limit.";
        return Err(Refusal::field("key.rate", "rate_per_minute", message).into());
    }
    if list(tx.conn)?.iter().any(|key| key.name == name && key.revoked_at.is_none()) {
        let message = format!("There is a key called {name} already. Revoke it or choose another name.");
        let refusal = Refusal::field("key.taken", "name", message);
        return Err(Refusal { kind: RefusalKind::State, ..refusal }.into());
    }
    let secret = format!("slw_{}", token());
    let uid = store_keys::insert(tx, name, &token_hash(&secret), new)?;
    event::record(
        tx,
        actor,
        None,
        &Event::KeyChanged { key: uid, name: name.to_owned(), change: "created".to_owned() },
    )?;
    Ok(secret)
}

/// Refuses scopes that the person's role does not have. Bundles are what the person may of them.
fn within_role(conn: &mut Conn, staff: StaffId, scopes: &[String]) -> Result<()> {
    let person = super::members(conn)?.into_iter().find(|member| member.id == staff);
    let role = person.ok_or_else(|| Error::Missing("such person".to_owned()))?.role;
    let beyond = Permission::ALL
        .iter()
        .find(|permission| !role.may(**permission) && scopes.iter().any(|scope| scope == permission.scope()));
    match beyond {
        None => Ok(()),
        Some(permission) => {
            let message = format!(
                "A key of your own does what you may. Your role does not have the scope {}.",
                permission.scope()
            );
            Err(Refusal::field("key.scope", "scopes", message).into())
        }
    }
}

/// A key that works, and what it may do now.
#[derive(Clone, Debug)]
pub struct Working {
    /// The key.
    pub key: ApiKey,
    /// What it may do: its scopes, and for a personal key only what its person may.
    pub permissions: Vec<Permission>,
    /// What its person knows of; everything for a key of the shop.
    pub reach: Reach,
}

/// The working key with this token.
pub fn by_token(conn: &mut Conn, token: &str) -> Result<Option<Working>> {
    let found = store_keys::by_hash(conn, &token_hash(token))?;
    found.map_or(Ok(None), |key| working(conn, key))
}

/// The working key with this public identifier.
pub fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Working>> {
    let found = store_keys::by_uid(conn, uid)?;
    found.map_or(Ok(None), |key| working(conn, key))
}

fn working(conn: &mut Conn, key: ApiKey) -> Result<Option<Working>> {
    if key.revoked_at.is_some() {
        return Ok(None);
    }
    let (mut permissions, mut reach) = (permissions_of(&key.scopes), Reach::EVERYWHERE);
    if let Some(staff) = key.staff {
        let person =
            super::members(conn)?.into_iter().find(|member| member.id == staff && member.disabled_at.is_none());
        let Some(person) = person else { return Ok(None) };
        permissions.retain(|permission| person.role.may_within(&person.reach, *permission));
        reach = person.reach;
    }
    Ok(Some(Working { key, permissions, reach }))
}

/// Notes that a key was used.
pub fn touch(tx: &mut Tx<'_>, key: KeyId) -> Result<()> {
    store_keys::touch(tx, key)
}

/// All keys, oldest first.
pub fn list(conn: &mut Conn) -> Result<Vec<ApiKey>> {
    store_keys::all(conn)
}

/// Ends a personal key of this person.
///
/// # Errors
/// Missing if no working key of theirs has this public identifier.
pub fn revoke_own(tx: &mut Tx<'_>, person: &Person, uid: &str) -> Result<()> {
    let is_theirs = list(tx.conn)?.iter().any(|key| key.uid == uid && key.staff == Some(person.id));
    if !is_theirs {
        return Err(Error::Missing("working key of yours at this address".to_owned()));
    }
    revoke(tx, &person.actor(), uid)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::Role;

    #[test]
    fn whoever_makes_keys_for_programs_may_do_what_a_key_can() {
        for role in Role::ALL.iter().filter(|role| role.may(Permission::ManageSettings)) {
            assert!(permissions_of("all").iter().all(|permission| role.may(*permission)), "{role}");
        }
    }

    #[test]
    fn a_bundle_of_scopes_stands_for_several() {
        assert_eq!(permissions_of("all"), Permission::ALL);
        assert!(permissions_of("read").iter().all(|permission| permission.scope().ends_with(":read")));
        assert_eq!(permissions_of("orders:move nonsense"), [Permission::MoveOrders]);
    }
}
