//! Events as sentences without their subject: "moved the order from Approved to Processed".

use super::{Event, LineChanged, MoneyFact, UnitsFact};
use crate::money::Money;

/// What the actor did, to be put after the actor's name. `label` turns the slug of a stage into the
/// shop's word for it.
pub fn sentence(event: &Event, label: &dyn Fn(&str) -> String) -> String {
    match event {
        Event::OrderCreated { source, .. } if source.is_empty() => "placed the order".into(),
        Event::OrderCreated { source, .. } => format!("placed the order through {source}"),
        Event::OrderMoved(moved) => {
            let reason = if moved.reason.is_empty() { String::new() } else { format!(" ({})", plain(&moved.reason)) };
            let note = if moved.note.is_empty() { String::new() } else { format!(": {}", moved.note) };
            format!("moved the order from {} to {}{reason}{note}", label(&moved.from), label(&moved.to))
        }
        Event::MoveUndone { from, to } => {
            format!("took the move to {} back; the order is {} again", label(to), label(from))
        }
        Event::OrderUpdated { field, before, after } => match (before.is_empty(), after.is_empty()) {
            (true, _) => format!("set the {field} to “{after}”"),
            (false, true) => format!("removed the {field}, which was “{before}”"),
            (false, false) => format!("changed the {field} from “{before}” to “{after}”"),
        },
        Event::LinesChanged(change) => {
            let show = |minor: i64| Money::new(minor, change.currency).to_string();
            let (before, after) = (change.before.total_minor, change.after.total_minor);
            let total = if before == after {
                format!("the total stays {}", show(after))
            } else {
                format!("the total went from {} to {}", show(before), show(after))
            };
            let lines = change.lines.iter().map(|line| line_words(line, Some(&show)));
            let charges = change.charges.iter().map(|charge| match charge.before_minor {
                None => format!("added {} of {}", charge.name, show(charge.after_minor)),
                Some(before) => format!("{} from {} to {}", charge.name, show(before), show(charge.after_minor)),
            });
            let what: Vec<String> = lines.chain(charges).collect();
            format!("changed the items: {}; {total}", what.join(", "))
        }
        Event::OrderTagged { added, removed } => match (added.is_empty(), removed.is_empty()) {
            (false, true) => format!("added {}", tags(added)),
            (true, _) => format!("removed {}", tags(removed)),
            (false, false) => format!("added {} and removed {}", tags(added), tags(removed)),
        },
        Event::OrderAssigned { after: Some(name), .. } => format!("assigned the order to {name}"),
        Event::OrderAssigned { after: None, .. } => "took the assignment away".into(),
        Event::HoldPlaced { reason, note, .. } if note.is_empty() => {
            format!("put the order on hold: {}", plain(reason))
        }
        Event::HoldPlaced { reason, note, .. } => format!("put the order on hold: {}. {note}", plain(reason)),
        Event::HoldReleased { reason, seconds, .. } => {
            format!("released the hold “{}” after {}", plain(reason), crate::time::short_span(*seconds))
        }
        Event::InvoiceIssued { entry, name, amount, .. } => {
            format!("issued the {} {name} over {}", plain(entry), Money::from(*amount))
        }
        Event::PaymentRecorded { entry, amount, method, reference, reason, .. } => {
            let by = if method.is_empty() { String::new() } else { format!(" by {}", plain(method)) };
            let reference = if reference.is_empty() { String::new() } else { format!(", reference {reference}") };
            format!("recorded {} of {}{by}{reference}{}", entry_words(entry), show(*amount), because(reason))
        }
        Event::PaymentStarted { entry, amount, reason, .. } => {
            format!("began {} of {}{}", entry_words(entry), show(*amount), because(reason))
        }
        Event::PaymentFailed { entry, amount, problem, .. } => {
            let told = if problem.is_empty() { String::new() } else { format!(": {problem}") };
            format!("refused {} of {}{told}", entry_words(entry), show(*amount))
        }
        Event::AuthorizationExpiring { amount, expires_at, .. } => {
            format!("noted that an authorisation of {} lapses at {}", show(*amount), expires_at.rfc3339())
        }
        Event::AuthorizationLapsed { amount } => format!("let an authorisation of {} lapse", show(*amount)),
        Event::ShipmentChanged { position, state, carrier, tracking, .. } => {
            let with = match (carrier.is_empty(), tracking.is_empty()) {
                (true, true) => String::new(),
                (false, true) => format!(" with {carrier}"),
                (true, false) => format!(", tracking {tracking}"),
                (false, false) => format!(" with {carrier}, tracking {tracking}"),
            };
            format!("{} parcel {position}{with}", shipment_words(state))
        }
        Event::ParcelMade { position, out_of: Some(other), units, .. } => {
            format!("took {} out of parcel {other} and put it into parcel {position}", list(units))
        }
        Event::ParcelMade { position, units, .. } => format!("planned parcel {position} with {}", list(units)),
        Event::UnitsCancelled { reason, note, units } => {
            let note = if note.is_empty() { String::new() } else { format!(": {note}") };
            format!("cancelled {} ({}){note}", list(units), plain(reason))
        }
        Event::ReturnChanged { position, state, reason, note, units, .. } => {
            return_words(*position, state, reason, note, units)
        }
        Event::NoteWritten { audience, .. } if audience == "customer" => "wrote a note for the customer".into(),
        Event::NoteWritten { .. } => "wrote an internal note".into(),
        Event::NoteEdited { before, after, .. } => format!("changed a note from “{before}” to “{after}”"),
        Event::NoteRemoved { before, .. } => format!("removed the note “{before}”"),
        Event::MessageRecorded { direction, transport, .. } if transport == "page" => match direction.as_str() {
            "in" => "wrote a message on their page".into(),
            _ => "wrote a message to the customer’s page".into(),
        },
        Event::LinkChanged { change } => format!("{} the link to the customer’s page", plain(change)),
        Event::MessageRecorded { direction, transport, .. } if direction == "in" => {
            format!("wrote a message by {}", by_what(transport))
        }
        Event::MessageRecorded { transport, .. } => format!("sent a message by {}", by_what(transport)),
        Event::MessageChanged { transport, change, .. } => {
            let by = by_what(transport);
            match change.as_str() {
                "failed" => format!("could not send a message by {by}"),
                "unsure" => format!("cannot say whether a message by {by} was sent"),
                "resent" => format!("sent a message by {by} again"),
                "withdrawn" => format!("took a message by {by} back before it was sent"),
                other => format!("changed a message by {by}: {}", plain(other)),
            }
        }
        Event::SlipPrinted { template, paper, gift, print } => {
            let gift = if *gift { " as a gift" } else { "" };
            let again = if *print > 1 { format!(", print {print}") } else { String::new() };
            format!("printed the {} on {}{gift}{again}", document(template), paper_word(paper))
        }
        Event::OrderImported { source, reference } => format!("imported the order {reference} from {source}"),
        Event::StaffChanged { name, change, .. } => format!("{} {name}", plain(change)),
        Event::StaffSignedIn { .. } => "signed in".into(),
        Event::SettingsChanged { setting, after, .. } => format!("set {} to “{after}”", plain(setting)),
        Event::StageChanged { label, change, before, after, .. } => stage_words(label, change, before, after),
        Event::CustomerChanged { field, before, after, .. } => {
            format!("changed the {field} of a customer from “{before}” to “{after}”")
        }
        Event::CustomerMerged { name, gone_name, orders, .. } => {
            let orders = if *orders == 1 { "1 order".to_owned() } else { format!("{orders} orders") };
            format!("merged {gone_name} into {name}, with {orders}")
        }
        Event::CustomerErased { orders, .. } => {
            let orders = if *orders == 1 { "1 order".to_owned() } else { format!("{orders} orders") };
            format!("erased a person from {orders}")
        }
        Event::KeyChanged { name, change, .. } => format!("{} the API key {name}", plain(change)),
        Event::ViewChanged { name, change, .. } => format!("{} the view {name}", plain(change)),
        Event::ProductChanged { name, change, .. } => format!("{} the product {name}", plain(change)),
        Event::StockCounted { product, before, after, reason } => {
            format!("counted {after} of {product}, {before} before: {reason}")
        }
        Event::StockLow { name, available, .. } => format!("noted that {name} is low: {available} can be had"),
        Event::WebhookChanged { url, change, detail, .. } => webhook_words(url, change, detail),
        Event::ImportFinished { file, made, known, refused } => {
            format!("imported {file}: {made} new, {known} already here, {refused} refused")
        }
    }
}

