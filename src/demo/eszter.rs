//! Order 10468, the one that shows everything: two parcels of which one left, a line that sold out
//! and was refunded, notes for both audiences, a conversation, a paper slip.

use super::story::{Basket, Story};
use super::tell::{self, MANAGER, OWNER, PACKER, Shop};
use crate::actor::Actor;
use crate::conversation::{self, Audience, Direction};
use crate::db::Tx;
use crate::error::Result;
use crate::moves::{self, MoveRequest};
use crate::order::{self, PastPayment, PaymentKind};
use crate::payment::{self, NewPayment};
use crate::shipment::{self, ShipmentState, Tracking};
use crate::workflow::Base;

/// Its three lines and charges: 2 mugs, a bowl, a candle, €5 off, €13 carriage.
pub(super) fn basket(shop: &Shop) -> Basket {
    let place = |sku: &str| shop.shelf.iter().position(|product| product.sku == sku).unwrap_or_default();
    Basket {
        lines: vec![(place("MUG-TC-350"), 2, 2_400), (place("BWL-SB-24"), 1, 3_800), (place("CND-FIG-220"), 1, 1_800)],
        shipping: 1_300,
        discount: Some(("WELCOME5", 500)),
    }
}

/// Tells it. Minutes are counted back from the present.
pub(super) fn tell(tx: &mut Tx<'_>, shop: &Shop, story: &Story) -> Result<i64> {
    let (_, channel, channel_name) = &shop.channels[0];
    let source = Actor::Channel { name: channel_name.clone() };
    let (owner, packer) = (shop.person(OWNER), shop.person(PACKER));
    let draft = tell::draft(shop, story, *channel);
    let order = moves::place(&mut tx.at(shop.ago(1_140)), &source, &draft)?.order;
    let (id, number) = (order.id, order.number);
    let money = |kind, reference: &str| NewPayment {
        kind,
        amount_minor: order.total_minor,
        method: "card".into(),
        reference: reference.into(),
        note: String::new(),
        expires_at: None,
    };
    let promise = money(PaymentKind::Authorization, "pi_3QxK1");
    moves::record_payment(&mut tx.at(shop.ago(1_139)), &source, number, None, &promise)?;
    let wrap = "Wrap the bowl twice, last one to HU arrived chipped (#9871).";
    conversation::write_note(&mut tx.at(shop.ago(1_127)), &owner, number, Audience::Internal, wrap)?;
    moves::move_to_stage(&mut tx.at(shop.ago(1_126)), &owner, number, &MoveRequest::to(Base::Approved.as_str()))?;
    moves::record_payment(&mut tx.at(shop.ago(1_126)), &owner, number, None, &money(PaymentKind::Capture, "ch_3QxK2"))?;
    order::mark_printed(&mut tx.at(shop.ago(357)), &packer, &[id], "slip", "a4", false)?;
    pack(tx, shop, number)?;
    sold_out(&mut tx.at(shop.ago(222)), shop, number)?;
    let glaze = "The glaze of your bowl varies a little: each one is dipped by hand.";
    conversation::write_note(&mut tx.at(shop.ago(221)), &owner, number, Audience::Customer, glaze)?;
    talk(tx, shop, number, story)?;
    let remark = "@Jon office address coming by WhatsApp, hold parcel 2 until it’s in.";
    conversation::write_note(&mut tx.at(shop.ago(23)), &owner, number, Audience::Internal, remark)?;
    Ok(number)
}

/// The candle sold out; two mugs go into the first parcel, the bowl into the second; the first leaves.
fn pack(tx: &mut Tx<'_>, shop: &Shop, number: i64) -> Result<()> {
    let packer = shop.person(PACKER);
    let mut then = tx.at(shop.ago(336));
    let mut order = order::find_for_change(&mut then, number, None)?;
    for mut line in order::lines(then.conn, order.id)?.into_iter().filter(|line| line.sku.starts_with("CND")) {
        line.cancelled_quantity = line.quantity;
        order::save_quantities(&mut then, &line)?;
    }
    let packed_at = then.now;
    let first = [2, 0, 0];
    shipment::record_past(
        &mut then,
        &packer,
        &mut order,
        &first,
        ShipmentState::Packed,
        packed_at,
        &Tracking::default(),
    )?;
    order::save(&mut then, &mut order)?;
    moves::move_to_stage(&mut then, &packer, number, &MoveRequest::to(Base::Processed.as_str()))?;
    let mut then = tx.at(shop.ago(308));
    let mut order = order::find_for_change(&mut then, number, None)?;
    let tracking = Tracking { carrier: "DHL".into(), number: "00340434161094042557".into() };
    if let Some(parcel) = shipment::of_order(then.conn, order.id)?.first() {
        shipment::change(&mut then, &packer, &mut order, parcel.id, shipment::ShipmentState::Shipped, &tracking)?;
    }
    order::save(&mut then, &mut order)?;
    order::reindex(&mut then, &order)
}

fn sold_out(tx: &mut Tx<'_>, shop: &Shop, number: i64) -> Result<()> {
    let mut order = order::find_for_change(tx, number, None)?;
    let refund = PastPayment {
        kind: PaymentKind::Refund,
        amount_minor: 1_800,
        at: tx.now,
        method: "card".into(),
        reference: "re_3QxK8".into(),
        expires_at: None,
    };
    payment::record_past(tx, &shop.person(OWNER), &mut order, &[refund])?;
    order::save(tx, &mut order)
}

fn talk(tx: &mut Tx<'_>, shop: &Shop, number: i64, story: &Story) -> Result<()> {
    let ours = "Hi Eszter, the fig candle sold out overnight. I’ve refunded €18.00 for it; the mugs left this morning \
                and the bowl follows today.";
    let theirs = "Thank you for telling me! Could the bowl go to my office instead? Same city.";
    let eszter = Actor::Customer { name: story.who.name.clone() };
    let mut then = tx.at(shop.ago(220));
    let at = then.now;
    conversation::keep_message(&mut then, &shop.person(OWNER), number, Direction::Out, "email", ours, at)?;
    let mut then = tx.at(shop.ago(26));
    let at = then.now;
    conversation::keep_message(&mut then, &eszter, number, Direction::In, "whatsapp", theirs, at)?;
    let mut then = tx.at(shop.ago(25));
    order::assign(&mut then, &shop.person(MANAGER), number, Some(shop.staff[PACKER].0)).map(drop)
}
