//! When the desk cannot: something of it is broken, somebody else was faster, or the wait was too long.

use std::sync::Barrier;

use diesel::{QueryDsl, RunQueryDsl};
use serde_json::json;
use slipway::actor::Actor;
use slipway::announce::{self, Wording};
use slipway::db::schema::request_keys;
use slipway::db::{Conn, Location};
use slipway::market::{self, ChannelFacts, ChannelKind, Hours, MarketFacts, Markets};
use slipway::payment;
use slipway::reach::Reach;
use slipway::staff::{self, NewMember, Role};
use slipway::workflow::Stages;

use crate::api_refusals::written;
use crate::support::app::TestDesk;

#[test]
fn a_fault_of_ours_is_told_without_what_is_ours() {
    let desk = TestDesk::open();
    let program = desk.program();
    let hide = "ALTER TABLE carts RENAME TO carts_elsewhere";
    diesel::sql_query(hide).execute(&mut desk.look_behind()).unwrap();
    let before = written(&desk);
    for refused in [
        program.get("/api/carts/abc123"),
        program
            .post("/api/carts", &json!({"cart_id": "abc123", "items": [{"name": "Mug", "quantity": 1, "price": 1}]})),
    ] {
        refused.must_refuse(500, "desk.broken", "");
        assert!(!refused.text().contains("carts_elsewhere"), "{}", refused.text());
    }
    assert_eq!(written(&desk), before);
    diesel::sql_query("ALTER TABLE carts_elsewhere RENAME TO carts").execute(&mut desk.look_behind()).unwrap();
    assert_eq!(program.get("/api/carts/abc123").status, 404);
}

/// Runs `work` while another connection holds what these statements touch, and lets it go after so many milliseconds.
fn while_held<T>(desk: &TestDesk, statements: &[String], millis: u64, work: impl FnOnce() -> T) -> T {
    let mut conn = desk.look_behind();
    let sqlite = "PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE";
    let begin = if desk.db.location().is_sqlite() { sqlite } else { "BEGIN" };
    run(&mut conn, begin);
    statements.iter().for_each(|statement| run(&mut conn, statement));
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(millis));
            run(&mut conn, "COMMIT");
        });
        work()
    })
}

/// Runs a statement outside of what diesel knows of transactions.
fn run(conn: &mut Conn, statement: &str) {
    use diesel::connection::SimpleConnection;
    conn.batch_execute(statement).unwrap();
}

#[test]
fn two_who_change_one_customer_product_or_webhook_at_once_do_not_overwrite_each_other() {
    let desk = TestDesk::open();
    let program = desk.program();
    desk.order().customer("Ada", "ada@example.com").at("delivered").place();
    let ada = program.see("/api/customers?q=ada")["customers"][0]["id"].as_str().unwrap().to_owned();
    let mug = json!({"sku": "MUG", "name": "Mug", "price": 18});
    program.must_post("/api/products", &mug);
    let hook = program.must_post("/api/webhooks", &json!({"url": "https://your.example/hooks"}));
    let hook = format!("/api/webhooks/{}", hook["id"].as_str().unwrap());
    for (table, method, path, body, code) in [
        ("customers", "PATCH", format!("/api/customers/{ada}"), json!({"name": "Ada King"}), "customer.stale"),
        ("products", "PUT", "/api/products/MUG".to_owned(), mug, "product.stale"),
        ("webhook_endpoints", "PATCH", hook.clone(), json!({"description": "Books"}), "webhook.stale"),
        ("webhook_endpoints", "POST", format!("{hook}/secret"), json!({}), "webhook.stale"),
    ] {
        let others = [format!("UPDATE {table} SET version = version + 1")];
        let reply = while_held(&desk, &others, 1_500, || program.send(method, &path, &[], Some(&body)));
        match &desk.db.location() {
            // Whoever comes second looks at what the first one left.
            Location::Sqlite(_) => assert_eq!(reply.status, 200, "{}", reply.text()),
            Location::Postgres(_) => reply.must_refuse(409, code, ""),
        }
    }
}

