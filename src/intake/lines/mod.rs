//! A plain CSV with one row a line of an order. Turns the rows of one order into a draft, or into
//! what is wrong with them: an order with one bad row is left out whole. Pure.

mod columns;
pub mod style;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use columns::{Choice, Columns, Field};
pub use style::{Dates, Decimal};

use super::groups::Group;
use super::rows::Row;
use super::{Arrived, Mapped, Problem, Reason, Setting, add_line, cut, whole_number, without_text_mark};
use crate::address::{Address, countries};
use crate::money::Currency;
use crate::order::draft::{self, MOST_LINES, looks_like_email};
use crate::order::totals::add_up;
use crate::order::{ChargeKind, Draft, DraftCharge, DraftLine, Past, PastPayment, PaymentKind};
use crate::time::UtcTime;
use crate::workflow::Base;

/// What a person says about a file of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// Columns by field; the rest is guessed.
    #[serde(default)]
    pub columns: Choice,
    /// Currency of amounts where no column says it; the shop's if empty.
    #[serde(default)]
    pub currency: String,
    /// Time zone of dates; the shop's if empty.
    #[serde(default)]
    pub time_zone: String,
    /// Order of day and month; found out if empty.
    #[serde(default)]
    pub dates: String,
    /// Sign before the cents; found out if empty.
    #[serde(default)]
    pub decimal: String,
    /// Stage the orders stand in; Placed if empty.
    #[serde(default)]
    pub stage: String,
    /// Whether every order was paid in full on its date.
    #[serde(default)]
    pub paid: bool,
}

/// How a file of lines is read, settled before its first order.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Columns.
    pub columns: Columns,
    /// Order of day and month.
    pub dates: Dates,
    /// Whether the sample proved it.
    pub dates_proved: bool,
    /// Sign before the cents.
    pub decimal: Decimal,
    /// Stage the orders stand in.
    pub stage: Base,
    /// Whether every order was paid in full.
    pub paid: bool,
}

/// What is wrong with single rows of an order.
#[derive(Default)]
struct Faults {
    /// The first row of each reason, and how many rows have it.
    told: BTreeMap<&'static str, Problem>,
    /// Rows that are refused already; a row counts once.
    rows: BTreeSet<u64>,
}

/// Turns the rows of one order into a draft and its past.
pub fn map(layout: &Layout, setting: &Setting, group: &Group) -> Mapped {
    let mut mapped = Mapped::of(group);
    if group.rows.len() > MOST_LINES || group.beyond > 0 {
        let message = format!(
            "The order has {} rows; an order takes {MOST_LINES} lines at the most. Split it into several.",
            group.count()
        );
        mapped.refuse(Reason::TooLong, message);
        return mapped;
    }
    let reader = Reader { layout, setting };
    if reader.is_cancellation(group) {
        let message = format!(
            "{} takes goods back: every quantity is negative. It is a cancellation, not an order, and was left out.",
            group.name
        );
        mapped.refuse(Reason::Cancellation, message);
        return mapped;
    }
    let mut faults = Faults::default();
    let currency = reader.currency(group, &mut faults);
    let lines: Vec<DraftLine> = group.rows.iter().filter_map(|row| reader.line(row, currency, &mut faults)).collect();
    if faults.told.is_empty() && lines.iter().all(|line| line.unit_minor == 0) {
        let message = format!(
            "Every line of {} costs 0. This looks like a stock correction, not an order, and was left out.",
            group.name
        );
        mapped.refuse(Reason::Free, message);
        return mapped;
    }
    let mut draft = reader.draft(group, currency, lines, &mut faults);
    if !faults.told.is_empty() {
        mapped.problems = spoiled(group, faults);
        return mapped;
    }
    if let Err(refused) = draft::check(&draft) {
        mapped.refuse(Reason::Invalid, refused.to_string());
        return mapped;
    }
    let past = reader.past(&mut draft);
    mapped.arrived = Some(Box::new(Arrived { draft, past }));
    mapped
}

/// One problem for each reason, so that an order of a thousand bad rows does not fill the list, and
/// one for its rows that are sound.
fn spoiled(group: &Group, faults: Faults) -> Vec<Problem> {
    let mut problems: Vec<Problem> = faults.told.into_values().collect();
    for problem in &mut problems {
        problem.order = group.name.clone();
        if problem.rows > 1 {
            problem.message.push_str(&format!(" The same goes for {} more of its rows.", problem.rows - 1));
        }
    }
    problems.sort_by_key(|problem| problem.row);
    let bad: u64 = problems.iter().map(|problem| problem.rows).sum();
    let sound = group.count().saturating_sub(bad);
    if sound > 0 {
        let because = problems.first().map_or(0, |problem| problem.row);
        problems.push(Problem {
            row: group.first(),
            line: group.rows.first().map_or(0, |row| row.line),
            order: group.name.clone(),
            reason: Reason::Spoiled,
            rows: sound,
            message: format!("An order is taken whole or not at all, so {sound} sound rows of {} were left out because of row {because}.", group.name),
        });
    }
    problems
}

