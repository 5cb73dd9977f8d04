//! What an order, its lines and its charges are, as stored, and what follows from an order's sums alone.

use super::draft::ChargeKind;
use super::status::{FulfilmentStatus, PaymentStatus, Quantities};
use crate::address::Address;
use crate::ids::{ChannelId, CustomerId, LineId, MarketId, OrderId, ProductId, StaffId};
use crate::money::{Currency, Money};
use crate::time::UtcTime;
use crate::workflow::Base;

/// An order as stored.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Order {
    /// Key.
    pub id: OrderId,
    /// Public identifier.
    pub uid: String,
    /// The number people use: `#10468`.
    pub number: i64,
    /// Its market.
    pub market_id: MarketId,
    /// Its channel.
    pub channel_id: ChannelId,
    /// The cart it was made from.
    pub cart_id: Option<String>,
    /// Its name where it came from.
    pub source_ref: Option<String>,
    /// Slug of its stage.
    pub stage: String,
    /// Meaning of its stage.
    pub base: Base,
    /// Sort key of `base`.
    pub base_rank: i64,
    /// Where it goes back to from On Hold and Archived.
    pub resume_stage: Option<String>,
    /// Meaning of that stage.
    pub resume_base: Option<Base>,
    /// Since when it is in its stage.
    pub stage_entered_at: UtcTime,
    /// How complete the payment is.
    pub payment_status: PaymentStatus,
    /// Sort key of the payment.
    pub payment_sort: i64,
    /// Key of the way it is paid; empty while unknown.
    pub payment_method: String,
    /// How far the goods are.
    pub fulfilment_status: FulfilmentStatus,
    /// Currency of every amount.
    pub currency: Currency,
    /// Lines after their discounts, minor units.
    pub subtotal_minor: i64,
    /// Discount on the whole order.
    pub discount_minor: i64,
    /// Carriage.
    pub shipping_minor: i64,
    /// Tax, included or on top.
    pub tax_minor: i64,
    /// Whether prices include tax.
    pub tax_included: bool,
    /// What the customer owes in all.
    pub total_minor: i64,
    /// Worth of the units taken out of it.
    pub cancelled_minor: i64,
    /// Promised and not yet received.
    pub authorized_minor: i64,
    /// Received.
    pub captured_minor: i64,
    /// Given back.
    pub refunded_minor: i64,
    /// When the payment became complete.
    pub paid_at: Option<UtcTime>,
    /// The customer, if told apart.
    pub customer_id: Option<CustomerId>,
    /// Their name as given with this order.
    pub customer_name: String,
    /// Sort key of the name.
    pub customer_sort: String,
    /// Their e-mail.
    pub email: String,
    /// Their telephone.
    pub phone: String,
    /// Where it goes, as JSON of [`Address`].
    pub ship_address: Option<String>,
    /// Whom it is billed to, as JSON.
    pub bill_address: Option<String>,
    /// City it goes to.
    pub ship_city: String,
    /// Country it goes to.
    pub ship_country: String,
    /// Name of the way it is sent.
    pub shipping_method: String,
    /// Units in all lines.
    pub unit_count: i64,
    /// No prices on paper.
    pub gift: bool,
    /// To print for the person who gets it.
    pub gift_message: String,
    /// What the customer wrote with it.
    pub customer_note: String,
    /// Notes by staff.
    pub note_count: i64,
    /// Messages either way.
    pub message_count: i64,
    /// Messages of the customer that nobody has read.
    pub unread_count: i64,
    /// Tags, one a line.
    pub tags: String,
    /// Who is responsible.
    pub assignee_id: Option<StaffId>,
    /// When it should leave the shop.
    pub due_at: Option<UtcTime>,
    /// When it will count as abandoned.
    pub abandon_at: Option<UtcTime>,
    /// When the customer ordered.
    pub placed_at: UtcTime,
    /// When the desk learned of it.
    pub created_at: UtcTime,
    /// When it last changed.
    pub updated_at: UtcTime,
    /// When a slip was last printed.
    pub printed_at: Option<UtcTime>,
    /// How often.
    pub print_count: i64,
    /// Bumped by every change.
    pub version: i64,
    /// Who ordered, by the name that the shop's own system gives them; empty for a guest.
    pub user_ref: String,
    /// What that system wants kept with it: a JSON object, or empty.
    pub custom: String,
    /// When something was last said to or by the customer.
    pub talked_at: Option<UtcTime>,
    /// Since when the customer waits for an answer: they said the last word.
    pub asked_at: Option<UtcTime>,
    /// Tag of the language its customer asked for; empty for the usual one of the market.
    pub language: String,
    /// Written off: above zero of what the customer owed, below zero of what the shop owed them.
    pub written_off_minor: i64,
}

