//! INSERT, UPDATE and DELETE on protected relations, and on others with protected ones beside them.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{
    DeleteStmt, IndexElem, InferClause, InsertStmt, Node, OnConflictClause, RangeVar, ReturningClause, SortByDir,
    SortByNulls, UpdateStmt,
};

use super::analyzer::Analyzer;
use super::assign::Current;
use super::build;
use super::relation::{self, Referred};
use super::rights::{ColumnRights, RelationRights};
use super::scope::{Mode, Scope, Table};
use super::shape::{Column, Shape};
use super::stop::{Result, Stop};
use crate::plan::TouchAction;
use crate::sql;

impl Analyzer<'_> {
    pub(super) fn insert(&mut self, insert: &mut InsertStmt, parent: Option<&Scope<'_>>) -> Result<Vec<Column>> {
        let mut with = Scope::inside(parent);
        self.with(insert.with_clause.as_mut(), &mut with)?;
        let (table, rights) = self.target(insert.relation.as_mut())?;
        if let Some(rights) = rights.as_deref().filter(|_| !table.is_complete) {
            check_named(&names_of(&insert.cols), rights)?;
        }
        for column in &mut insert.cols {
            if let Some(NodeEnum::ResTarget(column)) = &mut column.node {
                self.all_open(&mut column.indirection, &with)?;
            }
        }
        match &rights {
            Some(rights) => self.insert_protected(insert, rights, &with)?,
            None => {
                if let Some(source) = insert.select_stmt.as_deref_mut() {
                    self.insert_open(source, &with)?;
                }
            }
        }
        let mut scope = Scope::inside(Some(&with));
        let visible = scope.add(table);
        scope.visible = visible;
        if let Some(conflict) = insert.on_conflict_clause.as_deref_mut() {
            self.conflict(conflict, rights.as_ref(), &scope)?;
        }
        self.returning(insert.returning_clause.as_mut(), &scope)
    }

    /// Into a relation that is not protected: what this caller sees is what is copied.
    fn insert_open(&mut self, source: &mut Node, with: &Scope<'_>) -> Result<()> {
        for column in self.query(source, Some(with))? {
            self.require_open(&column.shape, "sealed-into-open", "copying it into an unprotected relation")?;
        }
        Ok(())
    }

    fn insert_protected(
        &mut self,
        insert: &mut InsertStmt,
        rights: &Arc<RelationRights>,
        with: &Scope<'_>,
    ) -> Result<()> {
        if rights.filter.is_some() {
            let message = format!("permission denied to insert into {}", rights.full_name());
            let hint = "The role sees only some of its rows, and new ones could lie outside of them.";
            return Err(Stop::denied("insert-under-filter", message, vec![rights.full_name()], hint));
        }
        let columns = self.stored_in(&insert.cols, rights)?;
        for omitted in rights.columns.iter().filter(|column| columns.iter().all(|stored| stored.name != column.name)) {
            self.assign_default(omitted)?;
        }
        let Some(source) = insert.select_stmt.as_deref_mut() else { return Ok(()) };
        let Some(NodeEnum::SelectStmt(select)) = &mut source.node else { return Ok(()) };
        super::rows::flatten(select, self.context.param_types);
        let rows = select.values_lists.len().max(1);
        columns.iter().for_each(|column| self.count_written(column, rows));
        if self.insert_unnested(select, &columns, with)? {
            return Ok(());
        }
        let values = self.select(select, Some(with), Some(&columns))?;
        for (value, column) in values.iter().zip(&columns) {
            check_stored(value, column)?;
        }
        Ok(())
    }

    /// The columns that values go into, in order.
    pub(super) fn stored_in<'r>(&self, named: &[Node], rights: &'r RelationRights) -> Result<Vec<&'r ColumnRights>> {
        if named.is_empty() {
            return Ok(rights.columns.iter().collect());
        }
        named
            .iter()
            .filter_map(|node| match &node.node {
                Some(NodeEnum::ResTarget(target)) => Some(target),
                _ => None,
            })
            .map(|target| self.column_of(rights, &target.name))
            .collect()
    }

    fn column_of<'r>(&self, rights: &'r RelationRights, name: &str) -> Result<&'r ColumnRights> {
        match rights.column(name) {
            Some(column) => Ok(column),
            None if !self.is_fresh => Err(Stop::UnknownName),
            None => {
                let message = format!("column \"{name}\" of relation \"{}\" does not exist", rights.relation.name);
                Err(Stop::postgres(crate::wire::SqlState::UNDEFINED_COLUMN, message))
            }
        }
    }

    fn conflict(
        &mut self,
        conflict: &mut OnConflictClause,
        rights: Option<&Arc<RelationRights>>,
        scope: &Scope<'_>,
    ) -> Result<()> {
        if let Some(infer) = conflict.infer.as_deref_mut() {
            if let Some(rights) = rights {
                self.infer(infer, rights)?;
            }
            for element in &mut infer.index_elems {
                if let Some(NodeEnum::IndexElem(element)) = &mut element.node
                    && !is_term(element)
                {
                    self.opt_open(element.expr.as_deref_mut(), scope)?;
                }
            }
            self.opt_open(infer.where_clause.as_deref_mut(), scope)?;
        }
        let mut inner = Scope { parent: scope.parent, visible: scope.visible.clone(), ..Scope::default() };
        let label = scope.tables.first().map(|table| table.alias.clone()).unwrap_or_default();
        let target = |alias: &str| match rights {
            Some(rights) => relation::of_protected(alias, Arc::clone(rights)),
            None => Table::derived(alias, scope.tables.first().map(|t| t.columns.clone()).unwrap_or_default()),
        };
        let is_complete = scope.tables.first().is_none_or(|table| table.is_complete);
        inner.add(Table { is_complete, ..as_target(target(&label)) });
        // What the caller itself proposes is its own: nothing of it is veiled
        inner.add(Table { veils: Vec::new(), mode: Mode::AsIs, is_complete, ..target("excluded") });
        self.set(&mut conflict.target_list, rights, &label, &inner)?;
        self.opt_condition(conflict.where_clause.as_deref_mut(), &inner)
    }

    /// The columns of a conflict target: a sealed one is unique by its equality prefix.
    fn infer(&mut self, infer: &mut InferClause, rights: &RelationRights) -> Result<()> {
        if let Some(elements) = of_constraint(&infer.conname, rights) {
            infer.conname.clear();
            infer.index_elems = elements;
        }
        for element in &mut infer.index_elems {
            let Some(NodeEnum::IndexElem(element)) = &mut element.node else { continue };
            let Some(sealed) = rights.column(&element.name).and_then(|column| column.sealed.as_ref()) else { continue };
            self.look_up(std::slice::from_ref(sealed))?;
            let name = std::mem::take(&mut element.name);
            element.expr = Some(Box::new(build::term(build::column([name.as_str()]))));
        }
        Ok(())
    }

    pub(super) fn update(&mut self, update: &mut UpdateStmt, parent: Option<&Scope<'_>>) -> Result<Vec<Column>> {
        let mut with = Scope::inside(parent);
        self.with(update.with_clause.as_mut(), &mut with)?;
        let (table, rights) = self.target(update.relation.as_mut())?;
        let label = table.alias.clone();
        let mut scope = Scope::inside(Some(&with));
        let visible = scope.add(table);
        scope.visible = visible;
        self.from(&mut update.from_clause, &mut scope)?;
        if let Some(rights) = &rights {
            check_filter_kept(&update.target_list, rights)?;
        }
        self.set(&mut update.target_list, rights.as_ref(), &label, &scope)?;
        self.opt_condition(update.where_clause.as_deref_mut(), &scope)?;
        let columns = self.returning(update.returning_clause.as_mut(), &scope)?;
        self.add_filter(&mut update.where_clause, rights.as_deref(), &label)?;
        self.veil(&mut update.from_clause, &scope)?;
        Ok(columns)
    }

    pub(super) fn delete(&mut self, delete: &mut DeleteStmt, parent: Option<&Scope<'_>>) -> Result<Vec<Column>> {
        let mut with = Scope::inside(parent);
        self.with(delete.with_clause.as_mut(), &mut with)?;
        let (table, rights) = self.target(delete.relation.as_mut())?;
        let label = table.alias.clone();
        let mut scope = Scope::inside(Some(&with));
        let visible = scope.add(table);
        scope.visible = visible;
        self.from(&mut delete.using_clause, &mut scope)?;
        self.opt_condition(delete.where_clause.as_deref_mut(), &scope)?;
        let columns = self.returning(delete.returning_clause.as_mut(), &scope)?;
        self.add_filter(&mut delete.where_clause, rights.as_deref(), &label)?;
        self.veil(&mut delete.using_clause, &scope)?;
        Ok(columns)
    }

    /// The relation that a statement changes.
    pub(super) fn target(&mut self, range: Option<&mut RangeVar>) -> Result<(Table, Option<Arc<RelationRights>>)> {
        let Some(range) = range else { return Err(Stop::not_understood("target", "a statement without a target", "")) };
        let referred = self.referred(range)?;
        self.pin(range, &referred);
        let rights = match &referred {
            Referred::Protected(rights) => Some(Arc::clone(rights)),
            Referred::View(relation, _) | Referred::Inlined(relation, _) => {
                let what = format!("changing rows through view {}", relation::full_name(relation));
                return Err(Stop::not_understood("update-through-view", what, "Change the table itself."));
            }
            Referred::NewView(_) => {
                return Err(Stop::not_understood("update-through-view", "changing rows through a new view", ""));
            }
            Referred::Open(_) | Referred::Unseen => None,
        };
        if let Some(rights) = &rights {
            self.check_changeable(rights)?;
        }
        let mut table = as_target(relation::table(referred, range));
        table.is_complete &= self.are_columns_known(range, rights.as_deref())?;
        Ok((table, rights))
    }

    fn check_changeable(&mut self, rights: &Arc<RelationRights>) -> Result<()> {
        self.touch_relation(rights);
        self.touch(&rights.full_name(), TouchAction::Write);
        if rights.is_denied() {
            let name = rights.full_name();
            return Err(Stop::denied("relation-denied", format!("permission denied for table {name}"), vec![name], ""));
        }
        match rights.relation.has_rules {
            true => Err(Stop::not_understood("rules", format!("rules on {}", rights.full_name()), "")),
            false => Ok(()),
        }
    }

    /// SET, of UPDATE and of ON CONFLICT.
    pub(super) fn set(
        &mut self,
        targets: &mut [Node],
        rights: Option<&Arc<RelationRights>>,
        label: &str,
        scope: &Scope<'_>,
    ) -> Result<()> {
        let current = Current { alias: label };
        let is_complete = scope.tables.first().is_none_or(|table| table.is_complete);
        for node in targets {
            let Some(NodeEnum::ResTarget(target)) = &mut node.node else { continue };
            let column = match rights {
                // A new one, that the policy says nothing of
                Some(rights) if !is_complete && rights.column(&target.name).is_none() => None,
                Some(rights) => Some(self.column_of(rights, &target.name)?),
                None => None,
            };
            column.into_iter().for_each(|column| self.count_written(column, 1));
            let is_part = !target.indirection.is_empty();
            self.all_open(&mut target.indirection, scope)?;
            let Some(value) = target.val.as_deref_mut() else { continue };
            single_assignment(value);
            match column {
                Some(column) if is_part && (column.sealed.is_some() || column.plain_mask().is_some()) => {
                    let what = format!("assigning a part of column {}", column.name);
                    return Err(Stop::not_understood("part-of-column", what, ""));
                }
                Some(column) if matches!(value.node, Some(NodeEnum::MultiAssignRef(_))) => {
                    if column.sealed.is_some() || column.plain_mask().is_some() {
                        let what = format!("assigning column {} from a subquery of several columns", column.name);
                        return Err(Stop::not_understood("row-assignment", what, "Assign each column by itself."));
                    }
                    self.multi_assign(value, scope)?;
                }
                Some(column) => self.assign(value, column, Some(&current), scope)?,
                None if matches!(value.node, Some(NodeEnum::MultiAssignRef(_))) => self.multi_assign(value, scope)?,
                None => self.open(value, scope)?,
            }
        }
        Ok(())
    }

    /// One column of `(a, b) = (SELECT …)`. The source stands at each of them and is printed from the first.
    fn multi_assign(&mut self, value: &mut Node, scope: &Scope<'_>) -> Result<()> {
        let Some(NodeEnum::MultiAssignRef(part)) = &mut value.node else { return Ok(()) };
        let Some(NodeEnum::SubLink(link)) = part.source.as_deref_mut().and_then(|source| source.node.as_mut()) else {
            return Err(Stop::not_understood("row-assignment", "this assignment of several columns", ""));
        };
        let Some(query) = link.subselect.as_deref_mut() else { return Ok(()) };
        for column in self.query(query, Some(scope))? {
            self.require_open(&column.shape, "row-assignment", "assignment from a subquery")?;
        }
        Ok(())
    }

    /// Puts the role's row filter beside a statement's own condition, which runs on no row that the filter hides.
    fn add_filter(&self, clause: &mut Option<Box<Node>>, rights: Option<&RelationRights>, label: &str) -> Result<()> {
        let Some((rights, filter)) = rights.and_then(|rights| Some((rights, rights.filter.as_ref()?))) else {
            return Ok(());
        };
        if let Some(Node { node: Some(NodeEnum::CurrentOfExpr(current)) }) = clause.as_deref() {
            // Nothing can stand beside it
            return self.check_current(&current.cursor_name);
        }
        let mut condition = filter.tree()?.clone();
        for column in &rights.columns {
            let reference = build::column([label, column.name.as_str()]);
            sql::replace_column(&mut condition, &column.name, &reference);
        }
        let own = clause.take().map(|own| Box::new(build::choose(condition.clone(), *own, build::boolean(false))));
        *clause = Some(build::and(own, condition));
        Ok(())
    }

    fn returning(&mut self, clause: Option<&mut ReturningClause>, scope: &Scope<'_>) -> Result<Vec<Column>> {
        let Some(clause) = clause else { return Ok(Vec::new()) };
        if !clause.options.is_empty() {
            return Err(Stop::not_understood("returning-options", "RETURNING WITH (…)", ""));
        }
        if scope.tables.iter().any(|table| table.mode == Mode::Target && !table.veils.is_empty()) {
            self.expand_stars(&mut clause.exprs, scope)?;
        }
        self.targets(&mut clause.exprs, scope, None)
    }
}

