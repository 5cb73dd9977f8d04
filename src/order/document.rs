//! What search knows of an order.

use super::{Draft, Order, store};
use crate::address::Address;
use crate::db::Tx;
use crate::db::search::Search;
use crate::error::Result;
use crate::words::Document;

/// Tells search what an order can be found by that has just been placed: it has no parcels and no notes yet.
pub(super) fn index_placed(tx: &mut Tx<'_>, order: &Order, draft: &Draft) -> Result<()> {
    let mut document = own_words(order);
    for line in &draft.lines {
        document.add_code(&line.sku);
        document.add(&line.title);
        document.add(&line.variant);
    }
    Search::Orders.put(tx.conn, order.id.0, document.words())
}

/// What an order can be found by without what hangs on it.
fn own_words(order: &Order) -> Document {
    let mut document = Document::default();
    document.add(&order.number.to_string());
    if let Some(source) = &order.source_ref {
        document.add_code(source);
    }
    document.add(&order.customer_name);
    document.add(&order.email);
    document.add_phone(&order.phone);
    for address in [order.ship_to(), order.bill_to()].into_iter().flatten() {
        document.add(&one_line(Some(&address)));
        document.add_phone(&address.phone);
    }
    document.add(&order.customer_note);
    document.add(&order.tags);
    document
}

/// Tells search what an order can be found by, after it or its lines, parcels or notes changed.
pub fn reindex(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let mut document = own_words(order);
    let more = store::searchable(tx.conn, order.id)?;
    for line in &more.lines {
        document.add_code(&line.0);
        document.add(&line.1);
        document.add(&line.2);
    }
    for tracking in &more.tracking {
        document.add_code(tracking);
    }
    for note in &more.notes {
        document.add(note);
    }
    Search::Orders.put(tx.conn, order.id.0, document.words())
}

/// An address on one line.
pub(super) fn one_line(address: Option<&Address>) -> String {
    let Some(a) = address else { return String::new() };
    [&a.name, &a.company, &a.street1, &a.street2, &a.postcode, &a.city, &a.region, &a.country]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(", ")
}
