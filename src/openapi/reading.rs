//! The document as the documentation shows it: by topic, each operation with its parameters, fields,
//! answers and a line to paste. Pure.

use serde_json::Value;

use super::everywhere::METHODS;
use super::examples;
use super::operations::OPEN;
use super::prose::{self, Block, Span, slug};
use super::schema::{Field, fields, kind_of, limits_of};

/// Operations about the same things.
#[derive(Clone, Debug)]
pub struct Topic {
    /// What they are about.
    pub name: String,
    /// The same in addresses.
    pub slug: String,
    /// A few words about it.
    pub about: Vec<Span>,
    /// The operations.
    pub operations: Vec<Operation>,
}

/// A topic in the navigation.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is about.
    pub name: String,
    /// The same in addresses.
    pub slug: String,
    /// How many operations it has.
    pub operations: usize,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its id in the document.
    pub id: String,
    /// Its method, in capitals.
    pub method: String,
    /// Its path.
    pub path: String,
    /// What it does, in a few words.
    pub title: String,
    /// What it does.
    pub about: Vec<Block>,
    /// What can be sent besides the body.
    pub parameters: Vec<Parameter>,
    /// What can be sent in the body.
    pub fields: Vec<Field>,
    /// Whether there is a body.
    pub has_body: bool,
    /// An example of the body.
    pub body: String,
    /// What comes back when all is well.
    pub answers: Vec<Answered>,
    /// What comes back otherwise.
    pub errors: Vec<Answered>,
    /// A line for the shell.
    pub curl: String,
    /// An example of what comes back.
    pub answer: String,
}

impl Operation {
    /// Whether it is for programs with a key or token.
    pub fn is_guarded(&self) -> bool {
        !OPEN.contains(&self.id.as_str())
    }
}

/// What can be sent besides the body.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// path, query or header.
    pub place: String,
    /// What it is.
    pub kind: String,
    /// Its limits.
    pub limits: String,
    /// Whether it must be given.
    pub required: bool,
    /// Words about it.
    pub about: Vec<Span>,
    /// An example.
    pub example: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Its status.
    pub status: String,
    /// When it comes.
    pub about: Vec<Span>,
    /// The name of what it holds; empty for nothing.
    pub object: String,
    /// Headers that it brings.
    pub headers: Vec<String>,
}

/// Something that answers hold.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub name: String,
    /// What it is.
    pub about: Vec<Span>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// Follows `$ref`.
pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let target = value["$ref"].as_str().and_then(|path| document.pointer(path.trim_start_matches('#')));
    target.unwrap_or(value)
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The topics of a document that is served at this address.
pub fn topics(document: &Value, desk: &str) -> Vec<Topic> {
    let tags = document["tags"].as_array().cloned().unwrap_or_default();
    tags.iter()
        .map(|tag| {
            let name = text(&tag["name"]);
            Topic {
                slug: slug(&name),
                about: prose::spans(tag["description"].as_str().unwrap_or_default()),
                operations: operations(document, desk, &name),
                name,
            }
        })
        .filter(|topic| !topic.operations.is_empty())
        .collect()
}

/// The topics of a document, for the navigation.
pub fn entries(document: &Value) -> Vec<Entry> {
    let belongs = |name: &str| {
        let paths = document["paths"].as_object().into_iter().flatten().flat_map(|(_, methods)| methods.as_object());
        paths.flatten().filter(|(_, operation)| operation["tags"][0] == name).count()
    };
    let tags = document["tags"].as_array().into_iter().flatten().map(|tag| text(&tag["name"]));
    tags.map(|name| Entry { slug: slug(&name), operations: belongs(&name), name })
        .filter(|entry| entry.operations > 0)
        .collect()
}

fn operations(document: &Value, desk: &str, topic: &str) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let operation = &methods[method];
            if operation["tags"].as_array().is_some_and(|tags| tags.iter().any(|tag| tag == topic)) {
                found.push(read(document, desk, path, method, operation));
            }
        }
    }
    found
}

fn read(document: &Value, desk: &str, path: &str, method: &str, operation: &Value) -> Operation {
    let id = text(&operation["operationId"]);
    let parameters: Vec<Parameter> = operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|parameter| parameter_of(document, resolve(document, parameter)))
        .collect();
    let schema = body_schema(operation);
    let body = schema.and_then(|_| examples::request_text(&id)).unwrap_or_default();
    let (answers, errors) = answers(document, operation);
    Operation {
        curl: match operation["security"].as_array() {
            Some(needed) if needed.iter().any(|one| one["client"].is_array()) => sign_in(desk, path),
            Some(needed) if needed.iter().all(|one| one["key"].is_null()) => format!("curl -sS \"{desk}{path}\""),
            _ => curl(desk, path, method, &parameters, schema.map(|_| body.as_str())),
        },
        title: text(&operation["summary"]),
        about: prose::read(operation["description"].as_str().unwrap_or_default()),
        fields: schema.map(|schema| fields(document, schema, true)).unwrap_or_default(),
        has_body: schema.is_some(),
        answer: answer_example(operation),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        id,
        parameters,
        body,
        answers,
        errors,
    }
}

