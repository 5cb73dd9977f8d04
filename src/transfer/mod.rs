//! Taking the shop's orders out as files.

pub mod pages;
pub mod sheet;

use std::borrow::Cow;

/// A cell that no spreadsheet takes for a formula: one that begins with `=`, `+`, `-`, `@`, a tab or a
/// carriage return gets an apostrophe before it, unless it is a plain number.
pub fn escape_cell(text: &str) -> Cow<'_, str> {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if risky && !is_number(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_escaped_and_numbers_are_not() {
        for formula in ["=1+1", "+1 555 0100", "-12 Minus Lane", "@SKU", "\t=1", "\r=1", "--1", "-1=1"] {
            assert_eq!(escape_cell(formula), format!("'{formula}"));
        }
        for plain in ["-3.50", "-12", "12", "Zoë", "", "'=1"] {
            assert_eq!(escape_cell(plain), plain);
        }
    }
}
