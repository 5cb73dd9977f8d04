//! How one filter will be looked up: what its list begins with, and whether its orders are fetched or walked.

use super::filter::{Filter, Known, Sort};
use super::plan::{self, Bind, FEW, LOOKED_THROUGH, Part, SEARCHED, Spelling, Sql, Term};
use super::{COUNTED, Count, StageTotals, store};
use crate::db::Conn;
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
    /// Orders in its stages.
    pub(super) in_stages: i64,
    /// Orders among which they are walked: all that are not put away.
    among: i64,
    /// How many orders meet each indexed condition, up to one more than [`Way::counted_to`].
    pub(super) found: Vec<(usize, i64)>,
}

impl<'a> Way<'a> {
    pub(super) fn of(conn: &Conn, filter: &'a Filter, known: &'a Known, totals: &StageTotals) -> Self {
        Way {
            terms: plan::terms(filter, known),
            parts: plan::parts(filter, known),
            stages: plan::stage_parts(filter, known),
            living: !filter.lists_archived(&known.stages),
            spelling: store::spelling(conn),
            search: known.searched(&filter.search),
            reach: &known.reach,
            in_stages: totals.sum(&filter.listed_stages(&known.stages)),
            among: totals.sum(&Filter::default().listed_stages(&known.stages)),
            found: Vec::new(),
            filter,
        }
    }
    /// Conditions worth counting: none if the stages hold few anyway.
    pub(super) fn probes(&self) -> Vec<usize> {
        let all = self.terms.iter().enumerate().filter(|(_, term)| term.is_indexed(self.living));
        let worth = |term: &Term| match term {
            // Found already.
            Term::Search(_) => false,
            Term::Beside { .. } => true,
            _ => self.in_stages > FEW,
        };
        all.filter(|(_, term)| worth(term)).map(|(index, _)| index).collect()
    }
    /// How far the orders of a condition are counted.
    pub(super) fn counted_to(&self) -> i64 {
        if self.terms.len() > 1 { LOOKED_THROUGH } else { FEW }
    }
    /// The condition that fewest orders meet, if they are few.
    pub(super) fn narrowest(&self) -> Option<(usize, i64)> {
        self.found.iter().copied().filter(|(_, orders)| *orders <= FEW).min_by_key(|(_, orders)| *orders)
    }
    /// What is looked through before anything is walked, where there is more than one condition and none is met
    /// by few: a condition, or the stages themselves.
    pub(super) fn looked_through(&self, sort: Sort) -> Option<Begin> {
        // The walk through one stage passes over nothing else, where it has an index of that order.
        let is_walked_alone = matches!(self.parts.as_slice(), [Part::Stage(..)]) && !is_walked_among_all(sort);
        let walked = if is_walked_alone { self.in_stages } else { self.among };
        if walked <= LOOKED_THROUGH {
            return None;
        }
        let narrowest = self.found.iter().min_by_key(|(_, orders)| *orders);
        let narrowest = narrowest.filter(|(_, orders)| self.terms.len() > 1 && *orders <= LOOKED_THROUGH);
        match narrowest {
            Some((index, orders)) if *orders < self.in_stages => Some(Begin::Term(*index)),
            _ if self.in_stages <= LOOKED_THROUGH && !self.terms.is_empty() => Some(Begin::Stages),
            _ => None,
        }
    }
    /// What the whole list begins with.
    pub(super) fn begin(&self) -> Begin {
        self.narrowest().map_or(Begin::Stages, |(index, _)| Begin::Term(index))
    }
    /// Whether this condition alone leads an index in the wanted order through the living.
    pub(super) fn is_led_by(&self, index: usize, sort: Sort) -> bool {
        let leading = self.terms.iter().filter(|term| leads(term, Some(sort))).count();
        let through_the_living = sort != Sort::Stage && matches!(self.parts.as_slice(), [Part::Living(_)]);
        leading == 1 && leads(&self.terms[index], Some(sort)) && through_the_living
    }
    fn is_few(&self) -> bool {
        self.in_stages <= FEW || self.narrowest().is_some()
    }
    pub(super) fn is_cut(&self) -> bool {
        self.found.iter().any(|(index, orders)| matches!(self.terms[*index], Term::Search(_)) && *orders > SEARCHED)
    }
    /// The count, where it is known without asking again.
    pub(super) fn known_count(&self) -> Option<Count> {
        if self.filter.is_only_stages() {
            return Some(Count::Exactly(self.in_stages));
        }
        if self.parts.is_empty() {
            return Some(Count::Exactly(0));
        }
        if let ([(_, orders)], [term], [Part::Living(None)]) =
            (self.found.as_slice(), self.terms.as_slice(), self.parts.as_slice())
            && self.living
            && term.source_is_exact()
        {
            return Some(if *orders > COUNTED { Count::Many } else { Count::Exactly(*orders) });
        }
        if self.is_few() {
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
        let (part, narrowest) = match of {
            Of::Part(part) => (Some(part), None),
            Of::Whole(Begin::Term(index)) => (None, Some(index)),
            Of::Whole(Begin::Stages) => (None, None),
        };
        let begins_with_due = part.is_none() && due.is_some() && narrowest.is_none_or(|index| Some(index) == due);
        match (part, narrowest) {
            (None, _) if begins_with_due => {
                sql.put(" FROM orders WHERE ");
                self.stages(sql, true);
            }
            (None, Some(index)) => {
                sql.put(" FROM (");
                self.terms[index].source(sql, &self.spelling, self.living, LOOKED_THROUGH + 1);
                sql.put(") AS pick CROSS JOIN orders WHERE orders.id = pick.id AND ");
                self.stages(sql, true);
            }
            (None, None) => {
                sql.put(" FROM orders WHERE ");
                self.stages(sql, false);
            }
            (Some(Part::Stage(slug, rank)), _) => {
                // No index knows the time left or the last change within a stage; the one of all is walked.
                let guarded = sort.is_some_and(is_walked_among_all);
                sql.put(" FROM orders WHERE ");
                if guarded && *rank < Base::Archived.rank() {
                    sql.put("base_rank < 12 AND ");
                }
                sql.put(if guarded { self.spelling.guard } else { "" });
                sql.put("stage = ").bind(Bind::Text(slug.clone()));
            }
            (Some(Part::Living(stages)), _) => {
                sql.put(" FROM orders WHERE base_rank < 12");
                if let Some(stages) = stages {
                    let values: Vec<Bind> = stages.iter().cloned().map(Bind::Text).collect();
                    sql.put(" AND ").put(self.spelling.guard).put("stage IN ").list(&values);
                }
            }
        }
        // A search is looked up once, where it is what the list begins with.
        for (index, term) in self.terms.iter().enumerate() {
            if narrowest == Some(index) && matches!(term, Term::Search(_)) {
                continue;
            }
            sql.put(" AND ");
            let leads = match part {
                None => begins_with_due && due == Some(index),
                Some(_) => leads(term, sort),
            };
            term.condition(sql, &self.spelling, !leads);
            if let (Some(_), Some(Sort::Paid)) = (part, sort) {
                term.put_payment_span(sql);
            }
        }
    }
    fn stages(&self, sql: &mut Sql, guarded: bool) {
        let guard = if guarded { self.spelling.guard } else { "" };
        let mut slugs: Vec<String> = Vec::new();
        for part in &self.parts {
            match part {
                Part::Living(None) => {
                    let away = self.parts.iter().any(|part| matches!(part, Part::Stage(_, 12)));
                    sql.put(if away { "1 = 1" } else { "base_rank < 12" });
                    return;
                }
                Part::Living(Some(some)) => slugs.extend(some.iter().cloned()),
                Part::Stage(slug, _) => slugs.push(slug.clone()),
            }
        }
        sql.put(guard).put("stage IN ").list(&slugs.into_iter().map(Bind::Text).collect::<Vec<_>>());
    }
}

/// Whether no index has one stage alone in this order.
pub(super) fn is_walked_among_all(sort: Sort) -> bool {
    matches!(sort, Sort::Due | Sort::Updated)
}

/// What a list begins with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    /// The orders of one condition, by its place among them.
    Term(usize),
    /// The orders of its stages.
    Stages,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// The whole list.
    Whole(Begin),
    /// A part of it, which one index walks.
    Part(&'a Part),
}

/// Whether an index has this condition before the wanted order, so that both are had from it.
fn leads(term: &Term, sort: Option<Sort>) -> bool {
    if sort == Some(Sort::Stage) {
        // Stages are walked one by one, each in the order of its dates, where one index knows the payment too.
        return match term {
            Term::Among { column: "payment_status", values, not: false } => values.len() == 1,
            Term::Together { columns: ["stage", _], values: [_, paid] } => paid.len() == 1,
            _ => false,
        };
    }
    sort == Some(Sort::Date)
        && match term {
            Term::Range { column, .. } => *column == "placed_at",
            Term::Among { column, values, not: false } => {
                values.len() == 1
                    && ["payment_status", "fulfilment_status", "channel_id", "assignee_id"].contains(column)
            }
            Term::Together { values, .. } => values.iter().all(|values| values.len() == 1),
            Term::Fixed(text) => matches!(*text, "note_count > 0" | "gift" | "unread_count > 0"),
            Term::Beside { .. } | Term::DueBefore(_) | Term::Held { .. } | Term::Search(_) => false,
            Term::Among { not: true, .. } => false,
        }
}
