//! `/products/{uid}`: one product, its stock and who changed it; `/products/new`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::stock::{self, Movement};
use super::{Description, NewProduct, Product, Shelved, shelf};
use crate::db::Conn;
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::market::Markets;
use crate::money::{Currency, Money};
use crate::moves;
use crate::reach::Reach;
use crate::staff::permission::{CountStock, ManageProducts, ViewOrders};
use crate::staff::{Permission, Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Section, Shell, picture, see_other};

/// Rows of the ledger that the page shows.
const MOVEMENTS: i64 = 100;
/// Orders with a claim that the page shows.
const CLAIMS: i64 = 50;
/// Empty rows for parts below those that are there.
const MORE_PARTS: usize = 2;
/// Why a count differs, to choose from.
pub const COUNT_REASONS: [&str; 7] = [
    "Delivery came in",
    "Counted the shelf",
    "Broken or spoiled",
    "Lost or stolen",
    "Made in the shop",
    "Used in the shop",
    "Entered wrongly before",
];

/// A posted product.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProductForm {
    form_token: String,
    version: String,
    sku: String,
    title: String,
    variant: String,
    barcode: String,
    bin: String,
    grams: String,
    picture: String,
    price: String,
    market: Vec<i64>,
    market_price: Vec<String>,
    tracked: String,
    oversell: String,
    low_at: String,
    on_hand: String,
    part_sku: Vec<String>,
    part_quantity: Vec<String>,
}

/// A posted count.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CountForm {
    form_token: String,
    counted: String,
    reason: String,
    note: String,
}

/// A posted switch.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SwitchForm {
    tracking: String,
}

/// A price field of another market.
struct MarketPrice {
    id: i64,
    label: String,
    value: String,
}

/// A field for a part.
struct PartRow {
    sku: String,
    quantity: String,
}

#[derive(Template)]
#[template(path = "products/new.html")]
struct NewPage {
    shell: Shell,
    form: ProductForm,
    currency: String,
    markets: Vec<MarketPrice>,
    parts: Vec<PartRow>,
    refusal: Option<Refusal>,
    is_new: bool,
}

impl NewPage {
    fn problem(&self, field: &str) -> &str {
        problem_in(self.refusal.as_ref(), field)
    }
}

fn problem_in<'a>(refusal: Option<&'a Refusal>, field: &str) -> &'a str {
    refusal.and_then(|refusal| refusal.problem(field)).unwrap_or_default()
}

/// A row of the ledger as shown.
struct LedgerRow {
    at: UtcTime,
    who: String,
    what: String,
    note: String,
    order: Option<i64>,
    on_hand: String,
    allocated: String,
    held: String,
}

/// A part as shown.
struct ShownPart {
    uid: String,
    name: String,
    sku: String,
    quantity: i64,
    available: String,
}

#[derive(Template)]
#[template(path = "products/show.html")]
struct ShowPage {
    shell: Shell,
    product: Product,
    picture: Option<&'static str>,
    badge: (&'static str, &'static str, &'static str),
    shelved: Shelved,
    is_counted: bool,
    shop_counts: bool,
    shown_parts: Vec<ShownPart>,
    in_bundles: Vec<(String, String)>,
    ledger: Vec<LedgerRow>,
    claims: Vec<(i64, i64, i64)>,
    form: ProductForm,
    currency: String,
    markets: Vec<MarketPrice>,
    parts: Vec<PartRow>,
    count: CountForm,
    reasons: &'static [&'static str],
    price: String,
    refusal: Option<Refusal>,
    is_new: bool,
    money: bool,
    may_change: bool,
    may_count: bool,
}

impl ShowPage {
    fn problem(&self, field: &str) -> &str {
        problem_in(self.refusal.as_ref(), field)
    }
}

/// `GET /products/new`
pub async fn new(desk: Data<Desk>, staff: Staff<ManageProducts>) -> Answer {
    let form = ProductForm { tracked: "1".to_owned(), on_hand: "0".to_owned(), ..ProductForm::default() };
    let person = staff.person();
    web::page(&desk.db.read(move |conn| new_page(conn, &person, form, None)).await?)
}

