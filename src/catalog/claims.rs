//! Which claims on stock an order should have, and what has to change for that. Pure: the store carries
//! it out.

use std::collections::{BTreeMap, BTreeSet};

use super::stock::{Claim, Counting, Part};
use crate::ids::{LineId, OrderId, ProductId};
use crate::time::UtcTime;

/// How firmly an order claims the units it has not shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmness {
    /// Not at all: it was stopped, or is held and gave its stock free.
    None,
    /// As it does now, but no more than softly: what was allocated goes back to a soft hold.
    Softly,
    /// With a soft hold that ends by itself at this instant.
    SoftlyUntil(UtcTime),
    /// For good, until it leaves or is taken out.
    Firmly,
}

/// What a line of an order wants of its product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// The line.
    pub line: LineId,
    /// Its product.
    pub product: ProductId,
    /// Units that were neither taken out nor shipped.
    pub open: i64,
    /// Units that have left.
    pub shipped: i64,
}

/// One claim before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// As it is.
    pub before: Claim,
    /// As it should be.
    pub after: Claim,
    /// Whether the product is counted now.
    pub is_counted: bool,
}

impl Change {
    /// Units that come to lie on the shelf.
    pub fn on_hand(&self) -> i64 {
        let away = |claim: &Claim| claim.shipped - claim.put_back;
        if self.is_counted { away(&self.before) - away(&self.after) } else { 0 }
    }
    /// Units allocated on top.
    pub fn allocated(&self) -> i64 {
        self.after.allocated - self.before.allocated
    }
    /// Units softly held on top.
    pub fn soft_held(&self) -> i64 {
        self.after.soft_held - self.before.soft_held
    }
    fn is_any(&self) -> bool {
        self.before != self.after
    }
}

/// Everything that has to change for one product, demand of all lines summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The product.
    pub product: ProductId,
    /// Whether it may be promised although there is none.
    pub oversell: bool,
    /// The claims that change.
    pub changes: Vec<Change>,
}

impl Shift {
    /// On hand, allocated, softly held: how much each grows.
    pub fn sums(&self) -> (i64, i64, i64) {
        let sum = |of: fn(&Change) -> i64| self.changes.iter().map(of).sum();
        (sum(Change::on_hand), sum(Change::allocated), sum(Change::soft_held))
    }
    /// Units that must be available before this may happen: none where an order only turns its own soft
    /// hold into an allocation, or ships, or gives back.
    pub fn needs_available(&self) -> i64 {
        let (on_hand, allocated, soft_held) = self.sums();
        let claims_more = allocated > 0 || soft_held > 0;
        if claims_more && !self.oversell { (allocated + soft_held - on_hand).max(0) } else { 0 }
    }
    /// Whether nothing firmer than a soft hold is asked for, which may fail without harm.
    pub fn is_soft(&self) -> bool {
        self.changes.iter().all(|change| change.allocated() <= 0)
    }
}

