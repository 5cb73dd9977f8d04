//! The ledger's tables.

use diesel::prelude::*;

use super::method::{Method, Methods};
use super::refund::CheckedLine;
use super::{Payment, Row};
use crate::actor::Actor;
use crate::db::dialect::{self, AUTHORIZATIONS};
use crate::db::schema::{orders, payment_methods, payments, refund_lines};
use crate::db::{self, Conn, Tx};
use crate::error::Result;
use crate::ids::{LineId, OrderId, PaymentId, new_uid};
use crate::order::{EntryState, Order, PastPayment};
use crate::time::UtcTime;

pub(super) fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Payment>> {
    Ok(payments::table.filter(payments::order_id.eq(order.0)).order(payments::id.asc()).load(conn)?)
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Payment>> {
    Ok(payments::table.filter(payments::uid.eq(uid)).first(conn).optional()?)
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    row: &Row<'_>,
    state: EntryState,
) -> Result<Payment> {
    let settled_at = (state == EntryState::Succeeded).then_some(tx.now);
    let written: Payment = diesel::insert_into(payments::table)
        .values((
            (
                payments::uid.eq(new_uid()),
                payments::order_id.eq(order.id.0),
                payments::kind.eq(row.kind),
                payments::parent_id.eq(row.parent.map(|id| id.0)),
                payments::amount_minor.eq(row.amount_minor),
                payments::currency.eq(order.currency),
                payments::state.eq(state),
                payments::provider.eq(row.provider),
                payments::method.eq(row.method),
                payments::reference.eq(row.reference),
            ),
            (
                payments::note.eq(row.note),
                payments::reason.eq(row.reason),
                payments::is_final.eq(row.is_final),
                payments::shipping_minor.eq(row.shipping_minor),
                payments::adjustment_minor.eq(row.adjustment_minor),
                payments::expires_at.eq(row.expires_at),
                payments::created_at.eq(tx.now),
                payments::settled_at.eq(settled_at),
                payments::actor_name.eq(actor.name()),
                payments::retries_id.eq(row.retries.map(|id| id.0)),
            ),
        ))
        .returning(payments::all_columns)
        .get_result(tx.conn)?;
    db::amend_of(order.id, |ledger: &mut Vec<Payment>| ledger.push(written.clone()));
    Ok(written)
}

pub(super) fn insert_past(
    tx: &mut Tx<'_>,
    actor: &Actor,
    order: &Order,
    past: &PastPayment,
    parent: Option<PaymentId>,
) -> Result<PaymentId> {
    db::forget::<Vec<Payment>>();
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
            payments::expires_at.eq(past.expires_at),
            payments::created_at.eq(past.at),
            payments::settled_at.eq(Some(past.at)),
            payments::actor_name.eq(actor.name()),
        ))
        .returning(payments::id)
        .get_result(tx.conn)?)
}

