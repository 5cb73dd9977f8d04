//! WhatsApp by its Cloud API. What it posts is written down before anything is made of it, a row a message
//! under the name WhatsApp gives it, so that a repeat changes nothing and nothing is lost: a cart becomes an
//! order at once, anything else joins the conversation of its sender's order. Whoever has no order is listed
//! until they have one.
//!
//! Answers go out by the outbox, as [`Replies`] says.
//!
//! The secrets of the account are kept as they are, like those of webhooks: they sign and are sent.

pub mod account;
pub mod body;
mod cart;
pub mod graph;
mod line;
pub mod media;
pub mod pages;
pub mod pages_hook;
pub mod pages_senders;
mod replies;
mod signature;
mod store;
mod taking;
mod whose;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::conversation::{self, Direction};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::OrderId;
use crate::market::{self, ChannelKind, Markets};
use crate::order;
use crate::time::UtcTime;
use crate::web;

pub use account::Account;
pub use body::Told;
pub use replies::Replies;
pub use taking::{TRANSPORT, gather_loose, take_waiting};

/// Name of the fact that holds what came last.
const SEEN: &str = "whatsapp_seen";
/// Days for which notices are kept.
const KEEP_DAYS: i64 = 90;
/// Senders without an order that are listed.
const MOST_LOOSE: i64 = 500;

crate::text_enum! {
    /// What became of a message that came in.
    pub enum State {
        /// Written down; the desk has not taken it yet.
        Waiting = "waiting",
        /// The desk has it.
        Taken = "taken",
        /// It could not be taken in several tries.
        Failed = "failed",
        /// It is no message: something about the account.
        Noted = "noted",
    }
}

/// A message as it is kept.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Kept {
    /// Key.
    pub id: i64,
    /// The name WhatsApp gives it.
    pub external_ref: String,
    /// Which way it went.
    pub direction: Direction,
    /// The word of WhatsApp for it.
    pub kind: String,
    /// Digits of the other side's number; may be empty.
    pub phone: String,
    /// The name WhatsApp gives the other side; may be empty.
    pub user_ref: String,
    /// What the other side calls itself.
    pub sender_name: String,
    /// The message it is about.
    pub about_ref: String,
    /// The number that somebody changed theirs to.
    pub new_phone: String,
    /// In words.
    pub body: String,
    /// The name of its file at WhatsApp.
    pub media_ref: String,
    /// What that says it is.
    pub media_mime: String,
    /// Its file name.
    pub media_name: String,
    /// What became of it.
    pub state: State,
    /// Why it could not be taken.
    pub problem: String,
    /// How often that was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub due_at: UtcTime,
    /// As it came, while something is to be made of it or words do not say all of it.
    pub payload: String,
    /// The order it stands with.
    pub order_id: Option<i64>,
    /// Public identifier of the message in the conversation.
    pub message_uid: Option<String>,
    /// When it was put aside.
    pub dismissed_at: Option<UtcTime>,
    /// When it was said.
    pub said_at: UtcTime,
    /// When it came.
    pub created_at: UtcTime,
}

impl Kept {
    /// What tells its sender from others: their number, or the name WhatsApp gives them.
    pub fn sender(&self) -> &str {
        if self.phone.is_empty() { &self.user_ref } else { &self.phone }
    }
}

/// What came last.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// When, in microseconds.
    pub at: i64,
    /// What it was, in a word or two.
    pub what: String,
    /// Key of the shop's number that it was about.
    pub number: String,
    /// That number as people write it.
    pub shown: String,
}

/// Somebody who wrote and has no order.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Their number, or the name WhatsApp gives them.
    pub key: String,
    /// What they call themselves.
    pub name: String,
    /// Digits of their number; may be empty.
    pub phone: String,
    /// What was said, oldest first.
    pub said: Vec<Kept>,
}

/// How the shop's number is reached.
///
/// # Errors
/// When the database cannot be read.
pub fn account(conn: &mut Conn) -> Result<Account> {
    Ok(Account::read(web::setting(conn, account::NAME)?.as_deref()))
}

/// What came last, if anything did.
///
/// # Errors
/// When the database cannot be read.
pub fn seen(conn: &mut Conn) -> Result<Option<Seen>> {
    Ok(web::setting(conn, SEEN)?.and_then(|json| serde_json::from_str(&json).ok()))
}

