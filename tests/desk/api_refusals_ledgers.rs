//! Money that a program cannot record, capture, let go or give back: each refusal with its code, its status and its
//! place in the body, and the ledger as it was.

use serde_json::{Value, json};
use slipway::ids::new_uid;

use crate::api_refusals::written;
use crate::support::app::TestDesk;
use crate::support::person::Reply;
use crate::support::program::Program;

/// Sends something that moves money of an order.
fn send(program: &Program, number: i64, what: &str, body: &Value) -> Reply {
    let key = new_uid();
    program.send("POST", &format!("/api/orders/{number}/{what}"), &[("Idempotency-Key", &key)], Some(body))
}

/// Sends something that is taken; the new row's identifier.
fn made(program: &Program, number: i64, what: &str, body: &Value) -> Value {
    let reply = send(program, number, what, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["payment"]["id"].clone()
}

#[test]
fn an_amount_that_is_none_is_not_recorded() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().place();
    let before = written(&desk);
    for (what, body, status, code, pointer) in [
        ("captures", json!({"amount": -1}), 400, "payment.amount", "/amount"),
        ("captures", json!({"amount": 0}), 400, "payment.amount", "/amount"),
        ("captures", json!({"amount": 0.001}), 400, "payment.invalid", "/amount"),
        ("captures", json!({"amount": 9_007_199_254_740_993_i64}), 400, "payment.invalid", "/amount"),
        ("captures", json!({"amount": "ten"}), 400, "request.wrong_kind", "/amount"),
        (
            "captures",
            json!({"amount": 5, "reference": "4111 1111 1111 1111"}),
            400,
            "payment.card_number",
            "/reference",
        ),
        ("captures", json!({"amount": 5, "note": "4111111111111111"}), 400, "payment.card_number", "/note"),
        ("captures", json!({"amount": 5, "note": "x".repeat(501)}), 400, "payment.too_long", "/note"),
        (
            "captures",
            json!({"amount": 5, "card_number": "4111111111111111"}),
            400,
            "request.unknown_field",
            "/card_number",
        ),
        ("captures", json!({"amount": 5, "authorization_id": new_uid()}), 404, "missing", ""),
        ("authorizations", json!({"amount": 5, "expires_at": "soon"}), 400, "request.unknown_value", "/expires_at"),
        ("voids", json!({}), 409, "payment.nothing_open", ""),
        ("voids", json!({"authorization_id": new_uid()}), 404, "missing", ""),
        ("refunds", json!({}), 409, "payment.nothing_to_refund", ""),
        ("refunds", json!({"amount": 5}), 409, "payment.nothing_to_refund", ""),
        ("refunds", json!({"amount": 5, "reason": "because"}), 400, "payment.reason_missing", "/reason"),
        ("goodwill", json!({"amount": 5, "reason": "because"}), 400, "payment.reason_missing", "/reason"),
        ("goodwill", json!({"amount": -5, "reason": "late"}), 400, "payment.amount", "/amount"),
    ] {
        send(&program, number, what, &body).must_refuse(status, code, pointer);
    }
    for what in ["captures", "refunds", "goodwill"] {
        let body = json!({"amount": 5, "reason": "late"});
        let body = if what == "captures" { json!({"amount": 5}) } else { body };
        program.post(&format!("/api/orders/{number}/{what}"), &body).must_refuse(400, "idempotency.missing", "");
    }
    assert_eq!(written(&desk), before);
    assert_eq!(program.see(&format!("/api/orders/{number}/payments"))["payments"], json!([]));
}

