//! Customers as programs find, read and correct them.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::list::{Cursor, Sort, Wanted, page_of};
use super::{Contact, Customer};
use crate::api::{Amount, Body, Paged, Reply};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::market::Markets;
use crate::money::Currency;
use crate::reach::Reach;
use crate::staff::permission::{EditOrders, ViewContact};
use crate::staff::{Caller, Permission, Program};
use crate::time::UtcTime;
use crate::web::{Answer, Query};

/// Customers on a page at the most.
const MOST: usize = 200;

/// A customer.
#[derive(Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Name as last given.
    #[schema(examples("Jane Doe"))]
    pub name: String,
    /// E-mail in lower case.
    pub email: Option<String>,
    /// Telephone as written.
    pub phone: Option<String>,
    /// Orders they placed.
    pub order_count: i64,
    /// Received from them and kept, in the currency of the first market.
    pub spent: Amount,
    /// When they first ordered (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub first_order_at: Option<String>,
    /// When they last ordered.
    #[schema(format = DateTime)]
    pub last_order_at: Option<String>,
    /// When they were first seen.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Whether they were erased: the books stay, the person is gone.
    pub erased: bool,
    /// Rises with every change; its `ETag`.
    pub version: i64,
}

/// A page of customers.
#[derive(Serialize, ToSchema)]
pub struct Customers {
    /// Who ordered last comes first.
    pub customers: Vec<CustomerJson>,
    /// Send this as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
}

/// What customers can be asked for by.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct CustomerQuery {
    /// Words that begin a word of the name, the e-mail or the telephone number.
    q: Option<String>,
    /// Customers on a page, from 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How a customer is called and reached. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerPatch {
    /// Name.
    #[schema(max_length = 300)]
    pub name: Option<String>,
    /// E-mail; an empty text takes it away.
    #[schema(max_length = 320)]
    pub email: Option<String>,
    /// Telephone; an empty text takes it away.
    #[schema(max_length = 60)]
    pub phone: Option<String>,
}

fn represent(caller: &Caller, home: Currency, customer: &Customer) -> CustomerJson {
    CustomerJson {
        id: customer.uid.clone(),
        name: customer.name.clone(),
        email: customer.email.clone(),
        phone: customer.phone.clone(),
        order_count: customer.order_count,
        spent: Amount::minor(customer.spent_minor, home, caller.may(Permission::ViewMoney)),
        first_order_at: customer.first_order().map(UtcTime::rfc3339),
        last_order_at: customer.last_order().map(UtcTime::rfc3339),
        created_at: customer.created_at.rfc3339(),
        erased: customer.erased_at.is_some(),
        version: customer.version,
    }
}

/// Customers are the whole shop's: a key that is kept to some markets may not see who buys in others.
fn must_see_all(caller: &Caller) -> Result<()> {
    if caller.reach().is_everywhere() {
        return Ok(());
    }
    let message = "Customers belong to the whole shop, and this key is kept to some of its markets.";
    Err(Refusal::new(crate::error::RefusalKind::Forbidden, "token.market", message).into())
}

fn home(conn: &mut Conn) -> Result<Currency> {
    Ok(Markets::load(conn)?.home()?.currency)
}

/// List customers
#[utoipa::path(
    get, path = "/api/customers", operation_id = "list_customers", tag = "Customers", params(CustomerQuery),
    responses((status = 200, description = "A page of customers", body = Customers)),
)]
pub async fn index(program: Program<ViewContact>, query: Query<CustomerQuery>) -> Answer {
    program
        .read(move |conn, caller| {
            must_see_all(caller)?;
            let limit = query.limit.unwrap_or(50);
            if !(1..=MOST).contains(&limit) {
                let message = format!("This is a number from 1 to {MOST}.");
                return Err(Refusal::field("list.value", "limit", message).into());
            }
            let search = query.q.clone().unwrap_or_default();
            if search.chars().count() > 400 {
                return Err(Refusal::field("list.too_long", "q", "q takes 400 characters at the most.").into());
            }
            let broken =
                |_| Refusal::field("list.cursor", "cursor", "This cursor is broken. Start from the first page.");
            let cursor = query.cursor.as_deref().map(|text| Cursor::read(text, Sort::LastOrder, true)).transpose();
            let wanted = Wanted {
                reach: Reach::EVERYWHERE,
                search,
                sort: Sort::LastOrder,
                descending: true,
                cursor: cursor.map_err(broken)?,
            };
            let page = page_of(conn, &wanted, limit)?;
            let home = home(conn)?;
            let last = page.rows.last().filter(|_| page.has_next);
            let next_cursor = last.map(|customer| Cursor::beside(customer, Sort::LastOrder, true).write());
            let body = Customers {
                customers: page.rows.iter().map(|customer| represent(caller, home, customer)).collect(),
                has_more: next_cursor.is_some(),
                next_cursor: next_cursor.clone(),
            };
            let paged = Paged { base: address(caller, &query), next: next_cursor };
            Ok(paged.link(Reply::ok(&body)?))
        })
        .await
}

fn address(caller: &Caller, query: &CustomerQuery) -> String {
    let mut kept = url::form_urlencoded::Serializer::new(String::new());
    if let Some(q) = &query.q {
        kept.append_pair("q", q);
    }
    if let Some(limit) = query.limit {
        kept.append_pair("limit", &limit.to_string());
    }
    match kept.finish().as_str() {
        "" => format!("{}{}", caller.base(), caller.path()),
        query => format!("{}{}?{query}", caller.base(), caller.path()),
    }
}

/// Read a customer
#[utoipa::path(
    get, path = "/api/customers/{customer_id}", operation_id = "show_customer", tag = "Customers",
    params(("customer_id" = Uuid, Path)),
    responses((status = 200, description = "The customer", body = CustomerJson), (status = 404, description = "No such customer")),
)]
pub async fn show(program: Program<ViewContact>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            must_see_all(caller)?;
            let customer = super::get(conn, &id)?;
            let home = home(conn)?;
            Ok(Reply::ok(&represent(caller, home, &customer))?.version(customer.version))
        })
        .await
}

/// Correct a customer
///
/// Their orders keep what was given with them.
#[utoipa::path(
    patch, path = "/api/customers/{customer_id}", operation_id = "update_customer", tag = "Customers",
    params(("customer_id" = Uuid, Path)), request_body = CustomerPatch,
    responses((status = 200, description = "The customer", body = CustomerJson), (status = 404, description = "No such customer")),
)]
pub async fn update(program: Program<EditOrders>, id: Path<String>, body: Body<CustomerPatch>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            must_see_all(caller)?;
            caller.must(Permission::ViewContact)?;
            let before = super::get(tx.conn, &id)?;
            let home = home(tx.conn)?;
            caller.matches(before.version, || Ok(serde_json::to_string(&represent(caller, home, &before))?))?;
            let new = Contact {
                name: value.name.clone().unwrap_or_else(|| before.name.clone()),
                email: value.email.clone().unwrap_or_else(|| before.email().to_owned()),
                phone: value.phone.clone().unwrap_or_else(|| before.phone().to_owned()),
            };
            let customer = super::update(tx, caller.actor(), &before.uid, before.version, &new)?;
            Ok(Reply::ok(&represent(caller, home, &customer))?.version(customer.version))
        })
        .await
}
