//! What follows from a ledger: what is promised, received and given back, and how much of each may
//! still move. Pure; minor units of the order's currency.

use super::{Payment, method};
use crate::order::{Balance, EntryState, PaymentKind};
use crate::time::UtcTime;

/// Sums of a ledger at an instant. What is under way or failed changes none of them, and neither does
/// goodwill.
pub fn balance(ledger: &[Payment], now: UtcTime) -> Balance {
    let mut sums = Balance::default();
    for entry in ledger.iter().filter(|entry| entry.state == EntryState::Succeeded) {
        match entry.kind {
            PaymentKind::Capture => sums.captured += entry.amount_minor,
            PaymentKind::Refund => sums.refunded += entry.amount_minor,
            PaymentKind::WriteOff | PaymentKind::WriteBack => sums.written_off += entry.adjustment_minor,
            PaymentKind::Void | PaymentKind::Authorization | PaymentKind::Goodwill => {}
        }
    }
    sums.in_flight = ledger.iter().any(|entry| {
        entry.state == EntryState::Pending && matches!(entry.kind, PaymentKind::Authorization | PaymentKind::Capture)
    });
    for authorization in authorizations(ledger) {
        if !is_lapsed(authorization, now) {
            sums.authorized += promised(ledger, authorization);
        }
    }
    // An import may know that something was let go without knowing what.
    let loose_void = has(ledger, |entry| entry.kind == PaymentKind::Void && entry.parent_id.is_none());
    if let Some(last) = authorizations(ledger).last() {
        sums.voided =
            loose_void || children(ledger, last).any(|entry| entry.is_done() && entry.kind == PaymentKind::Void);
        sums.lapsed = !sums.voided && is_lapsed(last, now) && promised(ledger, last) > 0;
    } else {
        sums.voided = loose_void;
    }
    sums
}

/// The authorisations that were given, oldest first.
fn authorizations(ledger: &[Payment]) -> impl Iterator<Item = &Payment> {
    ledger.iter().filter(|entry| entry.kind == PaymentKind::Authorization && entry.is_done())
}

fn children<'a>(ledger: &'a [Payment], of: &'a Payment) -> impl Iterator<Item = &'a Payment> {
    ledger.iter().filter(|entry| entry.parent_id == Some(of.id))
}

fn has(ledger: &[Payment], what: impl Fn(&Payment) -> bool) -> bool {
    ledger.iter().any(|entry| entry.is_done() && what(entry))
}

/// Whether an authorisation's time is over.
pub fn is_lapsed(authorization: &Payment, now: UtcTime) -> bool {
    authorization.expires_at.is_some_and(|at| at <= now)
}

/// What of an authorisation is neither received nor let go.
pub fn promised(ledger: &[Payment], authorization: &Payment) -> i64 {
    left(ledger, authorization, Payment::is_done)
}

/// What may still be captured of an authorisation: captures under way count, and a final capture or a
/// release under way leaves nothing.
pub fn capturable(ledger: &[Payment], authorization: &Payment) -> i64 {
    left(ledger, authorization, Payment::holds)
}

fn left(ledger: &[Payment], authorization: &Payment, known: impl Fn(&Payment) -> bool) -> i64 {
    let mut left = authorization.amount_minor;
    for entry in children(ledger, authorization).filter(|entry| known(entry)) {
        match entry.kind {
            PaymentKind::Void => return 0,
            PaymentKind::Capture if entry.is_final => return 0,
            PaymentKind::Capture => left -= entry.amount_minor,
            PaymentKind::Authorization
            | PaymentKind::Refund
            | PaymentKind::Goodwill
            | PaymentKind::WriteOff
            | PaymentKind::WriteBack => {}
        }
    }
    left.max(0)
}

/// The authorisations of which something may still be captured, oldest first, with how much.
pub fn open_authorizations(ledger: &[Payment], now: UtcTime) -> Vec<(&Payment, i64)> {
    authorizations(ledger)
        .filter(|entry| !is_lapsed(entry, now))
        .map(|entry| (entry, capturable(ledger, entry)))
        .filter(|(_, left)| *left > 0)
        .collect()
}

/// What may still be given back of a capture: refunds under way count, failed ones do not.
pub fn refundable(ledger: &[Payment], capture: &Payment) -> i64 {
    let given: i64 = children(ledger, capture)
        .filter(|entry| entry.kind == PaymentKind::Refund && entry.holds())
        .map(|entry| entry.amount_minor)
        .sum();
    (capture.amount_minor - given).max(0)
}

/// The captures of which something may still be given back, oldest first, with how much.
pub fn open_captures(ledger: &[Payment]) -> Vec<(&Payment, i64)> {
    ledger
        .iter()
        .filter(|entry| entry.kind == PaymentKind::Capture && entry.is_done())
        .map(|entry| (entry, refundable(ledger, entry)))
        .filter(|(_, left)| *left > 0)
        .collect()
}

