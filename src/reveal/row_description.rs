//! RowDescription: logical types, restored origins.

use bytes::BytesMut;

use super::sealed::logical_type;
use crate::plan::{Output, OutputAction};
use crate::wire::backend::{self, Column};
use crate::wire::{PgError, SqlState};

/// Writes the RowDescription that the client gets: logical types, restored origins.
///
/// # Errors
/// XX000 where the server describes another number of columns than the plan: nothing may be shown then.
pub fn row_description(output: &mut BytesMut, columns: &[Column<'_>], outputs: &[Output]) -> Result<(), PgError> {
    if columns.len() != outputs.len() {
        return Err(PgError::new(SqlState::INTERNAL_ERROR, "the answer has other columns than were planned"));
    }
    let columns: Vec<Column<'_>> =
        columns.iter().zip(outputs).map(|(column, output)| describe(*column, output)).collect();
    backend::write_row_description(output, &columns)
}

fn describe<'a>(mut column: Column<'a>, output: &Output) -> Column<'a> {
    if let OutputAction::Reveal(columns) = &output.action
        && let Some(first) = columns.first()
    {
        let ty = first.column.ty;
        (column.type_oid, column.type_size, column.typmod) = (ty.oid(), ty.size(), ty.typmod);
    }
    if let Some((oid, typmod)) = output.ty {
        column.type_size = logical_type(oid, typmod).map_or(column.type_size, |ty| ty.size());
        (column.type_oid, column.typmod) = (oid, typmod);
    }
    if let Some(origin) = output.origin {
        (column.table_oid, column.column_number) = origin;
    }
    column
}
