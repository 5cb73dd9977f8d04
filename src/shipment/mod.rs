//! Parcels: what leaves in one box. A parcel and the quantities of the order's lines always move
//! together, so that what is packed, shipped and returned adds up.

mod store;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::event::{self, Event};
use crate::ids::{LineId, OrderId, ShipmentId};
use crate::order::{self, Line, Order, Quantities};
use crate::time::UtcTime;

crate::text_enum! {
    /// Where a parcel is.
    pub enum ShipmentState {
        /// Planned.
        Draft = "draft",
        /// Being put together.
        Picking = "picking",
        /// Closed.
        Packed = "packed",
        /// Left the shop.
        Shipped = "shipped",
        /// Arrived.
        Delivered = "delivered",
        /// Taken apart again.
        Cancelled = "cancelled",
    }
}

/// A parcel.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Shipment {
    /// Key.
    pub id: ShipmentId,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// Number within the order, from 1.
    pub position: i64,
    /// Where it is.
    pub state: ShipmentState,
    /// Who carries it.
    pub carrier: String,
    /// Tracking number.
    pub tracking: String,
    /// Who packed it.
    pub packed_by: String,
    /// When it was planned.
    pub created_at: UtcTime,
    /// When it was closed.
    pub packed_at: Option<UtcTime>,
    /// When it left.
    pub shipped_at: Option<UtcTime>,
    /// When it arrived.
    pub delivered_at: Option<UtcTime>,
}

/// Units of a line in a parcel.
#[derive(Clone, Copy, Debug, diesel::Queryable)]
pub struct Content {
    /// The parcel.
    pub shipment_id: ShipmentId,
    /// The line.
    pub line_id: LineId,
    /// Units.
    pub quantity: i64,
}

/// How far the goods of an order have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing packed.
    Open,
    /// Everything in closed parcels.
    Packed,
    /// Everything left.
    Shipped,
    /// Everything arrived.
    Delivered,
}

/// Carrier and tracking number as staff enter them.
#[derive(Clone, Debug, Default)]
pub struct Tracking {
    /// Who carries it.
    pub carrier: String,
    /// Number.
    pub number: String,
}

/// Parcels of an order that were not taken apart, by position.
pub fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Shipment>> {
    Ok(store::of_order(conn, order)?.into_iter().filter(|s| s.state != ShipmentState::Cancelled).collect())
}

/// Parcels of several orders that were not taken apart, by order and position.
pub fn of_orders(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Shipment>> {
    Ok(store::of_orders(conn, orders)?.into_iter().filter(|s| s.state != ShipmentState::Cancelled).collect())
}

/// What is in these parcels.
pub fn contents(conn: &mut Conn, shipments: &[ShipmentId]) -> Result<Vec<Content>> {
    store::contents(conn, shipments)
}

/// Brings the goods of an order to a level, forward or back: packs what is open into one parcel,
/// sends, receives, takes apart. Updates the order's fulfilment status; does not save the order.
pub fn bring_to(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, level: Level, tracking: &Tracking) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let mut parcels = of_order(tx.conn, order.id)?;
    if level >= Level::Packed {
        pack_open(tx, actor, order, &mut lines, &mut parcels)?;
    }
    for parcel in &mut parcels {
        step(tx, actor, parcel, &mut lines, level, tracking)?;
    }
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    finish(tx, order, &lines, &parcels)
}

/// Puts every open unit into one new closed parcel.
fn pack_open(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    lines: &mut [Line],
    parcels: &mut Vec<Shipment>,
) -> Result<()> {
    let open: Vec<(usize, i64)> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.requires_shipping && line.quantities().open() > 0)
        .map(|(index, line)| (index, line.quantities().open()))
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    let parcel = store::insert(tx, order.id, actor.name())?;
    for (index, quantity) in open {
        let line = &mut lines[index];
        store::insert_content(tx, parcel.id, line.id, quantity)?;
        line.packed_quantity += quantity;
    }
    record(tx, actor, &parcel)?;
    parcels.push(parcel);
    Ok(())
}

