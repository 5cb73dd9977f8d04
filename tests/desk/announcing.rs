//! Customers are told that their order moved: once, when it can no longer be undone, and only if somebody wants it.

use diesel::connection::SimpleConnection;
use slipway::announce;
use slipway::conversation::{self, Message, MessageState};
use slipway::db::Conn;
use slipway::market::Markets;
use slipway::time::UtcTime;
use slipway::web;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// A shop that can write e-mails and tells customers of packed orders.
fn telling() -> (TestDesk, Person) {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let server = [
        ("host", "127.0.0.1"),
        ("port", "1"),
        ("secured", "nothing"),
        ("from_name", "Fern & Kiln"),
        ("from", "hello@fernandkiln.example"),
        ("do", "save"),
    ];
    assert_eq!(owner.post("/settings/mail", &server).status, 303);
    desk.write(|tx| web::set_setting(tx, "public_address", "https://desk.fernandkiln.example"));
    tells(&owner, "yes");
    (desk, owner)
}

fn tells(owner: &Person, message: &str) {
    let stage = [("label", "Packed"), ("colour", "info"), ("sla_unit", "hours"), ("message", message)];
    assert_eq!(owner.post("/settings/stages/processed", &stage).status, 303);
}

/// Reads the diary, so many seconds from now.
fn relay(desk: &TestDesk, seconds: i64) {
    let (db, now) = (desk.db.clone(), UtcTime::now().plus_seconds(seconds));
    tokio::runtime::Runtime::new().unwrap().block_on(async move { announce::relay(&db, now).await.unwrap() });
}

fn said(desk: &TestDesk, number: i64) -> Vec<Message> {
    let order = desk.look(number).id;
    desk.read(|conn| conversation::messages(conn, order))
}

fn pack(desk: &TestDesk, person: &Person, number: i64, more: &[(&str, &str)]) -> Reply {
    let version = desk.look(number).version.to_string();
    let mut fields = vec![("to", "processed"), ("version", version.as_str())];
    fields.extend_from_slice(more);
    person.post(&format!("/orders/{number}/moves"), &fields)
}

#[test]
fn a_move_shows_what_would_be_said_and_says_it_when_it_cannot_be_undone() {
    let (desk, owner) = telling();
    let number = desk.order().at("approved").place();
    let words = "Hello {{first name}},\n\n{{order number}} is {{stage}}.\n{{parcels}}\n\n{{customer page}}";
    assert_eq!(owner.post("/settings/stages/processed/message", &[("text", words)]).status, 303);
    let dialog = owner.see(&format!("/orders/{number}/moves/new?to=processed"));
    dialog.must_say("Send it by E-mail to eszter@example.com");
    dialog.must_say(&format!("Hello Eszter, #{number} is Packed. (the link to their page)"));
    assert!(!desk.packer().see(&format!("/orders/{number}/moves/new?to=processed")).says("eszter@example.com"));
    owner.see(&format!("/orders/{number}")).must_say("Mark as packed…");
    assert_eq!(pack(&desk, &owner, number, &[("asked", "1"), ("tell", "1")]).status, 303);
    for _ in 0..2 {
        relay(&desk, 0);
    }
    let all = said(&desk, number);
    assert_eq!(all.len(), 1, "{all:?}");
    let due = all[0].due_at.unwrap().seconds_since(UtcTime::now());
    assert!((500..=600).contains(&due), "it waits for the undo: {due}");
    assert_eq!((all[0].state, all[0].author_name.as_str()), (MessageState::Queued, "Automatic message"));
    let (first, link) = all[0].body.rsplit_once("\n\n").unwrap();
    assert_eq!(first, format!("Hello Eszter,\n\n#{number} is Packed."));
    let page = link.strip_prefix("https://desk.fernandkiln.example").unwrap();
    desk.visitor().see(page).must_say(&format!("Order #{number}"));
    owner.see(&format!("/orders/{number}")).must_say("e-mail · will be sent");

    // Taken back in time, nothing is said; moved again, it is.
    let version = desk.look(number).version.to_string();
    assert_eq!(owner.post(&format!("/orders/{number}/moves/undo"), &[("version", &version)]).status, 303);
    relay(&desk, 0);
    assert_eq!(said(&desk, number)[0].state, MessageState::Withdrawn);
    owner.see(&format!("/orders/{number}")).must_say("taken back, not sent");
    assert_eq!(pack(&desk, &owner, number, &[]).status, 303);
    relay(&desk, 0);
    let all = said(&desk, number);
    assert_eq!((all.len(), all[1].state), (2, MessageState::Queued));
}

