//! Products and their stock as programs read, add, change and count them.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shelf::{Narrow, Shelved, is_found, shelve};
use super::stock::{self, Levels};
use super::{Description, NewProduct, Product, find, find_by_sku, parts, prices_of_many, shelves};
use crate::api::{Amount, Body, Decimal, Paged, Reply};
use crate::db::Conn;
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::market::Markets;
use crate::money::Currency;
use crate::staff::permission::{CountStock, ManageProducts, ViewOrders};
use crate::staff::{Caller, Permission, Program};
use crate::web::{Answer, Query};

/// Products on a page at the most.
const MOST: usize = 200;

/// A product in one variant.
#[derive(Serialize, ToSchema)]
#[schema(as = Product)]
pub struct ProductJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Stock-keeping unit.
    #[schema(examples("MUG-OAT-S"))]
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// Which kind: colour, size.
    pub variant: String,
    /// What a scanner reads on it.
    pub barcode: String,
    /// Where it lies.
    pub bin: String,
    /// Weight of a unit in grams.
    pub weight_grams: i64,
    /// Price of a unit in the first market.
    pub price: Amount,
    /// Currency of the price.
    pub currency: String,
    /// Prices in other markets, by slug.
    pub prices: Vec<MarketPrice>,
    /// Its parts, if it is a bundle.
    pub parts: Vec<PartJson>,
    /// Whether its units are counted.
    pub tracked: bool,
    /// Whether it may be promised although there is none.
    pub oversell: bool,
    /// Available units at which it counts as low.
    pub low_at: Option<i64>,
    /// What there is of it.
    pub stock: StockJson,
    /// Rises with every change; its `ETag`.
    pub version: i64,
}

/// What there is of a product.
#[derive(Serialize, ToSchema)]
#[schema(as = Stock)]
pub struct StockJson {
    /// Units on the shelf.
    pub on_hand: i64,
    /// Promised to confirmed orders.
    pub allocated: i64,
    /// Kept a while for orders that are not confirmed yet.
    pub held: i64,
    /// What another order can have.
    pub available: i64,
}

/// A price in a market.
#[derive(Serialize, ToSchema)]
pub struct MarketPrice {
    /// Slug of the market.
    pub market: String,
    /// Currency of the price.
    pub currency: String,
    /// Price of a unit.
    pub price: Amount,
}

/// A part of a bundle.
#[derive(Serialize, ToSchema)]
#[schema(as = Part)]
pub struct PartJson {
    /// SKU.
    pub sku: String,
    /// Units in one bundle.
    pub quantity: i64,
}

/// A page of products.
#[derive(Serialize, ToSchema)]
pub struct Products {
    /// By SKU.
    pub products: Vec<ProductJson>,
    /// Send this as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// What products can be asked for by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ProductQuery {
    /// Words to search for in SKU, name, variant, barcode and bin.
    q: Option<String>,
    /// Those that are low or gone alone.
    low: Option<bool>,
    /// Products on a page, from 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A product as it is sent. A change sends all of it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProduct)]
pub struct ProductBody {
    /// Stock-keeping unit; no two products share one.
    #[schema(examples("MUG-OAT-S"), min_length = 1, max_length = 200)]
    pub sku: String,
    /// What it is called.
    #[schema(examples("Mug, oat"), min_length = 1, max_length = 1000)]
    pub name: String,
    /// Which kind.
    #[serde(default)]
    #[schema(max_length = 500)]
    pub variant: String,
    /// What a scanner reads on it.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub barcode: String,
    /// Where it lies.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub bin: String,
    /// Weight of a unit in grams.
    #[serde(default, deserialize_with = "crate::api::whole")]
    #[schema(minimum = 0, maximum = 1000000000)]
    pub weight_grams: i64,
    /// Price of a unit in the first market.
    pub price: Decimal,
    /// Prices in other markets, by slug.
    #[serde(default)]
    pub prices: std::collections::BTreeMap<String, Decimal>,
    /// Parts by SKU with their units, if it is a bundle.
    #[serde(default, deserialize_with = "crate::api::wholes")]
    pub parts: std::collections::BTreeMap<String, i64>,
    /// Whether its units are counted.
    #[serde(default)]
    pub tracked: bool,
    /// Whether it may be promised although there is none.
    #[serde(default)]
    pub oversell: bool,
    /// Available units at which it counts as low.
    #[serde(default, deserialize_with = "crate::api::whole_or_none")]
    #[schema(minimum = 0, maximum = 1000000000)]
    pub low_at: Option<i64>,
}

/// What was counted on the shelf.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCount {
    /// Units.
    #[serde(deserialize_with = "crate::api::whole")]
    #[schema(examples(12), minimum = 0, maximum = 1000000000)]
    pub counted: i64,
    /// Why it is corrected.
    #[schema(examples("Stocktaking"), min_length = 1, max_length = 200)]
    pub reason: String,
}

