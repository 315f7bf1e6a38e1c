//! Decisions on a small bank: what goes upstream, what comes back, what is refused.

use super::bank_tests::{POLICY, catalog, in_context, relation, under};
use super::*;
use crate::plan::{OutputAction, ParamAction, Reveal};
use crate::policy::PolicySet;

fn decided(role: &str, sql: &str) -> Verdict {
    let statement = sql::parse(sql, true).unwrap().remove(0);
    in_context(role, |context| decide(sql, &statement, context, true).unwrap())
}

/// As the printer writes it: masks and row filters are put in with their own parentheses and quotes.
fn printed(text: &str) -> String {
    sql::print(sql::parse(text, true).unwrap().remove(0).tree).unwrap()
}

/// The decision as a line: `pass`, `reason SQLSTATE`, or the text that goes upstream with parameters and outputs.
fn shown(role: &str, sql: &str) -> String {
    match decided(role, sql) {
        Verdict::Pass(_) => "pass".to_owned(),
        Verdict::Refuse(refusal) => format!("{} {}", refusal.reason, refusal.error.code.as_str()),
        Verdict::Rewrite(plan) => {
            let params = plan.params.iter().map(|param| format!(" ${}:{}", param.client + 1, action(&param.action)));
            let outputs = plan.outputs.iter().flat_map(|outputs| outputs.iter());
            let outputs: Vec<_> = outputs.map(|output| output_action(&output.action)).collect();
            format!("{}{} -> {}", printed(&plan.sql), params.collect::<String>(), outputs.join(","))
        }
    }
}

fn action(action: &ParamAction) -> String {
    match action {
        ParamAction::Relay => "relay".to_owned(),
        ParamAction::Seal { guard, .. } if guard.is_some() => "seal+guard".to_owned(),
        ParamAction::Seal { .. } => "seal".to_owned(),
        ParamAction::SealArray { .. } => "seals".to_owned(),
        ParamAction::Term { .. } => "term".to_owned(),
        ParamAction::TermArray { .. } => "terms".to_owned(),
        ParamAction::RefuseMasked { .. } => "no-mask".to_owned(),
    }
}

fn output_action(action: &OutputAction) -> String {
    match action {
        OutputAction::Relay => "-".to_owned(),
        OutputAction::RelayAny => "any".to_owned(),
        OutputAction::Reveal(columns) => {
            let one = |column: &crate::plan::RevealColumn| match &column.right {
                Reveal::Clear => format!("{}", column.column.id),
                Reveal::Mask(mask) => format!("{}:{}", column.column.id, mask.name),
                Reveal::Null => format!("{}:null", column.column.id),
            };
            columns.iter().map(one).collect::<Vec<_>>().join("+")
        }
    }
}

