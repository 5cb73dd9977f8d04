//! One order on screen: what each person sees of it, and what two people do to each other on it.

use slipway::actor::Actor;
use slipway::conversation::{self, Direction};
use slipway::order::Draft;
use slipway::time::UtcTime;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

fn page(person: &Person, number: i64) -> Reply {
    person.see(&format!("/orders/{number}"))
}

fn version(desk: &TestDesk, number: i64) -> String {
    desk.look(number).version.to_string()
}

/// Presses a button that posts a move.
fn press(person: &Person, desk: &TestDesk, number: i64, to: &str, more: &[(&str, &str)]) -> Reply {
    let version = version(desk, number);
    let back = format!("/orders/{number}");
    let mut fields = vec![("to", to), ("version", version.as_str()), ("back", back.as_str())];
    fields.extend_from_slice(more);
    person.post(&format!("/orders/{number}/moves"), &fields)
}

fn with_everything(draft: &mut Draft) {
    draft.phone = "+36 30 555 0142".into();
    draft.customer_note = "Leave it with the neighbour.".into();
    if let Some(address) = &mut draft.ship_to {
        address.phone = "+36 1 555 777".into();
    }
}

#[test]
fn an_order_shows_what_it_is_and_where_it_stands() {
    let desk = TestDesk::open();
    let number = desk.order().with(with_everything).at("approved").place();
    let shown = page(&desk.owner(), number);
    for words in
        ["#10001", "Approved", "Paid", "Mug, oat glaze", "MUG-OAT-L", "€28.50", "€57.00", "Shipping, Parcel, tracked"]
    {
        shown.must_say(words);
    }
    for words in
        ["Eszter Kovács", "eszter@example.com", "1092 Budapest", "Hungary", "Same as shipping", "Mark as processed"]
    {
        shown.must_say(words);
    }
    assert!(shown.text().contains("href=\"tel:+36305550142\""));
    assert!(shown.text().contains("href=\"mailto:eszter@example.com\""));
}

#[test]
fn an_unknown_order_is_told_in_the_desks_own_page() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    for path in ["/orders/99999", "/orders/99999/notes", "/orders/99999999999999999999", "/orders/12x", "/orders/0"] {
        let reply = owner.get(path);
        assert_eq!(reply.status, 404, "{path}");
        reply.must_say("Fern & Kiln");
    }
    assert_eq!(owner.get("/orders/99999?colour=red").status, 400);
    assert_eq!(
        owner.post("/orders/99999/notes", &[("body", "x"), ("audience", "internal"), ("form_token", "a")]).status,
        404
    );
    assert_eq!(desk.visitor().get("/orders/10001").status, 303);
}

#[test]
fn a_packer_sees_no_money_and_no_contact_on_any_page_of_an_order() {
    let desk = TestDesk::open();
    let number = desk.order().with(with_everything).authorized().at("approved").place();
    let owner = desk.owner();
    let form = owner.see(&format!("/orders/{number}/edit"));
    let mut fields = edit_fields(&form);
    set(&mut fields, "email", "new@example.com");
    set(&mut fields, "phone", "+36 30 999 8888");
    set(&mut fields, "ship_phone", "+36 30 777 6666");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    owner.submit(&format!("/orders/{number}/edit"), &fields);
    let stopped = desk.order().with(with_everything).at("on_hold").place();
    let unpaid = desk.order().with(with_everything).place();
    let packer = desk.packer();
    for path in [
        format!("/orders/{number}"),
        format!("/orders/{number}/notes"),
        format!("/orders/{number}/history"),
        format!("/orders/{number}/moves/new?to=on_hold"),
        format!("/orders/{stopped}"),
        format!("/orders/{unpaid}"),
        format!("/orders/{unpaid}/history"),
    ] {
        let text = packer.see(&path).text();
        for secret in ["€", "@example.com", "555 0142", "999 8888", "777 6666", "555 777", "ch_3PqL", "mailto:", "tel:"]
        {
            assert!(!text.contains(secret), "{path} tells {secret}");
        }
        assert!(!text.contains("Cancel order"), "{path}");
        assert!(!text.contains("Authorised"), "{path}");
    }
    let refused = press(&packer, &desk, unpaid, "confirmed", &[]);
    assert_eq!(refused.status, 409);
    assert!(!refused.text().contains('€'));
    refused.must_say("Money is neither authorised nor paid.");
    let selected = unpaid.to_string();
    for path in ["/orders/bulk/look", "/orders/bulk"] {
        for what in ["next", "move"] {
            let reply = packer.post(path, &[("do", what), ("o", &selected), ("to", "confirmed"), ("back", "/orders")]);
            assert!(!reply.text().contains('€'), "{path} {what}: {}", reply.words());
            assert!(reply.text().contains("Money is neither authorised nor paid."), "{path} {what}: {}", reply.text());
        }
    }
    for path in ["payments/new", "edit"] {
        assert_eq!(packer.get(&format!("/orders/{number}/{path}")).status, 403, "{path}");
    }
    assert_eq!(press(&packer, &desk, unpaid, "cancelled", &[("reason", "customer")]).status, 403);
}

