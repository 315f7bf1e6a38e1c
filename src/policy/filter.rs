//! A row filter: one condition whose names mean what they meant to its author, whatever a client's session has made
//! since. An operator, a function or a table that a client puts before the meant one on its search_path would let it
//! see the rows that the filter hides.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AExpr, AExprKind, BoolExpr, BoolExprType, JoinExpr, Node, ResTarget, SelectStmt, SqlValueFunctionOp, SubLink,
    SubLinkType,
};

use crate::sql;

/// Which rows exist for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// As the policy's author wrote it.
    pub written: String,
    /// With `pg_catalog` before each name that has no schema of its own.
    pub sql: String,
}

impl Filter {
    /// # Errors
    /// What in the text a filter cannot hold, for the policy's author.
    pub fn parse(written: &str) -> Result<Self, String> {
        let mut expression = one_expression(written)?;
        pin(&mut expression)?;
        let target = ResTarget { val: Some(Box::new(expression)), ..ResTarget::default() };
        let target = Node { node: Some(NodeEnum::ResTarget(Box::new(target))) };
        let select = SelectStmt { target_list: vec![target], ..empty_select() };
        let select = Node { node: Some(NodeEnum::SelectStmt(Box::new(select))) };
        let printed = sql::print(select).map_err(|_| "the filter cannot be written with qualified names".to_owned())?;
        let sql = printed.strip_prefix("SELECT ").unwrap_or(&printed).to_owned();
        Ok(Self { written: written.trim().to_owned(), sql })
    }
}

/// `a) OR (b` closes a parenthesis that is not its own: it must parse alone as well as between parentheses.
fn one_expression(written: &str) -> Result<Node, String> {
    let not_one = || "the filter is not one SQL expression".to_owned();
    let alone = sole_output(&format!("SELECT {written}")).ok_or_else(not_one)?;
    match sole_output(&format!("SELECT ({written})")).is_some() && !written.contains(';') {
        true => Ok(alone),
        false => Err(not_one()),
    }
}

fn sole_output(query: &str) -> Option<Node> {
    let Ok(NodeEnum::SelectStmt(mut select)) = sql::query(query) else { return None };
    let target = select.target_list.pop()?;
    match target.node {
        Some(NodeEnum::ResTarget(target)) if *select == empty_select() && target.name.is_empty() => {
            target.val.map(|value| *value)
        }
        _ => None,
    }
}

fn empty_select() -> SelectStmt {
    SelectStmt {
        limit_option: pg_query::protobuf::LimitOption::Default.into(),
        op: pg_query::protobuf::SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    }
}

/// Writes schemas before names. Knows the nodes that conditions are made of, and refuses any other.
fn pin(node: &mut Node) -> Result<(), String> {
    match &mut node.node {
        None => Ok(()),
        Some(NodeEnum::ColumnRef(_) | NodeEnum::AConst(_)) => Ok(()),
        Some(NodeEnum::SqlvalueFunction(value)) => clients_own(value.op()),
        Some(NodeEnum::FuncCall(call)) => {
            let is_plain = call.over.is_none() && call.agg_filter.is_none() && call.agg_order.is_empty();
            if !is_plain || call.agg_within_group {
                return Err("the filter uses an aggregate or window function".to_owned());
            }
            called(call.funcname.last().map(text).unwrap_or_default())?;
            if call.funcname.len() == 1 {
                call.funcname.insert(0, name("pg_catalog"));
            }
            all(&mut call.args)
        }
        Some(NodeEnum::TypeCast(cast)) => {
            if let Some(ty) = cast.type_name.as_mut().filter(|ty| ty.names.len() == 1) {
                ty.names.insert(0, name("pg_catalog"));
            }
            each(cast.arg.as_deref_mut())
        }
        Some(NodeEnum::AExpr(expr)) => {
            each(expr.lexpr.as_deref_mut())?;
            each(expr.rexpr.as_deref_mut())?;
            let pinned = operator(expr)?;
            *node = pinned;
            Ok(())
        }
        Some(NodeEnum::BoolExpr(expr)) => all(&mut expr.args),
        Some(NodeEnum::NullTest(test)) => each(test.arg.as_deref_mut()),
        Some(NodeEnum::BooleanTest(test)) => each(test.arg.as_deref_mut()),
        Some(NodeEnum::CoalesceExpr(expr)) => all(&mut expr.args),
        Some(NodeEnum::List(list)) => all(&mut list.items),
        Some(NodeEnum::AArrayExpr(array)) => all(&mut array.elements),
        Some(NodeEnum::CaseExpr(case)) if case.arg.is_none() => {
            all(&mut case.args)?;
            each(case.defresult.as_deref_mut())
        }
        Some(NodeEnum::CaseWhen(when)) => {
            each(when.expr.as_deref_mut())?;
            each(when.result.as_deref_mut())
        }
        Some(NodeEnum::SubLink(link)) => subquery(link),
        Some(NodeEnum::ResTarget(target)) => each(target.val.as_deref_mut()),
        Some(NodeEnum::RangeVar(range)) if range.schemaname.is_empty() => Err(format!(
            "the filter names `{}` without its schema: the client's search_path would decide which it is",
            range.relname
        )),
        Some(NodeEnum::RangeVar(_)) => Ok(()),
        Some(NodeEnum::JoinExpr(join)) => pin_join(join),
        Some(_) => Err("the filter uses a form of SQL that filters do not know: write it more simply".to_owned()),
    }
}

