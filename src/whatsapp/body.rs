//! What WhatsApp posts, read as far as it goes: messages of customers, messages of the shop from its
//! telephone, and what became of messages sent. Pure. Nothing in it may make the reading fail: what is not
//! known is kept as it came.

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::line::{self, Media};
use crate::conversation::Direction;
use crate::conversation::transport::Status;
use crate::error::{Refusal, Result};
use crate::time::UtcTime;
use crate::words;

/// Characters of a name that are kept.
const LONGEST_NAME: usize = 200;
/// Characters of a name WhatsApp gives a message; a longer one is kept by its hash.
const LONGEST_REF: usize = 300;

/// Everything in one body.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Messages either way, in the order given.
    pub messages: Vec<Arrival>,
    /// What became of messages of the shop.
    pub receipts: Vec<Receipt>,
    /// What is neither, such as a change of the account.
    pub notices: Vec<Arrival>,
    /// The shop's number that it is about: its key and as people write it.
    pub number: Option<(String, String)>,
}

/// A message as it came in.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The name WhatsApp gives it.
    pub external: String,
    /// Which way it went.
    pub direction: Direction,
    /// The word of WhatsApp for it.
    pub kind: String,
    /// Digits of the other side's number; may be empty.
    pub phone: String,
    /// The name WhatsApp gives the other side; may be empty.
    pub user: String,
    /// What the other side calls itself.
    pub name: String,
    /// The message it is about.
    pub about: String,
    /// The number that somebody changed theirs to.
    pub new_phone: String,
    /// In words.
    pub body: String,
    /// A picture, a recording, a file.
    pub media: Option<Media>,
    /// When it was said, if that is told.
    pub at: Option<UtcTime>,
    /// As it came.
    pub raw: String,
}

/// What became of a message of the shop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The name WhatsApp gives the message.
    pub external: String,
    /// What the desk called it when it was sent; empty if it did not.
    pub tracker: String,
    /// How far it has come.
    pub status: Status,
    /// When.
    pub at: Option<UtcTime>,
}

/// Reads a body.
///
/// # Errors
/// Refuses what is no JSON. Whatever is JSON is taken.
pub fn read(bytes: &[u8]) -> Result<Told> {
    let whole: Value = serde_json::from_slice(bytes).map_err(|error| {
        Refusal::invalid("whatsapp.body", format!("The body is no JSON that can be read: {error}. Nothing was kept."))
    })?;
    let mut told = Told::default();
    if text(&whole, "object") != "whatsapp_business_account" {
        told.notices.push(notice("event", &whole));
        return Ok(told);
    }
    for change in list(&whole, "entry").iter().flat_map(|entry| list(entry, "changes")) {
        let value = change.get("value").unwrap_or(&Value::Null);
        if let Some(about) = value.get("metadata") {
            told.number = Some((text(about, "phone_number_id"), text(about, "display_phone_number")));
        }
        match text(change, "field").as_str() {
            field @ ("messages" | "smb_message_echoes") => read_messages(value, field, &mut told),
            field => told.notices.push(notice(field, change)),
        }
    }
    Ok(told)
}

fn read_messages(value: &Value, field: &str, told: &mut Told) {
    let (contacts, errors) = (list(value, "contacts"), list(value, "errors"));
    let before = (told.messages.len(), told.receipts.len());
    for message in list(value, "messages") {
        told.messages.push(arrival(message, contacts, errors, Direction::In));
    }
    for message in list(value, "message_echoes") {
        told.messages.push(arrival(message, contacts, errors, Direction::Out));
    }
    for status in list(value, "statuses") {
        match receipt(status) {
            Some(receipt) => told.receipts.push(receipt),
            None => told.notices.push(notice("status", status)),
        }
    }
    if before == (told.messages.len(), told.receipts.len()) {
        told.notices.push(notice(field, value));
    }
}

