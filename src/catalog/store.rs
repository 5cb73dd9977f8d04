//! The table of products.

use diesel::prelude::*;

use super::{NewProduct, Product};
use crate::db::schema::{product_parts, product_prices, products, stock_levels};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{MarketId, ProductId, new_uid};
use crate::{load_by_keys, on_each_database};

/// So many products are looked for one by one: their statement stays prepared, which costs less than one
/// that is prepared for each number of them.
const FEW: usize = 4;

pub(super) fn by_sku(conn: &mut Conn, sku: &str) -> Result<Option<Product>> {
    let asked = products::table.filter(products::sku.eq(sku));
    Ok(on_each_database!(conn, conn => asked.first(conn)).optional()?)
}

pub(super) fn by_skus(conn: &mut Conn, skus: &[String]) -> Result<Vec<Product>> {
    let mut found = Vec::new();
    let skus: Vec<&String> = skus.iter().filter(|sku| !sku.is_empty()).collect();
    if skus.len() <= FEW {
        for sku in skus {
            found.extend(by_sku(conn, sku)?);
        }
        return Ok(found);
    }
    for chunk in skus.chunks(10_000) {
        found.extend(products::table.filter(products::sku.eq_any(chunk.to_vec())).load::<Product>(conn)?);
    }
    Ok(found)
}

pub(super) fn by_keys(conn: &mut Conn, keys: &[ProductId]) -> Result<Vec<Product>> {
    let keys: Vec<i64> = keys.iter().map(|id| id.0).collect();
    Ok(load_by_keys!(conn, products::id, keys, are => products::table.filter(are)))
}

pub(super) fn offered(conn: &mut Conn, limit: i64) -> Result<Vec<(String, String, String)>> {
    let mut found: Vec<(String, String, String)> = products::table
        .select((products::sku, products::title, products::variant))
        .order(products::id.asc())
        .limit(limit)
        .load(conn)?;
    found.sort();
    Ok(found)
}

pub(super) fn all(conn: &mut Conn) -> Result<Vec<Product>> {
    let mut all: Vec<Product> = products::table.load(conn)?;
    all.sort_by(|one, other| one.sku.cmp(&other.sku));
    Ok(all)
}

pub(super) fn insert(tx: &mut Tx<'_>, new: &NewProduct) -> Result<Product> {
    let product: Product = diesel::insert_into(products::table)
        .values((
            products::uid.eq(new_uid()),
            products::sku.eq(new.sku.trim()),
            products::title.eq(new.title.trim()),
            products::variant.eq(&new.variant),
            products::picture.eq(&new.picture),
            products::bin.eq(&new.bin),
            products::barcode.eq(&new.barcode),
            products::grams.eq(new.grams),
            products::price_minor.eq(new.price_minor),
            products::created_at.eq(tx.now),
            products::tracked.eq(new.tracked),
            products::oversell.eq(new.oversell),
            products::low_at.eq(new.low_at),
        ))
        .returning(products::all_columns)
        .get_result(tx.conn)?;
    diesel::insert_into(stock_levels::table).values(stock_levels::product_id.eq(product.id.0)).execute(tx.conn)?;
    Ok(product)
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Product>> {
    Ok(products::table.filter(products::uid.eq(uid)).first(conn).optional()?)
}

/// Saves the facts if the product is still at this version.
pub(super) fn update(tx: &mut Tx<'_>, before: &Product, version: i64, new: &NewProduct) -> Result<bool> {
    let row = products::table.filter(products::id.eq(before.id.0).and(products::version.eq(version)));
    let changed = diesel::update(row)
        .set((
            products::sku.eq(new.sku.trim()),
            products::title.eq(new.title.trim()),
            products::variant.eq(new.variant.trim()),
            products::picture.eq(&new.picture),
            products::bin.eq(new.bin.trim()),
            products::barcode.eq(new.barcode.trim()),
            products::grams.eq(new.grams),
            products::price_minor.eq(new.price_minor),
            products::tracked.eq(new.tracked),
            products::oversell.eq(new.oversell),
            products::low_at.eq(new.low_at),
            products::version.eq(products::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub(super) fn prices(conn: &mut Conn, product: ProductId) -> Result<Vec<(MarketId, i64)>> {
    Ok(product_prices::table
        .filter(product_prices::product_id.eq(product.0))
        .select((product_prices::market_id, product_prices::price_minor))
        .order(product_prices::market_id.asc())
        .load(conn)?)
}

pub(super) fn prices_of_many(conn: &mut Conn, products: &[ProductId]) -> Result<Vec<(ProductId, MarketId, i64)>> {
    let keys: Vec<i64> = products.iter().map(|id| id.0).collect();
    Ok(product_prices::table
        .filter(product_prices::product_id.eq_any(keys))
        .select((product_prices::product_id, product_prices::market_id, product_prices::price_minor))
        .order((product_prices::product_id.asc(), product_prices::market_id.asc()))
        .load(conn)?)
}

pub(super) fn replace_prices(tx: &mut Tx<'_>, product: ProductId, prices: &[(MarketId, i64)]) -> Result<()> {
    diesel::delete(product_prices::table.filter(product_prices::product_id.eq(product.0))).execute(tx.conn)?;
    for (market, price_minor) in prices {
        diesel::insert_into(product_prices::table)
            .values((
                product_prices::product_id.eq(product.0),
                product_prices::market_id.eq(market.0),
                product_prices::price_minor.eq(price_minor),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn replace_parts(tx: &mut Tx<'_>, bundle: ProductId, parts: &[(ProductId, i64)]) -> Result<()> {
    diesel::delete(product_parts::table.filter(product_parts::bundle_id.eq(bundle.0))).execute(tx.conn)?;
    for (part, quantity) in parts {
        diesel::insert_into(product_parts::table)
            .values((
                product_parts::bundle_id.eq(bundle.0),
                product_parts::part_id.eq(part.0),
                product_parts::quantity.eq(quantity),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// Whether a bundle has this product in it.
pub(super) fn is_part(conn: &mut Conn, product: ProductId) -> Result<bool> {
    let bundles: i64 = product_parts::table.filter(product_parts::part_id.eq(product.0)).count().get_result(conn)?;
    Ok(bundles > 0)
}
