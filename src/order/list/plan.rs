//! How a list is looked up: the SQL of its conditions, and which of them is few enough to begin with.
//! Text in, text out; the store runs it.

use super::super::status::{PaymentStatus, payment_span};
use super::filter::{AGES, Archived, Assignee, Due, Filter, Known, Sort};
use crate::words;
use crate::workflow::Base;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
}

/// What the two databases spell differently.
#[derive(Clone, Debug)]
pub struct Spelling {
    /// Stands before a column whose index should not be used.
    pub guard: &'static str,
    /// Stands between a table and the index it is to be read by, where the choice can be made for it.
    pub by_index: &'static str,
    /// Beginning and end of what makes rows of the numbers of a JSON array.
    pub numbers: (&'static str, &'static str),
}

/// A statement being written.
#[derive(Clone, Debug, Default)]
pub struct Sql {
    /// Its text, with `$1`, `$2` …
    pub text: String,
    /// What is bound.
    pub binds: Vec<Bind>,
}

impl Sql {
    /// Adds text.
    pub fn put(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }
    /// Adds a bound value.
    pub fn bind(&mut self, value: Bind) -> &mut Self {
        self.binds.push(value);
        self.text.push_str(&format!("${}", self.binds.len()));
        self
    }
    /// Adds a list of bound values in brackets.
    pub fn list(&mut self, values: &[Bind]) -> &mut Self {
        self.put("(");
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                self.put(", ");
            }
            self.bind(value.clone());
        }
        self.put(")")
    }
}

/// Orders found by search at the most: the newest of them.
pub const SEARCHED: i64 = 1_000;
/// Matches of one condition that are few: sorting them costs less than walking past everything else.
pub const FEW: i64 = 2_000;
/// Matches of one condition that are looked through for those that meet the others too, before an index is walked to its
/// end: conditions that many orders meet may be met together by none.
pub const LOOKED_THROUGH: i64 = 30_000;
/// Orders that a walk may pass over before something else is tried, where there is something else.
pub const STRETCH: i64 = 2_000;

