//! Reading what a browser sent: strict about bytes, names and size, and clear about what is wrong.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::problem::Problem;
use crate::error::{Refusal, RefusalKind};

/// What a form may weigh.
pub(super) const FORM_LIMIT: usize = 1024 * 1024;
/// What is read and thrown away so that the sender gets to see the answer.
const DRAIN_LIMIT: usize = 64 * 1024 * 1024;

/// The query of the address. A parameter that the type does not know is refused if the type says
/// `#[serde(deny_unknown_fields)]`, as every type of ours should.
#[derive(Clone, Debug)]
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.query_string();
        std::future::ready(read_pairs(text.as_bytes(), "address").map(Query).map_err(Problem::from))
    }
}

/// The fields of a posted form, at most a mebibyte.
#[derive(Clone, Debug)]
pub struct Form<T>(pub T);

impl<T> Deref for Form<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let mut payload = payload.take();
        Box::pin(async move {
            if !kind.is_empty() && kind != "application/x-www-form-urlencoded" {
                return Err(Refusal::new(
                    RefusalKind::Unsupported,
                    "request.unsupported",
                    format!("This page takes a form, not {kind}. Nothing was changed."),
                )
                .into());
            }
            let body = read_payload(&mut payload, "A form").await?;
            Ok(Form(read_pairs(&body, "form")?))
        })
    }
}

/// What was sent, at most a mebibyte. `what` names it in the refusal.
///
/// # Errors
/// As [`read_at_most`].
pub async fn read_payload(payload: &mut Payload, what: &str) -> Result<Vec<u8>, Problem> {
    read_at_most(payload, what, 1).await
}

/// What was sent, at most so many mebibytes. `what` names it in the refusal.
///
/// # Errors
/// Refuses what is larger, having read it so that the sender gets to see the answer, and what breaks off.
pub async fn read_at_most(payload: &mut Payload, what: &str, mebibytes: usize) -> Result<Vec<u8>, Problem> {
    let limit = mebibytes.saturating_mul(FORM_LIMIT);
    let mut body = Vec::new();
    let mut total = 0usize;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| {
            Refusal::invalid(
                "request.cut_off",
                "What you sent did not arrive whole. Nothing was changed; send it again.",
            )
        })?;
        total = total.saturating_add(chunk.len());
        if total <= limit {
            body.extend_from_slice(&chunk);
        } else if total > DRAIN_LIMIT {
            break;
        }
    }
    if total > limit {
        return Err(Refusal::new(
            RefusalKind::TooLarge,
            "request.too_large",
            format!("{what} may hold {mebibytes} MB. Nothing was changed; shorten it and send it again."),
        )
        .into());
    }
    Ok(body)
}

pub(super) fn read_pairs<T: DeserializeOwned>(bytes: &[u8], place: &str) -> Result<T, Refusal> {
    check_bytes(bytes, place)?;
    let reader = serde_html_form::Deserializer::new(url::form_urlencoded::parse(bytes));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let said = error.inner().to_string();
        // A name that takes one value and has several is told of as a value that is none.
        match said.contains("unsupported value").then(|| repeated(bytes)).flatten() {
            Some(name) => {
                let message = format!("The {place} has {name} more than once.");
                Refusal::field("request.repeated_field", name, message)
            }
            None => explain(&said, &error.path().to_string(), place),
        }
    })
}

/// The first name that is there more than once.
fn repeated(bytes: &[u8]) -> Option<String> {
    let mut known = BTreeSet::new();
    url::form_urlencoded::parse(bytes).map(|(name, _)| name.into_owned()).find(|name| !known.insert(name.clone()))
}

/// Turns what serde says of the value of this name into a sentence for whoever typed the address.
fn explain(cause: &str, name: &str, place: &str) -> Refusal {
    let named = |prefix: &str| {
        let rest = cause.split_once(prefix)?.1;
        rest.split('`').next().map(str::to_owned)
    };
    if let Some(name) = named("unknown field `") {
        let code = if place == "address" { "request.unknown_parameter" } else { "request.unknown_field" };
        let known = cause.split_once(", expected ").map_or("", |(_, known)| known).split('`').skip(1).step_by(2);
        let message = format!("This {place} knows nothing called {name}.");
        return Refusal::field(code, name, message).allowing(known.map(str::to_owned).collect());
    }
    if let Some(name) = named("missing field `") {
        return Refusal::field("request.missing_field", name.clone(), format!("The {place} lacks {name}."));
    }
    if let Some(name) = named("duplicate field `") {
        return Refusal::field(
            "request.repeated_field",
            name.clone(),
            format!("The {place} has {name} more than once."),
        );
    }
    let message = format!("The {place} holds a value that cannot be read: {cause}.");
    // The path of the whole is a dot.
    if name == "." {
        Refusal::invalid("request.malformed", message)
    } else {
        Refusal::field("request.wrong_kind", name, message)
    }
}

/// Refuses what would otherwise be mended silently: bytes that are no UTF-8, and null characters,
/// which Postgres cannot keep.
pub(super) fn check_bytes(bytes: &[u8], place: &str) -> Result<(), Refusal> {
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut ahead = rest.clone();
        let digits = (ahead.next().and_then(hex), ahead.next().and_then(hex));
        if let (Some(high), Some(low)) = digits {
            decoded.push(high * 16 + low);
            rest = ahead;
        } else {
            decoded.push(byte);
        }
    }
    let text = std::str::from_utf8(&decoded).map_err(|_| {
        Refusal::invalid("request.not_utf8", format!("The {place} holds bytes that are no text (UTF-8)."))
    })?;
    strict_text(text, place)
}

/// Refuses a text with a null character in it.
///
/// # Errors
/// Says which place holds it.
pub fn strict_text(text: &str, place: &str) -> Result<(), Refusal> {
    if text.contains('\0') {
        return Err(Refusal::invalid(
            "request.null_character",
            format!("The {place} holds a null character, which is no text."),
        ));
    }
    Ok(())
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        #[serde(default)]
        tag: Vec<String>,
    }

    fn read(text: &str) -> Result<Wanted, Refusal> {
        read_pairs(text.as_bytes(), "address")
    }

    #[test]
    fn a_repeated_parameter_is_a_list() {
        assert_eq!(read("tag=a&tag=b%20c").expect("a query").tag, ["a", "b c"]);
    }

    #[test]
    fn an_unknown_parameter_is_named() {
        let refusal = read("colour=red").expect_err("refused");
        assert_eq!(refusal.message, "This address knows nothing called colour.");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_rather_than_mended() {
        assert_eq!(read("tag=%ff").expect_err("refused").code, "request.not_utf8");
        assert_eq!(read("tag=a%00b").expect_err("refused").code, "request.null_character");
        assert_eq!(read("tag=%e2%82%ac").expect("a query").tag, ["€"]);
        assert_eq!(read("tag=100%").expect("a query").tag, ["100%"]);
    }
}
