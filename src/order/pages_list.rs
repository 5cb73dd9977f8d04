//! The list of orders: rail, filters, table, pages.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::Data;
use askama::Template;

use super::list::filter::{Archived, Due};
use super::list::{self, Chip, Count, Filter, Known, Sort, StageTotals, Wanted, address};
use super::pages_bulk::MOST;
use super::pages_menu::kept;
use super::pages_row::{Column, Row, Sight};
use super::pages_tabs::{Tab, Tile, saved_filters, tabs, tiles};
use super::pages_way::encoded;
use super::views::{self, View};
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::ids::StaffId;
use crate::market::Markets;
use crate::money::how_many;
use crate::moves::lifecycle;
use crate::reach::Reach;
use crate::staff::{self, Permission, Person, Staff, permission::ViewOrders};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Query, Section, Shell, see_other, wants_fragment};
use crate::workflow::Stages;

/// Loads what filters refer to.
pub(crate) fn known(conn: &mut Conn, person: &Person, now: UtcTime) -> Result<Known> {
    Ok(knowing(Stages::load(conn)?, Markets::load(conn)?, &person.reach, person.id, now))
}

/// What filters refer to, for whoever has this reach, from what is loaded already.
pub(crate) fn knowing(stages: Stages, markets: Markets, reach: &Reach, me: StaffId, now: UtcTime) -> Known {
    Known {
        stages,
        zone: markets.zone(),
        markets: markets.within(reach),
        reach: reach.clone(),
        me,
        now,
        holds: lifecycle::HOLD_REASONS,
    }
}

/// Refuses to narrow or sort by money for those who may not see it.
pub(crate) fn may_ask(person: &Person, wanted: &Wanted) -> Result<()> {
    if wanted.filter.asks_money() || wanted.sort.asks_money() {
        person.must(Permission::ViewMoney)?;
    }
    Ok(())
}

/// Reads a list from its parameters and the saved view among them.
pub(crate) fn read_wanted(pairs: &address::Pairs, shell: &Shell, known: &Known) -> Result<Wanted> {
    let view = pairs.iter().find(|(name, value)| name == "view" && !value.is_empty());
    let saved = match view {
        Some((_, slug)) => {
            let found = shell.views.iter().find(|view| view.slug == *slug);
            let view = found.ok_or_else(|| Error::Missing(format!("saved view called {slug}")))?;
            Some(address::split_saved(&view.query, known).0)
        }
        None => None,
    };
    Ok(address::read(pairs, saved.as_deref(), known)?)
}

/// A header of the table.
pub(super) struct Head {
    pub column: Column,
    pub href: String,
    /// `ascending`, `descending` or empty.
    pub sorted: &'static str,
}

/// What stands in the place of rows.
struct Empty {
    title: String,
    text: String,
    icon: &'static str,
    links: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "orders/index.html", blocks = ["content"])]
