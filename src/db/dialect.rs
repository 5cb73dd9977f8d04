//! Every statement the two databases must be told in different words.

use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;

use super::{Conn, MultiBackend, memo};
use crate::error::Result;
use crate::ids::{CustomerId, OrderId};

/// Lets a statement through that both databases know but Diesel's shared backend does not: an
/// upsert, a union.
pub struct Both<T>(pub T);

impl<T> QueryFragment<MultiBackend> for Both<T>
where
    T: QueryFragment<Pg> + QueryFragment<Sqlite>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(&self.0, pass)
    }
}
impl<T: QueryId> QueryId for Both<T> {
    type QueryId = T::QueryId;
    const HAS_STATIC_QUERY_ID: bool = T::HAS_STATIC_QUERY_ID;
}
impl<T: Query> Query for Both<T> {
    type SqlType = T::SqlType;
}
impl<T> RunQueryDsl<Conn> for Both<T> {}

/// Lets a statement stay prepared that Diesel would have the database parse again each time: an update, a calculation,
/// rows inserted together. It is kept by its text, so the text must be one of a few.
pub struct Kept<T>(pub T);

impl<T, DB: Backend> QueryFragment<DB> for Kept<T>
where
    T: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}
impl<T> QueryId for Kept<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<T: Query> Query for Kept<T> {
    type SqlType = T::SqlType;
}
impl<T, C> RunQueryDsl<C> for Kept<T> {}

/// A condition in words that never change. SQLite reads a partial index only by the very condition it was
/// made with, which Diesel would write with parameters; and unlike Diesel's own literal this one lets its
/// statement stay prepared.
#[derive(Clone, Copy, Debug, diesel::expression::ValidGrouping)]
pub struct Fixed(pub &'static str);

impl<DB: Backend> QueryFragment<DB> for Fixed {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql(self.0);
        Ok(())
    }
}
impl QueryId for Fixed {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl Expression for Fixed {
    type SqlType = diesel::sql_types::Bool;
}
impl<T> AppearsOnTable<T> for Fixed {}

/// Messages that somebody is to send or is sending, in the words of the index that holds them alone.
pub const MESSAGES_UNDER_WAY: Fixed = Fixed("messages.state IN ('queued', 'sending')");

/// Authorisations that were given, in the words of the index that holds them alone.
pub const AUTHORIZATIONS: Fixed = Fixed("payments.kind = 'authorization' AND payments.state = 'succeeded'");

/// Returns that something is left to do on, in the words of the index that holds them alone.
pub const OPEN_RETURNS: Fixed = Fixed("returns.state NOT IN ('rejected', 'closed', 'cancelled')");

/// Expands an expression once for each database: for what Diesel cannot say about both at once, such as
/// inserting many rows, and for what is done all the time. A statement through [`Conn`] is written out anew
/// each time it runs, even where it stays prepared; one through the database's own connection is not.
#[macro_export]
macro_rules! on_each_database {
    ($conn:expr, $inner:ident => $work:expr) => {
        match $conn {
            $crate::db::Conn::Pg($inner) => $work,
            $crate::db::Conn::Sqlite($inner) => $work,
        }
    };
}

/// Loads rows by keys, as many as there are: `$are` stands for the condition on the column. The statement
/// for a single key stays prepared; of many, so many are asked for at once as SQLite takes parameters.
#[macro_export]
macro_rules! load_by_keys {
    ($conn:expr, $column:expr, $keys:expr, $are:ident => $query:expr) => {{
        let keys = $keys;
        let mut found = Vec::new();
        if let [key] = keys.as_slice() {
            let $are = $column.eq(*key);
            found = $crate::on_each_database!(&mut *$conn, conn => $query.load(conn))?;
        } else {
            for keys in keys.chunks(10_000) {
                let $are = $column.eq_any(keys);
                found.append(&mut $query.load(&mut *$conn)?);
            }
        }
        found
    }};
}

/// Waits until no other transaction is changing the order. SQLite has one writer, so there it is a
/// no-op.
pub fn lock_order(conn: &mut Conn, order: OrderId) -> Result<()> {
    memo::forget_orders();
    if let Conn::Pg(inner) = conn {
        diesel::sql_query("SELECT 1 FROM orders WHERE id = $1 FOR UPDATE").bind::<BigInt, _>(order.0).execute(inner)?;
    }
    Ok(())
}

/// The same for the order with a number.
pub fn lock_numbered(conn: &mut Conn, number: i64) -> Result<()> {
    memo::forget_orders();
    if let Conn::Pg(inner) = conn {
        diesel::sql_query("SELECT 1 FROM orders WHERE number = $1 FOR UPDATE")
            .bind::<BigInt, _>(number)
            .execute(inner)?;
    }
    Ok(())
}

/// Limits how long this transaction waits for others. SQLite's writes wait in a queue, so there it is a
/// no-op.
pub fn limit_waiting(conn: &mut Conn) -> Result<()> {
    if let Conn::Pg(inner) = conn {
        diesel::sql_query("SET LOCAL lock_timeout = '8s'").execute(inner)?;
    }
    Ok(())
}

/// Whether a statement failed because of another transaction: waiting for it took too long, or it had
/// written meanwhile what there can be only once. SQLite has one writer, so there a value that is there
/// twice is a fault of ours.
pub fn lost_to_another(error: &diesel::result::Error) -> bool {
    let diesel::result::Error::DatabaseError(_, told) = error else { return false };
    ["lock timeout", "database is locked", "deadlock detected", "duplicate key value"]
        .iter()
        .any(|words| told.message().contains(words))
}

/// Waits until no other transaction is editing the shop's stages. SQLite has one writer, so there it is a
/// no-op.
pub fn lock_stage_editor(conn: &mut Conn) -> Result<()> {
    if let Conn::Pg(inner) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock(7021130000)").execute(inner)?;
    }
    Ok(())
}

