//! Telling customers that their order moved: what is said of a stage in a market, to whom it can be said, and
//! the reading of the diary that says it. It never holds a move up: a move is over when its message is made, and
//! what goes wrong with the message is shown beside it.

pub mod pages;
mod relay;
mod store;
pub mod wording;

use std::sync::Arc;

use crate::actor::Actor;
use crate::conversation::filling::{self, Values};
use crate::conversation::transport::{Reach, Transport};
use crate::conversation::{self, Direction, Message, MessageState};
use crate::customer_page;
use crate::db::{Conn, Tx, dialect};
use crate::error::{Refusal, Result};
use crate::event::{self, Event};
use crate::ids::{MarketId, OrderId};
use crate::market::Markets;
use crate::order::Order;
use crate::shipment::{self, Shipment, tracking};
use crate::transports;
use crate::web;
use crate::words::harmless;
use crate::workflow::{Stage, Stages};

pub use relay::{relay, run};
/// Who writes what nobody wrote.
pub(crate) const DESK: Actor = Actor::System { name: "Automatic message" };
/// Characters that the words of a stage take at the most.
const LONGEST: usize = 4_000;

/// What is said of a stage: in one market, in one language, or wherever nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The market; none for all others.
    pub market: Option<MarketId>,
    /// The language without its country; empty for all others.
    pub language: String,
    /// The words; empty for none.
    pub body: String,
}

/// A message as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// By what: `E-mail`.
    pub by: &'static str,
    /// To where. Only for those who may know how customers are reached.
    pub to: String,
    /// Its text.
    pub body: String,
}

/// What a shop has written for a stage.
///
/// # Errors
/// When the database cannot be read.
pub fn wordings(conn: &mut Conn, stage: &str) -> Result<Vec<Wording>> {
    store::of_stage(conn, stage)
}

/// Keeps what is said of a stage: in general, and in markets that say something else.
///
/// # Errors
/// Refuses words that are too long or name something that there is not.
pub fn save(tx: &mut Tx<'_>, actor: &Actor, stage: &Stage, wanted: &[Wording]) -> Result<()> {
    if let Some(message) = wanted.iter().find_map(|wording| wrong_with(&wording.body)) {
        return Err(Refusal::field("announce.words", "text", message).into());
    }
    dialect::lock_words(tx.conn, &format!("message of {}", stage.slug))?;
    let before = store::of_stage(tx.conn, &stage.slug)?;
    if before == wanted {
        return Ok(());
    }
    store::replace(tx, &stage.slug, wanted)?;
    let general = |all: &[Wording]| said_of(all, None, "").map(|wording| wording.body.clone()).unwrap_or_default();
    let changed = Event::SettingsChanged {
        setting: format!("message of {}", stage.label),
        before: general(&before),
        after: general(wanted),
    };
    event::record(tx, actor, None, &changed)
}

fn said_of<'a>(all: &'a [Wording], market: Option<MarketId>, language: &str) -> Option<&'a Wording> {
    all.iter().find(|wording| wording.market == market && wording.language == language)
}

fn wrong_with(body: &str) -> Option<String> {
    if body.chars().count() > LONGEST {
        return Some("This takes 4,000 characters at the most.".to_owned());
    }
    filling::trouble(body)
}

/// What would be said of this stage about an order; nothing if it is silent, was said before, or reaches nobody.
///
/// # Errors
/// When the database cannot be read.
pub fn preview(conn: &mut Conn, order: &Order, stage: &Stage) -> Result<Option<Preview>> {
    let Some(words) = words_for(conn, order, stage)? else { return Ok(None) };
    let Some((transport, to)) = reached_by(conn, order)? else { return Ok(None) };
    let link = link_in_time(conn, order)?;
    let body = said(conn, order, stage, &words, &link, None)?;
    Ok(Some(Preview { by: transport.label(), to, body }))
}

/// Slugs of the stages that an order would not enter silently.
///
/// # Errors
/// When the database cannot be read.
pub fn telling(conn: &mut Conn, order: &Order, stages: &Stages) -> Result<Vec<String>> {
    let mut telling = Vec::new();
    if !stages.iter().any(|stage| stage.sends_message) || reached_by(conn, order)?.is_none() {
        return Ok(telling);
    }
    for stage in stages.iter() {
        if words_for(conn, order, stage)?.is_some() {
            telling.push(stage.slug.clone());
        }
    }
    Ok(telling)
}

/// The words of a stage for an order, unless there are none or they were said before.
fn words_for(conn: &mut Conn, order: &Order, stage: &Stage) -> Result<Option<String>> {
    if !stage.sends_message || was_told(conn, order.id, "stage", &stage.slug)? {
        return Ok(None);
    }
    own_words(conn, order, stage)
}

/// The words of a stage for an order, unless there are none.
fn own_words(conn: &mut Conn, order: &Order, stage: &Stage) -> Result<Option<String>> {
    let markets = Markets::load(conn)?;
    let tongue = markets.market(order.market_id).map(|market| market.tongue(&order.language)).unwrap_or_default();
    let all = store::of_stage(conn, &stage.slug)?;
    let own = said_of(&all, Some(order.market_id), "").or_else(|| said_of(&all, None, &tongue));
    let words = match own.or_else(|| said_of(&all, None, "")) {
        Some(wording) => wording.body.clone(),
        None => wording::usual(stage.base, markets.language(order.market_id, &order.language)),
    };
    Ok(Some(words).filter(|words| !words.trim().is_empty()))
}

