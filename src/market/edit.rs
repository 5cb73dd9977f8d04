//! Editing markets and channels. Neither is ever removed, for orders belong to them; a channel keeps its
//! market.

use chrono_tz::Tz;

use super::{Channel, ChannelKind, Hours, Market, Markets, NewMarket, check_prefix, locked, store};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::MarketId;
use crate::language;
use crate::money::{Currency, Money};
use crate::words;

/// Longest name, in characters.
const LONGEST: usize = 80;
/// Longest name of a series, in characters.
const LONGEST_SERIES: usize = 30;
/// Longest name of a way of sending, in characters.
const LONGEST_WAY: usize = 200;
/// Longest timer, in minutes: a year.
const MOST_MINUTES: i64 = 366 * 24 * 60;
/// Longest timer in days: ten years.
const MOST_DAYS: i64 = 3_660;
/// Markets of a shop at the most, and channels.
const MOST: usize = 100;

/// What can be changed about a market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketFacts {
    /// Name.
    pub name: String,
    /// Currency of new orders.
    pub currency: Currency,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// ISO 3166-1 alpha-2, or nothing.
    pub country: String,
    /// Language tags; the first is the one its customers read unless they choose another.
    pub languages: Vec<String>,
    /// Stands before the order number.
    pub order_prefix: String,
    /// Whether its prices include tax.
    pub tax_included: bool,
    /// Tax of new orders in millionths.
    pub tax_rate_ppm: i64,
    /// Whether incomplete orders are abandoned.
    pub abandons: bool,
    /// After how many minutes.
    pub abandon_after_minutes: i64,
    /// Minutes for which an incomplete order keeps its stock.
    pub stock_hold_minutes: i64,
    /// Days after which a shipped order counts as delivered.
    pub deliver_after_days: Option<i64>,
    /// Days after which a finished order is put away.
    pub archive_after_days: Option<i64>,
    /// Whether orders confirmed outside opening hours wait for the next opening.
    pub holds_after_hours: bool,
    /// Keys of the ways of paying it takes; none for all of them.
    pub payment_methods: Vec<String>,
    /// What stands before the numbers of its invoices; empty for the shop's series.
    pub invoice_series: String,
    /// The same for its credit notes.
    pub credit_series: String,
    /// Ways of sending whose parcels leave with a tracking number; `*` is every way.
    pub tracked_ways: Vec<String>,
    /// Whether its confirmed orders approve themselves as soon as nothing is missing.
    pub approves_itself: bool,
    /// Up to which total in its currency they do; none for any.
    pub approve_up_to_minor: Option<i64>,
    /// Opening hours.
    pub hours: Hours,
}

impl MarketFacts {
    /// Of a market as it is.
    pub fn of(market: &Market, hours: Hours) -> Self {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        MarketFacts {
            name: market.name.clone(),
            currency: market.currency,
            time_zone: market.time_zone.clone(),
            country: market.country.clone(),
            languages: words(&format!("{} {}", market.locale, market.languages)),
            order_prefix: market.order_prefix.clone(),
            tax_included: market.tax_included,
            tax_rate_ppm: market.tax_rate_ppm,
            abandons: market.abandons,
            abandon_after_minutes: market.abandon_after_minutes,
            stock_hold_minutes: market.stock_hold_minutes,
            deliver_after_days: market.deliver_after_days,
            archive_after_days: market.archive_after_days,
            holds_after_hours: market.holds_after_hours,
            payment_methods: words(&market.payment_methods),
            invoice_series: market.invoice_series.clone(),
            credit_series: market.credit_series.clone(),
            tracked_ways: market.tracked_ways.lines().map(str::to_owned).collect(),
            approves_itself: market.approves_itself,
            approve_up_to_minor: market.approve_up_to_minor,
            hours,
        }
    }

    fn tidy(&self) -> Self {
        MarketFacts {
            name: one_line(&self.name),
            order_prefix: self.order_prefix.trim().to_uppercase(),
            invoice_series: one_line(&self.invoice_series),
            credit_series: one_line(&self.credit_series),
            tracked_ways: self.tracked_ways.iter().map(|way| one_line(way)).filter(|way| !way.is_empty()).collect(),
            ..self.clone()
        }
    }

