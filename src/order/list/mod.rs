//! The list of orders: narrowed, sorted and walked page by page, equally quick in a shop of a hundred
//! orders and of a million. `filter` says what can be asked, `address` reads and writes it as an
//! address, `plan` turns it into SQL, `way` decides how it is looked up, `walk` does so; this is the door.
//!
//! A page is found in one of two ways. If few orders meet one of the conditions, those are fetched and
//! sorted. Otherwise an index is walked in the wanted order, passing over what other conditions leave out;
//! as each of them is met by many, the walk is mostly short. Mostly: each may be met by many and all together
//! by few, or those wanted lie at the end. So if the page is not full after a stretch, the narrowest condition
//! is looked through instead, unless it is too wide. How many orders meet what `kinds` know is always known;
//! how many meet another condition is counted before, up to [`plan::LOOKED_THROUGH`], in one question for all.

pub mod address;
pub mod cursor;
pub mod filter;
mod kinds;
pub mod plan;
mod store;
mod walk;
mod way;
pub mod words;

use std::fmt;

use crate::db::Conn;
use crate::error::Result;
use crate::money::how_many;
use crate::order::Order;
use crate::reach::Reach;

pub use address::Wanted;
pub use cursor::{Cursor, Key};
pub use filter::{Filter, Known, Sort};
pub use words::Chip;

use plan::{LOOKED_THROUGH, SEARCHED, Term};
use store::Writer;
use walk::{few, page_among, walk};
use way::{Of, Way};

/// Orders on a page.
pub const PAGE: usize = 50;
/// Matches that are counted one by one; more are told as `1,000+`.
pub const COUNTED: i64 = 1_000;

/// Orders in each stage, exact at any size of shop.
#[derive(Clone, Debug, Default)]
pub struct StageTotals(Vec<(String, i64)>);

impl StageTotals {
    /// Reads them, of the orders within a reach.
    pub fn load(conn: &mut Conn, reach: &Reach) -> Result<Self> {
        store::stage_totals(conn, reach).map(StageTotals)
    }
    /// Orders in one stage.
    pub fn of(&self, stage: &str) -> i64 {
        self.0.iter().find(|(slug, _)| slug == stage).map_or(0, |(_, orders)| *orders)
    }
    /// Orders in several.
    pub fn sum(&self, stages: &[String]) -> i64 {
        stages.iter().map(|stage| self.of(stage)).sum()
    }
}

/// How many orders a list has, as far as it is known without counting for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// This many.
    Exactly(i64),
    /// More than [`COUNTED`].
    Many,
    /// Not counted.
    Unknown,
}

/// As people read it: `12,345`, `1,000+`; nothing where it is not known.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Count::Exactly(orders) => f.write_str(&how_many(*orders)),
            Count::Many => write!(f, "{}+", how_many(COUNTED)),
            Count::Unknown => Ok(()),
        }
    }
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its orders.
    pub orders: Vec<Order>,
    /// Place of its first order in the whole list, from 1.
    pub first: i64,
    /// How many there are in all.
    pub count: Count,
    /// The page before it.
    pub previous: Option<Cursor>,
    /// The page after it.
    pub next: Option<Cursor>,
    /// Whether a search found more than it looks at.
    pub cut: bool,
}

/// A page of the list, and how many orders each of `others` has: saved views, say. A fixed number of
/// queries, whatever the size of the shop and of the page.
pub fn page(
    conn: &mut Conn,
    wanted: &Wanted,
    known: &Known,
    totals: &StageTotals,
    others: &[Filter],
) -> Result<(Page, Vec<Count>)> {
    page_of(conn, wanted, known, totals, others, PAGE)
}

/// As [`page`], with another number of rows.
pub fn page_of(
    conn: &mut Conn,
    wanted: &Wanted,
    known: &Known,
    totals: &StageTotals,
    others: &[Filter],
    rows: usize,
) -> Result<(Page, Vec<Count>)> {
    let mut ways: Vec<Way<'_>> =
        std::iter::once(&wanted.filter).chain(others).map(|filter| Way::of(conn, filter, known, totals)).collect();
    probe(conn, &mut ways)?;
    let few = few(conn, &ways[0], wanted)?;
    let mut counts = count(conn, &ways[usize::from(few.is_some())..])?;
    let (page, count) = match few {
        Some(few) => (page_among(&few, wanted, rows), Count::Exactly(i64::try_from(few.len()).unwrap_or(i64::MAX))),
        None => (walk(conn, &ways[0], wanted, rows)?, counts.remove(0)),
    };
    let cut = ways[0].is_cut();
    Ok((finish(conn, page, wanted, count, cut, rows)?, counts))
}

/// The orders beside one in a list, wherever that order stands by now: the place of its key counts.
pub fn beside(
    conn: &mut Conn,
    wanted: &Wanted,
    known: &Known,
    totals: &StageTotals,
    order: &Order,
) -> Result<super::Neighbours> {
    let mut ways = vec![Way::of(conn, &wanted.filter, known, totals)];
    probe(conn, &mut ways)?;
    let key = key_of(order, wanted.sort, wanted.descending);
    let few = few(conn, &ways[0], wanted)?;
    let mut one = |forward| -> Result<Option<Key>> {
        let at = wanted.at(Some(Cursor { forward, key: key.clone(), place: 1 }));
        let keys = match &few {
            Some(few) => page_among(few, &at, 1),
            None => walk(conn, &ways[0], &at, 1)?,
        };
        Ok(keys.into_iter().next())
    };
    let (previous, next) = (one(false)?, one(true)?);
    let found: Vec<Key> = [&previous, &next].into_iter().flatten().cloned().collect();
    let rows = store::rows(conn, &found)?;
    let number = |key: Option<Key>| {
        let id = key?.3;
        rows.iter().find(|order| order.id.0 == id).map(|order| order.number)
    };
    Ok(super::Neighbours { previous: number(previous), next: number(next) })
}

