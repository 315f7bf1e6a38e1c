//! SQL text to PostgreSQL's own syntax tree and back. Pure.
//!
//! The tree that is analysed is the one PostgreSQL's grammar builds (libpg_query), so what the analysis sees and what
//! the server runs cannot differ by a parser's opinion. A changed tree is printed, the print is parsed again, and
//! only a print that gives the very same tree goes upstream ([`print()`]).

mod depth;
mod escape;
mod filled;
mod fragment;
mod inventory;
mod marks;
mod misplaced;
mod print;
mod printable;
mod replace;
mod scan;
mod second_reader;
mod shape;
mod walk;

use std::ops::Range;

use pg_query::ParserOptions;
use pg_query::protobuf::Node;

pub use escape::escaped;
pub use filled::is_filled;
pub use fragment::{Fragment, PLACE};
pub use inventory::{Call, Inventory, Name, inventory};
pub use marks::Marks;
pub use print::{expression, print, query};
pub use replace::replace_column;
pub use scan::scan;
pub use shape::{Shape, shape};

use crate::wire::{PgError, SqlState};

/// One statement of a text.
pub struct Statement {
    /// Its bytes in the text, without the semicolon.
    pub range: Range<usize>,
    pub tree: Node,
}

/// Splits and parses a text as a server of this setting would. Empty statements are left out.
///
/// # Errors
/// 42601 for what PostgreSQL's grammar refuses, 54001 for a text that is nested too deeply to be read safely.
pub fn parse(text: &str, standard_conforming_strings: bool) -> Result<Vec<Statement>, PgError> {
    depth::check(text)?;
    let options = match standard_conforming_strings {
        true => ParserOptions::DEFAULT,
        false => ParserOptions::DISABLE_STANDARD_CONFORMING_STRINGS,
    };
    let parsed = pg_query::parse(text, options).map_err(|error| refused(error, text, options))?;
    let statements = parsed.protobuf.stmts.into_iter().filter_map(|raw| {
        let start = usize::try_from(raw.stmt_location).ok()?;
        let len = usize::try_from(raw.stmt_len).ok()?;
        let end = if len == 0 { text.len() } else { start + len };
        Some(Statement { range: start..end, tree: *raw.stmt? })
    });
    let statements: Vec<_> = statements.collect();
    match statements.iter().all(|statement| text.get(statement.range.clone()).is_some()) {
        true => Ok(statements),
        false => Err(PgError::new(SqlState::INTERNAL_ERROR, "a statement's place in its text cannot be told")),
    }
}

/// The grammar's own words; they may quote the client's text to the client.
fn not_scanned() -> PgError {
    PgError::new(SqlState::SYNTAX_ERROR, "the text cannot be split into tokens")
}

fn refused(error: pg_query::Error, text: &str, options: ParserOptions) -> PgError {
    match error {
        pg_query::Error::Parse(message) => {
            let fails_alike = |cut: &str| matches!(pg_query::parse(cut, options), Err(pg_query::Error::Parse(again)) if again == message);
            let position = misplaced::place_of_error(text, &message, fails_alike);
            PgError { position, ..PgError::new(SqlState::SYNTAX_ERROR, message) }
        }
        pg_query::Error::Conversion(_) => PgError::new(SqlState::CHARACTER_NOT_IN_REPERTOIRE, "a NUL in the text"),
        other => PgError::new(SqlState::STATEMENT_TOO_COMPLEX, format!("statement cannot be read: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_split_where_postgresql_splits() {
        let texts = |sql: &str, conforming| -> Vec<String> {
            let parsed = parse(sql, conforming).unwrap();
            parsed.into_iter().map(|statement| sql[statement.range].trim().to_owned()).collect()
        };
        assert_eq!(texts("SELECT 1; SELECT ';' -- ;\n;;", true), ["SELECT 1", "SELECT ';' -- ;"]);
        assert_eq!(texts(r"SELECT '\'; SELECT 2", true).len(), 2);
        assert_eq!(texts(r"SELECT '\'; SELECT 2'", false).len(), 1);
        assert_eq!(texts("BEGIN; SELECT '张三'; COMMIT", true), ["BEGIN", "SELECT '张三'", "COMMIT"]);
        assert!(texts("", true).is_empty());
    }

    #[test]
    fn what_the_grammar_refuses_has_its_sqlstate() {
        for (sql, code) in [("SELEC 1", "42601"), ("SELECT 'open", "42601")] {
            assert_eq!(parse(sql, true).map(|_| ()).unwrap_err().code.as_str(), code, "{sql}");
        }
    }
}
