//! Programs: the baseline contract word for word, lists, moves, repeated requests, and what is refused.

use serde_json::{Value, json};
use slipway::staff::keys::NewKey;

use crate::support::app::TestDesk;
use crate::support::program::Program;

/// The order of the contract's own example.
fn cart(id: &str) -> Value {
    json!({
        "cart_id": id, "user_id": "user789", "payment_method": "credit_card",
        "shipping_address": {
            "name": "Jane Doe", "address": "123 Main St", "city": "New York", "state": "NY", "zip": "10001", "country": "US"
        }
    })
}

fn items() -> Value {
    json!([
        {"product_id": "p001", "name": "Wireless Mouse", "quantity": 1, "price": 25.00},
        {"product_id": "p002", "name": "Keyboard", "quantity": 1, "price": 64.99}
    ])
}

fn with_items(id: &str) -> Value {
    let mut order = cart(id);
    order["items"] = items();
    order
}

fn scoped(name: &str, scopes: &[&str]) -> NewKey {
    NewKey { name: name.into(), scopes: scopes.iter().map(|s| (*s).into()).collect(), ..NewKey::default() }
}

#[test]
fn an_order_is_placed_read_listed_and_cancelled_as_the_contract_says() {
    let desk = TestDesk::open();
    let program = desk.program();
    program.must_post("/api/carts", &json!({"cart_id": "abc123", "items": items()}));
    let placed = program.post("/api/orders", &cart("abc123"));
    assert_eq!(placed.status, 201);
    let told = placed.json();
    assert_eq!((&told["status"], &told["message"]), (&json!("pending"), &json!("Order received and pending payment.")));
    let id = told["order_id"].as_str().unwrap();
    assert!(id.starts_with("ORD"));
    assert_eq!(placed.location(), format!("/api/orders/{id}"));
    assert_eq!(placed.header("etag"), format!("\"{}\"", told["order"]["version"]));

    let read = program.get(&format!("/api/orders/{id}"));
    assert!(read.text().contains("\"total\":89.99") && read.text().contains("\"price\":25.00"), "{}", read.text());
    let order = read.json();
    assert_eq!(order["user_id"], "user789");
    assert_eq!((&order["status"], &order["payment_status"]), (&json!("pending"), &json!("unpaid")));
    assert_eq!(order["items"][0]["product_id"], "p001");
    assert_eq!(order["shipping_address"]["zip"], "10001");
    assert!(order["created_at"].as_str().unwrap().ends_with('Z'));
    for other in [id.to_lowercase(), id[3..].to_owned(), order["id"].as_str().unwrap().to_owned()] {
        assert_eq!(program.see(&format!("/api/v1/orders/{other}"))["order_id"], id);
    }

    let found = program.see("/api/orders?user_id=user789&status=Pending");
    assert_eq!(found["orders"].as_array().unwrap().len(), 1);
    assert_eq!(program.see("/api/orders?user_id=user789&status=confirmed")["orders"], json!([]));
    assert_eq!(program.see("/api/orders?user_id=nobody")["orders"], json!([]));

    let message = json!({"message": format!("Order {id} cancelled successfully.")});
    let before = program.delete(&format!("/api/orders/{id}"));
    assert_eq!((before.status, before.json()), (200, message.clone()));
    let version = program.see(&format!("/api/orders/{id}"))["version"].clone();
    let again = program.delete(&format!("/api/orders/{id}"));
    assert_eq!((again.status, again.json()), (200, message));
    let order = program.see(&format!("/api/orders/{id}"));
    assert_eq!((&order["status"], &order["version"]), (&json!("cancelled"), &version));
}

