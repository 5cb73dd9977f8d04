//! What is known of an order besides its stage: payment and fulfilment status, computed from ledgers
//! and never typed in. Pure.

use std::ops::RangeInclusive;

use crate::time::UtcTime;

crate::text_enum! {
    /// Kind of a row of the payment ledger.
    pub enum PaymentKind {
        /// Money promised by a bank or wallet.
        Authorization = "authorization",
        /// Money received.
        Capture = "capture",
        /// Money given back, of one capture.
        Refund = "refund",
        /// An authorisation let go.
        Void = "void",
        /// Money given beyond what was received, out of kindness. Changes no balance.
        Goodwill = "goodwill",
        /// A small rest that nobody asks for any more: what the customer owed, or what the shop owed them.
        WriteOff = "write_off",
        /// A write-off taken back.
        WriteBack = "write_back",
    }
}

crate::text_enum! {
    /// How a row of a ledger ended.
    pub enum EntryState {
        /// Under way.
        Pending = "pending",
        /// Done.
        Succeeded = "succeeded",
        /// Refused by the other side.
        Failed = "failed",
        /// Withdrawn.
        Cancelled = "cancelled",
    }
}

crate::text_enum! {
    /// How complete the payment is.
    pub enum PaymentStatus {
        /// Nothing to pay.
        Free = "free",
        /// Nothing received.
        Unpaid = "unpaid",
        /// The last authorisation was let go.
        Voided = "voided",
        /// The last authorisation lapsed.
        Expired = "expired",
        /// An attempt is under way.
        Pending = "pending",
        /// Some of it is promised.
        PartiallyAuthorized = "partially_authorized",
        /// All of it is promised.
        Authorized = "authorized",
        /// Some of it was received.
        PartiallyPaid = "partially_paid",
        /// All of it was received.
        Paid = "paid",
        /// Some of it was given back.
        PartiallyRefunded = "partially_refunded",
        /// All of it was given back.
        Refunded = "refunded",
    }
}

impl PaymentStatus {
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            PaymentStatus::Free => "Free",
            PaymentStatus::Unpaid => "Unpaid",
            PaymentStatus::Voided => "Voided",
            PaymentStatus::Expired => "Expired",
            PaymentStatus::Pending => "Pending",
            PaymentStatus::PartiallyAuthorized => "Part-authorised",
            PaymentStatus::Authorized => "Authorised",
            PaymentStatus::PartiallyPaid => "Partly paid",
            PaymentStatus::Paid => "Paid",
            PaymentStatus::PartiallyRefunded => "Part-refunded",
            PaymentStatus::Refunded => "Refunded",
        }
    }
    /// Colour of its badge: ok, info, warn, bad or mute.
    pub fn tone(self) -> &'static str {
        match self {
            PaymentStatus::Free | PaymentStatus::Paid => "ok",
            PaymentStatus::Authorized | PaymentStatus::Pending => "info",
            PaymentStatus::Unpaid | PaymentStatus::PartiallyPaid | PaymentStatus::PartiallyAuthorized => "warn",
            PaymentStatus::Expired => "bad",
            PaymentStatus::Voided | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => "mute",
        }
    }
    /// Glyph of its badge in the icon sheet.
    pub fn glyph(self) -> &'static str {
        match self {
            PaymentStatus::Free | PaymentStatus::Paid => "g-full",
            PaymentStatus::Authorized
            | PaymentStatus::Pending
            | PaymentStatus::PartiallyPaid
            | PaymentStatus::PartiallyAuthorized => "g-half",
            PaymentStatus::Unpaid | PaymentStatus::Voided => "g-none",
            PaymentStatus::Expired => "g-fail",
            PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => "g-back",
        }
    }
}

crate::text_enum! {
    /// How far the goods are.
    pub enum FulfilmentStatus {
        /// Nothing of it is shipped: downloads, vouchers.
        NotRequired = "not_required",
        /// Nothing packed.
        Unfulfilled = "unfulfilled",
        /// Some of it packed, nothing shipped.
        InProgress = "in_progress",
        /// Some of it shipped.
        PartiallyShipped = "partially_shipped",
        /// All of it shipped.
        Shipped = "shipped",
        /// All of it arrived.
        Delivered = "delivered",
        /// Some of it came back.
        PartiallyReturned = "partially_returned",
        /// All of it came back.
        Returned = "returned",
    }
}

