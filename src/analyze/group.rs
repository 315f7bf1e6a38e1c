//! GROUP BY and DISTINCT over sealed columns: rows are put together by equality prefixes, and one value of each group
//! is shown.

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt};

use super::aggregate::any_of_group;
use super::analyzer::Analyzer;
use super::build;
use super::constant::integer_of;
use super::naming::{of_target, string};
use super::scope::Scope;
use super::shape::{Column, Shape};
use super::stop::{Result, Stop};

/// What a sealed GROUP BY item refers to.
pub(super) enum Grouped {
    /// A column, as its reference reads after resolution.
    Column(Box<Node>),
    /// An output column, by its place; the item's own place in the clause.
    Output { target: usize, item: usize },
}

impl Analyzer<'_> {
    /// Reads GROUP BY. Items that are sealed columns become their terms; positions wait for the output columns.
    pub(super) fn group(&mut self, select: &mut SelectStmt, scope: &Scope<'_>) -> Result<Vec<Grouped>> {
        let mut grouped = Vec::new();
        for (at, item) in select.group_clause.iter_mut().enumerate() {
            if let Some(target) = output_meant(item, &select.target_list, scope) {
                grouped.push(Grouped::Output { target, item: at });
                continue;
            }
            if let Some(NodeEnum::GroupingSet(set)) = &mut item.node {
                self.all_open(&mut set.content, scope)?;
                continue;
            }
            let shape = self.value(item, scope)?.shape;
            match shape {
                Shape::Sealed(_) => {
                    self.groupable(&shape, "GROUP BY")?;
                    grouped.push(Grouped::Column(Box::new(item.clone())));
                    self.to_term(item);
                }
                Shape::Open | Shape::Stored(_) => self.require_open(&shape, "group-on-sealed", "GROUP BY")?,
            }
        }
        Ok(grouped)
    }

    /// Output columns that are grouped by become one value of their group.
    pub(super) fn show_groups(
        &mut self,
        select: &mut SelectStmt,
        columns: &[Column],
        grouped: &[Grouped],
    ) -> Result<()> {
        for group in grouped {
            match group {
                Grouped::Column(reference) => {
                    for target in &mut select.target_list {
                        if value_of(target).is_some_and(|value| is_same_column(value, reference)) {
                            show(target);
                        }
                    }
                }
                Grouped::Output { target, item } => {
                    let (Some(column), Some(shown)) = (columns.get(*target), select.target_list.get_mut(*target))
                    else {
                        continue;
                    };
                    if column.shape.sealed().is_none() {
                        continue;
                    }
                    self.groupable(&column.shape, "GROUP BY")?;
                    let (Some(value), Some(item)) = (value_of(shown).cloned(), select.group_clause.get_mut(*item))
                    else {
                        continue;
                    };
                    *item = build::term(value);
                    show(shown);
                }
            }
        }
        Ok(())
    }

    /// DISTINCT: where a sealed column is among the outputs, DISTINCT ON their terms and the other columns.
    pub(super) fn distinct(&mut self, select: &mut SelectStmt, columns: &[Column], scope: &Scope<'_>) -> Result<()> {
        if select.distinct_clause.is_empty() {
            return Ok(());
        }
        let is_plain = select.distinct_clause.iter().all(|item| item.node.is_none());
        if !is_plain {
            return self.distinct_on(select, columns, scope);
        }
        if columns.iter().all(|column| column.shape.sealed().is_none()) {
            return Ok(());
        }
        if let Some(right) = columns.iter().find_map(|column| column.shape.sealed()).and_then(|rights| rights.first())
            && !select.sort_clause.is_empty()
        {
            return Err(Stop::unsupported("distinct-sorted", "DISTINCT with ORDER BY", &right.column, ""));
        }
        let mut keys = Vec::new();
        for (target, column) in select.target_list.iter().zip(columns) {
            self.groupable(&column.shape, "DISTINCT")?;
            let Some(value) = value_of(target).cloned() else { continue };
            match column.shape {
                Shape::Sealed(_) => keys.push(build::term(value)),
                // A constant is the same in every row; a number would be read as a position
                Shape::Open if super::constant::is_literal(&value) => {}
                Shape::Open | Shape::Stored(_) => keys.push(value),
            }
        }
        select.distinct_clause = keys;
        Ok(())
    }

    fn distinct_on(&mut self, select: &mut SelectStmt, columns: &[Column], scope: &Scope<'_>) -> Result<()> {
        for item in &mut select.distinct_clause {
            let shape = match output_meant(item, &select.target_list, scope).and_then(|at| columns.get(at)) {
                Some(column) => column.shape.clone(),
                None => self.value(item, scope)?.shape,
            };
            self.require_open(&shape, "distinct-on-sealed", "DISTINCT ON")?;
        }
        Ok(())
    }
}

fn show(target: &mut Node) {
    let Some(NodeEnum::ResTarget(target)) = &mut target.node else { return };
    if target.name.is_empty() {
        target.name = of_target(target);
    }
    if let Some(value) = target.val.take() {
        target.val = Some(Box::new(any_of_group(*value)));
    }
}

fn value_of(target: &Node) -> Option<&Node> {
    match &target.node {
        Some(NodeEnum::ResTarget(target)) => target.val.as_deref(),
        _ => None,
    }
}

/// Whether two references name the same column: written alike, or one of them without its table.
fn is_same_column(a: &Node, b: &Node) -> bool {
    let (Some(NodeEnum::ColumnRef(a)), Some(NodeEnum::ColumnRef(b))) = (&a.node, &b.node) else { return false };
    let a: Vec<_> = a.fields.iter().filter_map(string).collect();
    let b: Vec<_> = b.fields.iter().filter_map(string).collect();
    a.ends_with(&b) || b.ends_with(&a)
}

/// The output column that an item means: a position, or a name that no input column bears.
fn output_meant(item: &Node, targets: &[Node], scope: &Scope<'_>) -> Option<usize> {
    match item.node.as_ref()? {
        NodeEnum::AConst(constant) => usize::try_from(integer_of(constant)?).ok()?.checked_sub(1),
        NodeEnum::ColumnRef(reference) => {
            let [only] = reference.fields.as_slice() else { return None };
            let name = string(only)?;
            if scope.visible.iter().any(|visible| visible.column.name == name) {
                return None;
            }
            targets.iter().position(|target| matches!(&target.node, Some(NodeEnum::ResTarget(t)) if t.name == name))
        }
        _ => None,
    }
}