fn check(role: &str, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (sql, expect) in cases {
        let found = shown(role, sql);
        if found != *expect {
            wrong.push(format!("{sql}\n  expected {expect}\n  found    {found}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

const L: &str = "pg_catalog.\"left\"";

#[test]
fn who_sees_everything() {
    let cases: Vec<(&str, String)> = vec![
        ("SELECT 1", "pass".into()),
        ("SELECT * FROM branches WHERE code = $1", "pass".into()),
        ("SELECT id, phone FROM customers", "SELECT id, phone FROM public.customers -> -,1".into()),
        ("SELECT * FROM customers c", "SELECT * FROM public.customers c -> -,-,1,2,3,-".into()),
        (
            "SELECT id FROM customers WHERE phone = '138'",
            format!(
                "SELECT id FROM public.customers WHERE {L}(phone, 27) OPERATOR(pg_catalog.=) 'term(phone,138)' -> -"
            ),
        ),
        (
            "SELECT id FROM customers WHERE $1 = phone AND born <> $2::date AND branch = $3",
            format!(
                "SELECT id FROM public.customers WHERE $1 OPERATOR(pg_catalog.=) {L}(phone, 27) AND \
                 {L}(born, 27) OPERATOR(pg_catalog.<>) $2 AND branch = $3 $1:term $2:term $3:relay -> -"
            ),
        ),
        (
            "SELECT c.id FROM customers c JOIN staff s ON s.phone = c.phone",
            format!(
                "SELECT c.id FROM public.customers c JOIN public.staff s ON {L}(s.phone, 27) OPERATOR(pg_catalog.=) {L}(c.phone, 27) -> -"
            ),
        ),
        (
            // The server is not told in clear what it is searched by
            "SELECT id FROM customers WHERE ($1::text IS NULL OR phone = $1) AND ($2 IS NULL OR branch = $2)",
            format!(
                "SELECT id FROM public.customers WHERE ($1 IS NULL OR {L}(phone, 27) OPERATOR(pg_catalog.=) $1) AND \
                 ($2 IS NULL OR branch = $2) $1:term $2:relay -> -"
            ),
        ),
        ("SELECT id FROM customers WHERE notes = 'x'", "no-equality-term 0A000".into()),
        ("SELECT id FROM customers WHERE phone LIKE '1%'", "expression-on-sealed 0A000".into()),
        ("SELECT lower(phone) FROM customers", "expression-on-sealed 0A000".into()),
        ("SELECT c FROM customers c", "whole-row 0A000".into()),
        ("SELECT id FROM customers ORDER BY phone", "sort-on-sealed 0A000".into()),
        ("SELECT nosuch FROM customers", "bad-input 42703".into()),
        ("SELECT * FROM nosuch", "bad-input 42P01".into()),
        (
            "INSERT INTO customers (id, phone) VALUES (1, '138'), ($1, $2)",
            "INSERT INTO public.customers (id, phone) VALUES (1, 'sealed(1,138)'), ($1, $2) $1:relay $2:seal -> "
                .into(),
        ),
        ("INSERT INTO customers (id, phone) VALUES (1, now())", "computed-value 0A000".into()),
        ("COPY customers (id) FROM STDIN (FORMAT csv, FREEZE on, HEADER ON)", "COPY public.customers(id) FROM STDIN WITH (FORMAT CSV, FREEZE, HEADER) -> ".into()),
        ("COPY customers (id) FROM STDIN (FREEZE off, HEADER false)", "COPY public.customers(id) FROM STDIN -> ".into()),
        ("INSERT INTO customers (id, phone) SELECT * FROM unnest($1::int[], $2::text[])", "INSERT INTO public.customers (id, phone) SELECT * FROM unnest($1::int[], $2) $1:relay $2:seals -> ".into()),
        ("INSERT INTO customers (phone) SELECT * FROM unnest('{138,NULL}'::varchar[])", "INSERT INTO public.customers (phone) SELECT * FROM pg_catalog.unnest(ARRAY['sealed(1,138)', NULL]::pg_catalog.text[]) -> ".into()),
        ("INSERT INTO customers (id, phone) SELECT * FROM unnest(ARRAY[1, 2], ARRAY['138', $1]::text[])", "INSERT INTO public.customers (id, phone) SELECT * FROM unnest(ARRAY[1, 2], ARRAY['sealed(1,138)', $1]::pg_catalog.text[]) $1:seal -> ".into()),
        ("INSERT INTO customers (phone) SELECT p FROM unnest('{1}'::text[], '{2}'::text[]) AS u (id, p)", "INSERT INTO public.customers (phone) SELECT p FROM unnest('{1}'::text[], ARRAY['sealed(1,2)']::pg_catalog.text[]) u(id, p) -> ".into()),
        ("INSERT INTO customers (phone) SELECT p FROM unnest('{1}'::int[]) AS u (p)", "computed-value 0A000".into()),
        ("INSERT INTO customers (phone) SELECT * FROM unnest($1)", "computed-value 0A000".into()),
        ("INSERT INTO customers (phone) SELECT * FROM unnest($1::text[]) LIMIT 1", "computed-value 0A000".into()),
        (
            "INSERT INTO customers (phone, notes) SELECT p, p FROM unnest($1::text[]) AS u (p)",
            "computed-value 0A000".into(),
        ),
        ("UPDATE customers SET phone = (SELECT phone FROM staff)", "other-column-id 0A000".into()),
        ("CREATE TABLE x AS SELECT phone FROM customers", "sealed-into-open 0A000".into()),
        ("ALTER TABLE customers RENAME TO c2", "rename-protected 0A000".into()),
        ("SELECT id, mobile FROM contacts", "SELECT id, mobile FROM public.contacts -> -,1".into()),
        (
            "SELECT DISTINCT phone FROM customers",
            format!("SELECT DISTINCT ON ({L}(phone, 27)) phone FROM public.customers -> 1"),
        ),
        ("SELECT count(*) FROM customers", "SELECT count(*) AS count FROM public.customers -> -".into()),
        ("SELECT nosuch($2, $1)", "SELECT nosuch($2, $1) $1:relay $2:relay -> ".into()),
        ("SELECT phone, $65536 FROM customers", "bad-input 42P02".into()),
    ];
    check("app", &cases.iter().map(|(sql, expect)| (*sql, expect.as_str())).collect::<Vec<_>>());
}

#[test]
fn who_sees_masks() {
    let name = shown("teller", "SELECT name FROM customers");
    assert!(name.starts_with("SELECT name FROM (SELECT CASE WHEN"), "{name}");
    assert!(name.ends_with("::varchar(60) AS name FROM public.customers) customers -> -"), "{name}");
    check(
        "teller",
        &[
            ("SELECT * FROM branches", "pass"),
            (
                "SELECT id, phone FROM customers",
                "SELECT id, phone FROM (SELECT id AS id, phone AS phone FROM public.customers) customers -> -,1:phone-3-4",
            ),
            ("SELECT id FROM customers WHERE born = '2000-01-01'", "look-up-not-granted 42501"),
            ("SELECT phone, count(*) FROM customers GROUP BY phone", "group-on-masked 0A000"),
            ("SELECT DISTINCT phone FROM customers", "group-on-masked 0A000"),
            ("EXPLAIN SELECT id FROM customers", "explain 42501"),
            ("SELECT query_to_xml('x', true, true, '')", "opaque-code 42501"),
            ("DO 'x'", "opaque-code 42501"),
            ("SELECT pg_catalog.set_config('search_path', '', false)", "pass"),
            ("SELECT pg_catalog.set_config('bytea_output', 'escape', true)", "setting 0A000"),
            ("SELECT set_config(name, 'view', false) FROM pg_settings WHERE name = 'restrict'", "pass"),
            ("SELECT set_config('work_mem', '1', false) FROM pg_show_all_settings() WHERE name = 'work_mem'", "pass"),
            (
                "SELECT set_config('work_mem', '1', false) FROM pg_show_all_settings() WHERE name = 'x'",
                "opaque-code 42501",
            ),
            (
                "SELECT set_config('bytea_output', 'escape', false) FROM pg_show_all_settings() WHERE name = 'bytea_output'",
                "setting 0A000",
            ),
            ("SELECT set_config(name, 'off', false) FROM pg_settings WHERE name <> 'restrict'", "opaque-code 42501"),
            ("SELECT set_config(name, 'escape', false) FROM pg_settings WHERE name = 'bytea_output'", "setting 0A000"),
            ("SELECT set_config('search_path', '', false)", "pass"),
            ("SELECT pg_catalog.set_config('search_path', name, false) FROM customers", "opaque-code 42501"),
            ("SELECT pg_catalog.set_config('search_path', $1, false)", "opaque-code 42501"),
            ("SELECT nosuch(1)", "opaque-code 42501"),
            ("CREATE VIEW v AS SELECT name FROM customers", "ddl-on-protected 42501"),
            ("CREATE INDEX ON customers ((name::int))", "ddl-on-protected 42501"),
            ("SELECT customers FROM customers", "whole-row 0A000"),
            ("SELECT c.lower FROM customers c", "bad-input 42703"),
            ("INSERT INTO customers (id, phone) VALUES (1, '138****5678')", "bad-input 23514"),
            ("UPDATE customers SET born = '2000-01-01'", "write-denied 42501"),
        ],
    );
}

#[test]
fn what_a_mask_brings_back_stays() {
    let update = shown("teller", "UPDATE customers SET phone = $1, name = $2 WHERE id = $3");
    assert!(
        update.contains("phone = CASE WHEN $1 OPERATOR(pg_catalog.=) '~pv!keep' THEN customers.phone ELSE $1 END"),
        "{update}"
    );
    assert!(update.contains("name = CASE WHEN $2 OPERATOR(pg_catalog.=)"), "{update}");
    let computed = shown("teller", "UPDATE customers SET name = coalesce($1, name)");
    assert!(computed.contains("name = CASE WHEN COALESCE($1, CASE WHEN"), "{computed}");
    assert!(computed.contains("THEN customers.name ELSE COALESCE($1, CASE WHEN"), "{computed}");
    let literal = shown("teller", "UPDATE customers SET phone = '138****5678' WHERE id = 1");
    assert_eq!(literal, "UPDATE public.customers SET phone = customers.phone WHERE customers.id = 1 -> ");
}

#[test]
fn who_sees_some_rows() {
    let select = shown("auditor", "SELECT id, notes FROM customers WHERE id::text::int > 0");
    assert!(select.contains("WHERE branch OPERATOR(pg_catalog.=) 1 OFFSET 0) customers"), "{select}");
    assert!(select.contains("NULL::pg_catalog.text AS notes"), "{select}");
    let update = shown("auditor", "UPDATE customers SET name = $1 WHERE id = $2");
    assert!(
        update
            .contains("CASE WHEN customers.branch OPERATOR(pg_catalog.=) 1 THEN customers.id = $2 ELSE false END AND customers.branch OPERATOR(pg_catalog.=) 1"),
        "{update}"
    );
    check(
        "auditor",
        &[
            ("INSERT INTO customers (id) VALUES (1)", "insert-under-filter 42501"),
            ("UPDATE customers SET branch = 2", "update-of-filter 42501"),
            ("SELECT id FROM staff", "relation-denied 42501"),
        ],
    );
    check("dba", &[("SELECT count(*) FROM customers", "relation-denied 42501"), ("SELECT * FROM branches", "pass")]);
}

#[test]
fn a_hidden_parameter_is_not_shown_elsewhere() {
    check(
        "app",
        &[
            ("SELECT id FROM customers WHERE $1 = '' OR phone = $1", "parameter-in-the-open 0A000"),
            ("INSERT INTO customers (id, name, phone) VALUES (1, $1, $1)", "parameter-in-the-open 0A000"),
        ],
    );
    let optional = shown("app", "SELECT id FROM customers WHERE $1 IS NULL OR phone = $1");
    assert!(optional.ends_with("$1:term -> -"), "{optional}");
}

#[test]
fn code_behind_defaults_is_opaque() {
    check("teller", &[("INSERT INTO logs (id) VALUES (1)", "opaque-code 42501"), ("SELECT at FROM logs", "pass")]);
    check("app", &[("INSERT INTO logs (id) VALUES (1)", "INSERT INTO logs (id) VALUES (1) -> ")]);
}

#[test]
fn a_renamed_relation_stays_protected() {
    let policies = PolicySet::from_texts([("bank.yaml", POLICY)]).unwrap();
    let policy = policies.get("bank").unwrap();
    let mut borne = Borne::default();
    assert!(borne.note(policy, &catalog()).is_empty());
    let mut renamed = catalog();
    renamed.names.get_mut("public").unwrap().remove("customers");
    renamed.insert(relation(20_000, "was_customers", &[("id", 20, -1), ("name", 1043, 64)]));
    assert_eq!(borne.note(policy, &renamed), ["public.customers"]);
    for (borne, expect) in [(&borne, true), (&Borne::default(), false)] {
        assert_eq!(Rights::bind(policy, Some(1), &renamed, borne).is_protected(20_000), expect);
    }
}

#[test]
fn a_row_filter_stands_inside_a_view() {
    let found = shown("auditor", "SELECT mobile AS tel FROM contacts");
    let filter =
        "FROM public.customers WHERE branch OPERATOR(pg_catalog.=) 1 OFFSET 0) customers) contacts(id, mobile, name)";
    assert!(found.contains(filter) && found.ends_with(" -> 1:phone-3-4"), "{found}");
    check(
        "auditor",
        &[
            (
                "SELECT id FROM numbers WHERE id > 1",
                "SELECT id FROM (SELECT * FROM (SELECT pg_catalog.count(customers.id) AS id FROM (SELECT id AS id FROM public.customers \
                 WHERE branch OPERATOR(pg_catalog.=) 1 OFFSET 0) customers) numbers(id) WHERE NOT EXISTS (SELECT FROM public.numbers WHERE false) \
                 OFFSET 0) numbers(id) WHERE id > 1 -> -",
            ),
            ("SELECT id FROM guarded", "row-security-behind-view 0A000"),
        ],
    );
    check("teller", &[("SELECT id FROM numbers", "SELECT id FROM public.numbers -> -")]);
}

#[test]
fn views_that_compare_hidden_values_compare_masks() {
    for view in ["pairs", "names"] {
        let found = shown("teller", &format!("SELECT id FROM {view}"));
        let around =
            format!(") {view}(id) WHERE NOT EXISTS (SELECT FROM public.{view} WHERE false) OFFSET 0) {view}(id) -> -");
        assert!(found.contains("THEN '***'") && found.ends_with(&around), "{found}");
    }
    check(
        "app",
        &[
            ("SELECT id FROM pairs", "SELECT id FROM public.pairs -> -"),
            ("SELECT id FROM names", "SELECT id FROM public.names -> -"),
        ],
    );
}

#[test]
fn names_that_only_the_server_knows_are_not_left_to_it() {
    check(
        "teller",
        &[
            // From PostgreSQL 18 on these are the row before and after
            ("UPDATE customers SET branch = 1 RETURNING old.name", "bad-input 42P01"),
            ("UPDATE customers SET branch = 1 RETURNING new.*", "star 0A000"),
            ("UPDATE customers SET branch = 1 FROM now() RETURNING old", "ambiguous-name 0A000"),
            // A function's name where a column's would stand
            ("SELECT q.row_to_json FROM (SELECT phone FROM customers) q", "bad-input 42703"),
            ("WITH q AS (SELECT phone FROM customers) SELECT q.row_to_json FROM q", "bad-input 42703"),
            ("SELECT q.row_to_json FROM contacts q", "bad-input 42703"),
            ("SELECT id, r FROM rows", "whole-row 0A000"),
            ("SELECT row_to_json(id.*) FROM staff id", "whole-row 0A000"),
            ("SELECT count(id.*) FROM staff id", "whole-row 0A000"),
            ("SELECT count(public.staff.*) FROM staff", "whole-row 0A000"),
            (
                "WITH RECURSIVE x AS (SELECT code FROM branches), branches AS (SELECT name AS code FROM customers) SELECT * FROM x",
                "recursive-query 0A000",
            ),
        ],
    );
}

#[test]
fn functions_that_would_be_called_unseen_are_not_made() {
    let body = "RETURNS text LANGUAGE sql AS 'SELECT 1'";
    for (of_teller, head) in [
        ("pass", "FUNCTION f(a int, b branches)"),
        ("pass", "FUNCTION f()"),
        ("pass", "OR REPLACE FUNCTION f(text[])"),
        ("hidden-call 42501", "FUNCTION f(branches)"),
        ("hidden-call 42501", "FUNCTION f(OUT text, branches)"),
        ("hidden-call 42501", "FUNCTION f(record)"),
        ("hidden-call 42501", "FUNCTION f(anyelement)"),
        ("hidden-call 42501", "FUNCTION f(branches.code%TYPE)"),
        ("hidden-call 42501", "FUNCTION s.lower(int)"),
    ] {
        let sql = format!("CREATE {head} {body}");
        check("teller", &[(sql.as_str(), of_teller)]);
        check("app", &[(sql.as_str(), "pass")]);
    }
    check(
        "teller",
        &[
            ("CREATE FUNCTION f(int) RETURNS text LANGUAGE C IMMUTABLE AS 'x', 'y'", "hidden-call 42501"),
            ("ALTER FUNCTION f(int) RENAME TO lower", "hidden-call 42501"),
            ("ALTER FUNCTION f(int) IMMUTABLE", "hidden-call 42501"),
            ("ALTER SCHEMA public RENAME TO s", "rename-protected 0A000"),
            ("ALTER SCHEMA s RENAME TO public", "rename-protected 0A000"),
            ("ALTER SCHEMA s RENAME TO t", "pass"),
            ("COPY branches FROM PROGRAM 'x'", "copy-file 42501"),
            ("CREATE TABLE t (id bigint REFERENCES customers)", "ddl-on-protected 42501"),
            ("CREATE TABLE t (id bigint REFERENCES branches)", "pass"),
        ],
    );
}

#[test]
fn set_config_is_set_in_other_words() {
    check(
        "teller",
        &[
            ("SELECT set_config('bytea_output', 'Escape', false)", "setting 0A000"),
            ("SELECT set_config('standard_conforming_strings', 'off', true)", "setting 0A000"),
            ("SELECT set_config('x.y', (SELECT name FROM customers), false)", "opaque-code 42501"),
            ("SELECT set_config('x.y', '1', false) FROM customers", "opaque-code 42501"),
            ("SELECT set_config('bytea' || '_output', 'escape', false)", "opaque-code 42501"),
        ],
    );
}

/// The template of a text, filled in with another text's literals; `None` where there is none, or it does not serve.
fn filled(role: &str, first: &str, text: &str) -> Option<Plan> {
    let (first_shape, shape) = (sql::shape(first)?, sql::shape(text)?);
    assert_eq!(first_shape.text, shape.text, "{first}: {text}");
    let statement = sql::parse(first, true).unwrap().remove(0);
    in_context(role, |context| {
        let template = template(first, &statement, &first_shape.literals, context)?;
        let filler = Filler { style: context.style, sealer: context.sealer };
        template.fill(text, &shape.literals, &filler)
    })
}

/// The plan is what the statement's own analysis makes.
fn assert_own(role: &str, text: &str, plan: &Plan) {
    let Verdict::Rewrite(own) = decided(role, text) else { panic!("{role}: {text} is not rewritten by itself") };
    assert_eq!(printed(&plan.sql), printed(&own.sql), "{role}: {text}");
    let outputs = |plan: &Plan| -> Vec<_> {
        let outputs = plan.outputs.iter().flat_map(|outputs| outputs.iter());
        outputs.map(|output| (output_action(&output.action), output.origin, output.ty)).collect()
    };
    assert_eq!(outputs(plan), outputs(&own), "{role}: {text}");
    assert_eq!((&plan.touched, plan.sees_details), (&own.touched, own.sees_details), "{role}: {text}");
    assert_eq!((plan.reusable, plan.look_ups), (own.reusable, own.look_ups), "{role}: {text}");
}

#[test]
fn texts_that_differ_in_literals_share_a_template() {
    for (role, first, text, expect) in [
        (
            "app",
            "SELECT phone FROM customers WHERE phone = '1' AND id > 5 LIMIT 10",
            "SELECT phone FROM customers WHERE phone = 'it''s' AND id > 99 LIMIT 1",
            None,
        ),
        (
            "app",
            "SELECT phone FROM customers WHERE phone = '1' AND name = 'a' LIMIT 10",
            "SELECT phone FROM customers WHERE phone = '22' AND name = 'it''s' LIMIT 1",
            Some("'term(phone,22)' AND name = 'it''s' LIMIT 1"),
        ),
        (
            "app",
            "INSERT INTO customers (id, phone, born) VALUES (1, '2', '1990-01-01')",
            "INSERT INTO customers (id, phone, born) VALUES (7, '8', '1991-12-31')",
            Some("VALUES (7, 'sealed(1,8)', 'sealed(2,1991-12-31)')"),
        ),
        ("app", "SELECT phone FROM customers ORDER BY 1", "SELECT phone FROM customers ORDER BY 2", None),
        ("app", "SELECT 1, phone FROM customers", "SELECT 2, phone FROM customers", None),
        ("app", "SELECT phone FROM customers WHERE id = -1", "SELECT phone FROM customers WHERE id = -2", None),
        ("app", "SELECT 1 FROM customers WHERE born = '1990-01-01'", "SELECT 1 FROM customers WHERE born = 'x'", None),
        ("app", "SELECT 1 FROM customers WHERE phone = '1'", "SELECT 1 FROM customers WHERE phone = '~pv1:'", None),
        ("app", "SELECT code FROM branches WHERE id = 1", "SELECT code FROM branches WHERE id = 2", None),
        ("app", "SELECT phone FROM customers WHERE id = $1", "SELECT phone FROM customers WHERE id = $1", None),
        ("dba", "SELECT phone FROM customers WHERE id = 1", "SELECT phone FROM customers WHERE id = 2", None),
        (
            "teller",
            "INSERT INTO customers (id, name) VALUES (1, 'a')",
            "INSERT INTO customers (id, name) VALUES (2, '*')",
            None,
        ),
        (
            "teller",
            "SELECT phone FROM customers WHERE phone = '1' AND name = 'a'",
            "SELECT phone FROM customers WHERE phone = '2' AND name = 'b'",
            Some("'term(phone,2)' AND name = 'b'"),
        ),
    ] {
        let plan = filled(role, first, text);
        match (&plan, expect) {
            (None, None) => {}
            (Some(plan), Some(end)) => {
                assert!(plan.sql.ends_with(end), "{role}: {text}: {}", plan.sql);
                assert_own(role, text, plan);
            }
            _ => panic!("{role}: {text}: {:?}", plan.map(|plan| plan.sql)),
        }
    }
}

/// §: a string, @: a date, #: a short number, ~: a long one, %: one with a point.
const TEMPLATES: &[&str] = &[
    "SELECT id, name, phone FROM customers WHERE phone = § AND branch = #",
    "SELECT id, phone FROM customers c WHERE c.phone IN (§, §, §) OR c.born = @::date ORDER BY 1 LIMIT # OFFSET #",
    "SELECT count(*) FROM customers WHERE id BETWEEN # AND # AND name LIKE § AND branch <> %",
    "SELECT a.phone, b.phone FROM customers a JOIN staff b ON a.phone = b.phone WHERE (a.phone, a.id) = (§, #)",
    "INSERT INTO customers (id, name, phone, born, notes, branch) VALUES (#, §, §, @, §, #), (~, §, §, NULL, §, #)",
    "INSERT INTO customers (id, phone) VALUES (#, §) ON CONFLICT (id) DO UPDATE SET branch = 7 RETURNING phone",
    "INSERT INTO customers (id, phone) VALUES (#, §) ON CONFLICT (id) DO UPDATE SET phone = § RETURNING phone",
    "UPDATE customers SET phone = §, name = §, branch = branch + # WHERE phone = § AND id = #",
    "DELETE FROM customers WHERE phone = § OR phone IS NULL AND notes IS NOT NULL AND id < %",
    "SELECT name, phone FROM customers WHERE name = § AND phone IS DISTINCT FROM § AND id = §::bigint",
    "SELECT phone FROM customers WHERE § = phone AND born <> @",
    "INSERT INTO customers VALUES (~, §, §, @, §, %) RETURNING *",
];

/// What may stand in a place of [`TEMPLATES`].
#[rustfmt::skip]
fn literals(place: char) -> &'static [&'static str] {
    match place {
        '§' => &[
            "''", "'x'", "'it''s'", "''''", "'13812345678'", "'138****5678'", "'1990-01-01'", "'2001-12-31'", "'1990'",
            "'$1'", "'--'", "'/*'", "'~pv1:a'", "'*'", "'?s'", "'a\nb'", "'; DROP TABLE t; '", "'Infinity'", "'5'",
        ],
        '@' => &["'1990-01-01'", "'2001-12-31'", "'2001-12-32'"],
        '#' => &["0", "1", "5", "00", "007", "999999999"],
        '~' => &["1234567890", "2147483647", "2147483648", "99999999999999999999", "00000000001"],
        '%' => &["1.5", "0.0", "1.", "00.10", "123456789012345678901234567890.5"],
        _ => &[],
    }
}

/// Whatever stands in the literals, a template gives what the statement's own analysis gives, or leaves it to that.
#[test]
fn a_filled_template_is_the_statements_own_rewrite() {
    let mut state = 11u64;
    let mut pick = |from: &[&str]| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from[usize::try_from(state >> 33).unwrap() % from.len()].to_owned()
    };
    let mut write = |statement: &str| -> String {
        let put = |c: char| if literals(c).is_empty() { c.to_string() } else { pick(literals(c)) };
        statement.chars().map(put).collect()
    };
    for statement in TEMPLATES {
        let mut compared = 0;
        for _ in 0..20 {
            let (first, text) = (write(statement), write(statement));
            for role in ["app", "teller", "auditor"] {
                if let Some(plan) = filled(role, &first, &text) {
                    assert_own(role, &text, &plan);
                    compared += 1;
                }
            }
        }
        assert!(compared > 0, "no template of {statement}");
    }
}

#[test]
fn outputs_are_traced_to_their_source() {
    let ways = |sql: &str| {
        let statement = sql::parse(sql, true).unwrap().remove(0);
        let columns = in_context("teller", |context| lineage(&statement, context));
        let way = |column: Lineage| {
            let end = column.source.map(|(relation, column)| format!("{relation}.{column}"));
            std::iter::once(column.name).chain(column.path).chain(end).collect::<Vec<_>>().join(" <- ")
        };
        columns.into_iter().map(way).collect::<Vec<_>>()
    };
    for (sql, expect) in [
        (
            "SELECT id, phone AS p FROM customers",
            vec!["id <- customers.id <- public.customers.id", "p <- customers.phone <- public.customers.phone"],
        ),
        (
            "SELECT x.p FROM (SELECT c.name AS p FROM customers c) x",
            vec!["p <- x.p <- c.name <- public.customers.name"],
        ),
        (
            "WITH w(m) AS (SELECT phone FROM staff) SELECT * FROM w",
            vec!["m <- w.m <- staff.phone <- public.staff.phone"],
        ),
        ("SELECT mobile FROM contacts", vec!["mobile <- contacts.mobile <- customers.phone <- public.customers.phone"]),
        ("SELECT count(*) FROM customers", vec!["count"]),
        ("DELETE FROM staff RETURNING phone", vec!["phone <- staff.phone <- public.staff.phone"]),
    ] {
        assert_eq!(ways(sql), expect, "{sql}");
    }
}

#[test]
fn a_column_under_a_new_name_is_nobodys() {
    let policies = PolicySet::from_texts([("bank.yaml", POLICY)]).unwrap();
    let policy = policies.get("bank").unwrap();
    let mut catalog = catalog();
    catalog.insert(relation(20_001, "staff", &[("id", 20, -1), ("mobile", 25, -1)]));
    for role in 0..policy.roles.len() {
        let rights = Rights::bind(policy, Some(role), &catalog, &Borne::default());
        let staff = rights.relation(20_001).unwrap();
        let mobile = staff.column("mobile").unwrap();
        assert!(mobile.read == rights::Read::Deny && !mobile.write, "{}", policy.roles[role].name);
        let shown = staff.column("id").unwrap().read == rights::Read::Deny;
        assert_eq!(shown, ["auditor", "dba"].contains(&policy.roles[role].name.as_str()));
    }
}

#[test]
fn rows_go_by_a_key_only_where_it_is_seen_as_it_is() {
    let hidden = POLICY.replace("public.staff: mask", "public.staff: {columns: {id: null}}");
    for sql in ["SELECT id, phone FROM staff GROUP BY id, phone", "SELECT DISTINCT id, phone FROM staff"] {
        for (policy, is_answered) in [(POLICY, true), (&*hidden, false)] {
            let decided = under(policy, "teller", |context| {
                decide(sql, &sql::parse(sql, true).unwrap().remove(0), context, true).unwrap()
            });
            assert_eq!(matches!(decided, Verdict::Rewrite(_)), is_answered, "{sql}");
        }
    }
}
