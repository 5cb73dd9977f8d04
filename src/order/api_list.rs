//! The list of orders as programs ask for it: filters that combine with AND, one sort, opaque cursors.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::api::{OrderJson, base_of, represent_all};
use super::list::filter::{Archived, Assignee, Filter, Known, Sort};
use super::list::{self, Count, Cursor, StageTotals, Wanted};
use super::pages_list::knowing;
use crate::api::{Paged, Pairs, Reply, empty};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::ids::StaffId;
use crate::market::Markets;
use crate::money::Money;
use crate::order::{FulfilmentStatus, PaymentStatus};
use crate::staff::permission::ViewOrders;
use crate::staff::{self, Caller, Permission, Program};
use crate::time::{UtcTime, start_of_day};
use crate::web::Answer;
use crate::workflow::Stages;

/// Orders on a page unless the program says otherwise.
const PAGE: usize = 50;
/// Orders on a page at the most.
pub const MOST: usize = 200;
/// Values of one parameter at the most.
const MOST_VALUES: usize = 50;
/// Longest value.
const LONGEST: usize = 400;

/// What orders can be asked for by. Several values, separated by commas or given repeatedly, widen a filter;
/// several filters narrow the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub struct OrderQuery {
    /// Words of the lifecycle: `pending`, `confirmed`, `on_hold`, `approved`, `processed`, `shipped`, `delivered`,
    /// `returned`, `cancelled`, `rejected`, `abandoned`, `archived`. `canceled` and `processing` are understood.
    #[param(example = "confirmed")]
    status: Option<String>,
    /// Stages of the shop by their slug, or every stage of a base: `base:approved`.
    stage: Option<String>,
    /// Payment statuses: `free`, `unpaid`, `voided`, `expired`, `pending`, `partially_authorized`, `authorized`,
    /// `partially_paid`, `paid`, `partially_refunded`, `refunded`.
    payment_status: Option<String>,
    /// Shipping statuses: `not_required`, `unfulfilled`, `in_progress`, `partially_shipped`, `shipped`, `delivered`,
    /// `partially_returned`, `returned`.
    shipping_status: Option<String>,
    /// Who ordered, by the name your own system gives them.
    #[param(example = "user789")]
    user_id: Option<String>,
    /// Slugs of markets (`GET /api/markets`).
    market: Option<String>,
    /// Slugs of channels (`GET /api/markets` too).
    channel: Option<String>,
    /// Tags.
    tag: Option<String>,
    /// Who is responsible: an e-mail address, or `none`.
    assignee: Option<String>,
    /// Keys of hold reasons, as a hold takes them.
    hold_reason: Option<String>,
    /// SKUs of lines.
    sku: Option<String>,
    /// Least total, in the currency of the first market.
    total_min: Option<String>,
    /// Largest total.
    total_max: Option<String>,
    /// Placed at or after: a day in the shop's time zone, or an instant (RFC 3339).
    created_from: Option<String>,
    /// Placed before: a day in the shop's time zone, or an instant. Not included itself.
    created_to: Option<String>,
    /// Changed at or after.
    updated_since: Option<String>,
    /// `exclude` (the default), `only` or `include`.
    archived: Option<String>,
    /// Words to search for: number, name, e-mail, telephone, SKU, title, address, tracking number, note.
    q: Option<String>,
    /// `created_at`, `updated_at`, `number`, `total`, `payment`, `stage`, `stage_entered_at`, `customer` or `due_at`;
    /// with `-` in front, the largest first. Ties are broken by the order they came in; a second key after a comma is
    /// taken where the first leaves no ties to speak of.
    #[param(example = "-created_at")]
    sort: Option<String>,
    /// Orders on a page, from 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// `exact`: tell how many orders there are in all, as far as that is known without counting thousands one by one.
    count: Option<String>,
}

