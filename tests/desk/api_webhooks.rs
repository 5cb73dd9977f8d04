//! Programs set webhooks up themselves: the verbs of the settings, in JSON.

use serde_json::{Value, json};
use slipway::staff::keys::NewKey;
use slipway::time::UtcTime;
use slipway::webhook;

use crate::support::app::TestDesk;
use crate::support::program::Program;
use crate::support::receiver::{Manner, Receiver};

const HOOKS: &str = "/api/webhooks";
const FAR: &str = "https://your.example/hooks";
const FINE: Manner = Manner::Says(200, "");

impl TestDesk {
    /// Sends what is due, to receivers of this test too.
    fn send_out(&self) -> usize {
        let here = slipway::outside::Allowed::parse(&["127.0.0.0/8".to_owned()]).unwrap();
        let outside = slipway::outside::Outside::new(here, std::time::Duration::from_secs(5));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(webhook::round(&self.db, &outside, UtcTime::now())).unwrap()
    }
}

fn with(desk: &TestDesk, scopes: &[&str]) -> Program {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    desk.program_with(NewKey { name: "Accounting".into(), scopes, ..NewKey::default() })
}

fn hook(program: &Program, url: &str) -> Value {
    program.must_post(HOOKS, &json!({"url": url, "events": ["order.created"]}))
}

fn path_of(hook: &Value) -> String {
    format!("{HOOKS}/{}", hook["id"].as_str().unwrap())
}

#[test]
fn a_program_adds_a_webhook_and_sees_its_secret_once() {
    let desk = TestDesk::open();
    let program = with(&desk, &["webhooks:write", "orders:read", "money:read"]);
    let body =
        json!({"url": "https://your.example/hooks?key=s3cret", "description": "Books", "events": ["order.created"]});
    let key = [("Idempotency-Key", "books-1")];
    let made = program.send("POST", HOOKS, &key, Some(&body));
    assert_eq!(made.status, 201, "{}", made.text());
    let hook = made.json();
    let path = path_of(&hook);
    assert_eq!((made.header("location"), made.header("etag")), (path.as_str(), "\"1\""));
    assert!(hook["secret"].as_str().unwrap().starts_with("whsec_"), "{hook}");
    let again = program.send("POST", HOOKS, &key, Some(&body));
    assert_eq!((again.json(), again.header("idempotent-replayed")), (hook.clone(), "true"));
    let seen = program.see(&path);
    assert_eq!(seen["secret"], Value::Null, "told once");
    assert!(hook["secret"].as_str().unwrap().ends_with(&seen["secret_hint"].as_str().unwrap()[9..]), "{seen}");
    assert_eq!((&seen["url"], &seen["state"]), (&body["url"], &"enabled".into()));
    assert_eq!((&seen["events"], &seen["market"]), (&json!(["order.created"]), &Value::Null));
    assert_eq!(program.see(HOOKS)["webhooks"], json!([seen]));
    desk.owner().see(&path.replace("/api/", "/settings/")).must_say("Books");
}

#[test]
fn what_it_is_told_its_key_may_see() {
    let desk = TestDesk::open();
    let body = json!({"url": FAR});
    let whole = json!({"url": FAR, "whole_order": true});
    let lacks = |program: &Program, body: &Value, scope: &str| {
        let refused = program.post(HOOKS, body);
        assert_eq!(refused.problem(), (403, "token.scope".into()));
        assert_eq!(refused.json()["allowed"], json!([scope]));
    };
    let named = |name: &str, scopes: &[&str]| {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        desk.program_with(NewKey { name: name.into(), scopes, ..NewKey::default() })
    };
    lacks(&named("a", &["settings:write", "read"]), &body, "webhooks:write");
    lacks(&named("b", &["webhooks:write", "orders:read"]), &body, "money:read");
    let thin = named("c", &["webhooks:write", "orders:read", "money:read"]);
    lacks(&thin, &whole, "contacts:read");
    let hook = thin.must_post(HOOKS, &body);
    let widened = thin.send("PATCH", &path_of(&hook), &[], Some(&json!({"whole_order": true})));
    assert_eq!(widened.problem(), (403, "token.scope".into()));
    named("d", &["webhooks:write", "read"]).must_post(HOOKS, &whole);
    let kept = NewKey {
        name: "One market".into(),
        scopes: vec!["all".into()],
        markets: vec!["main".into()],
        ..NewKey::default()
    };
    assert_eq!(desk.program_with(kept).get(HOOKS).problem(), (403, "token.market".into()));
}

