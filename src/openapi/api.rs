//! The document itself.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use serde_json::Value;

use super::everywhere::METHODS;
use super::{at, document};
use crate::api::empty;
use crate::error::Refusal;
use crate::web::here;

/// Bytes of `{}`, which says nothing and is sent by clients that always send something.
const EMPTY_OBJECT: u64 = 2;

/// `GET /api/openapi.json`
pub async fn show(request: HttpRequest) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(at(&here(&request)).to_string())
}

/// What the document says of the path that was asked for.
fn told_of(request: &HttpRequest) -> &'static Value {
    let pattern = request.match_pattern().unwrap_or_default().replacen("/api/v1/", "/api/", 1);
    &document()["paths"][pattern.as_str()]
}

/// Refuses a parameter that the operation does not have, one without a value, and a body where none is taken.
///
/// # Errors
/// Names the parameter.
pub fn check_request(request: &HttpRequest) -> Result<(), Refusal> {
    let operation = &told_of(request)[request.method().as_str().to_ascii_lowercase()];
    let all = operation["parameters"].as_array().into_iter().flatten();
    let known: Vec<&str> = all.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str()).collect();
    for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        if !known.contains(&name.as_ref()) {
            let message = match known.as_slice() {
                [] => format!("This takes no parameter called {name} in the address, nor any other."),
                known => format!("There is no parameter called {name}. Known are {}.", known.join(", ")),
            };
            let known = known.into_iter().map(str::to_owned).collect();
            return Err(Refusal::field("request.unknown_parameter", name, message).allowing(known));
        }
        if value.trim().is_empty() {
            return Err(empty(&name));
        }
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if operation["requestBody"].is_null() && length.unwrap_or(0) > EMPTY_OBJECT {
        let message = match known.as_slice() {
            [] => "This takes no body. Nothing was changed; send it without one.".to_owned(),
            known => format!("This takes no body. Send {} as parameters of the address.", known.join(", ")),
        };
        return Err(Refusal::field("request.unknown_field", "", message));
    }
    Ok(())
}

/// Tells who used a method that an address does not take which ones it takes (`Allow`).
///
/// # Errors
/// What comes from below.
pub async fn tell_methods(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut answer = next.call(request).await?;
    if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
        let path = told_of(answer.request());
        let mut taken: Vec<String> =
            METHODS.iter().filter(|method| path[**method].is_object()).map(|method| method.to_uppercase()).collect();
        if taken.is_empty() {
            taken.push("GET".to_owned());
        }
        if let Ok(value) = HeaderValue::from_str(&taken.join(", ")) {
            answer.headers_mut().insert(header::ALLOW, value);
        }
    }
    Ok(answer)
}
