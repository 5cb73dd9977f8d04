//! A list as an address: read strictly, written back in one spelling, so that chips and headers are
//! computed and every list can be shared.

use chrono::NaiveDate;

use super::cursor::Cursor;
use super::filter::{AGES, Archived, Assignee, Due, Filter, Known, Placed, Sort};
use crate::error::Refusal;
use crate::money::Money;
use crate::order::{FulfilmentStatus, PaymentStatus};
use crate::workflow::Base;

/// Everything an address says about a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What it is narrowed to, with what its view adds.
    pub filter: Filter,
    /// What it is sorted by.
    pub sort: Sort,
    /// Largest first.
    pub descending: bool,
    /// Where the page begins.
    pub cursor: Option<Cursor>,
    /// The saved view it started from.
    pub view: Option<String>,
    /// The saved view whose filter was changed on the way here.
    pub was: Option<String>,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted { filter: Filter::default(), sort: Sort::Date, descending: true, cursor: None, view: None, was: None }
    }
}

/// Longest text of one parameter.
const LONGEST: usize = 200;
/// Most values of one field.
const MOST: usize = 40;
/// Fields that may be given several times.
const MANY: [&str; 9] = ["stage", "pay", "ful", "channel", "channel_not", "market", "tag", "sku", "hold"];
/// Fields that are given once.
const ONCE: [&str; 19] = [
    "q",
    "total_min",
    "total_max",
    "placed",
    "from",
    "to",
    "due",
    "age",
    "printed",
    "note",
    "gift",
    "unread",
    "awaiting",
    "assignee",
    "archived",
    "sort",
    "dir",
    "view",
    "was",
];

/// Name and value of each parameter as given.
pub type Pairs = Vec<(String, String)>;

fn bad(field: &str, value: &str, known: &[String]) -> Refusal {
    let known_words = if known.is_empty() { String::new() } else { format!(" Known are {}.", known.join(", ")) };
    Refusal::field("list.value", field, format!("“{value}” is nothing that {field} can be.{known_words}"))
        .allowing(known.to_vec())
}

/// Reads a list from its parameters. `saved` is what the saved view named in them says; a field given
/// besides replaces that of the view. Empty values count as not given.
///
/// # Errors
/// Names the parameter that is unknown, repeated or holds what it cannot, and says what it can.
pub fn read(pairs: &[(String, String)], saved: Option<&[(String, String)]>, known: &Known) -> Result<Wanted, Refusal> {
    let own: Vec<_> = pairs.iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    for (name, value) in pairs {
        check_name(name)?;
        if value.chars().count() > LONGEST && !matches!(name.as_str(), "after" | "before") {
            return Err(Refusal::field(
                "list.too_long",
                name,
                format!("{name} takes {LONGEST} characters at the most."),
            ));
        }
    }
    let names: Vec<&str> = own.iter().map(|(name, _)| name.as_str()).collect();
    let replaces = |name: &str| {
        names.contains(&name)
            || (["from", "to", "placed"].contains(&name) && ["from", "to", "placed"].iter().any(|n| names.contains(n)))
    };
    let mut all: Vec<(&str, &str)> = saved
        .unwrap_or_default()
        .iter()
        .filter(|(name, _)| !replaces(name))
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    all.extend(own.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let mut wanted = Reader { all: &all, known }.read()?;
    let around = ["view", "was", "sort", "dir", "after", "before"];
    if saved.is_none() || names.iter().any(|name| !around.contains(name)) {
        wanted.was = wanted.view.take().filter(|_| saved.is_some()).or(wanted.was);
    }
    Ok(wanted)
}

/// Refuses what no list knows.
fn check_name(name: &str) -> Result<(), Refusal> {
    if MANY.contains(&name) || ONCE.contains(&name) || ["after", "before"].contains(&name) {
        return Ok(());
    }
    Err(Refusal::field(
        "request.unknown_field",
        name,
        format!("The list of orders knows nothing called {name}. Known are {}, {}.", MANY.join(", "), ONCE.join(", ")),
    ))
}

struct Reader<'a> {
    all: &'a [(&'a str, &'a str)],
    known: &'a Known,
}

