//! What programs correct of an order: a merge patch (RFC 7396), tags, its story.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::api::{self, OrderJson};
use super::api_new::{NewAddress, NewParty};
use super::{Correction, Order};
use crate::address::Address;
use crate::api::{Body, Reply, typed};
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::event::{self, Entry};
use crate::moves;
use crate::order;
use crate::payment;
use crate::staff::permission::{EditOrders, ViewOrders};
use crate::staff::{self, Caller, Permission, Program};
use crate::web::Answer;

/// What is corrected of an order. A field that is left out stays; null empties one. Of an address only the parts that
/// are given change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct OrderPatch {
    /// Where it goes; until everything has left the shop.
    shipping_address: Option<NewAddress>,
    /// Whom it is billed to; null for the same.
    billing_address: Option<NewAddress>,
    /// The customer as given with this order.
    customer: Option<NewParty>,
    /// Name of the way it is sent.
    #[schema(max_length = 200)]
    shipping_method: Option<String>,
    /// Key of the way it is paid. Never a card number.
    #[schema(max_length = 100)]
    payment_method: Option<String>,
    /// Tag of the language the customer reads; null for the usual one of the market.
    #[schema(max_length = 12)]
    language: Option<String>,
    /// What the customer wrote.
    #[schema(max_length = 10000)]
    customer_note: Option<String>,
    /// Whether it is a gift.
    gift: Option<bool>,
    /// Gift message.
    #[schema(max_length = 2000)]
    gift_message: Option<String>,
    /// All of its tags.
    #[schema(max_items = 50)]
    tags: Option<Vec<String>>,
    /// Who is responsible, by e-mail address; null for nobody.
    assignee: Option<String>,
    /// When it should leave the shop (RFC 3339); null for no time.
    #[schema(format = DateTime)]
    due_at: Option<String>,
    /// What your system wants kept with it, merged into what is there; null takes a value out.
    #[schema(value_type = Option<Object>)]
    custom: Option<Map<String, Value>>,
}

/// Tags to add and to take away.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagChange {
    /// To add.
    #[serde(default)]
    #[schema(max_items = 50, examples(json!(["VIP"])))]
    pub add: Vec<String>,
    /// To take away.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub remove: Vec<String>,
}

/// Something that happened to an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderEvent)]
pub struct EventJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Number within the order, from 1.
    pub seq: i64,
    /// What happened, such as `order.stage_changed`.
    #[schema(examples("order.stage_changed"))]
    pub kind: String,
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub at: String,
    /// What kind of actor did it: staff, api_key, customer, channel or system.
    pub actor_kind: String,
    /// Who did it.
    pub actor: String,
    /// The same in words.
    pub summary: String,
    /// Its particulars: what they are depends on the kind.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
}

/// The story of an order.
#[derive(Serialize, ToSchema)]
pub struct OrderEvents {
    /// Oldest first.
    pub events: Vec<EventJson>,
}

fn merged_text(value: &Map<String, Value>, field: &str) -> Result<Option<String>, Refusal> {
    match value.get(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(String::new())),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::field("request.wrong_kind", field, "This is a text, or null to empty it.")),
    }
}

/// An address with the parts that a patch gives.
fn merged_address(before: Option<Address>, field: &str, patch: &Value) -> Result<Option<Address>> {
    let Value::Object(parts) = patch else { return Ok(None) };
    let given: NewAddress = typed(patch).map_err(|refusal| below(field, refusal))?;
    let problems = given.problems(field);
    if !problems.is_empty() {
        return Err(Refusal::fields("order.invalid", problems).into());
    }
    let new = given.address();
    let mut merged = before.unwrap_or_default();
    let slots = [
        ("name", &mut merged.name, new.name),
        ("company", &mut merged.company, new.company),
        ("address", &mut merged.street1, new.street1),
        ("address2", &mut merged.street2, new.street2),
        ("city", &mut merged.city, new.city),
        ("state", &mut merged.region, new.region),
        ("zip", &mut merged.postcode, new.postcode),
        ("country", &mut merged.country, new.country),
        ("phone", &mut merged.phone, new.phone),
    ];
    for (part, slot, value) in slots {
        if parts.contains_key(part) {
            *slot = value;
        }
    }
    Ok(Some(merged))
}

fn below(field: &str, mut refusal: Refusal) -> Refusal {
    for problem in &mut refusal.fields {
        problem.field = format!("/{field}{}", problem.field);
    }
    refusal
}

