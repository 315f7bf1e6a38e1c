//! What a statement touches, and what has to become of it for one caller: from syntax tree, catalog and rights to a
//! [`crate::plan::Verdict`]. Pure.
//!
//! ```text
//! tree ─ inventory: what is named ─┬─ nothing protected, no opaque code ─▶ Pass
//!                                  ├─ a query ─ resolve, mask, compare by terms ─ print and prove ─▶ Rewrite
//!                                  ├─ a utility statement ─ table of verdicts ─▶ Pass, Rewrite or Refuse
//!                                  └─ anything else ─▶ Refuse
//! ```
//!
//! Architecture invariant: a statement that names something protected is never passed because no rule knew it; every
//! match that decides ends in a refusal.

mod aggregate;
mod analyzer;
mod assign;
mod build;
mod choice;
mod column;
mod constant;
mod copy;
mod cursor;
mod equality;
mod explain;
mod expression;
mod from;
mod group;
mod lineage;
mod merge;
mod naming;
mod opaque;
mod parameters;
mod places;
mod prepare;
mod query;
mod relation;
mod renew;
mod rights;
mod routine;
mod rows;
mod scope;
mod set_operation;
mod setting;
mod shape;
mod stop;
mod template;
mod unnest;
mod utility;
mod view;
mod write;

#[cfg(test)]
mod bank_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unknown_tests;

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{Node, RangeVar};

pub use lineage::{Lineage, lineage};
pub use rights::{Borne, Rights};
pub use template::{Filler, Template, template};

use crate::catalog::{Catalog, TempSchema};
use crate::crypto::Sealer;
use crate::plan::{Change, Effect, ParamAction, Plan, PreparedSql, Verdict};
use crate::sql::{self, Inventory};
use crate::value::Style;
use crate::wire::SqlState;
use analyzer::Analyzer;
use stop::{Result, Stop};

/// Everything a verdict rests on besides the statement itself.
pub struct Context<'a> {
    pub catalog: &'a Catalog,
    pub rights: &'a Rights,
    /// Expanded; `None` where the session may have changed it in a way that the proxy did not see.
    pub search_path: Option<&'a [String]>,
    pub temp: TempSchema<'a>,
    /// The session has made or changed relations that the catalog does not show yet: a name that it lacks may exist.
    pub is_unsure: bool,
    pub style: &'a Style,
    pub sealer: &'a dyn Sealer,
    pub names: &'a dyn Names,
    /// Type OIDs that the client declared for its parameters, 0 where it did not; may be shorter than their number.
    pub param_types: &'a [u32],
}

/// Names that statements of this session gave to other statements.
pub trait Names {
    fn prepared(&self, name: &str) -> Option<&Arc<PreparedSql>>;
    fn cursor(&self, name: &str) -> Option<&Arc<PreparedSql>>;
    /// A view that the open transaction has made over protected relations: its query.
    fn view(&self, name: &str) -> Option<&Arc<PreparedSql>>;
    /// What the open transaction has done to relations of this name.
    fn changed(&self, name: &str) -> Option<Change>;
}

/// A session that has named nothing.
pub struct NoNames;

impl Names for NoNames {
    fn prepared(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }

    fn cursor(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }

    fn view(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }

    fn changed(&self, _: &str) -> Option<Change> {
        None
    }
}

/// A name that no relation in the catalog bears: a newer catalog may know it.
#[derive(Debug)]
pub struct UnknownName;

/// As many as Bind can carry. Source: <https://www.postgresql.org/docs/current/protocol-message-formats.html>
const MAX_PARAMETERS: i32 = 65_535;

/// Decides about one statement of `text`.
///
/// # Errors
/// [`UnknownName`] where the statement names a relation that the catalog does not have and `is_fresh` is false: read the
/// catalog again and ask with `is_fresh`, which then refuses (42P01).
pub fn decide(
    text: &str,
    statement: &sql::Statement,
    context: &Context<'_>,
    is_fresh: bool,
) -> std::result::Result<Verdict, UnknownName> {
    let source = text.get(statement.range.clone()).unwrap_or(text);
    let stop = match verdict(source, &statement.tree, context, is_fresh) {
        Ok(verdict) => return Ok(verdict),
        Err(stop) => stop,
    };
    stop.refusal(text).map(|refusal| Verdict::Refuse(Arc::from(refusal))).ok_or(UnknownName)
}

