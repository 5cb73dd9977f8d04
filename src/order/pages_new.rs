//! An order made by hand: on the telephone, at the counter. Every button works without scripting; the
//! running sum is the same page's, asked for as one types.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono_tz::Tz;

use super::pages_form::{ADDRESS, Typed, amount, country_choices, problem};
use super::pages_show::went;
use super::totals::{Totals, add_up, tax_of};
use super::{ChargeKind, Draft, DraftCharge, DraftLine, draft};
use crate::catalog::{self, Product};
use crate::conversation::{self, Audience};
use crate::db::Conn;
use crate::error::{FieldProblem, Refusal, RefusalKind, Result};
use crate::ids::ChannelId;
use crate::market::{ChannelKind, Market, Markets};
use crate::money::{Currency, Money};
use crate::moves;
use crate::payment::method;
use crate::staff::permission::EditOrders;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell};

const TEXTS: [&str; 22] = [
    "customer_name",
    "email",
    "phone",
    "shipping_method",
    "shipping",
    "discount",
    "discount_code",
    "tax_rate",
    "tax_included",
    "payment_method",
    "customer_note",
    "gift",
    "gift_message",
    "note",
    "tags",
    "due",
    "channel",
    "bill_same",
    "form_token",
    "do",
    "seen_currency",
    "back",
];
const LINE: [&str; 6] = ["line_title", "line_sku", "line_variant", "line_quantity", "line_price", "line_discount"];
/// Products offered by their SKU while somebody types.
const OFFERED: i64 = 200;
/// Rows that an empty form begins with.
const FIRST_ROWS: usize = 2;

/// A row of the items as typed.
#[derive(Clone, Debug, Default)]
struct Row {
    title: String,
    sku: String,
    variant: String,
    quantity: String,
    price: String,
    discount: String,
    total: String,
}

impl Row {
    fn is_empty(&self) -> bool {
        [&self.title, &self.sku, &self.variant, &self.price, &self.discount].iter().all(|text| text.trim().is_empty())
    }
}

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
        method::choices(self.typed.get("payment_method"))
    }
    fn countries(&self, which: &str) -> Vec<(&'static str, &'static str, bool)> {
        country_choices(self.typed.get(&format!("{which}_country")))
    }
}

fn knows(name: &str) -> bool {
    let part = name.strip_prefix("ship_").or_else(|| name.strip_prefix("bill_"));
    TEXTS.contains(&name) || LINE.contains(&name) || part.is_some_and(|part| ADDRESS.contains(&part))
}

fn empty(market: &Market, token: &str) -> Typed {
    let mut typed = Typed::default();
    typed.set("ship_country", market.country.clone());
    typed.set("bill_same", "1");
    typed.set("tax_included", if market.tax_included { "1" } else { "" });
    typed.set("form_token", token);
    typed
}

/// The rows that say something, in their order.
fn rows(typed: &Typed) -> Vec<Row> {
    let field = |name: &str, index: usize| typed.list(name).get(index).cloned().unwrap_or_default();
    (0..typed.list("line_title").len())
        .map(|index| Row {
            title: field("line_title", index),
            sku: field("line_sku", index),
            variant: field("line_variant", index),
            quantity: field("line_quantity", index),
            price: field("line_price", index),
            discount: field("line_discount", index),
            total: String::new(),
        })
        .filter(|row| !row.is_empty())
        .collect()
}

/// The order that the form describes, as far as it can be understood, and everything that is wrong.
fn understood(typed: &Typed, markets: &Markets, products: &[Product], zone: Tz) -> Result<(Draft, Vec<FieldProblem>)> {
    let market = markets.home()?;
    let mut problems = Vec::new();
    let channel = channel_of(typed, markets);
    if channel.is_none() {
        problems.push(problem("channel", "Choose where the order came from."));
    }
    let mut new = Draft::new(market.id, channel.unwrap_or(ChannelId(0)), market.currency);
    new.tax_included = typed.get("tax_included") == "1";
    for (index, row) in rows(typed).iter().enumerate() {
        let product = products.iter().find(|product| product.sku == row.sku.trim());
        new.lines.push(line(index, row, product, market.currency, &mut problems));
    }
    new.customer_name = typed.trimmed("customer_name");
    new.email = typed.trimmed("email");
    new.phone = typed.trimmed("phone");
    let mut ship = typed.address("ship", &mut problems);
    let nothing_but_country =
        ADDRESS.iter().filter(|part| **part != "country").all(|part| typed.trimmed(&format!("ship_{part}")).is_empty());
    if ship.name.is_empty() && ship.company.is_empty() && !nothing_but_country {
        ship.name = new.customer_name.clone();
    }
    new.ship_to = (!nothing_but_country).then_some(ship);
    let bill = typed.address("bill", &mut problems);
    new.bill_to = (typed.get("bill_same") != "1" && !bill.is_empty()).then_some(bill);
    new.shipping_method = typed.trimmed("shipping_method");
    new.payment_method = typed.trimmed("payment_method");
    new.customer_note = typed.trimmed("customer_note");
    new.gift = typed.get("gift") == "1";
    new.gift_message = typed.trimmed("gift_message");
    new.tags = typed.tags();
    new.due_at = typed.time("due", zone, &mut problems);
    new.charges = charges(typed, &new, &mut problems);
    if let Err(error) = draft::check(&new) {
        let found = error.refusal().map(|refusal| refusal.fields.clone()).unwrap_or_default();
        problems.extend(
            found.into_iter().filter(|new| !problems.iter().any(|known| known.field == new.field)).collect::<Vec<_>>(),
        );
    }
    Ok((new, problems))
}

