//! Changing what set-up made: the shop's facts and its staff.

pub mod keys;
pub mod markets;
pub mod pages;
pub mod people;
pub mod stages;

use chrono_tz::TZ_VARIANTS;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::event::{self, Event};
use crate::market::{self, Market, Markets, NewMarket};
use crate::money::Currency;
use crate::setup::{self, NewShop};
use crate::web;

/// The shop's facts as they are now, in the form that set-up asks for them.
///
/// # Errors
/// Missing before set-up.
pub fn shop(conn: &mut Conn) -> Result<NewShop> {
    let market = main_market(conn)?;
    let mut fact = |name: &str| -> Result<String> { Ok(web::setting(conn, name)?.unwrap_or_default()) };
    Ok(NewShop {
        name: fact("shop_name")?,
        address: fact("shop_address")?,
        public_address: fact("public_address")?,
        currency: market.currency.code().to_owned(),
        time_zone: market.time_zone,
        country: market.country,
        order_prefix: market.order_prefix,
        ..NewShop::default()
    })
}

fn main_market(conn: &mut Conn) -> Result<Market> {
    Markets::load(conn)?.markets.into_iter().next().ok_or_else(|| Error::Missing("shop yet".to_owned()))
}

/// Changes the shop's facts and writes down each that is different.
///
/// # Errors
/// As [`setup::check`].
pub fn change_shop(tx: &mut Tx<'_>, actor: &Actor, new: &NewShop) -> Result<()> {
    let currency = setup::check(new)?;
    let before = shop(tx.conn)?;
    let new = NewShop {
        name: new.name.trim().to_owned(),
        address: new.address.replace("\r\n", "\n").trim().to_owned(),
        public_address: new.public_address.trim().trim_end_matches('/').to_owned(),
        currency: currency.code().to_owned(),
        order_prefix: new.order_prefix.trim().to_uppercase(),
        ..new.clone()
    };
    let market = main_market(tx.conn)?;
    let facts = [("shop_name", &new.name), ("shop_address", &new.address), ("public_address", &new.public_address)];
    for (fact, value) in facts {
        web::set_setting(tx, fact, value)?;
    }
    let changed = NewMarket {
        slug: market.slug,
        name: new.name.clone(),
        currency,
        time_zone: new.time_zone.clone(),
        country: new.country.clone(),
        order_prefix: new.order_prefix.clone(),
    };
    market::update(tx, market.id, &changed)?;
    let pairs = [
        ("shop name", before.name, new.name),
        ("address", before.address, new.address),
        ("public address", before.public_address, new.public_address),
        ("currency", before.currency, new.currency),
        ("time zone", before.time_zone, new.time_zone),
        ("country", before.country, new.country),
        ("order prefix", before.order_prefix, new.order_prefix),
    ];
    for (setting, before, after) in pairs.into_iter().filter(|(_, before, after)| before != after) {
        event::record(tx, actor, None, &Event::SettingsChanged { setting: setting.to_owned(), before, after })?;
    }
    Ok(())
}

/// The time zones to choose from: one name a place, and UTC. Longer names of the same places and
/// stations in the ice are known all the same.
pub fn time_zones() -> Vec<&'static str> {
    const PLACES: [&str; 8] = ["Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];
    let mut names: Vec<&str> = TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .filter(|name| matches!(name.split_once('/'), Some((place, city)) if PLACES.contains(&place) && !city.contains('/')))
        .collect();
    names.push("UTC");
    names
}

/// The currencies to choose from: code and name, by code.
pub fn currencies() -> Vec<(String, String)> {
    Currency::all().into_iter().map(|currency| (currency.code().to_owned(), currency.name())).collect()
}
