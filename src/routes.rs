//! Every address of the product, in one table.

use actix_session::SessionMiddleware;
use actix_session::config::{PersistentSession, TtlExtensionPolicy};
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Key, SameSite};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig, delete, get, patch, post, put, resource};

use crate::intake;
use crate::notify::{self, Hub};
use crate::openapi;
use crate::order;
use crate::staff::{self, Sessions};
use crate::transfer;
use crate::web::{Desk, no_such_page, see_other};
use crate::whatsapp::pages_hook as hook;
use crate::{account, settings, setup};
use crate::{print, report};

/// Name of the session's cookie.
const COOKIE: &str = "slipway";

/// Adds every page to the server.
pub fn pages(config: &mut ServiceConfig, desk: &Desk, key: &Key, hub: &Hub) {
    let lifecycle = PersistentSession::default()
        .session_ttl(Duration::days(staff::KEEP_DAYS))
        .session_ttl_extension_policy(TtlExtensionPolicy::OnStateChanges);
    let sessions = SessionMiddleware::builder(Sessions::new(desk.db.clone()), key.clone())
        .cookie_name(COOKIE.to_owned())
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        // The server marks cookies for https only once the shop's public address is https.
        .cookie_secure(false)
        .session_lifecycle(lifecycle)
        .build();
    config.configure(api_tokens);
    for mount in ["/api/v1", "/api"] {
        let programs = web::scope(mount).app_data(staff::Shape(openapi::api::check_request));
        config.service(programs.wrap(from_fn(openapi::api::tell_methods)).configure(api));
    }
    // Before the sessions: nothing there reads or sets a cookie.
    config.service(resource("/whatsapp").route(get().to(hook::verify)).route(post().to(hook::receive)));
    config.service(web::scope("/t").configure(customer_page));
    config.service(
        web::scope("")
            .wrap(sessions)
            .route("/", get().to(report::pages::show))
            .route("/attention", get().to(report::pages_attention::show))
            .app_data(Data::new(hub.clone()))
            .route("/news", get().to(notify::stream::show))
            .route("/orders/{number:[0-9]+}/presence", post().to(notify::pages::here))
            .configure(files)
            .configure(orders)
            .configure(people)
            .configure(customers)
            .configure(paper)
            .configure(shop)
            .configure(webhooks)
            .configure(chats)
            .configure(one_order)
            .configure(products)
            .configure(parcels)
            .configure(returns)
            .default_service(web::to(|| async { no_such_page() })),
    );
}

/// What customers see of their order.
fn customer_page(config: &mut ServiceConfig) {
    use crate::customer_page::pages as p;
    config
        .service(resource("/{token}").route(get().to(p::show)))
        .service(resource("/{token}/files/{uid}").route(get().to(p::file)))
        .service(resource("/{token}/messages").route(get().to(p::back)).route(post().to(p::say)))
        .service(resource("/{token}/address").route(get().to(p::back)).route(post().to(p::give_address)))
        .service(resource("/{token}/cancellation").route(get().to(p::back)).route(post().to(p::cancel)))
        .service(resource("/{token}/returns").route(get().to(p::back)).route(post().to(p::ask_return)))
        .service(resource("/{token}/resumption").route(get().to(p::back)).route(post().to(p::resume)))
        .service(resource("/{token}/arrival").route(get().to(p::back)).route(post().to(p::arrived)))
        .default_service(web::to(p::unknown));
}

/// What programs use. Mounted twice: `/api` and `/api/v1` are the same.
fn api(config: &mut ServiceConfig) {
    use crate::openapi::{api as document, pages as docs};
    config
        .service(resource("/openapi.json").route(get().to(document::show)))
        .service(resource("/docs").route(get().to(docs::guide)))
        .service(resource("/docs/recipes").route(get().to(docs::recipes)))
        .service(resource("/docs/objects").route(get().to(docs::show_objects)))
        .service(resource("/docs/objects/{name}").route(get().to(docs::object)))
        .service(resource("/docs/{topic}").route(get().to(docs::topic)))
        .service(resource("/problems").route(get().to(docs::index_problems)))
        .service(resource("/problems/{code}").route(get().to(docs::problem)));
    config.configure(api_orders).configure(api_ledgers).configure(api_shop).configure(api_webhooks);
    config.default_service(web::to(|| async { no_such_page() }));
}

