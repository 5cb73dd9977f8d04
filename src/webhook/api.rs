//! Webhooks as programs set them up: the verbs of the settings' pages, answered in JSON.

use actix_web::web::{Data, Path};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Endpoint, EndpointFacts, secret, stale};
use crate::actor::Actor;
use crate::api::{Body, Reply};
use crate::db::{Conn, Tx};
use crate::error::{Refusal, RefusalKind, Result};
use crate::market::Markets;
use crate::staff::permission::ManageWebhooks;
use crate::staff::{Caller, Permission, Program};
use crate::time::UtcTime;
use crate::web::{Answer, Desk};

/// Somewhere that messages are sent to.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Where to.
    #[schema(examples("https://your.example/hooks"))]
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Names of the events it is told; null for all of them.
    pub events: Option<Vec<String>>,
    /// Slug of the market whose orders it is told of; null for all of them.
    pub market: Option<String>,
    /// Whether the whole order goes with each message.
    pub whole_order: bool,
    /// How it stands: enabled, disabled, or removed just now.
    #[schema(examples("enabled"))]
    pub state: String,
    /// When it was disabled.
    #[schema(format = DateTime)]
    pub disabled_at: Option<String>,
    /// Who disabled it: `desk` because it did not take what it was sent, or `person`.
    pub disabled_by: Option<String>,
    /// Why the desk disabled it.
    pub disabled_reason: Option<String>,
    /// Until when it asked to be left alone.
    #[schema(format = DateTime)]
    pub paused_until: Option<String>,
    /// Enough of the secret to tell it from another one.
    #[schema(examples("whsec_…kLaSw"))]
    pub secret_hint: String,
    /// Until when the former secret signs too.
    #[schema(format = DateTime)]
    pub former_secret_until: Option<String>,
    /// Messages that wait to be sent; counted up to a thousand.
    pub waiting: i64,
    /// Places of the diary that a replay is still to go through.
    pub replaying: i64,
    /// When it was added (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Rises with every change; its `ETag`.
    pub version: i64,
}

/// A webhook with its secret, which is not told again.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub struct SecretJson {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookJson,
    /// What signs its messages. Keep it now: it is told this once.
    #[schema(examples("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))]
    pub secret: String,
}

/// All webhooks.
#[derive(Serialize, ToSchema)]
pub struct Webhooks {
    /// Oldest first.
    pub webhooks: Vec<WebhookJson>,
}

/// A webhook to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where messages go. No address of a private network, unless whoever runs the desk allows it.
    #[schema(examples("https://your.example/hooks"), min_length = 1, max_length = 2000)]
    pub url: String,
    /// What it is for.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
    /// Names of the events it is told; all of them if left out.
    #[schema(min_items = 1)]
    pub events: Option<Vec<String>>,
    /// Slug of the market whose orders it is told of; all of them if left out.
    pub market: Option<String>,
    /// Whether the whole order goes with each message.
    #[serde(default)]
    pub whole_order: bool,
}

/// What is changed about a webhook. What is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookPatch {
    /// Where messages go, those that wait too.
    #[schema(min_length = 1, max_length = 2000)]
    url: Option<String>,
    /// What it is for.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// Names of the events it is told; null for all of them.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, min_items = 1)]
    events: Option<Option<Vec<String>>>,
    /// Slug of the market whose orders it is told of; null for all of them.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    market: Option<Option<String>>,
    /// Whether the whole order goes with each message.
    whole_order: Option<bool>,
}

/// What was given, be it null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn facts(new: NewWebhook) -> Result<EndpointFacts, Refusal> {
    if new.events.as_ref().is_some_and(Vec::is_empty) {
        let message = "Name at least one event, or leave events out to be told all of them.";
        return Err(Refusal::field("webhook.events", "events", message));
    }
    Ok(EndpointFacts {
        url: new.url,
        description: new.description,
        events: new.events.unwrap_or_default(),
        market: new.market,
        whole_order: new.whole_order,
    })
}

/// A webhook as it is after a patch.
fn patched(conn: &mut Conn, endpoint: &Endpoint, patch: WebhookPatch) -> Result<NewWebhook> {
    let market = match patch.market {
        Some(market) => market,
        None => market_of(&Markets::load(conn)?, endpoint),
    };
    Ok(NewWebhook {
        url: patch.url.unwrap_or_else(|| endpoint.url.clone()),
        description: patch.description.unwrap_or_else(|| endpoint.description.clone()),
        events: patch.events.unwrap_or_else(|| chosen(endpoint)),
        market,
        whole_order: patch.whole_order.unwrap_or(endpoint.whole_order),
    })
}

fn chosen(endpoint: &Endpoint) -> Option<Vec<String>> {
    let names: Vec<String> = endpoint.names().into_iter().map(|name| name.as_str().to_owned()).collect();
    Some(names).filter(|names| !names.is_empty())
}

