//! By what a message can be sent to the customer of an order: what the composer offers.

use super::transport::Reach;
use super::{Direction, Message, PAGE};
use crate::db::Conn;
use crate::error::Result;
use crate::order::Order;
use crate::transports;

/// A way to send a message.
#[derive(Debug)]
pub struct Way {
    pub name: &'static str,
    /// As it is offered.
    pub words: String,
    /// Whether it can be chosen.
    pub can: bool,
    pub chosen: bool,
}

/// What can be chosen from. Chosen is `typed`, or else what the customer used last, or else the first that
/// reaches them by itself. `contact` says whether the person may know how the customer is reached.
pub fn ways(
    conn: &mut Conn,
    order: &Order,
    messages: &[Message],
    page_is_open: bool,
    contact: bool,
    typed: &str,
) -> Result<Vec<Way>> {
    let page = if page_is_open { "Customer’s page" } else { "Customer’s page, not open to them yet" };
    let mut ways = vec![Way { name: PAGE, words: page.to_owned(), can: true, chosen: false }];
    for transport in transports::all().iter() {
        let label = transport.label();
        let (words, can) = match transport.reach(conn, order)? {
            Reach::Off => continue,
            Reach::To(address) if contact => (format!("{label} to {address}"), true),
            Reach::To(_) => (label.to_owned(), true),
            Reach::No(_) => (format!("{label}, not possible"), false),
        };
        ways.push(Way { name: transport.name(), words, can, chosen: false });
    }
    let reaches = |way: &Way| way.can && (way.name != PAGE || page_is_open);
    let heard = messages.iter().rev().filter(|message| message.direction == Direction::In);
    let used = heard.map(|message| ways.iter().position(|way| way.name == message.transport && reaches(way)));
    let at = ways
        .iter()
        .position(|way| way.name == typed)
        .or_else(|| used.flatten().next())
        // Nobody is told of what stands on a page.
        .or_else(|| ways.iter().position(|way| way.name != PAGE && reaches(way)));
    if let Some(way) = ways.get_mut(at.unwrap_or(0)) {
        way.chosen = true;
    }
    Ok(ways)
}
