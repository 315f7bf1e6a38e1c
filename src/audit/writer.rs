//! The trail's end: records are chained, written in groups and acknowledged; a thread syncs and keeps heads.
//!
//! A record is written by whoever first needs it written: the session that has an answer to release, for itself and
//! everybody else whose record waits, or the writer's thread. No thread is woken for a statement whose answer takes longer
//! than its record, and a file that answers slowly is left to the thread alone.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::chain::{AuditKey, Head, WriterKey, append};
use super::event::Event;
use super::heads::HeadsFile;
use super::queue::Queue;
use super::store::{OpenError, Opened, Store};
use crate::wire::{PgError, SqlState};

/// Events on their way to the writer. A session waits for its opening record, so this is far above one per session.
const QUEUE_LEN: usize = 65_536;
/// Events written by one system call.
const BATCH_LEN: usize = 1024;
/// Events kept while the trail is not writable.
const BACKLOG_LEN: usize = 65_536;
/// Records are on the disk this long after they were written, and a sink that failed is tried again this often.
const SYNC_INTERVAL: Duration = Duration::from_millis(100);

/// A file that takes longer for a group of records is written by the thread alone for a while: whoever waits for it waits
/// beside a session's other work, not in its way.
const SLOW_WRITE: Duration = Duration::from_millis(2);
const SLOW_PAUSE: Duration = Duration::from_secs(1);

/// When a statement on protected data may go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// Its opening record was handed to the operating system: survives the proxy, and within 100 ms the machine.
    #[default]
    Handed,
    /// Its opening record is on the disk: survives the machine at once.
    Synced,
}

/// Where and how the trail is written.
pub struct Settings {
    pub directory: PathBuf,
    /// Names this proxy in a fleet. Never give one name to two chains.
    pub writer: String,
    pub durability: Durability,
    /// A file that has this many bytes is followed by the next.
    pub max_file_len_bytes: u64,
    /// A second file, better on another file system, which gets the head of the chain at intervals.
    pub heads: Option<PathBuf>,
    pub heads_interval: Duration,
}

/// The trail could not take a record: the statement that it announces must be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail cannot be written")]
pub struct Unwritable;

impl From<Unwritable> for PgError {
    fn from(_: Unwritable) -> Self {
        Self::new(SqlState::IO_ERROR, "the audit trail cannot be written, so protected data cannot be used")
            .with_hint("Statements that touch nothing protected still work. The trail is tried again by itself.")
    }
}

/// What monitoring asks of the trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether the last attempt to write, and to sync, succeeded.
    pub writable: bool,
    pub records: u64,
    /// Records that could be neither written nor kept.
    pub dropped: u64,
    /// Events handed over and not yet written.
    pub queued: u64,
}

/// The trail as sessions see it. Cheap to share behind an [`Arc`].
pub struct AuditLog {
    trail: Arc<Trail>,
    next_statement: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// The queue and who writes from it.
struct Trail {
    queue: Queue<Command>,
    /// `None` once the trail has ended.
    writer: Mutex<Option<Writer>>,
    shared: Arc<Shared>,
    /// Sessions write by themselves.
    is_shared: bool,
}

/// Resolves when a record has been written.
#[must_use = "the first row must not be released before this resolves"]
pub struct Receipt(Option<oneshot::Receiver<()>>);

#[derive(Default)]
struct Shared {
    writable: AtomicBool,
    synced: AtomicBool,
    records: AtomicU64,
    dropped: AtomicU64,
    pending: Mutex<Pending>,
    wake: Condvar,
}

/// What the syncer has to do next.
#[derive(Default)]
struct Pending {
    file: Option<Arc<std::fs::File>>,
    head: Option<Head>,
    stopped: bool,
}

enum Command {
    Record {
        at: jiff::Timestamp,
        event: Event,
        done: Option<oneshot::Sender<()>>,
    },
    /// From the syncer: a sink that failed is worth another try.
    Retry,
    Stop {
        reason: &'static str,
    },
}

impl AuditLog {
    /// Opens or continues the chain, writes the start record and starts the threads.
    ///
    /// # Errors
    /// The chain cannot be continued, or its first record cannot be written: the proxy does not start.
    pub fn open(settings: Settings, key: &AuditKey) -> Result<Self, OpenError> {
        let key = key.for_writer(&settings.writer);
        let Opened { store, head, torn_bytes } =
            Store::open(&settings.directory, &settings.writer, settings.max_file_len_bytes, &key)?;
        let heads = open_heads(&settings, &key)?;
        let shared = Arc::new(Shared::default());
        shared.synced.store(true, Ordering::Relaxed);
        let mut writer = Writer {
            settings,
            store,
            key,
            head,
            shared: Arc::clone(&shared),
            backlog: VecDeque::new(),
            slow_since: None,
        };
        writer.begin(torn_bytes)?;
        let syncer = Syncer { heads, interval: writer.settings.heads_interval, shared: Arc::clone(&shared) };
        let path = writer.settings.directory.clone();
        let is_shared = writer.settings.durability == Durability::Handed;
        let (queue, writer) = (Queue::new(QUEUE_LEN), Mutex::new(Some(writer)));
        let trail = Arc::new(Trail { queue, writer, shared, is_shared });
        let (writing, syncing) = (Arc::clone(&trail), Arc::clone(&trail));
        let threads = [
            std::thread::Builder::new().name("audit-writer".into()).spawn(move || writing.run()),
            std::thread::Builder::new().name("audit-syncer".into()).spawn(move || syncer.run(&syncing.queue)),
        ];
        let threads =
            threads.into_iter().collect::<io::Result<_>>().map_err(|source| OpenError::Io { path, source })?;
        Ok(Self { trail, next_statement: AtomicU64::new(1), threads: Mutex::new(threads) })
    }

