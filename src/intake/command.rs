//! `slipway import`: a file of any size from the command line. Progress goes to standard error, the
//! summary to standard output.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, Subcommand};

use super::decode::Source;
use super::lines::Wishes;
use super::reading::{Kind, Reading};
use super::rows::place as place_of;
use super::run::{self, Import, Preview, Tally};
use super::{Mapped, Problem, Reason};
use crate::actor::Actor;
use crate::db::Db;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::time::UtcTime;

/// Rows placed in one transaction.
const BATCH: u64 = 2_000;
/// Problems shown on screen.
const SHOWN: usize = 50;

/// What is imported.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Import a Shopify orders export (CSV)
    Shopify(Common),
    /// Import a CSV with one row a line of an order
    Lines(LinesArgs),
}

/// What every import takes.
#[derive(Debug, Args)]
pub struct Common {
    /// The file, plain or gzip; - reads standard input
    file: PathBuf,
    /// Read and check everything, but make no order
    #[arg(long)]
    dry_run: bool,
    /// Write every problem to this CSV file
    #[arg(long, value_name = "FILE.csv")]
    problems: Option<PathBuf>,
}

/// What an import of lines takes.
#[derive(Debug, Args)]
pub struct LinesArgs {
    #[command(flatten)]
    common: Common,
    /// Which column is what, such as order=InvoiceNo; the rest is guessed from the headings. Fields:
    /// order, date, sku, title, variant, quantity, price, discount, currency, customer, email, phone,
    /// company, street, street2, city, region, postcode, country, shipping, shipping_method,
    /// payment_method, note, tags
    #[arg(long = "column", value_name = "FIELD=HEADING")]
    columns: Vec<String>,
    /// Currency of the amounts, such as GBP; the shop's own if not given
    #[arg(long, default_value = "")]
    currency: String,
    /// Time zone of the dates, such as Europe/London; the shop's own if not given
    #[arg(long, default_value = "")]
    time_zone: String,
    /// Order of year, month and day: ymd, dmy or mdy; found out if not given
    #[arg(long, default_value = "")]
    dates: String,
    /// Sign before the cents: point or comma; found out if not given
    #[arg(long, default_value = "")]
    decimal: String,
    /// Stage the orders stand in: placed, confirmed, shipped or delivered
    #[arg(long, default_value = "placed")]
    stage: String,
    /// Every order was paid in full on its date
    #[arg(long)]
    paid: bool,
}

/// Runs an import.
///
/// # Errors
/// Refuses a file that is not what it should be. Refused rows are no error.
pub fn run(db: &Db, command: Command) -> Result<()> {
    let (kind, common) = match command {
        Command::Shopify(common) => (Kind::Shopify, common),
        Command::Lines(args) => (Kind::Lines(wishes(&args)?), args.common),
    };
    let source = open(&common.file)?;
    let now = UtcTime::now();
    let mut setting = db.read_blocking(|conn| run::setting(conn, &kind, now))?;
    // Looked at before anything is written, so that a file of another kind leaves no trace.
    let mut reading = Reading::open(source, &kind, setting)?;
    if !common.dry_run && setting.channel.0 == 0 {
        setting.channel = db.write_blocking({
            let kind = kind.clone();
            move |tx| run::channel(tx, &kind)
        })?;
        reading.placed_in(setting.channel);
    }
    let mut report = Report::new(common.problems.as_deref())?;
    report.manner(&reading);
    let file = common.file.file_name().map_or("standard input".into(), |name| name.to_string_lossy().into_owned());
    let file = if file == "-" { "standard input".to_owned() } else { file };
    let import = Import { actor: Actor::Channel { name: "Import".into() }, file };
    let mut preview = Preview::default();
    let outcome = loop {
        let batch = match run::next_batch(&mut reading, BATCH) {
            Ok(batch) if batch.is_empty() => break Ok(()),
            Ok(batch) => batch,
            Err(error) => break Err(error),
        };
        let problems = if common.dry_run {
            db.read_blocking(|conn| run::look(conn, &setting, batch, &mut preview))?
        } else {
            let (tally, problems) = place(db, &import, batch)?;
            preview.tally.add(&tally);
            problems
        };
        report.take(problems)?;
        report.progress(&preview.tally);
    };
    report.finish(&preview.tally, common.dry_run)?;
    if !common.dry_run {
        record(db, import, &preview.tally)?;
    }
    outcome
}

fn wishes(args: &LinesArgs) -> Result<Wishes> {
    let mut columns = std::collections::BTreeMap::new();
    for pair in &args.columns {
        let (field, heading) = pair.split_once('=').ok_or_else(|| {
            Refusal::invalid(
                "import.column",
                format!("--column {pair} is not understood. Write it as field=Heading, such as order=InvoiceNo."),
            )
        })?;
        columns.insert(field.trim().to_lowercase(), heading.trim().to_owned());
    }
    Ok(Wishes {
        columns,
        currency: args.currency.clone(),
        time_zone: args.time_zone.clone(),
        dates: args.dates.clone(),
        decimal: args.decimal.clone(),
        stage: args.stage.clone(),
        paid: args.paid,
    })
}

