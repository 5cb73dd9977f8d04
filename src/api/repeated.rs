//! Whether an object of a body has a name twice. Readers disagree about which of the two counts, so a body that says
//! two things is refused instead of read. Pure.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::body::escaped;

/// The name that stands twice in one object, and the pointer to it.
pub(super) fn repeated(json: &[u8]) -> Option<(String, String)> {
    let mut look = Look::default();
    // It was read before: what ends this early is a name that is there twice.
    let _ = look.deserialize(&mut serde_json::Deserializer::from_slice(json));
    look.found.map(|name| (name, look.pointer))
}

/// Goes through a body without keeping it.
#[derive(Default)]
struct Look {
    /// Where it is.
    pointer: String,
    /// The name that was there before.
    found: Option<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Look {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Look {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        let above = self.pointer.len();
        for at in 0.. {
            self.pointer.push_str(&format!("/{at}"));
            if all.next_element_seed(&mut *self)?.is_none() {
                break;
            }
            self.pointer.truncate(above);
        }
        self.pointer.truncate(above);
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut all: A) -> Result<(), A::Error> {
        let (above, mut names) = (self.pointer.len(), HashSet::new());
        while let Some(name) = all.next_key::<String>()? {
            self.pointer.push_str(&format!("/{}", escaped(&name)));
            if names.contains(&name) {
                self.found = Some(name);
                return Err(A::Error::custom("a name is there twice"));
            }
            names.insert(name);
            all.next_value_seed(&mut *self)?;
            self.pointer.truncate(above);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_there_twice_is_found_wherever_it_is() {
        let pointer = |json: &str| repeated(json.as_bytes()).map(|(_, pointer)| pointer).unwrap_or_default();
        assert_eq!(pointer(r#"{"a": 1, "b": null, "a": 1}"#), "/a");
        assert_eq!(pointer(r#"{"a": {"a": [true, {"x/y": 1.5, "x\/y": "z"}]}}"#), "/a/a/1/x~1y");
        assert_eq!(pointer(r#"[{"a": -1}, {"a": 2}, {"b": {"a": 3}, "a": {"a": []}}]"#), "");
        assert_eq!(pointer(r#"{"name": 1, "n\u0061me": 2}"#), "/name", "the same name, written another way");
        assert_eq!(repeated(br#"{"a": 1, "a": 2}"#).unwrap_or_default().0, "a");
    }
}
