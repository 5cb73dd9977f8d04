//! `/settings/stages`: the list of stages and the page of each one.

use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use crate::announce;
use crate::announce::pages::{Card, WordsForm};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::moves;
use crate::order::list::StageTotals;
use crate::reach::Reach;
use crate::staff::permission::ManageSettings;
use crate::staff::{Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Problem, Section, Shell, see_other};
use crate::workflow::{self, Base, COLOURS, RequiredField, Stage, StageFacts, Stages, Step};

const LIST: &str = "/settings/stages";

/// A posted stage.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StageForm {
    form_token: String,
    base: String,
    label: String,
    public_label: String,
    colour: String,
    hidden: Option<String>,
    sla: String,
    sla_unit: String,
    required: Vec<String>,
    message: String,
}

/// Units of the time limit: key, word, minutes.
const UNITS: [(&str, &str, i64); 3] = [("minutes", "minutes", 1), ("hours", "hours", 60), ("days", "days", 1_440)];

impl StageForm {
    fn blank() -> Self {
        StageForm { colour: "info".into(), base: "approved".into(), sla_unit: "hours".into(), ..StageForm::default() }
    }
    fn of(stage: &Stage) -> Self {
        let unit = |minutes: i64| UNITS.iter().rev().find(|unit| minutes % unit.2 == 0).unwrap_or(&UNITS[0]);
        let (sla, sla_unit) = match stage.sla_minutes {
            Some(minutes) => ((minutes / unit(minutes).2).to_string(), unit(minutes).0.to_owned()),
            None => (String::new(), "hours".to_owned()),
        };
        StageForm {
            form_token: String::new(),
            base: stage.base.to_string(),
            label: stage.label.clone(),
            public_label: stage.public_label.clone().unwrap_or_default(),
            colour: stage.colour.clone(),
            hidden: stage.hidden.then(|| "1".to_owned()),
            sla,
            sla_unit,
            required: stage.requires().into_iter().map(|field| field.as_str().to_owned()).collect(),
            message: if stage.sends_message { "yes".into() } else { String::new() },
        }
    }
    fn facts(&self) -> Result<StageFacts, Refusal> {
        let text = self.sla.trim();
        let unit = UNITS.iter().find(|unit| unit.0 == self.sla_unit).map_or(1, |unit| unit.2);
        let sla_minutes = match text.parse::<i64>() {
            _ if text.is_empty() => None,
            Ok(number) => Some(number.saturating_mul(unit)),
            Err(_) => {
                let message = "Enter the time limit as a whole number, or leave it empty.";
                return Err(Refusal::field("stage.sla", "sla", message));
            }
        };
        let mut required = Vec::new();
        for key in &self.required {
            required.push(RequiredField::parse(key).ok_or_else(|| {
                Refusal::field("stage.required", "required", format!("There is no field called “{key}”."))
            })?);
        }
        Ok(StageFacts {
            label: self.label.clone(),
            public_label: self.public_label.clone(),
            colour: self.colour.clone(),
            hidden: self.hidden.is_some(),
            sla_minutes,
            required,
            sends_message: self.message == "yes",
        })
    }
    fn requires(&self, field: &RequiredField) -> bool {
        self.required.iter().any(|key| key == field.as_str())
    }
}

struct Row {
    stage: Stage,
    orders: i64,
    facts: Vec<String>,
    is_first: bool,
    is_last: bool,
}

struct DiaryLine {
    at: UtcTime,
    who: String,
    what: String,
}

#[derive(Template)]
#[template(path = "settings/stages.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    bases: Vec<(Base, String)>,
    form: StageForm,
    diary: Vec<DiaryLine>,
    refusal: Option<Refusal>,
}

#[derive(Template)]
#[template(path = "settings/stage.html")]
struct StagePage {
    shell: Shell,
    stage: Stage,
    base: String,
    orders: i64,
    siblings: Vec<Stage>,
    form: StageForm,
    words: Card,
    refusal: Option<Refusal>,
}

impl ListPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

impl StagePage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

/// What is worth knowing of a stage beside its name.
fn facts(stage: &Stage, stages: &Stages) -> Vec<String> {
    let form = StageForm::of(stage);
    let mut facts = Vec::new();
    if !stage.is_built_in() {
        let base = stages.find(stage.base.as_str()).map_or_else(|| stage.base.to_string(), |base| base.label.clone());
        facts.push(format!("Works like {base}"));
    }
    if !form.sla.is_empty() {
        facts.push(format!("late after {} {}", form.sla, form.sla_unit));
    }
    let required = stage.requires();
    if !required.is_empty() {
        let words: Vec<String> = required.iter().map(|field| field.label().to_lowercase()).collect();
        facts.push(format!("asks for {}", words.join(", ")));
    }
    if stage.sends_message {
        facts.push("with a message".to_owned());
    }
    facts
}

