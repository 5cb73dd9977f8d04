//! What the customer's page shows, read in one go. Nothing is put into it that the customer may not see,
//! so that no template can show it: no e-mail address, no telephone number, no name of staff but the
//! shop's, no internal note, tag or assignee.

use std::collections::HashMap;

use askama::Template;

use super::asks::Done;
use super::sight::{self, Cancel, Facts};
use super::{Link, Policy};
use crate::conversation::pages_thread::FileRow;
use crate::conversation::{self, Audience, Direction, MessageState, attachments};
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::ids::LineId;
use crate::language::Language;
use crate::market::Markets;
use crate::order::pages_form::Typed;
use crate::order::pages_parts::{self as parts, SumRow};
use crate::order::{self, Charge, Line, Order};
use crate::returns;
use crate::shipment::{self, tracking};
use crate::time::UtcTime;
use crate::web::{self, picture};
use crate::words::harmless;
use crate::workflow::Stages;

/// The shop as its customers see it.
#[derive(Debug)]
pub struct ShopCard {
    pub name: String,
    pub initial: String,
    /// Its address and how it is reached, line by line.
    pub lines: Vec<String>,
}

impl ShopCard {
    /// Of this shop.
    pub fn load(conn: &mut Conn, policy: &Policy) -> Result<Self> {
        let shop = web::shop(conn)?;
        let address = web::setting(conn, "shop_address")?.unwrap_or_default();
        let all = address.lines().chain(policy.contact.lines());
        let lines = all.map(str::trim).filter(|line| !line.is_empty() && *line != shop.name).map(str::to_owned);
        Ok(ShopCard { initial: shop.initial(), lines: lines.collect(), name: shop.name })
    }
}

/// The page for an address that opens nothing.
#[derive(Template)]
#[template(path = "customer_page/gone.html")]
pub struct GonePage {
    pub shop: ShopCard,
    /// Whether it opened something once.
    pub was_there: bool,
    pub language: Language,
}

impl GonePage {
    fn t(&self, key: &str) -> String {
        self.language.say_with(key, &[("shop", self.shop.name.as_str().into())])
    }
    fn switches(&self) -> [(Language, String); 0] {
        []
    }
}

/// Which form of the page was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    Message,
    Address,
    Cancellation,
    Return,
    Arrival,
    Resumption,
}

impl Sheet {
    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Sheet::Message => "messages",
            Sheet::Address => "address",
            Sheet::Cancellation => "cancellation",
            Sheet::Return => "returns",
            Sheet::Arrival => "arrival",
            Sheet::Resumption => "resumption",
        }
    }
}

/// A form that could not be taken, with what was typed.
#[derive(Clone, Debug)]
pub struct Refused {
    pub sheet: Sheet,
    pub typed: Typed,
    pub refusal: Refusal,
}

/// What the page says of what was sent from it.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What was just done.
    pub done: Option<Done>,
    /// What could not be taken.
    pub refused: Option<Refused>,
}

/// A step of the way.
#[derive(Debug)]
pub struct Step {
    pub words: String,
    pub is_done: bool,
    pub is_now: bool,
}

/// A parcel.
#[derive(Debug)]
pub struct ParcelRow {
    pub contents: String,
    pub tone: &'static str,
    pub glyph: &'static str,
    pub words: String,
    pub has_left: bool,
    pub carrier: String,
    pub tracking: String,
    pub link: Option<String>,
}

/// A line of the order.
#[derive(Debug)]
pub struct LineRow {
    pub picture: Option<&'static str>,
    pub title: String,
    pub about: String,
    pub total: String,
    pub is_out: bool,
}

/// What was said.
#[derive(Debug)]
pub struct Saying {
    pub is_mine: bool,
    pub body: String,
    pub files: Vec<FileRow>,
    pub at: String,
}

/// A line of which units can come back.
#[derive(Debug)]
pub struct Returnable {
    pub uid: String,
    pub title: String,
    pub about: String,
    pub most: i64,
    pub typed: String,
}

