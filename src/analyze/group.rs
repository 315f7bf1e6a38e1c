//! GROUP BY and DISTINCT over sealed columns: rows are put together by equality prefixes, and one value of each group
//! is shown.

use std::collections::BTreeSet;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, SelectStmt};

use super::aggregate::any_of_group;
use super::analyzer::Analyzer;
use super::build;
use super::constant::integer_of;
use super::naming::{of_target, string};
use super::scope::{Mode, Scope, Table};
use super::shape::{Column, Shape};
use super::stop::{Result, Stop};
use crate::catalog::RelationKind;

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
        let keyed = self.keyed(&select.group_clause, scope);
        for (at, item) in select.group_clause.iter_mut().enumerate() {
            if let Some(target) = output_meant(item, &select.target_list, scope) {
                grouped.push(Grouped::Output { target, item: at });
                continue;
            }
            if place(item, scope).is_some_and(|(table, _)| keyed.contains(&table)) {
                self.value(item, scope)?;
                continue;
            }
            if let Some(NodeEnum::GroupingSet(set)) = &mut item.node {
                self.all_open(&mut set.content, scope)?;
                continue;
            }
            let shape = self.value(item, scope)?.shape;
            match shape {
                Shape::Sealed(_) if !matches!(item.node, Some(NodeEnum::ColumnRef(_))) => {
                    self.require_open(&shape, "group-on-sealed", "GROUP BY an expression")?;
                }
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

    /// The tables whose primary keys are among these columns: what else is put together by of one of them is alike where
    /// the key is, sealed or not, and need not be compared.
    fn keyed(&self, columns: &[Node], scope: &Scope<'_>) -> BTreeSet<usize> {
        let places: Vec<_> = columns.iter().filter_map(|column| place(column, scope)).collect();
        let is_keyed = |(at, table): (usize, &Table)| {
            let rights = table.rights.as_ref()?;
            // A child's rows are not in its parent's key
            let has_children = rights.relation.kind != RelationKind::PartitionedTable
                && self.context.catalog.descendants(rights.relation.oid).len() > 1;
            let key = rights.primary_key().filter(|key| !key.is_empty() && !has_children)?;
            key.into_iter().all(|index| places.contains(&(at, index))).then_some(at)
        };
        scope.tables.iter().enumerate().filter_map(is_keyed).collect()
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
                        self.require_open(&column.shape, "group-on-sealed", "GROUP BY")?;
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

    /// A grouped primary key stands for its whole row. The derived table that a masked relation becomes has no key: what
    /// is used of it is written out.
    pub(super) fn complete_groups(&self, select: &mut SelectStmt, scope: &Scope<'_>) {
        let is_set = |item: &Node| matches!(item.node, Some(NodeEnum::GroupingSet(_)));
        if select.group_clause.is_empty() || select.group_clause.iter().any(is_set) {
            return;
        }
        let grouped = grouped_columns(select, scope);
        for (at, table) in scope.tables.iter().enumerate().filter(|(_, table)| table.mode == Mode::Veiled) {
            let is_grouped = |index: usize| grouped.contains(&(at, index));
            let key = table.rights.as_ref().and_then(|rights| rights.primary_key());
            if key.is_some_and(|key| key.into_iter().all(is_grouped)) {
                let missing =
                    table.used.borrow().iter().copied().filter(|index| !is_grouped(*index)).collect::<Vec<_>>();
                let columns = missing.into_iter().filter_map(|index| table.columns.get(index));
                let references = columns.map(|column| build::column([table.alias.as_str(), &column.name]));
                select.group_clause.extend(references);
            }
        }
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
            // Under a view's mask rows may be alike that DISTINCT tells apart
            let mut shapes = columns.iter().map(|column| &column.shape);
            return shapes.try_for_each(|shape| self.require_open(shape, "distinct-on-sealed", "DISTINCT"));
        }
        let targets: Vec<Node> = select.target_list.iter().filter_map(value_of).cloned().collect();
        let keyed = self.keyed(&targets, scope);
        let is_keyed = |(target, column): (&Node, &Column)| match column.shape {
            Shape::Open => true,
            Shape::Sealed(_) => place(target, scope).is_some_and(|(table, _)| keyed.contains(&table)),
            Shape::Stored(_) => false,
        };
        if targets.len() == columns.len() && targets.iter().zip(columns).all(is_keyed) {
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

/// The columns of this query's own row sources that are grouped by, by table and place.
fn grouped_columns(select: &SelectStmt, scope: &Scope<'_>) -> Vec<(usize, usize)> {
    let by_place = |item: &Node| match &item.node {
        Some(NodeEnum::AConst(constant)) => {
            let at = usize::try_from(integer_of(constant)?).ok()?.checked_sub(1)?;
            select.target_list.get(at).and_then(value_of).cloned()
        }
        _ => None,
    };
    select.group_clause.iter().filter_map(|item| place(by_place(item).as_ref().unwrap_or(item), scope)).collect()
}

/// The column of one of this query's own row sources that an expression is, by table and place.
fn place(expression: &Node, scope: &Scope<'_>) -> Option<(usize, usize)> {
    let Some(NodeEnum::ColumnRef(reference)) = &expression.node else { return None };
    let (name, label) = match reference.fields.as_slice() {
        [name] => (string(name)?, None),
        [label, name] => (string(name)?, Some(string(label)?)),
        _ => return None,
    };
    let is_meant = |at: usize| label.is_none_or(|label| scope.tables.get(at).is_some_and(|table| table.alias == label));
    let mut found = scope.visible.iter().filter(|v| v.column.name == name && !v.is_merged && is_meant(v.place.0));
    found.next().map(|visible| visible.place)
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
