//! Schemas in words: what a field is, its limits, and the fields below it. Pure.

use serde_json::Value;

use super::prose::{self, Span};
use super::reading::{resolve, text};

/// How deep bodies are told.
const DEEPEST: usize = 5;

/// A field of a body or an answer.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name with those above it: `items[].price`.
    pub name: String,
    /// How many are above it.
    pub depth: usize,
    /// What it is.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// Its limits.
    pub limits: String,
    /// Words about it.
    pub about: Vec<Span>,
}

/// What something is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// In words.
    pub words: String,
    /// The name of the object it is or holds; empty if it is none.
    pub object: String,
}

/// The fields of an object: those that must be given first. `deep` tells those below them too.
pub fn fields(document: &Value, schema: &Value, deep: bool) -> Vec<Field> {
    let mut found = Vec::new();
    walk(document, schema, "", 0, deep, &mut found);
    found
}

fn walk(document: &Value, schema: &Value, above: &str, depth: usize, deep: bool, found: &mut Vec<Field>) {
    let schema = resolve(document, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        walk(document, part, above, depth, deep, found);
    }
    let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let mut properties: Vec<(&String, &Value)> = schema["properties"].as_object().into_iter().flatten().collect();
    properties.sort_by_key(|(name, _)| !required(name) && deep);
    for (name, property) in properties {
        let full = format!("{above}{name}");
        let about = match property["description"].as_str() {
            Some(words) => words,
            None => resolve(document, property)["description"].as_str().unwrap_or_default(),
        };
        let kind = kind_of(document, property);
        found.push(Field {
            depth,
            required: required(name),
            limits: limits_of(document, property),
            about: prose::spans(about),
            kind: kind.clone(),
            name: full.clone(),
        });
        if deep && depth < DEEPEST && !kind.object.is_empty() {
            let (below, mark) = inner(document, property);
            walk(document, below, &format!("{full}{mark}."), depth + 1, deep, found);
        }
    }
}

/// The object in a list or in one of several possibilities, and what is put behind the name of the field.
fn inner<'a>(document: &'a Value, schema: &'a Value) -> (&'a Value, &'static str) {
    let schema = resolve(document, schema);
    if schema["items"].is_object() {
        return (resolve(document, &schema["items"]), "[]");
    }
    match possible(schema) {
        Some(one) => (resolve(document, one), ""),
        None => (schema, ""),
    }
}

/// What it may be besides null.
fn possible(schema: &Value) -> Option<&Value> {
    let all = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array())?;
    all.iter().find(|one| one["type"] != "null")
}

/// What a schema describes.
pub fn kind_of(document: &Value, schema: &Value) -> Kind {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let target = resolve(document, schema);
    if let Some(one) = possible(target).filter(|_| name.is_empty()) {
        let kind = kind_of(document, one);
        return Kind { words: format!("{} or null", kind.words), object: kind.object };
    }
    if target["properties"].is_object() || target["allOf"].is_array() {
        let words = if name.is_empty() { "object" } else { name };
        return Kind { words: words.to_owned(), object: name.to_owned() };
    }
    let plain = |word: &str| -> String {
        match (word, target["format"].as_str()) {
            ("string", Some("uuid")) => "UUID".to_owned(),
            ("string", Some("date-time")) => "time".to_owned(),
            ("string", _) if target["enum"].is_array() => "one of several words".to_owned(),
            ("string", _) => "text".to_owned(),
            ("integer", _) => "whole number".to_owned(),
            ("number", _) => "number".to_owned(),
            ("boolean", _) => "true or false".to_owned(),
            (other, _) => other.to_owned(),
        }
    };
    let types: Vec<String> = match &target["type"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().map(text).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => vec!["anything".to_owned()],
    };
    if types.iter().any(|one| one == "array") {
        let inside = kind_of(document, &target["items"]);
        let or_null = if types.len() > 1 { " or null" } else { "" };
        return Kind { words: format!("list of {}{or_null}", inside.words), object: inside.object };
    }
    let words = types.iter().map(|word| plain(word)).collect::<Vec<_>>().join(" or ");
    let words = if name == "Amount" || name == "Decimal" { format!("amount ({words})") } else { words };
    Kind { words, object: String::new() }
}

/// The limits of a schema in words.
pub fn limits_of(document: &Value, schema: &Value) -> String {
    let target = resolve(document, schema);
    let target = possible(target).map_or(target, |one| resolve(document, one));
    let number = |name: &str| target[name].as_f64();
    let mut limits = Vec::new();
    let range = |least: Option<f64>, most: Option<f64>, what: &str| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{what}")),
        (Some(least), None) => Some(format!("at least {least}{what}")),
        (None, Some(most)) => Some(format!("at most {most}{what}")),
        (None, None) => None,
    };
    let (shortest, longest) = (number("minLength"), number("maxLength"));
    // That a text is not empty goes without saying.
    limits.extend(range(shortest.filter(|least| longest.is_some() || *least > 1.0), longest, " characters"));
    limits.extend(range(number("minimum"), number("maximum"), ""));
    limits.extend(range(number("minItems"), number("maxItems"), " entries"));
    for words in [&target["enum"], &target["items"]["enum"]].into_iter().filter_map(Value::as_array) {
        limits.push(words.iter().map(text).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", "));
    }
    limits.join("; ")
}
