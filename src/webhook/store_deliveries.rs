//! The tables of deliveries and attempts.

use diesel::prelude::*;

use super::deliveries::{Attempt, Delivery, DeliveryState, Narrow, TEST};
use crate::db::schema::{webhook_attempts as attempts, webhook_deliveries as deliveries};
use crate::db::{Conn, Tx, dialect};
use crate::error::Result;
use crate::ids::{DeliveryId, EndpointId, new_uid};
use crate::order::news::News;
use crate::time::UtcTime;

/// Deliveries forgotten in one transaction.
const FORGOTTEN: i64 = 5_000;

macro_rules! row {
    ($tx:expr, $endpoint:expr, $news:expr) => {
        (
            deliveries::uid.eq(new_uid()),
            deliveries::endpoint_id.eq($endpoint),
            deliveries::message.eq(&$news.message),
            deliveries::seq.eq(Some($news.seq)),
            deliveries::name.eq($news.name.as_str()),
            deliveries::order_number.eq($news.number),
            deliveries::body.eq($news.body().to_string()),
            deliveries::state.eq(DeliveryState::Waiting),
            deliveries::due_at.eq($tx.now),
            deliveries::created_at.eq($tx.now),
        )
    };
}

/// A delivery, unless there is one of this message already. Returns how many were made.
pub(super) fn insert(tx: &mut Tx<'_>, endpoint: EndpointId, news: &News) -> Result<usize> {
    let statement = diesel::insert_into(deliveries::table)
        .values(row!(tx, endpoint, news))
        .on_conflict((deliveries::endpoint_id, deliveries::message))
        .do_nothing();
    Ok(dialect::Both(statement).execute(tx.conn)?)
}

/// A delivery, or the one of this message once more.
pub(super) fn insert_again(tx: &mut Tx<'_>, endpoint: EndpointId, news: &News) -> Result<usize> {
    let statement = diesel::insert_into(deliveries::table)
        .values(row!(tx, endpoint, news))
        .on_conflict((deliveries::endpoint_id, deliveries::message))
        .do_update()
        .set((
            deliveries::state.eq(DeliveryState::Waiting),
            deliveries::attempts.eq(0),
            deliveries::due_at.eq(tx.now),
            deliveries::finished_at.eq(None::<UtcTime>),
        ));
    Ok(dialect::Both(statement).execute(tx.conn)?)
}

pub(super) fn insert_test(tx: &mut Tx<'_>, endpoint: EndpointId, message: &str, body: &str) -> Result<String> {
    let uid = new_uid();
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::uid.eq(&uid),
            deliveries::endpoint_id.eq(endpoint),
            deliveries::message.eq(message),
            deliveries::name.eq(TEST),
            deliveries::body.eq(body),
            deliveries::state.eq(DeliveryState::Waiting),
            deliveries::due_at.eq(tx.now),
            deliveries::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(uid)
}