/// The columns of a unique constraint of which an index over equality prefixes is left: that is no constraint to the
/// server. `None` for any other name.
fn of_constraint(name: &str, rights: &RelationRights) -> Option<Vec<Node>> {
    let index = rights.relation.unique_indexes.iter().find(|index| index.name == name)?;
    if !index.columns.contains(&0) || index.definition.contains(" WHERE ") {
        return None;
    }
    let column = |(number, key): (&i16, &String)| match number {
        0 => {
            let key = sql::expression(key).ok()?;
            let column = super::utility::term_of(&key)?;
            rights.column(column).filter(|column| column.sealed.is_some()).map(|column| column.name.clone())
        }
        number => rights.columns.iter().find(|column| column.number == *number).map(|column| column.name.clone()),
    };
    let element = |name: String| {
        build::node(NodeEnum::IndexElem(Box::new(IndexElem {
            name,
            ordering: SortByDir::SortbyDefault.into(),
            nulls_ordering: SortByNulls::SortbyNullsDefault.into(),
            ..IndexElem::default()
        })))
    };
    index.columns.iter().zip(&index.keys).map(column).map(|name| name.map(element)).collect()
}

/// References to it become masks where they stand, since a target cannot be a derived table.
fn as_target(table: Table) -> Table {
    let mode = if table.mode == Mode::Veiled { Mode::Target } else { table.mode };
    Table { mode, ..table }
}

