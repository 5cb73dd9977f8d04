//! The list of customers, one customer, and correcting how they are called and reached.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::list::{self, Cursor, Sort, Wanted};
use super::{Contact, Customer};
use crate::db::{Conn, Tx};
use crate::error::{Refusal, RefusalKind, Result};
use crate::ids::CustomerId;
use crate::market::Markets;
use crate::money::{Currency, Money};
use crate::order::pages_parts::{Badge, call, escaped, initials, payment_badge};
use crate::order::pages_way::{encoded, went};
use crate::order::{self, Order};
use crate::reach::Reach;
use crate::staff::permission::{EditOrders, ViewContact};
use crate::staff::{Permission, Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Query, Section, Shell, see_other};
use crate::workflow::Stages;

/// Orders shown on the page of a customer.
const SHOWN: i64 = 200;

/// What the address of the list may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    dir: String,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    before: Option<String>,
}

impl IndexQuery {
    fn wanted(&self, reach: &Reach) -> Result<Wanted, Refusal> {
        let (sort, _, _, falls) = match self.sort.as_str() {
            "" => Sort::ALL[1],
            key => *Sort::ALL.iter().find(|row| row.1 == key).ok_or_else(|| {
                Refusal::field("customers.sort", "sort", "Customers are sorted by name, last, orders or spent.")
            })?,
        };
        let descending = match self.dir.as_str() {
            "" => falls,
            "asc" => false,
            "desc" => true,
            _ => return Err(Refusal::field("customers.dir", "dir", "The direction is asc or desc.")),
        };
        if self.q.chars().count() > 200 {
            return Err(Refusal::field("customers.q", "q", "A search takes 200 characters at the most."));
        }
        let cursor = match (&self.after, &self.before) {
            (Some(text), _) => Some(Cursor::read(text, sort, true)?),
            (None, Some(text)) => Some(Cursor::read(text, sort, false)?),
            (None, None) => None,
        };
        Ok(Wanted { reach: reach.clone(), search: self.q.clone(), sort, descending, cursor })
    }
}

/// A customer in the list.
#[derive(Debug)]
struct Row {
    uid: String,
    initials: String,
    name: String,
    email: String,
    phone: String,
    orders: i64,
    spent: String,
    last: Option<UtcTime>,
}

/// A column that sorts.
#[derive(Debug)]
struct Head {
    label: &'static str,
    href: String,
    sorted: &'static str,
    is_number: bool,
}

#[derive(Template)]
#[template(path = "customers/index.html")]
struct IndexPage {
    shell: Shell,
    query: String,
    sort: &'static str,
    dir: &'static str,
    heads: Vec<Head>,
    rows: Vec<Row>,
    words: String,
    previous: String,
    next: String,
    cut: bool,
}

fn address(query: &str, sort: Sort, descending: bool, place: &str) -> String {
    let dir = if descending { "desc" } else { "asc" };
    let q = if query.is_empty() { String::new() } else { format!("q={}&", encoded(query)) };
    format!("/customers?{q}sort={}&dir={dir}{place}", sort.key())
}

fn index_page(conn: &mut Conn, person: &Person, wanted: &Wanted) -> Result<IndexPage> {
    let shell = Shell::load(conn, person, Section::Customers)?;
    let home = Markets::load(conn)?.within(&person.reach).home()?.currency;
    let mut page = list::page(conn, wanted)?;
    let place = |customer: Option<&Customer>, forward: bool, there: bool| {
        let word = if forward { "after" } else { "before" };
        customer.filter(|_| there).map_or_else(String::new, |customer| {
            let cursor = Cursor::beside(customer, wanted.sort, forward).write();
            address(&wanted.search, wanted.sort, wanted.descending, &format!("&{word}={}", encoded(&cursor)))
        })
    };
    let places = (place(page.rows.first(), false, page.has_previous), place(page.rows.last(), true, page.has_next));
    as_seen(conn, &person.reach, &mut page.rows, home)?;
    let heads = Sort::ALL
        .iter()
        .map(|(sort, _, label, falls)| {
            let on = *sort == wanted.sort;
            Head {
                label,
                href: address(&wanted.search, *sort, if on { !wanted.descending } else { *falls }, ""),
                sorted: match (on, wanted.descending) {
                    (false, _) => "",
                    (true, true) => "descending",
                    (true, false) => "ascending",
                },
                is_number: matches!(sort, Sort::Orders | Sort::Spent),
            }
        })
        .collect();
    Ok(IndexPage {
        query: wanted.search.clone(),
        sort: wanted.sort.key(),
        dir: if wanted.descending { "desc" } else { "asc" },
        heads,
        words: match page.found {
            Some(1) => "1 found".to_owned(),
            Some(found) => format!("{found} found"),
            None => String::new(),
        },
        cut: page.found.is_some_and(|found| found >= list::MOST_FOUND),
        previous: places.0,
        next: places.1,
        rows: page.rows.iter().map(|customer| row(customer, home)).collect(),
        shell,
    })
}

