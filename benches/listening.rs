//! How far behind many open screens are while much happens, and what that costs: a real desk process, screens
//! that listen to the news of it, and colleagues who change orders at a steady pace.
//!
//! ```text
//! cargo bench --bench listening -- [--screens 500] [--events 50] [--seconds 30] [--database FILE|postgres://…]
//! ```
//!
//! Fails if the slowest of 99 in a hundred deliveries took a second or the process more than 150 MB.
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

/// When each tag was sent.
type Sent = Arc<Mutex<HashMap<i64, Instant>>>;

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
    /// What it holds in memory, in megabytes.
    fn megabytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).unwrap_or(0) / 1024
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
            if let Some(at) = order
                .filter(|_| frame.contains("order.tagged"))
                .and_then(|order: i64| sent.lock().unwrap().get(&order).copied())
            {
                behind.push(now.saturating_duration_since(at));
            }
            heard = rest.to_owned();
        }
    }
    behind
}

/// Changes a tag of one order after the other.
fn work(desk: SocketAddr, orders: &[i64], pause: Duration, sent: &Sent, over: &AtomicBool) -> usize {
    let (person, mut done, mut next) = (sign_in(desk), 0, Instant::now());
    while !over.load(Ordering::Relaxed) {
        let order = orders[done % orders.len()];
        sent.lock().unwrap().insert(order, Instant::now());
        let tag = format!("Round {done}");
        assert_eq!(person.post(&format!("/orders/{order}/tags"), &[("tag", &tag)]).status, 303);
        done += 1;
        next += pause;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    done
}

fn main() {
    let (mut screens, mut events, mut seconds, mut database) = (500usize, 50usize, 30u64, String::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--screens" => screens = arguments.next().unwrap().parse().unwrap(),
            "--events" => events = arguments.next().unwrap().parse().unwrap(),
            "--seconds" => seconds = arguments.next().unwrap().parse().unwrap(),
            "--database" => database = arguments.next().unwrap(),
            "--bench" => {}
            other => panic!("{other} is not known; give --screens, --events, --seconds, --database"),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    if database.is_empty() {
        database = folder.path().join("listening.db").display().to_string();
    }
    let desk = Desk::start(&database);
    let cookie = sign_in(desk.address).cookie("slipway").unwrap();
    let (sent, over): (Sent, Arc<AtomicBool>) = (Sent::default(), Arc::default());
    let small = || std::thread::Builder::new().stack_size(256 * 1024);
    let listeners: Vec<_> = (0..screens)
        .map(|_| {
            let (cookie, sent, over, address) = (cookie.clone(), sent.clone(), over.clone(), desk.address);
            small().spawn(move || listen(address, &cookie, &sent, &over)).unwrap()
        })
        .collect();
    std::thread::sleep(Duration::from_secs(3));
    let hands = 5;
    let workers: Vec<_> = (0..hands)
        .map(|hand| {
            // Each has orders of their own, so that an instant belongs to one change.
            let orders: Vec<i64> = (0..40).map(|place| 10_220 + hand * 40 + place).collect();
            let pause = Duration::from_secs_f64(hands as f64 / events as f64);
            let (sent, over, address) = (sent.clone(), over.clone(), desk.address);
            std::thread::spawn(move || work(address, &orders, pause, &sent, &over))
        })
        .collect();
    let (began, mut most) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(Duration::from_millis(500));
        most = most.max(desk.megabytes());
    }
    over.store(true, Ordering::Relaxed);
    let done: usize = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
    let mut behind: Vec<Duration> = listeners.into_iter().flat_map(|listener| listener.join().unwrap()).collect();
    behind.sort_unstable();
    assert!(behind.len() > screens * done / 2, "{} deliveries of {done} changes to {screens} screens", behind.len());
    let at = |share: f64| behind[((behind.len() - 1) as f64 * share) as usize];
    println!(
        "{screens} screens, {:.0} events a second: {} deliveries, half within {:?}, 99 in 100 within {:?}, the slowest {:?}; {most} MB",
        done as f64 / began.elapsed().as_secs_f64(),
        behind.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    );
    assert!(at(0.99) < MOST_BEHIND && most < MOST_MEGABYTES, "too slow or too large");
}
