//! Whose parcel a tracking number names, and where it is followed. Pure. Formats and check digits are
//! those the carriers publish, as collected by the project tracking_number_data; DPD's from its parcel
//! label specification, international post from UPU standard S10, shipping units from GS1 (SSCC).

use crate::address::countries;

/// Carriers the desk knows: their name and the address that follows a number, `%s` being the number.
const CARRIERS: &[(&str, &str)] = &[
    ("UPS", "https://www.ups.com/track?tracknum=%s"),
    ("FedEx", "https://www.fedex.com/apps/fedextrack/?tracknumbers=%s"),
    ("USPS", "https://tools.usps.com/go/TrackConfirmAction?tLabels=%s"),
    ("DHL", "https://www.dhl.com/en/express/tracking.html?brand=DHL&AWB=%s"),
    ("DHL Paket", "https://www.dhl.de/de/privatkunden/pakete-empfangen/verfolgen.html?piececode=%s"),
    ("DPD", "https://www.dpdgroup.com/nl/mydpd/my-parcels/track?lang=en&parcelNumber=%s"),
    ("Royal Mail", "https://www.royalmail.com/track-your-item#/tracking-results/%s"),
    ("Canada Post", "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor=%s"),
    ("La Poste", "https://www.laposte.fr/outils/suivre-vos-envois?code=%s"),
    ("PostNL", "https://jouw.postnl.nl/track-and-trace/%s"),
    ("PostNord", "https://tracking.postnord.com/en/?id=%s"),
    ("Swiss Post", "https://service.post.ch/ekp-web/ui/entry/search/%s"),
    ("Yodel", "https://www.yodel.co.uk/tracking/%s"),
    ("Evri", "https://www.evri.com/track/parcel/%s"),
    ("GLS", "https://gls-group.com/GROUP/en/parcel-tracking?match=%s"),
    ("Purolator", "https://www.purolator.com/en/shipping/tracker?searchValue=%s"),
    ("Canpar", "https://www.canpar.com/en/track/tracking.jsp?reference=%s&locale=en"),
    ("OnTrac", "https://www.ontrac.com/tracking/?number=%s"),
    ("LaserShip", ""),
    ("Amazon", "https://track.amazon.com/tracking/%s"),
    ("Old Dominion", "https://www.odfl.com/us/en/tools/trace-track-ltl-freight/trace.html?proNumbers=%s"),
    ("GOFO Express", "https://www.gofoexpress.com/tracking.html?searchID=%s"),
    ("Landmark Global", "https://track.landmarkglobal.com/?search=%s"),
    ("Spee-Dee Delivery", "https://www.speedeedelivery.com/track/?tracking=%s"),
    ("YunExpress", "https://www.yuntrack.com/parcelTracking?id=%s"),
];

/// Post offices of S10 numbers that are carriers of their own here, by country.
const POSTS: &[(&str, &str)] = &[
    ("US", "USPS"),
    ("CA", "Canada Post"),
    ("GB", "Royal Mail"),
    ("FR", "La Poste"),
    ("NL", "PostNL"),
    ("DE", "DHL Paket"),
    ("SE", "PostNord"),
    ("DK", "PostNord"),
    ("CH", "Swiss Post"),
];

