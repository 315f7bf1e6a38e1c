//! `pgveil policy`: what a DBA does with policies before they take effect.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use crate::mask::PRESETS;
use crate::policy::{Policy, PolicySet, diff, json_schema, required_ddl};

/// Exit code where the policy has a mistake; 0 is a policy that can take effect, warnings or not.
const WRONG: u8 = 1;

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Read a policy directory and report every mistake with its file, line and column.
    Check {
        /// The policy directory.
        #[arg(default_value = "policies")]
        directory: PathBuf,
        /// Also hold the policy against a live database (a libpq connection string; repeatable, one per database).
        #[arg(long, value_name = "DSN")]
        live: Vec<String>,
    },
    /// Say what a new policy directory changes, in plain words, loosening changes first.
    Diff { old: PathBuf, new: PathBuf },
    /// Print the DDL that the sealed columns need.
    Ddl {
        #[arg(default_value = "policies")]
        directory: PathBuf,
    },
    /// Print the JSON Schema of policy files, for editors.
    Schema,
    /// List the mask presets with examples.
    Presets,
}

/// Runs one command; answers go to standard output, mistakes to standard error.
pub fn run(command: &PolicyCommand) -> ExitCode {
    let done = match command {
        PolicyCommand::Check { directory, live } => check(directory, live),
        PolicyCommand::Diff { old, new } => differences(old, new),
        PolicyCommand::Ddl { directory } => with_policies(directory, |policy| {
            print(&format!("-- database {}\n{}", policy.database, required_ddl(policy).join("\n")))
        }),
        PolicyCommand::Schema => print(&format!("{:#}", json_schema())).map(|()| true),
        PolicyCommand::Presets => presets().map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // A reader that has seen enough is no mistake
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Ok(false) | Err(_) => ExitCode::from(WRONG),
    }
}

fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

fn complain(text: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "{text}")
}

fn with_policies(directory: &Path, mut each: impl FnMut(&Policy) -> io::Result<()>) -> io::Result<bool> {
    match PolicySet::load(directory) {
        Ok(set) => {
            for policy in set.iter() {
                each(policy)?;
            }
            Ok(true)
        }
        Err(errors) => complain(&errors.to_string()).map(|()| false),
    }
}

fn check(directory: &Path, live: &[String]) -> io::Result<bool> {
    let mut well = with_policies(directory, |policy| print(&summary(policy)))?;
    if well && !live.is_empty() {
        let Ok(set) = PolicySet::load(directory) else { return Ok(false) };
        for dsn in live {
            well &= live::check(&set, dsn)?;
        }
    }
    Ok(well)
}

fn differences(old: &Path, new: &Path) -> io::Result<bool> {
    let (old, new) = match (PolicySet::load(old), PolicySet::load(new)) {
        (Ok(old), Ok(new)) => (old, new),
        (Err(errors), _) | (_, Err(errors)) => return complain(&errors.to_string()).map(|()| false),
    };
    for policy in new.iter() {
        match old.get(&policy.database) {
            Some(before) => {
                for change in diff(before, policy) {
                    print(&format!("{}: {change}", policy.database))?;
                }
            }
            None => print(&format!("{}: a policy for a new database", policy.database))?,
        }
    }
    for gone in old.iter().filter(|policy| new.get(&policy.database).is_none()) {
        print(&format!("{}: no policy any more, so everything protected is denied", gone.database))?;
    }
    Ok(true)
}

fn summary(policy: &Policy) -> String {
    let columns = policy.relations.iter().flat_map(|relation| relation.columns.values());
    let sealed = columns.filter(|column| column.sealed.is_some()).count();
    let (tables, roles) = (policy.relations.len(), policy.roles.len());
    format!("{}: {tables} tables, {sealed} sealed columns, {roles} roles, version {}", policy.database, policy.hash)
}

fn presets() -> io::Result<()> {
    for preset in PRESETS {
        let ty = preset.ty();
        print(&format!(
            "{:<20} {:<10} {} -> {}   (left to guess: {})",
            preset.spec, ty, preset.input, preset.output, preset.left_to_guess
        ))?;
    }
    Ok(())
}

/// The half of the check that asks a database.
mod live {
    use std::io;

    use tokio_postgres::{Client, NoTls};

    use super::{complain, print};
    use crate::catalog;
    use crate::policy::check::INDEXES_SQL;
    use crate::policy::ddl::qualified;
    use crate::policy::{Finding, IndexDefinition, Policy, PolicySet, Severity, check_live};
    use crate::value::{Kind, zone_offsets};

