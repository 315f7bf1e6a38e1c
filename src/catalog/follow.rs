//! Keeps a snapshot current: notices DDL of any session within the poll interval, at once where the event trigger
//! ([`EVENT_TRIGGER`]) is installed, and on demand.
//!
//! A snapshot that could not be confirmed for [`FollowOptions::stale_after`] is not handed out any more: a statement
//! judged by an old catalog could name a table that has become another.
//!
//! Where a database may be at several servers, the follower chooses: sessions belong to the server that the snapshot
//! was read from ([`Follower::home`]), since another one may lag behind it or have gone its own way.
//!
//! While nobody attends, no connection is held, so that `DROP DATABASE` and `CREATE DATABASE … TEMPLATE` find none in
//! their way: now and then one is opened for a look.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::connect::{ConnectError, Connected, Login, Notified, connect};
use super::load::{Known, LoadError, load, sql};
use super::model::Catalog;
use super::place::{Home, Server, ServerState};

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
    /// The connection is closed when nobody has attended for this long. PostgreSQL waits 5 s for others to leave a
    /// database.
    pub leave_after: Duration,
    /// Between looks while nobody attends; within `stale_after`.
    pub idle_interval: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_millis(500),
            stale_after: Duration::from_secs(10),
            step_timeout: Duration::from_secs(60),
            refresh_timeout: Duration::from_secs(15),
            leave_after: Duration::from_secs(2),
            idle_interval: Duration::from_secs(4),
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
    /// Of the servers where the database may be.
    first: Option<Arc<Server>>,
    requests: mpsc::Sender<Waiter>,
}

type Waiter = oneshot::Sender<Arc<Catalog>>;

struct Shared {
    options: FollowOptions,
    confirmed: ArcSwapOption<Confirmed>,
    attending: AtomicUsize,
    /// No connection is held: what has been confirmed may be older than the poll interval.
    is_away: AtomicBool,
    /// The server has said that there is no such database, and nothing else since.
    is_absent: AtomicBool,
}

impl Shared {
    fn new(options: FollowOptions, confirmed: Option<Arc<Confirmed>>) -> Arc<Self> {
        Arc::new(Self {
            options,
            confirmed: ArcSwapOption::new(confirmed),
            attending: AtomicUsize::new(0),
            is_away: AtomicBool::new(false),
            is_absent: AtomicBool::new(false),
        })
    }

    fn is_attended(&self) -> bool {
        self.attending.load(Ordering::SeqCst) > 0
    }
}

/// While it lasts the catalog is followed closely.
pub struct Attendance(Arc<Shared>);

