//! Moving an order from the desk: the buttons, the form a move asks for, and what is told when two
//! people move the same order at once.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::NaiveDateTime;
use serde::Deserialize;

use super::lifecycle::{self, Edge, Kind};
use super::{Authority, Choice, MoveOutcome, MoveRequest, Parcels, RefundChoice, StockMode, Telling, Undoing};
use crate::catalog::stock;
use crate::db::Conn;
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::order::pages_parts::Sight;
use crate::order::pages_show::{self as page, Alert, Wish, again, from_of, number_of, way_back, went};
use crate::order::{self, Order};
use crate::payment;
use crate::shipment::{self, Shipment, Tracking};
use crate::staff::permission::MoveOrders;
use crate::staff::{Permission, Person, Staff};
use crate::time::{UtcTime, instant_of};
use crate::web::{self, Answer, Desk, Form, Query, Toast, wants_fragment};
use crate::workflow::{Base, RequiredField, Stage, Stages};

/// What this person is allowed.
pub fn authority_of(person: &Person) -> Authority {
    if person.may(Permission::CorrectOrders) { Authority::Corrects } else { Authority::Moves }
}

/// What this person may be told.
pub fn telling_of(person: &Person) -> Telling {
    if Sight::of(person).money { Telling::Amounts } else { Telling::NoAmounts }
}

/// A move as a button or a line of the menu.
#[derive(Clone, Debug)]
pub struct MoveOption {
    /// Slug of the stage it leads to.
    pub to: String,
    /// Base of that stage.
    pub base: Base,
    /// What kind of step.
    pub kind: Kind,
    /// What is done, verb first.
    pub label: String,
    /// Icon.
    pub icon: &'static str,
    /// What else it does.
    pub effect: String,
    /// What it lacks, as one text; empty if it can be taken.
    pub lacks: String,
    /// Whether a form follows.
    pub asks: bool,
}

impl MoveOption {
    fn of(order: &Order, choice: &Choice, parcels: &[Shipment]) -> Self {
        let shipping = choice.edge.kind == Kind::Forward && choice.edge.to == Base::Shipped;
        let asks = choice.edge.asks() || shipping && wants_tracking(order, parcels) || asks_more(order, &choice.stage);
        let (label, icon) = verb(&choice.edge, &choice.stage.label);
        MoveOption {
            to: choice.stage.slug.clone(),
            base: choice.stage.base,
            kind: choice.edge.kind,
            label: if asks { format!("{label}…") } else { label },
            icon,
            effect: choice.effect.clone().unwrap_or_default(),
            lacks: choice.lacks.join(" "),
            asks,
        }
    }
    /// What is done, without the sign that a form follows.
    pub fn plain_label(&self) -> &str {
        self.label.trim_end_matches('…')
    }
    /// Whether it ends the order.
    pub fn is_stop(&self) -> bool {
        self.kind == Kind::Stop
    }
}

/// Whether the stage asks for something that comes with the move.
fn asks_more(order: &Order, stage: &Stage) -> bool {
    stage.requires().contains(&RequiredField::Note) && order.note_count == 0
}

/// Whether staff are asked for carrier and number: there are goods and no number is known yet.
fn wants_tracking(order: &Order, parcels: &[Shipment]) -> bool {
    order.fulfilment_status != order::FulfilmentStatus::NotRequired
        // One number is for one parcel; of several, each is shipped with its own.
        && parcels.iter().filter(|parcel| !parcel.state.has_left()).count() < 2
        && parcels.iter().all(|parcel| parcel.state.has_left() || parcel.tracking.is_empty())
}

