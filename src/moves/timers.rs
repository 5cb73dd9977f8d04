//! What happens to orders by the clock.

use super::{Base, Edge, Kind, MoveRequest, facts, lifecycle, release, store, take};
use crate::actor::Actor;
use crate::catalog::stock;
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::order;
use crate::time::UtcTime;
use crate::workflow::Stages;

/// Does what is due by the clock: abandons orders that were never completed, releases holds that have
/// ended. Safe to run in several processes at once: each order is looked at again inside its own
/// write. Returns how many orders changed.
pub async fn run_timers(db: &Db) -> Result<usize> {
    let now = UtcTime::now();
    let (abandon, release_due) = db
        .read(move |conn| Ok((store::due_to_abandon(conn, now, 200)?, store::due_to_release(conn, now, 200)?)))
        .await?;
    let mut changed = free_soft_holds(db, now).await?;
    for number in abandon {
        changed += counted(number, db.write(move |tx| abandon_if_due(tx, number)).await);
    }
    for (number, hold) in release_due {
        let timer = Actor::System { name: "Timer" };
        let released = db.write(move |tx| release(tx, &timer, number, None, &hold)).await;
        changed += counted(number, released.map(|outcome| outcome.changed));
    }
    Ok(changed)
}

/// Gives free what orders held softly until now.
async fn free_soft_holds(db: &Db, now: UtcTime) -> Result<usize> {
    let mut changed = 0;
    for id in db.read(move |conn| stock::expired(conn, now, 200)).await? {
        let freed = db
            .write(move |tx| {
                order::lock(tx, id)?;
                stock::free_expired(tx, &Actor::System { name: "Timer" }, id)
            })
            .await;
        changed += counted(id.0, freed);
    }
    Ok(changed)
}

/// One order that cannot be changed keeps no other waiting.
fn counted(number: i64, outcome: Result<bool>) -> usize {
    match outcome {
        Ok(changed) => usize::from(changed),
        Err(error) => {
            tracing::warn!(%error, number, "what was due by the clock was refused");
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
    let edge = Edge { from: Base::Placed, to: Base::Abandoned, kind: Kind::Incomplete };
    let facts = facts(tx.conn, &order)?;
    if !lifecycle::lacks(&order, &facts, &edge).is_empty() {
        // Money arrived or is on its way: look again in an hour instead of in every round.
        order.abandon_at = Some(tx.now.plus_minutes(60));
        order::save(tx, &mut order)?;
        return Ok(false);
    }
    let target = Stages::load(tx.conn)?.default_of(Base::Abandoned)?.clone();
    let timer = Actor::System { name: "Timer" };
    take(tx, &timer, order, &edge, &target, &MoveRequest::to(&target.slug))?;
    Ok(true)
}
