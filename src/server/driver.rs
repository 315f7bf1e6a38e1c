//! Moves bytes between the two sockets of one session, as fast as the slower peer takes them.
//!
//! ```text
//! client ─ read ─▶ input ─ on_client ─▶ to_server ─ write ─▶ server
//!        ◀─ write ─ to_client ◀─ on_server ─ input ◀─ read ─
//! ```
//!
//! Back-pressure: the server is read only while little waits for the client. The client is read only while little
//! waits for either, since a refusal answers it without the server. Reading the server never waits for the server to
//! read, so two peers that both send do not block each other.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::buffers;
use super::leg::Leg;
use super::phase::Phase;
use crate::session::{Fatal, Outbox, Step};
use crate::wire::backend::{Severity, write_error};
use crate::wire::frame::Sender;
use crate::wire::{PgError, SqlState};

/// Output beyond this stops the reading of what it comes from.
const MAX_WAITING_LEN: usize = 64 * 1024;
/// How long a peer may take for the last bytes of a session.
const FAREWELL: Duration = Duration::from_secs(5);
/// Turns of one session before the others of its thread get theirs.
const MAX_TURNS: usize = 64;
/// And bytes read: rows take a microsecond each where values are opened, so that a large result is cut into slices of a
/// millisecond.
const MAX_SLICE_LEN: usize = 64 * 1024;
/// Terminate, as a client sends it.
const TERMINATE: &[u8] = b"X\0\0\0\x04";

