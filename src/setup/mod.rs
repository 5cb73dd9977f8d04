//! First-run set-up: makes the shop, its market, its counter channel and its owner, once.

use chrono_tz::Tz;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::ids::StaffId;
use crate::market::{self, ChannelKind, NewMarket};
use crate::money::Currency;
use crate::staff::{self, NewMember, Role};
use crate::web;

/// What set-up asks for.
#[derive(Clone, Debug, Default)]
pub struct NewShop {
    /// Name of the shop.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// IANA name.
    pub time_zone: String,
    /// Postal address as it stands on paper, in lines.
    pub address: String,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
    /// What stands before an order's number.
    pub order_prefix: String,
    /// Where the desk is reached, or empty.
    pub public_address: String,
    /// Name of the owner.
    pub owner_name: String,
    /// E-mail address of the owner.
    pub owner_email: String,
}

/// Whether a shop was made.
pub fn is_done(conn: &mut Conn) -> Result<bool> {
    Ok(web::setting(conn, "shop_name")?.is_some())
}

fn problem(field: &str, message: &str) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: message.to_owned() }
}

/// Says what is wrong with the shop's own facts, all at once. The owner's are checked by staff.
///
/// # Errors
/// Names every field that needs attention.
pub fn check(new: &NewShop) -> Result<Currency, Refusal> {
    let mut problems = Vec::new();
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        problems.push(problem("shop", "Enter the shop's name, at most 80 characters."));
    }
    let currency = Currency::parse(&new.currency.trim().to_uppercase());
    if currency.is_none() {
        problems.push(problem("currency", "Choose a currency by its three letters, such as EUR."));
    }
    if new.time_zone.parse::<Tz>().is_err() {
        problems.push(problem("time_zone", "Choose a time zone from the list, such as Europe/Amsterdam."));
    }
    if let Err(Error::Refused(refusal)) = market::check_prefix(new.order_prefix.trim()) {
        problems.push(problem("prefix", &refusal.message));
    }
    if !new.public_address.trim().is_empty() && !is_public_address(new.public_address.trim()) {
        problems.push(problem(
            "public_address",
            "Enter an address that begins with https:// or http://, or leave it empty.",
        ));
    }
    if new.address.chars().count() > 500 {
        problems.push(problem("address", "Shorten the address to 500 characters."));
    }
    match currency {
        Some(currency) if problems.is_empty() => Ok(currency),
        _ => Err(Refusal::fields("setup.invalid", problems)),
    }
}

/// Whether a text is where a desk can be reached.
pub fn is_public_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
}

/// Makes the shop. Of several attempts at once, one wins.
///
/// # Errors
/// Refuses what [`check`] refuses, and a desk that has a shop already.
pub fn found(tx: &mut Tx<'_>, new: &NewShop, password_hash: String) -> Result<StaffId> {
    let currency = check(new)?;
    // The row decides who is first: a second transaction waits here and then finds it.
    let mine = uuid::Uuid::new_v4().to_string();
    if web::setting_once(tx, "set_up_by", &mine)? != mine || is_done(tx.conn)? {
        return Err(Refusal::state("setup.done", "This desk is set up already. Sign in instead.").into());
    }
    let name = new.name.trim();
    let facts = [
        ("shop_name", name),
        ("shop_address", new.address.trim()),
        ("public_address", new.public_address.trim().trim_end_matches('/')),
    ];
    for (fact, value) in facts {
        web::set_setting(tx, fact, value)?;
    }
    let market = market::create(
        tx,
        &NewMarket {
            slug: "main".to_owned(),
            name: name.to_owned(),
            currency,
            time_zone: new.time_zone.clone(),
            country: new.country.trim().to_uppercase(),
            order_prefix: new.order_prefix.trim().to_uppercase(),
        },
    )?;
    market::find_or_make_channel(tx, market.id, "manual", "Phone and counter", ChannelKind::Manual)?;
    let owner = NewMember {
        name: new.owner_name.clone(),
        email: new.owner_email.clone(),
        role: Role::Owner,
        password_hash: Some(password_hash),
    };
    staff::add(tx, &Actor::System { name: "Set-up" }, &owner)
}
