//! What is the same for every operation: who may, which errors, which headers, examples. Pure: takes the
//! document as the handlers' attributes make it and completes it.

use serde_json::{Map, Value, json};

use super::operations::{self, BESIDES, Line, MONEY, OPEN, TOPICS, Versions};
use super::{examples, problems};
use crate::event::public::PublicName;
use crate::moves::lifecycle::{CANCEL_REASONS, HOLD_REASONS};
use crate::payment::{GOODWILL_REASONS, REFUND_REASONS, WRITE_OFF_REASONS};
use crate::returns::REASONS as RETURN_REASONS;

/// The methods an operation can have.
pub const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Completes the document.
pub fn complete(mut document: Value, guide: &str) -> Value {
    document["info"]["description"] = guide.into();
    document["tags"] = TOPICS.iter().map(|(name, words)| json!({"name": name, "description": words})).collect();
    components(&mut document["components"]);
    or_null(&mut document);
    if let Some(paths) = document["paths"].as_object_mut() {
        for path in paths.values_mut() {
            for method in METHODS {
                if let Some(operation) = path.get_mut(method) {
                    complete_one(operation, method);
                }
            }
        }
    }
    document
}

fn components(components: &mut Value) {
    components["schemas"]["Problem"] = problem();
    reasons(&mut components["schemas"]);
    components["headers"] = headers();
    components["parameters"] = parameters();
    components["responses"] = ERRORS.iter().map(|error| (error.name.to_owned(), error.response())).collect();
}

/// What may be null may be so in two ways where the thing itself knows null: of alternatives one is enough. The words
/// about such a field belong to the field, where readers look for them.
fn or_null(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.get("oneOf").and_then(Value::as_array).is_some_and(|all| all.contains(&json!({"type": "null"})))
                && let Some(mut all) = fields.remove("oneOf")
            {
                let words = all[0].as_object_mut().and_then(|one| one.remove("description"));
                fields.extend(words.map(|words| ("description".to_owned(), words)));
                fields.insert("anyOf".to_owned(), all);
            }
            fields.values_mut().for_each(or_null);
        }
        Value::Array(values) => values.iter_mut().for_each(or_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The keys of reasons that a field takes, where they are always the same.
const REASONS: &[(&str, &[(&str, &str)])] = &[
    ("NewHold", HOLD_REASONS),
    ("NewCancellation", CANCEL_REASONS),
    ("NewRefundJson", REFUND_REASONS),
    ("NewGoodwillJson", GOODWILL_REASONS),
    ("NewWriteOff", WRITE_OFF_REASONS),
    ("NewReturn", RETURN_REASONS),
];

/// The words that a parameter takes, where they are few.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("cancel_order", "refund", &["all", "none", "later"]),
    ("list_orders", "archived", &["exclude", "only", "include"]),
    ("list_orders", "count", &["exact"]),
    ("list_webhook_deliveries", "state", &["waiting", "delivered", "failed"]),
];

fn reasons(schemas: &mut Value) {
    let events: Value = PublicName::ALL.iter().map(|name| name.as_str()).collect();
    for schema in ["NewWebhook", "WebhookPatch"] {
        if let Some(name) = schemas.pointer_mut(&format!("/{schema}/properties/events/items")) {
            name["enum"] = events.clone();
        }
    }
    for (schema, known) in REASONS {
        let mut words: Vec<Value> = known.iter().map(|(key, _)| (*key).into()).collect();
        if let Some(reason) = schemas.pointer_mut(&format!("/{schema}/properties/reason")) {
            if reason["type"].is_array() {
                words.push(Value::Null);
            }
            reason["enum"] = words.into();
        }
    }
}

