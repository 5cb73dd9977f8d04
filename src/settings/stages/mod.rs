//! The stage editor: `/settings/stages`.

pub mod pages;
