//! Changing the lines, discounts, carriage and fees of an order that was placed: what it would come to, and doing it. What was
//! there stays readable in the diary.

use super::changes::{self, ChangeSet, LineSum, Outcome};
use super::totals::Totals;
use super::{Order, store};
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::event::{self, ChargeChanged, Event, LineChanged, LineFact, LinesChanged, SumFact};

/// What a change set would come to. Changes nothing.
///
/// # Errors
/// As [`changes::work_out`].
pub fn preview(conn: &mut Conn, order: &Order, wanted: &ChangeSet) -> Result<Outcome> {
    let lines = super::lines(conn, order.id)?;
    let charges = super::charges(conn, order.id)?;
    Ok(changes::work_out(order, &lines, &charges, wanted)?)
}

/// Writes the changed and added lines and the taxes, puts the totals into the order and keeps before
/// and after in the diary. Statuses are for the caller to compute; does not save the order.
///
/// # Errors
/// As [`preview`].
pub fn change_lines(tx: &mut Tx<'_>, actor: &Actor, order: &mut Order, wanted: &ChangeSet) -> Result<Outcome> {
    let lines = super::lines(tx.conn, order.id)?;
    let charges = super::charges(tx.conn, order.id)?;
    let outcome = changes::work_out(order, &lines, &charges, wanted)?;
    for change in &outcome.changed {
        store::save_line(tx, &change.line)?;
    }
    let last = lines.iter().map(|line| line.position).max().unwrap_or(0);
    for (position, line) in (last + 1..).zip(&outcome.added) {
        store::insert_line(tx, order.id, position, line)?;
    }
    for charge in &outcome.charges {
        store::save_charge(tx, charge)?;
    }
    let last = charges.iter().map(|charge| charge.position).max().unwrap_or(0);
    for (position, charge) in (last + 1..).zip(&outcome.added_charges) {
        store::insert_charge(tx, order.id, position, charge)?;
    }
    outcome.put_into(order);
    let told = LinesChanged {
        currency: order.currency,
        before: sums(&outcome.before),
        after: sums(&outcome.after),
        lines: told_lines(&outcome),
        charges: told_charges(&outcome),
    };
    event::record(tx, actor, Some(order.id), &Event::LinesChanged(told))?;
    super::reindex(tx, order)?;
    Ok(outcome)
}

fn told_lines(outcome: &Outcome) -> Vec<LineChanged> {
    let changed = outcome.changed.iter().map(|change| LineChanged {
        sku: change.line.sku.clone(),
        title: change.line.title.clone(),
        variant: change.line.variant.clone(),
        before: Some(fact(change.before)),
        after: fact(change.after),
    });
    let added = outcome.added.iter().map(|line| LineChanged {
        sku: line.sku.clone(),
        title: line.title.clone(),
        variant: line.variant.clone(),
        before: None,
        after: LineFact {
            quantity: line.quantity,
            unit_minor: line.unit_minor,
            discount_minor: line.discount_minor,
            total_minor: line.unit_minor * line.quantity - line.discount_minor,
        },
    });
    changed.chain(added).collect()
}

fn told_charges(outcome: &Outcome) -> Vec<ChargeChanged> {
    let told = outcome.told_charges.iter().cloned();
    told.map(|(name, before_minor, after_minor)| ChargeChanged { name, before_minor, after_minor }).collect()
}

fn fact(sum: LineSum) -> LineFact {
    let LineSum { quantity, unit_minor, discount_minor, total_minor } = sum;
    LineFact { quantity, unit_minor, discount_minor, total_minor }
}

fn sums(totals: &Totals) -> SumFact {
    let Totals { subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor, .. } = *totals;
    SumFact { subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor }
}
