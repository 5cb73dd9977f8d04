//! The table of products.

use diesel::prelude::*;

use super::{NewProduct, Product};
use crate::db::schema::{products, stock_levels};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::new_uid;

pub(super) fn by_sku(conn: &mut Conn, sku: &str) -> Result<Option<Product>> {
    Ok(products::table.filter(products::sku.eq(sku)).first(conn).optional()?)
}

pub(super) fn by_skus(conn: &mut Conn, skus: &[String]) -> Result<Vec<Product>> {
    let mut found = Vec::new();
    for chunk in skus.chunks(10_000) {
        found.extend(products::table.filter(products::sku.eq_any(chunk)).load::<Product>(conn)?);
    }
    Ok(found)
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
