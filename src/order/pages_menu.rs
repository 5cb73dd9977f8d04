//! The menu of filters: every field of a filter as a control, showing what is chosen.

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;

use super::list::address;
use super::list::filter::{AGES, Archived, Assignee, Due, Placed};
use super::list::{Filter, Known, Wanted};
use super::pages_list::{known, may_ask, read_wanted};
use super::pages_row::Sight;
use super::{FulfilmentStatus, PaymentStatus};
use crate::staff::Staff;
use crate::staff::permission::ViewOrders;
use crate::web::{self, Answer, Desk, Query, Section, Shell, wants_fragment};

/// A choice in the filter menu.
pub(crate) struct Pick {
    pub value: String,
    pub label: String,
    pub on: bool,
}

/// The filter menu.
pub(crate) struct Menu {
    pub stages: Vec<Pick>,
    pub payments: Vec<Pick>,
    pub fulfilments: Vec<Pick>,
    pub channels: Vec<Pick>,
    pub not_channels: Vec<Pick>,
    pub markets: Vec<Pick>,
    pub placed: Vec<Pick>,
    pub from: String,
    pub to: String,
    pub flags: Vec<(&'static str, &'static str, Vec<Pick>)>,
    pub holds: Vec<Pick>,
    pub tags: Vec<String>,
    pub skus: Vec<String>,
    pub total_min: String,
    pub total_max: String,
    pub zone: String,
    pub currency: String,
}

/// The filter menu of a list.
pub(crate) fn menu(wanted: &Wanted, known: &Known) -> Menu {
    let filter = &wanted.filter;
    let pick = |value: &str, label: &str, on: bool| Pick { value: value.to_owned(), label: label.to_owned(), on };
    let channels = |chosen: &[String]| -> Vec<Pick> {
        known.markets.channels.iter().map(|c| pick(&c.slug, &c.name, chosen.contains(&c.slug))).collect()
    };
    let placed_key = Placed::PRESETS.iter().find(|row| Some(row.2) == filter.placed).map_or("", |row| row.0);
    let mut placed = vec![pick("", "Any day", placed_key.is_empty())];
    placed.extend(Placed::PRESETS.iter().map(|(key, label, _)| pick(key, label, *key == placed_key)));
    let (from, to) = match filter.placed {
        Some(Placed::Between(from, to)) => (from, to),
        _ => (None, None),
    };
    let day = |day: Option<chrono::NaiveDate>| day.map_or(String::new(), |day| day.to_string());
    let amount = |minor: Option<i64>| {
        minor.map_or(String::new(), |minor| crate::money::Money::new(minor, known.currency()).decimal())
    };
    Menu {
        stages: known
            .stages
            .iter()
            .filter(|s| s.active || filter.stages.contains(&s.slug))
            .map(|s| pick(&s.slug, &s.label, filter.stages.contains(&s.slug)))
            .collect(),
        payments: PaymentStatus::ALL.iter().map(|s| pick(s.as_str(), s.label(), filter.payments.contains(s))).collect(),
        fulfilments: FulfilmentStatus::ALL
            .iter()
            .map(|s| pick(s.as_str(), s.label(), filter.fulfilments.contains(s)))
            .collect(),
        channels: channels(&filter.channels),
        not_channels: channels(&filter.not_channels),
        markets: known
            .markets
            .markets
            .iter()
            .map(|m| pick(&m.slug, &m.name, filter.markets.contains(&m.slug)))
            .collect(),
        placed,
        from: day(from),
        to: day(to),
        flags: flags(filter),
        holds: known.holds.iter().map(|(key, word)| pick(key, word, filter.holds.iter().any(|h| h == key))).collect(),
        tags: filter.tags.clone(),
        skus: filter.skus.clone(),
        total_min: amount(filter.total_min),
        total_max: amount(filter.total_max),
        zone: known.zone().name().replace('_', " "),
        currency: known.currency().code().to_owned(),
    }
}

/// The fields of which one value is chosen: name, label, choices.
fn flags(filter: &Filter) -> Vec<(&'static str, &'static str, Vec<Pick>)> {
    let choices = |all: &[(&str, &str)], now: &str| -> Vec<Pick> {
        let any = Pick { value: String::new(), label: "Any".to_owned(), on: now.is_empty() };
        let rest = all.iter().map(|(v, l)| Pick { value: (*v).to_owned(), label: (*l).to_owned(), on: *v == now });
        std::iter::once(any).chain(rest).collect()
    };
    let yes_no = |flag: Option<bool>| match flag {
        Some(true) => "yes",
        Some(false) => "no",
        None => "",
    };
    let due = match filter.due {
        Some(Due::Late) => "late",
        Some(Due::Today) => "today",
        None => "",
    };
    let who = match filter.assignee {
        Some(Assignee::Me) => "me",
        Some(Assignee::Nobody) => "none",
        None => "",
    };
    let archived = match filter.archived {
        Archived::Exclude => "no",
        Archived::Only => "only",
        Archived::Include => "yes",
    };
    let ages: Vec<(&str, &str)> = AGES.iter().map(|age| (age.0, age.1)).collect();
    let age = filter.age.and_then(|index| AGES.get(index)).map_or("", |age| age.0);
    let mut archived_choices = choices(&[("no", "Left out"), ("yes", "Included"), ("only", "Only")], archived);
    archived_choices.remove(0);
    vec![
        ("due", "Due", choices(&[("late", "Late"), ("today", "Today or earlier")], due)),
        ("age", "Time in stage", choices(&ages, age)),
        ("printed", "Slip", choices(&[("yes", "Printed"), ("no", "Not printed")], yes_no(filter.printed))),
        ("note", "Note", choices(&[("yes", "Present"), ("no", "None")], yes_no(filter.noted))),
        ("gift", "Gift", choices(&[("yes", "Yes"), ("no", "No")], yes_no(filter.gift))),
        ("unread", "Messages", choices(&[("yes", "Unread"), ("no", "All read")], yes_no(filter.unread))),
        ("awaiting", "Reply", choices(&[("yes", "Awaited"), ("no", "Not awaited")], yes_no(filter.awaiting))),
        ("assignee", "Assigned to", choices(&[("me", "Me"), ("none", "Nobody")], who)),
        ("archived", "Archived", archived_choices),
    ]
}

#[derive(Template)]
#[template(path = "orders/filters.html", blocks = ["menu"])]
struct Filters {
    shell: Shell,
    sight: Sight,
    menu: Menu,
    wanted: Wanted,
}

/// `GET /orders/filters`: every filter of the list as a control, as a menu or as a page of its own.
pub async fn filters(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<ViewOrders>,
    pairs: Query<address::Pairs>,
) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Orders)?;
            let known = known(conn, &person, shell.now)?;
            let wanted = read_wanted(&pairs.0, &shell, &known)?;
            may_ask(&person, &wanted)?;
            Ok(Filters { menu: menu(&wanted, &known), sight: Sight::of(&person), wanted, shell })
        })
        .await?;
    if wants_fragment(&request) { web::page(&page.as_menu()) } else { web::page(&page) }
}

/// The parameters of a list but its search, spelled out without its view.
pub(crate) fn kept(wanted: &Wanted, known: &Known) -> address::Pairs {
    let was = wanted.view.clone().or(wanted.was.clone());
    let plain = Wanted { view: None, was, cursor: None, ..wanted.clone() };
    let mut pairs = plain.pairs(known);
    pairs.retain(|(name, _)| name != "q");
    pairs
}
