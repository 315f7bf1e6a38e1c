//! Expressions: every column in them is resolved, and sealed values are let through only where what is asked of them
//! can be answered.

use pg_query::NodeEnum;
use pg_query::protobuf::{FuncCall, Node, SubLink, SubLinkType};

use super::analyzer::Analyzer;
use super::build;
use super::naming::strings;
use super::scope::Scope;
use super::shape::{Column, Shape};
use super::stop::{Result, Stop};
use crate::plan::{ParamAction, Reveal};
use crate::value::Kind;

/// Functions whose answer is about how a value is stored, not about the value.
const SHOWS_STORAGE: &[&str] = &["pg_column_size", "pg_column_compression", "pg_column_toast_chunk_id"];

impl Analyzer<'_> {
    /// An expression whose value may be sealed: an output column, a value to be stored, an operand.
    pub(super) fn value(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<Column> {
        match &mut node.node {
            Some(NodeEnum::ColumnRef(_)) => self.column_ref(node, scope),
            Some(NodeEnum::SubLink(link)) => self.sublink_value(link, scope),
            Some(NodeEnum::CaseExpr(case)) => self.case(case, scope),
            Some(NodeEnum::CoalesceExpr(coalesce)) => self.coalesce(coalesce, scope),
            Some(NodeEnum::FuncCall(call)) => self.call(call, scope),
            _ => self.expression(node, scope).map(|()| Column::open("")),
        }
    }

    /// An expression whose value must not be sealed.
    pub(super) fn open(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<()> {
        let column = self.value(node, scope)?;
        self.require_open(&column.shape, "expression-on-sealed", "this expression")
    }

    pub(super) fn opt_open(&mut self, node: Option<&mut Node>, scope: &Scope<'_>) -> Result<()> {
        node.map_or(Ok(()), |node| self.open(node, scope))
    }

    /// What has to be true: a sealed boolean by itself is compared with true, which gives the same for NULL too.
    pub(super) fn condition(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<()> {
        if !matches!(node.node, Some(NodeEnum::ColumnRef(_))) {
            return self.open(node, scope);
        }
        let mut column = node.clone();
        match self.column_ref(&mut column, scope)?.shape.sealed() {
            Some(rights) if rights.iter().all(|right| right.column.ty.kind == Kind::Bool) => {
                *node = build::binary(std::mem::take(node), "=", build::boolean(true));
            }
            Some(_) | None => {}
        }
        self.open(node, scope)
    }

    pub(super) fn opt_condition(&mut self, node: Option<&mut Node>, scope: &Scope<'_>) -> Result<()> {
        node.map_or(Ok(()), |node| self.condition(node, scope))
    }

    pub(super) fn all_open(&mut self, nodes: &mut [Node], scope: &Scope<'_>) -> Result<()> {
        nodes.iter_mut().try_for_each(|node| self.open(node, scope))
    }

    pub(super) fn require_open(&self, shape: &Shape, reason: &'static str, what: &str) -> Result<()> {
        match shape {
            Shape::Open => Ok(()),
            Shape::Sealed(rights) => match rights.first() {
                Some(right) => Err(Stop::unsupported(reason, what, &right.column, allowed_hint(right.column.equality))),
                None => Ok(()),
            },
            Shape::Stored(_) => Err(Stop::not_understood(
                "view-over-masked",
                "a view that computes with a column which this role sees masked",
                "Query the tables themselves, or name the view in the policy.",
            )),
        }
    }

    /// Everything whose value cannot be sealed.
    fn expression(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<()> {
        match &mut node.node {
            None => Ok(()),
            Some(
                NodeEnum::AConst(_)
                | NodeEnum::SqlvalueFunction(_)
                | NodeEnum::CurrentOfExpr(_)
                | NodeEnum::MergeSupportFunc(_)
                // Of a column that is not protected, or the server says where it may not stand
                | NodeEnum::SetToDefault(_)
                | NodeEnum::String(_)
                | NodeEnum::AStar(_),
            ) => Ok(()),
            Some(NodeEnum::ParamRef(parameter)) => {
                parameter.number = self.parameters.place(parameter.number, ParamAction::Relay, 0);
                Ok(())
            }
            Some(NodeEnum::AExpr(expr)) => self.operator(expr, scope),
            Some(NodeEnum::BoolExpr(expr)) => expr.args.iter_mut().try_for_each(|arg| self.condition(arg, scope)),
            Some(NodeEnum::NullTest(test)) => self.null_test(test.arg.as_deref_mut(), scope),
            Some(NodeEnum::BooleanTest(test)) => self.opt_condition(test.arg.as_deref_mut(), scope),
            Some(NodeEnum::TypeCast(cast)) => {
                if let Some(ty) = &mut cast.type_name {
                    self.pin_builtin(&mut ty.names);
                }
                self.opt_open(cast.arg.as_deref_mut(), scope)
            }
            Some(NodeEnum::CollateClause(collate)) => self.opt_open(collate.arg.as_deref_mut(), scope),
            Some(NodeEnum::MinMaxExpr(expr)) => self.all_open(&mut expr.args, scope),
            Some(NodeEnum::RowExpr(row)) => self.all_open(&mut row.args, scope),
            Some(NodeEnum::AArrayExpr(array)) => self.all_open(&mut array.elements, scope),
            Some(NodeEnum::List(list)) => self.all_open(&mut list.items, scope),
            Some(NodeEnum::NamedArgExpr(named)) => self.opt_open(named.arg.as_deref_mut(), scope),
            Some(NodeEnum::GroupingSet(set)) => self.all_open(&mut set.content, scope),
            Some(NodeEnum::GroupingFunc(grouping)) => self.all_open(&mut grouping.args, scope),
            Some(NodeEnum::AIndirection(part)) => {
                self.opt_open(part.arg.as_deref_mut(), scope)?;
                self.all_open(&mut part.indirection, scope)
            }
            Some(NodeEnum::AIndices(indices)) => {
                self.opt_open(indices.lidx.as_deref_mut(), scope)?;
                self.opt_open(indices.uidx.as_deref_mut(), scope)
            }
            Some(NodeEnum::XmlSerialize(xml)) => self.opt_open(xml.expr.as_deref_mut(), scope),
            Some(NodeEnum::XmlExpr(xml)) => {
                self.all_open(&mut xml.args, scope)?;
                self.all_open(&mut xml.named_args, scope)
            }
            Some(NodeEnum::ResTarget(named)) => self.opt_open(named.val.as_deref_mut(), scope),
            Some(
                NodeEnum::ColumnRef(_)
                | NodeEnum::SubLink(_)
                | NodeEnum::CaseExpr(_)
                | NodeEnum::CoalesceExpr(_)
                | NodeEnum::FuncCall(_),
            ) => self.open(node, scope),
            Some(other) => {
                let what = format!("{} beside protected relations", super::kind_of(other));
                Err(Stop::not_understood("expression", what, "Write it in another way, or in a query of its own."))
            }
        }
    }

    /// IS NULL can be asked of sealed values: NULL is not sealed.
    fn null_test(&mut self, arg: Option<&mut Node>, scope: &Scope<'_>) -> Result<()> {
        let Some(arg) = arg else { return Ok(()) };
        if let Some(number) = parameter_of(arg) {
            return match self.parameters.sealed(number) {
                Some((action, ty, cast)) => {
                    *arg = build::parameter(self.parameters.place_cast(number, action, ty, cast));
                    Ok(())
                }
                None => {
                    self.parameters.is_null_asked(number);
                    self.open(arg, scope)
                }
            };
        }
        let shape = self.value(arg, scope)?.shape;
        match shape.sealed() {
            Some(rights) if rights.iter().all(|right| right.reveal != Some(Reveal::Null)) => {
                // By the term, which the index has and GROUP BY may be by
                if rights.iter().all(|right| right.column.equality) {
                    self.to_term(arg);
                }
                Ok(())
            }
            Some(_) | None => self.require_open(&shape, "null-test", "IS NULL"),
        }
    }

    fn call(&mut self, call: &mut FuncCall, scope: &Scope<'_>) -> Result<Column> {
        if let Some(filter) = call.agg_filter.as_deref_mut() {
            self.open(filter, scope)?;
        }
        if let Some(window) = call.over.as_deref_mut() {
            self.window(window, scope)?;
        }
        self.sort(&mut call.agg_order, None, scope)?;
        if super::aggregate::is_count(call) {
            self.count(call, scope)?;
        } else {
            self.all_open(&mut call.args, scope)?;
        }
        self.pin_builtin(&mut call.funcname);
        let names = strings(&call.funcname);
        if let Some(name) = names.last().filter(|name| SHOWS_STORAGE.contains(&name.as_str())) {
            // A computed value is stored in another way than a column's own
            return Err(Stop::not_understood("storage", format!("{name} beside protected relations"), ""));
        }
        let schema = names.len().checked_sub(2).and_then(|at| names.get(at)).map(String::as_str);
        let returned = names.last().and_then(|name| self.context.rights.listed(schema, name));
        let shape = match returned {
            Some(returns) if !returns.is_empty() => Shape::Sealed(returns.into()),
            _ => Shape::Open,
        };
        Ok(Column { shape, ..Column::open("") })
    }

    fn sublink_value(&mut self, link: &mut SubLink, scope: &Scope<'_>) -> Result<Column> {
        let kind = SubLinkType::try_from(link.sub_link_type);
        if matches!(kind, Ok(SubLinkType::AnySublink | SubLinkType::AllSublink)) {
            return self.quantified(link, scope).map(|()| Column::open(""));
        }
        let Some(query) = link.subselect.as_deref_mut() else { return Ok(Column::open("")) };
        let columns = self.query(query, Some(scope))?;
        match kind {
            Ok(SubLinkType::ExistsSublink) => Ok(Column::open("")),
            Ok(SubLinkType::ExprSublink) => {
                // Several are compared with a row: `(a, b) = (SELECT …)`
                for column in columns.iter().skip(1) {
                    self.require_open(&column.shape, "subquery-on-sealed", "a row from a subquery")?;
                }
                let first = columns.into_iter().next().unwrap_or_else(|| Column::open(""));
                Ok(Column { origin: None, via: None, ..first })
            }
            _ => {
                self.opt_open(link.testexpr.as_deref_mut(), scope)?;
                for column in &columns {
                    self.require_open(&column.shape, "subquery-on-sealed", "this subquery")?;
                }
                Ok(Column::open(""))
            }
        }
    }

    /// Puts the equality prefix of a value in its place.
    pub(super) fn to_term(&self, node: &mut Node) {
        let value = std::mem::take(node);
        *node = build::term(value);
    }
}

/// The number of a parameter, with a cast or without.
fn parameter_of(node: &Node) -> Option<i32> {
    match node.node.as_ref()? {
        NodeEnum::ParamRef(parameter) => Some(parameter.number),
        NodeEnum::TypeCast(cast) => parameter_of(cast.arg.as_deref()?),
        _ => None,
    }
}

fn allowed_hint(has_equality: bool) -> &'static str {
    match has_equality {
        true => "Encrypted columns can be shown, compared by =, <>, IN and IS NULL, joined, grouped and counted.",
        false => {
            "The column has no equality term: it can be shown and tested by IS NULL. `search: [equality]` in the policy allows =."
        }
    }
}
