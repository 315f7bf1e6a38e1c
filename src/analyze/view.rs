//! Views from which protected rows can be read: asked as they are stored where masks can be laid over their columns, and
//! otherwise by their query, which then stands in the view's place as if the caller had written it.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, RangeVar, SelectStmt, SubLink, SubLinkType};

use super::analyzer::Analyzer;
use super::relation::{Referred, full_name};
use super::shape::Column;
use super::stop::{Result, Stop};
use super::{build, opaque};
use crate::catalog::Relation;
use crate::sql;

/// A view's query with the caller's masks and filters in it.
pub(super) struct Inlined {
    pub(super) query: Box<SelectStmt>,
    pub(super) columns: Vec<Column>,
}

/// Why a view cannot be asked as it is stored, where its query may be asked instead.
const NEEDS_REWRITING: &[&str] = &["filter-behind-view", "view-over-masked", "view-compares-sealed"];

impl Analyzer<'_> {
    pub(super) fn view(&mut self, view: Arc<Relation>) -> Result<Referred> {
        match self.view_columns(&view) {
            Ok(columns) => Ok(Referred::View(view, columns)),
            Err(Stop::Refuse(refusal)) if NEEDS_REWRITING.contains(&refusal.reason) && !self.is_in_view => {
                let inlined = self.inlined(&view)?;
                Ok(Referred::Inlined(view, inlined))
            }
            Err(stop) => Err(stop),
        }
    }

    /// What a view's columns are, by its stored definition.
    fn view_columns(&mut self, view: &Relation) -> Result<Vec<Column>> {
        let Some(definition) = &view.definition else { return Err(opaque_view(view)) };
        let columns = self.of_catalog(|analyzer| analyzer.columns_of(definition))?;
        named(columns, view)
    }

    fn of_catalog<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = std::mem::replace(&mut self.reads_catalog, true);
        let read = read(self);
        self.reads_catalog = before;
        read
    }

    /// The columns of a query that the server runs as it stands.
    pub(super) fn columns_of(&mut self, definition: &str) -> Result<Vec<Column>> {
        let mut query = parsed(definition)?;
        self.views.enter()?;
        let was_in_view = std::mem::replace(&mut self.is_in_view, true);
        let columns = self.select(&mut query, None, None);
        self.is_in_view = was_in_view;
        self.views.leave();
        let mut columns = columns?;
        columns.iter_mut().for_each(|column| column.origin = None);
        Ok(columns)
    }

    /// The view's query, rewritten for the caller. What it names stands there with its schema, apart from what
    /// `pg_catalog` has.
    ///
    /// # Errors
    /// 0A000 and 42501 for what the caller's own query would be refused for, and where the view's owner sees other rows
    /// than the caller or a name could come to mean something else.
    fn inlined(&mut self, view: &Relation) -> Result<Inlined> {
        let Some(definition) = &view.definition else { return Err(opaque_view(view)) };
        let mut query = parsed(definition)?;
        self.check_inlinable(view, &query)?;
        self.views.enter()?;
        // The view's names are not the caller's: nothing around it is in sight
        let columns = self.of_catalog(|analyzer| analyzer.select(&mut query, None, None));
        self.views.leave();
        let columns = named(columns?, view)?;
        Ok(Inlined { query: Box::new(asked_for(*query, view, &columns)), columns })
    }

    /// A name without a schema in what the catalog prints is one of `pg_catalog`: written out, it stays that under any
    /// search_path.
    pub(super) fn pin_builtin(&self, names: &mut Vec<Node>) {
        if self.reads_catalog && names.len() == 1 {
            names.insert(0, build::name("pg_catalog"));
        }
    }

    fn check_inlinable(&self, view: &Relation, query: &SelectStmt) -> Result<()> {
        let context = self.context;
        let node = build::node(NodeEnum::SelectStmt(Box::new(query.clone())));
        let found = sql::inventory(&node);
        let code = opaque::worst(&found, context);
        if !code.is_safe() && !context.rights.sees_everything() {
            return Err(code.refused());
        }
        let is_builtin_first = context.search_path.is_some_and(|path| path.iter().all(|schema| schema != "pg_catalog"));
        let is_overloaded =
            |name: &sql::Name| name.schema.is_none() && context.catalog.operators.contains_key(&name.name);
        if !is_builtin_first && found.operators.iter().any(is_overloaded) {
            let what = format!("view {} whose operators may mean others on this search_path", full_name(view));
            return Err(Stop::not_understood("ambiguous-operator", what, "Query the tables themselves."));
        }
        let behind = context.catalog.reach(view.oid);
        let mut relations = behind.into_iter().filter_map(|oid| context.catalog.relation(oid));
        match relations.find(|relation| relation.has_row_security) {
            // Its policies ask for the view's owner, or let him pass
            Some(relation) => {
                let what =
                    format!("view {} over {}, which has row-level security", full_name(view), full_name(relation));
                Err(Stop::not_understood("row-security-behind-view", what, "Query the table itself."))
            }
            None => Ok(()),
        }
    }
}

/// `SELECT * FROM (query) AS v (columns) WHERE NOT EXISTS (SELECT FROM s.v WHERE false) OFFSET 0`: the server still asks
/// whether the caller may read the view, and a predicate of the caller's runs on nothing but the view's rows.
fn asked_for(query: SelectStmt, view: &Relation, columns: &[Column]) -> SelectStmt {
    let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
    let range = RangeVar {
        schemaname: view.schema.clone(),
        relname: view.name.clone(),
        inh: true,
        relpersistence: "p".to_owned(),
        location: -1,
        ..RangeVar::default()
    };
    let probe = SelectStmt {
        from_clause: vec![build::node(NodeEnum::RangeVar(range))],
        where_clause: Some(Box::new(build::boolean(false))),
        ..build::empty_select()
    };
    SelectStmt {
        target_list: vec![build::target(build::star(), "")],
        from_clause: vec![build::subquery(query, &view.name, &names)],
        where_clause: Some(Box::new(build::not(exists(probe)))),
        limit_offset: Some(Box::new(build::integer(0))),
        limit_option: pg_query::protobuf::LimitOption::Count.into(),
        ..build::empty_select()
    }
}

fn exists(query: SelectStmt) -> Node {
    build::node(NodeEnum::SubLink(Box::new(SubLink {
        sub_link_type: SubLinkType::ExistsSublink.into(),
        subselect: Some(Box::new(build::node(NodeEnum::SelectStmt(Box::new(query))))),
        location: -1,
        ..SubLink::default()
    })))
}

/// The columns under the view's own names.
fn named(mut columns: Vec<Column>, view: &Relation) -> Result<Vec<Column>> {
    if columns.len() != view.columns.len() {
        return Err(opaque_view(view));
    }
    for (column, named) in columns.iter_mut().zip(&view.columns) {
        column.name.clone_from(&named.name);
        column.origin = Some((view.oid, named.number));
    }
    Ok(columns)
}

fn parsed(definition: &str) -> Result<Box<SelectStmt>> {
    match sql::query(definition)? {
        NodeEnum::SelectStmt(query) => Ok(query),
        _ => Err(Stop::not_understood("opaque-view", "a view that is no query", "")),
    }
}

fn opaque_view(view: &Relation) -> Stop {
    Stop::not_understood("opaque-view", format!("view {} cannot be followed", full_name(view)), "")
}