/// Whether a statement that passes does so whatever its literals are: it is judged by what it names, and no literal of a
/// query names a relation. A query that is SET in other words is judged by its literals.
pub fn ignores_literals(statement: &sql::Statement) -> bool {
    let sets = || sql::inventory(&statement.tree).functions.iter().any(|call| call.name == setting::SET_CONFIG);
    let is_query = matches!(
        &statement.tree.node,
        Some(
            NodeEnum::SelectStmt(_)
                | NodeEnum::InsertStmt(_)
                | NodeEnum::UpdateStmt(_)
                | NodeEnum::DeleteStmt(_)
                | NodeEnum::TransactionStmt(_)
        )
    );
    is_query && !sets()
}

fn verdict(source: &str, tree: &Node, context: &Context<'_>, is_fresh: bool) -> Result<Verdict> {
    let found = sql::inventory(tree);
    if found.parameters > MAX_PARAMETERS {
        let message = format!("there is no parameter ${}", found.parameters);
        return Err(Stop::postgres(SqlState::UNDEFINED_PARAMETER, message));
    }
    if let Some(code) = opaque::declared(context).filter(|_| !context.rights.sees_everything()) {
        return Err(code.refused());
    }
    verdict_on(&Statement { source, tree, found: &found, context, is_fresh })
}

fn verdict_on(statement: &Statement<'_>) -> Result<Verdict> {
    match &statement.tree.node {
        None => Ok(Verdict::Pass(Effect::None)),
        Some(NodeEnum::PrepareStmt(prepare)) => prepare::prepare(statement, prepare),
        Some(NodeEnum::ExecuteStmt(execute)) => prepare::execute(statement, execute),
        Some(NodeEnum::DeallocateStmt(deallocate)) => Ok(prepare::deallocate(deallocate)),
        Some(NodeEnum::DeclareCursorStmt(declare)) => cursor::declare(statement, declare),
        Some(NodeEnum::FetchStmt(fetch)) => cursor::fetch(statement, fetch),
        Some(NodeEnum::ClosePortalStmt(close)) => Ok(cursor::close(close)),
        Some(NodeEnum::ExplainStmt(explain)) => explain::explain(statement, explain),
        Some(NodeEnum::CopyStmt(copy)) => copy::copy(statement, copy),
        Some(NodeEnum::SelectStmt(select)) => match setting::set_config(statement, select) {
            Some(set) => setting::setting(&set, statement.context.rights),
            None => statement.query(),
        },
        Some(NodeEnum::InsertStmt(_) | NodeEnum::UpdateStmt(_) | NodeEnum::DeleteStmt(_) | NodeEnum::MergeStmt(_)) => {
            statement.query()
        }
        Some(node) => utility::utility(statement, node),
    }
}

/// A statement with what it names.
struct Statement<'s> {
    source: &'s str,
    tree: &'s Node,
    found: &'s Inventory,
    context: &'s Context<'s>,
    is_fresh: bool,
}

