//! The tables of notes and messages.

use diesel::prelude::*;

use super::{Audience, Direction, Message, MessageState, Note, PAGE};
use crate::actor::Actor;
use crate::db::schema::{messages, notes};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{OrderId, new_uid};
use crate::time::UtcTime;

pub(super) fn notes(conn: &mut Conn, of: &[OrderId]) -> Result<Vec<Note>> {
    let mut found = Vec::new();
    for chunk in of.chunks(10_000) {
        let keys: Vec<i64> = chunk.iter().map(|id| id.0).collect();
        found.extend(
            notes::table
                .filter(notes::order_id.eq_any(keys).and(notes::deleted_at.is_null()))
                .order((notes::order_id.asc(), notes::id.asc()))
                .load::<Note>(conn)?,
        );
    }
    Ok(found)
}

pub(super) fn messages(conn: &mut Conn, of: OrderId) -> Result<Vec<Message>> {
    Ok(messages::table
        .filter(messages::order_id.eq(of.0))
        .order((messages::created_at.asc(), messages::id.asc()))
        .load(conn)?)
}

pub(super) fn insert_note(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: OrderId,
    audience: Audience,
    body: &str,
    at: UtcTime,
) -> Result<Note> {
    Ok(diesel::insert_into(notes::table)
        .values((
            notes::uid.eq(new_uid()),
            notes::order_id.eq(order.0),
            notes::audience.eq(audience),
            notes::body.eq(body),
            notes::author_id.eq(actor.staff().map(|id| id.0)),
            notes::author_name.eq(actor.name()),
            notes::created_at.eq(at),
        ))
        .returning(notes::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn save_note(tx: &mut Tx<'_>, note: &Note) -> Result<()> {
    diesel::update(notes::table.find(note.id.0))
        .set((notes::body.eq(&note.body), notes::edited_at.eq(note.edited_at), notes::deleted_at.eq(note.deleted_at)))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn insert_message(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: OrderId,
    direction: Direction,
    transport: &str,
    body: &str,
    at: UtcTime,
) -> Result<Message> {
    let state = match direction {
        Direction::In => MessageState::Delivered,
        Direction::Out => MessageState::Sent,
    };
    Ok(diesel::insert_into(messages::table)
        .values((
            messages::uid.eq(new_uid()),
            messages::order_id.eq(order.0),
            messages::direction.eq(direction),
            messages::transport.eq(transport),
            messages::body.eq(body),
            messages::author_name.eq(actor.name()),
            messages::state.eq(state),
            messages::created_at.eq(at),
        ))
        .returning(messages::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn mark_read(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    let unread = messages::order_id.eq(order.0).and(messages::read_at.is_null());
    diesel::update(messages::table.filter(unread.and(messages::direction.eq(Direction::In))))
        .set(messages::read_at.eq(Some(tx.now)))
        .execute(tx.conn)?;
    Ok(())
}

/// Takes the mark of having been read from the customer's last message. Whether there is one.
pub(super) fn unread_last(tx: &mut Tx<'_>, order: OrderId) -> Result<bool> {
    let last: Option<i64> = messages::table
        .filter(messages::order_id.eq(order.0).and(messages::direction.eq(Direction::In)))
        .order((messages::created_at.desc(), messages::id.desc()))
        .select(messages::id)
        .first(tx.conn)
        .optional()?;
    let Some(last) = last else { return Ok(false) };
    diesel::update(messages::table.find(last)).set(messages::read_at.eq(None::<UtcTime>)).execute(tx.conn)?;
    Ok(true)
}

pub(super) fn mark_seen(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    let unread = messages::order_id.eq(order.0).and(messages::state.ne(MessageState::Read));
    let on_page = messages::direction.eq(Direction::Out).and(messages::transport.eq(PAGE));
    diesel::update(messages::table.filter(unread.and(on_page)))
        .set((messages::read_at.eq(Some(tx.now)), messages::state.eq(MessageState::Read)))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn all_notes(conn: &mut Conn, of: OrderId) -> Result<Vec<Note>> {
    Ok(notes::table.filter(notes::order_id.eq(of.0)).order(notes::id.asc()).load(conn)?)
}

pub(super) fn erase_messages(tx: &mut Tx<'_>, order: OrderId, erased: &str) -> Result<()> {
    diesel::update(messages::table.filter(messages::order_id.eq(order.0)))
        .set((messages::body.eq("This message was erased."), messages::details.eq(""), messages::problem.eq("")))
        .execute(tx.conn)?;
    let waiting = messages::order_id.eq(order.0).and(messages::state.eq(MessageState::Queued));
    diesel::update(messages::table.filter(waiting))
        .set((messages::state.eq(MessageState::Withdrawn), messages::due_at.eq(None::<UtcTime>)))
        .execute(tx.conn)?;
    diesel::update(messages::table.filter(messages::order_id.eq(order.0).and(messages::direction.eq(Direction::In))))
        .set(messages::author_name.eq(erased))
        .execute(tx.conn)?;
    Ok(())
}
