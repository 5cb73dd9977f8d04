//! The parcels of an order on its page: what is in them, where they are, what can be done with each.

use std::collections::HashMap;

use super::{Content, Shipment, ShipmentState, tracking};
use crate::ids::LineId;
use crate::order::pages_parts::Badge;
use crate::order::pages_way::{encoded, from_of};
use crate::order::{Line, Order};
use crate::staff::{Permission, Person};
use crate::time::UtcTime;
use crate::web::Shell;
use crate::workflow::Base;

/// The parcels card of an order's page.
#[derive(Debug)]
pub struct ParcelsPanel {
    pub number: i64,
    pub version: i64,
    pub back: String,
    pub sent: usize,
    pub rows: Vec<ParcelRow>,
    /// What is in no parcel yet, in words.
    pub open: String,
    pub may_work: bool,
    pub may_cancel: bool,
    pub may_print: bool,
}

/// A parcel.
#[derive(Debug)]
pub struct ParcelRow {
    pub uid: String,
    pub position: i64,
    pub contents: String,
    pub state: Badge,
    pub icon: &'static str,
    pub carrier: String,
    pub tracking: String,
    pub link: Option<String>,
    pub story: String,
    /// The next step: state and words.
    pub next: Option<(&'static str, &'static str)>,
    /// Whether sending it is next, which a form asks about.
    pub ships: bool,
    /// Steps back and aside: state and words.
    pub others: Vec<(&'static str, &'static str)>,
    pub may_split: bool,
    pub may_track: bool,
    /// Whether it is still being filled.
    pub fills: bool,
}

impl ParcelRow {
    /// Whether it has a menu of more to do.
    pub fn has_menu(&self, may_print: &bool) -> bool {
        *may_print || !self.others.is_empty() || self.may_split || self.may_track
    }
}

impl ParcelsPanel {
    /// Of an order as it was read.
    #[allow(clippy::too_many_arguments)]
    pub fn of(
        shell: &Shell,
        order: &Order,
        person: &Person,
        parcels: &[Shipment],
        contents: &[Content],
        lines: &[Line],
        back: &str,
    ) -> Self {
        let works = person.may(Permission::MoveOrders);
        let may_work = works && matches!(order.base, Base::Approved | Base::Processed);
        let corrects = person.may(Permission::CorrectOrders);
        let open: Vec<String> = lines
            .iter()
            .filter(|line| line.requires_shipping && line.quantities().open() > 0)
            .map(|line| format!("{} × {}", line.quantities().open(), line.title))
            .collect();
        let row = |parcel: &Shipment| ParcelRow::of(shell, order, parcel, contents, lines, works, corrects);
        let is_due = matches!(order.base, Base::Approved | Base::Processed);
        ParcelsPanel {
            number: order.number,
            version: order.version,
            back: back.to_owned(),
            sent: parcels.iter().filter(|parcel| parcel.state.has_left()).count(),
            rows: parcels.iter().map(row).collect(),
            open: if is_due { open.join(", ") } else { String::new() },
            may_work,
            may_cancel: is_due && person.may(Permission::CancelOrders),
            may_print: person.may(Permission::Print),
        }
    }
    /// Whether there is anything to show.
    pub fn is_there(&self) -> bool {
        !self.rows.is_empty() || !self.open.is_empty()
    }
    /// Whether there is something to put into a parcel, or a parcel to fill.
    pub fn may_fill(&self) -> bool {
        self.may_work && (!self.open.is_empty() || self.rows.iter().any(|row| row.fills))
    }
    /// How far they are, in words; `1 of 2 parcels sent`.
    pub fn summary(&self) -> String {
        match self.rows.len() {
            0 => "nothing packed yet".to_owned(),
            1 => format!("{} of 1 parcel sent", self.sent),
            many => format!("{} of {many} parcels sent", self.sent),
        }
    }
    /// The address of a form of this order's parcels.
    pub fn form_href(&self, path: &str) -> String {
        let from = from_of(&self.back);
        let from = if from.is_empty() { String::new() } else { format!("?from={}", encoded(&from)) };
        format!("/orders/{}/{path}{from}", self.number)
    }
}

