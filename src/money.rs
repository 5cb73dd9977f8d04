//! Money: whole minor units of one currency. The only arithmetic, rounding, parsing and writing of
//! amounts in the house. No floating point anywhere.

use std::fmt;

use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{IsNull, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency, known by its three letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro, for places that need some currency before the shop has chosen one.
    pub const EUR: Currency = Currency(*b"EUR");

    /// The currency with this code, upper or lower case; `None` if ISO 4217 lists none.
    pub fn parse(code: &str) -> Option<Self> {
        let upper = code.trim().to_ascii_uppercase();
        iso_currency::Currency::from_code(&upper)?;
        let letters: [u8; 3] = upper.as_bytes().try_into().ok()?;
        Some(Currency(letters))
    }
    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
    /// Decimal places of the minor unit: JPY 0, EUR 2, KWD 3. Source: ISO 4217.
    pub fn exponent(self) -> u32 {
        iso_currency::Currency::from_code(self.code()).and_then(|c| c.exponent()).map_or(2, u32::from)
    }
    /// Name in English.
    pub fn name(self) -> String {
        iso_currency::Currency::from_code(self.code()).map_or_else(|| self.code().to_owned(), |c| c.name().to_owned())
    }
    /// The sign written before an amount: `€`, `US$`-less `$`, or the code and a space.
    pub(crate) fn sign(&self) -> &str {
        match &self.0 {
            b"EUR" => "€",
            b"USD" => "$",
            b"GBP" => "£",
            b"JPY" => "¥",
            b"INR" => "₹",
            b"KRW" => "₩",
            b"ILS" => "₪",
            b"UAH" => "₴",
            b"VND" => "₫",
            b"NGN" => "₦",
            _ => "",
        }
    }
    /// Every currency with a minor unit, by code, for choosing one.
    pub fn all() -> Vec<Currency> {
        use iso_currency::IntoEnumIterator;
        let mut all: Vec<Currency> = iso_currency::Currency::iter()
            .filter(|c| c.exponent().is_some() && !matches!(c.code(), "XTS" | "XXX"))
            .filter_map(|c| Currency::parse(c.code()))
            .collect();
        all.sort_by(|a, b| a.code().cmp(b.code()));
        all
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Currency::parse(&code).ok_or_else(|| serde::de::Error::custom(format!("unknown currency {code:?}")))
    }
}
impl ToSql<Text, diesel::pg::Pg> for Currency {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> diesel::serialize::Result {
        <str as ToSql<Text, diesel::pg::Pg>>::to_sql(self.code(), out)
    }
}
impl ToSql<Text, diesel::sqlite::Sqlite> for Currency {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::sqlite::Sqlite>) -> diesel::serialize::Result {
        <str as ToSql<Text, diesel::sqlite::Sqlite>>::to_sql(self.code(), out)
    }
}
impl ToSql<Text, crate::db::MultiBackend> for Currency {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, crate::db::MultiBackend>) -> diesel::serialize::Result {
        out.set_value((Text, self.code()));
        Ok(IsNull::No)
    }
}
impl<DB: diesel::backend::Backend> FromSql<Text, DB> for Currency
where
    String: FromSql<Text, DB>,
{
    fn from_sql(raw: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        let code = <String as FromSql<Text, DB>>::from_sql(raw)?;
        Currency::parse(&code).ok_or_else(|| format!("unknown currency in the database: {code}").into())
    }
}

/// An amount of one currency in its minor unit. Negative amounts are owed the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Minor units: cents of a euro, whole yen, fils of a dinar.
    pub minor: i64,
    /// Of this currency.
    pub currency: Currency,
}

/// Largest amount taken from outside, in minor units: far above any order, far below overflow even
/// when millions of them are added up.
pub const LARGEST_MINOR: i64 = 1_000_000_000_000;

impl Money {
    /// So many minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Money { minor, currency }
    }

    /// Reads a person's or a file's decimal amount: `1234.5`, `1,234.50`, `1.234,50`, `€ 12`, `−3`.
    ///
    /// A single comma or point followed by one, two or (for a currency with three places) three
    /// digits at the end is the decimal separator. More places than the currency has are refused
    /// unless they are zeros. Returns `None` if it is not an amount.
    pub fn parse(text: &str, currency: Currency) -> Option<Self> {
        parse_minor(text, currency.exponent()).map(|minor| Money { minor, currency })
    }

    /// The plain decimal: `1234.50`, `-3.00`, `500`.
    pub fn decimal(self) -> String {
        let places = self.currency.exponent();
        let sign = if self.minor < 0 { "-" } else { "" };
        let unsigned = self.minor.unsigned_abs();
        if places == 0 {
            return format!("{sign}{unsigned}");
        }
        let unit = 10u64.pow(places);
        format!("{sign}{}.{:0width$}", unsigned / unit, unsigned % unit, width = places as usize)
    }
}

