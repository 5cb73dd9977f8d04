//! Signing in and out, one's own account, and how one likes the desk.

use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::guard::signed_in;
use super::session::{ADDRESS, AGENT, KEEP, STAFF, UID};
use super::throttle::{Of, too_many};
use super::{Person, Preferences, Staff, fold_email, password, store};
use crate::actor::Actor;
use crate::error::{Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::{StaffId, new_uid};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Query, Shop, peer_address, see_other};

#[derive(Template)]
#[template(path = "staff/login.html")]
struct LoginPage {
    shop: Shop,
    email: String,
    next: String,
    keep: bool,
    refusal: Option<Refusal>,
    notice: String,
}

/// What the address of the sign-in page may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginQuery {
    #[serde(default)]
    next: String,
    #[serde(default)]
    notice: String,
}

/// The posted sign-in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoginForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    keep: Option<String>,
    #[serde(default)]
    next: String,
}

/// `GET /login`
pub async fn login(desk: Data<Desk>, request: HttpRequest, query: Query<LoginQuery>) -> Answer {
    let next = local(&query.next);
    if signed_in(&request).await?.is_some() {
        return Ok(see_other(&next));
    }
    let shop = desk.db.read(web::shop).await?;
    let notice = match query.notice.as_str() {
        "out" => "You are signed out.",
        "password" => "The password is set. Sign in with it.",
        _ => "",
    };
    let page = LoginPage { shop, email: String::new(), next, keep: true, refusal: None, notice: notice.to_owned() };
    web::page(&page)
}

/// Where to go after signing in: only to a page of this desk.
fn local(next: &str) -> String {
    let inside = next.starts_with('/')
        && !next.starts_with("//")
        && !next.starts_with("/login")
        && !next.contains(['\\', '\n', '\r', '\t'])
        && next.len() < 2000;
    if inside { next.to_owned() } else { "/orders".to_owned() }
}

/// `POST /login`
pub async fn sign_in(desk: Data<Desk>, request: HttpRequest, session: Session, form: Form<LoginForm>) -> Answer {
    let email = fold_email(&form.email);
    let next = local(&form.next);
    let address = peer_address(&request);
    match prove(&desk, &email, &form.password, &address).await {
        Ok((id, name)) => {
            begin(&request, &session, id, form.keep.is_some(), &address);
            let actor = Actor::Staff { id, name };
            desk.db
                .write(move |tx| {
                    store::forgive(tx, &format!("account:{email}"))?;
                    store::saw(tx, id)?;
                    event::record(tx, &actor, None, &Event::StaffSignedIn { address })
                })
                .await?;
            Ok(see_other(&next))
        }
        Err(error) => {
            let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
            let shop = desk.db.read(web::shop).await?;
            let status = if refusal.kind == RefusalKind::TooMany {
                StatusCode::TOO_MANY_REQUESTS
            } else {
                StatusCode::UNAUTHORIZED
            };
            let wait = refusal.retry_after.map(|seconds| seconds.to_string());
            let page = LoginPage {
                shop,
                email: form.email.clone(),
                next,
                keep: form.keep.is_some(),
                refusal: Some(refusal),
                notice: String::new(),
            };
            let mut answer = web::page_as(status, &page)?;
            if let Some(seconds) = wait.and_then(|text| header::HeaderValue::from_str(&text).ok()) {
                answer.headers_mut().insert(header::RETRY_AFTER, seconds);
            }
            Ok(answer)
        }
    }
}

/// Checks a password. The try is counted before it is looked at, so that many at once count too, and
/// an unknown account takes as long as a wrong password.
async fn prove(desk: &Desk, email: &str, password: &str, address: &str) -> Result<(StaffId, String)> {
    let subjects = [(format!("account:{email}"), Of::Account), (format!("address:{address}"), Of::Address)];
    let wanted = email.to_owned();
    let account = desk
        .db
        .write(move |tx| {
            for (subject, _) in &subjects {
                if let Some(seconds) = store::failures(tx.conn, subject)?.wait(tx.now) {
                    return Err(too_many(seconds).into());
                }
            }
            for (subject, of) in &subjects {
                let failures = store::failures(tx.conn, subject)?.after_another(*of, tx.now);
                store::set_failures(tx, subject, failures)?;
            }
            store::account(tx.conn, &wanted)
        })
        .await?;
    let (found, hash) = match account {
        Some((id, name, hash)) => (Some((id, name)), hash),
        None => (None, None),
    };
    let right = password::verify_later(password.to_owned(), hash).await?;
    match found {
        Some(found) if right => Ok(found),
        _ => {
            let refusal = Refusal::field("sign_in.wrong", "password", "E-mail and password do not match.");
            Err(Refusal { kind: RefusalKind::Unauthenticated, ..refusal }.into())
        }
    }
}

/// Begins a session under a new key.
pub(crate) fn begin(request: &HttpRequest, session: &Session, id: StaffId, keep: bool, address: &str) {
    session.clear();
    session.renew();
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let agent: String = agent.chars().take(300).collect();
    let kept = session
        .insert(STAFF, id.0)
        .and_then(|_| session.insert(UID, new_uid()))
        .and_then(|_| session.insert(ADDRESS, address))
        .and_then(|_| session.insert(AGENT, agent))
        .and_then(|_| session.insert(KEEP, keep));
    if let Err(error) = kept {
        tracing::error!(%error, "a session could not be made");
    }
}

/// `POST /logout`
pub async fn sign_out(session: Session) -> HttpResponse {
    session.purge();
    see_other("/login?notice=out")
}

