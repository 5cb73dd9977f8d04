//! The customer's page: what somebody sees and may ask for who holds the secret address of an order. It
//! shows nothing that is the shop's own business and no way to reach the customer, for the address may
//! have been passed on. What is asked for there goes through the same verbs as everything else.
//!
//! The secret is kept as it is, not as a hash: staff must be able to show and send it again, and whoever
//! reads the database reads everything the page shows. It is 32 random bytes, can be revoked, and stops
//! working some time after the order has come to rest.

pub mod asks;
pub mod pages;
pub mod pages_link;
pub mod pages_settings;
mod pages_view;
pub mod policy;
pub mod sight;
mod store;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::actor::Actor;
use crate::conversation::filling::{self, Values};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::event::{self, Event};
use crate::ids::OrderId;
use crate::market::Markets;
use crate::order::{self, Order};
use crate::payment;
use crate::time::UtcTime;
use crate::web;
use crate::words::harmless;
use crate::workflow::Base;

pub use policy::Policy;

/// Random bytes of a secret.
const BYTES: usize = 32;
/// Letters that they are written with.
const LETTERS: usize = 43;

/// A secret address.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Link {
    /// Key.
    pub id: i64,
    /// Its order.
    pub order_id: OrderId,
    /// The secret.
    pub token: String,
    /// When it was made.
    pub created_at: UtcTime,
    /// When it was revoked.
    pub revoked_at: Option<UtcTime>,
}

impl Link {
    /// The path of the page.
    pub fn path(&self) -> String {
        format!("/t/{}", self.token)
    }
}

/// What a secret opens.
#[derive(Clone, Debug)]
pub enum Opened {
    /// The page of this order.
    Page(Link, Box<Order>),
    /// Nothing any more of this order.
    Over(Box<Order>),
    /// Nothing: there never was such a secret.
    Unknown,
}

/// What the shop chose for its customers' pages.
pub fn policy(conn: &mut Conn) -> Result<Policy> {
    Ok(Policy::read(web::setting(conn, policy::NAME)?.as_deref()))
}

/// The live secret address of an order, if it has one.
pub fn link(conn: &mut Conn, order: OrderId) -> Result<Option<Link>> {
    store::live(conn, order)
}

/// Whether an order ever had a secret address.
pub fn had_link(conn: &mut Conn, order: OrderId) -> Result<bool> {
    store::had_one(conn, order)
}

/// What this secret opens at this time.
pub fn open(conn: &mut Conn, token: &str, now: UtcTime) -> Result<Opened> {
    let looks_right = token.len() == LETTERS && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let Some(link) = (if looks_right { store::by_token(conn, token)? } else { None }) else {
        return Ok(Opened::Unknown);
    };
    let order = order::find_by_id(conn, link.order_id)?;
    let ends = ends_at(conn, &order, &link)?;
    if link.revoked_at.is_some() || ends.is_some_and(|at| at <= now) {
        return Ok(Opened::Over(Box::new(order)));
    }
    Ok(Opened::Page(link, Box::new(order)))
}

/// When the address stops working; nothing while the order is under way.
pub fn ends_at(conn: &mut Conn, order: &Order, link: &Link) -> Result<Option<UtcTime>> {
    if !is_at_rest(order.base) {
        return Ok(None);
    }
    let days = policy(conn)?.days;
    let since = rest_since(conn, order)?.max(link.created_at);
    Ok(Some(since.plus_minutes(days * 24 * 60)))
}

fn is_at_rest(base: Base) -> bool {
    match base {
        Base::Delivered | Base::Returned | Base::Cancelled | Base::Rejected | Base::Abandoned | Base::Archived => true,
        Base::Placed | Base::Confirmed | Base::OnHold | Base::Approved | Base::Processed | Base::Shipped => false,
    }
}

