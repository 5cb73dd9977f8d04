//! Returns: what customers send back, per line and quantity. Asked for, approved or rejected, on its
//! way, received unit by unit with its condition, closed. A line never has more units in returns than
//! were shipped, and a unit that was received counts once. Money is given back elsewhere; here it is
//! only suggested.

pub mod api;
pub mod pages;
mod store;

use crate::actor::Actor;
use crate::catalog::stock::{self, Cause};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event, UnitsFact};
use crate::ids::{LineId, OrderId, ReturnId};
use crate::order::{self, Line, Order};
use crate::reach::Reach;
use crate::shipment::{self, Units};
use crate::time::UtcTime;

crate::text_enum! {
    /// Where a return is.
    pub enum ReturnState {
        /// Asked for.
        Requested = "requested",
        /// The shop agreed.
        Approved = "approved",
        /// The shop refused.
        Rejected = "rejected",
        /// The goods are on their way back.
        InTransit = "in_transit",
        /// They are here and were looked at.
        Received = "received",
        /// Nothing is left to do.
        Closed = "closed",
        /// Withdrawn.
        Cancelled = "cancelled",
    }
}

impl ReturnState {
    /// Whether something is left to do.
    pub fn is_open(self) -> bool {
        !matches!(self, ReturnState::Rejected | ReturnState::Closed | ReturnState::Cancelled)
    }
    /// Whether its goods are here.
    pub fn is_here(self) -> bool {
        matches!(self, ReturnState::Received | ReturnState::Closed)
    }
    /// Whether its goods come back or came back, so that a slip may go with them.
    pub fn has_slip(self) -> bool {
        self.claims()
    }
    /// Whether its units cannot be returned another time.
    fn claims(self) -> bool {
        !matches!(self, ReturnState::Rejected | ReturnState::Cancelled)
    }
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            ReturnState::Requested => "Requested",
            ReturnState::Approved => "Approved",
            ReturnState::Rejected => "Rejected",
            ReturnState::InTransit => "On its way",
            ReturnState::Received => "Received",
            ReturnState::Closed => "Closed",
            ReturnState::Cancelled => "Withdrawn",
        }
    }
}

/// Why something is sent back, as stored keys and words.
pub const REASONS: &[(&str, &str)] = &[
    ("changed_mind", "The customer changed their mind"),
    ("damaged", "It arrived damaged"),
    ("wrong_item", "It was the wrong item"),
    ("not_as_described", "It was not as described"),
    ("late", "It came too late"),
    ("undeliverable", "It could not be delivered"),
    ("other", "Another reason"),
];

/// A return.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Return {
    /// Key.
    pub id: ReturnId,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// Number within the order, from 1.
    pub position: i64,
    /// Where it is.
    pub state: ReturnState,
    /// Reason key of [`REASONS`].
    pub reason: String,
    /// Words about it.
    pub note: String,
    /// Why it was rejected.
    pub answer: String,
    /// When it was asked for.
    pub requested_at: UtcTime,
    /// By whom.
    pub requested_by: String,
    /// When it was approved or rejected.
    pub decided_at: Option<UtcTime>,
    /// By whom.
    pub decided_by: String,
    /// When it was received.
    pub received_at: Option<UtcTime>,
    /// By whom.
    pub received_by: String,
    /// When it was closed.
    pub closed_at: Option<UtcTime>,
}

/// Units of a line in a return, and how they came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct ReturnLine {
    /// The return.
    pub return_id: ReturnId,
    /// The line.
    pub line_id: LineId,
    /// Units.
    pub quantity: i64,
    /// Of these, fit to be sold again.
    pub restock: i64,
    /// Damaged.
    pub damaged: i64,
    /// Thrown away.
    pub discard: i64,
    /// Not in the box.
    pub missing: i64,
}

impl ReturnLine {
    /// Units that are here once it was received.
    pub fn received(&self) -> i64 {
        self.quantity - self.missing
    }
}

/// The conditions of a line's units, as somebody looked at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Public identifier of the line.
    pub line: String,
    /// Fit to be sold again.
    pub restock: i64,
    /// Damaged.
    pub damaged: i64,
    /// Thrown away.
    pub discard: i64,
    /// Not in the box.
    pub missing: i64,
}