fn body_schema(operation: &Value) -> Option<&Value> {
    let kinds = operation["requestBody"]["content"].as_object()?;
    kinds.get("application/json").or_else(|| kinds.values().next()).map(|kind| &kind["schema"])
}

fn answer_example(operation: &Value) -> String {
    let of = |status: &str| operation.pointer(&format!("/responses/{status}/content/application~1json/example"));
    let example = of("200").or_else(|| of("201"));
    example.and_then(|example| serde_json::to_string_pretty(example).ok()).unwrap_or_default()
}

fn parameter_of(document: &Value, parameter: &Value) -> Parameter {
    let name = text(&parameter["name"]);
    let example = match &parameter["example"] {
        Value::String(text) => text.clone(),
        Value::Null if parameter["in"] == "path" => "019ab3c2-7a10-7c55-9d1e-5b8f0a7c1d04".to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Parameter {
        place: text(&parameter["in"]),
        kind: kind_of(document, &parameter["schema"]).words,
        limits: limits_of(document, &parameter["schema"]),
        required: parameter["required"] == true,
        about: prose::spans(&about_of(parameter, &name)),
        example,
        name,
    }
}

/// What is told of a parameter; those of paths are the same everywhere.
fn about_of(parameter: &Value, name: &str) -> String {
    match (parameter["description"].as_str(), name) {
        (Some(words), _) if !words.is_empty() => words.to_owned(),
        (_, "order_id") => "`ORD10468`, `10468` or the UUID.".to_owned(),
        (_, _) if parameter["in"] == "path" => "Its UUID.".to_owned(),
        _ => String::new(),
    }
}

fn answers(document: &Value, operation: &Value) -> (Vec<Answered>, Vec<Answered>) {
    let all = operation["responses"].as_object().into_iter().flatten().map(|(status, response)| {
        let response = resolve(document, response);
        let content = response["content"].as_object().and_then(|kinds| kinds.values().next());
        Answered {
            status: status.clone(),
            about: prose::spans(response["description"].as_str().unwrap_or_default()),
            object: content.map(|kind| kind_of(document, &kind["schema"]).object).unwrap_or_default(),
            headers: response["headers"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect(),
        }
    });
    all.partition(|answer| answer.status.starts_with('2') || answer.status.starts_with('3'))
}

/// A line for the shell that does it.
fn curl(desk: &str, path: &str, method: &str, parameters: &[Parameter], body: Option<&str>) -> String {
    let mut address = path.to_owned();
    for parameter in parameters.iter().filter(|parameter| parameter.place == "path") {
        address = address.replace(&format!("{{{}}}", parameter.name), &parameter.example);
    }
    let asked: Vec<String> = parameters
        .iter()
        .filter(|parameter| parameter.place == "query" && !parameter.example.is_empty())
        .map(|parameter| format!("{}={}", parameter.name, parameter.example))
        .collect();
    if !asked.is_empty() {
        address = format!("{address}?{}", asked.join("&"));
    }
    let spoken = match (method, body) {
        ("get", _) | ("post", Some(_)) => String::new(),
        (method, _) => format!(" -X {}", method.to_ascii_uppercase()),
    };
    let mut lines =
        vec![format!("curl -sS{spoken} \"{desk}{address}\""), "-H \"Authorization: Bearer $KEY\"".to_owned()];
    if body.is_some() {
        lines.push("-H \"Content-Type: application/json\"".to_owned());
    }
    if parameters.iter().any(|parameter| parameter.name == "Idempotency-Key" && parameter.required) {
        lines.push(format!("-H \"Idempotency-Key: {}\"", name_of(&address)));
    }
    if let Some(body) = body {
        lines.push(format!("-d '{}'", if body.is_empty() { "{}" } else { body }.replace('\'', "'\\''")));
    }
    lines.join(" \\\n  ")
}

/// A name for one thing that is done at an address: of `…/ORD10468/refunds` the first refund.
fn name_of(address: &str) -> String {
    let mut parts = address.rsplit('/');
    let (things, of) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    format!("{of}-{}-1", things.trim_end_matches('s'))
}

/// A line for the shell that exchanges a key for a token.
fn sign_in(desk: &str, path: &str) -> String {
    let lines = [
        format!("curl -sS \"{desk}{path}\""),
        "-d grant_type=client_credentials".to_owned(),
        "-d client_id=\"$CLIENT\"".to_owned(),
        "-d client_secret=\"$KEY\"".to_owned(),
    ];
    lines.join(" \\\n  ")
}

/// Everything that answers hold.
pub fn objects(document: &Value) -> Vec<Object> {
    let schemas = document["components"]["schemas"].as_object();
    schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema["properties"].is_object() || schema["allOf"].is_array())
        .map(|(name, schema)| Object {
            name: name.clone(),
            about: prose::spans(schema["description"].as_str().unwrap_or_default()),
            fields: fields(document, schema, false),
        })
        .collect()
}
