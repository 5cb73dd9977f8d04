//! The people who buy. A customer is found again by e-mail or telephone when an order comes in.

mod store;

use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::CustomerId;
use crate::time::UtcTime;
use crate::words;

/// A customer.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Customer {
    /// Key.
    pub id: CustomerId,
    /// Public identifier.
    pub uid: String,
    /// Name as last given.
    pub name: String,
    /// E-mail in lower case.
    pub email: Option<String>,
    /// Telephone as written.
    pub phone: Option<String>,
    /// Its digits.
    pub phone_digits: Option<String>,
    /// Language tag; empty if unknown.
    pub locale: String,
    /// When they were first seen.
    pub created_at: UtcTime,
}

/// The customer with this e-mail, or else this telephone number; made if there is neither. Nobody if
/// neither was given: a name alone is not enough to tell two people apart.
pub fn find_or_make(tx: &mut Tx<'_>, name: &str, email: &str, phone: &str) -> Result<Option<CustomerId>> {
    let email = Some(email.trim().to_lowercase()).filter(|email| !email.is_empty());
    let digits = words::digits(phone);
    let digits = Some(digits.trim_start_matches('0').to_owned()).filter(|digits| digits.len() >= 6);
    if email.is_none() && digits.is_none() {
        return Ok(None);
    }
    let known = match &email {
        Some(email) => store::by_email(tx.conn, email)?,
        None => None,
    };
    let known = match (known, &digits, &email) {
        (None, Some(digits), None) => store::by_phone(tx.conn, digits)?,
        (known, _, _) => known,
    };
    match known {
        Some(id) => Ok(Some(id)),
        None => store::insert(tx, name, email.as_deref(), phone, digits.as_deref()).map(Some),
    }
}

/// The customer with this key.
pub fn find(conn: &mut Conn, id: CustomerId) -> Result<Option<Customer>> {
    store::find(conn, id)
}
