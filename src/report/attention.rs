//! What needs somebody's attention, derived from how the orders stand and from nothing else: no list of
//! tasks is kept that could be wrong.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use super::today::of_base;
use crate::db::Conn;
use crate::db::dialect::OPEN_RETURNS;
use crate::db::dialect::{Parameter, load_written};
use crate::error::Result;
use crate::money::Currency;
use crate::order::list::Known;
use crate::time::UtcTime;
use crate::workflow::Base;

/// Orders of one kind that are read.
pub const SHOWN: usize = 25;
/// Days before an authorisation lapses from which on it is told.
const EXPIRY_DAYS: i64 = 2;

/// Why an order needs attention, the most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A refund did not go through and was not made up for since.
    RefundFailed,
    /// Paid after it was given up, and what was ordered is gone.
    PaidAfterAbandon,
    /// The promise of a bank lapses soon.
    AuthorisationExpiring,
    /// It should have left.
    Late,
    /// The customer wrote and nobody has read it.
    Unread,
    /// A message to the customer did not arrive, or nobody knows, and nothing was sent since.
    MessageFailed,
    /// Goods come back: to be agreed to, looked at or settled.
    Return,
    /// The shop owes the customer money.
    CreditOwed,
    /// Promised money of an order that was approved.
    ToCapture,
    /// It waits for the shop's approval.
    AwaitingApproval,
}

impl Why {
    /// All, the most pressing first.
    pub const ALL: [Why; 10] = [
        Why::RefundFailed,
        Why::PaidAfterAbandon,
        Why::AuthorisationExpiring,
        Why::Late,
        Why::Unread,
        Why::MessageFailed,
        Why::Return,
        Why::CreditOwed,
        Why::ToCapture,
        Why::AwaitingApproval,
    ];
    /// Its words.
    pub fn title(self) -> &'static str {
        match self {
            Why::RefundFailed => "Refund failed",
            Why::PaidAfterAbandon => "Paid too late, sold out",
            Why::AuthorisationExpiring => "Authorisation lapses soon",
            Why::Late => "Late",
            Why::Unread => "Unread message",
            Why::MessageFailed => "Message not sent",
            Why::Return => "Return to look at",
            Why::CreditOwed => "Owed to the customer",
            Why::ToCapture => "Payment to capture",
            Why::AwaitingApproval => "Waits for approval",
        }
    }
    /// Whether it tells about money.
    pub fn asks_money(self) -> bool {
        match self {
            Why::RefundFailed | Why::AuthorisationExpiring | Why::CreditOwed | Why::ToCapture => true,
            Why::PaidAfterAbandon
            | Why::Late
            | Why::Unread
            | Why::MessageFailed
            | Why::Return
            | Why::AwaitingApproval => false,
        }
    }
}

/// An order in a group.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its number.
    pub number: i64,
    /// Its customer's name.
    pub customer: String,
    /// Since when, or until when for what lapses.
    pub at: UtcTime,
    /// The amount in question, minor units of the order's currency; 0 where there is none.
    pub minor: i64,
    /// That currency.
    pub currency: Currency,
    /// Public identifier of the row of the ledger in question; empty where there is none.
    pub payment: String,
}

/// The orders that need attention for one reason, the oldest first.
#[derive(Clone, Debug)]
pub struct Group {
    /// The reason.
    pub why: Why,
    /// [`SHOWN`] of them at the most.
    pub items: Vec<Item>,
    /// Whether there are more.
    pub more: bool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    customer: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = BigInt)]
    minor: i64,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Text)]
    payment: String,
}

/// Every group that has orders. A query a reason, each bounded.
pub fn groups(conn: &mut Conn, known: &Known, money: bool) -> Result<Vec<Group>> {
    let mut groups = Vec::new();
    for why in Why::ALL.into_iter().filter(|why| money || !why.asks_money()) {
        let (text, parameters) = question(why, known);
        let rows: Vec<Row> = load_written(conn, text, parameters)?;
        let more = rows.len() > SHOWN;
        let item = |row: Row| Item {
            number: row.number,
            customer: row.customer,
            at: UtcTime(row.at),
            minor: row.minor,
            currency: Currency::parse(&row.currency).unwrap_or(known.currency()),
            payment: row.payment,
        };
        let items: Vec<Item> = rows.into_iter().take(SHOWN).map(item).collect();
        if !items.is_empty() {
            groups.push(Group { why, items, more });
        }
    }
    Ok(groups)
}

/// What the shop owes for an order: what it has beyond what the order comes to, all of it once the order
/// was stopped, without what was written off. An index holds the orders for which this is above zero.
const OWED: &str = "captured_minor - refunded_minor + written_off_minor - \
                    CASE WHEN base IN ('cancelled', 'rejected') THEN 0 ELSE total_minor - cancelled_minor END";

/// A refund that failed and waits to be tried again, as `payment::is_to_try_again` has it.
const TO_TRY_AGAIN: &str = "payments.kind = 'refund' AND payments.state = 'failed' AND NOT EXISTS \
                            (SELECT 1 FROM payments later WHERE later.order_id = payments.order_id \
                            AND later.kind = 'refund' AND ((later.retries_id = payments.id \
                            AND later.state <> 'cancelled') OR (later.retries_id IS NULL \
                            AND later.id > payments.id AND later.state IN ('pending', 'succeeded') \
                            AND COALESCE(later.parent_id, 0) = COALESCE(payments.parent_id, 0))))";

