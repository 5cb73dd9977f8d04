//! The table of documents. Rows are added; there is no statement that changes or removes one.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::content::Content;
use super::{DocumentKind, Invoice};
use crate::actor::Actor;
use crate::db::schema::{counters, invoices};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{OrderId, new_uid};
use crate::on_each_database;
use crate::order::Order;

pub(super) fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Invoice>> {
    Ok(invoices::table.filter(invoices::order_id.eq(order.0)).order(invoices::id.asc()).load(conn)?)
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Invoice>> {
    Ok(invoices::table.filter(invoices::uid.eq(uid)).first(conn).optional()?)
}

#[derive(QueryableByName)]
struct Drawn {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// Draws the next number of a series. Whoever draws one holds it until its transaction ends, so that a
/// number that is not used is drawn again.
pub(super) fn next_number(tx: &mut Tx<'_>, series: &str) -> Result<i64> {
    let sql = "INSERT INTO counters (name, value) VALUES ($1, 1) \
               ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    let name = format!("invoices:{series}");
    let drawn: Drawn =
        on_each_database!(tx.conn, conn => diesel::sql_query(sql).bind::<Text, _>(&name).get_result(conn))?;
    Ok(drawn.value)
}

/// The last number that was drawn in a series; 0 before the first.
pub(super) fn last_number(conn: &mut Conn, series: &str) -> Result<i64> {
    let name = format!("invoices:{series}");
    Ok(counters::table.find(name).select(counters::value).first(conn).optional()?.unwrap_or(0))
}

/// A document to be written down.
pub(super) struct New<'a> {
    pub(super) kind: DocumentKind,
    pub(super) series: String,
    pub(super) number: i64,
    pub(super) credits: Option<i64>,
    pub(super) content: &'a Content,
    pub(super) by: &'a Actor,
}

pub(super) fn insert(tx: &mut Tx<'_>, order: &Order, new: &New<'_>) -> Result<Invoice> {
    Ok(diesel::insert_into(invoices::table)
        .values((
            invoices::uid.eq(new_uid()),
            invoices::order_id.eq(order.id.0),
            invoices::kind.eq(new.kind),
            invoices::series.eq(&new.series),
            invoices::number.eq(new.number),
            invoices::credits_id.eq(new.credits),
            invoices::currency.eq(order.currency),
            invoices::total_minor.eq(new.content.total_minor),
            invoices::content.eq(serde_json::to_string(new.content)?),
            invoices::issued_at.eq(tx.now),
            invoices::issued_by.eq(new.by.name()),
        ))
        .returning(invoices::all_columns)
        .get_result(tx.conn)?)
}
