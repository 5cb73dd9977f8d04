//! `/settings/customer-page`: how long customers' pages stay open, what they may do there, how the shop is
//! reached.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::Policy;
use super::policy::NAME;
use crate::db::Tx;
use crate::error::{Refusal, Result};
use crate::event::{self, Event};
use crate::staff::permission::ManageSettings;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

/// The posted settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicyForm {
    days: String,
    cancelling: String,
    contact: String,
}

#[derive(Template)]
#[template(path = "settings/customer_page.html")]
struct PolicyPage {
    shell: Shell,
    form: PolicyForm,
    refusal: Option<Refusal>,
}

impl PolicyPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

async fn load(desk: &Desk, person: Person, sent: Option<(PolicyForm, Refusal)>) -> Result<PolicyPage> {
    desk.db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let (form, refusal) = match sent {
                Some((form, refusal)) => (form, Some(refusal)),
                None => (form_of(&super::policy(conn)?), None),
            };
            Ok(PolicyPage { shell, form, refusal })
        })
        .await
}

fn form_of(policy: &Policy) -> PolicyForm {
    PolicyForm {
        days: policy.days.to_string(),
        cancelling: policy.cancelling.as_str().to_owned(),
        contact: policy.contact.clone(),
    }
}

/// `GET /settings/customer-page`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    web::page(&load(&desk, staff.person(), None).await?)
}

/// `POST /settings/customer-page`
pub async fn save(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<PolicyForm>) -> Answer {
    let (form, person) = (form.0, staff.person());
    let typed = form.clone();
    let kept = desk.db.write(move |tx| keep(tx, &person, &typed)).await;
    match kept {
        Ok(()) => {
            staff.toast("Settings saved.");
            Ok(see_other("/settings/customer-page"))
        }
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => {
                let page = load(&desk, staff.person(), Some((form, refusal))).await?;
                web::page_as(StatusCode::BAD_REQUEST, &page)
            }
            None => Err(error.into()),
        },
    }
}

fn keep(tx: &mut Tx<'_>, person: &Person, typed: &PolicyForm) -> Result<()> {
    let wanted = Policy::typed(&typed.days, &typed.cancelling, &typed.contact)?;
    let (before, after) = (form_of(&super::policy(tx.conn)?), form_of(&wanted));
    web::set_setting(tx, NAME, &serde_json::to_string(&wanted)?)?;
    let pairs = [
        ("days of the customer’s page", before.days, after.days),
        ("how customers cancel", before.cancelling, after.cancelling),
        ("contact for customers", before.contact, after.contact),
    ];
    for (setting, before, after) in pairs.into_iter().filter(|(_, before, after)| before != after) {
        let changed = Event::SettingsChanged { setting: setting.to_owned(), before, after };
        event::record(tx, &person.actor(), None, &changed)?;
    }
    Ok(())
}
