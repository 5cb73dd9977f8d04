//! A message carried over a redirect in the session, shown once as a toast.

use actix_session::Session;
use serde::{Deserialize, Serialize};

const KEY: &str = "toast";

/// What is said after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toast {
    /// A sentence: `#10468 moved to Shipped.`
    pub text: String,
    /// How to take it back, while that is possible.
    pub undo: Option<Undo>,
}

/// A form of one button that takes a change back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Where it is posted.
    pub action: String,
    /// Hidden fields, such as the version.
    pub fields: Vec<(String, String)>,
}

impl Toast {
    /// A message without undo.
    pub fn new(text: impl Into<String>) -> Self {
        Toast { text: text.into(), undo: None }
    }
    /// With a button that posts the version to `action`.
    pub fn with_undo(mut self, action: impl Into<String>, fields: Vec<(String, String)>) -> Self {
        self.undo = Some(Undo { action: action.into(), fields });
        self
    }
}

/// Keeps a message for the next page. A later one replaces it.
pub fn put_toast(session: &Session, toast: &Toast) {
    if let Err(error) = session.insert(KEY, toast) {
        tracing::warn!(%error, "a message could not be kept");
    }
}

/// Takes the message kept for this page. Where there is none the session stays as it is: taking from it would
/// have it written again with every page.
pub fn take_toast(session: &Session) -> Option<Toast> {
    if !session.contains_key(KEY) {
        return None;
    }
    session.remove_as::<Toast>(KEY).and_then(Result::ok)
}
