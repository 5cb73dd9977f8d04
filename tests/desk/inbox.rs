//! The inbox: every conversation, newest first, and who waits for whom.

use diesel::connection::InstrumentationEvent;
use diesel::{Connection, RunQueryDsl};
use slipway::actor::Actor;
use slipway::conversation::inbox::{self, Show};
use slipway::conversation::{self, Direction};
use slipway::ids::StaffId;
use slipway::reach::Reach;
use slipway::time::UtcTime;

use crate::support::app::TestDesk;

const SYSTEM: Actor = Actor::System { name: "Test" };

/// Something said so many minutes ago.
fn said(desk: &TestDesk, number: i64, direction: Direction, ago: i64, body: &str) {
    let (body, at) = (body.to_owned(), UtcTime::now().plus_minutes(-ago));
    desk.write(move |tx| conversation::keep_message(tx, &SYSTEM, number, direction, "whatsapp", &body, at));
}

fn numbers(desk: &TestDesk, show: Show) -> Vec<i64> {
    let page = desk.read(|conn| inbox::page(conn, &Reach::EVERYWHERE, show, StaffId(1), None));
    page.conversations.iter().map(|conversation| conversation.order.number).collect()
}

#[test]
fn conversations_stand_newest_first_by_who_waits() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let (asked, answered, silent, old) =
        (desk.order().place(), desk.order().place(), desk.order().place(), desk.order().place());
    said(&desk, old, Direction::In, 60 * 30, "Is anybody there?");
    said(&desk, asked, Direction::In, 90, "Where is it?");
    said(&desk, asked, Direction::In, 20, "Hello?");
    said(&desk, answered, Direction::In, 50, "Blue or green?");
    said(&desk, answered, Direction::Out, 40, "Blue, as you ordered.");
    assert_eq!(numbers(&desk, Show::Awaiting), [asked, old]);
    assert_eq!(numbers(&desk, Show::All), [asked, answered, old]);
    assert_eq!(numbers(&desk, Show::Unread), [asked, answered, old]);
    assert!(desk.look(silent).talked_at.is_none());
    let waits = desk.look(asked).asked_at.unwrap();
    assert!((UtcTime::now().seconds_since(waits) - 90 * 60).abs() < 60, "since the first word that was not answered");
    // What arrives late does not make an answered question open again.
    said(&desk, answered, Direction::In, 45, "Which blue?");
    assert_eq!(numbers(&desk, Show::Awaiting), [asked, old]);

    let list = owner.see("/inbox");
    list.must_say(&format!("Eszter Kovács #{asked}"));
    list.must_say("Hello?");
    list.must_say("waits 1h 30m");
    assert!(!list.says("Blue, as you ordered."));
    list.must_say("Choose a conversation");
    list.must_say("Messages 3 unread");
    let all = owner.see("/inbox?show=all");
    all.must_say("Test: Blue, as you ordered. WhatsApp");
    let html = all.text();
    assert!(html.find(&format!("/inbox/{asked}?")).unwrap() < html.find(&format!("/inbox/{answered}?")).unwrap());
    assert_eq!(owner.get("/inbox?show=spam").status, 400);
    assert_eq!(owner.get("/inbox?after=x").status, 400);
    assert_eq!(owner.get("/inbox/99999999").status, 404);
    assert_eq!(desk.visitor().get("/inbox").status, 303);
}