/// Whether a write-off stands: it was not taken back.
pub fn stands(ledger: &[Payment], entry: &Payment) -> bool {
    let is_taken_back = children(ledger, entry).any(|other| other.kind == PaymentKind::WriteBack);
    entry.kind == PaymentKind::WriteOff && !is_taken_back
}

/// Whether a payment waits for its outcome.
pub fn is_under_way(ledger: &[Payment]) -> bool {
    ledger.iter().any(|entry| entry.is_pending() && entry.kind != PaymentKind::Refund)
}

/// What was received in one way and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Key of the way.
    pub method: String,
    /// What is kept of the code, where it is a gift card.
    pub card: String,
    /// Minor units.
    pub amount_minor: i64,
}

/// What was received and kept by the way it was paid, and of gift cards by the card, oldest first.
pub fn kept_by_way(ledger: &[Payment]) -> Vec<Kept> {
    let mut ways: Vec<Kept> = Vec::new();
    for capture in ledger.iter().filter(|entry| entry.kind == PaymentKind::Capture && entry.is_done()) {
        let given = children(ledger, capture).filter(|entry| entry.kind == PaymentKind::Refund && entry.is_done());
        let amount_minor = capture.amount_minor - given.map(|entry| entry.amount_minor).sum::<i64>();
        let card = if method::same(&capture.method, method::GIFT_CARD) { capture.reference.as_str() } else { "" };
        match ways.iter_mut().find(|way| method::same(&way.method, &capture.method) && way.card == card) {
            Some(way) => way.amount_minor += amount_minor,
            None => ways.push(Kept { method: capture.method.clone(), card: card.to_owned(), amount_minor }),
        }
    }
    ways.retain(|way| way.amount_minor > 0);
    ways
}

/// What was given back in all, with what is under way: the total that a refund is asked to expect.
pub fn given_back(ledger: &[Payment]) -> i64 {
    ledger
        .iter()
        .filter(|entry| entry.kind == PaymentKind::Refund && entry.holds())
        .map(|entry| entry.amount_minor)
        .sum()
}

