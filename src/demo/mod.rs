//! The demonstration shop: Fern & Kiln, a pottery in Amsterdam, as it looks on a busy afternoon. Its
//! orders are dated back from the present and told with the desk's own verbs, so that everything in
//! it is what real use would have left.

mod cast;
mod dice;
mod eszter;
mod goods;
mod listed;
mod many;
mod places;
mod store;
mod store_many;
mod story;
mod tell;

use chrono::Timelike;

use crate::catalog;
use crate::db::{Db, Tx};
use crate::error::{Refusal, Result};
use crate::market::{self, ChannelKind, MarketFacts, Markets};
use crate::reach::Reach;
use crate::setup::{self, NewShop};
use crate::staff::{self, NewMember, Role};
use crate::time::UtcTime;
use crate::web;
use crate::workflow::Base;

use dice::Dice;
use story::{Clock, Story};
use tell::Shop;

/// Name of the setting that tells a demonstration from a real shop: `making`, then `ready`.
const MARK: &str = "demonstration";
/// Number of the newest order.
const NEWEST: i64 = 10_482;
/// Orders told in one write. SQLite's cost of a statement grows with what its transaction has written.
const AT_ONCE: usize = 16;
/// Seed of everything that is left to chance.
const SEED: u64 = 0x51_1b_3a_57;

/// Somebody who can sign in to the demonstration.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    /// Name.
    pub name: &'static str,
    /// E-mail address.
    pub email: &'static str,
    /// Password. Printed for everybody to read: a demonstration holds no real order.
    pub password: &'static str,
    /// Role.
    pub role: Role,
}

/// The people of Fern & Kiln: owner, packer, support, manager.
pub const ACCOUNTS: [Account; 4] = [
    Account {
        name: "Marta Keller",
        email: "marta@fernandkiln.example",
        password: "marta-throws-pots",
        role: Role::Owner,
    },
    Account { name: "Jon Bakker", email: "jon@fernandkiln.example", password: "jon-packs-parcels", role: Role::Packer },
    Account { name: "Ana Duarte", email: "ana@fernandkiln.example", password: "ana-answers-mail", role: Role::Support },
    Account {
        name: "Pieter Smit",
        email: "pieter@fernandkiln.example",
        password: "pieter-runs-the-desk",
        role: Role::Manager,
    },
];

/// What was found or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// The database was empty; so many orders are in it now.
    New(i64),
    /// The demonstration was there already and was left as it is.
    Known,
}

/// Makes the demonstration shop in an empty database: some 270 orders, or so many as are asked for.
/// Beyond the 270, which are then the newest, they are made in bulk.
///
/// # Errors
/// Refuses a database that holds a real shop, and one whose demonstration was not finished.
pub fn prepare(db: &Db, orders: Option<i64>) -> Result<Made> {
    let (mark, is_shop) = db.read_blocking(|conn| Ok((web::setting(conn, MARK)?, setup::is_done(conn)?)))?;
    match (mark.as_deref(), is_shop) {
        (Some("ready"), _) => return Ok(Made::Known),
        (Some(_), _) => return Err(unfinished().into()),
        (None, true) => return Err(real_shop().into()),
        (None, false) => {}
    }
    let hashes = ACCOUNTS.iter().map(|account| staff::hash_password(account.password)).collect::<Result<Vec<_>>>()?;
    let shop = db.write_blocking(move |tx| {
        web::set_setting(tx, MARK, "making")?;
        // Patterns of a large demonstration take numbers below those of its orders.
        store::set_last_number(tx, 0)?;
        found(tx, &hashes)
    })?;
    let mut stories = stories(&shop);
    let told = orders.map_or(stories.len(), |orders| usize::try_from(orders).unwrap_or(0).clamp(1, stories.len()));
    stories.drain(..stories.len() - told);
    let copies = orders.map_or(0, |orders| (orders - told as i64).max(0));
    let newest = if copies > 0 { store_many::FIRST_NUMBER + copies + told as i64 } else { NEWEST };
    if copies > 0 {
        many::make(db, &shop, copies)?;
    }
    db.write_blocking(move |tx| store::set_last_number(tx, newest - told as i64))?;
    for some in stories.chunks(AT_ONCE) {
        let (shop, some) = (shop.clone(), some.to_vec());
        db.write_blocking(move |tx| some.iter().try_for_each(|story| tell_one(tx, &shop, story)))?;
    }
    db.write_blocking(|tx| {
        store::save_views(tx)?;
        goods::bundle(tx)?;
        store::stock_shelves(tx)?;
        web::set_setting(tx, MARK, "ready")
    })?;
    Ok(Made::New(copies + told as i64))
}

