//! Carts: put down by programs before they are ordered, or kept by the web shop and asked for.

use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::api_draft::{Asked, Place, check, known_place, lines_of, place_of, problem};
use super::api_new::{NewItem, NewOrder};
use super::cart_source;
use super::carts::{self, Content};
use super::draft::Draft;
use crate::api::{Body, Reply};
use crate::db::Conn;
use crate::error::{Error, Refusal, RefusalKind};
use crate::market::Markets;
use crate::money::Currency;
use crate::staff::permission::{EditOrders, ViewOrders};
use crate::staff::{Caller, Permission, Program};
use crate::web::{Answer, Desk};

/// A cart to be kept until it is ordered.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// Its name in your system; made up if left out.
    #[schema(examples("abc123"), max_length = 200)]
    pub cart_id: Option<String>,
    /// What is in it.
    #[schema(min_items = 1, max_items = 5000)]
    pub items: Vec<NewItem>,
    /// Currency of every amount; that of the market if left out.
    pub currency: Option<String>,
    /// Slug of the channel; the one for programs if left out.
    pub channel: Option<String>,
}

/// A cart that is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartJson {
    /// Its name: give it as `cart_id` of an order.
    #[schema(examples("abc123"))]
    pub cart_id: String,
    /// Slug of its channel.
    pub channel: String,
    /// What is in it, as it was sent.
    #[schema(value_type = Vec<Object>)]
    pub items: Value,
    /// Currency, if it was given.
    pub currency: Option<String>,
    /// When it was last put down.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// Asks the shop for the cart that an order names, unless it was put down here. No transaction is open meanwhile.
pub(super) async fn ask_shop(desk: &Desk, caller: &Caller, new: &NewOrder) -> Asked {
    let (None, Some(cart)) = (&new.items, new.cart_name()) else { return Ok(None) };
    let (wanted, by, name) = (new.clone(), caller.clone(), cart.to_owned());
    let source = move |conn: &mut Conn| {
        let place = known_place(conn, &by, wanted.channel.as_deref(), wanted.market.as_deref());
        let Ok((_, Some(channel))) = place else { return Ok(None) };
        match carts::find(conn, channel.id, &name)? {
            Some(_) => Ok(None),
            None => cart_source::of_channel(conn, &channel),
        }
    };
    let Some(source) = desk.db.read(source).await? else { return Ok(None) };
    let (outside, name) = (desk.outside().clone(), cart.to_owned());
    let asked = actix_web::web::block(move || source.fetch(&outside, &name)).await;
    asked.map_err(|_| Error::from(Refusal::new(RefusalKind::Busy, "desk.busy", "The desk is closing. Try again.")))?
}

fn shown_cart(kept: carts::Cart, channel: &str) -> CartJson {
    CartJson {
        cart_id: kept.cart_id,
        channel: channel.to_owned(),
        items: kept.content.items,
        currency: kept.content.currency,
        updated_at: kept.updated_at.rfc3339(),
    }
}

/// Put down a cart
///
/// Keeps lines until an order names the cart. The same `cart_id` again replaces what is in it. A cart is
/// forgotten thirty days after it was last put down.
#[utoipa::path(
    post, path = "/api/carts", operation_id = "create_cart", tag = "Carts", request_body = NewCart,
    responses((status = 201, description = "It is kept", body = CartJson)),
)]
pub async fn create_cart(program: Program<EditOrders>, body: Body<Value>) -> Answer {
    let Body { value, canonical } = body;
    program
        .write(&canonical, move |tx, caller| {
            let new: NewCart = crate::api::typed(&value)?;
            let Place { market, channel } = place_of(tx, caller, new.channel.as_deref(), None)?;
            let mut problems = Vec::new();
            let currency = new.currency.as_deref().map_or(Some(market.currency), Currency::parse);
            if currency.is_none() {
                problems.push(problem("currency", "Give a currency of ISO 4217, such as EUR."));
            }
            let mut draft = Draft::new(market.id, channel.id, currency.unwrap_or(market.currency));
            draft.lines = lines_of(tx.conn, &new.items, &market, draft.currency, &mut problems)?;
            let name = new.cart_id.as_deref().map(str::trim).filter(|name| !name.is_empty());
            if name.is_some_and(|name| name.chars().count() > 200) {
                problems.push(problem("cart_id", "This takes 200 characters at the most."));
            }
            check(&draft, &NewOrder::default(), problems)?;
            let name = name.map_or_else(crate::ids::new_uid, str::to_owned);
            let content = Content { items: value["items"].clone(), currency: new.currency };
            let kept = carts::put(tx, channel.id, &name, content)?;
            let address: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
            Reply::created(&format!("/api/carts/{address}"), &shown_cart(kept, &channel.slug))
        })
        .await
}

/// Read a cart
#[utoipa::path(
    get, path = "/api/carts/{cart_id}", operation_id = "show_cart", tag = "Carts",
    params(("cart_id" = String, Path, description = "Its name", example = "abc123")),
    responses(
        (status = 200, description = "The cart", body = CartJson),
        (status = 404, description = "No such cart"),
    ),
)]
pub async fn show_cart(program: Program<ViewOrders>, cart: Path<String>) -> Answer {
    program
        .read(move |conn, caller| {
            caller.must(Permission::ViewMoney)?;
            let markets = Markets::load(conn)?;
            let found = carts::named(conn, &cart)?;
            let seen = found.into_iter().find_map(|kept| {
                let channel = markets.channel(kept.channel_id)?;
                caller.sees(channel.market_id).then(|| (kept, channel.slug.clone()))
            });
            let (kept, channel) = seen.ok_or_else(|| Error::Missing(format!("cart {cart}")))?;
            Reply::ok(&shown_cart(kept, &channel))
        })
        .await
}
