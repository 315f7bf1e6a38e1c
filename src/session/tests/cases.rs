//! What a client gets, message by message.

use std::sync::Arc;

use bytes::BytesMut;

use super::client::Say::{self, *};
use super::client::{bytes, summary};
use super::decider::{ByText, plan, planned, refuse};
use super::harness::{Wire, session};
use super::model::{
    CALL_FAILS, CALL_LONG, CALL_PASSED, CALL_PLANNED, CALL_REFUSED, CALL_SEALED, PLANNED, PLANNED_UPSTREAM, REFUSED,
};
use crate::plan::{CopyDirection, CopyFormat, CopyInput, CopyPlan, Effect, Plan, Verdict};
use crate::session::{Ended, Outbox, Step};
use crate::wire::{PgError, SqlState};

fn check(messages: &[Say], expect: &str) -> Wire {
    let mut wire = Wire::new();
    assert_eq!(wire.say(messages).unwrap(), expect, "{messages:?}");
    wire
}

#[test]
fn simple_queries() {
    let cases = [
        ("SELECT 1", "T:25 D:~pv1: C:SELECT 1 Z:I"),
        ("", "I Z:I"),
        ("BEGIN; SELECT 0; NOTICE", "C:BEGIN T:25 C:SELECT 0 N S C:NOTICE Z:T"),
        ("SELECT 0; FAIL; SELECT 1", "T:25 C:SELECT 0 E:XX001 Z:I"),
        ("REFUSED", "E:42501 Z:I"),
        ("SELECT 0; REFUSED; SELECT 1", "T:25 C:SELECT 0 E:42501 Z:I"),
        ("BEGIN; SELECT 0; REFUSED", "C:BEGIN T:25 C:SELECT 0 E:42501 Z:E"),
        ("BEGIN; COMMIT; REFUSED", "C:BEGIN C:COMMIT E:42501 Z:I"),
        ("SELECT 0; FAIL; REFUSED", "T:25 C:SELECT 0 E:XX001 Z:I"),
        ("COPY OUT; SELECT 0", "H d d c C:COPY 2 T:25 C:SELECT 0 Z:I"),
    ];
    for (sql, expect) in cases {
        check(&[Query(sql)], expect);
    }
}

#[test]
fn nothing_of_a_refused_statement_goes_upstream() {
    for messages in [vec![Query(REFUSED)], vec![Parse("", REFUSED), Bind("", ""), Execute("", 0), Sync]] {
        let mut wire = Wire::new();
        wire.say(&messages).unwrap();
        assert!(wire.model.ran.iter().all(|sql| !sql.contains(REFUSED)), "{:?}", wire.model.ran);
        assert_eq!(wire.session.observer_mut().refused, 1);
        assert!(wire.session.is_idle());
    }
}

#[test]
fn errors_at_each_place_of_a_pipeline() {
    let before = [Parse("", "SELECT 1"), Bind("", ""), Execute("", 0)];
    let rest = [Bind("", ""), Execute("", 0), Sync, Query("SELECT 0")];
    let cases = [
        (Parse("", REFUSED), "1 2 D:~pv1: C:SELECT 1 E:42501 Z:I T:25 C:SELECT 0 Z:I"),
        (Bind("", "nothing"), "1 2 D:~pv1: C:SELECT 1 E:26000 Z:I T:25 C:SELECT 0 Z:I"),
        (Execute("nothing", 0), "1 2 D:~pv1: C:SELECT 1 E:34000 Z:I T:25 C:SELECT 0 Z:I"),
        (Describe(b'P', "nothing"), "1 2 D:~pv1: C:SELECT 1 E:34000 Z:I T:25 C:SELECT 0 Z:I"),
        (Describe(b'S', "nothing"), "1 2 D:~pv1: C:SELECT 1 E:26000 Z:I T:25 C:SELECT 0 Z:I"),
    ];
    for (bad, expect) in cases {
        let messages = [&before[..], &[bad], &rest[..]].concat();
        check(&messages, expect);
    }
}

#[test]
fn a_refusal_aborts_the_open_transaction() {
    let messages = [Query("BEGIN"), Parse("", REFUSED), Bind("", ""), Sync, Query("SELECT 1"), Query("COMMIT")];
    check(&messages, "C:BEGIN Z:T E:42501 Z:E E:25P02 Z:E C:ROLLBACK Z:I");
}

