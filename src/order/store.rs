//! All SQL for orders, their lines, charges and tags.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::customers::{CustomerHistory, CustomerSum};
use super::draft::{Draft, DraftCharge, DraftLine};
use super::{Charge, FulfilmentStatus, Line, Order, PaymentStatus, status, totals};
use crate::db::dialect::{self, Fixed, Kept, Parameter};
use crate::db::schema::{counters, notes, order_charges, order_lines, order_tags, orders, shipments};
use crate::db::{self, Conn, Tx};
use crate::error::Result;
use crate::ids::{ChannelId, CustomerId, MarketId, OrderId, new_uid};
use crate::money::Currency;
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::workflow::Base;
use crate::{load_by_keys, on_each_database};

/// What is written for a new order.
#[derive(Debug, Insertable)]
#[diesel(table_name = orders)]
#[diesel(treat_none_as_null = true)]
pub struct NewOrder {
    /// Public identifier.
    pub uid: String,
    /// Number.
    pub number: i64,
    market_id: MarketId,
    channel_id: ChannelId,
    cart_id: Option<String>,
    source_ref: Option<String>,
    stage: String,
    base: Base,
    base_rank: i64,
    stage_entered_at: UtcTime,
    payment_status: PaymentStatus,
    payment_sort: i64,
    payment_method: String,
    fulfilment_status: FulfilmentStatus,
    currency: Currency,
    subtotal_minor: i64,
    discount_minor: i64,
    shipping_minor: i64,
    tax_minor: i64,
    tax_included: bool,
    total_minor: i64,
    customer_id: Option<CustomerId>,
    customer_name: String,
    customer_sort: String,
    email: String,
    phone: String,
    ship_address: Option<String>,
    bill_address: Option<String>,
    ship_city: String,
    ship_country: String,
    shipping_method: String,
    unit_count: i64,
    gift: bool,
    gift_message: String,
    customer_note: String,
    tags: String,
    due_at: Option<UtcTime>,
    /// When it counts as abandoned; never, if not given.
    pub(super) abandon_at: Option<UtcTime>,
    placed_at: UtcTime,
    created_at: UtcTime,
    updated_at: UtcTime,
    user_ref: String,
    custom: String,
    language: String,
}

impl NewOrder {
    /// A checked draft as a row: Placed, nothing paid, nothing packed.
    pub fn from_draft(
        draft: &Draft,
        number: i64,
        stage: String,
        customer: Option<CustomerId>,
        now: UtcTime,
    ) -> Result<Self> {
        let totals = totals::add_up(draft);
        let placed_at = draft.placed_at.unwrap_or(now);
        let payment_status = status::Balance::default().status(totals.total_minor, totals.total_minor);
        let ships = draft.lines.iter().any(|line| !line.digital && line.quantity > 0);
        let fulfilment = if ships { FulfilmentStatus::Unfulfilled } else { FulfilmentStatus::NotRequired };
        let ship_to = draft.ship_to.as_ref();
        let json = |address: Option<&crate::address::Address>| address.map(serde_json::to_string).transpose();
        let mut tags: Vec<String> = Vec::new();
        for tag in draft.tags.iter().map(|tag| tag.split_whitespace().collect::<Vec<_>>().join(" ")) {
            if !tag.is_empty() && !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
                tags.push(tag);
            }
        }
        Ok(NewOrder {
            uid: new_uid(),
            number,
            market_id: draft.market,
            channel_id: draft.channel,
            cart_id: draft.cart_id.clone(),
            source_ref: draft.source_ref.clone(),
            stage,
            base: Base::Placed,
            base_rank: Base::Placed.rank(),
            stage_entered_at: placed_at,
            payment_status,
            payment_sort: status::payment_sort(payment_status, None, placed_at),
            payment_method: draft.payment_method.trim().to_owned(),
            fulfilment_status: fulfilment,
            currency: draft.currency,
            subtotal_minor: totals.subtotal_minor,
            discount_minor: totals.discount_minor,
            shipping_minor: totals.shipping_minor,
            tax_minor: totals.tax_minor,
            tax_included: draft.tax_included,
            total_minor: totals.total_minor,
            customer_id: customer,
            customer_name: draft.customer_name.trim().to_owned(),
            customer_sort: crate::words::sort_key(&draft.customer_name),
            email: draft.email.trim().to_owned(),
            phone: draft.phone.trim().to_owned(),
            ship_address: json(ship_to)?,
            bill_address: json(draft.bill_to.as_ref())?,
            ship_city: ship_to.map(|a| a.city.clone()).unwrap_or_default(),
            ship_country: ship_to.map(|a| a.country.clone()).unwrap_or_default(),
            shipping_method: draft.shipping_method.trim().to_owned(),
            unit_count: draft.lines.iter().map(|line| line.quantity).sum(),
            gift: draft.gift,
            gift_message: draft.gift_message.clone(),
            customer_note: draft.customer_note.clone(),
            tags: tags.join("\n"),
            due_at: draft.due_at,
            abandon_at: None,
            placed_at,
            created_at: now,
            updated_at: now,
            user_ref: draft.user_ref.trim().to_owned(),
            custom: draft.custom.clone(),
            language: draft.language.clone(),
        })
    }
}

