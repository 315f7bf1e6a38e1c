//! The names that PostgreSQL gives to columns nobody named.
//! Source: `FigureColnameInternal`, PostgreSQL `src/backend/parser/parse_target.c`

use pg_query::NodeEnum;
use pg_query::protobuf::{MinMaxOp, Node, ResTarget, SelectStmt, SqlValueFunctionOp, SubLinkType};

const UNNAMED: &str = "?column?";

/// The strings of a list of names; anything else is left out.
pub(super) fn strings(nodes: &[Node]) -> Vec<String> {
    nodes.iter().filter_map(|node| string(node).map(str::to_owned)).collect()
}

pub(super) fn string(node: &Node) -> Option<&str> {
    match &node.node {
        Some(NodeEnum::String(text)) => Some(&text.sval),
        _ => None,
    }
}

/// The name of an output column.
pub(super) fn of_target(target: &ResTarget) -> String {
    if !target.name.is_empty() {
        return target.name.clone();
    }
    target.val.as_deref().map_or_else(|| UNNAMED.to_owned(), of_value)
}

/// The name of a value's column.
pub(super) fn of_value(value: &Node) -> String {
    figure(value).map_or_else(|| UNNAMED.to_owned(), |(name, _)| name)
}

/// A name and how strongly it is meant: a type's name gives way to what is cast.
fn figure(node: &Node) -> Option<(String, u8)> {
    let strong = |name: &str| Some((name.to_owned(), 2));
    match node.node.as_ref()? {
        NodeEnum::ColumnRef(column) => column.fields.iter().rev().find_map(string).and_then(strong),
        NodeEnum::AIndirection(part) => match part.indirection.iter().rev().find_map(string) {
            Some(field) => strong(field),
            None => figure(part.arg.as_deref()?),
        },
        NodeEnum::FuncCall(call) => call.funcname.last().and_then(string).and_then(strong),
        NodeEnum::AExpr(expr) if expr.kind == i32::from(pg_query::protobuf::AExprKind::AexprNullif) => strong("nullif"),
        NodeEnum::TypeCast(cast) => match cast.arg.as_deref().and_then(figure) {
            Some((name, 2)) => strong(&name),
            weak => match cast.type_name.as_ref().and_then(|ty| ty.names.last()).and_then(string) {
                Some(ty) => Some((ty.to_owned(), 1)),
                None => weak,
            },
        },
        NodeEnum::CollateClause(collate) => figure(collate.arg.as_deref()?),
        NodeEnum::GroupingFunc(_) => strong("grouping"),
        NodeEnum::MergeSupportFunc(_) => strong("merge_action"),
        NodeEnum::SubLink(link) => of_sublink(link.sub_link_type, link.subselect.as_deref()?),
        NodeEnum::CaseExpr(case) => match case.defresult.as_deref().and_then(figure) {
            Some((name, 2)) => strong(&name),
            _ => Some(("case".to_owned(), 1)),
        },
        NodeEnum::AArrayExpr(_) => strong("array"),
        NodeEnum::RowExpr(_) => strong("row"),
        NodeEnum::CoalesceExpr(_) => strong("coalesce"),
        NodeEnum::MinMaxExpr(expr) if expr.op == i32::from(MinMaxOp::IsLeast) => strong("least"),
        NodeEnum::MinMaxExpr(_) => strong("greatest"),
        NodeEnum::SqlvalueFunction(function) => strong(of_value_function(function.op)),
        NodeEnum::XmlSerialize(_) => strong("xmlserialize"),
        _ => None,
    }
}

fn of_sublink(kind: i32, subselect: &Node) -> Option<(String, u8)> {
    match SubLinkType::try_from(kind) {
        Ok(SubLinkType::ExistsSublink) => Some(("exists".to_owned(), 2)),
        Ok(SubLinkType::ArraySublink) => Some(("array".to_owned(), 2)),
        Ok(SubLinkType::ExprSublink) => match subselect.node.as_ref()? {
            NodeEnum::SelectStmt(select) => first_target(select).map(|target| (of_target(target), 2)),
            _ => None,
        },
        _ => None,
    }
}

fn first_target(select: &SelectStmt) -> Option<&ResTarget> {
    match select.target_list.first()?.node.as_ref()? {
        NodeEnum::ResTarget(target) => Some(target),
        _ => None,
    }
}

fn of_value_function(op: i32) -> &'static str {
    use SqlValueFunctionOp as Op;
    match Op::try_from(op) {
        Ok(Op::SvfopCurrentDate) => "current_date",
        Ok(Op::SvfopCurrentTime | Op::SvfopCurrentTimeN) => "current_time",
        Ok(Op::SvfopCurrentTimestamp | Op::SvfopCurrentTimestampN) => "current_timestamp",
        Ok(Op::SvfopLocaltime | Op::SvfopLocaltimeN) => "localtime",
        Ok(Op::SvfopLocaltimestamp | Op::SvfopLocaltimestampN) => "localtimestamp",
        Ok(Op::SvfopCurrentRole) => "current_role",
        Ok(Op::SvfopCurrentUser) => "current_user",
        Ok(Op::SvfopUser) => "user",
        Ok(Op::SvfopSessionUser) => "session_user",
        Ok(Op::SvfopCurrentCatalog) => "current_catalog",
        Ok(Op::SvfopCurrentSchema) => "current_schema",
        Ok(Op::SqlvalueFunctionOpUndefined) | Err(_) => "?column?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_postgresqls() {
        for (sql, expect) in [
            ("a.b", "b"),
            ("a + 1", "?column?"),
            ("lower(x)", "lower"),
            ("x::int", "x"),
            ("1::int", "int4"),
            ("date '2020-01-01'", "date"),
            ("CASE WHEN a THEN b END", "case"),
            ("CASE WHEN a THEN b ELSE c END", "c"),
            ("CASE WHEN a THEN 1 ELSE 2::int END", "case"),
            ("(SELECT phone FROM c)", "phone"),
            ("EXISTS (SELECT 1)", "exists"),
            ("coalesce(a, b)", "coalesce"),
            ("current_date", "current_date"),
            ("a AS \"X y\"", "X y"),
            ("(c).d", "d"),
            ("NULL", "?column?"),
        ] {
            let Ok(NodeEnum::SelectStmt(select)) = crate::sql::query(&format!("SELECT {sql}")) else { panic!("{sql}") };
            assert_eq!(of_target(first_target(&select).unwrap()), expect, "{sql}");
        }
    }
}
