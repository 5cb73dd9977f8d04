//! A demonstration as large as anyone likes. Some hundred orders of every kind are told with the
//! desk's own verbs; all others are copies of them, moved in time and given to other people, so that
//! their ledgers, parcels and diaries are as right as the first ones'.

use super::cast::{FAMILY_NAMES, FIRST_NAMES};
use super::dice::Dice;
use super::listed::Money;
use super::places::{PLACES, STREETS};
use super::store_many::Hands;
use super::story::{self, Story};
use super::tell::{self, PACKER, SUPPORT, Shop};
use crate::actor::Actor;
use crate::address::Address;
use crate::conversation::{self, Audience, Direction};
use crate::db::{Db, Tx};
use crate::error::Result;
use crate::ids::OrderId;
use crate::moves;
use crate::order::{self, Past, PastPayment, PaymentKind};
use crate::words::{self, Document};
use crate::workflow::Base;

/// Minutes in a day.
const DAY: i64 = 1_440;
/// Patterns of each kind that are told, and how many of a thousand copies have it by their age in
/// days: below 5, below 12, below 60, older.
const KINDS: &[(Base, i64, [i64; 4])] = &[
    (Base::Placed, 30, [60, 4, 1, 1]),
    (Base::Confirmed, 50, [150, 6, 1, 0]),
    (Base::OnHold, 30, [50, 10, 2, 1]),
    (Base::Approved, 70, [220, 10, 1, 0]),
    (Base::Processed, 50, [140, 10, 1, 0]),
    (Base::Shipped, 100, [290, 330, 10, 1]),
    (Base::Delivered, 280, [0, 520, 858, 290]),
    (Base::Returned, 40, [0, 0, 30, 25]),
    (Base::Cancelled, 50, [40, 45, 40, 30]),
    (Base::Rejected, 20, [10, 10, 8, 6]),
    (Base::Abandoned, 30, [40, 55, 48, 40]),
    (Base::Archived, 250, [0, 0, 0, 606]),
];
/// Days before the present at which the patterns were placed.
const PATTERN_DAYS: i64 = 400;

/// A told order that is copied.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Its key.
    pub(super) id: OrderId,
    /// Where it stands.
    pub(super) base: Base,
    /// Words of its lines, tags and notes.
    pub(super) words: String,
    /// Whether its parcel has a tracking number.
    pub(super) is_tracked: bool,
}

/// Makes `count` orders, older than those that are told one by one.
pub(super) fn make(db: &Db, shop: &Shop, count: i64) -> Result<()> {
    let mut dice = Dice::new(super::SEED ^ 0x5eed);
    let told = tell_patterns(db, shop, count)?;
    let people = (count / 3).clamp(40, 400_000);
    let mut hands = Hands::of(db)?;
    hands.stage_patterns(&told)?;
    hands.write_people(people, |place| person(&mut dice, place))?;
    let mut dice = Dice::new(super::SEED ^ 0xca1f);
    hands.write_plan(count, |k| plan(&mut dice, shop, &told, count, people, k))?;
    hands.copy(shop.now, count)
}

fn tell_patterns(db: &Db, shop: &Shop, count: i64) -> Result<Vec<Pattern>> {
    let mut told = Vec::new();
    for (base, patterns, _) in KINDS {
        let wanted = (patterns * count / 20_000).clamp(5, *patterns);
        let places: Vec<i64> = (0..wanted).collect();
        for some in places.chunks(super::AT_ONCE) {
            let (shop, some) = (shop.clone(), some.to_vec());
            told.extend(db.write_blocking(move |tx| {
                let seed = super::SEED ^ (base.rank() * 1_000 + some[0]).unsigned_abs();
                let mut dice = Dice::new(seed);
                some.iter().map(|place| tell_pattern(tx, &shop, &mut dice, *base, *place)).collect::<Result<Vec<_>>>()
            })?);
        }
    }
    Ok(told)
}

