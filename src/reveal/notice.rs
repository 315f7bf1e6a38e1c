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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::plan::Effect;
    use crate::wire::backend;

    type Fields<'a> = &'a [(u8, &'a [u8])];

    fn relayed(kind: u8, fields: Fields<'_>, sees_details: bool) -> Vec<(u8, Vec<u8>)> {
        let plan = Plan {
            sql: String::new(),
            params: Vec::new(),
            client_params: 0,
            outputs: None,
            copy: None,
            effect: Effect::None,
            touched: Arc::from([]),
            sees_details,
            look_ups: 0,
            reusable: true,
        };
        let mut output = BytesMut::new();
        notice(&mut output, kind, fields, &plan).unwrap();
        if output.is_empty() {
            return Vec::new();
        }
        assert_eq!(output.first(), Some(&kind));
        let fields = backend::error_fields(&output[frame::HEADER_LEN..]).unwrap();
        fields.into_iter().map(|(field, text)| (field, text.to_vec())).collect()
    }

    #[test]
    fn an_error_tells_what_the_caller_may_know() {
        let error: Fields<'_> = &[
            (b'S', b"ERROR"),
            (b'C', b"23505"),
            (b'M', b"duplicate key"),
            (b'D', b"Key (name)=(Zhang) already exists."),
            (b'W', b"SQL statement"),
            (b'q', b"SELECT 1"),
            (b'P', b"7"),
            (b'p', b"7"),
            (b'n', b"customers_key"),
            (b'z', b"of no known meaning"),
        ];
        let fields = |sees| relayed(b'E', error, sees).iter().map(|(field, _)| *field).collect::<Vec<u8>>();
        assert_eq!(fields(false), b"SCMn");
        assert_eq!(fields(true), b"SCMDWn");
        assert!(relayed(b'N', error, false).is_empty());
        assert!(!relayed(b'N', error, true).is_empty());
    }

    #[test]
    fn no_sealed_value_passes() {
        let error: Fields<'_> = &[
            (b'C', b"22P02"),
            (b'M', b"invalid input syntax for type integer: \"~pv1:abc\""),
            (b'D', b"Key (\"left\"(phone, 27))=(~pv1:abc) already exists."),
            (b'H', b"~pv!keep"),
            (b'W', b"~pv0:"),
        ];
        let expect = [(b'C', b"22P02".to_vec()), (b'M', WITHHELD.to_vec())];
        assert_eq!(relayed(b'E', error, true), expect);
    }
}
