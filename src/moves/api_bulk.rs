//! Bulk actions of programs: named orders or a whole filter, rehearsed or carried out, at once or by a job.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::api::{RefundWord, authority_of, stage_word, telling_of};
use super::bulk::{Action, Doer, Done, act, rehearse};
use super::{BulkJob, begin_bulk, find_bulk};
use crate::api::{Body, Reply, empty};
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::order::list::{self, StageTotals};
use crate::order::{api, api_list};
use crate::staff::permission::{MoveOrders, ViewOrders};
use crate::staff::{Caller, Permission, Program};
use crate::web::Answer;

/// Orders that one request changes at once; more become a job.
const AT_ONCE: usize = 200;
/// Orders of one action at the most.
const MOST: usize = 10_000;

/// One action for many orders.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkRequest {
    /// The orders, by `ORD10468`, number or UUID. Give these or `filter`.
    #[schema(min_items = 1, max_items = 10000, examples(json!(["ORD10468", "ORD10469"])))]
    pub ids: Option<Vec<String>>,
    /// The parameters of the list of orders, as an object: every order it lists is meant, up to 10,000.
    #[schema(value_type = Option<Object>, examples(json!({"status": "confirmed", "tag": "VIP"})))]
    pub filter: Option<Map<String, Value>>,
    /// What is done with each.
    pub action: BulkAction,
    /// What the action asks for.
    #[serde(default)]
    pub args: BulkArgs,
    /// Tell what would happen and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What is done with each order.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BulkAction {
    /// Move it to `args.status`.
    Move,
    /// Put it on hold.
    Hold,
    /// Release every hold.
    Release,
    /// Add and take away tags.
    Tag,
}

/// What an action asks for.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkArgs {
    /// Where it is moved.
    #[schema(examples("approved"))]
    pub status: Option<String>,
    /// Key of the reason, for moves and holds that ask for one.
    pub reason: Option<String>,
    /// Words for the diary.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
    /// What becomes of money received, when orders are stopped.
    pub refund: Option<RefundWord>,
    /// Whether customers are not told of the move, though the stage has a message for them.
    #[serde(default)]
    pub silent: bool,
    /// Tags to add.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub add: Vec<String>,
    /// Tags to take away.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub remove: Vec<String>,
}

/// What became of one order.
#[derive(Serialize, ToSchema)]
pub struct BulkResult {
    /// The order, as it was named.
    #[schema(examples("ORD10468"))]
    pub order_id: String,
    /// ok, unchanged (it was so already), refused, conflict or missing.
    #[schema(examples("ok"))]
    pub result: String,
    /// Stable code of the refusal.
    pub code: Option<String>,
    /// Why it was refused.
    pub detail: Option<String>,
}

/// What came of a bulk action.
#[derive(Serialize, ToSchema)]
pub struct BulkResults {
    /// Whether this was a rehearsal.
    pub dry_run: bool,
    /// How many changed.
    pub changed: usize,
    /// How many were refused, in conflict or missing.
    pub failed: usize,
    /// Each order.
    pub results: Vec<BulkResult>,
}

/// An action that is carried out bit by bit.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub struct JobJson {
    /// Identifier.
    #[schema(format = Uuid)]
    pub job_id: String,
    /// running or finished.
    #[schema(examples("running"))]
    pub state: String,
    /// Orders in all.
    pub total: i64,
    /// Orders done.
    pub done: i64,
    /// What became of those that are done.
    pub results: Vec<BulkResult>,
    /// When it was asked for (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When the last one was done.
    #[schema(format = DateTime)]
    pub finished_at: Option<String>,
}

/// An order that is meant: its name and, if there is one, its number.
type Named = (String, Option<i64>);

fn told(name: String, done: Option<Done>) -> BulkResult {
    let given = |text: String| (!text.is_empty()).then_some(text);
    match done {
        Some(done) => {
            BulkResult { order_id: name, result: done.result, code: given(done.code), detail: given(done.detail) }
        }
        None => {
            let detail = Some(format!("There is no order {name}."));
            BulkResult { order_id: name, result: "missing".into(), code: Some("missing".into()), detail }
        }
    }
}

