//! The columns of a Shopify orders export, found by name without case and never by position: there
//! were 73, there are 79, and apps leave some out. Pure.

use std::collections::HashMap;

use crate::error::{Refusal, Result};
use crate::intake::rows::Row;

/// Columns without which no order can be made.
const NEEDED: [&str; 7] =
    ["Name", "Financial Status", "Total", "Created at", "Lineitem quantity", "Lineitem name", "Lineitem price"];

/// Where each column stands.
#[derive(Clone, Debug)]
pub struct Columns {
    places: HashMap<String, usize>,
    /// The same by the name as it was asked for, so that a long file does not fold each name anew.
    asked: HashMap<&'static str, Option<usize>>,
    width: usize,
}

/// Names that are asked for in every order.
const ASKED: [&str; 66] = [
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Created at",
    "Lineitem quantity",
    "Lineitem name",
    "Lineitem price",
    "Lineitem sku",
    "Lineitem requires shipping",
    "Lineitem fulfillment status",
    "Lineitem discount",
    "Billing Name",
    "Billing Street",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Billing Phone",
    "Billing Province Name",
    "Shipping Name",
    "Shipping Street",
    "Shipping Address1",
    "Shipping Address2",
    "Shipping Company",
    "Shipping City",
    "Shipping Zip",
    "Shipping Province",
    "Shipping Country",
    "Shipping Phone",
    "Shipping Province Name",
    "Notes",
    "Note Attributes",
    "Cancelled at",
    "Archived at",
    "Closed at",
    "Payment Method",
    "Payment Reference",
    "Payment References",
    "Payment ID",
    "Refunded Amount",
    "Outstanding Balance",
    "Tags",
    "Risk Level",
    "Source",
    "Duties",
    "Phone",
    "Tax 1 Name",
    "Tax 1 Value",
    "Tax 2 Value",
    "Tax 3 Value",
    "Tax 4 Value",
    "Tax 5 Value",
];

impl Columns {
    /// Reads the row of column names.
    ///
    /// # Errors
    /// Refuses a file that is no orders export, naming what is missing and what it looks like.
    pub fn read(header: &Row) -> Result<Self> {
        let mut places = HashMap::new();
        for (index, name) in header.cells().enumerate() {
            places.entry(key(name)).or_insert(index);
        }
        let missing: Vec<&str> = NEEDED.into_iter().filter(|name| !places.contains_key(&key(name))).collect();
        if missing.is_empty() {
            let asked = ASKED.into_iter().map(|name| (name, places.get(&key(name)).copied())).collect();
            return Ok(Columns { places, asked, width: header.width() });
        }
        Err(refusal(header, &places, &missing).into())
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Where a column stands; the first place if there is none.
    pub fn place(&self, name: &str) -> usize {
        self.places.get(&key(name)).copied().unwrap_or(0)
    }
    /// The cell of a row in a column, trimmed; empty if the file has no such column.
    pub fn of<'a>(&self, row: &'a Row, name: &str) -> &'a str {
        let place = match self.asked.get(name) {
            Some(place) => *place,
            None => self.places.get(&key(name)).copied(),
        };
        place.map_or("", |index| row.cell(index).trim())
    }
}

fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn refusal(header: &Row, places: &HashMap<String, usize>, missing: &[&str]) -> Refusal {
    let has_words = header.cells().any(|cell| cell.trim().starts_with(char::is_alphabetic));
    let has_dates =
        header.cells().any(|cell| cell.contains("-") && cell.trim().starts_with(|c: char| c.is_ascii_digit()));
    if missing.len() == NEEDED.len() && (!has_words || has_dates) {
        return Refusal::invalid(
            "import.no_header",
            "The file has no row of column names. Export the orders again and leave its first row as it is.",
        );
    }
    let names = missing.join(", ");
    let lack = match missing {
        [_] => format!("the column {names} is missing"),
        _ => format!("the columns {names} are missing"),
    };
    let hint = looks_like(&|name| places.contains_key(name)).map_or_else(
        || "In Shopify choose Orders, then Export, and choose the file it sends".to_owned(),
        |hint| format!("It looks like {hint}"),
    );
    Refusal::invalid("import.not_orders", format!("This is not an orders export: {lack}. {hint}."))
}

/// What a file with these columns is instead, and where the orders are.
fn looks_like(has: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    if has("variant sku") || has("variant price") || (has("handle") && has("title") && !has("location")) {
        Some("a products export; in Shopify choose Orders, then Export")
    } else if has("handle") && has("location") {
        Some("an inventory export; in Shopify choose Orders, then Export")
    } else if has("first name") && has("last name") {
        Some("a customers export; in Shopify choose Orders, then Export")
    } else if has("payout date") || has("payout status") || (has("transaction date") && has("card brand")) {
        Some("a list of payouts; in Shopify choose Orders, then Export")
    } else if has("order_id") || has("order_key") || has("billing_first_name") {
        Some("an export of another shop system; import it as one row a line")
    } else if has("invoiceno") || has("stockcode") || (has("quantity") && (has("sku") || has("price"))) {
        Some("a plain list with one row a line; import it as lines instead")
    } else {
        None
    }
}
