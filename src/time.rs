//! Instants and local days. An instant is microseconds since 1970 in UTC everywhere; a day belongs
//! to a shop's time zone and is worked out here only.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

/// An instant: microseconds since 1970-01-01T00:00:00Z, stored as `BIGINT` on both databases so
/// that it reads back exactly as written.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, AsExpression, FromSqlRow,
)]
#[diesel(sql_type = BigInt)]
#[serde(transparent)]
pub struct UtcTime(pub i64);
crate::bigint_column!(UtcTime);

impl UtcTime {
    /// The present instant.
    pub fn now() -> Self {
        UtcTime(Utc::now().timestamp_micros())
    }
    /// From chrono, cut to microseconds.
    pub fn from_datetime(at: DateTime<Utc>) -> Self {
        UtcTime(at.timestamp_micros())
    }
    /// For formatting and calendar arithmetic. An instant outside chrono's range becomes 1970.
    pub fn datetime(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }
    /// This instant moved by whole seconds; negative goes back.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        UtcTime(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }
    /// This instant moved by whole minutes; negative goes back.
    pub fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_seconds(minutes.saturating_mul(60))
    }
    /// Seconds from `earlier` to this instant; negative if this one is earlier.
    pub fn seconds_since(self, earlier: UtcTime) -> i64 {
        (self.0.saturating_sub(earlier.0)) / 1_000_000
    }
    /// RFC 3339 in UTC to the second: `2026-11-21T14:41:00Z`.
    pub fn rfc3339(self) -> String {
        self.datetime().format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
    /// RFC 3339 in UTC to the minute, which is all that pages show: `2026-11-21T14:41Z`.
    pub fn minute(self) -> String {
        self.datetime().format("%Y-%m-%dT%H:%MZ").to_string()
    }
    /// The wall clock of `zone` at this instant.
    pub fn local(self, zone: Tz) -> NaiveDateTime {
        self.datetime().with_timezone(&zone).naive_local()
    }
    /// The local day of `zone` at this instant.
    pub fn local_day(self, zone: Tz) -> NaiveDate {
        self.local(zone).date()
    }
}

/// The instant at which a local day begins in `zone`. Where midnight does not exist (a clock put
/// forward at midnight) it is the first instant that does.
pub fn start_of_day(day: NaiveDate, zone: Tz) -> UtcTime {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    instant_of(midnight, zone)
}

/// The instant at which a wall clock in `zone` shows `local`; the earlier one where it shows twice.
pub fn instant_of(local: NaiveDateTime, zone: Tz) -> UtcTime {
    let mut wanted = local;
    for _ in 0..8 {
        if let Some(found) = zone.from_local_datetime(&wanted).earliest() {
            return UtcTime::from_datetime(found.with_timezone(&Utc));
        }
        wanted += Duration::minutes(30);
    }
    UtcTime::from_datetime(DateTime::from_naive_utc_and_offset(local, Utc))
}

/// How an instant is written for people who look at it now: `14:41` today, `Fri 21:17` within a
/// week, `19 Nov` this year, `19 Nov 2024` otherwise. Both instants are read in the shop's zone.
pub fn short_when(at: UtcTime, now: UtcTime, zone: Tz) -> String {
    let (there, here) = (at.local(zone), now.local(zone));
    let days = here.date().signed_duration_since(there.date()).num_days();
    match days {
        0 => there.format("%H:%M").to_string(),
        1..=6 => there.format("%a %H:%M").to_string(),
        _ if there.year() == here.year() => there.format("%-d %b").to_string(),
        _ => there.format("%-d %b %Y").to_string(),
    }
}

/// The full form for titles and paper: `Fri 20 Nov 2026, 19:48`.
pub fn long_when(at: UtcTime, zone: Tz) -> String {
    at.local(zone).format("%a %-d %b %Y, %H:%M").to_string()
}

/// A day in full, for paper: `Fri 20 Nov 2026`.
pub fn long_day(at: UtcTime, zone: Tz) -> String {
    at.local(zone).format("%a %-d %b %Y").to_string()
}

/// A length of time that has just passed: `12 s`, otherwise as [`short_span`].
pub fn brief_span(seconds: i64) -> String {
    match seconds.unsigned_abs() {
        under @ 0..60 => format!("{under} s"),
        _ => short_span(seconds),
    }
}

/// A length of time for a table cell: `7 min`, `2h 12m`, `1d 2h`. Takes seconds; the sign is dropped.
pub fn short_span(seconds: i64) -> String {
    let minutes = seconds.unsigned_abs() / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours) {
        (0, 0) => format!("{rest} min"),
        (0, _) => format!("{hours}h {rest}m"),
        _ if hours == 0 => format!("{days}d"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcTime {
        UtcTime::from_datetime(text.parse().expect("a valid instant"))
    }

    #[test]
    fn a_day_begins_in_the_shops_zone() {
        let zone = chrono_tz::Europe::Amsterdam;
        let day = NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day");
        assert_eq!(start_of_day(day, zone), at("2026-11-20T23:00:00Z"));
        assert_eq!(at("2026-11-20T23:30:00Z").local_day(zone), day);
    }

    #[test]
    fn a_midnight_that_does_not_exist_begins_when_the_clock_does() {
        // Lebanon puts its clock forward at midnight.
        let zone = chrono_tz::Asia::Beirut;
        let day = NaiveDate::from_ymd_opt(2024, 3, 31).expect("a day");
        assert_eq!(start_of_day(day, zone), at("2024-03-30T22:00:00Z"));
    }

    #[test]
    fn times_are_written_by_their_distance() {
        let zone = chrono_tz::UTC;
        let now = at("2026-11-21T15:00:00Z");
        assert_eq!(short_when(at("2026-11-21T14:41:00Z"), now, zone), "14:41");
        assert_eq!(short_when(at("2026-11-20T21:17:00Z"), now, zone), "Fri 21:17");
        assert_eq!(short_when(at("2026-11-02T21:17:00Z"), now, zone), "2 Nov");
        assert_eq!(short_when(at("2024-11-02T21:17:00Z"), now, zone), "2 Nov 2024");
    }

    #[test]
    fn spans_are_short() {
        assert_eq!(short_span(7 * 60), "7 min");
        assert_eq!(short_span(-(2 * 3600 + 12 * 60)), "2h 12m");
        assert_eq!(short_span(26 * 3600), "1d 2h");
    }
}
