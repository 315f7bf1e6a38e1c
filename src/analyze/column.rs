//! Column references: which column of which row source one means, and what stands in its place upstream.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{ColumnRef, Node};

use super::analyzer::Analyzer;
use super::build;
use super::naming::string;
use super::rights::Veil;
use super::scope::{Mode, Scope, Table, Visible};
use super::shape::{Column, Shape, Step, denied};
use super::stop::{Result, Stop};
use crate::wire::SqlState;

const SYSTEM_COLUMNS: &[&str] = &["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"];

/// What a reference means.
enum Meaning<'s> {
    Column {
        scope: &'s Scope<'s>,
        visible: Box<Visible>,
    },
    /// A system column, a column of a row source whose columns are not known, or nothing: the server decides.
    Unguarded,
    /// A whole row.
    Row(&'s Table),
}

impl Analyzer<'_> {
    /// Resolves one reference that is not a star, and puts in its place what the caller may see.
    ///
    /// # Errors
    /// 42703 and 42702 as PostgreSQL gives them, 42501 for denied columns, 0A000 for whole rows with protected columns.
    pub(super) fn column_ref(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<Column> {
        let Some(NodeEnum::ColumnRef(reference)) = &node.node else { return Ok(Column::open("")) };
        let parts: Vec<&str> = reference.fields.iter().filter_map(string).collect();
        let Some(name) = parts.last().map(|name| (*name).to_owned()) else { return Ok(Column::open("")) };
        let meaning = match is_star(reference) {
            true => row(&parts, scope)?,
            false => self.meaning(&parts, scope)?,
        };
        match meaning {
            Meaning::Unguarded => Ok(Column::open(name)),
            Meaning::Row(table) if !table.is_plain() => Err(whole_row(table)),
            Meaning::Row(_) => Ok(Column::open(name)),
            Meaning::Column { scope, visible } => self.placed(node, scope, *visible),
        }
    }

    /// Uses one column, as itself or as what stands for it.
    fn placed(&mut self, node: &mut Node, scope: &Scope<'_>, visible: Visible) -> Result<Column> {
        let column = self.use_column(scope, &visible)?;
        let Some(table) = scope.tables.get(visible.place.0) else { return Ok(column) };
        if let Some(merged) = visible.node {
            *node = merged;
        } else if table.mode == Mode::Target {
            *node = self.masked(table, visible.place.1)?;
        } else if is_qualified_by_schema(node) {
            *node = build::column([table.alias.as_str(), &column.name]);
        }
        Ok(column)
    }

    /// Notes that a column is used. In a view's definition its veil goes with it.
    pub(super) fn use_column(&mut self, scope: &Scope<'_>, visible: &Visible) -> Result<Column> {
        let mut column = visible.column.clone();
        let (at, index) = visible.place;
        let Some(table) = scope.tables.get(at) else { return Ok(column) };
        table.used.borrow_mut().insert(index);
        if self.traces {
            column.via = Some(Arc::new(step(table, index, &column)));
        }
        if let Some(right) = column.shape.sealed().and_then(|rights| rights.iter().find(|right| right.reveal.is_none()))
        {
            return Err(denied(right));
        }
        match table.veils.get(index) {
            None | Some(Veil::None) => {}
            Some(Veil::Denied) => return Err(denied_plain(table, &column.name)),
            Some(veil) => {
                if let Some(rights) = &table.rights {
                    self.touch_veil(rights, &column.name, veil);
                }
                if self.is_in_view {
                    column.shape = Shape::Stored(veil.clone());
                }
            }
        }
        Ok(column)
    }

    /// The column of an UPDATE's or DELETE's target as the caller may see it.
    pub(super) fn masked(&self, table: &Table, index: usize) -> Result<Node> {
        let name = table.columns.get(index).map_or("", |column| column.name.as_str());
        let column = build::column([table.alias.as_str(), name]);
        match table.veils.get(index) {
            Some(veil) => veiled(veil, column),
            None => Ok(column),
        }
    }

    fn meaning<'s>(&self, parts: &[&str], scope: &'s Scope<'s>) -> Result<Meaning<'s>> {
        match parts {
            [name] => self.bare(name, scope),
            [table, name] => self.qualified(None, table, name, scope),
            [schema, table, name] | [_, schema, table, name] => self.qualified(Some(schema), table, name, scope),
            _ => Ok(Meaning::Unguarded),
        }
    }

    fn bare<'s>(&self, name: &str, scope: &'s Scope<'s>) -> Result<Meaning<'s>> {
        let mut was_incomplete = false;
        for scope in scope.chain() {
            let mut found = scope.visible.iter().filter(|visible| visible.column.name == name);
            if let Some(visible) = found.next() {
                if found.next().is_some() {
                    let message = format!("column reference \"{name}\" is ambiguous");
                    return Err(Stop::postgres(SqlState(*b"42702"), message));
                }
                if was_incomplete && scope.tables.get(visible.place.0).is_some_and(Table::guards) {
                    return Err(uncertain(name));
                }
                return Ok(Meaning::Column { scope, visible: Box::new(visible.clone()) });
            }
            was_incomplete |= !scope.is_complete();
        }
        if let Some((_, _, table)) = scope.labelled(None, name) {
            return Ok(Meaning::Row(table));
        }
        self.nothing(name, scope, was_incomplete)
    }

    fn qualified<'s>(
        &self,
        schema: Option<&str>,
        label: &str,
        name: &str,
        scope: &'s Scope<'s>,
    ) -> Result<Meaning<'s>> {
        let Some((scope, at, table)) = scope.labelled(schema, label) else { return Err(missing(label)) };
        let mut same = table.columns.iter().enumerate().filter(|(_, column)| column.name == name);
        match (same.next(), same.next()) {
            (Some((index, column)), None) => {
                let visible = Visible { column: column.clone(), place: (at, index), node: None, is_merged: false };
                Ok(Meaning::Column { scope, visible: Box::new(visible) })
            }
            (Some(_), Some(_)) => {
                let message = format!("column reference \"{name}\" is ambiguous");
                Err(Stop::postgres(SqlState(*b"42702"), message))
            }
            (None, _) => self.not_in(table, name, scope),
        }
    }

    fn not_in<'s>(&self, table: &'s Table, name: &str, scope: &'s Scope<'s>) -> Result<Meaning<'s>> {
        if SYSTEM_COLUMNS.contains(&name) {
            return match table.mode {
                Mode::Veiled => Err(system_column(name)),
                Mode::AsIs | Mode::Target => Ok(Meaning::Unguarded),
            };
        }
        match table.is_complete && (table.guards() || !table.is_plain()) {
            true => self.nothing(name, scope, false),
            false => Ok(Meaning::Unguarded),
        }
    }

    /// Nothing in sight bears the name.
    fn nothing<'s>(&self, name: &str, scope: &Scope<'_>, is_incomplete: bool) -> Result<Meaning<'s>> {
        // From PostgreSQL 18 on RETURNING knows two rows by these names
        if matches!(name, "old" | "new") && scope.has_protected() {
            return Err(uncertain(name));
        }
        if SYSTEM_COLUMNS.contains(&name) && has_veiled(scope) {
            return Err(system_column(name));
        }
        if is_incomplete || !scope.has_protected() || SYSTEM_COLUMNS.contains(&name) {
            return Ok(Meaning::Unguarded);
        }
        if !self.is_fresh {
            return Err(Stop::UnknownName);
        }
        Err(Stop::postgres(SqlState::UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")))
    }
}

