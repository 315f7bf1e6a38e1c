//! Plans carried out with real keys: what goes up is sealed, what comes down is what the caller may see.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{BufMut, BytesMut};

use super::*;
use crate::crypto::Sealer;
use crate::keys::Keyring;
use crate::mask::Mask;
use crate::plan::{
    Algorithm, CopyDirection, CopyFormat, CopyInput, CopyPlan, Effect, ForceQuote, KEEP_MARKER, Output, OutputAction,
    ParamAction, Plan, Reveal, RevealColumn, SealedColumn, TERM_CHARS, TermHash, UpstreamParam, WriteGuard,
};
use crate::value::{Kind, LogicalType, Plaintext};
use crate::wire::frontend::Frontend;
use crate::wire::{PgError, backend, frame};

fn values(encoding: &str) -> Values {
    let domains = BTreeMap::from([("phone".to_owned(), TermHash::HmacSha256)]);
    let keys = Arc::new(Keyring::ephemeral(&domains).unwrap());
    Values { keys, style: Style::default(), encoding: encoding.to_owned() }
}

fn sealed_column(id: u32, kind: Kind, typmod: i32) -> Arc<SealedColumn> {
    Arc::new(SealedColumn {
        id,
        domain: Arc::from("phone"),
        algorithm: Algorithm::Aes256Gcm,
        equality: true,
        fold_case: false,
        ty: LogicalType { kind, typmod },
        name: Arc::from("public.customers.phone"),
    })
}

fn phone() -> Arc<SealedColumn> {
    sealed_column(1, Kind::Varchar, 24)
}

fn mask() -> Arc<Mask> {
    Arc::new(Mask::parse("phone-3-4").unwrap())
}

fn seal(values: &Values, column: &SealedColumn, text: &str) -> String {
    values.keys.seal(column, &Plaintext::new(text.to_owned())).unwrap()
}

fn output(action: OutputAction) -> Output {
    Output { action, origin: None, ty: None }
}

fn revealed(column: &Arc<SealedColumn>, right: Reveal) -> Output {
    output(OutputAction::Reveal(Arc::from([RevealColumn { column: Arc::clone(column), right }])))
}

fn plan(params: Vec<UpstreamParam>, client_params: usize) -> Plan {
    Plan {
        sql: String::new(),
        params,
        client_params,
        outputs: None,
        copy: None,
        effect: Effect::None,
        touched: Arc::from([]),
        sees_details: false,
        look_ups: 0,
        reusable: true,
    }
}

fn upstream(client: usize, action: ParamAction, ty: u32) -> UpstreamParam {
    UpstreamParam { client, action, ty, cast: None }
}

fn counted(fields: &[Option<&[u8]>]) -> BytesMut {
    let mut body = BytesMut::new();
    body.put_u16(fields.len() as u16);
    for field in fields {
        body.put_i32(field.map_or(-1, |bytes| bytes.len() as i32));
        body.extend_from_slice(field.unwrap_or_default());
    }
    body
}

