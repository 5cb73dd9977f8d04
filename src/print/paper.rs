//! The papers that documents come on.

use super::codes::Module;

crate::text_enum! {
    /// A paper size.
    pub enum Paper {
        /// 210 × 297 mm.
        A4 = "a4",
        /// 8.5 × 11 in.
        Letter = "letter",
        /// 148 × 210 mm.
        A5 = "a5",
        /// A 100 × 150 mm label, also 4 × 6 in.
        Label = "label",
    }
}

impl Paper {
    /// Those that are no labels.
    pub const SHEETS: &[Paper] = &[Paper::A4, Paper::Letter, Paper::A5];

    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            Paper::A4 => "A4",
            Paper::Letter => "Letter",
            Paper::A5 => "A5",
            Paper::Label => "Label, 100 × 150 mm",
        }
    }
    /// Bar width that suits it.
    pub fn module(self) -> Module {
        match self {
            Paper::Label => Module::Narrow,
            Paper::A4 | Paper::Letter | Paper::A5 => Module::Wide,
        }
    }
    /// The usual paper of a country, for those who have not chosen.
    pub fn usual_in(country: &str) -> Self {
        match country {
            "US" | "CA" | "MX" | "PH" | "CL" | "CO" | "VE" | "PR" | "CR" | "GT" | "PA" | "SV" | "NI" | "DO" => {
                Paper::Letter
            }
            _ => Paper::A4,
        }
    }
}
