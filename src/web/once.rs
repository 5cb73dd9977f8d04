//! Forms that create something carry a one-time token, so that a double click makes one thing and
//! both clicks land on it.

use super::store;
use crate::db::Tx;
use crate::error::{Refusal, Result};

/// Where a form with a one-time token ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where to send the browser.
    pub location: String,
    /// Whether an earlier click did the work.
    pub repeated: bool,
}

/// Runs `work` unless this credential used this token before; then answers as it did the first time.
/// `work` returns where to send the browser. Everything is one transaction: if `work` fails the token
/// stays unused. `credential` is whose token it is, such as `staff:7`.
///
/// # Errors
/// Refuses a token that is none, and whatever `work` refuses.
pub fn once(
    tx: &mut Tx<'_>,
    credential: &str,
    token: &str,
    work: impl FnOnce(&mut Tx<'_>) -> Result<String>,
) -> Result<Outcome> {
    if token.is_empty() || token.len() > 64 || !token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Refusal::invalid(
            "form.token",
            "This form was not made by the desk or was changed on the way. Open the page again and send it from there.",
        )
        .into());
    }
    if let Some(location) = store::claim_token(tx, credential, token)? {
        return Ok(Outcome { location, repeated: true });
    }
    let location = work(tx)?;
    store::keep_outcome(tx, credential, token, &location)?;
    Ok(Outcome { location, repeated: false })
}
