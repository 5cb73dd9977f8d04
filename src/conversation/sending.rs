//! Messages that travel: queueing one, trying it again, what its peer tells of it, and taking in what the
//! customer sends. The calls themselves are made by the [outbox](super::outbox).

use super::transport::{Outcome, Reach, Status, Transport};
use super::{
    Direction, Message, MessageState, NewFile, attachments, checked_message, inbox, mark_read, schedule, store,
    store_messages,
};
use crate::actor::Actor;
use crate::db::{Conn, Tx, dialect};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::OrderId;
use crate::order;
use crate::time::UtcTime;

/// Who writes down what happens to a message.
pub(super) const OUTBOX: Actor = Actor::System { name: "Outbox" };
/// Characters kept of what a peer says went wrong.
const LONGEST_PROBLEM: usize = 500;

/// A message that is to be sent.
#[derive(Clone, Debug, Default)]
pub struct Outgoing {
    /// Its text, as the customer and staff read it.
    pub body: String,
    /// What only the transport reads: JSON, or nothing.
    pub details: String,
    /// When it may be sent at the earliest; at once if nothing is said.
    pub not_before: Option<UtcTime>,
    /// Pictures and documents that go with it.
    pub files: Vec<NewFile>,
}

/// Queues a message to the customer of an order by a transport: as several, if that carries files one by one.
/// Returns the first. Whoever of the shop writes has read what the customer wrote before.
///
/// # Errors
/// Refuses what is empty to the eye or longer than [`LONGEST_NOTE`](super::LONGEST_NOTE), files that the transport
/// does not carry, and a customer who cannot be reached so.
pub fn send(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    transport: &dyn Transport,
    outgoing: &Outgoing,
) -> Result<Message> {
    let body = checked_message(&outgoing.body, &outgoing.files)?;
    let order = order::find_for_change(tx, number, None)?;
    match transport.reach(tx.conn, &order)? {
        Reach::To(_) => {}
        Reach::No(why) => return Err(Refusal::field("talk.unreachable", "body", why).into()),
        Reach::Off => {
            let told = format!("{} is not set up. Set it up in the settings first.", transport.label());
            return Err(Refusal::field("talk.transport_off", "body", told).into());
        }
    }
    if !outgoing.files.is_empty()
        && let Some(why) = transport.refuses(tx.conn, &order, &outgoing.files)?
    {
        return Err(Refusal::field("talk.files_carried", "files", why).into());
    }
    if actor.staff().is_some() {
        mark_read(tx, number)?;
    }
    let mut first = None;
    for (words, files) in parts(&body, &outgoing.files, transport.caption()) {
        let message = queue(tx, actor, order.id, transport, outgoing, words, files)?;
        first.get_or_insert(message);
    }
    inbox::follow(tx, order.id)?;
    first.ok_or_else(|| Error::broken("a message without parts"))
}

/// What goes with each message: everything with one, or, where there is a limit to the words beside a file, a file with
/// each, and the words with the first or before them.
fn parts<'a>(body: &'a str, files: &'a [NewFile], caption: Option<usize>) -> Vec<(&'a str, &'a [NewFile])> {
    let Some(most) = caption.filter(|_| !files.is_empty()) else { return vec![(body, files)] };
    let each = files.chunks(1).map(|file| ("", file));
    if body.chars().count() > most {
        return std::iter::once((body, [].as_slice())).chain(each).collect();
    }
    let mut parts: Vec<_> = each.collect();
    if let Some((words, _)) = parts.first_mut() {
        *words = body;
    }
    parts
}

fn queue(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: OrderId,
    transport: &dyn Transport,
    outgoing: &Outgoing,
    words: &str,
    files: &[NewFile],
) -> Result<Message> {
    let due = outgoing.not_before.unwrap_or(tx.now).max(tx.now);
    let message = store_messages::queue(tx, actor, order, transport.name(), words, &outgoing.details, due)?;
    for file in files {
        attachments::attach(tx, message.id, &file.name, &file.bytes)?;
    }
    order::count_talk(tx, order, 0, 1, 0)?;
    let kept = Event::MessageRecorded {
        message: message.uid.clone(),
        direction: Direction::Out.as_str().into(),
        transport: message.transport.clone(),
    };
    event::record(tx, actor, Some(order), &kept)?;
    Ok(message)
}