fn new_page(conn: &mut Conn, person: &Person, form: ProductForm, refusal: Option<Refusal>) -> Result<NewPage> {
    let shell = Shell::load(conn, person, Section::Products)?;
    let markets = Markets::load(conn)?;
    Ok(NewPage {
        currency: markets.home()?.currency.code().to_owned(),
        markets: market_prices(&markets, &form)?,
        parts: part_rows(&form),
        shell,
        form,
        refusal,
        is_new: true,
    })
}

/// The price fields of the markets besides the shop's own.
fn market_prices(markets: &Markets, form: &ProductForm) -> Result<Vec<MarketPrice>> {
    let home = markets.home()?.id;
    let typed = |id: i64| {
        let at = form.market.iter().position(|known| *known == id);
        at.and_then(|at| form.market_price.get(at)).cloned().unwrap_or_default()
    };
    let others = markets.markets.iter().filter(|market| market.id != home);
    Ok(others
        .map(|market| MarketPrice {
            id: market.id.0,
            label: format!("{} ({})", market.name, market.currency.code()),
            value: typed(market.id.0),
        })
        .collect())
}

fn part_rows(form: &ProductForm) -> Vec<PartRow> {
    let quantity = |at: usize| form.part_quantity.get(at).cloned().unwrap_or_default();
    let typed = form.part_sku.iter().enumerate().filter(|(_, sku)| !sku.trim().is_empty());
    let mut rows: Vec<PartRow> = typed.map(|(at, sku)| PartRow { sku: sku.clone(), quantity: quantity(at) }).collect();
    rows.extend((0..MORE_PARTS).map(|_| PartRow { sku: String::new(), quantity: String::new() }));
    rows
}

/// What was typed as a product, and everything that cannot be read.
fn understood(form: &ProductForm, markets: &Markets) -> Result<(Description, Vec<FieldProblem>)> {
    let mut problems = Vec::new();
    let home = markets.home()?;
    let price_minor = amount("price", &form.price, home.currency, &mut problems).unwrap_or(0);
    let mut prices = Vec::new();
    for (id, text) in form.market.iter().zip(&form.market_price) {
        let Some(market) = markets.markets.iter().find(|market| market.id.0 == *id && market.id != home.id) else {
            continue;
        };
        if let Some(minor) = amount("market_price", text, market.currency, &mut problems) {
            prices.push((market.id, minor));
        }
    }
    let mut parts = Vec::new();
    for (at, sku) in form.part_sku.iter().enumerate().filter(|(_, sku)| !sku.trim().is_empty()) {
        let text = form.part_quantity.get(at).map_or("", |text| text.trim());
        let units = if text.is_empty() { Some(1) } else { text.parse().ok() };
        match units {
            Some(units) => parts.push((sku.trim().to_owned(), units)),
            None => problems.push(problem("parts", "Enter how many units of each part a bundle holds.")),
        }
    }
    let facts = NewProduct {
        sku: form.sku.trim().to_owned(),
        title: form.title.trim().to_owned(),
        variant: form.variant.trim().to_owned(),
        picture: form.picture.clone(),
        bin: form.bin.trim().to_owned(),
        barcode: form.barcode.trim().to_owned(),
        grams: number("grams", &form.grams, "Enter the weight in whole grams.", &mut problems).unwrap_or(0),
        price_minor,
        tracked: form.tracked == "1",
        oversell: form.oversell == "1",
        low_at: number("low_at", &form.low_at, "Enter a whole number of units, or nothing.", &mut problems),
    };
    Ok((Description { facts, prices, parts }, problems))
}

fn problem(field: &str, message: &str) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: message.to_owned() }
}

fn number(field: &str, text: &str, told: &str, problems: &mut Vec<FieldProblem>) -> Option<i64> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let read = text.parse().ok();
    if read.is_none() {
        problems.push(problem(field, told));
    }
    read
}

fn amount(field: &str, text: &str, currency: Currency, problems: &mut Vec<FieldProblem>) -> Option<i64> {
    if text.trim().is_empty() {
        return None;
    }
    match Money::parse(text, currency) {
        Some(money) if money.minor >= 0 => Some(money.minor),
        _ => {
            let example = Money::new(1_250, currency).decimal();
            problems.push(problem(field, &format!("Enter an amount in {}, such as {example}.", currency.code())));
            None
        }
    }
}

