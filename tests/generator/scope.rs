//! What is visible at a place in a statement.

use std::sync::Arc;

use super::Generator;
use super::model::{Kind, TableColumn};

/// A column as it can be referred to.
#[derive(Clone)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// `None`: computed, and open.
    pub origin: Option<Arc<TableColumn>>,
}

impl Column {
    pub fn is_sealed(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.is_sealed)
    }
}

/// One entry of FROM.
#[derive(Clone)]
pub struct Source {
    pub alias: String,
    pub columns: Vec<Column>,
    /// Columns that tell its rows apart; empty where none are known to.
    pub key: Vec<String>,
}

/// What FROM brings, and what a query around it does.
#[derive(Clone, Default)]
pub struct Scope {
    pub sources: Vec<Source>,
    pub outer: Vec<Source>,
}

impl Scope {
    /// For a query inside.
    pub fn inner(&self) -> Vec<Source> {
        self.sources.iter().chain(&self.outer).cloned().collect()
    }

    /// Expressions that tell the rows of the join apart.
    pub fn key(&self) -> Option<Vec<String>> {
        let mut key = Vec::new();
        for source in &self.sources {
            if source.key.is_empty() {
                return None;
            }
            key.extend(source.key.iter().map(|name| format!("{}.{name}", source.alias)));
        }
        Some(key)
    }

    fn is_unique(&self, name: &str) -> bool {
        let bears = |source: &Source| source.columns.iter().filter(|column| column.name == name).count();
        self.sources.iter().map(bears).sum::<usize>() == 1
    }
}

impl Generator<'_> {
    /// A column of the scope that fits, with a reference to it. Seldom one of an outer query.
    pub(super) fn reference(&mut self, scope: &Scope, fits: impl Fn(&Column) -> bool) -> Option<(String, Column)> {
        let from_outer = !scope.outer.is_empty() && self.dice.percent(10);
        let sources = if from_outer { &scope.outer } else { &scope.sources };
        let all: Vec<_> = sources
            .iter()
            .flat_map(|source| source.columns.iter().map(move |column| (&source.alias, column)))
            .filter(|(_, column)| fits(column))
            .collect();
        let (alias, column) = self.dice.pick_opt(&all)?;
        let bare = !from_outer && scope.is_unique(&column.name) && self.dice.percent(20);
        let text = if bare { column.name.clone() } else { format!("{alias}.{}", column.name) };
        Some((text, (*column).clone()))
    }
}
