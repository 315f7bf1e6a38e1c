//! Bind: each upstream parameter made from one of the client's.

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};

use super::input::{self, Input};
use super::parameters::{client_count, declared_type};
use super::{Values, encoding};
use crate::crypto::Sealer;
use crate::plan::{ParamAction, Plan, SealedColumn, UpstreamParam};
use crate::value::{self, Format, Purpose};
use crate::wire::frame::violation;
use crate::wire::frontend::{Bind, Formats};
use crate::wire::{PgError, SqlState, frame};

/// Writes the Bind that goes upstream, each parameter sealed, replaced by its term, or relayed; how many elements of
/// arrays became terms. On an error `output` is as it was.
///
/// # Errors
/// PostgreSQL's own for a value that its column cannot take, 22023 for one that could pass for a sealed value, 23514
/// for a mask that would be stored, 08P01 for another number of parameters than the statement has.
pub fn bind(
    output: &mut BytesMut,
    bind: &Bind<'_>,
    plan: &Plan,
    declared: &[u32],
    values: &Values,
) -> Result<usize, PgError> {
    let client: Vec<Option<&[u8]>> = bind.params.iter().collect();
    check_counts(bind, client_count(plan, declared))?;
    let mut params = Vec::with_capacity(plan.params.len());
    let mut elements = 0;
    for param in &plan.params {
        params.push(upstream(param, &client, bind.formats, declared, values, &mut elements)?);
    }
    let count = count(params.len())?;
    frame::write(output, b'B', |body| {
        put_name(body, bind.portal);
        put_name(body, bind.statement);
        body.put_u16(count);
        params.iter().for_each(|param| body.put_i16(param.format));
        body.put_u16(count);
        params.iter().for_each(|param| put_value(body, param.value.as_deref()));
        put_formats(body, bind.results);
    })?;
    Ok(elements)
}

/// One parameter as the server gets it.
struct Upstream<'a> {
    format: i16,
    value: Option<Cow<'a, [u8]>>,
}

fn upstream<'a>(
    param: &UpstreamParam,
    client: &[Option<&'a [u8]>],
    formats: Formats<'_>,
    declared: &[u32],
    values: &Values,
    elements: &mut usize,
) -> Result<Upstream<'a>, PgError> {
    let outside = || PgError::new(SqlState::PROTOCOL_VIOLATION, format!("there is no parameter ${}", param.client + 1));
    let code = formats.get(param.client).ok_or_else(outside)?;
    // Of NULL too
    let in_format = format(code)?;
    let Some(bytes) = *client.get(param.client).ok_or_else(outside)? else {
        return Ok(Upstream { format: 0, value: None });
    };
    let source = declared_type(declared, param.client).unwrap_or(param.ty);
    let input = || {
        let input = Input::new(source, in_format, bytes, values)?;
        match param.cast {
            Some(ty) => input.cast(ty, values),
            None => Ok(input),
        }
    };
    let text = match &param.action {
        ParamAction::Relay => return Ok(Upstream { format: code, value: Some(Cow::Borrowed(bytes)) }),
        ParamAction::RefuseMasked { mask, ty, column } => {
            input::refuse_masked(&input()?, mask, *ty, column, values)?;
            return Ok(Upstream { format: code, value: Some(Cow::Borrowed(bytes)) });
        }
        ParamAction::Seal { column, guard } => input::seal(&input()?, column, guard.as_ref(), values)?.into_bytes(),
        ParamAction::SealArray { column } => sealed(source, in_format, bytes, column, values)?.to_vec(),
        ParamAction::Term { column } => input::term(&input()?, column, values)?.into_bytes(),
        ParamAction::TermArray { column } => {
            let (literal, count) = terms(source, in_format, bytes, column, values)?;
            *elements += count;
            literal.to_vec()
        }
    };
    Ok(Upstream { format: 0, value: Some(Cow::Owned(text)) })
}