/// Texts of other tables that search knows an order by.
#[derive(Debug)]
pub struct Indexed {
    /// SKU, title and variant of each line.
    pub lines: Vec<(String, String, String)>,
    /// Tracking numbers.
    pub tracking: Vec<String>,
    /// Notes.
    pub notes: Vec<String>,
}

pub(super) fn by_number(conn: &mut Conn, number: i64) -> Result<Option<Order>> {
    let asked = orders::table.filter(orders::number.eq(number));
    Ok(on_each_database!(conn, conn => asked.first(conn)).optional()?)
}

pub(super) fn by_uid(conn: &mut Conn, uid: &str) -> Result<Option<Order>> {
    let asked = orders::table.filter(orders::uid.eq(uid));
    Ok(on_each_database!(conn, conn => asked.first(conn)).optional()?)
}

pub(super) fn by_numbers(conn: &mut Conn, numbers: &[i64]) -> Result<Vec<Order>> {
    let mut found: Vec<Order> = load_by_keys!(conn, orders::number, numbers.to_vec(), are => orders::table.filter(are));
    let place: std::collections::HashMap<i64, usize> = numbers.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    found.sort_by_key(|order| place.get(&order.number).copied());
    Ok(found)
}

/// In no order.
pub(super) fn by_ids(conn: &mut Conn, ids: &[i64]) -> Result<Vec<Order>> {
    Ok(load_by_keys!(conn, orders::id, ids.to_vec(), are => orders::table.filter(are)))
}

pub(super) fn numbers_of(conn: &mut Conn, ids: &[i64]) -> Result<Vec<(OrderId, i64, MarketId)>> {
    let parts = (orders::id, orders::number, orders::market_id);
    Ok(load_by_keys!(conn, orders::id, ids.to_vec(), are => orders::table.filter(are).select(parts)))
}

pub(super) fn by_id(conn: &mut Conn, id: OrderId) -> Result<Option<Order>> {
    let asked = orders::table.find(id.0);
    Ok(on_each_database!(conn, conn => asked.first(conn)).optional()?)
}

pub(super) fn history_of_customer(
    conn: &mut Conn,
    reach: &Reach,
    customer: CustomerId,
) -> Result<(i64, Option<UtcTime>)> {
    Ok(orders::table
        .filter(orders::customer_id.eq(customer.0))
        .filter(sql::<Bool>(&reach.holds("orders.market_id")))
        .select((diesel::dsl::count_star(), diesel::dsl::min(orders::placed_at)))
        .first(conn)?)
}

pub(super) fn of_customer(conn: &mut Conn, reach: &Reach, customer: CustomerId, limit: i64) -> Result<Vec<Order>> {
    Ok(orders::table
        .filter(orders::customer_id.eq(customer.0))
        .filter(sql::<Bool>(&reach.holds("orders.market_id")))
        .order((orders::placed_at.desc(), orders::id.desc()))
        .limit(limit)
        .load(conn)?)
}

pub(super) fn sums_of_customer(conn: &mut Conn, reach: &Reach, customer: CustomerId) -> Result<Vec<CustomerSum>> {
    #[derive(diesel::QueryableByName)]
    struct Sum {
        #[diesel(sql_type = diesel::sql_types::Text)]
        currency: Currency,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        orders: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        ordered_minor: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        paid_minor: i64,
    }
    let stopped = "base IN ('cancelled', 'rejected') OR COALESCE(resume_base, '') IN ('cancelled', 'rejected')";
    let sql = format!(
        "SELECT currency, COUNT(*) AS orders, \
         CAST(SUM(CASE WHEN {stopped} THEN 0 ELSE total_minor - cancelled_minor END) AS BIGINT) AS ordered_minor, \
         CAST(SUM(captured_minor - refunded_minor) AS BIGINT) AS paid_minor \
         FROM orders WHERE customer_id = $1{} GROUP BY currency ORDER BY currency",
        reach.and("market_id")
    );
    let found = dialect::load_written::<Sum>(conn, sql, vec![Parameter::Int(customer.0)])?;
    Ok(found
        .into_iter()
        .map(|sum| CustomerSum {
            currency: sum.currency,
            orders: sum.orders,
            ordered_minor: sum.ordered_minor,
            paid_minor: sum.paid_minor,
        })
        .collect())
}

