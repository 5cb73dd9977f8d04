//! Stages of the shop's own: made and changed without code, closed without losing an order.

use slipway::actor::Actor;
use slipway::error::Error;
use slipway::event::{self, Event};
use slipway::moves::{self, MoveRequest};
use slipway::order::list::StageTotals;
use slipway::workflow::{self, Base, StageFacts, Stages, Step};
use slipway::{order, staff};

use crate::support::app::TestDesk;
use crate::support::person::Person;

const ANA: Actor = Actor::System { name: "Ana" };

/// A stage as the form of the editor posts it.
fn posted<'a>(base: &'a str, label: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("base", base), ("label", label), ("colour", "warn"), ("sla_unit", "hours")]
}

fn add(person: &Person, base: &str, label: &str, more: &[(&str, &str)]) {
    let token = person.get("/settings/stages").field("form_token");
    let mut form = posted(base, label);
    form.push(("form_token", &token));
    form.extend_from_slice(more);
    person.submit("/settings/stages", &form).must_say(&format!("Stage {label} added."));
}

fn go(desk: &TestDesk, number: i64, to: &str) -> Result<order::Order, Error> {
    let to = to.to_owned();
    desk.db
        .write_blocking(move |tx| moves::move_to_stage(tx, &ANA, number, &MoveRequest::to(&to)))
        .map(|outcome| outcome.order)
}

/// Whether the counts of the rail are what a count of the orders says.
fn counts_are_exact(desk: &TestDesk, numbers: &[i64]) {
    let mut counted = std::collections::BTreeMap::<String, i64>::new();
    for number in numbers {
        *counted.entry(desk.look(*number).stage).or_default() += 1;
    }
    let (totals, stages) =
        desk.read(|conn| Ok((StageTotals::load(conn, &slipway::reach::Reach::EVERYWHERE)?, Stages::load(conn)?)));
    for stage in stages.iter() {
        assert_eq!(totals.of(&stage.slug), counted.get(&stage.slug).copied().unwrap_or(0), "{}", stage.slug);
    }
}

#[test]
fn a_stage_added_in_the_editor_is_everywhere_at_once() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("approved").place();
    add(&owner, "approved", "Glazing", &[("public_label", "In the kiln"), ("sla", "36")]);

    let stages = desk.read(Stages::load);
    let glazing = stages.find("glazing").unwrap();
    assert_eq!((glazing.base, glazing.sla_minutes, glazing.is_default), (Base::Approved, Some(2_160), false));
    let order: Vec<&str> = stages.iter().map(|stage| stage.slug.as_str()).collect();
    assert_eq!(order[3..6], ["approved", "glazing", "processed"], "behind the last of its base");

    let rail = owner.get("/orders").text();
    assert!(
        rail.contains("data-s=\"approved\" data-c=\"warn\"><span class=\"l\">Glazing"),
        "on the rail in its colour"
    );
    assert!(owner.get("/board").text().contains("data-stage=\"glazing\""), "a column of the board");
    assert!(owner.get("/board").text().contains("value=\"glazing\""), "in the menu of a card");
    owner.get(&format!("/orders/{number}")).must_say("Move to Glazing");

    owner
        .submit(
            &format!("/orders/{number}/moves"),
            &[("to", "glazing"), ("version", &desk.look(number).version.to_string())],
        )
        .must_say("moved from Approved to Glazing.");
    assert_eq!((desk.look(number).stage.as_str(), desk.look(number).base), ("glazing", Base::Approved));
    owner.get("/orders?stage=glazing").must_say(&format!("#{number}"));
    counts_are_exact(&desk, &[number]);
}

#[test]
fn moving_to_a_sibling_touches_neither_money_nor_goods_and_can_be_taken_back() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    add(&owner, "processed", "On the shelf", &[]);
    let number = desk.order().at("processed").place();
    let before = desk.look(number);
    let moved = go(&desk, number, "on_the_shelf").unwrap();
    assert_eq!(moved.base, Base::Processed);
    assert_eq!((moved.captured_minor, moved.fulfilment_status), (before.captured_minor, before.fulfilment_status));
    desk.write(move |tx| moves::undo(tx, &ANA, number, moved.version));
    assert_eq!(desk.look(number).stage, "processed");
    assert_eq!(go(&desk, number, "processed").unwrap().version, desk.look(number).version, "there already: no event");
}