/// Result formats as a Bind has them: one code for all.
fn with_formats<T>(code: i16, run: impl FnOnce(&crate::wire::frontend::Formats<'_>) -> T) -> T {
    let mut body = BytesMut::from(&b"\0\0\0\0\0\0\0\x01"[..]);
    body.put_i16(code);
    let Ok(Frontend::Bind(bind)) = Frontend::parse(b'B', &body) else { panic!("a Bind") };
    run(&bind.results)
}

type Fields = Vec<Option<Vec<u8>>>;

fn shown_row(fields: &[Option<&[u8]>], outputs: &[Output], format: i16, values: &Values) -> Result<Fields, PgError> {
    let mut output = BytesMut::from(&b"before"[..]);
    let written = with_formats(format, |formats| row(&mut output, &counted(fields), outputs, formats, values));
    if let Err(error) = written {
        assert_eq!(&output[..], b"before", "nothing may be written of a refused row");
        return Err(error);
    }
    let mut fields = Vec::new();
    backend::data_row(&output[6 + frame::HEADER_LEN..], |_, field| {
        fields.push(field.map(<[u8]>::to_vec));
        Ok(())
    })?;
    Ok(fields)
}

fn code<T>(result: Result<T, PgError>) -> String {
    result.err().map_or_else(String::new, |error| error.code.as_str().to_owned())
}

#[test]
fn each_right_shows_what_it_may() {
    let values = values("UTF8");
    let sealed = seal(&values, &phone(), "13812345678");
    let outputs = [
        output(OutputAction::Relay),
        revealed(&phone(), Reveal::Clear),
        revealed(&phone(), Reveal::Mask(mask())),
        revealed(&phone(), Reveal::Null),
        revealed(&phone(), Reveal::Clear),
    ];
    let sealed = Some(sealed.as_bytes());
    for format in [0, 1] {
        let fields = shown_row(&[Some(b"1~"), sealed, sealed, sealed, None], &outputs, format, &values).unwrap();
        let expect = [Some(&b"1~"[..]), Some(b"13812345678"), Some(b"138****5678"), None, None];
        assert_eq!(fields.iter().map(Option::as_deref).collect::<Vec<_>>(), expect);
    }
}

#[test]
fn what_the_plan_does_not_explain_ends_the_statement() {
    let values = values("UTF8");
    let sealed = seal(&values, &phone(), "13812345678");
    let quoted = format!("{{\"{sealed}\"}}");
    let other = seal(&values, &sealed_column(2, Kind::Text, -1), "13812345678");
    let mut forged = sealed.clone().into_bytes();
    *forged.last_mut().unwrap() ^= 1;
    let relay = output(OutputAction::Relay);
    let clear = revealed(&phone(), Reveal::Clear);
    let null = revealed(&phone(), Reveal::Null);
    let cases: &[(&[u8], &Output, &str)] = &[
        (sealed.as_bytes(), &relay, "XX000"),
        (quoted.as_bytes(), &relay, "XX000"),
        (b"13812345678", &clear, "22000"),
        (b"", &clear, "22000"),
        (b"~pv1:", &clear, "22000"),
        (quoted.as_bytes(), &clear, "22000"),
        (other.as_bytes(), &clear, "22000"),
        (other.as_bytes(), &null, "22000"),
        (&forged, &clear, "22000"),
    ];
    for (bytes, column, expect) in cases {
        let result = shown_row(&[Some(bytes)], std::slice::from_ref(column), 0, &values);
        assert_eq!(code(result), *expect, "{}", String::from_utf8_lossy(bytes));
    }
    assert_eq!(code(shown_row(&[None, None], std::slice::from_ref(&clear), 0, &values)), "XX000");
    assert_eq!(code(shown_row(&[None], &[clear.clone(), clear], 0, &values)), "XX000");
    let any = output(OutputAction::RelayAny);
    assert_eq!(shown_row(&[Some(sealed.as_bytes())], &[any], 0, &values), Ok(vec![Some(sealed.into_bytes())]));
}

#[test]
fn values_come_in_the_clients_type_and_encoding() {
    let column = sealed_column(1, Kind::Date, -1);
    let gbk = values("GBK");
    let latin = Values { encoding: "LATIN1".to_owned(), ..gbk.clone() };
    let name = sealed_column(1, Kind::Char, 8);
    let date = seal(&gbk, &column, "2024-01-05");
    let text = seal(&gbk, &name, "张三  ");
    let shown = |sealed: &str, output: &Output, format, values: &Values| {
        shown_row(&[Some(sealed.as_bytes())], std::slice::from_ref(output), format, values)
    };
    let clear = revealed(&column, Reveal::Clear);
    assert_eq!(shown(&date, &clear, 0, &gbk), Ok(vec![Some(b"2024-01-05".to_vec())]));
    assert_eq!(shown(&date, &clear, 1, &gbk), Ok(vec![Some(8770_i32.to_be_bytes().to_vec())]));
    let clear = revealed(&name, Reveal::Clear);
    for format in [0, 1] {
        assert_eq!(shown(&text, &clear, format, &gbk), Ok(vec![Some(b"\xd5\xc5\xc8\xfd  ".to_vec())]));
        assert_eq!(code(shown(&text, &clear, format, &latin)), "22P05");
    }
    let as_text = Output { ty: Some((25, -1)), ..clear };
    assert_eq!(shown(&text, &as_text, 0, &gbk), Ok(vec![Some(b"\xd5\xc5\xc8\xfd".to_vec())]));
    let as_number = Output { ty: Some((20, -1)), ..as_text };
    assert_eq!(code(shown(&text, &as_number, 0, &gbk)), "XX000");
}

/// One parameter of the client's through one upstream parameter.
fn bound(value: Option<&[u8]>, format: i16, action: ParamAction, values: &Values) -> Result<Option<Vec<u8>>, PgError> {
    let plan = plan(vec![upstream(0, action, 0)], 1);
    let mut body = BytesMut::from(&b"portal\0statement\0\0\x01"[..]);
    body.put_i16(format);
    body.extend_from_slice(&counted(&[value]));
    body.extend_from_slice(b"\0\x01\0\x01");
    let Ok(Frontend::Bind(client)) = Frontend::parse(b'B', &body) else { panic!("a Bind") };
    let mut output = BytesMut::new();
    bind(&mut output, &client, &plan, &[], values)?;
    let Ok(Frontend::Bind(sent)) = Frontend::parse(b'B', &output[frame::HEADER_LEN..]) else { panic!("a Bind") };
    assert_eq!((sent.portal, sent.statement), (&b"portal"[..], &b"statement"[..]));
    assert_eq!(sent.results.get(0), Some(1));
    Ok(sent.params.iter().next().unwrap().map(<[u8]>::to_vec))
}

#[test]
fn parameters_are_sealed_compared_or_relayed() {
    let values = values("GBK");
    let column = phone();
    let guard = |keep| Some(WriteGuard { mask: mask(), keep });
    let sealing = |guard| ParamAction::Seal { column: phone(), guard };
    let refusing = || ParamAction::RefuseMasked { mask: mask(), ty: column.ty, column: Arc::from("public.t.phone") };
    for format in [0, 1] {
        let sealed = bound(Some(b"\xd5\xc5"), format, sealing(None), &values).unwrap().unwrap();
        let opened = values.keys.open(&column, std::str::from_utf8(&sealed).unwrap()).unwrap();
        assert_eq!(opened.expose(), "张");
        let term = bound(Some(b"\xd5\xc5"), format, ParamAction::Term { column: phone() }, &values).unwrap();
        assert_eq!(term.as_deref(), sealed.get(..TERM_CHARS));
        assert_eq!(bound(None, format, sealing(None), &values), Ok(None));
        assert_eq!(bound(Some(b"~pv\xff"), format, ParamAction::Relay, &values), Ok(Some(b"~pv\xff".to_vec())));
        assert_eq!(bound(Some(b"138****5678"), format, sealing(guard(true)), &values), Ok(Some(KEEP_MARKER.into())));
        assert_eq!(code(bound(Some(b"138****5678"), format, sealing(guard(false)), &values)), "23514");
        assert_eq!(code(bound(Some(b"138****5678"), format, refusing(), &values)), "23514");
        assert_eq!(bound(Some(b"13812345678"), format, refusing(), &values), Ok(Some(b"13812345678".to_vec())));
        assert_eq!(code(bound(Some(b"~pv1:x"), format, sealing(None), &values)), "22023");
        assert_eq!(code(bound(Some(b"123456789012345678901"), format, sealing(None), &values)), "22001");
    }
    let array = ParamAction::TermArray { column: phone() };
    let terms = bound(Some(b"{138,NULL,\"\xd5\xc5\"}"), 0, array, &values).unwrap().unwrap();
    let term = |text: &str| values.keys.term(&column, &Plaintext::new(text.to_owned())).unwrap();
    assert_eq!(String::from_utf8(terms).unwrap(), format!("{{\"{}\",NULL,\"{}\"}}", term("138"), term("张")));
}

#[test]
fn a_bind_has_the_parameters_of_its_statement() {
    let values = values("UTF8");
    let Ok(Frontend::Bind(client)) = Frontend::parse(b'B', b"\0\0\0\0\0\x01\0\0\0\x01x\0\0") else { panic!("a Bind") };
    let mut output = BytesMut::new();
    for plan in [plan(Vec::new(), 2), plan(vec![upstream(1, ParamAction::Relay, 0)], 1)] {
        assert_eq!(code(bind(&mut output, &client, &plan, &[], &values)), "08P01");
        assert!(output.is_empty());
    }
}

#[test]
fn clients_see_the_types_they_declared_or_would_have_been_told() {
    let term = || ParamAction::Term { column: phone() };
    let sealing = || ParamAction::Seal { column: phone(), guard: None };
    let array = ParamAction::TermArray { column: phone() };
    let params = vec![
        upstream(1, term(), 1043),
        upstream(0, ParamAction::Relay, 0),
        upstream(2, sealing(), 1082),
        upstream(2, term(), 1082),
        upstream(3, array, 1015),
    ];
    let plan = plan(params, 5);
    let mut output = BytesMut::new();
    parameter_description(&mut output, &[25, 23, 25, 25, 1009], &plan, &[0, 0, 1114]).unwrap();
    let described = backend::parameter_description(&output[frame::HEADER_LEN..]).unwrap();
    assert_eq!(described, [23, 1043, 1114, 1015, 25]);
    assert_eq!(upstream_types(&plan, &[20, 0, 1114]), [25, 20, 25, 25, 1009]);
    assert_eq!(code(parameter_description(&mut output, &[25], &plan, &[])), "XX000");
}

#[test]
fn a_parameter_that_is_declared_and_not_used_counts() {
    let plan = plan(vec![upstream(0, ParamAction::Relay, 0)], 1);
    let mut output = BytesMut::new();
    parameter_description(&mut output, &[23], &plan, &[0, 25]).unwrap();
    assert_eq!(backend::parameter_description(&output[frame::HEADER_LEN..]).unwrap(), [23, 25]);
    assert_eq!(upstream_types(&plan, &[0, 25]), [0]);
    assert!(check_declared(&plan, &[0, 25]).is_ok());
    assert_eq!(code(check_declared(&plan, &[0, 25, 0])), "42P18");
}

fn stream(bytes: &BytesMut) -> Vec<u8> {
    let (mut input, mut stream) = (bytes.clone(), Vec::new());
    while let Some((kind, frame)) = frame::take(&mut input, frame::Sender::Server).unwrap() {
        assert_eq!(kind, b'd');
        stream.extend_from_slice(&frame[frame::HEADER_LEN..]);
    }
    assert!(input.is_empty());
    stream
}

fn copy_plan(format: &CopyFormat, direction: CopyDirection, input: Vec<CopyInput>) -> CopyPlan {
    CopyPlan { direction, format: format.clone(), input, look_ups: 0 }
}

fn copied_in(format: &CopyFormat, input: Vec<CopyInput>, data: &[u8], values: &Values) -> Result<Vec<u8>, PgError> {
    let mut copy = CopyIn::new(&copy_plan(format, CopyDirection::FromClient, input));
    let mut output = BytesMut::new();
    for piece in data.chunks(3) {
        copy.data(&mut output, piece, values)?;
    }
    copy.finish(&mut output, values)?;
    Ok(stream(&output))
}

fn copied_out(
    format: &CopyFormat,
    outputs: &[Output],
    data: &[u8],
    values: &Values,
) -> Result<(Vec<u8>, Shown), PgError> {
    let mut copy = CopyOut::new(&copy_plan(format, CopyDirection::ToClient, Vec::new()), Arc::from(outputs));
    let (mut output, mut shown) = (BytesMut::new(), Shown::default());
    let mut add = |more: Shown| {
        shown.clear += more.clear;
        shown.masked += more.masked;
    };
    for piece in data.chunks(5) {
        add(copy.data(&mut output, piece, values)?);
    }
    add(copy.finish(&mut output, values)?);
    Ok((stream(&output), shown))
}

fn text_format(delimiter: u8) -> CopyFormat {
    CopyFormat::Text { delimiter, null: b"\\N".to_vec(), header: true }
}

fn csv_format() -> CopyFormat {
    let force_quote = ForceQuote::None;
    CopyFormat::Csv { delimiter: b',', null: Vec::new(), header: true, quote: b'"', escape: b'"', force_quote }
}

#[test]
fn copied_rows_are_sealed_on_their_way_up_and_shown_on_their_way_down() {
    let gbk = values("GBK");
    let utf8 = Values { encoding: "UTF8".to_owned(), ..gbk.clone() };
    let binary = |fields: &[&[Option<&[u8]>]]| {
        let rows: Vec<BytesMut> = fields.iter().map(|row| counted(row)).collect();
        [&b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..], &rows.concat(), b"\xff\xff"].concat()
    };
    let rows: &[&[Option<&[u8]>]] = &[&[Some(b"\0\0\0\x01"), Some("张~:\\\"".as_bytes())], &[None, None]];
    let cases: &[(CopyFormat, &Values, Vec<u8>)] = &[
        (text_format(b'\t'), &utf8, "id\tphone\n1\\x\t张\\t\\\\三\n2\t\\N\n\\t\t\n".into()),
        (text_format(b'~'), &utf8, "id~phone\n1~张\\~三:\n".into()),
        (text_format(b'\t'), &gbk, b"id\tphone\n\x81\\\t\x81\\\\\\\xd5\xc5\n".to_vec()),
        (csv_format(), &utf8, "id,phone\n\"1\",\"张,\"\"三\n\"\n2,\n3,\"\"\n4,plain\n".into()),
        (csv_format(), &utf8, "id,phone\r\n1,\"x\r\n\"\r\n".into()),
        (CopyFormat::Binary, &utf8, binary(rows)),
    ];
    for (format, values, data) in cases {
        let input = vec![CopyInput::Relay, CopyInput::Seal { column: phone(), guard: None }];
        let stored = copied_in(format, input, data, values).unwrap();
        assert!(memchr::memmem::find(&stored, "张".as_bytes()).is_none(), "{format:?}");
        let outputs = [output(OutputAction::Relay), revealed(&phone(), Reveal::Clear)];
        let (shown, count) = copied_out(format, &outputs, &stored, values).unwrap();
        assert_eq!(String::from_utf8_lossy(&shown), String::from_utf8_lossy(data), "{format:?}");
        assert_eq!(shown, *data);
        assert!(count.clear > 0 && count.masked == 0);
        let (hidden, count) =
            copied_out(format, &[outputs[0].clone(), revealed(&phone(), Reveal::Mask(mask()))], &stored, values)
                .unwrap();
        assert!(count.masked > 0 && memchr::memmem::find(&hidden, "张".as_bytes()).is_none(), "{format:?}");
        let unplanned = copied_out(format, &[outputs[0].clone(), outputs[0].clone()], &stored, values);
        assert_eq!(code(unplanned), "XX000", "{format:?}");
    }
}