fn format(code: i16) -> Result<Format, PgError> {
    match code {
        0 => Ok(Format::Text),
        1 => Ok(Format::Binary),
        _ => Err(PgError::new(SqlState::INVALID_PARAMETER_VALUE, format!("unsupported format code: {code}"))),
    }
}

/// The array literal of the elements' terms, NULLs kept (`= ANY` gives the same answer), and their number.
fn terms(
    source: u32,
    format: Format,
    bytes: &[u8],
    column: &SealedColumn,
    values: &Values,
) -> Result<(BytesMut, usize), PgError> {
    let bytes = array_in_utf8(format, bytes, column, values)?;
    let elements = value::read_array(column.ty, source, format, &bytes, &values.style, Purpose::Compare)?;
    let mut terms = Vec::with_capacity(elements.len());
    for element in &elements {
        terms.push(
            element
                .as_ref()
                .map(|element| {
                    input::refuse_magic(element, column)?;
                    values.keys.term(column, element)
                })
                .transpose()?,
        );
    }
    let mut literal = BytesMut::new();
    input::write_text_array(&terms, &mut literal);
    Ok((literal, terms.len()))
}

/// The array literal of the elements, each sealed by itself, NULLs kept.
fn sealed(
    source: u32,
    format: Format,
    bytes: &[u8],
    column: &SealedColumn,
    values: &Values,
) -> Result<BytesMut, PgError> {
    let bytes = array_in_utf8(format, bytes, column, values)?;
    let elements = value::read_array(column.ty, source, format, &bytes, &values.style, Purpose::Assign)?;
    let seal = |element: &value::Plaintext| {
        input::refuse_magic(element, column)?;
        values.keys.seal(column, element)
    };
    let sealed: Vec<_> =
        elements.iter().map(|element| element.as_ref().map(seal).transpose()).collect::<Result<_, _>>()?;
    let mut literal = BytesMut::new();
    input::write_text_array(&sealed, &mut literal);
    Ok(literal)
}

/// The texts within a binary array have lengths before them, which another encoding would change.
fn array_in_utf8<'a>(
    format: Format,
    bytes: &'a [u8],
    column: &SealedColumn,
    values: &Values,
) -> Result<Cow<'a, [u8]>, PgError> {
    match format {
        Format::Text => encoding::to_utf8(&values.encoding, bytes),
        Format::Binary if !column.ty.is_text() || encoding::is_utf8(&values.encoding) => Ok(Cow::Borrowed(bytes)),
        Format::Binary => Err(PgError::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            "a binary array of texts for a protected column must come in encoding \"UTF8\"",
        )),
    }
}

fn put_name(body: &mut BytesMut, name: &[u8]) {
    body.extend_from_slice(name);
    body.put_u8(0);
}

fn put_value(body: &mut BytesMut, value: Option<&[u8]>) {
    match value {
        None => body.put_i32(-1),
        Some(bytes) => {
            // A frame that has room for the value has room for its length in 31 bits; a longer one is not sent
            body.put_u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            body.extend_from_slice(bytes);
        }
    }
}

fn put_formats(body: &mut BytesMut, formats: Formats<'_>) {
    let codes = (0..formats.len()).filter_map(|index| formats.get(index));
    body.put_u16(u16::try_from(formats.len()).unwrap_or(0));
    codes.for_each(|code| body.put_i16(code));
}

fn count(len: usize) -> Result<u16, PgError> {
    u16::try_from(len).map_err(|_| PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many parameters"))
}

/// In the order in which PostgreSQL complains.
fn check_counts(bind: &Bind<'_>, needed: usize) -> Result<(), PgError> {
    let (formats, sent) = (bind.formats.len(), bind.params.len());
    if formats > 1 && formats != sent {
        return Err(violation(format!("bind message has {formats} parameter formats but {sent} parameters")));
    }
    if sent != needed {
        let statement = String::from_utf8_lossy(bind.statement);
        let message = format!(
            "bind message supplies {sent} parameters, but prepared statement \"{statement}\" requires {needed}"
        );
        return Err(violation(message));
    }
    Ok(())
}
