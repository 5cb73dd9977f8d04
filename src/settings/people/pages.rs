//! `/settings/staff`: who works here, what each role may do, invitations.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use crate::db::Conn;
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::ids::MarketId;
use crate::market::{Market, Markets};
use crate::reach::Reach;
use crate::staff::permission::ManageStaff;
use crate::staff::{self, Member, NewMember, Person, Purpose, Role, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Problem, Section, Shell, see_other};

/// A posted invitation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InviteForm {
    form_token: String,
    name: String,
    email: String,
    role: String,
    /// Slugs of the markets they are to know of; none for all.
    markets: Vec<String>,
}

/// The posted markets of somebody.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MarketsForm {
    markets: Vec<String>,
}

/// A posted role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleForm {
    role: String,
}

struct Row {
    uid: String,
    name: String,
    email: String,
    role: Role,
    roles: Vec<Role>,
    /// Slug and name of each market, and whether they are kept to it.
    markets: Vec<(String, String, bool)>,
    /// The markets they know of, in words.
    sees: String,
    you: bool,
    may_change: bool,
    disabled: bool,
    has_password: bool,
    seen: Option<UtcTime>,
}

struct Link {
    title: String,
    text: String,
    url: String,
}

#[derive(Template)]
#[template(path = "settings/staff.html")]
struct StaffPage {
    shell: Shell,
    rows: Vec<Row>,
    roles: Vec<Role>,
    markets: Vec<Market>,
    form: InviteForm,
    link: Option<Link>,
    refusal: Option<Refusal>,
}

impl StaffPage {
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

fn grantable(by: &Person) -> Vec<Role> {
    Role::ALL.iter().copied().filter(|role| by.role == Role::Owner || *role != Role::Owner).collect()
}

/// The markets that a form names: key and name of each.
fn chosen(conn: &mut Conn, slugs: &[String]) -> Result<Vec<(MarketId, String)>> {
    let known = Markets::load(conn)?.markets;
    let find = |slug: &String| known.iter().find(|market| market.slug == *slug).map(|m| (m.id, m.name.clone()));
    let missing = || Refusal::field("staff.market", "markets", "Choose from the markets of this shop.");
    Ok(slugs.iter().map(|slug| find(slug).ok_or_else(missing)).collect::<Result<_, Refusal>>()?)
}

fn reach_of(markets: &[(MarketId, String)]) -> Reach {
    match markets {
        [] => Reach::EVERYWHERE,
        some => Reach::only(some.iter().map(|(id, _)| *id).collect()),
    }
}

fn row(member: Member, by: &Person, markets: &[Market]) -> Row {
    let keeps = |market: &Market| !member.reach.is_everywhere() && member.reach.sees(market.id);
    let kept: Vec<&str> = markets.iter().filter(|market| keeps(market)).map(|market| market.name.as_str()).collect();
    Row {
        sees: if member.reach.is_everywhere() {
            "Every market".to_owned()
        } else {
            format!("{} only", kept.join(", "))
        },
        markets: markets.iter().map(|m| (m.slug.clone(), m.name.clone(), keeps(m))).collect(),
        you: member.id == by.id,
        may_change: by.role == Role::Owner || member.role != Role::Owner,
        roles: grantable(by),
        disabled: member.disabled_at.is_some(),
        uid: member.uid,
        name: member.name,
        email: member.email,
        role: member.role,
        has_password: member.has_password,
        seen: member.last_seen_at,
    }
}

#[derive(Default)]
struct Shown {
    form: Option<InviteForm>,
    link: Option<Link>,
    refusal: Option<Refusal>,
}

async fn load(desk: &Desk, person: Person, shown: Shown) -> Result<StaffPage, Problem> {
    let page = desk
        .db
        .read(move |conn| {
            let shell = Shell::load(conn, &person, Section::Settings)?;
            let markets = Markets::load(conn)?.markets;
            let rows = staff::members(conn)?.into_iter().map(|member| row(member, &person, &markets)).collect();
            let form = shown.form.unwrap_or_else(|| InviteForm { role: "packer".to_owned(), ..InviteForm::default() });
            let roles = grantable(&person);
            Ok(StaffPage { shell, rows, roles, markets, form, link: shown.link, refusal: shown.refusal })
        })
        .await?;
    Ok(page)
}

async fn refused(desk: &Desk, person: Person, form: Option<InviteForm>, error: Error) -> Answer {
    let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
    let status = actix_web::ResponseError::status_code(&Problem::from(error));
    let page = load(desk, person, Shown { form, refusal: Some(refusal), link: None }).await?;
    web::page_as(status, &page)
}

/// `GET /settings/staff`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageStaff>) -> Answer {
    web::page(&load(&desk, staff.person(), Shown::default()).await?)
}

/// Where a link of this desk begins.
async fn base(desk: &Desk, request: &HttpRequest) -> Result<String> {
    let here = web::here(request);
    desk.db.read(move |conn| web::address(conn, &here)).await
}

