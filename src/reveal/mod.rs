//! Carries out plans on messages: seals what goes up, reveals what comes down.

use std::sync::Arc;

use bytes::BytesMut;

use crate::keys::Keyring;
use crate::plan::{CopyPlan, Output, Plan};
use crate::value::Style;
use crate::wire::PgError;
use crate::wire::backend::Column;
use crate::wire::frontend::{Bind, Formats};

/// What values are read, shown and sealed with: one per session, replaced when a setting is reported.
#[derive(Clone)]
pub struct Values {
    pub keys: Arc<Keyring>,
    pub style: Style,
    /// `client_encoding` as reported; values of protected columns are transcoded, or refused where it is not known.
    pub encoding: String,
}

/// How many protected values a row or message showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub clear: u64,
    pub masked: u64,
}

/// Writes the RowDescription that the client gets: logical types, restored origins.
///
/// # Errors
/// XX000 where the server describes another number of columns than the plan: nothing may be shown then.
pub fn row_description(_output: &mut BytesMut, _columns: &[Column<'_>], _outputs: &[Output]) -> Result<(), PgError> {
    unreachable_skeleton()
}

/// Writes the ParameterDescription that the client gets. `declared` as in its Parse, 0 where it left a type open.
pub fn parameter_description(
    _output: &mut BytesMut,
    _described: &[u32],
    _plan: &Plan,
    _declared: &[u32],
) -> Result<(), PgError> {
    unreachable_skeleton()
}

/// The types to declare in the upstream Parse, one per upstream parameter.
pub fn upstream_types(_plan: &Plan, _declared: &[u32]) -> Vec<u32> {
    Vec::new()
}

/// Writes the Bind that goes upstream, each parameter sealed, replaced by its term, or relayed.
///
/// # Errors
/// PostgreSQL's own for a value that its column cannot take, 23514 for a mask that would be stored.
pub fn bind(
    _output: &mut BytesMut,
    _bind: &Bind<'_>,
    _plan: &Plan,
    _declared: &[u32],
    _values: &Values,
) -> Result<(), PgError> {
    unreachable_skeleton()
}

/// Writes the DataRow that the client gets.
///
/// # Errors
/// XX000 for a sealed value where none was planned or a value without the magic where one was; 22000 where one does not authenticate.
pub fn row(
    _output: &mut BytesMut,
    _body: &[u8],
    _outputs: &[Output],
    _formats: &Formats<'_>,
    _values: &Values,
) -> Result<Shown, PgError> {
    unreachable_skeleton()
}

/// COPY FROM STDIN: the client's data on its way up, in pieces of any size.
pub struct CopyIn {}

impl CopyIn {
    pub fn new(_plan: &CopyPlan) -> Self {
        Self {}
    }

    /// Takes one CopyData body; appends whole CopyData frames for the server.
    pub fn data(&mut self, _output: &mut BytesMut, _body: &[u8], _values: &Values) -> Result<(), PgError> {
        unreachable_skeleton()
    }

    /// The client has sent CopyDone: what is still held goes up.
    pub fn finish(&mut self, _output: &mut BytesMut, _values: &Values) -> Result<(), PgError> {
        unreachable_skeleton()
    }
}

/// COPY TO STDOUT: the server's data on its way down.
pub struct CopyOut {}

impl CopyOut {
    pub fn new(_plan: &CopyPlan, _outputs: Arc<[Output]>) -> Self {
        Self {}
    }

    /// Takes one CopyData body; appends whole CopyData frames for the client.
    pub fn data(&mut self, _output: &mut BytesMut, _body: &[u8], _values: &Values) -> Result<Shown, PgError> {
        unreachable_skeleton()
    }

    pub fn finish(&mut self, _output: &mut BytesMut, _values: &Values) -> Result<Shown, PgError> {
        unreachable_skeleton()
    }
}

/// Writes the ErrorResponse (`E`) or NoticeResponse (`N`) that the client gets for a planned statement: no sealed
/// value, no position in a text it never wrote, no DETAIL or CONTEXT unless it sees everything. A notice that
/// may not pass writes nothing.
pub fn notice(_output: &mut BytesMut, _kind: u8, _fields: &[(u8, &[u8])], _plan: &Plan) -> Result<(), PgError> {
    unreachable_skeleton()
}

fn unreachable_skeleton<T>() -> Result<T, PgError> {
    Err(PgError::new(crate::wire::SqlState::FEATURE_NOT_SUPPORTED, "not built"))
}