/// Keeps how the shop's number is reached, and makes the channel if none was chosen.
///
/// # Errors
/// As [`Account::with`]; refuses a channel that there is not.
pub fn keep_account(tx: &mut Tx<'_>, actor: &Actor, typed: &account::Typed) -> Result<()> {
    let before = account(tx.conn)?;
    let mut after = before.with(typed)?;
    let markets = Markets::load(tx.conn)?;
    if after.channel.is_empty() {
        let home = markets.home()?.id;
        after.channel = market::find_or_make_channel(tx, home, TRANSPORT, "WhatsApp", ChannelKind::Whatsapp)?.slug;
    } else if !markets.channels.iter().any(|channel| channel.slug == after.channel) {
        return Err(Refusal::field("whatsapp.channel", "channel", "Choose a channel from the list.").into());
    }
    save(tx, &after)?;
    let on = |account: &Account| if account.is_on { "on" } else { "off" }.to_owned();
    let secret = |kept: &str| if kept.is_empty() { "none" } else { "kept secret" }.to_owned();
    let pairs = [
        ("WhatsApp", on(&before), on(&after)),
        ("phone number ID of WhatsApp", before.number.clone(), after.number.clone()),
        ("channel of WhatsApp", before.channel.clone(), after.channel.clone()),
        ("address of the Graph API", before.graph.clone(), after.graph.clone()),
        ("version of the Graph API", before.version.clone(), after.version.clone()),
        ("template of WhatsApp", before.template.clone(), after.template.clone()),
    ];
    for (setting, before, after) in pairs.into_iter().filter(|(_, before, after)| before != after) {
        record(tx, actor, setting, before, after)?;
    }
    let secrets = [
        ("access token of WhatsApp", &before.token, &after.token),
        ("app secret of WhatsApp", &before.app_secret, &after.app_secret),
    ];
    for (setting, former, new) in secrets.into_iter().filter(|(_, former, new)| former != new) {
        record(tx, actor, setting, secret(former), format!("{}, new", secret(new)))?;
    }
    if (&before.token, &before.number) == (&after.token, &after.number) { Ok(()) } else { try_again(tx, actor) }
}

/// Sends at once what waited for the account to be set right.
fn try_again(tx: &mut Tx<'_>, actor: &Actor) -> Result<()> {
    let waiting = store::waiting(tx.conn)?;
    let orders: Vec<OrderId> = waiting.iter().map(|(order, _)| *order).collect();
    let numbers = order::numbers_of(tx.conn, &orders)?;
    for (order, uid) in waiting {
        if let Some((_, number, _)) = numbers.iter().find(|(known, ..)| *known == order) {
            conversation::resend(tx, actor, *number, &uid)?;
        }
    }
    Ok(())
}

fn record(tx: &mut Tx<'_>, actor: &Actor, setting: &str, before: String, after: String) -> Result<()> {
    event::record(tx, actor, None, &Event::SettingsChanged { setting: setting.to_owned(), before, after })
}

fn save(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    web::set_setting(tx, account::NAME, &serde_json::to_string(account)?)
}

/// Makes the word that WhatsApp shows to prove that the address was entered by the shop, if there is none yet or
/// it is to be another.
///
/// # Errors
/// When the system gives no randomness or the database cannot be written.
pub fn make_verify_token(tx: &mut Tx<'_>, anew: bool) -> Result<()> {
    let mut account = account(tx.conn)?;
    if account.verify_token.is_empty() || anew {
        let mut bytes = [0u8; 24];
        getrandom::fill(&mut bytes).map_err(|error| Error::broken(error.to_string()))?;
        account.verify_token = URL_SAFE_NO_PAD.encode(bytes);
        save(tx, &account)?;
    }
    Ok(())
}

/// Writes down everything that a body tells. Returns the keys of the messages that are new and wait to be
/// taken.
///
/// # Errors
/// When the database cannot be written.
pub fn keep(tx: &mut Tx<'_>, told: &Told) -> Result<Vec<i64>> {
    let mut new = Vec::new();
    for message in &told.messages {
        new.extend(store::insert(tx, message, State::Waiting)?);
    }
    for notice in &told.notices {
        store::insert(tx, notice, State::Noted)?;
    }
    let kinds = told.messages.iter().chain(&told.notices).map(|arrival| arrival.kind.replace('_', " "));
    let statuses = told.receipts.iter().map(|_| "a status".to_owned());
    let what = kinds.chain(statuses).next_back().unwrap_or_else(|| "nothing".to_owned());
    let (number, shown) = told.number.clone().unwrap_or_default();
    let cut = |text: String| body::cut(&text, 100);
    let seen = Seen { at: tx.now.0, what: cut(what), number: cut(number), shown: cut(shown) };
    web::set_setting(tx, SEEN, &serde_json::to_string(&seen)?)?;
    Ok(new)
}

