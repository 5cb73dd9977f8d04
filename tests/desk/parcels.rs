//! Orders split into parcels: filled, packed, sent and followed one by one, and cut short.

use serde_json::json;
use slipway::order;
use slipway::shipment::{self, Shipment, ShipmentState};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// Two mugs and a bowl, paid and approved.
fn split_order(desk: &TestDesk) -> i64 {
    desk.order().line("MUG", "Mug", 2, 1_000).line("BOWL", "Bowl", 1, 3_000).at("approved").place()
}

fn parcels(desk: &TestDesk, number: i64) -> Vec<Shipment> {
    desk.read(|conn| {
        let order = order::find(conn, number)?;
        shipment::of_order(conn, order.id)
    })
}

/// Fills in the form at `path` with these units per line and sends it.
fn fill(person: &Person, desk: &TestDesk, number: i64, path: &str, units: &[&str], more: &[(&str, &str)]) -> Reply {
    let form = person.see(path);
    let lines = desk.read(|conn| {
        let order = order::find(conn, number)?;
        order::lines(conn, order.id)
    });
    let mut fields: Vec<(&str, String)> = Vec::new();
    for (line, units) in lines.iter().zip(units) {
        fields.push(("line", line.uid.clone()));
        fields.push(("units", (*units).to_owned()));
    }
    for name in ["version", "form_token", "back"] {
        fields.push((name, form.field(name)));
    }
    fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let action = form.text().split(" action=\"").find(|part| part.contains("id=\"parcelf\"")).unwrap().to_owned();
    let action = action.split('"').next().unwrap().to_owned();
    person.post(&action, &fields)
}

fn bring(person: &Person, desk: &TestDesk, number: i64, parcel: &Shipment, to: &str) -> Reply {
    let version = desk.look(number).version.to_string();
    person.post(&format!("/orders/{number}/parcels/{}", parcel.uid), &[("to", to), ("version", &version)])
}

fn ship(person: &Person, desk: &TestDesk, number: i64, parcel: &Shipment, tracking: &str) -> Reply {
    let path = format!("/orders/{number}/parcels/{}/ship", parcel.uid);
    fill(person, desk, number, &path, &[], &[("tracking", tracking)])
}

#[test]
fn a_split_order_is_shipped_only_with_its_last_parcel() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), split_order(&desk));
    assert_eq!(fill(&owner, &desk, number, &format!("/orders/{number}/parcels/new"), &["2", "0"], &[]).status, 303);
    assert_eq!(fill(&owner, &desk, number, &format!("/orders/{number}/parcels/new"), &["0", "1"], &[]).status, 303);
    let two = parcels(&desk, number);
    assert_eq!(desk.look(number).stage, "approved", "planning moves nothing");
    bring(&owner, &desk, number, &two[0], "picking");
    bring(&owner, &desk, number, &two[0], "packed");
    assert_eq!(desk.look(number).stage, "processed", "the first packed parcel");
    assert_eq!(ship(&owner, &desk, number, &two[0], "1Z5R89390357567127").status, 303);
    let part = desk.look(number);
    assert_eq!((part.stage.as_str(), part.fulfilment_status.as_str()), ("processed", "partially_shipped"));
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("1 of 2 parcels shipped");
    page.must_say("Parcel 1 · 2 × Mug");
    assert!(page.text().contains("https://www.ups.com/track?tracknum=1Z5R89390357567127"), "the carrier is known");
    bring(&owner, &desk, number, &two[1], "packed");
    assert_eq!(ship(&owner, &desk, number, &two[1], "").status, 303);
    assert_eq!(desk.look(number).stage, "shipped");
    bring(&owner, &desk, number, &two[0], "delivered");
    assert_eq!(desk.look(number).stage, "shipped", "one is still on its way");
    bring(&owner, &desk, number, &two[1], "delivered");
    let done = desk.look(number);
    assert_eq!((done.stage.as_str(), done.fulfilment_status.as_str()), ("delivered", "delivered"));
}

