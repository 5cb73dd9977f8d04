//! When a message is sent again, and what an answer means. Pure.

/// Seconds before each try, from the first on.
const WAITS: [i64; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// The longest that a receiver may ask us to wait: a day.
const LONGEST_PAUSE: i64 = 86_400;
/// How long an endpoint is left alone that says it is too much and does not say for how long.
const USUAL_PAUSE: i64 = 30;

/// What came of sending a message once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Milliseconds until it was there.
    pub took_ms: i64,
    /// HTTP status; none if there was no answer.
    pub status: Option<u16>,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The beginning of the body.
    pub body: String,
    /// Why there was no answer, in a sentence.
    pub problem: String,
}

/// What an answer means for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// It was not; another try follows, and nothing else is sent to the endpoint for so many seconds.
    Failed { pause: i64 },
    /// The endpoint wants nothing more.
    Gone,
}

/// What an answer means, at `now` in seconds since 1970. Every 2xx is success; a redirect is none.
pub fn judge(answer: &Answer, now: i64) -> Verdict {
    let asked = answer.retry_after.as_deref().and_then(|text| seconds_asked(text, now));
    match answer.status {
        Some(200..=299) => Verdict::Taken,
        Some(410) => Verdict::Gone,
        Some(429 | 502 | 503 | 504) => Verdict::Failed { pause: asked.unwrap_or(USUAL_PAUSE).clamp(0, LONGEST_PAUSE) },
        _ => Verdict::Failed { pause: 0 },
    }
}

/// `Retry-After` in seconds: a number, or a date of HTTP.
fn seconds_asked(text: &str, now: i64) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds));
    }
    let date = chrono::NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok()?;
    Some((date.and_utc().timestamp() - now).max(0))
}

/// Seconds until the next try after so many, or none if that was the last. `chance` from 0 to 999 spreads
/// them by up to a tenth, so that what failed together does not come back together.
pub fn wait_after(tries: i64, chance: u32) -> Option<i64> {
    let wait = *WAITS.get(usize::try_from(tries).ok()?)?;
    Some(wait + wait * i64::from(chance.min(999)) / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<&str>) -> Answer {
        Answer {
            took_ms: 1,
            status: (status > 0).then_some(status),
            retry_after: retry_after.map(str::to_owned),
            body: String::new(),
            problem: String::new(),
        }
    }

    #[test]
    fn only_two_hundreds_are_success() {
        for (status, verdict) in [
            (200, Verdict::Taken),
            (204, Verdict::Taken),
            (301, Verdict::Failed { pause: 0 }),
            (404, Verdict::Failed { pause: 0 }),
            (410, Verdict::Gone),
            (500, Verdict::Failed { pause: 0 }),
            (503, Verdict::Failed { pause: 30 }),
            (0, Verdict::Failed { pause: 0 }),
        ] {
            assert_eq!(judge(&answer(status, None), 0), verdict, "{status}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_a_pause_of_up_to_a_day() {
        let now = 1_784_000_000;
        for (text, pause) in [
            ("120", 120),
            (" 0 ", 0),
            ("999999", 86_400),
            ("99999999999999999999", 30),
            ("-5", 30),
            ("soon", 30),
            ("Tue, 14 Jul 2026 03:33:25 GMT", 5),
            ("Mon, 13 Jul 2026 03:33:25 GMT", 0),
        ] {
            assert_eq!(judge(&answer(429, Some(text)), now), Verdict::Failed { pause }, "{text}");
        }
    }

    #[test]
    fn there_are_ten_tries_over_three_days_and_a_half() {
        let waits: Vec<i64> = (0..).map_while(|tries| wait_after(tries, 0)).collect();
        assert_eq!(waits, WAITS);
        assert_eq!((wait_after(10, 0), wait_after(-1, 0)), (None, None));
        assert_eq!(wait_after(2, 999), Some(329));
    }
}
