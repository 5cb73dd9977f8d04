//! Packing by scanner: every unit is counted into the parcel that is being filled, and the one that completes it
//! packs it, with all that packing does. What is counted on the way is no event of the diary and no version.

use super::{Authority, MoveRequest, ParcelOutcome, change_parcel, parcels, split};
use crate::actor::Actor;
use crate::catalog;
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::order::{self, Line, Order};
use crate::shipment::{self, Content, Shipment, ShipmentState, Units};

/// What is counted.
#[derive(Clone, Debug)]
pub enum Scan {
    /// What a scanner read: an SKU or a bar code.
    Code(String),
    /// A unit of this line, which somebody counted by hand.
    Line(String),
}

/// What came of counting a unit.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// Public identifier of its line.
    pub line: String,
    /// The parcel that it completed.
    pub packed: Option<ParcelOutcome>,
}

/// The parcel of an order that is filled next: the first that is planned or being picked.
pub fn to_fill(parcels: &[Shipment]) -> Option<&Shipment> {
    parcels.iter().find(|parcel| matches!(parcel.state, ShipmentState::Draft | ShipmentState::Picking))
}

/// What keeps the parcels of an order from being packed now: its stage or a hold.
///
/// # Errors
/// That refusal.
pub fn may_pack(conn: &mut Conn, order: &Order) -> Result<()> {
    parcels::may_work(conn, order)
}

/// Counts a unit into the parcel that is being filled; an order without one gets one for all that is open.
///
/// # Errors
/// A state refusal while the order is on hold or in a stage where nothing is packed; refuses what is not in the
/// parcel, and one more than belongs into it; as [`change_parcel`] for the unit that completes it.
pub fn scan(tx: &mut Tx<'_>, actor: &Actor, number: i64, scan: &Scan, authority: Authority) -> Result<Scanned> {
    let order = order::find_for_change(tx, number, None)?;
    may_pack(tx.conn, &order)?;
    let lines = order::lines(tx.conn, order.id)?;
    let request = MoveRequest { authority, ..MoveRequest::to("") };
    let parcel = begun(tx, actor, &order, &lines, &request)?;
    let inside = shipment::contents(tx.conn, &[parcel.id])?;
    let meant = meant(tx.conn, &lines, scan)?;
    let line = chosen(&order, &meant, &inside)?.clone();
    shipment::count_in(tx, parcel.id, line.id)?;
    let left: i64 = inside.iter().map(|content| content.quantity - content.scanned).sum();
    let packed = match left {
        1 => Some(change_parcel(tx, actor, number, &parcel.uid, ShipmentState::Packed, &request)?),
        _ => None,
    };
    Ok(Scanned { line: line.uid, packed })
}

/// The parcel to fill, being picked.
fn begun(tx: &mut Tx<'_>, actor: &Actor, order: &Order, lines: &[Line], request: &MoveRequest) -> Result<Shipment> {
    let parcels = shipment::of_order(tx.conn, order.id)?;
    let parcel = match to_fill(&parcels) {
        Some(parcel) => parcel.clone(),
        None => {
            let open = lines.iter().filter(|line| line.requires_shipping && line.quantities().open() > 0);
            let units: Vec<Units> =
                open.map(|line| Units { line: line.uid.clone(), quantity: line.quantities().open() }).collect();
            if units.is_empty() {
                let told = format!("Everything of {} is packed. Scan the next order.", order.shown_number());
                return Err(Refusal::field("pack.done", "code", told).into());
            }
            split(tx, actor, order.number, None, None, &units)?.parcel
        }
    };
    if parcel.state == ShipmentState::Picking {
        return Ok(parcel);
    }
    Ok(change_parcel(tx, actor, order.number, &parcel.uid, ShipmentState::Picking, request)?.parcel)
}

/// The lines that were meant.
fn meant<'a>(conn: &mut Conn, lines: &'a [Line], scan: &Scan) -> Result<Vec<&'a Line>> {
    let code = match scan {
        Scan::Line(uid) => return Ok(lines.iter().filter(|line| line.uid == *uid).collect()),
        Scan::Code(code) => code.trim(),
    };
    let skus: Vec<String> = lines.iter().map(|line| line.sku.clone()).collect();
    let products = catalog::find_by_skus(conn, &skus)?;
    let has_bar_code = |line: &Line| {
        let product = products.iter().find(|product| !line.sku.is_empty() && product.sku == line.sku);
        product.is_some_and(|product| is_same_code(&product.barcode, code))
    };
    let is_named = |line: &Line| !line.sku.is_empty() && line.sku.eq_ignore_ascii_case(code);
    Ok(lines.iter().filter(|line| is_named(line) || has_bar_code(line)).collect())
}

/// Whether two bar codes are one. Some scanners put a zero before those of twelve digits, others leave it out.
fn is_same_code(known: &str, read: &str) -> bool {
    let bare = |code: &str| code.trim().trim_start_matches('0').to_owned();
    !bare(known).is_empty() && bare(known) == bare(read)
}

/// The line that a unit is counted for: the first one meant that lacks one in this parcel.
fn chosen<'a>(order: &Order, meant: &[&'a Line], inside: &[Content]) -> Result<&'a Line> {
    let of = |line: &Line| inside.iter().find(|content| content.line_id == line.id);
    if let Some(line) = meant.iter().find(|line| of(line).is_some_and(|content| content.scanned < content.quantity)) {
        return Ok(line);
    }
    let refused = |code: &'static str, told: String| Err(Error::from(Refusal::field(code, "code", told)));
    let Some(first) = meant.first() else {
        let told = format!("This is nothing of {}. Put it aside and look at its code.", order.shown_number());
        return refused("pack.unknown", told);
    };
    let title = &first.title;
    match meant.iter().find_map(|line| of(line)) {
        Some(content) if content.quantity == 1 => {
            refused("pack.surplus", format!("{title}: the one that belongs in is counted. Put this one back."))
        }
        Some(content) => {
            let told = format!("{title}: all {} are counted. Put this one back.", content.quantity);
            refused("pack.surplus", told)
        }
        None => refused("pack.elsewhere", format!("{title} does not belong in this parcel. Put it back.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_more_or_less_before_a_bar_code_is_the_same_code() {
        assert!(is_same_code("4006381333931", "4006381333931"));
        assert!(is_same_code("036000291452", "0036000291452"));
        assert!(!is_same_code("", "") && !is_same_code("000", "0"));
        assert!(!is_same_code("4006381333931", "4006381333932"));
    }
}
