pub mod actor;
pub mod address;
pub mod db;
pub mod error;
pub mod ids;
pub mod money;
pub mod time;
