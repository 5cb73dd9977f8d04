//! People of the shop are mailed what nobody has looked at: each once, only what they chose, by a real mail server.

use slipway::actor::Actor;
use slipway::conversation::{self, Direction};
use slipway::notify::mails;
use slipway::time::UtcTime;
use slipway::{web, worker};

use crate::support::app::TestDesk;
use crate::support::mail_server::MailServer;
use crate::support::person::Person;

const HOME: &str = "https://desk.fernandkiln.example";

/// A shop with a mail server.
fn shop() -> (TestDesk, MailServer, Person) {
    let (desk, server) = (TestDesk::open(), MailServer::open());
    let owner = desk.owner();
    mail_by(&owner, &server.port());
    desk.write(|tx| web::set_setting(tx, "public_address", HOME));
    (desk, server, owner)
}

fn mail_by(owner: &Person, port: &str) {
    let from = "hello@fernandkiln.example";
    let fields = [("host", "127.0.0.1"), ("port", port), ("secured", "nothing"), ("from", from), ("do", "save")];
    assert_eq!(owner.post("/settings/mail", &fields).status, 303);
}

fn chooses(person: &Person, when: &str, after: &str, hour: &str) {
    let chosen = person.post("/account/mails", &[("mails", when), ("after", after), ("hour", hour)]);
    assert_eq!(chosen.status, 303, "{}", chosen.words());
}

/// What the desk does so many seconds from now.
fn round(desk: &TestDesk, seconds: i64) -> usize {
    at(desk, UtcTime::now().plus_seconds(seconds))
}

fn at(desk: &TestDesk, now: UtcTime) -> usize {
    let db = desk.db.clone();
    tokio::runtime::Runtime::new().unwrap().block_on(async move {
        mails::gather(&db, now).await.unwrap();
        worker::drain(&db).await.unwrap()
    })
}

fn writes(desk: &TestDesk, number: i64, body: &str) {
    let body = body.to_owned();
    desk.write(move |tx| {
        let customer = Actor::Customer { name: "Eszter Kovács".into() };
        conversation::say(tx, &customer, number, Direction::In, &body, &[]).map(|_| ())
    });
}

#[test]
fn a_message_that_nobody_looked_at_is_mailed_once_to_those_who_want_it() {
    let (desk, server, owner) = shop();
    let number = desk.order().at("approved").place();
    writes(&desk, number, "Before anybody chose anything");
    chooses(&owner, "after", "10", "8");
    owner.see("/account").must_say("Mail me");
    writes(&desk, number, "My secret question");
    writes(&desk, number, "And another one");
    assert_eq!(round(&desk, 9 * 60), 0, "it is too early");
    assert_eq!(round(&desk, 11 * 60), 1);
    assert_eq!(round(&desk, 12 * 60), 0, "once is enough");
    let mail = server.mails(1).remove(0);
    assert_eq!(mail.to(), ["marta@fernandkiln.example"]);
    assert_eq!(mail.head("subject"), "2 unread messages · Fern & Kiln");
    assert_eq!(mail.head("auto-submitted"), "auto-generated");
    let plain = mail.plain();
    let line = format!("#{number}: Eszter Kovács wrote 2 messages that nobody has read: {HOME}/orders/{number}");
    assert!(plain.contains(&line), "{plain}");
    assert!(plain.contains(&format!("Change or stop it here: {HOME}/account#mails")));
    assert!(!plain.contains("secret") && !mail.html().contains("secret"), "mailboxes are read by others");

    // Looked at in time, there is nothing to say.
    writes(&desk, number, "Third");
    desk.write(move |tx| conversation::mark_read(tx, number));
    assert_eq!(round(&desk, 60 * 60), 0);
    // Whoever does not want it any more gets none.
    writes(&desk, number, "Fourth");
    chooses(&owner, "never", "", "");
    assert_eq!(round(&desk, 60 * 60), 0);
    server.mails(1);
}

