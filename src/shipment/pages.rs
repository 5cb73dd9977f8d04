//! The parcels of an order on its page, and the forms that split, send, follow and cut it short.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::{Content, Shipment, ShipmentState, Tracking, Units, tracking};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::ids::LineId;
use crate::moves::lifecycle::CANCEL_REASONS;
use crate::moves::pages::{authority_of, telling_of, version_of};
use crate::moves::{self, MoveRequest, ParcelOutcome};
use crate::order::pages_parts::Badge;
use crate::order::pages_show::{address, from_of, number_of, way_back, went};
use crate::order::{self, Line, Order};
use crate::staff::permission::{CancelOrders, MoveOrders};
use crate::staff::{Permission, Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Query, Section, Shell, Toast, wants_fragment};
use crate::workflow::Base;

/// The parcels card of an order's page.
#[derive(Debug)]
pub struct ParcelsPanel {
    pub number: i64,
    pub version: i64,
    pub back: String,
    pub sent: usize,
    pub rows: Vec<ParcelRow>,
    /// What is in no parcel yet, in words.
    pub open: String,
    pub may_work: bool,
    pub may_cancel: bool,
    pub may_print: bool,
}

/// A parcel.
#[derive(Debug)]
pub struct ParcelRow {
    pub uid: String,
    pub position: i64,
    pub contents: String,
    pub state: Badge,
    pub icon: &'static str,
    pub carrier: String,
    pub tracking: String,
    pub link: Option<String>,
    pub story: String,
    /// The next step: state and words.
    pub next: Option<(&'static str, &'static str)>,
    /// Whether sending it is next, which a form asks about.
    pub ships: bool,
    /// Steps back and aside: state and words.
    pub others: Vec<(&'static str, &'static str)>,
    pub may_split: bool,
    pub may_track: bool,
}

impl ParcelRow {
    /// Whether it has a menu of more to do.
    pub fn has_menu(&self, may_print: &bool) -> bool {
        *may_print || !self.others.is_empty() || self.may_split || self.may_track
    }
}

impl ParcelsPanel {
    /// Of an order as it was read.
    #[allow(clippy::too_many_arguments)]
    pub fn of(
        shell: &Shell,
        order: &Order,
        person: &Person,
        parcels: &[Shipment],
        contents: &[Content],
        lines: &[Line],
        back: &str,
    ) -> Self {
        let works = person.may(Permission::MoveOrders);
        let may_work = works && matches!(order.base, Base::Approved | Base::Processed);
        let corrects = person.may(Permission::CorrectOrders);
        let open: Vec<String> = lines
            .iter()
            .filter(|line| line.requires_shipping && line.quantities().open() > 0)
            .map(|line| format!("{} × {}", line.quantities().open(), line.title))
            .collect();
        let row = |parcel: &Shipment| ParcelRow::of(shell, order, parcel, contents, lines, works, corrects);
        let is_due = matches!(order.base, Base::Approved | Base::Processed);
        ParcelsPanel {
            number: order.number,
            version: order.version,
            back: back.to_owned(),
            sent: parcels.iter().filter(|parcel| parcel.state.has_left()).count(),
            rows: parcels.iter().map(row).collect(),
            open: if is_due { open.join(", ") } else { String::new() },
            may_work,
            may_cancel: is_due && person.may(Permission::CancelOrders),
            may_print: person.may(Permission::Print),
        }
    }
    /// Whether there is anything to show.
    pub fn is_there(&self) -> bool {
        !self.rows.is_empty() || !self.open.is_empty()
    }
    /// How far they are, in words; `1 of 2 parcels sent`.
    pub fn summary(&self) -> String {
        match self.rows.len() {
            0 => "nothing packed yet".to_owned(),
            1 => format!("{} of 1 parcel sent", self.sent),
            many => format!("{} of {many} parcels sent", self.sent),
        }
    }
    /// The address of a form of this order's parcels.
    pub fn form_href(&self, path: &str) -> String {
        let from = from_of(&self.back);
        let from = if from.is_empty() { String::new() } else { format!("?from={}", order::pages_show::encoded(&from)) };
        format!("/orders/{}/{path}{from}", self.number)
    }
}