    /// A number that ties a closing record to its opening one; unique within one run of the proxy.
    pub fn next_statement(&self) -> u64 {
        self.next_statement.fetch_add(1, Ordering::Relaxed)
    }

    /// Hands a record over. Never blocks; before anything is released await its receipt, after [`Self::hurry`].
    pub fn record(&self, event: Event) -> Receipt {
        let (done, receipt) = oneshot::channel();
        let command = Command::Record { at: jiff::Timestamp::now(), event, done: Some(done) };
        let receipt = self.send(command).then_some(receipt);
        // What takes a while is begun at once
        if !self.trail.is_shared {
            self.trail.queue.hurry();
        }
        Receipt(receipt)
    }

    /// Somebody waits for a receipt: writes what waits where that is quick, otherwise wakes the thread that does.
    pub fn hurry(&self) {
        if !self.trail.write_if_quick() {
            self.trail.queue.hurry();
        }
    }

    /// Hands over a record that nobody waits for: all but opening ones.
    pub fn note(&self, event: Event) {
        self.send(Command::Record { at: jiff::Timestamp::now(), event, done: None });
    }

    /// Whether the last attempt to write, and to sync, succeeded. Where it did not, another is made by itself.
    pub fn is_writable(&self) -> bool {
        let shared = &self.trail.shared;
        shared.writable.load(Ordering::Relaxed) && shared.synced.load(Ordering::Relaxed)
    }

    pub fn status(&self) -> Status {
        let shared = &self.trail.shared;
        Status {
            writable: self.is_writable(),
            records: shared.records.load(Ordering::Relaxed),
            dropped: shared.dropped.load(Ordering::Relaxed),
            queued: self.trail.queue.len() as u64,
        }
    }

    /// Writes the stop record, syncs, keeps the head, ends the threads. Blocks; later records are lost.
    pub fn stop(&self, reason: &'static str) {
        self.trail.queue.push_last(Command::Stop { reason });
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic of the thread was reported when it happened; there is nothing left to save here.
            let _ = thread.join();
        }
    }

    fn send(&self, command: Command) -> bool {
        let sent = self.trail.queue.push(command);
        if !sent {
            self.trail.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }
}

/// What has been handed over is written still, without a stop record.
impl Drop for AuditLog {
    fn drop(&mut self) {
        self.trail.queue.close();
    }
}

fn open_heads(settings: &Settings, key: &WriterKey) -> Result<Option<HeadsFile>, OpenError> {
    let Some(path) = &settings.heads else { return Ok(None) };
    match HeadsFile::open(path, &settings.writer, key.clone()) {
        Ok(file) => Ok(Some(file)),
        Err(source) => Err(OpenError::Io { path: path.clone(), source }),
    }
}

impl Receipt {
    /// # Errors
    /// [`Unwritable`]: the statement has to be refused (58030).
    pub async fn written(self) -> Result<(), Unwritable> {
        match self.0 {
            Some(receipt) => receipt.await.map_err(|_| Unwritable),
            None => Err(Unwritable),
        }
    }

    /// The same for who waits for other things too. Once it has been ready it is not asked again.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Unwritable>> {
        match &mut self.0 {
            Some(receipt) => Pin::new(receipt).poll(context).map_err(|_| Unwritable),
            None => Poll::Ready(Err(Unwritable)),
        }
    }

