//! Messages as the order's page shows them, and sending one again.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};

use super::attachments::{self, Attachment};
use super::pages::BackForm;
use super::{Direction, Message, MessageState, PAGE};
use crate::db::Conn;
use crate::error::Result;
use crate::order::Order;
use crate::order::pages_way::{number_of, way_back, went};
use crate::staff::Staff;
use crate::staff::permission::WriteNotes;
use crate::time::UtcTime;
use crate::web::{Answer, Desk, Form, Shell};
use crate::words::harmless;

/// A message of the thread.
#[derive(Debug)]
pub struct MessageRow {
    pub uid: String,
    pub is_out: bool,
    pub body: String,
    pub files: Vec<FileRow>,
    pub author: String,
    pub about: String,
    pub at: UtcTime,
    pub is_unread: bool,
    /// What went wrong, for those who may know how the customer is reached; less for others.
    pub problem: String,
    /// The file that is not to be had.
    pub lost: String,
    pub may_resend: bool,
}

impl MessageRow {
    /// Of this message. `contact` says whether the person may know how the customer is reached.
    pub fn of(shell: &Shell, message: &Message, contact: bool, files: Vec<FileRow>) -> Self {
        let is_out = message.direction == Direction::Out;
        let transport = transport_words(&message.transport);
        MessageRow {
            uid: message.uid.clone(),
            is_out,
            body: harmless(&message.body),
            files,
            author: message.author_name.clone(),
            about: if is_out { format!("{transport} · {}", state_words(shell, message)) } else { transport },
            at: message.created_at,
            is_unread: !is_out && message.read_at.is_none(),
            lost: if is_out { String::new() } else { harmless(&message.problem) },
            problem: if contact && is_out { harmless(&message.problem) } else { String::new() },
            may_resend: message.may_resend(),
        }
    }
    /// Whether somebody has to look at it.
    pub fn is_trouble(&self) -> bool {
        self.may_resend
    }
}

/// A file of a message.
#[derive(Clone, Debug)]
pub struct FileRow {
    pub href: String,
    pub name: String,
    pub weight: String,
    /// Width and height, if it is shown as a picture.
    pub picture: Option<(i64, i64)>,
}

impl FileRow {
    /// The files of one message, below this address.
    pub fn of(all: &[Attachment], message: i64, path: &str) -> Vec<FileRow> {
        let own = all.iter().filter(|file| file.message_id == message);
        own.map(|file| FileRow {
            href: format!("{path}/files/{}", file.uid),
            name: file.name.clone(),
            weight: file.weight(),
            picture: file.width.zip(file.height).filter(|_| file.is_shown()),
        })
        .collect()
    }
}

/// The thread of an order with its files.
///
/// # Errors
/// When the database cannot be read.
pub fn load(
    conn: &mut Conn,
    shell: &Shell,
    order: &Order,
    messages: &[Message],
    contact: bool,
) -> Result<Vec<MessageRow>> {
    let files = attachments::of_order(conn, order.id)?;
    let path = format!("/orders/{}", order.number);
    let row = |message: &Message| MessageRow::of(shell, message, contact, FileRow::of(&files, message.id, &path));
    Ok(messages.iter().map(row).collect())
}

/// By what it travels, as staff read it.
pub fn transport_words(transport: &str) -> String {
    match transport {
        "email" => "e-mail".to_owned(),
        "whatsapp" => "WhatsApp".to_owned(),
        PAGE => "customer’s page".to_owned(),
        other => other.replace('_', " "),
    }
}

fn state_words(shell: &Shell, message: &Message) -> String {
    match message.state {
        MessageState::Queued if message.attempts > 0 => match message.due_at {
            Some(due) => format!("not sent yet, next try {}", shell.when(&due)),
            None => "not sent yet".to_owned(),
        },
        MessageState::Queued => match message.due_at.filter(|due| *due > shell.now) {
            Some(due) => format!("will be sent {}", shell.when(&due)),
            None => "will be sent".to_owned(),
        },
        MessageState::Sending => "being sent".to_owned(),
        MessageState::Unsure => "perhaps sent".to_owned(),
        MessageState::Failed => "not sent".to_owned(),
        MessageState::Withdrawn => "taken back, not sent".to_owned(),
        MessageState::Sent | MessageState::Delivered | MessageState::Read => message.state.as_str().to_owned(),
    }
}

/// `POST /orders/{number}/messages/{uid}/resend`
pub async fn resend(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<WriteNotes>,
    form: Form<BackForm>,
) -> Answer {
    let (number, uid) = (number_of(&path.0)?, path.1.clone());
    let actor = staff.actor();
    desk.db.write(move |tx| super::resend(tx, &actor, number, &uid)).await?;
    staff.toast("The message is sent again.");
    Ok(went(&request, &way_back(form.place(), number)))
}
