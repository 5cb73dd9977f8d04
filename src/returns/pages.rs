//! Returns on screen: the card on the order's page, asking for one, deciding and receiving, and the
//! list of those on which something is left to do.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::{Condition, REASONS, Return, ReturnLine, ReturnState, contents, find, of_order, returnable, worth};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::ids::new_uid;
use crate::moves::pages::version_of;
use crate::moves::{self, MoveRequest};
use crate::order::pages_parts::Badge;
use crate::order::pages_way::{number_of, went};
use crate::order::{self, Line, Order};
use crate::shipment::Units;
use crate::shipment::pages_form::{count, units};
use crate::staff::permission::{MoveOrders, ViewOrders};
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell};
use crate::workflow::Base;

/// Colour and glyph of a state, with its word.
fn look(state: ReturnState) -> Badge {
    let (tone, glyph) = match state {
        ReturnState::Requested => ("warn", "g-none"),
        ReturnState::Approved | ReturnState::InTransit => ("info", "g-half"),
        ReturnState::Received => ("warn", "g-back"),
        ReturnState::Rejected => ("mute", "g-fail"),
        ReturnState::Closed => ("ok", "g-full"),
        ReturnState::Cancelled => ("mute", "g-none"),
    };
    Badge { tone, glyph, words: state.label().to_owned() }
}

/// The words of a reason key.
fn reason_words(key: &str) -> &str {
    REASONS.iter().find(|(known, _)| *known == key).map_or(key, |(_, words)| words)
}

/// The card of returns on an order's page.
#[derive(Debug)]
pub struct ReturnsPanel {
    pub number: i64,
    pub rows: Vec<ReturnRow>,
    /// Returns on which something is left to do.
    pub open: usize,
    pub may_ask: bool,
}

/// A return in the card.
#[derive(Debug)]
pub struct ReturnRow {
    pub uid: String,
    pub position: i64,
    pub state: Badge,
    pub contents: String,
    pub about: String,
}

impl ReturnsPanel {
    /// Of an order.
    pub fn load(conn: &mut Conn, shell: &Shell, order: &Order, lines: &[Line], person: &Person) -> Result<Self> {
        let returns = of_order(conn, order.id)?;
        let inside = contents(conn, &returns.iter().map(|known| known.id).collect::<Vec<_>>())?;
        let left: i64 = lines.iter().map(|line| returnable(line, &returns, &inside)).sum();
        let may = person.may(Permission::MoveOrders) && order.base != Base::Archived;
        Ok(ReturnsPanel {
            number: order.number,
            open: returns.iter().filter(|known| known.state.is_open()).count(),
            rows: returns
                .iter()
                .map(|known| ReturnRow {
                    uid: known.uid.clone(),
                    position: known.position,
                    state: look(known.state),
                    contents: inside_words(known, &inside, lines),
                    about: format!("{} · {}", reason_words(&known.reason), shell.when(&known.requested_at)),
                })
                .collect(),
            may_ask: may && left > 0,
        })
    }
    /// Whether there is anything to show.
    pub fn is_there(&self) -> bool {
        !self.rows.is_empty() || self.may_ask
    }
}

fn inside_words(known: &Return, inside: &[ReturnLine], lines: &[Line]) -> String {
    let words = |content: &ReturnLine| {
        let line = lines.iter().find(|line| line.id == content.line_id)?;
        Some(format!("{} × {}", content.quantity, line.title))
    };
    inside.iter().filter(|content| content.return_id == known.id).filter_map(words).collect::<Vec<_>>().join(", ")
}

/// A line that may be sent back.
#[derive(Debug)]
struct AskRow {
    uid: String,
    title: String,
    about: String,
    most: i64,
    typed: String,
}

#[derive(Template)]
#[template(path = "returns/new.html")]
struct NewPage {
    shell: Shell,
    number: i64,
    version: i64,
    token: String,
    rows: Vec<AskRow>,
    reason: String,
    note: String,
    refusal: Option<Refusal>,
}

