//! The table of who is here.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::presence::Here;
use crate::db::schema::{orders, presences, staff};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{OrderId, StaffId};
use crate::on_each_database;
use crate::time::UtcTime;

pub(super) fn come(tx: &mut Tx<'_>, order: OrderId, person: StaffId, until: UtcTime) -> Result<()> {
    let sql = "INSERT INTO presences (order_id, staff_id, until_at) VALUES ($1, $2, $3) \
               ON CONFLICT (order_id, staff_id) DO UPDATE SET until_at = excluded.until_at";
    on_each_database!(tx.conn, conn => diesel::sql_query(sql)
        .bind::<BigInt, _>(order.0)
        .bind::<BigInt, _>(person.0)
        .bind::<BigInt, _>(until.0)
        .execute(conn))?;
    Ok(())
}

pub(super) fn go(tx: &mut Tx<'_>, order: OrderId, person: StaffId) -> Result<()> {
    diesel::delete(presences::table.find((order.0, person.0))).execute(tx.conn)?;
    Ok(())
}

pub(super) fn all(conn: &mut Conn, now: UtcTime) -> Result<Vec<Here>> {
    Ok(presences::table
        .inner_join(orders::table)
        .inner_join(staff::table)
        .filter(presences::until_at.gt(now).and(staff::disabled_at.is_null()))
        .order((orders::number.asc(), staff::name.asc(), staff::id.asc()))
        .select((orders::number, orders::market_id, staff::id, staff::name))
        .load(conn)?)
}

pub(super) fn forget(tx: &mut Tx<'_>) -> Result<()> {
    diesel::delete(presences::table.filter(presences::until_at.le(tx.now))).execute(tx.conn)?;
    Ok(())
}
