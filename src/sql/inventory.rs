//! Everything a statement names, wherever it stands: relations, functions, operators, types.

use pg_query::protobuf::Node;

use super::walk::{Visitor, walk};

/// A name as written: folded by the grammar, quoted names kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    pub schema: Option<String>,
    pub name: String,
}

/// A call of a function, procedure or aggregate, or an operator.
pub type Call = Name;

/// What a statement names. Lists may hold a name several times.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Every `RangeVar`: tables, views, targets, and names of statements' own (CTEs look like relations).
    pub relations: Vec<Name>,
    /// Where each of them stands in the text that was parsed, in bytes.
    pub places: Vec<Option<usize>>,
    pub functions: Vec<Call>,
    /// Operators written as such, `OPERATOR(schema.op)` included.
    pub operators: Vec<Call>,
    pub types: Vec<Name>,
    /// Targets of INSERT, UPDATE, DELETE, MERGE, COPY FROM and TRUNCATE.
    pub written: Vec<Name>,
    /// What CREATE TABLE AS and SELECT INTO make; among `relations` too.
    pub made: Vec<Name>,
    /// Last parts of dotted references: `row.name` calls a function where no column bears the name.
    pub selected: Vec<String>,
    /// Names that a WITH clause gives.
    pub common_tables: Vec<String>,
    /// Every text in the tree: identifiers and string literals alike. A name that utility statements hold in some
    /// other form than a `RangeVar` (`DROP TABLE a.b`, `COMMENT ON COLUMN t.c`) is among them.
    pub texts: Vec<String>,
    /// The node types met, as PostgreSQL names them.
    pub kinds: Vec<&'static str>,
    /// The highest `$n`, 0 without parameters.
    pub parameters: i32,
}

/// Lists what a tree names.
pub fn inventory(tree: &Node) -> Inventory {
    let mut collector = Collector { found: Inventory::default(), open: Vec::new() };
    walk(tree, &mut collector);
    collector.found
}

struct Collector {
    found: Inventory,
    open: Vec<Open>,
}

/// A node on the way from the root, with the field that is being read and the names gathered so far.
struct Open {
    kind: &'static str,
    field: &'static str,
    names: Vec<String>,
    place: Option<usize>,
}

impl Collector {
    /// The nearest node that gathers the text now read: `String` nodes stand between a list and its owner.
    fn owner(&mut self) -> Option<&mut Open> {
        self.open.iter_mut().rev().find(|open| !matches!(open.kind, "String" | "Node" | "List"))
    }

    fn close(&mut self, open: Open) {
        let names = open.names;
        match open.kind {
            "RangeVar" => {
                let name = qualified(names);
                match self.open.iter().rev().find(|open| open.kind != "Node") {
                    Some(owner) if is_target(owner) => self.found.written.extend(name.clone()),
                    Some(owner) if owner.kind == "IntoClause" => self.found.made.extend(name.clone()),
                    _ => {}
                }
                if let Some(name) = name {
                    self.found.relations.push(name);
                    self.found.places.push(open.place);
                }
            }
            "ColumnRef" if names.len() > 1 => self.found.selected.extend(names.into_iter().next_back()),
            "AIndirection" => self.found.selected.extend(names),
            "FuncCall" => self.found.functions.extend(qualified(names)),
            "AExpr" | "SortBy" | "SubLink" => self.found.operators.extend(qualified(names)),
            "TypeName" => self.found.types.extend(qualified(names)),
            "CommonTableExpr" => self.found.common_tables.extend(names),
            _ => {}
        }
    }
}

fn is_target(owner: &Open) -> bool {
    matches!(
        (owner.kind, owner.field),
        ("InsertStmt" | "UpdateStmt" | "DeleteStmt" | "MergeStmt" | "CopyStmt", "relation")
            | ("TruncateStmt", "relations")
    )
}

/// The fields that hold the name of what the node is about.
fn names_something(kind: &str, field: &str) -> bool {
    matches!(
        (kind, field),
        ("RangeVar", "schemaname" | "relname")
            | ("FuncCall", "funcname")
            | ("AExpr", "name")
            | ("SortBy", "use_op")
            | ("SubLink", "oper_name")
            | ("TypeName", "names")
            | ("CommonTableExpr", "ctename")
            | ("ColumnRef", "fields")
            | ("AIndirection", "indirection")
    )
}

impl Visitor for Collector {
    fn enter(&mut self, kind: &'static str) {
        self.found.kinds.push(kind);
        self.open.push(Open { kind, field: "", names: Vec::new(), place: None });
    }

    fn leave(&mut self) {
        if let Some(open) = self.open.pop() {
            self.close(open);
        }
    }

    fn field(&mut self, name: &'static str) {
        if let Some(open) = self.open.last_mut() {
            open.field = name;
        }
    }