fn doer(caller: &Caller) -> Doer {
    Doer { actor: caller.actor().clone(), authority: authority_of(caller), telling: telling_of(caller) }
}

fn action_of(conn: &mut Conn, caller: &Caller, wanted: &BulkRequest) -> Result<Action> {
    let args = &wanted.args;
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    Ok(match wanted.action {
        BulkAction::Move => {
            let word = args.status.as_deref().ok_or_else(|| {
                Refusal::field("request.missing_field", "/args/status", "Say where the orders are moved.")
            })?;
            let (stage, base) = stage_word(conn, word).map_err(|refusal| below("args", refusal))?;
            if base.is_stopped() {
                caller.must(Permission::CancelOrders)?;
            }
            let refund = match args.refund {
                None => "",
                Some(RefundWord::All) => "all",
                Some(RefundWord::None) => "none",
                Some(RefundWord::Later) => "part",
            };
            Action::Move {
                stage,
                reason: text(&args.reason),
                note: text(&args.note),
                refund: refund.to_owned(),
                silent: args.silent,
            }
        }
        BulkAction::Hold => Action::Hold { reason: text(&args.reason), note: text(&args.note) },
        BulkAction::Release => Action::Release,
        BulkAction::Tag => {
            caller.must(Permission::EditOrders)?;
            Action::Tag { add: args.add.clone(), remove: args.remove.clone() }
        }
    })
}

fn below(field: &str, mut refusal: Refusal) -> Refusal {
    for problem in &mut refusal.fields {
        problem.field = format!("{field}.{}", problem.field);
    }
    refusal
}

/// The orders that are meant.
fn meant(conn: &mut Conn, caller: &Caller, wanted: &BulkRequest) -> Result<Vec<Named>> {
    match (&wanted.ids, &wanted.filter) {
        (Some(ids), None) if (1..=MOST).contains(&ids.len()) => named(conn, caller, ids),
        (Some(_), None) => Err(Refusal::field("bulk.ids", "ids", format!("Name from 1 to {MOST} orders.")).into()),
        (None, Some(filter)) => listed(conn, caller, filter),
        (Some(_), Some(_)) | (None, None) => {
            Err(Refusal::field("bulk.ids", "ids", "Give either ids or a filter.").into())
        }
    }
}

fn named(conn: &mut Conn, caller: &Caller, ids: &[String]) -> Result<Vec<Named>> {
    let mut found: Vec<Named> = Vec::with_capacity(ids.len());
    for id in ids {
        let number = match api::find(conn, caller, id) {
            Ok(order) => Some(order.number),
            Err(Error::Missing(_)) => None,
            Err(other) => return Err(other),
        };
        if number.is_none() || !found.iter().any(|(_, known)| *known == number) {
            found.push((id.clone(), number));
        }
    }
    Ok(found)
}

fn listed(conn: &mut Conn, caller: &Caller, filter: &Map<String, Value>) -> Result<Vec<Named>> {
    let mut pairs = Vec::new();
    for (name, value) in filter {
        let wrong =
            || Refusal::field("bulk.filter", format!("filter.{name}"), "Give a text, a number or a list of them.");
        let one = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(wrong()),
        };
        if ["cursor", "limit", "count"].contains(&name.as_str()) {
            let message = "A filter has no pages.";
            return Err(Refusal::field("bulk.filter", format!("filter.{name}"), message).into());
        }
        match value {
            // None of several would be no filter at all.
            Value::Array(values) if values.is_empty() => return Err(below("filter", empty(name)).into()),
            Value::Array(values) => {
                for value in values {
                    pairs.push((name.clone(), one(value)?));
                }
            }
            value => pairs.push((name.clone(), one(value)?)),
        }
    }
    let mut known = api_list::known(conn, caller)?;
    let asked = api_list::read(conn, caller, &pairs, &mut known).map_err(|error| match error {
        Error::Refused(refusal) => Error::from(below("filter", *refusal)),
        other => other,
    })?;
    let totals = StageTotals::load(conn, caller.reach())?;
    let (page, _) = list::page_of(conn, &asked.wanted, &known, &totals, &[], MOST + 1)?;
    if page.orders.len() > MOST {
        let message = format!("The filter has more than {MOST} orders. Narrow it.");
        return Err(Refusal::field("bulk.too_many", "filter", message).into());
    }
    Ok(page.orders.iter().map(|order| (order.number.to_string(), Some(order.number))).collect())
}

