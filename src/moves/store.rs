//! The tables of holds and decisions, and the timers' queries.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::MoveRequest;
use super::hold::Hold;
use crate::actor::Actor;
use crate::db::schema::{decisions, holds, orders};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{HoldId, MarketId, OrderId, new_uid};
use crate::time::UtcTime;
use crate::workflow::Base;
use crate::{load_by_keys, on_each_database};

pub(super) fn holds_of(conn: &mut Conn, order: OrderId) -> Result<Vec<Hold>> {
    Ok(holds::table.filter(holds::order_id.eq(order.0)).order(holds::id.asc()).load(conn)?)
}

pub(super) fn open_holds_of(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Hold>> {
    let keys: Vec<i64> = orders.iter().map(|id| id.0).collect();
    let by_order = (holds::order_id.asc(), holds::id.asc());
    Ok(load_by_keys!(conn, holds::order_id, keys, are => {
        holds::table.filter(are.and(holds::released_at.is_null())).order(by_order)
    }))
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
    /// Whether its goods are given back to the shelf.
    pub restock: bool,
    /// Whether the customer is told, if the stage says so.
    pub notify: bool,
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
            decisions::restock.eq(new.restock),
            decisions::notify.eq(new.notify),
            decisions::decided_at.eq(new.at),
            decisions::decided_by.eq(actor.name()),
        ))
        .returning(decisions::id)
        .get_result(tx.conn)?)
}

/// Whether an order was approved once, be it undone since.
pub(super) fn was_approved(conn: &mut Conn, order: OrderId) -> Result<bool> {
    let approvals = decisions::table.filter(decisions::order_id.eq(order.0).and(decisions::kind.eq("approve")));
    Ok(approvals.count().get_result::<i64>(conn)? > 0)
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

/// Orders of a market that stand in a stage, past shipping and not put away, since `since` or longer and
/// are not to wait for something else.
pub(super) fn standing_since(
    conn: &mut Conn,
    market: MarketId,
    stage: &str,
    since: UtcTime,
    now: UtcTime,
    limit: i64,
) -> Result<Vec<i64>> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        number: i64,
    }
    // The words of the index `orders_left`, without which no database would see that it fits.
    let sql = "SELECT number FROM orders WHERE market_id = $1 AND stage = $2 AND stage_entered_at <= $3 \
               AND base_rank >= 6 AND base_rank < 12 AND NOT EXISTS (SELECT 1 FROM timer_waits \
               WHERE timer_waits.order_id = orders.id AND timer_waits.until_at > $4) \
               ORDER BY stage_entered_at, id LIMIT $5";
    let found: Vec<Found> = on_each_database!(conn, conn => diesel::sql_query(sql)
        .bind::<BigInt, _>(market.0)
        .bind::<Text, _>(stage)
        .bind::<BigInt, _>(since.0)
        .bind::<BigInt, _>(now.0)
        .bind::<BigInt, _>(limit)
        .load(conn))?;
    Ok(found.into_iter().map(|found| found.number).collect())
}

/// Keeps timers from an order until then.
pub(super) fn wait_until(tx: &mut Tx<'_>, order: OrderId, until: UtcTime) -> Result<()> {
    let sql = "INSERT INTO timer_waits (order_id, until_at) VALUES ($1, $2) \
               ON CONFLICT (order_id) DO UPDATE SET until_at = excluded.until_at";
    on_each_database!(tx.conn, conn => diesel::sql_query(sql)
        .bind::<BigInt, _>(order.0)
        .bind::<BigInt, _>(until.0)
        .execute(conn))?;
    Ok(())
}

/// Takes out of the notes of an order's holds and decisions what tells who somebody is.
pub(super) fn erase(tx: &mut Tx<'_>, order: OrderId, replace: &dyn Fn(&str) -> String) -> Result<()> {
    let kept: Vec<(i64, String)> =
        holds::table.filter(holds::order_id.eq(order.0)).select((holds::id, holds::note)).load(tx.conn)?;
    for (id, note) in kept.into_iter().filter(|(_, note)| replace(note) != *note) {
        diesel::update(holds::table.find(id)).set(holds::note.eq(replace(&note))).execute(tx.conn)?;
    }
    let decided: Vec<(i64, String)> = decisions::table
        .filter(decisions::order_id.eq(order.0))
        .select((decisions::id, decisions::note))
        .load(tx.conn)?;
    for (id, note) in decided.into_iter().filter(|(_, note)| replace(note) != *note) {
        diesel::update(decisions::table.find(id)).set(decisions::note.eq(replace(&note))).execute(tx.conn)?;
    }
    Ok(())
}