/// What is done, verb first, and its icon.
fn verb(edge: &Edge, label: &str) -> (String, &'static str) {
    let lower = label.to_lowercase();
    match (edge.kind, edge.to) {
        (Kind::Forward, Base::Confirmed) if lower == "confirmed" => ("Confirm".to_owned(), "check"),
        (Kind::Forward, Base::Approved) if lower == "approved" => ("Approve".to_owned(), "check"),
        (Kind::Forward, Base::Shipped) => (format!("Mark as {lower}"), "truck-delivery"),
        (Kind::Forward, Base::Processed) => (format!("Mark as {lower}"), "package"),
        (Kind::Forward, _) => (format!("Mark as {lower}"), "circle-check"),
        (Kind::Return, _) => (format!("Mark as {lower}"), "arrow-back-up"),
        (Kind::Sibling, _) => (format!("Move to {label}"), "arrow-right"),
        (Kind::Hold, _) if lower == "on hold" => ("Put on hold".to_owned(), "player-pause"),
        (Kind::Hold, _) => (format!("Put on hold as {label}"), "player-pause"),
        (Kind::Release, _) => (format!("Release to {label}"), "bolt"),
        (Kind::Stop, Base::Rejected) if lower == "rejected" => ("Reject order".to_owned(), "ban"),
        (Kind::Stop, Base::Rejected) => (format!("Reject order as {label}"), "ban"),
        (Kind::Stop, _) if lower == "cancelled" => ("Cancel order".to_owned(), "ban"),
        (Kind::Stop, _) => (format!("Cancel order as {label}"), "ban"),
        (Kind::Incomplete, Base::Abandoned) => (format!("Mark as {lower}"), "clock"),
        (Kind::Incomplete, _) => (format!("Reopen as {label}"), "refresh"),
        (Kind::Shelf, Base::Archived) if lower == "archived" => ("Archive".to_owned(), "archive"),
        (Kind::Shelf, Base::Archived) => (format!("Archive as {label}"), "archive"),
        (Kind::Shelf, _) => (format!("Bring back to {label}"), "refresh"),
        (Kind::Correction, Base::Confirmed) if edge.from != Base::Approved => {
            (format!("Reinstate as {label}"), "refresh")
        }
        (Kind::Correction, _) => (format!("Back to {label}"), "arrow-back-up"),
    }
}

/// The moves of an order, sorted for its page.
#[derive(Debug, Default)]
pub struct Options {
    /// The big button.
    pub primary: Option<MoveOption>,
    /// Put on hold.
    pub hold: Option<MoveOption>,
    /// The other moves that can be taken.
    pub others: Vec<MoveOption>,
    /// Those that lack something.
    pub closed: Vec<MoveOption>,
}

impl Options {
    /// Of what may come next, without what this person may not do.
    pub fn of(order: &Order, person: &Person, choices: Vec<Choice>, parcels: &[Shipment]) -> Self {
        let mut options = Options::default();
        if !person.may(Permission::MoveOrders) {
            return options;
        }
        let next = lifecycle::next(order.base);
        for choice in choices.iter().filter(|choice| may_take(person, &choice.edge)) {
            let option = MoveOption::of(order, choice, parcels);
            let comes_back = matches!(order.base, Base::OnHold | Base::Archived)
                && matches!(choice.edge.kind, Kind::Release | Kind::Shelf);
            if options.primary.is_none() && (comes_back || next == Some(choice.edge.to)) {
                options.primary = Some(option);
            } else if choice.edge.kind == Kind::Hold && options.hold.is_none() {
                options.hold = Some(option);
            } else if option.lacks.is_empty() {
                options.others.push(option);
            } else {
                options.closed.push(option);
            }
        }
        options.others.sort_by_key(MoveOption::is_stop);
        options
    }
}

fn may_take(person: &Person, edge: &Edge) -> bool {
    edge.kind != Kind::Stop || person.may(Permission::CancelOrders)
}

/// What a move's form shows: the same on its page, in its dialog, and after something was wrong.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Heading.
    pub title: String,
    /// Where it is posted.
    pub action: String,
    /// Slug of the stage.
    pub to: String,
    /// Version of the order the form was made from.
    pub version: i64,
    /// Makes a double click harmless.
    pub token: String,
    /// Where to go afterwards.
    pub back: String,
    /// Reasons to choose from: key and words.
    pub reasons: &'static [(&'static str, &'static str)],
    /// What was typed.
    pub typed: Typed,
    /// Amount that was paid, where it must be said what becomes of it.
    pub paid: Option<String>,
    /// Whether this person may go on to give a part of it back.
    pub part: bool,
    /// Whether carrier and number are asked.
    pub tracking: bool,
    /// Whether an end is asked.
    pub until: bool,
    /// Whether it is asked what becomes of its stock.
    pub stock: bool,
    /// What else the move does.
    pub effect: String,
    /// What it lacks.
    pub lacks: String,
    /// Words on the button.
    pub submit: String,
    /// Whether it ends the order.
    pub is_stop: bool,
    /// Told above the form.
    pub refusal: Option<Refusal>,
    /// Whether it stands in a dialog and stays there until it is taken.
    pub in_dialog: bool,
}

impl Ask {
    /// What is wrong with a field, or nothing.
    pub fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// Where one goes who thinks better of it.
    pub fn leave(&self) -> &str {
        &self.back
    }
}

/// What was typed into a move's form.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub reason: String,
    pub note: String,
    pub refund: String,
    pub carrier: String,
    pub tracking: String,
    pub until: String,
    pub stock: String,
}

