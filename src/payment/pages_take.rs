//! Capturing an authorisation, letting it go, goodwill and writing off: a form each, as a page of its own and as a
//! dialog.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::method::Methods;
use super::pages::first_way;
use super::pages_refund::RefundForm;
use super::{GOODWILL_REASONS, NewCapture, NewGoodwill, Payment, WRITE_OFF_REASONS, capturable, ledger};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::money::Money;
use crate::moves::{self, pages as moving};
use crate::order::pages_show::{Alert, Wish, again};
use crate::order::pages_way::{self as way, number_of, way_back, went};
use crate::order::{self, Order};
use crate::staff::Person;
use crate::staff::Staff;
use crate::staff::permission::{GiveGoodwill, Needed, RecordPayments};
use crate::web::{self, Answer, Desk, Form, Query, wants_fragment};

/// A form about money that is being filled in.
#[derive(Clone, Debug)]
pub enum Asked {
    /// Capture, release or goodwill.
    Take(TakeForm),
    /// A refund.
    Refund(RefundForm),
}

impl Asked {
    /// The form of a capture, release or goodwill.
    pub fn take(&self) -> Option<&TakeForm> {
        match self {
            Asked::Take(form) => Some(form),
            Asked::Refund(_) => None,
        }
    }
    /// The form of a refund.
    pub fn refund(&self) -> Option<&RefundForm> {
        match self {
            Asked::Refund(form) => Some(form),
            Asked::Take(_) => None,
        }
    }
    /// The same as it stands in a dialog, with what is wrong with it.
    fn told(self, refusal: Option<Refusal>, in_dialog: bool) -> Self {
        match self {
            Asked::Take(form) => Asked::Take(TakeForm { refusal, in_dialog, ..form }),
            Asked::Refund(form) => Asked::Refund(RefundForm { refusal, in_dialog, ..form }),
        }
    }
}

/// What a form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// To receive what was authorised.
    Capture,
    /// To let it go.
    Void,
    /// To give beyond what was received.
    Goodwill,
    /// To ask no more for what is due or owed.
    WriteOff,
    /// To take that back.
    WriteBack,
}

/// What the form shows.
#[derive(Clone, Debug)]
pub struct TakeForm {
    /// What it is for.
    pub take: Take,
    /// Heading.
    pub title: String,
    /// Where it is posted.
    pub action: String,
    /// Words on the button.
    pub submit: &'static str,
    /// Said beside the heading.
    pub about: String,
    /// Version of the order the form was made from.
    pub version: i64,
    /// Makes a double click harmless.
    pub token: String,
    /// Where to go afterwards.
    pub back: String,
    /// Three letters of the currency.
    pub currency: String,
    /// The ways of paying.
    pub ways: Methods,
    /// What was typed.
    pub typed: TakePosted,
    /// Told above the form.
    pub refusal: Option<Refusal>,
    /// Whether it stands in a dialog and stays there until it is taken.
    pub in_dialog: bool,
}

impl TakeForm {
    /// What is wrong with a field, or nothing.
    pub fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// Whether it asks how much of an authorisation is received.
    pub fn is_capture(&self) -> bool {
        self.take == Take::Capture
    }
    /// Whether it asks for an amount at all.
    pub fn has_amount(&self) -> bool {
        matches!(self.take, Take::Capture | Take::Goodwill)
    }
    /// Whether something is let go for good.
    pub fn is_release(&self) -> bool {
        self.take == Take::Void
    }
    /// Whether it asks how it was given.
    pub fn is_goodwill(&self) -> bool {
        self.take == Take::Goodwill
    }
    /// Said above its fields.
    pub fn hint(&self) -> &'static str {
        match self.take {
            Take::Capture => "",
            Take::Void => "What is left of the authorisation is let go. It cannot be captured afterwards.",
            Take::Goodwill => {
                "Money beyond what was received. It changes neither what is due nor what can be refunded."
            }
            Take::WriteOff => "Nobody is asked for it any more. It stays in the ledger and can be taken back.",
            Take::WriteBack => "What was written off is due or owed again.",
        }
    }
    /// Reasons to choose from.
    pub fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        match self.take {
            Take::Goodwill => GOODWILL_REASONS,
            Take::WriteOff => WRITE_OFF_REASONS,
            Take::Capture | Take::Void | Take::WriteBack => &[],
        }
    }
    /// The ways to choose from: key, words, whether it is chosen.
    pub fn methods(&self) -> Vec<(String, String, bool)> {
        self.ways.choices(&self.typed.method)
    }
}

