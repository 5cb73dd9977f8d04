//! Capturing, releasing and giving money back on the order's page, and through a provider.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use slipway::actor::Actor;
use slipway::error::Error;
use slipway::event;
use slipway::money::Currency;
use slipway::moves::{self, MoveRequest, RefundChoice};
use slipway::order::{self, EntryState, PaymentKind, PaymentStatus};
use slipway::payment::provider::{self, Answer, Provider, Providers, Question};
use slipway::payment::{self, NewCapture, NewGoodwill, NewPayment, NewRefund, Payment};
use slipway::worker;

use crate::attention::heaps_of;
use crate::support::app::TestDesk;
use crate::support::person::Reply;

const SYSTEM: Actor = Actor::System { name: "Test" };

fn ledger(desk: &TestDesk, number: i64) -> Vec<Payment> {
    let order = desk.look(number).id;
    desk.read(move |conn| payment::ledger(conn, order))
}

/// Opens a form and posts it with these fields over what it proposes.
fn send(desk: &TestDesk, form: &Reply, number: i64, verb: &str, more: &[(&str, &str)]) -> Reply {
    let mut fields: Vec<(&str, String)> =
        ["version", "form_token", "back"].iter().map(|name| (*name, form.field(name))).collect();
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    desk.owner().post(&format!("/orders/{number}/{verb}"), &fields)
}

fn refund(desk: &TestDesk, number: i64, more: &[(&str, &str)]) -> Reply {
    let form = desk.owner().see(&format!("/orders/{number}/refunds/new"));
    let (capture, expected) = (form.field("capture"), form.field("expected"));
    let mut fields = vec![("capture", capture.as_str()), ("expected", expected.as_str()), ("reason", "damaged")];
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend(more);
    send(desk, &form, number, "refunds", &fields)
}

fn mug(desk: &TestDesk, number: i64) -> String {
    let order = desk.look(number).id;
    desk.read(move |conn| order::lines(conn, order))[0].uid.clone()
}

#[test]
fn one_unit_and_the_shipping_are_given_back_and_said_so() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("delivered").place();
    let owner = desk.owner();
    let form = owner.see(&format!("/orders/{number}/refunds/new"));
    for words in ["€63.95 can be given back", "2 of 2 left, €57.00", "€6.95 left."] {
        form.must_say(words);
    }
    let quantity = format!("quantity-{}", mug(&desk, number));
    let done = refund(&desk, number, &[(quantity.as_str(), "1"), ("shipping", "6.95"), ("note", "cracked")]);
    assert_eq!(done.status, 303, "{}", done.text());
    let shown = owner.see(&format!("/orders/{number}"));
    for words in ["Part-refunded", "−€35.45", "1 × Mug, oat glaze", "arrived damaged or wrong", "cracked", "€28.50"]
    {
        shown.must_say(words);
    }
    owner.see(&format!("/orders/{number}/refunds/new")).must_say("1 of 2 left, €28.50");
    let told = owner.see(&format!("/orders/{number}/history"));
    told.must_say("recorded a refund of €35.45 by card (damaged)");
}

#[test]
fn an_amount_that_disagrees_with_its_parts_is_refused_with_both_sums() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    let quantity = format!("quantity-{}", mug(&desk, number));
    let reply = refund(&desk, number, &[(quantity.as_str(), "1"), ("shipping", "1"), ("amount", "30")]);
    assert_eq!(reply.status, 400);
    reply.must_say("The amount is €30.00, but lines, shipping and adjustment add up to €29.50.");
    assert_eq!((reply.field(&quantity), reply.field("amount")), ("1".into(), "30".into()), "typed values are kept");
    assert_eq!(desk.look(number).refunded_minor, 0);
}

