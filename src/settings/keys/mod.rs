//! Keys for programs in the settings, and a person's own in their account: the same pages, another list.

pub mod form;
pub mod pages;

use crate::actor::Actor;
use crate::db::Tx;
use crate::error::{Refusal, Result};
use crate::market::Markets;
use crate::staff::keys::{self, NewKey};

/// Makes a key and returns its token, which is not kept.
///
/// # Errors
/// Refuses an unknown market, and as [`keys::create`].
pub fn make(tx: &mut Tx<'_>, actor: &Actor, new: &NewKey) -> Result<String> {
    let known: Vec<String> = Markets::load(tx.conn)?.markets.into_iter().map(|market| market.slug).collect();
    if let Some(unknown) = new.markets.iter().find(|slug| !known.contains(slug)) {
        let message = format!("There is no market called {unknown}. Give some of {}.", known.join(", "));
        return Err(Refusal::field("key.market", "markets", message).into());
    }
    keys::create(tx, actor, new)
}
