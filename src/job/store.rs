//! The queue's table.

use diesel::prelude::*;

use super::Job;
use crate::db::schema::jobs;
use crate::db::{Tx, dialect};
use crate::error::Result;
use crate::time::UtcTime;

pub(super) fn insert(
    tx: &mut Tx<'_>,
    kind: &str,
    payload: &str,
    run_at: UtcTime,
    unique_key: Option<&str>,
) -> Result<()> {
    let statement = diesel::insert_into(jobs::table)
        .values((
            jobs::kind.eq(kind),
            jobs::payload.eq(payload),
            jobs::unique_key.eq(unique_key),
            jobs::run_at.eq(run_at),
            jobs::created_at.eq(tx.now),
        ))
        .on_conflict(jobs::unique_key)
        .do_nothing();
    dialect::Both(statement).execute(tx.conn)?;
    Ok(())
}

pub(super) fn claim(tx: &mut Tx<'_>, until: UtcTime) -> Result<Option<Job>> {
    let Some(id) = dialect::next_job(tx.conn, tx.now)? else { return Ok(None) };
    let (kind, payload, attempt): (String, String, i64) = diesel::update(jobs::table.find(id))
        .set((jobs::claimed_until.eq(Some(until)), jobs::attempts.eq(jobs::attempts + 1)))
        .returning((jobs::kind, jobs::payload, jobs::attempts))
        .get_result(tx.conn)?;
    Ok(Some(Job { id, kind, payload, attempt }))
}

pub(super) fn keep(tx: &mut Tx<'_>, job: i64, until: UtcTime) -> Result<()> {
    diesel::update(jobs::table.find(job)).set(jobs::claimed_until.eq(Some(until))).execute(tx.conn)?;
    Ok(())
}

pub(super) fn remove(tx: &mut Tx<'_>, job: i64) -> Result<()> {
    diesel::delete(jobs::table.find(job)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn fail(tx: &mut Tx<'_>, job: i64, cause: &str, retry_at: Option<UtcTime>) -> Result<()> {
    let failed_at = if retry_at.is_none() { Some(tx.now) } else { None };
    diesel::update(jobs::table.find(job))
        .set((
            jobs::run_at.eq(retry_at.unwrap_or(tx.now)),
            jobs::claimed_until.eq(None::<UtcTime>),
            jobs::last_error.eq(Some(cause)),
            jobs::failed_at.eq(failed_at),
        ))
        .execute(tx.conn)?;
    Ok(())
}