#[test]
fn nothing_beyond_units_lines_shipping_or_what_was_received_is_given_back() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    let uid = mug(&desk, number);
    let (quantity, amount) = (format!("quantity-{uid}"), format!("amount-{uid}"));
    for (fields, told) in [
        (vec![(quantity.as_str(), "3")], "2 of 2 are left to give back for Mug, oat glaze."),
        (vec![(amount.as_str(), "57.01")], "€57.00 is left to give back for Mug, oat glaze."),
        (vec![(quantity.as_str(), "one")], "Enter how many units, such as 1."),
        (vec![("shipping", "7")], "€6.95 of the shipping is left to give back."),
        (vec![("amount", "63.96")], "€63.95 is left to give back of this payment."),
        (vec![("amount", "-1")], "Enter an amount above zero in EUR"),
        (vec![("amount", "1"), ("reason", "")], "Choose a reason."),
        (vec![("amount", "1"), ("note", "4242 4242 4242 4242")], "This looks like a card number."),
        (vec![("adjustment", "much")], "Enter an amount in EUR, with a minus for what is kept back."),
    ] {
        let reply = refund(&desk, number, &fields);
        assert_eq!(reply.status, 400, "{fields:?}");
        reply.must_say(told);
    }
    assert_eq!(desk.look(number).refunded_minor, 0);
}

#[test]
fn what_is_kept_back_lowers_the_refund_and_the_sum_is_worked_out_without_scripting() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    let quantity = format!("quantity-{}", mug(&desk, number));
    let fields = [(quantity.as_str(), "2"), ("adjustment", "-5.00")];
    let mut asking = fields.to_vec();
    asking.push(("do", "sum"));
    let worked_out = refund(&desk, number, &asking);
    assert_eq!(worked_out.status, 200);
    worked_out.must_say("To give back €52.00");
    assert_eq!(refund(&desk, number, &fields).status, 303);
    assert_eq!(desk.look(number).refunded_minor, 5_200);
}

#[test]
fn somebody_elses_refund_meanwhile_is_told_and_nothing_is_given_twice() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    assert_eq!(refund(&desk, number, &[("amount", "10")]).status, 303);
    let reply = refund(&desk, number, &[("amount", "10"), ("expected", "0")]);
    assert_eq!(reply.status, 409);
    reply.must_say("€10.00 was given back of this order by now, not €0.00 as when you began.");
    assert_eq!(reply.field("amount"), "10");
    assert_eq!(desk.look(number).refunded_minor, 1_000);
}

#[test]
fn two_clicks_give_back_once() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    let form = desk.owner().see(&format!("/orders/{number}/refunds/new"));
    let capture = form.field("capture");
    let fields = [("capture", capture.as_str()), ("expected", "0"), ("reason", "price"), ("amount", "10")];
    for _ in 0..2 {
        assert_eq!(send(&desk, &form, number, "refunds", &fields).status, 303);
    }
    assert_eq!(desk.look(number).refunded_minor, 1_000);
}

#[test]
fn of_two_refunds_of_more_than_half_at_once_one_is_given() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    let most = 4_000;
    let given: usize = std::thread::scope(|scope| {
        let both: Vec<_> = (0..2)
            .map(|_| {
                let db = desk.db.clone();
                scope.spawn(move || {
                    let new = NewRefund {
                        amount_minor: most,
                        adjustment_minor: most,
                        reason: "customer".into(),
                        ..NewRefund::default()
                    };
                    match db.write_blocking(move |tx| payment::refund(tx, &SYSTEM, number, None, &new)) {
                        Ok(_) => 1,
                        Err(Error::Refused(refusal)) => {
                            assert_eq!(refusal.code, "payment.above_capture");
                            0
                        }
                        Err(other) => panic!("{other}"),
                    }
                })
            })
            .collect();
        both.into_iter().map(|one| one.join().unwrap()).sum()
    });
    assert_eq!((given, desk.look(number).refunded_minor), (1, most));
}

#[test]
fn yen_and_dinars_are_given_back_in_their_own_units() {
    let desk = TestDesk::open();
    for (currency, unit, amount, minor) in [("JPY", 1_250, "1250", 1_250), ("KWD", 12_345, "12.345", 12_345)] {
        let number = desk
            .order()
            .with(|draft| {
                draft.currency = Currency::parse(currency).unwrap();
                draft.charges.clear();
            })
            .line("MUG", "Mug", 3, unit)
            .paid()
            .place();
        let quantity = format!("quantity-{}", mug(&desk, number));
        let done = refund(&desk, number, &[(quantity.as_str(), "1"), ("amount", amount)]);
        assert_eq!(done.status, 303, "{currency}: {}", done.text());
        assert_eq!(desk.look(number).refunded_minor, minor, "{currency}");
    }
}

