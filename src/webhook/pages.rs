//! `/settings/webhooks`: the endpoints, adding one, and the page of each.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::deliveries::{Delivery, Narrow};
use super::{DeliveryState, Endpoint, EndpointFacts, secret, whole};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::public::PublicName;
use crate::market::{Market, Markets};
use crate::staff::permission::ManageWebhooks;
use crate::staff::{Person, Staff};
use crate::time::{UtcTime, brief_span};
use crate::web::{self, Answer, Desk, Form, Problem, Query, Section, Shell, see_other};

pub(super) const LIST: &str = "/settings/webhooks";
/// Deliveries on a page of the log.
const LOG: i64 = 25;

/// A posted endpoint.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EndpointForm {
    form_token: String,
    version: Option<i64>,
    url: String,
    description: String,
    /// `all` or `some`.
    choice: String,
    events: Vec<String>,
    market: String,
    whole_order: Option<String>,
}

impl EndpointForm {
    fn of(endpoint: &Endpoint, markets: &[Market]) -> Self {
        let names = endpoint.names();
        let market = markets.iter().find(|market| Some(market.id) == endpoint.market_id);
        EndpointForm {
            form_token: String::new(),
            version: Some(endpoint.version),
            url: endpoint.url.clone(),
            description: endpoint.description.clone(),
            choice: if names.is_empty() { "all" } else { "some" }.to_owned(),
            events: names.iter().map(|name| name.as_str().to_owned()).collect(),
            market: market.map(|market| market.slug.clone()).unwrap_or_default(),
            whole_order: endpoint.whole_order.then(|| "1".to_owned()),
        }
    }
    fn facts(&self) -> Result<EndpointFacts, Refusal> {
        let some = self.choice == "some";
        if some && self.events.is_empty() {
            return Err(Refusal::field("webhook.events", "events", "Choose at least one event, or all of them."));
        }
        Ok(EndpointFacts {
            url: self.url.clone(),
            description: self.description.clone(),
            events: if some { self.events.clone() } else { Vec::new() },
            market: Some(self.market.clone()).filter(|slug| !slug.is_empty()),
            whole_order: self.whole_order.is_some() && whole::DRAW.is_some(),
        })
    }
    fn wants(&self, name: &PublicName) -> bool {
        self.events.iter().any(|chosen| chosen == name.as_str())
    }
}

/// Which part of the log a page shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogQuery {
    state: String,
    before: Option<i64>,
}

/// An endpoint in the list.
struct Row {
    endpoint: Endpoint,
    waiting: i64,
    /// The last message that was sent.
    last: Option<Delivery>,
}

#[derive(Template)]
#[template(path = "settings/webhooks.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "settings/webhook_new.html")]
struct NewPage {
    shell: Shell,
    form: EndpointForm,
    markets: Vec<Market>,
    offers_whole: bool,
    refusal: Option<Refusal>,
}

impl NewPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "settings/webhook.html")]
struct ShowPage {
    shell: Shell,
    endpoint: Endpoint,
    form: EndpointForm,
    markets: Vec<Market>,
    offers_whole: bool,
    /// The secret in full, on the page that follows its making.
    fresh: Option<String>,
    log: Vec<Delivery>,
    waiting: i64,
    /// Places of the diary that are still to be told again.
    replaying: i64,
    query: LogQuery,
    next: String,
    /// When a replay would begin, as the browser's field has it.
    since: String,
    refusal: Option<Refusal>,
}

impl ShowPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn hint(&self) -> String {
        secret::hint(&self.endpoint.secret)
    }
    fn former_until(&self) -> Option<UtcTime> {
        self.endpoint.former_until_at.filter(|until| *until > self.shell.now)
    }
    fn paused_until(&self) -> Option<UtcTime> {
        self.endpoint.paused_until_at.filter(|until| *until > self.shell.now)
    }
}

/// How a delivery's badge looks: its tone, its mark and its word.
pub(super) fn badge(delivery: &Delivery) -> (&'static str, &'static str, String) {
    match (delivery.state, delivery.attempts) {
        (DeliveryState::Delivered, _) => ("ok", "full", "Delivered".to_owned()),
        (DeliveryState::Failed, _) => ("bad", "fail", "Failed".to_owned()),
        (DeliveryState::Waiting, 0) => ("mute", "none", "Waiting".to_owned()),
        (DeliveryState::Waiting, tries) => ("warn", "half", format!("Try {} follows", tries + 1)),
    }
}

