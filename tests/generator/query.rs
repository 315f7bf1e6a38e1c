//! Queries: FROM with joins, subqueries and WITH, output lists, grouping, windows, set operations, order.

use std::sync::Arc;

use super::Generator;
use super::model::{EXPRESSIBLE, Kind};
use super::scope::{Column, Scope, Source};

/// How two tables belong together.
const JOINS: [(&str, &str, &str); 9] = [
    ("customers", "accounts", "{a}.id = {b}.customer_id"),
    ("customers", "cards", "{a}.id = {b}.customer_id"),
    ("customers", "branches", "{a}.branch_id = {b}.id"),
    ("customers", "employees", "{a}.manager_id = {b}.id"),
    ("customers", "kyc", "{a}.id = {b}.customer_id"),
    ("accounts", "transactions", "{a}.id = {b}.account_id"),
    ("accounts", "cards", "{a}.id = {b}.account_id"),
    ("employees", "branches", "{a}.branch_id = {b}.id"),
    ("accounts", "branches", "{a}.branch_id = {b}.id"),
];

/// Joins by what is encrypted, within a domain and across.
const SEALED_JOINS: [(&str, &str, &str); 4] = [
    ("customers", "employees", "{a}.phone = {b}.phone"),
    ("accounts", "transactions", "{a}.account_no = {b}.counterparty"),
    ("customers", "customers", "{a}.phone = {b}.phone"),
    ("customers", "accounts", "{a}.phone = {b}.account_no"),
];