#[test]
fn a_partial_capture_lets_the_rest_go_unless_more_is_to_come() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let capture = |number: i64, amount: &str, more: &str| {
        let uid = ledger(&desk, number)[0].uid.clone();
        let form = owner.see(&format!("/orders/{number}/captures/new?of={uid}"));
        send(&desk, &form, number, "captures", &[("of", &uid), ("amount", amount), ("more", more)])
    };
    let number = desk.order().authorized().place();
    assert_eq!(capture(number, "20", "1").status, 303);
    let order = desk.look(number);
    assert_eq!((order.authorized_minor, order.captured_minor), (4_395, 2_000));
    owner.see(&format!("/orders/{number}")).must_say("more to come");
    let reply = capture(number, "43.96", "0");
    assert_eq!(reply.status, 400);
    reply.must_say("€43.95 is left of this authorisation.");
    assert_eq!(capture(number, "40", "0").status, 303);
    let order = desk.look(number);
    assert_eq!((order.authorized_minor, order.captured_minor), (0, 6_000));
    assert_eq!(order.payment_status, PaymentStatus::PartiallyPaid);
    let reply = capture(number, "1", "0");
    assert_eq!(reply.status, 409);
    reply.must_say("Nothing is left of this authorisation");
}

#[test]
fn a_released_authorisation_cannot_be_captured() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().authorized().place();
    let uid = ledger(&desk, number)[0].uid.clone();
    let form = owner.see(&format!("/orders/{number}/voids/new?of={uid}"));
    assert_eq!(send(&desk, &form, number, "voids", &[("of", &uid), ("note", "asked to")]).status, 303);
    let order = desk.look(number);
    assert_eq!((order.authorized_minor, order.payment_status), (0, PaymentStatus::Voided));
    owner.see(&format!("/orders/{number}")).must_say("Released");
    assert_eq!(owner.get(&format!("/orders/{number}/captures/new?of=nothing")).status, 404);
}

#[test]
fn goodwill_changes_no_balance() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().paid().place();
    let form = owner.see(&format!("/orders/{number}/goodwill/new"));
    let wrong = send(&desk, &form, number, "goodwill", &[("amount", "100"), ("reason", "")]);
    assert_eq!(wrong.status, 400);
    wrong.must_say("Choose a reason.");
    assert_eq!(wrong.field("amount"), "100");
    let done = send(&desk, &form, number, "goodwill", &[("amount", "100"), ("reason", "late"), ("method", "cash")]);
    assert_eq!(done.status, 303);
    let order = desk.look(number);
    assert_eq!((order.captured_minor, order.refunded_minor, order.payment_status), (6_395, 0, PaymentStatus::Paid));
    owner.see(&format!("/orders/{number}")).must_say("Goodwill");
}

#[test]
fn what_is_given_back_once_the_order_has_left_is_not_asked_for_again() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("delivered").place();
    assert_eq!(refund(&desk, number, &[("adjustment", "11.50")]).status, 303);
    let order = desk.look(number);
    assert_eq!((order.refunded_minor, order.amount_due(), order.credit_owed()), (1_150, 0, 0));
    assert_eq!(order.payment_status, PaymentStatus::PartiallyRefunded);
    let page = desk.owner().see(&format!("/orders/{number}"));
    assert!(!page.says("is still due") && !page.says("Ask for"));
    let away = MoveRequest::to("archived");
    assert_eq!(desk.write(move |tx| moves::move_to_stage(tx, &SYSTEM, number, &away)).order.amount_due(), 0);
    // Nothing has left yet: the goods are still to be paid.
    let early = desk.order().paid().at("approved").place();
    assert_eq!(refund(&desk, early, &[("adjustment", "11.50")]).status, 303);
    assert_eq!(desk.look(early).amount_due(), 1_150);
    desk.owner().see(&format!("/orders/{early}")).must_say("Still due €11.50");
}

