//! Editing the shop's stages. The twelve built-in ones can be renamed, recoloured and hidden; the shop's
//! own can be added, closed and, while no order needs them, removed. A stage never changes its base, for
//! rules look at nothing else.

use super::fields::{self, RequiredField};
use super::{Base, Stage, store};
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::event::{self, Event};
use crate::words;

/// Colour tokens and their words in the editor.
pub const COLOURS: [(&str, &str); 5] =
    [("mute", "Grey"), ("info", "Blue"), ("ok", "Green"), ("warn", "Amber"), ("bad", "Red")];
/// Longest word for a stage, in characters.
const LONGEST: usize = 40;
/// Longest time limit: a year.
const MOST_MINUTES: i64 = 366 * 24 * 60;
/// Stages of a shop at the most.
const MOST: usize = 60;

/// What can be changed about a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageFacts {
    /// The shop's word.
    pub label: String,
    /// What the customer reads; empty for the label.
    pub public_label: String,
    /// Colour token of [`COLOURS`].
    pub colour: String,
    /// Left out of the rail while empty.
    pub hidden: bool,
    /// Minutes an order may stay before it is late.
    pub sla_minutes: Option<i64>,
    /// What an order must have to enter.
    pub required: Vec<RequiredField>,
    /// Whether the customer is told.
    pub sends_message: bool,
}

impl StageFacts {
    /// Of a stage as it is.
    pub fn of(stage: &Stage) -> Self {
        StageFacts {
            label: stage.label.clone(),
            public_label: stage.public_label.clone().unwrap_or_default(),
            colour: stage.colour.clone(),
            hidden: stage.hidden,
            sla_minutes: stage.sla_minutes,
            required: stage.requires(),
            sends_message: stage.sends_message,
        }
    }

    fn tidy(&self) -> Self {
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        StageFacts { label: line(&self.label), public_label: line(&self.public_label), ..self.clone() }
    }

    /// Refuses what no stage can be called or be, all at once.
    fn check(&self, slug: &str, stages: &[Stage]) -> Result<()> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: String| {
            problems.push(FieldProblem { field: field.to_owned(), message });
        };
        if self.label.is_empty() {
            problem("label", "Give the stage a name.".into());
        }
        for (field, text) in [("label", &self.label), ("public_label", &self.public_label)] {
            if text.chars().count() > LONGEST {
                problem(field, format!("This takes {LONGEST} characters at the most."));
            }
        }
        let taken =
            stages.iter().find(|known| known.slug != slug && words::fold(&known.label) == words::fold(&self.label));
        if let Some(known) = taken {
            problem("label", format!("There is a stage “{}” already. Choose another name.", known.label));
        }
        if !COLOURS.iter().any(|(key, _)| *key == self.colour) {
            problem("colour", "Choose one of the five colours.".into());
        }
        if self.sla_minutes.is_some_and(|minutes| !(1..=MOST_MINUTES).contains(&minutes)) {
            problem("sla", "The time limit is between one minute and 366 days.".into());
        }
        if problems.is_empty() { Ok(()) } else { Err(Refusal::fields("stage.invalid", problems).into()) }
    }

    fn put(&self, stage: &mut Stage) {
        stage.label = self.label.clone();
        stage.public_label = Some(self.public_label.clone()).filter(|label| !label.is_empty());
        stage.colour = self.colour.clone();
        stage.hidden = self.hidden;
        stage.sla_minutes = self.sla_minutes;
        stage.required_fields = fields::write(&self.required);
        stage.sends_message = self.sends_message;
    }

    /// Each fact in words.
    fn told(&self) -> [(&'static str, String); 7] {
        let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let required: Vec<&str> = self.required.iter().map(|field| field.as_str()).collect();
        [
            ("name", self.label.clone()),
            ("customer's word", self.public_label.clone()),
            ("colour", self.colour.clone()),
            ("hidden", yes_no(self.hidden)),
            ("time limit in minutes", self.sla_minutes.map_or_else(String::new, |minutes| minutes.to_string())),
            ("required fields", required.join(", ")),
            ("message", yes_no(self.sends_message)),
        ]
    }
}

/// Which way a stage goes on the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Towards the beginning.
    Up,
    /// Towards the end.
    Down,
}