/// What has to change so that an order's claims are what it wants, by product in the order of their keys.
/// Bundles claim their parts; a product that is not counted claims nothing and keeps its past.
pub fn plan(
    order: OrderId,
    firmness: Firmness,
    wants: &[Want],
    parts: &[Part],
    counted: &[Counting],
    claims: &[Claim],
) -> Vec<Shift> {
    let mut after: BTreeMap<(ProductId, LineId), Claim> = BTreeMap::new();
    let mut before: BTreeMap<(ProductId, LineId), Claim> =
        claims.iter().map(|c| ((c.product_id, c.line_id), *c)).collect();
    // What no line wants any more is given free; what left, left.
    for (at, claim) in &before {
        after.insert(*at, Claim { soft_held: 0, allocated: 0, ..*claim });
    }
    let is_tracked = |product| counted.iter().any(|counting| counting.product == product && counting.tracked);
    for (line, product, open, shipped) in wants.iter().flat_map(|want| in_parts(want, parts)) {
        let at = (product, line);
        // What left before anything was claimed was never on these books.
        let unclaimed = Claim { shipped, ..Claim::none(order, line, product) };
        let had = *before.entry(at).or_insert(unclaimed);
        let claim = after.entry(at).or_insert(unclaimed);
        claim.shipped = shipped;
        claim.put_back = claim.put_back.min(shipped);
        if !is_tracked(product) {
            continue;
        }
        match firmness {
            Firmness::None => {}
            Firmness::Softly => claim.soft_held = open.min(had.soft_held + had.allocated),
            Firmness::SoftlyUntil(until) => {
                claim.soft_held = open;
                claim.expires_at = Some(until);
            }
            Firmness::Firmly => claim.allocated = open,
        }
    }
    let mut shifts: Vec<Shift> = Vec::new();
    let products: BTreeSet<ProductId> = after.keys().map(|(product, _)| *product).collect();
    for product in products {
        let of_product = after.range((product, LineId(i64::MIN))..=(product, LineId(i64::MAX)));
        let changes: Vec<Change> = of_product
            .filter_map(|(at, after)| {
                let is_counted = is_tracked(product);
                before.get(at).map(|before| Change { before: *before, after: *after, is_counted })
            })
            .filter(Change::is_any)
            .collect();
        if !changes.is_empty() {
            let oversell = counted.iter().any(|counting| counting.product == product && counting.oversell);
            shifts.push(Shift { product, oversell, changes });
        }
    }
    shifts
}

/// What a line is allocated of a product that may be promised although there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The line.
    pub line: LineId,
    /// Its order.
    pub order: OrderId,
    /// The product: its own, or a part of its bundle.
    pub product: ProductId,
    /// Units of the product.
    pub allocated: i64,
    /// Units of the line that they are for.
    pub open: i64,
    /// Units on the shelf that no order before this one needs.
    pub left: i64,
}

/// Units of each line for which there is nothing on the shelf: they are on back order. Promises stand by order,
/// product and line, and the first lines of an order get what there is.
pub fn backordered(promises: &[Promise]) -> Vec<(LineId, i64)> {
    let mut short: BTreeMap<LineId, i64> = BTreeMap::new();
    let (mut of, mut left) = (None, 0);
    for promise in promises.iter().filter(|promise| promise.allocated > 0) {
        if of != Some((promise.order, promise.product)) {
            (of, left) = (Some((promise.order, promise.product)), promise.left.max(0));
        }
        let covered = promise.allocated.min(left);
        left -= covered;
        // A bundle goes without as long as any of its parts does.
        let lacking = ((promise.allocated - covered) * promise.open + promise.allocated - 1) / promise.allocated;
        let known = short.entry(promise.line).or_insert(0);
        *known = lacking.max(*known);
    }
    short.into_iter().filter(|(_, units)| *units > 0).collect()
}