/// Moves one parcel to the level, with its lines' quantities.
fn step(
    tx: &mut Tx<'_>,
    actor: &Actor,
    parcel: &mut Shipment,
    lines: &mut [Line],
    level: Level,
    tracking: &Tracking,
) -> Result<()> {
    let wanted = match level {
        Level::Open => ShipmentState::Cancelled,
        Level::Packed => ShipmentState::Packed,
        Level::Shipped => ShipmentState::Shipped,
        Level::Delivered => ShipmentState::Delivered,
    };
    if parcel.state == wanted {
        return Ok(());
    }
    let had_left = matches!(parcel.state, ShipmentState::Shipped | ShipmentState::Delivered);
    let leaves = matches!(wanted, ShipmentState::Shipped | ShipmentState::Delivered);
    for content in contents(tx.conn, &[parcel.id])? {
        let Some(line) = lines.iter_mut().find(|line| line.id == content.line_id) else { continue };
        if had_left {
            line.shipped_quantity -= content.quantity;
        } else {
            line.packed_quantity -= content.quantity;
        }
        match wanted {
            ShipmentState::Shipped | ShipmentState::Delivered => line.shipped_quantity += content.quantity,
            ShipmentState::Packed => line.packed_quantity += content.quantity,
            ShipmentState::Draft | ShipmentState::Picking | ShipmentState::Cancelled => {}
        }
    }
    parcel.state = wanted;
    if leaves && !had_left {
        parcel.shipped_at = Some(tx.now);
        if parcel.tracking.is_empty() {
            parcel.carrier = tracking.carrier.clone();
            parcel.tracking = tracking.number.clone();
        }
    }
    if !leaves {
        parcel.shipped_at = None;
    }
    parcel.delivered_at = (wanted == ShipmentState::Delivered).then_some(tx.now);
    store::save(tx, parcel)?;
    record(tx, actor, parcel)
}

/// Sends one parcel. Updates the order's fulfilment status; does not save the order.
pub fn send(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, parcel: ShipmentId, tracking: &Tracking) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let mut parcels = of_order(tx.conn, order.id)?;
    for parcel in parcels.iter_mut().filter(|known| known.id == parcel) {
        step(tx, actor, parcel, &mut lines, Level::Shipped, tracking)?;
    }
    finish(tx, order, &lines, &parcels)
}

/// Takes everything that has not left out of the order, or puts it back. Does not save the order.
pub fn cancel_open(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order) -> Result<()> {
    bring_back_unsent(tx, actor, order)?;
    let mut lines = order::lines(tx.conn, order.id)?;
    for line in &mut lines {
        line.cancelled_quantity += line.quantities().open();
    }
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)
}

/// Undoes [`cancel_open`]: what was open is open again. `before` are the units of lines that had been
/// taken out earlier, which stay out. Does not save the order.
pub fn reinstate(tx: &mut Tx<'_>, order: &mut Order, before: &[(i64, i64)]) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    for line in &mut lines {
        line.cancelled_quantity = before.iter().find(|(id, _)| *id == line.id.0).map_or(0, |(_, units)| *units);
    }
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)
}

/// Where a parcel was before a move that is taken back.
#[derive(Clone, Debug)]
pub struct Former {
    /// Public identifier of the parcel.
    pub parcel: String,
    /// Its state then.
    pub state: ShipmentState,
    /// Its carrier and number then.
    pub tracking: Tracking,
    /// Since when.
    pub at: UtcTime,
}

/// Brings parcels back to where they were before a move made at `moved_at`; those it made are taken
/// apart. Does not save the order.
pub fn put_back(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    formers: &[Former],
    moved_at: UtcTime,
) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let mut parcels = store::of_order(tx.conn, order.id)?;
    for parcel in &mut parcels {
        let Some(former) = formers.iter().find(|former| former.parcel == parcel.uid) else { continue };
        let state = if parcel.created_at == moved_at { ShipmentState::Cancelled } else { former.state };
        shift(tx, parcel, &mut lines, state)?;
        parcel.shipped_at = match state {
            ShipmentState::Shipped => Some(former.at),
            ShipmentState::Delivered => parcel.shipped_at.or(Some(former.at)),
            ShipmentState::Draft | ShipmentState::Picking | ShipmentState::Packed | ShipmentState::Cancelled => None,
        };
        parcel.delivered_at = (state == ShipmentState::Delivered).then_some(former.at);
        parcel.carrier = former.tracking.carrier.clone();
        parcel.tracking = former.tracking.number.clone();
        store::save(tx, parcel)?;
        record(tx, actor, parcel)?;
    }
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    finish(tx, order, &lines, &parcels)
}

