//! The ledger's table.

use diesel::prelude::*;

use super::{NewPayment, Payment};
use crate::actor::Actor;
use crate::db::schema::payments;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{OrderId, PaymentId, new_uid};
use crate::order::{EntryState, Order, PastPayment};

pub(super) fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Payment>> {
    Ok(payments::table.filter(payments::order_id.eq(order.0)).order(payments::id.asc()).load(conn)?)
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    new: &NewPayment,
    parent: Option<PaymentId>,
) -> Result<String> {
    let uid = new_uid();
    diesel::insert_into(payments::table)
        .values((
            payments::uid.eq(&uid),
            payments::order_id.eq(order.id.0),
            payments::kind.eq(new.kind),
            payments::parent_id.eq(parent.map(|id| id.0)),
            payments::amount_minor.eq(new.amount_minor),
            payments::currency.eq(order.currency),
            payments::state.eq(EntryState::Succeeded),
            payments::method.eq(&new.method),
            payments::reference.eq(&new.reference),
            payments::note.eq(&new.note),
            payments::expires_at.eq(new.expires_at),
            payments::created_at.eq(tx.now),
            payments::settled_at.eq(Some(tx.now)),
            payments::actor_name.eq(actor.name()),
        ))
        .execute(tx.conn)?;
    Ok(uid)
}

pub(super) fn insert_past(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    past: &PastPayment,
    parent: Option<PaymentId>,
) -> Result<PaymentId> {
    Ok(diesel::insert_into(payments::table)
        .values((
            payments::uid.eq(new_uid()),
            payments::order_id.eq(order.id.0),
            payments::kind.eq(past.kind),
            payments::parent_id.eq(parent.map(|id| id.0)),
            payments::amount_minor.eq(past.amount_minor),
            payments::currency.eq(order.currency),
            payments::state.eq(EntryState::Succeeded),
            payments::method.eq(&past.method),
            payments::reference.eq(&past.reference),
            payments::created_at.eq(past.at),
            payments::settled_at.eq(Some(past.at)),
            payments::actor_name.eq(actor.name()),
        ))
        .returning(payments::id)
        .get_result(tx.conn)?)
}
