//! How far behind many open screens are while much happens, and what that costs: a real desk process, screens
//! that listen to the news of it and now and then ask for what changed in their list, and colleagues who change
//! orders at a steady pace.
//!
//! ```text
//! cargo bench --bench listening -- [--screens 500] [--events 50] [--seconds 30] [--asking 6] [--database FILE|postgres://…]
//! ```
//!
//! Fails if a screen missed a change, if one came a second late or later, if the desk could not take the changes as
//! fast as they were asked of it, or if the process ever held more than 150 MB. How long after a change a screen
//! hears of it is counted from before the change is sent, so the time that the change itself takes is in it.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code)]
#[path = "../tests/desk/support/person.rs"]
mod person;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use person::Person;

const MOST_BEHIND: Duration = Duration::from_secs(1);
const MOST_MEGABYTES: u64 = 150;

/// When each change of each order was sent. A screen hears of the changes of one order in their order, so the
/// third that it hears is the third that was sent, however late it comes.
type Sent = Arc<Mutex<HashMap<i64, Vec<Instant>>>>;

struct Desk {
    child: Child,
    address: SocketAddr,
}

impl Desk {
    fn start(database: &str) -> Desk {
        let mut child = Command::new(env!("CARGO_BIN_EXE_slipway"))
            .args(["demo", "--database", database, "--listen", "127.0.0.1:0"])
            .env("SLIPWAY_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| line.split_once("http://")?.1.split(['/', ' ']).next()?.parse().ok())
            .expect("the desk says where it listens");
        std::thread::spawn(move || lines.for_each(drop));
        Desk { child, address }
    }
    /// The most that it ever held in memory, in megabytes.
    fn megabytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sign_in(address: SocketAddr) -> Person {
    let person = Person::new(address);
    let who = [("email", "marta@fernandkiln.example"), ("password", "marta-throws-pots")];
    assert_eq!(person.post("/login", &who).status, 303);
    person
}

/// Listens until it is over; returns how far behind each piece of news was.
fn listen(address: SocketAddr, cookie: &str, sent: &Sent, over: &AtomicBool) -> Vec<Duration> {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!(
        "GET /news HTTP/1.1\r\nHost: {address}\r\nAccept: text/event-stream\r\nCookie: slipway={cookie}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let (mut heard, mut behind, mut bytes) = (String::new(), Vec::new(), [0; 16 * 1024]);
    let mut known: HashMap<i64, usize> = HashMap::new();
    while !over.load(Ordering::Relaxed) {
        let Ok(read) = socket.read(&mut bytes) else { continue };
        if read == 0 {
            break;
        }
        let now = Instant::now();
        heard.push_str(&String::from_utf8_lossy(&bytes[..read]));
        while let Some((frame, rest)) = heard.split_once("\n\n") {
            let order =
                frame.split_once("\"order\":").and_then(|(_, rest)| rest.split([',', '}']).next()?.parse().ok());
            if let Some(order) = order.filter(|_: &i64| frame.contains("order.tagged")) {
                let place = known.entry(order).or_default();
                behind.push(now.saturating_duration_since(sent.lock().unwrap()[&order][*place]));
                *place += 1;
            }
            heard = rest.to_owned();
        }
    }
    behind
}

/// Changes a tag of one order after the other.
fn work(person: &Person, orders: &[i64], pause: Duration, sent: &Sent, over: &AtomicBool) -> usize {
    let (mut done, mut next) = (0, Instant::now());
    while !over.load(Ordering::Relaxed) {
        let order = orders[done % orders.len()];
        sent.lock().unwrap().entry(order).or_default().push(Instant::now());
        let tag = format!("Round {done}");
        assert_eq!(person.post(&format!("/orders/{order}/tags"), &[("tag", &tag)]).status, 303);
        done += 1;
        next += pause;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    done
}

/// Asks for what changed in a list, as screens that show one do. Returns how long the slowest answer took.
fn ask(person: &Person, pause: Duration, over: &AtomicBool) -> Duration {
    let (mut slowest, mut next) = (Duration::ZERO, Instant::now());
    while !over.load(Ordering::Relaxed) {
        let began = Instant::now();
        assert_eq!(person.get("/orders/fresh?changed=10220,10221,10222").status, 200);
        slowest = slowest.max(began.elapsed());
        next += pause;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    slowest
}

fn main() {
    let (mut screens, mut events, mut seconds, mut database) = (500usize, 50usize, 30u64, String::new());
    let mut asking = 6u64;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--screens" => screens = arguments.next().unwrap().parse().unwrap(),
            "--events" => events = arguments.next().unwrap().parse().unwrap(),
            "--seconds" => seconds = arguments.next().unwrap().parse().unwrap(),
            "--asking" => asking = arguments.next().unwrap().parse().unwrap(),
            "--database" => database = arguments.next().unwrap(),
            "--bench" => {}
            other => panic!("{other} is not known; give --screens, --events, --seconds, --asking, --database"),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    if database.is_empty() {
        database = folder.path().join("listening.db").display().to_string();
    }
    // What making the shop takes is not what serving it takes.
    drop(Desk::start(&database));
    let desk = Desk::start(&database);
    let cookie = sign_in(desk.address).cookie("slipway").unwrap();
    let (sent, over, closed): (Sent, Arc<AtomicBool>, Arc<AtomicBool>) = Default::default();
    let small = || std::thread::Builder::new().stack_size(256 * 1024);
    let listeners: Vec<_> = (0..screens)
        .map(|_| {
            let (cookie, sent, closed, address) = (cookie.clone(), sent.clone(), closed.clone(), desk.address);
            small().spawn(move || listen(address, &cookie, &sent, &closed)).unwrap()
        })
        .collect();
    std::thread::sleep(Duration::from_secs(3));
    let hands = 5;
    let workers: Vec<_> = (0..hands)
        .map(|hand| {
            // Each has orders of their own, so that an instant belongs to one change.
            let orders: Vec<i64> = (0..40).map(|place| 10_220 + hand * 40 + place).collect();
            let pause = Duration::from_secs_f64(hands as f64 / events as f64);
            // One after the other: many who sign in at once are asked to wait.
            let (sent, over, person) = (sent.clone(), over.clone(), sign_in(desk.address));
            move || work(&person, &orders, pause, &sent, &over)
        })
        .collect();
    let askers = 4;
    let asked: Vec<_> = (0..if asking == 0 { 0 } else { askers })
        .map(|_| {
            let pause = Duration::from_secs_f64((askers * asking) as f64 / screens as f64);
            let (over, person) = (over.clone(), sign_in(desk.address));
            move || ask(&person, pause, &over)
        })
        .collect();
    let workers: Vec<_> = workers.into_iter().map(std::thread::spawn).collect();
    let asked: Vec<_> = asked.into_iter().map(std::thread::spawn).collect();
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(seconds));
    over.store(true, Ordering::Relaxed);
    let done: usize = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
    let pace = done as f64 / began.elapsed().as_secs_f64();
    let slowest = asked.into_iter().map(|asker| asker.join().unwrap()).max().unwrap_or_default();
    // The last changes are on their way to the screens.
    std::thread::sleep(Duration::from_secs(2));
    closed.store(true, Ordering::Relaxed);
    let mut behind: Vec<Duration> = listeners.into_iter().flat_map(|listener| listener.join().unwrap()).collect();
    behind.sort_unstable();
    let most = desk.megabytes();
    assert!(!behind.is_empty(), "nobody heard anything of {done} changes");
    let at = |share: f64| behind[((behind.len() - 1) as f64 * share) as usize];
    println!(
        "{screens} screens, {pace:.0} events a second: {} deliveries of {}, half within {:?}, 99 in 100 within {:?}, \
         the slowest {:?}; the slowest list {slowest:?}; {most} MB at the most",
        behind.len(),
        screens * done,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    assert_eq!(behind.len(), screens * done, "some screens missed a change or heard of it twice");
    assert!(pace > events as f64 * 0.95, "the desk took {pace:.1} changes a second of {events}");
    assert!(at(1.0) < MOST_BEHIND, "a screen was {:?} behind", at(1.0));
    assert!(most < MOST_MEGABYTES, "{most} MB");
}
