//! How fast each page is answered, and with how many queries, by the real server over HTTP on a
//! demonstration of any size:
//!
//! ```text
//! cargo bench --bench pages -- --orders 100000 [--database FILE|postgres://…] [--rounds 100] [--only WORD]
//! ```
//!
//! The demonstration is made if the database is empty. Times are of whole answers on one connection,
//! uncompressed, signed in as the owner.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code)]
#[path = "../tests/desk/support/person.rs"]
mod person;
#[path = "support/serving.rs"]
mod serving;

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use person::Person;
use slipway::db::{Db, Location};
use slipway::demo::{self, ACCOUNTS};

/// Queries since the process began, on all connections.
static QUERIES: AtomicU64 = AtomicU64::new(0);

fn counter() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            if !["BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "PRAGMA"].iter().any(|word| text.starts_with(word)) {
                QUERIES.fetch_add(1, Ordering::Relaxed);
            }
        }
    }))
}

struct Wishes {
    orders: i64,
    database: String,
    rounds: usize,
    only: String,
}

fn wishes() -> Wishes {
    let mut wishes = Wishes { orders: 10_000, database: String::new(), rounds: 100, only: String::new() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--orders" => wishes.orders = arguments.next().unwrap().replace('_', "").parse().unwrap(),
            "--database" => wishes.database = arguments.next().unwrap(),
            "--rounds" => wishes.rounds = arguments.next().unwrap().parse().unwrap(),
            "--only" => wishes.only = arguments.next().unwrap(),
            "--bench" => {}
            other => panic!("{other} is not known; give --orders, --database, --rounds, --only"),
        }
    }
    if wishes.database.is_empty() {
        wishes.database = format!("target/bench/{}.db", wishes.orders);
    }
    wishes
}

fn main() {
    let wishes = wishes();
    let location = Location::parse(&wishes.database).unwrap();
    let began = Instant::now();
    {
        let db = Db::open(&location).unwrap();
        let made = demo::prepare(&db, Some(wishes.orders)).unwrap();
        println!("{made:?} in {:.1} s at {location}", began.elapsed().as_secs_f64());
    }
    whole_process(&wishes.database);
    set_default_instrumentation(counter).unwrap();
    let address = serving::serve(&location, &Db::open(&location).unwrap());
    let marta = Person::new(address);
    let answer = marta.post("/login", &[("email", ACCOUNTS[0].email), ("password", ACCOUNTS[0].password)]);
    assert_eq!(answer.status, 303, "signing in: {}", answer.text());
    println!("{:<44}{:>9}{:>9}{:>9}{:>9}", "page", "median", "p99", "queries", "bytes");
    for (name, path) in pages(&marta) {
        if name.contains(&wishes.only) {
            measure(&marta, &name, &path, wishes.rounds);
        }
    }
}

fn measure(marta: &Person, name: &str, path: &str, rounds: usize) {
    for _ in 0..3 {
        marta.get(path);
    }
    let mut times = Vec::with_capacity(rounds);
    let before = QUERIES.load(Ordering::Relaxed);
    let (mut bytes, mut status) = (0, 0);
    for _ in 0..rounds {
        let began = Instant::now();
        let answer = marta.get(path);
        times.push(began.elapsed());
        (bytes, status) = (answer.body.len(), answer.status);
    }
    let queries = (QUERIES.load(Ordering::Relaxed) - before) as f64 / rounds as f64;
    times.sort();
    let millis = |time: Duration| time.as_secs_f64() * 1_000.0;
    let note = if status == 200 { String::new() } else { format!("  answered {status}") };
    println!(
        "{name:<44}{:>9.2}{:>9.2}{queries:>9.1}{bytes:>9}{note}",
        millis(times[rounds / 2]),
        millis(times[rounds * 99 / 100])
    );
}

