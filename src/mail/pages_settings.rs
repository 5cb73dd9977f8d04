//! `/settings/mail`: how the shop's mail server is reached, and a mail to try it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::server::{NAME, Typed};
use super::{Letter, Secured, Server, deliver, letter};
use crate::conversation::transport::Outcome;
use crate::db::Tx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::new_uid;
use crate::staff::permission::ManageSettings;
use crate::staff::{self, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

/// The posted settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailForm {
    host: String,
    port: String,
    secured: String,
    user: String,
    password: String,
    any_certificate: Option<String>,
    from_name: String,
    from: String,
    /// `save`, `test` or `remove`.
    #[serde(rename = "do")]
    wish: String,
}

#[derive(Template)]
#[template(path = "settings/mail.html")]
struct MailPage {
    shell: Shell,
    form: MailForm,
    refusal: Option<Refusal>,
    /// Whether there is something to try or to remove.
    is_set_up: bool,
    has_password: bool,
    /// Where links in mails lead; empty if the shop has not said where it is reached.
    home: String,
}

impl MailPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn ways(&self) -> [(Secured, &'static str, &'static str); 3] {
        Secured::ALL
    }
}

async fn load(desk: &Desk, person: Person, sent: Option<(MailForm, Refusal)>) -> Result<MailPage> {
    desk.db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let known = super::server(conn)?;
            let home = web::setting(conn, "public_address")?.unwrap_or_default();
            let (form, refusal) = match sent {
                Some((form, refusal)) => (MailForm { password: String::new(), ..form }, Some(refusal)),
                None => (known.as_ref().map_or_else(|| empty(&shell), form_of), None),
            };
            let has_password = known.as_ref().is_some_and(|server| !server.password.is_empty());
            Ok(MailPage { shell, form, refusal, is_set_up: known.is_some(), has_password, home })
        })
        .await
}

fn empty(shell: &Shell) -> MailForm {
    MailForm {
        port: "587".to_owned(),
        secured: Secured::default().as_str().to_owned(),
        from_name: shell.shop.name.clone(),
        ..MailForm::default()
    }
}

/// Everything but the password, which is never shown.
fn form_of(server: &Server) -> MailForm {
    MailForm {
        host: server.host.clone(),
        port: server.port.to_string(),
        secured: server.secured.as_str().to_owned(),
        user: server.user.clone(),
        password: String::new(),
        any_certificate: server.any_certificate.then(|| "1".to_owned()),
        from_name: server.from_name.clone(),
        from: server.from.clone(),
        wish: String::new(),
    }
}

/// `GET /settings/mail`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    web::page(&load(&desk, staff.person(), None).await?)
}

/// `POST /settings/mail`: keeps what was typed, forgets the server, or sends a mail to whoever asks.
pub async fn save(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<MailForm>) -> Answer {
    let (form, person) = (form.0, staff.person());
    let (typed, who) = (form.clone(), person.clone());
    let done = match form.wish.as_str() {
        "test" => try_out(&desk, &person).await,
        "remove" => {
            desk.db.write(move |tx| forget(tx, &who)).await.map(|()| "E-mail is not set up any more.".to_owned())
        }
        _ => desk.db.write(move |tx| keep(tx, &who, &typed)).await.map(|()| "Settings saved.".to_owned()),
    };
    match done {
        Ok(told) => {
            staff.toast(told);
            Ok(see_other("/settings/mail"))
        }
        Err(error) => match error.refusal().cloned() {
            Some(refusal) => {
                let page = load(&desk, person, Some((form, refusal))).await?;
                web::page_as(StatusCode::BAD_REQUEST, &page)
            }
            None => Err(error.into()),
        },
    }
}

fn keep(tx: &mut Tx<'_>, person: &Person, form: &MailForm) -> Result<()> {
    let known = super::server(tx.conn)?;
    let typed = Typed {
        host: &form.host,
        port: &form.port,
        secured: &form.secured,
        user: &form.user,
        password: &form.password,
        any_certificate: form.any_certificate.is_some(),
        from_name: &form.from_name,
        from: &form.from,
    };
    let wanted = Server::typed(&typed, known.as_ref(), letter::is_address)?;
    web::set_setting(tx, NAME, &serde_json::to_string(&wanted)?)?;
    tell(tx, person, known.as_ref(), Some(&wanted))
}

fn forget(tx: &mut Tx<'_>, person: &Person) -> Result<()> {
    let known = super::server(tx.conn)?;
    web::set_setting(tx, NAME, "")?;
    tell(tx, person, known.as_ref(), None)
}

/// Tells the diary, without the password.
fn tell(tx: &mut Tx<'_>, person: &Person, before: Option<&Server>, after: Option<&Server>) -> Result<()> {
    let words = |server: Option<&Server>| match server {
        Some(server) => {
            let certificate = if server.any_certificate { ", any certificate" } else { "" };
            let way = server.secured.as_str();
            format!("{} by {}:{}, {way}{certificate}", server.from, server.host, server.port)
        }
        None => String::new(),
    };
    if before == after {
        return Ok(());
    }
    let changed =
        Event::SettingsChanged { setting: "mail server".to_owned(), before: words(before), after: words(after) };
    event::record(tx, &person.actor(), None, &changed)
}

/// Sends a mail to whoever asks for it.
async fn try_out(desk: &Desk, person: &Person) -> Result<String> {
    let who = person.clone();
    let (server, letter) = desk
        .db
        .read(move |conn| {
            let told = "Say how the mail server is reached and save it first.";
            let server = super::server(conn)?.ok_or_else(|| Refusal::field("mail.off", "host", told))?;
            let member = staff::members(conn)?.into_iter().find(|member| Some(member.id) == who.actor().staff());
            let member = member.ok_or_else(|| Error::broken("whoever is signed in is not of the staff"))?;
            let shop = web::shop(conn)?.name;
            let letter = Letter {
                to_name: member.name,
                to: member.email,
                subject: format!("A mail from {shop}"),
                id: format!("<{}@{}>", new_uid(), server.domain()),
                is_automatic: true,
                body: "This is a test. Mails to your customers leave the same way.".to_owned(),
                shop,
                ..Letter::default()
            };
            Ok((server, letter))
        })
        .await?;
    let to = letter.to.clone();
    let outcome =
        tokio::task::spawn_blocking(move || deliver(&server, &letter, super::PATIENCE)).await.map_err(Error::broken)?;
    match outcome {
        Outcome::Sent(_) => Ok(format!("A mail is on its way to {to}.")),
        Outcome::Later { problem, .. } | Outcome::Failed(problem) | Outcome::Unsure(problem) => {
            Err(Refusal::invalid("mail.test", format!("The test did not go through. {problem}")).into())
        }
    }
}