/// Adds a stage of the shop's own behind the last one of its base.
///
/// # Errors
/// Refuses names, colours and limits that do not fit, and more than sixty stages.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, base: Base, facts: &StageFacts) -> Result<Stage> {
    let mut stages = store::all_for_change(tx)?;
    let facts = facts.tidy();
    facts.check("", &stages)?;
    if stages.len() >= MOST {
        let message = format!("A shop has {MOST} stages at the most. Remove one that is not needed.");
        return Err(Refusal::state("stage.too_many", message).into());
    }
    let mut stage = Stage {
        slug: free_slug(&facts.label, &stages),
        label: String::new(),
        public_label: None,
        base,
        position: 0,
        colour: String::new(),
        is_default: false,
        hidden: false,
        active: true,
        sla_minutes: None,
        required_fields: String::new(),
        sends_message: false,
    };
    facts.put(&mut stage);
    store::insert(tx, &stage)?;
    let behind = stages.iter().rposition(|known| known.base == base).map_or(stages.len(), |index| index + 1);
    stages.insert(behind, stage.clone());
    number(tx, &mut stages)?;
    tell(tx, actor, &stage, "added", String::new(), base.to_string())?;
    Ok(stage)
}

/// A slug made of the name that no stage has. It can be no word of a base: those are built in.
fn free_slug(label: &str, stages: &[Stage]) -> String {
    let folded = words::split(label).join("_");
    let cut: String = folded.chars().take(40).collect();
    let wanted = if cut.is_empty() { "stage".to_owned() } else { cut };
    let is_free = |slug: &str| Base::parse(slug).is_none() && !stages.iter().any(|stage| stage.slug == slug);
    let numbered = (2..).map(|count| format!("{wanted}_{count}"));
    std::iter::once(wanted.clone()).chain(numbered).find(|slug| is_free(slug)).unwrap_or(wanted)
}

/// Changes what a stage is called and asks for.
///
/// # Errors
/// Missing for an unknown stage; otherwise as [`add`].
pub fn change(tx: &mut Tx<'_>, actor: &Actor, slug: &str, facts: &StageFacts) -> Result<Stage> {
    let stages = store::all_for_change(tx)?;
    let mut stage = one(&stages, slug)?;
    let facts = facts.tidy();
    facts.check(slug, &stages)?;
    let before = StageFacts::of(&stage);
    facts.put(&mut stage);
    if StageFacts::of(&stage) == before {
        return Ok(stage);
    }
    store::save(tx, &stage)?;
    for ((what, before), (_, after)) in before.told().into_iter().zip(StageFacts::of(&stage).told()) {
        if before != after {
            tell(tx, actor, &stage, what, before, after)?;
        }
    }
    Ok(stage)
}

/// Moves a stage one place along the rail. At the end of it nothing changes.
///
/// # Errors
/// Missing for an unknown stage.
pub fn shift(tx: &mut Tx<'_>, actor: &Actor, slug: &str, step: Step) -> Result<Stage> {
    let mut stages = store::all_for_change(tx)?;
    let from = stages.iter().position(|stage| stage.slug == slug).ok_or_else(|| missing(slug))?;
    let to = match step {
        Step::Up => from.saturating_sub(1),
        Step::Down => (from + 1).min(stages.len() - 1),
    };
    if from != to {
        stages.swap(from, to);
        number(tx, &mut stages)?;
        tell(tx, actor, &stages[to].clone(), "place", (from + 1).to_string(), (to + 1).to_string())?;
    }
    Ok(stages[to].clone())
}

/// Makes a stage the one in which orders land that enter its base.
///
/// # Errors
/// Missing for an unknown stage; a state refusal for a closed one.
pub fn make_default(tx: &mut Tx<'_>, actor: &Actor, slug: &str) -> Result<Stage> {
    let stages = store::all_for_change(tx)?;
    let mut stage = one(&stages, slug)?;
    if !stage.active {
        let message = format!("{} is closed. Open it again before orders land there.", stage.label);
        return Err(Refusal::state("stage.closed", message).into());
    }
    if stage.is_default {
        return Ok(stage);
    }
    let mut former = String::new();
    for mut other in stages.into_iter().filter(|other| other.base == stage.base && other.is_default) {
        other.is_default = false;
        store::save(tx, &other)?;
        former = other.label;
    }
    stage.is_default = true;
    store::save(tx, &stage)?;
    tell(tx, actor, &stage, "default", former, stage.label.clone())?;
    Ok(stage)
}