/// Returns of an order by position.
pub fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Return>> {
    store::of_order(conn, order)
}

/// Takes out of the words of an order's returns what tells who somebody is.
pub fn erase(tx: &mut Tx<'_>, order: OrderId, replace: &dyn Fn(&str) -> String) -> Result<()> {
    for known in of_order(tx.conn, order)? {
        let said = [&known.note, &known.answer, &known.requested_by].map(|text| replace(text));
        if said != [known.note, known.answer, known.requested_by] {
            store::set_words(tx, known.id, &said)?;
        }
    }
    Ok(())
}

/// What is in these returns.
pub fn contents(conn: &mut Conn, returns: &[ReturnId]) -> Result<Vec<ReturnLine>> {
    store::contents(conn, returns)
}

/// The return of an order with that public identifier.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, order: &Order, uid: &str) -> Result<Return> {
    let found = of_order(conn, order.id)?.into_iter().find(|known| known.uid == uid);
    found.ok_or_else(|| Error::Missing(format!("such return of order {}", order.number)))
}

/// Returns of an order on which something is left to do.
pub fn open_count(conn: &mut Conn, order: OrderId) -> Result<usize> {
    Ok(of_order(conn, order)?.iter().filter(|known| known.state.is_open()).count())
}

/// Returns of all orders on which something is left to do, oldest first: number of the order, name of
/// its customer, the return.
pub fn list_open(conn: &mut Conn, reach: &Reach, limit: i64) -> Result<Vec<(i64, String, Return)>> {
    store::open(conn, reach, limit)
}

/// How many units of a line may still be sent back: those shipped, without those in returns that were
/// neither rejected nor withdrawn. What was missing on receipt may be sent again. Pure.
pub fn returnable(line: &Line, returns: &[Return], contents: &[ReturnLine]) -> i64 {
    let claimed = |content: &&ReturnLine| {
        content.line_id == line.id && returns.iter().any(|r| r.id == content.return_id && r.state.claims())
    };
    line.shipped_quantity - contents.iter().filter(claimed).map(ReturnLine::received).sum::<i64>()
}

/// Asks for a return. Does not save the order.
///
/// # Errors
/// Refuses without a reason, units that were not shipped or are in another return, and none at all.
pub fn request(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    units: &[Units],
    reason: &str,
    note: &str,
) -> Result<Return> {
    if !REASONS.iter().any(|(key, _)| *key == reason) {
        let known = REASONS.iter().map(|(key, _)| (*key).to_owned()).collect();
        return Err(Refusal::field("return.reason_missing", "reason", "Choose a reason.").allowing(known).into());
    }
    if note.chars().count() > 2_000 {
        let told = "The note takes 2,000 characters at the most.";
        return Err(Refusal::field("return.note_too_long", "note", told).into());
    }
    let lines = order::lines(tx.conn, order.id)?;
    let (returns, inside) = all(tx.conn, order.id)?;
    let mut taken: Vec<(&Line, i64)> = Vec::new();
    for wanted in units.iter().filter(|wanted| wanted.quantity != 0) {
        let line = lines.iter().find(|line| line.uid == wanted.line);
        let line = line.ok_or_else(|| Error::Missing("such line of the order".to_owned()))?;
        let most = returnable(line, &returns, &inside);
        let twice = taken.iter().any(|(known, _)| known.id == line.id);
        if twice || wanted.quantity < 0 || wanted.quantity > most {
            let told = match most {
                ..=0 => format!("Nothing more of {} can come back: all that was shipped is in a return.", line.title),
                _ => format!("Enter a number from 0 to {most} for {}.", line.title),
            };
            return Err(Refusal::field("return.units", format!("units-{}", line.uid), told).into());
        }
        taken.push((line, wanted.quantity));
    }
    if taken.is_empty() {
        let told = "Enter how many units of at least one line come back.";
        return Err(Refusal::invalid("return.empty", told).into());
    }
    let made = store::insert(tx, order.id, ReturnState::Requested, reason, note, actor.name(), tx.now)?;
    for (line, quantity) in &taken {
        store::insert_content(tx, made.id, line.id, *quantity)?;
    }
    record(tx, actor, &made, taken.iter().map(|(line, quantity)| fact(line, *quantity)).collect())?;
    Ok(made)
}

