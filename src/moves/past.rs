//! Orders that already have a history: from a file, or for a demonstration.

use super::{
    Actor, Base, Event, MoveRequest, Moved, Order, Shortage, Stages, Tx, order, payment, settle_stock, shipment, store,
};
use crate::error::Result;
use crate::event;
use crate::order::{Draft, Outcome, Past, Placed};
use crate::returns;
use crate::shipment::{ShipmentState, Tracking};
use crate::time::UtcTime;

/// Places an order that has come some way already: its ledger, parcels, stage and diary are written
/// with the times they had. An order that is already here is left as it is.
///
/// # Errors
/// As [`order::place`].
pub fn place_past(tx: &mut Tx<'_>, actor: &Actor, draft: &Draft, past: &Past) -> Result<Placed> {
    let mut placed = order::place(tx, actor, draft, None)?;
    if placed.outcome != Outcome::Made {
        return Ok(placed);
    }
    let order = &mut placed.order;
    payment::record_past(tx, actor, order, &past.payments)?;
    let last_at = past.steps.last().map_or(order.placed_at, |(_, at)| *at);
    goods(tx, actor, order, past, last_at)?;
    let stages = Stages::load(tx.conn)?;
    walk(tx, actor, order, past, &stages)?;
    settle_end(tx, actor, order, past, last_at)?;
    settle_stock(tx, actor, order, "arrived", Shortage::IsOwed)?;
    order::save(tx, order)?;
    order::reindex(tx, order)?;
    Ok(placed)
}

fn goods(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, past: &Past, at: UtcTime) -> Result<()> {
    let state = match past.base {
        Base::Delivered | Base::Returned => ShipmentState::Delivered,
        Base::Archived if past.steps.iter().any(|(base, _)| *base == Base::Delivered) => ShipmentState::Delivered,
        // Work goes on while only a part has left; otherwise everything stands packed.
        Base::Processed if is_part(tx, order, past)? => ShipmentState::Shipped,
        Base::Processed => ShipmentState::Packed,
        _ => ShipmentState::Shipped,
    };
    let tracking = match &past.tracking {
        Some((carrier, number)) => Tracking { carrier: carrier.clone(), number: number.clone() },
        None => Tracking::default(),
    };
    shipment::record_past(tx, actor, order, &past.shipped, state, at, &tracking)
}

fn is_part(tx: &mut Tx<'_>, order: &Order, past: &Past) -> Result<bool> {
    let lines = order::lines(tx.conn, order.id)?;
    let ships: i64 = lines.iter().filter(|line| line.requires_shipping).map(|line| line.quantity).sum();
    Ok(past.shipped.iter().sum::<i64>() < ships)
}

/// Writes the steps into the diary and leaves the order in the last one.
fn walk(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, past: &Past, stages: &Stages) -> Result<()> {
    let mut from = Base::Placed;
    let ends_elsewhere = past.steps.last().is_none_or(|(base, _)| *base != past.base);
    let end = ends_elsewhere.then_some((past.base, past.steps.last().map_or(order.placed_at, |(_, at)| *at)));
    for (to, at) in past.steps.iter().copied().chain(end) {
        if to == from {
            continue;
        }
        let (left, entered) = (stages.default_of(from)?, stages.default_of(to)?);
        let reason = if to == past.base { past.reason.clone() } else { String::new() };
        let moved = Moved {
            from: left.slug.clone(),
            to: entered.slug.clone(),
            from_base: from.as_str().into(),
            to_base: to.as_str().into(),
            reason,
            note: String::new(),
            before: event::Before::default(),
            can_undo: false,
            quiet: true,
        };
        event::record_past(tx, actor, order.id, &Event::OrderMoved(moved), at)?;
        let comes_back = matches!(to, Base::OnHold | Base::Archived);
        super::remember(order, comes_back.then(|| (left.slug.clone(), from)));
        order.stage = entered.slug.clone();
        order.base = to;
        order.stage_entered_at = at;
        from = to;
    }
    Ok(())
}

/// What the last stage brings with it: a hold, a decision, goods that came back.
fn settle_end(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, past: &Past, at: UtcTime) -> Result<()> {
    match past.base {
        Base::OnHold => {
            let reason = if past.reason.is_empty() { "other" } else { &past.reason };
            let request = MoveRequest { reason: reason.to_owned(), ..MoveRequest::to("") };
            store::insert_hold(tx, actor, order.id, &request, at)?;
        }
        Base::Cancelled | Base::Rejected => {
            let kind = if past.base == Base::Cancelled { "cancel" } else { "reject" };
            let decision =
                store::Decision { kind, reason: &past.reason, note: "", refund: "", restock: true, notify: false, at };
            store::insert_decision(tx, actor, order.id, &decision)?;
            shipment::cancel_open(tx, actor, order)?;
        }
        Base::Returned => returns::record_past(tx, actor, order, at)?,
        Base::Placed
        | Base::Confirmed
        | Base::Approved
        | Base::Processed
        | Base::Shipped
        | Base::Delivered
        | Base::Abandoned
        | Base::Archived => {}
    }
    let completed = order.paid_at.unwrap_or(at);
    let sums = payment::balance(&payment::ledger(tx.conn, order.id)?, tx.now);
    order::settle(order, &sums, completed);
    Ok(())
}