impl NewPage {
    fn load(conn: &mut Conn, person: &Person, number: i64) -> Result<Self> {
        let order = order::find(conn, number)?;
        let lines = order::lines(conn, order.id)?;
        let returns = of_order(conn, order.id)?;
        let inside = contents(conn, &returns.iter().map(|known| known.id).collect::<Vec<_>>())?;
        let row = |line: &Line| {
            let most = returnable(line, &returns, &inside);
            (most > 0).then(|| AskRow {
                uid: line.uid.clone(),
                title: line.title.clone(),
                about: line.caption(),
                most,
                typed: "0".to_owned(),
            })
        };
        Ok(NewPage {
            shell: Shell::load(conn, person, Section::Returns)?,
            number,
            version: order.version,
            token: new_uid(),
            rows: lines.iter().filter_map(row).collect(),
            reason: String::new(),
            note: String::new(),
            refusal: None,
        })
    }
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn unit_problem(&self, uid: &str) -> &str {
        self.problem(&format!("units-{uid}"))
    }
    fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        REASONS
    }
}

/// A posted form about a return.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnPost {
    #[serde(default)]
    to: String,
    #[serde(default)]
    line: Vec<String>,
    #[serde(default)]
    units: Vec<String>,
    #[serde(default)]
    restock: Vec<String>,
    #[serde(default)]
    damaged: Vec<String>,
    #[serde(default)]
    discard: Vec<String>,
    #[serde(default)]
    missing: Vec<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    form_token: String,
}

impl ReturnPost {
    fn wanted(&self) -> Result<Vec<Units>> {
        units("return.units", &self.line, &self.units)
    }
    fn conditions(&self) -> Result<Vec<Condition>> {
        let one = |(at, line): (usize, &String)| {
            let field = format!("restock-{line}");
            let typed = |counts: &[String]| count("return.units", &field, counts.get(at));
            Ok(Condition {
                line: line.clone(),
                restock: typed(&self.restock)?,
                damaged: typed(&self.damaged)?,
                discard: typed(&self.discard)?,
                missing: typed(&self.missing)?,
            })
        };
        self.line.iter().enumerate().map(one).collect()
    }
}

/// `GET /orders/{number}/returns/new`
pub async fn new(desk: Data<Desk>, path: Path<String>, staff: Staff<MoveOrders>) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    web::page(&desk.db.read(move |conn| NewPage::load(conn, &person, number)).await?)
}

/// `POST /orders/{number}/returns`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<MoveOrders>,
    posted: Form<ReturnPost>,
) -> Answer {
    let (number, person, posted) = (number_of(&path)?, staff.person(), posted.0);
    let (actor, credential, sent) = (person.actor(), person.credential(), posted.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let (version, units) = (version_of(&sent.version)?, sent.wanted()?);
            let note = sent.note.replace("\r\n", "\n").trim().to_owned();
            let wish = MoveRequest { reason: sent.reason.clone(), note, ..MoveRequest::to("") };
            web::once(tx, &credential, &sent.form_token, |tx| {
                let made = moves::request_return(tx, &actor, number, Some(version), &units, &wish)?;
                Ok(format!("/orders/{number}/returns/{}", made.uid))
            })
        })
        .await;
    let error = match outcome {
        Ok(done) => {
            staff.toast(format!("A return of #{number} is written down."));
            return Ok(went(&request, &done.location));
        }
        Err(error) => error,
    };
    let (refusal, status) = web::shown_again(error)?;
    let mut page = desk.db.read(move |conn| NewPage::load(conn, &person, number)).await?;
    for row in &mut page.rows {
        let at = posted.line.iter().position(|line| *line == row.uid);
        row.typed = at.and_then(|at| posted.units.get(at)).cloned().unwrap_or_default();
    }
    (page.reason, page.note, page.refusal) = (posted.reason, posted.note, Some(refusal));
    web::page_as(status, &page)
}

