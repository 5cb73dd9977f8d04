//! Programs are told what happens: signed, in spite of everything, and only where it is allowed.

use std::collections::BTreeSet;
use std::time::Duration;

use slipway::actor::Actor;
use slipway::catalog::{self, stock};
use slipway::db::Db;
use slipway::event::{self, Event};
use slipway::moves::{self, MoveRequest};
use slipway::outside::{Allowed, Outside};
use slipway::time::UtcTime;
use slipway::webhook::{self, Delivery, DeliveryState, Endpoint, EndpointFacts, Narrow};
use slipway::{order, payment};

use crate::support::app::TestDesk;
use crate::support::process::Process;
use crate::support::receiver::{Manner, Received, Receiver};

const ANA: Actor = Actor::System { name: "Ana" };
const FINE: Manner = Manner::Says(200, "");

fn here() -> Allowed {
    Allowed::parse(&["127.0.0.0/8".to_owned()]).unwrap()
}

fn outside() -> Outside {
    Outside::new(here(), Duration::from_secs(5))
}

impl TestDesk {
    /// Adds a webhook for these events, or for all.
    fn hook(&self, url: &str, events: &[&str]) -> Endpoint {
        let events = events.iter().map(|name| (*name).to_owned()).collect();
        let facts = EndpointFacts { url: url.into(), events, ..EndpointFacts::default() };
        self.write(move |tx| webhook::create(tx, &ANA, &facts, &here()))
    }
    /// Sends everything that is due at an instant.
    fn send_at(&self, outside: &Outside, now: UtcTime) -> usize {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(webhook::round(&self.db, outside, now)).unwrap()
    }
    fn send(&self) -> usize {
        self.send_at(&outside(), UtcTime::now())
    }
    fn log(&self, endpoint: &Endpoint) -> Vec<Delivery> {
        self.read(|conn| webhook::deliveries(conn, endpoint.id, &Narrow::default(), 500))
    }
    fn endpoint(&self, known: &Endpoint) -> Endpoint {
        self.read(|conn| webhook::find(conn, &known.uid))
    }
    /// What the last try of the newest delivery says went wrong.
    fn last_problem(&self, endpoint: &Endpoint) -> String {
        let newest = self.log(endpoint).remove(0);
        self.read(|conn| webhook::attempts(conn, newest.id)).remove(0).problem
    }
}

/// As an implementation by others sees it.
fn verify(message: &Received, secret: &str) -> bool {
    let mut headers = ureq::http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, message.header(name).parse().unwrap());
    }
    standardwebhooks::Webhook::new(secret).unwrap().verify(message.body.as_bytes(), &headers).is_ok()
}

#[test]
fn what_happens_is_told_signed_and_thin() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    desk.order().place();
    let hook = desk.hook(&receiver.url(), &[]);
    assert_eq!(desk.send(), 0, "what was before is not told");
    let number = desk.order().at("confirmed").place();
    assert!(desk.send() > 0);
    assert_eq!(desk.send(), 0, "once");
    assert_eq!(BTreeSet::from_iter(receiver.names()).len(), receiver.names().len());
    let all = receiver.received();
    let moved = all.iter().find(|message| message.json()["type"] == "order.stage_changed").unwrap();
    assert!(verify(moved, &hook.secret) && !verify(moved, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let (body, now) = (moved.json(), desk.look(number));
    assert_eq!(body["data"]["order_id"], format!("ORD{number}"));
    assert_eq!(body["data"]["previous_stage"], "placed");
    assert_eq!((&body["data"]["stage"], &body["data"]["base"]), (&"confirmed".into(), &"confirmed".into()));
    assert_eq!(body["data"]["total"], 63.95);
    assert_eq!(body["data"]["version"], now.version);
    assert_eq!(body["data"]["link"], format!("/api/orders/ORD{number}"));
    assert!(body["data"]["seq"].as_i64().unwrap() > 0 && body["timestamp"].is_string());
    for message in &all {
        assert!(message.body.len() < 20_000 && !message.body.contains("Eszter"), "{}", message.body);
        assert!(verify(message, &hook.secret));
    }
    assert_eq!(moved.header("content-type"), "application/json");
}

#[test]
fn an_endpoint_gets_the_events_it_chose_and_each_name_once() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    desk.hook(
        &receiver.url(),
        &["order.cancelled", "refund.created", "refund.succeeded", "shipment.created", "shipment.packed"],
    );
    desk.order().at("cancelled").place();
    desk.order().at("processed").place();
    desk.send();
    let mut names = receiver.names();
    names.sort();
    assert_eq!(names, ["order.cancelled", "refund.created", "refund.succeeded", "shipment.created", "shipment.packed"]);
    let ids: BTreeSet<_> = receiver.received().iter().map(Received::id).collect();
    assert_eq!(ids.len(), 5);
}

