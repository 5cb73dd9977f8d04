//! A filter in words: the chips above the list, each with the list without it.

use super::address::Wanted;
use super::filter::{AGES, Archived, Assignee, Due, Filter, Known, Placed};
use crate::money::Money;

/// One thing a list is narrowed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chip {
    /// What: `Channel`.
    pub field: &'static str,
    /// Which: `not Market stall`.
    pub value: String,
    /// The address of the list without it.
    pub without: String,
}

/// Every chip of a list, in the order of the fields. The stage is shown by the rail unless there are
/// several, the search by its box.
pub fn chips(wanted: &Wanted, path: &str, known: &Known) -> Vec<Chip> {
    let mut chips = Chips { wanted, path, known, found: Vec::new() };
    let filter = &wanted.filter;
    if filter.stages.len() > 1 {
        for slug in &filter.stages {
            chips.put("Stage", known.stages.label(slug), |f| f.stages.retain(|s| s != slug));
        }
    }
    for status in &filter.payments {
        chips.put("Payment", status.label().into(), |f| f.payments.retain(|s| s != status));
    }
    for status in &filter.fulfilments {
        chips.put("Fulfilment", status.label().into(), |f| f.fulfilments.retain(|s| s != status));
    }
    chips.places();
    for tag in &filter.tags {
        chips.put("Tag", tag.clone(), |f| f.tags.retain(|t| t != tag));
    }
    for sku in &filter.skus {
        chips.put("SKU", sku.clone(), |f| f.skus.retain(|s| s != sku));
    }
    chips.amounts();
    chips.times();
    chips.flags();
    for reason in &filter.holds {
        let word = known.holds.iter().find(|(key, _)| key == reason).map_or(reason.as_str(), |(_, word)| word);
        chips.put("On hold", word.to_owned(), |f| f.holds.retain(|r| r != reason));
    }
    match filter.archived {
        Archived::Exclude => {}
        Archived::Only => chips.put("Archived", "only".into(), |f| f.archived = Archived::Exclude),
        Archived::Include => chips.put("Archived", "included".into(), |f| f.archived = Archived::Exclude),
    }
    chips.found
}

struct Chips<'a> {
    wanted: &'a Wanted,
    path: &'a str,
    known: &'a Known,
    found: Vec<Chip>,
}

impl Chips<'_> {
    fn put(&mut self, field: &'static str, value: String, remove: impl FnOnce(&mut Filter)) {
        let without = self.wanted.narrowed(remove).address(self.path, self.known);
        self.found.push(Chip { field, value, without });
    }
    fn places(&mut self) {
        let filter = &self.wanted.filter;
        let name = |slug: &str| {
            let channels = &self.known.markets.channels;
            channels.iter().find(|c| c.slug == slug).map_or_else(|| slug.to_owned(), |c| c.name.clone())
        };
        for slug in &filter.channels {
            self.put("Channel", name(slug), |f| f.channels.retain(|s| s != slug));
        }
        for slug in &filter.not_channels {
            self.put("Channel", format!("not {}", name(slug)), |f| f.not_channels.retain(|s| s != slug));
        }
        for slug in &filter.markets {
            let markets = &self.known.markets.markets;
            let word = markets.iter().find(|m| m.slug == *slug).map_or_else(|| slug.clone(), |m| m.name.clone());
            self.put("Market", word, |f| f.markets.retain(|s| s != slug));
        }
    }
    fn amounts(&mut self) {
        let filter = &self.wanted.filter;
        let word = |minor: i64| Money::new(minor, self.known.currency()).to_string();
        if let Some(least) = filter.total_min {
            self.put("Total", format!("from {}", word(least)), |f| f.total_min = None);
        }
        if let Some(most) = filter.total_max {
            self.put("Total", format!("up to {}", word(most)), |f| f.total_max = None);
        }
    }
    fn times(&mut self) {
        let filter = &self.wanted.filter;
        if let Some(placed) = filter.placed {
            self.put("Placed", placed_words(placed), |f| f.placed = None);
        }
        if let Some(due) = filter.due {
            let word = if due == Due::Late { "late" } else { "today or earlier" };
            self.put("Due", word.into(), |f| f.due = None);
        }
        if let Some(age) = filter.age.and_then(|index| AGES.get(index)) {
            self.put("In stage", age.1.into(), |f| f.age = None);
        }
    }
    fn flags(&mut self) {
        let filter = &self.wanted.filter;
        if let Some(yes) = filter.printed {
            self.put("Slip", if yes { "printed" } else { "not printed" }.into(), |f| f.printed = None);
        }
        if let Some(yes) = filter.noted {
            self.put("Note", if yes { "present" } else { "none" }.into(), |f| f.noted = None);
        }
        if let Some(yes) = filter.gift {
            self.put("Gift", if yes { "yes" } else { "no" }.into(), |f| f.gift = None);
        }
        if let Some(yes) = filter.unread {
            self.put("Messages", if yes { "unread" } else { "all read" }.into(), |f| f.unread = None);
        }
        if let Some(yes) = filter.awaiting {
            self.put("Reply", if yes { "awaited" } else { "not awaited" }.into(), |f| f.awaiting = None);
        }
        if let Some(who) = filter.assignee {
            let word = if who == Assignee::Me { "me" } else { "nobody" };
            self.put("Assigned to", word.into(), |f| f.assignee = None);
        }
    }
}

/// Words for the days on which an order was placed.
pub fn placed_words(placed: Placed) -> String {
    let day = |day: chrono::NaiveDate| day.format("%-d %b %Y").to_string();
    match placed {
        Placed::Between(Some(from), Some(to)) if from == to => day(from),
        Placed::Between(Some(from), Some(to)) => format!("{} to {}", day(from), day(to)),
        Placed::Between(Some(from), None) => format!("from {}", day(from)),
        Placed::Between(None, Some(to)) => format!("until {}", day(to)),
        Placed::Between(None, None) => "any day".to_owned(),
        preset => Placed::PRESETS.iter().find(|row| row.2 == preset).map_or(String::new(), |row| row.1.to_owned()),
    }
}
