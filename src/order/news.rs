//! What happened, as programs are told it: the body of a webhook and a line of the feed. Thin: it says which
//! order and how it stands, and where to read the rest. Nothing in it tells who a customer is.

use serde_json::{Map, Value, json};

use super::{Order, store};
use crate::db::Conn;
use crate::error::Result;
use crate::event::public::{self, PublicName};
use crate::event::{self, Entry, Event, Fed, MoneyFact, UnitsFact};
use crate::ids::MarketId;
use crate::market::Markets;
use crate::money::Money;
use crate::time::UtcTime;
use crate::web;

/// One thing that happened, under one of its names.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// What it is called.
    pub name: PublicName,
    /// Its place in the diary. Two names of one event share it.
    pub seq: i64,
    /// The same whenever it is told: what a receiver recognises repeats by.
    pub message: String,
    /// Number of its order.
    pub number: Option<i64>,
    /// Market of its order.
    pub market: Option<MarketId>,
    /// When it happened.
    pub at: UtcTime,
    /// What is told.
    pub data: Value,
}

impl News {
    /// As it is sent: `{type, timestamp, data}`.
    pub fn body(&self) -> Value {
        json!({ "type": self.name.as_str(), "timestamp": self.at.rfc3339(), "data": self.data })
    }
}

/// Events under the names that programs know, in their order. How an order stands is told as it is now;
/// its `version` says of when that is.
///
/// # Errors
/// When the database cannot be read.
pub fn of(conn: &mut Conn, events: &[Fed]) -> Result<Vec<News>> {
    let mut keys: Vec<i64> = events.iter().filter_map(|fed| fed.order).map(|order| order.0).collect();
    keys.sort_unstable();
    keys.dedup();
    let orders = store::by_ids(conn, &keys)?;
    let markets = Markets::load(conn)?;
    let base = web::setting(conn, "public_address")?.unwrap_or_default();
    let mut news = Vec::new();
    for fed in events {
        let order = fed.order.and_then(|id| orders.iter().find(|order| order.id == id));
        let is_first = is_first(conn, fed)?;
        let data = data(fed, order, &markets, &base);
        for (place, name) in public::names(&fed.entry.event, is_first).into_iter().enumerate() {
            news.push(News {
                name,
                seq: fed.entry.id,
                message: message(&fed.entry, place),
                number: order.map(|order| order.number),
                market: order.map(|order| order.market_id),
                at: fed.entry.at,
                data: data.clone(),
            });
        }
    }
    Ok(news)
}

/// Whether no earlier event of the order was about the same thing.
fn is_first(conn: &mut Conn, fed: &Fed) -> Result<bool> {
    let (Some(order), Some(subject)) = (fed.order, public::subject(&fed.entry.event)) else { return Ok(true) };
    let earlier = event::timeline(conn, order)?;
    Ok(!earlier.iter().any(|entry| entry.seq < fed.entry.seq && public::subject(&entry.event) == Some(subject)))
}

fn message(entry: &Entry, place: usize) -> String {
    let plain = entry.uid.replace('-', "");
    if place == 0 { format!("evt_{plain}") } else { format!("evt_{plain}_{}", place + 1) }
}

fn data(fed: &Fed, order: Option<&Order>, markets: &Markets, base: &str) -> Value {
    let mut data = Map::new();
    data.insert("event_id".into(), json!(fed.entry.uid));
    data.insert("seq".into(), json!(fed.entry.id));
    data.insert("by".into(), json!(fed.entry.actor_kind));
    if let Some(order) = order {
        tell_order(&mut data, order, markets, base);
    }
    tell_event(&mut data, &fed.entry.event);
    Value::Object(data)
}

fn tell_order(data: &mut Map<String, Value>, order: &Order, markets: &Markets, base: &str) {
    let market = markets.market(order.market_id);
    let name = format!("{}{}", market.map(|m| m.order_prefix.as_str()).unwrap_or_default(), order.number);
    data.insert("link".into(), json!(format!("{base}/api/orders/{name}")));
    data.insert("order_id".into(), json!(name));
    data.insert("number".into(), json!(order.number));
    data.insert("market".into(), json!(market.map(|m| m.slug.as_str())));
    data.insert("stage".into(), json!(order.stage));
    data.insert("base".into(), json!(order.base));
    data.insert("payment_status".into(), json!(order.payment_status));
    data.insert("fulfilment_status".into(), json!(order.fulfilment_status));
    data.insert("total".into(), amount(order.money(order.total_minor)));
    data.insert("currency".into(), json!(order.currency.code()));
    data.insert("version".into(), json!(order.version));
}