#[test]
fn a_packed_parcel_is_split_and_joined_again() {
    let desk = TestDesk::open();
    let (packer, number) = (desk.packer(), split_order(&desk));
    let version = desk.look(number).version.to_string();
    packer.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &version)]);
    let whole = parcels(&desk, number).remove(0);
    let path = format!("/orders/{number}/parcels/new?parcel={}", whole.uid);
    let all = fill(&packer, &desk, number, &path, &["2", "1"], &[]);
    assert_eq!(all.status, 400);
    all.must_say("Leave at least one unit in it");
    let many = fill(&packer, &desk, number, &path, &["3", ""], &[]);
    assert_eq!(many.status, 400);
    many.must_say("Enter a number from 0 to 2 for Mug.");
    assert_eq!(many.field("units"), "3", "nothing typed is lost");
    assert_eq!(fill(&packer, &desk, number, &path, &["1", "1"], &[]).status, 303);
    let two = parcels(&desk, number);
    assert_eq!(two.iter().map(|parcel| parcel.state).collect::<Vec<_>>(), [ShipmentState::Packed; 2]);
    bring(&packer, &desk, number, &two[1], "cancelled");
    let page = packer.see(&format!("/orders/{number}"));
    page.must_say("In no parcel yet · 1 × Mug, 1 × Bowl");
    assert!(!page.says("€"), "packers see no money");
}

#[test]
fn nothing_is_packed_or_sent_while_a_hold_is_open() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), split_order(&desk));
    let version = desk.look(number).version.to_string();
    owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &version)]);
    let parcel = parcels(&desk, number).remove(0);
    let version = desk.look(number).version.to_string();
    let hold = [("to", "on_hold"), ("reason", "stock"), ("version", version.as_str()), ("form_token", "h1")];
    assert_eq!(owner.post(&format!("/orders/{number}/holds"), &hold).status, 303);
    for to in ["picking", "shipped", "cancelled"] {
        let reply = bring(&owner, &desk, number, &parcel, to);
        assert_eq!(reply.status, 409, "{to}");
        reply.must_say("is on hold. Release the hold");
    }
    let text = format!("order,tracking\n{number},1Z5R89390357567127");
    owner.post("/shipments/tracking", &[("text", &text), ("act", "look")]).must_say("is on hold. Release the hold");
    let program = desk.program();
    let shipped = program.put(&format!("/api/orders/{number}/status"), &json!({ "status": "shipped" }));
    assert_eq!(shipped.status, 409, "{}", shipped.text());
    assert_eq!(parcels(&desk, number)[0].state, ShipmentState::Packed);
    let word = || {
        let order = program.see(&format!("/api/orders/{number}"));
        let parcel = program.see(&format!("/api/orders/{number}/shipments"));
        [order["shipments"][0]["state"].clone(), parcel["shipments"][0]["state"].clone()]
    };
    assert_eq!(word(), ["on_hold", "on_hold"]);
    owner.see(&format!("/orders/{number}")).must_say("1 × Bowl On hold");
    program.must_post(&format!("/api/orders/{number}/release"), &json!({}));
    assert_eq!(word(), ["packed", "packed"]);
}

#[test]
fn a_second_click_and_a_stale_page_change_nothing() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), split_order(&desk));
    let stale = desk.look(number).version.to_string();
    owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &stale)]);
    let parcel = parcels(&desk, number).remove(0);
    let path = format!("/orders/{number}/parcels/{}", parcel.uid);
    assert_eq!(owner.post(&path, &[("to", "picking"), ("version", &stale)]).status, 409);
    assert_eq!(owner.post(&path, &[("to", "packed"), ("version", &stale)]).status, 303, "it is so already");
    assert_eq!(owner.post(&path, &[("to", "lost"), ("version", &stale)]).status, 400);
    let nobody = format!("/orders/{number}/parcels/nobody");
    assert_eq!(owner.post(&nobody, &[("to", "packed"), ("version", &stale)]).status, 404);
    assert_eq!(parcels(&desk, number)[0].state, ShipmentState::Packed);
}

#[test]
fn what_cannot_be_sent_is_cancelled_and_no_longer_owed() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), split_order(&desk));
    fill(&owner, &desk, number, &format!("/orders/{number}/parcels/new"), &["2", "0"], &[]);
    let parcel = parcels(&desk, number).remove(0);
    bring(&owner, &desk, number, &parcel, "packed");
    ship(&owner, &desk, number, &parcel, "");
    let path = format!("/orders/{number}/remaining");
    assert_eq!(desk.packer().get(&path).status, 403);
    let without = fill(&owner, &desk, number, &path, &["0", "1"], &[]);
    assert_eq!(without.status, 400);
    without.must_say("Choose a reason.");
    let cut = fill(&owner, &desk, number, &path, &["0", "1"], &[("reason", "inventory"), ("note", "It cracked")]);
    assert_eq!(cut.status, 303, "{}", cut.words());
    let order = desk.look(number);
    assert_eq!((order.stage.as_str(), order.cancelled_minor, order.credit_owed()), ("shipped", 3_000, 3_000));
    owner.see(&format!("/orders/{number}/history")).must_say("cancelled 1 × Bowl (inventory): It cracked");
}