fn arrival(message: &Value, contacts: &[Value], errors: &[Value], direction: Direction) -> Arrival {
    let keys = match direction {
        Direction::In => ("from", "from_user_id"),
        Direction::Out => ("to", "to_user_id"),
    };
    let (number, mut user) = (text(message, keys.0), text(message, keys.1));
    let is_theirs = |contact: &&Value| {
        (!number.is_empty() && text(contact, "wa_id") == number)
            || (!user.is_empty() && text(contact, "user_id") == user)
    };
    let contact = contacts.iter().find(is_theirs).or_else(|| contacts.first().filter(|_| contacts.len() == 1));
    let mut phone = line::phone(&number);
    if let Some(contact) = contact {
        if phone.is_empty() && direction == Direction::In {
            phone = line::phone(&text(contact, "wa_id"));
        }
        if user.is_empty() && direction == Direction::In {
            user = text(contact, "user_id");
        }
    }
    let name = contact.map(|contact| text(&contact["profile"], "name")).unwrap_or_default();
    let kind = Some(text(message, "type")).filter(|kind| !kind.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    let said = line::read(message, &kind, errors);
    let raw = message.to_string();
    Arrival {
        external: reference(&text(message, "id"), &raw),
        direction,
        kind: cut(&kind, 60),
        phone,
        user: cut(&user, LONGEST_REF),
        name: cut(words::harmless(&name).trim(), LONGEST_NAME).replace(['\n', '\t'], " "),
        about: cut(&said.about, LONGEST_REF),
        new_phone: said.new_phone,
        body: said.body,
        media: said.media,
        at: instant(message),
        raw,
    }
}

/// Something that is no message.
fn notice(field: &str, value: &Value) -> Arrival {
    let raw = value.to_string();
    let event = text(&value["value"], "event");
    let event = if event.is_empty() { String::new() } else { format!(": {event}") };
    Arrival {
        external: reference("", &raw),
        direction: Direction::In,
        kind: cut(if field.is_empty() { "event" } else { field }, 60),
        phone: String::new(),
        user: String::new(),
        name: String::new(),
        about: String::new(),
        new_phone: String::new(),
        body: cut(&format!("{}{event}", field.replace('_', " ")), 500),
        media: None,
        at: None,
        raw,
    }
}

fn receipt(told: &Value) -> Option<Receipt> {
    let external = text(told, "id");
    let status = match text(told, "status").as_str() {
        "sent" => Status::Sent,
        "delivered" => Status::Delivered,
        // Listened to is read.
        "read" | "played" => Status::Read,
        "failed" => Status::Failed(match line::problems(list(told, "errors")).as_str() {
            "" => "WhatsApp could not deliver it.".to_owned(),
            problems => problems.to_owned(),
        }),
        _ => return None,
    };
    if external.is_empty() || external.chars().count() > LONGEST_REF {
        return None;
    }
    let tracker = cut(&text(told, "biz_opaque_callback_data"), 100);
    Some(Receipt { external, tracker, status, at: instant(told) })
}

/// The name of a message, or one made from what it says if it has none that can be kept.
fn reference(given: &str, raw: &str) -> String {
    if !given.is_empty() && given.chars().count() <= LONGEST_REF {
        return given.to_owned();
    }
    let hash = Sha256::digest(raw.as_bytes());
    hash.iter().fold("none:".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// The `timestamp` in seconds, if it is one.
fn instant(value: &Value) -> Option<UtcTime> {
    let seconds: i64 = text(value, "timestamp").parse().ok()?;
    (1..=253_402_300_799).contains(&seconds).then(|| UtcTime(seconds.saturating_mul(1_000_000)))
}

/// A text of an object, or a number as text; empty if it is neither. Without zeros, which Postgres takes in no
/// text.
pub(super) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.replace('\0', ""),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A list of an object, or nothing.
pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The first so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(value: Value) -> Told {
        let body = json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": value}]}]});
        read(body.to_string().as_bytes()).expect("a body")
    }

    #[test]
    fn several_of_everything_are_read_in_order() {
        let message = |id: &str| json!({"from": "31612345678", "id": id, "timestamp": "1697043223", "type": "text", "text": {"body": id}});
        let change = |ids: &[&str]| json!({"field": "messages", "value": {"messages": ids.iter().map(|id| message(id)).collect::<Vec<_>>()}});
        let body = json!({"object": "whatsapp_business_account", "entry": [
            {"changes": [change(&["a", "b"]), change(&["c"])]}, {"changes": [change(&["d"])]}, {}, 7,
        ]});
        let told = read(body.to_string().as_bytes()).expect("a body");
        let bodies: Vec<_> = told.messages.iter().map(|message| message.body.as_str()).collect();
        assert_eq!(bodies, ["a", "b", "c", "d"]);
        assert_eq!(told.messages[0].at.map(UtcTime::rfc3339).as_deref(), Some("2023-10-11T16:53:43Z"));
    }

    #[test]
    fn who_hides_their_number_is_known_by_the_name_whatsapp_gives_them() {
        let contacts = json!([{"profile": {"name": "A\u{202e}da"}, "user_id": "US.13"}, {"profile": {"name": "Bo"}, "user_id": "US.14"}]);
        let message = json!({"from_user_id": "US.13", "id": "w", "type": "text", "text": {"body": "hi"}});
        let told = told(json!({"contacts": contacts, "messages": [message]}));
        let first = &told.messages[0];
        assert_eq!((first.phone.as_str(), first.user.as_str(), first.name.as_str()), ("", "US.13", "Ada"));
    }

    #[test]
    fn what_is_not_known_is_kept() {
        let told = told(
            json!({"messages": [{"type": "hologram", "hologram": {"x": 1}}, 5], "statuses": [{"status": "evaporated"}]}),
        );
        assert_eq!((told.messages.len(), told.notices.len()), (2, 1));
        assert!(told.messages[0].external.starts_with("none:") && told.messages[0].raw.contains("hologram"));
        assert_eq!(told.messages[0].body, "Sent something that this desk does not know (hologram).");
        let other = read(br#"{"object":"page"}"#).expect("a body");
        assert_eq!(other.notices.len(), 1);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "\u{feff}{}", deep.as_str(), r#""\ud83c""#] {
            assert!(read(body.as_bytes()).is_err(), "{}", cut(body, 20));
        }
        assert!(read(b"\xff").is_err());
        assert!(read(b"null").expect("a body").messages.is_empty());
    }
}
