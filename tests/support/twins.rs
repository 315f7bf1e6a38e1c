//! The sample bank beside itself: in clear (`twin`), and per masked role as that role may see it (`twin_<role>`).

use std::path::{Path, PathBuf};

use pgveil::demo::bank;
use pgveil::demo::schema::{PLAIN, PROTECTED};
use pgveil::keys::Keyring;
use pgveil::policy::{Policy, PolicySet};

use super::canary::Canaries;
use super::postgres::Server;
use super::seen::Viewer;
use super::wire::Client;

/// Customers in the tests' bank.
pub const CUSTOMERS: u64 = 200;

/// Tables of no interest to the policy, for cases that try to carry values away.
const OPEN_TABLES: &str =
    "CREATE TABLE scratch (id bigint PRIMARY KEY, v text); CREATE TABLE scratch2 (id bigint, v text);";

const LOGINS: [&str; 5] = ["app", "teller", "manager", "auditor", "dev"];

pub struct Twins {
    pub server: Server,
}

/// The sample bank's policy directory.
pub fn policies() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank")
}

impl Twins {
    /// Starts a server and fills `twin` and one masked twin for each of `masked_roles`.
    pub fn start(masked_roles: &[&str]) -> Self {
        let twins = Self::none(Server::start());
        twins.create("twin", PLAIN);
        load(&mut twins.connect("app", "twin"));
        let policy = sample_policy();
        let keys = Keyring::ephemeral(&policy.domains).unwrap_or_else(|e| panic!("{e}"));
        for role in masked_roles {
            twins.add_masked(role, &Viewer::new(&policy, role, &keys), |_| {});
        }
        twins
    }

    /// The bank's logins on a server that holds no clear value.
    pub fn none(server: Server) -> Self {
        let mut admin = Client::connect(server.port(), "postgres", "postgres").expect("a session");
        admin.must("CREATE ROLE bank_owner");
        for login in LOGINS {
            admin.must(&format!("CREATE ROLE {login} LOGIN; GRANT bank_owner TO {login}"));
        }
        admin.must("CREATE ROLE dba LOGIN SUPERUSER");
        admin.must("CREATE ROLE veil_catalog LOGIN");
        Self { server }
    }

    /// A server with nothing but the bank as it stands behind a proxy, without rows.
    pub fn bank() -> Self {
        let twins = Self::none(Server::start());
        twins.create("bank", PROTECTED);
        twins
    }

    pub fn connect(&self, user: &str, database: &str) -> Client {
        Client::connect(self.server.port(), user, database).expect("a session")
    }

    /// Creates a database with the bank's schema, owned by the role that every login is a member of.
    pub fn create(&self, database: &str, schema: &str) {
        let mut admin = self.connect("postgres", "postgres");
        admin.must(&format!("CREATE DATABASE {database} OWNER bank_owner"));
        admin.must(&format!("ALTER DATABASE {database} SET timezone = 'UTC'"));
        let mut owner = self.connect("postgres", database);
        owner.must("GRANT ALL ON SCHEMA public TO PUBLIC; SET ROLE bank_owner");
        owner.must(schema);
        owner.must(OPEN_TABLES);
    }

    /// Copies `twin` into `twin_<login>`, each value already what the viewer sees. `prepare` is given the new
    /// database's name before it has rows. Returns the name.
    pub fn add_masked(&self, login: &str, viewer: &Viewer<'_>, prepare: impl Fn(&str)) -> String {
        let database = format!("twin_{login}");
        self.create(&database, &without_constraints(PLAIN, viewer.has_row_filter()));
        prepare(&database);
        let mut masked = self.connect("postgres", &database);
        for table in viewer.tables(&mut self.connect("postgres", "twin")) {
            let mut copy = String::new();
            for row in table.rows.into_iter().filter(|row| row.is_visible) {
                copy.push_str(&row.seen.into_iter().map(escaped).collect::<Vec<_>>().join("\t"));
                copy.push('\n');
            }
            let reply = masked.simple(&format!("COPY {} FROM STDIN", table.table), Some(copy.as_bytes()));
            assert!(reply.failure.is_none(), "{}: {:?}", table.table, reply.failure);
        }
        database
    }

    /// The protected values that the viewer may not see anywhere.
    pub fn canaries(&self, viewer: &Viewer<'_>) -> Canaries {
        Canaries::hidden_from(&viewer.tables(&mut self.connect("postgres", "twin")))
    }
}

/// Loads the bank by COPY, as an application does.
pub fn load(session: &mut Client) {
    load_customers(session, CUSTOMERS);
}

pub fn load_customers(session: &mut Client, customers: u64) {
    for rows in bank::tables(customers) {
        let reply = session.simple(&format!("COPY {} FROM STDIN", rows.table), Some(rows.copy_text.as_bytes()));
        assert!(reply.failure.is_none(), "loading {}: {:?}", rows.table, reply.failure);
    }
}

/// The repository's policy of the sample bank.
pub fn sample_policy() -> std::sync::Arc<Policy> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/bank");
    let policies = PolicySet::load(&directory).unwrap_or_else(|errors| panic!("{errors}"));
    std::sync::Arc::clone(policies.get("bank").expect("a policy for the sample bank"))
}

/// Masked values repeat and may be NULL, and under a row filter what a row refers to may be out of sight.
pub fn without_constraints(schema: &str, is_filtered: bool) -> String {
    let lines = schema.lines().map(|line| {
        let (definition, note) = line.split_once(" -- ").unwrap_or((line, ""));
        let mut kept = match note {
            "" => line.to_owned(),
            _ => definition.replace(" NOT NULL", "").replace(" UNIQUE", ""),
        };
        if is_filtered && let Some(at) = kept.find(" REFERENCES") {
            let end = if kept.ends_with(',') { "," } else { "" };
            kept.truncate(at);
            kept.push_str(end);
        }
        kept
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn escaped(value: Option<String>) -> String {
    match value {
        None => "\\N".to_owned(),
        Some(value) => value.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t").replace('\r', "\\r"),
    }
}
