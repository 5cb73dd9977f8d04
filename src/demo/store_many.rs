//! The statements that copy patterns into very many orders. Each new row's key follows from the
//! place of its order, so that rows find each other without being looked up.

use super::many::{Pattern, Person};
use crate::db::Db;
use crate::db::bulk::{Bulk, SearchHand};
use crate::error::Result;
use crate::time::UtcTime;
use crate::words;

/// Tables that get rows, each after those it points at.
const TABLES: [&str; 15] = [
    "customers",
    "orders",
    "order_lines",
    "order_charges",
    "order_tags",
    "payments",
    "holds",
    "decisions",
    "shipments",
    "shipment_lines",
    "returns",
    "return_lines",
    "notes",
    "messages",
    "events",
];
/// What search reads, where it is a table with an index.
const SEARCHED: [&str; 2] = ["customer_search", "order_search"];
/// Tables whose keys are counted up.
const COUNTED: [&str; 12] = [
    "customers",
    "orders",
    "order_lines",
    "order_charges",
    "payments",
    "holds",
    "decisions",
    "shipments",
    "returns",
    "notes",
    "messages",
    "events",
];
/// Children of orders that have a key of their own, and how many of them an order may have.
const CHILDREN: [(&str, i64); 10] = [
    ("order_lines", 12),
    ("order_charges", 4),
    ("payments", 4),
    ("holds", 2),
    ("decisions", 2),
    ("shipments", 2),
    ("returns", 2),
    ("notes", 2),
    ("messages", 2),
    ("events", 16),
];
/// Number before the first copy's.
pub(super) const FIRST_NUMBER: i64 = 10_000;
/// Copies written in one transaction.
const CHUNK: i64 = 100_000;

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''").replace('\0', ""))
}

fn slots(table: &str) -> i64 {
    CHILDREN.iter().find(|(known, _)| *known == table).map_or(1, |(_, slots)| *slots)
}

/// Key of the r-th row of a table that belongs to the copy at hand.
fn key(table: &str, rank: &str) -> String {
    let before = if table == "events" { 1_000 } else { 0 };
    format!("({before} + (p.k - 1) * {} + {rank})", slots(table))
}

/// Those who write: one the rows, and on SQLite a second one what search knows of them.
pub(super) struct Hands {
    bulk: Bulk,
    search: Option<SearchHand>,
}

impl Hands {
    /// Of a database that nobody works with yet.
    pub(super) fn of(db: &Db) -> Result<Self> {
        let mut bulk = db.bulk()?;
        let search = bulk.search_hand()?;
        Ok(Hands { bulk, search })
    }

    /// What both need to know.
    fn tell(&mut self, sql: String) -> Result<()> {
        self.bulk.run(&sql)?;
        match &self.search {
            Some(hand) => hand.run(sql),
            None => Ok(()),
        }
    }