/// One condition of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// A column holds one of these, or none of them.
    Among { column: &'static str, values: Vec<Bind>, not: bool },
    /// A column lies in a half-open range.
    Range { column: &'static str, from: Option<i64>, until: Option<i64> },
    /// A fixed condition.
    Fixed(&'static str),
    /// A condition that a row of another table fulfils: table, its order column, its value column.
    Beside { table: &'static str, column: &'static str, values: Vec<Bind> },
    /// Late, or due before an instant, and still in the house.
    DueBefore(i64),
    /// An open hold for one of these reasons, in one of these stages.
    Held { stages: Vec<Bind>, reasons: Vec<Bind> },
    /// The words of a search, with the keys of what they found once it was looked up.
    Search(Vec<i64>),
}

fn texts<T: AsRef<str>>(values: &[T]) -> Vec<Bind> {
    values.iter().map(|value| Bind::Text(value.as_ref().to_owned())).collect()
}

/// Every condition of a filter but that on the stage.
pub fn terms(filter: &Filter, known: &Known) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut among = |column, values: Vec<Bind>, not| {
        if !values.is_empty() {
            terms.push(Term::Among { column, values, not });
        }
    };
    let channels = |slugs: &[String]| -> Vec<Bind> {
        let all = known.markets.channels.iter();
        all.filter(|channel| slugs.contains(&channel.slug)).map(|channel| Bind::Int(channel.id.0)).collect()
    };
    let payments: Vec<&str> = filter.payments.iter().map(|status| status.as_str()).collect();
    let fulfilments: Vec<&str> = filter.fulfilments.iter().map(|status| status.as_str()).collect();
    among("payment_status", texts(&payments), false);
    among("fulfilment_status", texts(&fulfilments), false);
    among("channel_id", channels(&filter.channels), false);
    among("channel_id", channels(&filter.not_channels), true);
    let markets = known.markets.markets.iter().filter(|market| filter.markets.contains(&market.slug));
    among("user_ref", texts(&filter.users), false);
    among("market_id", markets.map(|market| Bind::Int(market.id.0)).collect(), false);
    if filter.total_min.is_some() || filter.total_max.is_some() {
        among("currency", texts(&[known.currency().code()]), false);
    }
    let within: Option<Vec<Bind>> =
        known.reach.markets().map(|markets| markets.iter().map(|market| Bind::Int(market.0)).collect());
    among("market_id", within.clone().unwrap_or_default(), false);
    if within.is_some_and(|markets| markets.is_empty()) {
        terms.push(Term::Fixed("1 = 0"));
    }
    match (filter.search.is_empty(), words::wanted(&filter.search).is_empty()) {
        (true, _) => {}
        // Nothing is called by punctuation alone.
        (false, true) => terms.push(Term::Fixed("1 = 0")),
        (false, false) => terms.push(Term::Search(Vec::new())),
    }
    if !filter.tags.is_empty() {
        terms.push(Term::Beside { table: "order_tags", column: "tag", values: texts(&filter.tags) });
    }
    if !filter.skus.is_empty() {
        terms.push(Term::Beside { table: "order_lines", column: "sku", values: texts(&filter.skus) });
    }
    terms.extend(ranges(filter, known));
    terms.extend(flags(filter, known));
    terms
}

fn ranges(filter: &Filter, known: &Known) -> Vec<Term> {
    let mut terms = Vec::new();
    if filter.total_min.is_some() || filter.total_max.is_some() {
        let until = filter.total_max.map(|most| most.saturating_add(1));
        terms.push(Term::Range { column: "total_minor", from: filter.total_min, until });
    }
    if let Some(placed) = filter.placed {
        let (from, until) = placed.range(known.now, known.zone());
        terms.push(Term::Range { column: "placed_at", from: from.map(|at| at.0), until: until.map(|at| at.0) });
    }
    if let Some((from, until)) = filter.placed_between {
        terms.push(Term::Range { column: "placed_at", from: from.map(|at| at.0), until: until.map(|at| at.0) });
    }
    if let Some(since) = filter.updated_since {
        terms.push(Term::Range { column: "updated_at", from: Some(since.0), until: None });
    }
    if let Some((_, _, least, most)) = filter.age.and_then(|index| AGES.get(index)) {
        let ago = |hours: i64| known.now.plus_minutes(-60 * hours).0;
        terms.push(Term::Range {
            column: "stage_entered_at",
            from: Some(ago(*most) + 1),
            until: Some(ago(*least) + 1),
        });
    }
    match filter.due {
        Some(Due::Late) => terms.push(Term::DueBefore(known.now.0)),
        Some(Due::Today) => {
            let zone = known.zone();
            let tomorrow = known.now.local_day(zone).succ_opt().map(|day| crate::time::start_of_day(day, zone));
            terms.push(Term::DueBefore(tomorrow.unwrap_or(known.now).0));
        }
        None => {}
    }
    terms
}

fn flags(filter: &Filter, known: &Known) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut flag = |wanted: Option<bool>, yes: &'static str, no: &'static str| {
        if let Some(wanted) = wanted {
            terms.push(Term::Fixed(if wanted { yes } else { no }));
        }
    };
    flag(filter.printed, "printed_at IS NOT NULL", "printed_at IS NULL");
    flag(filter.noted, "note_count > 0", "note_count = 0");
    flag(filter.gift, "gift", "NOT gift");
    flag(filter.unread, "unread_count > 0", "unread_count = 0");
    flag(filter.awaiting, "asked_at IS NOT NULL", "asked_at IS NULL");
    match filter.assignee {
        Some(Assignee::Me) => {
            terms.push(Term::Among { column: "assignee_id", values: vec![Bind::Int(known.me.0)], not: false });
        }
        Some(Assignee::Nobody) => terms.push(Term::Fixed("assignee_id IS NULL")),
        None => {}
    }
    if !filter.holds.is_empty() {
        let held = known.stages.iter().filter(|stage| stage.base == Base::OnHold);
        let stages = held.map(|stage| Bind::Text(stage.slug.clone())).collect();
        terms.push(Term::Held { stages, reasons: texts(&filter.holds) });
    }
    terms
}