/// Orders and their moves.
fn api_orders(config: &mut ServiceConfig) {
    use crate::conversation::api as talk;
    use crate::moves::{api as moves, api_bulk as bulk};
    use crate::order::{
        api as order, api_carts as carts, api_changes as altering, api_edit as changes, api_events as feed,
        api_list as orders, api_new as placing,
    };
    config
        .service(resource("/orders").route(get().to(orders::index)).route(post().to(placing::create)))
        .service(resource("/orders/bulk").route(post().to(bulk::create)))
        .service(resource("/jobs/{job_id}").route(get().to(bulk::show)))
        .service(
            resource("/orders/{order_id}")
                .route(get().to(order::show))
                .route(patch().to(changes::update))
                .route(delete().to(moves::cancel)),
        )
        .service(resource("/orders/{order_id}/changes").route(post().to(altering::create)))
        .service(resource("/orders/{order_id}/tags").route(post().to(changes::tag)))
        .service(resource("/orders/{order_id}/events").route(get().to(changes::events)))
        .service(
            resource("/orders/{order_id}/notes").route(get().to(talk::list_notes)).route(post().to(talk::create_note)),
        )
        .service(
            resource("/orders/{order_id}/messages")
                .route(get().to(talk::list_messages))
                .route(post().to(talk::create_message)),
        )
        .service(resource("/orders/{order_id}/files/{file_id}").route(get().to(talk::show_file)))
        .service(resource("/orders/{order_id}/status").route(put().to(moves::update_status)))
        .service(resource("/orders/{order_id}/moves").route(get().to(moves::index)))
        .service(resource("/orders/{order_id}/approve").route(post().to(moves::approve)))
        .service(resource("/orders/{order_id}/hold").route(post().to(moves::place_hold)))
        .service(resource("/orders/{order_id}/release").route(post().to(moves::release_hold)))
        .service(resource("/orders/{order_id}/reject").route(post().to(moves::reject)))
        .service(resource("/orders/{order_id}/reinstate").route(post().to(moves::reinstate)))
        .service(resource("/orders/{order_id}/archive").route(post().to(moves::archive)))
        .service(resource("/orders/{order_id}/unarchive").route(post().to(moves::unarchive)))
        .service(resource("/events").route(get().to(feed::index)))
        .service(resource("/carts").route(post().to(carts::create_cart)))
        .service(resource("/carts/{cart_id}").route(get().to(carts::show_cart)));
}

/// Products, customers and how the shop is set up.
fn api_shop(config: &mut ServiceConfig) {
    use crate::catalog::api as products;
    use crate::customer::api as customers;
    config
        .service(resource("/products").route(get().to(products::index)).route(post().to(products::create)))
        .service(resource("/products/{product_id}").route(get().to(products::show)).route(put().to(products::update)))
        .service(resource("/products/{product_id}/counts").route(post().to(products::count)))
        .service(resource("/customers").route(get().to(customers::index)))
        .service(
            resource("/customers/{customer_id}").route(get().to(customers::show)).route(patch().to(customers::update)),
        )
        .service(resource("/markets").route(get().to(crate::market::api::index)))
        .service(resource("/stages").route(get().to(crate::workflow::api::index)));
}

/// Webhooks and their logs.
fn api_webhooks(config: &mut ServiceConfig) {
    use crate::webhook::{api as hooks, api_deliveries as log};
    config
        .service(resource("/webhooks").route(get().to(hooks::index)).route(post().to(hooks::create)))
        .service(
            resource("/webhooks/{webhook_id}")
                .route(get().to(hooks::show))
                .route(patch().to(hooks::update))
                .route(delete().to(hooks::remove)),
        )
        .service(resource("/webhooks/{webhook_id}/enable").route(post().to(hooks::enable)))
        .service(resource("/webhooks/{webhook_id}/disable").route(post().to(hooks::disable)))
        .service(resource("/webhooks/{webhook_id}/secret").route(post().to(hooks::rotate)))
        .service(resource("/webhooks/{webhook_id}/test").route(post().to(log::test)))
        .service(resource("/webhooks/{webhook_id}/replays").route(post().to(log::replay)))
        .service(resource("/webhooks/{webhook_id}/deliveries").route(get().to(log::index)))
        .service(resource("/webhooks/{webhook_id}/deliveries/{delivery_id}").route(get().to(log::show)))
        .service(resource("/webhooks/{webhook_id}/deliveries/{delivery_id}/resend").route(post().to(log::resend)));
}

