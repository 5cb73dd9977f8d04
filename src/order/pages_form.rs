//! What is typed into the forms of an order: read by name, kept as typed, understood together so that
//! every mistake is told at once.

use std::collections::BTreeMap;

use crate::address::{Address, countries};
use crate::error::{FieldProblem, Refusal};
use crate::language::Language;
use crate::money::{Currency, Money};
use crate::moves::pages::local_time;
use crate::time::UtcTime;

/// Fields of an address, each behind `ship_` or `bill_`.
pub const ADDRESS: [&str; 9] =
    ["name", "company", "street1", "street2", "city", "region", "postcode", "country", "phone"];

/// Fields besides addresses that say who buys, how it is sent and paid, and what they wish.
pub const PARTY: [&str; 11] = [
    "customer_name",
    "email",
    "phone",
    "shipping_method",
    "payment_method",
    "customer_note",
    "gift_message",
    "bill_same",
    "gift",
    "due",
    "language",
];

/// Whether a form that asks for the party of an order has a field of that name.
pub fn is_party(name: &str) -> bool {
    let part = name.strip_prefix("ship_").or_else(|| name.strip_prefix("bill_"));
    PARTY.contains(&name) || part.is_some_and(|part| ADDRESS.contains(&part))
}

/// Who buys, where it goes and what they wish, as typed.
#[derive(Clone, Debug)]
pub struct Party {
    /// Customer's name.
    pub customer_name: String,
    /// E-mail.
    pub email: String,
    /// Telephone.
    pub phone: String,
    /// Where it goes; perhaps empty.
    pub ship_to: Address,
    /// Whom it is billed to, if not the same.
    pub bill_to: Option<Address>,
    /// Tag of the language they read; empty for the usual one.
    pub language: String,
    /// Name of the way it is sent.
    pub shipping_method: String,
    /// Key of the way it is paid.
    pub payment_method: String,
    /// What the customer wrote.
    pub customer_note: String,
    /// Whether it is a gift.
    pub gift: bool,
    /// What to print for the person who gets it.
    pub gift_message: String,
    /// When it should leave the shop.
    pub due_at: Option<UtcTime>,
}

/// What was typed, by the name of the field.
#[derive(Clone, Debug, Default)]
pub struct Typed(BTreeMap<String, Vec<String>>);

