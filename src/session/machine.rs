//! The session as its driver sees it.

use std::sync::Arc;

use bytes::BytesMut;

use super::books::Books;
use super::decider::Decider;
use super::names::Basis;
use super::observer::{Ended, Observer, StatementId};
use super::pending::{Asker, Execution, Queue, Request};
use super::step::{Fatal, Outbox, Step};
use super::view::{Parameters, SessionView, TransactionStatus};
use crate::keys::Keyring;
use crate::plan::{Plan, TouchAction};
use crate::reveal::Values;
use crate::value::Style;
use crate::wire::frame::Relay;
use crate::wire::{PgError, SqlState};

/// One client session with one server session. Owns no socket: the driver hands bytes in and sends what comes out.
pub struct Session<D, O> {
    pub(super) decider: D,
    pub(super) observer: O,
    pub(super) values: Values,
    /// Why protected values cannot be read or shown under the session's settings.
    pub(super) style_error: Option<PgError>,
    pub(super) books: Books,
    pub(super) queue: Queue,
    pub(super) client: ClientSide,
    pub(super) server: ServerSide,
    next_statement: u64,
    /// What [`Self::basis`] was before the decider was last asked: what it says may rest on nothing newer.
    pub(super) asked: Basis,
}

/// Where the reading of the client's messages stands.
#[derive(Default)]
pub(super) struct ClientSide {
    /// A frame that is being relayed as it comes.
    pub relay: Option<Relay>,
    /// What is left of a frame that is thrown away.
    pub skip_len: usize,
    /// After an error, until Sync: nothing goes upstream.
    pub is_discarding: bool,
    /// Messages went upstream that the server need not answer before a Flush.
    pub is_unflushed: bool,
    /// Messages of the extended protocol went upstream without their Sync.
    pub is_unsynced: bool,
    /// Since the last Sync a statement was run that may change how text is read.
    pub may_read_otherwise: bool,
}

/// Where the reading of the server's messages stands.
#[derive(Default)]
pub(super) struct ServerSide {
    /// A frame that is being relayed as it comes.
    pub relay: Option<Relay>,
    /// A plan of the open transaction whose effects may fail when it ends: what is told then is told as the plan says.
    pub guard: Option<Arc<Plan>>,
    /// Syncs that reached the server during a COPY that failed: it may have ignored them, or answer them yet.
    pub spare_syncs: usize,
    /// It has told why it closes the connection.
    pub is_leaving: bool,
}

impl<D: Decider, O: Observer> Session<D, O> {
    /// `parameters` as reported during authentication; `values.style` and `values.encoding` are set from them.
    pub fn new(decider: D, observer: O, values: Values, parameters: Parameters) -> Self {
        let mut session = Self {
            decider,
            observer,
            values,
            style_error: None,
            books: Books::new(parameters),
            queue: Queue::default(),
            client: ClientSide::default(),
            server: ServerSide::default(),
            next_statement: 0,
            asked: Basis::default(),
        };
        session.follow_parameters();
        session
    }

    /// Takes whole messages from the client's bytes. What stays in `input` needs more bytes, or has to wait for the
    /// server: call again after every `on_server` while `input` holds anything.
    ///
    /// # Errors
    /// The session is over; [`Fatal`] says how to end it.
    pub fn on_client(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        let step = self.read_client(input, outbox);
        step.inspect_err(|fatal| self.die(fatal))
    }

    /// Takes whole messages from the server's bytes, and parts of those that are only relayed.
    ///
    /// # Errors
    /// As [`Self::on_client`].
    pub fn on_server(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        let step = self.read_server(input, outbox);
        step.inspect_err(|fatal| self.die(fatal))
    }

    /// Keys that were read again: values sealed since then open too.
    pub fn set_keys(&mut self, keys: Arc<Keyring>) {
        self.values.keys = keys;
    }

    /// The session is over; what its observer still has to say is up to its owner.
    pub fn into_observer(self) -> O {
        self.observer
    }

    /// Nothing in flight.
    pub fn is_answered(&self) -> bool {
        self.queue.is_empty()
    }

    pub const fn decider_mut(&mut self) -> &mut D {
        &mut self.decider
    }

    pub const fn observer_mut(&mut self) -> &mut O {
        &mut self.observer
    }

    pub fn view(&self) -> &dyn SessionView {
        &self.books
    }

