//! The tables of stock: levels, claims and the ledger.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::claims::{Change, Promise, Shift};
use super::stock::{Cause, Claim, Counting, Coverage, Levels, Movement, Part};
use crate::actor::Actor;
use crate::db::dialect::{self, Parameter};
use crate::db::schema::{order_lines, orders, product_parts, products, stock_claims, stock_levels, stock_movements};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::ids::{LineId, OrderId, ProductId};
use crate::load_by_keys;
use crate::reach::Reach;
use crate::time::UtcTime;

fn keys(of: &[ProductId]) -> Vec<i64> {
    of.iter().map(|id| id.0).collect()
}

pub(super) fn parts(conn: &mut Conn, bundles: &[ProductId]) -> Result<Vec<Part>> {
    let by_part = (product_parts::bundle_id.asc(), product_parts::part_id.asc());
    let found = load_by_keys!(conn, product_parts::bundle_id, keys(bundles), are => {
        product_parts::table.filter(are).order(by_part)
    });
    Ok(found)
}

pub(super) fn counting(conn: &mut Conn, of: &[ProductId]) -> Result<Vec<Counting>> {
    let counting = (products::id, products::tracked, products::oversell);
    Ok(load_by_keys!(conn, products::id, keys(of), are => products::table.filter(are).select(counting)))
}

pub(super) fn names(conn: &mut Conn, of: &[ProductId]) -> Result<Vec<(ProductId, String)>> {
    let found: Vec<(ProductId, String, String, String)> = products::table
        .filter(products::id.eq_any(keys(of)))
        .select((products::id, products::title, products::variant, products::sku))
        .load(conn)?;
    let name = |title: String, variant: String, sku: String| match variant.is_empty() {
        true => format!("{title} ({sku})"),
        false => format!("{title}, {variant} ({sku})"),
    };
    Ok(found.into_iter().map(|(id, title, variant, sku)| (id, name(title, variant, sku))).collect())
}

pub(super) fn levels(conn: &mut Conn, of: &[ProductId]) -> Result<Vec<(ProductId, Levels)>> {
    let levels = (stock_levels::product_id, (stock_levels::on_hand, stock_levels::allocated, stock_levels::soft_held));
    Ok(load_by_keys!(conn, stock_levels::product_id, keys(of), are => stock_levels::table.filter(are).select(levels)))
}

/// What there is of a product, with its row locked until the transaction ends.
pub(super) fn lock_level(tx: &mut Tx<'_>, product: ProductId) -> Result<Levels> {
    diesel::update(stock_levels::table.find(product.0))
        .set(stock_levels::on_hand.eq(stock_levels::on_hand))
        .returning((stock_levels::on_hand, stock_levels::allocated, stock_levels::soft_held))
        .get_result(tx.conn)
        .optional()?
        .ok_or_else(|| Error::Missing("such product".into()))
}

pub(super) fn claims(conn: &mut Conn, order: OrderId) -> Result<Vec<Claim>> {
    Ok(stock_claims::table
        .filter(stock_claims::order_id.eq(order.0))
        .order((stock_claims::product_id.asc(), stock_claims::line_id.asc()))
        .load(conn)?)
}

/// What is read before the claims of an order are settled.
pub(super) struct Standing {
    /// What is in the bundles among its products.
    pub parts: Vec<Part>,
    /// How its products and those parts are counted.
    pub counted: Vec<Counting>,
    /// What its lines have.
    pub claims: Vec<Claim>,
}

