//! Every move of the graph, pressed as a person presses it, and taken back again.

use slipway::moves::lifecycle::{EDGES, Edge, Kind};
use slipway::order::{self, Line};
use slipway::shipment::{self, Shipment};
use slipway::workflow::Base;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// Posts a move with all that its form asks for.
fn press(person: &Person, desk: &TestDesk, number: i64, edge: &Edge) -> Reply {
    let version = desk.look(number).version.to_string();
    let reason = edge.reasons().first().map_or("", |(key, _)| key);
    let fields = [
        ("to", edge.to.as_str()),
        ("version", version.as_str()),
        ("reason", reason),
        ("refund", "none"),
        ("back", ""),
        ("form_token", ""),
    ];
    person.post(&format!("/orders/{number}/moves"), &fields)
}

/// An order that can take any edge out of a base.
fn at(desk: &TestDesk, edge: &Edge) -> i64 {
    match edge.from {
        // An order that lacks nothing confirms itself, so this one waits for its address.
        Base::Placed if edge.to == Base::Confirmed => {
            let number = desk.order().with(|draft| draft.ship_to = None).paid().place();
            desk.write(move |tx| {
                let address = slipway::address::Address {
                    name: "Eszter Kovács".into(),
                    street1: "Ráday utca 14".into(),
                    city: "Budapest".into(),
                    postcode: "1092".into(),
                    country: "HU".into(),
                    ..Default::default()
                };
                let change = order::Correction { ship_to: Some(address), ..Default::default() };
                order::correct(tx, &slipway::actor::Actor::System { name: "Test" }, number, None, &change)
            });
            number
        }
        Base::Placed => desk.order().at("placed").place(),
        Base::Abandoned if edge.to == Base::Confirmed => {
            let number = desk.order().at("abandoned").place_unpaid();
            desk.write(move |tx| {
                let new = slipway::payment::NewPayment {
                    kind: order::PaymentKind::Capture,
                    amount_minor: 6_395,
                    method: "card".into(),
                    reference: String::new(),
                    note: String::new(),
                    expires_at: None,
                };
                slipway::payment::record(tx, &slipway::actor::Actor::System { name: "Test" }, number, None, &new)
            });
            number
        }
        Base::Abandoned => desk.order().at("abandoned").place_unpaid(),
        // What was given back is missing for a reinstatement, so these are paid at the door.
        Base::Cancelled | Base::Rejected => {
            let order = desk.order().with(|draft| draft.payment_method = "cash_on_delivery".into());
            order.at(edge.from.as_str()).place_unpaid()
        }
        from => desk.order().at(from.as_str()).place(),
    }
}

#[test]
fn every_move_of_the_graph_can_be_made_from_the_page() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    for edge in EDGES {
        let number = at(&desk, edge);
        assert_eq!(desk.look(number).base, edge.from, "{edge:?}");
        let shown = owner.see(&format!("/orders/{number}")).text();
        let offered =
            [format!("name=\"to\" value=\"{}\"", edge.to.as_str()), format!("/moves/new?to={}", edge.to.as_str())];
        assert!(offered.iter().any(|offer| shown.contains(offer)), "{edge:?} is not offered");
        if edge.asks() {
            let bare = owner.post(
                &format!("/orders/{number}/moves"),
                &[("to", edge.to.as_str()), ("version", &desk.look(number).version.to_string())],
            );
            assert_eq!(bare.status, 400, "{edge:?} without a reason");
            assert_eq!(desk.look(number).base, edge.from);
        }
        let reply = press(&owner, &desk, number, edge);
        assert_eq!(reply.status, 303, "{edge:?}: {}", reply.words());
        assert_eq!(desk.look(number).base, edge.to, "{edge:?}");
    }
}

