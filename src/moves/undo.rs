//! Taking the last move back from the toast, while nobody was told of it.

use super::{Actor, Base, Event, MoveOutcome, Moved, Order, Stages, Tx, order, shipment, store};
use crate::error::{Error, Refusal, Result};
use crate::event;
use crate::payment;
use crate::shipment::{Level, Received, Tracking};
use crate::time::UtcTime;

/// Seconds for which a move can be taken back.
pub const UNDO_SECONDS: i64 = 600;

/// Takes the last move of an order back: the goods, the hold, the decision and the stage are as they
/// were. Only the person who moved it may, only while it is the last thing that happened, and never
/// when money moved.
///
/// # Errors
/// Stale if anything happened since; a state refusal if the move cannot be taken back.
pub fn undo(tx: &mut Tx<'_>, actor: &Actor, number: i64, version: i64) -> Result<MoveOutcome> {
    let mut order = order::find_for_change(tx, number, Some(version))?;
    let stages = Stages::load(tx.conn)?;
    let last = event::last_change(tx.conn, order.id)?.ok_or_else(nothing)?;
    let Event::OrderMoved(moved) = last.event else { return Err(nothing()) };
    let is_theirs = last.actor_kind == actor.kind() && last.actor_key == actor.key();
    if !is_theirs || !moved.can_undo || tx.now.seconds_since(last.at) > UNDO_SECONDS {
        return Err(Refusal::state(
            "order.undo_closed",
            "This move can no longer be taken back. Move the order by hand, with a reason.",
        )
        .into());
    }
    let stage = stages.find(&moved.from).ok_or_else(|| Error::Missing(format!("stage {}", moved.from)))?.clone();
    order.stage = stage.slug.clone();
    order.base = stage.base;
    order.stage_entered_at = UtcTime(moved.before.stage_entered_at);
    order.abandon_at = moved.before.abandon_at.map(UtcTime);
    let remembered = moved.before.resume_stage.as_deref().and_then(|slug| stages.find(slug));
    super::remember(&mut order, remembered.map(|stage| (stage.slug.clone(), stage.base)));
    goods_back(tx, actor, &mut order, &moved)?;
    if let Some(decision) = moved.before.decision {
        store::undo_decision(tx, decision)?;
    }
    match moved.before.hold {
        Some(hold) => store::release_hold(tx, crate::ids::HoldId(hold), actor.name())?,
        None => store::reopen_holds(tx, order.id, last.at)?,
    }
    payment::resettle(tx, &mut order)?;
    order::save(tx, &mut order)?;
    let undone = Event::MoveUndone { from: moved.from.clone(), to: moved.to.clone() };
    event::record(tx, actor, Some(order.id), &undone)?;
    Ok(MoveOutcome {
        order,
        changed: true,
        from_label: stages.label(&moved.to),
        to_label: stage.label,
        can_undo: false,
    })
}

fn nothing() -> Error {
    Refusal::state("order.nothing_to_undo", "There is no move to take back.").into()
}

/// Brings the goods back to where the former stage had them.
fn goods_back(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, moved: &Moved) -> Result<()> {
    let to = Base::parse(&moved.to_base);
    if to.is_some_and(|base| matches!(base, Base::OnHold | Base::Archived | Base::Placed | Base::Abandoned)) {
        return Ok(());
    }
    if to == Some(Base::Cancelled) || to == Some(Base::Rejected) {
        shipment::reinstate(tx, order)?;
    }
    let former = order.resume_base.unwrap_or(order.base);
    let none = Tracking::default();
    match former {
        Base::Placed | Base::Confirmed | Base::Approved | Base::OnHold => {
            if to == Some(Base::Processed) {
                shipment::bring_to(tx, actor, order, Level::Open, &none)
            } else {
                Ok(())
            }
        }
        Base::Processed => shipment::bring_to(tx, actor, order, Level::Packed, &none),
        Base::Shipped => {
            shipment::receive_back(tx, order, Received::Nothing)?;
            shipment::bring_to(tx, actor, order, Level::Shipped, &none)
        }
        Base::Delivered => {
            shipment::receive_back(tx, order, Received::Nothing)?;
            shipment::bring_to(tx, actor, order, Level::Delivered, &none)
        }
        Base::Returned => shipment::receive_back(tx, order, Received::Everything),
        Base::Cancelled | Base::Rejected => shipment::cancel_open(tx, actor, order),
        Base::Abandoned | Base::Archived => Ok(()),
    }
}
