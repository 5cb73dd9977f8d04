//! Orders as programs read and find them. The representation holds the baseline contract and everything
//! else that is known; the same one answers a single order, a list and every change.

use actix_web::web::Path;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{Charge, ChargeKind, Line, Order, PaymentStatus};
use crate::address::Address;
use crate::api::{Amount, Reply};
use crate::catalog::stock;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::{LineId, OrderId};
use crate::market::Markets;
use crate::moves::{self, Hold};
use crate::order;
use crate::shipment::{self, Shipment, tracking};
use crate::staff::permission::ViewOrders;
use crate::staff::{self, Caller, Permission, Program};
use crate::web::Answer;
use crate::workflow::Base;

/// An order.
#[derive(Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderJson {
    /// The number people use, with the prefix of its market. Every path takes it, the bare number and `id`.
    #[schema(examples("ORD10468"))]
    pub order_id: String,
    /// Identifier that never changes (UUID).
    #[schema(format = Uuid)]
    pub id: String,
    /// The number alone.
    #[schema(examples(10468))]
    pub number: i64,
    /// Rises with every change; the `ETag` of the order.
    pub version: i64,
    /// Who ordered, by the name your own system gives them. Null for a guest.
    pub user_id: Option<String>,
    /// Its stage in the twelve words of the lifecycle: pending, confirmed, on_hold, approved, processed, shipped,
    /// delivered, returned, cancelled, rejected, abandoned, archived.
    #[schema(examples("confirmed"))]
    pub status: String,
    /// The shop's own stage; equal to the status (`placed` for pending) unless the shop defined others.
    #[schema(examples("confirmed"))]
    pub stage: String,
    /// How complete the payment is: free, unpaid, voided, expired, pending, partially_authorized, authorized,
    /// partially_paid, paid, partially_refunded, refunded.
    #[schema(examples("paid"))]
    pub payment_status: String,
    /// The same in three words: paid, unpaid, refunded.
    #[schema(examples("paid"))]
    pub payment_state_simple: String,
    /// How far the goods are: not_required, unfulfilled, in_progress, partially_shipped, shipped, delivered,
    /// partially_returned, returned.
    #[schema(examples("unfulfilled"))]
    pub shipping_status: String,
    /// Currency of every amount (ISO 4217).
    #[schema(examples("EUR"))]
    pub currency: String,
    /// What the customer owes in all: lines, less discount, plus shipping and fees, plus tax unless included.
    pub total: Amount,
    /// Sum of the lines after their own discounts.
    pub subtotal: Amount,
    /// Discount on the whole order, as a positive amount.
    pub discount: Amount,
    /// Shipping.
    pub shipping: Amount,
    /// Tax, included in the total or on top.
    pub tax: Amount,
    /// Whether prices include the tax.
    pub tax_included: bool,
    /// Promised and not yet received.
    pub authorized: Amount,
    /// Received.
    pub paid: Amount,
    /// Given back.
    pub refunded: Amount,
    /// Written off: above zero what the customer owed, below zero what was owed to them.
    pub written_off: Amount,
    /// Still to be paid. What is given back once the order has left is not due again.
    pub amount_due: Amount,
    /// Owed to the customer.
    pub credit_owed: Amount,
    /// Key of the way it is paid, such as `card`.
    pub payment_method: Option<String>,
    /// Name of the way it is sent.
    pub shipping_method: Option<String>,
    /// What was bought.
    pub items: Vec<ItemJson>,
    /// Parts of the total besides the items.
    pub charges: Vec<ChargeJson>,
    /// Where it goes.
    pub shipping_address: Option<AddressJson>,
    /// Whom it is billed to; null if the same.
    pub billing_address: Option<AddressJson>,
    /// The customer as given with this order.
    pub customer: PartyJson,
    /// Tag of the language the customer asked for, such as `de`. Null for the usual one of the market.
    pub language: Option<String>,
    /// What the customer wrote with it.
    pub customer_note: Option<String>,
    /// Whether it is a gift: no prices on paper.
    pub gift: bool,
    /// To print for the person who gets it.
    pub gift_message: Option<String>,
    /// Slug of its market.
    pub market: String,
    /// Slug of the channel it came through.
    pub channel: String,
    /// Cart it was made from.
    pub cart_id: Option<String>,
    /// Its name where it came from.
    pub external_id: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Who is responsible: their e-mail address, or their name if the key may not see contacts.
    pub assignee: Option<String>,
    /// What your system wants kept with it: an object.
    #[schema(value_type = Object)]
    pub custom: Box<RawValue>,
    /// Reasons it may not go on, while it is on hold.
    pub holds: Vec<HoldJson>,
    /// Parcels, in short; `GET /api/orders/{order_id}/shipments` has their contents.
    pub shipments: Vec<ParcelJson>,
    /// When the customer ordered (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When the desk learned of it.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Since when it is in its stage.
    #[schema(format = DateTime)]
    pub stage_entered_at: String,
    /// When the payment became complete.
    #[schema(format = DateTime)]
    pub paid_at: Option<String>,
    /// When it should leave the shop.
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
    /// Notes by staff.
    pub note_count: i64,
    /// Messages either way.
    pub message_count: i64,
    /// Messages of the customer that nobody has read.
    pub unread_count: i64,
}

