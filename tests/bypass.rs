//! Attempts to see what one may not see. Each is first shown to work on plain PostgreSQL, then made through the
//! proxy by the restricted login; every byte that arrives is scanned for the values that this login may not see.

mod support;

use std::collections::BTreeMap;

use pgveil::demo::schema;
use pgveil::keys::{FileKek, Keyrings};
use support::canary::Canaries;
use support::cases::{self, Case, Step};
use support::postgres::Server;
use support::proxy::Proxy;
use support::seen::Viewer;
use support::twins::{self, Twins};
use support::wire::{Client, Mode, Reply};
use support::{side_doors, twins::sample_policy};

/// Who tries every case that does not say otherwise.
const ROLES: [&str; 4] = ["teller", "auditor", "dev", "dba"];

#[test]
fn the_corpus_is_as_large_as_it_claims() {
    let corpus = cases::load("bypass", &ROLES);
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    corpus.iter().for_each(|case| *families.entry(case.family()).or_default() += 1);
    println!("{} bypass cases: {families:?}", corpus.len());
    assert!(corpus.len() >= 400, "{} cases", corpus.len());
    for role in ROLES {
        let tried = corpus.iter().filter(|case| case.roles.iter().any(|known| known == role)).count();
        println!("{tried} of them as {role}");
        assert!(tried >= 300, "{tried} cases as {role}");
    }
}

#[test]
fn nothing_leaks_to_a_teller() {
    Scene::set("teller").play();
}

#[test]
fn nothing_leaks_to_an_auditor() {
    Scene::set("auditor").play();
}

#[test]
fn nothing_leaks_to_a_developer() {
    Scene::set("dev").play();
}

#[test]
fn nothing_leaks_to_a_database_administrator() {
    Scene::set("dba").play();
}

/// One restricted login before the plain bank, its masked twin, and the protected bank behind a proxy.
struct Scene {
    role: &'static str,
    masked_twin: String,
    twins: Twins,
    proxy: Proxy,
    canaries: Canaries,
}

/// What came of a case.
enum Outcome {
    Answered,
    Refused,
    Leaked(String),
}

impl Scene {
    fn set(role: &'static str) -> Self {
        let twins = Twins::none(Server::start_with(&["wal_level=logical", "max_connections=50"]));
        for (database, schema) in [("twin", schema::PLAIN), ("bank", schema::PROTECTED)] {
            twins.create(database, schema);
            side_doors::build(&twins, database);
        }
        let proxy = Proxy::start(twins.server.port());
        for (port, database) in [(twins.server.port(), "twin"), (proxy.port(), "bank")] {
            twins::load(&mut Client::connect(port, "app", database).expect("a session"));
        }
        let (policy, keys) = (sample_policy(), keyrings(&proxy).database("bank"));
        let viewer = Viewer::new(&policy, role, &keys);
        let masked_twin = twins.add_masked(role, &viewer, |database| side_doors::build(&twins, database));
        let canaries = twins.canaries(&viewer);
        for database in ["twin", "bank", &masked_twin] {
            side_doors::fill(&twins, database);
        }
        Self { role, masked_twin, twins, proxy, canaries }
    }

    /// Every case of the role: first that it leaks where nothing protects, then that nothing does here.
    fn play(&self) {
        let mut corpus = cases::load("bypass", &ROLES);
        corpus.retain(|case| case.roles.iter().any(|role| role == self.role));
        let harmless: Vec<_> = corpus.iter().filter_map(|case| self.harmless_because(case)).collect();
        let (mut answered, mut refused, mut leaks) = (0, 0, Vec::new());
        for case in &corpus {
            for mode in &case.modes {
                match self.attempt(case, *mode) {
                    Outcome::Answered => answered += 1,
                    Outcome::Refused => refused += 1,
                    Outcome::Leaked(how) => leaks.push(format!("{}, {mode:?}: {how}", case.name)),
                }
            }
        }
        let (role, count) = (self.role, corpus.len());
        println!("{role}: {count} cases, {answered} times answered, {refused} refused, {} leaks", leaks.len());
        assert!(harmless.is_empty(), "{} cases show {role} nothing:\n{}", harmless.len(), harmless.join("\n"));
        assert!(leaks.is_empty(), "{} leaks to {role}:\n{}", leaks.len(), leaks.join("\n"));
    }

