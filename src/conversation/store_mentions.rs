//! The table of mentions.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Note;
use super::mentions::Mention;
use crate::db::schema::{mentions, notes, orders};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{OrderId, StaffId};
use crate::reach::Reach;
use crate::time::UtcTime;

pub(super) fn keep(tx: &mut Tx<'_>, note: &Note, called: &[StaffId]) -> Result<()> {
    let known: Vec<i64> =
        mentions::table.filter(mentions::note_id.eq(note.id.0)).select(mentions::staff_id).load(tx.conn)?;
    let gone: Vec<i64> = known.iter().copied().filter(|id| !called.contains(&StaffId(*id))).collect();
    if !gone.is_empty() {
        diesel::delete(mentions::table.filter(mentions::note_id.eq(note.id.0).and(mentions::staff_id.eq_any(gone))))
            .execute(tx.conn)?;
    }
    for id in called.iter().filter(|id| !known.contains(&id.0)) {
        diesel::insert_into(mentions::table)
            .values((
                mentions::note_id.eq(note.id.0),
                mentions::order_id.eq(note.order_id.0),
                mentions::staff_id.eq(id.0),
                mentions::created_at.eq(tx.now),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn of_person(conn: &mut Conn, reach: &Reach, person: StaffId, limit: i64) -> Result<Vec<Mention>> {
    Ok(mentions::table
        .inner_join(notes::table)
        .inner_join(orders::table)
        .filter(mentions::staff_id.eq(person.0).and(notes::deleted_at.is_null()))
        .filter(sql::<Bool>(&reach.holds("orders.market_id")))
        .order(mentions::id.desc())
        .limit(limit)
        .select((
            orders::number,
            orders::customer_name,
            notes::uid,
            notes::body,
            notes::author_name,
            notes::created_at,
            mentions::seen_at,
        ))
        .load(conn)?)
}

pub(super) fn unseen(conn: &mut Conn, reach: &Reach, person: StaffId) -> Result<i64> {
    let own = mentions::staff_id.eq(person.0).and(mentions::seen_at.is_null());
    let within = sql::<Bool>(&reach.holds("orders.market_id"));
    Ok(mentions::table.inner_join(orders::table).filter(own).filter(within).count().get_result(conn)?)
}

pub(super) fn waits(conn: &mut Conn, order: OrderId, person: StaffId) -> Result<bool> {
    let waiting: Vec<i64> = mentions::table
        .filter(mentions::staff_id.eq(person.0).and(mentions::order_id.eq(order.0)).and(mentions::seen_at.is_null()))
        .select(mentions::id)
        .limit(1)
        .load(conn)?;
    Ok(!waiting.is_empty())
}

pub(super) fn see(tx: &mut Tx<'_>, order: OrderId, person: StaffId) -> Result<()> {
    let own = mentions::staff_id.eq(person.0).and(mentions::order_id.eq(order.0));
    diesel::update(mentions::table.filter(own.and(mentions::seen_at.is_null())))
        .set(mentions::seen_at.eq(Some::<UtcTime>(tx.now)))
        .execute(tx.conn)?;
    Ok(())
}
