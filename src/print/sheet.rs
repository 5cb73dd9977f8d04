//! The order details: everything about an order on paper, for the people of the shop. What somebody
//! may not see on screen is not on their paper either. Pure.

use super::codes::{self, Code};
use super::slip::{Part, Source, Sum, addresses, name, paid_how, sums, wishes};
use crate::time::long_when;

/// What the reader may see.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// Prices, totals and payments.
    pub money: bool,
    /// E-mail address and telephone.
    pub contact: bool,
}

/// One sheet of order details.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The number with what stands before it.
    pub name: String,
    /// What stands before the number.
    pub prefix: String,
    /// The bare number.
    pub number: i64,
    /// Where it stands.
    pub stage: String,
    /// When the customer ordered.
    pub placed: String,
    /// Where it came from.
    pub channel: String,
    /// Its name there.
    pub source: String,
    /// The customer's name.
    pub customer: String,
    /// E-mail address; empty for those who may not see it.
    pub email: String,
    /// Telephone; empty for those who may not see it.
    pub phone: String,
    /// Lines of the address it goes to.
    pub ship_to: Vec<String>,
    /// Lines of the address that pays, where it is another.
    pub bill_to: Option<Vec<String>>,
    /// How it is sent.
    pub method: String,
    /// Payment in words; empty for those who may not see it.
    pub payment: String,
    /// Parcels in words.
    pub parcels: Vec<String>,
    /// What was ordered.
    pub lines: Vec<SheetLine>,
    /// Totals; `None` for those who may not see them.
    pub sums: Option<Vec<Sum>>,
    /// Received and open amounts, under the totals.
    pub paid: Vec<Sum>,
    /// Tags.
    pub tags: Vec<String>,
    /// Whether it is a gift.
    pub gift: bool,
    /// What the giver wrote.
    pub gift_message: String,
    /// What the customer wrote with the order.
    pub customer_note: String,
    /// Notes for the customer.
    pub notes: Vec<String>,
    /// Bar code of the number.
    pub bar: Option<Code>,
    /// QR code that opens the order.
    pub qr: Option<Code>,
}

/// A row of a sheet.
#[derive(Clone, Debug)]
pub struct SheetLine {
    /// Units ordered.
    pub quantity: i64,
    /// Units taken out, shipped, come back: in words.
    pub state: String,
    /// What it is called.
    pub title: String,
    /// Variant and SKU.
    pub detail: String,
    /// What is in it, if it is a bundle.
    pub parts: Vec<Part>,
    /// Wishes for this line.
    pub wishes: Vec<String>,
    /// Where it lies.
    pub bin: String,
    /// Price of a unit.
    pub unit: String,
    /// Taken off the line.
    pub discount: String,
    /// Price of the line.
    pub total: String,
}

impl Sheet {
    /// Whether rows are narrow.
    pub fn is_dense(&self) -> bool {
        self.lines.len() > super::slip::DENSE_OVER
    }
}

/// The sheet of an order. `stage` and `channel` are its words.
pub fn sheet(source: &Source, sight: Sight, desk: &str, stage: &str, channel: &str) -> Sheet {
    let order = &source.order;
    let (ship_to, bill_to) = addresses(source);
    let shown = |allowed: bool, text: &str| if allowed { text.to_owned() } else { String::new() };
    let phone = if order.phone.is_empty() {
        order.ship_to().map(|address| address.phone).unwrap_or_default()
    } else {
        order.phone.clone()
    };
    let parcels = source.parcels.iter().enumerate().map(|(index, parcel)| {
        let parts = [format!("Parcel {}", index + 1), parcel.carrier.clone(), parcel.tracking.clone()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    });
    Sheet {
        name: name(&source.prefix, order.number),
        prefix: source.prefix.clone(),
        number: order.number,
        stage: stage.to_owned(),
        placed: long_when(order.placed_at, source.zone),
        channel: channel.to_owned(),
        source: order.source_ref.clone().unwrap_or_default(),
        customer: order.customer_name.clone(),
        email: shown(sight.contact, &order.email),
        phone: shown(sight.contact, &phone),
        ship_to,
        bill_to,
        method: order.shipping_method.clone(),
        payment: shown(sight.money, &paid_how(order)),
        parcels: parcels.collect(),
        lines: lines(source, sight),
        sums: sight.money.then(|| sums(order, &source.charges)),
        paid: if sight.money { paid(source) } else { Vec::new() },
        tags: order.tag_list(),
        gift: order.gift,
        gift_message: order.gift_message.trim().to_owned(),
        customer_note: order.customer_note.trim().to_owned(),
        notes: source.notes.clone(),
        bar: codes::bar(order.number),
        qr: codes::qr(&format!("{desk}/orders/{}", order.number)),
    }
}

fn lines(source: &Source, sight: Sight) -> Vec<SheetLine> {
    let order = &source.order;
    let amount = |minor: i64| if sight.money { order.money(minor).to_string() } else { String::new() };
    let row = |line: &crate::order::Line| {
        let counts = [
            (line.cancelled_quantity, "cancelled"),
            (line.packed_quantity, "packed"),
            (line.shipped_quantity, "shipped"),
            (line.returned_quantity, "returned"),
        ];
        let state = counts.iter().filter(|(units, _)| *units > 0).map(|(units, word)| format!("{units} {word}"));
        SheetLine {
            quantity: line.quantity,
            state: state.collect::<Vec<_>>().join(", "),
            title: line.title.clone(),
            detail: line.caption(),
            parts: source.parts(line, line.quantity - line.cancelled_quantity),
            wishes: wishes(line),
            bin: line.bin.clone(),
            unit: amount(line.unit_minor),
            discount: if line.discount_minor == 0 { String::new() } else { amount(-line.discount_minor) },
            total: amount(line.total_minor),
        }
    };
    source.lines.iter().map(row).collect()
}

/// What was received, given back and is still open.
fn paid(source: &Source) -> Vec<Sum> {
    let order = &source.order;
    let rows = [
        ("Received", order.captured_minor),
        ("Given back", -order.refunded_minor),
        ("Written off", order.written_off_minor),
        ("Authorised", order.authorized_minor),
        ("Still to pay", order.amount_due()),
    ];
    let rows = rows.into_iter().filter(|(_, minor)| *minor != 0);
    rows.map(|(label, minor)| Sum { label: label.to_owned(), amount: order.money(minor).to_string(), total: false })
        .collect()
}
