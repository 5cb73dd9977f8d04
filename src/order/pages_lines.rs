//! Changing the items of a placed order: a form, a look at what would change, and doing it. Somebody
//! who comes second keeps what they typed, and what they left alone follows what is stored.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;

use super::changes::{self, ChangeSet, LineSum, Outcome, Wish};
use super::draft::{ChargeKind, DraftCharge};
use super::pages_form::{Typed, amount, problem};
use super::pages_rows::{LINE, Row, line, offered, products, rows, show_lent, without_row};
use super::pages_way::{number_of, went};
use super::{Charge, Line, Order, caption};
use crate::catalog::Product;
use crate::db::Conn;
use crate::error::{FieldProblem, Refusal, RefusalKind, Result};
use crate::moves;
use crate::moves::pages::version_of;
use crate::staff::permission::EditOrders;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, picture};

/// Fields of a line the order has.
const OLD: [&str; 5] = ["old_line", "old_quantity", "old_price", "old_discount", "old_seen"];
/// Fields of a charge the order has, and of one that comes.
const CHARGE: [&str; 6] = ["charge", "charge_to", "charge_seen", "charge_kind", "charge_label", "charge_amount"];
const OTHERS: [&str; 3] = ["version", "form_token", "do"];

fn knows(name: &str) -> bool {
    OLD.contains(&name) || LINE.contains(&name) || CHARGE.contains(&name) || OTHERS.contains(&name)
}

/// A line the order has, in the form.
#[derive(Debug)]
struct OldRow {
    uid: String,
    picture: Option<&'static str>,
    title: String,
    about: String,
    state: String,
    keeps_price: bool,
    quantity: String,
    price: String,
    discount: String,
    seen: String,
    total: String,
    now_stored: String,
}

/// A discount, carriage or fee the order has, in the form.
#[derive(Debug)]
struct ChargeRow {
    id: i64,
    name: String,
    amount: String,
    seen: String,
}

/// The page of the form.
#[derive(Template)]
#[template(path = "orders/lines.html")]
struct LinesPage {
    shell: Shell,
    number: i64,
    version: i64,
    token: String,
    currency: String,
    old: Vec<OldRow>,
    rows: Vec<Row>,
    charges: Vec<ChargeRow>,
    /// Kind, words and amount of the charge that comes, as typed.
    charge: [String; 3],
    skus: Vec<(String, String)>,
    refusal: Option<Refusal>,
    stale: String,
}

impl LinesPage {
    /// What is wrong with a field, or nothing.
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
    /// What is wrong with a field of a new row, or nothing.
    fn line_problem(&self, index: &usize, field: &str) -> &str {
        self.problem(&format!("lines.{index}.{field}"))
    }
    /// What is wrong with a charge the order has, or nothing.
    fn charge_problem(&self, index: &usize) -> &str {
        self.problem(&format!("charge.{index}"))
    }
    /// Kinds of a charge that can come: word, label, whether it is chosen.
    fn kinds(&self) -> Vec<(&'static str, &'static str, bool)> {
        let wished = ChargeKind::ALL.iter().filter(|kind| kind.is_wished());
        wished.map(|kind| (kind.as_str(), kind.label(), self.charge[0] == kind.as_str())).collect()
    }
    /// What is wrong with a field of a line the order has, or nothing.
    fn old_problem(&self, index: &usize, field: &str) -> &str {
        self.problem(&format!("old.{index}.{field}"))
    }
}

/// A changed line on the page that shows what would change.
#[derive(Debug)]
struct ChangeRow {
    title: String,
    about: String,
    word: &'static str,
    glyph: &'static str,
    before: String,
    before_total: String,
    after: String,
    after_total: String,
}

/// A total before and after.
#[derive(Debug)]
struct SumRow {
    label: String,
    before: String,
    after: String,
    changes: bool,
    is_total: bool,
}

/// The page that shows what would change.
#[derive(Template)]
#[template(path = "orders/lines_preview.html")]
struct PreviewPage {
    shell: Shell,
    number: i64,
    stage_label: String,
    fields: Vec<(String, String)>,
    changes: Vec<ChangeRow>,
    stay: i64,
    sums: Vec<SumRow>,
    money: Vec<(String, String)>,
    verdict: String,
    verdict_icon: &'static str,
}

/// A line's numbers as the form shows them.
fn shown(order: &Order, line: &Line) -> [String; 3] {
    let sum = LineSum::of(line);
    let off = if sum.discount_minor == 0 { String::new() } else { order.money(sum.discount_minor).decimal() };
    [sum.quantity.to_string(), order.money(sum.unit_minor).decimal(), off]
}