#[test]
fn function_calls_are_answered_in_their_place() {
    let cases: [(&[Say], &str); 7] = [
        (&[Call(CALL_PASSED), Call(CALL_PLANNED), Query("SELECT 0")], "V Z:I V Z:I T:25 C:SELECT 0 Z:I"),
        (&[Query("BEGIN"), Call(CALL_REFUSED), Query("COMMIT")], "C:BEGIN Z:T E:42501 Z:E C:ROLLBACK Z:I"),
        (&[Query("BEGIN"), Call(CALL_FAILS), Call(CALL_PASSED)], "C:BEGIN Z:T E:XX001 Z:E E:25P02 Z:E"),
        (&[Query("BEGIN; FAIL"), Call(CALL_REFUSED)], "C:BEGIN E:XX001 Z:E E:25P02 Z:E"),
        (&[Parse("", "SELECT 0"), Call(CALL_PASSED), Sync], "1 V Z:I Z:I"),
        (&[Parse("", REFUSED), Call(CALL_PASSED), Sync, Call(CALL_PLANNED)], "E:42501 Z:I V Z:I"),
        (&[Bind("", "nothing"), Call(CALL_PASSED), Call(CALL_PLANNED), Sync], "E:26000 Z:I"),
    ];
    for (messages, expect) in cases {
        let mut wire = check(messages, expect);
        assert!(wire.session.observer_mut().open.is_empty(), "{messages:?}");
        assert!(wire.session.is_answered(), "{messages:?}");
    }
}

#[test]
fn a_sealed_value_ends_a_function_call_that_is_watched() {
    let mut wire = Wire::new();
    let fatal = wire.say(&[Call(CALL_SEALED)]).unwrap_err();
    assert_eq!((fatal.reason, fatal.withheld), ("reveal", true));
    assert!(wire.received.is_empty());
}

#[test]
fn a_long_result_that_nobody_looks_at_is_not_held() {
    let mut wire = Wire::new();
    let mut said = bytes(&[Call(CALL_LONG)]);
    let mut outbox = Outbox::default();
    wire.session.on_client(&mut said, &mut outbox).unwrap();
    wire.model.read(&mut outbox.to_server);
    let mut input = wire.model.output.split_to(100);
    wire.session.on_server(&mut input, &mut outbox).unwrap();
    assert_eq!((input.len(), outbox.to_client.len()), (0, 100));
    assert!(!wire.session.is_between_messages());
    wire.session.on_server(&mut wire.model.output, &mut outbox).unwrap();
    assert_eq!(summary(&outbox.to_client), "V Z:I");
}

#[test]
fn a_definition_that_the_server_skipped_is_forgotten() {
    let mut wire = check(&[Parse("s", "SELECT 1"), Sync], "1 Z:I");
    let skipped = [Bind("", "nothing"), Close(b'S', "s"), Parse("s", PLANNED), Sync];
    assert_eq!(wire.say(&skipped).unwrap(), "E:26000 Z:I");
    let messages = [Bind("", "s"), Describe(b'P', ""), Execute("", 0), Sync];
    assert_eq!(wire.say(&messages).unwrap(), "2 T:25 D:~pv1: C:SELECT 1 Z:I");
}

#[test]
fn portals_stop_at_their_limit_and_go_on() {
    let messages = [Parse("", "SELECT 3"), Bind("", ""), Execute("", 2), Flush, Execute("", 2), Close(b'P', ""), Sync];
    check(&messages, "1 2 D:~pv1: D:~pv1: s D:~pv1: C:SELECT 1 3 Z:I");
}

#[test]
fn the_proxys_own_describe_is_not_shown_and_is_not_repeated() {
    let parse = [Parse("", "SELECT 0"), Describe(b'S', ""), Sync];
    let mut wire = check(&parse, "1 t T:25 Z:I");
    assert!(wire.session.decider_mut().verified.contains("SELECT 0"));
    assert_eq!(wire.say(&parse).unwrap(), "1 t T:25 Z:I");
}

