//! Changing the items of a placed order, with what follows for its parcels, payments and stock. The stage
//! stays; nothing is charged: what becomes due or owed is shown and left to people.

use super::{Base, Shortage, settle_stock, shelf};
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::Result;
use crate::order::{self, ChangeSet, Order};
use crate::{payment, shipment};

/// Applies a change set under the order's version.
///
/// # Errors
/// Stale as [`order::find_for_change`]; as [`order::preview`] for what cannot be; as [`settle_stock`] if
/// there is too little in stock for what is added.
pub fn edit_lines(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    wanted: &ChangeSet,
) -> Result<Order> {
    let mut order = order::find_for_change(tx, number, version)?;
    order::change_lines(tx, actor, &mut order, wanted)?;
    shipment::recount(tx, &mut order)?;
    payment::resettle(tx, &mut order)?;
    match order.base {
        // What it waits for is held as when it was placed, with what was added.
        Base::Placed => {
            let lines = order::lines(tx.conn, order.id)?;
            shelf::hold_softly(tx, actor, &order, &lines, "edited")?;
        }
        _ => settle_stock(tx, actor, &order, "edited", Shortage::Refuses)?,
    }
    order::save(tx, &mut order)?;
    Ok(order)
}
