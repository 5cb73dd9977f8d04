//! What customers send back: asked for, decided, received unit by unit, counted once.

use slipway::order;
use slipway::returns::{self, Return};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// Three mugs and a bowl, delivered.
fn delivered(desk: &TestDesk) -> i64 {
    desk.order().line("MUG", "Mug", 3, 1_000).line("BOWL", "Bowl", 1, 3_000).at("delivered").place()
}

fn of(desk: &TestDesk, number: i64) -> Vec<Return> {
    desk.read(|conn| {
        let order = order::find(conn, number)?;
        returns::of_order(conn, order.id)
    })
}

fn back(desk: &TestDesk, number: i64) -> Vec<i64> {
    desk.read(|conn| {
        let order = order::find(conn, number)?;
        Ok(order::lines(conn, order.id)?.iter().map(|line| line.returned_quantity).collect())
    })
}

fn lines(desk: &TestDesk, number: i64) -> Vec<String> {
    desk.read(|conn| {
        let order = order::find(conn, number)?;
        Ok(order::lines(conn, order.id)?.into_iter().map(|line| line.uid).collect())
    })
}

fn ask(person: &Person, desk: &TestDesk, number: i64, units: &[&str]) -> Reply {
    let form = person.see(&format!("/orders/{number}/returns/new"));
    let (version, token) = (form.field("version"), form.field("form_token"));
    let lines = lines(desk, number);
    let mut fields = vec![("version", version.as_str()), ("form_token", token.as_str()), ("reason", "damaged")];
    for (line, units) in lines.iter().zip(units) {
        fields.extend([("line", line.as_str()), ("units", *units)]);
    }
    person.post(&format!("/orders/{number}/returns"), &fields)
}

fn settle(person: &Person, desk: &TestDesk, number: i64, uid: &str, to: &str, note: &str) -> Reply {
    let version = desk.look(number).version.to_string();
    let fields = [("to", to), ("note", note), ("version", version.as_str())];
    person.post(&format!("/orders/{number}/returns/{uid}"), &fields)
}

/// Receives with `restock, damaged, discard, missing` per line of the return.
fn receive(person: &Person, desk: &TestDesk, number: i64, uid: &str, conditions: &[(usize, [&str; 4])]) -> Reply {
    let version = desk.look(number).version.to_string();
    let lines = lines(desk, number);
    let mut fields = vec![("version", version.as_str())];
    for (line, [restock, damaged, discard, missing]) in conditions {
        fields.extend([("line", lines[*line].as_str()), ("restock", *restock), ("damaged", *damaged)]);
        fields.extend([("discard", *discard), ("missing", *missing)]);
    }
    person.post(&format!("/orders/{number}/returns/{uid}/receipt"), &fields)
}

#[test]
fn a_second_return_of_the_same_line_counts_right_and_the_last_one_returns_the_order() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), delivered(&desk));
    assert_eq!(ask(&owner, &desk, number, &["1", "0"]).status, 303);
    let first = of(&desk, number).remove(0);
    owner.see("/attention").must_say("Return to look at");
    settle(&owner, &desk, number, &first.uid, "approved", "");
    assert_eq!(receive(&owner, &desk, number, &first.uid, &[(0, ["1", "", "", ""])]).status, 303);
    assert_eq!(back(&desk, number), [1, 0]);
    let part = desk.look(number);
    assert_eq!((part.stage.as_str(), part.fulfilment_status.as_str()), ("delivered", "partially_returned"));
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("Part-returned");
    owner.see(&format!("/orders/{number}/returns/{}", first.uid)).must_say("What came back was worth €10.00.");

    let many = ask(&owner, &desk, number, &["3", "0"]);
    assert_eq!(many.status, 400);
    many.must_say("Enter a number from 0 to 2 for Mug.");
    assert_eq!(ask(&owner, &desk, number, &["2", "1"]).status, 303);
    let second = of(&desk, number).remove(1);
    settle(&owner, &desk, number, &second.uid, "approved", "");
    settle(&owner, &desk, number, &second.uid, "in_transit", "");
    let odd = receive(&owner, &desk, number, &second.uid, &[(0, ["1", "", "", ""]), (1, ["1", "", "", ""])]);
    assert_eq!(odd.status, 400);
    odd.must_say("the four numbers must add up to 2.");
    let done = receive(&owner, &desk, number, &second.uid, &[(0, ["1", "1", "", ""]), (1, ["", "", "1", ""])]);
    assert_eq!(done.status, 303, "{}", done.words());
    assert_eq!(back(&desk, number), [3, 1]);
    let all = desk.look(number);
    assert_eq!((all.stage.as_str(), all.fulfilment_status.as_str(), all.refunded_minor), ("returned", "returned", 0));

    let version = all.version.to_string();
    assert_eq!(owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]).status, 303);
    assert_eq!(desk.look(number).stage, "delivered");
    assert_eq!(back(&desk, number), [1, 0], "only the last receipt was taken back");
}