/// How the last digit follows from the others.
#[derive(Clone, Copy, Debug)]
enum Check {
    /// It does not.
    None,
    /// Digits in even places times the first, in odd places times the second, to a multiple of ten.
    /// Letters count as the last digit of their code less three.
    Mod10(u32, u32),
    /// Every other digit from the right doubled, to a multiple of ten (ISO/IEC 7812).
    Luhn,
    /// The number's remainder by seven.
    Mod7,
    /// Digits times these weights, remainder by eleven, of it the last digit.
    Weights(&'static [u32]),
    /// ISO/IEC 7064 MOD 37,36.
    Mod37,
    /// UPU S10.
    S10,
}

/// One way a carrier writes its numbers. In a shape `#` is a digit, `@` a letter, `*` either, `[05]`
/// one of these, anything else itself. Before the body that is checked stand `skip` characters, after
/// the check digit `tail`; `ahead` is put before a body that does not begin so.
struct Format {
    carrier: &'static str,
    name: &'static str,
    shape: &'static str,
    check: Check,
    skip: usize,
    tail: usize,
    ahead: &'static str,
}

const fn format(carrier: &'static str, name: &'static str, shape: &'static str, check: Check) -> Format {
    Format { carrier, name, shape, check, skip: 0, tail: 0, ahead: "" }
}

const fn after(skip: usize, format: Format) -> Format {
    Format { skip, ..format }
}

const SEVENTEENTHS: &[u32] = &[3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];
const LONG_SEVENTEENTHS: &[u32] = &[1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1];

const FORMATS: &[Format] = &[
    after(2, format("UPS", "UPS", "1Z***************#", Check::Mod10(1, 2))),
    after(1, format("UPS", "UPS Waybill", "[AHJKTV]##########", Check::Mod10(1, 2))),
    format("FedEx", "FedEx Express (12)", "############", Check::Weights(SEVENTEENTHS)),
    after(
        20,
        format(
            "FedEx",
            "FedEx Express (34)",
            "[012345678]#################################",
            Check::Weights(LONG_SEVENTEENTHS),
        ),
    ),
    Format {
        tail: 4,
        ..after(
            16,
            format("FedEx", "FedEx ASTRA (32)", "3###############################", Check::Weights(SEVENTEENTHS)),
        )
    },
    format("FedEx", "FedEx Ground", "###############", Check::Mod10(1, 3)),
    after(2, format("FedEx", "FedEx Ground (SSCC-18)", "##################", Check::Mod10(3, 1))),
    after(7, format("FedEx", "FedEx Ground 96 (22)", "96####################", Check::Mod10(1, 3))),
    after(
        20,
        format("FedEx", "FedEx Ground GSN", "96################################", Check::Weights(LONG_SEVENTEENTHS)),
    ),
    format("USPS", "USPS IMpb N", "94####################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb N", "94########################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb N", "94###9########################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb C", "92###9################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb C", "92###9####################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb C", "93###[012345678]################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb C", "93###[012345678]####################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb C", "95####################", Check::Mod10(3, 1)),
    format("USPS", "USPS IMpb C", "95########################", Check::Mod10(3, 1)),
    Format { ahead: "91", ..format("USPS", "USPS Legacy", "####################", Check::Mod10(3, 1)) },
    format("USPS", "USPS Legacy", "91####################", Check::Mod10(3, 1)),
    format("DHL", "DHL Express", "##########", Check::Mod7),
    format("DHL", "DHL Express", "###########", Check::Mod7),
    format("DHL", "DHL Express (Piece ID)", "J@@#########", Check::None),
    format("DHL", "DHL Express (Piece ID)", "J@@##########", Check::None),
    format("DHL", "DHL Express (Piece ID)", "J@@@#########", Check::None),
    format("DHL", "DHL Express (Piece ID)", "J@@@##########", Check::None),
    format("DHL", "DHL E-Commerce (14)", "##############", Check::None),
    after(2, format("DHL Paket", "DHL Paket (SSCC)", "0034043#############", Check::Mod10(3, 1))),
    // Any twenty digits: after those that say more.
    format("USPS", "USPS 20", "####################", Check::Mod10(3, 1)),
    format("DPD", "DPD (28)", "###########################*", Check::Mod37),
    format("DPD", "DPD (14)", "##############*", Check::Mod37),
    format("Canada Post", "Canada Post (16)", "################", Check::Mod10(3, 1)),
    format("Canpar", "Canpar (22)", "[CDKLSUXZ]#####################", Check::None),
    format("Purolator", "Purolator (12)", "[012345]###########", Check::Luhn),
    format("Purolator", "Purolator (alpha + 9)", "@@@#########", Check::None),
    Format { ahead: "4", ..after(1, format("OnTrac", "OnTrac", "C##############", Check::Mod10(1, 2))) },
    Format { ahead: "5", ..after(1, format("OnTrac", "OnTrac D", "D##############", Check::Mod10(1, 2))) },
    format("LaserShip", "LaserShip LX", "L[AIEHNX][123]#######", Check::None),
    format("LaserShip", "LaserShip 1LS7 (15)", "1LS7[12]##########", Check::None),
    format("LaserShip", "LaserShip 1LS7 (18)", "1LS7[12]##01[1234]######-1", Check::None),
    format("LaserShip", "LaserShip 1LSCX (15)", "1LSCX**********", Check::None),
    format("Old Dominion", "Old Dominion", "77[78]########", Check::Luhn),
    format("Old Dominion", "Old Dominion", "072########", Check::Luhn),
    format("Old Dominion", "Old Dominion", "780########", Check::Luhn),
    format("Old Dominion", "Old Dominion Guaranteed Shipment", "80#########", Check::Luhn),
    format("Yodel", "Yodel", "JD################", Check::None),
    format("Yodel", "Yodel", "JJD################", Check::None),
    format("Amazon", "Amazon Logistics", "TB[ACM]############", Check::None),
    format("Amazon", "Amazon International", "[AFC]##########", Check::None),
    format("GOFO Express", "GOFO Express (US)", "GFUS##############", Check::None),
    format("Landmark Global", "Landmark Global LTN", "LTN########N1", Check::None),
    format("Spee-Dee Delivery", "Spee-Dee (20)", "SP##################", Check::None),
    format("YunExpress", "YunExpress", "YT################", Check::None),
    format("", "S10", "@@#########@@", Check::S10),
];

/// What a number looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guess {
    /// Carriers it may belong to, the surest first, each once.
    pub carriers: Vec<String>,
    /// A carrier whose numbers look so but whose check digit does not fit: probably mistyped.
    pub mistyped: Option<String>,
}