/// What is left of an authorisation, as `payment::promised` has it.
const PROMISED: &str = "CASE WHEN EXISTS (SELECT 1 FROM payments used WHERE used.order_id = payments.order_id \
                        AND used.parent_id = payments.id AND used.state = 'succeeded' \
                        AND (used.kind = 'void' OR (used.kind = 'capture' AND used.is_final))) THEN 0 \
                        ELSE payments.amount_minor - (SELECT COALESCE(SUM(used.amount_minor), 0) FROM payments used \
                        WHERE used.order_id = payments.order_id AND used.parent_id = payments.id \
                        AND used.state = 'succeeded' AND used.kind = 'capture') END";

fn question(why: Why, known: &Known) -> (String, Vec<Parameter>) {
    let mut parameters = Vec::new();
    let mut bind = |parameter: Parameter| {
        parameters.push(parameter);
        format!("${}", parameters.len())
    };
    let within = known.reach.and("orders.market_id");
    let none = "CAST(0 AS BIGINT)";
    let (at, minor, rest) = match why {
        Why::RefundFailed => (
            "payments.created_at",
            "payments.amount_minor",
            format!(
                "payments JOIN orders ON orders.id = payments.order_id \
                 WHERE base_rank < 12 AND {TO_TRY_AGAIN}{within} ORDER BY payments.id"
            ),
        ),
        Why::PaidAfterAbandon => (
            "holds.placed_at",
            none,
            format!(
                "holds JOIN orders ON orders.id = holds.order_id WHERE holds.released_at IS NULL \
                 AND holds.reason = 'paid_after_abandon_no_stock'{within} ORDER BY holds.id"
            ),
        ),
        Why::AuthorisationExpiring => {
            let now = bind(Parameter::Int(known.now.0));
            let soon = bind(Parameter::Int(known.now.plus_minutes(EXPIRY_DAYS * 1_440).0));
            let rest = format!(
                "payments JOIN orders ON orders.id = payments.order_id WHERE payments.kind = 'authorization' \
                 AND payments.state = 'succeeded' AND payments.expires_at > {now} AND payments.expires_at <= {soon} \
                 AND base_rank < 12 AND {PROMISED} > 0{within} ORDER BY payments.expires_at, payments.id"
            );
            ("payments.expires_at", PROMISED, rest)
        }
        Why::Late => {
            let now = bind(Parameter::Int(known.now.0));
            let rest = format!(
                "orders WHERE base_rank <= 5 AND due_at IS NOT NULL AND due_at < {now}{within} ORDER BY due_at, orders.id"
            );
            ("due_at", none, rest)
        }
        Why::Unread => {
            ("updated_at", none, format!("orders WHERE unread_count > 0{within} ORDER BY placed_at, orders.id"))
        }
        Why::MessageFailed => (
            "messages.created_at",
            none,
            format!(
                "messages JOIN orders ON orders.id = messages.order_id \
                 WHERE messages.state IN ('failed', 'unsure') AND base_rank < 12 AND NOT EXISTS \
                 (SELECT 1 FROM messages later WHERE later.order_id = messages.order_id AND later.id > messages.id \
                 AND later.direction = 'out' AND later.state <> 'withdrawn'){within} ORDER BY messages.id"
            ),
        ),
        Why::Return => (
            "returns.requested_at",
            none,
            format!(
                "returns JOIN orders ON orders.id = returns.order_id \
                 WHERE {}{within} ORDER BY returns.requested_at, returns.id",
                OPEN_RETURNS.0
            ),
        ),
        Why::CreditOwed => (
            "updated_at",
            OWED,
            format!("orders WHERE base_rank < 12 AND {OWED} > 0{within} ORDER BY placed_at, orders.id"),
        ),
        Why::ToCapture => (
            "stage_entered_at",
            "authorized_minor",
            format!(
                "orders WHERE authorized_minor > 0 AND base_rank < 12 AND base_rank >= 4 AND base_rank <= 7{within} \
                 ORDER BY stage_entered_at, orders.id"
            ),
        ),
        Why::AwaitingApproval => {
            let slugs: Vec<String> =
                of_base(known, &[Base::Confirmed]).into_iter().map(|slug| bind(Parameter::Text(slug))).collect();
            let rest =
                format!("orders WHERE stage IN ({}){within} ORDER BY stage_entered_at, orders.id", slugs.join(", "));
            ("stage_entered_at", none, rest)
        }
    };
    let payment = if why == Why::RefundFailed { "payments.uid" } else { "''" };
    let text = format!(
        "SELECT orders.number AS number, orders.customer_name AS customer, {at} AS at, \
         CAST({minor} AS BIGINT) AS minor, orders.currency AS currency, {payment} AS payment FROM {rest} LIMIT {}",
        SHOWN + 1
    );
    (text, parameters)
}
