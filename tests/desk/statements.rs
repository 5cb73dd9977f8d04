//! A move with all it does is one transaction of a dozen statements, those that look included, and not counted
//! the one that asks which stages the shop has.

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
fn a_move_with_all_it_does_is_a_dozen_statements_and_the_stages_of_the_shop() {
    let desk = TestDesk::open();
    desk.product("MUG-OAT-L", 100);
    let stop = MoveRequest { reason: "customer".into(), ..MoveRequest::to("cancelled") };
    let asked = |name, number, request| (name, number, request);
    let moves = [
        // The shelf is looked at, the decision kept.
        asked("approve", desk.order().authorized().at("confirmed").place(), MoveRequest::to("approved")),
        asked("pack", desk.order().at("approved").place(), MoveRequest::to("processed")),
        // One parcel leaves, and its goods with it.
        asked("ship", desk.order().at("processed").place(), MoveRequest::to("shipped")),
        asked("deliver", desk.order().at("shipped").place(), MoveRequest::to("delivered")),
        // Everything is given back and goes back on the shelf.
        asked("cancel", desk.order().at("approved").place(), MoveRequest { refund: RefundChoice::All, ..stop.clone() }),
        asked(
            "cancel and keep",
            desk.order().at("approved").place(),
            MoveRequest { refund: RefundChoice::Nothing, note: "A deposit.".into(), ..stop },
        ),
    ];
    let mut told = Vec::new();
    for (name, number, request) in moves {
        let seen = statements(&desk, move |tx| moves::move_to_stage(tx, &ANA, number, &request));
        told.push((name.to_owned(), seen));
        if !["approve", "cancel"].contains(&name) {
            let version = desk.look(number).version;
            let seen = statements(&desk, move |tx| moves::undo(tx, &ANA, number, version));
            told.push((format!("undo {name}"), seen));
        }
    }
    let counts: Vec<_> = told.iter().map(|(name, seen)| (name.as_str(), count(seen))).collect();
    let wanted = [
        ("approve", (10, 3)),
        ("pack", (10, 5)),
        ("undo pack", (10, 4)),
        // Whether its way of sending needs a number is asked of the market where it has none.
        ("ship", (13, 7)),
        ("undo ship", (13, 7)),
        ("deliver", (9, 3)),
        ("undo deliver", (9, 3)),
        ("cancel", (13, 8)),
        ("cancel and keep", (12, 7)),
        ("undo cancel and keep", (13, 7)),
    ];
    assert_eq!(counts, wanted, "{told:#?}");
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
