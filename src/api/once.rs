//! Keys that make a repeated request do its work once (domain: idempotency). The key is written in the
//! transaction of the work: either both are there or neither is, and a twin that comes while the first
//! is under way waits for it and is then given its answer.

use super::reply::Reply;
use super::store::{self, Kept};
use crate::db::Tx;
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::web::problem_json;

/// Longest key that is taken.
const LONGEST: usize = 255;

/// What a request is told apart by.
#[derive(Clone, Debug)]
pub struct Once {
    /// Whose key it is.
    pub credential: String,
    /// The key.
    pub key: String,
    /// As [`super::fingerprint`] makes it.
    pub fingerprint: String,
    /// Reference of this request, for the problem it may end in.
    pub reference: String,
    /// Path of this request.
    pub path: String,
}

/// Runs `work` unless this credential used this key before; then answers as it did the first time. A
/// refusal because of the present state is kept like a success; one because of bad input is not, nor is
/// a fault of ours, so that the corrected request may use the key.
///
/// # Errors
/// Refuses a key that is none, and one that was used for another request.
pub fn once(tx: &mut Tx<'_>, this: &Once, work: impl FnOnce(&mut Tx<'_>) -> Result<Reply>) -> Result<Reply> {
    if this.key.is_empty() || this.key.len() > LONGEST || !this.key.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        let message = "An Idempotency-Key has 1 to 255 printable ASCII characters. Use a new UUID for each request.";
        return Err(Refusal::invalid("idempotency.key", message).into());
    }
    if let Some(kept) = store::claim(tx, &this.credential, &this.key, &this.fingerprint)? {
        return replayed(this, kept);
    }
    let reply = match tx.attempt(work) {
        Ok(reply) => reply,
        Err(error) if error.refusal().is_some_and(|refusal| refusal.kind == RefusalKind::State) => {
            let (status, body) = problem_json(&error, &this.reference, &this.path);
            Reply::problem(status, body)
        }
        Err(error) => return Err(error),
    };
    store::keep(tx, &this.credential, &this.key, &reply)?;
    Ok(reply)
}

fn replayed(this: &Once, kept: Kept) -> Result<Reply> {
    if kept.fingerprint != this.fingerprint {
        return Err(Error::from(Refusal::new(
            RefusalKind::Reused,
            "idempotency.reused",
            "This Idempotency-Key was used for another request. Use a new key for a new request.",
        )));
    }
    Ok(kept.reply.header("Idempotent-Replayed", "true"))
}
