//! The desk's behaviour, told through its public door: each test starts the whole application on a
//! fresh database and speaks HTTP as a person. On SQLite by default; on Postgres when
//! `SLIPWAY_TEST_POSTGRES` holds the URL of a server where databases may be made
//! (`./tests/postgres COMMAND` runs a command with a throwaway one).
#![allow(clippy::unwrap_used)]

mod support;

mod announcing;
mod api;
mod api_document;
mod api_ledgers;
mod api_problems;
mod api_refusals;
mod api_refusals_busy;
mod api_refusals_ledgers;
mod api_refusals_orders;
mod api_webhooks;
mod approving;
mod attachments;
mod attention;
mod bad_input;
mod board;
mod carts;
mod customers;
mod demo;
mod docs;
mod durability;
mod exports;
mod feed;
mod imports;
mod inbox;
mod invoices;
mod keys;
mod languages;
mod large_lists;
mod licences;
mod links;
mod mails;
mod markets;
mod mentions;
mod migrations;
mod model;
mod move_pages;
mod moves;
mod news;
mod notes;
mod order_lines;
mod order_page;
mod orders_by_hand;
mod orders_list;
mod outbox;
mod packing;
mod parcels;
mod payments;
mod print;
mod products;
mod reach;
mod refunds;
mod replies;
mod returns;
mod schema;
mod search;
mod setup;
mod staff;
mod staff_mails;
mod stages;
mod statements;
mod stock;
mod talking;
mod tidy;
mod timers;
mod tokens;
mod webhooks;
mod whatsapp;
mod whatsapp_replies;
mod writing_off;