    /// Whether the database agrees with its policy. Nothing is written to it.
    pub(super) fn check(set: &PolicySet, dsn: &str) -> io::Result<bool> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match runtime.block_on(findings(set, dsn)) {
            Ok((database, findings)) => {
                for finding in &findings {
                    print(&finding.to_string())?;
                }
                let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
                let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
                print(&format!("{database}: {errors} errors, {warnings} warnings"))?;
                Ok(errors == 0)
            }
            Err(message) => complain(&message).map(|()| false),
        }
    }

    async fn findings(set: &PolicySet, dsn: &str) -> Result<(String, Vec<Finding>), String> {
        let told = |error: tokio_postgres::Error| match error.as_db_error() {
            Some(error) => error.to_string(),
            None => error.to_string(),
        };
        let (client, connection) = tokio_postgres::connect(dsn, NoTls).await.map_err(told)?;
        let connection = tokio::spawn(connection);
        let database: String =
            client.query_one("SELECT pg_catalog.current_database()::text", &[]).await.map_err(told)?.get(0);
        let Some(policy) = set.get(&database) else {
            return Err(format!("no policy for database `{database}`"));
        };
        let snapshot =
            catalog::load::load(&client, catalog::load::Known::Nothing).await.map_err(|error| error.to_string())?;
        let indexes = indexes(&client).await.map_err(told)?;
        let mut findings = check_live(policy, &snapshot, Some(&indexes));
        findings.extend(filters(policy, &client).await.map_err(told)?);
        findings.extend(zones(policy, &client).await.map_err(told)?);
        connection.abort();
        Ok((database, findings))
    }

    /// Whether the server's time zones are those of this machine, where a `timestamptz` is sealed: each month's middle is compared.
    async fn zones(policy: &Policy, client: &Client) -> Result<Option<Finding>, tokio_postgres::Error> {
        let mut sealed = policy
            .relations
            .iter()
            .flat_map(|relation| &relation.columns)
            .filter_map(|(_, column)| column.sealed.as_ref());
        if !sealed.any(|sealed| sealed.ty.kind == Kind::Timestamptz) {
            return Ok(None);
        }
        let months = "SELECT extract(epoch FROM m)::bigint FROM generate_series(timestamptz '1900-01-15 UTC', '2099-12-15 UTC', '1 month') m";
        let instants: Vec<i64> = client.query(months, &[]).await?.iter().map(|row| row.get(0)).collect();
        let differing = "SELECT min(to_timestamp(i))::date::text FROM unnest($1::bigint[], $2::int[]) u (i, east_s) WHERE extract(timezone FROM to_timestamp(i)) <> east_s";
        let mut differ = Vec::new();
        for row in client
            .query("SELECT name FROM pg_catalog.pg_timezone_names WHERE name !~ '^(posix|right)/' ORDER BY name", &[])
            .await?
        {
            let name: &str = row.get(0);
            let Some(offsets) = zone_offsets(name, &instants) else { continue };
            client.query_one("SELECT pg_catalog.set_config('TimeZone', $1, false)", &[&name]).await?;
            if let Some(since) = client.query_one(differing, &[&instants, &offsets]).await?.get::<_, Option<&str>>(0) {
                differ.push(format!("{name} ({since})"));
            }
        }
        let message = format!(
            "{} time zones have other rules than the server's, the first instant in brackets: {}; give both the same release of tzdata",
            differ.len(),
            differ.join(", ")
        );
        Ok((!differ.is_empty()).then(|| Finding {
            severity: Severity::Warning,
            object: "TimeZone".to_owned(),
            message,
            ddl: None,
        }))
    }

    /// Whether the server understands each row filter. No row is read.
    async fn filters(policy: &Policy, client: &Client) -> Result<Vec<Finding>, tokio_postgres::Error> {
        client.batch_execute("SET default_transaction_read_only = on").await?;
        let mut findings = Vec::new();
        for role in &policy.roles {
            for (at, grant) in &role.grants {
                let (Some(relation), Some(filter)) = (policy.relations.get(*at), &grant.filter) else { continue };
                let table = qualified(&relation.schema, &relation.name);
                let Err(error) = client.prepare(&format!("SELECT FROM {table} WHERE ({})", filter.sql)).await else {
                    continue;
                };
                findings.push(Finding {
                    severity: Severity::Error,
                    object: format!("{}.{}", relation.schema, relation.name),
                    message: match error.as_db_error() {
                        Some(error) => format!("role `{}`: its filter: {}", role.name, error.message()),
                        None => return Err(error),
                    },
                    ddl: None,
                });
            }
        }
        Ok(findings)
    }

    async fn indexes(client: &Client) -> Result<Vec<IndexDefinition>, tokio_postgres::Error> {
        let sql = format!("SELECT schemaname::text, tablename::text, indexdef FROM ({INDEXES_SQL}) i");
        let rows = client.query(sql.as_str(), &[]).await?;
        let index = |row: tokio_postgres::Row| IndexDefinition {
            schema: row.get(0),
            table: row.get(1),
            definition: row.get(2),
        };
        Ok(rows.into_iter().map(index).collect())
    }
}