fn market_of(markets: &Markets, endpoint: &Endpoint) -> Option<String> {
    markets.market(endpoint.market_id?).map(|market| market.slug.clone())
}

fn represent(conn: &mut Conn, endpoint: &Endpoint, now: UtcTime) -> Result<WebhookJson> {
    let still = |until: Option<UtcTime>| until.filter(|until| *until > now).map(UtcTime::rfc3339);
    let state = match (endpoint.removed_at, endpoint.disabled_at) {
        (Some(_), _) => "removed",
        (None, Some(_)) => "disabled",
        (None, None) => "enabled",
    };
    let by = if endpoint.disabled_by_desk { "desk" } else { "person" };
    Ok(WebhookJson {
        id: endpoint.uid.clone(),
        url: endpoint.url.clone(),
        description: endpoint.description.clone(),
        events: chosen(endpoint),
        market: market_of(&Markets::load(conn)?, endpoint),
        whole_order: endpoint.whole_order,
        state: state.to_owned(),
        disabled_at: endpoint.disabled_at.map(UtcTime::rfc3339),
        disabled_by: endpoint.disabled_at.map(|_| by.to_owned()),
        disabled_reason: Some(endpoint.disabled_reason.clone()).filter(|reason| !reason.is_empty()),
        paused_until: still(endpoint.paused_until_at),
        secret_hint: secret::hint(&endpoint.secret),
        former_secret_until: still(endpoint.former_until_at),
        waiting: super::waiting(conn, endpoint.id)?,
        replaying: super::replaying(conn, endpoint.id)?,
        created_at: endpoint.created_at.rfc3339(),
        version: endpoint.version,
    })
}

/// The webhook as an answer.
pub(super) fn shown(conn: &mut Conn, endpoint: &Endpoint, now: UtcTime) -> Result<Reply> {
    Ok(Reply::ok(&represent(conn, endpoint, now)?)?.version(endpoint.version))
}

fn with_secret(conn: &mut Conn, endpoint: Endpoint, now: UtcTime) -> Result<SecretJson> {
    Ok(SecretJson { webhook: represent(conn, &endpoint, now)?, secret: endpoint.secret })
}

/// Webhooks are the whole shop's: a key that is kept to some markets sets none up.
pub(super) fn must_reach_all(caller: &Caller) -> Result<()> {
    if caller.reach().is_everywhere() {
        return Ok(());
    }
    let message = "Webhooks belong to the whole shop, and this key is kept to some of its markets.";
    Err(Refusal::new(RefusalKind::Forbidden, "token.market", message).into())
}

/// Nobody has told to a webhook, or reads in its log, what the key itself may not see.
pub(super) fn must_see_what_is_told(caller: &Caller, whole_order: bool) -> Result<()> {
    caller.must(Permission::ViewOrders)?;
    caller.must(Permission::ViewMoney)?;
    if whole_order { caller.must(Permission::ViewContact) } else { Ok(()) }
}

/// The webhook for a change, at the version that the program saw.
fn find_for_change(tx: &mut Tx<'_>, caller: &Caller, id: &str) -> Result<Endpoint> {
    must_reach_all(caller)?;
    let endpoint = super::find(tx.conn, id)?;
    let now = tx.now;
    caller.matches(endpoint.version, || Ok(serde_json::to_string(&represent(tx.conn, &endpoint, now)?)?))?;
    Ok(endpoint)
}

/// One of the verbs that need nothing but the webhook.
fn turned(
    tx: &mut Tx<'_>,
    caller: &Caller,
    id: &str,
    verb: fn(&mut Tx<'_>, &Actor, &str) -> Result<Endpoint>,
) -> Result<Endpoint> {
    let before = find_for_change(tx, caller, id)?;
    let after = verb(tx, caller.actor(), &before.uid)?;
    // Between looking at it and taking it somebody else may have been there.
    if after.version - before.version > 1 { Err(stale()) } else { Ok(after) }
}

/// List webhooks
#[utoipa::path(
    get, path = "/api/webhooks", operation_id = "list_webhooks", tag = "Webhooks",
    responses((status = 200, description = "All of them", body = Webhooks)),
)]
pub async fn index(program: Program<ManageWebhooks>) -> Answer {
    program
        .read(move |conn, caller| {
            must_reach_all(caller)?;
            let now = UtcTime::now();
            let all = super::list(conn)?;
            let webhooks: Result<Vec<_>> = all.iter().map(|endpoint| represent(conn, endpoint, now)).collect();
            Reply::ok(&Webhooks { webhooks: webhooks? })
        })
        .await
}