/// The fields of the form that corrects an order, as they stand.
fn edit_fields(form: &Reply) -> Vec<(String, String)> {
    let names = [
        "version",
        "back",
        "customer_name",
        "email",
        "phone",
        "ship_name",
        "ship_company",
        "ship_street1",
        "ship_street2",
        "ship_city",
        "ship_region",
        "ship_postcode",
        "ship_phone",
        "shipping_method",
    ];
    let mut fields: Vec<_> = names.iter().map(|name| ((*name).to_owned(), form.field(name))).collect();
    fields.push(("ship_country".into(), "HU".into()));
    fields.push(("payment_method".into(), "card".into()));
    fields.push(("customer_note".into(), "Leave it with the neighbour.".into()));
    fields
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(known, _)| known != name);
    fields.push((name.to_owned(), value.to_owned()));
}

#[test]
fn a_move_goes_back_to_where_one_was_and_can_be_undone_from_the_toast() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    let back = format!("/orders/{number}?from=stage%3Dapproved");
    let version = version(&desk, number);
    let reply =
        owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", &version), ("back", &back)]);
    assert_eq!((reply.status, reply.location()), (303, back.as_str()));
    let after = owner.see(&back);
    after.must_say("#10001 moved from Approved to Processed.");
    after.must_say("Parcel 1");
    assert!(after.text().contains("href=\"/orders?stage=approved\""));
    let undone =
        owner.submit(&format!("/orders/{number}/moves/undo"), &[("version", &after.field("version")), ("back", &back)]);
    undone.must_say("#10001 is Approved again.");
    assert!(!undone.says("Parcel 1"));
    assert_eq!(desk.look(number).stage, "approved");
}

#[test]
fn nobody_is_sent_to_another_site_after_a_move() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    for back in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""] {
        let number = desk.order().at("approved").place();
        let version = version(&desk, number);
        let fields = [("to", "processed"), ("version", version.as_str()), ("back", back)];
        let reply = owner.post(&format!("/orders/{number}/moves"), &fields);
        assert_eq!(reply.location(), format!("/orders/{number}"), "{back}");
    }
}

#[test]
fn the_second_of_two_people_is_told_who_did_what_and_keeps_what_they_typed() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let seen = version(&desk, number);
    assert_eq!(press(&desk.packer(), &desk, number, "processed", &[]).status, 303);
    let manager = desk.manager();
    let fields = [
        ("to", "on_hold"),
        ("version", seen.as_str()),
        ("reason", "address_check"),
        ("note", "Ask about the flat <b>"),
        ("form_token", "t1"),
        ("back", "/orders/10001"),
    ];
    let reply = manager.post(&format!("/orders/{number}/holds"), &fields);
    assert_eq!(reply.status, 409);
    reply.must_say("Jon Bakker moved the order from Approved to Processed");
    reply.must_say("Nothing of yours was changed");
    reply.must_say("Put #10001 on hold");
    reply.must_say("Ask about the flat <b>");
    assert!(reply.text().contains("value=\"address_check\" selected"));
    assert_eq!(desk.look(number).stage, "processed");
    let again = [
        ("to", "on_hold"),
        ("version", &reply.field("version")),
        ("reason", "address_check"),
        ("note", "Ask"),
        ("form_token", "t2"),
        ("back", "/orders/10001"),
    ];
    manager.submit(&format!("/orders/{number}/holds"), &again).must_say("On hold: Address to be checked.");
}

