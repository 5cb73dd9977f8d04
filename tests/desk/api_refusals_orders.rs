//! Orders, moves, parcels, returns and notes that cannot be as a program wants them: each refusal with its code, its
//! status and its place in the body, and the order as it was.

use serde_json::{Value, json};
use slipway::market::{self, Markets, NewMarket};
use slipway::money::Currency;
use slipway::staff::keys::NewKey;

use crate::api_refusals::written;
use crate::support::app::TestDesk;
use crate::support::program::Program;

fn new_order() -> Value {
    json!({
        "items": [{"name": "Mug", "quantity": 2, "price": 18.5}, {"name": "Vase", "quantity": 1, "price": 40}],
        "shipping": {"method": "Parcel", "price": 5}
    })
}

/// A new order with one thing changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut order = new_order();
    match order.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => match pointer.strip_prefix("/items/0/") {
            Some(field) => order["items"][0][field] = value,
            None => order[&pointer[1..]] = value,
        },
    }
    order
}

/// The lines of an order by their SKU.
fn line(program: &Program, number: i64, sku: &str) -> Value {
    let order = program.see(&format!("/api/orders/{number}"));
    let items = order["items"].as_array().unwrap().clone();
    items.into_iter().find(|item| item["sku"] == sku).unwrap()["line_id"].clone()
}

/// Takes every parcel of an order apart.
fn unpack(program: &Program, number: i64) {
    for parcel in program.see(&format!("/api/orders/{number}/shipments"))["shipments"].as_array().unwrap() {
        program.must_post(&format!("/api/shipments/{}/cancel", parcel["id"].as_str().unwrap()), &json!({}));
    }
}

