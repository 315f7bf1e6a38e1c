//! A row filter: one condition whose names mean what they meant to its author, whatever a client's session has made
//! since. An operator, a function or a table that a client puts before the meant one on its search_path would let it
//! see the rows that the filter hides.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    AExpr, AExprKind, BoolExpr, BoolExprType, ColumnRef, JoinExpr, Node, ResTarget, SelectStmt, SqlValueFunctionOp,
    SubLink, SubLinkType,
};

use crate::sql;

const UNKNOWN_FORM: &str = "the filter uses a form of SQL that filters do not know: write it more simply";

/// Which rows exist for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// As the policy's author wrote it.
    pub written: String,
    /// With `pg_catalog` before each name that has no schema of its own.
    pub sql: String,
}

impl Filter {
    /// The filter of a table of this name, without its schema; `is_column` tells the names of its columns.
    ///
    /// # Errors
    /// What in the text a filter cannot hold, for the policy's author.
    pub fn parse(written: &str, table: &str, is_column: impl Fn(&str) -> bool) -> Result<Self, String> {
        let mut expression = one_expression(written)?;
        let whole_row = Some(table).filter(|name| !is_column(name));
        pin(&mut expression, &Around { table, whole_row, labels: Vec::new() })?;
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

/// What the names of columns in a condition may belong to.
struct Around<'a> {
    /// The filter's own table.
    table: &'a str,
    /// Its name again, where that alone means its whole row.
    whole_row: Option<&'a str>,
    /// What the subqueries around take their rows from, each with its schema where it has no alias.
    labels: Vec<(String, String)>,
}

/// Writes schemas before names. Knows the nodes that conditions are made of, and refuses any other.
fn pin(node: &mut Node, around: &Around<'_>) -> Result<(), String> {
    match &mut node.node {
        None => Ok(()),
        Some(NodeEnum::AConst(_)) => Ok(()),
        Some(NodeEnum::ColumnRef(reference)) => column(reference, around),
        Some(NodeEnum::SqlvalueFunction(value)) => clients_own(value.op()),
        Some(NodeEnum::FuncCall(call)) => {
            let is_plain = call.over.is_none() && call.agg_filter.is_none() && call.agg_order.is_empty();
            if !is_plain || call.agg_within_group {
                return Err("the filter uses an aggregate or window function".to_owned());
            }
            let schema = call.funcname.iter().rev().nth(1).map_or("pg_catalog", text);
            if schema == "pg_catalog" {
                called(call.funcname.last().map(text).unwrap_or_default(), call.args.len())?;
            }
            if call.funcname.len() == 1 {
                call.funcname.insert(0, name("pg_catalog"));
            }
            all(&mut call.args, around)
        }
        Some(NodeEnum::TypeCast(cast)) => {
            if let Some(ty) = cast.type_name.as_mut().filter(|ty| ty.names.len() == 1) {
                ty.names.insert(0, name("pg_catalog"));
            }
            each(cast.arg.as_deref_mut(), around)
        }
        Some(NodeEnum::AExpr(expr)) => {
            each(expr.lexpr.as_deref_mut(), around)?;
            each(expr.rexpr.as_deref_mut(), around)?;
            let pinned = operator(expr)?;
            *node = pinned;
            Ok(())
        }
        Some(NodeEnum::BoolExpr(expr)) => all(&mut expr.args, around),
        Some(NodeEnum::NullTest(test)) => each(test.arg.as_deref_mut(), around),
        Some(NodeEnum::BooleanTest(test)) => each(test.arg.as_deref_mut(), around),
        Some(NodeEnum::CoalesceExpr(expr)) => all(&mut expr.args, around),
        Some(NodeEnum::List(list)) => all(&mut list.items, around),
        Some(NodeEnum::AArrayExpr(array)) => all(&mut array.elements, around),
        Some(NodeEnum::CaseExpr(case)) if case.arg.is_none() => {
            all(&mut case.args, around)?;
            each(case.defresult.as_deref_mut(), around)
        }
        Some(NodeEnum::CaseWhen(when)) => {
            each(when.expr.as_deref_mut(), around)?;
            each(when.result.as_deref_mut(), around)
        }
        Some(NodeEnum::SubLink(link)) => subquery(link, around),
        Some(NodeEnum::ResTarget(target)) => each(target.val.as_deref_mut(), around),
        Some(NodeEnum::RangeVar(range)) if range.schemaname.is_empty() => Err(format!(
            "the filter names `{}` without its schema: the client's search_path would decide which it is",
            range.relname
        )),
        Some(NodeEnum::RangeVar(_)) => Ok(()),
        Some(NodeEnum::JoinExpr(join)) => pin_join(join, around),
        Some(_) => Err(UNKNOWN_FORM.to_owned()),
    }
}

fn each(node: Option<&mut Node>, around: &Around<'_>) -> Result<(), String> {
    node.map_or(Ok(()), |node| pin(node, around))
}

fn all(nodes: &mut [Node], around: &Around<'_>) -> Result<(), String> {
    nodes.iter_mut().try_for_each(|node| pin(node, around))
}

/// An UPDATE or DELETE has the filter beside tables that the client names: a table's name in front of a column, or a
/// whole row's, would be taken for one of them.
fn column(reference: &mut ColumnRef, around: &Around<'_>) -> Result<(), String> {
    let is_label = |is_meant: &dyn Fn(&(String, String)) -> bool| around.labels.iter().any(is_meant);
    let name = |field: &Node| if matches!(field.node, Some(NodeEnum::AStar(_))) { "*" } else { text(field) }.to_owned();
    let names: Vec<String> = reference.fields.iter().map(name).collect();
    match names.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [sql::PLACE] => Err(format!("the filter uses a column named `{}`, which pgveil uses itself", sql::PLACE)),
        [name] if around.whole_row == Some(name) || is_label(&|(_, label)| label == name) => Err(format!(
            "the filter uses `{name}`, which may mean a whole row: name columns, or give the table an alias"
        )),
        [_] => Ok(()),
        // Here the table is the only one
        [table, name] if around.labels.is_empty() && *table == around.table && *name != "*" => {
            reference.fields.remove(0);
            Ok(())
        }
        [name, _] if is_label(&|(_, label)| label == name) => Ok(()),
        [schema, name, _] if is_label(&|(known, label)| known == schema && label == name) => Ok(()),
        _ => Err(format!(
            "the filter uses `{}`, and a client's statement may give that name to another table: write the column alone, \
             or `column IN (SELECT …)`",
            names.join(".")
        )),
    }
}

