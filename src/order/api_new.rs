//! Orders as programs send them, and placing them.

use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::api::{self, OrderJson};
use super::api_carts::ask_shop;
use super::api_draft::{problem, understood};
use crate::address::Address;
use crate::api::{Body, Decimal, Reply};
use crate::error::{FieldProblem, Refusal};
use crate::moves;
use crate::order::{Order, Outcome, Placed};
use crate::staff::permission::EditOrders;
use crate::staff::{Permission, Program};
use crate::web::{Answer, Desk};

/// A line to be ordered.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewItem {
    /// SKU or UUID of the product. Give this or `sku`, or neither for something the shop does not keep.
    #[schema(examples("p001"), max_length = 200)]
    pub product_id: Option<String>,
    /// SKU.
    #[schema(max_length = 200)]
    pub sku: Option<String>,
    /// What it is called. Taken from the product if left out.
    #[schema(examples("Wireless Mouse"), max_length = 1000)]
    pub name: Option<String>,
    /// Which kind: colour, size.
    #[schema(max_length = 500)]
    pub variant: Option<String>,
    /// Units.
    #[serde(deserialize_with = "crate::api::whole")]
    #[schema(examples(1), minimum = 1, maximum = 1000000)]
    pub quantity: i64,
    /// Price of a unit. Taken from the product if left out.
    pub price: Option<Decimal>,
    /// Taken off the whole line.
    pub discount: Option<Decimal>,
    /// Tax of the whole line, included in it or on top as `tax_included` says.
    pub tax: Option<Decimal>,
    /// Weight of a unit in grams.
    #[serde(default, deserialize_with = "crate::api::whole_or_none")]
    #[schema(minimum = 0, maximum = 100000000)]
    pub weight_grams: Option<i64>,
    /// False for downloads and vouchers.
    pub requires_shipping: Option<bool>,
    /// Wishes for this line, such as an engraving: names and texts.
    #[serde(default)]
    pub properties: std::collections::BTreeMap<String, String>,
}

/// An address as it is sent. Every part may be left out; a parcel needs enough of it before the order is confirmed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAddress {
    /// Who receives it.
    #[schema(examples("Jane Doe"), max_length = 300)]
    pub name: Option<String>,
    /// The firm.
    #[schema(max_length = 300)]
    pub company: Option<String>,
    /// Street and house number.
    #[schema(examples("123 Main St"), max_length = 300)]
    pub address: Option<String>,
    /// Flat, floor, building.
    #[schema(max_length = 300)]
    pub address2: Option<String>,
    /// City.
    #[schema(examples("New York"), max_length = 300)]
    pub city: Option<String>,
    /// State, province or county.
    #[schema(examples("NY"), max_length = 300)]
    pub state: Option<String>,
    /// Postal code.
    #[schema(examples("10001"), max_length = 300)]
    pub zip: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(examples("US"), max_length = 300)]
    pub country: Option<String>,
    /// For the carrier.
    #[schema(max_length = 60)]
    pub phone: Option<String>,
}

/// The customer.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewParty {
    /// Name; that of the shipping address if left out.
    #[schema(max_length = 300)]
    pub name: Option<String>,
    /// E-mail.
    #[schema(max_length = 320)]
    pub email: Option<String>,
    /// Telephone.
    #[schema(max_length = 60)]
    pub phone: Option<String>,
}

/// Shipping.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShipping {
    /// Name of the way it is sent.
    #[schema(max_length = 200)]
    pub method: Option<String>,
    /// What it costs.
    pub price: Option<Decimal>,
}

/// A discount on the whole order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDiscount {
    /// What is taken off, above zero.
    pub amount: Decimal,
    /// The code that did it.
    #[schema(max_length = 100)]
    pub code: Option<String>,
    /// Words for it.
    #[schema(max_length = 200)]
    pub label: Option<String>,
}

/// A fee or a tax.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCharge {
    /// What it comes to.
    pub amount: Decimal,
    /// Words for it.
    #[schema(max_length = 200)]
    pub label: Option<String>,
}

