//! `/imports`: bringing a file in, looking at what it would make, and making it.

use actix_multipart::{Field as Part, Multipart};
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::StreamExt;

use super::lines::{Dates, Decimal, Field, Wishes};
use super::reading::{Kind, STAGES};
use super::run::{Preview, Tally};
use super::uploads::{self, Import, MOST_BYTES, NewImport, PIECE, State};
use super::{Problem, Reason};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::money::how_many;
use crate::staff::permission;
use crate::staff::{Person, Staff};
use crate::time::UtcTime;
use crate::transfer::escape_cell;
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};
use crate::workflow::{Base, Stages};

/// Problems shown on the page.
const SHOWN: i64 = 200;
/// What is read and thrown away of a file that is too large, so that the browser gets to see why.
const DRAIN_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Template)]
#[template(path = "imports/index.html")]
struct IndexPage {
    shell: Shell,
    imports: Vec<Import>,
}

/// `GET /imports`
pub async fn index(desk: Data<Desk>, staff: Staff<permission::Import>) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Import)?;
            Ok(IndexPage { shell, imports: uploads::newest(conn)? })
        })
        .await?;
    web::page(&page)
}

#[derive(Template)]
#[template(path = "imports/new.html")]
struct NewPage {
    shell: Shell,
    kind: String,
    refusal: Option<Refusal>,
}

async fn new_page(desk: &Desk, person: Person, kind: &str, refusal: Option<Refusal>) -> Answer {
    let status = match &refusal {
        None => StatusCode::OK,
        Some(refusal) if refusal.kind == RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Some(refusal) if refusal.kind == RefusalKind::Unsupported => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let kind = kind.to_owned();
    let page = desk
        .db
        .read(move |conn| Ok(NewPage { shell: Shell::load(conn, &person, Section::Import)?, kind, refusal }))
        .await?;
    web::page_as(status, &page)
}

/// `GET /imports/new`
pub async fn new(desk: Data<Desk>, staff: Staff<permission::Import>) -> Answer {
    new_page(&desk, staff.person(), "shopify", None).await
}

/// `POST /imports`: the file comes as a stream and is kept in pieces.
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<permission::Import>,
    mut form: Multipart,
) -> Answer {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length: u64 = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut upload = Upload::new(&desk, staff.person());
    let outcome = if length > MOST_BYTES + PIECE as u64 {
        drain(&mut form).await;
        Err(uploads::too_large())
    } else {
        upload.receive(&mut form).await
    };
    match outcome {
        Ok(location) => Ok(see_other(&location)),
        Err(error) => {
            upload.throw_away().await?;
            match error {
                Error::Refused(refusal) => new_page(&desk, staff.person(), &upload.kind, Some(*refusal)).await,
                other => Err(other.into()),
            }
        }
    }
}

async fn drain(form: &mut Multipart) {
    let mut drained = 0;
    while let Some(Ok(mut part)) = form.next().await {
        while let Some(Ok(chunk)) = part.next().await {
            drained += chunk.len() as u64;
            if drained > DRAIN_BYTES {
                return;
            }
        }
    }
}

fn cut_off() -> Error {
    Refusal::invalid("import.cut_off", "The file did not arrive whole. Nothing was kept; send it again.").into()
}

/// A file on its way in.
struct Upload<'a> {
    desk: &'a Desk,
    person: Person,
    kind: String,
    token: String,
    import: Option<Import>,
}

impl<'a> Upload<'a> {
    fn new(desk: &'a Desk, person: Person) -> Self {
        Upload { desk, person, kind: "shopify".to_owned(), token: String::new(), import: None }
    }

    /// Takes the parts in the order of the form: what kind it is, then the file. Returns where to go.
    async fn receive(&mut self, form: &mut Multipart) -> Result<String> {
        while let Some(part) = form.next().await {
            let mut part = part.map_err(|_| cut_off())?;
            match part.name().unwrap_or_default() {
                "form_token" => self.token = short_text(&mut part).await?,
                "kind" => self.kind = short_text(&mut part).await?,
                "file" => return self.receive_file(&mut part).await,
                other => {
                    let message = format!("This form knows nothing called {}.", super::cut(other));
                    return Err(Refusal::field("request.unknown_field", other, message).into());
                }
            }
        }
        Err(no_file())
    }

