//! Documents as pages: one document holds all slips or sheets of a batch, in their order.

use askama::Template;

use super::pages_return::ReturnPaper;
use super::paper::Paper;
use super::picks::PickList;
use super::settings::PrintSettings;
use super::sheet::Sheet;
use super::slip::Slip;
use crate::invoice::content::Content;

/// The block at the head of every document.
#[derive(Clone, Debug, Default)]
pub struct Brand {
    /// Name of the shop.
    pub name: String,
    /// Its address on one line.
    pub address: String,
    /// How to reach it.
    pub contact: String,
}

/// What can be printed.
#[derive(Clone, Debug)]
pub enum Papers {
    /// Packing slips.
    Slips(Vec<Slip>),
    /// Order details.
    Sheets(Vec<Sheet>),
    /// A pick list.
    Picks(PickList),
    /// An invoice or credit note.
    Invoice(Box<InvoicePaper>),
    /// A return slip.
    Return(Box<ReturnPaper>),
}

/// An invoice or credit note on paper.
#[derive(Clone, Debug)]
pub struct InvoicePaper {
    /// `Invoice` or `Credit note`.
    pub title: &'static str,
    /// What it is called.
    pub name: String,
    /// What it says.
    pub said: Content,
}

/// A document to look at and to print.
#[derive(Clone, Debug, Template)]
#[template(path = "print/document.html")]
pub struct Document {
    /// Title of the page.
    pub title: String,
    /// Paper.
    pub paper: Paper,
    /// Head of every slip.
    pub brand: Brand,
    /// Texts and measures of the shop.
    pub settings: PrintSettings,
    /// What is printed.
    pub papers: Papers,
    /// When and by whom.
    pub printed: String,
    /// A sheet in front that lists the orders of the batch.
    pub cover: bool,
    /// The bar above the preview.
    pub bar: Bar,
}

/// The bar above the preview; it is not printed.
#[derive(Clone, Debug, Default)]
pub struct Bar {
    /// Where the person came from.
    pub back: String,
    /// What that is called.
    pub back_label: String,
    /// What the document is called: `12 packing slips`.
    pub heading: String,
    /// Where the options are sent.
    pub action: String,
    /// Numbers of the orders, for the forms; empty where the address itself names the order.
    pub orders: String,
    /// Numbers of the orders to record as printed.
    pub record: String,
    /// Which template: `slip`, `sheet`, `pick`, `invoice` or `return`.
    pub template: &'static str,
    /// Whether every order is printed as a gift.
    pub gift: bool,
    /// Whether prices are wanted.
    pub prices: bool,
    /// Whether the person may see prices at all.
    pub may_price: bool,
    /// Whether a batch may get a cover.
    pub may_cover: bool,
    /// What got no slip and why, in sentences.
    pub left_out: Vec<String>,
    /// One-time token of the form that records.
    pub form_token: String,
    /// Public identifier of the only parcel wanted, or nothing.
    pub parcel: String,
    /// Whether this is what was just recorded, so that the browser prints at once.
    pub recorded: bool,
}

impl Bar {
    /// Whether printing is not recorded: invoices and return slips are not slips of the order.
    pub fn is_only_looked_at(&self) -> bool {
        matches!(self.template, "invoice" | "return")
    }
}

impl Document {
    /// Classes of the body: paper and offset of the printer.
    pub fn classes(&self) -> String {
        let mut classes = self.paper.as_str().to_owned();
        if self.paper == Paper::Label {
            for (axis, half_millimetres) in [("x", self.settings.offset_x), ("y", self.settings.offset_y)] {
                if half_millimetres != 0 {
                    classes.push_str(&format!(" {axis}{half_millimetres}"));
                }
            }
        }
        classes
    }
    /// Whether the paper is a label, which has a layout of its own.
    pub fn is_label(&self) -> bool {
        self.paper == Paper::Label
    }
    /// The papers to choose from. Order details need more room than a label has.
    pub fn choices(&self) -> &'static [Paper] {
        match self.papers {
            Papers::Slips(_) => Paper::ALL,
            Papers::Sheets(_) | Papers::Picks(_) | Papers::Invoice(_) | Papers::Return(_) => Paper::SHEETS,
        }
    }
    /// Name, place and units of every slip, for the cover.
    pub fn contents(&self) -> Vec<(String, String, String)> {
        match &self.papers {
            Papers::Slips(slips) => slips
                .iter()
                .map(|slip| {
                    let parcel = slip.parcel.map(|(n, of)| format!(" · parcel {n} of {of}")).unwrap_or_default();
                    let whom = slip.ship_to.first().cloned().unwrap_or_default();
                    (slip.name.clone(), whom, format!("{} {}{parcel}", slip.units(), units(slip.units())))
                })
                .collect(),
            Papers::Sheets(sheets) => {
                sheets.iter().map(|sheet| (sheet.name.clone(), sheet.customer.clone(), sheet.stage.clone())).collect()
            }
            // Its second page lists the orders.
            Papers::Picks(_) | Papers::Invoice(_) | Papers::Return(_) => Vec::new(),
        }
    }
}

/// The word for so many.
fn units(count: i64) -> &'static str {
    if count == 1 { "unit" } else { "units" }
}
