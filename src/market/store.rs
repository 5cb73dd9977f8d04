//! The tables of markets and channels.

use diesel::prelude::*;

use super::{Channel, ChannelKind, Market, NewMarket};
use crate::db::schema::{channels, markets};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::MarketId;

pub(super) fn markets(conn: &mut Conn) -> Result<Vec<Market>> {
    Ok(markets::table.order(markets::id.asc()).load(conn)?)
}

pub(super) fn channels(conn: &mut Conn) -> Result<Vec<Channel>> {
    Ok(channels::table.order(channels::id.asc()).load(conn)?)
}

pub(super) fn insert_market(tx: &mut Tx<'_>, new: &NewMarket) -> Result<Market> {
    Ok(diesel::insert_into(markets::table)
        .values((
            markets::slug.eq(&new.slug),
            markets::name.eq(&new.name),
            markets::currency.eq(new.currency),
            markets::time_zone.eq(&new.time_zone),
            markets::country.eq(&new.country),
            markets::order_prefix.eq(&new.order_prefix),
            markets::created_at.eq(tx.now),
        ))
        .returning(markets::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn update_market(tx: &mut Tx<'_>, id: MarketId, new: &NewMarket) -> Result<()> {
    let changed = diesel::update(markets::table.find(id.0))
        .set((
            markets::name.eq(&new.name),
            markets::currency.eq(new.currency),
            markets::time_zone.eq(&new.time_zone),
            markets::country.eq(&new.country),
            markets::order_prefix.eq(&new.order_prefix),
        ))
        .execute(tx.conn)?;
    if changed == 0 { Err(Error::Missing(format!("market {}", id.0))) } else { Ok(()) }
}

pub(super) fn insert_channel(
    tx: &mut Tx<'_>,
    market: MarketId,
    slug: &str,
    name: &str,
    kind: ChannelKind,
) -> Result<Channel> {
    Ok(diesel::insert_into(channels::table)
        .values((
            channels::market_id.eq(market.0),
            channels::slug.eq(slug),
            channels::name.eq(name),
            channels::kind.eq(kind),
            channels::created_at.eq(tx.now),
        ))
        .returning(channels::all_columns)
        .get_result(tx.conn)?)
}
