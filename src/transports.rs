//! The list of transports that messages travel by, in the order in which they are offered. The customer's page
//! is none of them: what is said there is there at once.

use crate::conversation::transport::Transports;
use crate::mail::Mail;
use crate::whatsapp::Replies;

/// All of them, whether the shop has set them up or not.
pub fn all() -> Transports {
    Transports::default().with(Mail::default()).with(Replies::default())
}
