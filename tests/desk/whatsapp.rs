//! WhatsApp: what it posts is known by its signature, becomes orders and messages once, and is never lost.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use slipway::actor::Actor;
use slipway::catalog::{self, NewProduct};
use slipway::conversation::{self, Direction, Message};
use slipway::order::Order;
use slipway::reach::Reach;
use slipway::time::UtcTime;
use slipway::whatsapp::{self, account::Typed};
use slipway::{market, moves, order};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};
use crate::support::receiver::{Manner, Receiver};

const SECRET: &str = "1222e786b144d0e85b9f365372d93676";
pub const PHONE: &str = "36305550142";
/// Names the folder of bodies that others recorded.
const RECORDED: &str = "SLIPWAY_WHATSAPP_DATA";
const ANA: Actor = Actor::System { name: "Ana" };

pub fn signed(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body);
    let hash = mac.finalize().into_bytes();
    hash.iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Posts a body as WhatsApp does, with this signature.
fn post_signed(person: &Person, body: &[u8], signature: &str) -> Reply {
    let headers = [("Content-Type", "application/json"), ("X-Hub-Signature-256", signature)];
    person.send("POST", "/whatsapp", &headers, Some(body.to_vec()))
}

pub fn post(person: &Person, body: &Value) -> Reply {
    let bytes = body.to_string().into_bytes();
    post_signed(person, &bytes, &signed(SECRET, &bytes))
}

/// A body around a value.
pub fn body(value: Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})
}

/// A body with messages of Eszter.
pub fn from_eszter(messages: Vec<Value>) -> Value {
    body(json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "31201234567", "phone_number_id": "1122334455667"},
        "contacts": [{"profile": {"name": "Eszter K."}, "wa_id": PHONE, "user_id": "HU.77"}],
        "messages": messages,
    }))
}

fn message(id: &str, kind: &str, content: Value) -> Value {
    let at = UtcTime::now().0 / 1_000_000;
    json!({"from": PHONE, "id": id, "timestamp": at.to_string(), "type": kind, kind: content})
}

pub fn text(id: &str, body: &str) -> Value {
    message(id, "text", json!({"body": body}))
}

fn item(sku: &str, quantity: i64, price: f64) -> Value {
    json!({"product_retailer_id": sku, "quantity": quantity, "item_price": price, "currency": "EUR"})
}

fn cart(id: &str, items: Vec<Value>) -> Value {
    message(id, "order", json!({"catalog_id": "35", "text": "Please wrap it", "product_items": items}))
}

impl TestDesk {
    /// Connects WhatsApp.
    pub fn connect_whatsapp(&self, graph: &str) {
        let typed = Typed {
            is_on: Some("1".into()),
            number: "1122334455667".into(),
            token: "EAAGm0PX4ZCpsBAtoken".into(),
            app_secret: SECRET.into(),
            graph: graph.into(),
            ..Typed::default()
        };
        self.write(move |tx| whatsapp::keep_account(tx, &ANA, &typed));
    }
    /// With WhatsApp connected.
    pub fn with_whatsapp() -> Self {
        let desk = TestDesk::open();
        desk.connect_whatsapp("http://127.0.0.1:9");
        desk
    }
    fn mug(&self) {
        let new = NewProduct {
            sku: "MUG".into(),
            title: "Mug, oat glaze".into(),
            price_minor: 2850,
            ..NewProduct::default()
        };
        self.write(move |tx| catalog::create(tx, &new));
    }
    /// Every order, oldest first.
    fn orders(&self) -> Vec<Order> {
        let numbers: Vec<i64> = (1..200_000).collect();
        let mut found = Vec::new();
        self.read(|conn| {
            for chunk in numbers.chunks(20_000) {
                found.extend(order::find_many(conn, &Reach::EVERYWHERE, chunk)?);
            }
            Ok(())
        });
        found.sort_by_key(|order| order.number);
        found
    }
    /// Messages of an order.
    pub fn said(&self, number: i64) -> Vec<Message> {
        let id = self.look(number).id;
        self.read(|conn| conversation::messages(conn, id))
    }
    /// What they say.
    pub fn bodies(&self, number: i64) -> Vec<String> {
        self.said(number).into_iter().map(|message| message.body).collect()
    }
    /// An order of Eszter with her number as she writes it.
    pub fn order_of_eszter(&self, stage: &str) -> i64 {
        self.order().with(|draft| draft.phone = "+36 30 555 0142".into()).at(stage).place()
    }
}