/// What an order has of these products and their parts, and how they are counted, which none is while the
/// setting `switch` is off: one question.
pub(super) fn standing(conn: &mut Conn, order: OrderId, products: &[ProductId], switch: &str) -> Result<Standing> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        /// Whether it tells of a part of a bundle, of a product, of a claim, or that nothing is counted.
        #[diesel(sql_type = diesel::sql_types::Text)]
        what: String,
        /// The bundle or the line.
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        whose: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        product: i64,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        tracked: bool,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        oversell: bool,
        /// In the bundle, or softly held.
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        units: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        allocated: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        shipped: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        put_back: i64,
        #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::BigInt>)]
        expires_at: Option<UtcTime>,
    }
    let bound = vec![Parameter::Int(order.0), Parameter::Text(switch.to_owned())];
    let rows: Vec<Row> = dialect::load_written(conn, standing_text(products), bound)?;
    let is_on = rows.iter().all(|row| row.what != "off");
    let mut found = Standing { parts: Vec::new(), counted: Vec::new(), claims: Vec::new() };
    for row in rows {
        let product = ProductId(row.product);
        if row.what == "claim" {
            found.claims.push(Claim {
                line_id: LineId(row.whose),
                product_id: product,
                order_id: order,
                soft_held: row.units,
                allocated: row.allocated,
                shipped: row.shipped,
                put_back: row.put_back,
                expires_at: row.expires_at,
            });
            continue;
        }
        if row.what == "part" {
            found.parts.push(Part { bundle: ProductId(row.whose), part: product, quantity: row.units });
        }
        if is_on {
            found.counted.push(Counting { product, tracked: row.tracked, oversell: row.oversell });
        }
    }
    Ok(found)
}

fn standing_text(products: &[ProductId]) -> String {
    // Keys are numbers, so they are not bound.
    let keys: Vec<String> = keys(products).iter().map(i64::to_string).collect();
    let keys = if keys.is_empty() { "0".to_owned() } else { keys.join(", ") };
    format!(
        "SELECT 'part' AS what, bundle_id AS whose, part_id AS product, tracked, oversell, quantity AS units, \
         0 AS allocated, 0 AS shipped, 0 AS put_back, CAST(NULL AS BIGINT) AS expires_at \
         FROM product_parts JOIN products ON products.id = part_id WHERE bundle_id IN ({keys}) \
         UNION ALL SELECT 'product', 0, id, tracked, oversell, 0, 0, 0, 0, NULL FROM products WHERE id IN ({keys}) \
         UNION ALL SELECT 'claim', line_id, product_id, FALSE, FALSE, soft_held, allocated, shipped, put_back, \
         expires_at FROM stock_claims WHERE order_id = $1 \
         UNION ALL SELECT 'off', 0, 0, FALSE, FALSE, 0, 0, 0, 0, NULL FROM settings WHERE name = $2 AND value = 'off' \
         ORDER BY 1, 3, 2"
    )
}

/// What an order is allocated of products that are never promised beyond what there is.
pub(super) fn coverage(conn: &mut Conn, order: OrderId) -> Result<Vec<Coverage>> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        product: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        needed: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        left_over: i64,
    }
    let sql = "SELECT own.product_id AS product, CAST(SUM(own.allocated) AS BIGINT) AS needed, \
               CAST(MAX(stock_levels.on_hand) - COALESCE((SELECT SUM(other.allocated) FROM stock_claims other \
               JOIN orders ON orders.id = other.order_id WHERE other.product_id = own.product_id \
               AND other.allocated > 0 AND other.order_id <> $1 \
               AND (other.order_id < $1 OR orders.base IN ('approved', 'processed'))), 0) AS BIGINT) AS left_over \
               FROM stock_claims own JOIN products ON products.id = own.product_id AND products.tracked \
               AND NOT products.oversell JOIN stock_levels ON stock_levels.product_id = own.product_id \
               WHERE own.order_id = $1 AND own.allocated > 0 GROUP BY own.product_id ORDER BY own.product_id";
    let rows: Vec<Row> = dialect::load_written(conn, sql.to_owned(), vec![Parameter::Int(order.0)])?;
    let coverage = |row: Row| Coverage { product: ProductId(row.product), needed: row.needed, left: row.left_over };
    Ok(rows.into_iter().map(coverage).collect())
}

