//! Code that the proxy cannot look into: what a statement runs besides itself.

use std::collections::HashSet;
use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt};

use super::Context;
use super::stop::Stop;
use crate::catalog::{FIRST_NORMAL_OID, FunctionClass, Oid, Relation, RelationKind, TypeInfo};
use crate::sql::{self, Inventory, Name};

/// The most dangerous piece of code that a statement runs, and what to call it.
pub(super) struct Code {
    pub(super) class: FunctionClass,
    pub(super) name: String,
}

impl Code {
    /// Whether it does no more than compute from what it is given.
    pub(super) fn is_safe(&self) -> bool {
        self.class == FunctionClass::BuiltinSafe
    }

    /// What a caller who may not run it is told.
    pub(super) fn refused(&self) -> Stop {
        let message = format!("permission denied for {}: it could show what this role may not see", self.name);
        let hint = "List the function in the policy if it shows no protected values.";
        Stop::denied("opaque-code", message, Vec::new(), hint)
    }
}

/// The worst among functions called, operators, types outside `pg_catalog`, and what the named relations run: views'
/// functions, triggers, rules.
pub(super) fn worst(found: &Inventory, context: &Context<'_>) -> Code {
    worst_where(found, context, |relation| is_written(relation, found))
}

/// A type of a user's among those that the client declared for its parameters: reading a value as of it may run what a
/// domain checks, whatever the statement is.
pub(super) fn declared(context: &Context<'_>) -> Option<Code> {
    let types = &context.catalog.types;
    let is_enum = |oid: &Oid| types.get(oid).is_some_and(|known| is_enum(known, context));
    let is_users = |oid: &&Oid| **oid >= FIRST_NORMAL_OID && !is_enum(oid);
    let oid = context.param_types.iter().find(is_users)?;
    let known = types.get(oid).map(|known| format!("{}.{}", known.schema, known.name));
    Some(Code { class: FunctionClass::Opaque, name: format!("type {}", known.unwrap_or_else(|| oid.to_string())) })
}

/// The same for a view about to be made: whoever writes to it later writes to the relations behind it.
pub(super) fn worst_behind_view(found: &Inventory, context: &Context<'_>) -> Code {
    worst_where(found, context, |_| true)
}

fn worst_where(found: &Inventory, context: &Context<'_>, is_written: impl Fn(&Relation) -> bool) -> Code {
    let mut written = named(found, context).into_iter().filter(|relation| is_written(relation));
    if let Some(table) = written.find_map(|relation| system_table(relation.oid, context)) {
        return Code { class: FunctionClass::Opaque, name: format!("changes of system table {table}") };
    }
    let mut worst = Code { class: FunctionClass::BuiltinSafe, name: String::new() };
    let mut note = |class: FunctionClass, name: String| {
        if class > worst.class {
            worst = Code { class, name };
        }
    };
    for call in &found.functions {
        note(function(call, context), format!("function {}", shown(call)));
    }
    for operator in &found.operators {
        let class = context.catalog.classify_operator(operator.schema.as_deref(), &operator.name);
        note(class, format!("operator {}", shown(operator)));
    }
    for ty in found.types.iter().filter(|ty| !is_builtin_type(ty, context)) {
        note(FunctionClass::Opaque, format!("type {}", shown(ty)));
    }
    // `row.function` is a call too, where no column bears the name
    for name in &found.selected {
        let class = context.catalog.classify_function(None, name);
        if matches!(class, FunctionClass::Opaque | FunctionClass::SqlText) && is_user_function(name, context) {
            note(class, format!("function {name}"));
        }
    }
    for relation in named(found, context) {
        let is_written = is_written(&relation);
        note(behind(&relation, is_written, context), format!("view {}", super::relation::full_name(&relation)));
        // Rows that go into a parent run what its partitions and children have of their own, rows that go into a view
        // what is behind it, rows that go what foreign keys make of the rest
        let reached = match is_written {
            true => context.catalog.reach_of_write(relation.oid),
            false => context.catalog.reach(relation.oid),
        };
        for relation in reached.into_iter().filter_map(|oid| context.catalog.relation(oid)) {
            let (class, name) = run_by(relation, is_written, context);
            note(class, name);
        }
    }
    worst
}