#[test]
fn the_contracts_errors_are_told_as_problems() {
    let desk = TestDesk::open();
    let program = desk.program();
    assert_eq!(program.get("/api/orders/ORD99999").problem(), (404, "missing".into()));
    assert_eq!(program.get("/api/orders/XYZ1").problem(), (404, "missing".into()));
    assert_eq!(program.post("/api/orders", &cart("unknown")).problem(), (400, "cart_not_found".into()));
    let nobody = desk.program_called("slw_nonsense");
    let refused = nobody.get("/api/orders");
    assert_eq!(refused.problem(), (401, "token.invalid".into()));
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    let silent = desk.visitor().get("/api/orders");
    assert_eq!((silent.status, silent.header("www-authenticate")), (401, "Bearer realm=\"slipway\""));
    assert_eq!(program.get("/api/nothing").status, 404);
    assert_eq!(program.send("PATCH", "/api/carts", &[], Some(&json!({}))).status, 405);
    let made = program.must_post("/api/orders", &with_items("c1"));
    let status = format!("/api/orders/{}/status", made["order_id"].as_str().unwrap());
    let unknown = program.put(&status, &json!({"status": "teleported"}));
    assert_eq!(unknown.problem(), (400, "order.stage_unknown".into()));
    assert!(unknown.json()["allowed"].as_array().unwrap().contains(&json!("pending")));
    let early = program.put(&status, &json!({"status": "delivered"}));
    assert_eq!(early.problem(), (409, "order.not_ready".into()));
    assert_eq!(program.put(&status, &json!({"status": "returned"})).problem(), (409, "order.stage_not_allowed".into()));
}

#[test]
fn a_later_status_passes_every_one_between() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("confirmed").place();
    let program = desk.program();
    let status = format!("/api/orders/{number}/status");
    let moved = program.put(&status, &json!({"status": "SHIPPED", "tracking_number": "00340434161094015902"}));
    assert_eq!(moved.status, 200, "{}", moved.text());
    let order = moved.json();
    assert_eq!((&order["status"], &order["changed"]), (&json!("shipped"), &json!(true)));
    assert_eq!(order["passed_through"], json!(["approved", "processed"]));
    assert_eq!(order["shipments"][0]["tracking_number"], "00340434161094015902");
    let again = program.put(&status, &json!({"status": "shipped"})).json();
    assert_eq!((&again["changed"], &again["version"]), (&json!(false), &order["version"]));
    assert_eq!(program.delete(&format!("/api/orders/{number}")).problem().0, 409);
    assert_eq!(program.put(&status, &json!({"status": "delivered"})).json()["status"], "delivered");
}

#[test]
fn a_walk_that_lacks_something_on_the_way_moves_nothing() {
    let desk = TestDesk::open();
    let number = desk.order().with(|draft| draft.payment_method = "bank_transfer".into()).place();
    let program = desk.program();
    let before = program.see(&format!("/api/orders/{number}"));
    let refused = program.put(&format!("/api/orders/{number}/status"), &json!({"status": "delivered"}));
    assert_eq!(refused.status, 409, "{}", refused.text());
    let after = program.see(&format!("/api/orders/{number}"));
    assert_eq!((&before["status"], &before["version"]), (&after["status"], &after["version"]));
}

#[test]
fn verbs_hold_release_reject_and_reinstate() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("confirmed").place();
    let program = desk.program();
    let path = |verb: &str| format!("/api/orders/{number}/{verb}");
    let held = program.must_post(&path("hold"), &json!({"reason": "address_check", "note": "Which door?"}));
    assert_eq!((&held["status"], &held["holds"][0]["note"]), (&json!("on_hold"), &json!("Which door?")));
    assert_eq!(program.post(&path("approve"), &json!({})).status, 409);
    let released = program.must_post(&path("release"), &json!({}));
    assert_eq!((&released["status"], &released["holds"]), (&json!("confirmed"), &json!([])));
    assert_eq!(program.must_post(&path("release"), &json!({}))["changed"], false);
    assert_eq!(program.post(&path("reject"), &json!({})).problem(), (400, "order.reason_missing".into()));
    let undecided = program.post(&path("reject"), &json!({"reason": "out_of_stock"}));
    assert_eq!(undecided.problem(), (400, "order.refund_undecided".into()));
    let rejected = program.must_post(&path("reject"), &json!({"reason": "out_of_stock", "refund": "none"}));
    assert_eq!(rejected["status"], "rejected");
    let moves = program.see(&path("moves"));
    assert!(moves["moves"].as_array().unwrap().iter().any(|m| m["status"] == "archived"), "{moves}");
    assert_eq!(program.must_post(&path("reinstate"), &json!({}))["status"], "confirmed");
    assert_eq!(program.post(&path("reinstate"), &json!({})).problem(), (409, "order.not_stopped".into()));
    assert_eq!(program.must_post(&path("approve"), &json!({}))["status"], "approved");
}

