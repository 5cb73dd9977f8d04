//! Programs and everything under an order: money, parcels, returns, notes, products, many orders at once.

use serde_json::{Value, json};
use slipway::staff::keys::NewKey;

use crate::support::app::TestDesk;
use crate::support::person::Reply;
use crate::support::program::Program;

/// Sends something that moves money.
fn money(program: &Program, path: &str, body: &Value) -> Reply {
    let key = uuid();
    program.send("POST", path, &[("Idempotency-Key", &key)], Some(body))
}

fn uuid() -> String {
    slipway::ids::new_uid()
}

#[test]
fn money_is_promised_captured_and_given_back() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let program = desk.program();
    let path = |what: &str| format!("/api/orders/{number}/{what}");
    let promised = program.must_post(&path("authorizations"), &json!({"method": "card", "reference": "auth_1"}));
    assert_eq!(promised["payment"]["kind"], "authorization");
    assert_eq!(
        (&promised["order"]["payment_status"], &promised["order"]["status"]),
        (&json!("authorized"), &json!("confirmed"))
    );
    let total = promised["order"]["total"].clone();
    let silent = program.post(&path("captures"), &json!({"amount": 10}));
    assert_eq!(silent.problem(), (400, "idempotency.missing".into()));
    let some = money(&program, &path("captures"), &json!({"amount": 10, "more_to_come": true})).json();
    assert_eq!(
        (&some["payment"]["amount"], &some["order"]["payment_status"]),
        (&json!(10.0), &json!("partially_paid"))
    );
    let rest = money(&program, &path("captures"), &json!({})).json();
    assert_eq!((&rest["order"]["payment_status"], &rest["order"]["paid"]), (&json!("paid"), &total));
    let ledger = program.see(&path("payments"));
    assert_eq!(ledger["payments"].as_array().unwrap().len(), 3);
    assert_eq!(ledger["refunded_total"], json!(0.0));
    let capture = ledger["payments"][2]["id"].clone();
    let back =
        money(&program, &path("refunds"), &json!({"amount": 5, "capture_id": capture, "expected_refunded_total": 0}));
    assert_eq!((back.status, &back.json()["order"]["payment_status"]), (201, &json!("partially_refunded")));
    let stale =
        money(&program, &path("refunds"), &json!({"amount": 5, "capture_id": capture, "expected_refunded_total": 0}));
    assert_eq!(stale.problem(), (409, "payment.refunded_meanwhile".into()));
    let above = money(&program, &path("refunds"), &json!({"amount": 5000, "capture_id": capture}));
    assert_eq!(above.problem(), (400, "payment.above_capture".into()));
    let line = program.see(&format!("/api/orders/{number}"))["items"][0]["line_id"].clone();
    let lines =
        json!({"items": [{"line_id": line, "quantity": 1}], "shipping": 1, "capture_id": capture, "reason": "damaged"});
    let by_lines = money(&program, &path("refunds"), &lines);
    assert_eq!(by_lines.status, 201, "{}", by_lines.text());
    let wrong = json!({"amount": 1, "items": [{"line_id": line, "quantity": 1}], "capture_id": capture});
    assert_eq!(money(&program, &path("refunds"), &wrong).problem(), (400, "payment.does_not_add_up".into()));
    let nobody = json!({"items": [{"line_id": uuid(), "quantity": 1}]});
    assert_eq!(money(&program, &path("refunds"), &nobody).json()["errors"][0]["pointer"], "/items/0/line_id");
    let kind = money(&program, &path("goodwill"), &json!({"amount": 3, "reason": "service"}));
    assert_eq!((kind.status, &kind.json()["payment"]["kind"]), (201, &json!("goodwill")));
    for (what, body, code) in [
        ("captures", json!({"amount": -1}), 400),
        ("captures", json!({"amount": 0.001}), 400),
        ("captures", json!({"amount": 1, "reference": "4111 1111 1111 1111"}), 400),
        ("voids", json!({}), 409),
        ("refunds", json!({"amount": 1, "reason": "because", "capture_id": capture}), 400),
    ] {
        let refused = money(&program, &path(what), &body);
        assert_eq!(refused.status, code, "{what} {body}: {}", refused.text());
    }
}

