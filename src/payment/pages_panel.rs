//! The payments of an order on its page: what is promised, received and given back, what is due or
//! owed, and every row with what can be done about it.

use super::giving::lines_of_refunds;
use super::method::{self, Methods};
use super::{
    GOODWILL_REASONS, Payment, REFUND_REASONS, WRITE_OFF_REASONS, capturable, is_lapsed, is_to_try_again,
    may_write_off, open_captures, promised, refundable, stands,
};
use crate::db::Conn;
use crate::error::Result;
use crate::money::Money;
use crate::order::pages_parts::{Badge, payment_badge, when_due};
use crate::order::pages_way::encoded;
use crate::order::{EntryState, Line, Order, PaymentKind};
use crate::staff::{Permission, Person};
use crate::time::UtcTime;
use crate::web::Shell;
use crate::workflow::Base;

/// What the panel shows.
#[derive(Debug)]
pub struct Panel {
    pub status: Badge,
    pub method: String,
    pub authorised: String,
    pub captured: String,
    pub refunded: String,
    pub net: String,
    pub open_label: &'static str,
    pub open: String,
    pub is_open: bool,
    /// What this person can ask the customer for.
    pub asks: Option<String>,
    /// What to know above the rows: whether it is bad, and words.
    pub told: Vec<(bool, String)>,
    /// Address of the form that gives something back, if anything can be.
    pub refund: Option<String>,
    /// Address of the form that writes off what is open.
    pub write_off: Option<String>,
    /// Address of the form that gives beyond that.
    pub goodwill: Option<String>,
    pub rows: Vec<PanelRow>,
}

/// A row of the ledger, newest first.
#[derive(Debug)]
pub struct PanelRow {
    pub word: &'static str,
    pub tone: &'static str,
    pub about: String,
    pub lines: String,
    pub reference: String,
    pub at: UtcTime,
    pub amount: String,
    /// What can be done about it: address and words.
    pub acts: Vec<(String, &'static str)>,
}

/// What a person may do with money here.
#[derive(Clone, Copy)]
struct May {
    record: bool,
    refund: bool,
    forgive: bool,
}

impl Panel {
    /// From what was read of the order already, and the lines of its refunds.
    pub fn load(
        conn: &mut Conn,
        person: &Person,
        shell: &Shell,
        order: &Order,
        lines: &[Line],
        ledger: &[Payment],
        from: &str,
    ) -> Result<Panel> {
        let refunded = lines_of_refunds(conn, order)?;
        let ways = super::methods(conn)?;
        let may = May {
            record: person.may(Permission::RecordPayments),
            refund: person.may(Permission::RefundPayments),
            forgive: person.may(Permission::GiveGoodwill),
        };
        let money = |minor: i64| order.money(minor).to_string();
        let address = |path: &str| with_from(&format!("/orders/{}/{path}", order.number), from);
        let (open_label, open) = match (order.amount_due(), order.credit_owed()) {
            (0, owed) if owed > 0 => ("Owed to customer", owed),
            (due, _) => ("Still due", due),
        };
        let titles = |row: &Payment| -> String {
            let of_row = refunded.iter().filter(|(payment, _)| *payment == row.id);
            let words: Vec<String> = of_row
                .filter_map(|(_, line)| {
                    let title = &lines.iter().find(|known| known.id == line.line)?.title;
                    Some(if line.quantity > 0 { format!("{} × {title}", line.quantity) } else { title.clone() })
                })
                .collect();
            words.join(", ")
        };
        let rows = ledger
            .iter()
            .rev()
            .map(|entry| PanelRow {
                lines: titles(entry),
                about: about(shell, order, &ways, ledger, entry),
                ..row(shell, ledger, entry, may, &address)
            })
            .collect();
        Ok(Panel {
            status: payment_badge(order),
            method: if order.payment_method.is_empty() {
                "not known yet".to_owned()
            } else {
                ways.label(&order.payment_method)
            },
            authorised: money(authorised(ledger)),
            captured: money(order.captured_minor),
            refunded: money(-order.refunded_minor),
            net: money(order.net_minor()),
            open_label,
            open: money(open),
            is_open: open > 0,
            asks: (order.amount_to_ask_for() > 0 && order.base != Base::Archived && person.may(Permission::WriteNotes))
                .then(|| money(order.amount_to_ask_for())),
            told: told(shell, order, ledger),
            refund: (may.refund && !open_captures(ledger).is_empty()).then(|| address("refunds/new")),
            write_off: (may.forgive && may_write_off(order)).then(|| address("write-offs/new")),
            goodwill: may.forgive.then(|| address("goodwill/new")),
            rows,
        })
    }
}

fn with_from(path: &str, from: &str) -> String {
    if from.is_empty() {
        return path.to_owned();
    }
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}from={}", encoded(from))
}

