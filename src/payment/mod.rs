//! The payment ledger: rows are added, never changed in amount; what an order owes follows from
//! their sums. Staff record here what happened at the bank or the till; where a [`provider`] moves
//! the money, a row waits for its answer and counts against every limit meanwhile. No card number is
//! ever taken.

pub mod api;
mod card;
mod giving;
pub mod method;
mod methods;
pub mod pages;
pub mod pages_methods;
pub mod pages_panel;
pub mod pages_refund;
pub mod pages_take;

pub mod provider;
pub mod refund;
mod store;
mod sums;
mod writing_off;

use crate::actor::Actor;
use crate::db::{self, Conn, Db, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::{OrderId, PaymentId};
use crate::money::{Currency, LARGEST_MINOR, Money};
use crate::order::{self, EntryState, Order, PaymentKind};
use crate::time::UtcTime;
use crate::workflow::Base;

pub use card::looks_like_card;
pub use giving::{goodwill, refund, refund_all, worth_of};
pub use methods::{add_method, change_method, methods};
pub use refund::{GOODWILL_REASONS, NewRefund, REFUND_REASONS, RefundLine};
pub use sums::{
    Kept, balance, capturable, given_back, is_lapsed, is_to_try_again, is_under_way, kept_by_way, open_authorizations,
    open_captures, promised, refundable, stands,
};
pub use writing_off::{WRITE_OFF_REASONS, may_write_off, write_back, write_off};

/// A row of the ledger.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Payment {
    /// Key.
    pub id: PaymentId,
    /// Public identifier.
    pub uid: String,
    /// Its order.
    pub order_id: OrderId,
    /// What happened.
    pub kind: PaymentKind,
    /// The authorisation a capture or void concerns, the capture a refund gives back.
    pub parent_id: Option<PaymentId>,
    /// Minor units, never negative.
    pub amount_minor: i64,
    /// Currency, that of the order.
    pub currency: Currency,
    /// How it ended.
    pub state: EntryState,
    /// Who carried it out; `manual` for what staff record.
    pub provider: String,
    /// Key of the way: `card`, `cash`.
    pub method: String,
    /// The other side's reference.
    pub reference: String,
    /// Words of staff.
    pub note: String,
    /// When an authorisation lapses.
    pub expires_at: Option<UtcTime>,
    /// When it was written down.
    pub created_at: UtcTime,
    /// When its outcome was known.
    pub settled_at: Option<UtcTime>,
    /// Who wrote it.
    pub actor_name: String,
    /// Whether a capture lets the rest of its authorisation go.
    pub is_final: bool,
    /// Why money went back, as a key of [`REFUND_REASONS`].
    pub reason: String,
    /// What of a refund is for carriage.
    pub shipping_minor: i64,
    /// What of a refund is for no line: above zero in the customer's favour.
    pub adjustment_minor: i64,
    /// What the other side said when it refused.
    pub problem: String,
    /// The failed refund that a refund tries again.
    pub retries_id: Option<PaymentId>,
}

impl Payment {
    /// Its amount.
    pub fn money(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
    /// Whether its outcome is not known yet.
    pub fn is_pending(&self) -> bool {
        self.state == EntryState::Pending
    }
    /// Whether it was carried out.
    pub fn is_done(&self) -> bool {
        self.state == EntryState::Succeeded
    }
    /// Whether it counts against limits: carried out, or under way.
    pub fn holds(&self) -> bool {
        self.is_done() || self.is_pending()
    }
}

/// What staff record.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// Authorisation or capture.
    pub kind: PaymentKind,
    /// Minor units of the order's currency, above zero.
    pub amount_minor: i64,
    /// Key of the way it was paid.
    pub method: String,
    /// The bank's, card terminal's or provider's reference.
    pub reference: String,
    /// Words for colleagues.
    pub note: String,
    /// When an authorisation lapses.
    pub expires_at: Option<UtcTime>,
}

/// A capture of an authorisation.
#[derive(Clone, Debug)]
pub struct NewCapture {
    /// Public identifier of the authorisation.
    pub authorization: String,
    /// Minor units, above zero and no more than is left of it.
    pub amount_minor: i64,
    /// Whether the rest stays promised; otherwise it is let go.
    pub more_to_come: bool,
    /// The other side's reference.
    pub reference: String,
    /// Words for colleagues.
    pub note: String,
}

