//! What is to be told of each order: who bought what, how it was paid, how far it came and what was
//! said. Pure; times are minutes before the present one.

use super::cast::{self, Customer};
use super::dice::Dice;
use super::listed::{LISTED, Listed, Money};
use crate::catalog::Product;
use crate::workflow::Base;

/// One order to be told.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// Minutes since it was placed.
    pub(super) ago: i64,
    /// Minutes since it entered the stage it is in.
    pub(super) entered_ago: i64,
    /// Minutes until it should leave the shop; negative where it is late.
    pub(super) due_in: Option<i64>,
    /// Who ordered.
    pub(super) who: Customer,
    /// Slug of its channel.
    pub(super) channel: &'static str,
    /// What is in it.
    pub(super) basket: Basket,
    /// How it was paid.
    pub(super) money: Money,
    /// Minutes since the customer paid, where that was long after ordering.
    pub(super) paid_ago: Option<i64>,
    /// Where it stands.
    pub(super) base: Base,
    /// Reason key of its end.
    pub(super) reason: &'static str,
    /// Reasons it is held for, with words.
    pub(super) holds: Vec<(&'static str, &'static str)>,
    /// Tags.
    pub(super) tags: Vec<&'static str>,
    /// Notes of staff.
    pub(super) remark: &'static str,
    /// A note for the customer.
    pub(super) note_for_customer: &'static str,
    /// What the customer wrote with it.
    pub(super) wish: &'static str,
    /// Words for the person who gets it; not empty where it is a gift.
    pub(super) gift_message: &'static str,
    /// Question and answer.
    pub(super) chat: Option<(&'static str, &'static str)>,
    /// Messages nobody has read.
    pub(super) unread: i64,
    /// Place of the person responsible among the staff.
    pub(super) assignee: Option<usize>,
    /// Whether slips were printed before it was packed.
    pub(super) printed: bool,
}

/// What is in an order. Amounts in cents.
#[derive(Clone, Debug, Default)]
pub(super) struct Basket {
    /// Place of the product, units, price of a unit.
    pub(super) lines: Vec<(usize, i64, i64)>,
    /// Carriage.
    pub(super) shipping: i64,
    /// Taken off, with its code.
    pub(super) discount: Option<(&'static str, i64)>,
}

impl Basket {
    /// What the customer owes.
    pub(super) fn total(&self) -> i64 {
        (self.goods() + self.shipping - self.discount.map_or(0, |(_, minor)| minor)).max(0)
    }
    /// What the lines come to.
    pub(super) fn goods(&self) -> i64 {
        self.lines.iter().map(|(_, units, price)| units * price).sum()
    }
    fn add(&mut self, product: usize, price: i64) {
        match self.lines.iter_mut().find(|line| line.0 == product) {
            Some(line) => line.1 += 1,
            None => self.lines.push((product, 1, price)),
        }
    }
}

/// Orders in each stage: what the shop looks like on a Saturday afternoon.
const COUNTS: &[(Base, usize)] = &[
    (Base::Placed, 14),
    (Base::Confirmed, 23),
    (Base::OnHold, 6),
    (Base::Approved, 31),
    (Base::Processed, 18),
    (Base::Shipped, 64),
    (Base::Delivered, 83),
    (Base::Returned, 5),
    (Base::Cancelled, 7),
    (Base::Rejected, 3),
    (Base::Abandoned, 12),
    (Base::Archived, 2),
];

/// Minutes until the next collection and until midnight, as the stories need them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Until the parcels of today are collected.
    pub(super) collection: i64,
}

/// Every order of the demonstration shop, oldest first.
pub(super) fn all(dice: &mut Dice, shelf: &[Product], clock: Clock) -> Vec<Story> {
    let mut stories: Vec<Story> = LISTED.iter().map(|listed| of_listed(dice, shelf, clock, listed)).collect();
    for (base, count) in COUNTS {
        let told = LISTED.iter().filter(|listed| listed.base == *base).count();
        for place in told..*count {
            stories.push(invent(dice, shelf, clock, *base, place));
        }
    }
    stories.sort_by_key(|story| std::cmp::Reverse(story.ago));
    stories
}

