//! Postal addresses: what one is made of, and how its own country writes it.

use serde::{Deserialize, Serialize};

/// A postal address as people enter it. Every part may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Who receives it.
    #[serde(default)]
    pub name: String,
    /// The firm, if any.
    #[serde(default)]
    pub company: String,
    /// Street and house number.
    #[serde(default)]
    pub street1: String,
    /// Flat, floor, building.
    #[serde(default)]
    pub street2: String,
    /// City, town or village.
    #[serde(default)]
    pub city: String,
    /// State, province, prefecture or county, as a name or a code.
    #[serde(default)]
    pub region: String,
    /// Postal code.
    #[serde(default)]
    pub postcode: String,
    /// ISO 3166-1 alpha-2 code, upper case.
    #[serde(default)]
    pub country: String,
    /// For the carrier.
    #[serde(default)]
    pub phone: String,
}
