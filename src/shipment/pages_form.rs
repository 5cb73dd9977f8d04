//! The forms that split, send, follow and cut a parcel short: what they show and what was typed.

use actix_web::HttpRequest;
use askama::Template;
use serde::Deserialize;

use super::{Tracking, Units, tracking};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::moves::lifecycle::CANCEL_REASONS;
use crate::moves::pages::{authority_of, telling_of, version_of};
use crate::moves::{self, MoveRequest};
use crate::order::pages_way::{Tab, address, number_of, way_back};
use crate::order::{self, Line};
use crate::staff::Person;
use crate::web::{self, Answer, Desk, Section, Shell, wants_fragment};

/// What a form about parcels is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A new parcel out of what is in none yet.
    Fill,
    /// A new parcel out of this one.
    Split(String),
    /// Sending this parcel.
    Ship(String),
    /// Correcting the carrier and number of this parcel.
    Track(String),
    /// Taking units that are in no parcel out of the order.
    Cut,
}

/// A line of a form: how many of it.
#[derive(Clone, Debug)]
pub struct UnitRow {
    pub uid: String,
    pub title: String,
    pub about: String,
    pub most: i64,
    pub typed: String,
}

/// A form about parcels: the same on its page and in its dialog.
#[derive(Clone, Debug)]
pub struct ParcelForm {
    pub number: i64,
    pub title: String,
    pub action: String,
    pub version: i64,
    pub token: String,
    pub back: String,
    pub hint: String,
    pub units: Vec<UnitRow>,
    pub asks_tracking: bool,
    /// The parcel goes nowhere without one.
    pub number_needed: bool,
    pub tracking: String,
    pub carrier: String,
    pub known: Vec<&'static str>,
    /// Several carriers have such numbers; one is to be chosen.
    pub candidates: Vec<String>,
    pub mistyped: bool,
    pub reasons: &'static [(&'static str, &'static str)],
    pub reason: String,
    pub note: String,
    pub submit: &'static str,
    pub is_stop: bool,
    pub refusal: Option<Refusal>,
    pub in_dialog: bool,
}

impl ParcelForm {
    /// What is wrong with a field, or nothing.
    pub fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// Whether there is anything to fill in: units, or where a parcel went.
    pub fn asks_anything(&self) -> bool {
        !self.units.is_empty() || self.asks_tracking
    }
    /// What is wrong with the number of a line, or nothing.
    pub fn unit_problem(&self, uid: &str) -> &str {
        self.problem(&format!("units-{uid}"))
    }
}

#[derive(Template)]
#[template(path = "shipments/dialog.html")]
struct FormDialog {
    form: ParcelForm,
}

#[derive(Template)]
#[template(path = "shipments/form.html")]
struct FormPage {
    shell: Shell,
    form: ParcelForm,
}

/// What the address of a form may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormQuery {
    #[serde(default)]
    pub(super) parcel: String,
    #[serde(default)]
    from: String,
}

/// A posted form about parcels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParcelPost {
    #[serde(default)]
    pub(super) to: String,
    #[serde(default)]
    line: Vec<String>,
    #[serde(default)]
    units: Vec<String>,
    #[serde(default)]
    tracking: String,
    #[serde(default)]
    carrier: String,
    #[serde(default)]
    anyway: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) form_token: String,
    #[serde(default)]
    pub(super) back: String,
}

/// The units typed for lines, in the order both were sent.
///
/// # Errors
/// Refuses what is no whole number, at the field of its line.
pub fn units(code: &'static str, lines: &[String], typed: &[String]) -> Result<Vec<Units>> {
    let one = |(at, line): (usize, &String)| {
        Ok(Units { line: line.clone(), quantity: count(code, &format!("units-{line}"), typed.get(at))? })
    };
    lines.iter().enumerate().map(one).collect()
}

