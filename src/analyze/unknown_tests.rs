//! What the proxy cannot know: relations that the catalog does not have, code that it cannot look into.

use super::bank_tests::{MOOD, in_context, under};
use super::*;

const NOTHING: &str = "database: bank\nroles: [{name: everyone, members: {users: ['*']}, all_tables: clear}]";

fn decided(sql: &str, context: &Context<'_>, is_fresh: bool) -> std::result::Result<Verdict, UnknownName> {
    let statement = sql::parse(sql, true).unwrap().pop().unwrap();
    decide(sql, &statement, context, is_fresh)
}

#[test]
fn an_unknown_relation_is_told_with_its_place() {
    for (sql, expect) in [
        ("SELECT * FROM nosuch", Some(15)),
        ("SELECT '客户', * FROM nosuch", Some(21)),
        ("SELECT 1; DELETE FROM NoSuch", Some(23)),
        ("SELECT * FROM branches, public.\"NoSuch\"", Some(25)),
        ("SELECT * FROM \"no such\"", Some(15)),
        ("SELECT c.phone FROM customers c JOIN nosuch USING (id)", Some(38)),
        ("COPY (SELECT 1 FROM nosuch) TO STDOUT", Some(21)),
        ("DECLARE c CURSOR FOR SELECT 1 FROM nosuch", Some(36)),
        // As PostgreSQL, which does not say
        ("COPY nosuch TO STDOUT", None),
    ] {
        let Ok(Verdict::Refuse(refusal)) = in_context("app", |context| decided(sql, context, true)) else {
            panic!("{sql}")
        };
        assert_eq!((refusal.error.code, refusal.error.position), (SqlState::UNDEFINED_TABLE, expect), "{sql}");
    }
}

#[test]
fn where_nothing_is_protected_the_server_answers_by_itself() {
    for (sql, effect) in [
        ("SELECT * FROM nosuch", Effect::None),
        ("SELECT unheard_of()", Effect::AnythingChanged),
        ("COPY (SELECT unheard_of()) TO STDOUT", Effect::AnythingChanged),
        ("DO 'BEGIN END'", Effect::AnythingChanged),
        (
            "CREATE TABLE t AS SELECT unheard_of()",
            Effect::RelationChanged { name: "t".to_owned(), change: Change::Made, ran_code: true },
        ),
        ("FETCH 1 FROM c", Effect::None),
        ("SET standard_conforming_strings = off", Effect::None),
        ("SET bytea_output = escape", Effect::None),
    ] {
        let verdict = under(NOTHING, "everyone", |context| decided(sql, context, false));
        let Ok(Verdict::Pass(found)) = verdict else { panic!("{sql}") };
        assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&effect), "{sql}");
    }
}

#[test]
fn what_code_copies_out_is_watched() {
    for (sql, expect) in [
        ("COPY (SELECT unheard_of()) TO STDOUT", None),
        ("COPY (SELECT unheard_of() a) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (a))", None),
        ("COPY (SELECT unheard_of()) TO STDOUT (FORMAT binary)", None),
        // `~pv1\\:…` would be no value that anybody knows again
        ("COPY (SELECT unheard_of()) TO STDOUT (DELIMITER ':')", Some("copy-of-code")),
        ("COPY (SELECT unheard_of()) TO STDOUT (FORMAT csv, QUOTE 'p')", Some("copy-of-code")),
        ("COPY (SELECT unheard_of()) TO STDOUT (FORMAT csv, ESCAPE '1')", Some("copy-of-code")),
        ("COPY (SELECT unheard_of()) TO STDOUT (ENCODING 'GBK')", Some("copy-option")),
    ] {
        match (in_context("app", |context| decided(sql, context, true)).unwrap(), expect) {
            (Verdict::Rewrite(plan), None) => {
                assert_eq!(plan.sql, sql);
                assert!(plan.outputs.is_none() && plan.copy.is_some(), "{sql}");
            }
            (Verdict::Refuse(refusal), Some(reason)) => assert_eq!(refusal.reason, reason, "{sql}"),
            _ => panic!("{sql}"),
        }
        let masked = in_context("teller", |context| decided(sql, context, true)).unwrap();
        let Verdict::Refuse(refusal) = masked else { panic!("{sql}") };
        assert_eq!(refusal.reason, "opaque-code", "{sql}");
    }
}

#[test]
fn a_parameter_declared_as_of_a_users_type_may_run_what_a_domain_checks() {
    for sql in ["SELECT 1", "SELECT $1", "BEGIN", "SELECT id FROM customers"] {
        for (role, declared, is_refused) in [("teller", 16_999, true), ("app", 16_999, false), ("teller", MOOD, false)]
        {
            let verdict =
                in_context(role, |context| decided(sql, &Context { param_types: &[23, declared], ..*context }, true));
            let Ok(verdict) = verdict else { panic!("{sql}") };
            let refused = matches!(&verdict, Verdict::Refuse(refusal) if refusal.reason == "opaque-code");
            assert_eq!(refused, is_refused, "{sql} as {role} with {declared}");
        }
    }
}

#[test]
fn a_cast_runs_code_unless_it_is_to_an_enumeration() {
    for (ty, is_refused) in [
        ("mood", false),
        ("public.mood", false),
        ("public.mood[]", false),
        ("phone", true),
        ("public.phone", true),
        ("other.mood", true),
        ("pg_catalog.mood", false),
        ("nosuch", false),
        ("serial", false),
    ] {
        for is_unsure in [false, true] {
            let sql = format!("SELECT 'x'::{ty}");
            let verdict = in_context("teller", |context| decided(&sql, &Context { is_unsure, ..*context }, true));
            let Ok(verdict) = verdict else { panic!("{sql}") };
            let refused = matches!(&verdict, Verdict::Refuse(refusal) if refusal.reason == "opaque-code");
            // Under DDL of the open transaction the name may have become another type's
            assert_eq!(
                refused,
                is_refused || (is_unsure && !matches!(ty, "pg_catalog.mood" | "serial")),
                "{sql}, unsure: {is_unsure}"
            );
        }
    }
}
