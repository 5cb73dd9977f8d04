//! Holds: reasons an order may not go on. Several may be open at once; only releasing the last one
//! moves the order back to where it was.

use super::{
    Base, Edge, Kind, MoveOutcome, MoveRequest, Shortage, check, move_to_stage, rule, settle_stock, store, take,
};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::event::{self, Event};
use crate::ids::{HoldId, OrderId};
use crate::order::{self, Order};
use crate::time::UtcTime;
use crate::workflow::Stages;

/// A reason an order may not go on.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Hold {
    /// Key.
    pub id: HoldId,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// Reason key of [`lifecycle::HOLD_REASONS`].
    pub reason: String,
    /// Words of staff.
    pub note: String,
    /// When it is released by itself.
    pub until_at: Option<UtcTime>,
    /// Whether stock stays reserved: `keep` or `free`.
    pub stock_mode: String,
    /// Since when.
    pub placed_at: UtcTime,
    /// Who placed it.
    pub placed_by: String,
    /// When it was released.
    pub released_at: Option<UtcTime>,
    /// Who released it.
    pub released_by: Option<String>,
}

/// Holds of an order that are open, oldest first.
pub fn open_holds(conn: &mut Conn, order: OrderId) -> Result<Vec<Hold>> {
    Ok(store::holds_of(conn, order)?.into_iter().filter(|hold| hold.released_at.is_none()).collect())
}

/// Holds of some orders that are open, by order, oldest first.
pub fn open_holds_of_many(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Hold>> {
    store::open_holds_of(conn, orders)
}

/// Puts an order on hold, or adds another hold to one that is already held.
///
/// # Errors
/// As [`move_to_stage`].
pub fn hold(tx: &mut Tx<'_>, actor: &Actor, number: i64, request: &MoveRequest) -> Result<MoveOutcome> {
    let order = order::find_for_change(tx, number, None)?;
    if order.base != Base::OnHold {
        let stages = Stages::load(tx.conn)?;
        let named = stages.find(&request.to).filter(|stage| stage.base == Base::OnHold && stage.active);
        let stage = named.map_or_else(|| stages.default_of(Base::OnHold), Ok)?.slug.clone();
        return move_to_stage(tx, actor, number, &MoveRequest { to: stage, ..request.clone() });
    }
    let mut order = order::find_for_change(tx, number, request.version)?;
    let edge = Edge { from: Base::Confirmed, to: Base::OnHold, kind: Kind::Hold };
    check(tx, &order, &edge, request)?;
    place_hold(tx, actor, &order, request)?;
    settle_stock(tx, actor, &order, "on_hold", Shortage::Refuses)?;
    order::save(tx, &mut order)?;
    let label = Stages::load(tx.conn)?.label(&order.stage);
    Ok(MoveOutcome { order, changed: true, from_label: label.clone(), to_label: label, can_undo: false })
}

/// Releases one hold; releasing the last one moves the order back to where it was.
///
/// # Errors
/// Missing for an unknown hold. A hold that is already released is success without change.
pub fn release(tx: &mut Tx<'_>, actor: &Actor, number: i64, version: Option<i64>, hold: &str) -> Result<MoveOutcome> {
    let order = order::find_for_change(tx, number, None)?;
    let stages = Stages::load(tx.conn)?;
    let found = store::holds_of(tx.conn, order.id)?
        .into_iter()
        .find(|known| known.uid == hold)
        .ok_or_else(|| Error::Missing(format!("such hold on order {number}")))?;
    let label = stages.label(&order.stage);
    if found.released_at.is_some() {
        return Ok(MoveOutcome { order, changed: false, from_label: label.clone(), to_label: label, can_undo: false });
    }
    let mut order = order::find_for_change(tx, number, version)?;
    let is_last = open_holds(tx.conn, order.id)?.len() == 1;
    let resume = order.resume_stage.clone().and_then(|slug| stages.find(&slug).cloned());
    match (is_last && order.base == Base::OnHold, resume) {
        (true, Some(target)) => {
            let edge = Edge { from: Base::OnHold, to: target.base, kind: Kind::Release };
            let outcome = take(tx, actor, order, &edge, &target, &MoveRequest::to(&target.slug))?;
            if outcome.order.base != Base::Confirmed {
                return Ok(outcome);
            }
            let order = rule::approve(tx, outcome.order)?;
            let stays = order.base == Base::Confirmed;
            let (can_undo, to_label) = (outcome.can_undo && stays, stages.label(&order.stage));
            Ok(MoveOutcome { order, can_undo, to_label, ..outcome })
        }
        _ => {
            release_one(tx, actor, &found)?;
            settle_stock(tx, actor, &order, "released", Shortage::Refuses)?;
            order::save(tx, &mut order)?;
            Ok(MoveOutcome { order, changed: true, from_label: label.clone(), to_label: label, can_undo: false })
        }
    }
}

pub(super) fn place_hold(tx: &mut Tx<'_>, actor: &Actor, order: &Order, request: &MoveRequest) -> Result<Hold> {
    let now = tx.now;
    let hold = store::insert_hold(tx, actor, order.id, request, now)?;
    let (reason, note, until) = (request.reason.clone(), request.note.clone(), request.until);
    let placed = Event::HoldPlaced { hold: hold.uid.clone(), reason, note, until };
    event::record(tx, actor, Some(order.id), &placed)?;
    Ok(hold)
}

pub(super) fn release_all(tx: &mut Tx<'_>, actor: &Actor, order: OrderId) -> Result<()> {
    for hold in open_holds(tx.conn, order)? {
        release_one(tx, actor, &hold)?;
    }
    Ok(())
}

fn release_one(tx: &mut Tx<'_>, actor: &Actor, hold: &Hold) -> Result<()> {
    store::release_hold(tx, hold.id, actor.name())?;
    let seconds = tx.now.seconds_since(hold.placed_at);
    let released = Event::HoldReleased { hold: hold.uid.clone(), reason: hold.reason.clone(), seconds };
    event::record(tx, actor, Some(hold.order_id), &released)
}
