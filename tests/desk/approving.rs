//! What the rule of a market approves without anybody, and what it leaves to people.

use slipway::actor::Actor;
use slipway::catalog::stock;
use slipway::event::{self, Event, Moved};
use slipway::ids::OrderId;
use slipway::market::MarketFacts;
use slipway::moves::{self, Authority, MoveRequest};
use slipway::order::{Order, PaymentKind};
use slipway::payment::method::{Cover, Method};
use slipway::payment::{self, NewPayment};

use crate::support::app::TestDesk;

const ANA: Actor = Actor::System { name: "Ana" };

fn approves(facts: &mut MarketFacts) {
    facts.approves_itself = true;
}

impl TestDesk {
    /// Records what is due, as staff would.
    fn is_paid(&self, number: i64, kind: PaymentKind) -> Order {
        let new = NewPayment {
            kind,
            amount_minor: self.look(number).amount_due(),
            method: "card".into(),
            reference: String::new(),
            note: String::new(),
            expires_at: None,
        };
        self.write(move |tx| moves::record_payment(tx, &ANA, number, None, &new))
    }
    fn steps(&self, id: OrderId) -> Vec<(String, Moved)> {
        let diary = self.read(|conn| event::timeline(conn, id));
        diary
            .into_iter()
            .filter_map(|entry| match entry.event {
                Event::OrderMoved(moved) => Some((entry.actor_name, moved)),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn an_order_approves_itself_when_nothing_is_missing_and_the_market_says_so() {
    let desk = TestDesk::open();
    let before = desk.order().place();
    assert_eq!(desk.is_paid(before, PaymentKind::Capture).stage, "confirmed", "off until it is switched on");
    desk.set_market(approves);
    let promised = desk.is_paid(desk.order().place(), PaymentKind::Authorization);
    assert_eq!(promised.stage, "approved", "a promise is enough for a card");
    let steps = desk.steps(promised.id);
    let told: Vec<_> = steps.iter().map(|(who, moved)| (who.as_str(), moved.to.as_str())).collect();
    assert_eq!(told, [("Rule", "confirmed"), ("Rule", "approved")]);
    assert_eq!(steps[1].1.note, "By the rule of the market Fern & Kiln: paid as agreed, allocated.");
    // What is complete before any money moved, and needs none to be approved.
    let later = desk.order().with(|draft| draft.payment_method = "cash_on_delivery".into()).place();
    assert_eq!(desk.look(later).stage, "approved");
    // A way of paying that wants the money first waits for it.
    desk.write(|tx| {
        let transfer = payment::methods(tx.conn)?.of("bank_transfer");
        payment::change_method(tx, &ANA, &Method { to_approve: Cover::Received, ..transfer })
    });
    let transfer = desk.order().with(|draft| draft.payment_method = "bank_transfer".into()).place();
    assert_eq!(desk.look(transfer).stage, "confirmed");
    assert_eq!(desk.is_paid(transfer, PaymentKind::Capture).stage, "approved");
}

#[test]
fn a_total_above_the_ceiling_is_left_to_people() {
    let desk = TestDesk::open();
    let total = desk.look(desk.order().place()).total_minor;
    for (most, stage) in [(total - 1, "confirmed"), (total, "approved")] {
        desk.set_market(move |facts| {
            approves(facts);
            facts.approve_up_to_minor = Some(most);
        });
        assert_eq!(desk.is_paid(desk.order().place(), PaymentKind::Capture).stage, stage, "up to {most}");
    }
}

#[test]
fn what_is_held_or_not_on_the_shelf_waits_and_goes_on_when_it_may() {
    let desk = TestDesk::open();
    desk.set_market(approves);
    let mug = desk.product("MUG-OAT-L", 2);
    let number = desk.order().place();
    let hold = MoveRequest { reason: "address_check".into(), ..MoveRequest::to("on_hold") };
    desk.write(move |tx| moves::move_to_stage(tx, &ANA, number, &hold));
    let held = desk.is_paid(number, PaymentKind::Capture);
    assert_eq!((held.stage.as_str(), held.resume_stage.as_deref()), ("on_hold", Some("confirmed")));
    desk.write(move |tx| stock::count(tx, &ANA, mug, 1, "One broke", "less"));
    let hold = desk.read(|conn| moves::open_holds(conn, held.id)).remove(0).uid;
    let released = desk.write(move |tx| moves::release(tx, &ANA, number, None, &hold));
    assert_eq!(released.order.stage, "confirmed", "one is missing on the shelf");
    desk.write(move |tx| stock::count(tx, &ANA, mug, 2, "Found", "more"));
    let hold = MoveRequest { reason: "other".into(), ..MoveRequest::to("on_hold") };
    desk.write(move |tx| moves::move_to_stage(tx, &ANA, number, &hold));
    let hold = desk.read(|conn| moves::open_holds(conn, held.id)).remove(0).uid;
    let released = desk.write(move |tx| moves::release(tx, &ANA, number, None, &hold));
    assert_eq!((released.order.stage.as_str(), released.to_label.as_str()), ("approved", "Approved"));
}

#[test]
fn what_was_taken_back_from_approved_is_not_approved_again_by_itself() {
    let desk = TestDesk::open();
    desk.set_market(approves);
    let order = desk.is_paid(desk.order().place(), PaymentKind::Authorization);
    let back = MoveRequest { reason: "mistake".into(), authority: Authority::Corrects, ..MoveRequest::to("confirmed") };
    desk.write(move |tx| moves::move_to_stage(tx, &ANA, order.number, &back));
    let corrected = desk.write(move |tx| {
        let change = slipway::order::Correction { phone: Some("+36 1 234 5678".into()), ..Default::default() };
        moves::correct(tx, &ANA, order.number, None, &change)
    });
    assert_eq!(corrected.stage, "confirmed");
}
