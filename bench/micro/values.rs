//! Single values: sealed, opened, searched by, masked.

use std::hint::black_box;

use criterion::Criterion;
use pgveil::crypto::Sealer as _;
use pgveil::mask::Mask;
use pgveil::plan::Algorithm;
use pgveil::value::{Format, Kind, LogicalType, Plaintext, Purpose, Style};

use crate::bank;
use crate::messages::sealed_column;

const TYPES: &[(&str, Kind, &str)] = &[
    ("varchar", Kind::Varchar, "13812345678"),
    ("date", Kind::Date, "1990-01-01"),
    ("numeric", Kind::Numeric, "123456.78"),
    ("int8", Kind::Int8, "6222021234567890"),
    ("timestamptz", Kind::Timestamptz, "2026-01-02 03:04:05.678+00"),
    ("uuid", Kind::Uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
];

const MASKS: &[(&str, &str)] = &[
    ("phone-3-4", "13812345678"),
    ("id-1-1", "11010519491231002X"),
    ("name-surname", "欧阳娜娜"),
    ("email-1", "somebody@example.com"),
    ("birth-year", "1990-01-01"),
    ("keep:3,4", "6222021234567890"),
    ("fixed", "anything"),
];

pub fn benches(criterion: &mut Criterion) {
    let keys = bank::keys();
    let mut group = criterion.benchmark_group("values");
    for (algorithm_name, algorithm) in [("aes", Algorithm::Aes256Gcm), ("sm4", Algorithm::Sm4Gcm)] {
        for (name, kind, text) in TYPES {
            let column = sealed_column(1, *kind, algorithm);
            let read = || {
                let bytes = black_box(*text).as_bytes();
                column.ty.read(0, Format::Text, bytes, &Style::default(), Purpose::Assign).unwrap()
            };
            let sealed = keys.seal(&column, &read()).unwrap();
            group.bench_function(format!("seal, {name}, {algorithm_name}"), |bencher| {
                bencher.iter(|| keys.seal(&column, &read()).unwrap());
            });
            group.bench_function(format!("open, {name}, {algorithm_name}"), |bencher| {
                bencher.iter(|| keys.open(&column, black_box(&sealed)).unwrap());
            });
        }
    }
    let column = sealed_column(1, Kind::Varchar, Algorithm::Aes256Gcm);
    let value = Plaintext::new("13812345678".to_owned());
    group.bench_function("term, varchar", |bencher| bencher.iter(|| keys.term(&column, black_box(&value)).unwrap()));
    for (spec, text) in MASKS {
        let mask = Mask::parse(spec).unwrap();
        let kind = if *spec == "birth-year" { Kind::Date } else { Kind::Text };
        let ty = LogicalType { kind, typmod: -1 };
        group.bench_function(format!("mask, {spec}"), |bencher| bencher.iter(|| mask.apply(ty, black_box(text), None)));
    }
    group.finish();
}