#[test]
fn a_base_is_entered_at_its_default_or_at_a_stage_that_is_named() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    add(&owner, "approved", "Glazing", &[]);
    add(&owner, "on_hold", "Waiting for clay", &[]);
    let (one, two) = (desk.order().at("confirmed").place(), desk.order().at("confirmed").place());
    // Across bases straight to a stage that is no default.
    assert_eq!(go(&desk, one, "glazing").unwrap().stage, "glazing");
    assert_eq!(go(&desk, two, "approved").unwrap().stage, "approved");
    // One default per base, and the next order lands there.
    owner.submit("/settings/stages/glazing/default", &[]).must_say("Orders land in Glazing now.");
    let defaults = desk.read(Stages::load);
    assert_eq!(defaults.iter().filter(|stage| stage.base == Base::Approved && stage.is_default).count(), 1);
    let three = desk.order().at("confirmed").place();
    owner.submit("/orders/bulk", &[("do", "next"), ("o", &three.to_string()), ("back", "/orders")]);
    assert_eq!(desk.look(three).stage, "glazing");
    // A hold may be a stage of the shop's own, and goes back to the very stage it came from.
    let wait = MoveRequest { reason: "stock".into(), ..MoveRequest::to("waiting_for_clay") };
    desk.write(move |tx| moves::hold(tx, &ANA, one, &wait));
    assert_eq!((desk.look(one).stage.as_str(), desk.look(one).base), ("waiting_for_clay", Base::OnHold));
    assert_eq!(go(&desk, one, "on_hold").unwrap().resume_stage.as_deref(), Some("glazing"));
    let held = desk.read(|conn| {
        let id = order::find(conn, one)?.id;
        moves::open_holds(conn, id)
    });
    let uid = held[0].uid.clone();
    desk.write(move |tx| moves::release(tx, &ANA, one, None, &uid));
    assert_eq!(desk.look(one).stage, "glazing");
    // Where the graph has no way, a stage of the shop's own is no way round it.
    let placed = desk.order().place();
    let refused = go(&desk, placed, "glazing").unwrap_err();
    assert_eq!(refused.refusal().unwrap().code, "order.stage_not_allowed");
}

