//! News for staff: what happens in the shop, told at once to every open screen. One hub of the process reads
//! the diary, however many listen; what somebody hears depends on what they may see. It changes nothing, and
//! every page works without it. Whoever is away is mailed what nobody looked at, if they want that.

mod digest;
mod hub;
mod listener;
pub mod mails;
pub mod pages;
pub mod presence;
mod store;
mod store_mails;
pub mod stream;
mod told;

pub use hub::Hub;
pub use listener::Listener;
