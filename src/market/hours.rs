//! Opening hours of a market: weekdays with their hours, and days on which it is closed. Pure. Hours are
//! those of the market's own clock, so a day on which clocks change is as long as it is.

use std::collections::BTreeSet;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::time::{UtcTime, instant_of};

/// Days looked ahead for the next opening.
const AHEAD: i64 = 400;

/// From when to when a day is open, in minutes after midnight; the end may be 1440.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First minute.
    pub opens: i64,
    /// The minute after the last.
    pub closes: i64,
}

/// Opening hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// Monday to Sunday; none for closed.
    pub week: [Option<Span>; 7],
    /// Days that are closed whatever the weekday.
    pub closed: BTreeSet<NaiveDate>,
}

impl Hours {
    /// Whether any weekday is open.
    pub fn are_given(&self) -> bool {
        self.week.iter().any(Option::is_some)
    }

    /// The instants between which a day is open.
    fn on(&self, day: NaiveDate, zone: Tz) -> Option<(UtcTime, UtcTime)> {
        let index = usize::try_from(day.weekday().num_days_from_monday()).unwrap_or(0);
        let span = self.week[index].filter(|_| !self.closed.contains(&day))?;
        let at = |minute: i64| instant_of(day.and_time(NaiveTime::MIN) + Duration::minutes(minute), zone);
        Some((at(span.opens), at(span.closes)))
    }

    /// Whether it is open at an instant.
    pub fn is_open(&self, at: UtcTime, zone: Tz) -> bool {
        self.on(at.local_day(zone), zone).is_some_and(|(opens, closes)| opens <= at && at < closes)
    }

    /// When it opens next after an instant; nothing if it does not within the next 400 days.
    pub fn next_opening(&self, at: UtcTime, zone: Tz) -> Option<UtcTime> {
        let today = at.local_day(zone);
        (0..=AHEAD)
            .filter_map(|days| self.on(today.checked_add_signed(Duration::days(days))?, zone))
            .map(|(opens, _)| opens)
            .find(|opens| *opens > at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = Tz::Europe__Amsterdam;

    fn at(rfc3339: &str) -> UtcTime {
        UtcTime::from_datetime(rfc3339.parse::<chrono::DateTime<chrono::Utc>>().expect("a time"))
    }
    fn weekdays() -> Hours {
        let day = Some(Span { opens: 9 * 60, closes: 17 * 60 + 30 });
        Hours { week: [day, day, day, day, day, None, None], closed: BTreeSet::new() }
    }

    #[test]
    fn the_end_of_opening_is_closed_and_its_beginning_open() {
        let hours = weekdays();
        // A Friday in winter: 09:00 in Amsterdam is 08:00 UTC.
        assert!(!hours.is_open(at("2026-11-20T07:59:59Z"), ZONE));
        assert!(hours.is_open(at("2026-11-20T08:00:00Z"), ZONE));
        assert!(hours.is_open(at("2026-11-20T16:29:59Z"), ZONE));
        assert!(!hours.is_open(at("2026-11-20T16:30:00Z"), ZONE));
        assert!(!hours.is_open(at("2026-11-21T10:00:00Z"), ZONE), "Saturday");
    }

    #[test]
    fn the_next_opening_passes_over_weekends_and_closed_days() {
        let mut hours = weekdays();
        assert_eq!(hours.next_opening(at("2026-11-20T16:30:00Z"), ZONE), Some(at("2026-11-23T08:00:00Z")));
        assert_eq!(hours.next_opening(at("2026-11-20T03:00:00Z"), ZONE), Some(at("2026-11-20T08:00:00Z")));
        // Christmas: Thursday evening to the Monday after, with Friday and Monday closed.
        for day in ["2026-12-25", "2026-12-28"] {
            hours.closed.insert(day.parse().expect("a day"));
        }
        assert_eq!(hours.next_opening(at("2026-12-24T18:00:00Z"), ZONE), Some(at("2026-12-29T08:00:00Z")));
        assert_eq!(Hours::default().next_opening(at("2026-12-24T18:00:00Z"), ZONE), None);
    }

    #[test]
    fn a_day_on_which_clocks_change_opens_by_its_own_clock() {
        let sunday = Some(Span { opens: 9 * 60, closes: 24 * 60 });
        let hours = Hours { week: [None, None, None, None, None, None, sunday], closed: BTreeSet::new() };
        // 29 March 2026: summer time begins, 09:00 is 07:00 UTC. 25 October: it ends, 09:00 is 08:00 UTC.
        assert_eq!(hours.next_opening(at("2026-03-28T12:00:00Z"), ZONE), Some(at("2026-03-29T07:00:00Z")));
        assert_eq!(hours.next_opening(at("2026-10-24T12:00:00Z"), ZONE), Some(at("2026-10-25T08:00:00Z")));
        assert!(hours.is_open(at("2026-10-25T22:59:59Z"), ZONE), "open until midnight in winter time");
        assert!(!hours.is_open(at("2026-10-25T23:00:00Z"), ZONE));
        // An hour that does not exist begins with the first one that does: 02:30 is 03:00, 01:00 UTC.
        let early = Some(Span { opens: 150, closes: 24 * 60 });
        let hours = Hours { week: [None, None, None, None, None, None, early], closed: BTreeSet::new() };
        assert_eq!(hours.next_opening(at("2026-03-28T23:30:00Z"), ZONE), Some(at("2026-03-29T01:00:00Z")));
    }
}
