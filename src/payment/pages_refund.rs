//! Refunding: lines with their units, carriage and an adjustment, which add up to the amount. The
//! running sum is the same form's, asked for as one types; the button works it out without scripting.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::giving::{left_of_lines, lines_of_refunds, shipping_left};
use super::method::Methods;
use super::pages_take::{Asked, read_amount, show, show_refused};
use super::refund::Left;
use super::{NewRefund, REFUND_REASONS, RefundLine, given_back, ledger, open_captures};
use crate::db::Conn;
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::money::Money;
use crate::moves::pages as moving;
use crate::order::pages_form::{Typed, amount, problem};
use crate::order::pages_way::{self as way, number_of, way_back, went};
use crate::order::{self, EntryState, Line, Order, PaymentKind};
use crate::staff::Staff;
use crate::staff::permission::RefundPayments;
use crate::web::{self, Answer, Desk, Form, Query, wants_fragment};

const TEXTS: [&str; 13] = [
    "retries",
    "capture",
    "shipping",
    "adjustment",
    "amount",
    "reason",
    "reference",
    "note",
    "expected",
    "version",
    "form_token",
    "back",
    "do",
];

/// A line of the order in the form.
#[derive(Clone, Debug)]
pub struct RefundRow {
    /// Public identifier of the line.
    pub uid: String,
    /// Name of the field, for its problem.
    pub field: String,
    /// What it is called.
    pub title: String,
    /// Kind and SKU.
    pub about: String,
    /// Units left of those ordered, and what they cost.
    pub left: String,
    /// Units left.
    pub most: i64,
    /// Units as typed.
    pub quantity: String,
    /// Amount as typed.
    pub amount: String,
    /// What the typed units cost, where no amount was typed.
    pub worth: String,
}

/// What the form of a refund shows.
#[derive(Clone, Debug)]
pub struct RefundForm {
    /// Number of the order.
    pub number: i64,
    /// Version of the order the form was made from.
    pub version: i64,
    /// Makes a double click harmless.
    pub token: String,
    /// Where to go afterwards.
    pub back: String,
    /// Three letters of the currency.
    pub currency: String,
    /// What was given back when the form was made, in minor units.
    pub expected: i64,
    /// What may still be given back in all, in words.
    pub left: String,
    /// The payments to give back from: identifier, words, whether it is chosen.
    pub captures: Vec<(String, String, bool)>,
    /// The lines of the order.
    pub rows: Vec<RefundRow>,
    /// What of the carriage is left, in words; empty if nothing is.
    pub shipping_left: String,
    /// What was typed into the single fields.
    pub typed: Typed,
    /// Lines, carriage, adjustment and their sum, in words.
    pub sums: [String; 4],
    /// The sum as a plain decimal.
    pub sum: String,
    /// Told above the form.
    pub refusal: Option<Refusal>,
    /// Whether it stands in a dialog and stays there until it is taken.
    pub in_dialog: bool,
}

impl RefundForm {
    /// What is wrong with a field, or nothing.
    pub fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// Reasons to choose from.
    pub fn reasons(&self) -> &'static [(&'static str, &'static str)] {
        REFUND_REASONS
    }
}

#[derive(Template)]
#[template(path = "payments/_refund_sum.html")]
struct SumPart {
    refund: RefundForm,
}

fn knows(name: &str) -> bool {
    TEXTS.contains(&name) || name.starts_with("quantity-") || name.starts_with("amount-")
}

/// What the address of the form may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RefundQuery {
    /// Public identifier of the payment to give back from.
    capture: String,
    /// Lines to begin with: `UID:2,UID:1`, or `all` for everything that is left.
    lines: String,
    /// Adjustment to begin with, such as `-5.00` for the cost of a return.
    adjustment: String,
    /// Reason to begin with.
    reason: String,
    /// Public identifier of a refund that failed, to begin with all that was asked for then.
    again: String,
    /// The list one came from.
    from: String,
}

/// What the form is made from.
struct Ground {
    order: Order,
    lines: Vec<Line>,
    left: Vec<Left>,
    shipping_left: i64,
    ledger: Vec<super::Payment>,
    ways: Methods,
}