/// Money given out of kindness.
#[derive(Clone, Debug)]
pub struct NewGoodwill {
    /// Minor units of the order's currency, above zero.
    pub amount_minor: i64,
    /// Key of [`GOODWILL_REASONS`].
    pub reason: String,
    /// Key of the way it was given.
    pub method: String,
    /// The other side's reference.
    pub reference: String,
    /// Words for colleagues.
    pub note: String,
}

/// A row to be written.
struct Row<'a> {
    kind: PaymentKind,
    parent: Option<PaymentId>,
    amount_minor: i64,
    provider: &'a str,
    method: &'a str,
    reference: &'a str,
    note: &'a str,
    reason: &'a str,
    expires_at: Option<UtcTime>,
    is_final: bool,
    shipping_minor: i64,
    adjustment_minor: i64,
    retries: Option<PaymentId>,
}

impl<'a> Row<'a> {
    /// A row about another one: carried out by the same provider in the same way.
    fn about(entry: &'a Payment, kind: PaymentKind, amount_minor: i64) -> Self {
        Row { parent: Some(entry.id), provider: &entry.provider, ..Row::new(kind, amount_minor, &entry.method) }
    }
    /// A row of its own that staff record.
    fn new(kind: PaymentKind, amount_minor: i64, method: &'a str) -> Self {
        Row {
            kind,
            parent: None,
            amount_minor,
            provider: provider::MANUAL,
            method,
            reference: "",
            note: "",
            reason: "",
            expires_at: None,
            is_final: true,
            shipping_minor: 0,
            adjustment_minor: 0,
            retries: None,
        }
    }
}

/// Takes out of the words of an order's ledger what tells who somebody is. Amounts, ways and instants stay.
pub fn erase(tx: &mut Tx<'_>, order: OrderId, replace: &dyn Fn(&str) -> String) -> Result<()> {
    for entry in ledger(tx.conn, order)? {
        let said = [&entry.reference, &entry.note, &entry.problem].map(|text| replace(text));
        if said != [entry.reference, entry.note, entry.problem] {
            store::set_words(tx, entry.id, &said)?;
        }
    }
    Ok(())
}

/// The ledger of an order, oldest first.
pub fn ledger(conn: &mut Conn, order: OrderId) -> Result<Vec<Payment>> {
    db::remembered_of(order, conn, |conn| store::of_order(conn, order))
}

/// Records an authorisation or a payment that happened elsewhere and saves what follows for the
/// order. A payment draws on the oldest authorisation of the same way of paying that covers it, if
/// there is one, and lets the rest of it go; otherwise it stands for itself.
///
/// # Errors
/// Stale as [`order::find_for_change`]; refuses amounts of zero or below, anything that looks like a
/// card number, authorisations on a stopped order, and anything on an archived one.
pub fn record(tx: &mut Tx<'_>, actor: &Actor, number: i64, version: Option<i64>, new: &NewPayment) -> Result<Order> {
    add(tx, actor, number, version, new, provider::MANUAL)
}

fn add(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    new: &NewPayment,
    provider: &str,
) -> Result<Order> {
    check_amount(new.amount_minor)?;
    let reference = method::kept_reference(&new.method, &new.reference);
    check_texts(&[("reference", &reference), ("note", &new.note), ("method", &new.method)])?;
    let mut order = order::find_for_change(tx, number, version)?;
    check_not_archived(&order)?;
    let parent = match new.kind {
        PaymentKind::Capture if provider == provider::MANUAL => covering(&ledger(tx.conn, order.id)?, new, tx.now),
        PaymentKind::Capture => None,
        PaymentKind::Authorization if order.base.is_stopped() => {
            return Err(Refusal::state(
                "payment.order_stopped",
                "The order was stopped, so nothing more can be authorised for it.",
            )
            .into());
        }
        PaymentKind::Authorization => None,
        PaymentKind::Refund
        | PaymentKind::Void
        | PaymentKind::Goodwill
        | PaymentKind::WriteOff
        | PaymentKind::WriteBack => {
            return Err(Error::broken("refunds, releases, goodwill and write-offs have verbs of their own"));
        }
    };
    let expires_at = match (new.kind, new.expires_at) {
        (PaymentKind::Authorization, None) => {
            let days = methods(tx.conn)?.of(&new.method).authorization_days;
            days.map(|days| tx.now.plus_minutes(days * 24 * 60))
        }
        (_, told) => told,
    };
    let row = Row {
        parent,
        provider,
        reference: &reference,
        note: &new.note,
        expires_at,
        ..Row::new(new.kind, new.amount_minor, &new.method)
    };
    write(tx, actor, &order, &row)?;
    // A gift card that covers a part says nothing of how the rest is paid.
    let covers_part = method::same(&new.method, method::GIFT_CARD) && new.amount_minor < order.amount_due();
    if order.payment_method.is_empty() && !new.method.is_empty() && !covers_part {
        order.payment_method = new.method.clone();
    }
    settle(tx, &mut order)?;
    Ok(order)
}

