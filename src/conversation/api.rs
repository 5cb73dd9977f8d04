//! Notes and messages of orders as programs read and write them.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::attachments::{self, Attachment};
use super::{Audience, Direction, Message, NewFile, Note, keep_message, messages, notes, write_note};
use crate::api::{Body, Reply};
use crate::error::{Error, Refusal, Result};
use crate::order::api;
use crate::staff::Program;
use crate::staff::permission::{ViewContact, ViewOrders, WriteNotes};
use crate::web::Answer;

/// A note.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// internal, for colleagues, or customer, which the customer may see.
    #[schema(examples("internal"))]
    pub audience: String,
    /// Its text.
    pub body: String,
    /// Who wrote it.
    pub author: String,
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was changed.
    #[schema(format = DateTime)]
    pub edited_at: Option<String>,
}

/// Notes of an order.
#[derive(Serialize, ToSchema)]
pub struct Notes {
    /// Oldest first.
    pub notes: Vec<NoteJson>,
}

/// A note to be written.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// Its text.
    #[schema(examples("Ring twice."), min_length = 1, max_length = 10000)]
    pub body: String,
    /// internal, unless it is for the customer.
    #[serde(default)]
    pub audience: NoteAudience,
}

/// For whom a note is.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteAudience {
    /// Colleagues.
    #[default]
    Internal,
    /// The customer may see it.
    Customer,
}

/// A message between the customer and the shop.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// in, from the customer, or out.
    #[schema(examples("in"))]
    pub direction: String,
    /// How it travelled.
    pub transport: String,
    /// queued, sending, sent, delivered, read, failed, withdrawn before it was sent, or unsure if nobody knows
    /// whether it arrived.
    #[schema(examples("sent"))]
    pub state: String,
    /// Its text.
    pub body: String,
    /// Who said it.
    pub author: String,
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When whoever it was for read it.
    #[schema(format = DateTime)]
    pub read_at: Option<String>,
    /// The files that go with it.
    pub files: Vec<MessageFileJson>,
}

/// A file that goes with a message, without what is in it.
#[derive(Clone, Serialize, ToSchema)]
#[schema(as = MessageFile)]
pub struct MessageFileJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub id: String,
    /// Its name, with the ending of its kind.
    #[schema(examples("crack.jpg"))]
    pub name: String,
    /// What it is by what is in it: image/jpeg, image/png, image/gif, image/webp or application/pdf.
    #[schema(examples("image/jpeg"))]
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
}

/// A file with what is in it.
#[derive(Serialize, ToSchema)]
pub struct MessageFileContent {
    /// The file.
    #[serde(flatten)]
    pub file: MessageFileJson,
    /// What is in it, as Base64 (RFC 4648, section 4).
    #[schema(format = Byte)]
    pub content: String,
}

/// A file to be kept with a message.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessageFile {
    /// Its name.
    #[schema(examples("crack.png"), max_length = 200)]
    pub name: String,
    /// What is in it, as Base64 (RFC 4648, section 4). It is a JPEG, PNG, GIF, WebP or PDF by what is in it, whatever
    /// its name says; the whole request takes 1 MB.
    #[schema(format = Byte, min_length = 1)]
    pub content: String,
}

/// Messages of an order.
#[derive(Serialize, ToSchema)]
pub struct Messages {
    /// Oldest first.
    pub messages: Vec<MessageJson>,
}

/// A message that was said somewhere else, to be kept with the order.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Its text. A message with files may do without.
    #[schema(examples("Is it on its way?"), max_length = 10000)]
    pub body: String,
    /// Pictures and documents that go with it.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub files: Vec<NewMessageFile>,
    /// Who said it. What the customer said counts as unread until somebody opens the order.
    pub direction: MessageDirection,
    /// How it travelled: `email`, `chat`.
    #[schema(examples("chat"), max_length = 40)]
    pub transport: Option<String>,
}

/// Who said a message.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageDirection {
    /// The customer.
    In,
    /// The shop.
    Out,
}

impl NoteJson {
    fn of(note: &Note) -> Self {
        NoteJson {
            id: note.uid.clone(),
            audience: note.audience.as_str().to_owned(),
            body: note.body.clone(),
            author: note.author_name.clone(),
            created_at: note.created_at.rfc3339(),
            edited_at: note.edited_at.map(|at| at.rfc3339()),
        }
    }
}

impl MessageFileJson {
    fn of(file: &Attachment) -> Self {
        MessageFileJson {
            id: file.uid.clone(),
            name: file.name.clone(),
            media_type: file.kind.media_type().to_owned(),
            size: file.size,
        }
    }
}

impl MessageJson {
    /// Of this message, with those of the order's files that are its own.
    fn of(message: &Message, files: &[Attachment]) -> Self {
        MessageJson {
            id: message.uid.clone(),
            direction: message.direction.as_str().to_owned(),
            transport: message.transport.clone(),
            state: message.state.as_str().to_owned(),
            body: message.body.clone(),
            author: message.author_name.clone(),
            created_at: message.created_at.rfc3339(),
            read_at: message.read_at.map(|at| at.rfc3339()),
            files: files.iter().filter(|file| file.message_id == message.id).map(MessageFileJson::of).collect(),
        }
    }
}

