//! Sending a message once.

use std::time::Instant;

use super::schedule::Answer;
use crate::outside::{self, Outside, guard};

/// How much of an answer is read and kept, in bytes.
const KEPT: u64 = 4_096;

/// A message ready to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// `webhook-id`.
    pub message: String,
    /// `webhook-timestamp`.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// What is said.
    pub body: String,
}

/// Sends a message and waits for the answer, which is never an error: whatever goes wrong is told in it. Blocks.
pub fn send(outside: &Outside, outgoing: &Outgoing) -> Answer {
    let began = Instant::now();
    let sent = outside
        .agent()
        .post(&outgoing.url)
        .header("content-type", "application/json")
        .header("webhook-id", &outgoing.message)
        .header("webhook-timestamp", outgoing.timestamp.to_string())
        .header("webhook-signature", &outgoing.signature)
        .send(outgoing.body.as_bytes());
    let mut answer =
        Answer { took_ms: 0, status: None, retry_after: None, body: String::new(), problem: String::new() };
    match sent {
        Ok(mut response) => {
            answer.status = Some(response.status().as_u16());
            let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
            answer.retry_after = header("retry-after").map(str::to_owned);
            if response.status().is_redirection() {
                let to = header("location").map(|to| format!(" to {}", guard::shown(to))).unwrap_or_default();
                answer.problem = format!("It answered with a redirect{to}, which is not followed.");
            }
            let body = outside::beginning(response.body_mut().as_reader(), KEPT);
            // Postgres takes no text with a zero in it.
            answer.body = String::from_utf8_lossy(&body).replace('\0', "");
        }
        Err(error) => answer.problem = outside.words(&error),
    }
    answer.took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    answer
}