    /// Refuses what no market can be, all at once. `slug` is its own.
    fn check(&self, slug: &str, markets: &[Market]) -> Result<()> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: &str| {
            problems.push(FieldProblem { field: field.to_owned(), message: message.to_owned() });
        };
        if self.name.is_empty() || self.name.chars().count() > LONGEST {
            problem("name", "Give the market a name of 80 characters at the most.");
        }
        if markets.iter().any(|known| known.slug != slug && words::fold(&known.name) == words::fold(&self.name)) {
            problem("name", "Another market has this name. Choose another one.");
        }
        if self.time_zone.parse::<Tz>().is_err() {
            problem("time_zone", "This is not a known time zone. Choose one from the list.");
        }
        if check_prefix(&self.order_prefix).is_err() {
            problem("prefix", "The prefix takes one to eight letters or digits and ends in a letter, such as ORD.");
        }
        for (field, text) in [("invoice_series", &self.invoice_series), ("credit_series", &self.credit_series)] {
            if text.chars().count() > LONGEST_SERIES {
                problem(field, "A series takes 30 characters at the most.");
            }
        }
        let others = markets.iter().filter(|market| market.slug != slug);
        let taken = |text: &str, of: fn(&Market) -> &str| !text.is_empty() && others.clone().any(|m| of(m) == text);
        if !self.credit_series.is_empty() && self.credit_series == self.invoice_series
            || taken(&self.credit_series, |market| &market.invoice_series)
        {
            problem("credit_series", "Invoices count in this series. Credit notes need one of their own.");
        }
        if taken(&self.invoice_series, |market| &market.credit_series) {
            problem("invoice_series", "Credit notes count in this series. Invoices need one of their own.");
        }
        let are_tags = self.languages.iter().all(|tag| language::is_tag(tag));
        if self.languages.is_empty() || self.languages.len() > 12 || !are_tags {
            problem("languages", "Give one to twelve language tags, such as en or nl-NL.");
        }
        if !(0..=1_000_000).contains(&self.tax_rate_ppm) {
            problem("tax_rate", "The tax is between 0 and 100 %.");
        }
        for (field, minutes) in [("abandon", self.abandon_after_minutes), ("stock", self.stock_hold_minutes)] {
            if !(1..=MOST_MINUTES).contains(&minutes) {
                problem(field, "This is between one minute and 366 days.");
            }
        }
        for (field, days) in [("deliver", self.deliver_after_days), ("archive", self.archive_after_days)] {
            if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
                problem(field, "This is between one day and ten years; empty means never.");
            }
        }
        if self.tracked_ways.len() > MOST || self.tracked_ways.iter().any(|way| way.chars().count() > LONGEST_WAY) {
            problem("tracked", "Give a hundred ways of sending at the most, each of 200 characters at the most.");
        }
        if self.approve_up_to_minor.is_some_and(|minor| minor <= 0) {
            problem("approve_up_to", "Enter an amount above zero, or nothing.");
        }
        if self.holds_after_hours && !self.hours.are_given() {
            problem("after_hours", "Give opening hours first: without them no order could wait for an opening.");
        }
        if problems.is_empty() { Ok(()) } else { Err(Refusal::fields("market.invalid", problems).into()) }
    }

    fn put(&self, market: &mut Market) {
        market.name = self.name.clone();
        market.currency = self.currency;
        market.time_zone = self.time_zone.clone();
        market.country = self.country.clone();
        market.locale = self.languages.first().cloned().unwrap_or_else(|| "en".to_owned());
        market.languages = self.languages.iter().skip(1).cloned().collect::<Vec<_>>().join(" ");
        market.order_prefix = self.order_prefix.clone();
        market.tax_included = self.tax_included;
        market.tax_rate_ppm = self.tax_rate_ppm;
        market.abandons = self.abandons;
        market.abandon_after_minutes = self.abandon_after_minutes;
        market.stock_hold_minutes = self.stock_hold_minutes;
        market.deliver_after_days = self.deliver_after_days;
        market.archive_after_days = self.archive_after_days;
        market.holds_after_hours = self.holds_after_hours;
        market.payment_methods = self.payment_methods.join(" ");
        market.invoice_series = self.invoice_series.clone();
        market.credit_series = self.credit_series.clone();
        market.tracked_ways = self.tracked_ways.join("\n");
        market.approves_itself = self.approves_itself;
        market.approve_up_to_minor = self.approve_up_to_minor;
    }

    /// Each fact in words, for the diary.
    fn told(&self) -> Vec<(&'static str, String)> {
        let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let days = |days: Option<i64>| days.map_or_else(|| "never".to_owned(), |days| format!("{days} days"));
        let minutes = |minutes: i64| format!("{minutes} minutes");
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        let week = self.hours.week.iter().map(|day| match day {
            Some(span) => format!("{}–{}", clock(span.opens), clock(span.closes)),
            None => "closed".to_owned(),
        });
        let closed = self.hours.closed.iter().map(ToString::to_string);
        let up_to = self.approve_up_to_minor.map(|minor| Money::new(minor, self.currency));
        vec![
            ("name", self.name.clone()),
            ("currency", self.currency.code().to_owned()),
            ("time zone", self.time_zone.clone()),
            ("country", self.country.clone()),
            ("languages", self.languages.join(", ")),
            ("order prefix", self.order_prefix.clone()),
            ("invoice series", self.invoice_series.clone()),
            ("credit note series", self.credit_series.clone()),
            ("prices with tax", yes_no(self.tax_included)),
            ("tax rate", format!("{} ppm", self.tax_rate_ppm)),
            ("abandoning", yes_no(self.abandons)),
            ("time until abandoned", minutes(self.abandon_after_minutes)),
            ("time stock is held", minutes(self.stock_hold_minutes)),
            ("delivered after", days(self.deliver_after_days)),
            ("archived after", days(self.archive_after_days)),
            ("waiting for opening", yes_no(self.holds_after_hours)),
            ("approving by itself", yes_no(self.approves_itself)),
            ("approved by itself up to", up_to.map_or_else(|| "any total".to_owned(), |most| most.to_string())),
            ("ways of sending with a tracking number", self.tracked_ways.join(", ")),
            ("ways of paying", self.payment_methods.join(", ")),
            ("opening hours", week.collect::<Vec<_>>().join(", ")),
            ("closed days", closed.collect::<Vec<_>>().join(", ")),
        ]
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Opening hours of a market.
pub fn hours(conn: &mut Conn, market: MarketId) -> Result<Hours> {
    store::hours(conn, market)
}

/// Opens a market beside those there are.
///
/// # Errors
/// Refuses facts that do not fit, and more than a hundred markets.
pub fn open(tx: &mut Tx<'_>, actor: &Actor, facts: &MarketFacts) -> Result<Market> {
    let markets = locked(tx)?.markets;
    let facts = facts.tidy();
    facts.check("", &markets)?;
    if markets.len() >= MOST {
        return Err(Refusal::state("market.too_many", "A shop has a hundred markets at the most.").into());
    }
    let new = NewMarket {
        // The page of the form for another market is called new.
        slug: free_slug(&facts.name, &|slug| slug == "new" || markets.iter().any(|market| market.slug == slug)),
        name: facts.name.clone(),
        currency: facts.currency,
        time_zone: facts.time_zone.clone(),
        country: facts.country.clone(),
        order_prefix: facts.order_prefix.clone(),
    };
    let mut market = store::insert_market(tx, &new)?;
    facts.put(&mut market);
    store::save_market(tx, &market)?;
    store::replace_hours(tx, market.id, &facts.hours)?;
    tell(tx, actor, "market".to_owned(), String::new(), market.name.clone())?;
    Ok(market)
}

/// Changes a market. What it changes touches new orders only; timers go by what is set when they fire.
///
/// # Errors
/// Missing for an unknown market; refuses facts that do not fit.
pub fn change(tx: &mut Tx<'_>, actor: &Actor, slug: &str, facts: &MarketFacts) -> Result<Market> {
    let markets = Markets::load(tx.conn)?.markets;
    let found = markets.iter().find(|market| market.slug == slug).cloned();
    let mut market = found.ok_or_else(|| Error::Missing(format!("market “{slug}”")))?;
    let facts = facts.tidy();
    facts.check(slug, &markets)?;
    let before = MarketFacts::of(&market, store::hours(tx.conn, market.id)?);
    facts.put(&mut market);
    let after = MarketFacts::of(&market, facts.hours.clone());
    if before == after {
        return Ok(market);
    }
    store::save_market(tx, &market)?;
    if before.hours != after.hours {
        store::replace_hours(tx, market.id, &after.hours)?;
    }
    for ((what, before), (_, after)) in before.told().into_iter().zip(after.told()) {
        if before != after {
            tell(tx, actor, format!("{what} of the market {}", market.name), before, after)?;
        }
    }
    Ok(market)
}

/// What can be changed about a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelFacts {
    /// Name.
    pub name: String,
    /// What kind of place it is.
    pub kind: ChannelKind,
    /// Key of the way of paying that its new orders start with; empty for none.
    pub payment_method: String,
}

