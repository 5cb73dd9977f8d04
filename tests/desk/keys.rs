//! Keys of programs: made, listed and revoked in the settings, in one's own account and on the command line.

use serde_json::json;
use slipway::actor::Actor;
use slipway::staff::keys::{self, ApiKey, NewKey};
use slipway::staff::{self, Role};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};
use crate::support::process::slipway;

const SETTINGS: &str = "/settings/keys";
const OWN: &str = "/account/keys";

/// Fills the form of a page and sends it.
fn make(person: &Person, page: &str, fields: &[(&str, &str)]) -> Reply {
    let token = person.see(page).field("form_token");
    let mut all = vec![("form_token", token.as_str())];
    all.extend_from_slice(fields);
    person.post(page, &all)
}

/// The key that a page shows once.
fn token_on(reply: &Reply) -> String {
    assert_eq!(reply.status, 201, "{}", reply.words());
    let html = reply.text();
    let from = html.find("value=\"slw_").expect("a key") + "value=\"".len();
    html[from..].split('"').next().unwrap().to_owned()
}

fn key_called(desk: &TestDesk, name: &str) -> ApiKey {
    desk.read(keys::list).into_iter().find(|key| key.name == name && key.revoked_at.is_none()).unwrap()
}

#[test]
fn a_key_is_made_in_the_settings_and_shown_once() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    let fields = [
        ("name", "Web shop"),
        ("whose", "shop"),
        ("scopes", "orders:read"),
        ("scopes", "orders:write"),
        ("markets", "main"),
        ("rate_per_minute", "120"),
        ("requires_match", "1"),
    ];
    let made = make(&marta, SETTINGS, &fields);
    let token = token_on(&made);
    let key = key_called(&desk, "Web shop");
    assert_eq!(made.header("cache-control"), "no-store");
    made.must_say("Copy it now: it is shown once.");
    assert!(made.text().contains(&format!("value=\"{}\"", key.uid)), "the client id");
    made.must_say(&format!("curl -H \"Authorization: Bearer {token}\" \"{}/api/orders?limit=1\"", desk.address()));
    made.must_say(&format!("curl -u \"{}:{token}\" -d grant_type=client_credentials", key.uid));

    let page = marta.see(SETTINGS);
    assert!(!page.text().contains(&token));
    for told in ["See orders", "Make and edit orders", "Fern & Kiln only", "120 requests a minute", "Never"] {
        page.must_say(told);
    }
    page.must_say("says which version it changes");
    let program = desk.program_called(&token);
    assert_eq!(program.get("/api/orders").header("ratelimit-limit"), "120");
    assert_eq!(program.get("/api/customers").problem(), (403, "token.scope".into()));
    let number = desk.order().place();
    let careless = program.send("PATCH", &format!("/api/orders/{number}"), &[], Some(&json!({"gift": true})));
    assert_eq!(careless.problem(), (428, "version.missing".into()));
    assert!(!marta.see(SETTINGS).says("Never"));
}

#[test]
fn a_double_click_makes_one_key() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    let token = marta.see(SETTINGS).field("form_token");
    let fields = [("form_token", token.as_str()), ("name", "Till"), ("scopes", "all")];
    token_on(&marta.post(SETTINGS, &fields));
    let second = marta.post(SETTINGS, &fields);
    assert_eq!((second.status, second.location()), (303, SETTINGS));
    marta.see(SETTINGS).must_say("That key was made already.");
    assert_eq!(desk.read(keys::list).len(), 1);
}

#[test]
fn a_form_that_is_wrong_comes_back_with_what_was_typed() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    token_on(&make(&marta, SETTINGS, &[("name", "Till"), ("scopes", "all")]));
    for (fields, status, told) in [
        (vec![("name", ""), ("scopes", "all")], 400, "Give the key a name of at most 80 characters."),
        (vec![("name", "Shelf")], 400, "Choose what the key may do."),
        (vec![("name", "Shelf"), ("scopes", "moon:land")], 400, "There is no scope called moon:land."),
        (vec![("name", "Shelf"), ("scopes", "all"), ("rate_per_minute", "often")], 400, "Enter a whole number"),
        (vec![("name", "Shelf"), ("scopes", "all"), ("rate_per_minute", "0")], 400, "Allow from 1 to 1,000,000"),
        (vec![("name", "Shelf"), ("scopes", "all"), ("markets", "mars")], 400, "There is no market called mars."),
        (vec![("name", " Till "), ("scopes", "all")], 409, "There is a key called Till already."),
    ] {
        let refused = make(&marta, SETTINGS, &fields);
        assert_eq!(refused.status, status, "{fields:?}");
        refused.must_say(told);
        assert_eq!(refused.field("name"), fields[0].1);
        assert!(refused.text().contains("class=\"err\"") || told.contains("market"), "beside the field: {told}");
    }
    let kept = make(&marta, SETTINGS, &[("name", ""), ("scopes", "orders:move"), ("rate_per_minute", "7")]);
    assert!(kept.text().contains("value=\"orders:move\" checked"));
    assert_eq!(kept.field("rate_per_minute"), "7");
    assert_eq!(desk.read(keys::list).len(), 1);
}