#[test]
fn the_same_request_under_one_key_does_its_work_once() {
    let desk = TestDesk::open();
    let program = desk.program();
    let key = [("Idempotency-Key", "3f9c-one")];
    let body = with_items("twice");
    let first = program.send("POST", "/api/orders", &key, Some(&body));
    let second = program.send("POST", "/api/orders", &key, Some(&body));
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), ("", "true"));
    assert_eq!(first.location(), second.location());
    let other = program.send("POST", "/api/orders", &key, Some(&with_items("another")));
    assert_eq!(other.problem(), (422, "idempotency.reused".into()));
    // Bad input does not use the key up, a refusal of the state does.
    let key = [("Idempotency-Key", "3f9c-two")];
    assert_eq!(program.send("POST", "/api/orders", &key, Some(&cart("nowhere"))).status, 400);
    assert_eq!(program.send("POST", "/api/orders", &key, Some(&with_items("somewhere"))).status, 201);
    let number = desk.order().place();
    let path = format!("/api/orders/{number}/approve");
    let key = [("Idempotency-Key", "3f9c-three")];
    let refused = program.send("POST", &path, &key, Some(&json!({})));
    assert_eq!(refused.status, 409);
    let replayed = program.send("POST", &path, &key, Some(&json!({})));
    assert_eq!((refused.body, replayed.header("idempotent-replayed")), (replayed.body.clone(), "true"));
    assert_eq!(program.send("POST", &path, &[("Idempotency-Key", "")], Some(&json!({}))).status, 400);
    assert_eq!(program.send("POST", &path, &[("Idempotency-Key", &"x".repeat(256))], Some(&json!({}))).status, 400);
    // Another program's key of the same name is another key.
    let neighbour = desk.program_with(scoped("Neighbour", &["all"]));
    let its = neighbour.send("POST", "/api/orders", &[("Idempotency-Key", "3f9c-one")], Some(&with_items("its")));
    assert_eq!((its.status, its.header("idempotent-replayed")), (201, ""));
}

#[test]
fn twins_make_one_order_with_a_key_and_without() {
    let desk = TestDesk::open();
    let first = desk.program_with(NewKey { rate_per_minute: Some(10_000), ..scoped("Twins", &["all"]) });
    for (name, headers) in [("keyed", vec![("Idempotency-Key", "one-of-64")]), ("plain", Vec::new())] {
        let clients: Vec<Program> = (0..64).map(|_| desk.program_called(first.token())).collect();
        let body = with_items(name);
        let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
            let (body, headers) = (&body, &headers);
            let one = |client: Program| {
                scope.spawn(move || {
                    let reply = client.send("POST", "/api/orders", headers, Some(body));
                    (reply.status, reply.json())
                })
            };
            let running: Vec<_> = clients.into_iter().map(one).collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.0).collect();
        assert!(statuses.iter().all(|status| *status < 300), "{name}: {statuses:?}");
        assert!(answers.iter().all(|(_, told)| told["order_id"] == answers[0].1["order_id"]), "{name}");
        if name == "keyed" {
            assert!(answers.iter().all(|answer| *answer == answers[0]), "equal answers");
        } else {
            assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1);
        }
    }
    assert_eq!(first.see("/api/orders?user_id=user789")["orders"].as_array().unwrap().len(), 2);
}

#[test]
fn a_cart_ordered_again_is_the_same_order_or_a_conflict() {
    let desk = TestDesk::open();
    let program = desk.program();
    program.must_post("/api/carts", &json!({"cart_id": "kept", "items": items()}));
    let first = program.must_post("/api/orders", &cart("kept"));
    let again = program.post("/api/orders", &cart("kept"));
    assert_eq!((again.status, &again.json()["order_id"]), (200, &first["order_id"]));
    let mut other = with_items("kept");
    other["items"][0]["quantity"] = json!(2);
    let refused = program.post("/api/orders", &other);
    assert_eq!(refused.problem(), (409, "order.cart_already_ordered".into()));
    let number = first["order"]["number"].to_string();
    assert_eq!(refused.json()["allowed"], json!([number]));
    let mut named = with_items("elsewhere");
    named["external_id"] = json!("shop-77");
    let made = program.must_post("/api/orders", &named);
    named["cart_id"] = json!("elsewhere-2");
    assert_eq!(program.must_post("/api/orders", &named)["order_id"], made["order_id"]);
    named["items"][1]["price"] = json!(1);
    assert_eq!(program.post("/api/orders", &named).problem(), (409, "order.external_id_taken".into()));
}

