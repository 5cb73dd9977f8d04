//! Placing the orders of a file: in small transactions of many orders, each order whole or not at
//! all, an order that is here left as it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reading::{Kind, Manner, Reading};
use super::{Mapped, Problem, Reason, Setting, cut};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::ChannelId;
use crate::market::{self, ChannelKind, Markets};
use crate::money::{Currency, Money};
use crate::moves;
use crate::order::totals::add_up;
use crate::order::{self, Order, Outcome, Past, PaymentKind};
use crate::time::UtcTime;

/// Orders shown before an import.
const SHOWN: usize = 20;

/// What became of the orders and rows of a file so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows with something in them, without the column names.
    pub rows: u64,
    /// Orders made, or to be made.
    pub made: u64,
    /// Orders that were here with the same content.
    pub known: u64,
    /// Orders that were here with other content and were left as they are.
    pub differ: u64,
    /// Orders refused.
    pub refused: u64,
    /// Rows left out.
    pub rows_refused: u64,
    /// Rows left out by reason.
    pub reasons: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds what became of more orders.
    pub fn add(&mut self, more: &Tally) {
        self.rows += more.rows;
        self.made += more.made;
        self.known += more.known;
        self.differ += more.differ;
        self.refused += more.refused;
        self.rows_refused += more.rows_refused;
        for (reason, rows) in &more.reasons {
            *self.reasons.entry(reason.clone()).or_default() += rows;
        }
    }
    /// Rows left out, in words, most first.
    pub fn reasons_in_words(&self) -> Vec<(&'static str, u64)> {
        let known = |(reason, rows): (&String, &u64)| Some((Reason::parse(reason)?.label(), *rows));
        let mut words: Vec<(&'static str, u64)> = self.reasons.iter().filter_map(known).collect();
        words.sort_by_key(|(label, rows)| (std::cmp::Reverse(*rows), *label));
        words
    }
    fn count(&mut self, problems: &[Problem]) {
        for problem in problems.iter().filter(|problem| problem.rows > 0) {
            self.rows_refused += problem.rows;
            *self.reasons.entry(problem.reason.as_str().to_owned()).or_default() += problem.rows;
        }
    }
}

/// An order as the preview shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Number of its first row.
    pub row: u64,
    /// Its name in the file.
    pub name: String,
    /// When it was ordered, microseconds UTC.
    pub placed_at: i64,
    /// Customer.
    pub customer: String,
    /// Lines.
    pub lines: u64,
    /// Units.
    pub units: i64,
    /// Total in minor units.
    pub total_minor: i64,
    /// Currency.
    pub currency: Currency,
    /// Stage it will stand in.
    pub stage: String,
    /// Whether it is here already.
    pub known: bool,
}

impl Shown {
    /// Its total.
    pub fn total(&self) -> Money {
        Money::new(self.total_minor, self.currency)
    }
}

/// What an import would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// How the file is read.
    pub manner: Manner,
    /// Counts, with `made` for what would be made.
    pub tally: Tally,
    /// The first orders.
    pub orders: Vec<Shown>,
}

/// Who imports what, and what is to be told in the diary.
#[derive(Clone, Debug)]
pub struct Import {
    /// Who.
    pub actor: Actor,
    /// Name of the file.
    pub file: String,
}

/// Finds market, currency and zone of a file's orders. `channel` is made unless only a look is taken.
///
/// # Errors
/// Refuses an unknown currency or time zone; a shop that is not set up is ours.
pub fn setting(conn: &mut Conn, kind: &Kind, now: UtcTime) -> Result<Setting> {
    let markets = Markets::load(conn)?;
    let home = markets.markets.first().ok_or_else(|| {
        Refusal::state(
            "import.no_shop",
            "The shop is not set up yet. Set it up first: slipway setup, or in the browser.",
        )
    })?;
    let (mut currency, mut zone) = (home.currency, home.zone());
    if let Kind::Lines(wishes) = kind {
        if !wishes.currency.is_empty() {
            currency = Currency::parse(&wishes.currency).ok_or_else(|| {
                let message =
                    format!("There is no currency {}. Give its three letters, such as EUR.", cut(&wishes.currency));
                Refusal::field("import.currency", "currency", message)
            })?;
        }
        if !wishes.time_zone.is_empty() {
            zone = wishes.time_zone.parse().map_err(|_| {
                let message = format!("{} is no time zone. Give one such as Europe/Amsterdam.", cut(&wishes.time_zone));
                Refusal::field("import.time_zone", "time_zone", message)
            })?;
        }
    }
    let slug = channel_of(kind).0;
    let channel = markets.channels.iter().find(|channel| channel.slug == slug).map_or(ChannelId(0), |found| found.id);
    Ok(Setting { market: home.id, channel, currency, zone, now })
}

fn channel_of(kind: &Kind) -> (&'static str, &'static str, ChannelKind) {
    match kind {
        Kind::Shopify => ("shopify", "Shopify", ChannelKind::Web),
        Kind::Lines(_) => ("file", "File", ChannelKind::Import),
    }
}

/// The channel of a file's orders, made if it is not there.
pub fn channel(tx: &mut Tx<'_>, kind: &Kind) -> Result<ChannelId> {
    let home = Markets::load(tx.conn)?.home()?.id;
    let (slug, name, kind) = channel_of(kind);
    Ok(market::find_or_make_channel(tx, home, slug, name, kind)?.id)
}

