//! What the shop chose for its papers. Pure.

use serde::{Deserialize, Serialize};

use crate::error::{FieldProblem, Refusal, Result};

/// Name of the fact that holds it.
pub const NAME: &str = "print";
/// Most characters of one text.
const LONGEST: usize = 600;
/// Most days for sending something back.
const MOST_DAYS: i64 = 365;
/// Farthest that a label printer can be off, in half millimetres.
pub const FARTHEST: i64 = 10;

/// Texts and measures of everything printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PrintSettings {
    /// How the shop is reached, under its address.
    pub contact: String,
    /// Said first at the foot.
    pub thanks: String,
    /// How to send something back.
    pub returns: String,
    /// The same for whoever got a gift.
    pub exchange: String,
    /// Last line of the foot.
    pub footer: String,
    /// Days a customer has to send something back, on the return slip; 0 for no last day.
    pub return_days: i64,
    /// Whether products are shown.
    pub pictures: bool,
    /// How far labels are moved to the right, in half millimetres.
    pub offset_x: i64,
    /// How far labels are moved down, in half millimetres.
    pub offset_y: i64,
}

impl Default for PrintSettings {
    fn default() -> Self {
        PrintSettings {
            contact: String::new(),
            thanks: "Thank you for your order".to_owned(),
            returns: String::new(),
            exchange: String::new(),
            footer: String::new(),
            return_days: 14,
            pictures: true,
            offset_x: 0,
            offset_y: 0,
        }
    }
}

impl PrintSettings {
    /// As stored; what cannot be read counts as not chosen.
    pub fn read(stored: Option<&str>) -> Self {
        stored.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// Trims the texts and checks everything.
    ///
    /// # Errors
    /// Names every field that is too long or too far.
    pub fn checked(mut self) -> Result<Self> {
        let mut problems = Vec::new();
        let texts = [
            ("contact", &mut self.contact),
            ("thanks", &mut self.thanks),
            ("returns", &mut self.returns),
            ("exchange", &mut self.exchange),
            ("footer", &mut self.footer),
        ];
        for (field, text) in texts {
            *text = text.replace("\r\n", "\n").trim().to_owned();
            if text.chars().count() > LONGEST {
                problems
                    .push(problem(field, format!("Shorten this to {LONGEST} characters, so that it fits on a slip.")));
            }
        }
        if !(0..=MOST_DAYS).contains(&self.return_days) {
            problems.push(problem("return_days", format!("Enter a number of days from 0 to {MOST_DAYS}.")));
        }
        for (field, offset) in [("offset_x", self.offset_x), ("offset_y", self.offset_y)] {
            if offset.abs() > FARTHEST {
                problems.push(problem(field, "Choose an offset between −5 mm and 5 mm."));
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(Refusal::fields("print.settings_invalid", problems).into()) }
    }
}

fn problem(field: &str, message: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stored_by_another_version_is_read_as_far_as_it_goes() {
        let read = PrintSettings::read(Some(r#"{"thanks":"Bye","later":1}"#));
        assert_eq!(read.thanks, "Bye");
        assert!(read.pictures);
        assert_eq!(PrintSettings::read(Some("no json")), PrintSettings::default());
    }

    #[test]
    fn texts_and_offsets_have_their_bounds() {
        let long = PrintSettings { returns: "x".repeat(601), offset_y: -11, ..PrintSettings::default() };
        let refusal = long.checked().expect_err("refused");
        let fields: Vec<_> = refusal.refusal().expect("a refusal").fields.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(fields, ["returns", "offset_y"]);
        let tidy = PrintSettings { footer: " a\r\nb ".to_owned(), ..PrintSettings::default() }.checked().expect("fine");
        assert_eq!(tidy.footer, "a\nb");
    }
}
