//! What is said about an order: notes of staff, which stay in the shop or are meant for the customer,
//! and messages to and from the customer. Who a note is for is fixed when it is written, so that an
//! internal remark can never reach a customer by a later click.

pub mod api;
pub mod attachments;
pub mod calling;
pub mod file_kind;
pub mod filling;
pub mod inbox;
pub mod mentions;
pub mod outbox;
pub mod pages;
pub mod pages_files;
pub mod pages_inbox;
pub mod pages_mentions;
pub mod pages_replies;
pub mod pages_thread;
pub mod pages_ways;
pub mod replies;
mod schedule;
mod sending;
mod store;
mod store_attachments;
mod store_inbox;
mod store_mentions;
mod store_messages;
mod store_replies;
pub mod transport;

pub use attachments::NewFile;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::{NoteId, OrderId, StaffId};
use crate::order;
use crate::time::UtcTime;
use crate::words;

pub use sending::{
    Claimed, Outgoing, by_external, claim, find, forget_early, lose_file, receive, recognise, record, record_status,
    resend, send, withdraw,
};

/// Characters a note takes at the most.
pub const LONGEST_NOTE: usize = 10_000;
/// Transport of what is said on the customer's page.
pub const PAGE: &str = "page";
/// Messages that a customer may write on their page in a day.
const MOST_A_DAY: usize = 50;
/// Minutes in which its author may change a note. They run from the first writing, never again.
pub const EDIT_MINUTES: i64 = 60;

crate::text_enum! {
    /// Who a note is for.
    pub enum Audience {
        /// Staff only.
        Internal = "internal",
        /// The customer, too: on paper and on their page.
        Customer = "customer",
    }
}

crate::text_enum! {
    /// Which way a message went.
    pub enum Direction {
        /// From the customer.
        In = "in",
        /// To the customer.
        Out = "out",
    }
}

crate::text_enum! {
    /// Where a message is on its way. What comes in is delivered from the beginning.
    pub enum MessageState {
        /// It waits to be sent.
        Queued = "queued",
        /// It is being sent at this moment.
        Sending = "sending",
        /// Nobody knows whether the peer took it.
        Unsure = "unsure",
        /// The peer took it.
        Sent = "sent",
        /// It arrived.
        Delivered = "delivered",
        /// It was read.
        Read = "read",
        /// It was not sent, or did not arrive.
        Failed = "failed",
        /// It was taken back before it was sent.
        Withdrawn = "withdrawn",
    }
}

/// A note.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Note {
    /// Key.
    pub id: NoteId,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// Who it is for.
    pub audience: Audience,
    /// Its text.
    pub body: String,
    /// Who wrote it.
    pub author_id: Option<StaffId>,
    /// Their name at that time.
    pub author_name: String,
    /// When.
    pub created_at: UtcTime,
    /// When it was last changed.
    pub edited_at: Option<UtcTime>,
    /// When it was taken away.
    pub deleted_at: Option<UtcTime>,
}

impl Note {
    /// Whether this person may still change it.
    pub fn may_edit(&self, actor: &Actor, now: UtcTime) -> bool {
        self.author_id.is_some() && self.author_id == actor.staff() && now < self.created_at.plus_minutes(EDIT_MINUTES)
    }
}

/// A message to or from the customer.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Message {
    /// Key.
    pub id: i64,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// Which way.
    pub direction: Direction,
    /// By what: `email`, `whatsapp`, `page`.
    pub transport: String,
    /// Its text.
    pub body: String,
    /// Who said it.
    pub author_name: String,
    /// Where it is on its way.
    pub state: MessageState,
    /// When.
    pub created_at: UtcTime,
    /// When whoever it was for read it.
    pub read_at: Option<UtcTime>,
    /// What its peer calls it; unique within its transport.
    pub external_id: Option<String>,
    /// What only its transport reads: JSON, or nothing.
    pub details: String,
    /// Why it was not sent yet or at all, which may name how the customer is reached; or, of what they sent, which file
    /// is not to be had.
    pub problem: String,
    /// Tries so far.
    pub attempts: i64,
    /// When something is to be done: sent, or, while it is being sent, given up as unsure.
    pub due_at: Option<UtcTime>,
    /// When its peer took it.
    pub sent_at: Option<UtcTime>,
    /// When it arrived.
    pub delivered_at: Option<UtcTime>,
}

