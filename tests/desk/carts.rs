//! Carts that a web shop keeps itself: fetched when an order names one.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::app::TestDesk;
use crate::support::program::Program;
use crate::support::receiver::{Manner, Receiver};

const CARTS: &str = "/settings/markets/home/channels/api/carts";

/// A desk whose programs' channel asks this shop for carts.
fn desk_that_asks(shop: &Receiver) -> (TestDesk, Program) {
    let desk = TestDesk::open();
    let program = desk.program();
    // The first order makes the channel of programs.
    program.must_post("/api/orders", &json!({"items": [{"name": "Mug", "quantity": 1, "price": 5}]}));
    let url = format!("{}/carts/{{cart_id}}?full=1", shop.root());
    let home = home_of(&desk);
    let fields = [("cart_url", url.as_str()), ("cart_token", "hush")];
    assert_eq!(desk.owner().post(&CARTS.replace("home", &home), &fields).status, 303);
    (desk, program)
}

fn home_of(desk: &TestDesk) -> String {
    desk.read(|conn| Ok(slipway::market::Markets::load(conn)?.home()?.slug.clone()))
}

fn tells(status: u16, cart: &Value) -> Manner {
    Manner::Tells(status, cart.to_string())
}

fn two_mugs() -> Value {
    let item = json!({"sku": "MUG-9", "name": "Mug", "quantity": 2, "price": "7.50", "thumbnail": "mug.png"});
    json!({"id": "c 7/ü", "currency": "EUR", "items": [item], "region": {"name": "EU"}})
}

#[test]
fn an_order_that_names_a_cart_of_the_shop_has_its_lines() {
    let shop = Receiver::open(tells(200, &two_mugs()));
    let (_desk, program) = desk_that_asks(&shop);
    let order = json!({"cart_id": "c 7/ü", "payment_method": "card"});
    let placed = program.must_post("/api/orders", &order);
    assert_eq!(placed["order"]["total"], json!(15.00));
    assert_eq!(placed["order"]["items"][0]["product_id"], "MUG-9");
    let asked = &shop.received()[0];
    assert_eq!(asked.asked, "GET /carts/c%207%2F%C3%BC?full=1");
    assert_eq!(asked.header("authorization"), "Bearer hush");

    // The shop has thrown the cart away: the order is found all the same, and nobody is asked again.
    shop.becomes(tells(404, &json!({})));
    let again = program.post("/api/orders", &order);
    assert_eq!((again.status, &again.json()["order_id"]), (200, &placed["order_id"]));
    assert_eq!(shop.received().len(), 1);
}

#[test]
fn what_comes_with_the_order_or_was_put_down_is_not_asked_for() {
    let shop = Receiver::open(tells(200, &two_mugs()));
    let (_desk, program) = desk_that_asks(&shop);
    let items = json!([{"name": "Bowl", "quantity": 1, "price": 3}]);
    program.must_post("/api/carts", &json!({"cart_id": "here", "items": items}));
    assert_eq!(program.must_post("/api/orders", &json!({"cart_id": "here"}))["order"]["total"], json!(3.00));
    let both = json!({"cart_id": "there", "items": items});
    assert_eq!(program.must_post("/api/orders", &both)["order"]["total"], json!(3.00));
    assert!(shop.received().is_empty());
}

#[test]
fn a_shop_that_fails_leaves_nothing_behind_and_the_request_may_come_again() {
    let shop = Receiver::open(tells(404, &json!({})));
    let (_desk, program) = desk_that_asks(&shop);
    let order = json!({"cart_id": "c7"});
    let key = [("idempotency-key", "once-c7")];
    let post = || program.send("POST", "/api/orders", &key, Some(&order));
    assert_eq!(post().problem(), (400, "cart_not_found".into()));
    let failing = [
        tells(500, &json!({})),
        Manner::Says(302, "Location: http://10.0.0.1/\r\n"),
        tells(200, &json!({"lines": []})),
        Manner::Tells(200, "no json".into()),
        Manner::Rambles,
        Manner::Hangs(Duration::from_secs(8)),
    ];
    for manner in failing {
        shop.becomes(manner);
        let refused = post();
        assert_eq!(refused.problem(), (503, "cart.source".into()), "{}", refused.text());
        assert!(!refused.header("retry-after").is_empty());
    }
    shop.becomes(tells(200, &json!({"items": [{"name": "Mug", "quantity": "two"}]})));
    assert_eq!(post().problem(), (400, "cart.unreadable".into()));
    assert_eq!(program.see("/api/orders?count=exact")["orders"].as_array().unwrap().len(), 1);
    shop.becomes(tells(200, &two_mugs()));
    let placed = post();
    assert_eq!(placed.status, 201, "{}", placed.text());
    // Its answer is kept: the shop is not needed for it.
    shop.becomes(tells(500, &json!({})));
    assert_eq!(post().text(), placed.text());
}

#[test]
fn the_settings_say_where_carts_are_kept_and_never_show_the_token() {
    let shop = Receiver::open(tells(200, &two_mugs()));
    let (desk, program) = desk_that_asks(&shop);
    let home = home_of(&desk);
    let (page, carts) = (format!("/settings/markets/{home}"), CARTS.replace("home", &home));
    let owner = desk.owner();
    let shown = owner.see(&page);
    assert!(shown.text().contains("/carts/{cart_id}?full=1\""));
    assert!(!shown.text().contains("hush"));
    for url in ["https://shop.example/cart", "javascript:{cart_id}", "https://u:p@shop.example/{cart_id}"] {
        let refused = owner.post(&carts, &[("cart_url", url), ("cart_token", "")]);
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains(&format!("value=\"{url}\"")), "what was typed stays");
    }
    // Without a token typed the old one stays.
    let moved = format!("{}/v2/{{cart_id}}", shop.root());
    assert_eq!(owner.post(&carts, &[("cart_url", &moved), ("cart_token", "")]).status, 303);
    program.must_post("/api/orders", &json!({"cart_id": "a"}));
    assert_eq!(shop.received()[0].asked, "GET /v2/a");
    assert_eq!(shop.received()[0].header("authorization"), "Bearer hush");
    assert_eq!(owner.post(&carts, &[("cart_url", ""), ("cart_token", "")]).status, 303);
    assert_eq!(program.post("/api/orders", &json!({"cart_id": "b"})).problem(), (400, "cart_not_found".into()));
    assert_eq!(desk.packer().post(&carts, &[("cart_url", "")]).status, 403);
}
