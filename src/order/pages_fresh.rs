//! Rows of the list as they are now, with the counts around it, for a screen that heard of changes. The rows
//! come whether or not they still belong to the list: nothing on the screen is to move by itself.

use actix_web::web::Data;
use askama::Template;

use super::list::{self, Filter, StageTotals, address};
use super::pages_list::{Head, head, known, may_ask, read_wanted};
use super::pages_row::{Column, Row, Sight};
use super::pages_tabs::{Tab, Tile, saved_filters, tabs, tiles};
use super::pages_way::encoded;
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::staff::permission::ViewOrders;
use crate::staff::{self, Person, Staff};
use crate::web::{self, Answer, Desk, Query, Section, Shell};

/// Rows that are had at once.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "orders/fresh.html")]
struct Fresh {
    shell: Shell,
    tabs: Vec<Tab>,
    tiles: Vec<Tile>,
    heads: Vec<Head>,
    rows: Vec<Row>,
    from: String,
}

/// `GET /orders/fresh`: `changed` has numbers of orders with commas between, all else is of the list.
pub async fn show(desk: Data<Desk>, staff: Staff<ViewOrders>, pairs: Query<address::Pairs>) -> Answer {
    let person = staff.person();
    let (changed, list): (address::Pairs, address::Pairs) =
        pairs.0.into_iter().partition(|(name, _)| name == "changed");
    let numbers = numbers(&changed)?;
    let page = desk.db.read(move |conn| load(conn, &person, &numbers, &list)).await?;
    web::page(&page)
}

fn numbers(changed: &address::Pairs) -> Result<Vec<i64>, Refusal> {
    let words = changed.iter().flat_map(|(_, words)| words.split(',')).filter(|word| !word.is_empty());
    let numbers: Option<Vec<i64>> = words.map(|word| word.parse().ok()).collect();
    match numbers {
        Some(numbers) if numbers.len() <= MOST => Ok(numbers),
        _ => {
            let message = format!("Give up to {MOST} numbers of orders with commas between.");
            Err(Refusal::field("list.value", "changed", message))
        }
    }
}

fn load(conn: &mut Conn, person: &Person, numbers: &[i64], pairs: &address::Pairs) -> Result<Fresh> {
    let mut shell = Shell::load(conn, person, Section::Orders)?;
    let known = known(conn, person, shell.now)?;
    let wanted = read_wanted(pairs, &shell, &known)?;
    may_ask(person, &wanted)?;
    let totals = StageTotals::load(conn, &person.reach)?;
    let saved = saved_filters(&shell, &known, person);
    let filters: Vec<Filter> = saved.iter().map(|(_, filter)| filter.clone()).collect();
    let counts = list::count_all(conn, &filters, &known, &totals)?;
    let sight = Sight::of(person);
    let columns = Column::chosen(&person.preferences.columns, sight);
    let members = if columns.contains(&Column::Assignee) { staff::members(conn)? } else { Vec::new() };
    let orders = super::find_many(conn, &person.reach, numbers)?;
    shell.view = wanted.view.clone().unwrap_or_default();
    let plain = wanted.filter == Filter::default();
    let here = wanted.address("/orders", &known);
    let query = here.split_once('?').map_or("", |(_, query)| query);
    Ok(Fresh {
        tabs: tabs(&shell, &saved, &counts, &totals, &known, "/orders", wanted.view.as_deref(), plain),
        tiles: tiles(&wanted, &known, &totals),
        heads: columns.iter().map(|column| head(*column, &wanted, &known, sight)).collect(),
        rows: orders.iter().map(|order| Row::of(order, &shell, &known, sight, &members)).collect(),
        from: if query.is_empty() { String::new() } else { format!("?from={}", encoded(query)) },
        shell,
    })
}
