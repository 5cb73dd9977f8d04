//! Many tracking numbers at once: pasted, looked at line by line, then each parcel sent with its own.

use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::paste::{self, MOST_ROWS, Pasted};
use super::{Tracking, of_order, tracking};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::moves::pages::{authority_of, telling_of};
use crate::moves::{self, MoveRequest};
use crate::order;
use crate::reach::Reach;
use crate::staff::permission::MoveOrders;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell};
use crate::workflow::Base;

/// What became of a line, or would.
#[derive(Clone, Debug)]
struct Told {
    line: usize,
    number: Option<i64>,
    named: String,
    tracking: String,
    carrier: String,
    tone: &'static str,
    glyph: &'static str,
    word: &'static str,
    words: String,
}

#[derive(Template)]
#[template(path = "shipments/tracking.html")]
struct TrackingPage {
    shell: Shell,
    text: String,
    rows: Vec<Told>,
    ready: usize,
    is_done: bool,
    problem: String,
}

/// Posted lines.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasteForm {
    #[serde(default)]
    text: String,
    /// `send` sends the parcels; anything else only looks.
    #[serde(default)]
    act: String,
}

impl Told {
    fn of(row: &Pasted, outcome: std::result::Result<(&'static str, String), String>) -> Self {
        let guess = tracking::guess(&row.tracking);
        let carrier = if row.carrier.is_empty() { guess.only().unwrap_or_default() } else { &row.carrier };
        let (tone, glyph, word, words) = match outcome {
            Ok((word, words)) => ("ok", "g-full", word, words),
            Err(words) => ("bad", "g-fail", "Problem", words),
        };
        Told {
            line: row.line,
            number: row.order,
            named: row.named.clone(),
            tracking: row.tracking.clone(),
            carrier: carrier.to_owned(),
            tone,
            glyph,
            word,
            words,
        }
    }
    fn is_problem(&self) -> bool {
        self.tone == "bad"
    }
}

/// What is wrong with a line on its own, or among the others.
fn wrong(row: &Pasted, all: &[Pasted]) -> Option<String> {
    if row.order.is_none() {
        return Some(format!("“{}” is no order number.", row.named));
    }
    if row.tracking.is_empty() {
        return Some("There is no tracking number.".to_owned());
    }
    if row.tracking.chars().count() > 200 || row.carrier.chars().count() > 100 {
        return Some("This is too long for a tracking number.".to_owned());
    }
    if all.iter().filter(|other| other.order == row.order).count() > 1 {
        return Some("This order is listed more than once. Ship its parcels on its page.".to_owned());
    }
    let guess = tracking::guess(&row.tracking);
    match guess.mistyped {
        Some(name) if row.carrier.is_empty() => {
            Some(format!("The last digit does not fit a number of {name}. Check it, or name the carrier."))
        }
        _ if row.carrier.is_empty() && guess.carriers.len() > 1 => {
            Some(format!("{} have such numbers. Name the carrier after it.", guess.carriers.join(" and ")))
        }
        _ => None,
    }
}

/// What sending a line would do.
fn look(conn: &mut Conn, reach: &Reach, row: &Pasted, all: &[Pasted]) -> Result<Told> {
    if let Some(words) = wrong(row, all) {
        return Ok(Told::of(row, Err(words)));
    }
    let number = row.order.unwrap_or_default();
    let order = match order::find_within(conn, reach, number) {
        Ok(order) => order,
        Err(Error::Missing(_)) => return Ok(Told::of(row, Err(format!("There is no order {number}.")))),
        Err(other) => return Err(other),
    };
    let parcels = of_order(conn, order.id)?;
    let wanted = tracking::plain(&row.tracking);
    if parcels.iter().any(|p| p.state.has_left() && tracking::plain(&p.tracking) == wanted) {
        return Ok(Told::of(row, Ok(("Done", "It was sent with this number already.".to_owned()))));
    }
    let waiting = parcels.iter().filter(|parcel| !parcel.state.has_left()).count();
    let outcome = match order.base {
        Base::OnHold => Err("It is on hold. Release the hold first.".to_owned()),
        Base::Approved | Base::Processed if waiting > 1 => {
            Err(format!("{waiting} parcels wait to be sent. Ship them on the order’s page."))
        }
        Base::Approved => Ok(("Ready", "It is packed and sent.".to_owned())),
        Base::Processed if waiting == 1 => Ok(("Ready", "Its parcel is sent.".to_owned())),
        Base::Processed => Err("No parcel of it waits to be sent.".to_owned()),
        Base::Placed | Base::Confirmed | Base::Abandoned => Err("It is not approved yet.".to_owned()),
        Base::Shipped | Base::Delivered | Base::Returned | Base::Archived => {
            Err("All of it has left. Change the number on the order’s page.".to_owned())
        }
        Base::Cancelled | Base::Rejected => Err("It was stopped.".to_owned()),
    };
    Ok(Told::of(row, outcome))
}

/// `GET /shipments/tracking`
pub async fn new(desk: Data<Desk>, staff: Staff<MoveOrders>) -> Answer {
    let person = staff.person();
    let shell = desk.db.read(move |conn| Shell::load(conn, &person, Section::Orders)).await?;
    let text = String::new();
    web::page(&TrackingPage { shell, text, rows: Vec::new(), ready: 0, is_done: false, problem: String::new() })
}

/// `POST /shipments/tracking`: looks at the lines, or sends their parcels, each in a write of its own.
pub async fn create(desk: Data<Desk>, staff: Staff<MoveOrders>, posted: Form<PasteForm>) -> Answer {
    let (person, text) = (staff.person(), posted.text.replace("\r\n", "\n"));
    let rows = paste::read(&text);
    let problem = match rows.len() {
        0 => "Paste at least one line: an order number and its tracking number.".to_owned(),
        many if many > MOST_ROWS => format!("{many} lines are too many at once. Send {MOST_ROWS} at the most."),
        _ => String::new(),
    };
    if !problem.is_empty() {
        let shell = desk.db.read(move |conn| Shell::load(conn, &person, Section::Orders)).await?;
        let page = TrackingPage { shell, text, rows: Vec::new(), ready: 0, is_done: false, problem };
        return web::page_as(actix_web::http::StatusCode::BAD_REQUEST, &page);
    }
    let is_done = posted.act == "send";
    let mut told = Vec::with_capacity(rows.len());
    if is_done {
        for row in &rows {
            told.push(send(&desk, &person, row, &rows).await?);
        }
    } else {
        let (lines, reach) = (rows.clone(), person.reach.clone());
        told = desk
            .db
            .read(move |conn| lines.iter().map(|row| look(conn, &reach, row, &lines)).collect::<Result<_>>())
            .await?;
    }
    let left: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(at, _)| !is_done || told.iter().any(|row| row.line == at + 1 && row.is_problem()))
        .map(|(_, line)| line)
        .collect();
    let (text, ready) = (left.join("\n"), told.iter().filter(|row| !row.is_problem()).count());
    let shell = desk.db.read(move |conn| Shell::load(conn, &person, Section::Orders)).await?;
    web::page(&TrackingPage { shell, text, rows: told, ready, is_done, problem })
}

