//! What the diary is called outside: the names of events that programs choose and receive. Pure. Every
//! event of the diary is looked at here and nowhere else; most are nobody's business outside.

use super::Event;

crate::text_enum! {
    /// A name that programs know. It never changes its meaning.
    pub enum PublicName {
        /// An order came into being.
        OrderCreated = "order.created",
        /// An order entered another stage, or a move was taken back.
        OrderStageChanged = "order.stage_changed",
        /// Something else about an order changed: a field, its lines, tags, who is responsible.
        OrderUpdated = "order.updated",
        /// An order was cancelled.
        OrderCancelled = "order.cancelled",
        /// An order was put away.
        OrderArchived = "order.archived",
        /// Money was promised.
        PaymentAuthorized = "payment.authorized",
        /// Money was received.
        PaymentCaptured = "payment.captured",
        /// Money could not be had.
        PaymentFailed = "payment.failed",
        /// A promise was let go, or its time was over.
        PaymentVoided = "payment.voided",
        /// The time of a promise will be over within two days.
        PaymentExpiring = "payment.expiring",
        /// Money is to go back.
        RefundCreated = "refund.created",
        /// It went back.
        RefundSucceeded = "refund.succeeded",
        /// It could not be sent back.
        RefundFailed = "refund.failed",
        /// A parcel was begun.
        ShipmentCreated = "shipment.created",
        /// A parcel was packed.
        ShipmentPacked = "shipment.packed",
        /// A parcel left the shop.
        ShipmentShipped = "shipment.shipped",
        /// A parcel arrived.
        ShipmentDelivered = "shipment.delivered",
        /// Goods are to come back.
        ReturnRequested = "return.requested",
        /// They came back.
        ReturnReceived = "return.received",
        /// Nothing is left to do about them: dealt with, refused or withdrawn.
        ReturnClosed = "return.closed",
        /// An order may not go on.
        HoldPlaced = "hold.placed",
        /// It may go on.
        HoldReleased = "hold.released",
        /// A customer wrote.
        MessageReceived = "message.received",
        /// The shop wrote to a customer.
        MessageSent = "message.sent",
        /// As little of a product can be had as the shop calls low.
        StockLow = "stock.low",
    }
}

impl PublicName {
    /// The kinds of the diary among which events of this name are: see [`Event::kind`].
    pub fn kinds(self) -> &'static [&'static str] {
        use PublicName as N;
        match self {
            N::OrderCreated => &["order.created"],
            N::OrderStageChanged => &["order.stage_changed", "order.move_undone"],
            N::OrderCancelled | N::OrderArchived => &["order.stage_changed"],
            N::OrderUpdated => &[
                "order.updated",
                "order.lines_changed",
                "order.tagged",
                "order.assigned",
                "order.units_cancelled",
                "shipment.changed",
            ],
            N::PaymentAuthorized | N::PaymentCaptured | N::RefundSucceeded => &["payment.recorded"],
            N::PaymentFailed | N::RefundFailed => &["payment.failed"],
            N::PaymentVoided => &["payment.recorded", "payment.lapsed"],
            N::PaymentExpiring => &["payment.expiring"],
            N::RefundCreated => &["payment.started", "payment.recorded"],
            N::ShipmentCreated => &["shipment.made", "shipment.changed"],
            N::ShipmentPacked | N::ShipmentShipped | N::ShipmentDelivered => &["shipment.made", "shipment.changed"],
            N::ReturnRequested | N::ReturnReceived | N::ReturnClosed => &["return.changed"],
            N::HoldPlaced => &["hold.placed"],
            N::HoldReleased => &["hold.released"],
            N::MessageReceived | N::MessageSent => &["message.recorded"],
            N::StockLow => &["stock.low"],
        }
    }
}

/// The kinds of the diary that have any name outside.
pub fn told_kinds() -> Vec<&'static str> {
    let mut kinds: Vec<_> = PublicName::ALL.iter().flat_map(|name| name.kinds()).copied().collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// What an event is about, where it matters whether it is the first of that: a row of the ledger, a parcel.
pub fn subject(event: &Event) -> Option<&str> {
    match event {
        Event::PaymentStarted { payment, .. } | Event::PaymentRecorded { payment, .. } => Some(payment),
        Event::ShipmentChanged { shipment, .. } | Event::ParcelMade { shipment, .. } => Some(shipment),
        _ => None,
    }
}

