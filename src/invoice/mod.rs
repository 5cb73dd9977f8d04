//! Invoices and credit notes. One that was issued is never changed: a mistake is taken back by a credit
//! note and written anew. Numbers have no gap within a series, for they are drawn in the write that
//! issues. What is owed is the order's affair; a document only says what was.

pub mod content;
pub mod pages;
mod store;

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::OrderId;
use crate::market::{Market, Markets};
use crate::money::Currency;
use crate::order::{self, Order};
use crate::payment;
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::web;
use content::{Content, Paid, Parties, Party};

crate::text_enum! {
    /// What a document is.
    pub enum DocumentKind {
        /// It says what is to be paid for.
        Invoice = "invoice",
        /// It takes an invoice back, in whole or in part.
        CreditNote = "credit_note",
    }
}

/// A document as it was issued.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Invoice {
    /// Key.
    pub id: i64,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// What it is.
    pub kind: DocumentKind,
    /// What stands before the number: `INV-2026-`.
    pub series: String,
    /// Number within the series, from 1 and without a gap.
    pub number: i64,
    /// The invoice that a credit note takes back.
    pub credits_id: Option<i64>,
    /// Currency of every amount.
    pub currency: Currency,
    /// Its total in minor units, with tax; what a credit note takes back.
    pub total_minor: i64,
    /// What it says, as JSON of [`Content`].
    pub content: String,
    /// When it was issued.
    pub issued_at: UtcTime,
    /// Who issued it.
    pub issued_by: String,
}

impl Invoice {
    /// What it is called: `INV-2026-0001`.
    pub fn name(&self) -> String {
        format!("{}{:04}", self.series, self.number)
    }
    /// What it says.
    ///
    /// # Errors
    /// Broken if the stored text was tampered with.
    pub fn content(&self) -> Result<Content> {
        Ok(serde_json::from_str(&self.content)?)
    }
}

/// Name of the setting that holds [`InvoiceSettings`].
const SETTING: &str = "invoices";

/// What the shop puts on its invoices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InvoiceSettings {
    /// The shop's number with the tax office.
    pub tax_id: String,
    /// What stands before an invoice's number; `{year}` becomes the year it is issued in.
    pub series: String,
    /// The same for credit notes.
    pub credit_series: String,
    /// Terms and company facts for the foot.
    pub terms: String,
}

impl Default for InvoiceSettings {
    fn default() -> Self {
        InvoiceSettings {
            tax_id: String::new(),
            series: "INV-{year}-".to_owned(),
            credit_series: "CN-{year}-".to_owned(),
            terms: String::new(),
        }
    }
}

/// What the shop puts on its invoices.
pub fn settings(conn: &mut Conn) -> Result<InvoiceSettings> {
    let stored = web::setting(conn, SETTING)?;
    Ok(stored.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
}

/// Changes what the shop puts on its invoices from now on.
///
/// # Errors
/// Refuses texts that are too long, and two series with one name, whose numbers would mix.
pub fn change_settings(tx: &mut Tx<'_>, actor: &Actor, new: &InvoiceSettings) -> Result<()> {
    for (field, text, most) in [
        ("tax_id", &new.tax_id, 100),
        ("series", &new.series, 30),
        ("credit_series", &new.credit_series, 30),
        ("terms", &new.terms, 2_000),
    ] {
        if text.chars().count() > most {
            let told = format!("This takes {most} characters at the most.");
            return Err(Refusal::field("invoice.too_long", field, told).into());
        }
    }
    for (field, text) in [("series", &new.series), ("credit_series", &new.credit_series)] {
        if text.trim().is_empty() {
            return Err(Refusal::field("invoice.series", field, "A series needs a name, such as INV-{year}-.").into());
        }
    }
    if new.series.trim() == new.credit_series.trim() {
        let told = "Invoices and credit notes need series of their own, so that neither has a gap.";
        return Err(Refusal::field("invoice.series", "credit_series", told).into());
    }
    let markets = Markets::load(tx.conn)?.markets;
    let taken = |text: &str, of: fn(&Market) -> &str| markets.iter().any(|market| of(market) == text);
    if taken(new.series.trim(), |market| &market.credit_series) {
        let told = "The credit notes of a market count in this series. Invoices need one of their own.";
        return Err(Refusal::field("invoice.series", "series", told).into());
    }
    if taken(new.credit_series.trim(), |market| &market.invoice_series) {
        let told = "The invoices of a market count in this series. Credit notes need one of their own.";
        return Err(Refusal::field("invoice.series", "credit_series", told).into());
    }
    let before = settings(tx.conn)?;
    if before == *new {
        return Ok(());
    }
    web::set_setting(tx, SETTING, &serde_json::to_string(new)?)?;
    for (setting, before, after) in [
        ("tax number", &before.tax_id, &new.tax_id),
        ("invoice series", &before.series, &new.series),
        ("credit note series", &before.credit_series, &new.credit_series),
        ("invoice terms", &before.terms, &new.terms),
    ] {
        if before != after {
            let changed =
                Event::SettingsChanged { setting: setting.to_owned(), before: before.clone(), after: after.clone() };
            event::record(tx, actor, None, &changed)?;
        }
    }
    Ok(())
}

/// Documents of an order, oldest first.
pub fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Invoice>> {
    store::of_order(conn, order)
}

/// The document with that identifier.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, uid: &str) -> Result<Invoice> {
    store::by_uid(conn, uid)?.ok_or_else(|| Error::Missing("invoice".into()))
}