#[test]
fn an_order_is_not_cancelled_unit_by_unit() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), split_order(&desk));
    let path = format!("/orders/{number}/remaining");
    let reply = fill(&owner, &desk, number, &path, &["2", "1"], &[("reason", "inventory")]);
    assert_eq!(reply.status, 409);
    reply.must_say("Cancel the order instead.");
    assert_eq!(desk.look(number).cancelled_minor, 0);
}

#[test]
fn downloads_are_never_asked_for_a_parcel() {
    let desk = TestDesk::open();
    let number = desk
        .order()
        .line("MUG", "Mug", 1, 1_000)
        .line("PDF", "Glaze recipes", 1, 500)
        .with(|draft| draft.lines[1].digital = true)
        .at("approved")
        .place();
    let owner = desk.owner();
    let form = owner.see(&format!("/orders/{number}/parcels/new"));
    assert!(form.says("Mug") && !form.says("Glaze recipes"));
    fill(&owner, &desk, number, &format!("/orders/{number}/parcels/new"), &["1"], &[]);
    let parcel = parcels(&desk, number).remove(0);
    bring(&owner, &desk, number, &parcel, "packed");
    ship(&owner, &desk, number, &parcel, "");
    assert_eq!(desk.look(number).stage, "shipped", "the download keeps nothing open");
}

#[test]
fn a_number_of_two_carriers_asks_which_and_a_mistyped_one_asks_again() {
    let desk = TestDesk::open();
    let (owner, number) = (desk.owner(), split_order(&desk));
    let version = desk.look(number).version.to_string();
    owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &version)]);
    let parcel = parcels(&desk, number).remove(0);
    let wrong = ship(&owner, &desk, number, &parcel, "1Z5R89390357567128");
    assert_eq!(wrong.status, 400);
    wrong.must_say("The last digit does not fit a number of UPS.");
    let both = (0..20_000_u64)
        .map(|more| (320_000_000_000 + more).to_string())
        .find(|number| shipment::tracking::guess(number).carriers.len() == 2)
        .unwrap();
    let asked = ship(&owner, &desk, number, &parcel, &both);
    assert_eq!(asked.status, 400);
    asked.must_say("FedEx and Purolator have such numbers. Choose the carrier.");
    let path = format!("/orders/{number}/parcels/{}/ship", parcel.uid);
    let chosen = [("tracking", both.as_str()), ("carrier", "Purolator")];
    assert_eq!(fill(&owner, &desk, number, &path, &[], &chosen).status, 303);
    assert_eq!(parcels(&desk, number)[0].carrier, "Purolator");
    let path = format!("/orders/{number}/parcels/{}/tracking", parcel.uid);
    let better = [("tracking", "wrong 1"), ("carrier", "Jon's bicycle")];
    assert_eq!(fill(&owner, &desk, number, &path, &[], &better).status, 303);
    owner.see(&format!("/orders/{number}")).must_say("Jon's bicycle wrong 1");
}

#[test]
fn a_sent_parcel_comes_back_only_for_those_who_may_correct() {
    let desk = TestDesk::open();
    let (owner, packer, number) = (desk.owner(), desk.packer(), split_order(&desk));
    let version = desk.look(number).version.to_string();
    owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &version)]);
    let parcel = parcels(&desk, number).remove(0);
    ship(&owner, &desk, number, &parcel, "");
    assert_eq!(bring(&packer, &desk, number, &parcel, "packed").status, 403);
    assert_eq!(desk.look(number).stage, "shipped");
    assert_eq!(bring(&owner, &desk, number, &parcel, "packed").status, 303);
    assert_eq!(desk.look(number).stage, "processed");
    let version = desk.look(number).version.to_string();
    assert_eq!(owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]).status, 303);
    assert_eq!(desk.look(number).stage, "shipped", "and that can be undone");
    assert_eq!(parcels(&desk, number)[0].state, ShipmentState::Shipped);
}

#[test]
fn each_parcel_has_a_slip_of_what_is_in_it() {
    let desk = TestDesk::open();
    let (packer, number) = (desk.packer(), split_order(&desk));
    for units in [["2", "0"], ["0", "1"]] {
        fill(&packer, &desk, number, &format!("/orders/{number}/parcels/new"), &units, &[]);
    }
    let two = parcels(&desk, number);
    let slip = packer.see(&format!("/orders/{number}/slip?parcel={}", two[1].uid));
    slip.must_say("Parcel 2 of 2");
    assert!(slip.says("Bowl") && !slip.says("Mug") && !slip.says("Parcel 1 of 2"));
    assert_eq!(packer.get(&format!("/orders/{number}/slip?parcel=nobody")).status, 404);
}

