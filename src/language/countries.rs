//! Countries by their names in each language. Pure.

use std::sync::LazyLock;

use super::Language;
use crate::address::countries::{self, COUNTRIES};
use crate::words::sort_key;

/// A country: its code, and its names in German and in Hungarian. By code.
static NAMES: LazyLock<Vec<[&'static str; 3]>> = LazyLock::new(|| {
    let lines = include_str!("countries.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| <[&str; 3]>::try_from(line.split('|').collect::<Vec<_>>()).ok()).collect()
});

impl Language {
    /// What the country with this code is called.
    pub fn country(self, code: &str) -> Option<&'static str> {
        let translated = |at: usize| {
            let found = NAMES.binary_search_by(|names| names[0].cmp(code)).ok()?;
            Some(NAMES[found][at])
        };
        match self {
            Language::English => countries::name(code),
            Language::German => translated(1),
            Language::Hungarian => translated(2),
        }
    }

    /// What a country is called that has this name in English.
    pub(super) fn country_called(self, english: &str) -> &str {
        let known = COUNTRIES.iter().find(|(_, name)| *name == english);
        known.and_then(|(code, _)| self.country(code)).unwrap_or(english)
    }

    /// Every country: its code and what it is called, by name.
    pub fn countries(self) -> Vec<(&'static str, &'static str)> {
        let mut all: Vec<_> =
            COUNTRIES.iter().map(|(code, english)| (*code, self.country(code).unwrap_or(english))).collect();
        all.sort_by_key(|(_, name)| sort_key(name));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_has_a_name_in_every_language() {
        let codes: Vec<&str> = NAMES.iter().map(|names| names[0]).collect();
        assert_eq!(codes, COUNTRIES.iter().map(|(code, _)| *code).collect::<Vec<_>>());
        for (language, hungary, austria) in [
            (Language::English, "Hungary", "Austria"),
            (Language::German, "Ungarn", "Österreich"),
            (Language::Hungarian, "Magyarország", "Ausztria"),
        ] {
            assert_eq!(
                (language.country("HU"), language.country("AT"), language.country("XX")),
                (Some(hungary), Some(austria), None)
            );
            let names: Vec<&str> = language.countries().into_iter().map(|(_, name)| name).collect();
            assert!(names.iter().all(|name| !name.trim().is_empty()));
            let mut once = names.clone();
            once.dedup();
            assert_eq!(once.len(), COUNTRIES.len(), "no two are called alike");
        }
        let places: Vec<_> = Language::German.countries().into_iter().map(|(code, _)| code).collect();
        let at = |code: &str| places.iter().position(|place| *place == code);
        assert!(at("EG") < at("AL") && at("OM") < at("AT") && at("AT") < at("PK"), "Ä stands with A, Ö with O");
    }
}
