//! The table of saved views.

use diesel::prelude::*;

use super::View;
use crate::db::schema::saved_views;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{StaffId, ViewId};

type Columns = (
    saved_views::id,
    saved_views::uid,
    saved_views::owner_id,
    saved_views::slug,
    saved_views::name,
    saved_views::icon,
    saved_views::query,
);
const COLUMNS: Columns = (
    saved_views::id,
    saved_views::uid,
    saved_views::owner_id,
    saved_views::slug,
    saved_views::name,
    saved_views::icon,
    saved_views::query,
);

pub(super) fn of(conn: &mut Conn, person: StaffId) -> Result<Vec<View>> {
    Ok(saved_views::table
        .filter(saved_views::owner_id.is_null().or(saved_views::owner_id.eq(person.0)))
        .order((saved_views::position.asc(), saved_views::id.asc()))
        .select(COLUMNS)
        .load(conn)?)
}

pub(super) fn any_shared(conn: &mut Conn) -> Result<bool> {
    let found = saved_views::table.filter(saved_views::owner_id.is_null()).select(saved_views::id).first::<i64>(conn);
    Ok(found.optional()?.is_some())
}

pub(super) fn slug_exists(conn: &mut Conn, slug: &str) -> Result<bool> {
    let found = saved_views::table.filter(saved_views::slug.eq(slug)).select(saved_views::id).first::<i64>(conn);
    Ok(found.optional()?.is_some())
}

#[allow(clippy::too_many_arguments)]
pub(super) fn insert(
    tx: &mut Tx<'_>,
    uid: &str,
    owner: Option<StaffId>,
    slug: &str,
    name: &str,
    icon: &str,
    query: &str,
    position: i64,
) -> Result<View> {
    Ok(diesel::insert_into(saved_views::table)
        .values((
            saved_views::uid.eq(uid),
            saved_views::owner_id.eq(owner.map(|id| id.0)),
            saved_views::slug.eq(slug),
            saved_views::name.eq(name),
            saved_views::icon.eq(icon),
            saved_views::query.eq(query),
            saved_views::position.eq(position),
            saved_views::created_at.eq(tx.now),
        ))
        .returning(COLUMNS)
        .get_result(tx.conn)?)
}

pub(super) fn update(tx: &mut Tx<'_>, id: ViewId, name: &str, query: &str) -> Result<()> {
    diesel::update(saved_views::table.find(id.0))
        .set((saved_views::name.eq(name), saved_views::query.eq(query)))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn delete(tx: &mut Tx<'_>, id: ViewId) -> Result<()> {
    diesel::delete(saved_views::table.find(id.0)).execute(tx.conn)?;
    Ok(())
}
