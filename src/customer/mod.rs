//! The people who buy. A customer is found again by e-mail or telephone when an order comes in; a name
//! alone tells nobody apart. Two that turn out to be one are merged; one who asks for it is erased,
//! while the books stay.

pub mod api;
pub mod list;
pub mod pages;
pub mod pages_merge;
mod store;

use crate::actor::Actor;
use crate::db::search::Search;
use crate::db::{Conn, Tx, dialect};
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::CustomerId;
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::words::{self, Document};

/// What stands where the name of an erased person stood.
pub const ERASED: &str = "Erased person";

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
    /// Sort key of the name.
    pub sort_key: String,
    /// Orders they placed.
    pub order_count: i64,
    /// Received from them and kept, minor units of the shop's own currency.
    pub spent_minor: i64,
    /// When they first ordered; the epoch while they did not.
    pub first_order_at: UtcTime,
    /// When they last ordered; the epoch while they did not.
    pub last_order_at: UtcTime,
    /// Bumped by every change of what is above.
    pub version: i64,
    /// When they were erased.
    pub erased_at: Option<UtcTime>,
    /// The customer they turned out to be.
    pub merged_into_id: Option<CustomerId>,
    /// When search learned of them.
    pub indexed_at: Option<UtcTime>,
}

impl Customer {
    /// What they are called on screen.
    pub fn shown_name(&self) -> String {
        if self.name.trim().is_empty() { "No name".to_owned() } else { self.name.clone() }
    }
    /// Their e-mail, or an empty text.
    pub fn email(&self) -> &str {
        self.email.as_deref().unwrap_or_default()
    }
    /// Their telephone, or an empty text.
    pub fn phone(&self) -> &str {
        self.phone.as_deref().unwrap_or_default()
    }
    /// When they last ordered, if ever.
    pub fn last_order(&self) -> Option<UtcTime> {
        (self.order_count > 0).then_some(self.last_order_at)
    }
    /// When they first ordered, if ever.
    pub fn first_order(&self) -> Option<UtcTime> {
        (self.order_count > 0).then_some(self.first_order_at)
    }
}

/// How a customer is called and reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// Name.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// Telephone as written.
    pub phone: String,
}

/// An e-mail address as it is compared: without space around it, in lower case.
fn folded_email(email: &str) -> Option<String> {
    Some(email.trim().to_lowercase()).filter(|email| !email.is_empty())
}

/// A telephone number as it is compared: its digits without the zeros that stand for abroad or trunk.
fn phone_key(phone: &str) -> Option<String> {
    let digits = words::digits(phone);
    Some(digits.trim_start_matches('0').to_owned()).filter(|digits| digits.len() >= 6)
}

/// The customer with this e-mail, or else this telephone number; made if there is neither. Nobody if
/// neither was given: a name alone is not enough to tell two people apart. Of several at once who bring the
/// same new e-mail or number, one makes the customer and the others wait and find them.
pub fn find_or_make(tx: &mut Tx<'_>, name: &str, email: &str, phone: &str) -> Result<Option<CustomerId>> {
    let (email, digits) = (folded_email(email), phone_key(phone));
    if email.is_none() && digits.is_none() {
        return Ok(None);
    }
    let look = |conn: &mut Conn| match (&email, &digits) {
        (Some(email), _) => store::by_email(conn, email),
        (None, Some(digits)) => store::by_phone(conn, digits),
        (None, None) => Ok(None),
    };
    if let Some(id) = look(tx.conn)? {
        return Ok(Some(id));
    }
    dialect::lock_words(tx.conn, email.as_ref().or(digits.as_ref()).map_or("", String::as_str))?;
    if let Some(id) = look(tx.conn)? {
        return Ok(Some(id));
    }
    let made = store::insert(tx, name.trim(), email.as_deref(), phone.trim(), digits.as_deref())?;
    tell_search(tx, made.id, std::slice::from_ref(&made))?;
    Ok(Some(made.id))
}

/// The customer with this key; the one they turned out to be, if they were merged.
pub fn find(conn: &mut Conn, id: CustomerId) -> Result<Option<Customer>> {
    let found = store::find(conn, id)?;
    match found.as_ref().and_then(|customer| customer.merged_into_id) {
        Some(other) => store::find(conn, other),
        None => Ok(found),
    }
}

/// The customer with this public identifier, even if they were merged.
///
/// # Errors
/// Missing if there is none.
pub fn get(conn: &mut Conn, uid: &str) -> Result<Customer> {
    store::by_uid(conn, uid)?.ok_or_else(|| Error::Missing("such customer".into()))
}

