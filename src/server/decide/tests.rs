//! Decisions about texts as a whole, the cache and what it hangs on. What single statements mean is tested where they
//! are analysed.

use std::future::poll_fn;
use std::path::Path;

use super::*;
use crate::catalog::Catalog;
use crate::catalog::follow::Follower;
use crate::plan::{Change, PreparedSql};
use crate::session::TransactionStatus;

const POLICY: &str = "database: bank\ntables:\n  public.c:\n    columns:\n      phone: {mask: phone-3-4}\nroles:\n  \
                      - name: teller\n    members: {users: [t]}\n    all_tables: mask\n";

struct View {
    parameters: Parameters,
    is_unsure: bool,
}

impl Default for View {
    fn default() -> Self {
        let mut parameters = Parameters::default();
        for (name, value) in [("standard_conforming_strings", "on"), ("DateStyle", "ISO, MDY"), ("TimeZone", "UTC")] {
            parameters.report(name, value);
        }
        Self { parameters, is_unsure: false }
    }
}

impl SessionView for View {
    fn prepared(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }

    fn cursor(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }

    fn view(&self, _: &str) -> Option<&Arc<PreparedSql>> {
        None
    }
    fn changed(&self, _: &str) -> Option<Change> {
        None
    }

    fn transaction(&self) -> TransactionStatus {
        TransactionStatus::Idle
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn catalog_unsure(&self) -> bool {
        self.is_unsure
    }

    fn settings_unsure(&self) -> bool {
        false
    }
}

fn shared(directory: &Path) -> Arc<Shared> {
    std::fs::write(directory.join("bank.yaml"), POLICY).unwrap();
    let verdicts = Arc::new(Verdicts::new().unwrap());
    Arc::new(Shared {
        policies: Arc::new(PolicyStore::load(directory).unwrap()),
        bindings: Bindings::new(verdicts.clone()),
        verdicts,
        metrics: Arc::new(Metrics::new().unwrap()),
        look_ups: LookUps::default(),
        max_statement_len: 1000,
    })
}

fn decider(shared: &Arc<Shared>, catalog: Option<Catalog>) -> SessionDecider {
    let database = Arc::new(Database { name: "bank".into(), follower: Follower::fixed(catalog) });
    let principal = Principal { user: "t".to_owned(), database: "bank".to_owned(), ..Principal::default() };
    let keys = Arc::new(Keyring::ephemeral(&std::collections::BTreeMap::new()).unwrap());
    SessionDecider::new(shared.clone(), database, principal, keys, None)
}

fn query(decider: &mut SessionDecider, sql: &str, view: &View) -> String {
    match decider.decide_query(sql, view) {
        Decided::NeedCatalog => "need catalog".to_owned(),
        Decided::Now(QueryDecision::Refuse(refusal)) => refused(&refusal),
        Decided::Now(QueryDecision::Statements(all)) => {
            all.iter().map(|statement| verdict(&statement.verdict)).collect::<Vec<_>>().join(", ")
        }
    }
}

fn parse_message(decider: &mut SessionDecider, sql: &str, view: &View) -> String {
    match decider.decide_parse(sql, &[], view) {
        Decided::NeedCatalog => "need catalog".to_owned(),
        Decided::Now(decided) => verdict(&decided),
    }
}

fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Pass(_) => "pass".to_owned(),
        Verdict::Rewrite(_) => "rewrite".to_owned(),
        Verdict::Refuse(refusal) => refused(refusal),
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("{} {}", refusal.error.code.as_str(), refusal.reason)
}

#[test]
fn texts() {
    let directory = tempfile::tempdir().unwrap();
    let mut decider = decider(&shared(directory.path()), Some(Catalog::default()));
    let long = format!("SELECT '{}'", "x".repeat(1000));
    for (sql, as_query, as_parse) in [
        ("SELECT 1", "pass", "pass"),
        ("", "", "pass"),
        ("SELECT 1; SELECT 2", "pass, pass", "42601 syntax-error"),
        ("SELEC", "42601 syntax-error", "42601 syntax-error"),
        (long.as_str(), "54000 too-long", "54000 too-long"),
    ] {
        // Twice: the cache says the same.
        for _ in 0..2 {
            assert_eq!(query(&mut decider, sql, &View::default()), as_query, "{sql}");
            assert_eq!(parse_message(&mut decider, sql, &View::default()), as_parse, "{sql}");
        }
    }
}

/// Terms are part of what is sent: those of other keys find nothing.
#[test]
fn a_decision_is_kept_for_the_keys_it_was_made_with() {
    let directory = tempfile::tempdir().unwrap();
    let shared = shared(directory.path());
    let mut decider = decider(&shared, Some(Catalog::default()));
    let domains = std::collections::BTreeMap::from([("d".to_owned(), crate::plan::TermHash::default())]);
    let fresh = || Arc::new(Keyring::ephemeral(&domains).unwrap());
    let misses = || shared.metrics.verdict_cache_misses_total.get();
    let (mut last, mut epochs) = (misses(), std::collections::HashSet::new());
    for _ in 0..3 {
        decider.set_keys(fresh());
        query(&mut decider, "SELECT 1", &View::default());
        assert!(misses() > last, "asked anew");
        last = misses();
        query(&mut decider, "SELECT 1", &View::default());
        assert_eq!(misses(), last, "known");
        epochs.insert(decider.epoch());
    }
    assert_eq!(epochs.len(), 3);
}