/// List the notes of an order
#[utoipa::path(
    get, path = "/api/orders/{order_id}/notes", operation_id = "list_order_notes", tag = "Notes and messages",
    params(("order_id" = String, Path, example = "ORD10468")),
    responses((status = 200, description = "Its notes", body = Notes), (status = 404, description = "No such order")),
)]
pub async fn list_notes(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &id)?;
            Reply::ok(&Notes { notes: notes(conn, order.id)?.iter().map(NoteJson::of).collect() })
        })
        .await
}

/// Write a note
#[utoipa::path(
    post, path = "/api/orders/{order_id}/notes", operation_id = "create_note", tag = "Notes and messages",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewNote,
    responses((status = 201, description = "It is written", body = NoteJson), (status = 404, description = "No such order")),
)]
pub async fn create_note(program: Program<WriteNotes>, id: Path<String>, body: Body<NewNote>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find(tx.conn, caller, &id)?;
            let audience = match value.audience {
                NoteAudience::Internal => Audience::Internal,
                NoteAudience::Customer => Audience::Customer,
            };
            let note = write_note(tx, caller.actor(), order.number, audience, &value.body)?;
            Reply::created(&format!("{}/{}", caller.path(), note.uid), &NoteJson::of(&note))
        })
        .await
}

/// List the messages of an order
#[utoipa::path(
    get, path = "/api/orders/{order_id}/messages", operation_id = "list_order_messages", tag = "Notes and messages",
    params(("order_id" = String, Path, example = "ORD10468")),
    responses((status = 200, description = "Its messages", body = Messages), (status = 404, description = "No such order")),
)]
pub async fn list_messages(program: Program<ViewContact>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &id)?;
            let files = attachments::of_order(conn, order.id)?;
            let all = messages(conn, order.id)?;
            Reply::ok(&Messages { messages: all.iter().map(|message| MessageJson::of(message, &files)).collect() })
        })
        .await
}

/// Read a file of a message
#[utoipa::path(
    get, path = "/api/orders/{order_id}/files/{file_id}", operation_id = "show_message_file", tag = "Notes and messages",
    params(("order_id" = String, Path, example = "ORD10468"), ("file_id" = Uuid, Path)),
    responses((status = 200, description = "The file", body = MessageFileContent), (status = 404, description = "No such file")),
)]
pub async fn show_file(program: Program<ViewContact>, path: Path<(String, String)>) -> Answer {
    program
        .read(move |conn, caller| {
            let order = api::find(conn, caller, &path.0)?;
            let found = attachments::open(conn, order.id, &path.1)?;
            let (file, _, bytes) = found.ok_or_else(|| Error::Missing(format!("file {}", path.1)))?;
            Reply::ok(&MessageFileContent { file: MessageFileJson::of(&file), content: STANDARD.encode(bytes) })
        })
        .await
}

/// Keep a message
///
/// Something that was said elsewhere. It is not sent to anybody.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/messages", operation_id = "create_message", tag = "Notes and messages",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewMessage,
    responses((status = 201, description = "It is kept", body = MessageJson), (status = 404, description = "No such order")),
)]
pub async fn create_message(program: Program<WriteNotes>, id: Path<String>, body: Body<NewMessage>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find(tx.conn, caller, &id)?;
            let direction = match value.direction {
                MessageDirection::In => Direction::In,
                MessageDirection::Out => Direction::Out,
            };
            let transport = value.transport.as_deref().map(str::trim).filter(|t| !t.is_empty()).unwrap_or("api");
            check(&value, transport)?;
            let files = files_of(&value.files)?;
            let at = tx.now;
            let kept = keep_message(tx, caller.actor(), order.number, direction, transport, value.body.trim(), at)?;
            let mut attached = Vec::new();
            for (place, file) in files.iter().enumerate() {
                let one = attachments::attach(tx, kept.id, &file.name, &file.bytes);
                attached.push(one.map_err(|error| refused_file(place, error))?);
            }
            Reply::created(&format!("{}/{}", caller.path(), kept.uid), &MessageJson::of(&kept, &attached))
        })
        .await
}

fn check(value: &NewMessage, transport: &str) -> Result<()> {
    let length = value.body.trim().chars().count();
    if length == 0 && value.files.is_empty() || length > super::LONGEST_NOTE {
        let message = "A message has 1 to 10,000 characters.";
        return Err(Refusal::field("message.length", "body", message).into());
    }
    if transport.chars().count() > 40 {
        return Err(Refusal::field("message.transport", "transport", "This takes 40 characters at the most.").into());
    }
    Ok(())
}

/// What is in the files that came.
fn files_of(given: &[NewMessageFile]) -> Result<Vec<NewFile>> {
    if given.len() > attachments::MOST {
        let told = format!("A message takes {} files at the most.", attachments::MOST);
        return Err(Refusal::field("message.files", "files", told).into());
    }
    let mut files = Vec::new();
    for (place, file) in given.iter().enumerate() {
        let bytes = STANDARD.decode(file.content.as_bytes()).map_err(|_| {
            let told = "This is no Base64. Encode what is in the file with the alphabet of RFC 4648, section 4.";
            Refusal::field("message.files", format!("files.{place}.content"), told)
        })?;
        files.push(NewFile { name: file.name.clone(), bytes });
    }
    Ok(files)
}

/// What the desk says of a file, at its place in the request.
fn refused_file(place: usize, error: Error) -> Error {
    match error {
        Error::Refused(refusal) => {
            Refusal::field("message.files", format!("files.{place}.content"), refusal.message).into()
        }
        other => other,
    }
}