/// The customer with this public identifier, if they ordered within a reach.
///
/// # Errors
/// Missing if they did not, or there is none.
pub fn get_within(conn: &mut Conn, reach: &Reach, uid: &str) -> Result<Customer> {
    let customer = get(conn, uid)?;
    let lives_on = customer.merged_into_id.unwrap_or(customer.id);
    match store::is_within(conn, reach, lives_on)? {
        true => Ok(customer),
        false => Err(Error::Missing("such customer".into())),
    }
}

/// The customer for a change, locked, at the version that was seen.
///
/// # Errors
/// Missing; a state refusal for one who was merged or erased; stale if somebody changed them.
pub fn find_for_change(tx: &mut Tx<'_>, uid: &str, version: i64) -> Result<Customer> {
    let id = get(tx.conn, uid)?.id;
    dialect::lock_customer(tx.conn, id)?;
    let customer = get(tx.conn, uid)?;
    if customer.merged_into_id.is_some() {
        return Err(Refusal::state(
            "customer.merged",
            "This customer was merged into another one meanwhile. Open that one instead.",
        )
        .into());
    }
    if customer.erased_at.is_some() {
        return Err(
            Refusal::state("customer.erased", "This person was erased, so nothing about them can change.").into()
        );
    }
    if customer.version != version {
        return Err(Refusal::new(
            RefusalKind::Stale,
            "customer.stale",
            "Somebody changed this customer a moment ago. Nothing of yours was changed; look at it and try again.",
        )
        .into());
    }
    Ok(customer)
}

/// Changes how a customer is called and reached. Orders keep what they were placed with.
///
/// # Errors
/// As [`find_for_change`]; names every field that cannot be.
pub fn update(tx: &mut Tx<'_>, actor: &Actor, uid: &str, version: i64, new: &Contact) -> Result<Customer> {
    let mut customer = find_for_change(tx, uid, version)?;
    check(new)?;
    let before =
        Contact { name: customer.name.clone(), email: customer.email().into(), phone: customer.phone().into() };
    let after = Contact {
        name: new.name.trim().to_owned(),
        email: folded_email(&new.email).unwrap_or_default(),
        phone: new.phone.trim().to_owned(),
    };
    if after == before {
        return Ok(customer);
    }
    if let Some(other) = taken(tx, &customer, &after)? {
        return Err(Refusal::taken(
            "customer.email_taken",
            "email",
            format!("{} has this e-mail address already. Merge the two if they are one.", other.shown_name()),
        )
        .into());
    }
    customer.sort_key = words::sort_key(&after.name);
    customer.name.clone_from(&after.name);
    customer.email = Some(after.email.clone()).filter(|email| !email.is_empty());
    customer.phone = Some(after.phone.clone()).filter(|phone| !phone.is_empty());
    customer.phone_digits = phone_key(&after.phone);
    save(tx, &mut customer)?;
    index(tx, &customer)?;
    for (field, before, after) in
        [("name", before.name, after.name), ("e-mail", before.email, after.email), ("phone", before.phone, after.phone)]
    {
        if before != after {
            let changed = Event::CustomerChanged { customer: customer.uid.clone(), field: field.into(), before, after };
            event::record(tx, actor, None, &changed)?;
        }
    }
    Ok(customer)
}

/// Another customer who has this e-mail.
fn taken(tx: &mut Tx<'_>, customer: &Customer, new: &Contact) -> Result<Option<Customer>> {
    if new.email.is_empty() || new.email == customer.email() {
        return Ok(None);
    }
    dialect::lock_words(tx.conn, &new.email)?;
    let Some(id) = store::by_email(tx.conn, &new.email)? else { return Ok(None) };
    Ok(store::find(tx.conn, id)?.filter(|other| other.id != customer.id))
}

fn check(new: &Contact) -> Result<()> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, message: String| problems.push(FieldProblem { field: field.into(), message });
    for (field, text, most) in [("name", &new.name, 300), ("email", &new.email, 320), ("phone", &new.phone, 60)] {
        if text.trim().chars().count() > most {
            problem(field, format!("This takes {most} characters at the most."));
        }
    }
    let email = new.email.trim();
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';');
    let is_email = email.rsplit_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if !email.is_empty() && (!is_email || email.chars().any(odd)) {
        problem("email", "This is not an e-mail address. Correct it or leave it empty.".into());
    }
    if email.is_empty() && phone_key(&new.phone).is_none() {
        problem("email", "Give an e-mail address or a telephone number: a name alone tells nobody apart.".into());
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields("customer.invalid", problems).into()) }
}

