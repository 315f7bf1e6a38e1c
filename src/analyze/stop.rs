//! Why an analysis ends early, and the words a client gets for it.

use crate::plan::{Refusal, SealedColumn};
use crate::wire::{PgError, SqlState};

/// An analysis that does not end in a plan.
pub(super) enum Stop {
    Refuse(Box<Refusal>),
    /// A name that a newer catalog may know.
    UnknownName,
    /// No relation bears the name, which stands at this byte of the text.
    NoRelation {
        schema: Option<String>,
        name: String,
        place: Option<usize>,
    },
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

    /// The refusal of a statement in `text`; `None` where a newer catalog has to be asked.
    pub(super) fn refusal(self, text: &str) -> Option<Box<Refusal>> {
        match self {
            Self::UnknownName => None,
            Self::Refuse(refusal) => Some(refusal),
            Self::NoRelation { schema, name, place } => {
                let first = schema.as_ref().unwrap_or(&name);
                let position = place.and_then(|place| position(text, place, first));
                let qualified = schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
                let message = format!("relation \"{qualified}{name}\" does not exist");
                let error = PgError { position, ..PgError::new(SqlState::UNDEFINED_TABLE, message) };
                Some(Box::new(Refusal { error, reason: "bad-input", objects: Vec::new() }))
            }
        }
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

/// Where a name stands, as clients count. A place in another text (a view's, a prepared statement's) holds something else.
fn position(text: &str, place: usize, name: &str) -> Option<usize> {
    let (before, rest) = text.split_at_checked(place)?;
    let is_written_so = rest.get(..name.len()).is_some_and(|written| written.eq_ignore_ascii_case(name));
    (is_written_so || rest.starts_with('"')).then(|| before.chars().count() + 1)
}