#[test]
fn a_failing_receiver_is_tried_for_three_days_then_disabled_and_told_of() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(Manner::Says(500, "")));
    let hook = desk.hook(&receiver.url(), &["order.created"]);
    desk.order().place();
    let start = UtcTime::now();
    let mut now = start;
    for tries in 1..=10 {
        assert_eq!(desk.send_at(&outside(), now), 1, "try {tries}");
        assert_eq!(desk.send_at(&outside(), now), 0);
        let delivery = desk.log(&hook).remove(0);
        assert_eq!(delivery.attempts, tries);
        now = delivery.due_at;
    }
    let hours = now.seconds_since(start) / 3_600;
    assert!((75..=84).contains(&hours), "{hours} hours");
    let ids: BTreeSet<_> = receiver.received().iter().map(Received::id).collect();
    assert_eq!((receiver.received().len(), ids.len()), (10, 1));
    let given_up = desk.endpoint(&hook);
    assert!(given_up.disabled_by_desk && given_up.disabled_at.is_some(), "{given_up:?}");
    assert_eq!(desk.log(&hook)[0].state, DeliveryState::Failed);
    let told = desk.read(|conn| event::of_shop(conn, 1)).remove(0).event;
    assert!(matches!(told, Event::WebhookChanged { ref change, .. } if change == "disabled"), "{told:?}");
    // Everybody who can do something about it is told on every page, without the key in the query.
    let page = desk.owner().see("/orders");
    page.must_say("did not take its messages and was disabled");
    assert!(!page.text().contains("key=hidden"));
    assert!(!desk.packer().see("/orders").says("did not take its messages"));
    // What happens meanwhile is not sent; once it is enabled a replay brings all of it.
    desk.order().place();
    assert_eq!(desk.send_at(&outside(), now), 0);
    receiver.becomes(FINE);
    desk.write(move |tx| webhook::enable(tx, &ANA, &given_up.uid));
    assert_eq!(desk.send_at(&outside(), now), 0);
    let uid = hook.uid.clone();
    desk.write(move |tx| webhook::replay(tx, &ANA, &uid, start.plus_minutes(-1), None));
    assert_eq!(desk.send_at(&outside(), now.plus_seconds(1)), 2);
    assert!(desk.log(&hook).iter().all(|delivery| delivery.state == DeliveryState::Delivered));
    assert_eq!(receiver.received().iter().map(Received::id).collect::<BTreeSet<_>>().len(), 2);
    assert!(!desk.owner().see("/orders").says("did not take its messages"));
}

#[test]
fn gone_disables_at_once() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(Manner::Says(410, "")));
    let hook = desk.hook(&receiver.url(), &["order.created"]);
    desk.order().place();
    assert_eq!(desk.send(), 1);
    assert!(desk.endpoint(&hook).disabled_reason.contains("410"));
}

#[test]
fn a_receiver_that_is_busy_is_left_alone_for_as_long_as_it_asks() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(Manner::Says(429, "Retry-After: 7200\r\n")));
    let hook = desk.hook(&receiver.url(), &["order.created"]);
    desk.order().place();
    let now = UtcTime::now();
    assert_eq!(desk.send_at(&outside(), now), 1);
    desk.order().place();
    assert_eq!(desk.send_at(&outside(), now.plus_minutes(60)), 0, "neither the old nor the new");
    receiver.becomes(FINE);
    assert_eq!(desk.send_at(&outside(), now.plus_minutes(121)), 2);
    assert!(desk.log(&hook).iter().all(|delivery| delivery.state == DeliveryState::Delivered));
}

