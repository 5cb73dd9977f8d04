//! What every page needs from the database: the shop's name and market, the counts and views of the
//! sidebar, one-time tokens.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};

use super::shell::{MOST_UNREAD, NavView, Shop};
use crate::db::dialect::{self, OPEN_RETURNS};
use crate::db::schema::{
    markets, orders, request_keys, returns, saved_views, settings, stage_counts, stages, webhook_endpoints,
};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{MarketId, StaffId};
use crate::on_each_database;
use crate::reach::Reach;

/// A fact about the shop by its name, if it has been set.
pub fn setting(conn: &mut Conn, name: &str) -> Result<Option<String>> {
    let asked = settings::table.find(name).select(settings::value);
    Ok(on_each_database!(conn, conn => asked.first(conn)).optional()?)
}

/// Where this desk is found: its public address, or else the one it was asked by, which [`here`](super::here)
/// tells.
pub fn address(conn: &mut Conn, here: &str) -> Result<String> {
    let kept = setting(conn, "public_address")?.unwrap_or_default();
    Ok(if kept.is_empty() { here.to_owned() } else { kept })
}

/// Sets a fact about the shop.
pub fn set_setting(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<()> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) \
               ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    on_each_database!(tx.conn, conn => diesel::sql_query(sql).bind::<Text, _>(name).bind::<Text, _>(value).execute(conn))?;
    Ok(())
}

/// Sets a fact about the shop unless it is set already, and returns what it is then. Two processes
/// that start together agree.
pub fn setting_once(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<String> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    on_each_database!(tx.conn, conn => diesel::sql_query(sql).bind::<Text, _>(name).bind::<Text, _>(value).execute(conn))?;
    Ok(settings::table.find(name).select(settings::value).first(tx.conn)?)
}

/// The shop as pages show it. Before first-run set-up it is called Slipway.
pub fn shop(conn: &mut Conn) -> Result<Shop> {
    let name = setting(conn, "shop_name")?;
    let market = markets::table
        .select((markets::time_zone, markets::currency, markets::locale, markets::order_prefix))
        .order(markets::id)
        .first::<(String, String, String, String)>(conn)
        .optional()?;
    let mut shop = Shop::default();
    if let Some(name) = name {
        shop.name = name;
    }
    if let Some((zone, currency, locale, prefix)) = market {
        shop.zone = zone.parse().unwrap_or(chrono_tz::UTC);
        shop.currency = currency;
        shop.locale = locale;
        shop.order_prefix = prefix;
    }
    Ok(shop)
}

/// The market of the order with that number, if it is here.
pub fn market_of_order(conn: &mut Conn, number: i64) -> Result<Option<MarketId>> {
    Ok(orders::table.filter(orders::number.eq(number)).select(orders::market_id).first(conn).optional()?.map(MarketId))
}

/// How many orders within a reach are still on their way out of the door.
pub(super) fn open_orders(conn: &mut Conn, reach: &Reach) -> Result<i64> {
    let open = ["placed", "confirmed", "on_hold", "approved", "processed"];
    let counts: Vec<(i64, i64)> = stage_counts::table
        .inner_join(stages::table.on(stages::slug.eq(stage_counts::stage)))
        .filter(stages::base.eq_any(open))
        .select((stage_counts::market_id, stage_counts::orders))
        .load(conn)?;
    Ok(counts.iter().filter(|(market, _)| reach.sees(MarketId(*market))).map(|(_, orders)| orders).sum())
}

/// How many returns something is left to do on.
pub(super) fn open_returns(conn: &mut Conn, reach: &Reach) -> Result<i64> {
    let open = returns::table.filter(OPEN_RETURNS);
    if reach.is_everywhere() {
        return Ok(open.count().get_result(conn)?);
    }
    let within = sql::<Bool>(&reach.holds("orders.market_id"));
    Ok(open.inner_join(orders::table.on(orders::id.eq(returns::order_id))).filter(within).count().get_result(conn)?)
}

/// Conversations in which a customer wrote what nobody has read, and notes that call somebody who has not seen
/// them, counted up to a limit each.
pub(super) fn unread(conn: &mut Conn, staff: StaffId, reach: &Reach) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        unread: i64,
    }
    // Written out: only so does either database know that an index holds the unread alone.
    let within = reach.and("market_id");
    let called = match reach.is_everywhere() {
        true => String::new(),
        false => format!(" AND EXISTS (SELECT 1 FROM orders WHERE orders.id = mentions.order_id{within})"),
    };
    let sql = format!(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM orders WHERE unread_count > 0{within} LIMIT {MOST_UNREAD}) AS found) \
         + (SELECT count(*) FROM (SELECT 1 FROM mentions WHERE staff_id = $1 AND seen_at IS NULL{called} \
         LIMIT {MOST_UNREAD}) AS calls) AS unread"
    );
    let counted: Vec<Counted> = dialect::load_written(conn, sql, vec![dialect::Parameter::Int(staff.0)])?;
    Ok(counted.first().map_or(0, |row| row.unread))
}

/// The saved views of this person and of the shop, in their order.
pub(super) fn views(conn: &mut Conn, staff: StaffId) -> Result<Vec<NavView>> {
    let rows = saved_views::table
        .filter(saved_views::owner_id.is_null().or(saved_views::owner_id.eq(staff.0)))
        .order((saved_views::position, saved_views::id))
        .select((saved_views::slug, saved_views::name, saved_views::icon, saved_views::query))
        .limit(30)
        .load::<(String, String, String, String)>(conn)?;
    Ok(rows.into_iter().map(|(slug, name, icon, query)| NavView { slug, name, icon, query }).collect())
}

/// Webhooks that the desk gave up and nobody has seen to yet: identifier and URL without its query.
pub(super) fn given_up_webhooks(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    let rows: Vec<(String, String)> = webhook_endpoints::table
        .filter(webhook_endpoints::disabled_by_desk.eq(true).and(webhook_endpoints::removed_at.is_null()))
        .order(webhook_endpoints::id)
        .select((webhook_endpoints::uid, webhook_endpoints::url))
        .load(conn)?;
    let shown = |url: String| url.split('?').next().unwrap_or_default().to_owned();
    Ok(rows.into_iter().map(|(uid, url)| (uid, shown(url))).collect())
}

/// Takes a one-time token, or finds where its first use ended. Taking it makes a second request with
/// the same token wait until this one is committed.
pub(super) fn claim_token(tx: &mut Tx<'_>, credential: &str, token: &str) -> Result<Option<String>> {
    let sql = "INSERT INTO request_keys (credential, request_key, fingerprint, status, body, created_at) \
               VALUES ($1, $2, 'form', 303, '', $3) ON CONFLICT DO NOTHING";
    let now = tx.now.0;
    let taken = on_each_database!(tx.conn, conn => diesel::sql_query(sql)
        .bind::<Text, _>(credential)
        .bind::<Text, _>(token)
        .bind::<BigInt, _>(now)
        .execute(conn))?;
    if taken == 1 {
        return Ok(None);
    }
    Ok(Some(request_keys::table.find((credential, token)).select(request_keys::body).first(tx.conn)?))
}

/// Keeps where the first use of a token ended.
pub(super) fn keep_outcome(tx: &mut Tx<'_>, credential: &str, token: &str, location: &str) -> Result<()> {
    diesel::update(request_keys::table.find((credential, token)))
        .set(request_keys::body.eq(location))
        .execute(tx.conn)?;
    Ok(())
}
