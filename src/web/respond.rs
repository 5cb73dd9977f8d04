//! Answers of pages: a rendered template, a redirect after a change.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::problem::Problem;
use crate::error::Error;

/// What a page's handler returns; `?` turns any [`Error`] into the desk's own page.
pub type Answer = Result<HttpResponse, Problem>;

/// Whether only a part of the page is wanted: asked for by htmx, and not to replace the whole body.
pub fn wants_fragment(request: &HttpRequest) -> bool {
    let says = |name: &str, wanted: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value == wanted)
    };
    says("hx-request", "true")
        && !says("hx-boosted", "true")
        && !says("hx-request-type", "full")
        && !says("hx-history-restore-request", "true")
}

/// Whether a stream of events is wanted rather than a page.
pub fn wants_events(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|kinds| kinds.contains("text/event-stream"))
}

/// A rendered template, page or fragment alike.
///
/// # Errors
/// When the template cannot be rendered, which is ours.
pub fn page(template: &impl Template) -> Answer {
    page_as(StatusCode::OK, template)
}

/// A rendered template with another status, such as a form shown again with what is wrong.
///
/// # Errors
/// When the template cannot be rendered, which is ours.
pub fn page_as(status: StatusCode, template: &impl Template) -> Answer {
    let html = template.render().map_err(Error::broken)?;
    Ok(HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::VARY, "HX-Request, HX-Request-Type"))
        .body(html))
}

/// Sends the browser on after a change, so that going back or reloading does not repeat it.
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

/// The page for an address that is none.
pub fn no_such_page() -> HttpResponse {
    Problem::from(Error::Missing("page at this address".to_owned())).error_response()
}
