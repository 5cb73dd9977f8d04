//! Packing by scanner, as somebody does who has a scanner in one hand and no mouse in the other.

use slipway::actor::Actor;
use slipway::catalog::{self, NewProduct};
use slipway::moves::{self, MoveRequest};
use slipway::shipment::{self, ShipmentState};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

const ANA: Actor = Actor::System { name: "Ana" };

fn shop(desk: &TestDesk) -> i64 {
    desk.write(|tx| {
        let bowl = NewProduct {
            sku: "BOWL".into(),
            title: "Bowl".into(),
            barcode: "036000291452".into(),
            ..Default::default()
        };
        catalog::create(tx, &bowl).map(drop)
    });
    desk.order()
        .line("MUG-OAT-L", "Mug", 2, 1_000)
        .line("BOWL", "Bowl", 1, 3_000)
        .line("", "Card", 1, 0)
        .at("approved")
        .place()
}

/// A scan: what was read, then Enter.
fn scan(packer: &Person, number: i64, code: &str) -> Reply {
    packer.post(&format!("/orders/{number}/pack"), &[("code", code)])
}

fn states(desk: &TestDesk, number: i64) -> Vec<ShipmentState> {
    let id = desk.look(number).id;
    desk.read(|conn| shipment::of_order(conn, id)).iter().map(|parcel| parcel.state).collect()
}

#[test]
fn every_unit_is_scanned_and_the_last_one_packs_the_parcel() {
    let desk = TestDesk::open();
    let (packer, number) = (desk.packer(), shop(&desk));
    let page = packer.see(&format!("/orders/{number}/pack"));
    page.must_say("0 of 4 counted");
    assert!(page.text().contains("id=\"f-code\" name=\"code\" autofocus"), "the field waits for the scanner");
    assert!(states(&desk, number).is_empty(), "looking makes nothing");

    let first = scan(&packer, number, "mug-oat-l");
    assert_eq!(first.status, 303);
    let page = packer.see(first.location());
    page.must_say("Mug: 1 of 2");
    page.must_say("1 of 4 counted");
    assert_eq!(states(&desk, number), [ShipmentState::Picking]);
    // A scanner reads a code of twelve digits with a zero before it.
    assert_eq!(scan(&packer, number, "0036000291452").status, 303);
    assert_eq!(scan(&packer, number, "MUG-OAT-L").status, 303);

    // One too many and one that is not of it: told in red, counted nowhere.
    let surplus = scan(&packer, number, "MUG-OAT-L");
    assert_eq!(surplus.status, 400);
    surplus.must_say("Mug: all 2 are counted. Put this one back.");
    scan(&packer, number, "BOWL").must_say("Bowl: the one that belongs in is counted. Put this one back.");
    let wrong = scan(&packer, number, "VASE");
    assert_eq!(wrong.status, 400);
    wrong.must_say(&format!("This is nothing of #{number}. Put it aside and look at its code."));
    wrong.must_say("3 of 4 counted");
    assert_eq!(desk.look(number).stage, "approved");

    // What has no code is counted by hand; with it the parcel is full.
    let line = wrong.field("line");
    let last = packer.post(&format!("/orders/{number}/pack"), &[("line", &line)]);
    let done = packer.see(last.location());
    done.must_say(&format!("Parcel 1 is packed. #{number} is Processed now."));
    done.must_say(&format!("Everything of #{number} is packed."));
    assert_eq!((desk.look(number).stage.as_str(), states(&desk, number)), ("processed", vec![ShipmentState::Packed]));
    scan(&packer, number, "MUG-OAT-L").must_say(&format!("Everything of #{number} is packed. Scan the next order."));

    // Opened again, it is counted anew.
    let version = desk.look(number).version.to_string();
    let id = desk.look(number).id;
    let uid = desk.read(|conn| shipment::of_order(conn, id)).remove(0).uid;
    packer.post(&format!("/orders/{number}/parcels/{uid}"), &[("to", "picking"), ("version", &version)]);
    packer.see(&format!("/orders/{number}/pack")).must_say("0 of 4 counted");
}

#[test]
fn the_code_of_a_slip_opens_its_order_from_wherever_one_is() {
    let desk = TestDesk::open();
    let (packer, number) = (desk.packer(), shop(&desk));
    let other = desk.order().at("approved").place();
    packer.see("/pack").must_say("Scan an order");
    let pack = format!("/orders/{number}/pack");
    for code in [number.to_string(), format!("#{number}"), format!("ORD{number}")] {
        assert_eq!(packer.get(&format!("/pack?code={}", code.replace('#', "%23"))).location(), pack, "{code}");
    }
    assert_eq!(scan(&packer, number, &other.to_string()).location(), format!("/orders/{other}/pack"));
    let unknown = packer.get("/pack?code=999999");
    assert_eq!(unknown.status, 404);
    unknown.must_say("“999999” is the number of no order.");
    assert_eq!(desk.viewer().get("/pack").status, 403);
}

#[test]
fn nothing_is_scanned_into_an_order_that_is_held_or_not_approved() {
    let desk = TestDesk::open();
    let (packer, number) = (desk.packer(), shop(&desk));
    scan(&packer, number, "BOWL");
    let hold = MoveRequest { reason: "stock".into(), ..MoveRequest::to("on_hold") };
    desk.write(move |tx| moves::move_to_stage(tx, &ANA, number, &hold));
    packer.see(&format!("/orders/{number}/pack")).must_say("is on hold. Release the hold");
    let refused = scan(&packer, number, "MUG-OAT-L");
    assert_eq!(refused.status, 409);
    refused.must_say("is on hold. Release the hold");
    refused.must_say("1 of 4 counted");
    let early = desk.order().at("confirmed").place();
    scan(&packer, early, "MUG-OAT-L").must_say("Approve it before its parcels are packed or sent.");
}

#[test]
fn each_of_several_parcels_is_filled_with_what_is_planned_for_it() {
    let desk = TestDesk::open();
    let (packer, number) = (desk.packer(), shop(&desk));
    let id = desk.look(number).id;
    let lines = desk.read(|conn| slipway::order::lines(conn, id));
    for which in [1, 0] {
        let units = vec![shipment::Units { line: lines[which].uid.clone(), quantity: lines[which].quantity }];
        desk.write(move |tx| moves::split(tx, &ANA, number, None, None, &units).map(drop));
    }
    packer.see(&format!("/orders/{number}/pack")).must_say("Parcel 1 of 2");
    scan(&packer, number, "MUG-OAT-L").must_say("Mug does not belong in this parcel. Put it back.");
    scan(&packer, number, "BOWL");
    assert_eq!(desk.look(number).stage, "processed", "the first packed parcel makes it so");
    packer.see(&format!("/orders/{number}/pack")).must_say("Parcel 2 of 2");
    scan(&packer, number, "MUG-OAT-L");
    scan(&packer, number, "MUG-OAT-L");
    packer.see(&format!("/orders/{number}/pack")).must_say("One parcel");
    assert_eq!(states(&desk, number), [ShipmentState::Packed, ShipmentState::Packed]);
}
