//! Frames and rows.

use std::hint::black_box;
use std::sync::Arc;

use bytes::{BufMut as _, BytesMut};
use criterion::Criterion;
use pgveil::crypto::Sealer as _;
use pgveil::mask::Mask;
use pgveil::plan::{Algorithm, Output, OutputAction, Reveal, RevealColumn, SealedColumn};
use pgveil::reveal::{self, Values};
use pgveil::value::{Kind, LogicalType, Plaintext, Style};
use pgveil::wire::frame::{Head, Sender};
use pgveil::wire::frontend::Formats;

use crate::bank;

pub fn sealed_column(id: u32, kind: Kind, algorithm: Algorithm) -> Arc<SealedColumn> {
    Arc::new(SealedColumn {
        id,
        domain: Arc::from("bank"),
        algorithm,
        equality: true,
        fold_case: false,
        ty: LogicalType { kind, typmod: -1 },
        name: Arc::from("public.customers.c"),
    })
}

/// A server's answer of so many rows of 50 bytes.
fn answer(rows: usize) -> Vec<u8> {
    let row = [&b"D\0\0\0\x37\0\x01\0\0\0\x2d"[..], &[b'x'; 45]].concat();
    row.repeat(rows)
}

fn walk(mut input: &[u8]) -> usize {
    let mut frames = 0;
    while let Ok(Some(head)) = Head::peek(input, Sender::Server) {
        let Some(rest) = input.get(head.frame_len()..) else { break };
        input = rest;
        frames += 1;
    }
    frames
}

/// Ten columns that are relayed and ten that are opened, as wide as a customer's are.
fn row(values: &Values, right: &Reveal) -> (Vec<u8>, Vec<Output>) {
    let mut body = BytesMut::new();
    let mut outputs = Vec::new();
    body.put_u16(20);
    for number in 0..20 {
        let column = sealed_column(number / 2 + 1, Kind::Varchar, Algorithm::Aes256Gcm);
        let (text, action) = match number % 2 {
            0 => ("some plain text".to_owned(), OutputAction::Relay),
            _ => {
                let sealed = values.keys.seal(&column, &Plaintext::new("13812345678".to_owned())).unwrap();
                (sealed, OutputAction::Reveal([RevealColumn { column, right: right.clone() }].into()))
            }
        };
        body.put_u32(u32::try_from(text.len()).unwrap());
        body.extend_from_slice(text.as_bytes());
        outputs.push(Output { action, origin: None, ty: None });
    }
    (body.to_vec(), outputs)
}

pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("messages");
    let rows = answer(1000);
    assert_eq!(walk(&rows), 1000);
    group.bench_function("frame walk, 1000 rows", |bencher| bencher.iter(|| walk(black_box(&rows))));

    let values = Values { keys: bank::keys(), style: Style::default(), encoding: "UTF8".to_owned() };
    let mask = Reveal::Mask(Arc::new(Mask::parse("phone-3-4").unwrap()));
    for (name, right) in [("clear", Reveal::Clear), ("masked", mask)] {
        let (body, outputs) = row(&values, &right);
        let mut output = BytesMut::with_capacity(4096);
        group.bench_function(format!("row of 20 columns, 10 {name}"), |bencher| {
            bencher.iter(|| {
                output.clear();
                reveal::row(&mut output, black_box(&body), &outputs, &Formats::new(&[]), &values).unwrap()
            });
        });
    }
    group.finish();
}
