//! Markets and their channels: `/settings/markets`.

mod form;
pub mod pages;
