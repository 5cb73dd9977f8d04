//! What every test stands on. Each test binary uses a part of it.
#![allow(dead_code)]

pub mod app;
pub mod contract;
pub mod database;
pub mod mail_server;
pub mod make;
pub mod person;
pub mod process;
pub mod program;
pub mod receiver;
pub mod shell;