    /// The same for a thread that may block, within the time that the writer's thread takes.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn written_blocking(self) -> Result<(), Unwritable> {
        match self.0 {
            Some(receipt) => receipt.blocking_recv().map_err(|_| Unwritable),
            None => Err(Unwritable),
        }
    }
}

struct Writer {
    settings: Settings,
    store: Store,
    key: WriterKey,
    head: Head,
    shared: Arc<Shared>,
    /// Events that wait for the sink to recover.
    backlog: VecDeque<(jiff::Timestamp, Event)>,
    /// When the file was last slow.
    slow_since: Option<Instant>,
}

/// One event of a batch with whoever waits for it.
struct Waiting {
    at: jiff::Timestamp,
    event: Event,
    done: Option<oneshot::Sender<()>>,
}

impl Trail {
    fn run(&self) {
        while self.queue.wait() {
            let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(writer) = writer.as_mut() else { break };
            while !self.write(writer) && self.queue.len() > 0 {}
        }
        // The directory is free for the next one
        *self.writer.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.shared.stop();
    }

    /// For a session's thread, which must not wait: false where somebody else writes, or the file has been slow.
    fn write_if_quick(&self) -> bool {
        if !self.is_shared {
            return false;
        }
        let Ok(mut writer) = self.writer.try_lock() else { return false };
        let Some(writer) = writer.as_mut() else { return false };
        writer.is_quick() && !self.write(writer)
    }

    /// Taken under the writer's lock, records are chained in the order they were handed over. True at the end.
    fn write(&self, writer: &mut Writer) -> bool {
        let batch = self.queue.take(BATCH_LEN);
        let is_last = writer.carry_out(batch);
        if is_last {
            self.queue.close();
        }
        is_last
    }
}

impl Writer {
    fn begin(&mut self, torn_bytes: u64) -> Result<(), OpenError> {
        let now = jiff::Timestamp::now();
        if torn_bytes > 0 {
            self.backlog.push_back((now, Event::Recovered { torn_bytes }));
        }
        self.backlog.push_back((now, Event::Start { version: env!("CARGO_PKG_VERSION") }));
        self.write(Vec::new()).map_err(|source| OpenError::Io { path: self.settings.directory.clone(), source })
    }

    /// Writes a batch; true where it asks for the end.
    fn carry_out(&mut self, batch: Vec<Command>) -> bool {
        let mut events = Vec::with_capacity(batch.len());
        let mut stop = None;
        for command in batch {
            match command {
                Command::Record { at, event, done } => events.push(Waiting { at, event, done }),
                Command::Retry => {}
                Command::Stop { reason } => stop = Some(reason),
            }
        }
        if let Some(reason) = stop {
            events.push(Waiting { at: jiff::Timestamp::now(), event: Event::Stop { reason }, done: None });
        }
        let began = Instant::now();
        // Whoever waits learns of a failure by the receipt, everybody else by the status.
        let _ = self.write(events);
        if began.elapsed() > SLOW_WRITE {
            self.slow_since = Some(Instant::now());
        }
        stop.is_some()
    }

    fn is_quick(&self) -> bool {
        self.slow_since.is_none_or(|since| since.elapsed() > SLOW_PAUSE)
    }

    /// Writes the backlog and a batch by one system call, acknowledges, and hands the file to the syncer.
    /// On failure opening records are dropped, which refuses their statements; all others are kept for later.
    fn write(&mut self, events: Vec<Waiting>) -> io::Result<()> {
        if events.is_empty() && self.backlog.is_empty() {
            return Ok(());
        }
        let mut head = self.head;
        let outcome = self.shared.check_synced().and_then(|()| self.lines(&mut head, &events)).and_then(|lines| {
            self.store.append(&lines, self.head.seq + 1)?;
            match self.settings.durability {
                Durability::Handed => Ok(()),
                Durability::Synced => self.store.current().sync_data(),
            }
        });
        match outcome {
            Ok(()) => {
                self.backlog.clear();
                self.head = head;
                self.shared.wrote(head, self.store.current());
                events.into_iter().filter_map(|waiting| waiting.done).for_each(|done| {
                    // A session that went away no longer waits.
                    let _ = done.send(());
                });
                Ok(())
            }
            Err(error) => {
                // First, so that whoever learns from a receipt finds the status saying so too.
                self.shared.failed(&error);
                self.keep(events);
                Err(error)
            }
        }
    }