#[test]
fn a_version_that_is_gone_is_told_with_the_present_one() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("confirmed").place();
    let program = desk.program();
    let path = format!("/api/orders/{number}");
    let read = program.get(&path);
    let tag = read.header("etag").to_owned();
    let unchanged = program.send("GET", &path, &[("If-None-Match", &tag)], None);
    assert_eq!((unchanged.status, unchanged.body.len(), unchanged.header("etag")), (304, 0, tag.as_str()));
    let approve = format!("{path}/approve");
    let moved = program.send("POST", &approve, &[("If-Match", &tag)], Some(&json!({})));
    assert_eq!(moved.status, 200, "{}", moved.text());
    let hold = format!("{path}/hold");
    let reason = json!({"reason": "other"});
    let stale = program.send("POST", &hold, &[("If-Match", &tag)], Some(&reason));
    assert_eq!(stale.problem(), (412, "version.stale".into()));
    let body = stale.json();
    assert_eq!((&body["current"]["status"], &body["current_version"]), (&json!("approved"), &moved.json()["version"]));
    assert_eq!(program.send("GET", &path, &[("If-None-Match", &tag)], None).status, 200);
    assert_eq!(program.send("POST", &hold, &[("If-Match", moved.header("etag"))], Some(&reason)).status, 200);
    let careful = desk.program_with(NewKey { requires_match: true, ..scoped("Careful", &["all"]) });
    let silent = careful.post(&format!("{path}/release"), &json!({}));
    assert_eq!(silent.problem(), (428, "version.missing".into()));
}

#[test]
fn a_list_is_walked_by_cursor_without_gap_or_repeat() {
    let desk = TestDesk::open();
    let program = desk.program();
    let mut made: Vec<i64> = (0..7).map(|_| desk.order().place()).collect();
    let mut seen: Vec<i64> = Vec::new();
    let mut path = "/api/orders?limit=3&sort=created_at".to_owned();
    loop {
        let reply = program.get(&path);
        let page = reply.json();
        seen.extend(page["orders"].as_array().unwrap().iter().map(|order| order["number"].as_i64().unwrap()));
        // Orders that arrive meanwhile come at the end.
        if seen.len() == 3 {
            made.push(desk.order().place());
        }
        let link = reply.header("link").to_owned();
        match page["next_cursor"].as_str() {
            Some(_) => {
                let next = link.strip_prefix('<').and_then(|rest| rest.split_once('>')).unwrap().0;
                path = next.split_once("/api").map(|(_, rest)| format!("/api{rest}")).unwrap();
            }
            None => {
                assert_eq!((&page["has_more"], link.as_str()), (&json!(false), ""));
                break;
            }
        }
    }
    assert_eq!(seen, made);
    assert_eq!(program.see("/api/orders?limit=1&count=exact")["count"], 8);
    for (sort, first) in
        [("-number", made[7]), ("number", made[0]), ("-updated_at", made[7]), ("-created_at,total", made[7])]
    {
        assert_eq!(program.see(&format!("/api/orders?sort={sort}"))["orders"][0]["number"], first, "{sort}");
    }
}

