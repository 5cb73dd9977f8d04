//! News for staff: every open screen hears at once what happens, each thing once, and no more than its person
//! may know.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use slipway::event;

use crate::support::app::{PASSWORD, TestDesk};
use crate::support::person::Person;
use crate::support::process::Process;

/// A browser that listens.
struct Screen {
    socket: TcpStream,
    /// The head of the answer.
    head: String,
    /// What came after it and was not yet unpacked.
    packed: Vec<u8>,
    /// What was heard.
    heard: String,
    is_over: bool,
}

impl Screen {
    /// Begins to listen, perhaps after the last event it knows.
    fn open(address: &str, person: &Person, last: Option<i64>) -> Screen {
        let mut screen = Screen::asking(address, person, last);
        screen.read_head();
        screen
    }
    fn asking(address: &str, person: &Person, last: Option<i64>) -> Screen {
        let host = address.trim_start_matches("http://");
        let mut socket = TcpStream::connect(host.parse::<SocketAddr>().unwrap()).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let cookie = person.cookie("slipway").map(|value| format!("Cookie: slipway={value}\r\n")).unwrap_or_default();
        let head = format!(
            "GET /news HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\nAccept-Encoding: br, gzip\r\n{cookie}{last}\r\n"
        );
        socket.write_all(head.as_bytes()).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Screen { socket, head: String::new(), packed: Vec::new(), heard: String::new(), is_over: false }
    }
    fn read_head(&mut self) {
        let began = Instant::now();
        loop {
            if let Some(end) = self.packed.windows(4).position(|four| four == b"\r\n\r\n") {
                self.head = String::from_utf8(self.packed.drain(..end + 4).collect()).unwrap().to_lowercase();
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "no answer");
            self.read();
        }
    }
    fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }
    fn read(&mut self) {
        let mut bytes = [0; 4096];
        match self.socket.read(&mut bytes) {
            Ok(0) => self.is_over = true,
            Ok(read) => self.packed.extend_from_slice(&bytes[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => self.is_over = true,
            Err(_) => {}
        }
    }
    /// Unpacks the chunks that are there in whole.
    fn unpack(&mut self) {
        while let Some(line) = self.packed.windows(2).position(|two| two == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&self.packed[..line]).unwrap(), 16).unwrap();
            if self.packed.len() < line + 2 + size + 2 {
                return;
            }
            let chunk = &self.packed[line + 2..line + 2 + size];
            self.heard.push_str(std::str::from_utf8(chunk).unwrap());
            self.packed.drain(..line + 2 + size + 2);
            self.is_over |= size == 0;
        }
    }
    /// Listens until it is so, at most so long.
    fn until(&mut self, patience: Duration, is_so: impl Fn(&Screen) -> bool) -> bool {
        let began = Instant::now();
        loop {
            self.unpack();
            if is_so(self) {
                return true;
            }
            if self.is_over || began.elapsed() > patience {
                return false;
            }
            self.read();
        }
    }
    fn must_hear(&mut self, words: &str) {
        let heard = self.until(Duration::from_secs(10), |screen| screen.heard.contains(words));
        assert!(heard, "{words} is not in: {}", self.heard);
    }
    fn must_end(&mut self) {
        assert!(self.until(Duration::from_secs(10), |screen| screen.is_over) || self.is_over, "{}", self.heard);
    }
    /// Waits until it is told where it is.
    fn place(&mut self) -> i64 {
        self.must_hear("event: here");
        let after = self.heard.rsplit_once("event: here\ndata: ").unwrap().1;
        after.lines().next().unwrap().parse().unwrap()
    }
    /// Places of the news that was heard, as they came.
    fn ids(&self) -> Vec<i64> {
        let frames = self.heard.split("\n\n").filter(|frame| frame.contains("data: {"));
        let id = |frame: &str| frame.lines().find_map(|line| line.strip_prefix("id: ")?.parse().ok());
        frames.filter_map(id).collect()
    }
}

fn approve(desk: &TestDesk, person: &Person, number: i64) {
    let version = desk.look(number).version.to_string();
    let reply = person.post(&format!("/orders/{number}/moves"), &[("to", "approved"), ("version", &version)]);
    assert_eq!(reply.status, 303, "{}", reply.text());
}