/// A count as typed; nothing is none.
///
/// # Errors
/// Refuses what is no whole number.
pub fn count(code: &'static str, field: &str, typed: Option<&String>) -> Result<i64> {
    match typed.map(|typed| typed.trim()).unwrap_or_default() {
        "" => Ok(0),
        digits => {
            digits.parse().map_err(|_| Refusal::field(code, field, "Enter a whole number, or leave it empty.").into())
        }
    }
}

impl ParcelPost {
    /// The units that were typed, line by line.
    pub(super) fn wanted(&self) -> Result<Vec<Units>> {
        units("parcel.units", &self.line, &self.units)
    }
    /// Carrier and number. Refuses what several carriers may have made until one is chosen, and what
    /// looks mistyped until it is sent again.
    pub(super) fn tracked(&self) -> Result<Tracking> {
        for (field, text, most) in [("carrier", &self.carrier, 100), ("tracking", &self.tracking, 200)] {
            if text.chars().count() > most {
                let told = format!("This takes {most} characters at the most.");
                return Err(Refusal::field("parcel.too_long", field, told).into());
            }
        }
        let (carrier, number) = (self.carrier.trim().to_owned(), self.tracking.trim().to_owned());
        let guess = tracking::guess(&number);
        if let (true, Some(name)) = (self.anyway != "1" && carrier.is_empty(), &guess.mistyped) {
            let told = format!("The last digit does not fit a number of {name}. Check it, or use it as it is.");
            return Err(Refusal::field("parcel.mistyped", "tracking", told).into());
        }
        if carrier.is_empty() && guess.carriers.len() > 1 {
            let told = format!("{} have such numbers. Choose the carrier.", guess.carriers.join(" and "));
            return Err(Refusal::field("parcel.several_carriers", "carrier", told).into());
        }
        Ok(Tracking { carrier, number })
    }
    pub(super) fn request(&self, person: &Person) -> Result<MoveRequest> {
        Ok(MoveRequest {
            version: Some(version_of(&self.version)?),
            reason: self.reason.clone(),
            note: self.note.replace("\r\n", "\n").trim().to_owned(),
            authority: authority_of(person),
            telling: telling_of(person),
            ..MoveRequest::to("")
        })
    }
}

/// A form as an order fills it.
fn form(conn: &mut Conn, number: i64, purpose: &Purpose, back: &str) -> Result<ParcelForm> {
    let order = order::find(conn, number)?;
    let lines = order::lines(conn, order.id)?;
    let shown = order.shown_number();
    let blank = ParcelForm {
        number,
        title: String::new(),
        action: format!("/orders/{number}/parcels"),
        version: order.version,
        token: crate::ids::new_uid(),
        back: back.to_owned(),
        hint: String::new(),
        units: Vec::new(),
        asks_tracking: false,
        number_needed: false,
        tracking: String::new(),
        carrier: String::new(),
        known: tracking::carriers().collect(),
        candidates: Vec::new(),
        mistyped: false,
        reasons: &[],
        reason: String::new(),
        note: String::new(),
        submit: "Make the parcel",
        is_stop: false,
        refusal: None,
        in_dialog: false,
    };
    let open = |line: &Line| if line.requires_shipping { line.quantities().open() } else { 0 };
    Ok(match purpose {
        Purpose::Fill => ParcelForm {
            title: format!("New parcel of {shown}"),
            hint: "What stays at 0 goes into another parcel.".to_owned(),
            units: unit_rows(&lines, open, Filling::Most),
            ..blank
        },
        Purpose::Split(uid) => {
            let parcel = super::find(conn, &order, uid)?;
            let inside = super::contents(conn, &[parcel.id])?;
            let there = |line: &Line| inside.iter().filter(|c| c.line_id == line.id).map(|c| c.quantity).sum();
            ParcelForm {
                title: format!("Split parcel {} of {shown}", parcel.position),
                action: format!("/orders/{number}/parcels?parcel={uid}"),
                hint: "Say how many go into the new parcel; the rest stays.".to_owned(),
                units: unit_rows(&lines, there, Filling::Nothing),
                submit: "Split the parcel",
                ..blank
            }
        }
        Purpose::Ship(uid) | Purpose::Track(uid) => {
            let parcel = super::find(conn, &order, uid)?;
            let ships = matches!(purpose, Purpose::Ship(_));
            let (verb, path, submit) =
                if ships { ("Ship", "ship", "Ship the parcel") } else { ("Track", "tracking", "Save") };
            ParcelForm {
                title: format!("{verb} parcel {} of {shown}", parcel.position),
                action: format!("/orders/{number}/parcels/{uid}/{path}"),
                asks_tracking: true,
                number_needed: ships && moves::needs_number(conn, &order)?,
                tracking: parcel.tracking,
                carrier: parcel.carrier,
                submit,
                ..blank
            }
        }
        Purpose::Cut => ParcelForm {
            title: format!("Cancel remaining units of {shown}"),
            action: format!("/orders/{number}/remaining"),
            hint: "They are no longer owed. What was paid for them shows as owed to the customer.".to_owned(),
            units: unit_rows(&lines, open, Filling::Most),
            reasons: CANCEL_REASONS,
            submit: "Cancel the units",
            is_stop: true,
            ..blank
        },
    })
}

