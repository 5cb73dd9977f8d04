//! What the address of the list of customers means: search, sort and place.

use super::{Customer, store};
use crate::db::Conn;
use crate::db::search::Search;
use crate::error::{Refusal, Result};
use crate::reach::Reach;
use crate::words;

/// Customers on one page.
pub const ROWS: usize = 50;
/// Customers a search looks at, at the most: the newest of them.
pub const MOST_FOUND: usize = 1_000;

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Name.
    Name,
    /// Their last order.
    LastOrder,
    /// How many orders they placed.
    Orders,
    /// What they paid.
    Spent,
}

impl Sort {
    /// All of them: key, words, whether it goes down at first.
    pub const ALL: [(Sort, &'static str, &'static str, bool); 4] = [
        (Sort::Name, "name", "Customer", false),
        (Sort::LastOrder, "last", "Last order", true),
        (Sort::Orders, "orders", "Orders", true),
        (Sort::Spent, "spent", "Spent", true),
    ];
    /// Its word in addresses.
    pub fn key(self) -> &'static str {
        Sort::ALL.iter().find(|row| row.0 == self).map_or("last", |row| row.1)
    }
    /// Its column.
    pub(super) fn column(self) -> &'static str {
        match self {
            Sort::Name => "sort_key",
            Sort::LastOrder => "last_order_at",
            Sort::Orders => "order_count",
            Sort::Spent => "spent_minor",
        }
    }
    /// What a customer is sorted by.
    pub fn value(self, customer: &Customer) -> Value {
        match self {
            Sort::Name => Value::Text(customer.sort_key.clone()),
            Sort::LastOrder => Value::Number(customer.last_order_at.0),
            Sort::Orders => Value::Number(customer.order_count),
            Sort::Spent => Value::Number(customer.spent_minor),
        }
    }
}

/// A value of a sorted column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Of a number.
    Number(i64),
    /// Of a name.
    Text(String),
}

/// The row beside which a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Whether the page comes after the row, or before it.
    pub forward: bool,
    /// What the row is sorted by.
    pub value: Value,
    /// Its key.
    pub id: i64,
}

impl Cursor {
    /// Beside a customer.
    pub fn beside(customer: &Customer, sort: Sort, forward: bool) -> Self {
        Cursor { forward, value: sort.value(customer), id: customer.id.0 }
    }
    /// As in an address.
    pub fn write(&self) -> String {
        match &self.value {
            Value::Number(number) => format!("{}.{number}", self.id),
            Value::Text(text) => format!("{}.{text}", self.id),
        }
    }
    /// Reads what [`Cursor::write`] wrote.
    ///
    /// # Errors
    /// Refuses anything else.
    pub fn read(text: &str, sort: Sort, forward: bool) -> Result<Self, Refusal> {
        let broken = || {
            Refusal::field(
                "customers.place",
                if forward { "after" } else { "before" },
                "This place in the list cannot be read. Begin at its first page.",
            )
        };
        let (id, value) = text.split_once('.').ok_or_else(broken)?;
        let id = id.parse().map_err(|_| broken())?;
        let value = match sort {
            Sort::Name => Value::Text(value.to_owned()),
            Sort::LastOrder | Sort::Orders | Sort::Spent => Value::Number(value.parse().map_err(|_| broken())?),
        };
        Ok(Cursor { forward, value, id })
    }
}

/// What is asked of the list.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Whose orders count: customers without an order within it are not listed.
    pub reach: Reach,
    /// Words to be found.
    pub search: String,
    /// By what it is sorted.
    pub sort: Sort,
    /// Whether the largest come first.
    pub descending: bool,
    /// Where the page begins; at the list's beginning if nowhere.
    pub cursor: Option<Cursor>,
}

/// A page of the list.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its customers, in order.
    pub rows: Vec<Customer>,
    /// Whether there are some before it.
    pub has_previous: bool,
    /// Whether there are some after it.
    pub has_next: bool,
    /// How many a search found; none without a search.
    pub found: Option<usize>,
}

/// Reads a page. Every word of a search must begin a word of the name, the e-mail or the telephone
/// number, in any order.
pub fn page(conn: &mut Conn, wanted: &Wanted) -> Result<Page> {
    page_of(conn, wanted, ROWS)
}

/// As [`page`], with another number of rows.
pub fn page_of(conn: &mut Conn, wanted: &Wanted, size: usize) -> Result<Page> {
    let backward = wanted.cursor.as_ref().is_some_and(|cursor| !cursor.forward);
    let descending = wanted.descending != backward;
    let words = words::wanted(&wanted.search);
    let (mut rows, found) = if wanted.search.trim().is_empty() {
        (store::sorted(conn, &wanted.reach, wanted.sort, descending, wanted.cursor.as_ref(), size + 1)?, None)
    } else {
        let keys = if words.is_empty() {
            Vec::new()
        } else {
            Search::Customers.find(conn, &wanted.reach, &words, MOST_FOUND as i64)?
        };
        let mut all = store::by_keys(conn, &wanted.reach, &keys)?;
        let key = |customer: &Customer| (wanted.sort.value(customer), customer.id.0);
        all.sort_by_key(key);
        if descending {
            all.reverse();
        }
        let found = all.len();
        if let Some(cursor) = &wanted.cursor {
            let beside = (cursor.value.clone(), cursor.id);
            all.retain(|customer| if descending { key(customer) < beside } else { key(customer) > beside });
        }
        all.truncate(size + 1);
        (all, Some(found))
    };
    let more = rows.len() > size;
    rows.truncate(size);
    if backward {
        rows.reverse();
    }
    let (has_previous, has_next) = if backward { (more, true) } else { (wanted.cursor.is_some(), more) };
    Ok(Page { rows, has_previous, has_next, found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_reads_back_and_fits_its_sort() {
        let cursor = Cursor { forward: true, value: Value::Text("muller. a".into()), id: 7 };
        assert_eq!(Cursor::read(&cursor.write(), Sort::Name, true), Ok(cursor));
        assert!(Cursor::read("7.muller", Sort::Spent, true).is_err());
        assert!(Cursor::read("seven.1", Sort::Orders, true).is_err());
        assert!(Cursor::read("", Sort::Orders, true).is_err());
    }
}