fn save(tx: &mut Tx<'_>, customer: &mut Customer) -> Result<()> {
    store::save(tx, customer)?;
    customer.version += 1;
    Ok(())
}

/// Takes one customer over into another: what `keep` lacks comes from `gone`, who stays as a name that
/// leads to `keep`, so that both e-mail addresses are known. Orders are for the caller to move.
pub fn absorb(tx: &mut Tx<'_>, keep: &mut Customer, gone: &mut Customer) -> Result<()> {
    if keep.name.trim().is_empty() {
        keep.name.clone_from(&gone.name);
        keep.sort_key.clone_from(&gone.sort_key);
    }
    if keep.email.is_none() {
        keep.email.clone_from(&gone.email);
    }
    if keep.phone.is_none() {
        keep.phone.clone_from(&gone.phone);
        keep.phone_digits.clone_from(&gone.phone_digits);
    }
    gone.merged_into_id = Some(keep.id);
    store::follow(tx, gone.id, keep.id)?;
    save(tx, gone)?;
    save(tx, keep)?;
    Search::Customers.forget(tx.conn, gone.id.0)?;
    index(tx, keep)
}

/// Takes everything that tells who a customer is away from them and from those merged into them.
/// Returns what was taken, for orders and words to be searched for.
pub fn blank(tx: &mut Tx<'_>, customer: &mut Customer) -> Result<Vec<Contact>> {
    let mut all = vec![customer.clone()];
    all.extend(store::merged_into(tx.conn, customer.id)?);
    let mut known = Vec::new();
    for one in &mut all {
        known.push(Contact { name: one.name.clone(), email: one.email().into(), phone: one.phone().into() });
        ERASED.clone_into(&mut one.name);
        one.sort_key = words::sort_key(ERASED);
        (one.email, one.phone, one.phone_digits) = (None, None, None);
        one.locale = String::new();
        one.erased_at = Some(tx.now);
        save(tx, one)?;
        Search::Customers.forget(tx.conn, one.id.0)?;
    }
    *customer = all.swap_remove(0);
    Ok(known)
}

/// Tells search what a customer can be found by, now that they or those who turned out to be them changed.
fn index(tx: &mut Tx<'_>, customer: &Customer) -> Result<()> {
    let mut one_person = store::merged_into(tx.conn, customer.id)?;
    one_person.insert(0, customer.clone());
    tell_search(tx, customer.id, &one_person)?;
    store::mark_indexed(tx, customer.id, &words::sort_key(&customer.name))
}

fn tell_search(tx: &mut Tx<'_>, customer: CustomerId, one_person: &[Customer]) -> Result<()> {
    let mut document = Document::default();
    for known in one_person {
        document.add(&known.name);
        document.add(known.email());
        document.add_phone(known.phone());
    }
    Search::Customers.put(tx.conn, customer.0, document.words())
}

/// Tells search of up to `limit` customers it does not know: those of an older version of the desk or
/// written in bulk. Returns how many there were.
pub fn index_missing(tx: &mut Tx<'_>, limit: i64) -> Result<usize> {
    let missing = store::unindexed(tx.conn, limit)?;
    for customer in &missing {
        if customer.merged_into_id.is_none() && customer.erased_at.is_none() {
            index(tx, customer)?;
        } else {
            store::mark_indexed(tx, customer.id, &customer.sort_key)?;
        }
    }
    Ok(missing.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mails_and_telephones_are_folded_before_they_are_compared() {
        assert_eq!(folded_email("  Ada@Example.COM "), Some("ada@example.com".into()));
        assert_eq!(folded_email("  "), None);
        assert_eq!(phone_key("0036 (30) 555-0142"), Some("36305550142".into()));
        assert_eq!(phone_key("+36 30 555 0142"), Some("36305550142".into()));
        assert_eq!(phone_key("12345"), None);
    }

    #[test]
    fn a_customer_needs_a_way_to_be_reached() {
        let contact =
            |email: &str, phone: &str| Contact { name: "Ada".into(), email: email.into(), phone: phone.into() };
        assert!(check(&contact("ada@example.com", "")).is_ok());
        assert!(check(&contact("", "+31 20 555 0123")).is_ok());
        assert!(check(&contact("", "")).is_err());
        assert!(check(&contact("ada@", "")).is_err());
    }
}
