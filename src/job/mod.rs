//! The queue of work to be done later: a table, so that a job is put in with the change that asks
//! for it or not at all. It knows no job's meaning; `worker.rs` does. A job may run twice after a
//! crash, so every job does nothing the second time.

mod store;

use crate::db::{Db, Tx};
use crate::error::Result;
use crate::time::UtcTime;

/// Seconds a worker may take before another one takes the job over.
const CLAIM_SECONDS: i64 = 120;
/// Tries before a job is set aside.
const MOST_ATTEMPTS: i64 = 10;

/// A job somebody has claimed.
#[derive(Clone, Debug)]
pub struct Job {
    /// Key.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// With what: JSON.
    pub payload: String,
    /// Which try this is, from 1.
    pub attempt: i64,
}

impl Job {
    /// Whether it is set aside if this try fails too.
    pub fn is_last_try(&self) -> bool {
        self.attempt >= MOST_ATTEMPTS
    }
}

/// Puts a job into the queue, to run at `run_at`. Where `unique_key` is given and such a job is
/// already waiting, there is nothing to do.
pub fn enqueue(
    tx: &mut Tx<'_>,
    kind: &str,
    payload: &serde_json::Value,
    run_at: UtcTime,
    unique_key: Option<&str>,
) -> Result<()> {
    store::insert(tx, kind, &payload.to_string(), run_at, unique_key)
}

/// Takes the next job that is due, if there is one. Two workers never get the same one.
pub async fn claim(db: &Db) -> Result<Option<Job>> {
    db.write(|tx| store::claim(tx, tx.now.plus_seconds(CLAIM_SECONDS))).await
}

/// Keeps a claim on a job that takes long.
pub fn keep(tx: &mut Tx<'_>, job: i64) -> Result<()> {
    let until = tx.now.plus_seconds(CLAIM_SECONDS);
    store::keep(tx, job, until)
}

/// Strikes a job off: it is done.
pub async fn finish(db: &Db, job: i64) -> Result<()> {
    db.write(move |tx| store::remove(tx, job)).await
}

/// Puts a job that failed back, later each time, or sets it aside after ten tries.
pub async fn fail(db: &Db, job: &Job, cause: String) -> Result<()> {
    let (id, attempt) = (job.id, job.attempt);
    db.write(move |tx| {
        let wait = 5i64.saturating_mul(1 << attempt.clamp(0, 12));
        let retry_at = (attempt < MOST_ATTEMPTS).then(|| tx.now.plus_seconds(wait));
        store::fail(tx, id, &cause, retry_at)
    })
    .await
}