    /// Takes the patterns aside and out of the shop. Numbers and public identifiers that the diary
    /// mentions become `@@`.
    pub(super) fn stage_patterns(&mut self, told: &[Pattern]) -> Result<()> {
        let bulk = &mut self.bulk;
        bulk.run(
            "CREATE TEMPORARY TABLE pattern_orders AS SELECT * FROM orders; \
              CREATE UNIQUE INDEX pattern_orders_id ON pattern_orders (id);",
        )?;
        for (table, _) in CHILDREN {
            let columns = match table {
                "events" => {
                    "t.*, CASE t.kind \
                 WHEN 'order.created' THEN (SELECT replace(t.payload, '\"number\":' || o.number, '\"number\":@@') FROM orders o WHERE o.id = t.order_id) \
                 WHEN 'note.written' THEN (SELECT replace(t.payload, n.uid, '@@') FROM notes n WHERE n.order_id = t.order_id) \
                 WHEN 'message.recorded' THEN (SELECT replace(t.payload, m.uid, '@@') FROM messages m WHERE m.order_id = t.order_id) \
                 WHEN 'return.changed' THEN (SELECT replace(t.payload, b.uid, '@@') FROM returns b WHERE b.order_id = t.order_id) \
                 ELSE t.payload END AS shape"
                }
                _ => "t.*",
            };
            bulk.run(&format!(
            "CREATE TEMPORARY TABLE pattern_{table} AS SELECT {columns}, \
             row_number() OVER (PARTITION BY t.order_id ORDER BY t.id) AS r FROM {table} t WHERE t.order_id IS NOT NULL; \
             CREATE INDEX pattern_{table}_order ON pattern_{table} (order_id);"
        ))?;
        }
        bulk.run(
        "CREATE TEMPORARY TABLE pattern_order_tags AS SELECT * FROM order_tags; \
         CREATE INDEX pattern_order_tags_order ON pattern_order_tags (order_id); \
         CREATE TEMPORARY TABLE pattern_shipment_lines AS \
         SELECT s.order_id, s.r AS parcel, l.r AS line, c.quantity FROM shipment_lines c \
         JOIN pattern_shipments s ON s.id = c.shipment_id JOIN pattern_order_lines l ON l.id = c.line_id; \
         CREATE INDEX pattern_shipment_lines_order ON pattern_shipment_lines (order_id); \
         CREATE TEMPORARY TABLE pattern_return_lines AS \
         SELECT s.order_id, s.r AS back, l.r AS line, c.quantity, c.restock, c.damaged, c.discard, c.missing \
         FROM return_lines c JOIN pattern_returns s ON s.id = c.return_id JOIN pattern_order_lines l ON l.id = c.line_id; \
         CREATE INDEX pattern_return_lines_order ON pattern_return_lines (order_id);",
    )?;
        bulk.run(
            "DELETE FROM order_search; DELETE FROM shipment_lines; DELETE FROM return_lines; DELETE FROM order_tags; \
         DELETE FROM events WHERE order_id IS NOT NULL;",
        )?;
        for (table, _) in CHILDREN.iter().rev().filter(|(table, _)| *table != "events") {
            bulk.run(&format!("DELETE FROM {table}"))?;
        }
        bulk.run("DELETE FROM orders")?;
        self.tell(
        "CREATE TEMPORARY TABLE pattern_words (id BIGINT PRIMARY KEY, words TEXT NOT NULL, tracked BIGINT NOT NULL)".to_owned(),
    )?;
        for chunk in told.chunks(200) {
            let row =
                |told: &Pattern| format!("({}, {}, {})", told.id.0, quoted(&told.words), i64::from(told.is_tracked));
            let rows: Vec<String> = chunk.iter().map(row).collect();
            self.tell(format!("INSERT INTO pattern_words VALUES {}", rows.join(", ")))?;
        }
        Ok(())
    }

    /// Writes down who the customers are, with what their orders take over from them.
    pub(super) fn write_people(&mut self, count: i64, mut person: impl FnMut(i64) -> Person) -> Result<()> {
        self.tell(
        "CREATE TEMPORARY TABLE people (id BIGINT PRIMARY KEY, name TEXT, sort TEXT, email TEXT, phone TEXT, digits TEXT, \
         address TEXT, city TEXT, country TEXT, words TEXT)".to_owned(),
    )?;
        let mut rows: Vec<String> = Vec::new();
        for place in 1..=count {
            let person = person(place);
            let digits = words::digits(&person.phone);
            let texts = [
                &person.name,
                &words::sort_key(&person.name),
                &person.email,
                &person.phone,
                &digits,
                &serde_json::to_string(&person.address)?,
                &person.address.city,
                &person.address.country,
                &person.words,
            ];
            let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
            rows.push(format!("({place}, {})", quoted.join(", ")));
            if rows.len() == 1_000 || place == count {
                self.tell(format!("INSERT INTO people VALUES {}", rows.join(", ")))?;
                rows.clear();
            }
        }
        Ok(())
    }

    /// Writes down which pattern, person and instant each copy has.
    pub(super) fn write_plan(&mut self, count: i64, mut plan: impl FnMut(i64) -> (i64, i64, i64, i64)) -> Result<()> {
        self.tell(
        "CREATE TEMPORARY TABLE plan (k BIGINT PRIMARY KEY, pattern BIGINT, person BIGINT, placed BIGINT, shift BIGINT)".to_owned(),
    )?;
        let mut rows: Vec<String> = Vec::new();
        for k in 1..=count {
            let (pattern, person, placed, shift) = plan(k);
            rows.push(format!("({k}, {pattern}, {person}, {placed}, {shift})"));
            if rows.len() == 5_000 || k == count {
                self.tell(format!("INSERT INTO plan VALUES {}", rows.join(", ")))?;
                rows.clear();
            }
        }
        self.tell(self.bulk.knowing_what_is_aside().to_owned())
    }

