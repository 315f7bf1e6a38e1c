//! The proof that a text with constants in the places of its parameters means what the text with parameters does.

use pg_query::ParserOptions;
use pg_query::protobuf::{AConst, Node, RawStmt};

use super::print::{Meaning, meaning};
use super::walk::{Visitor, walk};

/// Whether both texts are one statement each, and that of `filled` is the one of `text` with `constants[n - 1]` where
/// each `$n` stands. Both are read by PostgreSQL's grammar, and both readers find the same literals in `filled`.
pub fn is_filled(filled: &str, text: &str, constants: &[AConst]) -> bool {
    let (Some(expected), Some(found)) = (statement(text), statement(filled)) else { return false };
    let constants = constants.iter().map(meaning).collect();
    let mut expect = Filling { meaning: Meaning::default(), constants, parameter: None, field: "", is_whole: true };
    walk(&expected, &mut expect);
    expect.is_whole && expect.meaning.bytes == meaning(&found) && super::second_reader::agrees(filled)
}

fn statement(text: &str) -> Option<Node> {
    let mut statements = pg_query::parse(text, ParserOptions::DEFAULT).ok()?.protobuf.stmts;
    match (statements.pop(), statements.is_empty()) {
        (Some(RawStmt { stmt, .. }), true) => stmt.map(|statement| *statement),
        _ => None,
    }
}

/// A tree's meaning with constants for its parameters.
struct Filling {
    meaning: Meaning,
    constants: Vec<Vec<u8>>,
    /// The number of the parameter that is being read.
    parameter: Option<i128>,
    field: &'static str,
    /// Each parameter had its constant.
    is_whole: bool,
}

impl Visitor for Filling {
    fn enter(&mut self, kind: &'static str) {
        match kind {
            "ParamRef" => self.parameter = Some(0),
            _ => self.meaning.enter(kind),
        }
    }

    fn leave(&mut self) {
        let Some(number) = self.parameter.take() else { return self.meaning.leave() };
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        match at.and_then(|at| self.constants.get(at)) {
            Some(constant) => self.meaning.bytes.extend_from_slice(constant),
            None => self.is_whole = false,
        }
    }

    fn field(&mut self, name: &'static str) {
        match self.parameter {
            Some(_) => self.field = name,
            None => self.meaning.field(name),
        }
    }

    fn text(&mut self, text: &str) {
        self.meaning.text(text);
    }

    fn number(&mut self, number: i128) {
        match self.parameter {
            Some(_) if self.field == "number" => self.parameter = Some(number),
            Some(_) => {}
            None => self.meaning.number(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use pg_query::protobuf::{Integer, String as Text, a_const::Val};

    use super::*;

    fn constants() -> [AConst; 2] {
        let text = Val::Sval(Text { sval: "it's".to_owned() });
        [Val::Ival(Integer { ival: 7 }), text].map(|val| AConst { isnull: false, location: 0, val: Some(val) })
    }

    #[test]
    fn only_the_constants_may_differ() {
        let text = "SELECT a FROM t WHERE b = $1 AND c IN ($2, $2::text) LIMIT $1";
        for (filled, expect) in [
            ("SELECT a FROM t WHERE b = 7 AND c IN ('it''s', 'it''s'::text) LIMIT 7", true),
            ("SELECT a  FROM t WHERE b=7 AND c IN ('it''s', 'it''s'::text) LIMIT 7", true),
            ("SELECT a FROM t WHERE b = 7 AND c IN ('it''s', 'it''s') LIMIT 7", false),
            ("SELECT a FROM t WHERE b = 7 AND c IN ('it''s', 'its'::text) LIMIT 7", false),
            ("SELECT a FROM t WHERE b = 8 AND c IN ('it''s', 'it''s'::text) LIMIT 7", false),
            ("SELECT a FROM t WHERE b = 7 AND c IN ('it''s', 'it''s'::text) LIMIT 7; SELECT 1", false),
            ("SELECT a FROM t WHERE b = $1 AND c IN ($2, $2::text) LIMIT $1", false),
            ("SELECT a FROM", false),
        ] {
            assert_eq!(is_filled(filled, text, &constants()), expect, "{filled}");
        }
        assert!(!is_filled("SELECT 7", "SELECT $3", &constants()), "no constant for it");
        // Where a parameter can stand and a constant means something else
        assert!(!is_filled("SELECT - 7", "SELECT - $1", &constants()));
    }
}
