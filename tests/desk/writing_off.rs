//! A rest that nobody asks for any more is written off, so that its order can be put away, and taken back.

use serde_json::json;
use slipway::actor::Actor;
use slipway::moves::{self, MoveRequest, RefundChoice};
use slipway::order::{Order, PaymentKind, PaymentStatus};
use slipway::payment::{self, NewPayment};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

const ANA: Actor = Actor::System { name: "Ana" };

fn pay(desk: &TestDesk, number: i64, amount_minor: i64) -> Order {
    let new = NewPayment {
        kind: PaymentKind::Capture,
        amount_minor,
        method: "invoice".into(),
        reference: String::new(),
        note: String::new(),
        expires_at: None,
    };
    desk.write(move |tx| payment::record(tx, &ANA, number, None, &new))
}

/// Delivered on terms, and paid but for two cents.
fn two_cents_short(desk: &TestDesk) -> i64 {
    let number = desk.order().with(|draft| draft.payment_method = "invoice".into()).at("delivered").place_unpaid();
    let due = desk.look(number).amount_due();
    pay(desk, number, due - 2);
    number
}

/// Cancelled, and what was paid was not given back.
fn kept(desk: &TestDesk) -> i64 {
    let number = desk.order().paid().at("confirmed").place();
    let cancel =
        MoveRequest { reason: "customer".into(), refund: RefundChoice::Nothing, ..MoveRequest::to("cancelled") };
    desk.write(move |tx| moves::move_to_stage(tx, &ANA, number, &cancel));
    number
}

fn send(person: &Person, number: i64, path: &str, more: &[(&str, &str)]) -> Reply {
    let form = person.see(&format!("/orders/{number}/{path}"));
    let action = if path == "write-offs/new" { "write-offs" } else { "write-offs/back" };
    let own: Vec<(&str, String)> =
        ["version", "form_token", "back"].iter().map(|name| (*name, form.field(name))).collect();
    let fields: Vec<(&str, &str)> =
        own.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied()).collect();
    person.post(&format!("/orders/{number}/{action}"), &fields)
}

fn archive(desk: &TestDesk, number: i64) -> Result<Order, slipway::error::Error> {
    let request = MoveRequest::to("archived");
    desk.db.write_blocking(move |tx| moves::move_to_stage(tx, &ANA, number, &request).map(|moved| moved.order))
}

#[test]
fn two_cents_that_are_due_are_written_off_and_the_order_is_put_away() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), two_cents_short(&desk));
    assert!(archive(&desk, number).unwrap_err().to_string().contains("€0.02 is still due."));
    let form = owner.see(&format!("/orders/{number}/write-offs/new"));
    form.must_say("€0.02 still due");
    let wrong = send(&owner, number, "write-offs/new", &[("reason", ""), ("note", "cents")]);
    assert_eq!((wrong.status, wrong.field("note").as_str()), (400, "cents"));
    wrong.must_say("Choose a reason.");
    assert_eq!(send(&owner, number, "write-offs/new", &[("reason", "rounding"), ("note", "cents")]).status, 303);
    let order = desk.look(number);
    assert_eq!((order.amount_due(), order.written_off_minor), (0, 2));
    assert_eq!(order.payment_status, PaymentStatus::Paid);
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("€0.02 that was due was written off.");
    page.must_say("Written off");
    page.must_say("A difference of cents".to_lowercase().as_str());
    owner.see(&format!("/orders/{number}/history")).must_say("a write-off of €0.02");
    assert_eq!(archive(&desk, number).unwrap().stage, "archived");
    assert_eq!(send_raw(&owner, number).status, 409, "nothing is written off in the archive");
}

fn send_raw(person: &Person, number: i64) -> Reply {
    let fields = [("reason", "rounding"), ("version", "999"), ("form_token", "t")];
    person.post(&format!("/orders/{number}/write-offs"), &fields)
}

#[test]
fn a_write_off_is_taken_back_once_and_what_was_due_is_so_again() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), two_cents_short(&desk));
    send(&owner, number, "write-offs/new", &[("reason", "fees")]);
    let id = desk.look(number).id;
    let ledger = desk.read(|conn| payment::ledger(conn, id));
    let uid = ledger.last().unwrap().uid.clone();
    let path = format!("write-offs/back?of={uid}");
    owner.see(&format!("/orders/{number}/{path}")).must_say("€0.02");
    assert_eq!(send(&owner, number, &path, &[("of", &uid)]).status, 303);
    let order = desk.look(number);
    assert_eq!((order.amount_due(), order.written_off_minor), (2, 0));
    owner.see(&format!("/orders/{number}")).must_say("Write-off taken back");
    let again = send(&owner, number, &path, &[("of", &uid)]);
    assert_eq!(again.status, 409);
    again.must_say("taken back already");
    // Paid after all, and forgiven before: it is owed to the customer.
    send(&owner, number, "write-offs/new", &[("reason", "fees")]);
    assert_eq!(pay(&desk, number, 2).credit_owed(), 2);
}

