//! Moving an order from stage to stage, with everything a move does: money released or given back,
//! parcels packed and sent, holds opened and closed, decisions kept. Each verb loads, asks the pure
//! rules of `lifecycle`, saves with a version check and leaves one event. Nothing here is reachable
//! past the rules, whoever asks: a person, a program, a timer.

mod advance;
pub mod api;
pub mod api_bulk;
pub mod bulk;
mod bulk_jobs;
mod choices;
mod edit;
mod hold;
pub mod lifecycle;
mod numbered;
pub mod pages;
pub mod pages_ask;
pub mod pages_options;
mod parcels;
mod past;
mod returns;
mod rule;
mod scanning;
mod shelf;
mod siblings;
mod store;
mod store_bulk;
mod timers;
mod undo;
mod walk;
mod wish;

use crate::actor::Actor;
use crate::catalog::stock::{self, Shortage};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event::{self, Before, Event, Moved};
use crate::ids::OrderId;
use crate::order::{self, Line, Order, PaymentKind};
use crate::payment::method::Method;
use crate::payment::{self, Payment};
use crate::shipment::{self, Level};
use crate::workflow::{self, Base, Stage, Stages};
use advance::abandon_at;
use choices::told;

pub use advance::{capture_payment, correct, payment_answered, place, record_payment};
pub use bulk_jobs::{BULK_JOB, begin_bulk, carry_on_bulk, find_bulk};
pub use choices::{Choice, choices, choices_of};
pub use edit::edit_lines;
pub use hold::{Hold, hold, open_holds, open_holds_of_many, release};
pub use lifecycle::{Edge, Facts, Kind};
pub use numbered::needs_number;
pub use parcels::{ParcelOutcome, cancel_remaining, change_parcel, retrack_parcel, ship_with, split};
pub use past::place_past;
pub use returns::{receive_return, request_return, settle_return};
pub use scanning::{Scan, Scanned, may_pack, scan, to_fill};
pub use shelf::{follow_counting, settle_stock, shortages};
pub use siblings::{beside, close_stage, remove_stage, stage_use, targets};
pub use store_bulk::BulkJob;
pub use timers::run_timers;
pub use undo::{UNDO_SECONDS, undo};
pub use walk::{Walked, walk};
pub use wish::{Announcing, Authority, MoveRequest, Parcels, RefundChoice, StockMode, Telling, Undoing};

/// What came of a move.
#[derive(Clone, Debug)]
pub struct MoveOutcome {
    /// The order as it is now.
    pub order: Order,
    /// Whether it moved: not when it was there already.
    pub changed: bool,
    /// Label of the stage it left.
    pub from_label: String,
    /// Label of the stage it is in.
    pub to_label: String,
    /// Whether [`undo`] can take it back.
    pub can_undo: bool,
}

/// Takes out of the notes of an order's holds, rejections and cancellations what tells who somebody is.
pub fn erase(tx: &mut Tx<'_>, order: OrderId, replace: &dyn Fn(&str) -> String) -> Result<()> {
    store::erase(tx, order, replace)
}

/// What the rules of the moves out of the order's base look at; what none of them does is not read.
fn facts(conn: &mut Conn, order: &Order) -> Result<Facts> {
    let lines = order::lines(conn, order.id)?;
    let asks = lifecycle::asks_for_attempts(order.base);
    let ledger = if asks { payment::ledger(conn, order.id)? } else { Vec::new() };
    // What was paid in full asks nothing more of the way it is paid.
    let is_paid = order.net_minor() >= order.total_minor;
    let policy = if is_paid { Method::default() } else { payment::methods(conn)?.of(&order.payment_method) };
    // Only what is on hold has open holds, and only what has left comes back.
    let open_holds = if order.base == Base::OnHold { open_holds(conn, order.id)?.len() } else { 0 };
    let has_left = lines.iter().any(|line| line.shipped_quantity > 0);
    let open_returns = if has_left { crate::returns::open_count(conn, order.id)? } else { 0 };
    Ok(Facts { open_returns, ..facts_of(order, &lines, &ledger, open_holds, policy) })
}

/// What the rules look at, from what was read already. Pure.
pub fn facts_of(order: &Order, lines: &[Line], ledger: &[Payment], open_holds: usize, policy: Method) -> Facts {
    let sum = |of: fn(&Line) -> i64| -> i64 { lines.iter().map(of).sum() };
    let address = order.ship_to().unwrap_or_default();
    Facts {
        ships: lines.iter().any(|line| line.requires_shipping && line.quantity > 0),
        address_lacks: address.problems().into_iter().map(|problem| problem.field.replace('_', " ")).collect(),
        open_holds,
        shipped_units: sum(|line| line.shipped_quantity),
        packed_units: sum(|line| line.packed_quantity),
        payment_in_flight: payment::is_under_way(ledger),
        refund_in_flight: ledger.iter().any(|entry| entry.is_pending() && entry.kind == PaymentKind::Refund),
        short: Vec::new(),
        returned_units: sum(|line| line.returned_quantity),
        open_returns: 0,
        policy,
    }
}