/// A gift card that pays for an order, in whole or in part.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGiftCard {
    /// Its code. Only the last four letters of it are kept.
    #[schema(examples("GIFT-2K4M-9QX7"), max_length = 500)]
    pub code: String,
    /// What it pays, above zero.
    pub amount: Decimal,
}

/// An order to be placed.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// Name of the cart it is made from. A cart makes one live order: the same one again answers with that order. With
    /// `items` it is only that name; without, the lines are those put down with `POST /api/carts`.
    #[schema(examples("abc123"), max_length = 200)]
    pub cart_id: Option<String>,
    /// Who orders, by the name your own system gives them. Leave it out for a guest.
    #[schema(examples("user789"), max_length = 200)]
    pub user_id: Option<String>,
    /// Where it goes.
    pub shipping_address: Option<NewAddress>,
    /// Whom it is billed to, if not the same.
    pub billing_address: Option<NewAddress>,
    /// Key of the way it is paid, such as `credit_card`. Never a card number.
    #[schema(examples("credit_card"), max_length = 100)]
    pub payment_method: Option<String>,
    /// What is bought.
    #[schema(max_items = 5000)]
    pub items: Option<Vec<NewItem>>,
    /// Currency of every amount (ISO 4217); that of the market if left out.
    #[schema(examples("USD"))]
    pub currency: Option<String>,
    /// Whether prices include tax; as the market has it if left out.
    pub tax_included: Option<bool>,
    /// The customer.
    pub customer: Option<NewParty>,
    /// Shipping.
    pub shipping: Option<NewShipping>,
    /// Discounts on the whole order.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub discounts: Vec<NewDiscount>,
    /// Fees, tips, duties.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub fees: Vec<NewCharge>,
    /// Taxes on the whole order, if they are not given for each line.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub taxes: Vec<NewCharge>,
    /// Gift cards that have paid for it, in whole or in part. They are payments: neither prices nor taxes change.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub gift_cards: Vec<NewGiftCard>,
    /// What you believe the order comes to. If it does not, the order is refused with both sums.
    pub total: Option<Decimal>,
    /// Slug of the channel; the one for programs if left out.
    pub channel: Option<String>,
    /// Slug of the market; that of the channel, else the shop's first, if left out.
    pub market: Option<String>,
    /// Its name in your system. A name makes one order, ever.
    #[schema(max_length = 200)]
    pub external_id: Option<String>,
    /// Tag of the language the customer reads, such as `de` or `hu-HU`: their page, messages and mails are in it where the
    /// market has it among its languages.
    #[schema(examples("de"), max_length = 12)]
    pub language: Option<String>,
    /// What the customer wrote with it.
    #[schema(max_length = 10000)]
    pub customer_note: Option<String>,
    /// Whether it is a gift: no prices on paper.
    pub gift: Option<bool>,
    /// To print for the person who gets it.
    #[schema(max_length = 2000)]
    pub gift_message: Option<String>,
    /// Tags.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub tags: Vec<String>,
    /// What your system wants kept with it.
    #[schema(value_type = Option<Object>)]
    pub custom: Option<Map<String, Value>>,
    /// When the customer ordered (RFC 3339); now if left out.
    #[schema(format = DateTime)]
    pub placed_at: Option<String>,
    /// When it should leave the shop (RFC 3339).
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
}

/// What came of placing an order.
#[derive(Serialize, ToSchema)]
pub struct PlacedJson {
    /// Its number.
    #[schema(examples("ORD12345"))]
    pub order_id: String,
    /// Its status.
    #[schema(examples("pending"))]
    pub status: String,
    /// The same in a sentence.
    #[schema(examples("Order received and pending payment."))]
    pub message: String,
    /// The order.
    pub order: OrderJson,
}

impl NewOrder {
    /// The cart it names.
    pub(super) fn cart_name(&self) -> Option<&str> {
        self.cart_id.as_deref().map(str::trim).filter(|cart| !cart.is_empty())
    }
}

