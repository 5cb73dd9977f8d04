//! The stepper and the history of an order's page, read from its diary.

use super::Order;
use super::pages_parts::{Sight, when_due};
use crate::actor::ActorKind;
use crate::event::{self, Entry, Event, Moved};
use crate::moves::lifecycle::{EDGES, Edge};
use crate::time::{UtcTime, long_when};
use crate::web::Shell;
use crate::workflow::{Base, Stages};

/// The way to the customer.
const WAY: [Base; 6] = [Base::Placed, Base::Confirmed, Base::Approved, Base::Processed, Base::Shipped, Base::Delivered];

/// A step on the way.
#[derive(Clone, Debug)]
pub struct Step {
    pub base: Base,
    pub label: String,
    /// done, now or next.
    pub state: &'static str,
    /// When and by whom, or what is expected.
    pub caption: String,
}

/// The steps an order has taken, the one it is in, and those to come.
pub fn steps(shell: &Shell, order: &Order, story: &[Entry], stages: &Stages) -> Vec<Step> {
    let mut taken: Vec<(Base, String, UtcTime, String)> =
        vec![(Base::Placed, first_slug(story), order.placed_at, String::new())];
    for entry in story {
        match &entry.event {
            Event::OrderMoved(moved) => {
                if let Some(base) = Base::parse(&moved.to_base) {
                    take(&mut taken, base, &moved.to, entry.at, who(entry));
                }
            }
            Event::MoveUndone { from, .. } => {
                if let Some(stage) = stages.find(from) {
                    take(&mut taken, stage.base, from, entry.at, who(entry));
                }
            }
            _ => {}
        }
    }
    if taken.last().is_none_or(|(base, ..)| *base != order.base) {
        take(&mut taken, order.base, &order.stage, order.stage_entered_at, String::new());
    }
    let last = taken.len() - 1;
    let mut steps: Vec<Step> = taken
        .iter()
        .enumerate()
        .map(|(index, (base, slug, at, by))| {
            let by = if by.is_empty() { String::new() } else { format!(" · {by}") };
            let state = if index == last { "now" } else { "done" };
            Step { base: *base, label: stages.label(slug), state, caption: format!("{}{by}", shell.when(at)) }
        })
        .collect();
    if order.base.is_open() || order.base == Base::Shipped {
        steps.extend(to_come(shell, order, &taken, stages));
    }
    steps
}

fn first_slug(story: &[Entry]) -> String {
    story
        .iter()
        .find_map(|entry| match &entry.event {
            Event::OrderCreated { stage, .. } => Some(stage.clone()),
            _ => None,
        })
        .unwrap_or_else(|| Base::Placed.as_str().to_owned())
}

/// Enters a base: again, if the order was there before, or anew.
fn take(taken: &mut Vec<(Base, String, UtcTime, String)>, base: Base, slug: &str, at: UtcTime, by: String) {
    let aside = [Base::OnHold, Base::Archived, Base::Abandoned, Base::Cancelled, Base::Rejected];
    match taken.iter().position(|(known, ..)| *known == base) {
        Some(place) => {
            taken.truncate(place + 1);
            slug.clone_into(&mut taken[place].1);
        }
        None => {
            // What stood aside is over once the order goes on along the way.
            if WAY.contains(&base) {
                taken.retain(|(known, ..)| !aside.contains(known));
            }
            taken.push((base, slug.to_owned(), at, by));
        }
    }
}

fn to_come(shell: &Shell, order: &Order, taken: &[(Base, String, UtcTime, String)], stages: &Stages) -> Vec<Step> {
    let reached = taken.iter().filter_map(|(base, ..)| WAY.iter().position(|step| step == base)).max().unwrap_or(0);
    WAY.iter()
        .skip(reached + 1)
        .map(|base| {
            let caption = match (base, order.due_at) {
                (Base::Shipped, Some(due)) => format!("by {}", when_due(shell, due)),
                _ => String::new(),
            };
            let label = stages.default_of(*base).map_or_else(|_| base.to_string(), |stage| stage.label.clone());
            Step { base: *base, label, state: "next", caption }
        })
        .collect()
}

/// The first name of a colleague, or what kind of thing it was.
fn who(entry: &Entry) -> String {
    match entry.actor_kind {
        ActorKind::Staff => entry.actor_name.split_whitespace().next().unwrap_or_default().to_owned(),
        ActorKind::System => entry.actor_name.to_lowercase(),
        ActorKind::ApiKey | ActorKind::Customer | ActorKind::Channel => entry.actor_name.clone(),
    }
}

/// A line of the history.
#[derive(Debug)]
pub struct Line {
    pub icon: &'static str,
    pub who: String,
    pub words: String,
    pub quote: String,
    pub before: String,
    pub after: String,
    pub has_change: bool,
    pub at: UtcTime,
}

/// The history, oldest first, without what this person may not see.
pub fn history(shell: &Shell, story: &[Entry], stages: &Stages, sight: Sight) -> Vec<Line> {
    story
        .iter()
        .filter(|entry| sight.money || !entry.event.tells_money())
        .map(|entry| line(shell, entry, stages, sight))
        .collect()
}