#[test]
fn what_was_given_out_of_kindness_is_added_up_by_reason() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    assert!(!owner.see("/").says("Goodwill"));
    let give = |number: i64, minor: i64, reason: &str| {
        let new = NewGoodwill {
            amount_minor: minor,
            reason: reason.into(),
            method: "cash".into(),
            reference: String::new(),
            note: String::new(),
        };
        desk.write(move |tx| payment::goodwill(tx, &SYSTEM, number, None, &new));
    };
    let (first, second) = (desk.order().paid().place(), desk.order().paid().place());
    give(first, 500, "late");
    give(first, 250, "late");
    give(second, 1_000, "damaged");
    owner.see("/").must_say(
        "Goodwill, 30 days Given out of kindness by reason Reason Orders Given Arrived damaged or wrong 1 €10.00 \
         It took too long 1 €7.50 Together 2 €17.50",
    );
    assert!(!desk.packer().see("/").says("Goodwill"));
}

#[test]
fn what_is_given_back_when_an_order_is_stopped_says_why() {
    let desk = TestDesk::open();
    for (to, reason, why) in [
        ("cancelled", "customer", "customer"),
        ("cancelled", "inventory", "out_of_stock"),
        ("rejected", "price_error", "price"),
        ("rejected", "fraud", "other"),
    ] {
        let number = desk.order().paid().at("confirmed").place();
        let stop = MoveRequest { reason: reason.into(), refund: RefundChoice::All, ..MoveRequest::to(to) };
        desk.write(move |tx| moves::move_to_stage(tx, &SYSTEM, number, &stop));
        let id = desk.look(number).id;
        let refund = desk.read(|conn| payment::ledger(conn, id)).pop().unwrap();
        assert_eq!((refund.kind, refund.reason.as_str()), (PaymentKind::Refund, why), "{to} for {reason}");
    }
}

#[test]
fn only_those_who_may_give_money_back() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    for person in [desk.packer(), desk.support(), desk.viewer()] {
        for verb in ["refunds", "goodwill", "captures", "voids"] {
            assert_eq!(person.get(&format!("/orders/{number}/{verb}/new")).status, 403, "{verb}");
            let fields = [("amount", "10"), ("version", "1"), ("form_token", "x"), ("reason", "other")];
            assert_eq!(person.post(&format!("/orders/{number}/{verb}"), &fields).status, 403, "{verb}");
        }
    }
    let shown = desk.packer().see(&format!("/orders/{number}"));
    assert!(!shown.text().contains("63.95") && !shown.text().contains("Refund"));
    assert_eq!(desk.look(number).refunded_minor, 0);
}

#[test]
fn a_promise_warns_two_days_before_its_end_and_counts_for_nothing_after() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let authorize = move |desk: &TestDesk, minutes: i64| {
        desk.write(move |tx| {
            let new = NewPayment {
                kind: PaymentKind::Authorization,
                amount_minor: 1_000,
                method: "card".into(),
                reference: String::new(),
                note: String::new(),
                expires_at: Some(tx.now.plus_minutes(minutes)),
            };
            payment::record(tx, &SYSTEM, number, None, &new)
        })
    };
    authorize(&desk, 3 * 24 * 60);
    assert!(waiting(&desk, number).is_empty());
    authorize(&desk, 60);
    assert_eq!(waiting(&desk, number), ["Authorisation lapses soon"]);
    desk.owner().see(&format!("/orders/{number}")).must_say("An authorisation of €10.00 lapses");
    authorize(&desk, -1);
    desk.owner().see(&format!("/orders/{number}")).must_say("An authorisation of €10.00 lapsed");
    assert_eq!(desk.look(number).authorized_minor, 2_000);
    // Once it is received or let go there is nothing to hurry for, though another one is still open.
    let soon = ledger(&desk, number)[1].uid.clone();
    desk.write(move |tx| {
        let part = NewCapture {
            authorization: soon,
            amount_minor: 400,
            more_to_come: true,
            reference: String::new(),
            note: String::new(),
        };
        payment::capture(tx, &SYSTEM, number, None, &part)
    });
    let page = desk.owner().see("/attention");
    assert_eq!(heaps_of(&page.text(), number), ["Authorisation lapses soon"]);
    page.must_say("€6.00");
    let soon = ledger(&desk, number)[1].uid.clone();
    desk.write(move |tx| payment::void(tx, &SYSTEM, number, None, &soon, ""));
    assert!(waiting(&desk, number).is_empty());
    let shown = desk.owner().see(&format!("/orders/{number}")).text();
    assert_eq!(shown.matches("lapses").count(), 1, "nothing is left of the other that could lapse");
}