/// # Errors
/// 0A000 unless the columns that values go into are named, and all of them are known.
pub(super) fn check_named(names: &[String], rights: &RelationRights) -> Result<()> {
    match !names.is_empty() && names.iter().all(|name| rights.column(name).is_some()) {
        true => Ok(()),
        false => Err(relation::changed_columns(rights)),
    }
}

pub(super) fn names_of(targets: &[Node]) -> Vec<String> {
    let name = |node: &Node| match &node.node {
        Some(NodeEnum::ResTarget(target)) => Some(target.name.clone()),
        _ => None,
    };
    targets.iter().filter_map(name).collect()
}

fn is_term(element: &IndexElem) -> bool {
    element.name.is_empty() && matches!(element.expr.as_deref(), Some(Node { node: Some(NodeEnum::FuncCall(_)) }))
}

fn check_stored(value: &Column, column: &ColumnRights) -> Result<()> {
    match (&value.shape, &column.sealed) {
        (Shape::Open, None) => Ok(()),
        (Shape::Sealed(rights), Some(sealed)) if rights.iter().all(|right| right.column.id == sealed.column.id) => {
            Ok(())
        }
        (Shape::Sealed(rights), _) => match rights.first() {
            Some(right) => {
                let what = format!("storing it in column {}", column.name);
                Err(Stop::unsupported("other-column-id", &what, &right.column, ""))
            }
            None => Ok(()),
        },
        (Shape::Open, Some(sealed)) => {
            let hint = "Pass the value as a parameter or a constant.";
            Err(Stop::unsupported("computed-value", "a value that the server computes", &sealed.column, hint))
        }
        (Shape::Stored(_), _) => Err(Stop::not_understood("view-column", "column of a view", "")),
    }
}

