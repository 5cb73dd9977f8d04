//! What only a demonstration writes into tables directly.

use diesel::prelude::*;

use crate::db::Tx;
use crate::db::schema::{counters, saved_views};
use crate::error::Result;
use crate::ids::new_uid;

/// Views of the whole shop besides those every shop begins with: slug, name, icon, parameters.
const VIEWS: [(&str, &str, &str, &str); 2] = [
    ("gift-orders", "Gift orders", "gift", "gift=yes"),
    ("wholesale", "Wholesale", "building-store", "channel=wholesale"),
];

/// Lets the next order have the number after this one.
pub(super) fn set_last_number(tx: &mut Tx<'_>, number: i64) -> Result<()> {
    diesel::update(counters::table.find("order_number")).set(counters::value.eq(number)).execute(tx.conn)?;
    Ok(())
}

/// Saves the views everybody in the shop sees.
pub(super) fn save_views(tx: &mut Tx<'_>) -> Result<()> {
    for (position, (slug, name, icon, query)) in VIEWS.iter().enumerate() {
        diesel::insert_into(saved_views::table)
            .values((
                saved_views::uid.eq(new_uid()),
                saved_views::slug.eq(slug),
                saved_views::name.eq(name),
                saved_views::icon.eq(icon),
                saved_views::query.eq(query),
                saved_views::position.eq(position as i64 + 3),
                saved_views::created_at.eq(tx.now),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}