impl ParcelRow {
    fn of(
        shell: &Shell,
        order: &Order,
        parcel: &Shipment,
        contents: &[Content],
        lines: &[Line],
        works: bool,
        corrects: bool,
    ) -> Self {
        let is_due = works && matches!(order.base, Base::Approved | Base::Processed);
        let (tone, glyph, word) = look(parcel.state);
        let inside = contents.iter().filter(|content| content.shipment_id == parcel.id);
        let units: i64 = inside.map(|content| content.quantity).sum();
        let (next, others) = steps(order, parcel, is_due, works, corrects);
        ParcelRow {
            uid: parcel.uid.clone(),
            position: parcel.position,
            contents: inside_words(parcel, contents, lines),
            state: Badge { tone, glyph, words: word.to_owned() },
            icon: if parcel.state.has_left() { "package-export" } else { "package" },
            carrier: parcel.carrier.clone(),
            tracking: parcel.tracking.clone(),
            link: tracking::link(&parcel.carrier, &parcel.tracking),
            story: story(shell, parcel),
            next,
            ships: is_due && parcel.state == ShipmentState::Packed,
            others,
            may_split: is_due && !parcel.state.has_left() && units > 1,
            may_track: works,
        }
    }
}

/// Colour, glyph and word of a state.
fn look(state: ShipmentState) -> (&'static str, &'static str, &'static str) {
    match state {
        ShipmentState::Draft => ("", "g-none", "Planned"),
        ShipmentState::Picking => ("info", "g-half", "Being picked"),
        ShipmentState::Packed => ("warn", "g-half", "Packed"),
        ShipmentState::Shipped => ("ok", "g-full", "In transit"),
        ShipmentState::Delivered => ("ok", "g-full", "Delivered"),
        ShipmentState::Cancelled => ("", "g-back", "Unpacked"),
    }
}

type Step = (&'static str, &'static str);

/// The next step of a parcel, and those aside.
fn steps(order: &Order, parcel: &Shipment, is_due: bool, works: bool, corrects: bool) -> (Option<Step>, Vec<Step>) {
    let may_correct = corrects && matches!(order.base, Base::Processed | Base::Shipped | Base::Delivered);
    match parcel.state {
        ShipmentState::Draft if is_due => {
            (Some(("packed", "Pack")), vec![("picking", "Start picking"), ("cancelled", "Take apart")])
        }
        ShipmentState::Picking if is_due => {
            (Some(("packed", "Pack")), vec![("draft", "Back to planned"), ("cancelled", "Take apart")])
        }
        ShipmentState::Packed if is_due => (None, vec![("picking", "Back to picking"), ("cancelled", "Take apart")]),
        ShipmentState::Shipped => {
            let back = if may_correct { vec![("packed", "Back to packed")] } else { Vec::new() };
            (works.then_some(("delivered", "Delivered")), back)
        }
        ShipmentState::Delivered if may_correct => (None, vec![("shipped", "Not arrived yet")]),
        ShipmentState::Draft
        | ShipmentState::Picking
        | ShipmentState::Packed
        | ShipmentState::Delivered
        | ShipmentState::Cancelled => (None, Vec::new()),
    }
}

/// `2 × Stoneware mug · 1.4 kg`.
fn inside_words(parcel: &Shipment, contents: &[Content], lines: &[Line]) -> String {
    let known: HashMap<LineId, &Line> = lines.iter().map(|line| (line.id, line)).collect();
    let (mut words, mut grams) = (Vec::new(), 0i64);
    for content in contents.iter().filter(|content| content.shipment_id == parcel.id) {
        if let Some(line) = known.get(&content.line_id) {
            words.push(format!("{} × {}", content.quantity, line.title));
            grams = grams.saturating_add(line.grams.saturating_mul(content.quantity));
        }
    }
    if grams > 0 {
        words.push(format!("{}.{} kg", grams / 1000, grams % 1000 / 100));
    }
    words.join(" · ")
}

fn story(shell: &Shell, parcel: &Shipment) -> String {
    let mut story = Vec::new();
    if let Some(at) = parcel.packed_at {
        let by = if parcel.packed_by.is_empty() { String::new() } else { format!(" by {}", parcel.packed_by) };
        story.push(format!("packed {}{by}", shell.when(&at)));
    } else {
        story.push(format!("planned {}", shell.when(&parcel.created_at)));
    }
    story.extend(parcel.shipped_at.map(|at: UtcTime| format!("left {}", shell.when(&at))));
    story.extend(parcel.delivered_at.map(|at| format!("arrived {}", shell.when(&at))));
    story.join(" · ")
}

