//! Answers to statements: descriptions, rows, completion.

use std::sync::Arc;
use std::time::Instant;

use super::copy::unplanned;
use super::decider::Decider;
use super::machine::{Session, unexplained, unwritable, withhold};
use super::observer::{Ended, Observer};
use super::pending::{Asker, Copy, Execution, Pending, Request};
use super::server::malformed;
use super::step::{Fatal, Outbox};
use crate::plan::{Effect, Output, Plan};
use crate::reveal;
use crate::wire::backend::{self, Column};
use crate::wire::frontend::Formats;
use crate::wire::{PgError, SqlState};

impl<D: Decider, O: Observer> Session<D, O> {
    /// The first half of the answer to Describe of a statement.
    pub(super) fn parameter_description(
        &mut self,
        body: &[u8],
        frame: &[u8],
        outbox: &mut Outbox,
    ) -> Result<(), Fatal> {
        let Some(Pending { asker, request: Request::DescribeStatement { plan, statement, has_params }, .. }) =
            self.queue.front_mut()
        else {
            return Err(unexplained(b't'));
        };
        let statement = statement.as_ref().filter(|_| !*has_params).ok_or_else(|| unexplained(b't'))?;
        *has_params = true;
        match plan {
            None => Self::show(*asker, frame, outbox),
            Some(plan) => {
                let types = backend::parameter_description(body).map_err(malformed)?;
                reveal::parameter_description(&mut outbox.to_client, &types, plan, &statement.param_types)
                    .map_err(|error| withhold(error, "reveal"))?;
            }
        }
        Ok(())
    }

    /// RowDescription or NoData.
    pub(super) fn description(
        &mut self,
        kind: u8,
        body: &[u8],
        frame: &[u8],
        outbox: &mut Outbox,
    ) -> Result<(), Fatal> {
        let front = self.queue.front().ok_or_else(|| unexplained(kind))?;
        let is_explained = match &front.request {
            Request::DescribeStatement { has_params, .. } => *has_params,
            Request::DescribePortal { .. } => true,
            Request::Query(query) => {
                kind == b'T' && query.executions.front().is_some_and(|execution| !execution.is_described)
            }
            _ => false,
        };
        if !is_explained {
            return Err(unexplained(kind));
        }
        let (asker, plan) = (front.asker, front.plan().cloned());
        let columns = match kind {
            b'T' => backend::row_description(body).map_err(malformed)?,
            _ => Vec::new(),
        };
        if plan.is_none() {
            self.check_origin(&columns)?;
        }
        self.described(&columns)?;
        match plan.filter(|_| kind == b'T' && asker == Asker::Client) {
            Some(plan) if plan.outputs.is_some() => show_columns(&plan, &columns, outbox)?,
            // Passed, or planned without knowing the columns: each row is looked at
            _ => Self::show(asker, frame, outbox),
        }
        Ok(())
    }