impl Term {
    /// Whether an index finds its orders, so that it is worth knowing how many they are. Some indexes
    /// hold the living alone.
    pub fn is_indexed(&self, living: bool) -> bool {
        match self {
            Term::Among { column, not, .. } => !not && ["assignee_id", "user_ref"].contains(column),
            Term::Range { column, .. } => ["placed_at", "updated_at"].contains(column) || living,
            Term::Fixed(text) => ["unread_count > 0", "asked_at IS NOT NULL"].contains(text),
            Term::Beside { .. } | Term::DueBefore(_) | Term::Search(_) => true,
            Term::Held { .. } => true,
        }
    }
    /// Whether its source finds what it means and nothing else, so that its count is that of the list.
    pub fn source_is_exact(&self) -> bool {
        !matches!(self, Term::Search(_) | Term::Beside { .. } | Term::Held { .. })
    }
    /// The index that holds the orders of this condition and no others.
    fn own_index(&self) -> Option<&'static str> {
        match self {
            Term::Fixed("unread_count > 0") => Some("orders_unread"),
            Term::Fixed("asked_at IS NOT NULL") => Some("orders_awaiting"),
            _ => None,
        }
    }
    /// Writes the condition on `orders`. Guarded, its index is left alone.
    pub fn condition(&self, sql: &mut Sql, spelling: &Spelling, guarded: bool) {
        let guard = if guarded { spelling.guard } else { "" };
        match self {
            Term::Among { column, values, not } => {
                if *column == "user_ref" {
                    // Its index holds no guests.
                    sql.put(guard).put("user_ref <> '' AND ");
                }
                sql.put(guard).put(column).put(if *not { " NOT IN " } else { " IN " }).list(values);
            }
            Term::Range { column, from, until } => {
                let mut parts = Vec::new();
                if let Some(from) = from {
                    parts.push((" >= ", *from));
                }
                if let Some(until) = until {
                    parts.push((" < ", *until));
                }
                if parts.is_empty() {
                    sql.put("1 = 1");
                }
                for (index, (compare, value)) in parts.into_iter().enumerate() {
                    sql.put(if index > 0 { " AND " } else { "" });
                    sql.put(guard).put(column).put(compare).bind(Bind::Int(value));
                }
            }
            Term::Fixed(text) if guarded && !text.starts_with("NOT") => {
                sql.put(guard).put(text);
            }
            Term::Fixed(text) => {
                sql.put(text);
            }
            Term::Beside { table, column, values } => {
                sql.put("EXISTS (SELECT 1 FROM ")
                    .put(table)
                    .put(" AS beside WHERE beside.order_id = orders.id AND beside.");
                sql.put(column).put(" IN ").list(values).put(")");
            }
            Term::DueBefore(at) => {
                sql.put(guard).put("base_rank <= 5 AND ").put(guard).put("due_at IS NOT NULL AND ");
                sql.put(guard).put("due_at < ").bind(Bind::Int(*at));
            }
            Term::Held { stages, reasons } => {
                sql.put(guard).put("orders.stage IN ").list(stages);
                sql.put(" AND EXISTS (SELECT 1 FROM holds WHERE holds.order_id = orders.id ");
                sql.put("AND holds.released_at IS NULL AND holds.reason IN ").list(reasons).put(")");
            }
            Term::Search(found) => {
                sql.put("orders.id IN (");
                numbers(sql, spelling, found);
                sql.put(")");
            }
        }
    }
    /// Writes where orders of these payment statuses begin and end in the order of payment completion, so that a
    /// walk in that order begins and ends there.
    pub fn put_payment_span(&self, sql: &mut Sql) {
        let Term::Among { column: "payment_status", values, not: false } = self else { return };
        let spans = values.iter().map(|value| match value {
            Bind::Text(status) => PaymentStatus::parse(status).map(payment_span),
            Bind::Int(_) => None,
        });
        let Some(spans) = spans.collect::<Option<Vec<_>>>() else { return };
        if let Some(from) = spans.iter().map(|span| *span.start()).min() {
            sql.put(" AND payment_sort >= ").bind(Bind::Int(from));
        }
        if let Some(until) = spans.iter().map(|span| *span.end()).max().filter(|until| *until < i64::MAX) {
            sql.put(" AND payment_sort <= ").bind(Bind::Int(until));
        }
    }
    /// Writes the query for the ids of its orders, `limit` at the most.
    pub fn source(&self, sql: &mut Sql, spelling: &Spelling, living: bool, limit: i64) {
        match self {
            Term::Beside { table, column, values } => {
                sql.put("SELECT DISTINCT order_id AS id FROM ").put(table).put(" WHERE ").put(column);
                sql.put(" IN ").list(values).put(&format!(" LIMIT {limit}"));
            }
            Term::Search(found) => {
                sql.put("SELECT value AS id FROM (");
                numbers(sql, spelling, found);
                sql.put(") AS found");
            }
            Term::Held { reasons, .. } => {
                sql.put("SELECT DISTINCT order_id AS id FROM holds WHERE released_at IS NULL AND reason IN ");
                sql.list(reasons).put(&format!(" LIMIT {limit}"));
            }
            other => {
                sql.put("SELECT id FROM orders");
                // Without statistics SQLite takes any index of the living for these.
                if let Some(index) = other.own_index()
                    && !spelling.by_index.is_empty()
                {
                    sql.put(spelling.by_index).put(index);
                }
                sql.put(" WHERE ");
                if living {
                    sql.put("base_rank < 12 AND ");
                }
                other.condition(sql, spelling, false);
                sql.put(&format!(" LIMIT {limit}"));
            }
        }
    }
}

