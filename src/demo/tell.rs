//! Tells a story with the verbs the desk itself uses, each at its own time, so that a demonstration
//! order is like any other: its diary, ledger, parcels and holds were written by the same rules.

use super::listed::Money;
use super::story::Story;
use crate::actor::Actor;
use crate::catalog::Product;
use crate::conversation::{self, Audience, Direction};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::ids::{ChannelId, MarketId, OrderId, StaffId};
use crate::money::Currency;
use crate::moves::{self, Authority, MoveRequest, RefundChoice};
use crate::order::{self, ChargeKind, Draft, DraftCharge, DraftLine, PaymentKind};
use crate::payment::{self, NewPayment};
use crate::shipment::Tracking;
use crate::time::UtcTime;
use crate::workflow::Base;

/// The shop the stories are told in.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    /// The present.
    pub(super) now: UtcTime,
    /// Its market.
    pub(super) market: MarketId,
    /// Slug, key and name of its channels.
    pub(super) channels: Vec<(&'static str, ChannelId, String)>,
    /// Its people: owner, packer, support, manager.
    pub(super) staff: Vec<(StaffId, String)>,
    /// What it sells.
    pub(super) shelf: Vec<Product>,
}

impl Shop {
    /// So many minutes ago.
    pub(super) fn ago(&self, minutes: i64) -> UtcTime {
        self.now.plus_minutes(-minutes)
    }
    /// One of its people as an author.
    pub(super) fn person(&self, place: usize) -> Actor {
        let (id, name) = &self.staff[place];
        Actor::Staff { id: *id, name: name.clone() }
    }
    /// Key and name of a channel.
    pub(super) fn channel(&self, slug: &str) -> Result<(ChannelId, String)> {
        self.channels
            .iter()
            .find(|(known, ..)| *known == slug)
            .map(|(_, id, name)| (*id, name.clone()))
            .ok_or_else(|| Error::broken(format!("the demonstration has no channel {slug}")))
    }
}

/// Owner, packer, support, manager among the staff.
pub(super) const OWNER: usize = 0;
pub(super) const PACKER: usize = 1;
pub(super) const SUPPORT: usize = 2;
pub(super) const MANAGER: usize = 3;

