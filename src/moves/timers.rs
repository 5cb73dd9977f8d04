//! What happens to orders by the clock. Every round reads what is due, a bounded batch of it, and does it
//! one order at a time in a write of its own that looks again: safe to run in several processes at once,
//! and to stop at any point. An order that cannot move keeps no other waiting.

use super::{Base, Edge, Kind, MoveRequest, facts, lifecycle, move_to_stage, release, store, take};
use crate::actor::Actor;
use crate::catalog::stock;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Refusal, Result};
use crate::market::{self, Market, Markets};
use crate::order::{self, Order};
use crate::payment;
use crate::time::UtcTime;
use crate::workflow::Stages;

/// Orders of one kind that a round takes at the most.
const BATCH: i64 = 200;
/// Minutes after which an order that a timer could not move is looked at again.
const AGAIN: i64 = 6 * 60;
/// Who moves by the clock.
const TIMER: Actor = Actor::System { name: "Timer" };

/// Does what is due by the clock: abandons orders that were never completed, releases holds that have
/// ended, takes shipped orders as delivered and puts finished ones away. Returns how many orders changed.
pub async fn run_timers(db: &Db) -> Result<usize> {
    let now = UtcTime::now();
    let due = db.read(move |conn| Due::load(conn, now)).await?;
    let mut changed = free_soft_holds(db, now).await?;
    for number in due.abandon {
        changed += counted(number, db.write(move |tx| abandon_if_due(tx, number)).await);
    }
    for (number, hold) in due.release {
        let released = db.write(move |tx| release(tx, &TIMER, number, None, &hold)).await;
        changed += counted(number, released.map(|outcome| outcome.changed));
    }
    for (number, to) in due.advance {
        let outcome = db.write(move |tx| advance_if_due(tx, number, to)).await;
        if matches!(outcome, Err(Error::Refused(_))) {
            // What it lacks may take days: look again later instead of in every round.
            db.write(move |tx| wait(tx, number)).await?;
        }
        changed += counted(number, outcome);
    }
    Ok(changed)
}

/// Gives free what orders held softly until now. An order on hold keeps what its hold lets it keep.
async fn free_soft_holds(db: &Db, now: UtcTime) -> Result<usize> {
    let mut changed = 0;
    for id in db.read(move |conn| stock::expired(conn, now, BATCH)).await? {
        let freed = db
            .write(move |tx| {
                let order = order::lock(tx, id)?;
                if order.base == Base::OnHold {
                    return Ok(false);
                }
                stock::free_expired(tx, &TIMER, id)
            })
            .await;
        changed += counted(id.0, freed);
    }
    Ok(changed)
}

/// What is due.
struct Due {
    abandon: Vec<i64>,
    release: Vec<(i64, String)>,
    /// Numbers with the base they should enter.
    advance: Vec<(i64, Base)>,
}

impl Due {
    fn load(conn: &mut Conn, now: UtcTime) -> Result<Self> {
        let mut due = Due {
            abandon: store::due_to_abandon(conn, now, BATCH)?,
            release: store::due_to_release(conn, now, BATCH)?,
            advance: Vec::new(),
        };
        let markets = Markets::load(conn)?.markets;
        if markets.iter().all(|market| market.deliver_after_days.is_none() && market.archive_after_days.is_none()) {
            return Ok(due);
        }
        let stages = Stages::load(conn)?;
        for market in &markets {
            for stage in stages.iter() {
                let Some((days, to)) = rule(market, stage.base) else { continue };
                let since = now.plus_minutes(-days * 1_440);
                let numbers = store::standing_since(conn, market.id, &stage.slug, since, now, BATCH)?;
                due.advance.extend(numbers.into_iter().map(|number| (number, to)));
            }
        }
        Ok(due)
    }
}

/// After how many days orders of a base go on by themselves in this market, and where to.
fn rule(market: &Market, base: Base) -> Option<(i64, Base)> {
    match base {
        Base::Shipped => market.deliver_after_days.map(|days| (days, Base::Delivered)),
        Base::Delivered | Base::Returned | Base::Cancelled | Base::Rejected | Base::Abandoned => {
            market.archive_after_days.map(|days| (days, Base::Archived))
        }
        Base::Placed | Base::Confirmed | Base::OnHold | Base::Approved | Base::Processed | Base::Archived => None,
    }
}

