//! What changing the lines of a placed order comes to: the lines and totals as they would be. Worked
//! out once, so that what is previewed is what is applied. Pure.
//!
//! A line's numbers here are of the units left in the order. Units taken out earlier stay on a line
//! that is left alone; a line that is changed counts anew from what is left, and the diary keeps what
//! it was. A line is never deleted: one without units is a line of zero.

use super::draft::{DraftCharge, DraftLine, MOST_CHARGES, MOST_LINES, MOST_UNITS};
use super::totals::{self, Totals};
use super::{Charge, ChargeKind, Line, Order};
use crate::error::{FieldProblem, Refusal, RefusalKind};
use crate::ids::LineId;
use crate::money::{LARGEST_MINOR, share};
use crate::workflow::Base;

/// Numbers of a line: units left, price of one, discount on all of them, what they come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSum {
    /// Units left in the order.
    pub quantity: i64,
    /// Price of a unit, minor units.
    pub unit_minor: i64,
    /// Taken off all of them.
    pub discount_minor: i64,
    /// What they come to.
    pub total_minor: i64,
}

impl LineSum {
    /// Of a line as it stands.
    pub fn of(line: &Line) -> Self {
        let discount_minor = line.discount_minor - share(line.discount_minor, line.cancelled_quantity, line.quantity);
        LineSum {
            quantity: line.quantity - line.cancelled_quantity,
            unit_minor: line.unit_minor,
            discount_minor,
            total_minor: line.total_minor - share(line.total_minor, line.cancelled_quantity, line.quantity),
        }
    }
}

/// What a line is wished to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The line.
    pub line: LineId,
    /// Units that stay.
    pub quantity: i64,
    /// Price of a unit.
    pub unit_minor: i64,
    /// Taken off all of them.
    pub discount_minor: i64,
}

/// What an order's lines are wished to be.
#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    /// Lines it has; one that is not named stays as it is.
    pub wishes: Vec<Wish>,
    /// Lines it gets.
    pub added: Vec<DraftLine>,
    /// What discounts, carriage and fees that it has are to come to, by their key, as they count into the
    /// total; one that is not named stays as it is.
    pub charges: Vec<(i64, i64)>,
    /// Discounts, carriage and fees that it gets.
    pub added_charges: Vec<DraftCharge>,
}

/// A line before and after.
#[derive(Clone, Debug)]
pub struct Change {
    /// The line as it will be stored.
    pub line: Line,
    /// Its numbers before.
    pub before: LineSum,
    /// Its numbers after.
    pub after: LineSum,
}

/// What a change set comes to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Lines that change.
    pub changed: Vec<Change>,
    /// Lines that come.
    pub added: Vec<DraftLine>,
    /// Charges whose amount changes: those that were wished to, and taxes.
    pub charges: Vec<Charge>,
    /// What became of each discount, carriage and fee: what it is called, before and after; those that come
    /// have no before.
    pub told_charges: Vec<(String, Option<i64>, i64)>,
    /// Charges that come.
    pub added_charges: Vec<DraftCharge>,
    /// Totals before.
    pub before: Totals,
    /// Totals after.
    pub after: Totals,
    /// Worth of the units taken out of lines that stay as they are.
    pub cancelled_minor: i64,
    /// Units in all lines.
    pub unit_count: i64,
}

impl Outcome {
    /// The order as it would be; its statuses are for others to compute.
    pub fn put_into(&self, order: &mut Order) {
        order.subtotal_minor = self.after.subtotal_minor;
        order.discount_minor = self.after.discount_minor;
        order.shipping_minor = self.after.shipping_minor;
        order.tax_minor = self.after.tax_minor;
        order.total_minor = self.after.total_minor;
        order.cancelled_minor = self.cancelled_minor;
        order.unit_count = self.unit_count;
    }
}

/// Whether an order's lines can be changed at all.
///
/// # Errors
/// Says why not: it was stopped, put away, given up, or everything has left.
pub fn may_change(order: &Order) -> Result<(), Refusal> {
    let number = order.shown_number();
    let told = match order.base {
        Base::Placed | Base::Confirmed | Base::OnHold | Base::Approved | Base::Processed => return Ok(()),
        Base::Cancelled | Base::Rejected => {
            format!("{number} was stopped, so its items cannot be changed. Reinstate it, or place a new order.")
        }
        Base::Archived => format!("{number} is archived, so its items cannot be changed. Bring it back first."),
        Base::Abandoned => format!("{number} was abandoned, so its items cannot be changed. Reopen it first."),
        Base::Shipped | Base::Delivered | Base::Returned => format!(
            "Everything of {number} has left the shop, so its items cannot be changed. Place a new order for more, \
             or refund a part of this one."
        ),
    };
    Err(Refusal::new(RefusalKind::State, "order.lines_closed", told))
}

