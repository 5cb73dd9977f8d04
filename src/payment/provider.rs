//! Those who move money. `manual` is always there: staff write down what happened, and it is done at
//! once. An online provider is asked by the worker, outside any transaction: the row waits as pending
//! with its job, and the answer is written by itself afterwards. A question may be asked twice after a
//! crash, so it carries a key by which the provider knows it, and an answer is taken once.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{NewPayment, Payment, Row, add, ledger, recorded, settle, store};
use crate::actor::Actor;
use crate::db::{Conn, Db, Tx};
use crate::error::{Error, Result};
use crate::event::{self, Event};
use crate::job::{self, Job};
use crate::money::Money;
use crate::order::{self, EntryState, Order, PaymentKind};

/// What staff record: done when it is written.
pub const MANUAL: &str = "manual";
/// The job that asks a provider.
pub const ASK_JOB: &str = "payment.ask";

/// What a provider is asked to do.
#[derive(Clone, Debug)]
pub struct Question {
    /// The same however often it is asked: the public identifier of the row.
    pub key: String,
    /// Authorise, capture, give back or let go.
    pub kind: PaymentKind,
    /// How much.
    pub amount: Money,
    /// The provider's own reference of the authorisation or capture that it is about.
    pub about: String,
    /// Whether a capture lets the rest of the authorisation go.
    pub is_final: bool,
    /// Number of the order.
    pub order: i64,
}

/// What a provider answers. That it could not be reached is no answer but an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done; with the provider's reference.
    Done(String),
    /// It was refused; with its words.
    Refused(String),
}

/// Somebody who moves money.
pub trait Provider: Send + Sync {
    /// Carries out what is asked, or says what came of it if it was asked before with this key.
    ///
    /// # Errors
    /// Where the outcome is not known; the question is asked again later.
    fn carry_out(&self, question: &Question) -> Result<Answer>;
}

/// The providers that the desk can ask, by the name that rows carry.
#[derive(Clone, Default)]
pub struct Providers(BTreeMap<String, Arc<dyn Provider>>);

impl Providers {
    /// With one more.
    pub fn with(mut self, name: &str, provider: Arc<dyn Provider>) -> Self {
        self.0.insert(name.to_owned(), provider);
        self
    }
    fn get(&self, name: &str) -> Result<Arc<dyn Provider>> {
        self.0.get(name).cloned().ok_or_else(|| Error::broken(format!("no such payment provider: {name}")))
    }
}

/// Begins an authorisation or a capture that a provider carries out: writes it as under way, with the job
/// that asks. The outcome comes later.
///
/// # Errors
/// As [`super::record`].
pub fn begin(
    tx: &mut Tx<'_>,
    actor: &Actor,
    number: i64,
    version: Option<i64>,
    new: &NewPayment,
    provider: &str,
) -> Result<Order> {
    add(tx, actor, number, version, new, provider)
}

pub(super) fn ask_later(tx: &mut Tx<'_>, payment: &str) -> Result<()> {
    let unique = format!("{ASK_JOB}:{payment}");
    job::enqueue(tx, ASK_JOB, &serde_json::json!({ "payment": payment }), tx.now, Some(&unique))
}

/// Asks the provider of a job, outside any transaction. Nothing to ask if the outcome is known already.
/// Returns the row's public identifier with the answer.
///
/// # Errors
/// Where the provider is not known or could not be reached.
pub async fn ask(db: &Db, providers: &Providers, job: &Job) -> Result<Option<(String, Answer)>> {
    let uid = payment_of(job)?;
    let known = uid.clone();
    let Some((provider, question)) = db.read(move |conn| question(conn, &known)).await? else { return Ok(None) };
    let provider = providers.get(&provider)?;
    let answer = tokio::task::spawn_blocking(move || provider.carry_out(&question)).await.map_err(Error::broken)??;
    Ok(Some((uid, answer)))
}

fn payment_of(job: &Job) -> Result<String> {
    let payload: serde_json::Value = serde_json::from_str(&job.payload).map_err(Error::broken)?;
    let uid = payload.get("payment").and_then(|uid| uid.as_str());
    uid.map(str::to_owned).ok_or_else(|| Error::broken("a job that asks a provider names no payment"))
}

fn question(conn: &mut Conn, uid: &str) -> Result<Option<(String, Question)>> {
    let entry = find(conn, uid)?;
    if !entry.is_pending() {
        return Ok(None);
    }
    let order = order::find_by_id(conn, entry.order_id)?;
    let ledger = ledger(conn, entry.order_id)?;
    let about = ledger.iter().find(|other| Some(other.id) == entry.parent_id);
    let question = Question {
        key: entry.uid.clone(),
        kind: entry.kind,
        amount: entry.money(),
        about: about.map(|other| other.reference.clone()).unwrap_or_default(),
        is_final: entry.is_final,
        order: order.number,
    };
    Ok(Some((entry.provider, question)))
}

fn find(conn: &mut Conn, uid: &str) -> Result<Payment> {
    store::by_uid(conn, uid)?.ok_or_else(|| Error::Missing(format!("payment {uid}")))
}

/// Writes the outcome of a row down and saves what follows for its order. An outcome that is known
/// already stays as it is. A refund that failed leaves the order as it was: what it was for is owed.
///
/// # Errors
/// Missing if there is no such row.
pub fn answered(tx: &mut Tx<'_>, uid: &str, answer: &Answer) -> Result<Order> {
    let order = find(tx.conn, uid)?.order_id;
    let mut order = order::lock(tx, order)?;
    let entry = find(tx.conn, uid)?;
    if !entry.is_pending() {
        return Ok(order);
    }
    let actor = Actor::System { name: "Payment provider" };
    let event = match answer {
        Answer::Done(reference) => {
            store::set_outcome(tx, entry.id, EntryState::Succeeded, reference, "")?;
            let row =
                Row { reference, reason: &entry.reason, ..Row::new(entry.kind, entry.amount_minor, &entry.method) };
            recorded(&order, &row, entry.uid.clone())
        }
        Answer::Refused(words) => {
            let words: String = words.chars().take(500).collect();
            store::set_outcome(tx, entry.id, EntryState::Failed, &entry.reference, &words)?;
            Event::PaymentFailed {
                entry: entry.kind.as_str().into(),
                payment: entry.uid.clone(),
                amount: entry.money().into(),
                problem: words,
            }
        }
    };
    event::record(tx, &actor, Some(order.id), &event)?;
    settle(tx, &mut order)?;
    Ok(order)
}
