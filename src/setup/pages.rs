//! `/setup`: first run, guarded by a code that only whoever started the desk can read.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::{NewShop, check, check_code, found};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::settings::{currencies, time_zones};
use crate::staff;
use crate::web::{self, Answer, Desk, Form, see_other};

/// The posted set-up.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SetupForm {
    code: String,
    shop: String,
    public_address: String,
    country: String,
    time_zone: String,
    currency: String,
    prefix: String,
    address: String,
    name: String,
    email: String,
    password: String,
}

#[derive(Template)]
#[template(path = "setup/index.html")]
struct SetupPage {
    database: &'static str,
    form: SetupForm,
    zones: Vec<&'static str>,
    currencies: Vec<(String, String)>,
    refusal: Option<Refusal>,
}

impl SetupPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

fn draw(desk: &Desk, form: SetupForm, refusal: Option<Refusal>) -> Answer {
    let database = if desk.db.location().is_sqlite() { "SQLite, ready" } else { "Postgres, ready" };
    let status = match &refusal {
        Some(refusal) if refusal.kind == crate::error::RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    web::page_as(status, &SetupPage { database, form, zones: time_zones(), currencies: currencies(), refusal })
}

/// `GET /setup`
pub async fn show(desk: Data<Desk>) -> Answer {
    if desk.is_set_up().await? {
        return Ok(see_other("/orders"));
    }
    let form = SetupForm {
        currency: "EUR".to_owned(),
        time_zone: "Europe/Amsterdam".to_owned(),
        prefix: "ORD".to_owned(),
        ..SetupForm::default()
    };
    draw(&desk, form, None)
}

/// `POST /setup`
pub async fn make(desk: Data<Desk>, form: Form<SetupForm>) -> Answer {
    if desk.is_set_up().await? {
        return Err(Refusal::state("setup.done", "This desk is set up already. Sign in instead.").into());
    }
    let form = form.0;
    match attempt(&desk, &form).await {
        Ok(answer) => Ok(answer),
        Err(error) => match error.refusal().cloned() {
            Some(refusal) if refusal.code == "setup.done" => Err(refusal.into()),
            Some(refusal) => draw(&desk, SetupForm { password: String::new(), ..form }, Some(refusal)),
            None => Err(error.into()),
        },
    }
}

async fn attempt(desk: &Desk, form: &SetupForm) -> Result<HttpResponse> {
    // The code comes first and alone, so that nothing else is told to whoever lacks it.
    let code = form.code.clone();
    desk.db.write(move |tx| Ok(check_code(tx, &code))).await??;
    let new = NewShop {
        name: form.shop.clone(),
        currency: form.currency.clone(),
        time_zone: form.time_zone.clone(),
        address: form.address.replace("\r\n", "\n"),
        country: form.country.clone(),
        order_prefix: form.prefix.clone(),
        public_address: form.public_address.clone(),
        owner_name: form.name.clone(),
        owner_email: form.email.clone(),
    };
    let mut problems = Vec::new();
    if let Err(refusal) = check(&new) {
        problems.extend(refusal.fields);
    }
    if form.name.trim().is_empty() {
        problems.push(FieldProblem { field: "name".to_owned(), message: "Enter your name.".to_owned() });
    }
    if !staff::is_email(&staff::fold_email(&form.email)) {
        let message = "Enter an e-mail address, such as marta@shop.example.".to_owned();
        problems.push(FieldProblem { field: "email".to_owned(), message });
    }
    if let Err(refusal) = staff::check_password(&form.password) {
        problems.extend(refusal.fields);
    }
    if !problems.is_empty() {
        return Err(Refusal::fields("setup.invalid", problems).into());
    }
    let password = form.password.clone();
    let hash = tokio::task::spawn_blocking(move || staff::hash_password(&password)).await.map_err(Error::broken)??;
    desk.db.write(move |tx| found(tx, &new, hash)).await?;
    Ok(see_other("/login"))
}
