//! Amounts as programs write and read them: decimals with the places of their currency, made from minor
//! units and read back into them without rounding.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::error::FieldProblem;
use crate::money::{Currency, LARGEST_MINOR, Money};

/// An amount in an answer: a JSON number with the places of its currency (`75.00`, `7500`, `7.500`), or
/// null for programs that may not see money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount(Option<String>);

impl Amount {
    /// This amount, shown or not.
    pub fn of(money: Money, shown: bool) -> Self {
        Amount(shown.then(|| money.decimal()))
    }
    /// This many minor units.
    pub fn minor(minor: i64, currency: Currency, shown: bool) -> Self {
        Amount::of(Money::new(minor, currency), shown)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = self.0.clone().map(RawValue::from_string).transpose().map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl utoipa::PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let types = SchemaType::from_iter([Type::Number, Type::Null]);
        let text = "Decimal amount in the currency of its order, with the places of that currency. Null if the key \
                    lacks the scope money:read.";
        ObjectBuilder::new().schema_type(types).description(Some(text)).examples([serde_json::json!(75.0)]).into()
    }
}
impl utoipa::ToSchema for Amount {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Amount")
    }
}

/// An amount as it was sent: a JSON number, or a string holding one. What it means depends on the
/// currency; [`Decimal::minor`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    /// Nothing.
    pub fn zero() -> Self {
        Decimal("0".to_owned())
    }
    /// In minor units of a currency.
    ///
    /// # Errors
    /// Names `field` if it has more places than the currency, or is too large to be an amount.
    pub fn minor(&self, currency: Currency, field: &str) -> Result<i64, FieldProblem> {
        let problem = |message: String| FieldProblem { field: field.to_owned(), message };
        let places = currency.exponent();
        let minor = shifted(&self.0, places).ok_or_else(|| {
            problem(format!("{} is no amount in {}, which has {places} decimal places.", self.0, currency.code()))
        })?;
        if minor.abs() > LARGEST_MINOR {
            return Err(problem(format!("{} is too large for an amount.", self.0)));
        }
        Ok(minor)
    }
    /// As [`Decimal::minor`], refusing amounts below zero.
    ///
    /// # Errors
    /// Names `field`.
    pub fn positive_minor(&self, currency: Currency, field: &str) -> Result<i64, FieldProblem> {
        let minor = self.minor(currency, field)?;
        if minor < 0 {
            let message = "An amount here cannot be negative.".to_owned();
            return Err(FieldProblem { field: field.to_owned(), message });
        }
        Ok(minor)
    }
}

/// A plain decimal shifted by so many places, if nothing is lost.
fn shifted(text: &str, places: u32) -> Option<i64> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fraction = fraction.trim_end_matches('0');
    let places = usize::try_from(places).ok()?;
    if whole.is_empty() || whole.len() > 15 || fraction.len() > places || !digits(whole) || !digits(fraction) {
        return None;
    }
    let minor = format!("{whole}{fraction:0<places$}").parse::<i64>().ok()?;
    Some(if negative { -minor } else { minor })
}

struct DecimalVisitor;

impl Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount such as 12.50")
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Decimal, E> {
        Ok(Decimal(value.to_string()))
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Decimal, E> {
        Ok(Decimal(value.to_string()))
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Decimal, E> {
        // The shortest text that reads back as the same number is the one that was sent, up to the 15
        // digits that an amount may have.
        Ok(Decimal(format!("{value}")))
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Decimal, E> {
        let plain = value.len() <= 40 && value.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        if plain && shifted(value, 4).is_some() {
            return Ok(Decimal(value.to_owned()));
        }
        Err(E::invalid_value(de::Unexpected::Str(value), &self))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DecimalVisitor)
    }
}

impl utoipa::PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        let types = SchemaType::from_iter([Type::Number, Type::String]);
        let text = "Decimal amount in the currency of the order, with no more places than that currency has. A string \
                    holding one is taken too.";
        ObjectBuilder::new()
            .schema_type(types)
            .pattern(Some("^-?[0-9]{1,10}(\\.[0-9]{1,4})?$"))
            .minimum(Some(-10_000_000_000.0))
            .maximum(Some(10_000_000_000.0))
            .description(Some(text))
            .examples([serde_json::json!(12.5)])
            .into()
    }
}
impl utoipa::ToSchema for Decimal {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Decimal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Decimal, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn an_amount_is_written_with_the_places_of_its_currency() {
        let written = |minor, code| {
            let currency = Currency::parse(code).expect("a currency");
            serde_json::to_string(&Amount::minor(minor, currency, true)).expect("json")
        };
        assert_eq!((written(7500, "EUR"), written(7500, "JPY")), ("75.00".to_owned(), "7500".to_owned()));
        assert_eq!((written(-7500, "KWD"), written(5, "EUR")), ("-7.500".to_owned(), "0.05".to_owned()));
        assert_eq!(serde_json::to_string(&Amount::minor(1, Currency::EUR, false)).expect("json"), "null");
    }

    #[test]
    fn numbers_and_strings_are_read_without_rounding() {
        let minor = |json: &str| read(json).expect("a decimal").minor(Currency::EUR, "price");
        for (json, wanted) in
            [("12.5", 1250), ("\"12.50\"", 1250), ("0.1", 10), ("-3", -300), ("1e2", 10_000), ("89.99", 8999)]
        {
            assert_eq!(minor(json), Ok(wanted), "{json}");
        }
        for json in ["0.001", "\"12.505\"", "1e300", "9007199254740993", "1e-9"] {
            assert!(minor(json).is_err(), "{json}");
        }
        for json in ["\"NaN\"", "\"1,5\"", "\"\"", "true", "null", "[]", "\"1e5\""] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
