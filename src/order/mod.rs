//! Orders: the purchase, its lines and charges, and what is known of it. This feature places and
//! corrects orders; payments, parcels and moves belong to the features after it, which tell it what
//! they computed. One write bumps the version, so that two people never overwrite each other.

pub mod api;
pub mod api_carts;
pub mod api_changes;
mod api_draft;
pub mod api_edit;
pub mod api_events;
pub mod api_list;
pub mod api_new;
mod caption;
pub mod cart_source;
pub mod changes;
mod correction;
mod customers;
mod document;
pub mod draft;
mod edit;
pub mod list;
mod marks;
pub mod news;
pub mod pages_board;
pub mod pages_bulk;
mod pages_bulk_ask;
pub mod pages_edit;
pub mod pages_form;
pub mod pages_fresh;
pub mod pages_lines;
pub mod pages_list;
pub mod pages_menu;
pub mod pages_new;
pub mod pages_parts;
mod pages_row;
mod pages_rows;
pub mod pages_show;
pub mod pages_story;
mod pages_tabs;
pub mod pages_tags;
pub mod pages_views;
pub mod pages_way;
mod placing;
mod record;
pub mod status;
mod store;
pub mod store_carts;
mod store_stage;
pub mod totals;
pub mod views;

use crate::db::{self, Conn, Tx, dialect};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event;
use crate::ids::{ChannelId, CustomerId, MarketId, OrderId};
use crate::reach::Reach;
use crate::time::{UtcTime, brief_span};
use crate::workflow::Stages;

pub use caption::caption;
pub use changes::ChangeSet;
pub use correction::{Correction, correct};
pub use customers::{
    CustomerHistory, CustomerSum, blank_party, histories_of_customers, lock_of_customer, merge_customers, of_customer,
    sums_of_customer, unsettled_of_customer,
};
pub use document::reindex;
pub use draft::{ChargeKind, Draft, DraftCharge, DraftLine, Past, PastPayment};
pub use edit::{change_lines, preview};
pub use marks::{assign, mark_printed, tag};
pub use placing::{Outcome, Placed, place};
pub(crate) use record::called;
pub use record::{Charge, Line, Order};
pub use status::{Balance, EntryState, FulfilmentStatus, PaymentKind, PaymentStatus, Quantities};
pub use store::{Indexed, NewOrder};
pub use store_carts as carts;
pub use store_stage::Standing;

/// The order with that number.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, number: i64) -> Result<Order> {
    store::by_number(conn, number)?.ok_or_else(|| Error::Missing(format!("order {number}")))
}

/// The order with that public identifier, if it is here.
pub fn find_by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Order>> {
    store::by_uid(conn, uid)
}

/// The order with that number, if it is within a reach.
///
/// # Errors
/// Missing if it is not, or there is none.
pub fn find_within(conn: &mut Conn, reach: &Reach, number: i64) -> Result<Order> {
    let found = store::by_number(conn, number)?.filter(|order| reach.sees(order.market_id));
    found.ok_or_else(|| Error::Missing(format!("order {number}")))
}

/// The orders with those numbers within a reach, in the order asked for; others are left out.
pub fn find_many(conn: &mut Conn, reach: &Reach, numbers: &[i64]) -> Result<Vec<Order>> {
    let mut found = store::by_numbers(conn, numbers)?;
    found.retain(|order| reach.sees(order.market_id));
    Ok(found)
}

/// The order that a source made, if it is here.
pub fn find_by_source(conn: &mut Conn, channel: ChannelId, source: &str) -> Result<Option<Order>> {
    store::by_source(conn, channel, source)
}

/// The numbers and markets of these orders, by their keys.
///
/// # Errors
/// When the database cannot be read.
pub fn numbers_of(conn: &mut Conn, ids: &[OrderId]) -> Result<Vec<(OrderId, i64, MarketId)>> {
    store::numbers_of(conn, &ids.iter().map(|id| id.0).collect::<Vec<_>>())
}

/// The number that the next order will get.
///
/// # Errors
/// When the database cannot be read.
pub fn next_number(conn: &mut Conn) -> Result<i64> {
    Ok(store::last_number(conn)? + 1)
}

/// The orders with these keys, in no particular order.
pub fn by_keys(conn: &mut Conn, keys: &[OrderId]) -> Result<Vec<Order>> {
    store::by_ids(conn, &keys.iter().map(|id| id.0).collect::<Vec<_>>())
}

/// The order with that key.
///
/// # Errors
/// Missing if there is none.
pub fn find_by_id(conn: &mut Conn, id: OrderId) -> Result<Order> {
    store::by_id(conn, id)?.ok_or_else(|| Error::Missing("order".into()))
}

/// The order for a change: locked against other changes until the transaction ends. If `version` is
/// given it must be the present one.
///
/// # Errors
/// Missing if there is none; stale if somebody changed it since `version` was read, saying who did
/// what.
pub fn find_for_change(tx: &mut Tx<'_>, number: i64, version: Option<i64>) -> Result<Order> {
    dialect::lock_numbered(tx.conn, number)?;
    let order = find(tx.conn, number)?;
    check_version(tx, &order, version)?;
    Ok(order)
}

/// Holds an order that was found for a change against the version that was seen, if one is given.
///
/// # Errors
/// Stale as [`find_for_change`].
pub fn check_version(tx: &mut Tx<'_>, order: &Order, version: Option<i64>) -> Result<()> {
    match version {
        Some(version) if version != order.version => Err(stale(tx.conn, order, tx.now)?),
        _ => Ok(()),
    }
}

