//! The Shopify orders export: one row a line, the order's own cells on its first row. Turns the rows
//! of one order into a draft and its past, or into what is wrong with them. Pure.

mod columns;
mod party;
mod past;
mod sums;
#[cfg(test)]
mod tests;

use chrono::{DateTime, NaiveDateTime};

pub use columns::Columns;
pub use sums::tolerance;

use super::groups::Group;
use super::rows::Row;
use super::{Arrived, Mapped, Problem, Reason, Setting, cut, without_text_mark};
use crate::money::{Currency, Money};
use crate::order::draft::{self, MOST_LINES};
use crate::order::{ChargeKind, Draft, DraftCharge, DraftLine};
use crate::time::{UtcTime, instant_of};
use sums::{LineSums, Stated};

/// What makes a row the first one of an order: a continuation row leaves these blank.
const HEAD_CELLS: [&str; 4] = ["Financial Status", "Total", "Currency", "Subtotal"];

/// Whether a row begins an order.
pub fn is_head(columns: &Columns, row: &Row) -> bool {
    HEAD_CELLS.iter().any(|name| !columns.of(row, name).is_empty())
}

/// Turns the rows of one name into an order. The same order given twice in one file, as joined
/// exports do, is taken once.
pub fn map(columns: &Columns, setting: &Setting, group: &Group) -> Mapped {
    let mut mapped = Mapped::of(group);
    if group.beyond > 0 {
        let message = format!(
            "The order has {} rows; an order takes {MOST_LINES} lines at the most. Split it where it was made.",
            group.count()
        );
        mapped.refuse(Reason::TooLong, message);
        return mapped;
    }
    let mut mentions = split_at_heads(columns, &group.rows).into_iter();
    let Some(first) = mentions.next() else { return mapped };
    let mut reader = Reader { columns, setting, name: &group.name, notes: Vec::new() };
    match reader.order(first) {
        Ok(arrived) => {
            mapped.arrived = Some(Box::new(arrived));
            mapped.problems = reader.notes;
        }
        Err(problem) => mapped.problems.push(Problem { rows: first.len() as u64, ..problem }),
    }
    for again in mentions {
        mapped.problems.push(repeated(columns, &group.name, first, again));
    }
    mapped
}

fn split_at_heads<'a>(columns: &Columns, rows: &'a [Row]) -> Vec<&'a [Row]> {
    let mut starts: Vec<usize> = (1..rows.len()).filter(|index| is_head(columns, &rows[*index])).collect();
    starts.insert(0, 0);
    starts
        .iter()
        .enumerate()
        .map(|(index, start)| &rows[*start..starts.get(index + 1).copied().unwrap_or(rows.len())])
        .filter(|part| !part.is_empty())
        .collect()
}

fn repeated(columns: &Columns, name: &str, first: &[Row], again: &[Row]) -> Problem {
    let same = first.len() == again.len() && first.iter().zip(again).all(|(one, other)| one.same_as(other));
    let place = first[0].place();
    let (reason, rows, message) = if same {
        (
            Reason::Noted,
            0,
            format!("Order {name} stands in the file twice with the same content, first in {place}. It is taken once."),
        )
    } else {
        let stranger = columns.of(&again[0], "Email") != columns.of(&first[0], "Email");
        let hint = if stranger { " They belong to different customers." } else { "" };
        (
            Reason::Differs,
            again.len() as u64,
            format!(
                "Order {name} stands in the file twice with different content, first in {place}.{hint} The first one \
                 counts; rename one of them or leave it out."
            ),
        )
    };
    Problem { row: again[0].number, line: again[0].line, order: name.to_owned(), reason, rows, message }
}

/// Reads the rows of one order.
struct Reader<'a> {
    columns: &'a Columns,
    setting: &'a Setting,
    name: &'a str,
    notes: Vec<Problem>,
}

type Outcome<T> = std::result::Result<T, Problem>;

