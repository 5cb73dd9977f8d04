//! Orders and carts that programs put down.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::api::{self, OrderJson};
use super::cart_source::{self, Fetched};
use super::draft::{Draft, DraftCharge, DraftLine};
use super::{ChargeKind, carts};
use crate::address::Address;
use crate::api::{Body, Decimal, Reply};
use crate::catalog::{self, Product};
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::ids::ChannelId;
use crate::market::{self, Channel, ChannelKind, Market, Markets};
use crate::money::{Currency, Money};
use crate::moves;
use crate::order::{self, Order, Outcome, Placed, totals};
use crate::payment;
use crate::staff::permission::{EditOrders, ViewOrders};
use crate::staff::{Caller, Permission, Program};
use crate::time::UtcTime;
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
    /// What you believe the order comes to. If it does not, the order is refused with both sums.
    pub total: Option<Decimal>,
    /// Slug of the channel; the one for programs if left out.
    pub channel: Option<String>,
    /// Slug of the market; that of the channel, else the shop's first, if left out.
    pub market: Option<String>,
    /// Its name in your system. A name makes one order, ever.
    #[schema(max_length = 200)]
    pub external_id: Option<String>,
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

/// A cart to be kept until it is ordered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// Its name in your system; made up if left out.
    #[schema(examples("abc123"), max_length = 200)]
    pub cart_id: Option<String>,
    /// What is in it.
    #[schema(min_items = 1, max_items = 5000)]
    pub items: Vec<NewItem>,
    /// Currency of every amount; that of the market if left out.
    pub currency: Option<String>,
    /// Slug of the channel; the one for programs if left out.
    pub channel: Option<String>,
}

/// A cart that is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartJson {
    /// Its name: give it as `cart_id` of an order.
    #[schema(examples("abc123"))]
    pub cart_id: String,
    /// Slug of its channel.
    pub channel: String,
    /// What is in it, as it was sent.
    #[schema(value_type = Vec<Object>)]
    pub items: Value,
    /// Currency, if it was given.
    pub currency: Option<String>,
    /// When it was last put down.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

fn problem(field: impl Into<String>, message: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.into(), message: message.into() }
}

