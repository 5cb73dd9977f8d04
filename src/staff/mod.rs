//! The people of the shop: who they are, what they may do, how they prove it.

mod api_guard;
pub mod api_oauth;
pub mod guard;
pub mod keys;
mod links;
pub mod pages;
mod password;
pub mod permission;
mod session;
pub mod signing;
mod store;
mod store_keys;
mod store_sessions;
mod store_signing;
mod throttle;
mod tokens;

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::db::{Conn, Tx, dialect};
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::{MarketId, StaffId};
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::web::{Section, Toast, Viewer};

pub use api_guard::{Caller, Program, Shape};
pub use guard::Staff;
pub use links::{Purpose, make_link, open_link, reset_link, use_link};
pub(crate) use password::token_hash;
pub use password::{check_password, hash_password};
pub use permission::{Anyone, Permission, Role};
pub use session::{KEEP_DAYS, Sessions, cookie_key};
pub use store::reach_of;
pub use store_sessions::Device;

/// How a person likes the desk; kept with them on every device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// `light`, `dark` or empty to follow the device.
    pub theme: String,
    /// `compact` or empty.
    pub density: String,
    /// Whether single-key shortcuts are off.
    pub keys_off: bool,
    /// Columns of the orders list in their order; empty for the usual ones.
    pub columns: Vec<String>,
    /// Rows on a page of the orders list; 0 for the usual number.
    pub rows: i64,
    /// Paper they last printed on; empty for the usual one of the country.
    pub paper: String,
    /// Whether news that matters makes a sound.
    pub chime: bool,
    /// Whether the number of news is kept off the browser's tab.
    pub badge_off: bool,
    /// Whether news that matters is shown outside of the browser.
    pub desktop: bool,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Key.
    pub id: StaffId,
    /// Name.
    pub name: String,
    /// E-mail address, in lower case.
    pub email: String,
    /// Role.
    pub role: Role,
    /// The markets they know of.
    pub reach: Reach,
    /// How they like the desk.
    pub preferences: Preferences,
    /// The message waiting for this page.
    pub toast: Option<Toast>,
    /// Public identifier of the session they are signed in with.
    pub session: String,
}

impl Person {
    /// Whether their role allows it, and the markets they are kept to.
    pub fn may(&self, permission: Permission) -> bool {
        self.role.may_within(&self.reach, permission)
    }
    /// As the author of a change.
    pub fn actor(&self) -> Actor {
        Actor::Staff { id: self.id, name: self.name.clone() }
    }
    /// As the owner of one-time tokens.
    pub fn credential(&self) -> String {
        format!("staff:{}", self.id.0)
    }
    /// Refuses unless their role allows it; for permissions that depend on what is asked.
    ///
    /// # Errors
    /// Forbidden.
    pub fn must(&self, permission: Permission) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(forbidden(self, permission).into()) }
    }
}