fn all(conn: &mut Conn, order: OrderId) -> Result<(Vec<Return>, Vec<ReturnLine>)> {
    let returns = of_order(conn, order)?;
    let keys: Vec<ReturnId> = returns.iter().map(|known| known.id).collect();
    let inside = contents(conn, &keys)?;
    Ok((returns, inside))
}

fn fact(line: &Line, quantity: i64) -> UnitsFact {
    UnitsFact { line: line.uid.clone(), title: line.title.clone(), quantity }
}

fn record(tx: &mut Tx<'_>, actor: &Actor, changed: &Return, units: Vec<UnitsFact>) -> Result<()> {
    let event = Event::ReturnChanged {
        uid: changed.uid.clone(),
        position: changed.position,
        state: changed.state.as_str().into(),
        reason: changed.reason.clone(),
        note: if changed.state == ReturnState::Rejected { changed.answer.clone() } else { String::new() },
        units,
    };
    event::record(tx, actor, Some(changed.order_id), &event)
}

/// Approves, rejects, expects, closes or withdraws a return. Returns whether that changed anything: not
/// when it is so already. Does not save the order.
///
/// # Errors
/// A state refusal if the return is not where that is possible; invalid if a rejection lacks its reason.
pub fn settle(tx: &mut Tx<'_>, actor: &Actor, known: &Return, to: ReturnState, answer: &str) -> Result<bool> {
    if known.state == to {
        return Ok(false);
    }
    let from: &[ReturnState] = match to {
        ReturnState::Approved | ReturnState::Rejected => &[ReturnState::Requested],
        ReturnState::InTransit => &[ReturnState::Approved],
        ReturnState::Closed => &[ReturnState::Received],
        ReturnState::Cancelled => &[ReturnState::Requested, ReturnState::Approved, ReturnState::InTransit],
        ReturnState::Requested | ReturnState::Received => &[],
    };
    if !from.contains(&known.state) {
        let told = format!(
            "Return {} is {} already, so it cannot become {}.",
            known.position,
            known.state.label().to_lowercase(),
            to.label().to_lowercase()
        );
        return Err(Refusal::state("return.state", told).into());
    }
    if to == ReturnState::Rejected && answer.trim().is_empty() {
        return Err(Refusal::field("return.answer_missing", "note", "Say why it is rejected.").into());
    }
    if answer.chars().count() > 2_000 {
        let told = "This takes 2,000 characters at the most.";
        return Err(Refusal::field("return.note_too_long", "note", told).into());
    }
    let mut changed = Return { state: to, ..known.clone() };
    match to {
        ReturnState::Approved | ReturnState::Rejected => {
            changed.decided_at = Some(tx.now);
            changed.decided_by = actor.name().to_owned();
            changed.answer = if to == ReturnState::Rejected { answer.trim().to_owned() } else { String::new() };
        }
        ReturnState::Closed => changed.closed_at = Some(tx.now),
        ReturnState::Requested | ReturnState::InTransit | ReturnState::Received | ReturnState::Cancelled => {}
    }
    store::save(tx, &changed)?;
    record(tx, actor, &changed, Vec::new())?;
    Ok(true)
}

/// Writes down how each unit came back. Every unit of the return is told, and what is here counts as
/// returned once, whatever is pressed twice. Does not save the order.
///
/// # Errors
/// A state refusal unless it was approved; invalid if the units of a line do not add up.
pub fn receive(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    known: &Return,
    conditions: &[Condition],
) -> Result<()> {
    if !matches!(known.state, ReturnState::Approved | ReturnState::InTransit) {
        let told = format!(
            "Return {} is {}. Approve it before it is received.",
            known.position,
            known.state.label().to_lowercase()
        );
        return Err(Refusal::state("return.state", told).into());
    }
    let lines = order::lines(tx.conn, order.id)?;
    let mut told = Vec::new();
    for mut content in contents(tx.conn, &[known.id])? {
        let Some(line) = lines.iter().find(|line| line.id == content.line_id) else { continue };
        let seen = conditions.iter().find(|condition| condition.line == line.uid);
        let parts = seen.map_or([0; 4], |seen| [seen.restock, seen.damaged, seen.discard, seen.missing]);
        if parts.iter().any(|part| *part < 0 || *part > content.quantity)
            || parts.iter().sum::<i64>() != content.quantity
        {
            let words = format!(
                "Say how each of the {} units of {} came back; the four numbers must add up to {}.",
                content.quantity, line.title, content.quantity
            );
            return Err(Refusal::field("return.conditions", format!("restock-{}", line.uid), words).into());
        }
        [content.restock, content.damaged, content.discard, content.missing] = parts;
        store::save_content(tx, &content)?;
        if content.received() > 0 {
            told.push(fact(line, content.received()));
        }
    }
    let mut changed = Return { received_at: Some(tx.now), ..known.clone() };
    shift(tx, actor, order, &mut changed, ReturnState::Received)?;
    changed.received_by = actor.name().to_owned();
    store::save(tx, &changed)?;
    record(tx, actor, &changed, told)
}

