//! A morning at the desk: find orders, move them, hold, reject, note, undo, pay, print.

use serde_json::json;

use crate::checks::assert_sound;
use crate::driver::{Browser, Scripting, keys};
use crate::first_run::sign_in;
use crate::support::app::{OWNER, PASSWORD, TestDesk};

/// Some sixty orders, so that the list has a second page.
fn a_busy_shop() -> TestDesk {
    let desk = TestDesk::open();
    for index in 0..52 {
        let name = format!("Customer {index:02}");
        desk.order()
            .customer(&name, &format!("c{index}@example.com"))
            .line("PLATE", "Plate", 1, 1000 + index * 10)
            .place();
    }
    desk
}

fn at_the_desk(desk: &TestDesk, scripting: Scripting) -> Browser {
    let browser = Browser::open(scripting);
    browser.goto(&format!("{}/login", desk.address()));
    sign_in(&browser, OWNER, PASSWORD);
    browser
}

fn rows(browser: &Browser) -> usize {
    browser.all("#orders tbody tr").len()
}

/// Waits until the list has so many rows.
fn has_rows(browser: &Browser, count: usize) {
    browser.wait(&format!("{count} rows"), |browser| (rows(browser) == count).then_some(()));
}

#[test]
fn a_morning_with_scripting() {
    morning(Scripting::On);
}

#[test]
fn a_morning_without_scripting() {
    morning(Scripting::Off);
}

fn morning(scripting: Scripting) {
    let desk = a_busy_shop();
    let eszter = desk.order().at("confirmed").place();
    let zoe = desk
        .order()
        .customer("Zoë Ångström", "zoe@example.se")
        .line("VASE-T", "Vase, tall", 1, 12_000)
        .at("confirmed")
        .place();
    let late = desk.order().customer("Ruben Vos", "ruben@example.nl").place();
    let browser = at_the_desk(&desk, scripting);
    find(&browser, &desk, eszter);
    browser.goto(&format!("{}/orders/{zoe}", desk.address()));
    walk(&browser, zoe);
    hold_and_release(&browser, &desk, eszter);
    pay_and_reject(&browser, &desk, late);
    notes(&browser, &desk, eszter);
    told_of_others(&browser, &desk, eszter);
}

fn find(browser: &Browser, desk: &TestDesk, eszter: i64) {
    browser.goto(&format!("{}/orders", desk.address()));
    has_rows(browser, 50);
    assert_sound(browser, "the list");
    browser.find("a[rel=next]").click();
    has_rows(browser, 5);
    browser.find("a[rel=prev]").click();
    has_rows(browser, 50);

    browser.find_text(".rail a", "Confirmed").click();
    has_rows(browser, 2);
    assert!(browser.place().contains("stage=confirmed"), "{}", browser.place());

    browser.goto(&format!("{}/orders", desk.address()));
    browser.find("#q").fill("kovacs esz");
    browser.find("#q").type_in(keys::ENTER);
    has_rows(browser, 1);
    assert!(browser.place().contains("q="), "what is looked for is in the address: {}", browser.place());
    browser.reload();
    has_rows(browser, 1);
    browser.find("#orders a.o").click();
    browser.arrives(&format!("/orders/{eszter}"));
    browser.sees("Eszter Kovács");

    browser.goto(&format!("{}/orders?q=nobody+at+all", desk.address()));
    browser.sees("Nothing matches");
    browser.goto(&format!("{}/orders?sort=total&dir=desc", desk.address()));
    let first = browser.find("#orders tbody tr").text();
    assert!(first.contains("Zoë Ångström"), "the dearest first: {first}");
}

/// From Confirmed to Delivered by the big button, once taken back on the way.
fn walk(browser: &Browser, number: i64) {
    let stage = |wanted: &str| {
        browser.wait(wanted, |b| b.maybe(".ohead .stage").filter(|s| s.text_or_gone().contains(wanted)).map(|_| ()));
    };
    let press = |label: &str| browser.find_text(".ohead .btn.primary", label).click();
    stage("Confirmed");
    press("Approve");
    stage("Approved");
    browser.find_text(".toast button", "Undo").click();
    stage("Confirmed");
    press("Approve");
    stage("Approved");
    press("Mark as processed");
    stage("Processed");
    press("Mark as shipped");
    browser.find("#f-carrier").fill("DHL");
    browser.find("#f-tracking").fill("JVGL061234567890");
    browser.find("#ask button.primary").click();
    stage("Shipped");
    browser.sees("JVGL061234567890");
    press("Mark as delivered");
    stage("Delivered");
    assert_sound(browser, "a delivered order");
    browser.goto(&format!("{}/history", browser.address().split('?').next().unwrap().trim_end_matches('/')));
    for told in ["from Approved to Processed", "from Shipped to Delivered", "Marta Kuipers"] {
        browser.sees(told);
    }
    assert!(browser.place().starts_with(&format!("/orders/{number}/history")));
}

