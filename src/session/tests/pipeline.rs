//! The pipeline law: whatever a client sends, and however its bytes and the server's come in, it gets what the
//! server alone would have answered.

use proptest::collection::vec;
use proptest::prelude::*;

use super::client::Say::{self, *};
use super::client::{bytes, summary};
use super::harness::Wire;
use super::model::{CALL_FAILS, CALL_PASSED, CALL_PLANNED, CALL_REFUSED, Model, PLANNED, REFUSED};

const NAMES: [&str; 3] = ["", "s", "t"];

/// What a random client may say.
#[derive(Clone, Copy)]
pub(super) struct Words {
    pub texts: &'static [&'static str],
    pub queries: &'static [&'static str],
    pub calls: &'static [u32],
    pub copy: &'static str,
}

const UNPLANNED: Words = Words {
    texts: &["SELECT 0", "SELECT 3", "FAIL", REFUSED, "BEGIN", "COMMIT", "DDL", "NOTICE", ""],
    queries: &[
        "SELECT 1",
        "BEGIN; SELECT 1",
        "COMMIT",
        "SELECT 1; FAIL; SELECT 2",
        "SELECT 1; REFUSED; SELECT 2",
        "NOTICE; DDL",
        "COPY OUT",
        REFUSED,
    ],
    calls: &[CALL_REFUSED, CALL_PASSED, CALL_FAILS],
    copy: "COPY IN",
};

const WITH_PLANS: Words = Words {
    texts: &["SELECT 3", PLANNED, PLANNED, REFUSED, "FAIL", "BEGIN", "COMMIT"],
    queries: &["SELECT 1; PLANNED", PLANNED, "BEGIN; PLANNED; FAIL", "PLANNED; REFUSED", "COMMIT"],
    calls: &[CALL_REFUSED, CALL_PASSED, CALL_FAILS, CALL_PLANNED],
    copy: "COPY IN",
};

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

pub(super) fn message(words: Words) -> impl Strategy<Value = Vec<Say>> {
    let text = || prop::sample::select(words.texts);
    let target = || prop::sample::select(&b"SP"[..]);
    prop_oneof![
        3 => (name(), text()).prop_map(|(name, text)| vec![Parse(name, text)]),
        3 => (name(), name()).prop_map(|(portal, name)| vec![Bind(portal, name)]),
        3 => (name(), 0..3).prop_map(|(portal, max_rows)| vec![Execute(portal, max_rows)]),
        3 => (text(), 0..3).prop_map(|(text, max)| vec![Parse("", text), Bind("", ""), Execute("", max)]),
        1 => (target(), name()).prop_map(|(target, name)| vec![Describe(target, name)]),
        1 => (target(), name()).prop_map(|(target, name)| vec![Close(target, name)]),
        1 => Just(vec![Flush]),
        2 => Just(vec![Sync]),
        2 => prop::sample::select(words.queries).prop_map(|sql| vec![Query(sql)]),
        1 => prop::sample::select(words.calls).prop_map(|function| vec![Call(function)]),
        1 => any::<bool>().prop_map(move |fails| vec![Sync, Query(words.copy), Data, if fails { Fail } else { Done }]),
        1 => any::<bool>().prop_map(move |syncs_early| copied(words.copy, syncs_early)),
    ]
}

/// COPY in the extended protocol; clients that do not know what they run send Sync at once, and once more.
fn copied(copy: &'static str, syncs_early: bool) -> Vec<Say> {
    let run = [Parse("", copy), Bind("", ""), Execute("", 0)];
    let early: &[Say] = if syncs_early { &[Sync] } else { &[] };
    [&run[..], early, &[Data, Done, Close(b'P', ""), Close(b'S', "")]].concat()
}

/// What the server alone answers.
fn alone(messages: &[Say]) -> String {
    let mut model = Model::default();
    model.read(&mut bytes(messages));
    summary(&model.output)
}

fn batch(words: Words) -> impl Strategy<Value = Vec<Say>> {
    vec(message(words), 0..24).prop_map(|parts| {
        let mut messages = parts.concat();
        messages.push(Sync);
        messages
    })
}

fn check(messages: &[Say], part_len: usize, order: &[u8]) -> Result<(), TestCaseError> {
    let mut wire = Wire::new();
    let answered = wire.say_in_parts(messages, part_len, order);
    prop_assert_eq!(answered.map_err(|fatal| fatal.reason), Ok(alone(messages)));
    prop_assert!(wire.session.observer_mut().open.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn passed_and_refused_statements_are_answered_in_order(
        messages in batch(UNPLANNED), part_len in 1..200_usize, order in vec(any::<u8>(), 0..200)
    ) {
        check(&messages, part_len, &order)?;
    }

    #[test]
    fn planned_statements_are_answered_in_order(
        messages in batch(WITH_PLANS), part_len in 1..200_usize, order in vec(any::<u8>(), 0..200)
    ) {
        check(&messages, part_len, &order)?;
    }
}

#[test]
fn bytes_may_be_cut_anywhere() {
    let messages = [
        Parse("s", "SELECT 3"),
        Bind("", "s"),
        Execute("", 2),
        Describe(b'S', "s"),
        Execute("", 0),
        Sync,
        Query("BEGIN; NOTICE; COPY OUT"),
        Query("COPY IN"),
        Data,
        Done,
        Parse("", REFUSED),
        Bind("", ""),
        Sync,
    ];
    for part_len in 1..bytes(&messages).len() {
        check(&messages, part_len, &[]).unwrap();
    }
}
