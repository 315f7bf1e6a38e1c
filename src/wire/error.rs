//! PostgreSQL errors as values: what a client is told.

use std::borrow::Cow;
use std::fmt;

/// A five-character SQLSTATE.
/// Source: PostgreSQL's `errcodes.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SqlState(pub [u8; 5]);

impl SqlState {
    pub const FEATURE_NOT_SUPPORTED: Self = Self(*b"0A000");
    pub const INSUFFICIENT_PRIVILEGE: Self = Self(*b"42501");
    pub const PROTOCOL_VIOLATION: Self = Self(*b"08P01");
    pub const CONNECTION_FAILURE: Self = Self(*b"08006");
    pub const CANNOT_CONNECT: Self = Self(*b"08001");
    pub const INVALID_TEXT_REPRESENTATION: Self = Self(*b"22P02");
    pub const INVALID_BINARY_REPRESENTATION: Self = Self(*b"22P03");
    pub const INVALID_DATETIME_FORMAT: Self = Self(*b"22007");
    pub const DATETIME_FIELD_OVERFLOW: Self = Self(*b"22008");
    pub const NUMERIC_VALUE_OUT_OF_RANGE: Self = Self(*b"22003");
    pub const STRING_DATA_RIGHT_TRUNCATION: Self = Self(*b"22001");
    pub const INVALID_PARAMETER_VALUE: Self = Self(*b"22023");
    pub const CHARACTER_NOT_IN_REPERTOIRE: Self = Self(*b"22021");
    pub const UNTRANSLATABLE_CHARACTER: Self = Self(*b"22P05");
    pub const BAD_COPY_FILE_FORMAT: Self = Self(*b"22P04");
    pub const DATA_EXCEPTION: Self = Self(*b"22000");
    pub const CHECK_VIOLATION: Self = Self(*b"23514");
    pub const UNIQUE_VIOLATION: Self = Self(*b"23505");
    pub const IN_FAILED_TRANSACTION: Self = Self(*b"25P02");
    pub const INVALID_AUTHORIZATION: Self = Self(*b"28000");
    pub const INVALID_PASSWORD: Self = Self(*b"28P01");
    pub const SYNTAX_ERROR: Self = Self(*b"42601");
    pub const UNDEFINED_COLUMN: Self = Self(*b"42703");
    pub const UNDEFINED_CURSOR: Self = Self(*b"34000");
    pub const UNDEFINED_TABLE: Self = Self(*b"42P01");
    pub const UNDEFINED_PARAMETER: Self = Self(*b"42P02");
    pub const INDETERMINATE_DATATYPE: Self = Self(*b"42P18");
    pub const DATATYPE_MISMATCH: Self = Self(*b"42804");
    pub const PROGRAM_LIMIT_EXCEEDED: Self = Self(*b"54000");
    pub const STATEMENT_TOO_COMPLEX: Self = Self(*b"54001");
    pub const TOO_MANY_CONNECTIONS: Self = Self(*b"53300");
    pub const OUT_OF_MEMORY: Self = Self(*b"53200");
    pub const CONFIGURATION_LIMIT_EXCEEDED: Self = Self(*b"53400");
    pub const ADMIN_SHUTDOWN: Self = Self(*b"57P01");
    pub const CANNOT_CONNECT_NOW: Self = Self(*b"57P03");
    pub const SYSTEM_ERROR: Self = Self(*b"58000");
    pub const IO_ERROR: Self = Self(*b"58030");
    pub const INTERNAL_ERROR: Self = Self(*b"XX000");

    /// The five characters as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XX000")
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One error as PostgreSQL would report it. Holds no protected value: whoever builds one answers for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PgError {
    pub code: SqlState,
    pub message: Cow<'static, str>,
    pub detail: Option<String>,
    pub hint: Option<String>,
    /// Where in the client's text: 1-based, in characters.
    pub position: Option<usize>,
}

impl PgError {
    pub fn new(code: SqlState, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), detail: None, hint: None, position: None }
    }

    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for PgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", self.message, self.code.as_str())
    }
}

impl std::error::Error for PgError {}