    /// Copies the patterns as planned, with every index built at the end.
    pub(super) fn copy(self, now: UtcTime, count: i64) -> Result<()> {
        let Hands { mut bulk, search } = self;
        let [people, known_people] = customers(&bulk, now);
        let mut rows = vec![people];
        rows.extend(in_chunks(&statements(&bulk), count));
        let mut found = vec![known_people];
        found.extend(in_chunks(&[known_orders(&bulk)], count));
        match &search {
            Some(hand) => found.into_iter().try_for_each(|statement| hand.run(statement))?,
            None => rows.extend(found),
        }
        let tables = [&TABLES[..], &SEARCHED].concat();
        bulk.without_indexes(&tables, |bulk| rows.iter().try_for_each(|statement| bulk.run(statement)))?;
        if let Some(hand) = search {
            bulk.take_search(hand)?;
        }
        // These moves were never to be told to anybody; without this the desk reads millions of them first.
        bulk.run("UPDATE announced SET position = (SELECT MAX(id) FROM events)")?;
        bulk.settle(&COUNTED)
    }
}

/// Each statement for one stretch of orders after the other.
fn in_chunks(statements: &[String], count: i64) -> Vec<String> {
    let chunk = |statement: &String, (from, to)| statement.replace("@chunk", &format!("p.k BETWEEN {from} AND {to}"));
    statements.iter().flat_map(|statement| chunks(count).map(move |bounds| chunk(statement, bounds))).collect()
}

fn customers(bulk: &Bulk, now: UtcTime) -> [String; 2] {
    let uid = bulk.uid(&(now.0 / 1_000).to_string(), "id");
    let people = format!(
        "INSERT INTO customers (id, uid, name, email, phone, phone_digits, locale, created_at, sort_key, indexed_at) \
         SELECT id, {uid}, name, email, phone, digits, '', {now}, sort, {now} FROM people ORDER BY id",
        now = now.0
    );
    [people, bulk.search_insert_into("customer", "c.id", "c.words", "people c ORDER BY c.id")]
}

fn chunks(count: i64) -> impl Iterator<Item = (i64, i64)> {
    (0..(count + CHUNK - 1) / CHUNK).map(move |place| (place * CHUNK + 1, ((place + 1) * CHUNK).min(count)))
}

fn statements(bulk: &Bulk) -> Vec<String> {
    let mut all = vec![orders(bulk)];
    let line_uid = uid(bulk, "order_lines", "t.r");
    all.push(child(
        "order_lines",
        &[("uid", line_uid.as_str()), ("order_id", "p.k")],
        &[
            "position",
            "product_id",
            "sku",
            "title",
            "variant",
            "picture",
            "bin",
            "properties",
            "quantity",
            "unit_minor",
            "discount_minor",
            "tax_minor",
            "total_minor",
            "grams",
            "requires_shipping",
            "gift",
            "cancelled_quantity",
            "packed_quantity",
            "shipped_quantity",
            "returned_quantity",
        ],
    ));
    all.push(child(
        "order_charges",
        &[("order_id", "p.k")],
        &["position", "kind", "label", "code", "amount_minor", "rate_ppm"],
    ));
    all.push(
        "INSERT INTO order_tags (order_id, tag) SELECT p.k, t.tag FROM plan p \
         JOIN pattern_order_tags t ON t.order_id = p.pattern WHERE @chunk ORDER BY p.k, t.tag;"
            .to_owned(),
    );
    let parent = format!(
        "CASE WHEN t.parent_id IS NOT NULL THEN {} END",
        key("payments", "(SELECT q.r FROM pattern_payments q WHERE q.order_id = t.order_id AND q.id = t.parent_id)")
    );
    let payment_uid = uid(bulk, "payments", "t.r");
    all.push(child(
        "payments",
        &[
            ("uid", payment_uid.as_str()),
            ("order_id", "p.k"),
            ("parent_id", parent.as_str()),
            ("expires_at", "t.expires_at + p.shift"),
            ("created_at", "t.created_at + p.shift"),
            ("settled_at", "t.settled_at + p.shift"),
        ],
        &["kind", "amount_minor", "currency", "state", "provider", "method", "reference", "note", "actor_name"],
    ));
    let hold_uid = uid(bulk, "holds", "t.r");
    all.push(child(
        "holds",
        &[
            ("uid", hold_uid.as_str()),
            ("order_id", "p.k"),
            ("until_at", "t.until_at + p.shift"),
            ("placed_at", "t.placed_at + p.shift"),
            ("released_at", "t.released_at + p.shift"),
        ],
        &["reason", "note", "stock_mode", "placed_by", "released_by"],
    ));
    all.push(child(
        "decisions",
        &[("order_id", "p.k"), ("decided_at", "t.decided_at + p.shift"), ("undone_at", "t.undone_at + p.shift")],
        &["kind", "reason", "note", "refund", "restock", "notify", "decided_by"],
    ));
    all.extend(parcels(bulk));
    all.extend(talk(bulk));
    all.push(events(bulk));
    all
}

