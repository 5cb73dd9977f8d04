//! Short-lived tokens: how a key is exchanged for one, what it allows, and which are refused.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use slipway::actor::Actor;
use slipway::db::schema::signing_keys;
use slipway::staff::keys::{self, NewKey};
use slipway::staff::{self, signing};
use slipway::time::UtcTime;

use crate::support::app::TestDesk;
use crate::support::person::Reply;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// A program that exchanges its key for tokens.
struct Client<'a> {
    desk: &'a TestDesk,
    id: String,
    secret: String,
}

impl<'a> Client<'a> {
    fn new(desk: &'a TestDesk, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        Self::with(desk, NewKey { name: "Web shop".into(), scopes, ..NewKey::default() })
    }
    fn with(desk: &'a TestDesk, key: NewKey) -> Self {
        let secret = desk.program_with(key).token().to_owned();
        let id = desk.read(|conn| keys::by_token(conn, &secret)).unwrap().key.uid;
        Client { desk, id, secret }
    }
    fn basic(&self) -> String {
        format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id, self.secret)))
    }
    fn ask(&self, fields: &[(&str, &str)]) -> Reply {
        ask(self.desk, &[("Authorization", &self.basic())], fields)
    }
    /// A token with these scopes, or all that the key may.
    fn token(&self, scope: &str) -> String {
        let reply = self.ask(&[GRANT, ("scope", scope)]);
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }
}

fn ask(desk: &TestDesk, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Reply {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    let mut all = vec![FORM];
    all.extend_from_slice(headers);
    desk.visitor().send("POST", "/oauth/token", &all, Some(form.finish().into_bytes()))
}

/// Fails unless it is an error of RFC 6749 5.2 of this kind.
fn must_refuse(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, reply.json()["error"].as_str()), (status, Some(error)), "{}", reply.text());
    let told = reply.json()["error_description"].as_str().unwrap().to_owned();
    assert!(told.chars().all(|c| (' '..='~').contains(&c) && c != '"' && c != '\\') && !told.is_empty(), "{told}");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("www-authenticate").starts_with("Basic "), status == 401);
    assert_eq!(reply.header("content-type"), "application/json");
}

/// Header and claims of a token, unchecked.
fn parts(token: &str) -> (Value, Value) {
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    let mut parts = token.split('.');
    (part(parts.next().unwrap()), part(parts.next().unwrap()))
}

