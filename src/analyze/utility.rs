//! The table of verdicts for utility statements: what schema tools and DBAs live on.
//!
//! What names nothing protected passes. On protected relations it depends on the statement, and on whether the caller
//! sees everything: DDL that runs expressions over stored values shows them in errors, and DDL that moves a protected
//! relation from under its policy's name would leave it unprotected.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AlterTableStmt, AlterTableType, ConstrType, CreateSchemaStmt, CreateStmt, CreateTableAsStmt, DiscardMode,
    IndexStmt, Node, ObjectType, RangeVar, SelectStmt, ViewStmt, a_const,
};

use super::analyzer::Analyzer;
use super::relation::Referred;
use super::rights::RelationRights;
use super::stop::{Result, Stop};
use super::{Statement, build, naming, opaque, routine};
use crate::plan::{Change, Effect, OutputAction, Plan, PreparedSql, TERM_CHARS, TouchAction, Verdict};
use crate::sql;

pub(super) fn utility(statement: &Statement<'_>, node: &NodeEnum) -> Result<Verdict> {
    match node {
        NodeEnum::TransactionStmt(_)
        | NodeEnum::VariableShowStmt(_)
        | NodeEnum::ListenStmt(_)
        | NodeEnum::UnlistenStmt(_)
        | NodeEnum::NotifyStmt(_)
        | NodeEnum::ConstraintsSetStmt(_)
        | NodeEnum::CheckPointStmt(_) => Ok(Verdict::Pass(Effect::None)),
        NodeEnum::VariableSetStmt(set) => super::setting::setting(set, statement.context.rights),
        NodeEnum::DiscardStmt(discard) => Ok(Verdict::Pass(discarded(discard.target))),
        NodeEnum::DoStmt(_) | NodeEnum::CallStmt(_) | NodeEnum::LoadStmt(_) => code(statement),
        NodeEnum::CreateTableAsStmt(create) => create_as(statement, create),
        NodeEnum::ViewStmt(view) => create_view(statement, view),
        NodeEnum::CreateStmt(create) => create_table(statement, create),
        NodeEnum::IndexStmt(index) => create_index(statement, index),
        NodeEnum::CreateSchemaStmt(create) => create_schema(statement, create),
        NodeEnum::TruncateStmt(truncate) => truncate_tables(statement, &truncate.relations),
        // These show and change no value
        NodeEnum::LockStmt(_)
        | NodeEnum::VacuumStmt(_)
        | NodeEnum::CommentStmt(_)
        | NodeEnum::SecLabelStmt(_)
        | NodeEnum::GrantStmt(_)
        | NodeEnum::GrantRoleStmt(_)
        | NodeEnum::AlterDefaultPrivilegesStmt(_)
        | NodeEnum::AlterOwnerStmt(_) => harmless(statement),
        NodeEnum::RenameStmt(rename) if routine::is_renamed(rename) => routine::alter(statement),
        NodeEnum::RenameStmt(_) | NodeEnum::AlterObjectSchemaStmt(_) => keeps_name(statement, node),
        NodeEnum::AlterTableStmt(alter) => alter_table(statement, alter),
        NodeEnum::CreateSeqStmt(create) => changing(statement, node, of(create.sequence.as_ref(), Change::Made)),
        // Code that later statements run without naming it
        NodeEnum::CreateTrigStmt(_)
        | NodeEnum::RuleStmt(_)
        | NodeEnum::CreatePolicyStmt(_)
        | NodeEnum::AlterPolicyStmt(_)
        | NodeEnum::CreateEventTrigStmt(_)
        | NodeEnum::CreateCastStmt(_)
        | NodeEnum::DefineStmt(_)
        | NodeEnum::CreateOpClassStmt(_)
        | NodeEnum::AlterOpFamilyStmt(_)
        | NodeEnum::AlterOperatorStmt(_)
        | NodeEnum::CreateRangeStmt(_)
        | NodeEnum::CreateTransformStmt(_)
        | NodeEnum::CreateConversionStmt(_)
        | NodeEnum::CreateAmStmt(_)
        | NodeEnum::CreatePlangStmt(_)
        | NodeEnum::CreateForeignTableStmt(_)
        | NodeEnum::ImportForeignSchemaStmt(_)
        | NodeEnum::CreatePublicationStmt(_)
        | NodeEnum::AlterPublicationStmt(_)
        | NodeEnum::CreateSubscriptionStmt(_)
        | NodeEnum::AlterSubscriptionStmt(_) => owners_only(statement),
        // Made now, refused or watched when called
        NodeEnum::CreateFunctionStmt(create) => routine::create(statement, create),
        NodeEnum::AlterFunctionStmt(_) => routine::alter(statement),
        _ => other(statement, node),
    }
}

