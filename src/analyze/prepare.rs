//! SQL-level PREPARE, EXECUTE and DEALLOCATE.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{DeallocateStmt, ExecuteStmt, Node, PrepareStmt};

use super::analyzer::Analyzer;
use super::constant::{Literal, literal, type_oid};
use super::scope::Scope;
use super::stop::{Result, Stop};
use super::{Context, Statement, build};
use crate::mask::Mask;
use crate::plan::{Effect, ParamAction, Plan, PreparedSql, SealedColumn, UpstreamParam, Verdict, WriteGuard};
use crate::sql;
use crate::value::{Format, LogicalType, Purpose};
use crate::wire::{PgError, SqlState};

/// The inner statement is decided now, and again at EXECUTE when policy or catalog have moved.
pub(super) fn prepare(statement: &Statement<'_>, prepare: &PrepareStmt) -> Result<Verdict> {
    let Some(inner) = prepare.query.as_deref() else { return Ok(Verdict::Pass(Effect::None)) };
    // Of the inner statement's code its own verdict tells; the types of its parameters stand out here
    statement.code()?;
    let text = sql::print(inner.clone())?;
    let param_types: Vec<u32> = prepare.argtypes.iter().map(declared_oid).collect();
    let context = Context { param_types: &param_types, ..*statement.context };
    let verdict = super::verdict(&text, inner, &context, statement.is_fresh)?;
    let named = |verdict: Verdict| Effect::Prepare {
        name: prepare.name.clone(),
        statement: Arc::new(PreparedSql { sql: text.clone(), verdict, param_types: param_types.clone() }),
    };
    match &verdict {
        Verdict::Pass(_) => Ok(Verdict::Pass(named(verdict))),
        Verdict::Refuse(_) => Ok(verdict),
        Verdict::Rewrite(plan) => {
            let Some(rewritten) = sql::parse(&plan.sql, true)?.pop() else { return Err(not_prepared()) };
            let argtypes = argument_types(prepare, plan)?;
            let tree = build::node(NodeEnum::PrepareStmt(Box::new(PrepareStmt {
                name: prepare.name.clone(),
                argtypes,
                query: Some(Box::new(rewritten.tree)),
            })));
            let outer = around(plan, tree, named(verdict.clone()))?;
            Ok(Verdict::Rewrite(Arc::new(Plan { outputs: None, ..outer })))
        }
    }
}

/// The plan of a statement that prepares or runs another one, whose plan it is given.
fn around(plan: &Plan, tree: Node, effect: Effect) -> Result<Plan> {
    Ok(Plan {
        sql: sql::print(tree)?,
        params: Vec::new(),
        client_params: 0,
        outputs: plan.outputs.clone(),
        copy: None,
        effect,
        touched: Arc::clone(&plan.touched),
        sees_details: plan.sees_details,
        look_ups: 0,
        reusable: false,
    })
}

/// The types to declare upstream: as the client did for what is relayed, text for sealed values and terms.
fn argument_types(prepare: &PrepareStmt, plan: &Plan) -> Result<Vec<Node>> {
    let declared = |param: &UpstreamParam| prepare.argtypes.get(param.client).cloned();
    let types = plan.params.iter().map(|param| match &param.action {
        ParamAction::Relay | ParamAction::RefuseMasked { .. } => {
            Ok(declared(param).unwrap_or_else(|| build::type_name("unknown")))
        }
        ParamAction::Seal { .. } | ParamAction::Term { .. } => Ok(build::type_name("text")),
        ParamAction::SealArray { .. } | ParamAction::TermArray { .. } => Ok(build::array_type_name("text")),
    });
    types.collect()
}

/// 0 for a type that no column is sealed as.
fn declared_oid(ty: &Node) -> u32 {
    match &ty.node {
        Some(NodeEnum::TypeName(ty)) => type_oid(ty).unwrap_or(0),
        _ => 0,
    }
}

fn not_prepared() -> Stop {
    Stop::not_understood("prepare", "this prepared statement", "")
}

pub(super) fn execute(statement: &Statement<'_>, execute: &ExecuteStmt) -> Result<Verdict> {
    statement.code()?;
    let Some(prepared) = statement.context.names.prepared(&execute.name) else {
        // The server says that there is none
        return Ok(Verdict::Pass(Effect::None));
    };
    match &super::renew::renewed(statement, prepared)? {
        Verdict::Pass(effect) => match statement.touches() {
            true => Err(not_prepared()),
            false => Ok(Verdict::Pass(effect.clone())),
        },
        Verdict::Refuse(refusal) => Ok(Verdict::Refuse(Arc::clone(refusal))),
        Verdict::Rewrite(plan) if plan.copy.is_some() => Err(not_prepared()),
        Verdict::Rewrite(plan) => {
            let expected = plan.client_params.max(prepared.param_types.len());
            execute_plan(statement, execute, plan, expected).map(|plan| Verdict::Rewrite(Arc::new(plan)))
        }
    }
}