fn channel_of(typed: &Typed, markets: &Markets) -> Option<ChannelId> {
    match typed.get("channel") {
        "" => markets.channels.iter().find(|channel| channel.kind == ChannelKind::Manual).map(|channel| channel.id),
        text => text.parse().ok().map(ChannelId).filter(|id| markets.channel(*id).is_some()),
    }
}

/// A line as typed. What was left empty comes from the product with its SKU, if there is one.
fn line(
    index: usize,
    row: &Row,
    product: Option<&Product>,
    currency: Currency,
    problems: &mut Vec<FieldProblem>,
) -> DraftLine {
    let at = |name: &str| format!("lines.{index}.{name}");
    let quantity = match row.quantity.trim() {
        "" => Some(1),
        text => text.parse::<i64>().ok().filter(|units| *units >= 1),
    };
    if quantity.is_none() {
        problems.push(problem(&at("quantity"), "The quantity is a whole number of at least 1."));
    }
    let unit_minor = match (row.price.trim(), product) {
        ("", Some(product)) => product.price_minor,
        ("", None) => {
            problems.push(problem(&at("price"), "Enter the price of one unit; 0 for something free."));
            0
        }
        (text, _) => amount(&at("price"), text, currency, problems),
    };
    let discount_minor = amount(&at("discount"), &row.discount, currency, problems);
    let quantity = quantity.unwrap_or(1).min(draft::MOST_UNITS + 1);
    if discount_minor > unit_minor.saturating_mul(quantity) {
        problems.push(problem(&at("discount"), "The discount is larger than the line."));
    }
    let or = |typed: &str, known: fn(&Product) -> &String| match (typed.trim(), product) {
        ("", Some(product)) => known(product).clone(),
        (text, _) => text.to_owned(),
    };
    DraftLine {
        product: product.map(|product| product.id),
        sku: row.sku.trim().to_owned(),
        title: or(&row.title, |product| &product.title),
        variant: or(&row.variant, |product| &product.variant),
        picture: product.map(|product| product.picture.clone()).unwrap_or_default(),
        bin: product.map(|product| product.bin.clone()).unwrap_or_default(),
        grams: product.map_or(0, |product| product.grams),
        quantity,
        unit_minor,
        discount_minor,
        ..DraftLine::default()
    }
}

/// The products that the typed SKUs name.
fn products(conn: &mut Conn, typed: &Typed) -> Result<Vec<Product>> {
    let mut skus: Vec<String> = typed.list("line_sku").iter().map(|sku| sku.trim().to_owned()).collect();
    skus.retain(|sku| !sku.is_empty());
    skus.sort();
    skus.dedup();
    catalog::find_by_skus(conn, &skus)
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
    let Totals { subtotal_minor, discount_minor, shipping_minor, tax_minor, total_minor } = add_up(new);
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
    let markets = Markets::load(conn)?;
    let market = markets.home()?;
    let typed = typed.unwrap_or_else(|| empty(market, &shell.form_token));
    let shelf = products(conn, &typed)?;
    let (new, _) = understood(&typed, &markets, &shelf, shell.shop.zone)?;
    let offered = catalog::offered(conn, OFFERED)?;
    let mut rows = rows(&typed);
    for (row, line) in rows.iter_mut().zip(&new.lines) {
        let minor = line.unit_minor.saturating_mul(line.quantity) - line.discount_minor;
        row.total = Money::new(minor, new.currency).to_string();
        if shelf.iter().any(|product| product.sku == line.sku) {
            // What the product lent is shown, so that it can be corrected.
            row.title.clone_from(&line.title);
            row.variant.clone_from(&line.variant);
            if row.price.trim().is_empty() {
                row.price = Money::new(line.unit_minor, new.currency).decimal();
            }
        }
    }
    let blank = if rows.is_empty() { FIRST_ROWS.max(more) } else { more };
    rows.extend(std::iter::repeat_n(Row { quantity: "1".to_owned(), ..Row::default() }, blank));
    let chosen = channel_of(&typed, &markets);
    Ok(NewPage {
        sum: sum_of(&new),
        rows,
        currency: market.currency.code().to_owned(),
        channels: markets.channels.iter().map(|c| (c.id.0, c.name.clone(), Some(c.id) == chosen)).collect(),
        skus: offered
            .into_iter()
            .map(|(sku, title, variant)| (sku, if variant.is_empty() { title } else { format!("{title}, {variant}") }))
            .collect(),
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

/// Takes one row away from what was typed.
fn without_row(typed: &mut Typed, gone: usize) {
    for name in LINE {
        let mut values = typed.list(name).to_vec();
        if gone < values.len() {
            values.remove(gone);
        }
        typed.set_list(name, values);
    }
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
    let (actor, credential) = (person.actor(), person.credential());
    desk.db
        .write(move |tx| {
            let zone = web::shop(tx.conn)?.zone;
            let shelf = products(tx.conn, &typed)?;
            let (new, mut problems) = understood(&typed, &Markets::load(tx.conn)?, &shelf, zone)?;
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