#[test]
fn a_shortcut_holds_what_is_ticked_besides() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    let fields = [("name", "Report"), ("scopes", "read"), ("scopes", "orders:read"), ("scopes", "orders:export")];
    token_on(&make(&marta, SETTINGS, &fields));
    assert_eq!(key_called(&desk, "Report").scopes, "read orders:export");
    marta.see(SETTINGS).must_say("Look at everything, change nothing");
}

#[test]
fn a_key_is_revoked_after_a_question_and_stays_listed() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    let token = token_on(&make(&marta, SETTINGS, &[("name", "Till"), ("scopes", "all")]));
    let path = format!("{SETTINGS}/{}/revoke", key_called(&desk, "Till").uid);
    let asked = marta.see(&path);
    asked.must_say("Programs that use the key Till are refused at once");
    asked.must_say("It was never used.");
    assert_eq!(desk.program_called(&token).get("/api/orders").status, 200);
    let page = marta.submit(&path, &[]);
    page.must_say("The key is revoked.");
    page.must_say("1 revoked");
    assert_eq!(desk.program_called(&token).get("/api/orders").problem(), (401, "token.invalid".into()));
    assert_eq!(marta.get(&path).status, 404);
    assert_eq!(marta.post(&path, &[]).status, 404);
    token_on(&make(&marta, SETTINGS, &[("name", "Till"), ("scopes", "all")]));
    marta.see("/settings/shop").must_say("revoked the API key Till");
}

#[test]
fn the_shops_limit_holds_for_keys_without_one_of_their_own() {
    let desk = TestDesk::open();
    let (marta, program) = (desk.owner(), desk.program());
    assert_eq!(program.get("/api/orders").header("ratelimit-limit"), "600");
    marta.submit("/settings/keys/rate", &[("default_rate", "42")]).must_say("The limit is saved.");
    assert_eq!(program.get("/api/orders").header("ratelimit-limit"), "42");
    marta.see("/settings/shop").must_say("set requests a minute of a key to “42”");
    for (wrong, told) in [("", "Enter a whole number"), ("-3", "Allow from 1"), ("1000001", "Allow from 1")] {
        let refused = marta.post("/settings/keys/rate", &[("default_rate", wrong)]);
        assert_eq!(refused.status, 400);
        refused.must_say(told);
        assert_eq!(refused.field("default_rate"), wrong);
    }
}

#[test]
fn only_who_changes_settings_makes_keys_of_programs() {
    let desk = TestDesk::open();
    let jon = desk.packer();
    let key = "01a2017c-8334-7166-b17f-ac060db4c722";
    assert_eq!(jon.get(SETTINGS).status, 403);
    assert_eq!(jon.post(SETTINGS, &[("name", "x"), ("scopes", "all")]).status, 403);
    assert_eq!(jon.post("/settings/keys/rate", &[("default_rate", "1")]).status, 403);
    assert_eq!(jon.post(&format!("{SETTINGS}/{key}/revoke"), &[]).status, 403);
    assert_eq!(desk.visitor().get(OWN).status, 303);
}

#[test]
fn a_personal_key_does_what_its_person_may_and_no_more() {
    let desk = TestDesk::open();
    let (marta, jon) = (desk.owner(), desk.packer());
    jon.see("/account").must_say("You have none.");
    let beyond = make(&jon, OWN, &[("name", "Scanner"), ("scopes", "money:read")]);
    assert_eq!(beyond.status, 400);
    beyond.must_say("Your role does not have the scope money:read.");
    assert!(!beyond.text().contains("value=\"money:read\""), "it is not offered");
    let token = token_on(&make(&jon, OWN, &[("name", "Scanner"), ("scopes", "all"), ("whose", "shop")]));
    let number = desk.order().paid().at("confirmed").place();
    let scanner = desk.program_called(&token);
    let approve = format!("/api/orders/{number}/approve");
    assert_eq!(scanner.get("/api/customers").problem(), (403, "token.scope".into()));
    assert_eq!(scanner.post(&approve, &json!({})).status, 200);
    jon.see("/account").must_say("You have 1 key with which");
    marta.see(SETTINGS).must_say("Personal key of Jon Bakker");

    let uid = desk.read(|conn| staff::member_by_email(conn, "jon@fernandkiln.example")).uid;
    marta.submit(&format!("/settings/staff/{uid}/role"), &[("role", Role::Viewer.as_str())]);
    assert_eq!(scanner.post(&approve, &json!({})).problem(), (403, "token.scope".into()));
    assert_eq!(scanner.get("/api/customers").status, 200);
    marta.submit(&format!("/settings/staff/{uid}/disable"), &[]);
    assert_eq!(scanner.get("/api/orders").problem(), (401, "token.invalid".into()));
    marta.see(SETTINGS).must_say("who is disabled");
    marta.submit(&format!("/settings/staff/{uid}/enable"), &[]);
    assert_eq!(scanner.get("/api/orders").status, 200);
}