/// A line of an order.
#[derive(Serialize, ToSchema)]
#[schema(as = Item)]
pub struct ItemJson {
    /// Identifier of the line, for parcels, refunds and returns.
    #[schema(format = Uuid)]
    pub line_id: String,
    /// SKU of the product; null if the line has none.
    #[schema(examples("p001"))]
    pub product_id: Option<String>,
    /// The same, under its other name.
    pub sku: Option<String>,
    /// What it is called.
    #[schema(examples("Wireless Mouse"))]
    pub name: String,
    /// Which kind: colour, size.
    pub variant: Option<String>,
    /// Units ordered.
    pub quantity: i64,
    /// Price of a unit.
    pub price: Amount,
    /// Taken off the whole line.
    pub discount: Amount,
    /// Tax of the whole line.
    pub tax: Amount,
    /// Units times price less discount.
    pub total: Amount,
    /// Weight of a unit in grams.
    pub weight_grams: i64,
    /// Whether it is a thing to ship.
    pub requires_shipping: bool,
    /// Units taken out of the order.
    pub cancelled_quantity: i64,
    /// Units in a box that has not left.
    pub packed_quantity: i64,
    /// Units that left.
    pub shipped_quantity: i64,
    /// Units that came back.
    pub returned_quantity: i64,
    /// Open units that are claimed, from confirmed on. With those cancelled, on back order and shipped they are all
    /// that was ordered.
    pub allocated_quantity: i64,
    /// Open units that were promised although the shelf has none for them now. What is delivered or counted changes
    /// it without changing the version of the order.
    pub backordered_quantity: i64,
}

/// A part of the total besides the items.
#[derive(Serialize, ToSchema)]
#[schema(as = Charge)]
pub struct ChargeJson {
    /// discount, shipping, tax, fee or rounding.
    pub kind: String,
    /// Words for it.
    pub label: String,
    /// Discount code.
    pub code: Option<String>,
    /// Negative where it is taken off.
    pub amount: Amount,
}

/// A postal address.
#[derive(Serialize, ToSchema)]
#[schema(as = Address)]
pub struct AddressJson {
    /// Who receives it.
    pub name: String,
    /// The firm.
    pub company: String,
    /// Street and house number.
    pub address: String,
    /// Flat, floor, building.
    pub address2: String,
    /// City.
    pub city: String,
    /// State, province or county.
    pub state: String,
    /// Postal code.
    pub zip: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// For the carrier; null if the key lacks the scope contacts:read.
    pub phone: Option<String>,
}

/// A customer as given with an order.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderCustomer)]
pub struct PartyJson {
    /// Name.
    pub name: String,
    /// E-mail; null if the key lacks the scope contacts:read.
    pub email: Option<String>,
    /// Telephone; null if the key lacks the scope contacts:read.
    pub phone: Option<String>,
}

/// A reason an order may not go on.
#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub struct HoldJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Key of the reason.
    pub reason: String,
    /// Words of staff.
    pub note: String,
    /// When it is released by itself.
    #[schema(format = DateTime)]
    pub until: Option<String>,
    /// Since when.
    #[schema(format = DateTime)]
    pub placed_at: String,
    /// Who placed it.
    pub placed_by: String,
}

/// A parcel in short.
#[derive(Serialize, ToSchema)]
#[schema(as = ParcelSummary)]
pub struct ParcelJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// draft, picking, packed, shipped or delivered.
    pub state: String,
    /// Who carries it.
    pub carrier: Option<String>,
    /// Tracking number.
    pub tracking_number: Option<String>,
    /// Where the carrier tells of it.
    pub tracking_url: Option<String>,
}

fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The word of the API for a base.
pub fn status_word(base: Base) -> &'static str {
    match base {
        Base::Placed => "pending",
        other => other.as_str(),
    }
}