#[test]
fn a_stage_that_is_reached_already_is_success() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let seen = version(&desk, number);
    press(&desk.packer(), &desk, number, "processed", &[]);
    let owner = desk.owner();
    let fields = [("to", "processed"), ("version", seen.as_str()), ("back", "")];
    owner.submit(&format!("/orders/{number}/moves"), &fields).must_say("#10001 is Processed already.");
}

#[test]
fn a_move_without_its_reason_asks_again_with_what_was_typed() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    let reply = press(&owner, &desk, number, "cancelled", &[("note", "Changed their mind"), ("refund", "none")]);
    assert_eq!(reply.status, 400);
    reply.must_say("Choose a reason.");
    reply.must_say("Changed their mind");
    assert!(reply.text().contains("href=\"#f-reason\""));
    let reply = press(&owner, &desk, number, "cancelled", &[("reason", "customer")]);
    assert_eq!(reply.status, 400);
    reply.must_say("€63.95 was paid. Say whether it was given back or is kept.");
    assert_eq!(desk.look(number).stage, "approved");
    let late = [("reason", "other"), ("until", "2020-01-01T09:00"), ("form_token", "u")];
    let version = version(&desk, number);
    let mut fields = vec![("to", "on_hold"), ("version", version.as_str())];
    fields.extend_from_slice(&late);
    let reply = owner.post(&format!("/orders/{number}/holds"), &fields);
    assert_eq!(reply.status, 400);
    reply.must_say("The hold must end in the future.");
}

#[test]
fn a_form_that_does_not_say_its_version_changes_nothing() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    for version in ["", "one", "-"] {
        let reply = owner.post(&format!("/orders/{number}/moves"), &[("to", "processed"), ("version", version)]);
        assert_eq!(reply.status, 400, "{version}");
    }
    assert_eq!(desk.look(number).stage, "approved");
}

#[test]
fn corrections_are_for_those_who_may() {
    let desk = TestDesk::open();
    let number = desk.order().at("processed").place();
    let support = desk.support();
    assert!(!page(&support, number).says("Back to Approved"));
    let refused = press(&support, &desk, number, "approved", &[("reason", "mistake")]);
    assert_eq!(refused.status, 403);
    let owner = desk.owner();
    page(&owner, number).must_say("Back to Approved…");
    assert_eq!(press(&owner, &desk, number, "approved", &[("reason", "mistake")]).status, 303);
    let after = page(&owner, number);
    assert!(!after.says("Parcel 1"));
    assert!(after.says("To be packed"));
}

#[test]
fn a_viewer_gets_no_buttons_and_cannot_post() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let viewer = desk.viewer();
    let shown = page(&viewer, number);
    for word in ["Mark as processed", "Other stages", "Record payment", "Edit order", "Assign"] {
        assert!(!shown.says(word), "{word}");
    }
    shown.must_say("€63.95");
    assert_eq!(press(&viewer, &desk, number, "processed", &[]).status, 403);
    assert_eq!(viewer.post(&format!("/orders/{number}/tags"), &[("tag", "x")]).status, 403);
}

#[test]
fn several_holds_are_shown_and_released_one_by_one() {
    let desk = TestDesk::open();
    let number = desk.order().at("on_hold").place();
    let owner = desk.owner();
    let asked = owner.see(&format!("/orders/{number}/moves/new?to=on_hold"));
    asked.must_say("Add another hold to #10001");
    let fields = [
        ("to", "on_hold"),
        ("version", &asked.field("version")),
        ("reason", "stock"),
        ("note", "שלום 🌿"),
        ("form_token", &asked.field("form_token")),
        ("back", "/orders/10001"),
    ];
    let held = owner.submit(&format!("/orders/{number}/holds"), &fields);
    held.must_say("On hold: Something is out of stock.");
    held.must_say("שלום 🌿");
    held.must_say("2 holds are open. Release each of them.");
    // The second click of a double click.
    owner.submit(&format!("/orders/{number}/holds"), &fields);
    let id = desk.look(number).id;
    let holds = desk.read(|conn| slipway::moves::open_holds(conn, id));
    assert_eq!(holds.len(), 2);
    for (hold, stage) in holds.iter().zip(["on_hold", "confirmed"]) {
        let version = version(&desk, number);
        owner.submit(&format!("/orders/{number}/holds/{}/release", hold.uid), &[("version", &version), ("back", "")]);
        assert_eq!(desk.look(number).stage, stage);
    }
    let unknown = owner.post(&format!("/orders/{number}/holds/nonsense/release"), &[("version", "1")]);
    assert_eq!(unknown.status, 404);
}