fn written(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

/// The desk's own signing key.
fn signer(desk: &TestDesk) -> (String, Vec<u8>) {
    let (kid, kept): (String, String) = signing_keys::table
        .filter(signing_keys::retired_at.is_null())
        .select((signing_keys::kid, signing_keys::private_key))
        .first(&mut desk.look_behind())
        .unwrap();
    (kid, STANDARD_NO_PAD.decode(kept).unwrap())
}

fn kids(desk: &TestDesk) -> Vec<String> {
    let set = desk.visitor().get("/.well-known/jwks.json").json();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_key_is_exchanged_for_a_token_that_others_can_check() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["orders:read", "money:read"]);
    assert_eq!(kids(&desk).len(), 0, "no key signs before the first token");
    let reply = shop.ask(&[GRANT]);
    assert_eq!((reply.status, reply.header("cache-control")), (200, "no-store"));
    let told = reply.json();
    assert_eq!((&told["token_type"], &told["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(told["scope"], "orders:read money:read");
    let token = told["access_token"].as_str().unwrap();
    let program = desk.program_called(token);
    assert_eq!(program.get("/api/orders").status, 200);
    assert_eq!(program.get("/api/customers").problem(), (403, "token.scope".into()));

    let set: JwkSet = serde_json::from_value(desk.visitor().get("/.well-known/jwks.json").json()).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let jwk = set.find(&header.kid.unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&[desk.address()]);
    rules.set_audience(&[format!("{}/api", desk.address())]);
    let read = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(jwk).unwrap(), &rules).unwrap();
    assert_eq!((&read.claims["sub"], &read.claims["scope"]), (&json!(shop.id), &told["scope"]));
    let seconds = |name: &str| read.claims[name].as_i64().unwrap();
    assert_eq!(seconds("exp") - seconds("iat"), 900);
    assert_ne!(parts(token).1["jti"], parts(&shop.token("")).1["jti"]);
    assert!(!set.keys.iter().any(|key| serde_json::to_string(key).unwrap().contains("\"d\"")), "no private half");

    let body = [GRANT, ("client_id", &shop.id), ("client_secret", &shop.secret), ("unknown", "is passed over")];
    assert_eq!(ask(&desk, &[], &body).status, 200);
    let used = desk.read(keys::list).into_iter().find(|key| key.uid == shop.id).unwrap().last_used_at;
    assert!(used.is_some());
}

#[test]
fn the_desk_says_how_tokens_are_made() {
    let desk = TestDesk::open();
    let about = |desk: &TestDesk| desk.visitor().get("/.well-known/oauth-authorization-server").json();
    let told = about(&desk);
    assert_eq!(told["issuer"], desk.address());
    assert_eq!(told["token_endpoint"], format!("{}/oauth/token", desk.address()));
    assert_eq!(told["jwks_uri"], format!("{}/.well-known/jwks.json", desk.address()));
    assert_eq!(told["grant_types_supported"], json!(["client_credentials"]));
    let shop = Client::new(&desk, &["all"]);
    let former = shop.token("");
    desk.write(|tx| slipway::web::set_setting(tx, "public_address", "https://desk.example"));
    assert_eq!(about(&desk)["issuer"], "https://desk.example");
    let token = shop.token("");
    assert_eq!(parts(&token).1["iss"], "https://desk.example");
    assert_eq!(desk.program_called(&token).get("/api/orders").status, 200);
    assert_eq!(desk.program_called(&former).get("/api/orders").status, 401);
}

#[test]
fn a_wrong_request_for_a_token_is_refused_as_the_standard_says() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["orders:read"]);
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    must_refuse(&desk.visitor().send("POST", "/oauth/token", &[], None), 401, "invalid_client");
    must_refuse(&ask(&desk, &[], &[GRANT]), 401, "invalid_client");
    must_refuse(&ask(&desk, &[], &[GRANT, ("client_id", &shop.id)]), 401, "invalid_client");
    for wrong in [
        basic(&format!("{}:slw_wrong", shop.id)),
        basic(&format!("somebody:{}", shop.secret)),
        basic(":"),
        basic("no colon"),
        "Basic ???".to_owned(),
        format!("Bearer {}", shop.secret),
    ] {
        must_refuse(&ask(&desk, &[("Authorization", &wrong)], &[GRANT]), 401, "invalid_client");
    }
    must_refuse(&shop.ask(&[]), 400, "invalid_request");
    must_refuse(&shop.ask(&[("grant_type", "")]), 400, "invalid_request");
    must_refuse(&shop.ask(&[GRANT, GRANT]), 400, "invalid_request");
    must_refuse(&shop.ask(&[GRANT, ("client_secret", &shop.secret)]), 400, "invalid_request");
    must_refuse(&shop.ask(&[GRANT, ("client_id", "another")]), 400, "invalid_request");
    must_refuse(&shop.ask(&[("grant_type", "password")]), 400, "unsupported_grant_type");
    must_refuse(&shop.ask(&[GRANT, ("scope", "moon:land \"é")]), 400, "invalid_scope");
    for beyond in ["orders:read orders:write", "all"] {
        must_refuse(&shop.ask(&[GRANT, ("scope", beyond)]), 400, "invalid_scope");
    }
    let basic = shop.basic();
    let json = [("Authorization", basic.as_str()), ("Content-Type", "application/json")];
    let body = Some(b"{\"grant_type\":\"client_credentials\"}".to_vec());
    must_refuse(&desk.visitor().send("POST", "/oauth/token", &json, body), 400, "invalid_request");
    let form = [("Authorization", basic.as_str()), FORM];
    let bytes = |bytes: &[u8]| desk.visitor().send("POST", "/oauth/token", &form, Some(bytes.to_vec()));
    must_refuse(&bytes(b"grant_type=%ff%fe"), 400, "unsupported_grant_type");
    must_refuse(&bytes(&vec![b'a'; 2 << 20]), 413, "invalid_request");
    assert_eq!(desk.visitor().get("/oauth/token").status, 405);
    assert_eq!(desk.visitor().post("/.well-known/jwks.json", &[]).status, 405);
}