impl NewAddress {
    /// As the house keeps addresses.
    pub fn address(&self) -> Address {
        let text = |part: &Option<String>| part.as_deref().unwrap_or_default().trim().to_owned();
        Address {
            name: text(&self.name),
            company: text(&self.company),
            street1: text(&self.address),
            street2: text(&self.address2),
            city: text(&self.city),
            region: text(&self.state),
            postcode: text(&self.zip),
            country: text(&self.country).to_ascii_uppercase(),
            phone: text(&self.phone),
        }
    }
    /// What is wrong with it, below this field.
    pub fn problems(&self, field: &str) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let parts = [
            ("name", &self.name, 300),
            ("company", &self.company, 300),
            ("address", &self.address, 300),
            ("address2", &self.address2, 300),
            ("city", &self.city, 300),
            ("state", &self.state, 300),
            ("zip", &self.zip, 300),
            ("phone", &self.phone, 60),
        ];
        for (part, text, most) in parts {
            if text.as_deref().unwrap_or_default().chars().count() > most {
                problems.push(problem(format!("{field}.{part}"), format!("This takes {most} characters at the most.")));
            }
        }
        let country = self.country.as_deref().unwrap_or_default().trim().to_ascii_uppercase();
        if !country.is_empty() && crate::address::countries::name(&country).is_none() {
            let message = "Give the country as its two letters of ISO 3166-1, such as US.";
            problems.push(problem(format!("{field}.country"), message));
        }
        problems
    }
}

fn message_of(order: &Order) -> String {
    if order.base == crate::workflow::Base::Placed {
        let due = order.amount_due() > 0;
        return if due { "Order received and pending payment." } else { "Order received and pending an address." }
            .to_owned();
    }
    format!("Order received and {}.", api::status_word(order.base).replace('_', " "))
}

/// Place an order
///
/// Lines come with the order, or from a cart: one put down before, or one that the web shop keeps, if the
/// settings of the channel say where. The order starts as pending, and is confirmed at once if
/// nothing is missing: an address where something ships, and a payment or a way of paying that needs none.
#[utoipa::path(
    post, path = "/api/orders", operation_id = "create_order", tag = "Orders", request_body = NewOrder,
    responses(
        (status = 201, description = "It was placed", body = PlacedJson),
        (status = 200, description = "It was placed before, from the same cart or under the same external_id", body = PlacedJson),
        (status = 409, description = "The cart was ordered with other content"),
    ),
)]
pub async fn create(desk: Data<Desk>, program: Program<EditOrders>, body: Body<NewOrder>) -> Answer {
    let Body { value, canonical } = body;
    let asked = ask_shop(&desk, program.caller(), &value).await;
    program
        .write(&canonical, move |tx, caller| {
            let (draft, paid) = understood(tx, caller, &value, asked)?;
            if !paid.is_empty() {
                caller.must(Permission::RecordPayments)?;
            }
            let Placed { mut order, outcome, .. } = moves::place(tx, caller.actor(), &draft)?;
            for payment in paid.iter().filter(|_| outcome == Outcome::Made) {
                order = moves::record_payment(tx, caller.actor(), order.number, None, payment)?;
            }
            if outcome == Outcome::KnownButDiffers {
                let number = order.number.to_string();
                let message =
                    "An order with this external_id is here already, with other content. Nothing was changed.";
                return Err(Refusal::state("order.external_id_taken", message).allowing(vec![number]).into());
            }
            let shown = api::represent(tx.conn, caller, &order)?;
            let location = format!("/api/orders/{}", shown.order_id);
            let body = PlacedJson {
                order_id: shown.order_id.clone(),
                status: shown.status.clone(),
                message: message_of(&order),
                order: shown,
            };
            let reply = match outcome {
                Outcome::Made => Reply::created(&location, &body)?,
                Outcome::Known | Outcome::KnownButDiffers => Reply::ok(&body)?.header("location", &location),
            };
            Ok(reply.version(order.version))
        })
        .await
}
