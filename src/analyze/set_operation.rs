//! UNION, INTERSECT and EXCEPT. Where sealed columns are among the outputs, what they compare is written out: by
//! equality prefixes.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt, SetOperation, SubLink, SubLinkType};

use super::analyzer::Analyzer;
use super::build;
use super::query::Destination;
use super::rights::SealedRight;
use super::scope::Scope;
use super::shape::{Column, Shape, common_type};
use super::stop::{Result, Stop};

/// What RowDescription says of columns that come from no one table.
const NO_ORIGIN: Option<(u32, i16)> = Some((0, 0));

/// What the sides are called in the rewritten query.
const LEFT: &str = "pgveil_l";
const RIGHT: &str = "pgveil_r";

impl Analyzer<'_> {
    pub(super) fn set_operation(
        &mut self,
        select: &mut SelectStmt,
        with: &Scope<'_>,
        destination: Destination<'_>,
    ) -> Result<Vec<Column>> {
        let (Some(left), Some(right)) = (select.larg.as_deref_mut(), select.rarg.as_deref_mut()) else {
            return Err(Stop::not_understood("set-operation", "a set operation without sides", ""));
        };
        let (left, right) = (self.select(left, Some(with), destination)?, self.select(right, Some(with), destination)?);
        let columns = self.merged(left, &right)?;
        self.sort(&mut select.sort_clause, Some(&columns), with)?;
        self.limits(select, with)?;
        let is_open = columns.iter().all(|column| matches!(column.shape, Shape::Open));
        let is_union_all = select.all && select.op == i32::from(SetOperation::SetopUnion);
        if is_open || is_union_all {
            return Ok(columns);
        }
        if let Some(right) = columns.iter().find_map(|column| column.shape.sealed()).and_then(|rights| rights.first())
            && (destination.is_some() || select.all)
        {
            return Err(Stop::unsupported("set-operation", "this set operation", &right.column, ""));
        }
        for column in &columns {
            self.groupable(&column.shape, "a set operation")?;
        }
        write_out(select, &columns);
        Ok(columns)
    }

    fn merged(&mut self, left: Vec<Column>, right: &[Column]) -> Result<Vec<Column>> {
        if left.len() != right.len() {
            let message = "each set operation query must have the same number of columns";
            return Err(Stop::postgres(crate::wire::SqlState::SYNTAX_ERROR, message));
        }
        left.into_iter()
            .zip(right)
            .map(|(left, right)| match left.shape.merged(&right.shape) {
                Some(shape) => {
                    let types: Vec<_> = left.logical_type().into_iter().chain(right.logical_type()).collect();
                    let ty = match (&shape, common_type(&types)) {
                        (Shape::Sealed(rights), None) => return Err(mixed(rights)),
                        (_, ty) => ty,
                    };
                    Ok(Column { shape, origin: NO_ORIGIN, ty, ..left })
                }
                None => {
                    let what = "a set operation with other values";
                    self.require_open(&left.shape, "mixed-with-sealed", what)?;
                    self.require_open(&right.shape, "mixed-with-sealed", what)?;
                    Ok(Column { shape: Shape::Open, origin: NO_ORIGIN, ..left })
                }
            })
            .collect()
    }
}

fn mixed(rights: &[SealedRight]) -> Stop {
    let what = "a set operation with values of another type";
    match rights.first() {
        Some(right) => Stop::unsupported("mixed-with-sealed", what, &right.column, ""),
        None => Stop::not_understood("mixed-with-sealed", what, ""),
    }
}

/// `SELECT DISTINCT ON (terms) …` over UNION ALL, or over the left side with a condition on the right one. Sorting
/// and limits stay outside.
fn write_out(select: &mut SelectStmt, columns: &[Column]) {
    let operation = SetOperation::try_from(select.op).unwrap_or(SetOperation::Undefined);
    let (left, right) = (select.larg.take(), select.rarg.take());
    let inner = match operation {
        SetOperation::SetopUnion => {
            let both = SelectStmt {
                op: SetOperation::SetopUnion.into(),
                all: true,
                larg: left,
                rarg: right,
                ..build::empty_select()
            };
            distinct(both, columns)
        }
        SetOperation::SetopIntersect
        | SetOperation::SetopExcept
        | SetOperation::SetopNone
        | SetOperation::Undefined => {
            let mut distinct = distinct(left.map(|left| *left).unwrap_or_default(), columns);
            let found = exists(right.map(|right| *right).unwrap_or_default(), columns);
            let is_except = operation == SetOperation::SetopExcept;
            distinct.where_clause = Some(Box::new(if is_except { build::not(found) } else { found }));
            distinct
        }
    };
    let names = columns
        .iter()
        .enumerate()
        .map(|(at, column)| build::target(build::column(["pgveil_u", &position(at)]), &column.name));
    let outer = build::over(inner, "pgveil_u", names.collect::<Vec<_>>(), columns.len());
    (select.op, select.all) = (SetOperation::SetopNone.into(), false);
    select.target_list = outer.target_list;
    select.from_clause = outer.from_clause;
}

fn distinct(inner: SelectStmt, columns: &[Column]) -> SelectStmt {
    let of = |at: usize| build::column([LEFT, &position(at)]);
    let targets = (0..columns.len()).map(|at| build::target(of(at), ""));
    let mut outer = build::over(inner, LEFT, targets.collect::<Vec<_>>(), columns.len());
    outer.distinct_clause = columns.iter().enumerate().map(|(at, column)| key(column, of(at))).collect();
    outer
}

/// `EXISTS (SELECT 1 FROM (right) WHERE every column is not distinct from the left's)`
fn exists(right: SelectStmt, columns: &[Column]) -> Node {
    let conditions = columns.iter().enumerate().map(|(at, column)| {
        let side = |label: &str| key(column, build::column([label, &position(at)]));
        build::is_not_distinct(side(LEFT), side(RIGHT))
    });
    let one = build::target(build::integer(1), "");
    let mut query = build::over(right, RIGHT, [one], columns.len());
    query.where_clause = build::all(conditions.collect());
    build::node(NodeEnum::SubLink(Box::new(SubLink {
        sub_link_type: SubLinkType::ExistsSublink.into(),
        subselect: Some(Box::new(build::node(NodeEnum::SelectStmt(Box::new(query))))),
        location: -1,
        ..SubLink::default()
    })))
}

fn key(column: &Column, reference: Node) -> Node {
    match column.shape {
        Shape::Sealed(_) => build::term(reference),
        Shape::Open | Shape::Stored(_) => reference,
    }
}

fn position(at: usize) -> String {
    format!("c{}", at + 1)
}