#[test]
fn asking_for_tokens_counts_as_asking() {
    let desk = TestDesk::open();
    let key = NewKey { name: "Slow".into(), scopes: vec!["all".into()], rate_per_minute: Some(2), ..NewKey::default() };
    let slow = Client::with(&desk, key);
    let token = slow.token("");
    assert_eq!(desk.program_called(&token).get("/api/orders").header("ratelimit-remaining"), "0");
    let refused = slow.ask(&[GRANT]);
    must_refuse(&refused, 429, "temporarily_unavailable");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(desk.program_called(&token).get("/api/orders").problem(), (429, "rate.exceeded".into()));
}

#[test]
fn a_token_does_no_more_than_was_asked_for_and_is_the_key_otherwise() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["all"]);
    let reader = desk.program_called(&shop.token("orders:read"));
    let order =
        json!({"items": [{"product_id": "p", "name": "Mug", "quantity": 1, "price": 5}], "payment_method": "card"});
    assert_eq!(reader.get("/api/orders").status, 200);
    assert_eq!(reader.post("/api/orders", &order).problem(), (403, "token.scope".into()));
    let writer = desk.program_called(&shop.token("read orders:write"));
    let once = [("Idempotency-Key", "7f0c")];
    let placed = writer.send("POST", "/api/orders", &once, Some(&order));
    assert_eq!(placed.status, 201, "{}", placed.text());
    // A repeated request is known again whichever token of the key it comes with.
    let again = desk.program_called(&shop.token("")).send("POST", "/api/orders", &once, Some(&order));
    assert_eq!(again.json()["order_id"], placed.json()["order_id"]);
    let by_key = desk.program_called(&shop.secret).send("POST", "/api/orders", &once, Some(&order));
    assert_eq!(by_key.json()["order_id"], placed.json()["order_id"]);
}

#[test]
fn a_token_that_is_expired_foreign_or_altered_is_refused() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["orders:read"]);
    let good = shop.token("");
    let (header, claims) = parts(&good);
    let (kid, private) = signer(&desk);
    let signed_by = |key: &EncodingKey, kid: Option<&str>, kind: &str, claims: &Value| {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(kind.to_owned());
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, key).unwrap()
    };
    let ours = EncodingKey::from_ec_der(&private);
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims[name] = value;
        signed_by(&ours, Some(&kid), "at+jwt", &claims)
    };
    assert_eq!(desk.program_called(&with("jti", json!("x"))).get("/api/orders").status, 200, "the way they are made");
    let now = UtcTime::now().0 / 1_000_000;
    let expired = desk.program_called(&with("exp", json!(now - 31))).get("/api/orders");
    assert_eq!(expired.problem(), (401, "token.expired".into()));
    assert!(expired.header("www-authenticate").contains("error=\"invalid_token\""));
    assert_eq!(desk.program_called(&with("exp", json!(now - 20))).get("/api/orders").status, 200, "clocks differ");

    let foreign = EncodingKey::from_ec_der(p256_der(7).as_slice());
    let point = desk.visitor().get("/.well-known/jwks.json").json()["keys"][0].clone();
    let secret = |text: String| EncodingKey::from_secret(text.as_bytes());
    let hmac = |key: &EncodingKey| {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".into());
        header.kid = Some(kid.clone());
        jsonwebtoken::encode(&header, &claims, key).unwrap()
    };
    let mut raw = vec![4];
    raw.extend(URL_SAFE_NO_PAD.decode(point["x"].as_str().unwrap()).unwrap());
    raw.extend(URL_SAFE_NO_PAD.decode(point["y"].as_str().unwrap()).unwrap());
    let mut more = claims.clone();
    more["scope"] = json!("orders:read orders:write");
    let (signature, none) = (good.rsplit('.').next().unwrap(), json!({"alg": "none", "typ": "at+jwt", "kid": kid}));
    let embedded = json!({"alg": "ES256", "typ": "at+jwt", "kid": kid, "jwk": point});
    let wrong = [
        ("signed by another key", signed_by(&foreign, Some(&kid), "at+jwt", &claims)),
        ("of a key that is not known", signed_by(&foreign, Some("elsewhere"), "at+jwt", &claims)),
        ("without the name of a key", signed_by(&ours, None, "at+jwt", &claims)),
        ("of another kind", signed_by(&ours, Some(&kid), "JWT", &claims)),
        ("with more scopes", format!("{}.{signature}", written(&header, &more))),
        ("with another header", format!("{}.{signature}", written(&embedded, &claims))),
        ("without a signature", format!("{}.", written(&header, &claims))),
        ("signed by nobody", format!("{}.", written(&none, &claims))),
        ("signed with the public point", hmac(&EncodingKey::from_secret(&raw))),
        ("signed with the public key", hmac(&secret(point.to_string()))),
        ("not yet good", with("nbf", json!(now + 60))),
        ("that never expires", with("exp", Value::Null)),
        ("of another desk", with("iss", json!("https://elsewhere.example"))),
        ("for something else", with("aud", json!("https://elsewhere.example/api"))),
        ("of no key", with("sub", json!("01a2017c-8334-7166-b17f-ac060db4c722"))),
        ("that is none", "a.b.c".to_owned()),
    ];
    for (what, token) in wrong {
        let reply = desk.program_called(&token).get("/api/orders");
        assert_eq!(reply.problem(), (401, "token.invalid".into()), "a token {what}");
    }
    assert_eq!(desk.program_called(&good).get("/api/orders").status, 200);
    let nothing = desk.program_called(&with("scope", json!(""))).get("/api/orders");
    assert_eq!(nothing.problem(), (403, "token.scope".into()));
}