impl Viewer for Person {
    fn staff_id(&self) -> StaffId {
        self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn reach(&self) -> &Reach {
        &self.reach
    }
    fn role_label(&self) -> &str {
        self.role.label()
    }
    fn theme(&self) -> &str {
        &self.preferences.theme
    }
    fn density(&self) -> &str {
        &self.preferences.density
    }
    fn keys(&self) -> bool {
        !self.preferences.keys_off
    }
    fn told_by(&self) -> String {
        let ways = [
            ("chime", self.preferences.chime),
            ("badge", !self.preferences.badge_off),
            ("desktop", self.preferences.desktop),
        ];
        ways.into_iter().filter(|(_, on)| *on).map(|(way, _)| way).collect::<Vec<_>>().join(" ")
    }
    fn may_open(&self, section: Section) -> bool {
        match section {
            Section::Today
            | Section::Attention
            | Section::Orders
            | Section::Inbox
            | Section::Returns
            | Section::Board
            | Section::Products => self.may(Permission::ViewOrders),
            Section::Customers => self.may(Permission::ViewContact),
            Section::NewOrder => self.may(Permission::EditOrders),
            Section::Import => self.may(Permission::Import),
            Section::Settings => self.may(Permission::ManageSettings),
            Section::Account => true,
        }
    }
    fn toast(&self) -> Option<Toast> {
        self.toast.clone()
    }
}

fn forbidden(person: &Person, permission: Permission) -> Refusal {
    let role = person.role;
    let label = permission.label();
    let mut letters = label.chars();
    let what: String = letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect();
    if role.may(permission) {
        let message = format!(
            "You see some of the shop’s markets only, and to {what} is for those who see every market. An owner can \
             change which you see."
        );
        return Refusal::new(RefusalKind::Forbidden, "staff.forbidden", message);
    }
    Refusal::new(
        RefusalKind::Forbidden,
        "staff.forbidden",
        format!(
            "Your role, {}, may not {what}. An owner or manager can change your role.",
            role.label().to_lowercase()
        ),
    )
}

/// A person as the list of staff shows them.
#[derive(Clone, Debug)]
pub struct Member {
    /// Key.
    pub id: StaffId,
    /// Public identifier.
    pub uid: String,
    /// E-mail address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
    /// The markets they know of.
    pub reach: Reach,
    /// Whether they ever set a password.
    pub has_password: bool,
    /// When they were disabled.
    pub disabled_at: Option<UtcTime>,
    /// When they were last at the desk.
    pub last_seen_at: Option<UtcTime>,
}

impl Member {
    /// Whether an order of this market can be given to them: they are at the desk and see it.
    pub fn can_take(&self, market: MarketId) -> bool {
        self.disabled_at.is_none() && self.reach.sees(market)
    }
}

/// Everybody, by name.
pub fn members(conn: &mut Conn) -> Result<Vec<Member>> {
    let mut all = store::members(conn)?;
    all.sort_by_key(|member| (member.disabled_at.is_some(), member.name.to_lowercase(), member.id));
    Ok(all)
}

/// One person by public identifier.
///
/// # Errors
/// Missing if there is nobody.
pub fn member(conn: &mut Conn, uid: &str) -> Result<Member> {
    store::members(conn)?
        .into_iter()
        .find(|member| member.uid == uid)
        .ok_or_else(|| Error::Missing("such person".to_owned()))
}

/// One person by e-mail address.
///
/// # Errors
/// Missing if there is nobody.
pub fn member_by_email(conn: &mut Conn, email: &str) -> Result<Member> {
    let email = fold_email(email);
    store::members(conn)?
        .into_iter()
        .find(|member| member.email == email)
        .ok_or_else(|| Error::Missing(format!("person with the e-mail address {email}")))
}

/// Somebody to be added.
#[derive(Clone, Debug)]
pub struct NewMember {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Hash of their password, if they have one already.
    pub password_hash: Option<String>,
    /// The markets they are to know of.
    pub reach: Reach,
}

/// Adds somebody.
///
/// # Errors
/// Refuses an empty name, an address that is none, and one that is taken.
pub fn add(tx: &mut Tx<'_>, actor: &Actor, new: &NewMember) -> Result<StaffId> {
    let (name, email) = (new.name.trim().to_owned(), fold_email(&new.email));
    dialect::lock_words(tx.conn, &format!("staff {email}"))?;
    let mut problems = Vec::new();
    if name.is_empty() || name.chars().count() > 100 {
        problems.push(problem("name", "Enter a name of at most 100 characters."));
    }
    if !is_email(&email) {
        problems.push(problem("email", "Enter an e-mail address, such as jon@shop.example."));
    } else if store::id_of_email(tx.conn, &email)?.is_some() {
        problems.push(problem("email", "Somebody with this e-mail address is on the staff already."));
    }
    if !problems.is_empty() {
        return Err(Refusal::fields("staff.not_added", problems).into());
    }
    let id = store::insert(tx, &name, &email, new)?;
    changed(tx, actor, id, &format!("added as {}", new.role))?;
    Ok(id)
}

fn problem(field: &str, message: &str) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: message.to_owned() }
}

