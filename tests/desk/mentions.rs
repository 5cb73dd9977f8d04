//! Calling a colleague in an internal note: who is told, until when, and who never learns of it.

use serde_json::json;

use crate::support::app::TestDesk;
use crate::support::person::Person;

fn note(person: &Person, number: i64, audience: &str, body: &str, token: &str) -> u16 {
    let fields = [("audience", audience), ("body", body), ("form_token", token)];
    person.post(&format!("/orders/{number}/notes"), &fields).status
}

#[test]
fn whoever_is_called_finds_it_until_they_have_seen_it() {
    let desk = TestDesk::open();
    let (owner, packer, manager) = (desk.owner(), desk.packer(), desk.manager());
    let number = desk.order().place();
    assert_eq!(
        note(&owner, number, "internal", "@jon: wrap it twice, ask @ANA <b>. jon@example.com @nobody", "a"),
        303
    );
    packer.see("/").must_say("Messages 1 unread");
    let list = packer.see("/inbox/mentions");
    list.must_say("Mentions 1");
    list.must_say(&format!("Marta Kuipers #{number} Eszter Kovács not seen yet"));
    list.must_say("@jon : wrap it twice");
    assert!(list.text().contains("<b class=\"call me\">@jon</b>: wrap it twice, ask <b class=\"call\">@ANA</b>"));
    assert!(!list.text().contains("<b>."));
    packer.see(&format!("/orders/{number}"));
    packer.see("/").must_say("Messages 1 unread");
    let notes = packer.see(&format!("/orders/{number}/notes"));
    assert!(notes.text().contains("<b class=\"call me\">@jon</b>"));
    assert!(!packer.see("/").text().contains("data-unread"), "seen");
    assert!(!packer.see("/inbox/mentions").says("not seen yet"));
    manager.see("/inbox/mentions").must_say("not seen yet");
    owner.see("/inbox/mentions").must_say("Nobody has called you yet");
}

#[test]
fn a_note_that_is_changed_or_removed_calls_whom_it_calls_now() {
    let desk = TestDesk::open();
    let (owner, packer, manager) = (desk.owner(), desk.packer(), desk.manager());
    let number = desk.order().place();
    note(&owner, number, "internal", "@jon look", "a");
    let html = owner.see(&format!("/orders/{number}/notes")).text();
    let uid = html.split("id=\"note-").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let path = format!("/orders/{number}/notes/{uid}");
    assert_eq!(owner.post(&path, &[("body", "@ana look")]).status, 303);
    packer.see("/inbox/mentions").must_say("Nobody has called you yet");
    manager.see("/inbox/mentions").must_say("not seen yet");
    assert_eq!(owner.post(&format!("{path}/remove"), &[("remove", "1")]).status, 303);
    manager.see("/inbox/mentions").must_say("Nobody has called you yet");
    assert!(!manager.see("/").text().contains("data-unread"));
}

#[test]
fn only_internal_notes_call_and_an_unclear_name_is_asked_about() {
    let desk = TestDesk::open();
    let (owner, packer) = (desk.owner(), desk.packer());
    desk.manager();
    desk.somebody("Ana Días", "adias@fernandkiln.example", slipway::staff::Role::Support);
    let number = desk.order().place();
    assert_eq!(note(&owner, number, "customer", "Ask @jon about it", "a"), 303);
    packer.see("/inbox/mentions").must_say("Nobody has called you yet");
    let fields = [("audience", "internal"), ("body", "@ana, please"), ("form_token", "b")];
    let refused = owner.post(&format!("/orders/{number}/notes"), &fields);
    assert_eq!(refused.status, 400);
    refused.must_say("Several colleagues are called @ana. Write @ana.dias or @ana.pires.");
    let told = desk.program().post(&format!("/api/orders/ORD{number}/notes"), &json!({"body": "@ana look"})).problem();
    assert_eq!(told, (400, "note.unclear_call".into()));
    refused.must_say("@ana, please");
    assert_eq!(note(&owner, number, "internal", "@ana.dias, please", "c"), 303);
    let beside = [("audience", "internal"), ("body", "@jon beside the chat"), ("form_token", "d")];
    assert_eq!(owner.post(&format!("/orders/{number}/messages"), &beside).status, 303);
    packer.see("/inbox/mentions").must_say("@jon beside the chat");
    // Neither the customer nor paper learns of it.
    owner.post(&format!("/orders/{number}/customer-page"), &[("do", "make")]);
    let html = owner.see(&format!("/orders/{number}")).text();
    let link = html.split("value=\"/t/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for page in [desk.visitor().see(&format!("/t/{link}")), owner.see(&format!("/orders/{number}/slip"))] {
        assert!(!page.says("please") && !page.says("beside the chat"));
        page.must_say("Ask @jon about it");
    }
}