#[test]
fn the_address_is_proved_with_the_word_the_shop_was_shown() {
    let desk = TestDesk::with_whatsapp();
    let page = desk.owner().see("/settings/whatsapp").text();
    let token = page.split("id=\"verify\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert!(token.len() >= 32);
    let visitor = desk.visitor();
    let ask = |mode: &str, token: &str| {
        visitor.get(&format!("/whatsapp?hub.mode={mode}&hub.challenge=1158201444&hub.verify_token={token}"))
    };
    let proved = ask("subscribe", &token);
    assert_eq!((proved.status, proved.text().as_str()), (200, "1158201444"));
    assert!(proved.header("content-type").starts_with("text/plain"));
    assert_eq!(ask("subscribe", "meatyhamhock").status, 403);
    assert_eq!(ask("subscribe", "").status, 403);
    assert_eq!(ask("unsubscribe", &token).status, 403);
    assert_eq!(visitor.get("/whatsapp").status, 403);
    // Another one takes its place at once.
    assert_eq!(desk.owner().post("/settings/whatsapp/verify-token", &[]).status, 303);
    assert_eq!(ask("subscribe", &token).status, 403);
}

#[test]
fn what_is_not_signed_with_our_secret_is_refused_and_nothing_written() {
    let desk = TestDesk::with_whatsapp();
    let visitor = desk.visitor();
    let body = from_eszter(vec![cart("wamid.1", vec![item("MUG", 1, 28.5)])]).to_string().into_bytes();
    let good = signed(SECRET, &body);
    for bad in ["", "sha256=", &good[7..], &signed("another", &body), &signed(SECRET, b"{}"), "sha256=zz", "sha1=00"] {
        let refused = post_signed(&visitor, &body, bad);
        assert_eq!(refused.status, 401, "{bad}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    let unsigned = visitor.send("POST", "/whatsapp", &[("Content-Type", "application/json")], Some(body.clone()));
    assert_eq!(unsigned.status, 401);
    assert!(desk.orders().is_empty());
    assert!(desk.read(whatsapp::seen).is_none());
    // A good signature in capitals is the same number.
    assert_eq!(post_signed(&visitor, &body, &good.to_uppercase()).status, 200);
    assert_eq!(desk.orders().len(), 1);
}

#[test]
fn a_cart_becomes_an_order_at_once_and_only_once() {
    let desk = TestDesk::with_whatsapp();
    desk.mug();
    let visitor = desk.visitor();
    let sent = from_eszter(vec![cart("wamid.cart", vec![item("MUG", 2, 28.5)])]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    assert_eq!(post(&desk.visitor(), &sent).status, 200);
                }
            });
        }
    });
    let orders = desk.orders();
    assert_eq!(orders.len(), 1);
    let made = &orders[0];
    assert_eq!((made.stage.as_str(), made.total_minor, made.currency.code()), ("placed", 5700, "EUR"));
    assert_eq!((made.customer_name.as_str(), made.phone.as_str()), ("Eszter K.", "+36305550142"));
    assert_eq!((made.customer_note.as_str(), made.source_ref.as_deref()), ("Please wrap it", Some("wamid.cart")));
    assert!(made.customer_id.is_some());
    let lines = desk.read(|conn| order::lines(conn, made.id));
    assert_eq!((lines[0].title.as_str(), lines[0].quantity, lines[0].sku.as_str()), ("Mug, oat glaze", 2, "MUG"));
    let channel = desk.read(|conn| {
        let markets = market::Markets::load(conn)?;
        Ok(markets.channel(made.channel_id).unwrap().clone())
    });
    assert_eq!((channel.slug.as_str(), channel.kind.as_str()), ("whatsapp", "whatsapp"));
    assert!(desk.read(|conn| moves::open_holds(conn, made.id)).is_empty());
    // The same customer again, by number.
    assert_eq!(post(&visitor, &from_eszter(vec![cart("wamid.cart2", vec![item("MUG", 1, 28.5)])])).status, 200);
    assert_eq!(desk.orders()[1].customer_id, made.customer_id);
    desk.owner().see("/settings/whatsapp").must_say("about the number 31201234567");
}