async fn send(desk: &Desk, person: &Person, row: &Pasted, all: &[Pasted]) -> Result<Told> {
    if let Some(words) = wrong(row, all) {
        return Ok(Told::of(row, Err(words)));
    }
    let (actor, number) = (person.actor(), row.order.unwrap_or_default());
    let request = MoveRequest {
        tracking: Tracking { carrier: row.carrier.clone(), number: row.tracking.clone() },
        authority: authority_of(person),
        telling: telling_of(person),
        ..MoveRequest::to("")
    };
    let reach = person.reach.clone();
    let write = move |tx: &mut Tx<'_>| {
        order::find_within(tx.conn, &reach, number)?;
        moves::ship_with(tx, &actor, number, &request)
    };
    match desk.db.write(write).await {
        Ok(done) if done.changed => {
            Ok(Told::of(row, Ok(("Sent", format!("Parcel {} is on its way.", done.parcel.position)))))
        }
        Ok(_) => Ok(Told::of(row, Ok(("Done", "It was sent with this number already.".to_owned())))),
        Err(Error::Missing(_)) => Ok(Told::of(row, Err(format!("There is no order {number}.")))),
        Err(error) => match error.refusal() {
            Some(refusal) => Ok(Told::of(row, Err(refusal.message.clone()))),
            None => Err(error),
        },
    }
}
