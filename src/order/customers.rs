//! The orders of a customer: listed, added up, moved to another one, and stripped of who bought.

use super::{Order, store};
use crate::actor::Actor;
use crate::address::Address;
use crate::customer::{self, Customer, ERASED};
use crate::db::{Conn, Tx, dialect};
use crate::error::{Refusal, Result};
use crate::event::{self, Event};
use crate::ids::CustomerId;
use crate::money::Currency;
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::words;

/// What the orders of a customer come to in one currency, minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerSum {
    /// The currency.
    pub currency: Currency,
    /// Orders in it.
    pub orders: i64,
    /// Their totals without what was taken out; stopped orders count nothing.
    pub ordered_minor: i64,
    /// Received and kept.
    pub paid_minor: i64,
}

/// What the orders of a customer within a reach tell of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomerHistory {
    /// Whose.
    pub customer: CustomerId,
    /// How many they are.
    pub orders: i64,
    /// Received and kept in the currency that was asked for, minor units.
    pub paid_minor: i64,
    /// When the first was placed.
    pub first_at: UtcTime,
    /// When the last was placed.
    pub last_at: UtcTime,
}

/// What the orders of these customers within a reach tell of each; who has none is left out.
pub fn histories_of_customers(
    conn: &mut Conn,
    reach: &Reach,
    customers: &[CustomerId],
    currency: Currency,
) -> Result<Vec<CustomerHistory>> {
    store::histories_of_customers(conn, reach, customers, currency)
}

/// The newest orders of a customer within a reach, newest first.
pub fn of_customer(conn: &mut Conn, reach: &Reach, customer: CustomerId, limit: i64) -> Result<Vec<Order>> {
    store::of_customer(conn, reach, customer, limit)
}

/// What the orders of a customer within a reach come to, currency by currency.
pub fn sums_of_customer(conn: &mut Conn, reach: &Reach, customer: CustomerId) -> Result<Vec<CustomerSum>> {
    store::sums_of_customer(conn, reach, customer)
}

/// How many orders of a customer are not over, and how many have something due or owed.
pub fn unsettled_of_customer(conn: &mut Conn, customer: CustomerId) -> Result<(usize, usize)> {
    let orders = store::of_customer(conn, &Reach::EVERYWHERE, customer, i64::MAX)?;
    let under_way = orders.iter().filter(|order| order.base.is_open() || order.base == crate::workflow::Base::Shipped);
    let owing = orders.iter().filter(|order| owes(order));
    Ok((under_way.count(), owing.count()))
}

fn owes(order: &Order) -> bool {
    order.amount_due() > 0 || order.credit_owed() > 0
}

/// Makes two customers one: every order of `gone` becomes one of `keep`, who takes over what they lack.
/// Returns the customer and how many orders moved.
///
/// # Errors
/// As [`customer::find_for_change`] for either; refuses to merge somebody with themselves.
pub fn merge_customers(
    tx: &mut Tx<'_>,
    actor: &Actor,
    keep: (&str, i64),
    gone: (&str, i64),
) -> Result<(Customer, i64)> {
    if keep.0 == gone.0 {
        return Err(Refusal::field("customer.same", "with", "Choose another customer than this one.").into());
    }
    let keys = [customer::get(tx.conn, keep.0)?.id, customer::get(tx.conn, gone.0)?.id];
    // Orders before customers, as every change of an order takes them.
    dialect::lock_orders_of(tx.conn, keys)?;
    dialect::lock_customer(tx.conn, keys[0].min(keys[1]))?;
    let mut stays = customer::find_for_change(tx, keep.0, keep.1)?;
    let mut goes = customer::find_for_change(tx, gone.0, gone.1)?;
    let moved = store::repoint(tx, goes.id, stays.id)?;
    let told = Event::CustomerMerged {
        customer: stays.uid.clone(),
        name: stays.shown_name(),
        gone: goes.uid.clone(),
        gone_name: goes.shown_name(),
        orders: moved,
    };
    customer::absorb(tx, &mut stays, &mut goes)?;
    event::record(tx, actor, None, &told)?;
    Ok((stays, moved))
}

/// Locks the orders of a customer, by key, and answers with them.
pub fn lock_of_customer(tx: &mut Tx<'_>, customer: CustomerId) -> Result<Vec<Order>> {
    dialect::lock_orders_of(tx.conn, [customer, customer])?;
    store::of_customer(tx.conn, &Reach::EVERYWHERE, customer, i64::MAX)
}

/// Takes who bought out of an order: name, e-mail, telephone, addresses but their country, what the
/// customer wrote. Amounts, lines and numbers stay.
pub fn blank_party(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    let country_only = |address: Option<Address>| {
        address.map(|address| Address { name: ERASED.to_owned(), country: address.country, ..Address::default() })
    };
    let json = |address: Option<Address>| address.as_ref().map(serde_json::to_string).transpose();
    order.ship_address = json(country_only(order.ship_to()))?;
    order.bill_address = json(country_only(order.bill_to()))?;
    ERASED.clone_into(&mut order.customer_name);
    order.customer_sort = words::sort_key(ERASED);
    for text in [
        &mut order.email,
        &mut order.phone,
        &mut order.ship_city,
        &mut order.customer_note,
        &mut order.language,
        &mut order.gift_message,
        &mut order.user_ref,
        &mut order.custom,
    ] {
        text.clear();
    }
    order.updated_at = tx.now;
    store::save_facts(tx, order)?;
    order.version += 1;
    super::reindex(tx, order)
}
