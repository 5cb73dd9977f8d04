//! What the page of a market posts, read and written.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::error::{FieldProblem, Refusal};
use crate::market::{Hours, MarketFacts, Span};
use crate::money::{Currency, Money};
use crate::payment::method::Methods;

/// Weekdays in the order of the form.
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// A posted market.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MarketForm {
    /// Makes a double click harmless.
    pub form_token: String,
    /// Name.
    pub name: String,
    /// Country code.
    pub country: String,
    /// Time zone.
    pub time_zone: String,
    /// Currency code.
    pub currency: String,
    /// Order prefix.
    pub prefix: String,
    /// What stands before the numbers of invoices; empty for the shop's series.
    pub invoice_series: String,
    /// The same for credit notes.
    pub credit_series: String,
    /// Language tags with spaces or commas between them.
    pub languages: String,
    /// `included` or `on_top`.
    pub tax: String,
    /// Percent, as typed.
    pub tax_rate: String,
    /// Whether incomplete orders are abandoned.
    pub abandons: Option<String>,
    /// After how many minutes.
    pub abandon: String,
    /// Minutes for which stock is held.
    pub stock: String,
    /// Days, or empty.
    pub deliver: String,
    /// Days, or empty.
    pub archive: String,
    /// Whether orders wait for the next opening.
    pub after_hours: Option<String>,
    /// Opening times of Monday to Sunday, `09:00` or empty.
    pub opens: Vec<String>,
    /// Closing times of Monday to Sunday.
    pub closes: Vec<String>,
    /// Days, one a line.
    pub closed: String,
    /// Keys of the ways of paying.
    pub methods: Vec<String>,
    /// Ways of sending with a tracking number, one a line.
    pub tracked: String,
    /// Whether confirmed orders approve themselves.
    pub approves: Option<String>,
    /// Up to which total, as typed, or empty.
    pub approve_up_to: String,
}

impl MarketForm {
    /// The form of a market as it is.
    pub fn of(facts: &MarketFacts, known: &Methods) -> Self {
        let clock = |minute: i64| match minute {
            1_440 => "24:00".to_owned(),
            minute => format!("{:02}:{:02}", minute / 60, minute % 60),
        };
        let time = |of: fn(&Span) -> i64| {
            facts.hours.week.iter().map(|day| day.as_ref().map_or(String::new(), |span| clock(of(span)))).collect()
        };
        let days = |days: Option<i64>| days.map_or(String::new(), |days| days.to_string());
        let methods = match facts.payment_methods.as_slice() {
            [] => known.0.iter().map(|method| method.key.clone()).collect(),
            some => some.to_vec(),
        };
        MarketForm {
            form_token: String::new(),
            name: facts.name.clone(),
            country: facts.country.clone(),
            time_zone: facts.time_zone.clone(),
            currency: facts.currency.code().to_owned(),
            prefix: facts.order_prefix.clone(),
            invoice_series: facts.invoice_series.clone(),
            credit_series: facts.credit_series.clone(),
            languages: facts.languages.join(", "),
            tax: if facts.tax_included { "included" } else { "on_top" }.to_owned(),
            tax_rate: percent(facts.tax_rate_ppm),
            abandons: facts.abandons.then(|| "1".to_owned()),
            abandon: facts.abandon_after_minutes.to_string(),
            stock: facts.stock_hold_minutes.to_string(),
            deliver: days(facts.deliver_after_days),
            archive: days(facts.archive_after_days),
            after_hours: facts.holds_after_hours.then(|| "1".to_owned()),
            opens: time(|span| span.opens),
            closes: time(|span| span.closes),
            closed: facts.hours.closed.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
            methods,
            tracked: facts.tracked_ways.join("\n"),
            approves: facts.approves_itself.then(|| "1".to_owned()),
            approve_up_to: facts
                .approve_up_to_minor
                .map_or(String::new(), |minor| Money::new(minor, facts.currency).decimal()),
        }
    }
    /// The weekdays with what was typed: name, opens, closes.
    pub fn week(&self) -> Vec<(&'static str, &str, &str)> {
        WEEKDAYS
            .iter()
            .enumerate()
            .map(|(index, day)| {
                let opens = self.opens.get(index).map_or("", String::as_str);
                let closes = self.closes.get(index).map_or("", String::as_str);
                (*day, opens, closes)
            })
            .collect()
    }
    /// Whether a way of paying is ticked.
    pub fn takes(&self, key: &str) -> bool {
        self.methods.iter().any(|method| method == key)
    }

