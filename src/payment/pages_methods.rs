//! `/settings/payments`: the ways of paying and what each asks for.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::method::{CaptureAt, Cover, Method};
use super::methods::sentence;
use crate::conversation::filling;
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::money::{Currency, Money};
use crate::staff::permission::ManageSettings;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

/// A line of the list.
struct MethodRow {
    key: String,
    label: String,
    about: String,
    active: bool,
    is_open: bool,
}

/// What was posted about a way of paying.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MethodForm {
    label: String,
    offline: String,
    completes_unpaid: String,
    to_approve: String,
    captured_before_ship: String,
    capture_at: String,
    ceiling: String,
    days: String,
    never_abandons: String,
    abandon: String,
    active: String,
    instructions: String,
}

impl MethodForm {
    fn of(method: &Method) -> Self {
        let tick = |is: bool| if is { "1".to_owned() } else { String::new() };
        let ceiling = method.ceiling_minor.zip(method.ceiling_currency);
        MethodForm {
            label: method.label.clone(),
            offline: tick(method.is_offline),
            completes_unpaid: tick(method.completes_unpaid),
            to_approve: method.to_approve.to_string(),
            captured_before_ship: tick(method.captured_before_ship),
            capture_at: method.capture_at.to_string(),
            ceiling: ceiling.map(|(minor, currency)| Money::new(minor, currency).decimal()).unwrap_or_default(),
            days: method.authorization_days.map(|days| days.to_string()).unwrap_or_default(),
            never_abandons: tick(method.never_abandons),
            abandon: method.abandon_after_minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            active: tick(method.active),
            instructions: method.instructions.clone(),
        }
    }
    fn method(&self, key: &str, currency: Currency) -> Result<Method> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String| problems.push(FieldProblem { field: field.into(), message });
        let ceiling_minor = match (self.ceiling.trim(), Money::parse(&self.ceiling, currency)) {
            ("", _) => None,
            (_, Some(money)) => Some(money.minor),
            (_, None) => {
                wrong("ceiling", format!("Enter an amount in {currency}, such as 500, or nothing."));
                None
            }
        };
        let authorization_days = match (self.days.trim(), self.days.trim().parse()) {
            ("", _) => None,
            (_, Ok(days)) => Some(days),
            (_, Err(_)) => {
                wrong("days", "Enter a number of days, such as 7, or nothing.".to_owned());
                None
            }
        };
        let abandon_after_minutes = match (self.abandon.trim(), self.abandon.trim().parse()) {
            ("", _) => None,
            (_, Ok(minutes)) => Some(minutes),
            (_, Err(_)) => {
                wrong("abandon", "Enter a number of minutes, such as 2880 for two days, or nothing.".to_owned());
                None
            }
        };
        let (to_approve, capture_at) = (Cover::parse(&self.to_approve), CaptureAt::parse(&self.capture_at));
        if to_approve.is_none() {
            wrong("to_approve", "Choose what must have happened before it is approved.".to_owned());
        }
        if capture_at.is_none() {
            wrong("capture_at", "Choose when it is captured.".to_owned());
        }
        if let Some(told) = filling::trouble(&self.instructions) {
            wrong("instructions", told);
        }
        let (Some(to_approve), Some(capture_at), true) = (to_approve, capture_at, problems.is_empty()) else {
            return Err(Refusal::fields("payment.method_fields", problems).into());
        };
        Ok(Method {
            key: key.to_owned(),
            label: self.label.clone(),
            is_offline: self.offline == "1",
            completes_unpaid: self.completes_unpaid == "1",
            to_approve,
            captured_before_ship: self.captured_before_ship == "1",
            capture_at,
            ceiling_minor,
            ceiling_currency: ceiling_minor.map(|_| currency),
            authorization_days,
            never_abandons: self.never_abandons == "1",
            abandon_after_minutes,
            active: self.active == "1",
            instructions: self.instructions.replace("\r\n", "\n").trim().to_owned(),
            ..Method::default()
        })
    }
}

/// A posted name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AddForm {
    label: String,
    form_token: String,
}

#[derive(Template)]
#[template(path = "settings/payments.html")]
struct MethodsPage {
    shell: Shell,
    rows: Vec<MethodRow>,
    open: Option<(String, MethodForm)>,
    added: String,
    currency: String,
    refusal: Option<Refusal>,
}

