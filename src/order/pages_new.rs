//! An order made by hand: on the telephone, at the counter. Every button works without scripting; the
//! running sum is the same page's, asked for as one types.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono_tz::Tz;

use super::pages_form::{Typed, country_choices, is_party, problem};
use super::pages_rows::{LINE, Row, line, offered, products, rows, show_lent, without_row};
use super::pages_way::went;
use super::totals::{Totals, add_up, tax_of};
use super::{ChargeKind, Draft, DraftCharge, draft};
use crate::address::Address;
use crate::catalog::Product;
use crate::conversation::{self, Audience};
use crate::db::Conn;
use crate::error::{FieldProblem, Refusal, RefusalKind, Result};
use crate::ids::ChannelId;
use crate::market::{ChannelKind, Market, Markets};
use crate::money::Money;
use crate::moves;
use crate::payment;
use crate::payment::method::Methods;
use crate::staff::permission::EditOrders;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell};

const TEXTS: [&str; 12] = [
    "shipping",
    "discount",
    "discount_code",
    "tax_rate",
    "tax_included",
    "note",
    "tags",
    "channel",
    "form_token",
    "do",
    "seen_currency",
    "back",
];
/// Rows that an empty form begins with.
const FIRST_ROWS: usize = 2;

/// The sum below the items.
#[derive(Clone, Debug, Default)]
struct Sum {
    subtotal: String,
    discount: String,
    shipping: String,
    tax: String,
    tax_included: bool,
    total: String,
}

/// The page of the form.
#[derive(Template)]
#[template(path = "orders/new.html", blocks = ["sum"])]
struct NewPage {
    shell: Shell,
    typed: Typed,
    rows: Vec<Row>,
    sum: Sum,
    currency: String,
    channels: Vec<(i64, String, bool)>,
    skus: Vec<(String, String)>,
    ways: Methods,
    refusal: Option<Refusal>,
}

