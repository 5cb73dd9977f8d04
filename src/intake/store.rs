//! The tables of imports.

use diesel::prelude::*;

use super::uploads::{Import, NewImport, State};
use super::{Problem, Reason};
use crate::db::schema::{import_pieces, import_problems, imports};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::{ImportId, new_uid};
use crate::time::UtcTime;

pub(super) fn insert(tx: &mut Tx<'_>, new: &NewImport) -> Result<Import> {
    Ok(diesel::insert_into(imports::table)
        .values((
            imports::uid.eq(new_uid()),
            imports::kind.eq(new.kind.key()),
            imports::file_name.eq(&new.file_name),
            imports::state.eq(State::Uploading),
            imports::options.eq(serde_json::to_string(&new.kind)?),
            imports::started_by.eq(&new.started_by),
            imports::created_at.eq(tx.now),
        ))
        .returning(imports::all_columns)
        .get_result(tx.conn)?)
}

pub(super) fn find(conn: &mut Conn, uid: &str) -> Result<Import> {
    let found = imports::table.filter(imports::uid.eq(uid)).first(conn).optional()?;
    found.ok_or_else(|| Error::Missing("import at this address".into()))
}

pub(super) fn find_by_id(conn: &mut Conn, id: ImportId) -> Result<Option<Import>> {
    Ok(imports::table.find(id.0).first(conn).optional()?)
}

pub(super) fn newest(conn: &mut Conn, limit: i64) -> Result<Vec<Import>> {
    Ok(imports::table.filter(imports::state.ne(State::Uploading)).order(imports::id.desc()).limit(limit).load(conn)?)
}

/// Writes everything about an import that changes.
pub(super) fn save(tx: &mut Tx<'_>, import: &Import) -> Result<()> {
    let changed = diesel::update(imports::table.find(import.id.0))
        .set((
            imports::state.eq(import.state),
            imports::options.eq(&import.options),
            imports::rows_total.eq(import.rows_total),
            imports::rows_done.eq(import.rows_done),
            imports::orders_made.eq(import.orders_made),
            imports::orders_known.eq(import.orders_known),
            imports::orders_refused.eq(import.orders_refused),
            imports::rows_refused.eq(import.rows_refused),
            imports::failure.eq(&import.failure),
            imports::finished_at.eq(import.finished_at),
            imports::channel_id.eq(import.channel_id),
            imports::bytes_total.eq(import.bytes_total),
            imports::groups_done.eq(import.groups_done),
            imports::preview.eq(&import.preview),
            imports::tally.eq(&import.tally),
        ))
        .execute(tx.conn)?;
    if changed == 0 { Err(Error::Missing("import at this address".into())) } else { Ok(()) }
}

pub(super) fn remove(tx: &mut Tx<'_>, id: ImportId) -> Result<()> {
    diesel::delete(imports::table.find(id.0)).execute(tx.conn)?;
    Ok(())
}

/// Removes what was uploaded or looked at before `before` and never imported.
pub(super) fn remove_stale(tx: &mut Tx<'_>, before: UtcTime) -> Result<usize> {
    let waiting = [State::Uploading, State::Checking, State::Mapping, State::Ready];
    Ok(diesel::delete(imports::table.filter(imports::state.eq_any(waiting)).filter(imports::created_at.lt(before)))
        .execute(tx.conn)?)
}

pub(super) fn insert_piece(tx: &mut Tx<'_>, import: ImportId, position: i64, bytes: &[u8]) -> Result<()> {
    diesel::insert_into(import_pieces::table)
        .values((
            import_pieces::import_id.eq(import.0),
            import_pieces::position.eq(position),
            import_pieces::bytes.eq(bytes),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn piece(conn: &mut Conn, import: ImportId, position: i64) -> Result<Option<Vec<u8>>> {
    Ok(import_pieces::table.find((import.0, position)).select(import_pieces::bytes).first(conn).optional()?)
}

pub(super) fn remove_pieces(tx: &mut Tx<'_>, import: ImportId) -> Result<()> {
    diesel::delete(import_pieces::table.filter(import_pieces::import_id.eq(import.0))).execute(tx.conn)?;
    Ok(())
}

pub(super) fn insert_problems(tx: &mut Tx<'_>, import: ImportId, problems: &[Problem]) -> Result<()> {
    for problem in problems {
        diesel::insert_into(import_problems::table)
            .values((
                import_problems::import_id.eq(import.0),
                import_problems::row_number.eq(problem.row as i64),
                import_problems::order_ref.eq(&problem.order),
                import_problems::message.eq(&problem.message),
                import_problems::line_number.eq(problem.line as i64),
                import_problems::reason.eq(problem.reason),
                import_problems::rows_refused.eq(problem.rows as i64),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn count_problems(conn: &mut Conn, import: ImportId) -> Result<i64> {
    Ok(import_problems::table.filter(import_problems::import_id.eq(import.0)).count().get_result(conn)?)
}

pub(super) fn remove_problems(tx: &mut Tx<'_>, import: ImportId) -> Result<()> {
    diesel::delete(import_problems::table.filter(import_problems::import_id.eq(import.0))).execute(tx.conn)?;
    Ok(())
}

/// Problems of an import: what was left out before mere remarks, each by row.
pub(super) fn problems(conn: &mut Conn, import: ImportId, limit: i64) -> Result<Vec<Problem>> {
    let rows: Vec<(i64, i64, String, Reason, i64, String)> = import_problems::table
        .filter(import_problems::import_id.eq(import.0))
        .order(import_problems::id.asc())
        .limit(limit)
        .select((
            import_problems::row_number,
            import_problems::line_number,
            import_problems::order_ref,
            import_problems::reason,
            import_problems::rows_refused,
            import_problems::message,
        ))
        .load(conn)?;
    let problem = |(row, line, order, reason, refused, message)| {
        let (row, line, rows): (i64, i64, i64) = (row, line, refused);
        Problem { row: row as u64, line: line as u64, order, reason, rows: rows as u64, message }
    };
    Ok(rows.into_iter().map(problem).collect())
}