/// Keeps a stage as it is until the transaction ends: together with others who only look at it, or alone
/// to close it. Keys that point at it are not held up. On SQLite a no-op.
pub fn lock_stage(conn: &mut Conn, slug: &str, alone: bool) -> Result<()> {
    if let Conn::Pg(inner) = conn {
        let strength = if alone { "NO KEY UPDATE" } else { "SHARE" };
        diesel::sql_query(format!("SELECT 1 FROM stages WHERE slug = $1 FOR {strength}"))
            .bind::<Text, _>(slug)
            .execute(inner)?;
    }
    Ok(())
}

/// What a query ends in that locks the rows it finds; nothing on SQLite.
pub fn for_update(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => "",
        Conn::Pg(_) => " FOR UPDATE",
    }
}

/// Waits until no other transaction that holds the same words has ended, to make what they name only once;
/// on SQLite a no-op, as there is one writer.
pub fn lock_words(conn: &mut Conn, words: &str) -> Result<()> {
    if let Conn::Pg(inner) = conn {
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
            .bind::<Text, _>(words)
            .execute(inner)?;
    }
    Ok(())
}

/// Waits until no other transaction is changing the customer; on SQLite a no-op.
pub fn lock_customer(conn: &mut Conn, customer: CustomerId) -> Result<()> {
    if let Conn::Pg(inner) = conn {
        diesel::sql_query("SELECT 1 FROM customers WHERE id = $1 FOR UPDATE")
            .bind::<BigInt, _>(customer.0)
            .execute(inner)?;
    }
    Ok(())
}

/// Waits until no other transaction is changing an order of these customers; on SQLite a no-op. Locks by
/// the orders' keys.
pub fn lock_orders_of(conn: &mut Conn, customers: [CustomerId; 2]) -> Result<()> {
    memo::forget_orders();
    if let Conn::Pg(inner) = conn {
        diesel::sql_query("SELECT 1 FROM orders WHERE customer_id IN ($1, $2) ORDER BY id FOR UPDATE")
            .bind::<BigInt, _>(customers[0].0)
            .bind::<BigInt, _>(customers[1].0)
            .execute(inner)?;
    }
    Ok(())
}

/// Beginning and end of a subquery that gives the numbers of a JSON array back as rows, around its one
/// text parameter. The column is called `value`.
pub fn numbers_subquery(conn: &Conn) -> (&'static str, &'static str) {
    match conn {
        Conn::Sqlite(_) => ("SELECT value FROM json_each(", ")"),
        Conn::Pg(_) => ("SELECT CAST(value AS BIGINT) AS value FROM json_array_elements_text(CAST(", " AS json))"),
    }
}