/// What sixteen got who did the same at the same moment.
fn sixteen<T: Send>(each: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let start = Barrier::new(16);
    std::thread::scope(|scope| {
        let one = |place| {
            let (start, each) = (&start, &each);
            scope.spawn(move || {
                start.wait();
                each(place)
            })
        };
        let all: Vec<_> = (0..16).map(one).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn the_first_orders_of_a_desk_may_come_all_at_once() {
    let desk = TestDesk::open();
    let token = desk.program().token().to_owned();
    let placed = sixteen(|place| {
        let body = json!({"cart_id": format!("cart{place}"), "items": [{"name": "Mug", "quantity": 1, "price": 5}]});
        let reply = desk.program_called(&token).post("/api/orders", &body);
        (reply.status, reply.text())
    });
    placed.iter().for_each(|(status, text)| assert_eq!(*status, 201, "{text}"));
    let channels = desk.read(Markets::load).channels;
    assert_eq!(channels.iter().filter(|channel| channel.slug == "api").count(), 1);
}

#[test]
fn of_many_who_make_the_same_thing_at_once_one_makes_it_and_the_others_are_told() {
    let desk = TestDesk::open();
    let token = desk.program().token().to_owned();
    let products = sixteen(|_| {
        let mug = json!({"sku": "MUG", "name": "Mug", "price": 18});
        let reply = desk.program_called(&token).post("/api/products", &mug);
        (reply.status, reply.text())
    });
    assert_eq!(products.iter().filter(|(status, _)| *status == 201).count(), 1, "{products:?}");
    assert!(products.iter().all(|(status, text)| *status == 201 || text.contains("product.sku_taken")), "{products:?}");

    let actor = || Actor::System { name: "Test" };
    let home = desk.read(Markets::load).markets[0].clone();
    let swiss = MarketFacts { name: "Switzerland".to_owned(), ..MarketFacts::of(&home, Hours::default()) };
    let outcomes = [
        (
            "staff",
            sixteen(|_| {
                let (name, email) = ("Jon".to_owned(), "jon@shop.example".to_owned());
                let new = NewMember { name, email, role: Role::Packer, password_hash: None, reach: Reach::EVERYWHERE };
                desk.db.write_blocking(move |tx| staff::add(tx, &actor(), &new)).map(drop)
            }),
        ),
        (
            "way of paying",
            sixteen(|_| desk.db.write_blocking(move |tx| payment::add_method(tx, &actor(), "Klarna")).map(drop)),
        ),
        (
            "market",
            sixteen(|_| {
                let facts = swiss.clone();
                desk.db.write_blocking(move |tx| market::open(tx, &actor(), &facts)).map(drop)
            }),
        ),
        (
            "channel",
            sixteen(|_| {
                let (name, payment_method, home) = ("Fair".to_owned(), String::new(), home.slug.clone());
                let new = ChannelFacts { name, kind: ChannelKind::Manual, payment_method };
                desk.db.write_blocking(move |tx| market::add_channel(tx, &actor(), &home, &new)).map(drop)
            }),
        ),
    ];
    for (what, outcomes) in outcomes {
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{what}: {outcomes:?}");
        for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            let refusal = refused.refusal().unwrap_or_else(|| panic!("{what}: {refused}"));
            assert_eq!(refusal.fields.len(), 1, "{what}: {refusal:?}");
        }
    }
    let owner = desk.owner();
    let saved = sixteen(|_| {
        let stage = desk.read(Stages::load).find("shipped").unwrap().clone();
        let words = Wording { market: None, language: String::new(), body: "It is on its way.".to_owned() };
        desk.db.write_blocking(move |tx| announce::save(tx, &actor(), &stage, &[words]))
    });
    assert!(saved.iter().all(Result::is_ok), "{saved:?}");
    owner.see("/settings/stages/shipped").must_say("It is on its way.");
}

#[test]
fn who_waits_too_long_is_told_to_come_again() {
    let desk = TestDesk::open();
    let program = desk.program();
    let number = desk.order().at("confirmed").place();
    let path = format!("/api/orders/{number}/tags");
    let tag = |key: &str| program.send("POST", &path, &[("Idempotency-Key", key)], Some(&json!({"add": ["VIP"]})));
    assert_eq!(program.send("POST", &path, &[("Idempotency-Key", "first")], Some(&json!({"add": []}))).status, 200);
    let before = written(&desk);
    let busy = match desk.db.location() {
        // Another process holds the one lock of the file.
        Location::Sqlite(_) => while_held(&desk, &[], 11_000, || tag("second")),
        // Another process works under the same key, and one holds the order.
        Location::Postgres(_) => {
            let whose: String =
                request_keys::table.select(request_keys::credential).first(&mut desk.look_behind()).unwrap();
            let held = [
                format!(
                    "INSERT INTO request_keys (credential, request_key, fingerprint, status, body, created_at) \
                         VALUES ('{whose}', 'twin', 'f', 0, '', 0)"
                ),
                format!("SELECT id FROM orders WHERE number = {number} FOR UPDATE"),
            ];
            let twin = desk.program_called(program.token());
            let (twin, busy) = while_held(&desk, &held, 9_500, || {
                std::thread::scope(|scope| {
                    let body = json!({"add": ["VIP"]});
                    let path = &path;
                    let twin =
                        scope.spawn(move || twin.send("POST", path, &[("Idempotency-Key", "twin")], Some(&body)));
                    let busy = tag("second");
                    (twin.join().unwrap(), busy)
                })
            });
            twin.must_refuse(409, "idempotency.in_progress", "");
            assert_eq!(twin.header("retry-after"), "1");
            busy
        }
    };
    busy.must_refuse(503, "desk.busy", "");
    assert_eq!(busy.header("retry-after"), "1");
    assert_eq!(written(&desk), before);
    // The same request, sent again under the same key, is taken.
    assert_eq!(tag("second").status, 200);
    assert_ne!(written(&desk), before);
}
