//! One thing that happened, as a screen is told of it. Pure. Neither amounts nor names of customers nor ways
//! to reach them are ever told; of money only that something was recorded, and that only to those who see it.

use std::sync::Arc;

use serde_json::json;

use crate::actor::ActorKind;
use crate::event::{Entry, Event};
use crate::ids::{MarketId, StaffId};

/// What those hear of an event who may not know what it was.
const DISCREET: (&str, &str) = ("order.updated", "changed this order");

/// An event, ready to be sent to whoever listens.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Its place in the diary.
    pub id: i64,
    /// Market of its order.
    pub market: MarketId,
    by: Option<StaffId>,
    open: Arc<str>,
    discreet: Arc<str>,
    own: Arc<str>,
    /// Who is called by it, and what they hear.
    called: Vec<StaffId>,
    call: Arc<str>,
}

impl Told {
    /// An event of the order with this number. `label` knows the shop's words for stages.
    pub fn of(entry: &Entry, number: i64, market: MarketId, label: &dyn Fn(&str) -> String) -> Told {
        let kind = entry.event.kind();
        let words = words(&entry.event, label);
        let is_money = entry.event.tells_money() || matches!(entry.event, Event::InvoiceIssued { .. });
        let (quiet_kind, quiet_words) = if is_money { DISCREET } else { (kind.as_str(), words.as_str()) };
        let by = match entry.actor_kind {
            ActorKind::Staff => entry.actor_key.map(StaffId),
            ActorKind::ApiKey | ActorKind::Customer | ActorKind::Channel | ActorKind::System => None,
        };
        let loud = is_loud(&entry.event);
        let frame = |kind: &str, words: &str, mine: bool, call: bool| -> Arc<str> {
            let news = json!({
                "call": call, "loud": call || (loud && !mine && kind != DISCREET.0),
                "kind": kind, "order": number, "seq": entry.seq, "new": matches!(entry.event, Event::OrderCreated { .. }),
                "mine": mine, "by": who(entry), "words": words,
            });
            format!("id: {}\ndata: {news}\n\n", entry.id).into()
        };
        let open = frame(&kind, &words, false, false);
        let discreet = if is_money { frame(quiet_kind, quiet_words, false, false) } else { open.clone() };
        let own = if by.is_some() { frame(quiet_kind, quiet_words, true, false) } else { open.clone() };
        let mut called = Vec::new();
        if let Event::NoteWritten { calls, .. } = &entry.event {
            called.extend(calls.iter().copied().map(StaffId));
        }
        let call =
            if called.is_empty() { open.clone() } else { frame(kind.as_str(), "mentioned you in a note", false, true) };
        Told { id: entry.id, market, by, open, discreet, own, called, call }
    }

    /// As this person hears it.
    pub fn heard_by(&self, person: StaffId, sees_money: bool) -> &str {
        if self.by != Some(person) && self.called.contains(&person) {
            return &self.call;
        }
        match (self.by == Some(person), sees_money) {
            (true, _) => &self.own,
            (false, true) => &self.open,
            (false, false) => &self.discreet,
        }
    }
}

/// What a screen that missed too much is told: look again.
pub(super) fn look_again(at: i64) -> String {
    format!("id: {at}\nevent: reload\ndata: {at}\n\n")
}

/// What a screen is told first: where it is, so that it can go on from there.
pub(super) fn here(at: i64) -> String {
    format!("retry: 1000\nid: {at}\nevent: here\ndata: {at}\n\n")
}

/// Whether it is worth a sound: an order, a customer who writes, money that could not be moved.
fn is_loud(event: &Event) -> bool {
    match event {
        Event::OrderCreated { .. } | Event::PaymentFailed { .. } => true,
        Event::MessageRecorded { direction, .. } => direction == "in",
        _ => false,
    }
}

/// Who did it. Customers are not named.
fn who(entry: &Entry) -> &str {
    match entry.actor_kind {
        ActorKind::Customer => "The customer",
        ActorKind::Staff | ActorKind::ApiKey | ActorKind::Channel | ActorKind::System => &entry.actor_name,
    }
}

