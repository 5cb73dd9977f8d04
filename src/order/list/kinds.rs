//! Kinds of orders: those that have their stage, market, channel, both statuses and three marks in common. The
//! database counts the orders of each, so a list that is narrowed by these alone knows how many orders it has, and in
//! which kinds they are, before it looks at any.

use super::plan::{Bind, Spelling, Sql, Term};

/// What orders of a kind have in common: in `orders`, as the index `orders_kind` knows it, and in `order_kinds`.
const COMMON: [(&str, &str); 8] = [
    ("stage", "stage"),
    ("market_id", "market_id"),
    ("channel_id", "channel_id"),
    ("payment_status", "payment_status"),
    ("fulfilment_status", "fulfilment_status"),
    ("gift", "gift"),
    ("(note_count > 0)", "noted"),
    ("(printed_at IS NOT NULL)", "printed"),
];

/// The same of a fixed condition on orders.
const FIXED: [(&str, &str); 6] = [
    ("gift", "kind.gift"),
    ("NOT gift", "NOT kind.gift"),
    ("note_count > 0", "kind.noted"),
    ("note_count = 0", "NOT kind.noted"),
    ("printed_at IS NOT NULL", "kind.printed"),
    ("printed_at IS NULL", "NOT kind.printed"),
];

/// Whether all orders of a kind meet a condition or none does.
pub(super) fn know(term: &Term) -> bool {
    match term {
        Term::Among { column, .. } => COMMON.iter().any(|(_, known)| known == column),
        Term::Fixed(text) => FIXED.iter().any(|(on_orders, _)| on_orders == text),
        _ => false,
    }
}

/// Writes the query for how many orders meet these conditions in each of some stages, as `stage` and `orders`.
pub(super) fn put_counts<'a>(sql: &mut Sql, stages: &[String], terms: impl Iterator<Item = &'a Term>) {
    sql.put("SELECT kind.stage AS stage, CAST(SUM(kind.orders) AS BIGINT) AS orders");
    put_kinds(sql, stages, terms);
    sql.put(" GROUP BY kind.stage");
}

/// Writes `FROM … WHERE …` for the orders that meet these conditions in some stages, from the index of their kinds.
pub(super) fn put_orders<'a>(
    sql: &mut Sql,
    spelling: &Spelling,
    stages: &[String],
    terms: impl Iterator<Item = &'a Term>,
) {
    let columns: Vec<String> = COMMON.iter().map(|(_, known)| format!("kind.{known}")).collect();
    let columns = columns.join(", ");
    sql.put(" FROM (SELECT ").put(&columns);
    put_kinds(sql, stages, terms);
    sql.put(" GROUP BY ").put(&columns).put(" HAVING SUM(kind.orders) > 0) AS kind CROSS JOIN orders");
    if !spelling.by_index.is_empty() {
        sql.put(spelling.by_index).put("orders_kind");
    }
    for (index, (on_orders, known)) in COMMON.iter().enumerate() {
        sql.put(if index == 0 { " WHERE " } else { " AND " });
        let (open, column) = match on_orders.strip_prefix('(') {
            Some(expression) => ("(orders.", expression),
            None => ("orders.", *on_orders),
        };
        // Guarded, SQLite compares the value as it is; its index knows expressions by nothing else.
        let guard = if open.starts_with('(') { spelling.guard } else { "" };
        sql.put(open).put(column).put(" = ").put(guard).put("kind.").put(known);
    }
}

fn put_kinds<'a>(sql: &mut Sql, stages: &[String], terms: impl Iterator<Item = &'a Term>) {
    sql.put(" FROM order_kinds AS kind WHERE kind.stage IN ");
    sql.list(&stages.iter().cloned().map(Bind::Text).collect::<Vec<_>>());
    for term in terms {
        match term {
            Term::Among { column, values, not } => {
                sql.put(" AND kind.").put(column).put(if *not { " NOT IN " } else { " IN " }).list(values);
            }
            Term::Fixed(text) => {
                let known = FIXED.iter().find(|(on_orders, _)| on_orders == text).map_or("1 = 0", |(_, known)| known);
                sql.put(" AND ").put(known);
            }
            _ => {}
        }
    }
}