fn line(shell: &Shell, entry: &Entry, stages: &Stages, sight: Sight) -> Line {
    let label = |slug: &str| stages.label(slug);
    let mut line = Line {
        icon: icon(&entry.event),
        who: entry.actor_name.clone(),
        words: String::new(),
        quote: String::new(),
        before: String::new(),
        after: String::new(),
        has_change: false,
        at: entry.at,
    };
    let hidden = (entry.event.tells_contact() && !sight.contact)
        || (matches!(entry.event, Event::LinesChanged(_)) && !sight.money);
    match &entry.event {
        Event::OrderUpdated { field, before, after } if !hidden => {
            let show = |text: &str| if field == "ship-by time" { due(shell, text) } else { text.to_owned() };
            line.words = format!("changed the {}", field.replace("email", "e-mail"));
            (line.before, line.after, line.has_change) = (show(before), show(after), true);
        }
        Event::NoteEdited { before, after, .. } => {
            line.words = "changed a note".to_owned();
            (line.before, line.after, line.has_change) = (before.clone(), after.clone(), true);
        }
        Event::NoteRemoved { before, .. } => {
            line.words = "removed a note".to_owned();
            line.quote = before.clone();
        }
        Event::OrderMoved(moved) => {
            line.words = format!("moved the order from {} to {}", label(&moved.from), label(&moved.to));
            line.quote = said(reason_of(moved), &moved.note);
        }
        Event::HoldPlaced { reason, note, until, .. } => {
            line.words = match until {
                Some(until) => format!("put the order on hold until {}", when_due(shell, *until)),
                None => "put the order on hold".to_owned(),
            };
            line.quote = said(hold_reason(reason), note);
        }
        Event::HoldReleased { reason, seconds, .. } => {
            let after = crate::time::brief_span(*seconds);
            line.words = format!("released the hold “{}” after {after}", hold_reason(reason));
        }
        other if hidden => line.words = event::discreet_sentence(other, &label),
        other => line.words = event::sentence(other, &label),
    }
    line
}

fn said(reason: String, note: &str) -> String {
    match (reason.is_empty(), note.is_empty()) {
        (_, true) => reason,
        (true, false) => note.to_owned(),
        (false, false) => format!("{reason}: {note}"),
    }
}

/// Words of a hold's reason.
pub fn hold_reason(key: &str) -> String {
    words_of(crate::moves::lifecycle::HOLD_REASONS, key)
}

fn reason_of(moved: &Moved) -> String {
    // A hold tells its reason in a line of its own.
    if moved.reason.is_empty() || moved.to_base == Base::OnHold.as_str() {
        return String::new();
    }
    let edge = |edge: &&Edge| edge.from.as_str() == moved.from_base && edge.to.as_str() == moved.to_base;
    words_of(EDGES.iter().find(edge).map_or(&[], Edge::reasons), &moved.reason)
}

fn words_of(reasons: &[(&str, &str)], key: &str) -> String {
    reasons
        .iter()
        .find(|(known, _)| *known == key)
        .map_or_else(|| key.replace('_', " "), |(_, words)| (*words).to_owned())
}

fn due(shell: &Shell, rfc3339: &str) -> String {
    match rfc3339.parse::<chrono::DateTime<chrono::Utc>>() {
        Ok(at) => long_when(UtcTime::from_datetime(at), shell.shop.zone),
        Err(_) => rfc3339.to_owned(),
    }
}

fn icon(event: &Event) -> &'static str {
    match event {
        Event::OrderCreated { .. } => "inbox",
        Event::OrderImported { .. } | Event::ImportFinished { .. } => "download",
        Event::OrderMoved(moved) => match Base::parse(&moved.to_base) {
            Some(Base::Processed) => "package",
            Some(Base::Shipped) => "truck-delivery",
            Some(Base::Delivered) => "circle-check",
            Some(Base::Cancelled | Base::Rejected) => "ban",
            Some(Base::OnHold) => "player-pause",
            Some(Base::Archived) => "archive",
            Some(Base::Returned) => "arrow-back-up",
            Some(Base::Placed | Base::Confirmed | Base::Approved | Base::Abandoned) | None => "check",
        },
        Event::MoveUndone { .. } => "arrow-back-up",
        Event::OrderUpdated { .. } | Event::LinesChanged(_) | Event::NoteEdited { .. } => "edit",
        Event::OrderTagged { .. } => "tag",
        Event::OrderAssigned { .. } => "user-circle",
        Event::HoldPlaced { .. } => "player-pause",
        Event::HoldReleased { .. } => "bolt",
        Event::InvoiceIssued { .. } => "receipt-refund",
        Event::PaymentRecorded { entry, .. } | Event::PaymentStarted { entry, .. }
            if entry == "refund" || entry == "goodwill" =>
        {
            "receipt-refund"
        }
        Event::PaymentRecorded { .. } | Event::PaymentStarted { .. } => "credit-card",
        Event::PaymentFailed { .. } | Event::AuthorizationLapsed { .. } | Event::AuthorizationExpiring { .. } => {
            "alert-triangle"
        }
        Event::ShipmentChanged { state, .. } if state == "shipped" => "package-export",
        Event::ShipmentChanged { .. } | Event::ParcelMade { .. } => "package",
        Event::UnitsCancelled { .. } => "ban",
        Event::ReturnChanged { .. } => "arrow-back-up",
        Event::NoteWritten { .. } => "note",
        Event::NoteRemoved { .. } => "trash",
        Event::MessageChanged { change, .. } if change == "failed" || change == "unsure" => "alert-triangle",
        Event::MessageRecorded { .. } | Event::MessageChanged { .. } => "message-circle",
        Event::LinkChanged { .. } => "world",
        Event::SlipPrinted { .. } => "printer",
        Event::StaffChanged { .. }
        | Event::StaffSignedIn { .. }
        | Event::CustomerChanged { .. }
        | Event::CustomerMerged { .. }
        | Event::CustomerErased { .. } => "users",
        Event::ProductChanged { .. } | Event::StockCounted { .. } | Event::StockLow { .. } => "building-warehouse",
        Event::SettingsChanged { .. }
        | Event::StageChanged { .. }
        | Event::KeyChanged { .. }
        | Event::WebhookChanged { .. }
        | Event::ViewChanged { .. } => "settings",
    }
}
