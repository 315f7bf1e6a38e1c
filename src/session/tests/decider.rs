//! A decider that goes by the text, and an observer that remembers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::model::{CALL_PLANNED, CALL_REFUSED, CALL_SEALED, PLANNED, PLANNED_UPSTREAM, PROTECTED_TABLE, REFUSED};
use crate::plan::{Effect, Output, OutputAction, Plan, Refusal, Verdict};
use crate::session::{
    Call, Decided, Decider, Ended, Fatal, Observer, QueryDecision, SessionView, StatementDecision, StatementId,
};
use crate::wire::{PgError, SqlState};

#[derive(Default)]
pub(super) struct ByText {
    pub epoch: u64,
    pub protects_nothing: bool,
    pub verified: HashSet<String>,
    /// In place of what the text says.
    pub verdicts: HashMap<&'static str, Verdict>,
}

impl ByText {
    fn verdict(&self, sql: &str) -> Verdict {
        match (self.verdicts.get(sql), sql) {
            (Some(verdict), _) => verdict.clone(),
            (None, REFUSED) => refuse(),
            (None, PLANNED) => planned(PLANNED_UPSTREAM),
            (None, "DDL") => Verdict::Pass(Effect::CatalogChanged),
            (None, _) => Verdict::Pass(Effect::None),
        }
    }
}

pub(super) fn refuse() -> Verdict {
    refuse_with(SqlState::INSUFFICIENT_PRIVILEGE.0)
}

pub(super) fn refuse_with(code: [u8; 5]) -> Verdict {
    let error = PgError::new(SqlState(code), "refused");
    Verdict::Refuse(Arc::new(Refusal { error, reason: "refused", objects: Vec::new() }))
}

pub(super) fn plan(sql: &str) -> Plan {
    let outputs = [Output { action: OutputAction::Relay, origin: None, ty: Some((1082, -1)) }];
    Plan {
        sql: sql.to_owned(),
        params: Vec::new(),
        client_params: 0,
        outputs: Some(Arc::from(outputs)),
        copy: None,
        effect: Effect::None,
        touched: Arc::from([]),
        sees_details: false,
        look_ups: 0,
        reusable: true,
    }
}

pub(super) fn planned(sql: &str) -> Verdict {
    Verdict::Rewrite(Arc::new(plan(sql)))
}

impl Decider for ByText {
    fn decide_query(&mut self, sql: &str, _view: &dyn SessionView) -> Decided<QueryDecision> {
        let mut statements = Vec::new();
        let mut start = 0;
        for part in sql.split(';') {
            let range = start..start + part.len();
            start = range.end + 1;
            if !part.trim().is_empty() {
                statements.push(StatementDecision { range, verdict: self.verdict(part.trim()) });
            }
        }
        Decided::Now(QueryDecision::Statements(statements))
    }

    fn decide_parse(&mut self, sql: &str, _types: &[u32], _view: &dyn SessionView) -> Decided<Verdict> {
        Decided::Now(self.verdict(sql))
    }

    fn decide_call(&mut self, function: u32, _view: &dyn SessionView) -> Decided<Call> {
        let verdict = match function {
            CALL_REFUSED => refuse(),
            CALL_PLANNED | CALL_SEALED => planned(PLANNED_UPSTREAM),
            _ => Verdict::Pass(Effect::None),
        };
        Decided::Now(Call { sql: String::new(), verdict })
    }

    fn look_up(&mut self, _values: u32) -> Result<(), Arc<Refusal>> {
        Ok(())
    }

    fn max_statement_len(&self) -> usize {
        16 << 20
    }

    fn goes_by_catalog(&mut self) -> bool {
        !self.protects_nothing
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    fn is_protected(&self, table_oid: u32) -> bool {
        table_oid == PROTECTED_TABLE
    }

    fn is_verified(&self, sql: &str) -> bool {
        self.verified.contains(sql)
    }

    fn set_verified(&mut self, sql: &str) {
        self.verified.insert(sql.to_owned());
    }
}

#[derive(Default)]
pub(super) struct Trail {
    pub open: HashSet<StatementId>,
    pub ended: Vec<Ended>,
    pub refused: usize,
    pub fatal: Vec<&'static str>,
    /// How often a receipt is late.
    pub late: usize,
}

impl Observer for Trail {
    fn may_start(&self) -> Result<(), PgError> {
        Ok(())
    }

    fn on_statement_start(&mut self, id: StatementId, _sql: &str, _plan: &Plan) {
        assert!(self.open.insert(id), "{id:?} starts twice");
    }

    fn may_release(&mut self, _id: StatementId) -> Result<bool, PgError> {
        let is_late = self.late > 0;
        self.late = self.late.saturating_sub(1);
        Ok(!is_late)
    }

    fn on_sealed(&mut self, _: &Plan, _: std::time::Duration) {}

    fn on_end(&mut self, id: StatementId, ended: Ended, _: &crate::session::Account) {
        assert!(self.open.remove(&id), "{id:?} ends and is not open");
        self.ended.push(ended);
    }

    fn on_refusal(&mut self, _sql: &str, _refusal: &Refusal) {
        self.refused += 1;
    }

    fn on_fatal(&mut self, fatal: &Fatal) {
        self.fatal.push(fatal.reason);
    }
}
