//! The table of actions that are carried out bit by bit.

use diesel::prelude::*;

use super::bulk::{Action, Done};
use crate::db::schema::bulk_jobs;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{KeyId, new_uid};
use crate::time::UtcTime;

/// An action under way.
#[derive(Clone, Debug)]
pub struct BulkJob {
    /// Public identifier.
    pub uid: String,
    /// The key whose program asked for it.
    pub key: KeyId,
    /// What is done.
    pub action: Action,
    /// Numbers of the orders still to come.
    pub orders: Vec<i64>,
    /// What became of the others.
    pub results: Vec<Done>,
    /// How many orders there are in all.
    pub total: i64,
    /// How many are done.
    pub done: i64,
    /// When it was asked for.
    pub created_at: UtcTime,
    /// When the last one was done.
    pub finished_at: Option<UtcTime>,
}

pub(super) fn insert(tx: &mut Tx<'_>, key: KeyId, action: &Action, orders: &[i64]) -> Result<String> {
    let uid = new_uid();
    diesel::insert_into(bulk_jobs::table)
        .values((
            bulk_jobs::uid.eq(&uid),
            bulk_jobs::key_id.eq(key.0),
            bulk_jobs::action.eq(serde_json::to_string(action)?),
            bulk_jobs::orders.eq(serde_json::to_string(orders)?),
            bulk_jobs::results.eq("[]"),
            bulk_jobs::total.eq(i64::try_from(orders.len()).unwrap_or(i64::MAX)),
            bulk_jobs::created_at.eq(tx.now.0),
        ))
        .execute(tx.conn)?;
    Ok(uid)
}

type Row = (String, KeyId, String, String, String, i64, i64, UtcTime, Option<UtcTime>);

/// The action with that public identifier.
pub fn find_job(conn: &mut Conn, uid: &str) -> Result<Option<BulkJob>> {
    let row: Option<Row> = bulk_jobs::table
        .filter(bulk_jobs::uid.eq(uid))
        .select((
            bulk_jobs::uid,
            bulk_jobs::key_id,
            bulk_jobs::action,
            bulk_jobs::orders,
            bulk_jobs::results,
            bulk_jobs::total,
            bulk_jobs::done,
            bulk_jobs::created_at,
            bulk_jobs::finished_at,
        ))
        .first(conn)
        .optional()?;
    let Some((uid, key, action, orders, results, total, done, created_at, finished_at)) = row else { return Ok(None) };
    Ok(Some(BulkJob {
        uid,
        key,
        action: serde_json::from_str(&action)?,
        orders: serde_json::from_str(&orders)?,
        results: serde_json::from_str(&results)?,
        total,
        done,
        created_at,
        finished_at,
    }))
}

pub(super) fn save(tx: &mut Tx<'_>, job: &BulkJob) -> Result<()> {
    diesel::update(bulk_jobs::table.filter(bulk_jobs::uid.eq(&job.uid)))
        .set((
            bulk_jobs::orders.eq(serde_json::to_string(&job.orders)?),
            bulk_jobs::results.eq(serde_json::to_string(&job.results)?),
            bulk_jobs::done.eq(job.done),
            bulk_jobs::finished_at.eq(job.finished_at.map(|at| at.0)),
        ))
        .execute(tx.conn)?;
    Ok(())
}
