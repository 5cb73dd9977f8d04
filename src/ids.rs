//! Names of things. Inside the house a row has an integer key; what leaves it carries a
//! [`Uid`] or, for an order, its number.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

macro_rules! key {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
        #[diesel(sql_type = BigInt)]
        #[serde(transparent)]
        pub struct $name(pub i64);
        crate::bigint_column!($name);
    )+};
}

key! {
    /// Key of an order. People see its number instead.
    OrderId,
    /// Key of an order line.
    LineId,
    /// Key of a person of the shop.
    StaffId,
    /// Key of a customer.
    CustomerId,
    /// Key of a product.
    ProductId,
    /// Key of a market.
    MarketId,
    /// Key of a sales channel.
    ChannelId,
    /// Key of a parcel.
    ShipmentId,
    /// Key of a return.
    ReturnId,
    /// Key of a hold.
    HoldId,
    /// Key of a note.
    NoteId,
    /// Key of a row of the payment ledger.
    PaymentId,
    /// Key of a saved view.
    ViewId,
    /// Key of an import.
    ImportId,
    /// Key of an API key.
    KeyId,
    /// Key of a webhook endpoint.
    EndpointId,
    /// Key of a message to an endpoint.
    DeliveryId,
}

/// A public identifier: UUIDv7 in its hyphenated lowercase form, so that newer sorts after older.
pub fn new_uid() -> String {
    uuid::Uuid::now_v7().to_string()
}