struct Index {
    shell: Shell,
    tabs: Vec<Tab>,
    tiles: Vec<Tile>,
    chips: Vec<Chip>,
    /// Where the filter menu is had from.
    filters: String,
    /// What the form says while the menu is not there.
    kept: address::Pairs,
    wanted: Wanted,
    sorts: Vec<(String, &'static str, &'static str, bool)>,
    directions: Vec<(String, &'static str, bool)>,
    heads: Vec<Head>,
    columns: Vec<(Column, bool)>,
    rows: Vec<Row>,
    empty: Option<Empty>,
    cut: bool,
    /// Whether the view narrows to what this person does not see.
    view_cut: bool,
    words: String,
    previous: String,
    next: String,
    here: String,
    /// The list, for the addresses of its orders: `?from=…`, or nothing for the plain list.
    from: String,
    save: String,
    clear: String,
    export: String,
    next_label: String,
    /// Words of the box that selects the whole list; empty where the page has all of it.
    all: String,
    board: String,
    may_edit: bool,
    may_move: bool,
    may_cancel: bool,
    may_export: bool,
    has_filters: bool,
    said: String,
    /// The view this list came from, where it may be given this filter.
    changed: Option<View>,
    /// Its parameters as a view keeps them.
    plain: String,
}

#[derive(Template)]
#[template(path = "orders/refused.html")]
struct Refused {
    shell: Shell,
    message: String,
    first: String,
}

/// `GET /orders`
pub async fn index(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<ViewOrders>,
    pairs: Query<address::Pairs>,
) -> Answer {
    let fragment = wants_fragment(&request);
    let person = staff.person();
    let pairs = pairs.0;
    if !fragment && let Some(number) = asked_number(&desk, &person.reach, &pairs).await? {
        return Ok(see_other(&format!("/orders/{number}")));
    }
    let untidy = pairs.iter().any(|(_, value)| value.trim().is_empty());
    let loaded = desk.db.read(move |conn| load(conn, &person, pairs)).await?;
    let page = match loaded {
        Ok(page) => page,
        Err((_, refusal)) if fragment => return Err(refusal.into()),
        Err((shell, refusal)) => return refused(*shell, &refusal, &request),
    };
    if fragment {
        let mut answer = web::page(&page.as_content())?;
        if let Ok(value) = HeaderValue::from_str(&page.here) {
            answer.headers_mut().insert(HeaderName::from_static("hx-push-url"), value);
        }
        return Ok(answer);
    }
    // A form sends every field, filled or not; the list has one address.
    if untidy { Ok(see_other(&page.here)) } else { web::page(&page) }
}

/// A refused list says what is wrong and leads back to one that works.
fn refused(shell: Shell, refusal: &Refusal, request: &HttpRequest) -> Answer {
    let mut first = address::split(request.query_string());
    first.retain(|(name, _)| name != "after" && name != "before");
    let first = if refusal.code == "list.cursor" { address::join("/orders", &first) } else { String::new() };
    web::page_as(StatusCode::BAD_REQUEST, &Refused { shell, message: refusal.message.clone(), first })
}

/// The order that a search names exactly, by its number or as it is printed.
async fn asked_number(desk: &Data<Desk>, reach: &Reach, pairs: &address::Pairs) -> Result<Option<i64>> {
    let Some((_, text)) = pairs.iter().find(|(name, _)| name == "q") else { return Ok(None) };
    if !text.trim().ends_with(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    let (reach, text) = (reach.clone(), text.clone());
    desk.db
        .read(move |conn| {
            let Some(number) = Markets::load(conn)?.number_of(&text) else { return Ok(None) };
            Ok(super::find_many(conn, &reach, &[number])?.first().map(|order| order.number))
        })
        .await
}

type Loaded = std::result::Result<Index, (Box<Shell>, Refusal)>;

fn load(conn: &mut Conn, person: &Person, pairs: address::Pairs) -> Result<Loaded> {
    let mut shell = Shell::load(conn, person, Section::Orders)?;
    let known = known(conn, person, shell.now)?;
    let wanted = match read_wanted(&pairs, &shell, &known) {
        Ok(wanted) => wanted,
        Err(Error::Refused(refusal)) => return Ok(Err((Box::new(shell), *refusal))),
        Err(other) => return Err(other),
    };
    may_ask(person, &wanted)?;
    let totals = StageTotals::load(conn, &person.reach)?;
    let saved = saved_filters(&shell, &known, person);
    let filters: Vec<Filter> = saved.iter().map(|(_, filter)| filter.clone()).collect();
    let (page, counts) = list::page(conn, &wanted, &known, &totals, &filters)?;
    let sight = Sight::of(person);
    let columns = Column::chosen(&person.preferences.columns, sight);
    let members = if columns.contains(&Column::Assignee) { staff::members(conn)? } else { Vec::new() };
    shell.view = wanted.view.clone().unwrap_or_default();
    let opened = shell.views.iter().find(|view| Some(&view.slug) == wanted.view.as_ref());
    let view_cut = opened.is_some_and(|view| address::split_saved(&view.query, &known).1);
    let tabs = tabs(
        &shell,
        &saved,
        &counts,
        &totals,
        &known,
        "/orders",
        wanted.view.as_deref(),
        wanted.filter == Filter::default(),
    );
    let rows: Vec<Row> = page.orders.iter().map(|order| Row::of(order, &shell, &known, sight, &members)).collect();
    let last = page.first + i64::try_from(rows.len()).unwrap_or(0) - 1;
    let words = words(page.first, last, page.count, page.next.is_some());
    let link = |cursor: &Option<list::Cursor>| {
        cursor.as_ref().map_or(String::new(), |c| wanted.at(Some(c.clone())).address("/orders", &known))
    };
    let here = wanted.address("/orders", &known);
    let query = here.split_once('?').map_or("", |(_, query)| query).to_owned();
    let plain = Wanted { cursor: None, view: None, was: None, ..wanted.clone() };
    let plain = plain.address("", &known).trim_start_matches('?').to_owned();
    let changed = changed_view(conn, person, &shell, &wanted, &known)?;
    let save = address::join("/views", &[("query".to_owned(), plain.clone())]);
    let empty = rows.is_empty().then(|| empty(&wanted, &known, &totals, person));
    Ok(Ok(Index {
        tiles: tiles(&wanted, &known, &totals),
        chips: list::words::chips(&wanted, "/orders", &known),
        filters: wanted.at(None).address("/orders/filters", &known),
        kept: kept(&wanted, &known),
        sorts: sorts(&wanted, &known, sight),
        directions: [true, false]
            .into_iter()
            .map(|down| {
                let href = wanted.sorted(wanted.sort, down).address("/orders", &known);
                (href, wanted.sort.direction(down), wanted.descending == down)
            })
            .collect(),
        heads: columns.iter().map(|column| head(*column, &wanted, &known, sight)).collect(),
        columns: Column::ALL.iter().filter(|c| c.fits(sight)).map(|c| (*c, columns.contains(c))).collect(),
        next_label: next_label(&page.orders),
        all: whole(&page),
        previous: link(&page.previous),
        next: link(&page.next),
        board: address::join("/board", &wanted.filter.pairs(&known)),
        export: if query.is_empty() { "/orders/export.csv".into() } else { format!("/orders/export.csv?{query}") },
        clear: Wanted { sort: wanted.sort, descending: wanted.descending, ..Wanted::default() }
            .address("/orders", &known),
        has_filters: wanted.filter != Filter::default() || wanted.view.is_some(),
        said: format!("{}, {}", wanted.sort.label().to_lowercase(), wanted.sort.direction(wanted.descending)),
        may_edit: person.may(Permission::EditOrders),
        may_move: person.may(Permission::MoveOrders),
        may_cancel: person.may(Permission::CancelOrders),
        may_export: person.may(Permission::Export),
        cut: page.cut,
        view_cut,
        tabs,
        rows,
        empty,
        words,
        save,
        changed,
        plain,
        from: if query.is_empty() { String::new() } else { format!("?from={}", encoded(&query)) },
        here,
        wanted,
        shell,
    }))
}

/// The saved view that this list came from, if its filter or order is no longer that of the view and
/// this person may change it.
fn changed_view(
    conn: &mut Conn,
    person: &Person,
    shell: &Shell,
    wanted: &Wanted,
    known: &Known,
) -> Result<Option<View>> {
    let Some(slug) = wanted.view.as_ref().or(wanted.was.as_ref()) else { return Ok(None) };
    let Some(saved) = shell.views.iter().find(|view| view.slug == *slug) else { return Ok(None) };
    let (pairs, is_cut) = address::split_saved(&saved.query, known);
    let same = address::read(&pairs, None, known).is_ok_and(|saved| {
        saved.filter == wanted.filter && saved.sort == wanted.sort && saved.descending == wanted.descending
    });
    // Whoever sees a part of a view would take the rest from those who see it.
    if same || is_cut {
        return Ok(None);
    }
    let may_share = person.may(Permission::ManageViews);
    let own = |view: &View| view.slug == *slug && (view.owner_id.is_some() || may_share);
    Ok(views::of(conn, person.id)?.into_iter().find(own))
}

/// Offers to select more than the page shows, where that is no more than one action takes.
fn whole(page: &list::Page) -> String {
    let is_part = page.previous.is_some() || page.next.is_some();
    match page.count {
        Count::Exactly(orders) if is_part && usize::try_from(orders).is_ok_and(|orders| orders <= MOST) => {
            format!("All {orders} of this list")
        }
        Count::Exactly(_) | Count::Many | Count::Unknown => String::new(),
    }
}

/// `1–50 of 268`.
fn words(first: i64, last: i64, count: Count, more: bool) -> String {
    if last < first {
        return "No orders".to_owned();
    }
    let (first, last) = (how_many(first), how_many(last));
    match count {
        Count::Exactly(_) | Count::Many => format!("{first}–{last} of {count}"),
        Count::Unknown if more => format!("{first}–{last} of more"),
        Count::Unknown => format!("{first}–{last}"),
    }
}

fn sorts(wanted: &Wanted, known: &Known, sight: Sight) -> Vec<(String, &'static str, &'static str, bool)> {
    let archived = wanted.filter.lists_archived(&known.stages);
    Sort::ALL
        .iter()
        .map(|row| row.0)
        .filter(|sort| sight.money || !sort.asks_money())
        .filter(|sort| !(archived && *sort == Sort::Due))
        .map(|sort| {
            let href = wanted.sorted(sort, sort.descends_by_default()).address("/orders", known);
            (href, sort.label(), sort.direction(sort.descends_by_default()), sort == wanted.sort)
        })
        .collect()
}

pub(super) fn head(column: Column, wanted: &Wanted, known: &Known, sight: Sight) -> Head {
    let archived = wanted.filter.lists_archived(&known.stages);
    let sort =
        column.sort().filter(|sort| !(archived && *sort == Sort::Due)).filter(|s| sight.money || !s.asks_money());
    let Some(sort) = sort else { return Head { column, href: String::new(), sorted: "" } };
    let is_current = sort == wanted.sort;
    let down = if is_current { !wanted.descending } else { sort.descends_by_default() };
    let sorted = match (is_current, wanted.descending) {
        (false, _) => "",
        (true, true) => "descending",
        (true, false) => "ascending",
    };
    Head { column, href: wanted.sorted(sort, down).address("/orders", known), sorted }
}

fn empty(wanted: &Wanted, known: &Known, totals: &StageTotals, person: &Person) -> Empty {
    let filter = &wanted.filter;
    let everything: Vec<String> = known.stages.iter().map(|stage| stage.slug.clone()).collect();
    let clear = ("Clear filters".to_owned(), "/orders".to_owned());
    if totals.sum(&everything) == 0 {
        let mut links = Vec::new();
        if person.may(Permission::Import) {
            links.push(("Import a CSV".to_owned(), "/imports".to_owned()));
        }
        if person.may(Permission::EditOrders) {
            links.push(("New order".to_owned(), "/orders/new".to_owned()));
        }
        let text = "Orders land here the moment a file, a message or a colleague brings one.".to_owned();
        return Empty { title: "No orders yet".to_owned(), text, icon: "inbox", links };
    }
    let mut links = Vec::new();
    let address = |change: &dyn Fn(&mut Filter)| wanted.narrowed(change).address("/orders", known);
    if !filter.stages.is_empty() && !filter.search.is_empty() {
        links.push(("Search all stages".to_owned(), address(&|f| f.stages.clear())));
    }
    if filter.placed.is_some() {
        links.push(("Search all dates".to_owned(), address(&|f| f.placed = None)));
    }
    if !filter.search.is_empty() {
        if filter.archived == Archived::Exclude && wanted.sort != Sort::Due {
            links.push(("Search archived orders too".to_owned(), address(&|f| f.archived = Archived::Include)));
        }
        links.push(clear);
        let looked = if filter.archived == Archived::Exclude { " Archived orders were left out." } else { "" };
        let text = format!(
            "Looked in numbers, customers, addresses, SKUs, items, tracking numbers and notes, for the beginnings of words.{looked}"
        );
        return Empty { title: format!("Nothing matches “{}”", filter.search), text, icon: "search", links };
    }
    let late = Filter { due: Some(Due::Late), ..Filter::default() };
    if *filter == late {
        let text = "Every order that was promised for now has left or has time left.".to_owned();
        return Empty { title: "Nothing late".to_owned(), text, icon: "circle-check", links: vec![] };
    }
    let title = match filter.stages.as_slice() {
        [only] if filter.is_only_stages() => format!("Nothing in {}", known.stages.label(only)),
        _ => "Nothing matches these filters".to_owned(),
    };
    links.push(clear);
    Empty { title, text: "No order fits all of them at once.".to_owned(), icon: "circle-check", links }
}

/// What the button of the bulk bar does, if it is the same for the whole page.
fn next_label(orders: &[super::Order]) -> String {
    let mut verbs: Vec<&str> = orders.iter().map(|order| super::pages_row::next_verb(order.base)).collect();
    verbs.dedup();
    match verbs.as_slice() {
        [only] if !only.is_empty() => (*only).to_owned(),
        _ => "Next stage".to_owned(),
    }
}

/// The posted choice of columns.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnsForm {
    #[serde(default)]
    column: Vec<String>,
    #[serde(default)]
    back: String,
    #[serde(default)]
    reset: String,
}

/// `POST /orders/columns`
pub async fn columns(desk: Data<Desk>, staff: Staff<ViewOrders>, form: Form<ColumnsForm>) -> Answer {
    let mut wanted = staff.preferences.clone();
    for word in &form.column {
        if Column::parse(word).is_none() {
            return Err(Refusal::field("list.column", "column", format!("There is no column called {word}.")).into());
        }
    }
    wanted.columns = if form.reset.is_empty() { form.column.clone() } else { Vec::new() };
    let id = staff.id;
    desk.db.write(move |tx| staff::save_preferences(tx, id, &wanted)).await?;
    Ok(see_other(local(&form.back)))
}

/// An address of the list to go back to; anything else is the list itself.
pub(crate) fn local(back: &str) -> &str {
    let ours = ["/orders", "/board"]
        .iter()
        .any(|path| back.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/'])));
    if ours && !back.contains(['\\', '\r', '\n']) { back } else { "/orders" }
}
