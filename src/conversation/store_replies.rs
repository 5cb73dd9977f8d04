//! The table of saved replies.

use diesel::prelude::*;

use super::replies::Reply;
use crate::db::schema::saved_replies;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::new_uid;

pub(super) fn all(conn: &mut Conn) -> Result<Vec<Reply>> {
    Ok(saved_replies::table.order(saved_replies::id).load(conn)?)
}

pub(super) fn find(conn: &mut Conn, uid: &str) -> Result<Option<Reply>> {
    Ok(saved_replies::table.filter(saved_replies::uid.eq(uid)).first(conn).optional()?)
}

pub(super) fn keep(tx: &mut Tx<'_>, id: Option<i64>, name: &str, body: &str) -> Result<()> {
    match id {
        Some(id) => diesel::update(saved_replies::table.find(id))
            .set((saved_replies::name.eq(name), saved_replies::body.eq(body), saved_replies::updated_at.eq(tx.now)))
            .execute(tx.conn)?,
        None => diesel::insert_into(saved_replies::table)
            .values((
                saved_replies::uid.eq(new_uid()),
                saved_replies::name.eq(name),
                saved_replies::body.eq(body),
                saved_replies::created_at.eq(tx.now),
                saved_replies::updated_at.eq(tx.now),
            ))
            .execute(tx.conn)?,
    };
    Ok(())
}

pub(super) fn remove(tx: &mut Tx<'_>, id: i64) -> Result<()> {
    diesel::delete(saved_replies::table.find(id)).execute(tx.conn)?;
    Ok(())
}
