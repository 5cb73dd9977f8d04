//! Saved replies: written once, filled in for each order, never sent half filled.

use slipway::moves::{self, Authority, MoveRequest};

use crate::support::app::TestDesk;

fn add(desk: &TestDesk, name: &str, body: &str) -> u16 {
    desk.owner().post("/settings/replies", &[("name", name), ("body", body)]).status
}

/// The identifier of a reply in the chooser of a page.
fn chosen(html: &str, name: &str) -> String {
    let at = html.find(&format!(">{name}</option>")).unwrap_or_else(|| panic!("no {name} in {html}"));
    html[..at].rsplit_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

#[test]
fn a_reply_is_filled_in_for_its_order_with_and_without_scripting() {
    let desk = TestDesk::open();
    let number = desk.order().at("shipped").place();
    let body = "Hello {{first name}}, {{Order Number}} is with DHL: {{tracking number}}.\n{{my name}}, {{shop}}";
    assert_eq!(add(&desk, "On its way", body), 303);
    let support = desk.support();
    let page = support.see(&format!("/orders/{number}"));
    let uid = chosen(&page.text(), "On its way");
    let expected = format!("Hello Eszter, #{number} is with DHL: JVGL0612.\nSade, Fern & Kiln");
    let told = support.see(&format!("/orders/{number}/replies/{uid}"));
    let told: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!((told["text"].as_str(), told["told"].as_str()), (Some(expected.as_str()), Some("")));
    for (back, place) in
        [(format!("/orders/{number}"), "id=\"conv\""), (format!("/inbox/{number}?show=all"), "id=\"inbox\"")]
    {
        let fields = [
            ("reply", uid.as_str()),
            ("body", "Good news!"),
            ("audience", "message"),
            ("form_token", "a"),
            ("back", &back),
        ];
        let shown = support.post(&format!("/orders/{number}/replies"), &fields);
        assert_eq!(shown.status, 200, "{}", shown.words());
        shown.must_say(&format!("Good news! {}", expected.replace('\n', " ")));
        assert!(shown.text().contains(place));
        assert!(!shown.says("This order has nothing"));
    }
    assert_eq!(desk.look(number).message_count, 0, "nothing is sent by choosing");
    assert_eq!(desk.viewer().get(&format!("/orders/{number}/replies/{uid}")).status, 403);
}

#[test]
fn what_has_no_value_is_said_and_never_sent() {
    let desk = TestDesk::open();
    let number = desk.order().paid().place();
    add(&desk, "Links", "See {{tracking link}} and {{customer page}}.");
    let owner = desk.owner();
    let page = owner.see(&format!("/orders/{number}"));
    let uid = chosen(&page.text(), "Links");
    let back = format!("/orders/{number}");
    let fields = [("reply", uid.as_str()), ("audience", "message"), ("form_token", "a"), ("back", &back)];
    let shown = owner.post(&format!("/orders/{number}/replies"), &fields);
    shown.must_say("This order has nothing for {{tracking link}} and {{customer page}} yet.");
    let send = |body: &str, audience: &str, token: &str| {
        let fields = [("audience", audience), ("body", body), ("form_token", token)];
        owner.post(&format!("/orders/{number}/messages"), &fields)
    };
    let refused = send("See {{tracking link}}.", "message", "b");
    assert_eq!(refused.status, 400);
    refused.must_say("The message still says {{tracking link}}.");
    assert_eq!(send("See {{tracking link}}.", "internal", "c").status, 303, "colleagues may talk about it");
    assert_eq!(send("Braces {{ }} and {{<b>}} are fine.", "message", "d").status, 303);
    // Once there is a link and a parcel it has values.
    owner.post(&format!("/orders/{number}/customer-page"), &[("do", "make")]);
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        for stage in ["confirmed", "approved", "processed", "shipped"] {
            let tracking = slipway::shipment::Tracking { carrier: "DHL".into(), number: "JVGL0612".into() };
            let request = MoveRequest { authority: Authority::Corrects, tracking, ..MoveRequest::to(stage) };
            moves::move_to_stage(tx, &actor, number, &request)?;
        }
        Ok(())
    });
    let shown = owner.post(&format!("/orders/{number}/replies"), &fields);
    shown.must_say("JVGL0612");
    shown.must_say(&format!("{}/t/", desk.address()));
    assert!(!shown.says("This order has nothing"));
    let nothing = owner.post(&format!("/orders/{number}/replies"), &[("body", "Kept"), ("back", &back)]);
    nothing.must_say("Choose a saved reply first.");
    nothing.must_say("Kept");
}

#[test]
fn replies_are_written_changed_and_removed_in_the_settings() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    for (name, body, told) in [
        ("", "Hello", "Give the reply a name"),
        ("Thanks", "", "Write the reply."),
        ("Thanks", "Hello {{colour}} {{first name}} {{size}}", "{{colour}} and {{size}} stand for nothing. Known are"),
        (&"x".repeat(81), "Hello", "A name takes 80 characters"),
        ("Thanks", &"y".repeat(5_001), "A reply takes 5,000 characters"),
    ] {
        let refused = owner.post("/settings/replies", &[("name", name), ("body", body)]);
        assert_eq!(refused.status, 400, "{told}");
        refused.must_say(told);
        assert!(refused.text().contains(body));
    }
    assert_eq!(add(&desk, "Thanks", "Thank you, {{name}} <b>!"), 303);
    let twice = owner.post("/settings/replies", &[("name", "thanks"), ("body", "Again")]);
    twice.must_say("There is a reply called “thanks” already.");
    let page = owner.see("/settings/replies");
    page.must_say("Thank you, {{name}} <b>!");
    let html = page.text();
    let path = html.split("action=\"").find(|rest| rest.starts_with("/settings/replies/")).unwrap();
    let path = path.split('"').next().unwrap().to_owned();
    let broken = owner.post(&path, &[("name", "Thanks"), ("body", "{{colour}}")]);
    assert_eq!(broken.status, 400);
    broken.must_say("{{colour}} stands for nothing.");
    owner.submit(&path, &[("name", "Thank you"), ("body", "Many thanks")]).must_say("Many thanks");
    owner.submit(&path, &[("name", "x"), ("body", "x"), ("remove", "1")]).must_say("Write your first saved reply");
    assert_eq!(owner.post(&path, &[("name", "x"), ("body", "x")]).status, 404);
    assert_eq!(desk.support().get("/settings/replies").status, 403);
}