#[test]
fn what_is_owed_and_cannot_be_given_back_is_written_off_and_needs_no_attention() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), kept(&desk));
    assert_eq!(desk.look(number).credit_owed(), 6_395);
    owner.see("/attention").must_say(&format!("#{number}"));
    assert_eq!(send(&owner, number, "write-offs/new", &[("reason", "unclaimed")]).status, 303);
    let order = desk.look(number);
    assert_eq!((order.credit_owed(), order.amount_due(), order.written_off_minor), (0, 0, -6_395));
    owner.see(&format!("/orders/{number}")).must_say("€63.95 that was owed was written off.");
    assert!(!owner.see("/attention").says(&format!("#{number}")));
    // Taken up again, what was kept is money that was paid, and no more than that.
    let back =
        MoveRequest { reason: "mistake".into(), authority: moves::Authority::Corrects, ..MoveRequest::to("confirmed") };
    desk.write(move |tx| moves::move_to_stage(tx, &ANA, number, &back));
    let order = desk.look(number);
    assert_eq!((order.credit_owed(), order.amount_due()), (0, 0));
}

#[test]
fn what_was_written_off_and_not_taken_back_is_added_up_by_reason() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    assert!(!owner.see("/").says("Written off"));
    for reason in ["rounding", "rounding", "fees"] {
        let number = two_cents_short(&desk);
        desk.write(move |tx| payment::write_off(tx, &ANA, number, None, reason, ""));
        if reason == "fees" {
            let id = desk.look(number).id;
            let uid = desk.read(|conn| payment::ledger(conn, id)).pop().unwrap().uid;
            desk.write(move |tx| payment::write_back(tx, &ANA, number, None, &uid, ""));
        }
    }
    let number = kept(&desk);
    desk.write(move |tx| payment::write_off(tx, &ANA, number, None, "unclaimed", ""));
    owner.see("/").must_say(
        "Written off, 30 days Asked for no more by reason; below zero what the shop keeps Reason Orders Written off \
         A difference of cents 2 €0.04 It cannot be given back 1 −€63.95 Together 3 −€63.91",
    );
    assert!(!desk.packer().see("/").says("Written off"));
}

#[test]
fn who_may_write_off_and_when() {
    let desk = TestDesk::open();
    let number = two_cents_short(&desk);
    for person in [desk.packer(), desk.support(), desk.viewer()] {
        assert_eq!(person.get(&format!("/orders/{number}/write-offs/new")).status, 403);
        assert_eq!(send_raw(&person, number).status, 403);
    }
    let early = desk.order().place();
    let told = |number: i64| {
        let outcome = desk.db.write_blocking(move |tx| payment::write_off(tx, &ANA, number, None, "rounding", ""));
        outcome.unwrap_err().refusal().unwrap().code
    };
    assert_eq!(told(early), "payment.write_off_early");
    assert!(!desk.owner().see(&format!("/orders/{early}")).says("Write off"));
    assert_eq!(told(desk.order().at("delivered").place()), "payment.nothing_to_write_off");
}

#[test]
fn programs_write_off_and_take_back() {
    let desk = TestDesk::open();
    let (program, number) = (desk.program(), two_cents_short(&desk));
    let path = |what: &str| format!("/api/orders/{number}/{what}");
    program.post(&path("write-offs"), &json!({"reason": "because"})).must_refuse(
        400,
        "payment.reason_missing",
        "/reason",
    );
    let made = program.must_post(&path("write-offs"), &json!({"reason": "rounding", "note": "two cents"}));
    assert_eq!((&made["payment"]["kind"], &made["payment"]["amount"]), (&json!("write_off"), &json!(0.02)));
    assert_eq!((&made["order"]["amount_due"], &made["order"]["written_off"]), (&json!(0.0), &json!(0.02)));
    program.post(&path("write-offs"), &json!({"reason": "rounding"})).must_refuse(
        409,
        "payment.nothing_to_write_off",
        "",
    );
    let id = json!({"write_off_id": made["payment"]["id"]});
    let back = program.must_post(&path("write-backs"), &id);
    assert_eq!((&back["payment"]["kind"], &back["order"]["amount_due"]), (&json!("write_back"), &json!(0.02)));
    program.post(&path("write-backs"), &id).must_refuse(409, "payment.written_back", "");
    let nothing = json!({"write_off_id": slipway::ids::new_uid()});
    program.post(&path("write-backs"), &nothing).must_refuse(404, "missing", "");
    let early = desk.order().place();
    let early = format!("/api/orders/{early}/write-offs");
    program.post(&early, &json!({"reason": "rounding"})).must_refuse(409, "payment.write_off_early", "");
}
