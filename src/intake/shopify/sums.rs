//! How the parts of an exported order make its total. The export does not say whether tax is
//! included, whether the discount already stands on the lines, or whether the carriage is before or
//! after its discount; only one reading adds up. Pure.

/// Sums of an order's lines, in minor units.
#[derive(Clone, Copy, Debug, Default)]
pub struct LineSums {
    /// Price times quantity, lines taken back included with their sign.
    pub goods: i64,
    /// Discounts given on lines.
    pub discounts: i64,
    /// Of `goods`, what is a tip; the export leaves it out of the subtotal.
    pub tip: i64,
    /// How many lines there are.
    pub count: i64,
}

/// What the export states about the whole order, in minor units.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stated {
    /// Goods after discount.
    pub subtotal: Option<i64>,
    /// Carriage.
    pub shipping: i64,
    /// Tax, included or on top.
    pub taxes: i64,
    /// Discount, not negative.
    pub discount: i64,
    /// Duties.
    pub duties: i64,
    /// What the customer owes.
    pub total: i64,
}

/// The reading that adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Discount on the whole order, beside those on lines.
    pub discount: i64,
    /// Whether tax is part of the prices.
    pub tax_included: bool,
    /// Duties that count into the total.
    pub duties: i64,
    /// What is left between the parts and the total, within [`tolerance`].
    pub rounding: i64,
}

/// The difference that passes as rounding: one minor unit for every line, at least five. Five is the
/// step to which cash is rounded in several countries.
pub fn tolerance(lines: i64) -> i64 {
    lines.max(5)
}

/// Finds how the parts make the total.
///
/// # Errors
/// The nearest sum, if no reading comes within the tolerance.
pub fn read(lines: &LineSums, stated: &Stated) -> Result<Reading, i64> {
    let mut best: Option<((i64, i64, usize), Reading, i64)> = None;
    for (rank, (discount, tax_included, duties)) in candidates(lines, stated).into_iter().enumerate() {
        let goods = lines.goods - lines.discounts;
        let on_top = if tax_included { 0 } else { stated.taxes };
        let sum = goods - discount + stated.shipping + on_top + duties;
        let rounding = stated.total - sum;
        let weight = (rounding.abs(), subtotal_gap(goods - lines.tip, discount, stated.subtotal), rank);
        if best.as_ref().is_none_or(|(least, _, _)| weight < *least) {
            best = Some((weight, Reading { discount, tax_included, duties, rounding }, sum));
        }
    }
    match best {
        Some(((gap, _, _), reading, _)) if gap <= tolerance(lines.count) => Ok(reading),
        Some((_, _, sum)) => Err(sum),
        None => Err(0),
    }
}

/// Readings in order of likelihood: the discount beside the lines, already on them, or in the
/// carriage; tax included, or on top; duties counted, or paid to somebody else.
fn candidates(lines: &LineSums, stated: &Stated) -> Vec<(i64, bool, i64)> {
    let mut discounts = vec![stated.discount];
    if lines.discounts > 0 && stated.discount >= lines.discounts {
        discounts.insert(0, stated.discount - lines.discounts);
    }
    discounts.push(0);
    discounts.dedup();
    let duties = if stated.duties == 0 { vec![0] } else { vec![stated.duties, 0] };
    let mut all = Vec::new();
    for discount in discounts {
        for tax_included in [true, false] {
            for duties in &duties {
                all.push((discount, tax_included, *duties));
            }
        }
    }
    all
}

/// How far the stated subtotal is from the goods after discount; a discount on the carriage leaves
/// the subtotal alone.
fn subtotal_gap(goods: i64, discount: i64, subtotal: Option<i64>) -> i64 {
    subtotal.map_or(0, |subtotal| (subtotal - (goods - discount)).abs().min((subtotal - goods).abs()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn lines(goods: i64, discounts: i64) -> LineSums {
        LineSums { goods, discounts, tip: 0, count: 1 }
    }

    #[test]
    fn tax_is_included_or_on_top_as_the_total_says() {
        let stated = Stated { subtotal: Some(1_000), taxes: 200, shipping: 500, total: 1_500, ..Stated::default() };
        assert!(read(&lines(1_000, 0), &stated).unwrap().tax_included);
        let stated = Stated { total: 1_700, ..stated };
        assert!(!read(&lines(1_000, 0), &stated).unwrap().tax_included);
    }

    #[test]
    fn a_discount_is_counted_once_wherever_it_stands() {
        let beside = Stated { subtotal: Some(600), discount: 400, total: 600, ..Stated::default() };
        assert_eq!(read(&lines(1_000, 0), &beside).unwrap().discount, 400);
        assert_eq!(read(&lines(1_000, 400), &beside).unwrap().discount, 0);
        assert_eq!(read(&lines(1_100, 100), &beside).unwrap().discount, 400);
    }

    #[test]
    fn a_discount_on_the_carriage_leaves_the_subtotal_alone() {
        let stated = Stated { subtotal: Some(1_000), shipping: 500, discount: 500, total: 1_000, ..Stated::default() };
        assert_eq!(read(&lines(1_000, 0), &stated).unwrap().discount, 500);
        let net = Stated { shipping: 0, ..stated };
        assert_eq!(read(&lines(1_000, 0), &net).unwrap().discount, 0);
    }

    #[test]
    fn the_subtotal_decides_where_two_readings_add_up() {
        let stated = Stated { subtotal: Some(800), taxes: 200, discount: 200, total: 1_000, ..Stated::default() };
        let reading = read(&lines(1_000, 0), &stated).unwrap();
        assert_eq!((reading.discount, reading.tax_included), (200, false));
    }

    #[test]
    fn a_cent_is_rounding_and_a_euro_is_not() {
        let stated = Stated { total: 1_001, ..Stated::default() };
        assert_eq!(read(&lines(1_000, 0), &stated).unwrap().rounding, 1);
        let stated = Stated { total: 1_100, ..Stated::default() };
        assert_eq!(read(&lines(1_000, 0), &stated), Err(1_000));
    }
}
