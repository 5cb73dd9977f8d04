//! E-mail to customers, by a real mail server.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use slipway::actor::Actor;
use slipway::conversation::transport::Transports;
use slipway::conversation::{self, Direction, Message, MessageState, Outgoing, outbox};
use slipway::db::Db;
use slipway::mail::Mail;
use slipway::time::UtcTime;
use slipway::{mail, order, web};

use crate::support::app::TestDesk;
use crate::support::mail_server::MailServer;
use crate::support::person::{Person, Reply};
use crate::support::process::Process;

const SHOP: Actor = Actor::System { name: "Test" };
const HOME: &str = "https://desk.fernandkiln.example";

fn settings<'a>(port: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("host", "127.0.0.1"),
        ("port", port),
        ("secured", "nothing"),
        ("user", ""),
        ("password", ""),
        ("from_name", "Fern & Kiln"),
        ("from", "hello@fernandkiln.example"),
        ("do", "save"),
    ];
    for (name, value) in more.iter().copied() {
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
    }
    fields
}

fn set_up(desk: &TestDesk, server: &MailServer) -> Person {
    let owner = desk.owner();
    assert_eq!(owner.post("/settings/mail", &settings(&server.port(), &[])).status, 303);
    desk.write(|tx| web::set_setting(tx, "public_address", HOME));
    owner
}

/// Sends what is due so many seconds from now.
fn round(db: &Db, seconds: i64) -> usize {
    let transports = Transports::default().with(Mail { patience: Duration::from_millis(1_500) });
    let (db, now) = (db.clone(), UtcTime::now().plus_seconds(seconds));
    tokio::runtime::Runtime::new().unwrap().block_on(async move { outbox::round(&db, &transports, now).await.unwrap() })
}

fn said(db: &Db, number: i64) -> Vec<Message> {
    db.read_blocking(|conn| {
        let order = order::find(conn, number)?.id;
        conversation::messages(conn, order)
    })
    .unwrap()
}

fn state(desk: &TestDesk, number: i64) -> MessageState {
    said(&desk.db, number).pop().unwrap().state
}

fn write(person: &Person, number: i64, body: &str) -> Reply {
    let token = person.see(&format!("/orders/{number}")).field("form_token");
    let fields = [("audience", "message"), ("by", "email"), ("body", body), ("form_token", token.as_str())];
    person.post(&format!("/orders/{number}/messages"), &fields)
}

fn to(desk: &TestDesk, who: &str) -> i64 {
    desk.order().customer("Eszter Kovács", &format!("{who}@example.com")).place()
}

fn queue(desk: &TestDesk, number: i64) -> Message {
    let outgoing = Outgoing { body: "Hello".into(), ..Outgoing::default() };
    desk.write(move |tx| conversation::send(tx, &SHOP, number, &Mail::default(), &outgoing))
}