/// What a patch says about an order.
fn correction(order: &Order, patch: &Map<String, Value>) -> Result<Correction> {
    let mut change = Correction::default();
    for (field, slot) in [
        ("shipping_method", &mut change.shipping_method),
        ("payment_method", &mut change.payment_method),
        ("language", &mut change.language),
        ("customer_note", &mut change.customer_note),
        ("gift_message", &mut change.gift_message),
    ] {
        *slot = merged_text(patch, field)?;
    }
    if change.payment_method.as_deref().is_some_and(payment::looks_like_card) {
        let message =
            "This looks like a card number. Slipway takes and keeps none; send the name of the way of paying.";
        return Err(Refusal::field("order.invalid", "payment_method", message).into());
    }
    if let Some(address) = patch.get("shipping_address") {
        let empty = || Some(Address::default());
        change.ship_to = merged_address(order.ship_to(), "shipping_address", address)?.or_else(empty);
    }
    if let Some(address) = patch.get("billing_address") {
        change.bill_to = Some(merged_address(order.bill_to(), "billing_address", address)?);
    }
    match patch.get("customer") {
        Some(Value::Object(party)) => {
            change.customer_name = merged_text(party, "name").map_err(|refusal| within("customer", refusal))?;
            change.email = merged_text(party, "email").map_err(|refusal| within("customer", refusal))?;
            change.phone = merged_text(party, "phone").map_err(|refusal| within("customer", refusal))?;
        }
        Some(Value::Null) => {
            let empty = || Some(String::new());
            (change.customer_name, change.email, change.phone) = (empty(), empty(), empty());
        }
        Some(_) => return Err(Refusal::field("request.wrong_kind", "customer", "This is an object, or null.").into()),
        None => {}
    }
    change.gift = match patch.get("gift") {
        None => None,
        Some(Value::Bool(gift)) => Some(*gift),
        Some(Value::Null) => Some(false),
        Some(_) => return Err(Refusal::field("request.wrong_kind", "gift", "This is true or false.").into()),
    };
    change.due_at = match merged_text(patch, "due_at")? {
        None => None,
        Some(text) if text.is_empty() => Some(None),
        Some(text) => {
            let read = super::api_list::instant(&text, chrono_tz::UTC).filter(|_| text.contains('T'));
            let message = "Give an instant such as 2026-11-21T08:00:00Z.";
            Some(Some(read.ok_or_else(|| Refusal::field("order.invalid", "due_at", message))?))
        }
    };
    change.custom = custom(order, patch.get("custom"))?;
    Ok(change)
}

fn within(field: &str, mut refusal: Refusal) -> Refusal {
    for problem in &mut refusal.fields {
        problem.field = format!("{field}.{}", problem.field);
    }
    refusal
}

/// Custom values merged as RFC 7396 says.
fn custom(order: &Order, patch: Option<&Value>) -> Result<Option<String>> {
    let Some(patch) = patch else { return Ok(None) };
    let mut now: Value = match order.custom.as_str() {
        "" => Value::Object(Map::new()),
        text => serde_json::from_str(text)?,
    };
    merge(&mut now, patch);
    let text = match &now {
        Value::Object(map) if !map.is_empty() => now.to_string(),
        _ => String::new(),
    };
    if text.chars().count() > super::draft::LONGEST_CUSTOM {
        let message = format!("The custom values take {} characters at the most.", super::draft::LONGEST_CUSTOM);
        return Err(Refusal::field("order.too_long", "custom", message).into());
    }
    Ok(Some(text))
}

fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Correct an order
///
/// A merge patch: what is left out stays. Items, discount, shipping and fees have an operation of their own.
#[utoipa::path(
    patch, path = "/api/orders/{order_id}", operation_id = "update_order", tag = "Changing orders",
    params(("order_id" = String, Path, example = "ORD10468")),
    request_body(content(
        (OrderPatch = "application/merge-patch+json"), (OrderPatch = "application/json"),
    )),
    responses((status = 200, description = "The order", body = OrderJson), (status = 409, description = "Its parcel has left")),
)]
pub async fn update(program: Program<EditOrders>, id: Path<String>, body: Body<Value>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let Value::Object(patch) = &value else {
                return Err(Refusal::invalid("request.wrong_kind", "A patch is an object.").into());
            };
            check_names(patch)?;
            let order = api::find_for_change(tx, caller, &id)?;
            let change = correction(&order, patch)?;
            let mut order = moves::correct(tx, caller.actor(), order.number, None, &change).map_err(in_words)?;
            if let Some(wanted) = patch.get("tags") {
                order = retag(tx, caller, &order, wanted)?;
            }
            if let Some(wanted) = patch.get("assignee") {
                order = reassign(tx, caller, &order, wanted)?;
            }
            api::shown(tx.conn, caller, &order)
        })
        .await
}

const FIELDS: [&str; 13] = [
    "shipping_address",
    "billing_address",
    "customer",
    "shipping_method",
    "payment_method",
    "language",
    "customer_note",
    "gift",
    "gift_message",
    "tags",
    "assignee",
    "due_at",
    "custom",
];