/// The customer's page.
#[derive(Template)]
#[template(path = "customer_page/show.html")]
pub struct CustomerPage {
    pub shop: ShopCard,
    pub path: String,
    pub number: i64,
    pub version: i64,
    pub form_token: String,
    pub headline: String,
    pub story: String,
    pub steps: Vec<Step>,
    pub parcels: Vec<ParcelRow>,
    pub returns: Vec<(String, String)>,
    pub sayings: Vec<Saying>,
    pub notes: Vec<String>,
    pub lines: Vec<LineRow>,
    pub sums: Vec<SumRow>,
    pub total: String,
    pub paid: String,
    pub due: String,
    /// How that is paid, if the shop says.
    pub how_to_pay: String,
    pub credit: String,
    pub address: Vec<String>,
    pub may_address: bool,
    pub lacks_address: bool,
    /// Whether they can say that everything has arrived.
    pub may_arrive: bool,
    /// Whether they can take it up again.
    pub may_resume: bool,
    pub cancel: Cancel,
    pub returnable: Vec<Returnable>,
    pub done: Option<String>,
    pub refused: Option<Refused>,
    pub language: Language,
    /// The others that the page can be read in, with their addresses.
    pub others: Vec<(Language, String)>,
    /// Carries a language that was chosen into what is sent.
    pub tail: String,
    pub unseen: bool,
    typed: Typed,
}

impl CustomerPage {
    /// Reads everything the page shows.
    pub fn load(conn: &mut Conn, link: &Link, order: &Order, chosen: Option<Language>, said: Said) -> Result<Self> {
        let (policy, now) = (super::policy(conn)?, UtcTime::now());
        let (zone, stages) = (web::shop(conn)?.zone, Stages::load(conn)?);
        let markets = Markets::load(conn)?;
        let market = markets.market(order.market_id);
        let home = market.map_or(String::new(), |market| market.country.clone());
        let usual = markets.language(order.market_id, &order.language);
        let language = chosen.unwrap_or(usual);
        let Said { done, refused } = said;
        let lines = order::lines(conn, order.id)?;
        let parcels = parcel_rows(conn, order, &lines, language)?;
        let facts = facts(order, &lines, &parcels, language);
        let base = sight::seen_as(order);
        let messages = conversation::messages(conn, order.id)?;
        let files = attachments::of_order(conn, order.id)?;
        let on_page: Vec<_> = messages.iter().filter(|message| message.transport == conversation::PAGE).collect();
        let notes = conversation::notes(conn, order.id)?;
        let charges = order::charges(conn, order.id)?;
        let shipped: i64 = lines.iter().map(|line| line.shipped_quantity).sum();
        let typed = refused.as_ref().map(|refused| refused.typed.clone()).unwrap_or_default();
        let (returnable, returns) = returns_of(conn, order, &lines, &typed, language)?;
        let money = |minor: i64| if minor == 0 { String::new() } else { language.money(order.money(minor)) };
        let mut page = CustomerPage {
            shop: ShopCard::load(conn, &policy)?,
            path: link.path(),
            number: order.number,
            version: order.version,
            form_token: uuid::Uuid::new_v4().to_string(),
            headline: sight::headline(order, &stages, &facts, language),
            story: sight::story(order, &facts, language),
            steps: steps(sight::reached(base), language),
            parcels,
            returns,
            unseen: on_page
                .iter()
                .any(|message| message.direction == Direction::Out && message.state != MessageState::Read),
            sayings: on_page
                .iter()
                .map(|message| Saying {
                    is_mine: message.direction == Direction::In,
                    body: harmless(&message.body),
                    files: file_rows(&files, message.id, link, language),
                    at: language.short_when(message.created_at, now, zone),
                })
                .collect(),
            notes: notes.iter().filter(|n| n.audience == Audience::Customer).map(|n| harmless(&n.body)).collect(),
            lines: lines.iter().map(|line| line_row(order, line, language)).collect(),
            sums: sums(order, &charges, language),
            total: language.money(order.money(order.total_minor - order.cancelled_minor)),
            paid: money(order.net_minor()),
            due: facts.due.clone(),
            how_to_pay: super::how_to_pay(conn, order)?,
            credit: facts.credit.clone(),
            address: order.ship_to().map(|address| address.lines_in(&home, language)).unwrap_or_default(),
            may_address: sight::may_give_address(order),
            lacks_address: facts.lacks_address,
            may_arrive: sight::may_say_arrived(order),
            may_resume: sight::may_resume(order),
            cancel: sight::cancel(order, shipped, policy.cancelling),
            returnable,
            done: done.map(|done| done.words(language)),
            refused,
            language,
            others: market.map(|market| others(&market.spoken(), language, usual, link)).unwrap_or_default(),
            tail: chosen
                .filter(|chosen| *chosen != usual)
                .map(|_| format!("?lang={}", language.tag()))
                .unwrap_or_default(),
            typed,
        };
        if !page.is_refused("address") {
            page.fill_address(order);
        }
        Ok(page)
    }