/// Checks the present password and sets a new one.
///
/// # Errors
/// Names the field that is wrong: `current` or `password`.
pub(crate) async fn replace_password(desk: &Desk, person: &Person, current: &str, new: &str) -> Result<()> {
    let (id, email) = (person.id, person.email.clone());
    // Counted like a sign-in, so that an open desk is no way to guess.
    let subject = format!("account:{email}");
    let tried = subject.clone();
    let hash = desk
        .db
        .write(move |tx| {
            super::slow_down(tx, &tried)?;
            super::password_hash_of(tx.conn, id)
        })
        .await?;
    if !password::verify_later(current.to_owned(), hash).await? {
        return Err(Refusal::field("password.current", "current", "This is not your present password.").into());
    }
    password::check_password(new)?;
    let hash = password::hash_later(new.to_owned()).await?;
    let person = person.clone();
    desk.db
        .write(move |tx| {
            store::forgive(tx, &subject)?;
            super::change_password(tx, &person, &hash)
        })
        .await
}

#[derive(Template)]
#[template(path = "staff/link.html")]
struct LinkPage {
    shop: Shop,
    token: String,
    name: String,
    email: String,
    welcome: bool,
    problem: String,
    refusal: Option<Refusal>,
}

async fn link_page(desk: &Desk, token: String, refusal: Option<Refusal>) -> Result<LinkPage> {
    desk.db
        .read(move |conn| {
            let member = super::open_link(conn, &token, UtcTime::now())?;
            let problem = refusal.as_ref().and_then(|r| r.problem("password")).unwrap_or_default().to_owned();
            let shop = web::shop(conn)?;
            let welcome = !member.has_password;
            Ok(LinkPage { shop, token, name: member.name, email: member.email, welcome, problem, refusal })
        })
        .await
}

/// `GET /join/{token}`: an invitation or a reset link.
pub async fn open_link(desk: Data<Desk>, token: Path<String>) -> Answer {
    web::page(&link_page(&desk, token.into_inner(), None).await?)
}

/// The posted password of a link.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkForm {
    /// For password managers.
    #[serde(default, rename = "username")]
    _username: String,
    #[serde(default)]
    password: String,
}

/// `POST /join/{token}`
pub async fn use_link(
    desk: Data<Desk>,
    request: HttpRequest,
    session: Session,
    token: Path<String>,
    form: Form<LinkForm>,
) -> Answer {
    let token = token.into_inner();
    if let Err(refusal) = password::check_password(&form.password) {
        let page = link_page(&desk, token, Some(refusal)).await?;
        return web::page_as(StatusCode::BAD_REQUEST, &page);
    }
    // Looked at before hashing, which is slow on purpose.
    link_page(&desk, token.clone(), None).await?;
    let hash = password::hash_later(form.password.clone()).await?;
    let id = desk.db.write(move |tx| super::use_link(tx, &token, &hash)).await?;
    begin(&request, &session, id, false, &peer_address(&request));
    Ok(see_other("/orders"))
}

/// What can be changed from the menu.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreferencesForm {
    #[serde(default)]
    theme: Option<String>,
    #[serde(default)]
    density: Option<String>,
    #[serde(default)]
    keys: Option<String>,
    /// That the ways of being told are all given.
    telling: Option<String>,
    #[serde(default)]
    tell: Vec<String>,
}

/// `POST /account/preferences`: only what is sent is changed.
pub async fn preferences(desk: Data<Desk>, request: HttpRequest, staff: Staff, form: Form<PreferencesForm>) -> Answer {
    let mut wanted: Preferences = staff.preferences.clone();
    if let Some(theme) = &form.theme {
        wanted.theme = one_of(theme, &["light", "dark", ""], "theme")?;
    }
    if let Some(density) = &form.density {
        wanted.density = one_of(density, &["compact", ""], "density")?;
    }
    if let Some(keys) = &form.keys {
        wanted.keys_off = one_of(keys, &["on", "off"], "keys")? == "off";
    }
    if form.telling.is_some() {
        for way in &form.tell {
            one_of(way, &["chime", "badge", "desktop"], "tell")?;
        }
        let on = |way: &str| form.tell.iter().any(|wanted| wanted == way);
        (wanted.chime, wanted.badge_off, wanted.desktop) = (on("chime"), !on("badge"), on("desktop"));
    }
    let id = staff.id;
    desk.db.write(move |tx| super::save_preferences(tx, id, &wanted)).await?;
    if request.headers().contains_key("hx-request") {
        return Ok(HttpResponse::NoContent().finish());
    }
    let back = request.headers().get(header::REFERER).and_then(|value| value.to_str().ok()).unwrap_or("");
    let back = url::Url::parse(back).map(|url| match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    });
    Ok(see_other(&local(&back.unwrap_or_default())))
}

fn one_of(value: &str, allowed: &[&str], field: &str) -> Result<String, Refusal> {
    if allowed.contains(&value) {
        return Ok(value.to_owned());
    }
    Err(Refusal::field("preferences.unknown", field, format!("There is no {field} called {value}.")))
}

/// A browser in words, from what it says of itself.
pub(crate) fn device_name(agent: &str) -> String {
    let browser =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]
            .into_iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| name);
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]
    .into_iter()
    .find(|(mark, _)| agent.contains(mark))
    .map(|(_, name)| name);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_this_desk_are_gone_to_after_signing_in() {
        assert_eq!(local("/orders/10468?tab=notes"), "/orders/10468?tab=notes");
        for away in ["https://evil.example", "//evil.example", "/\\evil.example", "orders", "", "/login"] {
            assert_eq!(local(away), "/orders", "{away}");
        }
    }

    #[test]
    fn a_device_is_named_by_browser_and_system() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";
        assert_eq!(device_name(agent), "Chrome on Linux");
        assert_eq!(device_name(""), "Unknown browser");
    }
}