#[test]
fn rows_from_a_protected_relation_end_the_session_before_the_first() {
    for messages in [vec![Query("SELECT secret")], vec![Parse("", "SELECT secret"), Bind("", ""), Execute("", 0), Sync]]
    {
        let mut wire = Wire::new();
        let fatal = wire.say(&messages).unwrap_err();
        assert_eq!((fatal.reason, fatal.withheld), ("origin-net", true));
        assert_eq!(fatal.error.code, SqlState::INSUFFICIENT_PRIVILEGE);
        assert!(!wire.received.contains(&b'D'), "{:?}", wire.received);
        assert_eq!(wire.session.observer_mut().fatal, ["origin-net"]);
    }
}

#[test]
fn copy_from_the_client() {
    check(&[Query("COPY IN"), Data, Data, Done], "G C:COPY 1 Z:I");
    check(
        &[Query("COPY IN; SELECT 0"), Data, Done, Query("SELECT 1")],
        "G C:COPY 1 T:25 C:SELECT 0 Z:I T:25 D:~pv1: C:SELECT 1 Z:I",
    );
    check(&[Query("COPY IN"), Data, Fail], "G E:57014 Z:I");
    let extended = [Parse("", "COPY IN"), Bind("", ""), Execute("", 0)];
    check(&[&extended[..], &[Sync, Data, Done, Sync]].concat(), "1 2 G C:COPY 1 Z:I");
    check(&[&extended[..], &[Data, Data, Done, Sync]].concat(), "1 2 G C:COPY 1 Z:I");
    check(&[&extended[..], &[Data, Fail, Data, Done, Sync]].concat(), "1 2 G E:57014 Z:I");
}

#[test]
fn planned_copies() {
    let plan = |sql, direction| {
        let format = CopyFormat::Text { delimiter: b'\t', null: b"\\N".to_vec(), header: false };
        let copy = Some(CopyPlan { direction, format, input: vec![CopyInput::Relay], look_ups: 0 });
        Verdict::Rewrite(Arc::new(Plan { copy, ..plan(sql) }))
    };
    let mut wire = Wire::new();
    let verdicts = &mut wire.session.decider_mut().verdicts;
    verdicts.insert("IN", plan("COPY IN", CopyDirection::FromClient));
    verdicts.insert("OUT", plan("COPY OUT", CopyDirection::ToClient));
    let extended = [Parse("", "IN"), Bind("", ""), Execute("", 0)];
    let cases: [(&[Say], &str); 5] = [
        (&[Query("IN"), Data, Data, Done], "G C:COPY 1 Z:I"),
        (&[Query("IN"), Data, BadData, Data, Done, Query("SELECT 0")], "G E:22P04 Z:I T:25 C:SELECT 0 Z:I"),
        (&[&extended[..], &[Data, BadData, Data, Done, Sync]].concat(), "1 2 G E:22P04 Z:I"),
        (&[&extended[..], &[Sync, Data, Done, Sync]].concat(), "1 2 G C:COPY 1 Z:I"),
        (&[Query("OUT; SELECT 0")], "H d d c C:COPY 2 T:25 C:SELECT 0 Z:I"),
    ];
    for (messages, expect) in cases {
        assert_eq!(wire.say(messages).unwrap(), expect, "{messages:?}");
    }
    assert!(wire.session.observer_mut().open.is_empty());
}

#[test]
fn a_copy_in_the_direction_that_was_not_planned_ends_the_session() {
    let mut wire = Wire::new();
    wire.session.decider_mut().verdicts.insert("OUT", planned("COPY OUT"));
    assert_eq!(wire.say(&[Query("OUT")]).unwrap_err().reason, "unplanned-answer");
    assert!(wire.received.is_empty());
}

#[test]
fn settings_that_values_cannot_be_shown_under_refuse_what_is_planned_and_nothing_else() {
    let mut wire = Wire::new();
    wire.session.style_error = Some(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "unknown DateStyle"));
    assert_eq!(wire.say(&[Query(PLANNED), Query("SELECT 0")]).unwrap(), "E:0A000 Z:I T:25 C:SELECT 0 Z:I");
    assert_eq!(wire.say(&[Parse("", PLANNED), Bind("", ""), Sync]).unwrap(), "E:0A000 Z:I");
}

#[test]
fn anything_but_data_in_a_copy_ends_the_session_as_the_server_would() {
    let mut wire = Wire::new();
    let fatal = wire.say(&[Query("COPY IN"), Data, Sync, Flush, Data]).map(|_| wire.say(&[Query("SELECT 1")]));
    assert_eq!(fatal.unwrap().unwrap_err().error.code, SqlState::PROTOCOL_VIOLATION);
}

