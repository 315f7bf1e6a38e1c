//! Building blocks for mask expressions that the server evaluates.
//!
//! Every operation is a schema-qualified function call, never an operator: an operator is looked up along
//! search_path, and one that a caller planted there would be handed the clear value. All functions used are
//! immutable, built in since PostgreSQL 9.1 and, but for the CASE around them, strict.

use crate::value::{Kind, LogicalType};

/// `pg_catalog.name(a, b)`.
pub(super) fn call(name: &str, args: &[&str]) -> String {
    format!("pg_catalog.{name}({})", args.join(", "))
}

/// A string constant that reads the same whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

/// The column as text; blanks that only pad a `char(n)` are dropped, as PostgreSQL's own cast does.
pub(super) fn text_of(column: &str) -> String {
    format!("CAST({column} AS pg_catalog.text)")
}

pub(super) fn length(text: &str) -> String {
    call("length", &[text])
}

pub(super) fn stars(count: &str) -> String {
    call("repeat", &["'*'", count])
}

pub(super) fn concat(left: &str, right: &str) -> String {
    call("textcat", &[left, right])
}

/// Whether `needle` (an expression) is one of the entries of a `|`-separated list.
pub(super) fn in_list(needle: &str, list: &str) -> String {
    let wrapped = concat(&concat("'|'", needle), "'|'");
    call("int4gt", &[&call("strpos", &[&literal(list), &wrapped]), "0"])
}

/// `CASE WHEN condition THEN yes ELSE no END`.
pub(super) fn if_else(condition: &str, yes: &str, no: &str) -> String {
    format!("CASE WHEN {condition} THEN {yes} ELSE {no} END")
}

/// `CAST(expression AS type)` with the type's modifier, so that RowDescription says what it said before.
pub fn cast(expression: &str, ty: LogicalType) -> String {
    format!("CAST({expression} AS {})", type_name(ty))
}

/// A NULL of the type: what a column shows to a caller who may not see it and for whom no mask fits.
pub fn typed_null(ty: LogicalType) -> String {
    cast("NULL", ty)
}

/// The type as SQL, qualified and with its modifier: `pg_catalog.varchar(20)`.
pub fn type_name(ty: LogicalType) -> String {
    let name = match ty.kind {
        Kind::Text => "text",
        Kind::Varchar => "varchar",
        Kind::Char => "bpchar",
        Kind::Int2 => "int2",
        Kind::Int4 => "int4",
        Kind::Int8 => "int8",
        Kind::Numeric => "numeric",
        Kind::Date => "date",
        Kind::Timestamp => "timestamp",
        Kind::Timestamptz => "timestamptz",
        Kind::Bool => "bool",
        Kind::Uuid => "uuid",
        Kind::Jsonb => "jsonb",
        Kind::Bytea => "bytea",
    };
    format!("pg_catalog.{name}{}", modifier(ty))
}

fn modifier(ty: LogicalType) -> String {
    match ty.kind {
        Kind::Varchar | Kind::Char if ty.typmod >= 4 => format!("({})", ty.typmod - 4),
        Kind::Numeric => match numeric_modifier(ty.typmod) {
            Some((precision, scale)) => format!("({precision},{scale})"),
            None => String::new(),
        },
        Kind::Timestamp | Kind::Timestamptz if ty.typmod >= 0 => format!("({})", ty.typmod),
        Kind::Text
        | Kind::Varchar
        | Kind::Char
        | Kind::Int2
        | Kind::Int4
        | Kind::Int8
        | Kind::Date
        | Kind::Timestamp
        | Kind::Timestamptz
        | Kind::Bool
        | Kind::Uuid
        | Kind::Jsonb
        | Kind::Bytea => String::new(),
    }
}

/// Precision and scale of a numeric's typmod. The scale is 11 bits, signed.
/// Source: `numeric_typmod_scale` in PostgreSQL's `numeric.c`.
pub(super) fn numeric_modifier(typmod: i32) -> Option<(i32, i32)> {
    let packed = typmod.checked_sub(4).filter(|packed| *packed >= 0)?;
    Some(((packed >> 16) & 0xffff, ((packed & 0x7ff) ^ 1024) - 1024))
}