impl Ground {
    fn load(conn: &mut Conn, number: i64) -> Result<Self> {
        let order = order::find(conn, number)?;
        let lines = order::lines(conn, order.id)?;
        let left = left_of_lines(conn, &order, &lines)?;
        let ledger = ledger(conn, order.id)?;
        let shipping_left = shipping_left(&order, &lines, &ledger);
        Ok(Ground { order, lines, left, shipping_left, ledger, ways: super::methods(conn)? })
    }
    fn refundable(&self) -> i64 {
        open_captures(&self.ledger).iter().map(|(_, left)| left).sum()
    }
    /// What the form begins with where a refund that failed is tried again: all that was asked for then.
    fn again(&self, conn: &mut Conn, uid: &str) -> Result<Typed> {
        let failed = self
            .ledger
            .iter()
            .find(|entry| entry.uid == uid && entry.kind == PaymentKind::Refund && entry.state == EntryState::Failed)
            .ok_or_else(|| Error::Missing(format!("failed refund {uid}")))?;
        let shown = |minor: i64| if minor == 0 { String::new() } else { self.order.money(minor).decimal() };
        let capture = self.ledger.iter().find(|entry| Some(entry.id) == failed.parent_id);
        let mut typed = Typed::default();
        typed.set("retries", uid);
        typed.set("capture", capture.map_or("", |capture| capture.uid.as_str()));
        typed.set("shipping", shown(failed.shipping_minor));
        typed.set("adjustment", shown(failed.adjustment_minor));
        typed.set("amount", shown(failed.amount_minor));
        typed.set("reason", if failed.reason.is_empty() { "other" } else { &failed.reason });
        typed.set("note", failed.note.as_str());
        for (_, wanted) in lines_of_refunds(conn, &self.order)?.iter().filter(|(payment, _)| *payment == failed.id) {
            if let Some(line) = self.lines.iter().find(|line| line.id == wanted.line) {
                typed.set(&format!("quantity-{}", line.uid), wanted.quantity.to_string());
                typed.set(&format!("amount-{}", line.uid), self.order.money(wanted.amount_minor).decimal());
            }
        }
        Ok(typed)
    }
    /// What the form begins with.
    fn first(&self, query: &RefundQuery) -> Typed {
        let mut typed = Typed::default();
        for (name, value) in [("capture", &query.capture), ("adjustment", &query.adjustment), ("reason", &query.reason)]
        {
            typed.set(name, value.clone());
        }
        if query.lines == "all" {
            for (line, left) in self.lines.iter().zip(&self.left).filter(|(_, left)| left.quantity > 0) {
                typed.set(&format!("quantity-{}", line.uid), left.quantity.to_string());
            }
            if self.shipping_left > 0 {
                typed.set("shipping", self.order.money(self.shipping_left).decimal());
            }
            let goods: i64 = self.left.iter().filter(|l| l.quantity > 0).map(|left| left.worth.gross_minor).sum();
            let rest = self.refundable() - goods - self.shipping_left;
            if rest != 0 {
                typed.set("adjustment", self.order.money(rest).decimal());
            }
        } else {
            for (uid, quantity) in query.lines.split(',').filter_map(|pair| pair.split_once(':')) {
                typed.set(&format!("quantity-{uid}"), quantity);
            }
        }
        typed
    }
    /// The refund that was typed, with every mistake told at once.
    fn wanted(&self, typed: &Typed) -> (NewRefund, Vec<FieldProblem>) {
        let mut problems = Vec::new();
        let mut lines = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let (units, sum) =
                (typed.get(&format!("quantity-{}", line.uid)), typed.get(&format!("amount-{}", line.uid)));
            let field = format!("line-{index}");
            let quantity = match units.trim() {
                "" => Some(0),
                text => text.parse::<i64>().ok().filter(|quantity| *quantity >= 0),
            };
            let Some(quantity) = quantity else {
                problems.push(problem(&field, "Enter how many units, such as 1."));
                continue;
            };
            let amount_minor = match sum.trim() {
                "" => None,
                text => Some(amount(&field, text, self.order.currency, &mut problems)),
            };
            if quantity > 0 || amount_minor.is_some_and(|minor| minor > 0) {
                lines.push(RefundLine { line: line.id, quantity, amount_minor });
            }
        }
        let shipping_minor = amount("shipping", typed.get("shipping"), self.order.currency, &mut problems);
        let adjustment = typed.get("adjustment").trim();
        let adjustment_minor = match Money::parse(adjustment, self.order.currency) {
            Some(money) => money.minor,
            None if adjustment.is_empty() => 0,
            None => {
                let told = format!("Enter an amount in {}, with a minus for what is kept back.", self.order.currency);
                problems.push(problem("adjustment", &told));
                0
            }
        };
        let new = NewRefund {
            capture: Some(typed.trimmed("capture")).filter(|uid| !uid.is_empty()),
            amount_minor: 0,
            lines,
            shipping_minor,
            adjustment_minor,
            reason: typed.trimmed("reason"),
            reference: typed.trimmed("reference"),
            note: typed.trimmed("note"),
            retries: Some(typed.trimmed("retries")).filter(|uid| !uid.is_empty()),
            expected_refunded_total: typed.get("expected").parse().ok(),
        };
        (new, problems)
    }
    fn goods(&self, new: &NewRefund) -> i64 {
        let worth = |want: &RefundLine| {
            let left = self.left.iter().find(|left| left.line == want.line);
            want.amount_minor.unwrap_or_else(|| left.map_or(0, |left| left.amount_for(want.quantity)))
        };
        new.lines.iter().map(worth).sum()
    }
    /// The refund that was typed: an amount alone is for no line, an empty amount is the sum of its parts.
    fn checked(&self, typed: &Typed) -> Result<NewRefund> {
        let (mut new, problems) = self.wanted(typed);
        if !problems.is_empty() {
            return Err(Refusal::fields("payment.fields", problems).into());
        }
        let parts = self.goods(&new) + new.shipping_minor + new.adjustment_minor;
        let typed_amount = typed.trimmed("amount");
        if typed_amount.is_empty() && parts > 0 {
            new.amount_minor = parts;
            return Ok(new);
        }
        new.amount_minor = read_amount(&typed_amount, &self.order)?;
        let has_parts = !new.lines.is_empty() || new.shipping_minor != 0 || !typed.trimmed("adjustment").is_empty();
        if !has_parts {
            new.adjustment_minor = new.amount_minor;
        }
        Ok(new)
    }
    fn form(self, typed: Typed, back: &str) -> RefundForm {
        let (new, _) = self.wanted(&typed);
        let goods = self.goods(&new);
        let show = |minor: i64| self.order.money(minor).to_string();
        let sum = goods + new.shipping_minor + new.adjustment_minor;
        let open = open_captures(&self.ledger);
        let chosen = typed.get("capture").to_owned();
        let captures: Vec<_> = open
            .iter()
            .map(|(entry, left)| {
                let reference =
                    if entry.reference.is_empty() { String::new() } else { format!(", {}", entry.reference) };
                let words = format!("{}{reference}: {} left", self.ways.label(&entry.method), show(*left));
                (entry.uid.clone(), words, entry.uid == chosen || open.len() == 1)
            })
            .collect();
        let rows = self
            .lines
            .iter()
            .zip(&self.left)
            .enumerate()
            .map(|(index, (line, left))| {
                let quantity = typed.get(&format!("quantity-{}", line.uid)).to_owned();
                let units: i64 = quantity.trim().parse().unwrap_or(0);
                RefundRow {
                    uid: line.uid.clone(),
                    field: format!("line-{index}"),
                    title: line.title.clone(),
                    about: line.caption(),
                    left: format!("{} of {} left, {}", left.quantity, left.ordered, show(left.worth.gross_minor)),
                    most: left.quantity,
                    amount: typed.get(&format!("amount-{}", line.uid)).to_owned(),
                    worth: self.order.money(left.amount_for(units.clamp(0, left.quantity))).decimal(),
                    quantity,
                }
            })
            .collect();
        RefundForm {
            number: self.order.number,
            version: self.order.version,
            token: crate::ids::new_uid(),
            back: back.to_owned(),
            currency: self.order.currency.code().to_owned(),
            expected: given_back(&self.ledger),
            left: show(self.refundable()),
            captures,
            rows,
            shipping_left: if self.shipping_left > 0 { show(self.shipping_left) } else { String::new() },
            sums: [show(goods), show(new.shipping_minor), show(new.adjustment_minor), show(sum)],
            sum: self.order.money(sum).decimal(),
            typed,
            refusal: None,
            in_dialog: false,
        }
    }
}