fn complete_one(operation: &mut Value, method: &str) {
    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
    add_examples(operation, &id);
    if OPEN.contains(&id.as_str()) {
        return;
    }
    let (_, permission, versions): Line =
        operations::line_of(&id).unwrap_or(("", crate::staff::Permission::ViewOrders, Versions::None));
    let changes = method != "get";
    operation["security"] = json!([{"key": []}, {"oauth": [permission.scope()]}]);
    operation["x-scope"] = permission.scope().into();
    let words = operation["description"].as_str().unwrap_or_default();
    let besides = BESIDES.iter().find(|(known, _)| *known == id).map(|(_, words)| format!(" {words}"));
    let scope = format!("Needs the scope `{}`.{}", permission.scope(), besides.unwrap_or_default());
    operation["description"] = format!("{words}\n\n{scope}").trim().into();
    let named: Vec<&str> = [
        (changes, if MONEY.contains(&id.as_str()) { "MoneyKey" } else { "IdempotencyKey" }),
        (versions == Versions::Checked, "IfMatch"),
        (versions == Versions::Read, "IfNoneMatch"),
    ]
    .into_iter()
    .filter_map(|(wanted, name)| wanted.then_some(name))
    .collect();
    if !named.is_empty() {
        let refs = named.iter().map(|name| json!({"$ref": format!("#/components/parameters/{name}")}));
        add_to(operation, "parameters", refs);
    }
    if let Some(Value::Array(all)) = operation.get_mut("parameters") {
        // One without a value is refused.
        for parameter in all.iter_mut().filter(|one| one["in"] == "query" && one["schema"]["type"] == "string") {
            parameter["schema"]["minLength"] = 1.into();
        }
        for (_, name, words) in WORDS.iter().filter(|(known, ..)| *known == id) {
            if let Some(parameter) = all.iter_mut().find(|parameter| parameter["name"] == *name) {
                parameter["schema"] = json!({"type": "string", "enum": words});
            }
        }
    }
    answers(operation, changes, versions);
}

/// Adds to a list that may not be there yet.
fn add_to(operation: &mut Value, name: &str, more: impl Iterator<Item = Value>) {
    let mut list = match operation[name].take() {
        Value::Array(list) => list,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Vec::new(),
    };
    list.extend(more);
    operation[name] = list.into();
}

/// Gives each answer its headers, and adds the errors that any request can meet.
fn answers(operation: &mut Value, changes: bool, versions: Versions) {
    let paged = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["name"] == "cursor"));
    let has_body = operation.get("requestBody").is_some();
    let in_path = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|one| one["in"] == "path"));
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        let fine = status.starts_with('2') || status.starts_with('3');
        if !fine {
            response["content"] = json!({"application/problem+json": {"schema": PROBLEM_REF.clone()}});
        }
        let told: &[(bool, &str)] = &[
            (true, "X-Request-Id"),
            (fine, "RateLimit-Limit"),
            (fine, "RateLimit-Remaining"),
            (fine, "RateLimit-Reset"),
            (fine && versions != Versions::None, "ETag"),
            (status == "201" || status == "202", "Location"),
            (status == "200" && paged, "Link"),
            (fine && changes, "Idempotent-Replayed"),
        ];
        for (_, name) in told.iter().filter(|(wanted, _)| *wanted) {
            response["headers"][*name] = header_ref(name);
        }
    }
    for error in ERRORS {
        let wanted = match error.when {
            When::Always => true,
            When::Named => in_path,
            When::Changes => changes,
            When::Body => has_body,
            When::Checked => versions == Versions::Checked,
            When::Read => versions == Versions::Read,
        };
        if wanted && !responses.contains_key(error.status) {
            let reference = json!({"$ref": format!("#/components/responses/{}", error.name)});
            responses.insert(error.status.to_owned(), reference);
        }
    }
}

fn add_examples(operation: &mut Value, id: &str) {
    let Some((request, answer)) = examples::of(id) else { return };
    if let (Some(request), Some(Value::Object(kinds))) = (request, operation.pointer_mut("/requestBody/content")) {
        for kind in kinds.values_mut() {
            kind["example"] = request.clone();
        }
    }
    let Some(answer) = answer else { return };
    for status in ["200", "201"] {
        let kind = operation.pointer_mut(&format!("/responses/{status}/content/application~1json"));
        if let Some(kind) = kind {
            kind["example"] = answer.clone();
        }
    }
}