fn numbers(sql: &mut Sql, spelling: &Spelling, values: &[i64]) {
    let texts: Vec<String> = values.iter().map(i64::to_string).collect();
    sql.put(spelling.numbers.0).bind(Bind::Text(format!("[{}]", texts.join(",")))).put(spelling.numbers.1);
}

/// A part of the list that one index walks in the wanted order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// All that is not put away, or some stages of it.
    Living(Option<Vec<String>>),
    /// One stage, with the rank of its base.
    Stage(String, i64),
}

/// The parts of a list.
pub fn parts(filter: &Filter, known: &Known) -> Vec<Part> {
    let listed = filter.listed_stages(&known.stages);
    let away = |slug: &String| known.stages.find(slug).is_some_and(|stage| stage.base == Base::Archived);
    let rank = |slug: &String| known.stages.find(slug).map_or(0, |stage| stage.base.rank());
    let (put_away, living): (Vec<String>, Vec<String>) = listed.into_iter().partition(away);
    let mut parts = Vec::new();
    match living.as_slice() {
        [] => {}
        [only] => parts.push(Part::Stage(only.clone(), rank(only))),
        some => {
            let all = filter.stages.is_empty() && filter.archived != Archived::Only;
            parts.push(Part::Living((!all).then(|| some.to_vec())));
        }
    }
    parts.extend(put_away.into_iter().map(|slug| Part::Stage(slug, Base::Archived.rank())));
    parts
}

/// The parts of a list sorted by stage: every stage by itself, in the order of its base.
pub fn stage_parts(filter: &Filter, known: &Known) -> Vec<Part> {
    let listed = filter.listed_stages(&known.stages);
    let mut parts: Vec<(i64, String)> = known
        .stages
        .iter()
        .filter(|stage| listed.contains(&stage.slug))
        .map(|stage| (stage.base.rank(), stage.slug.clone()))
        .collect();
    parts.sort();
    parts.into_iter().map(|(rank, slug)| Part::Stage(slug, rank)).collect()
}

/// The columns a list is ordered by, before the id.
pub fn order_columns(sort: Sort, descending: bool, part: Option<&Part>) -> Vec<&'static str> {
    match sort {
        Sort::Date => vec!["placed_at"],
        Sort::Paid => vec!["payment_sort"],
        Sort::Total => vec!["total_minor"],
        Sort::Customer => vec!["customer_sort"],
        Sort::Age => vec!["stage_entered_at"],
        // Within one stage the rank is the same for all.
        Sort::Stage if matches!(part, Some(Part::Stage(..))) => vec!["placed_at"],
        Sort::Stage => vec!["base_rank", "placed_at"],
        Sort::Number => vec!["number"],
        Sort::Updated => vec!["updated_at"],
        Sort::Due if descending => vec!["(CASE WHEN base_rank <= 5 THEN COALESCE(due_at, -1) ELSE -1 END)"],
        Sort::Due => {
            vec!["(CASE WHEN base_rank <= 5 THEN COALESCE(due_at, 9223372036854775807) ELSE 9223372036854775807 END)"]
        }
    }
}
