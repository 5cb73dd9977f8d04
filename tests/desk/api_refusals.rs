//! What programs send that cannot be, and what they may not: each told with its code, its status and the place that
//! is wrong, and nothing written. Orders and what hangs on them have files of their own.

use std::io::{Read, Write};
use std::net::TcpStream;

use diesel::{QueryDsl, RunQueryDsl};
use serde_json::{Value, json};
use slipway::actor::Actor;
use slipway::db::schema::{events, orders};
use slipway::ids::new_uid;
use slipway::staff::keys::NewKey;
use slipway::{order, privacy};

use crate::support::app::TestDesk;

/// How much the desk has written down: orders, and everything that happened.
pub fn written(desk: &TestDesk) -> (i64, i64) {
    let conn = &mut desk.look_behind();
    (orders::table.count().get_result(conn).unwrap(), events::table.count().get_result(conn).unwrap())
}

fn scoped(name: &str, scopes: &[&str]) -> NewKey {
    NewKey { name: name.into(), scopes: scopes.iter().map(|s| (*s).into()).collect(), ..NewKey::default() }
}

#[test]
fn a_body_that_cannot_be_read_is_told_where_it_breaks() {
    let desk = TestDesk::open();
    let program = desk.program();
    let before = written(&desk);
    let deep = format!("{{\"custom\": {}1{}}}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    for (body, code, pointer) in [
        ("{".as_bytes(), "request.malformed", ""),
        (b"{\"gift\": true} // soon", "request.malformed", ""),
        (b"{\"items\": NaN}", "request.malformed", "/items"),
        (b"{\"items\": [{\"price\": 1}, {\"price\": -Infinity}]}", "request.malformed", "/items/1/price"),
        (b"{\"items\": [{\"price\": 1e400}]}", "request.malformed", "/items/0/price"),
        (b"{\"user_id\": \"\\ud800\"}", "request.malformed", "/user_id"),
        (b"{\"customer\": {\"name\": \"\\udc00\\ud800\"}}", "request.malformed", "/customer/name"),
        (b"{\"user_id\": \"\xff\"}", "request.malformed", "/user_id"),
        (b"{\"user_id\": \"\\u0000\"}", "request.null_character", "/user_id"),
        (b"{\"custom\": {\"a~b\": [1, \"\\u0000\"]}}", "request.null_character", "/custom/a~0b/1"),
        (b"{\"custom\": {\"\\u0000\": 1}}", "request.null_character", "/custom"),
        (b"{\"colour\": 1}", "request.unknown_field", "/colour"),
        (b"{\"items\": [{\"quantity\": 1, \"colour\": 1}]}", "request.unknown_field", "/items/0/colour"),
        (b"{\"items\": [{\"name\": \"Mug\"}]}", "request.missing_field", "/items/0/quantity"),
        (b"{\"gift\": true, \"gift\": false}", "request.repeated_field", "/gift"),
        (b"{\"shipping\": {\"price\": 1, \"price\": 2}}", "request.repeated_field", "/shipping/price"),
        (b"{\"user_id\": 7}", "request.wrong_kind", "/user_id"),
        (b"{\"items\": {\"name\": \"Mug\"}}", "request.wrong_kind", "/items"),
        (b"{\"items\": [{\"quantity\": 1.5}]}", "request.wrong_kind", "/items/0/quantity"),
        (b"{\"items\": [{\"quantity\": 18446744073709551616}]}", "request.wrong_kind", "/items/0/quantity"),
        (b"{\"items\": [{\"quantity\": 1, \"price\": \"1,50\"}]}", "request.wrong_kind", "/items/0/price"),
        (b"\"text\"", "request.wrong_kind", ""),
    ] {
        let refused = program.send_bytes("POST", "/api/orders", &[], Some(body.to_vec()));
        refused.must_refuse(400, code, pointer);
    }
    let refused = program.send_bytes("POST", "/api/orders", &[], Some(deep.into_bytes()));
    assert_eq!(refused.problem(), (400, "request.malformed".into()));
    let refused = program.send_bytes("POST", "/api/orders", &[], Some("[".repeat(100_000).into_bytes()));
    assert_eq!(refused.problem(), (400, "request.malformed".into()));
    let known = program.post("/api/carts", &json!({"cart_id": "a", "itmes": []})).json();
    assert!(known["allowed"].as_array().unwrap().contains(&json!("items")), "{known}");
    assert_eq!(written(&desk), before);
}

