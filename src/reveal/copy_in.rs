//! COPY FROM STDIN: the client's data on its way up.

use std::borrow::Cow;

use bytes::BytesMut;

use super::frames::{self, CHUNK_LEN, Frames, Stage};
use super::input::{self, Input};
use super::sealed::column_name;
use super::{Values, encoding};
use crate::copy::{self, Field, Piece, Reader, Row};
use crate::plan::{CopyFormat, CopyInput, CopyPlan};
use crate::value::{Format, LogicalType};
use crate::wire::{PgError, SqlState};

/// COPY FROM STDIN: the client's data on its way up, in pieces of any size. Fields of plain columns go up byte for byte.
pub struct CopyIn {
    /// How many hidden values each row tests.
    pub look_ups: u32,
    format: CopyFormat,
    columns: Vec<CopyInput>,
    stage: Stage,
}

impl CopyIn {
    pub fn new(plan: &CopyPlan) -> Self {
        Self { look_ups: plan.look_ups, format: plan.format.clone(), columns: plan.input.clone(), stage: Stage::Start }
    }

    /// Takes one CopyData body; appends whole CopyData frames for the server. Returns how many rows are in them.
    ///
    /// # Errors
    /// 22P04 where the stream is not what its format says, otherwise as a parameter's. `output` is then as it was, and the
    /// COPY must fail: rows of earlier calls may have gone up, no later call passes anything.
    pub fn data(&mut self, output: &mut BytesMut, body: &[u8], values: &Values) -> Result<u32, PgError> {
        let mut reader = self.stage.take(&self.format, self.columns.len(), values)?;
        let mut rows = 0;
        frames::write(output, |frames| {
            body.chunks(CHUNK_LEN).try_for_each(|chunk| {
                reader.feed(chunk)?;
                rows += self.pass(&mut reader, frames, values)?;
                Ok(())
            })
        })?;
        self.stage = Stage::Running(reader);
        Ok(rows)
    }

    /// The client has sent CopyDone: what is still held goes up.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn finish(&mut self, output: &mut BytesMut, values: &Values) -> Result<u32, PgError> {
        let mut reader = self.stage.take(&self.format, self.columns.len(), values)?;
        reader.finish();
        let mut rows = 0;
        frames::write(output, |frames| {
            rows = self.pass(&mut reader, frames, values)?;
            Ok(())
        })?;
        Ok(rows)
    }

    fn pass(&self, reader: &mut Reader, frames: &mut Frames<'_>, values: &Values) -> Result<u32, PgError> {
        let mut rows: u32 = 0;
        while let Some(piece) = reader.next_piece()? {
            match piece {
                Piece::Verbatim(bytes) => frames.body().extend_from_slice(bytes),
                Piece::EndMarker(bytes) => self.end_marker(bytes, frames)?,
                Piece::Row(row) => {
                    self.row(row, frames.body(), values)?;
                    rows = rows.saturating_add(1);
                }
            }
            frames.end_row()?;
        }
        Ok(rows)
    }

    /// In csv the marker ends the data only in PostgreSQL up to 17. From 18 on it is a row of one field: an error of the
    /// server's where the table has more columns, but where it has one the row would be stored as it is.
    fn end_marker(&self, bytes: &[u8], frames: &mut Frames<'_>) -> Result<(), PgError> {
        if matches!(self.format, CopyFormat::Csv { .. }) && self.columns.len() == 1 {
            let message = "an unquoted \\. in csv data means different things to different servers";
            return Err(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message));
        }
        frames.body().extend_from_slice(bytes);
        Ok(())
    }

    fn row(&self, row: Row<'_>, output: &mut BytesMut, values: &Values) -> Result<(), PgError> {
        if let Some(missing) = self.columns.get(row.len()) {
            return Err(missing_data(missing, row.len()));
        }
        let mut encoded = BytesMut::new();
        output.extend_from_slice(row.lead);
        for (index, (field, column)) in row.fields().zip(&self.columns).enumerate() {
            match self.sealed(field, column, values)? {
                None => output.extend_from_slice(field.framed),
                Some(sealed) => {
                    encoded.clear();
                    copy::encode(&self.format, index, self.columns.len(), sealed.as_bytes(), &mut encoded);
                    copy::write_field(&self.format, index, Some(&encoded), output)?;
                }
            }
        }
        output.extend_from_slice(row.tail);
        Ok(())
    }

    /// What is stored in place of the field; `None` where the field goes up as it is.
    fn sealed(&self, field: Field<'_>, column: &CopyInput, values: &Values) -> Result<Option<String>, PgError> {
        let Some(raw) = field.raw else { return Ok(None) };
        match column {
            CopyInput::Relay => Ok(None),
            CopyInput::Seal { column, guard } => {
                input::seal(&self.input(raw, column.ty, values)?, column, guard.as_ref(), values).map(Some)
            }
            CopyInput::RefuseMasked { mask, ty, column } => {
                input::refuse_masked(&self.input(raw, *ty, values)?, mask, *ty, column, values)?;
                Ok(None)
            }
        }
    }

    /// Text and csv are transcoded before escapes are read, as PostgreSQL does it.
    fn input<'a>(&self, raw: &'a [u8], ty: LogicalType, values: &Values) -> Result<Input<'a>, PgError> {
        match &self.format {
            CopyFormat::Binary => Input::new(ty.oid(), Format::Binary, raw, values),
            CopyFormat::Text { .. } | CopyFormat::Csv { .. } => {
                Ok(Input::utf8(match encoding::to_utf8(&values.encoding, raw)? {
                    Cow::Borrowed(text) => copy::decode(&self.format, text),
                    Cow::Owned(text) => Cow::Owned(copy::decode(&self.format, &text).into_owned()),
                }))
            }
        }
    }
}

fn missing_data(column: &CopyInput, index: usize) -> PgError {
    let name = match column {
        CopyInput::Relay => format!("number {}", index + 1),
        CopyInput::Seal { column, .. } => format!("\"{}\"", column_name(column)),
        CopyInput::RefuseMasked { column, .. } => format!("\"{}\"", column.rsplit('.').next().unwrap_or(column)),
    };
    PgError::new(SqlState::BAD_COPY_FILE_FORMAT, format!("missing data for column {name}"))
}