impl FulfilmentStatus {
    /// Words for people.
    pub fn label(self) -> &'static str {
        match self {
            FulfilmentStatus::NotRequired => "Nothing to ship",
            FulfilmentStatus::Unfulfilled => "Unfulfilled",
            FulfilmentStatus::InProgress => "Packed",
            FulfilmentStatus::PartiallyShipped => "Part-shipped",
            FulfilmentStatus::Shipped => "Shipped",
            FulfilmentStatus::Delivered => "Delivered",
            FulfilmentStatus::PartiallyReturned => "Part-returned",
            FulfilmentStatus::Returned => "Returned",
        }
    }
    /// Its glyph in the icon sheet.
    pub fn glyph(self) -> &'static str {
        match self {
            FulfilmentStatus::NotRequired | FulfilmentStatus::Unfulfilled => "g-none",
            FulfilmentStatus::InProgress | FulfilmentStatus::PartiallyShipped => "g-half",
            FulfilmentStatus::Shipped | FulfilmentStatus::Delivered => "g-full",
            FulfilmentStatus::PartiallyReturned | FulfilmentStatus::Returned => "g-back",
        }
    }
}

/// Sums of an order's payment ledger, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Promised and neither received, let go nor lapsed.
    pub authorized: i64,
    /// Received.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
    /// Written off: above zero of what the customer owed, below zero of what the shop owed them.
    pub written_off: i64,
    /// Whether an attempt is under way.
    pub in_flight: bool,
    /// The last authorisation lapsed.
    pub lapsed: bool,
    /// The last authorisation was let go.
    pub voided: bool,
}

impl Balance {
    /// Received and kept.
    pub fn net(&self) -> i64 {
        self.captured - self.refunded
    }
    /// Status of an order that cost `total` and of which `due` is owed in all: the first line that fits.
    /// A stopped order is owed nothing, but only one that cost nothing is free.
    pub fn status(&self, total: i64, due: i64) -> PaymentStatus {
        if total == 0 && self.captured == 0 {
            PaymentStatus::Free
        } else if self.captured > 0 && self.refunded >= self.captured {
            PaymentStatus::Refunded
        } else if self.refunded > 0 {
            PaymentStatus::PartiallyRefunded
        } else if self.captured > 0 && self.captured >= due {
            PaymentStatus::Paid
        } else if self.captured > 0 {
            PaymentStatus::PartiallyPaid
        } else if self.authorized > 0 && self.authorized >= due {
            PaymentStatus::Authorized
        } else if self.authorized > 0 {
            PaymentStatus::PartiallyAuthorized
        } else if self.in_flight {
            PaymentStatus::Pending
        } else if self.lapsed {
            PaymentStatus::Expired
        } else if self.voided {
            PaymentStatus::Voided
        } else {
            PaymentStatus::Unpaid
        }
    }
}

/// The first instant in the sort by payment completion, after every degree.
const LEAST_INSTANT: i64 = 100;

/// The stored key of the sort by payment completion: a degree below 100 while incomplete, the instant
/// of completion once complete. Ascending therefore goes from unpaid over partly paid to longest paid.
pub fn payment_sort(status: PaymentStatus, completed_at: Option<UtcTime>, placed_at: UtcTime) -> i64 {
    match (status, completed_at) {
        (PaymentStatus::Free, _) => placed_at.0.max(LEAST_INSTANT),
        (PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded, at) => {
            at.unwrap_or(placed_at).0.max(LEAST_INSTANT)
        }
        (PaymentStatus::PartiallyPaid, _) => 60,
        (PaymentStatus::Authorized, _) => 50,
        (PaymentStatus::PartiallyAuthorized, _) => 40,
        (PaymentStatus::Pending, _) => 30,
        (PaymentStatus::Expired, _) => 20,
        (PaymentStatus::Voided, _) => 10,
        (PaymentStatus::Unpaid, _) => 0,
    }
}

/// Where orders of a payment status stand in the sort by payment completion ([`payment_sort`]).
pub fn payment_span(status: PaymentStatus) -> RangeInclusive<i64> {
    match status {
        PaymentStatus::Free | PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
            LEAST_INSTANT..=i64::MAX
        }
        incomplete => {
            let degree = payment_sort(incomplete, None, UtcTime(0));
            degree..=degree
        }
    }
}

/// Quantities of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantities {
    /// Ordered.
    pub ordered: i64,
    /// Taken out of the order.
    pub cancelled: i64,
    /// In a box that has not left.
    pub packed: i64,
    /// Left the shop.
    pub shipped: i64,
    /// Came back.
    pub returned: i64,
    /// Whether it is a thing to ship at all.
    pub ships: bool,
}

impl Quantities {
    /// Still to be packed.
    pub fn open(&self) -> i64 {
        self.ordered - self.cancelled - self.packed - self.shipped
    }
}