pub(super) fn reset(tx: &mut Tx<'_>, id: DeliveryId) -> Result<()> {
    diesel::update(deliveries::table.find(id.0))
        .set((
            deliveries::state.eq(DeliveryState::Waiting),
            deliveries::attempts.eq(0),
            deliveries::due_at.eq(tx.now),
            deliveries::finished_at.eq(None::<UtcTime>),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn drop_waiting(tx: &mut Tx<'_>, endpoint: EndpointId) -> Result<()> {
    let waiting = deliveries::endpoint_id.eq(endpoint).and(deliveries::state.eq(DeliveryState::Waiting));
    diesel::update(deliveries::table.filter(waiting))
        .set((deliveries::state.eq(DeliveryState::Failed), deliveries::finished_at.eq(Some(tx.now))))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn log(conn: &mut Conn, endpoint: EndpointId, narrow: &Narrow, limit: i64) -> Result<Vec<Delivery>> {
    let mut query = deliveries::table.filter(deliveries::endpoint_id.eq(endpoint)).into_boxed();
    if let Some(state) = narrow.state {
        query = query.filter(deliveries::state.eq(state));
    }
    if let Some(before) = narrow.before {
        query = query.filter(deliveries::id.lt(before));
    }
    Ok(query.order(deliveries::id.desc()).limit(limit).load(conn)?)
}

pub(super) fn waiting(conn: &mut Conn, endpoint: EndpointId) -> Result<i64> {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        waiting: i64,
    }
    let text = "SELECT COUNT(*) AS waiting FROM (SELECT 1 FROM webhook_deliveries \
                WHERE endpoint_id = $1 AND state = 'waiting' LIMIT 1000) AS waiting_ones";
    let found = dialect::load_written::<Count>(conn, text.to_owned(), vec![dialect::Parameter::Int(endpoint.0)])?;
    Ok(found.first().map_or(0, |count| count.waiting))
}

pub(super) fn by_uid(conn: &mut Conn, endpoint: EndpointId, uid: &str) -> Result<Option<Delivery>> {
    let row = deliveries::table.filter(deliveries::uid.eq(uid).and(deliveries::endpoint_id.eq(endpoint)));
    Ok(row.first(conn).optional()?)
}

pub(super) fn attempts(conn: &mut Conn, delivery: DeliveryId) -> Result<Vec<Attempt>> {
    Ok(attempts::table
        .filter(attempts::delivery_id.eq(delivery))
        .order(attempts::id.desc())
        .select((attempts::sent_at, attempts::took_ms, attempts::status, attempts::problem, attempts::answer))
        .load(conn)?)
}

/// Whether anything is due for an endpoint.
pub(super) fn is_due(conn: &mut Conn, endpoint: EndpointId, now: UtcTime) -> Result<bool> {
    Ok(!due(conn, endpoint, now, 1, "")?.is_empty())
}

/// Takes what is due for an endpoint, so that nobody else sends it meanwhile.
pub(super) fn claim(tx: &mut Tx<'_>, endpoint: EndpointId, limit: i64, until: UtcTime) -> Result<Vec<Delivery>> {
    let lock = dialect::for_update_skipping(tx.conn);
    let keys = due(tx.conn, endpoint, tx.now, limit, lock)?;
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    diesel::update(deliveries::table.filter(deliveries::id.eq_any(&keys)))
        .set(deliveries::claimed_until_at.eq(Some(until)))
        .execute(tx.conn)?;
    Ok(deliveries::table.filter(deliveries::id.eq_any(&keys)).order(deliveries::id).load(tx.conn)?)
}

fn due(conn: &mut Conn, endpoint: EndpointId, now: UtcTime, limit: i64, lock: &str) -> Result<Vec<i64>> {
    #[derive(diesel::QueryableByName)]
    struct Key {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    let text = format!(
        "SELECT id FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'waiting' AND due_at <= $2 \
         AND (claimed_until_at IS NULL OR claimed_until_at <= $2) ORDER BY due_at, id LIMIT {limit}{lock}"
    );
    let parameters = vec![dialect::Parameter::Int(endpoint.0), dialect::Parameter::Int(now.0)];
    Ok(dialect::load_written::<Key>(conn, text, parameters)?.into_iter().map(|key| key.id).collect())
}

/// Keeps an attempt and how its delivery stands after it; a delivery that was finished meanwhile stays so.
pub(super) fn finish(tx: &mut Tx<'_>, id: DeliveryId, attempt: &Attempt, after: &After) -> Result<()> {
    diesel::insert_into(attempts::table)
        .values((
            attempts::delivery_id.eq(id),
            attempts::sent_at.eq(attempt.sent_at),
            attempts::took_ms.eq(attempt.took_ms),
            attempts::status.eq(attempt.status),
            attempts::problem.eq(&attempt.problem),
            attempts::answer.eq(&attempt.answer),
        ))
        .execute(tx.conn)?;
    let is_over = after.state != DeliveryState::Waiting;
    let waiting = deliveries::id.eq(id).and(deliveries::state.eq(DeliveryState::Waiting));
    diesel::update(deliveries::table.filter(waiting))
        .set((
            deliveries::state.eq(after.state),
            deliveries::attempts.eq(after.attempts),
            deliveries::due_at.eq(after.due_at),
            deliveries::claimed_until_at.eq(None::<UtcTime>),
            deliveries::finished_at.eq(is_over.then_some(tx.now)),
            deliveries::last_status.eq(attempt.status),
            deliveries::last_ms.eq(Some(attempt.took_ms)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// How a delivery stands after it was sent.
pub(super) struct After {
    pub(super) state: DeliveryState,
    pub(super) attempts: i64,
    pub(super) due_at: UtcTime,
}

pub(super) fn forget(tx: &mut Tx<'_>, before: UtcTime) -> Result<usize> {
    let given_up = deliveries::state.eq(DeliveryState::Waiting).and(deliveries::created_at.lt(before));
    let stale: Vec<i64> = deliveries::table.filter(given_up).limit(FORGOTTEN).select(deliveries::id).load(tx.conn)?;
    let mut keys: Vec<i64> = deliveries::table
        .filter(deliveries::finished_at.lt(before))
        .order(deliveries::finished_at)
        .limit(FORGOTTEN)
        .select(deliveries::id)
        .load(tx.conn)?;
    keys.extend(stale);
    Ok(diesel::delete(deliveries::table.filter(deliveries::id.eq_any(keys))).execute(tx.conn)?)
}