#[test]
fn closing_a_stage_in_use_moves_its_orders_once_and_tells_each() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    add(&owner, "approved", "Glazing", &[]);
    let mut numbers: Vec<i64> = (0..5).map(|_| desk.order().at("approved").place()).collect();
    for number in &numbers {
        go(&desk, *number, "glazing").unwrap();
    }
    // One of them waits and would come back to it.
    let held = numbers[4];
    let request = MoveRequest { reason: "stock".into(), ..MoveRequest::to("on_hold") };
    desk.write(move |tx| moves::hold(tx, &ANA, held, &request));
    let beside = desk.order().at("approved").place();
    numbers.push(beside);

    owner.get("/settings/stages/glazing").must_say("5 orders need this stage.");
    let refused = owner.post("/settings/stages/glazing/close", &[]);
    assert_eq!(refused.status, 400);
    refused.must_say("5 orders need Glazing. Choose a stage of the same kind that takes them.");
    assert_eq!(
        owner.post("/settings/stages/glazing/close", &[("into", "shipped")]).status,
        400,
        "of the same base only"
    );
    assert_eq!(desk.look(numbers[0]).stage, "glazing", "a refusal changes nothing");

    let events = |number: i64| {
        desk.read(|conn| {
            let id = order::find(conn, number)?.id;
            event::timeline(conn, id)
        })
    };
    let before: Vec<usize> = numbers.iter().map(|number| events(*number).len()).collect();
    let versions: Vec<i64> = numbers.iter().map(|number| desk.look(*number).version).collect();
    owner.submit("/settings/stages/glazing/close", &[("into", "approved")]).must_say("Stage closed; 5 orders moved.");
    for (index, number) in numbers.iter().enumerate() {
        let (order, moved) = (desk.look(*number), index < 5);
        assert_eq!(events(*number).len(), before[index] + usize::from(moved), "one event an order, of the fifth too");
        assert_eq!(order.version, versions[index] + i64::from(moved));
        let sequence: Vec<i64> = events(*number).iter().map(|entry| entry.seq).collect();
        assert_eq!(sequence, (1..=sequence.len() as i64).collect::<Vec<_>>());
    }
    assert_eq!(desk.look(numbers[0]).stage, "approved");
    assert_eq!(desk.look(held).resume_stage.as_deref(), Some("approved"));
    counts_are_exact(&desk, &numbers);
    let shop = desk.read(|conn| event::of_shop(conn, 50));
    let closed =
        |entry: &&event::Entry| matches!(&entry.event, Event::StageChanged { change, .. } if change == "closed");
    assert_eq!(shop.iter().filter(closed).count(), 1);
    owner.get(&format!("/orders/{}/history", numbers[0])).must_say("moved the order from Glazing to Approved");

    let refused = go(&desk, numbers[0], "glazing").unwrap_err();
    assert_eq!(refused.refusal().unwrap().code, "order.stage_unknown", "nothing enters a closed stage");
    assert!(!owner.get("/orders").text().contains("stage=glazing"), "and the rail has no tile for it");
    owner.submit("/settings/stages/glazing/close", &[]).must_say("Stage closed.");
    owner.submit("/settings/stages/glazing/open", &[]).must_say("Glazing is open again.");
    go(&desk, numbers[0], "glazing").unwrap();
    assert_eq!(owner.post("/settings/stages/glazing/remove", &[]).status, 409, "in use");
    go(&desk, numbers[0], "approved").unwrap();
    owner.submit("/settings/stages/glazing/remove", &[]).must_say("Stage Glazing removed.");
    assert_eq!(owner.get("/settings/stages/glazing").status, 404);
}

#[test]
fn thousands_of_orders_move_in_one_step() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    add(&owner, "approved", "Glazing", &[]);
    let first = desk.order().at("approved").place();
    go(&desk, first, "glazing").unwrap();
    // More than one chunk of them.
    let numbers: Vec<i64> = std::iter::once(first).chain((0..1_100).map(|_| desk.order().place_unpaid())).collect();
    let made = numbers.clone();
    desk.write(move |tx| {
        for number in &made[1..] {
            let mut order = order::find(tx.conn, *number)?;
            (order.stage, order.base) = ("glazing".into(), Base::Approved);
            order::save(tx, &mut order)?;
        }
        Ok(())
    });
    owner
        .submit("/settings/stages/glazing/close", &[("into", "approved")])
        .must_say("Stage closed; 1101 orders moved.");
    counts_are_exact(&desk, &numbers);
}

#[test]
fn orders_that_move_while_a_stage_is_closed_are_not_left_behind() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    add(&owner, "approved", "Glazing", &[]);
    let numbers: Vec<i64> = (0..12).map(|_| desk.order().at("approved").place()).collect();
    std::thread::scope(|scope| {
        for number in &numbers {
            let desk = &desk;
            scope.spawn(move || {
                // Refused once it is closed; whoever was quicker moves along.
                let _ = go(desk, *number, "glazing");
            });
        }
        desk.write(|tx| moves::close_stage(tx, &ANA, "glazing", "approved"));
    });
    for number in &numbers {
        assert_eq!(desk.look(*number).stage, "approved");
    }
    counts_are_exact(&desk, &numbers);
}