#[test]
fn opening_a_conversation_reads_it_and_it_can_be_made_unread_again() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    said(&desk, number, Direction::In, 5, "First");
    said(&desk, number, Direction::In, 4, "Second");
    let (owner, viewer) = (desk.owner(), desk.viewer());
    viewer.see(&format!("/inbox/{number}?show=unread")).must_say("Second");
    assert_eq!(desk.look(number).unread_count, 2, "who cannot answer has not read for the shop");
    let open = owner.see(&format!("/inbox/{number}?show=unread"));
    open.must_say("Second");
    assert!(!open.text().contains("data-unread"), "the count is that of now");
    assert_eq!(desk.look(number).unread_count, 0);
    owner.see("/inbox?show=unread").must_say("Everything is read");
    let back = [("back", "/inbox?show=unread")];
    let marked = owner.post(&format!("/orders/{number}/unread"), &back);
    assert_eq!((marked.status, marked.location()), (303, "/inbox?show=unread"));
    assert_eq!(desk.look(number).unread_count, 1);
    owner.see("/inbox?show=unread").must_say("Second");
    assert_eq!(viewer.post(&format!("/orders/{number}/unread"), &back).status, 403);
    let quiet = desk.order().place();
    let refused = owner.post(&format!("/orders/{quiet}/unread"), &back);
    assert_eq!(refused.status, 409);
    refused.must_say("The customer has not written anything");
}

#[test]
fn an_answer_is_given_from_the_inbox_and_what_cannot_be_sent_stays_there() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    said(&desk, number, Direction::In, 5, "Is it on its way?");
    let owner = desk.owner();
    let place = format!("/inbox/{number}?show=awaiting");
    let shown = owner.see(&place);
    let (token, path) = (shown.field("form_token"), format!("/orders/{number}/messages"));
    let long = "y".repeat(10_001);
    let refused =
        owner.post(&path, &[("audience", "message"), ("body", &long), ("form_token", &token), ("back", &place)]);
    assert_eq!(refused.status, 400);
    refused.must_say("A message takes 10,000 characters at the most.");
    refused.must_say("Awaiting reply 1");
    assert!(refused.text().contains(&long) && refused.text().contains("id=\"inbox\""));
    let answer = [("audience", "message"), ("body", "It left today."), ("form_token", &token), ("back", &place)];
    let sent = owner.submit(&path, &answer);
    sent.must_say("It left today.");
    sent.must_say("Nobody waits for an answer");
    assert!(desk.look(number).asked_at.is_none());
}

#[test]
fn a_conversation_belongs_to_whom_its_order_is_assigned() {
    let desk = TestDesk::open();
    let (mine, free) = (desk.order().place(), desk.order().place());
    said(&desk, mine, Direction::In, 9, "Mine?");
    said(&desk, free, Direction::In, 8, "Free?");
    let owner = desk.owner();
    let open = owner.see(&format!("/inbox/{mine}"));
    let html = open.text();
    let at = html.find("Marta Kuipers</option>").unwrap();
    let uid = html[..at].rsplit_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned();
    let back = format!("/inbox/{mine}?show=mine");
    owner.submit(&format!("/orders/{mine}/assignee"), &[("staff", &uid), ("back", &back)]).must_say("Mine?");
    let list = owner.see("/inbox?show=mine");
    assert!(list.says("Mine?") && !list.says("Free?"));
    list.must_say("assigned to Marta Kuipers");
    let list = owner.see("/inbox?show=unassigned");
    assert!(!list.says("Mine?") && list.says("Free?"));
    assert!(!desk.manager().see("/inbox?show=mine").says("Mine?"));
}

#[test]
fn the_inbox_goes_on_by_its_cursor_and_every_page_costs_the_same() {
    let desk = TestDesk::open();
    let orders: Vec<i64> = (0..inbox::ROWS as i64 + 5).map(|_| desk.order().place()).collect();
    for (place, number) in orders.iter().enumerate() {
        said(&desk, *number, Direction::In, 1_000 - place as i64, "Hello");
    }
    let first = desk.read(|conn| inbox::page(conn, &Reach::EVERYWHERE, Show::All, StaffId(1), None));
    let second = desk.read(|conn| inbox::page(conn, &Reach::EVERYWHERE, Show::All, StaffId(1), first.next));
    assert!(second.next.is_none());
    let seen: Vec<i64> =
        first.conversations.iter().chain(&second.conversations).map(|found| found.order.number).collect();
    assert_eq!(seen, orders.iter().rev().copied().collect::<Vec<_>>());
    let owner = desk.owner();
    let page = owner.see("/inbox?show=all");
    let html = page.text();
    let next = html.split("rel=\"next\"").next().unwrap().rsplit_once("href=\"").unwrap().1.split('"').next().unwrap();
    let older = owner.see(&crate::support::person::resolve(next));
    older.must_say(&format!("#{}", orders[0]));
    older.must_say("Newest");
    let cost = |show| {
        let mut conn = desk.look_behind();
        let queries = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let seen = queries.clone();
        conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        });
        inbox::page(&mut conn, &Reach::EVERYWHERE, show, StaffId(1), None).unwrap();
        queries.load(std::sync::atomic::Ordering::Relaxed)
    };
    assert_eq!([Show::All, Show::Unassigned, Show::Unread].map(cost), [3, 3, 3]);
}