#[test]
fn what_is_odd_about_a_cart_is_said_and_the_order_held() {
    let desk = TestDesk::with_whatsapp();
    desk.mug();
    let items = vec![item("MUG", 2, 20.0), item("VASE", 1, 12.0), json!({"quantity": "x"})];
    assert_eq!(post(&desk.visitor(), &from_eszter(vec![cart("wamid.1", items)])).status, 200);
    let order = desk.orders().remove(0);
    assert_eq!((order.stage.as_str(), order.total_minor), ("on_hold", 5200));
    assert_eq!(order.resume_stage.as_deref(), Some("placed"));
    let note = desk.read(|conn| moves::open_holds(conn, order.id)).remove(0).note;
    for told in ["these SKUs: VASE, An item without an SKU", "MUG is €20.00 in the cart and €28.50 in the shop"] {
        assert!(note.contains(told), "{note}");
    }
    desk.owner().see(&format!("/orders/{}", order.number)).must_say("MUG is €20.00 in the cart");
    // In another currency the order keeps it.
    let foreign = json!({"product_retailer_id": "MUG", "quantity": 1, "item_price": 30, "currency": "ILS"});
    post(&desk.visitor(), &from_eszter(vec![cart("wamid.2", vec![foreign])]));
    let order = desk.orders().remove(1);
    assert_eq!((order.stage.as_str(), order.currency.code(), order.total_minor), ("on_hold", "ILS", 3000));
}

#[test]
fn what_a_customer_writes_joins_the_conversation_of_their_newest_open_order() {
    let desk = TestDesk::with_whatsapp();
    let older = desk.order_of_eszter("confirmed");
    let open = desk.order_of_eszter("confirmed");
    let over = desk.order_of_eszter("delivered");
    let visitor = desk.visitor();
    let reply = |id: &str, about: &str| {
        let mut reply = text(id, "About that one");
        reply["context"] = json!({"from": "31201234567", "id": about});
        reply
    };
    assert_eq!(
        post(&visitor, &from_eszter(vec![text("wamid.1", "Is it ready?"), text("wamid.2", "Hello?")])).status,
        200
    );
    assert_eq!(desk.bodies(open), ["Is it ready?", "Hello?"]);
    assert_eq!(desk.look(open).unread_count, 2);
    let said = desk.said(open).remove(0);
    assert_eq!(
        (said.direction, said.transport.as_str(), said.author_name.as_str()),
        (Direction::In, "whatsapp", "Eszter K.")
    );
    // Once the order is over the next one open is meant, unless a message answers one of that order.
    desk.write(move |tx| {
        let request = moves::MoveRequest {
            reason: "customer".into(),
            refund: moves::RefundChoice::All,
            ..moves::MoveRequest::to("cancelled")
        };
        moves::move_to_stage(tx, &ANA, open, &request)
    });
    post(&visitor, &from_eszter(vec![text("wamid.3", "And the other?"), reply("wamid.4", "wamid.1")]));
    assert_eq!(desk.bodies(older), ["And the other?"]);
    assert_eq!(desk.bodies(open).last().map(String::as_str), Some("About that one"));
    assert!(desk.bodies(over).is_empty());
    // The same again, and out of order, changes nothing.
    post(&visitor, &from_eszter(vec![reply("wamid.4", "wamid.1"), text("wamid.1", "Is it ready?")]));
    assert_eq!((desk.bodies(open).len(), desk.bodies(older).len()), (3, 1));
    desk.owner().see(&format!("/orders/{older}")).must_say("And the other? Eszter K. · WhatsApp");
}

