//! `/settings/keys`, and what `/account/keys` shows of one person's own.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::form::{Group, KeyForm, groups, whole, words};
use super::make;
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::market::Markets;
use crate::staff::keys::{self, ApiKey};
use crate::staff::permission::ManageSettings;
use crate::staff::{self, Member, Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

/// Whose keys a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All keys of the shop.
    Shop,
    /// Those of the person who looks.
    Own,
}

impl Whose {
    /// Where its pages are.
    fn place(self) -> &'static str {
        match self {
            Whose::Shop => "/settings/keys",
            Whose::Own => "/account/keys",
        }
    }
}

struct Row {
    key: ApiKey,
    /// Whose personal key it is, if anybody's.
    person: Option<String>,
    /// Whether that person is disabled, and the key with them.
    asleep: bool,
    words: Vec<String>,
    markets: Vec<String>,
}

/// A key that was just made.
struct Made {
    name: String,
    uid: String,
    token: String,
    /// Where the desk is found.
    address: String,
}

/// A market to choose.
struct Choice {
    slug: String,
    name: String,
}

#[derive(Template)]
#[template(path = "settings/keys.html")]
struct KeysPage {
    shell: Shell,
    whose: Whose,
    rows: Vec<Row>,
    revoked: Vec<Row>,
    groups: Vec<Group>,
    markets: Vec<Choice>,
    form: KeyForm,
    /// The shop's limit, as it is and as it was typed.
    rate: i64,
    default_rate: String,
    made: Option<Made>,
    refusal: Option<Refusal>,
}

impl KeysPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    fn has(&self, scope: &str) -> bool {
        self.form.scopes.iter().any(|chosen| chosen == scope)
    }
    fn keeps_to(&self, slug: &str) -> bool {
        self.form.markets.iter().any(|chosen| chosen == slug)
    }
    fn is_own(&self) -> bool {
        self.whose == Whose::Own
    }
    fn place(&self) -> &'static str {
        self.whose.place()
    }
    fn rate_hint(&self) -> String {
        format!("Empty: the shop's limit, {} at present.", self.rate)
    }
}

/// What was sent, what came of it, and what was wrong with it.
#[derive(Default)]
struct Shown {
    form: Option<KeyForm>,
    default_rate: Option<String>,
    made: Option<Made>,
    refusal: Option<Refusal>,
}

fn row(key: ApiKey, people: &[Member], markets: &Markets) -> Row {
    let person = key.staff.and_then(|id| people.iter().find(|member| member.id == id));
    let name = |slug: String| {
        markets.markets.iter().find(|market| market.slug == slug).map(|market| market.name.clone()).unwrap_or(slug)
    };
    Row {
        person: person.map(|member| member.name.clone()),
        asleep: person.is_some_and(|member| member.disabled_at.is_some()),
        words: words(&key.scopes),
        markets: key.market_slugs().into_iter().map(name).collect(),
        key,
    }
}

fn page(conn: &mut Conn, person: &Person, whose: Whose, shown: Shown) -> Result<KeysPage> {
    let section = if whose == Whose::Own { Section::Account } else { Section::Settings };
    let shell = Shell::load(conn, person, section)?;
    let (people, markets, rate) = (staff::members(conn)?, Markets::load(conn)?, keys::rate_per_minute(conn)?);
    let mut all = keys::list(conn)?;
    all.retain(|key| whose == Whose::Shop || key.staff == Some(person.id));
    let (revoked, rows) =
        all.into_iter().rev().map(|key| row(key, &people, &markets)).partition(|row| row.key.revoked_at.is_some());
    let choice = |market: &crate::market::Market| Choice { slug: market.slug.clone(), name: market.name.clone() };
    Ok(KeysPage {
        shell,
        whose,
        rows,
        revoked,
        groups: groups((whose == Whose::Own).then_some(person.role)),
        markets: markets.markets.iter().map(choice).collect(),
        form: shown.form.unwrap_or_default(),
        rate,
        default_rate: shown.default_rate.unwrap_or_else(|| rate.to_string()),
        made: shown.made,
        refusal: shown.refusal,
    })
}

async fn show(desk: &Desk, person: Person, whose: Whose, status: StatusCode, shown: Shown) -> Answer {
    let page = desk.db.read(move |conn| page(conn, &person, whose, shown)).await?;
    web::page_as(status, &page)
}

/// The list with the form for another key.
pub async fn list<P>(desk: &Desk, staff: &Staff<P>, whose: Whose) -> Answer {
    show(desk, staff.person(), whose, StatusCode::OK, Shown::default()).await
}