fn check_names(patch: &Map<String, Value>) -> Result<(), Refusal> {
    match patch.keys().find(|name| !FIELDS.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let known = FIELDS.iter().map(|field| (*field).to_owned()).collect();
            let message = format!("Nothing that can be patched is called {name}.");
            Err(Refusal::field("request.unknown_field", name, message).allowing(known))
        }
    }
}

/// In the words of the API.
fn in_words(error: Error) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for field in &mut refusal.fields {
        field.field = match field.field.as_str() {
            "customer_name" => "customer.name".to_owned(),
            "email" | "phone" => format!("customer.{}", field.field),
            other => other.to_owned(),
        };
    }
    Error::Refused(refusal)
}

fn retag(tx: &mut Tx<'_>, caller: &Caller, order: &Order, wanted: &Value) -> Result<Order> {
    let wanted: Vec<String> = match wanted {
        Value::Null => Vec::new(),
        wanted => typed(wanted).map_err(|refusal| below("tags", refusal))?,
    };
    let gone: Vec<String> = order
        .tag_list()
        .into_iter()
        .filter(|tag| !wanted.iter().any(|w| w.to_lowercase() == tag.to_lowercase()))
        .collect();
    order::tag(tx, caller.actor(), order.number, &wanted, &gone).map_err(tags_in_words)
}

fn tags_in_words(error: Error) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for field in &mut refusal.fields {
        field.field = "tags".to_owned();
    }
    Error::Refused(refusal)
}

fn reassign(tx: &mut Tx<'_>, caller: &Caller, order: &Order, wanted: &Value) -> Result<Order> {
    let to = match wanted {
        Value::Null => None,
        Value::String(word) => {
            let folded = word.trim().to_lowercase();
            let mut members = staff::members(tx.conn)?.into_iter();
            let found = members.find(|member| member.email == folded || member.uid == folded);
            let message = format!("Nobody here has the e-mail address {word}.");
            let member = found.ok_or_else(|| Refusal::field("order.assignee", "assignee", message))?;
            Some(member.id)
        }
        _ => return Err(Refusal::field("request.wrong_kind", "assignee", "This is an e-mail address, or null.").into()),
    };
    order::assign(tx, caller.actor(), order.number, to)
}

/// Tag an order
#[utoipa::path(
    post, path = "/api/orders/{order_id}/tags", operation_id = "tag_order", tag = "Changing orders",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = TagChange,
    responses((status = 200, description = "The order", body = OrderJson), (status = 404, description = "No such order")),
)]
pub async fn tag(program: Program<EditOrders>, id: Path<String>, body: Body<TagChange>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let order =
                order::tag(tx, caller.actor(), order.number, &value.add, &value.remove).map_err(
                    |error| match error {
                        Error::Refused(refusal) => {
                            let problem = FieldProblem { field: "add".to_owned(), message: refusal.message.clone() };
                            Error::Refused(Box::new(Refusal { fields: vec![problem], ..*refusal }))
                        }
                        other => other,
                    },
                )?;
            api::shown(tx.conn, caller, &order)
        })
        .await
}

/// Read the story of an order
///
/// Every event with its actor, oldest first. Events about money or contacts are left out for keys that may not see them.
#[utoipa::path(
    get, path = "/api/orders/{order_id}/events", operation_id = "list_order_events", tag = "Events",
    params(("order_id" = String, Path, example = "ORD10468")),
    responses((status = 200, description = "Its events", body = OrderEvents), (status = 404, description = "No such order")),
)]
pub async fn events(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &id)?;
            Reply::ok(&OrderEvents { events: story(conn, caller, &order)? })
        })
        .await
}

fn story(conn: &mut Conn, caller: &Caller, order: &Order) -> Result<Vec<EventJson>> {
    let stages = crate::workflow::Stages::load(conn)?;
    let shown = |entry: &Entry| {
        (caller.may(Permission::ViewMoney) || !entry.event.tells_money())
            && (caller.may(Permission::ViewContact) || !entry.event.tells_contact())
    };
    let entries = event::timeline(conn, order.id)?;
    entries
        .iter()
        .filter(|entry| shown(entry))
        .map(|entry| {
            let money = caller.may(Permission::ViewMoney) && caller.may(Permission::ViewContact);
            let label = |slug: &str| stages.label(slug);
            let summary = match money {
                true => event::sentence(&entry.event, &label),
                false => event::discreet_sentence(&entry.event, &label),
            };
            let data = if money { entry.event.particulars()? } else { "{}".to_owned() };
            Ok(EventJson {
                id: entry.uid.clone(),
                seq: entry.seq,
                kind: entry.event.kind(),
                at: entry.at.rfc3339(),
                actor_kind: entry.actor_kind.as_str().to_owned(),
                actor: entry.actor_name.clone(),
                summary,
                data: RawValue::from_string(data)?,
            })
        })
        .collect()
}