/// What names nothing protected and runs nothing opaque passes; the rest is for callers who see everything.
fn other(statement: &Statement<'_>, node: &NodeEnum) -> Result<Verdict> {
    changing(statement, node, None)
}

/// What a statement does to the relations of a name.
type Changed = Option<(String, Change)>;

fn of(range: Option<&RangeVar>, change: Change) -> Changed {
    range.map(|range| (range.relname.clone(), change))
}

fn effect(changed: Changed, ran_code: bool) -> Effect {
    match (changed, ran_code) {
        (Some((name, change)), ran_code) => Effect::RelationChanged { name, change, ran_code },
        (None, false) => Effect::CatalogChanged,
        (None, true) => Effect::AnythingChanged,
    }
}

fn changing(statement: &Statement<'_>, node: &NodeEnum, changed: Changed) -> Result<Verdict> {
    let sees_everything = statement.context.rights.sees_everything();
    let code = statement.code()?;
    if statement.mentions() && !sees_everything {
        return Err(denied(statement, &format!("{} on protected relations", super::kind_of(node))));
    }
    match code.is_safe() {
        true => Ok(Verdict::Pass(effect(changed, false))),
        false => Ok(statement.watching(effect(changed, true))),
    }
}

fn denied(statement: &Statement<'_>, what: &str) -> Stop {
    let rights = statement.context.rights;
    let objects = statement.found.texts.iter().filter(|text| rights.is_name_of_interest(text)).cloned().collect();
    let hint = "Only roles that see everything may do this through pgveil.";
    Stop::denied("ddl-on-protected", format!("permission denied for {what}"), objects, hint)
}

fn owners_only(statement: &Statement<'_>) -> Result<Verdict> {
    match statement.context.rights.sees_everything() {
        true => Ok(Verdict::Pass(Effect::AnythingChanged)),
        false => Err(denied(statement, "statements that attach code to relations")),
    }
}

fn harmless(statement: &Statement<'_>) -> Result<Verdict> {
    statement.code()?;
    Ok(Verdict::Pass(Effect::CatalogChanged))
}

/// A relation that leaves its name leaves its policy.
fn keeps_name(statement: &Statement<'_>, node: &NodeEnum) -> Result<Verdict> {
    refuse_new_views(statement)?;
    if statement.mentions() || moves_schema(statement, node) {
        return Err(Stop::not_understood(
            "rename-protected",
            "renaming or moving something that the policy names, or to such a name",
            "Change the policy together with the database, over a direct connection.",
        ));
    }
    let changed = match node {
        NodeEnum::RenameStmt(rename) if rename.rename_type == i32::from(ObjectType::ObjectColumn) => {
            of(rename.relation.as_ref(), Change::Columns)
        }
        NodeEnum::RenameStmt(rename) => rename.relation.as_ref().map(|_| (rename.newname.clone(), Change::Made)),
        NodeEnum::AlterObjectSchemaStmt(moved) => of(moved.relation.as_ref(), Change::Made),
        _ => None,
    };
    changing(statement, &NodeEnum::RenameStmt(Default::default()), changed)
}

/// A view that the open transaction has made is known by its name and its query.
fn refuse_new_views(statement: &Statement<'_>) -> Result<()> {
    match statement.found.texts.iter().any(|text| statement.context.names.view(text).is_some()) {
        true => {
            Err(Stop::not_understood("new-view", "changing a view that the open transaction has made", "Commit first."))
        }
        false => Ok(()),
    }
}

