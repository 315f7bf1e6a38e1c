//! The observer of a session: what happens to protected data goes into the audit trail and the metrics.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;

use super::decide::{Key, Keyed};
use super::rule::CurrentRule;
use crate::audit::{AuditLog, Closing, Event, Opening, Outcome, Receipt, Refused, SessionFacts, Statement};
use crate::metrics::{Decision, Metrics, Phase, ValueAction};
use crate::plan::{ParamAction, Plan, Refusal};
use crate::session::{Account, Ended, Fatal, Observer, StatementId};
use crate::sql;
use crate::wire::{PgError, SqlState};

/// Normalised texts that are kept, each of at most a few kilobytes.
const KEPT_STATEMENTS: usize = 8192;

/// Statements as the trail may hold them, by shape or text: normalising one costs a pass of PostgreSQL's scanner.
pub struct Statements {
    keyed: Keyed,
    kept: Cache<Key, Arc<Statement>>,
}

impl Statements {
    /// # Errors
    /// The operating system gives no randomness.
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self { keyed: Keyed::new()?, kept: Cache::new(KEPT_STATEMENTS) })
    }

    /// Texts of one shape are normalised alike: what differs in them is `?`.
    fn get(&self, sql: &str) -> Arc<Statement> {
        let shape = sql::shape(sql);
        let text = shape.as_ref().map_or(sql, |shape| &shape.text);
        let key = self.keyed.clone().with(&[u8::from(shape.is_some())]).with(text.as_bytes()).key();
        if let Some(kept) = self.kept.get(&key) {
            return kept;
        }
        let statement = Arc::new(Statement::new(sql));
        self.kept.insert(key, statement.clone());
        statement
    }
}

/// What the observers of all sessions share.
pub struct Shared {
    pub audit: Arc<AuditLog>,
    pub metrics: Arc<Metrics>,
    pub statements: Statements,
}

/// Observes one session.
pub struct SessionObserver {
    shared: Arc<Shared>,
    facts: SessionFacts,
    rule: CurrentRule,
    open: HashMap<StatementId, Open>,
    began: Instant,
}

/// A statement between its opening record and its closing one.
struct Open {
    /// What ties the two records together.
    number: u64,
    opening: Written,
    began: Instant,
}

enum Written {
    Waiting(Receipt),
    Done,
    Failed,
}

impl SessionObserver {
    /// Writes the login record. `rule` is what the session's decider judges by.
    pub fn new(shared: Arc<Shared>, facts: SessionFacts, rule: CurrentRule) -> Self {
        shared.audit.note(Event::Login(Box::new(facts.clone())));
        shared.metrics.sessions_total.inc();
        shared.metrics.client_connections.inc();
        Self { shared, facts, rule, open: HashMap::new(), began: Instant::now() }
    }

    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Ready once every opening record has been taken, or one could not be.
    pub fn poll_receipts(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut all = Poll::Ready(());
        for open in self.open.values_mut() {
            match open.poll(&self.shared.metrics, context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(())) => return Poll::Ready(()),
                Poll::Pending => all = Poll::Pending,
            }
        }
        all
    }

    /// Writes what is still to be said: statements that never ended, and the end of the session.
    pub fn finish(mut self, reason: &'static str) {
        for (_, open) in std::mem::take(&mut self.open) {
            self.close(&open, Outcome::Incomplete, 0, None, &Account::default());
        }
        self.shared.metrics.client_connections.dec();
        self.shared.audit.note(Event::Logout {
            session: self.facts.session,
            user: self.facts.user.clone(),
            reason,
            duration_us: micros(self.began),
        });
    }

    fn refused(&self, statement: Arc<Statement>, reason: &'static str, objects: &[String], sqlstate: SqlState) {
        let rule = self.rule.get();
        self.shared.audit.note(Event::Refuse(Refused {
            session: self.facts.session,
            user: self.facts.user.clone(),
            role: rule.role.clone(),
            statement,
            reason,
            objects: objects.to_vec(),
            sqlstate: sqlstate.as_str().to_owned(),
            policy: rule.policy.clone(),
        }));
    }

    fn close(&self, open: &Open, outcome: Outcome, rows: u64, sqlstate: Option<SqlState>, account: &Account) {
        self.shared.audit.note(Event::Close(Closing {
            session: self.facts.session,
            statement_id: open.number,
            outcome,
            tag: account.tag.clone(),
            rows,
            rows_in_clear: account.rows_in_clear,
            duration_us: micros(open.began),
            sqlstate: sqlstate.map(|state| state.as_str().to_owned()),
        }));
    }
}

impl Open {
    /// Waits for the opening record.
    fn poll(&mut self, metrics: &Metrics, context: &mut Context<'_>) -> Poll<Result<(), ()>> {
        let Written::Waiting(receipt) = &mut self.opening else { return Poll::Ready(self.settled()) };
        let Poll::Ready(written) = receipt.poll_written(context) else { return Poll::Pending };
        metrics.overhead(Phase::Audit, self.began.elapsed());
        self.opening = if written.is_ok() { Written::Done } else { Written::Failed };
        Poll::Ready(self.settled())
    }