/// Gives a return another state and counts its units as returned, or no longer; what is fit to be sold
/// again lies on the shelf from then on, once for each receipt.
fn shift(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, known: &mut Return, to: ReturnState) -> Result<()> {
    let sign = i64::from(to.is_here()) - i64::from(known.state.is_here());
    known.state = to;
    if sign == 0 {
        return Ok(());
    }
    let mut lines = order::lines(tx.conn, order.id)?;
    for content in contents(tx.conn, &[known.id])? {
        if let Some(line) = lines.iter_mut().find(|line| line.id == content.line_id) {
            line.returned_quantity += sign * content.received();
            order::save_quantities(tx, line)?;
            let Some(product) = line.product_id.filter(|_| content.restock > 0) else { continue };
            let receipt = known.received_at.map_or(0, |at| at.0);
            let cause = Cause::new("return", format!("{}@{receipt}", known.uid)).of_line(line.id);
            if sign > 0 {
                stock::put_back(tx, actor, product, content.restock, &cause)?;
            } else {
                stock::take_back(tx, actor, &cause)?;
            }
        }
    }
    shipment::recount(tx, order)
}

/// Receives everything that was shipped and is not here yet: what is in returns, and the rest as one
/// more, all of it closed at once. Nobody has said in what condition. Does not save the order.
pub fn receive_all(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order) -> Result<()> {
    for mut known in of_order(tx.conn, order.id)? {
        match known.state {
            ReturnState::Requested | ReturnState::Approved | ReturnState::InTransit | ReturnState::Received => {}
            ReturnState::Rejected | ReturnState::Closed | ReturnState::Cancelled => continue,
        }
        if !known.state.is_here() {
            for content in contents(tx.conn, &[known.id])? {
                store::save_content(tx, &ReturnLine { restock: 0, damaged: 0, discard: 0, missing: 0, ..content })?;
            }
            known.received_at = Some(tx.now);
            known.received_by = actor.name().to_owned();
        }
        shift(tx, actor, order, &mut known, ReturnState::Closed)?;
        known.closed_at = Some(tx.now);
        store::save(tx, &known)?;
        record(tx, actor, &known, Vec::new())?;
    }
    if let Some((made, units)) = make_of_rest(tx, actor, order, tx.now)? {
        record(tx, actor, &made, units)?;
    }
    Ok(())
}

/// As [`receive_all`] for an order that came back before the desk knew it.
pub fn record_past(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, at: UtcTime) -> Result<()> {
    make_of_rest(tx, actor, order, at).map(|_| ())
}

/// A closed return of all that was shipped and is in none, if there is any.
fn make_of_rest(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    at: UtcTime,
) -> Result<Option<(Return, Vec<UnitsFact>)>> {
    let mut lines = order::lines(tx.conn, order.id)?;
    let rest = |line: &Line| line.shipped_quantity - line.returned_quantity;
    if lines.iter().all(|line| rest(line) == 0) {
        return Ok(None);
    }
    let mut made = store::insert(tx, order.id, ReturnState::Closed, "other", "", actor.name(), at)?;
    let mut units = Vec::new();
    for line in lines.iter_mut().filter(|line| line.shipped_quantity > line.returned_quantity) {
        let quantity = line.shipped_quantity - line.returned_quantity;
        store::insert_content(tx, made.id, line.id, quantity)?;
        units.push(fact(line, quantity));
        line.returned_quantity = line.shipped_quantity;
        order::save_quantities(tx, line)?;
    }
    (made.received_at, made.closed_at) = (Some(at), Some(at));
    made.received_by = actor.name().to_owned();
    store::save(tx, &made)?;
    shipment::recount(tx, order)?;
    Ok(Some((made, units)))
}

