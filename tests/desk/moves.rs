//! Orders move along the graph and nowhere else, and whatever way they took, their facts agree.

use slipway::actor::Actor;
use slipway::db::Tx;
use slipway::error::{Error, Refusal, RefusalKind};
use slipway::moves::lifecycle::Kind;
use slipway::moves::{self, Authority, MoveRequest, RefundChoice, Telling};
use slipway::order::Order;
use slipway::payment::{self, NewPayment};
use slipway::workflow::{Base, Stages};
use slipway::{conversation, db, event, order, worker};

use crate::support::app::TestDesk;
use crate::support::database::KINDS_OFF;

fn ana() -> Actor {
    Actor::System { name: "Ana" }
}
fn jon() -> Actor {
    Actor::System { name: "Jon" }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Refusal {
    match outcome {
        Err(Error::Refused(refusal)) => *refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

impl TestDesk {
    fn attempt<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.db.write_blocking(work)
    }
    fn walk(&self, number: i64, request: MoveRequest) -> Result<Order, Error> {
        self.attempt(move |tx| moves::move_to_stage(tx, &ana(), number, &request).map(|outcome| outcome.order))
    }
}

#[test]
fn the_second_of_two_people_is_told_who_did_what() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let seen = desk.look(number).version;
    desk.attempt(move |tx| {
        let request = MoveRequest { version: Some(seen), ..MoveRequest::to("approved") };
        moves::move_to_stage(tx, &jon(), number, &request)
    })
    .unwrap();

    let hold = MoveRequest { version: Some(seen), reason: "stock".into(), ..MoveRequest::to("on_hold") };
    let told = refusal(desk.walk(number, hold));
    assert_eq!((told.kind, told.code), (RefusalKind::Stale, "order.stale"));
    assert!(told.message.starts_with("Jon moved the order from Confirmed to Approved"), "{}", told.message);
    assert_eq!(desk.look(number).stage, "approved");
}

#[test]
fn two_who_press_the_same_button_both_succeed_and_one_event_is_written() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let seen = desk.look(number).version;
    let events = |desk: &TestDesk| {
        desk.read(|conn| {
            let id = order::find(conn, number)?.id;
            event::timeline(conn, id).map(|timeline| timeline.len())
        })
    };
    let before = events(&desk);
    let pressed: Vec<_> = std::thread::scope(|scope| {
        let press = || desk.walk(number, MoveRequest { version: Some(seen), ..MoveRequest::to("approved") });
        let people: Vec<_> = (0..4).map(|_| scope.spawn(press)).collect();
        people.into_iter().map(|person| person.join().unwrap()).collect()
    });
    assert!(pressed.iter().all(Result::is_ok), "{pressed:?}");
    assert_eq!(events(&desk), before + 1);
}

#[test]
fn many_people_changing_one_order_at_once_lose_nothing() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    std::thread::scope(|scope| {
        for person in 0..6 {
            let desk = &desk;
            scope.spawn(move || {
                for turn in 0..5 {
                    desk.write(move |tx| {
                        let tag = format!("tag-{person}-{turn}");
                        order::tag(tx, &ana(), number, &[tag], &[])
                    });
                }
            });
        }
    });
    let order = desk.look(number);
    assert_eq!(order.tag_list().len(), 30);
    let sequence: Vec<i64> =
        desk.read(|conn| event::timeline(conn, order.id)).into_iter().map(|entry| entry.seq).collect();
    assert_eq!(sequence, (1..=sequence.len() as i64).collect::<Vec<_>>());
}

#[test]
fn only_the_last_of_several_holds_lets_an_order_go_on() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    for reason in ["stock", "address_check"] {
        let request = MoveRequest { reason: reason.into(), ..MoveRequest::to("on_hold") };
        desk.write(move |tx| moves::hold(tx, &ana(), number, &request));
    }
    let holds = desk.read(|conn| {
        let id = order::find(conn, number)?.id;
        moves::open_holds(conn, id)
    });
    assert_eq!(holds.len(), 2);
    let release = |uid: String| desk.write(move |tx| moves::release(tx, &ana(), number, None, &uid));
    release(holds[0].uid.clone());
    assert_eq!(desk.look(number).stage, "on_hold");
    release(holds[1].uid.clone());
    assert_eq!((desk.look(number).stage.as_str(), desk.look(number).resume_stage), ("approved", None));
    assert!(!release(holds[1].uid.clone()).changed, "a hold is released once");
}

