//! The people of the shop: signing in, what their role opens, invitations, sessions.

use diesel::RunQueryDsl;
use slipway::staff::{self, Permission, Role};

use crate::support::app::{OWNER, PASSWORD, TestDesk};
use crate::support::person::{Person, Reply};

const NEW_PASSWORD: &str = "a fresh coat of celadon";

fn sign_in(person: &Person, email: &str, password: &str) -> Reply {
    person.post("/login", &[("email", email), ("password", password)])
}

/// The token of the link that the page shows.
fn link_on(reply: &Reply) -> String {
    let html = reply.text();
    let (_, rest) = html.split_once("/join/").unwrap_or_else(|| panic!("no link: {html}"));
    let token = rest.split('"').next().unwrap();
    format!("/join/{token}")
}

fn invite(by: &Person, name: &str, email: &str, role: &str) -> Reply {
    let token = by.see("/settings/staff").field("form_token");
    by.post("/settings/staff", &[("form_token", &token), ("name", name), ("email", email), ("role", role)])
}

fn uid(desk: &TestDesk, email: &str) -> String {
    desk.read(|conn| staff::member_by_email(conn, email)).uid
}

fn is_signed_in(person: &Person) -> bool {
    person.get("/account").status == 200
}

#[test]
fn a_stranger_is_asked_to_sign_in_and_comes_back_to_the_page() {
    let desk = TestDesk::open();
    let marta = desk.visitor();
    let reply = marta.get("/settings/staff?x=1");
    assert_eq!((reply.status, reply.location()), (303, "/login?next=%2Fsettings%2Fstaff%3Fx%3D1"));
    let page = marta.see(reply.location());
    let fields = [("email", OWNER), ("password", PASSWORD), ("next", &page.field("next"))];
    assert_eq!(marta.post("/login", &fields).location(), "/settings/staff?x=1");
}

#[test]
fn signing_in_changes_the_session_and_hides_it_from_scripts() {
    let desk = TestDesk::open();
    let marta = desk.visitor();
    let reply = sign_in(&marta, OWNER, PASSWORD);
    let cookie = reply.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let first = marta.cookie("slipway").unwrap();
    sign_in(&marta, OWNER, PASSWORD);
    assert_ne!(marta.cookie("slipway").unwrap(), first);
    let thief = desk.visitor();
    thief.set_cookie("slipway", &first);
    assert!(!is_signed_in(&thief));
}

#[test]
fn an_invitation_makes_a_person_who_may_what_their_role_may() {
    let desk = TestDesk::open();
    let reply = invite(&desk.owner(), "Jon Okafor", "Jon@FernAndKiln.example", "packer");
    assert_eq!(reply.status, 201);
    let link = link_on(&reply);

    let jon = desk.visitor();
    jon.see(&link).must_say("Jon Okafor, choose a password for jon@fernandkiln.example.");
    assert_eq!(jon.post(&link, &[("password", "short")]).status, 400);
    assert_eq!(jon.post(&link, &[("password", NEW_PASSWORD)]).location(), "/orders");
    jon.see("/account").must_say("Packer");
    for closed in ["/settings/staff", "/settings/shop"] {
        let reply = jon.get(closed);
        assert_eq!(reply.status, 403, "{closed}");
        reply.must_say("Your role, packer, may not");
    }
    let again = desk.visitor().get(&link);
    assert_eq!(again.status, 403);
    again.must_say("This link was used, has expired or was replaced");
}

#[test]
fn a_double_click_invites_one_person() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    let token = marta.see("/settings/staff").field("form_token");
    let fields = [("form_token", token.as_str()), ("name", "Jon"), ("email", "jon@x.example"), ("role", "viewer")];
    assert_eq!(marta.post("/settings/staff", &fields).status, 201);
    let second = marta.post("/settings/staff", &fields);
    assert_eq!((second.status, second.location()), (303, "/settings/staff"));
    assert_eq!(desk.read(staff::members).len(), 2);
    let taken = invite(&marta, "Jon again", "JON@x.example", "viewer");
    assert_eq!(taken.status, 400);
    taken.must_say("Somebody with this e-mail address is on the staff already.");
    assert_eq!(taken.field("name"), "Jon again");
}