/// Whether protected relations move with their schema, or another schema takes its name.
fn moves_schema(statement: &Statement<'_>, node: &NodeEnum) -> bool {
    let is_of_interest = |name: &str| statement.context.rights.is_schema_of_interest(name);
    match node {
        NodeEnum::RenameStmt(rename) if rename.rename_type == i32::from(ObjectType::ObjectSchema) => {
            is_of_interest(&rename.subname) || is_of_interest(&rename.newname)
        }
        _ => false,
    }
}

fn discarded(target: i32) -> Effect {
    match DiscardMode::try_from(target) {
        Ok(DiscardMode::DiscardAll) => Effect::DiscardAll,
        Ok(DiscardMode::DiscardTemp) => Effect::CatalogChanged,
        _ => Effect::None,
    }
}

/// DO, CALL and LOAD: for callers who see everything, and for what the policy lists.
fn code(statement: &Statement<'_>) -> Result<Verdict> {
    let code = opaque::worst(statement.found, statement.context);
    let is_listed = matches!(&statement.tree.node, Some(NodeEnum::CallStmt(_))) && code.is_safe();
    if !statement.context.rights.sees_everything() && !is_listed {
        let name = if code.name.is_empty() { "code".to_owned() } else { code.name };
        return Err(opaque::Code { name, ..code }.refused());
    }
    Ok(statement.watching(Effect::AnythingChanged))
}

/// CREATE TABLE AS and CREATE MATERIALIZED VIEW: what this caller sees is what is stored.
fn create_as(statement: &Statement<'_>, create: &CreateTableAsStmt) -> Result<Verdict> {
    if let Some(NodeEnum::ExecuteStmt(execute)) = create.query.as_deref().and_then(|query| query.node.as_ref()) {
        let verdict = super::prepare::execute(statement, execute)?;
        return match &verdict {
            Verdict::Pass(_) => Ok(Verdict::Pass(made(create, false))),
            Verdict::Refuse(_) => Ok(verdict),
            Verdict::Rewrite(plan) => stored_from(statement, create, plan),
        };
    }
    let code = statement.code()?;
    if !statement.touches() {
        return Ok(match statement.check_names()? && code.is_safe() {
            true => Verdict::Pass(made(create, true)),
            false => statement.watching(made(create, true)),
        });
    }
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    let mut rewritten = create.clone();
    if let Some(query) = rewritten.query.as_deref_mut() {
        for column in analyzer.query(query, None)? {
            analyzer.require_open(&column.shape, "sealed-into-open", "copying it into an unprotected relation")?;
        }
    }
    let text = analyzer.marks.print(build::node(NodeEnum::CreateTableAsStmt(Box::new(rewritten))))?;
    Ok(Verdict::Rewrite(Arc::new(analyzer.plan(text, None, made(create, !code.is_safe())))))
}

fn made(create: &CreateTableAsStmt, ran_code: bool) -> Effect {
    super::made(create.into.as_ref().and_then(|into| into.rel.as_ref()), ran_code)
}

fn stored_from(statement: &Statement<'_>, create: &CreateTableAsStmt, plan: &Plan) -> Result<Verdict> {
    let outputs = plan.outputs.iter().flat_map(|outputs| outputs.iter());
    if plan.outputs.is_none() || outputs.clone().any(|output| !matches!(output.action, OutputAction::Relay)) {
        return Err(Stop::not_understood(
            "sealed-into-open",
            "copying encrypted values into an unprotected relation",
            "",
        ));
    }
    let query = sql::parse(&plan.sql, true)?.pop().map(|statement| Box::new(statement.tree));
    let text =
        sql::print(build::node(NodeEnum::CreateTableAsStmt(Box::new(CreateTableAsStmt { query, ..create.clone() }))))?;
    Ok(Verdict::Rewrite(Arc::new(Plan {
        outputs: None,
        touched: Arc::clone(&plan.touched),
        look_ups: plan.look_ups,
        ..Plan { sql: text, ..statement.watched(made(create, false)) }
    })))
}

