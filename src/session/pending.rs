//! What the server still has to answer, in order. Every message of the server is explained by the front of this
//! queue, or it ends the session.

use std::collections::VecDeque;
use std::sync::Arc;

use super::observer::{Account, StatementId};
use crate::plan::{Effect, Plan, PreparedSql};
use crate::reveal;
use crate::wire::PgError;

/// Beyond this many the session takes nothing more from its client until answers come.
pub(super) const MAX_PENDING: usize = 10_000;

/// One message that has gone upstream.
pub(super) struct Pending {
    pub seq: u64,
    pub asker: Asker,
    pub request: Request,
}

/// Whose message it is: answers to the proxy's own are not shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Client,
    Proxy,
}

pub(super) enum Request {
    Parse {
        plan: Option<Arc<Plan>>,
    },
    /// `known` is false for a statement that the session never saw: only an error may come back.
    Bind {
        plan: Option<Arc<Plan>>,
        known: bool,
    },
    Close,
    DescribeStatement {
        plan: Option<Arc<Plan>>,
        /// `None` as for `known`.
        statement: Option<Arc<PreparedSql>>,
        /// ParameterDescription has come.
        has_params: bool,
    },
    DescribePortal {
        plan: Option<Arc<Plan>>,
    },
    Execute(Execution),
    Sync,
    Query(Query),
    /// A FunctionCall; `None` once it has been answered, while its ReadyForQuery is awaited.
    Call(Option<Execution>),
    /// A statement of the proxy's own that must fail; the client gets this error in place of the server's.
    Refused(PgError),
}

/// A simple Query.
pub(super) struct Query {
    /// What is still to be answered; the front is being answered.
    pub executions: VecDeque<Execution>,
    /// The text that went upstream is not the client's: positions in it mean nothing to the client.
    pub rewritten: bool,
}

/// One run of one statement.
#[derive(Default)]
pub(super) struct Execution {
    /// `None`: passed.
    pub plan: Option<Arc<Plan>>,
    /// Set where there is a plan.
    pub id: Option<StatementId>,
    pub effect: Effect,
    /// Result formats as in Bind.
    pub formats: Arc<[u8]>,
    /// Rows that the client has got, not counted where they are passed.
    pub rows: u64,
    pub account: Account,
    /// The audit trail has the opening record.
    pub is_released: bool,
    /// Rows may come: in a simple Query only after their RowDescription.
    pub is_described: bool,
    pub copy: Copy,
    /// The error that the client gets in place of the server's.
    pub refusal: Option<PgError>,
    /// The client's text, of a COPY whose rows count as look-ups: they may be refused on the way.
    pub counted_copy: Option<Box<str>>,
}

/// How far a COPY of a run has come.
#[derive(Default)]
pub(super) enum Copy {
    #[default]
    None,
    /// The client's data is awaited; sealed where there is a plan.
    In(Option<reveal::CopyIn>),
    /// The server's data is awaited; revealed where there is a plan.
    Out(Option<reveal::CopyOut>),
    /// The server's data is awaited, and relayed unless it carries a sealed value.
    Watched,
    /// No more data may come.
    Done,
}

impl Execution {
    /// Whether frames of this type are relayed unread.
    fn relays(&self, kind: u8) -> bool {
        let is_data = match (kind, &self.copy) {
            (b'D', Copy::None) => self.is_described,
            (b'd', Copy::Out(None)) => true,
            _ => false,
        };
        is_data && self.plan.is_none() && self.refusal.is_none()
    }
}

impl Pending {
    /// The plan of the statement that is being answered.
    pub fn plan(&self) -> Option<&Arc<Plan>> {
        match &self.request {
            Request::Parse { plan }
            | Request::Bind { plan, .. }
            | Request::DescribeStatement { plan, .. }
            | Request::DescribePortal { plan } => plan.as_ref(),
            Request::Execute(execution) => execution.plan.as_ref(),
            Request::Query(query) => query.executions.front()?.plan.as_ref(),
            Request::Call(call) => call.as_ref()?.plan.as_ref(),
            Request::Close | Request::Sync | Request::Refused(_) => None,
        }
    }

