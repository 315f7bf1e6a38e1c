//! The DDL that a policy's sealed columns need: types, indexes, checks.

use super::Policy;
use crate::plan::{MAGIC_EQUALITY, MAGIC_PLAIN, SealedColumn, TERM_CHARS};

/// Every statement that the policy's sealed columns need, in an order that can be run as it stands on tables
/// without data. On a table with data the CHECKs come after the backfill. Types first, since an index over
/// `left(column, N)` needs a text column.
pub fn required_ddl(policy: &Policy) -> Vec<String> {
    let mut columns: Vec<(String, &str, &SealedColumn)> = Vec::new();
    for relation in &policy.relations {
        let table = qualified(&relation.schema, &relation.name);
        for (name, column) in &relation.columns {
            columns.extend(column.sealed.as_deref().map(|sealed| (table.clone(), name.as_str(), sealed)));
        }
    }
    columns.sort_by_key(|(_, _, sealed)| sealed.id);
    let types = columns.iter().map(|(table, name, _)| type_ddl(table, name));
    let with_equality = columns.iter().filter(|(_, _, sealed)| sealed.equality);
    let indexes = with_equality.map(|(table, name, _)| index_ddl(table, name, false));
    let checks = columns.iter().map(|(table, name, sealed)| check_ddl(table, name, sealed));
    types.chain(indexes).chain(checks).collect()
}

pub(super) fn type_ddl(table: &str, column: &str) -> String {
    format!("ALTER TABLE {table} ALTER COLUMN {} TYPE text;", quoted(column))
}

pub(super) fn index_ddl(table: &str, column: &str, unique: bool) -> String {
    let unique = if unique { "UNIQUE " } else { "" };
    format!("CREATE {unique}INDEX ON {table} (left({}, {TERM_CHARS}));", quoted(column))
}

/// Refuses plaintext even from a session that goes around the proxy.
pub(super) fn check_ddl(table: &str, column: &str, sealed: &SealedColumn) -> String {
    let (name, column) = (quoted(&check_name(sealed)), quoted(column));
    let magic = if sealed.equality { MAGIC_EQUALITY } else { MAGIC_PLAIN };
    let length = magic.len();
    format!("ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (left({column}, {length}) = '{magic}') NOT VALID;")
}

/// Named by the id, which outlives the column's name.
pub(super) fn check_name(sealed: &SealedColumn) -> String {
    format!("pgveil_sealed_{}", sealed.id)
}

/// `schema.name`, quoted where it has to be.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quoted(schema), quoted(name))
}

/// Quoted only where it has to be.
pub(super) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    match starts_well && name.chars().all(plain) && !is_keyword(name) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn is_keyword(name: &str) -> bool {
    pg_query::parse(&format!("SELECT {name}.{name} FROM {name}"), pg_query::ParserOptions::DEFAULT).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ddl_parses_and_quotes() {
        for (name, expect) in [("phone", "phone"), ("Phone", "\"Phone\""), ("user", "\"user\""), ("a\"b", "\"a\"\"b\"")]
        {
            assert_eq!(quoted(name), expect);
        }
        let text =
            "database: d\ntables: {public.c: {columns: {user: {seal: {id: 4, type: text, search: [equality]}}}}}";
        let set = super::super::PolicySet::from_texts([("p.yaml", text)]).unwrap();
        let statements = required_ddl(set.get("d").unwrap());
        assert_eq!(statements.len(), 3);
        for statement in &statements {
            pg_query::parse(statement, pg_query::ParserOptions::DEFAULT).unwrap();
            assert!(statement.contains("\"user\""), "{statement}");
        }
    }
}
