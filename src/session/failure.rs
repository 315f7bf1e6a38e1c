//! Errors and notices: which request they end, and what the client is told.

use bytes::BufMut;

use super::decider::Decider;
use super::machine::{Session, unexplained, unwritable};
use super::observer::Observer;
use super::pending::{Pending, Query, Request};
use super::server::malformed;
use super::step::{Fatal, Outbox};
use crate::reveal;
use crate::wire::backend::{self, Severity};
use crate::wire::{PgError, SqlState, frame};

type Fields<'a> = Vec<(u8, &'a [u8])>;

impl<D: Decider, O: Observer> Session<D, O> {
    pub(super) fn notice(&mut self, body: &[u8], frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let fields = backend::error_fields(body).map_err(malformed)?;
        self.tell(b'N', &fields, frame, outbox)
    }

    pub(super) fn error(&mut self, body: &[u8], frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let fields = backend::error_fields(body).map_err(malformed)?;
        let sqlstate = sqlstate(&fields);
        if ends_session(&fields) {
            self.server.is_leaving = true;
            return self.tell(b'E', &fields, frame, outbox);
        }
        // In a failed transaction the server says so of every statement, whatever it is.
        let refusal = self.take_refusal()?.filter(|_| sqlstate != SqlState::IN_FAILED_TRANSACTION);
        match &refusal {
            Some(error) => {
                backend::write_error(&mut outbox.to_client, Severity::Error, error).map_err(unwritable)?;
            }
            None => self.tell(b'E', &fields, frame, outbox)?,
        }
        self.fail(refusal.map_or(sqlstate, |error| error.code));
        Ok(())
    }

    /// The error that the client gets in place of the server's.
    fn take_refusal(&mut self) -> Result<Option<PgError>, Fatal> {
        match &mut self.queue.front_mut().ok_or_else(|| unexplained(b'E'))?.request {
            Request::Refused(error) => Ok(Some(error.clone())),
            Request::Execute(execution) => Ok(execution.refusal.take()),
            Request::Query(Query { executions, .. }) => match executions.front_mut() {
                Some(execution) => Ok(execution.refusal.take()),
                None => Err(unexplained(b'E')),
            },
            Request::Call(Some(execution)) => Ok(execution.refusal.take()),
            Request::Call(None) => Err(unexplained(b'E')),
            Request::Parse { .. }
            | Request::Bind { .. }
            | Request::Close
            | Request::DescribeStatement { .. }
            | Request::DescribePortal { .. }
            | Request::Sync => Ok(None),
        }
    }

    /// The front request has failed, and with it what the server skips for that.
    fn fail(&mut self, sqlstate: SqlState) {
        match self.queue.front().map(|pending| &pending.request) {
            // Both end with the ReadyForQuery that follows.
            Some(Request::Sync) => {}
            Some(Request::Query(_)) => {
                while let Some(execution) = self.queue.pop_execution() {
                    self.end_failed(&execution, sqlstate);
                }
            }
            Some(Request::Call(_)) => {
                if let Some(execution) = self.queue.take_call() {
                    self.end_failed(&execution, sqlstate);
                }
            }
            _ => {
                if let Some(failed) = self.queue.front() {
                    self.books.fail(failed.seq);
                }
                self.skip_to_sync(sqlstate);
            }
        }
    }

    fn skip_to_sync(&mut self, sqlstate: SqlState) {
        while !matches!(self.queue.front(), Some(Pending { request: Request::Sync, .. })) {
            let Some(skipped) = self.queue.pop() else {
                self.client.is_discarding = true;
                return;
            };
            self.books.settle(skipped.seq, false);
            self.end_request(skipped.request, sqlstate);
        }
    }

    /// What the client is told of the server's error or notice.
    fn tell(&mut self, kind: u8, fields: &Fields<'_>, frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let front = self.queue.front();
        let plan = front.and_then(Pending::plan).or(self.server.guard.as_ref());
        let is_rewritten =
            matches!(front.map(|pending| &pending.request), Some(Request::Query(query)) if query.rewritten);
        match plan {
            Some(plan) => reveal::notice(&mut outbox.to_client, kind, fields, plan).map_err(unwritable),
            None if is_rewritten => without_position(kind, fields, outbox),
            None => {
                outbox.to_client.extend_from_slice(frame);
                Ok(())
            }
        }
    }
}

/// FATAL and PANIC may come at any time; the server closes the connection after them.
fn ends_session(fields: &Fields<'_>) -> bool {
    fields.iter().any(|(field, text)| *field == b'V' && matches!(*text, b"FATAL" | b"PANIC"))
}

fn sqlstate(fields: &Fields<'_>) -> SqlState {
    let code = fields.iter().find(|(field, _)| *field == b'C').and_then(|(_, code)| <[u8; 5]>::try_from(*code).ok());
    code.map_or(SqlState::INTERNAL_ERROR, SqlState)
}

/// The position is one in a text that the client did not write.
fn without_position(kind: u8, fields: &Fields<'_>, outbox: &mut Outbox) -> Result<(), Fatal> {
    let written = frame::write(&mut outbox.to_client, kind, |body| {
        for (field, text) in fields.iter().filter(|(field, _)| *field != b'P') {
            body.put_u8(*field);
            body.extend_from_slice(text);
            body.put_u8(0);
        }
        body.put_u8(0);
    });
    written.map_err(unwritable)
}