#[test]
fn data_outside_of_a_copy_is_ignored() {
    check(&[Data, Done, Query("FAIL"), Data, Done, Query("SELECT 0")], "E:XX001 Z:I T:25 C:SELECT 0 Z:I");
}

#[test]
fn what_no_request_explains_ends_the_session() {
    let cases: [(&[Say], &[u8]); 8] = [
        (&[], b"1\0\0\0\x04"),
        (&[], b"D\0\0\0\x06\0\0"),
        (&[], b"Z\0\0\0\x05I"),
        (&[], b"E\0\0\0\x16SERROR\0VERROR\0C1\0\0"),
        (&[Sync], b"C\0\0\0\x05\0"),
        (&[Query("SELECT 1")], b"D\0\0\0\x06\0\0"),
        (&[Query("SELECT 1")], b"Z\0\0\0\x05I"),
        (&[Bind("", "nothing")], b"2\0\0\0\x04"),
    ];
    for (messages, answer) in cases {
        let (mut session, mut outbox) = (session(ByText::default()), Outbox::default());
        session.on_client(&mut super::client::bytes(messages), &mut outbox).unwrap();
        let fatal = session.on_server(&mut BytesMut::from(answer), &mut outbox).unwrap_err();
        assert_eq!(fatal.reason, "unexplained-answer", "{messages:?} {answer:?}");
        assert!(outbox.to_client.is_empty());
    }
}

#[test]
fn notices_and_reports_come_at_any_time() {
    let mut session = session(ByText::default());
    let mut outbox = Outbox::default();
    let mut input = BytesMut::from(&b"N\0\0\0\x0dSNOTICE\0\0S\0\0\0\x11TimeZone\0PRC\0A\0\0\0\x0b\0\0\0\x01c\0\0"[..]);
    let len = input.len();
    session.on_server(&mut input, &mut outbox).unwrap();
    assert_eq!(session.view().parameters().time_zone, "PRC");
    assert_eq!(outbox.to_client.len(), len);
}

#[test]
fn ddl_asks_for_a_catalog_only_where_something_goes_by_it() {
    let mut wire = Wire::new();
    wire.session.decider_mut().protects_nothing = true;
    assert_eq!(wire.say(&[Query("DDL")]).unwrap(), "C:CREATE TABLE Z:I");
    let mut outbox = Outbox::default();
    let mut ask = |wire: &mut Wire| wire.session.on_client(&mut bytes(&[Query("SELECT 0")]), &mut outbox).unwrap();
    assert_eq!(ask(&mut wire), Step::Continue);
    wire.session.decider_mut().protects_nothing = false;
    assert_eq!(ask(&mut wire), Step::NeedCatalog, "what was put off is not forgotten");
    assert_eq!(ask(&mut wire), Step::Continue);
}

#[test]
fn later_messages_wait_for_a_statement_with_an_effect() {
    let (mut session, mut outbox) = (session(ByText::default()), Outbox::default());
    let mut input = super::client::bytes(&[Query("DDL"), Query("SELECT 1")]);
    session.on_client(&mut input, &mut outbox).unwrap();
    assert_eq!(input, super::client::bytes(&[Query("SELECT 1")]));
    check(
        &[Query("BEGIN; DDL"), Query("SELECT 0"), Query("COMMIT; SELECT 0")],
        "C:BEGIN C:CREATE TABLE Z:T T:25 C:SELECT 0 Z:T C:COMMIT T:25 C:SELECT 0 Z:I",
    );
}

#[test]
fn a_statement_is_prepared_again_when_its_verdict_changes() {
    let mut wire = Wire::new();
    assert_eq!(wire.say(&[Parse("s", "SELECT 1"), Parse("", "SELECT 1"), Sync]).unwrap(), "1 1 Z:I");
    let decider = wire.session.decider_mut();
    decider.epoch = 1;
    decider.verdicts.insert("SELECT 1", refuse());
    assert_eq!(wire.say(&[Bind("", "s"), Execute("", 0), Sync]).unwrap(), "E:42501 Z:I");
    let decider = wire.session.decider_mut();
    decider.epoch = 2;
    decider.verdicts.insert("SELECT 1", Verdict::Pass(Effect::None));
    assert_eq!(wire.say(&[Bind("", "s"), Execute("", 0), Sync]).unwrap(), "2 D:~pv1: C:SELECT 1 Z:I");
}

