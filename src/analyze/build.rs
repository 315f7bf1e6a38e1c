//! Parts of syntax trees that rewrites put in. What they call is named with its schema, so that no search_path and
//! no function of a user's can stand in for it.

use pg_query::NodeEnum;
use pg_query::protobuf::{
    self, AArrayExpr, AConst, AExpr, AExprKind, Alias, CaseExpr, CaseWhen, CoercionForm, ColumnRef, FuncCall, Integer,
    JoinType, LimitOption, Node, ParamRef, RangeSubselect, ResTarget, SelectStmt, SetOperation, TypeCast, TypeName,
    a_const,
};

use crate::plan::TERM_CHARS;

pub(super) fn node(inner: NodeEnum) -> Node {
    Node { node: Some(inner) }
}

pub(super) fn name(text: impl Into<String>) -> Node {
    node(NodeEnum::String(protobuf::String { sval: text.into() }))
}

pub(super) fn column<'n>(parts: impl IntoIterator<Item = &'n str>) -> Node {
    let fields = parts.into_iter().map(name).collect();
    node(NodeEnum::ColumnRef(ColumnRef { fields, location: -1 }))
}

pub(super) fn text(value: impl Into<String>) -> Node {
    constant(Some(a_const::Val::Sval(protobuf::String { sval: value.into() })))
}

pub(super) fn integer(value: i32) -> Node {
    constant(Some(a_const::Val::Ival(Integer { ival: value })))
}

pub(super) fn boolean(value: bool) -> Node {
    constant(Some(a_const::Val::Boolval(protobuf::Boolean { boolval: value })))
}

pub(super) fn null() -> Node {
    constant(None)
}

fn constant(val: Option<a_const::Val>) -> Node {
    node(NodeEnum::AConst(AConst { isnull: val.is_none(), location: -1, val }))
}

pub(super) fn parameter(number: i32) -> Node {
    node(NodeEnum::ParamRef(ParamRef { number, location: -1 }))
}

/// `arg::ty`
pub(super) fn cast(arg: Node, ty: TypeName) -> Node {
    node(NodeEnum::TypeCast(Box::new(TypeCast { arg: Some(Box::new(arg)), type_name: Some(ty), location: -1 })))
}

/// `pg_catalog.function(args)`
pub(super) fn call(function: &str, args: Vec<Node>) -> Node {
    node(NodeEnum::FuncCall(Box::new(FuncCall {
        funcname: vec![name("pg_catalog"), name(function)],
        args,
        funcformat: CoercionForm::CoerceExplicitCall.into(),
        location: -1,
        ..FuncCall::default()
    })))
}

/// `left(value, N)`: what equality compares, as the expression index has it.
pub(super) fn term(value: Node) -> Node {
    let chars = i32::try_from(TERM_CHARS).unwrap_or(i32::MAX);
    call("left", vec![value, integer(chars)])
}

/// The name of an operator of PostgreSQL's own.
pub(super) fn operator(symbol: &str) -> Vec<Node> {
    vec![name("pg_catalog"), name(symbol)]
}

pub(super) fn binary(left: Node, symbol: &str, right: Node) -> Node {
    expression(AExprKind::AexprOp, left, symbol, right)
}

pub(super) fn is_not_distinct(left: Node, right: Node) -> Node {
    let mut compared = expression(AExprKind::AexprNotDistinct, left, "=", right);
    // This form's operator is always written bare
    if let Some(NodeEnum::AExpr(compared)) = &mut compared.node {
        compared.name = vec![name("=")];
    }
    compared
}

fn expression(kind: AExprKind, left: Node, symbol: &str, right: Node) -> Node {
    node(NodeEnum::AExpr(Box::new(AExpr {
        kind: kind.into(),
        name: operator(symbol),
        lexpr: Some(Box::new(left)),
        rexpr: Some(Box::new(right)),
        location: -1,
        ..AExpr::default()
    })))
}

/// Both, where the first is there. As the grammar has it, `a AND b AND c` is one node.
pub(super) fn and(first: Option<Box<Node>>, second: Node) -> Box<Node> {
    let Some(mut first) = first else { return Box::new(second) };
    if let Some(NodeEnum::BoolExpr(all)) = &mut first.node
        && all.boolop == i32::from(protobuf::BoolExprType::AndExpr)
    {
        all.args.push(second);
        return first;
    }
    Box::new(node(NodeEnum::BoolExpr(Box::new(protobuf::BoolExpr {
        boolop: protobuf::BoolExprType::AndExpr.into(),
        args: vec![*first, second],
        location: -1,
        ..protobuf::BoolExpr::default()
    }))))
}

