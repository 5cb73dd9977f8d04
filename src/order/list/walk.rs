//! Looks a list up: fetches the few that meet a condition, or walks an index in the wanted order.

use std::cmp::Ordering;

use super::Wanted;
use super::cursor::Key;
use super::filter::Sort;
use super::plan::{self, Bind, Part, STRETCH, Sql};
use super::store;
use super::way::{Of, Way};
use crate::db::Conn;
use crate::error::Result;

/// The keys of the whole list, where one of its conditions is met by few orders: one look at them tells the page,
/// what is beside it and how many there are.
pub(super) fn few(conn: &mut Conn, way: &Way<'_>, wanted: &Wanted) -> Result<Option<Vec<Key>>> {
    if way.parts.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let Some(begin) = way.fetched_by(wanted.sort) else { return Ok(None) };
    let mut sql = Sql::default();
    select_key(&mut sql, wanted, None, &plan::order_columns(wanted.sort, wanted.descending, None));
    way.from(&mut sql, Of::Whole(begin), Some(wanted.sort));
    store::keys(conn, sql).map(Some)
}

/// The keys of a page and of one order more among those of the whole list.
pub(super) fn page_among(few: &[Key], wanted: &Wanted, rows: usize) -> Vec<Key> {
    let down = wanted.walks_down();
    let is_beyond = |key: &&Key| match &wanted.cursor {
        Some(cursor) if down => **key < cursor.key,
        Some(cursor) => **key > cursor.key,
        None => true,
    };
    let mut keys: Vec<&Key> = few.iter().filter(is_beyond).collect();
    keys.sort_unstable_by(|a, b| if down { b.cmp(a) } else { a.cmp(b) });
    keys.into_iter().take(rows + 1).cloned().collect()
}

/// The keys of a page and of one order more, in the order of the walk.
pub(super) fn walk(conn: &mut Conn, way: &Way<'_>, wanted: &Wanted, rows: usize) -> Result<Vec<Key>> {
    let found = match (walk_parts(conn, way, wanted, rows)?, way.looked_through(wanted.sort)) {
        (Some(keys), _) => Some(keys),
        (None, Some((begin, _))) => Some(look_up(conn, way, wanted, Of::Whole(begin), rows)?),
        (None, None) => None,
    };
    let mut keys = found.unwrap_or_default();
    keys.sort_by(|a, b| if wanted.walks_down() { b.cmp(a) } else { a.cmp(b) });
    keys.truncate(rows + 1);
    Ok(keys)
}

/// The keys of the parts, or nothing where a stretch of one does not fill the page and the whole list is to be looked
/// through.
fn walk_parts(conn: &mut Conn, way: &Way<'_>, wanted: &Wanted, rows: usize) -> Result<Option<Vec<Key>>> {
    let parts: Vec<&Part> = match wanted.sort {
        Sort::Stage if wanted.walks_down() => way.stages.iter().rev().collect(),
        Sort::Stage => way.stages.iter().collect(),
        _ => way.parts.iter().collect(),
    };
    let mut keys: Vec<Key> = Vec::new();
    let mut rank_done = 0;
    for part in parts {
        if let (Sort::Stage, Part::Stage(_, rank)) = (wanted.sort, part) {
            // Stages come one after the other; those of one rank are merged.
            if keys.len() > rows && *rank != rank_done {
                break;
            }
            rank_done = *rank;
        }
        let mut attempts = way.attempts(part, wanted.sort).into_iter().peekable();
        while let Some(of) = attempts.next() {
            let mut found = look_up(conn, way, wanted, of, rows)?;
            if found.len() > rows || !matches!(of, Of::Stretch(_)) {
                keys.append(&mut found);
                break;
            }
            if attempts.peek().is_none() {
                return Ok(None);
            }
        }
    }
    Ok(Some(keys))
}

/// The first keys beyond the cursor.
fn look_up(conn: &mut Conn, way: &Way<'_>, wanted: &Wanted, of: Of<'_>, rows: usize) -> Result<Vec<Key>> {
    // No index of SQLite seeks a pair of an expression and a column, so ties and what follows them are
    // asked for apart.
    let steps: &[Step] = match (wanted.sort, &wanted.cursor) {
        (Sort::Due, Some(_)) => &[Step::Tied, Step::Beyond],
        _ => &[Step::Whole],
    };
    let mut keys = Vec::new();
    for step in steps {
        if let Some(sql) = keys_sql(way, wanted, of, *step, rows) {
            keys.append(&mut store::keys(conn, sql)?);
        }
    }
    Ok(keys)
}

