//! What placing an order of three lines through the API costs, beside the database alone writing the same
//! rows as durably: each order's rows in one transaction, from as many clients at once.
//!
//! ```text
//! cargo bench --bench placing -- [--database FILE|postgres://…] [--orders 2000] [--clients 32]
//! ```
//!
//! The database should be empty or a demonstration; the demonstration is made if it is empty. Both ways
//! take turns, three times each, so that a busy machine is unfair to both.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code)]
#[path = "../tests/desk/support/person.rs"]
mod person;
#[path = "support/serving.rs"]
mod serving;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use person::Person;
use serde_json::{Value, json};
use slipway::actor::Actor;
use slipway::db::{Conn, Db, Location, Tx};
use slipway::demo;
use slipway::on_each_database;
use slipway::staff::keys::{self, NewKey};

/// Numbers that no two orders share.
static NEXT: AtomicI64 = AtomicI64::new(1);

struct Wishes {
    database: String,
    orders: usize,
    clients: usize,
}

fn wishes() -> Wishes {
    let mut wishes = Wishes { database: "target/bench/placing.db".into(), orders: 2_000, clients: 32 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--database" => wishes.database = arguments.next().unwrap(),
            "--orders" => wishes.orders = arguments.next().unwrap().parse().unwrap(),
            "--clients" => wishes.clients = arguments.next().unwrap().parse().unwrap(),
            "--bench" => {}
            other => panic!("{other} is not known; give --database, --orders, --clients"),
        }
    }
    wishes
}

fn main() {
    let wishes = wishes();
    let location = Location::parse(&wishes.database).unwrap();
    let db = Db::open(&location).unwrap();
    demo::prepare(&db, Some(1_000)).unwrap();
    let name = format!("Benchmark {}", slipway::ids::new_uid());
    let key = NewKey { name, scopes: vec!["all".into()], rate_per_minute: Some(1_000_000), ..NewKey::default() };
    let token = db.write_blocking(move |tx| keys::create(tx, &Actor::System { name: "Benchmark" }, &key)).unwrap();
    let address = serving::serve(&location, &db);
    place(address, &token, &wishes, 200);
    let rows = rows_of(&db);
    println!("{} orders of three lines from {} clients, {location}", wishes.orders, wishes.clients);
    println!("{:<10}{:>14}{:>14}{:>8}", "round", "API, ms each", "rows, ms each", "ratio");
    let mut ratios = Vec::new();
    for round in 1..=3 {
        let api = place(address, &token, &wishes, wishes.orders);
        let raw = write(&db, &rows, &wishes);
        let each = |time: Duration| time.as_secs_f64() * 1_000.0 / wishes.orders as f64;
        println!("{round:<10}{:>14.3}{:>14.3}{:>8.2}", each(api), each(raw), each(api) / each(raw));
        ratios.push(each(api) / each(raw));
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[1]);
    read(address, &token);
}

fn order() -> Value {
    let place = NEXT.fetch_add(1, Ordering::Relaxed);
    json!({
        "cart_id": slipway::ids::new_uid(), "user_id": format!("user{place}"), "payment_method": "credit_card",
        "customer": {"name": format!("Jane Doe {place}"), "email": format!("jane{place}@example.com"), "phone": "+1 212 555 0142"},
        "shipping_address": {
            "name": "Jane Doe", "address": "123 Main St", "city": "New York", "state": "NY", "zip": "10001", "country": "US"
        },
        "items": [
            {"product_id": "p001", "name": "Wireless Mouse", "quantity": 1, "price": 25.00},
            {"product_id": "p002", "name": "Keyboard", "quantity": 1, "price": 64.99},
            {"product_id": "p003", "name": "Desk Mat", "quantity": 2, "price": 18.50}
        ]
    })
}

/// Places so many orders through the API from every client at once.
fn place(address: SocketAddr, token: &str, wishes: &Wishes, orders: usize) -> Duration {
    let bearer = format!("Bearer {token}");
    let began = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..wishes.clients {
            let bearer = &bearer;
            let own = orders / wishes.clients + usize::from(client < orders % wishes.clients);
            scope.spawn(move || {
                let person = Person::new(address);
                for _ in 0..own {
                    let body = order().to_string().into_bytes();
                    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
                    let reply = person.send("POST", "/api/orders", &headers, Some(body));
                    assert_eq!(reply.status, 201, "{}", reply.text());
                }
            });
        }
    });
    began.elapsed()
}

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// The columns of a table but those that must differ.
fn columns(conn: &mut Conn, table: &str) -> Vec<String> {
    let rows: Vec<Text> = match conn {
        Conn::Sqlite(inner) => {
            sql_query(format!("SELECT name AS text FROM pragma_table_info('{table}')")).load(inner).unwrap()
        }
        Conn::Pg(inner) => sql_query(format!(
            "SELECT CAST(column_name AS TEXT) AS text FROM information_schema.columns WHERE table_name = '{table}' \
             AND table_schema = current_schema() ORDER BY ordinal_position"
        ))
        .load(inner)
        .unwrap(),
    };
    rows.into_iter().map(|row| row.text).filter(|name| name != "id").collect()
}

