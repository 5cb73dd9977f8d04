//! Making two customers one: choose the other, look at what comes of it, do it.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::list::{self, Sort, Wanted};
use super::{Contact, Customer};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::order;
use crate::order::pages_way::went;
use crate::reach::Reach;
use crate::staff::permission::ManageCustomers;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Query, Section, Shell};

/// Customers offered at once.
const OFFERED: usize = 20;

/// What the address may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeQuery {
    #[serde(default)]
    q: String,
    #[serde(default)]
    with: String,
}

#[derive(Template)]
#[template(path = "customers/merge.html")]
struct MergePage {
    shell: Shell,
    keep: Customer,
    query: String,
    offered: Vec<Customer>,
    searched: bool,
    chosen: Option<Chosen>,
}

/// The other customer, and how the one who stays would be called and reached.
#[derive(Debug)]
struct Chosen {
    gone: Customer,
    after: Contact,
    orders: i64,
}

fn page(conn: &mut Conn, person: &Person, uid: &str, query: &MergeQuery) -> Result<MergePage> {
    let keep = open(conn, uid)?;
    let mut offered = Vec::new();
    if !query.q.trim().is_empty() {
        let wanted = Wanted {
            reach: Reach::EVERYWHERE,
            search: query.q.clone(),
            sort: Sort::LastOrder,
            descending: true,
            cursor: None,
        };
        offered = list::page(conn, &wanted)?.rows;
        offered.retain(|other| other.id != keep.id);
        offered.truncate(OFFERED);
    }
    let chosen = match query.with.as_str() {
        "" => None,
        with => {
            let gone = open(conn, with)?;
            if gone.id == keep.id {
                return Err(Refusal::field("customer.same", "with", "Choose another customer than this one.").into());
            }
            let or = |mine: &str, theirs: &str| if mine.trim().is_empty() { theirs } else { mine }.to_owned();
            let after = Contact {
                name: or(&keep.name, &gone.name),
                email: or(keep.email(), gone.email()),
                phone: or(keep.phone(), gone.phone()),
            };
            Some(Chosen { after, orders: keep.order_count + gone.order_count, gone })
        }
    };
    Ok(MergePage {
        shell: Shell::load(conn, person, Section::Customers)?,
        searched: !query.q.trim().is_empty(),
        query: query.q.clone(),
        keep,
        offered,
        chosen,
    })
}

/// A customer who can take part.
fn open(conn: &mut Conn, uid: &str) -> Result<Customer> {
    let customer = super::get(conn, uid)?;
    if customer.merged_into_id.is_some() || customer.erased_at.is_some() {
        return Err(Refusal::state(
            "customer.closed",
            "This customer was merged into another one or erased, so they cannot be merged.",
        )
        .into());
    }
    Ok(customer)
}

/// `GET /customers/{uid}/merge`
pub async fn new(
    desk: Data<Desk>,
    path: Path<String>,
    staff: Staff<ManageCustomers>,
    query: Query<MergeQuery>,
) -> Answer {
    let (uid, person) = (path.into_inner(), staff.person());
    let page = desk.db.read(move |conn| page(conn, &person, &uid, &query.0)).await?;
    web::page(&page)
}

/// A posted merge.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeForm {
    with: String,
    version: i64,
    with_version: i64,
    form_token: String,
}

/// `POST /customers/{uid}/merge`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<ManageCustomers>,
    form: Form<MergeForm>,
) -> Answer {
    let (uid, person, form) = (path.into_inner(), staff.person(), form.0);
    let (actor, credential) = (person.actor(), person.credential());
    let done = desk
        .db
        .write(move |tx| {
            web::once(tx, &credential, &form.form_token, |tx| {
                order::merge_customers(tx, &actor, (&uid, form.version), (&form.with, form.with_version))?;
                Ok(format!("/customers/{uid}"))
            })
        })
        .await?;
    staff.toast("The two customers are one now.");
    Ok(went(&request, &done.location))
}