#[test]
fn filters_narrow_and_nothing_unknown_is_ignored() {
    let desk = TestDesk::open();
    let program = desk.program();
    let paid = desk
        .order()
        .paid()
        .with(|draft| draft.tags = vec!["VIP".into()])
        .line("MUG-1", "Mug", 1, 2_000)
        .at("confirmed")
        .place();
    let open = desk.order().line("VAS-1", "Vase", 1, 90_000).place();
    let numbers = |query: &str| -> Vec<i64> {
        let page = program.see(&format!("/api/orders?sort=number&{query}"));
        page["orders"].as_array().unwrap().iter().map(|order| order["number"].as_i64().unwrap()).collect()
    };
    assert_eq!(numbers("status=pending,confirmed"), [paid, open]);
    assert_eq!(numbers("status=pending&status=confirmed"), [paid, open]);
    assert_eq!(numbers("payment_status=paid"), [paid]);
    assert_eq!(numbers("payment_status=PAID&shipping_status=Unfulfilled"), [paid]);
    assert_eq!(numbers("stage=base:confirmed"), [paid]);
    assert_eq!(numbers("status=confirmed&stage=placed"), [0i64; 0]);
    assert_eq!(numbers("tag=VIP"), [paid]);
    assert_eq!(numbers("sku=VAS-1"), [open]);
    assert_eq!(numbers("total_min=500"), [open]);
    assert_eq!(numbers("q=vase"), [open]);
    assert_eq!(numbers("assignee=none"), [paid, open]);
    assert_eq!(numbers("updated_since=2020-01-01"), [paid, open]);
    assert_eq!(numbers("updated_since=2199-01-01T00:00:00Z"), [0i64; 0]);
    assert_eq!(numbers("created_to=2020-01-01"), [0i64; 0]);
    assert_eq!(numbers("created_from=2020-01-01T10:00:00%2B02:00"), [paid, open]);
    for (query, code) in [
        ("colour=red", "request.unknown_parameter"),
        ("status=teleported", "list.value"),
        ("payment_status=golden", "list.value"),
        ("sort=colour", "list.value"),
        ("sort=total,number", "list.sort"),
        ("limit=0", "list.value"),
        ("limit=201", "list.value"),
        ("cursor=nonsense", "list.cursor"),
        ("created_from=yesterday", "list.value"),
        ("total_min=-1", "list.value"),
        ("assignee=ghost@example.com", "list.value"),
        ("market=atlantis", "list.value"),
        ("archived=perhaps", "list.value"),
        ("sort=number&sort=total", "list.repeated"),
    ] {
        assert_eq!(program.get(&format!("/api/orders?{query}")).problem(), (400, code.to_owned()), "{query}");
    }
}