fn number(conn: &mut Conn, sql: &str) -> i64 {
    let row: Vec<Text> = on_each_database!(conn, inner => sql_query(sql).load(inner)).unwrap();
    row[0].text.parse().unwrap()
}

/// The statements that write once more every row of the newest order: `@uid@`, `@place@` and `@order@` stand
/// for what must differ.
fn rows_of(db: &Db) -> Vec<String> {
    db.read_blocking(|conn| {
        let order = number(conn, "SELECT CAST(MAX(id) AS TEXT) AS text FROM orders");
        let customer = format!("SELECT customer_id FROM orders WHERE id = {order}");
        let mut all = Vec::new();
        let mut copy = |conn: &mut Conn, table: &str, which: &str| {
            let columns = columns(conn, table);
            let values: Vec<String> = columns
                .iter()
                .map(|column| match column.as_str() {
                    "uid" => "'@uid@' || id".to_owned(),
                    "number" | "cart_id" if table == "orders" => match column.as_str() {
                        "number" => "900000000 + @place@".to_owned(),
                        _ => "'@uid@'".to_owned(),
                    },
                    "email" | "phone_digits" if table == "customers" => format!("{column} || '@uid@'"),
                    "order_id" => "@order@".to_owned(),
                    other => other.to_owned(),
                })
                .collect();
            all.push(format!(
                "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE {which}",
                columns.join(", "),
                values.join(", ")
            ));
        };
        copy(conn, "customers", &format!("id = ({customer})"));
        copy(conn, "orders", &format!("id = {order}"));
        for table in ["order_lines", "order_charges", "order_tags", "events", "stock_claims"] {
            copy(conn, table, &format!("order_id = {order}"));
        }
        let words = "10468 jane doe jane1 example com 12125550142 5550142 123 main st new york ny 10001 us united states \
                     p001 wireless mouse p002 keyboard p003 desk mat";
        for (table, key, made, text) in [("order_search", "order_id", "orders", words), ("customer_search", "customer_id", "customers", "jane doe jane1 example com 12125550142")] {
            all.push(match conn {
                Conn::Sqlite(_) => format!("INSERT INTO {table} (rowid, document) VALUES (700000000 + @place@, '{text} @place@')"),
                Conn::Pg(_) => format!("INSERT INTO {table} ({key}, document) VALUES (CURRVAL('{made}_id_seq'), array_to_tsvector(string_to_array('{text} @place@', ' ')))"),
            });
        }
        Ok(all)
    })
    .unwrap()
}

/// Writes the rows of so many orders, each in a transaction of its own, from every client at once.
fn write(db: &Db, rows: &[String], wishes: &Wishes) -> Duration {
    let began = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..wishes.clients {
            let own = wishes.orders / wishes.clients + usize::from(client < wishes.orders % wishes.clients);
            scope.spawn(move || {
                for _ in 0..own {
                    let rows = rows.to_vec();
                    db.write_blocking(move |tx| {
                        once(tx, &rows);
                        Ok(())
                    })
                    .unwrap();
                }
            });
        }
    });
    began.elapsed()
}

fn once(tx: &mut Tx<'_>, rows: &[String]) {
    let uid = slipway::ids::new_uid().replace('-', "");
    let place = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
    for (at, statement) in rows.iter().enumerate() {
        let mut text = statement.replace("@uid@", &uid).replace("@place@", &place);
        if at > 1 {
            // The order that this transaction made: on SQLite there is one at a time.
            let made = match tx.conn {
                Conn::Sqlite(_) => "(SELECT MAX(id) FROM orders)",
                Conn::Pg(_) => "CURRVAL('orders_id_seq')",
            };
            text = text.replace("@order@", made);
        }
        on_each_database!(&mut *tx.conn, inner => inner.batch_execute(&text)).unwrap();
    }
}

/// Reading an order, and a page of fifty.
fn read(address: SocketAddr, token: &str) {
    let bearer = format!("Bearer {token}");
    let person = Person::new(address);
    let headers = [("Authorization", bearer.as_str())];
    let newest: Value =
        serde_json::from_slice(&person.send("GET", "/api/orders?limit=1", &headers, None).body).unwrap();
    let one = format!("/api/orders/{}", newest["orders"][0]["order_id"].as_str().unwrap());
    for path in [
        one.as_str(),
        "/api/orders?limit=50",
        "/api/orders?limit=50&sort=total",
        "/api/orders?limit=50&status=confirmed",
    ] {
        let mut times: Vec<Duration> = (0..60)
            .map(|_| {
                let began = Instant::now();
                assert_eq!(person.send("GET", path, &headers, None).status, 200);
                began.elapsed()
            })
            .collect();
        times.sort();
        println!("GET {path:<48}{:>8.2} ms", times[30].as_secs_f64() * 1_000.0);
    }
}
