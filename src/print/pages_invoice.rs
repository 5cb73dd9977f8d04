//! An invoice or credit note on paper, always as it was issued.

use actix_web::web::{Data, Path};
use askama::Template;

use super::document::{Bar, Brand, Document, InvoicePaper, Papers};
use super::pages::{SheetQuery, on_paper};
use super::settings::PrintSettings;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::invoice::{self, DocumentKind};
use crate::market::Markets;
use crate::staff::permission::ViewMoney;
use crate::staff::{Person, Staff};
use crate::web::{Answer, Desk, Query};

/// `GET /invoices/{uid}`
pub async fn show(desk: Data<Desk>, path: Path<String>, staff: Staff<ViewMoney>, query: Query<SheetQuery>) -> Answer {
    let (uid, person, query) = (path.into_inner(), staff.person(), query.0);
    let html = desk.db.read(move |conn| document(conn, &person, &uid, &query)?.render().map_err(Error::broken)).await?;
    Ok(on_paper(html))
}

fn document(conn: &mut Conn, person: &Person, uid: &str, query: &SheetQuery) -> Result<Document> {
    let (issued, order) = invoice::find_within(conn, &person.reach, uid)?;
    let number = order.number;
    let paper = query.paper(person, &Markets::load(conn)?.home()?.country)?;
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