/// A line of a return, with how its units came back.
#[derive(Debug)]
struct BackRow {
    uid: String,
    title: String,
    about: String,
    quantity: i64,
    /// What is typed into, or stored for, the four conditions.
    restock: String,
    damaged: String,
    discard: String,
    missing: String,
}

#[derive(Template)]
#[template(path = "returns/show.html")]
struct ShowPage {
    shell: Shell,
    number: i64,
    version: i64,
    known: Return,
    state: Badge,
    reason: String,
    rows: Vec<BackRow>,
    /// Whether somebody noted in what condition the units came.
    inspected: bool,
    /// What to give back, for those who may see amounts.
    suggested: Option<(String, String)>,
    may_refund: bool,
    may_decide: bool,
    may_receive: bool,
    may_print: bool,
    answer: String,
    refusal: Option<Refusal>,
}

impl ShowPage {
    fn load(conn: &mut Conn, person: &Person, number: i64, uid: &str) -> Result<Self> {
        let order = order::find(conn, number)?;
        let lines = order::lines(conn, order.id)?;
        let known = find(conn, &order, uid)?;
        let inside = contents(conn, &[known.id])?;
        let here = known.state.is_here();
        let row = |content: &ReturnLine| {
            let line = lines.iter().find(|line| line.id == content.line_id)?;
            let restock = if here { content.restock } else { content.quantity };
            Some(BackRow {
                uid: line.uid.clone(),
                title: line.title.clone(),
                about: line.caption(),
                quantity: content.quantity,
                restock: restock.to_string(),
                damaged: content.damaged.to_string(),
                discard: content.discard.to_string(),
                missing: content.missing.to_string(),
            })
        };
        let worth = worth(&order, &lines, &inside);
        let shows = here && worth > 0 && person.may(Permission::ViewMoney);
        Ok(ShowPage {
            shell: Shell::load(conn, person, Section::Returns)?,
            number,
            version: order.version,
            state: look(known.state),
            reason: reason_words(&known.reason).to_owned(),
            rows: inside.iter().filter_map(row).collect(),
            inspected: here
                && inside.iter().any(|units| units.restock + units.damaged + units.discard + units.missing > 0),
            suggested: shows.then(|| (order.money(worth).to_string(), refund_href(number, &lines, &inside))),
            may_refund: person.may(Permission::RefundPayments),
            may_decide: person.may(Permission::EditOrders),
            may_receive: person.may(Permission::MoveOrders)
                && matches!(known.state, ReturnState::Approved | ReturnState::InTransit),
            may_print: person.may(Permission::Print) && known.state.has_slip(),
            answer: String::new(),
            refusal: None,
            known,
        })
    }
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn condition_problem(&self, uid: &str) -> &str {
        self.problem(&format!("restock-{uid}"))
    }
    fn is(&self, state: &str) -> bool {
        self.known.state.as_str() == state
    }
    /// Whether it can still be withdrawn.
    fn may_withdraw(&self) -> bool {
        self.known.state.is_open() && !self.known.state.is_here()
    }
}

/// The form of a refund, begun with the units that came back.
fn refund_href(number: i64, lines: &[Line], inside: &[ReturnLine]) -> String {
    let part = |content: &ReturnLine| {
        let line = lines.iter().find(|line| line.id == content.line_id)?;
        (content.received() > 0).then(|| format!("{}:{}", line.uid, content.received()))
    };
    let parts: Vec<String> = inside.iter().filter_map(part).collect();
    format!("/orders/{number}/refunds/new?lines={}", parts.join(","))
}

/// `GET /orders/{number}/returns/{uid}`
pub async fn show(desk: Data<Desk>, path: Path<(String, String)>, staff: Staff<ViewOrders>) -> Answer {
    let (number, uid, person) = (number_of(&path.0)?, path.1.clone(), staff.person());
    web::page(&desk.db.read(move |conn| ShowPage::load(conn, &person, number, &uid)).await?)
}

