//! How deeply a text may nest: its tree is built and walked by recursion, in C and here, and a stack that runs out ends
//! the process and every session with it.

use pg_query::protobuf::{KeywordKind, Token};

use crate::wire::{PgError, SqlState};

/// Levels that the stack of a serving thread has room for many times over.
const MAX_DEPTH: usize = 1500;
/// A text this short cannot nest deeper than that: each level takes a character at least.
const SHORT_LEN: usize = MAX_DEPTH;
/// What a CASE itself adds: its WHEN, THEN and ELSE.
const CASE_HEIGHT: usize = 3;

/// # Errors
/// 54001 where the text could nest deeper, 42601 where it cannot be split into tokens.
pub(super) fn check(text: &str) -> Result<(), PgError> {
    if text.len() <= SHORT_LEN {
        return Ok(());
    }
    let tokens = super::scan(text).ok_or_else(super::not_scanned)?;
    let mut levels = Levels::default();
    for token in tokens {
        let kind = KeywordKind::try_from(token.keyword_kind).unwrap_or(KeywordKind::ReservedKeyword);
        levels.take(Token::try_from(token.token).unwrap_or(Token::Nul), kind);
        if levels.depth() > MAX_DEPTH {
            let message = "statement is nested too deeply or has too many operators in one expression";
            return Err(PgError::new(SqlState::STATEMENT_TOO_COMPLEX, message)
                .with_hint("Use IN or = ANY with a list, or split the statement."));
        }
    }
    Ok(())
}

/// A bound on the height of the tree that the tokens read so far can make.
#[derive(Default)]
struct Levels {
    outer: Vec<Level>,
    here: Level,
    /// Sum of the heights of `outer`.
    outer_height: usize,
}

/// What stands between one pair of brackets, or outside of all.
#[derive(Default)]
struct Level {
    /// Keywords: clauses, joins and set operations stack over a whole level.
    clauses: usize,
    /// Operators of the list item that is being read: they stack on each other.
    operators: usize,
    /// The highest bracket in that item.
    bracket: usize,
    /// The highest of the items before it.
    finished: usize,
    is_case: bool,
}

impl Level {
    fn height(&self) -> usize {
        self.clauses + self.finished.max(self.item())
    }

    fn item(&self) -> usize {
        self.operators + self.bracket
    }

    fn next_item(&mut self) {
        self.finished = self.finished.max(self.item());
        (self.operators, self.bracket) = (0, 0);
    }
}

impl Levels {
    fn depth(&self) -> usize {
        self.outer_height + self.here.height()
    }

    fn take(&mut self, token: Token, kind: KeywordKind) {
        match token {
            Token::Ascii40 | Token::Ascii91 => self.open(Level::default()),
            Token::Case => self.open(Level { clauses: CASE_HEIGHT, is_case: true, ..Level::default() }),
            // However many branches a CASE has, they stand beside each other
            Token::When | Token::Then | Token::Else if self.here.is_case => self.here.next_item(),
            Token::Ascii41 | Token::Ascii93 => self.close(),
            // Elsewhere it is a column's label (`SELECT a END`), or ends a transaction
            Token::EndP if self.here.is_case => self.close(),
            // A list's items stand beside each other, and so do the terms of AND and OR
            Token::Ascii44 | Token::And | Token::Or => self.here.next_item(),
            Token::Ascii59 if self.outer.is_empty() => self.here = Level::default(),
            Token::SqlComment | Token::CComment | Token::Ident | Token::Uident | Token::Ascii46 => {}
            Token::Iconst | Token::Fconst | Token::Sconst | Token::Usconst | Token::Bconst | Token::Xconst => {}
            Token::Param | Token::NullP | Token::TrueP | Token::FalseP | Token::Default => {}
            Token::Time | Token::Timestamp | Token::Interval => {}
            operator if is_operator(operator) => self.here.operators += 1,
            // Names of columns (`name`, `value`), or words that stack within one item (`AT TIME ZONE`)
            _ if matches!(kind, KeywordKind::UnreservedKeyword | KeywordKind::ColNameKeyword) => {
                self.here.operators += 1;
            }
            _ => self.here.clauses += 1,
        }
    }