/// Folds the rows together that Postgres counts orders by stage and by kind in; on SQLite there is one each already.
pub fn fold_counts(conn: &mut Conn) -> Result<()> {
    let Conn::Pg(inner) = conn else { return Ok(()) };
    let kind = "stage, market_id, channel_id, payment_status, fulfilment_status, gift, noted, printed";
    for (table, counted) in [("stage_counts", "market_id, stage"), ("order_kinds", kind)] {
        // What stands alone stays as it is.
        diesel::sql_query(format!(
            "WITH several AS (SELECT {counted} FROM {table} GROUP BY {counted} HAVING COUNT(*) > 1 OR SUM(orders) = 0), \
             taken AS (DELETE FROM {table} WHERE ({counted}) IN (SELECT {counted} FROM several) \
             RETURNING {counted}, orders) \
             INSERT INTO {table} ({counted}, orders) \
             SELECT {counted}, SUM(orders) FROM taken GROUP BY {counted} HAVING SUM(orders) <> 0"
        ))
        .execute(inner)?;
    }
    Ok(())
}

/// The key of the next job that is due and not claimed, locked so that no other worker gets it. On
/// SQLite there is one writer, so the claim that follows is enough.
pub fn next_job(conn: &mut Conn, now: crate::time::UtcTime) -> Result<Option<i64>> {
    use diesel::{OptionalExtension, QueryableByName};
    #[derive(QueryableByName)]
    struct Key {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let query = "SELECT id FROM jobs WHERE failed_at IS NULL AND run_at <= $1 \
                 AND (claimed_until IS NULL OR claimed_until <= $1) ORDER BY run_at, id LIMIT 1";
    let found: Option<Key> = match conn {
        Conn::Sqlite(inner) => diesel::sql_query(query).bind::<BigInt, _>(now.0).get_result(inner).optional()?,
        Conn::Pg(inner) => diesel::sql_query(format!("{query} FOR UPDATE SKIP LOCKED"))
            .bind::<BigInt, _>(now.0)
            .get_result(inner)
            .optional()?,
    };
    Ok(found.map(|key| key.id))
}

/// The key of the diary up to which it is complete: no event with this key or a smaller one will still
/// appear. On Postgres every transaction that draws keys holds a lock that tells from where
/// (`order_the_diary`), so nothing above the least of them is complete.
pub fn diary_end(conn: &mut Conn) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Key {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    match conn {
        Conn::Sqlite(inner) => {
            let last: Key = diesel::sql_query("SELECT COALESCE(MAX(id), 0) AS id FROM events").get_result(inner)?;
            Ok(last.id)
        }
        Conn::Pg(inner) => {
            // In this order: whoever draws a key after it was read holds a lock no smaller than it.
            let drawn: Key = diesel::sql_query("SELECT last_value AS id FROM events_id_seq").get_result(inner)?;
            let held: Key = diesel::sql_query(
                "SELECT COALESCE(MIN((CAST(classid AS BIGINT) << 32) + CAST(objid AS BIGINT) - 364791569817010176), \
                 9223372036854775807) AS id FROM pg_locks \
                 WHERE locktype = 'advisory' AND objsubid = 1 AND CAST(classid AS BIGINT) BETWEEN 84934656 AND 85000191 \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            )
            .get_result(inner)?;
            Ok(drawn.id.min(held.id))
        }
    }
}

/// What a query ends in that locks the rows it finds and leaves out those that are locked; nothing on
/// SQLite.
pub fn for_update_skipping(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => "",
        Conn::Pg(_) => " FOR UPDATE SKIP LOCKED",
    }
}

/// What stands before a column so that SQLite does not pick that column's index for a condition that
/// is cheaper to check on the way. Postgres decides by its statistics.
pub fn on_the_way(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => "+",
        Conn::Pg(_) => "",
    }
}

/// Lets SQLite forget how many rows small tables have. What it learnt to be small it reads from end to end, and goes on
/// so when the table has grown: its full-text index then looks through all of itself to remove a part. Of tables that
/// it knows nothing of it takes them to be large. Seen by connections that open afterwards.
pub(super) fn forget_small_sizes(conn: &mut SqliteConnection) {
    for table in ["sqlite_stat4", "sqlite_stat1"] {
        let small = "SELECT tbl FROM sqlite_stat1 WHERE CAST(stat AS INTEGER) < 1000";
        // Before anything was learnt there is no such table.
        let _ = conn.batch_execute(&format!("DELETE FROM {table} WHERE tbl IN ({small})"));
    }
}

