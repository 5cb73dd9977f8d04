//! What happens by the clock happens once, whoever looks first, and never over somebody's head.

use slipway::actor::Actor;
use slipway::conversation;
use slipway::db::Db;
use slipway::error::Result;
use slipway::event::{self, Event};
use slipway::market::{self, Hours, MarketFacts, Markets, Span};
use slipway::moves;
use slipway::order::{self, PaymentKind};
use slipway::payment::NewPayment;
use slipway::time::UtcTime;
use slipway::workflow::Base;

use crate::support::app::TestDesk;

const ANA: Actor = Actor::System { name: "Ana" };

impl TestDesk {
    /// Changes the first market.
    pub fn set_market(&self, change: impl FnOnce(&mut MarketFacts) + Send + 'static) {
        self.write(move |tx| {
            let market = Markets::load(tx.conn)?.home()?.clone();
            let mut facts = MarketFacts::of(&market, market::hours(tx.conn, market.id)?);
            change(&mut facts);
            market::change(tx, &ANA, &market.slug, &facts)
        });
    }
    /// Lets an order stand in its stage since so many days ago.
    fn standing_for(&self, number: i64, days: i64) {
        self.write(move |tx| {
            let mut order = order::find_for_change(tx, number, None)?;
            order.stage_entered_at = tx.now.plus_minutes(-days * 1_440 - 1);
            order::save(tx, &mut order)
        });
    }
    /// How often an order moved to a base.
    fn times_to(&self, number: i64, base: &str) -> usize {
        let diary = self.read(|conn| {
            let id = order::find(conn, number)?.id;
            event::timeline(conn, id)
        });
        diary.iter().filter(|entry| matches!(&entry.event, Event::OrderMoved(moved) if moved.to_base == base)).count()
    }
}

/// Rounds of several processes at once, each with its own way into the database.
fn processes(desk: &TestDesk, many: usize) -> usize {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let doors: Vec<Db> = (0..many).map(|_| Db::open(desk.db.location()).unwrap()).collect();
        let rounds: Vec<_> = doors.iter().map(moves::run_timers).collect();
        let done: Result<Vec<usize>> = futures_util::future::join_all(rounds).await.into_iter().collect();
        done.unwrap().into_iter().sum()
    })
}

/// Open now, or closed until tomorrow.
fn hours(open: bool) -> Hours {
    let span = Some(Span { opens: 0, closes: 1_440 });
    let mut hours = Hours { week: [span; 7], ..Hours::default() };
    if !open {
        hours.closed.insert(UtcTime::now().local_day(chrono_tz::Tz::Europe__Amsterdam));
    }
    hours
}

#[test]
fn shipped_orders_are_delivered_by_two_workers_once_and_only_where_the_market_wants_it() {
    let desk = TestDesk::open();
    let due: Vec<i64> = (0..4).map(|_| desk.order().at("shipped").place()).collect();
    let young = desk.order().at("shipped").place();
    due.iter().for_each(|number| desk.standing_for(*number, 8));
    desk.standing_for(young, 6);
    assert_eq!(processes(&desk, 2), 0, "off unless it is switched on");
    desk.set_market(|facts| facts.deliver_after_days = Some(7));
    assert_eq!(processes(&desk, 2), 4);
    assert_eq!(processes(&desk, 2), 0);
    for number in due {
        assert_eq!((desk.look(number).base, desk.times_to(number, "delivered")), (Base::Delivered, 1));
    }
    assert_eq!(desk.look(young).base, Base::Shipped);
}

#[test]
fn finished_orders_are_put_away_once_nothing_is_open_about_them() {
    let desk = TestDesk::open();
    let done = desk.order().at("delivered").place();
    let cancelled = desk.order().at("cancelled").place();
    let unread = desk.order().at("delivered").place();
    let owing = desk.order().with(|draft| draft.payment_method = "invoice".into()).place_unpaid();
    desk.write(move |tx| {
        for step in ["approved", "processed", "shipped", "delivered"] {
            moves::move_to_stage(tx, &ANA, owing, &moves::MoveRequest::to(step))?;
        }
        let now = tx.now;
        conversation::keep_message(tx, &ANA, unread, conversation::Direction::In, "email", "Where is it?", now)
    });
    for number in [done, cancelled, unread, owing] {
        desk.standing_for(number, 31);
    }
    assert_eq!(processes(&desk, 1), 0, "off unless it is switched on");
    desk.set_market(|facts| facts.archive_after_days = Some(30));
    assert_eq!(processes(&desk, 3), 2);
    assert_eq!(desk.look(done).base, Base::Archived);
    assert_eq!(desk.look(done).resume_base, Some(Base::Delivered));
    assert_eq!(desk.look(cancelled).base, Base::Archived);
    for number in [unread, owing] {
        assert_eq!(desk.look(number).base, Base::Delivered, "something is open about {number}");
        assert_eq!(desk.times_to(number, "archived"), 0);
    }
    assert_eq!(processes(&desk, 2), 0);
}

