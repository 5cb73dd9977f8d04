//! The feed: everything that happened in the shop, in one order, for programs that catch up by asking.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::news;
use crate::api::{Reply, empty};
use crate::error::{Refusal, Result};
use crate::event;
use crate::event::public::PublicName;
use crate::staff::permission::ViewOrders;
use crate::staff::{Permission, Program};
use crate::web::{Answer, Query};

/// Events on a page unless the program says otherwise.
const PAGE: i64 = 100;
/// Events on a page at the most.
const MOST: i64 = 1_000;

/// Where the feed goes on, and what of it is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FeedQuery {
    /// `next_after` of the page before; 0, or nothing, for the beginning.
    #[param(minimum = 0, example = 0)]
    after: Option<i64>,
    /// Names of events, separated by commas; all of them if left out.
    #[param(example = "order.created,order.stage_changed")]
    types: Option<String>,
    /// Events that are looked at, from 1 to 1000; 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Something that happened in the shop.
#[derive(Serialize, ToSchema)]
#[schema(as = FeedEvent)]
pub struct FeedEventJson {
    /// What it is called.
    #[serde(rename = "type")]
    #[schema(examples("order.created"))]
    pub name: String,
    /// When (RFC 3339, UTC).
    #[schema(format = DateTime)]
    pub timestamp: String,
    /// Its place in the diary. Two names of one event share it.
    pub seq: i64,
    /// The same whenever it is told, here and by a webhook: recognise repeats by it.
    pub id: String,
    /// Which order, and how it stands now; what else depends on the name.
    #[schema(value_type = Object)]
    pub data: Value,
}

/// A page of the feed.
#[derive(Serialize, ToSchema)]
pub struct FeedPageJson {
    /// In the order they happened.
    pub events: Vec<FeedEventJson>,
    /// Send this as `after` for what comes next. It moves on even when nothing of the wanted names was found.
    pub next_after: i64,
    /// Whether more is there already.
    pub has_more: bool,
}

fn wanted(types: Option<&str>) -> Result<Vec<PublicName>, Refusal> {
    let known = || PublicName::ALL.iter().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
    let words = types.into_iter().flat_map(|types| types.split(',')).map(str::trim);
    words
        .map(|word| {
            if word.is_empty() {
                return Err(empty("types"));
            }
            PublicName::parse(word).ok_or_else(|| {
                let message = format!("There is no event called {word}. Known are {}.", known().join(", "));
                Refusal::field("list.value", "types", message).allowing(known())
            })
        })
        .collect()
}

/// Read the feed of events
///
/// Everything that happened, in one order, from any place on: for programs that missed a webhook, or that rather ask.
/// Nothing is skipped and nothing comes twice, while others write too.
#[utoipa::path(
    get, path = "/api/events", operation_id = "list_events", tag = "Events", params(FeedQuery),
    responses((status = 200, description = "A page of the feed", body = FeedPageJson)),
)]
pub async fn index(program: Program<ViewOrders>, query: Query<FeedQuery>) -> Answer {
    program
        .read(move |conn, caller| {
            // Amounts are part of what is told.
            caller.must(Permission::ViewMoney)?;
            let after = query.after.unwrap_or(0);
            let limit = query.limit.unwrap_or(PAGE);
            if after < 0 || !(1..=MOST).contains(&limit) {
                let (field, message) = match after < 0 {
                    true => ("after", "This is a number from 0 up: next_after of the page before.".to_owned()),
                    false => ("limit", format!("This is a number from 1 to {MOST}.")),
                };
                return Err(Refusal::field("list.value", field, message).into());
            }
            let names = wanted(query.types.as_deref())?;
            let mut kinds: Vec<&str> = names.iter().flat_map(|name| name.kinds().iter().copied()).collect();
            kinds.sort_unstable();
            kinds.dedup();
            let page = event::feed(conn, after, &kinds, limit)?;
            let events = news::of(conn, &page.events)?
                .into_iter()
                .filter(|told| names.is_empty() || names.contains(&told.name))
                .filter(|told| caller.reach().is_everywhere() || told.market.is_some_and(|market| caller.sees(market)))
                .map(|told| FeedEventJson {
                    name: told.name.as_str().to_owned(),
                    timestamp: told.at.rfc3339(),
                    seq: told.seq,
                    id: told.message,
                    data: told.data,
                })
                .collect();
            Reply::ok(&FeedPageJson { events, next_after: page.read_to, has_more: page.has_more })
        })
        .await
}