impl MethodsPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn covers(&self, chosen: &str) -> Vec<(&'static str, &'static str, bool)> {
        let words = |cover: &Cover| match cover {
            Cover::Nothing => "Nothing",
            Cover::Promised => "Authorised or paid in full",
            Cover::Received => "Paid in full",
        };
        Cover::ALL.iter().map(|cover| (cover.as_str(), words(cover), cover.as_str() == chosen)).collect()
    }
    /// How words are put into what customers are told.
    fn slots(&self) -> String {
        filling::in_braces(&["order number".to_owned(), "amount due".to_owned()])
    }
    fn captures(&self, chosen: &str) -> Vec<(&'static str, &'static str, bool)> {
        CaptureAt::ALL.iter().map(|at| (at.as_str(), at.label(), at.as_str() == chosen)).collect()
    }
}

/// What is shown besides the list.
#[derive(Default)]
struct Sent {
    key: Option<String>,
    form: Option<MethodForm>,
    added: String,
    refusal: Option<Refusal>,
}

async fn page(desk: &Desk, person: Person, sent: Sent) -> Result<MethodsPage, web::Problem> {
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let methods = super::methods(conn)?;
            let open = match &sent.key {
                Some(key) => {
                    let method = methods.0.iter().find(|method| method.key == *key);
                    let method = method.ok_or_else(|| Error::Missing(format!("way of paying {key}")))?;
                    Some((method.key.clone(), sent.form.unwrap_or_else(|| MethodForm::of(method))))
                }
                None => None,
            };
            let row = |method: &Method| MethodRow {
                key: method.key.clone(),
                label: method.label.clone(),
                about: sentence(method).split_once(", ").map_or(String::new(), |(_, about)| about.to_owned()),
                active: method.active,
                is_open: sent.key.as_deref() == Some(method.key.as_str()),
            };
            Ok(MethodsPage {
                rows: methods.0.iter().map(row).collect(),
                open,
                added: sent.added,
                currency: shell.shop.currency.clone(),
                refusal: sent.refusal,
                shell,
            })
        })
        .await?;
    Ok(page)
}

/// `GET /settings/payments`
pub async fn index(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    web::page(&page(&desk, staff.person(), Sent::default()).await?)
}

/// `POST /settings/payments`
pub async fn add(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<AddForm>) -> Answer {
    let (actor, credential, form) = (staff.actor(), staff.person().credential(), form.0);
    let (label, token) = (form.label.clone(), form.form_token);
    let outcome = desk
        .db
        .write(move |tx| {
            web::once(tx, &credential, &token, |tx| {
                Ok(format!("/settings/payments/{}", super::add_method(tx, &actor, &label)?))
            })
        })
        .await;
    match outcome {
        Ok(done) => {
            staff.toast("Added. Say what it asks for.");
            Ok(see_other(&done.location))
        }
        Err(error) => {
            let refusal = invalid(error)?;
            let sent = Sent { added: form.label, refusal: Some(refusal), ..Sent::default() };
            web::page_as(StatusCode::BAD_REQUEST, &page(&desk, staff.person(), sent).await?)
        }
    }
}

fn invalid(error: Error) -> Result<Refusal, web::Problem> {
    match error.refusal() {
        Some(refusal) if refusal.kind == RefusalKind::Invalid => Ok(refusal.clone()),
        _ => Err(error.into()),
    }
}

/// `GET /settings/payments/{key}`
pub async fn show(desk: Data<Desk>, path: Path<String>, staff: Staff<ManageSettings>) -> Answer {
    let sent = Sent { key: Some(path.into_inner()), ..Sent::default() };
    web::page(&page(&desk, staff.person(), sent).await?)
}

/// `POST /settings/payments/{key}`
pub async fn save(
    desk: Data<Desk>,
    path: Path<String>,
    staff: Staff<ManageSettings>,
    form: Form<MethodForm>,
) -> Answer {
    let (actor, key, form) = (staff.actor(), path.into_inner(), form.0);
    let (changed, sent) = (key.clone(), form.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let currency = Currency::parse(&web::shop(tx.conn)?.currency).unwrap_or(Currency::EUR);
            super::change_method(tx, &actor, &sent.method(&changed, currency)?)
        })
        .await;
    match outcome {
        Ok(()) => {
            staff.toast("Saved. Orders follow it from their next move.");
            Ok(see_other("/settings/payments"))
        }
        Err(error) => {
            let refusal = invalid(error)?;
            let sent = Sent { key: Some(key), form: Some(form), refusal: Some(refusal), ..Sent::default() };
            web::page_as(StatusCode::BAD_REQUEST, &page(&desk, staff.person(), sent).await?)
        }
    }
}
