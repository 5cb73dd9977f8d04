//! What every test stands on.

pub mod app;
pub mod database;
pub mod make;
pub mod person;