impl Reader<'_> {
    fn order(&mut self, rows: &[Row]) -> Outcome<Arrived> {
        for row in rows {
            self.check_row(row)?;
        }
        let head = &rows[0];
        if !is_head(self.columns, head) {
            let message = "The order's first row is missing: this row has a line, but no total, currency or payment. \
                           Export the orders again.";
            return Err(self.problem(head, Reason::Missing, message));
        }
        let currency = self.currency(head)?;
        let placed_at = self.time(head, "Created at")?.ok_or_else(|| {
            self.problem(head, Reason::Missing, "Created at is empty. Export the order again with its date.")
        })?;
        let mut draft = Draft::new(self.setting.market, self.setting.channel, currency);
        draft.source_ref = Some(self.name.to_owned());
        draft.placed_at = Some(placed_at);
        let stated = self.stated(head, currency)?;
        let mut sums = self.lines(rows, currency, &mut draft)?;
        take_tip_out(&mut draft, &mut sums, &stated);
        self.charges(head, &mut draft, &sums, &stated)?;
        self.customer(head, &mut draft);
        self.words(head, &mut draft);
        let past = past::read(self, rows, &mut draft, &stated, placed_at)?;
        match draft::check(&draft) {
            Ok(()) => Ok(Arrived { draft, past }),
            Err(refused) => Err(self.problem(head, Reason::Invalid, refused.to_string())),
        }
    }

    fn check_row(&self, row: &Row) -> Outcome<()> {
        match row.damage(self.columns.width()) {
            Some(message) => Err(self.problem(row, Reason::Damaged, message)),
            None => Ok(()),
        }
    }

    fn currency(&mut self, head: &Row) -> Outcome<Currency> {
        let text = self.columns.of(head, "Currency");
        if text.is_empty() {
            let currency = self.setting.currency;
            self.note(head, format!("Currency is empty; {currency} was taken."));
            return Ok(currency);
        }
        Currency::parse(text).ok_or_else(|| {
            let message = format!("There is no currency {}. Enter its three letters, such as EUR.", cut(text));
            self.problem(head, Reason::Currency, message)
        })
    }

    fn stated(&self, head: &Row, currency: Currency) -> Outcome<Stated> {
        let total = self.amount(head, "Total", currency)?;
        let total =
            total.ok_or_else(|| self.problem(head, Reason::Missing, "Total is empty. Export the order again."))?;
        Ok(Stated {
            subtotal: self.amount(head, "Subtotal", currency)?,
            shipping: self.amount(head, "Shipping", currency)?.unwrap_or(0),
            taxes: self.amount(head, "Taxes", currency)?.unwrap_or(0),
            discount: self.amount(head, "Discount Amount", currency)?.unwrap_or(0).abs(),
            duties: self.amount(head, "Duties", currency)?.unwrap_or(0),
            total,
        })
    }

    fn lines(&mut self, rows: &[Row], currency: Currency, draft: &mut Draft) -> Outcome<LineSums> {
        let mut sums = LineSums { count: rows.len() as i64, ..LineSums::default() };
        for row in rows {
            let title = without_text_mark(self.columns.of(row, "Lineitem name"));
            if title.is_empty() {
                return Err(self.problem(row, Reason::Missing, "Lineitem name is empty. Enter what was bought."));
            }
            let quantity = self.quantity(row)?;
            let unit_minor = self.amount(row, "Lineitem price", currency)?;
            let unit_minor = unit_minor.ok_or_else(|| {
                self.problem(row, Reason::Missing, "Lineitem price is empty. Enter the price of one unit, or 0.")
            })?;
            let discount_minor = self.amount(row, "Lineitem discount", currency)?.unwrap_or(0);
            let mut line = DraftLine {
                sku: without_text_mark(self.columns.of(row, "Lineitem sku")).to_owned(),
                title: title.to_owned(),
                quantity,
                unit_minor,
                discount_minor,
                digital: self.columns.of(row, "Lineitem requires shipping").eq_ignore_ascii_case("false"),
                ..DraftLine::default()
            };
            sums.goods = sums.goods.saturating_add(unit_minor.saturating_mul(quantity));
            sums.discounts = sums.discounts.saturating_add(discount_minor);
            if quantity < 0 {
                self.take_back(row, &mut line, draft);
            }
            draft.lines.push(line);
        }
        Ok(sums)
    }

    /// A line of negative quantity was taken back in an exchange. An order has no negative lines, so
    /// it stays as a line of 0 and what it takes off stands among the charges.
    fn take_back(&mut self, row: &Row, line: &mut DraftLine, draft: &mut Draft) {
        let units = -line.quantity;
        let label = format!("Taken back: {units} × {}", line.title);
        draft.charges.push(charge(ChargeKind::Discount, &label, -line.unit_minor.saturating_mul(units)));
        line.properties = format!("Taken back: {units}");
        line.quantity = 0;
        let message = format!(
            "The quantity is −{units}: {} was taken back. It stands as a line of 0 and its price is taken off.",
            cut(&line.title)
        );
        self.note(row, message);
    }

    fn quantity(&self, row: &Row) -> Outcome<i64> {
        let text = self.columns.of(row, "Lineitem quantity");
        if text.is_empty() {
            let message = "Lineitem quantity is empty. Enter how many were bought.";
            return Err(self.problem(row, Reason::Missing, message));
        }
        super::whole_number(text).filter(|quantity| quantity.abs() <= draft::MOST_UNITS).ok_or_else(|| {
            let message = format!("Lineitem quantity says {}. Enter a whole number.", cut(text));
            self.problem(row, Reason::Quantity, message)
        })
    }

    fn charges(&self, head: &Row, draft: &mut Draft, sums: &LineSums, stated: &Stated) -> Outcome<()> {
        let currency = draft.currency;
        let reading = sums::read(sums, stated).map_err(|sum| {
            let (sum, total) = (Money::new(sum, currency), Money::new(stated.total, currency));
            let message = format!(
                "The lines, discount, shipping and tax add up to {sum}, but the Total says {total}. Export the order \
                 again with all its lines, or correct the rows."
            );
            self.problem(head, Reason::Sums, message)
        })?;
        draft.tax_included = reading.tax_included;
        let code = self.columns.of(head, "Discount Code");
        if reading.discount != 0 || !code.is_empty() {
            let label = if code.is_empty() { "Discount" } else { code };
            let mut discount = charge(ChargeKind::Discount, label, -reading.discount);
            discount.code = code.chars().take(200).collect();
            draft.charges.push(discount);
        }
        let method = self.columns.of(head, "Shipping Method");
        draft.shipping_method = method.to_owned();
        if stated.shipping != 0 {
            let label = if method.is_empty() { "Shipping" } else { method };
            draft.charges.push(charge(ChargeKind::Shipping, label, stated.shipping));
        }
        if reading.duties != 0 {
            draft.charges.push(charge(ChargeKind::Fee, "Duties", reading.duties));
        }
        draft.charges.extend(self.taxes(head, currency, stated.taxes)?);
        if reading.rounding != 0 {
            draft.charges.push(charge(ChargeKind::Rounding, "Rounding", reading.rounding));
        }
        Ok(())
    }

    /// The named taxes if they add up to the stated one, else that one alone.
    fn taxes(&self, head: &Row, currency: Currency, stated: i64) -> Outcome<Vec<DraftCharge>> {
        let mut named = Vec::new();
        for number in 1..=5 {
            let label = self.columns.of(head, &format!("Tax {number} Name"));
            let Some(minor) = self.amount(head, &format!("Tax {number} Value"), currency)? else { continue };
            let mut tax = charge(ChargeKind::Tax, if label.is_empty() { "Tax" } else { label }, minor);
            tax.rate_ppm = rate_in(label);
            named.push(tax);
        }
        if named.iter().map(|tax| tax.amount_minor).sum::<i64>() == stated {
            return Ok(named);
        }
        Ok(vec![charge(ChargeKind::Tax, "Tax", stated)])
    }

    /// An amount; `None` where the cell is empty.
    fn amount(&self, row: &Row, column: &str, currency: Currency) -> Outcome<Option<i64>> {
        let text = without_text_mark(self.columns.of(row, column));
        if text.is_empty() {
            return Ok(None);
        }
        Money::parse(text, currency).map(|money| Some(money.minor)).ok_or_else(|| {
            let message =
                format!("{column} says {}, which is no amount of {currency}. Correct it and import again.", cut(text));
            self.problem(row, Reason::Amount, message)
        })
    }

    fn time(&self, row: &Row, column: &str) -> Outcome<Option<UtcTime>> {
        let text = without_text_mark(self.columns.of(row, column));
        if text.is_empty() {
            return Ok(None);
        }
        parse_time(text, self.setting.zone).map(Some).ok_or_else(|| {
            let message = format!(
                "{column} says {}, which is not how Shopify writes a time (2026-10-01 10:00:00 +0900). A spreadsheet \
                 may have changed it; import the file as it was exported.",
                cut(text)
            );
            self.problem(row, Reason::Date, message)
        })
    }

    fn problem(&self, row: &Row, reason: Reason, message: impl Into<String>) -> Problem {
        let order = self.name.to_owned();
        Problem { row: row.number, line: row.line, order, reason, rows: 1, message: message.into() }
    }
    fn note(&mut self, row: &Row, message: String) {
        let note = self.problem(row, Reason::Noted, message);
        self.notes.push(Problem { rows: 0, ..note });
    }
}

