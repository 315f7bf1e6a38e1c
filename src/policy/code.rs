//! Functions and procedures that pgveil cannot look into, and what the policy says of each.

use super::check::{Finding, Severity};
use super::{ListedFunction, Policy};
use crate::catalog::functions::{FIRST_NORMAL_OID, classify};
use crate::catalog::{Catalog, Function, FunctionClass};

/// One note for each function that is opaque, with its language and volatility; a warning for each that the policy lists
/// and the database does not have.
pub(super) fn findings(policy: &Policy, catalog: &Catalog) -> Vec<Finding> {
    let functions = catalog.functions.values().flatten();
    let opaque = functions.filter(|f| f.oid >= FIRST_NORMAL_OID && classify(f) != FunctionClass::BuiltinSafe);
    let mut findings: Vec<Finding> = opaque.map(|function| note(function, listed(policy, function))).collect();
    let is_there = |named: &ListedFunction| catalog.functions_named(Some(&named.schema), &named.name).next().is_some();
    let missing = policy.functions.iter().filter(|named| !is_there(named)).map(|named| Finding {
        severity: Severity::Warning,
        object: format!("{}.{}", named.schema, named.name),
        message: "listed under `functions`, and no such function or procedure".to_owned(),
        ddl: None,
    });
    findings.extend(missing);
    findings
}

fn listed<'p>(policy: &'p Policy, function: &Function) -> Option<&'p ListedFunction> {
    policy.functions.iter().find(|named| named.schema == function.schema && named.name == function.name)
}

fn note(function: &Function, listed: Option<&ListedFunction>) -> Finding {
    let says = match listed {
        Some(named) if named.returns.is_empty() => "listed: every role may run it".to_owned(),
        Some(named) => format!("listed: every role may run it; it returns {}", named.returns.join(", ")),
        None => "not listed: roles that see anything masked may not run it".to_owned(),
    };
    let volatility = match function.volatility {
        'i' => "immutable",
        's' => "stable",
        _ => "volatile",
    };
    let kind = if function.kind == 'p' { "procedure" } else { "function" };
    let definer = if function.security_definer { ", with its owner's rights" } else { "" };
    Finding {
        severity: Severity::Note,
        object: format!("{}.{}", function.schema, function.name),
        message: format!("{kind} in {}, {volatility}{definer}; {says}", function.language),
        ddl: None,
    }
}