/// Payments, parcels and returns of orders.
fn api_ledgers(config: &mut ServiceConfig) {
    use crate::payment::api as payments;
    use crate::returns::api as returns;
    use crate::shipment::api as shipments;
    config
        .service(resource("/orders/{order_id}/payments").route(get().to(payments::index)))
        .service(resource("/orders/{order_id}/authorizations").route(post().to(payments::authorize)))
        .service(resource("/orders/{order_id}/captures").route(post().to(payments::capture)))
        .service(resource("/orders/{order_id}/voids").route(post().to(payments::void)))
        .service(resource("/orders/{order_id}/refunds").route(post().to(payments::refund)))
        .service(resource("/orders/{order_id}/goodwill").route(post().to(payments::goodwill)))
        .service(resource("/orders/{order_id}/write-offs").route(post().to(payments::write_off)))
        .service(resource("/orders/{order_id}/write-backs").route(post().to(payments::write_back)))
        .service(
            resource("/orders/{order_id}/shipments")
                .route(get().to(shipments::index))
                .route(post().to(shipments::create)),
        )
        .service(resource("/orders/{order_id}/cancellations").route(post().to(shipments::cancel_units)))
        .service(resource("/shipments/{shipment_id}").route(get().to(shipments::show)))
        .service(resource("/shipments/{shipment_id}/pack").route(post().to(shipments::pack)))
        .service(resource("/shipments/{shipment_id}/ship").route(post().to(shipments::ship)))
        .service(resource("/shipments/{shipment_id}/deliver").route(post().to(shipments::deliver)))
        .service(resource("/shipments/{shipment_id}/cancel").route(post().to(shipments::cancel)))
        .service(resource("/shipments/{shipment_id}/tracking").route(put().to(shipments::retrack)))
        .service(
            resource("/orders/{order_id}/returns").route(get().to(returns::index)).route(post().to(returns::create)),
        )
        .service(resource("/orders/{order_id}/returns/{return_id}/approve").route(post().to(returns::approve)))
        .service(resource("/orders/{order_id}/returns/{return_id}/reject").route(post().to(returns::reject)))
        .service(resource("/orders/{order_id}/returns/{return_id}/cancel").route(post().to(returns::cancel)))
        .service(resource("/orders/{order_id}/returns/{return_id}/receive").route(post().to(returns::receive)))
        .service(resource("/orders/{order_id}/returns/{return_id}/close").route(post().to(returns::close)));
}

/// Where keys are exchanged for short-lived tokens. Not under `/api`: clients look for it at the top.
fn api_tokens(config: &mut ServiceConfig) {
    use crate::openapi::api::tell_methods;
    use crate::staff::api_oauth as tokens;
    config
        .service(resource("/oauth/token").wrap(from_fn(tell_methods)).route(post().to(tokens::create)))
        .service(resource("/.well-known/jwks.json").wrap(from_fn(tell_methods)).route(get().to(tokens::index)))
        .service(
            resource("/.well-known/oauth-authorization-server")
                .wrap(from_fn(tell_methods))
                .route(get().to(tokens::show)),
        );
}

