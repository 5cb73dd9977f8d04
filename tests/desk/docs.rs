//! The documentation for programs: open to everybody, complete, and its lines work as they stand.

use crate::support::app::TestDesk;
use crate::support::person::resolve;
use crate::support::shell::Shell;
use slipway::openapi::operations::{OPEN, OPERATIONS, TOPICS};
use slipway::openapi::prose::slug;

/// What stands between two marks, each time.
fn between(html: &str, open: &str, close: &str) -> Vec<String> {
    let pieces = html.split(open).skip(1).map(|rest| rest.split(close).next().unwrap());
    pieces.map(resolve).collect()
}

#[test]
fn a_newcomer_finds_every_operation_with_a_line_for_the_shell() {
    let desk = TestDesk::open();
    let visitor = desk.visitor();
    let guide = visitor.see("/api/docs");
    guide.must_say("The API of Fern & Kiln");
    guide.must_say("Idempotency-Key");
    assert_eq!(guide.header("set-cookie"), "");
    let mut pages = String::new();
    for (name, _) in TOPICS {
        let page = visitor.see(&format!("/api/docs/{}", slug(name)));
        page.must_say(name);
        pages.push_str(&page.text());
    }
    for id in OPERATIONS.iter().map(|(id, ..)| *id).chain(OPEN) {
        assert!(guide.text().contains(&format!("#{id}\"")), "{id} is not in the guide");
        assert!(pages.contains(&format!("id=\"{id}\"")), "{id} has no place");
    }
    assert_eq!(between(&pages, "<pre><code>curl", "</code>").len(), OPERATIONS.len() + OPEN.len());
    assert_eq!(visitor.get("/api/docs/nonsense").status, 404);
    assert_eq!(visitor.see("/api/v1/docs").text().len(), guide.text().len());
}

#[test]
fn the_pages_bring_nothing_from_elsewhere_and_no_script_of_their_own() {
    let desk = TestDesk::open();
    let visitor = desk.visitor();
    for path in [
        "/api/docs",
        "/api/docs/orders",
        "/api/docs/objects",
        "/api/docs/objects/Order",
        "/api/docs/recipes",
        "/api/problems/missing",
    ] {
        let page = visitor.see(path);
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = page.text();
        assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick"), "{path}");
        for source in
            between(&html, " src=\"", "\"").into_iter().chain(between(&html, "<link rel=\"stylesheet\" href=\"", "\""))
        {
            assert!(source.starts_with("/assets/"), "{path}: {source}");
            visitor.see(&source);
        }
        assert!(html.matches("<h1>").count() == 1, "{path}");
    }
}

#[test]
fn the_lines_of_each_operation_can_be_pasted() {
    let desk = TestDesk::open();
    let visitor = desk.visitor();
    let token = desk.program().token().to_owned();
    let client = desk.read(slipway::staff::keys::list)[0].uid.clone();
    for (name, _) in TOPICS {
        let page = visitor.see(&format!("/api/docs/{}", slug(name))).text();
        for line in between(&page, "<pre><code>curl", "</code>") {
            let line = format!("curl{line}");
            assert!(line.contains(&format!("\"{}/", desk.address())), "{line}");
            let reply = Shell::new(&visitor, &[("KEY", &token), ("CLIENT", &client)]).run(&line);
            assert!(![401, 403, 405, 413, 415, 500].contains(&reply.status), "{line}\n{}", reply.text());
            let code = if reply.status == 400 { reply.problem().1 } else { String::new() };
            assert!(!code.starts_with("request.") && !code.starts_with("list."), "{line}\n{}", reply.text());
        }
    }
}

#[test]
fn the_recipes_work_as_they_stand() {
    let desk = TestDesk::open();
    for _ in 0..3 {
        desk.order().place();
    }
    let visitor = desk.visitor();
    let program = desk.program();
    let page = visitor.see("/api/docs/recipes").text();
    assert!(resolve(&page).contains(&format!("DESK={}", desk.address())));
    let lines = between(&page, "<pre class=\"sh\"><code>", "</code>");
    assert!(lines.len() >= 10);
    let mut shell = Shell::new(&visitor, &[("DESK", &desk.address()), ("KEY", program.token())]);
    for line in lines {
        let reply = shell.run(&line);
        assert!(reply.status < 300, "{line}\n{}", reply.text());
    }
    let order = program.see("/api/orders?user_id=user789")["orders"][0].clone();
    assert_eq!((&order["status"], &order["payment_status"]), (&"delivered".into(), &"paid".into()));
    assert_eq!(order["shipments"][0]["carrier"], "DHL");
    assert_eq!(order["note_count"], 1);
}
