//! What staff mark an order with: tags, who is responsible, that its slip was printed. None of it
//! changes what the order is.

use super::{Order, find_for_change, lock, reindex, stale, store};
use crate::actor::Actor;
use crate::db::Tx;
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::{OrderId, StaffId};
use crate::staff::{self, Member};

/// Replaces the tags of an order.
///
/// # Errors
/// Refuses more than 50 tags or a tag of more than 50 characters.
pub fn tag(tx: &mut Tx<'_>, actor: &Actor, number: i64, add: &[String], remove: &[String]) -> Result<Order> {
    let mut order = find_for_change(tx, number, None)?;
    let before = order.tag_list();
    let mut after = before.clone();
    after.retain(|tag| !remove.iter().any(|gone| gone.eq_ignore_ascii_case(tag)));
    for tag in add.iter().map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|tag| !tag.is_empty())
    {
        if !after.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            after.push(tag);
        }
    }
    if after.len() > 50 || after.iter().any(|tag| tag.chars().count() > 50) {
        return Err(Refusal::field("order.tags", "tag", "An order takes 50 tags of 50 characters at the most.").into());
    }
    let added: Vec<String> = after.iter().filter(|tag| !before.contains(tag)).cloned().collect();
    let removed: Vec<String> = before.iter().filter(|tag| !after.contains(tag)).cloned().collect();
    if added.is_empty() && removed.is_empty() {
        return Ok(order);
    }
    order.tags = after.join("\n");
    store::replace_tags(tx, order.id, &after)?;
    order.updated_at = tx.now;
    if store::save_facts(tx, &order)? == 0 {
        return Err(stale(tx.conn, &order, tx.now)?);
    }
    order.version += 1;
    event::record(tx, actor, Some(order.id), &Event::OrderTagged { added, removed })?;
    reindex(tx, &order)?;
    Ok(order)
}

/// Makes somebody responsible for an order, or nobody.
///
/// # Errors
/// Missing for somebody unknown; refuses whoever cannot see the order or is no longer at the desk.
pub fn assign(tx: &mut Tx<'_>, actor: &Actor, number: i64, to: Option<StaffId>) -> Result<Order> {
    let mut order = find_for_change(tx, number, None)?;
    if to == order.assignee_id {
        return Ok(order);
    }
    let members = staff::members(tx.conn)?;
    let named = |id: StaffId| members.iter().find(|member| member.id == id);
    let after = match to {
        Some(id) => Some(named(id).ok_or_else(|| Error::Missing("such person".into()))?),
        None => None,
    };
    if let Some(member) = after {
        check_can_take(&order, member)?;
    }
    let before = order.assignee_id.and_then(named).map(|member| member.name.clone());
    order.assignee_id = to;
    order.updated_at = tx.now;
    if store::save_facts(tx, &order)? == 0 {
        return Err(stale(tx.conn, &order, tx.now)?);
    }
    order.version += 1;
    let after = after.map(|member| member.name.clone());
    event::record(tx, actor, Some(order.id), &Event::OrderAssigned { before, after })?;
    Ok(order)
}

fn check_can_take(order: &Order, member: &Member) -> Result<()> {
    if member.can_take(order.market_id) {
        return Ok(());
    }
    let (name, number) = (&member.name, order.shown_number());
    Err(match member.disabled_at {
        Some(_) => Refusal::state(
            "order.assignee_disabled",
            format!("{name} is no longer at the desk. Assign {number} to somebody who is."),
        ),
        None => Refusal::state(
            "order.assignee_away",
            format!("{name} is kept to other markets and cannot see {number}. Assign it to somebody who can."),
        ),
    }
    .into())
}

/// Records that slips were printed. Printing moves nothing and does not count as a change that
/// others could conflict with.
pub fn mark_printed(
    tx: &mut Tx<'_>,
    actor: &Actor,
    orders: &[OrderId],
    template: &str,
    paper: &str,
    gift: bool,
) -> Result<()> {
    for id in orders {
        let order = lock(tx, *id)?;
        let print = store::count_print(tx, order.id)?;
        let printed = Event::SlipPrinted { template: template.into(), paper: paper.into(), gift, print };
        event::record(tx, actor, Some(order.id), &printed)?;
    }
    Ok(())
}
