//! COPY TO STDOUT: the server's data on its way down.

use std::sync::Arc;

use bytes::BytesMut;

use super::frames::{self, CHUNK_LEN, Frames, Stage};
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
    stage: Stage,
}

impl CopyOut {
    pub fn new(plan: &CopyPlan, outputs: Arc<[Output]>) -> Self {
        Self { format: plan.format.clone(), outputs, stage: Stage::Start }
    }

    /// Takes one CopyData body; appends whole CopyData frames for the client.
    ///
    /// # Errors
    /// As [`super::row()`]; XX000 too for a stream that is not what its format says. `output` is then as it was, and no
    /// later call passes anything.
    pub fn data(&mut self, output: &mut BytesMut, body: &[u8], values: &Values) -> Result<Shown, PgError> {
        let mut reader = self.stage.take(&self.format, self.outputs.len(), values)?;
        let mut shown = Shown::default();
        frames::write(output, |frames| {
            body.chunks(CHUNK_LEN).try_for_each(|chunk| {
                reader.feed(chunk)?;
                self.pass(&mut reader, frames, values, &mut shown)
            })
        })?;
        self.stage = Stage::Running(reader);
        Ok(shown)
    }

    /// The server has sent CopyDone: what is still held comes down.
    ///
    /// # Errors
    /// As [`Self::data`].
    pub fn finish(&mut self, output: &mut BytesMut, values: &Values) -> Result<Shown, PgError> {
        let mut reader = self.stage.take(&self.format, self.outputs.len(), values)?;
        let mut shown = Shown::default();
        reader.finish();
        frames::write(output, |frames| self.pass(&mut reader, frames, values, &mut shown))?;
        Ok(shown)
    }

    fn pass(
        &self,
        reader: &mut Reader,
        frames: &mut Frames<'_>,
        values: &Values,
        shown: &mut Shown,
    ) -> Result<(), PgError> {
        while let Some(piece) = reader.next_piece().map_err(|_| other_shape())? {
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

/// The session ends on it: fields cannot be told apart, so none may pass.
fn other_shape() -> PgError {
    PgError::new(SqlState::INTERNAL_ERROR, "COPY data has another shape than was planned")
}
