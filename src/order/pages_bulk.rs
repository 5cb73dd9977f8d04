//! One action for many orders: each order is a write of its own, and what one of them refuses keeps
//! no other from moving.

use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::list::address::{join, split};
use super::list::{self, StageTotals};
use super::pages_bulk_ask::{Asked, ask};
use super::pages_list::{known, local, may_ask, read_wanted};
use super::pages_row::next_verb;
use super::{Order, find_many};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::ids::StaffId;
use crate::money::Money;
use crate::moves::pages::{authority_of, telling_of};
use crate::moves::{self, Announcing, MoveRequest, RefundChoice, lifecycle};
use crate::staff::permission::ViewOrders;
use crate::staff::{self, Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};
use crate::workflow::{Base, Stages};

/// Orders of one action at the most.
pub(super) const MOST: usize = 500;

/// The posted action: what to do with which orders, and what it asks for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkForm {
    #[serde(default, rename = "do")]
    what: String,
    #[serde(default)]
    o: Vec<String>,
    /// Whether every order of the list at `back` is meant instead of those named.
    #[serde(default)]
    all: String,
    #[serde(default)]
    back: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    refund: String,
    /// Whether the form asked if customers are told.
    #[serde(default)]
    asked: String,
    /// Whether they are.
    #[serde(default)]
    tell: String,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    untag: String,
    #[serde(default)]
    who: Option<String>,
}

/// An order that was not changed, and why.
struct Refused {
    number: i64,
    why: String,
}

#[derive(Template)]
#[template(path = "orders/bulk_done.html")]
struct Done {
    shell: Shell,
    title: String,
    refused: Vec<Refused>,
    back: String,
}

#[derive(Template)]
#[template(path = "orders/_bulk_look.html")]
struct Look {
    sum: String,
    label: String,
    none: bool,
    lacks: String,
}

/// The orders that are meant.
async fn selected(desk: &Desk, person: &Person, form: &BulkForm) -> Result<Vec<i64>> {
    if form.all.is_empty() {
        return Ok(named(form)?);
    }
    let (person, query) = (person.clone(), form.back.split_once('?').map_or("", |(_, query)| query).to_owned());
    let listed = desk.db.read(move |conn| listed(conn, &person, &query)).await?;
    if listed.len() > MOST { Err(too_many().into()) } else { Ok(listed) }
}

/// Numbers of the orders of a whole list, as it is sorted; one more than are taken at once at the most.
fn listed(conn: &mut Conn, person: &Person, query: &str) -> Result<Vec<i64>> {
    let shell = Shell::load(conn, person, Section::Orders)?;
    let known = known(conn, person, shell.now)?;
    let wanted = read_wanted(&split(query), &shell, &known)?.at(None);
    may_ask(person, &wanted)?;
    let totals = StageTotals::load(conn, &person.reach)?;
    let (page, _) = list::page_of(conn, &wanted, &known, &totals, &[], MOST + 1)?;
    Ok(page.orders.iter().map(|order| order.number).collect())
}

fn too_many() -> Refusal {
    let message = format!("{MOST} orders at the most are taken at once. Nothing was changed; select fewer.");
    Refusal::field("bulk.too_many", "o", message)
}

/// The orders that a form names.
fn named(form: &BulkForm) -> Result<Vec<i64>, Refusal> {
    let mut found = Vec::new();
    for text in &form.o {
        let number = text.trim().parse::<i64>().ok().filter(|number| *number > 0);
        let number = number.ok_or_else(|| {
            Refusal::field("bulk.order", "o", format!("“{text}” is no order number. Nothing was changed."))
        })?;
        if !found.contains(&number) {
            found.push(number);
        }
    }
    if found.is_empty() {
        return Err(Refusal::field("bulk.none", "o", "No order is selected. Tick some orders and choose again."));
    }
    if found.len() > MOST { Err(too_many()) } else { Ok(found) }
}

/// What is done with each order.
#[derive(Clone, Debug)]
enum Deed {
    Next,
    Move { to: String, reason: String, note: String },
    Hold { reason: String, note: String },
    Stop { base: Base, to: String, reason: String, note: String, refund: RefundChoice },
    Tag { add: Vec<String>, remove: Vec<String> },
    Assign(Option<(StaffId, String)>),
}

/// What the action takes.
fn needed(what: &str) -> Permission {
    match what {
        "slips" | "sheets" | "picks" => Permission::Print,
        "tag" | "assign" => Permission::EditOrders,
        "cancel" | "reject" => Permission::CancelOrders,
        _ => Permission::MoveOrders,
    }
}

/// The tags of a field, with commas between them.
fn tags(text: &str) -> Vec<String> {
    text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
}