/// The orders that are placed together: about so many rows.
///
/// # Errors
/// As [`Reading::next_order`].
pub fn next_batch(reading: &mut Reading, rows: u64) -> Result<Vec<Mapped>> {
    let (mut batch, mut weight) = (Vec::new(), 0);
    while weight < rows
        && let Some(mapped) = reading.next_order()?
    {
        weight += mapped.rows.max(1);
        batch.push(mapped);
    }
    Ok(batch)
}

/// Looks what placing these orders would do. Nothing is written.
///
/// # Errors
/// Only ours.
pub fn look(conn: &mut Conn, setting: &Setting, batch: Vec<Mapped>, preview: &mut Preview) -> Result<Vec<Problem>> {
    let mut problems = Vec::new();
    for mapped in batch {
        preview.tally.rows += mapped.rows;
        preview.tally.count(&mapped.problems);
        match &mapped.arrived {
            Some(arrived) => {
                let known =
                    setting.channel.0 != 0 && order::find_by_source(conn, setting.channel, &mapped.name)?.is_some();
                if known {
                    preview.tally.known += 1;
                } else {
                    preview.tally.made += 1;
                }
                if preview.orders.len() < SHOWN {
                    let draft = &arrived.draft;
                    preview.orders.push(Shown {
                        row: mapped.first_row,
                        name: mapped.name.clone(),
                        placed_at: draft.placed_at.unwrap_or(setting.now).0,
                        customer: draft.customer_name.clone(),
                        lines: draft.lines.len() as u64,
                        units: draft.lines.iter().map(|line| line.quantity).sum(),
                        total_minor: add_up(draft).total_minor,
                        currency: draft.currency,
                        stage: arrived.past.base.as_str().to_owned(),
                        known,
                    });
                }
            }
            None => preview.tally.refused += u64::from(!mapped.name.is_empty()),
        }
        problems.extend(mapped.problems);
    }
    Ok(problems)
}

/// Places these orders, each whole or not at all.
///
/// # Errors
/// Only ours; what is wrong with an order is among the problems.
pub fn place(tx: &mut Tx<'_>, import: &Import, batch: Vec<Mapped>) -> Result<(Tally, Vec<Problem>)> {
    let (mut tally, mut problems) = (Tally::default(), Vec::new());
    for mut mapped in batch {
        tally.rows += mapped.rows;
        if let Some(arrived) = mapped.arrived.take() {
            let placed = tx.attempt(|tx| {
                let placed = moves::place_past(tx, &import.actor, &arrived.draft, &arrived.past)?;
                if placed.outcome == Outcome::Made {
                    let reference = format!("{}, row {}", mapped.name, mapped.first_row);
                    let imported = Event::OrderImported { source: import.file.clone(), reference };
                    event::record(tx, &import.actor, Some(placed.order.id), &imported)?;
                }
                Ok(placed)
            });
            match placed {
                Ok(placed) => match placed.outcome {
                    Outcome::Made => tally.made += 1,
                    Outcome::Known => {
                        tally.known += 1;
                        mapped.problems.extend(behind(&mapped, &arrived.past, &placed.order));
                    }
                    Outcome::KnownButDiffers => {
                        tally.differ += 1;
                        let rows = mapped.rows - mapped.problems.iter().map(|problem| problem.rows).sum::<u64>();
                        mapped.problems.push(differs(&mapped, rows, &placed.order.shown_number()));
                    }
                },
                Err(Error::Refused(refusal)) => {
                    tally.refused += 1;
                    mapped.refuse(Reason::Invalid, Error::Refused(refusal).to_string());
                }
                Err(error) => return Err(error),
            }
        } else {
            tally.refused += u64::from(!mapped.name.is_empty());
        }
        tally.count(&mapped.problems);
        problems.append(&mut mapped.problems);
    }
    Ok((tally, problems))
}

/// What to tell when the file knows of money that the desk does not: the shop took or returned it elsewhere
/// since the order came in.
fn behind(mapped: &Mapped, past: &Past, order: &Order) -> Option<Problem> {
    let sum =
        |kind| past.payments.iter().filter(|entry| entry.kind == kind).map(|entry| entry.amount_minor).sum::<i64>();
    let parts: Vec<String> = [
        ("received", sum(PaymentKind::Capture), order.captured_minor),
        ("given back", sum(PaymentKind::Refund), order.refunded_minor),
    ]
    .into_iter()
    .filter(|(_, stated, known)| stated > known)
    .map(|(word, stated, known)| {
        let [stated, known] = [stated, known].map(|minor| Money::new(minor, order.currency));
        format!("{stated} {word} where the desk knows of {known}")
    })
    .collect();
    (!parts.is_empty()).then(|| Problem {
        row: mapped.first_row,
        line: mapped.first_line,
        order: mapped.name.clone(),
        reason: Reason::Noted,
        rows: 0,
        message: format!(
            "{} is already here as {number} and was left as it is. The file says {}. If so, record it at {number}.",
            mapped.name,
            parts.join(" and "),
            number = order.shown_number(),
        ),
    })
}

fn differs(mapped: &Mapped, rows: u64, number: &str) -> Problem {
    Problem {
        row: mapped.first_row,
        line: mapped.first_line,
        order: mapped.name.clone(),
        reason: Reason::Differs,
        rows,
        message: format!(
            "{} is already here as {number} with other lines or another total; it was left as it is. If rows of one \
             order stand far apart in this file, sort it by order. Otherwise correct {number} by hand.",
            mapped.name
        ),
    }
}