/// A view runs as it is stored, for whoever reads it: only what needs no rewriting can be one.
fn create_view(statement: &Statement<'_>, view: &ViewStmt) -> Result<Verdict> {
    if !statement.mentions() && !statement.touches() {
        let code = opaque::worst_behind_view(statement.found, statement.context);
        return match code.is_safe() || statement.context.rights.sees_everything() || !may_be_written_to(view) {
            true => changing(statement, &NodeEnum::ViewStmt(Box::default()), of(view.view.as_ref(), Change::Made)),
            false => Err(code.refused()),
        };
    }
    if !statement.context.rights.sees_everything() {
        return Err(denied(statement, "views over protected relations"));
    }
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    analyzer.is_in_view = true;
    let (Some(query), Some(range)) = (view.query.as_deref(), &view.view) else {
        return Ok(Verdict::Pass(Effect::CatalogChanged));
    };
    analyzer.query(&mut query.clone(), None)?;
    let sql = sql::print(with_names(query, &naming::strings(&view.aliases)))?;
    let statement = PreparedSql { sql, verdict: Verdict::Pass(Effect::None), param_types: Vec::new() };
    Ok(Verdict::Pass(Effect::CreateView { name: range.relname.clone(), statement: Arc::new(statement) }))
}

/// `SELECT * FROM (query) AS named (names)`, where there are names.
fn with_names(query: &Node, names: &[String]) -> Node {
    match &query.node {
        Some(NodeEnum::SelectStmt(select)) if !names.is_empty() => {
            build::node(NodeEnum::SelectStmt(Box::new(SelectStmt {
                target_list: vec![build::target(build::star(), "")],
                from_clause: vec![build::subquery((**select).clone(), "named", names)],
                ..build::empty_select()
            })))
        }
        _ => query.clone(),
    }
}

/// PostgreSQL carries changes through a view of one relation alone.
fn may_be_written_to(view: &ViewStmt) -> bool {
    match view.query.as_deref().and_then(|query| query.node.as_ref()) {
        Some(NodeEnum::SelectStmt(select)) => select.from_clause.len() == 1,
        _ => true,
    }
}

fn create_table(statement: &Statement<'_>, create: &CreateStmt) -> Result<Verdict> {
    let is_below = |parent: &Node| match &parent.node {
        Some(NodeEnum::RangeVar(range)) => statement.context.rights.is_name_of_interest(&range.relname),
        _ => true,
    };
    let sees_everything = statement.context.rights.sees_everything();
    if create.inh_relations.iter().any(is_below) && !sees_everything {
        return Err(denied(statement, "children of protected relations"));
    }
    let takes_name = create.relation.as_ref().is_some_and(|r| statement.context.rights.is_name_of_interest(&r.relname));
    if takes_name && !sees_everything {
        return Err(denied(statement, "relations of a protected one's name"));
    }
    if create.table_elts.iter().any(|element| refers_to_interest(element, statement)) && !sees_everything {
        return Err(denied(statement, "foreign keys to protected relations"));
    }
    statement.code()?;
    match is_there_already(statement, create) {
        true => Ok(Verdict::Pass(Effect::None)),
        false => Ok(Verdict::Pass(effect(of(create.relation.as_ref(), Change::Made), false))),
    }
}

/// Whether CREATE TABLE IF NOT EXISTS finds the table where it would make it.
fn is_there_already(statement: &Statement<'_>, create: &CreateStmt) -> bool {
    let context = statement.context;
    let path = context.search_path.unwrap_or_default();
    let is_plain = |range: &&RangeVar| range.relpersistence != "t" && !path.iter().any(|schema| schema == "pg_temp");
    let asks = |range: &&RangeVar| create.if_not_exists && !context.is_unsure && is_plain(range);
    let Some(range) = create.relation.as_ref().filter(asks) else { return false };
    let schema = match range.schemaname.as_str() {
        "" => path.iter().find(|schema| context.catalog.schemas.contains(*schema)),
        _ => Some(&range.schemaname),
    };
    schema.is_some_and(|schema| context.catalog.relation_named(schema, &range.relname).is_some())
}

