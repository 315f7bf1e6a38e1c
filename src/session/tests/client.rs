//! Messages as a client writes them, and answers as it reads them.

use bytes::{BufMut, BytesMut};

use crate::wire::backend;
use crate::wire::frame::{self, HEADER_LEN, Sender};

/// One message of a client.
#[derive(Clone, Debug)]
pub(super) enum Say {
    Query(&'static str),
    Parse(&'static str, &'static str),
    Bind(&'static str, &'static str),
    Describe(u8, &'static str),
    Execute(&'static str, i32),
    Close(u8, &'static str),
    Flush,
    Sync,
    Data,
    /// Data with a field too many.
    BadData,
    Done,
    Fail,
    /// Of one of the functions that the model knows.
    Call(u32),
}

pub(super) fn bytes(messages: &[Say]) -> BytesMut {
    let mut output = BytesMut::new();
    messages.iter().for_each(|message| write(message, &mut output));
    output
}

fn write(message: &Say, output: &mut BytesMut) {
    let string = |body: &mut BytesMut, text: &str| {
        body.extend_from_slice(text.as_bytes());
        body.put_u8(0);
    };
    let written = match message {
        Say::Query(sql) => frame::write(output, b'Q', |body| string(body, sql)),
        Say::Parse(name, sql) => frame::write(output, b'P', |body| {
            string(body, name);
            string(body, sql);
            body.put_u16(0);
        }),
        Say::Bind(portal, statement) => frame::write(output, b'B', |body| {
            string(body, portal);
            string(body, statement);
            body.put_slice(&[0; 6]);
        }),
        Say::Describe(target, name) | Say::Close(target, name) => {
            let kind = if matches!(message, Say::Close(..)) { b'C' } else { b'D' };
            frame::write(output, kind, |body| {
                body.put_u8(*target);
                string(body, name);
            })
        }
        Say::Execute(portal, max_rows) => frame::write(output, b'E', |body| {
            string(body, portal);
            body.put_i32(*max_rows);
        }),
        Say::Flush => frame::write(output, b'H', |_| {}),
        Say::Sync => frame::write(output, b'S', |_| {}),
        Say::Data => frame::write(output, b'd', |body| body.put_slice(b"1\n")),
        Say::BadData => frame::write(output, b'd', |body| body.put_slice(b"1\t2\n")),
        Say::Done => frame::write(output, b'c', |_| {}),
        Say::Fail => frame::write(output, b'f', |body| string(body, "enough")),
        Say::Call(function) => frame::write(output, b'F', |body| {
            body.put_u32(*function);
            body.put_slice(&[0; 6]);
        }),
    };
    written.unwrap();
}

/// The answers in short: the type, with the SQLSTATE of an error, the status of ReadyForQuery, the tag of a
/// completion and the type of a described column.
pub(super) fn summary(output: &[u8]) -> String {
    let mut input = BytesMut::from(output);
    let mut words = Vec::new();
    while let Some((kind, frame)) = frame::take(&mut input, Sender::Server).unwrap() {
        let body = &frame[HEADER_LEN..];
        let word = char::from(kind);
        words.push(match kind {
            b'E' => {
                let fields = backend::error_fields(body).unwrap();
                let code = fields.iter().find(|(field, _)| *field == b'C').unwrap().1;
                format!("E:{}", String::from_utf8_lossy(code))
            }
            b'Z' => format!("Z:{}", char::from(body[0])),
            b'C' => format!("C:{}", String::from_utf8_lossy(&body[..body.len() - 1])),
            b'T' => format!("T:{}", backend::row_description(body).unwrap()[0].type_oid),
            b'D' => format!("D:{}", String::from_utf8_lossy(&body[6..])),
            _ => word.to_string(),
        });
    }
    assert!(input.is_empty(), "part of a message: {input:?}");
    words.join(" ")
}
