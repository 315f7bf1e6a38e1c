//! The server's messages, in order.

use bytes::{Buf as _, BytesMut};

use super::decider::Decider;
use super::machine::{Session, fatal, unexplained, withhold};
use super::observer::Observer;
use super::pending::{Pending, Request};
use super::step::{Fatal, Outbox, Step};
use super::view::TransactionStatus;
use crate::wire::backend;
use crate::wire::frame::{self, HEADER_LEN, Head, Relay, Sender};
use crate::wire::{PgError, SqlState};

/// A relayed frame longer than this is sent on before all of it has come.
pub(super) const HELD_LEN: usize = 64 * 1024;

impl<D: Decider, O: Observer> Session<D, O> {
    pub(super) fn read_server(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        loop {
            if let Some(relay) = &mut self.server.relay {
                if !relay.run(input, &mut outbox.to_client) {
                    return Ok(Step::Continue);
                }
                self.server.relay = None;
            }
            let Some(head) = peek(input)? else { return Ok(Step::Continue) };
            if self.queue.relays(head.kind) {
                if !self.relay(head, input, outbox) {
                    return Ok(Step::Continue);
                }
                continue;
            }
            if input.len() < head.frame_len() {
                if self.streams_result(head) {
                    continue;
                }
                return Ok(Step::Continue);
            }
            if !self.may_release(head.kind)? {
                return Ok(Step::NeedReceipt);
            }
            let frame = input.get(..head.frame_len()).unwrap_or_default();
            self.answer(head.kind, frame, outbox)?;
            input.advance(head.frame_len());
        }
    }

    /// Moves the longest run of frames like the first; false where more bytes are needed.
    fn relay(&mut self, head: Head, input: &mut BytesMut, outbox: &mut Outbox) -> bool {
        let run_len = run_len(head, input);
        if run_len > 0 {
            frame::forward(input, run_len, &mut outbox.to_client);
            return true;
        }
        let is_streamed = head.frame_len() > HELD_LEN;
        if is_streamed {
            self.server.relay = Some(Relay::new(head));
        }
        is_streamed
    }

    /// Nothing of a planned statement's answer is released before the audit trail has its opening record.
    fn may_release(&mut self, kind: u8) -> Result<bool, Fatal> {
        let is_answer = matches!(kind, b'D' | b'C' | b's' | b'I' | b'd' | b'c' | b'V');
        let Some(execution) = self.queue.execution_mut().filter(|_| is_answer) else { return Ok(true) };
        let Some(id) = execution.id.filter(|_| !execution.is_released) else { return Ok(true) };
        execution.is_released = self.observer.may_release(id).map_err(|error| withhold(error, "audit"))?;
        Ok(execution.is_released)
    }

    fn answer(&mut self, kind: u8, frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let body = frame.get(HEADER_LEN..).unwrap_or_default();
        match kind {
            b'S' => self.parameter_status(body, frame, outbox),
            b'A' => {
                outbox.to_client.extend_from_slice(frame);
                Ok(())
            }
            b'N' => self.notice(body, frame, outbox),
            b'E' => self.error(body, frame, outbox),
            b'Z' => self.ready(body, frame, outbox),
            b'1' | b'2' | b'3' => self.done(kind, frame, outbox),
            b't' => self.parameter_description(body, frame, outbox),
            b'T' | b'n' => self.description(kind, body, frame, outbox),
            b'D' => self.row(body, outbox),
            b'C' | b'I' | b's' => self.complete(kind, body, frame, outbox),
            b'G' => self.copy_in(frame, outbox),
            b'H' => self.copy_out(frame, outbox),
            b'd' | b'c' => self.copied_out(kind, frame, outbox),
            b'V' => self.called(body, frame, outbox),
            b'W' => {
                let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "COPY in both directions is not supported");
                Err(withhold(error, "copy-both"))
            }
            _ => Err(unexplained(kind)),
        }
    }

    fn parameter_status(&mut self, body: &[u8], frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let (name, value) = backend::parameter_status(body).map_err(malformed)?;
        self.books.report(&String::from_utf8_lossy(name), &String::from_utf8_lossy(value));
        self.follow_parameters();
        outbox.to_client.extend_from_slice(frame);
        Ok(())
    }

    /// ReadyForQuery.
    fn ready(&mut self, body: &[u8], frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let status = status(backend::ready_for_query(body).map_err(malformed)?);
        match self.queue.front() {
            Some(Pending { request: Request::Sync | Request::Call(None), .. }) => {
                self.queue.pop();
            }
            Some(Pending { seq, request: Request::Query(query), .. }) if query.executions.is_empty() => {
                self.books.settle(*seq, true);
                self.queue.pop();
            }
            _ if self.server.spare_syncs > 0 => {
                self.server.spare_syncs -= 1;
                self.client.is_discarding = false;
            }
            _ => return Err(unexplained(b'Z')),
        }
        self.books.ready(status);
        if status == TransactionStatus::Idle {
            self.server.guard = None;
        }
        outbox.to_client.extend_from_slice(frame);
        Ok(())
    }

    /// ParseComplete, BindComplete or CloseComplete.
    fn done(&mut self, kind: u8, frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let is_explained = match self.queue.front().map(|pending| &pending.request) {
            Some(Request::Parse { .. }) => kind == b'1',
            Some(Request::Bind { known, .. }) => kind == b'2' && *known,
            Some(Request::Close) => kind == b'3',
            _ => false,
        };
        if !is_explained {
            return Err(unexplained(kind));
        }
        self.succeed(frame, outbox)
    }

    /// The front request is done: its names hold, and its client sees this frame.
    pub(super) fn succeed(&mut self, frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let done = self.queue.pop().ok_or_else(|| unexplained(0))?;
        self.books.settle(done.seq, true);
        Self::show(done.asker, frame, outbox);
        Ok(())
    }
}

fn peek(input: &[u8]) -> Result<Option<Head>, Fatal> {
    Head::peek(input, Sender::Server).map_err(malformed)
}

/// How many bytes at the start of `input` are whole frames of the first one's type.
fn run_len(first: Head, input: &[u8]) -> usize {
    let (mut len, mut next) = (0, Some(first));
    while let Some(head) = next.filter(|head| head.kind == first.kind) {
        let end = len + head.frame_len();
        let Some(rest) = input.get(end..) else { break };
        len = end;
        // What is wrong with the next one is said when its turn comes.
        next = Head::peek(rest, Sender::Server).ok().flatten();
    }
    len
}

pub(super) fn malformed(error: PgError) -> Fatal {
    fatal(error, "server-protocol")
}

const fn status(byte: u8) -> TransactionStatus {
    match byte {
        b'I' => TransactionStatus::Idle,
        b'T' => TransactionStatus::InTransaction,
        _ => TransactionStatus::Failed,
    }
}
