//! Paper: packing slips and order details as printable pages, one or many in a document. Printing is
//! recorded in the diary of each order; it moves nothing.

pub mod codes;
pub mod document;
pub mod natural;
pub mod pages;
pub mod pages_invoice;
pub mod pages_return;
pub mod pages_settings;
pub mod paper;
pub mod picks;
pub mod settings;
pub mod sheet;
pub mod slip;
mod store;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::catalog;
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::ids::{OrderId, ProductId, ShipmentId};
use crate::market::Markets;
use crate::moves::lifecycle::HOLD_REASONS;
use crate::order::{self, Line, Order};
use crate::reach::Reach;
use crate::shipment;

pub use paper::Paper;
pub use slip::Source;

use slip::{Inside, Parcel};

/// Orders in one document at the most.
pub const MOST_ORDERS: usize = 1_000;

/// Orders read for printing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// With all their papers need, in the order asked for.
    pub sources: Vec<Source>,
    /// Those that get no slip now, with the reason.
    pub left_out: Vec<LeftOut>,
}

/// An order that gets no slip now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its number.
    pub number: i64,
    /// Why, as the end of a sentence: `is on hold (Address to be checked)`.
    pub why: String,
    /// Whether a hold is the reason.
    pub held: bool,
}

/// Reads orders for their order details, in the order of their numbers as given.
///
/// # Errors
/// Missing if a number is none; refuses an empty or too long list.
pub fn read(conn: &mut Conn, reach: &Reach, numbers: &[i64]) -> Result<Vec<Source>> {
    check_count(numbers)?;
    let orders = order::find_many(conn, reach, numbers)?;
    if let Some(number) = numbers.iter().find(|number| !orders.iter().any(|order| order.number == **number)) {
        return Err(Error::Missing(format!("order {number}")));
    }
    gather(conn, orders)
}

/// Reads orders for their packing slips. Orders on hold and stopped ones are left out of a batch.
///
/// # Errors
/// As [`read`]; refuses if no order is left, saying why.
pub fn read_for_slips(conn: &mut Conn, reach: &Reach, numbers: &[i64]) -> Result<Batch> {
    let sources = read(conn, reach, numbers)?;
    let keys: Vec<OrderId> = sources.iter().map(|source| source.order.id).collect();
    let mut holds = grouped(store::open_holds(conn, &keys)?);
    let mut batch = Batch::default();
    for source in sources {
        let held = holds.remove(&source.order.id).unwrap_or_default();
        match why_not(&source.order, &held) {
            Some(why) => batch.left_out.push(LeftOut { number: source.order.number, why, held: !held.is_empty() }),
            None => batch.sources.push(source),
        }
    }
    if batch.sources.is_empty() { Err(refused(&batch.left_out).into()) } else { Ok(batch) }
}

fn check_count(numbers: &[i64]) -> Result<()> {
    if numbers.is_empty() {
        return Err(Refusal::invalid(
            "print.nothing",
            "No order was chosen. Select orders in the list and print them from there.",
        )
        .into());
    }
    if numbers.len() > MOST_ORDERS {
        let message = format!(
            "One document takes {MOST_ORDERS} orders at the most, and {} were chosen. Print them in parts.",
            numbers.len()
        );
        return Err(Refusal::invalid("print.too_many", message).into());
    }
    Ok(())
}

fn why_not(order: &Order, held: &[String]) -> Option<String> {
    if !held.is_empty() {
        let words = |key: &String| {
            HOLD_REASONS.iter().find(|(known, _)| known == key).map_or(key.as_str(), |(_, words)| *words).to_owned()
        };
        return Some(format!("is on hold ({})", held.iter().map(words).collect::<Vec<_>>().join("; ")));
    }
    order.base.is_stopped().then(|| format!("is {}", order.base.as_str()))
}

fn refused(left_out: &[LeftOut]) -> Refusal {
    let held = left_out.iter().any(|order| order.held);
    let code = if held { "print.on_hold" } else { "print.stopped" };
    let todo =
        if held { "Release the hold first." } else { "There is nothing to send. Print the order details instead." };
    let shown = left_out.iter().take(5).map(|order| format!("Order {} {}.", order.number, order.why));
    let more = left_out.len().saturating_sub(5);
    let more = if more > 0 { format!(" {more} more are too.") } else { String::new() };
    let message = format!("{}{more} No packing slip was printed. {todo}", shown.collect::<Vec<_>>().join(" "));
    Refusal::state(code, message)
}

/// Puts together what belongs to each order, in a fixed number of queries.
fn gather(conn: &mut Conn, orders: Vec<Order>) -> Result<Vec<Source>> {
    let keys: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let markets = Markets::load(conn)?;
    let mut lines = by(order::lines_of_many(conn, &keys)?, |line| line.order_id);
    let bundles = bundles(conn, &lines)?;
    let mut charges = by(store::charges(conn, &keys)?, |charge| charge.order_id);
    let mut notes = grouped(store::customer_notes(conn, &keys)?);
    let shipments = shipment::of_orders(conn, &keys)?;
    let shipment_keys: Vec<ShipmentId> = shipments.iter().map(|shipment| shipment.id).collect();
    let mut contents = by(shipment::contents(conn, &shipment_keys)?, |content| content.shipment_id);
    let mut parcels: HashMap<OrderId, Vec<Parcel>> = HashMap::new();
    for shipment in shipments {
        let inside = contents.remove(&shipment.id).unwrap_or_default();
        parcels.entry(shipment.order_id).or_default().push(Parcel {
            uid: shipment.uid,
            carrier: shipment.carrier,
            tracking: shipment.tracking,
            packed_by: shipment.packed_by,
            contents: inside.iter().map(|content| (content.line_id.0, content.quantity)).collect(),
        });
    }
    let home = markets.home()?;
    let source = |order: Order| {
        let market = markets.market(order.market_id).unwrap_or(home);
        Source {
            bundles: bundles.clone(),
            lines: lines.remove(&order.id).unwrap_or_default(),
            charges: charges.remove(&order.id).unwrap_or_default(),
            parcels: parcels.remove(&order.id).unwrap_or_default(),
            notes: notes.remove(&order.id).unwrap_or_default(),
            prefix: market.order_prefix.clone(),
            zone: market.zone(),
            home: market.country.clone(),
            order,
        }
    };
    Ok(orders.into_iter().map(source).collect())
}

/// What is in the bundles among these lines, shared by all of them.
fn bundles(conn: &mut Conn, lines: &HashMap<OrderId, Vec<Line>>) -> Result<Arc<Vec<Inside>>> {
    let mut products: Vec<ProductId> = lines.values().flatten().filter_map(|line| line.product_id).collect();
    products.sort_unstable();
    products.dedup();
    let inside = |(bundle, part, quantity): (ProductId, catalog::Product, i64)| Inside {
        bundle,
        quantity,
        sku: part.sku,
        title: part.title,
        variant: part.variant,
        bin: part.bin,
        picture: part.picture,
    };
    Ok(Arc::new(catalog::contents(conn, &products)?.into_iter().map(inside).collect()))
}

fn by<K: Eq + Hash, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

fn grouped<K: Eq + Hash, T>(rows: Vec<(K, T)>) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for (key, row) in rows {
        groups.entry(key).or_default().push(row);
    }
    groups
}
