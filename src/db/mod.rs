//! The database: one set of queries for SQLite and Postgres, chosen by URL at run time.
//!
//! [`Db::read`] and [`Db::write`] are the only doors. A write closure runs in one transaction and is
//! answered after its commit; on SQLite a single writer thread commits waiting writes in groups, a
//! savepoint each (`writer.rs`), on Postgres it takes a pooled connection. Nothing else in the house
//! opens a transaction, and only this folder knows which database it is.

pub mod bulk;
pub mod dialect;
mod location;
mod memo;
pub mod migrate;
pub mod schema;
pub mod search;
pub mod types;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::R2D2Connection;
use diesel::{Connection, PgConnection, SqliteConnection};

pub use location::Location;
pub use memo::{amend_of, forget, remembered, remembered_of};

use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::time::UtcTime;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// Postgres.
    Pg(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// A transaction that may write. Only [`Db::write`] makes one, so having it proves that whatever is
/// done happens together or not at all.
pub struct Tx<'a> {
    /// For queries.
    pub conn: &'a mut Conn,
    /// The instant of everything in this transaction.
    pub now: UtcTime,
}

impl Tx<'_> {
    /// The same transaction with another instant as its present, to write down with the ordinary
    /// verbs what happened then.
    pub fn at(&mut self, now: UtcTime) -> Tx<'_> {
        Tx { conn: self.conn, now }
    }
    /// Runs `work` so that its effects vanish if it fails, while the transaction goes on.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let now = self.now;
        savepoint(self.conn, |conn| work(&mut Tx { conn, now })).inspect_err(|_| memo::forget_all())
    }
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    shared: Arc<Shared>,
}

struct Shared {
    location: Location,
    readers: r2d2::Pool<Opener>,
    /// SQLite only.
    writer: Option<writer::Writer>,
    /// Writes of this process that were committed.
    writes: tokio::sync::watch::Sender<u64>,
}

impl Db {
    /// Opens the database and brings its schema up to date, under a lock so that several processes
    /// may start at once.
    ///
    /// # Errors
    /// Refuses a place that cannot be opened and a database that a newer Slipway has migrated.
    pub fn open(location: &Location) -> Result<Self> {
        migrate::run(location)?;
        let opener = Opener { location: location.clone(), read_only: location.is_sqlite() };
        let size = match location {
            Location::Sqlite(_) => 4,
            Location::Postgres(_) => 16,
        };
        let readers = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(Duration::from_secs(10))
            .build(opener)
            .map_err(Error::broken)?;
        let writer = match location {
            Location::Sqlite(_) => Some(writer::Writer::start(location.connect(false)?)),
            Location::Postgres(_) => None,
        };
        let (writes, _) = tokio::sync::watch::channel(0);
        Ok(Db { shared: Arc::new(Shared { location: location.clone(), readers, writer, writes }) })
    }

    /// Wakes whoever waits on it after each write of this process. Of what other processes write it tells
    /// nothing.
    pub fn writes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.shared.writes.subscribe()
    }

    /// Passes the outcome of a write on and tells of it if it stands.
    fn told<T>(&self, outcome: Result<T>) -> Result<T> {
        if outcome.is_ok() {
            self.shared.writes.send_modify(|count| *count = count.wrapping_add(1));
        }
        outcome
    }

    /// Where the database is.
    pub fn location(&self) -> &Location {
        &self.shared.location
    }

    /// Runs a read on a connection of its own, off the event loop.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.read_blocking(work)).await.map_err(Error::broken)?
    }

    /// As [`Db::read`], for callers that may block: the command line, jobs, tests.
    pub fn read_blocking<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self.shared.readers.get().map_err(|_| busy())?;
        memo::during(|| work(&mut conn))
    }

    /// Runs a write in one transaction and answers after it is committed. If `work` fails, nothing
    /// of it stays.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let outcome = match &self.shared.writer {
            Some(writer) => writer.submit(work).await,
            None => {
                let db = self.clone();
                tokio::task::spawn_blocking(move || db.write_pooled(work)).await.map_err(Error::broken)?
            }
        };
        self.told(outcome)
    }

    /// As [`Db::write`], for callers that may block.
    pub fn write_blocking<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let outcome = match &self.shared.writer {
            Some(writer) => writer.submit_blocking(work),
            None => self.write_pooled(work),
        };
        self.told(outcome)
    }

    fn write_pooled<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut conn = self.shared.readers.get().map_err(|_| busy())?;
        memo::during(|| transaction(&mut conn, |conn| work(&mut Tx { conn, now: UtcTime::now() })))
    }
}

/// The refusal of work that would have to wait too long.
pub(crate) fn busy() -> Error {
    Refusal::new(RefusalKind::Busy, "desk.busy", "The desk is very busy. Nothing was changed; try again in a moment.")
        .after(1)
        .into()
}

/// Runs `work` between BEGIN and COMMIT.
fn transaction<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    match conn {
        Conn::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN IMMEDIATE")?,
        Conn::Pg(inner) => AnsiTransactionManager::begin_transaction_sql(inner, "BEGIN")?,
    }
    finish(conn, work)
}

/// Runs `work` in a savepoint of the transaction under way.
fn savepoint<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    <Conn as Connection>::TransactionManager::begin_transaction(conn)?;
    finish(conn, work)
}

fn finish<T>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let told = search::waiting();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(conn)))
        .unwrap_or_else(|panic| Err(Error::broken(panic_text(panic.as_ref()))));
    match outcome {
        Ok(value) => {
            <Conn as Connection>::TransactionManager::commit_transaction(conn)?;
            Ok(value)
        }
        Err(error) => {
            search::step_back(told);
            if let Err(rollback) = <Conn as Connection>::TransactionManager::rollback_transaction(conn) {
                tracing::warn!(error = %rollback, "rolling back failed");
            }
            Err(error)
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    format!("a write panicked: {text}")
}

/// Makes connections for the pool.
struct Opener {
    location: Location,
    read_only: bool,
}

impl r2d2::ManageConnection for Opener {
    type Connection = Conn;
    type Error = Error;

    fn connect(&self) -> Result<Conn> {
        self.location.connect(self.read_only)
    }
    fn is_valid(&self, conn: &mut Conn) -> Result<()> {
        match conn {
            Conn::Pg(inner) => inner.ping().map_err(Error::from),
            // A file on this machine does not hang up.
            Conn::Sqlite(_) => Ok(()),
        }
    }
    fn has_broken(&self, conn: &mut Conn) -> bool {
        match conn {
            Conn::Pg(inner) => inner.is_broken() || std::thread::panicking(),
            Conn::Sqlite(inner) => inner.is_broken() || std::thread::panicking(),
        }
    }
}

/// Runs statements without results, such as pragmas.
fn batch(conn: &mut Conn, sql: &str) -> Result<()> {
    Ok(conn.batch_execute(sql)?)
}
