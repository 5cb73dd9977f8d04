//! One open screen: hears from the hub, catches up by itself on what came before, and is told to look again
//! when it is too far behind.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, timeout_at};

use super::hub::{Hub, Signal, Stretch, read};
use super::told::{here, look_again};
use crate::error::Result;
use crate::event;
use crate::ids::StaffId;
use crate::reach::Reach;
use crate::staff::{Permission, Person};

/// A stream that has nothing to say says so, lest somebody between ends it.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// Events that are caught up; who missed more is told to look again.
const MISSED: i64 = 500;

/// Somebody who listens.
pub struct Listener {
    hub: Hub,
    inbox: Receiver<Signal>,
    session: String,
    person: StaffId,
    sees_money: bool,
    reach: Reach,
    /// Everything up to this place was told.
    at: i64,
    /// Told before anything else.
    first: Option<String>,
    beat: Instant,
}

impl Listener {
    pub(super) async fn begin(
        hub: Hub,
        inbox: Receiver<Signal>,
        person: &Person,
        after: Option<i64>,
    ) -> Result<Listener> {
        hub.joined(person);
        let mut listener = Listener {
            hub,
            inbox,
            session: person.session.clone(),
            person: person.id,
            sees_money: person.may(Permission::ViewMoney),
            reach: person.reach.clone(),
            at: 0,
            first: None,
            beat: Instant::now() + HEARTBEAT,
        };
        let end = listener.hub.shared.db.read(event::feed_end).await?;
        // A place beyond the end is of another diary.
        listener.at = after.filter(|after| (0..=end).contains(after)).unwrap_or(end);
        let missed = if listener.at < end { listener.catch_up().await? } else { String::new() };
        listener.first = Some(missed + &here(listener.at));
        Ok(listener)
    }

    /// What is to be sent next; nothing at the end.
    pub async fn next(&mut self) -> Option<String> {
        let said = match self.first.take() {
            Some(first) => first,
            None => self.hear().await?,
        };
        self.beat = Instant::now() + HEARTBEAT;
        Some(said)
    }

    async fn hear(&mut self) -> Option<String> {
        loop {
            let Ok(heard) = timeout_at(self.beat, self.inbox.recv()).await else { return Some(":\n\n".to_owned()) };
            match heard {
                Ok(Signal::News(stretch)) => match self.take(&stretch).await {
                    Ok(said) if said.is_empty() => {}
                    Ok(said) => return Some(said),
                    Err(error) => {
                        // The browser comes back and says where it was.
                        tracing::error!(%error, "a stream of news ends early");
                        return None;
                    }
                },
                Ok(Signal::Presence(changes)) => match changes.heard_by(self.person, &self.reach) {
                    said if said.is_empty() => {}
                    said => return Some(said),
                },
                Ok(Signal::Ended(sessions)) if sessions.contains(&self.session) => return None,
                Ok(Signal::Ended(_)) => {}
                Ok(Signal::Closed) | Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {
                    self.at = self.at.max(self.hub.position());
                    return Some(look_again(self.at));
                }
            }
        }
    }

    async fn take(&mut self, stretch: &Stretch) -> Result<String> {
        if stretch.after > self.at { self.catch_up().await } else { Ok(self.said(stretch)) }
    }

    fn said(&mut self, stretch: &Stretch) -> String {
        let new = stretch.told.iter().filter(|told| told.id > self.at && self.reach.sees(told.market));
        let said = new.map(|told| told.heard_by(self.person, self.sees_money)).collect();
        self.at = self.at.max(stretch.read_to);
        said
    }

    /// Reads what the hub told before this screen listened.
    async fn catch_up(&mut self) -> Result<String> {
        let after = self.at;
        let db = self.hub.shared.db.clone();
        let (stretch, end) = db.read(move |conn| Ok((read(conn, after, MISSED)?, event::feed_end(conn)?))).await?;
        if stretch.has_more {
            self.at = end;
            return Ok(look_again(end));
        }
        Ok(self.said(&stretch))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hub.left(&self.session);
    }
}