#[test]
fn an_open_portal_follows_a_tightened_policy() {
    let mut wire = Wire::new();
    wire.say(&[Query("BEGIN"), Parse("", "SELECT 3"), Bind("p", ""), Execute("p", 1), Sync]).unwrap();
    wire.session.decider_mut().epoch = 1;
    assert_eq!(wire.say(&[Execute("p", 1), Sync]).unwrap(), "D:~pv1: s Z:T");
    let decider = wire.session.decider_mut();
    decider.epoch = 2;
    decider.verdicts.insert("SELECT 3", planned(PLANNED_UPSTREAM));
    assert_eq!(wire.say(&[Execute("p", 1), Sync]).unwrap(), "E:0A000 Z:E");
}

#[test]
fn planned_statements_are_written_as_planned() {
    let expect = "T:1082 D:clear D:clear C:SELECT 2";
    let mut wire = check(&[Query("SELECT 0; PLANNED")], &format!("T:25 C:SELECT 0 {expect} Z:I"));
    let messages = [Parse("s", PLANNED), Bind("", "s"), Describe(b'P', ""), Execute("", 0), Sync];
    assert_eq!(wire.say(&messages).unwrap(), format!("1 2 {expect} Z:I"));
    let trail = wire.session.observer_mut();
    assert_eq!(trail.ended, [Ended::Complete { rows: 2 }; 2]);
    assert!(wire.model.ran.iter().all(|sql| sql != PLANNED));
}

#[test]
fn a_statement_is_planned_again_under_its_name() {
    let mut wire = Wire::new();
    wire.say(&[Parse("s", PLANNED), Sync]).unwrap();
    let decider = wire.session.decider_mut();
    decider.epoch = 1;
    decider.verdicts.insert(PLANNED, planned("SELECT 2"));
    let fatal = wire.say(&[Bind("", "s"), Execute("", 0), Sync]).unwrap_err();
    assert_eq!(fatal.reason, "reveal", "the new text returns what this plan does not expect");
    assert_eq!(wire.model.ran, ["SELECT 2"]);
}

#[test]
fn rows_wait_for_the_receipt_of_their_opening_record() {
    let mut wire = Wire::new();
    wire.session.observer_mut().late = 3;
    assert_eq!(wire.say(&[Query(PLANNED)]).unwrap(), "T:1082 D:clear D:clear C:SELECT 2 Z:I");
    assert_eq!(wire.session.observer_mut().late, 0);
}

#[test]
fn a_refused_parse_drops_the_unnamed_statement_as_a_failing_one_does() {
    let messages = [Parse("", "SELECT 0"), Parse("s", "SELECT 0"), Sync, Parse("t", REFUSED), Sync, Bind("", ""), Sync];
    check(&messages, "1 1 Z:I E:42501 Z:I 2 Z:I");
    let messages = [Parse("", "SELECT 0"), Sync, Parse("", REFUSED), Sync, Bind("", ""), Sync];
    check(&messages, "1 Z:I E:42501 Z:I E:26000 Z:I");
}

/// Prepared again under a new verdict it would be there once more.
#[test]
fn an_unnamed_statement_that_a_failed_parse_dropped_stays_dropped() {
    for failing in [REFUSED, "NO SQL"] {
        let mut wire = Wire::new();
        wire.session.decider_mut().verdicts.insert("NO SQL", Verdict::Pass(Effect::None));
        assert_eq!(wire.say(&[Parse("", PLANNED), Sync]).unwrap(), "1 Z:I");
        assert!(wire.say(&[Parse("", failing), Sync]).unwrap().starts_with("E:"), "{failing}");
        let decider = wire.session.decider_mut();
        decider.epoch = 1;
        decider.verdicts.insert(PLANNED, planned("SELECT 2"));
        assert_eq!(wire.say(&[Bind("", ""), Sync]).unwrap(), "E:26000 Z:I", "{failing}");
    }
}

/// The server has not read what it skips.
#[test]
fn an_unnamed_statement_outlives_a_parse_that_was_skipped() {
    let mut wire = check(&[Parse("", "SELECT 1"), Sync], "1 Z:I");
    let skipped = [Bind("", "nothing"), Parse("", "SELECT 0"), Sync];
    assert_eq!(wire.say(&skipped).unwrap(), "E:26000 Z:I");
    assert_eq!(wire.say(&[Bind("", ""), Execute("", 0), Sync]).unwrap(), "2 D:~pv1: C:SELECT 1 Z:I");
}

