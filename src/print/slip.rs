//! From an order to its packing slips: what stands on paper, in words. Pure. Internal notes have no
//! way in: a [`Source`] carries only what the customer may read.

use std::sync::Arc;

use chrono_tz::Tz;

use super::codes::{self, Code};
use super::natural;
use super::paper::Paper;
use crate::address::Address;
use crate::ids::ProductId;
use crate::money;
use crate::order::{self, Charge, ChargeKind, Line, Order};
use crate::payment;
use crate::time::{UtcTime, long_when};

/// From this many lines on, rows are narrow and without pictures.
pub const DENSE_OVER: usize = 12;

/// An order with all that its papers need.
#[derive(Clone, Debug)]
pub struct Source {
    /// The order.
    pub order: Order,
    /// Its lines by position.
    pub lines: Vec<Line>,
    /// What is in the bundles among its lines and those of orders printed with it.
    pub bundles: Arc<Vec<Inside>>,
    /// Its charges by position.
    pub charges: Vec<Charge>,
    /// Its parcels by position, without cancelled ones.
    pub parcels: Vec<Parcel>,
    /// Notes written for the customer, oldest first.
    pub notes: Vec<String>,
    /// What stands before the number: `ORD`.
    pub prefix: String,
    /// Time zone of its market.
    pub zone: Tz,
    /// Country the shop sends from.
    pub home: String,
}

/// A product in a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// The bundle.
    pub bundle: ProductId,
    /// Units in one bundle.
    pub quantity: i64,
    /// Stock-keeping unit.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind.
    pub variant: String,
    /// Where it lies.
    pub bin: String,
    /// Asset name of its picture.
    pub picture: String,
}

impl Source {
    /// What is in the product of a line; nothing unless it is a bundle.
    pub fn inside<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = &'a Inside> {
        self.bundles.iter().filter(|inside| Some(inside.bundle) == line.product_id)
    }
    /// The same as rows of a paper, for so many units of the line.
    pub fn parts(&self, line: &Line, units: i64) -> Vec<Part> {
        let part = |inside: &Inside| Part {
            quantity: inside.quantity.saturating_mul(units),
            title: inside.title.trim().to_owned(),
            detail: order::caption(&inside.variant, &inside.sku),
            bin: inside.bin.trim().to_owned(),
        };
        self.inside(line).map(part).collect()
    }
}

/// A part of a bundle on paper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Units in all bundles of the line.
    pub quantity: i64,
    /// What it is called.
    pub title: String,
    /// Variant and SKU.
    pub detail: String,
    /// Where it lies.
    pub bin: String,
}

/// A parcel and what is in it.
#[derive(Clone, Debug, Default)]
pub struct Parcel {
    /// Public identifier.
    pub uid: String,
    /// Carrier's name.
    pub carrier: String,
    /// Tracking number.
    pub tracking: String,
    /// Who packed it.
    pub packed_by: String,
    /// Units by key of the order line.
    pub contents: Vec<(i64, i64)>,
}

/// How it should be printed.
#[derive(Clone, Debug)]
pub struct Options {
    /// Paper.
    pub paper: Paper,
    /// Every order as a gift, not only those that are.
    pub gift: bool,
    /// With prices, where it is no gift.
    pub prices: bool,
    /// With pictures of the products.
    pub pictures: bool,
    /// Count this printing: the mark says which print this is going to be.
    pub next_print: bool,
    /// Address of the desk, without a slash at its end.
    pub desk: String,
}

/// One packing slip.
#[derive(Clone, Debug)]
pub struct Slip {
    /// The number with what stands before it: `ORD10473`.
    pub name: String,
    /// What stands before the number.
    pub prefix: String,
    /// The bare number.
    pub number: i64,
    /// When the customer ordered.
    pub placed: String,
    /// Lines of the address it goes to.
    pub ship_to: Vec<String>,
    /// How it is sent.
    pub method: String,
    /// Which parcel of how many, where there are parcels.
    pub parcel: Option<(usize, usize)>,
    /// Tracking number.
    pub tracking: String,
    /// Who packed it.
    pub packed_by: String,
    /// What is in the box.
    pub lines: Vec<SlipLine>,
    /// What comes later.
    pub to_follow: Vec<SlipLine>,
    /// Whether it is a gift.
    pub gift: bool,
    /// What the giver wrote.
    pub gift_message: String,
    /// What the customer wrote with the order; never on a gift.
    pub customer_note: String,
    /// Whether there is such a note that a gift does not show.
    pub note_left_out: bool,
    /// Notes for the customer.
    pub notes: Vec<String>,
    /// Which print this is, from 1.
    pub print: i64,
    /// Prices and totals, where they are wanted.
    pub sums: Option<Vec<Sum>>,
    /// Whether lines carry prices.
    pub prices: bool,
    /// How it is paid, with prices only.
    pub payment: String,
    /// Bar code of the bare number.
    pub bar: Option<Code>,
    /// QR code that opens the order on the desk.
    pub qr: Option<Code>,
}

