//! What can go wrong. A [`Refusal`] is told to a person: what happened and what to do, with a
//! stable code. Everything else is ours: it is logged once at the edge and the person sees a
//! reference. Status codes are chosen in `web/` and `api/` only.

use std::fmt;

/// Why something was refused; the edges turn it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The input is missing, malformed or out of range.
    Invalid,
    /// Nobody is signed in, or the credentials are wrong.
    Unauthenticated,
    /// The person is known but may not do this.
    Forbidden,
    /// The thing is not in a state that allows this.
    State,
    /// Someone changed it since it was read.
    Stale,
    /// More was sent than is taken.
    TooLarge,
    /// Not a kind of content that is taken.
    Unsupported,
    /// Too often; try again later.
    TooMany,
    /// The thing is no longer at the version that the caller asked for.
    Precondition,
    /// The caller must say which version it changes.
    PreconditionNeeded,
    /// A key that was used for another request before.
    Reused,
    /// The desk cannot take it just now.
    Busy,
}

/// A problem with one field of a form or body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Name of the field as posted.
    pub field: String,
    /// A sentence that says what to do.
    pub message: String,
}

/// A refusal told to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind it is.
    pub kind: RefusalKind,
    /// Stable code for programs, such as `order.stage_not_allowed`.
    pub code: &'static str,
    /// What happened and what to do, in whole sentences.
    pub message: String,
    /// Problems with single fields, if any.
    pub fields: Vec<FieldProblem>,
    /// What would have been allowed instead, such as the slugs of stages.
    pub allowed: Vec<String>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<i64>,
    /// The thing as it is now, for programs whose copy is stale.
    pub current: Option<Box<Current>>,
}

/// A thing at its present version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// Its version.
    pub version: i64,
    /// Its representation as JSON, where the caller can be shown it.
    pub json: Option<String>,
}

impl Refusal {
    /// A refusal without field problems.
    pub fn new(kind: RefusalKind, code: &'static str, message: impl Into<String>) -> Self {
        Refusal {
            kind,
            code,
            message: message.into(),
            fields: Vec::new(),
            allowed: Vec::new(),
            retry_after: None,
            current: None,
        }
    }
    /// Bad input as a whole.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, code, message)
    }
    /// Bad input in one field; the message is also the refusal's own.
    pub fn field(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut refusal = Self::new(RefusalKind::Invalid, code, message.clone());
        refusal.fields.push(FieldProblem { field: field.into(), message });
        refusal
    }
    /// A refusal because what a field gives belongs to another already.
    pub fn taken(code: &'static str, field: &str, message: impl Into<String>) -> Self {
        Refusal { kind: RefusalKind::State, ..Refusal::field(code, field, message) }
    }
    /// Several fields at once. `fields` must not be empty.
    pub fn fields(code: &'static str, fields: Vec<FieldProblem>) -> Self {
        let message = match fields.as_slice() {
            [only] => only.message.clone(),
            many => format!("{} fields need your attention.", many.len()),
        };
        Refusal { fields, ..Self::invalid(code, message) }
    }
    /// Not possible in the present state.
    pub fn state(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::State, code, message)
    }
    /// With the list of what would have been allowed.
    pub fn allowing(mut self, allowed: Vec<String>) -> Self {
        self.allowed = allowed;
        self
    }
    /// With the seconds after which trying again makes sense.
    pub fn after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
    /// The problem of one field, if it has one.
    pub fn problem(&self, field: &str) -> Option<&str> {
        self.fields.iter().find(|f| f.field == field).map(|f| f.message.as_str())
    }
}

/// Anything that stops a verb.
#[derive(Debug)]
pub enum Error {
    /// Told to a person.
    Refused(Box<Refusal>),
    /// There is no such thing, or this actor may not know of it. Names the thing: `order 10468`.
    Missing(String),
    /// Ours: the database, the disk, a bug.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

/// A result whose error is the house's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A fault of ours, described for the log.
    pub fn broken(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Error::Broken(what.into())
    }
    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Error::Refused(refusal) => Some(refusal),
            Error::Missing(_) | Error::Broken(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(refusal) => {
                f.write_str(&refusal.message)?;
                for problem in refusal.fields.iter().filter(|p| p.message != refusal.message) {
                    write!(f, " {}: {}", problem.field, problem.message)?;
                }
                Ok(())
            }
            Error::Missing(what) => write!(f, "There is no {what}."),
            Error::Broken(cause) => write!(f, "{cause}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Error::Refused(Box::new(refusal))
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        if crate::db::dialect::lost_to_another(&error) {
            tracing::warn!(%error, "another transaction was first");
            return crate::db::busy();
        }
        Error::Broken(Box::new(error))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Broken(Box::new(error))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::Broken(Box::new(error))
    }
}
