//! When the desk cannot: something of it is broken, somebody else was faster, or the wait was too long.

use diesel::{QueryDsl, RunQueryDsl};
use serde_json::json;
use slipway::db::schema::request_keys;
use slipway::db::{Conn, Location};

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
