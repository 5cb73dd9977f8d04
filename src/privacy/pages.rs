//! The page that asks before a person is forgotten.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use crate::customer::{self, Customer};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::order::pages_way::went;
use crate::staff::permission::ManageCustomers;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell};

#[derive(Template)]
#[template(path = "customers/erase.html")]
struct ErasePage {
    shell: Shell,
    customer: Customer,
    name: String,
    wanted: String,
    hinders: Option<String>,
    typed: String,
    refusal: Option<Refusal>,
}

impl ErasePage {
    fn problem(&self) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem("confirm")).unwrap_or_default()
    }
}

fn page(conn: &mut Conn, person: &Person, uid: &str, typed: String, refusal: Option<Refusal>) -> Result<ErasePage> {
    let customer = customer::get(conn, uid)?;
    Ok(ErasePage {
        shell: Shell::load(conn, person, Section::Customers)?,
        hinders: super::hinders(conn, customer.id)?,
        name: customer.shown_name(),
        wanted: super::confirmation(&customer),
        customer,
        typed,
        refusal,
    })
}

/// `GET /customers/{uid}/erase`
pub async fn new(desk: Data<Desk>, path: Path<String>, staff: Staff<ManageCustomers>) -> Answer {
    let (uid, person) = (path.into_inner(), staff.person());
    let page = desk.db.read(move |conn| page(conn, &person, &uid, String::new(), None)).await?;
    web::page(&page)
}

/// A posted confirmation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EraseForm {
    #[serde(default)]
    confirm: String,
    version: i64,
}

/// `POST /customers/{uid}/erase`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<ManageCustomers>,
    form: Form<EraseForm>,
) -> Answer {
    let (uid, person, form) = (path.into_inner(), staff.person(), form.0);
    let (actor, key, typed) = (person.actor(), uid.clone(), form.confirm.clone());
    let error = match desk.db.write(move |tx| super::erase(tx, &actor, &key, form.version, &typed)).await {
        Ok(_) => {
            staff.toast("The person is erased. Their orders and amounts stay.");
            return Ok(went(&request, &format!("/customers/{uid}")));
        }
        Err(error) => error,
    };
    let (refusal, status) = web::shown_again(error)?;
    let page = desk.db.read(move |conn| page(conn, &person, &uid, form.confirm, Some(refusal))).await?;
    web::page_as(status, &page)
}
