//! A move with all it does is one transaction of few statements: a dozen at the most that change something,
//! and not many more that look.

use std::sync::{Arc, Mutex};

use diesel::Connection;
use diesel::connection::InstrumentationEvent;
use slipway::actor::Actor;
use slipway::db::Tx;
use slipway::error::Result;
use slipway::moves::{self, MoveRequest, RefundChoice};

use crate::support::app::TestDesk;

const ANA: Actor = Actor::System { name: "Ana" };

/// The statements of one write.
fn statements<T: Send + 'static>(
    desk: &TestDesk,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
) -> Vec<String> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    desk.write(move |tx| {
        tx.conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                told.lock().unwrap().push(query.to_string().chars().take(160).collect());
            }
        });
        let done = work(tx);
        tx.conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
        done
    });
    seen.lock().unwrap().clone()
}

#[test]
fn a_move_with_all_it_does_is_few_statements() {
    let desk = TestDesk::open();
    desk.product("MUG-OAT-L", 100);
    let approve = desk.order().authorized().at("confirmed").place();
    let ship = desk.order().at("processed").place();
    let cancel = desk.order().at("approved").place();
    let refund = RefundChoice::All;
    let mut counts = Vec::new();
    let mut seen = Vec::new();
    for (number, request) in [
        // The promise is captured, the shelf looked at, the decision kept.
        (approve, MoveRequest::to("approved")),
        // One parcel leaves, and its goods with it.
        (ship, MoveRequest::to("shipped")),
        // Everything is given back and goes back on the shelf.
        (cancel, MoveRequest { reason: "customer".into(), refund, ..MoveRequest::to("cancelled") }),
    ] {
        let told = statements(&desk, move |tx| moves::move_to_stage(tx, &ANA, number, &request));
        counts.push(count(&told));
        seen.push(told);
    }
    assert_eq!(counts, [(15, 3), (22, 8), (30, 9)], "{seen:#?}");
}

/// How many there are, and how many of them change something.
fn count(told: &[String]) -> (usize, usize) {
    // Postgres locks the order first.
    let told: Vec<_> = told.iter().filter(|text| !text.contains("FOR UPDATE")).collect();
    (told.len(), told.iter().filter(|text| !text.starts_with("SELECT")).count())
}

#[test]
fn placing_an_order_is_few_statements() {
    let desk = TestDesk::open();
    // The customer, the stages and the way of paying are known.
    desk.order().place();
    let draft = desk.order().line("BOWL", "Bowl", 1, 3_000).draft();
    let told = statements(&desk, move |tx| moves::place(tx, &ANA, &draft));
    // What search is told waits on SQLite for the end of the group of writes.
    let search = usize::from(!desk.db.location().is_sqlite());
    assert_eq!(count(&told), (11 + search, 5 + search), "{told:#?}");
}