#[test]
fn what_cannot_be_is_refused_as_the_settings_refuse_it() {
    let desk = TestDesk::open();
    let program = desk.program();
    let refused = |body: Value, code: &str, pointer: &str| {
        let reply = program.post(HOOKS, &body);
        reply.must_refuse(400, code, pointer);
        reply.json()
    };
    for url in
        ["http://10.0.0.16/", "https://[fd00::1]/", "http://169.254.169.254/", "ftp://your.example/", "nonsense", ""]
    {
        refused(json!({"url": url}), "webhook.invalid", "/url");
    }
    let unknown = refused(json!({"url": FAR, "events": ["order.exploded"]}), "webhook.invalid", "/events");
    assert!(unknown["allowed"].as_array().unwrap().contains(&"order.created".into()), "{unknown}");
    refused(json!({"url": FAR, "events": []}), "webhook.events", "/events");
    refused(json!({"url": FAR, "market": "nowhere"}), "webhook.invalid", "/market");
    refused(json!({"url": FAR, "description": "x".repeat(201)}), "webhook.invalid", "/description");
    refused(json!({"url": FAR, "secret": "whsec_mine"}), "request.unknown_field", "/secret");
    refused(json!({}), "request.missing_field", "/url");
    assert_eq!(program.see(HOOKS)["webhooks"], json!([]));
    // The documentation names every event that can be chosen.
    desk.visitor().see("/api/docs/webhooks").must_say("hold.released, message.received, message.sent, stock.low");
    let hooks: Vec<Value> = (0..50).map(|_| hook(&program, FAR)).collect();
    program.post(HOOKS, &json!({"url": FAR})).must_refuse(409, "webhook.too_many", "");
    assert_eq!(program.delete(&path_of(&hooks[0])).status, 200);
    program.must_post(HOOKS, &json!({"url": FAR}));
    program.get(&format!("{HOOKS}/{}", slipway::ids::new_uid())).must_refuse(404, "missing", "");
}

#[test]
fn a_webhook_is_changed_field_by_field_by_whoever_saw_it_as_it_is() {
    let desk = TestDesk::open();
    let program = desk.program();
    let path = path_of(&hook(&program, FAR));
    let patch = |body: Value, version: &str| program.send("PATCH", &path, &[("If-Match", version)], Some(&body));
    let changed = patch(json!({"description": "Books", "market": "main"}), "\"1\"");
    assert_eq!(changed.status, 200, "{}", changed.text());
    let now = changed.json();
    assert_eq!((&now["description"], &now["market"]), (&"Books".into(), &"main".into()));
    assert_eq!(now["events"], json!(["order.created"]), "what is left out stays");
    let late = patch(json!({"description": "Mine"}), "\"1\"");
    late.must_refuse(412, "version.stale", "");
    assert_eq!(late.json()["current"]["description"], "Books");
    let all = patch(json!({"events": null, "market": null}), changed.header("etag")).json();
    assert_eq!((&all["events"], &all["market"], &all["description"]), (&Value::Null, &Value::Null, &"Books".into()));
    patch(json!({"url": "http://10.0.0.16/"}), "*").must_refuse(400, "webhook.invalid", "/url");
    let stale = program.send("POST", &format!("{path}/secret"), &[("If-Match", "\"1\"")], None);
    stale.must_refuse(412, "version.stale", "");
    assert_eq!(program.send("DELETE", &path, &[("If-Match", "\"1\"")], None).problem().0, 412);
}

#[test]
fn a_webhook_is_disabled_enabled_given_a_new_secret_and_removed() {
    let desk = TestDesk::open();
    let program = desk.program();
    let made = hook(&program, FAR);
    let path = path_of(&made);
    let off = program.must_post(&format!("{path}/disable"), &json!({}));
    assert_eq!((&off["state"], &off["disabled_by"]), (&"disabled".into(), &"person".into()));
    for verb in ["test", "replays"] {
        let body = if verb == "test" { json!({}) } else { json!({"since": "2026-01-01T00:00:00Z"}) };
        program.post(&format!("{path}/{verb}"), &body).must_refuse(409, "webhook.disabled", "");
    }
    let on = program.must_post(&format!("{path}/enable"), &json!({}));
    assert_eq!((&on["state"], &on["disabled_at"]), (&"enabled".into(), &Value::Null));
    let rotated = program.must_post(&format!("{path}/secret"), &json!({}));
    assert_ne!(rotated["secret"], made["secret"]);
    assert!(rotated["former_secret_until"].is_string(), "{rotated}");
    let gone = program.delete(&path);
    assert_eq!((gone.status, gone.json()["state"].as_str()), (200, Some("removed")));
    assert_eq!(program.delete(&path).problem(), (404, "missing".into()));
    // Who did it is told in the shop's own diary.
    desk.owner().see("/settings/shop").must_say("Web shop");
}