/// Line, product, open and shipped units: of the product itself, or of each part of a bundle.
fn in_parts(want: &Want, parts: &[Part]) -> Vec<(LineId, ProductId, i64, i64)> {
    let mut own = parts.iter().filter(|part| part.bundle == want.product).peekable();
    if own.peek().is_none() {
        return vec![(want.line, want.product, want.open, want.shipped)];
    }
    own.map(|part| (want.line, part.part, want.open * part.quantity, want.shipped * part.quantity)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: OrderId = OrderId(1);
    const MUG: ProductId = ProductId(7);
    const SET: ProductId = ProductId(9);

    fn want(line: i64, product: ProductId, open: i64) -> Want {
        Want { line: LineId(line), product, open, shipped: 0 }
    }
    fn counted(product: ProductId) -> Counting {
        Counting { product, tracked: true, oversell: false }
    }

    #[test]
    fn two_lines_of_one_product_ask_for_their_sum() {
        let wants = [want(1, MUG, 2), want(2, MUG, 3)];
        let shifts = plan(ORDER, Firmness::Firmly, &wants, &[], &[counted(MUG)], &[]);
        assert_eq!(shifts.len(), 1);
        assert_eq!((shifts[0].sums(), shifts[0].needs_available()), ((0, 5, 0), 5));
    }

    #[test]
    fn an_orders_own_soft_hold_is_turned_into_an_allocation_without_a_test() {
        let held = Claim { soft_held: 2, ..Claim::none(ORDER, LineId(1), MUG) };
        let shifts = plan(ORDER, Firmness::Firmly, &[want(1, MUG, 2)], &[], &[counted(MUG)], &[held]);
        assert_eq!((shifts[0].sums(), shifts[0].needs_available()), ((0, 2, -2), 0));
    }

    #[test]
    fn what_leaves_needs_nothing_and_what_comes_back_is_claimed_again() {
        let allocated = Claim { allocated: 2, ..Claim::none(ORDER, LineId(1), MUG) };
        let left = Want { shipped: 2, ..want(1, MUG, 0) };
        let shifts = plan(ORDER, Firmness::Firmly, &[left], &[], &[counted(MUG)], &[allocated]);
        assert_eq!((shifts[0].sums(), shifts[0].needs_available()), ((-2, -2, 0), 0));
        let gone = Claim { shipped: 2, ..Claim::none(ORDER, LineId(1), MUG) };
        let shifts = plan(ORDER, Firmness::Firmly, &[want(1, MUG, 2)], &[], &[counted(MUG)], &[gone]);
        assert_eq!((shifts[0].sums(), shifts[0].needs_available()), ((2, 2, 0), 0));
    }

    #[test]
    fn a_bundle_claims_its_parts() {
        let parts = [Part { bundle: SET, part: MUG, quantity: 4 }];
        let shifts = plan(ORDER, Firmness::Firmly, &[want(1, SET, 2), want(2, MUG, 1)], &parts, &[counted(MUG)], &[]);
        assert_eq!((shifts.len(), shifts[0].product, shifts[0].sums()), (1, MUG, (0, 9, 0)));
    }

    #[test]
    fn what_the_shelf_lacks_is_on_back_order_from_the_last_line_on() {
        let promise = |line: i64, product: ProductId, allocated: i64, open: i64, left: i64| Promise {
            line: LineId(line),
            order: ORDER,
            product,
            allocated,
            open,
            left,
        };
        assert_eq!(backordered(&[promise(1, MUG, 2, 2, 3), promise(2, MUG, 2, 2, 3)]), [(LineId(2), 1)]);
        assert_eq!(backordered(&[promise(1, MUG, 2, 2, -4)]), [(LineId(1), 2)]);
        assert_eq!(backordered(&[promise(1, MUG, 2, 2, 2)]), []);
        // Two sets of four mugs each, of which there are five: one set is whole.
        assert_eq!(backordered(&[promise(1, MUG, 8, 2, 5), promise(1, SET, 2, 2, 2)]), [(LineId(1), 1)]);
    }

    #[test]
    fn a_product_that_is_not_counted_claims_nothing_and_keeps_what_left() {
        let past = Claim { allocated: 1, shipped: 2, ..Claim::none(ORDER, LineId(1), MUG) };
        let uncounted = Counting { tracked: false, ..counted(MUG) };
        let shifts = plan(ORDER, Firmness::Firmly, &[want(1, MUG, 5)], &[], &[uncounted], &[past]);
        assert_eq!(shifts[0].sums(), (0, -1, 0));
    }

    #[test]
    fn taking_a_confirmation_back_leaves_the_soft_hold_it_came_from() {
        let allocated = Claim { allocated: 2, expires_at: Some(UtcTime(5)), ..Claim::none(ORDER, LineId(1), MUG) };
        let shifts = plan(ORDER, Firmness::Softly, &[want(1, MUG, 2)], &[], &[counted(MUG)], &[allocated]);
        assert_eq!((shifts[0].sums(), shifts[0].needs_available()), ((0, -2, 2), 0));
        assert_eq!(shifts[0].changes[0].after.expires_at, Some(UtcTime(5)));
    }
}
