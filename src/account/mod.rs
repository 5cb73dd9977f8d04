//! A person's own account: how the desk looks to them, their password, where they are signed in.

pub mod pages;
pub mod pages_keys;
