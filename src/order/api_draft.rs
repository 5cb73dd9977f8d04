//! From an order as a program sends it to a draft: where it belongs, its lines and charges, and everything that
//! is wrong with it.

use serde_json::Value;

use super::api_new::{NewAddress, NewItem, NewOrder};
use super::carts::{self, Content};
use super::draft::{Draft, DraftCharge, DraftLine};
use super::{ChargeKind, PaymentKind};
use crate::api::Decimal;
use crate::catalog::{self, Product};
use crate::db::{Conn, Tx};
use crate::error::{FieldProblem, Refusal, Result};
use crate::ids::ChannelId;
use crate::market::{self, Channel, ChannelKind, Market, Markets};
use crate::money::{Currency, Money};
use crate::order::{self, totals};
use crate::payment::method::GIFT_CARD;
use crate::payment::{self, NewPayment};
use crate::staff::Caller;
use crate::time::UtcTime;

pub(super) fn problem(field: impl Into<String>, message: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.into(), message: message.into() }
}

/// Where an order belongs.
pub(super) struct Place {
    pub(super) market: Market,
    pub(super) channel: Channel,
}

pub(super) fn place_of(tx: &mut Tx<'_>, caller: &Caller, channel: Option<&str>, wanted: Option<&str>) -> Result<Place> {
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
pub(super) fn known_place(
    conn: &mut Conn,
    caller: &Caller,
    channel: Option<&str>,
    wanted: Option<&str>,
) -> Result<(Market, Option<Channel>)> {
    // Of markets that it is kept from a program learns not even the names.
    let markets = Markets::load(conn)?.within(caller.reach());
    let slugs = || markets.markets.iter().map(|market| market.slug.clone()).collect();
    let asked = match wanted {
        Some(slug) => {
            let found = markets.markets.iter().find(|market| market.slug == slug);
            Some(found.ok_or_else(|| unknown("market", slug, slugs()))?)
        }
        None => None,
    };
    if let Some(slug) = channel {
        let known = || markets.channels.iter().map(|channel| channel.slug.clone()).collect();
        let found = markets.channels.iter().find(|channel| channel.slug == slug);
        let channel = found.ok_or_else(|| unknown("channel", slug, known()))?.clone();
        let market = markets.market(channel.market_id).ok_or_else(|| unknown("channel", slug, Vec::new()))?.clone();
        if asked.is_some_and(|asked| asked.id != market.id) {
            let message = format!("The channel {slug} belongs to the market {}.", market.slug);
            return Err(Refusal::field("order.market", "market", message).into());
        }
        return Ok((market, Some(channel)));
    }
    let none = || {
        let message = "This key is kept to markets that the shop does not have. Make one for a market that it has.";
        Refusal::field("request.unknown_value", "market", message)
    };
    let first = || markets.markets.first().ok_or_else(none);
    let market = asked.map_or_else(first, Ok)?.clone();
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
        let amount_minor = kind.signed(minor);
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
        let currency = carts::put(tx, channel, cart, fetched)?.content.currency;
        return Ok((items, currency));
    }
    if let Some(cart) = cart
        && let Some(kept) = carts::find(tx.conn, channel, cart)?
    {
        return Ok((serde_json::from_value(kept.content.items)?, kept.content.currency));
    }
    let message = match cart {
        Some(cart) => format!(
            "There is no cart called {cart}. Send items with the order, or put the cart down with POST /api/carts first, \
             or let the channel's settings say where the web shop keeps its carts."
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
pub(super) type Asked = Result<Option<Content>>;

fn instant_of(text: Option<&String>, field: &str, problems: &mut Vec<FieldProblem>) -> Option<UtcTime> {
    let text = text?;
    let read = super::api_list::instant(text, chrono_tz::UTC).filter(|_| text.contains('T') || text.contains(' '));
    if read.is_none() {
        problems.push(problem(field, "Give an instant such as 2026-11-21T08:00:00Z."));
    }
    read
}

/// What the gift cards of an order that can be have paid. Together it is no more than the order comes to.
fn gift_cards_of(new: &NewOrder, draft: &Draft) -> Result<Vec<NewPayment>> {
    let mut problems = Vec::new();
    let mut left = totals::add_up(draft).total_minor;
    let mut payments = Vec::new();
    for (at, card) in new.gift_cards.iter().enumerate() {
        let field = format!("gift_cards.{at}.amount");
        match card.amount.positive_minor(draft.currency, &field) {
            Err(wrong) => problems.push(wrong),
            Ok(0) => problems.push(problem(field, "Enter what the gift card pays, above zero.")),
            Ok(minor) if minor > left => {
                let left = Money::new(left, draft.currency).decimal();
                let message = format!("That is more than the order comes to: {left} of it is not paid yet.");
                problems.push(problem(field, message));
            }
            Ok(minor) => {
                left -= minor;
                payments.push(NewPayment {
                    kind: PaymentKind::Capture,
                    amount_minor: minor,
                    method: GIFT_CARD.to_owned(),
                    reference: card.code.clone(),
                    note: String::new(),
                    expires_at: None,
                });
            }
        }
        if card.code.trim().is_empty() || card.code.chars().count() > 500 {
            let message = "Give the code of the gift card, in up to 500 characters. Its last four letters are kept.";
            problems.push(problem(format!("gift_cards.{at}.code"), message));
        }
    }
    if problems.is_empty() { Ok(payments) } else { Err(Refusal::fields("order.invalid", problems).into()) }
}

/// An order as it was sent, understood, with what was paid for it already.
pub(super) fn understood(
    tx: &mut Tx<'_>,
    caller: &Caller,
    new: &NewOrder,
    asked: Asked,
) -> Result<(Draft, Vec<NewPayment>)> {
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
    draft.language = text(new.language.clone());
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
    let paid = gift_cards_of(new, &draft)?;
    Ok((draft, paid))
}

pub(super) fn lines_of(
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
pub(super) fn check(draft: &Draft, new: &NewOrder, mut problems: Vec<FieldProblem>) -> Result<()> {
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