fn function(call: &Name, context: &Context<'_>) -> FunctionClass {
    if is_listed(call, context) {
        return FunctionClass::BuiltinSafe;
    }
    context.catalog.classify_function(call.schema.as_deref(), &call.name)
}

/// Whether every function that the call can mean is one that the policy vouches for.
fn is_listed(call: &Name, context: &Context<'_>) -> bool {
    let is_vouched_for = |schema: &str| context.rights.listed(Some(schema), &call.name).is_some();
    context.rights.listed(call.schema.as_deref(), &call.name).is_some()
        && context.catalog.functions_named(call.schema.as_deref(), &call.name).all(|f| is_vouched_for(&f.schema))
}

/// A function of that name outside `pg_catalog` that takes a row: without one the notation means a column.
fn is_user_function(name: &str, context: &Context<'_>) -> bool {
    context.rights.listed(None, name).is_none()
        && context.catalog.functions_named(None, name).any(|function| function.schema != "pg_catalog")
}

/// What the grammar takes for a type of a column and the catalog does not have.
const SERIALS: [&str; 6] = ["serial", "serial2", "serial4", "serial8", "smallserial", "bigserial"];

/// Casting to a type of a user's may run a function of hers.
fn is_builtin_type(ty: &Name, context: &Context<'_>) -> bool {
    let is_builtin = |schema: &str| matches!(schema, "pg_catalog" | "information_schema");
    let is_meant = |known: &&TypeInfo| known.name == ty.name && ty.schema.as_ref().is_none_or(|s| *s == known.schema);
    let mut meant = context.catalog.types.values().filter(is_meant).peekable();
    match (meant.peek().is_some(), &ty.schema) {
        (true, _) => meant.all(|known| is_builtin(&known.schema) || is_enum(known, context)),
        (false, Some(schema)) => is_builtin(schema),
        // No type's name as far as is known: the server says so
        (false, None) => !context.is_unsure || SERIALS.contains(&ty.name.as_str()),
    }
}

/// Whether making values of a type runs nothing of a user's. Behind DDL of the open transaction its name or its casts may be
/// others than the catalog shows.
fn is_enum(ty: &TypeInfo, context: &Context<'_>) -> bool {
    ty.is_enum && !context.is_unsure
}

/// Every relation that one of the names can mean.
fn named(found: &Inventory, context: &Context<'_>) -> Vec<Arc<Relation>> {
    let of = |name: &Name| match &name.schema {
        Some(schema) => context.catalog.relation_named(schema, &name.name).cloned().into_iter().collect::<Vec<_>>(),
        None => context.catalog.bearing(&name.name).cloned().collect(),
    };
    found.relations.iter().flat_map(of).collect()
}

/// PostgreSQL's own table among those that a change of a relation's rows can change. A change of it gives files, names and
/// code another meaning, without a trace in what the catalog knows of them. On what is part of the system no dependency is
/// kept, so a view's query has to tell.
fn system_table(oid: Oid, context: &Context<'_>) -> Option<String> {
    let catalog = context.catalog;
    let mut next: Vec<Oid> = catalog.reach_of_write(oid).into_iter().collect();
    let mut seen = HashSet::new();
    while let Some(relation) = next.pop().and_then(|oid| catalog.relation(oid)) {
        if relation.schema == "pg_catalog" && relation.kind == RelationKind::Table {
            return Some(super::relation::full_name(relation));
        }
        // A view that cannot be read may stand for anything
        if relation.is_locked {
            return Some(super::relation::full_name(relation));
        }
        let Some(definition) = relation.definition.as_deref().filter(|_| seen.insert(relation.oid)) else { continue };
        let Some(names) = changed_through(definition) else { return Some(super::relation::full_name(relation)) };
        let behind = |name: Name| catalog.relation_named(name.schema.as_deref().unwrap_or("pg_catalog"), &name.name);
        next.extend(names.into_iter().filter_map(behind).map(|relation| relation.oid));
    }
    None
}

