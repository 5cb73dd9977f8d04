//! `/settings/markets`: the list of markets with their channels, and the page of each market.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::form::MarketForm;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::invoice::{self, DocumentKind};
use crate::market::{self, Channel, ChannelFacts, ChannelKind, Hours, Market, MarketFacts, Markets};
use crate::order::{self, cart_source};
use crate::payment::{self, method::Methods};
use crate::settings::{currencies, time_zones};
use crate::staff::permission::ManageSettings;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Problem, Section, Shell, see_other};

const LIST: &str = "/settings/markets";

struct Row {
    market: Market,
    channels: Vec<Channel>,
}

#[derive(Template)]
#[template(path = "settings/markets.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
}

/// A channel, and where its carts are kept.
struct ChannelRow {
    channel: Channel,
    cart_url: String,
    has_token: bool,
}

#[derive(Template)]
#[template(path = "settings/market.html")]
struct MarketPage {
    shell: Shell,
    /// None for one that is to be opened.
    market: Option<Market>,
    channels: Vec<ChannelRow>,
    form: MarketForm,
    channel: ChannelForm,
    /// The ways of paying of the shop.
    methods: Methods,
    zones: Vec<&'static str>,
    currencies: Vec<(String, String)>,
    /// What its next order, invoice and credit note would be called as it is set now.
    next: [String; 3],
    refusal: Option<Refusal>,
}

impl MarketPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn action(&self) -> String {
        self.market.as_ref().map_or_else(|| LIST.to_owned(), |market| format!("{LIST}/{}", market.slug))
    }
}

/// A posted channel.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelForm {
    form_token: String,
    channel_name: String,
    kind: String,
    payment_method: String,
}

impl ChannelForm {
    fn facts(&self, known: &Methods) -> Result<ChannelFacts, Refusal> {
        let kind = ChannelKind::parse(&self.kind)
            .ok_or_else(|| Refusal::field("channel.kind", "kind", "Choose what kind of place the channel is."))?;
        let is_known = known.0.iter().any(|method| method.key == self.payment_method);
        if !self.payment_method.is_empty() && !is_known {
            let message = "Choose a way of paying from the list, or none.";
            return Err(Refusal::field("channel.payment_method", "payment_method", message));
        }
        Ok(ChannelFacts { name: self.channel_name.clone(), kind, payment_method: self.payment_method.clone() })
    }
}

/// Posted: where the carts of a channel are kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CartsForm {
    cart_url: String,
    cart_token: String,
}

/// What was sent and refused.
#[derive(Default)]
struct Sent {
    form: Option<MarketForm>,
    channel: Option<ChannelForm>,
    /// Slug of the channel, and the address typed.
    carts: Option<(String, String)>,
    refusal: Option<Refusal>,
}

/// Hints for the prefix and the series of a market: what its next order, invoice and credit note would be called.
fn next_names(conn: &mut Conn, market: Option<&Market>) -> Result<[String; 3]> {
    let hint =
        |example: &str, next: &str| format!("Such as {example}. Empty: the shop’s series. {next}").trim().to_owned();
    let (mut next, mut prefix) = ([String::new(), String::new()], String::new());
    if let Some(market) = market {
        prefix = format!("The next order is {}{}.", market.order_prefix, order::next_number(conn)?);
        for (slot, kind) in next.iter_mut().zip([DocumentKind::Invoice, DocumentKind::CreditNote]) {
            *slot = format!("The next is {}.", invoice::next_name(conn, Some(market), kind)?);
        }
    }
    Ok([prefix, hint("CH-{year}-", &next[0]), hint("CH-CN-{year}-", &next[1])])
}

