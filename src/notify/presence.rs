//! Who looks at which order. A screen says so when it opens an order and while it shows it; what is not said
//! again is over by itself, so that nobody stays who closed their computer.

use std::collections::BTreeMap;

use serde_json::json;

use super::store;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{MarketId, OrderId, StaffId};
use crate::reach::Reach;
use crate::time::UtcTime;

/// Seconds for which somebody counts as here after they said so. Screens say so every 25.
const STAYS: i64 = 60;

/// Somebody at an order.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Here {
    /// Number of the order.
    pub order: i64,
    /// Market of the order.
    pub market: MarketId,
    /// Who.
    pub person: StaffId,
    /// Their name.
    pub name: String,
}

/// Notes that somebody looks at an order.
pub fn come(tx: &mut Tx<'_>, order: OrderId, person: StaffId) -> Result<()> {
    let until = tx.now.plus_seconds(STAYS);
    store::come(tx, order, person, until)
}

/// Notes that somebody looks no longer.
pub fn go(tx: &mut Tx<'_>, order: OrderId, person: StaffId) -> Result<()> {
    store::go(tx, order, person)
}

/// Everybody who looks at an order now, by order and name.
pub fn all(conn: &mut Conn, now: UtcTime) -> Result<Vec<Here>> {
    store::all(conn, now)
}

/// Forgets who is gone.
pub fn forget_gone(tx: &mut Tx<'_>) -> Result<()> {
    store::forget(tx)
}

/// The orders at which somebody came or went, with who is at them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes(Vec<(i64, MarketId, Vec<(StaffId, String)>)>);

impl Changes {
    /// Between one look and the next.
    pub fn between(before: &[Here], after: &[Here]) -> Changes {
        let (before, after) = (by_order(before), by_order(after));
        let mut places: Vec<(i64, MarketId)> = before.keys().chain(after.keys()).copied().collect();
        places.sort_unstable();
        places.dedup();
        let changed = places.into_iter().filter(|place| before.get(place) != after.get(place));
        Changes(changed.map(|place| (place.0, place.1, after.get(&place).cloned().unwrap_or_default())).collect())
    }
    /// Whether nobody came or went.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// As somebody of this reach hears it, who is not told of themselves.
    pub fn heard_by(&self, person: StaffId, reach: &Reach) -> String {
        let frame = |(number, _, people): &(i64, MarketId, Vec<(StaffId, String)>)| {
            let others: Vec<&str> =
                people.iter().filter(|(id, _)| *id != person).map(|(_, name)| name.as_str()).collect();
            format!("event: presence\ndata: {}\n\n", json!({ "order": number, "people": others }))
        };
        self.0.iter().filter(|(_, market, _)| reach.sees(*market)).map(frame).collect()
    }
}

fn by_order(all: &[Here]) -> BTreeMap<(i64, MarketId), Vec<(StaffId, String)>> {
    let mut orders: BTreeMap<(i64, MarketId), Vec<(StaffId, String)>> = BTreeMap::new();
    for here in all {
        orders.entry((here.order, here.market)).or_default().push((here.person, here.name.clone()));
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(order: i64, person: i64, name: &str) -> Here {
        Here { order, market: MarketId(order), person: StaffId(person), name: name.into() }
    }

    #[test]
    fn who_came_and_went_is_told_of_their_orders_alone() {
        let before = [here(1, 7, "Ana"), here(2, 8, "Jon"), here(3, 9, "Vik")];
        let after = [here(1, 7, "Ana"), here(1, 8, "Jon"), here(3, 9, "Vik")];
        let changes = Changes::between(&before, &after);
        let heard = changes.heard_by(StaffId(8), &Reach::EVERYWHERE);
        assert_eq!(
            heard,
            "event: presence\ndata: {\"order\":1,\"people\":[\"Ana\"]}\n\nevent: presence\ndata: {\"order\":2,\"people\":[]}\n\n"
        );
        assert!(changes.heard_by(StaffId(9), &Reach::EVERYWHERE).contains("[\"Ana\",\"Jon\"]"));
        let heard = changes.heard_by(StaffId(9), &Reach::only(vec![MarketId(2)]));
        assert_eq!(heard, "event: presence\ndata: {\"order\":2,\"people\":[]}\n\n");
        assert!(Changes::between(&after, &after).is_empty());
    }
}
