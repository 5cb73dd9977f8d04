//! Recording a payment that happened elsewhere.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::NewPayment;
use super::method::Methods;
use crate::db::Conn;
use crate::error::{Refusal, RefusalKind, Result};
use crate::money::Money;
use crate::moves::{self, pages as moving};
use crate::order::pages_show::{Alert, Wish, again};
use crate::order::pages_way::{self as way, number_of, way_back, went};
use crate::order::{self, PaymentKind};
use crate::staff::Staff;
use crate::staff::permission::RecordPayments;
use crate::web::{self, Answer, Desk, Form, Query, wants_fragment};

/// What the form of a payment shows: the same on its page, in its dialog, and after something was
/// wrong.
#[derive(Clone, Debug)]
pub struct PayForm {
    /// Its order.
    pub number: i64,
    /// Version of the order the form was made from.
    pub version: i64,
    /// Makes a double click harmless.
    pub token: String,
    /// Where to go afterwards.
    pub back: String,
    /// What was typed.
    pub typed: Typed,
    /// Three letters of the currency.
    pub currency: String,
    /// The ways of paying.
    pub ways: Methods,
    /// What is still due, in words.
    pub due: String,
    /// Told above the form.
    pub refusal: Option<Refusal>,
    /// Whether it stands in a dialog and stays there until it is taken.
    pub in_dialog: bool,
}

impl PayForm {
    /// The ways of paying: key, words, whether it is chosen.
    pub fn methods(&self) -> Vec<(String, String, bool)> {
        self.ways.choices(&self.typed.method)
    }
    /// What is wrong with a field, or nothing.
    pub fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

/// What was typed into the form.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub kind: String,
    pub amount: String,
    pub method: String,
    pub reference: String,
    pub note: String,
    pub expires: String,
}

/// A posted payment.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentForm {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    method: String,
    #[serde(default)]
    reference: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    back: String,
}

impl PaymentForm {
    fn typed(&self) -> Typed {
        Typed {
            kind: self.kind.clone(),
            amount: self.amount.clone(),
            method: self.method.clone(),
            reference: self.reference.clone(),
            note: self.note.clone(),
            expires: self.expires.clone(),
        }
    }
    fn wanted(&self, order: &order::Order, zone: chrono_tz::Tz) -> Result<NewPayment> {
        let kind = match self.kind.as_str() {
            "authorization" => PaymentKind::Authorization,
            "capture" => PaymentKind::Capture,
            _ => {
                return Err(
                    Refusal::field("payment.kind", "kind", "Say whether it was paid or only authorised.").into()
                );
            }
        };
        let amount = Money::parse(&self.amount, order.currency).filter(|money| money.minor > 0);
        let Some(amount) = amount else {
            let example = order.money(if order.amount_due() > 0 { order.amount_due() } else { 2_400 }).decimal();
            let told = format!("Enter an amount above zero in {}, such as {example}.", order.currency);
            return Err(Refusal::field("payment.amount", "amount", told).into());
        };
        let expires_at = match self.expires.trim() {
            "" => None,
            day => Some(
                moving::local_time(&format!("{day} 23:59"), zone)
                    .ok_or_else(|| Refusal::field("payment.expires", "expires", "Enter a day, such as 2026-11-28."))?,
            ),
        };
        Ok(NewPayment {
            kind,
            amount_minor: amount.minor,
            method: self.method.trim().to_owned(),
            reference: self.reference.trim().to_owned(),
            note: self.note.trim().to_owned(),
            expires_at: expires_at.filter(|_| kind == PaymentKind::Authorization),
        })
    }
}

#[derive(Template)]
#[template(path = "orders/pay.html")]
struct PayDialog {
    pay: PayForm,
}

/// What the address of the form may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewQuery {
    #[serde(default)]
    from: String,
}

fn form(conn: &mut Conn, number: i64, typed: Option<Typed>, back: &str) -> Result<PayForm> {
    let order = order::find(conn, number)?;
    let due = order.money(order.amount_due());
    let ways = super::methods(conn)?;
    let typed = typed.unwrap_or_else(|| Typed {
        kind: "capture".to_owned(),
        amount: if due.minor > 0 { due.decimal() } else { String::new() },
        method: first_way(&order, &ways),
        ..Typed::default()
    });
    Ok(PayForm {
        number,
        version: order.version,
        token: crate::ids::new_uid(),
        back: back.to_owned(),
        typed,
        ways,
        currency: order.currency.code().to_owned(),
        due: due.to_string(),
        refusal: None,
        in_dialog: false,
    })
}

/// The key that a form proposes: the order's own, or the first that is offered.
pub(super) fn first_way(order: &order::Order, ways: &Methods) -> String {
    match ways.0.iter().find(|way| way.active) {
        Some(first) if order.payment_method.is_empty() => first.key.clone(),
        _ => ways.of(&order.payment_method).key,
    }
}

/// `GET /orders/{number}/payments/new`
pub async fn new(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RecordPayments>,
    query: Query<NewQuery>,
) -> Answer {
    let number = number_of(&path)?;
    let back = way::address(number, way::Tab::Chat, &query.from);
    let way = back.clone();
    let pay = desk.db.read(move |conn| form(conn, number, None, &way)).await?;
    if wants_fragment(&request) {
        return web::page(&PayDialog { pay: PayForm { in_dialog: true, ..pay } });
    }
    again(&desk, staff.person(), number, &back, StatusCode::OK, Wish { pay: Some(pay), ..Wish::default() }).await
}

/// `POST /orders/{number}/payments`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RecordPayments>,
    posted: Form<PaymentForm>,
) -> Answer {
    let (number, person, posted) = (number_of(&path)?, staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, credential, sent, place) = (person.actor(), person.credential(), posted.clone(), back.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let version = moving::version_of(&sent.version)?;
            let wanted = sent.wanted(&order::find(tx.conn, number)?, web::shop(tx.conn)?.zone)?;
            web::once(tx, &credential, &sent.form_token, |tx| {
                moves::record_payment(tx, &actor, number, Some(version), &wanted)?;
                Ok(place)
            })
        })
        .await;
    let error = match outcome {
        Ok(done) => {
            staff.toast(format!("Recorded for #{number}."));
            return Ok(went(&request, &done.location));
        }
        Err(error) => error,
    };
    let (refusal, status) = web::shown_again(error)?;
    let (typed, way) = (posted.typed(), back.clone());
    let mut pay = desk.db.read(move |conn| form(conn, number, Some(typed), &way)).await?;
    pay.refusal = Some(refusal.clone());
    if wants_fragment(&request) {
        return web::page_as(status, &PayDialog { pay: PayForm { in_dialog: true, ..pay } });
    }
    let alert = (refusal.kind != RefusalKind::Invalid).then_some(Alert { tone: "bad", words: refusal.message });
    if alert.is_some() {
        pay.refusal = None;
    }
    again(&desk, person, number, &back, status, Wish { alert, pay: Some(pay), ..Wish::default() }).await
}