#[test]
fn whoever_unticks_it_says_nothing_and_a_stage_is_told_once() {
    let (desk, owner) = telling();
    let silent = desk.order().at("approved").place();
    assert_eq!(pack(&desk, &owner, silent, &[("asked", "1")]).status, 303);
    relay(&desk, 0);
    assert!(said(&desk, silent).is_empty());

    let number = desk.order().at("approved").place();
    assert_eq!(pack(&desk, &owner, number, &[]).status, 303);
    relay(&desk, 0);
    assert_eq!(said(&desk, number).len(), 1);
    for (to, reason) in [("approved", "mistake"), ("processed", "")] {
        let version = desk.look(number).version.to_string();
        let fields = [("to", to), ("version", version.as_str()), ("reason", reason)];
        let moved = owner.post(&format!("/orders/{number}/moves"), &fields);
        assert_eq!(moved.status, 303, "{}", moved.words());
        relay(&desk, 0);
    }
    assert_eq!(desk.look(number).stage, "processed");
    assert_eq!(said(&desk, number).len(), 1, "they know it");

    tells(&owner, "");
    let quiet = desk.order().at("approved").place();
    assert!(!owner.see(&format!("/orders/{quiet}/moves/new?to=processed")).says("Send it by"));
    pack(&desk, &owner, quiet, &[]);
    relay(&desk, 0);
    assert!(said(&desk, quiet).is_empty());
}

#[test]
fn each_parcel_that_leaves_alone_is_told_of_and_the_last_one_with_the_order() {
    let (desk, owner) = telling();
    let stage = [("label", "Shipped"), ("colour", "ok"), ("sla_unit", "hours"), ("message", "yes")];
    assert_eq!(owner.post("/settings/stages/shipped", &stage).status, 303);
    tells(&owner, "");
    let number = desk.order().line("MUG", "Mug", 1, 1_000).line("BOWL", "Bowl", 1, 3_000).at("approved").place();
    let (program, order) = (desk.program(), format!("/api/orders/{number}"));
    let lines = program.see(&order)["items"].as_array().unwrap().clone();
    let parcels = [0, 1].map(|which: usize| {
        let units = serde_json::json!({"lines": [{"line_id": lines[which]["line_id"], "quantity": 1}]});
        let made = program.must_post(&format!("{order}/shipments"), &units);
        made["shipment"]["id"].as_str().unwrap().to_owned()
    });
    let step = |parcel: &str, what: &str, tracking: &str| {
        let body = match tracking {
            "" => serde_json::json!({}),
            number => serde_json::json!({"tracking": {"number": number}}),
        };
        program.must_post(&format!("/api/shipments/{parcel}/{what}"), &body);
        for _ in 0..2 {
            relay(&desk, 0);
        }
        said(&desk, number)
    };
    assert!(step(&parcels[0], "pack", "").is_empty());
    let first = step(&parcels[0], "ship", "1Z5R89390357567127");
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].body.contains("UPS 1Z5R89390357567127: https://www.ups.com/"), "{}", first[0].body);
    assert_eq!((first[0].state, desk.look(number).stage.as_str()), (MessageState::Queued, "processed"));
    // Taken back in time, nobody is told; sent again, they are.
    let version = desk.look(number).version.to_string();
    let back = [("to", "packed"), ("version", version.as_str())];
    assert_eq!(owner.post(&format!("/orders/{number}/parcels/{}", parcels[0]), &back).status, 303);
    relay(&desk, 0);
    assert_eq!(said(&desk, number)[0].state, MessageState::Withdrawn);
    assert_eq!(step(&parcels[0], "ship", "").len(), 2);
    // The last one makes the order Shipped, which tells of everything.
    step(&parcels[1], "pack", "");
    let all = step(&parcels[1], "ship", "JVGL0612");
    assert_eq!((all.len(), desk.look(number).stage.as_str()), (3, "shipped"));
    assert!(all[2].body.contains("1Z5R89390357567127") && all[2].body.contains("JVGL0612"), "{}", all[2].body);
}

#[test]
fn a_customer_who_cannot_be_reached_and_old_news_hold_nothing_up() {
    let (desk, owner) = telling();
    let nobody = desk.order().customer("Nobody", "").at("approved").place();
    assert!(!owner.see(&format!("/orders/{nobody}/moves/new?to=processed")).says("Send it by"));
    assert_eq!(pack(&desk, &owner, nobody, &[("asked", "1"), ("tell", "1")]).status, 303);
    let number = desk.order().at("approved").place();
    pack(&desk, &owner, number, &[]);
    relay(&desk, 0);
    assert_eq!((said(&desk, nobody).len(), said(&desk, number).len()), (0, 1));
    let old = desk.order().at("approved").place();
    pack(&desk, &owner, old, &[]);
    relay(&desk, 2 * 86_400);
    assert!(said(&desk, old).is_empty(), "they have long found out");
    // Walking past a stage tells nobody of it.
    let far = desk.order().at("confirmed").place();
    let sent = desk.program().put(&format!("/api/orders/ORD{far}/status"), &serde_json::json!({ "status": "shipped" }));
    assert_eq!(sent.status, 200, "{}", sent.text());
    relay(&desk, 0);
    assert!(said(&desk, far).is_empty());
}