impl ParcelRow {
    fn of(
        shell: &Shell,
        order: &Order,
        parcel: &Shipment,
        contents: &[Content],
        lines: &[Line],
        works: bool,
        corrects: bool,
    ) -> Self {
        let is_due = works && matches!(order.base, Base::Approved | Base::Processed);
        let (tone, glyph, word) =
            if parcel.is_held(order) { ("warn", "g-none", "On hold") } else { look(parcel.state) };
        let inside = contents.iter().filter(|content| content.shipment_id == parcel.id);
        let units: i64 = inside.map(|content| content.quantity).sum();
        let (next, others) = steps(order, parcel, is_due, works, corrects);
        ParcelRow {
            uid: parcel.uid.clone(),
            position: parcel.position,
            contents: inside_words(parcel, contents, lines),
            state: Badge { tone, glyph, words: word.to_owned() },
            icon: if parcel.state.has_left() { "package-export" } else { "package" },
            carrier: parcel.carrier.clone(),
            tracking: parcel.tracking.clone(),
            link: tracking::link(&parcel.carrier, &parcel.tracking),
            story: story(shell, parcel),
            next,
            ships: is_due && parcel.state == ShipmentState::Packed,
            others,
            may_split: is_due && !parcel.state.has_left() && units > 1,
            may_track: works,
            fills: matches!(parcel.state, ShipmentState::Draft | ShipmentState::Picking),
        }
    }
}

/// Colour, glyph and word of a state.
fn look(state: ShipmentState) -> (&'static str, &'static str, &'static str) {
    match state {
        ShipmentState::Draft => ("", "g-none", "Planned"),
        ShipmentState::Picking => ("info", "g-half", "Being picked"),
        ShipmentState::Packed => ("warn", "g-half", "Packed"),
        ShipmentState::Shipped => ("ok", "g-full", "In transit"),
        ShipmentState::Delivered => ("ok", "g-full", "Delivered"),
        ShipmentState::Cancelled => ("", "g-back", "Unpacked"),
    }
}

type Step = (&'static str, &'static str);

/// The next step of a parcel, and those aside.
fn steps(order: &Order, parcel: &Shipment, is_due: bool, works: bool, corrects: bool) -> (Option<Step>, Vec<Step>) {
    let may_correct = corrects && matches!(order.base, Base::Processed | Base::Shipped | Base::Delivered);
    match parcel.state {
        ShipmentState::Draft if is_due => {
            (Some(("packed", "Pack")), vec![("picking", "Start picking"), ("cancelled", "Take apart")])
        }
        ShipmentState::Picking if is_due => {
            (Some(("packed", "Pack")), vec![("draft", "Back to planned"), ("cancelled", "Take apart")])
        }
        ShipmentState::Packed if is_due => (None, vec![("picking", "Back to picking"), ("cancelled", "Take apart")]),
        ShipmentState::Shipped => {
            let back = if may_correct { vec![("packed", "Back to packed")] } else { Vec::new() };
            (works.then_some(("delivered", "Delivered")), back)
        }
        ShipmentState::Delivered if may_correct => (None, vec![("shipped", "Not arrived yet")]),
        ShipmentState::Draft
        | ShipmentState::Picking
        | ShipmentState::Packed
        | ShipmentState::Delivered
        | ShipmentState::Cancelled => (None, Vec::new()),
    }
}

/// `2 × Stoneware mug · 1.4 kg`.
fn inside_words(parcel: &Shipment, contents: &[Content], lines: &[Line]) -> String {
    let known: HashMap<LineId, &Line> = lines.iter().map(|line| (line.id, line)).collect();
    let (mut words, mut grams) = (Vec::new(), 0i64);
    for content in contents.iter().filter(|content| content.shipment_id == parcel.id) {
        if let Some(line) = known.get(&content.line_id) {
            words.push(format!("{} × {}", content.quantity, line.title));
            grams = grams.saturating_add(line.grams.saturating_mul(content.quantity));
        }
    }
    if grams > 0 {
        words.push(format!("{}.{} kg", grams / 1000, grams % 1000 / 100));
    }
    words.join(" · ")
}

fn story(shell: &Shell, parcel: &Shipment) -> String {
    let mut story = Vec::new();
    if let Some(at) = parcel.packed_at {
        let by = if parcel.packed_by.is_empty() { String::new() } else { format!(" by {}", parcel.packed_by) };
        story.push(format!("packed {}{by}", shell.when(&at)));
    } else {
        story.push(format!("planned {}", shell.when(&parcel.created_at)));
    }
    story.extend(parcel.shipped_at.map(|at: UtcTime| format!("left {}", shell.when(&at))));
    story.extend(parcel.delivered_at.map(|at| format!("arrived {}", shell.when(&at))));
    story.join(" · ")
}
