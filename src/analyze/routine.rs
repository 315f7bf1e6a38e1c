//! CREATE, ALTER and RENAME of functions by callers from whom something is hidden.
//!
//! Calls of functions that the proxy does not know are refused where they are made. So nobody may make one that is
//! called without a name of its own: in the place of a built-in one, of one that other objects run, of one that the
//! policy vouches for, or in the notation of a column.

use pg_query::NodeEnum;
use pg_query::protobuf::{CreateFunctionStmt, FunctionParameterMode, Node, ObjectType, RenameStmt, TypeName};

use super::naming::{string, strings};
use super::stop::{Result, Stop};
use super::{Context, Statement};
use crate::plan::{Effect, Verdict};

pub(super) fn create(statement: &Statement<'_>, create: &CreateFunctionStmt) -> Result<Verdict> {
    if !statement.context.rights.sees_everything()
        && let Some(what) = hidden_call(create, statement.context)
    {
        let hint = "It would be called where no call of it can be seen.";
        return Err(Stop::denied("hidden-call", format!("permission denied to create {what}"), Vec::new(), hint));
    }
    Ok(Verdict::Pass(Effect::CatalogChanged))
}

/// Why calls of such a function could not be recognised.
fn hidden_call(create: &CreateFunctionStmt, context: &Context<'_>) -> Option<&'static str> {
    let names = strings(&create.funcname);
    let name = names.last().map_or("", String::as_str);
    let takes_row = || first_type(&create.parameters).is_some_and(|ty| may_be_row(ty, context));
    if is_c(create) {
        Some("a function in C")
    } else if context.catalog.builtins.contains_key(name) {
        Some("a function of a built-in one's name")
    } else if context.rights.is_name_listed(name) {
        Some("a function of a name that the policy lists")
    } else if create.replace && context.catalog.functions_named(None, name).next().is_some() {
        Some("a function in the place of another")
    } else if takes_row() {
        Some("a function that takes a row, which reads like a column of it")
    } else {
        None
    }
}

fn is_c(create: &CreateFunctionStmt) -> bool {
    create.options.iter().any(|option| match &option.node {
        Some(NodeEnum::DefElem(option)) if option.defname == "language" => {
            option.arg.as_deref().and_then(string).is_some_and(|language| language.eq_ignore_ascii_case("c"))
        }
        _ => false,
    })
}

/// The type of the first argument that a call passes.
fn first_type(parameters: &[Node]) -> Option<&TypeName> {
    let mut parameters = parameters.iter().filter_map(|parameter| match &parameter.node {
        Some(NodeEnum::FunctionParameter(parameter)) => Some(parameter),
        _ => None,
    });
    let is_passed = |mode: i32| {
        use FunctionParameterMode as Mode;
        !matches!(Mode::try_from(mode), Ok(Mode::FuncParamOut | Mode::FuncParamTable))
    };
    parameters.find(|parameter| is_passed(parameter.mode))?.arg_type.as_ref()
}

/// Whether values of a type may be rows: one of a relation, of a domain over one, or of a pseudo-type that takes any.
fn may_be_row(ty: &TypeName, context: &Context<'_>) -> bool {
    if !ty.array_bounds.is_empty() {
        return false;
    }
    let names = strings(&ty.names);
    let Some(name) = names.last().filter(|_| !ty.pct_type) else { return true };
    let catalog = context.catalog;
    let takes_any = name == "record" || name.starts_with("any");
    let mut bearers = catalog.types.values().filter(|known| known.name == *name).peekable();
    let is_known = bearers.peek().is_some() || names.first().is_some_and(|schema| schema == "pg_catalog");
    let is_scalar = |known: &crate::catalog::TypeInfo| known.schema == "pg_catalog" || known.base.is_none();
    takes_any || !is_known || !bearers.all(is_scalar) || names_relation(name, context)
}

/// A relation of the type's name outside `pg_catalog`: every relation is the type of its rows.
fn names_relation(name: &str, context: &Context<'_>) -> bool {
    context.catalog.bearing(name).any(|relation| relation.schema != "pg_catalog")
}

/// ALTER FUNCTION changes what is known of a function, such as that it is immutable.
pub(super) fn alter(statement: &Statement<'_>) -> Result<Verdict> {
    match statement.context.rights.sees_everything() {
        true => Ok(Verdict::Pass(Effect::CatalogChanged)),
        false => Err(Stop::denied("hidden-call", "permission denied to alter functions", Vec::new(), "")),
    }
}

/// Whether a function gets another name, under which the open transaction knows what the catalog does not.
pub(super) fn is_renamed(rename: &RenameStmt) -> bool {
    use ObjectType as Type;
    matches!(
        Type::try_from(rename.rename_type),
        Ok(Type::ObjectFunction | Type::ObjectProcedure | Type::ObjectRoutine | Type::ObjectAggregate)
    )
}