fn of_listed(dice: &mut Dice, shelf: &[Product], clock: Clock, listed: &Listed) -> Story {
    let basket = if listed.channel == "wholesale" {
        trade_basket(dice, shelf, listed.units, Some(listed.total))
    } else {
        basket_of(dice, shelf, listed.units, listed.total)
    };
    let entered_ago = match listed.base {
        Base::Placed => listed.ago,
        Base::Confirmed => listed.ago - 1,
        Base::OnHold | Base::Approved | Base::Rejected | Base::Cancelled => listed.ago * 4 / 5,
        Base::Processed | Base::Shipped => listed.ago * 2 / 5,
        Base::Delivered | Base::Returned | Base::Archived => listed.ago / 6,
        Base::Abandoned => listed.ago - 1_440,
    };
    let is_gift = listed.tags.contains(&"Gift");
    let due_in = match (listed.base, listed.unread) {
        (Base::Approved, 3) => Some(-480),
        (Base::Processed, 1) => Some(-180),
        (Base::Approved | Base::Processed, _) => Some(clock.collection),
        _ => None,
    };
    let holds = match (listed.base, listed.channel) {
        (Base::OnHold, "manual") => vec![("payment_check", "Waits for the bank transfer.")],
        (Base::OnHold, _) => vec![("payment_check", "The card was authorised and the authorisation lapsed.")],
        _ => Vec::new(),
    };
    let reason = match listed.base {
        Base::Rejected => "fraud",
        Base::Cancelled => "customer",
        _ => "",
    };
    Story {
        ago: listed.ago,
        entered_ago,
        due_in,
        who: cast::customer(&listed.who),
        channel: listed.channel,
        basket,
        money: listed.money,
        paid_ago: None,
        base: listed.base,
        reason,
        holds,
        tags: listed.tags.to_vec(),
        remark: listed.note,
        note_for_customer: "",
        wish: if listed.tags.contains(&"Fragile") { cast::WISHES[0] } else { "" },
        gift_message: if is_gift { cast::GIFT_MESSAGES[(listed.ago % 7) as usize] } else { "" },
        chat: (listed.unread > 0).then(|| dice.pick(cast::CHATS)),
        unread: listed.unread,
        assignee: (listed.channel == "wholesale").then_some(0),
        printed: matches!(listed.base, Base::Processed | Base::Shipped | Base::Delivered | Base::Returned),
    }
}

/// Minutes since it was placed and since it entered its stage, oldest limits for each stage.
fn invented_times(dice: &mut Dice, base: Base, place: usize) -> (i64, i64) {
    let day = 1_440;
    match base {
        Base::Placed => {
            let ago = dice.between(3_100, 4 * day);
            (ago, ago)
        }
        Base::Confirmed => {
            let entered = if place < 16 { dice.between(12, 235) } else { dice.between(240, 1_400) };
            (dice.between(3_100, 4 * day), entered)
        }
        Base::OnHold => (dice.between(3_200, 4 * day), dice.between(300, 2_800)),
        Base::Approved => (dice.between(3_100, 4 * day), dice.between(30, 1_300)),
        Base::Processed => (dice.between(3_100, 4 * day), dice.between(20, 700)),
        Base::Shipped => (dice.between(3_400, 7 * day), dice.between(300, 3_000)),
        Base::Delivered => (dice.between(5 * day, 12 * day), dice.between(200, 4 * day)),
        Base::Returned => (dice.between(9 * day, 12 * day), dice.between(200, 2 * day)),
        Base::Cancelled | Base::Rejected => (dice.between(3_200, 10 * day), dice.between(1_500, 3_000)),
        Base::Abandoned => {
            let ago = dice.between(3_200, 10 * day);
            (ago, ago - day)
        }
        Base::Archived => (dice.between(560 * day, 620 * day), dice.between(400 * day, 500 * day)),
    }
}

