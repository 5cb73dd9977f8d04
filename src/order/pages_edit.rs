//! Correcting what an order says about its customer and delivery. The form knows what it was filled
//! with, so that only what this person changed is written and nobody's work is overwritten.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono_tz::Tz;

use super::pages_form::{ADDRESS, PARTY, Typed, country_choices, is_party, local_field, problem};
use super::pages_way::{number_of, way_back, went};
use super::{Correction, Order, draft};
use crate::db::Conn;
use crate::error::{FieldProblem, Refusal, RefusalKind, Result};
use crate::language::Language;
use crate::market::Markets;
use crate::moves;
use crate::moves::pages::version_of;
use crate::payment;
use crate::payment::method::Methods;
use crate::staff::permission::EditOrders;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell};

const OTHERS: [&str; 3] = ["version", "back", "seen"];

/// The page of the form.
#[derive(Template)]
#[template(path = "orders/edit.html")]
struct EditPage {
    shell: Shell,
    number: i64,
    version: i64,
    back: String,
    seen: String,
    typed: Typed,
    ways: Methods,
    refusal: Option<Refusal>,
    stale: String,
    now_stored: Vec<(String, String)>,
    is_away: bool,
    /// Tag and name of each language of the market, and the one the customer asked for.
    languages: Vec<(String, String)>,
}

impl EditPage {
    /// What is wrong with a field, or nothing.
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// A part of an address as typed.
    fn at(&self, which: &str, part: &str) -> &str {
        self.typed.get(&format!("{which}_{part}"))
    }
    /// What is wrong with a part of an address, or nothing.
    fn wrong(&self, which: &str, part: &str) -> &str {
        self.problem(&format!("{which}_{part}"))
    }
    fn methods(&self) -> Vec<(String, String, bool)> {
        self.ways.choices(self.typed.get("payment_method"))
    }
    fn countries(&self, which: &str) -> Vec<(&'static str, &'static str, bool)> {
        country_choices(self.typed.get(&format!("{which}_country")))
    }
}

fn knows(name: &str) -> bool {
    OTHERS.contains(&name) || is_party(name)
}

/// The form as an order fills it.
fn filled(order: &Order, zone: Tz) -> Typed {
    let mut typed = Typed::default();
    let texts = [
        &order.customer_name,
        &order.email,
        &order.phone,
        &order.shipping_method,
        &order.payment_method,
        &order.customer_note,
        &order.gift_message,
    ];
    for (name, text) in PARTY.iter().zip(texts) {
        typed.set(name, text.clone());
    }
    typed.set_address("ship", &order.ship_to().unwrap_or_default());
    let bill = order.bill_to();
    if bill.is_none() {
        typed.set("bill_same", "1");
    }
    typed.set_address("bill", &bill.unwrap_or_default());
    if order.gift {
        typed.set("gift", "1");
    }
    typed.set("language", order.language.clone());
    typed.set("due", order.due_at.map(|at| local_field(at, zone)).unwrap_or_default());
    typed
}

/// The names of everything that can be corrected.
fn names() -> Vec<String> {
    let of = |which: &str| ADDRESS.iter().map(|part| format!("{which}_{part}")).collect::<Vec<_>>();
    PARTY.iter().map(|name| (*name).to_owned()).chain(of("ship")).chain(of("bill")).collect()
}

/// What the form was filled with, to be sent along.
fn remember(typed: &Typed) -> Result<String> {
    let pairs: Vec<(String, &str)> = names()
        .into_iter()
        .map(|name| {
            let value = typed.get(&name);
            (name, value)
        })
        .collect();
    Ok(serde_json::to_string(&pairs)?)
}

/// Puts what this person left as it was back to what is stored now. Returns the names of fields that
/// both they and somebody else changed.
fn merge(typed: &mut Typed, stored: &Typed) -> Vec<String> {
    let Ok(seen) = serde_json::from_str::<Vec<(String, String)>>(typed.get("seen")) else { return Vec::new() };
    let mut both = Vec::new();
    for (name, seen) in seen.iter().filter(|(name, _)| knows(name)) {
        let untouched = typed.get(name) == seen;
        if untouched {
            typed.set(name, stored.get(name));
        } else if stored.get(name) != seen && stored.get(name) != typed.get(name) {
            both.push(name.clone());
        }
    }
    both
}