/// A page of orders.
#[derive(Serialize, ToSchema)]
pub struct OrderPage {
    /// Its orders.
    pub orders: Vec<OrderJson>,
    /// Send this as `cursor` for the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// Whether there is a next page.
    pub has_more: bool,
    /// How many there are in all, if asked for and known without counting thousands one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// Whether there are more than `count` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_is_least: Option<bool>,
}

/// A list that a program asks for.
pub struct Asked {
    /// What of, how and from where.
    pub wanted: Wanted,
    /// Orders on a page.
    pub limit: usize,
    /// Whether they are counted.
    pub counted: bool,
}

/// What filters refer to, for this program. Nobody is `me` yet.
pub fn known(conn: &mut Conn, caller: &Caller) -> Result<Known> {
    let (stages, markets) = (Stages::load(conn)?, Markets::load(conn)?);
    Ok(knowing(stages, markets, caller.reach(), StaffId(0), UtcTime::now()))
}

/// Reads a list from its parameters. What `assignee` names becomes `me` of `known`.
///
/// # Errors
/// Names the parameter that is unknown, repeated or holds what it cannot, and says what it can.
pub fn read(conn: &mut Conn, caller: &Caller, pairs: &[(String, String)], known: &mut Known) -> Result<Asked> {
    let mut reader = Reader { pairs, known, filter: Filter::default() };
    reader.check_names()?;
    reader.words()?;
    reader.amounts()?;
    reader.instants()?;
    let assignee = reader.one("assignee")?.map(str::to_owned);
    let (sort, descending) = reader.sort()?;
    let limit = reader.limit()?;
    let counted = reader.choice("count", &["exact"])?.is_some();
    let cursor = match reader.one("cursor")? {
        Some(text) => Some(Cursor::read(text, true, sort, descending).map_err(|_| bad_cursor())?),
        None => None,
    };
    let mut filter = reader.filter;
    if let Some(assignee) = assignee {
        filter.assignee = Some(responsible(conn, known, &assignee)?);
    }
    if filter.asks_money() || sort.asks_money() {
        caller.must(Permission::ViewMoney)?;
    }
    Ok(Asked { wanted: Wanted { filter, sort, descending, cursor, view: None, was: None }, limit, counted })
}

fn bad_cursor() -> Refusal {
    let message = "This cursor is broken or belongs to another sort. Start from the first page.";
    Refusal::field("list.cursor", "cursor", message)
}

fn responsible(conn: &mut Conn, known: &mut Known, word: &str) -> Result<Assignee> {
    if word == "none" {
        return Ok(Assignee::Nobody);
    }
    let wanted = word.to_lowercase();
    let found = staff::members(conn)?.into_iter().find(|member| member.email == wanted || member.uid == wanted);
    let message = format!("Nobody here has the e-mail address {word}. Give one of the staff's, or none.");
    known.me = found.ok_or_else(|| Refusal::field("list.value", "assignee", message))?.id;
    Ok(Assignee::Me)
}

const MANY: [&str; 11] = [
    "status",
    "stage",
    "payment_status",
    "shipping_status",
    "user_id",
    "market",
    "channel",
    "tag",
    "hold_reason",
    "sku",
    "q",
];
const ONCE: [&str; 11] = [
    "assignee",
    "total_min",
    "total_max",
    "created_from",
    "created_to",
    "updated_since",
    "archived",
    "sort",
    "limit",
    "cursor",
    "count",
];
/// Words of sorts, and whether two orders hardly ever tie in them.
const SORTS: [(&str, Sort, bool); 9] = [
    ("created_at", Sort::Date, true),
    ("updated_at", Sort::Updated, true),
    ("number", Sort::Number, true),
    ("stage_entered_at", Sort::Age, true),
    ("total", Sort::Total, false),
    ("payment", Sort::Paid, false),
    ("stage", Sort::Stage, false),
    ("customer", Sort::Customer, false),
    ("due_at", Sort::Due, false),
];

