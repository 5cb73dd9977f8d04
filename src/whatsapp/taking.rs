//! Making of a message from WhatsApp what it is to the desk: an order, or a line of a conversation. Each in a
//! transaction of its own, once.

use serde_json::Value;

use super::{Account, Kept, State, cart, media, store, whose};
use crate::actor::Actor;
use crate::catalog;
use crate::conversation::{self, Direction};
use crate::db::{Db, Tx, dialect};
use crate::error::{Error, Result};
use crate::ids::OrderId;
use crate::market::{self, Channel, ChannelKind, Market, Markets};
use crate::moves::{self, MoveRequest, Undoing};
use crate::order::{Draft, Order, Outcome};
use crate::time::UtcTime;

/// What its messages are called.
pub const TRANSPORT: &str = "whatsapp";
/// Days for which what somebody wrote waits for an order of theirs.
pub(super) const DAYS: i64 = 30;
/// Messages taken in one go.
const AT_ONCE: i64 = 200;
/// Tries before a message is set aside.
const MOST_TRIES: i64 = 8;

/// Takes everything that waits and is due. Returns how many there were.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn take_waiting(db: &Db) -> Result<usize> {
    let ids = db.read(|conn| store::due(conn, UtcTime::now(), AT_ONCE)).await?;
    for id in &ids {
        take_one(db, *id).await?;
    }
    Ok(ids.len())
}

/// Takes one message. What goes wrong with it is written down and tried again later, so that it holds up no
/// other.
///
/// # Errors
/// When not even that can be written.
pub(super) async fn take_one(db: &Db, id: i64) -> Result<()> {
    let Err(error) = db.write(move |tx| take(tx, id)).await else { return Ok(()) };
    tracing::error!(%error, id, "a message from WhatsApp could not be taken");
    let problem = match &error {
        Error::Refused(_) | Error::Missing(_) => error.to_string(),
        Error::Broken(_) => "The desk could not take it; the log says why.".to_owned(),
    };
    db.write(move |tx| {
        let Some(message) = store::find(tx.conn, id)?.filter(|message| message.state == State::Waiting) else {
            return Ok(());
        };
        let state = if message.attempts + 1 < MOST_TRIES { State::Waiting } else { State::Failed };
        let due = tx.now.plus_seconds(10 << message.attempts.clamp(0, 10));
        store::put_back(tx, id, &problem, state, due)
    })
    .await
}

fn take(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    let Some(message) = store::find(tx.conn, id)? else { return Ok(()) };
    lock_sender(tx, &message)?;
    // Somebody else may have had it meanwhile.
    let Some(message) = store::find(tx.conn, id)?.filter(|message| message.state == State::Waiting) else {
        return Ok(());
    };
    if message.kind == "order" && message.direction == Direction::In {
        let payload: Value = serde_json::from_str(&message.payload).unwrap_or(Value::Null);
        if cart::is_cart(&payload) {
            return place(tx, &message, &payload);
        }
    }
    match whose::order_of(tx.conn, &message)? {
        Some(order) => join(tx, &message, &order),
        None => store::settle(tx, &message, None, None),
    }
}

/// One message of a sender at a time, so that a cart and what follows it are taken in order.
fn lock_sender(tx: &mut Tx<'_>, message: &Kept) -> Result<()> {
    let who = if message.phone.is_empty() { &message.user_ref } else { &message.phone };
    dialect::lock_words(tx.conn, &format!("whatsapp {who}"))
}

/// Says a message in the conversation of an order.
pub(super) fn join(tx: &mut Tx<'_>, message: &Kept, order: &Order) -> Result<()> {
    let (body, at) = (words_of(tx, message)?, message.said_at);
    let uid = match message.direction {
        Direction::In => {
            let actor = Actor::Customer { name: name_of(message, order) };
            let external = &message.external_ref;
            let said = conversation::receive(tx, &actor, order.number, TRANSPORT, external, &body, at)?;
            if let Some(said) = &said {
                media::want(tx, message, said)?;
            }
            said.map(|said| said.uid)
        }
        Direction::Out => {
            let actor = Actor::Channel { name: "WhatsApp on the telephone".to_owned() };
            conversation::keep_message(tx, &actor, order.number, Direction::Out, TRANSPORT, &body, at)?;
            None
        }
    };
    store::settle(tx, message, Some(order.id), uid.as_deref())
}

