//! Orders: the purchase, its lines and charges, and what is known of it. This feature places and
//! corrects orders; payments, parcels and moves belong to the features after it, which tell it what
//! they computed. One write bumps the version, so that two people never overwrite each other.

pub mod api;
pub mod api_carts;
pub mod api_changes;
mod api_draft;
pub mod api_edit;
pub mod api_events;
pub mod api_list;
pub mod api_new;
mod caption;
pub mod cart_source;
pub mod changes;
mod correction;
mod customers;
mod document;
pub mod draft;
mod edit;
pub mod list;
mod marks;
pub mod news;
pub mod pages_board;
pub mod pages_bulk;
mod pages_bulk_ask;
pub mod pages_edit;
pub mod pages_form;
pub mod pages_fresh;
pub mod pages_lines;
pub mod pages_list;
pub mod pages_menu;
pub mod pages_new;
pub mod pages_parts;
mod pages_row;
mod pages_rows;
pub mod pages_show;
pub mod pages_story;
mod pages_tabs;
pub mod pages_tags;
pub mod pages_views;
pub mod pages_way;
mod placing;
pub mod status;
mod store;
pub mod store_carts;
mod store_stage;
pub mod totals;
pub mod views;

use crate::address::Address;
use crate::db::{self, Conn, Tx, dialect};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event;
use crate::ids::{ChannelId, CustomerId, LineId, MarketId, OrderId, ProductId, StaffId};
use crate::money::{Currency, Money};
use crate::reach::Reach;
use crate::time::{UtcTime, brief_span};
use crate::workflow::{Base, Stages};

pub use caption::caption;
pub use changes::ChangeSet;
pub use correction::{Correction, correct};
pub use customers::{
    CustomerHistory, CustomerSum, blank_party, histories_of_customers, lock_of_customer, merge_customers, of_customer,
    sums_of_customer, unsettled_of_customer,
};
pub use document::reindex;
pub use draft::{ChargeKind, Draft, DraftCharge, DraftLine, Past, PastPayment};
pub use edit::{change_lines, preview};
pub use marks::{assign, mark_printed, tag};
pub use placing::{Outcome, Placed, place};
pub use status::{Balance, EntryState, FulfilmentStatus, PaymentKind, PaymentStatus, Quantities};
pub use store::{Indexed, NewOrder};
pub use store_carts as carts;
pub use store_stage::Standing;

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

/// The order with that number.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, number: i64) -> Result<Order> {
    store::by_number(conn, number)?.ok_or_else(|| Error::Missing(format!("order {number}")))
}

/// The order with that public identifier, if it is here.
pub fn find_by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Order>> {
    store::by_uid(conn, uid)
}

/// The order with that number, if it is within a reach.
///
/// # Errors
/// Missing if it is not, or there is none.
pub fn find_within(conn: &mut Conn, reach: &Reach, number: i64) -> Result<Order> {
    let found = store::by_number(conn, number)?.filter(|order| reach.sees(order.market_id));
    found.ok_or_else(|| Error::Missing(format!("order {number}")))
}

/// The orders with those numbers within a reach, in the order asked for; others are left out.
pub fn find_many(conn: &mut Conn, reach: &Reach, numbers: &[i64]) -> Result<Vec<Order>> {
    let mut found = store::by_numbers(conn, numbers)?;
    found.retain(|order| reach.sees(order.market_id));
    Ok(found)
}

/// The order that a source made, if it is here.
pub fn find_by_source(conn: &mut Conn, channel: ChannelId, source: &str) -> Result<Option<Order>> {
    store::by_source(conn, channel, source)
}

/// The numbers and markets of these orders, by their keys.
///
/// # Errors
/// When the database cannot be read.
pub fn numbers_of(conn: &mut Conn, ids: &[OrderId]) -> Result<Vec<(OrderId, i64, MarketId)>> {
    store::numbers_of(conn, &ids.iter().map(|id| id.0).collect::<Vec<_>>())
}

/// The number that the next order will get.
///
/// # Errors
/// When the database cannot be read.
pub fn next_number(conn: &mut Conn) -> Result<i64> {
    Ok(store::last_number(conn)? + 1)
}

/// The orders with these keys, in no particular order.
pub fn by_keys(conn: &mut Conn, keys: &[OrderId]) -> Result<Vec<Order>> {
    store::by_ids(conn, &keys.iter().map(|id| id.0).collect::<Vec<_>>())
}

/// The order with that key.
///
/// # Errors
/// Missing if there is none.
pub fn find_by_id(conn: &mut Conn, id: OrderId) -> Result<Order> {
    store::by_id(conn, id)?.ok_or_else(|| Error::Missing("order".into()))
}

/// The order for a change: locked against other changes until the transaction ends. If `version` is
/// given it must be the present one.
///
/// # Errors
/// Missing if there is none; stale if somebody changed it since `version` was read, saying who did
/// what.
pub fn find_for_change(tx: &mut Tx<'_>, number: i64, version: Option<i64>) -> Result<Order> {
    dialect::lock_numbered(tx.conn, number)?;
    let order = find(tx.conn, number)?;
    check_version(tx, &order, version)?;
    Ok(order)
}

/// Holds an order that was found for a change against the version that was seen, if one is given.
///
/// # Errors
/// Stale as [`find_for_change`].
pub fn check_version(tx: &mut Tx<'_>, order: &Order, version: Option<i64>) -> Result<()> {
    match version {
        Some(version) if version != order.version => Err(stale(tx.conn, order, tx.now)?),
        _ => Ok(()),
    }
}

