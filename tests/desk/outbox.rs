//! Messages that travel: each is sent once, whatever its peer answers and whoever sends it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use slipway::actor::Actor;
use slipway::conversation::transport::{Call, Outcome, Reach, Status, Transport, Transports};
use slipway::conversation::{self, Direction, Message, MessageState, Outgoing, outbox};
use slipway::db::{Conn, Db};
use slipway::order::Order;
use slipway::time::UtcTime;

use crate::attention::heaps_of;
use crate::support::app::TestDesk;

const SHOP: Actor = Actor::System { name: "Test" };

/// Carries messages and answers as it is told.
#[derive(Clone, Default)]
struct Pigeon {
    carried: Arc<Mutex<Vec<String>>>,
    answers: Arc<Mutex<VecDeque<Outcome>>>,
    slow: Option<Duration>,
    falls: bool,
    name: Option<&'static str>,
}

impl Pigeon {
    fn answering(answers: impl IntoIterator<Item = Outcome>) -> Self {
        Pigeon { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Pigeon::default() }
    }
    fn carried(&self) -> Vec<String> {
        self.carried.lock().unwrap().clone()
    }
}

impl Transport for Pigeon {
    fn name(&self) -> &'static str {
        self.name.unwrap_or("pigeon")
    }
    fn label(&self) -> &'static str {
        "Pigeon post"
    }
    fn reach(&self, _: &mut Conn, order: &Order) -> slipway::error::Result<Reach> {
        Ok(match order.email.as_str() {
            "" => Reach::No("There is no address to fly to.".into()),
            "off@example.com" => Reach::Off,
            address => Reach::To(address.to_owned()),
        })
    }
    fn prepare(&self, _: &mut Conn, order: &Order, message: &Message) -> slipway::error::Result<Call> {
        let (pigeon, letter) = (self.clone(), format!("{}: {}", order.number, message.body));
        let called = format!("p-{}", message.uid);
        Ok(Box::new(move || {
            assert!(!pigeon.falls, "the pigeon fell");
            if let Some(time) = pigeon.slow {
                std::thread::sleep(time);
            }
            pigeon.carried.lock().unwrap().push(letter);
            pigeon.answers.lock().unwrap().pop_front().unwrap_or(Outcome::Sent(Some(called)))
        }))
    }
}

fn wait_in(desk: &TestDesk, pigeon: &Pigeon, number: i64, body: &str) -> Message {
    let (pigeon, outgoing) = (pigeon.clone(), Outgoing { body: body.into(), ..Outgoing::default() });
    desk.write(move |tx| conversation::send(tx, &SHOP, number, &pigeon, &outgoing))
}

/// Sends what is due so many seconds from now.
fn round(desk: &TestDesk, pigeon: &Pigeon, seconds: i64) -> usize {
    round_of(desk.db.clone(), pigeon, seconds)
}

fn round_of(db: Db, pigeon: &Pigeon, seconds: i64) -> usize {
    let transports = Transports::default().with(pigeon.clone());
    let now = UtcTime::now().plus_seconds(seconds);
    tokio::runtime::Runtime::new().unwrap().block_on(async move { outbox::round(&db, &transports, now).await.unwrap() })
}

fn said(desk: &TestDesk, number: i64) -> Vec<Message> {
    let order = desk.look(number).id;
    desk.read(|conn| conversation::messages(conn, order))
}

fn only(desk: &TestDesk, number: i64) -> Message {
    let mut said = said(desk, number);
    assert_eq!(said.len(), 1);
    said.remove(0)
}

fn later(problem: &str, after: Option<i64>) -> Outcome {
    Outcome::Later { problem: problem.into(), after }
}