    /// What it says.
    ///
    /// # Errors
    /// Every field that cannot be read, at once.
    pub fn facts(&self, known: &Methods) -> Result<MarketFacts, Refusal> {
        let mut read = Reader::default();
        let currency = Currency::parse(self.currency.split(' ').next().unwrap_or_default());
        if currency.is_none() {
            read.problem("currency", "Choose a currency from the list.");
        }
        let whole = |read: &mut Reader, field: &str, text: &str| match text.trim().parse::<i64>() {
            Ok(number) => number,
            Err(_) => {
                read.problem(field, "Enter a whole number.");
                1
            }
        };
        let days = |read: &mut Reader, field: &str, text: &str| match text.trim() {
            "" => None,
            text => Some(whole(read, field, text)),
        };
        let (abandon_after_minutes, stock_hold_minutes) =
            (whole(&mut read, "abandon", &self.abandon), whole(&mut read, "stock", &self.stock));
        let (deliver_after_days, archive_after_days) =
            (days(&mut read, "deliver", &self.deliver), days(&mut read, "archive", &self.archive));
        let tax_rate_ppm = ppm(&self.tax_rate).unwrap_or_else(|| {
            read.problem("tax_rate", "Enter the tax in percent, such as 21 or 8.1.");
            0
        });
        let approve_up_to_minor = match (self.approve_up_to.trim(), currency) {
            ("", _) | (_, None) => None,
            (typed, Some(currency)) => {
                let money = Money::parse(typed, currency);
                if money.is_none() {
                    read.problem("approve_up_to", &format!("Enter an amount in {currency}, such as 500, or nothing."));
                }
                money.map(|money| money.minor)
            }
        };
        let hours = read.hours(self);
        if self.methods.is_empty() {
            read.problem("methods", "Tick at least one way of paying.");
        }
        if let Some(key) = self.methods.iter().find(|key| !known.0.iter().any(|method| method.key == **key)) {
            read.problem("methods", &format!("There is no way of paying called “{key}”."));
        }
        let all = known.0.iter().all(|method| self.takes(&method.key));
        let languages = self.languages.split([',', ' ']).filter(|tag| !tag.is_empty()).map(str::to_owned).collect();
        match (currency, read.problems.is_empty()) {
            (Some(currency), true) => Ok(MarketFacts {
                name: self.name.clone(),
                currency,
                time_zone: self.time_zone.clone(),
                country: self.country.clone(),
                languages,
                order_prefix: self.prefix.clone(),
                invoice_series: self.invoice_series.clone(),
                credit_series: self.credit_series.clone(),
                tax_included: self.tax != "on_top",
                tax_rate_ppm,
                abandons: self.abandons.is_some(),
                abandon_after_minutes,
                stock_hold_minutes,
                deliver_after_days,
                archive_after_days,
                holds_after_hours: self.after_hours.is_some(),
                tracked_ways: self.tracked.lines().map(str::to_owned).collect(),
                approves_itself: self.approves.is_some(),
                approve_up_to_minor,
                payment_methods: if all { Vec::new() } else { self.methods.clone() },
                hours,
            }),
            _ => Err(Refusal::fields("market.invalid", read.problems)),
        }
    }
}

#[derive(Default)]
struct Reader {
    problems: Vec<FieldProblem>,
}

impl Reader {
    fn problem(&mut self, field: &str, message: &str) {
        self.problems.push(FieldProblem { field: field.to_owned(), message: message.to_owned() });
    }
    fn hours(&mut self, form: &MarketForm) -> Hours {
        let mut hours = Hours::default();
        for (index, (day, opens, closes)) in form.week().into_iter().enumerate() {
            match (opens.trim(), closes.trim()) {
                ("", "") => {}
                (opens, closes) => match (minute(opens), minute(closes)) {
                    (Some(opens), Some(closes)) if opens < closes => hours.week[index] = Some(Span { opens, closes }),
                    _ => self.problem(
                        "hours",
                        &format!(
                            "{day} opens and closes at times such as 09:00 and 17:30, the second after the first."
                        ),
                    ),
                },
            }
        }
        let mut closed = BTreeSet::new();
        for text in form.closed.split([',', '\n']).map(str::trim).filter(|text| !text.is_empty()) {
            match text.parse::<NaiveDate>() {
                Ok(day) => {
                    closed.insert(day);
                }
                Err(_) => {
                    self.problem("closed", &format!("“{text}” is no day. Write days as 2026-12-25, a line each."))
                }
            }
        }
        if closed.len() > 400 {
            self.problem("closed", "Give 400 closed days at the most.");
        }
        hours.closed = closed;
        hours
    }
}

/// Minutes after midnight of `09:00`; `24:00` is the end of the day.
fn minute(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.get(..2)?.parse().ok()?);
    let all = hours * 60 + minutes;
    ((0..=24).contains(&hours) && (0..60).contains(&minutes) && all <= 1_440).then_some(all)
}

/// Millionths as percent: `8.1`.
fn percent(ppm: i64) -> String {
    let text = format!("{}.{:04}", ppm / 10_000, ppm % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Millionths of a percentage as typed, with a point or a comma and four places at the most.
fn ppm(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches('%').trim().replace(',', ".");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 4 || part.len() > 4 || !digits(whole) || !digits(part) {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 10_000 + format!("{part:0<4}").parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_reads_back_as_it_was_typed() {
        for (typed, millionths) in [("21", 210_000), ("8.1", 81_000), ("0", 0), ("5.5", 55_000), ("2.1234", 21_234)] {
            assert_eq!(ppm(typed), Some(millionths));
            assert_eq!(percent(millionths), typed);
        }
        assert_eq!(ppm("8,1 %"), Some(81_000));
        for wrong in ["", "-1", "1.23456", "a", "1e3"] {
            assert_eq!(ppm(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_of_the_day_are_read_to_its_end() {
        assert_eq!(minute("09:30"), Some(570));
        assert_eq!(minute("24:00"), Some(1_440));
        for wrong in ["24:01", "9", "25:00", "aa:bb", "10:60", ""] {
            assert_eq!(minute(wrong), None, "{wrong}");
        }
    }
}
