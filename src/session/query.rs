//! The simple Query.

use std::collections::VecDeque;
use std::sync::Arc;

use super::ask::{Stop, replaces};
use super::client::{NO_SQL, Next, is_found_first};
use super::decider::{Decider, QueryDecision, StatementDecision};
use super::machine::{Session, unwritable};
use super::observer::Observer;
use super::pending::{Asker, Execution, Query, Request};
use super::step::{Fatal, Outbox};
use crate::plan::{Effect, Plan, Refusal, Verdict};
use crate::wire::frame;
use crate::wire::{PgError, SqlState};

/// Fails when it is run, not when it is read: what stands before it in the text is run first, and undone.
const FAILING: &str = "SELECT 1 OPERATOR(pg_catalog./) 0";

/// What a text with statements that do not simply pass is made of.
struct Mixed {
    text: String,
    executions: VecDeque<Execution>,
    /// Some of it is not the client's.
    is_replaced: bool,
}

impl<D: Decider, O: Observer> Session<D, O> {
    pub(super) fn query(&mut self, sql: &[u8], outbox: &mut Outbox) -> Result<Next, Stop> {
        self.hold()?;
        let text = self.text(sql)?;
        let statements = match self.ask(|decider, books| decider.decide_query(&text, books))? {
            QueryDecision::Statements(statements) => statements,
            QueryDecision::Refuse(refusal) => return Err(self.refused(&text, &refusal)),
        };
        if statements.iter().all(|statement| matches!(statement.verdict, Verdict::Pass(_))) {
            self.push_query(passed(statements), false);
            return Ok(Next::Forward);
        }
        let is_replaced =
            |decision: &StatementDecision| matches!(&decision.verdict, Verdict::Rewrite(plan) if replaces(plan, &text));
        if let Err(stop) = self.check_reading(sql)
            && statements.iter().any(is_replaced)
        {
            return Err(stop);
        }
        if statements.iter().any(|statement| text.get(statement.range.clone()).is_none()) {
            let message = "a statement's place in its text is wrong";
            return Err(Stop::Refuse(PgError::new(SqlState::INTERNAL_ERROR, message)));
        }
        let mixed = self.mixed(&text, statements);
        self.send_query(mixed, outbox)
    }

    /// The statements up to the first refused one, each as its verdict says, and a failing one in its place.
    fn mixed(&mut self, text: &str, statements: Vec<StatementDecision>) -> Mixed {
        let mut mixed = Mixed { text: String::new(), executions: VecDeque::new(), is_replaced: false };
        for StatementDecision { range, verdict } in statements {
            let original = text.get(range).unwrap_or_default();
            match self.admit(original, &verdict).and_then(|plan| self.looked_up(plan)) {
                Ok(None) => mixed.add(original, Execution { effect: effect(verdict), ..Execution::default() }),
                Ok(Some(plan)) => {
                    mixed.is_replaced |= replaces(&plan, original);
                    let (effect, sql) = (plan.effect.clone(), plan.sql.clone());
                    let mut execution = Execution { plan: Some(plan), effect, ..Execution::default() };
                    self.start(original, &mut execution);
                    mixed.add(&sql, execution);
                }
                Err(refusal) => {
                    self.observer.on_refusal(original, &refusal);
                    mixed.add(FAILING, refused(refusal.error.clone()));
                    break;
                }
            }
        }
        mixed
    }

    fn looked_up(&mut self, plan: Option<Arc<Plan>>) -> Result<Option<Arc<Plan>>, Arc<Refusal>> {
        if let Some(plan) = &plan {
            self.decider.look_up(plan.look_ups)?;
        }
        Ok(plan)
    }

    fn send_query(&mut self, mixed: Mixed, outbox: &mut Outbox) -> Result<Next, Stop> {
        let text = match self.encode(&mixed.text, mixed.is_replaced) {
            Ok(text) => text,
            Err(stop) => {
                self.never_sent(&mixed, &stop);
                return Err(stop);
            }
        };
        write_query(outbox, &text)?;
        self.push_query(mixed.executions, true);
        Ok(Next::Consumed)
    }

    /// The audit trail has the opening records already.
    fn never_sent(&mut self, mixed: &Mixed, stop: &Stop) {
        if let Stop::Refuse(error) = stop {
            mixed.executions.iter().for_each(|execution| self.end_failed(execution, error.code));
        }
    }

    pub(super) fn refuse_query(&mut self, error: PgError, outbox: &mut Outbox) -> Result<(), Fatal> {
        let text = if is_found_first(error.code) { NO_SQL } else { FAILING.as_bytes() };
        write_query(outbox, text)?;
        self.push_query(VecDeque::from([refused(error)]), true);
        Ok(())
    }

    fn push_query(&mut self, executions: VecDeque<Execution>, rewritten: bool) {
        let seq = self.push(Asker::Client, Request::Query(Query { executions, rewritten }));
        self.books.give_up_unnamed(seq);
        self.begin_batch();
    }

    /// What went upstream ends the batch before it and is flushed by the server.
    pub(super) fn begin_batch(&mut self) {
        self.client.is_unflushed = false;
        self.client.is_unsynced = false;
        self.client.may_read_otherwise = false;
    }
}

impl Mixed {
    /// The line break ends a comment that the statement before may end with.
    fn add(&mut self, sql: &str, execution: Execution) {
        if !self.executions.is_empty() {
            self.text.push_str("\n;");
        }
        self.text.push_str(sql);
        self.executions.push_back(execution);
    }
}

/// An empty text is answered once too.
fn passed(statements: Vec<StatementDecision>) -> VecDeque<Execution> {
    if statements.is_empty() {
        return VecDeque::from([Execution::default()]);
    }
    let effects = statements.into_iter().map(|statement| effect(statement.verdict));
    effects.map(|effect| Execution { effect, ..Execution::default() }).collect()
}

fn effect(verdict: Verdict) -> Effect {
    match verdict {
        Verdict::Pass(effect) => effect,
        Verdict::Rewrite(_) | Verdict::Refuse(_) => Effect::None,
    }
}

pub(super) fn refused(error: PgError) -> Execution {
    Execution { refusal: Some(error), ..Execution::default() }
}

fn write_query(outbox: &mut Outbox, text: &[u8]) -> Result<(), Fatal> {
    let written = frame::write(&mut outbox.to_server, b'Q', |body| {
        body.extend_from_slice(text);
        body.extend_from_slice(b"\0");
    });
    written.map_err(unwritable)
}