#[test]
fn whoever_has_no_order_is_listed_until_they_have_one() {
    let desk = TestDesk::with_whatsapp();
    let (owner, visitor) = (desk.owner(), desk.visitor());
    post(&visitor, &from_eszter(vec![text("wamid.1", "Do you ship to Hungary?")]));
    owner.see("/attention").must_say("Somebody wrote by WhatsApp and has no order");
    let page = desk.support().see("/whatsapp/senders");
    page.must_say("Eszter K. +36305550142 Do you ship to Hungary?");
    assert_eq!(desk.packer().get("/whatsapp/senders").status, 403);
    assert!(!desk.packer().see("/attention").says("by WhatsApp"));
    let refused = owner.post("/whatsapp/senders", &[("sender", PHONE), ("order", "#999"), ("do", "attach")]);
    assert_eq!(refused.status, 400);
    refused.must_say("Enter the number of an order of this shop.");
    // A cart of theirs brings it along.
    post(&visitor, &from_eszter(vec![cart("wamid.2", vec![item("MUG", 1, 5.0)])]));
    let number = desk.orders()[0].number;
    assert_eq!(desk.bodies(number), ["Do you ship to Hungary?"]);
    owner.see("/whatsapp/senders").must_say("Nobody waits");
    // So does an order made another way, and somebody who knows which one is meant.
    let other = |id: &str, phone: &str| {
        body(json!({"messages": [{"from": phone, "id": id, "type": "text", "text": {"body": id}}]}))
    };
    for (id, phone) in [("one", "31612345678"), ("two", "31698765432"), ("three", "31611111111")] {
        assert_eq!(post(&visitor, &other(id, phone)).status, 200);
    }
    let by_hand = desk.order().with(|draft| draft.phone = "06-12345678".into()).place();
    assert_eq!(desk.write(whatsapp::gather_loose), 1);
    assert_eq!(desk.bodies(by_hand), ["one"]);
    let there = owner
        .post("/whatsapp/senders", &[("sender", "31698765432"), ("order", &format!("#{by_hand}")), ("do", "attach")]);
    assert_eq!(there.location(), format!("/orders/{by_hand}"));
    assert_eq!(desk.bodies(by_hand), ["one", "two"]);
    assert_eq!(owner.post("/whatsapp/senders", &[("sender", "31611111111"), ("do", "dismiss")]).status, 303);
    owner.see("/whatsapp/senders").must_say("Nobody waits");
}

#[test]
fn every_kind_of_message_reads_as_words_and_the_rest_is_kept() {
    let desk = TestDesk::with_whatsapp();
    let number = desk.order_of_eszter("confirmed");
    let kinds = vec![
        text("w1", "See the picture"),
        message("w2", "image", json!({"id": "88", "mime_type": "image/jpeg", "caption": "A crack"})),
        message("w3", "reaction", json!({"message_id": "w1", "emoji": "🎁"})),
        message("w4", "location", json!({"latitude": 37.5, "longitude": -122.2, "name": "Home"})),
        message("w5", "hologram", json!({"x": 1})),
        message(
            "w6",
            "edit",
            json!({"original_message_id": "w1", "message": {"type": "text", "text": {"body": "See both"}}}),
        ),
        message("w7", "revoke", json!({"original_message_id": "w1"})),
        message("w8", "system", json!({"type": "user_changed_number", "wa_id": "36701234567", "body": "x"})),
    ];
    assert_eq!(post(&desk.visitor(), &from_eszter(kinds)).status, 200);
    let after = body(
        json!({"messages": [{"from": "36701234567", "id": "w9", "type": "text", "text": {"body": "New telephone"}}]}),
    );
    post(&desk.visitor(), &after);
    assert_eq!(
        desk.bodies(number)[..],
        [
            "See the picture",
            "Photo\nA crack",
            "Reacted with 🎁\n“See the picture”",
            "Location: Home (37.5, -122.2)",
            "Sent something that this desk does not know (hologram).",
            "Changed a message. It now says:\nSee both",
            "Deleted a message that was sent before.\n“See the picture”",
            "WhatsApp: this customer changed their number to +36701234567.",
            "New telephone",
        ]
        .map(str::to_owned)
    );
    // A change of the account is told in the settings.
    let notice = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "account_update", "value": {"event": "DISABLED_UPDATE"}}]}]});
    assert_eq!(post(&desk.visitor(), &notice).status, 200);
    desk.owner().see("/settings/whatsapp").must_say("account update: DISABLED_UPDATE");
}