#[test]
fn a_redirect_is_not_followed_and_a_private_address_not_reached() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    let inner = receiver.url();
    let redirects = Receiver::open(Manner::Says(302, "Location: http://10.0.0.16/admin?x=1\r\n"));
    let hook = desk.hook(&redirects.url(), &["order.created"]);
    let named = desk.hook(&format!("http://localhost:{}/", receiver.port()), &["order.created"]);
    let literal = desk.hook(&inner, &["order.created"]);
    desk.order().place();
    desk.send();
    assert_eq!(
        desk.last_problem(&hook),
        "It answered with a redirect to http://10.0.0.16/admin, which is not followed."
    );
    assert_eq!((redirects.received().len(), receiver.received().len()), (1, 2));
    // What was allowed when it was saved is looked at again when a connection is made.
    desk.order().place();
    desk.send_at(&Outside::new(Allowed::default(), Duration::from_secs(5)), UtcTime::now());
    assert_eq!(receiver.received().len(), 2);
    for hook in [&named, &literal] {
        let problem = desk.last_problem(hook);
        assert!(problem.contains("is no public address") && problem.contains("--webhook-allow"), "{problem}");
    }
    for url in ["http://10.0.0.16/", "https://[::1]/", "http://localhost/", "http://169.254.169.254/", "http://0x7f.1/"]
    {
        let facts = EndpointFacts { url: url.into(), ..EndpointFacts::default() };
        let refused = desk.db.write_blocking(move |tx| webhook::create(tx, &ANA, &facts, &Allowed::default()));
        let message = refused.unwrap_err().to_string();
        assert!(message.contains("--webhook-allow"), "{url}: {message}");
    }
}

#[test]
fn one_that_hangs_holds_up_no_other_and_a_body_without_end_is_cut() {
    let desk = TestDesk::open();
    let hangs = Receiver::open(Manner::Hangs(Duration::from_secs(20)));
    let rambles = Receiver::open(Manner::Rambles);
    let (slow, long) = (desk.hook(&hangs.url(), &["order.created"]), desk.hook(&rambles.url(), &["order.created"]));
    desk.order().place();
    let began = std::time::Instant::now();
    assert_eq!(desk.send_at(&Outside::new(here(), Duration::from_millis(700)), UtcTime::now()), 2);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(desk.last_problem(&slow).starts_with("It did not answer within"), "{}", desk.last_problem(&slow));
    let (delivery, attempt) = {
        let delivery = desk.log(&long).remove(0);
        let attempt = desk.read(|conn| webhook::attempts(conn, delivery.id)).remove(0);
        (delivery, attempt)
    };
    assert_eq!((delivery.state, attempt.answer.len()), (DeliveryState::Delivered, 4_096));
}

#[test]
fn what_was_under_way_when_the_desk_was_killed_is_sent_again_under_the_same_name() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    let hook = desk.hook(&receiver.url(), &["order.created"]);
    desk.order().place();
    let now = UtcTime::now();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    assert_eq!(runtime.block_on(webhook::relay(&desk.db, now)).unwrap(), 1);
    let id = hook.id;
    let claimed = desk.write(move |tx| webhook::claim(tx, &[(id, 4)]));
    // It sent it perhaps, and died.
    assert_eq!(desk.send_at(&outside(), now), 0, "somebody has it");
    assert_eq!(desk.send_at(&outside(), now.plus_seconds(70)), 1);
    assert_eq!(receiver.received()[0].id(), claimed[0].message());
}

#[test]
fn many_relays_tell_everything_once() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    let hook = desk.hook(&receiver.url(), &[]);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let db = Db::open(desk.db.location()).unwrap();
            scope.spawn(move || {
                let runtime = tokio::runtime::Runtime::new().unwrap();
                for _ in 0..25 {
                    runtime.block_on(webhook::round(&db, &outside(), UtcTime::now())).unwrap();
                    std::thread::sleep(Duration::from_millis(4));
                }
            });
        }
        for _ in 0..12 {
            desk.order().at("shipped").place();
        }
    });
    desk.send();
    let log = desk.log(&hook);
    let sent: Vec<String> = receiver.received().iter().map(Received::id).collect();
    assert_eq!(sent.len(), log.len(), "each of them once");
    assert!(log.iter().all(|delivery| delivery.state == DeliveryState::Delivered));
    let created = receiver.names().iter().filter(|name| *name == "order.created").count();
    let moved = receiver.names().iter().filter(|name| *name == "order.stage_changed").count();
    assert_eq!((created, moved), (12, 48));
}

