//! A mail as it leaves: its headers, and its text twice, plain and as HTML. Whatever was typed, it can neither
//! add a header nor run anything.

use askama::Template;
use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};

use super::Server;
use crate::conversation::attachments::Attachment;
use crate::error::{Error, Result};
use crate::language::Language;
use crate::words::harmless;

/// A mail that is to be sent.
#[derive(Clone, Debug, Default)]
pub struct Letter {
    /// What its reader is called; may be empty.
    pub to_name: String,
    /// Its reader's address.
    pub to: String,
    /// In what language it is written.
    pub language: Language,
    /// Its subject.
    pub subject: String,
    /// Its own name: `<…@…>`.
    pub id: String,
    /// Names of the mails before it in its thread, oldest first.
    pub earlier: Vec<String>,
    /// Whether nobody wrote it.
    pub is_automatic: bool,
    /// What the shop is called.
    pub shop: String,
    /// The shop's address, line by line.
    pub address: String,
    /// What it says.
    pub body: String,
    /// Where there is more; may be empty.
    pub link: String,
    /// What stands on the link.
    pub link_words: String,
    /// What goes with it.
    pub files: Vec<(Attachment, Vec<u8>)>,
}

#[derive(Template)]
#[template(path = "mail/message.html")]
struct Html<'a> {
    letter: &'a Letter,
    paragraphs: Vec<Vec<&'a str>>,
}

#[derive(Template)]
#[template(path = "mail/message.txt")]
struct Plain<'a> {
    letter: &'a Letter,
}

/// Whether something can be sent to this address.
pub fn is_address(text: &str) -> bool {
    text.parse::<Address>().is_ok()
}

impl Letter {
    /// Who it goes from and to, and what is said.
    ///
    /// # Errors
    /// When an address is none, or a template cannot be drawn.
    pub(super) fn written(&self, server: &Server) -> Result<(Envelope, Vec<u8>)> {
        let clean = Letter { body: harmless(&self.body).replace("\r\n", "\n"), ..self.clone() };
        let paragraphs = clean.body.split("\n\n").map(|paragraph| paragraph.lines().collect()).collect();
        let html = Html { letter: &clean, paragraphs }.render().map_err(Error::broken)?;
        let plain = Plain { letter: &clean }.render().map_err(Error::broken)?;
        let mut builder = Message::builder()
            .from(mailbox(&server.from_name, &server.from)?)
            .to(mailbox(&self.to_name, &self.to)?)
            .subject(one_line(&self.subject))
            .message_id(Some(one_line(&self.id)));
        if let Some(last) = self.earlier.last() {
            let all: Vec<String> = self.earlier.iter().map(|id| one_line(id)).collect();
            builder = builder.in_reply_to(one_line(last)).references(all.join(" "));
        }
        if self.is_automatic {
            let name = HeaderName::new_from_ascii_str("Auto-Submitted");
            builder = builder.raw_header(HeaderValue::new(name, "auto-generated".to_owned()));
        }
        let mut parts = MultiPart::alternative_plain_html(plain, html);
        if !self.files.is_empty() {
            parts = MultiPart::mixed().multipart(parts);
        }
        for (file, bytes) in &self.files {
            let kind = ContentType::parse(file.kind.media_type()).map_err(Error::broken)?;
            parts = parts.singlepart(lettre::message::Attachment::new(one_line(&file.name)).body(bytes.clone(), kind));
        }
        let mail = builder.multipart(parts).map_err(Error::broken)?;
        Ok((mail.envelope().clone(), mail.formatted()))
    }
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox> {
    let address: Address = address.parse().map_err(Error::broken)?;
    let name = one_line(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// Without anything that could begin another line.
fn one_line(text: &str) -> String {
    let spaced: String = harmless(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> Server {
        Server { from: "hello@fernandkiln.example".into(), from_name: "Fern & Kiln".into(), ..Server::default() }
    }

    fn letter() -> Letter {
        Letter {
            to_name: "Eszter Kovács".into(),
            to: "eszter@example.com".into(),
            subject: "Your order #10468 · Fern & Kiln".into(),
            id: "<1@fernandkiln.example>".into(),
            shop: "Fern & Kiln".into(),
            body: "Hello".into(),
            ..Letter::default()
        }
    }

    fn text(letter: &Letter) -> String {
        String::from_utf8(letter.written(&server()).expect("a mail").1).expect("text")
    }

    #[test]
    fn nothing_that_was_typed_adds_a_header_or_a_reader() {
        let evil = "Eszter\r\nBcc: all@example.com\u{2028}\u{85}X-Evil: 1\n\nbody";
        let letter = Letter { to_name: evil.into(), subject: evil.into(), shop: evil.into(), ..letter() };
        let (envelope, bytes) = letter.written(&server()).expect("a mail");
        assert_eq!(envelope.to().len(), 1);
        let mail = String::from_utf8(bytes).expect("text");
        let head = mail.split("\r\n\r\n").next().expect("a head");
        for line in head.split("\r\n") {
            assert!(!line.to_lowercase().starts_with("bcc") && !line.to_lowercase().starts_with("x-evil"), "{line}");
        }
        for address in ["a@b\r\nRCPT TO:<c@d>", "a b@c", "<a@b>", "a@b,c@d", "a@b\n", ""] {
            assert!(!is_address(address), "{address}");
        }
        assert!(is_address("eszter+shop@example.com"));
    }

    #[test]
    fn a_thread_is_named_and_a_machine_says_that_it_is_one() {
        let first = text(&letter());
        assert!(!first.contains("In-Reply-To") && !first.contains("Auto-Submitted"), "{first}");
        let earlier = vec!["<a@fernandkiln.example>".to_owned(), "<b@fernandkiln.example>".to_owned()];
        let second = text(&Letter { earlier, is_automatic: true, ..letter() });
        assert!(second.contains("In-Reply-To: <b@fernandkiln.example>\r\n"), "{second}");
        assert!(second.contains("References: <a@fernandkiln.example> <b@fernandkiln.example>\r\n"), "{second}");
        assert!(second.contains("Auto-Submitted: auto-generated\r\n"), "{second}");
        assert!(second.contains("Message-ID: <1@fernandkiln.example>\r\n"), "{second}");
        assert!(second.is_ascii());
    }

    #[test]
    fn what_customers_and_staff_write_is_text_in_the_html_too() {
        let body = "<script>alert(1)</script>\n\n<b>Two</b>\nlines \u{202e}back".to_owned();
        let letter = Letter { body: body.clone(), link: "https://shop.example/t/abc?x=\"y".into(), ..letter() };
        let html = Html { letter: &letter, paragraphs: vec![vec![body.as_str()]] }.render().expect("html");
        assert!(!html.contains("<script>") && !html.contains("<b>Two"), "{html}");
        assert!(!html.contains("?x=\"y"), "{html}");
        assert!(!text(&letter).contains('\u{202e}'));
    }
}