/// What the list of what needs attention says about an order.
fn waiting(desk: &TestDesk, number: i64) -> Vec<String> {
    heaps_of(&desk.owner().see("/attention").text(), number)
}

/// A provider for tests: fails to be reached, refuses or does it, and remembers what it was asked.
struct Terminal {
    asked: AtomicUsize,
    unreachable: usize,
    refuses: bool,
}

impl Terminal {
    fn new(unreachable: usize, refuses: bool) -> Arc<Self> {
        Arc::new(Terminal { asked: AtomicUsize::new(0), unreachable, refuses })
    }
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Provider for Terminal {
    fn carry_out(&self, question: &Question) -> slipway::error::Result<Answer> {
        let before = self.asked.fetch_add(1, Ordering::SeqCst);
        if before < self.unreachable {
            return Err(Error::broken("the line is dead"));
        }
        match self.refuses {
            true => Ok(Answer::Refused("insufficient funds on the other side".into())),
            false => Ok(Answer::Done(format!("t-{}-{}", question.kind, question.key))),
        }
    }
}

fn work(desk: &TestDesk, terminal: &Arc<Terminal>) -> usize {
    let providers = Providers::default().with("terminal", terminal.clone());
    let db = desk.db.clone();
    tokio::runtime::Runtime::new().unwrap().block_on(async move { worker::drain_with(&db, &providers).await.unwrap() })
}

/// An order paid through the provider.
fn paid_by_provider(desk: &TestDesk) -> i64 {
    let number = desk.order().place();
    let total = desk.look(number).total_minor;
    desk.write(move |tx| {
        let new = NewPayment {
            kind: PaymentKind::Capture,
            amount_minor: total,
            method: "card".into(),
            reference: String::new(),
            note: String::new(),
            expires_at: None,
        };
        provider::begin(tx, &SYSTEM, number, None, &new, "terminal")
    });
    assert_eq!(desk.look(number).payment_status, PaymentStatus::Pending);
    assert_eq!(work(desk, &Terminal::new(0, false)), 1);
    let order = desk.look(number);
    assert_eq!((order.payment_status, order.stage.as_str()), (PaymentStatus::Paid, "confirmed"));
    number
}

#[test]
fn a_refund_through_a_provider_counts_at_once_and_is_given_when_it_answers() {
    let desk = TestDesk::open();
    let number = paid_by_provider(&desk);
    assert_eq!(refund(&desk, number, &[("amount", "40")]).status, 303);
    let order = desk.look(number);
    assert_eq!((order.refunded_minor, order.payment_status), (0, PaymentStatus::Paid));
    desk.owner().see(&format!("/orders/{number}")).must_say("A refund of €40.00 is under way.");
    let reply = refund(&desk, number, &[("amount", "30")]);
    reply.must_say("€23.95 is left to give back of this payment.");
    assert_eq!(work(&desk, &Terminal::new(0, false)), 1);
    assert_eq!(desk.look(number).refunded_minor, 4_000);
    let row = ledger(&desk, number).pop().unwrap();
    assert_eq!((row.state, row.reference), (EntryState::Succeeded, format!("t-refund-{}", row.uid)));
    assert_eq!((row.reason.as_str(), row.settled_at.is_some()), ("damaged", true));
}

#[test]
fn a_refund_that_fails_changes_no_balance_and_is_found() {
    let desk = TestDesk::open();
    let number = paid_by_provider(&desk);
    assert_eq!(refund(&desk, number, &[("amount", "40")]).status, 303);
    let before = desk.look(number);
    assert_eq!(work(&desk, &Terminal::new(0, true)), 1);
    let order = desk.look(number);
    assert_eq!((order.refunded_minor, order.captured_minor), (0, 6_395));
    assert_eq!((order.payment_status, &order.stage), (before.payment_status, &before.stage));
    // Nothing is owed, as the order was not cut, and yet the customer waits for the money.
    assert_eq!(order.credit_owed(), 0);
    assert_eq!(waiting(&desk, number), ["Refund failed", "Waits for approval"]);
    let shown = desk.owner().see(&format!("/orders/{number}"));
    for words in ["A refund of €40.00 failed.", "Refund failed", "insufficient funds on the other side"] {
        shown.must_say(words);
    }
    // Trying again settles it.
    assert_eq!(refund(&desk, number, &[("amount", "63.95")]).status, 303);
    assert_eq!(waiting(&desk, number), ["Waits for approval"]);
    assert_eq!(work(&desk, &Terminal::new(0, false)), 1);
    assert_eq!(desk.look(number).payment_status, PaymentStatus::Refunded);
}

#[test]
fn a_failed_refund_is_tried_again_with_all_that_was_asked_for() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = paid_by_provider(&desk);
    let uid = mug(&desk, number);
    let (quantity, amount) = (format!("quantity-{uid}"), format!("amount-{uid}"));
    let asked = [(quantity.as_str(), "1"), (amount.as_str(), "20"), ("shipping", "6.95"), ("adjustment", "-1")];
    assert_eq!(refund(&desk, number, &asked).status, 303);
    assert_eq!(work(&desk, &Terminal::new(0, true)), 1);
    let failed = ledger(&desk, number).pop().unwrap();
    let address = format!("/orders/{number}/refunds/new?again={}", failed.uid);
    for page in ["/attention".to_owned(), format!("/orders/{number}")] {
        assert!(owner.see(&page).text().contains(&address), "{page}");
        let others = [desk.viewer(), desk.support(), desk.packer()];
        assert!(others.iter().all(|other| !other.see(&page).text().contains("?again=")), "{page}");
    }
    assert_eq!(desk.support().get(&address).status, 403);
    assert_eq!(owner.get(&format!("/orders/{number}/refunds/new?again=nothing")).status, 404);

