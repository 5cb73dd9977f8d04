//! How amounts, times and lists of numbers are written in each language.

use chrono::{Datelike, NaiveDateTime};
use chrono_tz::Tz;

use super::{Language, Value};
use crate::money::{Money, grouped};
use crate::time::UtcTime;

impl Language {
    /// An amount: `€1,486.00`, `1.486,00 €`, `1486,00 €`. Where nobody pays with parts of a forint, none are written.
    pub fn money(self, money: Money) -> String {
        if self == Language::English {
            return money.to_string();
        }
        let plain = Money::new(money.minor.saturating_abs(), money.currency).decimal();
        let (whole, places) = plain.split_once('.').unwrap_or((&plain, ""));
        let whole = match self {
            Language::Hungarian if whole.len() < 5 => whole.to_owned(),
            Language::Hungarian => grouped(whole, "\u{a0}"),
            Language::German | Language::English => grouped(whole, "."),
        };
        let is_forint = money.currency.code() == "HUF";
        let places = if places.is_empty() || is_forint && places.bytes().all(|b| b == b'0') {
            String::new()
        } else {
            format!(",{places}")
        };
        let minus = if money.minor < 0 { "−" } else { "" };
        let sign = match money.currency.sign() {
            _ if is_forint && self == Language::Hungarian => "Ft",
            "" => money.currency.code(),
            sign => sign,
        };
        format!("{minus}{whole}{places}\u{a0}{sign}")
    }

    /// How an instant is written for somebody who looks at it now, as [`crate::time::short_when`].
    pub fn short_when(self, at: UtcTime, now: UtcTime, zone: Tz) -> String {
        let (there, here) = (at.local(zone), now.local(zone));
        let clock = there.format("%H:%M").to_string();
        match here.date().signed_duration_since(there.date()).num_days() {
            0 => clock,
            1..=6 => {
                let weekday = self.say_with("weekday", &[("day", there.weekday().number_from_monday().into())]);
                self.say_with("when-week", &[("weekday", weekday.into()), ("clock", clock.into())])
            }
            _ if there.year() == here.year() => self.day("when-year", there),
            _ => self.day("when-long", there),
        }
    }

    fn day(self, key: &str, at: NaiveDateTime) -> String {
        let month = self.say_with("month", &[("month", at.month().into())]);
        let year = at.year().to_string();
        let values = [("day", Value::from(at.day())), ("month", month.into()), ("year", year.into())];
        self.say_with(key, &values)
    }

    /// A weight of a file, such as `1.2 MB`.
    pub fn decimal(self, text: &str) -> String {
        if self == Language::English { text.to_owned() } else { text.replace('.', ",") }
    }
}
