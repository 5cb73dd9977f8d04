//! Postal addresses: what one is made of, and how its own country writes it.

use serde::{Deserialize, Serialize};

use crate::error::FieldProblem;
use crate::language::Language;

pub mod countries;
mod layout;

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

impl Address {
    /// Whether nothing has been entered.
    pub fn is_empty(&self) -> bool {
        let parts = [&self.name, &self.company, &self.street1, &self.street2, &self.city, &self.region, &self.postcode];
        parts.iter().all(|part| part.trim().is_empty())
            && self.country_code().is_empty()
            && self.phone.trim().is_empty()
    }

    /// The address line by line in its country's own order, without the phone. The country comes last
    /// and in English, as carriers want it; it is left out for mail that stays in `home_country`.
    pub fn lines(&self, home_country: &str) -> Vec<String> {
        self.lines_in(home_country, Language::English)
    }

    /// The same for somebody to read: with the country in their language.
    pub fn lines_in(&self, home_country: &str, language: Language) -> Vec<String> {
        let country = self.country_code();
        let mut lines = layout::lines(self, &country);
        if !country.is_empty() && !country.eq_ignore_ascii_case(home_country.trim()) {
            lines.push(language.country(&country).map_or_else(|| country.clone(), str::to_owned));
        }
        lines
    }

    /// Whether a carrier can deliver to it.
    pub fn is_complete(&self) -> bool {
        self.problems().is_empty()
    }

    /// What is missing: the field's name and a sentence that says what to do.
    pub fn problems(&self) -> Vec<FieldProblem> {
        let country = self.country_code();
        let mut problems = Vec::new();
        let mut missing = |part: &str, field: &str, message: String| {
            if part.trim().is_empty() {
                problems.push(FieldProblem { field: field.to_owned(), message });
            }
        };
        missing(&format!("{}{}", self.name, self.company), "name", "Enter who receives the parcel.".to_owned());
        missing(&self.street1, "street1", "Enter the street and house number.".to_owned());
        if countries::needs_city(&country) {
            missing(&self.city, "city", "Enter the city.".to_owned());
        }
        let known = countries::name(&country);
        if let Some(name) = known.filter(|_| countries::needs_postcode(&country)) {
            missing(&self.postcode, "postcode", format!("Enter the postcode. Addresses in {name} need one."));
        }
        missing(known.unwrap_or_default(), "country", "Choose the country.".to_owned());
        problems
    }

