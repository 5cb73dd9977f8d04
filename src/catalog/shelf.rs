//! The products as a list: each with what there is of it, searched, narrowed and sorted. Pure.

use super::Product;
use super::stock::{Levels, Part};
use crate::ids::ProductId;
use crate::words;

/// How it stands with a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody counts it.
    NotCounted,
    /// Enough is available.
    Enough,
    /// As little is available as the shop calls low.
    Low,
    /// None is available.
    Out,
}

impl Standing {
    /// Tone, mark and word of its badge.
    pub fn badge(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Standing::NotCounted => ("mute", "none", "Not counted"),
            Standing::Enough => ("ok", "full", "In stock"),
            Standing::Low => ("warn", "half", "Low"),
            Standing::Out => ("bad", "fail", "None left"),
        }
    }
}

/// A product with what there is of it.
#[derive(Clone, Debug)]
pub struct Shelved {
    /// The product.
    pub product: Product,
    /// What there is; of a bundle nothing.
    pub levels: Levels,
    /// Its parts, if it is a bundle.
    pub parts: Vec<Part>,
    /// Units another order can have; none if nobody counts them.
    pub available: Option<i64>,
}

impl Shelved {
    /// Whether it is a bundle.
    pub fn is_bundle(&self) -> bool {
        !self.parts.is_empty()
    }
    /// How it stands with it.
    pub fn standing(&self) -> Standing {
        match (self.available, self.product.low_at) {
            (None, _) => Standing::NotCounted,
            (Some(available), _) if available <= 0 => Standing::Out,
            (Some(available), Some(low)) if available <= low => Standing::Low,
            (Some(_), _) => Standing::Enough,
        }
    }
}

/// Puts products, levels and parts together, in the order of the products. `is_on` says whether the shop
/// counts at all. So many bundles are available as their scarcest counted part allows.
pub fn shelve(products: Vec<Product>, levels: &[(ProductId, Levels)], parts: &[Part], is_on: bool) -> Vec<Shelved> {
    let level = |id: ProductId| levels.iter().find(|(of, _)| *of == id).map(|(_, levels)| *levels).unwrap_or_default();
    let known: Vec<(ProductId, bool)> = products.iter().map(|product| (product.id, product.tracked && is_on)).collect();
    let counted = |id: ProductId| known.iter().any(|(of, tracked)| *of == id && *tracked);
    products
        .into_iter()
        .map(|product| {
            let own: Vec<Part> = parts.iter().filter(|part| part.bundle == product.id).copied().collect();
            let levels = level(product.id);
            let available = match own.is_empty() {
                true => counted(product.id).then(|| levels.available()),
                false => own
                    .iter()
                    .filter(|part| counted(part.part))
                    .map(|part| level(part.part).available().div_euclid(part.quantity))
                    .min(),
            };
            Shelved { product, levels, parts: own, available }
        })
        .collect()
}

/// What the list can be narrowed to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Narrow {
    /// Nothing.
    #[default]
    All,
    /// Low or none left.
    Low,
    /// None left.
    Out,
    /// Bundles.
    Bundles,
}

impl Narrow {
    /// Every one with its word in addresses and on screen.
    pub const ALL: [(Narrow, &'static str, &'static str); 4] = [
        (Narrow::All, "", "All"),
        (Narrow::Low, "low", "Low stock"),
        (Narrow::Out, "out", "None left"),
        (Narrow::Bundles, "bundles", "Bundles"),
    ];
    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Narrow::ALL.iter().find(|(_, known, _)| *known == word).map(|(narrow, _, _)| *narrow)
    }
    /// Whether a product belongs to it.
    pub fn takes(self, row: &Shelved) -> bool {
        match self {
            Narrow::All => true,
            Narrow::Low => matches!(row.standing(), Standing::Low | Standing::Out),
            Narrow::Out => row.standing() == Standing::Out,
            Narrow::Bundles => row.is_bundle(),
        }
    }
}

/// What the list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    Title,
    Sku,
    Bin,
    OnHand,
    Available,
}

impl Sort {
    /// Every one with its word in addresses and the head of its column.
    pub const ALL: [(Sort, &'static str, &'static str); 5] = [
        (Sort::Title, "title", "Product"),
        (Sort::Sku, "sku", "SKU"),
        (Sort::Bin, "bin", "Bin"),
        (Sort::OnHand, "on_hand", "On hand"),
        (Sort::Available, "available", "Available"),
    ];
    /// The one with this word.
    pub fn parse(word: &str) -> Option<Self> {
        Sort::ALL.iter().find(|(_, known, _)| *known == word).map(|(sort, _, _)| *sort)
    }
}

/// Whether every word of a search begins a word of what a product is known by.
pub fn is_found(row: &Shelved, search: &[String]) -> bool {
    let product = &row.product;
    let known = [&product.title, &product.variant, &product.sku, &product.barcode, &product.bin];
    let mut have: Vec<String> = known.iter().flat_map(|text| words::split(text)).collect();
    have.push(words::fold(&product.sku));
    search.iter().all(|word| have.iter().any(|own| own.starts_with(word.as_str())))
}

/// Sorts the list; equal rows stay in the order of their SKUs.
pub fn sort(rows: &mut [Shelved], by: Sort, descending: bool) {
    rows.sort_by(|one, other| one.product.sku.cmp(&other.product.sku));
    match by {
        Sort::Title => {
            rows.sort_by_cached_key(|row| (words::sort_key(&row.product.title), words::sort_key(&row.product.variant)));
        }
        Sort::Sku => {}
        Sort::Bin => rows.sort_by_cached_key(|row| row.product.bin.clone()),
        Sort::OnHand => rows.sort_by_key(|row| row.levels.on_hand),
        Sort::Available => rows.sort_by_key(|row| row.available.unwrap_or(i64::MAX)),
    }
    if descending {
        rows.reverse();
    }
}
