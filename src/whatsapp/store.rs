//! The table of what came in from WhatsApp; of messages sent it only reads.

use diesel::prelude::*;

use super::body::Arrival;
use super::{Kept, State, TRANSPORT, line};
use crate::conversation::{Direction, MessageState};
use crate::db::dialect::{self, MESSAGES_UNDER_WAY};
use crate::db::schema::{messages, whatsapp_messages as kept};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::OrderId;
use crate::time::UtcTime;

/// Writes a message down; nothing if it is here already.
pub(super) fn insert(tx: &mut Tx<'_>, new: &Arrival, state: State) -> Result<Option<i64>> {
    let media = new.media.as_ref();
    let statement = diesel::insert_into(kept::table)
        .values((
            kept::external_ref.eq(&new.external),
            kept::direction.eq(new.direction),
            kept::kind.eq(&new.kind),
            kept::phone.eq(&new.phone),
            kept::user_ref.eq(&new.user),
            kept::sender_name.eq(&new.name),
            kept::about_ref.eq(&new.about),
            kept::new_phone.eq(&new.new_phone),
            kept::body.eq(&new.body),
            kept::media_ref.eq(media.map_or("", |media| media.reference.as_str())),
            kept::media_mime.eq(media.map_or("", |media| media.mime.as_str())),
            kept::media_name.eq(media.map_or("", |media| media.name.as_str())),
            kept::state.eq(state),
            kept::due_at.eq(tx.now),
            kept::payload.eq(&new.raw),
            kept::said_at.eq(new.at.unwrap_or(tx.now).min(tx.now)),
            kept::created_at.eq(tx.now),
        ))
        .on_conflict(kept::external_ref)
        .do_nothing();
    if dialect::Both(statement).execute(tx.conn)? == 0 {
        return Ok(None);
    }
    Ok(Some(kept::table.filter(kept::external_ref.eq(&new.external)).select(kept::id).first(tx.conn)?))
}

pub(super) fn find(conn: &mut Conn, id: i64) -> Result<Option<Kept>> {
    Ok(kept::table.find(id).first(conn).optional()?)
}

/// Keys of what waits to be taken, oldest first.
pub(super) fn due(conn: &mut Conn, now: UtcTime, limit: i64) -> Result<Vec<i64>> {
    Ok(kept::table
        .filter(kept::state.eq(State::Waiting).and(kept::due_at.le(now)))
        .order(kept::id)
        .limit(limit)
        .select(kept::id)
        .load(conn)?)
}