/// What a form about parcels is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Purpose {
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
    parcel: String,
    #[serde(default)]
    from: String,
}

/// A posted form about parcels.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParcelPost {
    #[serde(default)]
    to: String,
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
    version: String,
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    back: String,
}

impl ParcelPost {
    /// The units that were typed, line by line.
    fn wanted(&self) -> Result<Vec<Units>> {
        self.line
            .iter()
            .zip(&self.units)
            .map(|(line, typed)| {
                let quantity = match typed.trim() {
                    "" => 0,
                    digits => digits.parse().map_err(|_| {
                        let told = "Enter a whole number, or leave it empty.";
                        Error::from(Refusal::field("parcel.units", format!("units-{line}"), told))
                    })?,
                };
                Ok(Units { line: line.clone(), quantity })
            })
            .collect()
    }
    /// Carrier and number. Refuses what several carriers may have made until one is chosen, and what
    /// looks mistyped until it is sent again.
    fn tracked(&self) -> Result<Tracking> {
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
    fn request(&self, person: &Person) -> Result<MoveRequest> {
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
    let about = |line: &Line| {
        let parts = [line.variant.as_str(), line.sku.as_str()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    };
    lines
        .iter()
        .map(|line| (line, there(line)))
        .filter(|(_, most)| *most > 0)
        .map(|(line, most)| UnitRow {
            uid: line.uid.clone(),
            title: line.title.clone(),
            about: about(line),
            most,
            typed: if filling == Filling::Most { most.to_string() } else { "0".to_owned() },
        })
        .collect()
}

async fn shown(
    desk: &Desk,
    request: &HttpRequest,
    person: Person,
    path: &str,
    purpose: Purpose,
    query: &FormQuery,
) -> Answer {
    let number = number_of(path)?;
    let back = address(number, order::pages_show::Tab::Chat, &query.from);
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
async fn again(
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

fn purpose_of(parcel: &str) -> Purpose {
    if parcel.is_empty() { Purpose::Fill } else { Purpose::Split(parcel.to_owned()) }
}

/// `GET /orders/{number}/parcels/new`
pub async fn new(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path, purpose_of(&query.parcel), &query).await
}

/// `POST /orders/{number}/parcels`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, person, posted) = (number_of(&path)?, staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, credential, sent, place) = (person.actor(), person.credential(), posted.clone(), back.clone());
    let from = (!query.parcel.is_empty()).then(|| query.parcel.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let (version, units) = (version_of(&sent.version)?, sent.wanted()?);
            web::once(tx, &credential, &sent.form_token, |tx| {
                moves::split(tx, &actor, number, Some(version), from.as_deref(), &units)?;
                Ok(place)
            })
        })
        .await;
    match outcome {
        Ok(done) => {
            staff.toast(format!("#{number} has another parcel."));
            Ok(went(&request, &done.location))
        }
        Err(error) => again(&desk, &request, person, number, purpose_of(&query.parcel), posted, error).await,
    }
}

/// `POST /orders/{number}/parcels/{uid}`
pub async fn update(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let Some(to) = ShipmentState::parse(&posted.to) else {
        let told = "There is no such state of a parcel. Open the order again and choose from there.";
        return Err(Error::from(Refusal::field("parcel.state_unknown", "to", told)).into());
    };
    let (actor, mover) = (person.actor(), person.clone());
    let outcome =
        desk.db.write(move |tx| moves::change_parcel(tx, &actor, number, &uid, to, &posted.request(&mover)?)).await?;
    staff.toast_with(&told(&outcome, &back));
    Ok(went(&request, &back))
}

/// What is said after a parcel changed, with the way back.
fn told(outcome: &ParcelOutcome, back: &str) -> Toast {
    let (number, parcel) = (outcome.order.number, &outcome.parcel);
    let state = match parcel.state {
        ShipmentState::Draft => "is planned",
        ShipmentState::Picking => "is being picked",
        ShipmentState::Packed => "is packed",
        ShipmentState::Shipped => "is on its way",
        ShipmentState::Delivered => "has arrived",
        ShipmentState::Cancelled => "was taken apart",
    };
    let already = if outcome.changed { "" } else { " already" };
    let fields = |to: Option<&str>| {
        let to = to.map(|to| ("to".to_owned(), to.to_owned()));
        let rest = [("version", outcome.order.version.to_string()), ("back", back.to_owned())];
        rest.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(to).collect::<Vec<_>>()
    };
    if let Some(moved) = &outcome.moved {
        let toast = Toast::new(format!("Parcel {} {state}. #{number} is {} now.", parcel.position, moved.to_label));
        let undo = format!("/orders/{number}/moves/undo");
        return if moved.can_undo { toast.with_undo(undo, fields(None)) } else { toast };
    }
    let toast = Toast::new(format!("Parcel {} of #{number} {state}{already}.", parcel.position));
    let former = match parcel.state {
        ShipmentState::Picking => Some("draft"),
        ShipmentState::Packed => Some("picking"),
        ShipmentState::Shipped => Some("packed"),
        ShipmentState::Delivered => Some("shipped"),
        ShipmentState::Draft | ShipmentState::Cancelled => None,
    };
    match former.filter(|_| outcome.changed) {
        Some(former) => toast.with_undo(format!("/orders/{number}/parcels/{}", parcel.uid), fields(Some(former))),
        None => toast,
    }
}

/// `GET /orders/{number}/parcels/{uid}/ship`
pub async fn ask_ship(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path.0, Purpose::Ship(path.1.clone()), &query).await
}

/// `POST /orders/{number}/parcels/{uid}/ship`
pub async fn ship(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, mover, sent, parcel) = (person.actor(), person.clone(), posted.clone(), uid.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let request = MoveRequest { tracking: sent.tracked()?, ..sent.request(&mover)? };
            moves::change_parcel(tx, &actor, number, &parcel, ShipmentState::Shipped, &request)
        })
        .await;
    match outcome {
        Ok(outcome) => {
            staff.toast_with(&told(&outcome, &back));
            Ok(went(&request, &back))
        }
        Err(error) => again(&desk, &request, person, number, Purpose::Ship(uid), posted, error).await,
    }
}

