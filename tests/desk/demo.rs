//! The demonstration shop: there in one command, alive, and never put over a real shop.

use std::sync::OnceLock;

use diesel::QueryableByName;
use diesel::RunQueryDsl;
use diesel::sql_types::{BigInt, Text};
use slipway::actor::Actor;
use slipway::conversation::{self, Audience};
use slipway::db::{Conn, Db};
use slipway::demo::{self, Made};
use slipway::error::Error;
use slipway::moves::{self, MoveRequest};

use crate::support::app::TestDesk;
use crate::support::database::{Database, KINDS_OFF};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(QueryableByName)]
struct PerWord {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn per_word(db: &Db, column: &str, table: &str) -> Vec<(String, i64)> {
    let sql = format!("SELECT CAST({column} AS TEXT) AS word, COUNT(*) AS n FROM {table} GROUP BY {column} ORDER BY 1");
    let rows: Vec<PerWord> = db
        .read_blocking(|conn| {
            Ok(match conn {
                Conn::Pg(inner) => diesel::sql_query(&sql).load(inner)?,
                Conn::Sqlite(inner) => diesel::sql_query(&sql).load(inner)?,
            })
        })
        .unwrap();
    rows.into_iter().map(|row| (row.word, row.n)).collect()
}

/// Rows that break a rule, counted.
fn count(db: &Db, from: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM {from}");
    let found: Count = db
        .read_blocking(|conn| {
            Ok(match conn {
                Conn::Pg(inner) => diesel::sql_query(&sql).get_result(inner)?,
                Conn::Sqlite(inner) => diesel::sql_query(&sql).get_result(inner)?,
            })
        })
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    found.n
}

/// Made once for all tests, which only look at it.
fn demonstration() -> &'static Db {
    static MADE: OnceLock<(Database, Db)> = OnceLock::new();
    let (_, db) = MADE.get_or_init(|| {
        let database = Database::fresh();
        let db = Db::open(&database.location).unwrap();
        assert_eq!(demo::prepare(&db, None).unwrap(), Made::New(268));
        (database, db)
    });
    db
}

#[test]
fn the_demonstration_fills_every_stage_like_the_pictures() {
    let db = demonstration();
    let wanted = [
        ("abandoned", 12),
        ("approved", 31),
        ("archived", 2),
        ("cancelled", 7),
        ("confirmed", 23),
        ("delivered", 83),
        ("on_hold", 6),
        ("placed", 14),
        ("processed", 18),
        ("rejected", 3),
        ("returned", 5),
        ("shipped", 64),
    ];
    let found = per_word(db, "stage", "orders");
    assert_eq!(found, wanted.map(|(stage, n)| (stage.to_owned(), n)));
    assert_sound(db);
}

