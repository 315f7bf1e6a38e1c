//! SET, RESET and `set_config`: settings that change how text is read, and which the server does not report.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{FuncCall, Node, SelectStmt, VariableSetKind, VariableSetStmt};

use super::Statement;
use super::constant::{Literal, literal};
use super::naming::strings;
use super::stop::{Result, Stop};
use crate::plan::{Effect, Verdict};

pub(super) fn set(set: &VariableSetStmt) -> Result<Verdict> {
    let value = set.args.first().and_then(text);
    let resets_all = set.kind == i32::from(VariableSetKind::VarResetAll);
    let name = set.name.to_ascii_lowercase();
    check(&name, value.as_deref())?;
    match name.as_str() {
        "search_path" | "role" | "session_authorization" => Ok(Verdict::Pass(Effect::SettingsChanged)),
        "datestyle" | "timezone" | "intervalstyle" | "client_encoding" | "names" => {
            Ok(Verdict::Pass(Effect::ReportedSettingChanged))
        }
        _ if resets_all => Ok(Verdict::Pass(Effect::SettingsChanged)),
        _ => Ok(Verdict::Pass(Effect::None)),
    }
}

/// `SELECT set_config('name', 'value', …)` by itself, as pg_dump and connection pools send it, is SET in other words.
/// `None` for any other statement.
pub(super) fn set_config(statement: &Statement<'_>) -> Option<Result<Verdict>> {
    let Some(NodeEnum::SelectStmt(select)) = &statement.tree.node else { return None };
    let (name, value) = named_in(select)?;
    let mut meant = statement.context.catalog.functions_named(None, SET_CONFIG);
    if !meant.all(|function| function.schema == "pg_catalog") {
        return None;
    }
    let set = || Ok(Verdict::Rewrite(Arc::new(statement.watched(Effect::AnythingChanged))));
    Some(check(&name, Some(&value)).and_then(|()| set()))
}

const SET_CONFIG: &str = "set_config";

/// The setting's name and its new value, both in lower case.
fn named_in(select: &SelectStmt) -> Option<(String, String)> {
    let [Node { node: Some(NodeEnum::ResTarget(target)) }] = select.target_list.as_slice() else { return None };
    let Some(NodeEnum::FuncCall(call)) = &target.val.as_deref()?.node else { return None };
    let alone = SelectStmt {
        target_list: select.target_list.clone(),
        limit_option: select.limit_option,
        op: select.op,
        ..SelectStmt::default()
    };
    let is_alone = *select == alone && **call == plain(call);
    let is_meant = matches!(strings(&call.funcname).as_slice(), [only] if only == SET_CONFIG)
        || matches!(strings(&call.funcname).as_slice(), [schema, name] if schema == "pg_catalog" && name == SET_CONFIG);
    match call.args.as_slice() {
        [name, value, is_local] if is_alone && is_meant && text(is_local).is_some() => {
            Some((text(name)?, text(value)?))
        }
        _ => None,
    }
}

/// The call without anything but its arguments.
fn plain(call: &FuncCall) -> FuncCall {
    FuncCall {
        funcname: call.funcname.clone(),
        args: call.args.clone(),
        funcformat: call.funcformat,
        location: call.location,
        ..FuncCall::default()
    }
}

fn text(value: &Node) -> Option<String> {
    match literal(value) {
        Some(Literal::Text { text, .. }) => Some(text.to_ascii_lowercase()),
        Some(Literal::Null | Literal::Parameter { .. }) | None => None,
    }
}

fn check(name: &str, value: Option<&str>) -> Result<()> {
    match name {
        "standard_conforming_strings" if value.is_some_and(|value| !is_on(value)) => Err(Stop::not_understood(
            "setting",
            "turning standard_conforming_strings off",
            "Write E'…' where a backslash is meant as an escape.",
        )),
        "bytea_output" if value.is_some_and(|value| value != "hex") => Err(Stop::not_understood(
            "setting",
            "bytea_output other than hex",
            "The server does not report this setting; encrypted bytea columns are shown in hex.",
        )),
        _ => Ok(()),
    }
}

fn is_on(value: &str) -> bool {
    matches!(value, "on" | "true" | "t" | "yes" | "y" | "1")
}
