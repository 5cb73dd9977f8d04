//! First run: an empty desk becomes a shop, once, by whoever can read the console.

use slipway::market::Markets;
use slipway::{setup, staff, web};

use crate::support::app::{PASSWORD, TestDesk};
use crate::support::database::Database;
use crate::support::person::Reply;
use crate::support::process::{Process, slipway};

fn code(desk: &TestDesk) -> String {
    desk.write(setup::issue_code).unwrap()
}

fn form<'a>(code: &'a str, shop: &'a str, email: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("code", code),
        ("shop", shop),
        ("currency", "EUR Euro"),
        ("time_zone", "Europe/Amsterdam"),
        ("country", "NL"),
        ("prefix", "fk"),
        ("address", "Keizersgracht 112\r\n1015 CW Amsterdam"),
        ("public_address", "https://orders.fernandkiln.example/"),
        ("name", "Marta Keller"),
        ("email", email),
        ("password", PASSWORD),
    ]
}

fn assert_nothing_was_made(desk: &TestDesk) {
    assert_eq!(desk.read(|conn| web::setting(conn, "shop_name")), None);
    assert!(desk.read(staff::members).is_empty());
    assert!(desk.read(Markets::load).markets.is_empty());
}

#[test]
fn an_empty_desk_sends_every_page_to_set_up() {
    let desk = TestDesk::empty();
    let somebody = desk.visitor();
    for page in ["/", "/orders", "/login", "/settings/staff", "/no/such/page"] {
        let reply = somebody.get(page);
        assert_eq!((reply.status, reply.location()), (303, "/setup"), "{page}");
    }
    assert_eq!(somebody.get("/healthz").status, 200);
    somebody.see("/setup").must_say("Code from the console");
}

#[test]
fn set_up_makes_the_shop_its_market_its_counter_and_its_owner() {
    let desk = TestDesk::empty();
    let code = code(&desk);
    let marta = desk.visitor();
    let reply = marta.post("/setup", &form(&code, " Fern & Kiln ", "Marta@FernAndKiln.example"));
    assert_eq!((reply.status, reply.location()), (303, "/login"));

    let shop = desk.read(web::shop);
    assert_eq!((shop.name.as_str(), shop.currency.as_str(), shop.order_prefix.as_str()), ("Fern & Kiln", "EUR", "FK"));
    let made = desk.read(Markets::load);
    assert_eq!((made.markets.len(), made.channels.len()), (1, 1));
    assert_eq!(made.channels[0].name, "Phone and counter");
    let address = desk.read(|conn| web::setting(conn, "shop_address")).unwrap();
    assert_eq!(address, "Keizersgracht 112\n1015 CW Amsterdam");

    let reply = marta.post("/login", &[("email", "marta@fernandkiln.example"), ("password", PASSWORD)]);
    assert_eq!(reply.status, 303);
    assert!(reply.header("set-cookie").contains("Secure"), "{}", reply.header("set-cookie"));
    marta.see("/settings/staff").must_say("Marta Keller (you)");
    assert_eq!(desk.visitor().get("/setup").location(), "/orders");
    assert_eq!(desk.write(setup::issue_code), None);
}

#[test]
fn without_the_code_nothing_is_told_and_nothing_is_made() {
    let desk = TestDesk::empty();
    code(&desk);
    let stranger = desk.visitor();
    let reply = stranger.post("/setup", &[("code", "aaaa-bbbb-cccc"), ("shop", "")]);
    assert_eq!(reply.status, 400);
    reply.must_say("This is not the code on the console.");
    assert!(!reply.says("Enter the shop's name"));
    for _ in 0..8 {
        stranger.post("/setup", &[("code", "aaaa-bbbb-cccc")]);
    }
    let reply = stranger.post("/setup", &[("code", "aaaa-bbbb-cccc")]);
    assert_eq!(reply.status, 429);
    assert_nothing_was_made(&desk);
}

