//! Reading a file order by order, whichever kind it is. Pure but for the source.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::decode::Source;
use super::groups::{Group, Groups};
use super::lines::{self, Dates, Decimal, Field, Layout, Wishes};
use super::rows::{Fault, Row, Rows};
use super::shopify;
use super::{Mapped, Reason, Setting};
use crate::error::{Refusal, Result};
use crate::ids::ChannelId;
use crate::workflow::Base;

/// Rows looked at to find out how dates and amounts are written.
const SAMPLE: usize = 500;

/// What kind of file is read, and what a person said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// A Shopify orders export.
    Shopify,
    /// A plain CSV with one row a line.
    Lines(Wishes),
}

impl Kind {
    /// Its stable name.
    pub fn key(&self) -> &'static str {
        match self {
            Kind::Shopify => "shopify",
            Kind::Lines(_) => "lines",
        }
    }
}

enum Format {
    Shopify(shopify::Columns),
    Lines(Layout),
}

/// A file being read.
pub struct Reading {
    rows: Rows,
    header: Row,
    format: Format,
    setting: Setting,
    ahead: VecDeque<Row>,
    groups: Groups,
    /// Name of the order that the last row belonged to.
    last: String,
    over: bool,
    seen: u64,
}

impl Reading {
    /// Opens a file, finds its columns and looks at its first rows.
    ///
    /// # Errors
    /// Refuses a file that cannot be one of this kind, saying what it is and what to do.
    pub fn open(source: Source, kind: &Kind, setting: Setting) -> Result<Self> {
        let mut rows = Rows::open(source)?;
        let header = loop {
            match rows.next_row()? {
                Some(row) if row.is_blank() => {}
                Some(row) => break row,
                None => return Err(nothing_below()),
            }
        };
        let (columns, sample) = match kind {
            Kind::Shopify => (Some(shopify::Columns::read(&header)?), 1),
            Kind::Lines(_) => (None, SAMPLE),
        };
        let mut ahead = VecDeque::new();
        while ahead.len() < sample
            && let Some(row) = rows.next_row()?
        {
            if !row.is_blank() {
                ahead.push_back(row);
            }
        }
        if ahead.is_empty() {
            return Err(nothing_below());
        }
        let format = match (columns, kind) {
            (Some(columns), _) => Format::Shopify(columns),
            (None, Kind::Lines(wishes)) => Format::Lines(layout(&header, &ahead, wishes, &setting)?),
            (None, Kind::Shopify) => return Err(nothing_below()),
        };
        let groups = Groups::default();
        Ok(Reading { rows, header, format, setting, ahead, groups, last: String::new(), over: false, seen: 0 })
    }

    /// Says which channel the orders belong to, once it is known.
    pub fn placed_in(&mut self, channel: ChannelId) {
        self.setting.channel = channel;
    }

    /// The next order, refused or not; `None` at the end. A row without an order comes alone.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub fn next_order(&mut self) -> Result<Option<Mapped>> {
        loop {
            if let Some(group) = self.groups.overflow() {
                return Ok(Some(self.map(&group)));
            }
            if self.over {
                let last = self.groups.close();
                return Ok(last.map(|group| self.map(&group)));
            }
            let Some(row) = self.next_row()? else {
                self.over = true;
                continue;
            };
            if row.is_blank() || row.same_as(&self.header) {
                continue;
            }
            self.seen += 1;
            match self.name_of(&row) {
                Some(name) => {
                    self.groups.push(&name, row);
                    self.last = name;
                }
                None => return Ok(Some(without_order(row))),
            }
        }
    }

    fn next_row(&mut self) -> Result<Option<Row>> {
        match self.ahead.pop_front() {
            Some(row) => Ok(Some(row)),
            None => self.rows.next_row(),
        }
    }

    /// The order a row belongs to. A row that is cut off before its order's name ends belongs to the
    /// order before it, which may lack it.
    fn name_of(&self, row: &Row) -> Option<String> {
        let (name, index) = match &self.format {
            Format::Shopify(columns) => (columns.of(row, "Name"), columns.place("Name")),
            Format::Lines(layout) => (layout.columns.of(row, Field::Order), layout.columns.place(Field::Order)),
        };
        let name = super::without_text_mark(name);
        let is_cut = row.fault == Some(Fault::Unclosed)
            || (row.fault == Some(Fault::NoLineEnd) && row.width() < self.header.width());
        let continues = match &self.format {
            Format::Shopify(columns) => name.is_empty() && !shopify::is_head(columns, row),
            Format::Lines(_) => false,
        };
        if continues || (is_cut && row.width() <= index + 1) {
            return Some(self.last.clone()).filter(|last| !last.is_empty());
        }
        Some(name.chars().take(200).collect()).filter(|name: &String| !name.is_empty())
    }

    fn map(&self, group: &Group) -> Mapped {
        match &self.format {
            Format::Shopify(columns) => shopify::map(columns, &self.setting, group),
            Format::Lines(layout) => lines::map(layout, &self.setting, group),
        }
    }

    /// Rows read so far, without blank ones and the column names.
    pub fn rows_read(&self) -> u64 {
        self.seen
    }
    /// Bytes of text read so far.
    pub fn bytes_read(&self) -> u64 {
        self.rows.bytes_read()
    }
    /// How the file is read.
    pub fn manner(&self) -> Manner {
        let (columns, mut remarks) = match &self.format {
            Format::Shopify(_) => (Vec::new(), Vec::new()),
            Format::Lines(layout) => {
                let chosen = layout.columns.chosen(&self.header);
                (
                    chosen.into_iter().map(|(field, heading)| (field.as_str().to_owned(), heading)).collect(),
                    remarks(layout),
                )
            }
        };
        if let Format::Lines(_) = &self.format {
            remarks.push(format!("Amounts without a currency are {}.", self.setting.currency));
        }
        Manner {
            coding: self.rows.coding().to_owned(),
            delimiter: self.rows.delimiter().to_owned(),
            width: self.header.width() as u64,
            headings: self.header.cells().map(|cell| cell.trim().chars().take(80).collect()).take(200).collect(),
            columns,
            remarks,
        }
    }
}