#[test]
fn programs_and_bulk_moves_tell_too_unless_they_say_not_to() {
    let (desk, owner) = telling();
    let program = desk.program();
    for (silent, expected) in [(false, 1), (true, 0)] {
        let number = desk.order().at("approved").place();
        let wanted = serde_json::json!({ "status": "processed", "silent": silent });
        assert_eq!(program.put(&format!("/api/orders/ORD{number}/status"), &wanted).status, 200);
        relay(&desk, 0);
        assert_eq!(said(&desk, number).len(), expected);
        if !silent {
            let due = said(&desk, number)[0].due_at.unwrap();
            assert!(due <= UtcTime::now(), "nothing can be undone, so nothing waits");
        }
    }
    for (silent, expected) in [(false, 1), (true, 0)] {
        let number = desk.order().at("approved").place();
        let wanted = serde_json::json!({
            "ids": [format!("ORD{number}")], "action": "move", "args": { "status": "processed", "silent": silent },
        });
        assert_eq!(program.post("/api/orders/bulk", &wanted).status, 200);
        relay(&desk, 0);
        assert_eq!(said(&desk, number).len(), expected, "in bulk");
    }
    for (tell, expected) in [("1", 1), ("", 0)] {
        let number = desk.order().at("approved").place();
        let text = number.to_string();
        let asked = owner.post("/orders/bulk", &[("do", "move"), ("o", &text), ("back", "/orders")]);
        asked.must_say("Tell the customers");
        let fields = [
            ("do", "move"),
            ("o", text.as_str()),
            ("to", "processed"),
            ("asked", "1"),
            ("tell", tell),
            ("back", "/orders"),
        ];
        assert_eq!(owner.post("/orders/bulk", &fields).status, 303);
        relay(&desk, 0);
        assert_eq!(said(&desk, number).len(), expected, "{tell}");
    }
}

#[test]
fn desks_side_by_side_tell_a_customer_once() {
    let (desk, owner) = telling();
    let orders: Vec<i64> = (0..4).map(|_| desk.order().at("approved").place()).collect();
    for number in &orders {
        assert_eq!(pack(&desk, &owner, *number, &[]).status, 303);
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let db = desk.db.clone();
            scope.spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                runtime.block_on(async move { announce::relay(&db, UtcTime::now()).await.unwrap() });
            });
        }
    });
    for number in orders {
        assert_eq!(said(&desk, number).len(), 1);
    }
}

#[test]
fn words_written_with_single_braces_are_written_the_one_way() {
    let (desk, _) = telling();
    let old = "INSERT INTO stage_messages (stage, market_id, body) \
               VALUES ('processed', NULL, 'Hi {first_name}, {order} {tracking} {page} {colour}')";
    let change = include_str!("../../migrations/common/2026-11-22-601000_write_variables_one_way/up.sql");
    match desk.look_behind() {
        Conn::Pg(mut conn) => conn.batch_execute(&format!("{old};{change}")).unwrap(),
        Conn::Sqlite(mut conn) => conn.batch_execute(&format!("{old};{change}")).unwrap(),
    }
    let words = desk.read(|conn| announce::wordings(conn, "processed"));
    assert_eq!(words[0].body, "Hi {{first name}}, {{order number}} {{parcels}} {{customer page}} {colour}");
}

#[test]
fn each_market_may_say_something_of_its_own_or_nothing() {
    let (desk, owner) = telling();
    let page = owner.see("/settings/stages/processed");
    page.must_say("Message to the customer");
    assert!(page.text().contains("is packed and leaves soon"), "what is usually said stands there");
    assert!(!page.says("Something else"), "there is one market");
    let refused = owner.post("/settings/stages/processed/message", &[("text", "Hello {{colour}}")]);
    assert_eq!(refused.status, 400);
    refused.must_say("{{colour}} stands for nothing. Known are {{first name}}, {{name}}");
    assert!(refused.text().contains("Hello {{colour}}</textarea>"), "what was typed stays");
    let home = desk.read(|conn| Markets::load(conn).map(|markets| markets.home().unwrap().slug.clone()));
    for (mode, text, expected) in
        [("own", "Dag {{first name}}", Some("Dag Eszter")), ("silent", "", None), ("same", "", Some("Hi Eszter"))]
    {
        let fields = [("text", "Hi {{first name}}"), ("market", home.as_str()), ("mode", mode), ("market_text", text)];
        assert_eq!(owner.post("/settings/stages/processed/message", &fields).status, 303);
        let number = desk.order().at("approved").place();
        pack(&desk, &owner, number, &[]);
        relay(&desk, 0);
        assert_eq!(said(&desk, number).first().map(|message| message.body.as_str()), expected);
    }
    let empty = [("text", ""), ("market", home.as_str()), ("mode", "own"), ("market_text", " ")];
    assert_eq!(owner.post("/settings/stages/processed/message", &empty).status, 400);
    assert_eq!(desk.support().post("/settings/stages/processed/message", &[("text", "x")]).status, 403);
}