/// A posted form.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TakePosted {
    pub of: String,
    pub amount: String,
    pub more: String,
    pub reason: String,
    pub method: String,
    pub reference: String,
    pub note: String,
    version: String,
    form_token: String,
    back: String,
}

impl TakePosted {
    fn amount(&self, order: &Order) -> Result<i64> {
        read_amount(&self.amount, order)
    }
}

/// An amount above zero in the currency of an order, as typed into the field `amount`.
pub(super) fn read_amount(text: &str, order: &Order) -> Result<i64> {
    match Money::parse(text, order.currency).filter(|money| money.minor > 0) {
        Some(money) => Ok(money.minor),
        None => {
            let example = order.money(24 * 10i64.pow(order.currency.exponent())).decimal();
            let told = format!("Enter an amount above zero in {}, such as {example}.", order.currency);
            Err(Refusal::field("payment.amount", "amount", told).into())
        }
    }
}

/// What the address of a form may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TakeQuery {
    of: String,
    from: String,
}

#[derive(Template)]
#[template(path = "payments/take.html")]
struct TakeDialog<'a> {
    take: &'a TakeForm,
}

#[derive(Template)]
#[template(path = "payments/refund.html")]
struct RefundDialog<'a> {
    refund: &'a RefundForm,
}

fn dialog(status: StatusCode, asked: &Asked) -> Answer {
    match asked {
        Asked::Take(take) => web::page_as(status, &TakeDialog { take }),
        Asked::Refund(refund) => web::page_as(status, &RefundDialog { refund }),
    }
}

/// Shows a form: alone for htmx, else above the order.
pub(super) async fn show(
    desk: &Desk,
    request: &HttpRequest,
    person: Person,
    number: i64,
    back: &str,
    asked: Asked,
) -> Answer {
    if wants_fragment(request) {
        return dialog(StatusCode::OK, &asked.told(None, true));
    }
    again(desk, person, number, back, StatusCode::OK, Wish { money: Some(asked), ..Wish::default() }).await
}

/// Shows a form again with what was typed and why it was refused.
pub(super) async fn show_refused(
    desk: &Desk,
    request: &HttpRequest,
    person: Person,
    number: i64,
    back: &str,
    error: Error,
    made_again: impl FnOnce(&mut Conn) -> Result<Asked> + Send + 'static,
) -> Answer {
    let (refusal, status) = web::shown_again(error)?;
    // The form may have lost what it was about: then the order is shown as it is, with the reason.
    let asked = match desk.db.read(made_again).await {
        Ok(asked) => Some(asked),
        Err(Error::Missing(_)) => None,
        Err(other) => return Err(other.into()),
    };
    match asked {
        Some(asked) if wants_fragment(request) => dialog(status, &asked.told(Some(refusal), true)),
        asked => {
            let alert =
                (refusal.kind != RefusalKind::Invalid).then(|| Alert { tone: "bad", words: refusal.message.clone() });
            let beside = alert.is_none().then_some(refusal);
            let money = asked.map(|asked| asked.told(beside, false));
            again(desk, person, number, back, status, Wish { alert, money, ..Wish::default() }).await
        }
    }
}

