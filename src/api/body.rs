//! Reading what a program sent: strictly, and with a pointer to whatever is wrong.

use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::json;
use crate::error::{Refusal, RefusalKind};
use crate::web::{Problem, read_payload, strict_text};

/// A JSON body of at most a mebibyte. Types should say `#[serde(deny_unknown_fields)]`, so that what
/// would be ignored is refused.
#[derive(Clone, Debug)]
pub struct Body<T> {
    /// What was sent.
    pub value: T,
    /// Equal for bodies that say the same, however they are spaced and ordered.
    pub canonical: String,
}

impl<T> Deref for Body<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let mut payload = payload.take();
        Box::pin(async move {
            let json = kind.is_empty() || kind == "application/json" || kind.ends_with("+json");
            let body = read_payload(&mut payload, "A body").await?;
            if !json {
                return Err(Refusal::new(
                    RefusalKind::Unsupported,
                    "request.unsupported",
                    format!("This takes JSON, not {kind}. Send the header Content-Type: application/json."),
                )
                .into());
            }
            Ok(read(&body)?)
        })
    }
}

/// Reads a body; an empty one counts as an empty object, so that verbs without arguments need none.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<Body<T>, Refusal> {
    let bytes = if bytes.trim_ascii().is_empty() { b"{}" } else { bytes };
    let value = json::read(bytes)?;
    no_null_characters(&value)?;
    Ok(Body { value: typed(&value)?, canonical: value.to_string() })
}

/// Reads a value that was taken whole first.
///
/// # Errors
/// As a [`Body`] of that type.
pub fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Refusal> {
    // Keeping track of the place takes as long as the reading itself, so it is done for what is refused.
    T::deserialize(value).or_else(|_| serde_path_to_error::deserialize(value).map_err(|error| explain(&error)))
}

fn no_null_characters(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::String(text) => no_null_character(text),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .try_for_each(|(at, value)| no_null_characters(value).map_err(|refusal| below(&at.to_string(), refusal))),
        Value::Object(map) => map.iter().try_for_each(|(name, value)| {
            no_null_character(name)?;
            no_null_characters(value).map_err(|refusal| below(name, refusal))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn no_null_character(text: &str) -> Result<(), Refusal> {
    strict_text(text, "body").map_err(|refusal| Refusal::field(refusal.code, "", refusal.message))
}

/// The refusal of a part as one of the whole.
fn below(name: &str, mut refusal: Refusal) -> Refusal {
    for problem in &mut refusal.fields {
        problem.field = format!("/{}{}", escaped(name), problem.field);
    }
    refusal
}

fn pointer_to(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            serde_path_to_error::Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            serde_path_to_error::Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => {}
        }
    }
    pointer
}

/// Turns what serde says into a pointer and a sentence.
fn explain(error: &serde_path_to_error::Error<serde_json::Error>) -> Refusal {
    let path = pointer_to(error.path());
    let said = error.inner().to_string();
    let said = said.split(" at line ").next().unwrap_or(&said).to_owned();
    let named = |prefix: &str| said.strip_prefix(prefix).and_then(|rest| rest.split('`').next()).map(str::to_owned);
    if let Some(name) = named("unknown field `") {
        let pointer = ending_in(path, &name);
        let known = said.split_once(", expected ").map(|(_, known)| known.replace('`', "")).unwrap_or_default();
        let known = known.trim_start_matches("one of ").to_owned();
        let known: Vec<String> =
            known.split(", ").filter(|word| !word.is_empty() && !word.contains(' ')).map(str::to_owned).collect();
        return Refusal::field("request.unknown_field", pointer, format!("Nothing here is called {name}."))
            .allowing(known);
    }
    if let Some(name) = named("missing field `") {
        return Refusal::field(
            "request.missing_field",
            format!("{path}/{}", escaped(&name)),
            format!("{name} is missing."),
        );
    }
    Refusal::field("request.wrong_kind", path, format!("This cannot be read: {said}."))
}

/// The path of a name that is unknown ends in that name at times, and at times in what holds it.
fn ending_in(path: String, name: &str) -> String {
    let end = format!("/{}", escaped(name));
    if path.ends_with(&end) { path } else { path + &end }
}

/// A name as a part of a pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What tells a request from another one under the same key: its method, address and body.
pub fn fingerprint(method: &str, address: &str, canonical: &str) -> String {
    let mut hash = Sha256::new();
    for part in [method, "\n", address, "\n", canonical] {
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The parameters of an address as they came, for those who read them one by one.
#[derive(Clone, Debug)]
pub struct Pairs(pub Vec<(String, String)>);

impl FromRequest for Pairs {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let pairs = crate::web::Query::<Vec<(String, String)>>::from_request(request, payload).into_inner();
        std::future::ready(pairs.map(|pairs| Pairs(pairs.0)))
    }
}

/// The refusal of a parameter without a value: to pass it over would widen what was asked for.
pub fn empty(name: &str) -> Refusal {
    let message = format!("{name} has no value. Give it one, or leave it out.");
    Refusal::field("request.empty_parameter", name, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Item {
        #[serde(rename = "quantity")]
        _quantity: i64,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sent {
        #[serde(rename = "items")]
        _items: Vec<Item>,
    }

    fn refusal(json: &str) -> Refusal {
        read::<Sent>(json.as_bytes()).expect_err("refused")
    }

    #[test]
    fn a_refusal_points_to_what_is_wrong() {
        let wrong = refusal(r#"{"items": [{"quantity": 1}, {"quantity": "two"}]}"#);
        assert_eq!(wrong.fields[0].field, "/items/1/quantity");
        let unknown = refusal(r#"{"items": [], "colour": 1}"#);
        assert_eq!((unknown.code, unknown.fields[0].field.as_str()), ("request.unknown_field", "/colour"));
        let missing = refusal(r#"{"items": [{}]}"#);
        assert_eq!((missing.code, missing.fields[0].field.as_str()), ("request.missing_field", "/items/0/quantity"));
    }

    #[test]
    fn what_is_no_text_or_no_json_is_refused() {
        assert_eq!(refusal("{").code, "request.malformed");
        assert_eq!(refusal(r#"{"items": "\ud800"}"#).code, "request.malformed");
        assert_eq!(refusal(r#"{"items": [], "a": "\u0000"}"#).code, "request.null_character");
        assert_eq!(refusal(&"[".repeat(100_000)).code, "request.malformed");
        assert_eq!(refusal(r#"{"items": NaN}"#).code, "request.malformed");
    }

    #[test]
    fn spacing_and_order_do_not_change_what_a_body_says() {
        let one = read::<Value>(br#"{"a": 1, "b": [2]}"#).expect("json").canonical;
        assert_eq!(one, read::<Value>(b"{\"b\":[2],\n\"a\":1}").expect("json").canonical);
        assert_ne!(fingerprint("POST", "/api/orders", &one), fingerprint("PUT", "/api/orders", &one));
    }
}
