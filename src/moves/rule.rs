//! Approving without anybody: a market may say that its confirmed orders approve themselves, up to a total, as
//! soon as nothing is missing. What staff approved or took back once is left to them.

use super::{MoveRequest, Undoing, move_to_stage, store};
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::market::Markets;
use crate::order::Order;
use crate::workflow::{Base, Stages};

/// Who approves by the rule of a market.
const RULE: Actor = Actor::System { name: "Rule" };

/// Approves an order that has just become complete, if its market says so and nothing is missing; otherwise
/// it waits for somebody.
pub(super) fn approve(tx: &mut Tx<'_>, order: Order) -> Result<Order> {
    let Some(market) = Markets::load(tx.conn)?.market(order.market_id).cloned() else { return Ok(order) };
    let total = order.money(order.total_minor);
    if order.base != Base::Confirmed || !market.approves(total) || store::was_approved(tx.conn, order.id)? {
        return Ok(order);
    }
    let up_to = market.approve_up_to_minor.map(|most| format!(" up to {}", order.money(most)));
    let request = MoveRequest {
        note: format!(
            "By the rule of the market {}: paid as agreed, allocated{}.",
            market.name,
            up_to.unwrap_or_default()
        ),
        undoing: Undoing::Never,
        ..MoveRequest::to(&Stages::load(tx.conn)?.default_of(Base::Approved)?.slug)
    };
    match tx.attempt(|tx| move_to_stage(tx, &RULE, order.number, &request)) {
        Ok(outcome) => Ok(outcome.order),
        Err(Error::Refused(_)) => Ok(order),
        Err(error) => Err(error),
    }
}