fn changed(tx: &mut Tx<'_>, actor: &Actor, id: StaffId, change: &str) -> Result<()> {
    let (uid, name) = store::uid_and_name(tx.conn, id)?;
    event::record(tx, actor, None, &Event::StaffChanged { staff: uid, name, change: change.to_owned() })
}

/// Gives somebody another role.
///
/// # Errors
/// Only an owner makes or changes owners, and the last owner stays one.
pub fn change_role(tx: &mut Tx<'_>, by: &Person, uid: &str, role: Role) -> Result<()> {
    let member = member(tx.conn, uid)?;
    if member.role == role {
        return Ok(());
    }
    owners_only(by, &member, role)?;
    if member.role == Role::Owner {
        keep_an_owner(tx, member.id)?;
    }
    store::set_role(tx, member.id, role)?;
    changed(tx, &by.actor(), member.id, &format!("role {} to {role}", member.role))
}

/// Keeps somebody to some markets, or to none in particular: keys and names; nothing for every market.
///
/// # Errors
/// Refuses for owners, who see every market, and for oneself.
pub fn keep_to(tx: &mut Tx<'_>, by: &Person, uid: &str, markets: &[(MarketId, String)]) -> Result<Member> {
    let member = member(tx.conn, uid)?;
    owners_only(by, &member, member.role)?;
    if member.role == Role::Owner {
        let message = "An owner sees every market. Give them another role first.";
        return Err(Refusal::state("staff.owner_sees_all", message).into());
    }
    if member.id == by.id {
        let message = "You cannot keep yourself to some markets. Ask an owner or another manager.";
        return Err(Refusal::state("staff.self", message).into());
    }
    let reach = match markets {
        [] => Reach::EVERYWHERE,
        some => Reach::only(some.iter().map(|(id, _)| *id).collect()),
    };
    if reach != member.reach {
        store::set_reach(tx, member.id, &reach)?;
        let names: Vec<&str> = markets.iter().map(|(_, name)| name.as_str()).collect();
        let words = if names.is_empty() { "every market".to_owned() } else { names.join(", ") };
        changed(tx, &by.actor(), member.id, &format!("sees {words}"))?;
    }
    Ok(member)
}

/// Stops somebody from signing in and ends all their sessions.
///
/// # Errors
/// Only an owner disables owners, nobody disables themself, and the last owner stays.
pub fn disable(tx: &mut Tx<'_>, by: &Person, uid: &str) -> Result<()> {
    let member = member(tx.conn, uid)?;
    if member.id == by.id {
        return Err(Refusal::state("staff.self", "You cannot disable your own account. Ask another owner.").into());
    }
    owners_only(by, &member, member.role)?;
    disable_as(tx, &by.actor(), &member)
}

/// As [`disable`], by somebody whose right to do it is proved elsewhere: the command line.
///
/// # Errors
/// The last owner stays.
pub fn disable_as(tx: &mut Tx<'_>, actor: &Actor, member: &Member) -> Result<()> {
    if member.disabled_at.is_some() {
        return Ok(());
    }
    if member.role == Role::Owner {
        keep_an_owner(tx, member.id)?;
    }
    store::set_disabled(tx, member.id, Some(tx.now))?;
    store_sessions::end_all(tx, member.id, None)?;
    store::drop_links(tx, member.id)?;
    changed(tx, actor, member.id, "disabled")
}

/// Lets somebody sign in again.
///
/// # Errors
/// Only an owner enables owners.
pub fn enable(tx: &mut Tx<'_>, by: &Person, uid: &str) -> Result<()> {
    let member = member(tx.conn, uid)?;
    owners_only(by, &member, member.role)?;
    if member.disabled_at.is_none() {
        return Ok(());
    }
    store::set_disabled(tx, member.id, None)?;
    changed(tx, &by.actor(), member.id, "enabled")
}