    fn lines(&self, head: &mut Head, events: &[Waiting]) -> io::Result<Vec<u8>> {
        let kept = self.backlog.iter().map(|(at, event)| (at, event));
        let new = events.iter().map(|waiting| (&waiting.at, &waiting.event));
        let mut lines = Vec::with_capacity(512 * (events.len() + self.backlog.len()));
        for (at, event) in kept.chain(new) {
            append(&mut lines, head, &self.key, &self.settings.writer, *at, event)?;
        }
        Ok(lines)
    }

    fn keep(&mut self, events: Vec<Waiting>) {
        if self.backlog.is_empty() {
            self.backlog.push_back((jiff::Timestamp::now(), Event::Interrupted));
        }
        for waiting in events.into_iter().filter(|waiting| !waiting.event.announces()) {
            if self.backlog.len() < BACKLOG_LEN {
                self.backlog.push_back((waiting.at, waiting.event));
            } else {
                self.shared.dropped.fetch_add(1, Ordering::Relaxed);
                self.note_drop();
            }
        }
    }

    /// The last place of a full backlog counts what did not fit.
    fn note_drop(&mut self) {
        match self.backlog.back_mut() {
            Some((_, Event::Dropped { records })) => *records += 1,
            Some(last) => *last = (jiff::Timestamp::now(), Event::Dropped { records: 2 }),
            None => {}
        }
    }
}

impl Shared {
    fn failed(&self, error: &io::Error) {
        if self.writable.swap(false, Ordering::Relaxed) {
            tracing::error!(%error, "audit trail not writable: protected data is refused");
        }
    }

    /// What could not be synced may be lost: nothing more is released until a sync succeeds.
    fn check_synced(&self) -> io::Result<()> {
        match self.synced.load(Ordering::Relaxed) {
            true => Ok(()),
            false => Err(io::Error::other("the last sync failed")),
        }
    }

    fn wrote(&self, head: Head, file: Arc<std::fs::File>) {
        if !self.writable.swap(true, Ordering::Relaxed) {
            tracing::info!("audit trail writable");
        }
        self.records.store(head.seq, Ordering::Relaxed);
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.file = Some(file);
        pending.head = Some(head);
    }

    fn stop(&self) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.wake.notify_all();
    }
}

struct Syncer {
    heads: Option<HeadsFile>,
    interval: Duration,
    shared: Arc<Shared>,
}

impl Syncer {
    /// Groups syncs: everything written within one interval costs one. A head is kept only after its records are
    /// on the disk.
    fn run(mut self, queue: &Queue<Command>) {
        let mut kept = Head::GENESIS;
        let mut synced: Option<Head> = None;
        let mut last_kept: Option<Instant> = None;
        loop {
            let (file, head, stopped) = self.next();
            if let (Some(file), Some(head)) = (file, head) {
                let outcome = file.sync_data();
                self.report_sync(&outcome);
                match outcome {
                    Ok(()) => synced = Some(head),
                    Err(_) => self.again(file),
                }
            }
            let due = stopped || last_kept.is_none_or(|at| at.elapsed() >= self.interval);
            if let Some(head) = synced.filter(|head| due && *head != kept) {
                self.keep(head);
                kept = head;
                last_kept = Some(Instant::now());
            }
            if stopped {
                return;
            }
            if !self.shared.writable.load(Ordering::Relaxed) && queue.push(Command::Retry) {
                queue.hurry();
            }
        }
    }

    /// Waits for one interval, or for the stop.
    fn next(&self) -> (Option<Arc<std::fs::File>>, Option<Head>, bool) {
        let pending = self.shared.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.wake.wait_timeout_while(pending, SYNC_INTERVAL, |pending| !pending.stopped);
        let (mut pending, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (pending.file.take(), pending.head, pending.stopped)
    }

    fn again(&self, file: Arc<std::fs::File>) {
        self.shared.pending.lock().unwrap_or_else(PoisonError::into_inner).file.get_or_insert(file);
    }

    fn report_sync(&self, outcome: &io::Result<()>) {
        let was = self.shared.synced.swap(outcome.is_ok(), Ordering::Relaxed);
        if let (Err(error), true) = (outcome, was) {
            tracing::error!(%error, "audit trail cannot be synced");
        }
    }

    fn keep(&mut self, head: Head) {
        let Some(heads) = &mut self.heads else { return };
        if let Err(error) = heads.keep(head) {
            tracing::error!(%error, "the head of the audit trail could not be kept");
        }
    }
}