#[test]
fn killing_the_desk_loses_nothing() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(Manner::Dawdles(Duration::from_millis(60))));
    let hook = desk.hook(&receiver.url(), &["order.created"]);
    let database = desk.close();
    let url = database.url();
    let start = |url: &str| {
        Process::start(&["serve", "--database", url, "--listen", "127.0.0.1:0", "--webhook-allow", "127.0.0.1"])
    };
    let db = Db::open(&database.location).unwrap();
    let mut made = BTreeSet::new();
    for _ in 0..3 {
        let process = start(&url);
        for _ in 0..8 {
            made.insert(place(&db));
        }
        let before = receiver.received().len();
        for _ in 0..200 {
            if receiver.received().len() > before + 2 {
                break;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        process.kill_now();
    }
    receiver.becomes(FINE);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(webhook::round(&db, &outside(), UtcTime::now().plus_seconds(90))).unwrap();
    let told: BTreeSet<i64> =
        receiver.received().iter().map(|message| message.json()["data"]["number"].as_i64().unwrap()).collect();
    assert_eq!(told, made);
    let log = db.read_blocking(|conn| webhook::deliveries(conn, hook.id, &Narrow::default(), 500)).unwrap();
    assert_eq!(log.len(), made.len());
    assert!(log.iter().all(|delivery| delivery.state == DeliveryState::Delivered));
}

/// An order, straight into a database.
fn place(db: &Db) -> i64 {
    db.write_blocking(|tx| {
        let markets = slipway::market::Markets::load(tx.conn)?;
        let home = markets.home()?.clone();
        let channel = markets.channels.iter().find(|channel| channel.market_id == home.id).unwrap().id;
        let mut draft = order::Draft::new(home.id, channel, home.currency);
        draft.lines =
            vec![order::DraftLine { title: "Mug".into(), quantity: 1, unit_minor: 2_850, ..Default::default() }];
        Ok(moves::place(tx, &ANA, &draft)?.order.number)
    })
    .unwrap()
}

#[test]
fn two_secrets_sign_while_one_replaces_the_other() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    let hook = desk.hook(&receiver.url(), &["order.created"]);
    let uid = hook.uid.clone();
    let rotated = desk.write(move |tx| webhook::rotate(tx, &ANA, &uid));
    assert_ne!(rotated.secret, hook.secret);
    desk.order().place();
    desk.send();
    let both = receiver.received().remove(0);
    assert!(verify(&both, &hook.secret) && verify(&both, &rotated.secret));
    assert_eq!(both.header("webhook-signature").split(' ').count(), 2);
    desk.order().place();
    desk.send_at(&outside(), UtcTime::now().plus_minutes(24 * 60 + 1));
    assert_eq!(receiver.received()[1].header("webhook-signature").split(' ').count(), 1);
}

#[test]
fn little_stock_and_promises_that_lapse_are_told_once() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    desk.hook(&receiver.url(), &["stock.low", "payment.expiring"]);
    let product = desk.write(|tx| {
        let product = catalog::create(
            tx,
            &catalog::NewProduct {
                sku: "MUG-1".into(),
                title: "Mug".into(),
                tracked: true,
                low_at: Some(3),
                ..Default::default()
            },
        )?;
        stock::count(tx, &ANA, product.id, 9, "Counted", "one")?;
        Ok(product)
    });
    let number = desk.order().place();
    desk.write(move |tx| {
        let total = order::find(tx.conn, number)?.total_minor;
        let promise = payment::NewPayment {
            kind: order::PaymentKind::Authorization,
            amount_minor: total,
            method: "card".into(),
            reference: "auth".into(),
            note: String::new(),
            expires_at: Some(tx.now.plus_minutes(24 * 60)),
        };
        payment::record(tx, &ANA, number, None, &promise)
    });
    let look = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let low = runtime.block_on(stock::tell_low(&desk.db)).unwrap();
        (low, runtime.block_on(payment::tell_expiring(&desk.db)).unwrap())
    };
    assert_eq!(look(), (0, 1));
    let id = product.id;
    desk.write(move |tx| stock::count(tx, &ANA, id, 3, "Counted", "two"));
    assert_eq!((look(), look()), ((1, 0), (0, 0)));
    desk.write(move |tx| stock::count(tx, &ANA, id, 20, "Counted", "three"));
    assert_eq!(look(), (0, 0));
    desk.write(move |tx| stock::count(tx, &ANA, id, 0, "Counted", "four"));
    assert_eq!(look(), (1, 0));
    desk.send();
    let mut names = receiver.names();
    names.sort();
    assert_eq!(names, ["payment.expiring", "stock.low", "stock.low"]);
    desk.write(move |tx| moves::move_to_stage(tx, &ANA, number, &MoveRequest::to("confirmed")).map(|_| ()));
}