struct Reader<'a> {
    pairs: &'a [(String, String)],
    known: &'a Known,
    filter: Filter,
}

fn bad(name: &str, value: &str, known: &[String]) -> Refusal {
    let hint = if known.is_empty() { String::new() } else { format!(" Known are {}.", known.join(", ")) };
    Refusal::field("list.value", name, format!("“{value}” is nothing that {name} can be.{hint}"))
        .allowing(known.to_vec())
}

impl Reader<'_> {
    fn check_names(&self) -> Result<()> {
        for (name, value) in self.pairs {
            if !MANY.contains(&name.as_str()) && !ONCE.contains(&name.as_str()) {
                let known: Vec<String> = MANY.iter().chain(&ONCE).map(|name| (*name).to_owned()).collect();
                let message =
                    format!("The list of orders knows no parameter called {name}. Known are {}.", known.join(", "));
                return Err(Refusal::field("request.unknown_parameter", name, message).allowing(known).into());
            }
            let several = MANY.contains(&name.as_str()) && name != "q";
            if value.trim().is_empty() || (several && value.split(',').any(|word| word.trim().is_empty())) {
                return Err(empty(name).into());
            }
            if value.chars().count() > LONGEST && name != "cursor" {
                let message = format!("{name} takes {LONGEST} characters at the most.");
                return Err(Refusal::field("list.too_long", name, message).into());
            }
        }
        Ok(())
    }
    fn one(&self, name: &str) -> Result<Option<&str>> {
        let mut values = self.pairs.iter().filter(|(own, _)| own == name);
        let first = values.next().map(|(_, value)| value.trim());
        if values.next().is_some() {
            let message = format!("{name} is given more than once. Give it once.");
            return Err(Refusal::field("list.repeated", name, message).into());
        }
        Ok(first)
    }
    fn many(&self, name: &str) -> Result<Vec<String>> {
        let mut found: Vec<String> = Vec::new();
        for (_, value) in self.pairs.iter().filter(|(own, _)| own == name) {
            for word in value.split(',').map(str::trim) {
                if !found.iter().any(|known| known == word) {
                    found.push(word.to_owned());
                }
            }
        }
        if found.len() > MOST_VALUES {
            let message = format!("{name} takes {MOST_VALUES} values at the most.");
            return Err(Refusal::field("list.too_many", name, message).into());
        }
        Ok(found)
    }
    fn choice(&self, name: &str, known: &[&str]) -> Result<Option<String>> {
        let Some(word) = self.one(name)? else { return Ok(None) };
        let known: Vec<String> = known.iter().map(|word| (*word).to_owned()).collect();
        if known.iter().any(|one| one == word) {
            Ok(Some(word.to_owned()))
        } else {
            Err(bad(name, word, &known).into())
        }
    }
    fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>, known: &[String]) -> Result<Vec<T>> {
        self.many(name)?.iter().map(|word| parse(word).ok_or_else(|| bad(name, word, known).into())).collect()
    }
    fn words(&mut self) -> Result<()> {
        let stages: Vec<String> = self.known.stages.iter().map(|stage| stage.slug.clone()).collect();
        let words: Vec<String> =
            crate::workflow::Base::ALL.iter().map(|b| super::api::status_word(*b).to_owned()).collect();
        let of_base = |base| self.known.stages.iter().filter(move |stage| stage.base == base).map(|s| s.slug.clone());
        let mut by_status: Vec<String> = Vec::new();
        for base in self.parsed("status", base_of, &words)? {
            by_status.extend(of_base(base));
        }
        let mut by_stage: Vec<String> = Vec::new();
        for word in self.many("stage")? {
            match word.strip_prefix("base:") {
                Some(base) => by_stage.extend(of_base(base_of(base).ok_or_else(|| bad("stage", &word, &words))?)),
                None if stages.contains(&word) => by_stage.push(word),
                None => return Err(bad("stage", &word, &stages).into()),
            }
        }
        self.filter.stages = match (by_status.is_empty(), by_stage.is_empty()) {
            (false, false) => {
                let both: Vec<String> = by_stage.into_iter().filter(|slug| by_status.contains(slug)).collect();
                // Nothing is called by punctuation alone.
                if both.is_empty() {
                    self.filter.search = ".".to_owned();
                }
                both
            }
            (false, true) => by_status,
            (true, _) => by_stage,
        };
        let all = |words: Vec<&'static str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let payments = all(PaymentStatus::ALL.iter().map(|status| status.as_str()).collect());
        let fulfilments = all(FulfilmentStatus::ALL.iter().map(|status| status.as_str()).collect());
        let payment = |word: &str| PaymentStatus::parse(&word.to_ascii_lowercase());
        let fulfilment = |word: &str| FulfilmentStatus::parse(&word.to_ascii_lowercase());
        self.filter.payments = self.parsed("payment_status", payment, &payments)?;
        self.filter.fulfilments = self.parsed("shipping_status", fulfilment, &fulfilments)?;
        let slug_of = |known: Vec<String>, name: &str| {
            self.parsed(name, |word| known.contains(&word.to_owned()).then(|| word.to_owned()), &known)
        };
        let markets = slug_of(self.known.markets.markets.iter().map(|market| market.slug.clone()).collect(), "market")?;
        let channels =
            slug_of(self.known.markets.channels.iter().map(|channel| channel.slug.clone()).collect(), "channel")?;
        let holds = slug_of(all(self.known.holds.iter().map(|(key, _)| *key).collect()), "hold_reason")?;
        (self.filter.markets, self.filter.channels, self.filter.holds) = (markets, channels, holds);
        self.filter.users = self.many("user_id")?;
        self.filter.tags = self.many("tag")?;
        self.filter.skus = self.many("sku")?;
        let searched: Vec<&str> =
            self.pairs.iter().filter(|(name, _)| name == "q").map(|(_, value)| value.trim()).collect();
        if !searched.is_empty() && self.filter.search.is_empty() {
            self.filter.search = searched.join(" ");
        }
        self.filter.archived = match self.choice("archived", &["exclude", "only", "include"])?.as_deref() {
            Some("only") => Archived::Only,
            Some("include") => Archived::Include,
            _ => Archived::Exclude,
        };
        Ok(())
    }
    fn amounts(&mut self) -> Result<()> {
        let currency = self.known.currency();
        let amount = |name: &str| -> Result<Option<i64>> {
            let Some(text) = self.one(name)? else { return Ok(None) };
            let money = Money::parse(text, currency).filter(|money| money.minor >= 0);
            let message = format!("“{text}” is no amount in {}, such as 49.50.", currency.code());
            Ok(Some(money.ok_or_else(|| Refusal::field("list.value", name, message))?.minor))
        };
        (self.filter.total_min, self.filter.total_max) = (amount("total_min")?, amount("total_max")?);
        Ok(())
    }
    fn instants(&mut self) -> Result<()> {
        let zone = self.known.zone();
        let at = |name: &str| -> Result<Option<UtcTime>> {
            let Some(text) = self.one(name)? else { return Ok(None) };
            let message = format!("“{text}” is no day (2026-11-21) and no instant (2026-11-21T08:00:00Z).");
            Ok(Some(instant(text, zone).ok_or_else(|| Refusal::field("list.value", name, message))?))
        };
        let (from, to) = (at("created_from")?, at("created_to")?);
        self.filter.updated_since = at("updated_since")?;
        self.filter.placed_between = (from.is_some() || to.is_some()).then_some((from, to));
        Ok(())
    }
    fn sort(&self) -> Result<(Sort, bool)> {
        let Some(text) = self.one("sort")? else { return Ok((Sort::Date, true)) };
        let known: Vec<String> = SORTS.iter().map(|(word, ..)| (*word).to_owned()).collect();
        let mut keys = Vec::new();
        for word in text.split(',').map(str::trim) {
            let (descending, name) = match word.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, word),
            };
            let found = SORTS.iter().find(|(key, ..)| *key == name).ok_or_else(|| bad("sort", name, &known))?;
            keys.push((found, descending));
        }
        match keys.as_slice() {
            [((_, sort, _), descending)] => Ok((*sort, *descending)),
            [((_, sort, true), descending), ..] => Ok((*sort, *descending)),
            [((word, ..), _), ..] => {
                let message = format!("After {word} the list can be sorted by nothing else. Give one key.");
                Err(Refusal::field("list.sort", "sort", message).into())
            }
            [] => Ok((Sort::Date, true)),
        }
    }
    fn limit(&self) -> Result<usize> {
        let Some(text) = self.one("limit")? else { return Ok(PAGE) };
        let read = text.parse::<usize>().ok().filter(|limit| (1..=MOST).contains(limit));
        let message = format!("“{text}” is no number from 1 to {MOST}.");
        Ok(read.ok_or_else(|| Refusal::field("list.value", "limit", message))?)
    }
}