impl Reader<'_> {
    fn many(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let mut found: Vec<String> = Vec::new();
        for (_, value) in self.all.iter().filter(|(n, _)| *n == name) {
            let value = value.trim().to_owned();
            if !found.contains(&value) {
                found.push(value);
            }
        }
        if found.len() > MOST {
            return Err(Refusal::field("list.too_many", name, format!("{name} takes {MOST} values at the most.")));
        }
        Ok(found)
    }
    fn once(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.all.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.trim());
        let first = values.next();
        if values.next().is_some() {
            return Err(Refusal::field(
                "list.repeated",
                name,
                format!("{name} is given more than once. Give it once."),
            ));
        }
        Ok(first)
    }
    fn words<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>, known: &[String]) -> Result<Vec<T>, Refusal> {
        self.many(name)?.iter().map(|word| parse(word).ok_or_else(|| bad(name, word, known))).collect()
    }
    fn slugs(&self, name: &str, known: &[String]) -> Result<Vec<String>, Refusal> {
        self.words(name, |word| known.iter().any(|k| k == word).then(|| word.to_owned()), known)
    }
    fn one_of<T: Copy>(&self, name: &str, known: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let Some(word) = self.once(name)? else { return Ok(None) };
        let keys: Vec<String> = known.iter().map(|(key, _)| (*key).to_owned()).collect();
        let found = known.iter().find(|(key, _)| *key == word).map(|(_, value)| *value);
        found.map(Some).ok_or_else(|| bad(name, word, &keys))
    }
    fn yes_no(&self, name: &str) -> Result<Option<bool>, Refusal> {
        self.one_of(name, &[("yes", true), ("no", false)])
    }
    fn total(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.once(name)? else { return Ok(None) };
        let currency = self.known.currency();
        let amount = Money::parse(text, currency).filter(|money| money.minor >= 0);
        amount.map(|money| Some(money.minor)).ok_or_else(|| {
            Refusal::field("list.value", name, format!("“{text}” is no amount in {}, such as 49.50.", currency.code()))
        })
    }
    fn day(&self, name: &str) -> Result<Option<NaiveDate>, Refusal> {
        let Some(text) = self.once(name)? else { return Ok(None) };
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        let in_reach = day.filter(|day| (1970..=9999).contains(&chrono::Datelike::year(day)));
        in_reach
            .map(Some)
            .ok_or_else(|| Refusal::field("list.value", name, format!("“{text}” is no day, such as 2026-11-21.")))
    }
    fn placed(&self) -> Result<Option<Placed>, Refusal> {
        let (from, to) = (self.day("from")?, self.day("to")?);
        let presets: Vec<(&str, Placed)> = Placed::PRESETS.iter().map(|(key, _, placed)| (*key, *placed)).collect();
        let preset = self.one_of("placed", &presets)?;
        match (preset, from, to) {
            (_, Some(from), Some(to)) if to < from => {
                Err(Refusal::field("list.value", "to", "The last day lies before the first. Swap them."))
            }
            (_, Some(_), _) | (_, _, Some(_)) => Ok(Some(Placed::Between(from, to))),
            (preset, None, None) => Ok(preset),
        }
    }
    /// Slugs of stages, and every stage of a base for `base:approved`.
    fn stages(&self, known: &[String]) -> Result<Vec<String>, Refusal> {
        let mut found: Vec<String> = Vec::new();
        for word in self.many("stage")? {
            let of_base = word.strip_prefix("base:").and_then(Base::parse);
            let stages = self.known.stages.iter().filter(|stage| Some(stage.base) == of_base || stage.slug == word);
            let slugs: Vec<String> = stages.map(|stage| stage.slug.clone()).collect();
            if slugs.is_empty() {
                return Err(bad("stage", &word, known));
            }
            found.extend(slugs.into_iter().filter(|slug| !found.contains(slug)).collect::<Vec<_>>());
        }
        Ok(found)
    }
    fn filter(&self) -> Result<Filter, Refusal> {
        let stages: Vec<String> = self.known.stages.iter().map(|stage| stage.slug.clone()).collect();
        let channels: Vec<String> = self.known.markets.channels.iter().map(|channel| channel.slug.clone()).collect();
        let markets: Vec<String> = self.known.markets.markets.iter().map(|market| market.slug.clone()).collect();
        let payments: Vec<String> = PaymentStatus::ALL.iter().map(|status| status.as_str().to_owned()).collect();
        let fulfilments: Vec<String> = FulfilmentStatus::ALL.iter().map(|status| status.as_str().to_owned()).collect();
        let ages: Vec<(&str, usize)> = AGES.iter().enumerate().map(|(index, age)| (age.0, index)).collect();
        let filter = Filter {
            search: self.once("q")?.unwrap_or_default().to_owned(),
            stages: self.stages(&stages)?,
            payments: self.words("pay", PaymentStatus::parse, &payments)?,
            fulfilments: self.words("ful", FulfilmentStatus::parse, &fulfilments)?,
            channels: self.slugs("channel", &channels)?,
            not_channels: self.slugs("channel_not", &channels)?,
            markets: self.slugs("market", &markets)?,
            tags: self.many("tag")?,
            skus: self.many("sku")?,
            total_min: self.total("total_min")?,
            total_max: self.total("total_max")?,
            placed: self.placed()?,
            due: self.one_of("due", &[("late", Due::Late), ("today", Due::Today)])?,
            age: self.one_of("age", &ages)?,
            printed: self.yes_no("printed")?,
            noted: self.yes_no("note")?,
            gift: self.yes_no("gift")?,
            unread: self.yes_no("unread")?,
            awaiting: self.yes_no("awaiting")?,
            assignee: self.one_of("assignee", &[("me", Assignee::Me), ("none", Assignee::Nobody)])?,
            holds: self
                .slugs("hold", &self.known.holds.iter().map(|(key, _)| (*key).to_owned()).collect::<Vec<_>>())?,
            archived: self
                .one_of("archived", &[("no", Archived::Exclude), ("only", Archived::Only), ("yes", Archived::Include)])?
                .unwrap_or_default(),
            placed_between: None,
            updated_since: None,
            users: Vec::new(),
        };
        if let (Some(min), Some(max)) = (filter.total_min, filter.total_max)
            && max < min
        {
            return Err(Refusal::field("list.value", "total_max", "The largest total is below the least. Swap them."));
        }
        Ok(filter)
    }
    fn read(&self) -> Result<Wanted, Refusal> {
        let filter = self.filter()?;
        let sorts: Vec<(&str, Sort)> = Sort::ALL.iter().map(|row| (row.1, row.0)).collect();
        let sort = self.one_of("sort", &sorts)?.unwrap_or_default();
        let descending =
            self.one_of("dir", &[("desc", true), ("asc", false)])?.unwrap_or_else(|| sort.descends_by_default());
        if sort == Sort::Due && filter.lists_archived(&self.known.stages) {
            return Err(Refusal::field(
                "list.value",
                "sort",
                "Orders that were put away have no time left. Sort them another way.",
            ));
        }
        let cursor = match (self.once("after")?, self.once("before")?) {
            (None, None) => None,
            (Some(text), None) => Some(Cursor::read(text, true, sort, descending)?),
            (None, Some(text)) => Some(Cursor::read(text, false, sort, descending)?),
            (Some(_), Some(_)) => return Err(super::cursor::broken()),
        };
        Ok(Wanted {
            filter,
            sort,
            descending,
            cursor,
            view: self.once("view")?.map(str::to_owned),
            was: self.once("was")?.map(str::to_owned),
        })
    }
}

