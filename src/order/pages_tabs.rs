//! The ways into the list: saved views as tabs, stages as a rail, each with its count.

use super::list::filter::{Archived, Due};
use super::list::{Count, Filter, Known, Sort, StageTotals, Wanted, address};
use super::pages_list::may_ask;
use crate::money::how_many;
use crate::staff::Person;
use crate::web::{self, Shell};

/// A tile of the rail.
pub(crate) struct Tile {
    pub label: String,
    pub glyph: String,
    pub colour: String,
    pub count: String,
    pub href: String,
    pub current: bool,
    /// Whether the closed stages begin here.
    pub breaks: bool,
}

/// A view among the tabs.
pub(crate) struct Tab {
    pub name: String,
    pub href: String,
    pub count: String,
    pub hot: bool,
    pub current: bool,
}

/// The saved views that can be read today, with their filters.
pub(crate) fn saved_filters(shell: &Shell, known: &Known, person: &Person) -> Vec<(web::NavView, Filter)> {
    let readable = shell.views.iter().take(12).filter_map(|view| {
        let wanted = address::read(&address::split_saved(&view.query, known).0, None, known).ok()?;
        may_ask(person, &wanted).ok()?;
        Some((view.clone(), wanted.filter))
    });
    readable.collect()
}

#[allow(clippy::too_many_arguments)]
pub(crate) fn tabs(
    shell: &Shell,
    saved: &[(web::NavView, Filter)],
    counts: &[Count],
    totals: &StageTotals,
    known: &Known,
    path: &str,
    view: Option<&str>,
    plain: bool,
) -> Vec<Tab> {
    let all = totals.sum(&Filter::default().listed_stages(&known.stages));
    let mut tabs = vec![Tab {
        name: "All".to_owned(),
        href: path.to_owned(),
        count: how_many(all),
        hot: false,
        current: plain && view.is_none(),
    }];
    for view_of in &shell.views {
        let count =
            saved.iter().zip(counts).find(|((known, _), _)| known.slug == view_of.slug).map(|(_, count)| *count);
        let late = saved.iter().any(|(v, filter)| v.slug == view_of.slug && filter.due == Some(Due::Late));
        tabs.push(Tab {
            name: view_of.name.clone(),
            href: format!("{path}?view={}", view_of.slug),
            hot: late && count != Some(Count::Exactly(0)),
            count: count.map_or(String::new(), |count| count.to_string()),
            current: view == Some(view_of.slug.as_str()),
        });
    }
    tabs
}

/// The rail: every stage with its count.
pub(crate) fn tiles(wanted: &Wanted, known: &Known, totals: &StageTotals) -> Vec<Tile> {
    let filter = &wanted.filter;
    let narrowed = |change: &dyn Fn(&mut Filter)| {
        let mut to = wanted.narrowed(|f| {
            f.archived = Archived::Exclude;
            change(f);
        });
        if to.sort == Sort::Due && to.filter.lists_archived(&known.stages) {
            to = Wanted { filter: to.filter, ..Wanted::default() };
        }
        to.address("/orders", known)
    };
    let mut tiles = vec![Tile {
        label: "All stages".to_owned(),
        glyph: String::new(),
        colour: String::new(),
        count: how_many(totals.sum(&Filter::default().listed_stages(&known.stages))),
        href: narrowed(&|f| f.stages.clear()),
        current: filter.stages.is_empty(),
        breaks: false,
    }];
    let mut broke = false;
    for stage in known.stages.iter().filter(|stage| stage.is_shown(totals.of(&stage.slug))) {
        let closed = stage.base.rank() >= crate::workflow::Base::Returned.rank();
        tiles.push(Tile {
            label: stage.label.clone(),
            glyph: stage.base.glyph().to_owned(),
            colour: stage.colour.clone(),
            count: how_many(totals.of(&stage.slug)),
            href: narrowed(&|f| f.stages = vec![stage.slug.clone()]),
            current: filter.stages.contains(&stage.slug),
            breaks: closed && !broke,
        });
        broke |= closed;
    }
    tiles
}