impl Guess {
    /// The carrier, if there is no other.
    pub fn only(&self) -> Option<&str> {
        match self.carriers.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// The number as carriers compare it: capital letters and digits, without spaces.
pub fn plain(number: &str) -> String {
    number.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect()
}

/// Whose number this may be.
pub fn guess(number: &str) -> Guess {
    let mut guess = Guess::default();
    // A check digit that fits says more than a mere shape.
    let mut shapes_only = Vec::new();
    for (carrier, _, outcome) in readings(number) {
        match outcome {
            Fit::Checked => push(&mut guess.carriers, carrier),
            Fit::Shape => push(&mut shapes_only, carrier),
            Fit::WrongDigit => guess.mistyped = guess.mistyped.or(Some(carrier)),
        }
    }
    for carrier in shapes_only {
        push(&mut guess.carriers, carrier);
    }
    if !guess.carriers.is_empty() {
        guess.mistyped = None;
    }
    guess
}

fn push(list: &mut Vec<String>, carrier: String) {
    if !list.contains(&carrier) {
        list.push(carrier);
    }
}

/// How a number fits a format of its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Checked,
    Shape,
    WrongDigit,
}

/// Every format whose shape the number has: carrier, name of the format, how it fits.
fn readings(number: &str) -> Vec<(String, &'static str, Fit)> {
    let plain = plain(number);
    if !plain.is_ascii() || plain.len() > 45 {
        return Vec::new();
    }
    let mut found = Vec::new();
    for format in FORMATS.iter().filter(|format| has_shape(&plain, format.shape)) {
        found.extend(read(format, &plain));
    }
    // Before a number of USPS may stand 420 and where it goes, in five digits or nine.
    for skip in [8, 12] {
        if let Some(rest) = plain.strip_prefix("420").and_then(|_| plain.get(skip..)) {
            let inner =
                FORMATS.iter().filter(|f| f.carrier == "USPS" && f.name != "USPS 20" && has_shape(rest, f.shape));
            found.extend(inner.flat_map(|format| read(format, rest)));
        }
    }
    if is_dhl_e_commerce(&plain) {
        found.push(("DHL".to_owned(), "DHL E-Commerce", Fit::Shape));
    }
    found
}

fn read(format: &Format, plain: &str) -> Option<(String, &'static str, Fit)> {
    let carrier = match format.check {
        Check::S10 => post_of(plain.get(11..)?)?,
        _ => format.carrier.to_owned(),
    };
    let fit = match format.check {
        Check::None => Fit::Shape,
        _ if fits(format, plain) => Fit::Checked,
        _ => Fit::WrongDigit,
    };
    Some((carrier, format.name, fit))
}

/// Who delivers the international post of a country.
fn post_of(country: &str) -> Option<String> {
    let known = POSTS.iter().find(|(code, _)| *code == country).map(|(_, carrier)| (*carrier).to_owned());
    known.or_else(|| countries::name(country).map(|name| format!("Post of {name}")))
}

/// `GM`, `LX` and their like, then a digit and nine to thirty-eight letters or digits.
fn is_dhl_e_commerce(plain: &str) -> bool {
    const HEADS: [&str; 10] = ["GM", "LX", "RX", "UV", "CN", "SG", "TH", "IN", "HK", "MY"];
    let Some((head, rest)) = plain.split_at_checked(2) else { return false };
    // A letter that ends it is a country of S10, which checks its digits.
    HEADS.contains(&head)
        && (10..=39).contains(&rest.len())
        && rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !has_shape(plain, "@@#########@@")
}

fn has_shape(plain: &str, shape: &str) -> bool {
    let (mut shape, mut rest) = (shape.chars(), plain.chars());
    while let Some(wanted) = shape.next() {
        let Some(c) = rest.next() else { return false };
        let fits = match wanted {
            '#' => c.is_ascii_digit(),
            '@' => c.is_ascii_uppercase(),
            '*' => c.is_ascii_digit() || c.is_ascii_uppercase(),
            '[' => shape.by_ref().take_while(|one| *one != ']').collect::<Vec<_>>().contains(&c),
            other => c == other,
        };
        if !fits {
            return false;
        }
    }
    rest.next().is_none()
}

/// Whether the check digit follows from the rest.
fn fits(format: &Format, plain: &str) -> bool {
    let Some(inner) = plain.get(format.skip..plain.len() - format.tail) else { return false };
    let Some((body, last)) = inner.split_at_checked(inner.len().saturating_sub(1)) else { return false };
    let body = if format.ahead.is_empty() || body.starts_with(format.ahead) {
        body.to_owned()
    } else {
        format!("{}{body}", format.ahead)
    };
    let values: Vec<u32> = body.bytes().map(value).collect();
    let wanted = last.bytes().next().map(u32::from).unwrap_or_default();
    let digit = wanted.wrapping_sub(u32::from(b'0'));
    match format.check {
        Check::None => true,
        Check::Mod10(even, odd) => {
            let factor = |index: usize| if index.is_multiple_of(2) { even } else { odd };
            let sum: u32 = values.iter().enumerate().map(|(index, value)| value * factor(index)).sum();
            (10 - sum % 10) % 10 == digit
        }
        Check::Luhn => {
            let doubled = |value: u32| if value > 4 { value * 2 - 9 } else { value * 2 };
            let each = values.iter().rev().enumerate();
            let sum: u32 = each.map(|(i, v)| if i.is_multiple_of(2) { doubled(*v) } else { *v }).sum();
            (10 - sum % 10) % 10 == digit
        }
        Check::Mod7 => body.parse::<u64>().is_ok_and(|number| number % 7 == u64::from(digit)),
        Check::Weights(weights) => {
            let sum: u32 = values.iter().zip(weights).map(|(value, weight)| value * weight).sum();
            sum % 11 % 10 == digit
        }
        Check::Mod37 => mod_37(&body) == wanted,
        Check::S10 => s10(plain),
    }
}

/// What a character counts: a digit itself, a letter the last digit of its code less three.
fn value(byte: u8) -> u32 {
    if byte.is_ascii_digit() { u32::from(byte - b'0') } else { u32::from(byte).wrapping_sub(3) % 10 }
}

/// The check character after these, as its code.
fn mod_37(body: &str) -> u32 {
    let mut check = 36;
    for c in body.chars() {
        check += c.to_digit(36).unwrap_or_default();
        if check > 36 {
            check -= 36;
        }
        check *= 2;
        if check > 36 {
            check -= 37;
        }
    }
    let check = (37 - check) % 36;
    std::char::from_digit(check, 36).map_or(0, |c| u32::from(c.to_ascii_uppercase()))
}

fn s10(plain: &str) -> bool {
    let digits: Vec<u32> = plain.chars().filter_map(|c| c.to_digit(10)).collect();
    let Some((check, body)) = digits.split_last() else { return false };
    let sum: u32 = body.iter().zip([8, 6, 4, 2, 3, 5, 9, 7]).map(|(digit, weight)| digit * weight).sum();
    *check
        == match sum % 11 {
            0 => 5,
            1 => 0,
            rest => 11 - rest,
        }
}

/// Names of the carriers, for choosing.
pub fn carriers() -> impl Iterator<Item = &'static str> {
    CARRIERS.iter().map(|(name, _)| *name)
}