    /// The second net: a statement that was passed answers with a column of a protected relation.
    fn check_origin(&self, columns: &[Column<'_>]) -> Result<(), Fatal> {
        if !columns.iter().any(|column| column.table_oid != 0 && self.decider.is_protected(column.table_oid)) {
            return Ok(());
        }
        let message = "the answer comes from a protected relation that the statement was not planned for";
        Err(withhold(PgError::new(SqlState::INSUFFICIENT_PRIVILEGE, message), "origin-net"))
    }

    /// Keeps what the description says, and goes on to the next answer where it was one by itself.
    fn described(&mut self, columns: &[Column<'_>]) -> Result<(), Fatal> {
        if let Some(execution) = self.queue.execution_mut() {
            execution.is_described = true;
            if execution.plan.is_some() {
                execution.formats = columns.iter().flat_map(|column| column.format.to_be_bytes()).collect();
            }
            return Ok(());
        }
        let described = self.queue.pop().ok_or_else(|| unexplained(b'T'))?;
        self.books.settle(described.seq, true);
        if let Request::DescribeStatement { plan: None, statement: Some(statement), .. } = described.request {
            self.decider.set_verified(&statement.sql);
        }
        Ok(())
    }

    /// A DataRow that is not relayed unread.
    pub(super) fn row(&mut self, body: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let Some(execution) = self.queue.execution_mut() else { return Err(unexplained(b'D')) };
        let (Some(plan), true) = (&execution.plan, execution.is_described) else { return Err(unexplained(b'D')) };
        if !matches!(execution.copy, Copy::None) || execution.refusal.is_some() {
            return Err(unexplained(b'D'));
        }
        if let Some(error) = &self.style_error {
            return Err(withhold(error.clone(), "unusable-settings"));
        }
        let formats = Formats::new(&execution.formats);
        let began = Instant::now();
        let shown = match plan.outputs.as_deref() {
            Some(outputs) => reveal::row(&mut outbox.to_client, body, outputs, &formats, &self.values),
            None => reveal::watched_row(&mut outbox.to_client, body).map(|()| reveal::Shown::default()),
        };
        execution.account.add(shown.map_err(|error| withhold(error, "reveal"))?, began.elapsed());
        execution.rows += 1;
        Ok(())
    }

    /// CommandComplete, EmptyQueryResponse or PortalSuspended.
    pub(super) fn complete(&mut self, kind: u8, body: &[u8], frame: &[u8], outbox: &mut Outbox) -> Result<(), Fatal> {
        let is_explained = self.queue.execution_mut().is_some_and(|execution| may_complete(execution));
        let is_simple = matches!(self.queue.front(), Some(Pending { request: Request::Query(_), .. }));
        if !is_explained || (is_simple && kind == b's') {
            return Err(unexplained(kind));
        }
        let tag = if kind == b'C' { backend::command_complete(body).map_err(malformed)? } else { &[] };
        let execution = if is_simple {
            self.queue.pop_execution()
        } else {
            self.queue.pop().and_then(|pending| match pending.request {
                Request::Execute(execution) => Some(execution),
                _ => None,
            })
        };
        let execution = execution.ok_or_else(|| unexplained(kind))?;
        self.succeeded(execution, kind, tag);
        outbox.to_client.extend_from_slice(frame);
        Ok(())
    }

    fn succeeded(&mut self, mut execution: Execution, kind: u8, tag: &[u8]) {
        let rows = execution.rows.max(affected(tag));
        if execution.plan.is_some() {
            execution.account.tag = command(tag);
        }
        let ended = if kind == b's' { Ended::Suspended { rows } } else { Ended::Complete { rows } };
        self.end(&execution, ended);
        if tag == b"COMMIT" {
            self.books.portals.retain(|portal| portal.hold);
        }
        // Nothing has been asked since: an effect holds every question back
        let epoch = self.asked.epoch;
        self.books.apply(std::mem::replace(&mut execution.effect, Effect::None), epoch);
    }
}

fn show_columns(plan: &Arc<Plan>, columns: &[Column<'_>], outbox: &mut Outbox) -> Result<(), Fatal> {
    let outputs = outputs(plan)?;
    if outputs.len() != columns.len() {
        return Err(unplanned());
    }
    reveal::row_description(&mut outbox.to_client, columns, outputs).map_err(unwritable)
}

fn outputs(plan: &Plan) -> Result<&[Output], Fatal> {
    plan.outputs.as_deref().ok_or_else(unplanned)
}

const fn may_complete(execution: &Execution) -> bool {
    execution.refusal.is_none() && matches!(execution.copy, Copy::None | Copy::Done)
}

/// The words of a tag: `UPDATE`, `INSERT`, `CREATE TABLE`.
fn command(tag: &[u8]) -> String {
    let tag = std::str::from_utf8(tag).unwrap_or_default();
    tag.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ').to_owned()
}

/// The number at the end of a tag: `UPDATE 3`, `INSERT 0 3`, `COPY 3`.
fn affected(tag: &[u8]) -> u64 {
    let tag = std::str::from_utf8(tag).unwrap_or_default();
    tag.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