    /// The telephone number is not shown again: whoever holds the link need not be the customer.
    fn fill_address(&mut self, order: &Order) {
        let mut known = order.ship_to().unwrap_or_default();
        known.phone.clear();
        if known.name.trim().is_empty() {
            known.name.clone_from(&order.customer_name);
        }
        self.typed.set_address("ship", &known);
    }
    /// Whether this form was refused.
    pub fn is_refused(&self, sheet: &str) -> bool {
        self.refused.as_ref().is_some_and(|refused| refused.sheet.as_str() == sheet)
    }
    /// What is wrong with a field of a form, or nothing.
    fn wrong_in(&self, sheet: &str, field: &str) -> String {
        let refused = self.refused.as_ref().filter(|_| self.is_refused(sheet));
        let wrong = refused.and_then(|refused| refused.refusal.problem(field)).unwrap_or_default();
        self.language.reword(wrong)
    }
    /// What is wrong with a form as a whole, or nothing.
    fn trouble(&self, sheet: &str) -> String {
        let refused = self.refused.as_ref().filter(|_| self.is_refused(sheet));
        refused.map_or(String::new(), |refused| self.language.reword(&refused.refusal.message))
    }
    /// A sentence of the page.
    fn t(&self, key: &str) -> String {
        self.language
            .say_with(key, &[("number", self.number.to_string().into()), ("shop", self.shop.name.as_str().into())])
    }
    /// A sentence of the page with something put in.
    fn t_with(&self, key: &str, name: &str, value: impl std::fmt::Display) -> String {
        self.language.say_with(key, &[(name, value.to_string().into())])
    }
    fn switches(&self) -> &[(Language, String)] {
        &self.others
    }
    /// A text field as it was typed, if its form was refused.
    fn kept(&self, sheet: &str, field: &str) -> &str {
        if self.is_refused(sheet) { self.typed.get(field) } else { "" }
    }
    /// A part of the address.
    fn at(&self, which: &str, part: &str) -> &str {
        self.typed.get(&format!("{which}_{part}"))
    }
    /// What is wrong with a part of the address, or nothing.
    fn wrong(&self, which: &str, part: &str) -> String {
        self.wrong_in("address", &format!("{which}_{part}"))
    }
    fn countries(&self, which: &str) -> Vec<(&'static str, &'static str, bool)> {
        let chosen = self.at(which, "country").trim();
        let all = self.language.countries().into_iter();
        all.map(|(code, name)| (code, name, code.eq_ignore_ascii_case(chosen))).collect()
    }
    /// Reasons to choose from: key, words, whether it is chosen.
    fn reasons(&self) -> [(&'static str, String, bool); 6] {
        let chosen = self.kept("returns", "reason");
        sight::REASONS.map(|(key, words)| (key, self.language.say(words), key == chosen))
    }
    fn cancels_now(&self) -> bool {
        self.cancel == Cancel::Now
    }
    fn may_cancel(&self) -> bool {
        self.cancel != Cancel::No
    }
    /// Whether anything can be asked for besides writing.
    fn may_ask(&self) -> bool {
        self.may_cancel() || !self.returnable.is_empty()
    }
}

fn facts(order: &Order, lines: &[Line], parcels: &[ParcelRow], language: Language) -> Facts {
    let ships = lines.iter().any(|line| line.requires_shipping && line.quantity > line.cancelled_quantity);
    let shown = |minor: i64| if minor > 0 { language.money(order.money(minor)) } else { String::new() };
    Facts {
        parcels: (parcels.iter().filter(|parcel| parcel.has_left).count(), parcels.len()),
        lacks_address: ships && !order.ship_to().unwrap_or_default().is_complete(),
        due: shown(order.amount_due()),
        credit: shown(order.credit_owed()),
    }
}

fn steps(reached: Option<usize>, language: Language) -> Vec<Step> {
    let Some(now) = reached else { return Vec::new() };
    let step = |(at, key): (usize, &&str)| Step { words: language.say(key), is_done: at < now, is_now: at == now };
    sight::WAY.iter().enumerate().map(step).collect()
}

/// The other languages of a market with the addresses of the page in them. The one that is usual for this customer
/// needs no word in the address.
fn others(spoken: &[Language], here: Language, usual: Language, link: &Link) -> Vec<(Language, String)> {
    let mut all = spoken.to_vec();
    if !all.contains(&usual) {
        all.push(usual);
    }
    let address = |language: Language| {
        if language == usual { link.path() } else { format!("{}?lang={}", link.path(), language.tag()) }
    };
    all.into_iter().filter(|language| *language != here).map(|language| (language, address(language))).collect()
}

fn file_rows(files: &[attachments::Attachment], message: i64, link: &Link, language: Language) -> Vec<FileRow> {
    let mut rows = FileRow::of(files, message, &link.path());
    for row in &mut rows {
        row.weight = language.decimal(&row.weight);
    }
    rows
}

fn parcel_rows(conn: &mut Conn, order: &Order, lines: &[Line], language: Language) -> Result<Vec<ParcelRow>> {
    let titles: HashMap<LineId, &str> = lines.iter().map(|line| (line.id, line.title.as_str())).collect();
    let parcels = shipment::of_order(conn, order.id)?;
    let inside = shipment::contents(conn, &parcels.iter().map(|parcel| parcel.id).collect::<Vec<_>>())?;
    let row = |parcel: &shipment::Shipment| {
        let contents: Vec<String> = inside
            .iter()
            .filter(|content| content.shipment_id == parcel.id)
            .map(|content| format!("{} × {}", content.quantity, titles.get(&content.line_id).unwrap_or(&"")))
            .collect();
        let (tone, glyph, key) = sight::parcel_words(parcel.state);
        let has_left = parcel.state.has_left();
        let shown = |text: &str| if has_left { text.to_owned() } else { String::new() };
        ParcelRow {
            contents: contents.join(", "),
            tone,
            glyph,
            words: language.say(key),
            has_left,
            carrier: shown(&parcel.carrier),
            tracking: shown(&parcel.tracking),
            link: tracking::link(&parcel.carrier, &parcel.tracking).filter(|_| has_left),
        }
    };
    Ok(parcels.iter().map(row).collect())
}

fn line_row(order: &Order, line: &Line, language: Language) -> LineRow {
    let left = line.quantity - line.cancelled_quantity;
    let units = match left {
        0 => language.say("line-out"),
        left => language.say_with("line-units", &[("units", left.to_string().into())]),
    };
    let parts = [line.variant.trim().to_owned(), units];
    LineRow {
        picture: picture(&line.picture).filter(|_| !line.picture.is_empty()),
        title: line.title.clone(),
        about: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        total: language.money(order.money(line.total_minor)),
        is_out: left == 0,
    }
}

/// How the total comes about, with what was taken out.
fn sums(order: &Order, charges: &[Charge], language: Language) -> Vec<SumRow> {
    let mut rows = parts::sums(order, charges, language);
    if order.cancelled_minor != 0 {
        let amount = language.money(order.money(-order.cancelled_minor));
        rows.push(SumRow { label: language.say("sum-taken-out"), code: String::new(), amount });
    }
    rows
}

/// What can come back, and the returns there are.
fn returns_of(
    conn: &mut Conn,
    order: &Order,
    lines: &[Line],
    typed: &Typed,
    language: Language,
) -> Result<(Vec<Returnable>, Vec<(String, String)>)> {
    let returns = returns::of_order(conn, order.id)?;
    let inside = returns::contents(conn, &returns.iter().map(|one| one.id).collect::<Vec<_>>())?;
    let typed_for = |uid: &str| {
        let at = typed.list("line").iter().position(|line| line == uid);
        at.and_then(|at| typed.list("units").get(at)).cloned().unwrap_or_default()
    };
    let mut can = Vec::new();
    for line in lines {
        let most = returns::returnable(line, &returns, &inside);
        if sight::may_return(order, most) {
            can.push(Returnable {
                uid: line.uid.clone(),
                title: line.title.clone(),
                about: line.variant.clone(),
                most,
                typed: typed_for(&line.uid),
            });
        }
    }
    let known = returns.iter().map(|one| {
        let units: Vec<String> = inside
            .iter()
            .filter(|content| content.return_id == one.id)
            .filter_map(|content| {
                let line = lines.iter().find(|line| line.id == content.line_id)?;
                Some(format!("{} × {}", content.quantity, line.title))
            })
            .collect();
        (units.join(", "), language.say(sight::return_words(one.state)))
    });
    Ok((can, known.collect()))
}