/// Lets customers show what their orders within a reach come to, not those of the whole shop.
fn as_seen(conn: &mut Conn, reach: &Reach, customers: &mut [Customer], home: Currency) -> Result<()> {
    if reach.is_everywhere() {
        return Ok(());
    }
    let keys: Vec<CustomerId> = customers.iter().map(|customer| customer.id).collect();
    let found = order::histories_of_customers(conn, reach, &keys, home)?;
    for customer in customers {
        let history = found.iter().find(|history| history.customer == customer.id);
        customer.order_count = history.map_or(0, |history| history.orders);
        customer.spent_minor = history.map_or(0, |history| history.paid_minor);
        if let Some(history) = history {
            (customer.first_order_at, customer.last_order_at) = (history.first_at, history.last_at);
        }
    }
    Ok(())
}

fn row(customer: &Customer, home: Currency) -> Row {
    Row {
        uid: customer.uid.clone(),
        initials: initials(&customer.name),
        name: customer.shown_name(),
        email: customer.email().to_owned(),
        phone: customer.phone().to_owned(),
        orders: customer.order_count,
        spent: Money::new(customer.spent_minor, home).to_string(),
        last: customer.last_order(),
    }
}

/// `GET /customers`
pub async fn index(desk: Data<Desk>, staff: Staff<ViewContact>, query: Query<IndexQuery>) -> Answer {
    let (person, wanted) = (staff.person(), query.0.wanted(&staff.reach)?);
    let page = desk.db.read(move |conn| index_page(conn, &person, &wanted)).await?;
    web::page(&page)
}

/// An order on the page of a customer.
#[derive(Debug)]
struct OrderRow {
    number: i64,
    base: String,
    stage: String,
    payment: Badge,
    placed: UtcTime,
    units: i64,
    total: String,
}