/// A session as the driver sees it; [`crate::session::Session`] is the one there is, tests have another.
pub trait Machine {
    /// # Errors
    /// The session cannot go on.
    fn on_client(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal>;
    /// # Errors
    /// The session cannot go on.
    fn on_server(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal>;
    /// Every message has been answered.
    fn is_answered(&self) -> bool;
    /// And no transaction is open: ending the session now loses nothing.
    fn is_idle(&self) -> bool;
    /// Whether the client is between two messages of ours: an error put in there is read as one.
    fn may_interject(&self) -> bool;
    /// The server has told the client why it closes the connection.
    fn is_server_leaving(&self) -> bool;
    /// After [`Step::NeedCatalog`]: ready once a newer catalog has been read, or could not be.
    fn poll_catalog(&mut self, context: &mut Context<'_>) -> Poll<()>;
    /// After [`Step::NeedReceipt`]: ready once the audit trail has taken the opening records, or refused one.
    fn poll_receipt(&mut self, context: &mut Context<'_>) -> Poll<()>;
    /// Bytes read from and written to the client since the last call.
    fn on_traffic(&mut self, received: u64, sent: u64);
    /// From the first byte of a request until everything had been answered.
    fn on_answered(&mut self, spent: Duration);
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client said Terminate, or closed its socket with nothing under way.
    Client,
    /// The server closed.
    Server,
    /// A socket failed.
    Lost,
    /// The session's own decision: see [`Fatal`].
    Fatal,
    /// The proxy stops.
    Shutdown,
}

impl End {
    /// The audit trail's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
            Self::Lost => "connection-lost",
            Self::Fatal => "fatal",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What one side of the session waits for before its input is looked at again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hold {
    #[default]
    None,
    Catalog,
    Receipt,
}

/// Why the exchange stops.
enum Stop {
    Ended(End),
    /// The client is told; what was meant for the server stays here, so that an open transaction rolls back.
    Told(End, Box<PgError>),
}

impl From<io::Error> for Stop {
    /// Whichever socket it is: there is nobody left to tell.
    fn from(_: io::Error) -> Self {
        Self::Ended(End::Lost)
    }
}

impl From<Fatal> for Stop {
    fn from(fatal: Fatal) -> Self {
        Self::Told(End::Fatal, Box::new(fatal.error))
    }
}

/// One session with its sockets.
pub struct Driver<M, C, S> {
    machine: M,
    client: Leg<C>,
    server: Leg<S>,
    outbox: Outbox,
    client_hold: Hold,
    server_hold: Hold,
    /// Input that came behind the login has not been looked at.
    has_leftover: bool,
    busy_since: Option<Instant>,
    /// Read since the session got its turn.
    slice_len: usize,
    traffic: Traffic,
}

#[derive(Default)]
struct Traffic {
    received: usize,
    sent: usize,
}

impl<M, C, S> Driver<M, C, S>
where
    M: Machine,
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    /// Each stream with the bytes that its peer sent behind the login.
    pub fn new(machine: M, client: (C, BytesMut), server: (S, BytesMut)) -> Self {
        Self {
            machine,
            client: Leg::new(client.0, Sender::Client, client.1),
            server: Leg::new(server.0, Sender::Server, server.1),
            outbox: Outbox::default(),
            client_hold: Hold::None,
            server_hold: Hold::None,
            has_leftover: true,
            busy_since: None,
            slice_len: 0,
            traffic: Traffic::default(),
        }
    }

    /// Serves the session until it ends; both sockets are closed then.
    pub async fn run(mut self, mut phase: watch::Receiver<Phase>) -> (M, End) {
        let stop = loop {
            let is_draining = *phase.borrow_and_update() != Phase::Serving;
            if is_draining && (self.is_over() || *phase.borrow() == Phase::Closing) {
                break shutting_down();
            }
            if let Some(stop) = self.exchange(&mut phase, is_draining).await {
                break stop;
            }
        };
        let end = self.farewell(stop).await;
        self.report();
        (self.machine, end)
    }

    /// Exchanges until it stops; `None` where the phase has changed, or nothing is under way any more.
    ///
    /// To be polled by one task only: what the phase's change will wake is told once, not with every message.
    async fn exchange(&mut self, phase: &mut watch::Receiver<Phase>, is_draining: bool) -> Option<Stop> {
        let known = phase.clone();
        let mut changed = pin!(phase.changed());
        let mut is_watched = false;
        poll_fn(|context| {
            if let Poll::Ready(stop) = self.poll_exchange(context, is_draining) {
                return Poll::Ready(stop);
            }
            if std::mem::replace(&mut is_watched, true) && !known.has_changed().unwrap_or(true) {
                return Poll::Pending;
            }
            let changed = ready!(changed.as_mut().poll(context));
            Poll::Ready(changed.is_err().then(shutting_down))
        })
        .await
    }

    /// Nothing is under way or waiting, so that ending here loses nothing.
    fn is_over(&self) -> bool {
        self.machine.is_idle()
            && self.client.input.is_empty()
            && self.outbox.to_client.is_empty()
            && self.outbox.to_server.is_empty()
    }

    /// Goes on until it stops; `None` once nothing is under way any more where that is to be told.
    fn poll_exchange(&mut self, context: &mut Context<'_>, stop_when_over: bool) -> Poll<Option<Stop>> {
        self.slice_len = 0;
        for _ in 0..MAX_TURNS {
            if self.slice_len >= MAX_SLICE_LEN {
                break;
            }
            match self.turn(context) {
                Ok(true) => {}
                Ok(false) if stop_when_over && self.is_over() => return Poll::Ready(None),
                Ok(false) => {
                    self.pause();
                    return Poll::Pending;
                }
                Err(stop) => return Poll::Ready(Some(stop)),
            }
        }
        // Woken once the sockets of the others have been asked: by itself the runtime would do that only now and then
        let _pending = pin!(tokio::task::yield_now()).poll(context);
        Poll::Pending
    }

    /// One read from each side, what follows from it, and its way out. False where nothing could be done.
    fn turn(&mut self, context: &mut Context<'_>) -> Result<bool, Stop> {
        let released = self.poll_holds(context);
        let from_client = self.read_client(context)?;
        let from_server = self.read_server(context)?;
        let leftover = std::mem::take(&mut self.has_leftover);
        if from_server || leftover || released {
            self.serve_server()?;
        }
        // A message may have waited for an answer that has come.
        if from_client || from_server || leftover || released {
            self.serve_client()?;
        }
        let wrote = self.write(context)?;
        self.check_ends(context)?;
        Ok(from_client || from_server || leftover || released || wrote)
    }

    /// Whether one of the holds has ended.
    fn poll_holds(&mut self, context: &mut Context<'_>) -> bool {
        let mut released = false;
        if self.client_hold == Hold::Catalog && self.machine.poll_catalog(context).is_ready() {
            self.client_hold = Hold::None;
            released = true;
        }
        if self.server_hold == Hold::Receipt && self.machine.poll_receipt(context).is_ready() {
            self.server_hold = Hold::None;
            released = true;
        }
        released
    }

    fn read_client(&mut self, context: &mut Context<'_>) -> Result<bool, Stop> {
        let is_congested =
            self.outbox.to_server.len() >= MAX_WAITING_LEN || self.outbox.to_client.len() >= MAX_WAITING_LEN;
        if self.client.at_end || is_congested || !self.client.has_room() {
            return Ok(false);
        }
        match self.client.poll_read(context)? {
            Poll::Ready(len) => {
                self.traffic.received += len;
                self.slice_len += len;
                if self.busy_since.is_none() && len > 0 {
                    self.busy_since = Some(Instant::now());
                }
                Ok(true)
            }
            Poll::Pending => Ok(false),
        }
    }

    fn read_server(&mut self, context: &mut Context<'_>) -> Result<bool, Stop> {
        let is_congested = self.outbox.to_client.len() >= MAX_WAITING_LEN;
        if self.server.at_end || is_congested || !self.server.has_room() {
            return Ok(false);
        }
        match self.server.poll_read(context)? {
            Poll::Ready(len) => {
                self.slice_len += len;
                Ok(true)
            }
            Poll::Pending => Ok(false),
        }
    }

    fn serve_server(&mut self) -> Result<(), Stop> {
        if self.server_hold != Hold::None || self.server.input.is_empty() {
            return Ok(());
        }
        buffers::lend(&mut self.outbox.to_client);
        match self.machine.on_server(&mut self.server.input, &mut self.outbox)? {
            Step::Continue => {}
            Step::NeedReceipt => self.server_hold = Hold::Receipt,
            Step::NeedCatalog => self.client_hold = Hold::Catalog,
            Step::Close => return Err(Stop::Ended(End::Server)),
        }
        Ok(())
    }

    fn serve_client(&mut self) -> Result<(), Stop> {
        if self.client_hold != Hold::None || self.client.input.is_empty() {
            return Ok(());
        }
        buffers::lend(&mut self.outbox.to_server);
        match self.machine.on_client(&mut self.client.input, &mut self.outbox)? {
            Step::Continue => {}
            Step::NeedCatalog => self.client_hold = Hold::Catalog,
            Step::NeedReceipt => self.server_hold = Hold::Receipt,
            Step::Close => return Err(Stop::Ended(End::Client)),
        }
        Ok(())
    }

    /// Whether an output is empty that was not before: its source may be read again.
    fn write(&mut self, context: &mut Context<'_>) -> Result<bool, Stop> {
        let (to_server, to_client) = (self.outbox.to_server.len(), self.outbox.to_client.len());
        let server = self.server.poll_write(&mut self.outbox.to_server, context)?;
        let client = self.client.poll_write(&mut self.outbox.to_client, context)?;
        self.traffic.sent += to_client - self.outbox.to_client.len();
        Ok((server.is_ready() && to_server >= MAX_WAITING_LEN) || (client.is_ready() && to_client >= MAX_WAITING_LEN))
    }

    /// A peer that sends nothing more: the client's end is passed on once all it sent is with the server, which then
    /// finishes its work and closes; the server's end ends the session once the client has everything.
    fn check_ends(&mut self, context: &mut Context<'_>) -> Result<(), Stop> {
        if self.server.at_end && self.server_hold == Hold::None && self.outbox.to_client.is_empty() {
            return Err(self.server_gone());
        }
        let is_served = self.client.at_end && !self.client.has_frame() && self.client_hold == Hold::None;
        if is_served && self.outbox.to_server.is_empty() {
            if self.machine.is_answered() {
                return Err(Stop::Ended(End::Client));
            }
            // Pending is polled again with the next turn.
            let _pending = self.server.poll_shutdown(context)?;
        }
        Ok(())
    }

    /// A server that goes in the middle of an answer and does not say why leaves its client waiting: it gets an error,
    /// where one can be told from the rest of a message.
    fn server_gone(&self) -> Stop {
        if self.client.at_end || self.machine.is_answered() || self.machine.is_server_leaving() {
            return Stop::Ended(End::Server);
        }
        let message = "server closed the connection unexpectedly";
        Stop::Told(End::Server, Box::new(PgError::new(SqlState::CONNECTION_FAILURE, message)))
    }

    /// Nothing can be done until a peer moves.
    fn pause(&mut self) {
        if !self.machine.is_answered() {
            return;
        }
        self.report();
        self.client.rest();
        self.server.rest();
        buffers::give_back(&mut self.outbox.to_client);
        buffers::give_back(&mut self.outbox.to_server);
    }

    fn report(&mut self) {
        let traffic = std::mem::take(&mut self.traffic);
        if traffic.received > 0 || traffic.sent > 0 {
            self.machine.on_traffic(traffic.received as u64, traffic.sent as u64);
        }
        if let Some(since) = self.busy_since.take() {
            self.machine.on_answered(since.elapsed());
        }
    }

    /// Sends what may still be sent and closes both sockets, within a bounded time.
    async fn farewell(&mut self, stop: Stop) -> End {
        let end = match stop {
            Stop::Ended(end) => end,
            Stop::Told(end, error) => {
                self.put_fatal(end, &error);
                end
            }
        };
        let last = poll_fn(|context| {
            let server = self.server.poll_finish(&mut self.outbox.to_server, context);
            let client = self.client.poll_finish(&mut self.outbox.to_client, context);
            if server.is_ready() && client.is_ready() { Poll::Ready(()) } else { Poll::Pending }
        });
        // A peer that takes nothing loses what it did not take.
        let _late = tokio::time::timeout(FAREWELL, last).await;
        end
    }

    fn put_fatal(&mut self, end: End, error: &PgError) {
        let may_terminate = end == End::Shutdown && self.machine.is_idle() && self.outbox.to_server.is_empty();
        self.outbox.to_server.clear();
        if may_terminate {
            self.outbox.to_server.extend_from_slice(TERMINATE);
        }
        if self.machine.may_interject() {
            // An error that is too long for a message is not sent.
            let _ = write_error(&mut self.outbox.to_client, Severity::Fatal, error);
        }
    }
}

fn shutting_down() -> Stop {
    let message = "terminating connection due to administrator command";
    Stop::Told(End::Shutdown, Box::new(PgError::new(SqlState::ADMIN_SHUTDOWN, message)))
}

#[cfg(test)]
#[path = "driver_tests.rs"]
mod tests;