impl ChannelFacts {
    fn check(&self, slug: &str, channels: &[Channel]) -> Result<()> {
        let name = one_line(&self.name);
        if name.is_empty() || name.chars().count() > LONGEST {
            let message = "Give the channel a name of 80 characters at the most.";
            return Err(Refusal::field("channel.name", "channel_name", message).into());
        }
        if channels.iter().any(|known| known.slug != slug && words::fold(&known.name) == words::fold(&name)) {
            let message = "Another channel has this name. Choose another one.";
            return Err(Refusal::field("channel.name", "channel_name", message).into());
        }
        Ok(())
    }
}

/// Adds a channel to a market.
///
/// # Errors
/// Missing for an unknown market; refuses a name that is empty, long or taken.
pub fn add_channel(tx: &mut Tx<'_>, actor: &Actor, market: &str, facts: &ChannelFacts) -> Result<Channel> {
    let known = locked(tx)?;
    let market = known.markets.iter().find(|known| known.slug == market);
    let market = market.ok_or_else(|| Error::Missing("such market".to_owned()))?;
    facts.check("", &known.channels)?;
    if known.channels.len() >= MOST {
        return Err(Refusal::state("channel.too_many", "A shop has a hundred channels at the most.").into());
    }
    let name = one_line(&facts.name);
    let slug = free_slug(&name, &|slug| known.channels.iter().any(|channel| channel.slug == slug));
    let mut channel = store::insert_channel(tx, market.id, &slug, &name, facts.kind)?;
    channel.payment_method = facts.payment_method.clone();
    store::save_channel(tx, &channel)?;
    tell(tx, actor, format!("channel of the market {}", market.name), String::new(), name)?;
    Ok(channel)
}