/// What these orders are allocated of products that may be promised although there is none, by order, product and
/// line.
pub(super) fn promises(conn: &mut Conn, orders: &[OrderId]) -> Result<Vec<Promise>> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        line: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        of_order: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        product: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        allocated: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        still_open: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        left_over: i64,
    }
    // Few orders have such a product, and what is asked about theirs takes Postgres 9 ms to plan.
    let asked: Vec<i64> = orders.iter().map(|order| order.0).collect();
    let mut with: Vec<i64> = load_by_keys!(conn, stock_claims::order_id, asked, are => {
        stock_claims::table
            .inner_join(products::table.on(products::id.eq(stock_claims::product_id)))
            .filter(are.and(stock_claims::allocated.gt(0)).and(products::tracked).and(products::oversell))
            .select(stock_claims::order_id)
    });
    with.sort_unstable();
    with.dedup();
    if with.is_empty() {
        return Ok(Vec::new());
    }
    // Keys are numbers, so they are not bound.
    let keys: Vec<String> = with.iter().map(i64::to_string).collect();
    let sql = format!(
        "SELECT own.line_id AS line, own.order_id AS of_order, own.product_id AS product, own.allocated, \
         lines.quantity - lines.cancelled_quantity - lines.shipped_quantity AS still_open, \
         CAST(levels.on_hand - COALESCE((SELECT SUM(other.allocated) FROM stock_claims other \
         JOIN orders theirs ON theirs.id = other.order_id WHERE other.product_id = own.product_id \
         AND other.allocated > 0 AND other.order_id <> own.order_id \
         AND (theirs.base IN ('approved', 'processed') AND mine.base NOT IN ('approved', 'processed') \
         OR other.order_id < own.order_id \
         AND (theirs.base IN ('approved', 'processed') OR mine.base NOT IN ('approved', 'processed')))), 0) \
         AS BIGINT) AS left_over FROM stock_claims own JOIN orders mine ON mine.id = own.order_id \
         JOIN order_lines lines ON lines.id = own.line_id \
         JOIN products ON products.id = own.product_id AND products.tracked AND products.oversell \
         JOIN stock_levels levels ON levels.product_id = own.product_id \
         WHERE own.order_id IN ({}) AND own.allocated > 0 ORDER BY own.order_id, own.product_id, own.line_id",
        keys.join(", ")
    );
    let rows: Vec<Row> = dialect::load_written(conn, sql, Vec::new())?;
    let promise = |row: Row| Promise {
        line: LineId(row.line),
        order: OrderId(row.of_order),
        product: ProductId(row.product),
        allocated: row.allocated,
        open: row.still_open,
        left: row.left_over,
    };
    Ok(rows.into_iter().map(promise).collect())
}

/// Moves the level of one product in one conditional statement. Answers whether there was enough; if
/// not, nothing changed.
pub(super) fn shift_levels(tx: &mut Tx<'_>, shift: &Shift) -> Result<bool> {
    let (on_hand, allocated, soft_held) = shift.sums();
    if (on_hand, allocated, soft_held) == (0, 0, 0) {
        return Ok(true);
    }
    let set = (
        stock_levels::on_hand.eq(stock_levels::on_hand + on_hand),
        stock_levels::allocated.eq(stock_levels::allocated + allocated),
        stock_levels::soft_held.eq(stock_levels::soft_held + soft_held),
    );
    let row = stock_levels::table.find(shift.product.0);
    let changed = match shift.needs_available() {
        0 => diesel::update(row).set(set).execute(tx.conn)?,
        needed => diesel::update(
            row.filter((stock_levels::on_hand - stock_levels::allocated - stock_levels::soft_held).ge(needed)),
        )
        .set(set)
        .execute(tx.conn)?,
    };
    Ok(changed == 1)
}

