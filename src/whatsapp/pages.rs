//! `/settings/whatsapp`: how the shop's number is reached, and how to connect it.

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;

use super::account::{Typed, hint};
use super::{Account, Kept, Seen};
use crate::error::{Refusal, Result};
use crate::market::{Channel, Markets};
use crate::staff::permission::ManageSettings;
use crate::staff::{Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

const PAGE: &str = "/settings/whatsapp";

#[derive(Template)]
#[template(path = "settings/whatsapp.html")]
struct AccountPage {
    shell: Shell,
    account: Account,
    form: Typed,
    channels: Vec<Channel>,
    /// Where WhatsApp posts to.
    callback: String,
    seen: Option<Seen>,
    /// What has to be set right before anything is sent.
    trouble: Option<String>,
    unsettled: i64,
    aside: Vec<Kept>,
    refusal: Option<Refusal>,
}

impl AccountPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn seen_at(&self) -> Option<UtcTime> {
        self.seen.as_ref().map(|seen| UtcTime(seen.at))
    }
    /// The number that WhatsApp spoke of last, if it is not the one entered.
    fn other_number(&self) -> Option<&str> {
        let seen = self.seen.as_ref()?;
        let differs = !seen.number.is_empty() && !self.account.number.is_empty() && seen.number != self.account.number;
        differs.then_some(seen.number.as_str())
    }
    /// What stands under a secret's field.
    fn about_secret(&self, kept: &str, what: &str) -> String {
        match hint(kept).as_str() {
            "" => what.to_owned(),
            hint => format!("Kept: {hint}. Leave this empty to keep it. {what}"),
        }
    }
    fn is_https(&self) -> bool {
        self.callback.starts_with("https://")
    }
}

async fn load(desk: &Desk, person: Person, here: String, sent: Option<(Typed, Refusal)>) -> Result<AccountPage> {
    let needs_token = desk.db.read(|conn| Ok(super::account(conn)?.verify_token.is_empty())).await?;
    if needs_token {
        desk.db.write(|tx| super::make_verify_token(tx, false)).await?;
    }
    desk.db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let account = super::account(conn)?;
            let (form, refusal) = match sent {
                Some((form, refusal)) => (form, Some(refusal)),
                None => (account.typed(), None),
            };
            Ok(AccountPage {
                form,
                refusal,
                channels: Markets::load(conn)?.channels,
                callback: format!("{}/whatsapp", web::address(conn, &here)?.trim_end_matches('/')),
                seen: super::seen(conn)?,
                trouble: super::trouble(conn)?,
                unsettled: super::unsettled(conn)?,
                aside: super::aside(conn)?,
                shell,
                account,
            })
        })
        .await
}

/// `GET /settings/whatsapp`
pub async fn show(desk: Data<Desk>, request: HttpRequest, staff: Staff<ManageSettings>) -> Answer {
    web::page(&load(&desk, staff.person(), web::here(&request), None).await?)
}

/// `POST /settings/whatsapp`
pub async fn save(desk: Data<Desk>, request: HttpRequest, staff: Staff<ManageSettings>, form: Form<Typed>) -> Answer {
    let (typed, actor) = (form.0, staff.actor());
    let sent = typed.clone();
    match desk.db.write(move |tx| super::keep_account(tx, &actor, &sent)).await {
        Ok(()) => {
            staff.toast("Settings saved.");
            Ok(see_other(PAGE))
        }
        Err(error) => {
            let (refusal, status) = web::shown_again(error)?;
            // What was typed as a secret does not go back over the line.
            let typed = Typed { token: String::new(), app_secret: String::new(), ..typed };
            let page = load(&desk, staff.person(), web::here(&request), Some((typed, refusal))).await?;
            web::page_as(status, &page)
        }
    }
}

/// `POST /settings/whatsapp/verify-token`: makes another one.
pub async fn renew(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    desk.db.write(|tx| super::make_verify_token(tx, true)).await?;
    staff.toast("There is a new verify token. Enter it at Meta; the address stays connected meanwhile.");
    Ok(see_other(PAGE))
}