fn open(path: &Path) -> Result<Source> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let unreadable = |error: std::io::Error| -> Error {
        let message = format!("{} cannot be read: {error}. Check the name and try again.", path.display());
        Refusal::invalid("import.unreadable", message).into()
    };
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        let message = format!("{} is a folder. Name the CSV file in it.", path.display());
        return Err(Refusal::invalid("import.unreadable", message).into());
    }
    Ok(Box::new(file))
}

fn place(db: &Db, import: &Import, batch: Vec<Mapped>) -> Result<(Tally, Vec<Problem>)> {
    let import = import.clone();
    db.write_blocking(move |tx| run::place(tx, &import, batch))
}

fn record(db: &Db, import: Import, tally: &Tally) -> Result<()> {
    let finished = Event::ImportFinished {
        file: import.file.clone(),
        made: tally.made as i64,
        known: tally.known as i64,
        refused: (tally.refused + tally.differ) as i64,
    };
    db.write_blocking(move |tx| event::record(tx, &import.actor, None, &finished))
}

/// Tells how it goes and what came of it.
struct Report {
    shown: Vec<Problem>,
    total: u64,
    remarks: u64,
    file: Option<csv::Writer<File>>,
    began: Instant,
    last: Instant,
    lively: bool,
}

impl Report {
    fn new(path: Option<&Path>) -> Result<Self> {
        let mut file = None;
        if let Some(path) = path {
            let mut writer = csv::Writer::from_path(path).map_err(|error| -> Error {
                let message = format!("{} cannot be written: {error}. Choose another place.", path.display());
                Refusal::invalid("import.problems", message).into()
            })?;
            writer
                .write_record(["row", "line", "order", "reason", "rows left out", "what to do"])
                .map_err(Error::broken)?;
            file = Some(writer);
        }
        let now = Instant::now();
        Ok(Report {
            shown: Vec::new(),
            total: 0,
            remarks: 0,
            file,
            began: now,
            last: now,
            lively: std::io::stderr().is_terminal(),
        })
    }

    fn manner(&self, reading: &Reading) {
        let manner = reading.manner();
        say(&format!("The file is {}, with {} between {} columns.", manner.coding, manner.delimiter, manner.width));
        if !manner.columns.is_empty() {
            let columns: Vec<String> =
                manner.columns.iter().map(|(field, heading)| format!("{field}={heading}")).collect();
            say(&format!("Columns: {}.", columns.join(", ")));
        }
        for remark in manner.remarks {
            say(&remark);
        }
    }

    fn take(&mut self, problems: Vec<Problem>) -> Result<()> {
        for problem in problems {
            if let Some(writer) = &mut self.file {
                let record = [
                    problem.row.to_string(),
                    problem.line.to_string(),
                    crate::transfer::escape_cell(&problem.order).into_owned(),
                    problem.reason.label().to_owned(),
                    problem.rows.to_string(),
                    crate::transfer::escape_cell(&problem.message).into_owned(),
                ];
                writer.write_record(record).map_err(Error::broken)?;
            }
            if problem.reason == Reason::Noted {
                self.remarks += 1;
            } else {
                self.total += 1;
            }
            if self.shown.len() < SHOWN {
                self.shown.push(problem);
            }
        }
        Ok(())
    }

    fn progress(&mut self, tally: &Tally) {
        let pause = if self.lively { 200 } else { 5_000 };
        if self.last.elapsed().as_millis() < pause {
            return;
        }
        self.last = Instant::now();
        let line = format!("{} rows read, {} orders made, {} already here", tally.rows, tally.made, tally.known);
        let mut out = std::io::stderr();
        let _ = if self.lively { write!(out, "\r{line}") } else { writeln!(out, "{line}") };
    }

    fn finish(&mut self, tally: &Tally, dry_run: bool) -> Result<()> {
        if self.lively {
            let _ = write!(std::io::stderr(), "\r{:60}\r", "");
        }
        if let Some(writer) = &mut self.file {
            writer.flush()?;
        }
        let would = if dry_run { "Orders that would be made" } else { "Orders made" };
        say(&format!("Rows read: {}", tally.rows));
        say(&format!("{would}: {}", tally.made));
        say(&format!("Orders already here: {}", tally.known));
        if tally.differ > 0 {
            say(&format!("Orders already here that differ, left as they are: {}", tally.differ));
        }
        say(&format!("Orders refused: {}", tally.refused));
        say(&format!("Rows refused: {}", tally.rows_refused));
        for (reason, rows) in tally.reasons_in_words() {
            say(&format!("  {rows:>8}  {reason}"));
        }
        let told = self.total + self.remarks;
        if told > 0 {
            say(&format!("Problems: {}; remarks: {}", self.total, self.remarks));
        }
        for problem in &self.shown {
            let order = if problem.order.is_empty() { String::new() } else { format!(", {}", problem.order) };
            say(&format!("  {}{order}: {}", place_of(problem.row, problem.line), problem.message));
        }
        if told > self.shown.len() as u64 {
            say(&format!("  and {} more; --problems FILE.csv writes them all.", told - self.shown.len() as u64));
        }
        let _ = writeln!(std::io::stderr(), "Took {:.1} s.", self.began.elapsed().as_secs_f64());
        Ok(())
    }
}

fn say(text: &str) {
    // A closed pipe is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{text}");
}