/// `POST /settings/staff`: invites somebody and shows the link once.
pub async fn invite(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<ManageStaff>,
    form: Form<InviteForm>,
) -> Answer {
    let (form, person) = (form.0, staff.person());
    let Some(role) = Role::parse(&form.role) else {
        let problem = FieldProblem { field: "role".to_owned(), message: "Choose a role.".to_owned() };
        let refusal = Refusal::fields("staff.role", vec![problem]);
        return refused(&desk, person, Some(form), refusal.into()).await;
    };
    if !grantable(&person).contains(&role) {
        let error = Refusal::field("staff.owners", "role", "Only an owner may make an owner.");
        return refused(&desk, person, Some(form), error.into()).await;
    }
    let (sent, by) = (form.clone(), person.clone());
    let made = desk
        .db
        .write(move |tx| {
            let mut token = String::new();
            let outcome = web::once(tx, &by.credential(), &sent.form_token, |tx| {
                let (name, email) = (sent.name.clone(), sent.email.clone());
                let reach = reach_of(&chosen(tx.conn, &sent.markets)?);
                let new = NewMember { name, email, role, password_hash: None, reach };
                let id = staff::add(tx, &by.actor(), &new)?;
                token = staff::make_link(tx, &by.actor(), id, Purpose::Invite)?;
                Ok("/settings/staff".to_owned())
            })?;
            Ok((outcome, token))
        })
        .await;
    match made {
        Ok((outcome, _)) if outcome.repeated => {
            staff.toast("That invitation was made already. Make a new link if you need it again.");
            Ok(see_other(&outcome.location))
        }
        Ok((_, token)) => {
            let link = Link {
                title: format!("Link for {}", form.name.trim()),
                text: "Copy it now: it is shown once. It works once, for seven days.".to_owned(),
                url: format!("{}/join/{token}", base(&desk, &request).await?),
            };
            let page = load(&desk, person, Shown { link: Some(link), ..Shown::default() }).await?;
            web::page_as(StatusCode::CREATED, &page)
        }
        Err(error) => refused(&desk, person, Some(form), error).await,
    }
}

/// `POST /settings/staff/{uid}/link`: a fresh invite or reset link.
pub async fn link(desk: Data<Desk>, request: HttpRequest, staff: Staff<ManageStaff>, uid: Path<String>) -> Answer {
    let person = staff.person();
    let by = person.clone();
    match desk.db.write(move |tx| staff::reset_link(tx, &by, &uid)).await {
        Ok((member, token)) => {
            let days = if member.has_password { "for one day" } else { "for seven days" };
            let link = Link {
                title: format!("Link for {}", member.name),
                text: format!("Copy it now: it is shown once. It works once, {days}. Earlier links no longer work."),
                url: format!("{}/join/{token}", base(&desk, &request).await?),
            };
            let page = load(&desk, person, Shown { link: Some(link), ..Shown::default() }).await?;
            web::page_as(StatusCode::CREATED, &page)
        }
        Err(error) => refused(&desk, person, None, error).await,
    }
}

/// `POST /settings/staff/{uid}/role`
pub async fn role(desk: Data<Desk>, staff: Staff<ManageStaff>, uid: Path<String>, form: Form<RoleForm>) -> Answer {
    let person = staff.person();
    let Some(role) = Role::parse(&form.role) else {
        return Err(Refusal::field("staff.role", "role", format!("There is no role called {}.", form.role)).into());
    };
    let by = person.clone();
    match desk.db.write(move |tx| staff::change_role(tx, &by, &uid, role)).await {
        Ok(()) => {
            staff.toast("Role changed.");
            Ok(see_other("/settings/staff"))
        }
        Err(error) => refused(&desk, person, None, error).await,
    }
}

/// `POST /settings/staff/{uid}/markets`: none for every market.
pub async fn markets(
    desk: Data<Desk>,
    staff: Staff<ManageStaff>,
    uid: Path<String>,
    form: Form<MarketsForm>,
) -> Answer {
    let person = staff.person();
    let by = person.clone();
    let kept = desk
        .db
        .write(move |tx| {
            let markets = chosen(tx.conn, &form.markets)?;
            Ok((staff::keep_to(tx, &by, &uid, &markets)?.name, markets))
        })
        .await;
    match kept {
        Ok((name, markets)) => {
            let names: Vec<String> = markets.into_iter().map(|(_, name)| name).collect();
            let what = if names.is_empty() { "every market".to_owned() } else { format!("{} only", names.join(", ")) };
            staff.toast(format!("{name} sees {what}."));
            Ok(see_other("/settings/staff"))
        }
        Err(error) => refused(&desk, person, None, error).await,
    }
}

/// `POST /settings/staff/{uid}/disable`
pub async fn disable(desk: Data<Desk>, staff: Staff<ManageStaff>, uid: Path<String>) -> Answer {
    let person = staff.person();
    let by = person.clone();
    match desk.db.write(move |tx| staff::disable(tx, &by, &uid)).await {
        Ok(()) => {
            staff.toast("The account is disabled and signed out everywhere.");
            Ok(see_other("/settings/staff"))
        }
        Err(error) => refused(&desk, person, None, error).await,
    }
}

/// `POST /settings/staff/{uid}/enable`
pub async fn enable(desk: Data<Desk>, staff: Staff<ManageStaff>, uid: Path<String>) -> Answer {
    let person = staff.person();
    let by = person.clone();
    match desk.db.write(move |tx| staff::enable(tx, &by, &uid)).await {
        Ok(()) => {
            staff.toast("The account is enabled.");
            Ok(see_other("/settings/staff"))
        }
        Err(error) => refused(&desk, person, None, error).await,
    }
}