/// The base that a word of the API means, however it is spelled there and elsewhere.
pub fn base_of(word: &str) -> Option<Base> {
    match word.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
        "pending" => Some(Base::Placed),
        "canceled" => Some(Base::Cancelled),
        "processing" => Some(Base::Processed),
        word => Base::parse(word),
    }
}

fn simple_payment(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Paid | PaymentStatus::Free | PaymentStatus::PartiallyRefunded => "paid",
        PaymentStatus::Refunded => "refunded",
        PaymentStatus::Unpaid
        | PaymentStatus::Voided
        | PaymentStatus::Expired
        | PaymentStatus::Pending
        | PaymentStatus::PartiallyAuthorized
        | PaymentStatus::Authorized
        | PaymentStatus::PartiallyPaid => "unpaid",
    }
}

impl AddressJson {
    /// An address as programs read it.
    pub fn of(address: &Address, contact: bool) -> Self {
        AddressJson {
            name: address.name.clone(),
            company: address.company.clone(),
            address: address.street1.clone(),
            address2: address.street2.clone(),
            city: address.city.clone(),
            state: address.region.clone(),
            zip: address.postcode.clone(),
            country: address.country.clone(),
            phone: contact.then(|| address.phone.clone()),
        }
    }
}

impl ItemJson {
    /// `allocated` are the units that are claimed, `backordered` those of them that the shelf lacks.
    fn of(line: &Line, order: &Order, money: bool, allocated: i64, backordered: i64) -> Self {
        let amount = |minor| Amount::minor(minor, order.currency, money);
        ItemJson {
            line_id: line.uid.clone(),
            product_id: given(&line.sku),
            sku: given(&line.sku),
            name: line.title.clone(),
            variant: given(&line.variant),
            quantity: line.quantity,
            price: amount(line.unit_minor),
            discount: amount(line.discount_minor),
            tax: amount(line.tax_minor),
            total: amount(line.total_minor),
            weight_grams: line.grams,
            requires_shipping: line.requires_shipping,
            cancelled_quantity: line.cancelled_quantity,
            packed_quantity: line.packed_quantity,
            shipped_quantity: line.shipped_quantity,
            returned_quantity: line.returned_quantity,
            allocated_quantity: allocated - backordered,
            backordered_quantity: backordered,
        }
    }
}

impl HoldJson {
    fn of(hold: &Hold) -> Self {
        HoldJson {
            id: hold.uid.clone(),
            reason: hold.reason.clone(),
            note: hold.note.clone(),
            until: hold.until_at.map(|at| at.rfc3339()),
            placed_at: hold.placed_at.rfc3339(),
            placed_by: hold.placed_by.clone(),
        }
    }
}

impl ParcelJson {
    fn of(parcel: &Shipment, order: &Order) -> Self {
        ParcelJson {
            id: parcel.uid.clone(),
            state: parcel.word(order).to_owned(),
            carrier: given(&parcel.carrier),
            tracking_number: given(&parcel.tracking),
            tracking_url: tracking::link(&parcel.carrier, &parcel.tracking),
        }
    }
}

/// What an order looks like to a program.
///
/// # Errors
/// When the database cannot be read.
pub fn represent(conn: &mut Conn, caller: &Caller, order: &Order) -> Result<OrderJson> {
    let one = represent_all(conn, caller, std::slice::from_ref(order))?;
    one.into_iter().next().ok_or_else(|| Error::broken("an order without a representation"))
}

/// What some orders look like to a program, in a fixed number of queries.
///
/// # Errors
/// When the database cannot be read.
pub fn represent_all(conn: &mut Conn, caller: &Caller, orders: &[Order]) -> Result<Vec<OrderJson>> {
    draw(conn, orders, caller.may(Permission::ViewMoney), caller.may(Permission::ViewContact))
}

/// An order with everything that is known of it, for those who are told of it whole.
///
/// # Errors
/// When the database cannot be read.
pub fn whole(conn: &mut Conn, order: &Order) -> Result<serde_json::Value> {
    let drawn = draw(conn, std::slice::from_ref(order), true, true)?;
    Ok(serde_json::to_value(drawn.first())?)
}

fn draw(conn: &mut Conn, orders: &[Order], money: bool, contact: bool) -> Result<Vec<OrderJson>> {
    let ids: Vec<_> = orders.iter().map(|order| order.id).collect();
    let known = Beside {
        lines: order::lines_of_many(conn, &ids)?,
        charges: order::charges_of_many(conn, &ids)?,
        // Only what is on hold has open holds, and nothing is packed before it is confirmed.
        holds: moves::open_holds_of_many(conn, &those(orders, |base| base == Base::OnHold))?,
        parcels: shipment::of_orders(conn, &those(orders, |base| base != Base::Placed))?,
        backordered: stock::backordered(conn, &those(orders, Base::is_open))?,
        markets: Markets::load(conn)?,
        members: match orders.iter().any(|order| order.assignee_id.is_some()) {
            true => staff::members(conn)?,
            false => Vec::new(),
        },
        money,
        contact,
    };
    orders.iter().map(|order| known.represent(order)).collect()
}