#[test]
fn a_mention_is_mailed_to_whom_it_calls() {
    let (desk, server, owner) = shop();
    let packer = desk.packer();
    let number = desk.order().at("approved").place();
    chooses(&packer, "after", "5", "8");
    chooses(&owner, "after", "5", "8");
    let note = [("audience", "internal"), ("body", "@Jon please wrap it twice"), ("form_token", "a")];
    assert_eq!(owner.post(&format!("/orders/{number}/notes"), &note).status, 303);
    assert_eq!(round(&desk, 6 * 60), 1);
    let mail = server.mails(1).remove(0);
    assert_eq!(mail.to(), ["jon@fernandkiln.example"]);
    assert!(mail.plain().contains(&format!("#{number}: Marta Kuipers mentioned you in a note")), "{}", mail.plain());
    packer.see(&format!("/orders/{number}/notes"));
    assert_eq!(round(&desk, 12 * 60), 0);
}

#[test]
fn desks_side_by_side_mail_once() {
    let (desk, server, owner) = shop();
    let number = desk.order().at("approved").place();
    chooses(&owner, "after", "1", "8");
    writes(&desk, number, "Hello?");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| round(&desk, 120));
        }
    });
    server.mails(1);
}

#[test]
fn a_daily_mail_comes_once_a_day_at_its_hour_and_only_if_there_is_something_to_say() {
    let (desk, server, owner) = shop();
    // Twenty to eight in the morning of a day to come, in the shop's zone.
    let hour = |days: i64, hour: u32, minute: u32| {
        let zone = desk.read(web::shop).zone;
        let day = UtcTime::now().local_day(zone) + chrono::Duration::days(days);
        slipway::time::instant_of(day.and_hms_opt(hour, minute, 0).unwrap(), zone)
    };
    chooses(&owner, "daily", "", "8");
    assert_eq!(at(&desk, hour(1, 8, 1)), 0, "a quiet shop has nothing to say");
    let number = desk.order().at("confirmed").place();
    writes(&desk, number, "Where is it?");
    assert_eq!(at(&desk, hour(1, 9, 0)), 0, "the day was looked at");
    assert_eq!(at(&desk, hour(2, 7, 40)), 0);
    assert_eq!(at(&desk, hour(2, 8, 0)), 1);
    assert_eq!(at(&desk, hour(2, 23, 0)), 0);
    let plain = server.mails(1).remove(0).plain();
    assert!(plain.contains(&format!("#{number}: Eszter Kovács wrote a message")), "{plain}");
    assert!(plain.contains(&format!("Needs attention: {HOME}/attention\nWaits for approval: 1")), "{plain}");
    assert_eq!(at(&desk, hour(3, 10, 0)), 1, "it still waits");
    server.mails(2);
}

#[test]
fn a_mail_server_that_is_away_gets_it_when_it_is_back() {
    let (desk, server, owner) = shop();
    let number = desk.order().at("approved").place();
    chooses(&owner, "after", "1", "8");
    writes(&desk, number, "Hello?");
    mail_by(&owner, "1");
    assert_eq!(round(&desk, 120), 1);
    server.mails(0);
    mail_by(&owner, &server.port());
    desk.hurry_jobs();
    assert_eq!(round(&desk, 180), 1);
    server.mails(1);
}

#[test]
fn nonsense_is_refused_beside_its_field() {
    let (desk, _server, owner) = shop();
    for (mails, after, hour, told) in [
        ("after", "0", "8", "Enter how many minutes, from 1 to 10080."),
        ("after", "x", "8", "Enter how many minutes"),
        ("daily", "", "24", "Choose an hour from 0 to 23."),
        ("sometimes", "", "", "Choose when you are mailed."),
    ] {
        let refused = owner.post("/account/mails", &[("mails", mails), ("after", after), ("hour", hour)]);
        assert_eq!(refused.status, 400, "{mails} {after} {hour}");
        refused.must_say(told);
    }
    drop(desk);
}
