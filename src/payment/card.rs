//! No card number is ever kept: what looks like one is refused wherever it is typed. Pure.

/// Whether a text holds 13 to 19 digits, perhaps in groups, that pass the check digit of payment
/// cards (ISO/IEC 7812, Luhn).
pub fn looks_like_card(text: &str) -> bool {
    let mut run: Vec<u32> = Vec::new();
    let mut found = false;
    for c in text.chars().chain(std::iter::once('x')) {
        if let Some(digit) = c.to_digit(10) {
            run.push(digit);
        } else if !matches!(c, ' ' | '-' | '\u{a0}') {
            found |= (13..=19).contains(&run.len()) && passes_luhn(&run);
            run.clear();
        }
    }
    found
}

fn passes_luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(index, digit)| match (index % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_known_by_their_check_digit() {
        assert!(looks_like_card("4242 4242 4242 4242"));
        assert!(looks_like_card("ref 4242424242424242."));
        assert!(!looks_like_card("4242 4242 4242 4241"));
        assert!(!looks_like_card("2026-11-21 14:41"));
    }
}
