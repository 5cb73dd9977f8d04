//! The rows of an export: one a line of an order. Pure.

use std::borrow::Cow;

use chrono_tz::Tz;

use super::escape_cell;
use crate::address::Address;
use crate::market::Markets;
use crate::order::{Line, Order};
use crate::time::UtcTime;
use crate::workflow::Stages;

/// What the rows need to know of the shop.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its stages.
    pub stages: Stages,
    /// Its markets and channels.
    pub markets: Markets,
}

impl Shop {
    fn zone(&self) -> Tz {
        self.markets.zone()
    }
}

/// The names of the columns. Times say their zone; sums of the order stand on its first row only, so
/// that adding a column up counts each order once.
pub fn header(shop: &Shop) -> Vec<String> {
    let zone = shop.zone();
    let (placed, paid, due) = (format!("Placed at ({zone})"), format!("Paid at ({zone})"), format!("Due at ({zone})"));
    let names = [
        "Order",
        "Source",
        "Channel",
        "Stage",
        "Payment",
        "Fulfilment",
        &placed,
        &paid,
        &due,
        "Customer",
        "E-mail",
        "Phone",
        "Ship to",
        "Company",
        "Street",
        "Street 2",
        "City",
        "Region",
        "Postcode",
        "Country",
        "Shipping method",
        "Payment method",
        "Tags",
        "Customer note",
        "Gift",
        "Gift message",
        "Currency",
        "Subtotal",
        "Discount",
        "Shipping",
        "Tax",
        "Tax included",
        "Total",
        "Received",
        "Given back",
        "Line",
        "SKU",
        "Title",
        "Variant",
        "Quantity",
        "Price",
        "Line discount",
        "Line total",
        "Shipped",
        "Returned",
    ];
    names.map(str::to_owned).to_vec()
}

/// The rows of an order, one a line; one with blank line cells for an order without lines.
pub fn rows(shop: &Shop, order: &Order, lines: &[Line]) -> Vec<Vec<String>> {
    let facts = facts(shop, order);
    let mut rows = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let mut row = facts.clone();
        row.extend(if index == 0 { sums(order) } else { vec![String::new(); SUMS] });
        row.extend(of_line(order, line));
        rows.push(row);
    }
    if rows.is_empty() {
        let mut row = facts;
        row.extend(sums(order));
        row.resize(header(shop).len(), String::new());
        rows.push(row);
    }
    rows.into_iter().map(|row| row.into_iter().map(safe).collect()).collect()
}

fn safe(cell: String) -> String {
    match escape_cell(&cell) {
        Cow::Owned(escaped) => escaped,
        Cow::Borrowed(_) => cell,
    }
}

fn facts(shop: &Shop, order: &Order) -> Vec<String> {
    let zone = shop.zone();
    let when = |at: UtcTime| at.local(zone).format("%Y-%m-%d %H:%M:%S").to_string();
    let maybe = |at: Option<UtcTime>| at.map(when).unwrap_or_default();
    let channel = shop.markets.channel(order.channel_id).map(|channel| channel.name.clone()).unwrap_or_default();
    let to: Address = order.ship_to().unwrap_or_default();
    vec![
        order.shown_number(),
        order.source_ref.clone().unwrap_or_default(),
        channel,
        shop.stages.label(&order.stage),
        order.payment_status.label().to_owned(),
        order.fulfilment_status.label().to_owned(),
        when(order.placed_at),
        maybe(order.paid_at),
        maybe(order.due_at),
        order.customer_name.clone(),
        order.email.clone(),
        order.phone.clone(),
        to.name,
        to.company,
        to.street1,
        to.street2,
        to.city,
        to.region,
        to.postcode,
        to.country,
        order.shipping_method.clone(),
        order.payment_method.clone(),
        order.tag_list().join(", "),
        order.customer_note.clone(),
        yes(order.gift),
        order.gift_message.clone(),
        order.currency.code().to_owned(),
    ]
}

/// How many cells [`sums`] has.
const SUMS: usize = 8;

fn sums(order: &Order) -> Vec<String> {
    let money = |minor: i64| order.money(minor).decimal();
    vec![
        money(order.subtotal_minor),
        money(order.discount_minor),
        money(order.shipping_minor),
        money(order.tax_minor),
        yes(order.tax_included),
        money(order.total_minor),
        money(order.captured_minor),
        money(order.refunded_minor),
    ]
}

fn of_line(order: &Order, line: &Line) -> Vec<String> {
    let money = |minor: i64| order.money(minor).decimal();
    vec![
        line.position.to_string(),
        line.sku.clone(),
        line.title.clone(),
        line.variant.clone(),
        line.quantity.to_string(),
        money(line.unit_minor),
        money(line.discount_minor),
        money(line.total_minor),
        line.shipped_quantity.to_string(),
        line.returned_quantity.to_string(),
    ]
}

fn yes(is: bool) -> String {
    if is { "yes".to_owned() } else { "no".to_owned() }
}