#[test]
fn a_repeated_refund_is_given_back_once() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("confirmed").place();
    let program = desk.program();
    let path = format!("/api/orders/{number}/refunds");
    let key = [("Idempotency-Key", "refund-1")];
    let first = program.send("POST", &path, &key, Some(&json!({"amount": 5})));
    let again = program.send("POST", &path, &key, Some(&json!({"amount": 5})));
    assert_eq!((first.status, first.body), (201, again.body));
    assert_eq!(program.see(&format!("/api/orders/{number}/payments"))["refunded_total"], json!(5.0));
}

#[test]
fn parcels_carry_the_order_along() {
    let desk = TestDesk::open();
    let number = desk.order().line("MUG-1", "Mug", 3, 1_500).paid().at("approved").place();
    let program = desk.program();
    let order = format!("/api/orders/{number}");
    let line = program.see(&order)["items"][0]["line_id"].clone();
    for parcel in program.see(&format!("{order}/shipments"))["shipments"].as_array().unwrap() {
        program.must_post(&format!("/api/shipments/{}/cancel", parcel["id"].as_str().unwrap()), &json!({}));
    }
    let small = json!({"lines": [{"line_id": line, "quantity": 1}]});
    let made = program.must_post(&format!("{order}/shipments"), &small);
    assert_eq!((&made["shipment"]["state"], &made["shipment"]["items"][0]["quantity"]), (&json!("draft"), &json!(1)));
    let first = format!("/api/shipments/{}", made["shipment"]["id"].as_str().unwrap());
    let packed = program.must_post(&format!("{first}/pack"), &json!({}));
    assert_eq!((&packed["order"]["status"], &packed["changed"]), (&json!("processed"), &json!(true)));
    let sent = program.must_post(&format!("{first}/ship"), &json!({"tracking": {"number": "00340434161094015902"}}));
    assert_eq!((&sent["shipment"]["state"], &sent["order"]["status"]), (&json!("shipped"), &json!("processed")));
    assert_eq!(program.must_post(&format!("{first}/ship"), &json!({}))["changed"], false);
    let rest = program.must_post(&format!("{order}/shipments"), &json!({}));
    let second = format!("/api/shipments/{}", rest["shipment"]["id"].as_str().unwrap());
    assert_eq!(program.post(&format!("{second}/ship"), &json!({})).problem(), (409, "parcel.not_packed".into()));
    program.must_post(&format!("{second}/pack"), &json!({}));
    assert_eq!(program.must_post(&format!("{second}/ship"), &json!({}))["order"]["status"], "shipped");
    let numbered = program.put(&format!("{second}/tracking"), &json!({"number": "1Z12345E1512345676"})).json();
    assert_eq!(numbered["shipment"]["carrier"], "UPS");
    program.must_post(&format!("{first}/deliver"), &json!({}));
    assert_eq!(program.must_post(&format!("{second}/deliver"), &json!({}))["order"]["status"], "delivered");
    assert_eq!(program.see(&second)["state"], "delivered");
    assert_eq!(program.get(&format!("/api/shipments/{}", uuid())).problem().0, 404);
    let none = program.post(&format!("{order}/shipments"), &json!({"lines": [{"line_id": line, "quantity": 1}]}));
    assert_eq!(none.status, 409);
}

#[test]
fn what_comes_back_is_received_with_its_condition() {
    let desk = TestDesk::open();
    let number = desk.order().line("MUG-1", "Mug", 2, 1_500).paid().at("delivered").place();
    let program = desk.program();
    let order = format!("/api/orders/{number}");
    let line = program.see(&order)["items"][0]["line_id"].clone();
    let wanted = json!({"lines": [{"line_id": line, "quantity": 2}], "reason": "changed_mind"});
    let made = program.must_post(&format!("{order}/returns"), &wanted);
    assert_eq!(made["return"]["state"], "requested");
    assert_eq!(made["return"]["suggested_refund"], json!(30.0));
    let one = format!("{order}/returns/{}", made["return"]["id"].as_str().unwrap());
    let more = program.post(&format!("{order}/returns"), &wanted);
    assert_eq!((more.status, &more.json()["errors"][0]["pointer"]), (400, &json!("/lines")));
    assert_eq!(program.must_post(&format!("{one}/approve"), &json!({}))["return"]["state"], "approved");
    let half = json!({"lines": [{"line_id": line, "restock": 1}]});
    assert_eq!(program.post(&format!("{one}/receive"), &half).status, 400);
    let all = json!({"lines": [{"line_id": line, "restock": 1, "damaged": 1}]});
    let received = program.must_post(&format!("{one}/receive"), &all);
    assert_eq!((&received["return"]["state"], &received["order"]["status"]), (&json!("received"), &json!("returned")));
    assert_eq!(program.must_post(&format!("{one}/close"), &json!({}))["return"]["state"], "closed");
    assert_eq!(program.post(&format!("{one}/reject"), &json!({"note": "no"})).problem(), (409, "return.state".into()));
    assert_eq!(program.see(&format!("{order}/returns"))["returns"].as_array().unwrap().len(), 1);
}

