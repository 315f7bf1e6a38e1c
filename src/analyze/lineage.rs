//! Where each output column of a query comes from, for explanations.

use std::iter::successors;

use super::analyzer::Analyzer;
use super::shape::{Column, Step};
use super::{Context, read};
use crate::sql;

/// One output column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    pub name: String,
    /// References from the output to its source, nearest first: `x.p`, `c.phone`. Empty for what is computed.
    pub path: Vec<String>,
    /// The protected relation, `schema.relation`, and its column.
    pub source: Option<(String, String)>,
}

/// The output columns of a query, INSERT, UPDATE or DELETE; none for what is refused, and for other statements.
pub fn lineage(statement: &sql::Statement, context: &Context<'_>) -> Vec<Lineage> {
    let mut analyzer = Analyzer::new(context, true);
    analyzer.traces = true;
    let mut tree = statement.tree.clone();
    read(&mut analyzer, &mut tree).map(|columns| columns.into_iter().map(traced).collect()).unwrap_or_default()
}

fn traced(column: Column) -> Lineage {
    let steps = || successors(column.via.as_deref(), |step: &&Step| step.then.as_deref());
    Lineage {
        path: steps().map(|step| step.reference.clone()).collect(),
        source: steps().find_map(|step| step.source.clone()),
        name: column.name,
    }
}
