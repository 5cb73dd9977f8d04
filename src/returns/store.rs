//! The tables of returns.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::{Return, ReturnLine, ReturnState};
use crate::db::dialect::OPEN_RETURNS;
use crate::db::schema::{orders, return_lines, returns};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{LineId, OrderId, ReturnId, new_uid};
use crate::reach::Reach;
use crate::time::UtcTime;

pub(super) fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Return>> {
    Ok(returns::table.filter(returns::order_id.eq(order.0)).order(returns::position.asc()).load(conn)?)
}

pub(super) fn contents(conn: &mut Conn, of: &[ReturnId]) -> Result<Vec<ReturnLine>> {
    let keys: Vec<i64> = of.iter().map(|id| id.0).collect();
    Ok(return_lines::table
        .filter(return_lines::return_id.eq_any(keys))
        .order((return_lines::return_id.asc(), return_lines::line_id.asc()))
        .load(conn)?)
}

pub(super) fn open(conn: &mut Conn, reach: &Reach, limit: i64) -> Result<Vec<(i64, String, Return)>> {
    Ok(returns::table
        .inner_join(orders::table.on(orders::id.eq(returns::order_id)))
        .filter(OPEN_RETURNS)
        .filter(sql::<Bool>(&reach.holds("orders.market_id")))
        .order((returns::requested_at.asc(), returns::id.asc()))
        .select((orders::number, orders::customer_name, returns::all_columns))
        .limit(limit)
        .load(conn)?)
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    order: OrderId,
    state: ReturnState,
    reason: &str,
    note: &str,
    by: &str,
    at: UtcTime,
) -> Result<Return> {
    let last: Option<i64> = returns::table
        .filter(returns::order_id.eq(order.0))
        .select(diesel::dsl::max(returns::position))
        .get_result(tx.conn)?;
    Ok(diesel::insert_into(returns::table)
        .values((
            returns::uid.eq(new_uid()),
            returns::order_id.eq(order.0),
            returns::position.eq(last.unwrap_or(0) + 1),
            returns::state.eq(state),
            returns::reason.eq(reason),
            returns::note.eq(note),
            returns::requested_at.eq(at),
            returns::requested_by.eq(by),
        ))
        .returning(returns::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn insert_content(tx: &mut Tx<'_>, of: ReturnId, line: LineId, quantity: i64) -> Result<()> {
    diesel::insert_into(return_lines::table)
        .values((
            return_lines::return_id.eq(of.0),
            return_lines::line_id.eq(line.0),
            return_lines::quantity.eq(quantity),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn save_content(tx: &mut Tx<'_>, content: &ReturnLine) -> Result<()> {
    diesel::update(return_lines::table.find((content.return_id.0, content.line_id.0)))
        .set((
            return_lines::restock.eq(content.restock),
            return_lines::damaged.eq(content.damaged),
            return_lines::discard.eq(content.discard),
            return_lines::missing.eq(content.missing),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn save(tx: &mut Tx<'_>, changed: &Return) -> Result<()> {
    diesel::update(returns::table.find(changed.id.0))
        .set((
            returns::state.eq(changed.state),
            returns::answer.eq(&changed.answer),
            returns::decided_at.eq(changed.decided_at),
            returns::decided_by.eq(&changed.decided_by),
            returns::received_at.eq(changed.received_at),
            returns::received_by.eq(&changed.received_by),
            returns::closed_at.eq(changed.closed_at),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Note, answer, and who asked.
pub(super) fn set_words(tx: &mut Tx<'_>, id: ReturnId, [note, answer, by]: &[String; 3]) -> Result<()> {
    diesel::update(returns::table.find(id.0))
        .set((returns::note.eq(note), returns::answer.eq(answer), returns::requested_by.eq(by)))
        .execute(tx.conn)?;
    Ok(())
}
