//! Stages as programs read them. They are changed in the desk's settings.

use serde::Serialize;
use utoipa::ToSchema;

use super::Stages;
use crate::api::Reply;
use crate::order::api::status_word;
use crate::order::list::StageTotals;
use crate::staff::Program;
use crate::staff::permission::ViewOrders;
use crate::web::Answer;

/// A stage of the shop.
#[derive(Serialize, ToSchema)]
#[schema(as = Stage)]
pub struct StageJson {
    /// Its stable key.
    #[schema(examples("approved"))]
    pub slug: String,
    /// The shop's word.
    pub label: String,
    /// What the customer reads.
    pub public_label: String,
    /// Its meaning, in the words of `status`.
    #[schema(examples("approved"))]
    pub status: String,
    /// Whether an order entering that status lands here.
    pub is_default: bool,
    /// Whether orders may enter.
    pub active: bool,
    /// Minutes an order may stay before it is late.
    pub sla_minutes: Option<i64>,
    /// Orders in it; null for keys that are kept to some markets.
    pub orders: Option<i64>,
}

/// Stages of the shop.
#[derive(Serialize, ToSchema)]
pub struct StageList {
    /// In the order of the rail.
    pub stages: Vec<StageJson>,
}

/// List stages
#[utoipa::path(
    get, path = "/api/stages", operation_id = "list_stages", tag = "Shop",
    responses((status = 200, description = "The stages", body = StageList)),
)]
pub async fn index(program: Program<ViewOrders>) -> Answer {
    program
        .read(|conn, caller| {
            let totals = StageTotals::load(conn, caller.reach())?;
            let shown = |slug: &str| caller.reach().is_everywhere().then(|| totals.of(slug));
            let stages = Stages::load(conn)?
                .iter()
                .map(|stage| StageJson {
                    slug: stage.slug.clone(),
                    label: stage.label.clone(),
                    public_label: stage.public_label.clone().unwrap_or_else(|| stage.label.clone()),
                    status: status_word(stage.base).to_owned(),
                    is_default: stage.is_default,
                    active: stage.active,
                    sla_minutes: stage.sla_minutes,
                    orders: shown(&stage.slug),
                })
                .collect();
            Reply::ok(&StageList { stages })
        })
        .await
}
