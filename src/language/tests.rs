use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono_tz::Tz;

use super::*;
use crate::money::{Currency, Money};
use crate::time::UtcTime;

/// Every message of a file with the variables in it.
fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase())) {
            assert!(messages.insert(name.to_owned(), BTreeSet::new()).is_none(), "{name} is there twice");
            key = name.to_owned();
        }
        for variable in line.split('$').skip(1) {
            let name = variable.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            messages.get_mut(&key).expect("a message").insert(name);
        }
    }
    messages
}

#[test]
fn every_language_says_everything_with_the_same_variables() {
    let english = messages(TEXTS[0]);
    for (language, text) in Language::ALL.into_iter().zip(TEXTS) {
        assert!(FluentResource::try_new(text.to_owned()).is_ok(), "{language:?} cannot be read");
        let here = messages(text);
        let keys = |all: &BTreeMap<String, BTreeSet<String>>| all.keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&here), keys(&english), "{language:?}");
        for (key, variables) in &here {
            assert_eq!(variables, &english[key], "{language:?} {key}");
            let values: Vec<_> = variables.iter().map(|name| (name.as_str(), Value::from(2))).collect();
            let text = said(language, key, &values).unwrap_or_else(|| panic!("{language:?} {key}"));
            assert!(!text.trim().is_empty() && !text.contains("{$"), "{language:?} {key}: {text}");
        }
    }
}

/// What a source file asks a language to say, literally.
fn asked(text: &str) -> Vec<String> {
    let calls = ["say(\"", "say_with(\"", ".t(\"", ".t_with(\""];
    let keys = calls.iter().flat_map(|call| text.split(call).skip(1).filter_map(|rest| rest.split('"').next()));
    // Others say something, too, in whole sentences.
    let is_key =
        |key: &&str| !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b"-0123456789".contains(&b));
    keys.filter(is_key).map(str::to_owned).collect()
}

fn files(folder: &Path, ending: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        if path.is_dir() {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|end| end == ending) && !path.ends_with("language/tests.rs") {
            found.push(std::fs::read_to_string(path).expect("text"));
        }
    }
}

#[test]
fn nothing_is_asked_for_that_is_not_there_and_nothing_stands_there_in_vain() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    files(&root.join("src"), "rs", &mut sources);
    files(&root.join("templates/customer_page"), "html", &mut sources);
    let asked: BTreeSet<String> = sources.iter().flat_map(|text| asked(text)).collect();
    let known = messages(TEXTS[0]);
    for key in &asked {
        assert!(known.contains_key(key), "there is no {key}");
    }
    // Their keys are put together; each is met by a test of its own or by its English words.
    let made = ["stage-", "usual-", "told-", "done-"];
    let sources = sources.concat();
    for key in known.keys() {
        let is_named = sources.contains(&format!("\"{key}\""));
        assert!(is_named || made.iter().any(|start| key.starts_with(start)), "{key} is never said");
    }
}

#[test]
fn a_refusal_is_found_by_its_english_words() {
    let german = Language::German;
    assert_eq!(german.reword("Choose the country."), "Wählen Sie das Land.");
    let large = "“a “b”.png” is larger than 10 MB. Make it smaller and choose it again.";
    assert_eq!(
        german.reword(large),
        "„a “b”.png“ ist größer als 10 MB. Verkleinern Sie die Datei und wählen Sie sie noch einmal aus."
    );
    assert_eq!(german.reword("Enter a number from 0 to 3 for Mug."), "Geben Sie für Mug eine Zahl von 0 bis 3 ein.");
    assert_eq!(german.reword("Something of the shop."), "Something of the shop.");
    assert_eq!(Language::English.reword(large), large);
    let sentence = crate::address::Address { country: "HU".into(), ..Default::default() };
    for problem in sentence.problems().into_iter().chain(crate::address::Address::default().problems()) {
        assert_ne!(Language::Hungarian.reword(&problem.message), problem.message);
    }
}

#[test]
fn amounts_and_times_are_written_as_each_language_writes_them() {
    let euro = |minor| Money::new(minor, Currency::EUR);
    let forint = |minor| Money::new(minor, Currency::parse("HUF").expect("forint"));
    let german = [(148_600, "1.486,00\u{a0}€"), (-500, "−5,00\u{a0}€"), (123_456_789, "1.234.567,89\u{a0}€")];
    for (minor, expected) in german {
        assert_eq!(Language::German.money(euro(minor)), expected);
    }
    assert_eq!(Language::Hungarian.money(euro(148_600)), "1486,00\u{a0}€");
    assert_eq!(Language::Hungarian.money(forint(1_486_000)), "14\u{a0}860\u{a0}Ft");
    assert_eq!(Language::German.money(forint(1_486_050)), "14.860,50\u{a0}HUF");
    assert_eq!(Language::English.money(euro(148_600)), "€1,486.00");

    let at = |text: &str| UtcTime::from_datetime(text.parse().expect("an instant"));
    let now = at("2026-11-21T15:00:00Z");
    let all = |then: &str| Language::ALL.map(|language| language.short_when(at(then), now, Tz::UTC));
    assert_eq!(all("2026-11-21T14:41:00Z"), ["14:41", "14:41", "14:41"]);
    assert_eq!(all("2026-11-20T21:17:00Z"), ["Fri 21:17", "Fr., 21:17 Uhr", "péntek, 21:17"]);
    assert_eq!(all("2026-03-02T21:17:00Z"), ["2 Mar", "2. März", "márc. 2."]);
    assert_eq!(all("2024-11-02T21:17:00Z"), ["2 Nov 2024", "2. Nov. 2024", "2024. nov. 2."]);
}

#[test]
fn plurals_are_right_in_each() {
    let left =
        |language: Language, sent: i64| language.say_with("story-partly", &[("sent", sent.into()), ("all", 3.into())]);
    assert!(left(Language::German, 1).starts_with("1 von 3 Paketen hat"));
    assert!(left(Language::German, 2).starts_with("2 von 3 Paketen haben"));
    assert!(left(Language::English, 1).starts_with("1 of 3 parcels has"));
    assert_eq!(Language::Hungarian.say_with("story-shipped", &[("all", 1.into())]), "Csomagját feladtuk.");
}

#[test]
fn a_tag_means_its_language() {
    assert_eq!(Language::find("de-CH"), Some(Language::German));
    assert_eq!(Language::find("HU"), Some(Language::Hungarian));
    assert_eq!(Language::find("nl"), None);
    assert!(is_tag("nl-NL") && !is_tag("x") && !is_tag("de;DROP") && !is_tag(""));
}
