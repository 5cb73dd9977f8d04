//! The customer's page and the conversation: what somebody who holds the link sees and may do, what they
//! never see, and how the shop answers.

use slipway::conversation;
use slipway::customer_page::{self, Anew};
use slipway::moves::{self, Authority, MoveRequest};
use slipway::order::PaymentKind;
use slipway::payment::{self, NewPayment};
use slipway::time::UtcTime;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

const EMAIL: &str = "eszter@example.com";
const PHONE: &str = "+36 30 555 0142";

/// The path of the customer's page, made on the order's page by the owner.
fn link(desk: &TestDesk, number: i64) -> String {
    let owner = desk.owner();
    let path = format!("/orders/{number}/customer-page");
    assert_eq!(owner.post(&path, &[("do", "make")]).status, 303);
    let shown = owner.see(&format!("/orders/{number}")).text();
    let at = shown.find("value=\"/t/").expect("the link") + 7;
    shown[at..].split('"').next().unwrap().to_owned()
}

/// Sends a form of the customer's page as it stands there.
fn send(customer: &Person, page: &str, form: &str, fields: &[(&str, &str)]) -> Reply {
    let shown = customer.see(page);
    let (token, version) = (shown.field("form_token"), shown.field("version"));
    let mut all = vec![("form_token", token.as_str()), ("version", version.as_str())];
    all.extend_from_slice(fields);
    customer.post(&format!("{page}/{form}"), &all)
}

fn messages(desk: &TestDesk, number: i64) -> Vec<conversation::Message> {
    let id = desk.look(number).id;
    desk.read(|conn| conversation::messages(conn, id))
}

const ADDRESS: [(&str, &str); 5] = [
    ("ship_name", "Eszter Kovács"),
    ("ship_street1", "Ráday utca 18"),
    ("ship_city", "Budapest"),
    ("ship_postcode", "1092"),
    ("ship_country", "HU"),
];

#[test]
fn a_customer_and_the_shop_talk_and_each_sees_what_was_read() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let page = link(&desk, number);
    let (owner, customer) = (desk.owner(), desk.visitor());
    let shown = customer.see(&page);
    shown.must_say("Being prepared");
    shown.must_say("Ráday utca 14 Hungary");
    shown.must_say("1092 Budapest");
    shown.must_say("Fern & Kiln Keizersgracht 112 1015 CW Amsterdam");
    assert_eq!(shown.header("referrer-policy"), "no-referrer");
    assert_eq!(shown.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(shown.header("cache-control"), "no-store");
    assert_eq!(shown.header("set-cookie"), "");
    assert!(!shown.text().contains("<script"));

    let sent = send(&customer, &page, "messages", &[("body", "Could it go\r\nto my office?")]);
    assert_eq!((sent.status, sent.location()), (303, format!("{page}?done=message#said").as_str()));
    customer.see(sent.location()).must_say("Your message is with us.");
    assert_eq!(desk.look(number).unread_count, 1);
    let order = owner.see(&format!("/orders/{number}"));
    order.must_say("Eszter Kovács wrote, and nobody has read it.");
    order.must_say("Could it go to my office? Eszter Kovács · customer’s page");
    owner.see("/attention").must_say(&format!("#{number}"));
    assert!(order.text().contains("value=\"message\" checked"));

    let token = order.field("form_token");
    let answer = [("audience", "message"), ("body", "Of course."), ("form_token", token.as_str())];
    let path = format!("/orders/{number}/messages");
    for _ in 0..2 {
        assert_eq!(owner.post(&path, &answer).status, 303);
    }
    assert_eq!(desk.look(number).unread_count, 0, "who answers has read");
    let said = messages(&desk, number);
    assert_eq!(said.len(), 2);
    assert_eq!((said[1].transport.as_str(), said[1].state.as_str()), ("page", "sent"));
    owner.see(&format!("/orders/{number}")).must_say("customer’s page · sent");
    customer.see(&page).must_say("Of course. Fern & Kiln ·");
    assert_eq!(messages(&desk, number)[1].state.as_str(), "read");
    owner.see(&format!("/orders/{number}")).must_say("customer’s page · read");
    let history = owner.see(&format!("/orders/{number}/history"));
    history.must_say("Eszter Kovács wrote a message on their page");
    history.must_say("Marta Kuipers wrote a message to the customer’s page");
    history.must_say("made the link to the customer’s page");
    let html = history.text();
    let told = html.split_once("<ol class=\"tl\">").map(|(_, after)| after.split("</ol>").next().unwrap()).unwrap();
    assert!(!told.contains(page.trim_start_matches("/t/")), "the history never tells the secret");
}

