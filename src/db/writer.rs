//! The one writer of a SQLite database: a thread that takes waiting writes, runs each in a savepoint
//! of one transaction, commits them together and only then answers. Under load one sync to disk
//! serves many writers, and none starves.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::{Conn, Tx, dialect, memo, savepoint, search};
use crate::error::{Error, Result};
use crate::time::UtcTime;

/// Writes that are committed together at the most.
const GROUP: usize = 64;
/// A group is closed after this long even if more writes wait, so that nobody waits for a crowd.
const PATIENCE: Duration = Duration::from_millis(20);
/// Writes that may wait before submitters are held back.
const QUEUE: usize = 1024;

/// Tells the submitter how it ended: `Some(error)` if the group's commit failed.
type Answer = Box<dyn FnOnce(Option<String>) + Send>;
/// Is given the connection, or why there is no transaction to work in.
type Job = Box<dyn FnOnce(Result<&mut Conn>, UtcTime) -> Answer + Send>;

pub(super) struct Writer {
    queue: SyncSender<Job>,
}

impl Writer {
    pub(super) fn start(conn: Conn) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("slipway-writer".into())
            .spawn(move || serve(conn, &jobs))
            .expect("a process that cannot start one thread cannot serve a shop");
        Writer { queue }
    }

    pub(super) async fn submit<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (job, answer) = package(work);
        if let Err(full) = self.queue.try_send(job) {
            let queue = self.queue.clone();
            let std::sync::mpsc::TrySendError::Full(job) = full else { return Err(gone()) };
            let sent = tokio::task::spawn_blocking(move || queue.send(job).is_ok()).await.map_err(Error::broken)?;
            if !sent {
                return Err(gone());
            }
        }
        answer.await.map_err(|_| gone())?
    }

    pub(super) fn submit_blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (job, answer) = package(work);
        self.queue.send(job).map_err(|_| gone())?;
        answer.blocking_recv().map_err(|_| gone())?
    }
}

fn gone() -> Error {
    Error::broken("the database writer has stopped")
}

fn package<T, F>(work: F) -> (Job, oneshot::Receiver<Result<T>>)
where
    T: Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
{
    let (sender, receiver) = oneshot::channel();
    let job: Job = Box::new(move |conn, now| {
        let outcome = conn.and_then(|conn| memo::during(|| savepoint(conn, |conn| work(&mut Tx { conn, now }))));
        Box::new(move |commit_failed| {
            let answer = match (commit_failed, outcome) {
                (Some(cause), Ok(_)) => Err(Error::broken(cause)),
                (_, outcome) => outcome,
            };
            // A submitter that went away no longer wants the answer; its write stands.
            let _ = sender.send(answer);
        })
    });
    (job, receiver)
}

fn serve(mut conn: Conn, jobs: &Receiver<Job>) {
    search::gather();
    while let Ok(first) = jobs.recv() {
        let started = Instant::now();
        let mut answers = Vec::new();
        let now = UtcTime::now();
        let mut first = Some(first);
        let group = super::transaction(&mut conn, |conn| {
            answers.extend(first.take().map(|first| first(Ok(conn), now)));
            while answers.len() < GROUP && started.elapsed() < PATIENCE {
                let Ok(next) = jobs.try_recv() else { break };
                answers.push(next(Ok(conn), UtcTime::now()));
            }
            search::write_down(conn)
        });
        let failed = match (group, first) {
            (Ok(()), _) => None,
            (Err(error), None) => Some(error.to_string()),
            // It did not even begin, so whoever waits is told why: another process may hold the database.
            (Err(error), Some(first)) => {
                tracing::warn!(%error, "a write could not begin");
                first(Err(error), now)(None);
                None
            }
        };
        if let Some(cause) = &failed {
            tracing::error!(%cause, writes = answers.len(), "a group of writes was not committed");
        }
        for answer in answers {
            answer(failed.clone());
        }
    }
    // Who ends without it learns it another time.
    let _ = super::batch(&mut conn, "PRAGMA optimize;");
    if let Conn::Sqlite(conn) = &mut conn {
        dialect::forget_small_sizes(conn);
    }
}
