//! `pgveil explain`: what becomes of a statement under a role of the policy. Nothing is run but reads of the catalog.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use crate::analyze::{self, Borne, Lineage, NoNames, Rights};
use crate::catalog::{Catalog, TempSchema, connect, load, parse_search_path};
use crate::config::{self, Flags};
use crate::crypto::Sealer;
use crate::explain::Source;
use crate::plan::{SealedColumn, Verdict};
use crate::policy::{Policy, PolicySet};
use crate::value::{Plaintext, Style};
use crate::wire::{PgError, SqlState};
use crate::{explain, server, sql};

/// Exit code where the question cannot be answered: policy, role, database or SQL text.
const UNUSABLE: u8 = 64;

/// Show what becomes of a statement and of each value in it, for one role of the policy.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The policy's role.
    #[arg(long = "as", value_name = "ROLE")]
    role: String,
    /// One or more statements; parameters stay as $1, $2…
    sql: String,
    /// The configuration file, whose catalog login is used.
    #[arg(long, value_name = "FILE", env = "PGVEIL_CONFIG", default_value = "/etc/pgveil/pgveil.toml")]
    config: PathBuf,
    /// The policy directory, instead of the configuration's.
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Read the catalog over this connection (libpq's syntax), without a configuration.
    #[arg(long, value_name = "DSN", requires = "policies")]
    live: Option<String>,
    /// The database, where several have policies.
    #[arg(long, value_name = "NAME")]
    database: Option<String>,
    /// Read unqualified names under this path.
    #[arg(long, value_name = "SCHEMAS", default_value = "public")]
    search_path: String,
}

/// Explains on standard output. Exit code 0 whatever the verdict, 64 where there is none.
pub fn run(args: &ExplainArgs) -> ExitCode {
    let written = match pages(args) {
        Ok(pages) => writeln!(io::stdout().lock(), "{}", pages.join("\n")).map(|()| ExitCode::SUCCESS),
        Err(error) => writeln!(io::stderr().lock(), "pgveil explain: {error}").map(|()| ExitCode::from(UNUSABLE)),
    };
    written.unwrap_or(ExitCode::SUCCESS)
}

fn pages(args: &ExplainArgs) -> Result<Vec<String>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(told)?;
    let (policy, catalog) = runtime.block_on(subject(args))?;
    let path = parse_search_path(&args.search_path, "").ok_or("the search_path cannot be read")?;
    let verdicts = verdicts(&args.sql, &policy, role(&policy, &args.role)?, &catalog, &path)?;
    Ok(verdicts.iter().map(|(statement, verdict, sources)| explain::explain(statement, verdict, sources)).collect())
}

/// The policy in question and the catalog it is held against.
async fn subject(args: &ExplainArgs) -> Result<(Arc<Policy>, Catalog), String> {
    match (&args.live, &args.policies) {
        (Some(dsn), Some(policies)) => {
            let set = PolicySet::load(policies).map_err(told)?;
            let (client, connection) = tokio_postgres::connect(dsn, tokio_postgres::NoTls).await.map_err(told)?;
            let connection = tokio::spawn(connection);
            let row = client.query_one("SELECT pg_catalog.current_database()::text", &[]).await.map_err(told)?;
            let policy = policy(&set, Some(row.get(0)))?;
            let catalog = load::load(&client, load::Known::Nothing).await.map_err(told)?;
            connection.abort();
            Ok((policy, catalog))
        }
        _ => configured(args).await,
    }
}

async fn configured(args: &ExplainArgs) -> Result<(Arc<Policy>, Catalog), String> {
    let flags = Flags { config: args.config.clone(), policies: args.policies.clone(), ..Flags::default() };
    let config = config::load(&flags).map_err(told)?;
    let policy = policy(&PolicySet::load(&config.policies).map_err(told)?, args.database.as_deref())?;
    let logins = server::CatalogLogins::new(&config).map_err(told)?;
    let connected = connect::connect(&logins.login(&policy.database), None).await.map_err(told)?;
    let catalog = load::load(&connected.client, load::Known::Nothing).await.map_err(told)?;
    Ok((policy, catalog))
}

fn policy(set: &PolicySet, database: Option<&str>) -> Result<Arc<Policy>, String> {
    let names = || set.iter().map(|policy| policy.database.as_str()).collect::<Vec<_>>().join(", ");
    let mut all = set.iter();
    let found = match (database, all.next(), all.next()) {
        (Some(name), _, _) => set.get(name),
        (None, only, None) => only,
        (None, _, Some(_)) => return Err(format!("which database? --database is one of {}", names())),
    };
    found.cloned().ok_or_else(|| format!("no policy for this database; there are policies for {}", names()))
}