#[test]
fn what_was_sent_from_the_telephone_joins_too() {
    let desk = TestDesk::with_whatsapp();
    let number = desk.order_of_eszter("confirmed");
    let echo = json!({"from": "31201234567", "to": PHONE, "id": "e1", "timestamp": "1697043223", "type": "text", "text": {"body": "On its way"}});
    let value = json!({"message_echoes": [echo]});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "smb_message_echoes", "value": value}]}]});
    assert_eq!(post(&desk.visitor(), &body).status, 200);
    let said = desk.said(number).remove(0);
    assert_eq!((said.direction, said.author_name.as_str()), (Direction::Out, "WhatsApp on the telephone"));
    assert_eq!(desk.look(number).unread_count, 0);
}

#[test]
fn bad_bodies_get_clear_answers_and_the_next_one_is_taken() {
    let desk = TestDesk::with_whatsapp();
    let number = desk.order_of_eszter("confirmed");
    let visitor = desk.visitor();
    let raw = |bytes: &[u8]| post_signed(&visitor, bytes, &signed(SECRET, bytes)).status;
    assert_eq!(raw(b""), 400);
    assert_eq!(raw(b"{"), 400);
    assert_eq!(raw(b"\xff\xfe"), 400);
    assert_eq!(raw("[".repeat(200_000).as_bytes()), 400);
    let nested = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    assert_eq!(raw(nested.as_bytes()), 400);
    assert_eq!(raw(format!("{{\"object\":\"{}\"}}", "x".repeat(5 << 20)).as_bytes()), 413);
    for fine in
        ["null", "7", "[]", "{}", "{\"object\":\"page\"}", "{\"object\":\"whatsapp_business_account\",\"entry\":{}}"]
    {
        assert_eq!(raw(fine.as_bytes()), 200, "{fine}");
    }
    let script = "<script>alert(1)</script> \u{202e}evil\u{200b}";
    let long = "é".repeat(10_000);
    let odd = vec![
        text("w1", script),
        text("w2", &long),
        text("w3", "zero \u{0} here"),
        json!({"type": 7, "id": {}}),
        json!("x"),
    ];
    assert_eq!(post(&visitor, &from_eszter(odd)).status, 200);
    let bodies = desk.bodies(number);
    assert_eq!((bodies[0].as_str(), bodies[1].chars().count(), bodies[2].as_str()), (script, 10_000, "zero  here"));
    let page = desk.owner().see(&format!("/orders/{number}"));
    page.must_say("<script>alert(1)</script> evil");
    assert!(!page.text().contains("<script>alert") && !page.text().contains('\u{202e}'));
    // A name that turns the text around or never ends is tamed before it becomes a customer's.
    let name = format!("\u{202e}Eve\0{}", "x".repeat(400));
    let mut sent = from_eszter(vec![cart("c1", vec![item("A", 1, 1.0)])]);
    sent["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"] = json!(name);
    assert_eq!(post(&visitor, &sent).status, 200);
    let made = desk.orders().pop().unwrap();
    assert!(made.customer_name.starts_with("Evex") && made.customer_name.len() == 200, "{}", made.customer_name);
}

#[test]
fn switched_off_it_asks_for_another_try_later() {
    let desk = TestDesk::with_whatsapp();
    let owner = desk.owner();
    let fields = [
        ("number", "1122334455667"),
        ("token", ""),
        ("app_secret", ""),
        ("graph", ""),
        ("version", ""),
        ("channel", "whatsapp"),
    ];
    assert_eq!(owner.post("/settings/whatsapp", &fields).status, 303);
    let sent = from_eszter(vec![text("w1", "Hello")]);
    let later = post(&desk.visitor(), &sent);
    assert_eq!((later.status, later.header("retry-after")), (503, "600"));
    let mut on = fields.to_vec();
    on.push(("is_on", "1"));
    assert_eq!(owner.post("/settings/whatsapp", &on).status, 303);
    assert_eq!(post(&desk.visitor(), &sent).status, 200);
}