#[test]
fn an_undone_move_leaves_no_trace_but_the_diarys() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let before = desk.look(number);
    for to in ["processed", "on_hold"] {
        let request = MoveRequest { reason: "stock".into(), ..MoveRequest::to(to) };
        let moved = desk.walk(number, request).unwrap();
        desk.write(move |tx| moves::undo(tx, &ana(), number, moved.version));
        let after = desk.look(number);
        assert_eq!((after.stage, after.base, after.resume_stage), (before.stage.clone(), before.base, None), "{to}");
        assert_eq!(after.fulfilment_status, before.fulfilment_status, "{to}");
        assert_eq!(after.stage_entered_at, before.stage_entered_at, "{to}");
    }
}

#[test]
fn a_move_cannot_be_taken_back_after_somebody_did_something_else() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let moved = desk.walk(number, MoveRequest::to("approved")).unwrap();
    desk.write(move |tx| order::tag(tx, &jon(), number, &["fragile".into()], &[]));
    let told = refusal(desk.attempt(move |tx| moves::undo(tx, &ana(), number, moved.version)));
    assert_eq!(told.kind, RefusalKind::Stale);
    let now = desk.look(number).version;
    assert_eq!(refusal(desk.attempt(move |tx| moves::undo(tx, &ana(), number, now))).kind, RefusalKind::State);
    assert_eq!(desk.look(number).stage, "approved");
}

#[test]
fn what_is_due_by_the_clock_is_done_once_by_whoever_looks_first() {
    let desk = TestDesk::open();
    let abandoned = desk.order().place();
    let paid = desk.order().paid().place();
    desk.write(move |tx| {
        let mut order = order::find_for_change(tx, abandoned, None)?;
        order.abandon_at = Some(tx.now.plus_minutes(-1));
        order::save(tx, &mut order)?;
        let mut order = order::find_for_change(tx, paid, None)?;
        order.abandon_at = Some(tx.now.plus_minutes(-1));
        order::save(tx, &mut order)
    });
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let changed: usize = runtime.block_on(async {
        let rounds = (0..3).map(|_| moves::run_timers(&desk.db));
        let mut changed = 0;
        for round in futures_util::future::join_all(rounds).await {
            changed += round.unwrap();
        }
        worker::drain(&desk.db).await.unwrap();
        changed
    });
    assert_eq!(changed, 1);
    assert_eq!(desk.look(abandoned).stage, "abandoned");
    assert_ne!(desk.look(paid).stage, "abandoned", "money arrived");
}

/// A fixed sequence that looks like chance.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

#[test]
fn whatever_way_an_order_takes_its_facts_agree() {
    let desk = TestDesk::open();
    let mut dice = Dice(20_261_121);
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..24 {
        let number = match round % 4 {
            0 => desk.order().place(),
            1 => desk.order().authorized().place(),
            2 => desk.order().paid().place(),
            _ => desk.order().with(|draft| draft.payment_method = "cash_on_delivery".into()).place(),
        };
        for _ in 0..16 {
            let order = desk.look(number);
            check_facts(&desk, &order);
            seen.insert(order.base);
            let choices = desk.read(|conn| moves::choices(conn, &order, Authority::Corrects, Telling::Amounts));
            let open: Vec<_> = choices.into_iter().filter(|choice| choice.lacks.is_empty()).collect();
            if open.is_empty() {
                break;
            }
            // Half of the time on towards the customer, or it would rarely get there.
            let on = open.iter().find(|choice| choice.edge.kind == Kind::Forward);
            let choice = on.filter(|_| dice.roll(2) == 0).unwrap_or_else(|| &open[dice.roll(open.len())]);
            let reasons = choice.edge.reasons();
            let request = MoveRequest {
                version: Some(order.version),
                reason: reasons.first().map_or(String::new(), |(key, _)| (*key).to_owned()),
                note: "By chance".into(),
                refund: if dice.roll(2) == 0 { RefundChoice::All } else { RefundChoice::Nothing },
                authority: Authority::Corrects,
                ..MoveRequest::to(&choice.stage.slug)
            };
            let (from, to) = (order.stage.clone(), request.to.clone());
            let moved =
                desk.walk(number, request).unwrap_or_else(|error| panic!("{from} to {to} was offered: {error}"));
            let label = desk.read(Stages::load).label(&to);
            assert_eq!(moved.stage, to, "{label}");
            if dice.roll(3) == 0 {
                pay_something(&desk, number, &mut dice);
            }
        }
    }
    assert!(seen.len() >= 10, "the walk came by {seen:?} only");
    check_counts(&desk);
}