#[test]
fn a_customer_gets_what_staff_write_and_the_link_to_their_page() {
    let desk = TestDesk::open();
    let server = MailServer::open();
    let number = to(&desk, "eszter");
    let before = desk.owner().see(&format!("/orders/{number}"));
    assert!(!before.text().contains("name=\"by\""), "there is nothing to choose from");
    let owner = set_up(&desk, &server);
    owner.see(&format!("/orders/{number}")).must_say("E-mail to eszter@example.com");
    let evil = "Dear Eszter,\n\n<script>alert(1)</script> & \u{202e}gnp\nsecond line";
    assert_eq!(write(&owner, number, evil).status, 303);
    assert_eq!(state(&desk, number), MessageState::Queued);
    assert_eq!(round(&desk.db, 0), 1);
    owner.see(&format!("/orders/{number}")).must_say("Marta Kuipers · e-mail · sent");
    let mail = server.mails(1).remove(0);
    assert_eq!((mail.from(), mail.to()), ("hello@fernandkiln.example".into(), vec!["eszter@example.com".into()]));
    assert_eq!(mail.head("subject"), format!("Your order #{number} · Fern & Kiln"));
    assert_eq!(mail.head("from"), "Fern & Kiln <hello@fernandkiln.example>");
    assert_eq!(mail.head("to"), "Eszter Kovács <eszter@example.com>");
    let sent = said(&desk.db, number).remove(0);
    assert_eq!(mail.head("message-id"), format!("<{}@fernandkiln.example>", sent.uid));
    assert_eq!(sent.external_id, Some(mail.head("message-id")));
    assert_eq!((mail.head("in-reply-to").as_str(), mail.head("auto-submitted").as_str()), ("", ""));
    assert!(!mail.html().contains("<script>") && mail.html().contains("script"), "{}", mail.html());
    assert!(mail.html().contains("gnp<br>second line") && !mail.html().contains('\u{202e}'), "{}", mail.html());
    assert!(mail.plain().starts_with("Dear Eszter,\n\n<script>alert(1)</script> & gnp\nsecond line\n"));
    assert!(mail.plain().contains("Keizersgracht 112"), "{}", mail.plain());
    let link = mail.plain().lines().find(|line| line.starts_with(HOME)).unwrap().to_owned();
    assert!(mail.html().contains(&link));
    let page = link.trim_start_matches(HOME);
    desk.visitor().see(page).must_say(&format!("Order #{number}"));

    assert_eq!(write(&owner, number, "And another thing.").status, 303);
    round(&desk.db, 0);
    let second = server.mails(2).remove(1);
    assert_eq!(
        (second.head("in-reply-to"), second.head("references")),
        (mail.head("message-id"), mail.head("message-id"))
    );
    assert_eq!(second.head("subject"), mail.head("subject"));
    assert!(second.plain().contains(&link), "it is the same link");
    // A link that the shop revoked is not made again behind its back.
    assert_eq!(owner.post(&format!("/orders/{number}/customer-page"), &[("do", "revoke")]).status, 303);
    write(&owner, number, "The link is gone.");
    round(&desk.db, 0);
    assert!(!server.mails(3)[2].plain().contains("/t/"));
}

#[test]
fn the_way_that_the_customer_used_last_is_chosen() {
    let desk = TestDesk::open();
    let server = MailServer::open();
    let owner = set_up(&desk, &server);
    let number = to(&desk, "eszter");
    let chosen = |person: &Person| {
        let page = person.see(&format!("/orders/{number}")).text();
        let select = page.split("name=\"by\"").nth(1).unwrap().split("</select>").next().unwrap().to_owned();
        let option = select.split("<option ").find(|option| option.contains("selected")).unwrap().to_owned();
        option.split('"').nth(1).unwrap().to_owned()
    };
    assert_eq!(chosen(&owner), "email", "their page is not open yet");
    assert_eq!(owner.post(&format!("/orders/{number}/customer-page"), &[("do", "make")]).status, 303);
    assert_eq!(chosen(&owner), "email", "nobody tells them that something stands there");
    for (transport, expected) in [("email", "email"), ("page", "page"), ("fax", "page")] {
        desk.write(move |tx| {
            let (eszter, at) = (Actor::Customer { name: "Eszter Kovács".into() }, tx.now);
            conversation::keep_message(tx, &eszter, number, Direction::In, transport, "Hello?", at)
        });
        assert_eq!(chosen(&owner), expected);
    }
    let refused = write(&owner, number, " ");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("value=\"email\" selected"), "what was chosen stays");
    let none = desk.order().customer("Nobody", "").place();
    owner.see(&format!("/orders/{none}")).must_say("E-mail, not possible");
    let refused = write(&owner, none, "Hello");
    assert_eq!(refused.status, 400);
    refused.must_say("This order has no e-mail address.");
    let token = owner.see(&format!("/orders/{number}")).field("form_token");
    let fields = [("audience", "message"), ("by", "fax"), ("body", "Hello"), ("form_token", token.as_str())];
    assert_eq!(owner.post(&format!("/orders/{number}/messages"), &fields).status, 400);
    assert!(!desk.packer().see(&format!("/orders/{number}")).says("eszter@example.com"));
}

