//! An order taken on the telephone, and an order corrected.

use slipway::order::PaymentStatus;
use slipway::{conversation, order};

use crate::support::app::TestDesk;
use crate::support::person::Reply;

/// A whole telephone order.
fn telephone(token: &str) -> Vec<(&'static str, String)> {
    [
        ("line_title", "Vase"),
        ("line_sku", "VAS-1"),
        ("line_variant", "Blue"),
        ("line_quantity", "2"),
        ("line_price", "24,00"),
        ("line_discount", "3"),
        ("line_title", "Jug"),
        ("line_sku", ""),
        ("line_variant", ""),
        ("line_quantity", "1"),
        ("line_price", "10"),
        ("line_discount", ""),
        ("shipping_method", "Parcel"),
        ("shipping", "6.95"),
        ("discount", "5"),
        ("discount_code", "PHONE"),
        ("tax_rate", "21"),
        ("tax_included", "1"),
        ("customer_name", "Αθηνά 🌿"),
        ("email", "athena@example.gr"),
        ("phone", "+30 210 555 01"),
        ("ship_country", "GR"),
        ("ship_street1", "Ermou 1"),
        ("ship_city", "Athina"),
        ("ship_postcode", "105 63"),
        ("bill_same", "1"),
        ("payment_method", "bank_transfer"),
        ("tags", "Phone, Repeat"),
        ("note", "Call before delivery"),
        ("gift", "1"),
        ("gift_message", "Χρόνια πολλά"),
        ("do", "place"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .chain([("form_token", token.to_owned())])
    .collect()
}

fn send(desk: &TestDesk, path: &str, fields: &[(&str, String)]) -> Reply {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    desk.owner().post(path, &fields)
}

fn with(mut fields: Vec<(&'static str, String)>, name: &'static str, value: &str) -> Vec<(&'static str, String)> {
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value.to_owned()));
    fields
}

#[test]
fn an_order_by_telephone_is_placed_with_everything_in_it() {
    let desk = TestDesk::open();
    let reply = send(&desk, "/orders/new", &telephone("t1"));
    assert_eq!(reply.status, 303, "{}", reply.words());
    let owner = desk.owner();
    let shown = owner.see(reply.location());
    for words in [
        "Confirmed",
        "Αθηνά 🌿",
        "Vase",
        "Blue · VAS-1",
        "€45.00",
        "Jug",
        "Subtotal €55.00",
        "PHONE",
        "−€5.00",
        "Shipping, Parcel €6.95",
        "Tax 21 %, included €9.88",
        "Total €56.95",
        "Phone and counter",
        "Greece",
        "105 63 Athina",
        "Χρόνια πολλά",
        "Repeat",
        "Bank transfer",
    ] {
        shown.must_say(words);
    }
    owner.see(&format!("{}/notes", reply.location())).must_say("Call before delivery");
    let placed = desk.look(10_001);
    assert_eq!((placed.total_minor, placed.tax_minor, placed.gift), (5_695, 988, true));
    assert_eq!(placed.payment_status, PaymentStatus::Unpaid);
}

#[test]
fn two_clicks_place_one_order() {
    let desk = TestDesk::open();
    let token = desk.owner().see("/orders/new").field("form_token");
    let places: Vec<String> =
        (0..2).map(|_| send(&desk, "/orders/new", &telephone(&token)).location().to_owned()).collect();
    assert_eq!(places[0], places[1]);
    assert!(desk.read(|conn| Ok(order::find(conn, 10_002).is_err())));
}

#[test]
fn a_line_is_added_and_taken_away_and_summed_without_scripting() {
    let desk = TestDesk::open();
    let fields = with(telephone("t"), "do", "line");
    let more = send(&desk, "/orders/new", &fields);
    assert_eq!(more.status, 200);
    assert_eq!(more.text().matches("name=\"line_title\"").count(), 3);
    more.must_say("Total €56.95");
    let fewer = send(&desk, "/orders/new", &with(telephone("t"), "do", "remove-1"));
    assert_eq!(fewer.text().matches("name=\"line_title\"").count(), 1);
    fewer.must_say("Subtotal €45.00");
    assert!(desk.read(|conn| Ok(order::find(conn, 10_001).is_err())), "nothing was placed");
}

#[test]
fn every_mistake_is_told_at_once_beside_its_field_with_what_was_typed() {
    let desk = TestDesk::open();
    let mut fields = telephone("t");
    for (name, value) in [
        ("email", "nobody"),
        ("shipping", "much"),
        ("tax_rate", "lots"),
        ("due", "later"),
        ("ship_country", "Atlantis"),
    ] {
        fields = with(fields, name, value);
    }
    fields.retain(|(name, _)| !name.starts_with("line_"));
    for (name, value) in [
        ("line_title", ""),
        ("line_sku", "X"),
        ("line_variant", ""),
        ("line_quantity", "0"),
        ("line_price", "1e9"),
        ("line_discount", "-1"),
    ] {
        fields.push((name, value.to_owned()));
    }
    let reply = send(&desk, "/orders/new", &fields);
    assert_eq!(reply.status, 400);
    for field in [
        "email",
        "shipping",
        "tax_rate",
        "due",
        "ship_country",
        "lines.0.title",
        "lines.0.quantity",
        "lines.0.price",
        "lines.0.discount",
    ] {
        assert!(reply.text().contains(&format!("href=\"#f-{field}\"")), "{field}: {}", reply.words());
        assert!(reply.text().contains(&format!("id=\"f-{field}\"")), "{field}");
    }
    assert!(reply.text().contains("value=\"nobody\"") && reply.text().contains("value=\"much\""));
    let bare = send(&desk, "/orders/new", &[("do", "place".into()), ("form_token", "x".into())]);
    assert_eq!(bare.status, 400);
    bare.must_say("An order needs at least one line.");
    let long = send(&desk, "/orders/new", &with(telephone("t"), "customer_name", &"x".repeat(301)));
    assert_eq!(long.status, 400);
    long.must_say("This takes 300 characters at the most.");
    let strange = send(&desk, "/orders/new", &with(telephone("t"), "colour", "red"));
    assert_eq!(strange.status, 400);
    strange.must_say("This form knows nothing called colour.");
}

#[test]
fn a_known_sku_lends_its_words_and_price() {
    let desk = TestDesk::open();
    desk.write(|tx| {
        let new = slipway::catalog::NewProduct {
            sku: "BWL-1".into(),
            title: "Serving bowl".into(),
            variant: "Slate".into(),
            bin: "A-07".into(),
            price_minor: 3_800,
            ..Default::default()
        };
        slipway::catalog::create(tx, &new)
    });
    let fields: Vec<(&str, String)> = [
        ("line_title", ""),
        ("line_sku", "BWL-1"),
        ("line_variant", ""),
        ("line_quantity", "3"),
        ("line_price", ""),
        ("line_discount", ""),
        ("do", "sum"),
        ("form_token", "t"),
    ]
    .into_iter()
    .map(|(name, value)| (name, value.to_owned()))
    .collect();
    let summed = send(&desk, "/orders/new", &fields);
    summed.must_say("Total €114.00");
    assert_eq!(summed.field("line_title"), "Serving bowl");
    assert_eq!(summed.field("line_price"), "38.00");
}

#[test]
fn only_those_who_may_make_orders() {
    let desk = TestDesk::open();
    for person in [desk.packer(), desk.viewer()] {
        assert_eq!(person.get("/orders/new").status, 403);
        assert_eq!(person.post("/orders/new", &[("do", "place")]).status, 403);
    }
    assert_eq!(desk.support().get("/orders/new").status, 200);
}

/// The correcting form with everything in it as it stands.
fn edit_form(desk: &TestDesk, number: i64) -> Vec<(&'static str, String)> {
    let form = desk.owner().see(&format!("/orders/{number}/edit"));
    let names = [
        "version",
        "back",
        "seen",
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
        "due",
    ];
    let mut fields: Vec<_> = names.iter().map(|name| (*name, form.field(name))).collect();
    fields.extend([
        ("ship_country", "HU".to_owned()),
        ("payment_method", "card".to_owned()),
        ("bill_same", "1".to_owned()),
    ]);
    fields
}

#[test]
fn a_correction_keeps_before_and_after_in_the_history() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let fields = with(edit_form(&desk, number), "ship_street1", "Üllői út 5");
    let fields = with(with(fields, "phone", "+36 1 234"), "due", "2026-12-01T17:00");
    let reply = send(&desk, &format!("/orders/{number}/edit"), &fields);
    assert_eq!(reply.status, 303, "{}", reply.words());
    let owner = desk.owner();
    owner.see(&format!("/orders/{number}")).must_say("Üllői út 5");
    let history = owner.see(&format!("/orders/{number}/history"));
    history.must_say("changed the delivery address");
    history.must_say("Eszter Kovács, Ráday utca 14, 1092, Budapest, HU Eszter Kovács, Üllői út 5");
    history.must_say("empty +36 1 234");
    history.must_say("empty Tue 1 Dec 2026, 17:00");
    let version = desk.look(number).version;
    let same = send(&desk, &format!("/orders/{number}/edit"), &edit_form(&desk, number));
    assert_eq!(same.status, 303);
    assert_eq!(desk.look(number).version, version, "a correction that changes nothing is no change");
}

