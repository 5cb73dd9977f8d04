//! Packing by scanner: one field, into which everything is scanned, and what is in the parcel so far. Every scan is
//! a form of its own, so that it works with scripting off; a wrong one is told in red and counts nothing.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::pages::told;
use super::{contents, of_order};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::ids::LineId;
use crate::market::Markets;
use crate::moves::pages::authority_of;
use crate::moves::{self, Scan, may_pack, to_fill};
use crate::order::pages_way::number_of;
use crate::order::{self, Line};
use crate::reach::Reach;
use crate::staff::permission::MoveOrders;
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Query, Section, Shell, picture, see_other};

/// A line of the parcel.
struct Row {
    uid: String,
    title: String,
    about: String,
    bin: String,
    picture: Option<&'static str>,
    counted: i64,
    of: i64,
}

impl Row {
    fn of(line: &Line, counted: i64, of: i64) -> Self {
        Row {
            uid: line.uid.clone(),
            title: line.title.clone(),
            about: line.caption(),
            bin: line.bin.clone(),
            picture: picture(&line.picture).filter(|_| !line.picture.is_empty()),
            counted,
            of,
        }
    }
    fn is_full(&self) -> bool {
        self.counted >= self.of
    }
}

/// What is packed of an order.
struct Packing {
    number: i64,
    version: i64,
    /// Public identifier of the parcel, if there is one already.
    uid: String,
    /// `Parcel 2 of 3`.
    parcel: String,
    rows: Vec<Row>,
    /// What keeps it from being packed at all.
    blocked: String,
    may_print: bool,
}

impl Packing {
    fn counted(&self) -> i64 {
        self.rows.iter().map(|row| row.counted).sum()
    }
    fn is_full(&self) -> bool {
        self.rows.iter().all(Row::is_full)
    }
    fn units(&self) -> i64 {
        self.rows.iter().map(|row| row.of).sum()
    }
}

#[derive(Template)]
#[template(path = "shipments/pack.html")]
struct PackPage {
    shell: Shell,
    order: Option<Packing>,
    /// What was counted last, in words.
    last: String,
    problem: String,
}

/// What the address of the page may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PackQuery {
    /// The number of an order, as a scanner reads it from its slip.
    code: String,
    /// The line that was counted last.
    last: String,
}

/// A scan.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanForm {
    code: String,
    /// Counts a unit of this line, which has no code.
    line: String,
}

fn packing(conn: &mut Conn, person: &Person, number: i64) -> Result<Packing> {
    let order = order::find(conn, number)?;
    let lines = order::lines(conn, order.id)?;
    let parcels = of_order(conn, order.id)?;
    let blocked = match may_pack(conn, &order) {
        Ok(()) => String::new(),
        Err(Error::Refused(refusal)) => refusal.message,
        Err(error) => return Err(error),
    };
    let (rows, parcel, uid) = match to_fill(&parcels) {
        Some(parcel) => {
            let known: HashMap<LineId, &Line> = lines.iter().map(|line| (line.id, line)).collect();
            let inside = contents(conn, &[parcel.id])?;
            let row = |content: &super::Content| {
                known.get(&content.line_id).map(|line| Row::of(line, content.scanned, content.quantity))
            };
            let name = format!("Parcel {} of {}", parcel.position, parcels.len());
            (inside.iter().filter_map(row).collect(), name, parcel.uid.clone())
        }
        None => {
            let open = lines.iter().filter(|line| line.requires_shipping && line.quantities().open() > 0);
            let rows = open.map(|line| Row::of(line, 0, line.quantities().open())).collect();
            (rows, "One parcel".to_owned(), String::new())
        }
    };
    Ok(Packing { number, version: order.version, uid, parcel, rows, blocked, may_print: person.may(Permission::Print) })
}

/// The order whose number was scanned, as its slip has it.
fn scanned_order(conn: &mut Conn, reach: &Reach, code: &str) -> Result<Option<i64>> {
    let Some(number) = Markets::load(conn)?.number_of(code) else { return Ok(None) };
    match order::find_within(conn, reach, number) {
        Ok(order) => Ok(Some(order.number)),
        Err(Error::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn address(number: i64) -> String {
    format!("/orders/{number}/pack")
}

/// `GET /pack`: asks which order, or goes to the one whose number was scanned.
pub async fn find(desk: Data<Desk>, staff: Staff<MoveOrders>, query: Query<PackQuery>) -> Answer {
    let (person, code) = (staff.person(), query.code.trim().to_owned());
    let (wanted, reach) = (code.clone(), person.reach.clone());
    let (shell, found) = desk
        .db
        .read(move |conn| Ok((Shell::load(conn, &person, Section::Orders)?, scanned_order(conn, &reach, &wanted)?)))
        .await?;
    if let Some(number) = found {
        return Ok(see_other(&address(number)));
    }
    let (status, problem) = match code.as_str() {
        "" => (StatusCode::OK, String::new()),
        code => {
            (StatusCode::NOT_FOUND, format!("“{code}” is the number of no order. Scan the code of a packing slip."))
        }
    };
    web::page_as(status, &PackPage { shell, order: None, last: String::new(), problem })
}

async fn drawn(desk: &Desk, person: Person, number: i64, last: &str, refusal: Option<(Refusal, StatusCode)>) -> Answer {
    let (shell, packing) = desk
        .db
        .read(move |conn| Ok((Shell::load(conn, &person, Section::Orders)?, packing(conn, &person, number)?)))
        .await?;
    let counted = packing.rows.iter().find(|row| row.uid == last);
    let last = counted.map_or(String::new(), |row| format!("{}: {} of {}", row.title, row.counted, row.of));
    let status = refusal.as_ref().map_or(StatusCode::OK, |(_, status)| *status);
    // A refusal at the field says its words there.
    let words = |refusal: Refusal| refusal.problem("code").map_or(refusal.message.clone(), str::to_owned);
    let problem = refusal.map_or(String::new(), |(refusal, _)| words(refusal));
    web::page_as(status, &PackPage { shell, order: Some(packing), last, problem })
}

/// `GET /orders/{number}/pack`
pub async fn show(desk: Data<Desk>, path: Path<String>, staff: Staff<MoveOrders>, query: Query<PackQuery>) -> Answer {
    drawn(&desk, staff.person(), number_of(&path)?, &query.last, None).await
}

/// `POST /orders/{number}/pack`: counts what was scanned, or goes to the order whose number it is.
pub async fn scan(desk: Data<Desk>, path: Path<String>, staff: Staff<MoveOrders>, posted: Form<ScanForm>) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let scan = match posted.line.as_str() {
        "" => Scan::Code(posted.code.trim().chars().take(200).collect()),
        line => Scan::Line(line.to_owned()),
    };
    let (actor, authority, wanted) = (person.actor(), authority_of(&person), scan.clone());
    let outcome = desk.db.write(move |tx| moves::scan(tx, &actor, number, &wanted, authority)).await;
    let error = match outcome {
        Ok(done) => {
            if let Some(packed) = &done.packed {
                staff.toast_with(&told(packed, &address(number)));
            }
            return Ok(see_other(&format!("{}?last={}", address(number), done.line)));
        }
        Err(error) => error,
    };
    if let Scan::Code(code) = scan {
        let reach = person.reach.clone();
        if let Some(other) = desk.db.read(move |conn| scanned_order(conn, &reach, &code)).await? {
            return Ok(see_other(&address(other)));
        }
    }
    let refusal = web::shown_again(error)?;
    drawn(&desk, person, number, "", Some(refusal)).await
}
