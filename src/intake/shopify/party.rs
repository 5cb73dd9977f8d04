//! Who ordered, where it goes, and what was written with the order.

use super::Reader;
use crate::address::{Address, countries};
use crate::intake::rows::Row;
use crate::intake::{add_line, cut, without_text_mark};
use crate::order::Draft;
use crate::order::draft::looks_like_email;

/// Longest tag, and how many of them, an order takes.
const LONGEST_TAG: usize = 50;
const MOST_TAGS: usize = 50;

impl Reader<'_> {
    pub(super) fn customer(&mut self, head: &Row, draft: &mut Draft) {
        let billing = self.address(head, "Billing");
        let shipping = self.address(head, "Shipping");
        let first_of = |candidates: &[&str]| {
            candidates.iter().find(|text| !text.is_empty()).map_or(String::new(), |text| (*text).to_owned())
        };
        draft.customer_name = first_of(&[&billing.name, &shipping.name, &billing.company, &shipping.company]);
        let phone = without_text_mark(self.columns.of(head, "Phone"));
        draft.phone = first_of(&[&shipping.phone, &billing.phone, phone]);
        let email = without_text_mark(self.columns.of(head, "Email"));
        if email.is_empty() || looks_like_email(email) {
            draft.email = email.to_owned();
        } else {
            add_line(&mut draft.customer_note, &format!("E-mail as given: {email}"));
            self.note(head, format!("{} is no e-mail address. It was kept in the customer's note.", cut(email)));
        }
        let same = billing == shipping;
        draft.bill_to = (!billing.is_empty() && !same).then_some(billing);
        draft.ship_to = (!shipping.is_empty()).then_some(shipping);
    }

    fn address(&self, head: &Row, which: &str) -> Address {
        let cell = |part: &str| without_text_mark(self.columns.of(head, &format!("{which} {part}"))).to_owned();
        let either = |first: String, second: &str| if first.is_empty() { cell(second) } else { first };
        let (country, street1, street2) = (cell("Country"), cell("Address1"), cell("Address2"));
        Address {
            name: cell("Name"),
            company: cell("Company"),
            street1: if street2.is_empty() { either(street1, "Street") } else { street1 },
            street2,
            city: cell("City"),
            region: either(cell("Province Name"), "Province"),
            postcode: cell("Zip"),
            country: countries::code(&country).map_or(country, str::to_owned),
            phone: cell("Phone"),
        }
    }

    /// The customer's note, the gift, and the tags.
    pub(super) fn words(&mut self, head: &Row, draft: &mut Draft) {
        add_line(&mut draft.customer_note, self.columns.of(head, "Notes"));
        for attribute in self.columns.of(head, "Note Attributes").lines() {
            let (name, value) = attribute.split_once(':').unwrap_or(("", attribute));
            let value = value.trim();
            match name.trim().to_lowercase().replace(['_', '-'], " ").as_str() {
                _ if value.is_empty() => {}
                "gift" | "is gift" | "gift order" => {
                    draft.gift = !matches!(value.to_lowercase().as_str(), "no" | "false" | "0");
                }
                "message" | "gift message" | "gift note" => add_line(&mut draft.gift_message, value),
                _ => add_line(&mut draft.customer_note, attribute.trim()),
            }
        }
        self.tags(head, draft);
    }

    /// The export's tags, and what else tells orders apart at a glance: where it was made, a high risk.
    fn tags(&mut self, head: &Row, draft: &mut Draft) {
        let mut tags: Vec<String> = self.columns.of(head, "Tags").split(',').map(|tag| tag.trim().to_owned()).collect();
        let source = self.columns.of(head, "Source");
        if !source.is_empty() && source != "web" && !source.chars().all(|c| c.is_ascii_digit()) {
            tags.push(source.replace('_', " "));
        }
        if self.columns.of(head, "Risk Level").eq_ignore_ascii_case("high") {
            tags.push("high risk".to_owned());
        }
        for tag in tags.into_iter().filter(|tag| !tag.is_empty()) {
            let short: String = tag.chars().take(LONGEST_TAG).collect();
            if short.len() < tag.len() {
                self.note(head, format!("The tag {} is longer than {LONGEST_TAG} characters and was cut.", cut(&tag)));
            }
            if !draft.tags.contains(&short) {
                draft.tags.push(short);
            }
        }
        if draft.tags.len() > MOST_TAGS {
            self.note(head, format!("The order has {} tags; the first {MOST_TAGS} were taken.", draft.tags.len()));
            draft.tags.truncate(MOST_TAGS);
        }
    }
}
