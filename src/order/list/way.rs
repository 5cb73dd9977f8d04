//! How one filter will be looked up: what its list begins with, and whether its orders are fetched or walked.

use super::filter::{Filter, Known, Sort};
use super::plan::{self, Bind, FEW, LOOKED_THROUGH, Part, SEARCHED, STRETCH, Spelling, Sql, Term};
use super::store::Writer;
use super::{Count, PAGE, StageTotals, kinds, store};
use crate::db::Conn;
use crate::error::Result;
use crate::reach::Reach;
use crate::workflow::Base;

/// How one filter will be looked up.
pub(super) struct Way<'a> {
    filter: &'a Filter,
    pub(super) terms: Vec<Term>,
    pub(super) parts: Vec<Part>,
    /// Every listed stage by itself.
    pub(super) stages: Vec<Part>,
    pub(super) living: bool,
    pub(super) spelling: Spelling,
    /// The words that are searched for: an order's number without the prefix of its market.
    pub(super) search: String,
    /// Where they are searched for.
    pub(super) reach: &'a Reach,
    /// Its stages with their orders.
    in_stages: Vec<(String, i64)>,
    /// Its stages with those of their orders that meet every condition that kinds know; the others have none.
    in_kinds: Vec<(String, i64)>,
    /// Orders among which they are walked: all that are not put away.
    among: i64,
    /// How many orders meet each indexed condition, up to one more than [`LOOKED_THROUGH`].
    pub(super) found: Vec<(usize, i64)>,
}