/// Gives a parcel another state and moves the units of its lines with it.
fn shift(tx: &mut Tx<'_>, parcel: &mut Shipment, lines: &mut [Line], state: ShipmentState) -> Result<()> {
    for content in contents(tx.conn, &[parcel.id])? {
        let Some(line) = lines.iter_mut().find(|line| line.id == content.line_id) else { continue };
        for (at, sign) in [(parcel.state, -1), (state, 1)] {
            match at {
                ShipmentState::Shipped | ShipmentState::Delivered => line.shipped_quantity += sign * content.quantity,
                ShipmentState::Packed => line.packed_quantity += sign * content.quantity,
                ShipmentState::Draft | ShipmentState::Picking | ShipmentState::Cancelled => {}
            }
        }
    }
    parcel.state = state;
    Ok(())
}

fn bring_back_unsent(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let mut parcels = of_order(tx.conn, order.id)?;
    for parcel in parcels.iter_mut().filter(|p| !matches!(p.state, ShipmentState::Shipped | ShipmentState::Delivered)) {
        step(tx, actor, parcel, &mut lines, Level::Open, &Tracking::default())?;
    }
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    finish(tx, order, &lines, &parcels)
}

/// Records that everything shipped came back, or that it did not after all. Does not save the order.
pub fn receive_back(tx: &mut Tx<'_>, order: &mut Order, received: Received) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    for line in &mut lines {
        line.returned_quantity = match received {
            Received::Everything => line.shipped_quantity,
            Received::Nothing => 0,
        };
    }
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Every unit that was shipped.
    Everything,
    /// None.
    Nothing,
}

/// Writes what was shipped before the desk knew the order. `shipped` holds units per line.
pub fn record_past(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    shipped: &[i64],
    state: ShipmentState,
    at: UtcTime,
    tracking: &Tracking,
) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let units: Vec<i64> = lines
        .iter()
        .zip(shipped)
        .map(|(line, units)| if line.requires_shipping { (*units).clamp(0, line.quantity) } else { 0 })
        .collect();
    if units.iter().all(|units| *units == 0) {
        return Ok(());
    }
    let mut parcel = store::insert(tx, order.id, actor.name())?;
    for (line, quantity) in lines.iter_mut().zip(&units).filter(|(_, units)| **units > 0) {
        store::insert_content(tx, parcel.id, line.id, *quantity)?;
        match state {
            ShipmentState::Shipped | ShipmentState::Delivered => line.shipped_quantity += quantity,
            ShipmentState::Draft | ShipmentState::Picking | ShipmentState::Packed | ShipmentState::Cancelled => {
                line.packed_quantity += quantity;
            }
        }
    }
    parcel.state = state;
    parcel.carrier = tracking.carrier.clone();
    parcel.tracking = tracking.number.clone();
    parcel.packed_at = Some(at);
    parcel.shipped_at = matches!(state, ShipmentState::Shipped | ShipmentState::Delivered).then_some(at);
    parcel.delivered_at = (state == ShipmentState::Delivered).then_some(at);
    store::save(tx, &parcel)?;
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)
}

/// Computes an order's fulfilment status and the worth of what was taken out anew, after its lines were
/// edited. Does not save the order.
pub fn recount(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    let lines = order::lines(tx.conn, order.id)?;
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)
}

fn finish(tx: &mut Tx<'_>, order: &mut Order, lines: &[Line], parcels: &[Shipment]) -> Result<()> {
    let stored = order::lines(tx.conn, order.id)?;
    for (line, before) in lines.iter().zip(&stored) {
        if line.quantities() != before.quantities() {
            order::save_quantities(tx, line)?;
        }
    }
    let quantities: Vec<Quantities> = lines.iter().map(Line::quantities).collect();
    let all_delivered = !parcels.is_empty() && parcels.iter().all(|parcel| parcel.state == ShipmentState::Delivered);
    order.cancelled_minor = lines.iter().map(|line| line.cancelled_worth(order.tax_included)).sum();
    order.fulfilment_status = order::status::fulfilment(&quantities, all_delivered);
    Ok(())
}

fn record(tx: &mut Tx<'_>, actor: &Actor, parcel: &Shipment) -> Result<()> {
    let changed = Event::ShipmentChanged {
        shipment: parcel.uid.clone(),
        position: parcel.position,
        state: parcel.state.as_str().into(),
        carrier: parcel.carrier.clone(),
        tracking: parcel.tracking.clone(),
    };
    event::record(tx, actor, Some(parcel.order_id), &changed)
}
