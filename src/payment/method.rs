//! Ways of paying and what each asks for before an order may go on. Pure.

use crate::order::Order;

/// A way of paying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Stored key.
    pub key: &'static str,
    /// Words for people.
    pub label: &'static str,
    /// Whether an order with it is complete before any money moved.
    pub is_offline: bool,
    /// What must have happened before it is approved.
    pub to_approve: Cover,
    /// What must have happened before it is shipped.
    pub to_ship: Cover,
}

/// How far the payment must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// Nothing yet.
    Nothing,
    /// Promised or received in full.
    Promised,
    /// Received in full.
    Received,
}

/// The ways the desk knows. Any other key is treated like a card.
pub const METHODS: &[Method] = &[
    Method { key: "card", label: "Card", is_offline: false, to_approve: Cover::Promised, to_ship: Cover::Received },
    Method { key: "wallet", label: "Wallet", is_offline: false, to_approve: Cover::Promised, to_ship: Cover::Received },
    Method { key: "cash", label: "Cash", is_offline: true, to_approve: Cover::Nothing, to_ship: Cover::Received },
    Method {
        key: "card_terminal",
        label: "Card terminal",
        is_offline: true,
        to_approve: Cover::Nothing,
        to_ship: Cover::Received,
    },
    Method {
        key: "bank_transfer",
        label: "Bank transfer",
        is_offline: true,
        to_approve: Cover::Nothing,
        to_ship: Cover::Received,
    },
    Method {
        key: "cash_on_delivery",
        label: "Cash on delivery",
        is_offline: true,
        to_approve: Cover::Nothing,
        to_ship: Cover::Nothing,
    },
    Method {
        key: "invoice",
        label: "Invoice with terms",
        is_offline: true,
        to_approve: Cover::Nothing,
        to_ship: Cover::Nothing,
    },
];

/// The way of paying with that key. Keys are compared without case; spaces and hyphens count as
/// underscores; `cod` is cash on delivery.
pub fn of(key: &str) -> Method {
    let key = plain(key);
    METHODS.iter().find(|method| method.key == key).copied().unwrap_or(METHODS[0])
}

/// Whether two keys mean the same way.
pub fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

fn plain(key: &str) -> String {
    let key = key.trim().to_lowercase().replace([' ', '-'], "_");
    if key == "cod" { "cash_on_delivery".to_owned() } else { key }
}

/// Words for a stored key: the known label, or the key as the source wrote it.
pub fn label(key: &str) -> String {
    let known = of(key);
    let is_known = known != METHODS[0] || key.eq_ignore_ascii_case("card");
    if is_known { known.label.to_owned() } else { key.replace('_', " ") }
}

/// The ways to choose from: key, words, whether it is `chosen`. A way that only the source of an order
/// knows is offered as it stands.
pub fn choices(chosen: &str) -> Vec<(String, String, bool)> {
    let known = of(chosen);
    let is_known = known != METHODS[0] || chosen.eq_ignore_ascii_case(METHODS[0].key);
    let mut choices: Vec<_> = METHODS
        .iter()
        .map(|method| (method.key.to_owned(), method.label.to_owned(), is_known && known.key == method.key))
        .collect();
    if !is_known && !chosen.is_empty() {
        choices.push((chosen.to_owned(), label(chosen), true));
    }
    choices
}

/// Whether the payment of an order has come this far.
pub fn covers(order: &Order, cover: Cover) -> bool {
    let due = order.due_in_all();
    match cover {
        Cover::Nothing => true,
        Cover::Promised => order.net_minor() + order.authorized_minor >= due,
        Cover::Received => order.net_minor() >= due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_ways_are_as_strict_as_a_card() {
        assert_eq!(of("shop_pay").to_ship, Cover::Received);
        assert_eq!(label("shop_pay"), "shop pay");
        assert_eq!(of("COD").key, "cash_on_delivery");
        assert_eq!(label("Bank transfer"), "Bank transfer");
    }
}
