//! One parcel at a time: filled from the order or out of another one, packed, sent, followed, taken
//! apart. Whether the order is in a stage for it is decided in `moves`; nothing here saves the order.

use super::{
    Content, Shipment, ShipmentState, Tracking, contents, finish, of_order, record, shift, stamp, store, with_contents,
};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event, UnitsFact};
use crate::ids::{LineId, ShipmentId};
use crate::order::{self, Line, Order};

/// Units of a line by its public identifier, as a form names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// Public identifier of the line.
    pub line: String,
    /// How many.
    pub quantity: i64,
}

/// The parcel of an order with that public identifier.
///
/// # Errors
/// Missing if there is none, or if it was taken apart.
pub fn find(conn: &mut Conn, order: &Order, uid: &str) -> Result<Shipment> {
    let found = of_order(conn, order.id)?.into_iter().find(|parcel| parcel.uid == uid);
    found.ok_or_else(|| Error::Missing(format!("such parcel of order {}", order.number)))
}

/// Puts units into a new parcel: out of another one that has not left, or of what is in none yet. One
/// made out of another is as far as that one.
///
/// # Errors
/// Refuses units that are not there, an empty parcel, and emptying the other one.
pub fn make(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    from: Option<&Shipment>,
    units: &[Units],
) -> Result<Shipment> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let inside = match from {
        Some(parcel) => contents(tx.conn, &[parcel.id])?,
        None => Vec::new(),
    };
    let there = |line: &Line| match from {
        Some(_) => inside_of(&inside, line.id),
        None if line.requires_shipping => line.quantities().open(),
        None => 0,
    };
    let taken = read_units(&lines, units, there, "in_parcel")?;
    let whole: i64 = inside.iter().map(|content| content.quantity).sum();
    if from.is_some() && taken.iter().map(|(_, quantity)| quantity).sum::<i64>() == whole {
        return Err(Refusal::invalid(
            "parcel.emptied",
            "That would leave nothing in the other parcel. Leave at least one unit in it.",
        )
        .into());
    }
    let state = from.map_or(ShipmentState::Draft, |parcel| parcel.state);
    let parcel = store::insert(tx, order.id, state, actor.name())?;
    for (index, quantity) in &taken {
        let line = &mut lines[*index];
        store::insert_content(tx, parcel.id, line.id, *quantity)?;
        match from {
            Some(other) => store::save_content(tx, other.id, line.id, inside_of(&inside, line.id) - quantity)?,
            None => line.packed_quantity += quantity,
        }
    }
    let made = Event::ParcelMade {
        shipment: parcel.uid.clone(),
        position: parcel.position,
        state: state.as_str().into(),
        out_of: from.map(|other| other.position),
        units: told(&lines, &taken),
    };
    event::record(tx, actor, Some(order.id), &made)?;
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)?;
    Ok(parcel)
}

fn inside_of(inside: &[Content], line: LineId) -> i64 {
    inside.iter().filter(|content| content.line_id == line).map(|content| content.quantity).sum()
}

/// Places and quantities of the lines that were named, none of them zero.
fn read_units(lines: &[Line], units: &[Units], there: impl Fn(&Line) -> i64, what: &str) -> Result<Vec<(usize, i64)>> {
    let mut taken: Vec<(usize, i64)> = Vec::new();
    for wanted in units.iter().filter(|wanted| wanted.quantity != 0) {
        let index = lines
            .iter()
            .position(|line| line.uid == wanted.line)
            .ok_or_else(|| Error::Missing("such line of the order".to_owned()))?;
        let (line, most) = (&lines[index], there(&lines[index]));
        let twice = taken.iter().any(|(known, _)| *known == index);
        if twice || wanted.quantity < 0 || wanted.quantity > most {
            let told = match (what, most) {
                ("in_parcel", 0) => format!("Nothing of {} is there to be put into a parcel.", line.title),
                (_, 0) => format!("Nothing of {} is left to cancel.", line.title),
                _ => format!("Enter a number from 0 to {most} for {}.", line.title),
            };
            return Err(Refusal::field("parcel.units", format!("units-{}", line.uid), told).into());
        }
        taken.push((index, wanted.quantity));
    }
    if taken.is_empty() {
        return Err(Refusal::invalid("parcel.empty", "Enter how many units of at least one line.").into());
    }
    Ok(taken)
}