impl<'a> Way<'a> {
    pub(super) fn of(conn: &Conn, filter: &'a Filter, known: &'a Known, totals: &StageTotals) -> Self {
        let in_stages: Vec<(String, i64)> =
            filter.listed_stages(&known.stages).into_iter().map(|slug| (slug.clone(), totals.of(&slug))).collect();
        Way {
            terms: plan::terms(filter, known),
            parts: plan::parts(filter, known),
            stages: plan::stage_parts(filter, known),
            living: !filter.lists_archived(&known.stages),
            spelling: store::spelling(conn),
            search: known.searched(&filter.search),
            reach: &known.reach,
            in_kinds: in_stages.clone(),
            in_stages,
            among: totals.sum(&Filter::default().listed_stages(&known.stages)),
            found: Vec::new(),
            filter,
        }
    }
    /// Looks up how many orders meet the conditions of ways that kinds know, in one question for all of them.
    pub(super) fn count_kinds(conn: &mut Conn, ways: &mut [Way<'_>]) -> Result<()> {
        let asks = |way: &Way<'_>| !way.in_stages.is_empty() && way.kind_terms().next().is_some();
        let asked: Vec<usize> = (0..ways.len()).filter(|at| asks(&ways[*at])).collect();
        let mut found = {
            let writers: Vec<Writer<'_>> = asked
                .iter()
                .map(|at| -> Writer<'_> {
                    let way = &ways[*at];
                    Box::new(move |sql| kinds::put_counts(sql, &way.slugs(None), way.kind_terms()))
                })
                .collect();
            store::in_stages(conn, &writers)?
        };
        asked.into_iter().for_each(|at| ways[at].in_kinds = found.remove(0));
        Ok(())
    }
    /// The conditions that kinds know.
    fn kind_terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|term| kinds::know(term))
    }
    /// Whether kinds know every condition, and so how many orders there are.
    pub(super) fn is_of_kinds(&self) -> bool {
        self.terms.iter().all(kinds::know)
    }
    /// Orders that meet all that kinds know, of a part of the list or of all of it.
    pub(super) fn in_kinds(&self, part: Option<&Part>) -> i64 {
        let slugs = self.slugs(part);
        self.in_kinds.iter().filter(|(slug, _)| slugs.contains(slug)).map(|(_, orders)| orders).sum()
    }
    /// The stages of a part, or all.
    fn slugs(&self, part: Option<&Part>) -> Vec<String> {
        let put_away = |slug: &String| self.parts.iter().any(|part| matches!(part, Part::Stage(own, _) if own == slug));
        match part {
            Some(Part::Stage(slug, _)) => vec![slug.clone()],
            Some(Part::Living(Some(some))) => some.clone(),
            Some(Part::Living(None)) => {
                self.in_stages.iter().map(|(slug, _)| slug.clone()).filter(|slug| !put_away(slug)).collect()
            }
            None => self.in_stages.iter().map(|(slug, _)| slug.clone()).collect(),
        }
    }
    /// Conditions worth counting: none if there are few orders anyway.
    pub(super) fn probes(&self) -> Vec<usize> {
        let all = self.terms.iter().enumerate().filter(|(_, term)| term.is_indexed(self.living));
        let worth = |term: &Term| match term {
            // Found already.
            Term::Search(_) => false,
            Term::Beside { .. } => true,
            _ => self.in_kinds(None) > FEW,
        };
        all.filter(|(_, term)| worth(term)).map(|(index, _)| index).collect()
    }
    /// What fewest orders are known of: a condition, or all that kinds know together.
    pub(super) fn narrowest(&self) -> (Begin, i64) {
        let kinds = (Begin::Kinds, self.in_kinds(None));
        let found = self.found.iter().map(|(index, orders)| (Begin::Term(*index), *orders));
        found.chain([kinds]).min_by_key(|(_, orders)| *orders).unwrap_or(kinds)
    }
    /// What the whole list is fetched by before anything is walked: what few orders meet.
    pub(super) fn fetched_by(&self, sort: Sort) -> Option<Begin> {
        self.looked_through(sort).filter(|(_, orders)| *orders <= FEW).map(|(begin, _)| begin)
    }
    /// What is looked through for the whole list rather than walking past others for long, and how many orders that is.
    /// Of what only kinds know, each part is decided upon by itself.
    pub(super) fn looked_through(&self, sort: Sort) -> Option<(Begin, i64)> {
        let (begin, orders) = self.narrowest();
        let passes_over_others = match begin {
            // An index has its orders in the wanted order, so the walk passes over nothing else.
            Begin::Term(index) => !self.is_led_by(index, sort),
            Begin::Kinds => orders < self.parts.iter().map(|part| self.walked(part, sort)).sum(),
        };
        (!self.is_of_kinds() && passes_over_others && orders <= LOOKED_THROUGH).then_some((begin, orders))
    }
    /// Orders that a walk through a part of the list passes over at the most.
    fn walked(&self, part: &Part, sort: Sort) -> i64 {
        let own = |slug| self.in_stages.iter().filter(|(own, _)| own == slug).map(|(_, orders)| orders).sum::<i64>();
        match part {
            Part::Stage(slug, _) if !is_among_others(part, Some(sort)) => own(slug),
            Part::Stage(slug, rank) if *rank == Base::Archived.rank() => self.among + own(slug),
            Part::Stage(..) | Part::Living(_) => self.among,
        }
    }
    /// How a part of the list is looked up, one attempt after the other until the page is full; not at all if nothing
    /// is in it. If the last one is a stretch, the whole list can be looked through.
    pub(super) fn attempts<'p>(&self, part: &'p Part, sort: Sort) -> Vec<Of<'p>> {
        let (orders, walked) = (self.in_kinds(Some(part)), self.walked(part, sort));
        let is_led = self.terms.len() == 1 && self.is_led_by(0, sort);
        let whole = self.looked_through(sort);
        let by_kinds =
            !is_led && orders < walked && orders <= LOOKED_THROUGH && whole.is_none_or(|(_, fewer)| orders <= fewer);
        let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
        match orders {
            0 => Vec::new(),
            // So many a walk passes over anyway.
            _ if by_kinds && orders * orders < page.saturating_mul(walked) => vec![Of::Kinds(part)],
            _ if is_led || walked <= STRETCH => vec![Of::Part(part)],
            _ if by_kinds => vec![Of::Stretch(part), Of::Kinds(part)],
            _ if whole.is_some() => vec![Of::Stretch(part)],
            _ => vec![Of::Part(part)],
        }
    }
    /// Whether this condition alone leads an index in the wanted order through the living.
    fn is_led_by(&self, index: usize, sort: Sort) -> bool {
        let leading = self.terms.iter().filter(|term| leads(term, Some(sort))).count();
        let through_the_living = sort != Sort::Stage && matches!(self.parts.as_slice(), [Part::Living(_)]);
        leading == 1 && leads(&self.terms[index], Some(sort)) && through_the_living
    }
    pub(super) fn is_cut(&self) -> bool {
        self.found.iter().any(|(index, orders)| matches!(self.terms[*index], Term::Search(_)) && *orders > SEARCHED)
    }
    /// The count, where it is known without asking again.
    pub(super) fn known_count(&self) -> Option<Count> {
        if self.is_of_kinds() {
            return Some(Count::Exactly(self.in_kinds(None)));
        }
        if self.parts.is_empty() {
            return Some(Count::Exactly(0));
        }
        if let ([(_, orders)], [term], [Part::Living(None)]) =
            (self.found.as_slice(), self.terms.as_slice(), self.parts.as_slice())
            && self.living
            && term.source_is_exact()
        {
            return Some(if *orders > LOOKED_THROUGH { Count::Many } else { Count::Exactly(*orders) });
        }
        if self.narrowest().1 <= FEW {
            return None;
        }
        let all_counted = self.found.len() == self.terms.len() && self.terms.len() == 1;
        let whole = self.filter.stages.is_empty();
        Some(if all_counted && whole { Count::Many } else { Count::Unknown })
    }
    /// Writes `FROM … WHERE …` for a part of the list, or for all of it at once, beginning with a condition.
    pub(super) fn from(&self, sql: &mut Sql, of: Of<'_>, sort: Option<Sort>) {
        // An index of what is promised and still in the house knows the stage as well, so that counting
        // looks at nothing else.
        let due = self.terms.iter().position(|term| matches!(term, Term::DueBefore(_)));
        let has_kinds = self.kind_terms().next().is_some();
        let begins_with_due = match of {
            Of::Whole(Begin::Kinds) => due.is_some() && !has_kinds,
            Of::Whole(Begin::Term(index)) => due == Some(index),
            Of::Part(_) | Of::Stretch(_) | Of::Kinds(_) => false,
        };
        let mut asked_already: Option<fn(&Term) -> bool> = None;
        match of {
            Of::Whole(_) if begins_with_due => {
                sql.put(" FROM orders WHERE ");
                self.put_stages(sql, true);
            }
            Of::Whole(Begin::Term(index)) => {
                sql.put(" FROM (");
                self.terms[index].source(sql, &self.spelling, self.living, LOOKED_THROUGH + 1);
                sql.put(") AS pick CROSS JOIN orders WHERE orders.id = pick.id AND ");
                self.put_stages(sql, true);
                // A search is looked up once, where it is what the list begins with.
                if matches!(self.terms[index], Term::Search(_)) {
                    asked_already = Some(|term| matches!(term, Term::Search(_)));
                }
            }
            Of::Whole(Begin::Kinds) if !has_kinds => {
                sql.put(" FROM orders WHERE ");
                self.put_stages(sql, false);
            }
            Of::Kinds(part) if !has_kinds => {
                let slugs: Vec<Bind> = self.slugs(Some(part)).into_iter().map(Bind::Text).collect();
                sql.put(" FROM orders WHERE stage IN ").list(&slugs);
            }
            Of::Whole(Begin::Kinds) | Of::Kinds(_) => {
                let part = if let Of::Kinds(part) = of { Some(part) } else { None };
                kinds::put_orders(sql, &self.spelling, &self.slugs(part), self.kind_terms());
                asked_already = Some(kinds::know);
            }
            Of::Part(part) | Of::Stretch(part) => {
                self.put_walk(sql, part, sort);
                self.put_passed(sql, part, sort);
                return;
            }
        }
        for (index, term) in self.terms.iter().enumerate() {
            if asked_already.is_some_and(|asked| asked(term)) {
                continue;
            }
            sql.put(" AND ");
            term.condition(sql, &self.spelling, !(begins_with_due && due == Some(index)));
        }
    }
    /// Writes `FROM … WHERE …` for what an index of this order walks through.
    pub(super) fn put_walk(&self, sql: &mut Sql, part: &Part, sort: Option<Sort>) {
        sql.put(" FROM orders WHERE ");
        match part {
            Part::Stage(slug, _) if !is_among_others(part, sort) => {
                sql.put("stage = ").bind(Bind::Text(slug.clone()));
            }
            Part::Stage(_, rank) if *rank == Base::Archived.rank() => {
                sql.put("1 = 1");
            }
            Part::Stage(..) | Part::Living(_) => {
                sql.put("base_rank < 12");
            }
        }
        for term in &self.terms {
            if leads(term, sort) {
                sql.put(" AND ");
                term.condition(sql, &self.spelling, false);
            }
            if sort == Some(Sort::Paid) {
                term.put_payment_span(sql);
            }
        }
    }
    /// Writes the conditions that others are passed over by, on a walk.
    pub(super) fn put_passed(&self, sql: &mut Sql, part: &Part, sort: Option<Sort>) {
        let guard = self.spelling.guard;
        match part {
            Part::Stage(slug, _) if is_among_others(part, sort) => {
                sql.put(" AND ").put(guard).put("stage = ").bind(Bind::Text(slug.clone()));
            }
            Part::Living(Some(stages)) => {
                let values: Vec<Bind> = stages.iter().cloned().map(Bind::Text).collect();
                sql.put(" AND ").put(guard).put("stage IN ").list(&values);
            }
            Part::Stage(..) | Part::Living(None) => {}
        }
        for term in self.terms.iter().filter(|term| !leads(term, sort)) {
            sql.put(" AND ");
            term.condition(sql, &self.spelling, true);
        }
    }
    fn put_stages(&self, sql: &mut Sql, guarded: bool) {
        let guard = if guarded { self.spelling.guard } else { "" };
        if self.parts.contains(&Part::Living(None)) {
            let away = self.parts.iter().any(|part| matches!(part, Part::Stage(..)));
            sql.put(if away { "1 = 1" } else { "base_rank < 12" });
            return;
        }
        sql.put(guard).put("stage IN ").list(&self.slugs(None).into_iter().map(Bind::Text).collect::<Vec<_>>());
    }
}

