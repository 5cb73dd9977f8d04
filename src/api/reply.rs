//! Answers: status, body and the headers that go with them.

use actix_web::http::header;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::time::UtcTime;

/// An answer to a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body; empty for none.
    pub body: String,
    /// Headers besides those that every answer has.
    pub headers: Vec<(String, String)>,
}

impl Reply {
    /// 200 with a body.
    ///
    /// # Errors
    /// Broken if the body cannot be written as JSON.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Reply::of(StatusCode::OK, body)
    }
    /// 201 with a body and where the new thing is.
    ///
    /// # Errors
    /// As [`Reply::ok`].
    pub fn created(location: &str, body: &impl Serialize) -> Result<Self> {
        Ok(Reply::of(StatusCode::CREATED, body)?.header(header::LOCATION.as_str(), location))
    }
    /// 202: a job will do it; its place is told.
    ///
    /// # Errors
    /// As [`Reply::ok`].
    pub fn accepted(location: &str, body: &impl Serialize) -> Result<Self> {
        Ok(Reply::of(StatusCode::ACCEPTED, body)?.header(header::LOCATION.as_str(), location))
    }
    /// 204.
    pub fn none() -> Self {
        Reply { status: StatusCode::NO_CONTENT.as_u16(), body: String::new(), headers: Vec::new() }
    }
    fn of(status: StatusCode, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_string(body).map_err(Error::broken)?;
        let kind = (header::CONTENT_TYPE.to_string(), "application/json".to_owned());
        Ok(Reply { status: status.as_u16(), body, headers: vec![kind] })
    }
    /// A problem that was told once and is told again word for word.
    pub fn problem(status: u16, body: String) -> Self {
        let kind = (header::CONTENT_TYPE.to_string(), "application/problem+json".to_owned());
        Reply { status, body, headers: vec![kind] }
    }
    /// With one more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }
    /// With the version of the thing as its `ETag`.
    pub fn version(self, version: i64) -> Self {
        self.header(header::ETAG.as_str(), &format!("\"{version}\""))
    }
    /// The answer to a request; 304 if the program has this version already.
    pub fn answer(self, request: &HttpRequest) -> HttpResponse {
        let tag = self.headers.iter().find(|(name, _)| name == header::ETAG.as_str()).map(|(_, tag)| tag.as_str());
        let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let unchanged = reads
            && self.status == 200
            && tag.zip(known).is_some_and(|(tag, known)| {
                known.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*")
            });
        let status = if unchanged { StatusCode::NOT_MODIFIED } else { self.status() };
        let mut answer = HttpResponse::build(status);
        for (name, value) in &self.headers {
            if unchanged && name == header::CONTENT_TYPE.as_str() {
                continue;
            }
            answer.append_header((name.as_str(), value.as_str()));
        }
        if reads {
            answer.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        }
        if unchanged { answer.finish() } else { answer.body(self.body) }
    }
    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Where a page of a list goes on.
#[derive(Clone, Debug)]
pub struct Paged {
    /// Address of the list without its cursor.
    pub base: String,
    /// Opaque cursor of the next page.
    pub next: Option<String>,
}

impl Paged {
    /// Puts the `Link` to the next page on an answer (RFC 8288).
    pub fn link(&self, reply: Reply) -> Reply {
        let Some(next) = &self.next else { return reply };
        let cursor: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let joint = if self.base.contains('?') { '&' } else { '?' };
        reply.header(header::LINK.as_str(), &format!("<{}{joint}cursor={cursor}>; rel=\"next\"", self.base))
    }
}

/// An instant as answers write it: RFC 3339 in UTC.
pub fn instant(at: UtcTime) -> String {
    at.rfc3339()
}
