//! The diary: one typed event for everything that happens, written in the transaction of the change.
//! The timeline, the audit log and everything that reacts to a change read it. Events are never
//! changed or removed; an event of an order has the next number of that order.

mod feed;
pub mod public;
mod store;
mod store_feed;
mod words;

use serde::{Deserialize, Serialize};

use crate::actor::{Actor, ActorKind};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::OrderId;
use crate::money::{Currency, Money};
use crate::time::UtcTime;

pub use feed::{Fed, FeedPage, feed, feed_end, position_at};
pub use words::{discreet_sentence, sentence};

/// Everything that can happen. The serialised name is the stable kind that programs see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    /// An order came into being.
    #[serde(rename = "order.created")]
    OrderCreated { number: i64, stage: String, total_minor: i64, currency: Currency, source: String },
    /// An order moved to another stage.
    #[serde(rename = "order.stage_changed")]
    OrderMoved(Moved),
    /// A move was taken back before anybody was told of it.
    #[serde(rename = "order.move_undone")]
    MoveUndone { from: String, to: String },
    /// A field was corrected.
    #[serde(rename = "order.updated")]
    OrderUpdated { field: String, before: String, after: String },
    /// Lines were changed, taken out or added after the order was placed.
    #[serde(rename = "order.lines_changed")]
    LinesChanged(LinesChanged),
    /// Tags were added or taken away.
    #[serde(rename = "order.tagged")]
    OrderTagged { added: Vec<String>, removed: Vec<String> },
    /// Somebody was made responsible, or nobody.
    #[serde(rename = "order.assigned")]
    OrderAssigned { before: Option<String>, after: Option<String> },
    /// The order may not go on, for this reason.
    #[serde(rename = "hold.placed")]
    HoldPlaced { hold: String, reason: String, note: String, until: Option<UtcTime> },
    /// A hold was lifted after so many seconds.
    #[serde(rename = "hold.released")]
    HoldReleased { hold: String, reason: String, seconds: i64 },
    /// The ledger grew. `entry` is the kind of its row: authorization, capture, refund, void, goodwill, write_off or
    /// write_back; `reason` is why money went back or is asked for no more.
    #[serde(rename = "payment.recorded")]
    PaymentRecorded {
        entry: String,
        payment: String,
        amount: MoneyFact,
        method: String,
        reference: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A provider is being asked to move money. [`Event::PaymentRecorded`] or [`Event::PaymentFailed`]
    /// follows.
    #[serde(rename = "payment.started")]
    PaymentStarted {
        entry: String,
        payment: String,
        amount: MoneyFact,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// A provider refused to move money.
    #[serde(rename = "payment.failed")]
    PaymentFailed { entry: String, payment: String, amount: MoneyFact, problem: String },
    /// The time of an authorisation will soon be over, with this much of it left.
    #[serde(rename = "payment.expiring")]
    AuthorizationExpiring { payment: String, amount: MoneyFact, expires_at: UtcTime },
    /// The time of an authorisation was over.
    #[serde(rename = "payment.lapsed")]
    AuthorizationLapsed { amount: MoneyFact },
    /// An invoice or credit note was issued; `entry` says which.
    #[serde(rename = "invoice.issued")]
    InvoiceIssued { document: String, entry: String, name: String, amount: MoneyFact },
    /// A parcel reached a state: packed, shipped, delivered, cancelled.
    #[serde(rename = "shipment.changed")]
    ShipmentChanged { shipment: String, position: i64, state: String, carrier: String, tracking: String },
    /// Units were put into a new parcel, perhaps out of another one.
    #[serde(rename = "shipment.made")]
    ParcelMade { shipment: String, position: i64, state: String, out_of: Option<i64>, units: Vec<UnitsFact> },
    /// Units that were still to be sent were taken out of the order.
    #[serde(rename = "order.units_cancelled")]
    UnitsCancelled { reason: String, note: String, units: Vec<UnitsFact> },
    /// A return was asked for or reached another state. `units` are those asked for or received.
    #[serde(rename = "return.changed")]
    ReturnChanged { uid: String, position: i64, state: String, reason: String, note: String, units: Vec<UnitsFact> },
    /// A note was written. Its text stays in the note.
    #[serde(rename = "note.written")]
    NoteWritten {
        note: String,
        audience: String,
        /// Keys of the colleagues whom it calls.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<i64>,
    },
    /// A note was corrected.
    #[serde(rename = "note.edited")]
    NoteEdited { note: String, before: String, after: String },
    /// A note was taken away.
    #[serde(rename = "note.removed")]
    NoteRemoved { note: String, before: String },
    /// The customer or the shop said something.
    #[serde(rename = "message.recorded")]
    MessageRecorded { message: String, direction: String, transport: String },
    /// A message that travels failed, is unsure, was sent again or taken back; `change` says which.
    #[serde(rename = "message.changed")]
    MessageChanged { message: String, transport: String, change: String },
    /// The secret address of the customer's page was made or revoked; `change` says which. It is never given.
    #[serde(rename = "page.link_changed")]
    LinkChanged { change: String },
    /// Paper came out. `paper` is a4, letter, a5 or label; `print` counts from 1.
    #[serde(rename = "slip.printed")]
    SlipPrinted { template: String, paper: String, gift: bool, print: i64 },
    /// The order came in with a file.
    #[serde(rename = "order.imported")]
    OrderImported { source: String, reference: String },
    /// A person of the shop was added, changed, disabled or enabled; `change` says which.
    #[serde(rename = "staff.changed")]
    StaffChanged { staff: String, name: String, change: String },
    /// A person signed in.
    #[serde(rename = "staff.signed_in")]
    StaffSignedIn { address: String },
    /// A setting changed. Secrets are never given.
    #[serde(rename = "settings.changed")]
    SettingsChanged { setting: String, before: String, after: String },
    /// A stage of the shop was added, closed, opened, removed, or something about it changed; `change` says
    /// which or what.
    #[serde(rename = "stage.changed")]
    StageChanged { stage: String, label: String, change: String, before: String, after: String },
    /// How a customer is called or reached was corrected.
    #[serde(rename = "customer.changed")]
    CustomerChanged { customer: String, field: String, before: String, after: String },
    /// Two customers became one; so many orders moved.
    #[serde(rename = "customer.merged")]
    CustomerMerged { customer: String, name: String, gone: String, gone_name: String, orders: i64 },
    /// A person was erased from so many orders.
    #[serde(rename = "customer.erased")]
    CustomerErased { customer: String, orders: i64 },
    /// An API key was made or revoked.
    #[serde(rename = "key.changed")]
    KeyChanged { key: String, name: String, change: String },
    /// A view of the list was saved, changed or removed.
    #[serde(rename = "view.changed")]
    ViewChanged { view: String, name: String, change: String },
    /// A product was added or changed; `change` says which.
    #[serde(rename = "product.changed")]
    ProductChanged { product: String, name: String, change: String },
    /// Somebody counted what lies on the shelf.
    #[serde(rename = "stock.counted")]
    StockCounted { product: String, before: i64, after: i64, reason: String },
    /// As little of a product can be had as the shop calls low.
    #[serde(rename = "stock.low")]
    StockLow { product: String, sku: String, name: String, available: i64, low_at: i64 },
    /// A webhook endpoint was added, changed, given a new secret, disabled, enabled or removed; `change` says
    /// which. `url` is without its query, which may hold a secret.
    #[serde(rename = "webhook.changed")]
    WebhookChanged { endpoint: String, url: String, change: String, detail: String },
    /// A file was imported.
    #[serde(rename = "import.finished")]
    ImportFinished { file: String, made: i64, known: i64, refused: i64 },
}

/// An amount as the diary keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyFact {
    /// Minor units.
    pub minor: i64,
    /// ISO 4217.
    pub currency: Currency,
}