fn tell_pattern(tx: &mut Tx<'_>, shop: &Shop, dice: &mut Dice, base: Base, place: i64) -> Result<Pattern> {
    let story = story::pattern(dice, &shop.shelf, base, place as usize, PATTERN_DAYS * DAY);
    let steps = steps(dice, base);
    let last = steps.last().map_or(0, |(_, minutes)| *minutes);
    let channel = shop.channel(story.channel)?;
    let draft = tell::draft(shop, &story, channel.0);
    let at = |minutes: i64| shop.ago(story.ago - minutes);
    let total = story.basket.total();
    let units = draft.lines.iter().map(|line| line.quantity);
    let past = Past {
        base,
        steps: steps.iter().map(|(base, minutes)| (*base, at(*minutes))).collect(),
        payments: payments(&story, total, &steps)
            .into_iter()
            .map(|(kind, amount_minor, minutes)| PastPayment {
                kind,
                amount_minor,
                at: at(minutes),
                method: draft.payment_method.clone(),
                reference: tell::reference("pi", place * 131 + base.rank()),
                expires_at: None,
            })
            .collect(),
        shipped: if has_parcel(base) { units.collect() } else { Vec::new() },
        tracking: has_left(base).then(|| ("DHL".to_owned(), "00340434161000000000".to_owned())),
        reason: story.reason.to_owned(),
    };
    let mut then = tx.at(at(last));
    let source = Actor::Channel { name: channel.1 };
    let placed = moves::place_past(&mut then, &source, &draft, &past)?.order;
    if story.printed {
        order::mark_printed(&mut then, &shop.person(PACKER), &[placed.id], "slip", "a4", false)?;
    }
    if !story.remark.is_empty() {
        conversation::write_note(&mut then, &shop.person(SUPPORT), placed.number, Audience::Internal, story.remark)?;
    }
    if let Some((question, _)) = story.chat {
        let customer = Actor::Customer { name: "Customer".into() };
        conversation::keep_message(&mut then, &customer, placed.number, Direction::In, "email", question, at(last))?;
        if !base.is_open() || place % 2 == 0 {
            conversation::mark_read(&mut then, placed.number)?;
        }
    }
    let words = own_words(&story, &draft.lines, &draft.tags);
    Ok(Pattern { id: placed.id, base, words, is_tracked: has_left(base) })
}

/// The words an order is found by that are not its customer's.
fn own_words(story: &Story, lines: &[order::DraftLine], tags: &[String]) -> String {
    let mut document = Document::default();
    document.add(story.wish);
    document.add(story.remark);
    document.add(&tags.join("\n"));
    for line in lines {
        document.add_code(&line.sku);
        document.add(&line.title);
        document.add(&line.variant);
    }
    document.words().join(" ")
}

fn has_parcel(base: Base) -> bool {
    base == Base::Processed || has_left(base)
}

fn has_left(base: Base) -> bool {
    matches!(base, Base::Shipped | Base::Delivered | Base::Returned | Base::Archived)
}

/// Stages entered, with the minutes after the order was placed.
fn steps(dice: &mut Dice, base: Base) -> Vec<(Base, i64)> {
    let path: &[Base] = match base {
        Base::Placed => &[],
        Base::Confirmed => &[Base::Confirmed],
        Base::OnHold => &[Base::Confirmed, Base::OnHold],
        Base::Approved => &[Base::Confirmed, Base::Approved],
        Base::Processed => &[Base::Confirmed, Base::Approved, Base::Processed],
        Base::Shipped => &[Base::Confirmed, Base::Approved, Base::Processed, Base::Shipped],
        Base::Delivered => &[Base::Confirmed, Base::Approved, Base::Processed, Base::Shipped, Base::Delivered],
        Base::Returned => {
            &[Base::Confirmed, Base::Approved, Base::Processed, Base::Shipped, Base::Delivered, Base::Returned]
        }
        Base::Archived => {
            &[Base::Confirmed, Base::Approved, Base::Processed, Base::Shipped, Base::Delivered, Base::Archived]
        }
        Base::Cancelled => &[Base::Confirmed, Base::Cancelled],
        Base::Rejected => &[Base::Confirmed, Base::Rejected],
        Base::Abandoned => &[Base::Abandoned],
    };
    let mut at = 1;
    path.iter()
        .map(|base| {
            at += match base {
                Base::Confirmed => 0,
                Base::Delivered => dice.between(DAY, 3 * DAY),
                Base::Returned => dice.between(DAY, 4 * DAY),
                Base::Archived => dice.between(20 * DAY, 40 * DAY),
                Base::Abandoned => DAY,
                _ => dice.between(40, 900),
            };
            (*base, at)
        })
        .collect()
}