#[test]
fn who_only_holds_the_link_learns_nothing_of_the_shops_own() {
    let desk = TestDesk::open();
    let number = desk
        .order()
        .with(|draft| {
            draft.phone = PHONE.into();
            if let Some(address) = draft.ship_to.as_mut() {
                address.phone = PHONE.into();
            }
        })
        .at("placed")
        .place();
    let (owner, customer) = (desk.owner(), desk.visitor());
    let page = link(&desk, number);
    owner.post(&format!("/orders/{number}/tags"), &[("tag", "Watch-this-one")]);
    for (audience, body, token) in
        [("internal", "Wrap it twice, she complains", "a"), ("customer", "Follows today", "b")]
    {
        let fields = [("audience", audience), ("body", body), ("form_token", token)];
        assert_eq!(owner.post(&format!("/orders/{number}/notes"), &fields).status, 303);
    }
    let fields = [("audience", "internal"), ("body", "Beside the chat"), ("form_token", "c")];
    assert_eq!(owner.post(&format!("/orders/{number}/messages"), &fields).status, 303);
    let fields = [("audience", "message"), ("body", "Hello Eszter"), ("form_token", "d")];
    assert_eq!(owner.post(&format!("/orders/{number}/messages"), &fields).status, 303);
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        let (at, mail) = (tx.now, format!("Call me at {PHONE}"));
        conversation::keep_message(tx, &actor, number, conversation::Direction::In, "email", &mail, at)
    });
    let shown = customer.see(&page);
    shown.must_say("Follows today");
    shown.must_say("Hello Eszter Fern & Kiln");
    let html = shown.text();
    for secret in [EMAIL, PHONE, "555", "Wrap it twice", "Beside the chat", "Marta", "Watch-this-one"] {
        assert!(!html.contains(secret), "{secret} is on the page: {html}");
    }
    assert_eq!(desk.look(number).note_count, 3);
}

#[test]
fn an_address_confirms_the_order_and_can_then_no_longer_be_changed() {
    let desk = TestDesk::open();
    let number = desk.order().with(|draft| draft.ship_to = None).at("placed").paid().place();
    let page = link(&desk, number);
    let customer = desk.visitor();
    let shown = customer.see(&page);
    shown.must_say("Received, waiting for you");
    shown.must_say("Where shall we send it?");
    let refused = send(&customer, &page, "address", &[("ship_country", "HU"), ("ship_city", "Budapest")]);
    assert_eq!(refused.status, 400);
    refused.must_say("Enter the street and house number.");
    assert!(refused.text().contains("value=\"Budapest\""));
    let version = shown.field("version");
    let mut fields = vec![("form_token", "one"), ("version", version.as_str())];
    fields.extend_from_slice(&ADDRESS);
    for _ in 0..2 {
        let sent = customer.post(&format!("{page}/address"), &fields);
        assert_eq!(sent.location(), format!("{page}?done=address#said"), "{}", sent.text());
    }
    let order = desk.look(number);
    assert_eq!(order.stage, "confirmed");
    assert_eq!(order.ship_to().unwrap().street1, "Ráday utca 18");
    let done = customer.see(&format!("{page}?done=address"));
    done.must_say("Thank you. We have your address.");
    done.must_say("Confirmed");
    let late = send(&customer, &page, "address", &ADDRESS);
    assert_eq!(late.status, 409);
    late.must_say("The address can no longer be changed here.");
    let owner = desk.owner();
    owner.see(&format!("/orders/{number}/history")).must_say("Eszter Kovács changed the delivery address");
}

#[test]
fn a_known_telephone_number_stays_when_none_is_given() {
    let desk = TestDesk::open();
    let number = desk
        .order()
        .with(|draft| {
            if let Some(address) = draft.ship_to.as_mut() {
                address.phone = PHONE.into();
            }
        })
        .at("placed")
        .place_unpaid();
    let page = link(&desk, number);
    assert_eq!(send(&desk.visitor(), &page, "address", &ADDRESS).status, 303);
    let address = desk.look(number).ship_to().unwrap();
    assert_eq!((address.street1.as_str(), address.phone.as_str()), ("Ráday utca 18", PHONE));
}