#[test]
fn what_an_order_cannot_be_is_refused_with_a_pointer() {
    let desk = TestDesk::open();
    let program = desk.program();
    let before = program.see("/api/orders?count=exact&limit=1")["count"].clone();
    let changed = |pointer: &str, value: Value| {
        let mut order = with_items("bad");
        match pointer.strip_prefix("/items/0/") {
            Some(field) => order["items"][0][field] = value,
            None => order[&pointer[1..]] = value,
        }
        order
    };
    for (pointer, value) in [
        ("/items/0/quantity", json!(0)),
        ("/items/0/quantity", json!(-1)),
        ("/items/0/quantity", json!(1.5)),
        ("/items/0/quantity", json!("two")),
        ("/items/0/quantity", json!(9_007_199_254_740_993_i64)),
        ("/items/0/price", json!(-1)),
        ("/items/0/price", json!(0.001)),
        ("/items/0/price", json!("1,50")),
        ("/items/0/price", json!(1e300)),
        ("/items/0/colour", json!("red")),
        ("/currency", json!("XYZ")),
        ("/items", json!([])),
        ("/items", json!("none")),
        ("/user_id", json!(7)),
        ("/payment_method", json!("4111 1111 1111 1111")),
        ("/channel", json!("tv")),
        ("/market", json!("moon")),
        ("/total", json!(90)),
        ("/placed_at", json!("soon")),
        ("/placed_at", json!("2199-01-01T00:00:00Z")),
        ("/card_number", json!("4111111111111111")),
    ] {
        let refused = program.post("/api/orders", &changed(pointer, value.clone()));
        assert_eq!(refused.status, 400, "{pointer} {value}: {}", refused.text());
        let told = refused.json();
        assert_eq!(told["errors"][0]["pointer"], pointer, "{value}: {told}");
    }
    let mut address = with_items("bad");
    address["shipping_address"]["country"] = json!("Utopia");
    assert_eq!(program.post("/api/orders", &address).json()["errors"][0]["pointer"], "/shipping_address/country");
    let mut party = with_items("bad");
    party["customer"] = json!({"email": "nobody"});
    assert_eq!(program.post("/api/orders", &party).json()["errors"][0]["pointer"], "/customer/email");
    let sums = program.post("/api/orders", &changed("/total", json!(90))).json();
    assert!(sums["detail"].as_str().unwrap().contains("90.00") && sums["detail"].as_str().unwrap().contains("89.99"));
    for (bytes, status) in [
        (b"{".to_vec(), 400),
        (b"[]".to_vec(), 400),
        (b"\"text\"".to_vec(), 400),
        (b"{\"items\": NaN}".to_vec(), 400),
        (b"{\"user_id\": \"\\ud800\"}".to_vec(), 400),
        (b"{\"user_id\": \"\\u0000\"}".to_vec(), 400),
        (b"{\"user_id\": \"\xff\"}".to_vec(), 400),
        ("[".repeat(50_000).into_bytes(), 400),
        (format!("{{\"custom\": {}1{}}}", "{\"a\":".repeat(5_000), "}".repeat(5_000)).into_bytes(), 400),
        (format!("{{\"customer_note\": \"{}\"}}", "x".repeat(5 << 20)).into_bytes(), 413),
    ] {
        let refused = program.send_bytes("POST", "/api/orders", &[], Some(bytes.clone()));
        assert_eq!(refused.status, status, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
        refused.problem();
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(program.send_bytes("POST", "/api/orders", &form, Some(b"a=b".to_vec())).problem().0, 415);
    assert_eq!(program.see("/api/orders?count=exact&limit=1")["count"], before);
}

#[test]
fn a_key_does_what_its_scopes_say_and_no_more() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("confirmed").place();
    let path = format!("/api/orders/{number}");
    let reader = desk.program_with(scoped("Reader", &["read"]));
    assert_eq!(reader.see(&path)["customer"]["email"], "eszter@example.com");
    let refused = reader.post(&format!("{path}/approve"), &json!({}));
    assert_eq!(refused.problem(), (403, "token.scope".into()));
    assert_eq!(refused.json()["allowed"], json!(["orders:move"]));
    let packer = desk.program_with(scoped("Packer", &["orders:read", "orders:move"]));
    let seen = packer.see(&path);
    assert_eq!((&seen["total"], &seen["items"][0]["price"]), (&Value::Null, &Value::Null));
    assert_eq!((&seen["customer"]["email"], &seen["shipping_address"]["phone"]), (&Value::Null, &Value::Null));
    assert_eq!(packer.get("/api/orders?sort=total").problem().0, 403);
    assert_eq!(packer.must_post(&format!("{path}/approve"), &json!({}))["status"], "approved");
    assert_eq!(packer.delete(&path).problem().0, 403);
    assert_eq!(
        packer.put(&format!("{path}/status"), &json!({"status": "cancelled", "reason": "other"})).problem().0,
        403
    );
    let all = desk.program();
    let undo = all.post(&format!("{path}/hold"), &json!({"reason": "other"}));
    assert_eq!(undo.status, 200);
    let nothing = slipway::staff::keys::NewKey { name: "Nothing".into(), ..NewKey::default() };
    let made = desk.db.write_blocking(move |tx| {
        slipway::staff::keys::create(tx, &slipway::actor::Actor::System { name: "Test" }, &nothing)
    });
    assert!(made.is_err(), "a key for nothing is no key");
}

#[test]
fn a_key_may_ask_so_often_and_is_told() {
    let desk = TestDesk::open();
    let program = desk.program_with(NewKey { rate_per_minute: Some(3), ..scoped("Eager", &["all"]) });
    let first = program.get("/api/orders");
    assert_eq!((first.header("ratelimit-limit"), first.header("ratelimit-remaining")), ("3", "2"));
    program.see("/api/orders");
    program.see("/api/orders");
    let refused = program.get("/api/orders");
    assert_eq!(refused.problem(), (429, "rate.exceeded".into()));
    assert!(refused.header("retry-after").parse::<u32>().is_ok_and(|seconds| (1..=21).contains(&seconds)));
    assert_eq!(desk.program().get("/api/orders").status, 200);
}

#[test]
fn a_key_of_one_market_knows_of_no_other() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let home = desk.program_with(NewKey { markets: vec!["main".into()], ..scoped("Home", &["all"]) });
    assert_eq!(home.get(&format!("/api/orders/{number}")).status, 200);
    let away = desk.program_with(NewKey { markets: vec!["moon".into()], ..scoped("Away", &["all"]) });
    assert_eq!(away.get(&format!("/api/orders/{number}")).problem(), (404, "missing".into()));
    assert_eq!(away.see("/api/orders")["orders"], json!([]));
    assert_eq!(away.post(&format!("/api/orders/{number}/approve"), &json!({})).problem().0, 404);
    // Nor does it learn their names, or place an order in one.
    let items = json!([{"name": "Mug", "quantity": 1, "price": 24}]);
    for order in
        [json!({"items": items, "market": "mars"}), json!({"items": items, "channel": "mars"}), json!({"items": items})]
    {
        let refused = away.post("/api/orders", &order);
        assert_eq!(refused.problem(), (400, "request.unknown_value".into()));
        assert!(!refused.text().contains("main") && !refused.text().contains("Phone"), "{}", refused.text());
    }
    assert_eq!(home.see("/api/orders")["orders"].as_array().unwrap().len(), 1);
    let refused = away.get("/api/orders?market=mars");
    assert_eq!(refused.problem(), (400, "list.value".into()));
    assert!(!refused.text().contains("main"), "{}", refused.text());
}