/// What was promised in all and not let go.
fn authorised(ledger: &[Payment]) -> i64 {
    ledger
        .iter()
        .filter(|entry| entry.kind == PaymentKind::Authorization && entry.is_done())
        .filter(|entry| {
            !ledger.iter().any(|v| v.kind == PaymentKind::Void && v.is_done() && v.parent_id == Some(entry.id))
        })
        .map(|entry| entry.amount_minor)
        .sum()
}

fn told(shell: &Shell, order: &Order, ledger: &[Payment]) -> Vec<(bool, String)> {
    let mut told = Vec::new();
    for entry in ledger.iter().filter(|entry| entry.kind == PaymentKind::Authorization && entry.is_done()) {
        let (left, at) = (promised(ledger, entry), entry.expires_at);
        match at {
            Some(_) if left == 0 => {}
            Some(at) if at <= shell.now => {
                let words = format!("An authorisation of {} lapsed {}.", order.money(left), when_due(shell, at));
                told.push((true, words));
            }
            Some(at) if at <= shell.now.plus_minutes(2 * 24 * 60) => {
                let left = order.money(left);
                told.push((
                    false,
                    format!("An authorisation of {left} lapses {}. Capture it before.", when_due(shell, at)),
                ));
            }
            Some(_) | None => {}
        }
    }
    for entry in ledger.iter().filter(|entry| is_to_try_again(ledger, entry)) {
        told.push((true, format!("A refund of {} failed. Nothing was given back; try it again.", entry.money())));
    }
    match order.written_off_minor {
        0 => {}
        forgiven @ 1.. => told.push((false, format!("{} that was due was written off.", order.money(forgiven)))),
        kept => told.push((false, format!("{} that was owed was written off.", order.money(-kept)))),
    }
    let on_its_way: i64 = ledger
        .iter()
        .filter(|entry| entry.is_pending() && entry.kind == PaymentKind::Refund)
        .map(|entry| entry.amount_minor)
        .sum();
    if on_its_way > 0 {
        told.push((false, format!("A refund of {} is under way.", order.money(on_its_way))));
    }
    told
}

fn row(shell: &Shell, ledger: &[Payment], entry: &Payment, may: May, address: &dyn Fn(&str) -> String) -> PanelRow {
    let mut acts = Vec::new();
    match entry.kind {
        PaymentKind::Authorization if may.record && entry.is_done() && capturable(ledger, entry) > 0 => {
            if !is_lapsed(entry, shell.now) {
                acts.push((address(&format!("captures/new?of={}", entry.uid)), "Capture…"));
            }
            acts.push((address(&format!("voids/new?of={}", entry.uid)), "Release…"));
        }
        PaymentKind::Capture if may.refund && entry.is_done() && refundable(ledger, entry) > 0 => {
            acts.push((address(&format!("refunds/new?capture={}", entry.uid)), "Refund…"));
        }
        PaymentKind::Refund if may.refund && is_to_try_again(ledger, entry) => {
            acts.push((address(&format!("refunds/new?again={}", entry.uid)), "Try again…"));
        }
        PaymentKind::Authorization
        | PaymentKind::Capture
        | PaymentKind::Refund
        | PaymentKind::Void
        | PaymentKind::Goodwill
        | PaymentKind::WriteBack => {}
        PaymentKind::WriteOff if may.forgive && stands(ledger, entry) => {
            acts.push((address(&format!("write-offs/back?of={}", entry.uid)), "Take back…"));
        }
        PaymentKind::WriteOff => {}
    }
    let taken = matches!(entry.kind, PaymentKind::Refund | PaymentKind::Void | PaymentKind::Goodwill);
    let shown = if taken { Money::new(-entry.amount_minor, entry.currency) } else { entry.money() };
    let (word, tone) = word(entry);
    PanelRow {
        word,
        tone,
        about: String::new(),
        lines: String::new(),
        reference: if is_gift_card(entry) { String::new() } else { entry.reference.clone() },
        at: entry.created_at,
        amount: shown.to_string(),
        acts,
    }
}

