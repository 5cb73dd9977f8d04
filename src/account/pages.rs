//! `/account`.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use crate::error::Refusal;
use crate::mail;
use crate::notify::mails::{self, When};
use crate::staff::keys::{self, ApiKey};
use crate::staff::{self, Device, Person, Staff, pages::device_name};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

struct DeviceRow {
    uid: String,
    name: String,
    address: String,
    created_at: UtcTime,
    seen_at: UtcTime,
    here: bool,
}

#[derive(Template)]
#[template(path = "account/index.html")]
struct Account {
    shell: Shell,
    email: String,
    devices: Vec<DeviceRow>,
    /// How many working keys for programs they have.
    keys: usize,
    /// When they are mailed, as chosen or typed.
    mails: MailsForm,
    /// Whether the shop can write mails at all.
    has_mail: bool,
    refusal: Option<Refusal>,
}

impl Account {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

async fn load(
    desk: &Desk,
    person: Person,
    refusal: Option<Refusal>,
    typed: Option<MailsForm>,
) -> Result<Account, web::Problem> {
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Account)?;
            let here = person.session.clone();
            let row = |device: Device| DeviceRow {
                name: device_name(&device.agent),
                here: device.uid == here,
                uid: device.uid,
                address: device.address,
                created_at: device.created_at,
                seen_at: device.seen_at,
            };
            let devices = staff::devices(conn, person.id, shell.now)?.into_iter().map(row).collect();
            let mine = |key: &ApiKey| key.staff == Some(person.id) && key.revoked_at.is_none();
            let keys = keys::list(conn)?.into_iter().filter(mine).count();
            let mails = match typed {
                Some(typed) => typed,
                None => MailsForm::of(mails::when(conn, person.id)?),
            };
            let has_mail = mail::server(conn)?.is_some();
            Ok(Account { shell, email: person.email, devices, keys, mails, has_mail, refusal })
        })
        .await?;
    Ok(page)
}

/// `GET /account`
pub async fn show(desk: Data<Desk>, staff: Staff) -> Answer {
    web::page(&load(&desk, staff.person(), None, None).await?)
}

/// A change of password.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordForm {
    /// For password managers.
    #[serde(default, rename = "username")]
    _username: String,
    #[serde(default)]
    current: String,
    #[serde(default)]
    password: String,
}

/// `POST /account/password`
pub async fn password(desk: Data<Desk>, staff: Staff, form: Form<PasswordForm>) -> Answer {
    match staff::pages::replace_password(&desk, &staff, &form.current, &form.password).await {
        Ok(()) => {
            staff.toast("Password changed. Your other devices are signed out.");
            Ok(see_other("/account"))
        }
        Err(error) => match error.refusal() {
            Some(refusal) => {
                let page = load(&desk, staff.person(), Some(refusal.clone()), None).await?;
                web::page_as(StatusCode::BAD_REQUEST, &page)
            }
            None => Err(error.into()),
        },
    }
}

/// When somebody is mailed about what nobody has looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailsForm {
    mails: String,
    after: String,
    hour: String,
}

impl MailsForm {
    fn of(when: When) -> Self {
        let form = |word: &str| MailsForm { mails: word.to_owned(), after: "15".to_owned(), hour: "8".to_owned() };
        match when {
            When::Never => form("never"),
            When::After(minutes) => MailsForm { after: minutes.to_string(), ..form("after") },
            When::Daily(hour) => MailsForm { hour: hour.to_string(), ..form("daily") },
        }
    }
}

/// `POST /account/mails`
pub async fn mails(desk: Data<Desk>, staff: Staff, form: Form<MailsForm>) -> Answer {
    let (form, id) = (form.0, staff.id);
    match When::typed(&form.mails, &form.after, &form.hour) {
        Ok(when) => {
            desk.db.write(move |tx| mails::choose(tx, id, when)).await?;
            staff.toast("Settings saved.");
            Ok(see_other("/account#mails"))
        }
        Err(refusal) => {
            let page = load(&desk, staff.person(), Some(refusal), Some(form)).await?;
            web::page_as(StatusCode::BAD_REQUEST, &page)
        }
    }
}

/// `POST /account/sessions/{uid}/end`
pub async fn end_session(desk: Data<Desk>, staff: Staff, uid: Path<String>) -> Answer {
    let (id, uid) = (staff.id, uid.into_inner());
    desk.db.write(move |tx| staff::end_session(tx, id, &uid)).await?;
    staff.toast("That device is signed out.");
    Ok(see_other("/account"))
}

/// `POST /account/sessions/others`
pub async fn end_others(desk: Data<Desk>, staff: Staff) -> Answer {
    let (id, here) = (staff.id, staff.session.clone());
    desk.db.write(move |tx| staff::end_sessions(tx, id, Some(&here))).await?;
    staff.toast("Your other devices are signed out.");
    Ok(see_other("/account"))
}

/// `POST /account/sessions/all`
pub async fn end_all(desk: Data<Desk>, staff: Staff) -> Result<HttpResponse, web::Problem> {
    let id = staff.id;
    desk.db.write(move |tx| staff::end_sessions(tx, id, None)).await?;
    Ok(staff.sign_out())
}