/// Whether a stage is walked among others: no index has the time left or the last change of one stage alone.
fn is_among_others(part: &Part, sort: Option<Sort>) -> bool {
    matches!((part, sort), (Part::Stage(..), Some(Sort::Due | Sort::Updated)))
}

/// What a list begins with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    /// The orders of one condition, by its place among them.
    Term(usize),
    /// The orders of its kinds, or of its stages where no condition is known to kinds.
    Kinds,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// The whole list.
    Whole(Begin),
    /// A part of it, which one index walks.
    Part(&'a Part),
    /// The beginning of such a walk.
    Stretch(&'a Part),
    /// A part of it, kind by kind.
    Kinds(&'a Part),
}

impl<'a> Of<'a> {
    /// Which part.
    pub(super) fn part(self) -> Option<&'a Part> {
        match self {
            Of::Whole(_) => None,
            Of::Part(part) | Of::Stretch(part) | Of::Kinds(part) => Some(part),
        }
    }
}

/// Whether an index has this condition before the wanted order, or in it, so that both are had from it.
fn leads(term: &Term, sort: Option<Sort>) -> bool {
    match (term, sort) {
        (Term::Range { column, .. }, Some(sort)) => matches!(
            (*column, sort),
            ("placed_at", Sort::Date)
                | ("total_minor", Sort::Total)
                | ("stage_entered_at", Sort::Age)
                | ("updated_at", Sort::Updated)
        ),
        (Term::Among { column, values, not: false }, Some(Sort::Date)) => {
            values.len() == 1 && ["payment_status", "fulfilment_status", "channel_id", "assignee_id"].contains(column)
        }
        (Term::Fixed(text), Some(Sort::Date)) => matches!(*text, "note_count > 0" | "gift" | "unread_count > 0"),
        _ => false,
    }
}
