//! What an invoice says, worked out once from an order. Pure; minor units throughout. The sum of its rows
//! is its total, and the tax of its rates is its tax.

use serde::{Deserialize, Serialize};

use crate::money::{self, Currency, Money};
use crate::order::{Charge, ChargeKind, Line, Order};

/// Somebody an invoice names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Name, where it does not stand in the lines.
    pub name: String,
    /// Address, a line each.
    pub lines: Vec<String>,
    /// Number with the tax office.
    pub tax_id: String,
}

/// Who sells to whom, and what the order is called.
#[derive(Clone, Debug)]
pub struct Parties {
    /// The shop.
    pub seller: Party,
    /// The customer.
    pub buyer: Party,
    /// The order's number with what stands before it.
    pub order_name: String,
    /// The shop's day on which it was ordered, `2026-11-21`.
    pub supplied_on: String,
    /// Terms and company facts.
    pub terms: String,
}

/// A row. `gross` has the tax in it, `net` has not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What it is.
    pub title: String,
    /// Variant and SKU.
    pub detail: String,
    /// Units; 0 for what is not counted, such as carriage.
    pub quantity: i64,
    /// Price of a unit without tax.
    pub unit_net_minor: i64,
    /// Without tax.
    pub net_minor: i64,
    /// Tax.
    pub tax_minor: i64,
    /// With tax.
    pub gross_minor: i64,
}

/// Tax at one rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Words for it: `VAT 21 %`.
    pub label: String,
    /// Parts per million, where it is known.
    pub rate_ppm: Option<i64>,
    /// Tax.
    pub tax_minor: i64,
}

/// What was received in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// Words for the way: `Gift card •••• 9QX7`.
    pub label: String,
    /// How much.
    pub amount_minor: i64,
}

/// All that an invoice or credit note says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The shop's day on which it was issued, `2026-11-22`.
    pub issued_on: String,
    /// The day of supply.
    pub supplied_on: String,
    /// The shop.
    pub seller: Party,
    /// The customer.
    pub buyer: Party,
    /// The order it is for.
    pub order_name: String,
    /// Currency of every amount.
    pub currency: Currency,
    /// Rows.
    pub rows: Vec<Row>,
    /// Tax by rate; empty without tax.
    pub rates: Vec<Rate>,
    /// Without tax.
    pub net_minor: i64,
    /// Tax in all.
    pub tax_minor: i64,
    /// With tax.
    pub total_minor: i64,
    /// What was received by then.
    pub paid_minor: i64,
    /// The same by the way it was paid; documents of before that was told have none.
    #[serde(default)]
    pub paid_by: Vec<Paid>,
    /// What was still to be paid; documents of before that was told have none.
    #[serde(default)]
    pub due_minor: i64,
    /// The invoice that a credit note takes back.
    pub credits: String,
    /// Why it takes it back.
    pub reason: String,
    /// Terms and company facts.
    pub terms: String,
}

impl Content {
    /// An amount in its currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
}

/// The invoice of an order: what is left of its lines, its charges and its tax. Tax that stands on the
/// order as a whole is shared among the rows by their worth, largest remainder first.
pub fn of_order(order: &Order, lines: &[Line], charges: &[Charge], paid_by: Vec<Paid>, parties: Parties) -> Content {
    let mut rows: Vec<Row> = lines.iter().filter_map(line_row).collect();
    rows.extend(charges.iter().filter(|charge| charge.kind != ChargeKind::Tax).filter_map(charge_row));
    // What the rows come to, before tax that is put on top.
    let worth: i64 = rows.iter().map(|row| row.gross_minor).sum();
    let taxes: Vec<&Charge> = charges.iter().filter(|charge| charge.kind == ChargeKind::Tax).collect();
    let total = order.due_in_all();
    // Units taken out took their tax with them.
    let before = order.total_minor.max(1);
    let tax = money::share(order.tax_minor, total.min(before), before);
    let rates = rates(&taxes, tax);
    let weights: Vec<i64> = rows.iter().map(|row| row.gross_minor.max(0)).collect();
    for (row, tax) in rows.iter_mut().zip(money::split(tax, &weights)) {
        row.tax_minor = tax;
        if order.tax_included {
            row.net_minor = row.gross_minor - tax;
        } else {
            row.net_minor = row.gross_minor;
            row.gross_minor += tax;
        }
    }
    let sum = if order.tax_included { worth } else { worth + tax };
    if sum != total {
        rows.push(difference(total - sum));
    }
    for row in &mut rows {
        row.unit_net_minor = money::share(row.net_minor, 1, row.quantity.max(1));
    }
    Content {
        issued_on: String::new(),
        supplied_on: parties.supplied_on,
        seller: parties.seller,
        buyer: parties.buyer,
        order_name: parties.order_name,
        currency: order.currency,
        net_minor: total - tax,
        tax_minor: tax,
        total_minor: total,
        paid_minor: order.net_minor(),
        paid_by,
        due_minor: order.amount_due(),
        rows,
        rates,
        credits: String::new(),
        reason: String::new(),
        terms: parties.terms,
    }
}