/// What the rows of a view are rows of: PostgreSQL changes them where it is one relation. Names in the query's other
/// parts are taken for it too. `None` where the definition cannot be read.
fn changed_through(definition: &str) -> Option<Vec<Name>> {
    let query = sql::query(definition).ok()?;
    Some(match &query {
        NodeEnum::SelectStmt(select) if select.from_clause.len() > 1 || is_join(select) => Vec::new(),
        _ => sql::inventory(&Node { node: Some(query) }).relations,
    })
}

fn is_join(select: &SelectStmt) -> bool {
    matches!(select.from_clause.as_slice(), [Node { node: Some(NodeEnum::JoinExpr(_)) }])
}

fn is_written(relation: &Relation, found: &Inventory) -> bool {
    found.written.iter().any(|name| name.name == relation.name)
}

/// System views that show less than what they run: settings, which only an UPDATE sets, and how sessions are encrypted.
const SHOW_LESS: [&str; 3] = ["pg_settings", "pg_stat_gssapi", "pg_stat_ssl"];

/// What the views and rules that a relation leads to call.
fn behind(relation: &Relation, is_written: bool, context: &Context<'_>) -> FunctionClass {
    let shows_less = relation.schema == "pg_catalog" && SHOW_LESS.contains(&relation.name.as_str());
    match shows_less && !is_written {
        true => FunctionClass::BuiltinSafe,
        false => context.catalog.reach_class(relation.oid).class,
    }
}

/// What reading or writing one relation's own rows runs.
fn run_by(relation: &Relation, is_written: bool, context: &Context<'_>) -> (FunctionClass, String) {
    let name = super::relation::full_name(relation);
    let mut worst = (FunctionClass::BuiltinSafe, String::new());
    if relation.is_locked {
        worst = worst.max((FunctionClass::Unknown, format!("{name}, which another transaction holds locked")));
    }
    if relation.kind == RelationKind::ForeignTable {
        worst = worst.max((FunctionClass::Opaque, format!("foreign table {name}")));
    }
    for call in relation.code.iter().filter(|call| is_written || call.on_read) {
        let what = format!("code of a policy, index, partition key, domain or cast of {name}");
        worst = worst.max((trigger_class(call.function, context), what));
    }
    if is_written {
        for (trigger, function) in &relation.triggers {
            worst = worst.max((trigger_class(*function, context), format!("trigger {trigger} on {name}")));
        }
        let stored = context.rights.stored_code(relation.oid, || stored_class(relation, context));
        worst = worst.max((stored, format!("a default or constraint of {name}")));
    }
    worst
}

/// The worst function in defaults, generated columns and CHECK constraints.
fn stored_class(relation: &Relation, context: &Context<'_>) -> FunctionClass {
    let defaults = relation.columns.iter().filter_map(|column| column.default.as_deref());
    let checks = relation.checks.iter().map(|check| condition(&check.definition));
    defaults.chain(checks).map(|text| text_class(text, context)).max().unwrap_or(FunctionClass::BuiltinSafe)
}

/// `CHECK (…) NOT VALID` without what stands around the condition.
fn condition(definition: &str) -> &str {
    let inner = definition.strip_prefix("CHECK ").unwrap_or(definition);
    inner.trim_end_matches(" NOT VALID").trim_end_matches(" NO INHERIT").trim_end_matches(" NOT ENFORCED")
}

fn text_class(text: &str, context: &Context<'_>) -> FunctionClass {
    match sql::expression(text) {
        Ok(expression) => {
            let found = sql::inventory(&expression);
            found.functions.iter().map(|call| function(call, context)).max().unwrap_or(FunctionClass::BuiltinSafe)
        }
        Err(_) => FunctionClass::Opaque,
    }
}

fn trigger_class(function: Oid, context: &Context<'_>) -> FunctionClass {
    let known = context.catalog.functions.values().flatten().find(|known| known.oid == function);
    match known {
        Some(known) if context.rights.listed(Some(&known.schema), &known.name).is_some() => FunctionClass::BuiltinSafe,
        Some(_) | None => context.catalog.classify_oid(function),
    }
}

fn shown(name: &Name) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}