fn is_gift_card(entry: &Payment) -> bool {
    method::same(&entry.method, method::GIFT_CARD)
}

fn word(entry: &Payment) -> (&'static str, &'static str) {
    match (entry.state, entry.kind) {
        (EntryState::Pending, PaymentKind::Refund) => ("Refund under way", "info"),
        (EntryState::Pending, _) => ("Under way", "info"),
        (EntryState::Failed, PaymentKind::Refund) => ("Refund failed", "bad"),
        (EntryState::Failed, _) => ("Failed", "bad"),
        (EntryState::Cancelled, _) => ("Withdrawn", "mute"),
        (EntryState::Succeeded, PaymentKind::Authorization) => ("Authorised", ""),
        (EntryState::Succeeded, PaymentKind::Capture) => ("Captured", ""),
        (EntryState::Succeeded, PaymentKind::Refund) => ("Refunded", ""),
        (EntryState::Succeeded, PaymentKind::Void) => ("Released", ""),
        (EntryState::Succeeded, PaymentKind::Goodwill) => ("Goodwill", ""),
        (EntryState::Succeeded, PaymentKind::WriteOff) => ("Written off", ""),
        (EntryState::Succeeded, PaymentKind::WriteBack) => ("Write-off taken back", ""),
    }
}

fn about(shell: &Shell, order: &Order, ways: &Methods, ledger: &[Payment], entry: &Payment) -> String {
    // The end of its code tells one gift card from another, on a phone too.
    let method = match entry.method.as_str() {
        "" => String::new(),
        key if is_gift_card(entry) => format!("{} {}", ways.label(key), entry.reference).trim().to_owned(),
        key => ways.label(key),
    };
    let by = if entry.actor_name.is_empty() { String::new() } else { format!("by {}", entry.actor_name) };
    let reasons = match entry.kind {
        PaymentKind::WriteOff | PaymentKind::WriteBack => WRITE_OFF_REASONS,
        PaymentKind::Goodwill => GOODWILL_REASONS,
        PaymentKind::Refund | PaymentKind::Authorization | PaymentKind::Capture | PaymentKind::Void => REFUND_REASONS,
    };
    let reason = reasons.iter().find(|(key, _)| *key == entry.reason);
    let reason = reason.map_or(String::new(), |(_, words)| words.to_lowercase());
    let more = match entry.kind {
        PaymentKind::Capture if !entry.is_final => "more to come".to_owned(),
        PaymentKind::Refund if entry.shipping_minor > 0 => {
            format!("{} of it shipping", order.money(entry.shipping_minor))
        }
        _ => String::new(),
    };
    let lapses = match entry.expires_at {
        // There is nothing left of it that could.
        Some(_) if promised(ledger, entry) == 0 => String::new(),
        Some(at) if at <= shell.now => format!("lapsed {}", when_due(shell, at)),
        Some(at) => format!("lapses {}", when_due(shell, at)),
        None => String::new(),
    };
    let parts = [method, reason, more, lapses, entry.problem.clone(), entry.note.clone(), by];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
