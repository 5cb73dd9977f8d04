//! Stock: what lies on the shelf, who has a claim on it, and a ledger of every change. An order's claims
//! are brought to what its stage and quantities ask for by [`settle`], whatever moved it: so a hold, an
//! undo or a split parcel needs no arithmetic of its own. Available is what lies there less what is
//! allocated and softly held. Every change is one conditional statement per product and a row of the
//! ledger that its cause can make only once.

use crate::actor::Actor;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::{LineId, OrderId, ProductId};
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::web;

use super::claims::{self, Change, Shift};
pub use super::claims::{Firmness, Want};
use super::store_stock as store;

/// Minutes for which an order that is not confirmed holds its goods.
pub const HOLD_MINUTES: i64 = 60;
/// Units that a count or a return takes at the most.
pub const MOST_UNITS: i64 = 1_000_000_000;
/// The setting that switches counting off for the whole shop.
const SWITCH: &str = "stock_tracking";

/// What there is of a product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, diesel::Queryable)]
pub struct Levels {
    /// Units on the shelf. Below zero: more left than was ever counted.
    pub on_hand: i64,
    /// Units promised to confirmed orders.
    pub allocated: i64,
    /// Units kept a while for orders that are not confirmed yet.
    pub soft_held: i64,
}

impl Levels {
    /// Units that another order can have.
    pub fn available(&self) -> i64 {
        self.on_hand - self.allocated - self.soft_held
    }
}

/// What a line has of a product, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Claim {
    /// The line.
    pub line_id: LineId,
    /// The product.
    pub product_id: ProductId,
    /// The line's order.
    pub order_id: OrderId,
    /// Softly held.
    pub soft_held: i64,
    /// Allocated.
    pub allocated: i64,
    /// Taken off the shelf.
    pub shipped: i64,
    /// Put back on the shelf after it had left.
    pub put_back: i64,
    /// When the soft hold ends.
    pub expires_at: Option<UtcTime>,
}

impl Claim {
    pub(super) fn none(order: OrderId, line: LineId, product: ProductId) -> Self {
        Claim {
            line_id: line,
            product_id: product,
            order_id: order,
            soft_held: 0,
            allocated: 0,
            shipped: 0,
            put_back: 0,
            expires_at: None,
        }
    }
}

/// A part of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Part {
    /// The bundle.
    pub bundle: ProductId,
    /// What is in it.
    pub part: ProductId,
    /// Units of it in one bundle.
    pub quantity: i64,
}

/// How a product is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Counting {
    /// The product.
    pub product: ProductId,
    /// Whether its units are counted.
    pub tracked: bool,
    /// Whether it may be promised although there is none.
    pub oversell: bool,
}

/// A row of the ledger.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Movement {
    /// Key.
    pub id: i64,
    /// The product.
    pub product_id: ProductId,
    /// The line of an order that caused it, if one did.
    pub line_id: Option<LineId>,
    /// What caused it, such as `confirmed`, `shipped`, `count`, `return`.
    pub cause_kind: String,
    /// Which one.
    pub cause_key: String,
    /// Units on the shelf on top.
    pub on_hand: i64,
    /// Units allocated on top.
    pub allocated: i64,
    /// Units softly held on top.
    pub soft_held: i64,
    /// Why, in words.
    pub note: String,
    /// Who.
    pub actor_name: String,
    /// When.
    pub happened_at: UtcTime,
}

/// What the shelf has for what an order is allocated of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The product.
    pub product: ProductId,
    /// Units the order is allocated.
    pub needed: i64,
    /// Units on the shelf that no order before it needs.
    pub left: i64,
}

/// What makes stock change. The same kind and key count once for a line and a product.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The line of an order, if one is concerned.
    pub line: Option<LineId>,
    /// What it is, such as `return`.
    pub kind: String,
    /// Which one: the public identifier of the return's line.
    pub key: String,
    /// Why, in words; may be empty.
    pub note: String,
}

impl Cause {
    /// A cause of this kind with this key.
    pub fn new(kind: &str, key: impl Into<String>) -> Self {
        Cause { line: None, kind: kind.to_owned(), key: key.into(), note: String::new() }
    }
    /// Concerning a line of an order.
    pub fn of_line(mut self, line: LineId) -> Self {
        self.line = Some(line);
        self
    }
}

/// What happens where there is not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// Nothing is allocated and the caller is refused.
    Refuses,
    /// It is written down all the same: the goods are owed already.
    IsOwed,
}

/// Whether the shop counts its stock at all.
pub fn is_on(conn: &mut Conn) -> Result<bool> {
    Ok(web::setting(conn, SWITCH)?.as_deref() != Some("off"))
}

