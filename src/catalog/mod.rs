//! What the shop sells. A product lends its words, picture, bin and price to the lines of orders;
//! an order keeps its own copy, so that it still reads after the product changed.

pub mod api;
mod claims;
pub mod pages;
pub mod pages_product;
pub mod shelf;
pub mod stock;
mod store;
mod store_stock;

use crate::actor::Actor;
use crate::db::{Conn, Tx, dialect};
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::{MarketId, ProductId};
use crate::market::{Market, Markets};
use crate::money::{Currency, LARGEST_MINOR};
use crate::time::UtcTime;

pub use shelf::Shelved;
pub use stock::Part;

/// A product in one variant.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Product {
    /// Key.
    pub id: ProductId,
    /// Public identifier.
    pub uid: String,
    /// Stock-keeping unit.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind: colour, size.
    pub variant: String,
    /// Asset name of its picture.
    pub picture: String,
    /// Where it lies.
    pub bin: String,
    /// What a scanner reads on it.
    pub barcode: String,
    /// Weight of a unit in grams.
    pub grams: i64,
    /// Price of a unit in the shop's currency.
    pub price_minor: i64,
    /// When it was made.
    pub created_at: UtcTime,
    /// Whether its units are counted. One that is not never keeps an order from moving.
    pub tracked: bool,
    /// Whether it may be promised although there is none.
    pub oversell: bool,
    /// Available units at which it counts as low; none means never.
    pub low_at: Option<i64>,
    /// Bumped by every change.
    pub version: i64,
}

/// A product to be made.
#[derive(Clone, Debug, Default)]
pub struct NewProduct {
    /// Stock-keeping unit; no two products share one.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind.
    pub variant: String,
    /// Asset name of its picture.
    pub picture: String,
    /// Where it lies.
    pub bin: String,
    /// What a scanner reads on it.
    pub barcode: String,
    /// Weight of a unit in grams.
    pub grams: i64,
    /// Price of a unit.
    pub price_minor: i64,
    /// Whether its units are counted.
    pub tracked: bool,
    /// Whether it may be promised although there is none.
    pub oversell: bool,
    /// Available units at which it counts as low.
    pub low_at: Option<i64>,
}

/// The product with this SKU.
pub fn find_by_sku(conn: &mut Conn, sku: &str) -> Result<Option<Product>> {
    store::by_sku(conn, sku.trim())
}

/// The products with these SKUs.
pub fn find_by_skus(conn: &mut Conn, skus: &[String]) -> Result<Vec<Product>> {
    store::by_skus(conn, skus)
}

/// SKU, title and variant of the first so many products by SKU, to be offered while somebody types.
pub fn offered(conn: &mut Conn, limit: i64) -> Result<Vec<(String, String, String)>> {
    store::offered(conn, limit)
}

/// Every product by SKU.
pub fn list(conn: &mut Conn) -> Result<Vec<Product>> {
    store::all(conn)
}

/// Every product with what there is of it, by SKU.
pub fn shelves(conn: &mut Conn) -> Result<Vec<Shelved>> {
    let products = list(conn)?;
    let keys: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let levels = stock::levels(conn, &keys)?;
    let parts = store_stock::parts(conn, &keys)?;
    let is_on = stock::is_on(conn)?;
    Ok(shelf::shelve(products, &levels, &parts, is_on))
}

/// The product with this public identifier.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, uid: &str) -> Result<Product> {
    store::by_uid(conn, uid)?.ok_or_else(|| Error::Missing("such product".into()))
}

/// Prices of a product where they are not the shop's own, by market, in minor units of its currency.
pub fn prices(conn: &mut Conn, product: ProductId) -> Result<Vec<(MarketId, i64)>> {
    store::prices(conn, product)
}

/// The same of several products, by product.
pub fn prices_of_many(conn: &mut Conn, products: &[ProductId]) -> Result<Vec<(ProductId, MarketId, i64)>> {
    store::prices_of_many(conn, products)
}

/// What a unit of a product costs in a market, in minor units; nothing if it has no price in this currency there.
pub fn price_in(conn: &mut Conn, product: &Product, market: &Market, currency: Currency) -> Result<Option<i64>> {
    if market.currency != currency {
        return Ok(None);
    }
    let own = prices(conn, product.id)?.into_iter().find(|(of, _)| *of == market.id).map(|(_, minor)| minor);
    let is_home = Markets::load(conn)?.home()?.id == market.id;
    Ok(own.or(is_home.then_some(product.price_minor)))
}

/// Parts of a bundle with their units in one bundle.
pub fn parts(conn: &mut Conn, bundle: ProductId) -> Result<Vec<Part>> {
    store_stock::parts(conn, &[bundle])
}

/// What is in these products where they are bundles: the bundle, a part, units of it in one bundle.
pub fn contents(conn: &mut Conn, products: &[ProductId]) -> Result<Vec<(ProductId, Product, i64)>> {
    let parts = store_stock::parts(conn, products)?;
    let keys: Vec<ProductId> = parts.iter().map(|part| part.part).collect();
    let known = store::by_keys(conn, &keys)?;
    let of = |part: &Part| {
        let product = known.iter().find(|product| product.id == part.part)?;
        Some((part.bundle, product.clone(), part.quantity))
    };
    Ok(parts.iter().filter_map(of).collect())
}

/// Everything about a product that people type in.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Its own facts.
    pub facts: NewProduct,
    /// Prices that differ in other markets.
    pub prices: Vec<(MarketId, i64)>,
    /// SKU and units of each part, if it is a bundle.
    pub parts: Vec<(String, i64)>,
}

