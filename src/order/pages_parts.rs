//! What an order's page shows of its lines, sums, parcels, payments and people, as words. Whatever a
//! person may not see is left out here, so that no template can show it.

use std::collections::HashMap;

use chrono::Datelike;

use super::{Charge, ChargeKind, FulfilmentStatus, Line, Order};
use crate::address::Address;
use crate::customer::Customer;
use crate::ids::{LineId, ShipmentId};
use crate::language::Language;
use crate::shipment::{Content, Shipment};
use crate::staff::{Permission, Person};
use crate::time::UtcTime;
use crate::web::{Shell, picture};
use crate::workflow::Base;

/// What a person may see of an order.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// Prices, totals, payments.
    pub money: bool,
    /// E-mail addresses and telephone numbers.
    pub contact: bool,
}

impl Sight {
    /// Of this person.
    pub fn of(person: &Person) -> Self {
        Sight { money: person.may(Permission::ViewMoney), contact: person.may(Permission::ViewContact) }
    }
}

/// A mark with words beside it.
#[derive(Clone, Debug)]
pub struct Badge {
    /// ok, info, warn, bad or mute; empty for the plain one.
    pub tone: &'static str,
    /// Glyph in the icon sheet.
    pub glyph: &'static str,
    /// Words.
    pub words: String,
}

/// A line of the items table.
#[derive(Debug)]
pub struct LineRow {
    pub picture: Option<&'static str>,
    pub title: String,
    pub about: String,
    pub properties: Vec<String>,
    pub bin: String,
    pub fulfilment: Badge,
    pub unit: String,
    pub ordered: i64,
    pub left: i64,
    pub total: String,
    pub discount: String,
}

impl LineRow {
    /// Whether some units were taken out.
    pub fn was_cut(&self) -> bool {
        self.left != self.ordered
    }
}

/// The items table.
pub fn lines(
    order: &Order,
    lines: &[Line],
    parcels: &[Shipment],
    contents: &[Content],
    backordered: &[(LineId, i64)],
    sight: Sight,
) -> Vec<LineRow> {
    let positions: HashMap<ShipmentId, i64> = parcels.iter().map(|parcel| (parcel.id, parcel.position)).collect();
    lines
        .iter()
        .map(|line| {
            let money = |minor: i64| if sight.money { order.money(minor).to_string() } else { String::new() };
            let discount = if line.discount_minor == 0 { String::new() } else { money(-line.discount_minor) };
            LineRow {
                picture: picture(&line.picture).filter(|_| !line.picture.is_empty()),
                title: line.title.clone(),
                about: line.caption(),
                properties: line.properties.lines().map(str::to_owned).collect(),
                bin: line.bin.clone(),
                fulfilment: with_back_order(line, backordered, line_fulfilment(line, contents, &positions)),
                unit: money(line.unit_minor),
                ordered: line.quantity,
                left: line.quantity - line.cancelled_quantity,
                total: money(line.total_minor),
                discount,
            }
        })
        .collect()
}

/// The same, telling how many of it wait for a delivery to the shop.
fn with_back_order(line: &Line, backordered: &[(LineId, i64)], badge: Badge) -> Badge {
    match backordered.iter().find(|(known, _)| *known == line.id) {
        Some((_, units)) => Badge { tone: "warn", words: format!("{} · {units} on back order", badge.words), ..badge },
        None => badge,
    }
}

fn line_fulfilment(line: &Line, contents: &[Content], positions: &HashMap<ShipmentId, i64>) -> Badge {
    let badge = |glyph, words: String| Badge { tone: "", glyph, words };
    let left = line.quantity - line.cancelled_quantity;
    if !line.requires_shipping {
        return badge("g-none", "Nothing to ship".to_owned());
    }
    if left == 0 {
        return badge("g-back", if line.quantity > 0 { "Cancelled" } else { "Taken out" }.to_owned());
    }
    let within: Vec<i64> = contents
        .iter()
        .filter(|content| content.line_id == line.id)
        .filter_map(|content| positions.get(&content.shipment_id).copied())
        .collect();
    let parcel = match within.as_slice() {
        [] => String::new(),
        [one] => format!(" · parcel {one}"),
        many => format!(" · {} parcels", many.len()),
    };
    let part = |units: i64, word: &str| {
        if units < left { format!("{units} of {left} {}", word.to_lowercase()) } else { word.to_owned() }
    };
    if line.returned_quantity > 0 {
        badge("g-back", part(line.returned_quantity, "Returned"))
    } else if line.shipped_quantity > 0 {
        let glyph = if line.shipped_quantity < left { "g-half" } else { "g-full" };
        badge(glyph, format!("{}{parcel}", part(line.shipped_quantity, "Shipped")))
    } else if line.packed_quantity > 0 {
        badge("g-half", format!("{}{parcel}", part(line.packed_quantity, "Packed")))
    } else {
        badge("g-none", "To be packed".to_owned())
    }
}

/// A line of the sum below the items.
#[derive(Debug)]
pub struct SumRow {
    pub label: String,
    pub code: String,
    pub amount: String,
}