#[test]
fn a_name_that_stands_twice_says_two_things_and_is_refused() {
    let desk = TestDesk::open();
    let program = desk.program();
    let order = format!("/api/orders/{}", desk.order().place());
    let before = written(&desk);
    for (method, path, body, pointer) in [
        ("PATCH", order.as_str(), r#"{"customer_note": "Ring", "customer_note": null}"#, "/customer_note"),
        ("PATCH", &order, r#"{"custom": {"crm": {"id": 1, "id": 2}}}"#, "/custom/crm/id"),
        ("PATCH", &order, r#"{"shipping_address": {"city": "A", "city": "A"}}"#, "/shipping_address/city"),
        ("POST", "/api/orders", r#"{"items": [{"sku": "A"}, {"sku": "A", "sku": "B"}]}"#, "/items/1/sku"),
        ("POST", "/api/orders", r#"{"custom": [{"a": 1, "\u0061": 2}]}"#, "/custom/0/a"),
        ("PUT", "/api/products/MUG", r#"{"prices": {"main": 1, "main": 2}}"#, "/prices/main"),
        ("POST", "/api/orders/bulk", r#"{"ids": [], "args": {"status": "a", "status": "b"}}"#, "/args/status"),
    ] {
        let refused = program.send_bytes(method, path, &[], Some(body.into()));
        refused.must_refuse(400, "request.repeated_field", pointer);
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn every_address_that_takes_a_body_takes_json_alone_and_not_too_much() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().place();
    let before = written(&desk);
    let order = format!("/api/orders/{number}");
    let large = format!("{{\"note\": \"{}\"}}", "x".repeat(5 << 20)).into_bytes();
    for (method, path) in [
        ("POST", "/api/orders".to_owned()),
        ("POST", "/api/carts".to_owned()),
        ("POST", "/api/orders/bulk".to_owned()),
        ("POST", "/api/products".to_owned()),
        ("PATCH", order.clone()),
        ("PUT", format!("{order}/status")),
        ("POST", format!("{order}/approve")),
        ("POST", format!("{order}/refunds")),
    ] {
        for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"] {
            let kind = [("Content-Type", kind)];
            program.send_bytes(method, &path, &kind, Some(b"a=b".to_vec())).must_refuse(415, "request.unsupported", "");
        }
        program.send_bytes(method, &path, &[], Some(large.clone())).must_refuse(413, "request.too_large", "");
        program.send_bytes(method, &path, &[], Some(b"{\"a\": tru".to_vec())).must_refuse(
            400,
            "request.malformed",
            "/a",
        );
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn an_address_that_cannot_be_read_is_told_which_part() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().place();
    let before = written(&desk);
    let long = "x".repeat(401);
    let tags: Vec<String> = (0..51).map(|tag| format!("t{tag}")).collect();
    for (method, path, code, pointer) in [
        ("GET", "/api/orders?q=%ff".to_owned(), "request.not_utf8", ""),
        ("GET", "/api/orders?q=a%00b".to_owned(), "request.null_character", ""),
        ("GET", "/api/orders?colour=red".to_owned(), "request.unknown_parameter", "/colour"),
        ("GET", format!("/api/orders?q={long}"), "list.too_long", "/q"),
        ("GET", format!("/api/customers?q={long}"), "list.too_long", "/q"),
        ("GET", format!("/api/orders?tag={}", tags.join(",")), "list.too_many", "/tag"),
        ("GET", "/api/orders?limit=0".to_owned(), "list.value", "/limit"),
        ("GET", "/api/orders?status=teleported".to_owned(), "list.value", "/status"),
        ("GET", "/api/orders?sort=total&sort=number".to_owned(), "list.repeated", "/sort"),
        ("GET", "/api/orders?sort=total,number".to_owned(), "list.sort", "/sort"),
        ("GET", "/api/orders?cursor=nonsense".to_owned(), "list.cursor", "/cursor"),
        ("GET", "/api/customers?cursor=nonsense".to_owned(), "list.cursor", "/cursor"),
        ("GET", "/api/customers?colour=red".to_owned(), "request.unknown_parameter", "/colour"),
        ("GET", "/api/customers?limit=ten".to_owned(), "request.wrong_kind", "/limit"),
        ("GET", "/api/products?low=perhaps".to_owned(), "request.wrong_kind", "/low"),
        ("GET", "/api/orders?status=confirmed,".to_owned(), "request.empty_parameter", "/status"),
        ("GET", "/api/orders?q=%20".to_owned(), "request.empty_parameter", "/q"),
        ("GET", "/api/events?types=order.created,,".to_owned(), "request.empty_parameter", "/types"),
        ("GET", "/api/products?limit=1&limit=2".to_owned(), "request.repeated_field", "/limit"),
        ("DELETE", format!("/api/orders/{number}?reason=a&reason=b"), "request.repeated_field", "/reason"),
        ("DELETE", format!("/api/orders/{number}?refund=half"), "request.unknown_value", "/refund"),
        ("DELETE", format!("/api/orders/{number}?note=%ff"), "request.not_utf8", ""),
    ] {
        let refused = program.send(method, &path, &[], None);
        refused.must_refuse(400, code, pointer);
    }
    program.get("/api/nothing").must_refuse(404, "page.missing", "");
    program.send("PATCH", "/api/carts", &[], Some(&json!({}))).must_refuse(405, "request.method", "");
    for path in ["/api/orders/ORD99999999999999999999", "/api/products/%F0%9F%8F%BA"] {
        program.get(path).must_refuse(404, "missing", "");
    }
    for (byte, code) in [("%ff", "request.not_utf8"), ("%00", "request.null_character")] {
        for list in ["orders", "products", "customers", "carts", "shipments"] {
            program.get(&format!("/api/{list}/a{byte}")).must_refuse(400, code, "");
        }
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn a_body_that_breaks_off_changes_nothing() {
    let desk = TestDesk::open();
    let program = desk.program();
    let before = written(&desk);
    let address = desk.address();
    let host = address.strip_prefix("http://").unwrap();
    let head = format!("POST /api/orders HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\n", program.token());
    let items = r#"{"items": [{"name": "Mug", "quantity": 1, "price": 5}]}"#;
    for rest in [
        // Shorter than announced; and a piece that does not say how long it is.
        format!("Content-Length: 100\r\n\r\n{items}"),
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{items}\r\nsoon\r\n", items.len()),
    ] {
        let mut line = TcpStream::connect(host).unwrap();
        line.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        line.write_all(format!("{head}{rest}").as_bytes()).unwrap();
        line.shutdown(std::net::Shutdown::Write).unwrap();
        let mut told = String::new();
        let _ = line.read_to_string(&mut told);
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 400"), "{told}");
    }
    assert_eq!(written(&desk), before);
    // The line is gone with its answer; this is what stood in it.
    let broken = actix_web::error::PayloadError::Incomplete(None);
    let pieces = [Ok(actix_web::web::Bytes::from_static(b"{\"a\":")), Err(broken)];
    let mut payload: actix_web::dev::Payload =
        actix_web::dev::Payload::Stream { payload: Box::pin(futures_util::stream::iter(pieces)) };
    let read = actix_web::rt::System::new().block_on(slipway::web::read_payload(&mut payload, "A body"));
    let refused = read.unwrap_err();
    assert_eq!(refused.refusal().unwrap().code, "request.cut_off");
    assert_eq!(actix_web::ResponseError::status_code(&refused), 400);
}

#[test]
fn who_does_not_say_who_they_are_is_told_how() {
    let empty = TestDesk::empty();
    let early = empty.visitor().get("/api/orders");
    early.must_refuse(503, "desk.not_set_up", "");
    assert_eq!(early.header("retry-after"), "60");

    let desk = TestDesk::open();
    let number = desk.order().place();
    let before = written(&desk);
    for header in [None, Some("Basic bWFydGE6cG90cw=="), Some("Bearer"), Some("Bearer   ")] {
        let headers: Vec<(&str, &str)> = header.map(|value| ("Authorization", value)).into_iter().collect();
        let silent = desk.visitor().send("DELETE", &format!("/api/orders/{number}"), &headers, None);
        silent.must_refuse(401, "token.missing", "");
        assert_eq!(silent.header("www-authenticate"), "Bearer realm=\"slipway\"");
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn an_order_of_another_market_is_as_if_it_were_not() {
    let desk = TestDesk::open();
    let number = desk.order().paid().at("confirmed").place();
    let away = desk.program_with(NewKey { markets: vec!["moon".into()], ..scoped("Away", &["all"]) });
    let document = desk.visitor().get("/api/openapi.json").json();
    let before = written(&desk);
    let mut asked = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if !path.contains("{order_id}") || methods.get(method).is_none() {
                continue;
            }
            let ask = |order: &str| {
                let address = path.replace("{order_id}", order).replace("{return_id}", &new_uid());
                let (key, body) = (new_uid(), (method != "get").then(|| json!({})));
                let reply = away.send(&method.to_uppercase(), &address, &[("Idempotency-Key", &key)], body.as_ref());
                let told = reply.problem();
                assert!(reply.status == 404 || told.1 == "request.missing_field", "{method} {path}: {}", reply.text());
                told
            };
            assert_eq!(ask(&number.to_string()), ask("ORD99999"), "{method} {path}");
            asked += 1;
        }
    }
    assert!(asked > 25, "{asked}");
    assert_eq!(written(&desk), before);
}

#[test]
fn customers_that_cannot_be_so_stay_as_they_are() {
    let desk = TestDesk::open();
    let program = desk.program();
    for (name, email) in [("Ada", "ada@example.com"), ("Grace", "grace@example.com"), ("Edsger", "edsger@example.com")]
    {
        desk.order().customer(name, email).at("delivered").place();
    }
    let id = |name: &str| program.see(&format!("/api/customers?q={name}"))["customers"][0]["id"].clone();
    let (ada, grace, edsger) = (id("Ada"), id("Grace"), id("Edsger"));
    let [ada, grace, edsger] = [&ada, &grace, &edsger].map(|id| id.as_str().unwrap().to_owned());
    let version = |id: &str| program.see(&format!("/api/customers/{id}"))["version"].as_i64().unwrap();
    let before = written(&desk);
    for (body, status, code, pointer) in [
        (json!({"email": "nobody"}), 400, "customer.invalid", "/email"),
        (json!({"email": "", "phone": ""}), 400, "customer.invalid", "/email"),
        (json!({"name": "x".repeat(301)}), 400, "customer.invalid", "/name"),
        (json!({"email": "grace@example.com"}), 409, "customer.email_taken", "/email"),
        (json!({"phone": 5}), 400, "request.wrong_kind", "/phone"),
    ] {
        program.send("PATCH", &format!("/api/customers/{ada}"), &[], Some(&body)).must_refuse(status, code, pointer);
    }
    assert_eq!(written(&desk), before);
    let actor = || Actor::System { name: "Test" };
    let (keep, gone) = ((ada.clone(), version(&ada)), (grace.clone(), version(&grace)));
    desk.write(move |tx| order::merge_customers(tx, &actor(), (&keep.0, keep.1), (&gone.0, gone.1)));
    let (of, at) = (edsger.clone(), version(&edsger));
    desk.write(move |tx| privacy::erase(tx, &actor(), &of, at, "Edsger"));
    let before = written(&desk);
    let name = json!({"name": "Somebody"});
    for (id, code) in [(&grace, "customer.merged"), (&edsger, "customer.erased")] {
        program.send("PATCH", &format!("/api/customers/{id}"), &[], Some(&name)).must_refuse(409, code, "");
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn products_that_cannot_be_so_are_not_added_changed_or_counted() {
    let desk = TestDesk::open();
    let program = desk.program();
    program.must_post("/api/products", &json!({"sku": "MUG", "name": "Mug", "price": 18}));
    program.must_post("/api/products", &json!({"sku": "VASE", "name": "Vase", "price": 40}));
    let before = written(&desk);
    let changed = |field: &str, value: Value| {
        let mut product = json!({"sku": "VASE", "name": "Vase", "price": 40});
        product[field] = value;
        product
    };
    for (method, path, body, status, code, pointer) in [
        ("POST", "/api/products", changed("sku", json!("MUG")), 409, "product.sku_taken", "/sku"),
        ("PUT", "/api/products/VASE", changed("sku", json!("MUG")), 409, "product.sku_taken", "/sku"),
        ("PUT", "/api/products/VASE", changed("sku", json!(" ")), 400, "product.invalid", "/sku"),
        ("PUT", "/api/products/VASE", changed("name", json!("")), 400, "product.invalid", "/name"),
        ("PUT", "/api/products/VASE", changed("price", json!(-1)), 400, "product.invalid", "/price"),
        ("PUT", "/api/products/VASE", changed("price", json!(0.001)), 400, "product.invalid", "/price"),
        ("PUT", "/api/products/VASE", changed("price", json!(9e15)), 400, "product.invalid", "/price"),
        ("PUT", "/api/products/VASE", changed("prices", json!({"moon": 1})), 400, "product.invalid", "/prices/moon"),
        ("PUT", "/api/products/VASE", changed("parts", json!({"GHOST": 1})), 400, "product.invalid", "/parts"),
        ("PUT", "/api/products/VASE", changed("weight_grams", json!(-1)), 400, "product.invalid", "/weight_grams"),
        ("PUT", "/api/products/VASE", changed("tracked", json!("yes")), 400, "request.wrong_kind", "/tracked"),
        ("PUT", "/api/products/GHOST", changed("tracked", json!(true)), 404, "missing", ""),
        ("POST", "/api/products/MUG/counts", json!({"counted": -1, "reason": "x"}), 400, "stock.count", "/counted"),
        ("POST", "/api/products/MUG/counts", json!({"counted": 5, "reason": " "}), 400, "stock.reason", "/reason"),
        ("POST", "/api/products/MUG/counts", json!({"counted": 5}), 400, "request.missing_field", "/reason"),
        ("POST", "/api/products/MUG/counts", json!({"counted": 0.5}), 400, "request.wrong_kind", "/counted"),
    ] {
        program.send(method, path, &[], Some(&body)).must_refuse(status, code, pointer);
    }
    assert_eq!(written(&desk), before);
}

#[test]
fn many_orders_that_are_not_named_well_stay_as_they_are() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().at("confirmed").place().to_string();
    let before = written(&desk);
    let ids = |count: usize| Value::Array((0..count).map(|at| json!(format!("ORD{}", 900_000 + at))).collect());
    for (body, code, pointer) in [
        (json!({"ids": [], "action": "release"}), "bulk.ids", "/ids"),
        (json!({"ids": [number], "filter": {}, "action": "release"}), "bulk.ids", "/ids"),
        (json!({"ids": ids(10_001), "action": "release"}), "bulk.ids", "/ids"),
        (json!({"ids": ids(201), "action": "release"}), "bulk.ids", "/ids/0"),
        (json!({"ids": ids(201), "action": "release", "dry_run": true}), "bulk.too_many", "/dry_run"),
        (json!({"filter": {"limit": 5}, "action": "release"}), "bulk.filter", "/filter/limit"),
        (json!({"filter": {"status": true}, "action": "release"}), "bulk.filter", "/filter/status"),
        (json!({"filter": {"status": "moon"}, "action": "release"}), "list.value", "/filter/status"),
        (json!({"filter": {"status": ""}, "action": "release"}), "request.empty_parameter", "/filter/status"),
        (json!({"filter": {"status": []}, "action": "release"}), "request.empty_parameter", "/filter/status"),
        (json!({"ids": [number], "action": "explode"}), "request.wrong_kind", "/action"),
        (json!({"ids": [number], "action": "move"}), "request.missing_field", "/args/status"),
    ] {
        program.post("/api/orders/bulk", &body).must_refuse(400, code, pointer);
    }
    assert_eq!(written(&desk), before);
}