fn remarks(layout: &Layout) -> Vec<String> {
    let mut remarks = Vec::new();
    if layout.columns.has(Field::Date) {
        let proof = if layout.dates_proved {
            ""
        } else {
            " No date among the first rows proves it; say so if it is otherwise."
        };
        remarks.push(format!("Dates are read as {}.{proof}", layout.dates.label()));
    } else {
        remarks.push("No column is a date, so every order gets today's.".to_owned());
    }
    remarks.push(format!("Before the cents stands a {}.", layout.decimal.label()));
    remarks
}

/// How a file is read, for telling people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manner {
    /// Its encoding.
    pub coding: String,
    /// What stands between its cells.
    pub delimiter: String,
    /// How many columns it has.
    pub width: u64,
    /// Their headings.
    pub headings: Vec<String>,
    /// For lines: field and heading.
    pub columns: Vec<(String, String)>,
    /// For lines: how dates and amounts are read.
    pub remarks: Vec<String>,
}

fn nothing_below() -> crate::error::Error {
    Refusal::invalid(
        "import.no_rows",
        "The file has column names but no rows below them. There is nothing to import; export the orders again.",
    )
    .into()
}

fn without_order(row: Row) -> Mapped {
    let mut group = Group::default();
    let message = row.damage(usize::MAX).unwrap_or_else(|| {
        "The row does not say which order it belongs to. Enter the order's number or leave the row out.".to_owned()
    });
    let reason =
        if row.fault.is_some_and(|fault| fault != Fault::NoLineEnd) { Reason::Damaged } else { Reason::NoOrder };
    group.rows.push(row);
    let mut mapped = Mapped::of(&group);
    mapped.refuse(reason, message);
    mapped
}

/// Settles how a file of lines is read.
fn layout(header: &Row, sample: &VecDeque<Row>, wishes: &Wishes, setting: &Setting) -> Result<Layout> {
    let columns = lines::Columns::read(header, &wishes.columns)?;
    let cells = |field: Field| sample.iter().map(move |row| (row, field)).map(|(row, field)| columns.of(row, field));
    let month_first = setting.currency.code() == "USD";
    let (mut dates, mut dates_proved) = lines::style::dates_of(cells(Field::Date), month_first);
    if !wishes.dates.is_empty() {
        dates = Dates::parse(&wishes.dates).ok_or_else(|| {
            Refusal::field("import.dates", "dates", "Say ymd, dmy or mdy for the order of year, month and day.")
        })?;
        dates_proved = true;
    }
    let decimal = match wishes.decimal.as_str() {
        "" => lines::style::decimal_of(cells(Field::Price)),
        text => Decimal::parse(text).ok_or_else(|| {
            Refusal::field("import.decimal", "decimal", "Say point or comma for the sign before the cents.")
        })?,
    };
    let stage = match wishes.stage.as_str() {
        "" => Base::Placed,
        text => Base::parse(text).filter(|base| STAGES.contains(base)).ok_or_else(|| {
            Refusal::field("import.stage", "stage", "Orders of a file can be placed, confirmed, shipped or delivered.")
        })?,
    };
    Ok(Layout { dates, dates_proved, decimal, stage, paid: wishes.paid, columns })
}

/// Stages that orders of a plain file can stand in.
pub const STAGES: [Base; 4] = [Base::Placed, Base::Confirmed, Base::Shipped, Base::Delivered];