/// A tip is exported as a line without SKU that the subtotal leaves out; here it is a fee. The line
/// stays, so that shipped quantities keep their rows, but costs nothing.
fn take_tip_out(draft: &mut Draft, sums: &mut LineSums, stated: &Stated) {
    let Some(subtotal) = stated.subtotal else { return };
    let is_tip = |line: &DraftLine| line.title.eq_ignore_ascii_case("tip") && line.sku.is_empty() && line.quantity == 1;
    let tip: i64 = draft.lines.iter().filter(|line| is_tip(line)).map(|line| line.unit_minor).sum();
    let goods = sums.goods - sums.discounts - tip;
    let left_out = goods == subtotal || goods - stated.discount == subtotal;
    if tip == 0 || !left_out || draft.lines.iter().all(is_tip) {
        return;
    }
    for line in draft.lines.iter_mut().filter(|line| is_tip(line)) {
        line.unit_minor = 0;
        line.digital = true;
    }
    sums.tip = tip;
    draft.charges.push(charge(ChargeKind::Fee, "Tip", tip));
}

fn charge(kind: ChargeKind, label: &str, amount_minor: i64) -> DraftCharge {
    DraftCharge { kind, label: label.chars().take(200).collect(), code: String::new(), amount_minor, rate_ppm: None }
}

/// The rate that the name of a tax gives, such as `VAT 21%`, in parts per million.
fn rate_in(label: &str) -> Option<i64> {
    let before = label.rsplit_once('%')?.0.trim_end();
    let number: String = before.chars().rev().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ',')).collect();
    let number: String = number.chars().rev().map(|c| if c == ',' { '.' } else { c }).collect();
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    let fraction: String = format!("{fraction:0<4}").chars().take(4).collect();
    format!("{whole}{fraction}").parse().ok().filter(|ppm: &i64| (0..=1_000_000).contains(ppm))
}

/// A time as Shopify writes it, or in one of the forms of ISO 8601; without an offset it is the
/// shop's wall clock.
fn parse_time(text: &str, zone: chrono_tz::Tz) -> Option<UtcTime> {
    let universal = text.strip_suffix(" UTC").map(|rest| format!("{rest} +0000"));
    let text = universal.as_deref().unwrap_or(text);
    let with_offset =
        ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M %z"];
    if let Some(at) = with_offset.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()) {
        return Some(UtcTime::from_datetime(at.to_utc()));
    }
    let local = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let wall = local.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(instant_of(wall, zone))
}