#[test]
fn no_timer_touches_an_order_while_a_payment_is_under_way() {
    let desk = TestDesk::open();
    let (waits, shipped) = (desk.order().place(), desk.order().at("shipped").place());
    desk.standing_for(shipped, 8);
    desk.set_market(|facts| facts.deliver_after_days = Some(7));
    desk.write(move |tx| {
        for number in [waits, shipped] {
            let order = order::find(tx.conn, number)?;
            let sql = format!(
                "INSERT INTO payments (uid, order_id, kind, amount_minor, currency, state, created_at, actor_name) \
                 VALUES ('flight-{number}', {}, 'capture', 100, 'EUR', 'pending', {}, 'Test')",
                order.id.0, tx.now.0
            );
            slipway::on_each_database!(tx.conn, conn => diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn))?;
        }
        let mut order = order::find_for_change(tx, waits, None)?;
        order.abandon_at = Some(tx.now.plus_minutes(-1));
        order::save(tx, &mut order)
    });
    assert_eq!(processes(&desk, 2), 0);
    assert_eq!((desk.look(waits).base, desk.look(shipped).base), (Base::Placed, Base::Shipped));
}

#[test]
fn a_market_can_do_without_abandoning() {
    let desk = TestDesk::open();
    let web = |desk: &TestDesk| {
        let number = desk.order().place();
        desk.look(number).abandon_at
    };
    assert!(web(&desk).is_some());
    let before = desk.order().place();
    desk.set_market(|facts| facts.abandons = false);
    assert_eq!(web(&desk), None);
    desk.write(move |tx| {
        let mut order = order::find_for_change(tx, before, None)?;
        order.abandon_at = Some(tx.now.plus_minutes(-1));
        order::save(tx, &mut order)
    });
    assert_eq!(processes(&desk, 1), 0);
    assert_eq!((desk.look(before).base, desk.look(before).abandon_at), (Base::Placed, None));
}

#[test]
fn an_order_confirmed_after_hours_waits_for_the_next_opening() {
    let desk = TestDesk::open();
    let pay = |number: i64| {
        let total = desk.look(number).total_minor;
        let payment = NewPayment {
            kind: PaymentKind::Capture,
            amount_minor: total,
            method: "card".into(),
            reference: "r".into(),
            note: String::new(),
            expires_at: None,
        };
        desk.write(move |tx| moves::record_payment(tx, &ANA, number, None, &payment));
        desk.look(number)
    };
    desk.set_market(|facts| facts.hours = hours(false));
    assert_eq!(pay(desk.order().place()).base, Base::Confirmed, "off unless it is switched on");
    desk.set_market(|facts| facts.holds_after_hours = true);
    let held = pay(desk.order().place());
    assert_eq!((held.base, held.resume_base), (Base::OnHold, Some(Base::Confirmed)));
    let holds = desk.read(|conn| moves::open_holds(conn, held.id));
    let opens = desk.read(|conn| {
        let market = Markets::load(conn)?.home()?.clone();
        Ok(market::hours(conn, market.id)?.next_opening(UtcTime::now(), market.zone()))
    });
    assert_eq!((holds.len(), holds[0].reason.as_str(), holds[0].until_at), (1, "after_hours", opens));
    assert_eq!(processes(&desk, 2), 0, "not yet");
    // It opens: the hold ends by itself, once.
    let id = holds[0].id.0;
    desk.write(move |tx| {
        let sql = format!("UPDATE holds SET until_at = {} WHERE id = {id}", tx.now.0 - 1);
        slipway::on_each_database!(tx.conn, conn => diesel::RunQueryDsl::execute(diesel::sql_query(sql), conn))?;
        Ok(())
    });
    assert_eq!(processes(&desk, 2), 1);
    assert_eq!((desk.look(held.number).base, desk.times_to(held.number, "confirmed")), (Base::Confirmed, 2));
    // While it is open nothing waits; a market that never opens holds nothing back for ever.
    desk.set_market(|facts| facts.hours = hours(true));
    assert_eq!(pay(desk.order().place()).base, Base::Confirmed);
}