/// `GET /orders/{number}/parcels/{uid}/tracking`
pub async fn ask_track(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path.0, Purpose::Track(path.1.clone()), &query).await
}

/// `POST /orders/{number}/parcels/{uid}/tracking`
pub async fn track(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, sent, parcel) = (person.actor(), posted.clone(), uid.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let version = version_of(&sent.version)?;
            moves::retrack_parcel(tx, &actor, number, Some(version), &parcel, &sent.tracked()?)
        })
        .await;
    match outcome {
        Ok(outcome) => {
            let changed = if outcome.changed { "changed" } else { "is as it was" };
            staff.toast(format!("The tracking number of parcel {} {changed}.", outcome.parcel.position));
            Ok(went(&request, &back))
        }
        Err(error) => again(&desk, &request, person, number, Purpose::Track(uid), posted, error).await,
    }
}

/// `GET /orders/{number}/remaining`
pub async fn ask_cut(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<CancelOrders>,
    query: Query<FormQuery>,
) -> Answer {
    shown(&desk, &request, staff.person(), &path, Purpose::Cut, &query).await
}

/// `POST /orders/{number}/remaining`
pub async fn cut(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<CancelOrders>,
    posted: Form<ParcelPost>,
) -> Answer {
    let (number, person, posted) = (number_of(&path)?, staff.person(), posted.0);
    let back = way_back(&posted.back, number);
    let (actor, credential, mover, sent, place) =
        (person.actor(), person.credential(), person.clone(), posted.clone(), back.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let (units, request) = (sent.wanted()?, sent.request(&mover)?);
            let mut landed = None;
            let done = web::once(tx, &credential, &sent.form_token, |tx| {
                landed = moves::cancel_remaining(tx, &actor, number, &units, &request)?.1;
                Ok(place)
            })?;
            Ok((done, landed))
        })
        .await;
    match outcome {
        Ok((done, landed)) => {
            let now = landed.map(|moved| format!(" #{number} is {} now.", moved.to_label)).unwrap_or_default();
            staff.toast(format!("The units were cancelled.{now}"));
            Ok(went(&request, &done.location))
        }
        Err(error) => again(&desk, &request, person, number, Purpose::Cut, posted, error).await,
    }
}