fn pay_something(desk: &TestDesk, number: i64, dice: &mut Dice) {
    let due = desk.look(number).amount_due();
    if due == 0 {
        return;
    }
    let amount = if dice.roll(2) == 0 { due } else { (due / 2).max(1) };
    let new = NewPayment {
        kind: order::PaymentKind::Capture,
        amount_minor: amount,
        method: "card".into(),
        reference: String::new(),
        note: String::new(),
        expires_at: None,
    };
    desk.write(move |tx| moves::record_payment(tx, &ana(), number, None, &new));
}

/// What must hold of every order at any time.
fn check_facts(desk: &TestDesk, order: &Order) {
    let (lines, timeline, ledger, holds) = desk.read(|conn| {
        Ok((
            order::lines(conn, order.id)?,
            event::timeline(conn, order.id)?,
            payment::ledger(conn, order.id)?,
            moves::open_holds(conn, order.id)?,
        ))
    });
    let what = format!("order {} in {}: {order:?}", order.number, order.stage);
    let goods_left = matches!(order.base, Base::Shipped | Base::Delivered | Base::Returned);
    for line in &lines {
        let open = line.quantity - line.cancelled_quantity - line.shipped_quantity;
        assert!(!goods_left || open == 0, "left with something open; {what}");
        assert!(line.returned_quantity <= line.shipped_quantity, "{what}");
    }
    let parked = matches!(order.base, Base::OnHold | Base::Archived);
    assert_eq!(parked, order.resume_stage.is_some(), "remembers where it was; {what}");
    assert_eq!(order.base == Base::OnHold, !holds.is_empty(), "held by something; {what}");
    assert!(order.refunded_minor <= order.captured_minor, "{what}");
    let sums = payment::balance(&ledger, slipway::time::UtcTime::now());
    assert_eq!(
        (sums.captured, sums.refunded, sums.authorized),
        (order.captured_minor, order.refunded_minor, order.authorized_minor),
        "the ledger adds up; {what}"
    );
    let numbers: Vec<i64> = timeline.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>(), "{what}");
    assert!(timeline.iter().all(|entry| !entry.actor_name.is_empty()), "{what}");
}

/// The rail's counts are those of the orders.
fn check_counts(desk: &TestDesk) {
    use diesel::prelude::*;
    use slipway::db::schema::orders;
    let mut conn = desk.look_behind();
    let stages: Vec<String> = orders::table.select(orders::stage).load(&mut conn).unwrap();
    let mut counted = std::collections::BTreeMap::<String, i64>::new();
    for stage in stages {
        *counted.entry(stage).or_default() += 1;
    }
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::Text)]
        stage: String,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let kept: Vec<Count> = diesel::sql_query(
        "SELECT stage, CAST(SUM(orders) AS BIGINT) AS number FROM stage_counts GROUP BY stage HAVING SUM(orders) <> 0",
    )
    .load(&mut conn)
    .unwrap();
    let kept: std::collections::BTreeMap<String, i64> = kept.into_iter().map(|c| (c.stage, c.number)).collect();
    assert_eq!(kept, counted);
    let off: Vec<Count> = diesel::sql_query(format!("SELECT stage, CAST(1 AS BIGINT) AS number FROM {KINDS_OFF}"))
        .load(&mut conn)
        .unwrap();
    assert!(off.is_empty(), "{} kinds of orders are counted wrongly", off.len());
}

#[test]
fn a_note_is_counted_and_told_to_the_audience_it_was_written_for() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    desk.write(move |tx| {
        conversation::write_note(tx, &ana(), number, conversation::Audience::Internal, "Rings at 14:00 — 🏺 שלום")
    });
    let order = desk.look(number);
    assert_eq!(order.note_count, 1);
    let notes = desk.read(|conn: &mut db::Conn| conversation::notes(conn, order.id));
    assert_eq!(notes[0].body, "Rings at 14:00 — 🏺 שלום");
}
