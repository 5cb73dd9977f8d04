//! The one reader of the diary for all who listen in this process. It is woken by each write of the process,
//! looks by itself more than twice a second for what others wrote, and rests while nobody listens.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, broadcast};

use super::listener::Listener;
use super::presence::{self, Changes, Here};
use super::told::Told;
use crate::db::{Conn, Db};
use crate::error::{Refusal, RefusalKind, Result};
use crate::event;
use crate::order;
use crate::reach::Reach;
use crate::staff::{self, Person, Role};
use crate::time::UtcTime;
use crate::workflow::Stages;

/// How long what another process wrote may stay unheard.
const LOOK: Duration = Duration::from_millis(400);
/// Writes that come so close together are read at once.
const GATHER: Duration = Duration::from_millis(40);
/// How often it is looked whether those who listen are still signed in.
const SESSIONS: Duration = Duration::from_secs(2);
/// Rest after a look that failed.
const REST: Duration = Duration::from_secs(2);
/// Events read at once.
const STRETCH: i64 = 500;
/// Stretches a slow listener may be behind before it is told to look again.
const BEHIND: usize = 64;

/// A stretch of the diary, ready to be sent.
#[derive(Debug)]
pub(super) struct Stretch {
    /// It begins after this place,
    pub after: i64,
    /// and everything up to this one is in it.
    pub read_to: i64,
    /// Whether more is there already.
    pub has_more: bool,
    /// What of it is for screens.
    pub told: Vec<Told>,
}

/// What those who listen get from the hub.
#[derive(Clone, Debug)]
pub(super) enum Signal {
    News(Arc<Stretch>),
    /// Somebody came to an order or left it.
    Presence(Arc<Changes>),
    /// These sessions are over, or their people may do something else now.
    Ended(Arc<HashSet<String>>),
    /// The desk shuts down.
    Closed,
}

/// The hub. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub db: Db,
    signals: broadcast::Sender<Signal>,
    arrived: Notify,
    position: AtomicI64,
    closed: AtomicBool,
    /// Sessions that listen: how often, with which role and reach.
    sessions: Mutex<HashMap<String, (usize, Role, Reach)>>,
}

impl Hub {
    /// A hub on an open database. It tells nothing until it [runs](Hub::run).
    pub fn new(db: Db) -> Self {
        let shared = Shared {
            db,
            signals: broadcast::Sender::new(BEHIND),
            arrived: Notify::new(),
            position: AtomicI64::new(0),
            closed: AtomicBool::new(false),
            sessions: Mutex::default(),
        };
        Hub { shared: Arc::new(shared) }
    }

    /// Tells the news until the process ends.
    pub async fn run(self) {
        let mut writes = self.shared.db.writes();
        let mut looked = Instant::now();
        let mut present = Vec::new();
        loop {
            let outcome = if self.shared.signals.receiver_count() == 0 {
                self.shared.arrived.notified().await;
                self.begin().await
            } else {
                if tokio::time::timeout(LOOK, writes.changed()).await.is_ok() {
                    tokio::time::sleep(GATHER).await;
                    writes.mark_unchanged();
                }
                match self.tell().await {
                    Ok(()) => self.tell_presence(&mut present).await,
                    failed => failed,
                }
            };
            let outcome = match outcome {
                Ok(()) if looked.elapsed() >= SESSIONS => {
                    looked = Instant::now();
                    self.end_sessions().await
                }
                other => other,
            };
            if let Err(error) = outcome {
                tracing::error!(%error, "the news could not be read");
                tokio::time::sleep(REST).await;
            }
        }
    }

    /// Ends every stream, now and from now on, so that the desk can shut down.
    pub fn close(&self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        let _ = self.shared.signals.send(Signal::Closed);
    }

    /// Begins to listen, after a place in the diary or at its end.
    ///
    /// # Errors
    /// Refuses while the desk shuts down.
    pub async fn listen(&self, person: &Person, after: Option<i64>) -> Result<Listener> {
        // Heard first and read afterwards, so that nothing falls between.
        let inbox = self.shared.signals.subscribe();
        if self.shared.closed.load(Ordering::SeqCst) {
            let message = "The desk is shutting down. Try again in a moment.";
            return Err(Refusal::new(RefusalKind::Busy, "desk.closing", message).after(2).into());
        }
        self.shared.arrived.notify_one();
        Listener::begin(self.clone(), inbox, person, after).await
    }

