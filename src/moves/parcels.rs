//! What happens to single parcels, and the stage that follows: packing the first one makes an order
//! Processed, sending the last open unit makes it Shipped, the arrival of the last parcel Delivered,
//! each in the same transaction. Nothing of it happens while a hold is open.

use super::{
    Actor, Authority, Base, Edge, Event, Kind, MoveOutcome, MoveRequest, Moved, Order, Parcels, Shortage, Stages, Tx,
    UNDO_SECONDS, Undoing, before, check, event, move_to_stage, numbered, open_holds, order, payment, settle_stock,
    shipment, store, take,
};
use crate::db::Conn;
use crate::error::{Refusal, RefusalKind, Result};
use crate::shipment::{Shipment, ShipmentState, Tracking, Units};

/// What came of a change of a parcel.
#[derive(Clone, Debug)]
pub struct ParcelOutcome {
    /// The order as it is now.
    pub order: Order,
    /// The parcel as it is now.
    pub parcel: Shipment,
    /// Whether anything changed: not when it was so already.
    pub changed: bool,
    /// The move that followed, if the stage changed.
    pub moved: Option<MoveOutcome>,
}

/// Puts units into a new parcel, out of another one or of what is in none yet.
///
/// # Errors
/// Stale as [`order::find_for_change`]; a state refusal while the order is on hold or in a stage where
/// nothing is packed; as [`shipment::make`].
pub fn split(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    from: Option<&str>,
    units: &[Units],
) -> Result<ParcelOutcome> {
    let mut order = order::find_for_change(tx, number, version)?;
    may_work(tx.conn, &order)?;
    let from = from.map(|uid| shipment::find(tx.conn, &order, uid)).transpose()?;
    if from.as_ref().is_some_and(|parcel| parcel.state.has_left()) {
        return Err(Refusal::state("parcel.has_left", "This parcel has left, so it cannot be split.").into());
    }
    let parcel = shipment::make(tx, actor, &mut order, from.as_ref(), units)?;
    order::save(tx, &mut order)?;
    Ok(ParcelOutcome { order, parcel, changed: true, moved: None })
}

/// Brings a parcel into another state: picked, packed, sent, arrived, taken apart, or back. Being there
/// already is success without change.
///
/// # Errors
/// Missing for an unknown parcel; stale as [`order::find_for_change`]; a state refusal while the order
/// is on hold, in a stage where it is not packed or sent, or not paid as its way of paying asks;
/// forbidden for taking a sent parcel back without the right to correct.
pub fn change_parcel(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    uid: &str,
    to: ShipmentState,
    request: &MoveRequest,
) -> Result<ParcelOutcome> {
    super::check_note(request)?;
    let order = order::find_for_change(tx, number, None)?;
    let parcel = shipment::find(tx.conn, &order, uid)?;
    if parcel.state == to {
        return Ok(ParcelOutcome { order, parcel, changed: false, moved: None });
    }
    let mut order = order::find_for_change(tx, number, request.version)?;
    may_change(tx, actor, &order, &parcel, to, request)?;
    shipment::change(tx, actor, &mut order, parcel.id, to, &request.tracking)?;
    let (order, moved) = land(tx, actor, order, request)?;
    if !request.tracking.number.is_empty() {
        order::reindex(tx, &order)?;
    }
    let parcel = if to == ShipmentState::Cancelled {
        Shipment { state: to, ..parcel }
    } else {
        shipment::find(tx.conn, &order, uid)?
    };
    Ok(ParcelOutcome { order, parcel, changed: true, moved })
}

