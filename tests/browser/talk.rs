//! Two people of the shop and a customer talk about an order while it moves, on three screens.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use slipway::actor::Actor;
use slipway::announce;
use slipway::conversation::outbox;
use slipway::conversation::transport::Transports;
use slipway::customer_page::{self, Anew};
use slipway::mail::Mail;
use slipway::time::UtcTime;
use slipway::web;

use crate::checks::assert_sound;
use crate::driver::{Browser, Scripting};
use crate::first_run::sign_in;
use crate::support::app::{OWNER, PASSWORD, TestDesk};
use crate::support::mail_server::MailServer;

const HOME: &str = "https://desk.fernandkiln.example";

/// A shop that mails its customers when their parcel leaves.
fn shop(server: &MailServer) -> TestDesk {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let (port, from) = (server.port(), "hello@fernandkiln.example");
    let mail = [("host", "127.0.0.1"), ("port", port.as_str()), ("secured", "nothing"), ("from", from), ("do", "save")];
    assert_eq!(owner.post("/settings/mail", &mail).status, 303);
    let stage = [("label", "Shipped"), ("colour", "ok"), ("sla_unit", "hours"), ("message", "yes")];
    assert_eq!(owner.post("/settings/stages/shipped", &stage).status, 303);
    desk.write(|tx| web::set_setting(tx, "public_address", HOME));
    desk.support();
    desk
}

fn at_the_desk(desk: &TestDesk, email: &str) -> Browser {
    let browser = Browser::open(Scripting::On);
    browser.goto(&format!("{}/login", desk.address()));
    sign_in(&browser, email, PASSWORD);
    browser
}

/// Tells customers of moves and sends what is due once nothing can be undone any more.
fn later(desk: &TestDesk) {
    let db = desk.db.clone();
    let now = UtcTime::now().plus_minutes(15);
    let transports = Transports::default().with(Mail { patience: Duration::from_secs(5) });
    tokio::runtime::Runtime::new().unwrap().block_on(async move {
        announce::relay(&db, now).await.unwrap();
        outbox::round(&db, &transports, now).await.unwrap();
    });
}

fn picture(browser: &Browser, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../pictures");
    browser.picture(&folder.join(format!("talk-{name}.png")));
}

