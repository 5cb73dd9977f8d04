//! Figures over many orders, each read in a fixed number of queries.

pub mod pages;
pub mod today;
