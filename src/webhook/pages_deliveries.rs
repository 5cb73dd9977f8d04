//! The log of a webhook: a single delivery, sending it again, tests and replays.

use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::pages::{LIST, refused};
use super::{Attempt, Delivery, DeliveryState, Endpoint};
use crate::error::{Error, Refusal, Result};
use crate::staff::Staff;
use crate::staff::permission::ManageWebhooks;
use crate::time::{UtcTime, instant_of};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

#[derive(Template)]
#[template(path = "settings/webhook_delivery.html")]
struct DeliveryPage {
    shell: Shell,
    endpoint: Endpoint,
    delivery: Delivery,
    attempts: Vec<Attempt>,
    /// The body with a line for each field.
    body: String,
}

/// `GET /settings/webhooks/{uid}/deliveries/{delivery}`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageWebhooks>, path: Path<(String, String)>) -> Answer {
    let (uid, which) = path.into_inner();
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let endpoint = super::find(conn, &uid)?;
            let delivery = super::delivery(conn, &endpoint, &which)?;
            let attempts = super::attempts(conn, delivery.id)?;
            let body = serde_json::from_str::<serde_json::Value>(&delivery.body)?;
            Ok(DeliveryPage { shell, endpoint, attempts, body: format!("{body:#}"), delivery })
        })
        .await?;
    web::page(&page)
}

/// `POST /settings/webhooks/{uid}/deliveries/{delivery}/resend`
pub async fn resend(desk: Data<Desk>, staff: Staff<ManageWebhooks>, path: Path<(String, String)>) -> Answer {
    let (uid, which) = path.into_inner();
    let (endpoint, delivery) = (uid.clone(), which.clone());
    match desk.db.write(move |tx| super::resend(tx, &endpoint, &delivery)).await {
        Ok(()) => {
            staff.toast("It is sent again now, under the same identifier.");
            Ok(see_other(&format!("{LIST}/{uid}/deliveries/{which}")))
        }
        Err(error) => refused(&desk, staff.person(), uid, error).await,
    }
}

/// `POST /settings/webhooks/{uid}/test`
pub async fn test(desk: Data<Desk>, staff: Staff<ManageWebhooks>, uid: Path<String>) -> Answer {
    let uid = uid.into_inner();
    let which = uid.clone();
    match desk.db.write(move |tx| super::send_test(tx, &which)).await {
        Ok(delivery) => {
            staff.toast("The test is on its way. Load this page again to see the answer.");
            Ok(see_other(&format!("{LIST}/{uid}/deliveries/{delivery}")))
        }
        Err(error) => refused(&desk, staff.person(), uid, error).await,
    }
}

/// A posted stretch of time.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayForm {
    form_token: String,
    since: String,
    until: String,
}

/// `POST /settings/webhooks/{uid}/replays`
pub async fn replay(
    desk: Data<Desk>,
    staff: Staff<ManageWebhooks>,
    uid: Path<String>,
    form: Form<ReplayForm>,
) -> Answer {
    let (form, uid, by) = (form.0, uid.into_inner(), staff.person());
    let which = uid.clone();
    let asked = desk
        .db
        .write(move |tx| {
            let zone = web::shop(tx.conn)?.zone;
            let since = instant("since", &form.since, zone)?;
            let until = Some(form.until.trim()).filter(|text| !text.is_empty());
            let until = until.map(|text| instant("until", text, zone)).transpose()?;
            web::once(tx, &by.credential(), &form.form_token, |tx| {
                super::replay(tx, &by.actor(), &which, since, until)?;
                Ok(format!("{LIST}/{which}"))
            })
        })
        .await;
    match asked {
        Ok(outcome) => {
            staff.toast("It is told again now. Each message has the identifier that it had.");
            Ok(see_other(&outcome.location))
        }
        Err(error) => refused(&desk, staff.person(), uid, error).await,
    }
}

/// What a browser's field of day and time holds, on the shop's clock.
fn instant(field: &str, text: &str, zone: chrono_tz::Tz) -> Result<UtcTime> {
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let local = formats.iter().find_map(|format| chrono::NaiveDateTime::parse_from_str(text.trim(), format).ok());
    local.map(|local| instant_of(local, zone)).ok_or_else(|| {
        let message = "Enter a day and a time, such as 2026-11-22 14:30.";
        Error::from(Refusal::field("webhook.replay", field, message))
    })
}