/// The status and latency of the last answer, as the log shows them.
pub(super) fn last_answer(delivery: &Delivery) -> String {
    match (delivery.last_status, delivery.last_ms) {
        (Some(status), Some(ms)) => format!("{status}, {}", latency(&ms)),
        (None, Some(ms)) => format!("no answer, {}", latency(&ms)),
        _ => "–".to_owned(),
    }
}

/// Milliseconds as people read them.
pub(super) fn latency(ms: &i64) -> String {
    if *ms < 10_000 { format!("{ms} ms") } else { brief_span(ms / 1_000) }
}

/// What a page shows beside the endpoint itself.
#[derive(Default)]
struct Shown {
    form: Option<EndpointForm>,
    refusal: Option<Refusal>,
    fresh: Option<String>,
    query: LogQuery,
}

fn load(conn: &mut Conn, person: &Person, uid: &str, shown: Shown) -> Result<ShowPage> {
    let shell = Shell::load(conn, person, Section::Settings)?;
    let endpoint = super::find(conn, uid)?;
    let markets = Markets::load(conn)?.markets;
    let narrow = Narrow { state: DeliveryState::parse(&shown.query.state), before: shown.query.before };
    let mut log = super::deliveries(conn, endpoint.id, &narrow, LOG + 1)?;
    let more = log.len() > LOG as usize;
    log.truncate(LOG as usize);
    let next = match log.last().filter(|_| more) {
        Some(last) => format!("{LIST}/{uid}?state={}&before={}#log", shown.query.state, last.id.0),
        None => String::new(),
    };
    let since = endpoint.disabled_at.unwrap_or_else(|| shell.now.plus_minutes(-60));
    Ok(ShowPage {
        form: shown.form.unwrap_or_else(|| EndpointForm::of(&endpoint, &markets)),
        waiting: super::waiting(conn, endpoint.id)?,
        replaying: super::replaying(conn, endpoint.id)?,
        since: since.local(shell.shop.zone).format("%Y-%m-%dT%H:%M").to_string(),
        offers_whole: whole::DRAW.is_some(),
        fresh: shown.fresh,
        query: shown.query,
        refusal: shown.refusal,
        shell,
        endpoint,
        markets,
        log,
        next,
    })
}

async fn page(desk: &Desk, person: Person, uid: String, shown: Shown) -> Result<ShowPage, Problem> {
    Ok(desk.db.read(move |conn| load(conn, &person, &uid, shown)).await?)
}

/// Shows the page again with what was refused.
pub(super) async fn refused(desk: &Desk, person: Person, uid: String, error: Error) -> Answer {
    refused_with(desk, person, uid, None, error).await
}

async fn refused_with(desk: &Desk, person: Person, uid: String, form: Option<EndpointForm>, error: Error) -> Answer {
    let (refusal, status) = web::shown_again(error)?;
    let shown = Shown { form, refusal: Some(refusal), ..Shown::default() };
    web::page_as(status, &page(desk, person, uid, shown).await?)
}

/// `GET /settings/webhooks`
pub async fn index(desk: Data<Desk>, staff: Staff<ManageWebhooks>) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let mut rows = Vec::new();
            for endpoint in super::list(conn)? {
                let last = super::deliveries(conn, endpoint.id, &Narrow::default(), 1)?.into_iter().next();
                rows.push(Row { waiting: super::waiting(conn, endpoint.id)?, endpoint, last });
            }
            Ok(ListPage { shell, rows })
        })
        .await?;
    web::page(&page)
}

async fn new_page(
    desk: &Desk,
    person: Person,
    form: EndpointForm,
    refusal: Option<Refusal>,
) -> Result<NewPage, Problem> {
    let load = move |conn: &mut Conn| {
        let shell = Shell::load(conn, &person, Section::Settings)?;
        let markets = Markets::load(conn)?.markets;
        Ok(NewPage { shell, form, markets, offers_whole: whole::DRAW.is_some(), refusal })
    };
    Ok(desk.db.read(load).await?)
}

/// `GET /settings/webhooks/new`
pub async fn new(desk: Data<Desk>, staff: Staff<ManageWebhooks>) -> Answer {
    let form = EndpointForm { choice: "all".to_owned(), ..EndpointForm::default() };
    web::page(&new_page(&desk, staff.person(), form, None).await?)
}