#[test]
fn what_is_queued_is_sent_once_and_called_by_its_peers_name() {
    let desk = TestDesk::open();
    let pigeon = Pigeon::default();
    let number = desk.order().place();
    let queued = wait_in(&desk, &pigeon, number, "It left today.");
    assert_eq!((queued.state, queued.attempts), (MessageState::Queued, 0));
    desk.owner().see(&format!("/orders/{number}")).must_say("pigeon · will be sent");
    assert_eq!(round(&desk, &pigeon, 0), 1);
    assert_eq!(round(&desk, &pigeon, 100_000), 0);
    assert_eq!(pigeon.carried(), [format!("{number}: It left today.")]);
    let sent = only(&desk, number);
    assert_eq!((sent.state, sent.attempts), (MessageState::Sent, 1));
    assert_eq!(sent.external_id.as_deref(), Some(format!("p-{}", sent.uid).as_str()));
    assert!(sent.sent_at.is_some() && sent.due_at.is_none());
    let order = desk.look(number);
    assert_eq!((order.message_count, order.unread_count), (1, 0));
    desk.owner().see(&format!("/orders/{number}")).must_say("pigeon · sent");
    let soon =
        Outgoing { body: "Tomorrow".into(), not_before: Some(UtcTime::now().plus_minutes(60)), ..Outgoing::default() };
    let carrier = pigeon.clone();
    desk.write(move |tx| conversation::send(tx, &SHOP, number, &carrier, &soon));
    assert_eq!((round(&desk, &pigeon, 0), round(&desk, &pigeon, 3_700)), (0, 1));
}

#[test]
fn what_cannot_be_said_or_nobody_would_get_is_refused() {
    let desk = TestDesk::open();
    let pigeon = Pigeon::default();
    let number = desk.order().place();
    for body in ["", " \n", "\u{200b}", &"x".repeat(10_001)] {
        let (pigeon, outgoing) = (pigeon.clone(), Outgoing { body: body.into(), ..Outgoing::default() });
        let refused =
            desk.db.write_blocking(move |tx| conversation::send(tx, &SHOP, number, &pigeon, &outgoing)).unwrap_err();
        assert!(refused.refusal().unwrap().code.starts_with("talk."), "{refused}");
    }
    for (email, told) in [("", "There is no address to fly to."), ("off@example.com", "Pigeon post is not set up")] {
        let number = desk.order().with(|draft| draft.email = email.into()).place();
        let (pigeon, outgoing) = (pigeon.clone(), Outgoing { body: "Hello".into(), ..Outgoing::default() });
        let refused =
            desk.db.write_blocking(move |tx| conversation::send(tx, &SHOP, number, &pigeon, &outgoing)).unwrap_err();
        assert!(refused.refusal().unwrap().problem("body").unwrap().contains(told), "{refused}");
        assert!(said(&desk, number).is_empty());
    }
    assert_eq!(round(&desk, &pigeon, 0), 0);
}

#[test]
fn a_peer_that_cannot_take_it_now_is_asked_again_later_and_not_for_ever() {
    let desk = TestDesk::open();
    let pigeon = Pigeon::answering([later("450 greylisted", None), later("busy", Some(1_000))]);
    let number = desk.order().place();
    wait_in(&desk, &pigeon, number, "Hello");
    assert_eq!(round(&desk, &pigeon, 0), 1);
    let waiting = only(&desk, number);
    assert_eq!((waiting.state, waiting.attempts), (MessageState::Queued, 1));
    let owner = desk.owner();
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("not sent yet, next try");
    page.must_say("450 greylisted");
    page.must_say("Send again");
    assert!(!desk.packer().see(&format!("/orders/{number}")).says("450 greylisted"), "it may name an address");
    assert_eq!((round(&desk, &pigeon, 50), round(&desk, &pigeon, 70)), (0, 1));
    assert_eq!((round(&desk, &pigeon, 600), round(&desk, &pigeon, 1_200)), (0, 1));
    assert_eq!((only(&desk, number).state, pigeon.carried().len()), (MessageState::Sent, 3));

    let never = Pigeon::answering((0..20).map(|_| later("still busy", None)));
    let other = desk.order().place();
    wait_in(&desk, &never, other, "Hello");
    for day in 0..20 {
        round(&desk, &never, day * 86_400);
    }
    assert_eq!((only(&desk, other).state, never.carried().len()), (MessageState::Failed, 10));
    assert_eq!(heaps_of(&owner.see("/attention").text(), other), ["Message not sent"]);
}

