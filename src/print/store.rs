//! What papers need of many orders at once, in a fixed number of queries.

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::{holds, notes, order_charges};
use crate::error::Result;
use crate::ids::OrderId;
use crate::order::Charge;

/// Charges of these orders by order and position.
pub(super) fn charges(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Charge>> {
    let keys = orders.iter().map(|order| order.0);
    Ok(order_charges::table
        .filter(order_charges::order_id.eq_any(keys))
        .order((order_charges::order_id.asc(), order_charges::position.asc()))
        .load(conn)?)
}

/// Notes of these orders that the customer may read, oldest first. Internal ones are never read here.
pub(super) fn customer_notes(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<(OrderId, String)>> {
    let keys = orders.iter().map(|order| order.0);
    Ok(notes::table
        .filter(notes::order_id.eq_any(keys))
        .filter(notes::audience.eq("customer"))
        .filter(notes::deleted_at.is_null())
        .order((notes::order_id.asc(), notes::id.asc()))
        .select((notes::order_id, notes::body))
        .load(conn)?)
}

/// Reasons of the open holds of these orders, oldest first.
pub(super) fn open_holds(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<(OrderId, String)>> {
    let keys = orders.iter().map(|order| order.0);
    Ok(holds::table
        .filter(holds::order_id.eq_any(keys))
        .filter(holds::released_at.is_null())
        .order((holds::order_id.asc(), holds::id.asc()))
        .select((holds::order_id, holds::reason))
        .load(conn)?)
}
