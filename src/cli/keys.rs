//! `pgveil keys`: makes, rotates and lists the keys of sealed columns.

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Subcommand;

use super::USAGE;
use crate::config::{self, Config, ConfigErrors, Flags, SecretReference};
use crate::keys::{DomainEntry, FileKek, KekError, KekProvider, KeyringError, KeyringFile};
use crate::policy::{Policy, PolicyErrors, PolicySet};

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make the keyring, with keys for every database and domain of the policies, and the KEK's file where it is missing.
    /// A keyring that is there stays as it is.
    Init {
        #[command(flatten)]
        flags: Flags,
    },
    /// Rotate: make a new version of seal keys, and all keys of domains that have none. Equality keys stay. Running
    /// proxies seal with the new version once they are reloaded; give every proxy the keyring before one of them is.
    Add {
        #[command(flatten)]
        flags: Flags,
        /// Only in this database.
        #[arg(long)]
        database: Option<String>,
        /// Only this domain.
        #[arg(long)]
        domain: Option<String>,
        /// Only make what is missing; rotate nothing.
        #[arg(long)]
        missing: bool,
    },
    /// List domains and their key versions.
    List {
        #[command(flatten)]
        flags: Flags,
    },
}

/// Runs one command; answers go to standard output, mistakes to standard error.
pub fn run(command: &KeysCommand) -> ExitCode {
    let done = match command {
        KeysCommand::Init { flags } => init(flags),
        KeysCommand::Add { flags, database, domain, missing } => {
            add(flags, &Chosen { database: database.as_deref(), domain: domain.as_deref(), only_missing: *missing })
        }
        KeysCommand::List { flags } => list(flags),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // Where standard error is gone too, the exit code has to tell
            let _ = writeln!(io::stderr().lock(), "{failure}");
            ExitCode::from(USAGE)
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
    #[error(transparent)]
    Kek(#[from] KekError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("{0}: the keyring is there, its key-encryption key is not; without it nothing can be opened")]
    KekIsGone(SecretReference),
    #[error("neither the policies nor the keyring have database {database}, domain {domain}")]
    NotFound { database: String, domain: String },
    #[error(transparent)]
    Output(#[from] io::Error),
}

fn init(flags: &Flags) -> Result<(), Failure> {
    let config = config::load(flags)?;
    let policies = PolicySet::load(&config.policies)?;
    if config.keys.keyring.exists() {
        return verify(&config, &policies);
    }
    if let SecretReference::File(path) = &config.keys.kek
        && !path.exists()
    {
        FileKek::create(path)?;
        print(format!("{}: made a key-encryption key; keep a copy apart from the database's", path.display()))?;
    }
    let kek = config.keys.kek()?;
    let mut keyring = KeyringFile::empty();
    for policy in policies.iter() {
        for (domain, hash) in &policy.domains {
            keyring.add_domain(&policy.database, domain, *hash, &*kek)?;
        }
    }
    keyring.create(&config.keys.keyring)?;
    let (path, domains) = (config.keys.keyring.display(), keyring.domains().count());
    Ok(print(format!("{path}: made keys for {domains} domains, wrapped by {}", kek.name()))?)
}

/// A keyring that is there has to be whole: then there is nothing to do.
fn verify(config: &Config, policies: &PolicySet) -> Result<(), Failure> {
    if let SecretReference::File(path) = &config.keys.kek
        && !path.exists()
    {
        return Err(Failure::KekIsGone(config.keys.kek.clone()));
    }
    let keyrings = config.keys.open()?;
    for policy in policies.iter() {
        keyrings.check(&policy.database, &policy.domains)?;
    }
    let path = config.keys.keyring.display();
    Ok(print(format!("{path}: is there, and has keys for every domain of the policies; nothing changed"))?)
}

/// What `add` is to work on.
struct Chosen<'a> {
    database: Option<&'a str>,
    domain: Option<&'a str>,
    only_missing: bool,
}

impl Chosen<'_> {
    fn has(&self, database: &str, domain: &str) -> bool {
        self.database.is_none_or(|only| only == database) && self.domain.is_none_or(|only| only == domain)
    }

    fn not_found(&self) -> Failure {
        let name = |only: Option<&str>| only.unwrap_or("(any)").to_owned();
        Failure::NotFound { database: name(self.database), domain: name(self.domain) }
    }
}

fn add(flags: &Flags, chosen: &Chosen<'_>) -> Result<(), Failure> {
    let config = config::load(flags)?;
    let policies = PolicySet::load(&config.policies)?;
    let path = &config.keys.keyring;
    let _lock = KeyringFile::lock(path)?;
    let kek = config.keys.kek()?;
    let mut keyring = KeyringFile::load(path)?;
    // A keyring that this key does not open must not get keys that it does
    keyring.open(&*kek)?;
    let mut done = if chosen.only_missing { Vec::new() } else { rotate(&mut keyring, chosen, &*kek)? };
    done.extend(make_missing(&mut keyring, &policies, chosen, &*kek)?);
    let is_known = keyring.domains().any(|(database, domain, _)| chosen.has(database, domain));
    if !is_known {
        return Err(chosen.not_found());
    }
    if done.is_empty() {
        return Ok(print("nothing is missing; nothing changed")?);
    }
    keyring.replace(path)?;
    Ok(print(done.join("\n"))?)
}

fn rotate(keyring: &mut KeyringFile, chosen: &Chosen<'_>, kek: &dyn KekProvider) -> Result<Vec<String>, KeyringError> {
    let all = keyring.domains().filter(|(database, domain, _)| chosen.has(database, domain));
    let all: Vec<(String, String)> =
        all.map(|(database, domain, _)| (database.to_owned(), domain.to_owned())).collect();
    let mut done = Vec::new();
    for (database, domain) in all {
        let version = keyring.add_seal_key(&database, &domain, kek)?;
        done.push(format!("{database} {domain}: seal key {version}"));
    }
    Ok(done)
}

fn make_missing(
    keyring: &mut KeyringFile,
    policies: &PolicySet,
    chosen: &Chosen<'_>,
    kek: &dyn KekProvider,
) -> Result<Vec<String>, KeyringError> {
    let mut done = Vec::new();
    for Policy { database, domains, .. } in policies.iter().map(AsRef::as_ref) {
        for (domain, hash) in domains.iter().filter(|(domain, _)| chosen.has(database, domain)) {
            if keyring.get(database, domain).is_none() {
                keyring.add_domain(database, domain, *hash, kek)?;
                done.push(format!("{database} {domain}: new keys, terms by {hash}"));
            }
        }
    }
    Ok(done)
}

fn list(flags: &Flags) -> Result<(), Failure> {
    let config = config::load(flags)?;
    let keyring = KeyringFile::load(&config.keys.keyring)?;
    let rows: Vec<[String; 5]> =
        keyring.domains().map(|(database, domain, entry)| row(database, domain, entry)).collect();
    print(table(["database", "domain", "terms", "equality key", "seal keys (the last one seals)"], &rows))
        .map_err(Into::into)
}

fn row(database: &str, domain: &str, entry: &DomainEntry) -> [String; 5] {
    let seal = entry.seal.iter().map(|key| format!("{} of {}", key.version, key.created));
    let equality = format!("{} of {}", entry.equality.version, entry.equality.created);
    [database.to_owned(), domain.to_owned(), entry.hash.to_string(), equality, seal.collect::<Vec<_>>().join(", ")]
}

fn table(head: [&str; 5], rows: &[[String; 5]]) -> String {
    let head = head.map(str::to_owned);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |at: usize| lines().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let padded = |line: &[String; 5]| {
        let cells = line.iter().enumerate().map(|(at, cell)| format!("{cell:<width$}", width = width(at)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines().map(padded).collect::<Vec<_>>().join("\n")
}

fn print(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const POLICY: &str = "database: bank\ndomains: {phone: {}}\n";

    struct Deployment {
        directory: tempfile::TempDir,
    }

    impl Deployment {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let policies = directory.path().join("policies");
            std::fs::create_dir(&policies).unwrap();
            let text = crate::demo::config::text(1, 2, &policies, directory.path());
            std::fs::write(directory.path().join("pgveil.toml"), text).unwrap();
            let deployment = Self { directory };
            deployment.policy(POLICY);
            deployment
        }

        fn path(&self) -> &Path {
            self.directory.path()
        }

        fn policy(&self, text: &str) {
            std::fs::write(self.path().join("policies/bank.yaml"), text).unwrap();
        }

        fn flags(&self) -> Flags {
            Flags { config: self.path().join("pgveil.toml"), ..Flags::default() }
        }

        fn init(&self) -> Result<(), String> {
            init(&self.flags()).map_err(|failure| failure.to_string())
        }

        fn add(&self, domain: Option<&str>, only_missing: bool) -> Result<(), String> {
            let chosen = Chosen { database: None, domain, only_missing };
            add(&self.flags(), &chosen).map_err(|failure| failure.to_string())
        }

        /// Domain and number of seal keys.
        fn seal_keys(&self) -> Vec<(String, usize)> {
            let keyring = KeyringFile::load(&self.path().join("keyring")).unwrap();
            keyring.domains().map(|(_, domain, entry)| (domain.to_owned(), entry.seal.len())).collect()
        }
    }

    #[test]
    fn init_never_replaces() {
        let deployment = Deployment::new();
        assert_eq!(deployment.init(), Ok(()));
        let keyring = std::fs::read(deployment.path().join("keyring")).unwrap();
        assert_eq!(deployment.init(), Ok(()), "again is nothing to do");
        assert_eq!(std::fs::read(deployment.path().join("keyring")).unwrap(), keyring);
        std::fs::rename(deployment.path().join("kek"), deployment.path().join("away")).unwrap();
        assert!(deployment.init().unwrap_err().contains("its key-encryption key is not"));
        assert!(!deployment.path().join("kek").exists(), "a new KEK would hide that the old one is lost");
    }

    #[test]
    fn add_rotates_and_completes() {
        let deployment = Deployment::new();
        deployment.init().unwrap();
        deployment.policy("database: bank\ndomains: {phone: {}, card: {hash: hmac-sm3}}\n");
        assert!(deployment.init().unwrap_err().contains("domain card: the keyring has no keys"));
        deployment.add(None, true).unwrap();
        assert_eq!(deployment.seal_keys(), [("card".to_owned(), 1), ("phone".to_owned(), 1)]);
        deployment.add(Some("phone"), false).unwrap();
        assert_eq!(deployment.seal_keys(), [("card".to_owned(), 1), ("phone".to_owned(), 2)]);
        assert!(deployment.add(Some("phon"), false).unwrap_err().contains("domain phon"));
        deployment.policy("database: bank\ndomains: {phone: {hash: hmac-sm3}}\n");
        assert!(deployment.init().unwrap_err().contains("made with hmac-sha-256, and the policy now says hmac-sm3"));
    }

    #[test]
    fn a_foreign_kek_adds_nothing() {
        let deployment = Deployment::new();
        deployment.init().unwrap();
        std::fs::remove_file(deployment.path().join("kek")).unwrap();
        FileKek::create(&deployment.path().join("kek")).unwrap();
        assert!(deployment.add(None, false).unwrap_err().contains("is not the key-encryption key"));
        assert_eq!(deployment.seal_keys(), [("phone".to_owned(), 1)]);
    }

    #[test]
    fn tables_line_up() {
        let row = ["bank", "电话", "x", "", "1"].map(str::to_owned);
        assert_eq!(table(["database", "d", "h", "e", "s"], &[row]), "database  d   h  e  s\nbank      电话  x     1");
    }
}
