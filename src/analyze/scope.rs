//! What names mean at one place of a query: the row sources of its FROM, the WITH queries in sight, and the same of
//! the queries around it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use pg_query::protobuf::{Node, SelectStmt};

use super::rights::{RelationRights, Veil};
use super::shape::Column;

#[derive(Default)]
pub(super) struct Scope<'p> {
    pub(super) parent: Option<&'p Scope<'p>>,
    pub(super) common: Vec<Common>,
    pub(super) tables: Vec<Table>,
    /// How many of the first tables are out of sight: a join's condition sees its own two sides only.
    pub(super) hidden: usize,
    /// What a bare name or `*` can mean, in the order of `*`.
    pub(super) visible: Vec<Visible>,
}

/// A query of a WITH clause.
pub(super) struct Common {
    pub(super) name: String,
    /// `None` while a recursive query is read that names itself.
    pub(super) columns: Option<Vec<Column>>,
}

/// One row source.
pub(super) struct Table {
    pub(super) alias: String,
    /// Where the reference may be qualified: the relation's schema, without an alias of its own.
    pub(super) schema: Option<String>,
    pub(super) columns: Vec<Column>,
    /// False for functions whose columns the proxy does not know.
    pub(super) is_complete: bool,
    pub(super) rights: Option<Arc<RelationRights>>,
    /// Beside `columns`; empty where nothing is veiled.
    pub(super) veils: Vec<Veil>,
    /// The names that `columns` have in the relation itself, where there are veils.
    pub(super) stored: Vec<String>,
    pub(super) mode: Mode,
    /// What stands in its place, for a view that cannot be asked as it is stored.
    pub(super) inlined: Option<Box<SelectStmt>>,
    /// Columns that the statement uses, where the table becomes a derived one.
    pub(super) used: RefCell<BTreeSet<usize>>,
}

/// How a relation's masks and filter come into the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// There are none.
    AsIs,
    /// The reference becomes a derived table in which they are applied.
    Veiled,
    /// The target of UPDATE or DELETE: each column reference becomes its mask.
    Target,
}

/// One column as a bare name finds it.
#[derive(Clone)]
pub(super) struct Visible {
    pub(super) column: Column,
    /// Index of the table and of the column in it.
    pub(super) place: (usize, usize),
    /// What a join's merged column is made of, where the rewrite has taken USING away.
    pub(super) node: Option<Node>,
    /// The server makes it of two columns: only its bare name means it.
    pub(super) is_merged: bool,
}

impl Table {
    /// A row source that holds nothing protected by itself.
    pub(super) fn derived(alias: impl Into<String>, columns: Vec<Column>) -> Self {
        Self {
            alias: alias.into(),
            schema: None,
            columns,
            is_complete: true,
            rights: None,
            veils: Vec::new(),
            stored: Vec::new(),
            mode: Mode::AsIs,
            inlined: None,
            used: RefCell::default(),
        }
    }

    /// A row source whose columns are not known; nothing sealed is among them.
    pub(super) fn unknown(alias: impl Into<String>) -> Self {
        Self { is_complete: false, ..Self::derived(alias, Vec::new()) }
    }
}

impl<'p> Scope<'p> {
    pub(super) fn inside(parent: Option<&'p Scope<'p>>) -> Self {
        Self { parent, ..Self::default() }
    }

    /// This scope and those around it, innermost first.
    pub(super) fn chain(&self) -> impl Iterator<Item = &Scope<'p>> {
        let mut next = Some(self);
        std::iter::from_fn(move || {
            let here = next?;
            next = here.parent;
            Some(here)
        })
    }

    /// The row sources that a name can mean here, with their places.
    pub(super) fn in_sight(&self) -> impl Iterator<Item = (usize, &Table)> {
        self.tables.iter().enumerate().skip(self.hidden)
    }

    /// The nearest row source of a label, here or around, with its scope and place.
    pub(super) fn labelled(&self, schema: Option<&str>, label: &str) -> Option<(&Scope<'p>, usize, &Table)> {
        let is_meant =
            |table: &Table| table.alias == label && schema.is_none_or(|schema| table.schema.as_deref() == Some(schema));
        self.chain().find_map(|scope| {
            let (at, table) = scope.in_sight().find(|(_, table)| is_meant(table))?;
            Some((scope, at, table))
        })
    }

    /// The WITH query that a bare relation name means here.
    pub(super) fn common(&self, name: &str) -> Option<&Common> {
        self.chain().flat_map(|scope| scope.common.iter().rev()).find(|common| common.name == name)
    }

    /// Whether a protected relation, or a row source with values of one, is among those here or around.
    pub(super) fn has_protected(&self) -> bool {
        self.chain().flat_map(|scope| &scope.tables).any(|table| table.guards() || !table.is_plain())
    }

    /// Adds a row source; what bare names find of it.
    pub(super) fn add(&mut self, table: Table) -> Vec<Visible> {
        let at = self.tables.len();
        let visible = |(index, column): (usize, &Column)| Visible {
            column: column.clone(),
            place: (at, index),
            node: None,
            is_merged: false,
        };
        let found = table.columns.iter().enumerate().map(visible).collect();
        self.tables.push(table);
        found
    }
}