/// What stands between a table and the name of the index that SQLite must read it by. Postgres has
/// statistics of its own and is not told.
pub fn by_index(conn: &Conn) -> &'static str {
    match conn {
        Conn::Sqlite(_) => " INDEXED BY ",
        Conn::Pg(_) => "",
    }
}

/// A value bound to a statement that is written as text.
pub enum Parameter {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

/// Runs a statement written as text, with its parameters `$1`, `$2` … in their order.
pub fn load_written<T>(conn: &mut Conn, text: String, parameters: Vec<Parameter>) -> Result<Vec<T>>
where
    T: diesel::QueryableByName<Sqlite> + diesel::QueryableByName<Pg> + 'static,
{
    Ok(crate::on_each_database!(conn, inner => {
        let mut query = diesel::sql_query(text).into_boxed();
        for parameter in parameters {
            query = match parameter {
                Parameter::Int(value) => query.bind::<BigInt, _>(value),
                Parameter::Text(value) => query.bind::<Text, _>(value),
            };
        }
        query.load::<T>(inner)
    })?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use diesel::sql_types::Text;

    use super::*;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn the_few_that_something_is_left_to_do_on_are_found_without_looking_at_all_others() {
        let folder = tempfile::tempdir().unwrap();
        let db = crate::db::Db::open(&crate::db::Location::Sqlite(folder.path().join("desk.db"))).unwrap();
        for (table, few, more, index) in [
            ("returns", OPEN_RETURNS, "", "returns_open"),
            ("messages", MESSAGES_UNDER_WAY, "AND transport = $1 AND due_at <= $2", "messages_due"),
            ("payments", AUTHORIZATIONS, "AND expires_at > $1 AND expires_at <= $2", "payments_expiring"),
        ] {
            let asked = format!("EXPLAIN QUERY PLAN SELECT COUNT(*) FROM {table} WHERE {} {more}", few.0);
            let plan = db
                .read_blocking(|conn| {
                    let Conn::Sqlite(conn) = conn else { unreachable!() };
                    Ok(diesel::sql_query(&asked).get_result::<Step>(conn)?.detail)
                })
                .unwrap();
            assert!(plan.contains(index), "{plan}");
        }
    }

    #[test]
    fn what_was_small_once_is_not_read_from_end_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("small.db").to_string_lossy().into_owned();
        let open = || SqliteConnection::establish(&file).unwrap();
        let plan = || {
            let asked = "EXPLAIN QUERY PLAN DELETE FROM parts WHERE id >= 1 AND id <= 2";
            diesel::sql_query(asked).get_result::<Step>(&mut open()).unwrap().detail
        };
        let made = "CREATE TABLE parts (id INTEGER PRIMARY KEY); INSERT INTO parts VALUES (1), (2); ANALYZE;";
        forget_small_sizes(&mut open());
        open().batch_execute(made).unwrap();
        assert!(plan().starts_with("SCAN"), "{}", plan());
        forget_small_sizes(&mut open());
        assert!(plan().starts_with("SEARCH"), "{}", plan());
    }

    #[test]
    fn what_is_kept_is_prepared_once() {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicU64, Ordering};

        use diesel::connection::InstrumentationEvent;
        use diesel::dsl::sql;

        let prepared = |run: &dyn Fn(&mut SqliteConnection)| {
            let mut conn = SqliteConnection::establish(":memory:").unwrap();
            let kept = Arc::new(AtomicU64::new(0));
            let seen = kept.clone();
            conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if matches!(event, InstrumentationEvent::CacheQuery { .. }) {
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            });
            run(&mut conn);
            run(&mut conn);
            kept.load(Ordering::Relaxed)
        };
        assert_eq!(prepared(&|conn| assert_eq!(diesel::select(sql::<BigInt>("1")).get_result(conn), Ok(1_i64))), 0);
        assert_eq!(
            prepared(&|conn| assert_eq!(Kept(diesel::select(sql::<BigInt>("1"))).get_result(conn), Ok(1_i64))),
            1
        );
    }
}