    /// Why a case proves nothing: no protected value arrives, and the answer does not depend on one.
    fn harmless_because(&self, case: &Case) -> Option<String> {
        let (replies, received) = match self.directly("twin", case, Mode::Simple) {
            Ok(run) => run,
            Err(error) => return Some(format!("{}: {error}", case.name)),
        };
        if self.canaries.find_unsaid(&received, &said(case)).is_some() {
            return None;
        }
        if case.oracle && self.differs(&replies, case, Mode::Simple) {
            return None;
        }
        let failure = replies.iter().find_map(|reply| reply.failure.clone());
        let why = failure.map_or("no protected value arrives".to_owned(), |f| format!("{} {}", f.sqlstate, f.message));
        Some(format!("{}: {why}", case.name))
    }

    fn attempt(&self, case: &Case, mode: Mode) -> Outcome {
        let (replies, received) = match self.run(self.proxy.port(), "bank", case, mode) {
            Ok(run) => run,
            Err(error) => (Vec::new(), error.into_bytes()),
        };
        let is_refused = replies.is_empty() || replies.iter().any(|reply| reply.failure.is_some() || reply.status == 0);
        if let Some(value) = self.canaries.find_unsaid(&received, &said(case)) {
            Outcome::Leaked(format!("shows {value}"))
        } else if is_refused {
            Outcome::Refused
        } else if case.oracle && self.differs(&replies, case, mode) {
            Outcome::Leaked("answers from what is hidden".to_owned())
        } else {
            Outcome::Answered
        }
    }

    /// Whether these answers are other than those of the masked twin, where everything hidden is masked already.
    fn differs(&self, replies: &[Reply], case: &Case, mode: Mode) -> bool {
        let of_one = |r: &Reply| (r.rows.clone(), r.tags.clone(), r.failure.is_some());
        let rows = |replies: &[Reply]| replies.iter().map(of_one).collect::<Vec<_>>();
        self.directly(&self.masked_twin, case, mode).map_or(true, |(masked, _)| rows(replies) != rows(&masked))
    }

    fn directly(&self, database: &str, case: &Case, mode: Mode) -> Result<(Vec<Reply>, Vec<u8>), String> {
        self.run(self.twins.server.port(), database, case, mode)
    }

    /// The answers and every byte that came with them. A connection that ends early leaves a status of 0.
    fn run(&self, port: u16, database: &str, case: &Case, mode: Mode) -> Result<(Vec<Reply>, Vec<u8>), String> {
        let mut beside = case.beside.as_ref().map(|_| Client::connect(port, "app", database)).transpose()?;
        if let (Some(session), Some(sql)) = (&mut beside, &case.beside) {
            session.must(sql);
        }
        let mut session = Client::connect_with(port, self.role, database, &case.startup)?;
        if case.in_transaction {
            session.must("BEGIN");
        }
        session.forget();
        let mut replies = Vec::new();
        for step in &case.steps {
            replies.push(self.step(&mut session, database, step, mode));
            if session.closed {
                break;
            }
        }
        if case.in_transaction {
            session.simple("ROLLBACK", None);
        }
        Ok((replies, session.received))
    }

    fn step(&self, session: &mut Client, database: &str, step: &Step, mode: Mode) -> Reply {
        if let Some((function, arguments)) = &step.call {
            return session.call(*function, arguments);
        }
        let port = self.twins.server.port().to_string();
        let directory = self.twins.server.directory().display().to_string();
        let sql = step.sql.replace("{port}", &port).replace("{database}", database).replace("{directory}", &directory);
        session.run(mode, &sql, &step.params, step.copy.as_deref().map(str::as_bytes))
    }
}

/// The keys that the proxy seals and makes pseudonyms with.
fn keyrings(proxy: &Proxy) -> Keyrings {
    let kek = FileKek::load(&proxy.directory().join("kek")).unwrap_or_else(|e| panic!("{e}"));
    Keyrings::load(&proxy.directory().join("keyring"), &kek).unwrap_or_else(|e| panic!("{e}"))
}

/// Everything the case itself writes: what comes back of it is no secret.
fn said(case: &Case) -> String {
    case.steps.iter().map(|step| format!("{} {:?}\n", step.sql, step.params)).collect()
}