#[test]
fn order_10468_shows_everything() {
    let db = demonstration();
    let (order, lines, parcels) = db
        .read_blocking(|conn| {
            let order = slipway::order::find(conn, 10_468)?;
            let lines = slipway::order::lines(conn, order.id)?;
            let parcels = slipway::shipment::of_order(conn, order.id)?;
            Ok((order, lines, parcels))
        })
        .unwrap();
    assert_eq!(order.customer_name, "Eszter Kovács");
    assert_eq!((order.total_minor, order.tax_minor, order.refunded_minor), (11_200, 2_381, 1_800));
    assert_eq!(order.payment_status.label(), "Part-refunded");
    assert_eq!(order.fulfilment_status.label(), "Part-shipped");
    assert_eq!(lines.iter().map(|line| line.shipped_quantity).collect::<Vec<_>>(), [2, 0, 0]);
    assert_eq!(lines.iter().map(|line| line.packed_quantity).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(parcels.len(), 2);
}

#[test]
fn a_second_start_leaves_the_demonstration_as_it_is() {
    let db = demonstration();
    assert_eq!(demo::prepare(db, None).unwrap(), Made::Known);
    assert_eq!(count(db, "orders"), 268);
}

#[test]
fn a_real_shop_is_never_turned_into_a_demonstration() {
    let app = TestDesk::open();
    let database = app.close();
    let db = Db::open(&database.location).unwrap();
    let Err(Error::Refused(refusal)) = demo::prepare(&db, None) else { panic!("it was accepted") };
    assert_eq!(refusal.code, "demo.real_shop");
    assert_eq!(count(&db, "orders"), 0);
}

#[test]
fn a_large_demonstration_keeps_every_rule_and_can_be_worked_with() {
    let database = Database::fresh();
    let db = Db::open(&database.location).unwrap();
    assert_eq!(demo::prepare(&db, Some(2_000)).unwrap(), Made::New(2_000));
    assert_eq!(count(&db, "orders"), 2_000);
    assert_sound(&db);
    if db.location().is_sqlite() {
        assert_eq!(count(&db, "pragma_foreign_key_check"), 0);
    }
    assert_eq!(count(&db, "orders WHERE number = 12000 AND customer_name = 'Amélie Laurent'"), 1);
    // An order that was made in bulk moves, is found and is indexed like any other.
    // Only the orders that are told one by one, after the others, can have something to tell customers.
    let untold = count(&db, "events WHERE id > (SELECT position FROM announced)");
    assert!(untold * 5 < count(&db, "events"), "the desk would read {untold} events of the past");
    let number = number(&db, "SELECT MAX(number) AS n FROM orders WHERE number < 11700 AND stage = 'approved'");
    for word in words_of(&db, number) {
        assert!(finds(&db, &word, number), "{word} does not find {number}");
    }
    let somebody = || Actor::System { name: "Test" };
    let moved = db
        .write_blocking(move |tx| moves::move_to_stage(tx, &somebody(), number, &MoveRequest::to("processed")))
        .unwrap();
    assert_eq!(moved.order.stage, "processed");
    let words = "Handle with tongs";
    db.write_blocking(move |tx| conversation::write_note(tx, &somebody(), number, Audience::Internal, words)).unwrap();
    assert_sound(&db);
    assert!(finds(&db, "tongs", number));
    for word in words_of(&db, number) {
        assert!(finds(&db, &word, number), "{word} does not find {number} any more");
    }
}

fn number(db: &Db, sql: &str) -> i64 {
    let found: Count = db
        .read_blocking(|conn| {
            Ok(match conn {
                Conn::Pg(inner) => diesel::sql_query(sql).get_result(inner)?,
                Conn::Sqlite(inner) => diesel::sql_query(sql).get_result(inner)?,
            })
        })
        .unwrap();
    found.n
}

/// Words of every kind that an order should be found by.
fn words_of(db: &Db, number: i64) -> Vec<String> {
    let (order, lines) = db
        .read_blocking(|conn| {
            let order = slipway::order::find(conn, number)?;
            let lines = slipway::order::lines(conn, order.id)?;
            Ok((order, lines))
        })
        .unwrap();
    let mut words = vec![number.to_string()];
    let digits: String = order.phone.chars().filter(char::is_ascii_digit).collect();
    words.push(digits[digits.len() - 7..].to_owned());
    for text in [&order.customer_name, &order.email, &order.ship_city, &lines[0].sku, &lines[0].title, &order.tags] {
        words.extend(slipway::words::split(text));
    }
    words
}

fn finds(db: &Db, word: &str, number: i64) -> bool {
    let search = if db.location().is_sqlite() {
        format!("SELECT rowid FROM order_search WHERE order_search MATCH '\"{word}\"'")
    } else {
        format!("SELECT order_id FROM order_search WHERE document @@ CAST('{word}' AS tsquery)")
    };
    count(db, &format!("orders WHERE number = {number} AND id IN ({search})")) == 1
}

/// What holds for every order, however it was made.
fn assert_sound(db: &Db) {
    crate::stock::stock_must_add_up(db);
    let rules = [
        (
            "payments add up",
            "orders o WHERE o.captured_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM payments p WHERE p.order_id = o.id AND p.kind = 'capture' AND p.state = 'succeeded')",
        ),
        (
            "refunds add up",
            "orders o WHERE o.refunded_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM payments p WHERE p.order_id = o.id AND p.kind = 'refund' AND p.state = 'succeeded')",
        ),
        (
            "refunds give a capture back",
            "payments p WHERE p.kind = 'refund' AND NOT EXISTS (SELECT 1 FROM payments c WHERE c.id = p.parent_id AND c.order_id = p.order_id AND c.kind = 'capture')",
        ),
        (
            "units add up",
            "orders o WHERE o.unit_count <> (SELECT SUM(quantity) FROM order_lines l WHERE l.order_id = o.id)",
        ),
        (
            "totals add up",
            "orders o WHERE o.subtotal_minor <> (SELECT SUM(total_minor) FROM order_lines l WHERE l.order_id = o.id)",
        ),
        (
            "what was shipped is in parcels",
            "order_lines l WHERE l.shipped_quantity + l.packed_quantity <> (SELECT COALESCE(SUM(c.quantity), 0) FROM shipment_lines c JOIN shipments s ON s.id = c.shipment_id WHERE c.line_id = l.id AND s.state <> 'cancelled')",
        ),
        (
            "customers' orders are counted",
            "customers c WHERE c.order_count <> (SELECT COUNT(*) FROM orders o WHERE o.customer_id = c.id) OR c.first_order_at <> COALESCE((SELECT MIN(o.placed_at) FROM orders o WHERE o.customer_id = c.id), 0) OR c.last_order_at <> COALESCE((SELECT MAX(o.placed_at) FROM orders o WHERE o.customer_id = c.id), 0)",
        ),
        (
            "what customers spent adds up",
            "customers c WHERE c.spent_minor <> COALESCE((SELECT SUM(o.captured_minor - o.refunded_minor) FROM orders o WHERE o.customer_id = c.id AND o.currency = 'EUR'), 0)",
        ),
        (
            "paid is when it was paid",
            "orders o WHERE o.payment_status = 'paid' AND (o.paid_at IS NULL OR o.payment_sort <> o.paid_at)",
        ),
        ("unpaid sorts first", "orders o WHERE o.payment_status = 'unpaid' AND o.payment_sort <> 0"),
        (
            "held orders have a hold",
            "orders o WHERE (o.base = 'on_hold') <> EXISTS (SELECT 1 FROM holds h WHERE h.order_id = o.id AND h.released_at IS NULL)",
        ),
        (
            "held and archived orders know the way back",
            "orders o WHERE (o.base IN ('on_hold', 'archived')) <> (o.resume_stage IS NOT NULL)",
        ),
        (
            "the diary has no gap",
            "orders o WHERE (SELECT COUNT(*) FROM events e WHERE e.order_id = o.id) <> (SELECT MAX(e.seq) FROM events e WHERE e.order_id = o.id)",
        ),
        (
            "the diary begins with the order",
            "orders o WHERE NOT EXISTS (SELECT 1 FROM events e WHERE e.order_id = o.id AND e.seq = 1 AND e.kind = 'order.created' AND e.payload LIKE '%\"number\":' || o.number || ',%')",
        ),
        (
            "nothing happened in the future",
            "events e WHERE e.happened_at > (SELECT MAX(updated_at) + 3600000000 FROM orders)",
        ),
        (
            "tags are there twice",
            "orders o WHERE (SELECT COUNT(*) FROM order_tags t WHERE t.order_id = o.id) <> CASE WHEN o.tags = '' THEN 0 ELSE LENGTH(o.tags) - LENGTH(REPLACE(o.tags, CHR10, '')) + 1 END",
        ),
        ("notes are counted", "orders o WHERE o.note_count <> (SELECT COUNT(*) FROM notes n WHERE n.order_id = o.id)"),
        (
            "messages are counted",
            "orders o WHERE o.message_count <> (SELECT COUNT(*) FROM messages m WHERE m.order_id = o.id)",
        ),
        (
            "the diary names the notes",
            "events e WHERE e.kind = 'note.written' AND NOT EXISTS (SELECT 1 FROM notes n WHERE n.order_id = e.order_id AND e.payload LIKE '%' || n.uid || '%')",
        ),
        (
            "the diary names the messages",
            "events e WHERE e.kind = 'message.recorded' AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.order_id = e.order_id AND e.payload LIKE '%' || m.uid || '%')",
        ),
        ("identifiers are whole", "events e WHERE LENGTH(e.uid) <> 36"),
        (
            "ranks follow the stage",
            "orders o JOIN stages s ON s.slug = o.stage WHERE o.base <> s.base OR o.base_rank <> s.position",
        ),
        ("every order is searchable", "orders o WHERE NOT EXISTS (SELECT 1 FROM order_search s WHERE s.ROWKEY = o.id)"),
    ];
    for (rule, rows) in rules {
        let sqlite = db.location().is_sqlite();
        let rows = rows.replace("CHR10", if sqlite { "CHAR(10)" } else { "CHR(10)" });
        let rows = rows.replace("ROWKEY", if sqlite { "rowid" } else { "order_id" });
        assert_eq!(count(db, &rows), 0, "{rule}");
    }
    assert!(count(db, "(SELECT 1 FROM orders GROUP BY stage) AS stages") > 0);
    assert!(count(db, "customers WHERE order_count > 1 AND spent_minor > 0") > 0);
    let counts: Vec<(String, i64)> = per_word(db, "stage", "orders");
    for (stage, orders) in counts {
        let kept = count(db, &format!("stage_counts WHERE stage = '{stage}'"));
        assert!(kept > 0, "{stage}");
        let off = count(
            db,
            &format!(
                "(SELECT SUM(orders) AS orders FROM stage_counts WHERE stage = '{stage}') AS kept WHERE orders <> {orders}"
            ),
        );
        assert_eq!(off, 0, "stage counts of {stage}");
    }
    assert_eq!(count(db, KINDS_OFF), 0, "counts of kinds of orders");
}