#[test]
fn copy_is_refused_where_it_would_store_or_show_what_it_must_not() {
    let values = values("UTF8");
    let sealing = || CopyInput::Seal { column: phone(), guard: Some(WriteGuard { mask: mask(), keep: false }) };
    let refusing =
        || CopyInput::RefuseMasked { mask: mask(), ty: phone().ty, column: Arc::from("public.customers.phone") };
    let text = CopyFormat::Text { delimiter: b'\t', null: b"\\N".to_vec(), header: false };
    let csv = CopyFormat::Csv {
        delimiter: b',',
        null: Vec::new(),
        header: false,
        quote: b'"',
        escape: b'"',
        force_quote: ForceQuote::None,
    };
    let cases: &[(&CopyFormat, Vec<CopyInput>, &[u8], &str)] = &[
        (&text, vec![CopyInput::Relay, sealing()], b"1\n", "22P04"),
        (&text, vec![sealing()], b"1\t2\n", "22P04"),
        (&text, vec![sealing()], b"138****5678\n", "23514"),
        (&text, vec![refusing()], b"138****5678\n", "23514"),
        (&text, vec![sealing()], b"\\176pv1:x\n", "22023"),
        (&text, vec![sealing()], b"\\xff\n", "22021"),
        (&csv, vec![sealing()], b"\\.\n", "0A000"),
        (&csv, vec![CopyInput::Relay, sealing()], b"a,b\n\\.\nrest", ""),
        (&text, vec![refusing()], b"13812345678\n", ""),
    ];
    for (format, input, data, expect) in cases {
        let result = copied_in(format, input.clone(), data, &values);
        assert_eq!(code(result), *expect, "{}", String::from_utf8_lossy(data));
    }
    let unknown = Values { encoding: "EUC_TW".to_owned(), ..values.clone() };
    assert_eq!(code(copied_in(&text, vec![sealing()], b"1\n", &unknown)), "0A000");
    let relay = output(OutputAction::Relay);
    let clear = revealed(&phone(), Reveal::Clear);
    let colon = CopyFormat::Text { delimiter: b':', null: b"\\N".to_vec(), header: false };
    let out: &[(&CopyFormat, &[Output], &[u8], &str)] = &[
        (&colon, std::slice::from_ref(&relay), b"~pv1\\:x\n", "XX000"),
        (&text, std::slice::from_ref(&relay), b"a\tb\n", "XX000"),
        (&text, &[relay.clone(), relay.clone()], b"a\n", "XX000"),
        (&text, std::slice::from_ref(&relay), b"\\.\n", "XX000"),
        (&text, std::slice::from_ref(&clear), b"13812345678\n", "22000"),
        (&text, std::slice::from_ref(&relay), b"a\n", ""),
    ];
    for (format, outputs, data, expect) in out {
        assert_eq!(code(copied_out(format, outputs, data, &values)), *expect, "{}", String::from_utf8_lossy(data));
    }
}

