//! Notes on the order's page: who they are for, who may change them, and what is too much.

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

fn write(person: &Person, number: i64, audience: &str, body: &str, token: &str) -> Reply {
    let back = format!("/orders/{number}/notes");
    let fields = [("audience", audience), ("body", body), ("form_token", token), ("back", back.as_str())];
    person.post(&format!("/orders/{number}/notes"), &fields)
}

#[test]
fn a_note_says_in_words_who_it_is_for_and_internal_is_the_default() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    let empty = owner.see(&format!("/orders/{number}/notes"));
    assert!(empty.text().contains("value=\"internal\" checked"));
    write(&owner, number, "internal", "Wrap twice\r\n😀 שלום", "a");
    write(&owner, number, "customer", "Follows today", "b");
    let shown = owner.see(&format!("/orders/{number}/notes"));
    shown.must_say("Wrap twice 😀 שלום MK Marta Kuipers");
    let order = shown.words();
    let internal = order.find("Wrap twice").unwrap();
    let customer = order.find("Follows today").unwrap();
    assert!(order[internal..customer].contains("Internal"));
    assert!(order[customer..].contains("For the customer"));
    assert!(shown.text().contains("class=\"note outward\""));
    assert_eq!(desk.look(number).note_count, 2);
}

#[test]
fn two_clicks_write_one_note() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    let token = owner.see(&format!("/orders/{number}/notes")).field("form_token");
    for _ in 0..2 {
        assert_eq!(write(&owner, number, "internal", "Once", &token).status, 303);
    }
    assert_eq!(desk.look(number).note_count, 1);
    assert_eq!(write(&owner, number, "internal", "No token", "").status, 400);
}

#[test]
fn a_note_that_cannot_be_kept_comes_back_as_typed() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    let long = "long ".repeat(2_001);
    let reply = write(&owner, number, "customer", &long, "a");
    assert_eq!(reply.status, 400);
    reply.must_say("A note takes 10,000 characters at the most.");
    assert!(reply.text().contains(long.trim()));
    assert!(reply.text().contains("value=\"customer\" checked"));
    let reply = write(&owner, number, "internal", "  ", "b");
    assert_eq!(reply.status, 400);
    reply.must_say("Write something first.");
    let reply = write(&owner, number, "everybody", "Hello", "c");
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("Hello"));
    let huge = "x".repeat(10 << 20);
    assert_eq!(write(&owner, number, "internal", &huge, "d").status, 413);
    assert_eq!(desk.look(number).note_count, 0);
}

#[test]
fn a_note_is_changed_and_removed_by_its_author_and_the_history_keeps_it() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let (owner, manager) = (desk.owner(), desk.manager());
    write(&owner, number, "internal", "First words", "a");
    let uid = desk.read(|conn| {
        let id = slipway::order::find(conn, number)?.id;
        Ok(slipway::conversation::notes(conn, id)?.remove(0).uid)
    });
    let path = format!("/orders/{number}/notes/{uid}");
    assert!(!manager.see(&format!("/orders/{number}/notes")).says("Edit or delete"));
    assert_eq!(manager.post(&path, &[("body", "Mine now")]).status, 403);
    let empty = owner.post(&path, &[("body", " "), ("back", &format!("/orders/{number}/notes"))]);
    assert_eq!(empty.status, 400);
    let changed = owner.submit(&path, &[("body", "Better words"), ("back", &format!("/orders/{number}/notes"))]);
    changed.must_say("Better words");
    changed.must_say("changed");
    owner.see(&format!("/orders/{number}/history")).must_say("First words Better words");
    // The button stands in the form of the text, which it sends along.
    let fields = [("body", "Better words"), ("remove", "1"), ("back", &format!("/orders/{number}/notes"))];
    let removed = owner.submit(&format!("{path}/remove"), &fields);
    assert!(removed.says("No notes yet."));
    let history = owner.see(&format!("/orders/{number}/history"));
    history.must_say("removed a note");
    history.must_say("Better words");
    assert_eq!(owner.post(&path, &[("body", "Again")]).status, 404);
}

#[test]
fn who_may_not_write_gets_no_form() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let viewer = desk.viewer();
    assert!(!viewer.see(&format!("/orders/{number}/notes")).says("Add note"));
    assert_eq!(write(&viewer, number, "internal", "x", "a").status, 403);
    assert_eq!(write(&desk.packer(), number, "internal", "x", "a").status, 303);
}
