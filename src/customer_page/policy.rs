//! What the shop chose for its customers' pages. Pure.

use serde::{Deserialize, Serialize};

use crate::error::{FieldProblem, Refusal, Result};

/// Name of the fact that holds it.
pub const NAME: &str = "customer_page";
/// Most days that a page can be kept open.
pub const MOST_DAYS: i64 = 3_650;
/// Most characters of the contact.
const LONGEST: usize = 300;

/// How customers stop an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cancelling {
    /// By themselves until the shop approves it; they ask afterwards.
    #[default]
    UntilApproved,
    /// They always ask.
    Ask,
}

impl Cancelling {
    /// As forms and the store spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Cancelling::UntilApproved => "until_approved",
            Cancelling::Ask => "ask",
        }
    }
    /// The one spelled like this.
    pub fn parse(word: &str) -> Option<Self> {
        [Cancelling::UntilApproved, Cancelling::Ask].into_iter().find(|known| known.as_str() == word)
    }
}

/// The choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Days that a page stays open after its order was delivered or stopped.
    pub days: i64,
    /// How customers stop an order.
    pub cancelling: Cancelling,
    /// How the shop is reached, shown to customers.
    pub contact: String,
}

impl Default for Policy {
    fn default() -> Self {
        Policy { days: 90, cancelling: Cancelling::default(), contact: String::new() }
    }
}

impl Policy {
    /// As stored; what cannot be read counts as not chosen.
    pub fn read(stored: Option<&str>) -> Self {
        stored.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }

    /// As typed.
    ///
    /// # Errors
    /// Names every field that is wrong.
    pub fn typed(days: &str, cancelling: &str, contact: &str) -> Result<Self> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: String| problems.push(FieldProblem { field: field.to_owned(), message });
        let days = days.trim().parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
        if days.is_none() {
            wrong("days", format!("Enter a number of days from 1 to {MOST_DAYS}."));
        }
        let cancelling = Cancelling::parse(cancelling);
        if cancelling.is_none() {
            wrong("cancelling", "Choose how customers stop an order.".to_owned());
        }
        let contact = contact.replace("\r\n", "\n").trim().to_owned();
        if contact.chars().count() > LONGEST {
            wrong("contact", format!("Shorten this to {LONGEST} characters."));
        }
        match (days, cancelling, problems.is_empty()) {
            (Some(days), Some(cancelling), true) => Ok(Policy { days, cancelling, contact }),
            _ => Err(Refusal::fields("customer_page.invalid", problems).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_read_as_far_as_it_goes() {
        assert_eq!(Policy::read(None).days, 90);
        assert_eq!(Policy::read(Some(r#"{"days":5,"later":1}"#)).days, 5);
        let typed = Policy::typed(" 30 ", "ask", "a\r\nb").expect("fine");
        assert_eq!((typed.days, typed.cancelling, typed.contact.as_str()), (30, Cancelling::Ask, "a\nb"));
        let refusal = Policy::typed("0", "never", &"x".repeat(301)).expect_err("refused");
        assert_eq!(refusal.refusal().map(|refusal| refusal.fields.len()), Some(3));
    }
}
