//! From lines and charges to what is owed. Pure; whole minor units; nothing is rounded here because
//! every part is given in minor units; what must be divided goes through `money`.

use super::draft::{ChargeKind, Draft};
use crate::money::{share, tax_within};

/// The parts of an order's total, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Lines after their own discounts.
    pub subtotal_minor: i64,
    /// Taken off the whole order; not negative.
    pub discount_minor: i64,
    /// Carriage.
    pub shipping_minor: i64,
    /// Fees and rounding together; below zero where rounding takes more off than fees add.
    pub fees_minor: i64,
    /// Tax, whether included or on top.
    pub tax_minor: i64,
    /// What the customer owes.
    pub total_minor: i64,
}

/// Adds a draft up, as [`of_parts`].
pub fn add_up(draft: &Draft) -> Totals {
    let lines: Vec<(i64, i64)> = draft
        .lines
        .iter()
        .map(|line| (line.unit_minor.saturating_mul(line.quantity) - line.discount_minor, line.tax_minor))
        .collect();
    let charges: Vec<(ChargeKind, i64)> =
        draft.charges.iter().map(|charge| (charge.kind, charge.amount_minor)).collect();
    of_parts(&lines, &charges, draft.tax_included)
}

/// Adds up lines (what each comes to and its tax) and charges. Tax counts into the total only where
/// prices do not include it. Tax given as charges wins over tax given on lines, so that it is never
/// counted twice. A total never falls below zero.
pub fn of_parts(lines: &[(i64, i64)], charges: &[(ChargeKind, i64)], tax_included: bool) -> Totals {
    let of = |kind: ChargeKind| -> i64 {
        charges.iter().filter(|(known, _)| *known == kind).map(|(_, amount)| amount).sum()
    };
    let has_tax_charges = charges.iter().any(|(kind, _)| *kind == ChargeKind::Tax);
    let subtotal_minor: i64 = lines.iter().map(|(total, _)| total).sum();
    let tax_minor = if has_tax_charges { of(ChargeKind::Tax) } else { lines.iter().map(|(_, tax)| tax).sum() };
    let discount_minor = -of(ChargeKind::Discount);
    let shipping_minor = of(ChargeKind::Shipping);
    let fees_minor = of(ChargeKind::Fee) + of(ChargeKind::Rounding);
    let on_top = if tax_included { 0 } else { tax_minor };
    let total = subtotal_minor - discount_minor + shipping_minor + fees_minor + on_top;
    Totals { subtotal_minor, discount_minor, shipping_minor, fees_minor, tax_minor, total_minor: total.max(0) }
}

/// Tax of an amount at a rate in parts per million, inside it or on top of it, rounded by the house's one
/// rule.
pub fn tax_of(amount_minor: i64, rate_ppm: i64, included: bool) -> i64 {
    if included { tax_within(amount_minor, rate_ppm) } else { share(amount_minor, rate_ppm, 1_000_000) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ChannelId, MarketId};
    use crate::money::Currency;
    use crate::order::draft::{DraftCharge, DraftLine};

    fn charge(kind: ChargeKind, amount_minor: i64) -> DraftCharge {
        DraftCharge { kind, label: String::new(), code: String::new(), amount_minor, rate_ppm: None }
    }

    fn mugs_and_bowl() -> Draft {
        let line =
            |unit_minor, quantity| DraftLine { title: "Mug".into(), unit_minor, quantity, ..DraftLine::default() };
        let mut draft = Draft::new(MarketId(1), ChannelId(1), Currency::EUR);
        draft.lines = vec![line(2_400, 2), line(3_800, 1)];
        draft.charges = vec![
            charge(ChargeKind::Discount, -500),
            charge(ChargeKind::Shipping, 1_300),
            charge(ChargeKind::Tax, 2_000),
        ];
        draft
    }

    #[test]
    fn included_tax_is_part_of_the_prices() {
        let totals = add_up(&mugs_and_bowl());
        assert_eq!(totals.subtotal_minor, 8_600);
        assert_eq!(totals.total_minor, 8_600 - 500 + 1_300);
        assert_eq!(totals.tax_minor, 2_000);
    }

    #[test]
    fn tax_is_rounded_once_to_a_minor_unit() {
        assert_eq!(tax_of(12_100, 210_000, true), 2_100);
        assert_eq!(tax_of(10_000, 210_000, false), 2_100);
        assert_eq!(tax_of(11_200, 270_000, true), 2_381);
        assert_eq!(tax_of(50, 90_000, false), 5);
        assert_eq!(tax_of(0, 210_000, true), 0);
    }

    #[test]
    fn tax_on_top_is_added() {
        let draft = Draft { tax_included: false, ..mugs_and_bowl() };
        assert_eq!(add_up(&draft).total_minor, 8_600 - 500 + 1_300 + 2_000);
    }

    #[test]
    fn a_discount_above_the_goods_leaves_nothing_to_pay() {
        let mut draft = mugs_and_bowl();
        draft.charges = vec![charge(ChargeKind::Discount, -99_999), charge(ChargeKind::Fee, 300)];
        let totals = add_up(&draft);
        assert_eq!((totals.fees_minor, totals.total_minor), (300, 0));
    }
}