fn role(policy: &Policy, name: &str) -> Result<usize, String> {
    policy.roles.iter().position(|role| role.name == name).ok_or_else(|| {
        let names: Vec<&str> = policy.roles.iter().map(|role| role.name.as_str()).collect();
        format!("the policy has no role `{name}`; it has {}", names.join(", "))
    })
}

/// A statement, its verdict, and where its output comes from.
type Explained<'a> = (&'a str, Verdict, Vec<Source>);

/// Each statement with its verdict. A name that the catalog does not have is refused as it would be after a look.
fn verdicts<'a>(
    text: &'a str,
    policy: &Policy,
    role: usize,
    catalog: &Catalog,
    path: &[String],
) -> Result<Vec<Explained<'a>>, String> {
    let rights = Rights::bind(policy, Some(role), catalog, &Borne::default());
    let style = Style::new("ISO, MDY", "UTC").map_err(told)?;
    let context = analyze::Context {
        catalog,
        rights: &rights,
        search_path: Some(path),
        temp: TempSchema::Absent,
        is_unsure: false,
        style: &style,
        sealer: &Placeholder,
        names: &NoNames,
        param_types: &[],
    };
    let decide = |statement: sql::Statement| {
        let verdict = analyze::decide(text, &statement, &context, true).unwrap_or_else(|_| unknown());
        let lineage = analyze::lineage(&statement, &context);
        let sources = lineage.into_iter().map(|column| source(policy, role, column)).collect();
        (text.get(statement.range).unwrap_or(text), verdict, sources)
    };
    Ok(sql::parse(text, true).map_err(told)?.into_iter().map(decide).collect())
}

/// The way of one output column, and what the policy says about its end.
fn source(policy: &Policy, role: usize, column: Lineage) -> Source {
    let end = column.source.as_ref().map(|(relation, column)| format!("{relation}.{column}"));
    let path: Vec<String> = std::iter::once(column.name).chain(column.path).chain(end).collect();
    let rule = column.source.and_then(|(relation, name)| {
        let at = policy.relations.iter().position(|known| format!("{}.{}", known.schema, known.name) == relation)?;
        let role = policy.roles.get(role)?;
        let place = role.grants.get(&at)?.places.of(&name);
        Some(format!("role {}, {place}", role.name))
    });
    Source { path: path.join(" <- "), rule }
}

fn unknown() -> Verdict {
    let error = PgError::new(SqlState::UNDEFINED_TABLE, "a relation of that name does not exist");
    Verdict::Refuse(Arc::new(crate::plan::Refusal { error, reason: "unknown-name", objects: Vec::new() }))
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Stands where keys would: an explanation shows where a value is sealed, never one.
struct Placeholder;

impl Sealer for Placeholder {
    fn seal(&self, column: &SealedColumn, _: &Plaintext) -> Result<String, PgError> {
        Ok(format!("<sealed {}>", column.name))
    }

    fn term(&self, column: &SealedColumn, _: &Plaintext) -> Result<String, PgError> {
        Ok(format!("<term {}>", column.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Effect;

    const POLICY: &str = "database: bank\ntables:\n  public.c:\n    columns:\n      phone: {mask: phone-3-4}\n\
                          roles:\n  - name: teller\n    members: {users: [t]}\n    all_tables: mask\n";

    #[test]
    fn the_question_has_to_fit_the_policy() {
        let set = PolicySet::from_texts([("bank.yaml", POLICY), ("cards.yaml", &POLICY.replace("bank", "cards"))]);
        let set = set.unwrap_or_else(|errors| panic!("{errors}"));
        assert!(policy(&set, None).err().unwrap().contains("bank, cards"));
        assert!(policy(&set, Some("other")).err().unwrap().contains("bank, cards"));
        let bank = policy(&set, Some("bank")).unwrap();
        assert_eq!(role(&bank, "teller"), Ok(0));
        assert!(role(&bank, "auditor").unwrap_err().contains("teller"));
        let statements = verdicts("SELECT 1; SELECT 2", &bank, 0, &Catalog::default(), &[]).unwrap();
        assert_eq!(statements.iter().map(|(text, ..)| text.trim()).collect::<Vec<_>>(), ["SELECT 1", "SELECT 2"]);
        assert!(matches!(&statements[0].1, Verdict::Pass(Effect::None)));
        assert!(verdicts("SELEC", &bank, 0, &Catalog::default(), &[]).is_err());
    }
}
