//! Orders of a stage that is closed: counting them, locking some, letting them stand in a sibling.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::db::schema::{orders, stage_counts};
use crate::db::{Conn, Tx, dialect};
use crate::error::Result;
use crate::ids::OrderId;
use crate::on_each_database;

/// Orders that stand in a stage.
pub(super) fn in_stage(conn: &mut Conn, slug: &str) -> Result<i64> {
    let counts: Vec<i64> =
        stage_counts::table.filter(stage_counts::stage.eq(slug)).select(stage_counts::orders).load(conn)?;
    Ok(counts.iter().sum())
}

/// Orders on hold or put away that come back to a stage of the shop's own.
pub(super) fn coming_back(conn: &mut Conn, slug: &str) -> Result<i64> {
    Ok(orders::table
        .filter(orders::resume_stage.eq(slug).and(orders::resume_stage.ne(orders::resume_base)))
        .count()
        .get_result(conn)?)
}

/// Where an order stands, as far as closing its stage is concerned.
#[derive(diesel::QueryableByName)]
pub struct Standing {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    /// Slug of the stage it stands in.
    pub stage: String,
    #[diesel(sql_type = Nullable<Text>)]
    /// Slug of the stage it comes back to.
    pub resume_stage: Option<String>,
    #[diesel(sql_type = BigInt)]
    /// Since when it stands there, in microseconds.
    pub stage_entered_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    /// When it will count as abandoned, in microseconds.
    pub abandon_at: Option<i64>,
}

impl Standing {
    /// Its key.
    pub fn id(&self) -> OrderId {
        OrderId(self.id)
    }
}

/// Locks some of the orders that stand in a stage of the shop's own or come back to it.
pub(super) fn lock_some(conn: &mut Conn, slug: &str, limit: i64) -> Result<Vec<Standing>> {
    let sql = format!(
        "SELECT id, stage, resume_stage, stage_entered_at, abandon_at FROM orders \
         WHERE stage = $1 OR (resume_stage = $2 AND resume_stage IS NOT NULL AND resume_stage <> resume_base) \
         ORDER BY id LIMIT $3{}",
        dialect::for_update(conn)
    );
    Ok(on_each_database!(conn, conn => diesel::sql_query(sql)
        .bind::<Text, _>(slug)
        .bind::<Text, _>(slug)
        .bind::<BigInt, _>(limit)
        .load(conn))?)
}

/// Lets locked orders stand in a sibling of their stage, or come back to it.
pub(super) fn restage(tx: &mut Tx<'_>, found: &[Standing], from: &str, to: &str) -> Result<()> {
    let keys = || found.iter().map(|order| order.id).collect::<Vec<_>>();
    let again = (orders::updated_at.eq(tx.now), orders::version.eq(orders::version + 1));
    diesel::update(orders::table.filter(orders::id.eq_any(keys()))).set(again).execute(tx.conn)?;
    diesel::update(orders::table.filter(orders::id.eq_any(keys()).and(orders::stage.eq(from))))
        .set(orders::stage.eq(to))
        .execute(tx.conn)?;
    diesel::update(orders::table.filter(orders::id.eq_any(keys()).and(orders::resume_stage.eq(from))))
        .set(orders::resume_stage.eq(to))
        .execute(tx.conn)?;
    Ok(())
}