/// Changes a channel.
///
/// # Errors
/// Missing for an unknown channel; otherwise as [`add_channel`].
pub fn change_channel(tx: &mut Tx<'_>, actor: &Actor, slug: &str, facts: &ChannelFacts) -> Result<Channel> {
    let channels = Markets::load(tx.conn)?.channels;
    let found = channels.iter().find(|channel| channel.slug == slug).cloned();
    let mut channel = found.ok_or_else(|| Error::Missing(format!("channel “{slug}”")))?;
    facts.check(slug, &channels)?;
    let before = channel.clone();
    channel.name = one_line(&facts.name);
    channel.kind = facts.kind;
    channel.payment_method = facts.payment_method.clone();
    store::save_channel(tx, &channel)?;
    let pairs = [
        ("name", before.name, channel.name.clone()),
        ("kind", before.kind.label().to_owned(), channel.kind.label().to_owned()),
        ("way of paying", before.payment_method, channel.payment_method.clone()),
    ];
    for (what, before, after) in pairs.into_iter().filter(|(_, before, after)| before != after) {
        tell(tx, actor, format!("{what} of the channel {}", channel.name), before, after)?;
    }
    Ok(channel)
}

/// A slug made of the name that nothing else has.
fn free_slug(name: &str, is_taken: &dyn Fn(&str) -> bool) -> String {
    let folded: String = words::split(name).join("-").chars().take(40).collect();
    let wanted = if folded.is_empty() { "market".to_owned() } else { folded };
    let numbered = (2..).map(|count| format!("{wanted}-{count}"));
    std::iter::once(wanted.clone()).chain(numbered).find(|slug| !is_taken(slug)).unwrap_or(wanted)
}

fn tell(tx: &mut Tx<'_>, actor: &Actor, setting: String, before: String, after: String) -> Result<()> {
    event::record(tx, actor, None, &Event::SettingsChanged { setting, before, after })
}