/// The place of a line in what was typed.
fn place_of(typed: &Typed, line: &Line) -> Option<usize> {
    typed.list("old_line").iter().position(|uid| *uid == line.uid)
}

/// What was typed for a line: quantity, price and discount, and what the form was filled with.
fn typed_for(typed: &Typed, place: usize) -> ([String; 3], String) {
    let field = |name: &str| typed.list(name).get(place).cloned().unwrap_or_default();
    ([field("old_quantity"), field("old_price"), field("old_discount")], field("old_seen"))
}

/// The change set that was typed, and everything that cannot be understood. A field that was left as
/// it was filled stands for what is stored now.
fn understood(
    typed: &Typed,
    order: &Order,
    (lines, charges): (&[Line], &[Charge]),
    shelf: &[Product],
) -> (ChangeSet, Vec<FieldProblem>) {
    let mut problems = Vec::new();
    let mut wishes = Vec::new();
    for (index, stored) in lines.iter().enumerate() {
        let Some(place) = place_of(typed, stored) else { continue };
        let (values, seen) = typed_for(typed, place);
        let now = shown(order, stored);
        let values = merged(&values, &seen, &now);
        if values == now {
            continue;
        }
        let at = |name: &str| format!("old.{index}.{name}");
        let quantity = match values[0].trim() {
            "" => Some(0),
            text => text.parse::<i64>().ok().filter(|units| *units >= 0),
        };
        if quantity.is_none() {
            problems.push(problem(&at("quantity"), "The quantity is a whole number; 0 takes the line out."));
        }
        if values[1].trim().is_empty() {
            problems.push(problem(&at("price"), "Enter the price of one unit; 0 for something free."));
        }
        let sum = LineSum::of(stored);
        let unit = amount(&at("price"), &values[1], order.currency, &mut problems);
        let discount = amount(&at("discount"), &values[2], order.currency, &mut problems);
        wishes.push(Wish {
            line: stored.id,
            quantity: quantity.unwrap_or(sum.quantity),
            unit_minor: unit,
            // A line that goes takes its discount with it.
            discount_minor: if quantity == Some(0) { 0 } else { discount },
        });
    }
    let added = rows(typed)
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let product = shelf.iter().find(|product| product.sku == row.sku.trim());
            line(index, row, product, order.currency, &mut problems)
        })
        .collect();
    let wished = wished_charges(typed, order, charges, &mut problems);
    let added_charges = added_charge(typed, order, &mut problems).into_iter().collect();
    (ChangeSet { wishes, added, charges: wished, added_charges }, problems)
}

/// The charges that people decide on.
fn wished(charges: &[Charge]) -> impl Iterator<Item = &Charge> {
    charges.iter().filter(|charge| charge.kind.is_wished())
}

/// The amount of a charge as the form shows it: without its sign.
fn shown_charge(order: &Order, charge: &Charge) -> String {
    order.money(charge.kind.signed(charge.amount_minor)).decimal()
}

/// What was typed for a charge, and what the form was filled with.
fn typed_charge(typed: &Typed, charge: &Charge) -> Option<(String, String)> {
    let place = typed.list("charge").iter().position(|id| *id == charge.id.to_string())?;
    let field = |name: &str| typed.list(name).get(place).cloned().unwrap_or_default();
    Some((field("charge_to"), field("charge_seen")))
}

/// What the charges of the order are to come to. One that was left as it was filled stays as it is stored.
fn wished_charges(
    typed: &Typed,
    order: &Order,
    charges: &[Charge],
    problems: &mut Vec<FieldProblem>,
) -> Vec<(i64, i64)> {
    let mut wishes = Vec::new();
    for (index, charge) in wished(charges).enumerate() {
        let Some((to, seen)) = typed_charge(typed, charge) else { continue };
        if to != seen {
            let minor = amount(&format!("charge.{index}"), &to, order.currency, problems);
            wishes.push((charge.id, charge.kind.signed(minor)));
        }
    }
    wishes
}