#[test]
fn texts_that_differ_in_literals_are_analysed_once_however_they_come() {
    let directory = tempfile::tempdir().unwrap();
    let shared = shared(directory.path());
    let mut decider = decider(&shared, Some(Catalog::default()));
    let misses = || shared.metrics.verdict_cache_misses_total.get();
    let view = View::default();
    for (first, same, other) in
        [("SELECT 1, 'a'", "SELECT 2, 'b'", "SELECT 'a', 1"), ("SELECT $1, 1", "SELECT $1, 2", "SELECT $2, 2")]
    {
        assert_eq!(parse_message(&mut decider, first, &view), "pass");
        let known = misses();
        assert_eq!(parse_message(&mut decider, same, &view), "pass");
        assert_eq!(misses(), known, "{same} is known by its shape");
        assert_eq!(parse_message(&mut decider, other, &view), "pass");
        query(&mut decider, same, &view);
        assert_eq!(misses(), known + 2, "{other} is another, and so is a query");
    }
}

#[test]
fn the_rule_is_known_to_who_observes() {
    let directory = tempfile::tempdir().unwrap();
    let mut decider = decider(&shared(directory.path()), Some(Catalog::default()));
    let rule = decider.rule();
    decider.binding().unwrap();
    assert_eq!(&*rule.get().role, "teller");
    assert_eq!(rule.get().policy.len(), 64);
}

#[test]
fn without_a_catalog_nothing_is_judged() {
    let directory = tempfile::tempdir().unwrap();
    let mut decider = decider(&shared(directory.path()), None);
    assert_eq!(query(&mut decider, "SELECT 1", &View::default()), "57P03 catalog-unavailable");
    assert!(decider.is_protected(1), "nothing has been bound");
}

#[test]
fn a_policy_that_is_gone_denies_and_another_one_is_another_epoch() {
    let directory = tempfile::tempdir().unwrap();
    let shared = shared(directory.path());
    let mut decider = decider(&shared, Some(Catalog::default()));
    assert_eq!(query(&mut decider, "SELECT 1", &View::default()), "pass");
    let before = decider.epoch();
    let write = |text: String| std::fs::write(directory.path().join("bank.yaml"), text).unwrap();
    write(POLICY.replace("teller", "clerk"));
    assert!(shared.policies.reload().unwrap());
    assert_ne!(decider.epoch(), before);
    assert_eq!(query(&mut decider, "SELECT 1", &View::default()), "pass");
    assert_eq!(&*decider.rule().get().role, "clerk");
    write(POLICY.replace("bank", "other"));
    assert!(shared.policies.reload().unwrap());
    assert_eq!(query(&mut decider, "SELECT 1", &View::default()), "28000 no-policy");
}

#[test]
fn behind_ddl_of_the_open_transaction_a_new_table_may_exist() {
    let directory = tempfile::tempdir().unwrap();
    let mut decider = decider(&shared(directory.path()), Some(Catalog::default()));
    assert_eq!(query(&mut decider, "SELECT 1 FROM new_one", &View::default()), "need catalog");
    assert!(decider.is_protected(99), "nobody knows it");
    let unsure = View { is_unsure: true, ..View::default() };
    // Nobody says that the transaction made it: it may be another session's of a moment ago
    assert_eq!(query(&mut decider, "SELECT 1 FROM new_one", &unsure), "need catalog");
    // Nobody knows its columns, so its rows are watched.
    decider.refresh = super::refresh::Refresh::Fresh;
    assert_eq!(query(&mut decider, "SELECT 1 FROM new_one", &unsure), "rewrite");
    assert!(!decider.is_protected(99), "the session may have made it");
    let both = "CREATE TABLE new_one (a int); SELECT 1 FROM new_one";
    assert_eq!(query(&mut decider, both, &View::default()), "pass, rewrite");
}

#[test]
fn repeated_texts_come_from_the_cache_of_their_settings() {
    let directory = tempfile::tempdir().unwrap();
    let shared = shared(directory.path());
    let mut decider = decider(&shared, Some(Catalog::default()));
    let hits = || shared.metrics.verdict_cache_hits_total.get();
    let mut view = View::default();
    for (expect, change) in [(0, None), (1, None), (1, Some(("DateStyle", "SQL, DMY"))), (2, None)] {
        if let Some((name, value)) = change {
            view.parameters.report(name, value);
        }
        query(&mut decider, "SELECT 1", &view);
        assert_eq!(hits(), expect, "{change:?}");
    }
    view.parameters.report("search_path", "elsewhere");
    query(&mut decider, "SELECT 1", &view);
    assert_eq!(hits(), 2);
}

#[test]
fn a_verified_text_is_verified_under_its_path_only() {
    let directory = tempfile::tempdir().unwrap();
    let mut decider = decider(&shared(directory.path()), Some(Catalog::default()));
    let mut view = View::default();
    query(&mut decider, "SELECT 1", &view);
    assert!(!decider.is_verified("SELECT 1"));
    decider.set_verified("SELECT 1");
    assert!(decider.is_verified("SELECT 1"));
    view.parameters.report("search_path", "elsewhere");
    query(&mut decider, "SELECT 1", &view);
    assert!(!decider.is_verified("SELECT 1"));
}

#[tokio::test]
async fn a_refresh_that_fails_refuses_and_is_owed() {
    let directory = tempfile::tempdir().unwrap();
    let mut decider = decider(&shared(directory.path()), Some(Catalog::default()));
    poll_fn(|context| decider.poll_refresh(context)).await;
    assert_eq!(query(&mut decider, "SELECT 1", &View::default()), "57P03 catalog-unavailable");
    assert_eq!(query(&mut decider, "SELECT 1", &View::default()), "need catalog");
}
