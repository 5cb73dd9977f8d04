//! JSON as it is read here: one value, in which no object has a name twice. Readers disagree about which of the two
//! counts, so a body that says two things is refused instead of read. Pure.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::body::escaped;
use crate::error::Refusal;

/// Reads a text.
///
/// # Errors
/// Says where it stops being JSON, and in which value; or which name stands twice.
pub(super) fn read(text: &[u8]) -> Result<Value, Refusal> {
    let mut reading = Reading::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = reading.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| match reading.repeated {
        Some(name) => {
            Refusal::field("request.repeated_field", reading.pointer, format!("{name} is there more than once."))
        }
        None => {
            let message = format!("The body is not JSON that can be read: {error}.");
            match reading.pointer.as_str() {
                "" => Refusal::invalid("request.malformed", message),
                pointer => Refusal::field("request.malformed", pointer, message),
            }
        }
    })
}

/// Where the reading is: at the end, where it broke off.
#[derive(Default)]
struct Reading {
    pointer: String,
    /// The name that was there before.
    repeated: Option<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Reading {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let (above, mut values) = (self.pointer.len(), Vec::new());
        loop {
            self.pointer.push_str(&format!("/{}", values.len()));
            let value = all.next_element_seed(&mut *self)?;
            self.pointer.truncate(above);
            match value {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<Value, A::Error> {
        let (above, mut fields) = (self.pointer.len(), Map::new());
        while let Some(name) = all.next_key::<String>()? {
            self.pointer.push('/');
            self.pointer.push_str(&escaped(&name));
            if fields.contains_key(&name) {
                self.repeated = Some(name);
                return Err(A::Error::custom("a name is there twice"));
            }
            let value = all.next_value_seed(&mut *self)?;
            self.pointer.truncate(above);
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_there_twice_is_found_wherever_it_is() {
        let pointer = |json: &str| {
            let refusal = read(json.as_bytes()).expect_err("refused");
            assert_eq!(refusal.code, "request.repeated_field", "{json}");
            refusal.fields[0].field.clone()
        };
        assert_eq!(pointer(r#"{"a": 1, "b": null, "a": 1}"#), "/a");
        assert_eq!(pointer(r#"{"a": {"a": [true, {"x/y": 1.5, "x\/y": "z"}]}}"#), "/a/a/1/x~1y");
        assert_eq!(pointer(r#"{"name": 1, "n\u0061me": 2}"#), "/name", "the same name, written another way");
        assert_eq!(read(br#"{"a": 1, "a": 2}"#).expect_err("refused").message, "a is there more than once.");
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for json in [
            r#"[{"a": -1}, {"a": 2}, {"b": {"a": 3}, "a": {"a": []}}]"#,
            r#"[0, -0.0, 1.50, 18446744073709551615, -9223372036854775808, 1e300, "\u00e9\n", "", true, null, {}]"#,
            "\"one\"",
        ] {
            assert_eq!(read(json.as_bytes()).ok(), serde_json::from_str(json).ok(), "{json}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_where_it_stops() {
        for (json, pointer) in [
            ("{", ""),
            ("{} x", ""),
            (r#"{"items": [1, 2}"#, "/items/2"),
            (r#"{"a": {"b/c": NaN}}"#, "/a/b~1c"),
            (r#"{"a": [{"b": "\ud800"}]}"#, "/a/0/b"),
            (r#"{"a": 1e999}"#, "/a"),
        ] {
            let refusal = read(json.as_bytes()).expect_err("refused");
            assert_eq!(refusal.code, "request.malformed", "{json}");
            assert_eq!(refusal.fields.first().map_or("", |problem| problem.field.as_str()), pointer, "{json}");
        }
    }
}