#[test]
fn a_customer_cancels_until_the_shop_approves_and_asks_afterwards() {
    let desk = TestDesk::open();
    let customer = desk.visitor();
    let number = desk.order().at("confirmed").place();
    let page = link(&desk, number);
    let stale = {
        let shown = customer.see(&page);
        let tags = [("tag", "late")];
        desk.owner().post(&format!("/orders/{number}/tags"), &tags);
        let (token, version) = (shown.field("form_token"), shown.field("version"));
        let fields = [("form_token", token.as_str()), ("version", version.as_str()), ("note", "Bought it twice")];
        customer.post(&format!("{page}/cancellation"), &fields)
    };
    assert_eq!(stale.status, 409);
    stale.must_say("changed in the meantime");
    assert!(!stale.says("Marta"));
    stale.must_say("Bought it twice");
    let sent = send(&customer, &page, "cancellation", &[("note", "Bought it twice")]);
    assert_eq!(sent.location(), format!("{page}?done=cancelled#said"), "{}", sent.text());
    let order = desk.look(number);
    assert_eq!(order.stage, "cancelled");
    assert!(order.credit_owed() > 0, "the refund is left to the shop");
    let shown = customer.see(&page);
    shown.must_say("Cancelled");
    shown.must_say("will be given back to you");
    let again = send(&customer, &page, "cancellation", &[("note", "")]);
    assert_eq!(again.status, 409);

    let number = desk.order().at("approved").place();
    let page = link(&desk, number);
    let sent = send(&customer, &page, "cancellation", &[("note", "Too late?")]);
    assert_eq!(sent.location(), format!("{page}?done=asked#said"), "{}", sent.text());
    let order = desk.look(number);
    assert_eq!((order.stage.as_str(), order.unread_count), ("approved", 1));
    assert_eq!(messages(&desk, number)[0].body, "I would like to cancel this order.\n\nToo late?");

    let owner = desk.owner();
    let fields = [("days", "90"), ("cancelling", "ask"), ("contact", "hello@fernandkiln.example")];
    assert_eq!(owner.post("/settings/customer-page", &fields).status, 303);
    let number = desk.order().at("confirmed").place();
    let page = link(&desk, number);
    customer.see(&page).must_say("hello@fernandkiln.example");
    send(&customer, &page, "cancellation", &[("note", "")]);
    assert_eq!(desk.look(number).stage, "confirmed");
}

#[test]
fn a_customer_says_that_everything_has_arrived() {
    let desk = TestDesk::open();
    let customer = desk.visitor();
    let number = desk.order().at("processed").place();
    let page = link(&desk, number);
    assert!(!customer.see(&page).says("I have it all"));
    assert_eq!(send(&customer, &page, "arrival", &[]).status, 409, "it has not left");
    let ship = MoveRequest::to("shipped");
    desk.write(move |tx| moves::move_to_stage(tx, &slipway::actor::Actor::System { name: "Test" }, number, &ship));
    customer.see(&page).must_say("I have it all");
    let sent = send(&customer, &page, "arrival", &[]);
    assert_eq!(sent.location(), format!("{page}?done=arrived#said"), "{}", sent.text());
    let order = desk.look(number);
    assert_eq!((order.stage.as_str(), order.fulfilment_status.as_str()), ("delivered", "delivered"));
    desk.owner().see(&format!("/orders/{number}/history")).must_say("Eszter Kovács");
    customer.see(&format!("{page}?done=arrived")).must_say("Thank you for telling us.");
    assert!(!customer.see(&page).says("I have it all"));
}

#[test]
fn a_customer_takes_an_order_up_again_that_was_given_up() {
    let desk = TestDesk::open();
    let customer = desk.visitor();
    let number = desk.order().place();
    let page = link(&desk, number);
    assert!(!customer.see(&page).says("Take the order up again"));
    assert_eq!(send(&customer, &page, "resumption", &[]).status, 409, "it was not given up");
    let give_up = MoveRequest::to("abandoned");
    desk.write(move |tx| moves::move_to_stage(tx, &slipway::actor::Actor::System { name: "Test" }, number, &give_up));
    customer.see(&page).must_say("Take the order up again");
    let sent = send(&customer, &page, "resumption", &[]);
    assert_eq!(sent.location(), format!("{page}?done=resumed#said"), "{}", sent.text());
    let order = desk.look(number);
    assert_eq!((order.stage.as_str(), order.abandon_at.is_some()), ("placed", true), "its clock runs again");
    customer.see(&format!("{page}?done=resumed")).must_say("Your order goes on.");
}

