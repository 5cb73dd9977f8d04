//! What customers are told of a stage, on the stage's page in the settings.

use serde::Deserialize;

use super::{Wording, wording};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::market::Markets;
use crate::workflow::{Stage, Stages};

/// What the stage's page shows of its message.
#[derive(Debug)]
pub struct Card {
    /// What is said in general, or would be said if nothing was written.
    pub text: String,
    pub markets: Vec<MarketWords>,
    pub variables: [(&'static str, &'static str); 6],
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
        let general = known.iter().find(|wording| wording.market.is_none());
        let text = general.map_or_else(|| wording::usual(stage.base).to_owned(), |wording| wording.body.clone());
        let markets = Markets::load(conn)?.markets;
        let markets = if markets.len() > 1 { markets } else { Vec::new() };
        let words = markets.into_iter().map(|market| {
            let own = known.iter().find(|wording| wording.market == Some(market.id));
            let (mode, text) = match own {
                None => ("same", String::new()),
                Some(wording) if wording.body.is_empty() => ("silent", String::new()),
                Some(wording) => ("own", wording.body.clone()),
            };
            MarketWords { slug: market.slug, name: market.name, mode: mode.to_owned(), text }
        });
        Ok(Card { markets: words.collect(), text, variables: wording::VARIABLES })
    }
    /// With what was typed in place of what is kept.
    pub fn typed(mut self, form: &WordsForm) -> Self {
        self.text.clone_from(&form.text);
        for market in &mut self.markets {
            if let Some(at) = form.market.iter().position(|slug| *slug == market.slug) {
                let (mode, text) = form.of_market(at);
                (market.mode, market.text) = (mode.to_owned(), text);
            }
        }
        self
    }
}

/// The posted words.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WordsForm {
    text: String,
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
    let wanted = form.wanted(tx.conn)?;
    super::save(tx, actor, stage, &wanted)
}

impl WordsForm {
    fn wanted(&self, conn: &mut Conn) -> Result<Vec<Wording>> {
        let markets = Markets::load(conn)?;
        let (mut wanted, mut problems) = (vec![Wording { market: None, body: clean(&self.text) }], Vec::new());
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
            wanted.push(Wording { market: Some(market.id), body });
        }
        if problems.is_empty() { Ok(wanted) } else { Err(Refusal::fields("announce.words", problems).into()) }
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