#[test]
fn a_move_that_is_not_in_the_graph_is_refused_with_what_is() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("confirmed").place();
    for base in Base::ALL.iter().filter(|to| **to != Base::Confirmed) {
        if EDGES.iter().any(|edge| edge.from == Base::Confirmed && edge.to == *base) {
            continue;
        }
        let version = desk.look(number).version.to_string();
        let fields = [("to", base.as_str()), ("version", version.as_str()), ("reason", "mistake")];
        let reply = owner.post(&format!("/orders/{number}/moves"), &fields);
        assert_eq!(reply.status, 409, "{base}");
        reply.must_say("From there it can go to Approved, On hold, Rejected, Cancelled.");
    }
    let reply = owner.post(&format!("/orders/{number}/moves"), &[("to", "nowhere"), ("version", "1")]);
    assert_eq!(reply.status, 400);
    reply.must_say("There is no stage “nowhere”.");
    assert_eq!(desk.look(number).base, Base::Confirmed);
}

/// What an undo must bring back.
#[derive(Debug, PartialEq)]
struct Snapshot {
    order: Vec<String>,
    lines: Vec<String>,
    parcels: Vec<String>,
    holds: Vec<String>,
}

fn snapshot(desk: &TestDesk, number: i64) -> Snapshot {
    let order = desk.look(number);
    let (lines, parcels, holds): (Vec<Line>, Vec<Shipment>, _) = desk.read(|conn| {
        Ok((
            order::lines(conn, order.id)?,
            shipment::of_order(conn, order.id)?,
            slipway::moves::open_holds(conn, order.id)?,
        ))
    });
    Snapshot {
        order: vec![
            order.stage.clone(),
            format!("{:?} {:?}", order.resume_stage, order.resume_base),
            format!("{:?}", order.stage_entered_at),
            format!("{:?} {:?}", order.payment_status, order.fulfilment_status),
            format!("{:?} {} {}", order.abandon_at, order.captured_minor, order.authorized_minor),
        ],
        lines: lines.iter().map(|line| format!("{:?}", line.quantities())).collect(),
        parcels: parcels
            .iter()
            .map(|p| format!("{:?}", (p.position, p.state, &p.carrier, &p.tracking, p.shipped_at)))
            .collect(),
        holds: holds.iter().map(|hold| format!("{:?}", (&hold.uid, &hold.reason))).collect(),
    }
}

#[test]
fn an_undo_brings_everything_back_as_it_was() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    for edge in EDGES {
        let number = at(&desk, edge);
        let before = snapshot(&desk, number);
        let reply = press(&owner, &desk, number, edge);
        assert_eq!(reply.status, 303, "{edge:?}");
        let version = desk.look(number).version.to_string();
        let undone = owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]);
        assert_eq!(undone.status, 303, "{edge:?}: {}", undone.words());
        assert_eq!(snapshot(&desk, number), before, "{edge:?}");
    }
}

#[test]
fn an_undo_leaves_a_parcel_alone_that_left_earlier() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().line("A", "Mug", 2, 1_000).line("B", "Bowl", 1, 1_000).at("approved").place();
    desk.write(move |tx| {
        let packer = slipway::actor::Actor::System { name: "Test" };
        let none = shipment::Tracking::default();
        let mut order = order::find(tx.conn, number)?;
        let now = tx.now;
        let packed = shipment::ShipmentState::Packed;
        shipment::record_past(tx, &packer, &mut order, &[2, 0], packed, now, &none)?;
        order::save(tx, &mut order)
    });
    let forward = |from, to| Edge { from, to, kind: Kind::Forward };
    press(&owner, &desk, number, &forward(Base::Approved, Base::Processed));
    desk.write(move |tx| {
        let packer = slipway::actor::Actor::System { name: "Test" };
        let mut order = order::find(tx.conn, number)?;
        let first = shipment::of_order(tx.conn, order.id)?[0].id;
        let tracking = shipment::Tracking { carrier: "DHL".into(), number: "1".into() };
        shipment::change(tx, &packer, &mut order, first, shipment::ShipmentState::Shipped, &tracking)?;
        order::save(tx, &mut order)
    });
    let before = snapshot(&desk, number);
    press(&owner, &desk, number, &forward(Base::Processed, Base::Shipped));
    assert_eq!(desk.look(number).stage, "shipped");
    let version = desk.look(number).version.to_string();
    let undone = owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]);
    assert_eq!(undone.status, 303, "{}", undone.words());
    assert_eq!(snapshot(&desk, number), before);
    let shown = owner.see(&format!("/orders/{number}"));
    shown.must_say("1 of 2 parcels sent");
    shown.must_say("Cancel order : Part of it has left the shop");
}

