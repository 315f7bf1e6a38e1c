//! DECLARE, FETCH, MOVE and CLOSE.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{ClosePortalStmt, DeclareCursorStmt, FetchStmt, Node};

use super::analyzer::Analyzer;
use super::stop::{Result, Stop};
use super::{Statement, build};
use crate::plan::{Effect, Plan, PreparedSql, Verdict};
use crate::sql;

/// `CURSOR_OPT_HOLD`, PostgreSQL `src/include/nodes/parsenodes.h`
const HOLD: i32 = 0x0020;

pub(super) fn declare(statement: &Statement<'_>, declare: &DeclareCursorStmt) -> Result<Verdict> {
    let Some(inner) = declare.query.as_deref() else { return Ok(Verdict::Pass(Effect::None)) };
    let text = sql::print(inner.clone())?;
    let verdict = super::verdict(&text, inner, statement.context, statement.is_fresh)?;
    let named = |verdict: Verdict| Effect::DeclareCursor {
        name: declare.portalname.clone(),
        hold: declare.options & HOLD != 0,
        statement: Arc::new(PreparedSql { sql: text.clone(), verdict, param_types: Vec::new() }),
    };
    match &verdict {
        Verdict::Pass(_) => Ok(Verdict::Pass(named(verdict))),
        Verdict::Refuse(_) => Ok(verdict),
        Verdict::Rewrite(plan) => {
            let rewritten = sql::parse(&plan.sql, true)?.pop().map(|statement| Box::new(statement.tree));
            let tree = build::node(NodeEnum::DeclareCursorStmt(Box::new(DeclareCursorStmt {
                query: rewritten,
                ..declare.clone()
            })));
            Ok(Verdict::Rewrite(Arc::new(Plan {
                sql: sql::print(tree)?,
                params: plan.params.clone(),
                client_params: plan.client_params,
                outputs: None,
                copy: None,
                effect: named(verdict.clone()),
                touched: Arc::clone(&plan.touched),
                sees_details: plan.sees_details,
                look_ups: plan.look_ups,
                reusable: false,
            })))
        }
    }
}

/// Rows of a cursor are what its query's are.
pub(super) fn fetch(statement: &Statement<'_>, fetch: &FetchStmt) -> Result<Verdict> {
    let Some(cursor) = statement.context.names.cursor(&fetch.portalname) else {
        // One that a function opened shows what the function could; the server says where there is none
        return Ok(match statement.context.rights.sees_everything() {
            true => statement.watching(Effect::None),
            false => Verdict::Pass(Effect::None),
        });
    };
    match &super::renew::renewed(statement, cursor)? {
        Verdict::Pass(_) => Ok(Verdict::Pass(Effect::None)),
        Verdict::Refuse(refusal) => Ok(Verdict::Refuse(Arc::clone(refusal))),
        Verdict::Rewrite(plan) => Ok(Verdict::Rewrite(Arc::new(Plan {
            outputs: if fetch.ismove { None } else { plan.outputs.clone() },
            touched: Arc::clone(&plan.touched),
            sees_details: plan.sees_details,
            reusable: false,
            ..statement.watched(Effect::None)
        }))),
    }
}

impl Analyzer<'_> {
    /// Whether a cursor stands on nothing but rows that the caller may see, and that nobody changes under it: of a query
    /// that was analysed for this very caller, and locks what it reads.
    ///
    /// # Errors
    /// 0A000 where it is not.
    pub(super) fn check_current(&self, name: &str) -> Result<()> {
        let not_known = || {
            let what = format!("WHERE CURRENT OF \"{name}\" for a role that may not see all rows");
            Stop::not_understood("current-of", what, "Declare the cursor FOR UPDATE, over the table.")
        };
        let Some(cursor) = self.context.names.cursor(name) else { return Err(not_known()) };
        let Some(query) = sql::parse(&cursor.sql, true)?.pop() else { return Err(not_known()) };
        let locks_all = |clause: &Node| match &clause.node {
            Some(NodeEnum::LockingClause(clause)) => clause.locked_rels.is_empty(),
            _ => false,
        };
        let is_locked = match &query.tree.node {
            Some(NodeEnum::SelectStmt(select)) => select.locking_clause.iter().any(locks_all),
            _ => false,
        };
        let found = sql::Inventory::default();
        let context = self.context;
        let statement =
            Statement { source: &cursor.sql, tree: &query.tree, found: &found, context, is_fresh: self.is_fresh };
        match super::renew::renewed(&statement, cursor)? {
            Verdict::Rewrite(_) if is_locked => Ok(()),
            Verdict::Rewrite(_) | Verdict::Pass(_) => Err(not_known()),
            Verdict::Refuse(refusal) => Err(Stop::Refuse(Box::new((*refusal).clone()))),
        }
    }
}

pub(super) fn close(close: &ClosePortalStmt) -> Verdict {
    let name = (!close.portalname.is_empty()).then(|| close.portalname.clone());
    Verdict::Pass(Effect::CloseCursor { name })
}