#[test]
fn what_failed_is_shown_and_somebody_may_send_it_again() {
    let desk = TestDesk::open();
    let pigeon = Pigeon::answering([Outcome::Failed("550 no such nest".into())]);
    let number = desk.order().place();
    let uid = wait_in(&desk, &pigeon, number, "Hello").uid;
    assert_eq!((round(&desk, &pigeon, 0), round(&desk, &pigeon, 100_000)), (1, 0));
    let owner = desk.owner();
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("pigeon · not sent");
    page.must_say("550 no such nest");
    owner.see(&format!("/orders/{number}/history")).must_say("Outbox could not send a message by pigeon");
    assert_eq!(heaps_of(&owner.see("/attention").text(), number), ["Message not sent"]);
    let path = format!("/orders/{number}/messages/{uid}/resend");
    assert_eq!(desk.viewer().post(&path, &[]).status, 403);
    let support = desk.support();
    for _ in 0..2 {
        assert_eq!(support.post(&path, &[]).status, 303);
    }
    assert!(heaps_of(&owner.see("/attention").text(), number).is_empty());
    assert_eq!(round(&desk, &pigeon, 0), 1);
    assert_eq!((only(&desk, number).state, pigeon.carried().len()), (MessageState::Sent, 2));
    assert_eq!(support.post(&path, &[]).status, 409);
    assert_eq!(support.post(&format!("/orders/{number}/messages/none/resend"), &[]).status, 404);
    let elsewhere = desk.order().place();
    assert_eq!(support.post(&format!("/orders/{elsewhere}/messages/{uid}/resend"), &[]).status, 404);
    let history = owner.see(&format!("/orders/{number}/history"));
    history.must_say("Sade Okafor sent a message by pigeon again");
}

#[test]
fn a_message_is_unsure_where_nobody_knows_and_never_sent_again_by_itself() {
    let desk = TestDesk::open();
    let pigeon = Pigeon::default();
    let number = desk.order().place();
    let uid = wait_in(&desk, &pigeon, number, "Hello").uid;
    // A process took it and was killed.
    let lost = desk.write(|tx| {
        let until = tx.now.plus_seconds(180);
        conversation::claim(tx, "pigeon", 4, until)
    });
    assert_eq!(lost.len(), 1);
    assert_eq!(only(&desk, number).state, MessageState::Sending);
    assert_eq!(round(&desk, &pigeon, 100), 0, "it is somebody else's for a while");
    assert_eq!(round(&desk, &pigeon, 200), 0);
    assert_eq!(only(&desk, number).state, MessageState::Unsure);
    assert_eq!(round(&desk, &pigeon, 100_000), 0);
    assert!(pigeon.carried().is_empty());
    let owner = desk.owner();
    let page = owner.see(&format!("/orders/{number}"));
    page.must_say("pigeon · perhaps sent");
    page.must_say("The customer may or may not have it.");
    assert_eq!(heaps_of(&owner.see("/attention").text(), number), ["Message not sent"]);
    owner.see(&format!("/orders/{number}/history")).must_say("cannot say whether a message by pigeon was sent");

    // Its answer comes after all.
    let (answer, late) = (lost[0].clone(), lost[0].clone());
    desk.write(move |tx| conversation::record(tx, &answer, &Outcome::Sent(Some("late".into()))));
    let sent = only(&desk, number);
    assert_eq!((sent.state, sent.external_id.as_deref()), (MessageState::Sent, Some("late")));
    // Only once, and not after somebody decided.
    desk.write(move |tx| conversation::record(tx, &late, &Outcome::Failed("again".into())));
    assert_eq!(only(&desk, number).state, MessageState::Sent);

    let second = desk.order().place();
    let two = wait_in(&desk, &pigeon, second, "Hello").uid;
    let lost = desk.write(|tx| {
        let until = tx.now.plus_seconds(180);
        conversation::claim(tx, "pigeon", 4, until)
    });
    round(&desk, &pigeon, 200);
    desk.write(move |tx| conversation::resend(tx, &SHOP, second, &two));
    let late = lost[0].clone();
    desk.write(move |tx| conversation::record(tx, &late, &Outcome::Failed("too late".into())));
    assert_eq!(only(&desk, second).state, MessageState::Queued);
    assert_eq!(round(&desk, &pigeon, 0), 1);
    assert_eq!(only(&desk, second).state, MessageState::Sent);
    assert_ne!(uid, said(&desk, second)[0].uid);
}

