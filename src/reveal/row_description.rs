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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::{Algorithm, Reveal, RevealColumn, SealedColumn};
    use crate::value::{Kind, LogicalType};
    use crate::wire::frame;

    const STORED: Column<'_> =
        Column { name: b"c", table_oid: 0, column_number: 0, type_oid: 25, type_size: -1, typmod: -1, format: 1 };

    fn described(
        action: OutputAction,
        origin: Option<(u32, i16)>,
        ty: Option<(u32, i32)>,
    ) -> (u32, i16, u32, i16, i32) {
        let mut output = BytesMut::new();
        row_description(&mut output, &[STORED], &[Output { action, origin, ty }]).unwrap();
        let columns = backend::row_description(&output[frame::HEADER_LEN..]).unwrap();
        let [column] = columns[..] else { panic!("one column") };
        assert_eq!((column.name, column.format), (STORED.name, STORED.format));
        (column.table_oid, column.column_number, column.type_oid, column.type_size, column.typmod)
    }

    #[test]
    fn columns_have_their_logical_type_and_origin() {
        let column = SealedColumn {
            id: 1,
            domain: Arc::from("d"),
            algorithm: Algorithm::Aes256Gcm,
            equality: false,
            fold_case: false,
            ty: LogicalType { kind: Kind::Date, typmod: -1 },
            name: Arc::from("s.r.c"),
        };
        let reveal = OutputAction::Reveal(Arc::from([RevealColumn { column: Arc::new(column), right: Reveal::Clear }]));
        assert_eq!(described(OutputAction::Relay, None, None), (0, 0, 25, -1, -1));
        assert_eq!(described(reveal.clone(), Some((7, 2)), None), (7, 2, 1082, 4, -1));
        assert_eq!(described(reveal, None, Some((1114, 3))), (0, 0, 1114, 8, 3));
        assert_eq!(described(OutputAction::Relay, None, Some((1043, 24))), (0, 0, 1043, -1, 24));
        assert!(row_description(&mut BytesMut::new(), &[STORED], &[]).is_err());
    }
}