/// One order: its page, moves, holds, payments, notes.
fn one_order(config: &mut ServiceConfig) {
    use crate::conversation::{
        pages as notes, pages_files as files, pages_inbox as inbox, pages_mentions as calls, pages_replies as replies,
    };
    use crate::moves::pages as moves;
    use crate::order::pages_show as order;
    use crate::order::{pages_edit, pages_lines, pages_new, pages_tags as tags};
    use crate::payment::{pages as payments, pages_refund as refunds, pages_take as takes};
    config
        .service(resource("/orders/new").route(get().to(pages_new::new)).route(post().to(pages_new::create)))
        .service(
            resource("/orders/{number:[0-9]+}/edit")
                .route(get().to(pages_edit::edit))
                .route(post().to(pages_edit::update)),
        )
        .service(
            resource("/orders/{number:[0-9]+}/lines")
                .route(get().to(pages_lines::edit))
                .route(post().to(pages_lines::update)),
        )
        .service(resource("/orders/{number:[0-9]+}").route(get().to(order::show)))
        .service(resource("/orders/{number:[0-9]+}/history").route(get().to(order::history)))
        .service(resource("/orders/{number:[0-9]+}/tags").route(post().to(tags::tag)))
        .service(resource("/orders/{number:[0-9]+}/assignee").route(post().to(tags::assign)))
        .service(resource("/orders/{number:[0-9]+}/moves/new").route(get().to(moves::new)))
        .service(resource("/orders/{number:[0-9]+}/moves/undo").route(post().to(moves::undo)))
        .service(resource("/orders/{number:[0-9]+}/moves").route(post().to(moves::create)))
        .service(resource("/orders/{number:[0-9]+}/holds").route(post().to(moves::hold)))
        .service(resource("/orders/{number:[0-9]+}/holds/{uid}/release").route(post().to(moves::release)))
        .service(resource("/orders/{number:[0-9]+}/payments/new").route(get().to(payments::new)))
        .service(resource("/orders/{number:[0-9]+}/payments").route(post().to(payments::create)))
        .service(resource("/orders/{number:[0-9]+}/captures/new").route(get().to(takes::new_capture)))
        .service(resource("/orders/{number:[0-9]+}/captures").route(post().to(takes::capture)))
        .service(resource("/orders/{number:[0-9]+}/voids/new").route(get().to(takes::new_void)))
        .service(resource("/orders/{number:[0-9]+}/voids").route(post().to(takes::void)))
        .service(resource("/orders/{number:[0-9]+}/refunds/new").route(get().to(refunds::new)))
        .service(resource("/orders/{number:[0-9]+}/refunds").route(post().to(refunds::create)))
        .service(resource("/orders/{number:[0-9]+}/goodwill/new").route(get().to(takes::new_goodwill)))
        .service(resource("/orders/{number:[0-9]+}/goodwill").route(post().to(takes::goodwill)))
        .service(resource("/orders/{number:[0-9]+}/write-offs/new").route(get().to(takes::new_write_off)))
        .service(resource("/orders/{number:[0-9]+}/write-offs").route(post().to(takes::write_off)))
        .service(
            resource("/orders/{number:[0-9]+}/write-offs/back")
                .route(get().to(takes::new_write_back))
                .route(post().to(takes::write_back)),
        )
        .service(
            resource("/orders/{number:[0-9]+}/notes").route(get().to(order::notes)).route(post().to(notes::create)),
        )
        .service(resource("/orders/{number:[0-9]+}/notes/{uid}").route(post().to(notes::update)))
        .service(resource("/orders/{number:[0-9]+}/notes/{uid}/remove").route(post().to(notes::remove)))
        .service(resource("/orders/{number:[0-9]+}/messages").route(post().to(notes::say)))
        .service(
            resource("/orders/{number:[0-9]+}/messages/{uid}/resend")
                .route(post().to(crate::conversation::pages_thread::resend)),
        )
        .service(
            resource("/orders/{number:[0-9]+}/customer-page")
                .route(post().to(crate::customer_page::pages_link::change)),
        )
        .service(resource("/orders/{number:[0-9]+}/read").route(post().to(notes::read)))
        .service(resource("/orders/{number:[0-9]+}/files/{uid}").route(get().to(files::show)))
        .service(resource("/orders/{number:[0-9]+}/replies").route(post().to(replies::insert)))
        .service(resource("/orders/{number:[0-9]+}/replies/{uid}").route(get().to(replies::show)))
        .service(resource("/orders/{number:[0-9]+}/unread").route(post().to(inbox::mark_unread)))
        .service(resource("/inbox").route(get().to(inbox::index)))
        .service(resource("/inbox/mentions").route(get().to(calls::index)))
        .service(resource("/inbox/{number:[0-9]+}").route(get().to(inbox::show)));
}

