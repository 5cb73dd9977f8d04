//! The place where a page begins: the sort key and id of the order beside it. Opaque to people.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::filter::Sort;
use crate::error::Refusal;

/// Sort key of one order: numbers for all sorts but that by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(pub i64, pub i64, pub String, pub i64);

/// The place where a page begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Whether the page follows the key, rather than coming before it.
    pub forward: bool,
    /// The order beside the page.
    pub key: Key,
    /// Place of the page's first order in the list, from 1, for the words below it.
    pub place: i64,
}

#[derive(Serialize, Deserialize)]
struct Spelled(String, bool, Key, i64);

impl Cursor {
    /// Its text for this sort.
    pub fn write(&self, sort: Sort, descending: bool) -> String {
        let spelled = Spelled(sort.key().to_owned(), descending, self.key.clone(), self.place);
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&spelled).unwrap_or_default())
    }
    /// The cursor with that text, if it was written for this sort.
    ///
    /// # Errors
    /// Says that the link is broken.
    pub fn read(text: &str, forward: bool, sort: Sort, descending: bool) -> Result<Self, Refusal> {
        if text.len() > 2_000 {
            return Err(broken());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?;
        let Spelled(of, down, key, place) = serde_json::from_slice(&bytes).map_err(|_| broken())?;
        if of != sort.key() || down != descending || key.2.contains('\0') {
            return Err(broken());
        }
        Ok(Cursor { forward, key, place: place.clamp(1, 1_000_000_000) })
    }
}

/// The refusal of a cursor that is none.
pub fn broken() -> Refusal {
    Refusal::field(
        "list.cursor",
        "after",
        "This link to a further page is broken or belongs to another sorting. Start from the first page.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_fits_its_sort_only() {
        let cursor = Cursor { forward: true, key: Key(5, 0, "øre \"x\"".into(), 9), place: 51 };
        let text = cursor.write(Sort::Customer, false);
        assert_eq!(Cursor::read(&text, true, Sort::Customer, false), Ok(cursor));
        assert!(Cursor::read(&text, true, Sort::Customer, true).is_err());
        assert!(Cursor::read(&text, true, Sort::Date, false).is_err());
        for broken in ["", "x", "bm9uZQ", "⚠", "WyJkYXRlIix0cnVlXQ"] {
            assert!(Cursor::read(broken, true, Sort::Date, true).is_err(), "{broken}");
        }
    }
}