fn name_of(message: &Kept, order: &Order) -> String {
    let names = [message.sender_name.trim(), order.customer_name.trim(), "Customer"];
    names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned()
}

/// What a message says, with the beginning of the one it is about where it would mean nothing without.
fn words_of(tx: &mut Tx<'_>, message: &Kept) -> Result<String> {
    if !matches!(message.kind.as_str(), "reaction" | "revoke") {
        return Ok(message.body.clone());
    }
    let about = store::body_of_ref(tx.conn, &message.about_ref)?;
    Ok(match about.as_deref().and_then(|body| body.lines().next()) {
        Some(line) => {
            let short: String = line.chars().take(80).collect();
            let more = if short.len() < line.len() { "…" } else { "" };
            format!("{}\n“{short}{more}”", message.body)
        }
        None => message.body.clone(),
    })
}

/// Places the order that a cart is. It is placed whatever is wrong with it; then it is held, saying what.
fn place(tx: &mut Tx<'_>, message: &Kept, payload: &Value) -> Result<()> {
    let account = super::account(tx.conn)?;
    let (market, channel) = place_of(tx, &account)?;
    let currency = cart::currency(payload, market.currency);
    let mut shelf = Vec::new();
    for product in catalog::find_by_skus(tx.conn, &cart::skus(payload))? {
        let price = catalog::price_in(tx.conn, &product, &market, currency)?;
        shelf.push((product, price));
    }
    let read = cart::read(payload, market.currency, &shelf);
    let mut draft = Draft::new(market.id, channel.id, read.currency);
    draft.tax_included = market.tax_included;
    draft.source_ref = Some(message.external_ref.clone());
    draft.placed_at = Some(message.said_at);
    draft.customer_name.clone_from(&message.sender_name);
    if !message.phone.is_empty() {
        draft.phone = format!("+{}", message.phone);
    }
    draft.customer_note = read.note;
    draft.payment_method.clone_from(&channel.payment_method);
    draft.lines = read.lines;
    let actor = Actor::Channel { name: channel.name.clone() };
    let placed = moves::place(tx, &actor, &draft)?;
    if placed.outcome == Outcome::Made && !read.doubts.is_empty() {
        let request = MoveRequest {
            reason: "other".to_owned(),
            note: read.doubts,
            undoing: Undoing::Never,
            ..MoveRequest::to("")
        };
        moves::hold(tx, &actor, placed.order.number, &request)?;
    }
    store::settle(tx, message, Some(placed.order.id), None)?;
    gather(tx, message, placed.order.id)
}

/// The market and channel that its orders come through; a channel that is gone is made anew.
fn place_of(tx: &mut Tx<'_>, account: &Account) -> Result<(Market, Channel)> {
    let markets = Markets::load(tx.conn)?;
    let chosen = markets.channels.iter().find(|channel| channel.slug == account.channel).cloned();
    let channel = match chosen {
        Some(channel) => channel,
        None => market::find_or_make_channel(tx, markets.home()?.id, TRANSPORT, "WhatsApp", ChannelKind::Whatsapp)?,
    };
    let market = markets.market(channel.market_id).map_or_else(|| markets.home(), Ok)?.clone();
    Ok((market, channel))
}

/// Brings what a sender said before they had an order into the conversation of the order they have now.
fn gather(tx: &mut Tx<'_>, message: &Kept, order: OrderId) -> Result<()> {
    let phones = whose::phones(tx.conn, &message.phone)?;
    let since = tx.now.plus_minutes(-DAYS * 24 * 60);
    for earlier in store::loose_of(tx.conn, &phones, &message.user_ref, since)? {
        let order = crate::order::find_by_id(tx.conn, order)?;
        join(tx, &earlier, &order)?;
    }
    Ok(())
}

/// Looks whether somebody who wrote without an order has one now, made another way.
///
/// # Errors
/// When the database cannot be read or written.
pub fn gather_loose(tx: &mut Tx<'_>) -> Result<usize> {
    let since = tx.now.plus_minutes(-DAYS * 24 * 60);
    let mut joined = 0;
    for message in store::loose(tx.conn, since, 50)? {
        lock_sender(tx, &message)?;
        let still = store::find(tx.conn, message.id)?.is_some_and(|now| now.order_id.is_none());
        if still && let Some(order) = whose::order_of(tx.conn, &message)? {
            join(tx, &message, &order)?;
            joined += 1;
        }
    }
    Ok(joined)
}
