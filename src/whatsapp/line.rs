//! A message of WhatsApp in words that staff can read, whatever kind it is. Pure.

use serde_json::Value;

use super::body::{cut, list, text};

/// Characters of a message that are kept.
const LONGEST: usize = 20_000;
/// Entries of a list that are told.
const MOST: usize = 30;

/// A file that came with a message, still at WhatsApp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// The name WhatsApp gives it.
    pub reference: String,
    /// What it says it is.
    pub mime: String,
    /// Its file name, if it has one.
    pub name: String,
}

/// What a message says.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// In words.
    pub body: String,
    /// The message it is about.
    pub about: String,
    /// The number that somebody changed theirs to.
    pub new_phone: String,
    /// A file.
    pub media: Option<Media>,
}

/// Reads a message of this kind; `errors` are told beside it.
pub fn read(message: &Value, kind: &str, errors: &[Value]) -> Said {
    let mut said = content(message, kind, errors);
    if said.about.is_empty() {
        said.about = text(&message["context"], "id");
    }
    let context = &message["context"];
    let is = |name: &str| context.get(name).and_then(Value::as_bool).unwrap_or(false);
    if is("forwarded") || is("frequently_forwarded") {
        said.body = format!("Forwarded: {}", said.body);
    }
    let referral = &message["referral"];
    if referral.is_object() {
        let ad = joined([text(referral, "headline"), text(referral, "source_url")], ", ");
        said.body = format!("{}\n(Came from: {ad})", said.body);
    }
    if !text(message, "group_id").is_empty() {
        said.body = format!("In a group: {}", said.body);
    }
    said.body = match said.body.trim() {
        "" => "Sent an empty message.".to_owned(),
        body => cut(body, LONGEST),
    };
    said
}

/// Whether the words for a message of this kind say all that anybody needs. Of others what came is kept.
pub fn is_in_words(kind: &str) -> bool {
    let known = [
        "text",
        "image",
        "video",
        "audio",
        "document",
        "sticker",
        "location",
        "contacts",
        "button",
        "interactive",
        "reaction",
        "edit",
        "revoke",
        "request_welcome",
    ];
    known.contains(&kind)
}

fn content(message: &Value, kind: &str, errors: &[Value]) -> Said {
    let own = &message[kind];
    let plain = |body: String| Said { body, ..Said::default() };
    match kind {
        "text" => plain(text(own, "body")),
        "image" | "video" | "audio" | "document" | "sticker" => media(own, kind),
        "order" => plain(cart(own)),
        "location" => plain(location(own)),
        "contacts" => plain(contacts(message)),
        "button" => plain(joined([text(own, "text")], "")),
        "interactive" => plain(interactive(own, message, errors)),
        "reaction" => reaction(own),
        "edit" => edit(own),
        "revoke" => Said {
            body: "Deleted a message that was sent before.".to_owned(),
            about: text(own, "original_message_id"),
            ..Said::default()
        },
        "system" => system(own),
        "unsupported" | "unknown" => plain(unsupported(own, message, errors)),
        "request_welcome" => plain("Opened the chat.".to_owned()),
        other => plain(format!("Sent something that this desk does not know ({}).", cut(other, 60))),
    }
}

fn media(own: &Value, kind: &str) -> Said {
    let is_voice = own.get("voice").and_then(Value::as_bool).unwrap_or(false);
    let name = text(own, "filename");
    let what = match (kind, is_voice) {
        ("image", _) => "Photo".to_owned(),
        ("video", _) => "Video".to_owned(),
        ("audio", true) => "Voice message".to_owned(),
        ("audio", false) => "Recording".to_owned(),
        ("sticker", _) => "Sticker".to_owned(),
        _ if name.is_empty() => "Document".to_owned(),
        _ => format!("Document {name}"),
    };
    let (reference, caption) = (text(own, "id"), text(own, "caption"));
    let media = (!reference.is_empty()).then(|| Media {
        reference: cut(&reference, 300),
        mime: cut(&text(own, "mime_type"), 200),
        name: cut(&name, 200),
    });
    Said { body: joined([what, caption], "\n"), media, ..Said::default() }
}

