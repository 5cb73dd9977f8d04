//! The board: the same list, a column for each stage that work goes through.

use actix_web::web::Data;
use askama::Template;

use super::list::{self, Count, Filter, Known, StageTotals, Wanted, address};
use super::pages_list::{known, may_ask, read_wanted};
use super::pages_row::{Row, Sight};
use super::pages_tabs::{Tab, saved_filters, tabs};
use crate::db::Conn;
use crate::error::Result;
use crate::money::how_many;
use crate::moves;
use crate::moves::lifecycle::{self, Edge, Kind};
use crate::staff::permission::ViewOrders;
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Query, Section, Shell};
use crate::workflow::{Base, Stage};

/// Cards of one column; the list has the others.
const CARDS: usize = 12;
/// The bases whose stages are columns.
const COLUMNS: [Base; 6] =
    [Base::Placed, Base::Confirmed, Base::OnHold, Base::Approved, Base::Processed, Base::Shipped];
/// The bases whose stages are thin columns to drop cards on.
const THIN: [Base; 3] = [Base::Delivered, Base::Returned, Base::Cancelled];

/// A stage a card may go to.
struct Target {
    slug: String,
    label: String,
    glyph: String,
    /// Where it is asked about first; empty if it simply moves.
    ask: String,
    danger: bool,
}

struct Card {
    row: Row,
    targets: Vec<Target>,
    /// Slugs of the targets.
    to: String,
}

struct Column {
    slug: String,
    label: String,
    glyph: String,
    colour: String,
    count: String,
    href: String,
    cards: Vec<Card>,
    more: String,
}

#[derive(Template)]
#[template(path = "orders/board.html")]
struct Board {
    shell: Shell,
    sight: Sight,
    tabs: Vec<Tab>,
    columns: Vec<Column>,
    thin: Vec<Column>,
    list: String,
    here: String,
    filtered: String,
    may_edit: bool,
}

/// `GET /board`
pub async fn show(desk: Data<Desk>, staff: Staff<ViewOrders>, pairs: Query<address::Pairs>) -> Answer {
    let person = staff.person();
    let page = desk.db.read(move |conn| load(conn, &person, &pairs.0)).await?;
    web::page(&page)
}

fn load(conn: &mut Conn, person: &Person, pairs: &address::Pairs) -> Result<Board> {
    let mut shell = Shell::load(conn, person, Section::Board)?;
    let known = known(conn, person, shell.now)?;
    let wanted = read_wanted(pairs, &shell, &known)?;
    may_ask(person, &wanted)?;
    let totals = StageTotals::load(conn, &person.reach)?;
    let sight = Sight::of(person);
    let saved = saved_filters(&shell, &known, person);
    let filters: Vec<Filter> = saved.iter().map(|(_, filter)| filter.clone()).collect();
    let counts = list::count_all(conn, &filters, &known, &totals)?;
    let tabs = tabs(
        &shell,
        &saved,
        &counts,
        &totals,
        &known,
        "/board",
        wanted.view.as_deref(),
        wanted.filter == Filter::default(),
    );
    let (mut columns, mut thin) = (Vec::new(), Vec::new());
    for stage in known.stages.iter() {
        let narrowed = wanted.narrowed(|f| f.stages = vec![stage.slug.clone()]);
        let listed = wanted.filter.stages.is_empty() || wanted.filter.stages.contains(&stage.slug);
        let href = narrowed.address("/orders", &known);
        let mut column = Column {
            slug: stage.slug.clone(),
            label: stage.label.clone(),
            glyph: stage.base.glyph().to_owned(),
            colour: stage.colour.clone(),
            count: how_many(totals.of(&stage.slug)),
            cards: Vec::new(),
            more: String::new(),
            href,
        };
        if !stage.is_shown(totals.of(&stage.slug)) {
            continue;
        }
        if THIN.contains(&stage.base) {
            thin.push(column);
        } else if COLUMNS.contains(&stage.base) {
            if listed {
                fill(conn, &mut column, &narrowed, &known, &totals, &shell, sight, person)?;
            } else {
                column.count = "0".to_owned();
            }
            columns.push(column);
        }
    }
    shell.view = wanted.view.clone().unwrap_or_default();
    let filtered = list::words::chips(&wanted, "/board", &known)
        .into_iter()
        .map(|chip| format!("{} {}", chip.field, chip.value))
        .collect::<Vec<_>>()
        .join(", ");
    Ok(Board {
        list: wanted.address("/orders", &known),
        here: wanted.address("/board", &known),
        may_edit: person.may(Permission::EditOrders),
        tabs,
        columns,
        thin,
        filtered,
        sight,
        shell,
    })
}

#[allow(clippy::too_many_arguments)]
fn fill(
    conn: &mut Conn,
    column: &mut Column,
    wanted: &Wanted,
    known: &Known,
    totals: &StageTotals,
    shell: &Shell,
    sight: Sight,
    person: &Person,
) -> Result<()> {
    let (page, _) = list::page_of(conn, wanted, known, totals, &[], CARDS)?;
    let shown = i64::try_from(page.orders.len()).unwrap_or(0);
    column.count = match page.count {
        Count::Unknown => format!("{shown}+"),
        known => known.to_string(),
    };
    column.more = match page.count {
        Count::Exactly(orders) if orders > shown => format!("{} more", how_many(orders - shown)),
        Count::Exactly(_) => String::new(),
        Count::Many | Count::Unknown if page.next.is_some() => "More in the list".to_owned(),
        Count::Many | Count::Unknown => String::new(),
    };
    let card = |order: &super::Order| {
        let targets = targets(order, known, person);
        let to: Vec<&str> = targets.iter().map(|target| target.slug.as_str()).collect();
        Card { row: Row::of(order, shell, known, sight, &[]), to: to.join(" "), targets }
    };
    column.cards = page.orders.iter().map(card).collect();
    Ok(())
}

/// Where an order may go from here, as far as the graph and this person's role say. What it lacks is
/// said when it is tried.
fn targets(order: &super::Order, known: &Known, person: &Person) -> Vec<Target> {
    if !person.may(Permission::MoveOrders) {
        return Vec::new();
    }
    let target = |edge: &Edge, stage: &Stage| {
        let asks =
            edge.asks() || edge.to == Base::Shipped && edge.kind == Kind::Forward || !stage.requires().is_empty();
        let ask = format!("/orders/{}/moves/new?to={}", order.number, stage.slug);
        Target {
            slug: stage.slug.clone(),
            label: stage.label.clone(),
            glyph: stage.base.glyph().to_owned(),
            ask: if asks { ask } else { String::new() },
            danger: edge.kind == Kind::Stop,
        }
    };
    let beside = Edge { from: order.base, to: order.base, kind: Kind::Sibling };
    let mut targets: Vec<Target> =
        moves::beside(order, &known.stages).into_iter().map(|stage| target(&beside, stage)).collect();
    for edge in lifecycle::edges_from(order.base, order.resume_base) {
        let allowed = match edge.kind {
            Kind::Stop => person.may(Permission::CancelOrders),
            Kind::Correction => person.may(Permission::CorrectOrders),
            _ => true,
        };
        let stages = moves::targets(order, &edge, &known.stages).unwrap_or_default();
        targets.extend(stages.into_iter().filter(|_| allowed).map(|stage| target(&edge, stage)));
    }
    targets
}