/// As [`find_for_change`], by key and at any version.
pub fn lock(tx: &mut Tx<'_>, id: OrderId) -> Result<Order> {
    dialect::lock_order(tx.conn, id)?;
    find_by_id(tx.conn, id)
}

/// The refusal that tells who changed the order since it was read.
fn stale(conn: &mut Conn, order: &Order, now: UtcTime) -> Result<Error> {
    let stages = Stages::load(conn)?;
    // Whoever is refused may not be allowed to see amounts or contacts.
    let what = match event::last_change(conn, order.id)? {
        Some(entry) => format!(
            "{} {} {} ago.",
            entry.actor_name,
            event::discreet_sentence(&entry.event, &|slug| stages.label(slug)),
            brief_span(now.seconds_since(entry.at)),
        ),
        None => "The order was changed in the meantime.".to_owned(),
    };
    Ok(Refusal::new(
        RefusalKind::Stale,
        "order.stale",
        format!("{what} Nothing of yours was changed; look at it and try again."),
    )
    .into())
}

/// How many orders this customer has placed, and when the first.
pub fn history_of_customer(conn: &mut Conn, reach: &Reach, customer: CustomerId) -> Result<(i64, Option<UtcTime>)> {
    store::history_of_customer(conn, reach, customer)
}

/// Numbers of the orders beside one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The one above it in the list.
    pub previous: Option<i64>,
    /// The one below it.
    pub next: Option<i64>,
}

/// Lines of an order by position.
pub fn lines(conn: &mut Conn, order: OrderId) -> Result<Vec<Line>> {
    db::remembered_of(order, conn, |conn| store::lines(conn, &[order]))
}

/// Lines of several orders, by order and position.
pub fn lines_of_many(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Line>> {
    store::lines(conn, orders)
}

/// Charges of an order by position.
pub fn charges(conn: &mut Conn, order: OrderId) -> Result<Vec<Charge>> {
    store::charges(conn, &[order])
}

/// Charges of several orders, by order and position.
pub fn charges_of_many(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Charge>> {
    store::charges(conn, orders)
}

/// Saves what moves, payments and parcels computed about an order: stage, statuses, sums, timers, and
/// the totals of edited lines.
/// Bumps the version in `order` too.
///
/// # Errors
/// Stale if somebody changed the order since it was read.
pub fn save(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    order.payment_sort = status::payment_sort(order.payment_status, order.paid_at, order.placed_at);
    order.base_rank = order.base.rank();
    order.updated_at = tx.now;
    if store::save_state(tx, order)? == 0 {
        return Err(stale(tx.conn, order, tx.now)?);
    }
    order.version += 1;
    Ok(())
}

/// Orders that stand in a stage or, if it is one of the shop's own, come back to it.
pub fn count_of_stage(conn: &mut Conn, slug: &str) -> Result<i64> {
    Ok(store_stage::in_stage(conn, slug)? + store_stage::coming_back(conn, slug)?)
}

/// Lets some orders that stand in a stage, or come back to it, stand in or come back to a sibling of the
/// same base, bumping their versions. Answers with how they stood before; none once all have gone. The
/// caller tells their diaries.
pub fn restage_some(tx: &mut Tx<'_>, from: &str, to: &str, limit: i64) -> Result<Vec<Standing>> {
    let found = store_stage::lock_some(tx.conn, from, limit)?;
    if !found.is_empty() {
        store_stage::restage(tx, &found, from, to)?;
    }
    Ok(found)
}

/// Takes over the sums of the payment ledger. Does not save.
pub fn settle(order: &mut Order, balance: &Balance, now: UtcTime) {
    order.authorized_minor = balance.authorized;
    order.captured_minor = balance.captured;
    order.refunded_minor = balance.refunded;
    order.written_off_minor = balance.written_off;
    let before = order.payment_status;
    order.payment_status = balance.status(order.total_minor, order.due_in_all());
    match order.payment_status {
        PaymentStatus::Paid | PaymentStatus::Free => {
            let fresh = !matches!(before, PaymentStatus::Paid | PaymentStatus::Free);
            if order.paid_at.is_none() || fresh {
                order.paid_at = Some(now);
            }
        }
        // Giving money back does not undo that the payment was once complete.
        PaymentStatus::Refunded | PaymentStatus::PartiallyRefunded => {}
        PaymentStatus::Unpaid
        | PaymentStatus::Voided
        | PaymentStatus::Expired
        | PaymentStatus::Pending
        | PaymentStatus::PartiallyAuthorized
        | PaymentStatus::Authorized
        | PaymentStatus::PartiallyPaid => order.paid_at = None,
    }
}

/// Writes new quantities of a line. The database refuses what does not add up.
pub fn save_quantities(tx: &mut Tx<'_>, line: &Line) -> Result<()> {
    store::save_quantities(tx, line)
}

/// Adds to the counters of notes, messages and unread messages that the list shows.
pub fn count_talk(tx: &mut Tx<'_>, order: OrderId, notes: i64, messages: i64, unread: i64) -> Result<()> {
    store::count_talk(tx, order, notes, messages, unread)
}

/// Keeps when something was last said about an order, and since when its customer waits for an answer.
pub fn set_talk(tx: &mut Tx<'_>, order: OrderId, talked_at: Option<UtcTime>, asked_at: Option<UtcTime>) -> Result<()> {
    store::set_talk(tx, order, talked_at, asked_at)
}
