//! The first thing anybody sees.

use crate::checks::{assert_sound, assert_sound_everywhere};
use crate::driver::{Browser, Scripting};
use crate::support::app::{OWNER, PASSWORD, TestDesk};

#[test]
fn a_wrong_password_is_told_and_the_right_one_lets_in() {
    let desk = TestDesk::open();
    for scripting in [Scripting::On, Scripting::Off] {
        let browser = Browser::open(scripting);
        browser.goto(&format!("{}/login?next=/orders", desk.address()));
        browser.arrives("/login");
        assert_eq!(browser.title(), "Sign in · Fern & Kiln");
        if scripting == Scripting::On {
            assert_sound_everywhere(&browser, "login");
        }
        browser.find("[name=email]").fill(OWNER);
        browser.find("[name=password]").fill("not the password");
        browser.find("button.primary").click();
        browser.sees("do not match");
        assert_eq!(browser.find("[name=email]").property("value"), OWNER, "what was typed is kept");
        if scripting == Scripting::On {
            // Chromium itself reports the 401 that the sign-in is answered with.
            browser.complaints();
            assert_sound(&browser, "a wrong password");
        }
        browser.find("[name=password]").fill(PASSWORD);
        browser.find("button.primary").click();
        browser.arrives("/orders");
    }
}