#[test]
fn a_move_is_heard_within_a_second_and_says_who_made_it() {
    let desk = TestDesk::open();
    let (owner, manager) = (desk.owner(), desk.manager());
    let number = desk.order().at("confirmed").place();
    let mut ana = Screen::open(&desk.address(), &manager, None);
    let mut marta = Screen::open(&desk.address(), &owner, None);
    assert_eq!(ana.status(), 200);
    for header in [
        "content-type: text/event-stream",
        "content-encoding: identity",
        "x-accel-buffering: no",
        "cache-control: no-store, no-transform",
    ] {
        assert!(ana.head.contains(header), "{header} is not in {}", ana.head);
    }
    ana.place();
    marta.place();
    approve(&desk, &owner, number);
    let soon = ana.until(Duration::from_secs(1), |screen| screen.heard.contains("order.stage_changed"));
    assert!(soon, "{}", ana.heard);
    for words in [&format!("\"order\":{number}"), "moved this to Approved", "Marta Kuipers", "\"mine\":false"] {
        assert!(ana.heard.contains(words), "{words} is not in {}", ana.heard);
    }
    marta.must_hear("\"mine\":true");
    let new = desk.order().place();
    ana.must_hear("\"new\":true");
    assert!(ana.heard.contains(&format!("\"order\":{new}")));
}

#[test]
fn what_was_missed_is_caught_up_with_no_gap_and_no_repeat() {
    let desk = TestDesk::open();
    let manager = desk.manager();
    desk.order().place();
    let first = Screen::open(&desk.address(), &manager, None).place();
    for _ in 0..5 {
        desk.order().at("approved").place();
    }
    // Others write while it comes back.
    let mut screen = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..10 {
                desk.order().at("confirmed").place();
            }
        });
        let screen = Screen::open(&desk.address(), &manager, Some(first));
        writer.join().unwrap();
        screen
    });
    let last = desk.order().place();
    screen.must_hear(&format!("\"order\":{last},"));
    let written = desk.read(|conn| event::feed(conn, first, &[], 1_000));
    assert!(!written.has_more && written.events.len() > 30);
    let written: Vec<i64> = written.events.iter().filter(|fed| fed.order.is_some()).map(|fed| fed.entry.id).collect();
    screen.until(Duration::from_secs(2), |screen| screen.ids().len() >= written.len());
    assert_eq!(screen.ids(), written);
}

#[test]
fn whoever_missed_too_much_is_told_to_look_again() {
    let desk = TestDesk::open();
    let manager = desk.manager();
    for _ in 0..3 {
        desk.order().place();
    }
    desk.write(|tx| {
        let actor = slipway::actor::Actor::System { name: "Test" };
        let counted =
            |n| event::Event::StockCounted { product: "M".into(), before: n, after: 0, reason: "Counted".into() };
        (0..600).try_for_each(|n| event::record(tx, &actor, None, &counted(n)))
    });
    let mut screen = Screen::open(&desk.address(), &manager, Some(0));
    let end = desk.read(event::feed_end);
    assert_eq!(screen.place(), end);
    assert!(screen.heard.contains("event: reload") && screen.ids().is_empty(), "{}", screen.heard);
    // A place of another diary is none.
    assert_eq!(Screen::open(&desk.address(), &manager, Some(end + 1_000)).place(), end);
}

#[test]
fn a_packer_hears_of_no_money_and_nobody_of_contact() {
    let desk = TestDesk::open();
    let (owner, packer) = (desk.owner(), desk.packer());
    let mut jon = Screen::open(&desk.address(), &packer, None);
    let mut marta = Screen::open(&desk.address(), &owner, None);
    jon.place();
    marta.place();
    let number = desk.order().paid().at("confirmed").place();
    approve(&desk, &owner, number);
    for screen in [&mut jon, &mut marta] {
        screen.must_hear("order.stage_changed");
        screen.must_hear("moved this to Approved");
        for hidden in ["amount", "minor", "EUR", "@", "Eszter", "total"] {
            assert!(!screen.heard.contains(hidden), "{hidden} is in {}", screen.heard);
        }
    }
    assert!(marta.heard.contains("payment.recorded"), "{}", marta.heard);
    assert!(!jon.heard.contains("payment"), "{}", jon.heard);
    assert_eq!(jon.ids(), marta.ids());
}

#[test]
fn whoever_is_called_in_a_note_is_told_so() {
    let desk = TestDesk::open();
    let (owner, packer, manager) = (desk.owner(), desk.packer(), desk.manager());
    let number = desk.order().place();
    let mut screens = [&packer, &manager, &owner].map(|person| Screen::open(&desk.address(), person, None));
    for screen in &mut screens {
        screen.place();
    }
    let fields = [("audience", "internal"), ("body", "@jon: the secret shelf"), ("form_token", "a")];
    assert_eq!(owner.post(&format!("/orders/{number}/notes"), &fields).status, 303);
    screens.iter_mut().for_each(|screen| screen.must_hear("note.written"));
    let called = screens.each_ref().map(|screen| screen.heard.contains("\"call\":true"));
    assert_eq!(called, [true, false, false]);
    assert!(screens[0].heard.contains("mentioned you in a note"));
    assert!(screens.iter().all(|screen| !screen.heard.contains("secret shelf")));
}