/// A private key in PKCS #8 made of one repeated byte.
fn p256_der(byte: u8) -> Vec<u8> {
    use p256::pkcs8::EncodePrivateKey;
    p256::SecretKey::from_slice(&[byte; 32]).unwrap().to_pkcs8_der().unwrap().as_bytes().to_vec()
}

#[test]
fn a_new_signing_key_takes_over_without_anybody_noticing() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["orders:read"]);
    let former = shop.token("");
    desk.write(|tx| signing::rotate(tx, &Actor::System { name: "Test" }));
    let later = shop.token("");
    let kid = |token: &str| parts(token).0["kid"].as_str().unwrap().to_owned();
    assert_eq!(kids(&desk), [kid(&later), kid(&former)]);
    for token in [&former, &later] {
        assert_eq!(desk.program_called(token).get("/api/orders").status, 200);
    }
    desk.owner().see("/settings/shop").must_say("set key that signs tokens to");

    // The last token of the former has expired; then it is forgotten.
    let retired = |seconds: i64| {
        diesel::update(signing_keys::table.filter(signing_keys::retired_at.is_not_null()))
            .set(signing_keys::retired_at.eq(UtcTime::now().plus_seconds(-seconds).0))
            .execute(&mut desk.look_behind())
            .unwrap();
    };
    retired(15 * 60);
    desk.write(signing::keep_fresh);
    assert_eq!((kids(&desk).len(), desk.program_called(&former).get("/api/orders").status), (2, 200));
    retired(17 * 60);
    assert_eq!(kids(&desk), [kid(&later)]);
    assert_eq!(desk.program_called(&former).get("/api/orders").problem(), (401, "token.invalid".into()));
    desk.write(signing::keep_fresh);
    assert_eq!(signing_keys::table.count().get_result::<i64>(&mut desk.look_behind()).unwrap(), 1);
}

