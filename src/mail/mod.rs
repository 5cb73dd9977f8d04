//! E-mail to customers by the shop's own mail server. Signing (DKIM) is left to that server. What a customer
//! answers goes to the shop's mailbox, or to the order's page, whose link stands in every mail.

mod letter;
pub mod pages_settings;
pub mod server;
mod smtp;

use std::time::Duration;

use serde::Deserialize;

use crate::conversation::transport::{Call, Outcome, Reach, Transport};
use crate::conversation::{self, Message, NewFile, attachments};
use crate::customer_page;
use crate::db::Conn;
use crate::error::Result;
use crate::market::Markets;
use crate::order::Order;
use crate::web;

pub use letter::Letter;
pub use server::{Secured, Server};
pub use smtp::deliver;

/// The name that messages carry.
pub const NAME: &str = "email";
/// How long the mail server may take for each answer.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Mails before it that a mail names.
const MOST_NAMED: usize = 20;
/// What the files of one message weigh together at the most: mail servers take 25 MB as a rule, and files grow by a
/// third on the way.
const MOST_BYTES: usize = 15 * 1_048_576;

/// How the shop's mail server is reached; nothing if that was not said.
///
/// # Errors
/// When the database cannot be read.
pub fn server(conn: &mut Conn) -> Result<Option<Server>> {
    Ok(Server::read(web::setting(conn, server::NAME)?.as_deref()))
}

/// Carries messages by e-mail.
pub struct Mail {
    /// How long the mail server may take for each answer, [`PATIENCE`] as a rule.
    pub patience: Duration,
}

impl Default for Mail {
    fn default() -> Self {
        Mail { patience: PATIENCE }
    }
}

/// What a message says to this transport only.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    /// Whether nobody wrote it.
    automatic: bool,
}

impl Transport for Mail {
    fn name(&self) -> &'static str {
        NAME
    }

    fn label(&self) -> &'static str {
        "E-mail"
    }

    fn reach(&self, conn: &mut Conn, order: &Order) -> Result<Reach> {
        if server(conn)?.is_none() {
            return Ok(Reach::Off);
        }
        Ok(match order.email.trim() {
            "" => Reach::No("This order has no e-mail address.".to_owned()),
            address if letter::is_address(address) => Reach::To(address.to_owned()),
            _ => Reach::No("Nothing can be sent to the e-mail address of this order. Correct it first.".to_owned()),
        })
    }

    fn refuses(&self, _: &mut Conn, _: &Order, files: &[NewFile]) -> Result<Option<String>> {
        let weight: usize = files.iter().map(|file| file.bytes.len()).sum();
        let told = "By E-mail the files of one message weigh 15 MB together at the most. Send some of them with another \
                    message.";
        Ok((weight > MOST_BYTES).then(|| told.to_owned()))
    }

    fn prepare(&self, conn: &mut Conn, order: &Order, message: &Message) -> Result<Call> {
        let Some(server) = server(conn)? else {
            // It may be set up again.
            let problem = "E-mail is not set up any more. Set it up in the settings.".to_owned();
            return Ok(Box::new(|| Outcome::Later { problem, after: None }));
        };
        let letter = letter_of(conn, order, message, &server)?;
        let patience = self.patience;
        Ok(Box::new(move || deliver(&server, &letter, patience)))
    }
}

fn letter_of(conn: &mut Conn, order: &Order, message: &Message, server: &Server) -> Result<Letter> {
    let shop = web::shop(conn)?.name;
    let home = web::setting(conn, "public_address")?.unwrap_or_default();
    let link = customer_page::link(conn, order.id)?.filter(|_| !home.is_empty());
    let link = link.map(|link| format!("{}{}", home.trim_end_matches('/'), link.path()));
    // What says it itself needs it no second time.
    let link = link.filter(|link| !message.body.contains(link.as_str()));
    let earlier = conversation::messages(conn, order.id)?
        .into_iter()
        .filter(|other| other.transport == NAME && other.id < message.id)
        .filter_map(|other| other.external_id);
    let mut earlier: Vec<String> = earlier.collect();
    earlier.drain(..earlier.len().saturating_sub(MOST_NAMED));
    let language = Markets::load(conn)?.language(order.market_id, &order.language);
    let named = [("number", order.number.to_string().into()), ("shop", shop.as_str().into())];
    let details: Details = serde_json::from_str(&message.details).unwrap_or_default();
    Ok(Letter {
        to_name: order.customer_name.clone(),
        to: order.email.trim().to_owned(),
        language,
        subject: language.say_with("mail-subject", &named),
        // The same however often it is sent, by which mailboxes know a repeat.
        id: format!("<{}@{}>", message.uid, server.domain()),
        earlier,
        is_automatic: details.automatic,
        address: web::setting(conn, "shop_address")?.unwrap_or_default(),
        shop,
        body: message.body.clone(),
        files: attachments::of_message(conn, message.id)?,
        link: link.unwrap_or_default(),
        link_words: language.say("mail-link"),
    })
}
