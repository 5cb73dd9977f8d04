//! Writing, changing and removing notes, and marking messages as read.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;

use super::calling::{self, Callable, Piece};
use super::pages_files::{LIMITS, files_of};
use super::{Audience, Direction, NewFile, Note, Outgoing, PAGE, filling, pages_inbox};
use crate::actor::Actor;
use crate::customer_page;
use crate::db::Tx;
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::order::pages_parts::initials;
use crate::order::pages_show::{Wish, again};
use crate::order::pages_way::{number_of, way_back, went};
use crate::staff::permission::WriteNotes;
use crate::staff::{Person, Staff};
use crate::time::UtcTime;
use crate::transports;
use crate::web::{self, Answer, Desk, Form, Sent};

/// A piece of a note.
#[derive(Debug)]
pub struct NotePiece {
    pub words: String,
    /// Whether it calls a colleague, and whether that is whoever looks.
    pub calls: bool,
    pub calls_me: bool,
}

impl NotePiece {
    /// A note in pieces.
    pub fn of(body: &str, audience: Audience, person: &Person, people: &[Callable]) -> Vec<NotePiece> {
        if audience != Audience::Internal {
            return vec![NotePiece { words: body.to_owned(), calls: false, calls_me: false }];
        }
        let piece = |piece| match piece {
            Piece::Words(words) => NotePiece { words, calls: false, calls_me: false },
            Piece::Call(words, id) => NotePiece { words, calls: true, calls_me: id == person.id },
        };
        calling::pieces(body, people).into_iter().map(piece).collect()
    }
}

/// A note as the page shows it.
#[derive(Debug)]
pub struct NoteRow {
    pub uid: String,
    pub body: String,
    /// The text, with the colleagues whom it calls.
    pub pieces: Vec<NotePiece>,
    pub author: String,
    pub initials: String,
    pub at: UtcTime,
    pub is_for_customer: bool,
    pub is_edited: bool,
    /// Whether this person may still change it.
    pub may_edit: bool,
    /// What was typed into its form, if it is being changed.
    pub typed: Option<String>,
    /// What is wrong with what was typed.
    pub problem: String,
}

impl BackForm {
    /// The way back.
    pub fn place(&self) -> &str {
        &self.back
    }
}

impl NoteRow {
    /// For this person; `writing` is what is being typed at this moment.
    pub fn of(note: &Note, person: &Person, people: &[Callable], now: UtcTime, writing: Option<&Writing>) -> Self {
        let typed = writing.filter(|writing| writing.note == note.uid);
        NoteRow {
            uid: note.uid.clone(),
            body: note.body.clone(),
            pieces: NotePiece::of(&note.body, note.audience, person, people),
            author: note.author_name.clone(),
            initials: initials(&note.author_name),
            at: note.created_at,
            is_for_customer: note.audience == Audience::Customer,
            is_edited: note.edited_at.is_some(),
            may_edit: note.may_edit(&person.actor(), now),
            typed: typed.map(|writing| writing.body.clone()),
            problem: typed
                .and_then(|writing| writing.refusal.as_ref())
                .map(|refusal| refusal.message.clone())
                .unwrap_or_default(),
        }
    }
    /// What its form holds.
    pub fn text(&self) -> &str {
        self.typed.as_deref().unwrap_or(&self.body)
    }
}

/// A note that could not be kept as typed.
#[derive(Clone, Debug)]
pub struct Writing {
    /// Public identifier of the note; empty for a new one.
    pub note: String,
    /// Its text.
    pub body: String,
    /// Who it is for.
    pub audience: String,
    /// Whether it is written beside the messages.
    pub in_chat: bool,
    /// By what it was to be sent.
    pub by: String,
    /// What is wrong.
    pub refusal: Option<Refusal>,
}

/// A posted note.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoteForm {
    #[serde(default)]
    pub(super) body: String,
    #[serde(default)]
    pub(super) audience: String,
    /// By what a message is sent.
    #[serde(default)]
    pub(super) by: String,
    #[serde(default)]
    form_token: String,
    #[serde(default)]
    pub(super) back: String,
    /// A saved reply that was chosen beside it.
    #[serde(default)]
    pub(super) reply: String,
}

/// Shows the notes, or the messages, again with what was typed and what is wrong with it.
async fn typed_again(desk: &Desk, person: Person, number: i64, back: &str, writing: Writing, error: Error) -> Answer {
    let Some(refusal) = error.refusal().filter(|refusal| refusal.kind == RefusalKind::Invalid).cloned() else {
        return Err(error.into());
    };
    let writing = Writing { refusal: Some(refusal), ..writing };
    shown_again(desk, &person, number, back, StatusCode::BAD_REQUEST, writing).await
}

/// Shows the page that something was written on again: the inbox or the order.
pub(super) async fn shown_again(
    desk: &Desk,
    person: &Person,
    number: i64,
    back: &str,
    status: StatusCode,
    writing: Writing,
) -> Answer {
    let person = person.clone();
    if back.starts_with("/inbox/") {
        return pages_inbox::again(desk, person, number, back, status, writing).await;
    }
    let tab = if writing.in_chat { "" } else { "/notes" };
    let back = match back.split_once('?') {
        Some((_, query)) => format!("/orders/{number}{tab}?{query}"),
        None => format!("/orders/{number}{tab}"),
    };
    again(desk, person, number, &back, status, Wish { writing: Some(writing), ..Wish::default() }).await
}