impl Filter {
    /// Whether any archived stage is among those listed.
    pub fn lists_archived(&self, stages: &crate::workflow::Stages) -> bool {
        let listed = self.listed_stages(stages);
        stages.iter().any(|stage| stage.base == crate::workflow::Base::Archived && listed.contains(&stage.slug))
    }
    /// Its parameters.
    pub fn pairs(&self, known: &Known) -> Pairs {
        let mut pairs: Pairs = Vec::new();
        let mut put = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
        if !self.search.is_empty() {
            put("q", &self.search);
        }
        self.stages.iter().for_each(|slug| put("stage", slug));
        self.payments.iter().for_each(|status| put("pay", status.as_str()));
        self.fulfilments.iter().for_each(|status| put("ful", status.as_str()));
        self.channels.iter().for_each(|slug| put("channel", slug));
        self.not_channels.iter().for_each(|slug| put("channel_not", slug));
        self.markets.iter().for_each(|slug| put("market", slug));
        self.tags.iter().for_each(|tag| put("tag", tag));
        self.skus.iter().for_each(|sku| put("sku", sku));
        let amount = |minor: i64| Money::new(minor, known.currency()).decimal();
        for (name, value) in [("total_min", self.total_min), ("total_max", self.total_max)] {
            if let Some(minor) = value {
                put(name, &amount(minor));
            }
        }
        match self.placed {
            Some(Placed::Between(from, to)) => {
                for (name, day) in [("from", from), ("to", to)] {
                    if let Some(day) = day {
                        put(name, &day.to_string());
                    }
                }
            }
            Some(preset) => {
                if let Some((key, _, _)) = Placed::PRESETS.iter().find(|row| row.2 == preset) {
                    put("placed", key);
                }
            }
            None => {}
        }
        if let Some(due) = self.due {
            put("due", if due == Due::Late { "late" } else { "today" });
        }
        if let Some(age) = self.age.and_then(|index| AGES.get(index)) {
            put("age", age.0);
        }
        for (name, value) in [
            ("printed", self.printed),
            ("note", self.noted),
            ("gift", self.gift),
            ("unread", self.unread),
            ("awaiting", self.awaiting),
        ] {
            if let Some(yes) = value {
                put(name, if yes { "yes" } else { "no" });
            }
        }
        if let Some(assignee) = self.assignee {
            put("assignee", if assignee == Assignee::Me { "me" } else { "none" });
        }
        self.holds.iter().for_each(|reason| put("hold", reason));
        match self.archived {
            Archived::Exclude => {}
            Archived::Only => put("archived", "only"),
            Archived::Include => put("archived", "yes"),
        }
        pairs
    }
}

