//! Ways of paying and what each asks for before an order may go on. The shop adds and changes them;
//! one that it does not know is as strict as a card.

use crate::money::Currency;
use crate::order::Order;
use crate::workflow::Base;

crate::text_enum! {
    /// How far the payment must have come.
    pub enum Cover {
        /// Nothing yet.
        Nothing = "nothing",
        /// Promised or received in full.
        Promised = "promised",
        /// Received in full.
        Received = "received",
    }
}

crate::text_enum! {
    /// When a promise is captured by itself.
    pub enum CaptureAt {
        /// When the order is approved.
        Approval = "approval",
        /// When it is packed.
        Packing = "packing",
        /// When it is shipped.
        Shipping = "shipping",
        /// Never: somebody captures it.
        Manual = "manual",
    }
}

impl CaptureAt {
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            CaptureAt::Approval => "When the order is approved",
            CaptureAt::Packing => "When it is packed",
            CaptureAt::Shipping => "When it is shipped",
            CaptureAt::Manual => "Never, somebody captures it",
        }
    }
    /// Whether a promise is captured by itself when an order enters this base: at its move, and at any
    /// later one where it came too late for that.
    pub fn is_reached_by(self, base: Base) -> bool {
        match self {
            CaptureAt::Approval => matches!(base, Base::Approved | Base::Processed | Base::Shipped),
            CaptureAt::Packing => matches!(base, Base::Processed | Base::Shipped),
            CaptureAt::Shipping => base == Base::Shipped,
            CaptureAt::Manual => false,
        }
    }
}

/// A way of paying.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Method {
    /// Key of the row; zero for a way that the shop does not know.
    pub id: i64,
    /// Stored key.
    pub key: String,
    /// Words for people.
    pub label: String,
    /// Place in lists, from 1.
    pub position: i64,
    /// Whether staff write down what was paid, instead of a provider.
    pub is_offline: bool,
    /// Whether an order with it is complete before any money moved.
    pub completes_unpaid: bool,
    /// What must have happened before it is approved.
    pub to_approve: Cover,
    /// Whether it must have been received in full before it is shipped.
    pub captured_before_ship: bool,
    /// When a promise is captured by itself.
    pub capture_at: CaptureAt,
    /// Above this nothing is captured by itself, minor units.
    pub ceiling_minor: Option<i64>,
    /// Currency of the ceiling.
    pub ceiling_currency: Option<Currency>,
    /// Days for which an authorisation is good where nobody says otherwise.
    pub authorization_days: Option<i64>,
    /// Whether orders with it are never given up for want of payment.
    pub never_abandons: bool,
    /// Whether it is offered.
    pub active: bool,
    /// Minutes after which an incomplete order with it counts as abandoned; none for those of its market.
    pub abandon_after_minutes: Option<i64>,
    /// How customers pay what is due with it, with words in double braces; empty for nothing to say.
    pub instructions: String,
}

impl Default for Method {
    /// A way that nobody has described: as strict as a card.
    fn default() -> Self {
        Method {
            id: 0,
            key: String::new(),
            label: String::new(),
            position: 0,
            is_offline: false,
            completes_unpaid: false,
            to_approve: Cover::Promised,
            captured_before_ship: true,
            capture_at: CaptureAt::Manual,
            ceiling_minor: None,
            ceiling_currency: None,
            authorization_days: None,
            never_abandons: false,
            active: true,
            abandon_after_minutes: None,
            instructions: String::new(),
        }
    }
}

impl Method {
    /// What must have happened before an order with it is shipped.
    pub fn to_ship(&self) -> Cover {
        if self.captured_before_ship { Cover::Received } else { Cover::Nothing }
    }
    /// What would be captured by itself when an order enters a base, minor units: what is promised and
    /// still due, or nothing above the ceiling or in another currency than the ceiling's.
    pub fn captures_by_itself(&self, order: &Order, base: Base) -> i64 {
        let wanted = (order.due_in_all() - order.net_minor()).min(order.authorized_minor).max(0);
        let above = match (self.ceiling_minor, self.ceiling_currency) {
            (Some(most), Some(currency)) => currency != order.currency || wanted > most,
            (Some(most), None) => wanted > most,
            (None, _) => false,
        };
        if above || !self.capture_at.is_reached_by(base) { 0 } else { wanted }
    }
}

/// The ways of paying of the shop, in their order.
#[derive(Clone, Debug, Default)]
pub struct Methods(pub Vec<Method>);