/// What only this kind of event has to tell. Anything an order says of itself is from the event where the
/// event knows it.
fn tell_event(data: &mut Map<String, Value>, event: &Event) {
    let told = match event {
        Event::OrderMoved(moved) => json!({
            "stage": moved.to, "base": moved.to_base, "previous_stage": moved.from, "previous_base": moved.from_base,
            "reason": moved.reason,
        }),
        Event::MoveUndone { from, to } => json!({ "stage": from, "previous_stage": to, "undone": true }),
        Event::OrderUpdated { field, .. } => json!({ "changed": [field] }),
        Event::LinesChanged(_) => json!({ "changed": ["items"] }),
        Event::OrderTagged { added, removed } => json!({ "changed": ["tags"], "added": added, "removed": removed }),
        Event::OrderAssigned { .. } => json!({ "changed": ["assignee"] }),
        Event::UnitsCancelled { reason, units, .. } => {
            json!({ "changed": ["items"], "reason": reason, "units": told_units(units) })
        }
        Event::HoldPlaced { hold, reason, until, .. } => {
            json!({ "hold_id": hold, "reason": reason, "until": until.map(UtcTime::rfc3339) })
        }
        Event::HoldReleased { hold, reason, seconds } => {
            json!({ "hold_id": hold, "reason": reason, "seconds": seconds })
        }
        Event::PaymentRecorded { entry, payment, amount, method, reason, .. } => json!({
            "payment": { "id": payment, "kind": entry, "amount": told_amount(*amount), "method": method, "reason": reason },
        }),
        Event::PaymentStarted { entry, payment, amount, reason } => json!({
            "payment": { "id": payment, "kind": entry, "amount": told_amount(*amount), "reason": reason },
        }),
        Event::PaymentFailed { entry, payment, amount, problem } => json!({
            "payment": { "id": payment, "kind": entry, "amount": told_amount(*amount), "problem": problem },
        }),
        Event::AuthorizationExpiring { payment, amount, expires_at } => json!({
            "payment": {
                "id": payment, "kind": "authorization", "amount": told_amount(*amount), "expires_at": expires_at.rfc3339(),
            },
        }),
        Event::AuthorizationLapsed { amount } => {
            json!({ "payment": { "kind": "authorization", "amount": told_amount(*amount), "reason": "lapsed" } })
        }
        Event::ShipmentChanged { shipment, position, state, carrier, tracking } => json!({
            "shipment": {
                "id": shipment, "position": position, "state": state, "carrier": carrier, "tracking_number": tracking,
            },
        }),
        Event::ParcelMade { shipment, position, state, units, .. } => json!({
            "shipment": { "id": shipment, "position": position, "state": state, "units": told_units(units) },
        }),
        Event::ReturnChanged { uid, position, state, reason, units, .. } => json!({
            "return": { "id": uid, "position": position, "state": state, "reason": reason, "units": told_units(units) },
        }),
        Event::MessageRecorded { message, direction, transport } => {
            json!({ "message": { "id": message, "direction": direction, "transport": transport } })
        }
        Event::StockLow { product, sku, name, available, low_at } => json!({
            "product": { "id": product, "sku": sku, "name": name, "available": available, "low_at": low_at },
        }),
        Event::OrderCreated { source, .. } => json!({ "source": source }),
        Event::InvoiceIssued { .. }
        | Event::NoteWritten { .. }
        | Event::NoteEdited { .. }
        | Event::NoteRemoved { .. }
        | Event::MessageChanged { .. }
        | Event::LinkChanged { .. }
        | Event::SlipPrinted { .. }
        | Event::OrderImported { .. }
        | Event::StaffChanged { .. }
        | Event::StaffSignedIn { .. }
        | Event::SettingsChanged { .. }
        | Event::StageChanged { .. }
        | Event::CustomerChanged { .. }
        | Event::CustomerMerged { .. }
        | Event::CustomerErased { .. }
        | Event::KeyChanged { .. }
        | Event::ViewChanged { .. }
        | Event::ProductChanged { .. }
        | Event::StockCounted { .. }
        | Event::WebhookChanged { .. }
        | Event::ImportFinished { .. } => Value::Null,
    };
    if let Value::Object(told) = told {
        data.extend(told);
    }
}

/// Lines that are named one by one; beyond them the order has to be read.
const MOST_UNITS: usize = 50;

fn told_units(units: &[UnitsFact]) -> Value {
    units.iter().take(MOST_UNITS).map(|units| json!({ "line_id": units.line, "quantity": units.quantity })).collect()
}

fn told_amount(fact: MoneyFact) -> Value {
    amount(Money::from(fact))
}

/// A decimal number, such as 75.00: exact, since amounts have far fewer digits than a double keeps.
fn amount(money: Money) -> Value {
    json!(money.decimal().parse::<f64>().unwrap_or_default())
}
