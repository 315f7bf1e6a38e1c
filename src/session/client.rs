//! The client's messages, in order.

use bytes::{Buf, BufMut, BytesMut};

use super::ask::Stop;
use super::decider::Decider;
use super::machine::{Session, fatal, unwritable};
use super::observer::Observer;
use super::pending::{Asker, MAX_PENDING, Request};
use super::step::{Fatal, Outbox, Step};
use crate::wire::frame::{self, HEADER_LEN, Head, Relay, Sender};
use crate::wire::frontend::{Frontend, Target};
use crate::wire::{PgError, SqlState};

/// What a Query or Parse holds beside its text, at most: a name and a type for each of 65,535 parameters.
const MAX_BESIDE_TEXT_LEN: usize = 512 * 1024;

/// Texts of a Parse that fails: before the server looks at the state of the transaction, and after. In a failed one
/// it says 25P02 to the second, as to anything else it is asked.
pub(super) const NO_SQL: &[u8] = b"pgveil refused a statement";
const NO_FUNCTION: &[u8] = b"SELECT pg_catalog.pgveil_refused_a_statement()";

/// What becomes of a client's frame.
pub(super) enum Next {
    /// It goes upstream as it is.
    Forward,
    /// It is whole, and has been dealt with.
    Consumed,
    /// It goes upstream as it comes.
    Relay,
    /// It is thrown away as it comes.
    Skip,
    /// It goes upstream, and nothing after it.
    Close,
}

