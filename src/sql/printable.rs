//! What libpg_query's printer has no branch for: built with assertions, as for debugging, it ends the process there.

use pg_query::protobuf::Node;

use super::walk::{Visitor, walk};

/// Whether the printer knows every form in a tree.
pub(super) fn is_printable(tree: &Node) -> bool {
    let mut checker = Checker { open: Vec::new(), option: None, is_printable: true };
    walk(tree, &mut checker);
    checker.is_printable
}

/// What may stand as a function in FROM, and the list of columns beside it.
const FUNCTIONS: &[&str] = &[
    "FuncCall",
    "SqlValueFunction",
    "TypeCast",
    "CoalesceExpr",
    "MinMaxExpr",
    "XmlExpr",
    "XmlSerialize",
    "List",
    "ColumnDef",
];

struct Checker {
    /// The nodes around, each with the field that is being read.
    open: Vec<(&'static str, &'static str)>,
    /// Of COPY's option that is being read, the name and the kind of its value.
    option: Option<(String, &'static str)>,
    is_printable: bool,
}

/// Whether the printer takes this kind of value for an option of COPY. It reads a text where it expects one, whatever there is.
fn is_copy_option(name: &str, kind: &str) -> bool {
    match name {
        "format" | "delimiter" | "null" | "quote" | "escape" | "encoding" => kind == "String",
        "freeze" | "header" => matches!(kind, "" | "String" | "Integer" | "Boolean"),
        "force_quote" | "force_not_null" | "force_null" => matches!(kind, "AStar" | "List"),
        _ => false,
    }
}

impl Checker {
    /// Inside COPY's list of options, by the nodes around.
    fn is_option(&self) -> bool {
        let mut around = self.open.iter().rev().filter(|(kind, _)| *kind != "Node");
        matches!((around.next(), around.next()), (Some(("DefElem", _)), Some(("CopyStmt", "options"))))
    }
}

impl Visitor for Checker {
    fn enter(&mut self, kind: &'static str) {
        let mut around = self.open.iter().rev().filter(|(kind, _)| *kind != "Node");
        let (owner, its_owner) = (around.next(), around.next());
        let is_known = match (owner, its_owner) {
            _ if kind == "Node" => true,
            // PostgreSQL itself takes nothing else as a type's modifier
            (Some(("TypeName", "typmods")), _) => matches!(kind, "AConst" | "ParamRef" | "ColumnRef"),
            // SQL/JSON functions are missing
            (Some(("List", _)), Some(("RangeFunction", "functions"))) => FUNCTIONS.contains(&kind),
            _ => true,
        };
        self.is_printable &= is_known;
        if kind != "Node"
            && self.is_option()
            && let Some((_, value)) = &mut self.option
        {
            *value = kind;
        }
        self.open.push((kind, ""));
    }

    fn leave(&mut self) {
        if matches!(self.open.last(), Some(("DefElem", _))) && self.is_option() {
            let option = self.option.take();
            self.is_printable &= option.is_some_and(|(name, kind)| is_copy_option(&name, kind));
        }
        self.open.pop();
    }

    fn field(&mut self, name: &'static str) {
        if let Some((_, field)) = self.open.last_mut() {
            *field = name;
        }
    }

    fn text(&mut self, text: &str) {
        if matches!(self.open.last(), Some(("DefElem", "defname"))) && self.is_option() {
            self.option = Some((text.to_owned(), ""));
        }
    }

    fn number(&mut self, _: i128) {}
}

#[cfg(test)]
mod tests {
    use super::is_printable;

    #[test]
    fn modifiers_are_simple() {
        for (sql, printable) in [
            ("SELECT 'x'::varchar(3), $1::numeric(10, 2)", true),
            ("SELECT 'x'::date(1 + 1)", false),
            ("SELECT 'x'::t(NOT true), 1", false),
            ("SELECT f(1 + 1)::varchar(3)", true),
            ("SELECT * FROM f(1 + 1) a, coalesce(1, 2) b, current_date c, CAST(1 AS int) d", true),
            ("SELECT * FROM ROWS FROM (f(1), g() AS (a int, b text)) WITH ORDINALITY x", true),
            ("SELECT * FROM JSON_SCALAR(1) x", false),
            ("SELECT * FROM ROWS FROM (f(1), JSON_ARRAYAGG(2)) x", false),
            (
                "COPY t TO STDOUT (FORMAT csv, HEADER, FREEZE 1, DELIMITER ';', NULL '', FORCE_QUOTE *, ENCODING 'UTF8')",
                true,
            ),
            ("COPY t (a) FROM STDIN WITH CSV HEADER FORCE NOT NULL a", true),
            ("COPY t TO STDOUT (HEADER 1.5)", false),
            ("COPY t TO STDOUT (FREEZE *)", false),
            ("COPY t TO STDOUT (DELIMITER 5)", false),
            ("COPY t TO STDOUT (FORMAT)", false),
            ("COPY t TO STDOUT (NULL (a))", false),
            ("COPY t TO STDOUT (FORCE_QUOTE 'a')", false),
            ("EXPLAIN (ANALYZE 1, FORMAT text, COSTS 1.5) SELECT 1", true),
        ] {
            let tree = super::super::parse(sql, true).unwrap().remove(0).tree;
            assert_eq!(is_printable(&tree), printable, "{sql}");
            // The printer's assertions hold, whatever it makes of it
            drop(super::super::print(tree));
        }
    }
}