/// Takes the last receipt back: what came in with it is on its way again, and a return that only wrote
/// down that everything came back is withdrawn. Does not save the order.
pub fn take_back(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order) -> Result<()> {
    adopt(tx, actor, order)?;
    let here: Vec<Return> = of_order(tx.conn, order.id)?.into_iter().filter(|r| r.state.is_here()).collect();
    let last = here.iter().filter_map(|known| known.received_at).max();
    for mut known in here.into_iter().filter(|known| known.received_at == last) {
        let was_whole = Some(known.requested_at) == known.received_at;
        let to = if was_whole { ReturnState::Cancelled } else { ReturnState::InTransit };
        shift(tx, actor, order, &mut known, to)?;
        known.closed_at = None;
        store::save(tx, &known)?;
        record(tx, actor, &known, Vec::new())?;
    }
    Ok(())
}

/// Gives an order whose units came back without a return the one they stand for.
fn adopt(tx: &mut Tx<'_>, actor: &Actor, order: &Order) -> Result<()> {
    let (returns, inside) = all(tx.conn, order.id)?;
    let lines = order::lines(tx.conn, order.id)?;
    let known = |line: &Line| -> i64 {
        let here = |content: &&ReturnLine| {
            content.line_id == line.id && returns.iter().any(|r| r.id == content.return_id && r.state.is_here())
        };
        inside.iter().filter(here).map(ReturnLine::received).sum()
    };
    if lines.iter().all(|line| line.returned_quantity == known(line)) {
        return Ok(());
    }
    let at = order.stage_entered_at;
    let mut made = store::insert(tx, order.id, ReturnState::Closed, "other", "", actor.name(), at)?;
    for line in lines.iter().filter(|line| line.returned_quantity > known(line)) {
        store::insert_content(tx, made.id, line.id, line.returned_quantity - known(line))?;
    }
    (made.received_at, made.closed_at) = (Some(at), Some(at));
    store::save(tx, &made)
}

/// Brings returns back to where they were before a move made at `moved_at`, by what the diary says;
/// those it made are withdrawn. Does not save the order.
pub fn put_back(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &mut Order,
    diary: &[event::Entry],
    moved_at: UtcTime,
) -> Result<()> {
    let told = |entry: &event::Entry| match &entry.event {
        Event::ReturnChanged { uid, state, .. } => Some((uid.clone(), ReturnState::parse(state)?)),
        _ => None,
    };
    let touched: Vec<(String, ReturnState)> =
        diary.iter().filter(|entry| entry.at == moved_at).filter_map(told).collect();
    if touched.is_empty() {
        return Ok(());
    }
    for mut known in of_order(tx.conn, order.id)?.into_iter().filter(|r| touched.iter().any(|(uid, _)| *uid == r.uid)) {
        let mut before = diary.iter().rev().filter(|entry| entry.at < moved_at).filter_map(told);
        let to = match before.find(|(uid, _)| *uid == known.uid) {
            Some((_, state)) => state,
            None if known.requested_at == moved_at => ReturnState::Cancelled,
            // One that stands for what was returned before there were returns.
            None => ReturnState::Closed,
        };
        if to.is_here() && !known.state.is_here() {
            known.received_at = Some(tx.now);
        }
        shift(tx, actor, order, &mut known, to)?;
        known.closed_at = (to == ReturnState::Closed).then_some(known.closed_at.unwrap_or(moved_at));
        store::save(tx, &known)?;
        record(tx, actor, &known, Vec::new())?;
    }
    Ok(())
}

/// What the units of a return that are here were worth, in minor units of the order's currency: what is
/// suggested to be given back.
pub fn worth(order: &Order, lines: &[Line], contents: &[ReturnLine]) -> i64 {
    lines
        .iter()
        .map(|line| {
            let units: i64 = contents.iter().filter(|c| c.line_id == line.id).map(ReturnLine::received).sum();
            let whole = line.total_minor + if order.tax_included { 0 } else { line.tax_minor };
            crate::money::share(whole, units, line.quantity)
        })
        .sum()
}