    let form = owner.see(&address);
    let names = [
        "retries",
        "capture",
        "expected",
        "shipping",
        "adjustment",
        "amount",
        "note",
        quantity.as_str(),
        amount.as_str(),
    ];
    let mut fields: Vec<(&str, String)> = names.iter().map(|name| (*name, form.field(name))).collect();
    fields.push(("reason", "damaged".into()));
    assert!(form.text().contains("<option value=\"damaged\" selected>"));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..2 {
        let sent = send(&desk, &form, number, "refunds", &fields);
        assert_eq!(sent.status, 303, "{}", sent.text());
    }
    let rows = ledger(&desk, number);
    let again = rows.last().unwrap();
    assert_eq!((rows.len(), again.state), (3, EntryState::Pending), "two clicks are one refund");
    assert_eq!((again.amount_minor, again.parent_id), (2_595, failed.parent_id));
    assert_eq!((again.shipping_minor, again.adjustment_minor), (695, -100));
    assert_eq!((&again.reason, &again.provider), (&failed.reason, &failed.provider));
    assert_eq!(waiting(&desk, number), ["Waits for approval"]);
    // It fails once more: one refund waits, not two.
    assert_eq!(work(&desk, &Terminal::new(0, true)), 1);
    let (first, last) = (failed.uid, again.uid.clone());
    let page = owner.see("/attention").text();
    assert!(page.contains(&last) && !page.contains(&first));
    owner.see(&format!("/orders/{number}/refunds/new")).must_say("€63.95 can be given back");
}

