//! The tables of parcels.

use diesel::prelude::*;

use super::{Content, Shipment, ShipmentState};
use crate::db::schema::{shipment_lines, shipments};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{LineId, OrderId, ShipmentId, new_uid};
use crate::load_by_keys;

pub(super) fn order_of(conn: &mut Conn, uid: &str) -> Result<Option<OrderId>> {
    Ok(shipments::table.filter(shipments::uid.eq(uid)).select(shipments::order_id).first(conn).optional()?)
}

pub(super) fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Shipment>> {
    of_orders(conn, &[order])
}

pub(super) fn of_orders(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Shipment>> {
    let keys: Vec<i64> = orders.iter().map(|id| id.0).collect();
    let by_place = (shipments::order_id.asc(), shipments::position.asc());
    Ok(load_by_keys!(conn, shipments::order_id, keys, are => shipments::table.filter(are).order(by_place)))
}

pub(super) fn contents(conn: &mut Conn, of: &[ShipmentId]) -> Result<Vec<Content>> {
    let keys: Vec<i64> = of.iter().map(|id| id.0).collect();
    let by_line = (shipment_lines::shipment_id.asc(), shipment_lines::line_id.asc());
    Ok(load_by_keys!(conn, shipment_lines::shipment_id, keys, are => shipment_lines::table.filter(are).order(by_line)))
}

/// Every parcel of an order, those that were taken apart too, and what is in them: one question.
pub(super) fn with_contents(conn: &mut Conn, order: OrderId) -> Result<(Vec<Shipment>, Vec<Content>)> {
    let rows: Vec<(Shipment, Option<Content>)> = shipments::table
        .left_join(shipment_lines::table)
        .filter(shipments::order_id.eq(order.0))
        .order((shipments::position.asc(), shipments::id.asc(), shipment_lines::line_id.asc()))
        .load(conn)?;
    let (mut parcels, mut contents): (Vec<Shipment>, Vec<Content>) = (Vec::new(), Vec::new());
    for (parcel, content) in rows {
        if parcels.last().is_none_or(|last| last.id != parcel.id) {
            parcels.push(parcel);
        }
        contents.extend(content);
    }
    Ok((parcels, contents))
}

/// A new parcel with the next number among those that were not taken apart.
pub(super) fn insert(tx: &mut Tx<'_>, order: OrderId, state: ShipmentState, packed_by: &str) -> Result<Shipment> {
    let last: Option<i64> = shipments::table
        .filter(shipments::order_id.eq(order.0).and(shipments::state.ne(ShipmentState::Cancelled)))
        .select(diesel::dsl::max(shipments::position))
        .get_result(tx.conn)?;
    let is_closed = state == ShipmentState::Packed;
    Ok(diesel::insert_into(shipments::table)
        .values((
            shipments::uid.eq(new_uid()),
            shipments::order_id.eq(order.0),
            shipments::position.eq(last.unwrap_or(0) + 1),
            shipments::state.eq(state),
            shipments::packed_by.eq(if is_closed { packed_by } else { "" }),
            shipments::created_at.eq(tx.now),
            shipments::packed_at.eq(is_closed.then_some(tx.now)),
        ))
        .returning(shipments::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn insert_content(tx: &mut Tx<'_>, shipment: ShipmentId, line: LineId, quantity: i64) -> Result<()> {
    diesel::insert_into(shipment_lines::table)
        .values((
            shipment_lines::shipment_id.eq(shipment.0),
            shipment_lines::line_id.eq(line.0),
            shipment_lines::quantity.eq(quantity),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Counts one more unit of a line in a parcel as scanned, never more than belong in. Returns whether it did.
pub(super) fn count_in(tx: &mut Tx<'_>, shipment: ShipmentId, line: LineId) -> Result<bool> {
    let content = shipment_lines::table.find((shipment.0, line.0));
    let counted = diesel::update(content.filter(shipment_lines::scanned.lt(shipment_lines::quantity)))
        .set(shipment_lines::scanned.eq(shipment_lines::scanned + 1))
        .execute(tx.conn)?;
    Ok(counted == 1)
}

/// Forgets what was scanned into a parcel.
pub(super) fn count_anew(tx: &mut Tx<'_>, shipment: ShipmentId) -> Result<()> {
    diesel::update(shipment_lines::table.filter(shipment_lines::shipment_id.eq(shipment.0)))
        .set(shipment_lines::scanned.eq(0))
        .execute(tx.conn)?;
    Ok(())
}

/// Leaves this many units of a line in a parcel, to be counted anew; none takes the line out.
pub(super) fn save_content(tx: &mut Tx<'_>, shipment: ShipmentId, line: LineId, quantity: i64) -> Result<()> {
    let content = shipment_lines::table.find((shipment.0, line.0));
    if quantity == 0 {
        diesel::delete(content).execute(tx.conn)?;
    } else {
        diesel::update(content)
            .set((shipment_lines::quantity.eq(quantity), shipment_lines::scanned.eq(0)))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn save(tx: &mut Tx<'_>, parcel: &Shipment) -> Result<()> {
    diesel::update(shipments::table.find(parcel.id.0))
        .set((
            shipments::state.eq(parcel.state),
            shipments::carrier.eq(&parcel.carrier),
            shipments::tracking.eq(&parcel.tracking),
            shipments::packed_at.eq(parcel.packed_at),
            shipments::packed_by.eq(&parcel.packed_by),
            shipments::shipped_at.eq(parcel.shipped_at),
            shipments::delivered_at.eq(parcel.delivered_at),
        ))
        .execute(tx.conn)?;
    Ok(())
}
