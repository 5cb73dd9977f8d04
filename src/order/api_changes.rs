//! Changing what a placed order holds and costs: items, discount, shipping, fees; looked at first if wanted.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::api::{self, OrderJson};
use super::api_draft::lines_of;
use super::api_new::NewItem;
use super::changes::{ChangeSet, LineSum, Wish};
use super::draft::{ChargeKind, DraftCharge};
use super::totals::Totals;
use super::{Charge, Order};
use crate::api::{Amount, Body, Decimal, Reply};
use crate::db::Tx;
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::market::Markets;
use crate::moves;
use crate::order;
use crate::staff::permission::EditOrders;
use crate::staff::{Permission, Program};
use crate::web::Answer;

/// What a line becomes. What is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ItemChange {
    /// The line.
    #[schema(format = Uuid)]
    pub line_id: String,
    /// Units that stay; zero takes the line out.
    #[serde(default, deserialize_with = "crate::api::whole_or_none")]
    #[schema(minimum = 0, maximum = 1000000)]
    pub quantity: Option<i64>,
    /// Price of a unit.
    pub price: Option<Decimal>,
    /// Taken off the whole line.
    pub discount: Option<Decimal>,
}

/// What an order becomes. What is left out stays; taxes follow by themselves.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChanges {
    /// Lines it has.
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub items: Vec<ItemChange>,
    /// Lines it gets.
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub add: Vec<NewItem>,
    /// What the discounts on the whole order come to together, as an amount above zero.
    pub discount: Option<Decimal>,
    /// What shipping comes to.
    pub shipping: Option<Decimal>,
    /// What the fees come to together.
    pub fees: Option<Decimal>,
    /// Whether it is only looked at: what would be, with nothing changed.
    #[serde(default)]
    pub dry_run: bool,
}

/// The parts of a total.
#[derive(Serialize, ToSchema)]
pub struct OrderSums {
    /// Lines after their own discounts.
    pub subtotal: Amount,
    /// Taken off the whole order.
    pub discount: Amount,
    /// Shipping.
    pub shipping: Amount,
    /// Tax, included or on top.
    pub tax: Amount,
    /// What the order comes to.
    pub total: Amount,
}

/// What came of changing an order, or would.
#[derive(Serialize, ToSchema)]
pub struct OrderChanged {
    /// Whether it was only looked at.
    pub dry_run: bool,
    /// Sums before.
    pub before: OrderSums,
    /// Sums after.
    pub after: OrderSums,
    /// What is due then. Nothing is charged by changing an order.
    pub amount_due: Amount,
    /// What is owed to the customer then. Nothing is given back by changing an order.
    pub credit_owed: Amount,
    /// The order: as it was changed, or as it is.
    pub order: OrderJson,
}

/// The change set that is asked for, with every mistake told at once.
fn understood(tx: &mut Tx<'_>, order: &Order, value: &NewChanges) -> Result<ChangeSet> {
    let mut problems = Vec::new();
    let lines = order::lines(tx.conn, order.id)?;
    let charges = order::charges(tx.conn, order.id)?;
    let mut wishes: Vec<Wish> = Vec::new();
    for (at, item) in value.items.iter().enumerate() {
        let mut problem = |message: &str| {
            let field = format!("items.{at}.line_id");
            problems.push(FieldProblem { field, message: message.to_owned() });
        };
        let Some(line) = lines.iter().find(|line| line.uid == item.line_id) else {
            problem("The order has no such line.");
            continue;
        };
        if wishes.iter().any(|wish| wish.line == line.id) {
            problem("This line is named twice. Name it once.");
            continue;
        }
        let now = LineSum::of(line);
        let mut amount = |given: &Option<Decimal>, name: &str, stays: i64| match given {
            None => stays,
            Some(given) => read(given, order, &format!("items.{at}.{name}"), &mut problems),
        };
        let unit_minor = amount(&item.price, "price", now.unit_minor);
        let discount_minor = amount(&item.discount, "discount", now.discount_minor);
        let quantity = item.quantity.unwrap_or(now.quantity);
        let discount_minor = if quantity == 0 { 0 } else { discount_minor };
        wishes.push(Wish { line: line.id, quantity, unit_minor, discount_minor });
    }
    let markets = Markets::load(tx.conn)?;
    let market = match markets.market(order.market_id) {
        Some(market) => market,
        None => markets.home()?,
    };
    let mut wrong = Vec::new();
    let added = lines_of(tx.conn, &value.add, market, order.currency, &mut wrong)?;
    problems.extend(
        wrong
            .into_iter()
            .map(|problem| FieldProblem { field: problem.field.replacen("items", "add", 1), message: problem.message }),
    );
    let mut set = ChangeSet { wishes, added, ..ChangeSet::default() };
    for (kind, amount, field) in [
        (ChargeKind::Discount, &value.discount, "discount"),
        (ChargeKind::Shipping, &value.shipping, "shipping"),
        (ChargeKind::Fee, &value.fees, "fees"),
    ] {
        if let Some(amount) = amount {
            let minor = read(amount, order, field, &mut problems);
            wish_charge(&mut set, &charges, kind, minor);
        }
    }
    if problems.is_empty() { Ok(set) } else { Err(Refusal::fields("order.invalid", problems).into()) }
}