impl Message {
    /// Whether somebody may have it sent again.
    pub fn may_resend(&self) -> bool {
        match self.state {
            MessageState::Failed | MessageState::Unsure => self.direction == Direction::Out && self.transport != PAGE,
            MessageState::Queued => self.attempts > 0,
            MessageState::Sending
            | MessageState::Sent
            | MessageState::Delivered
            | MessageState::Read
            | MessageState::Withdrawn => false,
        }
    }
}

/// Notes of an order that were not taken away, oldest first.
pub fn notes(conn: &mut Conn, order: OrderId) -> Result<Vec<Note>> {
    store::notes(conn, &[order])
}

/// Notes of several orders that were not taken away, by order.
pub fn notes_of_many(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Note>> {
    store::notes(conn, orders)
}

/// Messages of an order, oldest first.
pub fn messages(conn: &mut Conn, order: OrderId) -> Result<Vec<Message>> {
    store::messages(conn, order)
}

/// Writes a note.
///
/// # Errors
/// Refuses an empty note and one of more than [`LONGEST_NOTE`] characters, and an internal one that calls a
/// colleague by a name that several have.
pub fn write_note(tx: &mut Tx<'_>, actor: &Actor, number: i64, audience: Audience, body: &str) -> Result<Note> {
    let body = checked(body)?;
    let order = order::find_for_change(tx, number, None)?;
    let called = mentions::of_text(tx.conn, audience, &body)?;
    let note = store::insert_note(tx, actor, order.id, audience, &body, tx.now)?;
    mentions::keep(tx, &note, &called)?;
    order::count_talk(tx, order.id, 1, 0, 0)?;
    let written = Event::NoteWritten {
        note: note.uid.clone(),
        audience: audience.as_str().into(),
        calls: called.iter().map(|id| id.0).collect(),
    };
    event::record(tx, actor, Some(order.id), &written)?;
    order::reindex(tx, &order)?;
    Ok(note)
}

fn checked(body: &str) -> Result<String> {
    let body = body.replace("\r\n", "\n").trim().to_owned();
    if body.is_empty() {
        return Err(Refusal::field("note.empty", "body", "Write something first.").into());
    }
    if body.chars().count() > LONGEST_NOTE {
        return Err(Refusal::field("note.too_long", "body", "A note takes 10,000 characters at the most.").into());
    }
    Ok(body)
}

/// Changes the text of a note.
///
/// # Errors
/// Forbidden for anybody but its author, and an hour after it was written.
pub fn edit_note(tx: &mut Tx<'_>, actor: &Actor, number: i64, uid: &str, body: &str) -> Result<Note> {
    let body = checked(body)?;
    let (order, mut note) = own_note(tx, actor, number, uid)?;
    if note.body == body {
        return Ok(note);
    }
    let called = mentions::of_text(tx.conn, note.audience, &body)?;
    let before = std::mem::replace(&mut note.body, body);
    note.edited_at = Some(tx.now);
    store::save_note(tx, &note)?;
    mentions::keep(tx, &note, &called)?;
    let edited = Event::NoteEdited { note: note.uid.clone(), before, after: note.body.clone() };
    event::record(tx, actor, Some(order.id), &edited)?;
    order::reindex(tx, &order)?;
    Ok(note)
}

/// Takes a note away; the diary keeps what it said.
///
/// # Errors
/// As [`edit_note`].
pub fn remove_note(tx: &mut Tx<'_>, actor: &Actor, number: i64, uid: &str) -> Result<()> {
    let (order, mut note) = own_note(tx, actor, number, uid)?;
    note.deleted_at = Some(tx.now);
    store::save_note(tx, &note)?;
    mentions::drop_of(tx, &note)?;
    order::count_talk(tx, order.id, -1, 0, 0)?;
    event::record(tx, actor, Some(order.id), &Event::NoteRemoved { note: note.uid, before: note.body })?;
    order::reindex(tx, &order)
}

fn own_note(tx: &mut Tx<'_>, actor: &Actor, number: i64, uid: &str) -> Result<(order::Order, Note)> {
    let order = order::find_for_change(tx, number, None)?;
    let note = store::notes(tx.conn, &[order.id])?
        .into_iter()
        .find(|note| note.uid == uid)
        .ok_or_else(|| Error::Missing(format!("such note on order {number}")))?;
    if note.may_edit(actor, tx.now) {
        return Ok((order, note));
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "note.closed",
        "A note can be changed by its author within an hour of writing it. Write another note instead.",
    )
    .into())
}