#[test]
fn what_the_desk_says_by_itself_or_could_not_send_is_no_answer() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    said(&desk, number, Direction::In, 50, "May I still change the colour?");
    for (change, waits) in [
        ("details = '{\"automatic\":true,\"stage\":\"shipped\"}'", 50),
        ("state = 'failed'", 50),
        ("state = 'sent'", 30),
    ] {
        said(&desk, number, Direction::Out, 40, "Your order left.");
        let sql = format!("UPDATE messages SET {change} WHERE id = (SELECT MAX(id) FROM messages)");
        let mut conn = desk.look_behind();
        slipway::on_each_database!(&mut conn, inner => diesel::sql_query(sql).execute(inner)).unwrap();
        said(&desk, number, Direction::In, 30, "Hello?");
        let since = desk.look(number).asked_at.unwrap();
        assert!((UtcTime::now().seconds_since(since) - waits * 60).abs() < 60, "{change}");
    }
}

#[test]
fn lists_and_boards_know_who_waits() {
    let desk = TestDesk::open();
    let (waiting, done) = (desk.order().place(), desk.order().place());
    for number in [waiting, done] {
        said(&desk, number, Direction::In, 30, "Well?");
        desk.write(move |tx| conversation::mark_read(tx, number));
    }
    said(&desk, done, Direction::Out, 20, "Well.");
    let owner = desk.owner();
    let list = owner.see("/orders?awaiting=yes");
    assert!(list.says(&format!("#{waiting}")) && !list.says(&format!("#{done}")));
    list.must_say("Reply awaited");
    list.must_say("awaiting reply");
    assert!(!owner.see("/orders?awaiting=no").says(&format!("#{waiting}")));
    owner.see("/board").must_say("awaiting reply");
    assert!(owner.fragment("/orders/filters").text().contains("name=\"awaiting\""));
}

#[test]
fn an_older_database_learns_who_waits() {
    let desk = TestDesk::open();
    let (asked, answered) = (desk.order().place(), desk.order().place());
    said(&desk, asked, Direction::Out, 70, "Thank you for your order.");
    said(&desk, asked, Direction::In, 60, "When?");
    said(&desk, asked, Direction::In, 50, "Soon?");
    said(&desk, answered, Direction::In, 40, "When?");
    said(&desk, answered, Direction::Out, 30, "Today.");
    let known = [asked, answered].map(|number| desk.look(number)).map(|order| (order.talked_at, order.asked_at));
    let migration = include_str!("../../migrations/common/2026-11-22-210000_gather_conversations/up.sql");
    let update = migration.split(';').find(|statement| statement.trim_start().starts_with("UPDATE")).unwrap();
    let mut conn = desk.look_behind();
    let forget = "UPDATE orders SET talked_at = NULL, asked_at = NULL";
    for statement in [forget, update] {
        slipway::on_each_database!(&mut conn, inner => diesel::sql_query(statement).execute(inner)).unwrap();
    }
    let learnt = [asked, answered].map(|number| desk.look(number)).map(|order| (order.talked_at, order.asked_at));
    assert_eq!(learnt, known);
}
