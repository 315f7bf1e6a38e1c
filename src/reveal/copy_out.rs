//! COPY TO STDOUT: the server's data on its way down.

use std::sync::Arc;

use bytes::BytesMut;

use super::copy_in::{CHUNK_LEN, charset};
use super::frames::Frames;
use super::row::unplanned;
use super::sealed::{self, Revealed, holds_sealed};
use super::{Shown, Values, encoding};
use crate::copy::{self, Field, Piece, Reader, Row};
use crate::plan::{CopyFormat, CopyPlan, Output, OutputAction, RevealColumn};
use crate::value::Format;
use crate::wire::{PgError, SqlState};

/// COPY TO STDOUT: the server's data on its way down. Relayed fields come down byte for byte; what stood in one message
/// still does.
pub struct CopyOut {
    format: CopyFormat,
    outputs: Arc<[Output]>,
    /// Made with the first bytes: only then the encoding is known.
    reader: Option<Reader>,
}

impl CopyOut {
    pub fn new(plan: &CopyPlan, outputs: Arc<[Output]>) -> Self {
        Self { format: plan.format.clone(), outputs, reader: None }
    }

    /// Takes one CopyData body; appends whole CopyData frames for the client.
    ///
    /// # Errors
    /// As [`super::row`]; XX000 too for a stream that is not what its format says. Rows before the one at fault may
    /// have come down.
    pub fn data(&mut self, output: &mut BytesMut, body: &[u8], values: &Values) -> Result<Shown, PgError> {
        let mut reader = self.take_reader(values)?;
        let (mut frames, mut shown) = (Frames::new(output), Shown::default());
        let mut passed = Ok(());
        for chunk in body.chunks(CHUNK_LEN) {
            passed = reader.feed(chunk).and_then(|()| self.pass(&mut reader, &mut frames, values, &mut shown));
            if passed.is_err() {
                break;
            }
        }
        self.reader = Some(reader);
        end(passed, &mut frames, shown)
    }

    /// The server has sent CopyDone: what is still held comes down.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn finish(&mut self, output: &mut BytesMut, values: &Values) -> Result<Shown, PgError> {
        let mut reader = self.take_reader(values)?;
        let (mut frames, mut shown) = (Frames::new(output), Shown::default());
        reader.finish();
        let passed = self.pass(&mut reader, &mut frames, values, &mut shown);
        end(passed, &mut frames, shown)
    }

    fn take_reader(&mut self, values: &Values) -> Result<Reader, PgError> {
        match self.reader.take() {
            Some(reader) => Ok(reader),
            None => Ok(Reader::new(self.format.clone(), self.outputs.len(), charset(&self.format, values)?)),
        }
    }

    fn pass(
        &self,
        reader: &mut Reader,
        frames: &mut Frames<'_>,
        values: &Values,
        shown: &mut Shown,
    ) -> Result<(), PgError> {
        while let Some(piece) = reader.next().map_err(|_| other_shape())? {
            match piece {
                Piece::Verbatim(bytes) => frames.body().extend_from_slice(bytes),
                Piece::EndMarker(_) => return Err(other_shape()),
                Piece::Row(row) => self.row(row, frames.body(), values, shown)?,
            }
            frames.end_row()?;
        }
        Ok(())
    }

    fn row(&self, row: Row<'_>, output: &mut BytesMut, values: &Values, shown: &mut Shown) -> Result<(), PgError> {
        if row.len() != self.outputs.len() {
            return Err(other_shape());
        }
        output.extend_from_slice(row.lead);
        for (index, (field, column)) in row.fields().zip(self.outputs.iter()).enumerate() {
            self.field(index, field, column, output, values, shown)?;
        }
        output.extend_from_slice(row.tail);
        Ok(())
    }

    fn field(
        &self,
        index: usize,
        field: Field<'_>,
        column: &Output,
        output: &mut BytesMut,
        values: &Values,
        shown: &mut Shown,
    ) -> Result<(), PgError> {
        match (&column.action, field.raw) {
            // Escapes could stand within the magic
            (OutputAction::Relay, Some(raw)) if holds_sealed(&copy::decode(&self.format, raw)) => Err(unplanned()),
            (OutputAction::Relay | OutputAction::RelayAny, _) | (OutputAction::Reveal(_), None) => {
                output.extend_from_slice(field.framed);
                Ok(())
            }
            (OutputAction::Reveal(columns), Some(raw)) => {
                let revealed = self.open(raw, columns, values)?;
                revealed.count(shown);
                self.write(index, &revealed, column, values, output)
            }
        }
    }

    fn open(&self, raw: &[u8], columns: &[RevealColumn], values: &Values) -> Result<Revealed, PgError> {
        sealed::reveal(&copy::decode(&self.format, raw), columns, values)
    }

    fn write(
        &self,
        index: usize,
        revealed: &Revealed,
        column: &Output,
        values: &Values,
        output: &mut BytesMut,
    ) -> Result<(), PgError> {
        let mut value = BytesMut::new();
        if let CopyFormat::Binary = self.format {
            let is_shown = revealed.write(column.ty, Format::Binary, values, &mut value)?;
            return copy::write_field(&self.format, index, is_shown.then_some(&*value), output);
        }
        if !revealed.write_text(column.ty, values, &mut value)? {
            return copy::write_field(&self.format, index, None, output);
        }
        let mut encoded = BytesMut::new();
        copy::encode(&self.format, index, self.outputs.len(), &value, &mut encoded);
        copy::write_field(&self.format, index, Some(&encoding::from_utf8(&values.encoding, &encoded)?), output)
    }
}

fn end(passed: Result<(), PgError>, frames: &mut Frames<'_>, shown: Shown) -> Result<Shown, PgError> {
    match passed.and_then(|()| frames.end()) {
        Ok(()) => Ok(shown),
        Err(error) => {
            frames.abandon();
            Err(error)
        }
    }
}

/// The session ends on it: fields cannot be told apart, so none may pass.
fn other_shape() -> PgError {
    PgError::new(SqlState::INTERNAL_ERROR, "COPY data has another shape than was planned")
}