#[test]
fn a_promise_gives_no_more_than_it_holds() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().place();
    let first = made(&program, number, "authorizations", &json!({"amount": 10}));
    let second = made(&program, number, "authorizations", &json!({"amount": 12}));
    let lapsed = json!({"amount": 5, "expires_at": "2020-01-01T00:00:00Z"});
    let lapsed = made(&program, number, "authorizations", &lapsed);
    let before = written(&desk);
    for what in ["captures", "voids"] {
        let refused = send(&program, number, what, &json!({}));
        refused.must_refuse(400, "payment.authorization", "/authorization_id");
        assert_eq!(refused.json()["allowed"], json!([first, second]));
    }
    let above = json!({"authorization_id": first, "amount": 10.01});
    send(&program, number, "captures", &above).must_refuse(400, "payment.above_authorization", "/amount");
    let late = json!({"authorization_id": lapsed, "amount": 1});
    send(&program, number, "captures", &late).must_refuse(409, "payment.authorization_lapsed", "");
    assert_eq!(written(&desk), before);
    made(&program, number, "voids", &json!({"authorization_id": first}));
    let before = written(&desk);
    let again = json!({"authorization_id": first, "amount": 1});
    send(&program, number, "captures", &again).must_refuse(409, "payment.authorization_used", "");
    send(&program, number, "voids", &json!({"authorization_id": first})).must_refuse(
        409,
        "payment.authorization_used",
        "",
    );
    assert_eq!(written(&desk), before);
}

#[test]
fn an_order_that_is_over_takes_no_promise_and_no_money() {
    let desk = TestDesk::open();
    let program = desk.program();
    let (stopped, archived) = (desk.order().at("cancelled").place(), desk.order().at("archived").place());
    let before = written(&desk);
    let five = json!({"amount": 5});
    send(&program, stopped, "authorizations", &five).must_refuse(409, "payment.order_stopped", "");
    send(&program, archived, "authorizations", &five).must_refuse(409, "payment.order_archived", "");
    send(&program, archived, "captures", &five).must_refuse(409, "payment.order_archived", "");
    assert_eq!(written(&desk), before);
}

#[test]
fn no_more_goes_back_than_came_in_nor_for_more_than_was_bought() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().line("MUG", "Mug", 2, 1_500).line("VASE", "Vase", 1, 4_000).place();
    made(&program, number, "captures", &json!({"amount": 50}));
    let second = made(&program, number, "captures", &json!({"amount": 26.95}));
    let order = program.see(&format!("/api/orders/{number}"));
    let (mug, vase) = (&order["items"][0]["line_id"], &order["items"][1]["line_id"]);
    let before = written(&desk);
    let several = send(&program, number, "refunds", &json!({"amount": 5}));
    several.must_refuse(400, "payment.capture_missing", "/capture_id");
    assert_eq!(several.json()["allowed"].as_array().unwrap().len(), 2);
    assert!(several.json()["allowed"].as_array().unwrap().contains(&second));
    let one = json!({"line_id": mug, "quantity": 1});
    for (body, code, pointer) in [
        (json!({"amount": 26.96}), "payment.above_capture", "/amount"),
        (json!({"items": [{"line_id": mug, "quantity": 3}]}), "payment.line_limit", "/items/0"),
        (json!({"items": [{"line_id": mug, "quantity": -1}]}), "payment.line_limit", "/items/0"),
        (json!({"items": [{"line_id": vase, "quantity": 0, "amount": 40.01}]}), "payment.line_limit", "/items/0"),
        (json!({"items": [{"line_id": vase, "quantity": 0, "amount": 1}, one, one]}), "payment.line_limit", "/items/2"),
        (json!({"items": [one, {"line_id": new_uid(), "quantity": 1}]}), "payment.unknown_line", "/items/1/line_id"),
        (json!({"items": [{"line_id": mug, "quantity": 1, "amount": 0.001}]}), "payment.invalid", "/items/0/amount"),
        (json!({"items": [{"line_id": mug, "quantity": 0.5}]}), "request.wrong_kind", "/items/0/quantity"),
        (json!({"shipping": 6.96}), "payment.shipping_limit", "/shipping"),
        (json!({"shipping": -1, "adjustment": 5}), "payment.shipping_limit", "/shipping"),
        (json!({"amount": 5, "items": [one]}), "payment.does_not_add_up", "/amount"),
        (json!({"adjustment": -1}), "payment.amount", "/amount"),
    ] {
        let mut body = body;
        body["capture_id"] = second.clone();
        send(&program, number, "refunds", &body).must_refuse(400, code, pointer);
    }
    let stale = json!({"amount": 5, "capture_id": second, "expected_refunded_total": 1});
    send(&program, number, "refunds", &stale).must_refuse(409, "payment.refunded_meanwhile", "");
    assert_eq!(written(&desk), before);
    assert_eq!(program.see(&format!("/api/orders/{number}/payments"))["refunded_total"], json!(0.0));
}