impl<D: Decider, O: Observer> Session<D, O> {
    pub(super) fn read_client(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> Result<Step, Fatal> {
        while self.finish_frame(input, outbox) {
            let head = Head::peek(input, Sender::Client).map_err(|error| fatal(error, "client-protocol"))?;
            let Some(head) = head else { break };
            match self.client_message(head, input, outbox) {
                Ok(Next::Forward) => frame::forward(input, head.frame_len(), &mut outbox.to_server),
                Ok(Next::Consumed) => input.advance(head.frame_len()),
                Ok(Next::Relay) => self.client.relay = Some(Relay::new(head)),
                Ok(Next::Skip) => self.client.skip_len = head.frame_len(),
                Ok(Next::Close) => {
                    frame::forward(input, head.frame_len(), &mut outbox.to_server);
                    return Ok(Step::Close);
                }
                Err(Stop::Short) => break,
                Err(Stop::Wait) => {
                    self.flush(outbox);
                    break;
                }
                Err(Stop::NeedCatalog) => return Ok(Step::NeedCatalog),
                Err(Stop::Refuse(error)) => {
                    self.refuse(head, input, error, outbox)?;
                    self.client.skip_len = head.frame_len();
                }
                Err(Stop::Fatal(fatal)) => return Err(fatal),
            }
        }
        Ok(Step::Continue)
    }

    /// Goes on with a frame that was only begun; true once the next one may be read.
    fn finish_frame(&mut self, input: &mut BytesMut, outbox: &mut Outbox) -> bool {
        if let Some(relay) = &mut self.client.relay {
            if !relay.run(input, &mut outbox.to_server) {
                return false;
            }
            self.client.relay = None;
        }
        let len = self.client.skip_len.min(input.len());
        input.advance(len);
        self.client.skip_len -= len;
        self.client.skip_len == 0
    }

    fn client_message(&mut self, head: Head, input: &[u8], outbox: &mut Outbox) -> Result<Next, Stop> {
        if self.client.is_discarding && !matches!(head.kind, b'S' | b'X') {
            return Ok(Next::Skip);
        }
        if self.queue.len() >= MAX_PENDING && head.kind != b'X' {
            return Err(Stop::Wait);
        }
        match head.kind {
            b'd' | b'c' | b'f' => return self.copy_message(head, input, outbox),
            b'X' => {}
            _ if self.copies_in() => return Self::not_copy_data(head),
            b'F' => return self.call(head, input),
            b'Q' | b'P' if head.frame_len() > self.longest_frame() => return Err(Stop::Refuse(too_long())),
            _ => {}
        }
        let frame = input.get(..head.frame_len()).ok_or(Stop::Short)?;
        let body = frame.get(HEADER_LEN..).ok_or(Stop::Short)?;
        match Frontend::parse(head.kind, body).map_err(|error| malformed(head.kind, error))? {
            Frontend::Query { sql } => self.query(sql, outbox),
            Frontend::Parse(parse) => self.parse(frame, &parse, outbox),
            Frontend::Bind(bind) => self.bind(&bind, outbox),
            Frontend::Describe { target: Target::Statement, name } => self.describe_statement(name, outbox),
            Frontend::Describe { target: Target::Portal, name } => self.describe_portal(name),
            Frontend::Execute { portal, .. } => self.execute(portal),
            Frontend::Close { target, name } => self.close(target, name),
            Frontend::Sync => Ok(self.sync()),
            Frontend::Flush => {
                self.client.is_unflushed = false;
                Ok(Next::Forward)
            }
            Frontend::Terminate => Ok(Next::Close),
            Frontend::CopyData(_) | Frontend::CopyDone | Frontend::CopyFail { .. } | Frontend::FunctionCall { .. } => {
                Ok(Next::Skip)
            }
        }
    }

    /// What is longer than this holds a text that will be refused, and is not held.
    fn longest_frame(&self) -> usize {
        self.decider.max_statement_len().saturating_add(MAX_BESIDE_TEXT_LEN)
    }

    fn sync(&mut self) -> Next {
        self.push(Asker::Client, Request::Sync);
        self.books.batch += 1;
        self.client.is_discarding = false;
        self.client.is_unflushed = false;
        self.client.is_unsynced = false;
        self.client.may_read_otherwise = false;
        Next::Forward
    }

    /// Before the session waits: the server may be holding back the very answers that it waits for.
    fn flush(&mut self, outbox: &mut Outbox) {
        if std::mem::take(&mut self.client.is_unflushed) {
            outbox.to_server.extend_from_slice(b"H\0\0\0\x04");
        }
    }

    /// Puts the error where the message's answer would have come.
    fn refuse(&mut self, head: Head, input: &[u8], error: PgError, outbox: &mut Outbox) -> Result<(), Fatal> {
        let is_named = input.get(HEADER_LEN).is_some_and(|byte| *byte != 0);
        match head.kind {
            b'Q' => self.refuse_query(error, outbox),
            b'F' => self.refuse_call(error, outbox),
            // A Parse of the unnamed statement drops the one before, even where it fails.
            b'P' if !is_named => self.refuse_extended(b"", error, outbox),
            _ => self.refuse_extended(b"pgveil", error, outbox),
        }
    }

    /// Sends a Parse that fails: the server aborts the transaction and skips to Sync, as for an error of its own.
    fn refuse_extended(&mut self, name: &[u8], error: PgError, outbox: &mut Outbox) -> Result<(), Fatal> {
        let text = if is_found_first(error.code) { NO_SQL } else { NO_FUNCTION };
        let written = frame::write(&mut outbox.to_server, b'P', |body| {
            for string in [name, text] {
                body.extend_from_slice(string);
                body.put_u8(0);
            }
            body.put_u16(0);
        });
        written.map_err(unwritable)?;
        let seq = self.push(Asker::Client, Request::Refused(error));
        if name.is_empty() {
            self.books.statements.ask(seq, self.books.batch, String::new(), None);
        }
        self.client.is_discarding = true;
        self.client.is_unsynced = true;
        Ok(())
    }
}

/// A body that is not what its type says: an error of the statement where there is one.
fn malformed(kind: u8, error: PgError) -> Stop {
    match kind {
        b'S' | b'H' | b'X' => Stop::Fatal(fatal(error, "client-protocol")),
        _ => Stop::Refuse(error),
    }
}

/// Errors that PostgreSQL gives in a failed transaction too: it finds them before it looks.
pub(super) const fn is_found_first(code: SqlState) -> bool {
    matches!(code, SqlState::SYNTAX_ERROR | SqlState::PROTOCOL_VIOLATION | SqlState::UNDEFINED_CURSOR)
}

fn too_long() -> PgError {
    PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "SQL text is too long")
        .with_hint("Values of any length may be sent as parameters or by COPY.")
}
