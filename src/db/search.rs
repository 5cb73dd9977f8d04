//! What search knows of orders and customers, in the words of either database.
//!
//! SQLite's full-text index writes itself down whenever a savepoint begins, a segment each time. So on the
//! thread that writes, where every write of a group has a savepoint, what search is told waits until the
//! group ends and is written down at once, in the transaction of the group; who searches meanwhile finds
//! it among what waits.

use std::cell::RefCell;
use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};

use super::Conn;
use super::dialect::{Parameter, load_written};
use crate::error::Result;
use crate::on_each_database;
use crate::reach::Reach;

diesel::table! { order_search (rowid) { rowid -> BigInt, document -> Text, } }
diesel::table! { customer_search (rowid) { rowid -> BigInt, document -> Text, } }

/// What can be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Search {
    /// Orders, by their keys.
    Orders,
    /// Customers, by theirs.
    Customers,
}

/// What search is to be told: of what, its key and its words; no words take it out.
struct News {
    of: Search,
    key: i64,
    words: Option<Vec<String>>,
}

thread_local! {
    /// What waits on this thread, if it gathers.
    static WAITING: RefCell<Option<Vec<News>>> = const { RefCell::new(None) };
}

impl Search {
    /// Replaces what is known of one. `words` are folded, unique and free of punctuation.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn put(self, conn: &mut Conn, key: i64, words: Vec<String>) -> Result<()> {
        self.tell(conn, News { of: self, key, words: Some(words) })
    }

    /// Takes one out.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget(self, conn: &mut Conn, key: i64) -> Result<()> {
        self.tell(conn, News { of: self, key, words: None })
    }

    fn tell(self, conn: &mut Conn, news: News) -> Result<()> {
        let now = WAITING.with_borrow_mut(|waiting| match waiting {
            Some(waiting) => {
                waiting.push(news);
                None
            }
            None => Some(news),
        });
        now.map_or(Ok(()), |news| news.write(conn))
    }

    /// Keys of the newest, `limit` of them at the most, in whose documents each of these words begins a
    /// word, and that are of a market within a reach: of customers, those with an order of one. `words` are
    /// folded and free of punctuation. What is not written down yet is found in every market.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn find(self, conn: &mut Conn, reach: &Reach, words: &[String], limit: i64) -> Result<Vec<i64>> {
        let mut found = self.stored(conn, reach, words, limit)?;
        WAITING.with_borrow(|waiting| {
            for news in waiting.iter().flatten().filter(|news| news.of == self) {
                found.retain(|key| *key != news.key);
                if news.is_found_by(words) {
                    found.push(news.key);
                }
            }
        });
        found.sort_by(|one, other| other.cmp(one));
        found.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(found)
    }

    fn stored(self, conn: &mut Conn, reach: &Reach, words: &[String], limit: i64) -> Result<Vec<i64>> {
        #[derive(diesel::QueryableByName)]
        struct Key {
            #[diesel(sql_type = BigInt)]
            id: i64,
        }
        let (table, key) = self.names();
        let (key, matches) = match conn {
            Conn::Sqlite(_) => ("rowid", format!("{table} MATCH $1")),
            Conn::Pg(_) => (key, "document @@ CAST($1 AS tsquery)".to_owned()),
        };
        let within = self.within(reach, &format!("{table}.{key}"));
        let sql = format!(
            "SELECT {table}.{key} AS id FROM {table} WHERE {matches}{within} ORDER BY {table}.{key} DESC LIMIT $2"
        );
        let parameters = vec![Parameter::Text(term(conn, words)), Parameter::Int(limit)];
        Ok(load_written::<Key>(conn, sql, parameters)?.into_iter().map(|key| key.id).collect())
    }

    /// The condition that a key is within a reach, to stand after others. Asked of each that the words find, newest
    /// first and until there are enough, so that it never becomes a walk through all orders of a market.
    fn within(self, reach: &Reach, key: &str) -> String {
        if reach.is_everywhere() {
            return String::new();
        }
        match self {
            Search::Orders => reach.and(&format!("(SELECT orders.market_id FROM orders WHERE orders.id = {key})")),
            Search::Customers => {
                let holds = reach.holds("orders.market_id");
                format!(" AND EXISTS (SELECT 1 FROM orders WHERE orders.customer_id = {key} AND {holds})")
            }
        }
    }

    /// Its table, and what Postgres calls the key in it.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Search::Orders => ("order_search", "order_id"),
            Search::Customers => ("customer_search", "customer_id"),
        }
    }
}