#[test]
fn a_prepared_statement_is_decided_again_when_the_session_changes_its_settings() {
    let mut wire = Wire::new();
    wire.session.decider_mut().verdicts.insert("NOTICE", Verdict::Pass(Effect::SettingsChanged));
    wire.say(&[Parse("s", "SELECT 1"), Sync]).unwrap();
    wire.session.decider_mut().verdicts.insert("SELECT 1", refuse());
    assert_eq!(wire.say(&[Bind("", "s"), Sync]).unwrap(), "2 Z:I", "nothing has changed yet");
    assert_eq!(wire.say(&[Query("NOTICE"), Bind("", "s"), Sync]).unwrap(), "N S C:NOTICE Z:I E:42501 Z:I");
    assert!(wire.session.view().settings_unsure());
}

#[test]
fn a_statement_that_is_only_watched_goes_on_when_the_catalog_catches_up() {
    let watched = |sql: &str| Verdict::Rewrite(Arc::new(Plan { outputs: None, ..plan(sql) }));
    let passed = || Verdict::Pass(Effect::None);
    for (first, then) in [(watched("SELECT 3"), passed()), (passed(), watched("SELECT 3"))] {
        let mut wire = Wire::new();
        wire.session.decider_mut().verdicts.insert("SELECT 3", first);
        let open = [Query("BEGIN"), Parse("s", "SELECT 3"), Bind("p", "s"), Describe(b'P', "p"), Sync];
        assert_eq!(wire.say(&open).unwrap(), "C:BEGIN Z:T 1 2 T:25 Z:T");
        let decider = wire.session.decider_mut();
        decider.epoch = 1;
        decider.verdicts.insert("SELECT 3", then);
        let used = wire.say(&[Bind("q", "s"), Describe(b'P', "p"), Close(b'P', "q"), Sync]).unwrap();
        assert_eq!(used, "2 T:25 3 Z:T", "neither prepared again nor refused");
    }
}

#[test]
fn text_is_not_decided_on_while_its_reading_may_change() {
    let mut wire = Wire::new();
    let setting = "SET client_encoding TO GBK";
    wire.session.decider_mut().verdicts.insert("SELECT '户'", Verdict::Pass(Effect::None));
    let messages = [Parse("", setting), Bind("", ""), Execute("", 0), Parse("", "SELECT '户'"), Sync];
    let (mut input, mut outbox) = (super::client::bytes(&messages), Outbox::default());
    wire.session.on_client(&mut input, &mut outbox).unwrap();
    assert!(!outbox.to_server.windows(3).any(|window| window == "户".as_bytes()), "it was refused");
    let mut session = session(ByText::default());
    let mut input = super::client::bytes(&[Query(setting), Query("SELECT '户'")]);
    session.on_client(&mut input, &mut outbox).unwrap();
    assert_eq!(input, super::client::bytes(&[Query("SELECT '户'")]), "it waits");
}

#[test]
fn texts_that_are_too_long_are_refused_before_they_are_held() {
    let mut wire = Wire::new();
    let mut outbox = Outbox::default();
    let mut head = BytesMut::from(&b"Q\x02\0\0\0SELECT"[..]);
    wire.session.on_client(&mut head, &mut outbox).unwrap();
    assert!(head.is_empty());
    assert!(outbox.to_server.starts_with(b"Q\0\0\0") && !outbox.to_server.ends_with(b"SELECT"));
}

#[test]
fn a_dying_server_is_heard_at_any_time() {
    for messages in [&[][..], &[Query("SELECT 1")], &[Parse("", "SELECT 1"), Sync]] {
        let (mut session, mut outbox) = (session(ByText::default()), Outbox::default());
        session.on_client(&mut super::client::bytes(messages), &mut outbox).unwrap();
        let answer = b"E\0\0\0\x1cSFATAL\0VFATAL\0C57P01\0M\0\0";
        session.on_server(&mut BytesMut::from(&answer[..]), &mut outbox).unwrap();
        assert_eq!(outbox.to_client, &answer[..]);
        session.abandon();
    }
}
