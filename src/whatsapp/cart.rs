//! A cart from the catalogue as the lines of an order, with everything in it that somebody should look at.
//! Pure. Nothing of the cart is left out: what cannot be read becomes a line all the same, and is told.

use serde_json::Value;

use super::body::{cut, list, text};
use crate::api::Decimal;
use crate::catalog::Product;
use crate::money::{Currency, LARGEST_MINOR, Money};
use crate::order::DraftLine;
use crate::order::draft::{MOST_LINES, MOST_UNITS};

/// Characters that what was noticed takes at the most.
const LONGEST_NOTE: usize = 1_800;

/// A product of the shop with its price in the market and currency of the cart, if it has one there.
pub type Priced = (Product, Option<i64>);

/// A cart as lines.
#[derive(Clone, Debug)]
pub struct Read {
    /// Currency of its prices.
    pub currency: Currency,
    /// A line for each of its items.
    pub lines: Vec<DraftLine>,
    /// What the customer wrote with it.
    pub note: String,
    /// What somebody should look at, in whole sentences; empty if all is as the shop has it.
    pub doubts: String,
}

/// What was noticed about the items.
#[derive(Default)]
struct Doubts {
    unknown: Vec<String>,
    others: Vec<String>,
}

/// Whether this message holds a cart with something in it.
pub fn is_cart(message: &Value) -> bool {
    !list(&message["order"], "product_items").is_empty()
}

/// The SKUs in a cart.
pub fn skus(message: &Value) -> Vec<String> {
    let mut skus: Vec<String> = items(message).iter().map(sku_of).filter(|sku| !sku.is_empty()).collect();
    skus.sort();
    skus.dedup();
    skus
}

/// The currency of a cart: that of the first item that has one, else that of the market.
pub fn currency(message: &Value, market: Currency) -> Currency {
    items(message).iter().find_map(|item| Currency::parse(&text(item, "currency"))).unwrap_or(market)
}

/// Reads a cart with the products that its SKUs name.
pub fn read(message: &Value, market: Currency, shelf: &[Priced]) -> Read {
    let (currency, all) = (currency(message, market), list(&message["order"], "product_items"));
    let mut doubts = Doubts::default();
    if currency != market {
        doubts.others.push(format!("The cart is in {currency}, and this market sells in {market}."));
    }
    if all.len() > MOST_LINES {
        doubts.others.push(format!("The cart has {} items, of which an order takes {MOST_LINES}.", all.len()));
    }
    let lines = items(message).iter().map(|item| line(item, currency, shelf, &mut doubts)).collect();
    Read { currency, lines, note: cut(&text(&message["order"], "text"), 10_000), doubts: told(doubts) }
}

fn items(message: &Value) -> &[Value] {
    let all = list(&message["order"], "product_items");
    &all[..all.len().min(MOST_LINES)]
}

fn sku_of(item: &Value) -> String {
    cut(text(item, "product_retailer_id").trim(), 200)
}

fn line(item: &Value, currency: Currency, shelf: &[Priced], doubts: &mut Doubts) -> DraftLine {
    let sku = sku_of(item);
    let known = shelf.iter().find(|(product, _)| product.sku == sku);
    let called = if sku.is_empty() { "An item without an SKU".to_owned() } else { sku.clone() };
    if known.is_none() {
        doubts.unknown.push(called.clone());
    }
    let mut properties = Vec::new();
    let quantity = quantity(item, &called, doubts, &mut properties);
    let own_price = known.and_then(|(_, price)| *price);
    let unit_minor = price(item, currency, quantity, &called, own_price, doubts, &mut properties);
    let mut line = DraftLine {
        title: if sku.is_empty() { "Item without a name".to_owned() } else { sku.clone() },
        sku,
        quantity,
        unit_minor,
        properties: properties.join("\n"),
        ..DraftLine::default()
    };
    if let Some((product, _)) = known {
        line.product = Some(product.id);
        line.title.clone_from(&product.title);
        line.variant.clone_from(&product.variant);
        line.picture.clone_from(&product.picture);
        line.bin.clone_from(&product.bin);
        line.grams = product.grams;
    }
    line
}

fn quantity(item: &Value, called: &str, doubts: &mut Doubts, properties: &mut Vec<String>) -> i64 {
    let given = text(item, "quantity");
    let read = given.parse::<i64>().ok().or_else(|| given.strip_suffix(".0").and_then(|whole| whole.parse().ok()));
    match read {
        Some(quantity) if (1..=MOST_UNITS).contains(&quantity) => quantity,
        _ => {
            let quantity = read.unwrap_or(1).clamp(1, MOST_UNITS);
            let given = if given.is_empty() { "nothing".to_owned() } else { cut(&given, 40) };
            doubts.others.push(format!("{called} came with {given} as its quantity; {quantity} stands for it."));
            properties.push(format!("Quantity in the cart: {given}"));
            quantity
        }
    }
}

