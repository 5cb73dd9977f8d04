//! The contract with programs: the OpenAPI document, made of the handlers' own attributes and completed
//! with what is the same everywhere ([`everywhere`]); and the documentation drawn from it ([`pages`]).
//!
//! An operation that is added is named in [`Document`] and in [`operations`], gets an example in
//! `examples.json` and, where it refuses with new codes, lines in `problems.txt`. Tests tell what is missing.

pub mod api;
pub mod everywhere;
pub mod examples;
pub mod operations;
pub mod pages;
pub mod problems;
pub mod prose;
pub mod reading;
pub mod schema;

use std::sync::LazyLock;

use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{
    ClientCredentials, Flow, HttpAuthScheme, HttpBuilder, OAuth2, Scopes, SecurityRequirement, SecurityScheme,
};

/// What a newcomer reads first; the description of the document.
pub const GUIDE: &str = include_str!("openapi/guide.md");
/// Whole tasks, from beginning to end.
pub const RECIPES: &str = include_str!("openapi/recipes.md");

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "Slipway", license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")),
    paths(
        crate::order::api_list::index,
        crate::order::api_new::create,
        crate::order::api::show,
        crate::order::api_carts::create_cart,
        crate::order::api_carts::show_cart,
        crate::moves::api::update_status,
        crate::moves::api::cancel,
        crate::moves::api::index,
        crate::moves::api::approve,
        crate::moves::api::place_hold,
        crate::moves::api::release_hold,
        crate::moves::api::reject,
        crate::moves::api::reinstate,
        crate::moves::api::archive,
        crate::moves::api::unarchive,
        crate::order::api_edit::update,
        crate::order::api_changes::create,
        crate::order::api_edit::tag,
        crate::order::api_edit::events,
        crate::order::api_events::index,
        crate::conversation::api::list_notes,
        crate::conversation::api::create_note,
        crate::conversation::api::list_messages,
        crate::conversation::api::create_message,
        crate::conversation::api::show_file,
        crate::moves::api_bulk::create,
        crate::moves::api_bulk::show,
        crate::payment::api::index,
        crate::payment::api::authorize,
        crate::payment::api::capture,
        crate::payment::api::void,
        crate::payment::api::refund,
        crate::payment::api::goodwill,
        crate::payment::api::write_off,
        crate::payment::api::write_back,
        crate::shipment::api::index,
        crate::shipment::api::create,
        crate::shipment::api::show,
        crate::shipment::api::pack,
        crate::shipment::api::ship,
        crate::shipment::api::deliver,
        crate::shipment::api::cancel,
        crate::shipment::api::retrack,
        crate::shipment::api::cancel_units,
        crate::returns::api::index,
        crate::returns::api::create,
        crate::returns::api::approve,
        crate::returns::api::reject,
        crate::returns::api::cancel,
        crate::returns::api::receive,
        crate::returns::api::close,
        crate::catalog::api::index,
        crate::catalog::api::show,
        crate::catalog::api::create,
        crate::catalog::api::update,
        crate::catalog::api::count,
        crate::customer::api::index,
        crate::customer::api::show,
        crate::customer::api::update,
        crate::market::api::index,
        crate::workflow::api::index,
        crate::webhook::api::index,
        crate::webhook::api::create,
        crate::webhook::api::show,
        crate::webhook::api::update,
        crate::webhook::api::remove,
        crate::webhook::api::enable,
        crate::webhook::api::disable,
        crate::webhook::api::rotate,
        crate::webhook::api_deliveries::test,
        crate::webhook::api_deliveries::replay,
        crate::webhook::api_deliveries::index,
        crate::webhook::api_deliveries::show,
        crate::webhook::api_deliveries::resend,
        crate::staff::api_oauth::create,
        crate::staff::api_oauth::index,
        crate::staff::api_oauth::show,
    ),
    modifiers(&Credentials),
)]
pub struct Document;

/// How programs sign in.
struct Credentials;

impl utoipa::Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let http = |scheme, description: &str| {
            SecurityScheme::Http(HttpBuilder::new().scheme(scheme).description(Some(description)).build())
        };
        let known = crate::staff::keys::scopes();
        let flow = Flow::ClientCredentials(ClientCredentials::new("/oauth/token", Scopes::from_iter(known)));
        let components = openapi.components.get_or_insert_with(Default::default);
        let key = "A key, or a short-lived token that it was exchanged for at /oauth/token.";
        components.add_security_scheme("key", http(HttpAuthScheme::Bearer, key));
        components.add_security_scheme("oauth", SecurityScheme::OAuth2(OAuth2::new([flow])));
        let client = "The client id of a key and the key itself.";
        components.add_security_scheme("client", http(HttpAuthScheme::Basic, client));
        let none: [&str; 0] = [];
        let needed = ["key", "oauth"].map(|scheme| SecurityRequirement::new(scheme, none));
        openapi.security = Some(needed.to_vec());
    }
}

static WHOLE: LazyLock<Value> = LazyLock::new(|| {
    let written = serde_json::to_value(Document::openapi()).unwrap_or_else(|error| {
        tracing::error!(%error, "the document could not be written");
        Value::Null
    });
    everywhere::complete(written, GUIDE)
});

/// The whole document, but for where the desk is.
pub fn document() -> &'static Value {
    &WHOLE
}

/// The whole document of a desk at this address.
pub fn at(address: &str) -> Value {
    let mut document = document().clone();
    document["servers"] = json!([{"url": address, "description": "This desk"}]);
    document
}