    /// Nothing in flight and no open transaction: may be ended for a drain.
    pub fn is_idle(&self) -> bool {
        let client = &self.client;
        let reads_nothing = client.relay.is_none() && client.skip_len == 0 && !client.is_unsynced;
        reads_nothing && self.queue.is_empty() && self.books.status == TransactionStatus::Idle
    }

    /// False inside a frame that is relayed as it comes: an error written now would be read as part of it.
    pub const fn is_between_messages(&self) -> bool {
        self.server.relay.is_none()
    }

    /// The client knows from the server itself why the connection is closed.
    pub const fn is_server_leaving(&self) -> bool {
        self.server.is_leaving
    }

    /// A socket is gone: statements still running are told to the observer as failed.
    pub fn abandon(&mut self) {
        self.end_all(SqlState::CONNECTION_FAILURE);
    }

    fn die(&mut self, fatal: &Fatal) {
        self.end_all(fatal.error.code);
        self.observer.on_fatal(fatal);
    }

    fn end_all(&mut self, sqlstate: SqlState) {
        while let Some(pending) = self.queue.pop() {
            self.end_request(pending.request, sqlstate);
        }
    }

    /// A request that will not succeed any more.
    pub(super) fn end_request(&mut self, request: Request, sqlstate: SqlState) {
        match request {
            Request::Execute(execution) => self.end_failed(&execution, sqlstate),
            Request::Query(query) => {
                query.executions.iter().for_each(|execution| self.end_failed(execution, sqlstate));
            }
            Request::Call(call) => call.iter().for_each(|execution| self.end_failed(execution, sqlstate)),
            Request::Parse { .. }
            | Request::Bind { .. }
            | Request::Close
            | Request::DescribeStatement { .. }
            | Request::DescribePortal { .. }
            | Request::Sync
            | Request::Refused(_) => {}
        }
    }

    pub(super) fn end_failed(&mut self, execution: &Execution, sqlstate: SqlState) {
        self.end(execution, Ended::Failed { rows: execution.rows, sqlstate });
    }

    pub(super) fn end(&mut self, execution: &Execution, ended: Ended) {
        if let Some(plan) = execution.plan.as_ref().filter(|plan| may_fail_later(plan)) {
            self.server.guard = Some(Arc::clone(plan));
        }
        if let Some(id) = execution.id {
            self.observer.on_end(id, ended, &execution.account);
        }
    }

    /// What is to be run goes upstream next: announces it to the audit trail where it is planned.
    pub(super) fn start(&mut self, sql: &str, execution: &mut Execution) {
        if let Some(plan) = &execution.plan {
            let id = StatementId(self.next_statement);
            self.next_statement += 1;
            execution.id = Some(id);
            execution.counted_copy = plan.copy.as_ref().filter(|copy| copy.look_ups > 0).map(|_| sql.into());
            self.observer.on_statement_start(id, sql, plan);
        }
    }

    pub(super) fn push(&mut self, asker: Asker, request: Request) -> u64 {
        self.queue.push(asker, request)
    }

    /// The settings that values are read and shown by have been reported.
    pub(super) fn follow_parameters(&mut self) {
        let parameters = &self.books.parameters;
        parameters.client_encoding.clone_into(&mut self.values.encoding);
        match Style::new(&parameters.date_style, &parameters.time_zone) {
            Ok(style) => {
                self.values.style = style;
                self.style_error = None;
            }
            Err(error) => self.style_error = Some(error),
        }
    }
}

/// Whether constraints and triggers that wait for the end of the transaction may tell of values that are not for this
/// caller.
fn may_fail_later(plan: &Plan) -> bool {
    !plan.sees_details && plan.touched.iter().any(|touch| touch.action == TouchAction::Write)
}

/// Ends the session with nothing of a protected answer withheld.
pub(super) const fn fatal(error: PgError, reason: &'static str) -> Fatal {
    Fatal { error, reason, withheld: false }
}

/// Ends the session with what the server has answered withheld.
pub(super) const fn withhold(error: PgError, reason: &'static str) -> Fatal {
    Fatal { error, reason, withheld: true }
}

/// A message of the server that nothing asked for.
pub(super) fn unexplained(kind: u8) -> Fatal {
    let message = format!("the server sent a message of type {kind} that answers no request");
    withhold(PgError::new(SqlState::PROTOCOL_VIOLATION, message), "unexplained-answer")
}

/// A frame that could not be written.
pub(super) const fn unwritable(error: PgError) -> Fatal {
    withhold(error, "too-long")
}