/// Keys of the orders whose stage has such a meaning.
fn those(orders: &[Order], is: fn(Base) -> bool) -> Vec<OrderId> {
    orders.iter().filter(|order| is(order.base)).map(|order| order.id).collect()
}

/// What goes with some orders.
struct Beside {
    lines: Vec<Line>,
    charges: Vec<Charge>,
    holds: Vec<Hold>,
    parcels: Vec<Shipment>,
    /// Units of lines that the shelf lacks.
    backordered: Vec<(LineId, i64)>,
    markets: Markets,
    members: Vec<staff::Member>,
    money: bool,
    contact: bool,
}

impl Beside {
    fn represent(&self, order: &Order) -> Result<OrderJson> {
        let amount = |minor| Amount::minor(minor, order.currency, self.money);
        let when = |at: Option<crate::time::UtcTime>| at.map(|at| at.rfc3339());
        let assignee = order.assignee_id.and_then(|id| self.members.iter().find(|member| member.id == id));
        Ok(OrderJson {
            order_id: shown_id(&self.markets, order),
            id: order.uid.clone(),
            number: order.number,
            version: order.version,
            user_id: given(&order.user_ref),
            status: status_word(order.base).to_owned(),
            stage: order.stage.clone(),
            payment_status: order.payment_status.as_str().to_owned(),
            payment_state_simple: simple_payment(order.payment_status).to_owned(),
            shipping_status: order.fulfilment_status.as_str().to_owned(),
            currency: order.currency.code().to_owned(),
            total: amount(order.total_minor),
            subtotal: amount(order.subtotal_minor),
            discount: amount(order.discount_minor.abs()),
            shipping: amount(order.shipping_minor),
            tax: amount(order.tax_minor),
            tax_included: order.tax_included,
            authorized: amount(order.authorized_minor),
            paid: amount(order.captured_minor),
            refunded: amount(order.refunded_minor),
            written_off: amount(order.written_off_minor),
            amount_due: amount(order.amount_due()),
            credit_owed: amount(order.credit_owed()),
            payment_method: given(&order.payment_method),
            shipping_method: given(&order.shipping_method),
            items: self.lines_of(order).map(|line| self.item(order, line)).collect(),
            charges: self.charges_of(order),
            shipping_address: order.ship_to().map(|address| AddressJson::of(&address, self.contact)),
            billing_address: order.bill_to().map(|address| AddressJson::of(&address, self.contact)),
            customer: PartyJson {
                name: order.customer_name.clone(),
                email: given(&order.email).filter(|_| self.contact),
                phone: given(&order.phone).filter(|_| self.contact),
            },
            language: given(&order.language),
            customer_note: given(&order.customer_note),
            gift: order.gift,
            gift_message: given(&order.gift_message),
            market: self.markets.market(order.market_id).map(|market| market.slug.clone()).unwrap_or_default(),
            channel: self.markets.channel(order.channel_id).map(|channel| channel.slug.clone()).unwrap_or_default(),
            cart_id: order.cart_id.clone(),
            external_id: order.source_ref.clone(),
            tags: order.tag_list(),
            assignee: assignee.map(|member| if self.contact { member.email.clone() } else { member.name.clone() }),
            custom: custom_of(order)?,
            holds: self.holds.iter().filter(|hold| hold.order_id == order.id).map(HoldJson::of).collect(),
            shipments: self
                .parcels
                .iter()
                .filter(|parcel| parcel.order_id == order.id)
                .map(|parcel| ParcelJson::of(parcel, order))
                .collect(),
            created_at: order.placed_at.rfc3339(),
            received_at: order.created_at.rfc3339(),
            updated_at: order.updated_at.rfc3339(),
            stage_entered_at: order.stage_entered_at.rfc3339(),
            paid_at: when(order.paid_at),
            due_at: when(order.due_at),
            note_count: order.note_count,
            message_count: order.message_count,
            unread_count: order.unread_count,
        })
    }
    fn lines_of<'a>(&'a self, order: &Order) -> impl Iterator<Item = &'a Line> {
        let id = order.id;
        self.lines.iter().filter(move |line| line.order_id == id)
    }
    fn item(&self, order: &Order, line: &Line) -> ItemJson {
        let frees = self.holds.iter().any(|hold| hold.order_id == order.id && hold.stock_mode == "free");
        let open = line.quantity - line.cancelled_quantity - line.shipped_quantity;
        let allocated = if order.is_allocated(frees) { open } else { 0 };
        let lacking = self.backordered.iter().find(|(known, _)| *known == line.id).map_or(0, |(_, units)| *units);
        ItemJson::of(line, order, self.money, allocated, lacking.min(allocated))
    }
    fn charges_of(&self, order: &Order) -> Vec<ChargeJson> {
        let amount = |minor| Amount::minor(minor, order.currency, self.money);
        let own = self.charges.iter().filter(|charge| charge.order_id == order.id);
        own.map(|charge| ChargeJson {
            kind: match charge.kind {
                ChargeKind::Discount => "discount",
                ChargeKind::Shipping => "shipping",
                ChargeKind::Tax => "tax",
                ChargeKind::Fee => "fee",
                ChargeKind::Rounding => "rounding",
            }
            .to_owned(),
            label: charge.label.clone(),
            code: given(&charge.code),
            amount: amount(charge.amount_minor),
        })
        .collect()
    }
}