/// Units of a line as the diary keeps them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitsFact {
    /// Public identifier of the line.
    pub line: String,
    /// What it is called.
    pub title: String,
    /// How many.
    pub quantity: i64,
}

impl From<Money> for MoneyFact {
    fn from(money: Money) -> Self {
        MoneyFact { minor: money.minor, currency: money.currency }
    }
}

impl From<MoneyFact> for Money {
    fn from(fact: MoneyFact) -> Self {
        Money::new(fact.minor, fact.currency)
    }
}

/// A move, with what is needed to take it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moved {
    /// Slug of the stage it left.
    pub from: String,
    /// Slug of the stage it entered.
    pub to: String,
    /// Base of the stage it left.
    pub from_base: String,
    /// Base of the stage it entered.
    pub to_base: String,
    /// Reason key, where the move asks for one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What was added in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// State before the move, for taking it back.
    pub before: Before,
    /// Whether taking it back is possible at all: not when money moved.
    pub can_undo: bool,
    /// Whether the customer is not told, whatever the stage says.
    #[serde(default, skip_serializing_if = "is_false")]
    pub quiet: bool,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// Lines and totals before and after they were edited. Amounts are minor units of `currency`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinesChanged {
    /// Of every amount here.
    pub currency: Currency,
    /// Totals before.
    pub before: SumFact,
    /// Totals after.
    pub after: SumFact,
    /// Every line that changed, in its place.
    pub lines: Vec<LineChanged>,
    /// Discounts, carriage and fees that changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charges: Vec<ChargeChanged>,
}

