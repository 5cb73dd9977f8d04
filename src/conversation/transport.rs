//! How messages leave the desk: what a transport must be able to do, and what can come of it.
//!
//! A message that is sent waits as queued, written in the transaction that asked for it. The
//! [outbox](super::outbox) takes it (`sending`), makes the call outside any transaction and writes down what
//! came of it. Its states go one way: queued, sending, sent, delivered, read. Where the peer cannot take it
//! now, it is queued again; where the peer never will, it has failed, and staff may send it again.
//!
//! One window cannot be closed: from the moment the peer may have taken a message until its answer is written
//! down. If the process is killed there, or the line breaks before the answer is here, nobody can know whether
//! the customer has it. Such a message becomes `unsure`: it is shown as that, and it is never sent again by
//! itself, only by somebody who decides to.

use std::sync::Arc;

use super::{Message, NewFile};
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::order::Order;

/// Carries messages to customers. Holds nothing: how it is set up is read whenever it is needed, so that every
/// process of the desk knows at once.
pub trait Transport: Send + Sync {
    /// The name that messages carry: `email`, `whatsapp`. Never changed once it was used.
    fn name(&self) -> &'static str;

    /// As staff read it: `E-mail`.
    fn label(&self) -> &'static str;

    /// Characters of words that go with a file, where a message carries one file at the most: what is sent together
    /// then travels as several messages. Nothing if a message carries words and files as they are.
    fn caption(&self) -> Option<usize> {
        None
    }

    /// Whether something can be sent to the customer of this order now.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn reach(&self, conn: &mut Conn, order: &Order) -> Result<Reach>;

    /// Why these files cannot go to the customer of this order now, in a sentence for staff; nothing if they can.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn refuses(&self, _conn: &mut Conn, _order: &Order, _files: &[NewFile]) -> Result<Option<String>> {
        let label = self.label();
        Ok(Some(format!("{label} carries no files. Choose another way, or send the words without files.")))
    }

    /// Reads everything that sending this message needs, and returns the call that sends it.
    ///
    /// # Errors
    /// When the database cannot be read. A message that can never be sent is no error: the call says so.
    fn prepare(&self, conn: &mut Conn, order: &Order, message: &Message) -> Result<Call>;
}

/// Sends one message, once. Made with the database at hand and run without it; may block for as long as
/// [`LONGEST_CALL`](super::outbox::LONGEST_CALL).
pub type Call = Box<dyn FnOnce() -> Outcome + Send>;

/// Whether a customer can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The shop has not set the transport up. It is not offered.
    Off,
    /// Not this customer, or not now; why, in a sentence for staff.
    No(String),
    /// Under this address, which only those see who may see how customers are reached.
    To(String),
}

/// What came of sending a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The peer took it, and calls it so from now on, if it calls it anything.
    Sent(Option<String>),
    /// The peer certainly did not take it, but may later: not before so many seconds, if it said.
    Later { problem: String, after: Option<i64> },
    /// The peer certainly did not take it and never will.
    Failed(String),
    /// The peer may or may not have taken it.
    Unsure(String),
}

/// What a peer tells of a message that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is on its way.
    Sent,
    /// It has arrived.
    Delivered,
    /// The customer has read it.
    Read,
    /// It did not arrive; why.
    Failed(String),
}

/// The transports there are. Cheap to clone.
#[derive(Clone, Default)]
pub struct Transports(Vec<Arc<dyn Transport>>);

impl Transports {
    /// With one more.
    pub fn with(mut self, transport: impl Transport + 'static) -> Self {
        self.0.push(Arc::new(transport));
        self
    }
    /// All, in the order in which they are offered.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Transport>> {
        self.0.iter()
    }
    /// The one of this name, if there is one.
    pub fn find(&self, name: &str) -> Option<&Arc<dyn Transport>> {
        self.0.iter().find(|transport| transport.name() == name)
    }
    /// The one of this name.
    ///
    /// # Errors
    /// Missing if there is none.
    pub fn get(&self, name: &str) -> Result<Arc<dyn Transport>> {
        self.find(name).cloned().ok_or_else(|| Error::Missing("such way to send a message".to_owned()))
    }
}
