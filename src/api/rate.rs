//! How often a key may ask, and how many wrong tokens an address may send: a bucket for each, in this
//! process. Several instances on one database allow as many times as much.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::error::{Refusal, RefusalKind};

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// Wrong tokens that an address may send in a minute before it is told to wait. A shop's programs often
/// share one address.
const WRONG_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(29);
/// Addresses that are remembered before those that have been quiet for a minute are forgotten.
const ADDRESSES: usize = 10_000;

/// The buckets of every key that has asked, and of every address that sent a wrong token.
#[derive(Clone, Default)]
pub struct Limits {
    keys: Arc<Mutex<HashMap<i64, (NonZeroU32, Arc<Bucket>)>>>,
    addresses: Arc<Mutex<HashMap<String, (Instant, Arc<Bucket>)>>>,
}

/// What is left of a key's minute.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    limit: u32,
    remaining: u32,
    /// Seconds until all of it is there again.
    reset: u32,
}

impl Left {
    /// The headers that tell (draft-ietf-httpapi-ratelimit-headers-07).
    pub fn headers(self) -> [(HeaderName, HeaderValue); 4] {
        [
            (HeaderName::from_static("ratelimit-limit"), HeaderValue::from(self.limit)),
            (HeaderName::from_static("ratelimit-remaining"), HeaderValue::from(self.remaining)),
            (HeaderName::from_static("ratelimit-reset"), HeaderValue::from(self.reset)),
            (
                HeaderName::from_static("ratelimit-policy"),
                HeaderValue::from_str(&format!("{};w=60", self.limit)).unwrap_or(HeaderValue::from_static("")),
            ),
        ]
    }
}

impl Limits {
    /// Takes one request of a key that may make so many a minute.
    ///
    /// # Errors
    /// Refuses when none is left, with the seconds until there is one.
    pub fn take(&self, key: i64, per_minute: u32) -> Result<Left, Refusal> {
        let limit = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let bucket = {
            let mut buckets = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = || (limit, Arc::new(bucket_of(limit)));
            let known = buckets.entry(key).or_insert_with(fresh);
            if known.0 != limit {
                *known = fresh();
            }
            known.1.clone()
        };
        match bucket.check() {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity().min(limit.get());
                let used = u64::from(limit.get() - remaining);
                let reset = u32::try_from((used * 60).div_ceil(u64::from(limit.get()))).unwrap_or(60);
                Ok(Left { limit: limit.get(), remaining, reset })
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
                let message = format!("This key may make {limit} requests a minute. Wait {wait} s, then try again.");
                let wait = i64::try_from(wait).unwrap_or(60);
                Err(Refusal::new(RefusalKind::TooMany, "rate.exceeded", message).after(wait))
            }
        }
    }
}

impl Limits {
    /// Counts a wrong token from an address. Tokens are looked up before they are counted, so that a right
    /// one is never made to wait for what others behind its address do: nobody guesses 256 random bits, and
    /// what this saves us from is a program that keeps sending a token that was revoked.
    ///
    /// # Errors
    /// Refuses after too many, with the seconds to wait.
    pub fn wrong_token(&self, address: &str) -> Result<(), Refusal> {
        let bucket = {
            let mut buckets = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
            if buckets.len() >= ADDRESSES {
                // After a minute of quiet a bucket is full again: nothing is lost with it.
                buckets.retain(|_, (at, _)| at.elapsed() < Duration::from_secs(60));
            }
            if buckets.len() >= ADDRESSES {
                buckets.clear();
            }
            let known = buckets
                .entry(address.to_owned())
                .or_insert_with(|| (Instant::now(), Arc::new(bucket_of(WRONG_PER_MINUTE))));
            known.0 = Instant::now();
            known.1.clone()
        };
        bucket.check().map(|_| ()).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            let message = format!(
                "Too many wrong tokens came from your address. Check the token, wait {wait} s, then try again."
            );
            Refusal::new(RefusalKind::TooMany, "token.too_many", message).after(i64::try_from(wait).unwrap_or(60))
        })
    }
}

fn bucket_of(limit: NonZeroU32) -> Bucket {
    RateLimiter::direct(Quota::per_minute(limit)).with_middleware::<StateInformationMiddleware>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_bucket_of_its_own() {
        let limits = Limits::default();
        let left: Vec<u32> = (0..3).filter_map(|_| limits.take(1, 3).ok()).map(|left| left.remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = limits.take(1, 3).expect_err("nothing left");
        assert!(refused.retry_after.is_some_and(|seconds| (1..=21).contains(&seconds)));
        assert!(limits.take(2, 3).is_ok());
        assert!(limits.take(1, 100).is_ok(), "a new limit is a new bucket");
    }

    #[test]
    fn wrong_tokens_are_counted_by_address_and_addresses_are_forgotten() {
        let limits = Limits::default();
        let taken = (0..100).take_while(|_| limits.wrong_token("192.0.2.1").is_ok()).count();
        assert_eq!(taken, 30);
        let refused = limits.wrong_token("192.0.2.1").expect_err("nothing left");
        assert_eq!(refused.retry_after, Some(2));
        for number in 0..=ADDRESSES {
            assert!(limits.wrong_token(&format!("[::{number:x}]")).is_ok());
        }
        assert!(limits.addresses.lock().is_ok_and(|known| known.len() <= ADDRESSES));
    }
}