/// An instant, or the beginning of a day in a zone.
pub fn instant(text: &str, zone: Tz) -> Option<UtcTime> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let in_reach = (1970..=9999).contains(&chrono::Datelike::year(&day));
        return in_reach.then(|| start_of_day(day, zone));
    }
    // A plus sign that nobody encoded arrives as a space.
    let at = DateTime::parse_from_rfc3339(&text.replace(' ', "+")).ok()?.with_timezone(&Utc);
    let in_reach = (1970..=9999).contains(&chrono::Datelike::year(&at));
    in_reach.then(|| UtcTime::from_datetime(at))
}

/// List orders
///
/// Filters combine with AND. The newest come first unless `sort` says otherwise. A page holds `limit` orders; follow
/// `next_cursor`, or the `Link` header, for the rest: nothing is skipped or repeated while orders arrive.
#[utoipa::path(
    get, path = "/api/orders", operation_id = "list_orders", tag = "Orders", params(OrderQuery),
    responses((status = 200, description = "A page of orders", body = OrderPage)),
)]
pub async fn index(program: Program<ViewOrders>, pairs: Pairs) -> Answer {
    program
        .read(move |conn, caller| {
            let mut known = known(conn, caller)?;
            let asked = read(conn, caller, &pairs.0, &mut known)?;
            let totals = StageTotals::load(conn, caller.reach())?;
            let (page, _) = list::page_of(conn, &asked.wanted, &known, &totals, &[], asked.limit)?;
            let next_cursor = page.next.as_ref().map(|cursor| cursor.write(asked.wanted.sort, asked.wanted.descending));
            let (count, count_is_least) = match (asked.counted, page.count) {
                (true, Count::Exactly(orders)) => (Some(orders), Some(false)),
                (true, Count::Many) => (Some(list::COUNTED), Some(true)),
                (true, Count::Unknown) => (None, Some(true)),
                (false, _) => (None, None),
            };
            let body = OrderPage {
                orders: represent_all(conn, caller, &page.orders)?,
                has_more: next_cursor.is_some(),
                next_cursor: next_cursor.clone(),
                count,
                count_is_least,
            };
            let paged = Paged { base: without_cursor(caller, &pairs.0), next: next_cursor };
            Ok(paged.link(Reply::ok(&body)?))
        })
        .await
}

/// Address of a list without its cursor.
pub fn without_cursor(caller: &Caller, pairs: &[(String, String)]) -> String {
    let kept = pairs.iter().filter(|(name, _)| name != "cursor");
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    match query.as_str() {
        "" => format!("{}{}", caller.base(), caller.path()),
        query => format!("{}{}?{query}", caller.base(), caller.path()),
    }
}
