//! What runs by itself: timers every few seconds, and the jobs of the queue with the verb each one
//! calls. Safe in several processes at once.

use std::time::Duration;

use crate::announce;
use crate::catalog::stock;
use crate::conversation::{self, outbox};
use crate::customer;
use crate::db::{Db, dialect};
use crate::error::{Error, Result};
use crate::intake::uploads;
use crate::job::{self, Job};
use crate::moves;
use crate::notify::{self, mails};
use crate::outside::Outside;
use crate::payment;
use crate::payment::provider::{self, Providers};
use crate::time::UtcTime;
use crate::transports;
use crate::webhook;
use crate::whatsapp;

/// How often the timers and the queue are looked at.
const ROUND: Duration = Duration::from_secs(2);
/// Customers that search learns of at once.
const UNKNOWN: i64 = 500;
/// Rounds between looks at what is low or lapses soon.
const LOOKING: u32 = 10;
/// Rounds between housekeeping.
const HOUSEKEEPING: u32 = 150;

/// Runs until the process ends: the clock, the queue, the webhooks, the messages and WhatsApp side by side, so
/// that no timer waits for a long job or a slow receiver.
pub async fn run(db: Db, outside: Outside) {
    let transports = transports::all();
    tokio::join!(
        clock(&db),
        queue(&db),
        webhook::run(&db, &outside),
        outbox::run(&db, &transports),
        announce::run(&db),
        chats(&db)
    );
}

async fn clock(db: &Db) {
    let mut rounds: u32 = 0;
    loop {
        if let Err(error) = tick(db, rounds).await {
            tracing::error!(%error, "a round of the timers failed");
        }
        rounds = rounds.wrapping_add(1);
        tokio::time::sleep(ROUND).await;
    }
}

/// Takes what came from WhatsApp and could not be taken when it came.
async fn chats(db: &Db) {
    loop {
        match whatsapp::take_waiting(db).await {
            Ok(taken) if taken > 0 => {}
            Ok(_) => tokio::time::sleep(ROUND).await,
            Err(error) => {
                tracing::error!(%error, "a round of WhatsApp failed");
                tokio::time::sleep(ROUND).await;
            }
        }
    }
}

async fn tick(db: &Db, rounds: u32) -> Result<()> {
    moves::run_timers(db).await?;
    payment::lapse_due(db).await?;
    while db.write(|tx| customer::index_missing(tx, UNKNOWN)).await? == UNKNOWN as usize {}
    if rounds.is_multiple_of(LOOKING) {
        stock::tell_low(db).await?;
        payment::tell_expiring(db).await?;
        db.write(whatsapp::gather_loose).await?;
        mails::gather(db, UtcTime::now()).await?;
    }
    if rounds.is_multiple_of(HOUSEKEEPING) {
        while db.write(webhook::forget_old).await? > 0 {}
        db.write(|tx| dialect::fold_counts(tx.conn)).await?;
        db.write(notify::presence::forget_gone).await?;
        db.write(whatsapp::forget_old).await?;
        db.write(uploads::forget_stale).await?;
        db.write(crate::api::forget_stale).await?;
        db.write(crate::staff::signing::keep_fresh).await?;
        db.write(crate::order::carts::forget_stale).await?;
        db.write(conversation::forget_early).await?;
    }
    Ok(())
}

async fn queue(db: &Db) {
    loop {
        if let Err(error) = drain(db).await {
            tracing::error!(%error, "a round of the jobs failed");
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// Does every job that is due. Returns how many there were.
pub async fn drain(db: &Db) -> Result<usize> {
    drain_with(db, &Providers::default()).await
}

/// The same with these payment providers to ask.
pub async fn drain_with(db: &Db, providers: &Providers) -> Result<usize> {
    let mut done = 0;
    while let Some(job) = job::claim(db).await? {
        match perform(db, providers, &job).await {
            Ok(()) => job::finish(db, job.id).await?,
            Err(error) => {
                tracing::error!(%error, kind = %job.kind, attempt = job.attempt, "a job failed");
                job::fail(db, &job, error.to_string()).await?;
            }
        }
        done += 1;
    }
    Ok(done)
}

/// The list of jobs and which verb each one calls.
async fn perform(db: &Db, providers: &Providers, job: &Job) -> Result<()> {
    match job.kind.as_str() {
        uploads::CHECK_JOB | uploads::RUN_JOB => uploads::perform(db, job).await,
        moves::BULK_JOB => moves::carry_on_bulk(db, job).await,
        mails::JOB => mails::send(db, job).await,
        whatsapp::media::JOB => whatsapp::media::fetch(db, job).await,
        provider::ASK_JOB => {
            let Some((uid, answer)) = provider::ask(db, providers, job).await? else { return Ok(()) };
            db.write(move |tx| moves::payment_answered(tx, &uid, &answer).map(|_| ())).await
        }
        unknown => Err(Error::broken(format!("no such job: {unknown}"))),
    }
}