pub(super) fn histories_of_customers(
    conn: &mut Conn,
    reach: &Reach,
    customers: &[CustomerId],
    currency: Currency,
) -> Result<Vec<CustomerHistory>> {
    #[derive(diesel::QueryableByName)]
    struct History {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        customer_id: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        orders: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        paid_minor: i64,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        first_at: UtcTime,
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        last_at: UtcTime,
    }
    if customers.is_empty() {
        return Ok(Vec::new());
    }
    // Keys are numbers, so nothing is bound.
    let keys: Vec<String> = customers.iter().map(|customer| customer.0.to_string()).collect();
    let sql = format!(
        "SELECT customer_id, COUNT(*) AS orders, \
         CAST(SUM(CASE WHEN currency = $1 THEN captured_minor - refunded_minor ELSE 0 END) AS BIGINT) AS paid_minor, \
         MIN(placed_at) AS first_at, MAX(placed_at) AS last_at \
         FROM orders WHERE customer_id IN ({}){} GROUP BY customer_id",
        keys.join(", "),
        reach.and("market_id")
    );
    let found = dialect::load_written::<History>(conn, sql, vec![Parameter::Text(currency.code().to_owned())])?;
    let history = |found: History| CustomerHistory {
        customer: CustomerId(found.customer_id),
        orders: found.orders,
        paid_minor: found.paid_minor,
        first_at: found.first_at,
        last_at: found.last_at,
    };
    Ok(found.into_iter().map(history).collect())
}

/// Gives the orders of one customer to another; answers how many.
pub(super) fn repoint(tx: &mut Tx<'_>, from: CustomerId, to: CustomerId) -> Result<i64> {
    let moved = diesel::update(orders::table.filter(orders::customer_id.eq(from.0)))
        .set(orders::customer_id.eq(Some(to.0)))
        .execute(tx.conn)?;
    Ok(moved as i64)
}

pub(super) fn by_source(conn: &mut Conn, channel: ChannelId, source: &str) -> Result<Option<Order>> {
    let asked = orders::table.filter(orders::channel_id.eq(channel.0).and(orders::source_ref.eq(source)));
    Ok(on_each_database!(conn, conn => asked.first(conn)).optional()?)
}

pub(super) fn by_live_cart(conn: &mut Conn, channel: ChannelId, cart: &str) -> Result<Option<Order>> {
    let live = Fixed("base NOT IN ('cancelled', 'rejected', 'abandoned', 'archived')");
    let asked = orders::table.filter(orders::channel_id.eq(channel.0).and(orders::cart_id.eq(cart))).filter(live);
    // Hardly ever is there one, and the row is wide.
    let key: Option<i64> = on_each_database!(&mut *conn, conn => asked.select(orders::id).first(conn)).optional()?;
    key.map_or(Ok(None), |key| by_id(conn, OrderId(key)))
}

pub(super) fn lines(conn: &mut Conn, of: &[OrderId]) -> Result<Vec<Line>> {
    let keys: Vec<i64> = of.iter().map(|id| id.0).collect();
    let by_place = (order_lines::order_id.asc(), order_lines::position.asc());
    Ok(load_by_keys!(conn, order_lines::order_id, keys, are => order_lines::table.filter(are).order(by_place)))
}

pub(super) fn charges(conn: &mut Conn, of: &[OrderId]) -> Result<Vec<Charge>> {
    let keys: Vec<i64> = of.iter().map(|id| id.0).collect();
    let by_place = (order_charges::order_id.asc(), order_charges::position.asc());
    Ok(load_by_keys!(conn, order_charges::order_id, keys, are => order_charges::table.filter(are).order(by_place)))
}

pub(super) fn last_number(conn: &mut Conn) -> Result<i64> {
    Ok(counters::table.find("order_number").select(counters::value).first(conn)?)
}

pub(super) fn next_number(tx: &mut Tx<'_>) -> Result<i64> {
    let next = diesel::update(counters::table.find("order_number"))
        .set(counters::value.eq(counters::value + 1))
        .returning(counters::value);
    Ok(on_each_database!(tx.conn, conn => Kept(next).get_result(conn))?)
}

