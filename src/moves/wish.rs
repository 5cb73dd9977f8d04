//! A wished move: where to, with what words and what reason, what becomes of money and stock, and how
//! much the one who wishes may do and be told. Whether it can be is for `lifecycle`.

use crate::shipment::Tracking;
use crate::time::UtcTime;

/// How much the actor is allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Moves along the graph.
    Moves,
    /// Takes steps back and reinstates, too.
    Corrects,
}

/// What becomes of money already received when an order is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundChoice {
    /// Nobody was asked: only possible when nothing was received.
    Unasked,
    /// It was given back in full and is recorded so.
    All,
    /// It is kept; the note says why.
    Nothing,
    /// It is kept until a refund of a part is recorded, which is asked for next.
    Part,
}

impl RefundChoice {
    /// Reads the form's and the API's word; anything else is [`RefundChoice::Unasked`].
    pub fn parse(word: &str) -> Self {
        match word {
            "all" => RefundChoice::All,
            "none" => RefundChoice::Nothing,
            "part" => RefundChoice::Part,
            _ => RefundChoice::Unasked,
        }
    }
    pub(super) fn as_str(self) -> &'static str {
        match self {
            RefundChoice::Unasked => "",
            RefundChoice::All => "all",
            RefundChoice::Nothing => "none",
            RefundChoice::Part => "part",
        }
    }
}

crate::text_enum! {
    /// What becomes of the stock of an order that is held.
    pub enum StockMode {
        /// It stays claimed.
        Keep = "keep",
        /// Others can have it; when the hold is released it is claimed again, if it is still there.
        Free = "free",
    }
}

/// What a refusal may tell the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Everything.
    Amounts,
    /// Nothing of money.
    NoAmounts,
}

/// Whether a move can be taken back from its toast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undoing {
    /// Where nothing it did forbids it.
    Offered,
    /// Not: it came with a change that is kept.
    Never,
}

/// How the parcels go with a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parcels {
    /// They are brought to where the stage wants them.
    Follow,
    /// They are there, and the stage comes after them.
    Lead,
}

/// Whether the customer is told of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announcing {
    /// If the stage that is entered says so.
    AsTheStageSays,
    /// Not, whatever the stage says.
    Silent,
}

/// A wished move.
#[derive(Clone, Debug)]
pub struct MoveRequest {
    /// Slug of a stage.
    pub to: String,
    /// Version of the order as the actor saw it; none means whatever it is now.
    pub version: Option<i64>,
    /// Reason key, where the move asks for one.
    pub reason: String,
    /// Words for the diary.
    pub note: String,
    /// What becomes of money received, when stopping.
    pub refund: RefundChoice,
    /// Carrier and number, when shipping.
    pub tracking: Tracking,
    /// When a hold ends by itself.
    pub until: Option<UtcTime>,
    /// What becomes of its stock while it is held.
    pub stock: StockMode,
    /// What the actor is allowed.
    pub authority: Authority,
    /// What the actor may be told.
    pub telling: Telling,
    /// Whether it may be taken back from its toast.
    pub undoing: Undoing,
    /// How the parcels go with it.
    pub parcels: Parcels,
    /// Whether the customer is told, where the stage says so.
    pub announcing: Announcing,
}

impl MoveRequest {
    /// A plain move to a stage.
    pub fn to(stage: &str) -> Self {
        MoveRequest {
            to: stage.to_owned(),
            version: None,
            reason: String::new(),
            note: String::new(),
            refund: RefundChoice::Unasked,
            tracking: Tracking::default(),
            until: None,
            stock: StockMode::Keep,
            authority: Authority::Moves,
            telling: Telling::Amounts,
            undoing: Undoing::Offered,
            parcels: Parcels::Follow,
            announcing: Announcing::AsTheStageSays,
        }
    }
}
