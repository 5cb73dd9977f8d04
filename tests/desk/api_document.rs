//! The document of the API: complete, as it was accepted, and true: every operation is called and compared
//! with what the document says of it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use slipway::openapi::operations::{OPEN, OPERATIONS, Versions};
use slipway::staff::Permission;
use slipway::staff::keys::NewKey;

use crate::support::app::TestDesk;
use crate::support::contract::{Contract, Operation};
use crate::support::person::Reply;
use crate::support::program::Program;

/// Set to accept a changed contract.
const ACCEPT: &str = "SLIPWAY_ACCEPT";

fn contract(desk: &TestDesk) -> Contract {
    let reply = desk.visitor().see("/api/openapi.json");
    assert_eq!(reply.header("content-type"), "application/json");
    Contract(reply.json())
}

#[test]
fn the_contract_changes_only_where_it_is_accepted() {
    let desk = TestDesk::open();
    let mut document = contract(&desk).0;
    assert_eq!(document["servers"][0]["url"], desk.address());
    document["servers"] = json!([]);
    document["info"]["version"] = "as the crate".into();
    let now = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/desk/snapshots/openapi.json");
    if std::env::var_os(ACCEPT).is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &now).unwrap();
    }
    let accepted = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = now.lines().zip(accepted.lines()).position(|(now, then)| now != then);
    let at = differs.unwrap_or_else(|| now.lines().count().min(accepted.lines().count()));
    assert!(
        now == accepted,
        "What programs rely on changed, from line {} of {} on:\n  was {:?}\n  is  {:?}\nIf it should change, run\n  \
         {ACCEPT}=1 cargo test --test desk the_contract_changes\nand read the difference before you keep it.",
        at + 1,
        file.display(),
        accepted.lines().nth(at).unwrap_or("nothing"),
        now.lines().nth(at).unwrap_or("nothing"),
    );
}

#[test]
fn every_operation_says_all_that_a_client_must_know() {
    let desk = TestDesk::open();
    let contract = contract(&desk);
    assert_eq!(contract.0["openapi"], "3.1.0");
    let tags: Vec<&Value> = contract.0["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let operations = contract.operations();
    let mut ids: Vec<&str> = operations.iter().map(|operation| operation.id).collect();
    ids.sort_unstable();
    let mut listed: Vec<&str> = OPERATIONS.iter().map(|(id, ..)| *id).chain(OPEN).collect();
    listed.sort_unstable();
    assert_eq!(ids, listed, "src/openapi/operations.rs has each operation once");
    for Operation { id, method, told, .. } in operations.iter().filter(|operation| !OPEN.contains(&operation.id)) {
        assert!(tags.contains(&&told["tags"][0]), "{id} belongs to a topic of src/openapi/operations.rs");
        assert!(told["summary"].as_str().is_some_and(|words| !words.is_empty()), "{id}");
        assert!(told["description"].as_str().unwrap().contains("Needs the scope `"), "{id}");
        assert_eq!(told["security"], json!([{"key": []}, {"oauth": [told["x-scope"]]}]), "{id}");
        for status in ["400", "401", "403", "429", "500", "503"] {
            let response = contract.resolve(&told["responses"][status]);
            assert!(response["content"]["application/problem+json"]["schema"].is_object(), "{id} {status}");
        }
        for (status, response) in told["responses"].as_object().unwrap() {
            let response = contract.resolve(response);
            for header in response["headers"].as_object().into_iter().flatten() {
                assert!(contract.resolve(header.1)["description"].is_string(), "{id} {status} {}", header.0);
            }
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                if let Some(example) = content.get("example") {
                    let faults = contract.faults(&content["schema"], example, id);
                    assert_eq!(faults, [""; 0], "the example of {kind} {status}");
                } else {
                    assert!(kind == "application/problem+json" || status == "202", "{id} {status} has no example");
                }
            }
        }
        for parameter in told["parameters"].as_array().into_iter().flatten() {
            assert!(contract.resolve(parameter)["name"].is_string(), "{id}");
        }
        if let Some(kinds) = told["requestBody"]["content"].as_object() {
            for content in kinds.values() {
                assert!(content["example"].is_object(), "{id} has no example in src/openapi/examples.json");
                assert_eq!(contract.faults(&content["schema"], &content["example"], id), [""; 0]);
            }
        }
        assert!(method == "GET" || told["responses"]["409"].is_object(), "{id}");
    }
    for known in slipway::openapi::examples::ids() {
        assert!(ids.contains(&known), "src/openapi/examples.json has an example for nothing: {known}");
    }
}

/// Things that operations can be called with.
struct Scene {
    names: BTreeMap<&'static str, String>,
}