#[test]
fn the_log_is_read_page_by_page_and_a_delivery_with_its_attempts() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(Manner::Tells(500, "No room".into())));
    let program = desk.program();
    let path = path_of(&hook(&program, &receiver.url()));
    let numbers: Vec<i64> = (0..3).map(|_| desk.order().place()).collect();
    assert_eq!(desk.send_out(), 3);
    let first = program.get(&format!("{path}/deliveries?limit=2&state=waiting"));
    assert!(first.header("link").contains("state=waiting&limit=2&cursor="), "{}", first.header("link"));
    let first = first.json();
    assert_eq!(first["deliveries"][0]["order_number"], *numbers.last().unwrap(), "newest first");
    assert_eq!(first["has_more"], true);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = program.see(&format!("{path}/deliveries?limit=2&state=waiting&cursor={cursor}"));
    assert_eq!((second["deliveries"].as_array().unwrap().len(), &second["has_more"]), (1, &false.into()));
    assert_eq!(program.see(&format!("{path}/deliveries?state=failed"))["deliveries"], json!([]));
    let delivery = &second["deliveries"][0];
    assert_eq!((&delivery["tries"], &delivery["last_status"]), (&1.into(), &500.into()));
    let whole = program.see(&format!("{path}/deliveries/{}", delivery["id"].as_str().unwrap()));
    assert_eq!(whole["body"]["data"]["number"], numbers[0]);
    assert_eq!(whole["attempts"].as_array().unwrap().len(), 1);
    assert_eq!((&whole["attempts"][0]["status"], &whole["attempts"][0]["answer"]), (&500.into(), &"No room".into()));
    for (query, pointer) in [("limit=0", "/limit"), ("state=lost", "/state"), ("cursor=x", "/cursor"), ("a=1", "/a")] {
        let refused = program.get(&format!("{path}/deliveries?{query}"));
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{}", refused.text());
    }
    let blind = with(&desk, &["webhooks:write"]);
    let refused = blind.get(&format!("{path}/deliveries/{}", delivery["id"].as_str().unwrap()));
    assert_eq!(refused.problem(), (403, "token.scope".into()), "what was told is the shop's business");
}

#[test]
fn a_test_one_delivery_a_stretch_and_all_since_are_sent_again() {
    let (desk, receiver) = (TestDesk::open(), Receiver::open(FINE));
    let program = desk.program();
    let path = path_of(&hook(&program, &receiver.url()));
    let test = program.post(&format!("{path}/test"), &json!({}));
    assert_eq!(test.status, 201);
    assert_eq!(desk.send_out(), 1);
    let seen = program.see(test.header("location"));
    assert_eq!((&seen["type"], &seen["state"]), (&"webhook.test".into(), &"delivered".into()));
    assert_eq!(receiver.received()[0].json(), seen["body"]);
    // One.
    let before = UtcTime::now().plus_seconds(-1);
    desk.order().place();
    assert_eq!(desk.send_out(), 1);
    let one = program.see(&format!("{path}/deliveries"))["deliveries"][0]["id"].as_str().unwrap().to_owned();
    let again = program.must_post(&format!("{path}/deliveries/{one}/resend"), &json!({}));
    assert_eq!((&again["state"], &again["tries"]), (&"waiting".into(), &0.into()));
    assert_eq!(desk.send_out(), 1);
    assert_eq!(receiver.received()[1].id(), receiver.received()[2].id());
    // All since, and a stretch in which nothing was.
    let replay = |body: Value| program.post(&format!("{path}/replays"), &body);
    let all = replay(json!({"since": before.rfc3339()}));
    assert!(all.json()["replaying"].as_i64().unwrap() > 0, "{}", all.text());
    assert_eq!((desk.send_out(), receiver.received().len()), (1, 4));
    let none = json!({"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00+01:00"});
    assert_eq!(replay(none).status, 200);
    assert_eq!(desk.send_out(), 0);
    let later = json!({"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"});
    replay(later).must_refuse(400, "webhook.replay", "/until");
    replay(json!({"since": "2026-01-02"})).must_refuse(400, "webhook.replay", "/since");
}
