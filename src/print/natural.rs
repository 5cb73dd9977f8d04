//! Natural order: `A-2` before `A-10`, as a shelf is walked.

use std::cmp::Ordering;

/// Compares two texts, runs of digits by their value and letters without case.
pub fn compare(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    while !left.is_empty() && !right.is_empty() {
        let (a, rest_left) = piece(left);
        let (b, rest_right) = piece(right);
        let ordering = match (number(a), number(b)) {
            (Some(a), Some(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            _ => a.to_lowercase().cmp(&b.to_lowercase()),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
        (left, right) = (rest_left, rest_right);
    }
    left.len().cmp(&right.len()).then_with(|| one.cmp(other))
}

/// The run of digits or of other signs that the text begins with, and the rest.
fn piece(text: &str) -> (&str, &str) {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

/// The digits without leading zeros, so that longer means larger.
fn number(piece: &str) -> Option<&str> {
    piece.starts_with(|c: char| c.is_ascii_digit()).then(|| piece.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shelves_are_walked_in_order() {
        let mut bins = vec!["B-1", "A-15-1", "A-2-10", "a-2-9", "A-02-1", "A", "A-1", "Ω-3"];
        bins.sort_by(|a, b| compare(a, b));
        assert_eq!(bins, ["A", "A-1", "A-02-1", "a-2-9", "A-2-10", "A-15-1", "B-1", "Ω-3"]);
    }

    #[test]
    fn numbers_longer_than_any_integer_are_compared() {
        assert_eq!(compare("99999999999999999999999998", "99999999999999999999999999"), Ordering::Less);
        assert_eq!(compare("0007", "7"), Ordering::Less);
    }
}
