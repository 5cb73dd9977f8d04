//! Webhooks: programs of the shop that are told what happens, as Standard Webhooks has it. The relay reads
//! the diary and writes a delivery for each endpoint that wants to know, in one transaction with how far it
//! has read: so each event is delivered whenever the desk was stopped, and no change waits for a receiver.
//! The worker sends what is due until it is taken or given up.

pub mod api;
pub mod api_deliveries;
mod deliver;
mod deliveries;
pub mod pages;
pub mod pages_deliveries;
mod post;
mod relay;
pub mod schedule;
pub mod secret;
mod store;
mod store_deliveries;
pub mod whole;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::event::public::PublicName;
use crate::event::{self, Event};
use crate::ids::{EndpointId, MarketId};
use crate::market::Markets;
use crate::order::news::News;
use crate::outside::{Allowed, guard};
use crate::time::UtcTime;

pub use deliver::{Claimed, claim, record, round, run};
pub use deliveries::{
    Attempt, Delivery, DeliveryState, Narrow, TEST, attempts, deliveries, delivery, forget_old, replay, replaying,
    resend, send_test, waiting,
};
pub use relay::relay;

/// Endpoints a shop may have: each is sent to beside the others.
const MOST: i64 = 50;
/// Minutes for which the former secret signs too.
const FORMER_MINUTES: i64 = 24 * 60;

/// Somewhere that messages are sent to.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Endpoint {
    /// Key.
    pub id: EndpointId,
    /// Public identifier.
    pub uid: String,
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Names of the events it wants with a space between; empty for all.
    pub events: String,
    /// The market whose orders it wants, if only one.
    pub market_id: Option<MarketId>,
    /// Whether the whole order goes with each message.
    pub whole_order: bool,
    /// What signs. Shown in full only when it is new.
    pub secret: String,
    /// What signed before, and signs too for a while.
    pub former_secret: Option<String>,
    /// For how long.
    pub former_until_at: Option<UtcTime>,
    /// The place in the diary after which it is told.
    pub starts_after: i64,
    /// Until when it asked to be left alone.
    pub paused_until_at: Option<UtcTime>,
    /// Goes up with every change.
    pub version: i64,
    /// When it was added.
    pub created_at: UtcTime,
    /// When it was disabled.
    pub disabled_at: Option<UtcTime>,
    /// Whether the desk disabled it, and not a person.
    pub disabled_by_desk: bool,
    /// Why.
    pub disabled_reason: String,
    /// When it was removed; its log stays.
    pub removed_at: Option<UtcTime>,
}

impl Endpoint {
    /// What it wants; empty for all.
    pub fn names(&self) -> Vec<PublicName> {
        self.events.split(' ').filter_map(PublicName::parse).collect()
    }
    /// Whether it is to be told this.
    pub fn wants(&self, news: &News) -> bool {
        let names = self.names();
        (names.is_empty() || names.contains(&news.name))
            && self.market_id.is_none_or(|market| news.market == Some(market))
    }
    /// Whether messages are sent to it.
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none() && self.removed_at.is_none()
    }
    /// What signs at an instant, the newest first.
    pub fn secrets(&self, now: UtcTime) -> Vec<&str> {
        let former = self.former_secret.as_deref().filter(|_| self.former_until_at.is_some_and(|until| now < until));
        std::iter::once(self.secret.as_str()).chain(former).collect()
    }
    /// Its URL without the query, which may hold a secret.
    pub fn shown_url(&self) -> String {
        guard::shown(&self.url)
    }
}

/// What is decided about an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndpointFacts {
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Names of the events it wants; none for all.
    pub events: Vec<String>,
    /// Slug of the market whose orders it wants, if only one.
    pub market: Option<String>,
    /// Whether the whole order goes with each message.
    pub whole_order: bool,
}

/// Facts that were looked at.
struct Checked {
    url: String,
    description: String,
    events: String,
    market: Option<MarketId>,
    whole_order: bool,
}

/// All endpoints that were not removed, oldest first.
///
/// # Errors
/// When the database cannot be read.
pub fn list(conn: &mut Conn) -> Result<Vec<Endpoint>> {
    store::all(conn)
}

/// The endpoint with this public identifier.
///
/// # Errors
/// Missing if there is none, or it was removed.
pub fn find(conn: &mut Conn, uid: &str) -> Result<Endpoint> {
    store::by_uid(conn, uid)?.ok_or_else(missing)
}

fn missing() -> Error {
    Error::Missing("such webhook".to_owned())
}

