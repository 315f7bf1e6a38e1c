//! What a relation's name means to this session, and what stands behind it.

use std::cell::RefCell;
use std::sync::Arc;

use pg_query::protobuf::RangeVar;

use super::Names;
use super::analyzer::Analyzer;
use super::rights::{Reach, RelationRights, Veil};
use super::scope::{Mode, Scope, Table};
use super::shape::{Column, Shape};
use super::stop::{Result, Stop};
use super::view::Inlined;
use crate::catalog::{Relation, RelationKind, Resolution};
use crate::plan::Change;

/// What a reference to a relation turns out to be.
pub(super) enum Referred {
    Protected(Arc<RelationRights>),
    /// A view from which protected rows can be read, and its columns.
    View(Arc<Relation>, Vec<Column>),
    /// One whose query has to stand in its place, with what the caller may see worked into it.
    Inlined(Arc<Relation>, Inlined),
    /// Nothing protected.
    Open(Arc<Relation>),
    /// A view that the open transaction has made over protected relations.
    NewView(Vec<Column>),
    /// Made by this session and not yet in the catalog, or one of several, none of them protected.
    Unseen,
}

impl Analyzer<'_> {
    /// Resolves a name that no WITH query bears.
    ///
    /// # Errors
    /// 0A000 where the name could mean a protected relation and something else too; 42501 and 0A000 for relations
    /// through which protected values are reached in ways that cannot be followed.
    pub(super) fn referred(&mut self, range: &RangeVar) -> Result<Referred> {
        let Some(relation) = self.resolve(range)? else { return self.unseen(range) };
        let rights = self.context.rights;
        if let Some(protected) = rights.relation(relation.oid) {
            return Ok(Referred::Protected(Arc::clone(protected)));
        }
        match rights.reach(relation.oid) {
            None => Ok(Referred::Open(relation)),
            Some(Reach::View) => self.view(relation),
            Some(Reach::SideDoor) => Err(self.side_door(&relation)),
            Some(Reach::Blind) => Err(Stop::not_understood(
                "stored-copy",
                format!(
                    "relation {} holds or passes on protected rows in a way that pgveil cannot follow",
                    full_name(&relation)
                ),
                "Query the protected tables themselves, or name the relation in the policy.",
            )),
        }
    }

    fn unseen(&mut self, range: &RangeVar) -> Result<Referred> {
        match self.context.names.view(&range.relname) {
            Some(view) => self.columns_of(&view.sql).map(Referred::NewView),
            None => Ok(Referred::Unseen),
        }
    }

    fn side_door(&self, relation: &Relation) -> Stop {
        Stop::denied(
            "side-door",
            format!("permission denied for {}: it shows values or statements of others", full_name(relation)),
            vec![full_name(relation)],
            "",
        )
    }

    /// `None` where nothing protected can be meant and the catalog does not tell what is.
    fn resolve(&self, range: &RangeVar) -> Result<Option<Arc<Relation>>> {
        let context = self.context;
        let schema = Some(range.schemaname.as_str()).filter(|schema| !schema.is_empty());
        if schema.is_none() && is_made(self.context.names, &range.relname) {
            let bearing: Vec<_> = context.catalog.bearing(&range.relname).cloned().collect();
            return self.any_of(&bearing, &range.relname).map(|()| None);
        }
        let found = match (schema, context.search_path) {
            (None, Some(path)) => context.catalog.resolve_for(path, context.temp, None, &range.relname),
            (Some(schema), _) => context.catalog.resolve_for(&[], context.temp, Some(schema), &range.relname),
            // Any relation of that name may be the one
            (None, None) => match context.catalog.bearing(&range.relname).cloned().collect::<Vec<_>>() {
                mut one if one.len() == 1 => one.pop().map_or(Resolution::Unknown, Resolution::Found),
                none if none.is_empty() => Resolution::Unknown,
                several => Resolution::Ambiguous(several),
            },
        };
        match found {
            Resolution::Found(relation) => Ok(Some(relation)),
            Resolution::Ambiguous(candidates) => self.any_of(&candidates, &range.relname).map(|()| None),
            Resolution::Unknown if !self.is_fresh => Err(Stop::UnknownName),
            // One that has been moved is protected still
            Resolution::Unknown if context.is_unsure && self.may_be_moved(schema, &range.relname) => {
                let message = format!("it is not certain which relation \"{}\" means here", range.relname);
                Err(Stop::not_understood("ambiguous-name", message, "Commit first, then name it."))
            }
            Resolution::Unknown if context.is_unsure => Ok(None),
            Resolution::Unknown => Err(Stop::NoRelation {
                schema: schema.map(str::to_owned),
                name: range.relname.clone(),
                place: usize::try_from(range.location).ok(),
            }),
        }
    }

    /// Whether all columns of what a name means are those of the catalog.
    ///
    /// # Errors
    /// 0A000 for a protected relation that the open transaction has changed, where the policy may speak of the new
    /// columns or hide some.
    pub(super) fn are_columns_known(&self, range: &RangeVar, rights: Option<&RelationRights>) -> Result<bool> {
        if !matches!(self.context.names.changed(&range.relname), Some(Change::Columns | Change::Both)) {
            return Ok(true);
        }
        match rights {
            Some(rights) if rights.lacks_columns || !self.context.rights.sees_everything() => {
                Err(changed_columns(rights))
            }
            Some(_) | None => Ok(false),
        }
    }

    fn may_be_moved(&self, schema: Option<&str>, name: &str) -> bool {
        let rights = self.context.rights;
        schema.is_some() && rights.is_name_of_interest(name) && !rights.sees_everything()
    }

    fn any_of(&self, candidates: &[Arc<Relation>], name: &str) -> Result<()> {
        if candidates.iter().all(|candidate| !self.context.rights.is_protected(candidate.oid)) {
            return Ok(());
        }
        let message = format!("it is not certain which relation \"{name}\" means in this session");
        Err(Stop::not_understood("ambiguous-name", message, "Write the name with its schema."))
    }
}

