//! What customers are told of a stage, on the stage's page in the settings.

use serde::Deserialize;

use super::{Wording, said_of, wording};
use crate::actor::Actor;
use crate::conversation::filling;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::language::Language;
use crate::market::Markets;
use crate::workflow::{Stage, Stages};

/// What the stage's page shows of its message.
#[derive(Debug)]
pub struct Card {
    /// What is said in general, or would be said if nothing was written.
    pub text: String,
    /// The language of that, where customers read several.
    pub usual_language: String,
    pub languages: Vec<LanguageWords>,
    pub markets: Vec<MarketWords>,
    pub variables: Vec<(String, &'static str)>,
}

/// What is said in another language.
#[derive(Debug)]
pub struct LanguageWords {
    pub tag: String,
    pub name: String,
    pub text: String,
}

/// What is said in a market.
#[derive(Debug)]
pub struct MarketWords {
    pub slug: String,
    pub name: String,
    /// `same`, `own` or `silent`.
    pub mode: String,
    pub text: String,
}

impl Card {
    /// Of this stage.
    pub fn load(conn: &mut Conn, stage: &Stage) -> Result<Self> {
        let known = super::wordings(conn, &stage.slug)?;
        let markets = Markets::load(conn)?;
        let tongues = markets.tongues();
        let general = said_of(&known, None, "");
        let text = general.map_or_else(|| usual(stage, &tongues, 0), |wording| wording.body.clone());
        let languages: Vec<LanguageWords> = tongues
            .iter()
            .enumerate()
            .skip(1)
            .map(|(at, tag)| LanguageWords {
                tag: tag.clone(),
                name: name_of(tag),
                text: match said_of(&known, None, tag) {
                    Some(wording) => wording.body.clone(),
                    None if general.is_none() => usual(stage, &tongues, at),
                    None => String::new(),
                },
            })
            .collect();
        let usual_language = if languages.is_empty() { String::new() } else { name_of(&tongues[0]) };
        let markets = if markets.markets.len() > 1 { markets.markets } else { Vec::new() };
        let words = markets.into_iter().map(|market| {
            let own = said_of(&known, Some(market.id), "");
            let (mode, text) = match own {
                None => ("same", String::new()),
                Some(wording) if wording.body.is_empty() => ("silent", String::new()),
                Some(wording) => ("own", wording.body.clone()),
            };
            MarketWords { slug: market.slug, name: market.name, mode: mode.to_owned(), text }
        });
        let variables = filling::KNOWN.iter().map(|(name, about)| (filling::slot(name), *about)).collect();
        Ok(Card { markets: words.collect(), text, usual_language, languages, variables })
    }
    /// With what was typed in place of what is kept.
    pub fn typed(mut self, form: &WordsForm) -> Self {
        self.text.clone_from(&form.text);
        for language in &mut self.languages {
            if let Some(text) = form.in_language(&language.tag) {
                language.text = text;
            }
        }
        for market in &mut self.markets {
            if let Some(at) = form.market.iter().position(|slug| *slug == market.slug) {
                let (mode, text) = form.of_market(at);
                (market.mode, market.text) = (mode.to_owned(), text);
            }
        }
        self
    }
}

/// What the house says in the language in this place; nothing in one that it does not speak.
fn usual(stage: &Stage, tongues: &[String], at: usize) -> String {
    let language = tongues.get(at).and_then(|tag| Language::find(tag));
    let language = if at == 0 { Some(language.unwrap_or_default()) } else { language };
    language.map(|language| wording::usual(stage.base, language)).unwrap_or_default()
}

fn name_of(tag: &str) -> String {
    Language::find(tag).map_or_else(|| tag.to_owned(), |language| language.own_name().to_owned())
}

/// The posted words.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordsForm {
    text: String,
    language: Vec<String>,
    language_text: Vec<String>,
    market: Vec<String>,
    mode: Vec<String>,
    market_text: Vec<String>,
}

/// Keeps what was typed.
///
/// # Errors
/// Missing if there is no such stage or market; refuses as [`super::save`].
pub fn keep(tx: &mut Tx<'_>, actor: &Actor, slug: &str, form: &WordsForm) -> Result<()> {
    let stages = Stages::load(tx.conn)?;
    let stage = stages.find(slug).ok_or_else(|| Error::Missing(format!("stage “{slug}”")))?;
    let wanted = form.wanted(tx.conn, stage)?;
    super::save(tx, actor, stage, &wanted)
}

impl WordsForm {
    fn wanted(&self, conn: &mut Conn, stage: &Stage) -> Result<Vec<Wording>> {
        let markets = Markets::load(conn)?;
        let (mut wanted, mut problems) = self.everywhere(&markets, stage);
        for (at, slug) in self.market.iter().enumerate() {
            let market = markets.markets.iter().find(|market| market.slug == *slug);
            let market = market.ok_or_else(|| Error::Missing(format!("market {slug}")))?;
            let (mode, text) = self.of_market(at);
            let body = match mode {
                "same" => continue,
                "silent" => String::new(),
                _ => text,
            };
            let wrong = match mode {
                "own" if body.is_empty() => {
                    Some("Write what is said in this market, or choose something else.".to_owned())
                }
                "own" | "silent" => super::wrong_with(&body),
                _ => Some("Choose what is said in this market.".to_owned()),
            };
            problems.extend(wrong.map(|message| FieldProblem { field: format!("text-{slug}"), message }));
            wanted.push(Wording { market: Some(market.id), language: String::new(), body });
        }
        if problems.is_empty() { Ok(wanted) } else { Err(Refusal::fields("announce.words", problems).into()) }
    }
    /// What is said in every market that says nothing of its own. What the house says anyway is not kept: it stays
    /// what the house says, in each language.
    fn everywhere(&self, markets: &Markets, stage: &Stage) -> (Vec<Wording>, Vec<FieldProblem>) {
        let tongues = markets.tongues();
        let (mut wanted, mut problems) = (Vec::new(), Vec::new());
        let text = clean(&self.text);
        let is_usual = text == usual(stage, &tongues, 0);
        let mut keep = |language: &str, body: String, field: String| {
            problems.extend(super::wrong_with(&body).map(|message| FieldProblem { field, message }));
            wanted.push(Wording { market: None, language: language.to_owned(), body });
        };
        if !is_usual {
            keep("", text, "text".to_owned());
        }
        for (at, tag) in tongues.iter().enumerate().skip(1) {
            let text = self.in_language(tag).unwrap_or_default();
            if !text.is_empty() && (!is_usual || text != usual(stage, &tongues, at)) {
                keep(tag, text, format!("text-{tag}"));
            }
        }
        (wanted, problems)
    }
    /// What was typed for a language.
    fn in_language(&self, tag: &str) -> Option<String> {
        let at = self.language.iter().position(|known| known == tag)?;
        self.language_text.get(at).map(|text| clean(text))
    }
    /// What was chosen and typed for the market in this place.
    fn of_market(&self, at: usize) -> (&str, String) {
        let mode = self.mode.get(at).map_or("", String::as_str);
        (mode, self.market_text.get(at).map(|text| clean(text)).unwrap_or_default())
    }
}

fn clean(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}