#[test]
fn notes_messages_tags_and_corrections_are_in_the_story() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let program = desk.program();
    let order = format!("/api/orders/{number}");
    let note = program.must_post(&format!("{order}/notes"), &json!({"body": "Ring twice."}));
    assert_eq!((&note["audience"], &note["author"]), (&json!("internal"), &json!("Web shop")));
    assert_eq!(program.see(&format!("{order}/notes"))["notes"][0]["body"], "Ring twice.");
    assert_eq!(program.post(&format!("{order}/notes"), &json!({"body": " "})).status, 400);
    assert_eq!(program.post(&format!("{order}/notes"), &json!({"body": "x".repeat(10_001)})).status, 400);
    let said = json!({"body": "Is it on its way?", "direction": "in", "transport": "chat"});
    assert_eq!(program.must_post(&format!("{order}/messages"), &said)["direction"], "in");
    assert_eq!(program.see(&order)["unread_count"], 1);
    let tagged = program.must_post(&format!("{order}/tags"), &json!({"add": ["VIP", "Gift"], "remove": ["none"]}));
    assert_eq!(tagged["tags"], json!(["VIP", "Gift"]));
    let patch = json!({
        "shipping_address": {"city": "Pécs", "zip": "7621"}, "customer": {"phone": "+36 1 555 0100"}, "tags": ["VIP"],
        "custom": {"pick": {"zone": "A", "shelf": 3}}, "gift": true, "due_at": "2030-01-01T10:00:00Z"
    });
    let merge = [("Content-Type", "application/merge-patch+json")];
    let patched = program.send("PATCH", &order, &merge, Some(&patch));
    assert_eq!(patched.status, 200, "{}", patched.text());
    let now = patched.json();
    assert_eq!(
        (&now["shipping_address"]["city"], &now["shipping_address"]["name"]),
        (&json!("Pécs"), &json!("Eszter Kovács"))
    );
    assert_eq!((&now["tags"], &now["gift"]), (&json!(["VIP"]), &json!(true)));
    assert_eq!(now["due_at"], "2030-01-01T10:00:00Z");
    let later = json!({"custom": {"pick": {"zone": null}, "seen": true}, "due_at": null, "assignee": "marta@fernandkiln.example"});
    let now = program.send("PATCH", &order, &[], Some(&later)).json();
    assert_eq!(now["custom"], json!({"pick": {"shelf": 3}, "seen": true}));
    assert_eq!((&now["due_at"], &now["assignee"]), (&Value::Null, &json!("marta@fernandkiln.example")));
    for (patch, pointer) in [
        (json!({"colour": 1}), "/colour"),
        (json!({"shipping_address": {"colour": 1}}), "/shipping_address/colour"),
        (json!({"shipping_address": {"country": "Utopia"}}), "/shipping_address/country"),
        (json!({"customer": {"email": "nobody"}}), "/customer/email"),
        (json!({"customer": {"email": 5}}), "/customer/email"),
        (json!({"gift": "yes"}), "/gift"),
        (json!({"due_at": "soon"}), "/due_at"),
        (json!({"assignee": "ghost@example.com"}), "/assignee"),
        (json!({"tags": "VIP"}), "/tags"),
        (json!({"payment_method": "4111111111111111"}), "/payment_method"),
    ] {
        let refused = program.send("PATCH", &order, &[], Some(&patch));
        assert_eq!(refused.status, 400, "{patch}: {}", refused.text());
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{}", refused.text());
    }
    assert_eq!(program.send("PATCH", &order, &[], Some(&json!([1]))).status, 400);
    let story = program.see(&format!("{order}/events"));
    let kinds: Vec<&str> = story["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    for kind in ["order.created", "note.written", "message.recorded", "order.tagged", "order.updated", "order.assigned"]
    {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    let packer =
        desk.program_with(NewKey { name: "Packer".into(), scopes: vec!["orders:read".into()], ..NewKey::default() });
    let theirs = packer.get(&format!("{order}/events")).text();
    assert!(!theirs.contains("555 0100") && theirs.contains("order.created"));
    assert_eq!(packer.get(&format!("{order}/messages")).problem().0, 403);
}

#[test]
fn products_are_added_changed_counted_and_sold() {
    let desk = TestDesk::open();
    let program = desk.program();
    let mug = json!({"sku": "MUG-1", "name": "Mug", "price": 18.5, "tracked": true, "low_at": 2, "weight_grams": 300});
    let made = program.post("/api/products", &mug);
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(program.post("/api/products", &mug).json()["errors"][0]["pointer"], "/sku");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(
        program.must_post("/api/products/MUG-1/counts", &json!({"counted": 5, "reason": "Delivery"}))["available"],
        5
    );
    assert_eq!(program.post("/api/products/MUG-1/counts", &json!({"counted": -1, "reason": "x"})).status, 400);
    let order = json!({"items": [{"sku": "MUG-1", "quantity": 2}], "payment_method": "bank_transfer"});
    let placed = program.must_post("/api/orders", &order);
    assert_eq!((&placed["order"]["items"][0]["name"], &placed["order"]["total"]), (&json!("Mug"), &json!(37.0)));
    assert_eq!(placed["order"]["items"][0]["weight_grams"], 300);
    let shown = program.get(&format!("/api/products/{id}"));
    assert_eq!(shown.json()["stock"]["on_hand"], 5);
    assert_eq!(shown.json()["stock"]["available"], 3);
    let mut dearer = mug.clone();
    dearer["price"] = json!(20);
    let stale = program.send("PUT", "/api/products/MUG-1", &[("If-Match", "\"77\"")], Some(&dearer));
    assert_eq!(stale.problem(), (412, "version.stale".into()));
    let changed = program.send("PUT", "/api/products/MUG-1", &[("If-Match", shown.header("etag"))], Some(&dearer));
    assert_eq!(changed.json()["price"], json!(20.0));
    let bundle = json!({"sku": "SET", "name": "Set", "price": 30, "parts": {"MUG-1": 2}});
    assert_eq!(program.must_post("/api/products", &bundle)["parts"][0]["sku"], "MUG-1");
    let first = program.see("/api/products?limit=1");
    assert_eq!((&first["products"][0]["sku"], &first["has_more"]), (&json!("MUG-1"), &json!(true)));
    let second = program.see(&format!("/api/products?limit=1&cursor={}", first["next_cursor"].as_str().unwrap()));
    assert_eq!((&second["products"][0]["sku"], &second["has_more"]), (&json!("SET"), &json!(false)));
    assert_eq!(program.see("/api/products?q=set")["products"].as_array().unwrap().len(), 1);
    assert_eq!(program.get("/api/products?limit=0").problem().0, 400);
    assert_eq!(program.get("/api/products?colour=red").problem().0, 400);
    assert_eq!(program.get("/api/products/NOPE").problem().0, 404);
}

#[test]
fn customers_markets_and_stages_are_read() {
    let desk = TestDesk::open();
    let program = desk.program();
    desk.order().place();
    desk.order().customer("Ana Múller", "ana@example.com").place();
    let all = program.see("/api/customers?limit=1");
    assert_eq!((&all["customers"][0]["email"], &all["has_more"]), (&json!("ana@example.com"), &json!(true)));
    let rest = program.see(&format!("/api/customers?limit=1&cursor={}", all["next_cursor"].as_str().unwrap()));
    assert_eq!((&rest["customers"][0]["email"], &rest["has_more"]), (&json!("eszter@example.com"), &json!(false)));
    assert_eq!(program.get("/api/customers?cursor=x").problem().0, 400);
    let path = format!("/api/customers/{}", all["customers"][0]["id"].as_str().unwrap());
    let changed = program.send("PATCH", &path, &[], Some(&json!({"name": "Ana Müller"})));
    assert_eq!((changed.status, &changed.json()["name"]), (200, &json!("Ana Müller")));
    let markets = program.see("/api/markets");
    assert_eq!((&markets["markets"][0]["slug"], &markets["markets"][0]["currency"]), (&json!("main"), &json!("EUR")));
    let stages = program.see("/api/stages");
    assert_eq!(stages["stages"].as_array().unwrap().len(), 12);
    assert_eq!(stages["stages"][0]["status"], "pending");
    let home = desk.program_with(NewKey {
        name: "Home".into(),
        scopes: vec!["all".into()],
        markets: vec!["main".into()],
        ..NewKey::default()
    });
    assert_eq!(home.get("/api/customers").problem(), (403, "token.market".into()));
}

#[test]
fn many_orders_are_changed_each_by_itself() {
    let desk = TestDesk::open();
    let program = desk.program();
    let good = desk.order().paid().at("confirmed").place();
    let poor = desk.order().place();
    let wanted = |dry_run: bool| json!({"ids": [good.to_string(), poor.to_string(), "ORD99999"], "action": "move", "args": {"status": "approved"}, "dry_run": dry_run});
    let told = program.must_post("/api/orders/bulk", &wanted(true));
    let words = |told: &Value| -> Vec<String> {
        told["results"].as_array().unwrap().iter().map(|one| one["result"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&told), ["ok", "refused", "missing"]);
    assert_eq!(program.see(&format!("/api/orders/{good}"))["status"], "confirmed");
    let told = program.must_post("/api/orders/bulk", &wanted(false));
    assert_eq!(
        (words(&told).join(" "), &told["changed"], &told["failed"]),
        ("ok refused missing".into(), &json!(1), &json!(2))
    );
    assert_eq!(program.see(&format!("/api/orders/{good}"))["status"], "approved");
    let tags = json!({"filter": {"status": ["approved", "pending"]}, "action": "tag", "args": {"add": ["Seen"]}});
    assert_eq!(words(&program.must_post("/api/orders/bulk", &tags)), ["ok", "ok"]);
    assert_eq!(words(&program.must_post("/api/orders/bulk", &tags)), ["unchanged", "unchanged"]);
    for (body, pointer) in [
        (json!({"action": "move", "args": {"status": "approved"}}), "/ids"),
        (json!({"ids": [], "action": "release"}), "/ids"),
        (json!({"ids": ["1"], "action": "move"}), "/args/status"),
        (json!({"ids": ["1"], "action": "move", "args": {"status": "moon"}}), "/args/status"),
        (json!({"filter": {"colour": "red"}, "action": "release"}), "/filter/colour"),
        (json!({"filter": {"limit": 5}, "action": "release"}), "/filter/limit"),
        (json!({"ids": ["1"], "action": "explode"}), "/action"),
    ] {
        let refused = program.post("/api/orders/bulk", &body);
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["pointer"]),
            (400, &json!(pointer)),
            "{body} {}",
            refused.text()
        );
    }
}

