//! The table of attachments. What is in a file is read only when that file is wanted.

use diesel::prelude::*;

use super::Direction;
use super::attachments::Attachment;
use crate::db::schema::{attachments, messages};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::OrderId;
use crate::time::UtcTime;

/// The columns of [`Attachment`].
const FACTS: (
    attachments::uid,
    attachments::message_id,
    attachments::name,
    attachments::kind,
    attachments::size,
    attachments::width,
    attachments::height,
) = (
    attachments::uid,
    attachments::message_id,
    attachments::name,
    attachments::kind,
    attachments::size,
    attachments::width,
    attachments::height,
);

pub(super) fn count(conn: &mut Conn, message: i64) -> Result<i64> {
    Ok(attachments::table.filter(attachments::message_id.eq(message)).count().get_result(conn)?)
}

pub(super) fn insert(tx: &mut Tx<'_>, kept: &Attachment, bytes: &[u8]) -> Result<()> {
    diesel::insert_into(attachments::table)
        .values((
            attachments::uid.eq(&kept.uid),
            attachments::message_id.eq(kept.message_id),
            attachments::name.eq(&kept.name),
            attachments::kind.eq(kept.kind),
            attachments::size.eq(kept.size),
            attachments::width.eq(kept.width),
            attachments::height.eq(kept.height),
            attachments::created_at.eq(tx.now),
            attachments::content.eq(bytes),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Attachment>> {
    Ok(attachments::table
        .inner_join(messages::table)
        .filter(messages::order_id.eq(order.0))
        .order(attachments::id.asc())
        .select(FACTS)
        .load(conn)?)
}

pub(super) fn open(conn: &mut Conn, order: OrderId, uid: &str) -> Result<Option<(Attachment, String, Vec<u8>)>> {
    Ok(attachments::table
        .inner_join(messages::table)
        .filter(attachments::uid.eq(uid).and(messages::order_id.eq(order.0)))
        .select((FACTS, messages::transport, attachments::content))
        .first(conn)
        .optional()?)
}

pub(super) fn of_message(conn: &mut Conn, message: i64) -> Result<Vec<(Attachment, Vec<u8>)>> {
    Ok(attachments::table
        .filter(attachments::message_id.eq(message))
        .order(attachments::id.asc())
        .select((FACTS, attachments::content))
        .load(conn)?)
}

/// Bytes that the customer sent about an order since then.
pub(super) fn received_since(conn: &mut Conn, order: OrderId, since: UtcTime) -> Result<i64> {
    let sizes: Vec<i64> = attachments::table
        .inner_join(messages::table)
        .filter(messages::order_id.eq(order.0).and(messages::direction.eq(Direction::In)))
        .filter(attachments::created_at.gt(since))
        .select(attachments::size)
        .load(conn)?;
    Ok(sizes.iter().sum())
}

pub(super) fn erase(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    let of_order: Vec<i64> =
        messages::table.filter(messages::order_id.eq(order.0)).select(messages::id).load(tx.conn)?;
    diesel::delete(attachments::table.filter(attachments::message_id.eq_any(of_order))).execute(tx.conn)?;
    Ok(())
}
