//! Why an analysis ends early, and the words a client gets for it.

use crate::plan::{Refusal, SealedColumn};
use crate::wire::{PgError, SqlState};

/// An analysis that does not end in a plan.
pub(super) enum Stop {
    Refuse(Box<Refusal>),
    /// A name that a newer catalog may know.
    UnknownName,
}

pub(super) type Result<T> = std::result::Result<T, Stop>;

impl From<PgError> for Stop {
    /// An error of a value or of the text: PostgreSQL's own words.
    fn from(error: PgError) -> Self {
        Self::Refuse(Box::new(Refusal { error, reason: "bad-input", objects: Vec::new() }))
    }
}

impl Stop {
    /// 0A000: what is asked for cannot be answered on sealed values.
    pub(super) fn unsupported(reason: &'static str, what: &str, column: &SealedColumn, hint: &str) -> Self {
        let message = format!("{what} is not supported on encrypted column {}", column.name);
        Self::new(SqlState::FEATURE_NOT_SUPPORTED, reason, message, hint, vec![column.name.to_string()])
    }

    /// 0A000 about a relation or the statement as a whole.
    pub(super) fn not_understood(reason: &'static str, what: impl Into<String>, hint: &str) -> Self {
        Self::new(SqlState::FEATURE_NOT_SUPPORTED, reason, what.into(), hint, Vec::new())
    }

    /// 42501: the caller's role does not allow it.
    pub(super) fn denied(reason: &'static str, what: impl Into<String>, objects: Vec<String>, hint: &str) -> Self {
        Self::new(SqlState::INSUFFICIENT_PRIVILEGE, reason, what.into(), hint, objects)
    }

    /// PostgreSQL's own error, which the proxy sees first.
    pub(super) fn postgres(code: SqlState, message: impl Into<String>) -> Self {
        PgError::new(code, message.into()).into()
    }

    fn new(code: SqlState, reason: &'static str, message: String, hint: &str, objects: Vec<String>) -> Self {
        let hint = match hint {
            "" => format!("Rule {reason} of pgveil; `pgveil explain` shows the decision."),
            hint => format!("{hint} (rule {reason} of pgveil; `pgveil explain` shows the decision)"),
        };
        let error = PgError::new(code, message).with_hint(hint);
        Self::Refuse(Box::new(Refusal { error, reason, objects }))
    }
}
