//! The pick list: what has to be fetched from the shelves for many orders at once, in the order in which
//! the shelves are walked, and then the boxes it is put into. Pure.

use super::natural;
use super::slip::{Inside, Source, name};
use crate::order::Line;

/// What is fetched and where it goes.
#[derive(Clone, Debug, Default)]
pub struct PickList {
    /// What to fetch, as the shelves are walked; what lies nowhere comes last.
    pub rows: Vec<PickRow>,
    /// The boxes it goes into, in the order of the batch.
    pub totes: Vec<Tote>,
}

impl PickList {
    /// Units in all.
    pub fn units(&self) -> i64 {
        self.rows.iter().map(|row| row.quantity).sum()
    }
}

/// A thing to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickRow {
    /// Where it lies.
    pub bin: String,
    /// Stock-keeping unit.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind.
    pub variant: String,
    /// Asset name of its picture; empty without pictures.
    pub picture: String,
    /// Units in all.
    pub quantity: i64,
    /// Order and units of each that wants it.
    pub orders: Vec<(String, i64)>,
}

/// A box for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tote {
    /// The number with what stands before it.
    pub name: String,
    /// Who gets it.
    pub to: String,
    /// How it is sent.
    pub method: String,
    /// Units to put in.
    pub units: i64,
    /// Lines to put in.
    pub lines: usize,
}

/// What is still to be fetched for these orders: neither taken out, packed nor shipped, and a thing.
pub fn picks(sources: &[Source], pictures: bool) -> PickList {
    let mut list = PickList::default();
    for source in sources {
        let order = name(&source.prefix, source.order.number);
        let (mut units, mut lines) = (0, 0);
        for line in source.lines.iter().filter(|line| line.requires_shipping) {
            let open = line.quantities().open();
            if open <= 0 {
                continue;
            }
            lines += 1;
            // Of a bundle its parts are fetched: they lie where they lie.
            let mut wanted: Vec<PickRow> = source.inside(line).map(|inside| part_row(inside, open, pictures)).collect();
            if wanted.is_empty() {
                wanted.push(line_row(line, open, pictures));
            }
            for mut row in wanted {
                units += row.quantity;
                row.orders = vec![(order.clone(), row.quantity)];
                put(&mut list.rows, row);
            }
        }
        if units > 0 {
            let to = source.order.ship_to().map(|address| address.name).filter(|name| !name.is_empty());
            list.totes.push(Tote {
                name: order,
                to: to.unwrap_or_else(|| source.order.customer_name.clone()),
                method: source.order.shipping_method.clone(),
                units,
                lines,
            });
        }
    }
    list.rows.sort_by(|a, b| {
        a.bin
            .is_empty()
            .cmp(&b.bin.is_empty())
            .then_with(|| natural::compare(&a.bin, &b.bin))
            .then_with(|| natural::compare(&a.sku, &b.sku))
            .then_with(|| natural::compare(&a.title, &b.title))
    });
    list
}

fn line_row(line: &Line, open: i64, pictures: bool) -> PickRow {
    PickRow {
        bin: line.bin.trim().to_owned(),
        sku: line.sku.trim().to_owned(),
        title: line.title.trim().to_owned(),
        variant: line.variant.trim().to_owned(),
        picture: if pictures { line.picture.clone() } else { String::new() },
        quantity: open,
        orders: Vec::new(),
    }
}

fn part_row(inside: &Inside, bundles: i64, pictures: bool) -> PickRow {
    PickRow {
        bin: inside.bin.trim().to_owned(),
        sku: inside.sku.trim().to_owned(),
        title: inside.title.trim().to_owned(),
        variant: inside.variant.trim().to_owned(),
        picture: if pictures { inside.picture.clone() } else { String::new() },
        quantity: inside.quantity.saturating_mul(bundles),
        orders: Vec::new(),
    }
}

/// Adds units to the row of the same thing. A thing without a SKU is known by what it is called.
fn put(rows: &mut Vec<PickRow>, new: PickRow) {
    let is_same = |row: &PickRow| {
        row.bin == new.bin
            && row.sku == new.sku
            && (!new.sku.is_empty() || row.title == new.title && row.variant == new.variant)
    };
    let Some(row) = rows.iter_mut().find(|row| is_same(row)) else {
        rows.push(new);
        return;
    };
    row.quantity += new.quantity;
    for (order, units) in new.orders {
        match row.orders.iter_mut().find(|(known, _)| *known == order) {
            Some((_, known)) => *known += units,
            None => row.orders.push((order, units)),
        }
    }
}