fn tell_one(tx: &mut Tx<'_>, shop: &Shop, story: &Story) -> Result<()> {
    if story.base == Base::Processed && story.who.name == listed::ESZTER.0 {
        eszter::tell(tx, shop, story).map(drop)
    } else {
        tell::tell(tx, shop, story).map(drop)
    }
}

fn unfinished() -> Refusal {
    Refusal::state(
        "demo.unfinished",
        "This database holds a demonstration that was interrupted while it was made. Delete it, or name another with --database.",
    )
}

fn real_shop() -> Refusal {
    Refusal::state(
        "demo.real_shop",
        "This database holds a shop, so no demonstration was put into it. Start it with: slipway serve. \
         For a demonstration, name another database with --database.",
    )
}

/// Makes the shop, its channels, people and products.
fn found(tx: &mut Tx<'_>, hashes: &[String]) -> Result<Shop> {
    let owner = ACCOUNTS[tell::OWNER];
    let new = NewShop {
        name: "Fern & Kiln".into(),
        currency: "EUR".into(),
        time_zone: "Europe/Amsterdam".into(),
        address: "Prinsengracht 88\n1015 DX Amsterdam\nhello@fernandkiln.example".into(),
        country: "NL".into(),
        order_prefix: "ORD".into(),
        public_address: String::new(),
        owner_name: owner.name.into(),
        owner_email: owner.email.into(),
    };
    let mut team = Vec::new();
    for (account, hash) in ACCOUNTS.iter().zip(hashes) {
        let id = if team.is_empty() {
            setup::found(tx, &new, hash.clone())?
        } else {
            let member = NewMember {
                name: account.name.into(),
                email: account.email.into(),
                role: account.role,
                password_hash: Some(hash.clone()),
                reach: Reach::EVERYWHERE,
            };
            staff::add(tx, &crate::actor::Actor::System { name: "Demonstration" }, &member)?
        };
        team.push((id, account.name.to_owned()));
    }
    let home = Markets::load(tx.conn)?.home()?.clone();
    let facts = MarketFacts::of(&home, market::hours(tx.conn, home.id)?);
    let languages = ["en", "de", "hu"].map(str::to_owned).to_vec();
    let actor = crate::actor::Actor::System { name: "Demonstration" };
    market::change(tx, &actor, &home.slug, &MarketFacts { languages, ..facts })?;
    let market = home.id;
    let mut channels = Vec::new();
    for (slug, name, kind) in [
        ("web", "Web shop", ChannelKind::Web),
        ("whatsapp", "WhatsApp", ChannelKind::Whatsapp),
        ("instagram", "Instagram", ChannelKind::Instagram),
        ("wholesale", "Wholesale", ChannelKind::Wholesale),
        ("stall", "Market stall", ChannelKind::Stall),
        ("manual", "Phone", ChannelKind::Manual),
    ] {
        let channel = market::find_or_make_channel(tx, market, slug, name, kind)?;
        channels.push((slug, channel.id, channel.name));
    }
    let mut shelf = Vec::new();
    for product in goods::products() {
        shelf.push(catalog::create(tx, &product)?);
    }
    let now = tx.now;
    Ok(Shop { now, market, channels, staff: team, shelf })
}

/// Every order of the shop, oldest first.
fn stories(shop: &Shop) -> Vec<Story> {
    let mut dice = Dice::new(SEED);
    let mut stories = story::all(&mut dice, &shop.shelf, Clock { collection: until_collection(shop.now) });
    for story in &mut stories {
        if story.base == Base::Processed && story.who.name == listed::ESZTER.0 {
            story.basket = eszter::basket(shop);
            story.wish = "";
        }
    }
    stories
}

/// Minutes until the parcels of today are collected: at 17:00, or two hours from now where that has
/// passed, but always before midnight.
fn until_collection(now: UtcTime) -> i64 {
    let local = now.local(chrono_tz::Europe::Amsterdam);
    let minute = i64::from(local.hour() * 60 + local.minute());
    let at = (17 * 60).max(minute + 132).min(24 * 60 - 1);
    (at - minute).max(1)
}
