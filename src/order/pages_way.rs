//! The addresses of an order's pages, and the way back to the list and the tab one came from.

use actix_web::{HttpRequest, HttpResponse};

use crate::error::{Error, Result};
use crate::web::{self, see_other};

/// Which part of the conversation is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Messages with the customer.
    Chat,
    /// Notes of staff.
    Notes,
    /// Everything that happened.
    History,
}

impl Tab {
    /// Its place below the order's address.
    pub fn path(self) -> &'static str {
        match self {
            Tab::Chat => "",
            Tab::Notes => "/notes",
            Tab::History => "/history",
        }
    }
}

/// The address of a page of an order.
pub fn address(number: i64, tab: Tab, from: &str) -> String {
    with_from(&format!("/orders/{number}{}", tab.path()), from)
}

pub(super) fn with_from(path: &str, from: &str) -> String {
    if from.is_empty() {
        return path.to_owned();
    }
    let joint = if path.contains('?') { '&' } else { '?' };
    format!("{path}{joint}from={}", encoded(from))
}

/// As a value in an address.
pub fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Where to go after a change: where one came from if that is a page of this desk, else the order.
pub fn way_back(back: &str, number: i64) -> String {
    let inside = back.starts_with('/')
        && !back.starts_with("//")
        && !back.contains('\\')
        && !back.chars().any(char::is_control)
        && back.len() <= 4_000;
    if inside { back.to_owned() } else { format!("/orders/{number}") }
}

/// The list's query inside a way back, so that a page shown again keeps it.
pub fn from_of(back: &str) -> String {
    let query = back.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "from")
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

/// The tab that a way back leads to.
pub fn tab_of(back: &str) -> Tab {
    let path = back.split(['?', '#']).next().unwrap_or_default();
    [Tab::Notes, Tab::History].into_iter().find(|tab| path.ends_with(tab.path())).unwrap_or(Tab::Chat)
}

/// Sends the browser on: by a redirect, or by telling htmx to go there.
pub fn went(request: &HttpRequest, location: &str) -> HttpResponse {
    if web::wants_fragment(request) {
        HttpResponse::Ok().insert_header(("HX-Redirect", location)).finish()
    } else {
        see_other(location)
    }
}

/// The number in an address: digits only, as people write it.
///
/// # Errors
/// Missing for anything that cannot be a number of an order.
pub fn number_of(text: &str) -> Result<i64> {
    let known = text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    match text.parse() {
        Ok(number) if known => Ok(number),
        _ => Err(Error::Missing(format!("order {}", text.chars().take(40).collect::<String>()))),
    }
}