fn load_one(conn: &mut Conn, person: &Person, slug: Option<&str>, sent: Sent) -> Result<MarketPage> {
    let shell = Shell::load(conn, person, Section::Settings)?;
    let (known, methods) = (Markets::load(conn)?, payment::methods(conn)?);
    let missing = || Error::Missing("such market".to_owned());
    let market = match slug {
        Some(slug) => Some(known.markets.iter().find(|market| market.slug == slug).cloned().ok_or_else(missing)?),
        None => None,
    };
    let form = match (&market, sent.form) {
        (_, Some(form)) => form,
        (Some(market), None) => MarketForm::of(&MarketFacts::of(market, market::hours(conn, market.id)?), &methods),
        (None, None) => {
            let home = known.home()?;
            let facts = MarketFacts {
                name: String::new(),
                deliver_after_days: None,
                archive_after_days: None,
                holds_after_hours: false,
                invoice_series: String::new(),
                credit_series: String::new(),
                approves_itself: false,
                approve_up_to_minor: None,
                ..MarketFacts::of(home, Hours::default())
            };
            MarketForm::of(&facts, &methods)
        }
    };
    let mine = |channel: &&Channel| market.as_ref().is_some_and(|market| market.id == channel.market_id);
    let mut channels = Vec::new();
    for channel in known.channels.iter().filter(mine) {
        let kept = cart_source::of_channel(conn, channel)?.unwrap_or_default();
        let typed = sent.carts.as_ref().filter(|(slug, _)| *slug == channel.slug).map(|(_, url)| url.clone());
        let has_token = !kept.token.is_empty();
        channels.push(ChannelRow { channel: channel.clone(), cart_url: typed.unwrap_or(kept.url), has_token });
    }
    let next = next_names(conn, market.as_ref())?;
    Ok(MarketPage {
        next,
        channels,
        market,
        form,
        channel: sent.channel.unwrap_or_default(),
        methods,
        zones: time_zones(),
        currencies: currencies(),
        refusal: sent.refusal,
        shell,
    })
}

/// `GET /settings/markets`
pub async fn index(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let known = Markets::load(conn)?;
            let of = |market: &Market| known.channels.iter().filter(|c| c.market_id == market.id).cloned().collect();
            let rows =
                known.markets.iter().map(|market| Row { channels: of(market), market: market.clone() }).collect();
            Ok(ListPage { shell, rows })
        })
        .await?;
    web::page(&page)
}

/// `GET /settings/markets/new`
pub async fn new(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    let person = staff.person();
    web::page(&desk.db.read(move |conn| load_one(conn, &person, None, Sent::default())).await?)
}

/// `GET /settings/markets/{slug}`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageSettings>, slug: Path<String>) -> Answer {
    let person = staff.person();
    web::page(&desk.db.read(move |conn| load_one(conn, &person, Some(&slug), Sent::default())).await?)
}

/// Shows the page again with what was refused.
async fn refused(desk: &Desk, person: Person, slug: Option<String>, sent: Sent, error: Error) -> Answer {
    let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
    let status: StatusCode = actix_web::ResponseError::status_code(&Problem::from(error));
    let sent = Sent { refusal: Some(refusal), ..sent };
    let page = desk.db.read(move |conn| load_one(conn, &person, slug.as_deref(), sent)).await?;
    web::page_as(status, &page)
}

/// `POST /settings/markets`: opens one.
pub async fn open(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<MarketForm>) -> Answer {
    let (form, person) = (form.0, staff.person());
    let (sent, by) = (form.clone(), person.clone());
    let made = desk
        .db
        .write(move |tx| {
            web::once(tx, &by.credential(), &sent.form_token, |tx| {
                let facts = sent.facts(&payment::methods(tx.conn)?)?;
                let market = market::open(tx, &by.actor(), &facts)?;
                Ok(format!("{LIST}/{}", market.slug))
            })
        })
        .await;
    match made {
        Ok(outcome) => {
            staff.toast(format!("Market {} opened. Add the channels its orders come through.", form.name.trim()));
            Ok(see_other(&outcome.location))
        }
        Err(error) => refused(&desk, person, None, Sent { form: Some(form), ..Sent::default() }, error).await,
    }
}