/// What is asked for of what follows a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Whole,
    /// The same sort key, a further id.
    Tied,
    /// A further sort key.
    Beyond,
}

/// Writes what selects the sort key: of orders of one rank alone, where their stage is walked by itself.
fn select_key(sql: &mut Sql, wanted: &Wanted, rank: Option<i64>, columns: &[&str]) {
    let nothing = "CAST(0 AS BIGINT)";
    let (k1, k2, kt) = match (wanted.sort, rank, columns) {
        (Sort::Customer, ..) => (nothing.to_owned(), nothing, "customer_sort"),
        (_, Some(rank), [only]) => (format!("CAST({rank} AS BIGINT)"), *only, "''"),
        (_, _, [first, second]) => ((*first).to_owned(), *second, "''"),
        (_, _, [first, ..]) => ((*first).to_owned(), nothing, "''"),
        (_, _, []) => (nothing.to_owned(), nothing, "''"),
    };
    sql.put(&format!("SELECT {k1} AS k1, {k2} AS k2, CAST({kt} AS TEXT) AS kt, orders.id AS id"));
}

/// The statement for the first keys beyond the cursor; none where nothing of that rank lies beyond it.
fn keys_sql(way: &Way<'_>, wanted: &Wanted, of: Of<'_>, step: Step, rows: usize) -> Option<Sql> {
    let part = of.part();
    let columns = plan::order_columns(wanted.sort, wanted.descending, part);
    let rank = match part {
        Some(Part::Stage(_, rank)) if wanted.sort == Sort::Stage => Some(*rank),
        _ => None,
    };
    let mut sql = Sql::default();
    select_key(&mut sql, wanted, rank, &columns);
    if let Of::Stretch(part) = of {
        sql.put(" FROM (SELECT *");
        way.put_walk(&mut sql, part, Some(wanted.sort));
        put_beyond(&mut sql, wanted, rank, &columns, step)?;
        sql.put(&format!(" LIMIT {STRETCH}) AS orders WHERE 1 = 1"));
        way.put_passed(&mut sql, part, Some(wanted.sort));
    } else {
        way.from(&mut sql, of, Some(wanted.sort));
        put_beyond(&mut sql, wanted, rank, &columns, step)?;
    }
    sql.put(&format!(" LIMIT {}", rows + 1));
    Some(sql)
}

/// Writes that only what lies beyond the cursor is wanted, and in which order.
fn put_beyond(sql: &mut Sql, wanted: &Wanted, rank: Option<i64>, columns: &[&str], step: Step) -> Option<()> {
    let down = wanted.walks_down();
    if let Some(cursor) = &wanted.cursor {
        let key = &cursor.key;
        let beyond = match rank.map(|rank| if down { key.0.cmp(&rank) } else { rank.cmp(&key.0) }) {
            Some(Ordering::Less) => return None,
            Some(Ordering::Greater) => false,
            Some(Ordering::Equal) | None => true,
        };
        if beyond {
            let values: Vec<Bind> = match (wanted.sort, rank, columns.len()) {
                (Sort::Customer, ..) => vec![Bind::Text(key.2.clone()), Bind::Int(key.3)],
                (_, Some(_), _) => vec![Bind::Int(key.1), Bind::Int(key.3)],
                (_, None, 2) => vec![Bind::Int(key.0), Bind::Int(key.1), Bind::Int(key.3)],
                _ => vec![Bind::Int(key.0), Bind::Int(key.3)],
            };
            let compare = if down { "<" } else { ">" };
            match step {
                Step::Whole => {
                    sql.put(&format!(" AND ({}, orders.id) {compare} ", columns.join(", "))).list(&values);
                }
                Step::Tied => {
                    sql.put(&format!(" AND {} = ", columns.join(", "))).bind(Bind::Int(key.0));
                    sql.put(&format!(" AND orders.id {compare} ")).bind(Bind::Int(key.3));
                }
                Step::Beyond => {
                    sql.put(&format!(" AND {} {compare} ", columns.join(", "))).bind(Bind::Int(key.0));
                }
            }
        }
    }
    let columns = if step == Step::Tied { &[] } else { columns };
    let way_down = if down { " DESC" } else { " ASC" };
    let order: Vec<String> = columns.iter().chain(&["orders.id"]).map(|column| format!("{column}{way_down}")).collect();
    sql.put(&format!(" ORDER BY {}", order.join(", ")));
    Some(())
}