fn covering(ledger: &[Payment], new: &NewPayment, now: UtcTime) -> Option<PaymentId> {
    open_authorizations(ledger, now)
        .into_iter()
        .find(|(entry, left)| {
            *left >= new.amount_minor && method::same(&entry.method, &new.method) && entry.provider == provider::MANUAL
        })
        .map(|(entry, _)| entry.id)
}

/// Captures an authorisation, whole or in part.
///
/// # Errors
/// Stale as [`order::find_for_change`]; missing for an unknown authorisation; refuses one that lapsed or
/// was let go, and more than is left of it.
pub fn capture(tx: &mut Tx<'_>, actor: &Actor, number: i64, version: Option<i64>, new: &NewCapture) -> Result<Order> {
    check_amount(new.amount_minor)?;
    check_texts(&[("reference", &new.reference), ("note", &new.note)])?;
    let mut order = order::find_for_change(tx, number, version)?;
    check_not_archived(&order)?;
    let ledger = ledger(tx.conn, order.id)?;
    let entry = authorization(&ledger, &new.authorization)?;
    if is_lapsed(entry, tx.now) {
        return Err(Refusal::state(
            "payment.authorization_lapsed",
            "This authorisation has lapsed. Ask for a new one, or record the payment that was made otherwise.",
        )
        .into());
    }
    let left = capturable(&ledger, entry);
    if left == 0 {
        return Err(nothing_left().into());
    }
    if new.amount_minor > left {
        let told = format!("{} is left of this authorisation. Enter no more than that.", order.money(left));
        return Err(Refusal::field("payment.above_authorization", "amount", told).into());
    }
    let row = Row {
        reference: &new.reference,
        note: &new.note,
        is_final: !new.more_to_come || new.amount_minor == left,
        ..Row::about(entry, PaymentKind::Capture, new.amount_minor)
    };
    write(tx, actor, &order, &row)?;
    settle(tx, &mut order)?;
    Ok(order)
}

/// Lets an authorisation go.
///
/// # Errors
/// As [`capture`], but a lapsed one may be let go.
pub fn void(tx: &mut Tx<'_>, actor: &Actor, number: i64, version: Option<i64>, uid: &str, note: &str) -> Result<Order> {
    check_texts(&[("note", note)])?;
    let mut order = order::find_for_change(tx, number, version)?;
    let ledger = ledger(tx.conn, order.id)?;
    let entry = authorization(&ledger, uid)?;
    let left = capturable(&ledger, entry);
    if left == 0 {
        return Err(nothing_left().into());
    }
    write(tx, actor, &order, &Row { note, ..Row::about(entry, PaymentKind::Void, left) })?;
    settle(tx, &mut order)?;
    Ok(order)
}

fn authorization<'a>(ledger: &'a [Payment], uid: &str) -> Result<&'a Payment> {
    ledger
        .iter()
        .find(|e| e.uid == uid && e.kind == PaymentKind::Authorization && e.is_done())
        .ok_or_else(|| Error::Missing(format!("authorisation {uid}")))
}

fn nothing_left() -> Refusal {
    Refusal::state(
        "payment.authorization_used",
        "Nothing is left of this authorisation: it was captured or released. Look at the ledger.",
    )
}