impl Typed {
    /// From the fields of a form. `knows` says which names it has.
    ///
    /// # Errors
    /// Refuses a field that the form does not have.
    pub fn read(pairs: Vec<(String, String)>, knows: impl Fn(&str) -> bool) -> Result<Self, Refusal> {
        let mut typed = Typed::default();
        for (name, value) in pairs {
            if !knows(&name) {
                let told = format!("This form knows nothing called {name}.");
                return Err(Refusal::field("request.unknown_field", name, told));
            }
            typed.0.entry(name).or_default().push(value.replace("\r\n", "\n"));
        }
        Ok(typed)
    }
    /// What a field holds; nothing for one that was not sent.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", String::as_str)
    }
    /// The same without space around it.
    pub fn trimmed(&self, name: &str) -> String {
        self.get(name).trim().to_owned()
    }
    /// Everything that fields of one name hold.
    pub fn list(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }
    /// Whether the form had the field.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
    /// Every field with what it holds.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
    }
    /// Puts something into a field.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), vec![value.into()]);
    }
    /// Puts a list into fields of one name.
    pub fn set_list(&mut self, name: &str, values: Vec<String>) {
        self.0.insert(name.to_owned(), values);
    }
    /// Puts an address into the fields behind `which`.
    pub fn set_address(&mut self, which: &str, address: &Address) {
        let parts = [
            &address.name,
            &address.company,
            &address.street1,
            &address.street2,
            &address.city,
            &address.region,
            &address.postcode,
            &address.country,
            &address.phone,
        ];
        for (name, part) in ADDRESS.iter().zip(parts) {
            self.set(&format!("{which}_{name}"), part.clone());
        }
    }
    /// The address in the fields behind `which`, and what is wrong with it.
    pub fn address(&self, which: &str, problems: &mut Vec<FieldProblem>) -> Address {
        let mut part = |name: &str| {
            let field = format!("{which}_{name}");
            let text = self.trimmed(&field);
            if text.chars().count() > 200 {
                problems.push(problem(&field, "This takes 200 characters at the most."));
            }
            text
        };
        let mut address = Address {
            name: part("name"),
            company: part("company"),
            street1: part("street1"),
            street2: part("street2"),
            city: part("city"),
            region: part("region"),
            postcode: part("postcode"),
            country: part("country"),
            phone: part("phone"),
        };
        if !address.country.is_empty() {
            match countries::code(&address.country) {
                Some(code) => code.clone_into(&mut address.country),
                None => problems.push(problem(&format!("{which}_country"), "Choose a country from the list.")),
            }
        }
        address
    }
    /// An amount; zero if nothing was typed.
    pub fn amount(&self, name: &str, currency: Currency, problems: &mut Vec<FieldProblem>) -> i64 {
        amount(name, self.get(name), currency, problems)
    }
    /// A date and time of the shop; none if nothing was typed.
    pub fn time(&self, name: &str, zone: chrono_tz::Tz, problems: &mut Vec<FieldProblem>) -> Option<UtcTime> {
        let text = self.get(name);
        if text.trim().is_empty() {
            return None;
        }
        let read = local_time(text, zone);
        if read.is_none() {
            problems.push(problem(name, "Enter a date and a time, such as 2026-11-23 17:00."));
        }
        read
    }
    /// Who buys, where it goes and what they wish, and everything that is wrong with it.
    pub fn party(&self, zone: chrono_tz::Tz, problems: &mut Vec<FieldProblem>) -> Party {
        let ship_to = self.address("ship", problems);
        let bill = self.address("bill", problems);
        let limits = [300, 320, 60, 200, 100, 10_000, 2_000];
        for (name, most) in PARTY.iter().zip(limits) {
            if self.trimmed(name).chars().count() > most {
                problems.push(problem(name, &format!("This takes {most} characters at the most.")));
            }
        }
        Party {
            customer_name: self.trimmed("customer_name"),
            email: self.trimmed("email"),
            phone: self.trimmed("phone"),
            language: self.trimmed("language"),
            ship_to,
            bill_to: (self.get("bill_same") != "1" && !bill.is_empty()).then_some(bill),
            shipping_method: self.trimmed("shipping_method"),
            payment_method: self.trimmed("payment_method"),
            customer_note: self.trimmed("customer_note"),
            gift: self.get("gift") == "1",
            gift_message: self.trimmed("gift_message"),
            due_at: self.time("due", zone, problems),
        }
    }
    /// Tags as typed: several with commas between them.
    pub fn tags(&self) -> Vec<String> {
        self.get("tags").split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
    }
}

/// Reads an amount that is not negative; zero if nothing was typed.
pub fn amount(field: &str, text: &str, currency: Currency, problems: &mut Vec<FieldProblem>) -> i64 {
    if text.trim().is_empty() {
        return 0;
    }
    match Money::parse(text, currency) {
        Some(money) if money.minor >= 0 => money.minor,
        _ => {
            let example = Money::new(2 * 10i64.pow(currency.exponent()), currency).decimal();
            problems.push(problem(field, &format!("Enter an amount in {currency}, such as {example}.")));
            0
        }
    }
}

/// A problem of one field.
pub fn problem(field: &str, message: &str) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: message.to_owned() }
}

/// A date and time as a browser's field takes it.
pub fn local_field(at: UtcTime, zone: chrono_tz::Tz) -> String {
    at.local(zone).format("%Y-%m-%dT%H:%M").to_string()
}

/// The countries to choose from, by name: code, name, whether it is chosen.
pub fn country_choices(chosen: &str) -> Vec<(&'static str, &'static str, bool)> {
    let all = Language::English.countries().into_iter();
    all.map(|(code, name)| (code, name, code.eq_ignore_ascii_case(chosen.trim()))).collect()
}