/// `POST /orders/bulk`
pub async fn bulk(desk: Data<Desk>, staff: Staff<ViewOrders>, form: Form<BulkForm>) -> Answer {
    let form = form.0;
    let numbers = selected(&desk, &staff, &form).await?;
    let back = local(&form.back).to_owned();
    let pairs: Vec<(String, String)> = numbers.iter().map(|n| ("o".to_owned(), n.to_string())).collect();
    staff.must(needed(&form.what))?;
    let deed = match form.what.as_str() {
        "slips" => return Ok(see_other(&join("/print/slips", &pairs))),
        "picks" => return Ok(see_other(&join("/print/picks", &pairs))),
        "sheets" => return Ok(see_other(&join("/print/sheets", &pairs))),
        "next" => Deed::Next,
        "hold" if form.reason.is_empty() => return ask(&desk, &staff, Asked::Hold, numbers, back).await,
        "hold" => Deed::Hold { reason: form.reason, note: form.note },
        "move" if form.to.is_empty() => return ask(&desk, &staff, Asked::Move, numbers, back).await,
        "move" => Deed::Move { to: form.to, reason: form.reason, note: form.note },
        what @ ("cancel" | "reject") => {
            let base = if what == "cancel" { Base::Cancelled } else { Base::Rejected };
            if form.reason.is_empty() {
                return ask(&desk, &staff, Asked::Stop(base), numbers, back).await;
            }
            let refund = RefundChoice::parse(&form.refund);
            Deed::Stop { base, to: form.to, reason: form.reason, note: form.note, refund }
        }
        "tag" => {
            let (add, remove) = (tags(&form.tag), tags(&form.untag));
            if add.is_empty() && remove.is_empty() {
                return ask(&desk, &staff, Asked::Tag, numbers, back).await;
            }
            Deed::Tag { add, remove }
        }
        "assign" => match &form.who {
            None => return ask(&desk, &staff, Asked::Assign, numbers, back).await,
            Some(who) if who.is_empty() => Deed::Assign(None),
            Some(uid) => {
                let uid = uid.clone();
                let member = desk.db.read(move |conn| staff::member(conn, &uid)).await?;
                Deed::Assign(Some((member.id, member.name)))
            }
        },
        other => {
            let message = format!("There is nothing called “{other}” to do with orders. Nothing was changed.");
            return Err(Refusal::field("bulk.unknown", "do", message).into());
        }
    };
    let announcing = match (form.asked.is_empty(), form.tell.is_empty()) {
        (false, true) => Announcing::Silent,
        _ => Announcing::AsTheStageSays,
    };
    carry_out(&desk, &staff, deed, announcing, numbers, back).await
}

async fn carry_out(
    desk: &Data<Desk>,
    staff: &Staff<ViewOrders>,
    deed: Deed,
    announcing: Announcing,
    numbers: Vec<i64>,
    back: String,
) -> Answer {
    let (mut words, mut refused) = (Vec::new(), Vec::new());
    let all = numbers.len();
    for number in numbers {
        let (person, deed) = (staff.person(), deed.clone());
        match desk.db.write(move |tx| one(tx, &person, number, &deed, announcing)).await {
            Ok(word) => words.push(word),
            Err(error @ Error::Broken(_)) => {
                tracing::error!(%error, number, "an order of a bulk action failed");
                let why = "Something went wrong on our side; this order was not changed. Try it again.".to_owned();
                refused.push(Refused { number, why });
            }
            Err(error) => refused.push(Refused { number, why: error.to_string() }),
        }
    }
    let same = words.first().filter(|first| words.iter().all(|word| word == *first));
    let word = same.cloned().unwrap_or_else(|| if words.is_empty() { done_word(&deed) } else { "moved".to_owned() });
    if refused.is_empty() {
        let text = if all == 1 { format!("1 order {word}.") } else { format!("{all} orders {word}.") };
        staff.toast(text);
        return Ok(see_other(&back));
    }
    let title = format!("{} of {all} {word}", words.len());
    let person = staff.person();
    let mut shell = desk.db.read(move |conn| Shell::load(conn, &person, Section::Orders)).await?;
    shell.toast = None;
    web::page(&Done { shell, title, refused, back })
}

fn done_word(deed: &Deed) -> String {
    match deed {
        Deed::Next | Deed::Move { .. } => "moved",
        Deed::Hold { .. } => "put on hold",
        Deed::Stop { base: Base::Rejected, .. } => "rejected",
        Deed::Stop { .. } => "cancelled",
        Deed::Tag { .. } => "tagged",
        Deed::Assign(_) => "assigned",
    }
    .to_owned()
}