/// Closes a stage of the shop's own: orders no longer enter. `orders` of them stand in it or come back
/// to it, and the caller moves them to the returned sibling in the same transaction.
///
/// # Errors
/// Missing for an unknown stage; a state refusal for a built-in or default one; refuses to close a stage
/// in use without an open sibling of the same base.
pub fn close(tx: &mut Tx<'_>, actor: &Actor, slug: &str, into: &str, orders: i64) -> Result<(Stage, Option<Stage>)> {
    let stages = store::all_for_change(tx)?;
    let mut stage = one(&stages, slug)?;
    own(&stage, "closed")?;
    if stage.is_default {
        let message = format!("Orders land in {}. Make another stage the default of its kind first.", stage.label);
        return Err(Refusal::state("stage.is_default", message).into());
    }
    let sibling = stages
        .iter()
        .find(|known| known.slug == into && known.base == stage.base && known.active && known.slug != stage.slug);
    if sibling.is_none() && (orders > 0 || !into.is_empty()) {
        let siblings = stages.iter().filter(|s| s.base == stage.base && s.active && s.slug != slug);
        let message = format!("{orders} orders need {}. Choose a stage of the same kind that takes them.", stage.label);
        let refusal = Refusal::field("stage.in_use", "into", message);
        return Err(refusal.allowing(siblings.map(|s| s.slug.clone()).collect()).into());
    }
    let sibling = sibling.cloned();
    if stage.active {
        stage.active = false;
        store::save(tx, &stage)?;
        let after = match &sibling {
            Some(sibling) if orders > 0 => format!("{orders} orders moved to {}", sibling.label),
            _ => String::new(),
        };
        tell(tx, actor, &stage, "closed", String::new(), after)?;
    }
    Ok((stage, sibling))
}

/// Opens a closed stage again.
///
/// # Errors
/// Missing for an unknown stage.
pub fn open_again(tx: &mut Tx<'_>, actor: &Actor, slug: &str) -> Result<Stage> {
    let mut stage = one(&store::all_for_change(tx)?, slug)?;
    if !stage.active {
        stage.active = true;
        store::save(tx, &stage)?;
        tell(tx, actor, &stage, "opened", String::new(), String::new())?;
    }
    Ok(stage)
}

/// Removes a stage of the shop's own that no order needs: `orders` stand in it or come back to it.
///
/// # Errors
/// Missing for an unknown stage; a state refusal for one that is built in, the default or in use.
pub fn remove(tx: &mut Tx<'_>, actor: &Actor, slug: &str, orders: i64) -> Result<Stage> {
    let stages = store::all_for_change(tx)?;
    let stage = one(&stages, slug)?;
    own(&stage, "removed")?;
    if stage.is_default {
        let message = format!("Orders land in {}. Make another stage the default of its kind first.", stage.label);
        return Err(Refusal::state("stage.is_default", message).into());
    }
    if orders > 0 {
        let message = format!("{orders} orders need {}. Close it first and say where they go.", stage.label);
        return Err(Refusal::state("stage.in_use", message).into());
    }
    store::delete(tx, slug)?;
    tell(tx, actor, &stage, "removed", stage.base.to_string(), String::new())?;
    Ok(stage)
}

fn own(stage: &Stage, what: &str) -> Result<()> {
    if !stage.is_built_in() {
        return Ok(());
    }
    let message = format!("{} is built in and cannot be {what}. Rename it or hide it instead.", stage.label);
    Err(Refusal::state("stage.built_in", message).into())
}

fn one(stages: &[Stage], slug: &str) -> Result<Stage> {
    stages.iter().find(|stage| stage.slug == slug).cloned().ok_or_else(|| missing(slug))
}

fn missing(slug: &str) -> Error {
    Error::Missing(format!("stage “{slug}”"))
}

/// Numbers the stages in this order and saves those whose place changed.
fn number(tx: &mut Tx<'_>, stages: &mut [Stage]) -> Result<()> {
    for (stage, position) in stages.iter_mut().zip(1..) {
        if stage.position != position {
            stage.position = position;
            store::save(tx, stage)?;
        }
    }
    Ok(())
}

fn tell(tx: &mut Tx<'_>, actor: &Actor, stage: &Stage, change: &str, before: String, after: String) -> Result<()> {
    let changed = Event::StageChanged {
        stage: stage.slug.clone(),
        label: stage.label.clone(),
        change: change.to_owned(),
        before,
        after,
    };
    event::record(tx, actor, None, &changed)
}
