//! The diary as programs follow it: whoever reads on from where they were misses nothing and reads nothing
//! twice, however many write meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use slipway::actor::Actor;
use slipway::db::Db;
use slipway::error::{Error, Result};
use slipway::event::{self, Event};
use slipway::time::UtcTime;

use crate::support::app::TestDesk;

const WRITERS: i64 = 16;
const WRITES: i64 = 40;

fn counted(writer: i64, write: i64, part: i64) -> Event {
    Event::StockCounted { product: format!("{writer}"), before: write, after: part, reason: "Counted".into() }
}

/// One transaction: some events, sometimes slow to commit, sometimes given up.
fn write(db: &Db, writer: i64, number: i64) {
    let outcome: Result<()> = db.write_blocking(move |tx| {
        let actor = Actor::System { name: "Test" };
        for part in 0..=(number % 3) {
            event::record(tx, &actor, None, &counted(writer, number, part))?;
        }
        if (writer + number) % 7 == 0 {
            std::thread::sleep(Duration::from_millis(3));
        }
        if number % 9 == 5 { Err(Error::broken("given up")) } else { Ok(()) }
    });
    assert_eq!(outcome.is_err(), number % 9 == 5);
}

#[test]
fn a_reader_sees_the_whole_diary_in_order_while_sixteen_write() {
    let desk = TestDesk::open();
    let done = AtomicBool::new(false);
    let (mut seen, mut rounds) = (Vec::new(), 0);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let db = desk.db.clone();
                scope.spawn(move || (0..WRITES).for_each(|number| write(&db, writer, number)))
            })
            .collect();
        let reader = scope.spawn(|| {
            let db = Db::open(desk.db.location()).unwrap();
            let (mut seen, mut at, mut rounds) = (Vec::new(), 0, 0);
            loop {
                let is_last = done.load(Ordering::SeqCst);
                let page = db.read_blocking(|conn| event::feed(conn, at, &[], 7)).unwrap();
                assert!(page.read_to >= at);
                seen.extend(page.events.iter().map(|fed| fed.entry.id));
                at = page.read_to;
                rounds += 1;
                if is_last && !page.has_more && page.events.is_empty() {
                    return (seen, rounds);
                }
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::SeqCst);
        (seen, rounds) = reader.join().unwrap();
    });
    let written: Vec<i64> = {
        use diesel::prelude::*;
        use slipway::db::schema::events;
        events::table.order(events::id).select(events::id).load(&mut desk.look_behind()).unwrap()
    };
    assert!(written.len() as i64 > WRITERS * WRITES, "{}", written.len());
    assert!(rounds > 20, "{rounds} rounds");
    assert_eq!(seen, written);
}

#[test]
fn rare_kinds_are_found_and_pages_fit_together() {
    let desk = TestDesk::open();
    let first = desk.order().at("delivered").place();
    let other = desk.order().at("on_hold").place();
    let kinds = ["order.created", "hold.placed"];
    let (mut found, mut at) = (Vec::new(), 0);
    loop {
        let page = desk.read(|conn| event::feed(conn, at, &kinds, 1));
        found.extend(page.events.iter().map(|fed| (fed.entry.event.kind(), fed.order)));
        at = page.read_to;
        if !page.has_more {
            break;
        }
    }
    let (first, other) = (Some(desk.look(first).id), Some(desk.look(other).id));
    let names: Vec<_> = found.iter().map(|(kind, order)| (kind.as_str(), *order)).collect();
    assert_eq!(names, [("order.created", first), ("order.created", other), ("hold.placed", other)]);
    assert_eq!(desk.read(event::feed_end), at);
    let nothing = desk.read(|conn| event::feed(conn, at, &[], 10));
    assert_eq!((nothing.events.len(), nothing.read_to, nothing.has_more), (0, at, false));
}

#[test]
fn a_place_is_found_by_its_time() {
    let desk = TestDesk::open();
    desk.order().place();
    let between = desk.read(event::feed_end);
    std::thread::sleep(Duration::from_millis(5));
    let now = UtcTime::now();
    std::thread::sleep(Duration::from_millis(5));
    desk.order().place();
    assert_eq!(desk.read(move |conn| event::position_at(conn, now)), between);
    assert_eq!(desk.read(|conn| event::position_at(conn, UtcTime(0))), 0);
    let end = desk.read(event::feed_end);
    assert_eq!(desk.read(move |conn| event::position_at(conn, now.plus_minutes(60))), end);
}

#[test]
fn a_part_of_the_work_that_fails_leaves_nothing_in_the_diary() {
    let desk = TestDesk::open();
    let start = desk.read(event::feed_end);
    desk.write(|tx| {
        let actor = Actor::System { name: "Test" };
        event::together(tx, |tx| {
            event::record(tx, &actor, None, &counted(1, 1, 0))?;
            let failed: Result<()> = tx.attempt(|tx| {
                event::together(tx, |tx| {
                    event::record(tx, &actor, None, &counted(2, 2, 0))?;
                    Err(Error::broken("given up"))
                })
            });
            assert!(failed.is_err());
            event::record(tx, &actor, None, &counted(3, 3, 0))
        })
    });
    let told = desk.read(move |conn| event::feed(conn, start, &[], 10)).events;
    let told: Vec<String> = told.into_iter().map(|fed| format!("{:?}", fed.entry.event)).collect();
    assert_eq!(told, [counted(1, 1, 0), counted(3, 3, 0)].map(|event| format!("{event:?}")));
}