/// The charge that comes, if one was typed.
fn added_charge(typed: &Typed, order: &Order, problems: &mut Vec<FieldProblem>) -> Option<DraftCharge> {
    let (text, label) = (typed.trimmed("charge_amount"), typed.trimmed("charge_label"));
    if text.is_empty() && label.is_empty() {
        return None;
    }
    if label.chars().count() > 100 {
        problems.push(problem("charge_label", "This takes 100 characters at the most."));
    }
    let Some(kind) = ChargeKind::parse(typed.get("charge_kind")).filter(|kind| kind.is_wished()) else {
        problems.push(problem("charge_kind", "Choose what is added: a discount, shipping or a fee."));
        return None;
    };
    let minor = amount("charge_amount", &text, order.currency, problems);
    Some(DraftCharge { kind, label, code: String::new(), amount_minor: kind.signed(minor), rate_ppm: None })
}

/// What was typed where it differs from what the form was filled with, else what is stored now.
fn merged(values: &[String; 3], seen: &str, now: &[String; 3]) -> [String; 3] {
    let seen: Vec<&str> = seen.split('|').collect();
    std::array::from_fn(|index| {
        let untouched = seen.get(index).is_some_and(|seen| *seen == values[index]);
        if untouched { now[index].clone() } else { values[index].clone() }
    })
}

/// The form; `typed` is what somebody has typed into it already.
fn page(conn: &mut Conn, person: &Person, number: i64, typed: Option<&Typed>, more: usize) -> Result<LinesPage> {
    let order = super::find(conn, number)?;
    changes::may_change(&order)?;
    let shell = Shell::load(conn, person, Section::Orders)?;
    let (lines, charges) = (super::lines(conn, order.id)?, super::charges(conn, order.id)?);
    let nothing = Typed::default();
    let typed = typed.unwrap_or(&nothing);
    let shelf = products(conn, typed)?;
    let (wanted, _) = understood(typed, &order, (&lines, &charges), &shelf);
    let mut rows = rows(typed);
    show_lent(&mut rows, &wanted.added, &shelf, order.currency);
    rows.extend(std::iter::repeat_n(Row { quantity: "1".to_owned(), ..Row::default() }, more));
    Ok(LinesPage {
        number,
        version: order.version,
        token: match typed.get("form_token") {
            "" => shell.form_token.clone(),
            token => token.to_owned(),
        },
        currency: order.currency.code().to_owned(),
        old: lines.iter().map(|line| old_row(&order, line, typed)).collect(),
        rows,
        charges: wished(&charges).map(|charge| charge_row(&order, charge, typed)).collect(),
        charge: [typed.get("charge_kind"), typed.get("charge_label"), typed.get("charge_amount")].map(str::to_owned),
        skus: offered(conn)?,
        refusal: None,
        stale: String::new(),
        shell,
    })
}

fn charge_row(order: &Order, charge: &Charge, typed: &Typed) -> ChargeRow {
    let now = shown_charge(order, charge);
    let amount = match typed_charge(typed, charge) {
        Some((to, seen)) if to != seen => to,
        Some(_) | None => now.clone(),
    };
    ChargeRow { id: charge.id, name: charge.called(), amount, seen: now }
}

fn old_row(order: &Order, line: &Line, typed: &Typed) -> OldRow {
    let now = shown(order, line);
    let (values, now_stored) = match place_of(typed, line) {
        None => (now.clone(), String::new()),
        Some(place) => {
            let (values, seen) = typed_for(typed, place);
            let seen_parts: Vec<&str> = seen.split('|').collect();
            let moved = (0..3).any(|i| {
                seen_parts.get(i).is_some_and(|seen| *seen != now[i] && values[i] != *seen && values[i] != now[i])
            });
            let note = format!("now {} at {}", now[0], order.money(line.unit_minor));
            (merged(&values, &seen, &now), if moved { note } else { String::new() })
        }
    };
    let mut state = Vec::new();
    for (units, word) in
        [(line.packed_quantity, "packed"), (line.shipped_quantity, "sent"), (line.returned_quantity, "came back")]
    {
        if units > 0 {
            state.push(format!("{units} {word}"));
        }
    }
    let [quantity, price, discount] = values;
    OldRow {
        uid: line.uid.clone(),
        picture: picture(&line.picture).filter(|_| !line.picture.is_empty()),
        title: line.title.clone(),
        about: line.caption(),
        state: state.join(", "),
        keeps_price: line.shipped_quantity > 0,
        quantity,
        price,
        discount,
        seen: now.join("|"),
        total: order.money(LineSum::of(line).total_minor).to_string(),
        now_stored,
    }
}

/// `GET /orders/{number}/lines`
pub async fn edit(desk: Data<Desk>, path: Path<String>, staff: Staff<EditOrders>) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let page = desk.db.read(move |conn| page(conn, &person, number, None, 1)).await?;
    web::page(&page)
}

