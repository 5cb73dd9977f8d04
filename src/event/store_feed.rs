//! Reading the diary's table in the order of its keys.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::feed::Fed;
use super::store::{Row, columns, entry};
use crate::db::schema::events;
use crate::db::{Conn, dialect};
use crate::error::Result;
use crate::ids::OrderId;
use crate::time::UtcTime;

/// Events looked at to find the first since an instant: so many may be written at once, out of order.
const NEARBY: i64 = 64;

pub(super) fn between(conn: &mut Conn, after: i64, until: i64, kinds: &[&str], limit: i64) -> Result<Vec<Fed>> {
    let rows: Vec<(Option<i64>, Row)> = match kinds {
        [] => events::table
            .filter(events::id.gt(after).and(events::id.le(until)))
            .order(events::id.asc())
            .limit(limit)
            .select((events::order_id, columns!()))
            .load(conn)?,
        kinds => {
            let keys = keys_of(conn, after, until, kinds, limit)?;
            events::table
                .filter(events::id.eq_any(keys))
                .order(events::id.asc())
                .select((events::order_id, columns!()))
                .load(conn)?
        }
    };
    rows.into_iter().map(|(order, row)| Ok(Fed { order: order.map(OrderId), entry: entry(row)? })).collect()
}

/// The first keys of these kinds. Each kind is walked along its own index, so that rare ones are found as
/// quickly as common ones.
fn keys_of(conn: &mut Conn, after: i64, until: i64, kinds: &[&str], limit: i64) -> Result<Vec<i64>> {
    #[derive(diesel::QueryableByName)]
    struct Key {
        #[diesel(sql_type = BigInt)]
        id: i64,
    }
    let mut parameters = vec![dialect::Parameter::Int(after), dialect::Parameter::Int(until)];
    let mut parts = Vec::new();
    for kind in kinds {
        parameters.push(dialect::Parameter::Text((*kind).to_owned()));
        parts.push(format!(
            "SELECT id FROM (SELECT id FROM events WHERE id > $1 AND id <= $2 AND kind = ${} ORDER BY id LIMIT {limit}) AS k",
            parameters.len()
        ));
    }
    let text = format!("{} ORDER BY id LIMIT {limit}", parts.join(" UNION ALL "));
    Ok(dialect::load_written::<Key>(conn, text, parameters)?.into_iter().map(|key| key.id).collect())
}

/// The least key of the events written at an instant or soon after: an event's public identifier begins
/// with the millisecond in which it was made.
pub(super) fn first_since(conn: &mut Conn, at: UtcTime) -> Result<Option<i64>> {
    let millis = format!("{:012x}", at.0.max(0) / 1_000);
    let from = format!("{}-{}", &millis[..8], &millis[8..]);
    let keys: Vec<i64> = events::table
        .filter(events::uid.ge(from))
        .order(events::uid.asc())
        .limit(NEARBY)
        .select(events::id)
        .load(conn)?;
    Ok(keys.into_iter().min())
}
