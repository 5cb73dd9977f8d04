//! What only a demonstration writes into tables directly.

use diesel::prelude::*;

use crate::db::Tx;
use crate::db::schema::{counters, saved_views};
use crate::error::Result;
use crate::ids::new_uid;
use crate::on_each_database;

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

/// Begins to count stock: what orders are owed is allocated, and some more lies on the shelves, of a few
/// products little or nothing.
pub(super) fn stock_shelves(tx: &mut Tx<'_>) -> Result<()> {
    const COUNTED: &str = "SELECT id FROM products WHERE grams > 0 AND id NOT IN (SELECT bundle_id FROM product_parts)";
    const WHO: &str = "(SELECT name FROM staff ORDER BY id LIMIT 1)";
    let (now, day) = (tx.now.0, 86_400_000_000_i64);
    let statements = [
        format!("UPDATE products SET tracked = TRUE, low_at = 8 WHERE id IN ({COUNTED})"),
        "INSERT INTO stock_claims (line_id, product_id, order_id, allocated, shipped) \
         SELECT n.id, n.product_id, n.order_id, n.quantity - n.cancelled_quantity - n.shipped_quantity, n.shipped_quantity \
         FROM order_lines n JOIN orders o ON o.id = n.order_id JOIN products p ON p.id = n.product_id \
         WHERE p.tracked AND n.requires_shipping AND n.quantity - n.cancelled_quantity - n.shipped_quantity > 0 \
         AND (o.base IN ('confirmed', 'approved', 'processed') \
         OR (o.base = 'on_hold' AND o.resume_base IN ('confirmed', 'approved', 'processed')))"
            .to_owned(),
        format!(
            "INSERT INTO stock_movements (product_id, cause_kind, cause_key, on_hand, allocated, soft_held, note, actor_name, happened_at) \
             SELECT p.id, 'count', 'first', (SELECT COALESCE(SUM(c.allocated), 0) FROM stock_claims c WHERE c.product_id = p.id) \
             + CASE WHEN p.id % 17 = 0 THEN 0 WHEN p.id % 9 = 0 THEN 5 ELSE 14 + (p.id * 37) % 60 END, \
             0, 0, 'Counted the shelf', {WHO}, {now} - 30 * {day} FROM products p WHERE p.tracked ORDER BY p.id"
        ),
        "INSERT INTO stock_movements (product_id, line_id, cause_kind, cause_key, on_hand, allocated, soft_held, actor_name, happened_at) \
             SELECT c.product_id, c.line_id, 'confirmed', 'first', 0, c.allocated, 0, 'Rule', o.placed_at \
             FROM stock_claims c JOIN orders o ON o.id = c.order_id ORDER BY o.placed_at, c.line_id"
            .to_owned(),
        "UPDATE stock_levels SET \
         on_hand = (SELECT COALESCE(SUM(m.on_hand), 0) FROM stock_movements m WHERE m.product_id = stock_levels.product_id), \
         allocated = (SELECT COALESCE(SUM(m.allocated), 0) FROM stock_movements m WHERE m.product_id = stock_levels.product_id)"
            .to_owned(),
    ];
    for statement in statements {
        on_each_database!(tx.conn, conn => diesel::sql_query(statement).execute(conn))?;
    }
    Ok(())
}