#[test]
fn an_order_that_cannot_be_is_not_taken() {
    let desk = TestDesk::open();
    let program = desk.program();
    let channel = desk.write(|tx| {
        let market = NewMarket {
            slug: "uk".into(),
            name: "United Kingdom".into(),
            currency: Currency::parse("GBP").unwrap(),
            time_zone: "Europe/London".into(),
            country: "GB".into(),
            order_prefix: "UK".into(),
        };
        market::create(tx, &market)?;
        Ok(Markets::load(tx.conn)?.channels[0].slug.clone())
    });
    let mut elsewhere = with("/channel", json!(channel));
    elsewhere["market"] = json!("uk");
    let before = written(&desk);
    for (body, code, pointer) in [
        (elsewhere, "order.market", "/market"),
        (with("/market", json!("moon")), "request.unknown_value", "/market"),
        (with("/channel", json!("tv")), "request.unknown_value", "/channel"),
        (with("/total", json!(81.99)), "order.total_differs", "/total"),
        (with("/total", json!(82.001)), "order.invalid", "/total"),
        (with("/currency", json!("XYZ")), "order.invalid", "/currency"),
        (with("/items", json!([])), "order.invalid", "/items"),
        (with("/items/0/quantity", json!(0)), "order.invalid", "/items/0/quantity"),
        (with("/items/0/quantity", json!(9_007_199_254_740_993_i64)), "order.invalid", "/items/0/quantity"),
        (with("/items/0/price", json!(-1)), "order.invalid", "/items/0/price"),
        (with("/items/0/price", json!(18.505)), "order.invalid", "/items/0/price"),
        (with("/items/0/price", json!("18.505")), "order.invalid", "/items/0/price"),
        (with("/items/0/price", json!(9_007_199_254_740_993_i64)), "order.invalid", "/items/0/price"),
        (with("/items/0/discount", json!(1_000)), "order.invalid", "/items/0/discount"),
        (with("/shipping/price", json!(-5)), "order.invalid", "/shipping/price"),
        (with("/shipping/method", json!("x".repeat(201))), "order.invalid", "/shipping/method"),
        (with("/taxes", json!([{"amount": 0.001}])), "order.invalid", "/taxes/0/amount"),
        (with("/tags", json!(["x".repeat(51)])), "order.invalid", "/tags"),
        (with("/custom", json!({"a": "x".repeat(20_001)})), "order.invalid", "/custom"),
        (with("/external_id", json!("x".repeat(201))), "order.invalid", "/external_id"),
        (with("/customer", json!({"email": "nobody"})), "order.invalid", "/customer/email"),
        (with("/shipping_address", json!({"country": "Utopia"})), "order.invalid", "/shipping_address/country"),
        (with("/payment_method", json!("4111 1111 1111 1111")), "order.invalid", "/payment_method"),
        (with("/placed_at", json!("soon")), "order.invalid", "/placed_at"),
        (json!({"cart_id": "nowhere"}), "cart_not_found", "/cart_id"),
    ] {
        program.post("/api/orders", &body).must_refuse(400, code, pointer);
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn a_correction_that_cannot_be_leaves_the_order_as_it_was() {
    let desk = TestDesk::open();
    let program = desk.program();
    let (open, gone) = (desk.order().place(), desk.order().at("shipped").place());
    let approved = desk.order().at("approved").place();
    let many: Vec<String> = (0..51).map(|tag| format!("t{tag}")).collect();
    let before = written(&desk);
    for (number, body, status, code, pointer) in [
        (gone, json!({"shipping_address": {"city": "Pécs"}}), 409, "order.already_shipped", ""),
        (approved, json!({"shipping_address": {"zip": ""}}), 409, "order.address_incomplete", ""),
        (open, json!({"assignee": "ghost@example.com"}), 400, "order.assignee", "/assignee"),
        (open, json!({"shipping_method": "x".repeat(201)}), 400, "order.too_long", "/shipping_method"),
        (open, json!({"customer": {"name": "x".repeat(301)}}), 400, "order.too_long", "/customer/name"),
        (open, json!({"custom": {"a": "x".repeat(20_001)}}), 400, "order.too_long", "/custom"),
        (open, json!({"tags": many}), 400, "order.tags", "/tags"),
        (open, json!({"language": "German please"}), 400, "order.language", "/language"),
        (open, json!({"customer": {"email": "nobody"}}), 400, "order.email", "/customer/email"),
        (open, json!({"due_at": "soon"}), 400, "order.invalid", "/due_at"),
        (open, json!({"colour": "red"}), 400, "request.unknown_field", "/colour"),
        (open, json!({"gift": 1}), 400, "request.wrong_kind", "/gift"),
        (open, json!(["gift"]), 400, "request.wrong_kind", ""),
    ] {
        let path = format!("/api/orders/{number}");
        program.send("PATCH", &path, &[], Some(&body)).must_refuse(status, code, pointer);
    }
    program.post(&format!("/api/orders/{open}/tags"), &json!({"add": ["x".repeat(51)]})).must_refuse(
        400,
        "order.tags",
        "/add",
    );
    assert_eq!(written(&desk), before);
}

#[test]
fn a_move_that_cannot_be_leaves_the_order_where_it_is() {
    let desk = TestDesk::open();
    let program = desk.program();
    let mover = desk.program_with(NewKey {
        name: "Mover".into(),
        scopes: vec!["orders:read".into(), "orders:move".into()],
        ..NewKey::default()
    });
    let (open, sent) = (desk.order().at("confirmed").place(), desk.order().at("shipped").place());
    let before = written(&desk);
    let past = json!({"reason": "other", "until": "2020-01-01T00:00:00Z"});
    let hold = |body: Value| ("POST", format!("/api/orders/{open}/hold"), body);
    let status = |body: Value| ("PUT", format!("/api/orders/{open}/status"), body);
    for ((method, path, body), status, code, pointer) in [
        (hold(past), 400, "order.hold_until", "/until"),
        (hold(json!({"reason": "other", "until": "tomorrow"})), 400, "request.unknown_value", "/until"),
        (hold(json!({"reason": "because"})), 400, "order.reason_missing", "/reason"),
        (hold(json!({"reason": "other", "note": "x".repeat(2_001)})), 400, "order.note_too_long", "/note"),
        (status(json!({"status": "teleported"})), 400, "order.stage_unknown", "/status"),
        (status(json!({})), 400, "request.missing_field", "/status"),
        (
            status(json!({"status": "shipped", "tracking_number": "x".repeat(101)})),
            400,
            "shipment.too_long",
            "/tracking_number",
        ),
        (status(json!({"status": "shipped", "carrier": "x".repeat(101)})), 400, "shipment.too_long", "/carrier"),
        (status(json!({"status": "rejected", "reason": "fraud"})), 400, "order.refund_undecided", "/refund"),
        (status(json!({"status": "rejected", "refund": "half"})), 400, "request.wrong_kind", "/refund"),
    ] {
        program.send(method, &path, &[], Some(&body)).must_refuse(status, code, pointer);
    }
    mover.put(&format!("/api/orders/{sent}/status"), &json!({"status": "processed"})).must_refuse(
        403,
        "order.correction_forbidden",
        "",
    );
    assert_eq!(written(&desk), before);
    assert_eq!(program.see(&format!("/api/orders/{open}"))["status"], "confirmed");
}

#[test]
fn a_parcel_that_cannot_be_is_neither_made_nor_moved() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().line("MUG", "Mug", 3, 1_500).line("VASE", "Vase", 1, 4_000).at("approved").place();
    let (early, held) = (desk.order().at("confirmed").place(), desk.order().at("on_hold").place());
    unpack(&program, number);
    let (mug, order) = (line(&program, number, "MUG"), format!("/api/orders/{number}"));
    let two = json!({"lines": [{"line_id": mug, "quantity": 2}]});
    let made = program.must_post(&format!("{order}/shipments"), &two)["shipment"]["id"].clone();
    let parcel = format!("/api/shipments/{}", made.as_str().unwrap());
    let long = "x".repeat(101);
    let before = written(&desk);
    let (shipments, ship) = (format!("{order}/shipments"), format!("{parcel}/ship"));
    for (path, body, status, code, pointer) in [
        (&format!("/api/orders/{early}/shipments"), json!({}), 409, "parcel.stage", ""),
        (&format!("/api/orders/{held}/shipments"), json!({}), 409, "parcel.on_hold", ""),
        (&shipments, json!({"lines": []}), 400, "parcel.empty", "/lines"),
        (&shipments, json!({"lines": [{"line_id": mug, "quantity": 4}]}), 400, "parcel.units", "/lines"),
        (&shipments, json!({"lines": [{"line_id": mug, "quantity": -1}]}), 400, "parcel.units", "/lines"),
        (
            &shipments,
            json!({"lines": [{"line_id": mug, "quantity": 2}], "out_of": made}),
            400,
            "parcel.emptied",
            "/lines",
        ),
        (&shipments, json!({"tracking": {"number": long}}), 400, "shipment.too_long", "/tracking/number"),
        (&ship, json!({"tracking": {"carrier": long}}), 400, "shipment.too_long", "/tracking/carrier"),
        (&ship, json!({}), 409, "parcel.not_packed", ""),
        (&format!("{parcel}/deliver"), json!({}), 409, "parcel.not_sent", ""),
        (&format!("{parcel}/pack"), json!({"note": "x".repeat(2_001)}), 400, "order.note_too_long", "/note"),
        (&format!("{order}/cancellations"), json!({"lines": [], "reason": "inventory"}), 400, "parcel.empty", "/lines"),
        (
            &format!("{order}/cancellations"),
            json!({"lines": [], "reason": "because"}),
            400,
            "order.reason_missing",
            "/reason",
        ),
    ] {
        program.post(path, &body).must_refuse(status, code, pointer);
    }
    program.put(&format!("{parcel}/tracking"), &json!({"number": long})).must_refuse(
        400,
        "shipment.too_long",
        "/number",
    );
    assert_eq!(written(&desk), before);
}

#[test]
fn the_last_unit_that_is_to_be_sent_is_not_cancelled_by_itself() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().line("MUG", "Mug", 2, 1_500).at("approved").place();
    unpack(&program, number);
    let all = json!({"lines": [{"line_id": line(&program, number, "MUG"), "quantity": 2}], "reason": "inventory"});
    let before = written(&desk);
    program.post(&format!("/api/orders/{number}/cancellations"), &all).must_refuse(409, "parcel.nothing_left", "");
    assert_eq!(written(&desk), before);
}

