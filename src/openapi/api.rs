//! The document itself.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};

use super::everywhere::METHODS;
use super::{at, document};
use crate::web::here;

/// `GET /api/openapi.json`
pub async fn show(request: HttpRequest) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(at(&here(&request)).to_string())
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
        let pattern = answer.request().match_pattern().unwrap_or_default().replacen("/api/v1/", "/api/", 1);
        let path = &document()["paths"][pattern.as_str()];
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
