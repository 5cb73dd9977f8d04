//! Imports from the browser: a file is kept in the database in pieces, looked at, and then imported
//! by a job. How far it came is written with the orders themselves, so that a desk that was killed
//! goes on where it was.

use std::io::Read;

use super::reading::{Kind, Manner, Reading};
use super::rows::Rows;
use super::run::{self, Preview, Tally};
use super::{Problem, Setting, store};
use crate::actor::Actor;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::{ImportId, StaffId};
use crate::job::{self, Job};
use crate::time::UtcTime;

/// Bytes of a file that the browser may send.
pub const MOST_BYTES: u64 = 200 * 1024 * 1024;
/// Bytes kept in one row.
pub const PIECE: usize = 1024 * 1024;
/// A file up to this size is looked at while the browser waits.
const QUICK: i64 = 4 * 1024 * 1024;
/// Rows placed in one transaction: short enough that people at the desk do not wait for it.
const BATCH: u64 = 400;
/// Problems kept of one import; the counts go on.
const MOST_PROBLEMS: i64 = 5_000;
/// Tries of a job before the import is given up.
const MOST_TRIES: i64 = 10;
/// Days that a file waits to be imported.
const KEEP_DAYS: i64 = 7;

/// Name of the job that looks at a file.
pub const CHECK_JOB: &str = "import.check";
/// Name of the job that imports it.
pub const RUN_JOB: &str = "import.run";

crate::text_enum! {
    /// How far an import is.
    pub enum State {
        /// The file is arriving.
        Uploading = "uploading",
        /// It is being looked at.
        Checking = "checking",
        /// Its columns are not clear.
        Mapping = "mapping",
        /// It can be started.
        Ready = "ready",
        /// Orders are being made.
        Running = "running",
        /// It is over.
        Done = "done",
        /// The file is not what it should be.
        Refused = "refused",
        /// It was given up.
        Failed = "failed",
    }
}

impl State {
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            State::Uploading => "Arriving",
            State::Checking => "Being checked",
            State::Mapping => "Columns needed",
            State::Ready => "Ready to start",
            State::Running => "Running",
            State::Done => "Done",
            State::Refused => "Refused",
            State::Failed => "Given up",
        }
    }
    /// Colour of its badge.
    pub fn tone(self) -> &'static str {
        match self {
            State::Done => "ok",
            State::Uploading | State::Checking | State::Running | State::Ready => "info",
            State::Mapping => "warn",
            State::Refused | State::Failed => "bad",
        }
    }
    /// Glyph of its badge.
    pub fn mark(self) -> &'static str {
        match self {
            State::Done => "full",
            State::Uploading | State::Checking | State::Running => "half",
            State::Ready | State::Mapping => "none",
            State::Refused | State::Failed => "fail",
        }
    }
    /// Whether something goes on by itself.
    pub fn is_busy(self) -> bool {
        matches!(self, State::Uploading | State::Checking | State::Running)
    }
}

/// An import as stored.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Import {
    /// Key.
    pub id: ImportId,
    /// Public identifier.
    pub uid: String,
    /// Stable name of its kind.
    pub kind: String,
    /// Name of the file.
    pub file_name: String,
    /// How far it is.
    pub state: State,
    /// [`Kind`] as JSON.
    pub options: String,
    /// Rows in the file, once they were counted.
    pub rows_total: i64,
    /// Rows dealt with.
    pub rows_done: i64,
    /// Orders made.
    pub orders_made: i64,
    /// Orders that were here.
    pub orders_known: i64,
    /// Orders left out.
    pub orders_refused: i64,
    /// Rows left out.
    pub rows_refused: i64,
    /// Why it was refused or given up.
    pub failure: Option<String>,
    /// Who started it.
    pub started_by: String,
    /// When the file came.
    pub created_at: UtcTime,
    /// When it was over.
    pub finished_at: Option<UtcTime>,
    /// Channel of its orders.
    pub channel_id: Option<i64>,
    /// Size of the file.
    pub bytes_total: i64,
    /// Orders and stray rows dealt with, for going on after a crash.
    pub groups_done: i64,
    /// [`Preview`] as JSON.
    pub preview: String,
    /// [`Tally`] as JSON.
    pub tally: String,
}

