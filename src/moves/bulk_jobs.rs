//! Actions over more orders than one request takes: carried out bit by bit, each bit with its results in
//! one transaction, so that a desk that is stopped in the middle goes on where it was.

use serde::{Deserialize, Serialize};

use super::bulk::{Action, Doer, act};
use super::store_bulk::{self, BulkJob};
use super::{Authority, Telling};
use crate::actor::Actor;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Result};
use crate::ids::KeyId;
use crate::job::{self, Job};

/// Name of the job in the queue.
pub const BULK_JOB: &str = "moves.bulk";
/// Orders that are changed in one transaction.
const BIT: usize = 100;

#[derive(Serialize, Deserialize)]
struct Payload {
    uid: String,
    key: i64,
    name: String,
    corrects: bool,
    tells: bool,
}

/// Begins an action that a program asked for.
///
/// # Errors
/// Broken for an actor that is no program.
pub fn begin_bulk(tx: &mut Tx<'_>, doer: &Doer, action: &Action, orders: &[i64]) -> Result<BulkJob> {
    let Actor::ApiKey { id, name } = &doer.actor else {
        return Err(Error::broken("only programs have actions carried out by a job"));
    };
    let uid = store_bulk::insert(tx, *id, action, orders)?;
    let payload = Payload {
        uid: uid.clone(),
        key: id.0,
        name: name.clone(),
        corrects: doer.authority == Authority::Corrects,
        tells: doer.telling == Telling::Amounts,
    };
    job::enqueue(tx, BULK_JOB, &serde_json::to_value(&payload)?, tx.now, Some(&format!("bulk {uid}")))?;
    store_bulk::find_job(tx.conn, &uid)?.ok_or_else(|| Error::broken("an action that was begun is gone"))
}

/// The action with that public identifier.
pub fn find_bulk(conn: &mut Conn, uid: &str) -> Result<Option<BulkJob>> {
    store_bulk::find_job(conn, uid)
}

/// Carries an action out to its end, bit by bit.
///
/// # Errors
/// A fault of ours; the job is then tried again and goes on with the first order that is not done.
pub async fn carry_on_bulk(db: &Db, job: &Job) -> Result<()> {
    let payload: Payload = serde_json::from_str(&job.payload)?;
    let doer = Doer {
        actor: Actor::ApiKey { id: KeyId(payload.key), name: payload.name },
        authority: if payload.corrects { Authority::Corrects } else { Authority::Moves },
        telling: if payload.tells { Telling::Amounts } else { Telling::NoAmounts },
    };
    let id = job.id;
    loop {
        let (doer, uid) = (doer.clone(), payload.uid.clone());
        let left = db
            .write(move |tx| {
                job::keep(tx, id)?;
                a_bit(tx, &doer, &uid)
            })
            .await?;
        if left == 0 {
            return Ok(());
        }
    }
}

/// Changes the next few orders; returns how many are left.
fn a_bit(tx: &mut Tx<'_>, doer: &Doer, uid: &str) -> Result<usize> {
    let Some(mut job) = store_bulk::find_job(tx.conn, uid)? else { return Ok(0) };
    let rest = job.orders.split_off(job.orders.len().min(BIT));
    let mut now = std::mem::replace(&mut job.orders, rest);
    now.sort_unstable();
    for number in now {
        job.results.push(act(tx, doer, number, &job.action)?);
        job.done += 1;
    }
    if job.orders.is_empty() && job.finished_at.is_none() {
        job.finished_at = Some(tx.now);
    }
    store_bulk::save(tx, &job)?;
    Ok(job.orders.len())
}
