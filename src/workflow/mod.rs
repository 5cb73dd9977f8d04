//! Stages: the twelve built-in ones and the shop's own, each on one of twelve bases. Rules look at
//! the base only; people see the stage's label.

pub mod api;
mod edit;
pub mod fields;
mod store;

use crate::db::{self, Conn, Tx};
use crate::error::{Error, Result};
use crate::language::Language;

pub use edit::{COLOURS, StageFacts, Step, add, change, close, make_default, open_again, remove, shift};
pub use fields::RequiredField;

crate::text_enum! {
    /// The built-in meaning of a stage. Spelled as the API spells it; `placed` is its `pending`.
    pub enum Base {
        /// Received; an address or a payment is still awaited.
        Placed = "placed",
        /// Complete; waits for the shop's approval.
        Confirmed = "confirmed",
        /// May not go on until every hold is released.
        OnHold = "on_hold",
        /// To be packed.
        Approved = "approved",
        /// Packed.
        Processed = "processed",
        /// Left the shop.
        Shipped = "shipped",
        /// Arrived.
        Delivered = "delivered",
        /// Came back.
        Returned = "returned",
        /// Stopped after it was accepted.
        Cancelled = "cancelled",
        /// Declined by the shop.
        Rejected = "rejected",
        /// Never completed by the customer.
        Abandoned = "abandoned",
        /// Put away.
        Archived = "archived",
    }
}

impl Base {
    /// Place in the order of work, from 1; the stored sort key of stages.
    pub fn rank(self) -> i64 {
        Base::ALL.iter().position(|base| *base == self).map_or(0, |index| index as i64 + 1)
    }
    /// Whether work remains: everything before Shipped.
    pub fn is_open(self) -> bool {
        matches!(self, Base::Placed | Base::Confirmed | Base::OnHold | Base::Approved | Base::Processed)
    }
    /// Whether nothing is owed any more because the order was stopped.
    pub fn is_stopped(self) -> bool {
        matches!(self, Base::Cancelled | Base::Rejected)
    }
    /// Name of the glyph in the icon sheet, without its `s-`.
    pub fn glyph(self) -> &'static str {
        match self {
            Base::OnHold => "on-hold",
            other => other.as_str(),
        }
    }
}

/// A stage of this shop.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Stage {
    /// Stable key in URLs and the API.
    pub slug: String,
    /// The shop's word.
    pub label: String,
    /// What the customer reads, if not the label.
    pub public_label: Option<String>,
    /// Its meaning.
    pub base: Base,
    /// Place on the rail.
    pub position: i64,
    /// Colour token: mute, info, ok, warn or bad.
    pub colour: String,
    /// Whether an order entering the base lands here.
    pub is_default: bool,
    /// Left out of the rail.
    pub hidden: bool,
    /// Whether orders may enter.
    pub active: bool,
    /// Minutes an order may stay before it is late.
    pub sla_minutes: Option<i64>,
    /// What an order must have to enter, as keys between single spaces; see [`Stage::requires`].
    pub required_fields: String,
    /// Whether the customer is told when an order enters.
    pub sends_message: bool,
}

impl Stage {
    /// Whether it is one of the twelve, which cannot be closed or removed: its slug is its base's word.
    pub fn is_built_in(&self) -> bool {
        self.slug == self.base.as_str()
    }
    /// Whether it stands on the rail and the board with so many orders in it.
    pub fn is_shown(&self, orders: i64) -> bool {
        orders > 0 || self.active && !self.hidden
    }
    /// What a customer reads: the shop's words, or, where those are as they came, ours in their language.
    pub fn told(&self, language: Language) -> String {
        let own = self.public_label.as_deref().map(str::trim).filter(|label| !label.is_empty());
        let own = own.unwrap_or(&self.label);
        let key = format!("stage-{}", self.base.as_str().replace('_', "-"));
        if self.is_built_in() && own == Language::English.say(&key) { language.say(&key) } else { own.to_owned() }
    }
    /// What an order must have to enter.
    pub fn requires(&self) -> Vec<RequiredField> {
        fields::read(&self.required_fields)
    }
}

/// All stages of the shop, in their order.
#[derive(Clone, Debug)]
pub struct Stages(Vec<Stage>);

impl Stages {
    /// Reads them.
    pub fn load(conn: &mut Conn) -> Result<Self> {
        db::remembered(conn, |conn| store::all(conn).map(Stages))
    }
    /// All, in the order of the rail.
    pub fn iter(&self) -> impl Iterator<Item = &Stage> {
        self.0.iter()
    }
    /// The one with this slug.
    pub fn find(&self, slug: &str) -> Option<&Stage> {
        self.0.iter().find(|stage| stage.slug == slug)
    }
    /// The stages of a base that orders may enter, its default first, then in the order of the rail.
    pub fn open_of(&self, base: Base) -> Vec<&Stage> {
        let mut open: Vec<&Stage> = self.0.iter().filter(|stage| stage.base == base && stage.active).collect();
        open.sort_by_key(|stage| !stage.is_default);
        open
    }
    /// Where an order entering a base lands.
    ///
    /// # Errors
    /// Broken if the shop's stages were tampered with: every base has one default.
    pub fn default_of(&self, base: Base) -> Result<&Stage> {
        self.0
            .iter()
            .find(|stage| stage.base == base && stage.is_default)
            .ok_or_else(|| Error::broken(format!("no default stage for {base}")))
    }
    /// The shop's word for a stage; the slug itself for one that is gone.
    pub fn label(&self, slug: &str) -> String {
        self.find(slug).map_or_else(|| slug.to_owned(), |stage| stage.label.clone())
    }
}

/// Keeps a stage as it is until the transaction ends, so that no order enters one that somebody closes
/// at the same moment. Answers whether orders may enter. The built-in ones cannot be closed.
pub fn hold_open(tx: &mut Tx<'_>, stage: &Stage) -> Result<bool> {
    if stage.is_built_in() { Ok(true) } else { store::hold_open(tx, &stage.slug) }
}

/// Keeps every order from entering a stage until the transaction ends, for closing it.
pub fn hold_shut(tx: &mut Tx<'_>, slug: &str) -> Result<()> {
    store::hold_alone(tx, slug)
}