#[test]
fn whoever_opens_an_order_is_seen_there_by_the_others() {
    let desk = TestDesk::open();
    let (owner, manager) = (desk.owner(), desk.manager());
    let (number, other) = (desk.order().place(), desk.order().place());
    let mut marta = Screen::open(&desk.address(), &owner, None);
    let mut ana = Screen::open(&desk.address(), &manager, None);
    marta.place();
    ana.place();
    let path = format!("/orders/{number}/presence");
    assert_eq!(manager.post(&path, &[]).text(), format!("{{\"order\":{number},\"people\":[]}}"));
    marta.must_hear(&format!("event: presence\ndata: {{\"order\":{number},\"people\":[\"Ana Pires\"]}}"));
    ana.must_hear(&format!("\"order\":{number},\"people\":[]"));
    assert_eq!(owner.post(&path, &[]).text(), format!("{{\"order\":{number},\"people\":[\"Ana Pires\"]}}"));
    ana.must_hear("[\"Marta Kuipers\"]");
    assert_eq!(manager.post(&path, &[("leaves", "1")]).status, 200);
    let left = format!("\"order\":{number},\"people\":[]}}");
    assert!(marta.until(Duration::from_secs(5), |screen| screen.heard.matches(&left).count() == 1), "{}", marta.heard);
    assert_eq!(owner.post("/orders/99999999/presence", &[]).status, 404);
    assert_eq!(desk.visitor().post(&path, &[]).status, 303, "sign in first");
    // Whoever says nothing any more is gone by themselves.
    let (order, me) = (desk.look(other).id, desk.read(slipway::staff::members).remove(0).id);
    desk.write(move |tx| slipway::notify::presence::come(tx, order, me));
    let at = |seconds| {
        desk.read(|conn| slipway::notify::presence::all(conn, slipway::time::UtcTime::now().plus_seconds(seconds)))
    };
    assert!(at(0).iter().any(|here| here.order == other));
    assert!(at(90).is_empty());
}

#[test]
fn what_one_process_writes_is_heard_at_another_within_a_second() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let database = desk.close();
    let (here, there) = (Process::serve(&database), Process::serve(&database));
    let owner = here.visitor();
    assert_eq!(owner.post("/login", &[("email", "marta@fernandkiln.example"), ("password", PASSWORD)]).status, 303);
    let mut screen = Screen::open(&format!("http://{}", there.address), &owner, None);
    screen.place();
    let page = owner.see(&format!("/orders/{number}"));
    let version = page.field("version");
    owner.submit(&format!("/orders/{number}/moves"), &[("to", "approved"), ("version", &version)]);
    let soon = screen.until(Duration::from_secs(1), |screen| screen.heard.contains("moved this to Approved"));
    assert!(soon, "{}", screen.heard);
    assert_eq!(owner.post(&format!("/orders/{number}/presence"), &[]).status, 200);
    let soon = screen.until(Duration::from_secs(1), |screen| screen.heard.contains("event: presence"));
    assert!(soon, "{}", screen.heard);
}

#[test]
fn everybody_chooses_how_they_are_told() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    assert!(owner.see("/").text().contains("data-tell=\"badge\""), "what asks for permission is off at first");
    let path = "/account/preferences";
    owner.post(path, &[("telling", "1"), ("tell", "chime"), ("tell", "desktop")]);
    assert!(owner.see("/").text().contains("data-tell=\"chime desktop\""));
    assert!(owner.see("/account").text().contains("value=\"chime\" checked"));
    owner.post(path, &[("theme", "dark")]);
    assert!(owner.see("/").text().contains("data-tell=\"chime desktop\""), "only what is sent is changed");
    owner.post(path, &[("telling", "1")]);
    assert!(owner.see("/").text().contains("data-tell=\"\""));
    assert_eq!(owner.post(path, &[("telling", "1"), ("tell", "smoke")]).status, 400);
}

#[test]
fn what_matters_is_loud_but_not_for_whoever_did_it() {
    let desk = TestDesk::open();
    let (owner, packer) = (desk.owner(), desk.packer());
    let mut screens = [&owner, &packer].map(|person| Screen::open(&desk.address(), person, None));
    for screen in &mut screens {
        screen.place();
    }
    let number = desk.order().at("confirmed").place();
    desk.write(move |tx| {
        let (actor, at) = (slipway::actor::Actor::Customer { name: "Eszter".into() }, tx.now);
        let said = slipway::conversation::Direction::In;
        slipway::conversation::keep_message(tx, &actor, number, said, "page", "Hello", at)
    });
    approve(&desk, &owner, number);
    for screen in &mut screens {
        screen.must_hear("moved this to Approved");
        let loud: Vec<&str> = screen.heard.lines().filter(|line| line.contains("\"loud\":true")).collect();
        assert_eq!(loud.len(), 2, "{loud:?}");
        assert!(loud[0].contains("\"new\":true") && loud[1].contains("message.recorded"), "{loud:?}");
    }
}

