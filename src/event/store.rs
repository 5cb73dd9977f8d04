//! The diary's table.

use std::cell::RefCell;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Entry, Event};
use crate::actor::{Actor, ActorKind};
use crate::db::dialect::Kept;
use crate::db::schema::events;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::{OrderId, new_uid};
use crate::on_each_database;
use crate::time::UtcTime;

pub(super) type Row = (i64, String, i64, String, String, ActorKind, Option<i64>, String, UtcTime);

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

pub(super) use columns;

/// An event that is still to be written.
struct Untold {
    order: Option<OrderId>,
    uid: String,
    kind: String,
    payload: String,
    actor: (ActorKind, Option<i64>, String),
    at: UtcTime,
}

thread_local! {
    /// Those of the work that this thread is doing together, if it is.
    static UNTOLD: RefCell<Option<Vec<Untold>>> = const { RefCell::new(None) };
}

pub(super) fn append(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: Option<OrderId>,
    event: &Event,
    at: Option<UtcTime>,
) -> Result<()> {
    let new = Untold::of(actor, order, event, at.unwrap_or(tx.now))?;
    let now = UNTOLD.with_borrow_mut(|untold| match untold {
        Some(untold) => {
            untold.push(new);
            None
        }
        None => Some(new),
    });
    now.map_or(Ok(()), |new| write(tx, vec![new]))
}

impl Untold {
    fn of(actor: &Actor, order: Option<OrderId>, event: &Event, at: UtcTime) -> Result<Self> {
        let (kind, payload) = kind_and_payload(event)?;
        let actor = (actor.kind(), actor.key(), actor.name().to_owned());
        Ok(Untold { order, uid: new_uid(), kind, payload, actor, at })
    }
}

/// Puts back what was before, however the work ends.
struct Before(Option<Vec<Untold>>);

impl Drop for Before {
    fn drop(&mut self) {
        UNTOLD.with_borrow_mut(|untold| *untold = self.0.take());
    }
}

pub(super) fn together<T>(tx: &mut Tx<'_>, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
    if let Some(before) = UNTOLD.with_borrow(|untold| untold.as_ref().map(Vec::len)) {
        // Part of a larger piece of work, which writes them in their order and may go on where this one fails.
        return work(tx).inspect_err(|_| {
            UNTOLD.with_borrow_mut(|untold| untold.iter_mut().for_each(|untold| untold.truncate(before)));
        });
    }
    let before = Before(UNTOLD.replace(Some(Vec::new())));
    let done = work(tx)?;
    let told = UNTOLD.take().unwrap_or_default();
    drop(before);
    write(tx, told)?;
    Ok(done)
}

/// What one event binds.
const PARAMETERS: usize = 10;

/// Writes events in one statement, each with the next number of its order. Those of the shop itself have
/// none: 0.
fn write(tx: &mut Tx<'_>, new: Vec<Untold>) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut numbered: Vec<(i64, i64)> = Vec::with_capacity(new.len());
    for event in &new {
        let order = event.order.map_or(0, |order| order.0);
        let before = numbered.iter().filter(|(known, _)| *known == order).count() as i64;
        numbered.push((order, if order == 0 { 0 } else { before + 1 }));
    }
    let row = |row: usize| {
        let at = |place: usize| row * PARAMETERS + place;
        // The number of the last one before is found as it is written.
        format!(
            "(${}, ${}, (SELECT COALESCE(MAX(earlier.seq), 0) + ${} FROM events earlier WHERE earlier.order_id = ${}), \
             ${}, ${}, ${}, ${}, ${}, ${})",
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(6),
            at(7),
            at(8),
            at(9),
            at(10)
        )
    };
    let rows: Vec<String> = (0..new.len()).map(row).collect();
    let text = format!(
        "INSERT INTO events (uid, order_id, seq, kind, payload, actor_kind, actor_key, actor_name, happened_at) VALUES {}",
        rows.join(", ")
    );
    on_each_database!(tx.conn, conn => {
        let mut written = diesel::sql_query(text).into_boxed();
        for (event, (order, place)) in new.into_iter().zip(numbered) {
            let (actor_kind, actor_key, actor_name) = event.actor;
            written = written
                .bind::<Text, _>(event.uid)
                .bind::<Nullable<BigInt>, _>(event.order.map(|order| order.0))
                .bind::<BigInt, _>(place)
                .bind::<BigInt, _>(order)
                .bind::<Text, _>(event.kind)
                .bind::<Text, _>(event.payload)
                .bind::<Text, _>(actor_kind)
                .bind::<Nullable<BigInt>, _>(actor_key)
                .bind::<Text, _>(actor_name)
                .bind::<BigInt, _>(event.at);
        }
        Kept(written).execute(conn)
    })?;
    Ok(())
}

