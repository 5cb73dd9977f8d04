//! The happy path in one go: programs, and bulk actions behind a confirmation, ask for a later stage and
//! every stage between is passed, each with its guards and its event.

use super::{Announcing, MoveOutcome, MoveRequest, move_to_stage};
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::Result;
use crate::order::{self, Order};
use crate::workflow::{Base, Stages};

/// The stages an order passes when all goes well.
pub const HAPPY_PATH: [Base; 6] =
    [Base::Placed, Base::Confirmed, Base::Approved, Base::Processed, Base::Shipped, Base::Delivered];

/// What came of a walk.
#[derive(Clone, Debug)]
pub struct Walked {
    /// The last move.
    pub outcome: MoveOutcome,
    /// Bases that were entered and left again on the way.
    pub passed_through: Vec<Base>,
}

/// The bases between two on the happy path; none unless the second comes later.
fn between(from: Base, to: Base) -> &'static [Base] {
    let place = |base| HAPPY_PATH.iter().position(|known| *known == base);
    match (place(from), place(to)) {
        (Some(from), Some(to)) if to > from + 1 => &HAPPY_PATH[from + 1..to],
        _ => &[],
    }
}

/// Moves an order to a stage, through every stage between on the happy path. All of it happens or nothing
/// does.
///
/// # Errors
/// As [`move_to_stage`], for any of the moves.
pub fn walk(tx: &mut Tx<'_>, actor: &Actor, number: i64, request: &MoveRequest) -> Result<Walked> {
    super::check_note(request)?;
    let stages = Stages::load(tx.conn)?;
    let order: Order = order::find_for_change(tx, number, request.version)?;
    let target = stages.find(&request.to).map(|stage| stage.base);
    let mut passed_through = Vec::new();
    let mut version = request.version;
    for base in target.map_or(&[][..], |target| between(order.base, target)) {
        let slug = stages.default_of(*base)?.slug.clone();
        // What is said about the move, to the customer too, and the parcel's number belong to the last step.
        let step = MoveRequest {
            version,
            authority: request.authority,
            telling: request.telling,
            undoing: request.undoing,
            announcing: Announcing::Silent,
            ..MoveRequest::to(&slug)
        };
        move_to_stage(tx, actor, number, &step)?;
        version = None;
        passed_through.push(*base);
    }
    let outcome = move_to_stage(tx, actor, number, &MoveRequest { version, ..request.clone() })?;
    Ok(Walked { outcome, passed_through })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stages_between_are_those_of_the_happy_path() {
        assert_eq!(between(Base::Confirmed, Base::Shipped), [Base::Approved, Base::Processed]);
        assert_eq!(between(Base::Placed, Base::Confirmed), []);
        assert_eq!(between(Base::Shipped, Base::Confirmed), []);
        assert_eq!(between(Base::OnHold, Base::Shipped), []);
        assert_eq!(between(Base::Confirmed, Base::Cancelled), []);
    }
}