/// A public identifier that follows from a row's key.
fn uid(bulk: &Bulk, table: &str, rank: &str) -> String {
    bulk.uid("p.placed / 1000", &key(table, rank))
}

/// Copies rows of a child table: `made` columns by their expressions, `kept` ones as they are.
fn child(table: &str, made: &[(&str, &str)], kept: &[&str]) -> String {
    let names: Vec<&str> = made.iter().map(|(name, _)| *name).chain(kept.iter().copied()).collect();
    let values: Vec<String> =
        made.iter().map(|(_, value)| (*value).to_owned()).chain(kept.iter().map(|name| format!("t.{name}"))).collect();
    format!(
        "INSERT INTO {table} (id, {}) SELECT {}, {} FROM plan p JOIN pattern_{table} t ON t.order_id = p.pattern \
         WHERE @chunk ORDER BY p.k, t.r;",
        names.join(", "),
        key(table, "t.r"),
        values.join(", ")
    )
}

fn orders(bulk: &Bulk) -> String {
    let uid = bulk.uid("p.placed / 1000", "p.k");
    let number = format!("{FIRST_NUMBER} + p.k");
    let made = [
        ("id", "p.k"),
        ("uid", uid.as_str()),
        ("number", number.as_str()),
        ("stage_entered_at", "t.stage_entered_at + p.shift"),
        ("payment_sort", "CASE WHEN t.payment_sort > 1000 THEN t.payment_sort + p.shift ELSE t.payment_sort END"),
        ("paid_at", "t.paid_at + p.shift"),
        ("customer_id", "c.id"),
        ("customer_name", "c.name"),
        ("customer_sort", "c.sort"),
        ("email", "c.email"),
        ("phone", "c.phone"),
        ("ship_address", "c.address"),
        ("ship_city", "c.city"),
        ("ship_country", "c.country"),
        ("due_at", "t.due_at + p.shift"),
        ("abandon_at", "t.abandon_at + p.shift"),
        ("placed_at", "p.placed"),
        ("created_at", "p.placed"),
        ("updated_at", "t.updated_at + p.shift"),
        ("printed_at", "t.printed_at + p.shift"),
        ("talked_at", "t.talked_at + p.shift"),
        ("asked_at", "t.asked_at + p.shift"),
    ];
    let kept = [
        "market_id",
        "channel_id",
        "stage",
        "base",
        "base_rank",
        "resume_stage",
        "payment_status",
        "payment_method",
        "fulfilment_status",
        "currency",
        "subtotal_minor",
        "discount_minor",
        "shipping_minor",
        "tax_minor",
        "tax_included",
        "total_minor",
        "cancelled_minor",
        "authorized_minor",
        "captured_minor",
        "refunded_minor",
        "shipping_method",
        "unit_count",
        "gift",
        "gift_message",
        "customer_note",
        "note_count",
        "message_count",
        "unread_count",
        "tags",
        "assignee_id",
        "print_count",
        "version",
    ];
    let names: Vec<&str> = made.iter().map(|(name, _)| *name).chain(kept).collect();
    let values: Vec<String> =
        made.iter().map(|(_, value)| (*value).to_owned()).chain(kept.map(|name| format!("t.{name}"))).collect();
    format!(
        "INSERT INTO orders ({}) SELECT {} FROM plan p JOIN pattern_orders t ON t.id = p.pattern \
         JOIN people c ON c.id = p.person WHERE @chunk ORDER BY p.k;",
        names.join(", "),
        values.join(", ")
    )
}