/// Does it to one order; says in a word what was done.
fn one(tx: &mut Tx<'_>, person: &Person, number: i64, deed: &Deed, announcing: Announcing) -> Result<String> {
    super::find_within(tx.conn, &person.reach, number)?;
    let actor = &person.actor();
    let move_to = |stage: &str| MoveRequest {
        authority: authority_of(person),
        telling: telling_of(person),
        announcing,
        ..MoveRequest::to(stage)
    };
    match deed {
        Deed::Next => {
            let order = super::find(tx.conn, number)?;
            let stages = Stages::load(tx.conn)?;
            let next = lifecycle::next(order.base).ok_or_else(|| no_next(&order, &stages))?;
            let to = stages.default_of(next)?.slug.clone();
            let request = MoveRequest { version: Some(order.version), ..move_to(&to) };
            let outcome = moves::move_to_stage(tx, actor, number, &request)?;
            Ok(outcome.to_label.to_lowercase())
        }
        Deed::Move { to, reason, note } => {
            let stages = Stages::load(tx.conn)?;
            if stages.find(to).is_some_and(|stage| matches!(stage.base, Base::Cancelled | Base::Rejected)) {
                let message = "Choose Cancel or Reject for that: they ask why, and what becomes of the money.";
                return Err(Refusal::state("bulk.stop_asks", message).into());
            }
            let request = MoveRequest { reason: reason.clone(), note: note.clone(), ..move_to(to) };
            let outcome = moves::move_to_stage(tx, actor, number, &request)?;
            Ok(format!("moved to {}", outcome.to_label))
        }
        Deed::Hold { reason, note } => {
            let to = Stages::load(tx.conn)?.default_of(Base::OnHold)?.slug.clone();
            let request = MoveRequest { reason: reason.clone(), note: note.clone(), ..move_to(&to) };
            moves::hold(tx, actor, number, &request)?;
            Ok("put on hold".to_owned())
        }
        Deed::Stop { base, to, reason, note, refund } => {
            let stages = Stages::load(tx.conn)?;
            let own = stages.find(to).filter(|stage| stage.base == *base);
            let to = match own {
                Some(stage) => stage.slug.clone(),
                None => stages.default_of(*base)?.slug.clone(),
            };
            let request = MoveRequest { reason: reason.clone(), note: note.clone(), refund: *refund, ..move_to(&to) };
            let outcome = moves::move_to_stage(tx, actor, number, &request)?;
            Ok(outcome.to_label.to_lowercase())
        }
        Deed::Tag { add, remove } => {
            super::tag(tx, actor, number, add, remove)?;
            Ok("tagged".to_owned())
        }
        Deed::Assign(to) => {
            super::assign(tx, actor, number, to.as_ref().map(|(id, _)| *id))?;
            Ok(to.as_ref().map_or("assigned to nobody".to_owned(), |(_, name)| format!("assigned to {name}")))
        }
    }
}

fn no_next(order: &Order, stages: &Stages) -> Error {
    let message = match order.base {
        Base::OnHold => format!("{} is on hold. Release its holds first.", order.shown_number()),
        _ => format!("{} is {}; nothing comes after that.", order.shown_number(), stages.label(&order.stage)),
    };
    Refusal::state("bulk.no_next", message).into()
}

/// `POST /orders/bulk/look`: the button of the bulk bar, with how many of the selected may move on.
pub async fn look(desk: Data<Desk>, staff: Staff<ViewOrders>, form: Form<BulkForm>) -> Answer {
    if form.o.is_empty() && form.all.is_empty() {
        return web::page(&Look { sum: String::new(), label: "Next stage".into(), none: false, lacks: String::new() });
    }
    let numbers = selected(&desk, &staff, &form).await?;
    let person = staff.person();
    let look = desk.db.read(move |conn| look_at(conn, &numbers, &person)).await?;
    web::page(&look)
}

fn look_at(conn: &mut Conn, numbers: &[i64], person: &Person) -> Result<Look> {
    let orders = find_many(conn, &person.reach, numbers)?;
    let (mut ready, mut lacks) = (0, Vec::new());
    let mut verbs: Vec<&str> = Vec::new();
    for order in &orders {
        let Some(next) = lifecycle::next(order.base) else { continue };
        let choices = moves::choices(conn, order, authority_of(person), telling_of(person))?;
        match choices.into_iter().find(|choice| choice.edge.to == next) {
            Some(choice) if choice.lacks.is_empty() => {
                ready += 1;
                verbs.push(next_verb(order.base));
            }
            Some(choice) => {
                verbs.push(next_verb(order.base));
                lacks.push(format!("#{}: {}", order.number, choice.lacks.join(" ")));
            }
            None => {}
        }
    }
    verbs.dedup();
    let all = orders.len();
    let verb = if let [only] = verbs.as_slice() { only } else { "Next stage for" };
    let label = match (ready, all) {
        (0, _) => "None can move on".to_owned(),
        (ready, all) if ready == all => format!("{verb} {all}"),
        (ready, all) => format!("{verb} {ready} of {all}"),
    };
    let same = orders.first().filter(|first| orders.iter().all(|order| order.currency == first.currency));
    let sum = match same {
        Some(first) if person.may(Permission::ViewMoney) => {
            let minor = orders.iter().fold(0i64, |sum, order| sum.saturating_add(order.total_minor));
            Money::new(minor, first.currency).to_string()
        }
        _ => String::new(),
    };
    lacks.truncate(5);
    Ok(Look { sum, label, none: ready == 0, lacks: lacks.join(" ") })
}
