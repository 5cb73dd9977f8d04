//! The table of carts that programs put down before they are ordered.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::db::schema::carts;
use crate::db::{Conn, Tx, dialect};
use crate::error::Result;
use crate::ids::{ChannelId, new_uid};
use crate::time::UtcTime;

/// How long a cart is kept after it was last put down.
const KEEP_DAYS: i64 = 30;

/// What is in a cart, as it was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Content {
    /// Its items, as `POST /api/carts` takes them.
    pub items: Value,
    /// Its currency, if one was given.
    pub currency: Option<String>,
}

/// A cart that is kept.
#[derive(Clone, Debug)]
pub struct Cart {
    /// Its channel.
    pub channel_id: ChannelId,
    /// Its name there.
    pub cart_id: String,
    /// What is in it.
    pub content: Content,
    /// When it was last put down.
    pub updated_at: UtcTime,
}

macro_rules! columns {
    () => {
        (carts::channel_id, carts::cart_id, carts::content, carts::updated_at)
    };
}

fn cart((channel_id, cart_id, content, updated_at): (ChannelId, String, String, UtcTime)) -> Result<Cart> {
    Ok(Cart { channel_id, cart_id, content: serde_json::from_str(&content)?, updated_at })
}

/// The cart of that name in a channel.
pub fn find(conn: &mut Conn, channel: ChannelId, name: &str) -> Result<Option<Cart>> {
    let own = carts::table.filter(carts::channel_id.eq(channel.0).and(carts::cart_id.eq(name)));
    own.select(columns!()).first(conn).optional()?.map(cart).transpose()
}

/// Carts of that name in any channel.
pub fn named(conn: &mut Conn, name: &str) -> Result<Vec<Cart>> {
    let own = carts::table.filter(carts::cart_id.eq(name)).order(carts::id.asc());
    own.select(columns!()).load(conn)?.into_iter().map(cart).collect()
}

/// Puts a cart down, in the place of what it held before.
pub fn put(tx: &mut Tx<'_>, channel: ChannelId, name: &str, content: Content) -> Result<Cart> {
    let json = serde_json::to_string(&content)?;
    let statement = diesel::insert_into(carts::table)
        .values((
            carts::uid.eq(new_uid()),
            carts::channel_id.eq(channel.0),
            carts::cart_id.eq(name),
            carts::content.eq(&json),
            carts::created_at.eq(tx.now.0),
            carts::updated_at.eq(tx.now.0),
        ))
        .on_conflict((carts::channel_id, carts::cart_id))
        .do_update()
        .set((carts::content.eq(&json), carts::updated_at.eq(tx.now.0)));
    dialect::Both(statement).execute(tx.conn)?;
    Ok(Cart { channel_id: channel, cart_id: name.to_owned(), content, updated_at: tx.now })
}

/// Forgets carts that nobody ordered.
pub fn forget_stale(tx: &mut Tx<'_>) -> Result<()> {
    let before = tx.now.plus_minutes(-KEEP_DAYS * 24 * 60);
    diesel::delete(carts::table.filter(carts::updated_at.lt(before.0))).execute(tx.conn)?;
    Ok(())
}