impl Wanted {
    /// Its parameters without where the page begins.
    pub fn pairs(&self, known: &Known) -> Pairs {
        let mut pairs: Pairs = Vec::new();
        match &self.view {
            Some(view) => pairs.push(("view".into(), view.clone())),
            None => pairs = self.filter.pairs(known),
        }
        pairs.extend(self.was.iter().filter(|_| self.view.is_none()).map(|view| ("was".into(), view.clone())));
        if self.sort != Sort::Date || !self.descending || self.view.is_some() {
            pairs.push(("sort".into(), self.sort.key().into()));
            if self.descending != self.sort.descends_by_default() || self.view.is_some() {
                pairs.push(("dir".into(), if self.descending { "desc" } else { "asc" }.into()));
            }
        }
        pairs
    }
    /// Its address below `path`.
    pub fn address(&self, path: &str, known: &Known) -> String {
        let mut pairs = self.pairs(known);
        if let Some(cursor) = &self.cursor {
            let name = if cursor.forward { "after" } else { "before" };
            pairs.push((name.into(), cursor.write(self.sort, self.descending)));
        }
        join(path, &pairs)
    }
    /// The same list with another filter, from its first page and out of its view.
    pub fn narrowed(&self, change: impl FnOnce(&mut Filter)) -> Wanted {
        let was = self.view.clone().or(self.was.clone());
        let mut wanted = Wanted { cursor: None, view: None, was, ..self.clone() };
        change(&mut wanted.filter);
        wanted
    }
    /// The same list sorted otherwise, from its first page.
    pub fn sorted(&self, sort: Sort, descending: bool) -> Wanted {
        Wanted { sort, descending, cursor: None, ..self.clone() }
    }
    /// The same list from another place.
    pub fn at(&self, cursor: Option<Cursor>) -> Wanted {
        Wanted { cursor, ..self.clone() }
    }
}

/// A path with parameters.
pub fn join(path: &str, pairs: &[(String, String)]) -> String {
    if pairs.is_empty() {
        return path.to_owned();
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{path}?{query}")
}

/// The parameters of a query.
pub fn split(query: &str) -> Pairs {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A saved view as somebody has it who may know of some markets only: without the markets and channels that
/// they do not know of, and whether there were any.
pub fn split_saved(query: &str, known: &Known) -> (Pairs, bool) {
    let is_known = |(name, value): &(String, String)| match name.as_str() {
        "market" => known.markets.markets.iter().any(|market| market.slug == value.trim()),
        "channel" | "channel_not" => known.markets.channels.iter().any(|channel| channel.slug == value.trim()),
        _ => true,
    };
    let all = split(query);
    let seen: Pairs = all.iter().filter(|pair| known.reach.is_everywhere() || is_known(pair)).cloned().collect();
    let is_cut = seen.len() < all.len();
    (seen, is_cut)
}
