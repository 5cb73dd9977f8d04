//! What a move means for stock: every order's claims follow from its stage, its holds and its lines'
//! quantities, so that a move, an undo and a correction all end with the same one call.

use super::{Actor, Base, Line, Order, Result, Tx, open_holds, order};
use crate::catalog::stock::{self, Cause, Firmness, HOLD_MINUTES, Shortage, Want};
use crate::db::{Conn, Db};
use crate::ids::ProductId;
use crate::market::Markets;
use crate::workflow::Stages;

/// What the lines of an order want of the products that the shop knows. Nothing is wanted for a line
/// that is not shipped.
fn wants(lines: &[Line]) -> Vec<Want> {
    let known = lines.iter().filter(|line| line.requires_shipping);
    known
        .filter_map(|line| {
            line.product_id.map(|product| Want {
                line: line.id,
                product,
                open: (line.quantity - line.cancelled_quantity - line.shipped_quantity).max(0),
                shipped: line.shipped_quantity,
            })
        })
        .collect()
}

/// How firmly an order in this state claims its goods.
fn firmness(tx: &mut Tx<'_>, order: &Order) -> Result<Firmness> {
    Ok(match order.base {
        Base::Placed => Firmness::Softly,
        Base::Abandoned | Base::Cancelled | Base::Rejected | Base::Archived => Firmness::None,
        Base::OnHold if open_holds(tx.conn, order.id)?.iter().any(|hold| hold.stock_mode == "free") => Firmness::None,
        // While it is held the clock that would give its goods free stands still: see `timers`.
        Base::OnHold if order.resume_base == Some(Base::Placed) => for_a_while(tx, order)?,
        Base::OnHold
        | Base::Confirmed
        | Base::Approved
        | Base::Processed
        | Base::Shipped
        | Base::Delivered
        | Base::Returned => Firmness::Firmly,
    })
}

/// Brings the claims on stock to what the order asks for as it is now, lines saved, itself not yet.
/// `cause` says in the ledger what happened.
///
/// # Errors
/// With [`Shortage::Refuses`] as [`stock::settle`]: a refusal that names what there is too little of.
pub fn settle_stock(tx: &mut Tx<'_>, actor: &Actor, order: &Order, cause: &str, shortage: Shortage) -> Result<()> {
    let wants = wants(&order::lines(tx.conn, order.id)?);
    if wants.is_empty() {
        return Ok(());
    }
    let firmness = firmness(tx, order)?;
    let cause = Cause::new(cause, order.version.to_string());
    stock::settle(tx, actor, order.id, firmness, &wants, &cause, shortage)
}

/// Softly, for as long as the order's market says.
fn for_a_while(tx: &mut Tx<'_>, order: &Order) -> Result<Firmness> {
    let markets = Markets::load(tx.conn)?;
    let minutes = markets.market(order.market_id).map_or(HOLD_MINUTES, |market| market.stock_hold_minutes);
    Ok(Firmness::SoftlyUntil(tx.now.plus_minutes(minutes)))
}

/// Holds the goods of an order that waits in Placed for a while.
pub(super) fn hold_softly(tx: &mut Tx<'_>, actor: &Actor, order: &Order, lines: &[Line], cause: &str) -> Result<()> {
    let wants = wants(lines);
    let firmness = for_a_while(tx, order)?;
    let cause = Cause::new(cause, order.version.to_string());
    stock::settle(tx, actor, order.id, firmness, &wants, &cause, Shortage::Refuses)
}

/// What keeps an order from being confirmed or approved for want of stock, one sentence a product. What was
/// allocated when it was confirmed is looked for on the shelf again before it is approved.
pub fn shortages(conn: &mut Conn, order: &Order, lines: &[Line]) -> Result<Vec<String>> {
    if order.base == Base::Confirmed {
        return stock::uncovered(conn, order.id);
    }
    let waits = matches!(order.base, Base::Placed | Base::Abandoned | Base::Cancelled | Base::Rejected);
    // Units that were taken out when the order was stopped come back with it.
    let stopped = order.base.is_stopped();
    let mut wants = wants(lines);
    for want in wants.iter_mut().filter(|_| stopped) {
        let line = lines.iter().find(|line| line.id == want.line);
        want.open = line.map_or(0, |line| line.quantity - line.shipped_quantity);
    }
    if waits { stock::shortages(conn, order.id, &wants) } else { Ok(Vec::new()) }
}

/// Lets the claims of open orders follow after a product, or all of them, came to be counted or stopped
/// being counted: each order in a write of its own.
pub async fn follow_counting(db: &Db, actor: &Actor, product: Option<ProductId>) -> Result<()> {
    let wanting = move |conn: &mut Conn| {
        let still_to_send = |base| matches!(base, Base::Confirmed | Base::OnHold | Base::Approved | Base::Processed);
        let stages = Stages::load(conn)?;
        let slugs = stages.iter().filter(|stage| still_to_send(stage.base)).map(|stage| stage.slug.clone());
        stock::orders_wanting(conn, &slugs.collect::<Vec<_>>(), product)
    };
    for id in db.read(wanting).await? {
        let actor = actor.clone();
        db.write(move |tx| {
            let order = order::lock(tx, id)?;
            let wants = wants(&order::lines(tx.conn, id)?);
            let firmness = firmness(tx, &order)?;
            let cause = Cause::new("counting", tx.now.0.to_string());
            stock::settle(tx, &actor, id, firmness, &wants, &cause, Shortage::IsOwed)
        })
        .await?;
    }
    Ok(())
}
