//! The conversations of the shop, across its orders: which somebody should look at, newest first, each with
//! the last words that were said.

use super::{Message, store, store_inbox};
use crate::db::{Conn, Tx};
use crate::error::{Refusal, Result};
use crate::ids::{OrderId, StaffId};
use crate::order::{self, Order};
use crate::reach::Reach;

/// Conversations on a page.
pub const ROWS: usize = 40;
/// Conversations of a kind that are counted; beyond them their number is not told.
pub const COUNTED: i64 = 100;

crate::text_enum! {
    /// Which conversations are shown.
    pub enum Show {
        /// Those in which the customer wrote what nobody has read.
        Unread = "unread",
        /// Those in which the customer said the last word that a person said.
        Awaiting = "awaiting",
        /// Those of orders that are mine.
        Mine = "mine",
        /// Those of orders that are nobody's.
        Unassigned = "unassigned",
        /// All of them.
        All = "all",
    }
}

impl Show {
    /// All of them, in the order of the tabs.
    pub const TABS: [Show; 5] = [Show::Awaiting, Show::Unread, Show::Mine, Show::Unassigned, Show::All];
    /// Its words.
    pub fn label(self) -> &'static str {
        match self {
            Show::Unread => "Unread",
            Show::Awaiting => "Awaiting reply",
            Show::Mine => "Mine",
            Show::Unassigned => "Unassigned",
            Show::All => "All",
        }
    }
}

/// The place where a page begins: after this conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When something was last said in it.
    pub at: i64,
    /// The key of its order.
    pub id: i64,
}

impl Cursor {
    /// As in an address.
    pub fn write(self) -> String {
        format!("{}.{}", self.at, self.id)
    }
    /// Reads what [`Cursor::write`] wrote.
    ///
    /// # Errors
    /// Refuses anything else.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let broken =
            || Refusal::field("talk.place", "after", "This place in the inbox cannot be read. Begin at its top.");
        let (at, id) = text.split_once('.').ok_or_else(broken)?;
        Ok(Cursor { at: at.parse().map_err(|_| broken())?, id: id.parse().map_err(|_| broken())? })
    }
}

/// What is said about one order.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The order.
    pub order: Order,
    /// The last words.
    pub last: Option<Message>,
}

/// A page of the inbox.
#[derive(Clone, Debug)]
pub struct Page {
    /// Newest first.
    pub conversations: Vec<Conversation>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

/// A page of the conversations within a reach that somebody asks for. Three queries, whatever there is.
pub fn page(conn: &mut Conn, reach: &Reach, show: Show, me: StaffId, after: Option<Cursor>) -> Result<Page> {
    let mut keys = store_inbox::keys(conn, reach, show, me, after, ROWS + 1)?;
    let next = if keys.len() > ROWS {
        keys.truncate(ROWS);
        keys.last().copied()
    } else {
        None
    };
    let ids: Vec<OrderId> = keys.iter().map(|key| OrderId(key.id)).collect();
    let mut orders = order::by_keys(conn, &ids)?;
    let mut last = store_inbox::last_words(conn, &ids)?;
    let conversations = ids.iter().filter_map(|id| {
        let at = orders.iter().position(|order| order.id == *id)?;
        let order = orders.swap_remove(at);
        let said = last.iter().position(|message| message.order_id == *id).map(|at| last.swap_remove(at));
        Some(Conversation { order, last: said })
    });
    Ok(Page { conversations: conversations.collect(), next })
}

/// How many conversations are unread, and in how many the customer waits; at most [`COUNTED`] of each.
pub fn counts(conn: &mut Conn, reach: &Reach) -> Result<(i64, i64)> {
    store_inbox::counts(conn, reach, COUNTED)
}

/// Brings along what an order knows of its conversation. Whatever adds a message calls this.
pub(super) fn follow(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    let (talked_at, asked_at) = store_inbox::standing(tx.conn, order)?;
    order::set_talk(tx, order, talked_at, asked_at)
}

/// Marks the last message of the customer as unread, so that it waits for somebody again.
///
/// # Errors
/// Refuses where the customer never wrote.
pub fn mark_unread(tx: &mut Tx<'_>, number: i64) -> Result<()> {
    let order = order::find_for_change(tx, number, None)?;
    if order.unread_count > 0 {
        return Ok(());
    }
    if !store::unread_last(tx, order.id)? {
        return Err(
            Refusal::state("talk.nothing_said", "The customer has not written anything about this order yet.").into()
        );
    }
    order::count_talk(tx, order.id, 0, 0, 1)
}