#[test]
fn people_see_and_end_only_keys_of_their_own() {
    let desk = TestDesk::open();
    let (marta, jon) = (desk.owner(), desk.packer());
    desk.program_with(NewKey { name: "Till".into(), scopes: vec!["all".into()], ..NewKey::default() });
    let mine = [("name", "Marta's script"), ("whose", "mine"), ("scopes", "read")];
    token_on(&make(&marta, SETTINGS, &mine));
    token_on(&make(&jon, OWN, &[("name", "Scanner"), ("scopes", "orders:read")]));
    let page = jon.see(OWN);
    assert!(page.says("Scanner") && !page.says("Marta's script") && !page.says("Till"));
    marta.see(OWN).must_say("Marta's script");
    for name in ["Marta's script", "Till"] {
        let path = format!("{OWN}/{}/revoke", key_called(&desk, name).uid);
        assert_eq!((jon.get(&path).status, jon.post(&path, &[]).status), (404, 404), "{name}");
    }
    let path = format!("{OWN}/{}/revoke", key_called(&desk, "Scanner").uid);
    jon.see(&path).must_say("Revoke Scanner");
    jon.submit(&path, &[]).must_say("The key is revoked.");
    marta.submit(&format!("{SETTINGS}/{}/revoke", key_called(&desk, "Marta's script").uid), &[]);
    assert_eq!(desk.read(keys::list).iter().filter(|key| key.revoked_at.is_none()).count(), 1);
}

#[test]
fn keys_are_made_listed_and_ended_on_the_command_line() {
    let desk = TestDesk::open();
    let url = desk.database_url();
    let run = |words: &[&str]| {
        let mut all = vec!["key"];
        all.extend_from_slice(words);
        all.extend_from_slice(&["--database", &url]);
        let output = slipway(&all, "");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, token, _) = run(&[
        "create",
        "ERP",
        "--scopes",
        "orders:read,stock:write",
        "--market",
        "main",
        "--rate",
        "30",
        "--requires-match",
    ]);
    assert_eq!((code, token.lines().count()), (Some(0), 1), "{token}");
    let key = key_called(&desk, "ERP");
    assert_eq!((key.markets.as_str(), key.rate_per_minute, key.requires_match), ("main", Some(30), true));
    let program = desk.program_called(token.trim());
    assert_eq!(program.get("/api/orders").header("ratelimit-limit"), "30");
    let (_, listed, _) = run(&["list"]);
    let columns: Vec<&str> = listed.trim_end().split('\t').collect();
    assert_eq!(columns[..5], ["ERP", key.uid.as_str(), "orders:read stock:write", "main", "30 a minute"]);
    assert!(columns[6].starts_with("used ") && columns[7] == "works", "{listed}");
    let (code, _, told) = run(&["create", "Moon", "--market", "main,moon"]);
    assert_eq!((code, told.trim()), (Some(1), "There is no market called moon. Give some of main."));
    assert_eq!(run(&["create", "Moon", "--rate", "0"]).0, Some(1));
    assert_eq!(run(&["create", "Moon", "--rate", "often"]).0, Some(2));
    assert_eq!(run(&["revoke", &key.uid]).0, Some(0));
    assert_eq!(program.get("/api/orders").status, 401);
    assert!(run(&["list"]).1.contains("\trevoked "));
    let help = run(&["create", "--help"]).1;
    for (scope, _) in keys::scopes() {
        assert!(help.contains(scope), "{scope} in {help}");
    }
    let (code, told, _) = run(&["rotate-signing"]);
    assert_eq!(
        (code, told.trim()),
        (Some(0), "A new key signs tokens. Those that the former signed stay good until they expire.")
    );
    desk.write(|tx| slipway::staff::signing::rotate(tx, &Actor::System { name: "Test" }));
    assert_eq!(desk.visitor().get("/.well-known/jwks.json").json()["keys"].as_array().unwrap().len(), 2);
}