/// `POST /settings/webhooks`: adds one and shows its secret once.
pub async fn create(desk: Data<Desk>, staff: Staff<ManageWebhooks>, form: Form<EndpointForm>) -> Answer {
    let (form, person, allowed) = (form.0, staff.person(), desk.outside().allowed().clone());
    let (sent, by) = (form.clone(), person.clone());
    let made = desk
        .db
        .write(move |tx| {
            let mut fresh = None;
            let outcome = web::once(tx, &by.credential(), &sent.form_token, |tx| {
                let endpoint = super::create(tx, &by.actor(), &sent.facts()?, &allowed)?;
                fresh = Some(endpoint.secret);
                Ok(endpoint.uid)
            })?;
            Ok((outcome.location, fresh))
        })
        .await;
    match made {
        // A second click: the secret was shown to the first.
        Ok((uid, None)) => Ok(see_other(&format!("{LIST}/{uid}"))),
        Ok((uid, fresh)) => {
            let shown = Shown { fresh, ..Shown::default() };
            web::page_as(StatusCode::CREATED, &page(&desk, person, uid, shown).await?)
        }
        Err(error) => {
            let (refusal, status) = web::shown_again(error)?;
            web::page_as(status, &new_page(&desk, person, form, Some(refusal)).await?)
        }
    }
}

/// `GET /settings/webhooks/{uid}`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageWebhooks>, uid: Path<String>, query: Query<LogQuery>) -> Answer {
    let shown = Shown { query: query.0, ..Shown::default() };
    web::page(&page(&desk, staff.person(), uid.into_inner(), shown).await?)
}

/// `POST /settings/webhooks/{uid}`
pub async fn save(
    desk: Data<Desk>,
    staff: Staff<ManageWebhooks>,
    uid: Path<String>,
    form: Form<EndpointForm>,
) -> Answer {
    let (form, uid, actor, allowed) = (form.0, uid.into_inner(), staff.actor(), desk.outside().allowed().clone());
    let (sent, which) = (form.clone(), uid.clone());
    let change = move |tx: &mut Tx<'_>| super::update(tx, &actor, &which, sent.version, &sent.facts()?, &allowed);
    match desk.db.write(change).await {
        Ok(_) => {
            staff.toast("Webhook saved.");
            Ok(see_other(&format!("{LIST}/{uid}")))
        }
        Err(error) => refused_with(&desk, staff.person(), uid, Some(form), error).await,
    }
}

/// `POST /settings/webhooks/{uid}/secret`: makes a new one and shows it once.
pub async fn rotate(desk: Data<Desk>, staff: Staff<ManageWebhooks>, uid: Path<String>) -> Answer {
    let (uid, actor) = (uid.into_inner(), staff.actor());
    let which = uid.clone();
    let endpoint = desk.db.write(move |tx| super::rotate(tx, &actor, &which)).await?;
    let shown = Shown { fresh: Some(endpoint.secret), ..Shown::default() };
    web::page_as(StatusCode::CREATED, &page(&desk, staff.person(), uid, shown).await?)
}

/// One of the verbs that need nothing but the endpoint.
async fn simply(
    desk: &Desk,
    staff: &Staff<ManageWebhooks>,
    uid: Path<String>,
    verb: fn(&mut Tx<'_>, &Actor, &str) -> Result<Endpoint>,
    said: &str,
) -> Answer {
    let (uid, actor) = (uid.into_inner(), staff.actor());
    let which = uid.clone();
    desk.db.write(move |tx| verb(tx, &actor, &which)).await?;
    staff.toast(said);
    Ok(see_other(&format!("{LIST}/{uid}")))
}

/// `POST /settings/webhooks/{uid}/disable`
pub async fn disable(desk: Data<Desk>, staff: Staff<ManageWebhooks>, uid: Path<String>) -> Answer {
    simply(&desk, &staff, uid, super::disable, "Disabled. Nothing is sent until you enable it again.").await
}

/// `POST /settings/webhooks/{uid}/enable`
pub async fn enable(desk: Data<Desk>, staff: Staff<ManageWebhooks>, uid: Path<String>) -> Answer {
    let said = "Enabled. What waited is sent now; replay what happened meanwhile if it is wanted.";
    simply(&desk, &staff, uid, super::enable, said).await
}

/// `POST /settings/webhooks/{uid}/remove`
pub async fn remove(desk: Data<Desk>, staff: Staff<ManageWebhooks>, uid: Path<String>) -> Answer {
    let actor = staff.actor();
    desk.db.write(move |tx| super::remove(tx, &actor, &uid)).await?;
    staff.toast("Removed. Nothing more is sent there.");
    Ok(see_other(LIST))
}