fn told(lines: &[Line], taken: &[(usize, i64)]) -> Vec<UnitsFact> {
    taken
        .iter()
        .map(|(index, quantity)| UnitsFact {
            line: lines[*index].uid.clone(),
            title: lines[*index].title.clone(),
            quantity: *quantity,
        })
        .collect()
}

/// Brings one parcel into another state, with its lines' quantities. A parcel that leaves takes the
/// carrier and number along, if they are given.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    parcel: ShipmentId,
    to: ShipmentState,
    tracking: &Tracking,
) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let (mut parcels, contents) = with_contents(tx.conn, order, &lines)?;
    for parcel in parcels.iter_mut().filter(|known| known.id == parcel) {
        let was = parcel.state;
        shift(parcel, &contents, &mut lines, to);
        stamp(tx, actor, parcel, was);
        if to.has_left() && !tracking.number.is_empty() {
            let tracking = tracking.with_carrier();
            (parcel.carrier, parcel.tracking) = (tracking.carrier, tracking.number);
        } else if to.has_left() && !tracking.carrier.is_empty() {
            parcel.carrier = tracking.carrier.clone();
        }
        store::save(tx, parcel)?;
        // What is opened again is counted anew.
        if was == ShipmentState::Packed && matches!(to, ShipmentState::Draft | ShipmentState::Picking) {
            store::count_anew(tx, parcel.id)?;
        }
        record(tx, actor, parcel)?;
    }
    parcels.retain(|parcel| parcel.state != ShipmentState::Cancelled);
    finish(tx, order, &lines, &parcels)
}

/// Counts a unit of a line as scanned into a parcel.
///
/// # Errors
/// Refuses one more than belongs in.
pub fn count_in(tx: &mut Tx<'_>, parcel: ShipmentId, line: LineId) -> Result<()> {
    if store::count_in(tx, parcel, line)? {
        return Ok(());
    }
    Err(Refusal::field("pack.surplus", "code", "All of it are counted. Put this one back.").into())
}

/// Corrects who carries a parcel and its number. Returns whether that changed anything.
pub fn retrack(tx: &mut Tx<'_>, actor: &Actor, parcel: &Shipment, tracking: &Tracking) -> Result<bool> {
    let tracking = tracking.with_carrier();
    if (&parcel.carrier, &parcel.tracking) == (&tracking.carrier, &tracking.number) {
        return Ok(false);
    }
    let parcel = Shipment { carrier: tracking.carrier, tracking: tracking.number, ..parcel.clone() };
    store::save(tx, &parcel)?;
    record(tx, actor, &parcel)?;
    Ok(true)
}

/// Takes units that are in no parcel out of the order, for good.
///
/// # Errors
/// Refuses units that are not there, and taking the last of what was to be sent.
pub fn cancel_units(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    units: &[Units],
    reason: &str,
    note: &str,
) -> Result<()> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let open = |line: &Line| if line.requires_shipping { line.quantities().open() } else { 0 };
    let taken = read_units(&lines, units, open, "cancelled")?;
    for (index, quantity) in &taken {
        lines[*index].cancelled_quantity += quantity;
    }
    let ships = lines.iter().filter(|line| line.requires_shipping);
    if ships.map(|line| line.quantity - line.cancelled_quantity).sum::<i64>() == 0 {
        return Err(Refusal::state(
            "parcel.nothing_left",
            "That would leave nothing to send. Cancel the order instead.",
        )
        .into());
    }
    let cancelled = Event::UnitsCancelled { reason: reason.into(), note: note.into(), units: told(&lines, &taken) };
    event::record(tx, actor, Some(order.id), &cancelled)?;
    let parcels = of_order(tx.conn, order.id)?;
    finish(tx, order, &lines, &parcels)
}