/// As [`find_for_change`], by key and at any version.
pub fn lock(tx: &mut Tx<'_>, id: OrderId) -> Result<Order> {
    dialect::lock_order(tx.conn, id)?;
    find_by_id(tx.conn, id)
}

/// The refusal that tells who changed the order since it was read.
fn stale(conn: &mut Conn, order: &Order, now: UtcTime) -> Result<Error> {
    let stages = Stages::load(conn)?;
    // Whoever is refused may not be allowed to see amounts or contacts.
    let what = match event::last_change(conn, order.id)? {
        Some(entry) => format!(
            "{} {} {} ago.",
            entry.actor_name,
            event::discreet_sentence(&entry.event, &|slug| stages.label(slug)),
            brief_span(now.seconds_since(entry.at)),
        ),
        None => "The order was changed in the meantime.".to_owned(),
    };
    Ok(Refusal::new(
        RefusalKind::Stale,
        "order.stale",
        format!("{what} Nothing of yours was changed; look at it and try again."),
    )
    .into())
}

/// How many orders this customer has placed, and when the first.
pub fn history_of_customer(conn: &mut Conn, reach: &Reach, customer: CustomerId) -> Result<(i64, Option<UtcTime>)> {
    store::history_of_customer(conn, reach, customer)
}

/// Numbers of the orders beside one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The one above it in the list.
    pub previous: Option<i64>,
    /// The one below it.
    pub next: Option<i64>,
}

/// Lines of an order by position.
pub fn lines(conn: &mut Conn, order: OrderId) -> Result<Vec<Line>> {
    db::remembered_of(order, conn, |conn| store::lines(conn, &[order]))
}

/// Lines of several orders, by order and position.
pub fn lines_of_many(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Line>> {
    store::lines(conn, orders)
}

/// Charges of an order by position.
pub fn charges(conn: &mut Conn, order: OrderId) -> Result<Vec<Charge>> {
    store::charges(conn, &[order])
}

/// Charges of several orders, by order and position.
pub fn charges_of_many(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Charge>> {
    store::charges(conn, orders)
}

/// Saves what moves, payments and parcels computed about an order: stage, statuses, sums, timers, and
/// the totals of edited lines.
/// Bumps the version in `order` too.
///
/// # Errors
/// Stale if somebody changed the order since it was read.
pub fn save(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    order.payment_sort = status::payment_sort(order.payment_status, order.paid_at, order.placed_at);
    order.base_rank = order.base.rank();
    order.updated_at = tx.now;
    if store::save_state(tx, order)? == 0 {
        return Err(stale(tx.conn, order, tx.now)?);
    }
    order.version += 1;
    Ok(())
}

/// Orders that stand in a stage or, if it is one of the shop's own, come back to it.
pub fn count_of_stage(conn: &mut Conn, slug: &str) -> Result<i64> {
    Ok(store_stage::in_stage(conn, slug)? + store_stage::coming_back(conn, slug)?)
}

/// Lets some orders that stand in a stage, or come back to it, stand in or come back to a sibling of the
/// same base, bumping their versions. Answers with how they stood before; none once all have gone. The
/// caller tells their diaries.
pub fn restage_some(tx: &mut Tx<'_>, from: &str, to: &str, limit: i64) -> Result<Vec<Standing>> {
    let found = store_stage::lock_some(tx.conn, from, limit)?;
    if !found.is_empty() {
        store_stage::restage(tx, &found, from, to)?;
    }
    Ok(found)
}

/// Takes over the sums of the payment ledger. Does not save.
pub fn settle(order: &mut Order, balance: &Balance, now: UtcTime) {
    order.authorized_minor = balance.authorized;
    order.captured_minor = balance.captured;
    order.refunded_minor = balance.refunded;
    order.written_off_minor = balance.written_off;
    let before = order.payment_status;
    order.payment_status = balance.status(order.total_minor, order.due_in_all());
    match order.payment_status {
        PaymentStatus::Paid | PaymentStatus::Free => {
            let fresh = !matches!(before, PaymentStatus::Paid | PaymentStatus::Free);
            if order.paid_at.is_none() || fresh {
                order.paid_at = Some(now);
            }
        }
        // Giving money back does not undo that the payment was once complete.
        PaymentStatus::Refunded | PaymentStatus::PartiallyRefunded => {}
        PaymentStatus::Unpaid
        | PaymentStatus::Voided
        | PaymentStatus::Expired
        | PaymentStatus::Pending
        | PaymentStatus::PartiallyAuthorized
        | PaymentStatus::Authorized
        | PaymentStatus::PartiallyPaid => order.paid_at = None,
    }
}

/// Writes new quantities of a line. The database refuses what does not add up.
pub fn save_quantities(tx: &mut Tx<'_>, line: &Line) -> Result<()> {
    store::save_quantities(tx, line)
}

/// Adds to the counters of notes, messages and unread messages that the list shows.
pub fn count_talk(tx: &mut Tx<'_>, order: OrderId, notes: i64, messages: i64, unread: i64) -> Result<()> {
    store::count_talk(tx, order, notes, messages, unread)
}

/// Keeps when something was last said about an order, and since when its customer waits for an answer.
pub fn set_talk(tx: &mut Tx<'_>, order: OrderId, talked_at: Option<UtcTime>, asked_at: Option<UtcTime>) -> Result<()> {
    store::set_talk(tx, order, talked_at, asked_at)
}
