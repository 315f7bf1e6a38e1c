//! The sample bank beside itself: in clear (`twin`), and per masked role as that role may see it (`twin_<role>`).

use std::path::Path;

use pgveil::demo::bank;
use pgveil::demo::schema::{self, BankColumn, Kept};
use pgveil::mask::Mask;
use pgveil::plan::{Reveal, SealedColumn};
use pgveil::policy::{ColumnGrant, Policy, PolicySet, Principal, ReadRight, RelationGrant, RolePolicy, parse_type};

use super::postgres::Server;
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

impl Twins {
    /// Starts a server and fills `twin` and one masked twin for each of `masked_roles`.
    pub fn start(masked_roles: &[&str]) -> Self {
        let twins = Self::none(Server::start());
        twins.create("twin", schema::PLAIN);
        twins.fill("twin");
        let policy = sample_policy();
        for role in masked_roles {
            twins.create(&format!("twin_{role}"), &without_constraints(schema::PLAIN, is_filtered(&policy, role)));
            twins.fill_masked(&policy, role);
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

    fn fill(&self, database: &str) {
        let mut session = self.connect("app", database);
        load(&mut session);
    }

    /// Copies `twin` into the role's own, each value already what the role may see.
    fn fill_masked(&self, policy: &Policy, login: &str) {
        let role = role_of(policy, login);
        let mut clear = self.connect("postgres", "twin");
        let mut masked = self.connect("postgres", &format!("twin_{login}"));
        let columns = schema::columns(schema::PLAIN);
        for table in bank::tables(1).iter().map(|rows| rows.table) {
            let of_table: Vec<_> = columns.iter().filter(|column| column.table == table).collect();
            let filter =
                grant(policy, role, table).and_then(|grant| grant.filter.as_ref()).map_or("true", |filter| &filter.sql);
            let rows = clear.must(&format!("SELECT * FROM {table} WHERE {filter} ORDER BY 1")).rows;
            let mut copy = String::new();
            for row in rows {
                let values: Vec<_> = of_table
                    .iter()
                    .zip(row)
                    .map(|(column, value)| escaped(value.and_then(|v| seen(policy, role, column, &utf8(v)))))
                    .collect();
                copy.push_str(&values.join("\t"));
                copy.push('\n');
            }
            let reply = masked.simple(&format!("COPY {table} FROM STDIN"), Some(copy.as_bytes()));
            assert!(reply.failure.is_none(), "{table}: {:?}", reply.failure);
        }
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

/// What one login may do with the bank's columns, by the repository's policy.
pub struct Rights {
    policy: std::sync::Arc<Policy>,
    login: String,
}

impl Rights {
    pub fn of(login: &str) -> Self {
        Self { policy: sample_policy(), login: login.to_owned() }
    }

    fn grant(&self, table: &str) -> Option<&RelationGrant> {
        grant(&self.policy, role_of(&self.policy, &self.login), table)
    }

    pub fn denies(&self, table: &str) -> bool {
        !role_of(&self.policy, &self.login).sees_everything && self.grant(table).is_none()
    }

    pub fn column(&self, table: &str, name: &str) -> Option<ColumnGrant> {
        let grant = self.grant(table)?;
        Some(grant.columns.get(name).unwrap_or(&grant.default).clone())
    }

    pub fn sealed(&self, table: &str, name: &str) -> Option<std::sync::Arc<SealedColumn>> {
        let relation = self.policy.relations.iter().find(|relation| relation.name == table)?;
        relation.columns.get(name)?.sealed.clone()
    }

    /// Whether the login sees a column that is stored in clear otherwise than it is stored.
    pub fn masks(&self, table: &str, name: &str) -> bool {
        let is_clear = |grant: &ColumnGrant| grant.read == ReadRight::Reveal(Reveal::Clear);
        self.sealed(table, name).is_none() && self.column(table, name).is_some_and(|grant| !is_clear(&grant))
    }

    /// Whether some rows of a table are out of the login's sight.
    pub fn filters(&self, table: &str) -> bool {
        self.grant(table).is_some_and(|grant| grant.filter.is_some())
    }

    /// What the login sees of one value; pseudonyms, which need a key, are not known here.
    pub fn seen(&self, column: &BankColumn<'_>, value: &str) -> Option<String> {
        seen(&self.policy, role_of(&self.policy, &self.login), column, value)
    }
}

fn role_of<'a>(policy: &'a Policy, login: &str) -> &'a RolePolicy {
    let principal = Principal { user: login.to_owned(), database: policy.database.clone(), ..Principal::default() };
    policy.role_for(&principal).expect("a role")
}

/// Absent where the role may not use the table at all. Every table of the bank is in the policy.
fn grant<'a>(policy: &Policy, role: &'a RolePolicy, table: &str) -> Option<&'a RelationGrant> {
    let index = policy.relations.iter().position(|r| r.schema == "public" && r.name == table);
    role.grants.get(&index.expect("a protected table"))
}

fn is_filtered(policy: &Policy, login: &str) -> bool {
    role_of(policy, login).grants.values().any(|grant| grant.filter.is_some())
}

/// What the role sees of one value, in PostgreSQL's text form; `None` is NULL.
fn seen(policy: &Policy, role: &RolePolicy, column: &BankColumn<'_>, value: &str) -> Option<String> {
    let rights =
        grant(policy, role, column.table).map(|grant| grant.columns.get(column.name).unwrap_or(&grant.default));
    let ty = parse_type(column.ty).unwrap_or_else(|e| panic!("{}: {e}", column.ty));
    let masked = |mask: &Mask| Some(mask.apply(ty, value, None));
    match rights.map(|right| &right.read) {
        Some(ReadRight::Reveal(Reveal::Clear)) => Some(value.to_owned()),
        Some(ReadRight::Reveal(Reveal::Mask(mask))) => masked(mask),
        Some(ReadRight::DefaultMask) => Mask::default_for(ty).and_then(|mask| masked(&mask)),
        Some(ReadRight::Reveal(Reveal::Null)) => None,
        // Keys stay, so that the rows load; statements on a denied relation are refused whole.
        Some(ReadRight::Deny) | None => matches!(column.kept, Kept::Plain).then(|| value.to_owned()),
    }
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

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8 from the server")
}