#[test]
fn a_webhook_is_made_tried_and_removed_from_the_settings() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    let marta = desk.owner();
    marta.see("/settings/webhooks").must_say("New webhook");
    let token = marta.see("/settings/webhooks/new").field("form_token");
    let refused =
        marta.post("/settings/webhooks", &[("form_token", &token), ("url", "http://10.0.0.16/"), ("choice", "all")]);
    assert_eq!(refused.status, 400);
    refused.must_say("start Slipway with --webhook-allow 10.0.0.16");
    let url = receiver.url();
    let form = [
        ("form_token", token.as_str()),
        ("url", url.as_str()),
        ("description", "Accounting"),
        ("choice", "some"),
        ("events", "order.created"),
        ("events", "order.cancelled"),
    ];
    let made = marta.post("/settings/webhooks", &form);
    assert_eq!(made.status, 201, "{}", made.text());
    assert!(made.text().contains("value=\"whsec_"));
    let twice = marta.post("/settings/webhooks", &form);
    assert_eq!(twice.status, 303, "a second click makes no second one");
    let page = twice.location().to_owned();
    assert!(!marta.see(&page).text().contains("value=\"whsec_"), "shown once");
    marta.see("/settings/webhooks").must_say("Accounting");
    // A test, and its answer.
    let test = marta.submit(&format!("{page}/test"), &[]);
    test.must_say("Not sent yet");
    desk.send();
    let seen = marta.see(&page);
    seen.must_say("webhook.test");
    seen.must_say("200,");
    let log = desk.read(|conn| {
        let hook = webhook::list(conn)?.remove(0);
        webhook::deliveries(conn, hook.id, &Narrow::default(), 5)
    });
    let delivery = format!("{page}/deliveries/{}", log[0].uid);
    marta.see(&delivery).must_say("heard.");
    marta.submit(&format!("{delivery}/resend"), &[]);
    assert_eq!(desk.send(), 1);
    assert_eq!(receiver.received()[0].id(), receiver.received()[1].id());
    // Changes.
    let version = marta.see(&page).field("version");
    let change = [("version", version.as_str()), ("url", url.as_str()), ("description", "Books"), ("choice", "all")];
    marta.submit(&page, &change).must_say("Books");
    assert_eq!(marta.post(&page, &change[..2]).status, 409);
    let rotated = marta.post(&format!("{page}/secret"), &[]);
    assert_eq!(rotated.status, 201);
    rotated.must_say("signed with the former secret too");
    marta.submit(&format!("{page}/disable"), &[]).must_say("Disabled since");
    assert_eq!(marta.post(&format!("{page}/test"), &[]).status, 409);
    marta.submit(&format!("{page}/enable"), &[]).must_say("Send a test");
    // A replay of the last hour.
    desk.order().place();
    desk.send();
    let before = receiver.received().len();
    let show = marta.see(&page);
    let (token, since) = (show.field("form_token"), show.field("since"));
    marta.submit(&format!("{page}/replays"), &[("form_token", &token), ("since", &since), ("until", "")]);
    assert!(desk.send() > 0 && receiver.received().len() > before);
    let bad = marta.post(&format!("{page}/replays"), &[("form_token", &token), ("since", "yesterday")]);
    assert_eq!(bad.status, 400);
    bad.must_say("Enter a day and a time");
    marta.submit(&format!("{page}/remove"), &[]);
    assert_eq!(marta.get(&page).status, 404);
    desk.order().place();
    assert_eq!(desk.send(), 0);
    let ana = desk.packer();
    for path in ["/settings/webhooks", "/settings/webhooks/new"] {
        assert_eq!(ana.get(path).status, 403);
    }
    assert_eq!(ana.post("/settings/webhooks", &form).status, 403);
}

#[test]
fn the_log_is_kept_for_thirty_days() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    let hook = desk.hook(&receiver.url(), &["order.created"]);
    desk.order().place();
    desk.send();
    let forget = |days: i64| {
        desk.write(move |tx| {
            let then = tx.now.plus_minutes(days * 1_440);
            webhook::forget_old(&mut tx.at(then))
        })
    };
    assert_eq!((forget(29), forget(31), forget(31)), (0, 1, 0));
    assert!(desk.log(&hook).is_empty());
}
