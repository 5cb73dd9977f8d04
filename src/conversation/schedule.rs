//! When a message is tried again, and which of two states of a message is the later one. Pure.

use super::MessageState;
use super::transport::Status;

/// Seconds after each try that the peer could not take. A mail server that lets strangers wait does so for
/// minutes; one that is down may be back tomorrow.
const WAITS: [i64; 9] = [60, 300, 900, 3_600, 7_200, 14_400, 28_800, 28_800, 43_200];
/// The longest that a peer may ask us to wait: a day.
const LONGEST_PAUSE: i64 = 86_400;

/// Seconds until the next try after so many, or none if that was the last. `asked` is what the peer said.
pub fn wait_after(tries: i64, asked: Option<i64>) -> Option<i64> {
    let at = usize::try_from(tries.saturating_sub(1)).ok()?;
    let wait = *WAITS.get(at)?;
    Some(wait.max(asked.unwrap_or(0).clamp(0, LONGEST_PAUSE)))
}

/// What a message is after a peer told this of it; nothing if that is no news. It never goes back: what was
/// read was delivered, and what was delivered has not failed.
pub fn after_status(now: MessageState, told: &Status) -> Option<MessageState> {
    let (next, rank) = match told {
        Status::Sent => (MessageState::Sent, 1),
        Status::Failed(_) => (MessageState::Failed, 2),
        Status::Delivered => (MessageState::Delivered, 3),
        Status::Read => (MessageState::Read, 4),
    };
    let reached = match now {
        MessageState::Queued | MessageState::Sending | MessageState::Unsure | MessageState::Withdrawn => 0,
        MessageState::Sent => 1,
        MessageState::Failed => 2,
        MessageState::Delivered => 3,
        MessageState::Read => 4,
    };
    (rank > reached).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_ten_tries_over_a_day_and_a_half() {
        let waits: Vec<i64> = (1..).map_while(|tries| wait_after(tries, None)).collect();
        assert_eq!(waits, WAITS);
        assert_eq!(waits.iter().sum::<i64>(), 127_260);
        assert_eq!((wait_after(0, None), wait_after(-3, None), wait_after(10, None)), (None, None, None));
    }

    #[test]
    fn a_peer_may_ask_for_more_time_but_not_for_ever() {
        assert_eq!(wait_after(1, Some(30)), Some(60));
        assert_eq!(wait_after(1, Some(600)), Some(600));
        assert_eq!(wait_after(1, Some(i64::MAX)), Some(86_400));
        assert_eq!(wait_after(1, Some(-5)), Some(60));
    }

    #[test]
    fn a_message_never_goes_back() {
        let states = [MessageState::Sent, MessageState::Failed, MessageState::Delivered, MessageState::Read];
        let told = [Status::Sent, Status::Failed("no".into()), Status::Delivered, Status::Read];
        for (at, now) in states.into_iter().enumerate() {
            for (which, status) in told.iter().enumerate() {
                assert_eq!(after_status(now, status), (which > at).then_some(states[which]), "{now} {status:?}");
            }
        }
        assert_eq!(after_status(MessageState::Unsure, &Status::Sent), Some(MessageState::Sent));
        assert_eq!(after_status(MessageState::Sending, &Status::Delivered), Some(MessageState::Delivered));
    }
}