#[test]
fn the_feed_tells_everything_once_and_in_order() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().paid().at("shipped").place();
    let (mut after, mut told, mut pages) = (0, Vec::new(), 0);
    loop {
        let page = program.see(&format!("/api/events?after={after}&limit=3"));
        told.extend(
            page["events"].as_array().unwrap().iter().map(|e| (e["seq"].as_i64().unwrap(), e["type"].to_string())),
        );
        after = page["next_after"].as_i64().unwrap();
        pages += 1;
        if page["has_more"] == false {
            break;
        }
    }
    assert!(pages > 1 && told.is_sorted_by_key(|event| event.0), "{told:?}");
    for name in ["order.created", "payment.captured", "order.stage_changed", "shipment.shipped"] {
        assert!(told.iter().any(|(_, known)| known == &format!("\"{name}\"")), "{name} in {told:?}");
    }
    let created = program.see("/api/events?types=order.created");
    assert_eq!(created["events"].as_array().unwrap().len(), 1);
    assert_eq!(created["events"][0]["data"]["number"], number);
    assert_eq!(program.see(&format!("/api/events?after={after}"))["events"], json!([]));
    for query in ["after=-1", "limit=0", "limit=1001", "types=moon", "colour=red", "after=x"] {
        assert_eq!(program.get(&format!("/api/events?{query}")).problem().0, 400, "{query}");
    }
    let blind =
        desk.program_with(NewKey { name: "Blind".into(), scopes: vec!["orders:read".into()], ..NewKey::default() });
    assert_eq!(blind.get("/api/events").problem().0, 403);
}