    /// The place up to which the news was told.
    pub(super) fn position(&self) -> i64 {
        self.shared.position.load(Ordering::SeqCst)
    }

    pub(super) fn joined(&self, person: &Person) {
        let mut sessions = self.sessions();
        let listening = sessions.get(&person.session).map_or(0, |known| known.0);
        sessions.insert(person.session.clone(), (listening + 1, person.role, person.reach.clone()));
    }

    pub(super) fn left(&self, session: &str) {
        let mut sessions = self.sessions();
        if let Some(known) = sessions.get_mut(session) {
            known.0 -= 1;
            if known.0 == 0 {
                sessions.remove(session);
            }
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, (usize, Role, Reach)>> {
        self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts at the end of the diary. Whoever came before reads up to there by themselves.
    async fn begin(&self) -> Result<()> {
        let end = self.shared.db.read(event::feed_end).await?;
        self.send(Stretch { after: end, read_to: end, has_more: false, told: Vec::new() });
        Ok(())
    }

    /// Tells what was written since the last time.
    async fn tell(&self) -> Result<()> {
        loop {
            let after = self.position();
            let stretch = self.shared.db.read(move |conn| read(conn, after, STRETCH)).await?;
            let has_more = stretch.has_more;
            if stretch.read_to > after {
                self.send(stretch);
            }
            if !has_more {
                return Ok(());
            }
        }
    }

    /// Tells who came to an order or left it since the last time.
    async fn tell_presence(&self, known: &mut Vec<Here>) -> Result<()> {
        let now = self.shared.db.read(|conn| presence::all(conn, UtcTime::now())).await?;
        let changes = Changes::between(known, &now);
        *known = now;
        if !changes.is_empty() {
            let _ = self.shared.signals.send(Signal::Presence(Arc::new(changes)));
        }
        Ok(())
    }

    fn send(&self, stretch: Stretch) {
        self.shared.position.store(stretch.read_to, Ordering::SeqCst);
        // Nobody may be listening any more.
        let _ = self.shared.signals.send(Signal::News(Arc::new(stretch)));
    }

    /// Ends the streams of those who were signed out or may do something else now.
    async fn end_sessions(&self) -> Result<()> {
        let listening: Vec<(String, (Role, Reach))> = self
            .sessions()
            .iter()
            .map(|(session, (_, role, reach))| (session.clone(), (*role, reach.clone())))
            .collect();
        if listening.is_empty() {
            return Ok(());
        }
        let uids: Vec<String> = listening.iter().map(|(session, _)| session.clone()).collect();
        let open = self.shared.db.read(move |conn| staff::open_sessions(conn, &uids, UtcTime::now())).await?;
        let open: HashMap<String, (Role, Reach)> =
            open.into_iter().map(|(session, role, reach)| (session, (role, reach))).collect();
        let ended: HashSet<String> = listening
            .into_iter()
            .filter(|(session, known)| open.get(session) != Some(known))
            .map(|(session, _)| session)
            .collect();
        if !ended.is_empty() {
            let _ = self.shared.signals.send(Signal::Ended(Arc::new(ended)));
        }
        Ok(())
    }
}

/// Reads a stretch of the diary for screens, which hear of orders only.
pub(super) fn read(conn: &mut Conn, after: i64, limit: i64) -> Result<Stretch> {
    let page = event::feed(conn, after, &[], limit)?;
    let mut orders: Vec<_> = page.events.iter().filter_map(|fed| fed.order).collect();
    orders.sort_unstable();
    orders.dedup();
    let mut told = Vec::new();
    if !orders.is_empty() {
        let places = order::numbers_of(conn, &orders)?;
        let places: HashMap<_, _> = places.into_iter().map(|(id, number, market)| (id, (number, market))).collect();
        let stages = Stages::load(conn)?;
        let label = |slug: &str| stages.label(slug);
        let of_order = page.events.iter().filter_map(|fed| Some((fed, *places.get(&fed.order?)?)));
        told.extend(of_order.map(|(fed, (number, market))| Told::of(&fed.entry, number, market, &label)));
    }
    Ok(Stretch { after, read_to: page.read_to, has_more: page.has_more, told })
}