/// Takes in what the customer sent by a transport, which calls it `external_id`. The same one again is nothing
/// new.
///
/// # Errors
/// Missing if there is no such order.
pub fn receive(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    transport: &str,
    external_id: &str,
    body: &str,
    at: UtcTime,
) -> Result<Option<Message>> {
    let order = order::find_for_change(tx, number, None)?;
    lock_external(tx, transport, external_id)?;
    if store_messages::by_external(tx.conn, transport, external_id)?.is_some() {
        return Ok(None);
    }
    let uid = store::insert_message(tx, actor, order.id, Direction::In, transport, body, at)?.uid;
    store_messages::set_external(tx, &uid, external_id)?;
    order::count_talk(tx, order.id, 0, 1, 1)?;
    inbox::follow(tx, order.id)?;
    let kept = Event::MessageRecorded {
        message: uid.clone(),
        direction: Direction::In.as_str().into(),
        transport: transport.into(),
    };
    event::record_past(tx, actor, order.id, &kept, at)?;
    find(tx.conn, order.id, &uid).map(Some)
}

/// Says with what the customer sent, by the key of the message, that a file of it is not to be had.
///
/// # Errors
/// When the database cannot be written.
pub fn lose_file(tx: &mut Tx<'_>, message: i64, told: &str) -> Result<()> {
    store_messages::set_problem(tx, message, &shortened(told))
}

/// Two transactions that speak of the same message of a peer go one after the other.
fn lock_external(tx: &mut Tx<'_>, transport: &str, external_id: &str) -> Result<()> {
    dialect::lock_words(tx.conn, &format!("message {transport} {external_id}"))
}

/// The message that a peer calls so.
///
/// # Errors
/// When the database cannot be read.
pub fn by_external(conn: &mut Conn, transport: &str, external_id: &str) -> Result<Option<Message>> {
    store_messages::by_external(conn, transport, external_id)
}

/// The message of an order with this public identifier.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, order: OrderId, uid: &str) -> Result<Message> {
    store_messages::by_uid(conn, uid)?
        .filter(|message| message.order_id == order)
        .ok_or_else(|| Error::Missing("such message".to_owned()))
}

/// Writes down what a peer tells of a message that it calls so. In whatever order it is told, the message never
/// goes back. What is told before the call that sent the message has ended is kept until then.
///
/// # Errors
/// When the database cannot be written.
pub fn record_status(tx: &mut Tx<'_>, transport: &str, external_id: &str, status: &Status, at: UtcTime) -> Result<()> {
    let mut known = store_messages::by_external(tx.conn, transport, external_id)?;
    if known.is_none() {
        lock_external(tx, transport, external_id)?;
        // It may have become known while we waited.
        known = store_messages::by_external(tx.conn, transport, external_id)?;
    }
    let Some(known) = known else {
        return store_messages::keep_early(tx, transport, external_id, status, at);
    };
    order::lock(tx, known.order_id)?;
    apply(tx, &known.uid, status, at)
}

/// Learns what a peer calls a message of ours of which it is not known whether the peer has it. What the peer
/// tells of it from then on is heard.
///
/// # Errors
/// When the database cannot be written.
pub fn recognise(tx: &mut Tx<'_>, transport: &str, uid: &str, external_id: &str) -> Result<()> {
    let Some(found) = store_messages::by_uid(tx.conn, uid)? else { return Ok(()) };
    order::lock(tx, found.order_id)?;
    lock_external(tx, transport, external_id)?;
    let is_lost = |message: &Message| {
        let is_open = matches!(message.state, MessageState::Sending | MessageState::Unsure);
        is_open && message.transport == transport && message.external_id.is_none()
    };
    let Some(mut message) = store_messages::by_uid(tx.conn, uid)?.filter(is_lost) else { return Ok(()) };
    if store_messages::by_external(tx.conn, transport, external_id)?.is_none() {
        message.external_id = Some(external_id.to_owned());
        store_messages::save(tx, &message)?;
    }
    Ok(())
}