fn parcels(bulk: &Bulk) -> [String; 4] {
    let shipment_uid = uid(bulk, "shipments", "t.r");
    let parcel = child(
        "shipments",
        &[
            ("uid", shipment_uid.as_str()),
            ("order_id", "p.k"),
            ("tracking", &format!("CASE WHEN t.tracking = '' THEN '' ELSE {TRACKING} END")),
            ("created_at", "t.created_at + p.shift"),
            ("packed_at", "t.packed_at + p.shift"),
            ("shipped_at", "t.shipped_at + p.shift"),
            ("delivered_at", "t.delivered_at + p.shift"),
        ],
        &["position", "state", "carrier", "packed_by"],
    );
    let contents = format!(
        "INSERT INTO shipment_lines (shipment_id, line_id, quantity) SELECT {}, {}, t.quantity FROM plan p \
         JOIN pattern_shipment_lines t ON t.order_id = p.pattern WHERE @chunk ORDER BY p.k, t.parcel, t.line;",
        key("shipments", "t.parcel"),
        key("order_lines", "t.line")
    );
    let return_uid = uid(bulk, "returns", "t.r");
    let back = child(
        "returns",
        &[
            ("uid", return_uid.as_str()),
            ("order_id", "p.k"),
            ("requested_at", "t.requested_at + p.shift"),
            ("decided_at", "t.decided_at + p.shift"),
            ("received_at", "t.received_at + p.shift"),
            ("closed_at", "t.closed_at + p.shift"),
        ],
        &["position", "state", "reason", "note", "answer", "requested_by", "decided_by", "received_by"],
    );
    let came_back = format!(
        "INSERT INTO return_lines (return_id, line_id, quantity, restock, damaged, discard, missing) \
         SELECT {}, {}, t.quantity, t.restock, t.damaged, t.discard, t.missing FROM plan p \
         JOIN pattern_return_lines t ON t.order_id = p.pattern WHERE @chunk ORDER BY p.k, t.back, t.line;",
        key("returns", "t.back"),
        key("order_lines", "t.line")
    );
    [parcel, contents, back, came_back]
}

/// The tracking number of a copy's parcel: twenty digits.
const TRACKING: &str = "'003404341' || CAST(10000000000 + p.k AS TEXT)";

fn talk(bulk: &Bulk) -> [String; 2] {
    let note_uid = uid(bulk, "notes", "t.r");
    let message_uid = uid(bulk, "messages", "t.r");
    let notes = child(
        "notes",
        &[("uid", note_uid.as_str()), ("order_id", "p.k"), ("created_at", "t.created_at + p.shift")],
        &["audience", "body", "author_id", "author_name"],
    );
    let messages = child(
        "messages",
        &[
            ("uid", message_uid.as_str()),
            ("order_id", "p.k"),
            ("created_at", "t.created_at + p.shift"),
            ("read_at", "t.read_at + p.shift"),
        ],
        &["direction", "transport", "body", "author_name", "state"],
    );
    [notes, messages]
}

fn events(bulk: &Bulk) -> String {
    let event_uid = uid(bulk, "events", "t.r");
    let payload = format!(
        "CASE t.kind WHEN 'order.created' THEN replace(t.shape, '@@', CAST({FIRST_NUMBER} + p.k AS TEXT)) \
         WHEN 'note.written' THEN replace(t.shape, '@@', {}) \
         WHEN 'message.recorded' THEN replace(t.shape, '@@', {}) \
         WHEN 'return.changed' THEN replace(t.shape, '@@', {}) ELSE t.payload END",
        uid(bulk, "notes", "1"),
        uid(bulk, "messages", "1"),
        uid(bulk, "returns", "1")
    );
    child(
        "events",
        &[
            ("uid", event_uid.as_str()),
            ("order_id", "p.k"),
            ("payload", payload.as_str()),
            ("happened_at", "t.happened_at + p.shift"),
        ],
        &["seq", "kind", "actor_kind", "actor_key", "actor_name"],
    )
}

fn known_orders(bulk: &Bulk) -> String {
    let document = format!(
        "CAST({FIRST_NUMBER} + p.k AS TEXT) || ' ' || c.words || ' ' || w.words || \
         CASE WHEN w.tracked = 1 THEN ' ' || {TRACKING} ELSE '' END"
    );
    let from = "plan p JOIN people c ON c.id = p.person JOIN pattern_words w ON w.id = p.pattern \
                WHERE @chunk ORDER BY p.k";
    bulk.search_insert("p.k", &document, from)
}
