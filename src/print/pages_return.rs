//! The return slip: goes into the box with what a customer sends back, so that the shop knows whose it is.

use actix_web::web::{Data, Path};
use askama::Template;

use super::codes::{self, Code};
use super::document::{Bar, Brand, Document, Papers};
use super::pages::{SheetQuery, on_paper};
use super::settings::{self, PrintSettings};
use super::slip;
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::market::Markets;
use crate::order;
use crate::returns;
use crate::staff::permission::Print;
use crate::staff::{Person, Staff};
use crate::time::{UtcTime, long_day};
use crate::web::{self, Answer, Desk, Query};

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// A return on paper.
#[derive(Clone, Debug)]
pub struct ReturnPaper {
    /// What it is called: `10468-R1`.
    pub name: String,
    /// The bar code of the order, which finds it in the search box.
    pub bar: Option<Code>,
    /// Number of the order.
    pub number: i64,
    /// The order with what stands before its number.
    pub order: String,
    /// Who sends it.
    pub sender: Vec<String>,
    /// Where it goes.
    pub send_to: Vec<String>,
    /// Why, in words.
    pub reason: &'static str,
    /// When it was asked for.
    pub asked: String,
    /// The last day to send it; empty for none.
    pub deadline: String,
    /// What is sent back.
    pub rows: Vec<ReturnPaperRow>,
}

/// A line of it.
#[derive(Clone, Debug)]
pub struct ReturnPaperRow {
    /// Units.
    pub quantity: i64,
    /// What it is called.
    pub title: String,
    /// Kind and SKU.
    pub detail: String,
}

/// `GET /orders/{number}/returns/{uid}/slip`
pub async fn show(
    desk: Data<Desk>,
    path: Path<(i64, String)>,
    staff: Staff<Print>,
    query: Query<SheetQuery>,
) -> Answer {
    let ((number, uid), person, query) = (path.into_inner(), staff.person(), query.0);
    let draw = move |conn: &mut Conn| document(conn, &person, number, &uid, &query)?.render().map_err(Error::broken);
    let html = desk.db.read(draw).await?;
    Ok(on_paper(html))
}

fn document(conn: &mut Conn, person: &Person, number: i64, uid: &str, query: &SheetQuery) -> Result<Document> {
    let order = order::find(conn, number)?;
    let known = returns::find(conn, &order, uid)?;
    if !known.state.has_slip() {
        let message = "This return was rejected or withdrawn, so there is nothing to send back.";
        return Err(Refusal::state("return.no_slip", message).into());
    }
    let markets = Markets::load(conn)?;
    let market = markets.market(order.market_id).map_or_else(|| markets.home(), Ok)?.clone();
    let settings = PrintSettings::read(web::setting(conn, settings::NAME)?.as_deref());
    let shop = web::shop(conn)?;
    let address = web::setting(conn, "shop_address")?.unwrap_or_default();
    let lines_of = |text: &str| -> Vec<String> {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let mut send_to = vec![shop.name.clone()];
    send_to.extend(lines_of(&address).into_iter().filter(|line| *line != shop.name));
    let paper = query.paper(person, &market.country)?;
    let name = format!("{}-R{}", slip::name(&market.order_prefix, number).trim_start_matches('#'), known.position);
    let heading = format!("Return slip {name}");
    let from = known.decided_at.unwrap_or(known.requested_at);
    let deadline = match settings.return_days {
        0 => String::new(),
        days => long_day(from.plus_minutes(days * DAY), markets.zone()),
    };
    let sender = order.ship_to().map(|to| to.lines(&market.country)).unwrap_or_default();
    let paper_of = ReturnPaper {
        bar: codes::bar(number),
        number,
        order: slip::name(&market.order_prefix, number),
        sender: if sender.is_empty() { vec![order.customer_name.clone()] } else { sender },
        send_to,
        reason: returns::REASONS.iter().find(|(key, _)| *key == known.reason).map_or("", |(_, words)| words),
        asked: long_day(known.requested_at, markets.zone()),
        deadline,
        rows: rows(conn, &order, &known)?,
        name,
    };
    Ok(Document {
        title: heading.clone(),
        paper,
        brand: Brand { name: shop.name, address: lines_of(&address).join(", "), contact: settings.contact.clone() },
        settings,
        papers: Papers::Return(Box::new(paper_of)),
        printed: slip::printed(UtcTime::now(), markets.zone(), &person.name),
        cover: false,
        bar: Bar {
            back: format!("/orders/{number}/returns/{uid}"),
            back_label: format!("Return {} of #{number}", known.position),
            heading,
            action: format!("/orders/{number}/returns/{uid}/slip"),
            template: "return",
            recorded: query.print.is_some(),
            ..Bar::default()
        },
    })
}

fn rows(conn: &mut Conn, order: &order::Order, known: &returns::Return) -> Result<Vec<ReturnPaperRow>> {
    let lines = order::lines(conn, order.id)?;
    let row = |content: &returns::ReturnLine| {
        let line = lines.iter().find(|line| line.id == content.line_id)?;
        let detail = [line.variant.trim(), line.sku.trim()];
        Some(ReturnPaperRow {
            quantity: content.quantity,
            title: line.title.clone(),
            detail: detail.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        })
    };
    Ok(returns::contents(conn, &[known.id])?.iter().filter_map(row).collect())
}