#[test]
fn each_answer_of_a_mail_server_has_its_consequence() {
    let desk = TestDesk::open();
    let server = MailServer::open();
    let owner = set_up(&desk, &server);
    let names = ["refused", "grey", "spam", "full", "hangs", "silent", "eszter"];
    let orders = names.map(|who| to(&desk, who));
    for number in orders {
        queue(&desk, number);
    }
    let began = Instant::now();
    assert_eq!(round(&desk.db, 0), 7);
    assert!(began.elapsed() < Duration::from_secs(15), "nobody waits for the one that hangs");
    let states = orders.map(|number| state(&desk, number));
    use MessageState as S;
    assert_eq!(states, [S::Failed, S::Queued, S::Failed, S::Queued, S::Queued, S::Unsure, S::Sent]);
    for (number, told) in [
        (orders[0], "The mail server answered 550: 5.1.1 There is no such mailbox"),
        (orders[1], "The mail server answered 450: 4.2.0 Greylisted, come back later"),
        (orders[2], "The mail server answered 554: 5.7.1 Nobody wants this"),
        (orders[3], "The mail server answered 452: 4.3.1 No room at the moment"),
        (orders[4], "The mail server did not answer in time."),
        (orders[5], "The mail was handed over before that."),
    ] {
        owner.see(&format!("/orders/{number}")).must_say(told);
    }
    server.mails(2);
    round(&desk.db, 90);
    round(&desk.db, 100_000);
    assert_eq!((state(&desk, orders[1]), state(&desk, orders[5])), (S::Sent, S::Unsure));
    let to: Vec<String> = server.mails(3).iter().map(|mail| mail.to()[0].clone()).collect();
    for once in ["silent@example.com", "eszter@example.com", "grey@example.com"] {
        assert_eq!(to.iter().filter(|to| *to == once).count(), 1, "{to:?}");
    }
}

#[test]
fn a_server_that_is_gone_silent_or_not_secured_is_asked_again_later() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = to(&desk, "eszter");
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = mute.local_addr().unwrap().port().to_string();
    assert_eq!(owner.post("/settings/mail", &settings(&port, &[])).status, 303);
    queue(&desk, number);
    assert_eq!(round(&desk.db, 0), 1);
    assert_eq!(state(&desk, number), MessageState::Queued);
    owner.see(&format!("/orders/{number}")).must_say("The mail server did not answer in time.");
    drop(mute);
    assert_eq!(round(&desk.db, 100), 1);
    owner.see(&format!("/orders/{number}")).must_say("The mail server could not be used");
    let open = MailServer::open();
    for secured in ["starttls", "tls"] {
        let port = open.port();
        assert_eq!(owner.post("/settings/mail", &settings(&port, &[("secured", secured)])).status, 303);
        assert_eq!(round(&desk.db, 10_000), 1);
        assert_eq!(state(&desk, number), MessageState::Queued, "nothing is said in the clear");
        let uid = said(&desk.db, number)[0].uid.clone();
        desk.write(move |tx| conversation::resend(tx, &SHOP, number, &uid));
    }
    assert_eq!(owner.post("/settings/mail", &[("do", "remove")]).status, 303);
    assert_eq!(round(&desk.db, 10), 1);
    owner.see(&format!("/orders/{number}")).must_say("E-mail is not set up any more.");
    open.mails(0);
    let port = open.port();
    owner.post("/settings/mail", &settings(&port, &[]));
    assert_eq!(round(&desk.db, 100_000), 1);
    assert_eq!((open.mails(1).len(), state(&desk, number)), (1, MessageState::Sent));
}