fn understood(typed: &Typed, order: &Order, zone: Tz) -> Result<Correction> {
    let mut problems: Vec<FieldProblem> = Vec::new();
    let party = typed.party(zone, &mut problems);
    let email = &party.email;
    if !email.is_empty() && *email != order.email && !draft::looks_like_email(email) {
        problems.push(problem("email", "This is not an e-mail address. Correct it or leave it empty."));
    }
    if !problems.is_empty() {
        return Err(Refusal::fields("order.invalid", problems).into());
    }
    // A field of minutes cannot hold the seconds of a stored time.
    let due_kept = order.due_at.map(|at| local_field(at, zone)).unwrap_or_default() == typed.get("due");
    Ok(Correction {
        customer_name: Some(party.customer_name),
        email: Some(party.email).filter(|email| *email != order.email),
        phone: Some(party.phone),
        language: typed.has("language").then_some(party.language),
        ship_to: (party.ship_to != order.ship_to().unwrap_or_default()).then_some(party.ship_to),
        bill_to: Some(party.bill_to),
        shipping_method: Some(party.shipping_method),
        payment_method: Some(party.payment_method),
        customer_note: Some(party.customer_note),
        gift: Some(party.gift),
        gift_message: Some(party.gift_message),
        due_at: (!due_kept).then_some(party.due_at),
        custom: None,
    })
}

fn page(conn: &mut Conn, person: &Person, number: i64, back: String, typed: Option<Typed>) -> Result<EditPage> {
    let order = super::find(conn, number)?;
    let shell = Shell::load(conn, person, Section::Orders)?;
    let stored = filled(&order, shell.shop.zone);
    let seen = remember(&stored)?;
    let mut now_stored = Vec::new();
    let typed = match typed {
        None => stored,
        Some(mut typed) => {
            for name in merge(&mut typed, &stored) {
                now_stored.push((name.replace('_', " "), stored.get(&name).to_owned()));
            }
            typed
        }
    };
    Ok(EditPage {
        ways: payment::methods(conn)?,
        number,
        version: order.version,
        back,
        seen,
        typed,
        refusal: None,
        stale: String::new(),
        now_stored,
        languages: languages(conn, &order)?,
        is_away: order.fulfilment_status >= super::FulfilmentStatus::Shipped,
        shell,
    })
}

fn languages(conn: &mut Conn, order: &Order) -> Result<Vec<(String, String)>> {
    let markets = Markets::load(conn)?;
    let mut tags: Vec<&str> = markets.market(order.market_id).into_iter().flat_map(|market| market.tongues()).collect();
    if !order.language.is_empty() && !tags.contains(&order.language.as_str()) {
        tags.push(&order.language);
    }
    let name = |tag: &str| Language::find(tag).map_or_else(|| tag.to_owned(), |spoken| spoken.own_name().to_owned());
    Ok(tags.into_iter().map(|tag| (tag.to_owned(), name(tag))).collect())
}

/// `GET /orders/{number}/edit`
pub async fn edit(desk: Data<Desk>, path: Path<String>, staff: Staff<EditOrders>) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let back = format!("/orders/{number}");
    let page = desk.db.read(move |conn| page(conn, &person, number, back, None)).await?;
    web::page(&page)
}

/// `POST /orders/{number}/edit`
pub async fn update(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<EditOrders>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let typed = Typed::read(form.0, knows)?;
    let back = way_back(typed.get("back"), number);
    let (actor, sent) = (person.actor(), typed.clone());
    let outcome = desk
        .db
        .write(move |tx| {
            let version = version_of(sent.get("version"))?;
            let zone = web::shop(tx.conn)?.zone;
            let order = super::find_for_change(tx, number, Some(version))?;
            moves::correct(tx, &actor, number, Some(version), &understood(&sent, &order, zone)?)
        })
        .await;
    let error = match outcome {
        Ok(order) => {
            let saved = order.version.to_string() != typed.get("version");
            staff.toast(if saved { format!("#{number} is corrected.") } else { "Nothing was changed.".to_owned() });
            return Ok(went(&request, &back));
        }
        Err(error) => error,
    };
    let (refusal, status) = web::shown_again(error)?;
    let stale = if refusal.kind == RefusalKind::Invalid { String::new() } else { refusal.message.clone() };
    let mut again = desk.db.read(move |conn| page(conn, &person, number, back, Some(typed))).await?;
    again.refusal = stale.is_empty().then_some(refusal);
    again.stale = stale;
    web::page_as(status, &again)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Typed {
        let mut typed = Typed::default();
        for (name, value) in pairs {
            typed.set(name, *value);
        }
        typed
    }

    #[test]
    fn only_what_a_person_changed_is_theirs() {
        let seen = typed(&[("phone", "1"), ("email", "a@b.example"), ("customer_name", "Ada")]);
        let stored = typed(&[("phone", "2"), ("email", "a@b.example"), ("customer_name", "Grace")]);
        let mut mine = typed(&[("phone", "1"), ("email", "new@b.example"), ("customer_name", "Ada L.")]);
        mine.set("seen", remember(&seen).expect("json"));
        assert_eq!(merge(&mut mine, &stored), ["customer_name"]);
        assert_eq!((mine.get("phone"), mine.get("email")), ("2", "new@b.example"));
        assert_eq!(mine.get("customer_name"), "Ada L.");
    }
}
