//! The languages that customers are spoken to in: their page, what is said of moves, the mails around messages.
//! The desk itself speaks English. Words stand in one Fluent file for each language; every language says
//! everything, which a test compares, and whatever the shop wrote itself stays as the shop wrote it.

mod countries;
mod written;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// What stands for a variable: a text, or a number that plurals go by.
pub type Value<'a> = FluentValue<'a>;

/// A language that the house speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German, with Sie.
    German,
    /// Hungarian, with Ön.
    Hungarian,
}

impl Language {
    /// Every one.
    pub const ALL: [Language; 3] = [Language::English, Language::German, Language::Hungarian];

    /// Its tag.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::Hungarian => "hu",
        }
    }
    /// What it calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::Hungarian => "Magyar",
        }
    }
    /// The one that a tag such as `de-CH` means, if the house speaks it.
    pub fn find(tag: &str) -> Option<Self> {
        Language::ALL.into_iter().find(|language| language.tag() == primary(tag))
    }

    /// A sentence of this language.
    pub fn say(self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// A sentence with something put in.
    pub fn say_with(self, key: &str, values: &[(&str, Value<'_>)]) -> String {
        let spoken = said(self, key, values).or_else(|| said(Language::English, key, values));
        spoken.unwrap_or_else(|| key.to_owned())
    }

    /// What was worded in English elsewhere, in this language: a refusal. Words that are not known stay.
    pub fn reword(self, english: &str) -> String {
        if self == Language::English {
            return english.to_owned();
        }
        let found = TOLD.iter().find_map(|(key, pattern)| Some((key, matched(pattern, english)?)));
        match found {
            Some((key, values)) => {
                let of_here = |name: &str, value| if name == "country" { self.country_called(value) } else { value };
                let values: Vec<(&str, Value<'_>)> =
                    values.iter().map(|(name, value)| (*name, Value::from(of_here(name, value)))).collect();
                self.say_with(key, &values)
            }
            None => english.to_owned(),
        }
    }
}

/// The language of a tag without its country or script, in small letters: `de-CH` is `de`.
pub fn primary(tag: &str) -> String {
    tag.trim().split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether a text can be the tag of a language, such as `en` or `nl-NL`.
pub fn is_tag(text: &str) -> bool {
    (2..=12).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

const TEXTS: [&str; 3] = [include_str!("en.ftl"), include_str!("de.ftl"), include_str!("hu.ftl")];

static BUNDLES: LazyLock<Vec<FluentBundle<FluentResource>>> = LazyLock::new(|| {
    Language::ALL
        .into_iter()
        .zip(TEXTS)
        .map(|(language, text)| {
            let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
            // Pages mark names that may run the other way themselves; a mail would carry the marks in its text.
            bundle.set_use_isolating(false);
            bundle.add_resource_overriding(FluentResource::try_new(text.to_owned()).unwrap_or_else(|(most, _)| most));
            bundle
        })
        .collect()
});

fn said(language: Language, key: &str, values: &[(&str, Value<'_>)]) -> Option<String> {
    let bundle = BUNDLES.get(language as usize)?;
    let pattern = bundle.get_message(key)?.value()?;
    let mut args = FluentArgs::new();
    for (name, value) in values {
        args.set(*name, value.clone());
    }
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
    errors.is_empty().then_some(text)
}

/// A sentence in pieces: its words, and the names of what stands between them.
type Pattern = (Vec<&'static str>, Vec<&'static str>);

/// The English sentences that are worded elsewhere in the house, too.
static TOLD: LazyLock<Vec<(&'static str, Pattern)>> = LazyLock::new(|| {
    let lines = TEXTS[0].lines().filter(|line| line.starts_with("told-"));
    lines.filter_map(|line| line.split_once(" = ")).map(|(key, text)| (key, pieces(text))).collect()
});

fn pieces(text: &'static str) -> Pattern {
    let (mut words, mut names) = (Vec::new(), Vec::new());
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once("{ $").and_then(|(before, after)| Some((before, after.split_once(" }")?)))
    {
        words.push(before);
        names.push(name);
        rest = after;
    }
    words.push(rest);
    (words, names)
}

/// What stands between the words of a pattern, if a text has them all.
fn matched<'t>((words, names): &Pattern, text: &'t str) -> Option<Vec<(&'static str, &'t str)>> {
    let (first, more) = words.split_first()?;
    let mut rest = text.strip_prefix(first)?;
    let mut values = Vec::new();
    for (index, (word, name)) in more.iter().zip(names).enumerate() {
        let end = if index + 1 == more.len() { rest.strip_suffix(word)?.len() } else { rest.find(word)? };
        values.push((*name, &rest[..end]));
        rest = &rest[end + word.len()..];
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests;
