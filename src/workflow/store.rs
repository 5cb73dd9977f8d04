//! The table of stages.

use diesel::prelude::*;

use super::{Stage, Stages};
use crate::db::schema::stages;
use crate::db::{self, Conn, Tx, dialect};
use crate::error::Result;
use crate::on_each_database;

pub(super) fn all(conn: &mut Conn) -> Result<Vec<Stage>> {
    let asked = stages::table.order((stages::position.asc(), stages::slug.asc()));
    Ok(on_each_database!(conn, conn => asked.load(conn))?)
}

/// As [`all`], while nobody else edits them until the transaction ends.
pub(super) fn all_for_change(tx: &mut Tx<'_>) -> Result<Vec<Stage>> {
    db::forget::<Stages>();
    dialect::lock_stage_editor(tx.conn)?;
    all(tx.conn)
}

pub(super) fn hold_open(tx: &mut Tx<'_>, slug: &str) -> Result<bool> {
    db::forget::<Stages>();
    dialect::lock_stage(tx.conn, slug, false)?;
    let active = stages::table.find(slug).select(stages::active).first::<bool>(tx.conn).optional()?;
    Ok(active.unwrap_or(false))
}

pub(super) fn hold_alone(tx: &mut Tx<'_>, slug: &str) -> Result<()> {
    db::forget::<Stages>();
    // Editors wait for one another first, so that none holds a stage that another one waits for.
    dialect::lock_stage_editor(tx.conn)?;
    dialect::lock_stage(tx.conn, slug, true)
}

pub(super) fn insert(tx: &mut Tx<'_>, stage: &Stage) -> Result<()> {
    db::forget::<Stages>();
    diesel::insert_into(stages::table)
        .values((
            stages::slug.eq(&stage.slug),
            stages::label.eq(&stage.label),
            stages::public_label.eq(&stage.public_label),
            stages::base.eq(stage.base),
            stages::position.eq(stage.position),
            stages::colour.eq(&stage.colour),
            stages::is_default.eq(stage.is_default),
            stages::hidden.eq(stage.hidden),
            stages::active.eq(stage.active),
            stages::sla_minutes.eq(stage.sla_minutes),
            stages::required_fields.eq(&stage.required_fields),
            stages::sends_message.eq(stage.sends_message),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn save(tx: &mut Tx<'_>, stage: &Stage) -> Result<()> {
    db::forget::<Stages>();
    diesel::update(stages::table.find(&stage.slug))
        .set((
            stages::label.eq(&stage.label),
            stages::public_label.eq(&stage.public_label),
            stages::position.eq(stage.position),
            stages::colour.eq(&stage.colour),
            stages::is_default.eq(stage.is_default),
            stages::hidden.eq(stage.hidden),
            stages::active.eq(stage.active),
            stages::sla_minutes.eq(stage.sla_minutes),
            stages::required_fields.eq(&stage.required_fields),
            stages::sends_message.eq(stage.sends_message),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn delete(tx: &mut Tx<'_>, slug: &str) -> Result<()> {
    db::forget::<Stages>();
    diesel::delete(stages::table.find(slug)).execute(tx.conn)?;
    Ok(())
}