fn form(conn: &mut Conn, number: i64, take: Take, typed: Option<TakePosted>, of: &str, back: &str) -> Result<TakeForm> {
    let order = order::find(conn, number)?;
    let (shown, ways) = (order.shown_number(), super::methods(conn)?);
    let (title, verb, submit) = match take {
        Take::Capture => (format!("Capture for {shown}"), "captures", "Capture"),
        Take::Void => (format!("Release an authorisation of {shown}"), "voids", "Release"),
        Take::Goodwill => (format!("Give goodwill for {shown}"), "goodwill", "Record goodwill"),
        Take::WriteOff => (format!("Write off the rest of {shown}"), "write-offs", "Write it off"),
        Take::WriteBack => (format!("Take a write-off of {shown} back"), "write-offs/back", "Take it back"),
    };
    let (about, proposed) = match take {
        Take::Goodwill => (String::new(), String::new()),
        Take::WriteOff => (open_words(&order), String::new()),
        Take::WriteBack => (order.money(written_off(conn, &order, of)?).to_string(), String::new()),
        Take::Capture | Take::Void => {
            let left = left_of(conn, &order, of)?;
            let due = order.amount_due();
            let whole = if due > 0 { left.min(due) } else { left };
            (format!("{} left of it", order.money(left)), order.money(whole).decimal())
        }
    };
    let typed = typed.unwrap_or_else(|| TakePosted {
        of: of.to_owned(),
        amount: proposed,
        method: first_way(&order, &ways),
        ..TakePosted::default()
    });
    Ok(TakeForm {
        take,
        title,
        action: format!("/orders/{number}/{verb}"),
        submit,
        about,
        version: order.version,
        token: crate::ids::new_uid(),
        back: back.to_owned(),
        currency: order.currency.code().to_owned(),
        ways,
        typed,
        refusal: None,
        in_dialog: false,
    })
}

/// What is open, in words.
fn open_words(order: &Order) -> String {
    match (order.amount_due(), order.credit_owed()) {
        (0, owed) => format!("{} owed to the customer", order.money(owed)),
        (due, _) => format!("{} still due", order.money(due)),
    }
}

fn written_off(conn: &mut Conn, order: &Order, uid: &str) -> Result<i64> {
    let is_it = |entry: &&Payment| entry.uid == uid && entry.kind == order::PaymentKind::WriteOff;
    let found = ledger(conn, order.id)?.iter().find(is_it).map(|entry| entry.amount_minor);
    found.ok_or_else(|| Error::Missing(format!("write-off {uid}")))
}

fn left_of(conn: &mut Conn, order: &Order, uid: &str) -> Result<i64> {
    let ledger = ledger(conn, order.id)?;
    let is_it = |entry: &&Payment| entry.uid == uid && entry.kind == order::PaymentKind::Authorization;
    let entry = ledger.iter().find(is_it).ok_or_else(|| Error::Missing(format!("authorisation {uid}")))?;
    Ok(capturable(&ledger, entry))
}

async fn open(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    person: Person,
    query: TakeQuery,
    take: Take,
) -> Answer {
    let number = number_of(&path)?;
    let back = way::address(number, way::Tab::Chat, &query.from);
    let way = back.clone();
    let asked = desk.db.read(move |conn| form(conn, number, take, None, &query.of, &way)).await?;
    show(&desk, &request, person, number, &back, Asked::Take(asked)).await
}

/// Does what a form asks for, once, and shows it again if it is refused.
async fn done<P: Needed>(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<P>,
    posted: TakePosted,
    take: Take,
) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let back = way_back(&posted.back, number);
    let (actor, credential, sent, place) = (person.actor(), person.credential(), posted.clone(), back.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let version = moving::version_of(&sent.version)?;
            web::once(tx, &credential, &sent.form_token, |tx| {
                carry_out(tx, &actor, number, version, take, &sent)?;
                Ok(place)
            })
        })
        .await;
    match outcome {
        Ok(done) => {
            staff.toast(match take {
                Take::Capture => format!("Captured for #{number}."),
                Take::Void => format!("Released an authorisation of #{number}."),
                Take::Goodwill => format!("Goodwill recorded for #{number}."),
                Take::WriteOff => format!("The rest of #{number} is written off."),
                Take::WriteBack => format!("The write-off of #{number} is taken back."),
            });
            Ok(went(&request, &done.location))
        }
        Err(error) => {
            let (way, of) = (back.clone(), posted.of.clone());
            let made_again = move |conn: &mut Conn| form(conn, number, take, Some(posted), &of, &way).map(Asked::Take);
            show_refused(&desk, &request, person, number, &back, error, made_again).await
        }
    }
}

