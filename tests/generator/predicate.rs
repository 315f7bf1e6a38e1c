//! Conditions: comparisons of open values, look-ups of encrypted ones, subqueries.

use std::sync::Arc;

use super::Generator;
use super::model::{EXPRESSIBLE, Kind, TableColumn};
use super::scope::{Column, Scope};

impl Generator<'_> {
    pub(super) fn predicate(&mut self, scope: &Scope, depth: usize) -> String {
        if depth > 0 && self.dice.percent(30) {
            let (a, b) = (self.predicate(scope, depth - 1), self.predicate(scope, depth - 1));
            return match self.dice.below(4) {
                0 => format!("({a} OR {b})"),
                1 => format!("NOT ({a})"),
                _ => format!("({a} AND {b})"),
            };
        }
        match self.dice.below(10) {
            0..4 => self.look_up(scope).unwrap_or_else(|| self.open_test(scope, depth)),
            4 if depth > 0 => self.subquery_test(scope, depth),
            5 => self.null_test(scope),
            _ => self.open_test(scope, depth),
        }
    }

    /// A reference to an encrypted column that the role may search; now and then to one that it may not.
    fn searched(&mut self, scope: &Scope) -> Option<(String, Arc<TableColumn>)> {
        let careless = self.dice.percent(8);
        let may_look = |column: &Column| {
            column
                .origin
                .as_ref()
                .is_some_and(|o| o.is_sealed && (careless || (o.has_equality && (o.look_up || o.is_clear))))
        };
        let (text, column) = self.reference(scope, may_look)?;
        Some((text, column.origin?))
    }

    /// An encrypted column compared in one of the ways that its term allows, or is said to allow.
    fn look_up(&mut self, scope: &Scope) -> Option<String> {
        let (text, origin) = self.searched(scope)?;
        self.note("look-up");
        let value = self.operand(&origin);
        Some(match self.dice.below(16) {
            0..4 => format!("{text} = {value}"),
            4 if self.dice.percent(60) => format!("{text} = {value} AND {text} IS NOT NULL"),
            4 => format!("({text} = {value}) IS NOT FALSE"),
            5 => format!("{value} = {text}"),
            6 => format!("{text} <> {value}"),
            7 => format!("{text} IN ({value}, {})", self.operand(&origin)),
            8 => format!("{text} NOT IN ({value}, {}, {})", self.operand(&origin), self.operand(&origin)),
            9 => format!("{text} IS NOT DISTINCT FROM {value}"),
            10 => format!("{text} IS DISTINCT FROM {value}"),
            11 => format!("{text} = ANY (ARRAY[{value}, {}])", self.operand(&origin)),
            12 => {
                let (open, _) = self.reference(scope, |column| column.kind == Kind::Int && !column.is_sealed())?;
                format!("({text}, {open}) = ({value}, {})", self.dice.below(200))
            }
            13 => format!("{text} = {value}::{}", origin.ty),
            14 => {
                let same = |other: &Column| other.origin.as_ref().is_some_and(|o| o.domain == origin.domain);
                format!("{text} = {}", self.reference(scope, same)?.0)
            }
            // Not to be had by a term
            _ => match self.dice.below(4) {
                0 => format!("{text} > {value}"),
                1 => format!("{text}::text LIKE '1%'"),
                2 => format!("coalesce({text}, {value}) = {value}"),
                _ => format!("{text} BETWEEN {value} AND {value}"),
            },
        })
    }

    fn null_test(&mut self, scope: &Scope) -> String {
        match self.reference(scope, |_| true) {
            Some((text, _)) => format!("{text} IS {}NULL", ["", "NOT "][self.dice.below(2)]),
            None => "true".to_owned(),
        }
    }

    fn open_test(&mut self, scope: &Scope, depth: usize) -> String {
        let kind = EXPRESSIBLE[self.dice.below(5)];
        if self.dice.percent(35)
            && let Some(test) = self.masked_test(scope)
        {
            return test;
        }
        let a = self.value(kind, scope, depth);
        let b = self.value(kind, scope, depth.saturating_sub(1));
        match self.dice.below(10) {
            0..5 => format!("{a} {} {b}", self.dice.pick(&["=", "<>", "<", "<=", ">", ">="])),
            5 => format!("{a} BETWEEN {b} AND {}", self.value(kind, scope, 0)),
            6 => format!("{a} IN ({b}, {})", self.constant(kind)),
            7 => format!(
                "{} LIKE {}",
                self.value(Kind::Text, scope, depth),
                ["'%1%'", "'张%'", "'_2%'"][self.dice.below(3)]
            ),
            8 => format!("({}) IS {}TRUE", self.predicate(scope, 0), ["", "NOT "][self.dice.below(2)]),
            _ => match self.reference(scope, |column| column.kind == Kind::Bool && !column.is_sealed()) {
                Some((text, _)) => text,
                None => format!("{a} = {b}"),
            },
        }
    }

    /// A stored column that is not encrypted, compared with a value that occurs in it.
    fn masked_test(&mut self, scope: &Scope) -> Option<String> {
        let (text, column) = self.reference(scope, |column| column.origin.is_some() && !column.is_sealed())?;
        let origin = column.origin?;
        let (a, b) = (self.operand(&origin), self.operand(&origin));
        Some(match self.dice.below(6) {
            0 => format!("{text} >= {a}"),
            1 => format!("{text} IN ({a}, {b})"),
            2 => format!("{text} <> {a}"),
            _ => format!("{text} = {a}"),
        })
    }

    fn subquery_test(&mut self, scope: &Scope, depth: usize) -> String {
        self.note("subquery in a condition");
        match self.dice.below(4) {
            0 | 1 => {
                let negated = ["", "NOT "][self.dice.below(2)];
                format!("{negated}EXISTS ({})", self.correlated(scope, "1", depth - 1))
            }
            2 => {
                let Some((text, _)) = self.reference(scope, |column| column.name.ends_with("id")) else {
                    return "true".to_owned();
                };
                let output = *self.dice.pick(&["customer_id", "branch_id", "id"]);
                let inner = self.correlated(scope, output, 0);
                format!("{text} {}IN ({inner})", ["", "NOT "][self.dice.below(2)])
            }
            _ => self.sealed_membership(scope).unwrap_or_else(|| "true".to_owned()),
        }
    }

    /// An encrypted column that is looked for among those of a subquery.
    fn sealed_membership(&mut self, scope: &Scope) -> Option<String> {
        let (text, origin) = self.searched(scope)?;
        self.note("encrypted column in a subquery");
        let condition = self.dice.below(60);
        let key = self.bank.table(origin.table).key();
        Some(format!("{text} IN (SELECT {} FROM {} WHERE {key} < {condition})", origin.name, origin.table))
    }

    /// A subquery over one table, often tied to the query around it by a foreign key.
    fn correlated(&mut self, scope: &Scope, output: &str, depth: usize) -> String {
        let source = self.table_source();
        let has_output = source.0.columns.iter().any(|column| column.name == output);
        let inner = Scope { sources: vec![source.0], outer: scope.inner() };
        let alias = inner.sources[0].alias.clone();
        let output = if has_output { format!("{alias}.{output}") } else { "1".to_owned() };
        let tie = self.reference(&Scope { outer: Vec::new(), ..scope.clone() }, |column| column.name.ends_with("id"));
        let own = self.reference(&Scope { outer: Vec::new(), ..inner.clone() }, |column| column.name.ends_with("id"));
        let tied = match (tie, own) {
            (Some((tie, _)), Some((own, _))) => format!("{own} = {tie} AND "),
            _ => String::new(),
        };
        format!("SELECT {output} FROM {} WHERE {tied}{}", source.1, self.predicate(&inner, depth))
    }

    /// One value from a subquery that gives one row.
    pub(super) fn scalar_subquery(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        self.note("scalar subquery");
        let (source, from) = self.table_source();
        let inner = Scope { sources: vec![source], outer: scope.inner() };
        let value = self.value(kind, &Scope { outer: Vec::new(), ..inner.clone() }, 0);
        let condition = self.predicate(&inner, depth.min(1));
        match (kind, self.dice.below(3)) {
            (Kind::Int, 0) => format!("(SELECT count(*)::int FROM {from} WHERE {condition})"),
            (Kind::Bool, _) => format!("(SELECT bool_or({value}) FROM {from} WHERE {condition})"),
            (_, 1) => {
                let key = inner.key().map(|key| key.join(", ")).unwrap_or_default();
                format!("(SELECT {value} FROM {from} WHERE {condition} ORDER BY {key} LIMIT 1)")
            }
            _ => format!("(SELECT max({value}) FROM {from} WHERE {condition})"),
        }
    }
}