#[test]
fn two_people_and_a_customer_talk_about_an_order_while_it_moves() {
    let server = MailServer::open();
    let desk = shop(&server);
    let number = desk.order().at("processed").place();
    let page = desk.write(move |tx| {
        customer_page::make_link(tx, &Actor::System { name: "Test" }, number, Anew::No).map(|link| link.path())
    });
    let (order, page) = (format!("{}/orders/{number}", desk.address()), format!("{}{page}", desk.address()));
    let (marta, sade) = (at_the_desk(&desk, OWNER), at_the_desk(&desk, "sade@fernandkiln.example"));
    let eszter = Browser::open(Scripting::On);
    eszter.viewport(390, 844);

    // Whoever looks at the same order is told so.
    marta.goto(&order);
    sade.goto(&order);
    let is_here = |browser: &Browser, told: &str| {
        browser.wait(told, |b| b.maybe("#here").filter(|here| here.text_or_gone().contains(told)).map(|_| ()));
    };
    is_here(&sade, "Marta is here");
    is_here(&marta, "Sade is here");
    sade.goto(&format!("{}/inbox", desk.address()));
    sade.find("#inbox");

    // The customer writes; both learn of it where they are.
    eszter.goto(&page);
    eszter.sees("Packed");
    write(&eszter, "Could you leave it with my neighbour?");
    eszter.sees("Your message is with us.");
    marta.find_text(".toast.changed", "The customer wrote");
    picture(&marta, "told");
    marta.find_text(".toast.changed", "The customer wrote").find("a").click();
    marta.find_text(".thread .msg", "Could you leave it with my neighbour?");
    sade.find_text("#talkpill", "New messages");

    // One answers, the other sees that, and so does the customer.
    sade.find("#talkpill").click();
    sade.sees("Could you leave it with my neighbour?");
    sade.goto(&format!("{}/inbox/{number}", desk.address()));
    sade.find("#say").fill("Of course, with Mrs Nagy at number 12.");
    sade.find_text(".composer .btn.primary", "Send").click();
    sade.find_text(".thread .msg.out", "with Mrs Nagy");
    marta.find_text(".toast.changed", "Sade Okafor wrote").find("a").click();
    marta.find_text(".thread .msg.out", "with Mrs Nagy");
    eszter.reload();
    eszter.find_text(".thread .msg", "Of course, with Mrs Nagy at number 12.");
    assert!(!eszter.text().contains("Sade"), "customers see the shop, not its people");

    // The parcel leaves, with a message; the other one and the customer see that, too.
    sade.goto(&order);
    sade.find(".ohead .stage");
    marta.find_text(".ohead .btn.primary", "Mark as shipped").click();
    marta.find("#f-carrier").fill("DHL");
    marta.find("#f-tracking").fill("JVGL061234567890");
    marta.find_text("#ask label", "Send it by E-mail");
    picture(&marta, "asked");
    marta.find("#ask button.primary").click();
    marta.find_text(".ohead .stage", "Shipped");
    sade.find_text(".toast.changed", "Marta Kuipers").find("a").click();
    sade.find_text(".ohead .stage", "Shipped");
    eszter.reload();
    eszter.sees("On its way");
    eszter.sees("JVGL061234567890");
    later(&desk);
    let mail = server.mails(1).remove(0);
    assert_eq!(mail.to(), ["eszter@example.com"]);
    assert!(mail.plain().contains(&format!("your order #{number} is on its way")), "{}", mail.plain());
    assert!(mail.plain().contains("JVGL061234567890"));
    sade.find_text(".toast.changed", "Automatic message").find("a").click();
    sade.find_text(".thread .msg.out", "is on its way");
    write(&eszter, "Thank you both!");
    sade.find_text(".toast.changed", "The customer wrote");
    picture(&eszter, "customer");
    assert_sound(&eszter, "the customer’s page");
    for browser in [&marta, &sade] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

fn write(customer: &Browser, body: &str) {
    customer.find("#m").fill(body);
    customer.find(".say button").click();
    customer.find_text(".thread .msg.out", body);
}

#[test]
fn news_comes_above_what_can_be_undone_and_one_mention_joins_another() {
    let desk = TestDesk::open();
    let sade = desk.support();
    let numbers = [desk.order().at("confirmed").place(), desk.order().place(), desk.order().place()];
    let marta = at_the_desk(&desk, OWNER);
    marta.goto(&format!("{}/orders/{}", desk.address(), numbers[0]));
    marta.find_text(".ohead .btn.primary", "Approve").click();
    marta.find_text(".toast button", "Undo");
    let place = || marta.run("return document.querySelector('.toast form').getBoundingClientRect().top", json!([]));
    let before = place();
    marta.wait("the stream", |b| {
        let at = b.run("return localStorage.getItem('slipway.news') || ''", json!([]));
        at.as_str().is_some_and(|at| !at.is_empty()).then_some(())
    });
    let call = |number: i64, key: &str| {
        let fields = [("audience", "internal"), ("body", "@marta please look"), ("form_token", key)];
        assert_eq!(sade.post(&format!("/orders/{number}/notes"), &fields).status, 303);
    };
    call(numbers[1], "one");
    marta.find_text(".toast.mention", &format!("Sade Okafor mentioned you on #{}", numbers[1]));
    assert_eq!(place(), before, "nothing is pushed away from under a finger");
    call(numbers[2], "two");
    marta.find_text(".toast.mention", "and 1 more");
    assert_eq!((marta.all(".toast.mention").len(), place()), (1, before));
    let rectangles = "const r = [...document.querySelectorAll('.toast')].map(t => t.getBoundingClientRect()); \
                      return r.every((a, i) => r.every((b, j) => i >= j || a.bottom <= b.top || b.bottom <= a.top))";
    assert_eq!(marta.run(rectangles, json!([])), json!(true), "none lies on another");
    marta.viewport(390, 844);
    assert_eq!(marta.run(rectangles, json!([])), json!(true), "nor on a telephone");
    picture(&marta, "toasts");
    marta.find(".toast.mention a").click();
    marta.arrives("/inbox/mentions");
    assert_eq!(marta.complaints(), Vec::<String>::new());
}