/// What the items of a subquery's FROM are called.
fn labels(items: &[Node]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for item in items {
        match &item.node {
            Some(NodeEnum::RangeVar(range)) => found.push(match &range.alias {
                Some(alias) => (String::new(), alias.aliasname.clone()),
                None => (range.schemaname.clone(), range.relname.clone()),
            }),
            Some(NodeEnum::JoinExpr(join)) => {
                found.extend(join.alias.iter().map(|alias| (String::new(), alias.aliasname.clone())));
                let sides = join.larg.as_deref().into_iter().chain(join.rarg.as_deref());
                found.extend(sides.flat_map(|side| labels(std::slice::from_ref(side))));
            }
            _ => {}
        }
    }
    found
}

fn clients_own(value: SqlValueFunctionOp) -> Result<(), String> {
    use SqlValueFunctionOp as Op;
    const LOGIN: &str = "`session_user` is the login";
    const INSTANT: &str = "by its TimeZone: write `(now() AT TIME ZONE 'Asia/Shanghai')::date`, or what it is of that";
    let (word, instead) = match value {
        Op::SvfopCurrentUser => ("current_user", LOGIN),
        Op::SvfopCurrentRole => ("current_role", LOGIN),
        Op::SvfopUser => ("user", LOGIN),
        Op::SvfopCurrentSchema => ("current_schema", LOGIN),
        Op::SvfopCurrentDate => ("current_date", INSTANT),
        Op::SvfopCurrentTime | Op::SvfopCurrentTimeN => ("current_time", INSTANT),
        Op::SvfopLocaltime | Op::SvfopLocaltimeN => ("localtime", INSTANT),
        Op::SvfopLocaltimestamp | Op::SvfopLocaltimestampN => ("localtimestamp", INSTANT),
        Op::SvfopCurrentTimestamp | Op::SvfopCurrentTimestampN | Op::SvfopSessionUser | Op::SvfopCurrentCatalog => {
            return Ok(());
        }
        Op::SqlvalueFunctionOpUndefined => return Err(UNKNOWN_FORM.to_owned()),
    };
    Err(format!("the filter uses `{word}`, which the client can change: {instead}"))
}

