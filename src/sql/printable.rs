//! What libpg_query's printer has no branch for: built with assertions, as for debugging, it ends the process there.

use pg_query::protobuf::Node;

use super::walk::{Visitor, walk};

/// Whether the printer knows every form in a tree.
pub(super) fn is_printable(tree: &Node) -> bool {
    let mut checker = Checker { open: Vec::new(), is_printable: true };
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
    is_printable: bool,
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
        self.open.push((kind, ""));
    }

    fn leave(&mut self) {
        self.open.pop();
    }

    fn field(&mut self, name: &'static str) {
        if let Some((_, field)) = self.open.last_mut() {
            *field = name;
        }
    }

    fn text(&mut self, _: &str) {}

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
        ] {
            let tree = super::super::parse(sql, true).unwrap().remove(0).tree;
            assert_eq!(is_printable(&tree), printable, "{sql}");
        }
    }
}
