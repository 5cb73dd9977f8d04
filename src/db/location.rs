//! Where a database is, and connecting to it.

use std::fmt;
use std::path::PathBuf;

use diesel::{Connection, PgConnection, SqliteConnection};

use super::{Conn, batch};
use crate::error::{Error, Refusal, Result};

/// A database by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A Postgres URL.
    Postgres(String),
}

impl Location {
    /// Reads `postgres://…`, `sqlite://PATH` or a plain path.
    ///
    /// # Errors
    /// Refuses an empty text and any other scheme, which would otherwise silently become the name of
    /// a new file.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(unknown("The database is empty. Give a file or postgres://…"));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let location = Location::Postgres(text.to_owned());
            location.check_tls()?;
            return Ok(location);
        }
        if let Some(path) = text.strip_prefix("sqlite://") {
            return Ok(Location::Sqlite(PathBuf::from(path)));
        }
        match text.split_once("://") {
            Some((scheme, _)) => Err(unknown(format!(
                "Slipway has no database called {scheme}. Give a file, sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME."
            ))),
            None => Ok(Location::Sqlite(PathBuf::from(text))),
        }
    }

    /// Whether this is a SQLite file.
    pub fn is_sqlite(&self) -> bool {
        matches!(self, Location::Sqlite(_))
    }

    /// Opens a connection, with SQLite's settings in place.
    ///
    /// # Errors
    /// Refuses with the database's own words why it could not be opened.
    pub(super) fn connect(&self, read_only: bool) -> Result<Conn> {
        match self {
            Location::Postgres(url) => {
                PgConnection::establish(url).map(Conn::Pg).map_err(|error| self.unreachable(error))
            }
            Location::Sqlite(path) => {
                if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                    std::fs::create_dir_all(parent).map_err(|error| self.unreachable(error))?;
                }
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())
                    .map(Conn::Sqlite)
                    .map_err(|error| self.unreachable(error))?;
                // The timeout comes first: changing the journal mode already needs the lock.
                batch(
                    &mut conn,
                    "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                     PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;",
                )
                .map_err(|error| self.unreachable(error))?;
                if read_only {
                    // What they read again is in the system's memory; each would hold a copy of its own.
                    batch(&mut conn, "PRAGMA query_only = ON; PRAGMA cache_size = -2048;")?;
                }
                Ok(conn)
            }
        }
    }

    fn unreachable(&self, cause: impl fmt::Display) -> Error {
        Refusal::invalid(
            "database.unreachable",
            format!("The database {self} could not be opened: {}", cause.to_string().trim()),
        )
        .into()
    }

    fn check_tls(&self) -> Result<()> {
        let Location::Postgres(url) = self else { return Ok(()) };
        let demands = ["sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"];
        if !cfg!(feature = "pg-tls") && demands.iter().any(|d| url.contains(d)) {
            return Err(unknown(
                "This Slipway was built without TLS to Postgres, but the database URL demands it. \
                 Use a release build, or build with `cargo build --release --features pg-tls`.",
            ));
        }
        Ok(())
    }
}

fn unknown(message: impl Into<String>) -> Error {
    Refusal::invalid("database.location", message).into()
}

/// Without the password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::Sqlite(path) => write!(f, "{}", path.display()),
            Location::Postgres(text) => match url::Url::parse(text) {
                Ok(mut url) => {
                    let _ = url.set_password(None);
                    write!(f, "{url}")
                }
                Err(_) => f.write_str("postgres://…"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_a_known_scheme() {
        assert_eq!(Location::parse("shop.db").expect("a path"), Location::Sqlite("shop.db".into()));
        assert_eq!(Location::parse("sqlite:///var/shop.db").expect("a path"), Location::Sqlite("/var/shop.db".into()));
        assert!(!Location::parse("postgres://u:p@h/n").expect("a url").is_sqlite());
        assert!(Location::parse("mysql://u:p@h/n").is_err());
        assert!(Location::parse(" ").is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        let shown = Location::parse("postgres://jon:secret@localhost/shop").expect("a url").to_string();
        assert!(!shown.contains("secret"), "{shown}");
    }
}