impl NewOrder {
    /// The cart it names.
    fn cart_name(&self) -> Option<&str> {
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

/// Where an order belongs.
struct Place {
    market: Market,
    channel: Channel,
}

fn place_of(tx: &mut Tx<'_>, caller: &Caller, channel: Option<&str>, wanted: Option<&str>) -> Result<Place> {
    let (market, channel) = known_place(tx.conn, caller, channel, wanted)?;
    let channel = match channel {
        Some(channel) => channel,
        None => {
            let is_home = Markets::load(tx.conn)?.home()?.id == market.id;
            let slug = if is_home { "api".to_owned() } else { format!("api-{}", market.slug) };
            market::find_or_make_channel(tx, market.id, &slug, "API", ChannelKind::Api)?
        }
    };
    Ok(Place { market, channel })
}

/// The market, and the channel if there is one yet.
fn known_place(
    conn: &mut Conn,
    caller: &Caller,
    channel: Option<&str>,
    wanted: Option<&str>,
) -> Result<(Market, Option<Channel>)> {
    let markets = Markets::load(conn)?;
    let known: Vec<String> = markets.markets.iter().map(|market| market.slug.clone()).collect();
    let asked = match wanted {
        Some(slug) => Some(
            markets
                .markets
                .iter()
                .find(|market| market.slug == slug && caller.sees(market.id))
                .ok_or_else(|| unknown("market", slug, known))?,
        ),
        None => None,
    };
    if let Some(slug) = channel {
        let known: Vec<String> = markets.channels.iter().map(|channel| channel.slug.clone()).collect();
        let found = markets.channels.iter().find(|channel| channel.slug == slug && caller.sees(channel.market_id));
        let channel = found.ok_or_else(|| unknown("channel", slug, known))?.clone();
        let market = markets.market(channel.market_id).ok_or_else(|| unknown("channel", slug, Vec::new()))?.clone();
        if asked.is_some_and(|asked| asked.id != market.id) {
            let message = format!("The channel {slug} belongs to the market {}.", market.slug);
            return Err(Refusal::field("order.market", "market", message).into());
        }
        return Ok((market, Some(channel)));
    }
    let market = match asked {
        Some(market) => market.clone(),
        None => markets
            .markets
            .iter()
            .find(|market| caller.sees(market.id))
            .map_or_else(|| markets.home().cloned(), |m| Ok(m.clone()))?,
    };
    let own =
        markets.channels.iter().find(|channel| channel.kind == ChannelKind::Api && channel.market_id == market.id);
    Ok((market, own.cloned()))
}

fn unknown(field: &str, slug: &str, known: Vec<String>) -> Refusal {
    let words = if known.is_empty() { String::new() } else { format!(" Known are {}.", known.join(", ")) };
    Refusal::field("request.unknown_value", field, format!("There is no {field} called {slug}.{words}")).allowing(known)
}

/// The products that lines name, by SKU or UUID.
fn shelf(conn: &mut Conn, items: &[NewItem]) -> Result<Vec<Product>> {
    let mut skus: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for word in items.iter().flat_map(|item| item.product_id.iter().chain(&item.sku)) {
        let word = word.trim();
        if word.len() == 36
            && word.contains('-')
            && let Ok(product) = catalog::find(conn, &word.to_ascii_lowercase())
        {
            found.push(product);
        } else if !word.is_empty() {
            skus.push(word.to_owned());
        }
    }
    skus.sort();
    skus.dedup();
    found.extend(catalog::find_by_skus(conn, &skus)?);
    Ok(found)
}

/// What a line says, with what its product lends it.
fn line_of(
    conn: &mut Conn,
    at: usize,
    item: &NewItem,
    shelf: &[Product],
    place: &Market,
    currency: Currency,
    problems: &mut Vec<FieldProblem>,
) -> Result<DraftLine> {
    let field = |name: &str| format!("items.{at}.{name}");
    let names = |product: &&Product| {
        let given = [&item.product_id, &item.sku];
        given
            .into_iter()
            .flatten()
            .any(|word| word.trim() == product.sku || word.trim().eq_ignore_ascii_case(&product.uid))
    };
    let product = shelf.iter().find(names);
    let sku = match (&item.sku, &item.product_id, product) {
        (Some(sku), _, _) => sku.trim().to_owned(),
        (None, _, Some(product)) => product.sku.clone(),
        (None, Some(id), None) => id.trim().to_owned(),
        (None, None, None) => String::new(),
    };
    let title = item.name.as_deref().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    let title = title.or_else(|| product.map(|product| product.title.clone())).unwrap_or_default();
    if title.is_empty() {
        problems.push(problem(field("name"), "Name what is bought, or give the SKU of a product that the shop keeps."));
    }
    if item.quantity < 1 {
        problems.push(problem(field("quantity"), "Order at least one."));
    }
    let mut amount = |given: &Option<Decimal>, name: &str| -> i64 {
        let read = given.as_ref().map_or(Ok(0), |decimal| decimal.positive_minor(currency, &field(name)));
        read.unwrap_or_else(|wrong| {
            problems.push(wrong);
            0
        })
    };
    let (unit, discount, tax) =
        (amount(&item.price, "price"), amount(&item.discount, "discount"), amount(&item.tax, "tax"));
    let unit_minor = match (&item.price, product) {
        (None, Some(product)) => match catalog::price_in(conn, product, place, currency)? {
            Some(price) => price,
            None => {
                problems.push(problem(
                    field("price"),
                    format!("The product has no price in {}. Give one.", currency.code()),
                ));
                0
            }
        },
        (None, None) => {
            problems.push(problem(field("price"), "Give the price of a unit; the shop knows no product of this name."));
            0
        }
        (Some(_), _) => unit,
    };
    if item.quantity >= 1 && discount > unit_minor.saturating_mul(item.quantity) {
        problems.push(problem(field("discount"), "The discount is larger than the line."));
    }
    let grams = item.weight_grams.unwrap_or(0);
    if !(0..=100_000_000).contains(&grams) {
        problems.push(problem(field("weight_grams"), "The weight is from 0 to 100,000,000 g."));
    }
    let properties: Vec<String> =
        item.properties.iter().map(|(name, value)| format!("{}: {}", one_line(name), one_line(value))).collect();
    if properties.iter().map(|line| line.chars().count()).sum::<usize>() > 5_000 {
        problems.push(problem(field("properties"), "The wishes take 5,000 characters at the most."));
    }
    Ok(DraftLine {
        product: product.map(|product| product.id),
        sku,
        title,
        variant: item
            .variant
            .as_deref()
            .map(str::trim)
            .map(str::to_owned)
            .or_else(|| product.map(|p| p.variant.clone()))
            .unwrap_or_default(),
        picture: product.map(|product| product.picture.clone()).unwrap_or_default(),
        bin: product.map(|product| product.bin.clone()).unwrap_or_default(),
        properties: properties.join("\n"),
        quantity: item.quantity,
        unit_minor,
        discount_minor: discount,
        tax_minor: tax,
        grams: if item.weight_grams.is_some() { grams } else { product.map_or(0, |product| product.grams) },
        digital: item.requires_shipping.is_some_and(|ships| !ships),
    })
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).collect::<Vec<_>>().join(" ")
}

fn charges_of(new: &NewOrder, currency: Currency, problems: &mut Vec<FieldProblem>) -> Vec<DraftCharge> {
    let mut charges = Vec::new();
    let mut add = |kind: ChargeKind, amount: &Decimal, label: &str, code: &str, field: String| {
        let minor = amount.positive_minor(currency, &field).unwrap_or_else(|wrong| {
            problems.push(wrong);
            0
        });
        let amount_minor = if kind == ChargeKind::Discount { -minor } else { minor };
        charges.push(DraftCharge {
            kind,
            label: label.trim().to_owned(),
            code: code.trim().to_owned(),
            amount_minor,
            rate_ppm: None,
        });
    };
    for (at, discount) in new.discounts.iter().enumerate() {
        let words = (discount.label.as_deref().unwrap_or_default(), discount.code.as_deref().unwrap_or_default());
        add(ChargeKind::Discount, &discount.amount, words.0, words.1, format!("discounts.{at}.amount"));
    }
    if let Some(shipping) = &new.shipping {
        let free = Decimal::zero();
        let label = shipping.method.as_deref().unwrap_or_default();
        add(ChargeKind::Shipping, shipping.price.as_ref().unwrap_or(&free), label, "", "shipping.price".to_owned());
    }
    for (at, fee) in new.fees.iter().enumerate() {
        add(ChargeKind::Fee, &fee.amount, fee.label.as_deref().unwrap_or("Fee"), "", format!("fees.{at}.amount"));
    }
    for (at, tax) in new.taxes.iter().enumerate() {
        add(ChargeKind::Tax, &tax.amount, tax.label.as_deref().unwrap_or("Tax"), "", format!("taxes.{at}.amount"));
    }
    charges
}

/// Where lines come from: the order itself, or the cart it names.
fn items_of(
    tx: &mut Tx<'_>,
    new: &NewOrder,
    channel: ChannelId,
    asked: Asked,
) -> Result<(Vec<NewItem>, Option<String>)> {
    if let Some(items) = &new.items {
        return Ok((items.clone(), None));
    }
    let cart = new.cart_name();
    if let (Some(cart), Some(fetched)) = (cart, asked?) {
        let items = serde_json::from_value(fetched.items.clone()).map_err(|error| unreadable(cart, &error))?;
        // A repeated request finds what was ordered, whatever the shop does with the cart.
        carts::put(tx, channel, cart, &serde_json::to_string(&fetched)?)?;
        return Ok((items, fetched.currency));
    }
    if let Some(cart) = cart
        && let Some(kept) = carts::find(tx.conn, channel, cart)?
    {
        let content: KeptCart = serde_json::from_str(&kept.content)?;
        return Ok((serde_json::from_value(content.items)?, content.currency));
    }
    let message = match cart {
        Some(cart) => format!(
            "There is no cart called {cart}. Send items with the order, put the cart down with POST /api/carts first, or \
             leave cart_id out."
        ),
        None => "The order has no items. Send them, or put a cart down with POST /api/carts and give its cart_id."
            .to_owned(),
    };
    Err(Refusal::field("cart_not_found", "cart_id", message)
        .allowing(vec![
            "items".into(),
            "POST /api/carts".into(),
            "a cart of the shop that the channel's settings name".into(),
        ])
        .into())
}

fn unreadable(cart: &str, error: &serde_json::Error) -> Refusal {
    let message = format!("The shop keeps a cart called {cart}, but what it tells of it cannot be ordered: {error}.");
    Refusal::field("cart.unreadable", "cart_id", message)
}

/// What the shop that keeps the carts of a channel told of one, if it had to be asked.
type Asked = Result<Option<Fetched>>;

/// Asks the shop for the cart that an order names, unless it was put down here. No transaction is open meanwhile.
async fn ask_shop(desk: &Desk, caller: &Caller, new: &NewOrder) -> Asked {
    let (None, Some(cart)) = (&new.items, new.cart_name()) else { return Ok(None) };
    let (wanted, by, name) = (new.clone(), caller.clone(), cart.to_owned());
    let source = move |conn: &mut Conn| {
        let place = known_place(conn, &by, wanted.channel.as_deref(), wanted.market.as_deref());
        let Ok((_, Some(channel))) = place else { return Ok(None) };
        match carts::find(conn, channel.id, &name)? {
            Some(_) => Ok(None),
            None => cart_source::of_channel(conn, &channel),
        }
    };
    let Some(source) = desk.db.read(source).await? else { return Ok(None) };
    let (outside, name) = (desk.outside().clone(), cart.to_owned());
    let asked = actix_web::web::block(move || source.fetch(&outside, &name)).await;
    asked.map_err(|_| Error::from(Refusal::new(RefusalKind::Busy, "desk.busy", "The desk is closing. Try again.")))?
}

fn instant_of(text: Option<&String>, field: &str, problems: &mut Vec<FieldProblem>) -> Option<UtcTime> {
    let text = text?;
    let read = super::api_list::instant(text, chrono_tz::UTC).filter(|_| text.contains('T') || text.contains(' '));
    if read.is_none() {
        problems.push(problem(field, "Give an instant such as 2026-11-21T08:00:00Z."));
    }
    read
}

/// An order as it was sent, understood.
fn understood(tx: &mut Tx<'_>, caller: &Caller, new: &NewOrder, asked: Asked) -> Result<Draft> {
    let Place { market, channel } = place_of(tx, caller, new.channel.as_deref(), new.market.as_deref())?;
    let (items, of_cart) = items_of(tx, new, channel.id, asked)?;
    let mut problems = Vec::new();
    let word = new.currency.as_deref().or(of_cart.as_deref());
    let currency = match word.map(|word| (word, Currency::parse(word))) {
        None => market.currency,
        Some((_, Some(currency))) => currency,
        Some((word, None)) => {
            problems.push(problem("currency", format!("{word} is no currency of ISO 4217, such as EUR.")));
            market.currency
        }
    };
    let mut draft = Draft::new(market.id, channel.id, currency);
    draft.tax_included = new.tax_included.unwrap_or(market.tax_included);
    draft.lines = lines_of(tx.conn, &items, &market, currency, &mut problems)?;
    draft.charges = charges_of(new, currency, &mut problems);
    for (field, address) in [("shipping_address", &new.shipping_address), ("billing_address", &new.billing_address)] {
        problems.extend(address.iter().flat_map(|address| address.problems(field)));
    }
    let address = |given: &Option<NewAddress>| given.as_ref().map(NewAddress::address).filter(|a| !a.is_empty());
    draft.ship_to = address(&new.shipping_address);
    draft.bill_to = address(&new.billing_address);
    let party = new.customer.clone().unwrap_or_default();
    let text = |part: Option<String>| part.unwrap_or_default().trim().to_owned();
    draft.customer_name = text(party.name);
    if draft.customer_name.is_empty() {
        draft.customer_name = draft.ship_to.as_ref().map(|address| address.name.clone()).unwrap_or_default();
    }
    (draft.email, draft.phone) = (text(party.email), text(party.phone));
    draft.cart_id = new.cart_name().map(str::to_owned);
    draft.source_ref = new.external_id.clone().map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
    for (field, name) in [("cart_id", &draft.cart_id), ("external_id", &draft.source_ref)] {
        if name.as_ref().is_some_and(|name| name.chars().count() > 200) {
            problems.push(problem(field, "This takes 200 characters at the most."));
        }
    }
    draft.user_ref = text(new.user_id.clone());
    draft.payment_method = text(new.payment_method.clone());
    if draft.payment_method.is_empty() {
        draft.payment_method.clone_from(&channel.payment_method);
    }
    if payment::looks_like_card(&draft.payment_method) {
        problems.push(problem(
            "payment_method",
            "This looks like a card number. Slipway takes and keeps none; send the name of the way of paying.",
        ));
    }
    draft.shipping_method = text(new.shipping.as_ref().and_then(|shipping| shipping.method.clone()));
    draft.customer_note = text(new.customer_note.clone());
    draft.gift = new.gift.unwrap_or(false);
    draft.gift_message = text(new.gift_message.clone());
    draft.tags.clone_from(&new.tags);
    draft.custom = new.custom.as_ref().map(|custom| Value::Object(custom.clone()).to_string()).unwrap_or_default();
    draft.placed_at = instant_of(new.placed_at.as_ref(), "placed_at", &mut problems);
    if draft.placed_at.is_some_and(|at| at > tx.now.plus_minutes(24 * 60)) {
        problems.push(problem("placed_at", "The order cannot have been placed in the future."));
    }
    draft.due_at = instant_of(new.due_at.as_ref(), "due_at", &mut problems);
    check(&draft, new, problems)?;
    Ok(draft)
}

fn lines_of(
    conn: &mut Conn,
    items: &[NewItem],
    market: &Market,
    currency: Currency,
    problems: &mut Vec<FieldProblem>,
) -> Result<Vec<DraftLine>> {
    if items.len() > order::draft::MOST_LINES {
        let message = format!("An order takes {} items at the most. Split it into several.", order::draft::MOST_LINES);
        problems.push(problem("items", message));
        return Ok(Vec::new());
    }
    let shelf = shelf(conn, items)?;
    items.iter().enumerate().map(|(at, item)| line_of(conn, at, item, &shelf, market, currency, problems)).collect()
}

/// Refuses what could not be an order, in the words of the API, and a total that is not the sum.
fn check(draft: &Draft, new: &NewOrder, mut problems: Vec<FieldProblem>) -> Result<()> {
    if let Err(error) = order::draft::check(draft) {
        let found = error.refusal().map(|refusal| refusal.fields.clone()).unwrap_or_default();
        for mut wrong in found {
            wrong.field = match wrong.field.as_str() {
                "customer_name" => "customer.name".to_owned(),
                "email" | "phone" => format!("customer.{}", wrong.field),
                "shipping_method" => "shipping.method".to_owned(),
                field => field.replace("lines", "items").replace(".title", ".name"),
            };
            if !problems.iter().any(|known| known.field == wrong.field) {
                problems.push(wrong);
            }
        }
    }
    if let Some(total) = &new.total {
        let sum = totals::add_up(draft).total_minor;
        match total.minor(draft.currency, "total") {
            Ok(stated) if stated != sum && problems.is_empty() => {
                let money = |minor| Money::new(minor, draft.currency).decimal();
                let message = format!(
                    "The total is stated as {} but its parts come to {}. Correct one of them.",
                    money(stated),
                    money(sum)
                );
                return Err(Refusal::field("order.total_differs", "total", message).into());
            }
            Ok(_) => {}
            Err(wrong) => problems.push(wrong),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields("order.invalid", problems).into()) }
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
            let draft = understood(tx, caller, &value, asked)?;
            let Placed { order, outcome } = moves::place(tx, caller.actor(), &draft)?;
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

#[derive(Serialize, Deserialize)]
struct KeptCart {
    items: Value,
    currency: Option<String>,
}

fn shown_cart(kept: &carts::Cart, channel: &str) -> Result<CartJson> {
    let content: KeptCart = serde_json::from_str(&kept.content)?;
    Ok(CartJson {
        cart_id: kept.cart_id.clone(),
        channel: channel.to_owned(),
        items: content.items,
        currency: content.currency,
        updated_at: kept.updated_at.rfc3339(),
    })
}

/// Put down a cart
///
/// Keeps lines until an order names the cart. The same `cart_id` again replaces what is in it. A cart is
/// forgotten thirty days after it was last put down.
#[utoipa::path(
    post, path = "/api/carts", operation_id = "create_cart", tag = "Orders", request_body = NewCart,
    responses((status = 201, description = "It is kept", body = CartJson)),
)]
pub async fn create_cart(program: Program<EditOrders>, body: Body<Value>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let new: NewCart = crate::api::typed(&value)?;
            let Place { market, channel } = place_of(tx, caller, new.channel.as_deref(), None)?;
            let mut problems = Vec::new();
            let currency = new.currency.as_deref().map_or(Some(market.currency), Currency::parse);
            if currency.is_none() {
                problems.push(problem("currency", "Give a currency of ISO 4217, such as EUR."));
            }
            let mut draft = Draft::new(market.id, channel.id, currency.unwrap_or(market.currency));
            draft.lines = lines_of(tx.conn, &new.items, &market, draft.currency, &mut problems)?;
            let name = new.cart_id.as_deref().map(str::trim).filter(|name| !name.is_empty());
            if name.is_some_and(|name| name.chars().count() > 200) {
                problems.push(problem("cart_id", "This takes 200 characters at the most."));
            }
            check(&draft, &NewOrder::default(), problems)?;
            let name = name.map_or_else(crate::ids::new_uid, str::to_owned);
            let content = KeptCart { items: value["items"].clone(), currency: new.currency };
            let kept = carts::put(tx, channel.id, &name, &serde_json::to_string(&content)?)?;
            let address: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            Reply::created(&format!("/api/carts/{address}"), &shown_cart(&kept, &channel.slug)?)
        })
        .await
}

/// Read a cart
#[utoipa::path(
    get, path = "/api/carts/{cart_id}", operation_id = "show_cart", tag = "Orders",
    params(("cart_id" = String, Path, description = "Its name", example = "abc123")),
    responses(
        (status = 200, description = "The cart", body = CartJson),
        (status = 404, description = "No such cart"),
    ),
)]
pub async fn show_cart(program: Program<ViewOrders>, cart: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            caller.must(Permission::ViewMoney)?;
            let markets = Markets::load(conn)?;
            let found = carts::named(conn, &cart)?;
            let seen = found.into_iter().find_map(|kept| {
                let channel = markets.channel(kept.channel_id)?;
                caller.sees(channel.market_id).then(|| (kept, channel.slug.clone()))
            });
            let (kept, channel) = seen.ok_or_else(|| crate::error::Error::Missing(format!("cart {cart}")))?;
            Reply::ok(&shown_cart(&kept, &channel)?)
        })
        .await
}