/// What the shop sells and what there is of it.
fn products(config: &mut ServiceConfig) {
    use crate::catalog::{pages as list, pages_product as one};
    config
        .service(resource("/products").route(get().to(list::index)).route(post().to(one::create)))
        .service(resource("/products/new").route(get().to(one::new)))
        .service(resource("/products/counting").route(post().to(one::switch)))
        .service(resource("/products/{uid}").route(get().to(one::show)).route(post().to(one::save)))
        .service(resource("/products/{uid}/count").route(post().to(one::count)));
}

/// Returns of orders.
fn returns(config: &mut ServiceConfig) {
    use crate::returns::pages as p;
    config
        .service(resource("/returns").route(get().to(p::index)))
        .service(resource("/orders/{number:[0-9]+}/returns/new").route(get().to(p::new)))
        .service(resource("/orders/{number:[0-9]+}/returns").route(post().to(p::create)))
        .service(resource("/orders/{number:[0-9]+}/returns/{uid}").route(get().to(p::show)).route(post().to(p::update)))
        .service(resource("/orders/{number:[0-9]+}/returns/{uid}/receipt").route(post().to(p::receive)));
}

/// Parcels of an order.
fn parcels(config: &mut ServiceConfig) {
    use crate::shipment::{pages as p, pages_pack as pack, pages_tracking as bulk};
    config
        .service(resource("/pack").route(get().to(pack::find)))
        .service(resource("/orders/{number:[0-9]+}/pack").route(get().to(pack::show)).route(post().to(pack::scan)))
        .service(resource("/shipments/tracking").route(get().to(bulk::new)).route(post().to(bulk::create)))
        .service(resource("/orders/{number:[0-9]+}/parcels/new").route(get().to(p::new)))
        .service(resource("/orders/{number:[0-9]+}/parcels").route(post().to(p::create)))
        .service(resource("/orders/{number:[0-9]+}/parcels/{uid}").route(post().to(p::update)))
        .service(
            resource("/orders/{number:[0-9]+}/parcels/{uid}/ship")
                .route(get().to(p::ask_ship))
                .route(post().to(p::ship)),
        )
        .service(
            resource("/orders/{number:[0-9]+}/parcels/{uid}/tracking")
                .route(get().to(p::ask_track))
                .route(post().to(p::track)),
        )
        .service(resource("/orders/{number:[0-9]+}/remaining").route(get().to(p::ask_cut)).route(post().to(p::cut)));
}

/// The list of orders.
fn orders(config: &mut ServiceConfig) {
    use order::{
        pages_board as board, pages_bulk as bulk, pages_fresh as fresh, pages_list as list, pages_menu as menu,
        pages_views as views,
    };
    config
        .service(resource("/orders").route(get().to(list::index)))
        .service(resource("/orders/fresh").route(get().to(fresh::show)))
        .service(resource("/orders/filters").route(get().to(menu::filters)))
        .service(resource("/orders/columns").route(post().to(list::columns)))
        .service(resource("/orders/bulk").route(post().to(bulk::bulk)))
        .service(resource("/orders/bulk/look").route(post().to(bulk::look)))
        .service(resource("/board").route(get().to(board::show)))
        .service(resource("/views").route(get().to(views::index)).route(post().to(views::save)))
        .service(resource("/views/{uid}").route(post().to(views::rename)))
        .service(resource("/views/{uid}/delete").route(post().to(views::delete)));
}

/// Customers: the list, single ones, merging and erasing.
fn customers(config: &mut ServiceConfig) {
    use crate::customer::{pages as c, pages_merge as merge};
    use crate::privacy::pages as erase;
    config
        .service(resource("/customers").route(get().to(c::index)))
        .service(resource("/customers/{uid}").route(get().to(c::show)))
        .service(resource("/customers/{uid}/edit").route(get().to(c::edit)).route(post().to(c::update)))
        .service(resource("/customers/{uid}/merge").route(get().to(merge::new)).route(post().to(merge::create)))
        .service(resource("/customers/{uid}/erase").route(get().to(erase::new)).route(post().to(erase::create)));
}

