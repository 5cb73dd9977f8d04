//! Pure: the posted form of a key, and scopes in words.

use serde::Deserialize;

use crate::error::Refusal;
use crate::ids::StaffId;
use crate::staff::keys::{BUNDLES, NewKey, scopes};
use crate::staff::{Permission, Role};

/// The posted form of a key.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeyForm {
    /// One-time token.
    pub form_token: String,
    /// What the key is for.
    pub name: String,
    /// `mine` for a personal key.
    pub whose: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Slugs of the markets it is kept to; none for all.
    pub markets: Vec<String>,
    /// Requests a minute; empty for the shop's limit.
    pub rate_per_minute: String,
    /// Whether it must say which version it changes.
    pub requires_match: Option<String>,
}

impl KeyForm {
    /// The key it asks for. `staff` is whose it is, if it is personal.
    ///
    /// # Errors
    /// Refuses a limit that is no number.
    pub fn key(&self, staff: Option<StaffId>) -> Result<NewKey, Refusal> {
        let rate = self.rate_per_minute.trim();
        Ok(NewKey {
            name: self.name.clone(),
            scopes: shortest(&self.scopes),
            staff,
            markets: self.markets.clone(),
            rate_per_minute: if rate.is_empty() { None } else { Some(whole(rate, "rate_per_minute")?) },
            requires_match: self.requires_match.is_some(),
        })
    }
}

/// A number of requests as it was typed.
///
/// # Errors
/// Refuses what is none, beside `field`.
pub fn whole(text: &str, field: &str) -> Result<i64, Refusal> {
    let message = "Enter a whole number of requests a minute, such as 600.";
    text.trim().parse().map_err(|_| Refusal::field("key.rate", field, message))
}

/// Scopes without those that a bundle among them holds already.
fn shortest(chosen: &[String]) -> Vec<String> {
    let has = |bundle: &str| chosen.iter().any(|scope| scope == bundle);
    if has("all") {
        return vec!["all".to_owned()];
    }
    let held = |scope: &str| has("read") && scope.ends_with(":read");
    chosen.iter().filter(|scope| !held(scope)).cloned().collect()
}

/// Scopes that belong together, with their words.
pub struct Group {
    /// What they are about.
    pub label: &'static str,
    /// Scope and words of each.
    pub scopes: Vec<(&'static str, &'static str)>,
}

/// Every scope by what it is about; for a personal key only what the role has.
pub fn groups(role: Option<Role>) -> Vec<Group> {
    let mut groups: Vec<Group> = ["Orders", "Customers", "Money", "Products and stock", "Shop"]
        .into_iter()
        .map(|label| Group { label, scopes: Vec::new() })
        .collect();
    for permission in Permission::ALL.iter().filter(|permission| role.is_none_or(|role| role.may(**permission))) {
        let label = about(permission.scope());
        if let Some(group) = groups.iter_mut().find(|group| group.label == label) {
            group.scopes.push((permission.scope(), permission.label()));
        }
    }
    groups.retain(|group| !group.scopes.is_empty());
    groups
}

fn about(scope: &str) -> &'static str {
    match scope.split(':').next().unwrap_or_default() {
        "orders" | "notes" | "slips" | "views" => "Orders",
        "contacts" | "customers" => "Customers",
        "money" | "payments" | "refunds" | "goodwill" | "invoices" => "Money",
        "products" | "stock" => "Products and stock",
        _ => "Shop",
    }
}

/// Scopes that stand for several, with their words.
pub fn bundles() -> [(&'static str, &'static str); 2] {
    BUNDLES
}

/// What the scopes of a key allow, in words.
pub fn words(kept: &str) -> Vec<String> {
    let known = scopes();
    let word = |scope: &str| {
        known.iter().find(|(name, _)| *name == scope).map_or_else(|| scope.to_owned(), |(_, words)| (*words).to_owned())
    };
    kept.split_whitespace().map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_in_one_group() {
        let grouped: usize = groups(None).iter().map(|group| group.scopes.len()).sum();
        assert_eq!(grouped, Permission::ALL.len());
        let packer: Vec<_> = groups(Some(Role::Packer)).into_iter().flat_map(|group| group.scopes).collect();
        assert!(packer.iter().all(|(scope, _)| *scope != "money:read"));
        assert!(packer.iter().any(|(scope, _)| *scope == "orders:move"));
    }

    #[test]
    fn what_a_bundle_holds_is_not_kept_besides() {
        let chosen = |scopes: &[&str]| shortest(&scopes.iter().map(|scope| (*scope).to_owned()).collect::<Vec<_>>());
        assert_eq!(chosen(&["orders:read", "all", "read"]), ["all"]);
        assert_eq!(chosen(&["read", "orders:read", "orders:move"]), ["read", "orders:move"]);
        assert_eq!(chosen(&["orders:read"]), ["orders:read"]);
        assert_eq!(words("read orders:move"), ["Look at everything, change nothing", "Move orders, hold and release"]);
    }
}