fn read(amount: &Decimal, order: &Order, field: &str, problems: &mut Vec<FieldProblem>) -> i64 {
    amount.positive_minor(order.currency, field).unwrap_or_else(|wrong| {
        problems.push(wrong);
        0
    })
}

/// Wishes that the charges of a kind come to an amount together: the first takes it all, one is added where
/// there is none.
fn wish_charge(set: &mut ChangeSet, charges: &[Charge], kind: ChargeKind, minor: i64) {
    let mut own = charges.iter().filter(|charge| charge.kind == kind);
    match own.next() {
        Some(first) => {
            set.charges.push((first.id, kind.signed(minor)));
            set.charges.extend(own.map(|other| (other.id, 0)));
        }
        None if minor > 0 => set.added_charges.push(DraftCharge {
            kind,
            label: String::new(),
            code: String::new(),
            amount_minor: kind.signed(minor),
            rate_ppm: None,
        }),
        None => {}
    }
}

/// The names of fields as programs know them: lines by their place in the order become items by their place
/// in the request.
fn in_words(error: Error, tx: &mut Tx<'_>, order: &Order, value: &NewChanges) -> Error {
    let Error::Refused(mut refusal) = error else { return error };
    let lines = match order::lines(tx.conn, order.id) {
        Ok(lines) => lines,
        Err(error) => return error,
    };
    for problem in &mut refusal.fields {
        let parts: Vec<&str> = problem.field.split('.').collect();
        problem.field = match parts.as_slice() {
            ["old", place, part] => {
                let line = place.parse().ok().and_then(|place: usize| lines.get(place));
                let at = value.items.iter().position(|item| line.is_some_and(|line| line.uid == item.line_id));
                format!("items.{}.{part}", at.unwrap_or_default())
            }
            ["lines", place, part] => format!("add.{place}.{}", if *part == "title" { "name" } else { part }),
            ["lines"] => "add".to_owned(),
            ["charges"] => "discount".to_owned(),
            _ => problem.field.clone(),
        };
    }
    Error::Refused(refusal)
}

/// Change items, discount, shipping and fees
///
/// All of it together or nothing. With `dry_run` it answers what would be. Units that are packed or have left stay, and
/// so does the stage. Nothing is charged and nothing is given back: the answer says what becomes due or owed.
#[utoipa::path(
    post, path = "/api/orders/{order_id}/changes", operation_id = "change_order", tag = "Changing orders",
    params(("order_id" = String, Path, example = "ORD10468")), request_body = NewChanges,
    responses((status = 200, description = "What it came to", body = OrderChanged), (status = 409, description = "Not possible in this stage")),
)]
pub async fn create(program: Program<EditOrders>, id: Path<String>, body: Body<NewChanges>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let order = api::find_for_change(tx, caller, &id)?;
            let wanted = understood(tx, &order, &value)?;
            let outcome =
                order::preview(tx.conn, &order, &wanted).map_err(|error| in_words(error, tx, &order, &value))?;
            let mut after = order.clone();
            if value.dry_run {
                outcome.put_into(&mut after);
            } else {
                after = moves::edit_lines(tx, caller.actor(), order.number, None, &wanted)?;
            }
            let shown = if value.dry_run { &order } else { &after };
            let money = caller.may(Permission::ViewMoney);
            let amount = |minor: i64| Amount::minor(minor, order.currency, money);
            let sums = |totals: &Totals| OrderSums {
                subtotal: amount(totals.subtotal_minor),
                discount: amount(totals.discount_minor),
                shipping: amount(totals.shipping_minor),
                tax: amount(totals.tax_minor),
                total: amount(totals.total_minor),
            };
            let body = OrderChanged {
                dry_run: value.dry_run,
                before: sums(&outcome.before),
                after: sums(&outcome.after),
                amount_due: amount(after.amount_due()),
                credit_owed: amount(after.credit_owed()),
                order: api::represent(tx.conn, caller, shown)?,
            };
            Ok(Reply::ok(&body)?.version(shown.version))
        })
        .await
}
