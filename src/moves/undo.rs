//! Taking the last move back from the toast, while nobody was told of it.

use super::{Actor, Base, Event, MoveOutcome, Moved, Order, Shortage, Stages, Tx, order, shipment, store};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Entry};
use crate::payment;
use crate::returns;
use crate::shipment::{Former, ShipmentState, Tracking};
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
    let order = order::find_for_change(tx, number, None)?;
    let diary = event::timeline(tx.conn, order.id)?;
    if was_undone(&order, &diary, actor, version) {
        let label = Stages::load(tx.conn)?.label(&order.stage);
        return Ok(MoveOutcome { order, changed: false, from_label: label.clone(), to_label: label, can_undo: false });
    }
    order::check_version(tx, &order, Some(version))?;
    event::together(tx, |tx| taken_back(tx, actor, order, &diary))
}

fn taken_back(tx: &mut Tx<'_>, actor: &Actor, mut order: Order, diary: &[Entry]) -> Result<MoveOutcome> {
    let stages = Stages::load(tx.conn)?;
    let last = event::last_change_in(diary).ok_or_else(nothing)?;
    let Event::OrderMoved(moved) = &last.event else { return Err(nothing()) };
    let is_theirs = last.actor_kind == actor.kind() && last.actor_key == actor.key();
    let is_open = stages.find(&moved.from).is_some_and(|stage| stage.active);
    if !is_theirs || !is_open || !moved.can_undo || tx.now.seconds_since(last.at) > UNDO_SECONDS {
        return Err(Refusal::state(
            "order.undo_closed",
            "This move can no longer be taken back. Move the order by hand, with a reason.",
        )
        .into());
    }
    let stage = stages.find(&moved.from).ok_or_else(|| Error::Missing(format!("stage {}", moved.from)))?.clone();
    let due = order.due_in_all();
    order.stage = stage.slug.clone();
    order.base = stage.base;
    order.stage_entered_at = UtcTime(moved.before.stage_entered_at);
    order.abandon_at = moved.before.abandon_at.map(UtcTime);
    let remembered = moved.before.resume_stage.as_deref().and_then(|slug| stages.find(slug));
    super::remember(&mut order, remembered.map(|stage| (stage.slug.clone(), stage.base)));
    goods_back(tx, actor, &mut order, moved, diary, last.at)?;
    if let Some(decision) = moved.before.decision {
        store::undo_decision(tx, decision)?;
    }
    match moved.before.hold {
        Some(hold) => store::release_hold(tx, crate::ids::HoldId(hold), actor.name())?,
        None if moved.from_base == Base::OnHold.as_str() => store::reopen_holds(tx, order.id, last.at)?,
        None => {}
    }
    match (order.base, moved.to_base.as_str()) {
        (Base::Placed, "abandoned" | "on_hold") => {
            let lines = order::lines(tx.conn, order.id)?;
            super::shelf::hold_softly(tx, actor, &order, &lines, "undone")?;
        }
        _ => super::settle_stock(tx, actor, &order, "undone", Shortage::Refuses)?,
    }
    // No money moved; only what it is held against may have.
    if order.due_in_all() != due {
        payment::resettle(tx, &mut order)?;
    }
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

/// Whether the same person has taken this very move back already: a second click.
fn was_undone(order: &Order, diary: &[Entry], actor: &Actor, version: i64) -> bool {
    let is_theirs = |last: &Entry| last.actor_kind == actor.kind() && last.actor_key == actor.key();
    let last = event::last_change_in(diary).filter(|_| order.version == version + 1);
    last.is_some_and(|last| matches!(last.event, Event::MoveUndone { .. }) && is_theirs(last))
}

fn nothing() -> Error {
    Refusal::state("order.nothing_to_undo", "There is no move to take back.").into()
}

/// Brings the goods back to where they were: every parcel that the move touched to what the diary says
/// of it before, every line to what was cancelled of it before.
fn goods_back(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    moved: &Moved,
    diary: &[Entry],
    at: UtcTime,
) -> Result<()> {
    let (from, to) = (Base::parse(&moved.from_base), Base::parse(&moved.to_base));
    if matches!(to, Some(Base::Cancelled | Base::Rejected)) {
        shipment::reinstate(tx, order, &moved.before.cancelled)?;
    }
    if matches!((from, to), (Some(Base::Cancelled | Base::Rejected), Some(Base::Confirmed))) {
        shipment::cancel_open(tx, actor, order)?;
    }
    returns::put_back(tx, actor, order, diary, at)?;
    let change = |entry: &Entry| match &entry.event {
        Event::ShipmentChanged { shipment, state, carrier, tracking, .. } => Some(Former {
            parcel: shipment.clone(),
            state: ShipmentState::parse(state).unwrap_or(ShipmentState::Packed),
            tracking: Tracking { carrier: carrier.clone(), number: tracking.clone() },
            at: entry.at,
        }),
        Event::ParcelMade { shipment, state, .. } => Some(Former {
            parcel: shipment.clone(),
            state: ShipmentState::parse(state).unwrap_or(ShipmentState::Draft),
            tracking: Tracking::default(),
            at: entry.at,
        }),
        _ => None,
    };
    let touched: Vec<Former> = diary.iter().filter(|entry| entry.at == at).filter_map(change).collect();
    let former = |now: &Former| {
        let known = diary.iter().rev().filter(|entry| entry.at < at).filter_map(change);
        known.into_iter().find(|before| before.parcel == now.parcel).unwrap_or_else(|| without_diary(now))
    };
    let formers: Vec<Former> = touched.iter().map(former).collect();
    shipment::put_back(tx, actor, order, &formers, at)
}

/// Where a parcel was that the diary did not tell of before this move: one of an import, or a new one,
/// which [`shipment::put_back`] knows by its age.
fn without_diary(now: &Former) -> Former {
    let state = match now.state {
        ShipmentState::Packed | ShipmentState::Delivered => ShipmentState::Shipped,
        ShipmentState::Shipped | ShipmentState::Cancelled | ShipmentState::Draft | ShipmentState::Picking => {
            ShipmentState::Packed
        }
    };
    Former { state, ..now.clone() }
}