/// The same without amounts, e-mail addresses and telephone numbers, for people who may not see them.
pub fn discreet_sentence(event: &Event, label: &dyn Fn(&str) -> String) -> String {
    match event {
        Event::InvoiceIssued { entry, name, .. } => format!("issued the {} {name}", plain(entry)),
        Event::PaymentRecorded { entry, .. } => format!("recorded {}", entry_words(entry)),
        Event::PaymentStarted { entry, .. } => format!("began {}", entry_words(entry)),
        Event::PaymentFailed { entry, .. } => format!("refused {}", entry_words(entry)),
        Event::AuthorizationExpiring { .. } => "noted that an authorisation lapses soon".into(),
        Event::AuthorizationLapsed { .. } => "let an authorisation lapse".into(),
        Event::OrderUpdated { field, .. } if event.tells_contact() => format!("changed the {field}"),
        Event::LinesChanged(change) => {
            let lines = change.lines.iter().map(|line| line_words(line, None));
            let charges = change.charges.iter().map(|charge| charge.name.clone());
            format!("changed the items: {}", lines.chain(charges).collect::<Vec<_>>().join(", "))
        }
        other => sentence(other, label),
    }
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({})", plain(reason)) }
}

/// What became of a line; without `show` nothing is said of money.
fn line_words(line: &LineChanged, show: Option<&dyn Fn(i64) -> String>) -> String {
    let name = if line.variant.is_empty() { line.title.clone() } else { format!("{}, {}", line.title, line.variant) };
    let after = line.after;
    let Some(before) = line.before else { return format!("added {} × “{name}”", after.quantity) };
    if after.quantity == 0 {
        return format!("removed {} × “{name}”", before.quantity);
    }
    let mut changes = Vec::new();
    if before.quantity != after.quantity {
        changes.push(format!("from {} to {}", before.quantity, after.quantity));
    }
    match show {
        Some(show) => {
            let amounts = [
                ("price", before.unit_minor, after.unit_minor),
                ("discount", before.discount_minor, after.discount_minor),
            ];
            for (word, before, after) in amounts.into_iter().filter(|(_, before, after)| before != after) {
                changes.push(format!("{word} from {} to {}", show(before), show(after)));
            }
        }
        None if changes.is_empty() => changes.push("changed".to_owned()),
        None => {}
    }
    format!("“{name}” {}", changes.join(", "))
}