/// Makes a key and shows it, once.
pub async fn make_one<P>(desk: &Desk, request: &HttpRequest, staff: &Staff<P>, whose: Whose, form: KeyForm) -> Answer {
    let personal = whose == Whose::Own || form.whose == "mine";
    let new = match form.key(personal.then_some(staff.id)) {
        Ok(new) => new,
        Err(refusal) => return again(desk, staff.person(), whose, form, refusal.into()).await,
    };
    let (person, token, name, here) =
        (staff.person(), form.form_token.clone(), new.name.trim().to_owned(), web::here(request));
    let made = desk
        .db
        .write(move |tx| {
            let mut token_of_key = String::new();
            let outcome = web::once(tx, &person.credential(), &token, |tx| {
                token_of_key = make(tx, &person.actor(), &new)?;
                Ok(whose.place().to_owned())
            })?;
            let uid = keys::by_token(tx.conn, &token_of_key)?.map(|working| working.key.uid).unwrap_or_default();
            Ok((outcome, Made { name, uid, token: token_of_key, address: web::address(tx.conn, &here)? }))
        })
        .await;
    match made {
        Ok((outcome, _)) if outcome.repeated => {
            staff.toast("That key was made already. Revoke it and make another if you did not copy it.");
            Ok(see_other(&outcome.location))
        }
        Ok((_, made)) => {
            let shown = Shown { made: Some(made), ..Shown::default() };
            show(desk, staff.person(), whose, StatusCode::CREATED, shown).await
        }
        Err(error) => again(desk, staff.person(), whose, form, error).await,
    }
}

/// The form again, with what is wrong with it.
async fn again(desk: &Desk, person: Person, whose: Whose, form: KeyForm, error: Error) -> Answer {
    let (refusal, status) = web::shown_again(error)?;
    let shown = Shown { form: Some(form), refusal: Some(refusal), ..Shown::default() };
    show(desk, person, whose, status, shown).await
}

#[derive(Template)]
#[template(path = "settings/key_revoke.html")]
struct RevokePage {
    shell: Shell,
    whose: Whose,
    key: ApiKey,
    person: Option<String>,
}

impl RevokePage {
    fn place(&self) -> &'static str {
        self.whose.place()
    }
}

/// Asks whether a key shall end.
pub async fn ask<P>(desk: &Desk, staff: &Staff<P>, whose: Whose, uid: String) -> Answer {
    let person = staff.person();
    let page = desk
        .db
        .read(move |conn| {
            let section = if whose == Whose::Own { Section::Account } else { Section::Settings };
            let shell = Shell::load(conn, &person, section)?;
            let key = keys::list(conn)?
                .into_iter()
                .find(|key| {
                    key.uid == uid && key.revoked_at.is_none() && (whose == Whose::Shop || key.staff == Some(person.id))
                })
                .ok_or_else(|| Error::Missing("working key at this address".to_owned()))?;
            let people = staff::members(conn)?;
            let owner = key.staff.and_then(|id| people.into_iter().find(|member| member.id == id));
            Ok(RevokePage { shell, whose, person: owner.map(|member| member.name), key })
        })
        .await?;
    web::page(&page)
}

/// Ends a key.
pub async fn end<P>(desk: &Desk, staff: &Staff<P>, whose: Whose, uid: String) -> Answer {
    let person = staff.person();
    desk.db
        .write(move |tx| match whose {
            Whose::Shop => keys::revoke(tx, &person.actor(), &uid),
            Whose::Own => keys::revoke_own(tx, &person, &uid),
        })
        .await?;
    staff.toast("The key is revoked. Programs that use it are refused from now on.");
    Ok(see_other(whose.place()))
}

/// `GET /settings/keys`
pub async fn index(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    list(&desk, &staff, Whose::Shop).await
}

/// `POST /settings/keys`
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<ManageSettings>,
    form: Form<KeyForm>,
) -> Answer {
    make_one(&desk, &request, &staff, Whose::Shop, form.0).await
}

/// `GET /settings/keys/{uid}/revoke`
pub async fn ask_revoke(desk: Data<Desk>, staff: Staff<ManageSettings>, uid: Path<String>) -> Answer {
    ask(&desk, &staff, Whose::Shop, uid.into_inner()).await
}

/// `POST /settings/keys/{uid}/revoke`
pub async fn revoke(desk: Data<Desk>, staff: Staff<ManageSettings>, uid: Path<String>) -> Answer {
    end(&desk, &staff, Whose::Shop, uid.into_inner()).await
}

/// The posted limit of the shop.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateForm {
    default_rate: String,
}

/// `POST /settings/keys/rate`
pub async fn set_rate(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<RateForm>) -> Answer {
    let typed = form.0.default_rate;
    let actor = staff.actor();
    let set = match whole(&typed, "default_rate") {
        Ok(rate) => desk.db.write(move |tx| keys::set_rate_per_minute(tx, &actor, rate)).await,
        Err(refusal) => Err(refusal.into()),
    };
    match set {
        Ok(()) => {
            staff.toast("The limit is saved.");
            Ok(see_other(Whose::Shop.place()))
        }
        Err(error) => {
            let (refusal, status) = web::shown_again(error)?;
            let shown = Shown { default_rate: Some(typed), refusal: Some(refusal), ..Shown::default() };
            show(&desk, staff.person(), Whose::Shop, status, shown).await
        }
    }
}