#[test]
fn a_parcel_that_has_left_stays_as_it_left() {
    let desk = TestDesk::open();
    let program = desk.program();
    let mover = desk.program_with(NewKey {
        name: "Mover".into(),
        scopes: vec!["orders:read".into(), "orders:move".into()],
        ..NewKey::default()
    });
    let number = desk.order().line("MUG", "Mug", 3, 1_500).at("approved").place();
    unpack(&program, number);
    let (mug, order) = (line(&program, number, "MUG"), format!("/api/orders/{number}"));
    let two = json!({"lines": [{"line_id": mug, "quantity": 2}]});
    let made = program.must_post(&format!("{order}/shipments"), &two)["shipment"]["id"].clone();
    let parcel = format!("/api/shipments/{}", made.as_str().unwrap());
    program.must_post(&format!("{parcel}/pack"), &json!({}));
    program.must_post(&format!("{parcel}/ship"), &json!({}));
    let before = written(&desk);
    let one = json!({"lines": [{"line_id": mug, "quantity": 1}], "out_of": made});
    program.post(&format!("{order}/shipments"), &one).must_refuse(409, "parcel.has_left", "");
    program.post(&format!("{parcel}/cancel"), &json!({})).must_refuse(409, "parcel.has_left", "");
    mover.post(&format!("{parcel}/pack"), &json!({})).must_refuse(403, "order.correction_forbidden", "");
    assert_eq!(written(&desk), before);
    let back = json!({"lines": [{"line_id": mug, "quantity": 1}], "reason": "damaged"});
    program.must_post(&format!("{order}/returns"), &back);
    let before = written(&desk);
    program.post(&format!("{parcel}/pack"), &json!({})).must_refuse(409, "parcel.returned", "");
    assert_eq!(written(&desk), before);
}

