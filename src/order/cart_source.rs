//! Where the carts of a channel are kept when a web shop has its own: asked for by `cart_id` when an order names
//! a cart that was not put down here. The shop answers a cart as `POST /api/carts` takes one, items and perhaps a
//! currency; what else it says is passed over.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::carts::Content;
use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{FieldProblem, Refusal, RefusalKind, Result};
use crate::event::{self, Event};
use crate::market::Channel;
use crate::outside::{self, Outside, guard};
use crate::web;

/// What stands for the name of the cart in the address.
pub const PLACE: &str = "{cart_id}";
/// How long the shop may take: a customer is waiting.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest answer that is read, in bytes.
const MOST: u64 = 2 * 1024 * 1024;
/// What an item may say; the rest is the shop's own business.
const KNOWN: [&str; 11] = [
    "product_id",
    "sku",
    "name",
    "variant",
    "quantity",
    "price",
    "discount",
    "tax",
    "weight_grams",
    "requires_shipping",
    "properties",
];

/// Where the carts of a channel are kept.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartSource {
    /// Address of a cart, with `{cart_id}` in the place of its name.
    pub url: String,
    /// Sent as `Authorization: Bearer …`; empty for none.
    pub token: String,
}

fn setting_of(channel: &Channel) -> String {
    format!("cart_source.{}", channel.slug)
}

/// Where the carts of this channel are kept, if that is set.
pub fn of_channel(conn: &mut Conn, channel: &Channel) -> Result<Option<CartSource>> {
    let kept = web::setting(conn, &setting_of(channel))?.unwrap_or_default();
    Ok(if kept.is_empty() { None } else { Some(serde_json::from_str(&kept)?) })
}

/// Sets where the carts of this channel are kept; an empty address ends it, and an empty token keeps the one there is.
///
/// # Errors
/// Refuses what is no address of a cart.
pub fn set(tx: &mut Tx<'_>, actor: &Actor, channel: &Channel, url: &str, token: &str) -> Result<()> {
    let before = of_channel(tx.conn, channel)?.unwrap_or_default();
    let url = url.trim();
    let after = match url.is_empty() {
        true => CartSource::default(),
        false => {
            check(url)?;
            let token = if token.trim().is_empty() { before.token.clone() } else { token.trim().to_owned() };
            CartSource { url: url.to_owned(), token }
        }
    };
    if after == before {
        return Ok(());
    }
    let kept = if after.url.is_empty() { String::new() } else { serde_json::to_string(&after)? };
    web::set_setting(tx, &setting_of(channel), &kept)?;
    let changed = Event::SettingsChanged {
        setting: format!("where the carts of the channel {} are kept", channel.name),
        before: guard::shown(&before.url),
        after: guard::shown(&after.url),
    };
    event::record(tx, actor, None, &changed)
}

fn check(url: &str) -> Result<()> {
    let refused = |message: String| {
        let problem = FieldProblem { field: "cart_url".to_owned(), message };
        Err(Refusal::fields("channel.cart_url", vec![problem]).into())
    };
    let (before, path) = url.split_once("://").map_or(("", ""), |(_, rest)| rest.split_once('/').unwrap_or((rest, "")));
    if before.is_empty() || before.contains(PLACE) || !path.contains(PLACE) {
        let message = format!("Enter an address with {PLACE} in its path, such as https://shop.example/carts/{PLACE}.");
        return refused(message);
    }
    match guard::read_url(&url.replace(PLACE, "cart")) {
        Ok(_) => Ok(()),
        Err(refusal) => refused(refusal.message),
    }
}

impl CartSource {
    /// Asks the shop for a cart; nothing if it has none of this name. Blocks.
    ///
    /// # Errors
    /// Busy when the shop does not answer, or answers what is no cart.
    pub fn fetch(&self, outside: &Outside, cart: &str) -> Result<Option<Content>> {
        let name: String = url::form_urlencoded::byte_serialize(cart.as_bytes()).collect();
        let mut asking = outside.agent().get(self.url.replace(PLACE, &name.replace('+', "%20")));
        if !self.token.is_empty() {
            asking = asking.header("authorization", format!("Bearer {}", self.token));
        }
        let asked = asking.header("accept", "application/json").config().timeout_global(Some(PATIENCE)).build().call();
        let mut answer = asked.map_err(|error| unreachable_shop(&outside.words(&error)))?;
        match answer.status().as_u16() {
            404 | 410 => return Ok(None),
            200..300 => {}
            status => return Err(unreachable_shop(&format!("It answered with the status {status}.")).into()),
        }
        let body = outside::beginning(answer.body_mut().as_reader(), MOST);
        match serde_json::from_slice::<Map<String, Value>>(&body).ok().and_then(read) {
            Some(cart) => Ok(Some(cart)),
            None => {
                let words =
                    "It answered what is no cart: an object with `items` is expected, as POST /api/carts takes it.";
                Err(unreachable_shop(words).into())
            }
        }
    }
}

fn read(mut cart: Map<String, Value>) -> Option<Content> {
    let mut items = cart.remove("items")?;
    for item in items.as_array_mut()? {
        item.as_object_mut()?.retain(|name, value| KNOWN.contains(&name.as_str()) && !value.is_null());
    }
    Some(Content { items, currency: cart.get("currency").and_then(Value::as_str).map(str::to_owned) })
}

fn unreachable_shop(words: &str) -> Refusal {
    let message = format!(
        "The shop that keeps this cart could not be asked. {words} Nothing was written: try again, or send the items with \
         the order."
    );
    Refusal::new(RefusalKind::Busy, "cart.source", message).after(5)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reads(cart: Value) -> Option<Content> {
        read(cart.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn what_a_shop_says_beside_the_cart_is_passed_over() {
        let item = json!({"sku": "MUG", "quantity": 2, "thumbnail": "x.png", "price": null, "tax": "1.20"});
        let cart = reads(json!({"items": [item], "currency": "EUR", "region": 7})).expect("a cart");
        assert_eq!(cart.items, json!([{"sku": "MUG", "quantity": 2, "tax": "1.20"}]));
        assert_eq!(cart.currency.as_deref(), Some("EUR"));
    }

    #[test]
    fn what_is_no_cart_is_none() {
        assert!(reads(json!({"lines": []})).is_none());
        assert!(reads(json!({"items": "two mugs"})).is_none());
        assert!(reads(json!({"items": ["mug"]})).is_none());
    }

    #[test]
    fn an_address_says_where_the_name_goes() {
        assert!(check("https://shop.example/carts/{cart_id}?full=1").is_ok());
        for url in ["https://shop.example/carts", "shop", "https://{cart_id}.example/", "ftp://shop.example/{cart_id}"]
        {
            assert!(check(url).is_err(), "{url}");
        }
    }
}
