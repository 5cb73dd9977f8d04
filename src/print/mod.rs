//! Paper: packing slips and order details as printable pages, one or many in a document.

pub mod codes;
pub mod document;
pub mod natural;
pub mod paper;
pub mod settings;
pub mod sheet;
pub mod slip;

pub use paper::Paper;