#[test]
fn receiving_twice_counts_once_and_what_is_missing_is_not_here() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), delivered(&desk));
    ask(&owner, &desk, number, &["2", "0"]);
    let known = of(&desk, number).remove(0);
    let early = receive(&owner, &desk, number, &known.uid, &[(0, ["2", "", "", ""])]);
    assert_eq!(early.status, 409);
    early.must_say("Approve it before it is received.");
    settle(&owner, &desk, number, &known.uid, "approved", "");
    for _ in 0..2 {
        assert_eq!(receive(&owner, &desk, number, &known.uid, &[(0, ["1", "", "", "1"])]).status, 303);
    }
    assert_eq!(back(&desk, number), [1, 0]);
    assert_eq!(ask(&owner, &desk, number, &["2", "0"]).status, 303, "the missing one may come later");
}

#[test]
fn a_rejected_return_frees_its_units_and_says_why() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), delivered(&desk));
    ask(&owner, &desk, number, &["3", "1"]);
    let known = of(&desk, number).remove(0);
    assert!(!owner.see(&format!("/orders/{number}")).text().contains("returns/new"), "nothing more can come back");
    let silent = settle(&owner, &desk, number, &known.uid, "rejected", " ");
    assert_eq!(silent.status, 400);
    silent.must_say("Say why it is rejected.");
    assert_eq!(
        desk.packer().post(&format!("/orders/{number}/returns/{}", known.uid), &[("to", "rejected")]).status,
        403
    );
    assert_eq!(settle(&owner, &desk, number, &known.uid, "rejected", "It was used").status, 303);
    owner.see(&format!("/orders/{number}/returns/{}", known.uid)).must_say("Rejected: It was used");
    assert_eq!(ask(&owner, &desk, number, &["3", "1"]).status, 303);
}

#[test]
fn sixteen_at_once_return_no_more_than_was_shipped() {
    let desk = TestDesk::open();
    let number = delivered(&desk);
    let line = lines(&desk, number).remove(0);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            let (db, line) = (desk.db.clone(), line.clone());
            scope.spawn(move || {
                let actor = slipway::actor::Actor::System { name: "Test" };
                let units = [slipway::shipment::Units { line, quantity: 1 }];
                let wish =
                    slipway::moves::MoveRequest { reason: "other".into(), ..slipway::moves::MoveRequest::to("") };
                let asked = db
                    .write_blocking(move |tx| slipway::moves::request_return(tx, &actor, number, None, &units, &wish));
                assert!(asked.is_ok() || asked.is_err_and(|error| error.refusal().is_some()));
            });
        }
    });
    assert_eq!(of(&desk, number).len(), 3);
}

#[test]
fn packers_receive_returns_and_see_no_money() {
    let desk = TestDesk::open();
    let (packer, number) = (desk.packer(), delivered(&desk));
    assert_eq!(ask(&packer, &desk, number, &["1", "0"]).status, 303);
    let known = of(&desk, number).remove(0);
    packer.see("/returns").must_say(&format!("#{number}, return 1"));
    assert_eq!(settle(&packer, &desk, number, &known.uid, "approved", "").status, 403);
    settle(&desk.owner(), &desk, number, &known.uid, "approved", "");
    assert_eq!(receive(&packer, &desk, number, &known.uid, &[(0, ["", "1", "", ""])]).status, 303);
    let page = packer.see(&format!("/orders/{number}/returns/{}", known.uid));
    assert!(!page.says("€") && !page.says("worth"), "{}", page.words());
}

