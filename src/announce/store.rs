//! The tables of what is said of stages and of how far the diary was read.

use diesel::prelude::*;

use super::Wording;
use crate::db::schema::{announced, stage_messages as words};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::MarketId;

pub(super) fn of_stage(conn: &mut Conn, stage: &str) -> Result<Vec<Wording>> {
    let rows: Vec<(Option<MarketId>, String, String)> = words::table
        .filter(words::stage.eq(stage))
        .order(words::id)
        .select((words::market_id, words::language, words::body))
        .load(conn)?;
    Ok(rows.into_iter().map(|(market, language, body)| Wording { market, language, body }).collect())
}

pub(super) fn replace(tx: &mut Tx<'_>, stage: &str, wanted: &[Wording]) -> Result<()> {
    diesel::delete(words::table.filter(words::stage.eq(stage))).execute(tx.conn)?;
    for wording in wanted {
        diesel::insert_into(words::table)
            .values((
                words::stage.eq(stage),
                words::market_id.eq(wording.market.map(|market| market.0)),
                words::language.eq(&wording.language),
                words::body.eq(&wording.body),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn position(conn: &mut Conn) -> Result<i64> {
    Ok(announced::table.select(announced::position).first(conn)?)
}

/// The same, while nobody else reads on from it.
pub(super) fn lock_position(tx: &mut Tx<'_>) -> Result<i64> {
    Ok(diesel::update(announced::table)
        .set(announced::position.eq(announced::position))
        .returning(announced::position)
        .get_result(tx.conn)?)
}

pub(super) fn set_position(tx: &mut Tx<'_>, position: i64) -> Result<()> {
    diesel::update(announced::table).set(announced::position.eq(position)).execute(tx.conn)?;
    Ok(())
}
