//! What a session tells the audit trail and the metrics.

use std::time::Duration;

use super::Fatal;
use crate::plan::{Plan, Refusal};
use crate::reveal::Shown;
use crate::wire::SqlState;

/// Numbers the statements of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatementId(pub u64);

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Complete {
        rows: u64,
    },
    /// The portal stopped at its row limit and may go on.
    Suspended {
        rows: u64,
    },
    Failed {
        rows: u64,
        sqlstate: SqlState,
    },
}

/// What one run of a statement showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub shown: Shown,
    /// Rows in which at least one protected value was shown in clear. For COPY: messages, of which the server sends one a row.
    pub rows_in_clear: u64,
    /// Time spent on opening, masking and printing.
    pub revealing: Duration,
    /// The command tag without its counts, for example `SELECT`; empty before it has come.
    pub tag: String,
}

impl Account {
    pub(super) fn add(&mut self, shown: Shown, spent: Duration) {
        self.shown.clear += shown.clear;
        self.shown.masked += shown.masked;
        self.rows_in_clear += u64::from(shown.clear > 0);
        self.revealing += spent;
    }
}

/// Told about every statement that is not passed. Nothing here carries a value: `sql` is the client's text, which
/// the observer has to normalise before it writes it anywhere.
pub trait Observer {
    /// Whether a planned statement may go upstream.
    ///
    /// # Errors
    /// The trail is known not to take records (58030): nothing of the statement is sent.
    fn may_start(&self) -> Result<(), crate::wire::PgError>;

    /// A planned statement is about to go upstream: the opening record.
    fn on_statement_start(&mut self, id: StatementId, sql: &str, plan: &Plan);

    /// Whether the opening record has been handed over: until then no row of the statement is released.
    ///
    /// # Errors
    /// The trail cannot be written (58030): nothing of the statement is released.
    fn may_release(&mut self, id: StatementId) -> Result<bool, crate::wire::PgError>;

    fn on_end(&mut self, id: StatementId, ended: Ended, account: &Account);

    /// Parameters of a statement have been sealed or made terms.
    fn on_sealed(&mut self, plan: &Plan, spent: Duration);

    fn on_refusal(&mut self, sql: &str, refusal: &Refusal);

    /// The session ends by the proxy's own decision.
    fn on_fatal(&mut self, fatal: &Fatal);
}