/// Captures by itself what the way of paying says is captured when an order enters a base: what is due,
/// of the oldest promise first. Returns whether anything was. Does not save.
pub fn capture_by_policy(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, base: Base) -> Result<bool> {
    if order.authorized_minor == 0 {
        return Ok(false);
    }
    let policy = methods(tx.conn)?.of(&order.payment_method);
    let ledger = ledger(tx.conn, order.id)?;
    let mut wanted = policy.captures_by_itself(order, base);
    let mut any = false;
    for (entry, left) in open_authorizations(&ledger, tx.now) {
        let amount = left.min(wanted);
        if amount > 0 {
            let note = policy.capture_at.label().to_lowercase();
            write(tx, actor, order, &Row { note: &note, ..Row::about(entry, PaymentKind::Capture, amount) })?;
            wanted -= amount;
            any = true;
        }
    }
    resettle(tx, order)?;
    Ok(any)
}

/// Writes rows of the past: an import or a demonstration. A capture draws on the last authorisation,
/// a refund on the last capture. Does not save the order.
pub fn record_past(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, past: &[order::PastPayment]) -> Result<()> {
    let known = ledger(tx.conn, order.id)?;
    let last = |kind| known.iter().rev().find(|entry| entry.kind == kind).map(|entry| entry.id);
    let (mut authorization, mut capture) = (last(PaymentKind::Authorization), last(PaymentKind::Capture));
    for entry in past {
        let reference = method::kept_reference(&entry.method, &entry.reference);
        let entry = &order::PastPayment { reference, ..entry.clone() };
        let parent = match entry.kind {
            PaymentKind::Authorization | PaymentKind::Goodwill | PaymentKind::WriteOff | PaymentKind::WriteBack => None,
            PaymentKind::Capture | PaymentKind::Void => authorization,
            PaymentKind::Refund => capture,
        };
        let id = store::insert_past(tx, actor, order, entry, parent)?;
        match entry.kind {
            PaymentKind::Authorization => authorization = Some(id),
            PaymentKind::Capture => capture = Some(id),
            PaymentKind::Refund
            | PaymentKind::Void
            | PaymentKind::Goodwill
            | PaymentKind::WriteOff
            | PaymentKind::WriteBack => {}
        }
        let row = Row { reference: &entry.reference, ..Row::new(entry.kind, entry.amount_minor, &entry.method) };
        event::record_past(tx, actor, order.id, &recorded(order, &row, String::new()), entry.at)?;
    }
    let completed = past.iter().filter(|entry| entry.kind == PaymentKind::Capture).map(|entry| entry.at).max();
    let sums = balance(&ledger(tx.conn, order.id)?, tx.now);
    order::settle(order, &sums, completed.unwrap_or(order.placed_at));
    Ok(())
}

/// Lets every live authorisation of an order go. Returns whether there was one. Does not save.
pub fn void_all(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order) -> Result<bool> {
    let ledger = ledger(tx.conn, order.id)?;
    let mut any = false;
    for entry in ledger.iter().filter(|e| e.kind == PaymentKind::Authorization && e.is_done()) {
        let left = capturable(&ledger, entry);
        if left > 0 {
            write(tx, actor, order, &Row::about(entry, PaymentKind::Void, left))?;
            any = true;
        }
    }
    resettle(tx, order)?;
    Ok(any)
}

/// Minutes before its end at which a promise counts as expiring.
const EXPIRING: i64 = 2 * 24 * 60;

/// Writes down which promises lapse within two days, once for each. Safe in several processes at once.
/// Returns how many there were.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn tell_expiring(db: &Db) -> Result<usize> {
    let now = UtcTime::now();
    let until = now.plus_minutes(EXPIRING);
    let mut told = 0;
    for (order, uid) in db.read(move |conn| store::expiring_untold(conn, now, until, 200)).await? {
        told += usize::from(db.write(move |tx| tell_expiry(tx, order, &uid)).await?);
    }
    Ok(told)
}

fn tell_expiry(tx: &mut Tx<'_>, order: OrderId, uid: &str) -> Result<bool> {
    let order = order::lock(tx, order)?;
    let until = tx.now.plus_minutes(EXPIRING);
    // Another process may have been faster.
    let still = store::expiring_untold(tx.conn, tx.now, until, 1_000)?.iter().any(|(_, untold)| untold == uid);
    let ledger = ledger(tx.conn, order.id)?;
    let Some(entry) = ledger.iter().find(|entry| still && entry.uid == uid) else { return Ok(false) };
    let (left, Some(expires_at)) = (promised(&ledger, entry), entry.expires_at) else { return Ok(false) };
    if left <= 0 {
        return Ok(false);
    }
    let expiring =
        Event::AuthorizationExpiring { payment: entry.uid.clone(), amount: order.money(left).into(), expires_at };
    event::record(tx, &Actor::System { name: "Timer" }, Some(order.id), &expiring)?;
    Ok(true)
}

