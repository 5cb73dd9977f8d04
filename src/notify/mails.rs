//! Mails to people of the shop about what nobody has looked at: some time after it came, or once a day. What is told
//! to whom is decided and put into the queue in one transaction, so that everything is told once, however many
//! desks run and however often they are stopped. Only a mail server that takes a mail and dies before it says so
//! can get the same one again; it bears the same name then, by which mailboxes know a repeat.

use chrono::Timelike;
use serde::{Deserialize, Serialize};

use super::digest::{self, News};
use super::store_mails as store;
use crate::conversation::transport::Outcome;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Refusal, Result};
use crate::ids::{StaffId, new_uid};
use crate::job::{self, Job};
use crate::mail::{self, Letter, deliver};
use crate::market::Markets;
use crate::order::pages_list::knowing;
use crate::reach::Reach;
use crate::report::attention;
use crate::staff::{self, Permission, Role};
use crate::time::UtcTime;
use crate::web;
use crate::workflow::Stages;

/// The job that sends one.
pub const JOB: &str = "staff_mail";
/// Longest wait of the immediate mail, in minutes: a week.
const MOST_MINUTES: i64 = 7 * 24 * 60;

/// When somebody is mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Never.
    Never,
    /// So many minutes after something came that nobody looked at.
    After(i64),
    /// Every day at this hour of the shop.
    Daily(i64),
}

impl When {
    /// As typed.
    ///
    /// # Errors
    /// Refuses what is none of them, and times that make no sense.
    pub fn typed(word: &str, minutes: &str, hour: &str) -> Result<Self, Refusal> {
        let number = |text: &str, most: i64| text.trim().parse().ok().filter(|number| (0..=most).contains(number));
        match word {
            "never" => Ok(When::Never),
            "after" => match number(minutes, MOST_MINUTES) {
                Some(minutes) if minutes > 0 => Ok(When::After(minutes)),
                _ => Err(Refusal::field("mails.after", "after", "Enter how many minutes, from 1 to 10080.")),
            },
            "daily" => match number(hour, 23) {
                Some(hour) => Ok(When::Daily(hour)),
                None => Err(Refusal::field("mails.hour", "hour", "Choose an hour from 0 to 23.")),
            },
            _ => Err(Refusal::field("mails.when", "mails", "Choose when you are mailed.")),
        }
    }
}

/// Somebody who is mailed, and how far they were told.
#[derive(Clone, Debug, diesel::Queryable)]
pub(super) struct Reader {
    pub(super) id: StaffId,
    name: String,
    email: String,
    role: Role,
    after_minutes: Option<i64>,
    daily_hour: Option<i64>,
    pub(super) messages_to: i64,
    pub(super) mentions_to: i64,
    digest_on: String,
    markets: String,
}

impl Reader {
    /// The markets that they may know of.
    fn reach(&self) -> Reach {
        staff::reach_of(self.role, &self.markets)
    }
}

/// A message of a customer that nobody has read: its key, when it came, number and customer of its order.
pub(super) type Unread = (i64, UtcTime, i64, String);
/// A note that calls somebody: key of the call, when it came, number of its order, who wrote it.
pub(super) type Call = (i64, UtcTime, i64, String);

/// When somebody is mailed.
///
/// # Errors
/// When the database cannot be read.
pub fn when(conn: &mut Conn, person: StaffId) -> Result<When> {
    Ok(match store::when(conn, person)? {
        Some((Some(minutes), _)) => When::After(minutes),
        Some((_, Some(hour))) => When::Daily(hour),
        Some((None, None)) | None => When::Never,
    })
}

/// Chooses when somebody is mailed. What came before is not told any more.
///
/// # Errors
/// When the database cannot be written.
pub fn choose(tx: &mut Tx<'_>, person: StaffId, chosen: When) -> Result<()> {
    if when(tx.conn, person)? == chosen {
        return Ok(());
    }
    let here = tx.now.local(Markets::load(tx.conn)?.zone());
    let is_over = matches!(chosen, When::Daily(hour) if i64::from(here.hour()) >= hour);
    let day = if is_over { here.date().to_string() } else { String::new() };
    store::choose(tx, person, chosen, &day)
}

/// Puts the mails that are due now into the queue.
///
/// # Errors
/// When the database cannot be read or written.
pub async fn gather(db: &Db, now: UtcTime) -> Result<()> {
    let readers =
        db.read(|conn| if mail::server(conn)?.is_some() { store::readers(conn) } else { Ok(Vec::new()) }).await?;
    for reader in readers {
        let looked_at = reader.clone();
        if db.read(move |conn| due(conn, &looked_at, now)).await?.is_some() {
            db.write(move |tx| tell(&mut tx.at(now), &reader)).await?;
        }
    }
    Ok(())
}

/// What is to be told now, and how far that goes.
struct Due {
    news: News,
    messages_to: i64,
    mentions_to: i64,
    /// The day of a digest; empty for the immediate mail.
    day: String,
}

