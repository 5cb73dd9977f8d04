//! Slipway: a merchant's order desk in one self-hosted binary.

pub mod actor;
pub mod address;
pub mod cli;
pub mod config;
pub mod conversation;
pub mod customer;
pub mod db;
pub mod error;
pub mod event;
pub mod ids;
pub mod job;
pub mod market;
pub mod money;
pub mod moves;
pub mod order;
pub mod payment;
pub mod print;
pub mod routes;
pub mod setup;
pub mod shipment;
pub mod staff;
pub mod time;
pub mod web;
pub mod words;
pub mod worker;
pub mod workflow;