#[test]
fn who_is_signed_out_hears_no_more() {
    let desk = TestDesk::open();
    let (owner, manager) = (desk.owner(), desk.manager());
    let mut screen = Screen::open(&desk.address(), &manager, None);
    let mut other = Screen::open(&desk.address(), &owner, None);
    screen.place();
    other.place();
    let cookie = manager.cookie("slipway").unwrap();
    assert_eq!(manager.post("/logout", &[]).status, 303);
    screen.must_end();
    manager.set_cookie("slipway", &cookie);
    for nobody in [&manager, &desk.visitor()] {
        assert_eq!(Screen::open(&desk.address(), nobody, None).status(), 401);
    }
    desk.order().place();
    other.must_hear("order.created");
}

#[test]
fn listening_takes_no_message_away_from_the_next_page() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("confirmed").place();
    approve(&desk, &owner, number);
    Screen::open(&desk.address(), &owner, None).place();
    let page = owner.see(&format!("/orders/{number}"));
    assert!(page.text().contains("data-toast"));
    assert!(page.text().contains(&format!("data-order=\"{number}\" data-seq=\"")));
}

#[test]
fn two_hundred_listen_at_once_and_the_desk_still_shuts_down() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let database = desk.close();
    let mut process = Process::serve(&database);
    let owner = process.visitor();
    assert_eq!(owner.post("/login", &[("email", "marta@fernandkiln.example"), ("password", PASSWORD)]).status, 303);
    let address = format!("http://{}", process.address);
    let mut screens: Vec<Screen> = (0..200).map(|_| Screen::asking(&address, &owner, None)).collect();
    for screen in &mut screens {
        screen.read_head();
        screen.place();
    }
    let page = owner.see(&format!("/orders/{number}"));
    let version = page.field("version");
    owner.submit(&format!("/orders/{number}/moves"), &[("to", "approved"), ("version", &version)]);
    for screen in &mut screens {
        screen.must_hear("moved this to Approved");
    }
    let took = process.ask_to_stop();
    assert!(took.is_some_and(|took| took < Duration::from_secs(8)), "{took:?}");
    for screen in &mut screens {
        screen.must_end();
    }
}

#[test]
fn rows_that_changed_are_had_by_themselves_with_the_counts() {
    let desk = TestDesk::open();
    let (owner, packer) = (desk.owner(), desk.packer());
    let (moved, other) = (desk.order().at("confirmed").place(), desk.order().at("confirmed").place());
    approve(&desk, &owner, moved);
    let part = owner.fragment(&format!("/orders/fresh?stage=confirmed&changed={moved}"));
    part.must_say("Approved");
    part.must_say("€");
    let html = part.text();
    assert!(html.contains(&format!("value=\"{moved}\"")) && !html.contains(&format!("value=\"{other}\"")), "{html}");
    assert!(html.contains(">2</a>"), "{html}");
    assert!(!packer.fragment(&format!("/orders/fresh?changed={moved}")).says("€"));
    assert_eq!(owner.fragment("/orders/fresh?changed=all").status, 400);
    owner.see("/orders").must_say("Orders");
    assert!(owner.see("/orders").text().contains("id=\"newpill\""));
}

#[test]
fn news_of_a_market_is_heard_by_those_who_know_of_it() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    desk.write(|tx| {
        let new = slipway::market::NewMarket {
            slug: "switzerland".into(),
            name: "Switzerland".into(),
            currency: slipway::money::Currency::parse("CHF").unwrap(),
            time_zone: "Europe/Zurich".into(),
            country: "CH".into(),
            order_prefix: "CH".into(),
        };
        slipway::market::create(tx, &new)
    });
    let home = desk.order().at("confirmed").place();
    let ana = desk.manager();
    let uid = desk.read(|conn| slipway::staff::member_by_email(conn, "ana@fernandkiln.example")).uid;
    let path = format!("/settings/staff/{uid}/markets");
    owner.submit(&path, &[("markets", "switzerland")]);
    let mut swiss = Screen::open(&desk.address(), &ana, None);
    let mut all = Screen::open(&desk.address(), &owner, None);
    swiss.place();
    all.place();
    owner.post(&format!("/orders/{home}/presence"), &[]);
    approve(&desk, &owner, home);
    all.must_hear("moved this to Approved");
    assert!(!swiss.until(Duration::from_millis(700), |screen| screen.heard.contains(&format!("\"order\":{home}"))));
    // Whoever may see something else now begins again.
    owner.submit(&path, &[]);
    swiss.must_end();
}