#[test]
fn the_server_is_set_up_tried_and_its_password_never_shown() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    assert_eq!(desk.support().get("/settings/mail").status, 403);
    owner.see("/settings/mail").must_say("E-mail to customers");
    let refused = owner.post("/settings/mail", &settings("0", &[("from", "nobody")]));
    assert_eq!(refused.status, 400);
    refused.must_say("Enter a port from 1 to 65535");
    refused.must_say("Enter the e-mail address that mails come from.");
    let refused = owner.post("/settings/mail", &[("do", "test")]);
    assert_eq!(refused.status, 400);
    refused.must_say("save it first");
    let server = MailServer::locked("shop", "kiln-secret-7");
    let port = server.port();
    let wrong = settings(&port, &[("user", "shop"), ("password", "not-this-one")]);
    assert_eq!(owner.post("/settings/mail", &wrong).status, 303);
    let refused = owner.post("/settings/mail", &[("do", "test")]);
    assert_eq!(refused.status, 400);
    refused.must_say("The test did not go through. The mail server answered 535");
    let right = settings(&port, &[("user", "shop"), ("password", "kiln-secret-7")]);
    assert_eq!(owner.post("/settings/mail", &right).status, 303);
    // The password stays when none is typed, and stands nowhere.
    let again = settings(&port, &[("user", "shop"), ("from_name", "Fern & Kiln, Amsterdam")]);
    assert_eq!(owner.post("/settings/mail", &again).status, 303);
    let sent = owner.post("/settings/mail", &[("do", "test")]);
    assert_eq!(sent.status, 303, "{}", sent.words());
    let page = owner.see("/settings/mail");
    page.must_say("A mail is on its way to marta@fernandkiln.example.");
    let mail = server.mails(1).remove(0);
    assert_eq!((mail.to(), mail.user()), (vec!["marta@fernandkiln.example".to_owned()], "shop".to_owned()));
    assert_eq!(mail.head("auto-submitted"), "auto-generated");
    assert_eq!(mail.head("from"), "\"Fern & Kiln, Amsterdam\" <hello@fernandkiln.example>");
    let history = desk.read(|conn| slipway::event::of_shop(conn, 100).map(|diary| format!("{diary:?}")));
    for shown in [page.text(), refused.text(), history] {
        assert!(!shown.contains("kiln-secret-7") && !shown.contains("not-this-one"));
    }
    assert!(desk.read(mail::server).is_some());
}

#[test]
fn nothing_that_a_customer_is_called_adds_a_header_or_a_reader() {
    let desk = TestDesk::open();
    let server = MailServer::open();
    set_up(&desk, &server);
    let evil = "Eszter\r\nBcc: all@example.com\r\n\r\nHello \"<x@y>\" , ";
    let number = desk.order().customer(evil, "eszter@example.com").place();
    queue(&desk, number);
    round(&desk.db, 0);
    let mail = server.mails(1).remove(0);
    assert_eq!(mail.to(), ["eszter@example.com"]);
    assert!(mail.heads("bcc").is_empty());
    assert!(mail.head("to").ends_with("<eszter@example.com>"), "{}", mail.head("to"));
    assert!(mail.plain().starts_with("Hello\n"));
}

#[test]
fn a_desk_that_is_killed_while_it_sends_loses_nothing_and_sends_nothing_twice() {
    let desk = TestDesk::open();
    let server = MailServer::open();
    set_up(&desk, &server);
    let (silent, eszter) = (to(&desk, "silent"), to(&desk, "eszter"));
    queue(&desk, silent);
    let database = desk.close();
    let process = Process::serve(&database);
    // The server has it and has not said so when the desk is gone.
    server.mails(1);
    process.kill_now();
    drop(process);

    let db = Db::open(&database.location).unwrap();
    assert_eq!(said(&db, silent)[0].state, MessageState::Sending);
    db.write_blocking(move |tx| {
        let outgoing = Outgoing { body: "Second".into(), ..Outgoing::default() };
        conversation::send(tx, &SHOP, eszter, &Mail::default(), &outgoing)
    })
    .unwrap();
    let again = Process::serve(&database);
    let mails = server.mails(2);
    assert_eq!(mails[1].to(), ["eszter@example.com"]);
    drop(again);
    round(&db, 1_000);
    assert_eq!(said(&db, silent)[0].state, MessageState::Unsure);
    // The desk may have been stopped before the answer about the second one was written down.
    let second = said(&db, eszter)[0].state;
    assert!([MessageState::Sent, MessageState::Unsure].contains(&second), "{second}");
    round(&db, 200_000);
    assert_eq!(server.mails(2).len(), 2, "what the server took once it never gets again");
}

