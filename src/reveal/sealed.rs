//! One sealed value on its way to the client: opened, masked, written in the client's type and encoding.

use bytes::BytesMut;

use super::{Shown, Values, encoding};
use crate::crypto;
use crate::plan::{CONSTANT_ID, MAGIC_COMMON, MAGIC_EQUALITY, MAGIC_PLAIN, Reveal, RevealColumn, SealedColumn};
use crate::value::{Format, Kind, LogicalType, Plaintext};
use crate::wire::{PgError, SqlState};

/// A value as this caller may see it.
pub enum Revealed {
    Null,
    Clear(LogicalType, Plaintext),
    Masked(LogicalType, Plaintext),
    /// The statement's own.
    Constant(LogicalType, Plaintext),
}

/// Opens a sealed value, by the right that the caller has to its column.
///
/// # Errors
/// 22000 where the value is not sealed, belongs to no column of the list, or does not authenticate.
pub fn reveal(bytes: &[u8], columns: &[RevealColumn], values: &Values) -> Result<Revealed, PgError> {
    let sealed = sealed_text(bytes).ok_or_else(|| not_sealed(columns))?;
    let id = crypto::column_id(sealed)?;
    let found = columns.iter().find(|candidate| candidate.column.id == id).ok_or_else(|| foreign(columns))?;
    let column = &*found.column;
    Ok(match &found.right {
        _ if id == CONSTANT_ID => Revealed::Constant(column.ty, values.keys.open(column, sealed)?),
        Reveal::Null => Revealed::Null,
        Reveal::Clear => Revealed::Clear(column.ty, values.keys.open(column, sealed)?),
        Reveal::Mask(mask) => {
            let clear = values.keys.open(column, sealed)?;
            let key = if mask.needs_key() { Some(values.keys.pseudonym_key(&column.domain)?) } else { None };
            Revealed::Masked(column.ty, Plaintext::new(mask.apply(column.ty, clear.expose(), key)))
        }
    })
}

fn sealed_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| text.starts_with(MAGIC_EQUALITY) || text.starts_with(MAGIC_PLAIN))
}

fn not_sealed(columns: &[RevealColumn]) -> PgError {
    PgError::new(SqlState::DATA_EXCEPTION, format!("column {} holds a value that is not sealed", names(columns)))
}

fn foreign(columns: &[RevealColumn]) -> PgError {
    PgError::new(SqlState::DATA_EXCEPTION, format!("column {} holds a value of another column", names(columns)))
}

fn names(columns: &[RevealColumn]) -> &str {
    columns.first().map_or("", |first| &first.column.name)
}

impl Revealed {
    /// Appends the value as the client reads it; false where that is NULL. `described`: the type OID and typmod that
    /// RowDescription says, where that is not the column's own.
    ///
    /// # Errors
    /// 22P05 where the client's encoding lacks a character, 0A000 where it is not known, XX000 where the column's type
    /// cannot be shown as the described one.
    pub fn write(
        &self,
        described: Option<(u32, i32)>,
        format: Format,
        values: &Values,
        output: &mut BytesMut,
    ) -> Result<bool, PgError> {
        let Some((ty, text)) = self.value(described)? else { return Ok(false) };
        if encoding::is_utf8(&values.encoding) {
            write_as(ty, text, format, values, output)?;
            return Ok(true);
        }
        let mut written = BytesMut::new();
        write_as(ty, text, format, values, &mut written)?;
        if format == Format::Binary && !is_textual(ty) {
            output.extend_from_slice(&written);
        } else {
            output.extend_from_slice(&encoding::from_utf8(&values.encoding, &written)?);
        }
        Ok(true)
    }

    /// The text form in UTF-8, for formats that escape it before it is transcoded. As [`Self::write`] otherwise.
    pub fn write_text(
        &self,
        described: Option<(u32, i32)>,
        values: &Values,
        output: &mut BytesMut,
    ) -> Result<bool, PgError> {
        let Some((ty, text)) = self.value(described)? else { return Ok(false) };
        write_as(ty, text, Format::Text, values, output)?;
        Ok(true)
    }