fn stage_words(label: &str, change: &str, before: &str, after: &str) -> String {
    match change {
        "added" => format!("added the stage {label}"),
        "removed" => format!("removed the stage {label}"),
        "opened" => format!("opened the stage {label} again"),
        "closed" if after.is_empty() => format!("closed the stage {label}"),
        "closed" => format!("closed the stage {label}; {after}"),
        "default" => format!("let orders land in the stage {label} instead of {before}"),
        "place" => format!("moved the stage {label} from place {before} to place {after}"),
        "name" => format!("renamed the stage {before} to {label}"),
        what if before.is_empty() => format!("set the {what} of the stage {label} to “{after}”"),
        what if after.is_empty() => format!("removed the {what} of the stage {label}, which was “{before}”"),
        what => format!("changed the {what} of the stage {label} from “{before}” to “{after}”"),
    }
}

fn webhook_words(url: &str, change: &str, detail: &str) -> String {
    let because = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    match change {
        "rotated" => format!("made a new secret for the webhook {url}"),
        other => format!("{} the webhook {url}{because}", plain(other)),
    }
}

fn return_words(position: i64, state: &str, reason: &str, note: &str, units: &[UnitsFact]) -> String {
    let units = if units.is_empty() { String::new() } else { format!(": {}", list(units)) };
    let note = if note.is_empty() { String::new() } else { format!(": {note}") };
    match state {
        "requested" => format!("asked for return {position} ({}){units}", plain(reason)),
        "in_transit" => format!("marked return {position} as on its way"),
        "received" | "closed" if !units.is_empty() => format!("received return {position}{units}"),
        "cancelled" => format!("withdrew return {position}"),
        other => format!("{} return {position}{note}", plain(other)),
    }
}

fn list(units: &[UnitsFact]) -> String {
    units.iter().map(|units| format!("{} × {}", units.quantity, units.title)).collect::<Vec<_>>().join(", ")
}

fn plain(key: &str) -> String {
    key.replace('_', " ")
}

fn by_what(transport: &str) -> String {
    match transport {
        "email" => "e-mail".to_owned(),
        "whatsapp" => "WhatsApp".to_owned(),
        other => plain(other),
    }
}

fn document(template: &str) -> String {
    match template {
        "slip" => "packing slip".to_owned(),
        other => plain(other),
    }
}

fn paper_word(paper: &str) -> String {
    match paper {
        "a4" | "a5" => paper.to_uppercase(),
        "letter" => "Letter".to_owned(),
        "label" => "a label".to_owned(),
        other => plain(other),
    }
}

fn show(amount: MoneyFact) -> String {
    Money::from(amount).to_string()
}

fn tags(tags: &[String]) -> String {
    let word = if tags.len() == 1 { "the tag" } else { "the tags" };
    format!("{word} {}", tags.join(", "))
}

fn entry_words(entry: &str) -> &str {
    match entry {
        "authorization" => "an authorisation",
        "capture" => "a payment",
        "refund" => "a refund",
        "void" => "the release of an authorisation",
        "goodwill" => "goodwill",
        "write_off" => "a write-off",
        "write_back" => "the return of a write-off",
        other => other,
    }
}

fn shipment_words(state: &str) -> &str {
    match state {
        "packed" => "packed",
        "shipped" => "shipped",
        "delivered" => "delivered",
        "cancelled" => "unpacked",
        "picking" => "began to pick",
        "draft" => "planned",
        other => other,
    }
}