/// `GET /orders/{number}/refunds/new`
pub async fn new(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RefundPayments>,
    query: Query<RefundQuery>,
) -> Answer {
    let number = number_of(&path)?;
    let back = way::address(number, way::Tab::Chat, &query.from);
    let way = back.clone();
    let form = desk
        .db
        .read(move |conn| {
            let ground = Ground::load(conn, number)?;
            let typed = match query.again.as_str() {
                "" => ground.first(&query),
                failed => ground.again(conn, failed)?,
            };
            Ok(ground.form(typed, &way))
        })
        .await?;
    show(&desk, &request, staff.person(), number, &back, Asked::Refund(form)).await
}

/// `POST /orders/{number}/refunds`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<RefundPayments>,
    posted: Form<Vec<(String, String)>>,
) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let typed = Typed::read(posted.0, knows)?;
    let back = way_back(typed.get("back"), number);
    let (way, again) = (back.clone(), typed.clone());
    let made_again = move |conn: &mut Conn| Ok(Ground::load(conn, number)?.form(again, &way));
    if typed.get("do") == "sum" {
        let form = desk.db.read(made_again).await?;
        if wants_fragment(&request) {
            return web::page(&SumPart { refund: form });
        }
        return show(&desk, &request, person, number, &back, Asked::Refund(form)).await;
    }
    let (actor, credential, place) = (person.actor(), person.credential(), back.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let version = moving::version_of(typed.get("version"))?;
            web::once(tx, &credential, typed.get("form_token"), |tx| {
                order::find_for_change(tx, number, None)?;
                let new = Ground::load(tx.conn, number)?.checked(&typed)?;
                super::refund(tx, &actor, number, Some(version), &new)?;
                Ok(place)
            })
        })
        .await;
    match outcome {
        Ok(done) => {
            staff.toast(format!("Refund recorded for #{number}."));
            Ok(went(&request, &done.location))
        }
        Err(error) => {
            let made_again = move |conn: &mut Conn| made_again(conn).map(Asked::Refund);
            show_refused(&desk, &request, person, number, &back, error, made_again).await
        }
    }
}