    fn execution_mut(&mut self) -> Option<&mut Execution> {
        match &mut self.request {
            Request::Execute(execution) => Some(execution),
            Request::Query(query) => query.executions.front_mut(),
            Request::Call(call) => call.as_mut(),
            Request::Parse { .. }
            | Request::Bind { .. }
            | Request::Close
            | Request::DescribeStatement { .. }
            | Request::DescribePortal { .. }
            | Request::Sync
            | Request::Refused(_) => None,
        }
    }
}

/// First in, first answered.
#[derive(Default)]
pub(super) struct Queue {
    entries: VecDeque<Pending>,
    next_seq: u64,
    /// How many entries end with ReadyForQuery.
    readies: usize,
    /// How many runs change names or settings when they succeed.
    effects: usize,
}

impl Queue {
    /// Returns the message's number.
    pub fn push(&mut self, asker: Asker, request: Request) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        self.readies += usize::from(is_ready(&request));
        self.effects += effects(&request);
        self.entries.push_back(Pending { seq, asker, request });
        seq
    }

    pub fn front(&self) -> Option<&Pending> {
        self.entries.front()
    }

    pub fn front_mut(&mut self) -> Option<&mut Pending> {
        self.entries.front_mut()
    }

    pub fn pop(&mut self) -> Option<Pending> {
        let popped = self.entries.pop_front()?;
        self.readies -= usize::from(is_ready(&popped.request));
        self.effects -= effects(&popped.request);
        Some(popped)
    }

    /// The run of a simple Query that has ended, so that the next one is answered.
    pub fn pop_execution(&mut self) -> Option<Execution> {
        let Some(Pending { request: Request::Query(query), .. }) = self.entries.front_mut() else { return None };
        let ended = query.executions.pop_front()?;
        self.effects -= usize::from(has_effect(&ended));
        Some(ended)
    }

    /// The FunctionCall that is being answered, so that its ReadyForQuery is awaited next.
    pub fn take_call(&mut self) -> Option<Execution> {
        let Some(Pending { request: Request::Call(call), .. }) = self.entries.front_mut() else { return None };
        call.take()
    }

    /// The run that is being answered.
    pub fn execution_mut(&mut self) -> Option<&mut Execution> {
        self.front_mut()?.execution_mut()
    }

    pub fn relays(&mut self, kind: u8) -> bool {
        self.execution_mut().is_some_and(|execution| execution.relays(kind))
    }

    /// The entry after the front, for what COPY makes of messages that were sent behind it.
    pub fn take_second_if(&mut self, wanted: impl FnOnce(&Request) -> bool) -> Option<Pending> {
        if !wanted(&self.entries.get(1)?.request) {
            return None;
        }
        let taken = self.entries.remove(1)?;
        self.readies -= usize::from(is_ready(&taken.request));
        self.effects -= effects(&taken.request);
        Some(taken)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub const fn awaits_ready(&self) -> bool {
        self.readies > 0
    }

    pub const fn has_effects(&self) -> bool {
        self.effects > 0
    }
}

const fn is_ready(request: &Request) -> bool {
    matches!(request, Request::Sync | Request::Query(_) | Request::Call(_))
}

const fn has_effect(execution: &Execution) -> bool {
    !matches!(execution.effect, Effect::None)
}

fn effects(request: &Request) -> usize {
    match request {
        Request::Execute(execution) => usize::from(has_effect(execution)),
        Request::Query(query) => query.executions.iter().filter(|execution| has_effect(execution)).count(),
        Request::Parse { .. }
        | Request::Bind { .. }
        | Request::Close
        | Request::DescribeStatement { .. }
        | Request::DescribePortal { .. }
        | Request::Sync
        | Request::Call(_)
        | Request::Refused(_) => 0,
    }
}
