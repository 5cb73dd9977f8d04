//! The tables of messages that travel, and of what peers tell before they are known.

use diesel::prelude::*;

use super::transport::Status;
use super::{Direction, Message, MessageState};
use crate::actor::Actor;
use crate::db::dialect::{self, MESSAGES_UNDER_WAY};
use crate::db::schema::{message_statuses as statuses, messages};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{OrderId, new_uid};
use crate::time::UtcTime;

/// Messages given up in one transaction.
const GIVEN_UP: i64 = 50;

pub(super) fn queue(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: OrderId,
    transport: &str,
    body: &str,
    details: &str,
    due: UtcTime,
) -> Result<Message> {
    Ok(diesel::insert_into(messages::table)
        .values((
            messages::uid.eq(new_uid()),
            messages::order_id.eq(order.0),
            messages::direction.eq(Direction::Out),
            messages::transport.eq(transport),
            messages::body.eq(body),
            messages::author_name.eq(actor.name()),
            messages::state.eq(MessageState::Queued),
            messages::created_at.eq(tx.now),
            messages::details.eq(details),
            messages::due_at.eq(Some(due)),
        ))
        .returning(messages::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Message>> {
    Ok(messages::table.filter(messages::uid.eq(uid)).first(conn).optional()?)
}

pub(super) fn set_problem(tx: &mut Tx<'_>, message: i64, problem: &str) -> Result<()> {
    diesel::update(messages::table.find(message)).set(messages::problem.eq(problem)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn by_external(conn: &mut Conn, transport: &str, external_id: &str) -> Result<Option<Message>> {
    let called = messages::transport.eq(transport).and(messages::external_id.eq(external_id));
    Ok(messages::table.filter(called).first(conn).optional()?)
}

pub(super) fn set_external(tx: &mut Tx<'_>, uid: &str, external_id: &str) -> Result<()> {
    diesel::update(messages::table.filter(messages::uid.eq(uid)))
        .set(messages::external_id.eq(Some(external_id)))
        .execute(tx.conn)?;
    Ok(())
}

/// Saves where a message is on its way. What it says never changes.
pub(super) fn save(tx: &mut Tx<'_>, message: &Message) -> Result<()> {
    diesel::update(messages::table.find(message.id))
        .set((
            messages::state.eq(message.state),
            messages::external_id.eq(message.external_id.as_deref()),
            messages::problem.eq(&message.problem),
            messages::attempts.eq(message.attempts),
            messages::due_at.eq(message.due_at),
            messages::sent_at.eq(message.sent_at),
            messages::delivered_at.eq(message.delivered_at),
            messages::read_at.eq(message.read_at),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Messages that somebody began to send and did not end, with their orders.
pub(super) fn overdue(conn: &mut Conn, transport: &str, now: UtcTime) -> Result<Vec<(OrderId, String)>> {
    let held = messages::transport.eq(transport).and(messages::state.eq(MessageState::Sending));
    Ok(messages::table
        .filter(MESSAGES_UNDER_WAY.and(held).and(messages::due_at.le(now)))
        .order(messages::order_id)
        .limit(GIVEN_UP)
        .select((messages::order_id, messages::uid))
        .load(conn)?)
}

/// Notes that nobody knows what became of a message; its instant stays, by which a late answer knows it.
/// Returns whether it was still so.
pub(super) fn give_up(tx: &mut Tx<'_>, uid: &str, problem: &str) -> Result<bool> {
    let held = messages::uid.eq(uid).and(messages::state.eq(MessageState::Sending));
    let changed = diesel::update(messages::table.filter(held.and(messages::due_at.le(tx.now))))
        .set((messages::state.eq(MessageState::Unsure), messages::problem.eq(problem)))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Takes a message back if nobody has begun to send it. Returns whether it was so.
pub(super) fn withdraw(tx: &mut Tx<'_>, uid: &str) -> Result<bool> {
    let waiting = messages::uid.eq(uid).and(messages::state.eq(MessageState::Queued));
    let changed = diesel::update(messages::table.filter(waiting))
        .set((messages::state.eq(MessageState::Withdrawn), messages::due_at.eq(None::<UtcTime>)))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Whether anything is to be done about the messages of a transport.
pub(super) fn is_due(conn: &mut Conn, transport: &str, now: UtcTime) -> Result<bool> {
    let due = MESSAGES_UNDER_WAY.and(messages::transport.eq(transport)).and(messages::due_at.le(now));
    Ok(messages::table.filter(due).select(messages::id).first::<i64>(conn).optional()?.is_some())
}

/// Takes what is due by a transport, so that nobody else sends it meanwhile.
pub(super) fn claim(tx: &mut Tx<'_>, transport: &str, limit: i64, until: UtcTime) -> Result<Vec<Message>> {
    #[derive(diesel::QueryableByName)]
    struct Key {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    let lock = dialect::for_update_skipping(tx.conn);
    let text = format!(
        "SELECT id FROM messages WHERE state IN ('queued', 'sending') AND state = 'queued' \
         AND transport = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT {limit}{lock}"
    );
    let parameters = vec![dialect::Parameter::Text(transport.to_owned()), dialect::Parameter::Int(tx.now.0)];
    let keys: Vec<i64> =
        dialect::load_written::<Key>(tx.conn, text, parameters)?.into_iter().map(|key| key.id).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    diesel::update(messages::table.filter(messages::id.eq_any(&keys)))
        .set((
            messages::state.eq(MessageState::Sending),
            messages::attempts.eq(messages::attempts + 1),
            messages::due_at.eq(Some(until)),
        ))
        .execute(tx.conn)?;
    Ok(messages::table.filter(messages::id.eq_any(&keys)).order(messages::id).load(tx.conn)?)
}

/// Keeps what a peer told of a message that is not known yet.
pub(super) fn keep_early(
    tx: &mut Tx<'_>,
    transport: &str,
    external_id: &str,
    status: &Status,
    at: UtcTime,
) -> Result<()> {
    let (word, problem) = match status {
        Status::Sent => ("sent", ""),
        Status::Delivered => ("delivered", ""),
        Status::Read => ("read", ""),
        Status::Failed(problem) => ("failed", problem.as_str()),
    };
    diesel::insert_into(statuses::table)
        .values((
            statuses::transport.eq(transport),
            statuses::external_id.eq(external_id),
            statuses::status.eq(word),
            statuses::problem.eq(problem),
            statuses::told_at.eq(at),
            statuses::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Takes what a peer told of a message before it was known, in the order in which it was told.
pub(super) fn take_early(tx: &mut Tx<'_>, transport: &str, external_id: &str) -> Result<Vec<(Status, UtcTime)>> {
    let rows: Vec<(i64, String, String, UtcTime)> = statuses::table
        .filter(statuses::transport.eq(transport).and(statuses::external_id.eq(external_id)))
        .order(statuses::id)
        .select((statuses::id, statuses::status, statuses::problem, statuses::told_at))
        .load(tx.conn)?;
    let keys: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
    diesel::delete(statuses::table.filter(statuses::id.eq_any(keys))).execute(tx.conn)?;
    let status = |word: &str, problem: String| match word {
        "sent" => Status::Sent,
        "delivered" => Status::Delivered,
        "read" => Status::Read,
        _ => Status::Failed(problem),
    };
    Ok(rows.into_iter().map(|(_, word, problem, at)| (status(&word, problem), at)).collect())
}

pub(super) fn forget_early(tx: &mut Tx<'_>, before: UtcTime) -> Result<()> {
    diesel::delete(statuses::table.filter(statuses::created_at.lt(before))).execute(tx.conn)?;
    Ok(())
}