pub(super) fn write_claim(tx: &mut Tx<'_>, change: &Change) -> Result<()> {
    let claim = &change.after;
    let values = (
        stock_claims::soft_held.eq(claim.soft_held),
        stock_claims::allocated.eq(claim.allocated),
        stock_claims::shipped.eq(claim.shipped),
        stock_claims::put_back.eq(claim.put_back),
        stock_claims::expires_at.eq(claim.expires_at),
    );
    let row = stock_claims::table.find((claim.line_id.0, claim.product_id.0));
    if diesel::update(row).set(values).execute(tx.conn)? == 0 {
        diesel::insert_into(stock_claims::table)
            .values((
                stock_claims::line_id.eq(claim.line_id.0),
                stock_claims::product_id.eq(claim.product_id.0),
                stock_claims::order_id.eq(claim.order_id.0),
                values,
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// Writes the change of one claim into the ledger, if any level changed by it.
pub(super) fn write_movement(tx: &mut Tx<'_>, actor: &Actor, change: &Change, cause: &Cause) -> Result<()> {
    let (on_hand, allocated, soft_held) = (change.on_hand(), change.allocated(), change.soft_held());
    if (on_hand, allocated, soft_held) == (0, 0, 0) {
        return Ok(());
    }
    diesel::insert_into(stock_movements::table)
        .values((
            stock_movements::product_id.eq(change.after.product_id.0),
            stock_movements::line_id.eq(Some(change.after.line_id.0)),
            stock_movements::cause_kind.eq(&cause.kind),
            stock_movements::cause_key.eq(&cause.key),
            stock_movements::on_hand.eq(on_hand),
            stock_movements::allocated.eq(allocated),
            stock_movements::soft_held.eq(soft_held),
            stock_movements::note.eq(&cause.note),
            stock_movements::actor_name.eq(actor.name()),
            stock_movements::happened_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Changes what lies on the shelf and writes it into the ledger.
pub(super) fn add_on_hand(tx: &mut Tx<'_>, actor: &Actor, product: ProductId, units: i64, cause: &Cause) -> Result<()> {
    diesel::update(stock_levels::table.find(product.0))
        .set(stock_levels::on_hand.eq(stock_levels::on_hand + units))
        .execute(tx.conn)?;
    diesel::insert_into(stock_movements::table)
        .values((
            stock_movements::product_id.eq(product.0),
            stock_movements::line_id.eq(cause.line.map(|line| line.0)),
            stock_movements::cause_kind.eq(&cause.kind),
            stock_movements::cause_key.eq(&cause.key),
            stock_movements::on_hand.eq(units),
            stock_movements::allocated.eq(0),
            stock_movements::soft_held.eq(0),
            stock_movements::note.eq(&cause.note),
            stock_movements::actor_name.eq(actor.name()),
            stock_movements::happened_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn of_cause(conn: &mut Conn, cause: &Cause) -> Result<Vec<Movement>> {
    let rows = stock_movements::table
        .filter(stock_movements::cause_kind.eq(&cause.kind).and(stock_movements::cause_key.eq(&cause.key)))
        .order(stock_movements::product_id.asc());
    Ok(match cause.line {
        Some(line) => rows.filter(stock_movements::line_id.eq(line.0)).load(conn)?,
        None => rows.filter(stock_movements::line_id.is_null()).load(conn)?,
    })
}

/// Whether this cause has changed this product already.
pub(super) fn has_moved(conn: &mut Conn, product: ProductId, cause: &Cause) -> Result<bool> {
    Ok(of_cause(conn, cause)?.iter().any(|row| row.product_id == product))
}

/// The order of a line and how many of its units have left.
pub(super) fn shipped_of_line(conn: &mut Conn, line: LineId) -> Result<Option<(OrderId, i64)>> {
    Ok(order_lines::table
        .find(line.0)
        .select((order_lines::order_id, order_lines::shipped_quantity))
        .first(conn)
        .optional()?)
}

pub(super) fn forget_put_back(tx: &mut Tx<'_>, line: LineId, product: ProductId, units: i64) -> Result<()> {
    diesel::update(stock_claims::table.find((line.0, product.0)))
        .set(stock_claims::put_back.eq(stock_claims::put_back - units))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn movements(conn: &mut Conn, product: ProductId, limit: i64) -> Result<Vec<Movement>> {
    Ok(stock_movements::table
        .filter(stock_movements::product_id.eq(product.0))
        .order(stock_movements::id.desc())
        .limit(limit)
        .load(conn)?)
}

pub(super) fn expired(conn: &mut Conn, now: UtcTime, limit: i64) -> Result<Vec<OrderId>> {
    let mut due: Vec<OrderId> = stock_claims::table
        .inner_join(orders::table.on(orders::id.eq(stock_claims::order_id)))
        .filter(stock_claims::soft_held.gt(0).and(stock_claims::expires_at.le(now)))
        .filter(orders::base.ne("on_hold"))
        .select(stock_claims::order_id)
        .order(stock_claims::expires_at.asc())
        .limit(limit)
        .load(conn)?;
    due.sort();
    due.dedup();
    Ok(due)
}

/// Orders in these stages with lines of a product, or of any.
pub(super) fn orders_wanting(conn: &mut Conn, stages: &[String], product: Option<ProductId>) -> Result<Vec<OrderId>> {
    let rows = order_lines::table
        .inner_join(orders::table)
        .filter(orders::stage.eq_any(stages).and(order_lines::product_id.is_not_null()))
        .select(orders::id);
    let mut found: Vec<OrderId> = match product {
        None => rows.load(conn)?,
        Some(product) => {
            let mut keys: Vec<i64> = product_parts::table
                .filter(product_parts::part_id.eq(product.0))
                .select(product_parts::bundle_id)
                .load(conn)?;
            keys.push(product.0);
            rows.filter(order_lines::product_id.eq_any(keys)).load(conn)?
        }
    };
    found.sort();
    found.dedup();
    Ok(found)
}

pub(super) fn claimed_by(conn: &mut Conn, product: ProductId, limit: i64) -> Result<Vec<(i64, i64, i64)>> {
    let rows: Vec<(i64, i64, i64)> = stock_claims::table
        .inner_join(orders::table.on(orders::id.eq(stock_claims::order_id)))
        .filter(stock_claims::product_id.eq(product.0))
        .filter(stock_claims::allocated.gt(0).or(stock_claims::soft_held.gt(0)))
        .select((orders::number, stock_claims::allocated, stock_claims::soft_held))
        .order(orders::number.desc())
        .limit(limit)
        .load(conn)?;
    Ok(rows)
}

pub(super) fn orders_of_lines(conn: &mut Conn, reach: &Reach, lines: &[LineId]) -> Result<Vec<(LineId, i64)>> {
    let keys: Vec<i64> = lines.iter().map(|line| line.0).collect();
    Ok(order_lines::table
        .inner_join(orders::table)
        .filter(order_lines::id.eq_any(keys))
        .filter(sql::<Bool>(&reach.holds("orders.market_id")))
        .select((order_lines::id, orders::number))
        .load(conn)?)
}

/// Counted products whose standing between low and enough is not as the shop was told, each with what is
/// available, what counts as low and whether it is low.
pub(super) fn to_tell(conn: &mut Conn, limit: i64) -> Result<Vec<LowStanding>> {
    let available = stock_levels::on_hand - stock_levels::allocated - stock_levels::soft_held;
    let low = products::low_at.is_not_null().and(products::low_at.ge(available.nullable()));
    let enough = products::low_at.is_null().or(products::low_at.lt(available.nullable()));
    let rows: Vec<(ProductId, String, String, i64, Option<i64>, Option<UtcTime>)> = stock_levels::table
        .inner_join(products::table.on(products::id.eq(stock_levels::product_id)))
        .filter(products::tracked.eq(true))
        .filter(stock_levels::low_told_at.is_null().and(low).or(stock_levels::low_told_at.is_not_null().and(enough)))
        .order(stock_levels::product_id)
        .limit(limit)
        .select((products::id, products::uid, products::sku, available, products::low_at, stock_levels::low_told_at))
        .load(conn)?;
    let standing = |(id, uid, sku, available, low_at, told): (_, _, _, _, Option<i64>, Option<UtcTime>)| LowStanding {
        id,
        uid,
        sku,
        available,
        low_at: low_at.unwrap_or_default(),
        is_low: told.is_none(),
    };
    Ok(rows.into_iter().map(standing).collect())
}

/// A product that became low, or is no longer.
pub(super) struct LowStanding {
    pub(super) id: ProductId,
    pub(super) uid: String,
    pub(super) sku: String,
    pub(super) available: i64,
    pub(super) low_at: i64,
    pub(super) is_low: bool,
}

/// Keeps that the shop was told, or that there is enough again. Answers whether that was news.
pub(super) fn tell(tx: &mut Tx<'_>, product: ProductId, is_low: bool) -> Result<bool> {
    let row = stock_levels::table.find(product.0);
    let changed = match is_low {
        true => diesel::update(row.filter(stock_levels::low_told_at.is_null()))
            .set(stock_levels::low_told_at.eq(Some(tx.now)))
            .execute(tx.conn)?,
        false => diesel::update(row).set(stock_levels::low_told_at.eq(None::<UtcTime>)).execute(tx.conn)?,
    };
    Ok(changed == 1 && is_low)
}
