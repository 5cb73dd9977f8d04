//! What a list of orders can be narrowed to and sorted by, in plain values.

use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;

use crate::ids::StaffId;
use crate::market::Markets;
use crate::money::Currency;
use crate::order::{FulfilmentStatus, PaymentStatus};
use crate::reach::Reach;
use crate::time::{UtcTime, start_of_day};
use crate::workflow::{Base, Stages};

/// What a filter refers to: the shop's own words, who asks and when.
#[derive(Clone, Debug)]
pub struct Known {
    /// The shop's stages.
    pub stages: Stages,
    /// Its markets and channels, as far as they are within reach.
    pub markets: Markets,
    /// The markets that whoever asks knows of: no list holds an order of another one.
    pub reach: Reach,
    /// The shop's time zone, in which days are meant.
    pub zone: Tz,
    /// Whoever is `me`.
    pub me: StaffId,
    /// The instant that `today` and `late` are counted from.
    pub now: UtcTime,
    /// Keys and words of the reasons for a hold.
    pub holds: &'static [(&'static str, &'static str)],
}

impl Known {
    /// The zone whose days are meant.
    pub fn zone(&self) -> Tz {
        self.zone
    }
    /// What a search looks for: order numbers without prefixes, for orders are found by their bare number.
    pub fn searched(&self, text: &str) -> String {
        let bare = |word: &str| match self.markets.number_of(word) {
            Some(number) => number.to_string(),
            None => word.to_owned(),
        };
        text.split_whitespace().map(bare).collect::<Vec<_>>().join(" ")
    }
    /// The currency of a total that is filtered by.
    pub fn currency(&self) -> Currency {
        self.markets.markets.first().map_or(Currency::EUR, |market| market.currency)
    }
}

/// Days on which an order was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// Since midnight.
    Today,
    /// The day before.
    Yesterday,
    /// Seven days with today.
    Week,
    /// Thirty days with today.
    Days30,
    /// Since the first of the month.
    Month,
    /// From one day to another, both with them; either may be open.
    Between(Option<NaiveDate>, Option<NaiveDate>),
}

impl Placed {
    /// The presets with their key in addresses and their words.
    pub const PRESETS: &'static [(&'static str, &'static str, Placed)] = &[
        ("today", "Today", Placed::Today),
        ("yesterday", "Yesterday", Placed::Yesterday),
        ("7d", "Last 7 days", Placed::Week),
        ("30d", "Last 30 days", Placed::Days30),
        ("month", "This month", Placed::Month),
    ];
    /// The first instant and the first one after it, in the shop's zone.
    pub fn range(self, now: UtcTime, zone: Tz) -> (Option<UtcTime>, Option<UtcTime>) {
        let today = now.local_day(zone);
        let back = |days: u64| today.checked_sub_days(chrono::Days::new(days)).unwrap_or(today);
        let begin = |day: NaiveDate| Some(start_of_day(day, zone));
        let after = |day: NaiveDate| day.succ_opt().map(|next| start_of_day(next, zone));
        match self {
            Placed::Today => (begin(today), None),
            Placed::Yesterday => (begin(back(1)), begin(today)),
            Placed::Week => (begin(back(6)), None),
            Placed::Days30 => (begin(back(29)), None),
            Placed::Month => (begin(today.with_day(1).unwrap_or(today)), None),
            Placed::Between(from, to) => (from.and_then(begin), to.and_then(after)),
        }
    }
}

/// How the promised time stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It has passed and the order has not left.
    Late,
    /// It ends today or has passed.
    Today,
}

/// Lengths of time in a stage, as the table of ages groups them.
pub const AGES: [(&str, &str, i64, i64); 4] = [
    ("0", "under 4 hours", 0, 4),
    ("1", "4 to 24 hours", 4, 24),
    ("2", "1 to 3 days", 24, 72),
    ("3", "over 3 days", 72, 24 * 36_500),
];

/// Who is responsible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// Whoever looks.
    Me,
    /// Nobody.
    Nobody,
}

/// Whether orders that were put away are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archived {
    /// No.
    #[default]
    Exclude,
    /// They alone.
    Only,
    /// Them too.
    Include,
}

/// What a list is narrowed to. Values of one field widen it, another field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words as typed.
    pub search: String,
    /// Slugs of stages.
    pub stages: Vec<String>,
    /// Payment statuses.
    pub payments: Vec<PaymentStatus>,
    /// Fulfilment statuses.
    pub fulfilments: Vec<FulfilmentStatus>,
    /// Slugs of channels.
    pub channels: Vec<String>,
    /// Slugs of channels that are left out.
    pub not_channels: Vec<String>,
    /// Slugs of markets.
    pub markets: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Stock-keeping units.
    pub skus: Vec<String>,
    /// Least total in minor units of the shop's currency.
    pub total_min: Option<i64>,
    /// Largest total.
    pub total_max: Option<i64>,
    /// When placed.
    pub placed: Option<Placed>,
    /// How the promised time stands.
    pub due: Option<Due>,
    /// Time in the stage: an index into [`AGES`].
    pub age: Option<usize>,
    /// Whether a slip was printed.
    pub printed: Option<bool>,
    /// Whether there is a note.
    pub noted: Option<bool>,
    /// Whether it is a gift.
    pub gift: Option<bool>,
    /// Whether the customer wrote something unread.
    pub unread: Option<bool>,
    /// Whether the customer waits for an answer.
    pub awaiting: Option<bool>,
    /// Who is responsible.
    pub assignee: Option<Assignee>,
    /// Reason keys of holds that are open.
    pub holds: Vec<String>,
    /// Whether orders that were put away are listed.
    pub archived: Archived,
    /// Placed from one instant until before another; either may be open.
    pub placed_between: Option<(Option<UtcTime>, Option<UtcTime>)>,
    /// Changed at or after this instant.
    pub updated_since: Option<UtcTime>,
    /// Names that the shop's own system gives those who ordered.
    pub users: Vec<String>,
}