fn stale() -> Error {
    let message = "Somebody changed this webhook meanwhile. Look at it as it is now, then change it.";
    Refusal::new(RefusalKind::Stale, "webhook.stale", message).into()
}

/// Adds an endpoint, which is told what happens from now on. Its `secret` is to be shown, this once.
///
/// # Errors
/// Refuses a URL that messages may not go to, unknown events and a market that is not known.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, facts: &EndpointFacts, allowed: &Allowed) -> Result<Endpoint> {
    let checked = check(tx.conn, facts, allowed)?;
    if store::count(tx.conn)? >= MOST {
        let message = format!("There are {MOST} webhooks already, which is as many as there can be. Remove one first.");
        return Err(Refusal::state("webhook.too_many", message).into());
    }
    let starts_after = event::feed_end(tx.conn)?;
    let endpoint = store::insert(tx, &checked, &secret::draw()?, starts_after)?;
    tell(tx, actor, &endpoint, "added", "")?;
    Ok(endpoint)
}

/// Changes an endpoint. What waits for it goes to the new URL.
///
/// # Errors
/// As [`create`]; stale if somebody changed it since `version` was read.
pub fn update(
    tx: &mut Tx<'_>,
    actor: &Actor,
    uid: &str,
    version: Option<i64>,
    facts: &EndpointFacts,
    allowed: &Allowed,
) -> Result<Endpoint> {
    let checked = check(tx.conn, facts, allowed)?;
    let mut endpoint = take(tx, uid)?;
    if version.is_some_and(|seen| seen + 1 != endpoint.version) {
        return Err(stale());
    }
    let before = checked_of(&endpoint);
    let moved = endpoint.url != checked.url;
    let same = before == (&checked.url, &checked.description, &checked.events, checked.market, checked.whole_order);
    if same {
        return Ok(endpoint);
    }
    let detail = if moved { format!("it was {}", endpoint.shown_url()) } else { String::new() };
    endpoint.url = checked.url;
    endpoint.description = checked.description;
    endpoint.events = checked.events;
    endpoint.market_id = checked.market;
    endpoint.whole_order = checked.whole_order;
    if moved {
        endpoint.paused_until_at = None;
    }
    store::save(tx, &endpoint)?;
    tell(tx, actor, &endpoint, "changed", &detail)?;
    Ok(endpoint)
}

fn checked_of(endpoint: &Endpoint) -> (&String, &String, &String, Option<MarketId>, bool) {
    (&endpoint.url, &endpoint.description, &endpoint.events, endpoint.market_id, endpoint.whole_order)
}

/// Gives an endpoint a new secret, which is to be shown, this once. The former one signs too for a day.
///
/// # Errors
/// Missing as [`find`].
pub fn rotate(tx: &mut Tx<'_>, actor: &Actor, uid: &str) -> Result<Endpoint> {
    let mut endpoint = take(tx, uid)?;
    endpoint.former_secret = Some(std::mem::replace(&mut endpoint.secret, secret::draw()?));
    endpoint.former_until_at = Some(tx.now.plus_minutes(FORMER_MINUTES));
    store::save(tx, &endpoint)?;
    tell(tx, actor, &endpoint, "rotated", "")?;
    Ok(endpoint)
}

/// Stops sending to an endpoint. What waits for it keeps; what happens meanwhile can be replayed. Of one that
/// the desk disabled it says that a person knows of it.
///
/// # Errors
/// Missing as [`find`].
pub fn disable(tx: &mut Tx<'_>, actor: &Actor, uid: &str) -> Result<Endpoint> {
    let mut endpoint = take(tx, uid)?;
    if endpoint.disabled_at.is_some() && !endpoint.disabled_by_desk {
        return Ok(endpoint);
    }
    endpoint.disabled_at.get_or_insert(tx.now);
    endpoint.disabled_by_desk = false;
    store::save(tx, &endpoint)?;
    tell(tx, actor, &endpoint, "disabled", "")?;
    Ok(endpoint)
}

/// Stops sending to an endpoint that does not take what it is sent; the shop is told.
pub(crate) fn give_up(tx: &mut Tx<'_>, endpoint: EndpointId, reason: &str) -> Result<()> {
    let Some(uid) = store::uid_of(tx.conn, endpoint)? else { return Ok(()) };
    let mut endpoint = take(tx, &uid)?;
    if endpoint.disabled_at.is_some() {
        return Ok(());
    }
    endpoint.disabled_at = Some(tx.now);
    endpoint.disabled_by_desk = true;
    endpoint.disabled_reason = reason.to_owned();
    store::save(tx, &endpoint)?;
    tell(tx, &Actor::System { name: "Webhooks" }, &endpoint, "disabled", reason)
}

