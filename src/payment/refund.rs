//! What may be given back for which line, and whether a refund adds up. Pure; minor units.

use crate::error::{FieldProblem, Refusal, Result};
use crate::ids::LineId;
use crate::money::{self, Money};
use crate::order::{Line, Order};

/// Why money is given back, as stored keys and words.
pub const REFUND_REASONS: &[(&str, &str)] = &[
    ("returned", "Goods came back"),
    ("damaged", "Arrived damaged or wrong"),
    ("not_delivered", "Did not arrive"),
    ("out_of_stock", "Out of stock"),
    ("price", "The price was wrong"),
    ("duplicate", "Paid twice"),
    ("customer", "The customer asked for it"),
    ("other", "Another reason"),
];

/// Why money is given out of kindness, as stored keys and words.
pub const GOODWILL_REASONS: &[(&str, &str)] = &[
    ("late", "It took too long"),
    ("damaged", "Arrived damaged or wrong"),
    ("service", "We could have done better"),
    ("other", "Another reason"),
];

/// What is to be given back for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundLine {
    /// The line.
    pub line: LineId,
    /// Units it is for; zero for a reduction that is for no whole unit.
    pub quantity: i64,
    /// Minor units with tax; none for what the units cost.
    pub amount_minor: Option<i64>,
}

/// A refund that is wanted.
#[derive(Clone, Debug, Default)]
pub struct NewRefund {
    /// Public identifier of the capture; none for the only one of which something is left.
    pub capture: Option<String>,
    /// Minor units, above zero: lines, carriage and adjustment together.
    pub amount_minor: i64,
    /// For which lines.
    pub lines: Vec<RefundLine>,
    /// For carriage.
    pub shipping_minor: i64,
    /// For nothing of this: above zero in the customer's favour, below zero kept back.
    pub adjustment_minor: i64,
    /// Key of [`REFUND_REASONS`].
    pub reason: String,
    /// The other side's reference.
    pub reference: String,
    /// Words for colleagues.
    pub note: String,
    /// Public identifier of the failed refund that this one tries again.
    pub retries: Option<String>,
    /// What was given back in all when the refund was decided on, with what is under way. Another total
    /// by now is refused.
    pub expected_refunded_total: Option<i64>,
}

/// What something cost in this order, and the tax within.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Worth {
    /// With tax, after every discount.
    pub gross_minor: i64,
    /// The tax within.
    pub tax_minor: i64,
}

/// What was given back for something already, refunds under way included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Units.
    pub quantity: i64,
    /// With tax.
    pub amount_minor: i64,
    /// The tax within.
    pub tax_minor: i64,
}

/// A line with what may still be given back for it.
#[derive(Clone, Debug)]
pub struct Left {
    /// The line.
    pub line: LineId,
    /// What it is called.
    pub title: String,
    /// Units ordered.
    pub ordered: i64,
    /// Units left.
    pub quantity: i64,
    /// What is left of what it cost.
    pub worth: Worth,
}

impl Left {
    /// What so many units cost: all that is left for all units that are left.
    pub fn amount_for(&self, quantity: i64) -> i64 {
        if quantity >= self.quantity {
            self.worth.gross_minor
        } else {
            money::share(self.worth.gross_minor, quantity, self.quantity)
        }
    }
    /// The tax within an amount: largest remainder, with neither the tax nor the rest going above what
    /// is left of it.
    fn tax_within(&self, amount_minor: i64) -> i64 {
        let net = self.worth.gross_minor - self.worth.tax_minor;
        let tax = money::split(amount_minor, &[self.worth.tax_minor, net]).first().copied().unwrap_or(0);
        tax.clamp((amount_minor - net).max(0), self.worth.tax_minor.min(amount_minor).max(0))
    }
}

/// What each line and the carriage cost: discounts and taxes of the whole order are spread over them by
/// largest remainder, so that together they come to the order's total but for fees and rounding.
pub fn worths(order: &Order, lines: &[Line]) -> (Vec<Worth>, Worth) {
    let totals: Vec<i64> = lines.iter().map(|line| line.total_minor).collect();
    let discounts = money::split(order.discount_minor.min(totals.iter().sum()), &totals);
    let mut net: Vec<i64> = totals.iter().zip(&discounts).map(|(total, discount)| (total - discount).max(0)).collect();
    let known: i64 = lines.iter().map(|line| line.tax_minor).sum();
    net.push(order.shipping_minor.max(0));
    let taxes: Vec<i64> = match known == order.tax_minor {
        true => lines.iter().map(|line| line.tax_minor).chain([0]).collect(),
        false => money::split(order.tax_minor, &net),
    };
    let mut worths: Vec<Worth> = net
        .iter()
        .zip(taxes)
        .map(|(amount, tax)| match order.tax_included {
            true => Worth { gross_minor: *amount, tax_minor: tax.clamp(0, *amount) },
            false => Worth { gross_minor: amount + tax.max(0), tax_minor: tax.max(0) },
        })
        .collect();
    let shipping = worths.pop().unwrap_or_default();
    (worths, shipping)
}

