//! Folding text, so that finding and sorting treat `Müller`, `MULLER` and `muller` alike on both
//! databases. Everything that is searched or sorted by name goes through here.

use std::collections::BTreeSet;

/// Longest word that search keeps, in characters.
const LONGEST: usize = 64;
/// Words of one order that search keeps at the most.
const MOST: usize = 4_000;

/// Lower case without accents, in plain letters: `Ørsted Kovács` becomes `orsted kovacs`.
pub fn fold(text: &str) -> String {
    any_ascii::any_ascii(text).to_ascii_lowercase()
}

/// The key a name is sorted by: folded, without what is no letter or digit at its start, cut to 80
/// characters.
pub fn sort_key(text: &str) -> String {
    let folded = fold(text);
    folded.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).chars().take(80).collect()
}

/// The words of a text: runs of letters and digits, folded.
pub fn split(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(LONGEST).collect())
        .collect()
}

/// A text that somebody outside wrote, for showing: without letters that cannot be seen and without marks
/// that turn the direction of what stands around them. Joiners stay between letters that they join, as in
/// Persian and in emoji.
pub fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            '\u{2028}' | '\u{2029}' => shown.push('\n'),
            '\u{200c}' | '\u{200d}' => {
                if shown
                    .chars()
                    .next_back()
                    .is_some_and(|last| !last.is_ascii() && !matches!(last, '\u{200c}' | '\u{200d}'))
                {
                    shown.push(c);
                }
            }
            c if c.is_control() || is_unseen(c) => {}
            c => shown.push(c),
        }
    }
    shown
}

fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Only the digits of a telephone number.
pub fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What to look for when a person types `text`: its words, or the bare digits when it looks like a
/// telephone number, without the zeros that stand for "abroad" or "trunk".
pub fn wanted(text: &str) -> Vec<String> {
    let digits = digits(text);
    let is_phone = digits.len() >= 6
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '(' | ')' | '/' | '.'))
        && (text.contains(['+', '(', '/']) || text.trim().starts_with('0') || text.trim().contains(' '));
    if is_phone {
        let bare = digits.trim_start_matches('0');
        return vec![if bare.is_empty() { digits.clone() } else { bare.to_owned() }];
    }
    let mut words = split(text);
    words.truncate(12);
    words
}

/// The words one order is found by.
#[derive(Debug, Default)]
pub struct Document(BTreeSet<String>);

impl Document {
    /// Adds the words of a text.
    pub fn add(&mut self, text: &str) {
        for word in split(text) {
            self.put(word);
        }
    }
    /// Adds the text as one word besides its parts, so that `MUG-TC-350` is found as `mugtc350` too.
    pub fn add_code(&mut self, code: &str) {
        self.add(code);
        self.put(split(code).concat());
    }
    /// Adds a telephone number by its digits and by its last seven to ten, so that it is found with
    /// and without its country code.
    pub fn add_phone(&mut self, phone: &str) {
        let digits = digits(phone);
        let bare = digits.trim_start_matches('0').to_owned();
        for length in 7..=10 {
            if bare.len() > length {
                self.put(bare[bare.len() - length..].to_owned());
            }
        }
        self.put(bare);
    }
    /// All words, in order.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().cloned().collect()
    }
    fn put(&mut self, word: String) {
        if !word.is_empty() && self.0.len() < MOST {
            self.0.insert(word.chars().take(LONGEST).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_and_case_fold_away() {
        assert_eq!(fold("Ørsted Kovács ŁÓDŹ Straße"), "orsted kovacs lodz strasse");
        assert_eq!(sort_key("  “Ágnes”"), "agnes\"");
    }

    #[test]
    fn what_cannot_be_seen_or_turns_the_text_is_left_out() {
        assert_eq!(harmless("pay\u{202e}load\u{200b} \u{2066}x\u{2069}\u{feff}"), "payload x");
        assert_eq!(harmless("a\u{200d}b\r\n\tc\u{0}"), "ab\n\tc");
        assert_eq!(harmless("می\u{200c}خواهم 👩\u{200d}🎨 שלום"), "می\u{200c}خواهم 👩\u{200d}🎨 שלום");
    }

    #[test]
    fn a_telephone_number_is_found_with_and_without_its_country_code() {
        let mut document = Document::default();
        document.add_phone("+36 30 555 0142");
        let words = document.words();
        for typed in ["+36 30 555 0142", "0036 30 555 0142", "030 555 0142", "30 555 0142", "555 0142"] {
            let wanted = wanted(typed);
            assert_eq!(wanted.len(), 1, "{typed}");
            assert!(words.iter().any(|word| word.starts_with(&wanted[0])), "{typed} in {words:?}");
        }
    }

    #[test]
    fn an_order_number_is_no_telephone_number() {
        assert_eq!(wanted("10468"), ["10468"]);
        assert_eq!(wanted("1046812"), ["1046812"]);
    }

    #[test]
    fn codes_are_found_whole_and_in_parts() {
        let mut document = Document::default();
        document.add_code("MUG-TC-350");
        assert_eq!(document.words(), ["350", "mug", "mugtc350", "tc"]);
    }
}