fn carry_out(
    tx: &mut Tx<'_>,
    actor: &crate::actor::Actor,
    number: i64,
    version: i64,
    take: Take,
    sent: &TakePosted,
) -> Result<()> {
    let order = order::find(tx.conn, number)?;
    let text = |typed: &str| typed.trim().to_owned();
    match take {
        Take::Capture => {
            let new = NewCapture {
                authorization: sent.of.clone(),
                amount_minor: sent.amount(&order)?,
                more_to_come: sent.more == "1",
                reference: text(&sent.reference),
                note: text(&sent.note),
            };
            moves::capture_payment(tx, actor, number, Some(version), &new)?;
        }
        Take::Void => {
            super::void(tx, actor, number, Some(version), &sent.of, sent.note.trim())?;
        }
        Take::WriteOff => {
            super::write_off(tx, actor, number, Some(version), &sent.reason, sent.note.trim())?;
        }
        Take::WriteBack => {
            super::write_back(tx, actor, number, Some(version), &sent.of, sent.note.trim())?;
        }
        Take::Goodwill => {
            let new = NewGoodwill {
                amount_minor: sent.amount(&order)?,
                reason: sent.reason.clone(),
                method: text(&sent.method),
                reference: text(&sent.reference),
                note: text(&sent.note),
            };
            super::goodwill(tx, actor, number, Some(version), &new)?;
        }
    }
    Ok(())
}

/// `GET /orders/{number}/captures/new`
pub async fn new_capture(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RecordPayments>,
    query: Query<TakeQuery>,
) -> Answer {
    open(desk, request, path, staff.person(), query.0, Take::Capture).await
}

/// `POST /orders/{number}/captures`
pub async fn capture(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RecordPayments>,
    posted: Form<TakePosted>,
) -> Answer {
    done(desk, request, path, staff, posted.0, Take::Capture).await
}

/// `GET /orders/{number}/voids/new`
pub async fn new_void(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RecordPayments>,
    query: Query<TakeQuery>,
) -> Answer {
    open(desk, request, path, staff.person(), query.0, Take::Void).await
}

/// `POST /orders/{number}/voids`
pub async fn void(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RecordPayments>,
    posted: Form<TakePosted>,
) -> Answer {
    done(desk, request, path, staff, posted.0, Take::Void).await
}

/// `GET /orders/{number}/goodwill/new`
pub async fn new_goodwill(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<GiveGoodwill>,
    query: Query<TakeQuery>,
) -> Answer {
    open(desk, request, path, staff.person(), query.0, Take::Goodwill).await
}

/// `POST /orders/{number}/goodwill`
pub async fn goodwill(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<GiveGoodwill>,
    posted: Form<TakePosted>,
) -> Answer {
    done(desk, request, path, staff, posted.0, Take::Goodwill).await
}

/// `GET /orders/{number}/write-offs/new`
pub async fn new_write_off(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<GiveGoodwill>,
    query: Query<TakeQuery>,
) -> Answer {
    open(desk, request, path, staff.person(), query.0, Take::WriteOff).await
}

/// `POST /orders/{number}/write-offs`
pub async fn write_off(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<GiveGoodwill>,
    posted: Form<TakePosted>,
) -> Answer {
    done(desk, request, path, staff, posted.0, Take::WriteOff).await
}

/// `GET /orders/{number}/write-offs/back`
pub async fn new_write_back(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<GiveGoodwill>,
    query: Query<TakeQuery>,
) -> Answer {
    open(desk, request, path, staff.person(), query.0, Take::WriteBack).await
}

/// `POST /orders/{number}/write-offs/back`
pub async fn write_back(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<GiveGoodwill>,
    posted: Form<TakePosted>,
) -> Answer {
    done(desk, request, path, staff, posted.0, Take::WriteBack).await
}