/// The words of the twelve bases: those of the built-in stages.
fn bases(stages: &Stages) -> Vec<(Base, String)> {
    Base::ALL.iter().map(|base| (*base, stages.label(base.as_str()))).collect()
}

fn load_list(conn: &mut Conn, person: &Person, sent: Option<(StageForm, Refusal)>) -> Result<ListPage> {
    let shell = Shell::load(conn, person, Section::Settings)?;
    let stages = Stages::load(conn)?;
    let totals = StageTotals::load(conn, &Reach::EVERYWHERE)?;
    let last = stages.iter().count().saturating_sub(1);
    let rows = stages
        .iter()
        .enumerate()
        .map(|(index, stage)| Row {
            orders: totals.of(&stage.slug),
            facts: facts(stage, &stages),
            is_first: index == 0,
            is_last: index == last,
            stage: stage.clone(),
        })
        .collect();
    let diary = event::of_shop(conn, 200)?.into_iter();
    let diary = diary.filter(|entry| matches!(entry.event, Event::StageChanged { .. })).take(10);
    let line = |entry: event::Entry| DiaryLine {
        at: entry.at,
        what: event::sentence(&entry.event, &|slug| slug.to_owned()),
        who: entry.actor_name,
    };
    let (form, refusal) = match sent {
        Some((form, refusal)) => (form, Some(refusal)),
        None => (StageForm::blank(), None),
    };
    Ok(ListPage { shell, rows, bases: bases(&stages), form, diary: diary.map(line).collect(), refusal })
}

fn load_one(
    conn: &mut Conn,
    person: &Person,
    slug: &str,
    sent: Option<(Option<StageForm>, Refusal)>,
) -> Result<StagePage> {
    let shell = Shell::load(conn, person, Section::Settings)?;
    let stages = Stages::load(conn)?;
    let stage = stages.find(slug).cloned().ok_or_else(|| Error::Missing(format!("stage “{slug}”")))?;
    let (form, refusal) = sent.map_or((None, None), |(form, refusal)| (form, Some(refusal)));
    Ok(StagePage {
        orders: moves::stage_use(conn, slug)?,
        siblings: stages.open_of(stage.base).into_iter().filter(|other| other.slug != slug).cloned().collect(),
        base: stages.label(stage.base.as_str()),
        form: form.unwrap_or_else(|| StageForm::of(&stage)),
        words: Card::load(conn, &stage)?,
        stage,
        shell,
        refusal,
    })
}

/// `GET /settings/stages`
pub async fn index(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    let person = staff.person();
    web::page(&desk.db.read(move |conn| load_list(conn, &person, None)).await?)
}

/// `POST /settings/stages`: adds one.
pub async fn add(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<StageForm>) -> Answer {
    let (form, person) = (form.0, staff.person());
    let (sent, by) = (form.clone(), person.clone());
    let made = desk
        .db
        .write(move |tx| {
            web::once(tx, &by.credential(), &sent.form_token, |tx| {
                let base = Base::parse(&sent.base)
                    .ok_or_else(|| Refusal::field("stage.base", "base", "Choose what the stage works like."))?;
                workflow::add(tx, &by.actor(), base, &sent.facts()?)?;
                Ok(LIST.to_owned())
            })
        })
        .await;
    match made {
        Ok(outcome) => {
            staff.toast(format!("Stage {} added.", form.label.trim()));
            Ok(see_other(&outcome.location))
        }
        Err(error) => {
            let (refusal, status) = refused(error)?;
            let page = desk.db.read(move |conn| load_list(conn, &person, Some((form, refusal)))).await?;
            web::page_as(status, &page)
        }
    }
}

/// A refusal to show with its page, and its status; anything else goes its own way.
fn refused(error: Error) -> Result<(Refusal, actix_web::http::StatusCode), Problem> {
    let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
    let status = actix_web::ResponseError::status_code(&Problem::from(error));
    Ok((refusal, status))
}

/// `GET /settings/stages/{slug}`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageSettings>, slug: Path<String>) -> Answer {
    let person = staff.person();
    web::page(&desk.db.read(move |conn| load_one(conn, &person, &slug, None)).await?)
}

/// Sends the browser on after a change, or shows the stage again with what was refused.
async fn answer<T>(
    desk: &Desk,
    staff: &Staff<ManageSettings>,
    slug: String,
    form: Option<StageForm>,
    outcome: Result<T>,
    told: impl FnOnce(T) -> (String, String),
) -> Answer {
    match outcome {
        Ok(value) => {
            let (words, location) = told(value);
            staff.toast(words);
            Ok(see_other(&location))
        }
        Err(error) => {
            let (refusal, status) = refused(error)?;
            let person = staff.person();
            let page = desk.db.read(move |conn| load_one(conn, &person, &slug, Some((form, refusal)))).await?;
            web::page_as(status, &page)
        }
    }
}