#[test]
fn a_link_expires_and_a_newer_one_replaces_it() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    desk.packer();
    let path = format!("/settings/staff/{}/link", uid(&desk, "jon@fernandkiln.example"));
    let first = link_on(&marta.post(&path, &[]));
    let second = link_on(&marta.post(&path, &[]));
    assert_eq!(desk.visitor().get(&first).status, 403);
    desk.visitor().see(&second).must_say("Set a new password");
    diesel::sql_query("UPDATE staff_links SET expires_at = 1").execute(&mut desk.look_behind()).unwrap();
    assert_eq!(desk.visitor().get(&second).status, 403);
    assert_eq!(desk.visitor().post(&second, &[("password", NEW_PASSWORD)]).status, 403);
}

#[test]
fn a_new_password_signs_other_devices_out() {
    let desk = TestDesk::open();
    let (laptop, phone) = (desk.owner(), desk.owner());
    let wrong = laptop.post("/account/password", &[("current", "not it"), ("password", NEW_PASSWORD)]);
    assert_eq!(wrong.status, 400);
    wrong.must_say("This is not your present password.");
    laptop
        .submit("/account/password", &[("current", PASSWORD), ("password", NEW_PASSWORD)])
        .must_say("Password changed.");
    assert!(is_signed_in(&laptop) && !is_signed_in(&phone));
    assert_eq!(sign_in(&phone, OWNER, PASSWORD).status, 401);
    assert_eq!(sign_in(&phone, OWNER, NEW_PASSWORD).status, 303);
}

#[test]
fn sessions_are_ended_one_by_one_and_all_at_once() {
    let desk = TestDesk::open();
    let (laptop, phone, till) = (desk.owner(), desk.owner(), desk.owner());
    let html = laptop.see("/account").text();
    let ends: Vec<&str> = html.split("action=\"").filter_map(|rest| rest.split('"').next()).collect();
    let ends: Vec<&str> = ends.into_iter().filter(|action| action.ends_with("/end")).collect();
    assert_eq!(ends.len(), 2);
    laptop.submit(ends[0], &[]).must_say("That device is signed out.");
    let left = [&phone, &till].into_iter().filter(|person| is_signed_in(person)).count();
    assert_eq!(left, 1);
    assert_eq!(laptop.post("/account/sessions/all", &[]).location(), "/login?notice=out");
    assert!([&laptop, &phone, &till].into_iter().all(|person| !is_signed_in(person)));
}

#[test]
fn nobody_ends_the_session_of_another() {
    let desk = TestDesk::open();
    let (marta, jon) = (desk.owner(), desk.packer());
    let html = marta.see("/account").text();
    assert!(!html.contains("/end\""), "only one session");
    let session = desk.read(|conn| {
        let id = staff::member_by_email(conn, OWNER)?.id;
        staff::devices(conn, id, slipway::time::UtcTime::now())
    });
    jon.post(&format!("/account/sessions/{}/end", session[0].uid), &[]);
    assert!(is_signed_in(&marta));
}

#[test]
fn a_disabled_account_is_out_at_once_and_comes_back_when_enabled() {
    let desk = TestDesk::open();
    let (marta, jon) = (desk.owner(), desk.packer());
    let path = format!("/settings/staff/{}", uid(&desk, "jon@fernandkiln.example"));
    marta.submit(&format!("{path}/disable"), &[]).must_say("The account is disabled and signed out everywhere.");
    assert!(!is_signed_in(&jon));
    assert_eq!(sign_in(&jon, "jon@fernandkiln.example", PASSWORD).status, 401);
    marta.submit(&format!("{path}/enable"), &[]);
    assert_eq!(sign_in(&jon, "jon@fernandkiln.example", PASSWORD).status, 303);
}