/// Kind, amount and minutes after the order was placed of money that moved.
fn payments(story: &Story, total: i64, steps: &[(Base, i64)]) -> Vec<(PaymentKind, i64, i64)> {
    use PaymentKind::{Authorization, Capture, Refund, Void};
    let last = steps.last().map_or(1, |(_, minutes)| *minutes);
    let approved = steps.iter().find(|(base, _)| *base == Base::Approved).map_or(1, |(_, minutes)| *minutes);
    let is_stopped = matches!(story.base, Base::Cancelled | Base::Rejected);
    match story.money {
        Money::Nothing => Vec::new(),
        Money::Authorised | Money::Lapsed if is_stopped => vec![(Authorization, total, 0), (Void, total, last)],
        Money::Authorised | Money::Lapsed => vec![(Authorization, total, 0)],
        Money::Part(minor) => vec![(Capture, minor, 1)],
        Money::Paid if is_stopped => vec![(Capture, total, 1), (Refund, total, last)],
        Money::Paid => vec![(Authorization, total, 0), (Capture, total, approved)],
        Money::Returned(minor) => vec![(Capture, total, approved), (Refund, minor.min(total), last)],
        Money::Refunded => vec![(Capture, total, approved), (Refund, total, last)],
    }
}

/// Somebody made up from names, places and a number.
pub(super) struct Person {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) address: Address,
    pub(super) words: String,
}

fn person(dice: &mut Dice, place: i64) -> Person {
    let name = format!("{} {}", dice.pick(FIRST_NAMES), dice.pick(FAMILY_NAMES));
    let (city, region, postcode, country, dial) = dice.pick(PLACES);
    let email = format!("{}{place}@example.com", words::split(&name).join("."));
    let phone = format!("+{dial} {:03} {:06}", dice.between(100, 999), dice.between(0, 999_999));
    let postcode: String =
        postcode.chars().map(|c| if c == '0' { char::from(b'0' + dice.between(0, 9) as u8) } else { c }).collect();
    let address = Address {
        name: name.clone(),
        street1: format!("{} {}", dice.pick(STREETS), dice.between(1, 240)),
        city: city.to_owned(),
        region: region.to_owned(),
        postcode,
        country: country.to_owned(),
        ..Address::default()
    };
    let mut document = Document::default();
    document.add(&name);
    document.add(&email);
    document.add_phone(&phone);
    for part in [&address.street1, &address.city, &address.region, &address.postcode, &address.country] {
        document.add(part);
    }
    Person { name, email, phone, address, words: document.words().join(" ") }
}

/// Pattern, person and instant of the k-th copy, counted from the oldest.
fn plan(dice: &mut Dice, shop: &Shop, told: &[Pattern], count: i64, people: i64, k: i64) -> (i64, i64, i64, i64) {
    let a_day = (count / 1_460).max(30);
    let newest = shop.ago(2 * DAY + 300);
    // A quarter of each day nobody orders.
    let (day, within) = ((count - k) / a_day, (count - k) % a_day);
    let minutes = day * DAY + within * (DAY * 3 / 4) / a_day;
    let placed = newest.plus_minutes(-minutes).plus_seconds(-dice.between(0, 59));
    let age = (2 * DAY + 300 + minutes) / DAY;
    let column = match age {
        ..5 => 0,
        5..12 => 1,
        12..60 => 2,
        _ => 3,
    };
    let all: i64 = KINDS.iter().map(|(_, _, parts)| parts[column]).sum();
    let mut drawn = dice.between(1, all);
    let base = KINDS
        .iter()
        .find(|(_, _, parts)| {
            drawn -= parts[column];
            drawn <= 0
        })
        .map_or(Base::Delivered, |(base, ..)| *base);
    let first = told.partition_point(|pattern| pattern.base.rank() < base.rank());
    let after = told.partition_point(|pattern| pattern.base.rank() <= base.rank());
    let pattern = &told[dice.between(first as i64, after as i64 - 1) as usize];
    let from = shop.ago(PATTERN_DAYS * DAY);
    (pattern.id.0, dice.between(1, people), placed.0, placed.0 - from.0)
}
