//! What stands in the trail after a session.

use std::future::poll_fn;

use super::*;
use crate::audit::Config;
use crate::plan::{Touch, TouchAction};

fn plan() -> Plan {
    Plan {
        sql: "SELECT 1".to_owned(),
        params: Vec::new(),
        client_params: 0,
        outputs: None,
        copy: None,
        effect: crate::plan::Effect::None,
        touched: [Touch { object: "public.customer.phone".into(), action: TouchAction::Decrypt }].into(),
        sees_details: false,
        look_ups: 0,
        reusable: true,
    }
}

fn observer(audit: AuditLog) -> SessionObserver {
    let metrics = Arc::new(Metrics::new().unwrap());
    let shared = Shared { audit: Arc::new(audit), metrics, statements: Statements::new().unwrap() };
    let facts = SessionFacts { session: 7, user: "teller".into(), database: "bank".into(), ..SessionFacts::default() };
    let rule = CurrentRule::default();
    rule.set("hash", "tellers");
    SessionObserver::new(Arc::new(shared), facts, rule)
}

#[tokio::test]
async fn every_opening_record_has_its_closing_one() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config { writer: Some("a".into()), ..Config::in_directory(directory.path()) };
    let mut observer = observer(config.open().unwrap());
    let shared = observer.shared.clone();
    for id in [1, 2, 3].map(StatementId) {
        observer.on_statement_start(id, "SELECT phone FROM customer WHERE phone = '13800138000'", &plan());
    }
    poll_fn(|context| observer.poll_receipts(context)).await;
    assert_eq!(observer.may_release(StatementId(1)), Ok(true));
    observer.on_end(
        StatementId(1),
        Ended::Complete { rows: 5 },
        &Account { tag: "SELECT".to_owned(), ..Account::default() },
    );
    observer.on_end(
        StatementId(2),
        Ended::Failed { rows: 0, sqlstate: SqlState::UNIQUE_VIOLATION },
        &Account::default(),
    );
    assert!(observer.may_release(StatementId(1)).is_err(), "it has ended");
    let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "no");
    observer.on_refusal("SELECT '13800138000'", &Refusal { error, reason: "test", objects: vec!["a.b".to_owned()] });
    observer.finish("client");
    shared.audit.stop("test");

    let log = std::fs::read_to_string(directory.path().join("audit-a-00000000000000000001.jsonl")).unwrap();
    assert!(!log.contains("13800138000"), "{log}");
    let events: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    assert_eq!(named("login").len(), 1);
    assert!(named("open").iter().all(|open| open["role"] == "tellers" && open["policy"] == "hash"));
    let mut closed: Vec<_> = named("close").iter().map(|close| close["outcome"].as_str().unwrap()).collect();
    closed.sort_unstable();
    assert_eq!(closed, ["complete", "failed", "incomplete"]);
    assert_eq!(named("refuse")[0]["reason"], "test");
    assert_eq!(named("logout")[0]["reason"], "client");
    let page = String::from_utf8(shared.metrics.render(None).unwrap()).unwrap();
    for line in ["pgveil_client_connections 0", "pgveil_statements_total{decision=\"rewrite\"} 3"] {
        assert!(page.lines().any(|shown| shown == line), "{page}");
    }
}

#[test]
fn texts_of_one_shape_share_their_normalised_text() {
    let statements = Statements::new().unwrap();
    let texts = [
        "SELECT a FROM t WHERE b = 'x' AND c = 1;",
        "SELECT a FROM t WHERE b = 'it''s' AND c = 99;",
        "SELECT a FROM t WHERE b = '' AND c = 000000009;",
    ];
    let kept = texts.map(|text| statements.get(text));
    for (text, kept) in texts.iter().zip(&kept) {
        assert!(Arc::ptr_eq(kept, &statements.get(texts[0])), "{text}");
        assert_eq!(**kept, Statement::new(text));
    }
}
