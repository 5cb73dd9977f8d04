//! What moves an order without anybody choosing a stage: placing it, a payment or a correction that
//! completes it. It is confirmed as soon as nothing is missing, and waits where stock is.

use super::wish::{MoveRequest, StockMode};
use super::{
    Edge, Facts, Kind, before, facts, facts_of, hold, lifecycle, remember, rule, settle_stock, shelf, take, timers,
};
use crate::actor::Actor;
use crate::catalog::stock::{self, Shortage};
use crate::db::Tx;
use crate::error::Result;
use crate::event::{self, Event, Moved};
use crate::ids::MarketId;
use crate::market::Markets;
use crate::order::{self, Correction, Draft, Order, Outcome, Placed};
use crate::payment::{self, NewPayment};
use crate::time::UtcTime;
use crate::workflow::{Base, Stage, Stages};

/// Places an order, starts its timer and confirms it at once if nothing is missing.
///
/// # Errors
/// As [`order::place`].
pub fn place(tx: &mut Tx<'_>, actor: &Actor, draft: &Draft) -> Result<Placed> {
    let abandon_at = abandon_at(tx, actor, draft.market, &draft.payment_method, draft.placed_at)?;
    let mut placed = order::place(tx, actor, draft, abandon_at)?;
    if placed.outcome != Outcome::Made {
        return Ok(placed);
    }
    shelf::hold_softly(tx, actor, &placed.order, &placed.lines, "placed")?;
    let policy = payment::methods(tx.conn)?.of(&placed.order.payment_method);
    let facts = facts_of(&placed.order, &placed.lines, &[], 0, policy);
    placed.order = advance_by(tx, placed.order, &facts)?;
    Ok(placed)
}

/// Orders typed in by staff and those paid offline wait for as long as it takes.
pub(super) fn abandon_at(
    tx: &mut Tx<'_>,
    actor: &Actor,
    market: MarketId,
    payment_method: &str,
    placed_at: Option<UtcTime>,
) -> Result<Option<UtcTime>> {
    let method = payment::methods(tx.conn)?.of(payment_method.trim());
    if actor.staff().is_some() || method.never_abandons {
        return Ok(None);
    }
    let markets = Markets::load(tx.conn)?;
    let minutes = match markets.market(market) {
        Some(market) if !market.abandons => return Ok(None),
        market => market.map_or(1_440, |market| market.abandon_after_minutes),
    };
    let minutes = method.abandon_after_minutes.unwrap_or(minutes);
    Ok(Some(placed_at.unwrap_or(tx.now).max(tx.now).plus_minutes(minutes)))
}

/// Confirms a Placed or Abandoned order that has become complete. An order on hold keeps its hold and
/// lands further when it is released.
fn advance(tx: &mut Tx<'_>, order: Order) -> Result<Order> {
    let facts = facts(tx.conn, &order)?;
    advance_by(tx, order, &facts)
}

fn advance_by(tx: &mut Tx<'_>, mut order: Order, facts: &Facts) -> Result<Order> {
    let stages = Stages::load(tx.conn)?;
    let confirmed = stages.default_of(Base::Confirmed)?.clone();
    let waits = order.base == Base::Placed || order.base == Base::Abandoned;
    let held_while_waiting = order.base == Base::OnHold && order.resume_base == Some(Base::Placed);
    let edge = Edge { from: Base::Placed, to: Base::Confirmed, kind: Kind::Forward };
    if order.base == Base::Confirmed {
        return rule::approve(tx, order);
    }
    if !(waits || held_while_waiting) || !lifecycle::lacks(&order, facts, &edge).is_empty() {
        return Ok(order);
    }
    let rule = Actor::System { name: "Rule" };
    let before = order.clone();
    if held_while_waiting {
        remember(&mut order, Some((confirmed.slug, Base::Confirmed)));
        order.abandon_at = None;
        let mut held = order.clone();
        let saved = tx.attempt(|tx| {
            settle_stock(tx, &rule, &held, "confirmed", Shortage::Refuses)?;
            order::save(tx, &mut held)?;
            Ok(held)
        });
        return unless_short(saved, before);
    }
    let edge = Edge { from: order.base, ..edge };
    let wish = MoveRequest::to(&confirmed.slug);
    let taken = tx.attempt(|tx| Ok(take(tx, &rule, order, &edge, &confirmed, &wish)?.order));
    match taken {
        Err(error) if stock::is_shortage(&error) && edge.from == Base::Abandoned => {
            hold_for_stock(tx, before, &stages, &confirmed, &error.to_string())
        }
        Ok(order) => {
            let order = timers::hold_after_hours(tx, order)?;
            rule::approve(tx, order)
        }
        taken => unless_short(taken, before),
    }
}

/// The order as it became, or as it was if there is too little in stock: it waits.
fn unless_short(changed: Result<Order>, before: Order) -> Result<Order> {
    match changed {
        Err(error) if stock::is_shortage(&error) => Ok(before),
        changed => changed,
    }
}

/// Puts an order on hold that was paid after it had been given up, when its goods are gone. Released, it
/// is confirmed if there is enough by then.
fn hold_for_stock(tx: &mut Tx<'_>, mut order: Order, stages: &Stages, confirmed: &Stage, why: &str) -> Result<Order> {
    const REASON: &str = "paid_after_abandon_no_stock";
    let rule = Actor::System { name: "Rule" };
    let held = stages.default_of(Base::OnHold)?;
    let moved = Moved {
        from: order.stage.clone(),
        to: held.slug.clone(),
        from_base: order.base.as_str().into(),
        to_base: Base::OnHold.as_str().into(),
        reason: REASON.into(),
        note: why.to_owned(),
        before: before(&order),
        can_undo: false,
        quiet: true,
    };
    order.stage = held.slug.clone();
    order.base = Base::OnHold;
    order.stage_entered_at = tx.now;
    remember(&mut order, Some((confirmed.slug.clone(), Base::Confirmed)));
    let request =
        MoveRequest { reason: REASON.into(), note: why.to_owned(), stock: StockMode::Free, ..MoveRequest::to("") };
    hold::place_hold(tx, &rule, &order, &request)?;
    order::save(tx, &mut order)?;
    event::record(tx, &rule, Some(order.id), &Event::OrderMoved(moved))?;
    Ok(order)
}

/// Records a payment that happened elsewhere and confirms the order if that completes it.
///
/// # Errors
/// As [`payment::record`].
pub fn record_payment(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    new: &NewPayment,
) -> Result<Order> {
    let order = payment::record(tx, actor, number, version, new)?;
    advance(tx, order)
}

/// Captures an authorisation and confirms the order if that completes it.
///
/// # Errors
/// As [`payment::capture`].
pub fn capture_payment(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    new: &payment::NewCapture,
) -> Result<Order> {
    let order = payment::capture(tx, actor, number, version, new)?;
    advance(tx, order)
}

/// Writes what a provider answered and confirms the order if that completes it.
///
/// # Errors
/// As [`payment::provider::answered`].
pub fn payment_answered(tx: &mut Tx<'_>, uid: &str, answer: &payment::provider::Answer) -> Result<Order> {
    let order = payment::provider::answered(tx, uid, answer)?;
    advance(tx, order)
}

/// Corrects an order and confirms it if that completes it.
///
/// # Errors
/// As [`order::correct`].
pub fn correct(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    change: &Correction,
) -> Result<Order> {
    let order = order::correct(tx, actor, number, version, change)?;
    advance(tx, order)
}