/// `POST /orders/{number}/returns/{uid}`
pub async fn update(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ReturnPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let Some(to) = ReturnState::parse(&posted.to) else {
        let told = "There is no such state of a return. Open it again and choose from there.";
        return Err(Error::from(Refusal::field("return.state_unknown", "to", told)).into());
    };
    if to != ReturnState::InTransit {
        person.must(Permission::EditOrders)?;
    }
    let (actor, sent, wanted) = (person.actor(), posted.clone(), uid.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let version = version_of(&sent.version)?;
            moves::settle_return(tx, &actor, number, Some(version), &wanted, to, &sent.note)
        })
        .await;
    match outcome {
        Ok(changed) => {
            let already = if changed { "" } else { " already" };
            staff.toast(format!("The return is {}{already}.", to.label().to_lowercase()));
            Ok(went(&request, &format!("/orders/{number}/returns/{uid}")))
        }
        Err(error) => again(&desk, person, number, uid, posted, error).await,
    }
}

/// `POST /orders/{number}/returns/{uid}/receipt`
pub async fn receive(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<MoveOrders>,
    posted: Form<ReturnPost>,
) -> Answer {
    let (number, uid, person, posted) = (number_of(&path.0)?, path.1.clone(), staff.person(), posted.0);
    let (actor, sent, wanted) = (person.actor(), posted.clone(), uid.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let (version, conditions) = (version_of(&sent.version)?, sent.conditions()?);
            moves::receive_return(tx, &actor, number, Some(version), &wanted, &conditions)
        })
        .await;
    match outcome {
        Ok((_, moved)) => {
            let now = moved.map(|moved| format!(" #{number} is {} now.", moved.to_label)).unwrap_or_default();
            staff.toast(format!("The return is received.{now}"));
            Ok(went(&request, &format!("/orders/{number}/returns/{uid}")))
        }
        Err(error) => again(&desk, person, number, uid, posted, error).await,
    }
}

/// Shows a return again with what was typed and what is wrong.
async fn again(desk: &Desk, person: Person, number: i64, uid: String, posted: ReturnPost, error: Error) -> Answer {
    let (refusal, status) = web::shown_again(error)?;
    let mut page = desk.db.read(move |conn| ShowPage::load(conn, &person, number, &uid)).await?;
    for row in &mut page.rows {
        let Some(at) = posted.line.iter().position(|line| *line == row.uid) else { continue };
        let typed = |list: &[String]| list.get(at).cloned().unwrap_or_default();
        row.restock = typed(&posted.restock);
        row.damaged = typed(&posted.damaged);
        row.discard = typed(&posted.discard);
        row.missing = typed(&posted.missing);
    }
    (page.answer, page.refusal) = (posted.note, Some(refusal));
    web::page_as(status, &page)
}

/// A return in the list.
#[derive(Debug)]
struct ListRow {
    number: i64,
    customer: String,
    uid: String,
    position: i64,
    state: Badge,
    reason: String,
    since: String,
}

#[derive(Template)]
#[template(path = "returns/index.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<ListRow>,
    is_cut: bool,
}

/// Returns shown in the list at the most.
const MOST_LISTED: i64 = 500;

/// `GET /returns`
pub async fn index(desk: Data<Desk>, staff: Staff<ViewOrders>) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Returns)?;
            let open = super::list_open(conn, &person.reach, MOST_LISTED + 1)?;
            let is_cut = open.len() > MOST_LISTED as usize;
            let row = |(number, customer, known): &(i64, String, Return)| ListRow {
                number: *number,
                customer: customer.clone(),
                uid: known.uid.clone(),
                position: known.position,
                state: look(known.state),
                reason: reason_words(&known.reason).to_owned(),
                since: shell.when(&known.requested_at),
            };
            let rows = open.iter().take(MOST_LISTED as usize).map(row).collect();
            Ok(ListPage { rows, is_cut, shell })
        })
        .await?;
    web::page(&page)
}