/// What the fields of a form begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filling {
    /// All there is.
    Most,
    /// Zero.
    Nothing,
}

fn unit_rows(lines: &[Line], there: impl Fn(&Line) -> i64, filling: Filling) -> Vec<UnitRow> {
    lines
        .iter()
        .map(|line| (line, there(line)))
        .filter(|(_, most)| *most > 0)
        .map(|(line, most)| UnitRow {
            uid: line.uid.clone(),
            title: line.title.clone(),
            about: line.caption(),
            most,
            typed: if filling == Filling::Most { most.to_string() } else { "0".to_owned() },
        })
        .collect()
}

pub(super) async fn shown(
    desk: &Desk,
    request: &HttpRequest,
    person: Person,
    path: &str,
    purpose: Purpose,
    query: &FormQuery,
) -> Answer {
    let number = number_of(path)?;
    let back = address(number, Tab::Chat, &query.from);
    if wants_fragment(request) {
        let form = desk.db.read(move |conn| form(conn, number, &purpose, &back)).await?;
        return web::page(&FormDialog { form: ParcelForm { in_dialog: true, ..form } });
    }
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Orders)?;
            Ok(FormPage { shell, form: form(conn, number, &purpose, &back)? })
        })
        .await?;
    web::page(&page)
}

/// Shows a form again with what was typed and what is wrong.
pub(super) async fn again(
    desk: &Desk,
    request: &HttpRequest,
    person: Person,
    number: i64,
    purpose: Purpose,
    posted: ParcelPost,
    error: Error,
) -> Answer {
    let (refusal, status) = web::shown_again(error)?;
    let back = way_back(&posted.back, number);
    let (shell, form) = desk
        .db
        .read(move |conn| {
            let mut form = form(conn, number, &purpose, &back)?;
            for row in &mut form.units {
                let at = posted.line.iter().position(|line| *line == row.uid);
                row.typed = at.and_then(|at| posted.units.get(at)).cloned().unwrap_or_default();
            }
            form.tracking = posted.tracking.clone();
            form.carrier = posted.carrier.clone();
            form.candidates = if refusal.code == "parcel.several_carriers" {
                tracking::guess(&posted.tracking).carriers
            } else {
                Vec::new()
            };
            form.mistyped = refusal.code == "parcel.mistyped";
            form.reason = posted.reason.clone();
            form.note = posted.note.clone();
            form.refusal = Some(refusal);
            Ok((Shell::load(conn, &person, Section::Orders)?, form))
        })
        .await?;
    if wants_fragment(request) {
        return web::page_as(status, &FormDialog { form: ParcelForm { in_dialog: true, ..form } });
    }
    web::page_as(status, &FormPage { shell, form })
}
