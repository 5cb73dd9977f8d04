//! How each country writes the lines of an address. A layout is a row of lines split by `|`; in it
//! `S` is the street lines, `C` the city, `Z` the postal code, `R` the region, `r` the region unless
//! it is only a code, `c` the region if it is only a code, and `N` the people, who otherwise come
//! first. Whatever stands between two parts is written only if both are there. The country follows on
//! a line of its own.

use super::Address;
use super::countries::{listed, region_code};

/// Layouts by the codes of their countries. Studied in the Universal Postal Union's addressing sheets
/// and checked against OpenCage's expected outputs.
const LAYOUTS: &[(&str, &str)] = &[
    (
        "AT AX AZ BA BE BG BL BV CH CV CY CZ DE DK DZ EE ET FI FO FR GE GF GL GN GP GR GW HN HR HT IL IS JO KW LA LI \
         LR LT LU MA MC MD ME MF MG MK MQ MZ NC NE NL NO PF PL PM PS PT PY RE RS SD SE SI SJ SK SM SN TF TJ TM TN TZ UY VA \
         WF YT ZM",
        "S|Z C",
    ),
    ("RO", "S|Z C|r"),
    ("ES", "S|Z C|r"),
    ("IT", "S|Z C c"),
    ("TR", "S|Z C/R"),
    ("HU", "Z C|S"),
    ("AD", "S|Z C"),
    ("AL EC OM", "S|Z|C"),
    ("AM", "S|Z|C|R"),
    ("US PR GU VI AS MP FM MH UM PW CA", "S|C, R Z"),
    ("AU CC CX HM NF", "S|C R Z"),
    ("GB IM JE GG GI FK GS IO PN SH TC KE MT ZA SZ EG IQ", "S|C|Z"),
    ("IE", "S|C|r|Z"),
    ("MX CO", "S|Z C, R"),
    ("BR", "S|C - R|Z"),
    ("AR CL MY PH", "S|Z C|R"),
    ("VE", "S|C Z, R"),
    ("CR", "S|R, C|Z"),
    ("DO", "S|C, R|Z"),
    ("GT", "S|Z-C"),
    ("SV", "S|Z - C|R"),
    ("PA", "S|Z|C|R"),
    ("CU AO LV MM TT", "S|C, Z"),
    ("IN", "S|C - Z|R"),
    ("BD", "S|C - Z"),
    ("ID NG KR", "S|C Z|R"),
    ("TH VN CN", "S|C|R Z"),
    ("JP", "S|C, R Z"),
    ("SG", "S|C Z"),
    ("NP BN", "S|C|R Z"),
    ("PG", "S|C Z R"),
    ("KN BS KY", "S|C, R Z"),
    ("AE HK TV", "S|C|R|Z"),
    ("RU UA UZ IR", "S|C|R|Z"),
    ("BY KG KZ", "R|Z C|S|N"),
    ("MN", "S|Z|C"),
    (
        "AF AG AI AQ AW BB BF BH BI BJ BM BO BQ BT BW BZ CD CF CG CI CK CM CW DJ DM EH ER FJ GA GD GH GM GQ GY JM KH KI \
         KM KP LB LC LK LS LY ML MO MR MS MU MV MW NA NI NR NU NZ PE PK QA RW SA SB SC SL SO SR SS ST SX SY TD TG TK TL \
         TO TW UG VC VG VU WS XK YE ZW",
        "S|C Z",
    ),
];

/// Where an address is written in Chinese, Japanese or Korean it runs from the large to the small.
const NATIVE: &[(&str, &str)] =
    &[("JP", "〒Z|RC|S|N"), ("CN", "Z|RC|S|N"), ("TW", "Z|RC|S|N"), ("HK MO", "RC|S|N|Z"), ("KR", "R C|S|N|Z")];

const FALLBACK: &str = "S|Z C|R";

fn layout_of(address: &Address, country: &str) -> &'static str {
    let native = [&address.city, &address.street1, &address.region].iter().any(|part| part.chars().any(is_east_asian));
    let table = NATIVE.iter().filter(|_| native).chain(LAYOUTS);
    table.clone().find(|(codes, _)| listed(codes, country)).map_or(FALLBACK, |(_, layout)| *layout)
}

/// Han, kana and hangul.
fn is_east_asian(letter: char) -> bool {
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}')
}

/// The lines without the country.
pub(super) fn lines(address: &Address, country: &str) -> Vec<String> {
    let layout = layout_of(address, country);
    let parts = Parts::of(address, country, layout);
    let mut lines = Vec::new();
    if !layout.contains('N') {
        parts.people(&mut lines);
    }
    for line in layout.split('|') {
        match line {
            "S" => parts.streets(&mut lines),
            "N" => parts.people(&mut lines),
            other => lines.push(parts.line(other)),
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

struct Parts<'a> {
    address: &'a Address,
    city: &'a str,
    region: &'a str,
    region_is_code: bool,
}

impl<'a> Parts<'a> {
    fn of(address: &'a Address, country: &str, layout: &str) -> Self {
        let (city, region) = (address.city.trim(), address.region.trim());
        let region = if same(region, city) && !matches!(country, "US" | "CA" | "AU") { "" } else { region };
        let shown = region_code(country, region).unwrap_or(region);
        let region_is_code = region.len() <= 3 && region.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        // A country that leaves its regions out still needs some place to send it to.
        let city = if city.is_empty() && !layout.contains(['R', 'r', 'c']) { region } else { city };
        Parts { address, city, region: shown, region_is_code }
    }
    fn people(&self, lines: &mut Vec<String>) {
        let (name, company) = (one_line(&self.address.name), one_line(&self.address.company));
        if !same(&company, &name) {
            lines.push(name);
            lines.push(company);
        } else {
            lines.push(name);
        }
    }
    fn streets(&self, lines: &mut Vec<String>) {
        let (first, second) = (one_line(&self.address.street1), one_line(&self.address.street2));
        lines.push(first.clone());
        if !same(&first, &second) {
            lines.push(second);
        }
    }
    fn line(&self, layout: &str) -> String {
        let mut line = String::new();
        let mut between = String::new();
        for sign in layout.chars() {
            let part = match sign {
                'C' => self.city,
                'Z' => self.address.postcode.trim(),
                'R' => self.region,
                'r' if self.region_is_code => "",
                'r' => self.region,
                'c' if !self.region_is_code => "",
                'c' => self.region,
                other => {
                    between.push(other);
                    continue;
                }
            };
            if part.is_empty() {
                between.clear();
                continue;
            }
            let mark = !line.is_empty() || between == "〒" && !part.starts_with('〒');
            if mark {
                line.push_str(&between);
            }
            line.push_str(&one_line(part));
            between.clear();
        }
        line
    }
}

/// Without line breaks and doubled spaces.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
pub(super) fn covered() -> Vec<&'static str> {
    LAYOUTS.iter().flat_map(|(codes, _)| codes.split_ascii_whitespace()).collect()
}