#[test]
fn what_was_shipped_may_be_asked_back_once() {
    let desk = TestDesk::open();
    let customer = desk.visitor();
    let number = desk.order().at("delivered").place();
    let page = link(&desk, number);
    let line = customer.see(&page).field("line");
    let fields = |units: &'static str, reason: &'static str| {
        [
            ("line", line.clone()),
            ("units", units.to_owned()),
            ("reason", reason.to_owned()),
            ("note", "Chipped".to_owned()),
        ]
    };
    let ask = |units, reason| {
        let owned = fields(units, reason);
        let borrowed: Vec<(&str, &str)> = owned.iter().map(|(name, value)| (*name, value.as_str())).collect();
        send(&customer, &page, "returns", &borrowed)
    };
    for (units, reason) in [("9", "damaged"), ("", "damaged"), ("x", "damaged"), ("1", "undeliverable")] {
        let refused = ask(units, reason);
        assert_eq!(refused.status, 400, "{units} {reason}: {}", refused.words());
        refused.must_say("Chipped");
    }
    let sent = ask("1", "damaged");
    assert_eq!(sent.location(), format!("{page}?done=return#said"), "{}", sent.text());
    customer.see(&page).must_say("Asked for; we will answer soon");
    desk.owner().see("/returns").must_say(&format!("#{number}"));
    let waiting = desk.order().at("confirmed").place();
    let page = link(&desk, waiting);
    assert!(!customer.see(&page).says("Ask to send something back"));
    let refused = send(&customer, &page, "returns", &[("line", "x"), ("units", "1"), ("reason", "damaged")]);
    assert_eq!(refused.status, 409);
}

#[test]
fn two_clicks_say_it_once_and_another_text_is_another_message() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let page = link(&desk, number);
    let customer = desk.visitor();
    let token = customer.see(&page).field("form_token");
    for body in ["Once", "Once", "Twice"] {
        let sent = customer.post(&format!("{page}/messages"), &[("form_token", token.as_str()), ("body", body)]);
        assert_eq!(sent.status, 303);
    }
    let bodies: Vec<String> = messages(&desk, number).into_iter().map(|message| message.body).collect();
    assert_eq!(bodies, ["Once", "Twice"]);
    assert_eq!(customer.post(&format!("{page}/messages"), &[("body", "No token")]).status, 400);
}

#[test]
fn what_is_written_cannot_harm_whoever_reads_it() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let page = link(&desk, number);
    let (customer, owner) = (desk.visitor(), desk.owner());
    let evil = "<script>alert(1)</script> <b>bold</b> \u{202e}gnp.exe\u{200b} שלום 👩\u{200d}🎨";
    assert_eq!(send(&customer, &page, "messages", &[("body", evil)]).status, 303);
    for html in [customer.see(&page).text(), owner.see(&format!("/orders/{number}")).text()] {
        assert!(!html.contains("<script>alert"));
        assert!(!html.contains("<b>bold"));
        assert!(!html.contains('\u{202e}') && !html.contains('\u{200b}'));
        assert!(html.contains("gnp.exe שלום 👩\u{200d}🎨"));
    }
    for (body, told) in [
        ("x".repeat(10_001), "A message takes 10,000 characters at the most."),
        (" \n ".to_owned(), "Write something first."),
        ("\u{200b}\u{feff}".to_owned(), "Write something first."),
    ] {
        let refused = send(&customer, &page, "messages", &[("body", &body)]);
        assert_eq!(refused.status, 400);
        refused.must_say(told);
        assert!(refused.text().contains(body.trim()));
    }
    let whole = "é".repeat(10_000);
    assert_eq!(send(&customer, &page, "messages", &[("body", &whole)]).status, 303);
    assert_eq!(messages(&desk, number).len(), 2);
    let long = "y".repeat(10_001);
    let path = format!("/orders/{number}/messages");
    let refused = owner.post(&path, &[("audience", "internal"), ("body", &long), ("form_token", "z")]);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("value=\"internal\" checked"));
    assert!(refused.text().contains(&long));
}

#[test]
fn a_customer_who_writes_too_fast_is_slowed_down() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let page = link(&desk, number);
    let customer = desk.visitor();
    let statuses: Vec<u16> = (0..11)
        .map(|at| {
            let (token, body) = (format!("t{at}"), format!("Message {at}"));
            customer.post(&format!("{page}/messages"), &[("form_token", &token), ("body", &body)]).status
        })
        .collect();
    assert_eq!(statuses[..10], [303; 10]);
    assert_eq!(statuses[10], 429);
    let slow = customer.post(&format!("{page}/messages"), &[("form_token", "t99"), ("body", "Kept as typed")]);
    assert_eq!(slow.status, 429);
    assert!(!slow.header("retry-after").is_empty());
    slow.must_say("Kept as typed");
}