/// Switches counting on or off for the whole shop. Claims of open orders follow when somebody asks for
/// it: [`orders_wanting`] names them.
pub fn switch(tx: &mut Tx<'_>, actor: &Actor, on: bool) -> Result<()> {
    let before = is_on(tx.conn)?;
    if before == on {
        return Ok(());
    }
    let word = |on: bool| if on { "on" } else { "off" };
    web::set_setting(tx, SWITCH, word(on))?;
    let changed = Event::SettingsChanged {
        setting: SWITCH.to_owned(),
        before: word(before).to_owned(),
        after: word(on).to_owned(),
    };
    event::record(tx, actor, None, &changed)
}

/// What there is of these products, each with its key; one that is not known is left out.
pub fn levels(conn: &mut Conn, products: &[ProductId]) -> Result<Vec<(ProductId, Levels)>> {
    store::levels(conn, products)
}

/// The newest changes of a product.
pub fn movements(conn: &mut Conn, product: ProductId, limit: i64) -> Result<Vec<Movement>> {
    store::movements(conn, product, limit)
}

/// What the lines of an order have a claim on.
pub fn claims(conn: &mut Conn, order: OrderId) -> Result<Vec<Claim>> {
    store::claims(conn, order)
}

/// Brings the claims of an order to what its lines want. The order must be locked.
///
/// # Errors
/// With [`Shortage::Refuses`] a state refusal `stock.short` that names every product of which there is
/// too little and what is available. Soft holds that cannot be had are left out without a word.
pub fn settle(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: OrderId,
    firmness: Firmness,
    wants: &[Want],
    cause: &Cause,
    shortage: Shortage,
) -> Result<()> {
    if wants.is_empty() {
        return Ok(());
    }
    let mut shifts = planned(tx.conn, order, firmness, wants)?;
    if shortage == Shortage::IsOwed {
        shifts.iter_mut().for_each(|shift| shift.oversell = true);
    }
    for shift in &mut shifts {
        let until = tx.now.plus_minutes(HOLD_MINUTES);
        for change in shift.changes.iter_mut().filter(|change| change.after.soft_held > 0) {
            change.after.expires_at.get_or_insert(until);
        }
    }
    let mut done: Vec<Shift> = Vec::new();
    for shift in &shifts {
        if store::shift_levels(tx, shift)? {
            done.push(shift.clone());
        } else if !shift.is_soft() {
            return Err(short(tx.conn, &shifts[done.len()..])?);
        }
    }
    for shift in &done {
        for change in &shift.changes {
            store::write_claim(tx, change)?;
            store::write_movement(tx, actor, change, cause)?;
        }
    }
    Ok(())
}

fn planned(conn: &mut Conn, order: OrderId, firmness: Firmness, wants: &[Want]) -> Result<Vec<Shift>> {
    let mut products: Vec<ProductId> = wants.iter().map(|want| want.product).collect();
    products.sort();
    products.dedup();
    let known = store::standing(conn, order, &products, SWITCH)?;
    Ok(claims::plan(order, firmness, wants, &known.parts, &known.counted, &known.claims))
}

/// What keeps these wants from being allocated, one sentence a product; empty if nothing does. What may
/// have changed by the time it is tried.
pub fn shortages(conn: &mut Conn, order: OrderId, wants: &[Want]) -> Result<Vec<String>> {
    if wants.is_empty() {
        return Ok(Vec::new());
    }
    let shifts = planned(conn, order, Firmness::Firmly, wants)?;
    sentences(conn, &shifts)
}

/// Of what there is too little on the shelf for what an order is allocated, one sentence a product:
/// somebody counted less since, or more was promised than there was. Orders being prepared come first, then
/// earlier ones. Nothing is told of a product that may be promised although there is none.
pub fn uncovered(conn: &mut Conn, order: OrderId) -> Result<Vec<String>> {
    let rows = store::coverage(conn, order)?;
    let lacking: Vec<_> = rows.into_iter().filter(|row| row.needed > row.left).collect();
    if lacking.is_empty() || !is_on(conn)? {
        return Ok(Vec::new());
    }
    let names = store::names(conn, &lacking.iter().map(|row| row.product).collect::<Vec<_>>())?;
    let told = lacking.iter().filter_map(|row| {
        let (_, name) = names.iter().find(|(product, _)| *product == row.product)?;
        Some(format!("{name}: {} needed, {} on the shelf for it.", row.needed, row.left.max(0)))
    });
    Ok(told.collect())
}

