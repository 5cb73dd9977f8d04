//! Parcels that may leave with a tracking number only, because the market says so of the way they are sent.

use super::MoveRequest;
use crate::db::{Conn, Tx};
use crate::error::{Refusal, Result};
use crate::market;
use crate::order::Order;
use crate::shipment::Shipment;

/// Whether the parcels of an order leave with a tracking number only.
pub fn needs_number(conn: &mut Conn, order: &Order) -> Result<bool> {
    market::tracks(conn, order.market_id, &order.shipping_method)
}

/// Refuses to send a parcel that has no number and is given none.
pub(super) fn check_one(tx: &mut Tx<'_>, order: &Order, parcel: &Shipment, request: &MoveRequest) -> Result<()> {
    check_sent(tx, order, usize::from(parcel.tracking.is_empty() && request.tracking.number.is_empty()), request)
}

/// Refuses that so many parcels of an order leave without a number.
pub(super) fn check_sent(tx: &mut Tx<'_>, order: &Order, bare: usize, request: &MoveRequest) -> Result<()> {
    if bare == 0 || !needs_number(tx.conn, order)? {
        return Ok(());
    }
    let way = match order.shipping_method.as_str() {
        "" => "This way of sending".to_owned(),
        named => format!("“{named}”"),
    };
    if bare == 1 && request.tracking.number.is_empty() {
        let told = format!("{way} needs a tracking number. Enter it.");
        return Err(Refusal::field("order.required_missing", "tracking", told).into());
    }
    let parcels = if bare == 1 { "1 parcel".to_owned() } else { format!("{bare} parcels") };
    let told = format!(
        "{way} needs a tracking number, and {parcels} of {} would leave without one. Ship each parcel with its own.",
        order.shown_number()
    );
    Err(Refusal::state("parcel.numbers_missing", told).into())
}