#[test]
fn a_shop_keeps_an_owner_and_only_owners_make_owners() {
    let desk = TestDesk::open();
    let (marta, ana) = (desk.owner(), desk.manager());
    let owner = uid(&desk, OWNER);
    let manager = uid(&desk, "ana@fernandkiln.example");
    let demoted = marta.post(&format!("/settings/staff/{owner}/role"), &[("role", "viewer")]);
    assert_eq!(demoted.status, 409);
    demoted.must_say("This is the last owner.");
    assert_eq!(marta.post(&format!("/settings/staff/{owner}/disable"), &[]).status, 409);
    for (path, fields) in [
        (format!("/settings/staff/{owner}/disable"), vec![]),
        (format!("/settings/staff/{owner}/link"), vec![]),
        (format!("/settings/staff/{owner}/role"), vec![("role", "viewer")]),
        (format!("/settings/staff/{manager}/role"), vec![("role", "owner")]),
    ] {
        assert_eq!(ana.post(&path, &fields).status, 403, "{path}");
    }
    assert_eq!(invite(&ana, "Eve", "eve@x.example", "owner").status, 400);
    marta.submit(&format!("/settings/staff/{manager}/role"), &[("role", "owner")]).must_say("Role changed.");
    assert_eq!(marta.post(&format!("/settings/staff/{owner}/role"), &[("role", "viewer")]).status, 303);
    assert_eq!(marta.get("/settings/staff").status, 403);
}

#[test]
fn the_table_of_permissions_is_shown_as_it_is_enforced() {
    let desk = TestDesk::open();
    let page = desk.owner().see("/settings/staff");
    for permission in Permission::ALL {
        let html = page.text();
        let row = html.split("<tr>").find(|row| row.contains(permission.label())).unwrap();
        let shown: Vec<bool> = row.split("<td").skip(1).map(|cell| cell.contains("Yes")).collect();
        let held: Vec<bool> = Role::ALL.iter().map(|role| role.may(*permission)).collect();
        assert_eq!(shown, held, "{}", permission.label());
    }
}

#[test]
fn the_desk_looks_as_its_person_likes_it() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    let liked = [("theme", "dark"), ("density", "compact"), ("keys", "off")];
    assert_eq!(marta.post("/account/preferences", &liked).status, 303);
    let html = desk.owner().see("/account").text();
    assert!(html.contains("data-theme=\"dark\" data-density=\"compact\" data-keys=\"off\""), "{html}");
    assert_eq!(marta.post("/account/preferences", &[("theme", "pink")]).status, 400);
}

#[test]
fn looking_at_pages_writes_nothing() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let owner = desk.owner();
    let order = format!("/orders/{number}");
    let pages =
        ["/", "/orders", "/orders?q=mug", &order, "/board", "/customers", "/products", "/inbox", "/settings/staff"];
    // What is said once is gone with the page that says it, which is a write.
    pages.iter().for_each(|page| drop(owner.see(page)));
    for page in pages {
        let before = *desk.db.writes().borrow();
        owner.see(page);
        assert_eq!(*desk.db.writes().borrow(), before, "{page}");
    }
}

#[test]
fn changed_settings_are_written_down_with_before_and_after() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    let fields = [
        ("shop", "Fern & Kiln <b>Ltd</b>"),
        ("address", "Keizersgracht 112"),
        ("country", "NL"),
        ("time_zone", "Europe/Paris"),
        ("currency", "EUR"),
        ("prefix", "ORD"),
        ("public_address", ""),
    ];
    let page = marta.submit("/settings/shop", &fields);
    page.must_say("Settings saved.");
    page.must_say("Europe/Amsterdam");
    page.must_say("Fern & Kiln <b>Ltd</b>");
    assert!(!page.text().contains("<b>Ltd"), "what people type is text");
    let mut wrong = fields;
    wrong[5] = ("prefix", "X1");
    let refused = marta.post("/settings/shop", &wrong);
    assert_eq!(refused.status, 400);
    assert_eq!(refused.field("prefix"), "X1");
}
