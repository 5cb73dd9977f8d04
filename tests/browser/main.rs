//! The story of a shop's morning in a real Chromium, with and without scripting.
//!
//! Needs `chromium` and `chromedriver`. Runs on SQLite, or on the server of `SLIPWAY_TEST_POSTGRES`.
//! What was seen is kept as pictures below `target/pictures`.
#![allow(clippy::unwrap_used)]

mod checks;
#[allow(dead_code)]
mod driver;
#[path = "../desk/support/mod.rs"]
mod support;

mod first_run;
mod looks;
mod morning;
mod paper;
mod signing_in;
mod talk;