/// Units of the lines of these orders that were promised although there is none on the shelf for them, by line:
/// they are on back order. Orders being prepared come first, then earlier ones.
pub fn backordered(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<(LineId, i64)>> {
    Ok(claims::backordered(&store::promises(conn, orders)?))
}

fn sentences(conn: &mut Conn, shifts: &[Shift]) -> Result<Vec<String>> {
    let keys: Vec<ProductId> = shifts.iter().map(|shift| shift.product).collect();
    let levels = store::levels(conn, &keys)?;
    let names = store::names(conn, &keys)?;
    let mut told = Vec::new();
    for shift in shifts {
        let Some((_, level)) = levels.iter().find(|(product, _)| *product == shift.product) else { continue };
        let Some((_, name)) = names.iter().find(|(product, _)| *product == shift.product) else { continue };
        let needed = shift.needs_available();
        let available = level.available().max(0);
        if needed > available {
            told.push(format!("{name}: {needed} needed, {available} available."));
        }
    }
    Ok(told)
}

fn short(conn: &mut Conn, shifts: &[Shift]) -> Result<Error> {
    let told = sentences(conn, shifts)?;
    Ok(Refusal::state(
        "stock.short",
        format!("There is not enough in stock. {} Count the shelf, wait for more, or take units out.", told.join(" ")),
    )
    .into())
}

/// Whether an error says that there is too little in stock.
pub fn is_shortage(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.code == "stock.short")
}

/// Puts units back on the shelf that had left: of a bundle its parts. Never more than left on that line
/// and was not put back yet, and once for a cause, so that a return after a refund with restock adds
/// nothing. The order must be locked. Returns how many units of the product itself, or of all parts,
/// came to lie on the shelf: none of one that is not counted.
///
/// # Errors
/// Refuses less than none and more than [`MOST_UNITS`].
pub fn put_back(tx: &mut Tx<'_>, actor: &Actor, product: ProductId, quantity: i64, cause: &Cause) -> Result<i64> {
    if !(0..=MOST_UNITS).contains(&quantity) {
        return Err(Refusal::field("stock.quantity", "quantity", "Enter a quantity of zero or more.").into());
    }
    if quantity == 0 || !is_on(tx.conn)? {
        return Ok(0);
    }
    let parts = store::parts(tx.conn, &[product])?;
    let mut pieces: Vec<(ProductId, i64)> = parts.iter().map(|part| (part.part, part.quantity)).collect();
    if pieces.is_empty() {
        pieces.push((product, 1));
    }
    pieces.sort();
    let keys: Vec<ProductId> = pieces.iter().map(|(piece, _)| *piece).collect();
    let counted = store::counting(tx.conn, &keys)?;
    let mut done = 0;
    for (piece, per_unit) in pieces {
        let is_counted = counted.iter().any(|counting| counting.product == piece && counting.tracked);
        if is_counted && !store::has_moved(tx.conn, piece, cause)? {
            done += put_piece_back(tx, actor, piece, per_unit, quantity, cause)?;
        }
    }
    Ok(done)
}

fn put_piece_back(
    tx: &mut Tx<'_>,
    actor: &Actor,
    piece: ProductId,
    per_unit: i64,
    quantity: i64,
    cause: &Cause,
) -> Result<i64> {
    let wanted = quantity.saturating_mul(per_unit);
    let units = match cause.line {
        None => wanted,
        Some(line) => {
            let Some((order, shipped)) = store::shipped_of_line(tx.conn, line)? else {
                return Err(Error::Missing("such line".into()));
            };
            let claims = store::claims(tx.conn, order)?;
            let known = claims.into_iter().find(|claim| claim.line_id == line && claim.product_id == piece);
            let left = shipped.saturating_mul(per_unit);
            let before = known.unwrap_or_else(|| Claim { shipped: left, ..Claim::none(order, line, piece) });
            let units = wanted.min(left - before.put_back).max(0);
            let after = Claim { put_back: before.put_back + units, ..before };
            store::write_claim(tx, &Change { before, after, is_counted: true })?;
            units
        }
    };
    if units > 0 {
        store::add_on_hand(tx, actor, piece, units, cause)?;
    }
    Ok(units)
}

/// Takes what [`put_back`] put on the shelf for this cause away again. Returns how many units.
pub fn take_back(tx: &mut Tx<'_>, actor: &Actor, cause: &Cause) -> Result<i64> {
    let mut taken = 0;
    let reversal = Cause { kind: format!("{} undone", cause.kind), ..cause.clone() };
    for row in store::of_cause(tx.conn, cause)?.into_iter().filter(|row| row.on_hand > 0) {
        if store::has_moved(tx.conn, row.product_id, &reversal)? {
            continue;
        }
        if let Some(line) = cause.line {
            store::forget_put_back(tx, line, row.product_id, row.on_hand)?;
        }
        store::add_on_hand(tx, actor, row.product_id, -row.on_hand, &reversal)?;
        taken += row.on_hand;
    }
    Ok(taken)
}