/// What an event is called outside, the principal name first; nothing if it is nobody's business.
/// `is_first` says that no earlier event was about the same [`subject`].
pub fn names(event: &Event, is_first: bool) -> Vec<PublicName> {
    use PublicName as N;
    match event {
        Event::OrderCreated { .. } => vec![N::OrderCreated],
        Event::OrderMoved(moved) => match moved.to_base.as_str() {
            "cancelled" => vec![N::OrderStageChanged, N::OrderCancelled],
            "archived" => vec![N::OrderStageChanged, N::OrderArchived],
            _ => vec![N::OrderStageChanged],
        },
        Event::MoveUndone { .. } => vec![N::OrderStageChanged],
        Event::OrderUpdated { .. }
        | Event::LinesChanged(_)
        | Event::OrderTagged { .. }
        | Event::OrderAssigned { .. }
        | Event::UnitsCancelled { .. } => vec![N::OrderUpdated],
        Event::HoldPlaced { .. } => vec![N::HoldPlaced],
        Event::HoldReleased { .. } => vec![N::HoldReleased],
        Event::PaymentRecorded { entry, .. } => match (entry.as_str(), is_first) {
            ("authorization", _) => vec![N::PaymentAuthorized],
            ("capture", _) => vec![N::PaymentCaptured],
            ("void", _) => vec![N::PaymentVoided],
            // A refund that was begun earlier was told of then.
            (_, true) => vec![N::RefundCreated, N::RefundSucceeded],
            (_, false) => vec![N::RefundSucceeded],
        },
        Event::PaymentStarted { entry, .. } if gives_back(entry) => vec![N::RefundCreated],
        Event::PaymentStarted { .. } => Vec::new(),
        Event::PaymentFailed { entry, .. } if gives_back(entry) => vec![N::RefundFailed],
        Event::PaymentFailed { .. } => vec![N::PaymentFailed],
        Event::AuthorizationExpiring { .. } => vec![N::PaymentExpiring],
        Event::AuthorizationLapsed { .. } => vec![N::PaymentVoided],
        Event::ShipmentChanged { state, .. } | Event::ParcelMade { state, .. } => shipment_names(state, is_first),
        Event::ReturnChanged { state, units, .. } => return_names(state, !units.is_empty()),
        Event::MessageRecorded { direction, .. } if direction == "in" => vec![N::MessageReceived],
        Event::MessageRecorded { .. } => vec![N::MessageSent],
        Event::StockLow { .. } => vec![N::StockLow],
        Event::InvoiceIssued { .. }
        | Event::NoteWritten { .. }
        | Event::NoteEdited { .. }
        | Event::NoteRemoved { .. }
        | Event::MessageChanged { .. }
        | Event::LinkChanged { .. }
        | Event::SlipPrinted { .. }
        | Event::OrderImported { .. }
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
        | Event::WebhookChanged { .. }
        | Event::ImportFinished { .. } => Vec::new(),
    }
}

fn gives_back(entry: &str) -> bool {
    matches!(entry, "refund" | "goodwill")
}

fn shipment_names(state: &str, is_first: bool) -> Vec<PublicName> {
    use PublicName as N;
    let reached = match state {
        "packed" => Some(N::ShipmentPacked),
        "shipped" => Some(N::ShipmentShipped),
        "delivered" => Some(N::ShipmentDelivered),
        // Unpacked or only begun: what is to be sent changed.
        _ if !is_first => Some(N::OrderUpdated),
        _ => None,
    };
    is_first.then_some(N::ShipmentCreated).into_iter().chain(reached).collect()
}

fn return_names(state: &str, has_units: bool) -> Vec<PublicName> {
    use PublicName as N;
    match (state, has_units) {
        ("requested", _) => vec![N::ReturnRequested],
        ("received", _) => vec![N::ReturnReceived],
        // Received with nothing left to do.
        ("closed", true) => vec![N::ReturnReceived, N::ReturnClosed],
        ("closed" | "rejected" | "cancelled", _) => vec![N::ReturnClosed],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Before, MoneyFact, Moved};
    use crate::money::Currency;

    fn moved(to: &str) -> Event {
        Event::OrderMoved(Moved {
            from: "confirmed".into(),
            to: to.into(),
            from_base: "confirmed".into(),
            to_base: to.into(),
            reason: String::new(),
            note: String::new(),
            before: Before::default(),
            can_undo: true,
            quiet: false,
        })
    }

    fn refund() -> Event {
        Event::PaymentRecorded {
            entry: "refund".into(),
            payment: "p".into(),
            amount: MoneyFact { minor: 1, currency: Currency::EUR },
            method: String::new(),
            reference: String::new(),
            reason: String::new(),
        }
    }

    #[test]
    fn a_cancellation_has_two_names() {
        assert_eq!(names(&moved("cancelled"), true), [PublicName::OrderStageChanged, PublicName::OrderCancelled]);
        assert_eq!(names(&moved("approved"), true), [PublicName::OrderStageChanged]);
    }

    #[test]
    fn a_refund_is_created_once() {
        assert_eq!(names(&refund(), true), [PublicName::RefundCreated, PublicName::RefundSucceeded]);
        assert_eq!(names(&refund(), false), [PublicName::RefundSucceeded]);
    }

    #[test]
    fn every_name_is_found_among_its_kinds() {
        for event in [moved("cancelled"), moved("archived"), refund()] {
            for name in names(&event, true) {
                assert!(name.kinds().contains(&event.kind().as_str()), "{name}");
            }
        }
    }
}