/// A row of a slip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipLine {
    /// Units.
    pub quantity: i64,
    /// Units ordered, where that is another number.
    pub ordered: Option<i64>,
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
    /// Asset name of its picture.
    pub picture: String,
    /// Whether this line is a gift.
    pub gift: bool,
    /// Price of a unit; empty without prices.
    pub unit: String,
    /// Price of these units; empty without prices.
    pub total: String,
}

/// A row of the totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// What it is.
    pub label: String,
    /// Amount.
    pub amount: String,
    /// The last one.
    pub total: bool,
}

impl Slip {
    /// Whether rows are narrow.
    pub fn is_dense(&self) -> bool {
        self.lines.len() > DENSE_OVER
    }
    /// Units in the box.
    pub fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
    /// What it is called.
    pub fn title(&self) -> &'static str {
        if self.gift { "Gift slip" } else { "Packing slip" }
    }
}

/// The number with what stands before it.
pub fn name(prefix: &str, number: i64) -> String {
    if prefix.is_empty() { format!("#{number}") } else { format!("{prefix}{number}") }
}

/// The slips of an order: one a parcel and one for what is in none yet; one in all before anything is
/// packed.
pub fn slips(source: &Source, options: &Options) -> Vec<Slip> {
    let mut open: Vec<(&Line, i64)> = to_ship(source);
    if source.parcels.is_empty() {
        return vec![slip(source, options, None, &open, &[], (1, 1))];
    }
    let whole: i64 = open.iter().map(|(_, units)| units).sum();
    let boxed: i64 = source.parcels.iter().flat_map(|parcel| &parcel.contents).map(|(_, units)| units).sum();
    let boxes = source.parcels.len() + usize::from(boxed < whole);
    let mut slips = Vec::with_capacity(boxes);
    for (index, parcel) in source.parcels.iter().enumerate() {
        let inside = take(source, &mut open, parcel);
        slips.push(slip(source, options, Some(parcel), &inside, &open, (index + 1, boxes)));
    }
    if slips.len() < boxes {
        slips.push(slip(source, options, None, &open, &[], (boxes, boxes)));
    }
    slips
}

/// What has to go into boxes. An order of downloads only still lists them.
fn to_ship(source: &Source) -> Vec<(&Line, i64)> {
    let ships = source.lines.iter().any(|line| line.requires_shipping);
    source
        .lines
        .iter()
        .filter(|line| line.requires_shipping || !ships)
        .map(|line| (line, line.quantity - line.cancelled_quantity))
        .filter(|(_, units)| *units > 0)
        .collect()
}

/// Moves what is in the parcel out of what is open.
fn take<'a>(source: &'a Source, open: &mut Vec<(&'a Line, i64)>, parcel: &Parcel) -> Vec<(&'a Line, i64)> {
    let inside: Vec<(&Line, i64)> = source
        .lines
        .iter()
        .filter_map(|line| {
            let units: i64 = parcel.contents.iter().filter(|(key, _)| *key == line.id.0).map(|(_, units)| units).sum();
            (units > 0).then_some((line, units))
        })
        .collect();
    for (line, units) in open.iter_mut() {
        *units -= inside.iter().filter(|(other, _)| other.id == line.id).map(|(_, units)| units).sum::<i64>();
    }
    open.retain(|(_, units)| *units > 0);
    inside
}

fn slip(
    source: &Source,
    options: &Options,
    parcel: Option<&Parcel>,
    inside: &[(&Line, i64)],
    open: &[(&Line, i64)],
    (place, boxes): (usize, usize),
) -> Slip {
    let order = &source.order;
    let gift = options.gift || order.gift;
    let prices = options.prices && !gift && !inside.iter().any(|(line, _)| line.gift);
    let row = |(line, units): &(&Line, i64)| slip_line(source, line, *units, options, prices);
    let mut lines: Vec<SlipLine> = inside.iter().map(row).collect();
    lines.sort_by(|a, b| by_bin(&a.bin, &b.bin));
    let carrier = parcel.map(|parcel| parcel.carrier.trim()).filter(|carrier| !carrier.is_empty());
    let method = if order.shipping_method.is_empty() { carrier.unwrap_or_default() } else { &order.shipping_method };
    Slip {
        name: name(&source.prefix, order.number),
        prefix: source.prefix.clone(),
        number: order.number,
        placed: long_when(order.placed_at, source.zone),
        ship_to: order.ship_to().map(|address| address.lines(&source.home)).unwrap_or_default(),
        method: method.to_owned(),
        parcel: (parcel.is_some() || boxes > 1).then_some((place, boxes)),
        tracking: parcel.map(|parcel| parcel.tracking.clone()).unwrap_or_default(),
        packed_by: parcel.map(|parcel| parcel.packed_by.clone()).unwrap_or_default(),
        lines,
        to_follow: open.iter().map(row).collect(),
        gift,
        gift_message: if gift { order.gift_message.trim().to_owned() } else { String::new() },
        customer_note: if gift { String::new() } else { order.customer_note.trim().to_owned() },
        note_left_out: gift && !order.customer_note.trim().is_empty(),
        notes: source.notes.clone(),
        print: (order.print_count + i64::from(options.next_print)).max(1),
        sums: (prices && boxes == 1).then(|| sums(order, &source.charges)),
        prices,
        payment: if prices { paid_how(order) } else { String::new() },
        bar: codes::bar(order.number),
        qr: codes::qr(&format!("{}/orders/{}", options.desk, order.number)),
    }
}