/// What was done, to stand after a name.
fn words(event: &Event, label: &dyn Fn(&str) -> String) -> String {
    let plain = match event {
        Event::OrderMoved(moved) => return format!("moved this to {}", label(&moved.to)),
        Event::MoveUndone { to, .. } => return format!("moved this back to {}", label(to)),
        Event::OrderCreated { .. } | Event::OrderImported { .. } => "brought this order",
        Event::LinesChanged(_) => "changed the items",
        Event::OrderTagged { .. } => "changed the tags",
        Event::OrderAssigned { .. } => "changed who is responsible",
        Event::HoldPlaced { .. } => "put this on hold",
        Event::HoldReleased { .. } => "released a hold",
        Event::PaymentRecorded { .. } | Event::PaymentStarted { .. } => "recorded a payment or refund",
        Event::PaymentFailed { .. } => "could not move the money",
        Event::AuthorizationExpiring { .. } => "noted that an authorisation lapses soon",
        Event::AuthorizationLapsed { .. } => "let an authorisation lapse",
        Event::InvoiceIssued { .. } => "issued an invoice or credit note",
        Event::ShipmentChanged { .. } | Event::ParcelMade { .. } => "changed the parcels",
        Event::UnitsCancelled { .. } => "took units out of this order",
        Event::ReturnChanged { .. } => "changed a return",
        Event::NoteWritten { .. } | Event::NoteEdited { .. } | Event::NoteRemoved { .. } => "changed the notes",
        Event::MessageRecorded { .. } => "wrote a message",
        Event::MessageChanged { .. } => "changed a message",
        Event::LinkChanged { .. } => "changed the link to the customer’s page",
        Event::SlipPrinted { .. } => "printed the slip",
        Event::OrderUpdated { .. }
        | Event::StaffChanged { .. }
        | Event::StaffSignedIn { .. }
        | Event::SettingsChanged { .. }
        | Event::StageChanged { .. }
        | Event::CustomerChanged { .. }
        | Event::CustomerMerged { .. }
        | Event::CustomerErased { .. }
        | Event::KeyChanged { .. }
        | Event::ViewChanged { .. }
        | Event::ProductChanged { .. }
        | Event::StockCounted { .. }
        | Event::StockLow { .. }
        | Event::WebhookChanged { .. }
        | Event::ImportFinished { .. } => DISCREET.1,
    };
    plain.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::MoneyFact;
    use crate::money::Currency;
    use crate::time::UtcTime;

    const ANA: StaffId = StaffId(7);
    const JON: StaffId = StaffId(8);

    fn told(event: Event) -> Told {
        let entry = Entry {
            id: 41,
            uid: String::new(),
            seq: 3,
            event,
            actor_kind: ActorKind::Staff,
            actor_key: Some(ANA.0),
            actor_name: "Ana\nPires".into(),
            at: UtcTime(0),
        };
        Told::of(&entry, 10468, MarketId(1), &|slug| slug.to_owned())
    }

    #[test]
    fn a_payment_is_named_only_to_those_who_see_money() {
        let amount = MoneyFact { minor: 123_456, currency: Currency::EUR };
        let told = told(Event::PaymentFailed {
            entry: "capture".into(),
            payment: "p".into(),
            amount,
            problem: "Declined".into(),
        });
        assert!(told.heard_by(JON, true).contains("payment.failed"));
        for heard in [told.heard_by(JON, false), told.heard_by(ANA, true)] {
            assert!(heard.contains("order.updated") && !heard.contains("money"), "{heard}");
        }
        assert!([true, false].iter().all(|money| !told.heard_by(JON, *money).contains("1234")));
    }

    #[test]
    fn ones_own_news_says_so_and_a_frame_is_three_lines() {
        let told = told(Event::OrderTagged { added: vec!["gift".into()], removed: Vec::new() });
        assert!(told.heard_by(ANA, true).contains("\"mine\":true"));
        let heard = told.heard_by(JON, true);
        assert!(heard.contains("\"mine\":false") && heard.starts_with("id: 41\ndata: {") && heard.ends_with("}\n\n"));
        assert_eq!(heard.lines().count(), 3);
    }
}
