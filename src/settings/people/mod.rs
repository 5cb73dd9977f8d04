//! The staff in the settings.

pub mod pages;