fn each(node: Option<&mut Node>) -> Result<(), String> {
    node.map_or(Ok(()), pin)
}

fn all(nodes: &mut [Node]) -> Result<(), String> {
    nodes.iter_mut().try_for_each(pin)
}

fn clients_own(value: SqlValueFunctionOp) -> Result<(), String> {
    use SqlValueFunctionOp as Op;
    let word = match value {
        Op::SvfopCurrentUser => "current_user",
        Op::SvfopCurrentRole => "current_role",
        Op::SvfopUser => "user",
        Op::SvfopCurrentSchema => "current_schema",
        _ => return Ok(()),
    };
    Err(format!("the filter uses `{word}`, which the client can change: `session_user` is the login"))
}

fn called(function: &str) -> Result<(), String> {
    match function {
        "current_setting" | "set_config" | "current_user" | "current_schema" | "current_schemas" | "getpgusername" => {
            let instead = "look `session_user` up in a table";
            Err(format!("the filter uses `{function}`, which the client sets for itself: {instead}"))
        }
        _ => Ok(()),
    }
}

fn operator(expr: &mut AExpr) -> Result<Node, String> {
    let (left, right) = (expr.lexpr.take(), expr.rexpr.take());
    let symbol = expr.name.last().map(text).unwrap_or_default().to_owned();
    match expr.kind() {
        AExprKind::AexprOp | AExprKind::AexprOpAny | AExprKind::AexprOpAll => {
            let is_qualified = expr.name.len() > 1;
            let names = if is_qualified { std::mem::take(&mut expr.name) } else { pinned(&symbol) };
            Ok(made(expr.kind(), names, left, right))
        }
        AExprKind::AexprLike | AExprKind::AexprIlike => Ok(made(AExprKind::AexprOp, pinned(&symbol), left, right)),
        AExprKind::AexprIn => {
            let (Some(left), Some(NodeEnum::List(list))) = (left, right.and_then(|right| right.node)) else {
                return Err("the filter has an IN without a list".to_owned());
            };
            let item = |item: Node| made(AExprKind::AexprOp, pinned(&symbol), Some(left.clone()), Some(Box::new(item)));
            let of = if symbol == "=" { BoolExprType::OrExpr } else { BoolExprType::AndExpr };
            Ok(joined(of, list.items.into_iter().map(item).collect()))
        }
        AExprKind::AexprBetween => {
            let Some(NodeEnum::List(bounds)) = right.and_then(|right| right.node) else {
                return Err("the filter has a BETWEEN without bounds".to_owned());
            };
            let bound = |(bound, symbol): (Node, &str)| {
                made(AExprKind::AexprOp, pinned(symbol), left.clone(), Some(Box::new(bound)))
            };
            Ok(joined(BoolExprType::AndExpr, bounds.items.into_iter().zip([">=", "<="]).map(bound).collect()))
        }
        _ => Err("the filter compares in a form that cannot name its operator: write it with `=`".to_owned()),
    }
}

fn made(kind: AExprKind, names: Vec<Node>, left: Option<Box<Node>>, right: Option<Box<Node>>) -> Node {
    let expr = AExpr { kind: kind.into(), name: names, lexpr: left, rexpr: right, ..AExpr::default() };
    Node { node: Some(NodeEnum::AExpr(Box::new(expr))) }
}

/// A single one stands for itself.
fn joined(of: BoolExprType, mut args: Vec<Node>) -> Node {
    match args.len() {
        1 => args.swap_remove(0),
        _ => Node {
            node: Some(NodeEnum::BoolExpr(Box::new(BoolExpr { boolop: of.into(), args, ..BoolExpr::default() }))),
        },
    }
}