#[test]
fn the_settings_keep_secrets_to_themselves() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let page = owner.see("/settings/whatsapp");
    page.must_say("Nothing has come from WhatsApp yet.");
    page.must_say("Meta only calls addresses that begin with https://");
    let wrong = [
        ("is_on", "1"),
        ("number", "+31 20"),
        ("token", "has spaces in it"),
        ("app_secret", ""),
        ("graph", "ftp://x"),
        ("version", "9"),
        ("channel", ""),
    ];
    let refused = owner.post("/settings/whatsapp", &wrong);
    assert_eq!(refused.status, 400);
    for told in [
        "Enter the phone number ID",
        "Copy this as it stands at Meta",
        "Enter the app secret",
        "Enter a version of the Graph API",
    ] {
        refused.must_say(told);
    }
    assert!(!refused.text().contains("has spaces in it"));
    let right = [
        ("is_on", "1"),
        ("number", "1122"),
        ("token", "EAAGm0PX4ZCps"),
        ("app_secret", SECRET),
        ("graph", ""),
        ("version", ""),
        ("channel", ""),
    ];
    assert_eq!(owner.post("/settings/whatsapp", &right).status, 303);
    let page = owner.see("/settings/whatsapp");
    assert!(!page.text().contains("EAAGm0PX4ZCps") && !page.text().contains(SECRET));
    page.must_say("Kept: …ZCps.");
    let diary = owner.see("/settings/shop");
    diary.must_say("access token of WhatsApp");
    assert!(!diary.text().contains("ZCps") && !diary.text().contains(SECRET));
    let unknown =
        [("number", ""), ("token", ""), ("app_secret", ""), ("graph", ""), ("version", ""), ("channel", "nowhere")];
    assert_eq!(owner.post("/settings/whatsapp", &unknown).status, 400);
    for person in [desk.packer(), desk.support()] {
        assert_eq!(person.get("/settings/whatsapp").status, 403);
    }
    assert_eq!(desk.manager().get("/settings/whatsapp").status, 200);
}

#[test]
fn what_was_written_down_and_not_taken_is_taken_by_the_worker() {
    let desk = TestDesk::with_whatsapp();
    let number = desk.order_of_eszter("confirmed");
    // More than are taken before the answer.
    let many: Vec<Value> = (0..45).map(|at| text(&format!("w{at}"), &at.to_string())).collect();
    assert_eq!(post(&desk.visitor(), &from_eszter(many)).status, 200);
    assert_eq!(desk.bodies(number).len(), 20);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    while runtime.block_on(whatsapp::take_waiting(&desk.db)).unwrap() > 0 {}
    let wanted: Vec<String> = (0..45).map(|at| at.to_string()).collect();
    assert_eq!(desk.bodies(number), wanted);
}

#[test]
fn erasing_somebody_takes_what_they_wrote() {
    let desk = TestDesk::with_whatsapp();
    let number = desk.order_of_eszter("confirmed");
    post(&desk.visitor(), &from_eszter(vec![text("w1", "My door code is 4711")]));
    let id = desk.look(number).id;
    desk.write(move |tx| whatsapp::erase(tx, &[id], &[PHONE.to_owned()], "Erased person"));
    let mut conn = desk.look_behind();
    let left: i64 = {
        use diesel::prelude::*;
        use slipway::db::schema::whatsapp_messages as kept;
        let theirs = kept::phone.eq(PHONE).or(kept::body.like("%4711%")).or(kept::sender_name.eq("Eszter K."));
        kept::table.filter(theirs).count().get_result(&mut conn).unwrap()
    };
    assert_eq!(left, 0);
}

