//! How often a key may ask: a bucket for each, in this process. Several instances on one database allow
//! as many times as much.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::error::{Refusal, RefusalKind};

type Bucket = RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>;

/// The buckets of every key that has asked.
#[derive(Clone, Default)]
pub struct Limits(Arc<Mutex<HashMap<i64, (NonZeroU32, Arc<Bucket>)>>>);

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
            let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
}