/// The words as they are sent: of every parcel that has left, or of one.
fn said(
    conn: &mut Conn,
    order: &Order,
    stage: &Stage,
    words: &str,
    link: &str,
    parcel: Option<&Shipment>,
) -> Result<String> {
    let shop = web::shop(conn)?.name;
    let mut values = values(conn, order, &stage.slug, link, &shop)?;
    if let Some(parcel) = parcel {
        values.parcels = line_of(parcel);
        values.tracking_number = parcel.tracking.clone();
        values.tracking_link = tracking::link(&parcel.carrier, &parcel.tracking).unwrap_or_default();
    }
    Ok(filling::fill_whole(words, &values))
}

/// Whether the customer was told of this stage or parcel. Once is enough, however often an order enters it.
fn was_told(conn: &mut Conn, order: OrderId, what: &str, which: &str) -> Result<bool> {
    let said = conversation::messages(conn, order)?;
    Ok(said.iter().any(|message| message.state != MessageState::Withdrawn && is_about(message, what, which)))
}

/// Whether a message was made by the desk about this `stage` or `parcel`.
fn is_about(message: &Message, what: &str, which: &str) -> bool {
    let details: serde_json::Value = serde_json::from_str(&message.details).unwrap_or_default();
    message.direction == Direction::Out && details.get(what).and_then(|known| known.as_str()) == Some(which)
}

/// A parcel as a line of a message: who carries it, its number, where it is shown.
fn line_of(parcel: &Shipment) -> String {
    let known = format!("{} {}", parcel.carrier, parcel.tracking);
    match tracking::link(&parcel.carrier, &parcel.tracking).filter(|_| !parcel.tracking.is_empty()) {
        Some(link) => format!("{}: {link}", known.trim()),
        None => known.trim().to_owned(),
    }
}

/// By what the customer is told: what they used last, or the first that reaches them.
fn reached_by(conn: &mut Conn, order: &Order) -> Result<Option<(Arc<dyn Transport>, String)>> {
    let said = conversation::messages(conn, order.id)?;
    let used = said.iter().rev().find(|message| message.direction == Direction::In);
    let used = used.map(|message| message.transport.clone()).unwrap_or_default();
    let mut all: Vec<Arc<dyn Transport>> = transports::all().iter().cloned().collect();
    all.sort_by_key(|transport| transport.name() != used);
    for transport in all {
        if let Reach::To(to) = transport.reach(conn, order)? {
            return Ok(Some((transport, to)));
        }
    }
    Ok(None)
}

fn link_of(conn: &mut Conn, order: &Order) -> Result<Option<String>> {
    let home = web::setting(conn, "public_address")?.unwrap_or_default();
    let link = customer_page::link(conn, order.id)?.filter(|_| !home.is_empty());
    Ok(link.map(|link| format!("{}{}", home.trim_end_matches('/'), link.path())))
}

/// The link as it will be sent; words in its place if it is made only then, nothing if none is.
fn link_in_time(conn: &mut Conn, order: &Order) -> Result<String> {
    let is_reached = web::setting(conn, "public_address")?.is_some_and(|home| !home.is_empty());
    Ok(match link_of(conn, order)? {
        Some(link) => link,
        None if is_reached && !customer_page::had_link(conn, order.id)? => "(the link to their page)".to_owned(),
        None => String::new(),
    })
}

/// What the words in double braces stand for, about this order as if it were in a stage.
///
/// # Errors
/// When the database cannot be read.
pub fn values(conn: &mut Conn, order: &Order, stage: &str, page: &str, writer: &str) -> Result<Values> {
    let parcels = shipment::of_order(conn, order.id)?;
    let newest = parcels.iter().filter(|parcel| !parcel.tracking.trim().is_empty()).max_by_key(|p| p.position);
    let left = parcels.iter().filter(|parcel| parcel.state.has_left() && !parcel.tracking.is_empty());
    let lines: Vec<String> = left.map(line_of).collect();
    let language = Markets::load(conn)?.language(order.market_id, &order.language);
    let stages = Stages::load(conn)?;
    Ok(Values {
        name: harmless(&order.customer_name).trim().to_owned(),
        order_number: order.shown_number(),
        stage: stages.find(stage).map(|stage| stage.told(language)).unwrap_or_default(),
        parcels: lines.join("\n"),
        tracking_number: newest.map(|parcel| parcel.tracking.clone()).unwrap_or_default(),
        tracking_link: newest.and_then(|parcel| tracking::link(&parcel.carrier, &parcel.tracking)).unwrap_or_default(),
        amount_due: customer_page::due(conn, order)?,
        how_to_pay: customer_page::how_to_pay(conn, order)?,
        customer_page: page.to_owned(),
        writer: writer.to_owned(),
        shop: web::shop(conn)?.name,
    })
}