fn kind_and_payload(event: &Event) -> Result<(String, String)> {
    let serde_json::Value::Object(mut payload) = serde_json::to_value(event)? else {
        return Err(Error::broken("an event is not an object"));
    };
    match payload.remove("kind") {
        Some(serde_json::Value::String(kind)) => Ok((kind, serde_json::Value::Object(payload).to_string())),
        _ => Err(Error::broken("an event has no kind")),
    }
}

/// One statement for all of them.
pub(super) fn append_each(tx: &mut Tx<'_>, actor: &Actor, new: &[(OrderId, Event)]) -> Result<()> {
    let now = tx.now;
    let new: Result<Vec<Untold>> =
        new.iter().map(|(order, event)| Untold::of(actor, Some(*order), event, now)).collect();
    write(tx, new?)
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

/// Fields of corrections that tell who a customer is.
const PERSONAL: [&str; 9] = [
    "customer name",
    "email",
    "phone",
    "customer note",
    "gift message",
    "delivery address",
    "delivery phone",
    "billing address",
    "billing phone",
];
/// Fields of events that hold words of people.
const WORDS: [&str; 6] = ["note", "before", "after", "reference", "added", "removed"];

pub(super) fn erase_of_order(
    tx: &mut Tx<'_>,
    order: OrderId,
    erased: &str,
    replace: &dyn Fn(&str) -> String,
) -> Result<()> {
    let rows: Vec<(i64, String, String, ActorKind, String)> = events::table
        .filter(events::order_id.eq(order.0))
        .select((events::id, events::kind, events::payload, events::actor_kind, events::actor_name))
        .load(tx.conn)?;
    for (id, kind, payload, actor_kind, actor_name) in rows {
        let mut value: serde_json::Value = serde_json::from_str(&payload)?;
        let field = value.get("field").and_then(|field| field.as_str()).unwrap_or_default();
        let whole = kind == "order.updated" && PERSONAL.contains(&field);
        if let Some(map) = value.as_object_mut() {
            for (_, text) in map.iter_mut().filter(|(name, _)| WORDS.contains(&name.as_str())) {
                clean(text, &|text| if whole && !text.is_empty() { erased.to_owned() } else { replace(text) });
            }
        }
        let actor = if actor_kind == ActorKind::Customer { erased } else { actor_name.as_str() };
        let cleaned = value.to_string();
        if cleaned != payload || actor != actor_name {
            diesel::update(events::table.find(id))
                .set((events::payload.eq(cleaned), events::actor_name.eq(actor)))
                .execute(tx.conn)?;
        }
    }
    Ok(())
}

/// Puts a text, or each text of a list, through `change`; identifiers and numbers stay.
fn clean(value: &mut serde_json::Value, change: &dyn Fn(&str) -> String) {
    match value {
        serde_json::Value::String(text) if uuid::Uuid::parse_str(text).is_err() => *text = change(text),
        serde_json::Value::Array(list) => list.iter_mut().for_each(|one| clean(one, change)),
        _ => {}
    }
}

pub(super) fn erase_of_customer(tx: &mut Tx<'_>, customer: &str, erased: &str) -> Result<()> {
    let rows: Vec<(i64, String)> = events::table
        .filter(events::order_id.is_null())
        .filter(events::kind.eq_any(["customer.changed", "customer.merged"]))
        .filter(events::payload.like(format!("%{customer}%")))
        .select((events::id, events::payload))
        .load(tx.conn)?;
    for (id, payload) in rows {
        let mut value: serde_json::Value = serde_json::from_str(&payload)?;
        if let Some(map) = value.as_object_mut() {
            for name in ["before", "after", "name", "gone_name"] {
                if let Some(text) = map.get_mut(name) {
                    clean(text, &|text| if text.is_empty() { String::new() } else { erased.to_owned() });
                }
            }
        }
        diesel::update(events::table.find(id)).set(events::payload.eq(value.to_string())).execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn entry(row: Row) -> Result<Entry> {
    let (id, uid, seq, kind, payload, actor_kind, actor_key, actor_name, at) = row;
    let mut value: serde_json::Value = serde_json::from_str(&payload)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("kind".into(), kind.into());
    }
    let event: Event = serde_json::from_value(value)?;
    Ok(Entry { id, uid, seq, event, actor_kind, actor_key, actor_name, at })
}