#[test]
fn the_twelve_can_be_renamed_and_hidden_and_neither_closed_nor_removed() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let form = [("label", "Ready"), ("colour", "ok"), ("sla_unit", "hours"), ("hidden", "1")];
    owner.submit("/settings/stages/processed", &form).must_say("Ready saved.");
    let rail = owner.get("/orders").text();
    assert!(!rail.contains("stage=processed"), "hidden while it is empty");
    let number = desk.order().at("processed").place();
    owner.get("/orders").must_say("Ready");
    owner.get(&format!("/orders/{number}")).must_say("Ready");
    for verb in ["close", "remove"] {
        let refused =
            owner.post(&format!("/settings/stages/processed/{verb}"), &[("into", "")][..usize::from(verb == "close")]);
        assert_eq!(refused.status, 409);
        refused.must_say("is built in");
    }
    // Exactly what changed is in the diary, with before and after.
    let changed = |what: &str| {
        desk.read(|conn| event::of_shop(conn, 50)).into_iter().find_map(|entry| match entry.event {
            Event::StageChanged { change, before, after, .. } if change == what => Some((before, after)),
            _ => None,
        })
    };
    assert_eq!(changed("name"), Some(("Processed".into(), "Ready".into())));
    assert_eq!(changed("colour"), Some(("info".into(), "ok".into())));
    assert_eq!(changed("message"), None);
    // A default cannot be closed either.
    add(&owner, "approved", "Glazing", &[]);
    owner.submit("/settings/stages/glazing/default", &[]);
    assert_eq!(owner.post("/settings/stages/glazing/close", &[]).status, 409);
    assert_eq!(owner.post("/settings/stages/glazing/remove", &[]).status, 409);
}

#[test]
fn a_stage_lets_nothing_in_that_lacks_what_it_asks_for() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let asked = [("required", "assignee"), ("required", "tags"), ("required", "note")];
    add(&owner, "approved", "Glazing", &asked);
    let number = desk.order().at("confirmed").place();
    owner.get(&format!("/orders/{number}")).must_say("Nobody is responsible for it. It has no tag.");
    let version = || desk.look(number).version.to_string();
    let path = format!("/orders/{number}/moves");
    let noted =
        |person: &Person, note: &str| person.post(&path, &[("to", "glazing"), ("version", &version()), ("note", note)]);
    let refused = noted(&owner, "first of the batch");
    assert_eq!(refused.status, 409);
    refused.must_say("cannot enter Glazing yet. Nobody is responsible for it. It has no tag.");
    desk.write(move |tx| {
        let member = staff::members(tx.conn)?.remove(0);
        order::assign(tx, &ANA, number, Some(member.id))?;
        order::tag(tx, &ANA, number, &["oat".to_owned()], &[])
    });
    let refused = noted(&owner, "");
    assert_eq!(refused.status, 400);
    refused.must_say("It has no note. Write one.");
    assert_eq!(desk.look(number).stage, "confirmed");
    assert_eq!(noted(&owner, "first of the batch").status, 303);
    assert_eq!(desk.look(number).stage, "glazing");

    // A tracking number comes with the move that sends the parcel.
    owner.submit("/settings/stages/shipped", &[("label", "Shipped"), ("colour", "ok"), ("required", "tracking")]);
    let number = desk.order().at("processed").place();
    let refused = go(&desk, number, "shipped").unwrap_err();
    assert_eq!(refused.refusal().unwrap().code, "order.required_missing");
    let version = desk.look(number).version.to_string();
    let sent = owner.post(
        &format!("/orders/{number}/moves"),
        &[("to", "shipped"), ("version", &version), ("carrier", "DHL"), ("tracking", "JVGL0612")],
    );
    assert_eq!(sent.status, 303, "{}", sent.words());
    assert_eq!(desk.look(number).base, Base::Shipped);
}

#[test]
fn what_was_typed_stays_when_a_stage_is_refused() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let token = owner.get("/settings/stages").field("form_token");
    let form =
        [("form_token", token.as_str()), ("base", "approved"), ("label", "SHIPPED"), ("colour", "ok"), ("sla", "soon")];
    let refused = owner.post("/settings/stages", &form);
    assert_eq!(refused.status, 400);
    refused.must_say("Enter the time limit as a whole number");
    assert_eq!((refused.field("label").as_str(), refused.field("sla").as_str()), ("SHIPPED", "soon"));
    let again =
        [("form_token", token.as_str()), ("base", "approved"), ("label", "SHIPPED"), ("colour", "ok"), ("sla", "2")];
    owner.post("/settings/stages", &again).must_say("There is a stage “Shipped” already.");
    let twice = [("form_token", token.as_str()), ("base", "approved"), ("label", "Glazing"), ("colour", "ok")];
    owner.submit("/settings/stages", &twice);
    owner.submit("/settings/stages", &twice);
    assert_eq!(desk.read(Stages::load).iter().count(), 13, "a double click makes one stage");
    for path in ["/settings/stages", "/settings/stages/glazing"] {
        assert_eq!(desk.packer().get(path).status, 403);
        assert_eq!(desk.packer().post(path, &[]).status, 403);
    }
}

