//! Both databases have the same tables, columns and nullability; what Diesel is told is what is
//! there; every column that points at a row of another table is held to it by the database.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::{Bool, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection};
use slipway::db::Location;

use crate::support::database::{Database, server};

/// Table, column, type in one vocabulary, whether it may be null.
type Columns = BTreeMap<(String, String), (String, bool)>;

/// Tables that each database shapes for itself.
const OWN_SHAPE: [&str; 4] = ["order_search", "customer_search", "stage_counts", "order_kinds"];
/// Columns that end in `_id` and point at no row of ours.
const FOREIGN_IDS: [(&str, &str); 4] =
    [("orders", "cart_id"), ("carts", "cart_id"), ("messages", "external_id"), ("message_statuses", "external_id")];

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
}

#[derive(QueryableByName)]
struct Reference {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

#[test]
fn diesel_is_told_what_is_there() {
    let there = columns();
    let told = told();
    let there: Columns = there.into_iter().filter(|((table, _), _)| !OWN_SHAPE.contains(&table.as_str())).collect();
    let told: Columns = told.into_iter().filter(|((table, _), _)| !OWN_SHAPE.contains(&table.as_str())).collect();
    let missing: Vec<_> = there.iter().filter(|(at, shape)| told.get(*at) != Some(shape)).collect();
    let surplus: Vec<_> = told.iter().filter(|(at, shape)| there.get(*at) != Some(shape)).collect();
    assert!(
        missing.is_empty() && surplus.is_empty(),
        "the database has {missing:#?}, src/db/schema.rs says {surplus:#?}"
    );
    assert!(there.len() > 100, "only {} columns were found", there.len());
}

#[test]
fn every_key_to_another_row_is_held_by_the_database() {
    let held = references();
    let loose: Vec<_> = columns()
        .into_keys()
        .filter(|(table, column)| {
            column.ends_with("_id")
                && !OWN_SHAPE.contains(&table.as_str())
                && !FOREIGN_IDS.contains(&(table.as_str(), column.as_str()))
        })
        .filter(|at| !held.contains(at))
        .collect();
    assert!(loose.is_empty(), "without a foreign key: {loose:?}");
}

/// What the database under test holds.
fn columns() -> Columns {
    let sql = match server() {
        None => {
            "SELECT m.name AS table_name, c.name AS column_name, c.type AS kind, c.\"notnull\" = 0 AS nullable \
             FROM sqlite_master m JOIN pragma_table_info(m.name) c \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'order_search_%' AND m.name NOT LIKE 'customer_search_%'"
        }
        Some(_) => {
            "SELECT table_name::text, column_name::text, data_type::text AS kind, is_nullable = 'YES' AS nullable \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let found: Vec<Column> = ask(sql);
    found
        .into_iter()
        .filter(|column| !column.table_name.starts_with("__diesel"))
        .map(|column| ((column.table_name, column.column_name), (one_word(&column.kind).to_owned(), column.nullable)))
        .collect()
}

fn references() -> BTreeSet<(String, String)> {
    let sql = match server() {
        None => {
            "SELECT m.name AS table_name, f.\"from\" AS column_name \
             FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        }
        Some(_) => {
            "SELECT c.conrelid::regclass::text AS table_name, a.attname::text AS column_name \
             FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) \
             WHERE c.contype = 'f'"
        }
    };
    let found: Vec<Reference> = ask(sql);
    found.into_iter().map(|reference| (reference.table_name, reference.column_name)).collect()
}

fn ask<T>(sql: &str) -> Vec<T>
where
    T: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::pg::Pg> + 'static,
{
    let database = Database::fresh();
    match &database.location {
        Location::Sqlite(path) => {
            let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
            diesel::sql_query(sql).load(&mut conn).unwrap()
        }
        Location::Postgres(url) => {
            let mut conn = PgConnection::establish(url).unwrap();
            diesel::sql_query(sql).load(&mut conn).unwrap()
        }
    }
}

/// What `src/db/schema.rs` says, read from its text.
fn told() -> Columns {
    let mut told = Columns::new();
    let mut table = String::new();
    for line in include_str!("../../src/db/schema.rs").lines().map(str::trim) {
        if let Some((column, kind)) = line.trim_end_matches(',').split_once(" -> ") {
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let shape = (one_word(inner.unwrap_or(kind)).to_owned(), inner.is_some());
            told.insert((table.clone(), column.to_owned()), shape);
        } else if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with('{')) {
            table = name.to_owned();
        }
    }
    told
}

/// One word for what the databases and Diesel each call by their own.
fn one_word(kind: &str) -> &str {
    match kind {
        "BIGINT" | "INTEGER" | "bigint" | "BigInt" => "integer",
        "TEXT" | "text" | "Text" => "text",
        "BOOLEAN" | "boolean" | "Bool" => "truth",
        "BLOB" | "bytea" | "Binary" => "bytes",
        other => other,
    }
}
