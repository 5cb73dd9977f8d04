//! Placing an order: a checked draft becomes an order with a number and lines. The same source makes
//! one order ever, the same cart one live order; whoever asks twice gets the one that is there.

use super::draft::{self, Draft, DraftLine};
use super::{Line, NewOrder, Order, document, lines, store, totals};
use crate::actor::Actor;
use crate::catalog::{self, Product};
use crate::db::{Tx, dialect};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::market::Markets;
use crate::time::UtcTime;
use crate::workflow::{Base, Stages};

/// What came of placing an order.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The order, new or known.
    pub order: Order,
    /// Its lines, by position.
    pub lines: Vec<Line>,
    /// How it stands to what was there.
    pub outcome: Outcome,
}

/// Whether an order was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Made,
    /// It was already there with the same content.
    Known,
    /// It was already there; what came now differs and was left aside.
    KnownButDiffers,
}

/// Places an order: checks it, gives it a number, writes it down. The same source makes one order
/// ever, the same cart one live order. It starts as Placed and is abandoned at `abandon_at`, unless the
/// feature `moves` advances it before.
///
/// # Errors
/// Refuses a draft that is no order, and a cart that already made a different one.
pub fn place(tx: &mut Tx<'_>, actor: &Actor, draft: &Draft, abandon_at: Option<UtcTime>) -> Result<Placed> {
    draft::check(draft)?;
    if let Some(known) = known(tx, draft)? {
        return Ok(known);
    }
    let number = store::next_number(tx)?;
    let (order, lines) = insert(tx, draft, number, abandon_at)?;
    let channel = Markets::load(tx.conn)?.channel(draft.channel).map(|channel| channel.name.clone());
    let source = channel.ok_or_else(|| Error::broken("an order came through a channel that is not there"))?;
    let created = Event::OrderCreated {
        number,
        stage: order.stage.clone(),
        total_minor: order.total_minor,
        currency: order.currency,
        source,
    };
    event::record_past(tx, actor, order.id, &created, order.placed_at)?;
    document::index_placed(tx, &order, draft)?;
    Ok(Placed { order, lines, outcome: Outcome::Made })
}

/// The order that this draft's source or cart already made.
fn known(tx: &mut Tx<'_>, draft: &Draft) -> Result<Option<Placed>> {
    // A twin that comes while the first is under way waits here and then finds its order.
    for (kind, name) in [("source", &draft.source_ref), ("cart", &draft.cart_id)] {
        if let Some(name) = name {
            dialect::lock_words(tx.conn, &format!("{kind} {} {name}", draft.channel.0))?;
        }
    }
    let by_source = match &draft.source_ref {
        Some(source) => store::by_source(tx.conn, draft.channel, source)?,
        None => None,
    };
    if let Some(order) = by_source {
        let lines = lines(tx.conn, order.id)?;
        let is_same = same_content(&order, &lines, draft);
        let outcome = if is_same { Outcome::Known } else { Outcome::KnownButDiffers };
        return Ok(Some(Placed { order, lines, outcome }));
    }
    let by_cart = match &draft.cart_id {
        Some(cart) => store::by_live_cart(tx.conn, draft.channel, cart)?,
        None => None,
    };
    let Some(order) = by_cart else { return Ok(None) };
    let lines = lines(tx.conn, order.id)?;
    if same_content(&order, &lines, draft) {
        return Ok(Some(Placed { order, lines, outcome: Outcome::Known }));
    }
    Err(Refusal::state(
        "order.cart_already_ordered",
        format!(
            "This cart was already ordered as {} with other content. Use a new cart for a new order.",
            order.shown_number()
        ),
    )
    .allowing(vec![order.number.to_string()])
    .into())
}

fn same_content(order: &Order, stored: &[Line], draft: &Draft) -> bool {
    order.total_minor == totals::add_up(draft).total_minor
        && order.currency == draft.currency
        && stored.len() == draft.lines.len()
        && stored.iter().zip(&draft.lines).all(|(line, wanted)| {
            line.sku == wanted.sku
                && line.title == wanted.title
                && line.quantity == wanted.quantity
                && line.unit_minor == wanted.unit_minor
        })
}

fn insert(tx: &mut Tx<'_>, draft: &Draft, number: i64, abandon_at: Option<UtcTime>) -> Result<(Order, Vec<Line>)> {
    let stages = Stages::load(tx.conn)?;
    let stage = stages.default_of(Base::Placed)?.slug.clone();
    let customer = crate::customer::find_or_make(tx, &draft.customer_name, &draft.email, &draft.phone)?;
    let mut new = NewOrder::from_draft(draft, number, stage, customer, tx.now)?;
    new.abandon_at = abandon_at;
    let order = store::insert(tx, &new)?;
    let skus: Vec<String> = draft.lines.iter().filter(|l| l.product.is_none()).map(|l| l.sku.trim().into()).collect();
    let shelf = catalog::find_by_skus(tx.conn, &skus)?;
    let mut lines = Vec::with_capacity(draft.lines.len());
    for (index, line) in draft.lines.iter().enumerate() {
        lines.push(store::insert_line(tx, order.id, index as i64 + 1, &known_product(line, &shelf))?);
    }
    for (index, charge) in draft.charges.iter().enumerate() {
        store::insert_charge(tx, order.id, index as i64 + 1, charge)?;
    }
    if !draft.tags.is_empty() {
        store::replace_tags(tx, order.id, &order.tag_list())?;
    }
    Ok((order, lines))
}

/// The line with the product that its SKU names, which lends it what it lacks.
fn known_product(line: &DraftLine, shelf: &[Product]) -> DraftLine {
    let mut line = line.clone();
    let sku = line.sku.trim();
    let product = shelf.iter().find(|product| line.product.is_none() && !sku.is_empty() && product.sku == sku);
    if let Some(product) = product {
        line.product = Some(product.id);
        for (own, known) in [(&mut line.picture, &product.picture), (&mut line.bin, &product.bin)] {
            if own.is_empty() {
                own.clone_from(known);
            }
        }
        if line.grams == 0 {
            line.grams = product.grams;
        }
    }
    line
}