/// Moves an order to a stage. Being there already is success without change.
///
/// # Errors
/// Missing for an unknown order or stage; stale if somebody changed it since `version`; a state
/// refusal with the allowed stages if the graph has no such move, or with what it lacks; invalid if
/// a reason or the refund choice is missing; forbidden for corrections without the right to correct.
pub fn move_to_stage(tx: &mut Tx<'_>, actor: &Actor, number: i64, request: &MoveRequest) -> Result<MoveOutcome> {
    let stages = Stages::load(tx.conn)?;
    let target = stages
        .find(&request.to)
        .filter(|stage| stage.active)
        .cloned()
        .ok_or_else(|| unknown_stage(&request.to, &stages))?;
    let order = order::find_for_change(tx, number, None)?;
    if order.stage == target.slug {
        let label = target.label.clone();
        return Ok(MoveOutcome { order, changed: false, from_label: label.clone(), to_label: label, can_undo: false });
    }
    if !workflow::hold_open(tx, &target)? {
        return Err(unknown_stage(&request.to, &stages));
    }
    order::check_version(tx, &order, request.version)?;
    siblings::check_required(tx, &order, &target, request)?;
    if order.base == target.base {
        return rename_stage(tx, actor, order, &stages, &target, request);
    }
    let edge = lifecycle::edges_from(order.base, order.resume_base)
        .into_iter()
        .find(|edge| edge.to == target.base)
        .ok_or_else(|| not_allowed(&order, &stages, &target))?;
    check(tx, &order, &edge, request)?;
    take(tx, actor, order, &edge, &target, request)
}

/// Moves between stages of one base: nothing but the name changes.
fn rename_stage(
    tx: &mut Tx<'_>,
    actor: &Actor,
    mut order: Order,
    stages: &Stages,
    target: &Stage,
    request: &MoveRequest,
) -> Result<MoveOutcome> {
    check_note(request)?;
    let from = order.stage.clone();
    let moved = Moved {
        from: from.clone(),
        to: target.slug.clone(),
        from_base: order.base.as_str().into(),
        to_base: target.base.as_str().into(),
        reason: String::new(),
        note: request.note.clone(),
        before: before(&order),
        can_undo: true,
        quiet: request.announcing == Announcing::Silent,
    };
    order.stage = target.slug.clone();
    order.stage_entered_at = tx.now;
    order::save(tx, &mut order)?;
    event::record(tx, actor, Some(order.id), &Event::OrderMoved(moved))?;
    Ok(MoveOutcome {
        order,
        changed: true,
        from_label: stages.label(&from),
        to_label: target.label.clone(),
        can_undo: true,
    })
}

/// Units of lines that were taken out of an order, by the key of the line.
fn cancelled(tx: &mut Tx<'_>, order: &Order) -> Result<Vec<(i64, i64)>> {
    let lines = order::lines(tx.conn, order.id)?;
    Ok(lines.iter().filter(|line| line.cancelled_quantity > 0).map(|l| (l.id.0, l.cancelled_quantity)).collect())
}

/// The same as it was before the order was stopped, which the diary remembers.
fn cancelled_before_the_stop(tx: &mut Tx<'_>, order: &Order) -> Result<Vec<(i64, i64)>> {
    let diary = event::timeline(tx.conn, order.id)?;
    let stop = diary.into_iter().rev().find_map(|entry| match entry.event {
        Event::OrderMoved(moved) if Base::parse(&moved.to_base).is_some_and(Base::is_stopped) => {
            Some(moved.before.cancelled)
        }
        _ => None,
    });
    Ok(stop.unwrap_or_default())
}

fn before(order: &Order) -> Before {
    Before {
        resume_stage: order.resume_stage.clone(),
        stage_entered_at: order.stage_entered_at.0,
        abandon_at: order.abandon_at.map(|at| at.0),
        hold: None,
        decision: None,
        cancelled: Vec::new(),
    }
}

fn unknown_stage(slug: &str, stages: &Stages) -> Error {
    let known: Vec<String> = stages.iter().filter(|stage| stage.active).map(|stage| stage.slug.clone()).collect();
    Refusal::field(
        "order.stage_unknown",
        "to",
        format!("There is no stage “{slug}”. Known stages are {}.", known.join(", ")),
    )
    .allowing(known)
    .into()
}