/// A posted move.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MoveForm {
    #[serde(default)]
    to: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    refund: String,
    #[serde(default)]
    carrier: String,
    #[serde(default)]
    tracking: String,
    #[serde(default)]
    until: String,
    #[serde(default)]
    stock: String,
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    back: String,
}

impl MoveForm {
    fn typed(&self) -> Typed {
        Typed {
            reason: self.reason.clone(),
            note: self.note.clone(),
            refund: self.refund.clone(),
            carrier: self.carrier.clone(),
            tracking: self.tracking.clone(),
            until: self.until.clone(),
            stock: self.stock.clone(),
        }
    }
    fn request(&self, person: &Person, zone: chrono_tz::Tz) -> Result<MoveRequest> {
        for (field, text, most) in [("carrier", &self.carrier, 100), ("tracking", &self.tracking, 200)] {
            if text.chars().count() > most {
                let told = format!("This takes {most} characters at the most.");
                return Err(Refusal::field("order.too_long", field, told).into());
            }
        }
        Ok(MoveRequest {
            to: self.to.clone(),
            version: Some(version_of(&self.version)?),
            reason: self.reason.clone(),
            note: self.note.replace("\r\n", "\n").trim().to_owned(),
            refund: RefundChoice::parse(&self.refund),
            tracking: Tracking { carrier: self.carrier.trim().to_owned(), number: self.tracking.trim().to_owned() },
            until: until_of(&self.until, zone)?,
            stock: if self.stock == "free" { StockMode::Free } else { StockMode::Keep },
            authority: authority_of(person),
            telling: telling_of(person),
            undoing: Undoing::Offered,
            parcels: Parcels::Follow,
        })
    }
}

/// The version a form was made from.
///
/// # Errors
/// Refuses a form without one, which would overwrite what others did.
pub fn version_of(text: &str) -> Result<i64> {
    text.trim().parse().map_err(|_| {
        Refusal::field(
            "order.version",
            "version",
            "This form does not say which state of the order it was made from. Open the order again and send it from there.",
        )
        .into()
    })
}

fn until_of(text: &str, zone: chrono_tz::Tz) -> Result<Option<UtcTime>> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    local_time(text, zone).map(Some).ok_or_else(|| {
        Refusal::field("order.hold_until", "until", "Enter a date and a time, such as 2026-11-23 09:00.").into()
    })
}

/// Reads a date and time as browsers send it (`2026-11-23T09:00`) and as people type it.
pub fn local_time(text: &str, zone: chrono_tz::Tz) -> Option<UtcTime> {
    let text = text.trim().replace('T', " ");
    ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())
        .map(|local| instant_of(local, zone))
}

#[derive(Template)]
#[template(path = "orders/ask.html")]
struct AskDialog {
    ask: Ask,
}

/// What the address of a move's form may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskQuery {
    #[serde(default)]
    to: String,
    #[serde(default)]
    from: String,
}

/// `GET /orders/{number}/moves/new`
pub async fn new(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    query: Query<AskQuery>,
) -> Answer {
    let (number, person, query) = (number_of(&path)?, staff.person(), query.0);
    let (fragment, reader) = (wants_fragment(&request), person.clone());
    let back = page::address(number, page::Tab::Chat, &query.from);
    let asked = back.clone();
    let ask = desk
        .db
        .read(move |conn| {
            let ask = ask(conn, &reader, number, &query.to, Typed::default(), &asked)?;
            ask.ok_or_else(|| Error::Missing(format!("move of order {number} to “{}”", query.to)))
        })
        .await?;
    if fragment {
        return web::page(&AskDialog { ask: Ask { in_dialog: true, ..ask } });
    }
    again(&desk, person, number, &back, StatusCode::OK, Wish { ask: Some(ask), ..Wish::default() }).await
}

