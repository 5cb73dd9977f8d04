//! Saved replies: their settings, and putting one into what is being written.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::filling::{self, Filled, KNOWN};
use super::pages::{NoteForm, Writing, shown_again};
use super::pages_files::LIMITS;
use super::replies::{self, Reply};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::market::Markets;
use crate::order::pages_parts::Sight;
use crate::order::pages_way::{number_of, way_back};
use crate::order::{self, Order};
use crate::staff::permission::{ManageSettings, WriteNotes};
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Sent, Shell, see_other};
use crate::{announce, customer_page};

/// Name and identifier of each reply that can be chosen.
pub fn choices(conn: &mut Conn) -> Result<Vec<(String, String)>> {
    Ok(replies::all(conn)?.into_iter().map(|reply| (reply.uid, reply.name)).collect())
}

/// What asks the customer for what is still due: a reply that every shop has, in the customer's language.
pub const ASKS_FOR_THE_REST: &str = "rest";

fn asks_for_the_rest(conn: &mut Conn, order: &Order) -> Result<String> {
    let language = Markets::load(conn)?.language(order.market_id, &order.language);
    let values = [
        ("first_name", "first name"),
        ("amount", "amount due"),
        ("order", "order number"),
        ("how", "how to pay"),
        ("page", "customer page"),
        ("shop", "shop"),
    ];
    Ok(language.say_with("ask-rest", &values.map(|(name, known)| (name, filling::slot(known).into()))))
}

/// A reply as it reads for one order.
fn filled(conn: &mut Conn, person: &Person, number: i64, uid: &str, here: &str) -> Result<Filled> {
    let order = order::find(conn, number)?;
    let is_ask = uid == ASKS_FOR_THE_REST;
    let body = if is_ask { asks_for_the_rest(conn, &order)? } else { replies::find(conn, uid)?.body };
    let link = customer_page::link(conn, order.id)?;
    let page = match link {
        Some(link) => format!("{}{}", web::address(conn, here)?.trim_end_matches('/'), link.path()),
        None => String::new(),
    };
    let writer = person.name.split_whitespace().next().unwrap_or_default();
    let mut values = announce::values(conn, &order, &order.stage, &page, writer)?;
    if !Sight::of(person).money {
        (values.amount_due, values.how_to_pay) = (String::new(), String::new());
    }
    if is_ask {
        return Ok(Filled { text: filling::fill_whole(&body, &values), left: Vec::new() });
    }
    Ok(filling::fill(&body, |name| values.of(name)))
}

/// What is to be said about words that could not be filled; nothing if all were.
fn told(filled: &Filled) -> String {
    if filled.left.is_empty() {
        return String::new();
    }
    format!("This order has nothing for {} yet. Put it in by hand, or take it out.", filling::in_braces(&filled.left))
}

/// `GET /orders/{number}/replies/{uid}`: the text, for the page that is open.
pub async fn show(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<(String, String)>,
    staff: Staff<WriteNotes>,
) -> Answer {
    let (number, uid, person, here) = (number_of(&path.0)?, path.1.clone(), staff.person(), web::here(&request));
    let filled = desk.db.read(move |conn| filled(conn, &person, number, &uid, &here)).await?;
    let told = told(&filled);
    Ok(HttpResponse::Ok().json(serde_json::json!({ "text": filled.text, "told": told })))
}

/// `POST /orders/{number}/replies`: shows the page again with the chosen reply in what is being written.
pub async fn insert(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<WriteNotes>,
    payload: Payload,
) -> Answer {
    let (number, person, here) = (number_of(&path)?, staff.person(), web::here(&request));
    let form: NoteForm = Sent::read(&request, payload, LIMITS).await?.form()?;
    let back = way_back(&form.back, number);
    let (reader, uid) = (person.clone(), form.reply.clone());
    if uid == ASKS_FOR_THE_REST {
        // What is due and how it is paid stands on their page, so it is opened to them.
        let actor = person.actor();
        desk.db.write(move |tx| customer_page::link_to_send(tx, &actor, number).map(drop)).await?;
    }
    let filled = if uid.is_empty() {
        None
    } else {
        Some(desk.db.read(move |conn| filled(conn, &reader, number, &uid, &here)).await?)
    };
    let words = match &filled {
        Some(filled) => told(filled),
        None => "Choose a saved reply first.".to_owned(),
    };
    let text = filled.map(|filled| filled.text).unwrap_or_default();
    let body = match form.body.trim_end() {
        "" => text,
        typed if text.is_empty() => typed.to_owned(),
        typed => format!("{typed}\n{text}"),
    };
    let refusal = (!words.is_empty()).then(|| Refusal::field("talk.reply_unfilled", "body", words));
    let writing = Writing { note: String::new(), body, audience: form.audience, in_chat: true, by: form.by, refusal };
    shown_again(&desk, &person, number, &back, StatusCode::OK, writing).await
}