fn cart(own: &Value) -> String {
    let items = list(own, "product_items");
    let lines = items
        .iter()
        .take(MOST)
        .map(|item| format!("{} × {}", text(item, "quantity"), text(item, "product_retailer_id")));
    let more = items.len().saturating_sub(MOST);
    let more = if more > 0 { format!("and {more} more") } else { String::new() };
    let items = joined(lines.chain([more]), ", ");
    let items = if items.is_empty() { "Sent an empty cart.".to_owned() } else { format!("Ordered {items}.") };
    joined([items, text(own, "text")], "\n")
}

fn location(own: &Value) -> String {
    let place = joined([text(own, "name"), text(own, "address")], ", ");
    let at = format!("{}, {}", text(own, "latitude"), text(own, "longitude"));
    let at = if place.is_empty() { at } else { format!("{place} ({at})") };
    joined([format!("Location: {at}"), text(own, "url")], "\n")
}

fn contacts(message: &Value) -> String {
    let cards = list(message, "contacts").iter().take(MOST).map(|card| {
        let phones = list(card, "phones").iter().take(5).map(|phone| text(phone, "phone"));
        let emails = list(card, "emails").iter().take(5).map(|email| text(email, "email"));
        joined([text(&card["name"], "formatted_name")].into_iter().chain(phones).chain(emails), ", ")
    });
    format!("Sent contacts: {}", joined(cards, "\n"))
}

fn interactive(own: &Value, message: &Value, errors: &[Value]) -> String {
    let chosen = match text(own, "type").as_str() {
        kind @ ("button_reply" | "list_reply") => {
            joined([text(&own[kind], "title"), text(&own[kind], "description")], "\n")
        }
        "nfm_reply" => form(&own["nfm_reply"]),
        _ => String::new(),
    };
    if chosen.is_empty() { unsupported(own, message, errors) } else { chosen }
}

/// What somebody filled in, a line each, without what only programs read.
fn form(reply: &Value) -> String {
    let answers: Value = serde_json::from_str(&text(reply, "response_json")).unwrap_or(Value::Null);
    let lines = answers.as_object().into_iter().flatten().filter(|(name, _)| *name != "flow_token").take(100);
    let lines = lines.map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{}: {}", name.replace('_', " "), value.replace('\0', ""))
    });
    let lines = joined(lines, "\n");
    if lines.is_empty() { "Sent a form.".to_owned() } else { format!("Sent a form:\n{lines}") }
}

fn reaction(own: &Value) -> Said {
    let emoji = text(own, "emoji");
    let body = if emoji.is_empty() { "Took a reaction back.".to_owned() } else { format!("Reacted with {emoji}") };
    Said { body, about: text(own, "message_id"), ..Said::default() }
}

fn edit(own: &Value) -> Said {
    let message = &own["message"];
    let inner = content(message, &text(message, "type"), &[]);
    Said {
        body: format!("Changed a message. It now says:\n{}", inner.body),
        about: text(own, "original_message_id"),
        ..inner
    }
}

fn system(own: &Value) -> Said {
    let told = text(own, "body");
    let new_phone = phone(&text(own, "wa_id"));
    let body = match text(own, "type").as_str() {
        "customer_identity_changed" => {
            "WhatsApp: this customer’s security code changed, as after getting a new telephone. Make sure it is still them before you send anything private."
                .to_owned()
        }
        "user_changed_number" | "customer_changed_number" if !new_phone.is_empty() => {
            format!("WhatsApp: this customer changed their number to +{new_phone}.")
        }
        _ if told.is_empty() => "WhatsApp: something about this customer changed.".to_owned(),
        _ => format!("WhatsApp: {told}"),
    };
    Said { body, new_phone, ..Said::default() }
}

fn unsupported(own: &Value, message: &Value, errors: &[Value]) -> String {
    let what = text(own, "type");
    let what = if what.is_empty() { String::new() } else { format!(" ({})", cut(&what, 60)) };
    let mut problems = problems(list(message, "errors"));
    if problems.is_empty() {
        problems = self::problems(errors);
    }
    let problems = if problems.is_empty() { String::new() } else { format!(" {problems}") };
    format!("Sent something that WhatsApp does not pass on{what}. Ask them to write it.{problems}")
}