#[test]
fn a_link_that_is_revoked_or_was_never_one_opens_nothing() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let first = link(&desk, number);
    assert_eq!(link(&desk, number), first, "making it twice makes one");
    let (owner, customer) = (desk.owner(), desk.visitor());
    let path = format!("/orders/{number}/customer-page");
    assert_eq!(owner.post(&path, &[("do", "renew")]).status, 303);
    let second = link(&desk, number);
    assert_ne!(first, second);
    let gone = customer.get(&first);
    assert_eq!(gone.status, 410);
    gone.must_say("The link to this order no longer works.");
    gone.must_say("contact Fern & Kiln");
    assert!(!gone.says(&number.to_string()) && !gone.says("Eszter"));
    assert_eq!(customer.post(&format!("{first}/messages"), &[("body", "x"), ("form_token", "a")]).status, 410);
    assert_eq!(owner.post(&path, &[("do", "revoke")]).status, 303);
    assert_eq!(customer.get(&second).status, 410);
    assert_eq!(messages(&desk, number).len(), 0);
    for odd in ["/t/", "/t/x", "/t/a/b/c", "/t/..%2f..", &format!("/t/{}", "A".repeat(43)), "/t/é"] {
        let reply = customer.get(odd);
        assert_eq!(reply.status, 404, "{odd}");
        reply.must_say("There is no page here");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
    }
    for broken in ["/t/%00", "/t/%ff"] {
        let reply = customer.get(broken);
        assert_eq!(reply.status, 400, "{broken}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
    }
    let back = customer.get(&format!("{second}/messages"));
    assert_eq!((back.status, back.location()), (303, second.as_str()));
    assert_eq!(desk.support().post(&path, &[("do", "make")]).status, 303);
    assert_eq!(desk.packer().post(&path, &[("do", "make")]).status, 403);
    assert!(!desk.packer().see(&format!("/orders/{number}")).text().contains("/t/"));
}

#[test]
fn a_page_closes_some_time_after_the_order_is_over() {
    let desk = TestDesk::open();
    let number = desk.order().at("delivered").place();
    let page = link(&desk, number);
    let token = page.trim_start_matches("/t/").to_owned();
    let opens = |days: i64| {
        let at = UtcTime::now().plus_minutes(days * 24 * 60);
        desk.read(|conn| customer_page::open(conn, &token, at))
    };
    assert!(matches!(opens(89), customer_page::Opened::Page(..)));
    assert!(matches!(opens(91), customer_page::Opened::Over(_)));
    desk.owner().see(&format!("/orders/{number}")).must_say("It works until");
    let fields = [("days", "0"), ("cancelling", "ask"), ("contact", "")];
    let refused = desk.owner().post("/settings/customer-page", &fields);
    assert_eq!(refused.status, 400);
    refused.must_say("Enter a number of days from 1 to 3650.");
    let fields = [("days", "10"), ("cancelling", "ask"), ("contact", "")];
    assert_eq!(desk.owner().post("/settings/customer-page", &fields).status, 303);
    assert!(matches!(opens(11), customer_page::Opened::Over(_)));
    // Putting the order away does not open it again.
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        moves::move_to_stage(
            tx,
            &actor,
            number,
            &MoveRequest { authority: Authority::Corrects, ..MoveRequest::to("archived") },
        )
    });
    assert!(matches!(opens(11), customer_page::Opened::Over(_)));
    desk.visitor().see(&page).must_say("Delivered");
    let under_way = desk.order().at("confirmed").place();
    let link = desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        customer_page::make_link(tx, &actor, under_way, Anew::No)
    });
    let later = UtcTime::now().plus_minutes(4_000 * 24 * 60);
    assert!(matches!(desk.read(|conn| customer_page::open(conn, &link.token, later)), customer_page::Opened::Page(..)));
}

#[test]
fn the_page_says_what_is_to_be_paid_and_where_parcels_are() {
    let desk = TestDesk::open();
    let customer = desk.visitor();
    let number = desk.order().at("placed").place_unpaid();
    let page = link(&desk, number);
    let due = desk.look(number).amount_due();
    let shown = desk.look(number).money(due).to_string();
    customer.see(&page).must_say(&format!("{shown} is still to be paid"));
    desk.write(move |tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        let new = NewPayment {
            kind: PaymentKind::Capture,
            amount_minor: due,
            method: "card".into(),
            reference: String::new(),
            note: String::new(),
            expires_at: None,
        };
        payment::record(tx, &actor, number, None, &new)
    });
    assert!(!customer.see(&page).says("to be paid"));
    let number = desk.order().at("shipped").place();
    let page = link(&desk, number);
    let shown = customer.see(&page);
    shown.must_say("On its way");
    shown.must_say("Your parcel has left us.");
}
