//! `/attention`: everything that waits for a decision, in one list.

use actix_web::web::Data;
use askama::Template;

use super::attention::{self, Group, Why};
use crate::db::Conn;
use crate::error::Result;
use crate::money::Money;
use crate::order::pages_list;
use crate::staff::permission::ViewOrders;
use crate::staff::{Permission, Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Section, Shell};
use crate::whatsapp;

struct Heap {
    id: &'static str,
    icon: &'static str,
    title: &'static str,
    hint: &'static str,
    count: String,
    /// The list of all of them, where a filter finds them.
    all: &'static str,
    items: Vec<Line>,
}

struct Line {
    number: i64,
    customer: String,
    at: UtcTime,
    amount: String,
    /// Address of the form that tries a failed refund again; empty where there is none.
    again: String,
}

#[derive(Template)]
#[template(path = "attention.html")]
struct Attention {
    shell: Shell,
    heaps: Vec<Heap>,
    /// People who wrote by WhatsApp and have no order.
    strangers: usize,
}

/// `GET /attention`
pub async fn show(desk: Data<Desk>, staff: Staff<ViewOrders>) -> Answer {
    let person = staff.person();
    let page = desk.db.read(move |conn| load(conn, &person)).await?;
    web::page(&page)
}

fn load(conn: &mut Conn, person: &Person) -> Result<Attention> {
    let shell = Shell::load(conn, person, Section::Attention)?;
    let known = pages_list::known(conn, person, shell.now)?;
    let groups = attention::groups(conn, &known, person.may(Permission::ViewMoney))?;
    let may_refund = person.may(Permission::RefundPayments);
    let strangers = match person.may(Permission::ViewContact) && person.reach.is_everywhere() {
        true => whatsapp::senders(conn)?.len(),
        false => 0,
    };
    Ok(Attention { strangers, heaps: groups.into_iter().map(|group| heap(group, may_refund)).collect(), shell })
}

fn heap(group: Group, may_refund: bool) -> Heap {
    let title = group.why.title();
    let (id, icon, hint, all) = match group.why {
        Why::RefundFailed => {
            ("refunds", "alert-triangle", "The money is still here. Try again or give it back another way.", "")
        }
        Why::PaidAfterAbandon => (
            "sold-out",
            "alert-triangle",
            "The payment came after the order was given up, and the goods are gone.",
            "/orders?hold=paid_after_abandon_no_stock",
        ),
        Why::AuthorisationExpiring => ("expiring", "clock", "Capture it in time, or ask for it again.", ""),
        Why::Late => ("late", "clock", "The time by which it should have left has passed.", "/orders?due=late"),
        Why::Unread => ("unread", "message-circle", "The customer wrote and nobody has read it.", "/orders?unread=yes"),
        Why::MessageFailed => {
            ("messages", "message-circle", "A message to the customer failed, or nobody knows whether it arrived.", "")
        }
        Why::Return => {
            ("returns", "arrow-back-up", "Goods come back: agree to it, look at them or close it.", "/returns")
        }
        Why::CreditOwed => ("owed", "receipt-refund", "More was received than the order comes to.", ""),
        Why::ToCapture => ("capture", "cash", "Approved, and the money is only promised.", ""),
        Why::AwaitingApproval => ("approval", "check", "Complete and not approved yet.", "/orders?stage=confirmed"),
    };
    let line = |item: attention::Item| Line {
        again: match item.payment.as_str() {
            failed if may_refund && !failed.is_empty() => {
                format!("/orders/{}/refunds/new?again={failed}", item.number)
            }
            _ => String::new(),
        },
        number: item.number,
        customer: item.customer,
        at: item.at,
        amount: if item.minor > 0 { Money::new(item.minor, item.currency).to_string() } else { String::new() },
    };
    let shown = group.items.len();
    Heap {
        id,
        icon,
        title,
        hint,
        count: if group.more { format!("{shown}+") } else { shown.to_string() },
        all,
        items: group.items.into_iter().map(line).collect(),
    }
}