#[test]
fn two_refunds_of_the_same_amount_that_failed_wait_each_for_itself() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = paid_by_provider(&desk);
    for _ in 0..2 {
        assert_eq!(refund(&desk, number, &[("amount", "20")]).status, 303);
        assert_eq!(work(&desk, &Terminal::new(0, true)), 1);
    }
    let failed: Vec<String> = ledger(&desk, number).into_iter().skip(1).map(|entry| entry.uid).collect();
    let shown = || -> Vec<bool> {
        let (page, list) = (owner.see(&format!("/orders/{number}")).text(), owner.see("/attention").text());
        let waits = |uid: &String| page.contains(&format!("?again={uid}"));
        assert!(failed.iter().all(|uid| list.contains(&format!("?again={uid}")) == waits(uid)), "page and list agree");
        failed.iter().map(waits).collect()
    };
    assert_eq!(shown(), [true, true]);
    let again = |uid: &str| {
        let form = owner.see(&format!("/orders/{number}/refunds/new?again={uid}"));
        let names = ["retries", "capture", "expected", "adjustment", "amount"];
        let mut fields: Vec<(&str, String)> = names.iter().map(|name| (*name, form.field(name))).collect();
        fields.push(("reason", "other".into()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        send(&desk, &form, number, "refunds", &fields)
    };
    assert_eq!(again(&failed[0]).status, 303);
    assert_eq!(shown(), [false, true], "the other one waits still");
    assert_eq!(work(&desk, &Terminal::new(0, false)), 1);
    assert_eq!(shown(), [false, true]);
    // What was made up for cannot be tried again.
    assert_eq!(desk.look(number).refunded_minor, 2_000);
    let form = owner.see(&format!("/orders/{number}/refunds/new"));
    let fields = [("retries", failed[0].as_str()), ("expected", "2000"), ("amount", "20"), ("reason", "other")];
    assert_eq!(send(&desk, &form, number, "refunds", &fields).status, 404);
    // A refund that names none makes up for it as well.
    assert_eq!(refund(&desk, number, &[("amount", "20")]).status, 303);
    assert_eq!(shown(), [false, false]);
}

#[test]
fn an_answer_is_taken_once_and_one_that_never_came_is_asked_for_again() {
    let desk = TestDesk::open();
    let number = paid_by_provider(&desk);
    assert_eq!(refund(&desk, number, &[("amount", "40")]).status, 303);
    let terminal = Terminal::new(1, false);
    assert_eq!(work(&desk, &terminal), 1);
    assert_eq!(desk.look(number).refunded_minor, 0, "nobody knows yet");
    let row = ledger(&desk, number).pop().unwrap();
    assert_eq!((row.state, terminal.asked()), (EntryState::Pending, 1));
    let answer = Answer::Done("t-1".into());
    for _ in 0..2 {
        let (uid, answer) = (row.uid.clone(), answer.clone());
        desk.write(move |tx| moves::payment_answered(tx, &uid, &answer));
    }
    let (uid, refused) = (row.uid.clone(), Answer::Refused("too late".into()));
    desk.write(move |tx| moves::payment_answered(tx, &uid, &refused));
    assert_eq!(desk.look(number).refunded_minor, 4_000);
    let id = desk.look(number).id;
    let told = desk.read(move |conn| event::timeline(conn, id));
    let refunds = told
        .iter()
        .filter(|entry| matches!(&entry.event, event::Event::PaymentRecorded { entry, .. } if entry == "refund"));
    assert_eq!(refunds.count(), 1);
}

#[test]
fn nothing_is_written_off_while_a_refund_is_under_way() {
    let desk = TestDesk::open();
    let number = paid_by_provider(&desk);
    let cancel =
        MoveRequest { reason: "customer".into(), refund: RefundChoice::Nothing, ..MoveRequest::to("cancelled") };
    desk.write(move |tx| moves::move_to_stage(tx, &SYSTEM, number, &cancel));
    assert_eq!(refund(&desk, number, &[("amount", "40")]).status, 303);
    let (program, path) = (desk.program(), format!("/api/orders/{number}/write-offs"));
    let reason = serde_json::json!({"reason": "unclaimed"});
    program.post(&path, &reason).must_refuse(409, "payment.under_way", "");
    assert_eq!(work(&desk, &Terminal::new(0, false)), 1);
    assert_eq!(program.must_post(&path, &reason)["order"]["written_off"], serde_json::json!(-23.95));
}