impl Generator<'_> {
    /// A query of its own, and whether its order is total.
    pub(super) fn top_query(&mut self) -> (String, bool) {
        match self.dice.below(20) {
            0..2 => self.set_operation(),
            2..4 => self.with_query(),
            4 => (self.values_query(), false),
            5..10 => self.grouped(&[]),
            _ => self.plain(&[]),
        }
    }

    fn values_query(&mut self) -> String {
        self.note("values");
        match self.dice.below(3) {
            0 => format!("VALUES ({}, 'a'), (2, 'b')", self.constant(Kind::Int)),
            1 => format!("TABLE {}", self.dice.pick(&["branches", "customers", "employees", "vip_contacts"])),
            _ => format!("SELECT {}, {}", self.constant(Kind::Text), self.constant(Kind::Date)),
        }
    }

    pub(super) fn locking(&mut self) -> (String, bool) {
        self.note("row locks");
        let (source, from) = self.base("customers");
        let scope = Scope { sources: vec![source], outer: Vec::new() };
        let condition = self.predicate(&scope, 1);
        let lock = self.dice.pick(&["FOR UPDATE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR UPDATE SKIP LOCKED"]);
        let key = scope.key().unwrap_or_default().join(", ");
        (format!("SELECT * FROM {from} WHERE {condition} ORDER BY {key} {lock}"), true)
    }

    /// SELECT without grouping.
    fn plain(&mut self, outer: &[Source]) -> (String, bool) {
        let (scope, from) = self.from(outer);
        let (list, width) = self.outputs(&scope);
        let condition = self.condition(&scope);
        if self.dice.percent(12) {
            self.note("distinct");
            let text = format!("SELECT DISTINCT {list} FROM {from}{condition}");
            return match width {
                Some(width) if self.dice.percent(50) => (format!("{text} ORDER BY {}", ordinals(width)), true),
                _ => (text, false),
            };
        }
        let Some(key) = scope.key().filter(|_| self.dice.percent(60)) else {
            let order = if self.dice.percent(15) { self.partial_order(&scope) } else { String::new() };
            return (format!("SELECT {list} FROM {from}{condition}{order}"), false);
        };
        let leading = if self.dice.percent(30) { self.partial_order(&scope) } else { String::new() };
        let order = match leading.is_empty() {
            true => format!(" ORDER BY {}", self.directed(&key)),
            false => format!("{leading}, {}", key.join(", ")),
        };
        (format!("SELECT {list} FROM {from}{condition}{order}{}", self.limit()), true)
    }

    fn partial_order(&mut self, scope: &Scope) -> String {
        let kind = EXPRESSIBLE[self.dice.below(5)];
        let direction = *self.dice.pick(&["", " DESC", " ASC NULLS FIRST", " DESC NULLS LAST"]);
        let Some((column, _)) = self.reference(scope, |column| column.kind == kind && !column.is_sealed()) else {
            return String::new();
        };
        self.note("order by an expression");
        // A constant alone is none to order by
        match self.dice.below(3) {
            0 => format!(" ORDER BY coalesce({column}, {}){direction}", self.value(kind, scope, 1)),
            _ => format!(" ORDER BY {column}{direction}"),
        }
    }

    fn directed(&mut self, key: &[String]) -> String {
        let directed: Vec<_> =
            key.iter().map(|part| format!("{part}{}", self.dice.pick(&["", "", " DESC", " NULLS FIRST"]))).collect();
        directed.join(", ")
    }

    fn limit(&mut self) -> String {
        match self.dice.below(8) {
            0 => " LIMIT 5".to_owned(),
            1 => format!(" LIMIT {} OFFSET 2", self.shown("7")),
            2 => " FETCH FIRST 3 ROWS ONLY".to_owned(),
            3 => " OFFSET 4 LIMIT 10".to_owned(),
            _ => String::new(),
        }
    }

    fn condition(&mut self, scope: &Scope) -> String {
        match self.dice.below(5) {
            0 => String::new(),
            n => format!(" WHERE {}", self.predicate(scope, n.min(2))),
        }
    }

    /// An output list, and how many columns it has where that is known.
    fn outputs(&mut self, scope: &Scope) -> (String, Option<usize>) {
        if self.dice.percent(12) {
            self.note("star");
            return match self.dice.pick_opt(&scope.sources) {
                Some(source) if self.dice.percent(50) => (format!("{}.*", source.alias), None),
                _ => ("*".to_owned(), None),
            };
        }
        let outputs: Vec<_> = (0..1 + self.dice.below(5)).map(|_| self.output(scope)).collect();
        (outputs.join(", "), Some(outputs.len()))
    }

    fn output(&mut self, scope: &Scope) -> String {
        let text = match self.dice.below(10) {
            0..5 => match self.reference(scope, |column| column.kind != Kind::Other || column.is_sealed()) {
                Some((text, _)) => text,
                None => "1".to_owned(),
            },
            5 => self.window(scope),
            6 => self.value(Kind::Other, scope, 1),
            _ => {
                let kind = EXPRESSIBLE[self.dice.below(6)];
                self.value(kind, scope, 2)
            }
        };
        if !self.dice.percent(35) {
            return text;
        }
        self.aliases += 1;
        format!("{text} {} o{}", ["AS", ""][self.dice.below(2)], self.aliases)
    }

    fn window(&mut self, scope: &Scope) -> String {
        let Some(key) = scope.key() else { return "count(*) OVER ()".to_owned() };
        self.note("window");
        let key = key.join(", ");
        let by = self.value(Kind::Int, scope, 0);
        match self.dice.below(6) {
            0 => format!("row_number() OVER (ORDER BY {key})"),
            1 => format!("rank() OVER (PARTITION BY ({by}) ORDER BY {key})"),
            2 => format!("lag({}) OVER (ORDER BY {key})", self.value(Kind::Text, scope, 0)),
            3 => format!("sum({by}) OVER (PARTITION BY {} ORDER BY {key})", self.value(Kind::Text, scope, 1)),
            4 => match self.reference(scope, Column::is_sealed) {
                Some((text, _)) => format!("count(*) OVER (PARTITION BY {text})"),
                None => "count(*) OVER ()".to_owned(),
            },
            _ => format!("first_value({by}) OVER (ORDER BY {key} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"),
        }
    }

    /// SELECT with GROUP BY, or aggregates alone.
    fn grouped(&mut self, outer: &[Source]) -> (String, bool) {
        self.note("group by");
        let (scope, from) = self.from(outer);
        let condition = self.condition(&scope);
        let keys: Vec<String> = (0..self.dice.below(3)).filter_map(|_| self.group_key(&scope)).collect();
        let aggregates: Vec<_> = (0..1 + self.dice.below(3)).map(|_| self.aggregate(&scope)).collect();
        let list = [keys.clone(), aggregates].concat().join(", ");
        if keys.is_empty() {
            return (format!("SELECT {list} FROM {from}{condition}"), false);
        }
        let by = match self.dice.below(8) {
            0 => format!("ROLLUP ({})", keys.join(", ")),
            1 => ordinals(keys.len()),
            _ => keys.join(", "),
        };
        let having = match self.dice.below(4) {
            0 => format!(" HAVING count(*) > {}", self.dice.below(4)),
            1 => format!(" HAVING max({}) IS NOT NULL", self.value(Kind::Int, &scope, 0)),
            _ => String::new(),
        };
        let text = format!("SELECT {list} FROM {from}{condition} GROUP BY {by}{having}");
        match self.dice.percent(40) && !by.starts_with("ROLLUP") {
            true => (format!("{text} ORDER BY {}{}", ordinals(keys.len()), self.limit()), true),
            false => (text, false),
        }
    }

    fn group_key(&mut self, scope: &Scope) -> Option<String> {
        let has_equality = |column: &Column| column.origin.as_ref().is_some_and(|origin| origin.has_equality);
        let often = if self.bank.sees_everything() { 25 } else { 8 };
        if self.dice.percent(often)
            && let Some((text, _)) = self.reference(scope, has_equality)
        {
            self.note("group by an encrypted column");
            return Some(text);
        }
        let fits = |column: &Column| !column.is_sealed() && column.kind != Kind::Other;
        self.reference(&Scope { outer: Vec::new(), ..scope.clone() }, fits).map(|(text, _)| text)
    }

    fn aggregate(&mut self, scope: &Scope) -> String {
        let key = scope.key().map(|key| key.join(", "));
        let (int, num) = (self.value(Kind::Int, scope, 1), self.value(Kind::Num, scope, 1));
        match (self.dice.below(12), key) {
            (0, _) => "count(*)".to_owned(),
            (1, _) => format!("sum({num})"),
            (2, _) => format!("min({})", self.value(Kind::Text, scope, 1)),
            (3, _) => format!("max({})", self.value(Kind::Date, scope, 0)),
            (4, _) => format!("avg({int})"),
            (5, _) => format!("bool_or({})", self.predicate(scope, 0)),
            (6, _) => format!("count({int}) FILTER (WHERE {})", self.predicate(scope, 0)),
            (7, Some(key)) => format!("string_agg({}, ',' ORDER BY {key})", self.value(Kind::Text, scope, 0)),
            (8, Some(key)) => format!("array_agg({int} ORDER BY {key})"),
            (9, Some(key)) => format!("json_agg({int} ORDER BY {key})"),
            (10, _) => match self.reference(scope, Column::is_sealed) {
                Some((text, _)) => format!("count({}{text})", ["DISTINCT ", ""][self.dice.below(2)]),
                None => "count(*)".to_owned(),
            },
            _ => format!("count(DISTINCT {int})"),
        }
    }

    /// Two queries with the same columns, by one operator.
    fn set_operation(&mut self) -> (String, bool) {
        self.note("set operation");
        let (source, first) = self.table_source();
        let names: Vec<_> = (0..1 + self.dice.below(3)).map(|_| self.dice.pick(&source.columns).name.clone()).collect();
        let branch = |generator: &mut Self, from: &str, source: Source| {
            let list: Vec<_> = names.iter().map(|name| format!("{}.{name}", source.alias)).collect();
            let scope = Scope { sources: vec![source], outer: Vec::new() };
            format!("SELECT {} FROM {from} WHERE {}", list.join(", "), generator.predicate(&scope, 1))
        };
        let name = first.trim_start_matches("ONLY ").trim_start_matches("public.").split(' ').next();
        let name = name.unwrap_or_default().to_owned();
        let left = branch(self, &first, source);
        let (source, second) = self.named_source(&name);
        let right = branch(self, &second, source);
        let operators = ["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "UNION", "EXCEPT ALL", "INTERSECT ALL"];
        let text = format!("{left} {} {right}", self.dice.pick(&operators));
        match self.dice.percent(30) {
            true => (format!("{text} ORDER BY {}", ordinals(names.len())), true),
            false => (text, false),
        }
    }

    fn with_query(&mut self) -> (String, bool) {
        self.note("with");
        let name = ["w", "customers", "recent"][self.dice.below(3)].to_owned();
        let (source, body) = self.derived(&[]);
        let materialized = ["", "", "MATERIALIZED ", "NOT MATERIALIZED "][self.dice.below(4)];
        let source = Source { alias: name.clone(), ..source };
        let mut scope = Scope { sources: vec![source], outer: Vec::new() };
        let mut from = name.clone();
        if self.dice.percent(40) {
            let name = *self.dice.pick(&["branches", "employees", "accounts"]);
            let (other, text) = self.base(name);
            let on = self.tie(&scope.sources[0], &other);
            from = format!("{from} JOIN {text} ON {on}");
            scope.sources.push(other);
        }
        let (list, _) = self.outputs(&scope);
        let condition = self.condition(&scope);
        let text = format!("WITH {name} AS {materialized}({body}) SELECT {list} FROM {from}{condition}");
        match scope.key() {
            Some(key) if self.dice.percent(50) => (format!("{text} ORDER BY {}", key.join(", ")), true),
            _ => (text, false),
        }
    }

    /// Equality of two ids that one side has each.
    fn tie(&mut self, a: &Source, b: &Source) -> String {
        let mut id = |source: &Source| {
            let ids: Vec<_> = source.columns.iter().filter(|column| column.name.ends_with("id")).collect();
            self.dice.pick_opt(&ids).map(|column| format!("{}.{}", source.alias, column.name))
        };
        match (id(a), id(b)) {
            (Some(a), Some(b)) => format!("{a} = {b}"),
            _ => "true".to_owned(),
        }
    }

    /// FROM: one to three sources.
    fn from(&mut self, outer: &[Source]) -> (Scope, String) {
        let outer = outer.to_vec();
        match self.dice.below(10) {
            0..4 => {
                let (source, text) = self.table_source();
                (Scope { sources: vec![source], outer }, text)
            }
            4 => {
                let (source, text) = self.derived(&[]);
                let alias = source.alias.clone();
                (Scope { sources: vec![source], outer }, format!("({text}) AS {alias}"))
            }
            5 => self.lateral(outer),
            6 => self.using(outer),
            _ => self.joined(outer),
        }
    }

    fn joined(&mut self, outer: Vec<Source>) -> (Scope, String) {
        self.note("join");
        let sealed = if self.bank.sees_everything() { 25 } else { 6 };
        let joins: &[_] = if self.dice.percent(sealed) { &SEALED_JOINS } else { &JOINS };
        let (left, right, on) = *self.dice.pick(joins);
        let ((a, left), (b, right)) = (self.base(left), self.base(right));
        let on = on.replace("{a}", &a.alias).replace("{b}", &b.alias);
        let mut scope = Scope { sources: vec![a, b], outer };
        let more = if self.dice.percent(25) { format!(" AND {}", self.predicate(&scope, 0)) } else { String::new() };
        let third = self.dice.percent(20);
        let mut text = match self.dice.below(9) {
            0 if third => format!("{left} CROSS JOIN {right}"),
            0 => format!("{left}, {right}"),
            1 | 2 => format!("{left} LEFT JOIN {right} ON {on}{more}"),
            3 => format!("{left} RIGHT JOIN {right} ON {on}{more}"),
            // Only what can be merged or hashed: a simple equality
            4 => format!("{left} FULL JOIN {right} ON {on}"),
            _ => format!("{left} JOIN {right} ON {on}{more}"),
        };
        if !text.contains(" ON ") {
            let narrow = format!("(SELECT * FROM branches WHERE id < 4) {}", scope.sources[1].alias);
            text = text.replace(&right, &narrow);
            scope.sources[1].columns = self.columns_of("branches");
            scope.sources[1].key = vec!["id".to_owned()];
        }
        if third {
            let (third, table) = self.base("branches");
            let on = self.tie(&scope.sources[0], &third);
            text = format!("{text} LEFT JOIN {table} ON {on}");
            scope.sources.push(third);
        }
        (scope, text)
    }

    fn using(&mut self, outer: Vec<Source>) -> (Scope, String) {
        self.note("join using");
        const USING: [(&str, &str, &str); 8] = [
            ("employees", "customers", "USING (phone)"),
            ("employees", "customers", "USING (phone, id)"),
            ("customers", "accounts", "USING (id)"),
            ("customers", "accounts", "USING (id, branch_id)"),
            ("accounts", "cards", "USING (customer_id)"),
            ("customers", "employees", "USING (phone)"),
            ("accounts", "cards", "NATURAL"),
            ("customer_contacts", "employees", "NATURAL"),
        ];
        let (left, right, how) = *self.dice.pick(&USING);
        let ((a, left), (b, right)) = (self.named_source(left), self.named_source(right));
        let kind = ["", "", "LEFT ", "RIGHT ", "FULL "][self.dice.below(5)];
        let text = match how {
            "NATURAL" => format!("{left} NATURAL {kind}JOIN {right}"),
            using => format!("{left} {kind}JOIN {right} {using}"),
        };
        (Scope { sources: vec![a, b], outer }, text)
    }

    fn lateral(&mut self, outer: Vec<Source>) -> (Scope, String) {
        self.note("lateral");
        let (left, text) = self.base("customers");
        let (inner, table) = self.base("accounts");
        let on = format!("{}.customer_id = {}.id", inner.alias, left.alias);
        let scope = Scope { sources: vec![inner.clone()], outer: vec![left.clone()] };
        let condition = self.predicate(&scope, 1);
        let columns: Vec<_> = (0..2).map(|_| self.dice.pick(&inner.columns).clone()).collect();
        let (first, second) = (&columns[0], &columns[1]);
        let alias = self.alias();
        let names =
            [Column { name: "l1".to_owned(), ..first.clone() }, Column { name: "l2".to_owned(), ..second.clone() }];
        let query = format!(
            "SELECT {a}.{} AS l1, {a}.{} AS l2 FROM {table} WHERE {on} AND {condition} ORDER BY {a}.id LIMIT 1",
            first.name,
            second.name,
            a = inner.alias
        );
        let text = match self.dice.below(3) {
            0 => format!("{text}, LATERAL ({query}) {alias}"),
            1 => format!("{text} CROSS JOIN LATERAL ({query}) AS {alias}"),
            _ => format!("{text} LEFT JOIN LATERAL ({query}) {alias} ON true"),
        };
        let right = Source { alias, columns: names.to_vec(), key: Vec::new() };
        let key = left.key.clone();
        (Scope { sources: vec![Source { key, ..left }, right], outer }, text)
    }

    /// A query with named output columns, to stand in FROM or WITH.
    fn derived(&mut self, outer: &[Source]) -> (Source, String) {
        self.note("derived table");
        let (source, from) = self.table_source();
        let scope = Scope { sources: vec![source], outer: outer.to_vec() };
        let mut columns = Vec::new();
        let mut list = Vec::new();
        let table = &scope.sources[0];
        // The key first, so that its rows can be told apart outside
        for name in &table.key {
            list.push(format!("{}.{name}", table.alias));
            columns.push(Column { name: name.clone(), kind: Kind::Int, origin: None });
        }
        let key = table.key.clone();
        for at in 0..1 + self.dice.below(3) {
            let Some((text, column)) = self.reference(&Scope { outer: Vec::new(), ..scope.clone() }, |_| true) else {
                continue;
            };
            let column = Column { name: format!("d{at}"), ..column };
            list.push(format!("{text} AS {}", column.name));
            columns.push(column);
        }
        let kind = EXPRESSIBLE[self.dice.below(5)];
        list.push(format!("{} AS e", self.value(kind, &scope, 1)));
        columns.push(Column { name: "e".to_owned(), ..computed(kind) });
        let condition = self.condition(&scope);
        let text = format!("SELECT {} FROM {from}{condition}", list.join(", "));
        (Source { alias: self.alias(), columns, key }, text)
    }

    /// A table or view, mostly one that the role may use.
    pub(super) fn table_source(&mut self) -> (Source, String) {
        let denied = self.dice.percent(3);
        let names: Vec<_> =
            self.bank.tables.iter().filter(|table| denied || !table.is_denied).map(|table| table.name).collect();
        match self.dice.below(10) {
            0 => {
                let view = *self.dice.pick(&["customer_contacts", "vip_contacts"]);
                self.named_source(view)
            }
            1..4 => self.base("customers"),
            _ => {
                let name = *self.dice.pick(&names);
                self.base(name)
            }
        }
    }

    pub(super) fn named_source(&mut self, name: &str) -> (Source, String) {
        let view = self.bank.views.iter().find(|(view, _)| *view == name);
        let Some((view, columns)) = view else { return self.base(name) };
        self.note("view");
        let columns: Vec<_> = columns
            .iter()
            .map(|(shown, column)| Column {
                name: (*shown).to_owned(),
                kind: column.kind,
                origin: Some(Arc::clone(column)),
            })
            .collect();
        let alias = self.alias();
        let text = format!("{view} {alias}");
        (Source { alias, columns, key: vec!["id".to_owned()] }, text)
    }

    pub(super) fn base(&mut self, name: &str) -> (Source, String) {
        let bank = self.bank;
        let Some(table) = bank.tables.iter().find(|table| table.name == name) else { return self.named_source(name) };
        let columns = self.columns_of(name);
        let (alias, text) = match self.dice.below(10) {
            0 => (name.to_owned(), name.to_owned()),
            1 => {
                let alias = self.alias();
                (alias.clone(), format!("public.{name} AS {alias}"))
            }
            2 => {
                let alias = self.alias();
                (alias.clone(), format!("ONLY {name} {alias}"))
            }
            _ => {
                let alias = self.alias();
                (alias.clone(), format!("{name} {alias}"))
            }
        };
        (Source { alias, columns, key: vec![table.key().to_owned()] }, text)
    }

    pub(super) fn columns_of(&self, name: &str) -> Vec<Column> {
        let column = |column: &Arc<super::model::TableColumn>| Column {
            name: column.name.to_owned(),
            kind: column.kind,
            origin: Some(Arc::clone(column)),
        };
        self.bank.table(name).columns.iter().map(column).collect()
    }
}

fn computed(kind: Kind) -> Column {
    Column { name: String::new(), kind, origin: None }
}

fn ordinals(count: usize) -> String {
    (1..=count).map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
}