#[test]
fn one_message_down_stays_one_message() {
    let values = values("UTF8");
    let outputs: Arc<[Output]> = Arc::from([output(OutputAction::Relay)]);
    let plan = copy_plan(&text_format(b'\t'), CopyDirection::ToClient, Vec::new());
    let mut copy = CopyOut::new(&plan, outputs);
    let mut down = BytesMut::new();
    for body in [&b"header\n"[..], b"a\n", b"b\n"] {
        copy.data(&mut down, body, &values).unwrap();
    }
    assert_eq!(&down[..], b"d\0\0\0\x0bheader\nd\0\0\0\x06a\nd\0\0\0\x06b\n");
}

#[test]
fn after_an_error_no_row_passes() {
    let values = values("UTF8");
    let format = CopyFormat::Text { delimiter: b'\t', null: b"\\N".to_vec(), header: false };
    let mut up = CopyIn::new(&copy_plan(&format, CopyDirection::FromClient, vec![CopyInput::Relay]));
    let mut down = CopyOut::new(
        &copy_plan(&format, CopyDirection::ToClient, Vec::new()),
        Arc::from([output(OutputAction::Relay)]),
    );
    let mut written = BytesMut::new();
    assert_eq!(code(up.data(&mut written, b"good\nbad\tbad\n", &values)), "22P04");
    assert_eq!(code(up.data(&mut written, b"next\n", &values)), "XX000");
    assert_eq!(code(up.finish(&mut written, &values)), "XX000");
    assert_eq!(code(down.data(&mut written, b"good\n~pv1:bad\n", &values)), "XX000");
    assert_eq!(code(down.data(&mut written, b"next\n", &values)), "XX000");
    assert!(written.is_empty());
}

#[test]
fn frames_end_with_a_row_and_stay_small() {
    let values = values("UTF8");
    let format = CopyFormat::Text { delimiter: b'\t', null: b"\\N".to_vec(), header: false };
    let mut up = CopyIn::new(&copy_plan(&format, CopyDirection::FromClient, vec![CopyInput::Relay]));
    let data = [b"x".repeat(999), b"\n".to_vec()].concat().repeat(1000);
    let mut written = BytesMut::new();
    up.data(&mut written, &data, &values).unwrap();
    assert_eq!(stream(&written), data);
    while let Some((_, frame)) = frame::take(&mut written, frame::Sender::Server).unwrap() {
        let body_len = frame.len() - frame::HEADER_LEN;
        assert!(body_len.is_multiple_of(1000) && body_len <= 66 * 1000, "{body_len}");
    }
}
