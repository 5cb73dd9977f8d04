//! Orders that arrive in files: a Shopify orders export, or any CSV with one row a line. A file is
//! read as a stream, an order is taken whole or not at all, and an order that is already here is
//! left as it is, so that importing a file twice changes nothing.

pub mod command;
pub mod decode;
pub mod groups;
pub mod lines;
pub mod pages;
pub mod reading;
pub mod rows;
pub mod run;
pub mod shopify;
mod store;
pub mod uploads;

use chrono_tz::Tz;

use groups::Group;

use crate::ids::{ChannelId, MarketId};
use crate::money::Currency;
use crate::order::{Draft, Past};
use crate::time::UtcTime;

crate::text_enum! {
    /// Why rows were refused, or that something about an order that was taken is worth knowing.
    pub enum Reason {
        /// The order was taken; this was noticed.
        Noted = "noted",
        /// The row itself is damaged: cut off, too large, too many cells.
        Damaged = "damaged",
        /// No order number.
        NoOrder = "no_order",
        /// A cell that is needed is empty.
        Missing = "missing",
        /// An amount cannot be read.
        Amount = "amount",
        /// A date cannot be read.
        Date = "date",
        /// A quantity cannot be read.
        Quantity = "quantity",
        /// A currency is not known, or changes within an order.
        Currency = "currency",
        /// The rows take an order back.
        Cancellation = "cancellation",
        /// A quantity below zero.
        NegativeQuantity = "negative_quantity",
        /// A price below zero.
        NegativePrice = "negative_price",
        /// Every line costs nothing.
        Free = "free",
        /// The parts do not add up to the stated total.
        Sums = "sums",
        /// More lines than an order takes.
        TooLong = "too_long",
        /// Not an order the desk can keep.
        Invalid = "invalid",
        /// Already here with other content.
        Differs = "differs",
        /// A row of an order that another row spoils.
        Spoiled = "spoiled",
    }
}

impl Reason {
    /// Words for the summary.
    pub fn label(self) -> &'static str {
        match self {
            Reason::Noted => "Taken, with a remark",
            Reason::Damaged => "Damaged row",
            Reason::NoOrder => "No order number",
            Reason::Missing => "A cell that is needed is empty",
            Reason::Amount => "Not an amount",
            Reason::Date => "Not a date",
            Reason::Quantity => "Not a quantity",
            Reason::Currency => "Currency not known",
            Reason::Cancellation => "Cancellation, not an order",
            Reason::NegativeQuantity => "Negative quantity",
            Reason::NegativePrice => "Negative price",
            Reason::Free => "Every line of the order costs 0",
            Reason::Sums => "Parts do not add up to the total",
            Reason::TooLong => "Too many lines",
            Reason::Invalid => "Not an order the desk can keep",
            Reason::Differs => "Already here with other content",
            Reason::Spoiled => "Another row of the order was refused",
        }
    }
}

/// Something to tell about a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Number of the row in the spreadsheet.
    pub row: u64,
    /// Line of the file at which it begins.
    pub line: u64,
    /// Name of the order, if the row has one.
    pub order: String,
    /// Why.
    pub reason: Reason,
    /// How many rows are left out by it; 0 for a remark.
    pub rows: u64,
    /// What is wrong and what to do, in whole sentences.
    pub message: String,
}

/// What does not stand in the file.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Market of the orders.
    pub market: MarketId,
    /// Channel of the orders.
    pub channel: ChannelId,
    /// Currency where the file names none.
    pub currency: Currency,
    /// Time zone of times without one.
    pub zone: Tz,
    /// When the file is read: the date of orders that have none.
    pub now: UtcTime,
}

/// An order read from a file, ready to be placed.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// What was ordered.
    pub draft: Draft,
    /// What already happened to it.
    pub past: Past,
}

/// What became of the rows of one order.
#[derive(Debug)]
pub struct Mapped {
    /// Its name in the file.
    pub name: String,
    /// Number of its first row.
    pub first_row: u64,
    /// Line at which that row begins.
    pub first_line: u64,
    /// How many rows it has.
    pub rows: u64,
    /// The order; none if it was refused.
    pub arrived: Option<Box<Arrived>>,
    /// What is wrong with it, or worth knowing.
    pub problems: Vec<Problem>,
}

impl Mapped {
    /// What a group is before it was read.
    fn of(group: &Group) -> Self {
        Mapped {
            name: group.name.clone(),
            first_row: group.first(),
            first_line: group.rows.first().map_or(0, |row| row.line),
            rows: group.count(),
            arrived: None,
            problems: Vec::new(),
        }
    }
    /// Refuses all its rows for one reason.
    pub fn refuse(&mut self, reason: Reason, message: impl Into<String>) {
        let (row, line, order) = (self.first_row, self.first_line, self.name.clone());
        self.arrived = None;
        self.problems = vec![Problem { row, line, order, reason, rows: self.rows, message: message.into() }];
    }
}

/// Takes the apostrophe away that spreadsheets and exports put before a cell to keep it a text:
/// `'98100`, `'+44 20`, `'=1+1`. A word that begins with one, such as `'t Hooft`, keeps it.
pub fn without_text_mark(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit() || "=+-@".contains(c)) => rest,
        _ => cell,
    }
}

/// A whole number as people and programs write it: `3`, `3.0`, `-1`, `−1`, `1,200`.
pub fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim().replace('−', "-");
    let text = text.strip_prefix('+').unwrap_or(&text);
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let (negative, digits) = whole.strip_prefix('-').map_or((false, whole), |digits| (true, digits));
    let mut groups = digits.split(',');
    let first = groups.next()?;
    let grouped = groups.all(|group| group.len() == 3) && (first.len() <= 3 || !digits.contains(','));
    let digits = digits.replace(',', "");
    if !grouped || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok().map(|number| if negative { -number } else { number })
}

/// Adds a line to a text of several.
fn add_line(text: &mut String, more: &str) {
    if !more.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(more);
    }
}

/// What a cell says, short enough for a sentence.
pub(crate) fn cut(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("“{short}…”") } else { format!("“{short}”") }
}
