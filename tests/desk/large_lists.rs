//! Lists of a shop so large that indexes are walked and conditions looked through: they show what looking at
//! every order one by one gives.

use diesel::sql_types::{BigInt, Bool, Text};
use diesel::{QueryableByName, RunQueryDsl};
use slipway::db::{Conn, Db};
use slipway::demo;
use slipway::ids::StaffId;
use slipway::market::Markets;
use slipway::order::list::{self, Count, Known, StageTotals, address};
use slipway::reach::Reach;
use slipway::time::UtcTime;
use slipway::workflow::Stages;

use crate::support::database::{Database, KINDS_OFF};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = BigInt)]
    base_rank: i64,
    #[diesel(sql_type = Text)]
    payment_status: String,
    #[diesel(sql_type = Text)]
    fulfilment_status: String,
    #[diesel(sql_type = BigInt)]
    total_minor: i64,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    placed_at: i64,
    #[diesel(sql_type = BigInt)]
    payment_sort: i64,
    #[diesel(sql_type = Text)]
    customer_sort: String,
    #[diesel(sql_type = BigInt)]
    stage_entered_at: i64,
    #[diesel(sql_type = Bool)]
    gift: bool,
    #[diesel(sql_type = Bool)]
    noted: bool,
    #[diesel(sql_type = Bool)]
    printed: bool,
    #[diesel(sql_type = Text)]
    channel: String,
}

const ROWS: &str = "SELECT orders.id, number, stage, base_rank, payment_status, fulfilment_status, total_minor, \
                    currency, placed_at, payment_sort, customer_sort, stage_entered_at, gift, note_count > 0 AS noted, \
                    printed_at IS NOT NULL AS printed, channels.slug AS channel \
                    FROM orders JOIN channels ON channels.id = orders.channel_id";

/// Its place in an order, before its key.
type Place = (i64, i64, String);

fn place(row: &Row, sort: &str) -> Place {
    let number = |first| (first, 0, String::new());
    match sort {
        "date" => number(row.placed_at),
        "paid" => number(row.payment_sort),
        "total" => number(row.total_minor),
        "customer" => (0, 0, row.customer_sort.clone()),
        "stage" => (row.base_rank, row.placed_at, String::new()),
        "age" => number(-row.stage_entered_at),
        "number" => number(row.number),
        other => panic!("{other}"),
    }
}