/// `POST /orders/{number}/notes`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<WriteNotes>,
    form: Form<NoteForm>,
) -> Answer {
    let (number, person, form) = (number_of(&path)?, staff.person(), form.0);
    let back = way_back(&form.back, number);
    let (actor, credential, sent, place) = (person.actor(), person.credential(), form.clone(), back.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let audience = Audience::parse(&sent.audience).ok_or_else(|| {
                Refusal::field(
                    "note.audience",
                    "audience",
                    "Say whether the note is for your team or for the customer.",
                )
            })?;
            web::once(tx, &credential, &sent.form_token, |tx| {
                super::write_note(tx, &actor, number, audience, &sent.body)?;
                Ok(place)
            })
        })
        .await;
    match outcome {
        Ok(done) => Ok(went(&request, &done.location)),
        Err(error) => {
            let writing = Writing {
                note: String::new(),
                body: form.body,
                audience: form.audience,
                in_chat: false,
                by: String::new(),
                refusal: None,
            };
            typed_again(&desk, person, number, &back, writing, error).await
        }
    }
}

/// Refuses a message in which something still waits to be filled in.
fn check_filled(body: &str) -> Result<(), Refusal> {
    let left = filling::names(body);
    if left.is_empty() {
        return Ok(());
    }
    let told = format!(
        "The message still says {}. Write what the customer is to read there, then send it.",
        filling::in_braces(&left)
    );
    Err(Refusal::field("talk.unfilled", "body", told))
}

/// Says something to the customer by what was chosen.
fn send_by(tx: &mut Tx<'_>, actor: &Actor, number: i64, form: &NoteForm, files: &[NewFile]) -> Result<()> {
    check_filled(&form.body)?;
    if form.by.is_empty() || form.by == PAGE {
        return super::say(tx, actor, number, Direction::Out, &form.body, files).map(drop);
    }
    let transports = transports::all();
    let transport = transports
        .find(&form.by)
        .ok_or_else(|| Refusal::field("talk.transport", "by", "Choose how the message is to be sent."))?;
    customer_page::link_to_send(tx, actor, number)?;
    let outgoing = Outgoing { body: form.body.clone(), files: files.to_vec(), ..Outgoing::default() };
    super::send(tx, actor, number, transport.as_ref(), &outgoing).map(drop)
}

/// `POST /orders/{number}/messages`: a message to the customer, or an internal note written beside the
/// messages.
pub async fn say(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<WriteNotes>,
    payload: Payload,
) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let mut read = Sent::read(&request, payload, LIMITS).await?;
    let (form, files) = (read.form::<NoteForm>()?, files_of(&mut read));
    let back = way_back(&form.back, number);
    let (actor, credential, sent, place) = (person.actor(), person.credential(), form.clone(), back.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let files = files?;
            web::once(tx, &credential, &sent.form_token, |tx| {
                match sent.audience.as_str() {
                    "message" => send_by(tx, &actor, number, &sent, &files)?,
                    "internal" if !files.is_empty() => {
                        let told = "Files go to the customer with a message; a note takes words alone.";
                        return Err(Refusal::field("talk.files_in_note", "files", told).into());
                    }
                    "internal" => {
                        super::write_note(tx, &actor, number, Audience::Internal, &sent.body)?;
                    }
                    _ => {
                        let told = "Say whether this is a message to the customer or an internal note.";
                        return Err(Refusal::field("talk.audience", "audience", told).into());
                    }
                }
                Ok(place)
            })
        })
        .await;
    match outcome {
        Ok(done) => {
            if form.audience == "internal" {
                staff.toast("The note is written. It stands under Notes.");
            }
            Ok(went(&request, &done.location))
        }
        Err(error) => {
            let writing = Writing {
                note: String::new(),
                body: form.body,
                audience: form.audience,
                in_chat: true,
                by: form.by,
                refusal: None,
            };
            typed_again(&desk, person, number, &back, writing, error).await
        }
    }
}

/// `POST /orders/{number}/notes/{uid}`
pub async fn update(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<WriteNotes>,
    form: Form<NoteForm>,
) -> Answer {
    let (number, uid, person, form) = (number_of(&path.0)?, path.1.clone(), staff.person(), form.0);
    let back = way_back(&form.back, number);
    let (actor, body, note) = (person.actor(), form.body.clone(), uid.clone());
    match desk.db.write(move |tx| super::edit_note(tx, &actor, number, &note, &body)).await {
        Ok(_) => {
            staff.toast("The note is changed.");
            Ok(went(&request, &back))
        }
        Err(error) => {
            let writing = Writing {
                note: uid,
                body: form.body,
                audience: String::new(),
                in_chat: false,
                by: String::new(),
                refusal: None,
            };
            typed_again(&desk, person, number, &back, writing, error).await
        }
    }
}

/// Where to go after something small.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackForm {
    #[serde(default)]
    pub(super) back: String,
    /// What else stands in the form that the button is in.
    #[serde(default, rename = "body")]
    _body: String,
    #[serde(default, rename = "remove")]
    _remove: String,
}

/// `POST /orders/{number}/notes/{uid}/remove`
pub async fn remove(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<WriteNotes>,
    form: Form<BackForm>,
) -> Answer {
    let (number, uid) = (number_of(&path.0)?, path.1.clone());
    let actor = staff.actor();
    desk.db.write(move |tx| super::remove_note(tx, &actor, number, &uid)).await?;
    staff.toast("The note is removed. The history keeps what it said.");
    Ok(went(&request, &way_back(&form.back, number)))
}

/// `POST /orders/{number}/read`
pub async fn read(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<WriteNotes>,
    form: Form<BackForm>,
) -> Answer {
    let number = number_of(&path)?;
    desk.db.write(move |tx| super::mark_read(tx, number)).await?;
    staff.toast("Marked as read.");
    Ok(went(&request, &way_back(&form.back, number)))
}
