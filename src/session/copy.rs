//! COPY: data the client sends, and data the server sends.

use std::time::Instant;

use bytes::{BufMut, BytesMut};

use super::ask::Stop;
use super::client::Next;
use super::decider::Decider;
use super::machine::{Session, fatal, unexplained, unwritable, withhold};
use super::observer::Observer;
use super::pending::{Asker, Copy, Execution, Request};
use super::step::{Fatal, Outbox};
use crate::plan::{CopyDirection, CopyPlan, Plan};
use crate::reveal;
use crate::wire::frame::{self, HEADER_LEN, Head};
use crate::wire::frontend::Frontend;
use crate::wire::{PgError, SqlState};

impl<D: Decider, O: Observer> Session<D, O> {
    /// Whether the server awaits the client's data.
    pub(super) fn copies_in(&mut self) -> bool {
        self.queue.execution_mut().is_some_and(|execution| matches!(execution.copy, Copy::In(_)))
    }

    /// CopyData, CopyDone or CopyFail. Outside of a COPY the server would ignore them, so they are not sent.
    pub(super) fn copy_message(&mut self, head: Head, input: &[u8], outbox: &mut Outbox) -> Result<Next, Stop> {
        let is_last = self.queue.is_empty();
        let Some(Execution { copy: Copy::In(sealing), .. }) = self.queue.execution_mut() else {
            return if is_last { Ok(Next::Skip) } else { Err(Stop::Wait) };
        };
        if head.kind == b'd' && sealing.is_none() {
            return Ok(Next::Relay);
        }
        let frame = input.get(..head.frame_len()).ok_or(Stop::Short)?;
        let body = frame.get(HEADER_LEN..).ok_or(Stop::Short)?;
        let start = outbox.to_server.len();
        let sealed = match (Frontend::parse(head.kind, body), sealing) {
            (Ok(Frontend::CopyData(data)), Some(sealing)) => {
                let rows = sealing.data(&mut outbox.to_server, data, &self.values);
                rows.map(|rows| (Next::Consumed, rows.saturating_mul(sealing.look_ups)))
            }
            (Ok(Frontend::CopyDone), Some(sealing)) => {
                let rows = sealing.finish(&mut outbox.to_server, &self.values);
                rows.map(|rows| (Next::Forward, rows.saturating_mul(sealing.look_ups)))
            }
            (Ok(_), _) => Ok((Next::Forward, 0)),
            (Err(error), _) => Err(error),
        };
        let counted = sealed.and_then(|(next, tests)| self.count_copied(tests).map(|()| next));
        match counted {
            Ok(next) => {
                self.end_copy_in_if(head.kind != b'd');
                Ok(next)
            }
            Err(error) => {
                outbox.to_server.truncate(start);
                self.fail_copy(error, outbox)
            }
        }
    }

    /// Counts what rows of a COPY test.
    fn count_copied(&mut self, tests: u32) -> Result<(), PgError> {
        let Err(refusal) = self.decider.look_up(tests) else { return Ok(()) };
        let sql = self.queue.execution_mut().and_then(|execution| execution.counted_copy.take());
        self.observer.on_refusal(sql.as_deref().unwrap_or_default(), &refusal);
        Err(refusal.error.clone())
    }

    fn end_copy_in_if(&mut self, is_over: bool) {
        if let Some(execution) = self.queue.execution_mut().filter(|_| is_over) {
            execution.copy = Copy::Done;
        }
    }

    /// While data is awaited the server ignores Flush and Sync, and closes the connection at anything else.
    pub(super) fn not_copy_data(head: Head) -> Result<Next, Stop> {
        if matches!(head.kind, b'H' | b'S') {
            return Ok(Next::Skip);
        }
        let message = format!("unexpected message type 0x{:02X} during COPY from stdin", head.kind);
        Err(Stop::Fatal(fatal(PgError::new(SqlState::PROTOCOL_VIOLATION, message), "client-protocol")))
    }

