//! How a process was started: where it listens and which database it uses. Everything a shop can
//! change while it runs is in the database instead.

use std::net::SocketAddr;

use crate::db::Location;

/// Where the desk listens unless told otherwise.
pub const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
/// Where the data goes unless told otherwise.
pub const DEFAULT_DATABASE: &str = "./slipway-data/slipway.db";

/// Where the data of the demonstration goes unless told otherwise.
pub const DEMO_DATABASE: &str = "./slipway-data/demo.db";

/// What the command line and the environment said.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address and port to listen on.
    pub listen: SocketAddr,
    /// The database.
    pub database: Location,
    /// Hosts and networks that webhooks may go to, and carts come from, though they are private.
    pub webhook_allow: Vec<String>,
}