/// What WhatsApp says went wrong: its words, the particulars and the number of the error.
pub fn problems(errors: &[Value]) -> String {
    let lines = errors.iter().take(5).map(|error| {
        let title =
            Some(text(error, "title")).filter(|title| !title.is_empty()).unwrap_or_else(|| text(error, "message"));
        let details =
            Some(text(&error["error_data"], "details")).filter(|details| *details != title).unwrap_or_default();
        let code = Some(text(error, "code")).filter(|code| !code.is_empty()).map(|code| format!("({code})"));
        joined([joined([title, details], ": "), code.unwrap_or_default()], " ")
    });
    cut(&joined(lines, "; "), 1_000)
}

/// Digits of a number that is one, as WhatsApp writes it.
pub fn phone(text: &str) -> String {
    let digits: String = text.trim().trim_start_matches('+').to_owned();
    let is_one = (6..=20).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_one { digits } else { String::new() }
}

/// The parts that are not empty with `between` between them.
fn joined(parts: impl IntoIterator<Item = String>, between: &str) -> String {
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.trim().is_empty()).collect();
    parts.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(message: Value) -> Said {
        let kind = text(&message, "type");
        read(&message, &kind, &[])
    }

    #[test]
    fn every_kind_reads_as_a_sentence() {
        let context = json!({"id": "wamid.1", "forwarded": true});
        for (message, wanted) in [
            (json!({"type": "text", "text": {"body": "Hello"}, "context": context}), "Forwarded: Hello"),
            (json!({"type": "image", "image": {"id": "1", "caption": "The crack"}}), "Photo\nThe crack"),
            (json!({"type": "audio", "audio": {"id": "1", "voice": true}}), "Voice message"),
            (json!({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}), "Document a.pdf"),
            (json!({"type": "reaction", "reaction": {"message_id": "x", "emoji": "🎁"}}), "Reacted with 🎁"),
            (json!({"type": "reaction", "reaction": {"message_id": "x"}}), "Took a reaction back."),
            (json!({"type": "location", "location": {"latitude": 37.5, "longitude": -122}}), "Location: 37.5, -122"),
            (json!({"type": "button", "button": {"payload": "p", "text": "Yes"}}), "Yes"),
            (
                json!({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"title": "Blue", "description": "Glaze"}}}),
                "Blue\nGlaze",
            ),
            (
                json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{\"flow_token\":\"x\",\"size\":5}"}}}),
                "Sent a form:\nsize: 5",
            ),
            (json!({"type": "text", "text": {"body": "  "}}), "Sent an empty message."),
            (json!({"type": "text"}), "Sent an empty message."),
            (
                json!({"type": "system", "system": {"type": "user_changed_number", "wa_id": "972912345678"}}),
                "WhatsApp: this customer changed their number to +972912345678.",
            ),
        ] {
            assert_eq!(said(message).body, wanted);
        }
    }

    #[test]
    fn what_a_message_is_about_is_known() {
        assert_eq!(said(json!({"type": "text", "text": {"body": "x"}, "context": {"id": "wamid.1"}})).about, "wamid.1");
        assert_eq!(said(json!({"type": "revoke", "revoke": {"original_message_id": "o"}})).about, "o");
        let edited = said(
            json!({"type": "edit", "edit": {"original_message_id": "o", "message": {"type": "text", "text": {"body": "New"}}}}),
        );
        assert_eq!((edited.about.as_str(), edited.body.as_str()), ("o", "Changed a message. It now says:\nNew"));
    }

    #[test]
    fn nothing_grows_without_end() {
        let long = said(json!({"type": "text", "text": {"body": "é".repeat(50_000)}}));
        assert_eq!(long.body.chars().count(), LONGEST);
        // An edit in an edit in an edit is read once.
        let mut nested = json!({"type": "text", "text": {"body": "x"}});
        for _ in 0..40 {
            nested = json!({"type": "edit", "edit": {"message": nested}});
        }
        assert!(said(nested).body.len() < 3_000);
        assert_eq!(phone("<WHATSAPP_USER_PHONE_NUMBER>"), "");
        assert_eq!(phone("+31612345678"), "31612345678");
    }
}
