//! The queries of the inbox. Each is answered from one index, whatever the size of the shop.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::Message;
use super::inbox::{Cursor, Show};
use crate::db::Conn;
use crate::db::dialect::{Parameter, by_index, load_written};
use crate::db::schema::{messages, orders};
use crate::error::Result;
use crate::ids::{OrderId, StaffId};
use crate::reach::Reach;
use crate::time::UtcTime;

impl Show {
    /// What makes an order one of these, and the index that holds them in their order.
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Show::Unread => ("unread_count > 0", "orders_unread_talked"),
            Show::Awaiting => ("asked_at IS NOT NULL", "orders_awaiting"),
            Show::Mine => ("talked_at IS NOT NULL AND assignee_id = $1", "orders_assignee_talked"),
            Show::Unassigned => ("talked_at IS NOT NULL AND assignee_id IS NULL", "orders_assignee_talked"),
            Show::All => ("talked_at IS NOT NULL", "orders_talked"),
        }
    }
}

#[derive(QueryableByName)]
struct KeyRow {
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Where each conversation stands, newest first.
pub(super) fn keys(
    conn: &mut Conn,
    reach: &Reach,
    show: Show,
    me: StaffId,
    after: Option<Cursor>,
    limit: usize,
) -> Result<Vec<Cursor>> {
    let (condition, index) = show.place();
    let mut parameters = Vec::new();
    if show == Show::Mine {
        parameters.push(Parameter::Int(me.0));
    }
    let hint = match by_index(conn) {
        "" => String::new(),
        words => format!("{words}{index}"),
    };
    let mut sql = format!("SELECT talked_at AS at, id FROM orders{hint} WHERE {condition}{}", reach.and("market_id"));
    if let Some(after) = after {
        let first = parameters.len() + 1;
        sql.push_str(&format!(" AND (talked_at, id) < (${first}, ${})", first + 1));
        parameters.extend([Parameter::Int(after.at), Parameter::Int(after.id)]);
    }
    sql.push_str(&format!(" ORDER BY talked_at DESC, id DESC LIMIT {limit}"));
    let rows: Vec<KeyRow> = load_written(conn, sql, parameters)?;
    Ok(rows.into_iter().map(|row| Cursor { at: row.at, id: row.id }).collect())
}

/// The last message of each order.
pub(super) fn last_words(conn: &mut Conn, of: &[OrderId]) -> Result<Vec<Message>> {
    let keys: Vec<i64> = of.iter().map(|id| id.0).collect();
    let mut found: Vec<Message> = messages::table
        .inner_join(orders::table.on(orders::id.eq(messages::order_id)))
        .filter(messages::order_id.eq_any(keys).and(orders::talked_at.eq(messages::created_at.nullable())))
        .order((messages::order_id.asc(), messages::id.desc()))
        .select(messages::all_columns)
        .load(conn)?;
    found.dedup_by_key(|message| message.order_id);
    Ok(found)
}

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    unread: i64,
    #[diesel(sql_type = BigInt)]
    awaiting: i64,
}

/// How many conversations are unread and how many await a reply, up to a limit.
pub(super) fn counts(conn: &mut Conn, reach: &Reach, limit: i64) -> Result<(i64, i64)> {
    let within = reach.and("market_id");
    let count = |condition: &str| {
        format!("(SELECT count(*) FROM (SELECT 1 FROM orders WHERE {condition}{within} LIMIT {limit}) AS found)")
    };
    let sql = format!("SELECT {} AS unread, {} AS awaiting", count("unread_count > 0"), count("asked_at IS NOT NULL"));
    let rows: Vec<CountRow> = load_written(conn, sql, Vec::new())?;
    Ok(rows.first().map_or((0, 0), |row| (row.unread, row.awaiting)))
}

#[derive(QueryableByName)]
struct Standing {
    #[diesel(sql_type = Nullable<BigInt>)]
    talked: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    awaiting: Option<i64>,
}

/// When something was last said about an order, and since when its customer waits for an answer.
pub(super) fn standing(conn: &mut Conn, order: OrderId) -> Result<(Option<UtcTime>, Option<UtcTime>)> {
    let sql = "SELECT (SELECT MAX(created_at) FROM messages WHERE order_id = $1) AS talked, \
               (SELECT MIN(said.created_at) FROM messages AS said WHERE said.order_id = $2 \
               AND said.direction = 'in' AND NOT EXISTS (SELECT 1 FROM messages AS answer \
               WHERE answer.order_id = said.order_id AND answer.direction = 'out' \
               AND answer.state NOT IN ('failed', 'withdrawn') AND answer.details NOT LIKE '%\"automatic\":true%' \
               AND (answer.created_at > said.created_at \
               OR (answer.created_at = said.created_at AND answer.id > said.id)))) AS awaiting";
    let parameters = vec![Parameter::Int(order.0), Parameter::Int(order.0)];
    let rows: Vec<Standing> = load_written(conn, sql.to_owned(), parameters)?;
    let row = rows.into_iter().next();
    Ok(row.map_or((None, None), |row| (row.talked.map(UtcTime), row.awaiting.map(UtcTime))))
}