/// Applies a status to a message whose order is locked.
fn apply(tx: &mut Tx<'_>, uid: &str, status: &Status, at: UtcTime) -> Result<()> {
    let Some(mut message) = store_messages::by_uid(tx.conn, uid)? else { return Ok(()) };
    let Some(next) = schedule::after_status(message.state, status).filter(|_| message.direction == Direction::Out)
    else {
        return Ok(());
    };
    message.state = next;
    message.due_at = None;
    match status {
        Status::Sent => message.sent_at = message.sent_at.or(Some(at)),
        Status::Delivered => message.delivered_at = message.delivered_at.or(Some(at)),
        Status::Read => {
            message.delivered_at = message.delivered_at.or(Some(at));
            message.read_at = message.read_at.or(Some(at));
        }
        Status::Failed(_) => {}
    }
    message.problem = match status {
        Status::Failed(problem) => shortened(problem),
        Status::Sent | Status::Delivered | Status::Read => String::new(),
    };
    store_messages::save(tx, &message)?;
    if next == MessageState::Failed { tell(tx, &OUTBOX, &message, "failed") } else { Ok(()) }
}

/// Sends a message again that failed, of which nobody knows whether it arrived, or that waits for its next try.
///
/// # Errors
/// Refuses what is under way, was sent, or travels by no transport.
pub fn resend(tx: &mut Tx<'_>, actor: &Actor, number: i64, uid: &str) -> Result<Message> {
    let order = order::find_for_change(tx, number, None)?;
    let mut message = find(tx.conn, order.id, uid)?;
    if message.state == MessageState::Queued && message.attempts == 0 {
        // Two clicks.
        return Ok(message);
    }
    if !message.may_resend() {
        let told = "This message is not waiting to be sent again. Look at it as it is now.";
        return Err(Refusal::new(RefusalKind::State, "talk.not_failed", told).into());
    }
    message.state = MessageState::Queued;
    message.due_at = Some(tx.now);
    message.attempts = 0;
    message.external_id = None;
    message.problem.clear();
    store_messages::save(tx, &message)?;
    tell(tx, actor, &message, "resent")?;
    Ok(message)
}

/// Takes a message back that was not sent yet. Returns whether it was in time.
///
/// # Errors
/// Missing if there is no such message.
pub fn withdraw(tx: &mut Tx<'_>, actor: &Actor, number: i64, uid: &str) -> Result<bool> {
    let order = order::find_for_change(tx, number, None)?;
    find(tx.conn, order.id, uid)?;
    if !store_messages::withdraw(tx, uid)? {
        return Ok(false);
    }
    let message = find(tx.conn, order.id, uid)?;
    tell(tx, actor, &message, "withdrawn")?;
    Ok(true)
}

/// A message that is ours to send.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The message.
    pub message: Message,
    /// What tells this try from every other.
    until: UtcTime,
}

/// Takes so many of the messages that are due by a transport, and holds them until then. Those that somebody
/// else held for too long are unsure from now on.
///
/// # Errors
/// When the database cannot be written.
pub fn claim(tx: &mut Tx<'_>, transport: &str, limit: i64, until: UtcTime) -> Result<Vec<Claimed>> {
    for (order, uid) in store_messages::overdue(tx.conn, transport, tx.now)? {
        order::lock(tx, order)?;
        let told = "The desk was stopped while this was being sent. The customer may or may not have it.";
        if store_messages::give_up(tx, &uid, told)? {
            let message = find(tx.conn, order, &uid)?;
            tell(tx, &OUTBOX, &message, "unsure")?;
        }
    }
    let claimed = store_messages::claim(tx, transport, limit, until)?;
    Ok(claimed.into_iter().map(|message| Claimed { message, until }).collect())
}

