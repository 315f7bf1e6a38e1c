//! Derives the protected schema from the plaintext one, so that the two cannot drift apart.
//!
//! A sealed column keeps its name and place and becomes `text`. A CHECK on the sealed prefix lets the
//! database itself refuse plaintext, and what was indexed by value is indexed by the equality term.

/// Characters of a sealed value that carry its magic and equality term: `left(column, 27)`.
pub const TERM_PREFIX_CHARS: usize = 27;

/// What opens every sealed value that carries an equality term.
const MAGIC_EQUALITY: &str = "~pv1:";
/// What opens every sealed value without one.
const MAGIC_PLAIN: &str = "~pv0:";

/// The sample bank's schema, in clear.
pub const PLAIN: &str = include_str!("../../deploy/bank/schema.sql");
/// The same schema with its sealed columns; kept in the repository, equal to [`protect`] of [`PLAIN`].
pub const PROTECTED: &str = include_str!("../../deploy/bank/schema-protected.sql");

/// How a column of the plaintext schema is kept in the protected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Plain,
    Masked,
    Sealed { equality: bool },
}

/// One column of the sample bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankColumn<'a> {
    pub table: &'a str,
    pub name: &'a str,
    /// As written: `varchar(20)`.
    pub ty: &'a str,
    pub not_null: bool,
    pub unique: bool,
    pub kept: Kept,
}

/// Every column of a schema written one column a line, in order.
pub fn columns(schema: &str) -> Vec<BankColumn<'_>> {
    let mut table = "";
    let mut found = Vec::new();
    for line in schema.lines() {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            table = rest.trim_end_matches(" (");
        } else if let Some(column) = column_of(table, line) {
            found.push(column);
        }
    }
    found
}

fn column_of<'a>(table: &'a str, line: &'a str) -> Option<BankColumn<'a>> {
    let body = line.strip_prefix("    ")?;
    let (definition, note) = body.split_once(" -- ").unwrap_or((body, ""));
    let mut words = definition.trim_end_matches(',').split_whitespace();
    let (name, ty) = (words.next()?, words.next()?);
    let rest = words.collect::<Vec<_>>().join(" ");
    Some(BankColumn {
        table,
        name,
        ty,
        not_null: rest.contains("NOT NULL") || rest.contains("PRIMARY KEY"),
        unique: rest.contains("UNIQUE"),
        kept: match note {
            "masked" => Kept::Masked,
            "sealed" => Kept::Sealed { equality: false },
            "sealed equality" => Kept::Sealed { equality: true },
            _ => Kept::Plain,
        },
    })
}

/// The protected form of a plaintext schema written one column a line.
pub fn protect(schema: &str) -> String {
    let mut sql = String::from("-- Derived from schema.sql by src/demo/schema.rs: change that, not this.\n");
    let mut table = "";
    let mut unique = Vec::new();
    for line in schema.lines().filter(|line| !line.starts_with("--")) {
        if let Some(rest) = line.strip_prefix("CREATE TABLE ") {
            table = rest.trim_end_matches(" (");
        }
        match column_of(table, line) {
            Some(column) if matches!(column.kept, Kept::Sealed { .. }) => {
                sql.push_str(&sealed_line(&column, line));
                if column.unique {
                    unique.push((table.to_owned(), column.name.to_owned()));
                }
            }
            Some(_) => sql.push_str(line.split(" -- ").next().unwrap_or(line)),
            None => sql.push_str(&index_line(schema, line)),
        }
        sql.push('\n');
    }
    for (table, name) in unique {
        sql.push_str(&format!(
            "CREATE UNIQUE INDEX {table}_{name}_key ON {table} (left({name}, {TERM_PREFIX_CHARS}));\n"
        ));
    }
    sql
}

fn sealed_line(column: &BankColumn<'_>, line: &str) -> String {
    let magic = match column.kept {
        Kept::Sealed { equality: true } => MAGIC_EQUALITY,
        _ => MAGIC_PLAIN,
    };
    let name = column.name;
    let null = if column.not_null { " NOT NULL" } else { "" };
    let comma = if line.split(" -- ").next().unwrap_or(line).trim_end().ends_with(',') { "," } else { "" };
    format!("    {name} text{null} CHECK (left({name}, {}) = '{magic}'){comma}", magic.len())
}

/// A CREATE INDEX line, over the term where the column is sealed; any other line as it is.
fn index_line(schema: &str, line: &str) -> String {
    let Some((head, column)) = line.strip_suffix(");").and_then(|line| line.rsplit_once(" (")) else {
        return line.to_owned();
    };
    let Some(table) = head.strip_prefix("CREATE INDEX ").and_then(|rest| rest.rsplit(' ').next()) else {
        return line.to_owned();
    };
    let sealed =
        columns(schema).iter().any(|c| c.table == table && c.name == column && matches!(c.kept, Kept::Sealed { .. }));
    if sealed { format!("{head} (left({column}, {TERM_PREFIX_CHARS}));") } else { line.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protected_schema_in_the_repository_is_the_derived_one() {
        let derived = protect(PLAIN);
        if std::env::var_os("PGVEIL_WRITE_DERIVED").is_some() {
            std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/bank/schema-protected.sql"), &derived)
                .expect("writable");
        } else {
            assert_eq!(derived, PROTECTED, "run this test with PGVEIL_WRITE_DERIVED=1 to write it anew");
        }
    }

    #[test]
    fn sealed_columns_are_text_and_indexed_by_term() {
        let derived = protect(PLAIN);
        for line in [
            "    phone        varchar(20)",
            "    balance     numeric(18,2) NOT NULL DEFAULT 0,",
            "    phone text CHECK (left(phone, 5) = '~pv1:'),",
            "    notes text CHECK (left(notes, 5) = '~pv0:'),",
            "    id_number text NOT NULL CHECK (left(id_number, 5) = '~pv1:'),",
            "CREATE UNIQUE INDEX customers_id_number_key ON customers (left(id_number, 27));",
            "CREATE INDEX customers_phone_idx ON customers (left(phone, 27));",
            "CREATE INDEX customers_branch_id_idx ON customers (branch_id);",
        ] {
            let expected = !line.contains("varchar(20)");
            assert_eq!(derived.lines().any(|l| l == line), expected, "{line}");
        }
    }

    #[test]
    fn one_sealed_column_of_every_type_is_in_kyc() {
        let types: Vec<_> = columns(PLAIN)
            .into_iter()
            .filter(|c| c.table == "kyc" && matches!(c.kept, Kept::Sealed { .. }))
            .map(|c| c.ty.to_owned())
            .collect();
        assert_eq!(types.len(), 14, "{types:?}");
    }
}