/// Bodies that others recorded, if the folder is at hand: every one is taken, twice, and something sensible
/// comes of it.
#[test]
fn recorded_bodies_are_taken() {
    let Some(folder) = std::env::var_os(RECORDED) else { return };
    let desk = TestDesk::with_whatsapp();
    let visitor = desk.visitor();
    let number = desk.order().with(|draft| draft.phone = "+972987654321".into()).at("confirmed").place();
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let (mut bodies, mut carts) = (0, 0);
    for path in names.iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let content = std::fs::read_to_string(path).unwrap();
        let value: Value = serde_json::from_str(&content).unwrap();
        if value.get("object").is_none() {
            vectors(&desk, &value);
            continue;
        }
        // They were recorded with the same few names.
        let content = content.replace("\"id\": \"wamid.", &format!("\"id\": \"wamid.{file}."));
        let content = content.replace("\"<WHATSAPP_MESSAGE_ID>\"", &format!("\"{file}\""));
        for _ in 0..2 {
            let answer = post_signed(&visitor, content.as_bytes(), &signed(SECRET, content.as_bytes()));
            assert_eq!(answer.status, 200, "{file}: {}", answer.text());
        }
        bodies += 1;
        carts += i32::from(file.contains("order"));
    }
    assert!(bodies >= 40 && carts >= 1, "{bodies} bodies, {carts} carts");
    assert_eq!(desk.read(whatsapp::unsettled), 0);
    let orders = desk.orders();
    assert_eq!(orders.len() as i32, 1 + carts, "each cart one order");
    for made in orders.iter().filter(|order| order.number != number) {
        assert_eq!(made.stage, "on_hold");
        let lines = desk.read(|conn| order::lines(conn, made.id));
        assert!(!lines.is_empty() && lines.iter().all(|line| !line.title.is_empty()));
    }
    let said: Vec<String> = orders.iter().flat_map(|order| desk.bodies(order.number)).collect();
    assert!(said.len() > 20, "{said:#?}");
    assert!(said.iter().all(|body| !body.trim().is_empty() && !body.contains("does not know")), "{said:#?}");
    let page = desk.owner().see("/settings/whatsapp");
    assert!(!page.says("Could not be taken"));
}

/// Signatures and the handshake, as recorded.
fn vectors(desk: &TestDesk, recorded: &Value) {
    let one = [recorded.clone()];
    for vector in recorded.as_array().map_or(&one[..], Vec::as_slice) {
        let Some(valid) = vector["valid"].as_bool() else { continue };
        let (secret, header) =
            (vector["app_secret"].as_str().unwrap(), vector["x_hub_signature_256"].as_str().unwrap());
        let body = vector["body"].as_str().or_else(|| vector["body_utf8"].as_str()).unwrap().as_bytes();
        assert_eq!(secret, SECRET);
        let answer = post_signed(&desk.visitor(), body, header);
        assert_eq!(answer.status, if valid { 200 } else { 401 }, "{}", vector["note"]);
    }
}

#[test]
fn a_file_that_a_customer_sends_joins_the_conversation() {
    let (desk, graph) = (TestDesk::open(), Receiver::open(Manner::Says(500, "")));
    desk.connect_whatsapp(&graph.root());
    let number = desk.order_of_eszter("confirmed");
    let pdf = "%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n".to_owned();
    let files = vec![
        message("w1", "document", json!({"id": "88", "mime_type": "application/pdf", "filename": "Invoice 7.pdf"})),
        message("w2", "image", json!({"id": "89", "mime_type": "image/jpeg"})),
        message("w3", "image", json!({"id": "90", "mime_type": "image/jpeg"})),
        message("w4", "audio", json!({"id": "91", "mime_type": "audio/ogg"})),
        message("w5", "image", json!({"id": "../../me", "mime_type": "image/jpeg"})),
    ];
    assert_eq!(post(&desk.visitor(), &from_eszter(files)).status, 200);
    let drain = || tokio::runtime::Runtime::new().unwrap().block_on(slipway::worker::drain(&desk.db)).unwrap();
    assert_eq!(drain(), 4, "what is neither a picture nor a document is not asked for");
    let order = desk.look(number).id;
    let attached = || desk.read(|conn| slipway::conversation::attachments::of_order(conn, order));
    assert!(attached().is_empty(), "WhatsApp is not well");
    let place = |id: &str| (format!("/v23.0/{id}"), json!({"url": format!("{}/files/{id}", graph.root())}).to_string());
    let elsewhere = ("/v23.0/90".to_owned(), json!({"url": "http://127.0.0.1:9/secret"}).to_string());
    graph.becomes(Manner::Serves(vec![
        place("88"),
        ("/files/88".to_owned(), pdf.clone()),
        place("89"),
        ("/files/89".to_owned(), "<svg onload='alert(1)'/>".to_owned()),
        elsewhere,
    ]));
    desk.hurry_jobs();
    assert_eq!(drain(), 3, "what has no name there was never asked for");
    let files = attached();
    assert_eq!(files.len(), 1, "what is no picture is none, whatever it says");
    assert_eq!((files[0].name.as_str(), files[0].size), ("Invoice 7.pdf", pdf.len() as i64));
    for call in graph.received() {
        assert!(call.asked.starts_with("GET /v23.0/") || call.asked.starts_with("GET /files/"), "{}", call.asked);
        assert_eq!(call.header("authorization"), "Bearer EAAGm0PX4ZCpsBAtoken");
    }
    desk.owner().see(&format!("/orders/{number}")).must_say("Invoice 7.pdf");
    desk.hurry_jobs();
    drain();
    assert_eq!(attached().len(), 1);
}

