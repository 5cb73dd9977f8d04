//! The table of customers.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::Customer;
use super::list::{Cursor, Sort, Value};
use crate::db::dialect::{self, Parameter};
use crate::db::schema::customers;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{CustomerId, new_uid};
use crate::reach::Reach;
use crate::{on_each_database, words};

/// The key of the first customer, or of the one they turned out to be.
fn survivor(found: Option<(CustomerId, Option<CustomerId>)>) -> Option<CustomerId> {
    found.map(|(id, merged_into)| merged_into.unwrap_or(id))
}

pub(super) fn by_email(conn: &mut Conn, email: &str) -> Result<Option<CustomerId>> {
    let asked = customers::table
        .filter(customers::email.eq(email))
        .select((customers::id, customers::merged_into_id))
        .order(customers::id);
    Ok(survivor(on_each_database!(conn, conn => asked.first(conn)).optional()?))
}

pub(super) fn by_phone(conn: &mut Conn, digits: &str) -> Result<Option<CustomerId>> {
    let found = customers::table
        .filter(customers::phone_digits.eq(digits))
        .select((customers::id, customers::merged_into_id))
        .order(customers::id)
        .first(conn)
        .optional()?;
    Ok(survivor(found))
}

pub(super) fn find(conn: &mut Conn, id: CustomerId) -> Result<Option<Customer>> {
    Ok(customers::table.find(id.0).first(conn).optional()?)
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Customer>> {
    Ok(customers::table.filter(customers::uid.eq(uid)).first(conn).optional()?)
}

/// The condition that a customer ordered within a reach.
fn ordered_within(reach: &Reach) -> String {
    match reach.and("orders.market_id") {
        all if all.is_empty() => "1 = 1".to_owned(),
        some => format!("EXISTS (SELECT 1 FROM orders WHERE orders.customer_id = customers.id{some})"),
    }
}

pub(super) fn is_within(conn: &mut Conn, reach: &Reach, id: CustomerId) -> Result<bool> {
    let found = customers::table.find(id.0).filter(sql::<Bool>(&ordered_within(reach))).select(customers::id);
    Ok(found.first::<i64>(conn).optional()?.is_some())
}

pub(super) fn by_keys(conn: &mut Conn, reach: &Reach, keys: &[i64]) -> Result<Vec<Customer>> {
    Ok(customers::table
        .filter(customers::id.eq_any(keys))
        .filter(sql::<Bool>(&ordered_within(reach)))
        .filter(customers::merged_into_id.is_null().and(customers::erased_at.is_null()))
        .load(conn)?)
}

pub(super) fn merged_into(conn: &mut Conn, id: CustomerId) -> Result<Vec<Customer>> {
    Ok(customers::table.filter(customers::merged_into_id.eq(id.0)).order(customers::id).load(conn)?)
}

/// A page of the list by one of its indexes; `limit` rows beside the cursor.
pub(super) fn sorted(
    conn: &mut Conn,
    reach: &Reach,
    sort: Sort,
    descending: bool,
    cursor: Option<&Cursor>,
    limit: usize,
) -> Result<Vec<Customer>> {
    #[derive(diesel::QueryableByName)]
    struct Key {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        id: i64,
    }
    let (column, way) = (sort.column(), if descending { "DESC" } else { "ASC" });
    let sign = if descending { "<" } else { ">" };
    let (place, parameters) = match cursor {
        None => (String::new(), Vec::new()),
        Some(cursor) => {
            let value = match &cursor.value {
                Value::Number(number) => Parameter::Int(*number),
                Value::Text(text) => Parameter::Text(text.clone()),
            };
            (format!(" AND ({column}, id) {sign} ($1, $2)"), vec![value, Parameter::Int(cursor.id)])
        }
    };
    let within = if reach.is_everywhere() { String::new() } else { format!(" AND {}", ordered_within(reach)) };
    let sql = format!(
        "SELECT id FROM customers WHERE merged_into_id IS NULL{place}{within} ORDER BY {column} {way}, id {way} LIMIT {limit}"
    );
    let keys: Vec<i64> = dialect::load_written::<Key>(conn, sql, parameters)?.into_iter().map(|key| key.id).collect();
    let mut rows: Vec<Customer> = customers::table.filter(customers::id.eq_any(&keys)).load(conn)?;
    rows.sort_by_key(|customer| keys.iter().position(|key| *key == customer.id.0));
    Ok(rows)
}

pub(super) fn unindexed(conn: &mut Conn, limit: i64) -> Result<Vec<Customer>> {
    Ok(customers::table.filter(customers::indexed_at.is_null()).order(customers::id).limit(limit).load(conn)?)
}

pub(super) fn mark_indexed(tx: &mut Tx<'_>, id: CustomerId, sort_key: &str) -> Result<()> {
    diesel::update(customers::table.find(id.0))
        .set((customers::indexed_at.eq(Some(tx.now)), customers::sort_key.eq(sort_key)))
        .execute(tx.conn)?;
    Ok(())
}

/// A new customer, whom search is about to be told of.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    name: &str,
    email: Option<&str>,
    phone: &str,
    digits: Option<&str>,
) -> Result<Customer> {
    let written = diesel::insert_into(customers::table)
        .values((
            customers::uid.eq(new_uid()),
            customers::name.eq(name),
            customers::sort_key.eq(words::sort_key(name)),
            customers::email.eq(email),
            customers::phone.eq(Some(phone).filter(|phone| !phone.is_empty())),
            customers::phone_digits.eq(digits),
            customers::created_at.eq(tx.now),
            customers::indexed_at.eq(Some(tx.now)),
        ))
        .returning(customers::all_columns);
    Ok(on_each_database!(tx.conn, conn => written.get_result(conn))?)
}

pub(super) fn save(tx: &mut Tx<'_>, customer: &Customer) -> Result<()> {
    diesel::update(customers::table.find(customer.id.0))
        .set((
            customers::name.eq(&customer.name),
            customers::sort_key.eq(&customer.sort_key),
            customers::email.eq(customer.email.as_deref()),
            customers::phone.eq(customer.phone.as_deref()),
            customers::phone_digits.eq(customer.phone_digits.as_deref()),
            customers::locale.eq(&customer.locale),
            customers::erased_at.eq(customer.erased_at),
            customers::merged_into_id.eq(customer.merged_into_id),
            customers::version.eq(customer.version + 1),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whoever was merged into `gone` leads to `keep` now.
pub(super) fn follow(tx: &mut Tx<'_>, gone: CustomerId, keep: CustomerId) -> Result<()> {
    diesel::update(customers::table.filter(customers::merged_into_id.eq(gone.0)))
        .set(customers::merged_into_id.eq(Some(keep)))
        .execute(tx.conn)?;
    Ok(())
}
