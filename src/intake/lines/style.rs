//! How a file writes its dates and amounts, found out from a sample and stated before anything is
//! made. Pure.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

use crate::money::{Currency, Money};
use crate::time::{UtcTime, instant_of};

crate::text_enum! {
    /// The order of day, month and year.
    pub enum Dates {
        /// 2026-10-01, 2026/10/01.
        YearFirst = "ymd",
        /// 01.10.2026, 1/10/26.
        DayFirst = "dmy",
        /// 10/01/2026.
        MonthFirst = "mdy",
    }
}

impl Dates {
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            Dates::YearFirst => "year, month, day (2026-10-31)",
            Dates::DayFirst => "day, month, year (31.10.2026)",
            Dates::MonthFirst => "month, day, year (10/31/2026)",
        }
    }
}

crate::text_enum! {
    /// What stands before the cents.
    pub enum Decimal {
        /// 1,234.50
        Point = "point",
        /// 1.234,50
        Comma = "comma",
    }
}

impl Decimal {
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            Decimal::Point => "point (1,234.50)",
            Decimal::Comma => "comma (1.234,50)",
        }
    }
}

/// The order in which the dates of a sample are written, and whether the sample proves it.
/// `month_first` decides where it does not.
pub fn dates_of<'a>(sample: impl Iterator<Item = &'a str>, month_first: bool) -> (Dates, bool) {
    let (mut day_proved, mut month_proved) = (false, false);
    for text in sample {
        let Some([first, second, _]) = numbers(text) else { continue };
        if first.len() == 4 {
            return (Dates::YearFirst, true);
        }
        day_proved |= first.parse::<u32>().is_ok_and(|number| number > 12);
        month_proved |= second.parse::<u32>().is_ok_and(|number| number > 12);
    }
    match (day_proved, month_proved) {
        (true, false) => (Dates::DayFirst, true),
        (false, true) => (Dates::MonthFirst, true),
        _ if month_first => (Dates::MonthFirst, false),
        _ => (Dates::DayFirst, false),
    }
}

/// What stands before the cents in a sample of amounts.
pub fn decimal_of<'a>(sample: impl Iterator<Item = &'a str>) -> Decimal {
    let mut commas = 0i64;
    for text in sample {
        match (text.rfind(','), text.rfind('.')) {
            (Some(comma), Some(point)) if comma > point => commas += 1,
            (Some(_), Some(_)) => commas -= 1,
            (Some(comma), None) if text.len() - comma <= 3 => commas += 1,
            (None, Some(_)) => commas -= 1,
            _ => {}
        }
    }
    if commas > 0 { Decimal::Comma } else { Decimal::Point }
}

/// Reads an amount; `None` if it is none, or has more places than the currency.
pub fn amount(text: &str, decimal: Decimal, currency: Currency) -> Option<i64> {
    let text: String = match decimal {
        Decimal::Point => text.chars().filter(|c| *c != ',').collect(),
        Decimal::Comma => text.chars().filter(|c| *c != '.').map(|c| if c == ',' { '.' } else { c }).collect(),
    };
    Money::parse(&text, currency).map(|money| money.minor)
}

/// Reads a date with or without a time of day; without an offset it is the wall clock of `zone`.
pub fn time(text: &str, dates: Dates, zone: Tz) -> Option<UtcTime> {
    let text = text.trim();
    let with_offset =
        ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M %z"];
    if let Some(at) = with_offset.iter().find_map(|form| DateTime::parse_from_str(text, form).ok()) {
        return Some(UtcTime::from_datetime(at.to_utc()));
    }
    let [first, second, third] = numbers(text)?;
    let (year, month, day) = match dates {
        Dates::YearFirst => (first, second, third),
        Dates::DayFirst => (third, second, first),
        Dates::MonthFirst => (third, first, second),
    };
    let year = match (year.len(), year.parse::<i32>().ok()?) {
        (4, year) => year,
        (2, year) if year < 70 => 2_000 + year,
        (2, year) => 1_900 + year,
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)?;
    let clock = text.split_once([' ', 'T']).map_or("", |(_, clock)| clock.trim());
    let clock = if clock.is_empty() {
        NaiveTime::MIN
    } else {
        let forms = ["%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M%p"];
        forms.iter().find_map(|form| NaiveTime::parse_from_str(clock, form).ok())?
    };
    Some(instant_of(NaiveDateTime::new(date, clock), zone))
}

/// The three numbers a date begins with.
fn numbers(text: &str) -> Option<[&str; 3]> {
    let date = text.trim().split([' ', 'T']).next()?;
    let mut parts = date.split(['-', '/', '.']);
    let found = [parts.next()?, parts.next()?, parts.next()?];
    let sound =
        found.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    (sound && parts.next().is_none_or(str::is_empty)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str, dates: Dates) -> Option<String> {
        time(text, dates, chrono_tz::UTC).map(UtcTime::rfc3339)
    }

    #[test]
    fn a_sample_tells_the_order_of_day_and_month() {
        let of = |sample: &[&str]| dates_of(sample.iter().copied(), false);
        assert_eq!(of(&["2010-12-01 08:26:00"]), (Dates::YearFirst, true));
        assert_eq!(of(&["1/2/26", "31/1/26"]), (Dates::DayFirst, true));
        assert_eq!(of(&["1/2/26", "1/31/26"]), (Dates::MonthFirst, true));
        assert_eq!(of(&["1/2/26", ""]), (Dates::DayFirst, false));
    }

    #[test]
    fn dates_are_read_as_the_file_writes_them() {
        assert_eq!(day("2010-12-01 08:26:00", Dates::YearFirst).as_deref(), Some("2010-12-01T08:26:00Z"));
        assert_eq!(day("1.12.2010", Dates::DayFirst).as_deref(), Some("2010-12-01T00:00:00Z"));
        assert_eq!(day("12/1/10 8:26", Dates::MonthFirst).as_deref(), Some("2010-12-01T08:26:00Z"));
        assert_eq!(day("12/1/2010 8:26 PM", Dates::MonthFirst).as_deref(), Some("2010-12-01T20:26:00Z"));
        assert_eq!(day("2010-12-01T08:26:00+01:00", Dates::DayFirst).as_deref(), Some("2010-12-01T07:26:00Z"));
        for wrong in ["31/31/2010", "soon", "2010-12", "1/2/3/4"] {
            assert_eq!(day(wrong, Dates::DayFirst), None, "{wrong}");
        }
    }

    #[test]
    fn amounts_are_read_as_the_file_writes_them() {
        assert_eq!(decimal_of(["2.55", "1,200.00"].into_iter()), Decimal::Point);
        assert_eq!(decimal_of(["2,55", "1.200,00"].into_iter()), Decimal::Comma);
        assert_eq!(amount("1.234", Decimal::Comma, Currency::EUR), Some(123_400));
        assert_eq!(amount("2,55 €", Decimal::Comma, Currency::EUR), Some(255));
        assert_eq!(amount("1,234.5", Decimal::Point, Currency::EUR), Some(123_450));
        assert_eq!(amount("0.001", Decimal::Point, Currency::EUR), None);
    }
}