/// Its elements are statements of their own.
fn create_schema(statement: &Statement<'_>, create: &CreateSchemaStmt) -> Result<Verdict> {
    let apart = || {
        let message = "an element of CREATE SCHEMA that needs a statement of its own";
        Stop::not_understood("schema-element", message, "Create the schema first.")
    };
    if !create.schema_elts.is_empty() && statement.mentions() {
        return Err(apart());
    }
    for element in create.schema_elts.iter().filter_map(|element| element.node.as_ref()) {
        if let Verdict::Rewrite(_) | Verdict::Refuse(_) = utility(statement, element)? {
            return Err(apart());
        }
    }
    other(statement, &NodeEnum::CreateSchemaStmt(Default::default()))
}

/// A foreign key tells which values there are, of rows that a filter hides too.
fn refers_to_interest(element: &Node, statement: &Statement<'_>) -> bool {
    let is_protected = |constraint: &Node| match &constraint.node {
        Some(NodeEnum::Constraint(constraint)) => {
            let referred = constraint.pktable.as_ref();
            referred.is_some_and(|range| statement.context.rights.is_name_of_interest(&range.relname))
        }
        _ => false,
    };
    match &element.node {
        Some(NodeEnum::ColumnDef(column)) => column.constraints.iter().any(is_protected),
        _ => is_protected(element),
    }
}

/// An index over a sealed column is one over its equality prefix; it may be written as that too, as a dump has it.
fn create_index(statement: &Statement<'_>, index: &IndexStmt) -> Result<Verdict> {
    if !statement.touches() {
        return other(statement, &NodeEnum::IndexStmt(Box::default()));
    }
    if !statement.context.rights.sees_everything() {
        return Err(denied(statement, "indexes on protected relations"));
    }
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    let mut rewritten = index.clone();
    let Some(rights) = protected(&mut analyzer, rewritten.relation.as_ref())? else {
        return Ok(Verdict::Pass(Effect::CatalogChanged));
    };
    for element in &mut rewritten.index_params {
        let Some(NodeEnum::IndexElem(element)) = &mut element.node else { continue };
        let is_sealed = |column: &&str| rights.column(column).is_some_and(|column| column.sealed.is_some());
        if let Some(column) = element.expr.as_deref().and_then(term_of).filter(is_sealed) {
            element.name = column.to_owned();
        } else if let Some(expression) = element.expr.as_deref() {
            names_no_sealed(expression, &rights)?;
        }
        let Some(sealed) = rights.column(&element.name).and_then(|column| column.sealed.as_ref()) else { continue };
        analyzer.look_up(std::slice::from_ref(sealed))?;
        let name = std::mem::take(&mut element.name);
        element.expr = Some(Box::new(build::term(build::column([name.as_str()]))));
        element.opclass.clear();
    }
    if let Some(condition) = rewritten.where_clause.as_deref() {
        names_no_sealed(condition, &rights)?;
    }
    let text = sql::print(build::node(NodeEnum::IndexStmt(Box::new(rewritten))))?;
    Ok(Verdict::Rewrite(Arc::new(analyzer.plan(text, None, Effect::CatalogChanged))))
}

/// The column of `left(column, 27)`.
pub(super) fn term_of(expression: &Node) -> Option<&str> {
    let Some(NodeEnum::FuncCall(call)) = &expression.node else { return None };
    let names: Vec<&str> = call.funcname.iter().filter_map(naming::string).collect();
    let [column, chars] = call.args.as_slice() else { return None };
    let is_term = matches!(names.as_slice(), ["left"] | ["pg_catalog", "left"]) && is_term_length(chars);
    let Some(NodeEnum::ColumnRef(column)) = column.node.as_ref().filter(|_| is_term) else { return None };
    match column.fields.as_slice() {
        [name] => naming::string(name),
        _ => None,
    }
}