/// Since when an order is at rest. Putting it away and bringing it back is no news to the customer.
fn rest_since(conn: &mut Conn, order: &Order) -> Result<UtcTime> {
    let archived = Base::Archived.as_str();
    let came = event::timeline(conn, order.id)?.into_iter().rev().find_map(|entry| match entry.event {
        Event::OrderMoved(moved) if moved.to_base != archived && moved.from_base != archived => Some(entry.at),
        _ => None,
    });
    Ok(came.unwrap_or(order.placed_at))
}

/// Makes the secret address of an order; the one it has stays, unless it is to be another.
pub fn make_link(tx: &mut Tx<'_>, actor: &Actor, number: i64, anew: Anew) -> Result<Link> {
    let order = order::find_for_change(tx, number, None)?;
    if let Some(known) = store::live(tx.conn, order.id)? {
        match anew {
            Anew::No => return Ok(known),
            Anew::Yes => revoke(tx, actor, &known)?,
        }
    }
    let made = store::insert(tx, order.id, &secret()?)?;
    event::record(tx, actor, Some(order.id), &Event::LinkChanged { change: "made".to_owned() })?;
    Ok(made)
}

/// What is still to be paid and not promised, in the language of its customer; empty if nothing is.
///
/// # Errors
/// When the database cannot be read.
pub fn due(conn: &mut Conn, order: &Order) -> Result<String> {
    let language = Markets::load(conn)?.language(order.market_id, &order.language);
    Ok(match order.amount_to_ask_for() {
        0 => String::new(),
        due => language.money(order.money(due)),
    })
}

/// How the customer pays that, as the way of paying says; empty if nothing is due or said.
///
/// # Errors
/// When the database cannot be read.
pub fn how_to_pay(conn: &mut Conn, order: &Order) -> Result<String> {
    let words = payment::methods(conn)?.of(&order.payment_method).instructions;
    if words.is_empty() || order.amount_to_ask_for() == 0 {
        return Ok(String::new());
    }
    let values = Values {
        name: harmless(&order.customer_name).trim().to_owned(),
        order_number: order.shown_number(),
        amount_due: due(conn, order)?,
        shop: web::shop(conn)?.name,
        ..Values::default()
    };
    Ok(filling::fill_whole(&words, &values))
}

/// The secret address to be sent to the customer of an order: the one it has, or a new one unless somebody of
/// the shop revoked what it had.
///
/// # Errors
/// Missing if there is no such order.
pub fn link_to_send(tx: &mut Tx<'_>, actor: &Actor, number: i64) -> Result<Option<Link>> {
    let order = order::find_for_change(tx, number, None)?;
    match store::live(tx.conn, order.id)? {
        Some(known) => Ok(Some(known)),
        None if store::had_one(tx.conn, order.id)? => Ok(None),
        None => make_link(tx, actor, number, Anew::No).map(Some),
    }
}

/// Whether another address takes the place of the one there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// What there is stays.
    No,
    /// What there is no longer works.
    Yes,
}

/// Revokes the secret address of an order, if it has one.
pub fn revoke_link(tx: &mut Tx<'_>, actor: &Actor, number: i64) -> Result<bool> {
    let order = order::find_for_change(tx, number, None)?;
    match store::live(tx.conn, order.id)? {
        Some(known) => revoke(tx, actor, &known).map(|()| true),
        None => Ok(false),
    }
}

fn revoke(tx: &mut Tx<'_>, actor: &Actor, link: &Link) -> Result<()> {
    store::revoke(tx, link.id)?;
    event::record(tx, actor, Some(link.order_id), &Event::LinkChanged { change: "revoked".to_owned() })
}

/// Takes every secret address of an order away. Only the erasure of a person does this.
pub fn forget(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    store::forget(tx, order)
}

fn secret() -> Result<String> {
    let mut bytes = [0u8; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::broken(error.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_fit_into_an_address() {
        let (one, other) = (secret().expect("a secret"), secret().expect("another"));
        assert_ne!(one, other);
        assert_eq!(one.len(), LETTERS);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    }
}