    /// Adds what is shown to the count.
    pub const fn count(&self, shown: &mut Shown) {
        match self {
            Self::Null | Self::Constant(..) => {}
            Self::Clear(..) => shown.clear += 1,
            Self::Masked(..) => shown.masked += 1,
        }
    }

    fn value(&self, described: Option<(u32, i32)>) -> Result<Option<(LogicalType, &str)>, PgError> {
        match self {
            Self::Null => Ok(None),
            Self::Clear(ty, text) | Self::Masked(ty, text) | Self::Constant(ty, text) => {
                let shown = described.map_or(Ok(*ty), |(oid, typmod)| as_described(*ty, oid, typmod))?;
                // PostgreSQL's cast from char(n) to the other text types drops the padding
                let is_unpadded = ty.kind == Kind::Char && shown.kind != Kind::Char;
                let text = text.expose();
                Ok(Some((shown, if is_unpadded { text.trim_end_matches(' ') } else { text })))
            }
        }
    }
}

/// The type that a column's value is written in, where RowDescription says another one than the column's.
fn as_described(ty: LogicalType, oid: u32, typmod: i32) -> Result<LogicalType, PgError> {
    match logical_type(oid, typmod) {
        Some(described)
            if described.kind == ty.kind || (described.is_text() && ty.is_text()) || ty.widens_to(described) =>
        {
            Ok(described)
        }
        Some(_) | None => {
            Err(PgError::new(SqlState::INTERNAL_ERROR, "a sealed value cannot be shown in the planned type"))
        }
    }
}

fn write_as(
    ty: LogicalType,
    text: &str,
    format: Format,
    values: &Values,
    output: &mut BytesMut,
) -> Result<(), PgError> {
    match format {
        Format::Text => ty.write_text(text, &values.style, output),
        Format::Binary => ty.write_binary(text, output),
    }
}

/// Whether the type's binary form is text in the client's encoding (jsonb: after a version byte, which is ASCII).
pub const fn is_textual(ty: LogicalType) -> bool {
    ty.is_text() || matches!(ty.kind, Kind::Jsonb)
}

/// The logical type of an OID; `None` where a sealed column cannot have it.
pub fn logical_type(oid: u32, typmod: i32) -> Option<LogicalType> {
    const KINDS: [Kind; 14] = [
        Kind::Text,
        Kind::Varchar,
        Kind::Char,
        Kind::Int2,
        Kind::Int4,
        Kind::Int8,
        Kind::Numeric,
        Kind::Date,
        Kind::Timestamp,
        Kind::Timestamptz,
        Kind::Bool,
        Kind::Uuid,
        Kind::Jsonb,
        Kind::Bytea,
    ];
    KINDS.into_iter().map(|kind| LogicalType { kind, typmod }).find(|ty| ty.oid() == oid)
}

/// The last part of `schema.relation.column`, as PostgreSQL's own messages name a column.
pub fn column_name(column: &SealedColumn) -> &str {
    column.name.rsplit('.').next().unwrap_or(&column.name)
}

/// Whether bytes may hold a sealed value, or part of one.
pub fn holds_magic(bytes: &[u8]) -> bool {
    holds(bytes, &[MAGIC_COMMON])
}

/// Whether bytes hold the beginning of a sealed value. `~` is rare, so one pass for it is all that most values cost.
pub fn holds_sealed(bytes: &[u8]) -> bool {
    holds(bytes, &[MAGIC_EQUALITY, MAGIC_PLAIN])
}

fn holds(bytes: &[u8], magics: &[&str]) -> bool {
    memchr::memchr_iter(b'~', bytes).any(|at| {
        let rest = bytes.get(at..).unwrap_or_default();
        magics.iter().any(|magic| rest.starts_with(magic.as_bytes()))
    })
}