#[test]
fn a_return_that_cannot_be_is_neither_asked_for_nor_received() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().line("MUG", "Mug", 3, 1_500).at("delivered").place();
    let archived = desk.order().line("MUG", "Mug", 1, 1_500).at("archived").place();
    let (mug, old) = (line(&program, number, "MUG"), line(&program, archived, "MUG"));
    let returns = format!("/api/orders/{number}/returns");
    let units = |quantity: i64| json!([{"line_id": mug, "quantity": quantity}]);
    let long = "x".repeat(2_001);
    let two = json!({"lines": units(2), "reason": "damaged"});
    let made = program.must_post(&returns, &two)["return"]["id"].clone();
    let one = format!("{returns}/{}", made.as_str().unwrap());
    let before = written(&desk);
    for (path, body, status, code, pointer) in [
        (&returns, json!({"lines": [], "reason": "damaged"}), 400, "return.empty", "/lines"),
        (&returns, json!({"lines": units(2), "reason": "damaged"}), 400, "return.units", "/lines"),
        (&returns, json!({"lines": units(-1), "reason": "damaged"}), 400, "return.units", "/lines"),
        (&returns, json!({"lines": units(1), "reason": "because"}), 400, "return.reason_missing", "/reason"),
        (&returns, json!({"lines": units(1), "reason": "other", "note": long}), 400, "return.note_too_long", "/note"),
        (&format!("{one}/reject"), json!({}), 400, "return.answer_missing", "/note"),
        (&format!("{one}/approve"), json!({"note": "Fine."}), 400, "request.unknown_field", "/note"),
        (&format!("{one}/reject"), json!({"note": long}), 400, "return.note_too_long", "/note"),
        (&format!("{one}/receive"), json!({"lines": []}), 409, "return.state", ""),
        (
            &format!("/api/orders/{archived}/returns"),
            json!({"lines": [{"line_id": old, "quantity": 1}], "reason": "damaged"}),
            409,
            "return.archived",
            "",
        ),
    ] {
        program.post(path, &body).must_refuse(status, code, pointer);
    }
    assert_eq!(written(&desk), before);
    program.must_post(&format!("{one}/approve"), &json!({}));
    let before = written(&desk);
    for counted in [
        json!([]),
        json!([{"line_id": mug, "restock": 1}]),
        json!([{"line_id": mug, "restock": 3, "damaged": -1}]),
        json!([{"line_id": mug, "restock": 2, "missing": 1}]),
    ] {
        program.post(&format!("{one}/receive"), &json!({"lines": counted})).must_refuse(
            400,
            "return.conditions",
            "/lines",
        );
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn a_note_or_message_that_says_nothing_or_too_much_is_not_kept() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().place();
    let (notes, messages) = (format!("/api/orders/{number}/notes"), format!("/api/orders/{number}/messages"));
    let long = "x".repeat(10_001);
    let before = written(&desk);
    for (path, body, code, pointer) in [
        (&notes, json!({"body": " "}), "note.empty", "/body"),
        (&notes, json!({"body": long}), "note.too_long", "/body"),
        (&notes, json!({}), "request.missing_field", "/body"),
        (&messages, json!({"body": " ", "direction": "in"}), "message.length", "/body"),
        (&messages, json!({"body": long, "direction": "in"}), "message.length", "/body"),
        (
            &messages,
            json!({"body": "", "direction": "in", "files": [{"name": "a.png", "content": "?"}]}),
            "message.files",
            "/files/0/content",
        ),
        (
            &messages,
            json!({"body": "", "direction": "in", "files": [{"name": "a.png", "content": "PHN2Zz48L3N2Zz4="}]}),
            "message.files",
            "/files/0/content",
        ),
        (
            &messages,
            json!({"body": "Hello", "direction": "in", "transport": "x".repeat(41)}),
            "message.transport",
            "/transport",
        ),
        (&messages, json!({"body": "Hello", "direction": "up"}), "request.wrong_kind", "/direction"),
    ] {
        program.post(path, &body).must_refuse(400, code, pointer);
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn a_change_that_cannot_be_leaves_the_order_as_it_was() {
    let desk = TestDesk::open();
    let program = desk.program();
    let open = desk.order().line("MUG", "Mug", 2, 1_500).line("BOWL", "Bowl", 1, 2_000).at("confirmed").place();
    let gone = desk.order().line("MUG", "Mug", 2, 1_500).at("shipped").place();
    let (mug, bowl) = (line(&program, open, "MUG"), line(&program, open, "BOWL"));
    let most = 10_000_000_000_i64;
    let huge = json!({"name": "Moon", "quantity": 1, "price": most});
    let before = written(&desk);
    for (number, body, status, code, pointer) in [
        (gone, json!({"shipping": 1}), 409, "order.lines_closed", ""),
        (open, json!({}), 400, "order.nothing_changed", ""),
        (open, json!({"items": [{"line_id": mug, "quantity": 2}]}), 400, "order.nothing_changed", ""),
        (
            open,
            json!({"items": [{"line_id": mug, "quantity": 0}, {"line_id": bowl, "quantity": 0}]}),
            400,
            "order.nothing_left",
            "",
        ),
        (open, json!({"add": vec![huge; 20]}), 400, "order.too_large", ""),
        (open, json!({"items": [{"line_id": bowl, "discount": 21}]}), 400, "order.invalid", "/items/0/discount"),
        (open, json!({"items": [{"line_id": bowl, "price": -1}]}), 400, "order.invalid", "/items/0/price"),
        (open, json!({"items": [{"line_id": "none"}]}), 400, "order.invalid", "/items/0/line_id"),
        (open, json!({"items": [{"line_id": mug}, {"line_id": mug}]}), 400, "order.invalid", "/items/1/line_id"),
        (open, json!({"add": [{"quantity": 1}]}), 400, "order.invalid", "/add/0/name"),
        (open, json!({"discount": 51}), 400, "order.invalid", "/discount"),
        (open, json!({"shipping": "free"}), 400, "request.wrong_kind", "/shipping"),
        (open, json!({"tax": 1}), 400, "request.unknown_field", "/tax"),
    ] {
        program.post(&format!("/api/orders/{number}/changes"), &body).must_refuse(status, code, pointer);
    }
    assert_eq!(written(&desk), before);
}