/// Add a webhook
///
/// It is told what happens from now on. The answer holds its secret, which is not told again.
#[utoipa::path(
    post, path = "/api/webhooks", operation_id = "create_webhook", tag = "Webhooks", request_body = NewWebhook,
    responses((status = 201, description = "It is added", body = SecretJson)),
)]
pub async fn create(program: Program<ManageWebhooks>, desk: Data<Desk>, body: Body<NewWebhook>) -> Answer {
    let Body { value, canonical } = body;
    let allowed = desk.outside().allowed().clone();
    program
        .write(&canonical, move |tx, caller| {
            must_reach_all(caller)?;
            must_see_what_is_told(caller, value.whole_order)?;
            let endpoint = super::create(tx, caller.actor(), &facts(value)?, &allowed)?;
            let (location, version, now) = (format!("/api/webhooks/{}", endpoint.uid), endpoint.version, tx.now);
            Ok(Reply::created(&location, &with_secret(tx.conn, endpoint, now)?)?.version(version))
        })
        .await
}

/// Read a webhook
#[utoipa::path(
    get, path = "/api/webhooks/{webhook_id}", operation_id = "show_webhook", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)), responses((status = 200, description = "The webhook", body = WebhookJson)),
)]
pub async fn show(program: Program<ManageWebhooks>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            must_reach_all(caller)?;
            let endpoint = super::find(conn, &id)?;
            shown(conn, &endpoint, UtcTime::now())
        })
        .await
}

/// Change a webhook
///
/// What waits for it goes to the new URL.
#[utoipa::path(
    patch, path = "/api/webhooks/{webhook_id}", operation_id = "update_webhook", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)), request_body = WebhookPatch,
    responses((status = 200, description = "The webhook", body = WebhookJson)),
)]
pub async fn update(
    program: Program<ManageWebhooks>,
    desk: Data<Desk>,
    id: Path<String>,
    body: Body<WebhookPatch>,
) -> Answer {
    let Body { value, canonical } = body;
    let allowed = desk.outside().allowed().clone();
    program
        .write(&canonical, move |tx, caller| {
            let before = find_for_change(tx, caller, &id)?;
            let new = patched(tx.conn, &before, value)?;
            must_see_what_is_told(caller, new.whole_order)?;
            let seen = Some(before.version);
            let endpoint = super::update(tx, caller.actor(), &before.uid, seen, &facts(new)?, &allowed)?;
            let now = tx.now;
            shown(tx.conn, &endpoint, now)
        })
        .await
}

/// Remove a webhook
///
/// What waits for it is not sent any more. What was sent stays in the log for thirty days.
#[utoipa::path(
    delete, path = "/api/webhooks/{webhook_id}", operation_id = "delete_webhook", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)),
    responses((status = 200, description = "The webhook as it was", body = WebhookJson)),
)]
pub async fn remove(program: Program<ManageWebhooks>, id: Path<String>) -> Answer {
    simply(program, id, super::remove).await
}

/// Disable a webhook
///
/// Nothing is sent to it until it is enabled. What waits for it keeps; what happens meanwhile can be replayed.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook_id}/disable", operation_id = "disable_webhook", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)), responses((status = 200, description = "The webhook", body = WebhookJson)),
)]
pub async fn disable(program: Program<ManageWebhooks>, id: Path<String>) -> Answer {
    simply(program, id, super::disable).await
}

/// Enable a webhook
///
/// It is sent what waits for it and told what happens from now on. Replay what happened meanwhile if it is wanted.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook_id}/enable", operation_id = "enable_webhook", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)), responses((status = 200, description = "The webhook", body = WebhookJson)),
)]
pub async fn enable(program: Program<ManageWebhooks>, id: Path<String>) -> Answer {
    simply(program, id, super::enable).await
}

async fn simply(
    program: Program<ManageWebhooks>,
    id: Path<String>,
    verb: fn(&mut Tx<'_>, &Actor, &str) -> Result<Endpoint>,
) -> Answer {
    program
        .write("", move |tx, caller| {
            let endpoint = turned(tx, caller, &id, verb)?;
            let now = tx.now;
            shown(tx.conn, &endpoint, now)
        })
        .await
}

/// Rotate the secret
///
/// The answer holds the new secret, which is not told again. The former one signs too for a day, so that the receiver
/// can change over without missing a message.
#[utoipa::path(
    post, path = "/api/webhooks/{webhook_id}/secret", operation_id = "rotate_webhook_secret", tag = "Webhooks",
    params(("webhook_id" = Uuid, Path)),
    responses((status = 200, description = "The webhook with its new secret", body = SecretJson)),
)]
pub async fn rotate(program: Program<ManageWebhooks>, id: Path<String>) -> Answer {
    program
        .write("", move |tx, caller| {
            let endpoint = turned(tx, caller, &id, super::rotate)?;
            let (version, now) = (endpoint.version, tx.now);
            Ok(Reply::ok(&with_secret(tx.conn, endpoint, now)?)?.version(version))
        })
        .await
}