#[test]
fn pasted_numbers_are_looked_at_before_each_parcel_is_sent() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let [approved, early] = [split_order(&desk), desk.order().at("confirmed").place()];
    let text = format!("order,tracking\n{approved},1Z5R89390357567127\n{early},RB123456785GB\nnobody,1\n99,2");
    let looked = owner.post("/shipments/tracking", &[("text", &text), ("act", "look")]);
    assert_eq!(looked.status, 200);
    looked.must_say("1 of 4 ready");
    looked.must_say("It is not approved yet.");
    looked.must_say("“nobody” is no order number.");
    looked.must_say("There is no order 99.");
    assert_eq!(desk.look(approved).stage, "approved", "looking changes nothing");
    for said in ["Parcel 1 is on its way.", "It was sent with this number already."] {
        let sent = owner.post("/shipments/tracking", &[("text", &text), ("act", "send")]);
        sent.must_say("1 of 4 done");
        sent.must_say(said);
        assert!(sent.says("RB123456785GB"), "what could not be sent stays typed");
    }
    assert_eq!(desk.look(approved).stage, "shipped");
    let parcel = parcels(&desk, approved).remove(0);
    assert_eq!((parcel.carrier.as_str(), parcel.tracking.as_str()), ("UPS", "1Z5R89390357567127"));
    assert_eq!(owner.post("/shipments/tracking", &[("text", " "), ("act", "look")]).status, 400);
    assert_eq!(desk.viewer().get("/shipments/tracking").status, 403);
}

#[test]
fn a_parcel_sent_in_a_tracked_way_leaves_with_its_number_only() {
    let desk = TestDesk::open();
    let (owner, program) = (desk.owner(), desk.program());
    let free = split_order(&desk);
    program.put(&format!("/api/orders/{free}/status"), &json!({ "status": "shipped" }));
    assert_eq!(desk.look(free).stage, "shipped", "nothing is asked unless the market says so");
    desk.set_market(|facts| facts.tracked_ways = vec!["parcel, TRACKED".into(), "Courier".into()]);

    // The whole order at once: the form of the move asks for the number and says what is missing.
    let number = split_order(&desk);
    let status = format!("/api/orders/{number}/status");
    let refused = program.put(&status, &json!({ "status": "shipped" }));
    refused.must_refuse(400, "order.required_missing", "/tracking_number");
    assert_eq!(desk.look(number).stage, "approved", "the walk took no step");
    let version = desk.look(number).version.to_string();
    owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &version)]);
    owner.see(&format!("/orders/{number}/moves/new?to=shipped")).must_say("This way of sending needs a number");
    let version = desk.look(number).version.to_string();
    let bare = owner.post(&format!("/orders/{number}/moves"), &[("to", "shipped"), ("version", &version)]);
    assert_eq!((bare.status, desk.look(number).stage.as_str()), (400, "processed"));
    bare.must_say("“Parcel, tracked” needs a tracking number. Enter it.");

    // A parcel by itself: the same.
    let parcel = parcels(&desk, number).remove(0);
    let bare = ship(&owner, &desk, number, &parcel, "");
    assert_eq!(bare.status, 400);
    bare.must_say("“Parcel, tracked” needs a tracking number. Enter it.");
    let api = format!("/api/shipments/{}/ship", parcel.uid);
    program.post(&api, &json!({})).must_refuse(400, "order.required_missing", "/tracking/number");

    // Of several each needs its own.
    let path = format!("/orders/{number}/parcels/new?parcel={}", parcel.uid);
    fill(&owner, &desk, number, &path, &["1", ""], &[]);
    let one_for_two = json!({ "status": "shipped", "tracking_number": "1Z5R89390357567127" });
    program.put(&status, &one_for_two).must_refuse(409, "parcel.numbers_missing", "");
    for (parcel, tracking) in parcels(&desk, number).iter().zip(["1Z5R89390357567127", "JVGL0612"]) {
        assert_eq!(ship(&owner, &desk, number, parcel, tracking).status, 303);
    }
    assert_eq!(desk.look(number).stage, "shipped");

    // Other ways of sending ask for nothing.
    let letter = desk.order().with(|draft| draft.shipping_method = "Letter".into()).at("processed").place();
    assert_eq!(program.put(&format!("/api/orders/{letter}/status"), &json!({ "status": "shipped" })).status, 200);
    desk.set_market(|facts| facts.tracked_ways = vec!["*".into()]);
    let any = desk.order().with(|draft| draft.shipping_method = "Letter".into()).at("processed").place();
    assert_eq!(program.put(&format!("/api/orders/{any}/status"), &json!({ "status": "shipped" })).status, 400);
}