/// Built-in functions whose answer follows what the client sets for itself: its role, schemas, time zone, formats, and the
/// start of random numbers.
fn called(function: &str, arguments: usize) -> Result<(), String> {
    let is_clients = match function {
        "current_setting" | "set_config" | "current_user" | "current_schema" | "current_schemas" | "getpgusername"
        | "current_query" | "random" | "to_char" | "to_date" | "timeofday" => true,
        // Of midnight today; of a text; in the session's zone; by the session's dictionary; of the current user
        "age" | "timezone" => arguments == 1,
        "to_timestamp" => arguments == 2,
        "to_tsvector" | "to_tsquery" | "plainto_tsquery" | "phraseto_tsquery" | "websearch_to_tsquery" => {
            arguments == 1
        }
        "pg_has_role" => arguments == 2,
        "has_column_privilege" => arguments == 3,
        _ if function.starts_with("has_") && function.ends_with("_privilege") => arguments == 2,
        _ => function.ends_with("_is_visible") || function.starts_with("to_reg"),
    };
    match is_clients {
        true => Err(format!(
            "the filter uses `{function}`, which follows what the client sets for itself: look `session_user` up in a table, \
             compare with what does not depend on a session"
        )),
        false => Ok(()),
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

fn subquery(link: &mut SubLink, around: &Around<'_>) -> Result<(), String> {
    each(link.testexpr.as_deref_mut(), around)?;
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
    let labels = around.labels.iter().cloned().chain(labels(&select.from_clause)).collect();
    let around = &Around { labels, ..*around };
    all(&mut select.target_list, around)?;
    all(&mut select.from_clause, around)?;
    each(select.where_clause.as_deref_mut(), around)?;
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

fn pin_join(join: &mut JoinExpr, around: &Around<'_>) -> Result<(), String> {
    if join.is_natural || !join.using_clause.is_empty() {
        return Err("the filter joins by name, which cannot name its operator: write JOIN … ON".to_owned());
    }
    each(join.larg.as_deref_mut(), around)?;
    each(join.rarg.as_deref_mut(), around)?;
    each(join.quals.as_deref_mut(), around)
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

    /// Of a table `acc` with a column `a`.
    fn parse(written: &str) -> Result<String, String> {
        Filter::parse(written, "acc", |name| name == "a").map(|filter| filter.sql)
    }

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
            ("staff.to_char(a)", "staff.to_char(a)"),
            ("a::mine = 1", "a::pg_catalog.mine OPERATOR(pg_catalog.=) 1"),
            (
                "b IN (SELECT id FROM public.x WHERE o = session_user)",
                "b OPERATOR(pg_catalog.=) ANY (SELECT id FROM public.x WHERE o OPERATOR(pg_catalog.=) session_user)",
            ),
            ("kind = 'user'", "kind OPERATOR(pg_catalog.=) 'user'"),
            ("t > current_timestamp", "t OPERATOR(pg_catalog.>) current_timestamp"),
            ("pg_has_role(session_user, 'r', 'member')", "pg_catalog.pg_has_role(session_user, 'r', 'member')"),
            ("acc.a = 1", "a OPERATOR(pg_catalog.=) 1"),
            (
                "a AND EXISTS (SELECT FROM s.x y WHERE y.id IS NULL)",
                "a AND EXISTS (SELECT FROM s.x y WHERE y.id IS NULL)",
            ),
            (
                "EXISTS (SELECT x.* FROM s.x JOIN s.z ON x.a IS NULL WHERE s.x.id IS NULL)",
                "EXISTS (SELECT x.* FROM s.x JOIN s.z ON x.a IS NULL WHERE s.x.id IS NULL)",
            ),
        ] {
            assert_eq!(parse(written).as_deref(), Ok(sql), "{written}");
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
            ("d >= current_date", "`current_date`"),
            ("t > localtimestamp(0)", "`localtimestamp`"),
            ("to_char(d, 'YYYY') = '2024'", "`to_char`"),
            ("age(d) < '1 year'", "`age`"),
            ("pg_has_role('auditors', 'member')", "`pg_has_role`"),
            ("has_table_privilege('s.x', 'SELECT')", "`has_table_privilege`"),
            ("pg_table_is_visible(a)", "`pg_table_is_visible`"),
            ("random() < 2", "`random`"),
            ("id IN (SELECT id FROM x)", "`x` without its schema"),
            ("id IN (SELECT id FROM s.x JOIN s.y USING (id))", "JOIN … ON"),
            ("a IS DISTINCT FROM b", "write it with `=`"),
            ("id IN (SELECT id FROM s.x GROUP BY id)", "more than SELECT, FROM and WHERE"),
            ("count(*) OVER () > 1", "window function"),
            // UPDATE acc z … FROM (SELECT 1 AS a) acc
            ("EXISTS (SELECT FROM s.x WHERE x.a = acc.a)", "`acc.a`"),
            ("EXISTS (SELECT FROM s.x WHERE s.acc.a IS NULL)", "`s.acc.a`"),
            ("EXISTS (SELECT FROM s.x WHERE o.x.a IS NULL)", "`o.x.a`"),
            ("other.a = 1", "`other.a`"),
            ("s.f(acc)", "a whole row"),
            ("s.f(acc.*)", "`acc.*`"),
            ("acc IS NOT NULL", "a whole row"),
            ("a IN (SELECT id FROM s.x WHERE s.f(x))", "a whole row"),
            ("pgveil_place = 1", "uses itself"),
        ] {
            let refused = parse(written).unwrap_err();
            assert!(refused.contains(why), "{written}: {refused}");
        }
    }
}