impl Filter {
    /// Whether nothing but stages and putting away narrows the list, so that its count is known.
    pub fn is_only_stages(&self) -> bool {
        let plain = Filter { stages: self.stages.clone(), archived: self.archived, ..Filter::default() };
        *self == plain
    }
    /// Whether it asks about money, which not everybody may see.
    pub fn asks_money(&self) -> bool {
        !self.payments.is_empty() || self.total_min.is_some() || self.total_max.is_some()
    }
    /// Slugs of the stages that are listed, resolved with whether archived orders are.
    pub fn listed_stages(&self, stages: &Stages) -> Vec<String> {
        let chosen: Vec<_> = stages
            .iter()
            .filter(|stage| self.stages.is_empty() || self.stages.contains(&stage.slug))
            .filter(|stage| match (self.archived, stage.base == Base::Archived) {
                (Archived::Exclude, away) => !away || self.stages.contains(&stage.slug),
                (Archived::Only, away) => away,
                (Archived::Include, _) => true,
            })
            .map(|stage| stage.slug.clone())
            .collect();
        chosen
    }
}

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// When it was placed.
    #[default]
    Date,
    /// Payment completion: first what is incomplete by degree, then by the instant it was completed.
    Paid,
    /// Total.
    Total,
    /// Customer's name.
    Customer,
    /// Time in its stage.
    Age,
    /// Stage, then date.
    Stage,
    /// Number.
    Number,
    /// Promised time; orders without one come last.
    Due,
    /// When it last changed.
    Updated,
}

impl Sort {
    /// Every sort, its key in addresses, its words and whether large comes first by default.
    pub const ALL: &'static [(Sort, &'static str, &'static str, bool)] = &[
        (Sort::Date, "date", "Order date", true),
        (Sort::Paid, "paid", "Payment completed", true),
        (Sort::Due, "due", "Time left", false),
        (Sort::Age, "age", "Time in stage", true),
        (Sort::Total, "total", "Total", true),
        (Sort::Customer, "customer", "Customer", false),
        (Sort::Stage, "stage", "Stage", false),
        (Sort::Number, "number", "Order number", true),
        (Sort::Updated, "updated", "Last change", true),
    ];
    fn row(self) -> (Sort, &'static str, &'static str, bool) {
        *Sort::ALL.iter().find(|row| row.0 == self).unwrap_or(&Sort::ALL[0])
    }
    /// Its key in addresses.
    pub fn key(self) -> &'static str {
        self.row().1
    }
    /// Its words.
    pub fn label(self) -> &'static str {
        self.row().2
    }
    /// Whether it begins with the largest unless said otherwise.
    pub fn descends_by_default(self) -> bool {
        self.row().3
    }
    /// The sort with that key.
    pub fn parse(key: &str) -> Option<Self> {
        Sort::ALL.iter().find(|row| row.1 == key).map(|row| row.0)
    }
    /// Words for a direction.
    pub fn direction(self, descending: bool) -> &'static str {
        match (self, descending) {
            (Sort::Date | Sort::Paid | Sort::Number | Sort::Updated, true) => "newest first",
            (Sort::Date | Sort::Number | Sort::Updated, false) => "oldest first",
            (Sort::Paid, false) => "incomplete first",
            (Sort::Total, true) => "largest first",
            (Sort::Total, false) => "smallest first",
            (Sort::Customer, true) => "Z to A",
            (Sort::Customer, false) => "A to Z",
            (Sort::Age, true) => "longest first",
            (Sort::Age, false) => "shortest first",
            (Sort::Stage, true) => "last stage first",
            (Sort::Stage, false) => "first stage first",
            (Sort::Due, true) => "most time first",
            (Sort::Due, false) => "least time first",
        }
    }
    /// Whether it tells about money, which not everybody may see.
    pub fn asks_money(self) -> bool {
        matches!(self, Sort::Paid | Sort::Total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UtcTime {
        UtcTime::from_datetime(text.parse().expect("a valid instant"))
    }

    #[test]
    fn days_are_half_open_in_the_shops_zone() {
        let zone = chrono_tz::Europe::Amsterdam;
        let now = at("2026-11-21T10:00:00Z");
        let yesterday = Placed::Yesterday.range(now, zone);
        assert_eq!(yesterday, (Some(at("2026-11-19T23:00:00Z")), Some(at("2026-11-20T23:00:00Z"))));
        let day = NaiveDate::from_ymd_opt(2026, 3, 29);
        let short_day = Placed::Between(day, day).range(now, zone);
        assert_eq!(short_day, (Some(at("2026-03-28T23:00:00Z")), Some(at("2026-03-29T22:00:00Z"))));
    }
}