/// `POST /products`
pub async fn create(desk: Data<Desk>, staff: Staff<ManageProducts>, form: Form<ProductForm>) -> Answer {
    let (person, form) = (staff.person(), form.0);
    let (by, sent) = (person.clone(), form.clone());
    let made = desk
        .db
        .write(move |tx| {
            let markets = Markets::load(tx.conn)?;
            let (new, mut problems) = understood(&sent, &markets)?;
            let told = "Enter what lies on the shelf: a whole number.";
            let on_hand = number("on_hand", &sent.on_hand, told, &mut problems).unwrap_or(0);
            if !(0..=stock::MOST_UNITS).contains(&on_hand) {
                problems
                    .push(problem("on_hand", "Enter what lies on the shelf: a whole number from 0 to 1,000,000,000."));
            }
            if !problems.is_empty() {
                return Err(Refusal::fields("product.invalid", problems).into());
            }
            web::once(tx, &by.credential(), &sent.form_token, |tx| {
                let product = super::add(tx, &by.actor(), &new)?;
                if on_hand > 0 && new.facts.tracked {
                    stock::count(tx, &by.actor(), product.id, on_hand, "First count", &sent.form_token)?;
                }
                Ok(format!("/products/{}", product.uid))
            })
        })
        .await;
    match made {
        Ok(outcome) => {
            staff.toast("Product added.");
            Ok(see_other(&outcome.location))
        }
        Err(error) => {
            let (status, refusal) = told(error)?;
            let page = desk.db.read(move |conn| new_page(conn, &person, form, Some(refusal))).await?;
            web::page_as(status, &page)
        }
    }
}

