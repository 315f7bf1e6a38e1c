//! What grows with the catalog and the policy.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use pgveil::analyze::{Borne, Rights};
use pgveil::catalog::Catalog;
use pgveil::policy::PolicySet;

use crate::bank::{POLICY, catalog, relation};

/// A policy of so many columns, twenty to a table, and its catalog.
fn wide(columns: usize) -> (String, Catalog) {
    let mut text = "database: bank\ndomains: {bank: {}}\ntables:\n".to_owned();
    let mut catalog = Catalog::default();
    for table in 0..columns / 20 {
        let names: Vec<String> = (0..20).map(|at| format!("c{at}")).collect();
        writeln!(text, "  public.t{table}:\n    columns:").unwrap();
        for (at, name) in names.iter().enumerate() {
            let id = table * 20 + at + 1;
            writeln!(text, "      {name}: {{mask: fixed, seal: {{id: {id}, domain: bank, type: text}}}}").unwrap();
        }
        let typed: Vec<(&str, u32)> = names.iter().map(|name| (name.as_str(), 25)).collect();
        catalog.insert(relation(20_000 + u32::try_from(table).unwrap(), &format!("t{table}"), &typed));
    }
    text.push_str("roles:\n  - {name: app, members: {users: [app]}, all_tables: clear}\n");
    text.push_str("  - {name: teller, members: {users: [teller]}, all_tables: mask}\n");
    (text, catalog)
}

pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("scale");
    group.sample_size(10);
    group.bench_function("catalog of 10,000 relations, indexed", |bencher| {
        let relations = || catalog(10_000).relations.into_values().collect::<Vec<_>>();
        bencher.iter_batched(
            || relations().into_iter().map(|known| relation(known.oid, &known.name, &[("id", 20), ("a", 25)])),
            |relations| {
                let mut catalog = Catalog::default();
                relations.for_each(|relation| catalog.insert(relation));
                catalog
            },
            BatchSize::LargeInput,
        );
    });
    let small = PolicySet::from_texts([("bank.yaml", POLICY)]).unwrap();
    let (small, large_catalog) = (small.get("bank").unwrap().clone(), catalog(10_000));
    group.bench_function("rights among 10,000 relations", |bencher| {
        bencher.iter(|| Rights::bind(&small, Some(1), black_box(&large_catalog), &Borne::default()));
    });
    let (text, wide_catalog) = wide(10_000);
    group.bench_function("policy of 10,000 columns, read", |bencher| {
        bencher.iter(|| PolicySet::from_texts([("bank.yaml", black_box(text.as_str()))]).unwrap());
    });
    let large = PolicySet::from_texts([("bank.yaml", text.as_str())]).unwrap();
    let large = large.get("bank").unwrap().clone();
    group.bench_function("policy of 10,000 columns, bound", |bencher| {
        bencher.iter(|| Rights::bind(&large, Some(1), black_box(&wide_catalog), &Borne::default()));
    });
    group.finish();
}
