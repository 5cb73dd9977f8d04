//! What went wrong, as a page, as a banner for htmx, or as problem+json. Statuses are chosen here.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use askama::Template;

use super::shell::Shop;
use crate::error::{Current, Error, FieldProblem, Refusal, RefusalKind, Result};

/// The house's error as actix knows errors. Made by `?`; drawn by the server once it knows who asked
/// and how ([`draw`]).
#[derive(Debug)]
pub struct Problem(pub Error);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Problem(error)
    }
}
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Problem(refusal.into())
    }
}

impl Problem {
    /// The refusal, if it is one, so that a form can be shown again with it.
    pub fn refusal(&self) -> Option<&Refusal> {
        self.0.refusal()
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status_of(&self.0)
    }
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).finish()
    }
}

/// The status that stands for an error.
pub(super) fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Missing(_) => StatusCode::NOT_FOUND,
        Error::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Error::Refused(refusal) => status_of_kind(refusal.kind),
    }
}

fn status_of_kind(kind: RefusalKind) -> StatusCode {
    match kind {
        RefusalKind::Invalid => StatusCode::BAD_REQUEST,
        RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::State | RefusalKind::Stale => StatusCode::CONFLICT,
        RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Precondition => StatusCode::PRECONDITION_FAILED,
        RefusalKind::PreconditionNeeded => StatusCode::PRECONDITION_REQUIRED,
        RefusalKind::Reused => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The refusal of a form and the status with which the form is shown again.
///
/// # Errors
/// The error itself where it is not about what was typed or about the state of the thing.
pub fn shown_again(error: Error) -> Result<(Refusal, StatusCode)> {
    match error {
        Error::Refused(refusal)
            if matches!(refusal.kind, RefusalKind::Invalid | RefusalKind::State | RefusalKind::Stale) =>
        {
            let status = status_of_kind(refusal.kind);
            Ok((*refusal, status))
        }
        other => Err(other),
    }
}

/// How an answer is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Page,
    Fragment,
    Json,
}

/// What is shown of a problem.
pub(super) struct View {
    pub status: StatusCode,
    pub code: String,
    pub title: &'static str,
    pub message: String,
    pub fields: Vec<FieldProblem>,
    pub allowed: Vec<String>,
    pub retry_after: Option<i64>,
    pub current: Option<Current>,
    pub reference: String,
    /// Path of what was asked for.
    pub instance: String,
}

impl View {
    pub(super) fn of(error: &Error, reference: &str, instance: &str) -> Self {
        let status = status_of(error);
        let mut view = View::plain(status, reference, instance);
        match error {
            Error::Refused(refusal) => {
                view.code = refusal.code.to_owned();
                view.message = refusal.message.clone();
                view.fields = refusal.fields.clone();
                view.allowed = refusal.allowed.clone();
                view.retry_after = refusal.retry_after.or((refusal.kind == RefusalKind::TooMany).then_some(1));
                view.current = refusal.current.as_deref().cloned();
            }
            Error::Missing(what) => {
                view.code = "missing".to_owned();
                view.message = format!("There is no {what}.");
            }
            Error::Broken(_) => {}
        }
        view
    }

    /// For a status that came without a sentence, from actix itself.
    pub(super) fn plain(status: StatusCode, reference: &str, instance: &str) -> Self {
        let (code, title, message) = match status {
            StatusCode::BAD_REQUEST => {
                ("request.malformed", "That could not be read", "The request could not be read. Go back and try again.")
            }
            StatusCode::UNAUTHORIZED => ("sign_in.needed", "Sign in first", "Sign in to see this."),
            StatusCode::FORBIDDEN => ("request.refused", "Not allowed", "Your role does not allow this."),
            StatusCode::NOT_FOUND => ("page.missing", "Not found", "There is no page at this address."),
            StatusCode::METHOD_NOT_ALLOWED => (
                "request.method",
                "Not possible here",
                "This address does not take that kind of request. Nothing was changed.",
            ),
            StatusCode::CONFLICT => ("request.refused", "Not possible now", "Nothing was changed."),
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("request.too_large", "Too large", "More was sent than this page takes. Nothing was changed.")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("request.unsupported", "Not a kind that is taken", "This page does not take that kind of content.")
            }
            StatusCode::TOO_MANY_REQUESTS => ("request.refused", "Too many tries", "Wait a moment and try again."),
            StatusCode::PRECONDITION_FAILED => {
                ("request.refused", "Changed in the meantime", "It was changed since you read it. Nothing was changed.")
            }
            StatusCode::PRECONDITION_REQUIRED => {
                ("request.refused", "Say which version", "Say which version you change. Nothing was changed.")
            }
            StatusCode::UNPROCESSABLE_ENTITY => {
                ("request.refused", "Not the same request", "The request could not be taken. Nothing was changed.")
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                ("desk.busy", "Very busy", "The desk is very busy. Nothing was changed; try again in a moment.")
            }
            other if other.is_server_error() => (
                "desk.broken",
                "Something broke on our side",
                "Your data is safe: what could not be finished was undone. Try again, and quote the reference if it \
                 happens again.",
            ),
            _ => ("request.refused", "That was refused", "The request was refused. Nothing was changed."),
        };
        View {
            status,
            code: code.to_owned(),
            title,
            message: message.to_owned(),
            fields: Vec::new(),
            allowed: Vec::new(),
            retry_after: None,
            current: None,
            reference: reference.to_owned(),
            instance: instance.to_owned(),
        }
    }

    /// Problems of fields that the message does not tell already.
    fn more(&self) -> Vec<&FieldProblem> {
        self.fields.iter().filter(|field| field.message != self.message).collect()
    }

    /// The reference is shown only where it helps: for faults of ours.
    pub(super) fn shows_reference(&self) -> bool {
        self.status.is_server_error()
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shop: &'a Shop,
    view: &'a View,
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct Banner<'a> {
    view: &'a View,
}

/// The answer to a request that failed.
pub(super) fn draw(view: &View, wanted: Wanted, shop: &Shop) -> HttpResponse {
    let mut answer = HttpResponse::build(view.status);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    answer.insert_header((header::VARY, "HX-Request, Accept"));
    if let Some(seconds) = view.retry_after {
        answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    match wanted {
        Wanted::Json => {
            if view.status == StatusCode::UNAUTHORIZED {
                answer.insert_header((header::WWW_AUTHENTICATE, challenge(&view.code)));
            }
            if let Some(current) = &view.current {
                answer.insert_header((header::ETAG, format!("\"{}\"", current.version)));
            }
            let body = json(view);
            answer.insert_header((header::CONTENT_TYPE, "application/problem+json")).body(body.to_string())
        }
        Wanted::Fragment => {
            answer.insert_header(("HX-Retarget", "#notice")).insert_header(("HX-Reswap", "innerHTML"));
            html(&mut answer, Banner { view }.render())
        }
        Wanted::Page => html(&mut answer, ErrorPage { shop, view }.render()),
    }
}

/// How a program signs in, and what was wrong with how it tried (RFC 6750).
fn challenge(code: &str) -> &'static str {
    match code {
        "token.invalid" | "token.expired" => "Bearer realm=\"slipway\", error=\"invalid_token\"",
        _ => "Bearer realm=\"slipway\"",
    }
}

/// A problem as `application/problem+json` (RFC 9457).
fn json(view: &View) -> String {
    let errors: Vec<_> = view
        .fields
        .iter()
        .map(|field| serde_json::json!({ "pointer": pointer(&field.field), "detail": field.message }))
        .collect();
    let mut body = serde_json::json!({
        "type": format!("/api/problems/{}", view.code), "title": view.title, "status": view.status.as_u16(),
        "detail": view.message, "instance": view.instance, "code": view.code, "errors": errors,
        "allowed": view.allowed, "trace_id": view.reference,
    });
    if let Some(current) = &view.current {
        body["current_version"] = current.version.into();
        let thing = current.json.as_deref().and_then(|json| serde_json::from_str(json).ok());
        body["current"] = thing.unwrap_or(serde_json::Value::Null);
    }
    body.to_string()
}

/// A field's name as a JSON pointer (RFC 6901): `lines.0.price` is `/lines/0/price`.
fn pointer(field: &str) -> String {
    match field {
        "" => String::new(),
        pointer if pointer.starts_with('/') => pointer.to_owned(),
        name => format!("/{}", name.replace('~', "~0").replace('/', "~1").replace('.', "/")),
    }
}

/// An error as programs are told of it, for keeping: status and body.
pub fn problem_json(error: &Error, reference: &str, instance: &str) -> (u16, String) {
    let view = View::of(error, reference, instance);
    (view.status.as_u16(), json(&view))
}

fn html(answer: &mut HttpResponseBuilder, rendered: askama::Result<String>) -> HttpResponse {
    answer.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).body(rendered.unwrap_or_default())
}