#[test]
fn an_archived_order_comes_back_to_where_it_was() {
    let desk = TestDesk::open();
    let number = desk.order().at("delivered").place();
    let owner = desk.owner();
    page(&owner, number).must_say("Archive");
    press(&owner, &desk, number, "archived", &[]);
    let shelved = page(&owner, number);
    shelved.must_say("Bring back to Delivered");
    press(&owner, &desk, number, "delivered", &[]);
    assert_eq!(desk.look(number).stage, "delivered");
}

#[test]
fn shipping_takes_a_tracking_number_or_none() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("processed").place();
    page(&owner, number).must_say("Mark as shipped…");
    let asked = owner.see(&format!("/orders/{number}/moves/new?to=shipped"));
    asked.must_say("Mark #10001 as shipped");
    press(&owner, &desk, number, "shipped", &[("carrier", "DHL"), ("tracking", "0034 0434 1610")]);
    page(&owner, number).must_say("DHL 0034 0434 1610");
    let bare = desk.order().at("processed").place();
    assert_eq!(press(&owner, &desk, bare, "shipped", &[]).status, 303);
    let long = "x".repeat(300);
    let other = desk.order().at("processed").place();
    let refused = press(&owner, &desk, other, "shipped", &[("tracking", &long)]);
    assert_eq!(refused.status, 400);
    refused.must_say("This takes 200 characters at the most.");
}

#[test]
fn a_dialog_is_the_same_form_and_stays_until_it_is_right() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    let dialog = owner.fragment(&format!("/orders/{number}/moves/new?to=on_hold"));
    assert!(dialog.text().starts_with("<dialog"), "{}", dialog.text());
    let body = b"to=on_hold&version=1".to_vec();
    let headers = [
        ("HX-Request", "true"),
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let wrong = owner.send("POST", &format!("/orders/{number}/holds"), &headers, Some(body));
    assert!(wrong.text().starts_with("<dialog"));
    assert!([400, 409].contains(&wrong.status));
    let version = version(&desk, number);
    let body = format!("to=on_hold&version={version}&reason=other&form_token=abc").into_bytes();
    let right = owner.send("POST", &format!("/orders/{number}/holds"), &headers, Some(body));
    assert_eq!((right.status, right.header("hx-redirect")), (200, "/orders/10001"));
}

#[test]
fn every_field_is_shown_as_text() {
    let desk = TestDesk::open();
    let evil = "<script>alert(1)</script>";
    let number = desk
        .order()
        .customer(evil, "a@example.com")
        .line(evil, evil, 1, 100)
        .with(|draft| {
            draft.customer_note = evil.into();
            draft.tags = vec![evil.into()];
            draft.gift = true;
            draft.gift_message = evil.into();
            draft.lines[0].properties = evil.into();
            draft.lines[0].bin = evil.into();
            draft.lines[0].variant = evil.into();
            if let Some(address) = &mut draft.ship_to {
                address.street1 = evil.into();
                address.city = evil.into();
            }
        })
        .place();
    desk.write(move |tx| {
        let eszter = Actor::Customer { name: evil.into() };
        conversation::keep_message(tx, &eszter, number, Direction::In, evil, evil, UtcTime::now())
    });
    let owner = desk.owner();
    let fields = [("body", evil), ("audience", "internal"), ("form_token", "a"), ("back", evil)];
    owner.post(&format!("/orders/{number}/notes"), &fields);
    for path in ["", "/notes", "/history", "/edit"] {
        let shown = owner
            .see(&format!("/orders/{number}{path}?{}", if path == "/edit" { "" } else { "from=%3Cscript%3Ealert(1)" }));
        assert!(!shown.text().contains("<script>alert"), "{path}");
        shown.must_say("<script>alert(1)</script>");
    }
}

