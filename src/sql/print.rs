//! A tree as text, and the proof that the text means the tree.

use pg_query::protobuf::{Node, ParseResult, RawStmt};
use pg_query::{NodeEnum, ParserOptions};

use super::printable;
use super::walk::{Visitor, walk};
use crate::wire::{PgError, SqlState};

/// Prints a statement. The print is parsed again and has to give the same tree, places in the text aside.
///
/// # Errors
/// 0A000 where it does not: the statement cannot be rewritten safely, and is refused.
pub fn print(tree: Node) -> Result<String, PgError> {
    if !printable::is_printable(&tree) {
        return Err(not_printable());
    }
    let statement = RawStmt { stmt: Some(Box::new(tree)), stmt_location: 0, stmt_len: 0 };
    let result = ParseResult { version: 180_000, stmts: vec![statement] };
    let text = pg_query::deparse(&result, Default::default()).map_err(|_| not_printable())?;
    let again = pg_query::parse(&text, ParserOptions::DEFAULT).map_err(|_| not_printable())?;
    let [RawStmt { stmt: again, .. }] = again.protobuf.stmts.as_slice() else { return Err(not_printable()) };
    let is_same = result.stmts.iter().all(|statement| meaning(&statement.stmt) == meaning(again));
    match is_same && super::second_reader::agrees(&text) {
        true => Ok(text),
        false => Err(not_printable()),
    }
}

/// Parses one expression of the proxy's own (a mask, a row filter).
///
/// # Errors
/// XX000 where it is not one expression.
pub fn expression(text: &str) -> Result<Node, PgError> {
    let NodeEnum::SelectStmt(mut select) = query(&format!("SELECT ({text})"))? else { return Err(not_ours()) };
    match (select.target_list.pop().and_then(|target| target.node), select.target_list.is_empty()) {
        (Some(NodeEnum::ResTarget(target)), true) => target.val.map(|node| *node).ok_or_else(not_ours),
        _ => Err(not_ours()),
    }
}

/// Parses one statement of the proxy's own or of the catalog (a view's definition).
///
/// # Errors
/// XX000 where it is not one statement.
pub fn query(text: &str) -> Result<NodeEnum, PgError> {
    let parsed = pg_query::parse(text, ParserOptions::DEFAULT).map_err(|_| not_ours())?;
    let mut statements = parsed.protobuf.stmts;
    match (statements.pop(), statements.is_empty()) {
        (Some(RawStmt { stmt: Some(statement), .. }), true) => statement.node.ok_or_else(not_ours),
        _ => Err(not_ours()),
    }
}

pub(super) fn not_printable() -> PgError {
    PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "this form of the statement cannot be rewritten for protected data")
}

pub(super) fn not_ours() -> PgError {
    PgError::new(SqlState::INTERNAL_ERROR, "an expression of the policy or catalog cannot be read")
}

/// Everything in a tree but where it stood in its text, written out: two trees mean the same where this is equal.
pub(super) fn meaning(tree: &impl serde::Serialize) -> Vec<u8> {
    let mut meaning = Meaning::default();
    walk(tree, &mut meaning);
    meaning.bytes
}

#[derive(Default)]
pub(super) struct Meaning {
    pub(super) bytes: Vec<u8>,
    is_place: bool,
}

/// Fields that say where in the text something stood.
fn is_place(field: &str) -> bool {
    field.ends_with("location")
        || matches!(field, "stmt_len" | "rexpr_list_start" | "rexpr_list_end" | "list_start" | "list_end")
}

impl Meaning {
    /// One part with its kind and length, so that no two lists of parts read alike.
    fn part(&mut self, kind: u8, part: &[u8]) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(&part.len().to_le_bytes());
        self.bytes.extend_from_slice(part);
    }
}

impl Visitor for Meaning {
    fn enter(&mut self, kind: &'static str) {
        self.part(b'(', kind.as_bytes());
    }

    fn leave(&mut self) {
        self.bytes.push(b')');
    }

    /// A kind of node always has the same fields in the same order, so their names tell nothing.
    fn field(&mut self, name: &'static str) {
        self.is_place = is_place(name);
    }

    fn text(&mut self, text: &str) {
        self.part(b'"', text.as_bytes());
    }

    fn number(&mut self, number: i128) {
        if !self.is_place {
            self.bytes.push(b'#');
            self.bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::parse;

    fn tree(sql: &str) -> Node {
        parse(sql, true).unwrap().remove(0).tree
    }

    #[test]
    fn statements_print_to_what_they_mean() {
        for sql in [
            "SELECT a AS \"A b\", 'it''s', E'\\\\ \\n', $1::varchar(3)[] FROM ONLY s.\"T\" x(y) WHERE NOT (a = 1 AND b <> -2)",
            "INSERT INTO t VALUES (1, DEFAULT) ON CONFLICT (left(a, 27)) DO UPDATE SET a = EXCLUDED.a RETURNING *",
            "UPDATE t SET (a, b) = (1, 2), c[1] = 3 FROM u WHERE CURRENT OF c",
            "WITH RECURSIVE r AS MATERIALIZED (SELECT 1 UNION ALL SELECT 2) SELECT * FROM r FOR NO KEY UPDATE OF r SKIP LOCKED",
            "COPY (SELECT 1) TO STDOUT WITH (FORMAT csv, DELIMITER ';')",
            "DECLARE c BINARY SCROLL CURSOR WITH HOLD FOR SELECT 1",
            "SELECT pg_catalog.\"left\"(a, 27) OPERATOR(pg_catalog.=) 'x' FROM t",
        ] {
            let text = print(tree(sql)).unwrap();
            assert_eq!(meaning(&tree(sql)), meaning(&tree(&text)), "{text}");
        }
    }

    #[test]
    fn places_do_not_count_and_everything_else_does() {
        let same = |a: &str, b: &str| meaning(&tree(a)) == meaning(&tree(b));
        assert!(same("SELECT  a,\n b FROM t", "select a, b from T"));
        for (a, b) in [
            ("SELECT 1", "SELECT 2"),
            ("SELECT 'a'", "SELECT a"),
            ("SELECT a FROM t", "SELECT a FROM ONLY t"),
            ("SELECT a, b", "SELECT b, a"),
            ("SELECT a UNION SELECT b", "SELECT a UNION ALL SELECT b"),
            ("SELECT * FROM t FOR UPDATE", "SELECT * FROM t FOR SHARE"),
        ] {
            assert!(!same(a, b), "{a} / {b}");
        }
    }

    #[test]
    fn expressions_are_whole() {
        assert!(expression("a = 1 AND b").is_ok());
        assert!(expression("a, b").is_err() || expression("a) , (b").is_err());
        assert!(query("SELECT 1; SELECT 2").is_err());
    }
}