#[test]
fn a_revoked_key_and_a_foreign_cookie_open_nothing() {
    let desk = TestDesk::open();
    let program = desk.program();
    program.see("/api/orders");
    desk.write(|tx| slipway::staff::keys::revoke(tx, &slipway::actor::Actor::System { name: "Test" }, "Web shop"));
    assert_eq!(program.get("/api/orders").problem(), (401, "token.invalid".into()));
    let owner = desk.owner();
    assert_eq!(owner.get("/api/orders").status, 401);
}

#[test]
fn what_is_true_for_one_request_is_true_for_its_twin() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("approved").place();
    let program = desk.program();
    let path = format!("/api/orders/{number}");
    // A number without a fraction is whole, however it is written.
    let item = json!([{"name": "Mug", "quantity": 2.0, "price": 5, "weight_grams": 300.0}]);
    assert_eq!(program.must_post("/api/orders", &json!({"items": item}))["order"]["items"][0]["quantity"], 2);
    // A key or a version that is no text is refused, rather than taken for none.
    let foreign = String::from_utf8(vec![0xc3, 0xbc]).unwrap();
    let refused = program.send("POST", &format!("{path}/tags"), &[("Idempotency-Key", &foreign)], Some(&json!({})));
    assert_eq!(refused.problem(), (400, "idempotency.key".into()));
    let stale = program.send("POST", &format!("{path}/tags"), &[("If-Match", &foreign)], Some(&json!({})));
    assert_eq!(stale.problem(), (412, "version.stale".into()));
    // A note that is too long is so even where there is nothing left to do.
    let parcel = program.must_post(&format!("{path}/shipments"), &json!({}))["shipment"]["id"].clone();
    let pack = format!("/api/shipments/{}/pack", parcel.as_str().unwrap());
    program.must_post(&pack, &json!({}));
    let long = json!({"note": "x".repeat(2_001)});
    assert_eq!(program.post(&pack, &long).problem(), (400, "order.note_too_long".into()));
    let status = json!({"status": "processed", "note": "x".repeat(2_001)});
    assert_eq!(program.put(&format!("{path}/status"), &status).problem(), (400, "order.note_too_long".into()));
}

#[test]
fn null_takes_a_customers_contact_out_of_an_order() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let program = desk.program();
    let path = format!("/api/orders/{number}");
    let patched = program.send("PATCH", &path, &[], Some(&json!({"customer": null})));
    assert_eq!(patched.status, 200, "{}", patched.text());
    assert_eq!(patched.json()["customer"]["email"].as_str().unwrap_or_default(), "");
}