impl Import {
    /// What kind of file it is and how it is read.
    ///
    /// # Errors
    /// Broken if the stored text was tampered with.
    pub fn kind(&self) -> Result<Kind> {
        Ok(serde_json::from_str(&self.options)?)
    }
    /// What it would do.
    pub fn preview(&self) -> Preview {
        serde_json::from_str(&self.preview).unwrap_or_default()
    }
    /// What it did so far.
    pub fn tally(&self) -> Tally {
        serde_json::from_str(&self.tally).unwrap_or_default()
    }
    fn set_tally(&mut self, tally: &Tally) -> Result<()> {
        self.rows_done = tally.rows as i64;
        self.orders_made = tally.made as i64;
        self.orders_known = tally.known as i64;
        self.orders_refused = (tally.refused + tally.differ) as i64;
        self.rows_refused = tally.rows_refused as i64;
        self.tally = serde_json::to_string(tally)?;
        Ok(())
    }
    /// How many hundredths are done.
    pub fn percent(&self) -> i64 {
        if self.rows_total == 0 { 0 } else { (self.rows_done * 100 / self.rows_total).clamp(0, 100) }
    }
}

/// An import to be made.
#[derive(Clone, Debug)]
pub struct NewImport {
    /// What kind of file.
    pub kind: Kind,
    /// Its name.
    pub file_name: String,
    /// Who sends it.
    pub started_by: String,
}

/// Makes an import whose file is about to arrive.
pub fn begin(tx: &mut Tx<'_>, new: &NewImport) -> Result<Import> {
    store::insert(tx, new)
}

/// Keeps the next piece of the file.
pub fn keep_piece(tx: &mut Tx<'_>, import: ImportId, position: i64, bytes: &[u8]) -> Result<()> {
    store::insert_piece(tx, import, position, bytes)
}

/// The import with that identifier.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, uid: &str) -> Result<Import> {
    store::find(conn, uid)
}

/// The newest imports.
pub fn newest(conn: &mut Conn) -> Result<Vec<Import>> {
    store::newest(conn, 50)
}

/// The first problems of an import.
pub fn problems(conn: &mut Conn, import: ImportId, limit: i64) -> Result<Vec<Problem>> {
    store::problems(conn, import, limit)
}

/// Throws an import and its file away.
pub fn remove(tx: &mut Tx<'_>, import: ImportId) -> Result<()> {
    store::remove(tx, import)
}

/// Throws files away that nobody started within a week.
pub fn forget_stale(tx: &mut Tx<'_>) -> Result<usize> {
    let before = tx.now.plus_minutes(-KEEP_DAYS * 24 * 60);
    store::remove_stale(tx, before)
}

/// The file has arrived: looks at it at once if it is small, else leaves that to a job.
///
/// # Errors
/// Refuses a small file that is not what it should be; nothing of it is kept then.
pub async fn arrived(db: &Db, mut import: Import, bytes: i64) -> Result<Import> {
    import.bytes_total = bytes;
    import.state = State::Checking;
    let checked = look_or_queue(db, import).await?;
    if checked.state == State::Refused {
        let (id, failure) = (checked.id, checked.failure.unwrap_or_default());
        db.write(move |tx| store::remove(tx, id)).await?;
        return Err(Refusal::invalid("import.refused", failure).into());
    }
    Ok(checked)
}

/// Reads the file in another way: other columns, currency, dates.
///
/// # Errors
/// Refuses once orders are being made.
pub async fn read_as(db: &Db, mut import: Import, kind: &Kind) -> Result<Import> {
    if !matches!(import.state, State::Mapping | State::Ready) {
        return Err(too_late());
    }
    import.options = serde_json::to_string(kind)?;
    import.state = State::Checking;
    look_or_queue(db, import).await
}

async fn look_or_queue(db: &Db, import: Import) -> Result<Import> {
    let (id, quick) = (import.id, import.bytes_total <= QUICK);
    db.write(move |tx| store::save(tx, &import)).await?;
    let desk = db.clone();
    let look = move || if quick { check(&desk, id, None) } else { glance(&desk, id) };
    tokio::task::spawn_blocking(look).await.map_err(Error::broken)??;
    db.write(move |tx| {
        let import = store::find_by_id(tx.conn, id)?.ok_or_else(|| Error::Missing("import at this address".into()))?;
        if import.state == State::Checking {
            queue(tx, CHECK_JOB, id, None)?;
        }
        Ok(import)
    })
    .await
}

/// Looks at the beginning of a large file, so that one of another kind is refused at once.
fn glance(db: &Db, id: ImportId) -> Result<()> {
    let Some(import) = db.read_blocking(|conn| store::find_by_id(conn, id))? else { return Ok(()) };
    let kind = import.kind()?;
    let open = || {
        let setting = db.read_blocking(|conn| run::setting(conn, &kind, import.created_at))?;
        Reading::open(Box::new(Pieces::new(db, id)), &kind, setting).map(|_| ())
    };
    match open() {
        Ok(()) => Ok(()),
        Err(error) => unclear(db, import, error),
    }
}

