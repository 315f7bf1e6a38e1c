//! Settings: SET and RESET, and the queries that are SET in other words.

use pg_query::NodeEnum;
use pg_query::protobuf::{FuncCall, Node, SelectStmt, VariableSetKind, VariableSetStmt};

use super::Statement;
use super::build;
use super::constant::{Literal, literal};
use super::naming::strings;
use super::rights::Rights;
use super::stop::{Result, Stop};
use crate::plan::{Effect, Verdict};
use crate::sql;

/// The function that is SET in other words.
pub(super) const SET_CONFIG: &str = "set_config";

pub(super) fn setting(set: &VariableSetStmt, rights: &Rights) -> Result<Verdict> {
    let value = set.args.first().and_then(|arg| match literal(arg) {
        Some(Literal::Text { text, .. }) => Some(text.to_ascii_lowercase()),
        _ => None,
    });
    // Only protected values are written and shown in one way alone
    let is_unusual = |is_usual: fn(&str) -> bool| {
        !rights.protects_nothing() && value.as_deref().is_some_and(|value| !is_usual(value))
    };
    let resets_all = set.kind == i32::from(VariableSetKind::VarResetAll);
    match set.name.to_ascii_lowercase().as_str() {
        "standard_conforming_strings" if is_unusual(is_on) => Err(Stop::not_understood(
            "setting",
            "turning standard_conforming_strings off",
            "Write E'…' where a backslash is meant as an escape.",
        )),
        "bytea_output" if is_unusual(|value| value == "hex") => Err(Stop::not_understood(
            "setting",
            "bytea_output other than hex",
            "The server does not report this setting; encrypted bytea columns are shown in hex.",
        )),
        // A row filter asks who the session is of
        "session_authorization" if value.is_some() && !rights.sees_everything() => {
            let hint = "SET ROLE changes what the database allows, and nothing of what is shown.";
            Err(Stop::denied("session-authorization", "permission denied to become another login", Vec::new(), hint))
        }
        "search_path" | "role" | "session_authorization" => Ok(Verdict::Pass(Effect::SettingsChanged)),
        "datestyle" | "timezone" | "intervalstyle" | "client_encoding" | "names" => {
            Ok(Verdict::Pass(Effect::ReportedSettingChanged))
        }
        _ if resets_all => Ok(Verdict::Pass(Effect::SettingsChanged)),
        _ => Ok(Verdict::Pass(Effect::None)),
    }
}

/// Whether a query does no more than SET does, as pg_dump and connection pools write it; then what SET would be:
/// `SELECT pg_catalog.set_config('name', 'value', false)`, or the same where the server knows the setting.
pub(super) fn set_config(statement: &Statement<'_>, select: &SelectStmt) -> Option<VariableSetStmt> {
    let [Node { node: Some(NodeEnum::ResTarget(target)) }] = select.target_list.as_slice() else { return None };
    let Some(NodeEnum::FuncCall(call)) = &target.val.as_deref()?.node else { return None };
    if strings(&call.funcname).last().is_none_or(|name| name != SET_CONFIG) {
        return None;
    }
    let rest = SelectStmt { target_list: Vec::new(), ..select.clone() };
    let name = match rest == build::empty_select() {
        true => by_name(statement, call)?,
        false => where_known(statement, select, call)?,
    };
    Some(VariableSetStmt { name, args: call.args.get(1).cloned().into_iter().collect(), ..VariableSetStmt::default() })
}

fn by_name(statement: &Statement<'_>, call: &FuncCall) -> Option<String> {
    let is_bare = call.agg_filter.is_none() && call.over.is_none() && call.agg_order.is_empty();
    let catalog = statement.context.catalog;
    let is_builtin = || catalog.functions_named(None, SET_CONFIG).all(|function| function.schema == "pg_catalog");
    let names = strings(&call.funcname);
    let is_named = names == ["pg_catalog", SET_CONFIG] || names == [SET_CONFIG] && is_builtin();
    let is_meant = is_named && is_bare;
    let [name, value, is_local] = call.args.as_slice() else { return None };
    let are_constant = text(value).is_some() && text(is_local).is_some();
    text(name).filter(|_| is_meant && are_constant)
}

/// What pg_dump asks for since 2024, and pgAdmin as soon as it is connected. Unqualified as they are, nothing of a user's may
/// bear one of their names.
fn where_known(statement: &Statement<'_>, select: &SelectStmt, call: &FuncCall) -> Option<String> {
    let Some(NodeEnum::AExpr(condition)) = &select.where_clause.as_deref()?.node else { return None };
    let (name, value) = (text(condition.rexpr.as_deref()?)?, text(call.args.get(1)?)?);
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let (known, set) = (quoted(&name), quoted(&value));
    let meant = [
        format!("SELECT set_config(name, {set}, false) FROM pg_settings WHERE name = {known}"),
        format!("SELECT set_config({known}, {set}, false) FROM pg_show_all_settings() WHERE name = {known}"),
    ];
    let said = sql::print(statement.tree.clone()).ok()?;
    let is_said = |meant: &String| {
        let meant = sql::query(meant).ok().map(|query| Node { node: Some(query) });
        meant.and_then(|meant| sql::print(meant).ok()).is_some_and(|meant| meant == said)
    };
    let catalog = statement.context.catalog;
    let is_builtin = |name| catalog.functions_named(None, name).all(|function| function.schema == "pg_catalog");
    let are_builtin = is_builtin(SET_CONFIG)
        && is_builtin("pg_show_all_settings")
        && catalog.bearing("pg_settings").all(|relation| relation.schema == "pg_catalog");
    (meant.iter().any(is_said) && are_builtin && !statement.context.is_unsure).then_some(name)
}

fn text(node: &Node) -> Option<String> {
    match literal(node)? {
        Literal::Text { text, .. } => Some(text),
        Literal::Null | Literal::Parameter { .. } => None,
    }
}

fn is_on(value: &str) -> bool {
    matches!(value, "on" | "true" | "t" | "yes" | "y" | "1")
}