/// `POST /orders/{number}/lines`: the button `do` says what is wanted: `look` at what would change,
/// `apply` it, `line` for one more row, `remove-2` to take a new row away; anything else shows the form.
pub async fn update(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<EditOrders>,
    form: Form<Vec<(String, String)>>,
) -> Answer {
    let (number, person) = (number_of(&path)?, staff.person());
    let mut typed = Typed::read(form.0, knows)?;
    let wanted = typed.get("do").to_owned();
    let outcome = match wanted.as_str() {
        "apply" => apply(&desk, &person, number, typed.clone()).await.map(Some),
        "look" => {
            let (person, typed) = (person.clone(), typed.clone());
            match desk.db.read(move |conn| look(conn, &person, number, &typed)).await {
                Ok(page) => return web::page(&page),
                Err(error) => Err(error),
            }
        }
        _ => Ok(None),
    };
    match outcome {
        Ok(Some((location, told))) => {
            staff.toast(told);
            Ok(went(&request, &location))
        }
        Ok(None) => {
            if let Some(row) = wanted.strip_prefix("remove-").and_then(|row| row.parse().ok()) {
                without_row(&mut typed, row);
            }
            let more = usize::from(wanted == "line");
            let page = desk.db.read(move |conn| page(conn, &person, number, Some(&typed), more)).await?;
            web::page(&page)
        }
        Err(error) => {
            let (refusal, status) = web::shown_again(error)?;
            let stale = if refusal.kind == RefusalKind::Invalid { String::new() } else { refusal.message.clone() };
            let mut again = desk.db.read(move |conn| page(conn, &person, number, Some(&typed), 0)).await?;
            again.refusal = stale.is_empty().then_some(refusal);
            again.stale = stale;
            web::page_as(status, &again)
        }
    }
}

/// The change set that was typed, refused where it cannot be understood.
fn read(conn: &mut Conn, order: &Order, typed: &Typed) -> Result<ChangeSet> {
    let (lines, charges) = (super::lines(conn, order.id)?, super::charges(conn, order.id)?);
    let shelf = products(conn, typed)?;
    let (wanted, problems) = understood(typed, order, (&lines, &charges), &shelf);
    if problems.is_empty() { Ok(wanted) } else { Err(Refusal::fields("order.invalid", problems).into()) }
}

/// Applies what was previewed. A second click lands where the first one did.
async fn apply(desk: &Desk, person: &Person, number: i64, typed: Typed) -> Result<(String, String)> {
    let (actor, credential) = (person.actor(), person.credential());
    desk.db
        .write(move |tx| {
            let done = web::once(tx, &credential, typed.get("form_token"), |tx| {
                let version = version_of(typed.get("version"))?;
                let order = super::find_for_change(tx, number, Some(version))?;
                let wanted = read(tx.conn, &order, &typed)?;
                moves::edit_lines(tx, &actor, number, Some(version), &wanted)?;
                Ok(format!("/orders/{number}#payments"))
            })?;
            let order = super::find(tx.conn, number)?;
            Ok((done.location, told(&order)))
        })
        .await
}

fn told(order: &Order) -> String {
    let number = order.number;
    match (order.amount_due(), order.credit_owed()) {
        (0, 0) => format!("The items of #{number} are changed."),
        (0, owed) => {
            format!("The items of #{number} are changed. {} is owed to the customer.", order.money(owed))
        }
        (due, _) => {
            format!("The items of #{number} are changed. {} is due; record it under Payments.", order.money(due))
        }
    }
}

/// What would change.
fn look(conn: &mut Conn, person: &Person, number: i64, typed: &Typed) -> Result<PreviewPage> {
    let order = super::find(conn, number)?;
    let version = version_of(typed.get("version"))?;
    if version != order.version {
        return Err(super::stale(conn, &order, crate::time::UtcTime::now())?);
    }
    let wanted = read(conn, &order, typed)?;
    let outcome = super::preview(conn, &order, &wanted)?;
    let stages = crate::workflow::Stages::load(conn)?;
    let mut after = order.clone();
    outcome.put_into(&mut after);
    let (verdict_icon, verdict) = verdict(&order, &after);
    let lines = super::lines(conn, order.id)?;
    let money = |minor: i64| order.money(minor).to_string();
    Ok(PreviewPage {
        shell: Shell::load(conn, person, Section::Orders)?,
        number,
        stage_label: stages.label(&order.stage),
        fields: typed.pairs().filter(|(name, _)| *name != "do").map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        stay: lines.len() as i64 - outcome.changed.len() as i64,
        changes: change_rows(&order, &outcome),
        sums: sum_rows(&order, &after, &outcome),
        money: vec![
            ("Received".to_owned(), money(order.net_minor())),
            ("Due before".to_owned(), money(order.amount_due())),
            ("Due after".to_owned(), money(after.amount_due())),
        ],
        verdict,
        verdict_icon,
    })
}