#[test]
fn a_file_that_can_never_be_had_is_told_in_the_conversation() {
    let (desk, graph) = (TestDesk::open(), Receiver::open(Manner::Says(500, "")));
    desk.connect_whatsapp(&graph.root());
    let number = desk.order_of_eszter("confirmed");
    let image = |name: &str, id: &str| message(name, "image", json!({"id": id, "mime_type": "image/jpeg"}));
    let files = vec![
        image("w1", "gone"),
        image("w2", "huge"),
        image("w3", "lies"),
        message("w4", "audio", json!({"id": "91", "mime_type": "audio/ogg"})),
        message("w5", "document", json!({"id": "late", "mime_type": "application/pdf", "filename": "Bill.pdf"})),
        message("w6", "video", json!({})),
    ];
    assert_eq!(post(&desk.visitor(), &from_eszter(files)).status, 200);
    let drain = || tokio::runtime::Runtime::new().unwrap().block_on(slipway::worker::drain(&desk.db)).unwrap();
    let lost = || {
        let said: Vec<_> = desk.said(number).into_iter().filter(|said| !said.problem.is_empty()).collect();
        said.into_iter().map(|said| said.problem).collect::<Vec<_>>()
    };
    drain();
    let audio = "A file that could not be fetched: audio. Only pictures and PDF are kept here.".to_owned();
    assert_eq!(lost(), [audio.as_str()], "the others are tried again");
    let root = graph.root();
    let serves = |late: &str| {
        let about =
            |name: &str, size: i64| json!({"url": format!("{root}/files/{name}"), "file_size": size}).to_string();
        Manner::Serves(vec![
            ("/v23.0/huge".to_owned(), about("huge", 11_000_000)),
            ("/v23.0/lies".to_owned(), about("lies", 40)),
            ("/files/lies".to_owned(), "<svg onload='alert(1)'/>".to_owned()),
            ("/v23.0/late".to_owned(), json!({"url": late}).to_string()),
        ])
    };
    graph.becomes(serves(&format!("{root}/files/late")));
    desk.hurry_jobs();
    drain();
    let three = [
        "A file that could not be fetched: image. WhatsApp does not have it any more.",
        "A file that could not be fetched: image. It is larger than 10 MB.",
        "A file that could not be fetched: image. It is no picture and no PDF that can be read, whatever it says.",
        &audio,
    ];
    assert_eq!(lost(), three);
    for _ in 0..7 {
        desk.hurry_jobs();
        assert_eq!(drain(), 1);
    }
    assert_eq!(lost(), three, "nine tries");
    desk.hurry_jobs();
    assert_eq!((drain(), drain()), (1, 0));
    let late = "A file that could not be fetched: Bill.pdf. WhatsApp did not give it in ten tries.";
    assert_eq!(lost().last().map(String::as_str), Some(late));
    let path = format!("/orders/{number}");
    for reader in [desk.owner(), desk.packer()] {
        reader.see(&path).must_say(late);
    }
    assert!(!desk.owner().see(&path).says("Send again"));
}
