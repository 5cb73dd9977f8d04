//! What each operation asks of a key and of versions, for the document. Handlers say it with their types,
//! which cannot be read back; a test calls every operation and compares.

use crate::staff::Permission;
use crate::staff::Permission::{
    CancelOrders, CorrectOrders, CountStock, EditOrders, GiveGoodwill, ManageProducts, ManageWebhooks, MoveOrders,
    RecordPayments, RefundPayments, ViewContact, ViewMoney, ViewOrders, WriteNotes,
};

/// What an operation does with versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// Nothing.
    None,
    /// Answers with an `ETag`.
    Told,
    /// Answers with an `ETag`, and with 304 to who has it already.
    Read,
    /// Compares `If-Match` with the present version.
    Checked,
}
use Versions::{Checked, None as Unversioned, Read, Told};

/// An operation by its id, the scope it needs, and what it does with versions.
pub type Line = (&'static str, Permission, Versions);

/// Every operation.
pub const OPERATIONS: &[Line] = &[
    ("list_orders", ViewOrders, Unversioned),
    ("create_order", EditOrders, Told),
    ("show_order", ViewOrders, Read),
    ("update_order", EditOrders, Checked),
    ("change_order", EditOrders, Checked),
    ("tag_order", EditOrders, Checked),
    ("bulk_orders", MoveOrders, Unversioned),
    ("show_job", ViewOrders, Unversioned),
    ("create_cart", EditOrders, Unversioned),
    ("show_cart", ViewMoney, Unversioned),
    ("update_order_status", MoveOrders, Checked),
    ("cancel_order", CancelOrders, Checked),
    ("list_order_moves", ViewOrders, Read),
    ("approve_order", MoveOrders, Checked),
    ("hold_order", MoveOrders, Checked),
    ("release_order", MoveOrders, Checked),
    ("reject_order", CancelOrders, Checked),
    ("reinstate_order", CorrectOrders, Checked),
    ("archive_order", MoveOrders, Checked),
    ("unarchive_order", MoveOrders, Checked),
    ("list_order_payments", ViewMoney, Unversioned),
    ("create_authorization", RecordPayments, Checked),
    ("create_capture", RecordPayments, Checked),
    ("create_void", RecordPayments, Checked),
    ("create_refund", RefundPayments, Checked),
    ("create_goodwill", GiveGoodwill, Checked),
    ("create_write_off", GiveGoodwill, Checked),
    ("create_write_back", GiveGoodwill, Checked),
    ("list_order_shipments", ViewOrders, Unversioned),
    ("create_shipment", MoveOrders, Checked),
    ("show_shipment", ViewOrders, Unversioned),
    ("pack_shipment", MoveOrders, Checked),
    ("ship_shipment", MoveOrders, Checked),
    ("deliver_shipment", MoveOrders, Checked),
    ("cancel_shipment", MoveOrders, Checked),
    ("update_shipment_tracking", MoveOrders, Checked),
    ("cancel_units", CancelOrders, Checked),
    ("list_order_returns", ViewOrders, Unversioned),
    ("create_return", MoveOrders, Checked),
    ("approve_return", MoveOrders, Checked),
    ("reject_return", MoveOrders, Checked),
    ("cancel_return", MoveOrders, Checked),
    ("receive_return", MoveOrders, Checked),
    ("close_return", MoveOrders, Checked),
    ("list_order_notes", ViewOrders, Unversioned),
    ("create_note", WriteNotes, Unversioned),
    ("list_order_messages", ViewContact, Unversioned),
    ("create_message", WriteNotes, Unversioned),
    ("show_message_file", ViewContact, Unversioned),
    ("list_products", ViewOrders, Unversioned),
    ("show_product", ViewOrders, Read),
    ("create_product", ManageProducts, Told),
    ("update_product", ManageProducts, Checked),
    ("count_product", CountStock, Unversioned),
    ("list_customers", ViewContact, Unversioned),
    ("show_customer", ViewContact, Read),
    ("update_customer", EditOrders, Checked),
    ("list_order_events", ViewOrders, Unversioned),
    ("list_events", ViewMoney, Unversioned),
    ("list_markets", ViewOrders, Unversioned),
    ("list_stages", ViewOrders, Unversioned),
    ("list_webhooks", ManageWebhooks, Unversioned),
    ("create_webhook", ManageWebhooks, Told),
    ("show_webhook", ManageWebhooks, Read),
    ("update_webhook", ManageWebhooks, Checked),
    ("delete_webhook", ManageWebhooks, Checked),
    ("enable_webhook", ManageWebhooks, Checked),
    ("disable_webhook", ManageWebhooks, Checked),
    ("rotate_webhook_secret", ManageWebhooks, Checked),
    ("test_webhook", ManageWebhooks, Unversioned),
    ("replay_webhook", ManageWebhooks, Told),
    ("list_webhook_deliveries", ManageWebhooks, Unversioned),
    ("show_webhook_delivery", ManageWebhooks, Unversioned),
    ("resend_webhook_delivery", ManageWebhooks, Unversioned),
];

/// Operations around signing in: open to everybody or to the key itself, with errors of their own form.
pub const OPEN: [&str; 3] = ["create_token", "list_signing_keys", "show_token_server"];

/// Those that move money and are taken with an `Idempotency-Key` only.
pub const MONEY: [&str; 3] = ["create_capture", "create_refund", "create_goodwill"];

/// What else an operation may ask for, in words.
pub const BESIDES: &[(&str, &str)] = &[
    ("list_orders", "Filtering and sorting by amounts needs `money:read` too."),
    ("create_order", "Gift cards that have paid need `payments:write` too."),
    ("show_cart", "And `orders:read`."),
    ("list_events", "And `orders:read`."),
    ("update_order_status", "Cancelling and rejecting needs `orders:cancel` too, and a step back `orders:correct`."),
    ("bulk_orders", "Cancelling and rejecting needs `orders:cancel` too, tags need `orders:write`."),
    ("update_customer", "And `contacts:read`."),
    ("create_webhook", TOLD),
    ("update_webhook", TOLD),
    ("show_webhook_delivery", "And `orders:read` and `money:read`."),
    ("resend_webhook_delivery", "And `orders:read` and `money:read`."),
];
/// What a webhook is told, its key may see.
const TOLD: &str = "And `orders:read` and `money:read`, and `contacts:read` if the whole order goes with each message.";

/// Topics in the order of the documentation.
pub const TOPICS: &[(&str, &str)] = &[
    ("Orders", "Placing orders, from items or from a cart; reading and finding them. An order is never deleted."),
    (
        "Changing orders",
        "Correcting what an order says, its tags, and what is in it. Taking it along its way is a move.",
    ),
    (
        "Carts",
        "Lines that are put down before they are ordered. A web shop may keep its carts itself: the guide says how.",
    ),
    ("Many orders", "One action on many orders at once, tried beforehand if you like, with an outcome for each."),
    (
        "Moves",
        "Taking orders along their way: pending, confirmed, approved, processed, shipped, delivered; and aside of it: on \
         hold, rejected, cancelled, returned, archived. Payment and shipping statuses follow from the ledgers by \
         themselves.",
    ),
    (
        "Payments",
        "The ledger of an order. Rows are added and never changed. Slipway takes no card numbers: it keeps references of \
         whoever did.",
    ),
    ("Shipments", "Parcels: putting units into them, packing, sending, following them. Their orders come along."),
    (
        "Returns",
        "What comes back: asked for, decided, received unit by unit, closed. Money given back is a refund of its own.",
    ),
    ("Notes and messages", "What colleagues write on an order, and what was said between the customer and the shop."),
    ("Events", "What happened, who did it and when. Events are never changed or removed."),
    (
        "Webhooks",
        "Programs that are told what happens as soon as it does. Messages are signed as Standard Webhooks says, sent \
         again for three days until they are taken, and can be replayed.",
    ),
    ("Products", "What the shop sells and what there is of it."),
    ("Customers", "Who buys. A customer comes into being with their first order."),
    (
        "Tokens",
        "OAuth 2.0 client credentials: a key is exchanged for a token that is good for fifteen minutes, so that the key \
         itself travels seldom. Errors have the form of RFC 6749 here.",
    ),
    ("Shop", "How the shop is set up: markets, channels, stages. They are changed in the desk's settings."),
];

/// What is known of an operation.
pub fn line_of(id: &str) -> Option<Line> {
    OPERATIONS.iter().copied().find(|(known, ..)| *known == id)
}