/// `expected`: how many arguments the client's own statement takes, used or not.
fn execute_plan(statement: &Statement<'_>, execute: &ExecuteStmt, plan: &Plan, expected: usize) -> Result<Plan> {
    if execute.params.len() != expected {
        return miscounted(execute, plan, expected);
    }
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    let mut arguments = Vec::new();
    for param in &plan.params {
        let Some(given) = execute.params.get(param.client) else { return Err(not_prepared()) };
        let mut value = given.clone();
        argument(&mut analyzer, &mut value, param)?;
        arguments.push(value);
    }
    let tree = build::node(NodeEnum::ExecuteStmt(ExecuteStmt { name: execute.name.clone(), params: arguments }));
    let look_ups = plan.look_ups.saturating_add(analyzer.look_ups);
    Ok(Plan { look_ups, ..around(plan, tree, plan.effect.clone())? })
}

/// The server counts arguments only when it runs the statement, and says 42601 then: it gets a wrong number of NULLs.
fn miscounted(execute: &ExecuteStmt, plan: &Plan, expected: usize) -> Result<Plan> {
    let is_counted_alike = plan.params.len() == expected;
    // More than the server's statement takes, whether it was declared as the client has it or as it was rewritten
    let count = if is_counted_alike { execute.params.len() } else { plan.params.len().max(expected) + 1 };
    let params = (0..count).map(|_| build::null()).collect();
    let tree = build::node(NodeEnum::ExecuteStmt(ExecuteStmt { name: execute.name.clone(), params }));
    // The server's count may not be the client's
    let sees_details = plan.sees_details && is_counted_alike;
    Ok(Plan { sees_details, ..around(plan, tree, Effect::None)? })
}

/// One argument, as the prepared statement's upstream form takes it.
fn argument(analyzer: &mut Analyzer<'_>, value: &mut Node, param: &UpstreamParam) -> Result<()> {
    let (column, purpose, guard) = match &param.action {
        ParamAction::Relay | ParamAction::RefuseMasked { .. } => {
            if let ParamAction::RefuseMasked { mask, ty, column } = &param.action
                && let Some(Literal::Text { text, .. }) = literal(value)
                && mask.looks_masked(*ty, &text)
            {
                return Err(masked(column));
            }
            return analyzer.open(value, &Scope::default());
        }
        ParamAction::Seal { column, guard } => (column, Purpose::Assign, guard.as_ref()),
        ParamAction::Term { column } => (column, Purpose::Compare, None),
        ParamAction::SealArray { column } => {
            let hint = "Bind it as a parameter, or write the statement without PREPARE.";
            return Err(Stop::unsupported(
                "array-argument",
                "an array of values as an argument of EXECUTE",
                column,
                hint,
            ));
        }
        ParamAction::TermArray { column } => {
            *value = array(analyzer, value, column)?;
            return Ok(());
        }
    };
    *value = match literal(value) {
        Some(Literal::Null) => build::null(),
        Some(Literal::Text { text, source, typmod }) => {
            let mut text = analyzer.cut(column, source, typmod, text)?;
            let source = if source == 0 { param.ty } else { source };
            if let Some(cast) = param.cast {
                let style = analyzer.context.style;
                text = cast.cast(source, Format::Text, text.as_bytes(), style)?.expose().to_owned();
            }
            let source = param.cast.map_or(source, LogicalType::oid);
            if let Some(guard) = guard.filter(|guard| looks_masked(guard, column, &text)) {
                return match guard.keep {
                    true => {
                        *value = build::text(crate::plan::KEEP_MARKER);
                        Ok(())
                    }
                    false => Err(masked(&column.name)),
                };
            }
            let read = analyzer.read(column, source, &text, purpose)?;
            let sealer = analyzer.context.sealer;
            build::text(match purpose {
                Purpose::Assign => sealer.seal(column, &read)?,
                Purpose::Compare => sealer.term(column, &read)?,
            })
        }
        Some(Literal::Parameter { .. }) | None => {
            let hint = "Write the argument as a constant.";
            return Err(Stop::unsupported("computed-argument", "a computed argument of EXECUTE", column, hint));
        }
    };
    Ok(())
}

fn array(analyzer: &mut Analyzer<'_>, value: &Node, column: &SealedColumn) -> Result<Node> {
    let Some(Literal::Text { text, source, .. }) = literal(value) else {
        return Err(Stop::unsupported("computed-argument", "a computed array argument of EXECUTE", column, ""));
    };
    let style = analyzer.context.style;
    let values = crate::value::read_array(column.ty, source, Format::Text, text.as_bytes(), style, Purpose::Compare)?;
    let term = |value: &Option<crate::value::Plaintext>| match value {
        Some(value) => Ok(build::text(analyzer.context.sealer.term(column, value)?)),
        None => Ok(build::null()),
    };
    Ok(build::text_array(values.iter().map(term).collect::<Result<_>>()?))
}

fn looks_masked(guard: &WriteGuard, column: &SealedColumn, text: &str) -> bool {
    let mask: &Mask = &guard.mask;
    mask.looks_masked(column.ty, text)
}

fn masked(column: &str) -> Stop {
    let message = format!("value for column {column} has the shape of its mask and would be stored");
    PgError::new(SqlState::CHECK_VIOLATION, message).into()
}

pub(super) fn deallocate(deallocate: &DeallocateStmt) -> Verdict {
    let name = (!deallocate.isall).then(|| deallocate.name.clone());
    Verdict::Pass(Effect::Deallocate { name })
}