fn may_change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    parcel: &Shipment,
    to: ShipmentState,
    request: &MoveRequest,
) -> Result<()> {
    if parcel.state.has_left() && (!to.has_left() || to == ShipmentState::Shipped) {
        return may_take_back(tx, actor, order, parcel, to, request);
    }
    match to {
        ShipmentState::Delivered if parcel.state == ShipmentState::Shipped => Ok(()),
        ShipmentState::Delivered => {
            Err(Refusal::state("parcel.not_sent", "This parcel has not left yet. Ship it first.").into())
        }
        ShipmentState::Shipped => {
            may_work(tx.conn, order)?;
            if parcel.state != ShipmentState::Packed {
                return Err(Refusal::state("parcel.not_packed", "This parcel is not packed yet. Pack it first.").into());
            }
            numbered::check_one(tx, order, parcel, request)?;
            let edge = Edge { from: Base::Processed, to: Base::Shipped, kind: Kind::Forward };
            check(tx, order, &edge, request)
        }
        ShipmentState::Packed if order.base == Base::Approved => {
            may_work(tx.conn, order)?;
            let edge = Edge { from: Base::Approved, to: Base::Processed, kind: Kind::Forward };
            check(tx, order, &edge, request)
        }
        ShipmentState::Packed | ShipmentState::Picking | ShipmentState::Draft | ShipmentState::Cancelled => {
            may_work(tx.conn, order)
        }
    }
}

/// Parcels are packed and sent while the order is approved or processed and nothing holds it.
pub(super) fn may_work(conn: &mut Conn, order: &Order) -> Result<()> {
    let number = order.shown_number();
    if !open_holds(conn, order.id)?.is_empty() {
        let told = format!("{number} is on hold. Release the hold before its parcels are packed or sent.");
        return Err(Refusal::state("parcel.on_hold", told).into());
    }
    if matches!(order.base, Base::Approved | Base::Processed) {
        return Ok(());
    }
    let label = Stages::load(conn)?.label(&order.stage);
    let told = match order.base {
        Base::Placed | Base::Confirmed | Base::Abandoned => {
            format!("{number} is {label}. Approve it before its parcels are packed or sent.")
        }
        _ => format!("{number} is {label}, so nothing of it is left to pack or send."),
    };
    Err(Refusal::state("parcel.stage", told).into())
}

/// A sent parcel is taken back by those who may correct, or by whoever sent it last, for a while.
fn may_take_back(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    parcel: &Shipment,
    to: ShipmentState,
    request: &MoveRequest,
) -> Result<()> {
    if !matches!(to, ShipmentState::Packed | ShipmentState::Shipped) {
        return Err(Refusal::state("parcel.has_left", "This parcel has left. Take it back to Packed first.").into());
    }
    if !matches!(order.base, Base::Processed | Base::Shipped | Base::Delivered) {
        let label = Stages::load(tx.conn)?.label(&order.stage);
        let told = format!("{} is {label}, so its parcels stay as they are.", order.shown_number());
        return Err(Refusal::state("parcel.stage", told).into());
    }
    let lines = order::lines(tx.conn, order.id)?;
    if lines.iter().any(|line| line.returned_quantity > 0) || crate::returns::open_count(tx.conn, order.id)? > 0 {
        let told = "Something of this order came back or is in a return, so its parcels stay as they are.";
        return Err(Refusal::state("parcel.returned", told).into());
    }
    let last = event::last_change(tx.conn, order.id)?;
    let is_theirs = last.is_some_and(|last| {
        matches!(&last.event, Event::ShipmentChanged { shipment, .. } if *shipment == parcel.uid)
            && last.actor_kind == actor.kind()
            && last.actor_key == actor.key()
            && tx.now.seconds_since(last.at) <= UNDO_SECONDS
    });
    if is_theirs || request.authority == Authority::Corrects {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "order.correction_forbidden",
        "Taking a sent parcel back needs the right to correct orders. Ask a manager or the owner.",
    )
    .into())
}

/// Corrects who carries a parcel and its number.
///
/// # Errors
/// Missing for an unknown parcel; stale as [`order::find_for_change`].
pub fn retrack_parcel(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    uid: &str,
    tracking: &Tracking,
) -> Result<ParcelOutcome> {
    let mut order = order::find_for_change(tx, number, version)?;
    let parcel = shipment::find(tx.conn, &order, uid)?;
    let changed = shipment::retrack(tx, actor, &parcel, tracking)?;
    if changed {
        order::save(tx, &mut order)?;
        order::reindex(tx, &order)?;
    }
    let parcel = shipment::find(tx.conn, &order, uid)?;
    Ok(ParcelOutcome { order, parcel, changed, moved: None })
}

