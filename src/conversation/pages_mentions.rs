//! `/inbox/mentions`: the notes in which somebody is called, newest first.

use actix_web::web::Data;
use askama::Template;

use super::Audience;
use super::calling::Callable;
use super::mentions::{self, Mention};
use super::pages::NotePiece;
use super::pages_inbox::{TabRow, tabs};
use crate::staff::Staff;
use crate::staff::permission::ViewOrders;
use crate::staff::{self, Person};
use crate::web::{self, Answer, Desk, Section, Shell};
use crate::words::harmless;

/// A note in the list.
struct MentionRow {
    mention: Mention,
    customer: String,
    pieces: Vec<NotePiece>,
    href: String,
}

impl MentionRow {
    fn of(mention: Mention, person: &Person, people: &[Callable]) -> Self {
        let name = harmless(&mention.customer);
        MentionRow {
            customer: if name.trim().is_empty() { "No name".to_owned() } else { name },
            pieces: NotePiece::of(&mention.body, Audience::Internal, person, people),
            href: format!("/orders/{}/notes#note-{}", mention.number, mention.note),
            mention,
        }
    }
}

#[derive(Template)]
#[template(path = "inbox/mentions.html")]
struct MentionsPage {
    shell: Shell,
    tabs: Vec<TabRow>,
    rows: Vec<MentionRow>,
}

/// `GET /inbox/mentions`
pub async fn index(desk: Data<Desk>, staff: Staff<ViewOrders>) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Inbox)?;
            let members = staff::members(conn)?;
            let people: Vec<Callable> = members.iter().map(|m| Callable::new(m.id, &m.name, &m.email)).collect();
            let rows = mentions::of_person(conn, &person.reach, person.id)?;
            Ok(MentionsPage {
                tabs: tabs(conn, &person, None)?,
                rows: rows.into_iter().map(|mention| MentionRow::of(mention, &person, &people)).collect(),
                shell,
            })
        })
        .await?;
    web::page(&page)
}
