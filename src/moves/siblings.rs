//! Several stages on one base: which of them a move may enter, what each asks for, and closing one.
//! Between stages of one base an order moves freely; across bases it follows the graph.

use super::{Edge, Kind, MoveRequest, lifecycle};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{FieldProblem, Refusal, Result};
use crate::event::{self, Before, Event, Moved};
use crate::order::{self, Order, Standing};
use crate::shipment;
use crate::workflow::{self, Base, RequiredField, Stage, Stages};

/// Orders moved at a time when a stage is closed; all of it is one transaction.
const CHUNK: i64 = 500;

/// The other stages of the order's own base that it may enter.
pub fn beside<'a>(order: &Order, stages: &'a Stages) -> Vec<&'a Stage> {
    stages.open_of(order.base).into_iter().filter(|stage| stage.slug != order.stage).collect()
}

/// The stages that an edge may lead this order to: the one it remembers, or every open one of the base
/// with its default first.
///
/// # Errors
/// Broken if the base has no default stage.
pub fn targets<'a>(order: &Order, edge: &Edge, stages: &'a Stages) -> Result<Vec<&'a Stage>> {
    let comes_back = edge.kind == Kind::Release || edge.kind == Kind::Shelf && order.base == Base::Archived;
    let remembered = order.resume_stage.as_deref().filter(|_| comes_back).and_then(|slug| stages.find(slug));
    if let Some(stage) = remembered {
        return Ok(vec![stage]);
    }
    stages.default_of(edge.to)?;
    Ok(stages.open_of(edge.to))
}

/// Refuses to let an order into a stage that asks for more than it has. A tracking number or a note may
/// come with the move.
pub(super) fn check_required(tx: &mut Tx<'_>, order: &Order, stage: &Stage, request: &MoveRequest) -> Result<()> {
    let required = stage.requires();
    if required.is_empty() {
        return Ok(());
    }
    let mut problems = Vec::new();
    let mut problem = |field: RequiredField, name: &str, what: &str| {
        let message = format!("{} {what}", field.lack());
        problems.push(FieldProblem { field: name.to_owned(), message });
    };
    if required.contains(&RequiredField::Note) && order.note_count == 0 && request.note.is_empty() {
        problem(RequiredField::Note, "note", "Write one.");
    }
    if required.contains(&RequiredField::Tracking) {
        let parcels = shipment::of_order(tx.conn, order.id)?;
        let known = parcels.iter().any(|parcel| !parcel.tracking.is_empty());
        // A number given with the move is kept by the parcel it sends.
        let sends = stage.base == Base::Shipped && order.base == Base::Processed;
        match (known, sends) {
            (true, _) => {}
            (false, true) if !request.tracking.number.is_empty() => {}
            (false, true) => problem(RequiredField::Tracking, "tracking", "Enter it."),
            (false, false) => problem(RequiredField::Tracking, "tracking", "Give it to the parcel first."),
        }
    }
    if !problems.is_empty() {
        return Err(Refusal::fields("order.required_missing", problems).into());
    }
    let lacks = lifecycle::lacks_for_stage(order, stage);
    if lacks.is_empty() {
        return Ok(());
    }
    let message = format!("{} cannot enter {} yet. {}", order.shown_number(), stage.label, lacks.join(" "));
    Err(Refusal::state("order.not_ready", message).into())
}

/// Orders that stand in a stage or come back to it.
pub fn stage_use(conn: &mut Conn, slug: &str) -> Result<i64> {
    order::count_of_stage(conn, slug)
}

/// Closes a stage of the shop's own and moves its orders to the sibling `into`, together with those that
/// would come back to it: one transaction, one event for each order and one for the shop. Returns how many
/// orders moved.
///
/// # Errors
/// As [`workflow::close`].
pub fn close_stage(tx: &mut Tx<'_>, actor: &Actor, slug: &str, into: &str) -> Result<i64> {
    workflow::hold_shut(tx, slug)?;
    let orders = stage_use(tx.conn, slug)?;
    let (stage, sibling) = workflow::close(tx, actor, slug, into, orders)?;
    let Some(sibling) = sibling else { return Ok(0) };
    let mut moved = 0;
    loop {
        let found = order::restage_some(tx, slug, &sibling.slug, CHUNK)?;
        if found.is_empty() {
            return Ok(moved);
        }
        moved += i64::try_from(found.len()).unwrap_or(i64::MAX);
        let events: Vec<_> = found.iter().map(|order| (order.id(), told(order, &stage, &sibling))).collect();
        event::record_each(tx, actor, &events)?;
    }
}

/// What the diary of an order says when its stage is closed.
fn told(order: &Standing, stage: &Stage, sibling: &Stage) -> Event {
    if order.stage != stage.slug {
        return Event::OrderUpdated {
            field: "stage to come back to".to_owned(),
            before: stage.label.clone(),
            after: sibling.label.clone(),
        };
    }
    Event::OrderMoved(Moved {
        from: stage.slug.clone(),
        to: sibling.slug.clone(),
        from_base: stage.base.as_str().to_owned(),
        to_base: sibling.base.as_str().to_owned(),
        reason: "stage_closed".to_owned(),
        note: String::new(),
        before: Before {
            resume_stage: order.resume_stage.clone(),
            stage_entered_at: order.stage_entered_at,
            abandon_at: order.abandon_at,
            ..Before::default()
        },
        can_undo: false,
        quiet: true,
    })
}

/// Removes a stage of the shop's own that no order needs.
///
/// # Errors
/// As [`workflow::remove`].
pub fn remove_stage(tx: &mut Tx<'_>, actor: &Actor, slug: &str) -> Result<Stage> {
    workflow::hold_shut(tx, slug)?;
    let orders = stage_use(tx.conn, slug)?;
    workflow::remove(tx, actor, slug, orders)
}