#[test]
fn files_go_with_the_mail_up_to_their_weight() {
    let (desk, server) = (TestDesk::open(), MailServer::open());
    let owner = set_up(&desk, &server);
    let number = desk.order().at("approved").place();
    let mut picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89".to_vec();
    picture.resize(9 << 20, 7);
    let pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n".to_vec();
    let send = |token: &str, files: &[(&str, &[u8])]| {
        let fields = [("audience", "message"), ("by", "email"), ("body", "As you asked."), ("form_token", token)];
        let mut parts: Vec<(&str, &str, &[u8])> =
            fields.iter().map(|(name, value)| (*name, "", value.as_bytes())).collect();
        parts.extend(files.iter().map(|(name, bytes)| ("files", *name, *bytes)));
        owner.upload(&format!("/orders/{number}/messages"), &parts)
    };
    let heavy = send("a", &[("one.png", &picture), ("two.png", &picture)]);
    assert_eq!(heavy.status, 400);
    heavy.must_say("By E-mail the files of one message weigh 15 MB together at the most.");
    picture.truncate(100_000);
    let sent = send("b", &[("Ráday mug.png", &picture), ("invoice.pdf", &pdf)]);
    assert_eq!(sent.status, 303, "{}", sent.words());
    round(&desk.db, 0);
    let mail = server.mails(1).remove(0);
    assert!(mail.plain().starts_with("As you asked."));
    let files = mail.files();
    assert_eq!((files[0].0.as_str(), files[0].1.as_str()), ("Ráday mug.png", "image/png"));
    assert_eq!((files[1].0.as_str(), files[1].1.as_str()), ("invoice.pdf", "application/pdf"));
    assert!(files[0].2 == picture && files[1].2 == pdf, "every byte is there");
    assert_eq!(state(&desk, number), MessageState::Sent);
}

#[test]
fn a_certificate_that_does_not_hold_is_refused_unless_the_shop_takes_it() {
    for (way, secured) in [("--starttls", "starttls"), ("--tls", "tls")] {
        let (desk, server) = (TestDesk::open(), MailServer::behind(way));
        let owner = set_up(&desk, &server);
        let port = server.port();
        assert_eq!(owner.post("/settings/mail", &settings(&port, &[("secured", secured)])).status, 303);
        let number = desk.order().at("approved").place();
        assert_eq!(write(&owner, number, "Hello").status, 303);
        round(&desk.db, 0);
        let waiting = said(&desk.db, number).pop().unwrap();
        assert_eq!(waiting.state, MessageState::Queued, "{secured}");
        assert!(waiting.problem.contains("certificate does not hold"), "{secured}: {}", waiting.problem);
        server.mails(0);
        let taken = [("secured", secured), ("any_certificate", "1")];
        assert_eq!(owner.post("/settings/mail", &settings(&port, &taken)).status, 303);
        owner.see("/settings/mail").must_say("Take a certificate that nobody vouches for");
        round(&desk.db, 3_600);
        assert_eq!(state(&desk, number), MessageState::Sent, "{secured}");
        server.mails(1);
        owner.see("/settings/mail");
    }
}

#[test]
fn a_server_that_offers_no_security_hears_nothing() {
    let (desk, server) = (TestDesk::open(), MailServer::open());
    let owner = set_up(&desk, &server);
    let port = server.port();
    let taken = [("secured", "starttls"), ("any_certificate", "1")];
    assert_eq!(owner.post("/settings/mail", &settings(&port, &taken)).status, 303);
    let number = desk.order().at("approved").place();
    assert_eq!(write(&owner, number, "Hello").status, 303);
    round(&desk.db, 0);
    assert_eq!(state(&desk, number), MessageState::Queued);
    server.mails(0);
}
