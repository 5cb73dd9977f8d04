//! Slipway: a merchant's order desk in one self-hosted binary.
//!
//! # The map
//!
//! By feature, on a small ground floor. Knowledge goes one way: ground floor ← features ← edges ←
//! [`routes`], [`cli`], [`worker`]; among features only earlier ones in the order given below. A test reads
//! the source and holds us to it (`tests/desk/tidy.rs`).
//!
//! Inside a feature the same few files: `mod.rs` is its front door (types and verbs), a pure file for
//! each idea (no database, no clock), `store.rs` all its SQL, `pages.rs` its handlers and templates.
//!
//! # One request
//!
//! [`routes`] sends `POST /orders/10468/moves` to a handler in a `pages.rs`. Its argument
//! [`staff::Staff<MoveOrders>`](staff::Staff) proves that the person may; its form is a type. It calls
//! one verb inside [`db.write`](db::Db::write): load, decide (pure), save with a version check, record
//! an [`event`], all in one transaction that is answered after its commit. Then it sends the browser
//! on with 303, or draws the parts that changed for htmx. A [`Refusal`](error::Refusal) becomes a page,
//! a banner or the form again; the command line and the imports call the same verbs.
//!
//! # What always holds
//!
//! - [`db.read`](db::Db::read) and [`db.write`](db::Db::write) are the only doors to the database, and
//!   only [`db`] knows which of the two databases it is.
//! - Every change writes one typed event in its transaction; events are never changed or removed.
//! - Money is whole minor units with a currency, time is microseconds in UTC, a day is the shop's.
//! - Outside of somebody's [`reach`] no order is: whoever looks or acts passes theirs along, and the guard asks it of
//!   every address with an order's number.
//! - Payment and fulfilment status are computed from their ledgers; people move stages only.
//! - Whoever saves says which version they saw; a stale one is told who did what, and nothing is
//!   overwritten.
//! - Nothing a browser gets needs scripting, and nothing it gets may run that is not a file of ours.

// Ground floor: knows no feature.
pub mod actor;
pub mod address;
pub mod api;
pub mod config;
pub mod db;
pub mod error;
pub mod event;
pub mod ids;
pub mod job;
pub mod language;
pub mod money;
pub mod outside;
pub mod reach;
pub mod time;
pub mod web;
pub mod words;

// Features. Each may know those before it in this order: staff, market, customer, catalog, workflow,
// order, payment, shipment, returns, invoice, moves, conversation, customer_page, mail, whatsapp, transports,
// announce.
pub mod announce;
pub mod catalog;
pub mod conversation;
pub mod customer;
pub mod customer_page;
pub mod invoice;
pub mod mail;
pub mod market;
pub mod moves;
pub mod order;
pub mod payment;
pub mod returns;
pub mod shipment;
pub mod staff;
pub mod transports;
pub mod whatsapp;
pub mod workflow;

// Edges: may know any feature; no feature knows them.
pub mod account;
pub mod demo;
pub mod intake;
pub mod notify;
pub mod print;
pub mod privacy;
pub mod settings;
pub mod setup;
pub mod transfer;
pub mod webhook;

// What puts it together.
pub mod cli;
pub mod openapi;
pub mod report;
pub mod routes;
pub mod worker;
