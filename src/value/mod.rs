//! Logical types: how a value reads, compares and prints, exactly as PostgreSQL does it.
//!
//! What is sealed is PostgreSQL's own output form in UTF-8 (ISO dates, hex bytea): the *canonical text*.

mod array;
mod plaintext;
mod style;

use std::fmt;

pub use array::read_array;
pub use plaintext::Plaintext;
pub use style::Style;

use crate::wire::{PgError, SqlState};

/// The types a sealed column may have for its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Text,
    Varchar,
    Char,
    Int2,
    Int4,
    Int8,
    Numeric,
    Date,
    Timestamp,
    Timestamptz,
    Bool,
    Uuid,
    Jsonb,
    Bytea,
}

/// A type with its modifier, as RowDescription carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogicalType {
    pub kind: Kind,
    /// PostgreSQL's typmod; −1 where there is none. For `varchar(n)` and `char(n)` it is n + 4.
    pub typmod: i32,
}

impl LogicalType {
    /// The type's OID in `pg_type`.
    pub const fn oid(self) -> u32 {
        match self.kind {
            Kind::Text => 25,
            Kind::Varchar => 1043,
            Kind::Char => 1042,
            Kind::Int2 => 21,
            Kind::Int4 => 23,
            Kind::Int8 => 20,
            Kind::Numeric => 1700,
            Kind::Date => 1082,
            Kind::Timestamp => 1114,
            Kind::Timestamptz => 1184,
            Kind::Bool => 16,
            Kind::Uuid => 2950,
            Kind::Jsonb => 3802,
            Kind::Bytea => 17,
        }
    }

    /// The OID of the array type over this one.
    pub const fn array_oid(self) -> u32 {
        match self.kind {
            Kind::Text => 1009,
            Kind::Varchar => 1015,
            Kind::Char => 1014,
            Kind::Int2 => 1005,
            Kind::Int4 => 1007,
            Kind::Int8 => 1016,
            Kind::Numeric => 1231,
            Kind::Date => 1182,
            Kind::Timestamp => 1115,
            Kind::Timestamptz => 1185,
            Kind::Bool => 1000,
            Kind::Uuid => 2951,
            Kind::Jsonb => 3807,
            Kind::Bytea => 1001,
        }
    }

    /// `typlen`: the size in bytes, −1 where it varies.
    pub const fn size(self) -> i16 {
        match self.kind {
            Kind::Int2 => 2,
            Kind::Int4 | Kind::Date => 4,
            Kind::Int8 | Kind::Timestamp | Kind::Timestamptz => 8,
            Kind::Bool => 1,
            Kind::Uuid => 16,
            Kind::Text | Kind::Varchar | Kind::Char | Kind::Numeric | Kind::Jsonb | Kind::Bytea => -1,
        }
    }

    /// Whether values are character strings.
    pub const fn is_text(self) -> bool {
        matches!(self.kind, Kind::Text | Kind::Varchar | Kind::Char)
    }
}

impl fmt::Display for LogicalType {
    /// As `format_type` prints it: `character varying(20)`, `numeric(18,2)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.kind {
            Kind::Text => "text",
            Kind::Varchar => "character varying",
            Kind::Char => "character",
            Kind::Int2 => "smallint",
            Kind::Int4 => "integer",
            Kind::Int8 => "bigint",
            Kind::Numeric => "numeric",
            Kind::Date => "date",
            Kind::Timestamp => "timestamp without time zone",
            Kind::Timestamptz => "timestamp with time zone",
            Kind::Bool => "boolean",
            Kind::Uuid => "uuid",
            Kind::Jsonb => "jsonb",
            Kind::Bytea => "bytea",
        };
        f.write_str(name)?;
        match self.kind {
            Kind::Varchar | Kind::Char if self.typmod >= 4 => write!(f, "({})", self.typmod - 4),
            Kind::Numeric if self.typmod >= 4 => {
                let packed = self.typmod - 4;
                write!(f, "({},{})", packed >> 16, packed & 0xffff)
            }
            _ => Ok(()),
        }
    }
}

/// How a value stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Binary,
}

/// What a value that is read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Stored in a column of the type: length, precision and padding rules of an assignment.
    Assign,
    /// Compared with the column: no length is enforced.
    Compare,
}

impl LogicalType {
    /// Reads a client's value. `source` is the type OID that it was declared or cast as, 0 or 705 (unknown) for the type's own input.
    ///
    /// # Errors
    /// PostgreSQL's own (22P02, 22P03, 22007, 22008, 22003, 22001, 22021); 0A000 for spellings and source types outside
    /// the list that is known to be read exactly as PostgreSQL reads them.
    pub fn read(
        self,
        _source: u32,
        _format: Format,
        _bytes: &[u8],
        _style: &Style,
        _purpose: Purpose,
    ) -> Result<Plaintext, PgError> {
        Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "not built"))
    }

    /// Appends the text form that PostgreSQL would print under these settings.
    ///
    /// # Errors
    /// 22000 where the text is not canonical for the type; 0A000 where the settings cannot be honoured.
    pub fn write_text(self, _canonical: &str, _style: &Style, _output: &mut bytes::BytesMut) -> Result<(), PgError> {
        Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "not built"))
    }

    /// Appends the type's binary form.
    ///
    /// # Errors
    /// 22000 where the text is not canonical for the type.
    pub fn write_binary(self, _canonical: &str, _output: &mut bytes::BytesMut) -> Result<(), PgError> {
        Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "not built"))
    }

    /// The form that equality terms are computed over: equal exactly where PostgreSQL's `=` says equal.
    ///
    /// # Errors
    /// 22000 where the text is not canonical; 0A000 for types without equality search.
    pub fn comparison_form(self, _canonical: &str, _fold_case: bool) -> Result<Plaintext, PgError> {
        Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "not built"))
    }
}