#[test]
fn a_call_that_breaks_off_or_a_line_that_breaks_leaves_it_unsure_and_the_queue_goes_on() {
    let desk = TestDesk::open();
    let falling = Pigeon { falls: true, ..Pigeon::default() };
    let number = desk.order().place();
    wait_in(&desk, &falling, number, "Hello");
    assert_eq!(round(&desk, &falling, 0), 1);
    assert_eq!(only(&desk, number).state, MessageState::Unsure);
    let broken = Pigeon::answering([Outcome::Unsure("The line broke.".into())]);
    let (one, two) = (desk.order().place(), desk.order().place());
    wait_in(&desk, &broken, one, "Hello");
    wait_in(&desk, &broken, two, "Hello");
    assert_eq!(round(&desk, &broken, 0), 2);
    let states: Vec<MessageState> = [one, two].iter().map(|number| only(&desk, *number).state).collect();
    assert!(states.contains(&MessageState::Unsure) && states.contains(&MessageState::Sent), "{states:?}");
}

#[test]
fn workers_side_by_side_send_each_message_once() {
    let desk = TestDesk::open();
    let pigeon = Pigeon { slow: Some(Duration::from_millis(5)), ..Pigeon::default() };
    let orders: Vec<i64> = (0..6).map(|_| desk.order().place()).collect();
    for at in 0..30 {
        wait_in(&desk, &pigeon, orders[at % orders.len()], &format!("Message {at}"));
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (db, pigeon) = (desk.db.clone(), &pigeon);
            scope.spawn(move || round_of(db, pigeon, 0));
        }
    });
    let mut carried: BTreeMap<String, usize> = BTreeMap::new();
    for letter in pigeon.carried() {
        *carried.entry(letter).or_default() += 1;
    }
    assert_eq!(carried.len(), 30);
    assert!(carried.values().all(|times| *times == 1), "{carried:?}");
    for number in orders {
        assert!(said(&desk, number).iter().all(|message| message.state == MessageState::Sent));
    }
}

