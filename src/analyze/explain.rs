//! EXPLAIN: shows conditions and, with ANALYZE, row counts. For callers to whom everything in it is clear.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::ExplainStmt;

use super::stop::{Result, Stop};
use super::{Statement, build};
use crate::plan::{Effect, Output, OutputAction, Plan, Verdict};
use crate::sql;

pub(super) fn explain(statement: &Statement<'_>, explain: &ExplainStmt) -> Result<Verdict> {
    let Some(inner) = explain.query.as_deref() else { return Ok(Verdict::Pass(Effect::None)) };
    let text = sql::print(inner.clone())?;
    let verdict = super::verdict(&text, inner, statement.context, statement.is_fresh)?;
    let plan = match &verdict {
        Verdict::Pass(effect) => return Ok(Verdict::Pass(of_explained(effect))),
        Verdict::Refuse(_) => return Ok(verdict),
        Verdict::Rewrite(plan) => plan,
    };
    if !plan.sees_details {
        let message = "permission denied to explain a statement over masked data";
        return Err(Stop::denied(
            "explain",
            message,
            Vec::new(),
            "A plan shows counts and conditions over hidden values.",
        ));
    }
    let rewritten = sql::parse(&plan.sql, true)?.pop().map(|statement| Box::new(statement.tree));
    let tree = build::node(NodeEnum::ExplainStmt(Box::new(ExplainStmt { query: rewritten, ..explain.clone() })));
    Ok(Verdict::Rewrite(Arc::new(Plan {
        sql: sql::print(tree)?,
        params: plan.params.clone(),
        client_params: plan.client_params,
        outputs: Some(Arc::from([Output { action: OutputAction::RelayAny, origin: None, ty: None }])),
        copy: None,
        effect: of_explained(&plan.effect),
        touched: Arc::clone(&plan.touched),
        sees_details: true,
        look_ups: plan.look_ups,
        reusable: plan.reusable,
    })))
}

/// A name that the explained statement would give is not given.
fn of_explained(effect: &Effect) -> Effect {
    match effect {
        Effect::CatalogChanged => Effect::CatalogChanged,
        Effect::SettingsChanged => Effect::SettingsChanged,
        Effect::AnythingChanged => Effect::AnythingChanged,
        Effect::RelationChanged { name, change, ran_code } => {
            Effect::RelationChanged { name: name.clone(), change: *change, ran_code: *ran_code }
        }
        Effect::None
        | Effect::Prepare { .. }
        | Effect::Deallocate { .. }
        | Effect::DeclareCursor { .. }
        | Effect::CloseCursor { .. }
        | Effect::CreateView { .. }
        | Effect::ReportedSettingChanged
        | Effect::DiscardAll => Effect::None,
    }
}
