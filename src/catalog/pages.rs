//! `/products`: what the shop sells and what there is of it.

use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::shelf::{self, Narrow, Sort};
use super::{Shelved, shelves};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::market::Markets;
use crate::money::Money;
use crate::staff::permission::ViewOrders;
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Query, Section, Shell, picture};
use crate::words;

/// Rows of a page.
const PAGE: usize = 100;

/// What the address asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListQuery {
    q: String,
    show: String,
    sort: String,
    page: Option<usize>,
}

impl ListQuery {
    fn address(&self, show: &str, sort: &str, page: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("q", self.q.as_str()), ("show", show), ("sort", sort)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        let query = query.finish();
        if query.is_empty() { "/products".to_owned() } else { format!("/products?{query}") }
    }
}

struct Tab {
    label: &'static str,
    href: String,
    count: usize,
    current: bool,
}

struct Head {
    label: &'static str,
    href: String,
    sorted: &'static str,
    is_number: bool,
}

/// A product as a row.
struct Row {
    uid: String,
    sku: String,
    title: String,
    variant: String,
    picture: Option<&'static str>,
    bin: String,
    price: String,
    is_bundle: bool,
    is_counted: bool,
    on_hand: i64,
    allocated: i64,
    held: i64,
    available: String,
    badge: (&'static str, &'static str, &'static str),
}

#[derive(Template)]
#[template(path = "products/index.html")]
struct ListPage {
    shell: Shell,
    query: ListQuery,
    tabs: Vec<Tab>,
    heads: Vec<Head>,
    rows: Vec<Row>,
    /// Products in the shop.
    all: usize,
    money: bool,
    shop_counts: bool,
    may_change: bool,
    words: String,
    previous: String,
    next: String,
    clear: String,
}

/// `GET /products`
pub async fn index(desk: Data<Desk>, staff: Staff<ViewOrders>, query: Query<ListQuery>) -> Answer {
    let (person, query) = (staff.person(), query.0);
    web::page(&desk.db.read(move |conn| list_page(conn, &person, query)).await?)
}

fn list_page(conn: &mut Conn, person: &Person, query: ListQuery) -> Result<ListPage> {
    let narrow = Narrow::parse(&query.show).ok_or_else(|| unknown("show", &query.show))?;
    let (by, descending) = sorting(&query.sort)?;
    let shell = Shell::load(conn, person, Section::Products)?;
    let currency = Markets::load(conn)?.home()?.currency;
    let money = person.may(Permission::ViewMoney);
    let search = words::wanted(&query.q);
    let shelves = shelves(conn)?;
    let all = shelves.len();
    let found: Vec<Shelved> = shelves.into_iter().filter(|row| shelf::is_found(row, &search)).collect();
    let tabs = Narrow::ALL
        .iter()
        .map(|(each, word, label)| Tab {
            label,
            href: query.address(word, &query.sort, 1),
            count: found.iter().filter(|row| each.takes(row)).count(),
            current: *each == narrow,
        })
        .collect();
    let mut shown: Vec<Shelved> = found.into_iter().filter(|row| narrow.takes(row)).collect();
    shelf::sort(&mut shown, by, descending);
    let pages = shown.len().div_ceil(PAGE).max(1);
    let page = query.page.unwrap_or(1).clamp(1, pages);
    let from = (page - 1) * PAGE;
    let until = (from + PAGE).min(shown.len());
    let at = |page: usize| query.address(&query.show, &query.sort, page);
    Ok(ListPage {
        tabs,
        heads: heads(&query, by, descending),
        words: format!("{}–{} of {}", (from + 1).min(until), until, shown.len()),
        previous: if page > 1 { at(page - 1) } else { String::new() },
        next: if page < pages { at(page + 1) } else { String::new() },
        clear: "/products".to_owned(),
        rows: shown[from..until]
            .iter()
            .map(|row| {
                self::row(
                    row,
                    if money { Money::new(row.product.price_minor, currency).to_string() } else { String::new() },
                )
            })
            .collect(),
        all,
        money,
        shop_counts: super::stock::is_on(conn)?,
        may_change: person.may(Permission::ManageProducts),
        query,
        shell,
    })
}

fn unknown(name: &str, word: &str) -> Refusal {
    Refusal::field("products.unknown", name, format!("The list of products knows nothing called “{word}”."))
}

/// What the word in the address sorts by: `sku`, or `-sku` for the other way round.
fn sorting(word: &str) -> Result<(Sort, bool)> {
    if word.is_empty() {
        return Ok((Sort::Title, false));
    }
    let (name, descending) = match word.strip_prefix('-') {
        Some(name) => (name, true),
        None => (word, false),
    };
    Ok((Sort::parse(name).ok_or_else(|| unknown("sort", word))?, descending))
}

fn heads(query: &ListQuery, by: Sort, descending: bool) -> Vec<Head> {
    let head = |(sort, word, label): &(Sort, &'static str, &'static str)| {
        let is_this = *sort == by;
        let next = if is_this && !descending { format!("-{word}") } else { (*word).to_owned() };
        Head {
            label,
            href: query.address(&query.show, &next, 1),
            sorted: match (is_this, descending) {
                (false, _) => "",
                (true, false) => "ascending",
                (true, true) => "descending",
            },
            is_number: matches!(sort, Sort::OnHand | Sort::Available),
        }
    };
    Sort::ALL.iter().map(head).collect()
}

fn row(shelved: &Shelved, price: String) -> Row {
    let product = &shelved.product;
    let is_counted = shelved.available.is_some();
    Row {
        uid: product.uid.clone(),
        sku: product.sku.clone(),
        title: product.title.clone(),
        variant: product.variant.clone(),
        picture: picture(&product.picture).filter(|_| !product.picture.is_empty()),
        bin: product.bin.clone(),
        price,
        is_bundle: shelved.is_bundle(),
        is_counted,
        on_hand: shelved.levels.on_hand,
        allocated: shelved.levels.allocated,
        held: shelved.levels.soft_held,
        available: shelved.available.map(|units| units.to_string()).unwrap_or_default(),
        badge: shelved.standing().badge(),
    }
}
