//! Refuses changes that another site asks for. Browsers say where a request comes from
//! (`Sec-Fetch-Site`, `Origin`); a request that says nothing passes only if it brings no cookie, as
//! a program with a key does.

use actix_web::HttpRequest;
use actix_web::http::{Method, header};

use crate::error::{Refusal, RefusalKind};

/// Whether this request may change something, as far as its origin goes.
pub(super) fn check(request: &HttpRequest) -> Result<(), Refusal> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) || is_for_programs(request.path()) {
        return Ok(());
    }
    let text = |name: header::HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    // A browser that sends no referrer calls the origin of such a form "null". Who knows the secret may ask.
    if is_secret(request.path()) && matches!(site, None | Some("same-origin" | "none")) {
        return Ok(());
    }
    let trusted = judge(site, text(header::ORIGIN), text(header::HOST), text(header::COOKIE).is_some());
    if trusted {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalKind::Forbidden,
        "request.other_site",
        "This came from another site, so nothing was changed. Open the page here and send it again.",
    ))
}

/// Whether an address takes keys and never cookies, so that no browser can be made to use it.
pub(super) fn is_for_programs(path: &str) -> bool {
    ["/api/", "/oauth/", "/.well-known/"].iter().any(|begin| path.starts_with(begin)) || path == "/whatsapp"
}

/// Where addresses that are secrets begin.
pub(super) const SECRET: &str = "/t/";

/// Whether knowing an address is what lets one in, so that it must not be told to anybody.
pub(super) fn is_secret(path: &str) -> bool {
    path.starts_with(SECRET)
}

fn judge(site: Option<&str>, origin: Option<&str>, host: Option<&str>, cookie: bool) -> bool {
    if let Some(site) = site
        && !matches!(site, "same-origin" | "none")
    {
        return false;
    }
    match origin {
        Some(origin) => {
            let there = origin.split_once("://").map(|(_, rest)| rest);
            host.is_some() && there == host
        }
        None => site.is_some() || !cookie,
    }
}

#[cfg(test)]
mod tests {
    use super::judge;

    #[test]
    fn another_site_is_refused_and_this_one_is_not() {
        let host = Some("desk.example:8080");
        assert!(judge(Some("same-origin"), Some("https://desk.example:8080"), host, true));
        assert!(judge(Some("none"), None, host, true));
        assert!(judge(None, Some("http://desk.example:8080"), host, true));
        assert!(!judge(Some("cross-site"), Some("https://evil.example"), host, true));
        assert!(!judge(Some("same-site"), None, host, true));
        assert!(!judge(None, Some("https://evil.example"), host, false));
        assert!(!judge(None, Some("null"), host, true));
    }

    #[test]
    fn a_request_that_says_nothing_passes_only_without_a_cookie() {
        assert!(judge(None, None, Some("desk.example"), false));
        assert!(!judge(None, None, Some("desk.example"), true));
    }
}
