//! Puts a column in the place of a name, in expressions of the proxy's own.

use pg_query::NodeEnum;
use pg_query::protobuf::Node;

/// Replaces every bare reference to `name`. Knows the nodes that mask expressions are made of; in any other a reference
/// stays and the server refuses the statement, since no column bears the name.
pub fn replace_column(node: &mut Node, name: &str, column: &Node) {
    let mut each = |node: &mut Node| replace_column(node, name, column);
    match &mut node.node {
        Some(NodeEnum::ColumnRef(reference)) => {
            if let [only] = reference.fields.as_slice()
                && matches!(&only.node, Some(NodeEnum::String(text)) if text.sval == name)
            {
                *node = column.clone();
            }
        }
        // The query itself is another scope
        Some(NodeEnum::SubLink(link)) => link.testexpr.as_deref_mut().into_iter().for_each(each),
        Some(NodeEnum::FuncCall(call)) => call.args.iter_mut().for_each(each),
        Some(NodeEnum::TypeCast(cast)) => cast.arg.as_deref_mut().into_iter().for_each(each),
        Some(NodeEnum::AExpr(expr)) => {
            expr.lexpr.as_deref_mut().into_iter().chain(expr.rexpr.as_deref_mut()).for_each(each);
        }
        Some(NodeEnum::BoolExpr(expr)) => expr.args.iter_mut().for_each(each),
        Some(NodeEnum::NullTest(test)) => test.arg.as_deref_mut().into_iter().for_each(each),
        Some(NodeEnum::CoalesceExpr(expr)) => expr.args.iter_mut().for_each(each),
        Some(NodeEnum::MinMaxExpr(expr)) => expr.args.iter_mut().for_each(each),
        Some(NodeEnum::CollateClause(collate)) => collate.arg.as_deref_mut().into_iter().for_each(each),
        Some(NodeEnum::List(list)) => list.items.iter_mut().for_each(each),
        Some(NodeEnum::AArrayExpr(array)) => array.elements.iter_mut().for_each(each),
        Some(NodeEnum::CaseExpr(case)) => {
            case.arg.as_deref_mut().into_iter().for_each(&mut each);
            case.args.iter_mut().for_each(&mut each);
            case.defresult.as_deref_mut().into_iter().for_each(each);
        }
        Some(NodeEnum::CaseWhen(when)) => {
            when.expr.as_deref_mut().into_iter().chain(when.result.as_deref_mut()).for_each(each);
        }
        Some(NodeEnum::AIndirection(part)) => {
            part.arg.as_deref_mut().into_iter().for_each(&mut each);
            part.indirection.iter_mut().for_each(each);
        }
        Some(NodeEnum::AIndices(indices)) => {
            indices.lidx.as_deref_mut().into_iter().chain(indices.uidx.as_deref_mut()).for_each(each);
        }
        _ => {}
    }
}
