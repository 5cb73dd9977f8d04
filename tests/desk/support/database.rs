//! A fresh database for each test, copied from one that was migrated once: a SQLite file, or a
//! Postgres database cloned from a template.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use diesel::{Connection, PgConnection, RunQueryDsl};
use slipway::db::{Location, migrate};

/// The variable that holds the URL of a Postgres server to test on.
pub const POSTGRES: &str = "SLIPWAY_TEST_POSTGRES";

/// A database of one test, gone when dropped.
pub struct Database {
    /// Where it is.
    pub location: Location,
    folder: tempfile::TempDir,
}

impl Database {
    /// Migrated and otherwise empty.
    pub fn fresh() -> Self {
        let template = template();
        let folder = folder();
        match template {
            Location::Sqlite(file) => {
                let copy = folder.path().join("slipway.db");
                std::fs::copy(file, &copy).unwrap();
                Database { location: Location::Sqlite(copy), folder }
            }
            Location::Postgres(url) => {
                let name = new_name();
                // Two clones of one template at once are refused.
                static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
                let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                on_server(&format!("CREATE DATABASE {name} TEMPLATE {}", name_of(url)));
                Database { location: Location::Postgres(with_name(url, &name)), folder }
            }
        }
    }

    /// Not even migrated: no file, or a database without tables.
    pub fn unmigrated() -> Self {
        let folder = folder();
        let location = match server() {
            None => Location::Sqlite(folder.path().join("slipway.db")),
            Some(url) => {
                let name = new_name();
                on_server(&format!("CREATE DATABASE {name}"));
                Location::Postgres(with_name(&url, &name))
            }
        };
        Database { location, folder }
    }

    /// As `--database` takes it.
    pub fn url(&self) -> String {
        match &self.location {
            Location::Sqlite(path) => path.display().to_string(),
            Location::Postgres(url) => url.clone(),
        }
    }

    /// A folder that goes with the database.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Location::Postgres(url) = &self.location {
            on_server(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_of(url)));
        }
    }
}

/// The server to test on, if it is Postgres.
pub fn server() -> Option<String> {
    std::env::var(POSTGRES).ok().filter(|url| !url.is_empty())
}

fn template() -> &'static Location {
    static TEMPLATE: OnceLock<Location> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let location = match server() {
            None => Location::Sqlite(scratch().join("template.db")),
            Some(url) => {
                let name = new_name();
                on_server(&format!("CREATE DATABASE {name}"));
                Location::Postgres(with_name(&url, &name))
            }
        };
        migrate::run(&location).unwrap();
        location
    })
}

/// A folder of this run below `target/`.
fn scratch() -> &'static PathBuf {
    static SCRATCH: OnceLock<PathBuf> = OnceLock::new();
    SCRATCH.get_or_init(|| {
        let tests = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("desk");
        // Of earlier runs nothing is wanted but what another run under way still uses.
        for old in std::fs::read_dir(&tests).into_iter().flatten().flatten() {
            let running = PathBuf::from("/proc").join(old.file_name()).exists();
            if !running {
                let _ = std::fs::remove_dir_all(old.path());
            }
        }
        let mine = tests.join(std::process::id().to_string());
        std::fs::create_dir_all(&mine).unwrap();
        mine
    })
}

fn folder() -> tempfile::TempDir {
    tempfile::TempDir::new_in(scratch()).unwrap()
}

fn new_name() -> String {
    format!("desk_{}", uuid::Uuid::now_v7().simple())
}

fn on_server(statement: &str) {
    let mut conn = PgConnection::establish(&server().unwrap()).unwrap();
    diesel::sql_query(statement).execute(&mut conn).unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// The same server, another database.
fn with_name(url: &str, name: &str) -> String {
    let mut url = url::Url::parse(url).unwrap();
    url.set_path(name);
    url.into()
}

fn name_of(url: &str) -> String {
    url::Url::parse(url).unwrap().path().trim_start_matches('/').to_owned()
}

/// The kinds of orders whose count is not that of the orders there are, as a table to select from.
pub const KINDS_OFF: &str = "(SELECT stage FROM (SELECT stage, market_id, channel_id, payment_status, fulfilment_status, gift, \
     noted, printed, orders FROM order_kinds UNION ALL SELECT stage, market_id, channel_id, payment_status, \
     fulfilment_status, gift, note_count > 0, printed_at IS NOT NULL, -1 FROM orders) AS counted \
     GROUP BY stage, market_id, channel_id, payment_status, fulfilment_status, gift, noted, printed \
     HAVING SUM(orders) <> 0) AS off";