fn invent(dice: &mut Dice, shelf: &[Product], clock: Clock, base: Base, place: usize) -> Story {
    let (ago, entered_ago) = invented_times(dice, base, place);
    let channel = match dice.between(1, 100) {
        1..=58 => "web",
        59..=72 => "whatsapp",
        73..=82 => "instagram",
        83..=87 => "wholesale",
        88..=93 => "stall",
        _ => "manual",
    };
    // A web shop gives up on its own carts; only what staff typed in waits for days.
    let channel = if base == Base::Placed && channel == "web" { "whatsapp" } else { channel };
    let channel = if base == Base::Abandoned { "web" } else { channel };
    let row = match (channel, base) {
        (_, Base::Archived) if place == 0 => super::listed::ESZTER,
        ("wholesale", _) => dice.pick(cast::FIRMS),
        _ => dice.pick(cast::PEOPLE),
    };
    let basket = if channel == "wholesale" {
        let units = dice.between(16, 72);
        trade_basket(dice, shelf, units, None)
    } else {
        invented_basket(dice, shelf)
    };
    let due_in = match (base, place) {
        (Base::Approved, 4) => Some(-200),
        (Base::Approved, 5) => Some(-1_500),
        (Base::Approved, 6..=10) | (Base::Processed, 3..=10) => Some(clock.collection),
        (Base::Approved | Base::Processed, _) => Some(clock.collection + 1_440 * dice.between(1, 3)),
        _ => None,
    };
    let is_gift = channel == "web" && dice.chance(6);
    let mut tags = Vec::new();
    if is_gift {
        tags.push("Gift");
    }
    if channel == "wholesale" {
        tags.push("Wholesale");
    }
    for (tag, percent) in [("Fragile", 12), ("Repeat", 10), ("VIP", 4), ("Engraving", 3), ("Express", 3)] {
        if dice.chance(percent) {
            tags.push(tag);
        }
    }
    let talks = dice.chance(9) && base != Base::Archived;
    let late_payer = base == Base::Confirmed && matches!(channel, "whatsapp" | "instagram" | "manual" | "stall");
    Story {
        ago,
        entered_ago,
        due_in,
        who: cast::customer(&row),
        channel,
        basket,
        money: invented_money(dice, base, place, channel),
        paid_ago: (late_payer || (base == Base::Confirmed && channel == "web")).then_some(entered_ago),
        base,
        reason: invented_reason(dice, base),
        holds: if base == Base::OnHold { invented_holds(place) } else { Vec::new() },
        tags,
        remark: if dice.chance(14) { dice.pick(cast::REMARKS) } else { "" },
        note_for_customer: if dice.chance(6) { dice.pick(cast::NOTES_FOR_CUSTOMERS) } else { "" },
        wish: if dice.chance(12) { dice.pick(cast::WISHES) } else { "" },
        gift_message: if is_gift { dice.pick(cast::GIFT_MESSAGES) } else { "" },
        chat: talks.then(|| dice.pick(cast::CHATS)),
        unread: 0,
        assignee: invented_assignee(dice, base),
        printed: match base {
            Base::Processed | Base::Shipped | Base::Delivered | Base::Returned | Base::Archived => true,
            Base::Approved => dice.chance(30),
            _ => false,
        },
    }
}

/// A story of which copies are made: it belongs to nobody and is due some days after `ago`, which is
/// when it was placed.
pub(super) fn pattern(dice: &mut Dice, shelf: &[Product], base: Base, place: usize, ago: i64) -> Story {
    let mut story = invent(dice, shelf, Clock { collection: 0 }, base, place);
    if base == Base::Archived {
        story.who = cast::customer(dice.pick(&[&cast::PEOPLE[5], &cast::PEOPLE[9]]));
    }
    story.who.email.clear();
    story.who.phone.clear();
    story.who.address.country = "NL".to_owned();
    story.ago = ago;
    let has_due = matches!(base, Base::Confirmed | Base::Approved | Base::Processed);
    story.due_in = has_due.then(|| dice.between(3 * 1_440, 8 * 1_440) - ago);
    story
}

