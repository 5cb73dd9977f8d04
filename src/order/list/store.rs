//! The queries of the list: how many each condition finds, which orders a page holds, their rows.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::cursor::Key;
use super::plan::{Bind, SEARCHED, Spelling, Sql};
use crate::db::dialect::Parameter;
use crate::db::schema::{orders, stage_counts};
use crate::db::search::Search;
use crate::db::{Conn, dialect};
use crate::error::Result;
use crate::ids::MarketId;
use crate::order::Order;
use crate::reach::Reach;
use crate::words;

/// What this database spells in its own way.
pub(super) fn spelling(conn: &Conn) -> Spelling {
    Spelling {
        guard: dialect::on_the_way(conn),
        by_index: dialect::by_index(conn),
        numbers: dialect::numbers_subquery(conn),
    }
}

/// Keys of the orders within a reach that a search text finds, newest first; one more than are looked at at the most.
pub(super) fn search(conn: &mut Conn, reach: &Reach, text: &str) -> Result<Vec<i64>> {
    Search::Orders.find(conn, reach, &words::wanted(text), SEARCHED + 1)
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    orders: i64,
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = BigInt)]
    k1: i64,
    #[diesel(sql_type = BigInt)]
    k2: i64,
    #[diesel(sql_type = Text)]
    kt: String,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

fn parameters(sql: Sql) -> (String, Vec<Parameter>) {
    let parameter = |bind| match bind {
        Bind::Int(value) => Parameter::Int(value),
        Bind::Text(value) => Parameter::Text(value),
    };
    (sql.text, sql.binds.into_iter().map(parameter).collect())
}

/// Writes one question into a statement.
pub(super) type Writer<'a> = Box<dyn Fn(&mut Sql) + 'a>;

/// How many rows each query finds, in one question.
pub(super) fn counts(conn: &mut Conn, queries: &[Writer<'_>]) -> Result<Vec<i64>> {
    if queries.is_empty() {
        return Ok(Vec::new());
    }
    let mut sql = Sql::default();
    for (place, write) in queries.iter().enumerate() {
        if place > 0 {
            sql.put(" UNION ALL ");
        }
        sql.put(&format!("SELECT CAST({place} AS BIGINT) AS place, count(*) AS orders FROM ("));
        write(&mut sql);
        sql.put(") AS found");
    }
    let mut found = vec![0; queries.len()];
    let (text, parameters) = parameters(sql);
    for row in dialect::load_written::<CountRow>(conn, text, parameters)? {
        if let Some(slot) = usize::try_from(row.place).ok().and_then(|place| found.get_mut(place)) {
            *slot = row.orders;
        }
    }
    Ok(found)
}

#[derive(QueryableByName)]
struct StageRow {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
}

/// The stages and orders that each query selects as `stage` and `orders`, in one question.
pub(super) fn in_stages(conn: &mut Conn, queries: &[Writer<'_>]) -> Result<Vec<Vec<(String, i64)>>> {
    let mut found = vec![Vec::new(); queries.len()];
    if queries.is_empty() {
        return Ok(found);
    }
    let mut sql = Sql::default();
    for (place, write) in queries.iter().enumerate() {
        sql.put(if place > 0 { " UNION ALL " } else { "" });
        sql.put(&format!("SELECT CAST({place} AS BIGINT) AS place, stage, orders FROM ("));
        write(&mut sql);
        sql.put(") AS counted");
    }
    let (text, parameters) = parameters(sql);
    for row in dialect::load_written::<StageRow>(conn, text, parameters)? {
        if let Some(stages) = usize::try_from(row.place).ok().and_then(|place| found.get_mut(place)) {
            stages.push((row.stage, row.orders));
        }
    }
    Ok(found)
}

/// The sort keys that a written statement selects as `k1`, `k2`, `kt` and `id`.
pub(super) fn keys(conn: &mut Conn, sql: Sql) -> Result<Vec<Key>> {
    let (text, parameters) = parameters(sql);
    let found = dialect::load_written::<KeyRow>(conn, text, parameters)?;
    Ok(found.into_iter().map(|row| Key(row.k1, row.k2, row.kt, row.id)).collect())
}

/// The orders with these keys, in their order.
pub(super) fn rows(conn: &mut Conn, keys: &[Key]) -> Result<Vec<Order>> {
    let ids: Vec<i64> = keys.iter().map(|key| key.3).collect();
    let place: std::collections::HashMap<i64, usize> = ids.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    let mut found: Vec<Order> = orders::table.filter(orders::id.eq_any(&ids)).load(conn)?;
    found.sort_by_key(|order| place.get(&order.id.0).copied());
    Ok(found)
}

/// Orders in each stage within a reach, exact.
pub(super) fn stage_totals(conn: &mut Conn, reach: &Reach) -> Result<Vec<(String, i64)>> {
    let rows: Vec<(MarketId, String, i64)> =
        stage_counts::table.select((stage_counts::market_id, stage_counts::stage, stage_counts::orders)).load(conn)?;
    let mut totals: Vec<(String, i64)> = Vec::new();
    for (_, stage, orders) in rows.into_iter().filter(|(market, ..)| reach.sees(*market)) {
        match totals.iter_mut().find(|(known, _)| *known == stage) {
            Some((_, sum)) => *sum += orders,
            None => totals.push((stage, orders)),
        }
    }
    Ok(totals)
}
