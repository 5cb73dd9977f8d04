//! Issuing invoices and credit notes from an order's page, and what the shop puts on them.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::{
    DocumentKind, Invoice, InvoiceSettings, change_settings, credit, find_within, issue, of_order, settings, standing,
};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::money::Money;
use crate::order::Order;
use crate::order::pages_way::number_of;
use crate::staff::permission::{IssueInvoices, ManageSettings};
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

/// The documents of an order on its page.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its documents, newest first.
    pub rows: Vec<CardRow>,
    /// Whether an invoice may be issued now.
    pub may_issue: bool,
    /// Where that is posted.
    pub action: String,
}

/// A document in the card.
#[derive(Clone, Debug)]
pub struct CardRow {
    /// What it is called.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Where it is looked at.
    pub href: String,
    /// When it was issued.
    pub at: crate::time::UtcTime,
    /// Its total.
    pub total: String,
    /// Where it is taken back; empty where it cannot be.
    pub credit: String,
}

impl Card {
    /// For an order, as far as this person may see money; none where there is nothing to show or do.
    pub fn of(conn: &mut Conn, person: &Person, order: &Order) -> Result<Option<Self>> {
        if !person.may(Permission::ViewMoney) {
            return Ok(None);
        }
        let documents = of_order(conn, order.id)?;
        let may = person.may(Permission::IssueInvoices);
        let stands = |one: &Invoice| one.kind == DocumentKind::Invoice && standing(&documents, one) > 0;
        let may_issue = may && order.due_in_all() > 0 && !documents.iter().any(stands);
        let row = |one: &Invoice| CardRow {
            name: one.name(),
            kind: match one.kind {
                DocumentKind::Invoice => "Invoice",
                DocumentKind::CreditNote => "Credit note",
            },
            href: format!("/invoices/{}", one.uid),
            at: one.issued_at,
            total: order.money(one.total_minor).to_string(),
            credit: if may && stands(one) { format!("/invoices/{}/credit", one.uid) } else { String::new() },
        };
        let card = Card {
            rows: documents.iter().rev().map(row).collect(),
            may_issue,
            action: format!("/orders/{}/invoices", order.number),
        };
        Ok((may_issue || !card.rows.is_empty()).then_some(card))
    }
}

/// What the button posts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssueForm {
    #[serde(default)]
    form_token: String,
}

/// `POST /orders/{number}/invoices`
pub async fn create(
    desk: Data<Desk>,
    path: Path<String>,
    staff: Staff<IssueInvoices>,
    form: Form<IssueForm>,
) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let outcome = desk
        .db
        .write(move |tx| {
            web::once(tx, &person.credential(), &form.form_token, |tx| {
                Ok(format!("/invoices/{}", issue(tx, &person.actor(), number)?.uid))
            })
        })
        .await?;
    Ok(see_other(&outcome.location))
}

#[derive(Template)]
#[template(path = "invoices/credit.html")]
struct CreditPage {
    shell: Shell,
    uid: String,
    name: String,
    order: i64,
    left: String,
    currency: String,
    amount: String,
    reason: String,
    token: String,
    refusal: Option<Refusal>,
}

impl CreditPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

/// A posted credit note.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CreditForm {
    amount: String,
    reason: String,
    form_token: String,
}

fn credit_page(
    conn: &mut Conn,
    person: &Person,
    uid: &str,
    typed: Option<(CreditForm, Refusal)>,
) -> Result<CreditPage> {
    let (invoice, order) = find_within(conn, &person.reach, uid)?;
    let left = Money::new(standing(&of_order(conn, order.id)?, &invoice), invoice.currency);
    let (form, refusal) = match typed {
        Some((form, refusal)) => (form, Some(refusal)),
        None => (CreditForm { amount: left.decimal(), ..CreditForm::default() }, None),
    };
    Ok(CreditPage {
        shell: Shell::load(conn, person, Section::Orders)?,
        uid: uid.to_owned(),
        name: invoice.name(),
        order: order.number,
        left: left.to_string(),
        currency: invoice.currency.code().to_owned(),
        amount: form.amount,
        reason: form.reason,
        token: crate::ids::new_uid(),
        refusal,
    })
}

/// `GET /invoices/{uid}/credit`
pub async fn ask_credit(desk: Data<Desk>, path: Path<String>, staff: Staff<IssueInvoices>) -> Answer {
    let (person, uid) = (staff.person(), path.into_inner());
    web::page(&desk.db.read(move |conn| credit_page(conn, &person, &uid, None)).await?)
}

/// `POST /invoices/{uid}/credit`
pub async fn take_back(
    desk: Data<Desk>,
    path: Path<String>,
    staff: Staff<IssueInvoices>,
    form: Form<CreditForm>,
) -> Answer {
    let (uid, person, form) = (path.into_inner(), staff.person(), form.0);
    let (of, by, sent) = (uid.clone(), person.clone(), form.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let currency = find_within(tx.conn, &by.reach, &of)?.0.currency;
            let amount = Money::parse(&sent.amount, currency).ok_or_else(|| {
                Refusal::field("invoice.amount", "amount", format!("Enter an amount in {currency}, such as 24.00."))
            })?;
            web::once(tx, &by.credential(), &sent.form_token, |tx| {
                Ok(format!("/invoices/{}", credit(tx, &by.actor(), &of, Some(amount.minor), &sent.reason)?.uid))
            })
        })
        .await;
    match outcome {
        Ok(done) => Ok(see_other(&done.location)),
        Err(error) => {
            let (refusal, status) = web::shown_again(error)?;
            let page = desk.db.read(move |conn| credit_page(conn, &person, &uid, Some((form, refusal)))).await?;
            web::page_as(status, &page)
        }
    }
}

/// The posted settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsForm {
    tax_id: String,
    series: String,
    credit_series: String,
    terms: String,
}

#[derive(Template)]
#[template(path = "settings/invoices.html")]
struct SettingsPage {
    shell: Shell,
    form: SettingsForm,
    refusal: Option<Refusal>,
}

impl SettingsPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

/// `GET /settings/invoices`
pub async fn show_settings(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let now = settings(conn)?;
            let form = SettingsForm {
                tax_id: now.tax_id,
                series: now.series,
                credit_series: now.credit_series,
                terms: now.terms,
            };
            Ok(SettingsPage { shell: Shell::load(conn, &person, Section::Settings)?, form, refusal: None })
        })
        .await?;
    web::page(&page)
}

/// `POST /settings/invoices`
pub async fn save_settings(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<SettingsForm>) -> Answer {
    let (person, form) = (staff.person(), form.0);
    let new = InvoiceSettings {
        tax_id: form.tax_id.trim().to_owned(),
        series: form.series.trim().to_owned(),
        credit_series: form.credit_series.trim().to_owned(),
        terms: form.terms.replace("\r\n", "\n").trim().to_owned(),
    };
    let actor = person.actor();
    let Err(error) = desk.db.write(move |tx| change_settings(tx, &actor, &new)).await else {
        staff.toast("Settings saved.");
        return Ok(see_other("/settings/invoices"));
    };
    let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            Ok(SettingsPage { shell, form, refusal: Some(refusal) })
        })
        .await?;
    web::page_as(StatusCode::BAD_REQUEST, &page)
}