/// Something that happens to an order after it was placed.
enum Act {
    Authorise { lapses: bool },
    Capture(Option<i64>),
    Lapse,
    Move(Base),
    Hold(&'static str, &'static str),
    RefundAll,
    RefundPart(i64),
    Remark(&'static str),
    NoteForCustomer(&'static str),
    Write(Direction, &'static str),
    Read,
    Assign(usize),
    Print,
}

/// Places an order and lets everything happen to it.
pub(super) fn tell(tx: &mut Tx<'_>, shop: &Shop, story: &Story) -> Result<i64> {
    let (channel, channel_name) = shop.channel(story.channel)?;
    let author = if story.channel == "web" { Actor::Channel { name: channel_name } } else { shop.person(SUPPORT) };
    let draft = draft(shop, story, channel);
    let mut then = tx.at(shop.ago(story.ago));
    let placed = moves::place(&mut then, &author, &draft)?.order;
    for (ago, act) in acts(story) {
        let mut then = tx.at(shop.ago(ago));
        let failed = |error| Error::broken(format!("order {} of the demonstration: {error}", placed.number));
        perform(&mut then, shop, story, (placed.id, placed.number), act).map_err(failed)?;
    }
    Ok(placed.number)
}

/// Everything that happens to an order, in the order it happens.
fn acts(story: &Story) -> Vec<(i64, Act)> {
    let mut acts = Vec::new();
    let steps = steps(story);
    let paid_ago = story.paid_ago.unwrap_or(story.ago);
    let first_step = steps.first().map_or(story.entered_ago, |(ago, _)| *ago);
    match story.money {
        Money::Nothing => {}
        Money::Authorised => acts.push((paid_ago, Act::Authorise { lapses: false })),
        Money::Lapsed => {
            acts.push((paid_ago, Act::Authorise { lapses: true }));
            acts.push((story.entered_ago, Act::Lapse));
        }
        Money::Part(minor) => acts.push((story.ago - 5, Act::Capture(Some(minor)))),
        Money::Paid | Money::Refunded | Money::Returned(_) if by_transfer(story) => {
            acts.push((paid_ago.min(story.ago - 1).max(first_step + 1), Act::Capture(None)));
        }
        Money::Paid | Money::Refunded | Money::Returned(_) => {
            acts.push((paid_ago, Act::Authorise { lapses: false }));
            let is_early = matches!(story.base, Base::Confirmed | Base::OnHold | Base::Cancelled);
            let captured_ago = if is_early { (paid_ago - 1).max(0) } else { first_step };
            acts.push((captured_ago, Act::Capture(None)));
        }
    }
    for (ago, base) in &steps {
        if *base == Base::Processed && story.printed {
            acts.push((ago + 21, Act::Print));
        }
    }
    if story.printed && story.base == Base::Approved {
        acts.push((story.entered_ago / 2, Act::Print));
    }
    acts.extend(steps.into_iter().map(|(ago, base)| (ago, Act::Move(base))));
    for (place, (reason, note)) in story.holds.iter().enumerate() {
        acts.push((story.entered_ago - 3 * place as i64, Act::Hold(reason, note)));
    }
    match story.money {
        Money::Refunded => acts.push((story.entered_ago / 2, Act::RefundAll)),
        Money::Returned(minor) => acts.push((story.entered_ago / 2, Act::RefundPart(minor))),
        Money::Nothing | Money::Authorised | Money::Lapsed | Money::Paid | Money::Part(_) => {}
    }
    talk(story, &mut acts);
    acts.sort_by_key(|(ago, _)| std::cmp::Reverse(*ago));
    acts
}

fn talk(story: &Story, acts: &mut Vec<(i64, Act)>) {
    let soon = story.ago * 9 / 10;
    if let Some(place) = story.assignee {
        acts.push((soon, Act::Assign(place)));
    }
    if !story.remark.is_empty() {
        acts.push((soon, Act::Remark(story.remark)));
    }
    if !story.note_for_customer.is_empty() {
        acts.push((soon, Act::NoteForCustomer(story.note_for_customer)));
    }
    if let Some((question, answer)) = story.chat {
        acts.push((story.ago * 3 / 4, Act::Write(Direction::In, question)));
        if story.unread == 0 {
            acts.push((story.ago * 3 / 4 - 1, Act::Read));
            acts.push((story.ago * 3 / 4 - 9, Act::Write(Direction::Out, answer)));
        }
        for place in 1..story.unread {
            let more = ["Are you there?", "I can also come by."][(place % 2) as usize];
            acts.push((story.ago * 3 / 4 - 3 * place, Act::Write(Direction::In, more)));
        }
    }
}

/// The moves after Confirmed, with the minutes since each; evenly spread up to the last one.
fn steps(story: &Story) -> Vec<(i64, Base)> {
    use Base::{Abandoned, Approved, Archived, Cancelled, Delivered, Processed, Rejected, Returned, Shipped};
    let path: &[Base] = match story.base {
        Base::Placed | Base::Confirmed | Base::OnHold => &[],
        Approved => &[Approved],
        Processed => &[Approved, Processed],
        Shipped => &[Approved, Processed, Shipped],
        Delivered => &[Approved, Processed, Shipped, Delivered],
        Returned => &[Approved, Processed, Shipped, Delivered, Returned],
        Archived => &[Approved, Processed, Shipped, Delivered, Archived],
        Cancelled => &[Cancelled],
        Rejected => &[Rejected],
        Abandoned => &[Abandoned],
    };
    let span = story.ago - story.entered_ago;
    let count = path.len() as i64;
    path.iter().enumerate().map(|(place, base)| (story.ago - span * (place as i64 + 1) / count, *base)).collect()
}

fn by_transfer(story: &Story) -> bool {
    matches!(story.channel, "wholesale" | "manual" | "stall")
}

fn method(story: &Story) -> &'static str {
    match (story.channel, story.base, story.money) {
        // Nobody has said yet how it will be paid.
        (_, Base::Placed | Base::Abandoned, Money::Nothing) => "",
        ("wholesale", ..) => "invoice",
        ("manual", ..) => "bank_transfer",
        ("stall", ..) => "card_terminal",
        _ => "card",
    }
}

fn perform(tx: &mut Tx<'_>, shop: &Shop, story: &Story, order: (OrderId, i64), act: Act) -> Result<()> {
    let (id, number) = order;
    let owner = shop.person(OWNER);
    match act {
        Act::Authorise { lapses } => {
            let lapses_at = if lapses { tx.now.plus_minutes(5) } else { tx.now.plus_minutes(7 * 1_440) };
            let new = entry(tx, PaymentKind::Authorization, id, story, None, Some(lapses_at))?;
            let source = shop.channel(story.channel)?.1;
            moves::record_payment(tx, &Actor::Channel { name: source }, number, None, &new).map(drop)
        }
        Act::Capture(minor) => {
            let new = entry(tx, PaymentKind::Capture, id, story, minor, None)?;
            moves::record_payment(tx, &owner, number, None, &new).map(drop)
        }
        Act::Lapse => {
            let mut order = order::lock(tx, id)?;
            payment::resettle(tx, &mut order)?;
            order::save(tx, &mut order)
        }
        Act::Move(base) => move_to(tx, shop, story, number, base),
        Act::Hold(reason, note) => {
            let until = (reason == "customer_request").then(|| shop.now.plus_minutes(5 * 1_440));
            let request = MoveRequest {
                reason: reason.into(),
                note: note.into(),
                until,
                ..MoveRequest::to(Base::OnHold.as_str())
            };
            moves::hold(tx, &shop.person(MANAGER), number, &request).map(drop)
        }
        Act::RefundAll => {
            let mut order = order::lock(tx, id)?;
            payment::refund_all(tx, &owner, &mut order, "customer", "")?;
            order::save(tx, &mut order)
        }
        Act::RefundPart(minor) => {
            let mut order = order::lock(tx, id)?;
            let refund = order::PastPayment {
                kind: PaymentKind::Refund,
                amount_minor: minor.min(order.captured_minor),
                at: tx.now,
                method: order.payment_method.clone(),
                reference: reference("re", number),
                expires_at: None,
            };
            payment::record_past(tx, &owner, &mut order, &[refund])?;
            order::save(tx, &mut order)
        }
        Act::Remark(text) => conversation::write_note(tx, &owner, number, Audience::Internal, text).map(drop),
        Act::NoteForCustomer(text) => {
            conversation::write_note(tx, &shop.person(SUPPORT), number, Audience::Customer, text).map(drop)
        }
        Act::Write(direction, text) => {
            let transport = if story.channel == "whatsapp" { "whatsapp" } else { "email" };
            let author = match direction {
                Direction::In => Actor::Customer { name: story.who.name.clone() },
                Direction::Out => shop.person(SUPPORT),
            };
            let at = tx.now;
            conversation::keep_message(tx, &author, number, direction, transport, text, at).map(drop)
        }
        Act::Read => conversation::mark_read(tx, number),
        Act::Assign(place) => order::assign(tx, &owner, number, Some(shop.staff[place].0)).map(drop),
        Act::Print => {
            let is_gift = !story.gift_message.is_empty();
            order::mark_printed(tx, &shop.person(PACKER), &[id], "slip", "a4", is_gift)
        }
    }
}

fn move_to(tx: &mut Tx<'_>, shop: &Shop, story: &Story, number: i64, base: Base) -> Result<()> {
    let author = match base {
        Base::Abandoned => Actor::System { name: "Timer" },
        Base::Processed | Base::Shipped => shop.person(PACKER),
        Base::Delivered => Actor::System { name: "Carrier" },
        Base::Approved => shop.person(if number % 3 == 0 { MANAGER } else { OWNER }),
        _ => shop.person(OWNER),
    };
    let tracking = if base == Base::Shipped { parcel(story, number) } else { Tracking::default() };
    let refund = match story.money {
        Money::Paid if matches!(base, Base::Cancelled | Base::Rejected) => RefundChoice::All,
        _ => RefundChoice::Unasked,
    };
    let request = MoveRequest {
        reason: story.reason.into(),
        refund,
        tracking,
        authority: Authority::Corrects,
        ..MoveRequest::to(base.as_str())
    };
    moves::move_to_stage(tx, &author, number, &request).map(drop)
}

/// Carrier and tracking number of a parcel.
pub(super) fn parcel(story: &Story, number: i64) -> Tracking {
    let (carrier, tracking) = match story.who.address.country.as_str() {
        "NL" | "BE" => ("PostNL", format!("3SFNKL{:09}", number * 7_919 % 1_000_000_000)),
        _ => ("DHL", format!("003404341610{:08}", number * 7_919 % 100_000_000)),
    };
    Tracking { carrier: carrier.into(), number: tracking }
}

/// A provider's reference that looks like one.
pub(super) fn reference(kind: &str, number: i64) -> String {
    format!("{kind}_3QxK{:x}", number.wrapping_mul(2_654_435_761) & 0xff_ffff_ffff)
}

fn entry(
    tx: &mut Tx<'_>,
    kind: PaymentKind,
    id: OrderId,
    story: &Story,
    minor: Option<i64>,
    expires_at: Option<UtcTime>,
) -> Result<NewPayment> {
    let order = order::find_by_id(tx.conn, id)?;
    let method = if method(story).is_empty() { "card" } else { method(story) };
    let reference = match (kind, method) {
        (PaymentKind::Authorization, _) => reference("pi", order.number),
        (_, "card") => reference("ch", order.number),
        (_, other) => format!("{} {}", if other == "card_terminal" { "Terminal" } else { "Statement" }, order.number),
    };
    Ok(NewPayment {
        kind,
        amount_minor: minor.unwrap_or(order.total_minor),
        method: method.into(),
        reference,
        note: String::new(),
        expires_at,
    })
}

/// The order as the channel sent it.
pub(super) fn draft(shop: &Shop, story: &Story, channel: ChannelId) -> Draft {
    let mut address = story.who.address.clone();
    if story.base == Base::Placed && story.ago % 2 == 0 && story.channel != "web" {
        // The house number is still to be asked for.
        address.street1.clear();
    }
    let lines: Vec<DraftLine> = story.basket.lines.iter().map(|line| draft_line(shop, *line)).collect();
    Draft {
        placed_at: Some(shop.ago(story.ago)),
        due_at: story.due_in.map(|minutes| shop.ago(-minutes)),
        customer_name: story.who.name.clone(),
        email: if story.channel == "stall" { String::new() } else { story.who.email.clone() },
        phone: story.who.phone.clone(),
        charges: charges(story, &address.country),
        shipping_method: carriage(&address.country, story.channel).into(),
        language: language(&address.country, story.channel).into(),
        ship_to: Some(address),
        payment_method: method(story).into(),
        customer_note: story.wish.into(),
        gift: !story.gift_message.is_empty(),
        gift_message: story.gift_message.into(),
        tags: story.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        lines,
        ..Draft::new(shop.market, channel, Currency::EUR)
    }
}

fn draft_line(shop: &Shop, (product, quantity, unit_minor): (usize, i64, i64)) -> DraftLine {
    let product = &shop.shelf[product];
    DraftLine {
        product: Some(product.id),
        sku: product.sku.clone(),
        title: product.title.clone(),
        variant: product.variant.clone(),
        picture: product.picture.clone(),
        bin: product.bin.clone(),
        quantity,
        unit_minor,
        grams: product.grams,
        digital: product.grams == 0,
        ..DraftLine::default()
    }
}

/// What the web shop says of its customer; nothing elsewhere.
fn language(country: &str, channel: &str) -> &'static str {
    match (channel, country) {
        ("web", "DE" | "AT") => "de",
        ("web", "HU") => "hu",
        _ => "",
    }
}

fn carriage(country: &str, channel: &str) -> &'static str {
    match (channel, country) {
        ("stall", _) => "Collected at the stall",
        (_, "NL") => "PostNL",
        (_, "BE") => "PostNL Europe",
        (_, "DE") => "DHL Paket",
        (_, "SE" | "DK" | "FI" | "NO") => "PostNord MyPack Home",
        _ => "DHL Paket International",
    }
}