impl Order {
    /// An amount in this order's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
    /// What is owed in all, without the units taken out and what was written off: nothing once the order was
    /// stopped. An abandoned order owes its total, for it can be taken up again, until it is put away.
    pub fn due_in_all(&self) -> i64 {
        let shelved_from = match self.base {
            Base::Archived => self.resume_base,
            _ => None,
        };
        let stopped =
            self.base.is_stopped() || shelved_from.is_some_and(|base| base.is_stopped() || base == Base::Abandoned);
        let owed = if stopped { 0 } else { (self.total_minor - self.cancelled_minor).max(0) };
        match self.written_off_minor {
            forgiven @ 0.. => (owed - forgiven).max(0),
            // What the shop keeps is of what was paid beyond that, whatever becomes of the order.
            kept => owed + (-kept).min((self.net_minor() - owed).max(0)),
        }
    }
    /// What is still to be paid, in minor units. Once the order has left, what was given back is not asked for again: it
    /// was for what broke or came back. Before, it is, for the goods are still to be paid.
    pub fn amount_due(&self) -> i64 {
        let received = if self.has_left() { self.captured_minor } else { self.net_minor() };
        (self.due_in_all() - received).max(0)
    }
    /// Whether its goods went out, and whatever became of them since.
    pub fn has_left(&self) -> bool {
        let base = if self.base == Base::Archived { self.resume_base.unwrap_or(self.base) } else { self.base };
        matches!(base, Base::Shipped | Base::Delivered | Base::Returned)
    }
    /// What of that no bank has promised either, so that the customer is asked for it.
    pub fn amount_to_ask_for(&self) -> i64 {
        (self.amount_due() - self.authorized_minor).max(0)
    }
    /// What the shop owes the customer.
    pub fn credit_owed(&self) -> i64 {
        (self.net_minor() - self.due_in_all()).max(0)
    }
    /// Whether its open units are claimed for good: from Confirmed on, and not while a hold lets others have them.
    pub fn is_allocated(&self, frees_stock: bool) -> bool {
        match self.base {
            Base::Confirmed | Base::Approved | Base::Processed | Base::Shipped | Base::Delivered | Base::Returned => {
                true
            }
            Base::OnHold => !frees_stock && self.resume_base != Some(Base::Placed),
            Base::Placed | Base::Abandoned | Base::Cancelled | Base::Rejected | Base::Archived => false,
        }
    }
    /// Received and kept.
    pub fn net_minor(&self) -> i64 {
        self.captured_minor - self.refunded_minor
    }
    /// Where it goes.
    pub fn ship_to(&self) -> Option<Address> {
        self.ship_address.as_deref().and_then(|json| serde_json::from_str(json).ok())
    }
    /// Whom it is billed to, if not the same.
    pub fn bill_to(&self) -> Option<Address> {
        self.bill_address.as_deref().and_then(|json| serde_json::from_str(json).ok())
    }
    /// Its tags.
    pub fn tag_list(&self) -> Vec<String> {
        self.tags.lines().map(str::to_owned).collect()
    }
    /// The number as people see it.
    pub fn shown_number(&self) -> String {
        format!("#{}", self.number)
    }
}

/// A line of an order as stored. Amounts are minor units of the order's currency.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Line {
    /// Key.
    pub id: LineId,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// Place in the order, from 1.
    pub position: i64,
    /// The product, if the shop knows it.
    pub product_id: Option<ProductId>,
    /// Stock-keeping unit.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind.
    pub variant: String,
    /// Asset name of its picture.
    pub picture: String,
    /// Where it lies.
    pub bin: String,
    /// Wishes for this line, one `name: value` a line.
    pub properties: String,
    /// Units ordered.
    pub quantity: i64,
    /// Price of a unit.
    pub unit_minor: i64,
    /// Taken off the line.
    pub discount_minor: i64,
    /// Tax of the line.
    pub tax_minor: i64,
    /// Units times price less discount.
    pub total_minor: i64,
    /// Weight of a unit in grams.
    pub grams: i64,
    /// Whether it is a thing to ship.
    pub requires_shipping: bool,
    /// Whether this line is a gift.
    pub gift: bool,
    /// Units taken out.
    pub cancelled_quantity: i64,
    /// Units in a box that has not left.
    pub packed_quantity: i64,
    /// Units that left.
    pub shipped_quantity: i64,
    /// Units that came back.
    pub returned_quantity: i64,
}

impl Line {
    /// What its cancelled units were worth, with the tax where that comes on top.
    pub fn cancelled_worth(&self, tax_included: bool) -> i64 {
        let worth = self.total_minor + if tax_included { 0 } else { self.tax_minor };
        crate::money::share(worth, self.cancelled_quantity, self.quantity)
    }
    /// Its quantities, for the rules.
    pub fn quantities(&self) -> Quantities {
        Quantities {
            ordered: self.quantity,
            cancelled: self.cancelled_quantity,
            packed: self.packed_quantity,
            shipped: self.shipped_quantity,
            returned: self.returned_quantity,
            ships: self.requires_shipping,
        }
    }
}

/// A charge of an order as stored.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Charge {
    /// Key.
    pub id: i64,
    /// Its order.
    pub order_id: OrderId,
    /// Place, from 1.
    pub position: i64,
    /// What it is.
    pub kind: ChargeKind,
    /// Words for it.
    pub label: String,
    /// Discount code.
    pub code: String,
    /// Minor units, negative where taken off.
    pub amount_minor: i64,
    /// Tax rate in parts per million.
    pub rate_ppm: Option<i64>,
}

impl Charge {
    /// What it is called: its own words, else those of its kind, with its code.
    pub fn called(&self) -> String {
        called(self.kind, &self.label, &self.code)
    }
}

pub(crate) fn called(kind: ChargeKind, label: &str, code: &str) -> String {
    let name = if label.trim().is_empty() { kind.label() } else { label };
    if code.is_empty() { name.to_owned() } else { format!("{name} {code}") }
}