fn owners_only(by: &Person, member: &Member, role: Role) -> Result<()> {
    if by.role != Role::Owner && (member.role == Role::Owner || role == Role::Owner) {
        return Err(
            Refusal::new(RefusalKind::Forbidden, "staff.owners", "Only an owner may make or change an owner.").into()
        );
    }
    Ok(())
}

fn keep_an_owner(tx: &mut Tx<'_>, leaving: StaffId) -> Result<()> {
    // Two owners who demote each other at the same moment must not both succeed.
    store::lock_owners(tx)?;
    let others = store::members(tx.conn)?
        .into_iter()
        .filter(|member| member.role == Role::Owner && member.disabled_at.is_none() && member.id != leaving)
        .count();
    if others == 0 {
        return Err(
            Refusal::state("staff.last_owner", "This is the last owner. Make somebody else an owner first.").into()
        );
    }
    Ok(())
}

/// Changes somebody's own password and ends their other sessions.
pub fn change_password(tx: &mut Tx<'_>, person: &Person, password_hash: &str) -> Result<()> {
    store::set_password(tx, person.id, password_hash)?;
    store_sessions::end_all(tx, person.id, Some(&person.session))?;
    changed(tx, &person.actor(), person.id, "changed the password")
}

/// Hash of somebody's password, to check the old one before a new one is set.
pub fn password_hash_of(conn: &mut Conn, id: StaffId) -> Result<Option<String>> {
    store::password_hash(conn, id)
}

/// Counts a try at a secret before it is looked at.
///
/// # Errors
/// Says how long to wait after too many.
pub(crate) fn slow_down(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    let failures = store::failures(tx.conn, subject)?;
    if let Some(seconds) = failures.wait(tx.now) {
        return Err(throttle::too_many(seconds).into());
    }
    store::set_failures(tx, subject, failures.after_another(throttle::Of::Account, tx.now))
}

/// Forgets the tries at a secret that was right in the end.
pub(crate) fn forgive(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    store::forgive(tx, subject)
}

/// Keeps how somebody likes the desk.
pub fn save_preferences(tx: &mut Tx<'_>, id: StaffId, preferences: &Preferences) -> Result<()> {
    store::set_preferences(tx, id, &serde_json::to_string(preferences)?)
}

/// The devices somebody is signed in on, newest first.
pub fn devices(conn: &mut Conn, id: StaffId, now: UtcTime) -> Result<Vec<Device>> {
    store_sessions::devices(conn, id, now)
}

/// Which of these sessions are still open at `now`, with the role and the reach of whoever uses each.
///
/// # Errors
/// When the database cannot be read.
pub fn open_sessions(conn: &mut Conn, uids: &[String], now: UtcTime) -> Result<Vec<(String, Role, Reach)>> {
    store_sessions::open_among(conn, uids, now)
}

/// Ends one session of somebody.
pub fn end_session(tx: &mut Tx<'_>, id: StaffId, session: &str) -> Result<()> {
    store_sessions::end_one(tx, id, session)
}

/// Ends all sessions of somebody but the one in `keep`.
pub fn end_sessions(tx: &mut Tx<'_>, id: StaffId, keep: Option<&str>) -> Result<()> {
    store_sessions::end_all(tx, id, keep)
}

/// An e-mail address as it is kept and compared.
pub fn fold_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether a text can be an e-mail address. Generous: only what cannot be one is refused.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && text.len() <= 254
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | ',' | ';'))
        && !domain.is_empty()
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn only_what_cannot_be_an_address_is_refused() {
        for good in ["a@b", "marta@fernandkiln.example", "jø+x@ex.co.uk"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c.d", "a@.b", "a@b..c", "<a@b.c>"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
