//! Whatever is sent, the answer is clear, in the desk's own page, and the data stays whole.

use crate::support::app::{OWNER, PASSWORD, TestDesk};
use crate::support::person::{Person, Reply};

/// An error in the desk's own page, under its policy, with nothing of ours showing through.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, says: &str) {
    assert_eq!(reply.status, status, "{}", reply.words());
    assert!(reply.header("content-type").starts_with("text/html"), "{}", reply.header("content-type"));
    assert!(reply.header("content-security-policy").starts_with("default-src 'none'"));
    assert!(!reply.header("x-request-id").is_empty());
    assert!(reply.text().contains("<h1"), "{}", reply.text());
    reply.must_say(says);
    for ours in ["diesel", "panicked", "serde", "SELECT ", "src/"] {
        assert!(!reply.text().contains(ours), "{ours} shows through: {}", reply.words());
    }
}

/// Prints a slip: the smallest change that every role but a viewer may make.
fn print(person: &Person, number: i64, token: &str) -> Reply {
    let number = number.to_string();
    let fields = [("o", number.as_str()), ("template", "slip"), ("paper", "a4"), ("form_token", token)];
    person.post("/print/records", &fields)
}

#[test]
fn an_address_that_is_none_is_not_found() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    assert_refused(&owner.get("/nothing/here"), 404, "There is no page at this address.");
    assert_refused(&owner.get("/orders/99999/slip"), 404, "There is no order 99999");
    assert_refused(&owner.get("/orders/%F0%9F%8F%BA/slip"), 404, "There is no");
    assert_refused(&owner.get("/orders/-1/slip"), 404, "There is no");
    assert_refused(&owner.get("/orders/99999999999999999999999/slip"), 404, "There is no");
    assert_refused(&owner.get("/assets/../Cargo.toml"), 404, "There is no page");
}

#[test]
fn an_unknown_parameter_is_named() {
    let desk = TestDesk::open();
    assert_refused(&desk.visitor().get("/login?colour=red"), 400, "knows nothing called colour");
    assert_refused(&desk.owner().get("/print/slips?colour=red"), 400, "knows nothing called colour");
    assert_refused(&desk.owner().get("/print/slips?o=%3Cscript%3E"), 404, "There is no order <script>.");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let desk = TestDesk::open();
    assert_refused(&desk.visitor().get("/login?next=%ff%fe"), 400, "no text");
    assert_refused(&desk.visitor().get("/login?next=a%00b"), 400, "null character");
    let reply = desk.visitor().post("/login", &[("email", "a\0b@c.example"), ("password", PASSWORD)]);
    assert_refused(&reply, 400, "null character");
}

#[test]
fn a_form_from_another_site_changes_nothing() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    let text = number.to_string();
    let fields = [("o", text.as_str()), ("template", "slip"), ("paper", "a4"), ("form_token", "t")];
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        assert_refused(&owner.post_from(origin, "/print/records", &fields), 403, "This came from another site");
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = Some(b"o=10001&template=slip&paper=a4&form_token=t".to_vec());
    assert_refused(&owner.send("POST", "/print/records", &form, body.clone()), 403, "another site");
    let cross = [form[0], ("Sec-Fetch-Site", "cross-site")];
    assert_refused(&owner.send("POST", "/print/records", &cross, body), 403, "another site");
    assert_eq!(desk.look(number).print_count, 0);
}

#[test]
fn a_double_click_does_it_once() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    let replies: Vec<Reply> = std::thread::scope(|scope| {
        let clicks: Vec<_> = (0..4).map(|_| scope.spawn(|| print(&desk.owner(), number, "one-click"))).collect();
        clicks.into_iter().map(|click| click.join().unwrap()).collect()
    });
    assert!(
        replies.iter().all(|reply| reply.status == 303),
        "{:?}",
        replies.iter().map(Reply::words).collect::<Vec<_>>()
    );
    assert_eq!(desk.look(number).print_count, 1);
    print(&owner, number, "another-click");
    assert_eq!(desk.look(number).print_count, 2);
}

#[test]
fn too_much_is_refused_with_its_limit() {
    let desk = TestDesk::open();
    let ten_megabytes = "mug ".repeat(2_600_000);
    let reply = desk.visitor().post("/login", &[("email", OWNER), ("password", &ten_megabytes)]);
    assert_refused(&reply, 413, "1 MB");
}

