//! Which order a message from WhatsApp belongs to: that of the message it answers, else the newest open one of
//! whoever sent it, else their newest.

use super::{Kept, TRANSPORT, store};
use crate::conversation;
use crate::customer;
use crate::db::Conn;
use crate::db::search::Search;
use crate::error::{Error, Result};
use crate::ids::{CustomerId, OrderId};
use crate::order::{self, Order};
use crate::reach::Reach;
use crate::words;

/// Orders that are looked at.
const MOST: i64 = 50;
/// Digits that two ways of writing one number have in common at the least.
const TAIL: usize = 8;

/// The order that a message belongs to, if the shop has one.
pub(super) fn order_of(conn: &mut Conn, message: &Kept) -> Result<Option<Order>> {
    if !message.about_ref.is_empty() {
        if let Some(id) = store::order_of_ref(conn, &message.about_ref)? {
            return there(conn, id);
        }
        if let Some(answered) = conversation::by_external(conn, TRANSPORT, &message.about_ref)? {
            return there(conn, answered.order_id);
        }
    }
    let mut found = Vec::new();
    for phone in phones(conn, &message.phone)? {
        found.extend(orders_of_phone(conn, &phone)?);
    }
    if let Some(newest) = newest(found) {
        return Ok(Some(newest));
    }
    if message.user_ref.is_empty() {
        return Ok(None);
    }
    match store::order_of_user(conn, &message.user_ref)? {
        Some(id) => there(conn, id),
        None => Ok(None),
    }
}

fn there(conn: &mut Conn, id: OrderId) -> Result<Option<Order>> {
    match order::find_by_id(conn, id) {
        Ok(order) => Ok(Some(order)),
        Err(Error::Missing(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The open one that was placed last, or else the one that was placed last.
fn newest(found: Vec<Order>) -> Option<Order> {
    found.into_iter().max_by_key(|order| (order.base.is_open(), order.placed_at, order.id))
}

/// A number and those that it was before.
pub(super) fn phones(conn: &mut Conn, phone: &str) -> Result<Vec<String>> {
    if phone.is_empty() {
        return Ok(Vec::new());
    }
    let mut all = vec![phone.to_owned()];
    let mut at = 0;
    while let Some(one) = all.get(at).cloned().filter(|_| all.len() < 10) {
        for former in store::former_phones(conn, &one)? {
            if !all.contains(&former) {
                all.push(former);
            }
        }
        at += 1;
    }
    Ok(all)
}

/// Orders that have this number themselves or through their customer.
fn orders_of_phone(conn: &mut Conn, phone: &str) -> Result<Vec<Order>> {
    let (mut found, mut keys) = (Vec::new(), Vec::<OrderId>::new());
    for form in forms(phone) {
        let tail = vec![form[form.len().saturating_sub(TAIL)..].to_owned()];
        for id in Search::Customers.find(conn, &Reach::EVERYWHERE, &tail, MOST)? {
            let Some(person) = customer::find(conn, CustomerId(id))? else { continue };
            if is_same(&form, person.phone()) {
                found.extend(order::of_customer(conn, &Reach::EVERYWHERE, person.id, MOST)?);
            }
        }
        for id in Search::Orders.find(conn, &Reach::EVERYWHERE, &tail, MOST)?.into_iter().map(OrderId) {
            if keys.contains(&id) {
                continue;
            }
            keys.push(id);
            if let Some(order) = there(conn, id)? {
                let ship_phone = order.ship_to().map(|address| address.phone).unwrap_or_default();
                if is_same(&form, &order.phone) || is_same(&form, &ship_phone) {
                    found.push(order);
                }
            }
        }
    }
    Ok(found)
}

/// Whether a number as somebody wrote it is this one, which is whole. Without the code of a country it is if
/// the rest is the same.
pub(super) fn is_same(whole: &str, written: &str) -> bool {
    let digits = words::digits(written);
    let bare = digits.trim_start_matches('0');
    let has_country = written.trim_start().starts_with('+') || digits.starts_with("00");
    if has_country { bare == whole } else { bare == whole || (bare.len() >= TAIL && whole.ends_with(bare)) }
}

/// A number of WhatsApp and the other ways in which the same telephone is written: in Mexico, Argentina and
/// Brazil WhatsApp has a digit more or less than people dial.
fn forms(phone: &str) -> Vec<String> {
    let mut forms = vec![phone.to_owned()];
    match (phone.get(..2), phone.get(2..3), phone.len()) {
        (Some("52"), Some("1"), 13) | (Some("54"), Some("9"), 13) => {
            forms.push(format!("{}{}", &phone[..2], &phone[3..]));
        }
        (Some("55"), _, 12) => forms.push(format!("{}9{}", &phone[..4], &phone[4..])),
        (Some("55"), _, 13) if phone.get(4..5) == Some("9") => {
            forms.push(format!("{}{}", &phone[..4], &phone[5..]));
        }
        _ => {}
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for written in ["+31 6 1234 5678", "0031 6 12345678", "06-12345678", "612345678", "31612345678"] {
            assert!(is_same("31612345678", written), "{written}");
        }
        for written in ["+32 6 1234 5678", "+6 1234 5678", "2345678", "", "06 1234 5679"] {
            assert!(!is_same("31612345678", written), "{written}");
        }
    }

    #[test]
    fn countries_with_a_digit_more_are_known() {
        assert_eq!(forms("5215512345678")[1], "525512345678");
        assert_eq!(forms("5491123456789")[1], "541123456789");
        assert_eq!(forms("551187654321")[1], "5511987654321");
        assert_eq!(forms("5511987654321")[1], "551187654321");
        assert_eq!(forms("36305550142").len(), 1);
    }
}