/// `POST /settings/markets/{slug}`
pub async fn save(
    desk: Data<Desk>,
    staff: Staff<ManageSettings>,
    slug: Path<String>,
    form: Form<MarketForm>,
) -> Answer {
    let (form, actor, slug) = (form.0, staff.actor(), slug.into_inner());
    let (sent, which) = (form.clone(), slug.clone());
    let change = move |tx: &mut Tx<'_>| {
        let facts = sent.facts(&payment::methods(tx.conn)?)?;
        market::change(tx, &actor, &which, &facts)
    };
    match desk.db.write(change).await {
        Ok(market) => {
            staff.toast(format!("{} saved.", market.name));
            Ok(see_other(&format!("{LIST}/{slug}")))
        }
        Err(error) => {
            refused(&desk, staff.person(), Some(slug), Sent { form: Some(form), ..Sent::default() }, error).await
        }
    }
}

/// `POST /settings/markets/{slug}/channels`: adds one.
pub async fn add_channel(
    desk: Data<Desk>,
    staff: Staff<ManageSettings>,
    slug: Path<String>,
    form: Form<ChannelForm>,
) -> Answer {
    let (form, person, slug) = (form.0, staff.person(), slug.into_inner());
    let (sent, by, which) = (form.clone(), person.clone(), slug.clone());
    let made = desk
        .db
        .write(move |tx| {
            web::once(tx, &by.credential(), &sent.form_token, |tx| {
                let facts = sent.facts(&payment::methods(tx.conn)?)?;
                market::add_channel(tx, &by.actor(), &which, &facts)?;
                Ok(format!("{LIST}/{which}"))
            })
        })
        .await;
    match made {
        Ok(outcome) => {
            staff.toast(format!("Channel {} added.", form.channel_name.trim()));
            Ok(see_other(&outcome.location))
        }
        Err(error) => refused(&desk, person, Some(slug), Sent { channel: Some(form), ..Sent::default() }, error).await,
    }
}

/// `POST /settings/markets/{slug}/channels/{channel}`
pub async fn save_channel(
    desk: Data<Desk>,
    staff: Staff<ManageSettings>,
    path: Path<(String, String)>,
    form: Form<ChannelForm>,
) -> Answer {
    let (form, actor, (slug, channel)) = (form.0, staff.actor(), path.into_inner());
    let sent = form.clone();
    let change = move |tx: &mut Tx<'_>| {
        let facts = sent.facts(&payment::methods(tx.conn)?)?;
        market::change_channel(tx, &actor, &channel, &facts)
    };
    match desk.db.write(change).await {
        Ok(channel) => {
            staff.toast(format!("Channel {} saved.", channel.name));
            Ok(see_other(&format!("{LIST}/{slug}")))
        }
        Err(error) => refused(&desk, staff.person(), Some(slug), Sent::default(), error).await,
    }
}

/// `POST /settings/markets/{slug}/channels/{channel}/carts`: where the carts of the channel are kept.
pub async fn save_carts(
    desk: Data<Desk>,
    staff: Staff<ManageSettings>,
    path: Path<(String, String)>,
    form: Form<CartsForm>,
) -> Answer {
    let (form, actor, (slug, of)) = (form.0, staff.actor(), path.into_inner());
    let (sent, wanted) = (form.clone(), of.clone());
    let change = move |tx: &mut Tx<'_>| {
        let found = Markets::load(tx.conn)?.channels.into_iter().find(|channel| channel.slug == wanted);
        let channel = found.ok_or_else(|| Error::Missing("such channel".to_owned()))?;
        cart_source::set(tx, &actor, &channel, &sent.cart_url, &sent.cart_token)?;
        Ok(channel)
    };
    match desk.db.write(change).await {
        Ok(channel) => {
            staff.toast(match form.cart_url.trim().is_empty() {
                true => format!("Carts of {} are not asked for elsewhere.", channel.name),
                false => format!("Carts of {} are asked for at that address.", channel.name),
            });
            Ok(see_other(&format!("{LIST}/{slug}")))
        }
        Err(error) => {
            let sent = Sent { carts: Some((of, form.cart_url)), ..Sent::default() };
            refused(&desk, staff.person(), Some(slug), sent, error).await
        }
    }
}