#[test]
fn an_order_with_an_open_return_is_not_put_away() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), delivered(&desk));
    ask(&owner, &desk, number, &["1", "0"]);
    owner.see(&format!("/orders/{number}")).must_say("A return is open.");
    let version = desk.look(number).version.to_string();
    let reply = owner.post(&format!("/orders/{number}/moves"), &[("to", "archived"), ("version", &version)]);
    assert_eq!(reply.status, 409);
    let known = of(&desk, number).remove(0);
    settle(&owner, &desk, number, &known.uid, "cancelled", "");
    let version = desk.look(number).version.to_string();
    let reply = owner.post(&format!("/orders/{number}/moves"), &[("to", "archived"), ("version", &version)]);
    assert_eq!(reply.status, 303);
}

#[test]
fn marking_an_order_as_returned_goes_through_the_same_ledger() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), delivered(&desk));
    let version = desk.look(number).version.to_string();
    owner.post(&format!("/orders/{number}/moves"), &[("to", "returned"), ("version", &version)]);
    assert_eq!((back(&desk, number), of(&desk, number).len()), (vec![3, 1], 1));
    owner.see("/returns").must_say("No return waits for anybody");
    let version = desk.look(number).version.to_string();
    let wrong = [("to", "delivered"), ("version", version.as_str()), ("reason", "mistake")];
    assert_eq!(owner.post(&format!("/orders/{number}/moves"), &wrong).status, 303);
    assert_eq!(back(&desk, number), [0, 0]);
    assert_eq!(ask(&owner, &desk, number, &["3", "1"]).status, 303, "nothing is lost for a later return");
}

#[test]
fn returns_and_what_needs_attention_are_a_click_away_on_every_page() {
    let desk = TestDesk::open();
    let number = delivered(&desk);
    let marta = desk.owner();
    assert!(!marta.see("/").says("Returns 1"));
    assert_eq!(ask(&marta, &desk, number, &["1", "0"]).status, 303);
    let page = marta.see("/customers");
    page.must_say("Returns 1");
    page.must_say("Needs attention");
    desk.packer().see("/board").must_say("Returns 1");
    let uid = of(&desk, number)[0].uid.clone();
    assert_eq!(settle(&marta, &desk, number, &uid, "cancelled", "").status, 303);
    assert!(!marta.see("/customers").says("Returns 1"));
}

#[test]
fn a_return_slip_says_where_to_send_what_until_when_and_why() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = delivered(&desk);
    assert_eq!(ask(&owner, &desk, number, &["2"]).status, 303);
    let known = of(&desk, number).remove(0);
    let page = format!("/orders/{number}/returns/{}", known.uid);
    let slip = format!("{page}/slip");
    assert!(owner.see(&page).text().contains(&format!("href=\"{slip}\"")));
    let told = desk.packer().see(&slip);
    told.must_say(&format!("ORD{number}-R1"));
    told.must_say("It arrived damaged");
    told.must_say("Send it by");
    told.must_say("2 ×");
    assert!(told.text().contains(&format!("aria-label=\"Barcode {number}\"")));
    assert!(!told.says("€"), "no money stands on it");
    let days = "Enter a number of days from 0 to 365.";
    let refused = owner.post("/settings/print", &[("return_days", "soon")]);
    assert_eq!(refused.status, 400);
    refused.must_say(days);
    owner.submit("/settings/print", &[("return_days", ""), ("returns", "By post,\nuninsured.")]);
    let told = owner.see(&format!("{slip}?paper=letter"));
    assert!(!told.says("Send it by"));
    told.must_say("By post,");
    assert_eq!(owner.get(&format!("{slip}?paper=label")).status, 400);
    assert_eq!(desk.viewer().get(&slip).status, 403);
    settle(&owner, &desk, number, &known.uid, "rejected", "Too late");
    assert_eq!(owner.get(&slip).status, 409);
    assert!(!owner.see(&page).says("Return slip"));
}
