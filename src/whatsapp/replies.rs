//! Answering by WhatsApp: free text and files within 24 hours of what the customer last wrote, the shop's template
//! afterwards. Which of both is decided when the message is sent.

use std::time::Duration;

use serde_json::{Value, json};

use super::graph::Upload;
use super::{Account, TRANSPORT, graph, line, store, whose};
use crate::conversation::attachments::{self, Attachment};
use crate::conversation::file_kind::{FileKind, look};
use crate::conversation::transport::{Call, Outcome, Reach, Transport};
use crate::conversation::{Message, NewFile};
use crate::db::Conn;
use crate::error::Result;
use crate::order::Order;
use crate::time::UtcTime;
use crate::web;
use crate::words;

/// Hours in which WhatsApp takes free text after the customer wrote.
const HOURS: i64 = 24;
/// Minutes before the end of which nothing is risked: sending takes a moment.
const MARGIN_MINUTES: i64 = 2;
/// Characters of a message.
const LONGEST: usize = 4_096;
/// Characters that a part of a template takes.
const LONGEST_PART: usize = 1_000;

/// Characters that go with a file.
const LONGEST_CAPTION: usize = 1_024;
/// What a picture may weigh.
const MOST_PICTURE: usize = 5 * 1_048_576;
/// That a file cannot go any more.
const TOO_LATE_FOR_FILES: &str = "WhatsApp takes files only within 24 hours after the customer wrote. Send the words \
                                  alone, or the files another way.";

/// How a message would go now.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Manner {
    /// As it is written, until then.
    Freely(UtcTime),
    /// In the template.
    InTemplate,
    /// Not at all.
    Not(&'static str),
}

/// The shop's number as a way to send messages.
pub struct Replies {
    /// How long WhatsApp may take to answer, [`graph::PATIENCE`] as a rule.
    pub patience: Duration,
}

impl Default for Replies {
    fn default() -> Self {
        Replies { patience: graph::PATIENCE }
    }
}

impl Transport for Replies {
    fn name(&self) -> &'static str {
        TRANSPORT
    }

    fn label(&self) -> &'static str {
        "WhatsApp"
    }

    fn reach(&self, conn: &mut Conn, order: &Order) -> Result<Reach> {
        let account = super::account(conn)?;
        if !account.may_send() {
            return Ok(Reach::Off);
        }
        let Some(phone) = phone_of(conn, order)? else {
            let why = "This order has no telephone number with a country code, such as +31 6 12345678.";
            return Ok(Reach::No(why.to_owned()));
        };
        let zone = web::shop(conn)?.zone;
        Ok(match manner(conn, &account, &phone, UtcTime::now())? {
            Manner::Freely(until) => Reach::To(format!(
                "+{phone}, as you write it (they wrote within {HOURS} hours; until {})",
                until.local(zone).format("%a %H:%M")
            )),
            Manner::InTemplate => Reach::To(format!(
                "+{phone}, in the template “{}” (they have not written within {HOURS} hours)",
                account.template
            )),
            Manner::Not(why) => Reach::No(why.to_owned()),
        })
    }

    fn prepare(&self, conn: &mut Conn, order: &Order, message: &Message) -> Result<Call> {
        let account = super::account(conn)?;
        if !account.may_send() {
            // It may be set up again.
            let problem = format!("{}it is not set up any more.", graph::TROUBLE);
            return Ok(Box::new(|| Outcome::Later { problem, after: None }));
        }
        let patience = self.patience;
        // One at the most goes with each message.
        let file = attachments::of_message(conn, message.id)?.into_iter().next();
        Ok(match compose(conn, &account, order, message, file.as_ref().map(|(facts, _)| facts))? {
            Ok(body) => Box::new(move || call(&account, body, file, patience)),
            Err(why) => Box::new(move || Outcome::Failed(why)),
        })
    }

    fn caption(&self) -> Option<usize> {
        Some(LONGEST_CAPTION)
    }

    fn refuses(&self, conn: &mut Conn, order: &Order, files: &[NewFile]) -> Result<Option<String>> {
        let account = super::account(conn)?;
        let Some(phone) = phone_of(conn, order)? else { return Ok(None) };
        Ok(match manner(conn, &account, &phone, UtcTime::now())? {
            Manner::Freely(_) => files.iter().find_map(why_not),
            Manner::InTemplate | Manner::Not(_) => Some(TOO_LATE_FOR_FILES.to_owned()),
        })
    }
}

/// Why WhatsApp would not take a file. What is no file at all is refused by whoever keeps it.
fn why_not(file: &NewFile) -> Option<String> {
    let (kind, _) = look(&file.bytes)?;
    match kind {
        FileKind::Jpeg | FileKind::Png if file.bytes.len() > MOST_PICTURE => {
            Some(format!("WhatsApp takes pictures of 5 MB at the most. Make “{}” smaller.", file.name))
        }
        FileKind::Gif | FileKind::Webp => Some(format!(
            "WhatsApp takes pictures as JPEG or PNG and documents as PDF. Save “{}” as one of them, or send it another way.",
            file.name
        )),
        FileKind::Jpeg | FileKind::Png | FileKind::Pdf => None,
    }
}

/// Hands the file over if there is one, then sends the message. If the desk is stopped in between nothing was sent; but
/// nobody can tell that from a message that was, so it is unsure like every other.
fn call(account: &Account, mut body: Value, file: Option<(Attachment, Vec<u8>)>, patience: Duration) -> Outcome {
    if let Some((facts, bytes)) = file {
        let file = Upload { name: facts.name, mime: facts.kind.media_type(), bytes };
        // A file may take longer than words.
        match graph::upload(account, &file, patience * 5 / 2) {
            Ok(id) => body[part_of(facts.kind)]["id"] = id.into(),
            Err(outcome) => return outcome,
        }
    }
    graph::send(account, &body, patience)
}