/// Whether the open transaction has made a relation of this name: which one a bare name means depends on where.
pub(super) fn is_made(names: &dyn Names, name: &str) -> bool {
    matches!(names.changed(name), Some(Change::Made | Change::Both)) || names.view(name).is_some()
}

/// The open transaction has changed a protected relation's columns, and what is asked for depends on which there are.
pub(super) fn changed_columns(rights: &RelationRights) -> Stop {
    let what = format!("columns of {} that the open transaction has changed", rights.full_name());
    Stop::not_understood("changed-columns", what, "Name the columns, or commit first.")
}

pub(super) fn full_name(relation: &Relation) -> String {
    format!("{}.{}", relation.schema, relation.name)
}

/// The row source that a reference becomes, for a reader.
pub(super) fn table(referred: Referred, range: &RangeVar) -> Table {
    let label = range.alias.as_ref().map_or(&range.relname, |alias| &alias.aliasname);
    let schema_of = |relation: &Relation| range.alias.is_none().then(|| relation.schema.clone());
    // What the catalog does not have is in the schema that the statement gives it
    let written = || Some(range.schemaname.clone()).filter(|schema| range.alias.is_none() && !schema.is_empty());
    let mut table = match referred {
        Referred::Unseen => Table { schema: written(), ..Table::unknown(label) },
        Referred::Open(relation) => Table {
            schema: schema_of(&relation),
            is_complete: relation.kind != RelationKind::Other,
            ..Table::derived(label, relation.columns.iter().map(|column| Column::open(&column.name)).collect())
        },
        Referred::NewView(columns) => Table { schema: written(), ..of_view(label, columns) },
        Referred::View(relation, columns) => Table { schema: schema_of(&relation), ..of_view(label, columns) },
        Referred::Inlined(relation, Inlined { query, columns }) => Table {
            schema: schema_of(&relation),
            mode: Mode::Veiled,
            inlined: Some(query),
            ..Table::derived(label, columns)
        },
        Referred::Protected(rights) => Table { schema: schema_of(&rights.relation), ..of_protected(label, rights) },
    };
    if let Some(alias) = &range.alias {
        rename(&mut table.columns, &super::naming::strings(&alias.colnames));
    }
    table
}

pub(super) fn of_protected(label: &str, rights: Arc<RelationRights>) -> Table {
    let oid = rights.relation.oid;
    let columns = rights.columns.iter().map(|column| Column {
        name: column.name.clone(),
        shape: match (&column.veil, &column.sealed) {
            (Veil::None, Some(sealed)) => Shape::of(sealed),
            _ => Shape::Open,
        },
        origin: Some((oid, column.number)),
        via: None,
        ty: None,
    });
    let veils: Vec<Veil> = rights.columns.iter().map(|column| column.veil.clone()).collect();
    let is_veiled = rights.filter.is_some() || veils.iter().any(|veil| !matches!(veil, Veil::None | Veil::Denied));
    Table {
        veils,
        stored: rights.columns.iter().map(|column| column.name.clone()).collect(),
        mode: if is_veiled { Mode::Veiled } else { Mode::AsIs },
        used: RefCell::default(),
        ..Table::derived(label, columns.collect())
    }
    .protected(rights)
}

/// Plain columns of a view that the caller may not see in clear are masked where the view is referred to.
fn of_view(label: &str, mut columns: Vec<Column>) -> Table {
    let veil = |column: &Column| match &column.shape {
        Shape::Stored(veil) => veil.clone(),
        Shape::Open | Shape::Sealed(_) => Veil::None,
    };
    let veils: Vec<Veil> = columns.iter().map(veil).collect();
    let is_veiled = veils.iter().any(|veil| !matches!(veil, Veil::None));
    columns.iter_mut().filter(|c| matches!(c.shape, Shape::Stored(_))).for_each(|c| c.shape = Shape::Open);
    Table {
        veils,
        stored: columns.iter().map(|column| column.name.clone()).collect(),
        mode: if is_veiled { Mode::Veiled } else { Mode::AsIs },
        ..Table::derived(label, columns)
    }
}

/// Gives the first columns the names of an alias list.
pub(super) fn rename(columns: &mut [Column], names: &[String]) {
    for (column, name) in columns.iter_mut().zip(names) {
        column.name.clone_from(name);
    }
}

impl Table {
    fn protected(self, rights: Arc<RelationRights>) -> Self {
        Self { rights: Some(rights), ..self }
    }

    /// Whether a whole row of it is one value that the caller may see as it is.
    pub(super) fn is_plain(&self) -> bool {
        let is_veiled = self.veils.iter().any(|veil| !matches!(veil, Veil::None));
        let is_open = |column: &Column| matches!(column.shape, Shape::Open);
        self.mode == Mode::AsIs && !is_veiled && self.columns.iter().all(is_open)
    }

    /// Whether bare names may reach protected columns here.
    pub(super) fn guards(&self) -> bool {
        self.rights.is_some() || !self.veils.is_empty()
    }
}

impl Scope<'_> {
    /// Whether every row source's columns are known.
    pub(super) fn is_complete(&self) -> bool {
        self.tables.iter().all(|table| table.is_complete)
    }
}