/// The status and the words of a refusal; whatever else went wrong goes on.
fn told(error: Error) -> Result<(StatusCode, Refusal)> {
    let Some(refusal) = error.refusal().cloned() else { return Err(error) };
    let status = match refusal.kind {
        RefusalKind::Stale | RefusalKind::State => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((status, refusal))
}

/// What is shown of a product besides what is stored.
#[derive(Default)]
struct Shown {
    form: Option<ProductForm>,
    count: Option<CountForm>,
    refusal: Option<Refusal>,
}

/// `GET /products/{uid}`
pub async fn show(desk: Data<Desk>, staff: Staff<ViewOrders>, uid: Path<String>) -> Answer {
    let (person, uid) = (staff.person(), uid.into_inner());
    web::page(&desk.db.read(move |conn| show_page(conn, &person, &uid, Shown::default())).await?)
}

fn show_page(conn: &mut Conn, person: &Person, uid: &str, shown: Shown) -> Result<ShowPage> {
    let product = super::find(conn, uid)?;
    let shell = Shell::load(conn, person, Section::Products)?;
    let markets = Markets::load(conn)?;
    let currency = markets.home()?.currency;
    let shelves = super::shelves(conn)?;
    let of = |id| shelves.iter().find(|shelved: &&Shelved| shelved.product.id == id);
    let shelved = of(product.id).cloned().ok_or_else(|| Error::Missing("such product".into()))?;
    let shown_parts: Vec<ShownPart> = shelved
        .parts
        .iter()
        .filter_map(|part| {
            of(part.part).map(|own| ShownPart {
                uid: own.product.uid.clone(),
                name: named(&own.product),
                sku: own.product.sku.clone(),
                quantity: part.quantity,
                available: own.available.map_or("not counted".to_owned(), |units| format!("{units} available")),
            })
        })
        .collect();
    let holds_it = |bundle: &&Shelved| bundle.parts.iter().any(|part| part.part == product.id);
    let in_bundles =
        shelves.iter().filter(holds_it).map(|row| (row.product.uid.clone(), named(&row.product))).collect();
    let form = match shown.form {
        Some(form) => form,
        None => form_of(conn, &product, &shown_parts, &markets)?,
    };
    let movements = stock::movements(conn, product.id, MOVEMENTS)?;
    let money = person.may(Permission::ViewMoney);
    Ok(ShowPage {
        picture: picture(&product.picture).filter(|_| !product.picture.is_empty()),
        badge: shelved.standing().badge(),
        is_counted: shelved.standing() != shelf::Standing::NotCounted,
        shop_counts: stock::is_on(conn)?,
        in_bundles,
        ledger: ledger(conn, &person.reach, &movements)?,
        claims: stock::claimed_by(conn, product.id, CLAIMS)?,
        currency: currency.code().to_owned(),
        markets: market_prices(&markets, &form)?,
        parts: part_rows(&form),
        count: shown.count.unwrap_or_default(),
        reasons: &COUNT_REASONS,
        price: if money { Money::new(product.price_minor, currency).to_string() } else { String::new() },
        refusal: shown.refusal,
        is_new: false,
        money,
        may_change: person.may(Permission::ManageProducts),
        may_count: person.may(Permission::CountStock) && !shelved.is_bundle(),
        shown_parts,
        shelved,
        product,
        form,
        shell,
    })
}

fn named(product: &Product) -> String {
    match product.variant.is_empty() {
        true => product.title.clone(),
        false => format!("{}, {}", product.title, product.variant),
    }
}

/// The form of a product as it is.
fn form_of(conn: &mut Conn, product: &Product, parts: &[ShownPart], markets: &Markets) -> Result<ProductForm> {
    let currency = markets.home()?.currency;
    let flag = |on: bool| if on { "1".to_owned() } else { String::new() };
    let mut form = ProductForm {
        version: product.version.to_string(),
        sku: product.sku.clone(),
        title: product.title.clone(),
        variant: product.variant.clone(),
        barcode: product.barcode.clone(),
        bin: product.bin.clone(),
        grams: product.grams.to_string(),
        picture: product.picture.clone(),
        price: Money::new(product.price_minor, currency).decimal(),
        tracked: flag(product.tracked),
        oversell: flag(product.oversell),
        low_at: product.low_at.map(|low| low.to_string()).unwrap_or_default(),
        part_sku: parts.iter().map(|part| part.sku.clone()).collect(),
        part_quantity: parts.iter().map(|part| part.quantity.to_string()).collect(),
        ..ProductForm::default()
    };
    for (market, minor) in super::prices(conn, product.id)? {
        let Some(known) = markets.market(market) else { continue };
        form.market.push(market.0);
        form.market_price.push(Money::new(minor, known.currency).decimal());
    }
    Ok(form)
}

fn ledger(conn: &mut Conn, reach: &Reach, movements: &[Movement]) -> Result<Vec<LedgerRow>> {
    let lines: Vec<_> = movements.iter().filter_map(|row| row.line_id).collect();
    let orders = stock::orders_of_lines(conn, reach, &lines)?;
    let signed = |units: i64| match units {
        0 => String::new(),
        1.. => format!("+{units}"),
        _ => format!("−{}", units.unsigned_abs()),
    };
    let row = |row: &Movement| LedgerRow {
        at: row.happened_at,
        who: row.actor_name.clone(),
        what: cause_words(&row.cause_kind).to_owned(),
        note: row.note.clone(),
        order: row.line_id.and_then(|line| orders.iter().find(|(known, _)| *known == line)).map(|(_, number)| *number),
        on_hand: signed(row.on_hand),
        allocated: signed(row.allocated),
        held: signed(row.soft_held),
    };
    Ok(movements.iter().map(row).collect())
}

/// What a movement is called on the page.
fn cause_words(kind: &str) -> &str {
    match kind {
        "count" => "Counted",
        "placed" => "Order placed",
        "confirmed" => "Order confirmed",
        "shipped" => "Order shipped",
        "cancelled" => "Order cancelled",
        "rejected" => "Order rejected",
        "abandoned" => "Order abandoned",
        "on_hold" => "Order put on hold",
        "released" => "Hold released",
        "undone" => "Move taken back",
        "expired" => "Soft hold ended",
        "arrived" => "Order came in",
        "edited" => "Order edited",
        "counting" => "Counting switched",
        "return" => "Return received",
        "refund" => "Refunded with restock",
        "return undone" | "refund undone" => "Taken off again",
        _ => "Order moved",
    }
}

/// `POST /products/{uid}`
pub async fn save(
    desk: Data<Desk>,
    staff: Staff<ManageProducts>,
    uid: Path<String>,
    form: Form<ProductForm>,
) -> Answer {
    let (person, uid, form) = (staff.person(), uid.into_inner(), form.0);
    let (by, sent, of) = (person.actor(), form.clone(), uid.clone());
    let saved = desk
        .db
        .write(move |tx| {
            let version = sent.version.trim().parse().map_err(|_| {
                Refusal::field(
                    "product.version",
                    "version",
                    "This form does not say which state of the product it was made from. Open the product again.",
                )
            })?;
            let (new, problems) = understood(&sent, &Markets::load(tx.conn)?)?;
            if !problems.is_empty() {
                return Err(Refusal::fields("product.invalid", problems).into());
            }
            let counted = super::find(tx.conn, &of)?.tracked;
            let product = super::change(tx, &by, &of, version, &new)?;
            Ok((product.id, product.tracked != counted))
        })
        .await;
    match saved {
        Ok((id, switched)) => {
            if switched {
                moves::follow_counting(&desk.db, &person.actor(), Some(id)).await?;
            }
            staff.toast("Product saved.");
            Ok(see_other(&format!("/products/{uid}")))
        }
        Err(error) => {
            let (status, refusal) = told(error)?;
            let shown = Shown { form: Some(form), refusal: Some(refusal), ..Shown::default() };
            let page = desk.db.read(move |conn| show_page(conn, &person, &uid, shown)).await?;
            web::page_as(status, &page)
        }
    }
}

/// `POST /products/{uid}/count`
pub async fn count(desk: Data<Desk>, staff: Staff<CountStock>, uid: Path<String>, form: Form<CountForm>) -> Answer {
    let (person, uid, form) = (staff.person(), uid.into_inner(), form.0);
    let (by, sent, of) = (person.clone(), form.clone(), uid.clone());
    let counted = desk
        .db
        .write(move |tx| {
            let product = super::find(tx.conn, &of)?;
            if !super::parts(tx.conn, product.id)?.is_empty() {
                return Err(Refusal::state("stock.bundle", "A bundle is not counted. Count its parts.").into());
            }
            let told = "Enter what lies on the shelf: a whole number from 0 to 1,000,000,000.";
            let counted: i64 =
                sent.counted.trim().parse().map_err(|_| Refusal::field("stock.count", "counted", told))?;
            let note = sent.note.trim();
            let reason = match note.is_empty() {
                true => sent.reason.trim().to_owned(),
                false => format!("{}: {note}", sent.reason.trim()),
            };
            if sent.reason.trim().is_empty() {
                return Err(Refusal::field("stock.reason", "reason", "Choose a reason.").into());
            }
            web::once(tx, &by.credential(), &sent.form_token, |tx| {
                stock::count(tx, &by.actor(), product.id, counted, &reason, &sent.form_token)?;
                Ok(format!("/products/{of}"))
            })
        })
        .await;
    match counted {
        Ok(outcome) => {
            staff.toast("Count saved.");
            Ok(see_other(&outcome.location))
        }
        Err(error) => {
            let (status, refusal) = told(error)?;
            let shown = Shown { count: Some(form), refusal: Some(refusal), ..Shown::default() };
            let page = desk.db.read(move |conn| show_page(conn, &person, &uid, shown)).await?;
            web::page_as(status, &page)
        }
    }
}

/// `POST /products/counting`: counts stock in the whole shop, or not at all.
pub async fn switch(desk: Data<Desk>, staff: Staff<ManageProducts>, form: Form<SwitchForm>) -> Answer {
    let (on, by) = (form.tracking == "on", staff.actor());
    let actor = by.clone();
    desk.db.write(move |tx| stock::switch(tx, &actor, on)).await?;
    moves::follow_counting(&desk.db, &by, None).await?;
    staff.toast(if on { "Stock is counted again." } else { "Stock is no longer counted; nothing waits for it." });
    Ok(see_other("/products"))
}