impl Methods {
    /// The way with that key; one as strict as a card if the shop knows none. Keys are compared without
    /// case; spaces and hyphens count as underscores; `cod` is cash on delivery.
    pub fn of(&self, key: &str) -> Method {
        self.find(key).cloned().unwrap_or_else(|| Method {
            key: key.to_owned(),
            label: label(key),
            ..Method::default()
        })
    }
    fn find(&self, key: &str) -> Option<&Method> {
        self.0.iter().find(|method| same(&method.key, key))
    }
    /// Words for a stored key: the shop's label, or the key as the source wrote it.
    pub fn label(&self, key: &str) -> String {
        self.find(key).map_or_else(|| label(key), |method| method.label.clone())
    }
    /// The ways to choose from: key, words, whether it is `chosen`. One that is not offered any more, or
    /// that only the source of an order knows, is offered where it is chosen.
    pub fn choices(&self, chosen: &str) -> Vec<(String, String, bool)> {
        let mut choices: Vec<_> = self
            .0
            .iter()
            .filter(|method| method.active || same(&method.key, chosen))
            .map(|method| (method.key.clone(), method.label.clone(), same(&method.key, chosen)))
            .collect();
        if !chosen.is_empty() && self.find(chosen).is_none() {
            choices.push((chosen.to_owned(), label(chosen), true));
        }
        choices
    }
}

/// Whether two keys mean the same way.
pub fn same(one: &str, other: &str) -> bool {
    plain(one) == plain(other)
}

fn plain(key: &str) -> String {
    let key = key.trim().to_lowercase().replace([' ', '-'], "_");
    if key == "cod" { "cash_on_delivery".to_owned() } else { key }
}

/// Key of the way of paying with a gift card.
pub const GIFT_CARD: &str = "gift_card";

/// The reference that is kept with a way of paying. Whoever reads the whole code of a gift card can spend it, so
/// only its last four letters are.
pub fn kept_reference(method: &str, reference: &str) -> String {
    let code: Vec<char> = reference.chars().filter(|c| c.is_alphanumeric()).collect();
    if !same(method, GIFT_CARD) || code.len() <= 4 {
        return reference.trim().to_owned();
    }
    format!("•••• {}", code[code.len() - 4..].iter().collect::<String>())
}

/// Words for a key on paper, where the shop's own words for it are not at hand.
pub fn label(key: &str) -> String {
    match plain(key).as_str() {
        "card" => "Card".to_owned(),
        "wallet" => "Wallet".to_owned(),
        "cash" => "Cash".to_owned(),
        "card_terminal" => "Card terminal".to_owned(),
        "bank_transfer" => "Bank transfer".to_owned(),
        "cash_on_delivery" => "Cash on delivery".to_owned(),
        "invoice" => "Invoice with terms".to_owned(),
        _ => key.replace('_', " "),
    }
}

/// Whether the payment of an order has come this far, with what a move captures by itself.
pub fn covers(order: &Order, cover: Cover, captured_now: i64) -> bool {
    let due = order.due_in_all();
    match cover {
        Cover::Nothing => true,
        Cover::Promised => order.net_minor() + order.authorized_minor >= due,
        Cover::Received => order.net_minor() + captured_now >= due,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_of_a_gift_card_is_kept_by_its_end_alone() {
        assert_eq!(kept_reference("gift_card", "GIFT-2K4M-9QX7"), "•••• 9QX7");
        assert_eq!(kept_reference("Gift card", "4111 1111 1111 1111"), "•••• 1111");
        assert_eq!(kept_reference("gift_card", "•••• 9QX7"), "•••• 9QX7");
        assert_eq!(kept_reference("card", "ch_3PqL0612"), "ch_3PqL0612");
    }

    #[test]
    fn unknown_ways_are_as_strict_as_a_card() {
        let methods =
            Methods(vec![Method { key: "cash_on_delivery".into(), label: "Nachnahme".into(), ..Method::default() }]);
        assert_eq!(methods.of("shop_pay").to_ship(), Cover::Received);
        assert_eq!(methods.label("shop_pay"), "shop pay");
        assert_eq!(methods.label("COD"), "Nachnahme");
        assert_eq!(label("Bank transfer"), "Bank transfer");
    }

    #[test]
    fn one_that_is_not_offered_stays_where_it_is_chosen() {
        let methods =
            Methods(vec![Method { key: "cash".into(), label: "Cash".into(), active: false, ..Method::default() }]);
        assert!(methods.choices("").is_empty());
        assert_eq!(methods.choices("cash"), [("cash".to_owned(), "Cash".to_owned(), true)]);
        assert_eq!(methods.choices("klarna"), [("klarna".to_owned(), "klarna".to_owned(), true)]);
    }

    #[test]
    fn a_promise_that_came_after_its_move_is_captured_at_the_next() {
        assert!(CaptureAt::Approval.is_reached_by(Base::Shipped));
        assert!(!CaptureAt::Shipping.is_reached_by(Base::Approved));
        assert!(!CaptureAt::Manual.is_reached_by(Base::Shipped));
    }
}