/// The document with that identifier and its order, if the order is within a reach.
///
/// # Errors
/// Missing if it is not, or there is none.
pub fn find_within(conn: &mut Conn, reach: &Reach, uid: &str) -> Result<(Invoice, Order)> {
    let invoice = find(conn, uid)?;
    let order = order::find_by_id(conn, invoice.order_id)?;
    if reach.sees(order.market_id) { Ok((invoice, order)) } else { Err(Error::Missing("invoice".into())) }
}

/// What of an invoice is not taken back yet, in minor units. Pure.
pub fn standing(documents: &[Invoice], invoice: &Invoice) -> i64 {
    let credited: i64 =
        documents.iter().filter(|known| known.credits_id == Some(invoice.id)).map(|known| known.total_minor).sum();
    invoice.total_minor - credited
}

/// Issues the invoice of an order as it stands.
///
/// # Errors
/// Refuses an order that was stopped or never confirmed, and a second invoice while one stands.
pub fn issue(tx: &mut Tx<'_>, actor: &Actor, number: i64) -> Result<Invoice> {
    let order = order::find_for_change(tx, number, None)?;
    let known = of_order(tx.conn, order.id)?;
    let stands = known.iter().find(|one| one.kind == DocumentKind::Invoice && standing(&known, one) > 0);
    if let Some(stands) = stands {
        let told = format!(
            "{} has the invoice {}. Credit it first if it is wrong, then issue a new one.",
            order.shown_number(),
            stands.name()
        );
        return Err(Refusal::state("invoice.stands", told).into());
    }
    if order.due_in_all() == 0 {
        let told = format!("Nothing is owed for {}, so there is nothing to invoice.", order.shown_number());
        return Err(Refusal::state("invoice.nothing", told).into());
    }
    let wishes = settings(tx.conn)?;
    let lines = order::lines(tx.conn, order.id)?;
    let charges = order::charges(tx.conn, order.id)?;
    let parties = parties(tx.conn, &order, &wishes)?;
    let paid_by = paid_by(tx.conn, &order)?;
    let content = content::of_order(&order, &lines, &charges, paid_by, parties);
    write(tx, actor, &order, DocumentKind::Invoice, None, content)
}

/// What was received and kept, by the way it was paid. A gift card is one: it lowers neither price nor tax.
fn paid_by(conn: &mut Conn, order: &Order) -> Result<Vec<Paid>> {
    let (ledger, methods) = (payment::ledger(conn, order.id)?, payment::methods(conn)?);
    let paid = payment::kept_by_way(&ledger).into_iter().map(|way| {
        let label = methods.label(&way.method);
        let label = if way.card.is_empty() { label } else { format!("{label} {}", way.card) };
        Paid { label, amount_minor: way.amount_minor }
    });
    Ok(paid.collect())
}

