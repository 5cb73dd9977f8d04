//! What the desk has acknowledged is kept, whatever happens to the process.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use slipway::db::Db;
use slipway::event::{self, Event};
use slipway::order;

use crate::support::app::{OWNER, PASSWORD, TestDesk};
use crate::support::database::Database;
use crate::support::process::{Process, slipway};

#[test]
fn what_was_acknowledged_is_there_after_the_process_is_killed_while_writing() {
    let (database, orders) = a_shop_with_orders(4);
    let process = Process::serve(&database);
    let acknowledged = Mutex::new(Vec::new());
    let gone = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in &orders {
            let (process, acknowledged, gone) = (&process, &acknowledged, &gone);
            scope.spawn(move || {
                let jon = process.visitor();
                assert_eq!(jon.post("/login", &[("email", OWNER), ("password", PASSWORD)]).status, 303);
                let text = number.to_string();
                while !gone.load(Ordering::Relaxed) {
                    let token = uuid::Uuid::new_v4().to_string();
                    let fields = [("o", text.as_str()), ("template", "slip"), ("paper", "a4"), ("form_token", &token)];
                    // The kill may come between the question and its answer.
                    let Some(reply) = jon.try_post("/print/records", &fields) else { break };
                    assert_eq!(reply.status, 303, "{}", reply.text());
                    acknowledged.lock().unwrap().push(*number);
                }
            });
        }
        let started = Instant::now();
        while acknowledged.lock().unwrap().len() < 60 {
            assert!(started.elapsed() < Duration::from_secs(30), "writing takes too long");
            std::thread::yield_now();
        }
        process.kill_now();
        gone.store(true, Ordering::Relaxed);
    });
    drop(process);

    let again = Process::serve(&database);
    assert_eq!(again.visitor().get("/healthz").status, 200);
    let db = Db::open(&database.location).unwrap();
    let acknowledged = acknowledged.into_inner().unwrap();
    for number in orders {
        let told = acknowledged.iter().filter(|known| **known == number).count();
        let (order, timeline) = db
            .read_blocking(|conn| {
                let order = order::find(conn, number)?;
                let timeline = event::timeline(conn, order.id)?;
                Ok((order, timeline))
            })
            .unwrap();
        let printed = timeline.iter().filter(|entry| matches!(entry.event, Event::SlipPrinted { .. })).count();
        // One more may have been committed and not yet acknowledged.
        assert!((told..=told + 1).contains(&printed), "{told} acknowledged, {printed} kept");
        assert_eq!(order.print_count, printed as i64, "an order and its diary were written together");
        let sequence: Vec<i64> = timeline.iter().map(|entry| entry.seq).collect();
        assert_eq!(sequence, (1..=sequence.len() as i64).collect::<Vec<_>>());
    }
}

/// Orders that can be printed, in a database that no process has open.
fn a_shop_with_orders(count: usize) -> (Database, Vec<i64>) {
    let desk = TestDesk::open();
    let orders = (0..count).map(|_| desk.order().at("approved").place()).collect();
    (desk.close(), orders)
}

#[test]
fn desks_that_start_together_on_an_empty_database_all_come_up() {
    let database = Database::unmigrated();
    let desks: Vec<Process> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..4).map(|_| scope.spawn(|| Process::serve(&database))).collect();
        starting.into_iter().map(|desk| desk.join().unwrap()).collect()
    });
    for desk in &desks {
        assert_eq!(desk.visitor().get("/healthz").status, 200);
    }
    assert_eq!(desks[3].visitor().get("/").location(), "/setup");
}

#[test]
fn a_shop_is_set_up_once_from_the_command_line() {
    let database = Database::unmigrated();
    let url = database.url();
    let arguments = ["setup", "--shop", "Fern & Kiln", "--currency", "EUR", "--owner", OWNER, "--password-stdin"];
    let set_up = || slipway(&[&arguments[..], &["--database", &url]].concat(), &format!("{PASSWORD}\n"));
    let first = set_up();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    let second = set_up();
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains("set up already"), "{told}");

    let desk = Process::serve(&database);
    let owner = desk.visitor();
    assert_eq!(owner.post("/login", &[("email", OWNER), ("password", PASSWORD)]).status, 303);
}

#[test]
fn what_cannot_be_started_is_said_in_one_sentence() {
    let tell = |arguments: &[&str]| {
        let output = slipway(arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let told = tell(&["serve", "--database", "mysql://shop"]);
    assert!(told.starts_with("Slipway has no database called mysql."), "{told}");
    let told = tell(&["serve", "--database", "postgres://nobody@127.0.0.1:1/none"]);
    assert!(told.starts_with("The database postgres://nobody@127.0.0.1:1/none could not be opened"), "{told}");
    let told = tell(&["serve", "--database", "postgres://a:secret@db.example/shop?sslmode=require"]);
    assert!(told.contains("TLS") && !told.contains("secret"), "{told}");
    let told = tell(&["serve", "--database", "/proc/none/slipway.db"]);
    assert!(told.contains("/proc/none/slipway.db"), "{told}");
    let told = tell(&["serve", "--listen", "here"]);
    assert!(told.starts_with("here is no address to listen on."), "{told}");
}