/// `(a, b) = (1, 2)` is `a = 1, b = 2`.
fn single_assignment(value: &mut Node) {
    let Some(NodeEnum::MultiAssignRef(part)) = &mut value.node else { return };
    let column = usize::try_from(part.colno).ok().and_then(|at| at.checked_sub(1));
    let Some(NodeEnum::RowExpr(row)) = part.source.as_deref_mut().and_then(|source| source.node.as_mut()) else {
        return;
    };
    let is_whole = usize::try_from(part.ncolumns) == Ok(row.args.len());
    if let (Some(at), true) = (column, is_whole)
        && at < row.args.len()
    {
        *value = row.args.swap_remove(at);
    }
}

/// A row must not leave what the role sees: the filter's columns stay as they are.
fn check_filter_kept(targets: &[Node], rights: &RelationRights) -> Result<()> {
    let Some(filter) = &rights.filter else { return Ok(()) };
    let used = sql::inventory(filter.tree()?).texts;
    for target in targets {
        if let Some(NodeEnum::ResTarget(target)) = &target.node
            && used.contains(&target.name)
        {
            let message = format!("permission denied to change column {}", target.name);
            let hint = "It decides which rows this role sees.";
            return Err(Stop::denied("update-of-filter", message, vec![rights.full_name()], hint));
        }
    }
    Ok(())
}