/// Reference, note and problem.
pub(super) fn set_words(tx: &mut Tx<'_>, payment: PaymentId, [reference, note, problem]: &[String; 3]) -> Result<()> {
    db::forget::<Vec<Payment>>();
    diesel::update(payments::table.find(payment.0))
        .set((payments::reference.eq(reference), payments::note.eq(note), payments::problem.eq(problem)))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn set_outcome(
    tx: &mut Tx<'_>,
    payment: PaymentId,
    state: EntryState,
    reference: &str,
    problem: &str,
) -> Result<()> {
    db::forget::<Vec<Payment>>();
    diesel::update(payments::table.find(payment.0))
        .set((
            payments::state.eq(state),
            payments::reference.eq(reference),
            payments::problem.eq(problem),
            payments::settled_at.eq(Some(tx.now)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn insert_refund_lines(tx: &mut Tx<'_>, payment: PaymentId, lines: &[CheckedLine]) -> Result<()> {
    for line in lines {
        diesel::insert_into(refund_lines::table)
            .values((
                refund_lines::payment_id.eq(payment.0),
                refund_lines::line_id.eq(line.line.0),
                refund_lines::quantity.eq(line.quantity),
                refund_lines::amount_minor.eq(line.amount_minor),
                refund_lines::tax_minor.eq(line.tax_minor),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// The lines of the refunds of an order that did not fail.
pub(super) fn refund_lines(conn: &mut Conn, order: OrderId) -> Result<Vec<CheckedLine>> {
    let lines = lines_of_refunds(conn, order)?;
    Ok(lines
        .into_iter()
        .filter(|(_, state, _)| matches!(state, EntryState::Pending | EntryState::Succeeded))
        .map(|(_, _, line)| line)
        .collect())
}

/// The lines of all refunds of an order, with the key of the refund and how it ended.
pub(super) fn lines_of_refunds(conn: &mut Conn, order: OrderId) -> Result<Vec<(PaymentId, EntryState, CheckedLine)>> {
    let rows: Vec<(PaymentId, EntryState, (i64, i64, i64, i64))> = refund_lines::table
        .inner_join(payments::table.on(payments::id.eq(refund_lines::payment_id)))
        .filter(payments::order_id.eq(order.0))
        .order(refund_lines::id.asc())
        .select((
            refund_lines::payment_id,
            payments::state,
            (refund_lines::line_id, refund_lines::quantity, refund_lines::amount_minor, refund_lines::tax_minor),
        ))
        .load(conn)?;
    let line = |(line, quantity, amount_minor, tax_minor)| CheckedLine {
        line: LineId(line),
        quantity,
        amount_minor,
        tax_minor,
    };
    Ok(rows.into_iter().map(|(payment, state, row)| (payment, state, line(row))).collect())
}

/// Orders with the promises that lapse between two instants and of which nobody was told yet.
pub(super) fn expiring_untold(
    conn: &mut Conn,
    after: UtcTime,
    until: UtcTime,
    limit: i64,
) -> Result<Vec<(OrderId, String)>> {
    #[derive(diesel::QueryableByName)]
    struct Found {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        order_id: i64,
        #[diesel(sql_type = diesel::sql_types::Text)]
        uid: String,
    }
    let text = format!(
        "SELECT payments.order_id, payments.uid FROM payments JOIN orders ON orders.id = payments.order_id \
         WHERE payments.kind = 'authorization' AND payments.state = 'succeeded' \
         AND payments.expires_at > $1 AND payments.expires_at <= $2 AND orders.authorized_minor > 0 \
         AND NOT EXISTS (SELECT 1 FROM events WHERE events.order_id = payments.order_id \
         AND events.kind = 'payment.expiring' AND events.payload LIKE '%\"' || payments.uid || '\"%') \
         ORDER BY payments.expires_at, payments.id LIMIT {limit}"
    );
    let bounds = vec![dialect::Parameter::Int(after.0), dialect::Parameter::Int(until.0)];
    let found = dialect::load_written::<Found>(conn, text, bounds)?;
    Ok(found.into_iter().map(|found| (OrderId(found.order_id), found.uid)).collect())
}

/// Numbers of orders that still count a promise whose time ended between two instants.
pub(super) fn lapsed(conn: &mut Conn, since: UtcTime, now: UtcTime, limit: i64) -> Result<Vec<i64>> {
    Ok(payments::table
        .inner_join(orders::table.on(orders::id.eq(payments::order_id)))
        .filter(AUTHORIZATIONS.and(payments::expires_at.gt(since)).and(payments::expires_at.le(now)))
        .filter(orders::authorized_minor.gt(0).and(payments::expires_at.gt(orders::updated_at.nullable())))
        .order(payments::expires_at.asc())
        .select(orders::number)
        .limit(limit)
        .load(conn)?)
}

pub(super) fn methods(conn: &mut Conn) -> Result<Vec<Method>> {
    Ok(payment_methods::table.order((payment_methods::position, payment_methods::id)).load(conn)?)
}

pub(super) fn insert_method(tx: &mut Tx<'_>, method: &Method) -> Result<()> {
    db::forget::<Methods>();
    diesel::insert_into(payment_methods::table)
        .values((
            payment_methods::key.eq(&method.key),
            payment_methods::label.eq(&method.label),
            payment_methods::position.eq(method.position),
            payment_methods::to_approve.eq(method.to_approve),
            payment_methods::captured_before_ship.eq(method.captured_before_ship),
            payment_methods::capture_at.eq(method.capture_at),
            payment_methods::authorization_days.eq(method.authorization_days),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn update_method(tx: &mut Tx<'_>, method: &Method) -> Result<()> {
    db::forget::<Methods>();
    diesel::update(payment_methods::table.find(method.id))
        .set((
            payment_methods::label.eq(&method.label),
            payment_methods::offline.eq(method.is_offline),
            payment_methods::completes_unpaid.eq(method.completes_unpaid),
            payment_methods::to_approve.eq(method.to_approve),
            payment_methods::captured_before_ship.eq(method.captured_before_ship),
            payment_methods::capture_at.eq(method.capture_at),
            payment_methods::ceiling_minor.eq(method.ceiling_minor),
            payment_methods::ceiling_currency.eq(method.ceiling_currency),
            payment_methods::authorization_days.eq(method.authorization_days),
            payment_methods::never_abandons.eq(method.never_abandons),
            payment_methods::active.eq(method.active),
            payment_methods::abandon_after_minutes.eq(method.abandon_after_minutes),
            payment_methods::instructions.eq(&method.instructions),
        ))
        .execute(tx.conn)?;
    Ok(())
}
