//! Keeps a snapshot current: notices DDL of any session within the poll interval, at once where the event trigger
//! ([`EVENT_TRIGGER`]) is installed, and on demand.
//!
//! A snapshot that could not be confirmed for [`FollowOptions::stale_after`] is not handed out any more: a statement
//! judged by an old catalog could name a table that has become another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_postgres::Client;

use super::connect::{Login, Notified, connect};
use super::load::{LoadError, fingerprint, load, sql};
use super::model::Catalog;

/// SQL for the optional event trigger that announces DDL on the channel the follower listens on.
pub const EVENT_TRIGGER: &str = include_str!("event_trigger.sql");

const LISTEN: &str = "LISTEN pgveil_ddl";
const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// How closely to follow.
#[derive(Clone, Copy, Debug)]
pub struct FollowOptions {
    /// Other sessions' DDL is noticed within this time and one load.
    pub poll_interval: Duration,
    /// A snapshot older than this without a confirmation is withheld.
    pub stale_after: Duration,
    /// A check or load that takes longer ends the connection.
    pub step_timeout: Duration,
    /// How long [`Follower::refresh`] waits for an answer.
    pub refresh_timeout: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_millis(500),
            stale_after: Duration::from_secs(10),
            step_timeout: Duration::from_secs(60),
            refresh_timeout: Duration::from_secs(15),
        }
    }
}

/// Why there is no snapshot to go by. Statements that need one are refused (57P03).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    #[error("the catalog has not been read yet")]
    NotLoaded,
    #[error("there is no such database")]
    NoDatabase,
    #[error("the catalog could not be confirmed for {0:?}")]
    Stale(Duration),
    #[error("the catalog could not be refreshed")]
    RefreshFailed,
}

/// A handle on the follower's task. Cheap to clone; the task ends when the last handle is dropped.
#[derive(Clone)]
pub struct Follower {
    shared: Arc<Shared>,
    requests: mpsc::Sender<Waiter>,
}

type Waiter = oneshot::Sender<Arc<Catalog>>;

struct Shared {
    options: FollowOptions,
    confirmed: ArcSwapOption<Confirmed>,
    /// The server has said that there is no such database, and nothing else since.
    is_absent: AtomicBool,
}

/// A snapshot and when it was last known to be current.
struct Confirmed {
    catalog: Arc<Catalog>,
    at: Instant,
}

impl Follower {
    /// Starts the task on the current runtime. It connects, reconnects and retries by itself.
    pub fn start(login: Login, options: FollowOptions) -> Self {
        let shared = Arc::new(Shared { options, confirmed: ArcSwapOption::empty(), is_absent: AtomicBool::new(false) });
        let (requests, receiver) = mpsc::channel(256);
        tokio::spawn(run(Task { shared: shared.clone(), login, requests: receiver, waiting: Vec::new() }));
        Self { shared, requests }
    }

    /// A handle on a snapshot that nothing replaces and that cannot be refreshed: for tests and benchmarks.
    pub fn fixed(catalog: Option<Catalog>) -> Self {
        let options = FollowOptions { stale_after: Duration::MAX, ..FollowOptions::default() };
        let confirmed = catalog.map(|catalog| Arc::new(Confirmed { catalog: Arc::new(catalog), at: Instant::now() }));
        let (requests, _) = mpsc::channel(1);
        let confirmed = ArcSwapOption::new(confirmed);
        Self { shared: Arc::new(Shared { options, confirmed, is_absent: AtomicBool::new(false) }), requests }
    }

    /// The snapshot, if it is known to be current within [`FollowOptions::stale_after`].
    pub fn current(&self) -> Result<Arc<Catalog>, Unavailable> {
        self.with_current(Arc::clone)
    }

    /// The version of [`Self::current`]: what every statement asks, without a hold on the snapshot.
    pub fn version(&self) -> Result<u64, Unavailable> {
        self.with_current(|catalog| catalog.version)
    }

    fn with_current<T>(&self, of: impl FnOnce(&Arc<Catalog>) -> T) -> Result<T, Unavailable> {
        let confirmed = self.shared.confirmed.load();
        // What is known then is of a database that is gone
        if self.shared.is_absent.load(Ordering::Relaxed) {
            return Err(Unavailable::NoDatabase);
        }
        let confirmed = confirmed.as_ref().ok_or(Unavailable::NotLoaded)?;
        let age = confirmed.at.elapsed();
        if age > self.shared.options.stale_after {
            return Err(Unavailable::Stale(age));
        }
        Ok(of(&confirmed.catalog))
    }

    /// How long ago the snapshot was known to be current; `None` before the first.
    pub fn age(&self) -> Option<Duration> {
        self.shared.confirmed.load().as_ref().map(|confirmed| confirmed.at.elapsed())
    }

    /// Whether statements can be judged now.
    pub fn is_ready(&self) -> bool {
        self.current().is_ok()
    }

    /// A snapshot taken after this call began; the very same one where nothing has changed. Concurrent calls share
    /// one look at the server. Errors: [`Unavailable::RefreshFailed`] when the server cannot be asked in time.
    pub async fn refresh(&self) -> Result<Arc<Catalog>, Unavailable> {
        let (sender, receiver) = oneshot::channel();
        let ask = async {
            self.requests.send(sender).await.map_err(|_| Unavailable::RefreshFailed)?;
            receiver.await.map_err(|_| Unavailable::RefreshFailed)
        };
        timeout(self.shared.options.refresh_timeout, ask).await.unwrap_or(Err(Unavailable::RefreshFailed))
    }
}

#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("{0}")]
    Connection(#[from] tokio_postgres::Error),
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the server ended the connection")]
    Disconnected,
}

