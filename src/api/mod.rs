//! The kit for JSON: reading bodies strictly, amounts, answers with their headers, pages with a cursor,
//! and keys that make a repeated request do its work once. Knows no feature.
//!
//! A handler is a function in a feature's `api.rs`. It takes proof that the program may
//! ([`Program<P>`](crate::staff::Program)), a [`Body`] if there is one, calls one verb inside
//! `program.read` or `program.write`, and makes a [`Reply`] of what came of it. Types that leave the
//! house live there too; domain types are never serialised.

mod amount;
mod body;
mod json;
mod once;
mod rate;
mod reply;
mod store;
mod whole;

pub use amount::{Amount, Decimal};
pub use body::{Body, Pairs, empty, fingerprint, typed};
pub use once::{Once, once};
pub use rate::{Left, Limits};
pub use reply::{Paged, Reply, instant};
pub use store::forget_stale;
pub use whole::{whole, whole_or_none, wholes};