/// Gives the parcel of an order that waits for one its tracking number and sends it, packing the order
/// first if it is not packed. A number that a parcel has already changes nothing.
///
/// # Errors
/// As [`change_parcel`]; a state refusal if several parcels wait, because nobody can tell which is meant.
pub fn ship_with(tx: &mut Tx<'_>, actor: &Actor, number: i64, request: &MoveRequest) -> Result<ParcelOutcome> {
    let mut order = order::find_for_change(tx, number, None)?;
    let wanted = shipment::tracking::plain(&request.tracking.number);
    let parcels = shipment::of_order(tx.conn, order.id)?;
    let same = |parcel: &&Shipment| shipment::tracking::plain(&parcel.tracking) == wanted;
    if let Some(parcel) = parcels.iter().find(same).filter(|parcel| parcel.state.has_left()) {
        return Ok(ParcelOutcome { order, parcel: parcel.clone(), changed: false, moved: None });
    }
    let request = MoveRequest { undoing: Undoing::Never, ..request.clone() };
    if order.base == Base::Approved {
        may_work(tx.conn, &order)?;
        let stage = Stages::load(tx.conn)?.default_of(Base::Processed)?.slug.clone();
        let packing = MoveRequest { to: stage, version: None, tracking: Tracking::default(), ..request.clone() };
        order = move_to_stage(tx, actor, number, &packing)?.order;
    }
    let parcels = shipment::of_order(tx.conn, order.id)?;
    let mut waiting = parcels.iter().filter(|parcel| !parcel.state.has_left());
    let parcel = match (waiting.find(same_number(&wanted)), waiting_ones(&parcels).as_slice()) {
        (Some(parcel), _) => parcel.clone(),
        (None, [only]) => (*only).clone(),
        (None, []) => {
            may_work(tx.conn, &order)?;
            let told = format!("No parcel of {} waits to be sent.", order.shown_number());
            return Err(Refusal::state("parcel.none_waits", told).into());
        }
        (None, many) => {
            let told = format!(
                "{} parcels of {} wait to be sent. Open the order and ship the right one.",
                many.len(),
                order.shown_number()
            );
            return Err(Refusal::state("parcel.several_wait", told).into());
        }
    };
    if parcel.state != ShipmentState::Packed {
        let packing = MoveRequest { version: None, tracking: Tracking::default(), ..request.clone() };
        change_parcel(tx, actor, number, &parcel.uid, ShipmentState::Packed, &packing)?;
    }
    change_parcel(tx, actor, number, &parcel.uid, ShipmentState::Shipped, &MoveRequest { version: None, ..request })
}

fn same_number(wanted: &str) -> impl FnMut(&&Shipment) -> bool {
    move |parcel| !wanted.is_empty() && shipment::tracking::plain(&parcel.tracking) == wanted
}

fn waiting_ones(parcels: &[Shipment]) -> Vec<&Shipment> {
    parcels.iter().filter(|parcel| !parcel.state.has_left()).collect()
}

