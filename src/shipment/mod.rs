//! Parcels: what leaves in one box. A parcel and the quantities of the order's lines always move
//! together, so that what is packed, shipped and returned adds up.

pub mod api;
pub mod pages;
pub mod pages_form;
pub mod pages_pack;
pub mod pages_panel;
pub mod pages_tracking;
mod parcels;
mod paste;
mod store;
pub mod tracking;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::event::{self, Event};
use crate::ids::{LineId, OrderId, ShipmentId};
use crate::order::{self, Line, Order, Quantities};
use crate::time::UtcTime;
use crate::workflow::Base;

pub use parcels::{Units, cancel_units, change, count_in, find, make, retrack};

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

impl ShipmentState {
    /// Whether the parcel is on its way or has arrived.
    pub fn has_left(self) -> bool {
        matches!(self, ShipmentState::Shipped | ShipmentState::Delivered)
    }
    /// How far along it is; nothing for one that was taken apart.
    fn progress(self) -> usize {
        match self {
            ShipmentState::Cancelled => 0,
            ShipmentState::Draft => 1,
            ShipmentState::Picking => 2,
            ShipmentState::Packed => 3,
            ShipmentState::Shipped => 4,
            ShipmentState::Delivered => 5,
        }
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

impl Shipment {
    /// The word for where it is: its state, or that its order holds it back.
    pub fn word(&self, order: &Order) -> &'static str {
        if self.is_held(order) { "on_hold" } else { self.state.as_str() }
    }
    /// Whether it has not left and a hold of its order keeps it.
    pub fn is_held(&self, order: &Order) -> bool {
        order.base == Base::OnHold && !self.state.has_left() && self.state != ShipmentState::Cancelled
    }
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
    /// Units of them that were scanned while it is packed.
    pub scanned: i64,
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

impl Tracking {
    /// With the carrier that the number names, where none was given and no other has such numbers.
    pub fn with_carrier(&self) -> Tracking {
        let carrier = match self.carrier.trim() {
            "" => tracking::guess(&self.number).only().unwrap_or_default().to_owned(),
            given => given.to_owned(),
        };
        Tracking { carrier, number: self.number.clone() }
    }
}

/// The order of the parcel with that public identifier.
///
/// # Errors
/// Missing if there is none.
pub fn order_of(conn: &mut Conn, uid: &str) -> Result<OrderId> {
    store::order_of(conn, uid)?.ok_or_else(|| Error::Missing(format!("shipment {uid}")))
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

/// Brings the goods of an order to a level, forward or back: sends, receives, takes apart. Updates the
/// order's fulfilment status; does not save the order.
pub fn bring_to(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, level: Level) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let (mut parcels, contents) = with_contents(tx.conn, order, &lines)?;
    for parcel in &mut parcels {
        step(tx, actor, parcel, &contents, &mut lines, level, &Tracking::default())?;
    }
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    finish(tx, order, &lines, &parcels)
}

/// Brings the goods of an order forward to a level: packs what is open into one parcel, sends or
/// receives the parcels that are not so far yet. The carrier's number is that of the first parcel sent
/// that has none. Updates the order's fulfilment status; does not save the order. Returns how many of the parcels
/// that left by it have no number.
pub fn bring_up_to(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    level: Level,
    tracking: &Tracking,
) -> Result<usize> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let (mut parcels, mut contents) = with_contents(tx.conn, order, &lines)?;
    pack_open(tx, actor, order, &mut lines, &mut parcels, &mut contents)?;
    let (mut given, none) = (Some(tracking.with_carrier()), Tracking::default());
    let mut bare = 0;
    for parcel in parcels.iter_mut().filter(|parcel| parcel.state.progress() < state_of(level).progress()) {
        let takes = !parcel.state.has_left() && parcel.tracking.is_empty();
        let number = if takes { given.take().unwrap_or_default() } else { none.clone() };
        step(tx, actor, parcel, &contents, &mut lines, level, &number)?;
        bare += usize::from(takes && parcel.state.has_left() && parcel.tracking.is_empty());
    }
    finish(tx, order, &lines, &parcels)?;
    Ok(bare)
}

fn state_of(level: Level) -> ShipmentState {
    match level {
        Level::Open => ShipmentState::Cancelled,
        Level::Packed => ShipmentState::Packed,
        Level::Shipped => ShipmentState::Shipped,
        Level::Delivered => ShipmentState::Delivered,
    }
}

/// Puts every open unit into one new closed parcel.
fn pack_open(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    lines: &mut [Line],
    parcels: &mut Vec<Shipment>,
    contents: &mut Vec<Content>,
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
    let parcel = store::insert(tx, order.id, ShipmentState::Packed, actor.name())?;
    for (index, quantity) in open {
        let line = &mut lines[index];
        store::insert_content(tx, parcel.id, line.id, quantity)?;
        contents.push(Content { shipment_id: parcel.id, line_id: line.id, quantity, scanned: 0 });
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
    contents: &[Content],
    lines: &mut [Line],
    level: Level,
    tracking: &Tracking,
) -> Result<()> {
    let (was, wanted) = (parcel.state, state_of(level));
    if was == wanted {
        return Ok(());
    }
    shift(parcel, contents, lines, wanted);
    stamp(tx, actor, parcel, was);
    if wanted.has_left() && !was.has_left() && parcel.tracking.is_empty() {
        parcel.carrier = tracking.carrier.clone();
        parcel.tracking = tracking.number.clone();
    }
    store::save(tx, parcel)?;
    record(tx, actor, parcel)
}

/// Writes down when a parcel that was in another state got where it is, and who closed it.
fn stamp(tx: &Tx<'_>, actor: &Actor, parcel: &mut Shipment, was: ShipmentState) {
    let is_open = |state| matches!(state, ShipmentState::Draft | ShipmentState::Picking);
    if is_open(parcel.state) {
        parcel.packed_at = None;
        parcel.packed_by = String::new();
    } else if is_open(was) && parcel.state != ShipmentState::Cancelled {
        parcel.packed_at = Some(tx.now);
        parcel.packed_by = actor.name().to_owned();
    }
    if parcel.state.has_left() {
        parcel.shipped_at = parcel.shipped_at.or(Some(tx.now));
    } else {
        parcel.shipped_at = None;
    }
    parcel.delivered_at = (parcel.state == ShipmentState::Delivered).then_some(tx.now);
}

/// Takes everything that has not left out of the order, and parcels that have not left apart. Does not save
/// the order.
pub fn cancel_open(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let (mut parcels, contents) = with_contents(tx.conn, order, &lines)?;
    for parcel in parcels.iter_mut().filter(|parcel| !parcel.state.has_left()) {
        step(tx, actor, parcel, &contents, &mut lines, Level::Open, &Tracking::default())?;
    }
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    for line in &mut lines {
        line.cancelled_quantity += line.quantities().open();
    }
    finish(tx, order, &lines, &parcels)
}

/// Undoes [`cancel_open`]: what was open is open again. `before` are the units of lines that had been
/// taken out earlier, which stay out. Does not save the order.
pub fn reinstate(tx: &mut Tx<'_>, order: &mut Order, before: &[(i64, i64)]) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    for line in &mut lines {
        line.cancelled_quantity = before.iter().find(|(id, _)| *id == line.id.0).map_or(0, |(_, units)| *units);
    }
    let (parcels, _) = with_contents(tx.conn, order, &lines)?;
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
    if formers.is_empty() {
        return recount(tx, order);
    }
    let mut lines = order::lines(tx.conn, order.id)?;
    let (mut parcels, contents) = store::with_contents(tx.conn, order.id)?;
    for parcel in &mut parcels {
        let Some(former) = formers.iter().find(|former| former.parcel == parcel.uid) else { continue };
        let state = if parcel.created_at == moved_at { ShipmentState::Cancelled } else { former.state };
        shift(parcel, &contents, &mut lines, state);
        parcel.shipped_at = match state {
            ShipmentState::Shipped => Some(former.at),
            ShipmentState::Delivered => parcel.shipped_at.or(Some(former.at)),
            ShipmentState::Draft | ShipmentState::Picking | ShipmentState::Packed | ShipmentState::Cancelled => None,
        };
        parcel.delivered_at = (state == ShipmentState::Delivered).then_some(former.at);
        if matches!(state, ShipmentState::Draft | ShipmentState::Picking) {
            parcel.packed_at = None;
            parcel.packed_by = String::new();
            store::count_anew(tx, parcel.id)?;
        }
        parcel.carrier = former.tracking.carrier.clone();
        parcel.tracking = former.tracking.number.clone();
        store::save(tx, parcel)?;
        record(tx, actor, parcel)?;
    }
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    finish(tx, order, &lines, &parcels)
}

/// Gives a parcel another state and moves the units of its lines with it.
fn shift(parcel: &mut Shipment, contents: &[Content], lines: &mut [Line], state: ShipmentState) {
    for content in contents.iter().filter(|content| content.shipment_id == parcel.id) {
        let Some(line) = lines.iter_mut().find(|line| line.id == content.line_id) else { continue };
        for (at, sign) in [(parcel.state, -1), (state, 1)] {
            match at {
                ShipmentState::Shipped | ShipmentState::Delivered => line.shipped_quantity += sign * content.quantity,
                ShipmentState::Draft | ShipmentState::Picking | ShipmentState::Packed => {
                    line.packed_quantity += sign * content.quantity;
                }
                ShipmentState::Cancelled => {}
            }
        }
    }
    parcel.state = state;
}

/// The parcels of an order that were not taken apart, and what is in them. An order none of whose units is
/// packed or has left has none.
fn with_contents(conn: &mut Conn, order: &Order, lines: &[Line]) -> Result<(Vec<Shipment>, Vec<Content>)> {
    if lines.iter().all(|line| line.packed_quantity == 0 && line.shipped_quantity == 0) {
        return Ok((Vec::new(), Vec::new()));
    }
    let (mut parcels, contents) = store::with_contents(conn, order.id)?;
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    Ok((parcels, contents))
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
    let mut parcel = store::insert(tx, order.id, ShipmentState::Packed, actor.name())?;
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
    parcel.shipped_at = state.has_left().then_some(at);
    parcel.delivered_at = (state == ShipmentState::Delivered).then_some(at);
    store::save(tx, &parcel)?;
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)
}

/// Computes an order's fulfilment status and the worth of what was taken out anew, after its lines were
/// edited or came back. Does not save the order.
pub fn recount(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    let lines = order::lines(tx.conn, order.id)?;
    let (parcels, _) = with_contents(tx.conn, order, &lines)?;
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