/// What asks the index for words. Nothing in the words is syntax.
fn term(conn: &Conn, words: &[String]) -> String {
    let parts: Vec<String> = match conn {
        Conn::Sqlite(_) => words.iter().map(|word| format!("\"{word}\"*")).collect(),
        Conn::Pg(_) => words.iter().map(|word| format!("'{word}':*")).collect(),
    };
    let between = match conn {
        Conn::Sqlite(_) => " AND ",
        Conn::Pg(_) => " & ",
    };
    parts.join(between)
}

impl News {
    fn is_found_by(&self, wanted: &[String]) -> bool {
        let words = self.words.as_deref().unwrap_or_default();
        wanted.iter().all(|wanted| words.iter().any(|word| word.starts_with(wanted.as_str())))
    }

    fn write(self, conn: &mut Conn) -> Result<()> {
        let (table, key) = self.of.names();
        let Some(words) = self.words else {
            let key = if matches!(conn, Conn::Sqlite(_)) { "rowid" } else { key };
            let sql = format!("DELETE FROM {table} WHERE {key} = $1");
            on_each_database!(conn, conn => diesel::sql_query(sql).bind::<BigInt, _>(self.key).execute(conn))?;
            return Ok(());
        };
        match (conn, self.of) {
            (Conn::Sqlite(conn), Search::Orders) => {
                use order_search::{document, rowid, table};
                let row = (rowid.eq(self.key), document.eq(words.join(" ")));
                diesel::replace_into(table).values(row).execute(conn)?;
            }
            (Conn::Sqlite(conn), Search::Customers) => {
                use customer_search::{document, rowid, table};
                let row = (rowid.eq(self.key), document.eq(words.join(" ")));
                diesel::replace_into(table).values(row).execute(conn)?;
            }
            (Conn::Pg(conn), _) => {
                let sql = format!(
                    "INSERT INTO {table} ({key}, document) VALUES ($1, array_to_tsvector($2)) \
                     ON CONFLICT ({key}) DO UPDATE SET document = excluded.document"
                );
                let written = diesel::sql_query(sql).bind::<BigInt, _>(self.key).bind::<Array<Text>, _>(words);
                written.execute(conn)?;
            }
        }
        Ok(())
    }
}

/// From now on, what search is told on this thread waits for [`write_down`].
pub(super) fn gather() {
    WAITING.set(Some(Vec::new()));
}

/// How much waits, to come back to.
pub(super) fn waiting() -> usize {
    WAITING.with_borrow(|waiting| waiting.as_ref().map_or(0, Vec::len))
}

/// Search is not told what came after.
pub(super) fn step_back(to: usize) {
    WAITING.with_borrow_mut(|waiting| {
        if let Some(waiting) = waiting {
            waiting.truncate(to);
        }
    });
}

/// Writes down what waits: of each thing the last.
pub(super) fn write_down(conn: &mut Conn) -> Result<()> {
    let waiting = WAITING.with_borrow_mut(|waiting| waiting.as_mut().map(std::mem::take)).unwrap_or_default();
    let mut seen = HashSet::new();
    let last: Vec<News> = waiting.into_iter().rev().filter(|news| seen.insert((news.of, news.key))).collect();
    last.into_iter().rev().try_for_each(|news| news.write(conn))
}
