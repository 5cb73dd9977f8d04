//! Markets and channels as programs read them. They are changed in the desk's settings.

use serde::Serialize;
use utoipa::ToSchema;

use super::Markets;
use crate::api::Reply;
use crate::staff::Program;
use crate::staff::permission::ViewOrders;
use crate::web::Answer;

/// A market.
#[derive(Serialize, ToSchema)]
#[schema(as = Market)]
pub struct MarketJson {
    /// Its stable key.
    #[schema(examples("main"))]
    pub slug: String,
    /// Name.
    pub name: String,
    /// Currency of its orders unless they say otherwise.
    #[schema(examples("EUR"))]
    pub currency: String,
    /// IANA name of its time zone.
    #[schema(examples("Europe/Amsterdam"))]
    pub time_zone: String,
    /// Language tag of its customers.
    pub locale: String,
    /// Put before the number of an order.
    #[schema(examples("ORD"))]
    pub order_prefix: String,
    /// Whether its prices include tax.
    pub tax_included: bool,
    /// Its channels.
    pub channels: Vec<ChannelJson>,
}

/// A channel orders come through.
#[derive(Serialize, ToSchema)]
#[schema(as = Channel)]
pub struct ChannelJson {
    /// Its stable key.
    #[schema(examples("api"))]
    pub slug: String,
    /// Name.
    pub name: String,
    /// manual, web, whatsapp, instagram, wholesale, stall, import or api.
    #[schema(examples("web"))]
    pub kind: String,
}

/// Markets of the shop.
#[derive(Serialize, ToSchema)]
pub struct MarketList {
    /// Those that the key may know of; the shop's first one first.
    pub markets: Vec<MarketJson>,
}

/// List markets and channels
#[utoipa::path(
    get, path = "/api/markets", operation_id = "list_markets", tag = "Shop",
    responses((status = 200, description = "The markets with their channels", body = MarketList)),
)]
pub async fn index(program: Program<ViewOrders>) -> Answer {
    program
        .read(|conn, caller| {
            let all = Markets::load(conn)?;
            let markets = all
                .markets
                .iter()
                .filter(|market| caller.sees(market.id))
                .map(|market| MarketJson {
                    slug: market.slug.clone(),
                    name: market.name.clone(),
                    currency: market.currency.code().to_owned(),
                    time_zone: market.time_zone.clone(),
                    locale: market.locale.clone(),
                    order_prefix: market.order_prefix.clone(),
                    tax_included: market.tax_included,
                    channels: all
                        .channels
                        .iter()
                        .filter(|channel| channel.market_id == market.id)
                        .map(|channel| ChannelJson {
                            slug: channel.slug.clone(),
                            name: channel.name.clone(),
                            kind: channel.kind.as_str().to_owned(),
                        })
                        .collect(),
                })
                .collect();
            Reply::ok(&MarketList { markets })
        })
        .await
}