impl Scene {
    fn set(desk: &TestDesk) -> Self {
        let arranging = NewKey { name: "Arranging".into(), scopes: vec!["all".into()], ..NewKey::default() };
        let program = desk.program_with(arranging);
        let number = desk.order().paid().at("approved").place();
        let path = format!("/api/orders/{number}");
        let parcel = program.must_post(&format!("{path}/shipments"), &json!({}));
        program.must_post(
            "/api/carts",
            &json!({"cart_id": "kept", "items": [{"name": "Mug", "quantity": 1, "price": 5}]}),
        );
        let product = json!({"sku": "MUG-1", "name": "Mug", "price": 24, "tracked": true});
        program.must_post("/api/products", &product);
        let customer = program.see("/api/customers")["customers"][0]["id"].clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let hook = || text(&program.must_post("/api/webhooks", &json!({"url": "https://your.example/hooks"}))["id"]);
        let (hook, doomed) = (hook(), hook());
        let delivery = program.must_post(&format!("/api/webhooks/{hook}/test"), &json!({}));
        let names = BTreeMap::from([
            ("order_id", number.to_string()),
            ("shipment_id", text(&parcel["shipment"]["id"])),
            ("cart_id", "kept".to_owned()),
            ("product_id", "MUG-1".to_owned()),
            ("customer_id", text(&customer)),
            ("webhook_id", hook),
            ("delete_webhook", doomed),
            ("delivery_id", text(&delivery["id"])),
        ]);
        Scene { names }
    }
    fn path(&self, operation: &Operation<'_>) -> String {
        let mut path = String::new();
        for part in operation.path.split('/').skip(1) {
            path.push('/');
            match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                None => path.push_str(part),
                Some(name) => match self.names.get(operation.id).or(self.names.get(name)) {
                    Some(value) => path.push_str(value),
                    None => path.push_str(&slipway::ids::new_uid()),
                },
            }
        }
        path
    }
    fn call(&self, program: &Program, operation: &Operation<'_>, headers: &[(&str, &str)]) -> Reply {
        let body = operation.told["requestBody"]["content"].as_object();
        let body = body.map(|kinds| kinds.values().next().unwrap()["example"].clone());
        program.send(&operation.method, &self.path(operation), headers, body.as_ref())
    }
}

/// A key with every scope but one.
fn without(missing: Permission) -> NewKey {
    let scopes = Permission::ALL.iter().filter(|permission| **permission != missing).map(|p| p.scope().to_owned());
    NewKey { name: format!("Without {}", missing.scope()), scopes: scopes.collect(), ..NewKey::default() }
}

#[test]
fn each_operation_asks_for_the_scope_that_the_document_names() {
    let desk = TestDesk::open();
    let contract = contract(&desk);
    let scene = Scene::set(&desk);
    let mut programs: BTreeMap<&str, Program> = BTreeMap::new();
    for operation in contract.operations().into_iter().filter(|operation| !OPEN.contains(&operation.id)) {
        let (id, permission, _) = slipway::openapi::operations::line_of(operation.id).unwrap();
        assert_eq!(operation.told["x-scope"], permission.scope(), "{id}");
        let program = programs.entry(permission.scope()).or_insert_with(|| desk.program_with(without(permission)));
        let refused = scene.call(program, &operation, &[("Idempotency-Key", &slipway::ids::new_uid())]);
        assert_eq!(refused.problem(), (403, "token.scope".into()), "{id}: {}", refused.text());
        assert_eq!(refused.json()["allowed"], json!([permission.scope()]), "{id}");
    }
}

#[test]
fn what_comes_back_is_what_the_document_says() {
    let desk = TestDesk::open();
    let contract = contract(&desk);
    let scene = Scene::set(&desk);
    let program = desk.program_with(NewKey {
        name: "Eager".into(),
        scopes: vec!["all".into()],
        rate_per_minute: Some(100_000),
        ..NewKey::default()
    });
    for operation in contract.operations().into_iter().filter(|operation| !OPEN.contains(&operation.id)) {
        let id = operation.id;
        let reply = scene.call(&program, &operation, &[("Idempotency-Key", &slipway::ids::new_uid())]);
        let told = &operation.told["responses"][reply.status.to_string()];
        assert!(told.is_object(), "{id} answered {}, which it does not tell of: {}", reply.status, reply.text());
        assert!(reply.status < 500 && ![401, 403, 405, 415].contains(&reply.status), "{id}: {}", reply.text());
        let told = contract.resolve(told);
        let kind = reply.header("content-type");
        let schema = &told["content"][kind]["schema"];
        assert!(schema.is_object(), "{id} {} {kind}", reply.status);
        assert_eq!(contract.faults(schema, &reply.json(), id), [""; 0]);
        if reply.status == 400 {
            let code = reply.problem().1;
            assert!(!code.starts_with("request."), "the example of {id} is refused: {}", reply.text());
        }
        if reply.status < 300 {
            for header in ["etag", "location"] {
                let promised = told["headers"].as_object().unwrap().keys().any(|name| name.to_lowercase() == header);
                assert_eq!(!reply.header(header).is_empty(), promised, "{id} {header}");
            }
        }
    }
}

