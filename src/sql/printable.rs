//! What libpg_query's printer has no branch for: built with assertions, as for debugging, it ends the process there.

use pg_query::protobuf::Node;

use super::walk::{Visitor, walk};

/// Whether the printer knows every form in a tree.
pub(super) fn is_printable(tree: &Node) -> bool {
    let mut checker = Checker { open: Vec::new(), is_printable: true };
    walk(tree, &mut checker);
    checker.is_printable
}

struct Checker {
    /// The nodes around, each with the field that is being read.
    open: Vec<(&'static str, &'static str)>,
    is_printable: bool,
}

impl Visitor for Checker {
    fn enter(&mut self, kind: &'static str) {
        let owner = self.open.iter().rev().find(|(kind, _)| *kind != "Node");
        // PostgreSQL itself takes nothing else as a type's modifier
        if owner == Some(&("TypeName", "typmods")) && !matches!(kind, "Node" | "AConst" | "ParamRef" | "ColumnRef") {
            self.is_printable = false;
        }
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
        ] {
            let tree = super::super::parse(sql, true).unwrap().remove(0).tree;
            assert_eq!(is_printable(&tree), printable, "{sql}");
        }
    }
}