impl FollowError {
    fn is_no_database(&self) -> bool {
        let code = match self {
            Self::Connection(error) => error.code(),
            Self::Load(_) | Self::TimedOut | Self::Disconnected => None,
        };
        code == Some(&tokio_postgres::error::SqlState::INVALID_CATALOG_NAME)
    }
}

struct Task {
    shared: Arc<Shared>,
    login: Login,
    requests: mpsc::Receiver<Waiter>,
    waiting: Vec<Waiter>,
}

/// What the task saw when it last looked.
#[derive(Default)]
struct Seen {
    horizon: String,
    changes: Option<(String, String)>,
}

async fn run(mut task: Task) {
    let mut retry = FIRST_RETRY;
    loop {
        let began = Instant::now();
        match task.follow().await {
            Ok(()) => return,
            Err(error) => task.note(&error),
        }
        // Whoever waits is told now rather than after the retries.
        task.waiting.clear();
        retry = if began.elapsed() > LAST_RETRY { FIRST_RETRY } else { (retry * 2).min(LAST_RETRY) };
        if task.pause(retry).await.is_none() {
            return;
        }
    }
}

impl Task {
    fn note(&self, error: &FollowError) {
        let is_absent = error.is_no_database();
        let was_absent = self.shared.is_absent.swap(is_absent, Ordering::Relaxed);
        // Said once, and not with every retry
        if !(is_absent && was_absent) {
            tracing::warn!(database = self.login.database, %error, "catalog: following interrupted");
        }
    }

    /// Waits for the next attempt; a request cuts the wait short. `None` when every handle is gone.
    async fn pause(&mut self, duration: Duration) -> Option<()> {
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            request = self.requests.recv() => self.waiting.push(request?),
        }
        Some(())
    }

    /// Follows over one connection until it fails, or until every handle is gone.
    async fn follow(&mut self) -> Result<(), FollowError> {
        let limit = self.shared.options.step_timeout;
        let (client, mut notified) =
            timeout(limit, connect(&self.login)).await.map_err(|_| FollowError::TimedOut)??;
        self.shared.is_absent.store(false, Ordering::Relaxed);
        timeout(limit, client.batch_execute(LISTEN)).await.map_err(|_| FollowError::TimedOut)??;
        let mut seen = Seen::default();
        loop {
            self.drain();
            let forced = !self.waiting.is_empty();
            let catalog =
                timeout(limit, self.look(&client, &mut seen, forced)).await.map_err(|_| FollowError::TimedOut)??;
            for waiter in self.waiting.drain(..) {
                // A waiter that has given up needs no answer.
                let _gone = waiter.send(catalog.clone());
            }
            if self.wait(&mut notified).await?.is_none() {
                return Ok(());
            }
        }
    }

    fn drain(&mut self) {
        while let Ok(waiter) = self.requests.try_recv() {
            self.waiting.push(waiter);
        }
    }

    async fn wait(&mut self, notified: &mut Notified) -> Result<Option<()>, FollowError> {
        tokio::select! {
            () = tokio::time::sleep(self.shared.options.poll_interval) => Ok(Some(())),
            request = self.requests.recv() => Ok(request.map(|waiter| self.waiting.push(waiter))),
            news = notified.recv() => news.map(Some).ok_or(FollowError::Disconnected),
        }
    }

    /// Reads a new snapshot if anything has changed since the last look, else confirms the one there is.
    async fn look(&self, client: &Client, seen: &mut Seen, forced: bool) -> Result<Arc<Catalog>, FollowError> {
        let began = Instant::now();
        let horizon: String = client.query_one(sql::HORIZON, &[]).await?.try_get(0)?;
        let held = self.shared.confirmed.load_full();
        if let Some(held) = held.as_ref().filter(|_| seen.changes.is_some() && seen.horizon == horizon) {
            return Ok(self.confirm(held.catalog.clone(), began));
        }
        let changes = changes(client).await?;
        let temporary_counts = forced || seen.changes.is_none();
        let unchanged = seen.changes.as_ref().is_some_and(|(lasting, temporary)| {
            *lasting == changes.0 && (!temporary_counts || *temporary == changes.1)
        });
        if let (true, Some(held)) = (unchanged, &held) {
            // A forced look later must still see that temporary relations have changed.
            if seen.changes.as_ref() == Some(&changes) {
                seen.horizon = horizon;
            }
            return Ok(self.confirm(held.catalog.clone(), began));
        }
        let catalog = self.replace(held.map(|held| held.catalog.clone()), load(client).await?);
        // Read before the load: a change in between shows at the next look.
        *seen = Seen { horizon, changes: Some(changes) };
        Ok(self.confirm(catalog, began))
    }

    /// The old snapshot where the new one says the same, so that verdicts cached for its version stay.
    fn replace(&self, old: Option<Arc<Catalog>>, mut new: Catalog) -> Arc<Catalog> {
        let Some(old) = old else {
            new.version = 1;
            return Arc::new(new);
        };
        if fingerprint(&old) == fingerprint(&new) {
            return old;
        }
        new.version = old.version + 1;
        tracing::info!(version = new.version, relations = new.relations.len(), "catalog: changed");
        Arc::new(new)
    }

    fn confirm(&self, catalog: Arc<Catalog>, at: Instant) -> Arc<Catalog> {
        self.shared.confirmed.store(Some(Arc::new(Confirmed { catalog: catalog.clone(), at })));
        catalog
    }
}

async fn changes(client: &Client) -> Result<(String, String), tokio_postgres::Error> {
    let row = client.query_one(sql::CHANGES, &[]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}