/// Starts making orders.
///
/// # Errors
/// Refuses unless it is ready; a second click finds it running and changes nothing.
pub fn start(tx: &mut Tx<'_>, actor: &Actor, uid: &str) -> Result<Import> {
    let mut import = store::find(tx.conn, uid)?;
    match import.state {
        State::Ready => {}
        State::Running | State::Done => return Ok(import),
        State::Uploading | State::Checking | State::Mapping | State::Refused | State::Failed => return Err(too_late()),
    }
    let kind = import.kind()?;
    import.channel_id = Some(run::channel(tx, &kind)?.0);
    import.state = State::Running;
    import.set_tally(&Tally::default())?;
    store::remove_problems(tx, import.id)?;
    store::save(tx, &import)?;
    queue(tx, RUN_JOB, import.id, Some(actor))?;
    Ok(import)
}

fn too_late() -> Error {
    Refusal::state("import.state", "This import is not waiting for that. Look at it again to see how far it is.").into()
}

fn queue(tx: &mut Tx<'_>, kind: &str, import: ImportId, actor: Option<&Actor>) -> Result<()> {
    let staff = actor.and_then(Actor::staff).map(|staff| staff.0);
    let payload = serde_json::json!({ "import": import.0, "staff": staff, "name": actor.map(Actor::name) });
    job::enqueue(tx, kind, &payload, tx.now, Some(&format!("{kind}:{}", import.0)))
}

/// Does a job of this feature. Runs twice without harm.
///
/// # Errors
/// Only ours, so that the queue tries again.
pub async fn perform(db: &Db, job: &Job) -> Result<()> {
    let payload: serde_json::Value = serde_json::from_str(&job.payload)?;
    let id = ImportId(payload["import"].as_i64().unwrap_or(0));
    let name = payload["name"].as_str().unwrap_or("Import").to_owned();
    let actor = match payload["staff"].as_i64() {
        Some(staff) => Actor::Staff { id: StaffId(staff), name },
        None => Actor::Channel { name },
    };
    let (desk, key, check_only) = (db.clone(), job.id, job.kind == CHECK_JOB);
    let work = move || if check_only { check(&desk, id, Some(key)) } else { import(&desk, id, &actor, key) };
    let outcome = tokio::task::spawn_blocking(work).await.map_err(Error::broken)?;
    let Err(error) = outcome else { return Ok(()) };
    if job.attempt < MOST_TRIES && error.refusal().is_none() {
        return Err(error);
    }
    tracing::error!(%error, import = id.0, "an import was given up");
    let failure = match error {
        Error::Refused(refusal) => refusal.message,
        Error::Missing(_) | Error::Broken(_) => {
            "The desk could not finish this import. What was made stays; import the file again to go on.".to_owned()
        }
    };
    db.write(move |tx| close(tx, id, State::Failed, Some(failure))).await
}

fn close(tx: &mut Tx<'_>, id: ImportId, state: State, failure: Option<String>) -> Result<()> {
    let Some(mut import) = store::find_by_id(tx.conn, id)? else { return Ok(()) };
    import.state = state;
    import.failure = failure;
    import.finished_at = Some(tx.now);
    store::remove_pieces(tx, id)?;
    store::save(tx, &import)
}

/// Looks at a file: what would be made, what is wrong.
fn check(db: &Db, id: ImportId, job: Option<i64>) -> Result<()> {
    let Some(import) = db.read_blocking(|conn| store::find_by_id(conn, id))? else { return Ok(()) };
    if import.state != State::Checking {
        return Ok(());
    }
    let kind = import.kind()?;
    let setting = match db.read_blocking(|conn| run::setting(conn, &kind, import.created_at)) {
        Ok(setting) => setting,
        Err(error) => return unclear(db, import, error),
    };
    match look(db, id, &kind, setting, job) {
        Ok((preview, problems)) => db.write_blocking(move |tx| {
            let mut import = import;
            import.state = State::Ready;
            import.failure = None;
            import.rows_total = preview.tally.rows as i64;
            import.preview = serde_json::to_string(&preview)?;
            store::remove_problems(tx, id)?;
            store::insert_problems(tx, id, &problems)?;
            store::save(tx, &import)
        }),
        Err(error) => unclear(db, import, error),
    }
}

fn look(db: &Db, id: ImportId, kind: &Kind, setting: Setting, job: Option<i64>) -> Result<(Preview, Vec<Problem>)> {
    let mut reading = Reading::open(Box::new(Pieces::new(db, id)), kind, setting)?;
    let (mut preview, mut problems) = (Preview::default(), Vec::new());
    let mut kept_at = std::time::Instant::now();
    loop {
        let batch = run::next_batch(&mut reading, 2_000)?;
        if batch.is_empty() {
            break;
        }
        let more = db.read_blocking(|conn| run::look(conn, &setting, batch, &mut preview))?;
        let room = (MOST_PROBLEMS as usize).saturating_sub(problems.len());
        problems.extend(more.into_iter().take(room));
        if let Some(job) = job
            && kept_at.elapsed().as_secs() > 10
        {
            kept_at = std::time::Instant::now();
            db.write_blocking(move |tx| job::keep(tx, job))?;
        }
    }
    preview.manner = reading.manner();
    Ok((preview, problems))
}

