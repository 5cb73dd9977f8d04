//! How guesses at passwords are slowed down, for an account and for an address.

use crate::error::{Refusal, RefusalKind};
use crate::time::UtcTime;

/// Failures that cost nothing.
const FREE_FOR_ACCOUNT: i64 = 5;
/// A shop's people often share one address.
const FREE_FOR_ADDRESS: i64 = 20;
/// The first delay; each further failure doubles it.
const FIRST_SECONDS: i64 = 15;
/// The longest delay.
const LONGEST_SECONDS: i64 = 15 * 60;
/// Failures older than this are forgotten.
pub const FORGET_SECONDS: i64 = 60 * 60;

/// What is kept of somebody's failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// How many in a row.
    pub count: i64,
    /// Until when no further try is looked at.
    pub blocked_until: i64,
    /// When the last one was.
    pub last_at: i64,
}

/// Whose failures are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// An account, known or not.
    Account,
    /// A network address.
    Address,
}

impl Failures {
    /// Seconds to wait before the next try, if any.
    pub fn wait(&self, now: UtcTime) -> Option<i64> {
        let seconds = UtcTime(self.blocked_until).seconds_since(now);
        (self.blocked_until > now.0).then_some(seconds.max(0) + 1)
    }

    /// With one more failure.
    pub fn after_another(self, of: Of, now: UtcTime) -> Self {
        let fresh = now.seconds_since(UtcTime(self.last_at)) > FORGET_SECONDS;
        let count = if fresh { 1 } else { self.count.saturating_add(1) };
        let free = match of {
            Of::Account => FREE_FOR_ACCOUNT,
            Of::Address => FREE_FOR_ADDRESS,
        };
        let over = count - free;
        let delay = if over < 0 { 0 } else { FIRST_SECONDS.saturating_mul(1 << over.min(20)).min(LONGEST_SECONDS) };
        let blocked_until = if delay == 0 { 0 } else { now.plus_seconds(delay).0 };
        Failures { count, blocked_until, last_at: now.0 }
    }
}

/// What is told to whoever must wait; the seconds go into the answer's `Retry-After`.
pub fn too_many(seconds: i64) -> Refusal {
    let wait = if seconds < 90 { format!("{seconds} seconds") } else { format!("{} minutes", (seconds + 59) / 60) };
    Refusal::new(RefusalKind::TooMany, "sign_in.too_many", format!("Too many tries. Wait {wait}, then try again."))
        .after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(times: i64, of: Of) -> Failures {
        (0..times).fold(Failures::default(), |failures, _| failures.after_another(of, UtcTime(1_000_000)))
    }

    #[test]
    fn the_first_failures_are_free_and_then_the_delay_doubles() {
        let now = UtcTime(1_000_000);
        assert_eq!(failed(4, Of::Account).wait(now), None);
        assert_eq!(failed(5, Of::Account).wait(now), Some(16));
        assert_eq!(failed(6, Of::Account).wait(now), Some(31));
        assert_eq!(failed(40, Of::Account).wait(now), Some(901));
        assert_eq!(failed(19, Of::Address).wait(now), None);
        assert!(failed(20, Of::Address).wait(now).is_some());
    }

    #[test]
    fn an_hour_of_quiet_is_forgiven() {
        let later = UtcTime(1_000_000).plus_seconds(FORGET_SECONDS + 1);
        assert_eq!(failed(9, Of::Account).after_another(Of::Account, later).count, 1);
    }
}
