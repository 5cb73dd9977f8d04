//! Replies that are written once and used often.

use super::{filling, store_replies as store};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::event::{self, Event};
use crate::time::UtcTime;

/// Replies that a shop keeps at the most.
pub const MOST: usize = 200;
/// Characters of a name.
const LONGEST_NAME: usize = 80;
/// Characters of a reply.
const LONGEST: usize = 5_000;

/// A saved reply.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Reply {
    /// Key.
    pub id: i64,
    /// Public identifier.
    pub uid: String,
    /// What it is called in the chooser.
    pub name: String,
    /// Its text, with words in double braces.
    pub body: String,
    /// When it was written.
    pub created_at: UtcTime,
    /// When it was last changed.
    pub updated_at: UtcTime,
}

/// Every saved reply, by name.
pub fn all(conn: &mut Conn) -> Result<Vec<Reply>> {
    let mut all = store::all(conn)?;
    all.sort_by_key(|reply| (crate::words::sort_key(&reply.name), reply.id));
    Ok(all)
}

/// One saved reply.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, uid: &str) -> Result<Reply> {
    store::find(conn, uid)?.ok_or_else(|| Error::Missing("such saved reply".to_owned()))
}

/// Keeps a reply: a new one, or another text of the one with this identifier.
///
/// # Errors
/// Refuses a name that is empty, too long or taken, a text that is empty or too long, and words in braces that
/// stand for nothing.
pub fn keep(tx: &mut Tx<'_>, actor: &Actor, uid: Option<&str>, name: &str, body: &str) -> Result<()> {
    let (name, body) = (name.trim(), body.replace("\r\n", "\n").trim().to_owned());
    let known = store::all(tx.conn)?;
    let before = match uid {
        Some(uid) => Some(find(tx.conn, uid)?),
        None if known.len() >= MOST => {
            let told = format!("{MOST} replies are kept at the most. Remove one first.");
            return Err(Refusal::field("talk.reply_too_many", "name", told).into());
        }
        None => None,
    };
    check(&known, before.as_ref(), name, &body)?;
    store::keep(tx, before.as_ref().map(|reply| reply.id), name, &body)?;
    let changed = Event::SettingsChanged {
        setting: format!("saved reply “{name}”"),
        before: before.map(|reply| reply.body).unwrap_or_default(),
        after: body,
    };
    event::record(tx, actor, None, &changed)?;
    Ok(())
}

fn check(known: &[Reply], before: Option<&Reply>, name: &str, body: &str) -> Result<()> {
    let mut problems = Vec::new();
    let mut wrong = |field: &str, told: String| {
        problems.push(FieldProblem { field: field.to_owned(), message: told });
    };
    let taken =
        |reply: &&Reply| reply.name.to_lowercase() == name.to_lowercase() && Some(reply.id) != before.map(|b| b.id);
    if name.is_empty() {
        wrong("name", "Give the reply a name to choose it by.".to_owned());
    } else if name.chars().count() > LONGEST_NAME {
        wrong("name", format!("A name takes {LONGEST_NAME} characters at the most."));
    } else if known.iter().any(|reply| taken(&reply)) {
        wrong("name", format!("There is a reply called “{name}” already."));
    }
    if body.is_empty() {
        wrong("body", "Write the reply.".to_owned());
    } else if body.chars().count() > LONGEST {
        wrong("body", "A reply takes 5,000 characters at the most.".to_owned());
    } else if let Some(told) = filling::trouble(body) {
        wrong("body", told);
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields("talk.reply_invalid", problems).into()) }
}

/// Removes a reply.
///
/// # Errors
/// Missing if there is none.
pub fn remove(tx: &mut Tx<'_>, actor: &Actor, uid: &str) -> Result<()> {
    let reply = find(tx.conn, uid)?;
    store::remove(tx, reply.id)?;
    let setting = format!("saved reply “{}”", reply.name);
    event::record(tx, actor, None, &Event::SettingsChanged { setting, before: reply.body, after: String::new() })?;
    Ok(())
}