fn price(
    item: &Value,
    currency: Currency,
    quantity: i64,
    called: &str,
    own: Option<i64>,
    doubts: &mut Doubts,
    properties: &mut Vec<String>,
) -> i64 {
    let (shown, code) = (cut(&text(item, "item_price"), 40), cut(&text(item, "currency"), 10));
    let given: Option<Decimal> = item.get("item_price").and_then(|price| serde_json::from_value(price.clone()).ok());
    let minor = given
        .filter(|_| code.is_empty() || Currency::parse(&code) == Some(currency))
        .and_then(|price| price.positive_minor(currency, "price").ok())
        .filter(|minor| minor.saturating_mul(quantity) <= LARGEST_MINOR);
    let Some(minor) = minor else {
        doubts.others.push(match shown.as_str() {
            "" => format!("{called} came without a price; 0 stands for it."),
            _ => format!(
                "{called} came with the price {shown} {code}, which is no amount in {currency}; 0 stands for it."
            ),
        });
        properties.push(format!("Price in the cart: {shown} {code}"));
        return 0;
    };
    if let Some(own) = own.filter(|own| *own != minor) {
        let (asked, ours) = (Money::new(minor, currency), Money::new(own, currency));
        doubts.others.push(format!("{called} is {asked} in the cart and {ours} in the shop."));
    }
    minor
}

fn told(doubts: Doubts) -> String {
    let mut sentences = Vec::new();
    match doubts.unknown.as_slice() {
        [] => {}
        [one] => sentences.push(format!("The shop has no product with the SKU {one}.")),
        many => sentences.push(format!("The shop has no products with these SKUs: {}.", shortened(many, ", "))),
    }
    sentences.extend(doubts.others);
    shortened(&sentences, " ")
}

/// As many as fit, and how many do not.
fn shortened(parts: &[String], between: &str) -> String {
    let (mut told, mut count) = (String::new(), 0);
    for part in parts {
        if told.chars().count() + part.chars().count() > LONGEST_NOTE / 2 && count > 0 {
            return format!("{told}{between}and {} more.", parts.len() - count);
        }
        if count > 0 {
            told.push_str(between);
        }
        told.push_str(part);
        count += 1;
    }
    cut(&told, LONGEST_NOTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ProductId;
    use crate::time::UtcTime;
    use serde_json::json;

    fn mug() -> Product {
        Product {
            id: ProductId(7),
            uid: String::new(),
            sku: "MUG".into(),
            title: "Mug, oat glaze".into(),
            variant: "350 ml".into(),
            picture: String::new(),
            bin: "A1".into(),
            barcode: String::new(),
            grams: 400,
            price_minor: 2850,
            created_at: UtcTime(0),
            tracked: false,
            oversell: false,
            low_at: None,
            version: 1,
        }
    }

    fn cart(items: Value) -> Read {
        let message = json!({"order": {"product_items": items, "text": "Please wrap"}});
        read(&message, Currency::EUR, &[(mug(), Some(2850))])
    }

    #[test]
    fn what_the_shop_knows_raises_no_doubt() {
        let read = cart(json!([{"product_retailer_id": "MUG", "quantity": 2, "item_price": 28.5, "currency": "EUR"}]));
        let line = &read.lines[0];
        assert_eq!((line.title.as_str(), line.quantity, line.unit_minor, line.grams), ("Mug, oat glaze", 2, 2850, 400));
        assert_eq!((read.doubts.as_str(), read.note.as_str()), ("", "Please wrap"));
    }

    #[test]
    fn every_doubt_is_told_and_nothing_left_out() {
        let read = cart(json!([
            {"product_retailer_id": "MUG", "quantity": "3", "item_price": "30.00", "currency": "EUR"},
            {"product_retailer_id": "VASE", "quantity": -2, "item_price": 10.005, "currency": "EUR"},
            {"product_retailer_id": "BOWL", "quantity": 1, "item_price": 12, "currency": "USD"},
            {"quantity": 1e300},
            9,
        ]));
        assert_eq!(read.lines.len(), 5);
        for told in [
            "no products with these SKUs: VASE, BOWL, An item without an SKU, An item without an SKU.",
            "MUG is €30.00 in the cart and €28.50 in the shop.",
            "VASE came with -2 as its quantity; 1 stands for it.",
            "VASE came with the price 10.005 EUR, which is no amount in EUR; 0 stands for it.",
            "BOWL came with the price 12 USD, which is no amount in EUR; 0 stands for it.",
            "came without a price",
        ] {
            assert!(read.doubts.contains(told), "{told}: {}", read.doubts);
        }
        assert!(read.lines.iter().all(|line| line.quantity >= 1 && !line.title.is_empty()));
        assert!(read.lines[2].properties.contains("Price in the cart: 12 USD"));
    }

    #[test]
    fn a_cart_in_another_currency_keeps_it() {
        let read =
            cart(json!([{"product_retailer_id": "HAMBURGER", "quantity": 3, "item_price": 30, "currency": "ILS"}]));
        assert_eq!((read.currency.code(), read.lines[0].unit_minor), ("ILS", 3000));
        assert!(read.doubts.contains("The cart is in ILS, and this market sells in EUR."), "{}", read.doubts);
    }

    #[test]
    fn a_cart_without_end_is_cut_where_an_order_ends() {
        let item = json!({"product_retailer_id": "x".repeat(300), "quantity": 1, "item_price": 1, "currency": "EUR"});
        let read = cart(Value::Array(vec![item; MOST_LINES + 7]));
        assert_eq!(read.lines.len(), MOST_LINES);
        assert!(read.doubts.chars().count() <= 2_000 && read.doubts.contains("more"), "{}", read.doubts);
    }
}