fn hold_and_release(browser: &Browser, desk: &TestDesk, number: i64) {
    browser.goto(&format!("{}/orders/{number}", desk.address()));
    browser.find_text(".ohead a", "Put on hold").click();
    choose(browser, "#f-reason", "address_check");
    browser.find("#f-note").fill("House number is missing <b>?");
    browser.find("#ask button.primary").click();
    browser.sees("On hold: Address to be checked");
    browser.sees("House number is missing <b>?");
    assert_eq!(desk.look(number).stage, "on_hold");
    browser.find_text("button", "Release").click();
    browser.wait("to be released", |_| (desk.look(number).stage == "confirmed").then_some(()));
}

fn pay_and_reject(browser: &Browser, desk: &TestDesk, number: i64) {
    browser.goto(&format!("{}/orders/{number}", desk.address()));
    browser.find_text("a", "Record payment").click();
    browser.find("#pay input[value=capture]").click();
    browser.find("#f-reference").fill("ch_3PqLunch");
    browser.find("#pay button.primary").click();
    browser.wait("to be paid", |_| (desk.look(number).amount_due() == 0).then_some(()));
    browser.sees("ch_3PqLunch");

    browser.find("button[popovertarget=moves]").click();
    browser.find_text("#moves a", "Reject order").click();
    choose(browser, "#f-reason", "out_of_stock");
    browser.find("#f-refund input[value=all]").click();
    browser.find("#ask button.danger").click();
    browser.wait("to be rejected", |_| (desk.look(number).stage == "rejected").then_some(()));
    browser.sees("Refunded");
}

fn notes(browser: &Browser, desk: &TestDesk, number: i64) {
    browser.goto(&format!("{}/orders/{number}/notes", desk.address()));
    browser.find("#note").fill("Rings twice <script>alert(1)</script>");
    browser.find_text(".composer button", "Add note").click();
    browser.sees("Rings twice <script>alert(1)</script>");
    browser.find("#note").fill("Thank you for waiting");
    browser.find(".composer input[value=customer]").click();
    browser.find_text(".composer button", "Add note").click();
    browser.sees("Thank you for waiting");
    let notes: Vec<String> = browser.all(".note .aud").iter().map(|note| note.text()).collect();
    assert!(notes.iter().any(|told| told.contains("Internal")), "{notes:?}");
    assert!(notes.iter().any(|told| told.contains("For the customer")), "{notes:?}");
    assert_sound(browser, "notes");
}

/// Somebody else moves the order that is being looked at.
fn told_of_others(browser: &Browser, desk: &TestDesk, number: i64) {
    browser.goto(&format!("{}/orders/{number}", desk.address()));
    browser.find(".ohead .stage");
    let version = desk.look(number).version.to_string();
    let ana = desk.manager();
    let moved = ana.post(
        &format!("/orders/{number}/moves"),
        &[("to", "on_hold"), ("reason", "stock"), ("version", &version), ("form_token", "ana-1")],
    );
    assert_eq!(moved.status, 303, "{}", moved.words());
    browser.find_text(".ohead .btn.primary", "Approve").click();
    browser.sees("Ana Pires");
    assert_eq!(desk.look(number).stage, "on_hold", "nothing was overwritten");
    browser.complaints();
}

fn choose(browser: &Browser, select: &str, value: &str) {
    browser.find(select).find(&format!("option[value={value}]")).click();
}

#[test]
fn the_desk_is_run_from_the_keyboard() {
    let desk = a_busy_shop();
    let number = desk.order().at("confirmed").place();
    let browser = at_the_desk(&desk, Scripting::On);
    browser.goto(&format!("{}/orders", desk.address()));
    has_rows(&browser, 50);
    let focused = || browser.run("return document.activeElement.textContent.trim()", json!([])).to_string();
    browser.press(&["j"]);
    let first = focused();
    browser.press(&["j"]);
    assert_ne!(focused(), first, "J goes down");
    browser.press(&["k"]);
    assert_eq!(focused(), first, "K goes up");
    browser.press(&["x"]);
    assert_eq!(browser.all("#orders tbody .ck:checked").len(), 1, "X selects");
    browser.press(&[keys::ESCAPE]);
    assert_eq!(browser.all("#orders tbody .ck:checked").len(), 0, "Esc clears the selection");
    browser.press(&["?"]);
    assert!(browser.find("#keys").is_shown(), "? lists the keys");
    assert_sound(&browser, "the list of keys");
    browser.press(&[keys::ESCAPE]);
    browser.press(&["/"]);
    assert_eq!(browser.run("return document.activeElement.id", json!([])), "q", "/ searches");
    browser.press(&["k", "o", "v", "a", "c", "s"]);
    has_rows(&browser, 1);
    browser.find("#q").type_in(keys::TAB);
    browser.press(&["j", keys::ENTER]);
    browser.arrives(&format!("/orders/{number}"));
    browser.press(&["e"]);
    browser.wait("E to approve", |_| (desk.look(number).stage == "approved").then_some(()));
    browser.find_text(".toast button", "Undo");
    browser.press(&["z"]);
    browser.wait("Z to undo", |_| (desk.look(number).stage == "confirmed").then_some(()));
    browser.press_with(keys::CONTROL, "k");
    assert!(browser.find("#pal").is_shown(), "Ctrl K finds");
    assert_sound(&browser, "the palette");
    browser.press(&[keys::ESCAPE]);
    browser.press(&["g", "o"]);
    browser.arrives("/orders");
}
