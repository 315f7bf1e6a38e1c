//! ErrorResponse and NoticeResponse of planned statements.

use bytes::{BufMut, BytesMut};

use super::sealed::holds_magic;
use crate::plan::Plan;
use crate::wire::{PgError, frame};

/// Stands for a message that quotes a sealed value; the SQLSTATE says what happened.
const WITHHELD: &[u8] = b"the server's message is withheld: it quotes a protected value";

/// Writes the ErrorResponse (`E`) or NoticeResponse (`N`) that the client gets for a planned statement: no sealed
/// value, no position in a text it never wrote, no DETAIL or CONTEXT unless it sees everything. A notice that
/// may not pass writes nothing.
///
/// # Errors
/// 54000 where the message would be too long.
pub fn notice(output: &mut BytesMut, kind: u8, fields: &[(u8, &[u8])], plan: &Plan) -> Result<(), PgError> {
    if kind == b'N' && !plan.sees_details {
        return Ok(());
    }
    frame::write(output, kind, |body| {
        for (field, text) in fields {
            if let Some(shown) = shown(*field, text, plan.sees_details) {
                body.put_u8(*field);
                body.extend_from_slice(shown);
                body.put_u8(0);
            }
        }
        body.put_u8(0);
    })
}

/// What the client gets of one field; `None` where it gets nothing. Fields that are not listed are of no known meaning.
fn shown(field: u8, text: &[u8], sees_details: bool) -> Option<&[u8]> {
    let passes = match field {
        // Severity, SQLSTATE, message, hint
        b'S' | b'V' | b'C' | b'M' | b'H' => true,
        // Schema, table, column, data type, constraint
        b's' | b't' | b'c' | b'd' | b'n' => true,
        // Where in the server's own source
        b'F' | b'L' | b'R' => true,
        // Detail, context
        b'D' | b'W' => sees_details,
        // Position, internal position and internal query point into texts that the client did not write
        _ => false,
    };
    match passes {
        true if !holds_magic(text) => Some(text),
        true if field == b'M' => Some(WITHHELD),
        _ => None,
    }
}