/// Works a change set out.
///
/// # Errors
/// Names every field that cannot be: `old.0.quantity` of the lines it has, by their place, and
/// `lines.0.price` of those that come. Refuses what changes nothing and what leaves nothing.
pub fn work_out(order: &Order, lines: &[Line], charges: &[Charge], wanted: &ChangeSet) -> Result<Outcome, Refusal> {
    may_change(order)?;
    let mut problems = Vec::new();
    let mut after: Vec<Line> = lines.to_vec();
    let mut changed = Vec::new();
    for (index, line) in after.iter_mut().enumerate() {
        let Some(wish) = wanted.wishes.iter().find(|wish| wish.line == line.id) else { continue };
        let before = LineSum::of(line);
        let same = (wish.quantity, wish.unit_minor, wish.discount_minor)
            == (before.quantity, before.unit_minor, before.discount_minor);
        if same {
            continue;
        }
        check_wish(index, line, &before, wish, &mut problems);
        change_line(line, wish);
        changed.push(Change { line: line.clone(), before, after: LineSum::of(line) });
    }
    check_added(lines.len(), &wanted.added, &mut problems);
    let (wished, told_charges) = change_charges(charges, wanted, &mut problems);
    if !problems.is_empty() {
        return Err(Refusal::fields("order.invalid", problems));
    }
    if changed.is_empty() && wanted.added.is_empty() && told_charges.is_empty() {
        return Err(Refusal::invalid(
            "order.nothing_changed",
            "Nothing differs from the order as it stands. Change a quantity, a price, a discount or the shipping, or add a line.",
        ));
    }
    let added = with_tax(lines, &wanted.added);
    let left: i64 = after.iter().map(|line| line.quantity - line.cancelled_quantity).sum();
    if left + added.iter().map(|line| line.quantity).sum::<i64>() == 0 {
        return Err(Refusal::invalid(
            "order.nothing_left",
            "Nothing would be left of the order. Keep at least one unit, or cancel the order instead.",
        ));
    }
    let sums = |lines: &[Line], added: &[DraftLine]| -> Vec<(i64, i64)> {
        let stored = lines.iter().map(|line| (line.total_minor, line.tax_minor));
        let new = added.iter().map(|line| (line.unit_minor * line.quantity - line.discount_minor, line.tax_minor));
        stored.chain(new).collect()
    };
    let before = totals::of_parts(&sums(lines, &[]), &parts(charges), order.tax_included);
    let more: Vec<(ChargeKind, i64)> = wanted.added_charges.iter().map(|new| (new.kind, new.amount_minor)).collect();
    let with = |charges: &[Charge]| [parts(charges), more.clone()].concat();
    let mut taxed = wished;
    let untaxed = totals::of_parts(&sums(&after, &added), &with(&taxed), order.tax_included);
    if untaxed.discount_minor > untaxed.subtotal_minor.max(before.discount_minor) {
        let message = "The discounts are larger than the goods. Take less off.";
        return Err(Refusal::field("order.invalid", "charges", message));
    }
    retax(&mut taxed, &before, &untaxed, order.tax_included);
    let after_sums = totals::of_parts(&sums(&after, &added), &with(&taxed), order.tax_included);
    if after_sums.total_minor > LARGEST_MINOR {
        return Err(Refusal::invalid("order.too_large", "The order would come to more than the desk can count."));
    }
    taxed.retain(|charge| charges.iter().any(|old| old.id == charge.id && old.amount_minor != charge.amount_minor));
    Ok(Outcome {
        cancelled_minor: after.iter().map(|line| line.cancelled_worth(order.tax_included)).sum(),
        unit_count: after.iter().map(|line| line.quantity).chain(added.iter().map(|line| line.quantity)).sum(),
        changed,
        added,
        charges: taxed,
        told_charges,
        added_charges: wanted.added_charges.clone(),
        before,
        after: after_sums,
    })
}

/// The charges as they are wished to be, and what becomes of each. Taxes and rounding follow and are never
/// wished for.
fn change_charges(
    charges: &[Charge],
    wanted: &ChangeSet,
    problems: &mut Vec<FieldProblem>,
) -> (Vec<Charge>, Vec<(String, Option<i64>, i64)>) {
    let mut problem = |field: String, message: &str| {
        problems.push(FieldProblem { field, message: message.to_owned() });
    };
    let (mut after, mut told) = (charges.to_vec(), Vec::new());
    for (index, charge) in after.iter_mut().filter(|charge| charge.kind.is_wished()).enumerate() {
        let Some((_, amount)) = wanted.charges.iter().find(|(id, _)| *id == charge.id) else { continue };
        if *amount == charge.amount_minor {
            continue;
        }
        if !charge.kind.fits(*amount) {
            problem(format!("charge.{index}"), "Enter an amount of zero or more.");
        }
        told.push((charge.called(), Some(charge.amount_minor), *amount));
        charge.amount_minor = *amount;
    }
    for new in &wanted.added_charges {
        if !new.kind.is_wished() || !new.kind.fits(new.amount_minor) || new.amount_minor == 0 {
            problem("charge_amount".to_owned(), "Enter an amount above zero, such as 4.50.");
        }
        told.push((super::called(new.kind, &new.label, &new.code), None, new.amount_minor));
    }
    if charges.len() + wanted.added_charges.len() > MOST_CHARGES {
        problem("charge_amount".to_owned(), "The order has as many charges as it takes. Change one it has.");
    }
    (after, told)
}

