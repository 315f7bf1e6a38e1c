//! Decisions: from the cache, by the shape of a text, and anew. The statements are of about 200 bytes.

use std::hint::black_box;

use criterion::Criterion;
use pgveil::plan::Verdict;
use pgveil::session::{Decided, Decider, QueryDecision};

use crate::bank::{View, decider};

const OPEN: &str = "SELECT a.aid, a.bid, a.balance, b.balance AS other, a.filler FROM public.accounts a JOIN \
                    public.accounts b ON b.bid = a.bid AND b.aid <> a.aid WHERE a.aid = $1 AND a.balance > $2 ORDER BY a.aid";
const QUERY: &str = "SELECT c.id, c.name, c.phone, c.id_number, c.email, c.born, a.balance FROM public.customers c JOIN \
                     public.accounts a ON a.aid = c.id WHERE c.phone = $1 AND c.branch = $2 AND a.balance > $3";

/// A statement's text with a literal that is its own.
type Text = fn(u64) -> String;

fn open_text(literal: u64) -> String {
    OPEN.replace("$1", &(literal % 1_000_000).to_string()).replace("$2", "100")
}

fn query_text(literal: u64) -> String {
    let phone = format!("'138{:08}'", literal % 100_000_000);
    QUERY.replace("$1", &phone).replace("$2", "1").replace("$3", "100")
}

fn insert_text(literal: u64) -> String {
    let number = literal % 100_000_000;
    format!(
        "INSERT INTO public.customers (id, name, id_number, phone, email, born, branch) VALUES ({number}, 'name', \
         '1101010000{number:08}', '138{number:08}', 'somebody@example.com', '1990-01-01', 1)"
    )
}

pub fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let view = View::new();

    for (name, user, sql) in [("open", "app", OPEN), ("protected", "app", QUERY), ("masked", "teller", QUERY)] {
        let mut decider = decider(user);
        let mut ask = || match decider.decide_parse(sql, &[], &view) {
            Decided::Now(verdict) => verdict,
            Decided::NeedCatalog => panic!("a relation is missing"),
        };
        assert!(matches!(ask(), Verdict::Pass(_) | Verdict::Rewrite(_)), "{name} is refused");
        group.bench_function(format!("cached, {name}"), |bencher| bencher.iter(|| black_box(ask())));
    }
    for (name, user, sql) in [("open", "app", OPEN), ("protected", "app", QUERY), ("masked", "teller", QUERY)] {
        let mut decider = decider(user);
        let mut number = 0u64;
        group.bench_function(format!("new, {name}"), |bencher| {
            bencher.iter(|| {
                number += 1;
                // A label of its own makes it another text of another shape
                let sql = sql.replacen("id,", &format!("id AS n{number},"), 1);
                black_box(decider.decide_parse(&sql, &[], &view))
            });
        });
    }
    let texts: [(&str, &str, Text); 4] = [
        ("open", "app", open_text),
        ("look-up", "app", query_text),
        ("masked look-up", "teller", query_text),
        ("insert", "app", insert_text),
    ];
    for (name, user, text) in texts {
        let mut decider = decider(user);
        let mut number = 0u64;
        group.bench_function(format!("literals, {name}"), |bencher| {
            bencher.iter(|| {
                number += 1;
                match black_box(decider.decide_query(&text(number), &view)) {
                    Decided::Now(QueryDecision::Statements(_)) => {}
                    _ => panic!("{name} is refused"),
                }
            });
        });
    }
    let mut decider = decider("app");
    let mut number = 0u64;
    group.bench_function("literals, look-up in a Parse", |bencher| {
        bencher.iter(|| {
            number += 1;
            match black_box(decider.decide_parse(&query_text(number), &[], &view)) {
                Decided::Now(Verdict::Rewrite(_)) => {}
                _ => panic!("the look-up is refused"),
            }
        });
    });
    group.finish();
}
