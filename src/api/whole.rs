//! Whole numbers as programs send them: JSON has one kind of number, so 2.0 is 2.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// The largest number up to which every whole one can be told from its neighbours.
const EXACT: f64 = 9_007_199_254_740_992.0;

struct Whole(i64);

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Whole, E> {
        Ok(Whole(value))
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Whole, E> {
        i64::try_from(value).map(Whole).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Whole, E> {
        if value.fract() == 0.0 && value.abs() <= EXACT {
            return Ok(Whole(value as i64));
        }
        Err(E::invalid_type(de::Unexpected::Float(value), &self))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

/// Reads a whole number: `#[serde(deserialize_with = "whole")]`.
///
/// # Errors
/// When it is none.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(Whole::deserialize(deserializer)?.0)
}

/// Reads a whole number or null.
///
/// # Errors
/// When it is neither.
pub fn whole_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<Whole>::deserialize(deserializer)?.map(|whole| whole.0))
}

/// Reads whole numbers by name.
///
/// # Errors
/// When one is none.
pub fn wholes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, i64>, D::Error> {
    let read = BTreeMap::<String, Whole>::deserialize(deserializer)?;
    Ok(read.into_iter().map(|(name, whole)| (name, whole.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_fraction_is_whole() {
        let read = |text: &str| serde_json::from_str::<Whole>(text).map(|whole| whole.0).ok();
        assert_eq!([read("2"), read("2.0"), read("-3e2")], [Some(2), Some(2), Some(-300)]);
        assert_eq!([read("2.5"), read("1e300"), read("\"2\""), read("true"), read("null")], [None; 5]);
    }
}
