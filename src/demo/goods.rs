//! What Fern & Kiln sells.

use crate::actor::Actor;
use crate::catalog::{self, Description, NewProduct};
use crate::db::Tx;
use crate::error::Result;

/// SKU, title, variant, picture, bin, grams, price in cents.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, i64, i64);

/// Everything on the shelves.
const ROWS: &[Row] = &[
    ("MUG-TC-350", "Stoneware mug", "Terracotta · 350 ml", "mug", "A-03-2", 620, 2_400),
    ("MUG-OA-350", "Stoneware mug", "Oat · 350 ml", "mug", "A-03-3", 620, 2_400),
    ("MUG-SB-350", "Stoneware mug", "Slate blue · 350 ml", "mug", "A-03-4", 620, 2_400),
    ("MUG-MO-250", "Espresso cup", "Moss · 90 ml", "mug", "A-04-1", 240, 1_450),
    ("BWL-SB-24", "Serving bowl", "Slate blue · 24 cm", "bowl", "A-07-1", 1_000, 3_800),
    ("BWL-MO-24", "Serving bowl", "Moss · 24 cm", "bowl", "A-07-2", 1_000, 3_800),
    ("BWL-TC-16", "Breakfast bowl", "Terracotta · 16 cm", "bowl", "A-07-3", 480, 2_150),
    ("BWL-OA-16", "Breakfast bowl", "Oat · 16 cm", "bowl", "A-07-4", 480, 2_150),
    ("PLT-CR-27", "Dinner plate", "Celadon rim · 27 cm", "plate", "A-05-3", 740, 1_620),
    ("PLT-OA-27", "Dinner plate", "Oat · 27 cm", "plate", "A-05-4", 740, 1_620),
    ("PLT-CR-21", "Side plate", "Celadon rim · 21 cm", "plate", "A-05-1", 460, 1_240),
    (
        "PLT-XL-36",
        "Hand-thrown serving platter with reactive glaze and unglazed foot",
        "Midnight · 36 cm",
        "plate",
        "A-06-1",
        1_850,
        8_900,
    ),
    ("VAS-OA-18", "Bottle vase", "Oat · 18 cm", "vase", "B-02-1", 820, 4_100),
    ("VAS-TC-30", "Bottle vase", "Terracotta · 30 cm", "vase", "B-02-2", 1_900, 6_900),
    ("VAS-BU-09", "Bud vase", "White · 9 cm", "vase", "B-02-4", 260, 1_690),
    ("TPT-SG-08", "Teapot", "Sage · 0.8 l", "teapot", "A-09-2", 940, 5_800),
    ("TPT-OA-12", "Teapot", "Oat · 1.2 l", "teapot", "A-09-3", 1_240, 7_200),
    ("CND-FIG-220", "Beeswax candle", "Fig · 220 g", "candle", "C-01-4", 380, 1_800),
    ("CND-LAV-220", "Beeswax candle", "Lavender · 220 g", "candle", "C-01-3", 380, 1_800),
    ("CND-PLN-90", "Beeswax candle", "Plain · 90 g", "candle", "C-01-1", 120, 950),
    ("COF-FI-250", "House coffee, 250 g", "Filter", "coffee", "C-07-1", 270, 1_150),
    ("COF-ES-250", "House coffee, 250 g", "Espresso", "coffee", "C-07-2", 270, 1_150),
    ("COF-ES-1KG", "House coffee, 1 kg", "Espresso", "coffee", "C-07-4", 1_030, 3_950),
    ("LIN-MI-4", "Linen napkins, set of 4", "Mist", "linen", "D-01-1", 320, 3_200),
    ("LIN-OC-250", "Linen tablecloth", "Ochre · 150 × 250 cm", "linen", "D-01-3", 900, 9_400),
    ("LIN-TT-2", "Tea towels, set of 2", "Stripe", "linen", "D-01-4", 180, 1_950),
    ("SPO-NA-30", "Olive spoon", "Natural · 30 cm", "spoon", "D-03-1", 70, 1_390),
    ("SPO-NA-3", "Olive spoons, set of 3", "Natural", "spoon", "D-03-2", 210, 3_350),
    ("PLN-MO-14", "Planter", "Moss · 14 cm", "planter", "B-04-1", 900, 2_750),
    ("PLN-TC-22", "Planter", "Terracotta · 22 cm", "planter", "B-04-2", 2_300, 4_600),
    ("TOT-NA", "Tote bag", "Natural", "tote", "D-05-1", 160, 1_690),
    ("TOT-BK", "Tote bag", "Black", "tote", "D-05-2", 160, 1_690),
    ("GFT-50", "Gift card", "€50", "giftcard", "", 0, 5_000),
];

/// The products to be made.
pub(super) fn products() -> Vec<NewProduct> {
    ROWS.iter()
        .enumerate()
        .map(|(index, (sku, title, variant, picture, bin, grams, price_minor))| NewProduct {
            sku: (*sku).to_owned(),
            title: (*title).to_owned(),
            variant: (*variant).to_owned(),
            picture: (*picture).to_owned(),
            bin: (*bin).to_owned(),
            barcode: barcode(index as u64),
            grams: *grams,
            price_minor: *price_minor,
            ..NewProduct::default()
        })
        .collect()
}

/// Adds the breakfast set, which is sold as one and lies on the shelf as its parts.
pub(super) fn bundle(tx: &mut Tx<'_>) -> Result<()> {
    let facts = NewProduct {
        sku: "SET-BRK-2".to_owned(),
        title: "Breakfast for two".to_owned(),
        variant: "Oat".to_owned(),
        picture: "bowl".to_owned(),
        barcode: barcode(ROWS.len() as u64),
        grams: 2_200,
        price_minor: 8_500,
        ..NewProduct::default()
    };
    let parts = vec![("MUG-OA-350".to_owned(), 2), ("BWL-OA-16".to_owned(), 2)];
    let actor = Actor::System { name: "Demonstration" };
    catalog::add(tx, &actor, &Description { facts, parts, ..Description::default() })?;
    Ok(())
}

/// An EAN-13 in the range 200 to 299 that shops number by themselves.
fn barcode(index: u64) -> String {
    let body = format!("{:012}", 200_071_300_000_u64 + index * 17);
    let sum: u32 = body
        .chars()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(place, digit)| if place % 2 == 1 { digit * 3 } else { digit })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