/// Name and address of everything that is measured.
fn pages(marta: &Person) -> Vec<(String, String)> {
    let mut pages: Vec<(String, String)> = Vec::new();
    let mut page = |name: &str, path: &str| pages.push((name.to_owned(), path.to_owned()));
    page("orders", "/orders");
    for stage in ["placed", "confirmed", "on_hold", "approved", "shipped", "delivered", "archived", "cancelled"] {
        page(&format!("orders, stage {stage}"), &format!("/orders?stage={stage}"));
    }
    page("orders, three stages", "/orders?stage=placed&stage=confirmed&stage=approved");
    for pay in ["paid", "authorized", "unpaid", "partially_refunded", "refunded", "expired"] {
        page(&format!("orders, payment {pay}"), &format!("/orders?pay={pay}"));
    }
    for ful in ["unfulfilled", "in_progress", "delivered", "returned"] {
        page(&format!("orders, fulfilment {ful}"), &format!("/orders?ful={ful}"));
    }
    for (name, query) in [
        ("channel", "channel=instagram"),
        ("not a channel", "channel_not=web"),
        ("market", "market=main"),
        ("tag", "tag=Fragile"),
        ("rare tag", "tag=Review"),
        ("unknown tag", "tag=Nothing"),
        ("SKU", "sku=TPT-SG-08"),
        ("total above", "total_min=300"),
        ("placed today", "placed=today"),
        ("placed in 30 days", "placed=30d"),
        ("placed between", "from=2025-03-01&to=2025-03-31"),
        ("printed", "printed=yes"),
        ("not printed", "printed=no"),
        ("with a note", "note=yes"),
        ("late", "due=late"),
        ("due today", "due=today"),
        ("gift", "gift=yes"),
        ("unread", "unread=yes"),
        ("mine", "assignee=me"),
        ("held for stock", "hold=stock"),
        ("stage and payment", "stage=delivered&pay=partially_refunded"),
        ("stage, channel and tag", "stage=archived&channel=web&tag=VIP"),
        ("paid, total above, by total", "pay=paid&total_min=200&sort=total&dir=desc"),
        ("archived only", "archived=only"),
    ] {
        page(&format!("orders, {name}"), &format!("/orders?{query}"));
    }
    for sort in ["date", "paid", "total", "customer", "age", "stage", "due"] {
        for dir in ["asc", "desc"] {
            page(&format!("orders by {sort} {dir}"), &format!("/orders?sort={sort}&dir={dir}"));
        }
    }
    for sort in ["paid", "total", "customer", "age"] {
        page(&format!("orders, delivered by {sort}"), &format!("/orders?stage=delivered&sort={sort}&dir=desc"));
    }
    for (name, words) in [
        ("one word", "kovacs"),
        ("first name", "anna"),
        ("two words", "anna+kovacs"),
        ("beginning of a word", "kov"),
        ("one letter", "a"),
        ("a word in every order", "example"),
        ("number", "11000"),
        ("telephone", "030+555+0142"),
        ("SKU", "TPT-SG-08"),
        ("no match", "zzzzqqq"),
    ] {
        page(&format!("search, {name}"), &format!("/orders?q={words}"));
    }
    page("search and stage", "/orders?q=anna&stage=delivered");
    page("search by total", "/orders?q=kovacs&sort=total&dir=desc");
    for (name, start) in [
        ("orders, 20 pages on", "/orders"),
        ("orders by paid, 20 pages on", "/orders?sort=paid&dir=desc"),
        ("orders by customer, 20 pages on", "/orders?sort=customer&dir=asc"),
        ("delivered by total, 20 pages on", "/orders?stage=delivered&sort=total&dir=desc"),
    ] {
        if let Some(path) = after(marta, start, 20) {
            page(name, &path);
        }
    }
    let newest = newest(marta);
    let old = newest.first().map_or(10_468, |number| (number - 10_000) / 2 + 10_000);
    page("order", &format!("/orders/{old}"));
    page("order, notes", &format!("/orders/{old}/notes"));
    page("order, history", &format!("/orders/{old}/history"));
    let list: Vec<String> = newest.iter().map(|number| format!("o={number}")).collect();
    page("today", "/");
    page("board", "/board");
    page("slip", &format!("/orders/{old}/slip"));
    page(&format!("{} slips", newest.len()), &format!("/print/slips?{}", list.join("&")));
    page("signing in", "/login");
    pages
}

/// The address of the page so many pages on.
fn after(marta: &Person, start: &str, pages: usize) -> Option<String> {
    let mut path = start.to_owned();
    for _ in 0..pages {
        let text = marta.get(&path).text();
        let link =
            text.split("<a ").find(|link| link.split('>').next().is_some_and(|tag| tag.contains("rel=\"next\"")))?;
        path = link.split("href=\"").nth(1)?.split('"').next()?.replace("&amp;", "&").replace("&#38;", "&");
    }
    Some(path)
}

/// Numbers on the first page of the list.
fn newest(marta: &Person) -> Vec<i64> {
    let text = marta.get("/orders").text();
    let mut numbers: Vec<i64> = text
        .split("/orders/")
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.reverse();
    numbers
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Start, memory and size of the binary as it is deployed.
fn whole_process(database: &str) {
    let binary = env!("CARGO_BIN_EXE_slipway");
    let mut ready = Vec::new();
    for _ in 0..5 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let began = Instant::now();
        let child = Command::new(binary)
            .args(["serve", "--database", database, "--listen", &address.to_string()])
            .env("SLIPWAY_LOG", "off")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let running = Running(child);
        let visitor = loop {
            if std::net::TcpStream::connect(address).is_ok() {
                break Person::new(address);
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        while visitor.get("/healthz").status != 200 {
            std::thread::sleep(Duration::from_millis(1));
        }
        ready.push(began.elapsed());
        if ready.len() == 5 {
            std::thread::sleep(Duration::from_secs(5));
            println!("idle memory {:.1} MB", resident(running.0.id()));
        }
    }
    ready.sort();
    println!("ready after {:.0} ms (median of 5)", ready[2].as_secs_f64() * 1_000.0);
    println!("binary of {:.1} MB", std::fs::metadata(binary).unwrap().len() as f64 / 1_048_576.0);
}

fn resident(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<f64>().ok()).unwrap_or_default() / 1_024.0
}