/// The parts of the total, without the total.
pub fn sums(order: &Order, charges: &[Charge], language: Language) -> Vec<SumRow> {
    let row = |label: String, code: &str, minor: i64| SumRow {
        label,
        code: code.to_owned(),
        amount: language.money(order.money(minor)),
    };
    let named = |key: &str, name: &str| language.say_with(key, &[("name", name.to_owned().into())]);
    let tax = || language.say(if order.tax_included { "sum-tax-included" } else { "sum-tax" });
    let mut rows = vec![row(language.say("sum-subtotal"), "", order.subtotal_minor)];
    for charge in charges {
        let is_bare = |word: &str| ["", word, &charge.code].contains(&charge.label.as_str());
        let label = match charge.kind {
            ChargeKind::Discount if is_bare("Discount") => language.say("sum-discount"),
            ChargeKind::Discount => named("sum-discount-named", &charge.label),
            ChargeKind::Shipping if is_bare("Shipping") => language.say("sum-shipping"),
            ChargeKind::Shipping => named("sum-shipping-named", &charge.label),
            ChargeKind::Fee if charge.label.is_empty() => language.say("sum-fee"),
            ChargeKind::Fee => charge.label.clone(),
            ChargeKind::Tax if charge.label.is_empty() => tax(),
            ChargeKind::Tax if order.tax_included => named("sum-tax-named-included", &charge.label),
            ChargeKind::Tax => charge.label.clone(),
            ChargeKind::Rounding => language.say("sum-rounding"),
        };
        rows.push(row(label, &charge.code, charge.amount_minor));
    }
    if order.tax_minor != 0 && !charges.iter().any(|charge| charge.kind == ChargeKind::Tax) {
        rows.push(row(tax(), "", order.tax_minor));
    }
    rows
}

/// How far the goods are; of a split order, how many parcels have left.
pub fn fulfilment_badge(order: &Order, parcels: &[Shipment]) -> Badge {
    let status = order.fulfilment_status;
    let sent = parcels.iter().filter(|parcel| parcel.state.has_left()).count();
    let words = match status {
        FulfilmentStatus::PartiallyShipped if parcels.len() > 1 => {
            format!("{sent} of {} parcels shipped", parcels.len())
        }
        FulfilmentStatus::InProgress if order.base == Base::Approved => "Being packed".to_owned(),
        _ => status.label().to_owned(),
    };
    Badge { tone: "", glyph: status.glyph(), words }
}

/// How complete the payment is.
pub fn payment_badge(order: &Order) -> Badge {
    let status = order.payment_status;
    Badge { tone: status.tone(), glyph: status.glyph(), words: status.label().to_owned() }
}

/// Who bought, how to reach them, where it goes.
#[derive(Debug)]
pub struct Buyer {
    pub name: String,
    pub href: Option<String>,
    pub initials: String,
    pub about: String,
    pub email: String,
    pub mail_to: String,
    pub phone: String,
    pub call: String,
    pub ship_to: Vec<String>,
    pub ship_phone: String,
    pub bill_to: Vec<String>,
}

/// The customer of an order. `history` is how many orders they placed and when the first.
pub fn buyer(
    order: &Order,
    customer: Option<&Customer>,
    history: (i64, Option<UtcTime>),
    home_country: &str,
    zone: chrono_tz::Tz,
    sight: Sight,
) -> Buyer {
    let written = |address: Option<Address>| address.map(|a| a.lines(home_country)).unwrap_or_default();
    let name = if order.customer_name.trim().is_empty() { "No name".to_owned() } else { order.customer_name.clone() };
    let about = match (customer, history) {
        (Some(_), (count, Some(first))) => {
            let orders = if count == 1 { "1 order".to_owned() } else { format!("{count} orders") };
            format!("{orders} · since {}", first.local(zone).format("%B %Y"))
        }
        _ => "Not told apart: no e-mail or phone".to_owned(),
    };
    let seen = |text: &str| if sight.contact { text.to_owned() } else { String::new() };
    let ship_phone = order.ship_to().map(|a| a.phone).filter(|phone| *phone != order.phone).unwrap_or_default();
    Buyer {
        initials: initials(&name),
        name,
        href: customer.filter(|_| sight.contact).map(|customer| format!("/customers/{}", customer.uid)),
        about: if sight.contact || customer.is_some() { about } else { String::new() },
        email: seen(&order.email),
        mail_to: if sight.contact { format!("mailto:{}", escaped(&order.email)) } else { String::new() },
        phone: seen(&order.phone),
        call: if sight.contact { call(&order.phone) } else { String::new() },
        ship_to: written(order.ship_to()),
        ship_phone: seen(&ship_phone),
        bill_to: written(order.bill_to()),
    }
}

/// An instant that something is due: `today 11:45`, `Mon 11:45`, `23 Nov`.
pub fn when_due(shell: &Shell, at: UtcTime) -> String {
    let zone = shell.shop.zone;
    let (there, here) = (at.local(zone), shell.now.local(zone));
    match there.date().signed_duration_since(here.date()).num_days() {
        0 => there.format("today %H:%M").to_string(),
        1 => there.format("tomorrow %H:%M").to_string(),
        -6..=6 => there.format("%a %H:%M").to_string(),
        _ if there.year() == here.year() => there.format("%-d %b").to_string(),
        _ => there.format("%-d %b %Y").to_string(),
    }
}

/// The letters on a person's mark.
pub fn initials(name: &str) -> String {
    let mut letters = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = letters.next();
    let last = letters.next_back();
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// The address that calls a telephone number.
pub fn call(phone: &str) -> String {
    let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    format!("tel:{digits}")
}

/// An e-mail address inside a `mailto:` address, where `?` and `&` would begin something else.
pub fn escaped(email: &str) -> String {
    email.replace('%', "%25").replace('?', "%3F").replace('&', "%26").replace('#', "%23").replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_name() {
        assert_eq!(initials("Eszter Kovács"), "EK");
        assert_eq!(initials("Øyvind van der Ærø"), "ØÆ");
        assert_eq!(initials("  "), "");
        assert_eq!(initials("山田太郎"), "山");
    }

    #[test]
    fn an_address_cannot_add_anything_to_a_mail() {
        assert_eq!(escaped("a?bcc=b@c.example"), "a%3Fbcc=b@c.example");
        assert_eq!(call("+36 30 555-0142"), "tel:+36305550142");
    }
}