/// The form of a move to a stage, if this person may still take it.
fn ask(conn: &mut Conn, person: &Person, number: i64, to: &str, typed: Typed, back: &str) -> Result<Option<Ask>> {
    let order = order::find(conn, number)?;
    let stages = Stages::load(conn)?;
    let lines = order::lines(conn, order.id)?;
    let ledger = payment::ledger(conn, order.id)?;
    let parcels = shipment::of_order(conn, order.id)?;
    let open = super::open_holds(conn, order.id)?;
    let policy = payment::methods(conn)?.of(&order.payment_method);
    let mut facts = super::facts_of(&order, &lines, &ledger, open.len(), policy);
    facts.short = super::shortages(conn, &order, &lines)?;
    facts.open_returns = crate::returns::open_count(conn, order.id)?;
    let is_more = order.base == Base::OnHold && order.stage == to;
    let mut choices = super::choices_of(&order, &stages, &facts, authority_of(person), telling_of(person))?;
    if is_more {
        let edge = Edge { from: Base::OnHold, to: Base::OnHold, kind: Kind::Hold };
        let stage = stages.find(to).cloned().ok_or_else(|| Error::Missing(format!("stage “{to}”")))?;
        choices.push(Choice { edge, stage, lacks: Vec::new(), effect: None });
    }
    let Some(choice) = choices.iter().find(|c| c.stage.slug == to && may_take(person, &c.edge)) else {
        return Ok(None);
    };
    let (label, _) = verb(&choice.edge, &choice.stage.label);
    let holds = choice.edge.kind == Kind::Hold;
    let ends = choice.edge.kind == Kind::Stop;
    let paid = (ends && order.net_minor() > 0).then(|| match Sight::of(person).money {
        true => order.money(order.net_minor()).to_string(),
        false => "Money".to_owned(),
    });
    Ok(Some(Ask {
        title: title(&label, &order, is_more),
        action: format!("/orders/{number}/{}", if holds { "holds" } else { "moves" }),
        to: to.to_owned(),
        version: order.version,
        token: crate::ids::new_uid(),
        back: back.to_owned(),
        reasons: choice.edge.reasons(),
        typed,
        paid,
        part: person.may(Permission::RefundPayments),
        tracking: choice.edge.to == Base::Shipped
            && choice.edge.kind == Kind::Forward
            && wants_tracking(&order, &parcels),
        until: holds,
        stock: holds && stock::claims(conn, order.id)?.iter().any(|claim| claim.allocated + claim.soft_held > 0),
        effect: choice.effect.clone().unwrap_or_default(),
        lacks: choice.lacks.join(" "),
        submit: if is_more { "Add the hold".to_owned() } else { label },
        is_stop: ends,
        refusal: None,
        in_dialog: false,
    }))
}

fn title(label: &str, order: &Order, is_more: bool) -> String {
    let number = order.shown_number();
    match label {
        _ if is_more => format!("Add another hold to {number}"),
        "Cancel order" => format!("Cancel {number}"),
        "Reject order" => format!("Reject {number}"),
        other => match other.split_once(' ') {
            Some(("Move" | "Put", rest)) => format!("{} {number} {rest}", &other[..4].trim_end()),
            Some((verb @ ("Mark" | "Reinstate" | "Reopen" | "Bring"), rest)) => format!("{verb} {number} {rest}"),
            Some(("Back", rest)) => format!("Take {number} back {rest}"),
            _ => format!("{other} {number}"),
        },
    }
}

/// `POST /orders/{number}/moves`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    form: Form<MoveForm>,
) -> Answer {
    let (number, person, form) = (number_of(&path)?, staff.person(), form.0);
    let (actor, mover, posted) = (person.actor(), person.clone(), form.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            may_go(tx.conn, &mover, &posted.to)?;
            let zone = web::shop(tx.conn)?.zone;
            super::move_to_stage(tx, &actor, number, &posted.request(&mover, zone)?)
        })
        .await;
    answer(&desk, &request, &staff, number, &form, outcome).await
}

/// Refuses to end an order without the right to.
fn may_go(conn: &mut Conn, person: &Person, to: &str) -> Result<()> {
    let base = Stages::load(conn)?.find(to).map(|stage| stage.base);
    if matches!(base, Some(Base::Cancelled | Base::Rejected)) { person.must(Permission::CancelOrders) } else { Ok(()) }
}

/// `POST /orders/{number}/holds`
pub async fn hold(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    form: Form<MoveForm>,
) -> Answer {
    let (number, person, form) = (number_of(&path)?, staff.person(), form.0);
    let (actor, mover, posted) = (person.actor(), person.clone(), form.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let zone = web::shop(tx.conn)?.zone;
            let wanted = posted.request(&mover, zone)?;
            let mut held = None;
            // The place where the outcome is kept is the version that the hold left behind.
            web::once(tx, &mover.credential(), &posted.form_token, |tx| {
                let outcome = super::hold(tx, &actor, number, &wanted)?;
                held = Some(outcome);
                Ok(format!("/orders/{number}"))
            })?;
            match held {
                Some(outcome) => Ok(outcome),
                None => as_it_is(tx.conn, number),
            }
        })
        .await;
    answer(&desk, &request, &staff, number, &form, outcome).await
}