/// One order that cannot be changed keeps no other waiting.
fn counted(number: i64, outcome: Result<bool>) -> usize {
    match outcome {
        Ok(changed) => usize::from(changed),
        Err(Error::Refused(refusal)) => {
            tracing::debug!(number, why = %refusal.message, "what was due by the clock was refused");
            0
        }
        Err(error) => {
            tracing::warn!(%error, number, "what was due by the clock failed");
            0
        }
    }
}

fn abandon_if_due(tx: &mut Tx<'_>, number: i64) -> Result<bool> {
    let mut order = order::find_for_change(tx, number, None)?;
    let is_due = order.base == Base::Placed && order.abandon_at.is_some_and(|at| at <= tx.now);
    if !is_due {
        return Ok(false);
    }
    let market = Markets::load(tx.conn)?.market(order.market_id).cloned();
    if market.is_some_and(|market| !market.abandons) {
        // The market was switched off after this order came in.
        order.abandon_at = None;
        order::save(tx, &mut order)?;
        return Ok(false);
    }
    let edge = Edge { from: Base::Placed, to: Base::Abandoned, kind: Kind::Incomplete };
    let facts = facts(tx.conn, &order)?;
    if !lifecycle::lacks(&order, &facts, &edge).is_empty() {
        // Money arrived or is on its way: look again in an hour instead of in every round.
        order.abandon_at = Some(tx.now.plus_minutes(60));
        order::save(tx, &mut order)?;
        return Ok(false);
    }
    let target = Stages::load(tx.conn)?.default_of(Base::Abandoned)?.clone();
    take(tx, &TIMER, order, &edge, &target, &MoveRequest::to(&target.slug))?;
    Ok(true)
}

/// Takes a shipped order as delivered, or puts a finished one away, if it is still time to.
fn advance_if_due(tx: &mut Tx<'_>, number: i64, to: Base) -> Result<bool> {
    let order = order::find_for_change(tx, number, None)?;
    let market = Markets::load(tx.conn)?.market(order.market_id).cloned();
    let due = market
        .as_ref()
        .and_then(|market| rule(market, order.base))
        .is_some_and(|(days, base)| base == to && order.stage_entered_at.plus_minutes(days * 1_440) <= tx.now);
    if !due {
        return Ok(false);
    }
    if payment::is_under_way(&payment::ledger(tx.conn, order.id)?) {
        return Err(Refusal::state("order.payment_in_flight", "A payment is under way.").into());
    }
    let target = Stages::load(tx.conn)?.default_of(to)?.slug.clone();
    let request = MoveRequest { version: Some(order.version), ..MoveRequest::to(&target) };
    Ok(move_to_stage(tx, &TIMER, number, &request)?.changed)
}

fn wait(tx: &mut Tx<'_>, number: i64) -> Result<()> {
    let order = order::find(tx.conn, number)?;
    store::wait_until(tx, order.id, tx.now.plus_minutes(AGAIN))
}

/// Puts an order that has just confirmed itself on hold until its market opens again, if it is closed and
/// wants that. Domain, moves 6 and 7: the hold ends by itself at the next opening.
pub(super) fn hold_after_hours(tx: &mut Tx<'_>, order: Order) -> Result<Order> {
    let Some(market) = Markets::load(tx.conn)?.market(order.market_id).cloned().filter(|m| m.holds_after_hours) else {
        return Ok(order);
    };
    let (hours, zone) = (market::hours(tx.conn, market.id)?, market.zone());
    let until = hours.next_opening(tx.now, zone).filter(|_| !hours.is_open(tx.now, zone));
    let Some(until) = until else { return Ok(order) };
    let edge = Edge { from: order.base, to: Base::OnHold, kind: Kind::Hold };
    let target = Stages::load(tx.conn)?.default_of(Base::OnHold)?.clone();
    let request = MoveRequest { reason: "after_hours".into(), until: Some(until), ..MoveRequest::to(&target.slug) };
    take(tx, &TIMER, order, &edge, &target, &request).map(|outcome| outcome.order)
}