struct Reader<'a> {
    layout: &'a Layout,
    setting: &'a Setting,
}

impl Reader<'_> {
    fn cell<'a>(&self, row: &'a Row, field: Field) -> &'a str {
        without_text_mark(self.layout.columns.of(row, field))
    }

    /// An invoice whose number says that it cancels another one, or whose every line goes back.
    fn is_cancellation(&self, group: &Group) -> bool {
        let numbered =
            group.name.strip_prefix(['C', 'c']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let taken_back = |row: &Row| whole_number(self.cell(row, Field::Quantity)).is_some_and(|quantity| quantity < 0);
        numbered && group.rows.iter().all(taken_back)
    }

    /// The order's currency: that of its column, or the one given for the file.
    fn currency(&self, group: &Group, faults: &mut Faults) -> Currency {
        let mut found: Option<Currency> = None;
        for row in &group.rows {
            let text = self.cell(row, Field::Currency);
            if text.is_empty() {
                continue;
            }
            match (Currency::parse(text), found) {
                (Some(currency), None) => found = Some(currency),
                (Some(currency), Some(other)) if currency != other => {
                    fault(
                        faults,
                        row,
                        Reason::Currency,
                        format!(
                            "The order has lines in {other} and in {currency}. Split it into one order a currency."
                        ),
                    );
                }
                (Some(_), Some(_)) => {}
                (None, _) => fault(
                    faults,
                    row,
                    Reason::Currency,
                    format!("There is no currency {}. Enter its three letters, such as EUR.", cut(text)),
                ),
            }
        }
        found.unwrap_or(self.setting.currency)
    }

    fn line(&self, row: &Row, currency: Currency, faults: &mut Faults) -> Option<DraftLine> {
        if let Some(message) = row.damage(self.layout.columns.width()) {
            fault(faults, row, Reason::Damaged, message);
            return None;
        }
        let quantity = self.quantity(row, faults);
        let unit_minor = self.price(row, currency, faults);
        let sku = self.cell(row, Field::Sku);
        let title = self.cell(row, Field::Title);
        if title.is_empty() && sku.is_empty() {
            fault(faults, row, Reason::Missing, "The row says neither title nor SKU. Enter what was bought.".into());
            return None;
        }
        let discount = self.cell(row, Field::Discount);
        let discount_minor =
            if discount.is_empty() { Some(0) } else { style::amount(discount, self.layout.decimal, currency) };
        if discount_minor.is_none() {
            fault(
                faults,
                row,
                Reason::Amount,
                format!("The discount says {}, which is no amount of {currency}.", cut(discount)),
            );
        }
        Some(DraftLine {
            sku: sku.to_owned(),
            title: if title.is_empty() { sku } else { title }.to_owned(),
            variant: self.cell(row, Field::Variant).to_owned(),
            quantity: quantity?,
            unit_minor: unit_minor?,
            discount_minor: discount_minor?.abs(),
            ..DraftLine::default()
        })
    }

    fn quantity(&self, row: &Row, faults: &mut Faults) -> Option<i64> {
        let text = self.cell(row, Field::Quantity);
        match whole_number(text) {
            Some(quantity) if quantity < 0 => {
                fault(
                    faults,
                    row,
                    Reason::NegativeQuantity,
                    format!(
                        "The quantity is {}. An order takes goods that were bought; enter what came back as a return.",
                        text.replace('-', "−")
                    ),
                );
                None
            }
            Some(quantity) => Some(quantity),
            None if text.is_empty() => {
                fault(faults, row, Reason::Missing, "The quantity is empty. Enter how many were bought.".into());
                None
            }
            None => {
                fault(faults, row, Reason::Quantity, format!("The quantity says {}. Enter a whole number.", cut(text)));
                None
            }
        }
    }

    fn price(&self, row: &Row, currency: Currency, faults: &mut Faults) -> Option<i64> {
        let text = self.cell(row, Field::Price);
        match style::amount(text, self.layout.decimal, currency) {
            Some(minor) if minor < 0 => {
                fault(
                    faults,
                    row,
                    Reason::NegativePrice,
                    format!("The price is {}. Enter a discount instead of a negative price.", text.replace('-', "−")),
                );
                None
            }
            Some(minor) => Some(minor),
            None if text.is_empty() => {
                fault(faults, row, Reason::Missing, "The price is empty. Enter the price of one unit, or 0.".into());
                None
            }
            None => {
                fault(
                    faults,
                    row,
                    Reason::Amount,
                    format!(
                        "The price says {}, which is no amount of {currency}: it has {} decimal places.",
                        cut(text),
                        currency.exponent()
                    ),
                );
                None
            }
        }
    }

    fn draft(&self, group: &Group, currency: Currency, lines: Vec<DraftLine>, faults: &mut Faults) -> Draft {
        let mut draft = Draft::new(self.setting.market, self.setting.channel, currency);
        let first = |field: Field| {
            let mut cells = group.rows.iter().map(|row| self.cell(row, field));
            cells.find(|text| !text.is_empty()).unwrap_or("")
        };
        draft.source_ref = Some(group.name.clone());
        draft.lines = lines;
        draft.placed_at = self.placed_at(group, faults);
        draft.customer_name = first(Field::Customer).to_owned();
        draft.phone = first(Field::Phone).to_owned();
        let email = first(Field::Email);
        if email.is_empty() || looks_like_email(email) {
            draft.email = email.to_owned();
        } else {
            add_line(&mut draft.customer_note, &format!("E-mail as given: {email}"));
        }
        add_line(&mut draft.customer_note, first(Field::Note));
        draft.shipping_method = first(Field::ShippingMethod).to_owned();
        draft.payment_method = crate::words::fold(first(Field::PaymentMethod)).replace([' ', '-'], "_");
        draft.tags = first(Field::Tags)
            .split(',')
            .map(|tag| tag.trim().chars().take(50).collect())
            .filter(|tag: &String| !tag.is_empty())
            .take(50)
            .collect();
        let country = first(Field::Country);
        let code = countries::code(country);
        let address = Address {
            name: draft.customer_name.clone(),
            company: first(Field::Company).to_owned(),
            street1: first(Field::Street).to_owned(),
            street2: first(Field::Street2).to_owned(),
            city: first(Field::City).to_owned(),
            // A place that is no country, such as the Channel Islands together, is kept as written.
            region: if code.is_none() && first(Field::Region).is_empty() { country } else { first(Field::Region) }
                .to_owned(),
            postcode: first(Field::Postcode).to_owned(),
            country: code.unwrap_or("").to_owned(),
            phone: draft.phone.clone(),
        };
        let places =
            [&address.company, &address.street1, &address.city, &address.postcode, &address.country, &address.region];
        draft.ship_to = places.iter().any(|part| !part.is_empty()).then_some(address);
        let shipping = first(Field::Shipping);
        match style::amount(shipping, self.layout.decimal, currency) {
            _ if shipping.is_empty() => {}
            Some(0) => {}
            Some(amount_minor) => {
                let label = if draft.shipping_method.is_empty() {
                    "Shipping".to_owned()
                } else {
                    draft.shipping_method.clone()
                };
                draft.charges.push(DraftCharge {
                    kind: ChargeKind::Shipping,
                    label,
                    code: String::new(),
                    amount_minor,
                    rate_ppm: None,
                });
            }
            None => {
                if let Some(row) = group.rows.first() {
                    fault(
                        faults,
                        row,
                        Reason::Amount,
                        format!("The shipping cost says {}, which is no amount of {currency}.", cut(shipping)),
                    );
                }
            }
        }
        draft
    }

    /// The date of the first row that has one; now if no column is a date.
    fn placed_at(&self, group: &Group, faults: &mut Faults) -> Option<UtcTime> {
        if !self.layout.columns.has(Field::Date) {
            return None;
        }
        let dated = group.rows.iter().find(|row| !self.cell(row, Field::Date).is_empty());
        let row = dated.or(group.rows.first())?;
        let text = self.cell(row, Field::Date);
        let found = style::time(text, self.layout.dates, self.setting.zone);
        if text.is_empty() {
            fault(faults, row, Reason::Missing, "The date is empty. Enter when it was ordered.".into());
        } else if found.is_none() {
            fault(
                faults,
                row,
                Reason::Date,
                format!(
                    "The date says {}, but dates of this file are read as {}. Correct it, or say how dates are written.",
                    cut(text),
                    self.layout.dates.label()
                ),
            );
        }
        found
    }

    fn past(&self, draft: &mut Draft) -> Past {
        let at = draft.placed_at.unwrap_or(self.setting.now);
        draft.placed_at = Some(at);
        let way = [Base::Placed, Base::Confirmed, Base::Approved, Base::Processed, Base::Shipped, Base::Delivered];
        let reached = way.iter().position(|base| *base == self.layout.stage).unwrap_or(0);
        let total = add_up(draft).total_minor;
        let payment = PastPayment {
            kind: PaymentKind::Capture,
            amount_minor: total,
            at,
            method: draft.payment_method.clone(),
            reference: String::new(),
            expires_at: None,
        };
        let gone = matches!(self.layout.stage, Base::Shipped | Base::Delivered);
        Past {
            base: way[reached],
            steps: way[..=reached].iter().map(|base| (*base, at)).collect(),
            payments: if self.layout.paid && total > 0 { vec![payment] } else { Vec::new() },
            shipped: if gone { draft.lines.iter().map(|line| line.quantity).collect() } else { Vec::new() },
            tracking: None,
            reason: String::new(),
        }
    }
}

/// Notes what is wrong with a row; of one reason the first row is told and the others are counted.
fn fault(faults: &mut Faults, row: &Row, reason: Reason, message: String) {
    if !faults.rows.insert(row.number) {
        return;
    }
    let first = || Problem { row: row.number, line: row.line, order: String::new(), reason, rows: 1, message };
    faults.told.entry(reason.as_str()).and_modify(|problem| problem.rows += 1).or_insert_with(first);
}