#[test]
fn a_peer_that_hangs_holds_up_no_other_one() {
    let desk = TestDesk::open();
    let slow = Pigeon { slow: Some(Duration::from_secs(3)), name: Some("snail"), ..Pigeon::default() };
    let quick = Pigeon::default();
    let number = desk.order().place();
    wait_in(&desk, &slow, number, "Slow");
    wait_in(&desk, &quick, number, "Quick");
    let (db, transports) = (desk.db.clone(), Transports::default().with(slow.clone()).with(quick.clone()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let running = runtime.spawn(async move { outbox::run(&db, &transports).await });
    let began = Instant::now();
    while quick.carried().is_empty() {
        assert!(began.elapsed() < Duration::from_secs(20), "the queue stands still");
        std::thread::yield_now();
    }
    assert!(slow.carried().is_empty());
    running.abort();
}

#[test]
fn what_a_peer_tells_moves_a_message_on_and_never_back() {
    let desk = TestDesk::open();
    let pigeon = Pigeon::default();
    let number = desk.order().place();
    let uid = wait_in(&desk, &pigeon, number, "Hello").uid;
    let tell = |status: Status| {
        let called = format!("p-{uid}");
        desk.write(move |tx| {
            let at = tx.now;
            conversation::record_status(tx, "pigeon", &called, &status, at)
        });
        only(&desk, number).state
    };
    // Told before the call that sends it has ended.
    assert_eq!(tell(Status::Delivered), MessageState::Queued);
    assert_eq!(tell(Status::Sent), MessageState::Queued);
    round(&desk, &pigeon, 0);
    assert_eq!(only(&desk, number).state, MessageState::Delivered);
    for _ in 0..2 {
        assert_eq!(tell(Status::Sent), MessageState::Delivered);
        assert_eq!(tell(Status::Failed("no".into())), MessageState::Delivered);
    }
    assert_eq!(tell(Status::Read), MessageState::Read);
    assert_eq!(tell(Status::Delivered), MessageState::Read);
    let read = only(&desk, number);
    assert!(read.sent_at.is_some() && read.delivered_at.is_some() && read.read_at.is_some());
    assert!(read.problem.is_empty());
    desk.owner().see(&format!("/orders/{number}")).must_say("pigeon · read");

    let other = desk.order().place();
    let second = wait_in(&desk, &pigeon, other, "Hello").uid;
    round(&desk, &pigeon, 0);
    let called = format!("p-{second}");
    desk.write(move |tx| {
        let (status, at) = (Status::Failed("131026 undeliverable".into()), tx.now);
        for _ in 0..2 {
            conversation::record_status(tx, "pigeon", &called, &status, at)?;
        }
        Ok(())
    });
    assert_eq!(only(&desk, other).state, MessageState::Failed);
    let history = desk.owner().see(&format!("/orders/{other}/history")).text();
    assert_eq!(history.matches("could not send a message by pigeon").count(), 1);
    // Nobody's message; kept for a while, then forgotten.
    desk.write(|tx| {
        let at = tx.now;
        conversation::record_status(tx, "pigeon", "nobody", &Status::Read, at)?;
        conversation::forget_early(&mut tx.at(at.plus_minutes(2_000)))
    });
}

#[test]
fn what_comes_in_twice_is_taken_once() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let take = |db: Db| {
        move || {
            db.write_blocking(move |tx| {
                let (eszter, at) = (Actor::Customer { name: "Eszter Kovács".into() }, tx.now);
                conversation::receive(tx, &eszter, number, "pigeon", "in-1", "Where is it?", at)
            })
            .unwrap()
        }
    };
    let taken = std::thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(take(desk.db.clone()))).collect();
        all.into_iter().filter_map(|one| one.join().unwrap()).count()
    });
    assert_eq!(taken, 1);
    let message = only(&desk, number);
    assert_eq!((message.direction, message.state), (Direction::In, MessageState::Delivered));
    assert_eq!(desk.look(number).unread_count, 1);
    let known = desk.read(|conn| conversation::by_external(conn, "pigeon", "in-1")).unwrap();
    assert_eq!(known.uid, message.uid);
    assert!(desk.read(|conn| conversation::by_external(conn, "snail", "in-1")).is_none());
    // Who answers has read.
    let (pigeon, owner) = (Pigeon::default(), desk.read(slipway::staff::members).remove(0));
    let actor = Actor::Staff { id: owner.id, name: owner.name };
    desk.write(move |tx| {
        let outgoing = Outgoing { body: "On its way.".into(), ..Outgoing::default() };
        conversation::send(tx, &actor, number, &pigeon, &outgoing)
    });
    assert_eq!(desk.look(number).unread_count, 0);
}

#[test]
fn what_was_not_sent_yet_can_be_taken_back() {
    let desk = TestDesk::open();
    let pigeon = Pigeon::default();
    let number = desk.order().place();
    let uid = wait_in(&desk, &pigeon, number, "Hello").uid;
    let take_back = |uid: String| desk.write(move |tx| conversation::withdraw(tx, &SHOP, number, &uid));
    assert!(take_back(uid.clone()));
    assert!(!take_back(uid));
    assert_eq!(round(&desk, &pigeon, 0), 0);
    desk.owner().see(&format!("/orders/{number}")).must_say("pigeon · taken back, not sent");
    let sent = wait_in(&desk, &pigeon, number, "Again").uid;
    round(&desk, &pigeon, 0);
    assert!(!take_back(sent));
    assert_eq!(pigeon.carried().len(), 1);
}
