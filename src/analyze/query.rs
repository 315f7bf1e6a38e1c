//! Queries: SELECT with all its clauses, and whatever else may stand where a query can.

use pg_query::NodeEnum;
use pg_query::protobuf::{CommonTableExpr, Node, ResTarget, SelectStmt, SetOperation, SortBy, WindowDef, WithClause};

use super::analyzer::Analyzer;
use super::build;
use super::naming::{of_target, string, strings};
use super::rights::ColumnRights;
use super::scope::{Common, Scope, Visible};
use super::shape::{Column, Shape};
use super::stop::{Result, Stop};

/// The columns that a query's answer is stored in, where it is the source of an INSERT.
pub(super) type Destination<'d> = Option<&'d [&'d ColumnRights]>;

impl Analyzer<'_> {
    /// A query of any kind; the columns of its answer.
    pub(super) fn query(&mut self, node: &mut Node, parent: Option<&Scope<'_>>) -> Result<Vec<Column>> {
        match &mut node.node {
            Some(NodeEnum::SelectStmt(select)) => self.select(select, parent, None),
            Some(NodeEnum::InsertStmt(insert)) => self.insert(insert, parent),
            Some(NodeEnum::UpdateStmt(update)) => self.update(update, parent),
            Some(NodeEnum::DeleteStmt(delete)) => self.delete(delete, parent),
            Some(NodeEnum::MergeStmt(merge)) => self.merge_into(merge, parent),
            Some(other) => {
                let what = format!("{} over protected relations", super::kind_of(other));
                Err(Stop::not_understood("statement", what, ""))
            }
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn select(
        &mut self,
        select: &mut SelectStmt,
        parent: Option<&Scope<'_>>,
        destination: Destination<'_>,
    ) -> Result<Vec<Column>> {
        let mut with = Scope::inside(parent);
        self.with(select.with_clause.as_mut(), &mut with)?;
        if select.op != i32::from(SetOperation::SetopNone) {
            return self.set_operation(select, &with, destination);
        }
        if !select.values_lists.is_empty() {
            return self.values(select, &with, destination);
        }
        let mut scope = Scope::inside(Some(&with));
        self.from(&mut select.from_clause, &mut scope)?;
        self.opt_condition(select.where_clause.as_deref_mut(), &scope)?;
        let is_merged = scope.visible.iter().any(|visible| visible.node.is_some());
        if is_merged || !select.distinct_clause.is_empty() {
            self.expand_stars(&mut select.target_list, &scope)?;
        }
        let grouped = self.group(select, &scope)?;
        let columns = self.targets(&mut select.target_list, &scope, destination)?;
        self.show_groups(select, &columns, &grouped)?;
        self.opt_condition(select.having_clause.as_deref_mut(), &scope)?;
        for window in &mut select.window_clause {
            if let Some(NodeEnum::WindowDef(window)) = &mut window.node {
                self.window(window, &scope)?;
            }
        }
        self.distinct(select, &columns, &scope)?;
        self.sort(&mut select.sort_clause, Some(&columns), &scope)?;
        self.limits(select, &scope)?;
        self.complete_groups(select, &scope);
        self.veil(&mut select.from_clause, &scope)?;
        Ok(columns)
    }

    pub(super) fn limits(&mut self, select: &mut SelectStmt, scope: &Scope<'_>) -> Result<()> {
        self.opt_open(select.limit_count.as_deref_mut(), scope)?;
        self.opt_open(select.limit_offset.as_deref_mut(), scope)
    }

    /// Reads WITH; its queries become visible in `scope`.
    pub(super) fn with(&mut self, with: Option<&mut WithClause>, scope: &mut Scope<'_>) -> Result<()> {
        let Some(with) = with else { return Ok(()) };
        let recursive = with.recursive;
        if recursive {
            // Each may name those after it, whose columns are not known yet; once they are, the later entry goes first
            let names = with.ctes.iter().rev().filter_map(name_of_common);
            scope.common.extend(names.map(|name| Common { name, columns: None }));
        }
        for item in &mut with.ctes {
            let Some(NodeEnum::CommonTableExpr(common)) = &mut item.node else { continue };
            let columns = match recursive {
                true => self.recursive(common, scope)?,
                false => match common.ctequery.as_deref_mut() {
                    Some(query) => self.query(query, Some(&*scope))?,
                    None => Vec::new(),
                },
            };
            if common.search_clause.is_some() || common.cycle_clause.is_some() {
                return Err(Stop::not_understood("recursive-query", "SEARCH or CYCLE beside protected relations", ""));
            }
            let columns = Some(named(columns, &strings(&common.aliascolnames)));
            scope.common.push(Common { name: common.ctename.clone(), columns });
        }
        Ok(())
    }

    /// One query under WITH RECURSIVE. Its first term tells what its columns are; they have to be open if it names itself.
    fn recursive(&mut self, common: &mut CommonTableExpr, scope: &mut Scope<'_>) -> Result<Vec<Column>> {
        let names = strings(&common.aliascolnames);
        let Some(query) = common.ctequery.as_deref_mut() else { return Ok(Vec::new()) };
        let Some(NodeEnum::SelectStmt(select)) = &mut query.node else { return self.query(query, Some(&*scope)) };
        let is_union = select.op == i32::from(SetOperation::SetopUnion);
        let (true, Some(first)) = (is_union, select.larg.as_deref()) else {
            scope.common.push(Common { name: common.ctename.clone(), columns: None });
            let columns = self.select(select, Some(&*scope), None);
            scope.common.pop();
            return columns;
        };
        // Read on a copy first: the whole is read when its own columns are known
        let mut first = first.clone();
        scope.common.push(Common { name: common.ctename.clone(), columns: None });
        let columns = self.select(&mut first, Some(&*scope), None);
        scope.common.pop();
        let columns = named(columns?, &names);
        let is_open = columns.iter().all(|column| matches!(column.shape, Shape::Open));
        scope.common.push(Common { name: common.ctename.clone(), columns: is_open.then_some(columns) });
        let columns = self.select(select, Some(&*scope), None);
        scope.common.pop();
        columns
    }

    fn values(
        &mut self,
        select: &mut SelectStmt,
        with: &Scope<'_>,
        destination: Destination<'_>,
    ) -> Result<Vec<Column>> {
        let mut width = 0;
        for row in &mut select.values_lists {
            let Some(NodeEnum::List(row)) = &mut row.node else { continue };
            width = row.items.len();
            for (at, value) in row.items.iter_mut().enumerate() {
                match destination.and_then(|columns| columns.get(at)) {
                    Some(column) => self.assign(value, column, None, with)?,
                    None => self.open(value, with)?,
                }
            }
        }
        self.sort(&mut select.sort_clause, None, with)?;
        self.limits(select, with)?;
        let stored = |at: usize| destination.and_then(|columns| columns.get(at)).and_then(|c| c.sealed.as_ref());
        Ok((0..width)
            .map(|at| Column {
                shape: stored(at).map_or(Shape::Open, Shape::of),
                ..Column::open(format!("column{}", at + 1))
            })
            .collect())
    }

    /// The output columns. Values that go into a sealed column are sealed where they are written.
    pub(super) fn targets(
        &mut self,
        targets: &mut [Node],
        scope: &Scope<'_>,
        destination: Destination<'_>,
    ) -> Result<Vec<Column>> {
        let mut columns = Vec::new();
        for node in targets {
            let Some(NodeEnum::ResTarget(target)) = &mut node.node else { continue };
            if let Some(star) = star(target) {
                columns.extend(self.star(&star, scope)?);
                continue;
            }
            let name = of_target(target);
            let Some(value) = target.val.as_deref_mut() else { continue };
            let column = destination.and_then(|stored| stored.get(columns.len()));
            let into_sealed = column.filter(|column| column.sealed.is_some() && super::constant::is_literal(value));
            let shown = match into_sealed {
                Some(column) => {
                    self.assign(value, column, None, scope)?;
                    let shape = column.sealed.as_ref().map_or(Shape::Open, Shape::of);
                    Column { name: name.clone(), shape, ..Column::open("") }
                }
                None => self.value(value, scope)?,
            };
            // A rewritten expression would be named otherwise
            if target.name.is_empty() && target.val.as_deref().is_none_or(|value| !is_column(value, &name)) {
                target.name = match name.as_str() {
                    "?column?" => String::new(),
                    name => name.to_owned(),
                };
            }
            columns.push(Column { name, ..shown });
        }
        Ok(columns)
    }

    fn star(&mut self, tables: &[String], scope: &Scope<'_>) -> Result<Vec<Column>> {
        let Some(label) = tables.last() else {
            if !scope.is_complete() {
                return Err(unknown_star());
            }
            return scope.visible.iter().map(|visible| self.starred(visible, scope)).collect();
        };
        let schema = tables.len().checked_sub(2).and_then(|at| tables.get(at)).map(String::as_str);
        let Some((scope, at, table)) = scope.labelled(schema, label) else { return Err(super::column::missing(label)) };
        if !table.is_complete {
            return Err(unknown_star());
        }
        let visible = table.columns.iter().enumerate().map(|(index, column)| Visible {
            column: column.clone(),
            place: (at, index),
            node: None,
            is_merged: false,
        });
        visible.map(|visible| self.starred(&visible, scope)).collect()
    }

    fn starred(&mut self, visible: &Visible, scope: &Scope<'_>) -> Result<Column> {
        if visible.node.is_some()
            || scope.tables.get(visible.place.0).is_some_and(|t| t.mode == super::scope::Mode::Target)
        {
            return Err(Stop::not_understood("star", "* in this place", "Name the columns."));
        }
        self.use_column(scope, visible)
    }

    /// Writes stars out, where single columns have to be changed.
    pub(super) fn expand_stars(&mut self, targets: &mut Vec<Node>, scope: &Scope<'_>) -> Result<()> {
        let mut expanded = Vec::with_capacity(targets.len());
        for node in std::mem::take(targets) {
            let stars = match &node.node {
                Some(NodeEnum::ResTarget(target)) => star(target),
                _ => None,
            };
            let Some(tables) = stars else {
                expanded.push(node);
                continue;
            };
            if !scope.is_complete() {
                return Err(unknown_star());
            }
            let Some(label) = tables.last() else {
                for visible in &scope.visible {
                    expanded.push(build::target(written_out(visible, scope)?, &visible.column.name));
                }
                continue;
            };
            let Some((_, table)) = scope.in_sight().find(|(_, table)| table.alias == *label) else {
                return Err(Stop::not_understood("star", "* of a table of the query around", "Name the columns."));
            };
            // Also what a join has merged
            let names = table.columns.iter().map(|column| column.name.as_str());
            expanded.extend(names.map(|name| build::target(build::column([label, name]), name)));
        }
        *targets = expanded;
        Ok(())
    }

    /// ORDER BY. A bare name or a number means an output column first.
    pub(super) fn sort(&mut self, items: &mut [Node], columns: Option<&[Column]>, scope: &Scope<'_>) -> Result<()> {
        for item in items {
            let Some(NodeEnum::SortBy(sort)) = &mut item.node else { continue };
            let shape = match columns.and_then(|columns| output_meant(sort, columns)) {
                Some(column) => column.shape.clone(),
                None => match sort.node.as_deref_mut() {
                    Some(node) => self.value(node, scope)?.shape,
                    None => Shape::Open,
                },
            };
            self.require_open(&shape, "sort-on-sealed", "ORDER BY")?;
        }
        Ok(())
    }

    pub(super) fn window(&mut self, window: &mut WindowDef, scope: &Scope<'_>) -> Result<()> {
        self.all_open(&mut window.partition_clause, scope)?;
        self.sort(&mut window.order_clause, None, scope)?;
        self.opt_open(window.start_offset.as_deref_mut(), scope)?;
        self.opt_open(window.end_offset.as_deref_mut(), scope)
    }
}

/// A column of a bare star.
fn written_out(visible: &Visible, scope: &Scope<'_>) -> Result<Node> {
    let name = visible.column.name.as_str();
    let alike = scope.visible.iter().filter(|other| other.column.name == name).count();
    match (visible.is_merged, alike) {
        (false, _) => Ok(super::from::reference_to(visible, scope)),
        (true, 1) => Ok(build::column([name])),
        (true, _) => {
            Err(Stop::not_understood("star", "* over several columns of a merged one's name", "Name the columns."))
        }
    }
}

fn name_of_common(item: &Node) -> Option<String> {
    match &item.node {
        Some(NodeEnum::CommonTableExpr(common)) => Some(common.ctename.clone()),
        _ => None,
    }
}

/// The tables that a star is of: none for a bare one. `None` where the target is no star.
fn star(target: &ResTarget) -> Option<Vec<String>> {
    let Some(NodeEnum::ColumnRef(reference)) = &target.val.as_deref()?.node else { return None };
    let (last, tables) = reference.fields.split_last()?;
    matches!(last.node, Some(NodeEnum::AStar(_))).then(|| strings(tables))
}

fn is_column(value: &Node, name: &str) -> bool {
    match &value.node {
        Some(NodeEnum::ColumnRef(reference)) => reference.fields.last().and_then(string) == Some(name),
        _ => false,
    }
}

fn output_meant<'c>(sort: &SortBy, columns: &'c [Column]) -> Option<&'c Column> {
    match &sort.node.as_deref()?.node {
        Some(NodeEnum::ColumnRef(reference)) => match reference.fields.as_slice() {
            [only] => columns.iter().find(|column| Some(column.name.as_str()) == string(only)),
            _ => None,
        },
        Some(NodeEnum::AConst(constant)) => {
            let position = super::constant::integer_of(constant)?;
            columns.get(usize::try_from(position).ok()?.checked_sub(1)?)
        }
        _ => None,
    }
}

fn named(mut columns: Vec<Column>, names: &[String]) -> Vec<Column> {
    super::relation::rename(&mut columns, names);
    columns
}

fn unknown_star() -> Stop {
    Stop::not_understood("star", "* over a row source whose columns are not known", "Name the columns.")
}