/// Change many orders
///
/// Each order by itself: what one refuses keeps no other from changing, and the answer tells what became of each. Up
/// to 200 orders are changed at once; more become a job (202) whose progress `Location` tells. With `dry_run` nothing
/// changes.
#[utoipa::path(
    post, path = "/api/orders/bulk", operation_id = "bulk_orders", tag = "Many orders", request_body = BulkRequest,
    responses(
        (status = 200, description = "What became of each", body = BulkResults),
        (status = 202, description = "A job does it", body = JobJson),
    ),
)]
pub async fn create(program: Program<MoveOrders>, body: Body<BulkRequest>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let action = action_of(tx.conn, caller, &value)?;
            let orders = meant(tx.conn, caller, &value)?;
            if orders.len() > AT_ONCE {
                if value.dry_run {
                    let message = format!("A rehearsal takes {AT_ONCE} orders at the most.");
                    return Err(Refusal::field("bulk.too_many", "dry_run", message).into());
                }
                return as_job(tx, caller, &action, &orders);
            }
            at_once(tx, caller, &action, orders, value.dry_run)
        })
        .await
}

fn at_once(tx: &mut Tx<'_>, caller: &Caller, action: &Action, orders: Vec<Named>, dry_run: bool) -> Result<Reply> {
    let doer = doer(caller);
    // Two actions over the same orders take them in the same order, so that neither waits for the other.
    let mut places: Vec<usize> = (0..orders.len()).collect();
    places.sort_by_key(|place| orders[*place].1);
    let mut done: Vec<Option<Done>> = vec![None; orders.len()];
    for place in places {
        if let Some(number) = orders[place].1 {
            done[place] = Some(match dry_run {
                true => rehearse(tx, &doer, number, action)?,
                false => act(tx, &doer, number, action)?,
            });
        }
    }
    let results: Vec<BulkResult> = orders.into_iter().zip(done).map(|((name, _), done)| told(name, done)).collect();
    let changed = results.iter().filter(|one| one.result == "ok").count();
    let failed = results.iter().filter(|one| one.code.is_some()).count();
    Reply::ok(&BulkResults { dry_run, changed, failed, results })
}

fn as_job(tx: &mut Tx<'_>, caller: &Caller, action: &Action, orders: &[Named]) -> Result<Reply> {
    let missing: Vec<FieldProblem> = orders
        .iter()
        .enumerate()
        .filter(|(_, (_, number))| number.is_none())
        .map(|(at, (name, _))| FieldProblem {
            field: format!("ids.{at}"),
            message: format!("There is no order {name}."),
        })
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::fields("bulk.ids", missing).into());
    }
    let numbers: Vec<i64> = orders.iter().filter_map(|(_, number)| *number).collect();
    let job = begin_bulk(tx, &doer(caller), action, &numbers)?;
    Reply::accepted(&format!("/api/jobs/{}", job.uid), &represent(job))
}

fn represent(job: BulkJob) -> JobJson {
    JobJson {
        job_id: job.uid,
        state: if job.finished_at.is_some() { "finished" } else { "running" }.to_owned(),
        total: job.total,
        done: job.done,
        results: job.results.into_iter().map(|done| told(done.number.to_string(), Some(done))).collect(),
        created_at: job.created_at.rfc3339(),
        finished_at: job.finished_at.map(|at| at.rfc3339()),
    }
}

/// Read a job
///
/// Only the key that asked for it may.
#[utoipa::path(
    get, path = "/api/jobs/{job_id}", operation_id = "show_job", tag = "Many orders",
    params(("job_id" = Uuid, Path)),
    responses((status = 200, description = "How far it is", body = JobJson), (status = 404, description = "No such job")),
)]
pub async fn show(program: Program<ViewOrders>, id: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            let job = find_bulk(conn, &id)?.filter(|job| Some(job.key.0) == caller.actor().key());
            Reply::ok(&represent(job.ok_or_else(|| Error::Missing(format!("job {id}")))?))
        })
        .await
}