/// Whether an entry is a refund that failed and waits to be tried again: none came after it that tries it
/// again, nor one of the same capture that tries no other again and was given or is under way. One that was
/// tried again without success leaves it to its successor to wait.
pub fn is_to_try_again(ledger: &[Payment], entry: &Payment) -> bool {
    let follows = |later: &Payment| {
        later.kind == PaymentKind::Refund
            && match later.retries_id {
                Some(first) => first == entry.id && later.state != EntryState::Cancelled,
                None => later.id > entry.id && later.parent_id == entry.parent_id && later.holds(),
            }
    };
    entry.kind == PaymentKind::Refund && entry.state == EntryState::Failed && !ledger.iter().any(follows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{OrderId, PaymentId};
    use crate::money::Currency;

    fn entry(id: i64, kind: PaymentKind, parent: Option<i64>, amount_minor: i64) -> Payment {
        Payment {
            id: PaymentId(id),
            uid: String::new(),
            order_id: OrderId(1),
            kind,
            parent_id: parent.map(PaymentId),
            amount_minor,
            currency: Currency::EUR,
            state: EntryState::Succeeded,
            provider: "manual".into(),
            method: String::new(),
            reference: String::new(),
            note: String::new(),
            expires_at: None,
            created_at: UtcTime(0),
            settled_at: None,
            actor_name: String::new(),
            is_final: true,
            reason: String::new(),
            shipping_minor: 0,
            adjustment_minor: 0,
            problem: String::new(),
            retries_id: None,
        }
    }

    #[test]
    fn a_capture_releases_the_rest_of_its_authorisation() {
        let ledger = [entry(1, PaymentKind::Authorization, None, 100), entry(2, PaymentKind::Capture, Some(1), 60)];
        let sums = balance(&ledger, UtcTime(0));
        assert_eq!((sums.authorized, sums.captured), (0, 60));
    }

    #[test]
    fn a_capture_with_more_to_come_keeps_the_rest_promised() {
        let more = Payment { is_final: false, ..entry(2, PaymentKind::Capture, Some(1), 60) };
        let ledger = [entry(1, PaymentKind::Authorization, None, 100), more];
        let sums = balance(&ledger, UtcTime(0));
        assert_eq!((sums.authorized, sums.captured), (40, 60));
        assert_eq!(capturable(&ledger, &ledger[0]), 40);
    }

    #[test]
    fn what_is_under_way_counts_against_limits_and_not_into_balances() {
        let pending = |entry: Payment| Payment { state: EntryState::Pending, ..entry };
        let ledger = [
            entry(1, PaymentKind::Authorization, None, 100),
            pending(entry(2, PaymentKind::Capture, Some(1), 60)),
            entry(3, PaymentKind::Capture, None, 50),
            pending(entry(4, PaymentKind::Refund, Some(3), 20)),
        ];
        let sums = balance(&ledger, UtcTime(0));
        assert_eq!((sums.authorized, sums.captured, sums.refunded, sums.in_flight), (100, 50, 0, true));
        assert_eq!(capturable(&ledger, &ledger[0]), 0);
        assert_eq!(refundable(&ledger, &ledger[2]), 30);
        assert_eq!(given_back(&ledger), 20);
    }

    #[test]
    fn a_lapsed_authorisation_counts_for_nothing() {
        let lapsed = Payment { expires_at: Some(UtcTime(5)), ..entry(1, PaymentKind::Authorization, None, 100) };
        let sums = balance(&[lapsed], UtcTime(5));
        assert_eq!((sums.authorized, sums.lapsed), (0, true));
    }

    #[test]
    fn the_last_authorisation_says_whether_it_lapsed_or_was_let_go() {
        let lapsed = Payment { expires_at: Some(UtcTime(5)), ..entry(1, PaymentKind::Authorization, None, 100) };
        let ledger =
            [lapsed, entry(2, PaymentKind::Authorization, None, 100), entry(3, PaymentKind::Void, Some(2), 100)];
        let sums = balance(&ledger, UtcTime(9));
        assert_eq!((sums.lapsed, sums.voided), (false, true));
    }

    #[test]
    fn a_failed_refund_changes_no_balance_and_no_limit() {
        let failed = Payment { state: EntryState::Failed, ..entry(2, PaymentKind::Refund, Some(1), 40) };
        let ledger = [entry(1, PaymentKind::Capture, None, 100), failed];
        assert_eq!(balance(&ledger, UtcTime(0)).net(), 100);
        assert_eq!(refundable(&ledger, &ledger[0]), 100);
    }

    #[test]
    fn a_failed_refund_waits_until_its_capture_is_refunded_after_all() {
        let refund =
            |id, parent, amount, state| Payment { state, ..entry(id, PaymentKind::Refund, Some(parent), amount) };
        let (failed, done, pending) = (EntryState::Failed, EntryState::Succeeded, EntryState::Pending);
        let waits = |after: &[Payment]| {
            let mut ledger = vec![entry(1, PaymentKind::Capture, None, 100), refund(3, 1, 40, failed)];
            ledger.extend_from_slice(after);
            is_to_try_again(&ledger, &ledger[1])
        };
        assert!(waits(&[]));
        assert!(waits(&[refund(2, 1, 40, done)]), "what came before says nothing");
        assert!(waits(&[refund(4, 9, 40, done)]), "another capture says nothing");
        assert!(waits(&[refund(4, 1, 30, failed)]));
        let again = |id, of, state| Payment { retries_id: Some(PaymentId(of)), ..refund(id, 1, 40, state) };
        assert!(waits(&[refund(4, 1, 40, failed)]), "a second one of the same amount is another one");
        assert!(!waits(&[again(4, 3, failed)]), "the last try is the one to try again");
        assert!(!waits(&[again(4, 3, done)]) && waits(&[again(4, 3, EntryState::Cancelled)]));
        assert!(waits(&[refund(4, 1, 40, failed), again(5, 4, done)]), "what makes up for another says nothing");
        assert!(!waits(&[refund(4, 1, 40, pending)]) && !waits(&[refund(4, 1, 60, done)]));
    }

    #[test]
    fn what_is_kept_is_told_by_the_way_it_was_paid() {
        let by = |entry: Payment, method: &str, reference: &str| Payment {
            method: method.into(),
            reference: reference.into(),
            ..entry
        };
        let ledger = [
            by(entry(1, PaymentKind::Capture, None, 2_000), "gift_card", "•••• 9QX7"),
            by(entry(2, PaymentKind::Capture, None, 3_000), "card", "ch_1"),
            by(entry(3, PaymentKind::Capture, None, 500), "card", "ch_2"),
            entry(4, PaymentKind::Refund, Some(2), 1_000),
            by(entry(5, PaymentKind::Capture, None, 700), "cash", ""),
            entry(6, PaymentKind::Refund, Some(5), 700),
        ];
        let kept =
            |method: &str, card: &str, amount_minor| Kept { method: method.into(), card: card.into(), amount_minor };
        assert_eq!(kept_by_way(&ledger), [kept("gift_card", "•••• 9QX7", 2_000), kept("card", "", 2_500)]);
    }

    #[test]
    fn goodwill_is_no_refund() {
        let ledger = [entry(1, PaymentKind::Capture, None, 100), entry(2, PaymentKind::Goodwill, None, 40)];
        assert_eq!(balance(&ledger, UtcTime(0)).net(), 100);
        assert_eq!(refundable(&ledger, &ledger[0]), 100);
    }
}
