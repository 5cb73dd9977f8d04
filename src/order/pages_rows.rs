//! Rows of items as they are typed: into a new order, and into one that was placed.

use super::pages_form::{Typed, amount, problem};
use super::{DraftLine, draft};
use crate::catalog::{self, Product};
use crate::db::Conn;
use crate::error::{FieldProblem, Result};
use crate::money::{Currency, Money};

/// Fields of a row.
pub(super) const LINE: [&str; 6] =
    ["line_title", "line_sku", "line_variant", "line_quantity", "line_price", "line_discount"];
/// Products offered by their SKU while somebody types.
const OFFERED: i64 = 200;

/// A row of the items as typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub title: String,
    pub sku: String,
    pub variant: String,
    pub quantity: String,
    pub price: String,
    pub discount: String,
    pub total: String,
}

impl Row {
    pub fn is_empty(&self) -> bool {
        [&self.title, &self.sku, &self.variant, &self.price, &self.discount].iter().all(|text| text.trim().is_empty())
    }
}

/// The rows that say something, in their order.
pub(super) fn rows(typed: &Typed) -> Vec<Row> {
    let field = |name: &str, index: usize| typed.list(name).get(index).cloned().unwrap_or_default();
    (0..typed.list("line_title").len())
        .map(|index| Row {
            title: field("line_title", index),
            sku: field("line_sku", index),
            variant: field("line_variant", index),
            quantity: field("line_quantity", index),
            price: field("line_price", index),
            discount: field("line_discount", index),
            total: String::new(),
        })
        .filter(|row| !row.is_empty())
        .collect()
}

/// A line as typed. What was left empty comes from the product with its SKU, if there is one.
pub(super) fn line(
    index: usize,
    row: &Row,
    product: Option<&Product>,
    currency: Currency,
    problems: &mut Vec<FieldProblem>,
) -> DraftLine {
    let at = |name: &str| format!("lines.{index}.{name}");
    let quantity = match row.quantity.trim() {
        "" => Some(1),
        text => text.parse::<i64>().ok().filter(|units| *units >= 1),
    };
    if quantity.is_none() {
        problems.push(problem(&at("quantity"), "The quantity is a whole number of at least 1."));
    }
    let unit_minor = match (row.price.trim(), product) {
        ("", Some(product)) => product.price_minor,
        ("", None) => {
            problems.push(problem(&at("price"), "Enter the price of one unit; 0 for something free."));
            0
        }
        (text, _) => amount(&at("price"), text, currency, problems),
    };
    let discount_minor = amount(&at("discount"), &row.discount, currency, problems);
    let quantity = quantity.unwrap_or(1).min(draft::MOST_UNITS + 1);
    if discount_minor > unit_minor.saturating_mul(quantity) {
        problems.push(problem(&at("discount"), "The discount is larger than the line."));
    }
    let or = |typed: &str, known: fn(&Product) -> &String| match (typed.trim(), product) {
        ("", Some(product)) => known(product).clone(),
        (text, _) => text.to_owned(),
    };
    DraftLine {
        product: product.map(|product| product.id),
        sku: row.sku.trim().to_owned(),
        title: or(&row.title, |product| &product.title),
        variant: or(&row.variant, |product| &product.variant),
        picture: product.map(|product| product.picture.clone()).unwrap_or_default(),
        bin: product.map(|product| product.bin.clone()).unwrap_or_default(),
        grams: product.map_or(0, |product| product.grams),
        quantity,
        unit_minor,
        discount_minor,
        ..DraftLine::default()
    }
}

/// The products that the typed SKUs name.
pub(super) fn products(conn: &mut Conn, typed: &Typed) -> Result<Vec<Product>> {
    let mut skus: Vec<String> = typed.list("line_sku").iter().map(|sku| sku.trim().to_owned()).collect();
    skus.retain(|sku| !sku.is_empty());
    skus.sort();
    skus.dedup();
    catalog::find_by_skus(conn, &skus)
}

/// Takes one row away from what was typed.
pub(super) fn without_row(typed: &mut Typed, gone: usize) {
    for name in LINE {
        let mut values = typed.list(name).to_vec();
        if gone < values.len() {
            values.remove(gone);
        }
        typed.set_list(name, values);
    }
}

/// Shows what the products lent and what each row comes to, so that it can be corrected.
pub(super) fn show_lent(rows: &mut [Row], lines: &[DraftLine], shelf: &[Product], currency: Currency) {
    for (row, line) in rows.iter_mut().zip(lines) {
        let minor = line.unit_minor.saturating_mul(line.quantity) - line.discount_minor;
        row.total = Money::new(minor, currency).to_string();
        if shelf.iter().any(|product| product.sku == line.sku) {
            row.title.clone_from(&line.title);
            row.variant.clone_from(&line.variant);
            if row.price.trim().is_empty() {
                row.price = Money::new(line.unit_minor, currency).decimal();
            }
        }
    }
}

/// SKUs and words of products to be offered while somebody types.
pub(super) fn offered(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    let all = catalog::offered(conn, OFFERED)?;
    Ok(all
        .into_iter()
        .map(|(sku, title, variant)| (sku, if variant.is_empty() { title } else { format!("{title}, {variant}") }))
        .collect())
}
