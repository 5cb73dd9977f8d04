//! Saved views: a filter and its sort under a name, of one person or of the whole shop. The list of
//! everything is no row: it is always there and always first.

mod store;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::ids::{StaffId, ViewId, new_uid};

/// A saved view.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct View {
    /// Key.
    pub id: ViewId,
    /// Public identifier.
    pub uid: String,
    /// Whose it is; nobody's is the shop's.
    pub owner_id: Option<StaffId>,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its icon.
    pub icon: String,
    /// Its parameters, as in an address.
    pub query: String,
}

/// Views one person or the shop may have.
const MOST: usize = 20;

/// The views this person sees, in their order.
pub fn of(conn: &mut Conn, person: StaffId) -> Result<Vec<View>> {
    store::of(conn, person)
}

/// The view with that name in addresses, if this person sees it.
///
/// # Errors
/// Missing if there is none.
pub fn find(conn: &mut Conn, person: StaffId, slug: &str) -> Result<View> {
    let found = of(conn, person)?.into_iter().find(|view| view.slug == slug);
    found.ok_or_else(|| Error::Missing(format!("saved view called {slug}")))
}

/// A view to be saved.
#[derive(Clone, Debug)]
pub struct NewView {
    /// Its name.
    pub name: String,
    /// Whether the whole shop sees it.
    pub shared: bool,
    /// Its icon.
    pub icon: &'static str,
    /// Its parameters, checked by whoever read them.
    pub query: String,
}

fn name_of(text: &str) -> Result<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Refusal::field("view.name", "name", "Give the view a name of at most 40 characters.").into());
    }
    Ok(name)
}

/// Saves a view. A name that is taken is refused, so that two tabs never look the same.
///
/// # Errors
/// Refuses an empty or long name, one that is taken, and too many views.
pub fn save(tx: &mut Tx<'_>, actor: &Actor, person: StaffId, new: &NewView) -> Result<View> {
    let name = name_of(&new.name)?;
    let all = of(tx.conn, person)?;
    let owner = (!new.shared).then_some(person);
    free(&all, &name, None)?;
    if all.iter().filter(|view| view.owner_id == owner).count() >= MOST {
        return Err(
            Refusal::state("view.too_many", format!("There are {MOST} views already. Delete one first.")).into()
        );
    }
    let view = insert(tx, owner, &name, new.icon, &new.query, all.len())?;
    changed(tx, actor, &view, if new.shared { "saved for everyone" } else { "saved" })?;
    Ok(view)
}

fn free(all: &[View], name: &str, besides: Option<&str>) -> Result<()> {
    let folded = crate::words::fold(name);
    let taken = folded == "all"
        || all.iter().any(|view| crate::words::fold(&view.name) == folded && Some(view.uid.as_str()) != besides);
    if taken {
        return Err(
            Refusal::field("view.taken", "name", "There is a view of this name already. Choose another.").into()
        );
    }
    Ok(())
}

fn insert(
    tx: &mut Tx<'_>,
    owner: Option<StaffId>,
    name: &str,
    icon: &str,
    query: &str,
    position: usize,
) -> Result<View> {
    let uid = new_uid();
    let mut slug = crate::words::split(name).join("-");
    // Somebody else's own view may have the same name; an address belongs to one view only.
    if slug.is_empty() || store::slug_exists(tx.conn, &slug)? {
        let end: String = uid.chars().rev().take(6).collect();
        slug = format!("{slug}-{end}").trim_start_matches('-').to_owned();
    }
    let position = i64::try_from(position).unwrap_or(0);
    store::insert(tx, &uid, owner, &slug, name, icon, query, position)
}

fn changed(tx: &mut Tx<'_>, actor: &Actor, view: &View, change: &str) -> Result<()> {
    let event = Event::ViewChanged { view: view.uid.clone(), name: view.name.clone(), change: change.to_owned() };
    event::record(tx, actor, None, &event)
}

/// A view this person may change: their own, or the shop's if `may_share`.
fn own(tx: &mut Tx<'_>, person: StaffId, uid: &str, may_share: bool) -> Result<View> {
    let found = of(tx.conn, person)?.into_iter().find(|view| view.uid == uid);
    let view = found.ok_or_else(|| Error::Missing("such saved view".into()))?;
    if view.owner_id.is_none() && !may_share {
        return Err(Refusal::new(
            RefusalKind::Forbidden,
            "view.shared",
            "This view is the whole shop's. An owner or manager can change it.",
        )
        .into());
    }
    Ok(view)
}

/// Renames a view, and gives it other parameters if `query` is given.
///
/// # Errors
/// Missing; forbidden for the shop's views without that right; as [`save`] for the name.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    person: StaffId,
    uid: &str,
    may_share: bool,
    name: &str,
    query: Option<&str>,
) -> Result<View> {
    let view = own(tx, person, uid, may_share)?;
    let name = name_of(name)?;
    free(&of(tx.conn, person)?, &name, Some(uid))?;
    let query = query.unwrap_or(&view.query).to_owned();
    if name == view.name && query == view.query {
        return Ok(view);
    }
    store::update(tx, view.id, &name, &query)?;
    let after = View { name, query, ..view };
    changed(tx, actor, &after, "changed")?;
    Ok(after)
}

/// Deletes a view.
///
/// # Errors
/// Missing; forbidden for the shop's views without that right.
pub fn delete(tx: &mut Tx<'_>, actor: &Actor, person: StaffId, uid: &str, may_share: bool) -> Result<View> {
    let view = own(tx, person, uid, may_share)?;
    store::delete(tx, view.id)?;
    changed(tx, actor, &view, "deleted")?;
    Ok(view)
}

/// The views a new shop begins with. Does nothing for a shop that has any.
pub fn create_defaults(tx: &mut Tx<'_>) -> Result<()> {
    if store::any_shared(tx.conn)? {
        return Ok(());
    }
    let defaults = [
        ("To do now", "bolt", "stage=placed&stage=confirmed"),
        ("Ship today", "calendar-due", "due=today&stage=approved&stage=processed&sort=due&dir=asc"),
        ("Late", "alert-triangle", "due=late&sort=due&dir=asc"),
    ];
    let actor = Actor::System { name: "Set-up" };
    for (position, (name, icon, query)) in defaults.into_iter().enumerate() {
        let view = insert(tx, None, name, icon, query, position)?;
        changed(tx, &actor, &view, "saved for everyone")?;
    }
    Ok(())
}
