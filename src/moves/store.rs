//! The tables of holds and decisions, and the timers' queries.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::MoveRequest;
use super::hold::Hold;
use crate::actor::Actor;
use crate::db::schema::{decisions, holds, orders, stage_counts};
use crate::db::{Conn, Tx, dialect};
use crate::error::Result;
use crate::ids::{HoldId, OrderId, new_uid};
use crate::on_each_database;
use crate::time::UtcTime;
use crate::workflow::Base;

pub(super) fn holds_of(conn: &mut Conn, order: OrderId) -> Result<Vec<Hold>> {
    Ok(holds::table.filter(holds::order_id.eq(order.0)).order(holds::id.asc()).load(conn)?)
}

pub(super) fn insert_hold(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: OrderId,
    request: &MoveRequest,
    at: UtcTime,
) -> Result<Hold> {
    Ok(diesel::insert_into(holds::table)
        .values((
            holds::uid.eq(new_uid()),
            holds::order_id.eq(order.0),
            holds::reason.eq(&request.reason),
            holds::note.eq(&request.note),
            holds::until_at.eq(request.until),
            holds::stock_mode.eq(request.stock.as_str()),
            holds::placed_at.eq(at),
            holds::placed_by.eq(actor.name()),
        ))
        .returning(holds::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn release_hold(tx: &mut Tx<'_>, hold: HoldId, by: &str) -> Result<()> {
    diesel::update(holds::table.find(hold.0))
        .set((holds::released_at.eq(Some(tx.now)), holds::released_by.eq(Some(by))))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn reopen_holds(tx: &mut Tx<'_>, order: OrderId, released_at: UtcTime) -> Result<()> {
    diesel::update(holds::table.filter(holds::order_id.eq(order.0).and(holds::released_at.eq(Some(released_at)))))
        .set((holds::released_at.eq(None::<UtcTime>), holds::released_by.eq(None::<String>)))
        .execute(tx.conn)?;
    Ok(())
}

/// A decision to be kept.
pub(super) struct Decision<'a> {
    pub kind: &'a str,
    pub reason: &'a str,
    pub note: &'a str,
    pub refund: &'a str,
    pub at: UtcTime,
}

pub(super) fn insert_decision(tx: &mut Tx<'_>, actor: &Actor, order: OrderId, new: &Decision<'_>) -> Result<i64> {
    Ok(diesel::insert_into(decisions::table)
        .values((
            decisions::order_id.eq(order.0),
            decisions::kind.eq(new.kind),
            decisions::reason.eq(new.reason),
            decisions::note.eq(new.note),
            decisions::refund.eq(new.refund),
            decisions::decided_at.eq(new.at),
            decisions::decided_by.eq(actor.name()),
        ))
        .returning(decisions::id)
        .get_result(tx.conn)?)
}

pub(super) fn undo_decision(tx: &mut Tx<'_>, decision: i64) -> Result<()> {
    diesel::update(decisions::table.find(decision)).set(decisions::undone_at.eq(Some(tx.now))).execute(tx.conn)?;
    Ok(())
}

pub(super) fn due_to_abandon(conn: &mut Conn, now: UtcTime, limit: i64) -> Result<Vec<i64>> {
    Ok(orders::table
        .filter(orders::abandon_at.le(now).and(orders::base.eq(Base::Placed)))
        .select(orders::number)
        .order(orders::abandon_at.asc())
        .limit(limit)
        .load(conn)?)
}

pub(super) fn due_to_release(conn: &mut Conn, now: UtcTime, limit: i64) -> Result<Vec<(i64, String)>> {
    Ok(holds::table
        .inner_join(orders::table.on(orders::id.eq(holds::order_id)))
        .filter(holds::released_at.is_null().and(holds::until_at.le(now)))
        .select((orders::number, holds::uid))
        .order(holds::until_at.asc())
        .limit(limit)
        .load(conn)?)
}

/// Orders that stand in a stage.
pub(super) fn orders_in_stage(conn: &mut Conn, slug: &str) -> Result<i64> {
    let counts: Vec<i64> =
        stage_counts::table.filter(stage_counts::stage.eq(slug)).select(stage_counts::orders).load(conn)?;
    Ok(counts.iter().sum())
}

/// Orders on hold or put away that come back to a stage of the shop's own.
pub(super) fn orders_coming_back(conn: &mut Conn, slug: &str) -> Result<i64> {
    Ok(orders::table
        .filter(orders::resume_stage.eq(slug).and(orders::resume_stage.ne(orders::resume_base)))
        .count()
        .get_result(conn)?)
}

/// Where an order stands, as far as closing its stage is concerned.
#[derive(diesel::QueryableByName)]
pub(super) struct Standing {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    pub stage: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub resume_stage: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub stage_entered_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub abandon_at: Option<i64>,
}

impl Standing {
    pub fn id(&self) -> OrderId {
        OrderId(self.id)
    }
}

/// Locks some of the orders that stand in a stage of the shop's own or come back to it.
pub(super) fn lock_stage_orders(conn: &mut Conn, slug: &str, limit: i64) -> Result<Vec<Standing>> {
    let sql = format!(
        "SELECT id, stage, resume_stage, stage_entered_at, abandon_at FROM orders \
         WHERE stage = $1 OR (resume_stage = $2 AND resume_stage IS NOT NULL AND resume_stage <> resume_base) \
         ORDER BY id LIMIT $3{}",
        dialect::for_update(conn)
    );
    Ok(on_each_database!(conn, conn => diesel::sql_query(sql)
        .bind::<Text, _>(slug)
        .bind::<Text, _>(slug)
        .bind::<BigInt, _>(limit)
        .load(conn))?)
}

/// Lets locked orders stand in a sibling of their stage, or come back to it.
pub(super) fn move_to_sibling(tx: &mut Tx<'_>, found: &[Standing], from: &str, to: &str) -> Result<()> {
    let keys = || found.iter().map(|order| order.id).collect::<Vec<_>>();
    let again = (orders::updated_at.eq(tx.now), orders::version.eq(orders::version + 1));
    diesel::update(orders::table.filter(orders::id.eq_any(keys()))).set(again).execute(tx.conn)?;
    diesel::update(orders::table.filter(orders::id.eq_any(keys()).and(orders::stage.eq(from))))
        .set(orders::stage.eq(to))
        .execute(tx.conn)?;
    diesel::update(orders::table.filter(orders::id.eq_any(keys()).and(orders::resume_stage.eq(from))))
        .set(orders::resume_stage.eq(to))
        .execute(tx.conn)?;
    Ok(())
}
