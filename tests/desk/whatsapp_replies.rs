//! Answering by WhatsApp: freely or by template, once, and what each answer of the Graph API means.

use std::time::Duration;

use serde_json::{Value, json};
use slipway::actor::Actor;
use slipway::conversation::transport::{Reach, Transport, Transports};
use slipway::conversation::{self, Message, MessageState, NewFile, Outgoing, outbox};
use slipway::time::UtcTime;
use slipway::whatsapp::{self, Replies, account::Typed};

use crate::support::app::TestDesk;
use crate::support::receiver::{Manner, Receiver};
use crate::whatsapp::{PHONE, body, from_eszter, post, text};

const ANA: Actor = Actor::System { name: "Ana" };

/// The Graph API takes it and calls it so.
fn takes(id: &str) -> Manner {
    let body = json!({"messaging_product": "whatsapp", "contacts": [{"input": PHONE, "wa_id": PHONE}], "messages": [{"id": id}]});
    Manner::Answers(200, "Content-Type: application/json\r\n", body.to_string())
}

/// The Graph API refuses it with this number.
fn refuses(status: u16, lines: &'static str, code: i64) -> Manner {
    let error = json!({"error": {"message": format!("(#{code}) Said"), "type": "OAuthException", "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "Why it is so"}, "fbtrace_id": "A1"}});
    Manner::Answers(status, lines, error.to_string())
}

struct Scene {
    desk: TestDesk,
    graph: Receiver,
    number: i64,
}

impl Scene {
    /// Eszter has an order and wrote a moment ago.
    fn open() -> Self {
        let (desk, graph) = (TestDesk::open(), Receiver::open(takes("wamid.out")));
        desk.connect_whatsapp(&graph.root());
        let number = desk.order_of_eszter("confirmed");
        Scene { desk, graph, number }
    }
    fn heard(self) -> Self {
        assert_eq!(post(&self.desk.visitor(), &from_eszter(vec![text("wamid.in", "Is it ready?")])).status, 200);
        self
    }
    fn say(&self, body: &str) -> Message {
        let (number, outgoing) = (self.number, Outgoing { body: body.into(), ..Outgoing::default() });
        self.desk.write(move |tx| conversation::send(tx, &ANA, number, &Replies::default(), &outgoing))
    }
    fn round_at(&self, now: UtcTime) -> usize {
        let transports = Transports::default().with(Replies { patience: Duration::from_millis(600) });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(outbox::round(&self.desk.db, &transports, now)).unwrap()
    }
    fn round(&self) -> usize {
        self.round_at(UtcTime::now())
    }
    fn now(&self, message: &Message) -> Message {
        self.desk.said(self.number).into_iter().find(|said| said.uid == message.uid).unwrap()
    }
    fn sent(&self) -> Vec<Value> {
        self.graph.received().iter().map(|message| message.json()).collect()
    }
    fn status(&self, id: &str, word: &str, tracker: &str) {
        let mut told = json!({"id": id, "status": word, "timestamp": "1698266945", "recipient_id": PHONE});
        if !tracker.is_empty() {
            told["biz_opaque_callback_data"] = json!(tracker);
        }
        if word == "failed" {
            told["errors"] = json!([{"code": 131_026, "title": "Message undeliverable"}]);
        }
        assert_eq!(post(&self.desk.visitor(), &body(json!({"statuses": [told]}))).status, 200);
    }
    fn template(&self, name: &str, parts: &str) {
        let graph = self.graph.root();
        let (template, parts) = (name.to_owned(), parts.to_owned());
        let typed = Typed {
            is_on: Some("1".into()),
            number: "1122334455667".into(),
            graph,
            channel: "whatsapp".into(),
            template,
            template_language: "en_US".into(),
            parts,
            ..Typed::default()
        };
        self.desk.write(move |tx| whatsapp::keep_account(tx, &ANA, &typed));
    }
    fn reach(&self) -> Reach {
        let order = self.desk.look(self.number);
        self.desk.read(|conn| Replies::default().reach(conn, &order))
    }
}

#[test]
fn within_a_day_it_goes_as_it_is_written() {
    let scene = Scene::open().heard();
    let Reach::To(told) = scene.reach() else { panic!("{:?}", scene.reach()) };
    assert!(told.starts_with("+36305550142, as you write it (they wrote within 24 hours; until "), "{told}");
    let message = scene.say("Yes,\n<b>today</b> 🎁");
    assert_eq!((scene.round(), scene.round()), (1, 0));
    let call = &scene.graph.received()[0];
    assert_eq!(call.asked, "POST /v23.0/1122334455667/messages");
    assert_eq!(call.header("authorization"), "Bearer EAAGm0PX4ZCpsBAtoken");
    let sent = call.json();
    assert_eq!(
        (&sent["messaging_product"], &sent["type"], &sent["to"]),
        (&json!("whatsapp"), &json!("text"), &json!(PHONE))
    );
    assert_eq!(sent["text"]["body"], "Yes,\n<b>today</b> 🎁");
    assert_eq!(sent["biz_opaque_callback_data"], json!(message.uid));
    let now = scene.now(&message);
    assert_eq!((now.state, now.external_id.as_deref()), (MessageState::Sent, Some("wamid.out")));
    // What the customer answers to it stands with the same order, whatever other orders they have.
    let other = scene.desk.order_of_eszter("confirmed");
    let mut reply = text("wamid.in2", "Thanks");
    reply["context"] = json!({"id": "wamid.out"});
    post(&scene.desk.visitor(), &from_eszter(vec![reply, text("wamid.in3", "And the other one?")]));
    assert!(scene.desk.bodies(scene.number).contains(&"Thanks".to_owned()));
    assert_eq!(scene.desk.bodies(other), ["And the other one?"]);
}

#[test]
fn afterwards_only_the_template_goes() {
    let scene = Scene::open();
    assert!(matches!(scene.reach(), Reach::No(why) if why.contains("has not written by WhatsApp within 24 hours")));
    scene.template("order_update", "name order shop message");
    let Reach::To(told) = scene.reach() else { panic!("{:?}", scene.reach()) };
    assert_eq!(told, "+36305550142, in the template “order_update” (they have not written within 24 hours)");
    let message = scene.say("It left today.\n\nTrack it:    DHL 1");
    assert_eq!(scene.round(), 1);
    let sent = scene.sent().remove(0);
    assert_eq!((&sent["type"], &sent["template"]["name"]), (&json!("template"), &json!("order_update")));
    assert_eq!(sent["template"]["language"]["code"], "en_US");
    let parts: Vec<&Value> =
        sent["template"]["components"][0]["parameters"].as_array().unwrap().iter().map(|part| &part["text"]).collect();
    let order = format!("#{}", scene.number);
    assert_eq!(parts, ["Eszter Kovács", &order, "Fern & Kiln", "It left today. Track it: DHL 1"]);
    assert_eq!(scene.now(&message).state, MessageState::Sent);
    // Once they write, words go freely again.
    let scene = scene.heard();
    scene.say("Glad to hear");
    scene.round();
    assert_eq!(scene.sent()[1]["type"], "text");
}

#[test]
fn nobody_is_reached_without_a_whole_number_or_an_account() {
    let scene = Scene::open();
    let order = scene.desk.order().with(|draft| draft.phone = "06-12345678".into()).place();
    let order = scene.desk.look(order);
    let reach = scene.desk.read(|conn| Replies::default().reach(conn, &order));
    assert!(matches!(reach, Reach::No(why) if why.contains("country code")));
    let desk = TestDesk::open();
    let order = desk.look(desk.order_of_eszter("confirmed"));
    assert_eq!(desk.read(|conn| Replies::default().reach(conn, &order)), Reach::Off);
}

#[test]
fn what_whatsapp_cannot_take_now_is_sent_later_and_once() {
    let scene = Scene::open().heard();
    scene.graph.becomes(refuses(429, "Retry-After: 600\r\n", 130_429));
    let message = scene.say("Soon");
    let start = UtcTime::now();
    assert_eq!(scene.round_at(start), 1);
    let waits = scene.now(&message);
    assert_eq!(waits.state, MessageState::Queued);
    assert!(waits.problem.contains("try again later") && waits.problem.contains("Why it is so"), "{}", waits.problem);
    assert!(waits.due_at.unwrap().seconds_since(start) >= 600);
    assert_eq!(scene.round_at(start.plus_seconds(590)), 0);
    // Then it is not well itself, then nobody is there, then it takes it.
    scene.graph.becomes(refuses(500, "", 131_016));
    assert_eq!(scene.round_at(start.plus_seconds(700)), 1);
    assert_eq!(scene.now(&message).state, MessageState::Queued);
    scene.graph.becomes(takes("wamid.late"));
    assert_eq!(scene.round_at(start.plus_seconds(3_600)), 1);
    assert_eq!(scene.now(&message).state, MessageState::Sent);
    assert_eq!((scene.round_at(start.plus_seconds(90_000)), scene.sent().len()), (0, 3));
    let gone = Scene::open().heard();
    gone.desk.connect_whatsapp("http://127.0.0.1:9");
    let message = gone.say("Anybody?");
    assert_eq!(gone.round(), 1);
    assert_eq!(gone.now(&message).state, MessageState::Queued, "{}", gone.now(&message).problem);
}

#[test]
fn what_whatsapp_never_takes_fails_with_the_reason() {
    let scene = Scene::open().heard();
    for (code, told) in [
        (131_047, "More than 24 hours have passed since the customer wrote"),
        (131_026, "WhatsApp cannot deliver to this number"),
        (132_000, "The template takes another number of parts"),
        (100, "WhatsApp refused it. (#100) Said: Why it is so (100)"),
    ] {
        scene.graph.becomes(refuses(400, "", code));
        let message = scene.say("Hello");
        assert_eq!(scene.round(), 1);
        let now = scene.now(&message);
        assert_eq!(now.state, MessageState::Failed, "{code}");
        assert!(now.problem.contains(told), "{code}: {}", now.problem);
    }
    let long = scene.say(&"é".repeat(4_097));
    scene.round();
    assert!(scene.now(&long).problem.contains("4,096 characters"));
    assert_eq!(scene.sent().len(), 4, "it is not even tried");
    scene.desk.owner().see(&format!("/orders/{}", scene.number)).must_say("WhatsApp · not sent");
}

#[test]
fn a_token_that_is_over_is_told_and_everything_goes_once_there_is_a_new_one() {
    let scene = Scene::open().heard();
    scene.graph.becomes(refuses(401, "", 190));
    let (one, two) = (scene.say("One"), scene.say("Two"));
    assert_eq!(scene.round(), 2);
    let page = scene.desk.owner().see("/settings/whatsapp");
    page.must_say("Replies do not go out: the access token has expired or was withdrawn.");
    scene.graph.becomes(takes("wamid.a"));
    assert_eq!(scene.round(), 0, "they wait for their time");
    let graph = scene.graph.root();
    let fields =
        [("is_on", "1"), ("number", "1122334455667"), ("token", "EAAGnew"), ("graph", &graph), ("channel", "whatsapp")];
    assert_eq!(scene.desk.owner().post("/settings/whatsapp", &fields).status, 303);
    assert_eq!(scene.round(), 2);
    assert_eq!(scene.graph.received()[2].header("authorization"), "Bearer EAAGnew");
    assert!([&one, &two].iter().all(|message| scene.now(message).state == MessageState::Sent));
    assert!(!scene.desk.owner().see("/settings/whatsapp").says("Replies do not go out"));
}

#[test]
fn what_may_have_arrived_is_never_sent_again_by_itself() {
    for manner in [Manner::Hangs(Duration::from_secs(3)), Manner::Drops, Manner::Says(502, "")] {
        let scene = Scene::open().heard();
        scene.graph.becomes(manner.clone());
        let message = scene.say("Perhaps");
        assert_eq!(scene.round(), 1);
        let now = scene.now(&message);
        assert_eq!(now.state, MessageState::Unsure, "{manner:?}: {}", now.problem);
        assert!(now.problem.contains("may or may not have it"));
        scene.graph.becomes(takes("wamid.twice"));
        assert_eq!(scene.round_at(UtcTime::now().plus_minutes(3_000)), 0);
        assert_eq!(scene.sent().len(), 1);
        // WhatsApp tells of it by the name the desk gave it: then it is known that it arrived.
        scene.status("wamid.lost", "delivered", &message.uid);
        assert_eq!(scene.now(&message).state, MessageState::Delivered);
        assert_eq!(scene.now(&message).external_id.as_deref(), Some("wamid.lost"));
    }
}

#[test]
fn killed_in_the_middle_nothing_is_lost_or_sent_twice() {
    let scene = Scene::open().heard();
    let (told, silent) = (scene.say("Told"), scene.say("Silent"));
    // It takes both, perhaps sends them, and dies.
    let now = UtcTime::now();
    let claimed = scene.desk.write(move |tx| conversation::claim(tx, "whatsapp", 4, now.plus_seconds(180)));
    assert_eq!(claimed.len(), 2);
    assert_eq!(scene.round(), 0, "somebody has them");
    scene.status("wamid.told", "sent", &told.uid);
    assert_eq!(scene.now(&told).state, MessageState::Sent);
    assert_eq!(scene.round_at(now.plus_seconds(200)), 0);
    assert_eq!(scene.now(&silent).state, MessageState::Unsure);
    assert!(scene.sent().is_empty());
    // Somebody decides to send the other one again.
    let (number, uid) = (scene.number, silent.uid.clone());
    scene.desk.write(move |tx| conversation::resend(tx, &ANA, number, &uid));
    assert_eq!(scene.round_at(now.plus_seconds(201)), 1);
    assert_eq!((scene.sent().len(), scene.now(&silent).state), (1, MessageState::Sent));
}

/// The Graph API takes files and calls them so, and messages if it is given an id for them.
fn keeps(file: &str, message: Option<&str>) -> Manner {
    let messages: Vec<Value> = message.into_iter().map(|id| json!({"id": id})).collect();
    Manner::Answers(200, "", json!({"id": file, "messages": messages}).to_string())
}

const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x04JF\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03";

impl Scene {
    /// Sends words with these files, as the composer does.
    fn send_files(&self, body: &str, files: &[(&str, &[u8])]) -> slipway::error::Result<Message> {
        let files = files.iter().map(|(name, bytes)| NewFile { name: (*name).into(), bytes: bytes.to_vec() }).collect();
        let (number, outgoing) = (self.number, Outgoing { body: body.into(), files, ..Outgoing::default() });
        self.desk.db.write_blocking(move |tx| conversation::send(tx, &ANA, number, &Replies::default(), &outgoing))
    }
    fn asked(&self) -> Vec<String> {
        self.graph.received().iter().map(|call| call.asked.rsplit('/').next().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_file_is_handed_over_and_sent_with_its_words() {
    let scene = Scene::open().heard();
    scene.graph.becomes(keeps("4490709327384033", Some("wamid.file")));
    let message = scene.send_files("Your invoice", &[("Invoice 7 é.pdf", PDF)]).unwrap();
    assert_eq!(scene.round(), 1);
    let calls = scene.graph.received();
    assert_eq!(calls[0].asked, "POST /v23.0/1122334455667/media");
    assert_eq!(calls[0].header("authorization"), "Bearer EAAGm0PX4ZCpsBAtoken");
    let mark = calls[0].header("content-type").strip_prefix("multipart/form-data; boundary=").unwrap();
    let parts: Vec<&str> = calls[0].body.split(&format!("--{mark}")).collect();
    assert_eq!(parts.len(), 5, "{}", calls[0].body);
    assert!(parts[1].ends_with("name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"), "{}", parts[1]);
    assert!(parts[2].ends_with("name=\"type\"\r\n\r\napplication/pdf\r\n"), "{}", parts[2]);
    assert!(
        parts[3].contains("name=\"file\"; filename=\"Invoice 7 é.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF")
    );
    assert!(parts[3].ends_with("%%EOF\n\r\n") && parts[4] == "--\r\n", "{}", parts[3]);
    let sent = calls[1].json();
    assert_eq!((&sent["type"], &sent["to"]), (&json!("document"), &json!(PHONE)));
    let document = json!({"id": "4490709327384033", "caption": "Your invoice", "filename": "Invoice 7 é.pdf"});
    assert_eq!(sent["document"], document);
    assert_eq!(sent["biz_opaque_callback_data"], json!(message.uid));
    let now = scene.now(&message);
    assert_eq!((now.state, now.external_id.as_deref()), (MessageState::Sent, Some("wamid.file")));
    let page = scene.desk.owner().see(&format!("/orders/{}", scene.number));
    page.must_say("Invoice 7 é.pdf");
    page.must_say("WhatsApp · sent");
}

#[test]
fn each_file_goes_as_a_message_of_its_own_with_a_state_of_its_own() {
    let scene = Scene::open().heard();
    scene.graph.becomes(keeps("77", Some("wamid.a")));
    scene.send_files("Both", &[("crack.jpg", JPEG), ("bill.pdf", PDF)]).unwrap();
    scene.send_files(&"é".repeat(1_025), &[("crack.jpg", JPEG)]).unwrap();
    assert_eq!(scene.round(), 4);
    assert_eq!(scene.asked().iter().filter(|asked| *asked == "media").count(), 3);
    let mut sent: Vec<(String, bool)> = Vec::new();
    for call in scene.graph.received().iter().filter(|call| call.asked.ends_with("/messages")) {
        let call = call.json();
        let kind = call["type"].as_str().unwrap().to_owned();
        let words = call[&kind]["caption"].is_string() || call[&kind]["body"].is_string();
        sent.push((kind, words));
    }
    sent.sort();
    let part = |kind: &str, words: bool| (kind.to_owned(), words);
    assert_eq!(sent, [part("document", false), part("image", false), part("image", true), part("text", true)]);
    assert_eq!(scene.desk.look(scene.number).message_count, 5);
}

#[test]
fn what_whatsapp_does_not_carry_is_refused_before_anything_waits() {
    let scene = Scene::open().heard();
    let mut heavy = JPEG.to_vec();
    heavy.resize(5 * 1_048_576 + 1, 0);
    let gif: &[u8] = b"GIF89a\x0a\0\x05\0\x80\0\0";
    for (file, told) in [
        (("big.jpg", heavy.as_slice()), "pictures of 5 MB at the most. Make “big.jpg” smaller."),
        (("wave.gif", gif), "Save “wave.gif” as one of them"),
        (("page.pdf", b"<html>".as_slice()), "is a page or a drawing made of text"),
    ] {
        let refused = scene.send_files("See", &[("fine.pdf", PDF), file]).unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
    assert_eq!((scene.round(), scene.desk.said(scene.number).len()), (0, 1), "only what she wrote is there");
    // Outside of the day only words go, in the template.
    let late = Scene::open();
    late.template("order_update", "message");
    let refused = late.send_files("See", &[("fine.pdf", PDF)]).unwrap_err().to_string();
    assert!(refused.contains("WhatsApp takes files only within 24 hours"), "{refused}");
    late.say("See");
    assert_eq!(late.round(), 1);
}

#[test]
fn handing_a_file_over_again_is_harmless_and_sending_it_again_is_left_to_people() {
    // The file does not get there: nothing was sent, so it goes later.
    for manner in [Manner::Hangs(Duration::from_secs(4)), Manner::Drops, Manner::Says(502, ""), keeps("", None)] {
        let scene = Scene::open().heard();
        scene.graph.becomes(manner.clone());
        let message = scene.send_files("", &[("crack.jpg", JPEG)]).unwrap();
        assert_eq!(scene.round(), 1);
        assert_eq!(scene.now(&message).state, MessageState::Queued, "{manner:?}: {}", scene.now(&message).problem);
        assert_eq!(scene.asked(), ["media"]);
        scene.graph.becomes(keeps("77", Some("wamid.a")));
        assert_eq!(scene.round_at(UtcTime::now().plus_minutes(10)), 1);
        assert_eq!(
            (scene.now(&message).state, scene.asked()[1..].join(" ")),
            (MessageState::Sent, "media messages".into())
        );
        assert!(scene.graph.received()[2].json()["image"].get("caption").is_none());
    }
    // It is refused: so is the message.
    let scene = Scene::open().heard();
    scene.graph.becomes(refuses(400, "", 131_053));
    let message = scene.send_files("", &[("crack.jpg", JPEG)]).unwrap();
    scene.round();
    assert_eq!(scene.now(&message).state, MessageState::Failed);
    // The desk is stopped after the file was handed over, and perhaps after it was sent.
    let message = scene.send_files("", &[("crack.jpg", JPEG)]).unwrap();
    let now = UtcTime::now();
    scene.desk.write(move |tx| conversation::claim(tx, "whatsapp", 4, now.plus_seconds(180)));
    scene.graph.becomes(keeps("77", Some("wamid.b")));
    assert_eq!(scene.round_at(now.plus_minutes(3_000)), 0);
    assert_eq!((scene.now(&message).state, scene.asked().len()), (MessageState::Unsure, 1));
    let (number, uid) = (scene.number, message.uid.clone());
    scene.desk.write(move |tx| conversation::resend(tx, &ANA, number, &uid));
    assert_eq!(scene.round_at(now.plus_minutes(3_001)), 1);
    assert_eq!(scene.asked(), ["media", "media", "messages"]);
}

#[test]
fn statuses_go_forward_only_in_whatever_order_they_come() {
    let scene = Scene::open().heard();
    // Told before the answer was written down.
    scene.status("wamid.out", "delivered", "");
    let message = scene.say("Hello");
    assert_eq!(scene.round(), 1);
    assert_eq!(scene.now(&message).state, MessageState::Delivered);
    for (word, wanted) in [
        ("sent", "delivered"),
        ("failed", "delivered"),
        ("read", "read"),
        ("delivered", "read"),
        ("played", "read"),
        ("read", "read"),
    ] {
        scene.status("wamid.out", word, "some data");
        assert_eq!(scene.now(&message).state.as_str(), wanted, "after {word}");
    }
    scene.graph.becomes(takes("wamid.other"));
    let other = scene.say("And this");
    scene.round();
    scene.status("wamid.other", "failed", "");
    let now = scene.now(&other);
    assert_eq!((now.state, now.problem.as_str()), (MessageState::Failed, "Message undeliverable (131026)"));
    // Of messages that are not ours nothing becomes of it.
    scene.status("wamid.stranger", "evaporated", "");
    scene.status("wamid.stranger", "read", "");
}

#[test]
fn two_desks_on_one_database_send_each_message_once() {
    let scene = Scene::open().heard();
    scene.graph.becomes(Manner::Dawdles(Duration::from_millis(40)));
    for at in 0..12 {
        scene.say(&format!("Number {at}"));
    }
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| while scene.round() > 0 {});
        }
    });
    let mut bodies: Vec<String> =
        scene.sent().iter().map(|sent| sent["text"]["body"].as_str().unwrap().to_owned()).collect();
    bodies.sort();
    bodies.dedup();
    assert_eq!((bodies.len(), scene.sent().len()), (12, 12));
}

#[test]
fn the_composer_says_how_it_will_go_and_offers_the_way_the_customer_came() {
    let scene = Scene::open().heard();
    let owner = scene.desk.owner();
    let path = format!("/orders/{}", scene.number);
    let page = owner.see(&path);
    page.must_say("WhatsApp to +36305550142, as you write it (they wrote within 24 hours; until");
    assert!(page.text().contains("<option value=\"whatsapp\" selected>"));
    assert!(!scene.desk.packer().see(&path).text().contains("36305550142"));
    let token = page.field("form_token");
    let fields = [("audience", "message"), ("by", "whatsapp"), ("body", "Of course."), ("form_token", token.as_str())];
    for _ in 0..2 {
        assert_eq!(owner.post(&format!("{path}/messages"), &fields).status, 303);
    }
    assert_eq!(scene.round(), 1);
    assert_eq!(scene.sent()[0]["text"]["body"], "Of course.");
    owner.see(&path).must_say("WhatsApp · sent");
    assert_eq!(scene.desk.look(scene.number).unread_count, 0);
}