fn stock_json(levels: Levels) -> StockJson {
    StockJson {
        on_hand: levels.on_hand,
        allocated: levels.allocated,
        held: levels.soft_held,
        available: levels.available(),
    }
}

fn represent(conn: &mut Conn, caller: &Caller, product: &Product) -> Result<ProductJson> {
    let levels = stock::levels(conn, &[product.id])?;
    let parts = parts(conn, product.id)?;
    let row = shelve(vec![product.clone()], &levels, &parts, stock::is_on(conn)?);
    let shown = represent_all(conn, caller, &row)?;
    shown.into_iter().next().ok_or_else(|| Error::broken("a product without a representation"))
}

/// What some products look like to a program, in a fixed number of queries.
fn represent_all(conn: &mut Conn, caller: &Caller, rows: &[Shelved]) -> Result<Vec<ProductJson>> {
    let markets = Markets::load(conn)?;
    let shown = caller.may(Permission::ViewMoney);
    let home = markets.home()?.currency;
    let ids: Vec<_> = rows.iter().map(|row| row.product.id).collect();
    let own = prices_of_many(conn, &ids)?;
    let all = if rows.iter().any(Shelved::is_bundle) { super::list(conn)? } else { Vec::new() };
    let elsewhere = |product: &Product| {
        own.iter()
            .filter(|(of, ..)| *of == product.id)
            .filter_map(|(_, market, minor)| {
                let market = markets.market(*market)?;
                Some(MarketPrice {
                    market: market.slug.clone(),
                    currency: market.currency.code().to_owned(),
                    price: Amount::minor(*minor, market.currency, shown),
                })
            })
            .collect()
    };
    let parts_of = |row: &Shelved| {
        row.parts
            .iter()
            .filter_map(|part| {
                let found = all.iter().find(|other| other.id == part.part)?;
                Some(PartJson { sku: found.sku.clone(), quantity: part.quantity })
            })
            .collect()
    };
    Ok(rows
        .iter()
        .map(|row| {
            let product = &row.product;
            ProductJson {
                id: product.uid.clone(),
                sku: product.sku.clone(),
                name: product.title.clone(),
                variant: product.variant.clone(),
                barcode: product.barcode.clone(),
                bin: product.bin.clone(),
                weight_grams: product.grams,
                price: Amount::minor(product.price_minor, home, shown),
                currency: home.code().to_owned(),
                prices: elsewhere(product),
                parts: parts_of(row),
                tracked: product.tracked,
                oversell: product.oversell,
                low_at: product.low_at,
                stock: stock_json(row.levels),
                version: product.version,
            }
        })
        .collect())
}

/// The product that a program calls so: by SKU or UUID.
fn called(conn: &mut Conn, word: &str) -> Result<Product> {
    if word.len() == 36
        && word.contains('-')
        && let Ok(product) = find(conn, &word.to_ascii_lowercase())
    {
        return Ok(product);
    }
    find_by_sku(conn, word)?.ok_or_else(|| Error::Missing(format!("product {word}")))
}

fn described(conn: &mut Conn, body: &ProductBody, picture: &str) -> Result<Description> {
    let markets = Markets::load(conn)?;
    let home = markets.home()?.currency;
    let mut problems = Vec::new();
    let mut amount = |decimal: &Decimal, currency: Currency, field: &str| {
        decimal.positive_minor(currency, field).unwrap_or_else(|wrong| {
            problems.push(wrong);
            0
        })
    };
    let price_minor = amount(&body.price, home, "price");
    let mut elsewhere = Vec::new();
    let mut unknown = Vec::new();
    for (slug, decimal) in &body.prices {
        let field = format!("prices.{slug}");
        match markets.markets.iter().find(|market| &market.slug == slug) {
            Some(market) => elsewhere.push((market.id, amount(decimal, market.currency, &field))),
            None => unknown.push(FieldProblem { field, message: format!("There is no market called {slug}.") }),
        }
    }
    problems.extend(unknown);
    if !problems.is_empty() {
        return Err(Refusal::fields("product.invalid", problems).into());
    }
    Ok(Description {
        facts: NewProduct {
            sku: body.sku.trim().to_owned(),
            title: body.name.trim().to_owned(),
            variant: body.variant.trim().to_owned(),
            picture: picture.to_owned(),
            bin: body.bin.trim().to_owned(),
            barcode: body.barcode.trim().to_owned(),
            grams: body.weight_grams,
            price_minor,
            tracked: body.tracked,
            oversell: body.oversell,
            low_at: body.low_at,
        },
        prices: elsewhere,
        parts: body.parts.iter().map(|(sku, quantity)| (sku.clone(), *quantity)).collect(),
    })
}

/// In the words of the API.
fn in_words(error: Error) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    for field in &mut refusal.fields {
        field.field = match field.field.as_str() {
            "title" => "name".to_owned(),
            "grams" => "weight_grams".to_owned(),
            other => other.to_owned(),
        };
    }
    Error::Refused(refusal)
}