impl NewPage {
    /// What is wrong with a field, or nothing.
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// What is wrong with a field of a row, or nothing.
    fn line_problem(&self, index: &usize, field: &str) -> &str {
        self.problem(&format!("lines.{index}.{field}"))
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
    TEXTS.contains(&name) || LINE.contains(&name) || is_party(name)
}

fn empty(market: &Market, token: &str) -> Typed {
    let mut typed = Typed::default();
    typed.set("ship_country", market.country.clone());
    typed.set("bill_same", "1");
    typed.set("tax_included", if market.tax_included { "1" } else { "" });
    typed.set("form_token", token);
    typed
}

/// The order that the form describes, as far as it can be understood, and everything that is wrong.
fn understood(typed: &Typed, markets: &Markets, products: &[Product], zone: Tz) -> Result<(Draft, Vec<FieldProblem>)> {
    let channel = channel_of(typed, markets);
    let market = market_of(channel, markets)?;
    let mut problems = Vec::new();
    if channel.is_none() {
        problems.push(problem("channel", "Choose where the order came from."));
    }
    let mut new = Draft::new(market.id, channel.unwrap_or(ChannelId(0)), market.currency);
    new.tax_included = typed.get("tax_included") == "1";
    for (index, row) in rows(typed).iter().enumerate() {
        let product = products.iter().find(|product| product.sku == row.sku.trim());
        new.lines.push(line(index, row, product, market.currency, &mut problems));
    }
    let party = typed.party(zone, &mut problems);
    let mut ship = party.ship_to;
    let nothing_but_country = Address { country: String::new(), ..ship.clone() }.is_empty();
    if ship.name.is_empty() && ship.company.is_empty() && !nothing_but_country {
        ship.name.clone_from(&party.customer_name);
    }
    new.ship_to = (!nothing_but_country).then_some(ship);
    new.bill_to = party.bill_to;
    new.customer_name = party.customer_name;
    new.email = party.email;
    new.phone = party.phone;
    new.language = party.language;
    new.shipping_method = party.shipping_method;
    new.payment_method = party.payment_method;
    new.customer_note = party.customer_note;
    new.gift = party.gift;
    new.gift_message = party.gift_message;
    new.due_at = party.due_at;
    new.tags = typed.tags();
    new.charges = charges(typed, &new, &mut problems);
    if let Err(error) = draft::check(&new) {
        let found = error.refusal().map(|refusal| refusal.fields.clone()).unwrap_or_default();
        problems.extend(
            found.into_iter().filter(|new| !problems.iter().any(|known| known.field == new.field)).collect::<Vec<_>>(),
        );
    }
    Ok((new, problems))
}

/// The market of a channel; the first one while none is chosen.
fn market_of(channel: Option<ChannelId>, markets: &Markets) -> Result<&Market> {
    let of = channel.and_then(|id| markets.channel(id)).and_then(|channel| markets.market(channel.market_id));
    of.map_or_else(|| markets.home(), Ok)
}

fn channel_of(typed: &Typed, markets: &Markets) -> Option<ChannelId> {
    match typed.get("channel") {
        "" => {
            let by_hand = markets.channels.iter().find(|channel| channel.kind == ChannelKind::Manual);
            by_hand.or(markets.channels.first()).map(|channel| channel.id)
        }
        text => text.parse().ok().map(ChannelId).filter(|id| markets.channel(*id).is_some()),
    }
}

fn charges(typed: &Typed, new: &Draft, problems: &mut Vec<FieldProblem>) -> Vec<DraftCharge> {
    let currency = new.currency;
    let charge = |kind, label: &str, code: &str, amount_minor| DraftCharge {
        kind,
        label: label.to_owned(),
        code: code.to_owned(),
        amount_minor,
        rate_ppm: None,
    };
    let mut charges = Vec::new();
    let code = typed.trimmed("discount_code");
    let discount = typed.amount("discount", currency, problems);
    if code.chars().count() > 100 {
        problems.push(problem("discount_code", "This takes 100 characters at the most."));
    }
    if discount > 0 {
        charges.push(charge(ChargeKind::Discount, "", &code, -discount));
    }
    let shipping = typed.amount("shipping", currency, problems);
    if shipping > 0 || !new.shipping_method.is_empty() {
        charges.push(charge(ChargeKind::Shipping, &new.shipping_method, "", shipping));
    }
    if let Some(rate_ppm) = rate(typed, problems) {
        let goods: i64 = new.lines.iter().map(|l| l.unit_minor.saturating_mul(l.quantity) - l.discount_minor).sum();
        let taxed = (goods - discount + shipping).max(0);
        let label = format!("Tax {} %", typed.trimmed("tax_rate").trim_end_matches('%').trim());
        let tax = tax_of(taxed, rate_ppm, new.tax_included);
        charges.push(DraftCharge { rate_ppm: Some(rate_ppm), ..charge(ChargeKind::Tax, &label, "", tax) });
    }
    charges
}

/// The tax rate in parts per million, typed in per cent.
fn rate(typed: &Typed, problems: &mut Vec<FieldProblem>) -> Option<i64> {
    let text = typed.trimmed("tax_rate").trim_end_matches('%').trim().replace(',', ".");
    if text.is_empty() {
        return None;
    }
    let (whole, places) = text.split_once('.').unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = !whole.is_empty() && whole.len() <= 2 && places.len() <= 4 && digits(whole) && digits(places);
    let read = format!("{whole}{places:0<4}").parse::<i64>().ok().filter(|_| fits);
    if read.is_none() {
        problems.push(problem("tax_rate", "Enter the rate in per cent, such as 21 or 5.5."));
    }
    read
}

fn sum_of(new: &Draft) -> Sum {
    let Totals { subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor, .. } = add_up(new);
    let money = |minor: i64| Money::new(minor, new.currency).to_string();
    let unless_zero = |minor: i64, text: String| if minor == 0 { String::new() } else { text };
    Sum {
        subtotal: money(subtotal_minor),
        discount: unless_zero(discount_minor, money(-discount_minor)),
        shipping: unless_zero(shipping_minor, money(shipping_minor)),
        tax: unless_zero(tax_minor, money(tax_minor)),
        tax_included: new.tax_included,
        total: money(total_minor),
    }
}

/// The form with what was typed. `more` empty rows are added below.
fn page(conn: &mut Conn, person: &Person, typed: Option<Typed>, more: usize) -> Result<NewPage> {
    let shell = Shell::load(conn, person, Section::NewOrder)?;
    let markets = Markets::load(conn)?.within(&person.reach);
    let typed = match typed {
        Some(typed) => typed,
        None => empty(markets.home()?, &shell.form_token),
    };
    let chosen = channel_of(&typed, &markets);
    let market = market_of(chosen, &markets)?;
    let shelf = products(conn, &typed)?;
    let (new, _) = understood(&typed, &markets, &shelf, shell.shop.zone)?;
    let mut rows = rows(&typed);
    show_lent(&mut rows, &new.lines, &shelf, new.currency);
    let blank = if rows.is_empty() { FIRST_ROWS.max(more) } else { more };
    rows.extend(std::iter::repeat_n(Row { quantity: "1".to_owned(), ..Row::default() }, blank));
    Ok(NewPage {
        ways: payment::methods(conn)?,
        sum: sum_of(&new),
        rows,
        currency: market.currency.code().to_owned(),
        channels: markets.channels.iter().map(|c| (c.id.0, c.name.clone(), Some(c.id) == chosen)).collect(),
        skus: offered(conn)?,
        refusal: None,
        typed,
        shell,
    })
}

/// `GET /orders/new`
pub async fn new(desk: Data<Desk>, staff: Staff<EditOrders>) -> Answer {
    let person = staff.person();
    let page = desk.db.read(move |conn| page(conn, &person, None, FIRST_ROWS)).await?;
    web::page(&page)
}

/// `POST /orders/new`: the button `do` says what is wanted: `place`, `line` for one more row,
/// `remove-2` to take a row away; anything else adds up again.
pub async fn create(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<EditOrders>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let mut typed = Typed::read(form.0, knows)?;
    let person = staff.person();
    let wanted = typed.get("do").to_owned();
    if wanted != "place" {
        if let Some(row) = wanted.strip_prefix("remove-").and_then(|row| row.parse().ok()) {
            without_row(&mut typed, row);
        }
        let more = usize::from(wanted == "line");
        let page = desk.db.read(move |conn| page(conn, &person, Some(typed), more)).await?;
        if web::wants_fragment(&request) {
            return web::page(&page.as_sum());
        }
        return web::page(&page);
    }
    match place(&desk, &person, typed.clone()).await {
        Ok(location) => {
            staff.toast("The order is placed.");
            Ok(went(&request, &location))
        }
        Err(error) => {
            let refusal = error.refusal().filter(|refusal| refusal.kind == RefusalKind::Invalid).cloned();
            let Some(refusal) = refusal else { return Err(error.into()) };
            shown_again(&desk, person, typed, refusal).await
        }
    }
}

async fn shown_again(
    desk: &Desk,
    person: Person,
    typed: Typed,
    refusal: Refusal,
) -> Result<HttpResponse, web::Problem> {
    let mut again = desk.db.read(move |conn| page(conn, &person, Some(typed), 0)).await?;
    again.refusal = Some(refusal);
    web::page_as(StatusCode::BAD_REQUEST, &again)
}

/// Places the order; a second click lands on the same one.
async fn place(desk: &Desk, person: &Person, typed: Typed) -> Result<String> {
    let (actor, credential, reach) = (person.actor(), person.credential(), person.reach.clone());
    desk.db
        .write(move |tx| {
            let zone = web::shop(tx.conn)?.zone;
            let shelf = products(tx.conn, &typed)?;
            let (new, mut problems) = understood(&typed, &Markets::load(tx.conn)?.within(&reach), &shelf, zone)?;
            let note = typed.trimmed("note");
            if note.chars().count() > conversation::LONGEST_NOTE {
                problems.push(problem("note", "A note takes 10,000 characters at the most."));
            }
            if !problems.is_empty() {
                return Err(Refusal::fields("order.invalid", problems).into());
            }
            let done = web::once(tx, &credential, typed.get("form_token"), |tx| {
                let order = moves::place(tx, &actor, &new)?.order;
                if !note.is_empty() {
                    conversation::write_note(tx, &actor, order.number, Audience::Internal, &note)?;
                }
                Ok(format!("/orders/{}", order.number))
            })?;
            Ok(done.location)
        })
        .await
}
