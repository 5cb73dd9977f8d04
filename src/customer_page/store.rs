//! The table of secret addresses.

use diesel::prelude::*;

use super::Link;
use crate::db::schema::customer_links as links;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::OrderId;

pub(super) fn live(conn: &mut Conn, order: OrderId) -> Result<Option<Link>> {
    let of = links::order_id.eq(order.0).and(links::revoked_at.is_null());
    Ok(links::table.filter(of).first(conn).optional()?)
}

/// Whether an order ever had a secret address.
pub(super) fn had_one(conn: &mut Conn, order: OrderId) -> Result<bool> {
    let any: Option<i64> = links::table.filter(links::order_id.eq(order.0)).select(links::id).first(conn).optional()?;
    Ok(any.is_some())
}

pub(super) fn by_token(conn: &mut Conn, token: &str) -> Result<Option<Link>> {
    Ok(links::table.filter(links::token.eq(token)).first(conn).optional()?)
}

pub(super) fn insert(tx: &mut Tx<'_>, order: OrderId, token: &str) -> Result<Link> {
    Ok(diesel::insert_into(links::table)
        .values((links::order_id.eq(order.0), links::token.eq(token), links::created_at.eq(tx.now)))
        .returning(links::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn revoke(tx: &mut Tx<'_>, link: i64) -> Result<()> {
    diesel::update(links::table.find(link)).set(links::revoked_at.eq(Some(tx.now))).execute(tx.conn)?;
    Ok(())
}

pub(super) fn forget(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    diesel::delete(links::table.filter(links::order_id.eq(order.0))).execute(tx.conn)?;
    Ok(())
}