/// Known places first, as they are walked; what lies nowhere comes last in its own order.
fn by_bin(one: &str, other: &str) -> std::cmp::Ordering {
    one.is_empty().cmp(&other.is_empty()).then_with(|| natural::compare(one, other))
}

fn slip_line(source: &Source, line: &Line, units: i64, options: &Options, prices: bool) -> SlipLine {
    let order = &source.order;
    let ordered = line.quantity - line.cancelled_quantity;
    let amount = |minor| if prices { order.money(minor).to_string() } else { String::new() };
    SlipLine {
        quantity: units,
        ordered: (ordered != units).then_some(ordered),
        title: line.title.trim().to_owned(),
        detail: line.caption(),
        parts: source.parts(line, units),
        wishes: wishes(line),
        bin: line.bin.trim().to_owned(),
        picture: if options.pictures { line.picture.clone() } else { String::new() },
        gift: line.gift,
        unit: amount(line.unit_minor),
        total: amount(money::share(line.total_minor, units, line.quantity)),
    }
}

/// Wishes for a line. Those whose name begins with an underscore are for programs.
pub(super) fn wishes(line: &Line) -> Vec<String> {
    let wishes = line.properties.lines().map(str::trim).filter(|wish| !wish.is_empty() && !wish.starts_with('_'));
    wishes.map(str::to_owned).collect()
}

/// The totals with their parts.
pub(super) fn sums(order: &Order, charges: &[Charge]) -> Vec<Sum> {
    let sum =
        |label: &str, minor: i64| Sum { label: label.to_owned(), amount: order.money(minor).to_string(), total: false };
    let mut sums = vec![sum("Subtotal", order.subtotal_minor)];
    let mut known_tax = false;
    for charge in charges {
        let label = match charge.kind {
            ChargeKind::Discount if !charge.code.is_empty() && charge.code != charge.label => {
                format!("{} ({})", or(&charge.label, "Discount"), charge.code)
            }
            ChargeKind::Discount => or(&charge.label, "Discount").to_owned(),
            ChargeKind::Shipping => "Shipping".to_owned(),
            ChargeKind::Tax => or(&charge.label, "Tax").to_owned(),
            ChargeKind::Fee => or(&charge.label, "Fee").to_owned(),
            ChargeKind::Rounding => or(&charge.label, "Rounding").to_owned(),
        };
        let included = charge.kind == ChargeKind::Tax && order.tax_included;
        known_tax |= charge.kind == ChargeKind::Tax;
        let mut row = sum(&if included { format!("{label}, included") } else { label }, charge.amount_minor);
        if charge.kind == ChargeKind::Shipping && charge.amount_minor == 0 {
            row.amount = "Free".to_owned();
        }
        sums.push(row);
    }
    if !known_tax && order.tax_minor != 0 {
        sums.push(sum(if order.tax_included { "Tax, included" } else { "Tax" }, order.tax_minor));
    }
    sums.push(Sum { total: true, ..sum("Total", order.total_minor) });
    sums
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.trim().is_empty() { otherwise } else { text }
}

/// How it is paid, in words: `Paid, bank transfer`.
pub(super) fn paid_how(order: &Order) -> String {
    let method = payment::method::label(&order.payment_method);
    let status = order.payment_status.label();
    if order.payment_method.is_empty() { status.to_owned() } else { format!("{status}, {method}") }
}

/// The two addresses of an order as lines; the second is `None` where they are the same.
pub(super) fn addresses(source: &Source) -> (Vec<String>, Option<Vec<String>>) {
    let ship_to = source.order.ship_to();
    let bill_to = source.order.bill_to().filter(|bill| !bill.is_empty() && Some(bill) != ship_to.as_ref());
    let lines = |address: &Address| address.lines(&source.home);
    (ship_to.as_ref().map(lines).unwrap_or_default(), bill_to.as_ref().map(lines))
}

/// When and by whom it was printed, for the foot.
pub fn printed(at: UtcTime, zone: Tz, by: &str) -> String {
    format!("Printed {} by {by}", long_when(at, zone))
}