/// Sends to an endpoint again: what waits for it, and what happens from now on.
///
/// # Errors
/// Missing as [`find`].
pub fn enable(tx: &mut Tx<'_>, actor: &Actor, uid: &str) -> Result<Endpoint> {
    let mut endpoint = take(tx, uid)?;
    if endpoint.disabled_at.is_none() {
        return Ok(endpoint);
    }
    endpoint.disabled_at = None;
    endpoint.disabled_by_desk = false;
    endpoint.disabled_reason = String::new();
    endpoint.paused_until_at = None;
    endpoint.starts_after = event::feed_end(tx.conn)?;
    store::save(tx, &endpoint)?;
    tell(tx, actor, &endpoint, "enabled", "")?;
    Ok(endpoint)
}

/// Removes an endpoint with what waits for it. Its log stays for as long as logs do.
///
/// # Errors
/// Missing as [`find`].
pub fn remove(tx: &mut Tx<'_>, actor: &Actor, uid: &str) -> Result<Endpoint> {
    let mut endpoint = take(tx, uid)?;
    endpoint.removed_at = Some(tx.now);
    store::save(tx, &endpoint)?;
    store_deliveries::drop_waiting(tx, endpoint.id)?;
    tell(tx, actor, &endpoint, "removed", "")?;
    Ok(endpoint)
}

/// The endpoint for a change: locked until the transaction ends, its version one up.
fn take(tx: &mut Tx<'_>, uid: &str) -> Result<Endpoint> {
    store::take(tx, uid)?.ok_or_else(missing)
}

fn tell(tx: &mut Tx<'_>, actor: &Actor, endpoint: &Endpoint, change: &str, detail: &str) -> Result<()> {
    let changed = Event::WebhookChanged {
        endpoint: endpoint.uid.clone(),
        url: endpoint.shown_url(),
        change: change.to_owned(),
        detail: detail.to_owned(),
    };
    event::record(tx, actor, None, &changed)
}

fn check(conn: &mut Conn, facts: &EndpointFacts, allowed: &Allowed) -> Result<Checked> {
    let mut problems = Vec::new();
    let mut problem = |field: &str, message: String| problems.push(FieldProblem { field: field.to_owned(), message });
    let url = match guard::read_url(&facts.url) {
        Ok(url) => {
            if let Some((host, address)) = literal(&url).filter(|(host, address)| !allowed.takes(host, *address)) {
                problem("url", guard::explain(&host, address));
            }
            url.to_string()
        }
        Err(refusal) => {
            problem("url", refusal.message);
            String::new()
        }
    };
    let description = facts.description.trim().to_owned();
    if description.chars().count() > 200 {
        problem("description", "This takes 200 characters at the most.".to_owned());
    }
    let mut known = Vec::new();
    if let Some(unknown) = facts.events.iter().find(|name| PublicName::parse(name).is_none()) {
        problem("events", format!("There is no event called {unknown}."));
        known.extend(PublicName::ALL.iter().map(|name| name.as_str().to_owned()));
    }
    let chosen: Vec<&str> = PublicName::ALL
        .iter()
        .map(|name| name.as_str())
        .filter(|name| facts.events.iter().any(|e| e == name))
        .collect();
    let market = match facts.market.as_deref().filter(|slug| !slug.is_empty()) {
        None => None,
        Some(slug) => {
            let known = Markets::load(conn)?.markets.into_iter().find(|market| market.slug == slug);
            if known.is_none() {
                problem("market", format!("There is no market called {slug}."));
            }
            known.map(|market| market.id)
        }
    };
    if !problems.is_empty() {
        return Err(Refusal::fields("webhook.invalid", problems).allowing(known).into());
    }
    Ok(Checked { url, description, events: chosen.join(" "), market, whole_order: facts.whole_order })
}

/// The address that a URL names itself. What a name leads to is looked at whenever something is sent.
fn literal(url: &url::Url) -> Option<(String, std::net::IpAddr)> {
    match url.host()? {
        url::Host::Ipv4(address) => Some((address.to_string(), address.into())),
        url::Host::Ipv6(address) => Some((address.to_string(), address.into())),
        url::Host::Domain(name) if name == "localhost" || name.ends_with(".localhost") => {
            Some((name.to_owned(), std::net::Ipv4Addr::LOCALHOST.into()))
        }
        url::Host::Domain(_) => None,
    }
}
