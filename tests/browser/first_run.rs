//! An empty folder becomes a shop with staff.

use crate::checks::{assert_sound, assert_sound_everywhere};
use crate::driver::{Browser, Scripting};
use crate::support::app::{OWNER, PASSWORD};
use crate::support::database::Database;
use crate::support::process::Process;

#[test]
fn an_empty_folder_becomes_a_shop_with_staff() {
    walk(Scripting::On);
}

#[test]
fn an_empty_folder_becomes_a_shop_with_staff_without_scripting() {
    walk(Scripting::Off);
}

fn walk(scripting: Scripting) {
    let database = Database::unmigrated();
    let desk = Process::serve(&database);
    let home = format!("http://{}", desk.address);
    // Of the lines on the console the code stands alone, in a line of its own.
    let code = desk.said.iter().find(|line| line.starts_with("    ")).expect("a code on the console").trim().to_owned();

    let marta = Browser::open(scripting);
    marta.goto(&home);
    marta.arrives("/setup");
    if scripting == Scripting::On {
        assert_sound_everywhere(&marta, "setup");
    }
    set_up(&marta, "not-the-code");
    marta.find("[role=alert]");
    assert_eq!(marta.find("[name=shop]").property("value"), "Fern & Kiln", "what was typed is kept");
    marta.complaints();
    assert_sound(&marta, "set-up refused");
    set_up(&marta, &code);
    marta.arrives("/login");
    sign_in(&marta, OWNER, PASSWORD);
    marta.complaints();

    marta.goto(&format!("{home}/settings/staff"));
    if scripting == Scripting::On {
        for place in ["/settings/shop", "/settings/staff", "/account"] {
            marta.goto(&format!("{home}{place}"));
            assert_sound_everywhere(&marta, &place[1..].replace('/', "-"));
        }
        marta.goto(&format!("{home}/settings/staff"));
    }
    marta.find("#f-name").fill("Jon Bakker");
    marta.find("#f-email").fill("jon@fernandkiln.example");
    marta.find("input[value=packer]").click();
    marta.find_text("button", "Make invite link").click();
    let link = marta.find("#linkv").property("value").as_str().unwrap().to_owned();
    assert_sound(&marta, "an invitation");

    let jon = Browser::open(scripting);
    jon.goto(&link);
    jon.sees("Welcome to Fern & Kiln");
    if scripting == Scripting::On {
        assert_sound_everywhere(&jon, "join");
    }
    jon.find("#f-password").fill("twelve mugs, oat");
    jon.find("button.primary").click();
    jon.wait("to be signed in", |browser| (!browser.place().starts_with("/join")).then_some(()));
    jon.goto(&format!("{home}/account"));
    jon.sees("jon@fernandkiln.example");
    jon.goto(&format!("{home}/settings/staff"));
    jon.sees("Your role, packer, may not");

    marta.goto(&format!("{home}/settings/staff"));
    marta.find_text("button.danger", "Disable").click();
    marta.sees("Disabled");
    jon.goto(&format!("{home}/account"));
    jon.arrives("/login");
}

fn set_up(browser: &Browser, code: &str) {
    for (field, value) in [
        ("code", code),
        ("shop", "Fern & Kiln"),
        ("prefix", "ORD"),
        ("name", "Marta Kuipers"),
        ("email", OWNER),
        ("password", PASSWORD),
    ] {
        browser.find(&format!("#f-{field}")).fill(value);
    }
    browser.find("button.primary").click();
}

/// Fills in the sign-in form that is open.
pub fn sign_in(browser: &Browser, email: &str, password: &str) {
    browser.find("[name=email]").fill(email);
    browser.find("[name=password]").fill(password);
    browser.find("button.primary").click();
    browser.wait("to be signed in", |browser| (!browser.place().starts_with("/login")).then_some(()));
}