#[test]
fn a_stale_correction_overwrites_nobody_and_keeps_what_was_typed() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let mine = with(edit_form(&desk, number), "customer_name", "Eszter K.");
    let theirs = with(edit_form(&desk, number), "phone", "+36 1 999");
    assert_eq!(send(&desk, &format!("/orders/{number}/edit"), &theirs).status, 303);
    let reply = send(&desk, &format!("/orders/{number}/edit"), &mine);
    assert_eq!(reply.status, 409);
    reply.must_say("Marta Kuipers changed the phone");
    assert_eq!(reply.field("customer_name"), "Eszter K.");
    assert_eq!(reply.field("phone"), "+36 1 999", "what they changed is not taken back");
    let mut again = with(mine, "version", &reply.field("version"));
    again = with(with(again, "seen", &reply.field("seen")), "phone", &reply.field("phone"));
    assert_eq!(send(&desk, &format!("/orders/{number}/edit"), &again).status, 303);
    let order = desk.look(number);
    assert_eq!((order.customer_name.as_str(), order.phone.as_str()), ("Eszter K.", "+36 1 999"));
}

#[test]
fn an_address_that_was_missing_confirms_a_paid_order() {
    let desk = TestDesk::open();
    let number = desk.order().with(|draft| draft.ship_to = None).paid().place();
    assert_eq!(desk.look(number).stage, "placed");
    let mut fields = edit_form(&desk, number);
    for (name, value) in [
        ("ship_name", "Eszter"),
        ("ship_street1", "Ráday utca 14"),
        ("ship_city", "Budapest"),
        ("ship_postcode", "1092"),
    ] {
        fields = with(fields, name, value);
    }
    assert_eq!(send(&desk, &format!("/orders/{number}/edit"), &fields).status, 303);
    assert_eq!(desk.look(number).stage, "confirmed");
}

#[test]
fn what_cannot_be_corrected_is_told() {
    let desk = TestDesk::open();
    let number = desk.order().at("shipped").place();
    desk.owner().see(&format!("/orders/{number}/edit")).must_say("The parcel has left");
    let reply = send(&desk, &format!("/orders/{number}/edit"), &with(edit_form(&desk, number), "ship_city", "Győr"));
    assert_eq!(reply.status, 409);
    reply.must_say("Ask the carrier to redirect it.");
    let reply = send(&desk, &format!("/orders/{number}/edit"), &with(edit_form(&desk, number), "email", "nobody"));
    assert_eq!(reply.status, 400);
    reply.must_say("This is not an e-mail address.");
    let notes = desk.read(|conn| {
        let id = order::find(conn, number)?.id;
        conversation::notes(conn, id)
    });
    assert!(notes.is_empty());
}