/// A file of lines whose columns are not clear waits for a person; any other refusal is final.
fn unclear(db: &Db, mut import: Import, error: Error) -> Result<()> {
    let Error::Refused(refusal) = error else { return Err(error) };
    let askable = matches!(
        refusal.code,
        "import.columns" | "import.currency" | "import.time_zone" | "import.dates" | "import.decimal" | "import.stage"
    );
    let (id, message) = (import.id, refusal.message.clone());
    if !askable {
        return db.write_blocking(move |tx| close(tx, id, State::Refused, Some(message)));
    }
    let headings = headings(db, id)?;
    db.write_blocking(move |tx| {
        import.state = State::Mapping;
        import.failure = Some(message);
        let manner = Manner { headings, ..Manner::default() };
        import.preview = serde_json::to_string(&Preview { manner, ..Preview::default() })?;
        store::remove_problems(tx, id)?;
        store::save(tx, &import)
    })
}

fn headings(db: &Db, id: ImportId) -> Result<Vec<String>> {
    let mut rows = Rows::open(Box::new(Pieces::new(db, id)))?;
    while let Some(row) = rows.next_row()? {
        if !row.is_blank() {
            return Ok(row.cells().map(|cell| cell.trim().chars().take(80).collect()).take(200).collect());
        }
    }
    Ok(Vec::new())
}

/// Makes the orders of a file, going on where an earlier try stopped.
fn import(db: &Db, id: ImportId, actor: &Actor, job: i64) -> Result<()> {
    let Some(mut import) = db.read_blocking(|conn| store::find_by_id(conn, id))? else { return Ok(()) };
    if import.state != State::Running {
        return Ok(());
    }
    let kind = import.kind()?;
    let setting = db.read_blocking(|conn| run::setting(conn, &kind, import.created_at))?;
    let mut reading = Reading::open(Box::new(Pieces::new(db, id)), &kind, setting)?;
    for _ in 0..import.groups_done {
        reading.next_order()?;
    }
    let told = run::Import { actor: actor.clone(), file: import.file_name.clone() };
    let mut tally = import.tally();
    loop {
        let batch = run::next_batch(&mut reading, BATCH)?;
        if batch.is_empty() {
            break;
        }
        let (told, mut now, mut sum) = (told.clone(), import, tally);
        (import, tally) = db.write_blocking(move |tx| {
            now.groups_done += batch.len() as i64;
            let (more, problems) = run::place(tx, &told, batch)?;
            sum.add(&more);
            now.set_tally(&sum)?;
            let room = (MOST_PROBLEMS - store::count_problems(tx.conn, id)?).max(0) as usize;
            store::insert_problems(tx, id, &problems[..problems.len().min(room)])?;
            store::save(tx, &now)?;
            job::keep(tx, job)?;
            Ok((now, sum))
        })?;
    }
    let actor = actor.clone();
    db.write_blocking(move |tx| {
        let finished = Event::ImportFinished {
            file: import.file_name.clone(),
            made: import.orders_made,
            known: import.orders_known,
            refused: import.orders_refused,
        };
        event::record(tx, &actor, None, &finished)?;
        close(tx, id, State::Done, None)
    })
}

/// The file of an import, read piece by piece.
struct Pieces {
    db: Db,
    import: ImportId,
    next: i64,
    piece: Vec<u8>,
    at: usize,
}

impl Pieces {
    fn new(db: &Db, import: ImportId) -> Self {
        Pieces { db: db.clone(), import, next: 0, piece: Vec::new(), at: 0 }
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.piece.len() {
            let (import, next) = (self.import, self.next);
            let piece =
                self.db.read_blocking(|conn| store::piece(conn, import, next)).map_err(std::io::Error::other)?;
            self.piece = piece.unwrap_or_default();
            self.at = 0;
            self.next += 1;
        }
        let length = out.len().min(self.piece.len() - self.at);
        out[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// The refusal of a file that is too large for the browser.
pub fn too_large() -> Error {
    Refusal::new(
        RefusalKind::TooLarge,
        "import.too_large",
        "The browser takes files of up to 200 MB. Import a larger one on the server: slipway import shopify FILE. Nothing was kept.",
    )
    .into()
}