/// Signing in, accounts, staff.
fn people(config: &mut ServiceConfig) {
    use account::pages_keys as own_keys;
    use staff::pages as p;
    config
        .service(resource("/login").route(get().to(p::login)).route(post().to(p::sign_in)))
        .service(resource("/logout").route(post().to(p::sign_out)))
        .service(resource("/join/{token}").route(get().to(p::open_link)).route(post().to(p::use_link)))
        .service(resource("/account").route(get().to(account::pages::show)))
        .service(resource("/account/preferences").route(post().to(p::preferences)))
        .service(resource("/account/mails").route(post().to(account::pages::mails)))
        .service(resource("/account/password").route(post().to(account::pages::password)))
        .service(resource("/account/keys").route(get().to(own_keys::index)).route(post().to(own_keys::create)))
        .service(
            resource("/account/keys/{uid}/revoke")
                .route(get().to(own_keys::ask_revoke))
                .route(post().to(own_keys::revoke)),
        )
        .service(resource("/account/sessions/others").route(post().to(account::pages::end_others)))
        .service(resource("/account/sessions/all").route(post().to(account::pages::end_all)))
        .service(resource("/account/sessions/{uid}/end").route(post().to(account::pages::end_session)));
}

/// First run and settings.
fn shop(config: &mut ServiceConfig) {
    use crate::conversation::pages_replies as r;
    use crate::customer_page::pages_settings as theirs;
    use crate::payment::pages_methods as ways;
    use settings::keys::pages as k;
    use settings::markets::pages as m;
    use settings::pages as s;
    use settings::people::pages as p;
    use settings::stages::pages as st;
    config
        .service(resource("/settings/markets").route(get().to(m::index)).route(post().to(m::open)))
        .service(resource("/settings/markets/new").route(get().to(m::new)))
        .service(resource("/settings/markets/{slug}").route(get().to(m::show)).route(post().to(m::save)))
        .service(resource("/settings/markets/{slug}/channels").route(post().to(m::add_channel)))
        .service(resource("/settings/markets/{slug}/channels/{channel}").route(post().to(m::save_channel)))
        .service(resource("/settings/markets/{slug}/channels/{channel}/carts").route(post().to(m::save_carts)))
        .service(resource("/settings/stages").route(get().to(st::index)).route(post().to(st::add)))
        .service(resource("/settings/stages/{slug}").route(get().to(st::show)).route(post().to(st::save)))
        .service(resource("/settings/stages/{slug}/step").route(post().to(st::step)))
        .service(resource("/settings/stages/{slug}/default").route(post().to(st::default)))
        .service(resource("/settings/stages/{slug}/message").route(post().to(st::save_words)))
        .service(resource("/settings/stages/{slug}/close").route(post().to(st::close)))
        .service(resource("/settings/stages/{slug}/open").route(post().to(st::open)))
        .service(resource("/settings/stages/{slug}/remove").route(post().to(st::remove)))
        .service(resource("/setup").route(get().to(setup::pages::show)).route(post().to(setup::pages::make)))
        .route("/settings", get().to(|| async { see_other("/settings/shop") }))
        .service(resource("/settings/shop").route(get().to(s::show)).route(post().to(s::save)))
        .service(
            resource("/settings/mail")
                .route(get().to(crate::mail::pages_settings::show))
                .route(post().to(crate::mail::pages_settings::save)),
        )
        .service(resource("/settings/customer-page").route(get().to(theirs::show)).route(post().to(theirs::save)))
        .service(resource("/settings/replies").route(get().to(r::index)).route(post().to(r::add)))
        .service(resource("/settings/replies/{uid}").route(post().to(r::save)))
        .service(resource("/settings/payments").route(get().to(ways::index)).route(post().to(ways::add)))
        .service(resource("/settings/payments/{key}").route(get().to(ways::show)).route(post().to(ways::save)))
        .service(resource("/settings/keys").route(get().to(k::index)).route(post().to(k::create)))
        .service(resource("/settings/keys/rate").route(post().to(k::set_rate)))
        .service(resource("/settings/keys/{uid}/revoke").route(get().to(k::ask_revoke)).route(post().to(k::revoke)))
        .service(resource("/settings/staff").route(get().to(p::show)).route(post().to(p::invite)))
        .service(resource("/settings/staff/{uid}/role").route(post().to(p::role)))
        .service(resource("/settings/staff/{uid}/markets").route(post().to(p::markets)))
        .service(resource("/settings/staff/{uid}/link").route(post().to(p::link)))
        .service(resource("/settings/staff/{uid}/disable").route(post().to(p::disable)))
        .service(resource("/settings/staff/{uid}/enable").route(post().to(p::enable)));
}