/// List products
#[utoipa::path(
    get, path = "/api/products", operation_id = "list_products", tag = "Products", params(ProductQuery),
    responses((status = 200, description = "A page of products", body = Products)),
)]
pub async fn index(program: Program<ViewOrders>, query: Query<ProductQuery>) -> Answer {
    program
        .read(move |conn, caller| {
            let limit = query.limit.unwrap_or(50);
            if !(1..=MOST).contains(&limit) {
                let message = format!("This is a number from 1 to {MOST}.");
                return Err(Refusal::field("list.value", "limit", message).into());
            }
            let words = crate::words::wanted(query.q.as_deref().unwrap_or_default());
            let nothing = query.q.as_deref().is_some_and(|q| !q.trim().is_empty()) && words.is_empty();
            let mut found: Vec<Shelved> = shelves(conn)?
                .into_iter()
                .filter(|row| !nothing && (words.is_empty() || is_found(row, &words)))
                .filter(|row| query.low != Some(true) || Narrow::Low.takes(row))
                .collect();
            found.sort_by(|one, other| one.product.sku.cmp(&other.product.sku));
            if let Some(after) = &query.cursor {
                found.retain(|row| row.product.sku > *after);
            }
            let has_more = found.len() > limit;
            found.truncate(limit);
            let next_cursor = found.last().filter(|_| has_more).map(|row| row.product.sku.clone());
            let products = represent_all(conn, caller, &found)?;
            let paged = Paged { base: address(caller, &query), next: next_cursor.clone() };
            Ok(paged.link(Reply::ok(&Products { products, next_cursor, has_more })?))
        })
        .await
}

fn address(caller: &Caller, query: &ProductQuery) -> String {
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    if let Some(q) = &query.q {
        kept.append_pair("q", q);
    }
    if let Some(low) = query.low {
        kept.append_pair("low", if low { "true" } else { "false" });
    }
    if let Some(limit) = query.limit {
        kept.append_pair("limit", &limit.to_string());
    }
    match kept.finish().as_str() {
        "" => format!("{}{}", caller.base(), caller.path()),
        query => format!("{}{}?{query}", caller.base(), caller.path()),
    }
}

/// Read a product
#[utoipa::path(
    get, path = "/api/products/{product_id}", operation_id = "show_product", tag = "Products",
    params(("product_id" = String, Path, description = "Its SKU or UUID", example = "MUG-OAT-S")),
    responses((status = 200, description = "The product", body = ProductJson), (status = 404, description = "No such product")),
)]
pub async fn show(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let product = called(conn, &id)?;
            Ok(Reply::ok(&represent(conn, caller, &product)?)?.version(product.version))
        })
        .await
}

/// Add a product
#[utoipa::path(
    post, path = "/api/products", operation_id = "create_product", tag = "Products", request_body = ProductBody,
    responses((status = 201, description = "It is added", body = ProductJson)),
)]
pub async fn create(program: Program<ManageProducts>, body: Body<ProductBody>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let new = described(tx.conn, &value, "")?;
            let product = super::add(tx, caller.actor(), &new).map_err(in_words)?;
            let shown = represent(tx.conn, caller, &product)?;
            Ok(Reply::created(&format!("/api/products/{}", product.uid), &shown)?.version(product.version))
        })
        .await
}

/// Change a product
///
/// Sends all of it. Orders keep the words and prices they were placed with.
#[utoipa::path(
    put, path = "/api/products/{product_id}", operation_id = "update_product", tag = "Products",
    params(("product_id" = String, Path, description = "Its SKU or UUID", example = "MUG-OAT-S")), request_body = ProductBody,
    responses((status = 200, description = "The product", body = ProductJson), (status = 404, description = "No such product")),
)]
pub async fn update(program: Program<ManageProducts>, id: Path<String>, body: Body<ProductBody>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let before = called(tx.conn, &id)?;
            caller.matches(before.version, || Ok(serde_json::to_string(&represent(tx.conn, caller, &before)?)?))?;
            let new = described(tx.conn, &value, &before.picture)?;
            let actor = caller.actor();
            let product = super::change(tx, actor, &before.uid, before.version, &new).map_err(in_words)?;
            Ok(Reply::ok(&represent(tx.conn, caller, &product)?)?.version(product.version))
        })
        .await
}

/// Count a product
///
/// Sets what lies on the shelf to what was counted, and writes the difference down with its reason.
#[utoipa::path(
    post, path = "/api/products/{product_id}/counts", operation_id = "count_product", tag = "Products",
    params(("product_id" = String, Path, description = "Its SKU or UUID", example = "MUG-OAT-S")), request_body = NewCount,
    responses((status = 200, description = "What there is of it", body = StockJson), (status = 404, description = "No such product")),
)]
pub async fn count(program: Program<CountStock>, id: Path<String>, body: Body<NewCount>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let product = called(tx.conn, &id)?;
            let once = crate::ids::new_uid();
            let levels = stock::count(tx, caller.actor(), product.id, value.counted, &value.reason, &once)?;
            Reply::ok(&stock_json(levels))
        })
        .await
}
