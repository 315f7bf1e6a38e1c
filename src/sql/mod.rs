//! SQL text to PostgreSQL's own syntax tree and back. Pure.

use std::ops::Range;

use pg_query::protobuf::Node;

use crate::wire::PgError;

/// One statement of a text.
pub struct Statement {
    /// Its bytes in the text, without the semicolon.
    pub range: Range<usize>,
    pub tree: Node,
}

/// Splits and parses a text as a server of this setting would.
///
/// # Errors
/// 42601 for what PostgreSQL's grammar refuses, 54000 for a text that is too long, 54001 for one nested too deeply.
pub fn parse(_text: &str, _standard_conforming_strings: bool) -> Result<Vec<Statement>, PgError> {
    Ok(Vec::new())
}