/// Writes down what came of sending a message, unless somebody decided about it meanwhile.
///
/// # Errors
/// When the database cannot be written.
pub fn record(tx: &mut Tx<'_>, claimed: &Claimed, outcome: &Outcome) -> Result<()> {
    order::lock(tx, claimed.message.order_id)?;
    let Some(mut message) = store_messages::by_uid(tx.conn, &claimed.message.uid)? else { return Ok(()) };
    let is_ours = matches!(message.state, MessageState::Sending | MessageState::Unsure);
    if !is_ours || message.due_at != Some(claimed.until) {
        return Ok(());
    }
    let was = message.state;
    message.problem = match outcome {
        Outcome::Sent(_) => String::new(),
        Outcome::Later { problem, .. } | Outcome::Failed(problem) | Outcome::Unsure(problem) => shortened(problem),
    };
    match outcome {
        Outcome::Sent(external) => return sent(tx, message, external.as_deref()),
        Outcome::Later { after, .. } => match schedule::wait_after(message.attempts, *after) {
            Some(wait) => {
                message.state = MessageState::Queued;
                message.due_at = Some(tx.now.plus_seconds(wait));
            }
            None => message.state = MessageState::Failed,
        },
        Outcome::Failed(_) => message.state = MessageState::Failed,
        Outcome::Unsure(_) => message.state = MessageState::Unsure,
    }
    store_messages::save(tx, &message)?;
    match message.state {
        MessageState::Failed => tell(tx, &OUTBOX, &message, "failed"),
        MessageState::Unsure if was != MessageState::Unsure => tell(tx, &OUTBOX, &message, "unsure"),
        MessageState::Unsure
        | MessageState::Queued
        | MessageState::Sending
        | MessageState::Sent
        | MessageState::Delivered
        | MessageState::Read
        | MessageState::Withdrawn => Ok(()),
    }
}

fn sent(tx: &mut Tx<'_>, mut message: Message, external_id: Option<&str>) -> Result<()> {
    message.state = MessageState::Sent;
    message.due_at = None;
    message.sent_at = Some(tx.now);
    let mut told = Vec::new();
    if let Some(external_id) = external_id {
        lock_external(tx, &message.transport, external_id)?;
        // A peer that calls two messages the same cannot be told apart; the first one keeps the name.
        if store_messages::by_external(tx.conn, &message.transport, external_id)?.is_none() {
            message.external_id = Some(external_id.to_owned());
            told = store_messages::take_early(tx, &message.transport, external_id)?;
        }
    }
    store_messages::save(tx, &message)?;
    for (status, at) in told {
        apply(tx, &message.uid, &status, at)?;
    }
    Ok(())
}

/// Forgets what peers told of messages that never became known.
///
/// # Errors
/// When the database cannot be written.
pub fn forget_early(tx: &mut Tx<'_>) -> Result<()> {
    let before = tx.now.plus_minutes(-24 * 60);
    store_messages::forget_early(tx, before)
}

fn tell(tx: &mut Tx<'_>, actor: &Actor, message: &Message, change: &str) -> Result<()> {
    let changed = Event::MessageChanged {
        message: message.uid.clone(),
        transport: message.transport.clone(),
        change: change.to_owned(),
    };
    // An answer that did not go out leaves the customer waiting.
    inbox::follow(tx, message.order_id)?;
    event::record(tx, actor, Some(message.order_id), &changed)
}

fn shortened(problem: &str) -> String {
    problem.trim().chars().take(LONGEST_PROBLEM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_files_travel_together_or_one_by_one() {
        let file = |name: &str| NewFile { name: name.to_owned(), bytes: vec![1] };
        let (none, two) = ([], [file("a"), file("b")]);
        let told = |body: &str, files: &[NewFile], caption: Option<usize>| -> Vec<(String, usize)> {
            parts(body, files, caption).into_iter().map(|(words, files)| (words.to_owned(), files.len())).collect()
        };
        let part = |words: &str, files: usize| (words.to_owned(), files);
        assert_eq!(told("Hello", &two, None), [part("Hello", 2)]);
        assert_eq!(told("Hello", &none, Some(3)), [part("Hello", 0)]);
        assert_eq!(told("Hello", &two, Some(5)), [part("Hello", 1), part("", 1)]);
        assert_eq!(told("Hello", &two, Some(4)), [part("Hello", 0), part("", 1), part("", 1)]);
    }
}
