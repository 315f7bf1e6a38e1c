//! Mutation fuzz of the way from SQL to a plan: statements of the corpora, changed at random, decided for a role that sees
//! everything and for some that do not. No mutant brings the analysis to a panic, and what is decided of each is held
//! against an oracle that reads statement and plan in its own way.
//!
//! `PGVEIL_SEED` gives other mutants, `PGVEIL_MUTANTS` more of them, and with `PGVEIL_TRACE` each
//! is printed before it is tried; `tests/fuzz.sh` is the long run. A statement that
//! once failed stands in `tests/corpus/fuzz.sql` and is tried first.

#[path = "generator/dice.rs"]
mod dice;
mod mutation;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dice::Dice;
use mutation::mutate::{Seed, mutant};
use mutation::oracle::{Oracle, constants_of};
use pgveil::analyze::{self, Borne, NoNames, Rights};
use pgveil::catalog::connect::{Login, connect};
use pgveil::catalog::load::{Known, load};
use pgveil::catalog::place::Target;
use pgveil::catalog::{Catalog, TempSchema};
use pgveil::crypto::Sealer;
use pgveil::demo::schema;
use pgveil::plan::{Effect, SealedColumn, Verdict};
use pgveil::policy::{Policy, Principal};
use pgveil::sql;
use pgveil::value::{Plaintext, Style};
use pgveil::wire::PgError;
use support::cases;
use support::postgres::Server;
use support::rights;
use support::twins::{self, Twins};
use support::views;

const ROLES: [&str; 4] = ["app", "teller", "auditor", "dev"];
const DEFAULT_SEED: usize = 20_260_101;
const DEFAULT_MUTANTS: usize = 20_000;
/// Failures that are printed.
const SHOWN: usize = 40;
/// A mutant that takes longer has hung: the thread that finds it stuck ends the process.
const HUNG: Duration = Duration::from_secs(60);

#[test]
fn no_mutant_is_decided_wrongly() {
    let bank = Bench::new();
    let seed = number("PGVEIL_SEED").unwrap_or(DEFAULT_SEED) as u64;
    let mutants = number("PGVEIL_MUTANTS").unwrap_or(DEFAULT_MUTANTS);
    let seeds = bank.seeds();
    println!("seed {seed}, {} statements, {mutants} mutants", seeds.len());
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let run = |thread: usize| {
            let (bank, seeds) = (&bank, &seeds);
            scope.spawn(move || bank.fuzz(seeds, seed, (thread..mutants).step_by(threads)))
        };
        let running: Vec<_> = (0..threads).map(run).collect();
        running.into_iter().map(|thread| thread.join().expect("a thread of mutants")).collect()
    });
    let total = tallies.into_iter().fold(Tally::default(), Tally::with);
    println!("{total}");
    let first: Vec<_> = total.wrong.iter().take(SHOWN).map(String::as_str).collect();
    assert!(first.is_empty(), "seed {seed}: {} wrong, of them:\n{}", total.wrong.len(), first.join("\n"));
    // Mutants that no longer parse prove little
    assert!(total.parsed * 6 > mutants, "only {} of {mutants} mutants parse", total.parsed);
    assert!(total.passed > 0 && total.rewritten > total.parsed / 20, "{total}");
}

#[test]
fn what_failed_once_does_not_fail_again() {
    let bank = Bench::new();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/fuzz.sql");
    let text = std::fs::read_to_string(path).expect("the kept statements");
    let mut tally = Tally::default();
    for statement in text.split("\n\n").filter(|statement| !statement.trim().is_empty()) {
        bank.check(statement.trim(), true, &mut tally);
    }
    assert!(tally.wrong.is_empty(), "{}", tally.wrong.join("\n"));
}

