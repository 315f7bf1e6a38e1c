//! Logical types: how a value reads, compares and prints, exactly as PostgreSQL does it.
//!
//! What is sealed is PostgreSQL's own output form in UTF-8 (ISO dates, hex bytea): the *canonical text*.

mod array;
mod boolean;
mod bytea;
mod datetime;
mod decimal;
mod errors;
mod float;
mod input;
mod integer;
mod jsonb;
mod numeric;
mod plaintext;
mod style;
mod text;
mod uuid;

use std::fmt;

pub use array::{element_of, read_array};
pub use datetime::zone_offsets;
pub use plaintext::Plaintext;
pub use style::Style;

use self::errors::unknown_conversion;
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

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Text,
        Self::Varchar,
        Self::Char,
        Self::Int2,
        Self::Int4,
        Self::Int8,
        Self::Numeric,
        Self::Date,
        Self::Timestamp,
        Self::Timestamptz,
        Self::Bool,
        Self::Uuid,
        Self::Jsonb,
        Self::Bytea,
    ];
}

/// A type with its modifier, as RowDescription carries them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LogicalType {
    pub kind: Kind,
    /// PostgreSQL's typmod; −1 where there is none. For `varchar(n)` and `char(n)` it is n + 4.
    pub typmod: i32,
}

impl LogicalType {
    /// The type with this OID in `pg_type`, where its values can be sealed.
    pub fn from_oid(oid: u32, typmod: i32) -> Option<Self> {
        Kind::ALL.into_iter().map(|kind| Self { kind, typmod }).find(|ty| ty.oid() == oid)
    }

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

    /// Whether every value is one of the other type too, and prints as the same text.
    pub fn widens_to(self, other: Self) -> bool {
        let width = |kind| match kind {
            Kind::Int2 => Some(1),
            Kind::Int4 => Some(2),
            Kind::Int8 => Some(3),
            Kind::Numeric => Some(4),
            _ => None,
        };
        width(self.kind).zip(width(other.kind)).is_some_and(|(own, other)| own <= other)
    }

    /// Whether values are character strings.
    pub const fn is_text(self) -> bool {
        matches!(self.kind, Kind::Text | Kind::Varchar | Kind::Char)
    }
}