/// What WhatsApp calls a message with such a file.
fn part_of(kind: FileKind) -> &'static str {
    match kind {
        FileKind::Pdf => "document",
        FileKind::Jpeg | FileKind::Png | FileKind::Gif | FileKind::Webp => "image",
    }
}

/// A message with a file, but for the name that the file will have at WhatsApp.
fn with_file(file: &Attachment, words: &str) -> Value {
    let kind = part_of(file.kind);
    let mut media = json!({});
    if !words.is_empty() {
        media["caption"] = words.into();
    }
    if file.kind == FileKind::Pdf {
        media["filename"] = file.name.clone().into();
    }
    json!({"type": kind, kind: media})
}

/// The number at which the customer of an order is reached: the one they wrote from about it, else the order's.
fn phone_of(conn: &mut Conn, order: &Order) -> Result<Option<String>> {
    if let Some(phone) = store::phone_of_order(conn, order.id)? {
        return Ok(Some(phone));
    }
    let ship = order.ship_to().map(|address| address.phone).unwrap_or_default();
    Ok([order.phone.as_str(), ship.as_str()].into_iter().find_map(whole))
}

/// The digits of a number that says which country it is of.
fn whole(written: &str) -> Option<String> {
    let written = written.trim();
    let digits = words::digits(written);
    let bare = digits.trim_start_matches('0');
    let is_whole = written.starts_with('+') || digits.starts_with("00");
    Some(line::phone(bare)).filter(|phone| is_whole && phone.len() >= 8)
}

fn manner(conn: &mut Conn, account: &Account, phone: &str, now: UtcTime) -> Result<Manner> {
    let phones = whose::phones(conn, phone)?;
    let until = store::last_in(conn, &phones)?.map(|at| at.plus_minutes(HOURS * 60 - MARGIN_MINUTES));
    Ok(match until.filter(|until| now < *until) {
        Some(until) => Manner::Freely(until),
        None if !account.template.is_empty() => Manner::InTemplate,
        None => Manner::Not(
            "The customer has not written by WhatsApp within 24 hours, and until they do WhatsApp takes only a \
             template. Choose one in the settings.",
        ),
    })
}

/// What is posted for a message, or why it can never be sent.
fn compose(
    conn: &mut Conn,
    account: &Account,
    order: &Order,
    message: &Message,
    file: Option<&Attachment>,
) -> Result<std::result::Result<Value, String>> {
    let Some(phone) = phone_of(conn, order)? else {
        return Ok(Err("The order has no telephone number with a country code any more.".to_owned()));
    };
    let content = match (manner(conn, account, &phone, UtcTime::now())?, file) {
        (Manner::Freely(_), Some(file)) => with_file(file, &message.body),
        (Manner::InTemplate | Manner::Not(_), Some(_)) => return Ok(Err(TOO_LATE_FOR_FILES.to_owned())),
        (Manner::Freely(_), None) if message.body.chars().count() > LONGEST => {
            return Ok(Err("WhatsApp takes 4,096 characters at the most. Send this in several messages.".to_owned()));
        }
        (Manner::Freely(_), None) => json!({"type": "text", "text": {"preview_url": false, "body": message.body}}),
        (Manner::InTemplate, None) => {
            let shop = web::shop(conn)?.name;
            json!({"type": "template", "template": template(account, order, &shop, &message.body)})
        }
        (Manner::Not(why), None) => return Ok(Err(why.to_owned())),
    };
    let mut whole = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": phone,
        // Comes back with each status, so that a message is known again though its answer was lost.
        "biz_opaque_callback_data": message.uid,
    });
    if let (Some(whole), Some(content)) = (whole.as_object_mut(), content.as_object()) {
        whole.extend(content.clone());
    }
    Ok(Ok(whole))
}

/// The shop's template with its parts filled in.
fn template(account: &Account, order: &Order, shop: &str, body: &str) -> Value {
    let name = order.customer_name.trim();
    let parts = account.parts.split_whitespace().map(|part| {
        let value = match part {
            "name" if name.is_empty() => "customer".to_owned(),
            "name" => name.to_owned(),
            "order" => order.shown_number(),
            "shop" => shop.to_owned(),
            _ => body.to_owned(),
        };
        json!({"type": "text", "text": one_line(&value)})
    });
    let parts: Vec<Value> = parts.collect();
    json!({
        "name": account.template,
        "language": {"code": account.template_language},
        "components": [{"type": "body", "parameters": parts}],
    })
}

/// A text as a part of a template may be: on one line, without long gaps.
fn one_line(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_PART) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_its_country_is_not_guessed() {
        assert_eq!(whole("+36 30 555 0142").as_deref(), Some("36305550142"));
        assert_eq!(whole("0036 30 5550142").as_deref(), Some("36305550142"));
        for written in ["06-30-555-0142", "", "+12", "555 0142"] {
            assert_eq!(whole(written), None, "{written}");
        }
    }

    #[test]
    fn a_part_of_a_template_is_one_line() {
        assert_eq!(one_line(" It\n\nis\t    done "), "It is done");
        assert_eq!(one_line(&"é".repeat(2_000)).chars().count(), LONGEST_PART + 1);
    }
}