/// Keeps a message that was said elsewhere. Messages of the customer count as unread.
pub fn keep_message(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    direction: Direction,
    transport: &str,
    body: &str,
    at: UtcTime,
) -> Result<Message> {
    let order = order::find_for_change(tx, number, None)?;
    let message = store::insert_message(tx, actor, order.id, direction, transport, body, at)?;
    order::count_talk(tx, order.id, 0, 1, i64::from(direction == Direction::In))?;
    inbox::follow(tx, order.id)?;
    let kept = Event::MessageRecorded {
        message: message.uid.clone(),
        direction: direction.as_str().into(),
        transport: transport.into(),
    };
    event::record_past(tx, actor, order.id, &kept, at)?;
    Ok(message)
}

/// Says something on the customer's page: the customer to the shop, or the shop to the customer. Whoever
/// answers for the shop has read what the customer wrote before. Files need no words beside them.
///
/// # Errors
/// Refuses what is empty to the eye or longer than [`LONGEST_NOTE`], files that are none of the
/// [kinds](file_kind::FileKind), and more than a customer may write in a day.
pub fn say(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    direction: Direction,
    body: &str,
    files: &[NewFile],
) -> Result<Message> {
    let body = checked_message(body, files)?;
    match direction {
        Direction::In => check_day(tx, number, files)?,
        Direction::Out => mark_read(tx, number)?,
    }
    let at = tx.now;
    let message = keep_message(tx, actor, number, direction, PAGE, &body, at)?;
    for file in files {
        attachments::attach(tx, message.id, &file.name, &file.bytes)?;
    }
    Ok(message)
}

/// The text of a message as it is kept.
fn checked_message(body: &str, files: &[NewFile]) -> Result<String> {
    let body = body.replace("\r\n", "\n").trim().to_owned();
    if words::harmless(&body).trim().is_empty() && files.is_empty() {
        return Err(Refusal::field("talk.empty", "body", "Write something first.").into());
    }
    if body.chars().count() > LONGEST_NOTE {
        let told = "A message takes 10,000 characters at the most.";
        return Err(Refusal::field("talk.too_long", "body", told).into());
    }
    Ok(body)
}

fn check_day(tx: &mut Tx<'_>, number: i64, files: &[NewFile]) -> Result<()> {
    let order = order::find_for_change(tx, number, None)?;
    let since = tx.now.plus_minutes(-24 * 60);
    attachments::check_day(tx.conn, order.id, files, since)?;
    let said = messages(tx.conn, order.id)?;
    let recent = said.iter().filter(|m| m.direction == Direction::In && m.transport == PAGE && m.created_at > since);
    if recent.count() < MOST_A_DAY {
        return Ok(());
    }
    let told = "You have written very often today. We read everything; write again tomorrow, or contact us.";
    Err(Refusal::new(RefusalKind::TooMany, "talk.too_many", told).after(3_600).into())
}

/// Notes that the customer has opened their page and read what the shop wrote there.
pub fn seen_by_customer(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    store::mark_seen(tx, order)
}

/// Marks every message of the customer as read.
pub fn mark_read(tx: &mut Tx<'_>, number: i64) -> Result<()> {
    let order = order::find_for_change(tx, number, None)?;
    if order.unread_count > 0 {
        store::mark_read(tx, order.id)?;
        order::count_talk(tx, order.id, 0, 0, -order.unread_count)?;
    }
    Ok(())
}

/// Takes what was said with a customer out of an order: bodies of messages and their files whole, notes of
/// staff through `replace`; what waits to be sent is not sent any more. That something was said, when, and by
/// whom of the shop stays. Only the erasure of a person
/// does this.
pub fn erase(tx: &mut Tx<'_>, order: OrderId, erased: &str, replace: &dyn Fn(&str) -> String) -> Result<()> {
    attachments::erase(tx, order)?;
    store::erase_messages(tx, order, erased)?;
    for mut note in store::all_notes(tx.conn, order)? {
        let body = replace(&note.body);
        if body != note.body {
            note.body = body;
            store::save_note(tx, &note)?;
        }
    }
    Ok(())
}