/// A posted reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplyForm {
    name: String,
    body: String,
    remove: String,
}

#[derive(Template)]
#[template(path = "settings/replies.html")]
struct RepliesPage {
    shell: Shell,
    replies: Vec<Reply>,
    /// Of which reply the form is; empty for a new one.
    typed_for: String,
    typed: ReplyForm,
    refusal: Option<Refusal>,
}

impl RepliesPage {
    fn problem(&self, uid: &str, field: &str) -> &str {
        let refusal = self.refusal.as_ref().filter(|_| self.typed_for == uid);
        refusal.and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn is_open(&self, uid: &str) -> bool {
        self.refusal.is_some() && self.typed_for == uid
    }
    fn name_of<'a>(&'a self, reply: &'a Reply) -> &'a str {
        if self.is_open(&reply.uid) { &self.typed.name } else { &reply.name }
    }
    fn body_of<'a>(&'a self, reply: &'a Reply) -> &'a str {
        if self.is_open(&reply.uid) { &self.typed.body } else { &reply.body }
    }
    fn example(&self) -> &'static str {
        "Hello {{first name}}, …"
    }
    fn known(&self) -> Vec<(String, &'static str)> {
        KNOWN.iter().map(|(name, words)| (filling::slot(name), *words)).collect()
    }
}

async fn page(desk: &Desk, person: Person, uid: &str, sent: Option<(ReplyForm, Refusal)>) -> Answer {
    let uid = uid.to_owned();
    let status = if sent.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let page = desk
        .db
        .read(move |conn| {
            let (typed, refusal) = sent.map_or_else(Default::default, |(typed, refusal)| (typed, Some(refusal)));
            Ok(RepliesPage {
                shell: Shell::load(conn, &person, Section::Settings)?,
                replies: replies::all(conn)?,
                typed_for: uid,
                typed,
                refusal,
            })
        })
        .await?;
    web::page_as(status, &page)
}

/// `GET /settings/replies`
pub async fn index(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    page(&desk, staff.person(), "", None).await
}

/// `POST /settings/replies`
pub async fn add(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<ReplyForm>) -> Answer {
    keep(&desk, &staff, "", form.0).await
}

/// `POST /settings/replies/{uid}`
pub async fn save(desk: Data<Desk>, path: Path<String>, staff: Staff<ManageSettings>, form: Form<ReplyForm>) -> Answer {
    if form.remove.is_empty() {
        return keep(&desk, &staff, &path, form.0).await;
    }
    let (actor, uid) = (staff.actor(), path.into_inner());
    desk.db.write(move |tx| replies::remove(tx, &actor, &uid)).await?;
    staff.toast("The reply is removed.");
    Ok(see_other("/settings/replies"))
}

async fn keep(desk: &Desk, staff: &Staff<ManageSettings>, uid: &str, form: ReplyForm) -> Answer {
    let (actor, typed, of) = (staff.actor(), form.clone(), Some(uid.to_owned()).filter(|uid| !uid.is_empty()));
    match desk.db.write(move |tx| replies::keep(tx, &actor, of.as_deref(), &typed.name, &typed.body)).await {
        Ok(()) => {
            staff.toast("The reply is saved.");
            Ok(see_other("/settings/replies"))
        }
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => page(desk, staff.person(), uid, Some((form, refusal))).await,
            None => Err(error.into()),
        },
    }
}
