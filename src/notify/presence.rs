//! Who looks at which order. A screen says so when it opens an order and while it shows it; what is not said
//! again is over by itself, so that nobody stays who closed their computer.

use std::collections::BTreeMap;

use serde_json::json;

use super::store;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{OrderId, StaffId};
use crate::time::UtcTime;

/// Seconds for which somebody counts as here after they said so. Screens say so every 25.
const STAYS: i64 = 60;

/// Somebody at an order.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Here {
    /// Number of the order.
    pub order: i64,
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
pub(super) struct Changes(Vec<(i64, Vec<(StaffId, String)>)>);

impl Changes {
    /// Between one look and the next.
    pub fn between(before: &[Here], after: &[Here]) -> Changes {
        let (before, after) = (by_order(before), by_order(after));
        let mut numbers: Vec<i64> = before.keys().chain(after.keys()).copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let changed = numbers.into_iter().filter(|number| before.get(number) != after.get(number));
        Changes(changed.map(|number| (number, after.get(&number).cloned().unwrap_or_default())).collect())
    }
    /// Whether nobody came or went.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// As somebody hears it, who is not told of themselves.
    pub fn heard_by(&self, person: StaffId) -> String {
        let frame = |(number, people): &(i64, Vec<(StaffId, String)>)| {
            let others: Vec<&str> =
                people.iter().filter(|(id, _)| *id != person).map(|(_, name)| name.as_str()).collect();
            format!("event: presence\ndata: {}\n\n", json!({ "order": number, "people": others }))
        };
        self.0.iter().map(frame).collect()
    }
}

fn by_order(all: &[Here]) -> BTreeMap<i64, Vec<(StaffId, String)>> {
    let mut orders: BTreeMap<i64, Vec<(StaffId, String)>> = BTreeMap::new();
    for here in all {
        orders.entry(here.order).or_default().push((here.person, here.name.clone()));
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(order: i64, person: i64, name: &str) -> Here {
        Here { order, person: StaffId(person), name: name.into() }
    }

    #[test]
    fn who_came_and_went_is_told_of_their_orders_alone() {
        let before = [here(1, 7, "Ana"), here(2, 8, "Jon"), here(3, 9, "Vik")];
        let after = [here(1, 7, "Ana"), here(1, 8, "Jon"), here(3, 9, "Vik")];
        let changes = Changes::between(&before, &after);
        let heard = changes.heard_by(StaffId(8));
        assert_eq!(
            heard,
            "event: presence\ndata: {\"order\":1,\"people\":[\"Ana\"]}\n\nevent: presence\ndata: {\"order\":2,\"people\":[]}\n\n"
        );
        assert!(changes.heard_by(StaffId(9)).contains("[\"Ana\",\"Jon\"]"));
        assert!(Changes::between(&after, &after).is_empty());
    }
}