fn subquery(link: &mut SubLink) -> Result<(), String> {
    each(link.testexpr.as_deref_mut())?;
    match link.sub_link_type() {
        SubLinkType::ExistsSublink | SubLinkType::ExprSublink | SubLinkType::ArraySublink => {}
        SubLinkType::AnySublink | SubLinkType::AllSublink => match link.oper_name.as_slice() {
            [] => link.oper_name = pinned("="),
            [only] => link.oper_name = pinned(text(only)),
            _ => {}
        },
        _ => return Err("the filter uses a form of subquery that filters do not know".to_owned()),
    }
    let Some(NodeEnum::SelectStmt(select)) = link.subselect.as_deref_mut().and_then(|query| query.node.as_mut()) else {
        return Err("the filter's subquery is no SELECT".to_owned());
    };
    all(&mut select.target_list)?;
    all(&mut select.from_clause)?;
    each(select.where_clause.as_deref_mut())?;
    let rest = SelectStmt {
        target_list: Vec::new(),
        from_clause: Vec::new(),
        where_clause: None,
        ..SelectStmt::clone(select)
    };
    match rest == empty_select() {
        true => Ok(()),
        false => Err("the filter's subquery has more than SELECT, FROM and WHERE".to_owned()),
    }
}

fn pin_join(join: &mut JoinExpr) -> Result<(), String> {
    if join.is_natural || !join.using_clause.is_empty() {
        return Err("the filter joins by name, which cannot name its operator: write JOIN … ON".to_owned());
    }
    each(join.larg.as_deref_mut())?;
    each(join.rarg.as_deref_mut())?;
    each(join.quals.as_deref_mut())
}

fn pinned(symbol: &str) -> Vec<Node> {
    vec![name("pg_catalog"), name(symbol)]
}

fn name(text: &str) -> Node {
    Node { node: Some(NodeEnum::String(pg_query::protobuf::String { sval: text.to_owned() })) }
}

fn text(node: &Node) -> &str {
    match &node.node {
        Some(NodeEnum::String(text)) => &text.sval,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_pg_catalog_has() {
        for (written, sql) in [
            ("branch_id = 1", "branch_id OPERATOR(pg_catalog.=) 1"),
            ("a OR b IS NULL", "a OR b IS NULL"),
            ("owner = session_user", "owner OPERATOR(pg_catalog.=) session_user"),
            ("a IN (1, 2)", "a OPERATOR(pg_catalog.=) 1 OR a OPERATOR(pg_catalog.=) 2"),
            ("a NOT IN (1)", "a OPERATOR(pg_catalog.<>) 1"),
            ("a BETWEEN 1 AND 2", "a OPERATOR(pg_catalog.>=) 1 AND a OPERATOR(pg_catalog.<=) 2"),
            ("a LIKE 'x%'", "a OPERATOR(pg_catalog.~~) 'x%'"),
            ("lower(a) = 'x'", "pg_catalog.lower(a) OPERATOR(pg_catalog.=) 'x'"),
            ("staff.may_see(a)", "staff.may_see(a)"),
            ("a::mine = 1", "a::pg_catalog.mine OPERATOR(pg_catalog.=) 1"),
            (
                "b IN (SELECT id FROM public.x WHERE o = session_user)",
                "b OPERATOR(pg_catalog.=) ANY (SELECT id FROM public.x WHERE o OPERATOR(pg_catalog.=) session_user)",
            ),
            ("kind = 'user'", "kind OPERATOR(pg_catalog.=) 'user'"),
        ] {
            assert_eq!(Filter::parse(written).map(|filter| filter.sql).as_deref(), Ok(sql), "{written}");
        }
    }

    #[test]
    fn what_a_client_decides_is_refused() {
        for (written, why) in [
            ("a) OR (b", "not one SQL expression"),
            ("a, b", "not one SQL expression"),
            ("a; b", "not one SQL expression"),
            ("a -- b", "not one SQL expression"),
            ("", "not one SQL expression"),
            ("a FROM x", "not one SQL expression"),
            ("a) FROM x WHERE (b", "not one SQL expression"),
            ("a UNION SELECT b", "not one SQL expression"),
            ("owner = current_user", "`current_user`"),
            ("owner = USER", "`user`"),
            ("branch = current_setting('app.branch')::int", "`current_setting`"),
            ("s = current_schema", "`current_schema`"),
            ("s = current_schema()", "`current_schema`"),
            ("o = pg_catalog.current_setting('app.owner')", "`current_setting`"),
            ("o = \"current_user\"()", "`current_user`"),
            ("id IN (SELECT id FROM x)", "`x` without its schema"),
            ("id IN (SELECT id FROM s.x JOIN s.y USING (id))", "JOIN … ON"),
            ("a IS DISTINCT FROM b", "write it with `=`"),
            ("id IN (SELECT id FROM s.x GROUP BY id)", "more than SELECT, FROM and WHERE"),
            ("count(*) OVER () > 1", "window function"),
        ] {
            let refused = Filter::parse(written).map(|filter| filter.sql).unwrap_err();
            assert!(refused.contains(why), "{written}: {refused}");
        }
    }
}
