//! `/whatsapp/senders`: who wrote by WhatsApp and has no order.

use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::Sender;
use crate::conversation::Direction;
use crate::error::{Error, Refusal};
use crate::staff::permission::{ViewContact, WriteNotes};
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Problem, Section, Shell, see_other};

const PAGE: &str = "/whatsapp/senders";

#[derive(Template)]
#[template(path = "whatsapp/senders.html")]
struct SendersPage {
    shell: Shell,
    senders: Vec<Sender>,
    may_write: bool,
    refusal: Option<Refusal>,
    /// Whose form was refused.
    refused: String,
}

async fn load(desk: &Desk, person: Person, refused: Option<(String, Refusal)>) -> Result<SendersPage, Problem> {
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Attention)?;
            let (refused, refusal) = refused.unzip();
            let may_write = person.may(Permission::WriteNotes);
            let senders = super::senders(conn)?;
            Ok(SendersPage { shell, senders, may_write, refusal, refused: refused.unwrap_or_default() })
        })
        .await?;
    Ok(page)
}

/// Who has no order belongs to no market, so only those read it who see all of them.
fn of_every_market(person: &Person) -> Result<(), Error> {
    if person.reach.is_everywhere() { Ok(()) } else { Err(Error::Missing("page at this address".to_owned())) }
}

/// `GET /whatsapp/senders`
pub async fn index(desk: Data<Desk>, staff: Staff<ViewContact>) -> Answer {
    of_every_market(&staff)?;
    web::page(&load(&desk, staff.person(), None).await?)
}

/// What is to become of what somebody wrote.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SenderForm {
    sender: String,
    order: String,
    /// `attach` or `dismiss`.
    #[serde(rename = "do")]
    wanted: String,
}

/// `POST /whatsapp/senders`: brings it to an order, or puts it aside.
pub async fn settle(desk: Data<Desk>, staff: Staff<WriteNotes>, form: Form<SenderForm>) -> Answer {
    let form = form.0;
    of_every_market(&staff)?;
    if !staff.may(Permission::ViewContact) {
        return Err(Error::Missing("page at this address".to_owned()).into());
    }
    if form.wanted == "dismiss" {
        let sender = form.sender.clone();
        desk.db.write(move |tx| super::dismiss(tx, &sender)).await?;
        staff.toast("Put aside. It comes back if they write again.");
        return Ok(see_other(PAGE));
    }
    let digits: String = form.order.chars().filter(char::is_ascii_digit).collect();
    let (sender, number) = (form.sender.clone(), digits.parse::<i64>().unwrap_or(0));
    let told = "Enter the number of an order of this shop.";
    let attached = desk.db.write(move |tx| super::attach(tx, &sender, number)).await;
    match attached {
        Ok(()) => {
            staff.toast(format!("The messages stand with #{number} now."));
            Ok(see_other(&format!("/orders/{number}")))
        }
        Err(Error::Missing(_)) => {
            let refusal = Refusal::field("whatsapp.order", "order", told);
            let page = load(&desk, staff.person(), Some((form.sender, refusal))).await?;
            web::page_as(actix_web::http::StatusCode::BAD_REQUEST, &page)
        }
        Err(error) => Err(error.into()),
    }
}