#[test]
fn versions_are_compared_where_the_document_says() {
    let desk = TestDesk::open();
    let contract = contract(&desk);
    let scene = Scene::set(&desk);
    let program = desk.program();
    for operation in contract.operations().into_iter().filter(|operation| !OPEN.contains(&operation.id)) {
        let (id, _, versions) = slipway::openapi::operations::line_of(operation.id).unwrap();
        let reading = operation.method == "GET";
        let header = if reading { ("If-None-Match", "*") } else { ("If-Match", "\"999999\"") };
        let reply = scene.call(&program, &operation, &[("Idempotency-Key", &slipway::ids::new_uid()), header]);
        let wanted = match versions {
            Versions::Read => Some(304),
            Versions::Checked => Some(412),
            Versions::None | Versions::Told => None,
        };
        assert_eq!([304, 412].contains(&reply.status).then_some(reply.status), wanted, "{id}: {}", reply.text());
    }
}

#[test]
fn no_operation_passes_over_a_parameter_or_a_body() {
    let desk = TestDesk::open();
    let contract = contract(&desk);
    let scene = Scene::set(&desk);
    let program = desk.program();
    let number = &scene.names["order_id"];
    let before = program.see(&format!("/api/orders/{number}"));
    for operation in contract.operations().into_iter().filter(|operation| !OPEN.contains(&operation.id)) {
        let parameters = operation.told["parameters"].as_array().into_iter().flatten();
        let known: Vec<&str> =
            parameters.filter(|one| one["in"] == "query").map(|one| one["name"].as_str().unwrap()).collect();
        let ask = |query: &str| {
            let body = operation.told["requestBody"]["content"].as_object();
            let body = body.map(|kinds| kinds.values().next().unwrap()["example"].clone());
            let key = slipway::ids::new_uid();
            let path = format!("{}?{query}", scene.path(&operation));
            program.send(&operation.method, &path, &[("Idempotency-Key", &key)], body.as_ref())
        };
        let refused = ask("colour=red");
        refused.must_refuse(400, "request.unknown_parameter", "/colour");
        assert_eq!(refused.json()["allowed"], json!(known), "{}", operation.id);
        for name in known {
            ask(&format!("{name}=")).must_refuse(400, "request.empty_parameter", &format!("/{name}"));
        }
        if operation.told["requestBody"].is_null() {
            let body = json!({"reason": "fraud"});
            let refused = program.send(&operation.method, &scene.path(&operation), &[], Some(&body));
            refused.must_refuse(400, "request.unknown_field", "");
        }
    }
    let hook = format!("/api/webhooks/{}/disable", scene.names["webhook_id"]);
    assert_eq!(program.post(&hook, &json!({})).status, 200, "an empty object says nothing");
    let bulk = json!({"ids": [number], "action": "tag", "args": {"add": ["New"]}});
    program.post("/api/v1/orders/bulk?dry_run=true", &bulk).must_refuse(400, "request.unknown_parameter", "/dry_run");
    assert_eq!(program.see(&format!("/api/orders/{number}")), before);
}

#[test]
fn words_about_a_field_stand_at_the_field() {
    let desk = TestDesk::open();
    let contract = contract(&desk);
    for (name, schema) in contract.0["components"]["schemas"].as_object().unwrap() {
        for (field, told) in schema["properties"].as_object().into_iter().flatten() {
            let words = &contract.resolve(told)["description"];
            assert!(told["description"].is_string() || words.is_string(), "{name}.{field} says nothing of itself");
        }
    }
    let page = desk.visitor().see("/api/docs/orders").text();
    assert!(page.contains("Price of a unit. Taken from the product if left out."));
}

#[test]
fn a_method_that_is_not_there_is_told_with_those_that_are() {
    let desk = TestDesk::open();
    let program = desk.program();
    let refused = program.send("PUT", "/api/orders", &[], Some(&json!({})));
    assert_eq!(refused.problem(), (405, "request.method".into()));
    assert_eq!(refused.header("allow"), "GET, POST");
    assert_eq!(program.delete("/api/v1/orders/1/status").header("allow"), "PUT");
    assert_eq!(program.send("POST", "/api/openapi.json", &[], Some(&json!({}))).header("allow"), "GET");
}
