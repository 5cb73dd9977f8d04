//! The maintenance door: for putting very many rows into a database that nobody works with yet. A
//! connection of its own with safety given up for speed, indexes taken off and built again in one
//! go. What is written through it must keep every rule by itself, so only the demonstration uses it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl};

use super::location::Location;
use super::{Conn, Db, dialect, panic_text, transaction};
use crate::error::{Error, Result};

/// A connection for maintenance.
pub struct Bulk {
    conn: Conn,
    location: Location,
}

/// What is searched in.
const SEARCHES: [&str; 2] = ["customer_search", "order_search"];

/// What makes filling it fast: words are gathered until there are 16 MB of them, which processors still keep
/// close by, and what was written down is put in one order once, at the end, instead of again and again.
const PATIENT_SEARCH: [(&str, u32); 3] = [("hashsize", 16_000_000), ("automerge", 0), ("crisismerge", 1_999)];

/// A second hand, which fills search in a file beside the database while the first copies rows: a database of
/// SQLite has one writer, and search is half of the work.
pub struct SearchHand {
    sender: SyncSender<String>,
    work: JoinHandle<Result<()>>,
    file: PathBuf,
}

impl SearchHand {
    /// Gives it a statement to run, in the order given.
    ///
    /// # Errors
    /// When it has stopped; [`Bulk::take_search`] says why.
    pub fn run(&self, sql: String) -> Result<()> {
        self.sender.send(sql).map_err(|_| Error::broken("the filling of search stopped"))
    }
}

/// Statements that may wait for the second hand.
const WAITING: usize = 64;

