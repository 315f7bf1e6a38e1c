//! Literals that may be another value without the statement being another one: where a parameter could stand in their
//! place.

use std::ops::Range;

use pg_query::NodeEnum;
use pg_query::protobuf::{AConst, AExpr, AExprKind, Node, ParamRef, SelectStmt, a_const};

/// A literal of the text that a parameter stands for now.
pub(super) struct Place {
    /// What the grammar made of it.
    pub(super) constant: AConst,
    /// A cast stands around it.
    pub(super) is_cast: bool,
}

/// Puts `$n` in the place of the text's n-th literal, where it is a value of its own in a list of values, beside an
/// operator, in an assignment or a limit. `None` for literals that stay: `ORDER BY 1`, an interval, a type's length.
pub(super) fn open(tree: &mut Node, text: &str, literals: &[Range<usize>]) -> Vec<Option<Place>> {
    let mut opener = Opener { text, literals, places: literals.iter().map(|_| None).collect() };
    match &mut tree.node {
        Some(NodeEnum::SelectStmt(select)) => opener.select(select),
        Some(NodeEnum::InsertStmt(insert)) => {
            if let Some(Node { node: Some(NodeEnum::SelectStmt(source)) }) = insert.select_stmt.as_deref_mut() {
                opener.select(source);
            }
            if let Some(conflict) = insert.on_conflict_clause.as_deref_mut() {
                opener.assignments(&mut conflict.target_list);
                opener.opt(conflict.where_clause.as_deref_mut());
            }
        }
        Some(NodeEnum::UpdateStmt(update)) => {
            opener.assignments(&mut update.target_list);
            opener.opt(update.where_clause.as_deref_mut());
        }
        Some(NodeEnum::DeleteStmt(delete)) => opener.opt(delete.where_clause.as_deref_mut()),
        Some(_) | None => {}
    }
    opener.places
}

struct Opener<'t> {
    text: &'t str,
    literals: &'t [Range<usize>],
    places: Vec<Option<Place>>,
}

impl Opener<'_> {
    fn select(&mut self, select: &mut SelectStmt) {
        self.all(&mut select.values_lists);
        self.opt(select.where_clause.as_deref_mut());
        self.opt(select.limit_count.as_deref_mut());
        self.opt(select.limit_offset.as_deref_mut());
    }

    fn assignments(&mut self, targets: &mut [Node]) {
        for target in targets {
            if let Some(NodeEnum::ResTarget(target)) = &mut target.node {
                self.opt(target.val.as_deref_mut());
            }
        }
    }

    fn opt(&mut self, node: Option<&mut Node>) {
        if let Some(node) = node {
            self.value(node);
        }
    }

    fn all(&mut self, nodes: &mut [Node]) {
        nodes.iter_mut().for_each(|node| self.value(node));
    }

    /// Whatever is not named here keeps its literals.
    fn value(&mut self, node: &mut Node) {
        match &mut node.node {
            Some(NodeEnum::AConst(_)) => self.constant(node, false),
            Some(NodeEnum::TypeCast(cast)) => {
                if let Some(arg) = cast.arg.as_deref_mut() {
                    self.constant(arg, true);
                }
            }
            Some(NodeEnum::AExpr(expr)) if takes_values(expr) => {
                self.opt(expr.lexpr.as_deref_mut());
                self.opt(expr.rexpr.as_deref_mut());
            }
            Some(NodeEnum::BoolExpr(expr)) => self.all(&mut expr.args),
            Some(NodeEnum::List(list)) => self.all(&mut list.items),
            Some(NodeEnum::RowExpr(row)) => self.all(&mut row.args),
            Some(_) | None => {}
        }
    }

    /// The text's own literal, as it is written: not one that the grammar made of several, or of a sign and a number.
    fn constant(&mut self, node: &mut Node, is_cast: bool) {
        let Some(NodeEnum::AConst(constant)) = &node.node else { return };
        let Ok(start) = usize::try_from(constant.location) else { return };
        let Ok(at) = self.literals.binary_search_by_key(&start, |literal| literal.start) else { return };
        let written = self.literals.get(at).and_then(|literal| self.text.get(literal.clone()));
        let is_number = matches!(constant.val, Some(a_const::Val::Ival(_) | a_const::Val::Fval(_)));
        if written.is_none_or(|written| !is_written(constant, written)) || (is_cast && is_number) {
            return;
        }
        let Ok(number) = i32::try_from(at + 1) else { return };
        if let Some(place) = self.places.get_mut(at) {
            *place = Some(Place { constant: constant.clone(), is_cast });
            node.node = Some(NodeEnum::ParamRef(ParamRef { number, location: constant.location }));
        }
    }
}

/// Operators whose sides are expressions like any other.
fn takes_values(expr: &AExpr) -> bool {
    matches!(
        AExprKind::try_from(expr.kind),
        Ok(AExprKind::AexprOp
            | AExprKind::AexprDistinct
            | AExprKind::AexprNotDistinct
            | AExprKind::AexprIn
            | AExprKind::AexprLike
            | AExprKind::AexprIlike
            | AExprKind::AexprBetween
            | AExprKind::AexprNotBetween)
    )
}

/// Whether a constant is what these characters say.
fn is_written(constant: &AConst, written: &str) -> bool {
    match &constant.val {
        Some(a_const::Val::Sval(string)) => unquoted(written).is_some_and(|text| text == string.sval),
        Some(a_const::Val::Ival(integer)) => written.parse() == Ok(integer.ival),
        Some(a_const::Val::Fval(float)) => float.fval == written,
        // protobuf leaves out a zero
        None => !constant.isnull && written.parse() == Ok(0),
        Some(a_const::Val::Boolval(_) | a_const::Val::Bsval(_)) => false,
    }
}

/// The text between quotes, without backslashes as every literal of a shape; `None` for a number.
pub(super) fn unquoted(written: &str) -> Option<String> {
    let inner = written.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(if inner.contains('\'') { inner.replace("''", "'") } else { inner.to_owned() })
}