#[test]
fn a_form_in_another_shape_is_refused() {
    let desk = TestDesk::open();
    let reply = desk.visitor().send(
        "POST",
        "/login",
        &[("Content-Type", "application/json"), ("Sec-Fetch-Site", "same-origin")],
        Some(br#"{"email":"a@b.example"}"#.to_vec()),
    );
    assert_refused(&reply, 415, "takes a form");
    let reply = desk.visitor().upload("/login", &[("email", "", b"a@b.example")]);
    assert_refused(&reply, 415, "takes a form");
    let reply = desk.owner().send("PUT", "/login", &[("Sec-Fetch-Site", "same-origin")], Some(Vec::new()));
    assert!([404, 405].contains(&reply.status), "{}", reply.status);
}

#[test]
fn an_error_comes_as_a_banner_to_htmx_and_as_a_problem_to_a_program() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let banner = owner.fragment("/orders/99999/slip");
    assert_eq!((banner.status, banner.header("hx-retarget")), (404, "#notice"));
    assert!(!banner.text().contains("<html"), "{}", banner.text());
    let problem = owner.send("GET", "/orders/99999/slip", &[("Accept", "application/json")], None);
    assert_eq!((problem.status, problem.header("content-type")), (404, "application/problem+json"));
    let body: serde_json::Value = serde_json::from_slice(&problem.body).unwrap();
    assert_eq!(body["status"], 404);
}

#[test]
fn guessing_a_password_is_slowed_down_and_an_unknown_account_sounds_the_same() {
    let desk = TestDesk::open();
    let try_once = |email: &str| desk.visitor().post("/login", &[("email", email), ("password", "wrong wrong wrong")]);
    let (known, unknown) = (try_once(OWNER), try_once("nobody@fernandkiln.example"));
    assert_eq!((known.status, unknown.status), (401, 401));
    let told = |reply: &Reply, email: &str| reply.text().replace(email, "");
    assert_eq!(told(&known, OWNER), told(&unknown, "nobody@fernandkiln.example"));
    let slowed = (0..30).map(|_| try_once(OWNER)).find(|reply| reply.status == 429).expect("slowed down");
    assert!(slowed.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
}

#[test]
fn a_session_that_is_made_up_or_ended_is_none() {
    let desk = TestDesk::open();
    let stranger = desk.visitor();
    stranger.set_cookie("slipway", "made-up");
    assert!(stranger.get("/print/slips?o=10001").location().starts_with("/login"));
    let owner = desk.owner();
    let cookie = owner.cookie("slipway").unwrap();
    assert_eq!(owner.post("/logout", &[]).status, 303);
    let thief = desk.visitor();
    thief.set_cookie("slipway", &cookie);
    assert!(thief.get("/print/slips?o=10001").location().starts_with("/login"), "an ended session lets nobody in");
}

#[test]
fn signing_in_leads_nowhere_else() {
    let desk = TestDesk::open();
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]
    {
        let reply = desk.visitor().post("/login", &[("email", OWNER), ("password", PASSWORD), ("next", next)]);
        assert_eq!((reply.status, reply.location()), (303, "/orders"), "{next}");
    }
}

#[test]
fn what_people_type_is_shown_as_they_typed_it() {
    let desk = TestDesk::open();
    let names = [
        "<script>alert(1)</script>",
        "\" onmouseover=\"alert(1)",
        "{{ 7 * 7 }}",
        "שלום עולם",
        "Zoë 🏺 Ångström",
        "Robert'); DROP TABLE orders;--",
        "أحمد",
        "a\u{202e}b",
    ];
    for name in names {
        let number = desk
            .order()
            .customer(name, "x@example.com")
            .with(|draft| draft.customer_note = name.into())
            .line("<b>SKU</b>", name, 1, 100)
            .at("approved")
            .place();
        let slip = desk.owner().see(&format!("/orders/{number}/sheet"));
        assert!(slip.says(name), "{name} in {}", slip.words());
        assert!(!slip.text().contains("<script>alert") && !slip.text().contains("<b>SKU"), "{}", slip.text());
    }
}