#[test]
fn a_list_of_a_large_shop_is_what_looking_at_every_order_gives() {
    let database = Database::fresh();
    let db = Db::open(&database.location).unwrap();
    demo::prepare(&db, Some(75_000)).unwrap();
    let rows: Vec<Row> = db
        .read_blocking(|conn| {
            Ok(match conn {
                Conn::Pg(inner) => diesel::sql_query(ROWS).load(inner)?,
                Conn::Sqlite(inner) => diesel::sql_query(ROWS).load(inner)?,
            })
        })
        .unwrap();
    let living = rows.iter().filter(|row| row.base_rank < 12).count();
    assert!(i64::try_from(living).unwrap() > list::plan::LOOKED_THROUGH, "{living}");
    type Meets = fn(&Row) -> bool;
    let filters: [(&str, Meets); 22] = [
        ("total_min=60", |row| row.total_minor >= 6_000 && row.currency == "EUR"),
        ("stage=delivered&total_min=60&total_max=70", |row| {
            row.stage == "delivered" && (6_000..=7_000).contains(&row.total_minor) && row.currency == "EUR"
        }),
        ("", |_| true),
        ("archived=yes", |_| true),
        ("archived=yes&pay=refunded", |row| row.payment_status == "refunded"),
        ("archived=only&gift=yes", |row| row.base_rank == 12 && row.gift),
        ("stage=placed&stage=archived&note=yes", |row| {
            ["placed", "archived"].contains(&row.stage.as_str()) && row.noted
        }),
        ("printed=no&pay=paid", |row| !row.printed && row.payment_status == "paid"),
        ("printed=yes&note=yes&gift=yes", |row| row.printed && row.noted && row.gift),
        ("channel=wholesale&gift=yes", |row| row.channel == "wholesale" && row.gift),
        ("channel_not=web&note=yes&ful=delivered", |row| {
            row.channel != "web" && row.noted && row.fulfilment_status == "delivered"
        }),
        // Each is met by many, and both together by few.
        ("ful=unfulfilled&total_max=25", |row| {
            row.fulfilment_status == "unfulfilled" && row.total_minor <= 2_500 && row.currency == "EUR"
        }),
        ("printed=no&total_min=60", |row| !row.printed && row.total_minor >= 6_000 && row.currency == "EUR"),
        ("pay=paid", |row| row.payment_status == "paid"),
        ("pay=refunded", |row| row.payment_status == "refunded"),
        ("pay=paid&ful=delivered", |row| row.payment_status == "paid" && row.fulfilment_status == "delivered"),
        ("pay=unpaid&ful=delivered", |row| row.payment_status == "unpaid" && row.fulfilment_status == "delivered"),
        ("ful=delivered&gift=no", |row| row.fulfilment_status == "delivered" && !row.gift),
        ("ful=delivered&gift=yes", |row| row.fulfilment_status == "delivered" && row.gift),
        ("stage=delivered&pay=paid", |row| row.stage == "delivered" && row.payment_status == "paid"),
        ("stage=placed&stage=shipped&stage=approved&gift=no", |row| {
            ["placed", "shipped", "approved"].contains(&row.stage.as_str()) && !row.gift
        }),
        ("total_min=60&ful=delivered", |row| {
            row.total_minor >= 6_000 && row.currency == "EUR" && row.fulfilment_status == "delivered"
        }),
    ];
    db.read_blocking(|conn| {
        let (stages, markets) = (Stages::load(conn)?, Markets::load(conn)?);
        let (me, now) = (StaffId(1), UtcTime::now());
        let known = Known { stages, markets, reach: Reach::EVERYWHERE, zone: chrono_tz::UTC, me, now, holds: &[] };
        let totals = StageTotals::load(conn, &known.reach)?;
        for (filter, meets) in filters {
            let lists_archived = filter.contains("archived");
            let met: Vec<&Row> =
                rows.iter().filter(|row| (lists_archived || row.base_rank < 12) && meets(row)).collect();
            for sort in ["date", "paid", "total", "customer", "stage", "age", "number"] {
                let mut sorted: Vec<(Place, i64, i64)> = met
                    .iter()
                    .map(|row| (place(row, sort), if sort == "age" { -row.id } else { row.id }, row.number))
                    .collect();
                sorted.sort();
                for direction in ["asc", "desc"] {
                    if direction == "desc" {
                        sorted.reverse();
                    }
                    let asked = format!("{filter}&sort={sort}&dir={direction}");
                    let wanted = address::read(&address::split(&asked), None, &known).unwrap();
                    let (first, _) = list::page(conn, &wanted, &known, &totals, &[])?;
                    let second = wanted.at(first.next.clone());
                    let mut seen: Vec<i64> = first.orders.iter().map(|order| order.number).collect();
                    if first.next.is_some() {
                        let (second, _) = list::page(conn, &second, &known, &totals, &[])?;
                        seen.extend(second.orders.iter().map(|order| order.number));
                    }
                    let right: Vec<i64> = sorted.iter().take(2 * list::PAGE).map(|(.., number)| *number).collect();
                    assert_eq!(seen, right, "{asked} of {}", met.len());
                    assert!(first.next.is_some() || matches!(first.count, Count::Exactly(_)), "{asked}");
                    match first.count {
                        Count::Exactly(orders) => assert_eq!(usize::try_from(orders).unwrap(), met.len(), "{asked}"),
                        Count::Many if filter.contains("total") => assert!(met.len() > 1_000, "{asked}"),
                        Count::Unknown if filter.contains("total") => {}
                        Count::Many | Count::Unknown => panic!("nobody knows how many orders {asked} has"),
                    }
                }
            }
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_older_database_learns_how_many_orders_there_are_of_each_kind() {
    let database = Database::fresh();
    let db = Db::open(&database.location).unwrap();
    demo::prepare(&db, None).unwrap();
    let migration = match db.location().is_sqlite() {
        true => include_str!("../../migrations/sqlite/2026-11-22-730000_count_kinds_of_orders/up.sql"),
        false => include_str!("../../migrations/postgres/2026-11-22-730000_count_kinds_of_orders/up.sql"),
    };
    let learn = migration.split("\n\n").find(|part| part.starts_with("INSERT INTO order_kinds")).unwrap();
    db.write_blocking(move |tx| {
        for statement in ["DELETE FROM order_kinds", learn] {
            slipway::on_each_database!(&mut *tx.conn, conn => diesel::sql_query(statement).execute(conn))?;
        }
        Ok(())
    })
    .unwrap();
    let count = |table: &str| -> i64 {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            number: i64,
        }
        let sql = format!("SELECT COUNT(*) AS number FROM {table}");
        let counted = db.read_blocking(|conn| {
            let row: Count = slipway::on_each_database!(conn, conn => diesel::sql_query(&sql).get_result(conn))?;
            Ok(row.number)
        });
        counted.unwrap()
    };
    assert!(count("order_kinds") > 50);
    assert_eq!(count(KINDS_OFF), 0);
}