/// A charge before and after, as it counts into the total; one that was added has no before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeChanged {
    /// What it is called.
    pub name: String,
    /// Before, minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_minor: Option<i64>,
    /// After.
    pub after_minor: i64,
}

/// A line before and after; one that was added has no before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineChanged {
    /// Stock-keeping unit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// Before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<LineFact>,
    /// After; of zero units if it was taken out.
    pub after: LineFact,
}

/// Numbers of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFact {
    /// Units.
    pub quantity: i64,
    /// Price of a unit.
    pub unit_minor: i64,
    /// Taken off the line.
    pub discount_minor: i64,
    /// What it comes to.
    pub total_minor: i64,
}

/// The parts of an order's total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SumFact {
    /// Lines after their discounts.
    pub subtotal_minor: i64,
    /// Taken off the order.
    pub discount_minor: i64,
    /// Carriage.
    pub shipping_minor: i64,
    /// Tax.
    pub tax_minor: i64,
    /// In all.
    pub total_minor: i64,
}

/// What a move replaced on the order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// The place to come back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume_stage: Option<String>,
    /// When the former stage was entered.
    pub stage_entered_at: i64,
    /// When it would have been abandoned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abandon_at: Option<i64>,
    /// Key of the hold that the move opened or released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<i64>,
    /// Key of the decision that the move recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<i64>,
    /// Units of lines that had been taken out of the order before it was stopped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<(i64, i64)>,
}

/// One line of the diary.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Place in the whole diary.
    pub id: i64,
    /// Public identifier.
    pub uid: String,
    /// Place within the order, from 1; 0 for events of the shop.
    pub seq: i64,
    /// What happened.
    pub event: Event,
    /// Who did it: what kind.
    pub actor_kind: ActorKind,
    /// Key of the person or API key.
    pub actor_key: Option<i64>,
    /// Name at that time.
    pub actor_name: String,
    /// When.
    pub at: UtcTime,
}