/// As people read it: sign of the currency, thousands separated, true minus: `−€1,486.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = Money { minor: self.minor.saturating_abs(), ..*self }.decimal();
        let (whole, places) = plain.split_once('.').unwrap_or((&plain, ""));
        if self.minor < 0 {
            f.write_str("−")?;
        }
        match self.currency.sign() {
            "" => write!(f, "{}\u{a0}", self.currency)?,
            sign => f.write_str(sign)?,
        }
        f.write_str(&grouped(whole, ","))?;
        if places.is_empty() { Ok(()) } else { write!(f, ".{places}") }
    }
}

/// Digits in groups of three, as `12,345`.
pub fn grouped(digits: &str, between: &str) -> String {
    let mut out = String::with_capacity(digits.len() + 8);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push_str(between);
        }
        out.push(digit);
    }
    out
}

/// How many of something there are, as people read it: `12,345`.
pub fn how_many(number: impl Into<i128>) -> String {
    grouped(&number.into().max(0).to_string(), ",")
}

fn parse_minor(text: &str, places: u32) -> Option<i64> {
    let cleaned: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '\'' && *c != '\u{2019}')
        .map(|c| if c == '−' { '-' } else { c })
        .collect();
    let unsigned = cleaned.trim_start_matches(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '.' | ','));
    let unsigned = unsigned.trim_end_matches(|c: char| c.is_alphabetic() || "€$£¥".contains(c));
    let (negative, digits) = match unsigned.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start_matches(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ','))),
        None => (cleaned.starts_with('-'), unsigned),
    };
    if !digits.bytes().any(|b| b.is_ascii_digit())
        || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',')
    {
        return None;
    }
    let (whole, fraction) = split_decimal(digits, places)?;
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let mut fraction = fraction.to_owned();
    while fraction.len() > places as usize {
        if fraction.pop() != Some('0') {
            return None;
        }
    }
    while fraction.len() < places as usize {
        fraction.push('0');
    }
    let minor: i64 = format!("{whole}{fraction}").parse().ok()?;
    (minor <= LARGEST_MINOR).then_some(if negative { -minor } else { minor })
}

/// Splits `1.234,50` into whole and decimal part; `None` where separators contradict each other.
fn split_decimal(digits: &str, places: u32) -> Option<(&str, &str)> {
    let last = digits.rfind(['.', ',']);
    let Some(last) = last else { return Some((digits, "")) };
    let (whole, rest) = (&digits[..last], &digits[last + 1..]);
    let separator = digits.as_bytes()[last];
    let other = if separator == b'.' { b',' } else { b'.' };
    let repeats = whole.bytes().any(|b| b == separator);
    let mixed = whole.bytes().any(|b| b == other);
    // A lone comma before exactly three digits separates thousands, unless the currency has three places.
    let thousands = repeats || (!mixed && separator == b',' && rest.len() == 3 && places != 3 && !whole.is_empty());
    if thousands {
        return groups_of_three(digits, separator).then_some((digits, ""));
    }
    if mixed && !groups_of_three(whole, other) {
        return None;
    }
    Some((whole, rest))
}

fn groups_of_three(digits: &str, separator: u8) -> bool {
    let mut parts = digits.split(separator as char);
    let first = parts.next().unwrap_or("");
    !first.is_empty()
        && first.len() <= 3
        && parts.all(|part| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit()))
}

/// Divides rounding half away from zero: the only rounding in the house.
/// `divisor` must be positive.
pub fn divide_rounded(value: i128, divisor: i128) -> i128 {
    let half = divisor / 2;
    if value >= 0 { (value + half) / divisor } else { (value - half) / divisor }
}

/// `minor × parts / whole`, rounded once. For a tax rate give parts per million and 1,000,000.
pub fn share(minor: i64, parts: i64, whole: i64) -> i64 {
    let product = i128::from(minor) * i128::from(parts);
    i64::try_from(divide_rounded(product, i128::from(whole.max(1)))).unwrap_or(i64::MAX)
}

/// The tax contained in an amount that includes it, at `rate_ppm` parts per million.
pub fn tax_within(minor: i64, rate_ppm: i64) -> i64 {
    share(minor, rate_ppm, 1_000_000 + rate_ppm)
}