/// The carrier a name means: `dhl`, `DHL Paket`, `ups ground` all find theirs.
pub fn known(carrier: &str) -> Option<&'static str> {
    let wanted = carrier.trim().to_lowercase();
    let exact = carriers().find(|name| name.to_lowercase() == wanted);
    exact.or_else(|| {
        carriers().filter(|name| wanted.starts_with(&format!("{} ", name.to_lowercase()))).max_by_key(|name| name.len())
    })
}

/// Where a parcel is followed: at its carrier's, or at the only carrier whose number it can be.
pub fn link(carrier: &str, number: &str) -> Option<String> {
    let number = plain(number);
    if number.is_empty() {
        return None;
    }
    let guess = guess(&number);
    let name = if carrier.trim().is_empty() { guess.only()? } else { known(carrier)? };
    let (_, template) = CARRIERS.iter().find(|(known, _)| *known == name)?;
    let escaped: String = url::form_urlencoded::byte_serialize(number.as_bytes()).collect();
    (!template.is_empty()).then(|| template.replace("%s", &escaped))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_number_tells_its_carrier() {
        for (number, carrier) in [
            ("1Z5R89390357567127", "UPS"),
            ("k 150 623 562 0", "UPS"),
            ("477179081230", "FedEx"),
            ("9611020987654312345672", "FedEx"),
            ("420787459400111206206406260787", "USPS"),
            ("9405803699300124287899", "USPS"),
            ("JVGL0999999990", "DHL"),
            ("GM2951173225174494", "DHL"),
            ("0034 0434 1610 9404 2557", "DHL Paket"),
            ("0081 827 0998 0000 0200 45 327 276 N", "DPD"),
            ("09 9800 0002 0033 F", "DPD"),
            ("RB123456785GB", "Royal Mail"),
            ("RB123456785US", "USPS"),
            ("RB123456785CF", "Post of Central African Republic"),
            ("7035114477138472", "Canada Post"),
            ("KYV009956937", "Purolator"),
            ("C11031500001879", "OnTrac"),
            ("TBA010000000000", "Amazon"),
            ("JJD0002257639032011", "Yodel"),
        ] {
            assert_eq!(guess(number).carriers.first().map(String::as_str), Some(carrier), "{number}");
        }
    }

    #[test]
    fn a_wrong_check_digit_is_probably_mistyped() {
        for (number, carrier) in [("1Z5R89390357567128", "UPS"), ("RB123456786GB", "Royal Mail")] {
            assert_eq!(guess(number), Guess { carriers: Vec::new(), mistyped: Some(carrier.into()) }, "{number}");
        }
        assert_eq!(guess("RB123456785XX"), Guess::default(), "no such country");
    }

    #[test]
    fn what_two_carriers_may_have_made_names_both() {
        // Twelve digits whose last follows both from FedEx's weights and from Purolator's sum.
        let both = (0..20_000_u64)
            .map(|number| format!("{:012}", 320_000_000_000 + number))
            .find(|number| guess(number).carriers.len() == 2)
            .unwrap();
        assert_eq!(guess(&both).carriers, ["FedEx", "Purolator"]);
        assert_eq!(guess(&both).only(), None);
    }

    #[test]
    fn anything_else_names_nobody() {
        for text in ["", "   ", "ask Jon", "12345", "١٢٣٤٥٦٧٨٩٠١٢", "🌿🌿🌿", &"9".repeat(500)] {
            assert_eq!(guess(text), Guess::default(), "{text}");
        }
    }

    #[test]
    fn a_link_is_the_carriers_own() {
        let link = |carrier: &str, number: &str| link(carrier, number).unwrap_or_default();
        assert_eq!(link("UPS", "1z 5r89390357567127"), "https://www.ups.com/track?tracknum=1Z5R89390357567127");
        assert_eq!(link("", "1Z5R89390357567127"), "https://www.ups.com/track?tracknum=1Z5R89390357567127");
        assert!(link("dhl paket international", "0034").starts_with("https://www.dhl.de/"));
        assert_eq!(link("Jon's bicycle", "1Z5R89390357567127"), "");
        assert!(link("DHL", "a&b=\"c").ends_with("AWB=A%26B%3D%22C"));
        assert_eq!(link("UPS", ""), "");
    }

    #[test]
    fn every_carrier_of_a_format_can_be_chosen() {
        for format in FORMATS.iter().filter(|format| !format.carrier.is_empty()) {
            assert_eq!(known(format.carrier), Some(format.carrier));
        }
        assert!(POSTS.iter().all(|(country, carrier)| known(carrier).is_some() && countries::name(country).is_some()));
    }

    /// The numbers that the project tracking_number_data gives for its formats, where somebody has put
    /// them at `SLIPWAY_TRACKING_DATA`.
    #[test]
    fn the_collected_test_numbers_are_told_apart() {
        let Ok(folder) = std::env::var("SLIPWAY_TRACKING_DATA") else { return };
        let mut tried = 0;
        for file in std::fs::read_dir(folder).unwrap().flatten() {
            if file.path().extension().is_none_or(|end| end != "json") {
                continue;
            }
            let told: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file.path()).unwrap()).unwrap();
            for format in told["tracking_numbers"].as_array().unwrap() {
                let name = format["name"].as_str().unwrap();
                for (kind, wanted) in [("valid", true), ("invalid", false)] {
                    for number in format["test_numbers"][kind].as_array().into_iter().flatten() {
                        let number = number.as_str().unwrap();
                        let fits = readings(number).iter().any(|(_, of, fit)| *of == name && *fit != Fit::WrongDigit);
                        assert_eq!(fits, wanted, "{name}: {number}");
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 100, "{tried}");
    }
}