/// Sets what lies on the shelf to what was counted. `once` names the count, so that a second click does
/// nothing. Returns what there is now.
///
/// # Errors
/// Refuses a count below zero or above [`MOST_UNITS`] and one without a reason.
pub fn count(
    tx: &mut Tx<'_>,
    actor: &Actor,
    product: ProductId,
    counted: i64,
    reason: &str,
    once: &str,
) -> Result<Levels> {
    if !(0..=MOST_UNITS).contains(&counted) {
        return Err(Refusal::field(
            "stock.count",
            "counted",
            "Enter what lies on the shelf: a whole number from 0 to 1,000,000,000.",
        )
        .into());
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 {
        return Err(Refusal::field("stock.reason", "reason", "Give a reason of at most 200 characters.").into());
    }
    let before = store::lock_level(tx, product)?;
    let cause = Cause { note: reason.to_owned(), ..Cause::new("count", once) };
    if store::has_moved(tx.conn, product, &cause)? {
        return Ok(before);
    }
    store::add_on_hand(tx, actor, product, counted - before.on_hand, &cause)?;
    let name = store::names(tx.conn, &[product])?.pop().map(|(_, name)| name).unwrap_or_default();
    let counted_event =
        Event::StockCounted { product: name, before: before.on_hand, after: counted, reason: reason.to_owned() };
    event::record(tx, actor, None, &counted_event)?;
    Ok(Levels { on_hand: counted, ..before })
}

/// Products looked at in one transaction.
const TOLD_AT_ONCE: i64 = 200;

/// Writes down which products became low since this was last asked, once for each time they do. Returns how
/// many did. Safe in several processes at once.
///
/// # Errors
/// When the database cannot be written.
pub async fn tell_low(db: &Db) -> Result<usize> {
    let any = db.read(|conn| Ok(is_on(conn)? && !store::to_tell(conn, 1)?.is_empty())).await?;
    if any { db.write(tell_low_now).await } else { Ok(0) }
}

fn tell_low_now(tx: &mut Tx<'_>) -> Result<usize> {
    let mut told = 0;
    for standing in store::to_tell(tx.conn, TOLD_AT_ONCE)? {
        if !store::tell(tx, standing.id, standing.is_low)? {
            continue;
        }
        let name = store::names(tx.conn, &[standing.id])?.into_iter().next().map(|(_, name)| name).unwrap_or_default();
        let low = Event::StockLow {
            product: standing.uid,
            sku: standing.sku,
            name,
            available: standing.available,
            low_at: standing.low_at,
        };
        event::record(tx, &Actor::System { name: "Timer" }, None, &low)?;
        told += 1;
    }
    Ok(told)
}

/// Orders in these stages, by their slugs, that want this product or a bundle of it; with none, any product.
pub fn orders_wanting(conn: &mut Conn, stages: &[String], product: Option<ProductId>) -> Result<Vec<OrderId>> {
    store::orders_wanting(conn, stages, product)
}

/// Numbers of the orders that have a claim on a product, with the units allocated and softly held.
pub fn claimed_by(conn: &mut Conn, product: ProductId, limit: i64) -> Result<Vec<(i64, i64, i64)>> {
    store::claimed_by(conn, product, limit)
}

/// Numbers of the orders of these lines.
pub fn orders_of_lines(conn: &mut Conn, reach: &Reach, lines: &[LineId]) -> Result<Vec<(LineId, i64)>> {
    store::orders_of_lines(conn, reach, lines)
}

/// Orders whose soft holds have ended, without those on hold: for them the clock stands still.
pub fn expired(conn: &mut Conn, now: UtcTime, limit: i64) -> Result<Vec<OrderId>> {
    store::expired(conn, now, limit)
}

/// Gives free what an order held softly, if its time is over. The order must be locked. Returns whether
/// anything was.
pub fn free_expired(tx: &mut Tx<'_>, actor: &Actor, order: OrderId) -> Result<bool> {
    let is_over = |claim: &Claim| claim.soft_held > 0 && claim.expires_at.is_some_and(|at| at <= tx.now);
    let over: Vec<Claim> = store::claims(tx.conn, order)?.into_iter().filter(is_over).collect();
    let key = tx.now.0.to_string();
    for claim in &over {
        let change = Change { before: *claim, after: Claim { soft_held: 0, ..*claim }, is_counted: true };
        let shift = Shift { product: claim.product_id, oversell: true, changes: vec![change] };
        store::shift_levels(tx, &shift)?;
        store::write_claim(tx, &change)?;
        store::write_movement(tx, actor, &change, &Cause::new("expired", key.clone()))?;
    }
    Ok(!over.is_empty())
}