/// The oracle itself: deciders that are wrong in one way each are found out.
#[test]
fn a_wrong_decider_is_noticed() {
    let bank = Bench::new();
    let teller = bank.roles.iter().find(|role| role.name == "teller").expect("a teller");
    let complaint = |sql: &str, verdict: &Verdict| teller.oracle.complaint(sql, verdict);
    let upstream = |sql: &str| match bank.decide(teller, "SELECT id FROM customers", true).pop().expect("a verdict") {
        Verdict::Rewrite(plan) => {
            let mut plan = Arc::into_inner(plan).expect("nobody else's plan");
            plan.sql = sql.to_owned();
            Verdict::Rewrite(Arc::new(plan))
        }
        _ => panic!("not rewritten"),
    };
    let (mut tried, mut missed) = (0, Vec::new());
    for statement in bank.seeds().iter().map(|seed| seed.text.as_str()) {
        let honest = bank.decide(teller, statement, true);
        let has_masked = ["name", "address", "SELECT *"].iter().any(|masked| statement.contains(masked));
        let is_query = statement.starts_with("SELECT") && statement.contains("FROM customers");
        if let ([Verdict::Rewrite(_)], true) = (honest.as_slice(), is_query && has_masked) {
            tried += 1;
            let passed = complaint(statement, &Verdict::Pass(Effect::None));
            assert!(passed.is_some(), "passing is not noticed: {statement}");
            if complaint(statement, &upstream(statement)).is_none() {
                missed.push(statement.to_owned());
            }
        }
    }
    // Some bear another table's column of the name
    assert!(tried > 20 && missed.len() * 10 < tried, "unmasked is not noticed, {tried} tried:\n{}", missed.join("\n"));
    let statement = "SELECT id FROM branches WHERE id = 3 LIMIT 4";
    for wrong in [
        "DELETE FROM branches WHERE id = 3",
        "SELECT id FROM branches LIMIT 4",
        "SELECT id FROM branches WHERE id = 3",
        "SELECT id FROM branches, customers WHERE branches.id = 3 LIMIT 4",
        "SELECT id FROM branches WHERE id = pg_read_file('x')::int LIMIT 4",
        "SELECT id FROM branches WHERE id = 3 AND code <> '13900000001' LIMIT 4",
        "SELECT 1 WHERE 1 = 3 LIMIT 4",
        "SELECT id FROM",
    ] {
        assert!(complaint(statement, &upstream(wrong)).is_some(), "not noticed: {wrong}");
    }
    let update = "UPDATE customers SET phone = '13900000001' WHERE id = 3";
    assert!(complaint(update, &upstream(update)).is_some(), "a value in clear is not noticed");
    let insert = "INSERT INTO accounts (id, account_no) VALUES (1, '60130000000001')";
    assert!(complaint(insert, &upstream(insert)).is_some(), "a value in clear is not noticed");
    assert!(complaint("SELECT pg_read_file('x')", &Verdict::Pass(Effect::None)).is_some());
}

fn number(variable: &str) -> Option<usize> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}: not a number")))
}

#[derive(Default)]
struct Tally {
    parsed: usize,
    passed: usize,
    rewritten: usize,
    refused: usize,
    wrong: Vec<String>,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { parsed, passed, rewritten, refused, wrong } = self;
        let wrong = wrong.len();
        write!(f, "{parsed} parse; verdicts: {passed} pass, {rewritten} rewrite, {refused} refuse; {wrong} wrong")
    }
}

impl Tally {
    fn with(mut self, other: Self) -> Self {
        self.parsed += other.parsed;
        self.passed += other.passed;
        self.rewritten += other.rewritten;
        self.refused += other.refused;
        self.wrong.extend(other.wrong);
        self
    }
}

/// The sample bank as the analysis has it, with the roles that decide.
struct Bench {
    catalog: Catalog,
    roles: Vec<Role>,
}

struct Role {
    name: &'static str,
    rights: Rights,
    oracle: Oracle,
}