    /// The country's code in upper case, however it was entered.
    fn country_code(&self) -> String {
        self.country.trim().to_ascii_uppercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(street: &str, city: &str, region: &str, postcode: &str, country: &str) -> Address {
        Address {
            name: "Eszter Kovács".to_owned(),
            street1: street.to_owned(),
            city: city.to_owned(),
            region: region.to_owned(),
            postcode: postcode.to_owned(),
            country: country.to_owned(),
            ..Address::default()
        }
    }
    fn written(address: &Address) -> String {
        address.lines("XX").get(1..).unwrap_or_default().join(" / ")
    }

    #[test]
    fn each_country_has_its_own_order() {
        for (street, city, region, postcode, country, expected) in [
            ("Ráday utca 18, 2/5", "Budapest", "", "1092", "HU", "1092 Budapest / Ráday utca 18, 2/5 / Hungary"),
            (
                "Prinsengracht 88",
                "Amsterdam",
                "NH",
                "1015 DX",
                "NL",
                "Prinsengracht 88 / 1015 DX Amsterdam / Netherlands",
            ),
            (
                "10 Downing Street",
                "London",
                "ENG",
                "SW1A 2AA",
                "GB",
                "10 Downing Street / London / SW1A 2AA / United Kingdom",
            ),
            (
                "350 5th Avenue",
                "New York",
                "New York",
                "10118",
                "us",
                "350 5th Avenue / New York, NY 10118 / United States",
            ),
            ("1 Macquarie St", "Sydney", "NSW", "2000", "AU", "1 Macquarie St / Sydney NSW 2000 / Australia"),
            ("Via Appia 1", "Roma", "RM", "00184", "IT", "Via Appia 1 / 00184 Roma RM / Italy"),
            (
                "Rua Augusta 5",
                "São Paulo",
                "SP",
                "01305-000",
                "BR",
                "Rua Augusta 5 / São Paulo - SP / 01305-000 / Brazil",
            ),
            ("Calle Mayor 1", "Madrid", "M", "28013", "ES", "Calle Mayor 1 / 28013 Madrid / Spain"),
            (
                "1 Main St",
                "Cork",
                "County Cork",
                "T12 AB12",
                "IE",
                "1 Main St / Cork / County Cork / T12 AB12 / Ireland",
            ),
            (
                "12 MG Road",
                "Bengaluru",
                "Karnataka",
                "560001",
                "IN",
                "12 MG Road / Bengaluru - 560001 / Karnataka / India",
            ),
            ("1 Orchard Road", "Singapore", "", "238823", "SG", "1 Orchard Road / Singapore 238823 / Singapore"),
        ] {
            assert_eq!(written(&address(street, city, region, postcode, country)), expected);
        }
    }

    #[test]
    fn east_asian_script_runs_from_large_to_small() {
        let mut tokyo = address("永田町1-7-1", "千代田区", "東京都", "100-8914", "JP");
        tokyo.name = "山田太郎".to_owned();
        assert_eq!(tokyo.lines("NL"), ["〒100-8914", "東京都千代田区", "永田町1-7-1", "山田太郎", "Japan"]);
        let latin = address("1-7-1 Nagatacho", "Chiyoda-ku", "Tokyo", "100-8914", "JP");
        assert_eq!(written(&latin), "1-7-1 Nagatacho / Chiyoda-ku, Tokyo 100-8914 / Japan");
    }

    #[test]
    fn home_mail_carries_no_country_and_empty_parts_leave_no_trace() {
        let mut home = address("Prinsengracht 88", "Amsterdam", "", "", "NL");
        home.company = " ".to_owned();
        assert_eq!(home.lines("nl"), ["Eszter Kovács", "Prinsengracht 88", "Amsterdam"]);
        assert!(Address::default().lines("NL").is_empty());
        assert!(Address::default().is_empty());
        let only_state = address("", "", "NY", "10001", "US");
        assert_eq!(only_state.lines("NL"), ["Eszter Kovács", "NY 10001", "United States"]);
        assert_eq!(written(&address("", "Reno", "", "89501", "US")), "Reno 89501 / United States");
    }

    #[test]
    fn an_unknown_country_keeps_every_part() {
        let odd = address("Street 1", "Town", "Shire", "123", "QQ");
        assert_eq!(written(&odd), "Street 1 / 123 Town / Shire / QQ");
    }

    #[test]
    fn what_a_carrier_needs_depends_on_the_country() {
        let fields = |a: &Address| a.problems().into_iter().map(|p| p.field).collect::<Vec<_>>();
        assert!(address("Ráday utca 18", "Budapest", "", "1092", "HU").is_complete());
        assert_eq!(fields(&address("Ráday utca 18", "Budapest", "", "", "HU")), ["postcode"]);
        assert!(address("Sheikh Zayed Rd 1", "Dubai", "Dubai", "", "AE").is_complete());
        assert!(address("1 Orchard Road", "", "", "238823", "SG").is_complete());
        assert_eq!(fields(&Address::default()), ["name", "street1", "city", "country"]);
        assert_eq!(fields(&address("Street 1", "Town", "", "", "Atlantis")), ["country"]);
    }

    #[test]
    fn countries_are_found_by_code_and_by_name() {
        for (text, expected) in
            [("hu", "HU"), ("United Kingdom", "GB"), ("EIRE", "IE"), ("RSA", "ZA"), ("turkiye", "TR"), (" USA ", "US")]
        {
            assert_eq!(countries::code(text), Some(expected));
        }
        assert_eq!(countries::code("Unspecified"), None);
        assert!(countries::COUNTRIES.is_sorted());
        assert_eq!(countries::COUNTRIES.len(), 250);
    }

    #[test]
    fn no_country_has_two_layouts() {
        let mut all = layout::covered();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        for (code, name) in countries::COUNTRIES {
            assert!(all.contains(code), "{name} has no layout");
        }
    }
}