fn change_rows(order: &Order, outcome: &Outcome) -> Vec<ChangeRow> {
    let money = |minor: i64| order.money(minor).to_string();
    let words = |sum: &LineSum| {
        let off = if sum.discount_minor == 0 { String::new() } else { format!(", {}", money(-sum.discount_minor)) };
        format!("{} × {}{off}", sum.quantity, money(sum.unit_minor))
    };
    let changed = outcome.changed.iter().map(|change| {
        let gone = change.after.quantity == 0;
        ChangeRow {
            title: change.line.title.clone(),
            about: change.line.caption(),
            word: if gone { "Taken out" } else { "Changed" },
            glyph: if gone { "trash" } else { "edit" },
            before: words(&change.before),
            before_total: money(change.before.total_minor),
            after: if gone { "None".to_owned() } else { words(&change.after) },
            after_total: money(change.after.total_minor),
        }
    });
    let added = outcome.added.iter().map(|line| {
        let sum = LineSum {
            quantity: line.quantity,
            unit_minor: line.unit_minor,
            discount_minor: line.discount_minor,
            total_minor: line.unit_minor * line.quantity - line.discount_minor,
        };
        ChangeRow {
            title: line.title.clone(),
            about: caption(&line.variant, &line.sku),
            word: "Added",
            glyph: "plus",
            before: "None".to_owned(),
            before_total: money(0),
            after: words(&sum),
            after_total: money(sum.total_minor),
        }
    });
    let charges = outcome.told_charges.iter().map(|(name, before, after)| {
        let (word, glyph) = match (before, after) {
            (None, _) => ("Added", "plus"),
            (Some(_), 0) => ("Taken out", "trash"),
            (Some(_), _) => ("Changed", "edit"),
        };
        ChangeRow {
            title: name.clone(),
            about: String::new(),
            word,
            glyph,
            before: before.map_or("None".to_owned(), money),
            before_total: String::new(),
            after: if *after == 0 { "None".to_owned() } else { money(*after) },
            after_total: String::new(),
        }
    });
    changed.chain(added).chain(charges).collect()
}

fn sum_rows(order: &Order, after: &Order, outcome: &Outcome) -> Vec<SumRow> {
    let (old, new) = (&outcome.before, &outcome.after);
    let tax = if order.tax_included { "Tax, included" } else { "Tax" };
    let rows = [
        ("Subtotal", old.subtotal_minor, new.subtotal_minor),
        ("Discount on the order", -old.discount_minor, -new.discount_minor),
        ("Shipping", old.shipping_minor, new.shipping_minor),
        ("Fees", old.fees_minor, new.fees_minor),
        (tax, old.tax_minor, new.tax_minor),
        ("Taken out earlier", -order.cancelled_minor, -after.cancelled_minor),
        ("Total", old.total_minor - order.cancelled_minor, new.total_minor - after.cancelled_minor),
    ];
    rows.into_iter()
        .filter(|(label, before, after)| matches!(*label, "Subtotal" | "Total") || *before != 0 || *after != 0)
        .map(|(label, before, after)| SumRow {
            label: label.to_owned(),
            before: order.money(before).to_string(),
            after: order.money(after).to_string(),
            changes: before != after,
            is_total: label == "Total",
        })
        .collect()
}

/// What becomes due or owed, in one sentence.
fn verdict(before: &Order, after: &Order) -> (&'static str, String) {
    let money = |minor: i64| before.money(minor).to_string();
    let (due, owed) = (after.amount_due(), after.credit_owed());
    let authorised = if after.authorized_minor > 0 && due > after.authorized_minor {
        format!(" The authorisation covers {} of it.", money(after.authorized_minor))
    } else {
        String::new()
    };
    match (due, owed) {
        (0, 0) => ("circle-check", "Nothing is due and nothing is owed.".to_owned()),
        (0, owed) => (
            "receipt-refund",
            format!(
                "{} will be owed to the customer. Nothing is given back by this; refund it afterwards.",
                money(owed)
            ),
        ),
        (due, _) => (
            "cash",
            format!(
                "{} will be due. Nothing is charged by this; record the payment afterwards.{authorised}",
                money(due)
            ),
        ),
    }
}