#[test]
fn a_signing_key_is_replaced_after_ninety_days() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["orders:read"]);
    let age = |days: i64| {
        diesel::update(signing_keys::table.filter(signing_keys::retired_at.is_null()))
            .set(signing_keys::created_at.eq(UtcTime::now().plus_seconds(-days * 24 * 60 * 60).0))
            .execute(&mut desk.look_behind())
            .unwrap();
    };
    desk.write(signing::keep_fresh);
    assert_eq!(kids(&desk).len(), 0, "a desk without tokens needs no key");
    let first = shop.token("");
    age(89);
    desk.write(signing::keep_fresh);
    shop.token("");
    assert_eq!(kids(&desk).len(), 1);
    age(90);
    let second = shop.token("");
    assert_eq!(kids(&desk).len(), 2, "by whoever asks first");
    age(90);
    desk.write(signing::keep_fresh);
    assert_eq!(kids(&desk).len(), 3, "or by the clock");
    for token in [first, second] {
        assert_eq!(desk.program_called(&token).get("/api/orders").status, 200);
    }
}

#[test]
fn many_first_tokens_at_once_agree_on_one_key() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["orders:read"]);
    let basic = shop.basic();
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (basic, visitor) = (basic.clone(), desk.visitor());
                scope.spawn(move || {
                    let headers = [FORM, ("Authorization", basic.as_str())];
                    let body = b"grant_type=client_credentials".to_vec();
                    let reply = visitor.send("POST", "/oauth/token", &headers, Some(body));
                    reply.json()["access_token"].as_str().unwrap().to_owned()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let named: HashSet<String> = tokens.iter().map(|token| parts(token).0["kid"].to_string()).collect();
    assert_eq!((named.len(), kids(&desk).len()), (1, 1));
}

#[test]
fn a_token_dies_with_its_key_and_does_no_more_than_its_person() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["all"]);
    let program = desk.program_called(&shop.token(""));
    assert_eq!(program.get("/api/customers").status, 200);
    let id = shop.id.clone();
    desk.write(move |tx| keys::revoke(tx, &Actor::System { name: "Test" }, &id));
    assert_eq!(program.get("/api/customers").problem(), (401, "token.invalid".into()));
    must_refuse(&shop.ask(&[GRANT]), 401, "invalid_client");

    let marta = desk.owner();
    desk.support();
    let member = desk.read(|conn| staff::member_by_email(conn, "sade@fernandkiln.example"));
    let key = NewKey { name: "Sade's".into(), scopes: vec!["all".into()], staff: Some(member.id), ..NewKey::default() };
    let sades = Client::with(&desk, key);
    let told = sades.ask(&[GRANT]).json();
    let granted: Vec<&str> = told["scope"].as_str().unwrap().split(' ').collect();
    assert!(granted.contains(&"orders:write") && !granted.contains(&"refunds:write"), "{granted:?}");
    must_refuse(&sades.ask(&[GRANT, ("scope", "refunds:write")]), 400, "invalid_scope");
    let program = desk.program_called(told["access_token"].as_str().unwrap());
    assert_eq!(program.get("/api/customers").status, 200);
    marta.submit(&format!("/settings/staff/{}/role", member.uid), &[("role", "packer")]);
    assert_eq!(program.get("/api/customers").problem(), (403, "token.scope".into()));
    assert_eq!(program.get("/api/orders").status, 200);
    marta.submit(&format!("/settings/staff/{}/disable", member.uid), &[]);
    assert_eq!(program.get("/api/orders").problem(), (401, "token.invalid".into()));
    must_refuse(&sades.ask(&[GRANT]), 401, "invalid_client");
}

#[test]
fn wrong_tokens_slow_their_address_and_no_right_one() {
    let desk = TestDesk::open();
    let shop = Client::new(&desk, &["orders:read"]);
    let (token, wrong) = (shop.token(""), desk.program_called("slw_wrong"));
    let refused = (0..100).map(|_| wrong.get("/api/orders")).find(|reply| reply.status == 429).expect("slowed");
    assert_eq!(refused.problem(), (429, "token.too_many".into()));
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
    // The bucket fills by one every two seconds, so that one more may pass.
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:slw_wrong", shop.id)));
    let slowed = (0..10).map(|_| ask(&desk, &[("Authorization", &basic)], &[GRANT])).find(|reply| reply.status == 429);
    must_refuse(&slowed.expect("slowed"), 429, "temporarily_unavailable");
    for right in [&shop.secret, &token] {
        assert_eq!(desk.program_called(right).get("/api/orders").status, 200);
    }
    assert_eq!(shop.ask(&[GRANT]).status, 200);
}
