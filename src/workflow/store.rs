//! The table of stages.

use diesel::prelude::*;

use super::Stage;
use crate::db::Conn;
use crate::db::schema::stages;
use crate::error::Result;

pub(super) fn all(conn: &mut Conn) -> Result<Vec<Stage>> {
    Ok(stages::table.order((stages::position.asc(), stages::slug.asc())).load(conn)?)
}
