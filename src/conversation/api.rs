//! Notes and messages of orders as programs read and write them.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Audience, Direction, Message, Note, keep_message, messages, notes, write_note};
use crate::api::{Body, Reply};
use crate::error::Result;
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
    /// Its text.
    #[schema(examples("Is it on its way?"), min_length = 1, max_length = 10000)]
    pub body: String,
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

impl MessageJson {
    fn of(message: &Message) -> Self {
        MessageJson {
            id: message.uid.clone(),
            direction: message.direction.as_str().to_owned(),
            transport: message.transport.clone(),
            state: message.state.as_str().to_owned(),
            body: message.body.clone(),
            author: message.author_name.clone(),
            created_at: message.created_at.rfc3339(),
            read_at: message.read_at.map(|at| at.rfc3339()),
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
            Reply::ok(&Messages { messages: messages(conn, order.id)?.iter().map(MessageJson::of).collect() })
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
            check(&value.body, transport)?;
            let at = tx.now;
            keep_message(tx, caller.actor(), order.number, direction, transport, value.body.trim(), at)?;
            let kept = messages(tx.conn, order.id)?.pop();
            let kept = kept.ok_or_else(|| crate::error::Error::broken("a message that was kept is gone"))?;
            Reply::created(&format!("{}/{}", caller.path(), kept.uid), &MessageJson::of(&kept))
        })
        .await
}

fn check(body: &str, transport: &str) -> Result<()> {
    use crate::error::Refusal;
    let length = body.trim().chars().count();
    if length == 0 || length > super::LONGEST_NOTE {
        let message = "A message has 1 to 10,000 characters.";
        return Err(Refusal::field("message.length", "body", message).into());
    }
    if transport.chars().count() > 40 {
        return Err(Refusal::field("message.transport", "transport", "This takes 40 characters at the most.").into());
    }
    Ok(())
}