fn due(conn: &mut Conn, reader: &Reader, now: UtcTime) -> Result<Option<Due>> {
    match (reader.after_minutes, reader.daily_hour) {
        (Some(minutes), _) => soon(conn, reader, now.plus_minutes(-minutes)),
        (None, Some(hour)) => daily(conn, reader, hour, now),
        (None, None) => Ok(None),
    }
}

/// What came until then and was not looked at since. Later news waits for its turn, so that none is passed over.
fn soon(conn: &mut Conn, reader: &Reader, until: UtcTime) -> Result<Option<Due>> {
    let mut messages = store::unread(conn, &reader.reach(), reader.messages_to)?;
    let ready = messages.iter().take_while(|message| message.1 <= until).count();
    messages.truncate(ready);
    let mut calls = store::calls(conn, &reader.reach(), reader.id, reader.mentions_to)?;
    let ready = calls.iter().take_while(|call| call.1 <= until).count();
    calls.truncate(ready);
    if messages.is_empty() && calls.is_empty() {
        return Ok(None);
    }
    let (messages_to, mentions_to) = (messages.last().map(|message| message.0), calls.last().map(|call| call.0));
    Ok(Some(Due {
        messages_to: messages_to.unwrap_or(reader.messages_to),
        mentions_to: mentions_to.unwrap_or(reader.mentions_to),
        news: News::of(&messages, &calls),
        day: String::new(),
    }))
}

/// Everything that waits, once the hour has come.
fn daily(conn: &mut Conn, reader: &Reader, hour: i64, now: UtcTime) -> Result<Option<Due>> {
    let markets = Markets::load(conn)?;
    let here = now.local(markets.zone());
    let day = here.date().to_string();
    if i64::from(here.hour()) < hour || reader.digest_on == day {
        return Ok(None);
    }
    let reach = reader.reach();
    let known = knowing(Stages::load(conn)?, markets, &reach, reader.id, now);
    let groups = attention::groups(conn, &known, reader.role.may(Permission::ViewMoney))?;
    let mut news = News::of(&store::unread(conn, &reach, 0)?, &store::calls(conn, &reach, reader.id, 0)?);
    news.waiting = groups
        .iter()
        .filter(|group| group.why != attention::Why::Unread)
        .map(|group| (group.why.title(), group.items.len(), group.more))
        .collect();
    Ok(Some(Due { news, day, messages_to: reader.messages_to, mentions_to: reader.mentions_to }))
}

/// A mail in the queue.
#[derive(Serialize, Deserialize)]
struct Waiting {
    id: String,
    to: String,
    name: String,
    subject: String,
    body: String,
}

fn tell(tx: &mut Tx<'_>, reader: &Reader) -> Result<()> {
    let Some(due) = due(tx.conn, reader, tx.now)? else { return Ok(()) };
    let is_ours = match due.day.as_str() {
        "" => store::told(tx, reader, due.messages_to, due.mentions_to)?,
        day => store::told_on(tx, reader, day)?,
    };
    // Another desk was quicker, or there is nothing to say today.
    if !is_ours || due.news.is_empty() {
        return Ok(());
    }
    let shop = web::shop(tx.conn)?.name;
    let home = web::setting(tx.conn, "public_address")?.unwrap_or_default();
    let waiting = Waiting {
        id: new_uid(),
        to: reader.email.clone(),
        name: reader.name.clone(),
        subject: digest::subject(&due.news, &shop),
        body: digest::body(&due.news, home.trim_end_matches('/'), due.day.is_empty()),
    };
    job::enqueue(tx, JOB, &serde_json::to_value(&waiting)?, UtcTime::now(), None)
}

/// Sends a mail of the queue. It is tried again if the server does not take it now, and let go if it never will.
///
/// # Errors
/// When it is to be tried again.
pub async fn send(db: &Db, job: &Job) -> Result<()> {
    let waiting: Waiting = serde_json::from_str(&job.payload)?;
    let (server, shop) = db.read(|conn| Ok((mail::server(conn)?, web::shop(conn)?.name))).await?;
    let Some(server) = server else { return Ok(()) };
    let letter = Letter {
        to_name: waiting.name,
        to: waiting.to,
        subject: waiting.subject,
        id: format!("<{}@{}>", waiting.id, server.domain()),
        is_automatic: true,
        shop,
        body: waiting.body,
        ..Letter::default()
    };
    let outcome = tokio::task::spawn_blocking(move || deliver(&server, &letter, mail::PATIENCE)).await;
    match outcome.map_err(Error::broken)? {
        Outcome::Sent(_) => Ok(()),
        Outcome::Later { problem, .. } => Err(Error::broken(problem)),
        Outcome::Failed(problem) | Outcome::Unsure(problem) => {
            tracing::warn!(%problem, "a mail to a member of the staff was not taken");
            Ok(())
        }
    }
}
