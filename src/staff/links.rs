//! One-time links with which somebody sets a password: an invitation or a reset. Only the hash of a
//! link's token is kept.

use super::{Member, Person, changed, member, owners_only, password, store, store_sessions};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Refusal, RefusalKind, Result};
use crate::ids::StaffId;
use crate::time::UtcTime;

/// What a one-time link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The first password.
    Invite,
    /// A new password.
    Reset,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Purpose::Invite => "invite",
            Purpose::Reset => "reset",
        }
    }
    fn hours(self) -> i64 {
        match self {
            Purpose::Invite => 7 * 24,
            Purpose::Reset => 24,
        }
    }
}

/// Makes a one-time link for somebody to set a password, and returns its token. Earlier links of
/// theirs stop working.
pub fn make_link(tx: &mut Tx<'_>, actor: &Actor, id: StaffId, purpose: Purpose) -> Result<String> {
    let token = password::token();
    store::drop_links(tx, id)?;
    let expires = tx.now.plus_minutes(purpose.hours() * 60);
    store::insert_link(tx, &password::token_hash(&token), id, purpose.as_str(), actor.staff(), expires)?;
    changed(tx, actor, id, if purpose == Purpose::Invite { "invited" } else { "given a reset link" })?;
    Ok(token)
}

/// A person makes a reset link for another.
///
/// # Errors
/// Only an owner does it for owners.
pub fn reset_link(tx: &mut Tx<'_>, by: &Person, uid: &str) -> Result<(Member, String)> {
    let member = member(tx.conn, uid)?;
    owners_only(by, &member, member.role)?;
    if member.disabled_at.is_some() {
        return Err(Refusal::state(
            "staff.disabled",
            format!("{} is disabled. Enable the account first.", member.name),
        )
        .into());
    }
    let purpose = if member.has_password { Purpose::Reset } else { Purpose::Invite };
    let token = make_link(tx, &by.actor(), member.id, purpose)?;
    Ok((member, token))
}

/// Whose link this is, if it still works.
///
/// # Errors
/// Refuses a link that was used, has expired or never was, all in the same words.
pub fn open_link(conn: &mut Conn, token: &str, now: UtcTime) -> Result<Member> {
    let id = store::link(conn, &password::token_hash(token), now)?;
    let found = match id {
        Some(id) => store::members(conn)?.into_iter().find(|member| member.id == id && member.disabled_at.is_none()),
        None => None,
    };
    found.ok_or_else(|| {
        Refusal::new(
            RefusalKind::Forbidden,
            "staff.link",
            "This link was used, has expired or was replaced by a newer one. Ask an owner or manager for a new one.",
        )
        .into()
    })
}

/// Sets a password with a one-time link, which ends all sessions of that person.
///
/// # Errors
/// As [`open_link`].
pub fn use_link(tx: &mut Tx<'_>, token: &str, password_hash: &str) -> Result<StaffId> {
    let member = open_link(tx.conn, token, tx.now)?;
    if !store::use_link(tx, &password::token_hash(token))? {
        return Err(
            Refusal::state("staff.link", "This link was used a moment ago. Sign in with the new password.").into()
        );
    }
    store::set_password(tx, member.id, password_hash)?;
    store_sessions::end_all(tx, member.id, None)?;
    let actor = Actor::Staff { id: member.id, name: member.name.clone() };
    store::saw(tx, member.id)?;
    changed(tx, &actor, member.id, "set a password by link")?;
    Ok(member.id)
}
