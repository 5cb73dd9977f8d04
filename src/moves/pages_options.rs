//! The moves of an order as buttons and lines of its menu.

use super::Choice;
use super::lifecycle::{self, Edge, Kind};
use crate::order::{self, Order};
use crate::shipment::Shipment;
use crate::staff::{Permission, Person};
use crate::workflow::{Base, RequiredField, Stage};

/// A move as a button or a line of the menu.
#[derive(Clone, Debug)]
pub struct MoveOption {
    /// Slug of the stage it leads to.
    pub to: String,
    /// Base of that stage.
    pub base: Base,
    /// What kind of step.
    pub kind: Kind,
    /// What is done, verb first.
    pub label: String,
    /// Icon.
    pub icon: &'static str,
    /// What else it does.
    pub effect: String,
    /// What it lacks, as one text; empty if it can be taken.
    pub lacks: String,
    /// Whether a form follows.
    pub asks: bool,
}

impl MoveOption {
    fn of(order: &Order, choice: &Choice, parcels: &[Shipment], telling: &[String]) -> Self {
        let shipping = choice.edge.kind == Kind::Forward && choice.edge.to == Base::Shipped;
        let tells = choice.edge.kind != Kind::Correction && telling.contains(&choice.stage.slug);
        let asks = choice.edge.asks()
            || tells
            || shipping && wants_tracking(order, parcels)
            || asks_more(order, &choice.stage);
        let (label, icon) = verb(&choice.edge, &choice.stage.label);
        MoveOption {
            to: choice.stage.slug.clone(),
            base: choice.stage.base,
            kind: choice.edge.kind,
            label: if asks { format!("{label}…") } else { label },
            icon,
            effect: choice.effect.clone().unwrap_or_default(),
            lacks: choice.lacks.join(" "),
            asks,
        }
    }
    /// What is done, without the sign that a form follows.
    pub fn plain_label(&self) -> &str {
        self.label.trim_end_matches('…')
    }
    /// Whether it ends the order.
    pub fn is_stop(&self) -> bool {
        self.kind == Kind::Stop
    }
}

/// Whether the stage asks for something that comes with the move.
fn asks_more(order: &Order, stage: &Stage) -> bool {
    stage.requires().contains(&RequiredField::Note) && order.note_count == 0
}

/// Whether staff are asked for carrier and number: there are goods and no number is known yet.
pub(super) fn wants_tracking(order: &Order, parcels: &[Shipment]) -> bool {
    order.fulfilment_status != order::FulfilmentStatus::NotRequired
        // One number is for one parcel; of several, each is shipped with its own.
        && parcels.iter().filter(|parcel| !parcel.state.has_left()).count() < 2
        && parcels.iter().all(|parcel| parcel.state.has_left() || parcel.tracking.is_empty())
}

/// What is done, verb first, and its icon.
pub(super) fn verb(edge: &Edge, label: &str) -> (String, &'static str) {
    let lower = label.to_lowercase();
    match (edge.kind, edge.to) {
        (Kind::Forward, Base::Confirmed) if lower == "confirmed" => ("Confirm".to_owned(), "check"),
        (Kind::Forward, Base::Approved) if lower == "approved" => ("Approve".to_owned(), "check"),
        (Kind::Forward, Base::Shipped) => (format!("Mark as {lower}"), "truck-delivery"),
        (Kind::Forward, Base::Processed) => (format!("Mark as {lower}"), "package"),
        (Kind::Forward, _) => (format!("Mark as {lower}"), "circle-check"),
        (Kind::Return, _) => (format!("Mark as {lower}"), "arrow-back-up"),
        (Kind::Sibling, _) => (format!("Move to {label}"), "arrow-right"),
        (Kind::Hold, _) if lower == "on hold" => ("Put on hold".to_owned(), "player-pause"),
        (Kind::Hold, _) => (format!("Put on hold as {label}"), "player-pause"),
        (Kind::Release, _) => (format!("Release to {label}"), "bolt"),
        (Kind::Stop, Base::Rejected) if lower == "rejected" => ("Reject order".to_owned(), "ban"),
        (Kind::Stop, Base::Rejected) => (format!("Reject order as {label}"), "ban"),
        (Kind::Stop, _) if lower == "cancelled" => ("Cancel order".to_owned(), "ban"),
        (Kind::Stop, _) => (format!("Cancel order as {label}"), "ban"),
        (Kind::Incomplete, Base::Abandoned) => (format!("Mark as {lower}"), "clock"),
        (Kind::Incomplete, _) => (format!("Reopen as {label}"), "refresh"),
        (Kind::Shelf, Base::Archived) if lower == "archived" => ("Archive".to_owned(), "archive"),
        (Kind::Shelf, Base::Archived) => (format!("Archive as {label}"), "archive"),
        (Kind::Shelf, _) => (format!("Bring back to {label}"), "refresh"),
        (Kind::Correction, Base::Confirmed) if edge.from != Base::Approved => {
            (format!("Reinstate as {label}"), "refresh")
        }
        (Kind::Correction, _) => (format!("Back to {label}"), "arrow-back-up"),
    }
}

/// The moves of an order, sorted for its page.
#[derive(Debug, Default)]
pub struct Options {
    /// The big button.
    pub primary: Option<MoveOption>,
    /// Put on hold.
    pub hold: Option<MoveOption>,
    /// The other moves that can be taken.
    pub others: Vec<MoveOption>,
    /// Those that lack something.
    pub closed: Vec<MoveOption>,
}

impl Options {
    /// Of what may come next, without what this person may not do. `telling` are the stages of which the
    /// customer would be told, which is asked about first.
    pub fn of(order: &Order, person: &Person, choices: Vec<Choice>, parcels: &[Shipment], telling: &[String]) -> Self {
        let mut options = Options::default();
        if !person.may(Permission::MoveOrders) {
            return options;
        }
        let next = lifecycle::next(order.base);
        for choice in choices.iter().filter(|choice| may_take(person, &choice.edge)) {
            let option = MoveOption::of(order, choice, parcels, telling);
            let comes_back = matches!(order.base, Base::OnHold | Base::Archived)
                && matches!(choice.edge.kind, Kind::Release | Kind::Shelf);
            if options.primary.is_none() && (comes_back || next == Some(choice.edge.to)) {
                options.primary = Some(option);
            } else if choice.edge.kind == Kind::Hold && options.hold.is_none() {
                options.hold = Some(option);
            } else if option.lacks.is_empty() {
                options.others.push(option);
            } else {
                options.closed.push(option);
            }
        }
        options.others.sort_by_key(MoveOption::is_stop);
        options
    }
}

pub(super) fn may_take(person: &Person, edge: &Edge) -> bool {
    edge.kind != Kind::Stop || person.may(Permission::CancelOrders)
}