/// `table.*` as one value, as in `row_to_json(t.*)`: never a column of the table's name.
fn row<'s>(parts: &[&str], scope: &'s Scope<'s>) -> Result<Meaning<'s>> {
    let Some((label, schemas)) = parts.split_last() else { return Ok(Meaning::Unguarded) };
    match scope.labelled(schemas.last().copied(), label) {
        Some((_, _, table)) => Ok(Meaning::Row(table)),
        None => Err(missing(label)),
    }
}

/// What a veil makes of a column.
pub(super) fn veiled(veil: &Veil, column: Node) -> Result<Node> {
    match veil {
        Veil::None => Ok(column),
        Veil::Null { sql } => Ok(sql.tree()?.clone()),
        Veil::Expression { sql, .. } => Ok(sql.over(&column)?),
        Veil::Denied => Err(Stop::denied("column-denied", "permission denied for a column", Vec::new(), "")),
    }
}

fn step(table: &Table, index: usize, column: &Column) -> Step {
    let reference = format!("{}.{}", table.alias, column.name);
    let stored = table.stored.get(index).unwrap_or(&column.name);
    let source = table.rights.as_ref().map(|rights| (rights.full_name(), stored.clone()));
    Step { reference, source, then: column.via.clone() }
}

fn has_veiled(scope: &Scope<'_>) -> bool {
    scope.chain().flat_map(|scope| &scope.tables).any(|table| table.mode == Mode::Veiled)
}

/// A label that no row source in sight bears. Left to the server it could mean one that the analysis does not know.
pub(super) fn missing(label: &str) -> Stop {
    Stop::postgres(SqlState::UNDEFINED_TABLE, format!("missing FROM-clause entry for table \"{label}\""))
}

fn is_star(reference: &ColumnRef) -> bool {
    matches!(reference.fields.last(), Some(Node { node: Some(NodeEnum::AStar(_)) }))
}

fn is_qualified_by_schema(node: &Node) -> bool {
    matches!(&node.node, Some(NodeEnum::ColumnRef(reference)) if reference.fields.len() > 2)
}

pub(super) fn denied_plain(table: &Table, column: &str) -> Stop {
    let relation = table.rights.as_ref().map(|rights| rights.full_name()).unwrap_or_default();
    let name = format!("{relation}.{column}");
    Stop::denied("column-denied", format!("permission denied for column {name}"), vec![name], "")
}

fn system_column(name: &str) -> Stop {
    Stop::not_understood("system-column", format!("system column {name} of a masked relation"), "")
}

fn whole_row(table: &Table) -> Stop {
    let relation = table.rights.as_ref().map_or_else(|| table.alias.clone(), |rights| rights.full_name());
    let message = format!("a whole row of {relation} cannot be used as one value: it has protected columns");
    Stop::not_understood("whole-row", message, "Name the columns.")
}

fn uncertain(name: &str) -> Stop {
    Stop::not_understood(
        "ambiguous-name",
        format!("it is not certain what \"{name}\" means here"),
        "Write it with its table.",
    )
}
