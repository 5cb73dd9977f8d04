//! Who is doing this. Passed to every verb, never ambient.

use crate::ids::{KeyId, StaffId};

crate::text_enum! {
    /// What kind of actor made a change, as stored in the diary.
    pub enum ActorKind {
        /// A person of the shop.
        Staff = "staff",
        /// A program with an API key.
        ApiKey = "api_key",
        /// The customer, from their page.
        Customer = "customer",
        /// A sales channel or a file that orders came in with.
        Channel = "channel",
        /// The desk itself: a timer or a rule.
        System = "system",
    }
}

/// The author of a change. The name is copied into the diary, so that a line of history still reads
/// after the person or key is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person of the shop.
    Staff { id: StaffId, name: String },
    /// A program, by the name of its key.
    ApiKey { id: KeyId, name: String },
    /// The customer of the order.
    Customer { name: String },
    /// A channel or import.
    Channel { name: String },
    /// A timer or rule of the desk, named for what it does.
    System { name: &'static str },
}

impl Actor {
    /// What kind of actor this is.
    pub fn kind(&self) -> ActorKind {
        match self {
            Actor::Staff { .. } => ActorKind::Staff,
            Actor::ApiKey { .. } => ActorKind::ApiKey,
            Actor::Customer { .. } => ActorKind::Customer,
            Actor::Channel { .. } => ActorKind::Channel,
            Actor::System { .. } => ActorKind::System,
        }
    }
    /// Name to show.
    pub fn name(&self) -> &str {
        match self {
            Actor::Staff { name, .. }
            | Actor::ApiKey { name, .. }
            | Actor::Customer { name }
            | Actor::Channel { name } => name,
            Actor::System { name } => name,
        }
    }
    /// The integer key of the person or API key, where there is one.
    pub fn key(&self) -> Option<i64> {
        match self {
            Actor::Staff { id, .. } => Some(id.0),
            Actor::ApiKey { id, .. } => Some(id.0),
            Actor::Customer { .. } | Actor::Channel { .. } | Actor::System { .. } => None,
        }
    }
    /// The person of the shop, if it is one.
    pub fn staff(&self) -> Option<StaffId> {
        match self {
            Actor::Staff { id, .. } => Some(*id),
            _ => None,
        }
    }
}
