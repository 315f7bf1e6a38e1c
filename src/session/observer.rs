//! What a session tells the audit trail and the metrics.

use super::Fatal;
use crate::plan::{Plan, Refusal};
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

/// Told about every statement that is not passed. Nothing here carries a value: `sql` is the client's text, which
/// the observer has to normalise before it writes it anywhere.
pub trait Observer {
    /// A planned statement is about to go upstream: the opening record.
    fn on_statement_start(&mut self, id: StatementId, sql: &str, plan: &Plan);

    /// Whether the opening record has been handed over: until then no row of the statement is released.
    ///
    /// # Errors
    /// The trail cannot be written (58030): nothing of the statement is released.
    fn may_release(&mut self, id: StatementId) -> Result<bool, crate::wire::PgError>;

    fn on_end(&mut self, id: StatementId, ended: Ended);

    fn on_refusal(&mut self, sql: &str, refusal: &Refusal);

    /// The session ends by the proxy's own decision.
    fn on_fatal(&mut self, fatal: &Fatal);
}
