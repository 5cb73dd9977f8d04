//! The tables of markets and channels.

use diesel::prelude::*;

use super::{Channel, ChannelKind, Hours, Market, Markets, NewMarket, Span};
use crate::db::schema::{channels, market_closed_days, market_hours, markets};
use crate::db::{self, Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::MarketId;
use crate::on_each_database;

pub(super) fn markets(conn: &mut Conn) -> Result<Vec<Market>> {
    Ok(on_each_database!(conn, conn => markets::table.order(markets::id.asc()).load(conn))?)
}

pub(super) fn channels(conn: &mut Conn) -> Result<Vec<Channel>> {
    Ok(on_each_database!(conn, conn => channels::table.order(channels::id.asc()).load(conn))?)
}

/// This one fact of a market, which every shipped order asks for.
pub(super) fn tracked_ways(conn: &mut Conn, market: MarketId) -> Result<String> {
    Ok(markets::table.find(market.0).select(markets::tracked_ways).first(conn)?)
}

pub(super) fn insert_market(tx: &mut Tx<'_>, new: &NewMarket) -> Result<Market> {
    db::forget::<Markets>();
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
    db::forget::<Markets>();
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
    db::forget::<Markets>();
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

/// Everything but its slug and when it was made.
pub(super) fn save_market(tx: &mut Tx<'_>, market: &Market) -> Result<()> {
    db::forget::<Markets>();
    diesel::update(markets::table.find(market.id.0))
        .set((
            markets::name.eq(&market.name),
            markets::currency.eq(market.currency),
            markets::time_zone.eq(&market.time_zone),
            markets::locale.eq(&market.locale),
            markets::country.eq(&market.country),
            markets::order_prefix.eq(&market.order_prefix),
            markets::tax_included.eq(market.tax_included),
            markets::abandon_after_minutes.eq(market.abandon_after_minutes),
            markets::languages.eq(&market.languages),
            markets::tax_rate_ppm.eq(market.tax_rate_ppm),
            markets::abandons.eq(market.abandons),
            markets::stock_hold_minutes.eq(market.stock_hold_minutes),
            markets::deliver_after_days.eq(market.deliver_after_days),
            markets::archive_after_days.eq(market.archive_after_days),
            markets::holds_after_hours.eq(market.holds_after_hours),
            markets::payment_methods.eq(&market.payment_methods),
            markets::invoice_series.eq(&market.invoice_series),
            markets::credit_series.eq(&market.credit_series),
            markets::tracked_ways.eq(&market.tracked_ways),
            markets::approves_itself.eq(market.approves_itself),
            markets::approve_up_to_minor.eq(market.approve_up_to_minor),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn hours(conn: &mut Conn, market: MarketId) -> Result<Hours> {
    let mut hours = Hours::default();
    let rows: Vec<(i64, i64, i64)> = market_hours::table
        .filter(market_hours::market_id.eq(market.0))
        .select((market_hours::weekday, market_hours::opens_minute, market_hours::closes_minute))
        .load(conn)?;
    for (weekday, opens, closes) in rows {
        if let Some(day) = usize::try_from(weekday - 1).ok().and_then(|index| hours.week.get_mut(index)) {
            *day = Some(Span { opens, closes });
        }
    }
    let days: Vec<String> = market_closed_days::table
        .filter(market_closed_days::market_id.eq(market.0))
        .select(market_closed_days::day)
        .load(conn)?;
    hours.closed = days.iter().filter_map(|day| day.parse().ok()).collect();
    Ok(hours)
}

pub(super) fn replace_hours(tx: &mut Tx<'_>, market: MarketId, hours: &Hours) -> Result<()> {
    diesel::delete(market_hours::table.filter(market_hours::market_id.eq(market.0))).execute(tx.conn)?;
    diesel::delete(market_closed_days::table.filter(market_closed_days::market_id.eq(market.0))).execute(tx.conn)?;
    for (weekday, span) in (1i64..).zip(&hours.week) {
        let Some(span) = span else { continue };
        diesel::insert_into(market_hours::table)
            .values((
                market_hours::market_id.eq(market.0),
                market_hours::weekday.eq(weekday),
                market_hours::opens_minute.eq(span.opens),
                market_hours::closes_minute.eq(span.closes),
            ))
            .execute(tx.conn)?;
    }
    for day in &hours.closed {
        diesel::insert_into(market_closed_days::table)
            .values((market_closed_days::market_id.eq(market.0), market_closed_days::day.eq(day.to_string())))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn save_channel(tx: &mut Tx<'_>, channel: &Channel) -> Result<()> {
    db::forget::<Markets>();
    diesel::update(channels::table.find(channel.id.0))
        .set((
            channels::name.eq(&channel.name),
            channels::kind.eq(channel.kind),
            channels::payment_method.eq(&channel.payment_method),
        ))
        .execute(tx.conn)?;
    Ok(())
}
