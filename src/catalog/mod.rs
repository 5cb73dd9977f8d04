//! What the shop sells. A product lends its words, picture, bin and price to the lines of orders;
//! an order keeps its own copy, so that it still reads after the product changed.

mod claims;
pub mod stock;
mod store;
mod store_stock;

use crate::db::{Conn, Tx};
use crate::error::{FieldProblem, Refusal, Result};
use crate::ids::ProductId;
use crate::money::LARGEST_MINOR;
use crate::time::UtcTime;

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

/// Makes a product.
///
/// # Errors
/// Names every field that needs attention; refuses a SKU that is taken.
pub fn create(tx: &mut Tx<'_>, new: &NewProduct) -> Result<Product> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, message: &str| {
        problems.push(FieldProblem { field: field.to_owned(), message: message.to_owned() });
    };
    if new.sku.trim().is_empty() || new.sku.chars().count() > 200 {
        problem("sku", "Enter an SKU of at most 200 characters.");
    }
    if new.title.trim().is_empty() || new.title.chars().count() > 1_000 {
        problem("title", "Enter a title of at most 1,000 characters.");
    }
    if !(0..=LARGEST_MINOR).contains(&new.price_minor) {
        problem("price", "Enter a price of zero or more.");
    }
    if new.grams < 0 {
        problem("grams", "Enter a weight of zero or more.");
    }
    if store::by_sku(tx.conn, new.sku.trim())?.is_some() {
        problem("sku", "Another product has this SKU.");
    }
    if problems.is_empty() { store::insert(tx, new) } else { Err(Refusal::fields("product.invalid", problems).into()) }
}
