//! The questions a session asks about SQL. The edge answers them from analysis, policy and catalog.

use std::ops::Range;
use std::sync::Arc;

use super::SessionView;
use crate::plan::{Refusal, Verdict};

/// An answer, or that it needs a newer catalog or another thread's time first: the client's message then stays
/// unconsumed.
#[derive(Clone)]
pub enum Decided<T> {
    Now(T),
    NeedCatalog,
}

/// About a whole simple Query.
#[derive(Clone)]
pub enum QueryDecision {
    /// One per statement, in the order of the text. None for an empty text.
    Statements(Vec<StatementDecision>),
    /// The text as a whole is refused, for example because it cannot be split with certainty.
    Refuse(Arc<Refusal>),
}

/// About one statement of a simple Query.
#[derive(Clone)]
pub struct StatementDecision {
    /// The statement's bytes in the text, without its semicolon.
    pub range: Range<usize>,
    pub verdict: Verdict,
}

/// About a FunctionCall.
pub struct Call {
    /// The call as SQL: it is judged and recorded as that.
    pub sql: String,
    pub verdict: Verdict,
}

/// Decides about statements; the session carries out. Pure for a session: no IO, no waiting.
pub trait Decider {
    /// A simple Query. Later statements may use what earlier ones of the same text prepare or declare: the decider
    /// follows that itself, since `view` shows the session before the first of them.
    fn decide_query(&mut self, sql: &str, view: &dyn SessionView) -> Decided<QueryDecision>;

    /// A Parse; `param_types` as the client declared them, 0 where it did not. Also asked again at Bind and Execute
    /// when [`Self::epoch`] has moved since.
    fn decide_parse(&mut self, sql: &str, param_types: &[u32], view: &dyn SessionView) -> Decided<Verdict>;

    /// A call of a function by its OID. Of a plan only the watching is carried out: nothing in the call is replaced.
    fn decide_call(&mut self, function: u32, view: &dyn SessionView) -> Decided<Call>;

    /// The longest text, in bytes, that is decided on.
    fn max_statement_len(&self) -> usize;

    /// Hidden values are about to be tested for equality.
    ///
    /// # Errors
    /// 53400 where the caller has tested as many as it may: the statement does not run.
    fn look_up(&mut self, values: u32) -> Result<(), Arc<Refusal>>;

    /// Whether a verdict of now could depend on what is in the catalog.
    fn goes_by_catalog(&mut self) -> bool;

    /// Changes with everything a verdict rests on: policy, catalog, the principal's rights.
    fn epoch(&self) -> u64;

    /// Second net: whether a result column from this table ends a statement that was passed.
    fn is_protected(&self, table_oid: u32) -> bool;

    /// Whether the answer to this text was described before, in this epoch, and came from no protected relation.
    fn is_verified(&self, sql: &str) -> bool;

    /// The answer to this text was described and came from no protected relation.
    fn set_verified(&mut self, sql: &str);
}