impl Statement<'_> {
    /// Whether any relation that is named may be protected or lead to one that is. Names are taken as broadly as they
    /// can be meant: a WITH query of a protected table's name is looked at more closely.
    fn touches(&self) -> bool {
        let is_of_interest = |name: &str| self.context.rights.is_name_of_interest(name);
        let relations = &self.found.relations;
        relations.iter().any(|name| is_of_interest(&name.name) || self.context.names.view(&name.name).is_some())
    }

    /// Whether any text at all in the statement is the name of something protected: utility statements hold names in
    /// many forms.
    fn mentions(&self) -> bool {
        self.found.texts.iter().any(|text| self.context.rights.is_name_of_interest(text))
    }

    /// The code that the statement runs, where the caller may run it.
    fn code(&self) -> Result<opaque::Code> {
        let code = opaque::worst(self.found, self.context);
        match code.is_safe() || self.context.rights.sees_everything() {
            true => Ok(code),
            false => Err(code.refused()),
        }
    }

    /// A query or a change of rows.
    fn query(&self) -> Result<Verdict> {
        let code = self.code()?;
        let effect = self.effect(code.is_safe());
        if self.touches() {
            let plan = rewrite(self.tree, self.context, self.is_fresh, effect)?;
            return Ok(Verdict::Rewrite(Arc::new(plan)));
        }
        match self.check_names()? && code.is_safe() {
            true => Ok(Verdict::Pass(effect)),
            false => Ok(self.watching(effect)),
        }
    }

    fn effect(&self, is_safe: bool) -> Effect {
        let into = match &self.tree.node {
            Some(NodeEnum::SelectStmt(select)) => select.into_clause.as_deref(),
            _ => None,
        };
        match (is_safe, into) {
            (_, Some(into)) => made(into.rel.as_ref(), !is_safe),
            (true, None) => Effect::None,
            (false, None) => Effect::AnythingChanged,
        }
    }

    /// Names that nothing in the catalog bears could be protected relations under a name that is newer than it. False
    /// where such a name may have been made in the open transaction.
    fn check_names(&self) -> Result<bool> {
        let catalog = self.context.catalog;
        if self.context.rights.protects_nothing() {
            return Ok(true);
        }
        let is_known = |name: &sql::Name| match &name.schema {
            Some(schema) => catalog.relation_named(schema, &name.name).is_some(),
            None => catalog.bearing(&name.name).next().is_some() || self.found.common_tables.contains(&name.name),
        };
        let named = self.found.relations.iter().zip(&self.found.places);
        let unknown: Vec<_> = named.filter(|(name, _)| !is_known(name) && !self.only_makes(name)).collect();
        // What the open transaction has made, no catalog shows; anything else another session may have made just now
        let is_made = |name: &sql::Name| self.context.is_unsure && relation::is_made(self.context.names, &name.name);
        if !self.is_fresh && unknown.iter().any(|(name, _)| !is_made(name)) {
            return Err(Stop::UnknownName);
        }
        let Some(&(unknown, place)) = unknown.first() else { return Ok(true) };
        if self.context.is_unsure || unknown.schema.as_deref() == Some("pg_temp") {
            return Ok(false);
        }
        Err(Stop::NoRelation { schema: unknown.schema.clone(), name: unknown.name.clone(), place: *place })
    }

    /// Whether the statement names a relation nowhere but where it makes it.
    fn only_makes(&self, name: &sql::Name) -> bool {
        let times = |names: &[sql::Name]| names.iter().filter(|other| *other == name).count();
        times(&self.found.relations) == times(&self.found.made)
    }

    /// What runs code that cannot be looked into: passed where there is nothing that the code could show, else watched.
    fn watching(&self, effect: Effect) -> Verdict {
        match self.context.rights.protects_nothing() {
            true => Verdict::Pass(effect),
            false => Verdict::Rewrite(Arc::new(self.watched(effect))),
        }
    }

    /// Sent as it is, parameters too; what comes back is relayed unless it carries a sealed value.
    fn watched(&self, effect: Effect) -> Plan {
        let mut analyzer = Analyzer::new(self.context, self.is_fresh);
        for number in 1..=self.found.parameters {
            analyzer.parameters.place(number, ParamAction::Relay, 0);
        }
        analyzer.plan(self.source.to_owned(), None, effect)
    }
}

/// What comes of making a relation.
fn made(range: Option<&RangeVar>, ran_code: bool) -> Effect {
    match range {
        Some(range) => Effect::RelationChanged { name: range.relname.clone(), change: Change::Made, ran_code },
        None => Effect::AnythingChanged,
    }
}

/// The plan for a query or a change of rows that touches something protected.
fn rewrite(tree: &Node, context: &Context<'_>, is_fresh: bool, effect: Effect) -> Result<Plan> {
    let mut analyzer = Analyzer::new(context, is_fresh);
    let mut rewritten = tree.clone();
    let mut columns = read(&mut analyzer, &mut rewritten)?;
    if let Some(parameters) = analyzer.parameters.again() {
        analyzer = Analyzer::new(context, is_fresh);
        analyzer.parameters = parameters;
        rewritten = tree.clone();
        columns = read(&mut analyzer, &mut rewritten)?;
    }
    if let Some(number) = analyzer.parameters.shown_and_hidden() {
        let what = format!("parameter ${number} stands for an encrypted column's value and, elsewhere, in the open");
        return Err(Stop::not_understood("parameter-in-the-open", what, "Use a second parameter for the other place."));
    }
    let outputs = analyzer.outputs(&columns)?;
    let text = analyzer.marks.print(rewritten)?;
    Ok(analyzer.plan(text, Some(outputs), effect))
}

fn read(analyzer: &mut Analyzer<'_>, tree: &mut Node) -> Result<Vec<shape::Column>> {
    let into = match &mut tree.node {
        Some(NodeEnum::SelectStmt(select)) => select.into_clause.take(),
        _ => None,
    };
    let columns = analyzer.query(tree, None)?;
    if into.is_some() {
        for column in &columns {
            analyzer.require_open(&column.shape, "sealed-into-open", "copying it into an unprotected relation")?;
        }
        if let Some(NodeEnum::SelectStmt(select)) = &mut tree.node {
            select.into_clause = into;
        }
    }
    Ok(columns)
}

/// PostgreSQL's name of a node's type, for messages.
fn kind_of(node: &NodeEnum) -> &'static str {
    let wrapped = Node { node: Some(node.clone()) };
    sql::inventory(&wrapped).kinds.into_iter().find(|kind| *kind != "Node").unwrap_or("statement")
}