#[test]
fn more_orders_than_one_request_takes_become_a_job() {
    let desk = TestDesk::open();
    let program = desk.program();
    let numbers: Vec<String> = (0..201).map(|_| desk.order().place().to_string()).collect();
    let body = json!({"ids": numbers, "action": "hold", "args": {"reason": "stock"}});
    let begun = program.post("/api/orders/bulk", &body);
    assert_eq!(begun.status, 202, "{}", begun.text());
    assert_eq!(begun.json()["state"], "running");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(slipway::worker::drain(&desk.db)).unwrap();
    let job = program.see(begun.location());
    assert_eq!((&job["state"], &job["done"], &job["total"]), (&json!("finished"), &json!(201), &json!(201)));
    assert!(job["results"].as_array().unwrap().iter().all(|one| one["result"] == "ok"));
    let other = desk.program_with(NewKey { name: "Other".into(), scopes: vec!["all".into()], ..NewKey::default() });
    assert_eq!(other.get(begun.location()).problem().0, 404);
}

#[test]
fn every_address_of_the_document_is_there_and_asks_for_a_key() {
    let desk = TestDesk::open();
    let document = desk.visitor().get("/api/openapi.json").json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let visitor = desk.visitor();
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let address = path
            .split('/')
            .map(|part| if part.starts_with('{') { "01a2017c-8334-7166-b17f-ac060db4c722" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        for method in ["get", "post", "put", "patch", "delete"] {
            let known = methods.get(method).is_some();
            operations += usize::from(known);
            let reply = visitor.send(&method.to_uppercase(), &address, &[], None);
            // What the document says needs no key is open to everybody.
            let is_open = methods[method]["security"] == json!([{}]);
            let expected = match (known, is_open) {
                (false, _) => 405,
                (true, true) => 200,
                (true, false) => 401,
            };
            assert_eq!(reply.status, expected, "{method} {path}");
        }
    }
    let table = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/routes.rs")).unwrap();
    let api = &table[table.find("fn api_orders").unwrap()..table.find("/// One order: its page").unwrap()];
    assert_eq!(api.matches(".to(").count(), operations, "every route of the API is in the document");
}

#[test]
fn items_shipping_and_discounts_are_changed_together_and_looked_at_first() {
    let desk = TestDesk::open();
    let program = desk.program();
    // Two mugs at 15.00 and a bowl at 20.00 with 6.95 of shipping: 56.95, paid.
    let number = desk.order().line("MUG", "Mug", 2, 1_500).line("BOWL", "Bowl", 1, 2_000).at("approved").place();
    let path = format!("/api/orders/{number}/changes");
    let order = program.see(&format!("/api/orders/{number}"));
    let bowl = order["items"].as_array().unwrap().iter().find(|item| item["sku"] == "BOWL").unwrap()["line_id"].clone();
    let mut change = json!({
        "items": [{"line_id": bowl, "quantity": 0}],
        "add": [{"name": "Vase", "quantity": 1, "price": 40}],
        "shipping": 4.95, "discount": 5, "fees": 2.5, "dry_run": true,
    });
    let looked = program.must_post(&path, &change);
    assert_eq!((&looked["before"]["total"], &looked["after"]["total"]), (&json!(56.95), &json!(72.45)));
    assert_eq!((&looked["amount_due"], &looked["order"]["total"]), (&json!(15.5), &json!(56.95)));
    assert_eq!(desk.look(number).total_minor, 5_695, "nothing changed by looking");
    change["dry_run"] = json!(false);
    let done = program.must_post(&path, &change);
    assert_eq!((&done["order"]["total"], &done["order"]["amount_due"]), (&json!(72.45), &json!(15.5)));
    let order = desk.look(number);
    assert_eq!((order.shipping_minor, order.discount_minor, order.stage.as_str()), (495, 500, "approved"));
    // What is named comes to that amount together, whatever it was made of.
    let owed = program.must_post(&path, &json!({"discount": 20, "fees": 0}));
    assert_eq!((&owed["after"]["discount"], &owed["after"]["total"]), (&json!(20.0), &json!(54.95)));
    assert_eq!((&owed["amount_due"], &owed["credit_owed"]), (&json!(0.0), &json!(2.0)));
    let story = program.see(&format!("/api/orders/{number}/events"));
    assert!(story.to_string().contains("Discount on the order from −€5.00 to −€20.00"), "{story}");
}