static PROBLEM_REF: std::sync::LazyLock<Value> =
    std::sync::LazyLock::new(|| json!({"$ref": "#/components/schemas/Problem"}));

fn header_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/headers/{name}")})
}

/// When an error can be met.
#[derive(Clone, Copy)]
enum When {
    Always,
    /// Something is named in the path.
    Named,
    Changes,
    /// There is a body.
    Body,
    /// `If-Match` is looked at.
    Checked,
    /// `If-None-Match` is looked at.
    Read,
}

/// An answer that several operations share.
struct Shared {
    name: &'static str,
    status: &'static str,
    when: When,
    words: &'static str,
    /// Headers besides the reference.
    headers: &'static [&'static str],
}

const ERRORS: &[Shared] = &[
    Shared {
        name: "Unchanged",
        status: "304",
        when: When::Read,
        words: "You have this version already.",
        headers: &["ETag"],
    },
    Shared {
        name: "Malformed",
        status: "400",
        when: When::Always,
        words: "Something sent cannot be read or cannot be; `errors` points at it.",
        headers: &[],
    },
    Shared {
        name: "Unauthenticated",
        status: "401",
        when: When::Always,
        words: "No key, or none that works.",
        headers: &["WWW-Authenticate"],
    },
    Shared {
        name: "Forbidden",
        status: "403",
        when: When::Always,
        words: "The key lacks the scope; `allowed` names it.",
        headers: &[],
    },
    Shared { name: "Missing", status: "404", when: When::Named, words: "There is no such thing.", headers: &[] },
    Shared {
        name: "Conflict",
        status: "409",
        when: When::Changes,
        words: "Not possible in the present state.",
        headers: &[],
    },
    Shared {
        name: "Stale",
        status: "412",
        when: When::Checked,
        words: "It is no longer at the version of `If-Match`; `current` shows it as it is.",
        headers: &["ETag"],
    },
    Shared { name: "TooLarge", status: "413", when: When::Body, words: "A body may hold 1 MB.", headers: &[] },
    Shared { name: "Unsupported", status: "415", when: When::Body, words: "The body is not JSON.", headers: &[] },
    Shared {
        name: "Reused",
        status: "422",
        when: When::Changes,
        words: "This `Idempotency-Key` was used for another request.",
        headers: &[],
    },
    Shared {
        name: "VersionNeeded",
        status: "428",
        when: When::Checked,
        words: "This key must say which version it changes.",
        headers: &[],
    },
    Shared {
        name: "TooMany",
        status: "429",
        when: When::Always,
        words: "The key used up its requests of this minute.",
        headers: &["Retry-After"],
    },
    Shared {
        name: "Broken",
        status: "500",
        when: When::Always,
        words: "Something of ours broke; nothing was half done.",
        headers: &[],
    },
    Shared {
        name: "Busy",
        status: "503",
        when: When::Always,
        words: "The desk is too busy; nothing was changed.",
        headers: &["Retry-After"],
    },
];

impl Shared {
    fn response(&self) -> Value {
        let mut response = json!({"description": self.words, "headers": {"X-Request-Id": header_ref("X-Request-Id")}});
        for name in self.headers {
            response["headers"][*name] = header_ref(name);
        }
        if self.status != "304" {
            let (status, code) = (self.status.parse::<u16>().unwrap_or_default(), problems::usual(self.status));
            let example = json!({
                "type": format!("/api/problems/{code}"), "title": self.words.trim_end_matches('.'), "status": status,
                "detail": problems::find(code).map(|problem| problem.means).unwrap_or_default(), "code": code,
                "instance": "/api/orders/ORD12345", "errors": [], "allowed": [],
                "trace_id": "019ab3c2-7a10-7c55-9d1e-5b8f0a7c1dff",
            });
            response["content"] =
                json!({"application/problem+json": {"schema": PROBLEM_REF.clone(), "example": example}});
        }
        response
    }
}