/// Notes that a message was taken, and where it stands.
pub(super) fn settle(tx: &mut Tx<'_>, message: &Kept, order: Option<OrderId>, uid: Option<&str>) -> Result<()> {
    let payload = if line::is_in_words(&message.kind) { "" } else { message.payload.as_str() };
    diesel::update(kept::table.find(message.id))
        .set((
            kept::state.eq(State::Taken),
            kept::problem.eq(""),
            kept::payload.eq(payload),
            kept::order_id.eq(order.map(|id| id.0)),
            kept::message_uid.eq(uid),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Notes that a message could not be taken, and when it is tried again.
pub(super) fn put_back(tx: &mut Tx<'_>, id: i64, problem: &str, state: State, due: UtcTime) -> Result<()> {
    diesel::update(kept::table.find(id))
        .set((
            kept::state.eq(state),
            kept::problem.eq(problem),
            kept::attempts.eq(kept::attempts + 1),
            kept::due_at.eq(due),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The order in whose conversation this message of WhatsApp stands.
pub(super) fn order_of_ref(conn: &mut Conn, external: &str) -> Result<Option<OrderId>> {
    let found = kept::table.filter(kept::external_ref.eq(external)).select(kept::order_id);
    Ok(found.first::<Option<i64>>(conn).optional()?.flatten().map(OrderId))
}

/// What a message of WhatsApp says.
pub(super) fn body_of_ref(conn: &mut Conn, external: &str) -> Result<Option<String>> {
    Ok(kept::table.filter(kept::external_ref.eq(external)).select(kept::body).first(conn).optional()?)
}

/// The order that somebody with this name at WhatsApp last spoke of.
pub(super) fn order_of_user(conn: &mut Conn, user: &str) -> Result<Option<OrderId>> {
    let found = kept::table
        .filter(kept::user_ref.eq(user).and(kept::order_id.is_not_null()))
        .order((kept::said_at.desc(), kept::id.desc()))
        .select(kept::order_id);
    Ok(found.first::<Option<i64>>(conn).optional()?.flatten().map(OrderId))
}

/// Numbers that were changed to this one.
pub(super) fn former_phones(conn: &mut Conn, phone: &str) -> Result<Vec<String>> {
    Ok(kept::table
        .filter(kept::new_phone.eq(phone).and(kept::phone.ne("")))
        .select(kept::phone)
        .distinct()
        .limit(10)
        .load(conn)?)
}

/// What was said since then by or to people who have no order, oldest first.
pub(super) fn loose(conn: &mut Conn, since: UtcTime, limit: i64) -> Result<Vec<Kept>> {
    let mut found: Vec<Kept> = kept::table
        .filter(kept::order_id.is_null().and(kept::state.eq(State::Taken)).and(kept::dismissed_at.is_null()))
        .filter(kept::said_at.ge(since))
        .order((kept::said_at.desc(), kept::id.desc()))
        .limit(limit)
        .load(conn)?;
    found.reverse();
    Ok(found)
}

/// The same of one sender.
pub(super) fn loose_of(conn: &mut Conn, phones: &[String], user: &str, since: UtcTime) -> Result<Vec<Kept>> {
    let phones: Vec<&String> = phones.iter().filter(|phone| !phone.is_empty()).collect();
    let by_user = kept::user_ref.eq(user).and(kept::user_ref.ne(""));
    Ok(kept::table
        .filter(kept::order_id.is_null().and(kept::state.eq(State::Taken)).and(kept::dismissed_at.is_null()))
        .filter(kept::phone.eq_any(phones).or(by_user))
        .filter(kept::said_at.ge(since))
        .order((kept::said_at.asc(), kept::id.asc()))
        .limit(500)
        .load(conn)?)
}

pub(super) fn dismiss(tx: &mut Tx<'_>, ids: &[i64]) -> Result<usize> {
    Ok(diesel::update(kept::table.filter(kept::id.eq_any(ids.to_vec())))
        .set(kept::dismissed_at.eq(Some(tx.now)))
        .execute(tx.conn)?)
}

/// What could not be taken and what only concerns the account, newest first.
pub(super) fn aside(conn: &mut Conn, limit: i64) -> Result<Vec<Kept>> {
    Ok(kept::table
        .filter(kept::state.eq_any([State::Failed, State::Noted]))
        .order(kept::id.desc())
        .limit(limit)
        .load(conn)?)
}

/// How many wait or could not be taken.
pub(super) fn unsettled(conn: &mut Conn) -> Result<i64> {
    Ok(kept::table.filter(kept::state.eq_any([State::Failed, State::Waiting])).count().get_result(conn)?)
}

/// Takes everything that tells who somebody is out of what stands with these orders or came from these numbers.
pub(super) fn erase(tx: &mut Tx<'_>, orders: &[OrderId], phones: &[String], erased: &str) -> Result<()> {
    let orders: Vec<i64> = orders.iter().map(|id| id.0).collect();
    let theirs = kept::order_id.eq_any(orders).or(kept::phone.eq_any(phones.to_vec()).and(kept::phone.ne("")));
    diesel::update(kept::table.filter(theirs))
        .set((
            kept::phone.eq(""),
            kept::user_ref.eq(""),
            kept::new_phone.eq(""),
            kept::sender_name.eq(erased),
            kept::body.eq("This message was erased."),
            kept::media_ref.eq(""),
            kept::media_name.eq(""),
            kept::payload.eq(""),
            kept::dismissed_at.eq(Some(tx.now)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Forgets notices from before then.
pub(super) fn forget(tx: &mut Tx<'_>, before: UtcTime) -> Result<usize> {
    let old = kept::state.eq(State::Noted).and(kept::created_at.lt(before));
    Ok(diesel::delete(kept::table.filter(old)).execute(tx.conn)?)
}

/// The number from which somebody last wrote about an order, or to which they changed it.
pub(super) fn phone_of_order(conn: &mut Conn, order: OrderId) -> Result<Option<String>> {
    Ok(kept::table
        .filter(kept::order_id.eq(order.0).and(kept::direction.eq(Direction::In)).and(kept::phone.ne("")))
        .order((kept::said_at.desc(), kept::id.desc()))
        .select((kept::phone, kept::new_phone))
        .first::<(String, String)>(conn)
        .optional()?
        .map(|(phone, new)| if new.is_empty() { phone } else { new }))
}

/// What went wrong with the message that was last tried; empty if nothing did.
pub(super) fn last_problem(conn: &mut Conn) -> Result<String> {
    let tried = messages::transport.eq(TRANSPORT).and(messages::direction.eq(Direction::Out));
    let problem = messages::table
        .filter(tried.and(messages::attempts.gt(0)))
        .order(messages::id.desc())
        .select(messages::problem);
    Ok(problem.first(conn).optional()?.unwrap_or_default())
}

/// Messages that wait for their next try, by order.
pub(super) fn waiting(conn: &mut Conn) -> Result<Vec<(OrderId, String)>> {
    let queued = messages::transport.eq(TRANSPORT).and(messages::state.eq(MessageState::Queued));
    Ok(messages::table
        .filter(MESSAGES_UNDER_WAY.and(queued).and(messages::attempts.gt(0)))
        .order((messages::order_id, messages::id))
        .limit(500)
        .select((messages::order_id, messages::uid))
        .load(conn)?)
}

/// When the other side last wrote from one of these numbers.
pub(super) fn last_in(conn: &mut Conn, phones: &[String]) -> Result<Option<UtcTime>> {
    let theirs = kept::phone.eq_any(phones.to_vec()).and(kept::phone.ne(""));
    Ok(kept::table
        .filter(theirs.and(kept::direction.eq(Direction::In)).and(kept::kind.ne("system")))
        .order(kept::said_at.desc())
        .select(kept::said_at)
        .first(conn)
        .optional()?)
}