#[test]
fn everything_wrong_with_a_form_is_said_at_once_and_what_was_typed_stays() {
    let desk = TestDesk::empty();
    let code = code(&desk);
    let mut fields = form(&code, "", "no address");
    fields.retain(|(name, _)| !["password", "currency"].contains(name));
    fields.extend([("password", "short"), ("currency", "XXQ")]);
    let reply = desk.visitor().post("/setup", &fields);
    assert_eq!(reply.status, 400);
    for said in ["Enter the shop's name", "Choose a currency", "Enter an e-mail address", "12 characters or more"] {
        reply.must_say(said);
    }
    assert_eq!(reply.field("name"), "Marta Keller");
    assert_eq!(reply.field("password"), "");
    assert_nothing_was_made(&desk);
}

#[test]
fn of_two_who_set_up_at_once_one_wins() {
    let desk = TestDesk::empty();
    let codes = [code(&desk), code(&desk)];
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let desk = &desk;
        let each = codes.iter().zip(["One", "Two"]).map(|(code, shop)| {
            scope.spawn(move || desk.visitor().post("/setup", &form(code, shop, "owner@shop.example")))
        });
        let each: Vec<_> = each.collect();
        each.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    assert_eq!(desk.read(staff::members).len(), 1);
    assert_eq!(desk.read(Markets::load).markets.len(), 1);
}

#[test]
fn a_shop_is_set_up_from_the_command_line() {
    let database = Database::fresh();
    let shop = ["setup", "--database", &database.url(), "--shop", "Fern & Kiln", "--currency", "JPY"];
    let rest = ["--owner", "marta@fernandkiln.example", "--password-stdin", "--time-zone", "Asia/Tokyo"];
    let arguments: Vec<&str> = shop.into_iter().chain(rest).collect();
    let refused = slipway(&arguments, "short\n");
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&refused.stderr).trim(), "Enter a password of 12 characters or more.");

    let made = slipway(&arguments, &format!("{PASSWORD}\n"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let again = slipway(&arguments, &format!("{PASSWORD}\n"));
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&again.stderr).trim(), "This desk is set up already. Sign in instead.");

    let process = Process::serve(&database);
    let marta = process.visitor();
    assert_eq!(marta.post("/login", &[("email", "marta@fernandkiln.example"), ("password", PASSWORD)]).status, 303);
}

#[test]
fn the_console_prints_a_code_until_the_shop_is_made() {
    let database = Database::fresh();
    let process = Process::serve(&database);
    let code = process.said.iter().map(|line| line.trim()).find(|line| line.len() == 14 && line.contains('-')).unwrap();
    let reply = process.visitor().post("/setup", &form(code, "Fern & Kiln", "marta@fernandkiln.example"));
    assert_eq!(reply.status, 303, "{}", reply.words());
    drop(process);
    let process = Process::serve(&database);
    assert!(process.said.iter().all(|line| !line.contains("code")), "{:?}", process.said);
}

#[test]
fn a_key_is_printed_alone_and_kept_as_a_hash() {
    let database = Database::fresh();
    let url = database.url();
    let made = slipway(&["key", "create", "web shop", "--scopes", "all", "--database", &url], "");
    let token = String::from_utf8(made.stdout).unwrap();
    assert!(token.starts_with("slw_") && token.ends_with('\n') && token.lines().count() == 1, "{token}");
    let listed = String::from_utf8(slipway(&["key", "list", "--database", &url], "").stdout).unwrap();
    assert!(listed.contains("web shop") && !listed.contains(token.trim()), "{listed}");
    assert!(slipway(&["key", "revoke", "web shop", "--database", &url], "").status.success());
    let again = slipway(&["key", "revoke", "web shop", "--database", &url], "");
    assert_eq!(again.status.code(), Some(1));
    let unknown = slipway(&["key", "create", "x", "--scopes", "everything", "--database", &url], "");
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(slipway(&["key", "make"], "").status.code(), Some(2));
}