impl Bench {
    fn new() -> Self {
        let twins = Twins::none(Server::start());
        twins.create("bank", schema::PROTECTED);
        views::build(&twins, "bank");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let catalog = runtime.block_on(async {
            let client = connect(&login(&twins.server), None).await.expect("a catalog session").client;
            load(&client, Known::Nothing).await.expect("the catalog")
        });
        let names = twins
            .connect("postgres", "bank")
            .must("SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace");
        let text = |row: Vec<Option<Vec<u8>>>| String::from_utf8(row[0].clone().expect("a name")).expect("UTF-8");
        let builtins: BTreeSet<String> = names.rows.into_iter().map(text).collect();
        let policy = twins::sample_policy();
        let roles = ROLES.iter().map(|name| role(name, &policy, &catalog, &builtins)).collect();
        Self { catalog, roles }
    }

    fn seeds(&self) -> Vec<Seed> {
        let cases = ["differential", "bypass"].into_iter().flat_map(|corpus| cases::load(corpus, &["app"]));
        cases.flat_map(|case| case.steps).map(|step| Seed::new(&step.sql)).collect()
    }

    fn fuzz(&self, seeds: &[Seed], seed: u64, numbers: impl Iterator<Item = usize>) -> Tally {
        let mut tally = Tally::default();
        let watch = Watch::start();
        // For what ends the process
        let is_traced = std::env::var_os("PGVEIL_TRACE").is_some();
        for number in numbers {
            let mut dice = Dice::new(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
            let text = mutant(seeds, &mut dice);
            watch.at(&text);
            if is_traced {
                eprintln!("{text:?}");
            }
            self.check(&text, dice.percent(90), &mut tally);
        }
        tally
    }

    /// Decides one text for every role.
    fn check(&self, text: &str, conforming: bool, tally: &mut Tally) {
        for (at, role) in self.roles.iter().enumerate() {
            let decided = catch_unwind(AssertUnwindSafe(|| self.verdicts(role, text, conforming)));
            let Ok(decided) = decided else {
                tally.wrong.push(format!("{}: panic: {text:?}", role.name));
                continue;
            };
            tally.parsed += usize::from(at == 0 && !decided.is_empty());
            for (statement, verdict) in decided {
                match &verdict {
                    Verdict::Pass(_) => tally.passed += 1,
                    Verdict::Rewrite(_) => tally.rewritten += 1,
                    Verdict::Refuse(_) => tally.refused += 1,
                }
                // The oracle reads as a server with the default does
                if let Some(complaint) = conforming.then(|| role.oracle.complaint(&statement, &verdict)).flatten() {
                    tally.wrong.push(format!("{}: {statement:?}\n    {complaint}", role.name));
                }
            }
        }
    }

    fn decide(&self, role: &Role, text: &str, conforming: bool) -> Vec<Verdict> {
        self.verdicts(role, text, conforming).into_iter().map(|(_, verdict)| verdict).collect()
    }

    /// Each statement of a text with its verdict; none where the grammar refuses it.
    fn verdicts(&self, role: &Role, text: &str, conforming: bool) -> Vec<(String, Verdict)> {
        let path = ["public".to_owned()];
        let context = analyze::Context {
            catalog: &self.catalog,
            rights: &role.rights,
            search_path: Some(&path),
            temp: TempSchema::Unknown,
            is_unsure: false,
            style: &Style::default(),
            sealer: &Hashing,
            names: &NoNames,
            param_types: &[],
        };
        let Ok(statements) = sql::parse(text, conforming) else { return Vec::new() };
        let decide = |statement: sql::Statement| {
            let verdict = analyze::decide(text, &statement, &context, true).ok()?;
            Some((text[statement.range].to_owned(), verdict))
        };
        statements.into_iter().filter_map(decide).collect()
    }
}

fn login(server: &Server) -> Login {
    Login {
        target: Target::one("127.0.0.1", server.port()),
        database: "bank".into(),
        user: "veil_catalog".into(),
        password: None,
        tls: None,
        direct_tls: false,
        connect_timeout: Duration::from_secs(5),
    }
}

fn role(name: &'static str, policy: &Policy, catalog: &Catalog, builtins: &BTreeSet<String>) -> Role {
    let principal = Principal { user: name.to_owned(), database: "bank".to_owned(), ..Principal::default() };
    let index = policy.role_index_for(&principal);
    let compiled = index.and_then(|at| policy.roles.get(at)).expect("a role");
    let mine = rights::Rights::of(name);
    let (mut sealed, mut masked): (BTreeMap<String, BTreeSet<String>>, BTreeMap<_, BTreeSet<String>>) =
        Default::default();
    for column in schema::columns(schema::PLAIN) {
        let (table, column) = (column.table.to_owned(), column.name.to_owned());
        if mine.sealed(&table, &column).is_some() {
            sealed.entry(table).or_default().insert(column);
        } else if mine.masks(&table, &column) {
            masked.entry(table).or_default().insert(column);
        }
    }
    let behind = behind_views();
    let oracle = Oracle {
        protected: sealed.keys().chain(masked.keys()).cloned().chain(behind.keys().cloned()).collect(),
        filtered: sealed.keys().filter(|table| mine.filters(table)).cloned().collect(),
        sealed,
        masked,
        said_by_views: said_by_views(catalog, &behind),
        behind,
        sees_everything: compiled.sees_everything,
        builtins: builtins.clone(),
    };
    Role { name, rights: Rights::bind(policy, index, catalog, &Borne::default()), oracle }
}

fn said_by_views(catalog: &Catalog, views: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let relations = views.keys().filter_map(|name| catalog.relation_named("public", name));
    relations.filter_map(|view| view.definition.as_deref()).flat_map(constants_of).collect()
}

/// Views of the bank, with the relations that their queries lead to.
fn behind_views() -> BTreeMap<String, BTreeSet<String>> {
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let name = |named: &str| named.split(' ').next().unwrap_or_default().to_owned();
    let mut behind: BTreeMap<_, _> = views::VIEWS.iter().map(|(named, _, tables)| (name(named), of(tables))).collect();
    for (view, tables) in [
        ("customer_contacts", &["customers"][..]),
        ("vip_contacts", &["customers", "customer_contacts"]),
        ("invoked", &["customers"]),
        ("fenced", &["customers"]),
        ("over_invoked", &["customers", "accounts", "invoked", "with_accounts"]),
        ("withheld", &["customers"]),
    ] {
        behind.insert(view.to_owned(), of(tables));
    }
    for (view, inner) in [("nested_people", "plain_people"), ("over_by_branch", "by_branch")] {
        behind.entry(view.to_owned()).or_default().insert(inner.to_owned());
    }
    behind
}

/// Terms and seals that show nothing of the value, and are told by their beginning.
struct Hashing;

impl Sealer for Hashing {
    fn seal(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError> {
        Ok(format!("{}sealed", self.term(column, value)?))
    }

    fn term(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError> {
        let mut hasher = DefaultHasher::new();
        (&*column.domain, value.expose()).hash(&mut hasher);
        Ok(format!("~pv1:{:022x}", hasher.finish()))
    }
}

/// Says which text a thread is stuck in, and ends the process.
struct Watch {
    sender: std::sync::mpsc::Sender<String>,
}

impl Watch {
    fn start() -> Self {
        let (sender, texts) = std::sync::mpsc::channel::<String>();
        std::thread::spawn(move || {
            let mut last = String::new();
            loop {
                match texts.recv_timeout(HUNG) {
                    Ok(text) => last = text,
                    Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
                    Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                        eprintln!("stuck in {last:?}");
                        std::process::abort();
                    }
                }
            }
        });
        Self { sender }
    }

    fn at(&self, text: &str) {
        let _watched = self.sender.send(text.to_owned());
    }
}