pub(super) fn insert(tx: &mut Tx<'_>, new: &NewOrder) -> Result<Order> {
    let written = diesel::insert_into(orders::table).values(new).returning(orders::all_columns);
    Ok(on_each_database!(tx.conn, conn => written.get_result(conn))?)
}

pub(super) fn insert_line(tx: &mut Tx<'_>, order: OrderId, position: i64, line: &DraftLine) -> Result<Line> {
    db::forget::<Vec<Line>>();
    let written = diesel::insert_into(order_lines::table)
        .values((
            order_lines::uid.eq(new_uid()),
            order_lines::order_id.eq(order.0),
            order_lines::position.eq(position),
            order_lines::product_id.eq(line.product.map(|id| id.0)),
            order_lines::sku.eq(&line.sku),
            order_lines::title.eq(&line.title),
            order_lines::variant.eq(&line.variant),
            order_lines::picture.eq(&line.picture),
            order_lines::bin.eq(&line.bin),
            order_lines::properties.eq(&line.properties),
            order_lines::quantity.eq(line.quantity),
            order_lines::unit_minor.eq(line.unit_minor),
            order_lines::discount_minor.eq(line.discount_minor),
            order_lines::tax_minor.eq(line.tax_minor),
            order_lines::total_minor.eq(line.unit_minor * line.quantity - line.discount_minor),
            order_lines::grams.eq(line.grams),
            order_lines::requires_shipping.eq(!line.digital),
        ))
        .returning(order_lines::all_columns);
    Ok(on_each_database!(tx.conn, conn => written.get_result(conn))?)
}

pub(super) fn insert_charge(tx: &mut Tx<'_>, order: OrderId, position: i64, charge: &DraftCharge) -> Result<()> {
    let written = diesel::insert_into(order_charges::table).values((
        order_charges::order_id.eq(order.0),
        order_charges::position.eq(position),
        order_charges::kind.eq(charge.kind),
        order_charges::label.eq(&charge.label),
        order_charges::code.eq(&charge.code),
        order_charges::amount_minor.eq(charge.amount_minor),
        order_charges::rate_ppm.eq(charge.rate_ppm),
    ));
    on_each_database!(tx.conn, conn => written.execute(conn))?;
    Ok(())
}