fn is_term_length(node: &Node) -> bool {
    let Some(NodeEnum::AConst(constant)) = &node.node else { return false };
    let Some(a_const::Val::Ival(number)) = &constant.val else { return false };
    usize::try_from(number.ival) == Ok(TERM_CHARS)
}

fn protected(analyzer: &mut Analyzer<'_>, range: Option<&RangeVar>) -> Result<Option<Arc<RelationRights>>> {
    match range {
        Some(range) => match analyzer.referred(range)? {
            Referred::Protected(rights) => Ok(Some(rights)),
            Referred::View(..)
            | Referred::Inlined(..)
            | Referred::NewView(_)
            | Referred::Open(_)
            | Referred::Unseen => Ok(None),
        },
        None => Ok(None),
    }
}

fn names_no_sealed(expression: &Node, rights: &RelationRights) -> Result<()> {
    for text in sql::inventory(expression).texts {
        if let Some(sealed) = rights.column(&text).and_then(|column| column.sealed.as_ref()) {
            return Err(Stop::unsupported("ddl-on-sealed", "an expression in DDL", &sealed.column, ""));
        }
    }
    Ok(())
}

/// Every sealed column's type, defaults and constraints belong to the policy.
fn alter_table(statement: &Statement<'_>, alter: &AlterTableStmt) -> Result<Verdict> {
    refuse_new_views(statement)?;
    let changed = of(alter.relation.as_ref().filter(|_| alter.cmds.iter().any(changes_columns)), Change::Columns);
    if !statement.mentions() {
        return changing(statement, &NodeEnum::AlterTableStmt(Default::default()), changed);
    }
    if !statement.context.rights.sees_everything() {
        return Err(denied(statement, "ALTER on protected relations"));
    }
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    let Some(rights) = protected(&mut analyzer, alter.relation.as_ref())? else {
        return Ok(Verdict::Pass(effect(changed, false)));
    };
    for command in &alter.cmds {
        if is_unique_constraint(command) {
            let what = "a unique or other constraint on a protected relation";
            names_no_sealed(command, &rights)
                .map_err(|_| Stop::not_understood("ddl-on-sealed", what, "Write CREATE UNIQUE INDEX instead."))?;
        }
        names_no_sealed(command, &rights)?;
    }
    Ok(Verdict::Pass(effect(changed, false)))
}

fn changes_columns(command: &Node) -> bool {
    let Some(NodeEnum::AlterTableCmd(command)) = &command.node else { return true };
    matches!(
        AlterTableType::try_from(command.subtype),
        Ok(AlterTableType::AtAddColumn
            | AlterTableType::AtDropColumn
            | AlterTableType::AtAddInherit
            | AlterTableType::AtDropInherit
            | AlterTableType::AtAddOf)
    )
}

fn is_unique_constraint(command: &Node) -> bool {
    let Some(NodeEnum::AlterTableCmd(command)) = &command.node else { return false };
    match command.def.as_deref().and_then(|def| def.node.as_ref()) {
        Some(NodeEnum::Constraint(constraint)) => constraint.contype == i32::from(ConstrType::ConstrUnique),
        _ => false,
    }
}

fn truncate_tables(statement: &Statement<'_>, relations: &[Node]) -> Result<Verdict> {
    if !statement.touches() {
        return other(statement, &NodeEnum::TruncateStmt(Default::default()));
    }
    statement.code()?;
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    for relation in relations {
        let Some(NodeEnum::RangeVar(range)) = &relation.node else { continue };
        let Some(rights) = protected(&mut analyzer, Some(range))? else { continue };
        if rights.is_denied() || rights.filter.is_some() {
            let message = format!("permission denied to truncate {}", rights.full_name());
            return Err(Stop::denied(
                "truncate",
                message,
                vec![rights.full_name()],
                "The role does not see all its rows.",
            ));
        }
        analyzer.touch_relation(&rights);
        analyzer.touch(&rights.full_name(), TouchAction::Write);
    }
    Ok(Verdict::Rewrite(Arc::new(analyzer.plan(statement.source.to_owned(), None, Effect::None))))
}
