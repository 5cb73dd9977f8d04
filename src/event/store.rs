//! The diary's table.

use diesel::prelude::*;

use super::{Entry, Event};
use crate::actor::{Actor, ActorKind};
use crate::db::schema::events;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::{OrderId, new_uid};
use crate::time::UtcTime;

type Row = (i64, String, i64, String, String, ActorKind, Option<i64>, String, UtcTime);

macro_rules! columns {
    () => {
        (
            events::id,
            events::uid,
            events::seq,
            events::kind,
            events::payload,
            events::actor_kind,
            events::actor_key,
            events::actor_name,
            events::happened_at,
        )
    };
}

pub(super) fn append(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: Option<OrderId>,
    event: &Event,
    at: Option<UtcTime>,
) -> Result<()> {
    let seq = match order {
        None => 0,
        Some(order) => {
            let last: Option<i64> = events::table
                .filter(events::order_id.eq(order.0))
                .select(events::seq)
                .order(events::seq.desc())
                .first(tx.conn)
                .optional()?;
            last.unwrap_or(0) + 1
        }
    };
    let serde_json::Value::Object(mut payload) = serde_json::to_value(event)? else {
        return Err(Error::broken("an event is not an object"));
    };
    let kind = match payload.remove("kind") {
        Some(serde_json::Value::String(kind)) => kind,
        _ => return Err(Error::broken("an event has no kind")),
    };
    diesel::insert_into(events::table)
        .values((
            events::uid.eq(new_uid()),
            events::order_id.eq(order.map(|o| o.0)),
            events::seq.eq(seq),
            events::kind.eq(kind),
            events::payload.eq(serde_json::Value::Object(payload).to_string()),
            events::actor_kind.eq(actor.kind()),
            events::actor_key.eq(actor.key()),
            events::actor_name.eq(actor.name()),
            events::happened_at.eq(at.unwrap_or(tx.now)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Entry>> {
    events::table
        .filter(events::order_id.eq(order.0))
        .order(events::seq.asc())
        .select(columns!())
        .load::<Row>(conn)?
        .into_iter()
        .map(entry)
        .collect()
}

pub(super) fn last_of_order(conn: &mut Conn, order: OrderId) -> Result<Option<Entry>> {
    events::table
        .filter(events::order_id.eq(order.0))
        .order(events::seq.desc())
        .select(columns!())
        .first::<Row>(conn)
        .optional()?
        .map(entry)
        .transpose()
}

pub(super) fn of_shop(conn: &mut Conn, limit: i64) -> Result<Vec<Entry>> {
    events::table
        .filter(events::order_id.is_null())
        .order(events::id.desc())
        .limit(limit)
        .select(columns!())
        .load::<Row>(conn)?
        .into_iter()
        .map(entry)
        .collect()
}

fn entry(row: Row) -> Result<Entry> {
    let (id, uid, seq, kind, payload, actor_kind, actor_key, actor_name, at) = row;
    let mut value: serde_json::Value = serde_json::from_str(&payload)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("kind".into(), kind.into());
    }
    let event: Event = serde_json::from_value(value)?;
    Ok(Entry { id, uid, seq, event, actor_kind, actor_key, actor_name, at })
}