/// What may still be given back for each line. `given` tells what was.
pub fn left(order: &Order, lines: &[Line], given: &dyn Fn(LineId) -> Given) -> Vec<Left> {
    let (worths, _) = worths(order, lines);
    lines
        .iter()
        .zip(worths)
        .map(|(line, worth)| {
            let given = given(line.id);
            Left {
                line: line.id,
                title: line.title.clone(),
                ordered: line.quantity,
                quantity: (line.quantity - given.quantity).max(0),
                worth: Worth {
                    gross_minor: (worth.gross_minor - given.amount_minor).max(0),
                    tax_minor: (worth.tax_minor - given.tax_minor).max(0),
                },
            }
        })
        .collect()
}

/// A line of a refund that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckedLine {
    /// The line.
    pub line: LineId,
    /// Units.
    pub quantity: i64,
    /// With tax.
    pub amount_minor: i64,
    /// The tax within.
    pub tax_minor: i64,
}

/// Checks the lines of a refund against what is left of each. Field names are `line-` and the place of
/// the line in `left`.
///
/// # Errors
/// Refuses units and amounts beyond what is left, and lines of another order.
pub fn check_lines(order: &Order, left: &[Left], wanted: &[RefundLine]) -> Result<Vec<CheckedLine>> {
    let (mut checked, mut problems) = (Vec::new(), Vec::new());
    for (place, want) in wanted.iter().enumerate() {
        let Some(index) = left.iter().position(|line| line.line == want.line) else {
            return Err(Refusal::invalid("payment.unknown_line", "One of the lines is not of this order.").into());
        };
        let line = &left[index];
        let amount = want.amount_minor.unwrap_or_else(|| line.amount_for(want.quantity));
        let told = if want.quantity < 0 || amount < 0 {
            "Enter nothing below zero.".to_owned()
        } else if wanted[..place].iter().any(|known| known.line == want.line) {
            format!("{} is named twice. Name it once, with all that is given back for it.", line.title)
        } else if want.quantity > line.quantity {
            format!("{} of {} are left to give back for {}.", line.quantity, line.ordered, line.title)
        } else if amount > line.worth.gross_minor {
            let most = order.money(line.worth.gross_minor);
            format!("{most} is left to give back for {}. Put anything above that under adjustment.", line.title)
        } else {
            if amount > 0 || want.quantity > 0 {
                let tax_minor = line.tax_within(amount);
                checked.push(CheckedLine { line: line.line, quantity: want.quantity, amount_minor: amount, tax_minor });
            }
            continue;
        };
        problems.push(FieldProblem { field: format!("line-{index}"), message: told });
    }
    if problems.is_empty() { Ok(checked) } else { Err(Refusal::fields("payment.line_limit", problems).into()) }
}

/// Whether a refund adds up.
///
/// # Errors
/// Refuses an amount that is not the sum of its parts, telling both.
pub fn reconcile(order: &Order, new: &NewRefund, lines: &[CheckedLine]) -> Result<()> {
    let goods: i64 = lines.iter().map(|line| line.amount_minor).sum();
    let parts = goods + new.shipping_minor + new.adjustment_minor;
    if parts == new.amount_minor {
        return Ok(());
    }
    let show = |minor: i64| Money::new(minor, order.currency).to_string();
    let told = format!(
        "The amount is {}, but lines, shipping and adjustment add up to {}. Correct one of them.",
        show(new.amount_minor),
        show(parts)
    );
    Err(Refusal::field("payment.does_not_add_up", "amount", told).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(quantity: i64, gross_minor: i64, tax_minor: i64) -> Left {
        let worth = Worth { gross_minor, tax_minor };
        Left { line: LineId(1), title: "Mug".into(), ordered: quantity, quantity, worth }
    }

    #[test]
    fn units_given_back_one_by_one_come_to_what_they_cost() {
        for (quantity, gross, tax) in [(3, 1_000, 160), (7, 99_999, 7_407), (3, 1, 1), (2, 0, 0), (3, 100, 99)] {
            let mut line = left(quantity, gross, tax);
            let (mut sum, mut taxes) = (0, 0);
            while line.quantity > 0 {
                let amount = line.amount_for(1);
                let within = line.tax_within(amount);
                assert!(within >= 0 && within <= amount, "{within} of {amount}");
                (sum, taxes) = (sum + amount, taxes + within);
                line.quantity -= 1;
                line.worth =
                    Worth { gross_minor: line.worth.gross_minor - amount, tax_minor: line.worth.tax_minor - within };
            }
            assert_eq!((sum, taxes), (gross, tax));
        }
    }

    #[test]
    fn neither_tax_nor_net_is_given_back_twice() {
        let line = left(1, 100, 20);
        for amount in 0..=100 {
            let tax = line.tax_within(amount);
            assert!(tax <= 20 && amount - tax <= 80, "{tax} of {amount}");
        }
    }
}