#[test]
fn tags_and_responsibility_are_changed_from_the_page() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    let back = format!("/orders/{number}");
    let tagged = owner.submit(&format!("/orders/{number}/tags"), &[("tag", "Fragile, עדין"), ("back", &back)]);
    tagged.must_say("Fragile");
    tagged.must_say("עדין");
    let long = "x".repeat(51);
    let refused = owner.post(&format!("/orders/{number}/tags"), &[("tag", &long), ("back", &back)]);
    assert_eq!(refused.status, 400);
    refused.must_say("An order takes 50 tags of 50 characters at the most.");
    let fewer = owner.submit(&format!("/orders/{number}/tags"), &[("remove", "Fragile"), ("back", &back)]);
    assert!(!fewer.text().contains("value=\"Fragile\""));
    let ana = desk.manager();
    let uid = desk.read(|conn| Ok(slipway::staff::member_by_email(conn, "ana@fernandkiln.example")?.uid));
    let mine = ana.submit(&format!("/orders/{number}/assignee"), &[("staff", &uid), ("back", &back)]);
    mine.must_say("#10001 is assigned to Ana Pires.");
    ana.see(&format!("/orders/{number}/history")).must_say("assigned the order to Ana Pires");
    assert_eq!(ana.post(&format!("/orders/{number}/assignee"), &[("staff", "nobody")]).status, 404);
}

#[test]
fn messages_are_marked_as_read_by_a_button_and_not_by_looking() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    desk.write(move |tx| {
        let eszter = Actor::Customer { name: "Eszter Kovács".into() };
        conversation::keep_message(tx, &eszter, number, Direction::In, "whatsapp", "Is it on its way?", UtcTime::now())
    });
    let owner = desk.owner();
    for _ in 0..2 {
        let shown = page(&owner, number);
        shown.must_say("Is it on its way?");
        shown.must_say("nobody has read it");
    }
    let read = owner.submit(&format!("/orders/{number}/read"), &[("back", &format!("/orders/{number}"))]);
    assert!(!read.says("nobody has read it"));
    assert_eq!(desk.look(number).unread_count, 0);
}

#[test]
fn the_neighbours_of_an_order_are_those_of_the_list() {
    let desk = TestDesk::open();
    let numbers: Vec<i64> = (0..3).map(|_| desk.order().place()).collect();
    let shown = page(&desk.owner(), numbers[1]).text();
    assert!(shown.contains(&format!("href=\"/orders/{}\" data-key=\"k\"", numbers[2])));
    assert!(shown.contains(&format!("href=\"/orders/{}\" data-key=\"j\"", numbers[0])));
}

#[test]
fn the_neighbours_stay_those_of_the_list_one_came_from() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let numbers: Vec<i64> = ["approved", "placed", "approved", "placed", "approved"]
        .iter()
        .map(|stage| desk.order().at(stage).place())
        .collect();
    let list = owner.see("/orders?stage=approved&sort=number&dir=asc").text();
    let link = format!("/orders/{}?from=stage%3Dapproved%26sort%3Dnumber%26dir%3Dasc", numbers[2]);
    assert!(list.contains(&format!("href=\"{link}\"")), "{list}");
    let shown = owner.see(&link).text();
    assert!(shown.contains(&format!(
        "href=\"/orders/{}?from=stage%3Dapproved%26sort%3Dnumber%26dir%3Dasc\" data-key=\"k\"",
        numbers[0]
    )));
    assert!(shown.contains(&format!(
        "href=\"/orders/{}?from=stage%3Dapproved%26sort%3Dnumber%26dir%3Dasc\" data-key=\"j\"",
        numbers[4]
    )));
    // A list that cannot be read any more is no reason not to show the order.
    owner.see(&format!("/orders/{}?from=stage%3Dnowhere%26colour%3Dred", numbers[2]));
}

#[test]
fn the_history_tells_everything_with_its_author_both_ways_round() {
    let desk = TestDesk::open();
    let number = desk.order().authorized().at("confirmed").place();
    let owner = desk.owner();
    press(&owner, &desk, number, "approved", &[("note", "Checked by phone")]);
    let newest = owner.see(&format!("/orders/{number}/history")).words();
    let oldest = owner.see(&format!("/orders/{number}/history?sort=oldest")).words();
    for words in [&newest, &oldest] {
        assert!(words.contains("Marta Kuipers moved the order from Confirmed to Approved"), "{words}");
        assert!(words.contains("Checked by phone"));
        assert!(words.contains("placed the order"));
    }
    let place = |words: &str, what: &str| words.find(what).unwrap();
    assert!(place(&newest, "to Approved") < place(&newest, "placed the order"));
    assert!(place(&oldest, "to Approved") > place(&oldest, "placed the order"));
}