/// Splits `minor` over `weights` so that the parts add up to it exactly: largest remainder, the larger
/// weight first where remainders are equal, so that what a weight gets does not hang on its place; the
/// earlier part first where weights are equal, too. All-zero weights count as equal ones.
pub fn split(minor: i64, weights: &[i64]) -> Vec<i64> {
    if weights.is_empty() {
        return Vec::new();
    }
    let sum: i128 = weights.iter().map(|w| i128::from((*w).max(0))).sum();
    let weight = |index: usize| if sum == 0 { 1 } else { i128::from(weights[index].max(0)) };
    let whole = if sum == 0 { weights.len() as i128 } else { sum };
    let magnitude = i128::from(minor.unsigned_abs());
    let mut parts: Vec<(i128, i128, usize)> =
        (0..weights.len()).map(|i| (magnitude * weight(i) / whole, magnitude * weight(i) % whole, i)).collect();
    let given: i128 = parts.iter().map(|p| p.0).sum();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|i| (std::cmp::Reverse(parts[*i].1), std::cmp::Reverse(weight(*i)), *i));
    for index in by_remainder.into_iter().take((magnitude - given).max(0) as usize) {
        parts[index].0 += 1;
    }
    let sign = if minor < 0 { -1 } else { 1 };
    parts.into_iter().map(|(part, _, _)| sign * i64::try_from(part).unwrap_or(i64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).expect("a currency")
    }
    fn minor(text: &str, code: &str) -> Option<i64> {
        Money::parse(text, currency(code)).map(|m| m.minor)
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, wanted) in [
            ("1234.5", 123_450),
            ("1,234.50", 123_450),
            ("1.234,50", 123_450),
            ("1'234.50", 123_450),
            ("1,234", 123_400),
            ("12,5", 1_250),
            ("€ 12", 1_200),
            ("12 EUR", 1_200),
            ("−3", -300),
            ("-€3.10", -310),
            (".5", 50),
            ("0.100", 10),
        ] {
            assert_eq!(minor(text, "EUR"), Some(wanted), "{text}");
        }
        assert_eq!(minor("12.345", "KWD"), Some(12_345));
        assert_eq!(minor("12,345", "KWD"), Some(12_345));
        assert_eq!(minor("12000", "JPY"), Some(12_000));
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-", ".", "abc", "1.2.3", "1,23,4.5", "1.005", "NaN", "1e5", "99999999999999999999"] {
            assert_eq!(minor(text, "EUR"), None, "{text}");
        }
        assert_eq!(minor("1.5", "JPY"), None);
    }

    #[test]
    fn amounts_are_written_by_their_currency() {
        assert_eq!(Money::new(148_600, Currency::EUR).to_string(), "€1,486.00");
        assert_eq!(Money::new(-500, Currency::EUR).to_string(), "−€5.00");
        assert_eq!(Money::new(12_345, currency("KWD")).to_string(), "KWD\u{a0}12.345");
        assert_eq!(Money::new(1_200_000, currency("JPY")).to_string(), "¥1,200,000");
        assert_eq!(Money::new(-5, Currency::EUR).decimal(), "-0.05");
    }

    #[test]
    fn a_split_adds_up_and_is_fair() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(-100, &[1, 1, 1]), [-34, -33, -33]);
        assert_eq!(split(7, &[0, 0]), [4, 3]);
        assert_eq!(split(0, &[5]), [0]);
        assert_eq!(split(1_000, &[999, 1]).iter().sum::<i64>(), 1_000);
    }

    /// Numbers that look random and are the same every time.
    fn numbers(seed: u64) -> impl FnMut(i64) -> i64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            i64::try_from(state % u64::try_from(below).unwrap_or(1)).unwrap_or(0)
        }
    }

    #[test]
    fn whatever_is_split_adds_up_stays_on_its_side_and_does_not_hang_on_the_order() {
        for seed in 1..5_000 {
            let mut next = numbers(seed);
            let (count, most) = (1 + next(12), 1 + next(1_000_000));
            let weights: Vec<i64> = (0..count).map(|_| next(most)).collect();
            let minor = next(2_000_000) - 1_000_000;
            let parts = split(minor, &weights);
            assert_eq!(parts.iter().sum::<i64>(), minor, "{minor} over {weights:?}");
            assert!(
                parts.iter().all(|part| part.signum() * minor.signum() >= 0),
                "{minor} over {weights:?}: {parts:?}"
            );
            assert!(parts.iter().all(|part| part.abs() <= minor.abs()));
            let mut turned = weights.clone();
            turned.rotate_left(usize::try_from(next(count)).unwrap_or(0));
            let pairs = |weights: &[i64], parts: Vec<i64>| {
                let mut pairs: Vec<(i64, i64)> = weights.iter().copied().zip(parts).collect();
                pairs.sort_unstable();
                pairs
            };
            assert_eq!(pairs(&weights, parts), pairs(&turned, split(minor, &turned)), "{minor} over {weights:?}");
        }
    }

    #[test]
    fn tax_inside_a_price_is_rounded_once() {
        assert_eq!(tax_within(11_200, 270_000), 2_381);
        assert_eq!(share(1_000, 190_000, 1_000_000), 190);
        assert_eq!(divide_rounded(-5, 2), -3);
    }
}