    const fn settled(&self) -> Result<(), ()> {
        match self.opening {
            Written::Done => Ok(()),
            Written::Waiting(_) | Written::Failed => Err(()),
        }
    }
}

impl Observer for SessionObserver {
    fn may_start(&self) -> Result<(), PgError> {
        if self.shared.audit.is_writable() { Ok(()) } else { Err(crate::audit::Unwritable.into()) }
    }

    fn on_statement_start(&mut self, id: StatementId, sql: &str, plan: &Plan) {
        let number = self.shared.audit.next_statement();
        let rule = self.rule.get();
        let receipt = self.shared.audit.record(Event::Open(Opening {
            session: self.facts.session,
            statement_id: number,
            user: self.facts.user.clone(),
            role: rule.role.clone(),
            statement: self.shared.statements.get(sql),
            touched: plan.touched.clone(),
            policy: rule.policy.clone(),
        }));
        self.shared.metrics.statement(Decision::Rewrite);
        let open = Open { number, opening: Written::Waiting(receipt), began: Instant::now() };
        self.open.insert(id, open);
    }

    fn may_release(&mut self, id: StatementId) -> Result<bool, PgError> {
        let Some(open) = self.open.get_mut(&id) else { return Err(unannounced()) };
        // Nobody is woken by this look: the driver waits for the receipt by itself.
        let mut look = || open.poll(&self.shared.metrics, &mut Context::from_waker(std::task::Waker::noop()));
        let mut written = look();
        if written.is_pending() {
            self.shared.audit.hurry();
            written = look();
        }
        match written {
            Poll::Ready(Ok(())) => Ok(true),
            Poll::Ready(Err(())) => Err(crate::audit::Unwritable.into()),
            Poll::Pending => Ok(false),
        }
    }

    fn on_end(&mut self, id: StatementId, ended: Ended, account: &Account) {
        let Some(open) = self.open.remove(&id) else { return };
        let metrics = &self.shared.metrics;
        metrics.values(ValueAction::Revealed, account.shown.clear);
        metrics.values(ValueAction::Masked, account.shown.masked);
        if !account.revealing.is_zero() {
            metrics.overhead(Phase::Reveal, account.revealing);
        }
        match ended {
            // What goes on later is announced anew.
            Ended::Complete { rows } | Ended::Suspended { rows } => {
                self.close(&open, Outcome::Complete, rows, None, account);
            }
            Ended::Failed { rows, sqlstate } => self.close(&open, failure(sqlstate), rows, Some(sqlstate), account),
        }
    }

    fn on_sealed(&mut self, plan: &Plan, spent: Duration) {
        let count = |wanted: fn(&ParamAction) -> bool| {
            u64::try_from(plan.params.iter().filter(|param| wanted(&param.action)).count()).unwrap_or(0)
        };
        let metrics = &self.shared.metrics;
        metrics.values(
            ValueAction::Sealed,
            count(|action| matches!(action, ParamAction::Seal { .. } | ParamAction::SealArray { .. })),
        );
        let is_term = |action: &ParamAction| matches!(action, ParamAction::Term { .. } | ParamAction::TermArray { .. });
        metrics.values(ValueAction::LookedUp, count(is_term));
        metrics.overhead(Phase::Seal, spent);
    }

    fn on_refusal(&mut self, sql: &str, refusal: &Refusal) {
        self.shared.metrics.refusal(refusal.reason);
        let statement = self.shared.statements.get(sql);
        self.refused(statement, refusal.reason, &refusal.objects, refusal.error.code);
    }

    fn on_fatal(&mut self, fatal: &Fatal) {
        tracing::warn!(session = self.facts.session, reason = fatal.reason, "session ended by the proxy");
        self.shared.metrics.refusal(fatal.reason);
        match (fatal.reason, fatal.error.code) {
            ("origin-net", _) => self.shared.metrics.origin_net_hits_total.inc(),
            ("reveal", SqlState::DATA_EXCEPTION) => self.shared.metrics.decrypt_failures_total.inc(),
            _ => {}
        }
        // Which statement it was stands in its opening record, where it had one.
        self.refused(Arc::new(Statement::unreadable(0)), fatal.reason, &[], fatal.error.code);
    }
}

/// A lost connection says nothing of what the server did.
fn failure(sqlstate: SqlState) -> Outcome {
    if sqlstate == SqlState::CONNECTION_FAILURE { Outcome::Incomplete } else { Outcome::Failed }
}

fn unannounced() -> PgError {
    PgError::new(SqlState::INTERNAL_ERROR, "a statement on protected data was not announced to the audit trail")
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "observe_tests.rs"]
mod tests;