fn not_allowed(order: &Order, stages: &Stages, target: &Stage) -> Error {
    let across = lifecycle::edges_from(order.base, order.resume_base);
    let across = across.iter().flat_map(|edge| siblings::targets(order, edge, stages).unwrap_or_default());
    let allowed: Vec<String> =
        siblings::beside(order, stages).into_iter().chain(across).map(|stage| stage.slug.clone()).collect();
    let labels: Vec<String> = allowed.iter().map(|slug| stages.label(slug)).collect();
    Refusal::state(
        "order.stage_not_allowed",
        format!(
            "Order {} is {}, so it cannot go to {}. From there it can go to {}.",
            order.shown_number(),
            stages.label(&order.stage),
            target.label,
            labels.join(", ")
        ),
    )
    .allowing(allowed)
    .into()
}

fn check(tx: &mut Tx<'_>, order: &Order, edge: &Edge, request: &MoveRequest) -> Result<()> {
    if edge.kind == Kind::Correction && request.authority != Authority::Corrects {
        return Err(Refusal::new(
            RefusalKind::Forbidden,
            "order.correction_forbidden",
            "Taking a step back needs the right to correct orders. Ask a manager or the owner.",
        )
        .into());
    }
    let reasons = edge.reasons();
    if !reasons.is_empty() && !reasons.iter().any(|(key, _)| *key == request.reason) {
        let known = reasons.iter().map(|(key, _)| (*key).to_owned()).collect();
        return Err(Refusal::field("order.reason_missing", "reason", "Choose a reason.").allowing(known).into());
    }
    check_note(request)?;
    if edge.kind == Kind::Stop && order.net_minor() > 0 && request.refund == RefundChoice::Unasked {
        return Err(Refusal::field(
            "order.refund_undecided",
            "refund",
            match request.telling {
                Telling::Amounts => {
                    format!("{} was paid. Say whether it was given back or is kept.", order.money(order.net_minor()))
                }
                Telling::NoAmounts => "Money was paid. Say whether it was given back or is kept.".to_owned(),
            },
        )
        .into());
    }
    if edge.kind == Kind::Hold && request.until.is_some_and(|until| until <= tx.now) {
        return Err(Refusal::field("order.hold_until", "until", "The hold must end in the future.").into());
    }
    let mut facts = facts(tx.conn, order)?;
    if (edge.kind, edge.to) == (Kind::Forward, Base::Approved) {
        facts.short = stock::uncovered(tx.conn, order.id)?;
    }
    let lacks = told(order, &facts, edge, request.telling);
    if lacks.is_empty() {
        return Ok(());
    }
    Err(Refusal::state("order.not_ready", format!("{} cannot move yet. {}", order.shown_number(), lacks.join(" ")))
        .into())
}

fn check_note(request: &MoveRequest) -> Result<()> {
    if request.note.chars().count() <= 2_000 {
        return Ok(());
    }
    Err(Refusal::field("order.note_too_long", "note", "The note takes 2,000 characters at the most.").into())
}

/// Sets the stage to come back to.
fn remember(order: &mut Order, stage: Option<(String, Base)>) {
    (order.resume_stage, order.resume_base) = stage.unzip();
}

/// Takes a checked move with all it does.
fn take(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: Order,
    edge: &Edge,
    target: &Stage,
    request: &MoveRequest,
) -> Result<MoveOutcome> {
    event::together(tx, |tx| taken(tx, actor, order, edge, target, request))
}