fn charges(story: &Story, country: &str) -> Vec<DraftCharge> {
    let basket = &story.basket;
    let total = basket.total();
    let charge = |kind, label: &str, code: &str, amount_minor, rate_ppm| DraftCharge {
        kind,
        label: label.to_owned(),
        code: code.to_owned(),
        amount_minor,
        rate_ppm,
    };
    let mut charges = Vec::new();
    if let Some((code, minor)) = basket.discount {
        charges.push(charge(ChargeKind::Discount, "Discount", code, -minor, None));
    }
    let label = carriage(country, story.channel);
    charges.push(charge(ChargeKind::Shipping, label, "", basket.shipping, None));
    if let Some(percent) = vat(country) {
        let tax = (total * percent * 2 + 100 + percent) / ((100 + percent) * 2);
        let label = format!("VAT {percent} % ({country})");
        charges.push(charge(ChargeKind::Tax, &label, "", tax, Some(percent * 10_000)));
    }
    charges
}

/// Standard rates of value added tax in 2026 where the shop charges it.
fn vat(country: &str) -> Option<i64> {
    Some(match country {
        "HU" => 27,
        "DK" | "SE" => 25,
        "FI" => 25,
        "GR" | "EE" => 24,
        "IE" | "PL" | "PT" => 23,
        "IT" | "SI" => 22,
        "NL" | "BE" | "ES" | "CZ" | "RO" => 21,
        "AT" | "FR" => 20,
        "DE" => 19,
        "LU" => 17,
        _ => return None,
    })
}
