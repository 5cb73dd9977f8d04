//! Saving the list as a view, and keeping the views in order.

use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::list::{Wanted, address, words};
use super::pages_list::{known, may_ask};
use super::views::{self, NewView, View};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::staff::permission::ViewOrders;
use crate::staff::{Permission, Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Query, Section, Shell, see_other};

/// A view as the page lists it.
struct Shown {
    uid: String,
    slug: String,
    name: String,
    shared: bool,
    summary: String,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "orders/views.html")]
struct Views {
    shell: Shell,
    views: Vec<Shown>,
    query: String,
    summary: String,
    may_share: bool,
    name: String,
    problem: String,
}

/// What the address may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewsQuery {
    #[serde(default)]
    query: String,
}

/// The posted view.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    shared: Option<String>,
    /// Whether the view takes on `query`, rather than another name only.
    #[serde(default)]
    update: String,
    #[serde(default)]
    form_token: String,
}

fn load(conn: &mut Conn, person: &Person, query: &str, problem: Option<&Refusal>, name: &str) -> Result<Views> {
    let shell = Shell::load(conn, person, Section::Orders)?;
    let known = known(conn, person, shell.now)?;
    let may_share = person.may(Permission::ManageViews);
    let summary = |query: &str| {
        let (pairs, is_cut) = address::split_saved(query, &known);
        let told = address::read(&pairs, None, &known).map(|wanted| summary(&wanted, &known));
        let rest = if is_cut { ", and a market or channel that you do not see" } else { "" };
        told.map_or_else(|refusal| refusal.message, |told| format!("{told}{rest}"))
    };
    let shown = views::of(conn, person.id)?.into_iter().map(|view: View| Shown {
        summary: summary(&view.query),
        shared: view.owner_id.is_none(),
        may_change: view.owner_id.is_some() || may_share,
        uid: view.uid,
        slug: view.slug,
        name: view.name,
    });
    Ok(Views {
        views: shown.collect(),
        summary: summary(query),
        query: query.to_owned(),
        may_share,
        name: name.to_owned(),
        problem: problem.map_or(String::new(), |refusal| refusal.message.clone()),
        shell,
    })
}

fn summary(wanted: &Wanted, known: &super::list::Known) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !wanted.filter.search.is_empty() {
        parts.push(format!("“{}”", wanted.filter.search));
    }
    if let [only] = wanted.filter.stages.as_slice() {
        parts.push(format!("Stage {}", known.stages.label(only)));
    }
    let chips = words::chips(wanted, "", known);
    parts.extend(chips.into_iter().map(|chip| format!("{} {}", chip.field, chip.value)));
    if parts.is_empty() {
        parts.push("All orders".to_owned());
    }
    let direction = wanted.sort.direction(wanted.descending);
    format!("{}, by {} {direction}", parts.join(", "), wanted.sort.label().to_lowercase())
}

/// `GET /views`
pub async fn index(desk: Data<Desk>, staff: Staff<ViewOrders>, query: Query<ViewsQuery>) -> Answer {
    let (person, query) = (staff.person(), query.0.query);
    let page = desk.db.read(move |conn| load(conn, &person, &query, None, "")).await?;
    web::page(&page)
}

/// The parameters of a view in their one spelling, if this person may ask for them.
fn checked(tx: &mut Tx<'_>, person: &Person, query: &str) -> Result<String> {
    let now: UtcTime = tx.now;
    let known = known(tx.conn, person, now)?;
    let wanted = address::read(&address::split(query), None, &known)?;
    may_ask(person, &wanted)?;
    let plain = Wanted { cursor: None, view: None, was: None, ..wanted };
    Ok(plain.address("", &known).trim_start_matches('?').to_owned())
}

/// `POST /views`
pub async fn save(desk: Data<Desk>, staff: Staff<ViewOrders>, form: Form<ViewForm>) -> Answer {
    let (person, form) = (staff.person(), form.0);
    if form.shared.is_some() {
        staff.must(Permission::ManageViews)?;
    }
    let kept = form.clone();
    let saved = desk
        .db
        .write(move |tx| {
            web::once(tx, &person.credential(), &form.form_token, |tx| {
                let query = checked(tx, &person, &form.query)?;
                let icon = "list-details";
                let new = NewView { name: form.name.clone(), shared: form.shared.is_some(), icon, query };
                let view = views::save(tx, &person.actor(), person.id, &new)?;
                Ok(format!("/orders?view={}", view.slug))
            })
        })
        .await;
    match saved {
        Ok(outcome) => {
            staff.toast("View saved.");
            Ok(see_other(&outcome.location))
        }
        Err(Error::Refused(refusal)) if refusal.problem("name").is_some() => {
            let person = staff.person();
            let refusal = *refusal;
            let page = desk.db.read(move |conn| load(conn, &person, &kept.query, Some(&refusal), &kept.name)).await?;
            web::page_as(actix_web::http::StatusCode::BAD_REQUEST, &page)
        }
        Err(other) => Err(other.into()),
    }
}

/// `POST /views/{uid}`: another name, or another filter.
pub async fn rename(desk: Data<Desk>, staff: Staff<ViewOrders>, uid: Path<String>, form: Form<ViewForm>) -> Answer {
    let (person, uid, form) = (staff.person(), uid.into_inner(), form.0);
    let may_share = staff.may(Permission::ManageViews);
    let updates = !form.update.is_empty();
    let view = desk
        .db
        .write(move |tx| {
            let query = if updates { Some(checked(tx, &person, &form.query)?) } else { None };
            views::change(tx, &person.actor(), person.id, &uid, may_share, &form.name, query.as_deref())
        })
        .await?;
    staff.toast(format!("View {} changed.", view.name));
    Ok(see_other(&if updates { format!("/orders?view={}", view.slug) } else { "/views".to_owned() }))
}

/// `POST /views/{uid}/delete`
pub async fn delete(desk: Data<Desk>, staff: Staff<ViewOrders>, uid: Path<String>) -> Answer {
    let (person, uid) = (staff.person(), uid.into_inner());
    let may_share = staff.may(Permission::ManageViews);
    let view = desk.db.write(move |tx| views::delete(tx, &person.actor(), person.id, &uid, may_share)).await?;
    staff.toast(format!("View {} deleted.", view.name));
    Ok(see_other("/views"))
}