/// The outcome for a second click: nothing changed.
fn as_it_is(conn: &mut Conn, number: i64) -> Result<MoveOutcome> {
    let order = order::find(conn, number)?;
    let label = Stages::load(conn)?.label(&order.stage);
    Ok(MoveOutcome { order, changed: false, from_label: label.clone(), to_label: label, can_undo: false })
}

/// What a release or an undo posts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackForm {
    #[serde(default)]
    version: String,
    #[serde(default)]
    back: String,
}

/// `POST /orders/{number}/holds/{uid}/release`
pub async fn release(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    form: Form<BackForm>,
) -> Answer {
    let (number, uid) = (number_of(&path.0)?, path.1.clone());
    let (actor, version) = (staff.actor(), version_of(&form.version)?);
    let outcome = desk.db.write(move |tx| super::release(tx, &actor, number, Some(version), &uid)).await;
    let form = MoveForm { back: form.back.clone(), ..MoveForm::default() };
    answer(&desk, &request, &staff, number, &form, outcome).await
}

/// `POST /orders/{number}/moves/undo`
pub async fn undo(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    form: Form<BackForm>,
) -> Answer {
    let number = number_of(&path)?;
    let (actor, version) = (staff.actor(), version_of(&form.version)?);
    let back = way_back(&form.back, number);
    match desk.db.write(move |tx| super::undo(tx, &actor, number, version)).await {
        Ok(outcome) => {
            staff.toast(format!("#{number} is {} again.", outcome.to_label));
            Ok(went(&request, &back))
        }
        Err(error) => {
            let form = MoveForm { back, ..MoveForm::default() };
            answer(&desk, &request, &staff, number, &form, Err(error)).await
        }
    }
}

/// Sends the browser on after a move, or shows the order again with what went wrong and what was
/// typed.
async fn answer(
    desk: &Desk,
    request: &HttpRequest,
    staff: &Staff<MoveOrders>,
    number: i64,
    form: &MoveForm,
    outcome: Result<MoveOutcome>,
) -> Answer {
    let back = way_back(&form.back, number);
    let error = match outcome {
        Ok(outcome) => {
            staff.toast_with(&told(&outcome, &back));
            if form.refund == "part" && outcome.changed && staff.person().may(Permission::RefundPayments) {
                let from = from_of(&form.back);
                let next = format!("/orders/{number}/refunds/new?lines=all&from={}", page::encoded(&from));
                return Ok(went(request, &next));
            }
            return Ok(went(request, &back));
        }
        Err(error) => error,
    };
    let (refusal, status) = web::shown_again(error)?;
    let (person, to, typed) = (staff.person(), form.to.clone(), form.typed());
    let (reader, wanted) = (person.clone(), format!("/orders/{number}{}", from_suffix(&form.back)));
    let way = back.clone();
    let mut asked = desk.db.read(move |conn| ask(conn, &reader, number, &to, typed, &way)).await?;
    if let Some(asked) = &mut asked {
        asked.refusal = Some(refusal.clone());
    }
    let fits = asked.as_ref().is_some_and(|asked| asked.lacks.is_empty());
    if wants_fragment(request)
        && let Some(ask) = asked
    {
        return web::page_as(status, &AskDialog { ask: Ask { in_dialog: true, ..ask } });
    }
    let alert = match (&asked, refusal.kind) {
        (Some(_), RefusalKind::Invalid) => None,
        _ => Some(Alert { tone: "bad", words: refusal.message }),
    };
    let mut wish = Wish { alert, ask: asked.filter(|_| fits), ..Wish::default() };
    if let (Some(_), Some(ask)) = (&wish.alert, &mut wish.ask) {
        // The banner says it already.
        ask.refusal = None;
    }
    again(desk, person, number, &wanted, status, wish).await
}

fn from_suffix(back: &str) -> String {
    let from = from_of(back);
    if from.is_empty() { String::new() } else { format!("?from={}", page::encoded(&from)) }
}

fn told(outcome: &MoveOutcome, back: &str) -> Toast {
    let (number, to) = (outcome.order.shown_number(), &outcome.to_label);
    if !outcome.changed {
        return Toast::new(format!("{number} is {to} already."));
    }
    if outcome.from_label == outcome.to_label {
        return Toast::new(format!("{number} changed; it is {to}."));
    }
    let toast = Toast::new(format!("{number} moved from {} to {to}.", outcome.from_label));
    if !outcome.can_undo {
        return toast;
    }
    let fields = vec![("version".to_owned(), outcome.order.version.to_string()), ("back".to_owned(), back.to_owned())];
    toast.with_undo(format!("/orders/{}/moves/undo", outcome.order.number), fields)
}
