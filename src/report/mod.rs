//! Figures over many orders, each read in a fixed number of queries.

pub mod attention;
pub mod pages;
pub mod pages_attention;
pub mod today;