fn parts(charges: &[Charge]) -> Vec<(ChargeKind, i64)> {
    charges.iter().map(|charge| (charge.kind, charge.amount_minor)).collect()
}

fn check_wish(index: usize, line: &Line, before: &LineSum, wish: &Wish, problems: &mut Vec<FieldProblem>) {
    let mut problem = |field: &str, message: String| {
        problems.push(FieldProblem { field: format!("old.{index}.{field}"), message });
    };
    let busy = line.packed_quantity + line.shipped_quantity;
    if !(0..=MOST_UNITS).contains(&wish.quantity) {
        problem("quantity", "The quantity is a whole number from 0 to 1,000,000.".to_owned());
    } else if wish.quantity < busy {
        let (is, them) = if busy == 1 { ("is", "it") } else { ("are", "them") };
        let what = match (line.packed_quantity, line.shipped_quantity) {
            (packed, 0) => format!("{packed} of “{}” {is} packed. Unpack {them} to remove more", line.title),
            (0, 1) => format!("1 of “{}” has left the shop", line.title),
            (0, shipped) => format!("{shipped} of “{}” have left the shop", line.title),
            (packed, shipped) => format!("{packed} of “{}” packed and {shipped} gone from the shop", line.title),
        };
        problem("quantity", format!("{what}; keep at least {busy}."));
    }
    if wish.unit_minor < 0 || wish.unit_minor > LARGEST_MINOR {
        problem("price", "Enter the price of one unit, zero or more.".to_owned());
    } else if line.shipped_quantity > 0
        && (wish.unit_minor != before.unit_minor || wish.discount_minor != before.discount_minor)
    {
        problem(
            "price",
            format!(
                "{} of “{}” left the shop at this price. Keep it; put further units on a new line.",
                line.shipped_quantity, line.title
            ),
        );
    }
    let goods = wish.unit_minor.saturating_mul(wish.quantity.clamp(0, MOST_UNITS));
    if goods > LARGEST_MINOR {
        problem("price", "The price of this line is too large.".to_owned());
    }
    if wish.discount_minor < 0 || (wish.quantity > 0 && wish.discount_minor > goods) {
        problem("discount", "The discount is larger than the line.".to_owned());
    }
}

/// Puts a wish into a line. Tax of the line keeps its share of the line.
fn change_line(line: &mut Line, wish: &Wish) {
    let (old_total, old_tax) = (line.total_minor, line.tax_minor);
    line.quantity = wish.quantity;
    line.cancelled_quantity = 0;
    line.unit_minor = wish.unit_minor;
    line.discount_minor = if wish.quantity == 0 { 0 } else { wish.discount_minor };
    line.total_minor = line.unit_minor.saturating_mul(line.quantity) - line.discount_minor;
    line.tax_minor = if old_total > 0 { share(old_tax, line.total_minor, old_total) } else { 0 };
}

fn check_added(has: usize, added: &[DraftLine], problems: &mut Vec<FieldProblem>) {
    if has + added.len() > MOST_LINES {
        problems.push(FieldProblem {
            field: "lines".to_owned(),
            message: format!("An order takes {MOST_LINES} lines at the most. Place another order for the rest."),
        });
    }
    for (index, line) in added.iter().enumerate() {
        super::draft::check_line(index, line, problems);
    }
}

/// New lines with the tax that the order's lines bear on average, where tax is kept on lines.
fn with_tax(lines: &[Line], added: &[DraftLine]) -> Vec<DraftLine> {
    let tax: i64 = lines.iter().map(|line| line.tax_minor).sum();
    let goods: i64 = lines.iter().map(|line| line.total_minor).sum();
    added
        .iter()
        .map(|line| {
            let total = line.unit_minor * line.quantity - line.discount_minor;
            DraftLine { tax_minor: if goods > 0 { share(tax, total, goods) } else { 0 }, ..line.clone() }
        })
        .collect()
}

/// Computes the taxes of the order anew. One whose rate explains its amount is taken at that rate of
/// what is taxed now: goods less discount, and carriage. Any other keeps its share.
fn retax(charges: &mut [Charge], before: &Totals, after: &Totals, included: bool) {
    let base = |sums: &Totals| (sums.subtotal_minor - sums.discount_minor + sums.shipping_minor).max(0);
    let (old, new) = (base(before), base(after));
    let taxes = charges.iter().filter(|charge| charge.kind == ChargeKind::Tax).count();
    for charge in charges.iter_mut().filter(|charge| charge.kind == ChargeKind::Tax) {
        let by_rate = charge
            .rate_ppm
            .filter(|rate| totals::tax_of(old, *rate, included) == charge.amount_minor || (old == 0 && taxes == 1));
        charge.amount_minor = match by_rate {
            Some(rate) => totals::tax_of(new, rate, included),
            None if old > 0 => share(charge.amount_minor, new, old),
            None => charge.amount_minor,
        };
    }
}