impl Drop for Attendance {
    fn drop(&mut self) {
        self.0.attending.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A snapshot and when it was last known to be current.
struct Confirmed {
    catalog: Arc<Catalog>,
    /// The server it was read from; `None` for a snapshot that was made.
    home: Option<Home>,
    at: Instant,
}

impl Follower {
    /// Starts the task on the current runtime. It connects, reconnects and retries by itself.
    pub fn start(login: Login, options: FollowOptions) -> Self {
        let shared = Shared::new(options, None);
        let (requests, receiver) = mpsc::channel(256);
        let first = login.target.servers.first().cloned();
        let task = Task {
            shared: shared.clone(),
            login,
            requests: receiver,
            waiting: Vec::new(),
            seen: Seen::default(),
            attended: Instant::now(),
        };
        tokio::spawn(run(task));
        Self { shared, first, requests }
    }

    /// A handle on a snapshot that nothing replaces and that cannot be refreshed: for tests and benchmarks.
    pub fn fixed(catalog: Option<Catalog>) -> Self {
        let options = FollowOptions { stale_after: Duration::MAX, ..FollowOptions::default() };
        let confirmed = |catalog| Arc::new(Confirmed { catalog: Arc::new(catalog), home: None, at: Instant::now() });
        let (requests, _) = mpsc::channel(1);
        Self { shared: Shared::new(options, catalog.map(confirmed)), first: None, requests }
    }

    /// The snapshot, if it is known to be current within [`FollowOptions::stale_after`].
    pub fn current(&self) -> Result<Arc<Catalog>, Unavailable> {
        self.with_current(|confirmed| confirmed.catalog.clone())
    }

    /// The version of [`Self::current`]: what every statement asks, without a hold on the snapshot.
    pub fn version(&self) -> Result<u64, Unavailable> {
        self.with_current(|confirmed| confirmed.catalog.version)
    }

    /// The server that sessions belong to.
    pub fn home(&self) -> Result<Home, Unavailable> {
        self.with_current(|confirmed| confirmed.home.clone())?.ok_or(Unavailable::NotLoaded)
    }

    /// Whether sessions at this server are judged by a catalog of its own. One that has been [`Self::home`] no longer
    /// is once the database is found elsewhere.
    pub fn is_home(&self, server: &Arc<Server>) -> bool {
        let confirmed = self.shared.confirmed.load();
        let home = confirmed.as_ref().and_then(|confirmed| confirmed.home.as_ref());
        home.is_none_or(|home| Arc::ptr_eq(&home.server, server))
    }

    /// Where a login goes that no server can be found for: one that does not have the database either.
    pub fn nowhere(&self) -> Option<Home> {
        let server = self.first.clone()?;
        Some(Home { server, must_be_standby: None })
    }

    /// Has the catalog followed closely from now on: where it was not, it is read first, if there is such a database.
    ///
    /// # Errors
    /// [`Unavailable::RefreshFailed`].
    pub async fn attend(&self) -> Result<Attendance, Unavailable> {
        // In this order: either the task sees the attendance and stays, or its absence is seen here
        self.shared.attending.fetch_add(1, Ordering::SeqCst);
        let attendance = Attendance(self.shared.clone());
        if self.shared.is_away.load(Ordering::SeqCst)
            && let Err(reason) = self.refresh().await
            && !self.shared.is_absent.load(Ordering::Relaxed)
        {
            return Err(reason);
        }
        Ok(attendance)
    }

    fn with_current<T>(&self, of: impl FnOnce(&Confirmed) -> T) -> Result<T, Unavailable> {
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
        Ok(of(confirmed))
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
    #[error("{0}")]
    Connect(#[from] ConnectError),
    #[error("the server was promoted, or takes other transactions than before")]
    Changed,
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("the server ended the connection")]
    Disconnected,
}

impl FollowError {
    fn is_no_database(&self) -> bool {
        let code = match self {
            Self::Connection(error) | Self::Connect(ConnectError::Server { source: error, .. }) => error.code(),
            Self::Connect(ConnectError::NoneWanted(_))
            | Self::Load(_)
            | Self::Changed
            | Self::TimedOut
            | Self::Disconnected => None,
        };
        code == Some(&tokio_postgres::error::SqlState::INVALID_CATALOG_NAME)
    }
}

struct Task {
    shared: Arc<Shared>,
    login: Login,
    requests: mpsc::Receiver<Waiter>,
    waiting: Vec<Waiter>,
    seen: Seen,
    /// When somebody last attended.
    attended: Instant,
}

/// What the task saw when it last looked.
#[derive(Default)]
struct Seen {
    /// Where, and since when that server runs: elsewhere the rest says nothing.
    place: Option<(Arc<Server>, String)>,
    horizon: String,
    changes: Option<(String, String)>,
}

/// Why following ended without an error.
enum Left {
    /// Nobody attends.
    Away,
    /// Every handle is gone.
    Gone,
}

async fn run(mut task: Task) {
    let mut retry = FIRST_RETRY;
    loop {
        let began = Instant::now();
        let pause = match task.follow().await {
            Ok(Left::Gone) => return,
            Ok(Left::Away) => {
                retry = FIRST_RETRY;
                task.shared.options.idle_interval
            }
            Err(error) => {
                task.note(&error);
                // Whoever waits is told now rather than after the retries; who comes has a try made at once.
                task.waiting.clear();
                task.shared.is_away.store(true, Ordering::SeqCst);
                retry = if began.elapsed() > LAST_RETRY { FIRST_RETRY } else { (retry * 2).min(LAST_RETRY) };
                retry
            }
        };
        if task.pause(pause).await.is_none() {
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

    /// Follows over one connection until it fails, or nobody attends, or every handle is gone.
    async fn follow(&mut self) -> Result<Left, FollowError> {
        let limit = self.shared.options.step_timeout;
        let mut connected = timeout(limit, self.connect()).await.map_err(|_| FollowError::TimedOut)??;
        self.shared.is_absent.store(false, Ordering::Relaxed);
        loop {
            self.drain();
            let forced = !self.waiting.is_empty();
            let catalog = timeout(limit, self.look(&connected, forced)).await.map_err(|_| FollowError::TimedOut)??;
            for waiter in self.waiting.drain(..) {
                // A waiter that has given up needs no answer.
                let _gone = waiter.send(catalog.clone());
            }
            if self.leaves(forced) {
                return Ok(Left::Away);
            }
            if self.wait(&mut connected.notified).await?.is_none() {
                return Ok(Left::Gone);
            }
        }
    }

    /// Back to the server it was at, where that will do.
    async fn connect(&mut self) -> Result<Connected, FollowError> {
        let last = self.seen.place.as_ref().map(|(server, _)| server);
        let connected = connect(&self.login, last).await?;
        // A standby takes no LISTEN
        if !connected.state.is_standby {
            connected.client.batch_execute(LISTEN).await?;
        }
        let place = (connected.server.clone(), connected.since.clone());
        if self.seen.place.as_ref() != Some(&place) {
            if self.login.target.servers.len() > 1 {
                tracing::info!(database = self.login.database, server = %connected.server, "catalog: the database is here");
            }
            self.seen = Seen { place: Some(place), ..Seen::default() };
        }
        Ok(connected)
    }

    /// Whether it is time to go.
    fn leaves(&mut self, is_asked: bool) -> bool {
        let shared = &self.shared;
        if is_asked || shared.is_attended() {
            self.attended = Instant::now();
        }
        let is_away = self.attended.elapsed() >= shared.options.leave_after;
        shared.is_away.store(is_away, Ordering::SeqCst);
        // Who came in between has not seen it
        if is_away && shared.is_attended() {
            shared.is_away.store(false, Ordering::SeqCst);
            return false;
        }
        is_away
    }

    fn drain(&mut self) {
        while let Ok(waiter) = self.requests.try_recv() {
            self.waiting.push(waiter);
        }
    }

    async fn wait(&mut self, notified: &mut Notified) -> Result<Option<()>, FollowError> {
        let FollowOptions { poll_interval, leave_after, .. } = self.shared.options;
        let pause = if self.shared.is_attended() { poll_interval } else { poll_interval.min(leave_after) };
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(Some(())),
            request = self.requests.recv() => Ok(request.map(|waiter| self.waiting.push(waiter))),
            news = notified.recv() => news.map(Some).ok_or(FollowError::Disconnected),
        }
    }

    /// Reads a new snapshot if anything has changed since the last look, else confirms the one there is.
    async fn look(&mut self, connected: &Connected, forced: bool) -> Result<Arc<Catalog>, FollowError> {
        let began = Instant::now();
        let Connected { client, state, .. } = connected;
        let asking = client.query_one(sql::HORIZON, &[]);
        // An answer that comes later finds the snapshot stale, and another server may have one
        let row = timeout(self.shared.options.stale_after, asking).await.map_err(|_| FollowError::TimedOut)??;
        let horizon: String = row.try_get(0)?;
        if *state != (ServerState { is_standby: row.try_get(1)?, is_read_only: row.try_get(2)? }) {
            return Err(FollowError::Changed);
        }
        let wanted = self.login.target.wanted;
        let home = Home { server: connected.server.clone(), must_be_standby: wanted.must_be_standby(*state) };
        let confirm = |catalog: Arc<Catalog>| {
            let confirmed = Confirmed { catalog: catalog.clone(), home: Some(home), at: began };
            self.shared.confirmed.store(Some(Arc::new(confirmed)));
            catalog
        };
        let seen = &mut self.seen;
        let held = self.shared.confirmed.load_full();
        if let Some(held) = held.as_ref().filter(|_| seen.changes.is_some() && seen.horizon == horizon) {
            return Ok(confirm(held.catalog.clone()));
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
            return Ok(confirm(held.catalog.clone()));
        }
        let held = held.map(|held| held.catalog.clone());
        let known = match (held.as_deref(), &seen.changes) {
            (Some(held), Some((lasting, _))) if *lasting == changes.0 => Known::Lasting(held),
            (Some(held), Some(_)) => Known::Earlier(held),
            (Some(_), None) | (None, _) => Known::Nothing,
        };
        let loaded = load(client, known).await?;
        // What is locked is looked for again; else: read before the load, so that a change in between shows at the next look
        match loaded.has_locked() {
            true => seen.horizon.clear(),
            false => (seen.horizon, seen.changes) = (horizon, Some(changes)),
        }
        let catalog = replace(held, loaded);
        Ok(confirm(catalog))
    }
}

/// The old snapshot where the new one says the same, so that verdicts cached for its version stay.
fn replace(old: Option<Arc<Catalog>>, mut new: Catalog) -> Arc<Catalog> {
    let Some(old) = old else {
        new.version = 1;
        return Arc::new(new);
    };
    if old.fingerprint == new.fingerprint {
        return old;
    }
    new.version = old.version + 1;
    tracing::info!(version = new.version, relations = new.relations.len(), "catalog: changed");
    Arc::new(new)
}

async fn changes(client: &tokio_postgres::Client) -> Result<(String, String), tokio_postgres::Error> {
    let row = client.query_one(sql::CHANGES, &[]).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}