/// Removes a database file with what SQLite keeps beside it.
fn remove(file: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut path = file.as_os_str().to_owned();
        path.push(ending);
        // It is not there as a rule.
        let _ = std::fs::remove_file(path);
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

const FAST_SQLITE: &str = "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -300000; \
                           PRAGMA threads = 2; PRAGMA wal_autocheckpoint = 20000; PRAGMA mmap_size = 2147418112;";
const FAST_POSTGRES: &str = "SET synchronous_commit = off; SET maintenance_work_mem = '256MB'; SET work_mem = '128MB'; \
                             SET client_min_messages = warning;";

// What the triggers of `orders` keep, of all orders at once.
const COUNT_STAGES: &str = "DELETE FROM stage_counts; \
                            INSERT INTO stage_counts (market_id, stage, orders) \
                            SELECT market_id, stage, COUNT(*) FROM orders GROUP BY market_id, stage;";
const COUNT_KINDS: &str = "DELETE FROM order_kinds; INSERT INTO order_kinds \
                           SELECT stage, market_id, channel_id, payment_status, fulfilment_status, gift, \
                           note_count > 0, printed_at IS NOT NULL, COUNT(*) FROM orders GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;";
const COUNT_CUSTOMERS: &str = "UPDATE customers SET order_count = sums.orders, first_order_at = sums.first_at, \
                               last_order_at = sums.last_at, spent_minor = sums.spent \
                               FROM (SELECT customer_id, COUNT(*) AS orders, MIN(placed_at) AS first_at, \
                               MAX(placed_at) AS last_at, CAST(SUM(CASE WHEN currency = \
                               (SELECT currency FROM markets ORDER BY id LIMIT 1) \
                               THEN captured_minor - refunded_minor ELSE 0 END) AS BIGINT) AS spent \
                               FROM orders WHERE customer_id IS NOT NULL GROUP BY customer_id) AS sums \
                               WHERE customers.id = sums.customer_id";

impl Db {
    /// Opens the maintenance door.
    ///
    /// # Errors
    /// As opening the database.
    pub fn bulk(&self) -> Result<Bulk> {
        let mut conn = self.shared.location.connect(false)?;
        match &mut conn {
            Conn::Sqlite(inner) => inner.batch_execute(FAST_SQLITE)?,
            Conn::Pg(inner) => {
                inner.batch_execute(FAST_POSTGRES)?;
                let is_superuser: Number = diesel::sql_query(
                    "SELECT CAST(COUNT(*) AS BIGINT) AS number FROM pg_roles WHERE rolname = current_user AND rolsuper",
                )
                .get_result(inner)?;
                if is_superuser.number > 0 {
                    // The rows are right by construction; checking each against its order takes minutes.
                    inner.batch_execute("SET session_replication_role = replica")?;
                }
            }
        }
        Ok(Bulk { conn, location: self.shared.location.clone() })
    }
}

impl Bulk {
    /// Runs statements in one transaction.
    pub fn run(&mut self, sql: &str) -> Result<()> {
        transaction(&mut self.conn, |conn| Ok(conn.batch_execute(sql)?))
    }

    /// The one number a query selects, which it calls `number`.
    pub fn number(&mut self, sql: &str) -> Result<i64> {
        let found: Number = crate::on_each_database!(&mut self.conn, conn => diesel::sql_query(sql).get_result(conn))?;
        Ok(found.number)
    }

    /// What makes `key` a UUIDv7 of `millis`, both being expressions of whole numbers. No two keys of
    /// a table make the same one.
    pub fn uid(&self, millis: &str, key: &str) -> String {
        match self.conn {
            Conn::Sqlite(_) => {
                format!("printf('%08x-%04x-7000-8000-%012x', ({millis}) >> 16, ({millis}) & 65535, {key})")
            }
            Conn::Pg(_) => format!(
                "lpad(to_hex(({millis}) >> 16), 8, '0') || '-' || lpad(to_hex(({millis}) & 65535), 4, '0') \
                 || '-7000-8000-' || lpad(to_hex(CAST({key} AS BIGINT)), 12, '0')"
            ),
        }
    }

    /// What lets the database know how large the temporary tables are. Of SQLite's own tables it learns nothing while
    /// they are small: what it believes small it reads from end to end.
    pub fn knowing_what_is_aside(&self) -> &'static str {
        match self.conn {
            Conn::Sqlite(_) => "ANALYZE temp",
            Conn::Pg(_) => "ANALYZE",
        }
    }

    /// The insert that tells search of many orders; `document` is an expression of words with single
    /// spaces between.
    pub fn search_insert(&self, order: &str, document: &str, from: &str) -> String {
        self.search_insert_into("order", order, document, from)
    }

    /// The same for another thing that is searched for: `customer`.
    pub fn search_insert_into(&self, what: &str, key: &str, document: &str, from: &str) -> String {
        match self.conn {
            Conn::Sqlite(_) => {
                format!("INSERT INTO {what}_search (rowid, document) SELECT {key}, {document} FROM {from};")
            }
            Conn::Pg(_) => format!(
                "INSERT INTO {what}_search ({what}_id, document) \
                 SELECT {key}, array_to_tsvector(string_to_array({document}, ' ')) FROM {from};"
            ),
        }
    }

    /// Does `work` while these tables have no index but their keys and nothing is counted along with
    /// `orders`; then counts, and builds the indexes again.
    pub fn without_indexes(&mut self, tables: &[&str], work: impl FnOnce(&mut Bulk) -> Result<()>) -> Result<()> {
        let mut built = Vec::new();
        for table in tables {
            built.extend(self.indexes(table)?);
        }
        for index in &built {
            self.run(&format!("DROP INDEX {}", index.name))?;
        }
        let stopped = self.stop_triggers("orders")?;
        work(self)?;
        self.run(COUNT_STAGES)?;
        self.run(COUNT_KINDS)?;
        self.run(COUNT_CUSTOMERS)?;
        for index in &built {
            self.run(&index.sql)?;
        }
        for trigger in &stopped {
            self.run(trigger)?;
        }
        Ok(())
    }

    fn indexes(&mut self, table: &str) -> Result<Vec<Statement>> {
        Ok(match &mut self.conn {
            Conn::Sqlite(inner) => diesel::sql_query(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' AND tbl_name = $1",
            )
            .bind::<Text, _>(table)
            .load(inner)?,
            Conn::Pg(inner) => diesel::sql_query(
                "SELECT CAST(CAST(indexrelid AS REGCLASS) AS TEXT) AS name, pg_get_indexdef(indexrelid) AS sql \
                 FROM pg_index i WHERE indrelid = CAST($1 AS REGCLASS) \
                 AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            )
            .bind::<Text, _>(table)
            .load(inner)?,
        })
    }

    /// Takes every trigger of a table off; returns what puts them back.
    fn stop_triggers(&mut self, table: &str) -> Result<Vec<String>> {
        match &mut self.conn {
            Conn::Sqlite(inner) => {
                let triggers: Vec<Statement> =
                    diesel::sql_query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1")
                        .bind::<Text, _>(table)
                        .load(inner)?;
                for trigger in &triggers {
                    inner.batch_execute(&format!("DROP TRIGGER {}", trigger.name))?;
                }
                Ok(triggers.into_iter().map(|trigger| trigger.sql).collect())
            }
            Conn::Pg(inner) => {
                inner.batch_execute(&format!("ALTER TABLE {table} DISABLE TRIGGER USER"))?;
                Ok(vec![format!("ALTER TABLE {table} ENABLE TRIGGER USER")])
            }
        }
    }

    /// A second hand that fills search meanwhile, if the database has use for one.
    ///
    /// # Errors
    /// When its file cannot be made.
    pub fn search_hand(&mut self) -> Result<Option<SearchHand>> {
        let (Conn::Sqlite(inner), Location::Sqlite(path)) = (&mut self.conn, &self.location) else { return Ok(None) };
        let names = SEARCHES.map(|name| format!("'{name}'")).join(", ");
        let sql = format!("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name IN ({names})");
        let tables: Vec<Statement> = diesel::sql_query(sql).load(inner)?;
        let mut file = path.clone().into_os_string();
        file.push("-search");
        let file = PathBuf::from(file);
        remove(&file);
        let (sender, statements) = sync_channel::<String>(WAITING);
        let location = Location::Sqlite(file.clone());
        let work = std::thread::spawn(move || {
            let mut conn = location.connect(false)?;
            // A file that is thrown away when anything goes wrong needs no journal.
            conn.batch_execute("PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF;")?;
            conn.batch_execute(FAST_SQLITE)?;
            let tables = tables.into_iter().map(|table| table.sql);
            let patience = SEARCHES.iter().flat_map(|search| {
                PATIENT_SEARCH
                    .map(|(name, value)| format!("INSERT INTO {search} ({search}, rank) VALUES ('{name}', {value})"))
            });
            let order = SEARCHES.iter().map(|search| format!("INSERT INTO {search} ({search}) VALUES ('optimize')"));
            for statement in tables.chain(patience).chain(statements).chain(order) {
                transaction(&mut conn, |conn| Ok(conn.batch_execute(&statement)?))?;
            }
            Ok(())
        });
        Ok(Some(SearchHand { sender, work, file }))
    }

    /// Waits until the second hand is done and takes over what it wrote, in the place of what search knew. A
    /// search of FTS5 is what its tables hold (<https://sqlite.org/fts5.html#fts5_data_structures>).
    ///
    /// # Errors
    /// What went wrong in its work.
    pub fn take_search(&mut self, hand: SearchHand) -> Result<()> {
        let SearchHand { sender, work, file } = hand;
        drop(sender);
        work.join().map_err(|panic| Error::broken(panic_text(panic.as_ref())))??;
        self.conn.batch_execute(&format!("ATTACH '{}' AS side", file.to_string_lossy().replace('\'', "''")))?;
        // Not its settings: those of the database stay.
        for search in SEARCHES {
            for part in ["data", "idx", "docsize"] {
                let table = format!("{search}_{part}");
                self.run(&format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM side.{table}"))?;
            }
        }
        self.conn.batch_execute("DETACH side")?;
        remove(&file);
        Ok(())
    }

    /// Leaves the database as a long-used one would be: keys counted on, statistics known, the log
    /// folded into the file.
    pub fn settle(&mut self, tables: &[&str]) -> Result<()> {
        match &mut self.conn {
            Conn::Sqlite(inner) => {
                inner.batch_execute("PRAGMA analysis_limit = 2000; ANALYZE;")?;
                dialect::forget_small_sizes(inner);
                inner.batch_execute("PRAGMA wal_checkpoint(TRUNCATE);")?;
            }
            Conn::Pg(inner) => {
                for table in tables {
                    inner.batch_execute(&format!(
                        "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
                    ))?;
                }
                // What autovacuum would have done by and by: without it no index answers alone.
                inner.batch_execute("VACUUM (ANALYZE)")?;
            }
        }
        Ok(())
    }
}
