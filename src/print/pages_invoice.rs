//! An invoice or credit note on paper, always as it was issued.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::Paper;
use super::document::{Bar, Brand, Document, InvoicePaper, Papers};
use super::settings::PrintSettings;
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::invoice::{self, DocumentKind};
use crate::market::Markets;
use crate::order;
use crate::staff::permission::ViewMoney;
use crate::staff::{Person, Staff};
use crate::web::{Answer, Desk, Query};

/// What the address may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceQuery {
    #[serde(default)]
    paper: Option<String>,
    /// Whether the browser prints at once.
    #[serde(default)]
    print: Option<String>,
}

/// `GET /invoices/{uid}`
pub async fn show(desk: Data<Desk>, path: Path<String>, staff: Staff<ViewMoney>, query: Query<InvoiceQuery>) -> Answer {
    let (uid, person, query) = (path.into_inner(), staff.person(), query.0);
    let html = desk.db.read(move |conn| document(conn, &person, &uid, &query)?.render().map_err(Error::broken)).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html))
}

fn document(conn: &mut Conn, person: &Person, uid: &str, query: &InvoiceQuery) -> Result<Document> {
    let issued = invoice::find(conn, uid)?;
    let number = order::find_by_id(conn, issued.order_id)?.number;
    let usual = Paper::usual_in(&Markets::load(conn)?.home()?.country);
    let last = Paper::parse(&person.preferences.paper).filter(|paper| Paper::SHEETS.contains(paper));
    let paper = match query.paper.as_deref() {
        None => last.unwrap_or(usual),
        Some(word) => Paper::parse(word).filter(|paper| Paper::SHEETS.contains(paper)).ok_or_else(|| {
            let words: Vec<&str> = Paper::SHEETS.iter().map(|paper| paper.as_str()).collect();
            let told = format!("Choose one of these papers: {}.", words.join(", "));
            Refusal::field("print.paper_unknown", "paper", told)
        })?,
    };
    let title = match issued.kind {
        DocumentKind::Invoice => "Invoice",
        DocumentKind::CreditNote => "Credit note",
    };
    let heading = format!("{title} {}", issued.name());
    Ok(Document {
        title: heading.clone(),
        paper,
        brand: Brand::default(),
        settings: PrintSettings::default(),
        papers: Papers::Invoice(Box::new(InvoicePaper { title, name: issued.name(), said: issued.content()? })),
        printed: String::new(),
        cover: false,
        bar: Bar {
            back: format!("/orders/{number}#invoices"),
            back_label: format!("Order {number}"),
            heading,
            action: format!("/invoices/{uid}"),
            template: "invoice",
            parcel: String::new(),
            recorded: query.print.is_some(),
            ..Bar::default()
        },
    })
}
