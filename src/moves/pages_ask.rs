//! What a move asks before it is taken.

use super::Choice;
use super::lifecycle::{Edge, Kind};
use super::pages::{authority_of, telling_of};
use super::pages_options::{may_take, verb, wants_tracking};
use crate::announce::{self, Preview};
use crate::catalog::stock;
use crate::db::Conn;
use crate::error::{Error, Refusal, Result};
use crate::order::pages_parts::Sight;
use crate::order::{self, Order};
use crate::payment;
use crate::shipment;
use crate::staff::{Permission, Person};
use crate::workflow::{Base, Stages};

/// What a move's form shows: the same on its page, in its dialog, and after something was wrong.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Heading.
    pub title: String,
    /// Where it is posted.
    pub action: String,
    /// Slug of the stage.
    pub to: String,
    /// Version of the order the form was made from.
    pub version: i64,
    /// Makes a double click harmless.
    pub token: String,
    /// Where to go afterwards.
    pub back: String,
    /// Reasons to choose from: key and words.
    pub reasons: &'static [(&'static str, &'static str)],
    /// What was typed.
    pub typed: Typed,
    /// Amount that was paid, where it must be said what becomes of it.
    pub paid: Option<String>,
    /// Whether this person may go on to give a part of it back.
    pub part: bool,
    /// Whether carrier and number are asked.
    pub tracking: bool,
    /// Whether it goes nowhere without the number.
    pub number_needed: bool,
    /// Whether an end is asked.
    pub until: bool,
    /// Whether it is asked what becomes of its stock.
    pub stock: bool,
    /// What the customer would be told.
    pub message: Option<Preview>,
    /// What else the move does.
    pub effect: String,
    /// What it lacks.
    pub lacks: String,
    /// Words on the button.
    pub submit: String,
    /// Whether it ends the order.
    pub is_stop: bool,
    /// Told above the form.
    pub refusal: Option<Refusal>,
    /// Whether it stands in a dialog and stays there until it is taken.
    pub in_dialog: bool,
}

impl Ask {
    /// What is wrong with a field, or nothing.
    pub fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// Where one goes who thinks better of it.
    pub fn leave(&self) -> &str {
        &self.back
    }
}

/// What was typed into a move's form.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub reason: String,
    pub note: String,
    pub refund: String,
    pub carrier: String,
    pub tracking: String,
    pub until: String,
    pub stock: String,
    /// Whether the customer is not to be told.
    pub untold: bool,
}

/// The form of a move to a stage, if this person may still take it.
pub(super) fn ask(
    conn: &mut Conn,
    person: &Person,
    number: i64,
    to: &str,
    typed: Typed,
    back: &str,
) -> Result<Option<Ask>> {
    let order = order::find(conn, number)?;
    let stages = Stages::load(conn)?;
    let lines = order::lines(conn, order.id)?;
    let ledger = payment::ledger(conn, order.id)?;
    let parcels = shipment::of_order(conn, order.id)?;
    let open = super::open_holds(conn, order.id)?;
    let policy = payment::methods(conn)?.of(&order.payment_method);
    let mut facts = super::facts_of(&order, &lines, &ledger, open.len(), policy);
    facts.short = super::shortages(conn, &order, &lines)?;
    facts.open_returns = crate::returns::open_count(conn, order.id)?;
    let is_more = order.base == Base::OnHold && order.stage == to;
    let mut choices = super::choices_of(&order, &stages, &facts, authority_of(person), telling_of(person))?;
    if is_more {
        let edge = Edge { from: Base::OnHold, to: Base::OnHold, kind: Kind::Hold };
        let stage = stages.find(to).cloned().ok_or_else(|| Error::Missing(format!("stage “{to}”")))?;
        choices.push(Choice { edge, stage, lacks: Vec::new(), effect: None });
    }
    let Some(choice) = choices.iter().find(|c| c.stage.slug == to && may_take(person, &c.edge)) else {
        return Ok(None);
    };
    let (label, _) = verb(&choice.edge, &choice.stage.label);
    let holds = choice.edge.kind == Kind::Hold;
    let ends = choice.edge.kind == Kind::Stop;
    let paid = (ends && order.net_minor() > 0).then(|| match Sight::of(person).money {
        true => order.money(order.net_minor()).to_string(),
        false => "Money".to_owned(),
    });
    Ok(Some(Ask {
        title: title(&label, &order, is_more),
        action: format!("/orders/{number}/{}", if holds { "holds" } else { "moves" }),
        to: to.to_owned(),
        version: order.version,
        token: crate::ids::new_uid(),
        back: back.to_owned(),
        reasons: choice.edge.reasons(),
        typed,
        paid,
        part: person.may(Permission::RefundPayments),
        tracking: choice.edge.to == Base::Shipped
            && choice.edge.kind == Kind::Forward
            && wants_tracking(&order, &parcels),
        number_needed: super::needs_number(conn, &order)?,
        until: holds,
        stock: holds && stock::claims(conn, order.id)?.iter().any(|claim| claim.allocated + claim.soft_held > 0),
        message: told(conn, person, &order, choice)?,
        effect: choice.effect.clone().unwrap_or_default(),
        lacks: choice.lacks.join(" "),
        submit: if is_more { "Add the hold".to_owned() } else { label },
        is_stop: ends,
        refusal: None,
        in_dialog: false,
    }))
}

/// What the customer would be told of a move, without their address for those who may not know it.
fn told(conn: &mut Conn, person: &Person, order: &Order, choice: &Choice) -> Result<Option<Preview>> {
    if choice.edge.kind == Kind::Correction {
        return Ok(None);
    }
    let mut preview = announce::preview(conn, order, &choice.stage)?;
    if let Some(preview) = preview.as_mut().filter(|_| !Sight::of(person).contact) {
        preview.to.clear();
    }
    Ok(preview)
}

fn title(label: &str, order: &Order, is_more: bool) -> String {
    let number = order.shown_number();
    match label {
        _ if is_more => format!("Add another hold to {number}"),
        "Cancel order" => format!("Cancel {number}"),
        "Reject order" => format!("Reject {number}"),
        other => match other.split_once(' ') {
            Some(("Move" | "Put", rest)) => format!("{} {number} {rest}", &other[..4].trim_end()),
            Some((verb @ ("Mark" | "Reinstate" | "Reopen" | "Bring"), rest)) => format!("{verb} {number} {rest}"),
            Some(("Back", rest)) => format!("Take {number} back {rest}"),
            _ => format!("{other} {number}"),
        },
    }
}