/// Takes units that are in no parcel out of the order: what cannot be sent is cancelled, its worth is
/// no longer owed, and if everything else has left the order is Shipped.
///
/// # Errors
/// Invalid without a reason; a state refusal as [`split`]; as [`shipment::cancel_units`].
pub fn cancel_remaining(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    units: &[Units],
    request: &MoveRequest,
) -> Result<(Order, Option<MoveOutcome>)> {
    let mut order = order::find_for_change(tx, number, request.version)?;
    let reasons = super::lifecycle::CANCEL_REASONS;
    if !reasons.iter().any(|(key, _)| *key == request.reason) {
        let known = reasons.iter().map(|(key, _)| (*key).to_owned()).collect();
        return Err(Refusal::field("order.reason_missing", "reason", "Choose a reason.").allowing(known).into());
    }
    super::check_note(request)?;
    may_work(tx.conn, &order)?;
    let (reason, note, at) = (request.reason.as_str(), request.note.as_str(), tx.now);
    store::insert_decision(
        tx,
        actor,
        order.id,
        &store::Decision { kind: "cancel_units", reason, note, refund: "", restock: true, notify: false, at },
    )?;
    shipment::cancel_units(tx, actor, &mut order, units, reason, note)?;
    payment::resettle(tx, &mut order)?;
    land(tx, actor, order, &MoveRequest { undoing: Undoing::Never, ..request.clone() })
}

/// Saves the order and moves it to the stage that its parcels have reached, if that is another one.
fn land(
    tx: &mut Tx<'_>,
    actor: &Actor,
    mut order: Order,
    request: &MoveRequest,
) -> Result<(Order, Option<MoveOutcome>)> {
    let lines = order::lines(tx.conn, order.id)?;
    let parcels = shipment::of_order(tx.conn, order.id)?;
    let ships = || lines.iter().filter(|line| line.requires_shipping);
    let all_left = ships().all(|line| line.quantities().open() == 0 && line.packed_quantity == 0);
    let any_packed = parcels.iter().any(|parcel| parcel.state.has_left() || parcel.state == ShipmentState::Packed);
    let all_arrived = parcels.iter().all(|parcel| parcel.state == ShipmentState::Delivered);
    let (to, kind) = match order.base {
        Base::Approved if any_packed => (Base::Processed, Kind::Forward),
        Base::Processed if all_left && !parcels.is_empty() => (Base::Shipped, Kind::Forward),
        Base::Shipped if all_left && all_arrived => (Base::Delivered, Kind::Forward),
        Base::Shipped | Base::Delivered if !all_left => (Base::Processed, Kind::Correction),
        Base::Delivered if !all_arrived => (Base::Shipped, Kind::Correction),
        _ => {
            settle_stock(tx, actor, &order, "parcel", Shortage::Refuses)?;
            order::save(tx, &mut order)?;
            return Ok((order, None));
        }
    };
    let stage = Stages::load(tx.conn)?.default_of(to)?.clone();
    let outcome = match kind {
        Kind::Forward => {
            let edge = Edge { from: order.base, to, kind };
            // What was typed is on one of the parcels already.
            let request = MoveRequest {
                to: stage.slug.clone(),
                tracking: Tracking::default(),
                parcels: Parcels::Lead,
                ..request.clone()
            };
            take(tx, actor, order, &edge, &stage, &request)?
        }
        _ => back(tx, actor, order, to, request)?,
    };
    Ok((outcome.order.clone(), Some(outcome)))
}

/// Takes the stage back behind a parcel that was taken back, leaving the other parcels alone.
fn back(tx: &mut Tx<'_>, actor: &Actor, mut order: Order, to: Base, request: &MoveRequest) -> Result<MoveOutcome> {
    let stages = Stages::load(tx.conn)?;
    let target = stages.default_of(to)?.clone();
    let moved = Moved {
        from: order.stage.clone(),
        to: target.slug.clone(),
        from_base: order.base.as_str().into(),
        to_base: to.as_str().into(),
        reason: "mistake".into(),
        note: request.note.clone(),
        before: before(&order),
        can_undo: true,
        quiet: true,
    };
    let from_label = stages.label(&order.stage);
    (order.stage, order.base, order.stage_entered_at) = (target.slug, to, tx.now);
    settle_stock(tx, actor, &order, "parcel", Shortage::Refuses)?;
    order::save(tx, &mut order)?;
    event::record(tx, actor, Some(order.id), &Event::OrderMoved(moved))?;
    Ok(MoveOutcome { order, changed: true, from_label, to_label: target.label, can_undo: true })
}