    async fn receive_file(&mut self, part: &mut Part) -> Result<String> {
        let name = part.content_disposition().and_then(|place| place.get_filename()).unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(200).collect();
        if name.is_empty() {
            return Err(no_file());
        }
        let kind = match self.kind.as_str() {
            "shopify" => Kind::Shopify,
            "lines" => Kind::Lines(Wishes::default()),
            _ => return Err(Refusal::field("import.kind", "kind", "Choose what kind of file it is.").into()),
        };
        let new = NewImport { kind, file_name: name, started_by: self.person.name.clone() };
        let (credential, token) = (format!("staff:{}", self.person.id.0), self.token.clone());
        let (outcome, import) = self
            .desk
            .db
            .write(move |tx| {
                let mut made = None;
                let outcome = web::once(tx, &credential, &token, |tx| {
                    let import = uploads::begin(tx, &new)?;
                    let location = format!("/imports/{}", import.uid);
                    made = Some(import);
                    Ok(location)
                })?;
                Ok((outcome, made))
            })
            .await?;
        let Some(import) = import.filter(|_| !outcome.repeated) else {
            while part.next().await.is_some() {}
            return Ok(outcome.location);
        };
        self.import = Some(import.clone());
        let bytes = self.keep(part, &import).await?;
        if bytes == 0 {
            return Err(Refusal::field("import.empty", "file", "The file is empty. Export the orders again.").into());
        }
        uploads::arrived(&self.desk.db, import, bytes).await?;
        Ok(outcome.location)
    }

    async fn keep(&self, part: &mut Part, import: &Import) -> Result<i64> {
        let (mut piece, mut position, mut total) = (Vec::with_capacity(PIECE), 0, 0u64);
        let id = import.id;
        while let Some(chunk) = part.next().await {
            let chunk = chunk.map_err(|_| cut_off())?;
            total += chunk.len() as u64;
            if total > MOST_BYTES {
                if total > MOST_BYTES + DRAIN_BYTES {
                    break;
                }
                continue;
            }
            piece.extend_from_slice(&chunk);
            if piece.len() >= PIECE {
                let full = std::mem::replace(&mut piece, Vec::with_capacity(PIECE));
                self.desk.db.write(move |tx| uploads::keep_piece(tx, id, position, &full)).await?;
                position += 1;
            }
        }
        if total > MOST_BYTES {
            return Err(uploads::too_large());
        }
        if !piece.is_empty() {
            self.desk.db.write(move |tx| uploads::keep_piece(tx, id, position, &piece)).await?;
        }
        Ok(total as i64)
    }

    /// Leaves nothing of a file that was refused.
    async fn throw_away(&mut self) -> Result<()> {
        match self.import.take() {
            Some(import) => self.desk.db.write(move |tx| uploads::remove(tx, import.id)).await,
            None => Ok(()),
        }
    }
}

fn no_file() -> Error {
    Refusal::field("import.no_file", "file", "Choose the file to import.").into()
}

async fn short_text(part: &mut Part) -> Result<String> {
    let mut text = Vec::new();
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|_| cut_off())?;
        if text.len() + chunk.len() > 200 {
            return Err(Refusal::invalid("request.malformed", "The form holds a value that is too long.").into());
        }
        text.extend_from_slice(&chunk);
    }
    String::from_utf8(text)
        .map_err(|_| Refusal::invalid("request.not_utf8", "The form holds bytes that are no text.").into())
}

/// A line of the form that says which column is what.
struct Choice {
    field: Field,
    heading: String,
}

#[derive(Template)]
#[template(path = "imports/show.html", blocks = ["status"])]
struct ShowPage {
    shell: Shell,
    import: Import,
    preview: Preview,
    tally: Tally,
    problems: Vec<Problem>,
    more: bool,
    stages: Stages,
    wishes: Option<Wishes>,
    channel: &'static str,
}

impl ShowPage {
    fn is(&self, state: &str) -> bool {
        self.import.state.as_str() == state
    }
    fn choices(&self) -> Vec<Choice> {
        let chosen = |field: Field| {
            let said = self.wishes.as_ref().and_then(|wishes| wishes.columns.get(field.as_str()));
            let read = self.preview.manner.columns.iter().find(|(name, _)| name == field.as_str());
            said.or(read.map(|(_, heading)| heading)).cloned().unwrap_or_default()
        };
        Field::ALL.iter().map(|field| Choice { field: *field, heading: chosen(*field) }).collect()
    }
    fn dates(&self) -> Vec<(&'static str, &'static str)> {
        Dates::ALL.iter().map(|dates| (dates.as_str(), dates.label())).collect()
    }
    fn decimals(&self) -> Vec<(&'static str, &'static str)> {
        Decimal::ALL.iter().map(|decimal| (decimal.as_str(), decimal.label())).collect()
    }
    fn stage_choices(&self) -> Vec<(&'static str, String)> {
        STAGES.iter().map(|base| (base.as_str(), self.stage(base.as_str()))).collect()
    }
    /// What would be or was done.
    fn told(&self) -> &Tally {
        if self.import.state == State::Ready { &self.preview.tally } else { &self.tally }
    }
    /// The shop's word for a base.
    fn stage(&self, base: &str) -> String {
        let stage = Base::parse(base).and_then(|base| self.stages.default_of(base).ok());
        stage.map_or_else(|| base.to_owned(), |stage| stage.label.clone())
    }
    fn at(&self, micros: &i64) -> UtcTime {
        UtcTime(*micros)
    }
    fn is_remark(&self, problem: &Problem) -> bool {
        problem.reason == Reason::Noted
    }
    fn place(&self, problem: &Problem) -> String {
        if problem.row == problem.line {
            problem.row.to_string()
        } else {
            format!("{} (line {})", problem.row, problem.line)
        }
    }
}