/// Takes an invoice back: all that stands of it, or an amount in minor units with tax.
///
/// # Errors
/// Refuses more than what stands, an amount of zero or below, and a reason that is empty or too long.
pub fn credit(tx: &mut Tx<'_>, actor: &Actor, uid: &str, amount: Option<i64>, reason: &str) -> Result<Invoice> {
    let invoice = find(tx.conn, uid)?;
    let order = order::lock(tx, invoice.order_id)?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 500 {
        let told = "Say in up to 500 characters why the invoice is taken back.";
        return Err(Refusal::field("invoice.reason", "reason", told).into());
    }
    if invoice.kind != DocumentKind::Invoice {
        return Err(
            Refusal::state("invoice.not_one", "A credit note cannot be taken back. Issue a new invoice.").into()
        );
    }
    let left = standing(&of_order(tx.conn, order.id)?, &invoice);
    let amount = amount.unwrap_or(left);
    if left == 0 || amount <= 0 || amount > left {
        let told = match left {
            0 => format!("{} was taken back in full already.", invoice.name()),
            _ => format!("Enter an amount above zero and up to {}, which still stands.", order.money(left)),
        };
        return Err(Refusal::field("invoice.amount", "amount", told).into());
    }
    let said = invoice.content()?;
    let content = content::credit(&said, &invoice.name(), amount, reason);
    write(tx, actor, &order, DocumentKind::CreditNote, Some(invoice.id), content)
}

/// The series in which a document of a market counts, at an instant: its own, or else the shop's.
fn series_of(conn: &mut Conn, market: Option<&Market>, kind: DocumentKind, now: UtcTime) -> Result<String> {
    let shop = settings(conn)?;
    let (own, shops) = match kind {
        DocumentKind::Invoice => (market.map(|market| market.invoice_series.as_str()), &shop.series),
        DocumentKind::CreditNote => (market.map(|market| market.credit_series.as_str()), &shop.credit_series),
    };
    let series = own.filter(|own| !own.is_empty()).unwrap_or(shops);
    let year = now.local_day(Markets::load(conn)?.zone()).year();
    Ok(series.trim().replace("{year}", &year.to_string()))
}

/// What the next document of a market would be called now.
///
/// # Errors
/// When the database cannot be read.
pub fn next_name(conn: &mut Conn, market: Option<&Market>, kind: DocumentKind) -> Result<String> {
    let series = series_of(conn, market, kind, UtcTime::now())?;
    Ok(format!("{series}{:04}", store::last_number(conn, &series)? + 1))
}

fn parties(conn: &mut Conn, order: &Order, wishes: &InvoiceSettings) -> Result<Parties> {
    let shop = web::shop(conn)?;
    let address = web::setting(conn, "shop_address")?.unwrap_or_default();
    let markets = Markets::load(conn)?;
    let market = match markets.market(order.market_id) {
        Some(market) => market,
        None => markets.home()?,
    };
    let whom = order.bill_to().filter(|bill| !bill.is_empty()).or_else(|| order.ship_to());
    let mut buyer = whom.map(|address| address.lines(&market.country)).unwrap_or_default();
    if buyer.is_empty() && !order.customer_name.is_empty() {
        buyer.push(order.customer_name.clone());
    }
    Ok(Parties {
        seller: Party {
            name: shop.name,
            lines: address.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect(),
            tax_id: wishes.tax_id.clone(),
        },
        buyer: Party { name: String::new(), lines: buyer, tax_id: String::new() },
        order_name: format!("{}{}", market.order_prefix, order.number),
        supplied_on: order.placed_at.local_day(market.zone()).to_string(),
        terms: wishes.terms.clone(),
    })
}

fn write(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    kind: DocumentKind,
    credits: Option<i64>,
    mut content: Content,
) -> Result<Invoice> {
    let markets = Markets::load(tx.conn)?;
    let series = series_of(tx.conn, markets.market(order.market_id), kind, tx.now)?;
    content.issued_on = tx.now.local_day(markets.zone()).to_string();
    let number = store::next_number(tx, &series)?;
    let issued = store::insert(tx, order, &store::New { kind, series, number, credits, content: &content, by: actor })?;
    let event = Event::InvoiceIssued {
        document: issued.uid.clone(),
        entry: kind.as_str().into(),
        name: issued.name(),
        amount: order.money(issued.total_minor).into(),
    };
    event::record(tx, actor, Some(order.id), &event)?;
    Ok(issued)
}