/// Writes down what became of a message of the shop. One whose answer was lost on the way is known by what the
/// desk called it.
///
/// # Errors
/// When the database cannot be written.
pub fn keep_receipt(tx: &mut Tx<'_>, receipt: &body::Receipt) -> Result<()> {
    if !receipt.tracker.is_empty() {
        conversation::recognise(tx, TRANSPORT, &receipt.tracker, &receipt.external)?;
    }
    let at = receipt.at.unwrap_or(tx.now).min(tx.now);
    conversation::record_status(tx, TRANSPORT, &receipt.external, &receipt.status, at)
}

/// What has to be set right before anything is sent again, in the words of the message that was last tried.
///
/// # Errors
/// When the database cannot be read.
pub fn trouble(conn: &mut Conn) -> Result<Option<String>> {
    Ok(store::last_problem(conn)?.strip_prefix(graph::TROUBLE).map(str::to_owned))
}

/// Everybody who wrote and has no order, whoever wrote last first. Of those to whom only the shop wrote
/// nothing is to be decided.
///
/// # Errors
/// When the database cannot be read.
pub fn senders(conn: &mut Conn) -> Result<Vec<Sender>> {
    let mut senders: Vec<Sender> = Vec::new();
    for message in store::loose(conn, UtcTime(0), MOST_LOOSE)? {
        let at = senders.iter().position(|sender| sender.key == message.sender());
        let mut sender = match at {
            Some(at) => senders.remove(at),
            None => Sender {
                key: message.sender().to_owned(),
                name: String::new(),
                phone: message.phone.clone(),
                said: Vec::new(),
            },
        };
        if !message.sender_name.is_empty() {
            sender.name.clone_from(&message.sender_name);
        }
        sender.said.push(message);
        senders.push(sender);
    }
    senders.retain(|sender| sender.said.iter().any(|message| message.direction == Direction::In));
    senders.reverse();
    Ok(senders)
}

/// Brings what a sender wrote into the conversation of an order.
///
/// # Errors
/// Missing if there is no such order or nobody wrote who is called so.
pub fn attach(tx: &mut Tx<'_>, sender: &str, number: i64) -> Result<()> {
    let order = order::find(tx.conn, number)?;
    for message in said_by(tx, sender)? {
        taking::join(tx, &message, &order)?;
    }
    Ok(())
}

/// Puts what a sender wrote aside: nothing is to be done about it.
///
/// # Errors
/// Missing if nobody wrote who is called so.
pub fn dismiss(tx: &mut Tx<'_>, sender: &str) -> Result<()> {
    let ids: Vec<i64> = said_by(tx, sender)?.iter().map(|message| message.id).collect();
    store::dismiss(tx, &ids)?;
    Ok(())
}

fn said_by(tx: &mut Tx<'_>, sender: &str) -> Result<Vec<Kept>> {
    let all = senders(tx.conn)?;
    let found = all.into_iter().find(|known| known.key == sender);
    Ok(found.ok_or_else(|| Error::Missing("such sender without an order".to_owned()))?.said)
}

/// What could not be taken and what only concerns the account, newest first.
///
/// # Errors
/// When the database cannot be read.
pub fn aside(conn: &mut Conn) -> Result<Vec<Kept>> {
    store::aside(conn, 20)
}

/// How many messages wait to be taken or could not be.
///
/// # Errors
/// When the database cannot be read.
pub fn unsettled(conn: &mut Conn) -> Result<i64> {
    store::unsettled(conn)
}

/// Takes what tells who somebody is out of what came from WhatsApp with these orders or from these numbers. Only
/// the erasure of a person does this.
///
/// # Errors
/// When the database cannot be written.
pub fn erase(tx: &mut Tx<'_>, orders: &[OrderId], phones: &[String], erased: &str) -> Result<()> {
    store::erase(tx, orders, phones, erased)
}

/// Forgets notices that are old.
///
/// # Errors
/// When the database cannot be written.
pub fn forget_old(tx: &mut Tx<'_>) -> Result<usize> {
    let before = tx.now.plus_minutes(-KEEP_DAYS * 24 * 60);
    store::forget(tx, before)
}