/// Makes a product with its prices and parts.
///
/// # Errors
/// Names every field that needs attention; refuses a SKU that is taken.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, new: &Description) -> Result<Product> {
    let (problems, parts) = check(tx.conn, new, None)?;
    if problems.is_empty() {
        let product = store::insert(tx, &new.facts)?;
        store::replace_prices(tx, product.id, &new.prices)?;
        store::replace_parts(tx, product.id, &parts)?;
        record(tx, actor, &product, "added")?;
        return Ok(product);
    }
    Err(Refusal::fields("product.invalid", problems).into())
}

/// Makes a product without parts and without a line in the diary, for set-up and tests.
///
/// # Errors
/// As [`add`].
pub fn create(tx: &mut Tx<'_>, new: &NewProduct) -> Result<Product> {
    let (problems, _) = check(tx.conn, &Description { facts: new.clone(), ..Description::default() }, None)?;
    if problems.is_empty() { store::insert(tx, new) } else { Err(Refusal::fields("product.invalid", problems).into()) }
}

/// Changes a product with its prices and parts. Orders keep the words and prices they were placed with.
///
/// # Errors
/// As [`add`]; stale if somebody changed it since `version`.
pub fn change(tx: &mut Tx<'_>, actor: &Actor, uid: &str, version: i64, new: &Description) -> Result<Product> {
    let before = find(tx.conn, uid)?;
    let (problems, parts) = check(tx.conn, new, Some(&before))?;
    if !problems.is_empty() {
        return Err(Refusal::fields("product.invalid", problems).into());
    }
    if !store::update(tx, &before, version, &new.facts)? {
        return Err(Refusal::new(
            RefusalKind::Stale,
            "product.stale",
            "Somebody changed this product since you opened it. Nothing of yours was saved; look at what it says now and save again.",
        )
        .into());
    }
    store::replace_prices(tx, before.id, &new.prices)?;
    store::replace_parts(tx, before.id, &parts)?;
    let product = find(tx.conn, uid)?;
    record(tx, actor, &product, "changed")?;
    Ok(product)
}

fn record(tx: &mut Tx<'_>, actor: &Actor, product: &Product, change: &str) -> Result<()> {
    let changed =
        Event::ProductChanged { product: product.uid.clone(), name: product.sku.clone(), change: change.to_owned() };
    event::record(tx, actor, None, &changed)
}

type Parts = Vec<(ProductId, i64)>;

/// What is wrong with a description, and the products its parts name.
fn check(conn: &mut Conn, new: &Description, before: Option<&Product>) -> Result<(Vec<FieldProblem>, Parts)> {
    dialect::lock_words(conn, &format!("sku {}", new.facts.sku.trim()))?;
    let mut problems = check_facts(&new.facts);
    let mut problem = |field: &str, message: String| problems.push(FieldProblem { field: field.to_owned(), message });
    let other = store::by_sku(conn, new.facts.sku.trim())?.filter(|other| before.is_none_or(|old| old.id != other.id));
    if other.is_some() {
        let message = "Another product has this SKU.";
        return Err(Refusal::taken("product.sku_taken", "sku", message).into());
    }
    if new.prices.iter().any(|(_, minor)| !(0..=LARGEST_MINOR).contains(minor)) {
        problem("price", "Enter prices of zero or more.".to_owned());
    }
    let mut parts: Parts = Vec::new();
    for (sku, quantity) in &new.parts {
        let Some(part) = store::by_sku(conn, sku.trim())? else {
            problem("parts", format!("There is no product with the SKU {sku}."));
            continue;
        };
        if before.is_some_and(|before| before.id == part.id) || !store_stock::parts(conn, &[part.id])?.is_empty() {
            problem("parts", format!("{sku} is a bundle itself. A part is a single product."));
        }
        if !(1..=10_000).contains(quantity) {
            problem("parts", format!("Of {sku} a bundle holds 1 to 10,000 units."));
        }
        if parts.iter().any(|(known, _)| *known == part.id) {
            problem("parts", format!("{sku} is listed twice. Enter it once with all its units."));
        }
        parts.push((part.id, *quantity));
    }
    if let Some(before) = before.filter(|_| !parts.is_empty())
        && store::is_part(conn, before.id)?
    {
        problem("parts", "This product is part of a bundle, so it cannot be one.".to_owned());
    }
    Ok((problems, parts))
}

fn check_facts(facts: &NewProduct) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, message: &str| {
        problems.push(FieldProblem { field: field.to_owned(), message: message.to_owned() });
    };
    if facts.sku.trim().is_empty() || facts.sku.chars().count() > 200 {
        problem("sku", "Enter an SKU of at most 200 characters.");
    }
    if facts.title.trim().is_empty() || facts.title.chars().count() > 1_000 {
        problem("title", "Enter a title of at most 1,000 characters.");
    }
    let texts = [
        ("variant", &facts.variant, 500),
        ("barcode", &facts.barcode, 100),
        ("bin", &facts.bin, 100),
        ("picture", &facts.picture, 100),
    ];
    for (field, text, most) in texts {
        if text.chars().count() > most {
            problem(field, &format!("This takes {most} characters at the most."));
        }
    }
    if !(0..=LARGEST_MINOR).contains(&facts.price_minor) {
        problem("price", "Enter a price of zero or more.");
    }
    if !(0..=1_000_000_000).contains(&facts.grams) {
        problem("grams", "Enter a weight from 0 to 1,000,000,000 g.");
    }
    if facts.low_at.is_some_and(|low| !(0..=stock::MOST_UNITS).contains(&low)) {
        problem("low_at", "Enter the number of units that counts as low: zero or more.");
    }
    problems
}