/// Programs that are told what happens.
fn webhooks(config: &mut ServiceConfig) {
    use crate::webhook::{pages as w, pages_deliveries as d};
    config
        .service(resource("/settings/webhooks").route(get().to(w::index)).route(post().to(w::create)))
        .service(resource("/settings/webhooks/new").route(get().to(w::new)))
        .service(resource("/settings/webhooks/{uid}").route(get().to(w::show)).route(post().to(w::save)))
        .service(resource("/settings/webhooks/{uid}/secret").route(post().to(w::rotate)))
        .service(resource("/settings/webhooks/{uid}/disable").route(post().to(w::disable)))
        .service(resource("/settings/webhooks/{uid}/enable").route(post().to(w::enable)))
        .service(resource("/settings/webhooks/{uid}/remove").route(post().to(w::remove)))
        .service(resource("/settings/webhooks/{uid}/test").route(post().to(d::test)))
        .service(resource("/settings/webhooks/{uid}/replays").route(post().to(d::replay)))
        .service(resource("/settings/webhooks/{uid}/deliveries/{delivery}").route(get().to(d::show)))
        .service(resource("/settings/webhooks/{uid}/deliveries/{delivery}/resend").route(post().to(d::resend)));
}

/// WhatsApp: the account, and who wrote without an order.
fn chats(config: &mut ServiceConfig) {
    use crate::whatsapp::{pages as w, pages_senders as s};
    config
        .service(resource("/settings/whatsapp").route(get().to(w::show)).route(post().to(w::save)))
        .service(resource("/settings/whatsapp/verify-token").route(post().to(w::renew)))
        .service(resource("/whatsapp/senders").route(get().to(s::index)).route(post().to(s::settle)));
}

/// Slips and order details on paper.
fn paper(config: &mut ServiceConfig) {
    use crate::invoice::pages as v;
    use print::{pages as p, pages_invoice as i, pages_return as r, pages_settings as s};
    config
        .service(resource("/orders/{number}/slip").route(get().to(p::one_slip)))
        .service(resource("/orders/{number}/sheet").route(get().to(p::one_sheet)))
        .service(resource("/print/slips").route(get().to(p::many_slips)))
        .service(resource("/print/sheets").route(get().to(p::many_sheets)))
        .service(resource("/print/picks").route(get().to(p::pick_list)))
        .service(resource("/print/records").route(post().to(p::record)))
        .service(resource("/orders/{number:[0-9]+}/returns/{uid}/slip").route(get().to(r::show)))
        .service(resource("/invoices/{uid}").route(get().to(i::show)))
        .service(resource("/invoices/{uid}/credit").route(get().to(v::ask_credit)).route(post().to(v::take_back)))
        .service(resource("/orders/{number:[0-9]+}/invoices").route(post().to(v::create)))
        .service(resource("/settings/invoices").route(get().to(v::show_settings)).route(post().to(v::save_settings)))
        .service(resource("/settings/print").route(get().to(s::show)).route(post().to(s::save)));
}

/// Orders that come in from files and go out as files.
fn files(config: &mut ServiceConfig) {
    use intake::pages as i;
    config
        .service(resource("/orders/export.csv").route(get().to(transfer::pages::export)))
        .service(resource("/imports").route(get().to(i::index)).route(post().to(i::create)))
        .service(resource("/imports/new").route(get().to(i::new)))
        .service(resource("/imports/{uid}").route(get().to(i::show)))
        .service(resource("/imports/{uid}/columns").route(post().to(i::columns)))
        .service(resource("/imports/{uid}/start").route(post().to(i::start)))
        .service(resource("/imports/{uid}/discard").route(post().to(i::discard)))
        .service(resource("/imports/{uid}/problems.csv").route(get().to(i::problems)));
}
