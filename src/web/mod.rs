//! The kit for pages: server, headers, cross-site protection, assets, pages and fragments, forms,
//! refusals, messages carried over a redirect. Knows no feature.
//!
//! A page is an askama struct whose first field is the [`Shell`], a handler that loads it in one
//! read, and a line in `routes.rs`:
//!
//! ```ignore
//! #[derive(askama::Template)]
//! #[template(path = "orders/index.html", blocks = ["list"])]
//! struct Index { shell: Shell, rows: Vec<Row> }
//!
//! pub async fn index(
//!     desk: Data<Desk>, request: HttpRequest, staff: Staff<ViewOrders>, query: Query<ListQuery>,
//! ) -> Answer {
//!     let person = staff.person();
//!     let page = desk.db.read(move |conn| {
//!         let shell = Shell::load(conn, &person, Section::Orders)?;
//!         Ok(Index { shell, rows: order::list(conn, &query)? })
//!     }).await?;
//!     if web::wants_fragment(&request) { web::page(&page.as_list()) } else { web::page(&page) }
//! }
//! ```
//!
//! The template begins with `{% extends "layout.html" %}` and fills the blocks `title`, `head` (the
//! bar with the `<h1>`) and `content`. Icons are `{{ crate::web::icon("printer") }}`, files
//! `{{ crate::web::asset("app.js") }}`; `macros.html` has the rest.
//!
//! A form that changes something answers with [`see_other`], after `staff.toast("Saved.")` if there
//! is something to say. A [`Refusal`](crate::error::Refusal) returned with `?` becomes a page or, for
//! htmx, a banner; a handler that wants to show the form again catches it, asks [`shown_again`] for
//! the status and answers with [`page_as`]. A form that creates something holds `{{ shell.form_token }}` in a hidden field
//! `form_token` and its write goes through [`once`].

mod assets;
mod csrf;
mod extract;
mod flash;
mod once;
mod problem;
mod respond;
mod sent;
mod server;
mod shell;
mod store;

pub use assets::{Icon, asset, icon, picture, pictures, serve_asset};
pub use extract::{Form, Query, read_at_most, read_payload, strict_text};
pub use flash::{Toast, Undo, put_toast, take_toast};
pub use once::{Outcome, once};
pub use problem::{Problem, problem_json, shown_again};
pub use respond::{Answer, no_such_page, page, page_as, see_other, wants_events, wants_fragment};
pub use sent::{FileLimits, Sent, SentFile};
pub use server::{Desk, RequestId, here, peer_address, serve};
pub use shell::{NavView, Section, Shell, Shop, Viewer};
pub use store::{address, market_of_order, set_setting, setting, setting_once, shop};
