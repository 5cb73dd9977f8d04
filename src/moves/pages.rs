//! Moving an order from the desk: the buttons, the form a move asks for, and what is told when two
//! people move the same order at once.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::NaiveDateTime;
use serde::Deserialize;

use super::pages_ask::{Ask, Typed, ask};
use super::{Announcing, Authority, MoveOutcome, MoveRequest, Parcels, RefundChoice, StockMode, Telling, Undoing};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::order;
use crate::order::pages_parts::Sight;
use crate::order::pages_show::{Alert, Wish, again};
use crate::order::pages_way::{self as way, from_of, number_of, way_back, went};
use crate::shipment::Tracking;
use crate::staff::permission::MoveOrders;
use crate::staff::{Permission, Person, Staff};
use crate::time::{UtcTime, instant_of};
use crate::web::{self, Answer, Desk, Form, Query, Toast, wants_fragment};
use crate::workflow::{Base, Stages};

/// What this person is allowed.
pub fn authority_of(person: &Person) -> Authority {
    if person.may(Permission::CorrectOrders) { Authority::Corrects } else { Authority::Moves }
}

/// What this person may be told.
pub fn telling_of(person: &Person) -> Telling {
    if Sight::of(person).money { Telling::Amounts } else { Telling::NoAmounts }
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
    /// Whether the form asked if the customer is told.
    #[serde(default)]
    asked: String,
    /// Whether they are.
    #[serde(default)]
    tell: String,
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
            untold: self.is_untold(),
        }
    }
    /// Whether the customer is not to be told though they could be.
    fn is_untold(&self) -> bool {
        !self.asked.is_empty() && self.tell.is_empty()
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
            announcing: if self.is_untold() { Announcing::Silent } else { Announcing::AsTheStageSays },
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
    let back = way::address(number, way::Tab::Chat, &query.from);
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

/// `POST /orders/{number}/moves`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    form: Form<MoveForm>,
) -> Answer {
    let verb = |tx: &mut Tx<'_>, mover: &Person, number, posted: &MoveForm| {
        may_go(tx.conn, mover, &posted.to)?;
        let wanted = posted.request(mover, web::shop(tx.conn)?.zone)?;
        super::move_to_stage(tx, &mover.actor(), number, &wanted)
    };
    taken(&desk, &request, &path, &staff, form.0, verb).await
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
    let verb = |tx: &mut Tx<'_>, mover: &Person, number, posted: &MoveForm| {
        let wanted = posted.request(mover, web::shop(tx.conn)?.zone)?;
        let mut held = None;
        // The place where the outcome is kept is the version that the hold left behind.
        web::once(tx, &mover.credential(), &posted.form_token, |tx| {
            held = Some(super::hold(tx, &mover.actor(), number, &wanted)?);
            Ok(format!("/orders/{number}"))
        })?;
        match held {
            Some(outcome) => Ok(outcome),
            None => as_it_is(tx.conn, number),
        }
    };
    taken(&desk, &request, &path, &staff, form.0, verb).await
}

/// Does in one write what a form asks for, and answers.
async fn taken(
    desk: &Desk,
    request: &HttpRequest,
    path: &str,
    staff: &Staff<MoveOrders>,
    form: MoveForm,
    verb: fn(&mut Tx<'_>, &Person, i64, &MoveForm) -> Result<MoveOutcome>,
) -> Answer {
    let number = number_of(path)?;
    let (mover, posted) = (staff.person(), form.clone());
    let outcome = desk.db.write(move |tx| verb(tx, &mover, number, &posted)).await;
    answer(desk, request, staff, number, &form, outcome).await
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
                let next = format!("/orders/{number}/refunds/new?lines=all&from={}", way::encoded(&from));
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
    if from.is_empty() { String::new() } else { format!("?from={}", way::encoded(&from)) }
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
