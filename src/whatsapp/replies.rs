//! Answering by WhatsApp: free text within 24 hours of what the customer last wrote, the shop's template
//! afterwards. Which of both is decided when the message is sent.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Account, TRANSPORT, graph, line, store, whose};
use crate::conversation::Message;
use crate::conversation::transport::{Call, Outcome, Reach, Transport};
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
        Ok(match compose(conn, &account, order, message)? {
            Ok(body) => Box::new(move || graph::send(&account, &body, patience)),
            Err(why) => Box::new(move || Outcome::Failed(why)),
        })
    }
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
) -> Result<std::result::Result<Value, String>> {
    let Some(phone) = phone_of(conn, order)? else {
        return Ok(Err("The order has no telephone number with a country code any more.".to_owned()));
    };
    let content = match manner(conn, account, &phone, UtcTime::now())? {
        Manner::Freely(_) if message.body.chars().count() > LONGEST => {
            return Ok(Err("WhatsApp takes 4,096 characters at the most. Send this in several messages.".to_owned()));
        }
        Manner::Freely(_) => json!({"type": "text", "text": {"preview_url": false, "body": message.body}}),
        Manner::InTemplate => {
            let shop = web::shop(conn)?.name;
            json!({"type": "template", "template": template(account, order, &shop, &message.body)})
        }
        Manner::Not(why) => return Ok(Err(why.to_owned())),
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
