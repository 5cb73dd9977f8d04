//! The table of customers.

use diesel::prelude::*;

use super::Customer;
use crate::db::schema::customers;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{CustomerId, new_uid};

pub(super) fn by_email(conn: &mut Conn, email: &str) -> Result<Option<CustomerId>> {
    Ok(customers::table
        .filter(customers::email.eq(email))
        .select(customers::id)
        .order(customers::id)
        .first(conn)
        .optional()?)
}

pub(super) fn by_phone(conn: &mut Conn, digits: &str) -> Result<Option<CustomerId>> {
    Ok(customers::table
        .filter(customers::phone_digits.eq(digits))
        .select(customers::id)
        .order(customers::id)
        .first(conn)
        .optional()?)
}

pub(super) fn find(conn: &mut Conn, id: CustomerId) -> Result<Option<Customer>> {
    Ok(customers::table.find(id.0).first(conn).optional()?)
}

pub(super) fn insert(
    tx: &mut Tx<'_>,
    name: &str,
    email: Option<&str>,
    phone: &str,
    digits: Option<&str>,
) -> Result<CustomerId> {
    Ok(diesel::insert_into(customers::table)
        .values((
            customers::uid.eq(new_uid()),
            customers::name.eq(name),
            customers::email.eq(email),
            customers::phone.eq(Some(phone).filter(|phone| !phone.is_empty())),
            customers::phone_digits.eq(digits),
            customers::created_at.eq(tx.now),
        ))
        .returning(customers::id)
        .get_result(tx.conn)?)
}