/// The page of a customer.
#[derive(Template)]
#[template(path = "customers/show.html")]
struct ShowPage {
    shell: Shell,
    customer: Customer,
    name: String,
    initials: String,
    mail_to: String,
    call: String,
    facts: Vec<(&'static str, String)>,
    sums: Vec<(String, String, String, i64)>,
    addresses: Vec<Vec<String>>,
    orders: Vec<OrderRow>,
    more: String,
    may_edit: bool,
    may_merge: bool,
}

fn show_page(conn: &mut Conn, person: &Person, uid: &str) -> Result<Result<ShowPage, String>> {
    let mut customer = super::get_within(conn, &person.reach, uid)?;
    if let Some(other) = customer.merged_into_id {
        let other = super::find(conn, other)?.ok_or_else(|| crate::error::Error::Missing("such customer".into()))?;
        return Ok(Err(other.uid));
    }
    let shell = Shell::load(conn, person, Section::Customers)?;
    let stages = Stages::load(conn)?;
    let markets = Markets::load(conn)?.within(&person.reach);
    as_seen(conn, &person.reach, std::slice::from_mut(&mut customer), markets.home()?.currency)?;
    let orders = order::of_customer(conn, &person.reach, customer.id, SHOWN)?;
    let sums = order::sums_of_customer(conn, &person.reach, customer.id)?;
    let day = |at: Option<UtcTime>| at.map_or_else(|| "Never".to_owned(), |at| shell.when(&at));
    let notes: i64 = orders.iter().map(|order| order.note_count).sum();
    let facts = vec![
        ("Orders", customer.order_count.to_string()),
        ("First order", day(customer.first_order())),
        ("Last order", day(customer.last_order())),
        ("Notes", notes.to_string()),
    ];
    let more = customer.order_count - orders.len() as i64;
    let is_erased = customer.erased_at.is_some();
    Ok(Ok(ShowPage {
        name: customer.shown_name(),
        initials: initials(&customer.name),
        mail_to: format!("mailto:{}", escaped(customer.email())),
        call: call(customer.phone()),
        facts,
        sums: sums
            .iter()
            .map(|sum| {
                let money = |minor: i64| Money::new(minor, sum.currency).to_string();
                (sum.currency.code().to_owned(), money(sum.ordered_minor), money(sum.paid_minor), sum.orders)
            })
            .collect(),
        addresses: addresses(&orders, &markets.home()?.country),
        orders: orders
            .iter()
            .map(|order| OrderRow {
                number: order.number,
                base: order.base.as_str().to_owned(),
                stage: stages.label(&order.stage),
                payment: payment_badge(order),
                placed: order.placed_at,
                units: order.unit_count,
                total: order.money(order.total_minor).to_string(),
            })
            .collect(),
        more: if more > 0 { format!("{more} older orders are not shown here.") } else { String::new() },
        may_edit: person.may(Permission::EditOrders) && !is_erased,
        may_merge: person.may(Permission::ManageCustomers) && !is_erased,
        shell,
        customer,
    }))
}

/// Every address that these orders went or were billed to, the latest first.
fn addresses(orders: &[Order], home: &str) -> Vec<Vec<String>> {
    let mut seen: Vec<Vec<String>> = Vec::new();
    for address in orders.iter().flat_map(|order| [order.ship_to(), order.bill_to()]).flatten() {
        let lines = address.lines(home);
        if !lines.is_empty() && !seen.contains(&lines) {
            seen.push(lines);
        }
    }
    seen.truncate(20);
    seen
}

/// `GET /customers/{uid}`
pub async fn show(desk: Data<Desk>, path: Path<String>, staff: Staff<ViewContact>) -> Answer {
    let (uid, person) = (path.into_inner(), staff.person());
    match desk.db.read(move |conn| show_page(conn, &person, &uid)).await? {
        Ok(page) => web::page(&page),
        Err(other) => Ok(see_other(&format!("/customers/{other}"))),
    }
}

/// The form of a customer.
#[derive(Template)]
#[template(path = "customers/edit.html")]
struct EditPage {
    shell: Shell,
    customer: Customer,
    version: i64,
    typed: Contact,
    refusal: Option<Refusal>,
    stale: String,
}

impl EditPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

fn edit_page(conn: &mut Conn, person: &Person, uid: &str, typed: Option<Contact>) -> Result<EditPage> {
    let customer = super::get_within(conn, &person.reach, uid)?;
    let stored =
        Contact { name: customer.name.clone(), email: customer.email().into(), phone: customer.phone().into() };
    Ok(EditPage {
        shell: Shell::load(conn, person, Section::Customers)?,
        version: customer.version,
        typed: typed.unwrap_or(stored),
        customer,
        refusal: None,
        stale: String::new(),
    })
}

/// `GET /customers/{uid}/edit`
pub async fn edit(
    desk: Data<Desk>,
    path: Path<String>,
    staff: Staff<EditOrders>,
    _contact: Staff<ViewContact>,
) -> Answer {
    let (uid, person) = (path.into_inner(), staff.person());
    let page = desk.db.read(move |conn| edit_page(conn, &person, &uid, None)).await?;
    web::page(&page)
}

/// A posted customer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
    version: i64,
}

/// `POST /customers/{uid}/edit`
pub async fn update(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<EditOrders>,
    _contact: Staff<ViewContact>,
    form: Form<EditForm>,
) -> Answer {
    let (uid, person, form) = (path.into_inner(), staff.person(), form.0);
    let typed = Contact { name: form.name, email: form.email, phone: form.phone };
    let (actor, sent, key) = (person.actor(), typed.clone(), uid.clone());
    let (reach, change) = (person.reach.clone(), form.version);
    let write = move |tx: &mut Tx<'_>| {
        super::get_within(tx.conn, &reach, &key)?;
        super::update(tx, &actor, &key, change, &sent)
    };
    let error = match desk.db.write(write).await {
        Ok(customer) => {
            staff.toast(format!("{} is saved.", customer.shown_name()));
            return Ok(went(&request, &format!("/customers/{uid}")));
        }
        Err(error) => error,
    };
    let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
    let (status, stale) = match refusal.kind {
        RefusalKind::Invalid => (StatusCode::BAD_REQUEST, String::new()),
        // What belongs to another is told beside its field.
        RefusalKind::State if !refusal.fields.is_empty() => (StatusCode::CONFLICT, String::new()),
        RefusalKind::Stale => (StatusCode::CONFLICT, refusal.message.clone()),
        _ => return Err(error.into()),
    };
    let mut page = desk.db.read(move |conn| edit_page(conn, &person, &uid, Some(typed))).await?;
    page.refusal = stale.is_empty().then_some(refusal);
    page.stale = stale;
    web::page_as(status, &page)
}