/// The sort key of an order, as the columns of [`plan::order_columns`] make it.
fn key_of(order: &Order, sort: Sort, descending: bool) -> Key {
    let last = if descending { -1 } else { i64::MAX };
    let (first, second, text) = match sort {
        Sort::Date => (order.placed_at.0, 0, ""),
        Sort::Paid => (order.payment_sort, 0, ""),
        Sort::Total => (order.total_minor, 0, ""),
        Sort::Customer => (0, 0, order.customer_sort.as_str()),
        Sort::Age => (order.stage_entered_at.0, 0, ""),
        Sort::Stage => (order.base_rank, order.placed_at.0, ""),
        Sort::Number => (order.number, 0, ""),
        Sort::Updated => (order.updated_at.0, 0, ""),
        Sort::Due if order.base.is_open() => (order.due_at.map_or(last, |at| at.0), 0, ""),
        Sort::Due => (last, 0, ""),
    };
    Key(first, second, text.to_owned(), order.id.0)
}

/// How many orders each filter has, in two queries.
pub fn count_all(conn: &mut Conn, filters: &[Filter], known: &Known, totals: &StageTotals) -> Result<Vec<Count>> {
    let mut ways: Vec<Way<'_>> = filters.iter().map(|filter| Way::of(conn, filter, known, totals)).collect();
    probe(conn, &mut ways)?;
    count(conn, &ways)
}

fn probe(conn: &mut Conn, ways: &mut [Way<'_>]) -> Result<()> {
    Way::count_kinds(conn, ways)?;
    for way in &mut *ways {
        for (index, term) in way.terms.iter_mut().enumerate() {
            if let Term::Search(keys) = term {
                *keys = store::search(conn, way.reach, &way.search)?;
                way.found.push((index, i64::try_from(keys.len()).unwrap_or(i64::MAX)));
                keys.truncate(usize::try_from(SEARCHED).unwrap_or(usize::MAX));
            }
        }
    }
    let wanted: Vec<(usize, usize)> =
        ways.iter().enumerate().flat_map(|(at, way)| way.probes().into_iter().map(move |index| (at, index))).collect();
    let found = {
        let ways = &*ways;
        let writers: Vec<Writer<'_>> = wanted
            .iter()
            .map(|(at, index)| {
                let (way, index) = (&ways[*at], *index);
                let write: Writer<'_> =
                    Box::new(move |sql| way.terms[index].source(sql, &way.spelling, way.living, LOOKED_THROUGH + 1));
                write
            })
            .collect();
        store::counts(conn, &writers)?
    };
    for ((at, index), orders) in wanted.into_iter().zip(found) {
        ways[at].found.push((index, orders));
    }
    Ok(())
}

fn count(conn: &mut Conn, ways: &[Way<'_>]) -> Result<Vec<Count>> {
    let open: Vec<&Way<'_>> = ways.iter().filter(|way| way.known_count().is_none()).collect();
    let writers: Vec<Writer<'_>> = open
        .iter()
        .map(|way| {
            let write: Writer<'_> = Box::new(move |sql| {
                sql.put("SELECT 1 AS one");
                way.from(sql, Of::Whole(way.narrowest().0), None);
                sql.put(&format!(" LIMIT {}", COUNTED + 1));
            });
            write
        })
        .collect();
    let mut found = store::counts(conn, &writers)?.into_iter();
    Ok(ways
        .iter()
        .map(|way| {
            way.known_count().unwrap_or_else(|| {
                found.next().and_then(|orders| usize::try_from(orders).ok()).map_or(Count::Many, counted)
            })
        })
        .collect())
}

fn counted(orders: usize) -> Count {
    i64::try_from(orders).ok().filter(|orders| *orders <= COUNTED).map_or(Count::Many, Count::Exactly)
}

fn finish(conn: &mut Conn, mut keys: Vec<Key>, wanted: &Wanted, count: Count, cut: bool, rows: usize) -> Result<Page> {
    let forward = wanted.cursor.as_ref().is_none_or(|cursor| cursor.forward);
    let more = keys.len() > rows;
    keys.truncate(rows);
    if !forward {
        keys.reverse();
    }
    let at_start = wanted.cursor.is_none() || (!forward && !more);
    let first = match &wanted.cursor {
        Some(cursor) if !at_start => cursor.place,
        _ => 1,
    };
    let size = i64::try_from(rows).unwrap_or(0);
    let previous = keys.first().filter(|_| !at_start).map(|key| Cursor {
        forward: false,
        key: key.clone(),
        place: (first - size).max(1),
    });
    // A first page with nothing after it tells how many there are.
    let count = match wanted.cursor {
        None if !more => Count::Exactly(i64::try_from(keys.len()).unwrap_or(i64::MAX)),
        _ => count,
    };
    let has_next = if forward { more } else { true };
    let next = keys.last().filter(|_| has_next).map(|key| Cursor {
        forward: true,
        key: key.clone(),
        place: first + i64::try_from(keys.len()).unwrap_or(0),
    });
    Ok(Page { orders: store::rows(conn, &keys)?, first, count, previous, next, cut })
}

impl Wanted {
    /// Whether the walk through the index goes from large to small: time in a stage is long where the
    /// instant is small, and a page before a place is walked backwards.
    fn walks_down(&self) -> bool {
        let down = if self.sort == Sort::Age { !self.descending } else { self.descending };
        let back = self.cursor.as_ref().is_some_and(|cursor| !cursor.forward);
        down != back
    }
}
