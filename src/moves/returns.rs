//! Returns and the stage that follows: an order is Returned by itself when everything that was shipped
//! is here again, in the transaction that received the last unit; until then it stays where it is.

use super::{Actor, Base, Edge, Kind, MoveOutcome, MoveRequest, Order, Parcels, Stages, Tx, order, take};
use crate::error::{Refusal, Result};
use crate::returns::{self, Condition, Return, ReturnState};
use crate::shipment::Units;

/// Asks for a return of units that were shipped.
///
/// # Errors
/// Stale as [`order::find_for_change`]; a state refusal for an order that was put away; as
/// [`returns::request`].
pub fn request_return(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    units: &[Units],
    request: &MoveRequest,
) -> Result<Return> {
    let mut order = order::find_for_change(tx, number, version)?;
    if order.base == Base::Archived {
        let told = format!("{} is archived. Bring it back before something of it is returned.", order.shown_number());
        return Err(Refusal::state("return.archived", told).into());
    }
    let made = returns::request(tx, actor, &order, units, &request.reason, &request.note)?;
    order::save(tx, &mut order)?;
    Ok(made)
}

/// Approves, rejects, expects, closes or withdraws a return.
///
/// # Errors
/// Missing for an unknown return; stale as [`order::find_for_change`]; as [`returns::settle`].
pub fn settle_return(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    uid: &str,
    to: ReturnState,
    answer: &str,
) -> Result<bool> {
    let order = order::find_for_change(tx, number, None)?;
    let known = returns::find(tx.conn, &order, uid)?;
    if known.state == to {
        return Ok(false);
    }
    let mut order = order::find_for_change(tx, number, version)?;
    returns::settle(tx, actor, &known, to, answer)?;
    order::save(tx, &mut order)?;
    Ok(true)
}

/// Writes down how the units of a return came back, and moves the order to Returned if that was all.
/// One that was received already stays as it is: pressing twice counts once.
///
/// # Errors
/// Missing for an unknown return; stale as [`order::find_for_change`]; as [`returns::receive`].
pub fn receive_return(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    uid: &str,
    conditions: &[Condition],
) -> Result<(Order, Option<MoveOutcome>)> {
    let order = order::find_for_change(tx, number, None)?;
    let known = returns::find(tx.conn, &order, uid)?;
    if known.state.is_here() {
        return Ok((order, None));
    }
    let mut order = order::find_for_change(tx, number, version)?;
    returns::receive(tx, actor, &mut order, &known, conditions)?;
    let lines = order::lines(tx.conn, order.id)?;
    let is_all = lines.iter().all(|line| line.returned_quantity == line.shipped_quantity);
    if !is_all || !matches!(order.base, Base::Shipped | Base::Delivered) {
        order::save(tx, &mut order)?;
        return Ok((order, None));
    }
    let stage = Stages::load(tx.conn)?.default_of(Base::Returned)?.clone();
    let edge = Edge { from: order.base, to: Base::Returned, kind: Kind::Return };
    let request = MoveRequest { parcels: Parcels::Lead, ..MoveRequest::to(&stage.slug) };
    let moved = take(tx, actor, order, &edge, &stage, &request)?;
    Ok((moved.order.clone(), Some(moved)))
}