#[test]
fn a_shop_with_pending_processing_shipped_works_from_end_to_end() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    owner.submit("/settings/stages/placed", &[("label", "Pending"), ("colour", "mute")]);
    add(&owner, "approved", "Processing", &[]);
    owner.submit("/settings/stages/processing/default", &[]);
    let shown = ["placed", "processing", "shipped"];
    let all: Vec<(String, String, String)> = desk.read(|conn| {
        let stages = Stages::load(conn)?;
        Ok(stages.iter().map(|s| (s.slug.clone(), s.label.clone(), s.colour.clone())).collect())
    });
    for (slug, label, colour) in all.iter().filter(|(slug, ..)| !shown.contains(&slug.as_str())) {
        owner.submit(&format!("/settings/stages/{slug}"), &[("label", label), ("colour", colour), ("hidden", "1")]);
    }
    let rail = owner.get("/orders").text();
    let tiles: Vec<&str> = rail
        .split("<nav class=\"rail\"")
        .nth(1)
        .unwrap()
        .split("</nav>")
        .next()
        .unwrap()
        .split("<span class=\"l\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    assert_eq!(tiles, ["All stages", "Pending", "Processing", "Shipped"]);

    let number = desk.order().place();
    owner.get(&format!("/orders/{number}")).must_say("Pending");
    let pay = desk.look(number).total_minor;
    desk.write(move |tx| {
        let payment = slipway::payment::NewPayment {
            kind: order::PaymentKind::Capture,
            amount_minor: pay,
            method: "card".into(),
            reference: "r".into(),
            note: String::new(),
            expires_at: None,
        };
        moves::record_payment(tx, &ANA, number, None, &payment)
    });
    let path = format!("/orders/{number}/moves");
    for (to, label) in [("processing", "Processing"), ("processed", "Processed"), ("shipped", "Shipped")] {
        let version = desk.look(number).version.to_string();
        owner.submit(&path, &[("to", to), ("version", &version)]).must_say(&format!("to {label}."));
    }
    assert_eq!(desk.look(number).base, Base::Shipped);
    owner.get(&format!("/orders/{number}/history")).must_say("from Confirmed to Processing");
    counts_are_exact(&desk, &[number]);
}

#[test]
fn stages_go_up_and_down_the_rail() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let slugs = || desk.read(Stages::load).iter().map(|stage| stage.slug.clone()).collect::<Vec<_>>();
    owner.submit("/settings/stages/confirmed/step", &[("step", "up")]);
    assert_eq!(slugs()[..2], ["confirmed", "placed"]);
    owner.submit("/settings/stages/confirmed/step", &[("step", "up")]);
    owner.submit("/settings/stages/confirmed/step", &[("step", "down")]);
    assert_eq!(slugs()[..2], ["placed", "confirmed"]);
    // Two people at once end with every place taken once.
    std::thread::scope(|scope| {
        for slug in ["placed", "shipped", "archived", "approved"] {
            let desk = &desk;
            scope.spawn(move || desk.write(move |tx| workflow::shift(tx, &ANA, slug, Step::Down)));
            scope.spawn(move || {
                let facts = StageFacts { label: format!("{slug} more"), colour: "ok".into(), ..StageFacts::default() };
                desk.write(move |tx| workflow::add(tx, &ANA, Base::Approved, &facts))
            });
        }
    });
    let places: Vec<i64> = desk.read(Stages::load).iter().map(|stage| stage.position).collect();
    assert_eq!(places, (1..=16).collect::<Vec<i64>>());
}