/// Lets promises whose time is over count no more: looked for among those that lapsed in the last month.
/// Safe in several processes at once. Returns how many orders changed.
pub async fn lapse_due(db: &Db) -> Result<usize> {
    let now = UtcTime::now();
    let due = db.read(move |conn| store::lapsed(conn, now.plus_minutes(-31 * 24 * 60), now, 200)).await?;
    let mut changed = 0;
    for number in due {
        changed += usize::from(db.write(move |tx| lapse(tx, number)).await?);
    }
    Ok(changed)
}

fn lapse(tx: &mut Tx<'_>, number: i64) -> Result<bool> {
    let mut order = order::find_for_change(tx, number, None)?;
    let before = order.authorized_minor;
    resettle(tx, &mut order)?;
    if order.authorized_minor == before {
        return Ok(false);
    }
    let lapsed = Event::AuthorizationLapsed { amount: order.money(before - order.authorized_minor).into() };
    event::record(tx, &Actor::System { name: "Timer" }, Some(order.id), &lapsed)?;
    order::save(tx, &mut order)?;
    Ok(true)
}

/// Takes the ledger's sums over into the order. Does not save.
pub fn resettle(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    let sums = balance(&ledger(tx.conn, order.id)?, tx.now);
    order::settle(order, &sums, tx.now);
    Ok(())
}

/// Takes the ledger's sums over into the order and saves it.
fn settle(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    resettle(tx, order)?;
    order::save(tx, order)
}

/// Writes a row and its event. What staff record is done at once; what a provider carries out waits
/// for its answer, with the job that asks for it in the same transaction.
fn write(tx: &mut Tx<'_>, actor: &Actor, order: &Order, row: &Row<'_>) -> Result<PaymentId> {
    let is_done = row.provider == provider::MANUAL;
    let state = if is_done { EntryState::Succeeded } else { EntryState::Pending };
    let Payment { id, uid, .. } = store::insert(tx, actor, order, row, state)?;
    if is_done {
        event::record(tx, actor, Some(order.id), &recorded(order, row, uid))?;
    } else {
        provider::ask_later(tx, &uid)?;
        let started = Event::PaymentStarted {
            entry: row.kind.as_str().into(),
            payment: uid,
            amount: order.money(row.amount_minor).into(),
            reason: row.reason.into(),
        };
        event::record(tx, actor, Some(order.id), &started)?;
    }
    Ok(id)
}

fn recorded(order: &Order, row: &Row<'_>, payment: String) -> Event {
    Event::PaymentRecorded {
        entry: row.kind.as_str().into(),
        payment,
        amount: order.money(row.amount_minor).into(),
        method: row.method.into(),
        reference: row.reference.into(),
        reason: row.reason.into(),
    }
}

/// What was put away is settled, and nobody would see what came in.
fn check_not_archived(order: &Order) -> Result<()> {
    if order.base != Base::Archived {
        return Ok(());
    }
    Err(Refusal::state(
        "payment.order_archived",
        "The order is in the archive, where nobody would see what came in. Bring it back first, then record it.",
    )
    .into())
}

fn check_amount(minor: i64) -> Result<()> {
    if minor <= 0 || minor > LARGEST_MINOR {
        return Err(Refusal::field("payment.amount", "amount", "Enter an amount above zero, such as 24.00.").into());
    }
    Ok(())
}

/// Refuses texts that are too long or look like a card number.
fn check_texts(texts: &[(&str, &str)]) -> Result<()> {
    for (field, text) in texts {
        if text.chars().count() > 500 {
            return Err(Refusal::field("payment.too_long", *field, "This takes 500 characters at the most.").into());
        }
        if looks_like_card(text) {
            return Err(Refusal::field(
                "payment.card_number",
                *field,
                "This looks like a card number. Card numbers are never kept here; enter the terminal's or bank's reference.",
            )
            .into());
        }
    }
    Ok(())
}
