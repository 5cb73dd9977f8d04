//! Codes of problems: each has a page, and each that the source can tell is in the table.

use std::path::Path;

use slipway::openapi::problems;

use crate::support::app::TestDesk;

/// Rooms and files that only people enter: their refusals are read as pages.
const PEOPLE: &[&str] = &[
    "/pages",
    "/settings/",
    "/setup/",
    "/intake/",
    "/print/",
    "/demo/",
    "/account/",
    "/privacy/",
    "/report/",
    "/transfer/",
    "/whatsapp/",
    "/notify/",
    "/customer_page/",
    "/mail/",
    "/announce/",
    "/invoice/",
    "/order/views/",
    "/order/customers.rs",
    "/moves/timers.rs",
    "/moves/undo.rs",
    "/customer/list.rs",
    "/cli.rs",
    "/db/migrate.rs",
];
/// Codes of verbs that only people use, though programs share their files.
const NOT_FOR_PROGRAMS: &[&str] = &[
    "outside.",
    "staff.",
    "sign_in.",
    "password.",
    "market.",
    "channel.",
    "stage.",
    "database.",
    "form.",
    "key.",
    "preferences.",
    "listen.",
    "payment.method_",
    "parcel.none_waits",
    "parcel.several_wait",
    "pack.",
    "stock.quantity",
    "note.closed",
    "request.other_site",
    "client.",
    "talk.",
];

/// Every code that the source refuses with.
fn codes_of_the_source() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![root], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_str().unwrap().replace('\\', "/");
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !PEOPLE.iter().any(|room| name.contains(room)) {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod ").next().unwrap().to_owned();
                found.extend(codes_of(&text).into_iter().map(|code| (code, name.clone())));
            }
        }
    }
    assert!(found.len() > 80);
    found.retain(|(code, _)| !NOT_FOR_PROGRAMS.iter().any(|begin| code.starts_with(begin)));
    found
}

/// The first text after each making of a refusal.
fn codes_of(text: &str) -> Vec<String> {
    let makers = [
        "Refusal::new(",
        "Refusal::field(",
        "Refusal::taken(",
        "Refusal::fields(",
        "Refusal::invalid(",
        "Refusal::state(",
        "unauthenticated(",
    ];
    let mut found = Vec::new();
    for maker in makers {
        for (at, _) in text.match_indices(maker) {
            let after = text[at + maker.len()..].trim_start();
            // The kind comes before the code of a new one.
            let after =
                if maker == "Refusal::new(" { after.split_once(',').map_or("", |(_, rest)| rest) } else { after };
            let Some(code) = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            if code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.') && code.len() > 3 {
                found.push(code.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_code_that_a_program_can_meet_is_explained() {
    for (code, file) in codes_of_the_source() {
        assert!(problems::find(&code).is_some(), "{code} of {file} has no line in src/openapi/problems.txt");
    }
}

#[test]
fn every_code_has_a_page() {
    let desk = TestDesk::open();
    let visitor = desk.visitor();
    let list = visitor.see("/api/problems").text();
    for known in problems::all() {
        assert!(list.contains(&format!("href=\"/api/problems/{}\"", known.code)), "{}", known.code);
        let page = visitor.see(&format!("/api/problems/{}", known.code));
        page.must_say(known.code);
        page.must_say("What to do");
    }
    let told = desk.program().get("/api/orders/ORD99999").json();
    visitor.see(told["type"].as_str().unwrap()).must_say("There is no such thing");
    assert_eq!(visitor.get("/api/problems/of.mine").status, 404);
}

#[test]
fn a_code_that_is_explained_is_told_somewhere() {
    let source: Vec<String> = codes_of_the_source().into_iter().map(|(code, _)| code).collect();
    // Made of a status alone, or passed on by name.
    let elsewhere = ["request.", "page.missing", "missing", "desk."];
    let unused: Vec<&str> = problems::all()
        .map(|known| known.code)
        .filter(|code| {
            !source.iter().any(|told| told == code) && !elsewhere.iter().any(|begin| code.starts_with(begin))
        })
        .collect();
    assert_eq!(unused, [""; 0]);
}

#[test]
fn every_code_that_is_explained_is_brought_about_by_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/desk");
    let mut tests = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let here = path.ends_with("api_problems.rs");
        if !here && path.extension().is_some_and(|kind| kind == "rs") {
            tests.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    let is_named = |code: &str| tests.contains(&format!("\"{code}\""));
    let missing: Vec<&str> = problems::all().map(|known| known.code).filter(|code| !is_named(code)).collect();
    assert_eq!(missing, [""; 0], "write a test that brings these about");
}