impl ShowPage {
    fn count(&self, number: &u64) -> String {
        how_many(*number)
    }
    fn whole(&self, number: &i64) -> String {
        how_many(*number)
    }
}

/// `GET /imports/{uid}`: the preview, the progress or the result; a fragment for the page that polls.
pub async fn show(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<permission::Import>,
    uid: Path<String>,
) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Import)?;
            let import = uploads::find(conn, &uid)?;
            let mut problems = uploads::problems(conn, import.id, SHOWN + 1)?;
            let more = problems.len() as i64 > SHOWN;
            problems.truncate(SHOWN as usize);
            let (wishes, channel) = match import.kind()? {
                Kind::Shopify => (None, "shopify"),
                Kind::Lines(wishes) => (Some(wishes), "file"),
            };
            let (preview, tally, stages) = (import.preview(), import.tally(), Stages::load(conn)?);
            Ok(ShowPage { shell, import, preview, tally, problems, more, stages, wishes, channel })
        })
        .await?;
    if !web::wants_fragment(&request) {
        return web::page(&page);
    }
    if page.import.state.is_busy() {
        return web::page(&page.as_status());
    }
    // What follows is a whole page, so the browser loads it.
    Ok(HttpResponse::Ok().insert_header(("HX-Refresh", "true")).finish())
}

/// What the form of columns says.
pub type ColumnsForm = std::collections::BTreeMap<String, String>;

/// `POST /imports/{uid}/columns`: reads the file in another way.
pub async fn columns(
    desk: Data<Desk>,
    staff: Staff<permission::Import>,
    uid: Path<String>,
    form: Form<ColumnsForm>,
) -> Answer {
    let _ = staff.person();
    let mut wishes = Wishes::default();
    for (name, value) in form.iter() {
        let value: String = value.trim().chars().take(200).collect();
        match name.as_str() {
            "currency" => wishes.currency = value,
            "time_zone" => wishes.time_zone = value,
            "dates" => wishes.dates = value,
            "decimal" => wishes.decimal = value,
            "stage" => wishes.stage = value,
            "paid" => wishes.paid = true,
            other => match other.strip_prefix("column.").and_then(Field::parse) {
                Some(field) => {
                    wishes.columns.insert(field.as_str().to_owned(), value);
                }
                None => {
                    let message = format!("This form knows nothing called {}.", super::cut(other));
                    return Err(Refusal::field("request.unknown_field", other, message).into());
                }
            },
        }
    }
    let location = format!("/imports/{uid}");
    let import = desk.db.read(move |conn| uploads::find(conn, &uid)).await?;
    uploads::read_as(&desk.db, import, &Kind::Lines(wishes)).await?;
    Ok(see_other(&location))
}

/// `POST /imports/{uid}/start`
pub async fn start(desk: Data<Desk>, staff: Staff<permission::Import>, uid: Path<String>) -> Answer {
    let actor = staff.person().actor();
    let location = format!("/imports/{uid}");
    desk.db.write(move |tx| uploads::start(tx, &actor, &uid)).await?;
    Ok(see_other(&location))
}

/// `POST /imports/{uid}/discard`: throws the file away before anything was made of it.
pub async fn discard(desk: Data<Desk>, staff: Staff<permission::Import>, uid: Path<String>) -> Answer {
    let name = desk
        .db
        .write(move |tx| {
            let import = uploads::find(tx.conn, &uid)?;
            if matches!(import.state, State::Running | State::Done | State::Failed) {
                return Err(Refusal::state(
                    "import.state",
                    "Orders were made from this file, so its record stays. Nothing was changed.",
                )
                .into());
            }
            uploads::remove(tx, import.id)?;
            Ok(import.file_name)
        })
        .await?;
    staff.toast(format!("{name} was thrown away. No order was made from it."));
    Ok(see_other("/imports"))
}

/// `GET /imports/{uid}/problems.csv`
pub async fn problems(desk: Data<Desk>, staff: Staff<permission::Import>, uid: Path<String>) -> Answer {
    let _ = staff.person();
    let found = desk
        .db
        .read(move |conn| {
            let import = uploads::find(conn, &uid)?;
            uploads::problems(conn, import.id, i64::MAX)
        })
        .await?;
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["Row", "Line", "Order", "Reason", "Rows left out", "What to do"];
    let mut written = writer.write_record(head);
    for problem in &found {
        written = written.and_then(|()| {
            writer.write_record([
                problem.row.to_string(),
                problem.line.to_string(),
                escape_cell(&problem.order).into_owned(),
                problem.reason.label().to_owned(),
                problem.rows.to_string(),
                escape_cell(&problem.message).into_owned(),
            ])
        });
    }
    written.map_err(Error::broken)?;
    let bytes = writer.into_inner().map_err(|error| Error::broken(error.to_string()))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"problems.csv\""))
        .body(bytes))
}