impl fmt::Display for LogicalType {
    /// As `format_type` prints it: `character varying(20)`, `numeric(18,2)`, `timestamp(3) without time zone`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Timestamp if self.typmod >= 0 => return write!(f, "timestamp({}) without time zone", self.typmod),
            Kind::Timestamptz if self.typmod >= 0 => return write!(f, "timestamp({}) with time zone", self.typmod),
            _ => {}
        }
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
                // Eleven bits with a sign, since PostgreSQL 15.
                let scale = ((packed & 0x7ff) ^ 1024) - 1024;
                write!(f, "({},{scale})", packed >> 16)
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
    /// Reads a client's value. `source` is the type OID that it was declared or cast as, 0 or 705 (unknown) for the
    /// type's own input.
    ///
    /// Other sources are those that PostgreSQL itself assigns to the column, or compares with it, with one certain
    /// result: the character strings, the whole numbers and numeric, the dates and times, each among themselves; floats are
    /// assigned to a numeric, and never compared with it, since that compares floats. What is read to be compared need not fit the column: a long string or a wide integer then equals no stored value.
    ///
    /// # Errors
    /// PostgreSQL's own (22P02, 22P03, 22P05, 22007, 22008, 22009, 22003, 22001, 22021, 22023, 08P01); 0A000 for spellings
    /// and source types outside the list that is known to be read exactly as PostgreSQL reads them.
    pub fn read(
        self,
        source: u32,
        format: Format,
        bytes: &[u8],
        style: &Style,
        purpose: Purpose,
    ) -> Result<Plaintext, PgError> {
        if (self.kind, source, purpose) == (Kind::Jsonb, JSON, Purpose::Assign) {
            return jsonb::read_json(bytes);
        }
        if let (Kind::Numeric, Some(width), Purpose::Assign) = (self.kind, float::Width::from_oid(source), purpose) {
            return numeric::read_float(self.typmod, width, format, bytes);
        }
        let from = self.declared(source)?;
        let typmod = if purpose == Purpose::Assign { self.typmod } else { -1 };
        match self.kind {
            Kind::Text | Kind::Varchar | Kind::Char => text::read(self, from, bytes, purpose),
            Kind::Int2 | Kind::Int4 | Kind::Int8 => integer::read(self.kind, from, format, bytes, purpose),
            Kind::Numeric => numeric::read(typmod, from, format, bytes),
            Kind::Date | Kind::Timestamp | Kind::Timestamptz => {
                datetime::read(self, from, format, bytes, style, purpose)
            }
            Kind::Bool => boolean::read(format, bytes),
            Kind::Uuid => uuid::read(format, bytes),
            Kind::Jsonb => jsonb::read(format, bytes),
            Kind::Bytea => bytea::read(format, bytes),
        }
    }

    /// Whether PostgreSQL compares values of the other type with those of this one, and assigns them.
    pub fn takes(self, other: Self) -> bool {
        self.declared(other.oid()).is_ok()
    }

    /// What an explicit cast to this type makes of a value: strings are cut to its length without an error. `source` as in
    /// [`Self::read`], and any string for every type.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn cast(self, source: u32, format: Format, bytes: &[u8], style: &Style) -> Result<Plaintext, PgError> {
        let is_string = Self::from_oid(source, -1).is_some_and(Self::is_text);
        if !self.is_text() {
            // A string is read as the type reads its input
            return match is_string {
                true => self.read(0, Format::Text, bytes, style, Purpose::Assign),
                false => self.read(source, format, bytes, style, Purpose::Assign),
            };
        }
        let whole = Self { typmod: -1, ..self }.read(source, format, bytes, style, Purpose::Assign)?;
        let Some(length) = usize::try_from(self.typmod).ok().and_then(|typmod| typmod.checked_sub(4)) else {
            return Ok(whole);
        };
        let mut cut: String = whole.expose().chars().take(length).collect();
        if self.kind == Kind::Char {
            cut.extend(std::iter::repeat_n(' ', length.saturating_sub(cut.chars().count())));
        }
        Ok(Plaintext::new(cut))
    }

    /// The kind that a source type stands for, where it converts to this one.
    fn declared(self, source: u32) -> Result<Kind, PgError> {
        let from = match source {
            0 | UNKNOWN => return Ok(self.kind),
            oid => Self::from_oid(oid, -1).ok_or_else(unknown_conversion)?.kind,
        };
        if from == self.kind || family(from).is_some_and(|of| family(self.kind) == Some(of)) {
            return Ok(from);
        }
        Err(unknown_conversion())
    }

    /// Appends the text form that PostgreSQL would print under these settings. bytea is always hex, since
    /// `bytea_output` is not reported.
    ///
    /// # Errors
    /// 22000 where a text that has to be printed anew is not canonical for the type.
    pub fn write_text(self, canonical: &str, style: &Style, output: &mut bytes::BytesMut) -> Result<(), PgError> {
        match self.kind {
            Kind::Date | Kind::Timestamp | Kind::Timestamptz => {
                datetime::write_text(self.kind, canonical, style, output)
            }
            Kind::Text
            | Kind::Varchar
            | Kind::Char
            | Kind::Int2
            | Kind::Int4
            | Kind::Int8
            | Kind::Numeric
            | Kind::Bool
            | Kind::Uuid
            | Kind::Jsonb
            | Kind::Bytea => {
                output.extend_from_slice(canonical.as_bytes());
                Ok(())
            }
        }
    }

    /// Appends the type's binary form.
    ///
    /// # Errors
    /// 22000 where the text is not canonical for the type.
    pub fn write_binary(self, canonical: &str, output: &mut bytes::BytesMut) -> Result<(), PgError> {
        match self.kind {
            Kind::Text | Kind::Varchar | Kind::Char => output.extend_from_slice(canonical.as_bytes()),
            Kind::Int2 | Kind::Int4 | Kind::Int8 => integer::write_binary(self.kind, canonical, output)?,
            Kind::Numeric => numeric::write_binary(canonical, output)?,
            Kind::Date | Kind::Timestamp | Kind::Timestamptz => datetime::write_binary(self.kind, canonical, output)?,
            Kind::Bool => boolean::write_binary(canonical, output)?,
            Kind::Uuid => uuid::write_binary(canonical, output)?,
            Kind::Jsonb => jsonb::write_binary(canonical, output),
            Kind::Bytea => bytea::write_binary(canonical, output)?,
        }
        Ok(())
    }

    /// The form that equality terms are computed over: equal exactly where PostgreSQL's `=` says equal (under a
    /// deterministic collation), or equal but for case with `fold_case`, which only character strings heed.
    ///
    /// # Errors
    /// 22000 where the text is not canonical; 0A000 for types without equality search.
    pub fn comparison_form(self, canonical: &str, fold_case: bool) -> Result<Plaintext, PgError> {
        let form = match self.kind {
            Kind::Text | Kind::Varchar | Kind::Char => text::comparison_form(self.kind, canonical, fold_case),
            Kind::Int2 | Kind::Int4 | Kind::Int8 => integer::comparison_form(canonical)?,
            Kind::Numeric => numeric::comparison_form(canonical)?,
            Kind::Date | Kind::Timestamp | Kind::Timestamptz => datetime::comparison_form(self.kind, canonical)?,
            Kind::Bool => boolean::comparison_form(canonical)?,
            Kind::Uuid => uuid::comparison_form(canonical)?,
            Kind::Jsonb | Kind::Bytea => {
                let message = format!("equality search on type {self} is not supported");
                return Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message));
            }
        };
        Ok(Plaintext::new(form))
    }
}

const UNKNOWN: u32 = 705;
const JSON: u32 = 114;

/// Types that convert to each other.
#[derive(PartialEq, Eq)]
enum Family {
    Strings,
    Numbers,
    Times,
}

const fn family(kind: Kind) -> Option<Family> {
    match kind {
        Kind::Text | Kind::Varchar | Kind::Char => Some(Family::Strings),
        Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric => Some(Family::Numbers),
        Kind::Date | Kind::Timestamp | Kind::Timestamptz => Some(Family::Times),
        Kind::Bool | Kind::Uuid | Kind::Jsonb | Kind::Bytea => None,
    }
}
