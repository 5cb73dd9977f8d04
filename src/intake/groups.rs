//! Gathers the rows of one order, which mostly stand together but need not. Only so many orders are
//! kept open; a row that comes after its order was closed begins a group of the same name, which
//! then meets the order already made and is reported. Pure.

use std::collections::{HashMap, VecDeque};

use super::rows::Row;

/// Orders whose rows may be mixed with each other.
const MOST_OPEN: usize = 1_000;
/// Bytes kept open.
const MOST_WEIGHT: usize = 16 * 1024 * 1024;
/// Rows of one order that are kept; more than an order takes lines, so that it is refused.
const MOST_ROWS: usize = crate::order::draft::MOST_LINES + 1;

/// The rows of one order.
#[derive(Debug, Default)]
pub struct Group {
    /// Its name in the file.
    pub name: String,
    /// Its rows, in the order of the file.
    pub rows: Vec<Row>,
    /// Rows beyond what is kept.
    pub beyond: u64,
    weight: usize,
}

impl Group {
    /// How many rows it has in the file.
    pub fn count(&self) -> u64 {
        self.rows.len() as u64 + self.beyond
    }
    /// Number of its first row.
    pub fn first(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.number)
    }
}

/// The orders being gathered, oldest first.
#[derive(Default)]
pub struct Groups {
    open: VecDeque<Group>,
    places: HashMap<String, u64>,
    /// Groups that were closed before the first open one.
    closed: u64,
    weight: usize,
}

impl Groups {
    /// Adds a row to its order.
    pub fn push(&mut self, name: &str, row: Row) {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                let place = self.closed + self.open.len() as u64;
                self.places.insert(name.to_owned(), place);
                self.open.push_back(Group { name: name.to_owned(), ..Group::default() });
                place
            }
        };
        let Some(group) = self.open.get_mut((place - self.closed) as usize) else { return };
        let weight = row.weight();
        if group.rows.len() < MOST_ROWS && group.weight + weight <= MOST_WEIGHT {
            group.weight += weight;
            self.weight += weight;
            group.rows.push(row);
        } else {
            group.beyond += 1;
        }
    }

    /// The oldest order, once more is open than is kept.
    pub fn overflow(&mut self) -> Option<Group> {
        (self.open.len() > MOST_OPEN || (self.weight > MOST_WEIGHT && self.open.len() > 1))
            .then(|| self.close())
            .flatten()
    }

    /// The oldest order, whether or not more rows might come.
    pub fn close(&mut self) -> Option<Group> {
        let group = self.open.pop_front()?;
        self.closed += 1;
        self.weight -= group.weight;
        self.places.remove(&group.name);
        Some(group)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_do_not_stand_together_are_one_order() {
        let mut groups = Groups::default();
        for name in ["a", "b", "a", "c", "b"] {
            groups.push(name, Row::default());
        }
        let closed: Vec<(String, u64)> =
            std::iter::from_fn(|| groups.close()).map(|group| (group.name.clone(), group.count())).collect();
        assert_eq!(closed, [("a".into(), 2), ("b".into(), 2), ("c".into(), 1)]);
    }

    #[test]
    fn only_so_many_are_kept_open_however_long_the_file() {
        let mut groups = Groups::default();
        let mut closed = 0;
        for number in 0..5_000 {
            groups.push(&format!("#{number}"), Row::default());
            while groups.overflow().is_some() {
                closed += 1;
            }
            assert!(groups.open.len() <= MOST_OPEN && groups.places.len() <= MOST_OPEN);
        }
        assert_eq!(closed, 5_000 - MOST_OPEN);
    }

    #[test]
    fn an_order_of_too_many_rows_is_counted_but_not_kept() {
        let mut groups = Groups::default();
        for _ in 0..20_000 {
            groups.push("a", Row::default());
        }
        let group = groups.close().expect("one order");
        assert_eq!(group.count(), 20_000);
        assert!(group.rows.len() <= MOST_ROWS);
    }
}