/// Fulfilment status of an order with these lines; `all_delivered` says whether every parcel that
/// left has arrived.
pub fn fulfilment(lines: &[Quantities], all_delivered: bool) -> FulfilmentStatus {
    let sum = |of: fn(&Quantities) -> i64| -> i64 { lines.iter().filter(|l| l.ships).map(of).sum() };
    let (ordered, cancelled) = (sum(|l| l.ordered), sum(|l| l.cancelled));
    let (packed, shipped, returned) = (sum(|l| l.packed), sum(|l| l.shipped), sum(|l| l.returned));
    if ordered == 0 {
        FulfilmentStatus::NotRequired
    } else if shipped > 0 && returned >= shipped {
        FulfilmentStatus::Returned
    } else if returned > 0 {
        FulfilmentStatus::PartiallyReturned
    } else if shipped > 0 && shipped + cancelled >= ordered {
        if all_delivered { FulfilmentStatus::Delivered } else { FulfilmentStatus::Shipped }
    } else if shipped > 0 {
        FulfilmentStatus::PartiallyShipped
    } else if packed > 0 {
        FulfilmentStatus::InProgress
    } else {
        FulfilmentStatus::Unfulfilled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn balance(authorized: i64, captured: i64, refunded: i64) -> Balance {
        Balance { authorized, captured, refunded, ..Balance::default() }
    }

    #[test]
    fn payment_status_is_the_first_line_that_fits() {
        for (due, sums, wanted) in [
            (0, balance(0, 0, 0), PaymentStatus::Free),
            (100, balance(0, 0, 0), PaymentStatus::Unpaid),
            (100, balance(60, 0, 0), PaymentStatus::PartiallyAuthorized),
            (100, balance(100, 0, 0), PaymentStatus::Authorized),
            (100, balance(40, 60, 0), PaymentStatus::PartiallyPaid),
            (100, balance(0, 120, 0), PaymentStatus::Paid),
            (100, balance(0, 100, 1), PaymentStatus::PartiallyRefunded),
            (0, balance(0, 100, 100), PaymentStatus::Refunded),
            (0, balance(0, 100, 0), PaymentStatus::Paid),
        ] {
            assert_eq!(sums.status(due, due), wanted, "{due} {sums:?}");
        }
        assert_eq!(balance(0, 0, 0).status(100, 0), PaymentStatus::Unpaid, "stopped before it was paid");
        let lapsed = Balance { lapsed: true, ..Balance::default() };
        assert_eq!(lapsed.status(100, 100), PaymentStatus::Expired);
        let trying = Balance { in_flight: true, ..Balance::default() };
        assert_eq!(trying.status(100, 100), PaymentStatus::Pending);
    }

    #[test]
    fn the_payment_sort_goes_from_unpaid_to_longest_paid() {
        let at = UtcTime(1_700_000_000_000_000);
        let keys = [
            payment_sort(PaymentStatus::Unpaid, None, at),
            payment_sort(PaymentStatus::Authorized, None, at),
            payment_sort(PaymentStatus::PartiallyPaid, None, at),
            payment_sort(PaymentStatus::Paid, Some(UtcTime(at.0 - 1)), at),
            payment_sort(PaymentStatus::Paid, Some(at), at),
        ];
        assert!(keys.is_sorted(), "{keys:?}");
        for &status in PaymentStatus::ALL {
            for instant in [at, UtcTime(-1)] {
                let key = payment_sort(status, Some(instant), instant);
                assert!(payment_span(status).contains(&key), "{status} {key}");
            }
        }
    }

    #[test]
    fn fulfilment_follows_the_quantities() {
        let line = |ordered, cancelled, packed, shipped, returned| Quantities {
            ordered,
            cancelled,
            packed,
            shipped,
            returned,
            ships: true,
        };
        assert_eq!(fulfilment(&[], true), FulfilmentStatus::NotRequired);
        assert_eq!(fulfilment(&[line(2, 0, 0, 0, 0)], false), FulfilmentStatus::Unfulfilled);
        assert_eq!(fulfilment(&[line(2, 0, 2, 0, 0)], false), FulfilmentStatus::InProgress);
        assert_eq!(fulfilment(&[line(2, 0, 1, 1, 0)], false), FulfilmentStatus::PartiallyShipped);
        assert_eq!(fulfilment(&[line(2, 1, 0, 1, 0)], false), FulfilmentStatus::Shipped);
        assert_eq!(fulfilment(&[line(2, 0, 0, 2, 0)], true), FulfilmentStatus::Delivered);
        assert_eq!(fulfilment(&[line(2, 0, 0, 2, 1)], true), FulfilmentStatus::PartiallyReturned);
        assert_eq!(fulfilment(&[line(2, 0, 0, 2, 2)], true), FulfilmentStatus::Returned);
    }
}