fn custom_of(order: &Order) -> Result<Box<RawValue>> {
    let text = if order.custom.is_empty() { "{}" } else { &order.custom };
    Ok(RawValue::from_string(text.to_owned())?)
}

/// The name people and programs call an order by: `ORD10468`.
pub fn shown_id(markets: &Markets, order: &Order) -> String {
    let prefix = markets.market(order.market_id).map(|market| market.order_prefix.as_str()).unwrap_or_default();
    format!("{prefix}{}", order.number)
}

/// The order that a program calls so: `ORD10468`, `10468`, `#10468` or its UUID.
///
/// # Errors
/// Missing if there is none that it may know of.
pub fn find(conn: &mut Conn, caller: &Caller, id: &str) -> Result<Order> {
    let missing = || Error::Missing(format!("order {id}"));
    if id.len() == 36 && id.contains('-') {
        let found = order::find_by_uid(conn, &id.to_ascii_lowercase())?;
        return found.filter(|order| caller.sees(order.market_id)).ok_or_else(missing);
    }
    let plain = id.trim_start_matches('#');
    let digits = plain.trim_start_matches(|c: char| !c.is_ascii_digit());
    let prefix = &plain[..plain.len() - digits.len()];
    let number: i64 = digits.parse().map_err(|_| missing())?;
    let order = match order::find(conn, number) {
        Ok(order) if caller.sees(order.market_id) => order,
        Ok(_) | Err(Error::Missing(_)) => return Err(missing()),
        Err(other) => return Err(other),
    };
    if prefix.is_empty() {
        return Ok(order);
    }
    let markets = Markets::load(conn)?;
    let own = markets.market(order.market_id).map(|market| market.order_prefix.as_str()).unwrap_or_default();
    if own.eq_ignore_ascii_case(prefix) { Ok(order) } else { Err(missing()) }
}

/// The same for a change: locked until the transaction ends, and at the version that the program saw.
///
/// # Errors
/// Missing; a stale `If-Match`, with the order as it is now.
pub fn find_for_change(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Order> {
    let order = find(tx.conn, caller, id)?;
    let order = order::lock(tx, order.id)?;
    caller.matches(order.version, || Ok(serde_json::to_string(&represent(tx.conn, caller, &order)?)?))?;
    Ok(order)
}

/// The answer that shows an order as it is now.
///
/// # Errors
/// When the database cannot be read.
pub fn shown(conn: &mut Conn, caller: &Caller, order: &Order) -> Result<Reply> {
    Ok(Reply::ok(&represent(conn, caller, order)?)?.version(order.version))
}

/// Read an order
///
/// Answers with everything that is known of it. `ETag` is its version: send it back as `If-None-Match` to read only
/// what changed (304), or as `If-Match` with a change to be told (412) if somebody else was there first.
#[utoipa::path(
    get, path = "/api/orders/{order_id}", operation_id = "show_order", tag = "Orders",
    params(("order_id" = String, Path, description = "`ORD10468`, `10468` or the UUID", example = "ORD10468")),
    responses(
        (status = 200, description = "The order", body = OrderJson, headers(("ETag" = String, description = "Its version"))),
        (status = 304, description = "You have this version already"),
        (status = 404, description = "No such order, or not of your markets"),
    ),
)]
pub async fn show(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = find(conn, caller, &id)?;
            shown(conn, caller, &order)
        })
        .await
}