fn invented_money(dice: &mut Dice, base: Base, place: usize, channel: &str) -> Money {
    match base {
        Base::Placed | Base::Abandoned => Money::Nothing,
        Base::Confirmed | Base::OnHold if dice.chance(40) => Money::Authorised,
        Base::Approved if channel != "stall" && dice.chance(30) => Money::Authorised,
        Base::Rejected => Money::Authorised,
        Base::Cancelled if place.is_multiple_of(2) => Money::Authorised,
        Base::Delivered if place % 13 == 6 => Money::Returned(1_150),
        Base::Returned => Money::Refunded,
        _ => Money::Paid,
    }
}

fn invented_reason(dice: &mut Dice, base: Base) -> &'static str {
    match base {
        Base::Cancelled => dice.pick(&["customer", "inventory", "staff"]),
        Base::Rejected => dice.pick(&["out_of_stock", "unserviceable_address"]),
        _ => "",
    }
}

fn invented_holds(place: usize) -> Vec<(&'static str, &'static str)> {
    match place {
        2 => vec![("address_check", "The street has no number 214."), ("fraud_check", "Five orders to five names.")],
        3 => vec![("address_check", "The parcel came back last time.")],
        4 => vec![("stock", "The midnight platter is in the kiln until Tuesday.")],
        _ => vec![
            ("customer_request", "On holiday until the end of the week."),
            ("address_check", "Asked which of two addresses."),
        ],
    }
}

fn invented_assignee(dice: &mut Dice, base: Base) -> Option<usize> {
    match base {
        Base::Approved | Base::Processed if dice.chance(45) => Some(1),
        Base::Placed | Base::OnHold if dice.chance(60) => Some(2),
        Base::Confirmed if dice.chance(40) => Some(0),
        _ => None,
    }
}

/// Units of products that come to this total with a likely carriage.
fn basket_of(dice: &mut Dice, shelf: &[Product], units: i64, total: i64) -> Basket {
    let mut best = Basket::default();
    for _ in 0..4_000 {
        let mut basket = Basket::default();
        for _ in 0..units {
            let product = dice.between(0, shelf.len() as i64 - 1) as usize;
            if shelf[product].grams > 0 {
                basket.add(product, shelf[product].price_minor);
            }
        }
        basket.shipping = total - basket.goods();
        if basket.lines.iter().map(|line| line.1).sum::<i64>() != units {
            continue;
        }
        if basket.shipping == 0 || (290..=1_490).contains(&basket.shipping) {
            return basket;
        }
        best = basket;
    }
    // Nothing fits: the last one, with its difference as a discount or as carriage.
    if best.shipping < 0 {
        best.discount = Some(("KILN", -best.shipping));
        best.shipping = 0;
    }
    best
}

fn invented_basket(dice: &mut Dice, shelf: &[Product]) -> Basket {
    let mut basket = Basket::default();
    for _ in 0..dice.between(1, 3) {
        let product = dice.between(0, shelf.len() as i64 - 1) as usize;
        for _ in 0..dice.pick(&[1, 1, 1, 2, 2, 4]) {
            basket.add(product, shelf[product].price_minor);
        }
    }
    basket.shipping = if basket.goods() >= 9_000 { 0 } else { dice.pick(&[490, 590, 690, 1_300]) };
    if basket.goods() > 4_000 && dice.chance(14) {
        basket.discount = Some(("WELCOME5", 500));
    }
    basket
}

/// Units for a trade customer at trade prices; close to `total` where one is given.
fn trade_basket(dice: &mut Dice, shelf: &[Product], units: i64, total: Option<i64>) -> Basket {
    let mut basket = Basket::default();
    for _ in 0..3_000 {
        basket = Basket::default();
        let percent = dice.between(40, 75);
        let kinds: Vec<usize> =
            (0..dice.between(5, 11)).map(|_| dice.between(0, shelf.len() as i64 - 2) as usize).collect();
        for unit in 0..units {
            let product = kinds[(unit as usize) % kinds.len()];
            basket.add(product, shelf[product].price_minor * percent / 500 * 5);
        }
        let Some(total) = total else { return basket };
        let over = basket.goods() - total;
        if (0..=total / 12).contains(&over) {
            basket.discount = Some(("TRADE", over)).filter(|_| over > 0);
            return basket;
        }
    }
    basket
}