pub(super) fn replace_tags(tx: &mut Tx<'_>, order: OrderId, tags: &[String]) -> Result<()> {
    diesel::delete(order_tags::table.filter(order_tags::order_id.eq(order.0))).execute(tx.conn)?;
    for tag in tags {
        diesel::insert_into(order_tags::table)
            .values((order_tags::order_id.eq(order.0), order_tags::tag.eq(tag)))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub(super) fn save_state(tx: &mut Tx<'_>, order: &Order) -> Result<usize> {
    let written =
        diesel::update(orders::table.filter(orders::id.eq(order.id.0).and(orders::version.eq(order.version)))).set((
            orders::stage.eq(&order.stage),
            orders::base.eq(order.base),
            orders::base_rank.eq(order.base_rank),
            orders::resume_stage.eq(&order.resume_stage),
            orders::resume_base.eq(order.resume_base),
            orders::stage_entered_at.eq(order.stage_entered_at),
            orders::payment_status.eq(order.payment_status),
            orders::payment_sort.eq(order.payment_sort),
            orders::payment_method.eq(&order.payment_method),
            orders::fulfilment_status.eq(order.fulfilment_status),
            orders::subtotal_minor.eq(order.subtotal_minor),
            orders::discount_minor.eq(order.discount_minor),
            orders::shipping_minor.eq(order.shipping_minor),
            orders::tax_minor.eq(order.tax_minor),
            orders::total_minor.eq(order.total_minor),
            orders::unit_count.eq(order.unit_count),
            orders::cancelled_minor.eq(order.cancelled_minor),
            orders::authorized_minor.eq(order.authorized_minor),
            orders::captured_minor.eq(order.captured_minor),
            orders::refunded_minor.eq(order.refunded_minor),
            orders::written_off_minor.eq(order.written_off_minor),
            orders::paid_at.eq(order.paid_at),
            orders::abandon_at.eq(order.abandon_at),
            orders::updated_at.eq(order.updated_at),
            orders::version.eq(order.version + 1),
        ));
    Ok(on_each_database!(tx.conn, conn => Kept(written).execute(conn))?)
}

pub(super) fn save_facts(tx: &mut Tx<'_>, order: &Order) -> Result<usize> {
    Ok(diesel::update(orders::table.filter(orders::id.eq(order.id.0).and(orders::version.eq(order.version))))
        .set((
            orders::customer_name.eq(&order.customer_name),
            orders::customer_sort.eq(&order.customer_sort),
            orders::email.eq(&order.email),
            orders::phone.eq(&order.phone),
            orders::ship_address.eq(&order.ship_address),
            orders::bill_address.eq(&order.bill_address),
            orders::ship_city.eq(&order.ship_city),
            orders::ship_country.eq(&order.ship_country),
            orders::shipping_method.eq(&order.shipping_method),
            orders::payment_method.eq(&order.payment_method),
            orders::gift.eq(order.gift),
            orders::gift_message.eq(&order.gift_message),
            orders::customer_note.eq(&order.customer_note),
            orders::language.eq(&order.language),
            orders::custom.eq(&order.custom),
            orders::user_ref.eq(&order.user_ref),
            orders::tags.eq(&order.tags),
            orders::assignee_id.eq(order.assignee_id.map(|id| id.0)),
            orders::due_at.eq(order.due_at),
            orders::updated_at.eq(order.updated_at),
            orders::version.eq(order.version + 1),
        ))
        .execute(tx.conn)?)
}

pub(super) fn save_quantities(tx: &mut Tx<'_>, line: &Line) -> Result<()> {
    diesel::update(order_lines::table.find(line.id.0))
        .set((
            order_lines::cancelled_quantity.eq(line.cancelled_quantity),
            order_lines::packed_quantity.eq(line.packed_quantity),
            order_lines::shipped_quantity.eq(line.shipped_quantity),
            order_lines::returned_quantity.eq(line.returned_quantity),
        ))
        .execute(tx.conn)?;
    db::amend_of(line.order_id, |known: &mut Vec<Line>| {
        for known in known.iter_mut().filter(|known| known.id == line.id) {
            known.cancelled_quantity = line.cancelled_quantity;
            known.packed_quantity = line.packed_quantity;
            known.shipped_quantity = line.shipped_quantity;
            known.returned_quantity = line.returned_quantity;
        }
    });
    Ok(())
}

pub(super) fn save_line(tx: &mut Tx<'_>, line: &Line) -> Result<()> {
    db::forget::<Vec<Line>>();
    diesel::update(order_lines::table.find(line.id.0))
        .set((
            order_lines::quantity.eq(line.quantity),
            order_lines::cancelled_quantity.eq(line.cancelled_quantity),
            order_lines::unit_minor.eq(line.unit_minor),
            order_lines::discount_minor.eq(line.discount_minor),
            order_lines::tax_minor.eq(line.tax_minor),
            order_lines::total_minor.eq(line.total_minor),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn save_charge(tx: &mut Tx<'_>, charge: &Charge) -> Result<()> {
    diesel::update(order_charges::table.find(charge.id))
        .set(order_charges::amount_minor.eq(charge.amount_minor))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn count_print(tx: &mut Tx<'_>, order: OrderId) -> Result<i64> {
    Ok(diesel::update(orders::table.find(order.0))
        .set((orders::print_count.eq(orders::print_count + 1), orders::printed_at.eq(tx.now)))
        .returning(orders::print_count)
        .get_result(tx.conn)?)
}

pub(super) fn count_talk(tx: &mut Tx<'_>, order: OrderId, notes: i64, messages: i64, unread: i64) -> Result<()> {
    diesel::update(orders::table.find(order.0))
        .set((
            orders::note_count.eq(orders::note_count + notes),
            orders::message_count.eq(orders::message_count + messages),
            orders::unread_count.eq(orders::unread_count + unread),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn set_talk(
    tx: &mut Tx<'_>,
    order: OrderId,
    talked_at: Option<UtcTime>,
    asked_at: Option<UtcTime>,
) -> Result<()> {
    diesel::update(orders::table.find(order.0))
        .set((orders::talked_at.eq(talked_at), orders::asked_at.eq(asked_at)))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn searchable(conn: &mut Conn, order: OrderId) -> Result<Indexed> {
    Ok(Indexed {
        lines: order_lines::table
            .filter(order_lines::order_id.eq(order.0))
            .select((order_lines::sku, order_lines::title, order_lines::variant))
            .load(conn)?,
        tracking: shipments::table
            .filter(shipments::order_id.eq(order.0).and(shipments::tracking.ne("")))
            .select(shipments::tracking)
            .load(conn)?,
        notes: notes::table
            .filter(notes::order_id.eq(order.0).and(notes::deleted_at.is_null()))
            .select(notes::body)
            .load(conn)?,
    })
}
