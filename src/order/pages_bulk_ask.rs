//! What an action for many orders asks before it is done.

use actix_web::web::Data;
use askama::Template;

use super::find_many;
use crate::db::Conn;
use crate::error::Result;
use crate::moves::lifecycle;
use crate::staff::permission::ViewOrders;
use crate::staff::{self, Member, Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Section, Shell};
use crate::workflow::{Base, Stages};

/// A choice of a form.
struct Choice {
    value: String,
    label: String,
}

#[derive(Template)]
#[template(path = "orders/bulk_ask.html")]
struct Ask {
    shell: Shell,
    title: String,
    what: &'static str,
    button: &'static str,
    back: String,
    numbers: Vec<i64>,
    stages: Vec<Choice>,
    reasons: Vec<Choice>,
    people: Vec<Choice>,
    /// How many of them hold money, in words; empty if none does.
    paid: String,
    /// Whether customers may be told.
    tells: bool,
}

impl Ask {
    /// Whether it ends the orders.
    fn is_stop(&self) -> bool {
        matches!(self.what, "cancel" | "reject")
    }
}

/// What is asked before it is done.
#[derive(Clone, Copy)]
pub(super) enum Asked {
    Hold,
    Move,
    /// Ending the orders; cancelled or rejected.
    Stop(Base),
    Tag,
    Assign,
}

pub(super) async fn ask(
    desk: &Data<Desk>,
    staff: &Staff<ViewOrders>,
    asked: Asked,
    numbers: Vec<i64>,
    back: String,
) -> Answer {
    let person = staff.person();
    let page = desk.db.read(move |conn| ask_page(conn, &person, asked, numbers, back)).await?;
    web::page(&page)
}

/// Whether an order could enter a stage of which its customer is told.
fn may_tell(conn: &mut Conn, asked: Asked) -> Result<bool> {
    let stages = Stages::load(conn)?;
    let mut telling = stages.iter().filter(|stage| stage.sends_message);
    Ok(match asked {
        Asked::Hold => telling.any(|stage| stage.base == Base::OnHold),
        Asked::Stop(base) => telling.any(|stage| stage.base == base),
        Asked::Move => telling.next().is_some(),
        Asked::Tag | Asked::Assign => false,
    })
}

fn ask_page(conn: &mut Conn, person: &Person, asked: Asked, numbers: Vec<i64>, back: String) -> Result<Ask> {
    let shell = Shell::load(conn, person, Section::Orders)?;
    let count = if numbers.len() == 1 { "1 order".to_owned() } else { format!("{} orders", numbers.len()) };
    let words = |list: &[(&str, &str)]| -> Vec<Choice> {
        list.iter().map(|(key, word)| Choice { value: (*key).to_owned(), label: (*word).to_owned() }).collect()
    };
    let (title, what, button) = match asked {
        Asked::Hold => (format!("Put {count} on hold"), "hold", "Put on hold"),
        Asked::Move => (format!("Move {count}"), "move", "Move"),
        Asked::Stop(Base::Rejected) => (format!("Reject {count}"), "reject", "Reject orders"),
        Asked::Stop(_) => (format!("Cancel {count}"), "cancel", "Cancel orders"),
        Asked::Tag => (format!("Tag {count}"), "tag", "Save tags"),
        Asked::Assign => (format!("Assign {count}"), "assign", "Assign"),
    };
    let mut page = Ask {
        title,
        what,
        button,
        back,
        numbers,
        stages: Vec::new(),
        reasons: Vec::new(),
        people: Vec::new(),
        paid: String::new(),
        tells: may_tell(conn, asked)?,
        shell,
    };
    match asked {
        Asked::Hold => page.reasons = words(lifecycle::HOLD_REASONS),
        Asked::Move => {
            let closed = [Base::Cancelled, Base::Rejected, Base::OnHold];
            let stages = Stages::load(conn)?;
            let open = stages.iter().filter(|stage| stage.active && !closed.contains(&stage.base));
            page.stages = open.map(|stage| Choice { value: stage.slug.clone(), label: stage.label.clone() }).collect();
            if person.may(Permission::CorrectOrders) {
                page.reasons = words(lifecycle::CORRECTION_REASONS);
            }
        }
        Asked::Stop(base) => {
            page.reasons =
                words(if base == Base::Rejected { lifecycle::REJECT_REASONS } else { lifecycle::CANCEL_REASONS });
            let stages = Stages::load(conn)?;
            let open = stages.iter().filter(|stage| stage.active && stage.base == base);
            page.stages = open.map(|stage| Choice { value: stage.slug.clone(), label: stage.label.clone() }).collect();
            let orders = find_many(conn, &person.reach, &page.numbers)?;
            page.paid = match orders.iter().filter(|order| order.net_minor() > 0).count() {
                0 => String::new(),
                1 => "Money was received for 1 of them".to_owned(),
                paid => format!("Money was received for {paid} of them"),
            };
        }
        Asked::Tag => {}
        Asked::Assign => {
            // Whoever sees one of them; the others are refused one by one.
            let orders = find_many(conn, &person.reach, &page.numbers)?;
            let sees_any = |member: &Member| orders.iter().any(|order| member.can_take(order.market_id));
            let members = staff::members(conn)?.into_iter().filter(sees_any);
            page.people = members.map(|member| Choice { value: member.uid, label: member.name }).collect();
        }
    }
    Ok(page)
}