    /// The server is told to give up; the client gets this error in place of the server's.
    fn fail_copy(&mut self, error: PgError, outbox: &mut Outbox) -> Result<Next, Stop> {
        let written = frame::write(&mut outbox.to_server, b'f', |body| {
            body.extend_from_slice(b"pgveil refused the data");
            body.put_u8(0);
        });
        written.map_err(|error| Stop::Fatal(unwritable(error)))?;
        if let Some(execution) = self.queue.execution_mut() {
            execution.copy = Copy::Done;
            execution.refusal = Some(error);
        }
        Ok(Next::Consumed)
    }

    /// CopyInResponse.
    pub(super) fn copy_in(&mut self, frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let execution = self.queue.execution_mut().filter(|execution| may_copy(execution));
        let execution = execution.ok_or_else(|| unexplained(b'G'))?;
        execution.copy = match &execution.plan {
            None => Copy::In(None),
            Some(plan) => Copy::In(Some(reveal::CopyIn::new(copy_plan(plan, CopyDirection::FromClient)?))),
        };
        outbox.to_client.extend_from_slice(frame);
        self.ignore_what_follows();
        Ok(())
    }

    /// The server ignores a Sync that was sent behind the COPY before its answer came. At anything else it closes the
    /// connection.
    fn ignore_what_follows(&mut self) {
        while self.queue.take_second_if(|request| matches!(request, Request::Sync)).is_some() {
            self.server.spare_syncs += 1;
        }
    }

    /// CopyOutResponse.
    pub(super) fn copy_out(&mut self, frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let execution = self.queue.execution_mut().filter(|execution| may_copy(execution));
        let execution = execution.ok_or_else(|| unexplained(b'H'))?;
        execution.copy = match &execution.plan {
            None => Copy::Out(None),
            Some(plan) => match (copy_plan(plan, CopyDirection::ToClient)?, plan.outputs.clone()) {
                (copy, Some(outputs)) => Copy::Out(Some(reveal::CopyOut::new(copy, outputs))),
                (_, None) => Copy::Watched,
            },
        };
        outbox.to_client.extend_from_slice(frame);
        Ok(())
    }

    /// CopyData or CopyDone of the server, where it is not relayed unread.
    pub(super) fn copied_out(&mut self, kind: u8, frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let Some(execution) = self.queue.execution_mut() else { return Err(unexplained(kind)) };
        let body = frame.get(HEADER_LEN..).unwrap_or_default();
        match &mut execution.copy {
            Copy::Out(None) => {}
            Copy::Out(Some(revealing)) => {
                let values = &self.values;
                let began = Instant::now();
                let shown = match (kind, &self.style_error) {
                    (_, Some(error)) => Err(error.clone()),
                    (b'd', None) => revealing.data(&mut outbox.to_client, body, values),
                    (_, None) => revealing.finish(&mut outbox.to_client, values),
                };
                execution.account.add(shown.map_err(|error| withhold(error, "reveal"))?, began.elapsed());
            }
            Copy::Watched => {
                reveal::check_unsealed(body).map_err(|error| withhold(error, "reveal"))?;
                if kind == b'd' {
                    append(&mut outbox.to_client, frame);
                }
            }
            Copy::None | Copy::In(_) | Copy::Done => return Err(unexplained(kind)),
        }
        if kind == b'c' {
            execution.copy = Copy::Done;
            append(&mut outbox.to_client, frame);
        }
        Ok(())
    }

    /// Answers to the proxy's own messages are not shown.
    pub(super) fn show(asker: Asker, frame: &[u8], outbox: &mut Outbox) {
        if asker == Asker::Client {
            append(&mut outbox.to_client, frame);
        }
    }
}

fn append(output: &mut BytesMut, frame: &[u8]) {
    output.extend_from_slice(frame);
}

const fn may_copy(execution: &Execution) -> bool {
    matches!(execution.copy, Copy::None) && execution.refusal.is_none()
}

fn copy_plan(plan: &Plan, direction: CopyDirection) -> Result<&CopyPlan, Fatal> {
    plan.copy.as_ref().filter(|copy| copy.direction == direction).ok_or_else(unplanned)
}

pub(super) fn unplanned() -> Fatal {
    let message = "the server's answer is not the one that was planned for";
    withhold(PgError::new(SqlState::INTERNAL_ERROR, message), "unplanned-answer")
}
