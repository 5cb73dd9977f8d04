//! One action for many orders: what it may be, and what it did to each. An order that refuses keeps no
//! other from changing.

use serde::{Deserialize, Serialize};

use super::{Announcing, Authority, MoveRequest, RefundChoice, Telling, Undoing, hold, open_holds, release, walk};
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::{Error, RefusalKind, Result};
use crate::order;
use crate::workflow::Stages;

/// What is done with each order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Move it to a stage, through those between.
    Move {
        /// Slug.
        stage: String,
        /// Reason key.
        reason: String,
        /// Words for the diary.
        note: String,
        /// `all`, `none` or `part`; empty where nobody was asked.
        refund: String,
        /// Whether the customer is not told, whatever the stage says.
        #[serde(default)]
        silent: bool,
    },
    /// Put it on hold.
    Hold {
        /// Reason key.
        reason: String,
        /// Words for colleagues.
        note: String,
    },
    /// Release every hold.
    Release,
    /// Change its tags.
    Tag {
        /// To add.
        add: Vec<String>,
        /// To take away.
        remove: Vec<String>,
    },
}

/// Who does it, and what they may.
#[derive(Clone, Debug)]
pub struct Doer {
    /// The author of the changes.
    pub actor: Actor,
    /// What they are allowed.
    pub authority: Authority,
    /// What they may be told.
    pub telling: Telling,
}

/// What became of one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Number of the order.
    pub number: i64,
    /// ok, unchanged, refused, conflict or missing.
    pub result: String,
    /// Stable code of the refusal.
    pub code: String,
    /// Why it was refused.
    pub detail: String,
}

/// Does an action to one order; its effects vanish if it is refused.
///
/// # Errors
/// Only for a fault of ours: a refusal is a result.
pub fn act(tx: &mut Tx<'_>, doer: &Doer, number: i64, action: &Action) -> Result<Done> {
    let outcome = tx.attempt(|tx| perform(tx, doer, number, action));
    let told = |result: &str, code: &str, detail: String| Done {
        number,
        result: result.to_owned(),
        code: code.to_owned(),
        detail,
    };
    match outcome {
        Ok(true) => Ok(told("ok", "", String::new())),
        Ok(false) => Ok(told("unchanged", "", String::new())),
        Err(Error::Missing(what)) => Ok(told("missing", "missing", format!("There is no {what}."))),
        Err(Error::Refused(refusal)) => {
            let word = if refusal.kind == RefusalKind::Stale { "conflict" } else { "refused" };
            Ok(told(word, refusal.code, refusal.message))
        }
        Err(broken) => Err(broken),
    }
}

/// What an action would do to an order. Nothing of it stays.
///
/// # Errors
/// As [`act`].
pub fn rehearse(tx: &mut Tx<'_>, doer: &Doer, number: i64, action: &Action) -> Result<Done> {
    let mut told = None;
    let undone = tx.attempt(|tx| -> Result<()> {
        told = Some(act(tx, doer, number, action));
        Err(Error::broken("a rehearsal leaves nothing behind"))
    });
    match (told, undone) {
        (Some(told), _) => told,
        (None, Err(error)) => Err(error),
        (None, Ok(())) => Err(Error::broken("a rehearsal that did not take place")),
    }
}

/// Whether it changed anything.
fn perform(tx: &mut Tx<'_>, doer: &Doer, number: i64, action: &Action) -> Result<bool> {
    let request = |stage: &str| MoveRequest {
        authority: doer.authority,
        telling: doer.telling,
        undoing: Undoing::Never,
        ..MoveRequest::to(stage)
    };
    match action {
        Action::Move { stage, reason, note, refund, silent } => {
            let wish = MoveRequest {
                reason: reason.clone(),
                note: note.clone(),
                refund: RefundChoice::parse(refund),
                announcing: if *silent { Announcing::Silent } else { Announcing::AsTheStageSays },
                ..request(stage)
            };
            Ok(walk(tx, &doer.actor, number, &wish)?.outcome.changed)
        }
        Action::Hold { reason, note } => {
            let stage = Stages::load(tx.conn)?.default_of(crate::workflow::Base::OnHold)?.slug.clone();
            let wish = MoveRequest { reason: reason.clone(), note: note.clone(), ..request(&stage) };
            Ok(hold(tx, &doer.actor, number, &wish)?.changed)
        }
        Action::Release => {
            let order = order::find_for_change(tx, number, None)?;
            let open = open_holds(tx.conn, order.id)?;
            for hold in &open {
                release(tx, &doer.actor, number, None, &hold.uid)?;
            }
            Ok(!open.is_empty())
        }
        Action::Tag { add, remove } => {
            let before = order::find_for_change(tx, number, None)?.version;
            Ok(order::tag(tx, &doer.actor, number, add, remove)?.version != before)
        }
    }
}
