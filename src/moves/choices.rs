//! The moves a person may choose from, with what each lacks. The rules are those of `lifecycle`; here
//! they are asked for every way out of a stage at once.

use super::wish::{Authority, Telling};
use super::{Edge, Facts, Kind, facts, lifecycle, shortages, siblings};
use crate::db::Conn;
use crate::error::Result;
use crate::order::{self, Order};
use crate::workflow::{Stage, Stages};

/// A move a person may choose, or could if it lacked nothing.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The edge.
    pub edge: Edge,
    /// The stage it leads to.
    pub stage: Stage,
    /// What it lacks; empty if it can be taken.
    pub lacks: Vec<String>,
    /// What else it does.
    pub effect: Option<String>,
}

/// Every move out of the order's stage that this authority may take, with what each lacks.
pub fn choices(conn: &mut Conn, order: &Order, authority: Authority, telling: Telling) -> Result<Vec<Choice>> {
    let stages = Stages::load(conn)?;
    let mut facts = facts(conn, order)?;
    let lines = order::lines(conn, order.id)?;
    facts.short = shortages(conn, order, &lines)?;
    choices_of(order, &stages, &facts, authority, telling)
}

/// The same from what was read already. Pure.
pub fn choices_of(
    order: &Order,
    stages: &Stages,
    facts: &Facts,
    authority: Authority,
    telling: Telling,
) -> Result<Vec<Choice>> {
    let mut choices = Vec::new();
    let mut offer = |edge: Edge, stage: &Stage| {
        let mut lacks = told(order, facts, &edge, telling);
        lacks.extend(lifecycle::lacks_for_stage(order, stage));
        let effect = match (edge.kind, telling) {
            (Kind::Stop, Telling::NoAmounts) => None,
            _ => lifecycle::effect(order, facts, &edge),
        };
        choices.push(Choice { edge, stage: stage.clone(), lacks, effect });
    };
    for stage in siblings::beside(order, stages) {
        offer(Edge { from: order.base, to: order.base, kind: Kind::Sibling }, stage);
    }
    for edge in lifecycle::edges_from(order.base, order.resume_base) {
        if edge.kind == Kind::Correction && authority != Authority::Corrects {
            continue;
        }
        for stage in siblings::targets(order, &edge, stages)? {
            offer(edge, stage);
        }
    }
    Ok(choices)
}

pub(super) fn told(order: &Order, facts: &Facts, edge: &Edge, telling: Telling) -> Vec<String> {
    match telling {
        Telling::Amounts => lifecycle::lacks(order, facts, edge),
        Telling::NoAmounts => lifecycle::lacks_without_amounts(order, facts, edge),
    }
}