/// A credit note over an amount with tax of an invoice. Its tax is the share that the amount has in it.
pub fn credit(invoice: &Content, name: &str, amount: i64, reason: &str) -> Content {
    let tax = money::share(invoice.tax_minor, amount, invoice.total_minor);
    let weights: Vec<i64> = invoice.rates.iter().map(|rate| rate.tax_minor).collect();
    let rates = invoice.rates.iter().zip(money::split(tax, &weights));
    let rows = if amount == invoice.total_minor {
        invoice.rows.clone()
    } else {
        vec![Row {
            title: format!("Part of {name}"),
            detail: reason.to_owned(),
            quantity: 0,
            unit_net_minor: amount - tax,
            net_minor: amount - tax,
            tax_minor: tax,
            gross_minor: amount,
        }]
    };
    Content {
        rates: rates.map(|(rate, tax_minor)| Rate { tax_minor, ..rate.clone() }).collect(),
        rows,
        net_minor: amount - tax,
        tax_minor: tax,
        total_minor: amount,
        paid_minor: 0,
        paid_by: Vec::new(),
        due_minor: 0,
        credits: name.to_owned(),
        reason: reason.to_owned(),
        ..invoice.clone()
    }
}

fn line_row(line: &Line) -> Option<Row> {
    let units = line.quantity - line.cancelled_quantity;
    (units > 0).then(|| Row {
        title: line.title.clone(),
        detail: line.caption(),
        quantity: units,
        gross_minor: money::share(line.total_minor, units, line.quantity),
        ..difference(0)
    })
}

fn charge_row(charge: &Charge) -> Option<Row> {
    let word = match charge.kind {
        ChargeKind::Discount => "Discount",
        ChargeKind::Shipping => "Shipping",
        ChargeKind::Fee => "Fee",
        ChargeKind::Rounding | ChargeKind::Tax => "Rounding",
    };
    let title = if charge.label.is_empty() { word.to_owned() } else { charge.label.clone() };
    (charge.amount_minor != 0).then(|| Row {
        title,
        detail: charge.code.clone(),
        gross_minor: charge.amount_minor,
        ..difference(0)
    })
}

/// A row for what the parts do not explain.
fn difference(minor: i64) -> Row {
    Row {
        title: "Rounding".to_owned(),
        detail: String::new(),
        quantity: 0,
        unit_net_minor: minor,
        net_minor: minor,
        tax_minor: 0,
        gross_minor: minor,
    }
}

/// Tax by rate, so that its parts are the whole tax.
fn rates(taxes: &[&Charge], tax: i64) -> Vec<Rate> {
    if tax == 0 {
        return Vec::new();
    }
    if taxes.is_empty() {
        return vec![Rate { label: "Tax".to_owned(), rate_ppm: None, tax_minor: tax }];
    }
    let weights: Vec<i64> = taxes.iter().map(|charge| charge.amount_minor).collect();
    let rate = |(charge, tax_minor): (&&Charge, i64)| Rate {
        label: if charge.label.is_empty() { "Tax".to_owned() } else { charge.label.clone() },
        rate_ppm: charge.rate_ppm,
        tax_minor,
    };
    taxes.iter().zip(money::split(tax, &weights)).map(rate).collect()
}