pub(super) fn all(conditions: Vec<Node>) -> Option<Box<Node>> {
    conditions.into_iter().fold(None, |all, condition| Some(and(all, condition)))
}

pub(super) fn not(condition: Node) -> Node {
    node(NodeEnum::BoolExpr(Box::new(protobuf::BoolExpr {
        boolop: protobuf::BoolExprType::NotExpr.into(),
        args: vec![condition],
        location: -1,
        ..protobuf::BoolExpr::default()
    })))
}

/// `CASE WHEN condition THEN value ELSE otherwise END`
pub(super) fn choose(condition: Node, value: Node, otherwise: Node) -> Node {
    let when = CaseWhen {
        expr: Some(Box::new(condition)),
        result: Some(Box::new(value)),
        location: -1,
        ..CaseWhen::default()
    };
    node(NodeEnum::CaseExpr(Box::new(CaseExpr {
        args: vec![node(NodeEnum::CaseWhen(Box::new(when)))],
        defresult: Some(Box::new(otherwise)),
        location: -1,
        ..CaseExpr::default()
    })))
}

/// `ARRAY[…]::text[]`
pub(super) fn text_array(elements: Vec<Node>) -> Node {
    let array = node(NodeEnum::AArrayExpr(AArrayExpr { elements, location: -1, ..AArrayExpr::default() }));
    node(NodeEnum::TypeCast(Box::new(TypeCast {
        arg: Some(Box::new(array)),
        type_name: Some(named_type("text", true)),
        location: -1,
    })))
}

/// A type of `pg_catalog`.
pub(super) fn type_name(of: &str) -> Node {
    node(NodeEnum::TypeName(named_type(of, false)))
}

pub(super) fn array_type_name(of: &str) -> Node {
    node(NodeEnum::TypeName(named_type(of, true)))
}

fn named_type(of: &str, is_array: bool) -> TypeName {
    let bounds = is_array.then(|| node(NodeEnum::Integer(Integer { ival: -1 })));
    TypeName {
        names: vec![name("pg_catalog"), name(of)],
        typemod: -1,
        array_bounds: bounds.into_iter().collect(),
        location: -1,
        ..TypeName::default()
    }
}

pub(super) fn star() -> Node {
    let fields = vec![node(NodeEnum::AStar(protobuf::AStar {}))];
    node(NodeEnum::ColumnRef(ColumnRef { fields, location: -1 }))
}

/// `value AS label`; an empty label is none.
pub(super) fn target(value: Node, label: &str) -> Node {
    node(NodeEnum::ResTarget(Box::new(ResTarget {
        name: label.to_owned(),
        val: Some(Box::new(value)),
        location: -1,
        ..ResTarget::default()
    })))
}

pub(super) fn empty_select() -> SelectStmt {
    SelectStmt {
        limit_option: LimitOption::Default.into(),
        op: SetOperation::SetopNone.into(),
        ..SelectStmt::default()
    }
}

pub(super) fn alias(label: &str, columns: &[String]) -> Alias {
    Alias { aliasname: label.to_owned(), colnames: columns.iter().map(name).collect() }
}

/// `(query) AS label (columns)`
pub(super) fn subquery(query: SelectStmt, label: &str, columns: &[String]) -> Node {
    node(NodeEnum::RangeSubselect(Box::new(RangeSubselect {
        lateral: false,
        subquery: Some(Box::new(node(NodeEnum::SelectStmt(Box::new(query))))),
        alias: Some(alias(label, columns)),
    })))
}

/// `SELECT targets FROM (query) AS label (c1, c2, …)`, with the targets made from each column of `query`.
pub(super) fn over(
    query: SelectStmt,
    label: &str,
    targets: impl IntoIterator<Item = Node>,
    width: usize,
) -> SelectStmt {
    let names: Vec<String> = (1..=width).map(|at| format!("c{at}")).collect();
    SelectStmt {
        target_list: targets.into_iter().collect(),
        from_clause: vec![subquery(query, label, &names)],
        ..empty_select()
    }
}

pub(super) fn is_inner_or_left(join: i32) -> bool {
    join == i32::from(JoinType::JoinInner) || join == i32::from(JoinType::JoinLeft)
}