/// `POST /settings/stages/{slug}`
pub async fn save(desk: Data<Desk>, staff: Staff<ManageSettings>, slug: Path<String>, form: Form<StageForm>) -> Answer {
    let (form, actor, slug) = (form.0, staff.actor(), slug.into_inner());
    let (sent, which) = (form.clone(), slug.clone());
    let outcome = desk.db.write(move |tx| workflow::change(tx, &actor, &which, &sent.facts()?)).await;
    answer(&desk, &staff, slug, Some(form), outcome, |stage| (format!("{} saved.", stage.label), LIST.into())).await
}

/// `POST /settings/stages/{slug}/message`: what customers are told of it.
pub async fn save_words(
    desk: Data<Desk>,
    staff: Staff<ManageSettings>,
    slug: Path<String>,
    form: Form<WordsForm>,
) -> Answer {
    let (form, actor, slug) = (form.0, staff.actor(), slug.into_inner());
    let (sent, which) = (form.clone(), slug.clone());
    match desk.db.write(move |tx| announce::pages::keep(tx, &actor, &which, &sent)).await {
        Ok(()) => {
            staff.toast("The message is saved.");
            Ok(see_other(&format!("/settings/stages/{slug}")))
        }
        Err(error) => {
            let (refusal, status) = refused(error)?;
            let person = staff.person();
            let mut page = desk.db.read(move |conn| load_one(conn, &person, &slug, Some((None, refusal)))).await?;
            page.words = page.words.typed(&form);
            web::page_as(status, &page)
        }
    }
}

/// Which way to move it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepForm {
    step: String,
}

/// `POST /settings/stages/{slug}/step`: one place up or down the rail.
pub async fn step(desk: Data<Desk>, staff: Staff<ManageSettings>, slug: Path<String>, form: Form<StepForm>) -> Answer {
    let step = match form.step.as_str() {
        "up" => Step::Up,
        "down" => Step::Down,
        _ => return Err(Refusal::field("stage.step", "step", "A stage moves up or down.").into()),
    };
    let actor = staff.actor();
    desk.db.write(move |tx| workflow::shift(tx, &actor, &slug, step)).await?;
    Ok(see_other(LIST))
}

/// `POST /settings/stages/{slug}/default`
pub async fn default(desk: Data<Desk>, staff: Staff<ManageSettings>, slug: Path<String>) -> Answer {
    let (actor, slug) = (staff.actor(), slug.into_inner());
    let which = slug.clone();
    let outcome = desk.db.write(move |tx| workflow::make_default(tx, &actor, &which)).await;
    answer(&desk, &staff, slug, None, outcome, |stage| (format!("Orders land in {} now.", stage.label), LIST.into()))
        .await
}

/// Where the orders of a closed stage go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CloseForm {
    into: String,
}

/// `POST /settings/stages/{slug}/close`
pub async fn close(
    desk: Data<Desk>,
    staff: Staff<ManageSettings>,
    slug: Path<String>,
    form: Form<CloseForm>,
) -> Answer {
    let (actor, slug) = (staff.actor(), slug.into_inner());
    let which = slug.clone();
    let outcome = desk.db.write(move |tx| moves::close_stage(tx, &actor, &which, &form.into)).await;
    let told = |orders| match orders {
        0 => "Stage closed.".to_owned(),
        1 => "Stage closed; 1 order moved.".to_owned(),
        many => format!("Stage closed; {many} orders moved."),
    };
    answer(&desk, &staff, slug, None, outcome, |orders| (told(orders), LIST.into())).await
}

/// `POST /settings/stages/{slug}/open`
pub async fn open(desk: Data<Desk>, staff: Staff<ManageSettings>, slug: Path<String>) -> Answer {
    let (actor, slug) = (staff.actor(), slug.into_inner());
    let which = slug.clone();
    let outcome = desk.db.write(move |tx| workflow::open_again(tx, &actor, &which)).await;
    answer(&desk, &staff, slug, None, outcome, |stage| (format!("{} is open again.", stage.label), LIST.into())).await
}

/// `POST /settings/stages/{slug}/remove`
pub async fn remove(desk: Data<Desk>, staff: Staff<ManageSettings>, slug: Path<String>) -> Answer {
    let (actor, slug) = (staff.actor(), slug.into_inner());
    let which = slug.clone();
    let outcome = desk.db.write(move |tx| moves::remove_stage(tx, &actor, &which)).await;
    answer(&desk, &staff, slug, None, outcome, |stage| (format!("Stage {} removed.", stage.label), LIST.into())).await
}