/// What an error looks like.
fn problem() -> Value {
    let text = |words: &str| json!({"type": "string", "description": words});
    json!({
        "type": "object",
        "description": "An error (RFC 9457).",
        "required": ["type", "title", "status", "detail", "instance", "code", "errors", "allowed", "trace_id"],
        "properties": {
            "type": text("Where the page about this code is, on this desk."),
            "title": text("What kind of error it is, in a few words."),
            "status": {"type": "integer", "description": "The status of the answer."},
            "detail": text("What happened and what to do, in sentences for a person."),
            "instance": text("The path that was asked for."),
            "code": text("Stable code; act on this one."),
            "errors": {
                "type": "array",
                "description": "What is wrong with single fields.",
                "items": {
                    "type": "object",
                    "required": ["pointer", "detail"],
                    "properties": {
                        "pointer": text("The field, as a JSON pointer into the body (RFC 6901), or the parameter: `/items/0/price`."),
                        "detail": text("A sentence about it.")
                    }
                }
            },
            "allowed": {"type": "array", "items": {"type": "string"}, "description": "What would have been possible."},
            "trace_id": text("Reference of the request; equal to `X-Request-Id`."),
            "current_version": {"type": "integer", "description": "With 412: the present version."},
            "current": {"description": "With 412: the thing as it is now."}
        }
    })
}

fn headers() -> Value {
    let told = |words: &str, kind: &str, example: Value| json!({"description": words, "schema": {"type": kind, "examples": [example]}});
    let mut all = Map::new();
    let rows = [
        ("RateLimit-Limit", "Requests that the key may make in a minute.", "integer", json!(600)),
        ("RateLimit-Remaining", "Requests that are left now.", "integer", json!(598)),
        ("RateLimit-Reset", "Seconds until all of them are there again.", "integer", json!(1)),
        ("Retry-After", "Seconds to wait before trying again.", "integer", json!(3)),
        ("ETag", "The version of the thing, in quotes.", "string", json!("\"3\"")),
        ("Location", "Where the new thing is.", "string", json!("/api/orders/ORD12345")),
        (
            "Link",
            "Where the next page is (RFC 8288), if there is one.",
            "string",
            json!("<https://desk.example/api/orders?cursor=…>; rel=\"next\""),
        ),
        (
            "Idempotent-Replayed",
            "`true` if the answer is that of an earlier request with this key.",
            "string",
            json!("true"),
        ),
        ("WWW-Authenticate", "How to sign in (RFC 6750).", "string", json!("Bearer realm=\"slipway\"")),
    ];
    for (name, words, kind, example) in rows {
        all.insert(name.to_owned(), told(words, kind, example));
    }
    let mut reference = told(
        "Reference of this request, in the desk's log too.",
        "string",
        json!("019ab3c2-7a10-7c55-9d1e-5b8f0a7c1dff"),
    );
    reference["required"] = true.into();
    all.insert("X-Request-Id".to_owned(), reference);
    Value::Object(all)
}

fn parameters() -> Value {
    let key = |required: bool, words: &str| {
        json!({
            "name": "Idempotency-Key", "in": "header", "required": required, "description": words,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"}
        })
    };
    let version = |name: &str, words: &str| json!({"name": name, "in": "header", "required": false, "description": words, "schema": {"type": "string"}});
    json!({
        "IdempotencyKey": key(false, "A name for the thing you want done, such as a new UUID; the same one when you repeat the request. It is done once."),
        "MoneyKey": key(true, "A name for the thing you want done, such as a new UUID; the same one when you repeat the request. Moving money needs it."),
        "IfMatch": version("If-Match", "The `ETag` you read. If it is no longer the present version, nothing is changed (412)."),
        "IfNoneMatch": version("If-None-Match", "The `ETag` you have. If it is still the present version, the answer is 304 without a body."),
    })
}