fn taken(
    tx: &mut Tx<'_>,
    actor: &Actor,
    mut order: Order,
    edge: &Edge,
    target: &Stage,
    request: &MoveRequest,
) -> Result<MoveOutcome> {
    let stages = Stages::load(tx.conn)?;
    let from = order.stage.clone();
    let mut before = before(&order);
    let mut can_undo = request.undoing == Undoing::Offered;
    order.stage = target.slug.clone();
    order.base = target.base;
    order.stage_entered_at = tx.now;
    remember(&mut order, None);
    match (edge.kind, edge.to) {
        (Kind::Hold, _) => {
            remember(&mut order, Some((from.clone(), edge.from)));
            let hold = hold::place_hold(tx, actor, &order, request)?;
            before.hold = Some(hold.id.0);
        }
        (Kind::Release, _) => hold::release_all(tx, actor, order.id)?,
        (Kind::Stop, _) => {
            before.cancelled = cancelled(tx, &order)?;
            let decision = stop(tx, actor, &mut order, request, &mut can_undo)?;
            before.decision = Some(decision);
            if edge.from == Base::OnHold {
                hold::release_all(tx, actor, order.id)?;
            }
        }
        (Kind::Forward, Base::Confirmed) => order.abandon_at = None,
        (Kind::Forward, Base::Approved) => {
            before.decision = Some(decide(tx, actor, &order, "approve", request)?);
        }
        (Kind::Forward, Base::Processed) => drop(goods(tx, actor, &mut order, Level::Packed, request)?),
        (Kind::Forward, Base::Shipped) => {
            let bare = goods(tx, actor, &mut order, Level::Shipped, request)?;
            numbered::check_sent(tx, &order, bare, request)?;
        }
        (Kind::Forward, Base::Delivered) => drop(goods(tx, actor, &mut order, Level::Delivered, request)?),
        (Kind::Return, _) if request.parcels == Parcels::Lead => {}
        (Kind::Return, _) => crate::returns::receive_all(tx, actor, &mut order)?,
        (Kind::Incomplete, Base::Placed) => {
            order.abandon_at = {
                let timer = Actor::System { name: "Timer" };
                abandon_at(tx, &timer, order.market_id, &order.payment_method, Some(order.placed_at))?
            }
        }
        (Kind::Incomplete, _) => order.abandon_at = None,
        (Kind::Shelf, Base::Archived) => remember(&mut order, Some((from.clone(), edge.from))),
        (Kind::Shelf, _) => {}
        (Kind::Correction, Base::Confirmed) if edge.from != Base::Approved => {
            let cancelled = cancelled_before_the_stop(tx, &order)?;
            shipment::reinstate(tx, &mut order, &cancelled)?;
            payment::resettle(tx, &mut order)?;
        }
        (Kind::Correction, Base::Approved) => shipment::bring_to(tx, actor, &mut order, Level::Open)?,
        (Kind::Correction, Base::Processed) => shipment::bring_to(tx, actor, &mut order, Level::Packed)?,
        (Kind::Correction, Base::Shipped) => shipment::bring_to(tx, actor, &mut order, Level::Shipped)?,
        (Kind::Correction, Base::Delivered) => crate::returns::take_back(tx, actor, &mut order)?,
        (Kind::Correction | Kind::Forward | Kind::Sibling, _) => {}
    }
    match edge.to {
        Base::Placed => {
            let lines = order::lines(tx.conn, order.id)?;
            shelf::hold_softly(tx, actor, &order, &lines, "placed")?;
        }
        to => settle_stock(tx, actor, &order, to.as_str(), Shortage::Refuses)?,
    }
    // Money that moved cannot be taken back by an undo.
    if edge.kind == Kind::Forward && payment::capture_by_policy(tx, actor, &mut order, edge.to)? {
        can_undo = false;
    }
    order::save(tx, &mut order)?;
    let moved = Moved {
        from: from.clone(),
        to: target.slug.clone(),
        from_base: edge.from.as_str().into(),
        to_base: edge.to.as_str().into(),
        reason: request.reason.clone(),
        note: request.note.clone(),
        before,
        can_undo,
        quiet: request.announcing == Announcing::Silent || edge.kind == Kind::Correction,
    };
    event::record(tx, actor, Some(order.id), &Event::OrderMoved(moved))?;
    if !request.tracking.number.is_empty() {
        order::reindex(tx, &order)?;
    }
    Ok(MoveOutcome { order, changed: true, from_label: stages.label(&from), to_label: target.label.clone(), can_undo })
}

/// Brings the goods along. Returns how many parcels left by it without a tracking number.
fn goods(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, level: Level, request: &MoveRequest) -> Result<usize> {
    match request.parcels {
        Parcels::Follow => shipment::bring_up_to(tx, actor, order, level, &request.tracking),
        Parcels::Lead => Ok(0),
    }
}

fn decide(tx: &mut Tx<'_>, actor: &Actor, order: &Order, kind: &str, request: &MoveRequest) -> Result<i64> {
    let decision = store::Decision {
        kind,
        reason: &request.reason,
        note: &request.note,
        refund: request.refund.as_str(),
        restock: kind != "approve",
        notify: request.announcing == Announcing::AsTheStageSays,
        at: tx.now,
    };
    store::insert_decision(tx, actor, order.id, &decision)
}

/// Why money goes back when an order is stopped for this reason, as a key of [`payment::REFUND_REASONS`].
fn refund_reason(stopped: &str) -> &'static str {
    match stopped {
        "customer" => "customer",
        "inventory" | "out_of_stock" => "out_of_stock",
        "price_error" => "price",
        _ => "other",
    }
}

/// Ends an order: keeps the decision, gives money back or lets it go, takes what has not left out of
/// the order. Money that moved cannot be taken back by an undo.
fn stop(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, request: &MoveRequest, can_undo: &mut bool) -> Result<i64> {
    let kind = if order.base == Base::Rejected { "reject" } else { "cancel" };
    let decision = decide(tx, actor, order, kind, request)?;
    order.abandon_at = None;
    let refunded = match request.refund {
        RefundChoice::All => payment::refund_all(tx, actor, order, refund_reason(&request.reason), &request.note)?,
        RefundChoice::Nothing | RefundChoice::Part | RefundChoice::Unasked => false,
    };
    let voided = payment::void_all(tx, actor, order)?;
    *can_undo &= !refunded && !voided;
    shipment::cancel_open(tx, actor, order)?;
    Ok(decision)
}