    fn open(&mut self, level: Level) {
        self.outer_height += self.here.height() + 1;
        self.outer.push(std::mem::replace(&mut self.here, level));
    }

    fn close(&mut self) {
        let Some(outer) = self.outer.pop() else { return };
        let inner = std::mem::replace(&mut self.here, outer);
        self.outer_height = self.outer_height.saturating_sub(self.here.height() + 1);
        self.here.bracket = self.here.bracket.max(inner.height() + 1);
    }
}

fn is_operator(token: Token) -> bool {
    let is_sign = (Token::Ascii36 as i32..=Token::Ascii94 as i32).contains(&(token as i32));
    let is_word = matches!(
        token,
        Token::Is
            | Token::Isnull
            | Token::Notnull
            | Token::Not
            | Token::NotLa
            | Token::Like
            | Token::Ilike
            | Token::Similar
            | Token::Between
            | Token::InP
    );
    is_sign
        || is_word
        || matches!(token, Token::Op | Token::Typecast | Token::LessEquals | Token::GreaterEquals | Token::NotEquals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_texts_are_refused_and_long_ones_are_not() {
        let rows = vec!["(1, -2, 'x'::text, now() + '1 day')"; 5000].join(", ");
        let list = vec!["'13812345678'"; 20_000].join(", ");
        let flat = vec!["(a = 1 AND b = 2)"; 2000].join(" OR ");
        let likes = vec!["name NOT LIKE 'x' OR b IS NOT NULL OR value BETWEEN 1 AND 2 + 3"; 3000].join(" OR ");
        let branches = vec!["WHEN id = 1 AND a IS NULL THEN 'x' || 'y'"; 5000].join(" ");
        for fine in [
            format!("INSERT INTO t VALUES {rows}"),
            format!("SELECT 1 WHERE a IN ({list})"),
            flat,
            format!("DELETE FROM t WHERE {likes}"),
            format!("UPDATE t SET a = CASE {branches} ELSE NULL END WHERE id IN ({list})"),
        ] {
            assert!(check(&fine).is_ok(), "{}…", &fine[..40]);
        }
        for deep in [
            format!("SELECT {}1{}", "(".repeat(5000), ")".repeat(5000)),
            format!("SELECT {}", vec!["1"; 5000].join("+")),
            format!("SELECT {}1", "- ".repeat(5000)),
            format!("SELECT 1{}", "::int".repeat(5000)),
            format!("SELECT 1{}", " UNION SELECT 1, 2".repeat(5000)),
            format!("SELECT {}1{}", "CASE WHEN a AND b THEN 1 ELSE ".repeat(5000), " END".repeat(5000)),
            format!("SELECT {}1{}", "f(".repeat(1000), ", 2 + 2 + 2 + 2 + 2) + 1".repeat(1000)),
            format!("SELECT {}1", "NOT ".repeat(5000)),
            format!("SELECT 1{}", " IS NULL".repeat(5000)),
            format!("SELECT now(){}", " AT TIME ZONE 'UTC'".repeat(1000)),
            format!("SELECT 1 FROM a{}", " JOIN b ON name = value AND true".repeat(1000)),
            format!("SELECT {}1{}", "CASE WHEN a THEN 1 WHEN b THEN 2 ELSE ".repeat(400), " END".repeat(400)),
            format!("SELECT {}1{}", "CASE WHEN ".repeat(400), " THEN 1 END".repeat(400)),
            format!("SELECT {}1{}", "(SELECT a END, ".repeat(2000), ")".repeat(2000)),
        ] {
            assert_eq!(check(&deep).unwrap_err().code.as_str(), "54001", "{}…", &deep[..40]);
        }
    }
}