impl Event {
    /// The stable kind, such as `order.stage_changed`.
    pub fn kind(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::Object(map)) => {
                map.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned()
            }
            _ => String::new(),
        }
    }
    /// Its particulars as JSON: everything but its kind.
    ///
    /// # Errors
    /// Broken if it cannot be written.
    pub fn particulars(&self) -> Result<String> {
        let mut whole = serde_json::to_value(self)?;
        if let Some(map) = whole.as_object_mut() {
            map.remove("kind");
        }
        Ok(whole.to_string())
    }
    /// Whether the event speaks of money, so that people who may not see money do not see it.
    pub fn tells_money(&self) -> bool {
        matches!(
            self,
            Event::PaymentRecorded { .. }
                | Event::PaymentStarted { .. }
                | Event::PaymentFailed { .. }
                | Event::AuthorizationExpiring { .. }
                | Event::AuthorizationLapsed { .. }
        )
    }
    /// Whether the event says how the customer is reached, so that people who may not know do not.
    pub fn tells_contact(&self) -> bool {
        matches!(self, Event::OrderUpdated { field, .. } if field.contains("phone") || field.contains("email"))
    }
    /// Whether the event left the order's version alone, so that a move before it can still be taken
    /// back.
    pub fn is_beside_the_order(&self) -> bool {
        matches!(
            self,
            Event::NoteWritten { .. }
                | Event::NoteEdited { .. }
                | Event::NoteRemoved { .. }
                | Event::MessageRecorded { .. }
                | Event::MessageChanged { .. }
                | Event::LinkChanged { .. }
                | Event::SlipPrinted { .. }
                | Event::AuthorizationExpiring { .. }
        )
    }
}

/// Writes an event of an order, or of the shop if there is no order. The caller holds the order's
/// lock, so its numbers have no gap and no repeat.
pub fn record(tx: &mut Tx<'_>, actor: &Actor, order: Option<OrderId>, event: &Event) -> Result<()> {
    store::append(tx, actor, order, event, None)
}

/// Writes one event each of many orders that the caller has locked.
pub fn record_each(tx: &mut Tx<'_>, actor: &Actor, events: &[(OrderId, Event)]) -> Result<()> {
    store::append_each(tx, actor, events)
}

/// As [`record`], for something that happened earlier and is only now written down: an import or a
/// demonstration.
pub fn record_past(tx: &mut Tx<'_>, actor: &Actor, order: OrderId, event: &Event, at: UtcTime) -> Result<()> {
    store::append(tx, actor, Some(order), event, Some(at))
}

/// The whole story of an order, oldest first.
pub fn timeline(conn: &mut Conn, order: OrderId) -> Result<Vec<Entry>> {
    store::of_order(conn, order)
}

/// The last thing that changed an order. Notes, messages and prints do not.
pub fn last_change(conn: &mut Conn, order: OrderId) -> Result<Option<Entry>> {
    Ok(last_change_in(&timeline(conn, order)?).cloned())
}

/// The same of a story that was read already.
pub fn last_change_in(story: &[Entry]) -> Option<&Entry> {
    story.iter().rev().find(|entry| !entry.event.is_beside_the_order())
}

/// Does a piece of work whose events are written at its end, all in one statement. What is read of the diary
/// meanwhile is what was there before.
///
/// # Errors
/// What `work` says; nothing is written then.
pub fn together<T>(tx: &mut Tx<'_>, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
    store::together(tx, work)
}

/// Takes the words that tell who a customer is out of an order's events: corrections of name, contact and
/// address whole, other texts through `replace`. Kinds, numbers, instants, amounts and people of the shop
/// stay. Only the erasure of a person does this.
pub fn erase_of_order(tx: &mut Tx<'_>, order: OrderId, erased: &str, replace: &dyn Fn(&str) -> String) -> Result<()> {
    store::erase_of_order(tx, order, erased, replace)
}

/// The same for the shop's events about a customer.
pub fn erase_of_customer(tx: &mut Tx<'_>, customer: &str, erased: &str) -> Result<()> {
    store::erase_of_customer(tx, customer, erased)
}

/// The last thing that happened to an order.
pub fn last(conn: &mut Conn, order: OrderId) -> Result<Option<Entry>> {
    store::last_of_order(conn, order)
}

/// The newest events of the shop itself: staff, settings, keys, imports.
pub fn of_shop(conn: &mut Conn, limit: i64) -> Result<Vec<Entry>> {
    store::of_shop(conn, limit)
}