#[test]
fn an_undo_leaves_a_unit_alone_that_was_taken_out_earlier() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().line("A", "Mug", 2, 1_000).line("B", "Bowl", 2, 1_000).at("approved").place();
    desk.write(move |tx| {
        // One bowl sold out.
        let order = order::find(tx.conn, number)?;
        let mut lines = order::lines(tx.conn, order.id)?;
        lines[1].cancelled_quantity = 1;
        order::save_quantities(tx, &lines[1])
    });
    let before = snapshot(&desk, number);
    let stop = Edge { from: Base::Approved, to: Base::Cancelled, kind: Kind::Stop };
    press(&owner, &desk, number, &stop);
    let version = desk.look(number).version.to_string();
    owner.submit(
        &format!("/orders/{number}/moves/undo"),
        &[("version", &version), ("back", &format!("/orders/{number}"))],
    );
    assert_eq!(snapshot(&desk, number), before);
    press(&owner, &desk, number, &stop);
    press(&owner, &desk, number, &Edge { from: Base::Cancelled, to: Base::Confirmed, kind: Kind::Correction });
    assert_eq!(snapshot(&desk, number).lines, before.lines);
}

#[test]
fn a_move_can_be_taken_back_after_a_note_or_a_print_but_not_after_another_change() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("approved").place();
    let forward = Edge { from: Base::Approved, to: Base::Processed, kind: Kind::Forward };
    press(&owner, &desk, number, &forward);
    let version = desk.look(number).version.to_string();
    owner.post(
        &format!("/orders/{number}/notes"),
        &[("body", "Packed twice"), ("audience", "internal"), ("form_token", "a1")],
    );
    let undone = owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]);
    assert_eq!(undone.status, 303, "{}", undone.words());
    let again = owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]);
    assert_eq!(again.status, 303, "a second click is harmless: {}", again.words());
    press(&owner, &desk, number, &forward);
    let version = desk.look(number).version.to_string();
    owner.post(&format!("/orders/{number}/tags"), &[("tag", "Fragile")]);
    let late = owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]);
    assert_eq!(late.status, 409);
    late.must_say("added the tag Fragile");
    let other = desk.manager();
    let number = desk.order().at("approved").place();
    press(&owner, &desk, number, &forward);
    let version = desk.look(number).version.to_string();
    let refused = other.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]);
    assert_eq!(refused.status, 409);
    refused.must_say("can no longer be taken back");
}

#[test]
fn what_a_move_lacks_is_told_and_nothing_moves() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let unpaid = desk.order().place();
    owner.see(&format!("/orders/{unpaid}")).must_say("€63.95 is neither authorised nor paid.");
    let authorised = desk.order().authorized().at("processed").place();
    owner.see(&format!("/orders/{authorised}")).must_say("€63.95 is still to be paid. Record the payment.");
    let nowhere = desk.order().with(|draft| draft.ship_to = None).paid().place();
    owner.see(&format!("/orders/{nowhere}")).must_say("The delivery address lacks name, street1, city, country.");
    for (number, to) in [(unpaid, "confirmed"), (authorised, "shipped"), (nowhere, "confirmed")] {
        let before = desk.look(number);
        let version = before.version.to_string();
        let reply = owner.post(&format!("/orders/{number}/moves"), &[("to", to), ("version", &version)]);
        assert_eq!(reply.status, 409, "{to}");
        assert_eq!(desk.look(number).version, before.version);
    }
}
