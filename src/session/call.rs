//! The FunctionCall message, by which clients reach large objects. It is answered like a Query: by one result, or an
//! error, and ReadyForQuery.

use bytes::BufMut;

use super::ask::Stop;
use super::client::Next;
use super::decider::{Call, Decider};
use super::machine::{Session, unexplained, unwritable, withhold};
use super::observer::{Ended, Observer};
use super::pending::{Asker, Execution, Request};
use super::query::refused;
use super::server::HELD_LEN;
use super::step::{Fatal, Outbox};
use crate::reveal;
use crate::wire::PgError;
use crate::wire::frame::{self, HEADER_LEN, Head, Relay};
use crate::wire::frontend::Frontend;

/// OID 0, no formats, no arguments, a result as text.
const NO_FUNCTION: [u8; 10] = [0; 10];

impl<D: Decider, O: Observer> Session<D, O> {
    /// Goes by the function alone: its arguments, which may be long, are relayed as they come.
    pub(super) fn call(&mut self, head: Head, input: &[u8]) -> Result<Next, Stop> {
        let end = head.frame_len().min(HEADER_LEN + size_of::<u32>());
        let body = input.get(HEADER_LEN..end).ok_or(Stop::Short)?;
        let Frontend::FunctionCall { function } = Frontend::parse(head.kind, body).map_err(Stop::Refuse)? else {
            return Ok(Next::Skip);
        };
        self.hold()?;
        let Call { sql, verdict } = self.ask(|decider, books| decider.decide_call(function, books))?;
        let plan = self.plan(&sql, &verdict)?;
        let mut execution = Execution { plan, ..Execution::default() };
        self.start(&sql, &mut execution);
        self.push(Asker::Client, Request::Call(Some(execution)));
        self.begin_batch();
        Ok(Next::Relay)
    }

    /// Sends a call of no function, which fails: like any call it leaves the unnamed statement alone.
    pub(super) fn refuse_call(&mut self, error: PgError, outbox: &mut Outbox) -> Result<(), Fatal> {
        frame::write(&mut outbox.to_server, b'F', |body| body.put_slice(&NO_FUNCTION)).map_err(unwritable)?;
        self.push(Asker::Client, Request::Call(Some(refused(error))));
        self.begin_batch();
        Ok(())
    }

    /// FunctionCallResponse.
    pub(super) fn called(&mut self, body: &[u8], frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let execution = self.queue.take_call().filter(|execution| execution.refusal.is_none());
        let execution = execution.ok_or_else(|| unexplained(b'V'))?;
        let looked_at = if execution.plan.is_some() { reveal::check_unsealed(body) } else { Ok(()) };
        if let Err(error) = looked_at {
            self.end_failed(&execution, error.code);
            return Err(withhold(error, "reveal"));
        }
        self.end(&execution, Ended::Complete { rows: 1 });
        outbox.to_client.extend_from_slice(frame);
        Ok(())
    }

    /// Whether a long result is relayed as it comes: nothing in it is looked at.
    pub(super) fn streams_result(&mut self, head: Head) -> bool {
        let is_passed = self.queue.execution_mut().is_some_and(|call| call.plan.is_none() && call.refusal.is_none());
        let is_long = head.kind == b'V' && head.frame_len() > HELD_LEN;
        let streams = is_long && is_passed && self.queue.take_call().is_some();
        if streams {
            self.server.relay = Some(Relay::new(head));
        }
        streams
    }
}
