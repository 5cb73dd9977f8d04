//! What needs attention is told while it does, and no longer.

use slipway::actor::Actor;
use slipway::conversation::{self, Direction};
use slipway::order::PaymentKind;
use slipway::payment::{self, NewPayment};
use slipway::time::UtcTime;

use crate::support::app::TestDesk;

fn pay(desk: &TestDesk, number: i64, kind: PaymentKind, amount_minor: i64, expires_at: Option<UtcTime>) {
    desk.write(move |tx| {
        let new = NewPayment {
            kind,
            amount_minor,
            method: "card".into(),
            reference: String::new(),
            note: String::new(),
            expires_at,
        };
        payment::record(tx, &Actor::System { name: "Test" }, number, None, &new).map(drop)
    });
}

/// Titles of the heaps in which an order stands.
pub fn heaps_of(page: &str, number: i64) -> Vec<String> {
    page.split("<section class=\"card\"")
        .skip(1)
        .filter(|section| section.contains(&format!("/orders/{number}\"")))
        .map(|section| section.split("</h2>").next().unwrap().rsplit('>').next().unwrap().to_owned())
        .collect()
}

#[test]
fn an_order_stands_where_it_needs_somebody_and_nowhere_else() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    owner.see("/attention").must_say("Nothing needs you");
    let waiting = desk.order().at("confirmed").place();
    let soon = desk.order().place();
    pay(&desk, soon, PaymentKind::Authorization, 6_395, Some(UtcTime::now().plus_minutes(1_440)));
    let promised = desk.order().authorized().at("approved").place();
    let over = desk.order().at("approved").place();
    pay(&desk, over, PaymentKind::Capture, 500, None);
    let late = desk.order().with(|draft| draft.due_at = Some(UtcTime::now().plus_minutes(-60))).at("approved").place();
    let wrote = desk.order().at("delivered").place();
    desk.write(move |tx| {
        let (customer, now) = (Actor::Customer { name: "Eszter".into() }, tx.now);
        conversation::keep_message(tx, &customer, wrote, Direction::In, "email", "Where is it?", now).map(drop)
    });
    let fine = desk.order().at("approved").place();
    let page = owner.see("/attention").text();
    assert_eq!(heaps_of(&page, waiting), ["Waits for approval"]);
    assert_eq!(heaps_of(&page, soon), ["Authorisation lapses soon"]);
    assert_eq!(heaps_of(&page, promised), ["Payment to capture"]);
    assert_eq!(heaps_of(&page, over), ["Owed to the customer"]);
    assert_eq!(heaps_of(&page, late), ["Late"]);
    assert_eq!(heaps_of(&page, wrote), ["Unread message"]);
    assert!(heaps_of(&page, fine).is_empty());
    assert!(page.contains("€5.00"));
    let packer = desk.packer().see("/attention").text();
    assert!(!packer.contains('€') && !packer.contains("Owed to the customer"), "{packer}");
    assert_eq!(heaps_of(&packer, late), ["Late"]);
    desk.write(move |tx| conversation::mark_read(tx, wrote).map(drop));
    assert!(heaps_of(&owner.see("/attention").text(), wrote).is_empty());
}