    fn number(&mut self, number: i128) {
        match self.open.last_mut() {
            Some(Open { kind: "ParamRef", field: "number", .. }) => {
                self.found.parameters = self.found.parameters.max(i32::try_from(number).unwrap_or(0));
            }
            Some(Open { kind: "RangeVar", field: "location", place, .. }) => *place = usize::try_from(number).ok(),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.found.texts.push(text.to_owned());
        if let Some(owner) = self.owner()
            && names_something(owner.kind, owner.field)
        {
            owner.names.push(text.to_owned());
        }
    }
}

/// The last part is the name, the one before it the schema; a database's name before that changes nothing.
fn qualified(mut parts: Vec<String>) -> Option<Name> {
    let name = parts.pop()?;
    Some(Name { schema: parts.pop(), name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &str) -> Inventory {
        inventory(&super::super::parse(sql, true).unwrap().remove(0).tree)
    }

    fn shown(names: &[Name]) -> Vec<String> {
        names.iter().map(|n| n.schema.iter().map(|s| format!("{s}.")).collect::<String>() + &n.name).collect()
    }

    #[test]
    fn relations_are_found_wherever_they_stand() {
        for (sql, expect) in [
            ("SELECT * FROM a, b.c x, LATERAL (SELECT 1 FROM d) y", vec!["a", "b.c", "d"]),
            ("WITH x AS (DELETE FROM e RETURNING 1) SELECT (SELECT 1 FROM f) FROM x", vec!["x", "f", "e"]),
            ("INSERT INTO g SELECT 1 FROM \"H\" ON CONFLICT DO UPDATE SET a = (SELECT 1 FROM i)", vec!["g", "H", "i"]),
            ("COPY (SELECT 1 FROM j) TO STDOUT", vec!["j"]),
            ("COPY k TO STDOUT", vec!["k"]),
            ("CREATE VIEW l AS SELECT * FROM m", vec!["l", "m"]),
            ("CREATE TABLE n (LIKE o INCLUDING ALL) INHERITS (p)", vec!["n", "o", "p"]),
            ("MERGE INTO q USING r ON true WHEN MATCHED THEN DELETE", vec!["q", "r"]),
            ("LOCK TABLE s, t", vec!["s", "t"]),
            ("EXPLAIN DECLARE u CURSOR FOR TABLE v", vec!["v"]),
            ("PREPARE w AS UPDATE x1 SET a = 1 FROM y1", vec!["x1", "y1"]),
            ("CREATE RULE z AS ON SELECT TO aa DO INSTEAD SELECT * FROM ab", vec!["aa", "ab"]),
            (r#"SELECT 1 FROM U&"d\0061t\+000061""#, vec!["data"]),
        ] {
            let mut found = shown(&of(sql).relations);
            let mut expect: Vec<_> = expect.into_iter().map(String::from).collect();
            found.sort();
            expect.sort();
            assert_eq!(found, expect, "{sql}");
        }
    }

    #[test]
    fn relations_are_found_where_they_stand() {
        for (sql, expect) in [
            ("SELECT '客户' FROM a, \"B\".c", vec![21, 24]),
            ("SELECT 1; UPDATE a SET b = (SELECT 1 FROM c)", vec![17, 42]),
        ] {
            let found = inventory(&super::super::parse(sql, true).unwrap().pop().unwrap().tree);
            assert_eq!(found.places, expect.into_iter().map(Some).collect::<Vec<_>>(), "{sql}");
            assert_eq!(found.places.len(), found.relations.len());
        }
    }

    #[test]
    fn functions_operators_types_and_texts() {
        let found = of("SELECT pg_catalog.lower(a::s.t) OPERATOR(public.===) b, c || f(DISTINCT 1) FROM g(2)");
        assert_eq!(shown(&found.functions), ["pg_catalog.lower", "f", "g"]);
        assert_eq!(shown(&found.operators), ["public.===", "||"]);
        assert_eq!(shown(&found.types), ["s.t"]);
        assert!(of("DROP TABLE customers").texts.contains(&"customers".to_owned()));
        assert!(of("COMMENT ON COLUMN a.b.c IS 'x'").texts.contains(&"b".to_owned()));
        assert_eq!(of("SELECT a.b, c, (d).e, s.t.f FROM t").selected, ["b", "e", "f"]);
        for sql in ["INSERT INTO w SELECT 1 FROM r", "UPDATE w SET a = 1 FROM r", "TRUNCATE w", "COPY w FROM STDIN"] {
            assert_eq!(shown(&of(sql).written), ["w"], "{sql}");
        }
        assert_eq!(of("WITH x AS (SELECT 1) SELECT * FROM x").common_tables, ["x"]);
        assert_eq!(of("SELECT f($2, 7) FROM g($1) WHERE h(3)").parameters, 2);
        assert_eq!(of("SELECT f(7)").parameters, 0);
        for sql in
            ["SELECT 1 INTO TEMP s.n FROM r", "CREATE TABLE s.n AS TABLE r", "CREATE MATERIALIZED VIEW s.n AS TABLE r"]
        {
            assert_eq!(shown(&of(sql).made), ["s.n"], "{sql}");
        }
    }
}
